import Query
import TestSupport
import Testing

extension RawClient {
    /// Expects that `line` is answered with `reply`.
    func expect(
        _ line: String, _ reply: Reply, at place: SourceLocation = #_sourceLocation
    ) throws {
        let found = try ask(line)
        #expect(found == reply, "\(line)", sourceLocation: place)
    }

    /// Expects these replies next; nil stands for the end of the stream.
    func expect(_ replies: [Reply?], at place: SourceLocation = #_sourceLocation) throws {
        for (number, reply) in replies.enumerated() {
            let found = try self.reply()
            #expect(found == reply, "reply \(number)", sourceLocation: place)
        }
    }
}
