package import Engine
package import Model

/// An append under way.
package final class Appending: Sendable {
    private let result = Monitor<AppendResult?>(nil)

    package init(
        _ batch: RecordBatch, to engine: Engine, mayWait: Bool = true, waitsForSpace: Bool = false
    ) {
        let result = result
        engine.append(batch, mayWait: mayWait, waitsForSpace: waitsForSpace) { outcome in
            result.change {
                precondition($0 == nil, "an append is answered once")
                $0 = outcome
            }
        }
    }

    /// The result, or nil if there is none after so long.
    package func result(milliseconds: Int) -> AppendResult? {
        result.wait(milliseconds: milliseconds) { $0 }
    }

    /// Waits for the result.
    package var outcome: AppendResult {
        guard let outcome = result(milliseconds: 30_000) else {
            preconditionFailure("an append has not been answered for half a minute")
        }
        return outcome
    }
}
