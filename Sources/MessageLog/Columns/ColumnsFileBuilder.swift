import Model

/// The frame of a columns file: header, sections, directory, trailer. What is written goes on to
/// `output` piece by piece, so that not all of a large file is in memory at once.
struct ColumnsFileBuilder<Failure: Error> {
    /// What is appended goes into the file; only within a section.
    var bytes: [UInt8] = []
    private let output: ([UInt8]) throws(Failure) -> Void
    /// What has gone on already: whole pieces.
    private var written = 0
    private var pieces: [UInt8] = []
    private var directory: [UInt8] = []
    private var sections = 0
    private var checksum: UInt32 = 0
    /// Which of `bytes` are in the checksum of their section.
    private var summed = 0

    init(
        _ rows: some SegmentRows, _ payloads: PayloadLink, _ version: UInt32,
        _ output: @escaping ([UInt8]) throws(Failure) -> Void
    ) {
        self.output = output
        bytes.append(integer: ColumnsFormat.magic)
        bytes.append(integer: version)
        bytes.append(integer: UInt32(rows.blockRows))
        bytes.append(integer: rows.firstSequence)
        bytes.append(integer: UInt32(rows.rows))
        bytes.append(integer: UInt32(0))
        bytes.append(integer: rows.timeBounds?.lowerBound ?? .max)
        bytes.append(integer: rows.timeBounds?.upperBound ?? .min)
        switch payloads {
        case .journal: bytes.append(contentsOf: repeatElement(0, count: 12))
        case .archive(let fingerprint):
            bytes.append(integer: UInt32(1))
            bytes.append(integer: fingerprint)
            bytes.append(integer: UInt32(0))
        case .dropped:
            bytes.append(integer: UInt32(2))
            bytes.append(contentsOf: repeatElement(0, count: 8))
        }
        bytes.append(integer: Checksum.crc32c(bytes))
        precondition(bytes.count == ColumnsFormat.headerBytes, "the header has its size")
    }

    /// Where the next byte stands in the file.
    var offset: Int { written + bytes.count }

    /// Appends what `fill` appends as a section, at a multiple of 8 bytes.
    mutating func section(
        _ kind: ColumnsFormat.Section, _ dimension: Dimension = .topic,
        _ fill: (inout ColumnsFileBuilder) throws(Failure) -> Void
    ) throws(Failure) {
        align()
        let start = offset
        checksum = 0
        summed = bytes.count
        try fill(&self)
        sum()
        directory.append(kind.rawValue)
        directory.append(dimension.code)
        directory.append(integer: UInt16(0))
        directory.append(integer: checksum)
        directory.append(integer: UInt64(start))
        directory.append(integer: UInt64(offset - start))
        sections += 1
        try passOn()
    }

    /// Lets go of what is enough for a write. To be called now and then while a section is filled.
    mutating func passOn() throws(Failure) {
        guard bytes.count >= Limits.flushedPieceBytes else { return }
        sum()
        let part = Array(bytes[..<(bytes.count & ~(ColumnsFormat.pieceBytes - 1))])
        CheckedPieces.append(to: &pieces, of: part[...])
        try output(part)
        written += part.count
        bytes.removeFirst(part.count)
        summed = bytes.count
    }

    private mutating func sum() {
        checksum = unsafe bytes.withUnsafeBytes {
            unsafe Checksum.crc32c(
                UnsafeRawBufferPointer(rebasing: $0[summed...]), seed: checksum)
        }
        summed = bytes.count
    }

    mutating func finish() throws(Failure) {
        align()
        CheckedPieces.append(to: &pieces, of: bytes[...])
        try section(.pieces) { file in file.bytes.append(contentsOf: file.pieces) }
        align()
        var trailer: [UInt8] = []
        trailer.append(integer: UInt64(offset))
        trailer.append(integer: UInt32(sections))
        trailer.append(integer: Checksum.crc32c(directory))
        trailer.append(integer: UInt32(0))
        trailer.append(integer: Checksum.crc32c(trailer))
        trailer.append(integer: ColumnsFormat.endMagic)
        bytes.append(contentsOf: directory)
        bytes.append(contentsOf: trailer)
        try output(bytes)
    }

    private mutating func align() {
        bytes.append(contentsOf: repeatElement(0, count: (8 - offset % 8) % 8))
    }
}
