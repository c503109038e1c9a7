import CSimdJSON
import Model

/// Looks for a field in the message that was parsed last. Owns its scratch memory.
@safe
struct FieldFinder: ~Copyable {
    /// The message that is looked at.
    @safe
    struct Message {
        let parser: OpaquePointer
        let values: UnsafePointer<tallylog_json_value>
        /// The number of the value of `msg`; 0 if there is none.
        let msgNumber: UInt32

        init(_ parser: OpaquePointer, msgNumber: UInt32) {
            unsafe self.parser = unsafe parser
            unsafe values = unsafe tallylog_json_values(parser)
            self.msgNumber = msgNumber
        }
    }

    /// The most values that one path leads to.
    private static let matchesMax = 4 * Limits.namesPerMessageMax

    /// What was found: the last call of `find` leaves it here.
    private(set) var found = PieceList()

    private let aliases: Aliases
    private let matches: UnsafeMutableBufferPointer<tallylog_json_match>
    /// The values of a field's `each`, while its alternatives use `matches`.
    private let eachMatches: UnsafeMutableBufferPointer<tallylog_json_match>
    /// How many texts may still be made in this message.
    private var textsLeft = 0
    private var takesNumbers = false
    /// Of each part of a template: where its texts begin in `found`, and which is its present one.
    private let bounds: UnsafeMutableBufferPointer<Int>
    private let places: UnsafeMutableBufferPointer<Int>

    init(aliases: Aliases) {
        self.aliases = aliases
        unsafe matches = .allocate(capacity: Self.matchesMax)
        unsafe eachMatches = .allocate(capacity: Self.matchesMax)
        unsafe bounds = .allocate(capacity: Limits.placeholdersMax + 1)
        unsafe places = .allocate(capacity: Limits.placeholdersMax)
    }

    deinit {
        unsafe matches.deallocate()
        unsafe eachMatches.deallocate()
        unsafe bounds.deallocate()
        unsafe places.deallocate()
    }

    /// Begins the next message.
    mutating func begin() { textsLeft = Self.matchesMax }

    /// Leaves in `found` what `field` finds; equal texts may stand there twice.
    mutating func find(_ field: CompiledField, in message: Message, _ names: inout NameSet) {
        found.removeAll()
        takesNumbers = field.takesNumbers
        if unsafe field.each.isEmpty { return unsafe look(field, message, nil, &names) }
        for number in unsafe 0..<field.each.count {
            let path = unsafe field.each[number]
            let count = unsafe select(path, message, nil, into: eachMatches)
            if count == 0 { continue }
            for place in 0..<count {
                unsafe look(field, message, UnsafePointer(eachMatches.baseAddress! + place), &names)
            }
            return
        }
    }

    private mutating func look(
        _ field: CompiledField, _ message: Message, _ each: UnsafePointer<tallylog_json_match>?,
        _ names: inout NameSet
    ) {
        for number in unsafe 0..<field.alternatives.count {
            let alternative = unsafe field.alternatives[number]
            let leads =
                switch alternative {
                case .chain(let chain): unsafe follow(chain, message, each, &names)
                case .template(let parts): unsafe fill(parts, message, each, &names)
                }
            if leads { return }
        }
    }

    /// Puts where a path leads into `matches` and returns how many they are.
    private func select(
        _ path: CompiledField.Path, _ message: Message, _ each: UnsafePointer<tallylog_json_match>?,
        into matches: UnsafeMutableBufferPointer<tallylog_json_match>
    ) -> Int {
        let from: UInt32
        switch path.origin {
        case .message:
            if message.msgNumber == 0 { return 0 }
            from = message.msgNumber
        case .envelope: from = 0
        case .each:
            guard let each = unsafe each else { return 0 }
            from = unsafe each.pointee.number
        }
        let count = unsafe tallylog_json_select(
            message.parser, from, path.steps.baseAddress, UInt32(path.steps.count),
            matches.baseAddress, Self.matchesMax)
        return min(count, Self.matchesMax)
    }

    /// Adds what a chain finds; false if it leads to no text.
    private mutating func follow(
        _ chain: CompiledField.Chain, _ message: Message,
        _ each: UnsafePointer<tallylog_json_match>?,
        _ names: inout NameSet
    ) -> Bool {
        switch chain.source {
        case .path(let path):
            var leads = false
            for place in 0..<(unsafe select(path, message, each, into: matches)) {
                let number = unsafe matches[place].number
                guard let piece = text(of: number, message, &names) else { continue }
                leads = true
                unsafe apply(chain.transforms[...], to: piece, &names)
            }
            return leads
        case .constant(let text):
            let start = names.own.count
            unsafe names.append(text)
            unsafe apply(chain.transforms[...], to: names.own(from: start), &names)
            return true
        case .captured(let number):
            guard let each = unsafe each, unsafe number < Int(each.pointee.capture_count) else {
                return false
            }
            let keys = unsafe each.pointee.captures
            let key = [keys.0, keys.1, keys.2, keys.3][number]
            guard let piece = text(of: key, message, &names) else { return false }
            unsafe apply(chain.transforms[...], to: piece, &names)
            return true
        }
    }

