import Model

/// The transforms whose results do not stand in the text that they are made of.
enum TextCopies {
    /// Texts beyond this are not transformed: no name comes of them.
    private static let sourceBytesMax = 16 * Limits.nameBytesMax

    /// What a transform makes of a piece, among the names' own bytes; nil for nothing.
    static func make(
        _ transform: CompiledTransform, of piece: TextPiece, _ names: inout NameSet
    ) -> TextPiece? {
        if piece.count > sourceBytesMax { return piece }
        let made: [UInt8]? = unsafe names.withBytes(isOwn: piece.isOwn, piece.range) { bytes in
            switch transform.kind {
            case .lowercase: return unsafe lowercase(bytes)
            case .replace:
                return unsafe replaced(bytes, transform.texts[0], by: transform.texts[1])
            default: return unsafe messageIDs(bytes)
            }
        }
        guard let made else { return piece }
        let start = names.own.count
        names.append(made)
        return names.own(from: start)
    }

    /// Nil where it is in lower case already.
    private static func lowercase(_ text: UnsafeRawBufferPointer) -> [UInt8]? {
        if unsafe text.allSatisfy({ $0 < 0x80 && !($0 >= 0x41 && $0 <= 0x5a) }) { return nil }
        return unsafe Array(String(decoding: text, as: UTF8.self).lowercased().utf8)
    }

    private static func replaced(
        _ text: UnsafeRawBufferPointer, _ sought: UnsafeRawBufferPointer,
        by other: UnsafeRawBufferPointer
    ) -> [UInt8]? {
        var made: [UInt8]?
        var start = 0
        while true {
            let rest = unsafe UnsafeRawBufferPointer(rebasing: text[start...])
            guard let at = unsafe rest.firstOffset(of: sought) else {
                unsafe made?.append(contentsOf: rest)
                return made
            }
            made = unsafe (made ?? []) + rest[..<at] + other
            start += at + sought.count
        }
    }

    /// The ids in a header of references, without their angle brackets, slashes between them.
    private static func messageIDs(_ text: UnsafeRawBufferPointer) -> [UInt8] {
        var made: [UInt8] = []
        var isInside = false
        for at in 0..<text.count {
            let byte = unsafe text[at]
            if byte == UInt8(ascii: "<") || byte == UInt8(ascii: ">") { continue }
            if byte > UInt8(ascii: " ") {
                if !isInside && !made.isEmpty { made.append(UInt8(ascii: "/")) }
                made.append(byte)
            }
            isInside = byte > UInt8(ascii: " ")
        }
        return made
    }
}
