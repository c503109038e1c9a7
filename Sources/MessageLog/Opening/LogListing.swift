import Disk

/// The log's directory, sorted by what its files are.
struct LogListing {
    /// First sequences of the journals, ascending.
    private(set) var journals: [UInt64] = []
    /// Ranges of the columns files that no other one's range contains, ascending.
    private(set) var columns: [ClosedRange<UInt64>] = []
    /// Ranges of the columns files within those: segments that were merged.
    private(set) var innerColumns: [ClosedRange<UInt64>] = []
    private(set) var archives: [ClosedRange<UInt64>] = []
    /// Names of files that were being made when the process died.
    private(set) var unfinished: [String] = []

    /// A segment as the listing shows it.
    enum Unit {
        case sealed(ClosedRange<UInt64>)
        /// A journal without columns.
        case journal(UInt64)

        var first: UInt64 {
            switch self {
            case .sealed(let range): range.lowerBound
            case .journal(let first): first
            }
        }

        /// nil where the name does not say it.
        var last: UInt64? {
            if case .sealed(let range) = self { range.upperBound } else { nil }
        }
    }

    init(_ names: [String], directory: String) throws(LogError) {
        var ranges: [ClosedRange<UInt64>] = []
        for name in names {
            switch LogFileName(name) {
            case .journal(let first): journals.append(first)
            case .unfinished: unfinished.append(name)
            case .torn, .damaged, .foreign: continue
            case .columns(let first, let last): ranges.append(first...last)
            case .archive(let first, let last): archives.append(first...last)
            }
        }
        journals.sort()
        ranges.sort {
            $0.lowerBound != $1.lowerBound
                ? $0.lowerBound < $1.lowerBound : $0.upperBound > $1.upperBound
        }
        for range in ranges {
            guard let outer = columns.last, range.lowerBound <= outer.upperBound else {
                columns.append(range)
                continue
            }
            guard range.upperBound <= outer.upperBound else {
                let name = LogFileName.columns(range.lowerBound, range.upperBound)
                throw .damaged(
                    Damage(
                        path: directory + "/" + name, offset: 0,
                        reason: "the file overlaps the columns up to sequence \(outer.upperBound)",
                        firstSequence: range.lowerBound, count: 0))
            }
            innerColumns.append(range)
        }
    }

    /// The segments in order: those with columns, and journals that no columns' range contains.
    var units: [Unit] {
        let alone = journals.filter { first in !columns.contains { $0.contains(first) } }
        let units = columns.map { Unit.sealed($0) } + alone.map { Unit.journal($0) }
        return units.sorted { $0.first < $1.first }
    }

    /// The journals that begin within a range.
    func journals(in range: ClosedRange<UInt64>) -> [UInt64] {
        journals.filter { range.contains($0) }
    }
}
