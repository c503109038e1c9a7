// What could go wrong: a source that is down is asked without pause, or after hours; many clients
// come back in the same moment; a source that asks for patience gets none, or unbounded.
import Backfill
import Model
import TestSupport
import Testing

@Suite struct RetryDelayTests {
    @Test func staysWithinItsBounds() {
        var random = SeededGenerator(seed: 1)
        var delay = RetryDelay()
        var all: [Double] = []
        for number in 0..<60 {
            let seconds = delay.next(wanted: nil, using: &random)
            let whole = min(
                Double(Limits.backfillRetrySecondsMax),
                Double(Limits.backfillRetrySecondsMin << Int64(min(number, 20))))
            #expect(seconds >= whole / 2 && seconds <= whole, "failure \(number)")
            all.append(seconds)
        }
        #expect(Set(all.suffix(40)).count > 30, "the last ones differ")
        delay.reset()
        #expect(
            delay.next(wanted: nil, using: &random) <= Double(Limits.backfillRetrySecondsMin))
    }

    @Test func givesASourceTheTimeThatItWants() {
        var random = SeededGenerator(seed: 2)
        var delay = RetryDelay()
        let seconds = delay.next(wanted: 30, using: &random)
        #expect(seconds >= 30)
        let longest = Double(Limits.backfillRetrySecondsMax)
        #expect(delay.next(wanted: 1 << 40, using: &random) == longest)
    }
}
