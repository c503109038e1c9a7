// What could go wrong: a view that shows rows or names added after it, or loses some; a row whose
// names, time or id come back changed from a file; ids that depend on anything but log order; a
// duplicate that is missed, or one that is none; a posting list or zone map that skips a row.
import MessageLog
import Model
import Synchronization
import TestSupport
import Testing

/// What the writer of a test hands to its readers.
final class SharedView: Sendable {
    let latest = Mutex<SegmentColumns?>(nil)
    let done = Atomic<Bool>(false)
}

struct ColumnsTests {
    static let seeds: [UInt64] = [1, 2, 3, 4]

    @Test(arguments: seeds)
    func everyViewAndItsFileEqualTheModel(seed: UInt64) throws {
        var shapes = RowShapes()
        shapes.extremeTimes = seed == 4
        var maker = RowMaker(seed: seed, shapes: shapes)
        let active = ActiveColumns(firstSequence: 77, blockRows: [1, 7, 64, 1_024][Int(seed) - 1])
        var model = ColumnsModel()
        var views: [(SegmentColumns, ColumnsModel)] = [(active.publish(), model)]
        for _ in 0..<6 {
            for _ in 0..<maker.random.below(80) {
                let row = maker.row()
                let time = Timestamp(microseconds: row.time)
                let timeless = row.flags != 0
                #expect(
                    active.duplicate(of: row.id, at: time, arrivalTime: timeless)
                        == model.duplicate(of: row.id, at: row.time, arrivalTime: timeless),
                    "seed \(seed)")
                row.withRecord { active.append($0, position: row.position) }
                model.rows.append(row)
                #expect(active.rows == model.rows.count)
            }
            views.append((active.publish(), model))
        }
        for (view, model) in views {
            expect(view, equals: model, seed)
            let bytes = view.encoded()
            let sealed = try SegmentColumns.open(mappedCopy(bytes))
            try sealed.verify()
            expect(sealed, equals: model, seed)
            expectLists(of: sealed, equal: model, seed)
            #expect(sealed.encoded() == bytes)
            // Only what was asked for.
            for block in 0..<sealed.blockCount {
                let some = sealed.block(block, [.times, .set(of: .user)])
                #expect(some.topics.isEmpty && some.idHigh.isEmpty && some.positions.isEmpty)
                #expect(some.times == view.block(block, .all).times)
                #expect(some.set(of: .user) == view.block(block, .all).set(of: .user))
                #expect(some.set(of: .package) == nil)
            }
        }
    }

    private func expect(_ columns: SegmentColumns, equals model: ColumnsModel, _ seed: UInt64) {
        #expect(columns.rows == model.rows.count, "seed \(seed)")
        #expect(columns.firstSequence == 77)
        #expect(columns.timeBounds == model.bounds, "seed \(seed)")
        let messages = model.rows.filter(\.isMessage)
        let days = Set(messages.map { $0.time.floorDivided(by: 86_400_000_000) })
        #expect(columns.days == days.sorted(), "seed \(seed)")
        let names = columns.names
        #expect(names.dimensions == names.dimensions.sorted())
        for code in UInt8.min...UInt8.max {
            let dimension = Dimension(code: code)
            let expected = model.names(dimension)
            #expect(names.count(of: dimension) == expected.count, "seed \(seed)")
            for (index, text) in expected.enumerated() {
                #expect(names.text(of: dimension, UInt32(index + 1)) == text, "seed \(seed)")
                #expect(names.find(dimension, text) == UInt32(index + 1), "seed \(seed)")
            }
            #expect(names.find(dimension, Array("no such name".utf8)) == nil)
        }
        var rows: [ModelRow] = []
        for index in 0..<columns.blockCount {
            let block = columns.block(index, .all)
            #expect(block.firstRow == rows.count && columns.firstRow(ofBlock: index) == rows.count)
            rows += (0..<block.rows).map { row(block, $0, names) }
            let part = ColumnsModel(rows: Array(model.rows[block.firstRow...].prefix(block.rows)))
            #expect(columns.blockBounds(index) == part.bounds, "seed \(seed)")
            #expect(block.timeBounds == part.bounds, "seed \(seed)")
        }
        #expect(rows == model.rows.map(asStored), "seed \(seed)")
        let controls = model.rows.indices.filter { model.rows[$0].kind != Record.Kind.message }
        #expect(columns.controls.map(\.row) == controls.map(UInt32.init), "seed \(seed)")
        for control in columns.controls {
            let row = model.rows[Int(control.row)]
            #expect(control.kind == row.kind && control.time.microseconds == row.time)
            #expect(control.payload == ModelRow.payload, "seed \(seed)")
        }
        for (index, row) in model.rows.enumerated() {
            #expect(columns.position(ofRow: index) == row.position)
            let same = model.rows.indices.filter {
                model.rows[$0].isMessage && model.rows[$0].id == row.id
            }
            #expect(columns.rows(withID: row.id) == same, "seed \(seed)")
            for shift in [1_999_999, -2_000_000, 86_399_999_999, 86_400_000_000] as [Int64] {
                let time = row.time &+ shift
                for timeless in [true, false] {
                    #expect(
                        columns.duplicate(
                            of: row.id, at: Timestamp(microseconds: time), arrivalTime: timeless)
                            == model.duplicate(of: row.id, at: time, arrivalTime: timeless),
                        "seed \(seed) row \(index) shift \(shift)")
                }
            }
            var absent = row.id
            absent.low ^= 1
            #expect(columns.rows(withID: absent).isEmpty)
        }
    }

    /// What the columns keep of a row: names grouped by dimension, none where it is no message.
    private func asStored(_ row: ModelRow) -> ModelRow {
        var kept = row
        kept.names = row.isMessage ? row.names : []
        let codes = Set(kept.names.map(\.dimension)).sorted()
        kept.names = codes.flatMap { code in kept.names.filter { $0.dimension == code } }
        return kept
    }

    private func row(_ block: ColumnBlock, _ row: Int, _ names: SegmentNames) -> ModelRow {
        var list: [ModelName] = []
        if block.topics[row] != 0 {
            list.append(
                .init(
                    dimension: .topic, text: names.text(of: .topic, block.topics[row])))
        }
        for set in block.sets {
            for id in set.names.ids(ofRow: row) {
                list.append(
                    .init(
                        dimension: set.dimension, text: names.text(of: set.dimension, id)))
            }
        }
        return ModelRow(
            kind: block.kinds[row], flags: block.flags[row], time: block.times[row],
            id: block.id(ofRow: row), names: list, position: block.positions[row])
    }

    private func expectLists(
        of columns: SegmentColumns, equal model: ColumnsModel, _ seed: UInt64
    ) {
        for dimension in columns.names.dimensions {
            for (index, text) in model.names(dimension).enumerated() {
                let name = ModelName(dimension: dimension, text: text)
                let rows = model.rows.indices.filter {
                    model.rows[$0].isMessage && model.rows[$0].names.contains(name)
                }
                let id = UInt32(index + 1)
                #expect(columns.postings(dimension, id) == rows.map(UInt32.init), "seed \(seed)")
                #expect(columns.occurrences(dimension, id) == rows.count, "seed \(seed)")
            }
        }
        #expect(columns.postings(.user, .max) == [])
    }

    /// Positions are the last column of a block without names, and may end with its section.
    @Test(arguments: 1...40)
    func positionsOfRowsWithoutNamesComeBack(rows: Int) throws {
        var random = SeededGenerator(seed: UInt64(rows))
        let active = ActiveColumns(firstSequence: 1, blockRows: 1_024)
        var positions: [UInt64] = []
        for number in 0..<rows * 20 {
            var batch = RecordBatch()
            batch.append(
                timestamp: Timestamp(seconds: Int64(number)),
                id: MessageID(form: 2_026, high: UInt64(number), low: 1),
                names: [(.topic, Array("a.b.c.d".utf8))],
                payload: UnsafeRawBufferPointer(start: nil, count: 0))
            let position = (positions.last ?? 512) + 100 + UInt64(random.below(2_000))
            positions.append(position)
            batch.forEach { _, record in active.append(record, position: position) }
        }
        let sealed = try SegmentColumns.open(mappedCopy(active.publish().encoded()))
        try sealed.verify()
        #expect(sealed.block(0, .positions).positions == positions)
        #expect(positions.indices.allSatisfy { sealed.position(ofRow: $0) == positions[$0] })
    }

    /// Tables must grow past their first sizes, and old views live on in the outgrown memory.
    @Test func manyNamesAndIdsSurviveGrowth() throws {
        let active = ActiveColumns(firstSequence: 1)
        var old: [SegmentColumns] = []
        for number in 0..<9_000 {
            let id = MessageID(form: 2026, high: UInt64(number), low: 7)
            let user = ModelName(dimension: .user, text: Array("user\(number)".utf8))
            let topic = ModelName(dimension: .topic, text: Array("t".utf8))
            let row = ModelRow(time: Int64(number), id: id, names: [topic, user], position: 0)
            row.withRecord { active.append($0, position: 0) }
            if number % 1_500 == 0 { old.append(active.publish()) }
        }
        let views = old + [active.publish()]
        for view in views + [try SegmentColumns.open(mappedCopy(active.publish().encoded()))] {
            for number in stride(from: 0, to: 9_000, by: 37) {
                let isThere = number < view.rows
                let id = MessageID(form: 2026, high: UInt64(number), low: 7)
                #expect(view.rows(withID: id) == (isThere ? [number] : []))
                let text = Array("user\(number)".utf8)
                #expect(view.names.find(.user, text) == (isThere ? UInt32(number + 1) : nil))
                if isThere { #expect(view.names.text(of: .user, UInt32(number + 1)) == text) }
            }
        }
    }

    /// A reader of any view sees whole rows while the writer goes on, in tables that grow.
    @Test func readersWhileTheWriterAppends() async {
        let shared = SharedView()
        await withTaskGroup(of: Void.self) { group in
            group.addTask {
                let active = ActiveColumns(firstSequence: 1, blockRows: 256)
                for number in 0..<20_000 {
                    let id = MessageID(form: 2026, high: UInt64(number), low: 1)
                    let topic = ModelName(dimension: .topic, text: Array("t\(number % 50)".utf8))
                    let user = ModelName(dimension: .user, text: Array("u\(number / 2)".utf8))
                    let row = ModelRow(
                        time: Int64(number), id: id, names: [topic, user], position: 0)
                    row.withRecord { active.append($0, position: UInt64(number)) }
                    if number % 100 == 0 { shared.latest.withLock { $0 = active.publish() } }
                }
                shared.done.store(true, ordering: .releasing)
            }
            group.addTask {
                var random = SeededGenerator(seed: 9)
                while !shared.done.load(ordering: .acquiring) {
                    guard let view = shared.latest.withLock({ $0 }) else { continue }
                    let row = random.below(view.rows)
                    let id = MessageID(form: 2026, high: UInt64(row), low: 1)
                    #expect(view.rows(withID: id) == [row])
                    let block = view.block(row / 256, .all)
                    #expect(block.times[row % 256] == Int64(row))
                    let user = view.names.find(.user, Array("u\(row / 2)".utf8))
                    #expect(user == UInt32(row / 2 + 1))
                    #expect(view.position(ofRow: row) == UInt64(row))
                    #expect(view.names.find(.user, Array("u\(view.rows + 5)".utf8)) == nil)
                }
            }
        }
    }
}
