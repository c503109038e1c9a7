import Tallylog

/// The example of README.md, as it stands there between the two marks, with a `print` that can be
/// read back.
struct Embedding {
    private(set) var printed: [String] = []

    private mutating func print(_ items: Any...) {
        printed.append(items.map { "\($0)" }.joined(separator: " "))
    }

    mutating func run(in directory: String) async throws {
        // The example begins.
        let store = try Store.open(directory)
        try await store.append(
            #"{"topic":"org.example.prod.git.push","msg":{"agent":"ann"},"timestamp":1767225600}"#)
        let since = TimeRange(lower: Timestamp(seconds: 1_767_225_600))
        print(try store.count(Selection(range: since)))
        print(try store.top(10, .user, Selection(range: since)))
        print(try store.series(Every(1, .day)), try store.messages(limit: 1))
        try store.close()
        // The example ends.
    }
}