    /// The text of a value; nil if it is none, or empty.
    @inline(__always)
    private func text(of number: UInt32, _ message: Message, _ names: inout NameSet) -> TextPiece? {
        let value = unsafe message.values[Int(number)]
        guard value.end > value.start else { return nil }
        switch Int(value.kind) {
        case TALLYLOG_JSON_STRING: break
        case TALLYLOG_JSON_INTEGER, TALLYLOG_JSON_FLOAT, TALLYLOG_JSON_TRUE, TALLYLOG_JSON_FALSE:
            if !takesNumbers { return nil }
        default: return nil
        }
        if value.escaped == 0 {
            return TextPiece(isOwn: false, Int(value.start)..<Int(value.end))
        }
        let range = unsafe names.makeOwn(length: Int(value.end - value.start)) { text in
            var value = value
            return unsafe Int(
                tallylog_json_unescape(
                    message.parser, &value, text.baseAddress!.assumingMemoryBound(to: UInt8.self)))
        }
        return TextPiece(isOwn: true, range)
    }

    /// Adds what transforms, one after the other, make of a text.
    @inline(__always)
    private mutating func apply(
        _ transforms: Slice<UnsafeBufferPointer<CompiledTransform>>, to piece: TextPiece,
        _ names: inout NameSet
    ) {
        if unsafe transforms.isEmpty {
            if textsLeft > 0 { found.append(piece) }
            textsLeft -= 1
        } else {
            unsafe applyFirst(transforms, to: piece, &names)
        }
    }

    private mutating func applyFirst(
        _ transforms: Slice<UnsafeBufferPointer<CompiledTransform>>, to piece: TextPiece,
        _ names: inout NameSet
    ) {
        let transform = unsafe transforms[transforms.startIndex]
        let rest = unsafe transforms[(transforms.startIndex + 1)...]
        guard TextTransforms.isList(transform.kind) else {
            if let made = one(transform, piece, &names), made.count > 0 {
                unsafe apply(rest, to: made, &names)
            }
            return
        }
        var position = 0
        while textsLeft > 0 {
            let next = unsafe names.withBytes(isOwn: piece.isOwn, piece.range) { bytes in
                unsafe TextTransforms.next(transform.kind, in: bytes, from: position)
            }
            guard let next else { return }
            if next.word.isEmpty {
                textsLeft -= 1
            } else {
                unsafe apply(rest, to: piece.part(next.word), &names)
            }
            position = next.end
        }
    }

    private func one(
        _ transform: CompiledTransform, _ piece: TextPiece, _ names: inout NameSet
    ) -> TextPiece? {
        switch transform.kind {
        case .account, .nick: return aliases.account(transform.kind, of: piece, &names)
        case .lowercase, .replace, .messageIDs:
            return TextCopies.make(transform, of: piece, &names)
        default:
            let range = unsafe names.withBytes(isOwn: piece.isOwn, piece.range) {
                unsafe TextTransforms.single(transform, $0)
            }
            return range.map { piece.part($0) }
        }
    }

    /// Adds what a template becomes: one text for every combination of its parts' values. False if
    /// a part has none.
    private mutating func fill(
        _ parts: UnsafeBufferPointer<CompiledField.Part>, _ message: Message,
        _ each: UnsafePointer<tallylog_json_match>?, _ names: inout NameSet
    ) -> Bool {
        let base = found.count
        var partCount = 0
        for number in 0..<parts.count {
            let part = unsafe parts[number]
            if unsafe part.chains.isEmpty { continue }
            let before = found.count
            unsafe bounds[partCount] = before
            unsafe places[partCount] = before
            partCount += 1
            for number in unsafe 0..<part.chains.count
            where unsafe follow(part.chains[number], message, each, &names) { break }
            if found.count == before {
                found.removeSubrange(base..<before)
                return false
            }
        }
        let end = found.count
        unsafe bounds[partCount] = end
        // Only what comes of the parts counts.
        textsLeft += end - base
        repeat {
            unsafe write(parts, &names)
            textsLeft -= 1
        } while textsLeft > 0 && turn(partCount)
        found.removeSubrange(base..<end)
        return true
    }

    /// Writes the template with the present values of its parts.
    private mutating func write(
        _ parts: UnsafeBufferPointer<CompiledField.Part>, _ names: inout NameSet
    ) {
        let start = names.own.count
        var place = 0
        for number in 0..<parts.count {
            let part = unsafe parts[number]
            if unsafe part.chains.isEmpty {
                unsafe names.append(part.text)
                continue
            }
            let piece = unsafe found[places[place]]
            place += 1
            if piece.count > Limits.nameBytesMax { return names.skip() }
            names.append(piece)
        }
        found.append(names.own(from: start))
    }

    /// Goes on to the next combination, the last part turning fastest; false after the last.
    private func turn(_ partCount: Int) -> Bool {
        for part in (0..<partCount).reversed() {
            unsafe places[part] += 1
            if unsafe places[part] < bounds[part + 1] { return true }
            unsafe places[part] = unsafe bounds[part]
        }
        return false
    }
}
