import Model
import Synchronization

/// The dictionary of names: dense ids from 1 per dimension, in the order of first interning, which
/// is log order. Names are never forgotten or renumbered.
///
/// Any number of threads may look up while one thread interns; nobody waits. An id that a lookup
/// returned stays valid, and its text with it, as long as the table.
package final class NameTable: Sendable {
    private let dimensions: [DimensionNames]
    /// Against names chosen to collide.
    private let seed: UInt64

    package init() {
        dimensions = (0...Int(UInt8.max)).map { _ in DimensionNames() }
        seed = UInt64.random(in: .min ... .max)
    }

    private func names(_ dimension: Dimension) -> DimensionNames {
        dimensions[Int(dimension.code)]
    }

    /// The id of a name, given one if it is new. Only one thread may intern.
    ///
    /// A new topic's category is interned with it.
    /// - Parameter text: at most `Limits.nameBytesMax` bytes.
    @discardableResult
    package func intern(_ dimension: Dimension, _ text: UnsafeRawBufferPointer) -> UInt32 {
        let hash = unsafe Self.hash(text, seed)
        if let id = unsafe names(dimension).find(text, hash) { return id }
        return unsafe names(dimension).add(text, hash, companion: companion(of: text, dimension))
    }

    /// Of a topic its category's id, which is interned for it.
    private func companion(of text: UnsafeRawBufferPointer, _ dimension: Dimension) -> UInt32 {
        guard dimension == .topic else { return 0 }
        return intern(.category, unsafe Category.of(topic: Array(text)))
    }

    /// Adds the next of many names to a table that is new: nobody finds it before `indexAppended`.
    func append(_ dimension: Dimension, _ text: UnsafeRawBufferPointer) -> UInt32 {
        unsafe names(dimension).append(
            text, Self.hash(text, seed), companion: companion(of: text, dimension))
    }

    /// Ends appending.
    /// - Returns: false if a name was appended twice.
    func indexAppended() -> Bool { dimensions.allSatisfy { $0.indexAppended() } }

    /// The same for text in an array.
    @discardableResult
    package func intern(_ dimension: Dimension, _ text: [UInt8]) -> UInt32 {
        unsafe text.withUnsafeBytes { unsafe intern(dimension, $0) }
    }

    /// The id of a name, or nil if it has none.
    package func id(_ dimension: Dimension, _ text: UnsafeRawBufferPointer) -> UInt32? {
        unsafe names(dimension).find(text, Self.hash(text, seed))
    }

    /// The same for text in an array.
    package func id(_ dimension: Dimension, _ text: [UInt8]) -> UInt32? {
        unsafe text.withUnsafeBytes { unsafe id(dimension, $0) }
    }

    /// The name with an id from 1 to `count`; holds as long as the table.
    package func bytes(_ dimension: Dimension, _ id: UInt32) -> UnsafeRawBufferPointer {
        let entry = unsafe names(dimension).entry(id)
        return unsafe UnsafeRawBufferPointer(start: entry.text, count: Int(entry.length))
    }

    /// A copy of the name with an id from 1 to `count`.
    package func text(_ dimension: Dimension, _ id: UInt32) -> [UInt8] {
        unsafe Array(bytes(dimension, id))
    }

    /// How many names a dimension has; ids run from 1 to this.
    package func count(_ dimension: Dimension) -> Int { names(dimension).count }

    /// By dimension's code: how many names each has. Only meaningful on the interning thread.
    package func counts() -> [UInt32] {
        let last = dimensions.lastIndex { $0.count > 0 } ?? -1
        return (0..<last + 1).map { UInt32(dimensions[$0].count) }
    }

    /// Whether every id that both tables have is that of one name. Any thread may ask.
    package func agrees(with other: NameTable) -> Bool {
        dimensions.indices.allSatisfy { code in
            let dimension = Dimension(code: UInt8(code))
            let both = UInt32(min(count(dimension), other.count(dimension)))
            return both == 0
                || (1...both).allSatisfy { id in
                    unsafe bytes(dimension, id).elementsEqual(other.bytes(dimension, id))
                }
        }
    }

    /// The category's id of a topic's id.
    package func category(ofTopic topic: UInt32) -> UInt32 {
        unsafe names(.topic).entry(topic).companion
    }

    /// Whether the name of `left` sorts before that of `right`, bytewise.
    package func precedes(_ dimension: Dimension, _ left: UInt32, _ right: UInt32) -> Bool {
        unsafe bytes(dimension, left).lexicographicallyPrecedes(bytes(dimension, right))
    }

    /// Multiplies words into each other, keyed by the seed.
    private static func hash(_ text: UnsafeRawBufferPointer, _ seed: UInt64) -> UInt32 {
        func mix(_ a: UInt64, _ b: UInt64) -> UInt64 {
            let product = a.multipliedFullWidth(by: b)
            return product.high ^ product.low
        }
        var state = seed ^ UInt64(text.count) &* 0x9E37_79B9_7F4A_7C15
        var offset = 0
        while offset + 8 <= text.count {
            let word = unsafe text.loadUnaligned(fromByteOffset: offset, as: UInt64.self)
            state = mix(state ^ word ^ 0xA076_1D64_78BD_642F, seed | 1 ^ 0xE703_7ED1_A0B4_28DA)
            offset += 8
        }
        var rest: UInt64 = 0
        while offset < text.count {
            rest = unsafe rest << 8 | UInt64(text[offset])
            offset += 1
        }
        state = mix(state ^ rest ^ 0x8EBC_6AF0_9C88_C6E3, 0x5899_65CC_7537_4CC3)
        return UInt32(truncatingIfNeeded: state ^ state >> 32)
    }
}
