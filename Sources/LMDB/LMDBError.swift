import CLMDB

/// An operation on the index that failed or was refused: what was tried, where, and why.
package struct LMDBError: Error, Hashable, Sendable {
    package enum Operation: String, Sendable {
        case open, begin, get, iterate, put, append, delete, commit, synchronize, compact
        case statistics
        case growMap = "enlarge the map"
    }

    package enum Reason: Hashable, Sendable {
        /// A code of LMDB (negative) or an errno (positive).
        case code(Int32)
        /// This process already has this directory's environment open.
        case alreadyOpen
        /// The environment was opened by the process that forked this one.
        case forked
        /// The directory lies on a network file system of this name.
        case networkFileSystem(String)
        /// Transactions stayed open for so many milliseconds.
        case mapInUse(Int)
    }

    package var operation: Operation
    /// The environment's directory.
    package var path: String
    package var reason: Reason
    /// The map's quota in bytes, for those errors that are about it.
    package var mapBytes: Int

    package init(_ operation: Operation, _ path: String, _ reason: Reason, mapBytes: Int = 0) {
        self.operation = operation
        self.path = path
        self.reason = reason
        self.mapBytes = mapBytes
    }

    /// The map's quota is used up; the transaction must end, and readers go on.
    package var isMapFull: Bool { reason == .code(MDB_MAP_FULL) }
    /// The file is no index, is damaged, or was written by another version: rebuild it.
    package var needsRebuild: Bool {
        switch reason {
        case .code(MDB_INVALID), .code(MDB_CORRUPTED), .code(MDB_PAGE_NOTFOUND), .code(MDB_PANIC),
            .code(MDB_VERSION_MISMATCH), .code(MDB_INCOMPATIBLE):
            true
        default: false
        }
    }
}

extension LMDBError: CustomStringConvertible {
    /// One sentence: what was tried, where, LMDB's words, and the remedy where there is one.
    package var description: String {
        let tried = "cannot \(operation.rawValue) in the LMDB environment \(path): "
        switch reason {
        case .alreadyOpen:
            return tried + "this process has it open already; use that environment, "
                + "since a second one would drop its locks"
        case .forked:
            return tried + "it was opened before this process was forked; "
                + "open it after forking, in the process that uses it"
        case .networkFileSystem(let name):
            return tried + "\(name) is a network file system, where LMDB's locks and memory maps "
                + "do not work; put the directory on a local disk"
        case .mapInUse(let milliseconds):
            return tried + "transactions were open for more than \(milliseconds) ms; "
                + "it is tried again"
        case .code(let code):
            let words = unsafe String(cString: mdb_strerror(code))
            guard let remedy = remedy(for: code) else { return tried + words }
            return tried + words + "; " + remedy
        }
    }

    private func remedy(for code: Int32) -> String? {
        switch code {
        case MDB_MAP_FULL:
            "the quota of \(mapBytes) bytes is used up: raise it and restart, or compact the index"
        case MDB_READERS_FULL:
            "too many readers at once: end some, or raise the environment's reader limit"
        case MDB_TXN_FULL: "the transaction has changed too many pages: commit smaller ones"
        case MDB_BAD_VALSIZE: "keys are 1 to 511 bytes long"
        case MDB_BAD_TXN: "the transaction failed earlier: end it and begin another"
        case MDB_KEYEXIST: "keys were appended out of order"
        case MDB_INVALID, MDB_CORRUPTED, MDB_PAGE_NOTFOUND, MDB_PANIC, MDB_VERSION_MISMATCH,
            MDB_INCOMPATIBLE:
            "the index is damaged or of another version: rebuild it from the log"
        case enospc, edquot: "free space on the disk"
        case eio:
            "LMDB says so of a write that was cut short, too: free space on the disk if it is "
                + "full, else look at the disk"
        case eacces, eperm: "the directory must belong to the user that runs this process"
        case enomem: "the address space is limited: raise `ulimit -v`, or lower the map size"
        case enoent: "make the directory first"
        default: nil
        }
    }
}
