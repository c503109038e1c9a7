// What could go wrong: code changes, and a planted fault's text is no longer where it was, or its
// test has another name; `make faults` takes an hour, so nobody notices for months.

import Foundation
import Testing

/// A fault as Tests/PlantedFaults has it; planted.py says what the lines mean.
private struct PlantedFault {
    var name: String
    var words: [String: String] = [:]
    var old = ""

    static func all() throws -> [PlantedFault] {
        var faults: [PlantedFault] = []
        for file in try SourceFile.all(in: ["Tests/PlantedFaults"], endings: ["faults"]) {
            for line in file.lines {
                let parts = line.split(separator: " ", maxSplits: 1)
                if line.hasPrefix("-") {
                    faults[faults.count - 1].old += line.dropFirst() + "\n"
                } else if parts.count == 2, !line.hasPrefix("+"), !line.hasPrefix("#") {
                    let value = parts[1].trimmingCharacters(in: .whitespaces)
                    if parts[0] == "fault" { faults.append(PlantedFault(name: value)) }
                    faults[faults.count - 1].words[String(parts[0])] = value
                }
            }
        }
        return faults
    }
}

@Suite struct PlantedFaultsTests {
    @Test func eachStandsInItsFileOnce() throws {
        let faults = try PlantedFault.all()
        #expect(faults.count >= 40)
        #expect(Set(faults.map(\.name)).count == faults.count, "two have one name")
        for fault in faults {
            let text = try SourceFile.text(try #require(fault.words["file"], "\(fault.name)"))
            #expect(!fault.old.isEmpty, "\(fault.name)")
            #expect(text.components(separatedBy: fault.old).count == 2, "\(fault.name)")
        }
    }

    @Test func eachHasItsTest() throws {
        let tests = try SourceFile.all(in: ["Tests"]).map { $0.lines.joined(separator: "\n") }
        for fault in try PlantedFault.all() {
            let filter = try #require(fault.words["test"], "\(fault.name)")
            let parts = filter.split(separator: "/", omittingEmptySubsequences: false)
            #expect(
                tests.contains { text in
                    text.contains("struct \(parts[0])")
                        && (parts.count == 1 || text.contains("func \(parts[1])"))
                }, "\(fault.name): no test is \(filter)")
        }
    }
}
