import CSimdJSON
import Model

/// A field in the form in which a `FieldSearch` looks for it. Numbers, true and false are texts
/// too, as they are written.
package final class SoughtField: Sendable {
    // Immutable once made; its paths are memory that C only reads.
    nonisolated(unsafe) let compiled: CompiledField

    package init(_ field: Field) { unsafe compiled = CompiledField(field, dimension: .object) }
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
        unsafe state.forEach(unsafe field.compiled, body)
    }

    /// Whether a field leads to any text.
    package func finds(_ field: SoughtField) -> Bool { state.finds(unsafe field.compiled) }
}

/// A value that one class holds, so that each field pays for one check of exclusive access.
@safe
private struct SearchState: ~Copyable {
    private let parser: OpaquePointer
    private var names = NameSet()
    private var finder: FieldFinder
    private var msgNumber: UInt32 = 0

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
        return true
    }

    mutating func forEach(_ field: CompiledField, _ body: (UnsafeRawBufferPointer) -> Void) {
        look(field)
        for piece in finder.found {
            unsafe names.withBytes(isOwn: piece.isOwn, piece.range) { unsafe body($0) }
        }
    }

    mutating func finds(_ field: CompiledField) -> Bool {
        look(field)
        return !finder.found.isEmpty
    }

    private mutating func look(_ field: CompiledField) {
        finder.begin()
        finder.find(field, in: unsafe FieldFinder.Message(parser, msgNumber: msgNumber), &names)
    }
}
