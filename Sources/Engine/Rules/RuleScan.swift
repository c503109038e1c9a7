import Envelope
import MessageLog
import Model
import Rollup
import Rules

/// Goes through messages in the order of the log and holds each against rules: by its topic first,
/// from the columns, so that payloads are read of those alone that a rule wants. For one thread.
package struct RuleScan: ~Copyable {
    /// Is told what a rule finds.
    /// - Parameters:
    ///   - rule: its place among the programs.
    ///   - time: the message's.
    ///   - group: one that the message counts for; nil where it may count, but its payload is gone.
    ///   - contribution: what it adds to the group.
    package typealias Visit = (
        _ rule: Int, _ time: Int64, _ group: [UInt8]?, _ contribution: RuleContribution
    ) throws -> Void

    private let names: NameTable
    private var evaluator = RuleEvaluator()
    private var message = RuleMessage()
    /// By program and global id: whether the rule wants the topic; 0 for what was not looked at.
    private var wanted: [UInt64: [UInt8]] = [:]
    /// By dimension's code and global id: names as arrays.
    private var texts: [[[UInt8]?]]
    private var payload: [UInt8] = []
    /// Messages that were held against some rule.
    package private(set) var evaluated = 0

    package init(_ names: NameTable) {
        self.names = names
        texts = Array(repeating: [], count: message.names.count)
    }

    /// Forgets rules that are not looked for any more.
    mutating func forget(allBut programs: [RuleProgram]) {
        let kept = Set(programs.map(\.serial))
        wanted = wanted.filter { kept.contains($0.key) }
    }

    /// Calls `body` with what each rule finds.
    /// - Parameters:
    ///   - sequences: which messages.
    ///   - span: only times in it, in microseconds.
    ///   - programs: at most 64.
    package mutating func run(
        _ sequences: ClosedRange<UInt64>, span: Range<Int64>? = nil, of segments: [SegmentView],
        _ programs: [RuleProgram],
        _ body: Visit
    ) throws {
        for view in segments {
            let first = view.segment.firstSequence
            guard view.lastSequence >= sequences.lowerBound, first <= sequences.upperBound,
                let bounds = view.segment.columns.timeBounds
            else { continue }
            if let span, bounds.upperBound < span.lowerBound || bounds.lowerBound >= span.upperBound
            {
                continue
            }
            let lower = Int(max(sequences.lowerBound, first) - first)
            let upper = Int(min(sequences.upperBound, view.lastSequence) - first)
            try run(view, rows: lower...upper, span, programs, body)
        }
    }

    private mutating func run(
        _ view: SegmentView, rows: ClosedRange<Int>, _ span: Range<Int64>?,
        _ programs: [RuleProgram], _ body: Visit
    ) throws {
        let globals = try view.globals(of: .topic)
        let masks = masks(globals, programs)
        guard masks.contains(where: { $0 != 0 }) else { return }
        let columns = view.segment.columns
        var reader = PayloadReader(view.segment, goesForward: true)
        let dimensions = programs.reduce(into: Set()) { $0.formUnion($1.dimensions) }.sorted()
        let selection = dimensions.reduce(into: ColumnSelection([.times, .topics])) {
            $0.formUnion(.set(of: $1))
        }
        let sets = try dimensions.map { ($0, try view.globals(of: $0)) }
        var blocks = rows.lowerBound / columns.blockRows..<rows.upperBound / columns.blockRows + 1
        if let span {
            let near = columns.blocks(from: span.lowerBound, to: span.upperBound)
            blocks = blocks.clamped(to: near)
        }
        for index in blocks {
            if let span, let bounds = columns.blockBounds(index),
                bounds.upperBound < span.lowerBound || bounds.lowerBound >= span.upperBound
            {
                continue
            }
            let block = columns.block(index, selection)
            let lower = max(rows.lowerBound, block.firstRow) - block.firstRow
            let upper = min(rows.upperBound + 1, block.firstRow + block.rows) - block.firstRow
            for row in lower..<upper {
                let topic = Int(block.topics[row])
                guard topic < masks.count, masks[topic] != 0,
                    span.map({ $0.contains(block.times[row]) }) ?? true
                else { continue }
                take(block, row, view, sets)
                setTopic(globals[topic])
                try evaluate(masks[topic], block.firstRow + row, programs, &reader, body)
            }
        }
    }

    /// What the columns say of a row but its topic.
    private mutating func take(
        _ block: ColumnBlock, _ row: Int, _ view: SegmentView, _ sets: [(Dimension, [UInt32])]
    ) {
        message.time = block.times[row]
        message.sequence = view.segment.firstSequence + UInt64(block.firstRow + row)
        for (dimension, globals) in sets {
            let code = Int(dimension.code)
            message.names[code].removeAll(keepingCapacity: true)
            guard let set = block.set(of: dimension) else { continue }
            for local in set.ids(ofRow: row) {
                message.names[code].append(text(dimension, globals[Int(local)]))
            }
        }
    }

    private mutating func setTopic(_ topic: UInt32) {
        let category = names.category(ofTopic: topic)
        message.setTopic(text(.topic, topic), category: text(.category, category))
    }

    private mutating func text(_ dimension: Dimension, _ id: UInt32) -> [UInt8] {
        let (code, place) = (Int(dimension.code), Int(id))
        while texts[code].count <= place { texts[code].append(nil) }
        if let known = texts[code][place] { return known }
        let text = names.text(dimension, id)
        texts[code][place] = text
        return text
    }

    /// By local topic: a bit for each rule that wants it.
    private mutating func masks(_ globals: [UInt32], _ programs: [RuleProgram]) -> [UInt64] {
        var masks = [UInt64](repeating: 0, count: globals.count)
        for (number, program) in programs.enumerated() {
            let key = program.serial
            var known = wanted.removeValue(forKey: key) ?? []
            for (local, global) in globals.enumerated() where local > 0 {
                let place = Int(global)
                while known.count <= place { known.append(0) }
                if known[place] == 0 {
                    let topic = String(decoding: text(.topic, global), as: UTF8.self)
                    known[place] = program.wants(topic: topic) ? 2 : 1
                }
                if known[place] == 2 { masks[local] |= 1 << UInt64(number) }
            }
            wanted[key] = known
        }
        return masks
    }

    private mutating func evaluate(
        _ mask: UInt64, _ row: Int, _ programs: [RuleProgram], _ reader: inout PayloadReader,
        _ body: Visit
    ) throws {
        evaluated += 1
        // nil: not read yet.
        var isThere: Bool?
        var failure: (any Error)?
        var rest = mask
        while rest != 0 {
            let number = rest.trailingZeroBitCount
            rest &= rest - 1
            let program = programs[number]
            if program.needsPayload {
                if isThere == nil { isThere = try read(row, &reader) }
                if isThere == false {
                    try body(number, message.time, nil, RuleContribution())
                    continue
                }
            }
            let time = message.time
            evaluator.evaluate(program, message) { key, contribution in
                if failure != nil { return }
                do { try body(number, time, key, contribution) } catch { failure = error }
            }
            if let failure { throw failure }
        }
    }

    /// - Returns: false where the payload is gone.
    private mutating func read(
        _ row: Int, _ reader: inout PayloadReader
    ) throws(LogError) -> Bool {
        payload.removeAll(keepingCapacity: true)
        do throws(LogError) {
            try reader.append(payloadOfRow: row, time: message.time, to: &payload)
        } catch {
            if case .dropped = error { return false }
            throw error
        }
        // The evaluator looks at these bytes until the next message's are there.
        return unsafe payload.withUnsafeBytes { unsafe evaluator.begin($0) }
    }
}
