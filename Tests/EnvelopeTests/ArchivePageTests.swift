// What could go wrong: a page of a datagrepper is cut into messages at the wrong bytes; keys of a
// message are taken for the page's; a page for people, or half a page, passes for one without
// messages, so that a gap is called filled.
import Envelope
import Testing

@Suite struct ArchivePageTests {
    private func page(_ text: String) throws -> (page: ArchivePage, messages: [String]) {
        let bytes = Array(text.utf8)
        return try bytes.withUnsafeBytes { bytes in
            let page = try ArchivePage(bytes)
            return (page, page.messages.map { String(decoding: bytes[$0], as: UTF8.self) })
        }
    }

    @Test func findsMessagesAsTheyStand() throws {
        let messages = [
            #"{"topic": "a", "msg": {"raw_messages": [{"x": "]}"}], "total": 9}}"#,
            #"{"total":7,"msg":{},"arguments":{"rows_per_page":3}}"#, "{}",
        ]
        let (page, found) = try page(
            """
            {"count": 3, "pages": 2, "raw_messages": [\(messages.joined(separator: " ,\n "))],
             "arguments": {"rows_per_page": 100, "start": 1.0, "meta": [{"rows_per_page": 5}]},
             "total": 103}
            """)
        #expect(found == messages)
        #expect(page.total == 103 && page.pages == 2 && page.rowsPerPage == 100)
    }

    @Test func whatIsNotToldIsNil() throws {
        let (page, found) = try page(
            #"{"raw_messages": [], "total": null, "pages": 1.0, "arguments": []}"#)
        #expect(found.isEmpty)
        #expect(page.total == nil && page.pages == nil && page.rowsPerPage == nil)
    }

    @Test(arguments: [
        "", "<html>busy</html>", "[]", "null", "{", #"{"error": "internal_error"}"#,
        #"{"raw_messages": {}}"#, #"{"raw_messages": [{}"#, #"{"msg": {"raw_messages": []}}"#,
    ])
    func whatIsNoPageIsRefused(text: String) {
        #expect(throws: ArchivePage.Malformed.self) { try page(text) }
    }
}
