/// Keeps the number of runs small: eight of one size class become one of the next.
enum RunTiers {
    private static let width = 8
    /// The first class ends here; each is `width` times as wide as the one before.
    private static let smallest: UInt64 = 1_024

    /// How many of the last runs are to become one; 0 for none.
    /// - Parameter sizes: of the runs, in their order.
    static func due(_ sizes: [UInt64]) -> Int {
        guard let last = sizes.last else { return 0 }
        let tier = tier(of: last)
        let count = sizes.reversed().prefix { Self.tier(of: $0) <= tier }.count
        return count >= width ? count : 0
    }

    private static func tier(of size: UInt64) -> Int {
        var tier = 0
        var most = smallest
        while size > most {
            tier += 1
            most *= UInt64(width)
        }
        return tier
    }
}
