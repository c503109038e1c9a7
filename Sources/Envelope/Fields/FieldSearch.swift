import CSimdJSON
import Model
import Synchronization

/// A field in the form in which a `FieldSearch` looks for it. Numbers, true and false are texts
/// too, as they are written.
package final class SoughtField: Sendable {
    // Immutable once made; its paths are memory that C only reads.
    nonisolated(unsafe) private let fields: CompiledFields
    /// Equal fields have equal numbers: what one has found in a message need not be looked for
    /// again.
    let number: Int

    /// Valid as long as this object.
    var compiled: CompiledField { unsafe fields.all[0] }

    private static let numbers = Mutex<[FieldText: Int]>([:])

    private struct FieldText: Hashable {
        var text: String
        var each: String?
    }

    /// - Parameters: as of `Field`.
    package init(_ text: String, each: String? = nil) throws(FieldError) {
        unsafe fields = CompiledFields([(try Field(text, each: each), .object)])
        number = Self.numbers.withLock { numbers in
            let key = FieldText(text: text, each: each)
            if let known = numbers[key] { return known }
            numbers[key] = numbers.count
            return numbers.count - 1
        }
    }
}

/// Finds fields in whole messages, any number of them after one parse: for those who ask what a
/// message says without making a record of it. Owns its scratch memory: one per thread.
package final class FieldSearch {
    private var state: SearchState

    package init(aliases: Aliases = .none) { state = SearchState(aliases: aliases) }

    /// Begins the next message.
    /// - Parameter payload: must stay valid and unchanged until the next call.
    /// - Returns: false if it is no JSON object.
    package func begin(_ payload: UnsafeRawBufferPointer) -> Bool { unsafe state.begin(payload) }

    /// Calls `body` with each text that a field leads to, in the order of the message; equal ones
    /// may come twice.
    package func forEach(_ field: SoughtField, _ body: (UnsafeRawBufferPointer) -> Void) {
        unsafe state.forEach(field, body)
    }

    /// Whether a field leads to any text.
    package func finds(_ field: SoughtField) -> Bool { state.finds(field) }
}

/// A value that one class holds, so that each field pays for one check of exclusive access.
@safe
private struct SearchState: ~Copyable {
    private let parser: OpaquePointer
    private var names = NameSet()
    private var finder: FieldFinder
    private var msgNumber: UInt32 = 0
    /// The messages that were begun.
    private var message = 0
    /// By a field's number: for which message it was looked for last, and where its texts stand.
    private var found: [(message: Int, texts: Range<Int>)] = []
    private var texts: [TextPiece] = []

    init(aliases: Aliases) {
        guard let parser = unsafe tallylog_json_create() else {
            preconditionFailure("there is memory for a JSON parser")
        }
        unsafe self.parser = unsafe parser
        finder = FieldFinder(aliases: aliases)
    }

    deinit { unsafe tallylog_json_destroy(parser) }

    mutating func begin(_ payload: UnsafeRawBufferPointer) -> Bool {
        var fields = tallylog_json_envelope()
        let code = unsafe tallylog_json_parse(
            parser, payload.baseAddress?.assumingMemoryBound(to: UInt8.self), payload.count,
            UInt32(Limits.jsonDepthMax), &fields)
        guard Int(code) == TALLYLOG_JSON_OK else { return false }
        unsafe names.begin(payload: payload)
        msgNumber = fields.msg_number
        message += 1
        texts.removeAll(keepingCapacity: true)
        return true
    }

    mutating func forEach(_ field: SoughtField, _ body: (UnsafeRawBufferPointer) -> Void) {
        for place in look(field) {
            let piece = texts[place]
            unsafe names.withBytes(isOwn: piece.isOwn, piece.range) { unsafe body($0) }
        }
    }

    mutating func finds(_ field: SoughtField) -> Bool { !look(field).isEmpty }

    /// Where a field's texts stand among those of the message.
    private mutating func look(_ field: SoughtField) -> Range<Int> {
        let number = field.number
        while found.count <= number { found.append((message: 0, texts: 0..<0)) }
        if found[number].message == message { return found[number].texts }
        finder.begin()
        finder.find(
            field.compiled, in: unsafe FieldFinder.Message(parser, msgNumber: msgNumber),
            &names)
        let start = texts.count
        for place in 0..<finder.found.count { texts.append(finder.found[place]) }
        found[number] = (message, start..<texts.count)
        return start..<texts.count
    }
}
