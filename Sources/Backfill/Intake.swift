import Engine
import Envelope
import MessageLog
import Model
import Signatures
import Synchronization

/// Takes envelopes that a source gave into the log, where they are missing there.
final class Intake: Sendable {
    /// What was done with some envelopes.
    struct Taken {
        /// What tells the messages apart, those of them that could be read.
        var identities: Set<Identity> = []
        var appended = 0
        var rejected = 0
    }

    /// An id may come twice in years, with other times.
    struct Identity: Hashable {
        var id: MessageID
        var second: Int64
    }

    private let engine: Engine
    private let parser: Mutex<EnvelopeParser>
    private let prefixes: [[UInt8]]
    private let rejected: @Sendable (Rejection, [UInt8]) -> Void

    /// - Parameter prefixes: topics that do not begin with one of these are left out; empty: none.
    init(
        _ engine: Engine, profile: Profile, prefixes: [String], signatures: SignaturePolicy?,
        rejected: @escaping @Sendable (Rejection, [UInt8]) -> Void
    ) {
        self.engine = engine
        parser = Mutex(
            EnvelopeParser(
                profile: profile,
                signatures: signatures.map { SignatureChecker($0, origin: .archive) }))
        self.prefixes = prefixes.map { Array($0.utf8) }
        self.rejected = rejected
    }

    private struct Parsed {
        var record: RecordBatch
        var time: Timestamp
        var counter: Int64
    }

    /// Appends what is not in the log, and waits until it is durable.
    /// - Parameters:
    ///   - floor: older messages are left out.
    ///   - isByTime: the envelopes are in order of time, and in none within a second: there, a
    ///     publisher's counter gives the order in which it sent them.
    /// - Throws: `CancellationError` where the engine takes nothing more.
    func take(
        _ envelopes: [[UInt8]], floor: Timestamp? = nil, isByTime: Bool
    ) async throws -> Taken {
        var taken = Taken()
        var parsed: [Parsed] = []
        parser.withLock { parser in
            for envelope in envelopes { parse(envelope, parser, floor, &parsed, &taken) }
        }
        if isByTime {
            let order = parsed.indices.sorted { one, other in
                let (left, right) = (parsed[one], parsed[other])
                return (left.time, left.counter, one) < (right.time, right.counter, other)
            }
            parsed = order.map { parsed[$0] }
        }
        var batch = RecordBatch()
        for message in parsed { message.record.forEach { _, record in batch.append(record) } }
        taken.appended = try await append(batch)
        return taken
    }

    private func parse(
        _ envelope: [UInt8], _ parser: EnvelopeParser, _ floor: Timestamp?,
        _ parsed: inout [Parsed], _ taken: inout Taken
    ) {
        var record = RecordBatch()
        let outcome = envelope.withUnsafeBytes {
            parser.append($0, frameTopic: nil, arrival: WallClock.now, to: &record)
        }
        guard case .record = outcome else {
            if case .rejected(let reason) = outcome {
                engine.accounting.reject(reason.code)
                rejected(reason, envelope)
                taken.rejected += 1
            }
            return
        }
        var isWanted = false
        record.forEach { _, view in
            taken.identities.insert(Identity(id: view.id, second: view.timestamp.seconds))
            let topic = view.text(of: view.name(at: 0))
            isWanted =
                (prefixes.isEmpty || prefixes.contains { topic.starts(with: $0) })
                && floor.map { view.timestamp >= $0 } ?? true
        }
        guard isWanted else { return }
        let origin = parser.origin
        parsed.append(
            Parsed(record: record, time: origin.time, counter: origin.counter ?? .max))
    }

    /// - Returns: how many were not in the log.
    private func append(_ batch: RecordBatch) async throws -> Int {
        let result: AppendResult = await withCheckedContinuation { done in
            engine.append(batch, mayWait: false, waitsForSpace: true) { done.resume(returning: $0) }
        }
        // The engine says why to whoever watches it.
        guard case .success(let outcomes) = result else { throw CancellationError() }
        return outcomes.count { if case .appended = $0 { true } else { false } }
    }
}
