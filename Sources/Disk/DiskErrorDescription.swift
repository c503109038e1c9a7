import Glibc

extension DiskError: CustomStringConvertible {
    /// One sentence: what was tried, where, the errno's name and words, and the remedy if any.
    package var description: String {
        let sentence = "cannot \(words) \(path): \(Self.words(of: code)) (\(Self.name(of: code)))"
        guard let remedy else { return sentence }
        return sentence + "; " + remedy
    }

    private var words: String {
        switch operation {
        case .synchronize: "flush to disk"
        case .size: "examine"
        case .allocate: "reserve space for"
        case .makeDirectory: "make the directory"
        case .synchronizeDirectory: "flush to disk the directory"
        default: operation.rawValue
        }
    }

    private var remedy: String? {
        switch code {
        case ENOSPC, EDQUOT: "free space on that file system, or raise the quota"
        case EACCES, EPERM: "it must belong to the user that runs this process"
        case EMFILE: "this process has too many open files: raise `ulimit -n`"
        case ENFILE: "the system has too many open files: raise fs.file-max"
        case EROFS: "the file system is read-only: remount it writable"
        case ELOOP: "symbolic links are not followed: name the file itself"
        case ENOMEM where operation == .map: "the address space is limited: raise `ulimit -v`"
        case EIO: "the device may be failing: see the system's log"
        default: nil
        }
    }

    private static func words(of code: Int32) -> String {
        let words = unsafe [CChar](unsafeUninitializedCapacity: 256) { buffer, count in
            // The XSI form, which Swift imports; an unknown code still gets words.
            _ = unsafe strerror_r(code, buffer.baseAddress!, buffer.count)
            count = unsafe strlen(buffer.baseAddress!)
        }
        return String(decoding: words.lazy.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    private static let names: [Int32: String] = [
        EPERM: "EPERM", ENOENT: "ENOENT", EINTR: "EINTR", EIO: "EIO", ENXIO: "ENXIO",
        EBADF: "EBADF", EAGAIN: "EAGAIN", ENOMEM: "ENOMEM", EACCES: "EACCES", EBUSY: "EBUSY",
        EEXIST: "EEXIST", EXDEV: "EXDEV", ENODEV: "ENODEV", ENOTDIR: "ENOTDIR",
        EISDIR: "EISDIR", EINVAL: "EINVAL", ENFILE: "ENFILE", EMFILE: "EMFILE",
        EFBIG: "EFBIG", ENOSPC: "ENOSPC", EROFS: "EROFS", EMLINK: "EMLINK",
        ENAMETOOLONG: "ENAMETOOLONG", ENOTEMPTY: "ENOTEMPTY", ELOOP: "ELOOP",
        EOPNOTSUPP: "EOPNOTSUPP", ETIMEDOUT: "ETIMEDOUT", ESTALE: "ESTALE", EDQUOT: "EDQUOT",
    ]

    private static func name(of code: Int32) -> String { names[code] ?? "errno \(code)" }
}
