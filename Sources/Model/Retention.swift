/// How long payloads, and counts per minute, are kept. What exact counts need is kept for ever.
public struct Retention: Hashable, Sendable {
    /// Payloads of messages that are older than so many seconds go; nil: none for their age.
    public var seconds: Int64?
    /// Where the payloads take more than so many bytes on disk, the oldest go; nil: however many.
    public var bytes: Int?
    /// Minutes that are older than so many seconds are no longer counted ahead: questions that need
    /// them take longer, and are as exact; nil: all are.
    public var minuteSeconds: Int64?

    public init(seconds: Int64? = nil, bytes: Int? = nil, minuteSeconds: Int64? = nil) {
        self.seconds = seconds
        self.bytes = bytes
        self.minuteSeconds = minuteSeconds
    }

    /// Everything is kept.
    public static let none = Retention()
}
