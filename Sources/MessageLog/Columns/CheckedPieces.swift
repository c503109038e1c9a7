import Model
import Synchronization

/// The checksums of a columns file's pieces: each piece is checked when something in it is first
/// read, so that opening reads little and no answer comes from bytes that nobody has checked.
@safe
final class CheckedPieces: @unchecked Sendable {
    private let bytes: UnsafeRawBufferPointer
    private let checksums: UnsafeRawBufferPointer
    /// One bit per piece: it was found right.
    private let seen: StableMemory
    private let notes: DamageNotes
    private let path: String
    private let firstSequence: UInt64
    private let rows: Int

    /// - Parameters:
    ///   - bytes: the file's; they outlive this.
    ///   - checksums: of the pieces from the file's first byte on; what lies behind the last of
    ///     them has checksums of its own.
    ///   - path: for the report of damage.
    init?(
        _ bytes: UnsafeRawBufferPointer, checksums: UnsafeRawBufferPointer, end: Int,
        notes: DamageNotes, path: String, firstSequence: UInt64, rows: Int
    ) {
        let count = checksums.count / 4
        guard checksums.count % 4 == 0, end <= bytes.count,
            count == (end + ColumnsFormat.pieceBytes - 1) / ColumnsFormat.pieceBytes
        else { return nil }
        unsafe self.bytes = UnsafeRawBufferPointer(rebasing: bytes[..<end])
        unsafe self.checksums = unsafe checksums
        seen = StableMemory(byteCount: (count / 64 + 1) * 8)
        self.notes = notes
        self.path = path
        self.firstSequence = firstSequence
        self.rows = rows
    }

    /// Sees to it that the pieces which `part` of the file lies in are checked; notes damage.
    @inline(__always)
    func touch(_ part: UnsafeRawBufferPointer) {
        _ = unsafe damage(in: part)
    }

    /// The same.
    /// - Returns: the first damage, behind which nothing is checked; nil if all is whole.
    @inline(__always)
    func damage(in part: UnsafeRawBufferPointer) -> Damage? {
        guard let start = part.baseAddress, let base = unsafe bytes.baseAddress, part.count > 0
        else { return nil }
        let offset = unsafe start - base
        var piece = offset / ColumnsFormat.pieceBytes
        let end = unsafe min(offset + part.count, bytes.count)
        let last = (end - 1) / ColumnsFormat.pieceBytes
        while piece <= last {
            if !isSeen(piece), let damage = check(piece) { return damage }
            piece += 1
        }
        return nil
    }

    @inline(__always)
    private func isSeen(_ piece: Int) -> Bool {
        unsafe word(piece).pointee.load(ordering: .relaxed) & bit(piece) != 0
    }

    @inline(__always)
    private func bit(_ piece: Int) -> UInt64 { 1 << UInt64(piece & 63) }

    @inline(__always)
    private func word(_ piece: Int) -> UnsafeMutablePointer<Atomic<UInt64>> {
        unsafe seen.base.assumingMemoryBound(to: Atomic<UInt64>.self) + piece / 64
    }

    @inline(never)
    private func check(_ piece: Int) -> Damage? {
        if isWhole(piece) {
            unsafe word(piece).pointee.bitwiseOr(bit(piece), ordering: .relaxed)
            return nil
        }
        let range = range(of: piece)
        let damage = Damage(
            path: path, offset: range.lowerBound,
            reason: "the checksum of \(range.count) bytes of the columns does not fit",
            firstSequence: firstSequence, count: UInt64(rows))
        notes.add(damage)
        return damage
    }

    private func range(of piece: Int) -> Range<Int> {
        let start = piece * ColumnsFormat.pieceBytes
        let end = unsafe min(start + ColumnsFormat.pieceBytes, bytes.count)
        return start..<end
    }

    private func isWhole(_ piece: Int) -> Bool {
        let content = unsafe UnsafeRawBufferPointer(rebasing: bytes[range(of: piece)])
        return unsafe Checksum.crc32c(content)
            == checksums.integer(at: piece * 4, as: UInt32.self)
    }

    /// Where the first piece begins whose checksum does not fit, of all.
    var firstDamaged: Int? {
        let count = unsafe checksums.count / 4
        return (0..<count).first { !isWhole($0) }.map { range(of: $0).lowerBound }
    }

    /// The section that has these checksums.
    static func append(to section: inout [UInt8], of bytes: ArraySlice<UInt8>) {
        let size = ColumnsFormat.pieceBytes
        for start in stride(from: bytes.startIndex, to: bytes.endIndex, by: size) {
            let end = min(start + size, bytes.endIndex)
            unsafe bytes[start..<end].withUnsafeBytes {
                unsafe section.append(integer: Checksum.crc32c($0))
            }
        }
    }
}
