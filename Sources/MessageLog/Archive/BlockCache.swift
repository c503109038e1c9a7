import Model
import Synchronization

/// Decompressed blocks of archives that were read not long ago, for all readers of the process:
/// whoever follows the log comes back to the blocks of each topic again and again.
///
/// A block has eight places that it may be in; of those that are there, the one used least recently
/// gives way.
final class BlockCache: Sendable {
    static let shared = BlockCache(places: Limits.decompressedBlocksMax)

    private struct Place {
        var archive: UInt64 = 0
        var block = 0
        var text: CutText?
        var used: UInt64 = 0
    }

    private struct Held {
        var places: [Place]
        var clock: UInt64 = 0
    }

    private static let ways = 8
    /// A block that is a single long message is not worth the place of many.
    static let textBytesMax = 8 * ArchiveFormat.blockTextBytes

    private let held: Mutex<Held>
    private let sets: UInt64

    /// - Parameter places: a multiple of eight.
    init(places: Int) {
        sets = UInt64(places / Self.ways)
        held = Mutex(Held(places: Array(repeating: Place(), count: places)))
    }

    /// - Parameter archive: the number of the archive, which no other in this process has.
    func text(_ archive: UInt64, _ block: Int) -> CutText? {
        let first = firstPlace(archive, block)
        return held.withLock { held in
            for place in first..<first + Self.ways
            where held.places[place].block == block && held.places[place].archive == archive {
                held.clock += 1
                held.places[place].used = held.clock
                return held.places[place].text
            }
            return nil
        }
    }

    func keep(_ text: CutText, _ archive: UInt64, _ block: Int) {
        guard text.byteCount <= Self.textBytesMax else { return }
        let first = firstPlace(archive, block)
        held.withLock { held in
            var oldest = first
            for place in first..<first + Self.ways {
                // Two readers may have decompressed it at the same time.
                if held.places[place].block == block, held.places[place].archive == archive {
                    return
                }
                if held.places[place].used < held.places[oldest].used { oldest = place }
            }
            held.clock += 1
            held.places[oldest] = Place(
                archive: archive, block: block, text: text, used: held.clock)
        }
    }

    private func firstPlace(_ archive: UInt64, _ block: Int) -> Int {
        let hash = (archive &* 0x9e37_79b9_7f4a_7c15) &+ UInt64(block)
        return Int((hash &* 0xd6e8_feb8_6659_fd93) >> 32 % sets) * Self.ways
    }
}
