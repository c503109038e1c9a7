import Synchronization

/// Numbers that no two things in this process share: memory is kept by them of files that come and
/// go.
enum UniqueNumber {
    private static let last = Atomic<UInt64>(0)

    /// 1 or more.
    static func next() -> UInt64 { last.wrappingAdd(1, ordering: .relaxed).newValue }
}
