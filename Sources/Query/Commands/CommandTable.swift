/// Every command, in the order of `HELP`.
package enum CommandTable {
    package static let all: [Command] = questions + operations + connection

    /// - Parameter name: in any letter case.
    package static func command(_ name: String) -> Command? {
        let capitals = name.uppercased()
        return all.first { $0.name == capitals }
    }

    private static let dimensions = [
        "topic", "category", "user", "package", "agent", "object", "signature",
    ]
    private static let dimension = CommandArgument.value("dimension")
    private static let filter = CommandArgument.block(
        "filter",
        [
            .word("NOT").optional,
            .oneOf("dimension", dimensions.map { .word($0.uppercased()) }),
            .value("name"),
        ]
    ).multiple.optional
    private static let keyFilter = CommandArgument.block(
        "filter", [.word("NOT").optional, .value("key"), .value("name")]
    ).multiple.optional
    private static let range = CommandArgument.oneOf(
        "range",
        [
            .block(
                "ends",
                [.option("FROM", "time", .time).optional, .option("TO", "time", .time).optional]),
            .option("LAST", "length"),
        ]
    ).optional
    private static let rule = CommandArgument.option("RULE", "rule").optional
    private static let zone = CommandArgument.option("TZ", "zone").optional
    private static let level = CommandArgument.option("LEVEL", "tokens", .integer).optional
    private static let at = CommandArgument.word("AT").optional
    private static let limit = CommandArgument.option("LIMIT", "rows", .integer).optional
    private static let selection = [filter, rule, range, zone, at]

    static let questions: [Command] = [
        Command(
            "COUNT", arity: -1, flags: ["readonly", "fast"], group: "questions",
            "Counts messages", selection),
        Command(
            "SERIES", arity: -2, flags: ["readonly"], group: "questions",
            "Counts messages, or distinct names, per bucket of time, or for each name",
            [
                .value("every"), CommandArgument.option("DISTINCT", "dimension").optional,
                filter, rule, range,
                CommandArgument.block(
                    "by",
                    [
                        .option("BY", "dimension"), level,
                        CommandArgument.option("LIMIT", "names", .integer).optional,
                    ]
                )
                .optional,
                CommandArgument.option("STEP", "step").optional,
                CommandArgument.option("ORIGIN", "time", .time).optional,
                CommandArgument.block(
                    "fill", [.word("FILL"), .oneOf("fill", [.word("zero"), .word("none")])]
                )
                .optional,
                zone, at,
            ]),
        Command(
            "TOP", arity: -3, flags: ["readonly"], group: "questions",
            "Ranks the names of a dimension by their number of messages",
            [
                .oneOf("limit", [.value("rows", .integer), .word("ALL")]), dimension, level,
                CommandArgument.option("EXCEPT", "name").multiple.optional,
            ] + selection),
        Command(
            "DISTINCT", arity: -2, flags: ["readonly"], group: "questions",
            "Counts the names of a dimension that occur", [dimension] + selection),
        Command(
            "NAMES", arity: -2, flags: ["readonly"], group: "questions",
            "Lists the known names of a dimension, or those that first occurred in a range",
            [
                dimension, CommandArgument.option("PREFIX", "prefix").optional,
                CommandArgument.block("new", [.word("NEW"), range]).optional, limit, zone, at,
            ]),
        Command(
            "SEEN", arity: -3, flags: ["readonly"], group: "questions",
            "Tells when a name first and last occurred, and in how many messages",
            [dimension, .value("name"), filter, at]),
        Command(
            "MESSAGES", arity: -1, flags: ["readonly"], group: "questions",
            "Lists messages",
            [
                filter, range, CommandArgument.option("CONTAINS", "text").multiple.optional,
                CommandArgument.block(
                    "order", [.word("ORDER"), .oneOf("order", [.word("asc"), .word("desc")])]
                )
                .optional,
                limit, CommandArgument.option("AFTER", "cursor").optional, zone, at,
            ]),
        Command(
            "LATEST", arity: -3, flags: ["readonly"], group: "questions",
            "Shows the newest message of every name, or what a rule keeps of it",
            [.oneOf("what", [.option("BY", "dimension"), .option("RULE", "rule")])] + selection),
        Command(
            "VALUES", arity: -5, flags: ["readonly"], group: "questions",
            "Shows what an aggregate of a rule has become, in all, per bucket, or for each value",
            [
                .oneOf("every", [.value("every"), .word("TOTAL")]), .option("RULE", "rule"),
                .value("aggregate"), keyFilter, range, CommandArgument.option("BY", "key").optional,
                CommandArgument.option("QUANTILE", "part").multiple.optional,
                CommandArgument.option("ORIGIN", "time", .time).optional, zone, at,
            ]),
        Command(
            "GET", arity: -2, flags: ["readonly", "fast"], group: "questions",
            "Returns one message by its id", [.value("id"), at]),
        Command(
            "READ", arity: -3, flags: ["readonly", "blocking"], group: "questions",
            "Reads messages in the order of the log, and waits for new ones",
            [
                .option("FROM", "sequence"), filter, limit,
                CommandArgument.option("WAIT", "milliseconds", .integer).optional, at,
            ]),
    ]

    private static let operations: [Command] = [
        Command(
            "EXPLAIN", arity: -2, flags: ["readonly"], group: "operations",
            "Tells how a question would be answered", [.value("question").multiple]),
        Command(
            "APPEND", arity: 2, flags: ["write"], group: "operations",
            "Adds a message and answers once it is on disk", [.value("envelope")]),
        Command(
            "CHECKPOINT", arity: 1, flags: ["admin"], group: "operations",
            "Folds what is counted in memory into the index"),
        Command(
            "COMPACT", arity: 1, flags: ["admin"], group: "operations",
            "Makes archives of all journals, merges small segments and rewrites the index"),
        Command(
            "REBUILD", arity: 1, flags: ["admin"], group: "operations",
            "Computes the index from the log and puts it in the place of the old one"),
        Command(
            "BACKUP", arity: 2, flags: ["admin"], group: "operations",
            "Copies the log, as of one sequence, into a directory", [.value("directory")]),
        Command(
            "ROLLUP", arity: -2, flags: ["admin"], group: "operations",
            "Lists the rules, adds one, or drops one",
            [
                .oneOf(
                    "subcommand",
                    [
                        .word("LIST"), .option("CREATE", "definition"), .option("DROP", "rule"),
                    ])
            ]),
        Command(
            "INFO", arity: -1, flags: ["readonly", "fast"], group: "operations",
            "Shows the figures of the running server",
            [CommandArgument.value("section").multiple.optional]),
        Command(
            "GAPS", arity: -1, flags: ["readonly", "fast"], group: "operations",
            "Lists where feeds may have missed messages",
            [
                CommandArgument.option("FEED", "name").optional,
                CommandArgument.word("UNFILLED").optional, limit,
            ]),
    ]

    private static let connection: [Command] = [
        Command(
            "PING", arity: -1, flags: ["fast"], group: "connection",
            "Answers PONG, or the message", [CommandArgument.value("message").optional]),
        Command(
            "ECHO", arity: 2, flags: ["fast"], group: "connection",
            "Answers the message", [.value("message")]),
        Command(
            "HELLO", arity: -1, flags: ["fast"], group: "connection",
            "Chooses the protocol's version and tells about the server",
            [
                CommandArgument.block(
                    "arguments",
                    [
                        .value("version", .integer),
                        CommandArgument.block(
                            "auth", [.word("AUTH"), .value("user"), .value("password")]
                        )
                        .optional,
                        CommandArgument.option("SETNAME", "name").optional,
                    ]
                ).optional
            ]),
        Command(
            "CLIENT", arity: -2, flags: ["fast"], group: "connection",
            "Tells or sets what the server knows of the connection",
            [
                .oneOf(
                    "subcommand",
                    [
                        .word("ID"), .word("GETNAME"), .option("SETNAME", "name"),
                        .block("info", [.word("SETINFO"), .value("attribute"), .value("value")]),
                    ])
            ]),
        Command(
            "COMMAND", arity: -1, flags: ["fast"], group: "connection",
            "Describes the commands",
            [
                CommandArgument.oneOf(
                    "subcommand",
                    [
                        .word("COUNT"), .word("LIST"),
                        .block(
                            "docs",
                            [.word("DOCS"), CommandArgument.value("name").multiple.optional]),
                        .block(
                            "info",
                            [.word("INFO"), CommandArgument.value("name").multiple.optional]),
                    ]
                ).optional
            ]),
        Command(
            "CONFIG", arity: -3, flags: ["fast"], group: "connection",
            "Answers an empty list, for clients that ask",
            [.word("GET"), CommandArgument.value("pattern", .pattern).multiple]),
        Command(
            "HELP", arity: -1, flags: ["fast"], group: "connection",
            "Shows the commands, or one of them", [CommandArgument.value("command").optional]),
        Command(
            "SELECT", arity: 2, flags: ["fast"], group: "connection",
            "Accepts database 0, the only one", [.value("database", .integer)]),
        Command(
            "RESET", arity: 1, flags: ["fast"], group: "connection",
            "Forgets the connection's name and goes back to RESP2"),
        Command(
            "QUIT", arity: -1, flags: ["fast"], group: "connection",
            "Answers OK and closes the connection"),
    ]
}
