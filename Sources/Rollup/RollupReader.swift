import LMDB

/// One consistent state of the stored rollups. It holds LMDB's pages: end it soon.
package struct RollupReader: ~Copyable {
    private let transaction: ReadTransaction
    private let meta: RollupMeta

    init(transaction: consuming ReadTransaction, meta: RollupMeta) {
        self.transaction = transaction
        self.meta = meta
    }

    /// The last sequence that this state covers.
    package var watermark: UInt64 { meta.watermark }

    /// The hours that counted messages fall into.
    package var hours: Range<Int64> { meta.hours }

    /// Counts per minute are kept from this moment on, in microseconds.
    var minutesFrom: Int64 { meta.minutesFrom }

    /// A row's bytes, which hold as long as this reader.
    @inline(__always)
    borrowing func row(_ key: RowKey) throws(RollupError) -> UnsafeRawBufferPointer? {
        do throws(LMDBError) {
            return unsafe try key.withEncoded { (bytes) throws(LMDBError) in
                unsafe try transaction.get(bytes)
            }
        } catch {
            throw .storage(error)
        }
    }

    /// Calls `body` with every stored entry, in key order: meta, names, rows.
    package borrowing func physicalDump(
        _ body: (_ key: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer) -> Void
    ) throws(RollupError) {
        do throws(LMDBError) {
            try unsafe forEachEntry(from: []) { (key, value) throws(LMDBError) in
                unsafe body(key, value)
                return true
            }
        } catch {
            throw .storage(error)
        }
    }

    /// Whether every entry of another state is found here by its key, with the same value. A dump
    /// goes from page to page: it does not see a tree that leads a search for a key astray.
    package borrowing func finds(
        everyEntryOf other: borrowing RollupReader
    ) throws(RollupError) -> Bool {
        var isFound = true
        do throws(LMDBError) {
            try unsafe other.forEachEntry(from: []) { (key, value) throws(LMDBError) in
                if let found = unsafe try transaction.get(key) {
                    isFound = unsafe found.elementsEqual(value)
                } else {
                    isFound = false
                }
                return isFound
            }
        } catch {
            throw .storage(error)
        }
        return isFound
    }

    /// Calls `body` with the entries from a key on until it returns false.
    borrowing func forEachEntry(
        from start: [UInt8],
        _ body: (UnsafeRawBufferPointer, UnsafeRawBufferPointer) throws(LMDBError) -> Bool
    ) throws(LMDBError) {
        try unsafe transaction.forEach(from: start, upTo: nil, body)
    }

    /// The first entry's value.
    var encodedMeta: [UInt8] { meta.encoded }
}
