import Engine
import Envelope
import MessageLog
public import Model
public import Query

/// A store: a directory with the log of a message bus and its statistics.
///
/// Opening makes the directory where there is none, and replays what a crash may have left. One
/// process at a time holds a store; all methods may be called from any thread or task.
public final class Store: Sendable {
    let engine: Engine
    private let profile: @Sendable () -> Profile

    private init(_ engine: Engine, _ profile: @escaping @Sendable () -> Profile) {
        self.engine = engine
        self.profile = profile
    }

    /// Opens the store in `directory`, making it if it is absent.
    /// - Parameters:
    ///   - retention: how long payloads are kept; what counts need is kept for ever.
    ///   - profile: which fields of messages name users, packages and objects: `fedora`, `generic`,
    ///     `none`, or the path of a file.
    ///   - aliases: the path of a JSON object of accounts by nick or mail address; nil for none.
    /// - Throws: `StoreError` if a profile has a mistake, if another process holds the directory,
    ///   if the log is damaged, or if the system refuses.
    public static func open(
        _ directory: String, retention: Retention = .none, profile: String = "fedora",
        aliases: String? = nil
    ) throws(StoreError) -> Store {
        let loaded: @Sendable () -> Profile
        do {
            loaded = try Profile.deferred(profile, aliases: aliases)
        } catch { throw StoreError(sentence: error.description) }
        do {
            var options = Engine.Options()
            options.log.retention = retention
            return Store(try Engine(directory: directory, options: options), loaded)
        } catch { throw StoreError(error) }
    }

    /// A batch whose messages get the names that the store's profile finds.
    public func makeBatch() -> MessageBatch { MessageBatch(profile()) }

    /// Appends messages and waits until they are on stable storage and visible.
    /// - Returns: one receipt per message, in order.
    /// - Throws: `StoreError` where a message may not be durable: a full disk, a failed flush.
    ///   Those that are durable all the same count once when the batch is appended again.
    public func append(_ batch: MessageBatch) async throws -> [Receipt] {
        let records = batch.records
        let outcomes = try await withCheckedThrowingContinuation {
            (done: CheckedContinuation<[Receipt], any Error>) in
            engine.append(records) { result in
                done.resume(with: result.map { $0.map(Receipt.init) }.mapError(StoreError.init))
            }
        }
        return outcomes
    }

    /// Appends one envelope, the JSON text of a message, and waits until it is durable.
    /// - Throws: `StoreError` as for a batch, or if the envelope is refused.
    @discardableResult
    public func append(_ envelope: String) async throws -> Receipt {
        var batch = makeBatch()
        if let refusal = batch.add(Array(envelope.utf8)) { throw StoreError(refusal) }
        let receipts = try await append(batch)
        guard let receipt = receipts.first else { throw StoreError(.closed) }
        return receipt
    }

    /// The number of matching messages.
    public func count(_ selection: Selection = Selection()) throws(StoreError) -> Int64 {
        guard case .integer(let count) = try ask(.count(selection)) else {
            preconditionFailure("a count is an integer")
        }
        return count
    }

    /// Matching messages per bucket.
    /// - Returns: starts of buckets in seconds since 1970, and counts; empty buckets are left out.
    public func series(
        _ every: Every, _ selection: Selection = Selection()
    ) throws(StoreError) -> [(start: Int64, count: Int64)] {
        let question = SeriesQuestion(grid: BucketGrid(every), selection: selection)
        guard case .pairs(let pairs) = try ask(.series(question)) else {
            preconditionFailure("a series is pairs")
        }
        return pairs.map { (start: $0.0, count: $0.1) }
    }

    /// The names of `dimension` that most matching messages have, by count, then by name.
    public func top(
        _ limit: Int, _ dimension: Dimension, _ selection: Selection = Selection()
    ) throws(StoreError) -> [(name: String, count: Int64)] {
        let question = TopQuestion(limit: limit, dimension: dimension, selection: selection)
        guard case .ranking(let ranking) = try ask(.top(question)) else {
            preconditionFailure("a top list is a ranking")
        }
        return ranking.map { (name: String(decoding: $0.name, as: UTF8.self), count: $0.count) }
    }

    /// The newest matching messages, as the JSON texts that came in, up to one that retention has
    /// dropped. One that damage has destroyed is left out.
    /// - Parameter limit: at most `Limits.replyRowsMax`.
    public func messages(
        _ selection: Selection = Selection(), limit: Int
    ) throws(StoreError) -> [String] {
        let question = MessagesQuestion(selection: selection, limit: limit)
        guard case .array(let parts) = try ask(.messages(question)), parts.count == 2,
            case .messages(let found) = parts[1]
        else { preconditionFailure("a listing is a cursor and rows") }
        return found.rows.compactMap { row in
            found.envelope(row).map { String(decoding: $0, as: UTF8.self) }
        }
    }

    /// Matching messages in the order of the log, those that are there and then those that come,
    /// each once and none left out. It ends when the store is closed.
    /// - Parameter from: the first sequence to look at, 1 for all; nil for what comes from now on.
    public func tail(from: UInt64? = nil, _ filter: Filter = Filter()) -> Tail {
        Tail(self, from: from, filter)
    }

    /// The answer to any question of the protocol.
    /// - Throws: `StoreError` with the sentence that the protocol would answer.
    public func ask(_ question: Question) throws(StoreError) -> Reply {
        let reply = Executor.answer(question, from: engine)
        if case .error(let sentence) = reply { throw StoreError(sentence: sentence) }
        return reply
    }

    /// Folds everything that is visible now into the rollups' index.
    /// - Returns: the last sequence that the index covers.
    @discardableResult
    public func checkpoint() throws(StoreError) -> UInt64 {
        do { return try engine.checkpoint() } catch { throw StoreError(error) }
    }

    /// Makes archives of all that is in journals, merges small segments, and rewrites the rollups'
    /// index: less space, and the same answers. It happens by itself as journals fill up; this
    /// does not wait for that.
    public func compact() throws(StoreError) {
        do { try engine.compact() } catch { throw StoreError(error) }
    }

    /// Computes the rollups' index anew from the log and puts it in the place of the old one, which
    /// goes on answering meanwhile; appends go on too.
    /// - Returns: the last sequence that the index covers.
    @discardableResult
    public func rebuild() throws(StoreError) -> UInt64 {
        do { return try engine.rebuild() } catch { throw StoreError(error) }
    }

    /// Copies the log, as of one sequence, into a directory: a store of its own, and a small step
    /// where an earlier backup is there. Appends and questions go on.
    /// - Returns: the last sequence that the copy has.
    public func backup(to directory: String) throws(StoreError) -> UInt64 {
        do { return try engine.backup(to: directory) } catch { throw StoreError(error) }
    }

    /// What has been archived since the store was opened, and at what price.
    public var archiving: ArchivingFigures { engine.progress.counters.archiving }

    /// Folds everything into the rollups and lets go of the directory.
    ///
    /// To be called before the process ends by `exit`, or by returning from `main`: libraries are
    /// taken apart then while the store's threads still run, which may abort the process. What was
    /// acknowledged is safe either way, as it is when the process is killed.
    public func close() throws(StoreError) {
        do { try engine.close() } catch { throw StoreError(error) }
    }
}
