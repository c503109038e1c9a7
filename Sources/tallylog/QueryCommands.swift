import ArgumentParser

struct Count: QueryCommand {
    static let word = "COUNT"
    static let shape = AnswerTable.Shape.values("count")
    static let configuration = described("count", "USER ralph NOT CATEGORY git")
    @OptionGroup var target: Target
    @OptionGroup var output: OutputOptions
    @Argument(help: "The words of the question.") var words: [String] = []
}

struct Series: QueryCommand {
    static let word = "SERIES"
    static let shape = AnswerTable.Shape.series
    static let configuration = described("series", "1d CATEGORY git LAST 30d")
    @OptionGroup var target: Target
    @OptionGroup var output: OutputOptions
    @Argument(help: "The words of the question.") var words: [String] = []
}

struct Top: QueryCommand {
    static let word = "TOP"
    static let shape = AnswerTable.Shape.ranking
    static let configuration = described("top", "10 user CATEGORY git LAST 7d")
    @OptionGroup var target: Target
    @OptionGroup var output: OutputOptions
    @Argument(help: "The words of the question.") var words: [String] = []
}

struct Distinct: QueryCommand {
    static let word = "DISTINCT"
    static let shape = AnswerTable.Shape.values("count")
    static let configuration = described("distinct", "user LAST 1d")
    @OptionGroup var target: Target
    @OptionGroup var output: OutputOptions
    @Argument(help: "The words of the question.") var words: [String] = []
}

struct Names: QueryCommand {
    static let word = "NAMES"
    static let shape = AnswerTable.Shape.values("name")
    static let configuration = described("names", "topic PREFIX org.example.prod.git.")
    @OptionGroup var target: Target
    @OptionGroup var output: OutputOptions
    @Argument(help: "The words of the question.") var words: [String] = []
}

struct Seen: QueryCommand {
    static let word = "SEEN"
    static let shape = AnswerTable.Shape.seen
    static let configuration = described("seen", "user ralph")
    @OptionGroup var target: Target
    @OptionGroup var output: OutputOptions
    @Argument(help: "The words of the question.") var words: [String] = []
}

struct Messages: QueryCommand {
    static let word = "MESSAGES"
    static let shape = AnswerTable.Shape.messages
    static let configuration = described("messages", "USER ralph CONTAINS fix LIMIT 5")
    @OptionGroup var target: Target
    @OptionGroup var output: OutputOptions
    @Argument(help: "The words of the question.") var words: [String] = []
}

struct LatestOfEach: QueryCommand {
    static let word = "LATEST"
    static let shape = AnswerTable.Shape.latest
    static let configuration = described("latest", "BY topic CATEGORY compose")
    @OptionGroup var target: Target
    @OptionGroup var output: OutputOptions
    @Argument(help: "The words of the question.") var words: [String] = []
}

struct Read: QueryCommand {
    static let word = "READ"
    static let shape = AnswerTable.Shape.page
    static let configuration = described("read", "FROM 1 USER ralph LIMIT 5")
    @OptionGroup var target: Target
    @OptionGroup var output: OutputOptions
    @Argument(help: "The words of the question.") var words: [String] = []
}

struct Values: QueryCommand {
    static let word = "VALUES"
    static let shape = AnswerTable.Shape.amounts
    static let configuration = described("values", "1d RULE builds seconds LAST 30d")
    @OptionGroup var target: Target
    @OptionGroup var output: OutputOptions
    @Argument(help: "The words of the question.") var words: [String] = []
}

struct Rollup: QueryCommand {
    static let word = "ROLLUP"
    static let shape = AnswerTable.Shape.rules
    static let configuration = described("rollup", "LIST")
    @OptionGroup var target: Target
    @OptionGroup var output: OutputOptions
    @Argument(help: "The words of the command.") var words: [String] = []
}

struct Explain: QueryCommand {
    static let word = "EXPLAIN"
    static let shape = AnswerTable.Shape.values("line")
    static let configuration = described("explain", "COUNT USER ralph LAST 7d")
    @OptionGroup var target: Target
    @OptionGroup var output: OutputOptions
    @Argument(help: "The words of the question.") var words: [String] = []
}

struct Get: QueryCommand {
    static let word = "GET"
    static let shape = AnswerTable.Shape.envelope
    static let configuration = described("get", "2026-6a1f0c3e-8d4b-4d55")
    @OptionGroup var target: Target
    @OptionGroup var output: OutputOptions
    @Argument(help: "The words of the question.") var words: [String] = []
}

struct Info: QueryCommand {
    static let word = "INFO"
    static let shape = AnswerTable.Shape.figures
    static let configuration = described("info", "store")
    @OptionGroup var target: Target
    @OptionGroup var output: OutputOptions
    @Argument(help: "The words of the question.") var words: [String] = []
}

struct Gaps: QueryCommand {
    static let word = "GAPS"
    static let shape = AnswerTable.Shape.gaps
    static let configuration = described("gaps", "UNFILLED LIMIT 20")
    @OptionGroup var target: Target
    @OptionGroup var output: OutputOptions
    @Argument(help: "The words of the question.") var words: [String] = []
}

struct Checkpoint: QueryCommand {
    static let word = "CHECKPOINT"
    static let shape = AnswerTable.Shape.values("sequence")
    static let configuration = described("checkpoint")
    @OptionGroup var target: Target
    @OptionGroup var output: OutputOptions
    @Argument(help: "The words of the question.") var words: [String] = []
}

struct Compact: QueryCommand {
    static let word = "COMPACT"
    static let shape = AnswerTable.Shape.values("state")
    static let configuration = described("compact")
    @OptionGroup var target: Target
    @OptionGroup var output: OutputOptions
    @Argument(help: "The words of the question.") var words: [String] = []

    mutating func run() throws {
        let bar = CompactionBar(socket: target.socketPath)
        defer { bar.finish() }
        try answer()
    }
}

struct Backup: QueryCommand {
    static let word = "BACKUP"
    static let shape = AnswerTable.Shape.values("sequence")
    static let configuration = described("backup", "/var/backups/tallylog")
    @OptionGroup var target: Target
    @OptionGroup var output: OutputOptions
    @Argument(help: "The words of the question.") var words: [String] = []

    /// A server has a working directory of its own, so it is told the whole path.
    mutating func run() throws {
        if let directory = words.first, !directory.isEmpty {
            words[0] = StoreDirectory.wholePath(directory)
        }
        try answer()
    }
}
