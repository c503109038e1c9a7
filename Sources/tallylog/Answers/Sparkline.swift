/// Counts as a line of bars: one character for each bucket, or for several where there are more
/// than fit. An empty bucket is a space.
enum Sparkline {
    private static let bars: [Character] = [
        " ", "\u{2581}", "\u{2582}", "\u{2583}", "\u{2584}", "\u{2585}", "\u{2586}", "\u{2587}",
        "\u{2588}",
    ]

    /// - Parameters:
    ///   - counts: with their buckets' numbers.
    ///   - numbers: the buckets to show, empty ones among them.
    ///   - width: the most characters.
    static func text(
        _ counts: [(number: Int64, count: Int64)], over numbers: ClosedRange<Int64>, width: Int
    ) -> String {
        let width = Int64(max(width, 1))
        let buckets = numbers.upperBound - numbers.lowerBound + 1
        let perCell = (buckets + width - 1) / width
        var cells = [Double](repeating: 0, count: Int((buckets + perCell - 1) / perCell))
        for (number, count) in counts where numbers.contains(number) {
            cells[Int((number - numbers.lowerBound) / perCell)] += Double(count)
        }
        let most = cells.max() ?? 0
        guard most > 0 else { return String(repeating: " ", count: cells.count) }
        return String(cells.map { bars[Int(($0 / most * 8).rounded(.up))] })
    }
}
