import Model
import Synchronization

/// A time zone of the system's database: what local clocks show.
///
/// Local time is written here as seconds since 1970-01-01T00:00 on the local clock.
public struct Zone: Hashable, Sendable {
    /// Such as `Europe/Berlin`.
    public let name: String
    let rules: ZoneRules

    /// Coordinated Universal Time.
    public static let utc = Zone(name: "UTC", rules: ZoneRules(offset: 0))

    /// The zone of that name, letter case and all, as in `/usr/share/zoneinfo`; nil where the
    /// system has none. The first use reads its file.
    public init?(named name: String) {
        if name.uppercased() == "UTC" {
            self = .utc
            return
        }
        guard
            let zone = Zone.known.withLock({ known in
                if let zone = known[name] { return zone }
                guard let rules = ZoneFile.rules(of: name) else { return nil }
                let zone = Zone(name: name, rules: rules)
                known[name] = zone
                return zone
            })
        else { return nil }
        self = zone
    }

    private init(name: String, rules: ZoneRules) {
        self.name = name
        self.rules = rules
    }

    /// Zones that were asked for; there are a few hundred in all.
    private static let known = Mutex<[String: Zone]>([:])

    public static func == (left: Zone, right: Zone) -> Bool { left.name == right.name }
    public func hash(into hasher: inout Hasher) { hasher.combine(name) }

    /// Seconds that local clocks are ahead of UTC at `seconds` since 1970.
    public func offset(at seconds: Int64) -> Int64 { rules.offset(at: seconds) }

    /// The first moment at which local clocks have reached midnight of a day, in seconds since
    /// 1970: where clocks jump over midnight, the moment of the jump.
    /// - Parameter day: days since 1970-01-01.
    public func start(ofDay day: Int64) -> Int64 { rules.first(local: day * 86_400) }

    /// The day whose start is the last one at or before `seconds`. Where clocks are set back over
    /// midnight, the new day goes on: days follow each other and never come back.
    public func day(at seconds: Int64) -> Int64 {
        let shown = (seconds + offset(at: seconds)).floorDivided(by: 86_400)
        return start(ofDay: shown + 1) <= seconds ? shown + 1 : shown
    }
}

/// When a zone's clocks changed, and how they go on changing.
struct ZoneRules: Sendable {
    /// Moments of change, ascending, in seconds since 1970.
    private let changes: [Int64]
    /// Offsets in seconds: `offsets[0]` before the first change, `offsets[i + 1]` from change i on.
    private let offsets: [Int64]
    /// From the last change on.
    private let tail: YearlyRule?

    /// No clock is farther from UTC, by the format's own word (RFC 9636: under 26 hours).
    private static let offsetMax: Int64 = 26 * 3_600

    init(offset: Int64) {
        self.init(changes: [], offsets: [offset], tail: nil)
    }

    /// - Parameter offsets: one more than there are changes.
    init(changes: [Int64], offsets: [Int64], tail: YearlyRule?) {
        precondition(offsets.count == changes.count + 1, "an offset before and after each change")
        self.changes = changes
        self.offsets = offsets
        self.tail = tail
    }

    func offset(at seconds: Int64) -> Int64 {
        if let tail, seconds >= changes.last ?? Int64.min { return tail.offset(at: seconds) }
        return offsets[changesUpTo(seconds)]
    }

    /// The first moment at which the clock shows `local` or later.
    func first(local: Int64) -> Int64 {
        // Within each stretch between changes the clock runs evenly, so its first moment there is
        // known; the first stretch that has one has the answer.
        var from = local - Self.offsetMax
        while true {
            let candidate = max(from, local - offset(at: from))
            guard let change = nextChange(after: from), change <= candidate else {
                return candidate
            }
            from = change
        }
    }

    /// The number of changes at or before `seconds`.
    private func changesUpTo(_ seconds: Int64) -> Int {
        var (low, high) = (0, changes.count)
        while low < high {
            let middle = (low + high) / 2
            if changes[middle] <= seconds { low = middle + 1 } else { high = middle }
        }
        return low
    }

    private func nextChange(after seconds: Int64) -> Int64? {
        let place = changesUpTo(seconds)
        if place < changes.count { return changes[place] }
        return tail?.nextChange(after: seconds)
    }
}
