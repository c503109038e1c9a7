import Disk
import MessageLog
import Model

/// Any bytes as a columns file, or one with edits: refused, or readable from end to end.
enum ColumnsTarget {
    private static let whole: [UInt8] = {
        let name = LogImage.archived.keys.sorted().first { $0.hasSuffix(".columns") }
        guard let name, let bytes = LogImage.archived[name] else {
            preconditionFailure("a closed log has columns")
        }
        return bytes
    }()

    static func run(_ bytes: [UInt8]) {
        var source = ByteSource(bytes)
        let isRaw = source.byte() & 1 == 1
        let file = isRaw ? Array(source.rest) : FileEdits.apply(whole, &source)
        let copy = UnsafeMutableRawBufferPointer.allocate(
            byteCount: max(file.count, 1), alignment: 8)
        copy.copyBytes(from: file)
        let mapped = MappedBytes(
            UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(copy)[..<file.count])
        ) { $0.deallocate() }
        guard let columns = try? SegmentColumns.open(mapped) else { return }
        ask(columns)
        _ = try? columns.verify()
    }

    private static func ask(_ columns: SegmentColumns) {
        for index in 0..<columns.blockCount {
            let block = columns.block(index, .all)
            precondition(block.rows == block.times.count, "a block has a time for every row")
            for row in 0..<block.rows {
                let id = block.id(ofRow: row)
                _ = columns.rows(withID: id)
                _ = columns.duplicate(
                    of: id, at: Timestamp(microseconds: block.times[row]), arrivalTime: false)
                _ = columns.position(ofRow: block.firstRow + row)
            }
        }
        for dimension in columns.names.dimensions {
            let count = UInt32(clamping: columns.names.count(of: dimension))
            for id in 1..<max(1, min(count, 64)) + 1 where id <= count {
                let text = columns.names.text(of: dimension, id)
                _ = columns.names.find(dimension, text)
                if var cursor = columns.postingCursor(dimension, id) {
                    var found: [UInt32] = []
                    cursor.append(in: 0..<columns.rows, to: &found)
                    _ = (cursor.last(before: columns.rows), cursor.contains(0))
                }
                _ = columns.occurrences(dimension, id)
            }
        }
        _ = (columns.days, columns.timeBounds)
    }
}
