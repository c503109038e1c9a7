import Model

/// What a feed's control record says: how far it has come, or what it may have missed. Notes are
/// facts of their own: no message tells them, so they are in the log.
package enum FeedNote: Hashable, Sendable {
    /// All that reached the feed before `time` is in the log, or in a gap.
    case heard(feed: String, time: Timestamp)
    /// - Parameter to: nil: it grows.
    case gapBegan(
        number: UInt64, feed: String, Gap.Reason, from: Timestamp, to: Timestamp?, detail: String)
    /// The gap ends at `to`; nil: it grows again.
    case gapEnded(number: UInt64, to: Timestamp?)
    /// All that `source` has of the gap from before `time` is in the log.
    case fetched(number: UInt64, source: String, before: Timestamp)
    /// All that `source` has of the gap is in the log.
    case filled(number: UInt64, source: String)
    /// `source`, another log, was read up to the sequence `next`; older messages than `floor`
    /// were left out.
    case read(feed: String, source: String, next: UInt64, floor: Timestamp)

    private enum What: UInt8 {
        case heard = 1
        case gapBegan = 2
        case gapEnded = 3
        case fetched = 4
        case filled = 5
        case read = 6
    }

    /// u8 what, u8 reason, u16 length of the feed's name, u16 length of the text, u16 zero, u64
    /// number, i64 first time, i64 second time, the feed's name, the text.
    private static let headerBytes = 32
    /// Stands for "not yet".
    private static let open = Int64.max

    /// What a control record says; nil where it is none of a feed, or one of a later version.
    package init?(_ record: ControlRecord) {
        guard record.kind == Record.Kind.feed, record.payload.count >= Self.headerBytes,
            let what = What(rawValue: record.payload[0])
        else { return nil }
        let (feedBytes, textBytes, number, first, second) = unsafe record.payload.withUnsafeBytes {
            unsafe (
                Int($0.integer(at: 2, as: UInt16.self)), Int($0.integer(at: 4, as: UInt16.self)),
                $0.integer(at: 8, as: UInt64.self), $0.integer(at: 16, as: Int64.self),
                $0.integer(at: 24, as: Int64.self)
            )
        }
        guard record.payload.count == Self.headerBytes + feedBytes + textBytes else { return nil }
        let texts = record.payload[Self.headerBytes...]
        let feed = String(decoding: texts.prefix(feedBytes), as: UTF8.self)
        let text = String(decoding: texts.dropFirst(feedBytes), as: UTF8.self)
        let from = Timestamp(microseconds: first)
        let to = second == Self.open ? nil : Timestamp(microseconds: second)
        switch what {
        case .heard: self = .heard(feed: feed, time: from)
        case .gapBegan:
            guard let reason = Gap.Reason(rawValue: record.payload[1]) else { return nil }
            self = .gapBegan(
                number: number, feed: feed, reason, from: from, to: to, detail: text)
        case .gapEnded: self = .gapEnded(number: number, to: to)
        case .fetched: self = .fetched(number: number, source: text, before: from)
        case .filled: self = .filled(number: number, source: text)
        case .read: self = .read(feed: feed, source: text, next: number, floor: from)
        }
    }

    /// The record's payload.
    package var payload: [UInt8] {
        switch self {
        case .heard(let feed, let time):
            Self.payload(.heard, feed: feed, first: time)
        case .gapBegan(let number, let feed, let reason, let from, let to, let detail):
            Self.payload(
                .gapBegan, reason: reason, number: number, feed: feed, text: detail, first: from,
                second: to)
        case .gapEnded(let number, let to):
            Self.payload(.gapEnded, number: number, second: to)
        case .fetched(let number, let source, let before):
            Self.payload(.fetched, number: number, text: source, first: before)
        case .filled(let number, let source):
            Self.payload(.filled, number: number, text: source)
        case .read(let feed, let source, let next, let floor):
            Self.payload(.read, number: next, feed: feed, text: source, first: floor)
        }
    }

    private static func payload(
        _ what: What, reason: Gap.Reason? = nil, number: UInt64 = 0, feed: String = "",
        text: String = "", first: Timestamp = Timestamp(microseconds: 0), second: Timestamp? = nil
    ) -> [UInt8] {
        let feed = feed.utf8.prefix(Limits.feedTextBytesMax)
        let text = text.utf8.prefix(Limits.feedTextBytesMax)
        var payload: [UInt8] = [what.rawValue, reason?.rawValue ?? 0]
        payload.append(integer: UInt16(feed.count))
        payload.append(integer: UInt16(text.count))
        payload.append(integer: UInt16(0))
        payload.append(integer: number)
        payload.append(integer: first.microseconds)
        payload.append(integer: second?.microseconds ?? open)
        payload.append(contentsOf: feed)
        payload.append(contentsOf: text)
        return payload
    }
}
