import Disk

/// Files that are there whole or not at all: written under a temporary name, synchronized, renamed,
/// and the directory synchronized.
enum DurableFile {
    /// - Parameter fill: writes the content; what it throws refuses the file.
    static func make(
        _ disk: any Disk, directory: String, path: String,
        _ fill: (any DiskFile) throws(DiskError) -> Void
    ) throws(JournalFailure) {
        let unfinished = try UnfinishedFile(disk, path)
        do {
            try fill(unfinished.file)
        } catch {
            unfinished.discard()
            throw .refused(error)
        }
        try unfinished.finish(in: directory)
    }
}

/// A file under its temporary name.
struct UnfinishedFile {
    let file: any DiskFile
    /// The name that it will have.
    let path: String
    private let disk: any Disk

    var temporaryPath: String { file.path }

    /// An empty file. What an earlier attempt left under its name is gone.
    init(_ disk: any Disk, _ path: String) throws(JournalFailure) {
        self.disk = disk
        self.path = path
        do {
            file = try disk.open(path + LogFileName.unfinishedSuffix, .create)
            try file.truncate(to: 0)
        } catch {
            throw .refused(error)
        }
    }

    /// Makes the content durable, then gives the file its name, durably too.
    func finish(in directory: String) throws(JournalFailure) {
        do {
            try file.synchronize()
        } catch {
            throw .poisoning(discarded(error))
        }
        file.close()
        do { try disk.rename(temporaryPath, to: path) } catch { throw .refused(discarded(error)) }
        do { try disk.synchronizeDirectory(directory) } catch { throw .poisoning(error) }
    }

    /// Removes the file. One that cannot be removed does no harm: the next attempt overwrites it,
    /// and the next start removes it.
    func discard() {
        file.close()
        _ = Result { () throws(DiskError) in try disk.remove(temporaryPath) }
    }

    private func discarded(_ error: DiskError) -> DiskError {
        discard()
        return error
    }
}

extension Array where Element == UInt8 {
    func writeAll(to file: any DiskFile, at offset: Int) throws(DiskError) {
        var failure: DiskError?
        unsafe withUnsafeBytes { whole in
            do throws(DiskError) {
                try unsafe file.write(whole, at: offset)
            } catch {
                failure = error
            }
        }
        if let failure { throw failure }
    }
}
