import CSimdJSON
import Model

/// What an envelope says of the process that sent it, and of how many it has sent.
package struct Origin: Sendable {
    /// The message's time.
    package var time = Timestamp(microseconds: 0)
    /// `i`: counts what one process has sent, from 1.
    package private(set) var counter: Int64?
    /// `seq_id`: counts what one service has sent, also across its restarts.
    package private(set) var sequence: Int64?
    /// Where in the envelope the user stands, as whom the process runs.
    private var username = 0..<0
    /// Where the end of the certificate stands, which no other certificate has: its signature.
    private var certificate = 0..<0

    /// So much of a certificate's text, in base 64 twice, reaches from its end well into the
    /// signature.
    private static let certificateBytes = 192

    init() {}

    init(
        _ fields: tallylog_json_envelope, _ envelope: UnsafeRawBufferPointer, time: Timestamp
    ) {
        self.time = time
        counter = unsafe Self.integer(fields.i, envelope)
        sequence = unsafe Self.integer(fields.seq_id, envelope)
        username = Self.text(fields.username)
        let whole = Self.text(fields.certificate)
        certificate =
            max(whole.lowerBound, whole.upperBound - Self.certificateBytes)..<whole.upperBound
    }

    /// A number for the publisher: equal for the messages of one, as far as messages tell.
    /// - Parameters:
    ///   - service: the first tokens of the topic, up to the service's name.
    ///   - envelope: the bytes of which this is the origin.
    package func publisher(
        service: UnsafeRawBufferPointer, envelope: UnsafeRawBufferPointer
    ) -> Int {
        var hasher = Hasher()
        unsafe hasher.combine(bytes: service)
        hasher.combine(0 as UInt8)
        unsafe hasher.combine(bytes: UnsafeRawBufferPointer(rebasing: envelope[username]))
        hasher.combine(0 as UInt8)
        unsafe hasher.combine(bytes: UnsafeRawBufferPointer(rebasing: envelope[certificate]))
        return hasher.finalize()
    }

    private static func text(_ value: tallylog_json_value) -> Range<Int> {
        Int(value.kind) == TALLYLOG_JSON_STRING ? Int(value.start)..<Int(value.end) : 0..<0
    }

    /// Python writes integers of any size; one that does not fit counts nothing.
    private static func integer(
        _ value: tallylog_json_value, _ envelope: UnsafeRawBufferPointer
    ) -> Int64? {
        guard Int(value.kind) == TALLYLOG_JSON_INTEGER, value.end - value.start < 19 else {
            return nil
        }
        var number: Int64 = 0
        for place in Int(value.start)..<Int(value.end) {
            let digit = unsafe envelope[place] &- UInt8(ascii: "0")
            guard digit < 10 else { return nil }
            number = number * 10 + Int64(digit)
        }
        return number
    }
}
