import LMDB
import Model

/// What is stored of a rule at one moment. Ends when it goes out of scope: soon.
package struct RuleReading: ~Copyable {
    private let transaction: ReadTransaction
    private let program: RuleProgram
    /// How many groups have a number.
    private let groupCount: UInt32
    /// The last sequence that is folded in.
    package let watermark: UInt64

    init(_ transaction: consuming ReadTransaction, _ program: RuleProgram, _ meta: RuleMeta?) {
        self.transaction = transaction
        self.program = program
        groupCount = meta?.groupCount ?? 0
        watermark = meta?.watermark ?? 0
    }

    /// Calls `body` with every bucket and group of a width, ascending.
    /// - Parameters:
    ///   - width: its place among the rule's.
    ///   - starts: of the buckets, in seconds.
    package borrowing func forEach(
        width: Int, starts: Range<Int64>,
        _ body: (_ start: Int64, _ group: UInt32, _ state: GroupState) throws -> Void
    ) throws {
        var failure: (any Error)?
        let first = RuleRowKey(width: width, start: starts.lowerBound).bytes
        let end = RuleRowKey(width: width, start: starts.upperBound).bytes
        do throws(LMDBError) {
            try unsafe transaction.forEach(from: first, upTo: end) {
                (key, value) throws(LMDBError) in
                do {
                    let seconds = program.rule.widths[width].seconds
                    guard let row = unsafe RuleRowKey(key), row.start % seconds == 0 else {
                        throw PackedDamage()
                    }
                    let entries = try unsafe RuleRow.decode(
                        value, block: row.block, program.shapes)
                    // A number that no group has is taken for a place by whoever asks for its keys.
                    guard entries.allSatisfy({ $0.group <= groupCount }) else {
                        throw PackedDamage()
                    }
                    for entry in entries { try body(row.start, entry.group, entry.state) }
                    return true
                } catch {
                    failure =
                        error is PackedDamage
                        ? RuleStoreError.damaged("a row of the rule is damaged") : error
                    return false
                }
            }
        } catch { throw RuleStoreError.storage(error) }
        if let failure { throw failure }
    }

    /// Calls `body` with all stored keys and values: equal logs give equal ones.
    package borrowing func physicalDump(
        _ body: (UnsafeRawBufferPointer, UnsafeRawBufferPointer) -> Void
    ) throws(RuleStoreError) {
        do throws(LMDBError) {
            try unsafe transaction.forEach { (key, value) throws(LMDBError) in
                unsafe body(key, value)
                return true
            }
        } catch { throw .storage(error) }
    }
}
