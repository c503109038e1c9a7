import Disk
import Model

/// The frame of a columns file, checked: header, trailer, directory, and where each section lies.
@safe
struct ColumnsSections: @unchecked Sendable {
    struct Section {
        let kind: ColumnsFormat.Section
        let dimension: Dimension
        let checksum: UInt32
        let range: Range<Int>
    }

    let bytes: UnsafeRawBufferPointer
    let version: UInt32
    let list: [Section]
    let blockRows: Int
    let firstSequence: UInt64
    let rows: Int
    let timeBounds: ClosedRange<Int64>?
    let payloads: PayloadLink

    /// - Parameter bytes: must outlive this.
    init(_ bytes: UnsafeRawBufferPointer) throws(ColumnsError) {
        unsafe self.bytes = bytes
        guard bytes.count >= ColumnsFormat.headerBytes + ColumnsFormat.trailerBytes,
            unsafe bytes.integer(at: 0, as: UInt64.self) == ColumnsFormat.magic
        else { throw ColumnsError(.foreign, "the header", at: 0) }
        version = unsafe bytes.integer(at: 8)
        guard version <= ColumnsFormat.version else {
            throw ColumnsError(.version(version), "the header", at: 8)
        }
        guard unsafe Self.checksum(bytes, 0..<60) == bytes.integer(at: 60, as: UInt32.self) else {
            throw ColumnsError(.checksum, "the header", at: 0)
        }
        blockRows = unsafe Int(bytes.integer(at: 12, as: UInt32.self))
        firstSequence = unsafe bytes.integer(at: 16)
        rows = unsafe Int(bytes.integer(at: 24, as: UInt32.self))
        guard blockRows >= 1 && blockRows <= ColumnsFormat.blockRowsMax,
            rows <= Limits.mergedRecordsMax
        else { throw ColumnsError(.structure("counts past their limits"), "the header", at: 0) }
        let earliest = unsafe bytes.integer(at: 32, as: Int64.self)
        let latest = unsafe bytes.integer(at: 40, as: Int64.self)
        timeBounds = earliest <= latest ? earliest...latest : nil
        switch unsafe bytes.integer(at: 48, as: UInt32.self) {
        case 0: payloads = .journal
        case 1: payloads = .archive(fingerprint: unsafe bytes.integer(at: 52))
        case 2: payloads = .dropped
        default:
            throw ColumnsError(.structure("payloads of an unknown kind"), "the header", at: 48)
        }
        list = try unsafe Self.directory(bytes)
    }

    private static func directory(
        _ bytes: UnsafeRawBufferPointer
    ) throws(ColumnsError) -> [Section] {
        let trailer = bytes.count - ColumnsFormat.trailerBytes
        guard unsafe bytes.integer(at: trailer + 24, as: UInt64.self) == ColumnsFormat.endMagic,
            unsafe checksum(bytes, trailer..<trailer + 20)
                == bytes.integer(at: trailer + 20, as: UInt32.self)
        else { throw ColumnsError(.checksum, "the trailer", at: trailer) }
        let count = unsafe Int(bytes.integer(at: trailer + 8, as: UInt32.self))
        let start = trailer - count * ColumnsFormat.directoryEntryBytes
        guard count <= ColumnsFormat.sectionsMax, start >= ColumnsFormat.headerBytes,
            unsafe bytes.integer(at: trailer, as: UInt64.self) == UInt64(start)
        else {
            throw ColumnsError(
                .structure("a directory that does not end at it"), "the trailer", at: trailer)
        }
        guard
            unsafe checksum(bytes, start..<trailer)
                == bytes.integer(at: trailer + 12, as: UInt32.self)
        else { throw ColumnsError(.checksum, "the directory", at: start) }
        var list: [Section] = []
        list.reserveCapacity(count)
        for index in 0..<count {
            let entry = start + index * ColumnsFormat.directoryEntryBytes
            // A section of a kind that this program does not know is not missed.
            guard let kind = unsafe ColumnsFormat.Section(rawValue: bytes[entry]) else { continue }
            let offset = unsafe bytes.integer(at: entry + 8, as: UInt64.self)
            let length = unsafe bytes.integer(at: entry + 16, as: UInt64.self)
            guard offset >= ColumnsFormat.headerBytes, offset <= UInt64(start),
                length <= UInt64(start) - offset
            else {
                throw ColumnsError(
                    .structure("\(kind.name) outside of the file"), "the directory", at: entry)
            }
            list.append(
                Section(
                    kind: kind, dimension: Dimension(code: unsafe bytes[entry + 1]),
                    checksum: unsafe bytes.integer(at: entry + 4, as: UInt32.self),
                    range: Int(offset)..<Int(offset + length)))
        }
        return list
    }

    /// The place of a section, which must be there.
    func section(
        _ kind: ColumnsFormat.Section, _ dimension: Dimension = .topic
    ) throws(ColumnsError) -> Section {
        for section in list where section.kind == kind && section.dimension == dimension {
            return section
        }
        throw ColumnsError(
            .structure("no section for \(kind.name)"), "the directory",
            at: unsafe bytes.count)
    }

    func region(of section: Section) -> UnsafeRawBufferPointer {
        unsafe UnsafeRawBufferPointer(rebasing: bytes[section.range])
    }

    /// Compares a section's checksum with its bytes.
    func check(_ section: Section) throws(ColumnsError) {
        guard unsafe Self.checksum(bytes, section.range) == section.checksum else {
            throw ColumnsError(.checksum, section.kind.name, at: section.range.lowerBound)
        }
    }

    private static func checksum(_ bytes: UnsafeRawBufferPointer, _ range: Range<Int>) -> UInt32 {
        unsafe Checksum.crc32c(UnsafeRawBufferPointer(rebasing: bytes[range]))
    }
}
