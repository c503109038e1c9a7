import Disk

/// The log's directory, sorted by what its files are.
struct LogListing {
    /// First sequences of the journals, ascending.
    var journals: [UInt64] = []
    /// Last sequences of the columns files, by their first.
    var columns: [UInt64: UInt64] = [:]
    /// Names of files that were being made when the process died.
    var unfinished: [String] = []

    init(_ names: [String], directory: String) throws(LogError) {
        for name in names {
            switch LogFileName(name) {
            case .journal(let first): journals.append(first)
            case .unfinished: unfinished.append(name)
            case .torn, .foreign: continue
            case .columns(let first, let last):
                if let other = columns.updateValue(last, forKey: first) {
                    throw .damaged(
                        Damage(
                            path: directory + "/" + name, offset: 0,
                            reason: "the file overlaps the columns up to sequence \(other)",
                            firstSequence: first, count: 0))
                }
            }
        }
        journals.sort()
    }
}
