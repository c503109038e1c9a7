// What could go wrong: a malformed request is taken for another one, or its sentence does not say
// what was wrong, where, and what is accepted. The table is `malformed.txt`; the program
// `refusing.py` asks the same of a running server.
import Foundation
import Model
import Testing

@testable import Query

@Suite struct MalformedRequestTests {
    /// A request and the sentence that refuses it.
    struct Row: CustomTestStringConvertible {
        var request: String
        var sentence: String
        var testDescription: String { request }
    }

    static let table: [Row] = {
        let file = URL(filePath: #filePath).deletingLastPathComponent()
            .appending(path: "malformed.txt")
        guard let text = try? String(contentsOf: file, encoding: .utf8) else { return [] }
        return rows(of: text)
    }()

    private static func rows(of text: String) -> [Row] {
        var meanings: [(String, String)] = []
        var rows: [Row] = []
        var request: String?
        func written(_ text: some StringProtocol) -> String {
            // A later meaning may be made of earlier ones.
            meanings.reversed().reduce(into: String(text)) { text, meaning in
                text = text.replacingOccurrences(of: meaning.0, with: meaning.1)
            }
        }
        for line in text.split(separator: "\n") where !line.hasPrefix("#") {
            if line.hasPrefix("    "), let asked = request {
                rows.append(Row(request: asked, sentence: written(line.dropFirst(4))))
                request = nil
            } else if rows.isEmpty, let sign = line.range(of: " = ") {
                meanings.append(
                    ("{\(line[..<sign.lowerBound])}", String(line[sign.upperBound...])))
            } else {
                request = written(line)
            }
        }
        return rows
    }

    @Test func thereAreManyRows() { #expect(MalformedRequestTests.table.count >= 200) }

    @Test(arguments: table) func refuses(_ row: Row) {
        do {
            let request = try parse(row.request)
            Issue.record("\(row.request) was read as \(request)")
        } catch let error as RequestError {
            #expect(error.sentence == row.sentence, "\(row.request)")
        } catch {
            Issue.record("\(row.request): \(error)")
        }
    }
}
