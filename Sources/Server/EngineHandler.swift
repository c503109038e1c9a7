import Engine
import Envelope
import Glibc
import Model
import Query
import Synchronization

/// Answers the sockets' requests from an engine.
package final class EngineHandler: RequestHandler {
    private let engine: Engine
    private let parser: Mutex<EnvelopeParser>
    private let rejected: @Sendable (Rejection, [UInt8]) -> Void
    private let feeds: @Sendable () -> [(String, String)]

    /// - Parameters:
    ///   - rejected: keeps envelopes that were refused, with the reason.
    ///   - feeds: INFO's lines about the feeds.
    package init(
        _ engine: Engine, profile: Profile,
        rejected: @escaping @Sendable (Rejection, [UInt8]) -> Void,
        feeds: @escaping @Sendable () -> [(String, String)] = { [] }
    ) {
        self.engine = engine
        parser = Mutex(EnvelopeParser(profile: profile))
        self.rejected = rejected
        self.feeds = feeds
    }

    package var watchers: Watchers { engine.watchers }

    package func answer(_ request: Request, stop: StopFlag? = nil) -> Reply {
        switch request {
        case .question(let question, let withSequence):
            return Executor.answer(
                question, withSequence: withSequence, from: engine, stop: stop)
        case .explain(let question):
            return Executor.explain(question, from: engine)
        case .checkpoint:
            do { return .integer(Int64(try engine.checkpoint())) } catch { return failed(error) }
        case .compact:
            do { try engine.compact() } catch { return failed(error) }
            return .ok
        case .rebuild:
            do { return .integer(Int64(try engine.rebuild())) } catch { return failed(error) }
        case .backup(let target):
            do {
                return .integer(
                    Int64(try engine.backup(to: String(decoding: target, as: UTF8.self))))
            } catch { return failed(error) }
        case .gaps(let request):
            return GapListing.reply(request, from: engine.feeds)
        case .rollup(let request):
            return RollupCommands.reply(request, from: engine)
        default:
            return .error("ERR this request is not for the engine")
        }
    }

    package func isCostly(_ request: Request) -> Bool {
        switch request {
        case .question(let question, _): Executor.isCostly(question)
        case .explain, .checkpoint, .compact, .rebuild, .backup, .rollup: true
        default: false
        }
    }

    package func append(_ envelope: [UInt8], _ done: @escaping @Sendable (Reply) -> Void) {
        let arrival = WallClock.now
        var batch = RecordBatch()
        let outcome = parser.withLock { parser in
            envelope.withUnsafeBytes {
                parser.append($0, frameTopic: nil, arrival: arrival, to: &batch)
            }
        }
        if case .rejected(let rejection) = outcome {
            engine.accounting.reject(rejection.code)
            rejected(rejection, envelope)
            return done(.error("ERR \(rejection.sentence)"))
        }
        engine.append(batch, mayWait: false) { result in
            switch result {
            case .success(let outcomes):
                done(.integer(Int64(outcomes[0].sequence)))
            case .failure(let error):
                done(.error("ERR \(error)"))
            }
        }
    }

    private func failed(_ error: EngineError) -> Reply { .error("ERR \(error)") }

    /// INFO of an engine without a server.
    package func infoReply(sections: [String]) -> Reply {
        var reply = InfoReply(sections: sections)
        for (section, lines) in info() { reply.add(section, lines) }
        return reply.reply
    }

    package func info() -> [(section: String, lines: [(String, String)])] {
        let counts = engine.accounting.counts
        let progress = engine.progress.counters
        var store = [
            ("data", engine.directory),
            ("received", "\(counts.received)"),
            ("appended", "\(counts.appended)"),
            ("duplicate", "\(counts.duplicate)"),
            ("rejected", "\(counts.rejected)"),
            ("queued", "\(counts.queued)"),
            ("sequence", "\(progress.end)"),
            ("watermark", "\(progress.watermark)"),
            ("checkpoints", "\(progress.checkpoints)"),
            ("unarchived", "\(progress.unarchived)"),
            ("archives_made", "\(progress.archiving.archives)"),
            ("archived_messages", "\(progress.archiving.messages)"),
            ("archiving_cpu_ms", "\(progress.archiving.processorMicroseconds / 1_000)"),
            ("rollup_rewrites", "\(progress.rewrites)"),
            ("disk_full", progress.diskIsFull ? "1" : "0"),
        ]
        for (reason, amount) in counts.rejectedByReason.sorted(by: { $0.key < $1.key }) {
            store.append(("rejected_\(reason)", "\(amount)"))
        }
        for (number, damage) in engine.damage.enumerated() {
            store.append(("damage_\(number + 1)", damage))
        }
        if let failure = progress.checkpointFailure { store.append(("checkpoint_error", failure)) }
        if let failure = progress.sealingFailure { store.append(("sealing_error", failure)) }
        if let failure = progress.compactionFailure { store.append(("compact_error", failure)) }
        if let failure = progress.rewriteFailure { store.append(("rewrite_error", failure)) }
        if let failure = engine.failure { store.append(("append_error", "\(failure)")) }
        return [
            ("Store", store), ("Storage", engine.storage()), ("Feeds", feeds()),
            ("Gaps", GapListing.figures(engine.feeds)),
            ("Rules", RollupCommands.figures(engine)),
        ]
    }
}
