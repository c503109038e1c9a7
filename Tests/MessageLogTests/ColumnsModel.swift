// The naive model beside the columns: rows as plain values, every question answered by a loop, and
// seeded rows of every odd shape that records may have.
import Disk
import MessageLog
import Model
import TestSupport

struct ModelName: Hashable {
    var dimension: Dimension
    var text: [UInt8]
}

struct ModelRow: Equatable {
    var kind = Record.Kind.message
    var flags: UInt8 = 0
    var time: Int64
    var id: MessageID
    /// As in the record, the topic first.
    var names: [ModelName]
    var position: UInt64

    var isMessage: Bool { kind == Record.Kind.message && names.first?.dimension == .topic }
}

struct ColumnsModel {
    var rows: [ModelRow] = []

    func duplicate(of id: MessageID, at time: Int64, arrivalTime: Bool) -> Int? {
        rows.indices.first { index in
            let row = rows[index]
            let timeless = arrivalTime || row.flags & Record.Flags.arrivalTime != 0
            let window: Int64 = timeless ? 86_400_000_000 : 2_000_000
            let distance = row.time.subtractingReportingOverflow(time)
            return row.isMessage && row.id == id && !distance.overflow
                && distance.partialValue.magnitude < window
        }
    }

    func names(_ dimension: Dimension) -> [[UInt8]] {
        var seen: Set<[UInt8]> = []
        var list: [[UInt8]] = []
        for row in rows where row.isMessage {
            for name in row.names where name.dimension == dimension {
                if seen.insert(name.text).inserted { list.append(name.text) }
            }
        }
        return list
    }

    var bounds: ClosedRange<Int64>? {
        let times = rows.filter(\.isMessage).map(\.time)
        guard let least = times.min(), let most = times.max() else { return nil }
        return least...most
    }
}

/// Which odd shapes the rows have.
struct RowShapes {
    var control = true
    var negativeTimes = true
    var sets = true
    var extremeTimes = false
}

struct RowMaker {
    var random: SeededGenerator
    var shapes: RowShapes
    private var clock: Int64
    private var position: UInt64 = 64
    private var used: [(MessageID, Int64)] = []

    init(seed: UInt64, shapes: RowShapes = RowShapes()) {
        random = SeededGenerator(seed: seed)
        self.shapes = shapes
        clock = shapes.negativeTimes ? -40_000_000 : 1_767_225_600_000_000
    }

    mutating func row() -> ModelRow {
        clock += Int64(random.below(2_000)) * 1_000
        position += UInt64(200 + random.below(900))
        var time = clock
        switch random.below(40) {
        case 0: time -= Int64(random.below(40 * 86_400)) * 1_000_000
        case 1: time += Int64(random.below(1_000_000))
        case 2 where shapes.extremeTimes: time = random.below(2) == 0 ? .min : .max
        default: break
        }
        var id = MessageID(form: 2026, high: random.next(), low: random.next())
        switch random.below(10) {
        case 0: id.form = UInt16(random.below(2))
        case 1, 2:
            if let old = used.randomElement(using: &random) {
                id = old.0
                time = old.1 &+ Int64(random.below(9) - 4) * 999_999
            }
        default: break
        }
        var row = ModelRow(time: time, id: id, names: names(), position: position)
        if random.below(8) == 0 { row.flags = Record.Flags.arrivalTime }
        if shapes.control && random.below(12) == 0 {
            row.kind = random.below(3) == 0 ? 200 : Record.Kind.feed
            if random.below(2) == 0 { row.names = [] }
        }
        used.append((id, time))
        return row
    }

    private mutating func names() -> [ModelName] {
        var names = [ModelName(dimension: .topic, text: Array("topic.\(random.below(9))".utf8))]
        // A message without a topic breaks the record's rules, and must not break the columns.
        if shapes.control && random.below(30) == 0 { names.removeFirst() }
        guard shapes.sets else { return names }
        var seen: Set<ModelName> = []
        let codes: [UInt8] = [2, 2, 2, 3, 3, 5, 16, 57, 90, 255]
        for _ in 0..<[0, 1, 1, 2, 3, 12][random.below(6)] {
            let dimension = Dimension(code: codes[random.below(codes.count)])
            // From the empty name to ones longer than a word, some with zero bytes.
            let text =
                Array(repeating: UInt8(random.below(3)), count: random.below(25))
                + Array("\(random.below(40))".utf8.dropFirst(random.below(2)))
            let name = ModelName(dimension: dimension, text: text)
            if seen.insert(name).inserted { names.append(name) }
        }
        return names
    }
}

extension ModelRow {
    static let payload: [UInt8] = [123, 125]

    /// Hands the row to `body` as a record.
    func withRecord(_ body: (RecordView) -> Void) {
        var batch = RecordBatch()
        Self.payload.withUnsafeBytes {
            batch.append(
                kind: kind, flags: flags, timestamp: Timestamp(microseconds: time), id: id,
                names: names.map { ($0.dimension, $0.text) }, payload: $0)
        }
        batch.forEach { _, record in body(record) }
    }
}

/// A copy of `bytes` in memory of exactly their size, so that a sanitizer sees each read past it.
func mappedCopy(_ bytes: [UInt8]) -> MappedBytes {
    let copy = UnsafeMutableRawBufferPointer.allocate(byteCount: bytes.count, alignment: 8)
    copy.copyBytes(from: bytes)
    return MappedBytes(UnsafeRawBufferPointer(copy)) { $0.deallocate() }
}
