import Model

/// Edits of an archive, or of the columns beside it. Those of an archive's list of blocks may come
/// with right checksums.
enum ArchiveTarget {
    static func run(_ bytes: [UInt8]) {
        var source = ByteSource(bytes)
        let mode = source.byte()
        var files = LogImage.archived
        let ending = mode & 1 == 0 ? ".archive" : ".columns"
        let names = files.keys.filter { $0.hasSuffix(ending) }.sorted()
        let name = names[Int(mode >> 4) % names.count]
        guard let whole = files[name] else { preconditionFailure("a listed file is there") }
        let isForged = mode & 3 == 2
        files[name] =
            isForged
            ? ArchiveForgery.edited(whole, &source) : FileEdits.apply(whole, &source)
        LogImage.exercise(files, isForged: isForged)
    }
}

/// Changes an archive's list of blocks so that all checksums fit that reading looks at: the four
/// bytes of the checksum of contents, which only a verification needs, make the trailer's come
/// out as its columns have it.
enum ArchiveForgery {
    private static let trailerBytes = 64

    static func edited(_ whole: [UInt8], _ source: inout ByteSource) -> [UInt8] {
        var file = whole
        let end = file.count - trailerBytes
        let (start, length) = file.withUnsafeBytes {
            (
                Int($0.integer(at: end, as: UInt64.self)),
                Int($0.integer(at: end + 8, as: UInt64.self))
            )
        }
        // Edits may not change its length, since other places say it too.
        let edited = FileEdits.apply(Array(file[start..<start + length]), &source).prefix(length)
        file.replaceSubrange(start..<start + edited.count, with: edited)
        let wanted = checksum(file[end..<end + 52])
        var index: [UInt8] = []
        index.append(integer: checksum(file[start..<start + length]))
        file.replaceSubrange(end + 28..<end + 32, with: index)
        force(&file, end..<end + 52, free: end + 24, to: wanted)
        return file
    }

    private static func checksum(_ bytes: ArraySlice<UInt8>) -> UInt32 {
        Checksum.crc32c(Array(bytes))
    }

    /// Chooses the four bytes at `free` so that a range's checksum is `wanted`: each of their bits
    /// changes the checksum always in the same way, so this is a system of 32 linear equations.
    private static func force(
        _ file: inout [UInt8], _ range: Range<Int>, free: Int, to wanted: UInt32
    ) {
        func put(_ value: UInt32) {
            var bytes: [UInt8] = []
            bytes.append(integer: value)
            file.replaceSubrange(free..<free + 4, with: bytes)
        }
        put(0)
        let base = checksum(file[range])
        var pivots: [(effect: UInt32, bits: UInt32)] = []
        for bit in 0..<32 {
            put(1 << UInt32(bit))
            var row = (effect: checksum(file[range]) ^ base, bits: UInt32(1) << UInt32(bit))
            for pivot in pivots where row.effect ^ pivot.effect < row.effect {
                row = (row.effect ^ pivot.effect, row.bits ^ pivot.bits)
            }
            pivots.append(row)
            pivots.sort { $0.effect > $1.effect }
        }
        var missing = (effect: base ^ wanted, bits: UInt32(0))
        for pivot in pivots where missing.effect ^ pivot.effect < missing.effect {
            missing = (missing.effect ^ pivot.effect, missing.bits ^ pivot.bits)
        }
        put(missing.bits)
        precondition(checksum(file[range]) == wanted, "any checksum can be reached")
    }
}
