import Envelope
import Model
import TestSupport

/// The messages that targets fill their stores with: few names, close times, every one its own.
struct MadeUpMessage: Hashable {
    static let start: Int64 = 1_772_755_200
    static let topics = [
        "org.example.prod.git.receive", "org.example.prod.wiki.edit", "a.b.c.", "one",
        "/topic/VirtualTopic.eng.brew.task",
    ]
    static let users = ["ada", "bob", "cyd", "@group"]

    var number: Int
    /// In seconds.
    var time: Int64
    var topic: String
    var user: String?
    var package: String?

    /// - Parameter choice: decides topic, names and how far the time is from the others'.
    init(_ number: Int, choice: UInt64) {
        var random = SeededGenerator(seed: choice)
        self.number = number
        time = Self.start + Int64(random.below(200_000))
        topic = random.pick(Self.topics)
        user = random.chance(80) ? random.pick(Self.users) : nil
        package = random.chance(50) ? random.pick(["kernel", "glibc"]) : nil
    }

    var id: String { "2026-00000000-0000-4000-8000-\(100_000_000_000 + number)" }

    var envelope: String {
        var fields = ["\"n\":\(number)"]
        if let user { fields.append("\"agent\":\"\(user)\"") }
        if let package { fields.append("\"name\":\"\(package)\"") }
        return "{\"topic\":\"\(topic)\",\"msg\":{\(fields.joined(separator: ","))},"
            + "\"msg_id\":\"\(id)\",\"timestamp\":\(time)}"
    }

    /// The records of messages, parsed as a feed would.
    static func records(_ messages: [MadeUpMessage]) -> RecordBatch {
        let parser = EnvelopeParser(profile: .generic)
        let arrival = Timestamp(seconds: start + 1_000_000)
        var batch = RecordBatch()
        for message in messages {
            let outcome = Array(message.envelope.utf8).withUnsafeBytes {
                parser.append($0, frameTopic: nil, arrival: arrival, to: &batch)
            }
            precondition(outcome == .record, "a made-up message is one: \(outcome)")
        }
        return batch
    }
}
