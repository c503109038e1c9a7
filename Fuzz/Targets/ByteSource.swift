/// An input's bytes, taken one choice after the other; zeros once none are left.
struct ByteSource {
    private(set) var rest: ArraySlice<UInt8>

    init(_ bytes: [UInt8]) { rest = bytes[...] }

    var isEmpty: Bool { rest.isEmpty }

    mutating func byte() -> UInt8 { rest.popFirst() ?? 0 }

    mutating func word() -> Int { Int(byte()) << 8 | Int(byte()) }

    /// A number from 0 up to, not including, `bound`.
    mutating func below(_ bound: Int) -> Int {
        precondition(bound > 0, "there is something to choose")
        return (bound > 256 ? bound > 65_536 ? Int(byte()) << 16 | word() : word() : Int(byte()))
            % bound
    }

    mutating func bytes(_ count: Int) -> [UInt8] {
        defer { rest = rest.dropFirst(count) }
        return Array(rest.prefix(count))
    }
}

/// Changes to a file, as an input describes them.
enum FileEdits {
    /// At most so many: more only take time.
    private static let editsMax = 24

    /// The file after all edits that `source` has.
    static func apply(_ file: [UInt8], _ source: inout ByteSource) -> [UInt8] {
        var file = file
        var edits = 0
        while !source.isEmpty, !file.isEmpty, edits < editsMax {
            edit(&file, &source)
            edits += 1
        }
        return file
    }

    private static func edit(_ file: inout [UInt8], _ source: inout ByteSource) {
        let kind = source.byte() % 8
        let place = source.below(file.count)
        switch kind {
        case 0: file[place] ^= 1 << (source.byte() & 7)
        case 1, 2: overwrite(&file, at: place, with: source.bytes(1 + Int(source.byte() & 15)))
        case 3:
            // A number that lies at an edge.
            let edges: [UInt64] = [
                0, 1, .max, 1 << 63, UInt64(Int64.max), 0xffff_ffff, 0x7fff_ffff,
            ]
            let edge = edges[source.below(edges.count)]
            let width = source.byte() & 1 == 0 ? 4 : 8
            overwrite(
                &file, at: place / 4 * 4,
                with: (0..<width).map { UInt8(truncatingIfNeeded: edge >> (8 * $0)) })
        case 4: file.removeLast(file.count - place)
        case 5:
            let count = min(file.count - place, 1 + source.below(1_024))
            overwrite(&file, at: place, with: Array(repeating: 0, count: count))
        case 6:
            // A piece of the file in another place, as a misdirected write leaves it.
            let from = source.below(file.count)
            let count = min(file.count - from, 1 + source.below(1_024))
            overwrite(&file, at: place, with: Array(file[from..<from + count]))
        default: file += source.bytes(1 + Int(source.byte()))
        }
    }

    private static func overwrite(_ file: inout [UInt8], at place: Int, with bytes: [UInt8]) {
        let count = min(bytes.count, file.count - place)
        file.replaceSubrange(place..<place + count, with: bytes[..<count])
    }
}
