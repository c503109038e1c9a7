import Disk

/// One call that reached a simulated disk.
package struct DiskCall: Hashable, Sendable {
    package let operation: DiskError.Operation
    package let path: String
}

/// A call that is made to fail.
struct Fault {
    /// Only calls of this operation count, or all.
    var operation: DiskError.Operation?
    /// Which of them fails, from 1.
    var call: Int
    var code: Int32
    /// Whether every later one fails too.
    var forEver: Bool
    /// Whether a failing write first writes a part of its bytes.
    var keepsPrefix: Bool

    /// - Parameter number: this call's number among those that count for this fault.
    func strikes(_ operation: DiskError.Operation, number: Int) -> Bool {
        guard self.operation == nil || self.operation == operation else { return false }
        return forEver ? number >= call : number == call
    }
}
