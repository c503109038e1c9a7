import Engine
import Query

/// The engine's side of the server: who answers what the sockets bring. Called from the event
/// loops, where nothing may block, unless said otherwise.
package protocol RequestHandler: Sendable {
    /// Answers a question or a checkpoint. Runs on an event loop, so it takes microseconds, unless
    /// `isCostly` said yes: then it runs on a thread of its own and may take its time.
    /// - Parameter stop: is set once nobody waits for the answer any more.
    func answer(_ request: Request, stop: StopFlag?) -> Reply

    /// Tells when messages come.
    var watchers: Watchers { get }

    /// Whether answering would keep an event loop waiting. Quick, and may err to either side.
    func isCostly(_ request: Request) -> Bool

    /// Takes one message to be made durable, without waiting for it.
    /// - Parameters:
    ///   - envelope: JSON, as the client sent it.
    ///   - done: called exactly once, from any thread, with the sequence once the message is on
    ///     disk, or with an error.
    func append(_ envelope: [UInt8], _ done: @escaping @Sendable (Reply) -> Void)

    /// The engine's part of INFO, in order. Keys and values are ASCII without line ends.
    func info() -> [(section: String, lines: [(String, String)])]
}
