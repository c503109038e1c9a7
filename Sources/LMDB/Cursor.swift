import CLMDB

/// A position in the table, in key order; it lives no longer than the closure it is lent to.
@safe
package struct Cursor: ~Copyable {
    @usableFromInline let handle: OpaquePointer?
    @usableFromInline let environment: Environment
    /// Why there is no handle; thrown by the first use.
    @usableFromInline let openCode: Int32
    @usableFromInline var currentKey = unsafe MDB_val()
    @usableFromInline var currentValue = unsafe MDB_val()

    @usableFromInline
    init(transaction: OpaquePointer, table: MDB_dbi, environment: Environment) {
        var opened: OpaquePointer?
        openCode = unsafe mdb_cursor_open(transaction, table, &opened)
        unsafe handle = opened
        self.environment = environment
    }

    deinit { if let handle = unsafe handle { unsafe mdb_cursor_close(handle) } }

    /// The key here; meaningful after a move that returned true.
    @inlinable package var key: UnsafeRawBufferPointer { unsafe currentKey.bytes }
    /// The value here; meaningful after a move that returned true.
    @inlinable package var value: UnsafeRawBufferPointer { unsafe currentValue.bytes }

    /// Moves to the first entry; false if there is none.
    @inlinable
    package mutating func first() throws(LMDBError) -> Bool { try move(MDB_FIRST) }
    /// Moves to the last entry; false if there is none.
    @inlinable
    package mutating func last() throws(LMDBError) -> Bool { try move(MDB_LAST) }
    /// Moves to the following entry, the first if it stood nowhere; false at the end.
    @inlinable
    package mutating func next() throws(LMDBError) -> Bool { try move(MDB_NEXT) }
    /// Moves to the preceding entry, the last if it stood nowhere; false at the beginning.
    @inlinable
    package mutating func previous() throws(LMDBError) -> Bool { try move(MDB_PREV) }

    /// Moves to the first entry whose key is at least `key` (1 byte or more); false if there is
    /// none.
    @inlinable
    package mutating func seek(atLeast key: UnsafeRawBufferPointer) throws(LMDBError) -> Bool {
        unsafe currentKey = MDB_val(key)
        return try move(MDB_SET_RANGE)
    }

    /// The same with the key as an array.
    @inlinable
    package mutating func seek(atLeast key: [UInt8]) throws(LMDBError) -> Bool {
        // LMDB replaces the borrowed key by its own before this returns true.
        let span = key.span
        return try unsafe span.withUnsafeBytes { (bytes) throws(LMDBError) in
            unsafe try seek(atLeast: bytes)
        }
    }

    @inlinable
    mutating func move(_ operation: MDB_cursor_op) throws(LMDBError) -> Bool {
        guard let handle = unsafe handle else { throw environment.failure(.iterate, openCode) }
        let code = unsafe mdb_cursor_get(handle, &currentKey, &currentValue, operation)
        if code == MDB_SUCCESS { return true }
        if code == MDB_NOTFOUND { return false }
        throw environment.failure(.iterate, code)
    }
}
