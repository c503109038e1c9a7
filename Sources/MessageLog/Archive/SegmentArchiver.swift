import Disk
import Model
import Zstd

/// Makes one archive and its columns out of neighbouring segments.
struct SegmentArchiver {
    let disk: any Disk
    let directory: String
    let logID: LogID
    /// Sealed, one behind the other.
    let sources: [Segment]
    let effort: ArchiveEffort
    /// Is told how many rows more have been written or read back.
    let advanced: (Int) -> Void
    /// Is asked now and then; true gives the work up.
    let isStopped: () -> Bool
    /// Of the log.
    let notes: DamageNotes
    /// Where the one source is damaged.
    let salvage: Salvage?
    private let merged: MergedColumns
    private let range: ClosedRange<UInt64>
    private var payloads: [CutPayloads] = []
    /// Rows between two looks at `isStopped`.
    private static let stopRows = 1_024

    init(
        _ disk: any Disk, directory: String, logID: LogID, sources: [Segment], blockRows: Int,
        effort: ArchiveEffort, notes: DamageNotes, salvage: Salvage? = nil,
        advanced: @escaping (Int) -> Void = { _ in }, isStopped: @escaping () -> Bool
    ) throws(LogError) {
        guard let first = sources.first, let last = sources.last else {
            preconditionFailure("an archive of nothing")
        }
        self.disk = disk
        self.directory = directory
        self.logID = logID
        self.sources = sources
        self.effort = effort
        self.advanced = advanced
        self.isStopped = isStopped
        self.notes = notes
        let before = notes.count
        self.salvage = salvage
        merged = MergedColumns(
            sources.map(\.columns), blockRows: blockRows, salvage: salvage)
        if salvage == nil { try notes.checkUnchanged(since: before) }
        range = first.firstSequence...last.lastSequence
    }

    /// Writes both files, reads all back, and only then gives them their names: the archive's
    /// first, then the columns', which is what makes the segment the archive's.
    /// - Parameter dictionary: for the archive; nil: one is trained.
    /// - Returns: the segment, and its dictionary.
    /// - Throws: `.closed` if it was given up. All that was begun is undone, but for what failed
    ///   between the two names: the next opening removes an archive that no columns speak of.
    mutating func make(
        dictionary known: [UInt8]?
    ) throws(LogError) -> (segment: Segment, dictionary: [UInt8]) {
        for source in sources {
            payloads.append(
                try CutPayloads(source, salvage: salvage) { () throws(LogError) in
                    try checkStopped()
                })
        }
        let dictionary: [UInt8]
        if let known { dictionary = known } else { dictionary = try train() }
        let archive = try unfinished(LogFileName.archive(range.lowerBound, range.upperBound))
        do {
            return (try fill(archive, dictionary), dictionary)
        } catch {
            archive.discard()
            throw error
        }
    }

    private mutating func fill(
        _ archive: UnfinishedFile, _ dictionary: [UInt8]
    ) throws(LogError) -> Segment {
        let fingerprint = try write(to: archive.file, dictionary)
        let columns = try unfinishedColumns(.archive(fingerprint: fingerprint))
        do {
            let segment = try readBack(archive, try readBack(columns))
            try publish(archive)
            try publish(columns)
            return segment
        } catch {
            columns.discard()
            throw error
        }
    }

    /// The same without an archive: only what counts need.
    func makeColumns() throws(LogError) -> Segment {
        let columns = try unfinishedColumns(.dropped)
        do {
            let segment = Segment(
                firstSequence: range.lowerBound, columns: try readBack(columns), payloads: .dropped)
            try publish(columns)
            return segment
        } catch {
            columns.discard()
            throw error
        }
    }

    private func unfinishedColumns(_ payloads: PayloadLink) throws(LogError) -> UnfinishedFile {
        let columns = try unfinished(LogFileName.columns(range.lowerBound, range.upperBound))
        var offset = 0
        do {
            try ColumnsEncoder.encode(merged, payloads: payloads) { (part) throws(LogError) in
                try checkStopped()
                do throws(DiskError) { try part.writeAll(to: columns.file, at: offset) } catch {
                    throw LogError(error)
                }
                columns.file.startFlush(of: offset..<offset + part.count)
                offset += part.count
            }
            return columns
        } catch {
            columns.discard()
            throw error
        }
    }

    private func unfinished(_ name: String) throws(LogError) -> UnfinishedFile {
        do { return try UnfinishedFile(disk, directory + "/" + name) } catch {
            throw LogError(error)
        }
    }

    private func publish(_ file: UnfinishedFile) throws(LogError) {
        do { try file.finish(in: directory) } catch { throw LogError(error) }
    }

