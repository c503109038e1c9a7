import Disk
import MessageLog
import Rollup

/// Why the engine could not do what was asked.
package enum EngineError: Error, Sendable {
    /// The log refused: damage, a full disk, a failed flush.
    case log(LogError)
    /// The rollups' index refused.
    case rollup(RollupError)
    /// The data directory is in use; says by whom.
    case held(DirectoryLockError)
    /// The data directory could not be made or used.
    case directory(DiskError)
    /// LMDB holds more of the log than there is: the log has lost its end.
    case logLost(watermark: UInt64, end: UInt64)
    /// There is no log in this directory, which is to be restored.
    case noLog(String)
    /// Something is in this directory, in which a store is to be made of a backup.
    case notEmpty(String)
    /// A checkpoint did not come about; the log and the head have everything.
    case checkpoint(String)
    /// A compaction did not come about; the journals and archives are as they were.
    case compaction(String)
    /// The rollups' names have other ids than the log gives them.
    case namesDiffer
    /// What was asked of a rule cannot be done: a sentence.
    case rule(String)
    /// The engine has been closed, or has stopped after a failed flush.
    case closed
}

extension EngineError {
    /// The disk is full: nothing is lost, and appending goes on once there is space.
    package var isFullDisk: Bool {
        if case .log(.full) = self { true } else { false }
    }
}

extension EngineError {
    /// Whether appending has ended for good.
    var endsAppending: Bool {
        switch self {
        case .log(.full), .log(.readOnly): false
        default: true
        }
    }
}

extension EngineError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .log(let error): "\(error)"
        case .rollup(let error): "\(error)"
        case .held(let error): "\(error)"
        case .directory(let error): "\(error)"
        case .logLost(let watermark, let end):
            "the rollups cover the log up to sequence \(watermark), but "
                + (end == 0 ? "the log is gone" : "the log ends at \(end): its end is missing")
                + "; see that its disk is mounted, restore it from a backup, or run "
                + "'tallylog rebuild' to accept the loss"
        case .noLog(let path): "no backup at \(path): it has no log; 'tallylog backup' makes one"
        case .notEmpty(let path):
            "\(path) is not empty; accepted: a directory that is absent, or has nothing in it"
        case .checkpoint(let reason): "the checkpoint failed: \(reason)"
        case .compaction(let reason): "the compaction failed: \(reason)"
        case .namesDiffer:
            "the names that the engine has opened are not those of the log: stop it, and run "
                + "'tallylog rebuild --data' with its directory"
        case .rule(let reason): reason
        case .closed: "the engine is closed"
        }
    }
}
