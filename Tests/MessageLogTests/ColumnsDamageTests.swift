// What could go wrong: a flipped or missing byte of a columns file that goes unnoticed, crashes the
// program, or makes it read outside of the file; a file of a later version taken for damage.
import MessageLog
import Model
import TestSupport
import Testing

struct ColumnsDamageTests {
    private func file(rows: Int, blockRows: Int) -> [UInt8] {
        var maker = RowMaker(seed: 5)
        let active = ActiveColumns(firstSequence: 1, blockRows: blockRows)
        for _ in 0..<rows {
            let row = maker.row()
            row.withRecord { active.append($0, position: row.position) }
        }
        return active.publish().encoded()
    }

    /// Everything that can be asked; the answers may be wrong, but they must come.
    private func askEverything(_ columns: SegmentColumns) -> [String] {
        var answers: [String] = []
        for index in 0..<columns.blockCount {
            let block = columns.block(index, .all)
            answers.append("\(block.times) \(block.topics) \(block.flags) \(block.kinds)")
            answers.append("\(block.idForms) \(block.idHigh) \(block.idLow) \(block.positions)")
            answers.append("\(block.sets) \(String(describing: columns.blockBounds(index)))")
            for row in 0..<block.rows {
                let id = block.id(ofRow: row)
                let time = Timestamp(microseconds: block.times[row])
                answers.append("\(columns.rows(withID: id))")
                answers.append(
                    "\(columns.duplicate(of: id, at: time, arrivalTime: row % 2 == 0) ?? -1)")
                answers.append("\(columns.position(ofRow: block.firstRow + row))")
            }
        }
        let names = columns.names
        for dimension in names.dimensions {
            for id in 1...UInt32(names.count(of: dimension)) {
                let text = names.text(of: dimension, id)
                answers.append("\(text) \(names.find(dimension, text) ?? 0)")
                answers.append("\(columns.postings(dimension, id) ?? [])")
                answers.append("\(columns.occurrences(dimension, id) ?? 0)")
            }
        }
        answers.append("\(columns.days) \(String(describing: columns.timeBounds))")
        return answers
    }

    @Test func everyFlippedByteIsFoundOrHarmless() throws {
        let bytes = file(rows: 12, blockRows: 5)
        let answers = askEverything(try SegmentColumns.open(mappedCopy(bytes)))
        var refused = 0
        var found = 0
        for offset in bytes.indices {
            for mask in [0x01, 0xff] as [UInt8] {
                var damaged = bytes
                damaged[offset] ^= mask
                let columns: SegmentColumns
                do {
                    columns = try SegmentColumns.open(mappedCopy(damaged))
                } catch {
                    refused += 1
                    continue
                }
                let answersNow = askEverything(columns)
                do {
                    try columns.verify()
                    #expect(answersNow == answers, "byte \(offset) ^ \(mask) went unnoticed")
                } catch {
                    #expect(error.offset <= bytes.count && !error.description.isEmpty)
                    found += 1
                }
            }
        }
        // Both ways of finding damage were taken, and little of the file is padding.
        #expect(refused > 500 && found > 1_000)
        #expect(refused + found > bytes.count * 2 * 9 / 10)
    }

    /// Each answer is right, or whoever asks is told that it came from damaged bytes. The file has
    /// many pieces, so that most answers come from sound ones.
    @Test func noAnswerComesUnnoticedFromDamagedBytes() throws {
        let bytes = file(rows: 3_000, blockRows: 256)
        let whole = questions(try SegmentColumns.open(mappedCopy(bytes)), DamageNotes())
        var random = SeededGenerator(seed: 11)
        var noticed = 0
        for _ in 0..<150 {
            let offset = random.below(bytes.count)
            var damaged = bytes
            damaged[offset] ^= 1 << UInt8(random.below(8))
            let notes = DamageNotes()
            guard let columns = try? SegmentColumns.open(mappedCopy(damaged), notes: notes) else {
                continue
            }
            let found = questions(columns, notes)
            #expect(found.count == whole.count, "byte \(offset)")
            for (one, other) in zip(found, whole) where one.isSure {
                #expect(one.answer == other.answer, "byte \(offset)")
            }
            let unsure = found.count { !$0.isSure }
            #expect(unsure < whole.count, "byte \(offset): one piece is damaged, not all")
            if unsure > 0 { noticed += 1 }
        }
        #expect(noticed > 100)
    }

    /// Questions one by one, each with whether the bytes that answered it were sound.
    private func questions(
        _ columns: SegmentColumns, _ notes: DamageNotes
    ) -> [(answer: String, isSure: Bool)] {
        var answers: [(answer: String, isSure: Bool)] = []
        func ask(_ question: () -> String) {
            let before = notes.count
            let answer = question()
            answers.append((answer, notes.count == before))
        }
        for index in 0..<columns.blockCount {
            ask {
                let block = columns.block(index, [.times, .topics, .flags, .sets, .positions])
                return "\(block.times) \(block.topics) \(block.flags) \(block.sets)"
            }
        }
        var maker = RowMaker(seed: 5)
        for row in 0..<columns.rows {
            let made = maker.row()
            guard row % 50 == 0 else { continue }
            made.withRecord { record in
                let id = record.id
                let time = record.timestamp
                ask { "\(columns.rows(withID: id))" }
                ask { "\(columns.duplicate(of: id, at: time, arrivalTime: false) ?? -1)" }
            }
            ask { "\(columns.position(ofRow: row))" }
        }
        for dimension in columns.names.dimensions {
            let count = columns.names.count(of: dimension)
            for id in stride(from: 1, through: count, by: max(1, count / 20)) {
                ask { "\(columns.names.text(of: dimension, UInt32(id)))" }
                ask { "\(columns.postings(dimension, UInt32(id)) ?? [])" }
                ask { "\(columns.occurrences(dimension, UInt32(id)) ?? 0)" }
            }
        }
        return answers
    }

    @Test func everyShorterFileIsRefused() throws {
        let bytes = file(rows: 24, blockRows: 10)
        for count in 0..<bytes.count {
            #expect(throws: ColumnsError.self) {
                try SegmentColumns.open(mappedCopy(Array(bytes[..<count])))
            }
        }
    }

    @Test func laterVersionsAndStrangersAreRefusedInWords() throws {
        var later = file(rows: 3, blockRows: 4)
        later[8] += 1
        do {
            _ = try SegmentColumns.open(mappedCopy(later))
            Issue.record("a later version was opened")
        } catch {
            #expect(error.problem == .version(2))
            #expect(error.description.contains("format version 2"))
        }
        do {
            _ = try SegmentColumns.open(mappedCopy(Array(repeating: 65, count: 400)))
            Issue.record("a stranger was opened")
        } catch {
            #expect(error.problem == .foreign)
        }
    }
}
