import Glibc
import Model

/// How many files, connections among them, this process may have open.
package enum OpenFiles {
    /// Raises the limit as far as the system lets this process. A login's usual 1,024 is little for
    /// a server, and all that an attacker would need.
    /// - Returns: the limit from now on.
    package static func raiseLimit() -> Int {
        var limit = rlimit()
        guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else {
            return Limits.openFilesAssumed
        }
        var raised = limit
        raised.rlim_cur = limit.rlim_max
        if setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &raised) == 0 { limit = raised }
        return Int(clamping: limit.rlim_cur)
    }
}

extension ServerLimits {
    /// The usual limits, with no more connections than there are files for: who comes beyond is
    /// told so, and the store's own files can always be opened.
    package static func fitting(openFiles: Int) -> ServerLimits {
        var limits = ServerLimits()
        let free = max(openFiles - Limits.openFilesReserved, openFiles / 2)
        limits.connections = max(1, min(limits.connections, free))
        return limits
    }
}
