import Client
import Engine
import Query

/// Shows on a terminal how far a server's archives have come, while another connection waits for
/// the compaction.
struct CompactionBar {
    private let ended = Monitor(false)
    private let thread: WorkerThread

    /// - Parameter socket: the server's; nothing is shown where none answers.
    init(socket: String) {
        thread = WorkerThread(name: "tallylog-bar") { [ended] in
            guard Terminal.showsProgress, let client = try? SocketClient(path: socket) else {
                return
            }
            let question = [Array("INFO".utf8), Array("storage".utf8)]
            while ended.wait(milliseconds: 200, until: { $0 ? true : nil }) == nil {
                guard case .bulk(let text)? = try? client.ask(question) else { return }
                Self.show(String(decoding: text, as: UTF8.self))
            }
            Terminal.status("")
        }
    }

    func finish() {
        ended.change { $0 = true }
        thread.join()
    }

    private static func show(_ figures: String) {
        let value = { (name: String) in
            figures.split(whereSeparator: \.isNewline).first { $0.hasPrefix(name + ":") }
                .flatMap { Int($0.dropFirst(name.count + 1)) }
        }
        guard let done = value("archiving_done"), let total = value("archiving_total") else {
            return
        }
        // Each message is written and read back.
        let bar = ProgressMeter.bar(Double(done) / Double(max(1, total)))
        Terminal.status("\(bar)  an archive of \(total / 2) messages")
    }
}
