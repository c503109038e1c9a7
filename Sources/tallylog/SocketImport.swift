import Client
import Envelope
import Model
import Query

/// Imports through a server's socket: APPENDs in a pipeline, so that the server groups them.
struct SocketImport {
    let path: String
    private static let pipelineDepth = 1_000
    /// What the server says of a bad envelope; anything else means that appending does not work.
    private static let refusals = Set(Rejection.allCases.map { "ERR \($0.sentence)" })

    func run(_ lines: LineReader, _ meter: ProgressMeter) throws -> ImportCounts {
        let client = try SocketClient(path: path)
        var counts = ImportCounts()
        // A sequence that the log had already reached is that of a message it knew.
        var seen = try sequence(client)
        var waiting: [[[UInt8]]] = []
        let flush = {
            for reply in try client.ask(all: waiting) {
                switch reply {
                case .integer(let sequence) where sequence > seen:
                    seen = sequence
                    counts.appended += 1
                case .integer: counts.duplicate += 1
                case .error(let text) where Self.refusals.contains(text): counts.rejected += 1
                default: throw CommandFailure(Self.sentence(of: reply))
                }
            }
            waiting.removeAll(keepingCapacity: true)
        }
        while let line = try lines.next() {
            guard line.count <= Limits.payloadBytesMax else {
                Terminal.complain("a line was left out: \(Rejection.tooLong.sentence)")
                counts.rejected += 1
                continue
            }
            waiting.append([Array("APPEND".utf8), Array(line)])
            if waiting.count == Self.pipelineDepth {
                try flush()
                meter.show(lines.readBytes, counts.appended + counts.duplicate + counts.rejected)
            }
        }
        try flush()
        return counts
    }

    private static func sentence(of reply: Reply) -> String {
        "the server stopped the import, which can be run again: \(ReplyReading.text(reply))"
    }

    /// The server's last sequence.
    private func sequence(_ client: SocketClient) throws -> Int64 {
        let info = ReplyReading.text(try client.ask([Array("INFO".utf8)]))
        for line in info.split(separator: "\r\n") {
            let parts = line.split(separator: ":")
            if parts.count == 2, parts[0] == "sequence" { return Int64(parts[1]) ?? 0 }
        }
        return 0
    }
}
