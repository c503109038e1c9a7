import Disk

/// Files that are there whole or not at all: written under a temporary name, synchronized, renamed,
/// and the directory synchronized.
enum DurableFile {
    /// - Parameter fill: writes the content; what it throws refuses the file.
    static func make(
        _ disk: any Disk, directory: String, path: String,
        _ fill: (any DiskFile) throws(DiskError) -> Void
    ) throws(JournalFailure) {
        let temporary = path + LogFileName.unfinishedSuffix
        let file: any DiskFile
        do {
            file = try disk.open(temporary, .create)
            try file.truncate(to: 0)
            try fill(file)
        } catch {
            discard(disk, temporary)
            throw .refused(error)
        }
        do {
            try file.synchronize()
        } catch {
            discard(disk, temporary)
            throw .poisoning(error)
        }
        file.close()
        do {
            try disk.rename(temporary, to: path)
        } catch {
            discard(disk, temporary)
            throw .refused(error)
        }
        do { try disk.synchronizeDirectory(directory) } catch { throw .poisoning(error) }
    }

    /// Removes an unfinished file. One that cannot be removed does no harm: the next attempt
    /// overwrites it, and the next start removes it.
    private static func discard(_ disk: any Disk, _ path: String) {
        _ = Result { () throws(DiskError) in try disk.remove(path) }
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
