import CLMDB

/// Changes that become visible and durable together at `commit`, or not at all.
///
/// Lookups and changes go through one cursor that stays where it was, so that work in key order
/// finds its page without descending the tree. Aborts if it goes out of scope uncommitted.
@safe
package struct WriteTransaction: ~Copyable, Readable {
    @usableFromInline let environment: Environment
    @usableFromInline let handle: OpaquePointer
    @usableFromInline let table: MDB_dbi
    @usableFromInline let cursor: OpaquePointer
    private var ended = false

    init(environment: Environment, handle: OpaquePointer, table: MDB_dbi) {
        self.environment = environment
        unsafe self.handle = handle
        self.table = table
        var opened: OpaquePointer?
        let code = unsafe mdb_cursor_open(handle, table, &opened)
        guard code == MDB_SUCCESS, let cursor = unsafe opened else {
            preconditionFailure("out of memory for a cursor (LMDB's code \(code))")
        }
        unsafe self.cursor = cursor
    }

    deinit {
        guard !ended, environment.isOwnProcess else { return }
        unsafe mdb_cursor_close(cursor)
        unsafe mdb_txn_abort(handle)
        environment.writerEnded()
    }

    /// Makes the changes visible to later transactions, and durable but for the last commit.
    ///
    /// The transaction ends whether or not this succeeds; after a failure nothing has changed.
    package consuming func commit() throws(LMDBError) {
        guard environment.isOwnProcess else {
            throw LMDBError(.commit, environment.path, .forked)
        }
        ended = true
        unsafe mdb_cursor_close(cursor)
        let code = unsafe mdb_txn_commit(handle)
        environment.writerEnded()
        guard code == MDB_SUCCESS else { throw environment.failure(.commit, code) }
    }

    @inlinable
    package borrowing func get(
        _ key: UnsafeRawBufferPointer
    ) throws(LMDBError) -> UnsafeRawBufferPointer? {
        var lent = unsafe MDB_val(key)
        var value = unsafe MDB_val()
        let code = unsafe mdb_cursor_get(cursor, &lent, &value, MDB_SET_KEY)
        if code == MDB_SUCCESS { return unsafe value.bytes }
        if code == MDB_NOTFOUND { return nil }
        throw environment.failure(.get, code)
    }

    /// Sets a key's value, replacing the one it had.
    /// - Throws: `isMapFull` when the quota is used up; the transaction can then only end.
    @inlinable
    package mutating func put(
        _ key: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer
    ) throws(LMDBError) {
        unsafe try store(key, value, flags: 0, .put)
    }

    /// The same with key and value as arrays.
    @inlinable
    package mutating func put(_ key: [UInt8], _ value: [UInt8]) throws(LMDBError) {
        let (keySpan, valueSpan) = (key.span, value.span)
        try unsafe keySpan.withUnsafeBytes { (key) throws(LMDBError) in
            try unsafe valueSpan.withUnsafeBytes { (value) throws(LMDBError) in
                unsafe try put(key, value)
            }
        }
    }

    /// Adds a key that sorts after every other one; pages are filled to the brim.
    @inlinable
    package mutating func append(
        _ key: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer
    ) throws(LMDBError) {
        unsafe try store(key, value, flags: UInt32(MDB_APPEND), .append)
    }

    /// The same with key and value as arrays.
    @inlinable
    package mutating func append(_ key: [UInt8], _ value: [UInt8]) throws(LMDBError) {
        let (keySpan, valueSpan) = (key.span, value.span)
        try unsafe keySpan.withUnsafeBytes { (key) throws(LMDBError) in
            try unsafe valueSpan.withUnsafeBytes { (value) throws(LMDBError) in
                unsafe try append(key, value)
            }
        }
    }

    /// Removes a key; false if it was not there.
    @inlinable
    @discardableResult
    package mutating func delete(_ key: UnsafeRawBufferPointer) throws(LMDBError) -> Bool {
        var lent = unsafe MDB_val(key)
        let code = unsafe mdb_del(handle, table, &lent, nil)
        if code == MDB_SUCCESS { return true }
        if code == MDB_NOTFOUND { return false }
        throw environment.failure(.delete, code)
    }

    /// The same with the key as an array.
    @inlinable
    @discardableResult
    package mutating func delete(_ key: [UInt8]) throws(LMDBError) -> Bool {
        let span = key.span
        return try unsafe span.withUnsafeBytes { (bytes) throws(LMDBError) in
            unsafe try delete(bytes)
        }
    }

    /// Removes the entries whose keys are at least `start` and less than `end`, the first `most` of
    /// them.
    /// - Returns: how many they were.
    @discardableResult
    package mutating func delete(
        from start: [UInt8], upTo end: [UInt8], atMost most: Int = .max
    ) throws(LMDBError) -> Int {
        var count = 0
        while count < most {
            let key = try withCursor { (cursor: inout Cursor) throws(LMDBError) -> [UInt8]? in
                guard try cursor.seek(atLeast: start) else { return nil }
                let key = unsafe Array(cursor.key)
                return key.lexicographicallyPrecedes(end) ? key : nil
            }
            guard let key else { break }
            try delete(key)
            count += 1
        }
        return count
    }

    @inlinable
    package borrowing func withCursor<Result, Failure: Error>(
        _ body: (inout Cursor) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        var cursor = unsafe Cursor(transaction: handle, table: table, environment: environment)
        return try body(&cursor)
    }

    @inlinable
    mutating func store(
        _ key: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer, flags: UInt32,
        _ operation: LMDBError.Operation
    ) throws(LMDBError) {
        var lentKey = unsafe MDB_val(key)
        var lentValue = unsafe MDB_val(value)
        let code = unsafe mdb_cursor_put(cursor, &lentKey, &lentValue, flags)
        guard code == MDB_SUCCESS else { throw environment.failure(operation, code) }
    }
}
