import LMDB
import Model

/// Merges runs into the stored rows, in key order, within one transaction.
struct Checkpoint: ~Copyable {
    /// Nothing is stored yet: rows can be appended, which fills pages.
    let rowsAreNew: Bool
    /// The first chunk of rows per minute that is kept.
    private let firstMinuteChunk: Int64
    private var merger = RowMerger()
    private var row = Scratch<UInt8>(capacity: 4_096)

    /// - Parameter minutesFrom: from when on counts per minute are kept: the start of a chunk.
    init(rowsAreNew: Bool, minutesFrom: Int64) {
        self.rowsAreNew = rowsAreNew
        let minutes = RowKind.topicMinute.bucketsPerChunk
        firstMinuteChunk = minutesFrom.floorDivided(by: Granularity.minute.microseconds * minutes)
    }

    /// Removes the rows per minute that are no longer kept.
    func dropMinutes(_ transaction: inout WriteTransaction) throws(LMDBError) {
        let first = RowKey(kind: .topicMinute, place: 0)
        let kept = RowKey(kind: .topicMinute, chunk: firstMinuteChunk, block: 0)
        try transaction.delete(from: first.encoded, upTo: kept.encoded)
    }

    /// Stores the names up to `counts` that are not stored yet.
    func putNames(
        _ transaction: inout WriteTransaction, _ names: NameTable, _ counts: [UInt32],
        _ meta: inout RollupMeta
    ) throws(LMDBError) {
        for (code, count) in counts.enumerated() {
            if code == meta.nameCounts.count { meta.nameCounts.append(0) }
            let dimension = Dimension(code: UInt8(code))
            // Categories follow from the topics.
            if dimension == .category || count <= meta.nameCounts[code] { continue }
            for id in meta.nameCounts[code] + 1...count {
                let key = RollupMeta.Key.name(UInt8(code), id)
                let text = unsafe names.bytes(dimension, id)
                try unsafe key.span.withUnsafeBytes { (key) throws(LMDBError) in
                    unsafe try transaction.put(key, text)
                }
            }
            meta.nameCounts[code] = count
        }
    }

    mutating func putRows(
        _ transaction: inout WriteTransaction, _ runs: [Run]
    ) throws(RollupError) {
        for kind in RowKind.allCases {
            var walk = RunsWalk(runs, kind)
            while let place = walk.nextPlace() {
                merger.begin()
                unsafe walk.takeRows(at: place) { unsafe merger.add($0) }
                let key = RowKey(kind: kind, place: place)
                if kind == .topicMinute, key.chunk < firstMinuteChunk { continue }
                try unsafe key.withEncoded { (key) throws(RollupError) in
                    try unsafe putRow(&transaction, kind, key)
                }
            }
        }
    }

    private mutating func putRow(
        _ transaction: inout WriteTransaction, _ kind: RowKind, _ key: UnsafeRawBufferPointer
    ) throws(RollupError) {
        var intact = true
        do throws(LMDBError) {
            if !rowsAreNew, let stored = unsafe try transaction.get(key) {
                unsafe merger.add(stored)
            }
            row.count = 0
            intact = merger.merge(into: &row)
            if !intact {
                // The transaction is given up.
            } else if rowsAreNew {
                unsafe try transaction.append(key, row.bytes)
            } else {
                unsafe try transaction.put(key, row.bytes)
            }
        } catch {
            throw .storage(error)
        }
        if !intact { throw .damaged("a row of kind \(kind.word)") }
    }
}
