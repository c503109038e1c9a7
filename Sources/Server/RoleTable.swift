import Glibc
import Query

/// Who may do what, by the user id of the process at the other end of the socket.
package struct RoleTable: Sendable {
    private let roles: [UInt32: Roles]

    /// - Parameter roles: roles by user id; whoever is not listed has none.
    package init(_ roles: [UInt32: Roles]) { self.roles = roles }

    /// All roles for the user that runs the server, none for anyone else.
    package static var ownUserOnly: RoleTable { RoleTable([geteuid(): .all]) }

    package func roles(of user: UInt32) -> Roles { roles[user] ?? [] }
}

/// The process that made a connection, as the kernel noted it (`struct ucred` of `SO_PEERCRED`).
struct PeerCredentials: Sendable {
    var process: Int32
    var user: UInt32
    var group: UInt32
}
