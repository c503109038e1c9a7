import CLMDB

/// What can be read of a transaction, whichever kind it is.
///
/// Keys and values are borrowed from the map: they hold until the transaction ends, and in a
/// write transaction until its next change. Nothing is copied or allocated by a lookup.
package protocol Readable: ~Copyable {
    /// The value of a key, or nil.
    borrowing func get(_ key: UnsafeRawBufferPointer) throws(LMDBError) -> UnsafeRawBufferPointer?
    /// Calls `body` with a cursor, which stands nowhere yet.
    borrowing func withCursor<Result, Failure: Error>(
        _ body: (inout Cursor) throws(Failure) -> Result
    ) throws(Failure) -> Result
}

extension Readable where Self: ~Copyable {
    /// The value of a key, or nil.
    @inlinable
    package borrowing func get(_ key: [UInt8]) throws(LMDBError) -> UnsafeRawBufferPointer? {
        let span = key.span
        return unsafe try span.withUnsafeBytes {
            (bytes) throws(LMDBError) in unsafe try get(bytes)
        }
    }

    /// Calls `body` with every entry whose key is at least `first` and below `end`, in key order,
    /// until it returns false.
    /// - Parameters:
    ///   - first: empty for the very first key.
    ///   - end: nil for no bound.
    @inlinable
    package borrowing func forEach(
        from first: UnsafeRawBufferPointer, upTo end: UnsafeRawBufferPointer?,
        _ body: (_ key: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer)
            throws(LMDBError) -> Bool
    ) throws(LMDBError) {
        try withCursor { (cursor: inout Cursor) throws(LMDBError) in
            var found = unsafe try first.isEmpty ? cursor.first() : cursor.seek(atLeast: first)
            while found {
                let key = unsafe cursor.key
                if let end = unsafe end, unsafe !precedes(key, end) { return }
                guard unsafe try body(key, cursor.value) else { return }
                found = try cursor.next()
            }
        }
    }

    /// The same with the bounds as arrays.
    @inlinable
    package borrowing func forEach(
        from first: [UInt8] = [], upTo end: [UInt8]? = nil,
        _ body: (_ key: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer)
            throws(LMDBError) -> Bool
    ) throws(LMDBError) {
        let span = first.span
        try unsafe span.withUnsafeBytes { (first) throws(LMDBError) in
            guard let end else { return unsafe try forEach(from: first, upTo: nil, body) }
            let endSpan = end.span
            try unsafe endSpan.withUnsafeBytes { (end) throws(LMDBError) in
                unsafe try forEach(from: first, upTo: end, body)
            }
        }
    }
}

/// Whether one key sorts before another: bytewise, and a prefix before what it begins.
@inlinable
package func precedes(_ left: UnsafeRawBufferPointer, _ right: UnsafeRawBufferPointer) -> Bool {
    let count = min(left.count, right.count)
    var index = 0
    while index + 8 <= count {
        let a = unsafe left.loadUnaligned(fromByteOffset: index, as: UInt64.self)
        let b = unsafe right.loadUnaligned(fromByteOffset: index, as: UInt64.self)
        if a != b { return a.bigEndian < b.bigEndian }
        index += 8
    }
    while index < count {
        let (a, b) = unsafe (left[index], right[index])
        if a != b { return a < b }
        index += 1
    }
    return left.count < right.count
}

extension MDB_val {
    /// LMDB's view of borrowed bytes, which it only reads.
    @inlinable
    init(_ bytes: UnsafeRawBufferPointer) {
        unsafe self.init(
            mv_size: bytes.count, mv_data: UnsafeMutableRawPointer(mutating: bytes.baseAddress))
    }

    /// The bytes that LMDB lent.
    @inlinable
    var bytes: UnsafeRawBufferPointer {
        unsafe UnsafeRawBufferPointer(start: mv_data, count: mv_size)
    }
}
