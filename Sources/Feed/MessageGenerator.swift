import Glibc
import Model

/// Makes up messages like those of the bus, about 620 bytes each, the same for the same seed: for
/// benchmarks, demonstrations and tests. Times rise evenly up to the end; names follow Zipf's law.
package struct MessageGenerator {
    package struct Options: Sendable {
        package var count: Int
        /// When the last message is said to have been sent.
        package var end: Timestamp
        /// The time from the first message to the last.
        package var spanSeconds: Int64
        package var topics: Int
        package var users: Int
        package var packages: Int
        package var seed: UInt64

        package init(
            count: Int, end: Timestamp, spanSeconds: Int64 = 30 * 86_400, topics: Int = 300,
            users: Int = 5_000, packages: Int = 500, seed: UInt64 = 1
        ) {
            precondition(count >= 0 && spanSeconds >= 0, "a generator goes forward")
            precondition(topics > 0 && users > 0 && packages > 0, "a generator needs names")
            self.count = count
            self.end = end
            self.spanSeconds = spanSeconds
            self.topics = topics
            self.users = users
            self.packages = packages
            self.seed = seed
        }
    }

    private let options: Options
    private var random: SeededRandom
    private var made = 0
    /// What each service has sent so far.
    private var sent: [UInt64]
    private let topics: RankedNames
    private let users: RankedNames
    private let packages: RankedNames
    private let words = MadeUpNames.words
    private var text = MadeUpText()

    package init(_ options: Options) {
        self.options = options
        sent = Array(repeating: 0, count: MadeUpNames.services)
        random = SeededRandom(seed: options.seed)
        topics = RankedNames((0..<options.topics).map(MadeUpNames.topic))
        users = RankedNames((0..<options.users).map(MadeUpNames.user))
        packages = RankedNames((0..<options.packages).map(MadeUpNames.package))
    }

    /// The next message, or nil after the last. The envelope is valid until the next call.
    package mutating func next() -> (topic: [UInt8], envelope: UnsafeRawBufferPointer)? {
        guard made < options.count else { return nil }
        let topic = topics.draw(&random)
        writeEnvelope(topic: topic)
        made += 1
        return (topics.names[topic], text.bytes)
    }

    private mutating func writeEnvelope(topic: Int) {
        text.removeAll()
        text.put("{\"i\":")
        let service = MadeUpNames.service(ofTopic: topic)
        sent[service] += 1
        text.put(number: sent[service])
        text.put(",\"msg\":{\"agent\":\"")
        text.put(users.names[users.draw(&random)])
        // Every fourth message concerns a second account.
        if random.next() & 3 == 0 {
            text.put("\",\"assignee\":\"")
            text.put(users.names[users.draw(&random)])
        }
        text.put("\",")
        writeBody(kind: topic % 3, package: packages.names[packages.draw(&random)])
        text.put("},\"msg_id\":\"2026-")
        for (place, digits) in [8, 4, 4, 4, 12].enumerated() {
            if place > 0 { text.put("-") }
            text.put(hexDigits: digits, &random)
        }
        text.put("\",\"timestamp\":")
        writeTime()
        text.put(",\"topic\":\"")
        text.put(topics.names[topic])
        text.put("\",\"username\":\"apache\"}")
    }

    private mutating func writeBody(kind: Int, package: [UInt8]) {
        switch kind {
        case 0:
            text.put("\"commit\":{\"branch\":\"main\",\"message\":\"")
            writeSentence(about: 50)
            text.put("\\n\",\"repo\":\"")
            text.put(package)
            text.put("\",\"rev\":\"")
            text.put(hexDigits: 40, &random)
            text.put("\",\"stats\":{\"files\":1,\"lines\":")
            text.put(number: random.next() % 400)
            text.put("}}")
        case 1:
            text.put("\"attribute\":\"state\",\"build_id\":")
            text.put(number: 1_000_000 + random.next() % 1_000_000)
            text.put(",\"instance\":\"primary\",\"name\":\"")
            text.put(package)
            text.put(
                "\",\"new\":1,\"old\":0,\"owner\":null,\"request\":[\"git+https://git.example.org/")
            text.put(package)
            text.put("#")
            text.put(hexDigits: 40, &random)
            text.put("\",{\"scratch\":false}],\"version\":\"1.")
            text.put(number: random.next() % 40)
            text.put("\",\"note\":\"")
            writeSentence(about: 36)
            text.put("\"")
        default:
            text.put("\"issue\":{\"comments\":[],\"content\":\"")
            writeSentence(about: 42)
            text.put("\",\"id\":")
            text.put(number: random.next() % 9_000)
            text.put(",\"status\":\"Open\",\"tags\":[\"easy\"]},\"project\":{\"fullname\":\"")
            text.put(package)
            text.put("\",\"name\":\"")
            text.put(package)
            text.put("\"},\"hash\":\"")
            text.put(hexDigits: 40, &random)
            text.put("\"")
        }
    }

    private mutating func writeSentence(about count: UInt64) {
        for place in 0..<count / 2 + random.next() % count {
            if place > 0 { text.put(" ") }
            text.put(words[Int(random.next() % UInt64(words.count))])
        }
    }

    /// Seconds with three decimals, as publishers wrote them.
    private mutating func writeTime() {
        let spanMilliseconds = options.spanSeconds * 1_000
        let fromEnd = Int64(
            Double(options.count - 1 - made) / Double(max(1, options.count - 1))
                * Double(spanMilliseconds))
        let milliseconds = options.end.microseconds / 1_000 - fromEnd
        text.put(number: UInt64(milliseconds / 1_000))
        text.put(".")
        let rest = UInt64(milliseconds % 1_000)
        for divisor: UInt64 in [100, 10, 1] { text.put(digit: rest / divisor % 10) }
    }
}
