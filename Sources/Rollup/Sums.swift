import Synchronization

/// A sum for each id, taken from those that others gave back, all zero: of hundreds of thousands of
/// names a question meets some hundred, and to zero every sum would take longer than to answer.
@safe
final class Sums: @unchecked Sendable {
    private(set) var start: UnsafeMutablePointer<UInt64>
    private(set) var count = 0

    private static let idle = Mutex<[Sums]>([])
    /// Where more questions run at once, the sums of the others are freed.
    private static let idleMax = 2

    private init() { unsafe start = .allocate(capacity: 0) }

    deinit { unsafe start.deallocate() }

    /// - Returns: sums of which all are zero, which nobody else has.
    static func take() -> Sums { idle.withLock { $0.popLast() } ?? Sums() }

    /// To be called once all are zero again, and not used after.
    func giveBack() {
        Self.idle.withLock { if $0.count < Self.idleMax { $0.append(self) } }
    }

    /// Makes room for ids below `ids`. Names come one by one, so some more have room at once.
    func reserve(ids: Int) {
        guard ids > count else { return }
        let wanted = ids + ids / 8
        let larger = UnsafeMutablePointer<UInt64>.allocate(capacity: wanted)
        unsafe larger.update(from: start, count: count)
        unsafe (larger + count).update(repeating: 0, count: wanted - count)
        unsafe start.deallocate()
        unsafe start = larger
        count = wanted
    }
}
