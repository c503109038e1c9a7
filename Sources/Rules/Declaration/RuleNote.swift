import Model

/// What a control record about rules says. Rules are no function of messages, so they are in the
/// log.
package enum RuleNote: Hashable, Sendable {
    /// - Parameters:
    ///   - number: 1, 2, 3 ... in the order of the log, never used again.
    ///   - definition: the rule's canonical text.
    case created(number: UInt32, definition: String)
    case dropped(number: UInt32)
    /// Buckets of a width that begin before a time are no longer kept.
    case horizon(number: UInt32, widthSeconds: Int64, before: Timestamp)

    private enum What: UInt8 {
        case created = 1
        case dropped = 2
        case horizon = 3
    }

    /// u8 what, 3 zero bytes, u32 number, i64 width in seconds, i64 microseconds, the definition.
    private static let headerBytes = 24

    /// What a record's payload says; nil where it is of a later version.
    package init?(_ payload: [UInt8]) {
        guard payload.count >= Self.headerBytes, let what = What(rawValue: payload[0]) else {
            return nil
        }
        let (number, width, time) = unsafe payload.withUnsafeBytes {
            unsafe (
                $0.integer(at: 4, as: UInt32.self), $0.integer(at: 8, as: Int64.self),
                $0.integer(at: 16, as: Int64.self)
            )
        }
        switch what {
        case .created:
            self = .created(
                number: number,
                definition: String(decoding: payload[Self.headerBytes...], as: UTF8.self))
        case .dropped: self = .dropped(number: number)
        case .horizon:
            self = .horizon(
                number: number, widthSeconds: width, before: Timestamp(microseconds: time))
        }
    }

    /// The record's payload.
    package var payload: [UInt8] {
        switch self {
        case .created(let number, let definition):
            Self.payload(.created, number) + Array(definition.utf8)
        case .dropped(let number): Self.payload(.dropped, number)
        case .horizon(let number, let width, let before):
            Self.payload(.horizon, number, width, before.microseconds)
        }
    }

    private static func payload(
        _ what: What, _ number: UInt32, _ width: Int64 = 0, _ time: Int64 = 0
    ) -> [UInt8] {
        var payload: [UInt8] = [what.rawValue, 0, 0, 0]
        payload.append(integer: number)
        payload.append(integer: width)
        payload.append(integer: time)
        return payload
    }
}
