import CLMDB

/// One consistent view of the table. It keeps its pages from being reused: end it soon.
///
/// It belongs to no thread, but must be used by one at a time. Ends when it goes out of scope.
@safe
package struct ReadTransaction: ~Copyable, Readable {
    @usableFromInline let environment: Environment
    @usableFromInline let handle: OpaquePointer
    @usableFromInline let table: MDB_dbi

    init(environment: Environment, handle: OpaquePointer, table: MDB_dbi) {
        self.environment = environment
        unsafe self.handle = handle
        self.table = table
    }

    deinit {
        guard environment.isOwnProcess else { return }
        unsafe mdb_txn_abort(handle)
        environment.readerEnded()
    }

    /// The number of the commit that this transaction shows.
    package var identifier: Int { unsafe Int(mdb_txn_id(handle)) }

    @inlinable
    package borrowing func get(
        _ key: UnsafeRawBufferPointer
    ) throws(LMDBError) -> UnsafeRawBufferPointer? {
        var lent = unsafe MDB_val(key)
        var value = unsafe MDB_val()
        let code = unsafe mdb_get(handle, table, &lent, &value)
        if code == MDB_SUCCESS { return unsafe value.bytes }
        if code == MDB_NOTFOUND { return nil }
        throw environment.failure(.get, code)
    }

    @inlinable
    package borrowing func withCursor<Result, Failure: Error>(
        _ body: (inout Cursor) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        var cursor = unsafe Cursor(transaction: handle, table: table, environment: environment)
        return try body(&cursor)
    }
}
