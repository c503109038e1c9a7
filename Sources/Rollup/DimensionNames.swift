import Model
import Synchronization

/// The names of one dimension: an append-only list of entries and a hash index over it.
///
/// Entries stand in chunks that double in size and never move. The index is replaced by one of
/// twice the size when it is three quarters full; the old ones stay for readers that hold them,
/// which costs as much again at most.
@safe
final class DimensionNames: @unchecked Sendable {
    /// One name. The text stands in an arena that is freed with the table.
    @unsafe
    struct Entry {
        var text: UnsafeRawPointer
        var length: UInt32
        /// Of a topic, its category.
        var companion: UInt32
    }

    /// A power of two of slots: hash above id, 0 = free.
    @safe
    private final class Index: @unchecked Sendable {
        let slots: UnsafeMutablePointer<Atomic<UInt64>>
        let mask: Int
        let previous: Index?

        init(slots count: Int, previous: Index?) {
            unsafe slots = .allocate(capacity: count)
            for slot in 0..<count { unsafe (slots + slot).initialize(to: Atomic(0)) }
            mask = count - 1
            self.previous = previous
        }

        deinit {
            unsafe slots.deinitialize(count: mask + 1)
            unsafe slots.deallocate()
        }

        /// - Parameter isSame: whether an id of the same hash is that of the same name.
        /// - Returns: false if there is such a one; nothing is inserted then.
        @discardableResult @inline(__always)
        func insert(
            _ hash: UInt32, _ id: UInt32, unless isSame: (UInt32) -> Bool = { _ in false }
        ) -> Bool {
            var slot = Int(hash) & mask
            while true {
                let entry = unsafe slots[slot].load(ordering: .relaxed)
                if entry == 0 { break }
                if UInt32(truncatingIfNeeded: entry >> 32) == hash,
                    isSame(UInt32(truncatingIfNeeded: entry))
                {
                    return false
                }
                slot = (slot + 1) & mask
            }
            // Whoever sees the id sees the entry too.
            unsafe slots[slot].store(UInt64(hash) << 32 | UInt64(id), ordering: .releasing)
            return true
        }
    }

    private static let firstChunkBits = 6
    private static let arenaBytes = 1 << 14
    private static let firstSlots = 64

    // Written by the interning thread; readers follow `published` and the index's slots.
    private let chunks: UnsafeMutablePointer<UnsafeMutablePointer<Entry>?>
    private var arenas: [UnsafeMutableRawPointer] = unsafe []
    private var arenaLeft = 0
    private var newest: Index?
    /// The hashes of names that are not in the index yet: of all, or of none.
    private var appended: [UInt32] = []
    private let index = Atomic<UInt>(0)
    private let published = Atomic<Int>(0)

    private static let chunksMax = 32

    init() {
        unsafe chunks = .allocate(capacity: Self.chunksMax)
        unsafe chunks.initialize(repeating: nil, count: Self.chunksMax)
    }

    deinit {
        for chunk in 0..<Self.chunksMax { unsafe chunks[chunk]?.deallocate() }
        unsafe chunks.deallocate()
        for place in unsafe arenas.indices { unsafe arenas[place].deallocate() }
    }

    var count: Int { published.load(ordering: .acquiring) }

    /// The entry of an id from 1 to `count`.
    @inline(__always)
    func entry(_ id: UInt32) -> Entry {
        precondition(id > 0 && Int(id) <= count, "a name's id is one that the table gave out")
        return unsafe self.slot(id).pointee
    }

    /// Chunk c holds the ids whose position has its highest bit at c, above the first chunk's.
    @inline(__always)
    private func slot(_ id: UInt32) -> UnsafeMutablePointer<Entry> {
        let position = Int(id) - 1 + 1 << Self.firstChunkBits
        let highest = Int.bitWidth - 1 - position.leadingZeroBitCount
        guard let chunk = unsafe chunks[highest - Self.firstChunkBits] else {
            preconditionFailure("a chunk of names is there before its ids are given out")
        }
        return unsafe chunk + (position - 1 << highest)
    }

    /// The id of a name, or nil.
    func find(_ text: UnsafeRawBufferPointer, _ hash: UInt32) -> UInt32? {
        let address = index.load(ordering: .acquiring)
        guard let raw = unsafe UnsafeRawPointer(bitPattern: address) else { return nil }
        let table = unsafe Unmanaged<Index>.fromOpaque(raw)
        return unsafe table._withUnsafeGuaranteedRef { table in
            var slot = Int(hash) & table.mask
            while true {
                let entry = unsafe table.slots[slot].load(ordering: .acquiring)
                if entry == 0 { return nil }
                if UInt32(truncatingIfNeeded: entry >> 32) == hash {
                    let id = UInt32(truncatingIfNeeded: entry)
                    let name = unsafe self.slot(id).pointee
                    if unsafe Self.same(name, text) { return id }
                }
                slot = (slot + 1) & table.mask
            }
        }
    }

