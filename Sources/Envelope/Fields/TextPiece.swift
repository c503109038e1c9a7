/// A text found in a message: a range of its payload, or of the bytes made beside it.
struct TextPiece {
    var isOwn: Bool
    var start: Int
    var end: Int

    init(isOwn: Bool, _ range: Range<Int>) {
        self.isOwn = isOwn
        start = range.lowerBound
        end = range.upperBound
    }

    var range: Range<Int> { start..<end }
    var count: Int { end - start }

    /// A range of this text, counted from its start.
    func part(_ range: Range<Int>) -> TextPiece {
        TextPiece(isOwn: isOwn, start + range.lowerBound..<start + range.upperBound)
    }
}
