// What could go wrong: the wall clock is set, by a second or by a year, and what a feed misses
// lies in no gap any more, or how far it has heard is not noted until the old time comes again.
//
// TALLYLOG_CLOCKS (default 20) is how many histories of a feed are tried, TALLYLOG_SEED where they
// begin.
import Engine
import MessageLog
import Model
import TestSupport
import Testing

@testable import Feed

@Suite struct ClockTests {
    @Test func aTurnedClockHidesNoGap() throws {
        let first = Amount.seed
        var (turns, missed) = (0, 0)
        for seed in first..<first + UInt64(Amount.of("TALLYLOG_CLOCKS", 20)) {
            var life = try FeedLife(seed: seed)
            for _ in 0..<150 { life.step() }
            life.comeBack()
            turns += life.turns
            missed += life.missed.count
            #expect(life.uncovered.isEmpty, "seed \(seed): \(life.uncovered.prefix(3))")
            try life.close()
        }
        #expect(turns > 0 && missed > 0)
        print("\(turns) turns of the clock, \(missed) moments missed")
    }

    @Test func howFarWasHeardFollowsTheClockBack() throws {
        let directory = TemporaryDirectory()
        let engine = try Engine(directory: directory.path + "/store")
        let start = Timestamp(seconds: 1_772_755_200)
        let recorder = GapRecorder(
            feed: "bus", endpoints: ["ipc://bus"], since: nil, ledger: engine.feeds, now: start)
        recorder.connected("ipc://bus", at: start)
        recorder.look(now: start, connected: 1, received: 0, empty: start)
        let back = Timestamp(seconds: start.seconds - 365 * 86_400)
        recorder.clockSetBack(by: 365 * 86_400_000_000, to: back)
        // The socket has not been empty since.
        recorder.look(now: back, connected: 1, received: 5, empty: start)
        #expect(engine.feeds.history.heard["bus"]?.last == back)
        try engine.close()
    }

    @Test func onlySteppingBackIsASetClock() {
        func reading(_ wall: Int64, _ elapsed: Int64) -> ClockSteps.Reading {
            ClockSteps.Reading(wall: Timestamp(microseconds: wall), elapsed: elapsed)
        }
        var steps = ClockSteps(reading(10_000_000, 0))
        #expect(steps.setBack(reading(11_000_000, 1_000_000)) == nil)
        #expect(steps.setBack(reading(11_900_000, 2_000_000)) == nil, "a clock that is slowed")
        #expect(steps.setBack(reading(9_900_000, 3_000_000)) == 3_000_000)
        #expect(steps.setBack(reading(10_900_000, 4_000_000)) == nil, "told once")
        #expect(steps.setBack(reading(90_900_000, 5_000_000)) == nil, "set forward")
    }
}

/// A feed of two endpoints over made-up time: connections are lost, it is stopped and killed, and
/// the clock is turned.
private struct FeedLife {
    private static let endpoints = ["ipc://one", "tcp://two:1"]
    private static let turnsSeconds: [Int64] = [1, 60, 3_600, 86_400, 365 * 86_400]

    private let directory = TemporaryDirectory()
    private let engine: Engine
    private var random: SeededGenerator
    private var recorder: GapRecorder?
    private var steps: ClockSteps
    private var clock = ClockSteps.Reading(wall: Timestamp(seconds: 1_772_755_200), elapsed: 0)
    private var connected: Set<String> = []
    /// By endpoint: moments at which it was not heard, until it is again, or the process ends; not
    /// by any clock.
    private var missing: [String: [Int64]] = [:]
    /// The same by the clock as it was then, which is right: the bus's own time.
    private(set) var missed: [Timestamp] = []
    private(set) var turns = 0

    init(seed: UInt64) throws {
        random = SeededGenerator(seed: seed)
        engine = try Engine(directory: directory.path + "/store")
        steps = ClockSteps(clock)
        start()
        comeBack()
    }

    func close() throws { try engine.close() }

    var uncovered: [Timestamp] {
        let gaps = engine.feeds.history.gaps
        return missed.filter { moment in
            !gaps.contains { gap in
                gap.from <= moment && gap.to.map { moment <= $0 } ?? true
            }
        }
    }

    mutating func step() {
        pass(seconds: Int64(random.below(40)))
        switch random.below(10) {
        case 0: turn(mayGoBack: true)
        case 1: stop()
        case 2: comeBack()
        default:
            let endpoint = random.pick(Self.endpoints)
            if connected.contains(endpoint) { lose(endpoint) } else { connect(endpoint) }
        }
        look()
    }

    mutating func comeBack() {
        for endpoint in Self.endpoints where !connected.contains(endpoint) { connect(endpoint) }
        look()
    }

    private mutating func start() {
        steps = ClockSteps(clock)
        recorder = GapRecorder(
            feed: "bus", endpoints: Self.endpoints, since: nil, ledger: engine.feeds,
            now: clock.wall)
    }

    /// A stop, or a kill, which says nothing any more; and a start.
    private mutating func stop() {
        if random.chance(50) { recorder?.stopped(at: clock.wall, received: 0) }
        recorder = nil
        for endpoint in Self.endpoints { settle(endpoint) }
        connected = []
        for endpoint in Self.endpoints { missing[endpoint] = [clock.elapsed] }
        if random.chance(30) { turn(mayGoBack: false) }
        pass(seconds: 1 + Int64(random.below(200)))
        start()
    }

    private mutating func lose(_ endpoint: String) {
        connected.remove(endpoint)
        missing[endpoint] = [clock.elapsed]
        recorder?.disconnected(endpoint, at: clock.wall)
    }

    private mutating func connect(_ endpoint: String) {
        connected.insert(endpoint)
        recorder?.connected(endpoint, at: clock.wall)
        settle(endpoint)
    }

    private mutating func look() {
        recorder?.look(
            now: clock.wall, connected: connected.count, received: 0, empty: clock.wall)
    }

    private mutating func settle(_ endpoint: String) {
        for moment in missing.removeValue(forKey: endpoint) ?? [] {
            let ago = clock.elapsed - moment
            missed.append(Timestamp(microseconds: clock.wall.microseconds - ago))
        }
    }

    private mutating func pass(seconds: Int64) {
        for _ in 0..<4 {
            clock.elapsed += seconds * 250_000
            clock.wall = Timestamp(microseconds: clock.wall.microseconds + seconds * 250_000)
            for endpoint in Self.endpoints where !connected.contains(endpoint) {
                missing[endpoint, default: []].append(clock.elapsed)
            }
        }
        read()
    }

    private mutating func turn(mayGoBack: Bool) {
        turns += 1
        let seconds = random.pick(Self.turnsSeconds)
        let sign: Int64 = mayGoBack && random.chance(50) ? -1 : 1
        clock.wall = Timestamp(
            microseconds: clock.wall.microseconds + sign * seconds * 1_000_000)
        read()
    }

    /// As a receiver does whenever it reads the clocks.
    private mutating func read() {
        if let back = steps.setBack(clock) { recorder?.clockSetBack(by: back, to: clock.wall) }
    }
}
