import Disk
import Glibc
import Model

/// What a backup or a restore did.
package struct BackupReport: Sendable, Equatable {
    /// The last sequence that the copy has.
    package var end: UInt64 = 0
    /// Files that were there already, as they are here.
    package var kept = 0
    /// Files that got a second name, and so cost nothing.
    package var linked = 0
    /// Files whose bytes were copied, and how many.
    package var copied = 0
    package var copiedBytes = 0
    /// Files of the copy that others have made needless.
    package var removed = 0
}

/// Copies a log's segments into another directory, which is a log itself after each step.
///
/// Sealed files never change, so those that are there already stay. What the log has merged since
/// the last backup is merged there by the same steps: archive, columns, then the needless files.
struct LogBackup {
    let disk: any Disk
    let source: String
    let target: String
    private var report = BackupReport()
    private static let pieceBytes = 1 << 20

    init(_ disk: any Disk, from source: String, to target: String) {
        self.disk = disk
        self.source = source
        self.target = target
    }

    mutating func run(_ segments: [Segment], logID: LogID?) throws(LogError) -> BackupReport {
        try withLogErrors { () throws(DiskError) in try disk.makeDirectory(target) }
        try refuseOther(logID, segments)
        var needed: Set<String> = []
        for segment in segments {
            let (first, last) = (segment.firstSequence, segment.lastSequence)
            let isSealed = segment.columns.isSealed
            // The columns say where the payloads are, so those are surely there first.
            if let payloads = segment.payloadsName {
                if try copy(payloads, mayLink: isSealed) { try synchronize() }
                needed.insert(payloads)
            }
            if isSealed {
                try copy(LogFileName.columns(first, last), mayLink: true)
                needed.insert(LogFileName.columns(first, last))
            }
            report.end = last
        }
        try synchronize()
        try removeOthers(than: needed)
        return report
    }

    /// A directory that has another log's files, or messages that this one has not, is left alone:
    /// what the copy does not need is removed.
    private func refuseOther(_ logID: LogID?, _ segments: [Segment]) throws(LogError) {
        guard try !MessageLog.isAbsent(disk, directory: target) else { return }
        let there = try MessageLog.open(
            disk, directory: target, options: LogOptions(readOnly: true, randomWord: { 0 }))
        guard there.logID == logID else {
            throw .noBackup(path: target, has: "the files of another log")
        }
        for other in there.snapshot.segments where other.rows > 0 {
            let last = other.lastSequence
            guard let own = segments.first(where: { $0.lastSequence >= last }),
                identity(own, last) == identity(other, last)
            else {
                throw .noBackup(
                    path: target, has: "messages up to sequence \(last) that this store has not")
            }
        }
    }

    /// Id and time of a record: a log that has gone its own way has others.
    private func identity(_ segment: Segment, _ sequence: UInt64) -> (MessageID, Int64) {
        var reader = RowReader(segment.columns)
        let row = Int(sequence - segment.firstSequence)
        return (reader.id(ofRow: row), reader.time(ofRow: row))
    }

    private func list() throws(LogError) -> [String] {
        try withLogErrors { () throws(DiskError) in try disk.list(target) }
    }

    private func synchronize() throws(LogError) {
        try withLogErrors { () throws(DiskError) in try disk.synchronizeDirectory(target) }
    }

    /// - Parameter mayLink: whether the file never changes, in the copy either.
    /// - Returns: whether it was not there already.
    @discardableResult
    private mutating func copy(_ name: String, mayLink: Bool) throws(LogError) -> Bool {
        let from = source + "/" + name
        let to = target + "/" + name
        do {
            let file = try disk.open(from, .read)
            if try isThere(file, as: to) {
                report.kept += 1
                return false
            }
            let temporary = to + LogFileName.unfinishedSuffix
            if try disk.size(of: temporary) != nil { try disk.remove(temporary) }
            let isLinked = mayLink ? try link(from, to: temporary) : false
            if isLinked {
                try disk.rename(temporary, to: to)
                report.linked += 1
            } else {
                try copyBytes(file, to: to)
            }
            return true
        } catch {
            throw LogError(error)
        }
    }

    /// - Returns: false where the file system cannot, and a copy must do.
    private func link(_ from: String, to: String) throws(DiskError) -> Bool {
        do {
            try disk.link(from, to: to)
            return true
        } catch {
            guard [EXDEV, EPERM, ENOTSUP, EMLINK].contains(error.code) else { throw error }
            return false
        }
    }

    private mutating func copyBytes(_ file: any DiskFile, to path: String) throws(DiskError) {
        let size = try file.size()
        let window = try FileWindow(file)
        do {
            try DurableFile.make(disk, directory: target, path: path) { copy throws(DiskError) in
                for start in stride(from: 0, to: size, by: Self.pieceBytes) {
                    try unsafe copy.write(
                        window.bytes(at: start, count: Self.pieceBytes), at: start)
                }
            }
        } catch {
            switch error {
            case .refused(let error), .poisoning(let error): throw error
            }
        }
        report.copied += 1
        report.copiedBytes += size
    }

    /// Whether the same file is there. Its first and last bytes have checksums of all between.
    private func isThere(_ file: any DiskFile, as path: String) throws(DiskError) -> Bool {
        let size = try file.size()
        guard try disk.size(of: path) == size else { return false }
        let other = try FileWindow(try disk.open(path, .read))
        let window = try FileWindow(file)
        for start in [0, max(0, size - 64)] {
            let own = try unsafe Array(window.bytes(at: start, count: 64))
            guard try unsafe other.bytes(at: start, count: 64).elementsEqual(own) else {
                return false
            }
        }
        return true
    }

    private mutating func removeOthers(than needed: Set<String>) throws(LogError) {
        for name in try list() where !needed.contains(name) {
            switch LogFileName(name) {
            case .foreign, .torn, .damaged: continue
            case .journal, .columns, .archive, .unfinished:
                let path = target + "/" + name
                try withLogErrors { () throws(DiskError) in try disk.remove(path) }
                report.removed += 1
            }
        }
    }
}

extension MessageLog {
    /// Copies all that is sealed into `target`, which is made if it is absent; of a log that is
    /// only read, all there is: the last journal may lack its columns, or have damaged ones, which
    /// the copy makes anew when it is opened. On the thread that compacts: that one removes files.
    /// - Throws: `.noBackup` where the directory has what is not a backup of this log.
    package func backup(to target: String) throws(LogError) -> BackupReport {
        let parent = LogOpening.parent(of: target)
        guard try Self.isAbsent(disk, directory: parent) else {
            throw .noBackup(path: parent, has: "a log's own files")
        }
        try withLogErrors { () throws(DiskError) in
            try disk.makeDirectory(parent)
            try disk.synchronizeDirectory(LogOpening.parent(of: parent))
            try disk.makeDirectory(target)
            try disk.synchronizeDirectory(parent)
        }
        var backup = LogBackup(disk, from: directory, to: target)
        let segments = isReadOnly ? snapshot.segments : sealedSegments
        return try backup.run(segments, logID: logID)
    }

    /// Segments that have all their files, from the first on.
    var sealedSegments: [Segment] { Array(snapshot.segments.prefix { $0.columns.isSealed }) }
}
