import CSimdJSON
import Model
import Signatures

/// The work and the scratch memory of an `EnvelopeParser`: a value that one class holds, so that
/// each message pays for one check of exclusive access and not for one per field.
@safe
struct EnvelopeReader: ~Copyable {
    /// The names that were left out because they were too long or too many, since the beginning.
    var namesSkipped: Int { names.skipped }

    /// What the last envelope says of its sender, where it was accepted.
    private(set) var origin = Origin()

    /// What was found of its signature; nil where nobody looked.
    private(set) var judgement: Judgement?

    private let parser: OpaquePointer
    private var rules: TopicRules
    private var names = NameSet()
    private var extractor: NameExtractor
    /// A record's bytes before its payload are written here.
    private let head: UnsafeMutableRawBufferPointer
    private var hashed: [UInt8] = []
    private let signatures: EnvelopeSignatures?

    /// - Parameters:
    ///   - profile: tells which fields name users and packages.
    ///   - signatures: judges signatures; nil: nobody asks for them.
    init(profile: Profile, signatures: SignatureChecker? = nil) {
        guard let parser = unsafe tallylog_json_create() else {
            preconditionFailure("there is memory for a JSON parser")
        }
        unsafe self.parser = unsafe parser
        self.signatures = signatures.map { unsafe EnvelopeSignatures($0, parser) }
        rules = TopicRules(profile)
        extractor = NameExtractor(aliases: profile.aliases)
        // As many bytes as a record may need; pages that no record needs are never touched.
        unsafe head = .allocate(
            byteCount: Record.headerBytes
                + Limits.namesPerMessageMax * (Record.nameEntryBytes + Limits.nameBytesMax),
            alignment: 8)
    }

    deinit {
        unsafe tallylog_json_destroy(parser)
        unsafe head.deallocate()
    }

    /// See `EnvelopeParser.append`.
    mutating func append(
        _ envelope: UnsafeRawBufferPointer, frameTopic: UnsafeRawBufferPointer?,
        arrival: Timestamp, to batch: inout RecordBatch
    ) -> ParseOutcome {
        guard envelope.count <= Limits.payloadBytesMax else { return .rejected(.tooLong) }
        var fields = tallylog_json_envelope()
        let code = unsafe tallylog_json_parse(
            parser, envelope.baseAddress?.assumingMemoryBound(to: UInt8.self), envelope.count,
            UInt32(Limits.jsonDepthMax), &fields)
        if let rejection = Self.rejection(of: code) { return .rejected(rejection) }

        unsafe names.begin(payload: envelope)
        if let rejection = unsafe readTopic(fields.topic, frameTopic) {
            return .rejected(rejection)
        }
        var flags: UInt8 = 0
        let timestamp: Timestamp
        switch unsafe readTimestamp(fields.timestamp, envelope, arrival: arrival) {
        case .success(.some(let own)):
            timestamp = own
        case .success(.none):
            timestamp = arrival
            flags |= Record.Flags.arrivalTime
        case .failure(let rejection):
            return .rejected(rejection)
        }

        let topicEntry = unsafe names.entries[0]
        let topicStart = Int(topicEntry.offset)
        let topic = (
            isOwn: topicEntry.isOwn, range: topicStart..<topicStart + Int(topicEntry.length)
        )
        if let signatures {
            let rejection = judge(signatures, topic: topic, time: timestamp, now: arrival)
            if let rejection { return .rejected(rejection) }
        }
        let second = flags & Record.Flags.arrivalTime == 0 ? timestamp.seconds : nil
        let id = unsafe readID(fields, envelope, topic: topic, second: second)
        let rule = unsafe names.withBytes(isOwn: topic.isOwn, topic.range) {
            unsafe rules.rule(of: $0)
        }
        extractor.extract(
            rule, from: unsafe FieldFinder.Message(parser, msgNumber: fields.msg_number),
            into: &names)
        unsafe encode(flags: flags, timestamp: timestamp, id: id, envelope, to: &batch)
        origin = unsafe Origin(fields, envelope, time: timestamp)
        return .record
    }

