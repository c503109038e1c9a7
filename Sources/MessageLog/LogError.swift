import Disk
import Glibc
import Model

/// What the log cannot do, and why. Each case says what to do about it in `description`.
package enum LogError: Error, Equatable, Sendable, CustomStringConvertible {
    /// A file system call failed; the log is as it was before.
    case io(DiskError)
    /// No space, or the quota is used up. Nothing was appended; appending works again by itself
    /// once there is space.
    case full(DiskError)
    /// A synchronize failed, or a failed write could not be cut back, so nobody knows what is on
    /// the disk. Nothing more can be appended; open the log again to find out.
    case poisoned(DiskError)
    /// Bytes that had been on disk are not what was written.
    case damaged(Damage)
    /// The file was written by a newer version of Tallylog.
    case unsupportedVersion(path: String, version: UInt32)
    /// A record of a kind that this version does not know, and must not overlook.
    case unknownCriticalRecord(path: String, sequence: UInt64, kind: UInt8)
    /// The log was closed.
    case closed
    /// The log was opened for reading only.
    case readOnly
    /// The directory that a backup is to go to has what no backup of this log has.
    case noBackup(path: String, has: String)
    /// The payload of this record was dropped by retention.
    case dropped(sequence: UInt64)

    /// Sorts a failed call by what the caller can do about it.
    init(_ error: DiskError) {
        self = error.isOutOfSpace ? .full(error) : .io(error)
    }

    /// What a failed write means to who asked for it.
    init(_ failure: JournalFailure) {
        switch failure {
        case .refused(let error): self.init(error)
        case .poisoning(let error): self = .poisoned(error)
        }
    }

    package var description: String {
        switch self {
        case .io(let error):
            "\(error); the log is as it was, the call may be repeated"
        case .full(let error):
            "\(error); free some space, appending then resumes by itself"
        case .poisoned(let error):
            "\(error); what is on disk is unknown: stop, check the disk, open the log again"
        case .damaged(let damage):
            "\(damage); nothing was changed: restore the file from a backup, or repair the log"
        case .unsupportedVersion(let path, let version):
            "\(path) has format version \(version), this program reads up to "
                + "\(JournalFormat.version): use the newer program"
        case .unknownCriticalRecord(let path, let sequence, let kind):
            "record \(sequence) in \(path) is of kind \(kind), which this program does not know "
                + "and must not skip: use the newer program"
        case .closed:
            "the log is closed: open it again"
        case .readOnly:
            "the log was opened for reading only: nothing can be appended"
        case .noBackup(let path, let has):
            "\(path) has \(has), and nothing was copied; accepted: a directory that is absent, "
                + "or has an earlier backup of this store"
        case .dropped(let sequence):
            "retention has dropped the payload of sequence \(sequence)"
        }
    }
}

/// A place where the log is not what was written, as exactly as it is known.
package struct Damage: Error, Hashable, Sendable, CustomStringConvertible {
    /// The damaged file.
    package var path: String
    /// Where in the file, in bytes.
    package var offset: Int
    /// What is wrong there.
    package var reason: String
    /// The first sequence that may be affected.
    package var firstSequence: UInt64
    /// How many sequences from there on are affected; nil where that cannot be known.
    package var count: UInt64?

    package var description: String {
        let lost = count.map { "\($0) records" } ?? "an unknown number of records"
        return "damage in \(path) at byte \(offset): \(reason); "
            + "\(lost) from sequence \(firstSequence) on are affected"
    }
}

extension DiskError {
    /// Whether there is no such file or directory.
    var isAbsent: Bool { code == ENOENT }

    /// Whether the disk or the quota is full.
    var isOutOfSpace: Bool { code == ENOSPC || code == EDQUOT }
}

/// Runs a file system call and reports its failure as the log's own.
func withLogErrors<R>(_ call: () throws(DiskError) -> R) throws(LogError) -> R {
    do {
        return try call()
    } catch {
        throw LogError(error)
    }
}

extension LogError {
    /// Why a columns file cannot be used.
    init(_ error: ColumnsError, path: String) {
        if case .version(let version) = error.problem {
            self = .unsupportedVersion(path: path, version: version)
        } else {
            self = .damaged(
                Damage(
                    path: path, offset: error.offset, reason: error.description, firstSequence: 0,
                    count: 0))
        }
    }
}

extension DiskError {
    /// The errno of a file that changed under our hands.
    static let inputOutputCode = EIO
}
