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
    /// zstd's.
    let level: Int
    /// Is asked now and then; true gives the work up.
    let isStopped: () -> Bool
    /// Of the log.
    let notes: DamageNotes
    /// Where the one source is damaged.
    let salvage: Salvage?
    private let merged: MergedColumns
    private let range: ClosedRange<UInt64>
    private var readers: [PayloadReader]
    /// Rows between two looks at `isStopped`.
    static let stopRows = 1_024

    init(
        _ disk: any Disk, directory: String, logID: LogID, sources: [Segment], blockRows: Int,
        level: Int, notes: DamageNotes, salvage: Salvage? = nil,
        isStopped: @escaping () -> Bool
    ) throws(LogError) {
        guard let first = sources.first, let last = sources.last else {
            preconditionFailure("an archive of nothing")
        }
        self.disk = disk
        self.directory = directory
        self.logID = logID
        self.sources = sources
        self.level = level
        self.isStopped = isStopped
        self.notes = notes
        let before = notes.count
        self.salvage = salvage
        merged = MergedColumns(
            sources.map(\.columns), blockRows: blockRows, salvage: salvage)
        if salvage == nil { try notes.checkUnchanged(since: before) }
        range = first.firstSequence...last.lastSequence
        readers = sources.map { PayloadReader($0) }
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
        for source in readers.indices { try readers[source].readAll() }
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
        let bytes = ColumnsEncoder.encode(merged.view, payloads: payloads)
        do {
            try bytes.writeAll(to: columns.file, at: 0)
            return columns
        } catch {
            columns.discard()
            throw LogError(error)
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
            file, logID: logID, firstSequence: range.lowerBound, rows: merged.view.rows,
            level: level, dictionary: dictionary)
        var known = KnownValues()
        for (place, row) in merged.rowAt.enumerated() {
            try checkStopped(place)
            readKnown(Int(row), into: &known)
            let payload = try payload(ofRow: Int(row), known)
            do { try writer.append(payload, known) } catch { throw LogError(error) }
        }
        do { return try writer.finish() } catch { throw LogError(error) }
    }

    /// Reads all that is in the new columns and holds it against what they were made of.
    private func readBack(_ file: UnfinishedFile) throws(LogError) -> SegmentColumns {
        let columns = try ColumnsMapping.open(disk, file.temporaryPath, notes, name: file.path)
        do { try columns.verify() } catch { throw LogError(error, path: file.path) }
        for index in 0..<columns.blockCount
        where columns.block(index, .all) != merged.view.block(index) {
            throw differs(file, merged.view.block(index).firstRow)
        }
        return columns
    }

    /// The same with the new archive.
    private mutating func readBack(
        _ archiveFile: UnfinishedFile, _ columns: SegmentColumns
    ) throws(LogError) -> Segment {
        let archive = try ArchiveFile(disk, archiveFile.temporaryPath, name: archiveFile.path)
        let segment = Segment(
            firstSequence: range.lowerBound, columns: columns, payloads: .archive(archive))
        var reader = PayloadReader(segment)
        try reader.readAll()
        var known = KnownValues()
        for (place, row) in merged.rowAt.enumerated() {
            try checkStopped(place)
            readKnown(Int(row), into: &known)
            let found = try reader.payload(ofRow: Int(row), known)
            guard try payload(ofRow: Int(row), known) == found else {
                throw differs(archiveFile, Int(row))
            }
        }
        return segment
    }

    private func differs(_ file: UnfinishedFile, _ row: Int) -> LogError {
        .damaged(
            Damage(
                path: file.path, offset: 0,
                reason: "what was written is not what can be read back",
                firstSequence: range.lowerBound + UInt64(row), count: 1))
    }

    private func checkStopped(_ place: Int) throws(LogError) {
        if place % Self.stopRows == 0, isStopped() { throw .closed }
    }

    /// A payload from the segment that has the row.
    private mutating func payload(
        ofRow row: Int, _ known: KnownValues
    ) throws(LogError) -> [UInt8] {
        var source = 0
        var row = row
        while row >= sources[source].rows {
            row -= sources[source].rows
            source += 1
        }
        guard let salvage else { return try readers[source].payload(ofRow: row, known) }
        if salvage.isGap(row) { return [] }
        do { return try readers[source].payload(ofRow: row, known) } catch {
            return try salvage.lose(row, error)
        }
    }

    private func readKnown(_ row: Int, into known: inout KnownValues) {
        let block = merged.view.block(row / merged.view.blockRows)
        let place = row - block.firstRow
        known.time = block.times[place]
        known.setID(block.id(ofRow: place))
        known.topic.removeAll(keepingCapacity: true)
        if block.topics[place] != 0, let topics = merged.view.names(of: .topic) {
            unsafe topics.withText(block.topics[place]) { unsafe known.setTopic($0) }
        }
    }

    /// A dictionary of messages from all over the segments.
    private mutating func train() throws(LogError) -> [UInt8] {
        var samples: [UInt8] = []
        var sizes: [Int] = []
        var cutter = PayloadCutter()
        var known = KnownValues()
        var digits: [UInt8] = []
        let wanted = max(1, Self.sampleBytes / 512)
        let step = max(1, merged.rowAt.count / wanted)
        for place in stride(from: 0, to: merged.rowAt.count, by: step) {
            if isStopped() { throw .closed }
            let row = Int(merged.rowAt[place])
            readKnown(row, into: &known)
            let payload = try payload(ofRow: row, known)
            let start = samples.count
            unsafe payload.withUnsafeBytes { bytes in
                unsafe cutter.cut(bytes, known, text: &samples, digits: &digits)
            }
            sizes.append(samples.count - start)
            digits.removeAll(keepingCapacity: true)
            if samples.count >= Self.sampleBytes { break }
        }
        // What the samples have in common is worth a hundredth of them.
        let size = min(Limits.dictionaryBytesMax, samples.count * step / 400)
        guard size >= Self.dictionaryBytesMin else { return [] }
        return ZstdDictionary.train(samples, sizes: sizes, byteCount: size)
    }

    private static let sampleBytes = 12 << 20
    private static let dictionaryBytesMin = 4 << 10
}
