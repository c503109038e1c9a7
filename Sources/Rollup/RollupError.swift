import LMDB

/// What can go wrong with the stored rollups.
package enum RollupError: Error, Hashable, Sendable {
    /// LMDB failed or refused.
    case storage(LMDBError)
    /// What is stored is not what was written; names the kind of row or the entry. Rebuild.
    case damaged(String)
    /// The directory holds no rollups of this log and format. Rebuild them from the log.
    case needsRebuild(String)
}

extension RollupError: CustomStringConvertible {
    /// One sentence: what happened, and the remedy.
    package var description: String {
        switch self {
        case .storage(let error): error.description
        case .damaged(let what):
            "the stored rollups are damaged: \(what); rebuild them from the log"
        case .needsRebuild(let why): "the stored rollups cannot be used: \(why); rebuild them"
        }
    }
}

/// Runs `body`; what LMDB throws becomes `storage`.
func storing<R: ~Copyable>(
    _ body: () throws(LMDBError) -> R
) throws(RollupError) -> R {
    do throws(LMDBError) { return try body() } catch { throw .storage(error) }
}