    private mutating func write(
        to file: any DiskFile, _ dictionary: [UInt8]
    ) throws(LogError) -> UInt32 {
        var writer = ArchiveWriter(
            file, logID: logID, firstSequence: range.lowerBound, rows: merged.rows,
            effort: effort.zstd, dictionary: dictionary)
        for (place, row) in merged.order.rowAt.enumerated() {
            try advance(place)
            try unsafe withMessage(ofRow: row) { (text, digits) throws(LogError) in
                do throws(DiskError) { try unsafe writer.append(text, digits) } catch {
                    throw LogError(error)
                }
            }
        }
        let payloadBytes = payloads.reduce(0) { $0 + $1.payloadBytes }
        do { return try writer.finish(payloadBytes: payloadBytes) } catch { throw LogError(error) }
    }

    /// Reads all that is in the new columns and holds it against what they were made of.
    private func readBack(_ file: UnfinishedFile) throws(LogError) -> SegmentColumns {
        let columns = try ColumnsMapping.open(disk, file.temporaryPath, notes, name: file.path)
        do { try columns.verify() } catch { throw LogError(error, path: file.path) }
        for index in 0..<columns.blockCount {
            try checkStopped()
            guard columns.block(index, .all) == merged.block(index, .all) else {
                throw differs(file, index * merged.blockRows)
            }
        }
        return columns
    }

    /// The same with the new archive: each message's text and digits, from which the new columns,
    /// which are those of the sources, give the payload that the sources give.
    private mutating func readBack(
        _ archiveFile: UnfinishedFile, _ columns: SegmentColumns
    ) throws(LogError) -> Segment {
        let archive = try ArchiveFile(disk, archiveFile.temporaryPath, name: archiveFile.path)
        var place = 0
        for block in 0..<archive.blockCount {
            let text = try archive.text(ofBlock: block)
            guard place + text.count <= merged.rows, try archive.block(at: place) == (block, place)
            else { throw differs(archiveFile, 0) }
            for message in 0..<text.count {
                try advance(place)
                let row = merged.order.rowAt[place]
                let isSame = try unsafe withMessage(ofRow: row) {
                    (known, digits) throws(LogError) in
                    unsafe text.withMessage(message) {
                        unsafe $0.isSame(as: known) && $1.isSame(as: digits)
                    }
                }
                guard isSame else { throw differs(archiveFile, Int(row)) }
                place += 1
            }
        }
        guard place == merged.rows else { throw differs(archiveFile, 0) }
        return Segment(
            firstSequence: range.lowerBound, columns: columns, payloads: .archive(archive))
    }

    private func differs(_ file: UnfinishedFile, _ row: Int) -> LogError {
        .damaged(
            Damage(
                path: file.path, offset: 0,
                reason: "what was written is not what can be read back",
                firstSequence: range.lowerBound + UInt64(row), count: 1))
    }

    private func checkStopped() throws(LogError) {
        if isStopped() { throw .closed }
    }

    private func advance(_ place: Int) throws(LogError) {
        guard place % Self.stopRows == 0 else { return }
        try checkStopped()
        advanced(min(Self.stopRows, merged.rows - place))
    }

    /// Calls `body` with the text and the digits of a row's payload.
    @inline(__always)
    private mutating func withMessage<R>(
        ofRow row: UInt32,
        _ body: (UnsafeRawBufferPointer, UnsafeRawBufferPointer) throws(LogError) -> R
    ) throws(LogError) -> R {
        var source = 0
        var row = Int(row)
        while row >= sources[source].rows {
            row -= sources[source].rows
            source += 1
        }
        return try unsafe payloads[source].withMessage(ofRow: row, body)
    }

    /// A dictionary of messages from all over the segments.
    private mutating func train() throws(LogError) -> [UInt8] {
        var samples: [UInt8] = []
        var sizes: [Int] = []
        let wanted = max(1, Self.sampleBytes / 512)
        let step = max(1, merged.rows / wanted)
        for place in stride(from: 0, to: merged.rows, by: step) {
            try checkStopped()
            let start = samples.count
            try unsafe withMessage(ofRow: merged.order.rowAt[place]) { (text, _) throws(LogError) in
                unsafe samples.append(contentsOf: text)
            }
            sizes.append(samples.count - start)
            if samples.count >= Self.sampleBytes { break }
        }
        // What the samples have in common is worth a hundredth of them.
        let size = min(Limits.dictionaryBytesMax, samples.count * step / 400)
        guard size >= Self.dictionaryBytesMin else { return [] }
        return ZstdDictionary.train(samples, sizes: sizes, byteCount: size)
    }

    private static let sampleBytes = 6 << 20
    private static let dictionaryBytesMin = 4 << 10
}
