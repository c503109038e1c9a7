import Engine
import Query

/// The words of a request, and what the answer's reader must know of them.
struct AskedQuestion {
    /// The command's word, then the others.
    let words: [String]
    /// The zone in which times are shown.
    let zone: Zone
    /// Whether the reply is [sequence, reply].
    let withSequence: Bool
    /// What a SERIES asks for.
    let series: SeriesQuestion?
    /// What a rule is asked for.
    let rule: RuleQuestion?

    /// - Parameter zoneName: the zone of `--tz`, which becomes TZ where the command takes that.
    init(_ command: String, _ rest: [String], zoneName: String?) {
        words = [command] + (zoneName.map { Self.words(rest, of: command, in: $0) } ?? rest)
        zone = zoneName.flatMap(Zone.init(named:)) ?? Self.zone(in: rest) ?? .utc
        let parsed = try? RequestParser.parse(
            Words(words.map { Array($0.utf8) }), now: WallClock.now)
        var (series, rule): (SeriesQuestion?, RuleQuestion?) = (nil, nil)
        var withSequence = false
        if case .question(let question, let at) = parsed {
            withSequence = at
            if case .series(let asked) = question { series = asked }
            if case .rule(let asked) = question { rule = asked }
        }
        (self.series, self.rule, self.withSequence) = (series, rule, withSequence)
    }

    /// The words with TZ among them; AT stays the last.
    private static func words(_ rest: [String], of command: String, in zone: String) -> [String] {
        // EXPLAIN takes the words of another question.
        let asked = command == "EXPLAIN" ? rest.first ?? "" : command
        let arguments = CommandTable.command(asked)?.arguments ?? []
        guard arguments.contains(where: { $0.token == "TZ" }) else { return rest }
        let place = rest.last?.uppercased() == "AT" ? rest.count - 1 : rest.count
        return rest[..<place] + ["TZ", zone] + rest[place...]
    }

    /// The zone that the words themselves name. A value that reads TZ is followed by an option,
    /// and no zone is called like an option.
    private static func zone(in rest: [String]) -> Zone? {
        for place in rest.indices.dropLast() where rest[place].uppercased() == "TZ" {
            if let zone = Zone(named: rest[place + 1]) { return zone }
        }
        return nil
    }
}
