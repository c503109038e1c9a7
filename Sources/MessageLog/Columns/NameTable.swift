import Model
import Synchronization

/// The names of one dimension in the segment being written: text to dense id, 1, 2, 3 ... in order
/// of first appearance.
///
/// One writer interns, any number of readers look into views taken before. Texts and their ends
/// only ever grow at the back; slots of the hash table are atomic words that go from empty to full
/// once. A view ignores ids past its count, and memory that was outgrown lives on in older views.
struct NameTable {
    private(set) var count = 0
    private var texts = StableMemory(byteCount: 4_096)
    private var textBytes = 0
    /// ends[id] is where the text of `id` ends and that of `id + 1` begins; ends[0] = 0.
    private var ends = StableMemory(byteCount: 256 * 4)
    private var slots = NameSlots(capacity: 512)
    private let seed = SeededHash.processSeed

    /// The id of `text`, a new one if it is met for the first time.
    @inline(__always)
    mutating func intern(_ text: UnsafeRawBufferPointer) -> UInt32 {
        let hash = unsafe SeededHash.hash(text, seed: seed)
        var slot = slots.first(hash)
        while true {
            let entry = slots.entry(slot)
            if entry == 0 { return unsafe add(text, hash, at: slot) }
            if entry >> 32 == hash >> 32 {
                let id = UInt32(truncatingIfNeeded: entry)
                if unsafe matches(text, id) { return id }
            }
            slot = slots.next(slot)
        }
    }

    /// What readers may keep: the names so far.
    func view() -> NameTableView {
        NameTableView(count: count, texts: texts, ends: ends, slots: slots, seed: seed)
    }

    @inline(__always)
    private func matches(_ text: UnsafeRawBufferPointer, _ id: UInt32) -> Bool {
        let table = unsafe ends.base.assumingMemoryBound(to: UInt32.self)
        let start = unsafe Int(table[Int(id) - 1])
        let end = unsafe Int(table[Int(id)])
        return unsafe text.isSame(
            as: UnsafeRawBufferPointer(
                start: texts.base + start, count: end - start))
    }

    @inline(never)
    private mutating func add(
        _ text: UnsafeRawBufferPointer, _ hash: UInt64, at slot: Int
    ) -> UInt32 {
        if textBytes + text.count > texts.byteCount {
            let wanted = max(texts.byteCount * 2, textBytes + text.count)
            texts = texts.grown(to: wanted, used: textBytes)
        }
        if (count + 2) * 4 > ends.byteCount {
            ends = ends.grown(to: ends.byteCount * 2, used: (count + 1) * 4)
        }
        if let source = text.baseAddress, text.count > 0 {
            unsafe (texts.base + textBytes).copyMemory(from: source, byteCount: text.count)
        }
        textBytes += text.count
        count += 1
        unsafe ends.base.storeBytes(
            of: UInt32(textBytes), toByteOffset: count * 4, as: UInt32.self)
        slots.fill(slot, (hash >> 32) << 32 | UInt64(count))
        if count * 2 > slots.capacity { slots = regrown() }
        return UInt32(count)
    }

    private func regrown() -> NameSlots {
        let larger = NameSlots(capacity: slots.capacity * 2)
        let table = unsafe ends.base.assumingMemoryBound(to: UInt32.self)
        for id in 1...count {
            let start = unsafe Int(table[id - 1])
            let text = unsafe UnsafeRawBufferPointer(
                start: texts.base + start, count: Int(table[id]) - start)
            let hash = unsafe SeededHash.hash(text, seed: seed)
            var slot = larger.first(hash)
            while larger.entry(slot) != 0 { slot = larger.next(slot) }
            larger.fill(slot, (hash >> 32) << 32 | UInt64(id))
        }
        return larger
    }
}

/// The names that a `NameTable` had at one moment.
struct NameTableView: Sendable {
    let count: Int
    private let texts: StableMemory
    private let ends: StableMemory
    private let slots: NameSlots
    private let seed: UInt64

    init(count: Int, texts: StableMemory, ends: StableMemory, slots: NameSlots, seed: UInt64) {
        self.count = count
        self.texts = texts
        self.ends = ends
        self.slots = slots
        self.seed = seed
    }

    /// The bytes of name `id`, 1 to `count`, valid during `body`.
    func withText<R>(_ id: UInt32, _ body: (UnsafeRawBufferPointer) -> R) -> R {
        precondition(id >= 1 && id <= count, "name \(id) of \(count)")
        let table = unsafe ends.base.assumingMemoryBound(to: UInt32.self)
        let start = unsafe Int(table[Int(id) - 1])
        let end = unsafe Int(table[Int(id)])
        return withExtendedLifetime(texts) {
            unsafe body(UnsafeRawBufferPointer(start: texts.base + start, count: end - start))
        }
    }

    /// The id of `text`, if it was among the names.
    func find(_ text: UnsafeRawBufferPointer) -> UInt32? {
        let hash = unsafe SeededHash.hash(text, seed: seed)
        var slot = slots.first(hash)
        while true {
            let entry = slots.entry(slot)
            if entry == 0 { return nil }
            let id = UInt32(truncatingIfNeeded: entry)
            // A name added since: what came before it in its chain has been looked at already.
            if id > count { return nil }
            if entry >> 32 == hash >> 32, unsafe withText(id, { unsafe text.isSame(as: $0) }) {
                return id
            }
            slot = slots.next(slot)
        }
    }
}

/// Slots of an open-addressing table: upper half of the hash, id; 0 = empty.
@safe
struct NameSlots: Sendable {
    let capacity: Int
    private let memory: StableMemory

    /// - Parameter capacity: a power of two.
    init(capacity: Int) {
        precondition(capacity & (capacity - 1) == 0, "slots come in powers of two")
        self.capacity = capacity
        memory = StableMemory(byteCount: capacity * 8)
    }

    @inline(__always)
    private func word(_ slot: Int) -> UnsafeMutablePointer<Atomic<UInt64>> {
        unsafe memory.base.assumingMemoryBound(to: Atomic<UInt64>.self) + slot
    }

    @inline(__always)
    func first(_ hash: UInt64) -> Int { Int(truncatingIfNeeded: hash) & (capacity &- 1) }

    @inline(__always)
    func next(_ slot: Int) -> Int { (slot &+ 1) & (capacity &- 1) }

    @inline(__always)
    func entry(_ slot: Int) -> UInt64 { unsafe word(slot).pointee.load(ordering: .relaxed) }

    @inline(__always)
    func fill(_ slot: Int, _ entry: UInt64) {
        unsafe word(slot).pointee.store(entry, ordering: .relaxed)
    }
}

extension UnsafeRawBufferPointer {
    /// Whether both hold the same bytes.
    @inline(__always)
    func isSame(as other: UnsafeRawBufferPointer) -> Bool {
        guard count == other.count else { return false }
        guard let left = baseAddress, let right = other.baseAddress else { return true }
        var offset = 0
        while offset &+ 8 <= count {
            let words = unsafe (
                (left + offset).loadUnaligned(as: UInt64.self),
                (right + offset).loadUnaligned(as: UInt64.self)
            )
            if words.0 != words.1 { return false }
            offset &+= 8
        }
        while offset < count {
            if unsafe (left + offset).load(as: UInt8.self)
                != (right + offset).load(as: UInt8.self)
            {
                return false
            }
            offset &+= 1
        }
        return true
    }
}
