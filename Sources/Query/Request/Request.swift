import Model

/// A request as a value: what the words of one command mean.
public enum Request: Hashable, Sendable {
    /// A question about the messages, answered from one sequence.
    /// - Parameter withSequence: the reply becomes [sequence, reply] (`AT`).
    case question(Question, withSequence: Bool)
    /// How a question would be answered: lines of text.
    case explain(Question)
    /// One message: an envelope as JSON, to be made durable. The reply is its sequence.
    case append([UInt8])
    /// Fold the head into the index now.
    case checkpoint
    /// Make archives of all journals and merge what can be merged.
    case compact
    /// Compute the rollups anew and put them in the place of those that are there.
    case rebuild
    /// Copy the log into a directory of the server's machine.
    case backup([UInt8])
    /// Rules: which there are, a new one, one that goes.
    case rollup(RollupRequest)
    /// Figures of the running server; no sections mean all.
    case info(sections: [String])
    /// Where feeds may have missed messages.
    case gaps(GapsRequest)
    /// What concerns the connection or the server's face, never the messages.
    case connection(ConnectionRequest)
}

/// `GAPS`: [[number, feed, reason, from, to or nil, state, detail] ...], the newest first.
public struct GapsRequest: Hashable, Sendable {
    /// Only this feed's; nil: all.
    public var feed: [UInt8]?
    /// Only those that are not filled.
    public var onlyUnfilled: Bool
    /// 1...`Limits.replyRowsMax`.
    public var limit: Int

    public init(
        feed: [UInt8]? = nil, onlyUnfilled: Bool = false, limit: Int = Limits.messagesDefault
    ) {
        self.feed = feed
        self.onlyUnfilled = onlyUnfilled
        self.limit = limit
    }
}

/// The questions. Where a reply is described, it is RESP2's; RESP3's has the same shape.
public enum Question: Hashable, Sendable {
    /// How many messages match: an integer.
    case count(Selection)
    /// How many per bucket: [[start in seconds, count] ...], in order of time; with names,
    /// [[name, [[start, count] ...]] ...], by total count, most first, then by name.
    case series(SeriesQuestion)
    /// The names with most messages: [[name, count] ...], by count, most first, then by name.
    case top(TopQuestion)
    /// How many names of a dimension occur in matching messages: an integer.
    case distinct(Dimension, Selection)
    /// The known names of a dimension, in order of bytes: [name ...].
    case names(NamesQuestion)
    /// A name's first and last message's time and its number of messages: [first, last, total],
    /// or nil where there is none.
    case seen(SeenQuestion)
    /// Messages: [next cursor or nil, [[sequence, time, envelope] ...]].
    case messages(MessagesQuestion)
    /// Of every name the newest matching message: [[name, sequence, time, envelope] ...], in order
    /// of the names' bytes.
    case latest(Dimension, Selection)
    /// One message by its id: the envelope, or nil.
    case get(MessageID)
    /// Messages in the order of the log: [next sequence, [[sequence, envelope] ...]].
    case read(ReadQuestion)
    /// What a rule has counted.
    case rule(RuleQuestion)
}

/// Matching messages within a range of time.
public struct Selection: Hashable, Sendable {
    public var filter: Filter
    public var range: TimeRange

    public init(filter: Filter = Filter(), range: TimeRange = .all) {
        self.filter = filter
        self.range = range
    }
}

/// `SERIES`.
public struct SeriesQuestion: Hashable, Sendable {
    /// Whether buckets without messages are listed, as zeros.
    public enum Fill: Hashable, Sendable { case none, zero }

    public var grid: BucketGrid
    /// Count distinct names of this dimension per bucket, rather than messages.
    public var distinct: Dimension?
    /// One series for each name. Not together with `distinct`.
    public var by: Grouping?
    public var selection: Selection
    /// With `.zero` the range is closed and has at most `Limits.seriesBucketsMax` buckets.
    public var fill: Fill

    public init(
        grid: BucketGrid, distinct: Dimension? = nil, by: Grouping? = nil,
        selection: Selection = Selection(), fill: Fill = .none
    ) {
        self.grid = grid
        self.distinct = distinct
        self.by = by
        self.selection = selection
        self.fill = fill
    }
}

