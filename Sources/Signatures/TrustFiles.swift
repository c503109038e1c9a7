import Disk
import Glibc
import Model
import Synchronization

/// Authorities and revocation lists as they stand in files, read again when these have changed.
package final class TrustFiles: Sendable {
    /// What tells one state of a file from another.
    private struct Stamp: Equatable {
        var device: UInt64
        var number: UInt64
        var size: Int64
        var seconds: Int
        var nanoseconds: Int
    }

    private struct State {
        var trust: Trust
        var stamps: [Stamp?]
        var lastLook: Timestamp
        var lastReading: Timestamp
        var readings = 0
        var failure: TrustFileError?
    }

    private let authorities: String
    private let lists: String?
    private let state: Mutex<State>

    /// - Parameters:
    ///   - authorities: the path of a file with one certificate or more, in PEM.
    ///   - lists: the path of a file with one revocation list or more, in PEM; nil: none is looked
    ///     at.
    package init(
        authorities: String, lists: String?, now: Timestamp
    ) throws(TrustFileError) {
        self.authorities = authorities
        self.lists = lists
        let stamps = Self.stamps(authorities, lists)
        state = Mutex(
            State(
                trust: try Self.read(authorities, lists), stamps: stamps, lastLook: now,
                lastReading: now))
    }

    /// How often the files were read again, and why the last time failed; nil if it did not.
    package var report: (trust: Trust, readings: Int, failure: TrustFileError?) {
        state.withLock { ($0.trust, $0.readings, $0.failure) }
    }

    /// What is trusted now. Looks at the files from time to time: a new list must not wait for a
    /// message that fails.
    func current(now: Timestamp) -> Trust {
        state.withLock { state in
            if isPast(Limits.trustLookMicroseconds, since: state.lastLook, now) {
                look(&state, now)
            }
            return state.trust
        }
    }

    /// What is trusted after a message has failed that newer files could mend.
    /// - Returns: nil if the files are those that `trust` was read from.
    func renewed(_ trust: Trust, now: Timestamp) -> Trust? {
        state.withLock { state in
            if state.trust === trust,
                isPast(Limits.trustReadingMicroseconds, since: state.lastReading, now)
            {
                look(&state, now)
            }
            return state.trust === trust ? nil : state.trust
        }
    }

    /// A clock that was set back must not keep files from being looked at.
    private func isPast(_ span: Int64, since last: Timestamp, _ now: Timestamp) -> Bool {
        abs(now.microseconds - last.microseconds) >= span
    }

    private func look(_ state: inout State, _ now: Timestamp) {
        state.lastLook = now
        let stamps = Self.stamps(authorities, lists)
        // A file that could not be read may be readable now, though it has not changed.
        guard stamps != state.stamps || state.failure != nil else { return }
        state.lastReading = now
        do {
            state.trust = try Self.read(authorities, lists)
            // Of before it was read: what is written meanwhile is read the next time.
            state.stamps = stamps
            state.readings += 1
            state.failure = nil
        } catch {
            state.failure = error
        }
    }

    private static func stamps(_ authorities: String, _ lists: String?) -> [Stamp?] {
        [stamp(authorities), lists.flatMap(stamp)]
    }

    private static func stamp(_ path: String) -> Stamp? {
        var status = stat()
        guard unsafe stat(path, &status) == 0 else { return nil }
        return Stamp(
            device: UInt64(status.st_dev), number: UInt64(status.st_ino),
            size: Int64(status.st_size), seconds: status.st_mtim.tv_sec,
            nanoseconds: status.st_mtim.tv_nsec)
    }

    private static func read(
        _ authorities: String, _ lists: String?
    ) throws(TrustFileError) -> Trust {
        let first = try content(authorities, isList: false)
        var second: [UInt8]?
        if let lists { second = try content(lists, isList: true) }
        do {
            return try Trust(authorities: first, lists: second)
        } catch {
            switch error {
            case .authorities:
                throw TrustFileError(
                    path: authorities,
                    reason: "is no PEM of certificates; accepted: one BEGIN CERTIFICATE or more",
                    isList: false)
            case .lists:
                throw TrustFileError(
                    path: lists ?? "",
                    reason: "is no PEM of revocation lists; accepted: one BEGIN X509 CRL or more",
                    isList: true)
            }
        }
    }

    private static func content(_ path: String, isList: Bool) throws(TrustFileError) -> [UInt8] {
        let content: [UInt8]
        do {
            content = try SmallFile.read(path, bytesMax: Limits.trustFileBytesMax)
        } catch {
            let reason =
                switch error {
                case .unreadable(let words): "cannot be read: \(words)"
                case .tooLong: "is longer than \(Limits.trustFileBytesMax) bytes"
                }
            throw TrustFileError(path: path, reason: reason, isList: isList)
        }
        guard !content.isEmpty else {
            throw TrustFileError(
                path: path,
                reason: "is empty; accepted: one BEGIN "
                    + (isList ? "X509 CRL" : "CERTIFICATE") + " or more, in PEM",
                isList: isList)
        }
        return content
    }
}
