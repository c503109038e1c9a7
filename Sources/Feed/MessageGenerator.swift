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
    private let topics: RankedNames
    private let users: RankedNames
    private let packages: RankedNames
    private var buffer: [UInt8] = []

    package init(_ options: Options) {
        self.options = options
        random = SeededRandom(seed: options.seed)
        topics = RankedNames((0..<options.topics).map(MadeUpNames.topic))
        users = RankedNames((0..<options.users).map(MadeUpNames.user))
        packages = RankedNames((0..<options.packages).map(MadeUpNames.package))
    }

    /// The next message, or nil after the last. Whoever lets go of the envelope before the next
    /// call saves an allocation.
    package mutating func next() -> (topic: [UInt8], envelope: [UInt8])? {
        guard made < options.count else { return nil }
        let topic = topics.draw(&random)
        writeEnvelope(topic: topic)
        made += 1
        return (topics.names[topic], buffer)
    }

    private mutating func writeEnvelope(topic: Int) {
        buffer.removeAll(keepingCapacity: true)
        put("{\"i\":")
        put(number: UInt64(made % 1_000 + 1))
        put(",\"msg\":{\"agent\":\"")
        put(users.names[users.draw(&random)])
        // Every fourth message concerns a second account.
        if random.next() & 3 == 0 {
            put("\",\"assignee\":\"")
            put(users.names[users.draw(&random)])
        }
        put("\",")
        writeBody(kind: topic % 3, package: packages.names[packages.draw(&random)])
        put("},\"msg_id\":\"2026-")
        for (place, digits) in [8, 4, 4, 4, 12].enumerated() {
            if place > 0 { put("-") }
            put(hexDigits: digits)
        }
        put("\",\"timestamp\":")
        writeTime()
        put(",\"topic\":\"")
        put(topics.names[topic])
        put("\",\"username\":\"apache\"}")
    }

    private mutating func writeBody(kind: Int, package: [UInt8]) {
        switch kind {
        case 0:
            put("\"commit\":{\"branch\":\"main\",\"message\":\"")
            writeSentence(words: 50)
            put("\\n\",\"repo\":\"")
            put(package)
            put("\",\"rev\":\"")
            put(hexDigits: 40)
            put("\",\"stats\":{\"files\":1,\"lines\":")
            put(number: random.next() % 400)
            put("}}")
        case 1:
            put("\"attribute\":\"state\",\"build_id\":")
            put(number: 1_000_000 + random.next() % 1_000_000)
            put(",\"instance\":\"primary\",\"name\":\"")
            put(package)
            put("\",\"new\":1,\"old\":0,\"owner\":null,\"request\":[\"git+https://git.example.org/")
            put(package)
            put("#")
            put(hexDigits: 40)
            put("\",{\"scratch\":false}],\"version\":\"1.")
            put(number: random.next() % 40)
            put("\",\"note\":\"")
            writeSentence(words: 36)
            put("\"")
        default:
            put("\"issue\":{\"comments\":[],\"content\":\"")
            writeSentence(words: 42)
            put("\",\"id\":")
            put(number: random.next() % 9_000)
            put(",\"status\":\"Open\",\"tags\":[\"easy\"]},\"project\":{\"fullname\":\"")
            put(package)
            put("\",\"name\":\"")
            put(package)
            put("\"},\"hash\":\"")
            put(hexDigits: 40)
            put("\"")
        }
    }

    private mutating func writeSentence(words: UInt64) {
        for place in 0..<words / 2 + random.next() % words {
            if place > 0 { put(" ") }
            let words = MadeUpNames.words
            put(words[Int(random.next() % UInt64(words.count))])
        }
    }

    /// Seconds with three decimals, as publishers wrote them.
    private mutating func writeTime() {
        let spanMilliseconds = options.spanSeconds * 1_000
        let fromEnd = Int64(
            Double(options.count - 1 - made) / Double(max(1, options.count - 1))
                * Double(spanMilliseconds))
        let milliseconds = options.end.microseconds / 1_000 - fromEnd
        put(number: UInt64(milliseconds / 1_000))
        put(".")
        let rest = milliseconds % 1_000
        buffer += [100, 10, 1].map { UInt8(ascii: "0") + UInt8(rest / $0 % 10) }
    }

    private mutating func put(_ text: StaticString) {
        buffer.append(
            contentsOf: UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
    }

    private mutating func put(_ bytes: [UInt8]) { buffer.append(contentsOf: bytes) }

    private mutating func put(number: UInt64) {
        var divisor: UInt64 = 1
        while number / divisor >= 10 { divisor *= 10 }
        while divisor > 0 {
            buffer.append(UInt8(ascii: "0") + UInt8(number / divisor % 10))
            divisor /= 10
        }
    }

    private mutating func put(hexDigits count: Int) {
        var bits: UInt64 = 0
        for place in 0..<count {
            if place % 16 == 0 { bits = random.next() }
            let digit = UInt8(bits & 0xf)
            buffer.append(digit < 10 ? UInt8(ascii: "0") + digit : UInt8(ascii: "a") + digit - 10)
            bits >>= 4
        }
    }
}
