import Model

/// Any bytes as a journal, or a journal with edits, with its checksums put right or not.
enum JournalTarget {
    private static let name = String(repeating: "0", count: 19) + "1.journal"
    /// One that says a sequence which no log reaches, and one far behind all others.
    private static let farNames = [
        "18446744073709551615.journal", "04611686018427387904.journal",
    ]

    static func run(_ bytes: [UInt8]) {
        var source = ByteSource(bytes)
        let mode = source.byte()
        let isForged = mode & 1 == 1
        guard let whole = LogImage.killed[name] else { preconditionFailure("a journal is there") }
        var file = mode & 2 == 2 ? Array(source.rest) : FileEdits.apply(whole, &source)
        if isForged { JournalChecksums.putRight(in: &file) }
        var files = [mode & 12 == 12 ? farNames[Int(mode >> 5) & 1] : name: file]
        if mode & 16 == 16 { files[LogFiles.second] = file }
        LogImage.exercise(files, isForged: isForged || mode & 16 == 16)
    }

    private enum LogFiles {
        /// A file that begins behind the first one's records.
        static let second = String(repeating: "0", count: 18) + "19.journal"
    }
}

/// Makes the checksums of a journal fit what stands there, so that damage is met behind them.
enum JournalChecksums {
    private static let headerBytes = Limits.batchAlignmentBytes
    private static let batchHeaderBytes = 48

    static func putRight(in file: inout [UInt8]) {
        guard file.count >= headerBytes else { return }
        var previous = seal(&file, 0..<headerBytes - 4)
        let salt = Array(file[32..<40])
        var offset = headerBytes
        while offset + batchHeaderBytes <= file.count {
            let isBatch = file[offset..<offset + 4].elementsEqual(Array("TBAT".utf8))
            if isBatch {
                file.replaceSubrange(offset + 8..<offset + 16, with: salt)
                previous = sealBatch(&file, offset, after: previous)
            }
            offset += Limits.batchAlignmentBytes
        }
    }

    private static func sealBatch(
        _ file: inout [UInt8], _ start: Int, after previous: UInt32
    ) -> UInt32 {
        let count = integer(file, start + 28)
        let end = min(file.count, start + Int(integer(file, start + 24)))
        var offset = start + batchHeaderBytes
        var combined: UInt32 = 0
        for _ in 0..<count {
            guard offset + 8 <= end else { break }
            let length = Int(integer(file, offset + 4))
            guard length >= Record.headerBytes, offset + 4 + length <= end else { break }
            let checksum = Checksum.crc32c(Array(file[offset + 4..<offset + 4 + length]))
            put(checksum, &file, offset)
            combined = file[offset..<offset + 4].withUnsafeBytes {
                Checksum.crc32c($0, seed: combined)
            }
            offset += 4 + length
        }
        put(previous, &file, start + 32)
        put(combined, &file, start + 36)
        return seal(&file, start..<start + 44)
    }

    /// Puts the checksum of a range behind it.
    private static func seal(_ file: inout [UInt8], _ range: Range<Int>) -> UInt32 {
        let checksum = Checksum.crc32c(Array(file[range]))
        put(checksum, &file, range.upperBound)
        return checksum
    }

    private static func put(_ value: UInt32, _ file: inout [UInt8], _ offset: Int) {
        var bytes: [UInt8] = []
        bytes.append(integer: value)
        file.replaceSubrange(offset..<offset + 4, with: bytes)
    }

    private static func integer(_ file: [UInt8], _ offset: Int) -> UInt32 {
        file.withUnsafeBytes { $0.integer(at: offset) }
    }
}
