import LMDB
import Synchronization

/// Putting another environment in the place of the one that is served.
extension RollupStore {
    /// Goes on with the environment of `next`. What has begun to read ends on the old one, which is
    /// closed when the last reader lets go of it.
    /// - Parameters:
    ///   - next: of the same log, with the same ids; not to be used afterwards.
    ///   - exchange: brings `next` up to the watermark that it is given, which stays, since
    ///     checkpoints wait, and puts its directory in this one's place. If it throws, nothing
    ///     has changed.
    package func replace<Failure: Error>(
        by next: RollupStore, _ exchange: (_ watermark: UInt64) throws(Failure) -> Void
    ) throws(Failure) {
        try folding.withLock { (_) throws(Failure) in
            try exchange(watermark)
            precondition(
                next.watermark == watermark && next.logID == logID,
                "the new rollups are of the same prefix of the same log")
            let environment = next.environment
            environment.hasMoved(to: directory)
            current.withLock { $0 = environment }
        }
    }

    /// Makes room for what checkpoints may write while a reader stays for long: the map can only
    /// move while there is none, which it is not waited for.
    func makeRoom() throws(RollupError) {
        try folding.withLock { (_) throws(RollupError) in
            let environment = environment
            do throws(LMDBError) {
                if try 2 * environment.statistics().fileBytes > environment.mapBytes {
                    _ = try environment.growMap()
                }
            } catch {
                guard case .mapInUse = error.reason else { throw .storage(error) }
            }
        }
    }
}
