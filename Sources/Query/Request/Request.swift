import Model

/// A request as a value: what the words of one command mean.
public enum Request: Hashable, Sendable {
    /// A question about the messages, answered from one sequence.
    /// - Parameter withSequence: the reply becomes [sequence, reply] (`AT`).
    case question(Question, withSequence: Bool)
    /// One message: an envelope as JSON, to be made durable. The reply is its sequence.
    case append([UInt8])
    /// Fold the head into the index now.
    case checkpoint
    /// Figures of the running server; no sections mean all.
    case info(sections: [String])
    /// What concerns the connection or the server's face, never the messages.
    case connection(ConnectionRequest)
}

/// The questions. Where a reply is described, it is RESP2's; RESP3's has the same shape.
public enum Question: Hashable, Sendable {
    /// How many messages match: an integer.
    case count(Selection)
    /// How many per bucket: [[start in seconds, count] ...], in order of time.
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
    /// One message by its id: the envelope, or nil.
    case get(MessageID)
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

    public var every: Every
    /// Count distinct names of this dimension per bucket, rather than messages.
    public var distinct: Dimension?
    public var selection: Selection
    /// With `.zero` the range is closed and has at most `Limits.seriesBucketsMax` buckets.
    public var fill: Fill

    public init(
        every: Every, distinct: Dimension? = nil, selection: Selection = Selection(),
        fill: Fill = .none
    ) {
        self.every = every
        self.distinct = distinct
        self.selection = selection
        self.fill = fill
    }
}

/// `TOP`.
public struct TopQuestion: Hashable, Sendable {
    /// How many names, 1...`Limits.replyRowsMax`; nil: all.
    public var limit: Int?
    public var dimension: Dimension
    /// Names that are left out of the list (their messages still count for other names).
    public var except: [[UInt8]]
    public var selection: Selection

    public init(
        limit: Int?, dimension: Dimension, except: [[UInt8]] = [],
        selection: Selection = Selection()
    ) {
        self.limit = limit
        self.dimension = dimension
        self.except = except
        self.selection = selection
    }
}

/// `NAMES`.
public struct NamesQuestion: Hashable, Sendable {
    public var dimension: Dimension
    /// Names that begin with these bytes; empty: all.
    public var prefix: [UInt8]
    /// 1...`Limits.replyRowsMax`.
    public var limit: Int

    public init(dimension: Dimension, prefix: [UInt8] = [], limit: Int = Limits.replyRowsMax) {
        self.dimension = dimension
        self.prefix = prefix
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
