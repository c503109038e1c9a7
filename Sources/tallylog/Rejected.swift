import ArgumentParser
import Envelope
import Feed
import Model
import Query

/// Lists what was not taken.
struct Rejected: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Lists the messages that were refused, one JSON object a line",
        discussion: """
            "reason" (a word), "sentence", "arrival" (epoch seconds), "topic" (of the bus; empty \
            for what came otherwise) and "envelope" (a text; what is no UTF-8 is shown with \
            replacements). The oldest come first; only about the last 64 MiB are kept. With \
            --envelopes only the envelopes are printed, as they came, a line each, to be imported \
            again.
            """)

    @OptionGroup var store: StoreOption
    @Option(help: .init("Only those with this reason; repeatable.", valueName: "word"))
    var reason: [String] = []
    @Flag(help: "Print the envelopes alone.")
    var envelopes = false

    func validate() throws {
        for word in reason where Rejection(rawValue: word) == nil {
            let known = Rejection.allCases.map(\.code).joined(separator: ", ")
            throw ValidationError("--reason is '\(word)'; accepted: \(known).")
        }
    }

    mutating func run() throws {
        try StoreDirectory.requireStore(at: store.data)
        let damaged = try RejectedFile.forEach(in: store.data + "/rejected.jsonl") { message in
            guard reason.isEmpty || reason.contains(message.reason.code) else { return }
            if envelopes {
                // A line break within a line would make two of it; JSON has them between values.
                let line = message.envelope.map { $0 == 10 || $0 == 13 ? 32 : $0 }
                Terminal.write(line + [10], to: 1)
            } else {
                Terminal.write(Array((object(message) + "\n").utf8), to: 1)
            }
        }
        if damaged > 0 { Terminal.complain("\(damaged) lines were cut short, and are left out") }
    }

    private func object(_ message: RejectedMessage) -> String {
        let quoted = { (bytes: [UInt8]) in
            ReplyJSON.quoted(String(decoding: bytes, as: UTF8.self))
        }
        return "{\"reason\":\"\(message.reason.code)\","
            + "\"sentence\":\(ReplyJSON.quoted(message.reason.sentence)),"
            + "\"arrival\":\(message.arrival.seconds),\"topic\":\(quoted(message.topic)),"
            + "\"envelope\":\(quoted(message.envelope))}"
    }
}