/// `BY`.
public struct Grouping: Hashable, Sendable {
    public var dimension: Dimension
    /// Topics only: their first so many dot tokens are the names.
    public var level: Int?
    /// So many names, 1...`Limits.replyRowsMax`.
    public var limit: Int

    public init(
        _ dimension: Dimension, level: Int? = nil, limit: Int = Limits.replyRowsMax
    ) {
        self.dimension = dimension
        self.level = level
        self.limit = limit
    }
}

/// `TOP`.
public struct TopQuestion: Hashable, Sendable {
    /// How many names, 1...`Limits.replyRowsMax`; nil: all.
    public var limit: Int?
    public var dimension: Dimension
    /// Topics only: their first so many dot tokens are the names.
    public var level: Int?
    /// Names that are left out of the list (their messages still count for other names).
    public var except: [[UInt8]]
    public var selection: Selection

    public init(
        limit: Int?, dimension: Dimension, level: Int? = nil, except: [[UInt8]] = [],
        selection: Selection = Selection()
    ) {
        self.limit = limit
        self.dimension = dimension
        self.level = level
        self.except = except
        self.selection = selection
    }
}

/// `NAMES`.
public struct NamesQuestion: Hashable, Sendable {
    public var dimension: Dimension
    /// Names that begin with these bytes; empty: all.
    public var prefix: [UInt8]
    /// Only names whose first message, by time, lies in this range.
    public var new: TimeRange?
    /// 1...`Limits.replyRowsMax`.
    public var limit: Int

    public init(
        dimension: Dimension, prefix: [UInt8] = [], new: TimeRange? = nil,
        limit: Int = Limits.replyRowsMax
    ) {
        self.dimension = dimension
        self.prefix = prefix
        self.new = new
        self.limit = limit
    }
}

/// `SEEN`.
public struct SeenQuestion: Hashable, Sendable {
    public var dimension: Dimension
    public var name: [UInt8]
    public var filter: Filter

    public init(dimension: Dimension, name: [UInt8], filter: Filter = Filter()) {
        self.dimension = dimension
        self.name = name
        self.filter = filter
    }
}

/// `MESSAGES`.
public struct MessagesQuestion: Hashable, Sendable {
    /// By time, then by sequence.
    public enum Order: Hashable, Sendable { case ascending, descending }

    public var selection: Selection
    /// Texts of which the payload must hold at least one, byte for byte; empty: no such condition.
    public var contains: [[UInt8]]
    public var order: Order
    /// 1...`Limits.replyRowsMax`.
    public var limit: Int
    /// Go on behind this one's message; its listing is this one.
    public var after: Cursor?
    /// What every cursor of this listing carries.
    public var listing: UInt64

    public init(
        selection: Selection = Selection(), contains: [[UInt8]] = [], order: Order = .descending,
        limit: Int = Limits.messagesDefault, after: Cursor? = nil, listing: UInt64 = 0
    ) {
        self.selection = selection
        self.contains = contains
        self.order = order
        self.limit = limit
        self.after = after
        self.listing = listing
    }
}

/// `READ`.
public struct ReadQuestion: Hashable, Sendable {
    /// The first sequence to look at, from 1; nil: the one that the next message will get.
    public var from: UInt64?
    public var filter: Filter
    /// 1...`Limits.replyRowsMax`.
    public var limit: Int
    /// How long an empty reply may be put off, 0...`Limits.readWaitMillisecondsMax`.
    public var waitMilliseconds: Int

    public init(
        from: UInt64?, filter: Filter = Filter(), limit: Int = Limits.messagesDefault,
        waitMilliseconds: Int = 0
    ) {
        self.from = from
        self.filter = filter
        self.limit = limit
        self.waitMilliseconds = waitMilliseconds
    }
}

/// What concerns the connection or the server's face.
public enum ConnectionRequest: Hashable, Sendable {
    case ping([UInt8]?)
    case echo([UInt8])
    /// - Parameter version: 2 or 3, or nil to stay with the present one.
    case hello(version: Int?, user: [UInt8]?, name: [UInt8]?)
    case clientID
    case clientGetName
    case clientSetName([UInt8])
    /// `CLIENT SETINFO`: accepted and not kept.
    case clientSetInfo
    /// Empty: all of them.
    case commandInfo([[UInt8]])
    case commandDocs([[UInt8]])
    case commandCount
    case commandList
    case configGet
    case help([UInt8]?)
    case select
    case reset
    case quit
}
