/// How long payloads are kept. What counts need is kept for ever.
public struct Retention: Hashable, Sendable {
    /// Payloads of messages that are older than so many seconds go; nil: none for their age.
    public var seconds: Int64?
    /// Where the payloads take more than so many bytes on disk, the oldest go; nil: however many.
    public var bytes: Int?

    public init(seconds: Int64? = nil, bytes: Int? = nil) {
        self.seconds = seconds
        self.bytes = bytes
    }

    /// Everything is kept.
    public static let none = Retention()
}
