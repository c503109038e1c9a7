import CSimdJSON
import Model

/// Runs a rule over the message that was parsed last, and turns its strings into names.
@safe
struct NameExtractor: ~Copyable {
    /// The most strings of one message that are looked at.
    private static let matchesMax = 4 * Limits.namesPerMessageMax

    private let matches: UnsafeMutableBufferPointer<tallylog_json_match>
    /// How many words of texts and lists may still be looked at in this message.
    private var wordsLeft = 0

    init() {
        unsafe matches = .allocate(capacity: Self.matchesMax)
    }

    deinit { unsafe matches.deallocate() }

    /// Adds the names that `rule` finds to `names`.
    /// - Parameters:
    ///   - parser: has parsed the payload.
    ///   - topic: where the topic stands, in the payload or in the names' own bytes.
    mutating func extract(
        _ rule: CompiledRule, parser: OpaquePointer, topic: (isOwn: Bool, range: Range<Int>),
        into names: inout NameSet
    ) {
        guard !rule.uses.isEmpty else { return }
        let found = unsafe tallylog_json_select(
            parser, rule.paths.baseAddress, rule.uses.count, matches.baseAddress, Self.matchesMax)
        wordsLeft = Self.matchesMax
        // The alternative of the present field that has led to a string.
        var settled = (field: -1, alternative: 0)
        for place in 0..<min(found, Self.matchesMax) {
            let match = unsafe matches[place]
            let use = rule.uses[Int(match.path)]
            if settled.field == use.field, settled.alternative != use.alternative { continue }
            var source = (
                isOwn: false, range: Int(match.value.start)..<Int(match.value.end)
            )
            if use.transform == .topicMiddle {
                source = topic
            } else if match.value.escaped != 0 {
                source.isOwn = true
                source.range = unsafe names.makeOwn(length: source.range.count) { text in
                    var value = match.value
                    return unsafe Int(
                        tallylog_json_unescape(
                            parser, &value,
                            text.baseAddress!.assumingMemoryBound(to: UInt8.self)))
                }
            }
            if !source.range.isEmpty { settled = (use.field, use.alternative) }
            if use.dimension == .user, !rule.notUsers.isEmpty,
                unsafe names.withBytes(
                    isOwn: source.isOwn, source.range,
                    { bytes in rule.notUsers.contains { unsafe $0.elementsEqual(bytes) } })
            {
                continue
            }
            apply(use, to: source, &names)
        }
    }

    /// Adds what the transform makes of one string.
    private mutating func apply(
        _ use: CompiledRule.Use, to source: (isOwn: Bool, range: Range<Int>), _ names: inout NameSet
    ) {
        let (isOwn, range) = source
        if use.transform == .lowercase {
            insertLowercase(use.dimension, isOwn, range, &names)
            return
        }
        if use.transform == .asIs {
            insert(use.dimension, isOwn, range, &names)
            return
        }
        var start = range.lowerBound
        while wordsLeft > 0 {
            // Ranges are found on the bytes, then added: adding must not move what is being read.
            let from = start - range.lowerBound
            let next = unsafe names.withBytes(isOwn: isOwn, range) { bytes in
                unsafe NameText.next(use.transform, in: bytes, from: from)
            }
            guard let next else { break }
            wordsLeft -= 1
            let word =
                next.word.lowerBound + range.lowerBound..<next.word.upperBound + range.lowerBound
            insert(use.dimension, isOwn, word, &names)
            start = range.lowerBound + next.end
        }
    }

    private func insert(
        _ dimension: Dimension, _ isOwn: Bool, _ range: Range<Int>, _ names: inout NameSet
    ) {
        if isOwn {
            names.insert(dimension, inOwn: range)
        } else {
            names.insert(dimension, inPayload: range)
        }
    }

    private func insertLowercase(
        _ dimension: Dimension, _ isOwn: Bool, _ range: Range<Int>, _ names: inout NameSet
    ) {
        let lowered: [UInt8]? = unsafe names.withBytes(isOwn: isOwn, range) { bytes in
            let plain = unsafe bytes.allSatisfy { $0 < 0x80 && !($0 >= 0x41 && $0 <= 0x5a) }
            if plain || bytes.count > 2 * Limits.nameBytesMax { return nil }
            return unsafe Array(String(decoding: bytes, as: UTF8.self).lowercased().utf8)
        }
        guard let lowered else { return insert(dimension, isOwn, range, &names) }
        let place = unsafe names.makeOwn(length: lowered.count) { text in
            unsafe text.copyBytes(from: lowered)
            return lowered.count
        }
        names.insert(dimension, inOwn: place)
    }
}