    @inline(__always)
    private static func same(_ name: Entry, _ text: UnsafeRawBufferPointer) -> Bool {
        guard unsafe Int(name.length) == text.count else { return false }
        let stored = unsafe UnsafeRawBufferPointer(start: name.text, count: text.count)
        var offset = 0
        while offset + 8 <= text.count {
            let a = unsafe stored.loadUnaligned(fromByteOffset: offset, as: UInt64.self)
            let b = unsafe text.loadUnaligned(fromByteOffset: offset, as: UInt64.self)
            if a != b { return false }
            offset += 8
        }
        while offset < text.count {
            if unsafe stored[offset] != text[offset] { return false }
            offset += 1
        }
        return true
    }

    /// Adds a name that is not there.
    func add(_ text: UnsafeRawBufferPointer, _ hash: UInt32, companion: UInt32) -> UInt32 {
        precondition(appended.isEmpty, "what was appended is in the index by now")
        let id = unsafe enter(text, companion)
        if Int(id) * 4 > (newest?.mask ?? 0) * 3 { growIndex() }
        newest?.insert(hash, id)
        return id
    }

    /// Adds a name to a table that has no others than such, which is not found until
    /// `indexAppended`.
    func append(_ text: UnsafeRawBufferPointer, _ hash: UInt32, companion: UInt32) -> UInt32 {
        precondition(newest == nil, "names are appended before others are added")
        appended.append(hash)
        return unsafe enter(text, companion)
    }

    /// Makes the index of all that was appended, in one loop: the processor fetches the slots of
    /// several names at once then, where otherwise it waits for each.
    /// - Returns: false if a name was appended twice.
    func indexAppended() -> Bool {
        if appended.isEmpty { return true }
        var slots = Self.firstSlots
        while appended.count * 4 >= slots * 3 { slots *= 2 }
        let whole = Index(slots: slots, previous: nil)
        for position in appended.indices {
            let id = UInt32(position + 1)
            let isNew = whole.insert(appended[position], id) { other in
                let name = unsafe slot(id).pointee
                let text = unsafe UnsafeRawBufferPointer(start: name.text, count: Int(name.length))
                return unsafe Self.same(slot(other).pointee, text)
            }
            if !isNew { return false }
        }
        appended = []
        use(whole)
        return true
    }

    private func enter(_ text: UnsafeRawBufferPointer, _ companion: UInt32) -> UInt32 {
        precondition(text.count <= Limits.nameBytesMax, "a name is within its limit")
        let count = published.load(ordering: .relaxed)
        precondition(count < Int(UInt32.max) - 64, "a dimension has at most 2^32 names")
        let id = UInt32(count + 1)
        let position = count + 1 << Self.firstChunkBits
        let chunk = Int.bitWidth - 1 - position.leadingZeroBitCount - Self.firstChunkBits
        if unsafe chunks[chunk] == nil {
            unsafe chunks[chunk] = .allocate(capacity: 1 << (chunk + Self.firstChunkBits))
        }
        unsafe slot(id).initialize(
            to: Entry(text: keep(text), length: UInt32(text.count), companion: companion))
        // First the count, since whoever finds the id asks for its entry.
        published.store(count + 1, ordering: .releasing)
        return id
    }

    /// Copies a text into the arena.
    private func keep(_ text: UnsafeRawBufferPointer) -> UnsafeRawPointer {
        if unsafe text.count > arenaLeft || arenas.isEmpty {
            unsafe arenas.append(.allocate(byteCount: Self.arenaBytes, alignment: 8))
            arenaLeft = Self.arenaBytes
        }
        let place = unsafe arenas[arenas.count - 1] + (Self.arenaBytes - arenaLeft)
        if let source = text.baseAddress {
            unsafe place.copyMemory(from: source, byteCount: text.count)
        }
        arenaLeft -= text.count
        return UnsafeRawPointer(place)
    }

    private func growIndex() {
        let slots = newest.map { ($0.mask + 1) * 2 } ?? Self.firstSlots
        let larger = Index(slots: slots, previous: newest)
        if let old = newest {
            for slot in 0...old.mask {
                let entry = unsafe old.slots[slot].load(ordering: .relaxed)
                if entry != 0 {
                    larger.insert(
                        UInt32(truncatingIfNeeded: entry >> 32), UInt32(truncatingIfNeeded: entry))
                }
            }
        }
        use(larger)
    }

    private func use(_ larger: Index) {
        newest = larger
        let address = unsafe UInt(bitPattern: Unmanaged.passUnretained(larger).toOpaque())
        index.store(address, ordering: .releasing)
    }
}
