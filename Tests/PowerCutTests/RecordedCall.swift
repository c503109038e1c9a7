import Foundation
import TestSupport

/// One entry of a trace, as `Tests/CallRecorder/trace.c` writes it.
struct RecordedCall {
    enum Kind: UInt32 {
        case open = 1
        case reopen, write, truncate, allocate, synchronize, rename, link, unlink, rmdir, mkdir
        case close, note
    }

    var kind: Kind
    var descriptor: Int32
    /// An offset, a size, or the descriptor that is opened again.
    var place: Int
    /// Flags of `open`, or the word of a note.
    var number: UInt64
    var path: String
    /// What a write writes, or the second path.
    var bytes: [UInt8]

    var other: String { String(decoding: bytes, as: UTF8.self) }

    private static let headBytes = 40

    /// All entries of a trace file.
    static func all(inFile path: String) throws -> [RecordedCall] {
        let data = [UInt8](try Data(contentsOf: URL(filePath: path)))
        var calls: [RecordedCall] = []
        var place = 0
        data.withUnsafeBytes { data in
            func field<T: FixedWidthInteger>(_ offset: Int, _ type: T.Type) -> T {
                data.loadUnaligned(fromByteOffset: place + offset, as: T.self)
            }
            while place + headBytes <= data.count {
                guard let kind = Kind(rawValue: field(0, UInt32.self)) else {
                    preconditionFailure("\(path): no entry at \(place)")
                }
                let pathEnd = place + headBytes + Int(field(24, UInt64.self))
                let end = pathEnd + Int(field(32, UInt64.self))
                calls.append(
                    RecordedCall(
                        kind: kind, descriptor: field(4, Int32.self),
                        place: Int(field(8, UInt64.self)), number: field(16, UInt64.self),
                        path: String(decoding: data[place + headBytes..<pathEnd], as: UTF8.self),
                        bytes: Array(data[pathEnd..<end])))
                place = end
            }
        }
        return calls
    }
}
