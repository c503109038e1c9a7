import Glibc
import Tallylog

/// Small durable appends, each beside a bare one: the same bytes appended to a plain file and
/// synchronized. In turn, on a schedule, so that both meet the same moments of the disk; a time
/// counts from when its append was due, so that one that comes late is not forgiven.
enum Singles {
    private static let interval: Int64 = 5_000_000

    static func measure(_ data: String, _ directory: String, _ count: Int) async throws {
        let file = try TextFile(data + "/msgs.jsonl")
        let store = try Store.open(directory, profile: "generic")
        let path = directory + "/bare"
        let bare = open(path, O_CREAT | O_WRONLY | O_TRUNC | O_APPEND, 0o644)
        precondition(bare >= 0, "\(path) can be written")
        var taken: (bare: [Int64], store: [Int64]) = ([], [])
        let start = Stopwatch.nanoseconds
        for (number, line) in file.lines.prefix(count).enumerated() {
            let due = start + Int64(number) * 2 * interval
            try await Task.sleep(for: .nanoseconds(max(0, due - Stopwatch.nanoseconds)))
            let written = write(bare, line.baseAddress, line.count)
            precondition(written == line.count && fdatasync(bare) == 0, "\(path) is written")
            taken.bare.append(Stopwatch.nanoseconds - due)
            var batch = store.makeBatch()
            _ = batch.add(Array(line))
            let dueOurs = due + interval
            try await Task.sleep(for: .nanoseconds(max(0, dueOurs - Stopwatch.nanoseconds)))
            _ = try await store.append(batch)
            taken.store.append(Stopwatch.nanoseconds - dueOurs)
        }
        close(bare)
        unlink(path)
        for (name, times) in [("bare append", taken.bare), ("append", taken.store)] {
            let sorted = times.sorted()
            print(
                "\(name): p50 \(sorted[count / 2] / 1_000) us, "
                    + "p99 \(sorted[count * 99 / 100] / 1_000) us, "
                    + "longest \((sorted.last ?? 0) / 1_000) us")
        }
        try store.close()
    }
}