    /// Judges the signature and leaves the verdict as a name, the first behind the topic, where no
    /// number of other names can crowd it out.
    private mutating func judge(
        _ signatures: EnvelopeSignatures, topic: (isOwn: Bool, range: Range<Int>),
        time: Timestamp, now: Timestamp
    ) -> Rejection? {
        let found = unsafe names.withBytes(isOwn: topic.isOwn, topic.range) {
            unsafe signatures.judge(topic: $0, time: time, now: now)
        }
        judgement = found
        if signatures.isRequired, let rejection = Rejection(found.verdict) { return rejection }
        let start = names.own.count
        names.append(Array(found.verdict.rawValue.utf8))
        names.insert(.signature, names.own(from: start))
        return nil
    }

    /// Leaves an envelope's names in `names`.
    /// - Returns: the rule that counted.
    mutating func find(
        in envelope: UnsafeRawBufferPointer
    ) -> Result<ExtractionRule, Rejection> {
        guard envelope.count <= Limits.payloadBytesMax else { return .failure(.tooLong) }
        var fields = tallylog_json_envelope()
        let code = unsafe tallylog_json_parse(
            parser, envelope.baseAddress?.assumingMemoryBound(to: UInt8.self), envelope.count,
            UInt32(Limits.jsonDepthMax), &fields)
        if let rejection = Self.rejection(of: code) { return .failure(rejection) }
        unsafe names.begin(payload: envelope)
        if let rejection = unsafe readTopic(fields.topic, nil) { return .failure(rejection) }
        let topic = unsafe names.entries[0]
        let range = Int(topic.offset)..<Int(topic.offset) + Int(topic.length)
        let rule = unsafe names.withBytes(isOwn: topic.isOwn, range) { unsafe rules.rule(of: $0) }
        extractor.extract(
            rule, from: unsafe FieldFinder.Message(parser, msgNumber: fields.msg_number),
            into: &names)
        return .success(rule.rule)
    }

    /// Calls `body` with each name that `find` left.
    func forEachFound(_ body: (Dimension, UnsafeRawBufferPointer) -> Void) {
        for place in 0..<names.count {
            let entry = unsafe names.entries[place]
            let start = Int(entry.offset)
            unsafe names.withBytes(isOwn: entry.isOwn, start..<start + Int(entry.length)) {
                unsafe body(Dimension(code: entry.dimension), $0)
            }
        }
    }

    private static func rejection(of code: Int32) -> Rejection? {
        switch Int(code) {
        case TALLYLOG_JSON_OK: return nil
        case TALLYLOG_JSON_NOT_UTF8: return .notUTF8
        case TALLYLOG_JSON_TOO_DEEP: return .tooDeep
        case TALLYLOG_JSON_NOT_OBJECT: return .notAnObject
        case TALLYLOG_JSON_NO_MEMORY:
            preconditionFailure("there is memory for the values of one envelope")
        default: return .notJSON
        }
    }

    /// Takes the topic as the first name.
    private mutating func readTopic(
        _ value: tallylog_json_value, _ frameTopic: UnsafeRawBufferPointer?
    ) -> Rejection? {
        let kind = Int(value.kind)
        if kind == TALLYLOG_JSON_ABSENT || kind == TALLYLOG_JSON_NULL {
            return .topicMissing
        }
        guard kind == TALLYLOG_JSON_STRING else { return .topicNotString }
        let (isOwn, range) = unescaped(value)
        if range.isEmpty { return .topicMissing }
        if range.count > Limits.nameBytesMax { return .topicTooLong }
        if let frameTopic = unsafe frameTopic {
            let same = unsafe names.withBytes(isOwn: isOwn, range) {
                unsafe bytesEqual($0, frameTopic)
            }
            if !same { return .topicMismatch }
        }
        if isOwn {
            names.insert(.topic, inOwn: range)
        } else {
            names.insert(.topic, inPayload: range)
        }
        return nil
    }

    /// Where a string's text stands: in the payload if it has no escapes.
    private mutating func unescaped(
        _ value: tallylog_json_value
    ) -> (isOwn: Bool, range: Range<Int>) {
        let range = Int(value.start)..<Int(value.end)
        if value.escaped == 0 { return (false, range) }
        let own = unsafe names.makeOwn(length: range.count) { text in
            var value = value
            return unsafe Int(
                tallylog_json_unescape(
                    parser, &value, text.baseAddress!.assumingMemoryBound(to: UInt8.self)))
        }
        return (true, own)
    }

