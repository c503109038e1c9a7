import CSimdJSON
import Model

/// One page of a datagrepper's answer: where its messages stand in the bytes, and what it says of
/// how many there are. Both generations of datagrepper answer in this form.
package struct ArchivePage: Sendable {
    /// Each message's envelope, as the archive wrote it.
    package private(set) var messages: [Range<Int>] = []
    /// All that match the request, on all its pages; nil where it is not told.
    package private(set) var total: Int?
    /// The pages that there are.
    package private(set) var pages: Int?
    /// The rows to a page that the server has settled on.
    package private(set) var rowsPerPage: Int?

    /// Why bytes are no page.
    package struct Malformed: Error {
        package var sentence: String
    }

    private struct Value {
        var number: UInt32
        var value: tallylog_json_value
        var kind: Int { Int(value.kind) }
    }

    /// - Parameter bytes: the body of the answer, one JSON object.
    package init(_ bytes: UnsafeRawBufferPointer) throws(Malformed) {
        guard let parser = unsafe tallylog_json_create() else {
            preconditionFailure("there is memory for a JSON parser")
        }
        defer { unsafe tallylog_json_destroy(parser) }
        var fields = tallylog_json_envelope()
        let code = unsafe tallylog_json_parse(
            parser, bytes.baseAddress?.assumingMemoryBound(to: UInt8.self), bytes.count,
            UInt32(Limits.jsonDepthMax), &fields)
        guard Int(code) == TALLYLOG_JSON_OK else {
            throw Malformed(sentence: "the answer is no JSON object")
        }
        var hasMessages = false
        for (key, member) in unsafe Self.members(of: 0, parser) {
            switch unsafe Self.text(key, bytes) {
            case "raw_messages" where member.kind == TALLYLOG_JSON_ARRAY:
                hasMessages = true
                messages = unsafe Self.elements(of: member, parser).map {
                    Int($0.value.start)..<Int($0.value.end)
                }
            case "total": total = unsafe Self.integer(member, bytes)
            case "pages": pages = unsafe Self.integer(member, bytes)
            case "arguments":
                for (key, member) in unsafe Self.members(of: member.number, parser)
                where unsafe Self.text(key, bytes) == "rows_per_page" {
                    rowsPerPage = unsafe Self.integer(member, bytes)
                }
            default: break
            }
        }
        guard hasMessages else {
            throw Malformed(sentence: "the answer has no list 'raw_messages'")
        }
    }

    private static func value(_ number: UInt32, _ parser: OpaquePointer) -> Value? {
        guard let values = unsafe tallylog_json_values(parser), unsafe number < values[0].next
        else { return nil }
        return unsafe Value(number: number, value: values[Int(number)])
    }

    private static func members(
        of number: UInt32, _ parser: OpaquePointer
    ) -> [(key: Value, value: Value)] {
        guard let whole = unsafe value(number, parser), whole.kind == TALLYLOG_JSON_OBJECT else {
            return []
        }
        var members: [(key: Value, value: Value)] = []
        var next = number + 1
        while next < whole.value.next, let key = unsafe value(next, parser),
            let member = unsafe value(next + 1, parser)
        {
            members.append((key, member))
            next = member.value.next
        }
        return members
    }

    private static func elements(of whole: Value, _ parser: OpaquePointer) -> [Value] {
        var elements: [Value] = []
        var next = whole.number + 1
        while next < whole.value.next, let element = unsafe value(next, parser) {
            elements.append(element)
            next = element.value.next
        }
        return elements
    }

    private static func text(_ value: Value, _ bytes: UnsafeRawBufferPointer) -> String {
        unsafe String(
            decoding: bytes[Int(value.value.start)..<Int(value.value.end)], as: UTF8.self)
    }

    private static func integer(_ value: Value, _ bytes: UnsafeRawBufferPointer) -> Int? {
        guard value.kind == TALLYLOG_JSON_INTEGER else { return nil }
        return unsafe Int(text(value, bytes))
    }
}
