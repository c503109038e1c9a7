/// Pieces of text, one after the other in memory of its own.
@safe
struct PieceList: ~Copyable {
    private(set) var count = 0
    private var pieces: UnsafeMutableBufferPointer<TextPiece>

    init() { unsafe pieces = .allocate(capacity: 256) }

    deinit { unsafe pieces.deallocate() }

    @inline(__always)
    subscript(place: Int) -> TextPiece {
        precondition(place >= 0 && place < count, "a piece is one of those that were added")
        return unsafe pieces[place]
    }

    @inline(__always)
    mutating func append(_ piece: TextPiece) {
        if unsafe count == pieces.count { grow() }
        unsafe pieces.initializeElement(at: count, to: piece)
        count += 1
    }

    mutating func removeAll() { count = 0 }

    mutating func removeSubrange(_ range: Range<Int>) {
        precondition(range.upperBound <= count, "what is removed was added")
        for place in range.upperBound..<count {
            unsafe pieces[place - range.count] = unsafe pieces[place]
        }
        count -= range.count
    }

    private mutating func grow() {
        let larger = unsafe UnsafeMutableBufferPointer<TextPiece>.allocate(
            capacity: 2 * pieces.count)
        _ = unsafe larger.initialize(from: pieces[..<count])
        unsafe pieces.deallocate()
        unsafe pieces = unsafe larger
    }
}