    /// The message's own time, or nil if it has none.
    private func readTimestamp(
        _ value: tallylog_json_value, _ envelope: UnsafeRawBufferPointer, arrival: Timestamp
    ) -> Result<Timestamp?, Rejection> {
        switch Int(value.kind) {
        case TALLYLOG_JSON_ABSENT, TALLYLOG_JSON_NULL:
            return .success(nil)
        case TALLYLOG_JSON_INTEGER, TALLYLOG_JSON_FLOAT:
            let text = unsafe UnsafeRawBufferPointer(
                rebasing: envelope[Int(value.start)..<Int(value.end)])
            let earliest = Timestamp(seconds: Limits.timestampSecondsMin)
            let latest = arrival.microseconds + Limits.timestampAheadSecondsMax * 1_000_000
            guard let microseconds = unsafe DecimalSeconds.microseconds(text),
                microseconds >= earliest.microseconds, microseconds <= latest
            else { return .failure(.timestampOutOfRange) }
            return .success(Timestamp(microseconds: microseconds))
        default:
            return .failure(.timestampInvalid)
        }
    }

    /// The message's own id, or one derived from its content. What is not a string is no id.
    private mutating func readID(
        _ fields: tallylog_json_envelope, _ envelope: UnsafeRawBufferPointer,
        topic: (isOwn: Bool, range: Range<Int>), second: Int64?
    ) -> MessageID {
        let value = fields.msg_id
        if Int(value.kind) == TALLYLOG_JSON_STRING, value.start < value.end {
            let (isOwn, range) = unescaped(value)
            return unsafe names.withBytes(isOwn: isOwn, range) { unsafe MessageID(text: $0) }
        }
        var text: UnsafePointer<UInt8>?
        var length = 0
        if fields.msg_number != 0 {
            let done = unsafe tallylog_json_canonical(parser, fields.msg_number, &text, &length)
            precondition(done != 0, "there is memory for one message's canonical form")
        }
        let canonical = unsafe UnsafeRawBufferPointer(start: text, count: length)
        return unsafe names.withBytes(isOwn: topic.isOwn, topic.range) {
            unsafe DerivedID.of(
                topic: $0, second: second, canonical: canonical, scratch: &hashed)
        }
    }
}

extension EnvelopeReader {
    /// Writes what stands before the payload, in the form that `Record` describes, and appends
    /// both.
    private func encode(
        flags: UInt8, timestamp: Timestamp, id: MessageID, _ payload: UnsafeRawBufferPointer,
        to batch: inout RecordBatch
    ) {
        let count = names.count
        let entriesEnd = Record.headerBytes + count * Record.nameEntryBytes
        let payloadOffset = entriesEnd + names.ownNameBytes
        let head = unsafe head
        unsafe head.store(UInt32(payloadOffset + payload.count), 0)
        unsafe head.store(Record.Kind.message, 4)
        unsafe head.store(flags, 5)
        unsafe head.store(id.form, 6)
        unsafe head.store(timestamp.microseconds, 8)
        unsafe head.store(id.high, 16)
        unsafe head.store(id.low, 24)
        unsafe head.store(UInt32(payloadOffset), 32)
        unsafe head.store(UInt16(count), 36)
        unsafe head.store(UInt16(0), 38)
        var ownEnd = entriesEnd
        for place in 0..<count {
            let name = unsafe names.entries[place]
            let length = Int(name.length)
            var offset = payloadOffset + Int(name.offset)
            if name.isOwn {
                offset = ownEnd
                let start = Int(name.offset)
                unsafe names.withBytes(isOwn: true, start..<start + length) { bytes in
                    unsafe UnsafeMutableRawBufferPointer(rebasing: head[ownEnd...])
                        .copyMemory(from: bytes)
                }
                ownEnd += length
            }
            let entry = Record.headerBytes + place * Record.nameEntryBytes
            unsafe head.store(UInt16(name.dimension), entry)
            unsafe head.store(name.length, entry + 2)
            unsafe head.store(UInt32(offset), entry + 4)
        }
        unsafe batch.append(
            head: UnsafeRawBufferPointer(rebasing: head[..<payloadOffset]), payload: payload)
    }
}

extension UnsafeMutableRawBufferPointer {
    /// Stores an integer in little-endian order.
    @inline(__always)
    fileprivate func store<T: FixedWidthInteger & BitwiseCopyable>(_ value: T, _ offset: Int) {
        unsafe storeBytes(of: value.littleEndian, toByteOffset: offset, as: T.self)
    }
}
