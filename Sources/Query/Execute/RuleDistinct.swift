import Engine
import Model
import Rules

/// DISTINCT with RULE: different values of a key, or those that an aggregate has counted.
enum RuleDistinct {
    /// What is counted, as cells come.
    private enum Counter {
        case key(Int, Set<[UInt8]>)
        case sketch(Int, AggregateState)

        init(_ word: String, _ program: RuleProgram) throws(RequestError) {
            if let place = program.key(word) {
                self = .key(place, [])
                return
            }
            guard let place = program.aggregate(word), program.shapes[place] == .distinct else {
                let distinct = program.rule.aggregates.enumerated().filter {
                    program.shapes[$0.offset] == .distinct
                }.map(\.element.name)
                throw RequestError(
                    noAggregate: word, program.rule, program.rule.keys.map(\.name) + distinct)
            }
            self = .sketch(place, program.shapes[place].nothing)
        }

        mutating func take(_ group: UInt32, _ state: GroupState, _ values: (UInt32) -> [[UInt8]]) {
            switch self {
            case .key(let place, var names):
                self = .key(place, [])
                // What the others are is not known.
                if group > 0 { names.insert(values(group)[place]) }
                self = .key(place, names)
            case .sketch(let place, var sum):
                self = .sketch(place, state.parts[place])
                sum.merge(state.parts[place])
                self = .sketch(place, sum)
            }
        }

        var count: Int64 {
            switch self {
            case .key(_, let names): Int64(names.count)
            case .sketch(_, .distinct(let sketch)): sketch.estimate
            case .sketch: 0
            }
        }
    }

    static func total(
        _ question: RuleQuestion, _ word: String, _ moment: borrowing RuleMoment,
        in snapshot: borrowing Snapshot
    ) throws -> (reply: Reply, covered: UInt64) {
        var counter = try Counter(word, moment.program)
        var cells = try RuleCells(question, grid: nil, moment, in: snapshot)
        let found = try cells.merged(moment, in: snapshot) { _, group in
            Place(number: 0, group: group)
        }
        for (place, state) in found { counter.take(place.group, state) { cells.values($0) } }
        return (.integer(counter.count), cells.sources.covered)
    }

    static func series(
        _ question: RuleQuestion, _ grid: BucketGrid, _ word: String,
        _ fill: SeriesQuestion.Fill, _ moment: borrowing RuleMoment,
        in snapshot: borrowing Snapshot
    ) throws -> (reply: Reply, covered: UInt64) {
        let layout = try RuleAnswers.layout(question, grid, fill, in: snapshot)
        guard !layout.hasWindows else { throw RequestError.noWindows }
        let fresh = try Counter(word, moment.program)
        var cells = try RuleCells(question, grid: layout.grid, moment, in: snapshot)
        var counters: [Int64: Counter] = [:]
        let found = try cells.merged(moment, in: snapshot) { time, group in
            Place(number: layout.grid.number(of: time), group: group)
        }
        for (place, state) in found {
            var counter = counters.removeValue(forKey: place.number) ?? fresh
            counter.take(place.group, state) { cells.values($0) }
            counters[place.number] = counter
        }
        let counts = layout.numbers.map { counters[$0]?.count ?? 0 }
        return (.pairs(layout.pairs(counts)), cells.sources.covered)
    }

    /// A bucket and a group.
    struct Place: Hashable {
        var number: Int64
        var group: UInt32
    }
}

extension RuleCells {
    /// All cells, those of one place merged.
    mutating func merged<Place: Hashable>(
        _ moment: borrowing RuleMoment, in snapshot: borrowing Snapshot,
        _ place: (Timestamp, UInt32) -> Place
    ) throws -> [Place: GroupState] {
        var found: [Place: GroupState] = [:]
        try forEach(moment, in: snapshot) { time, group, state in
            let place = place(time, group)
            if found[place]?.merge(state) == nil { found[place] = state }
            guard found.count <= Limits.seriesCellsMax else { throw RequestError.tooManyCells }
        }
        return found
    }
}

extension RequestError {
    static let noWindows = RequestError(
        "STEP is of counts, which add up; accepted: SERIES of counts with it, or buckets that do "
            + "not overlap")
}
