import LMDB
import Model

extension RollupReader {
    /// Calls `body` with one line per stored count, sorted bytewise: kind, group's name (`*` for
    /// all), member's name (`-` in a series), the bucket's start in seconds since 1970, and the
    /// count, between tabs.
    ///
    /// The same for the same messages in any order: no ids stand in it. It sorts in memory, one
    /// kind at a time.
    package borrowing func logicalDump(
        names: NameTable, _ body: (String) -> Void
    ) throws(RollupError) {
        for kind in RowKind.allCases.sorted(by: { $0.word < $1.word }) {
            var lines: [String] = []
            var damaged = false
            do throws(LMDBError) {
                try unsafe forEachEntry(from: [kind.rawValue]) { (key, row) throws(LMDBError) in
                    guard let key = unsafe RowKey(key), key.kind == kind else { return false }
                    damaged = unsafe !Self.dump(key, row, names) { lines.append($0) }
                    return !damaged
                }
            } catch {
                throw .storage(error)
            }
            if damaged { throw .damaged("a row of kind \(kind.word)") }
            lines.sort()
            for line in lines { body(line) }
        }
    }

    /// The lines of one row; false where it is damaged.
    private static func dump(
        _ key: RowKey, _ row: UnsafeRawBufferPointer, _ names: NameTable,
        _ body: (String) -> Void
    ) -> Bool {
        let kind = key.kind
        let firstBucket = key.chunk * kind.bucketsPerChunk
        var intact = true
        var cursor = unsafe RowCursor(row)
        while let segment = unsafe cursor.next() {
            let number = unsafe UInt32(segment.number)
            let share = kind.shape == .share
            let group = share ? key.block : key.block << kind.groupBits | number
            let groupName = group == 0 ? "*" : Self.name(names, kind.groupDimension, group)
            let whole = unsafe segment.tally.forEach(in: 0..<UInt64.max) { cell, count in
                var bucket = firstBucket + Int64(number)
                var member = cell
                switch kind.shape {
                case .series: bucket = firstBucket &+ Int64(truncatingIfNeeded: cell)
                case .share: break
                case .history:
                    let step = UInt64(kind.bucketsPerChunk)
                    member = cell / step
                    bucket = firstBucket + Int64(cell - member * step)
                }
                let memberName = kind.memberDimension.map { Self.name(names, $0, member) } ?? "-"
                guard let groupName, let memberName else {
                    intact = false
                    return
                }
                let start = bucket &* kind.granularity.seconds
                body("\(kind.word)\t\(groupName)\t\(memberName)\t\(start)\t\(count)")
            }
            intact = intact && whole
        }
        return unsafe intact && !cursor.damaged
    }

    /// A name with tabs, line ends and backslashes escaped; nil for an id that was never given.
    private static func name(
        _ names: NameTable, _ dimension: Dimension, _ id: some BinaryInteger
    ) -> String? {
        guard id > 0, let id = UInt32(exactly: id), Int(id) <= names.count(dimension) else {
            return nil
        }
        var escaped = ""
        for scalar in String(decoding: names.text(dimension, id), as: UTF8.self).unicodeScalars {
            switch scalar {
            case "\t": escaped += "\\t"
            case "\n": escaped += "\\n"
            case "\r": escaped += "\\r"
            case "\\": escaped += "\\\\"
            default: escaped.unicodeScalars.append(scalar)
            }
        }
        return escaped
    }
}
