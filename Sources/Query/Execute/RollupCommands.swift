import Engine
import Model
import Rules

/// ROLLUP: which rules there are, a new one, one that goes.
package enum RollupCommands {
    package static func reply(_ request: RollupRequest, from engine: Engine) -> Reply {
        do {
            switch request {
            case .list: return .array(engine.ruleReports().map(row))
            case .create(let text):
                let rule = try RuleReader.rule(text, file: "ROLLUP CREATE")
                return .integer(Int64(try engine.create(rule)))
            case .drop(let name):
                try engine.dropRule(String(decoding: name, as: UTF8.self))
                return .ok
            }
        } catch {
            return .error("ERR \(error)")
        }
    }

    private static func row(_ report: RuleReport) -> Reply {
        .array([
            .text(report.name), .text(report.state), .integer(Int64(report.position)),
            .integer(Int64(report.groups)), .integer(Int64(report.others)),
            .integer(Int64(report.lost)),
            report.completeFrom.map { .bulk($0.decimalText) } ?? .null,
            .integer(Int64(report.bytes)), .text(report.definition),
            report.failure.map { .text($0) } ?? .null,
        ])
    }

    /// INFO's lines about rules.
    package static func figures(_ engine: Engine) -> [(String, String)] {
        let reports = engine.ruleReports()
        var lines = [("rules", "\(reports.count)")]
        for report in reports {
            var parts = [
                "state=\(report.state)", "sequence=\(report.position)",
                "groups=\(report.groups)", "others=\(report.others)", "bytes=\(report.bytes)",
            ]
            if report.lost > 0 { parts.append("lacking=\(report.lost)") }
            if let failure = report.failure { parts.append("error=\(failure)") }
            lines.append(("rule_\(report.name)", parts.joined(separator: ",")))
        }
        return lines
    }
}

extension RuleReport {
    /// Whether it has caught up, but for what has just come.
    var state: String {
        if failure != nil { return "failed" }
        return position + UInt64(Limits.ruleTailRowsMax) >= end ? "complete" : "computing"
    }
}
