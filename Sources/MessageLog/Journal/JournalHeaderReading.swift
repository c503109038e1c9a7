import Disk
import Model

extension JournalHeader {
    /// Reads and checks the header of a journal file.
    /// - Parameters:
    ///   - first: the sequence that the file's name gives it.
    ///   - logID: the log that it must belong to, if that is known.
    static func read(
        _ file: any DiskFile, first: UInt64, logID: LogID?
    ) throws(LogError) -> (header: JournalHeader, checksum: UInt32) {
        let reading = try withLogErrors { () throws(DiskError) in try read(file) }
        switch reading {
        case .valid(let header, let checksum):
            guard header.firstSequence == first else {
                throw broken(file, first, "the header's first sequence is \(header.firstSequence)")
            }
            guard logID == nil || header.logID == logID else {
                throw broken(file, first, "the journal belongs to another log")
            }
            return (header, checksum)
        case .newer(let version):
            throw .unsupportedVersion(path: file.path, version: version)
        case .broken(let reason):
            throw broken(file, first, reason)
        }
    }

    private static func read(_ file: any DiskFile) throws(DiskError) -> Reading {
        let block = UnsafeMutableRawBufferPointer.allocate(
            byteCount: JournalFormat.headerBytes, alignment: 8)
        defer { unsafe block.deallocate() }
        let count = try unsafe file.read(into: block, at: 0)
        return unsafe read(UnsafeRawBufferPointer(rebasing: block[..<count]))
    }

    private static func broken(
        _ file: any DiskFile, _ first: UInt64, _ reason: String
    ) -> LogError {
        .damaged(
            Damage(
                path: file.path, offset: 0, reason: reason, firstSequence: first, count: nil))
    }
}
