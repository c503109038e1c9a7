/// A growable piece of memory for trivial values, owned by one place and reached by pointer: what
/// building, merging and encoding work in. Its content does not start initialized.
@safe
struct Scratch<Element: BitwiseCopyable>: ~Copyable {
    private(set) var start: UnsafeMutablePointer<Element>
    private(set) var capacity: Int
    /// How many elements are in use; kept by the owner.
    var count = 0

    init(capacity: Int = 0) {
        self.capacity = max(capacity, 64)
        unsafe start = .allocate(capacity: self.capacity)
    }

    deinit { unsafe start.deallocate() }

    /// Makes room for `wanted` elements in all, keeping those in use.
    @inline(__always)
    mutating func reserve(_ wanted: Int) {
        if wanted > capacity { grow(to: wanted) }
    }

    @inline(never)
    private mutating func grow(to wanted: Int) {
        capacity = max(wanted, capacity * 2)
        let larger = UnsafeMutablePointer<Element>.allocate(capacity: capacity)
        unsafe larger.update(from: start, count: count)
        unsafe start.deallocate()
        unsafe start = larger
    }

    @inline(__always)
    mutating func append(_ element: Element) {
        reserve(count + 1)
        unsafe start[count] = element
        count += 1
    }

    /// Trades places with another one.
    @inline(__always)
    mutating func swap(with other: inout Self) {
        unsafe Swift.swap(&start, &other.start)
        Swift.swap(&capacity, &other.capacity)
        Swift.swap(&count, &other.count)
    }
}

extension Scratch where Element == UInt8 {
    /// Appends bytes as they are.
    @inline(__always)
    mutating func append(_ bytes: UnsafeRawBufferPointer) {
        reserve(count + bytes.count)
        if let source = bytes.baseAddress {
            unsafe UnsafeMutableRawPointer(start + count)
                .copyMemory(from: source, byteCount: bytes.count)
        }
        count += bytes.count
    }

    /// The bytes in use; valid until the next change.
    var bytes: UnsafeRawBufferPointer {
        unsafe UnsafeRawBufferPointer(start: start, count: count)
    }
}
