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
    private(set) var found: [TextPiece] = []

    private let aliases: Aliases
    private let matches: UnsafeMutableBufferPointer<tallylog_json_match>
    /// How many texts may still be made in this message.
    private var textsLeft = 0
    private var takesNumbers = false
    /// Where the texts of a template's parts begin in `found`.
    private var bounds: [Int] = []
    private var places: [Int] = []

    init(aliases: Aliases) {
        self.aliases = aliases
        unsafe matches = .allocate(capacity: Self.matchesMax)
    }

    deinit { unsafe matches.deallocate() }

    /// Begins the next message.
    mutating func begin() { textsLeft = Self.matchesMax }

    /// Leaves in `found` what `field` finds; equal texts may stand there twice.
    mutating func find(_ field: CompiledField, in message: Message, _ names: inout NameSet) {
        found.removeAll(keepingCapacity: true)
        takesNumbers = field.takesNumbers
        if field.each.isEmpty { return look(field, message, nil, &names) }
        for path in field.each {
            let count = select(path, message, nil)
            if count == 0 { continue }
            // Copied, because the alternatives use the same memory.
            for match in unsafe Array(matches[..<count]) { look(field, message, match, &names) }
            return
        }
    }

    private mutating func look(
        _ field: CompiledField, _ message: Message, _ each: tallylog_json_match?,
        _ names: inout NameSet
    ) {
        for alternative in field.alternatives {
            if let chain = alternative.chain {
                if follow(chain, message, each, &names) { return }
            } else if fill(alternative.parts, message, each, &names) {
                return
            }
        }
    }

    /// Puts where a path leads into `matches` and returns how many they are.
    private func select(
        _ path: CompiledPath, _ message: Message, _ each: tallylog_json_match?
    ) -> Int {
        let from: UInt32
        switch path.origin {
        case .message:
            if message.msgNumber == 0 { return 0 }
            from = message.msgNumber
        case .envelope: from = 0
        case .each:
            guard let each else { return 0 }
            from = each.number
        }
        let count = unsafe tallylog_json_select(
            message.parser, from, path.steps.baseAddress, UInt32(path.stepCount),
            matches.baseAddress, Self.matchesMax)
        return min(count, Self.matchesMax)
    }

    /// Adds what a chain finds; false if it leads to no text.
    private mutating func follow(
        _ chain: CompiledField.Chain, _ message: Message, _ each: tallylog_json_match?,
        _ names: inout NameSet
    ) -> Bool {
        if let path = chain.path {
            var leads = false
            for place in 0..<select(path, message, each) {
                let number = unsafe matches[place].number
                guard let piece = text(of: number, message, &names) else { continue }
                leads = true
                apply(chain, to: piece, &names)
            }
            return leads
        }
        if let text = chain.constant {
            let start = names.own.count
            names.append(text)
            apply(chain, to: names.own(from: start), &names)
            return true
        }
        guard let each, chain.captured < Int(each.capture_count) else { return false }
        let keys = each.captures
        let key = [keys.0, keys.1, keys.2, keys.3][chain.captured]
        guard let piece = text(of: key, message, &names) else { return false }
        apply(chain, to: piece, &names)
        return true
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

    /// Adds what a chain's transforms make of a text.
    @inline(__always)
    private mutating func apply(
        _ chain: CompiledField.Chain, to piece: TextPiece, _ names: inout NameSet
    ) {
        if chain.isPlain {
            if textsLeft > 0 { found.append(piece) }
            textsLeft -= 1
        } else {
            apply(chain.transforms[...], to: piece, &names)
        }
    }

    /// The same of transforms one after the other.
    private mutating func apply(
        _ transforms: ArraySlice<Transform>, to piece: TextPiece, _ names: inout NameSet
    ) {
        if transforms.isEmpty {
            if textsLeft > 0 { found.append(piece) }
            textsLeft -= 1
        } else {
            applyFirst(transforms, to: piece, &names)
        }
    }

    private mutating func applyFirst(
        _ transforms: ArraySlice<Transform>, to piece: TextPiece, _ names: inout NameSet
    ) {
        let transform = transforms[transforms.startIndex]
        let rest = transforms.dropFirst()
        guard TextTransforms.isList(transform.kind) else {
            if let made = one(transform, piece, &names), made.count > 0 {
                apply(rest, to: made, &names)
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
                apply(rest, to: piece.part(next.word), &names)
            }
            position = next.end
        }
    }

    private func one(
        _ transform: Transform, _ piece: TextPiece, _ names: inout NameSet
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
        _ parts: [CompiledField.Part], _ message: Message, _ each: tallylog_json_match?,
        _ names: inout NameSet
    ) -> Bool {
        let base = found.count
        bounds.removeAll(keepingCapacity: true)
        for part in parts {
            if part.chains.isEmpty { continue }
            bounds.append(found.count)
            let before = found.count
            for chain in part.chains where follow(chain, message, each, &names) { break }
            if found.count == before {
                found.removeSubrange(base...)
                return false
            }
        }
        bounds.append(found.count)
        let end = found.count
        // Only what comes of the parts counts.
        textsLeft += end - base
        places.removeAll(keepingCapacity: true)
        places.append(contentsOf: bounds.dropLast())
        repeat {
            write(parts, &names)
            textsLeft -= 1
        } while textsLeft > 0 && turn()
        found.removeSubrange(base..<end)
        return true
    }

    /// Writes the template with the present values of its parts.
    private mutating func write(_ parts: [CompiledField.Part], _ names: inout NameSet) {
        let start = names.own.count
        var place = 0
        for part in parts {
            if part.chains.isEmpty {
                names.append(part.text)
                continue
            }
            let piece = found[places[place]]
            place += 1
            if piece.count > Limits.nameBytesMax { return names.skip() }
            names.append(piece)
        }
        found.append(names.own(from: start))
    }

    /// Goes on to the next combination, the last part turning fastest; false after the last.
    private mutating func turn() -> Bool {
        for part in places.indices.reversed() {
            places[part] += 1
            if places[part] < bounds[part + 1] { return true }
            places[part] = bounds[part]
        }
        return false
    }
}
