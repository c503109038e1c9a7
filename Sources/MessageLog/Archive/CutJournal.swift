import Disk
import Model

/// All payloads of a journal, cut, in memory: read and cut in log order, since in the order of an
/// archive each of them would have to be waited for.
struct CutJournal {
    /// Of each row, one behind the other: its text, then its digits.
    private var bytes: [UInt8] = []
    /// By row: where it begins in `bytes`, and where its digits do; one more begin for the end.
    private var begins: [Int] = [0]
    private var digitBegins: [Int] = []
    /// Of one payload, while it is cut and put together again.
    private var digits: [UInt8] = []
    private var restored: [UInt8] = []
    /// Of the payloads as they were.
    private(set) var payloadBytes = 0

    /// A row without a payload.
    static let emptyText = [ArchiveFormat.Marker.end]

    /// Reads the whole journal, checks every record, and that each payload comes back byte for
    /// byte.
    /// - Parameters:
    ///   - salvage: takes note of what cannot be read, where the segment is damaged.
    ///   - checkStopped: is called now and then.
    init(
        _ segment: Segment, _ journal: JournalPayloads, salvage: Salvage?,
        checkStopped: () throws(LogError) -> Void
    ) throws(LogError) {
        let columns = segment.columns
        let file = try journal.file()
        let mapped = try withLogErrors { () throws(DiskError) in try file.map() }
        let topics = Self.topicTexts(columns)
        var cutters = [PayloadCutter](repeating: PayloadCutter(), count: topics.count)
        var known = KnownValues()
        bytes.reserveCapacity(segment.payloadBytes / 2)
        begins.reserveCapacity(columns.rows + 1)
        digitBegins.reserveCapacity(columns.rows)
        for index in 0..<columns.blockCount {
            try checkStopped()
            let block = columns.block(index, [.times, .topics, .ids, .positions])
            for place in 0..<block.rows {
                let row = block.firstRow + place
                if let salvage, salvage.isGap(row) {
                    appendEmpty()
                    continue
                }
                let topic = Int(block.topics[place])
                known.time = block.times[place]
                known.topic = topics[topic]
                known.setID(block.id(ofRow: place))
                do throws(LogError) {
                    try unsafe journal.withPayload(
                        in: mapped, at: Int(clamping: block.positions[place]),
                        sequence: segment.firstSequence + UInt64(row)
                    ) { (payload) throws(LogError) in
                        guard unsafe append(payload, known, &cutters[topic]) else {
                            throw segment.damage(
                                row, "the payload does not come back as it was cut")
                        }
                    }
                } catch {
                    guard let salvage else { throw error }
                    try salvage.lose(row, error)
                    appendEmpty()
                }
            }
        }
    }

    private static func topicTexts(_ columns: SegmentColumns) -> [[UInt8]] {
        let names = columns.names
        let count = UInt32(names.count(of: .topic))
        return [[]] + (0..<count).map { names.text(of: .topic, $0 + 1) }
    }

    /// - Returns: false if the payload would not come back.
    private mutating func append(
        _ payload: UnsafeRawBufferPointer, _ known: KnownValues, _ cutter: inout PayloadCutter
    ) -> Bool {
        let begin = bytes.count
        digits.removeAll(keepingCapacity: true)
        unsafe cutter.cut(payload, known, text: &bytes, digits: &digits)
        let middle = bytes.count
        bytes.append(contentsOf: digits)
        restored.removeAll(keepingCapacity: true)
        unsafe bytes.withUnsafeBytes { bytes in
            unsafe CutText.append(
                UnsafeRawBufferPointer(rebasing: bytes[begin..<middle]),
                UnsafeRawBufferPointer(rebasing: bytes[middle...]), known, to: &restored)
        }
        guard unsafe restored.withUnsafeBytes({ unsafe $0.isSame(as: payload) }) else {
            bytes.removeLast(bytes.count - begin)
            return false
        }
        digitBegins.append(middle)
        begins.append(bytes.count)
        payloadBytes += payload.count
        return true
    }

    private mutating func appendEmpty() {
        bytes.append(contentsOf: Self.emptyText)
        digitBegins.append(bytes.count)
        begins.append(bytes.count)
    }

    /// Calls `body` with the text and the digits of a row.
    func withMessage<R>(
        ofRow row: Int,
        _ body: (UnsafeRawBufferPointer, UnsafeRawBufferPointer) throws(LogError) -> R
    ) throws(LogError) -> R {
        let (begin, middle, end) = (begins[row], digitBegins[row], begins[row + 1])
        return try unsafe bytes.withUnsafeBufferPointer { (bytes) throws(LogError) in
            try unsafe body(
                UnsafeRawBufferPointer(UnsafeBufferPointer(rebasing: bytes[begin..<middle])),
                UnsafeRawBufferPointer(UnsafeBufferPointer(rebasing: bytes[middle..<end])))
        }
    }
}
