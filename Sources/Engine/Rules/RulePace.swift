import Model

/// How much of the rules' computing is done at a time.
package struct RulePace: Sendable {
    /// Rows of the log in one batch.
    package var batchRows = UInt64(Limits.ruleBatchRows)
    /// Fewer new rows are left to who asks, until the log has been idle for a moment.
    package var rowsMin: UInt64 = 1_024
    /// What was computed is folded once it is of so many rows ...
    package var foldRows = UInt64(Limits.ruleFoldRows)
    /// ... or after so many seconds.
    package var foldSeconds = Limits.ruleFoldSeconds
    /// Whether closing folds the rest; it is computed again otherwise, as after a kill.
    package var foldsAtClose = true

    package init() {}
}
