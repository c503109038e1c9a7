import LMDB

/// Why what is stored of a rule could not be read or written.
package enum RuleStoreError: Error, Sendable, CustomStringConvertible {
    /// It is of another log, definition or version, or no such thing: compute it again.
    case needsRebuild(String)
    case storage(LMDBError)
    /// An entry is not what was written.
    case damaged(String)

    package var description: String {
        switch self {
        case .needsRebuild(let reason), .damaged(let reason): reason
        case .storage(let error): error.description
        }
    }
}
