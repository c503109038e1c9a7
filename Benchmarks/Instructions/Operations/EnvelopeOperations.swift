import Envelope
import MadeUp
import Model

/// A thousand made-up messages at a time.
enum EnvelopeOperations {
    static let messages = 1_000
    static let end = Timestamp(seconds: 1_767_225_600)

    static let all: [(name: String, prepare: Operations.Preparation)] = [
        ("parse", { try parsing("none") }),
        ("parse and find names", { try parsing("generic") }),
        ("parse and find names by Fedora's rules", { try parsing("fedora") }),
    ]

    /// Envelopes that differ from those of any other seed.
    static func envelopes(_ count: Int = messages, seed: UInt64 = 1) -> [[UInt8]] {
        var generator = MessageGenerator(.init(count: count, end: end, seed: seed))
        var envelopes: [[UInt8]] = []
        while let message = generator.next() { envelopes.append(Array(message.envelope)) }
        return envelopes
    }

    static func batch(_ envelopes: [[UInt8]], _ parser: EnvelopeParser) -> RecordBatch {
        var batch = RecordBatch()
        for envelope in envelopes {
            let outcome = envelope.withUnsafeBytes {
                parser.append($0, frameTopic: nil, arrival: end, to: &batch)
            }
            if case .rejected = outcome { preconditionFailure("a made-up message is a message") }
        }
        return batch
    }

    private static func parsing(_ profile: String) throws -> (Int) -> Void {
        let envelopes = envelopes()
        let parser = EnvelopeParser(profile: try Profile.load(profile, aliases: nil))
        return { times in
            for _ in 0..<times { use(batch(envelopes, parser)) }
        }
    }
}
