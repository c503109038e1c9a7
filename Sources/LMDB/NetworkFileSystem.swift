import CLMDB
import Glibc

/// File systems on which LMDB must not run: shared maps and locks are not coherent there.
enum NetworkFileSystem {
    /// Magic numbers of linux/magic.h and the file systems' own headers.
    private static let names: [UInt32: String] = [
        0x6969: "NFS", 0x517B: "SMB", 0xFF53_4D42: "CIFS", 0xFE53_4D42: "SMB2",
        0x5346_414F: "AFS", 0x6B41_4653: "AFS", 0x0102_1997: "9P", 0x00C3_6400: "Ceph",
        0x0BD0_0BD0: "Lustre", 0x0116_1970: "GFS2", 0x7461_636F: "OCFS2", 0x7375_7245: "Coda",
        0x564C: "NCP", 0x4750_4653: "GPFS",
    ]

    /// The network file system that a statfs type number stands for, or nil for a local one.
    static func name(ofType type: UInt32) -> String? { names[type] }

    /// The network file system that holds `path`, or nil for a local one.
    static func name(holding path: String) -> String? {
        var status = statfs()
        guard unsafe statfs(path, &status) == 0 else { return nil }
        return name(ofType: UInt32(truncatingIfNeeded: status.f_type))
    }
}
