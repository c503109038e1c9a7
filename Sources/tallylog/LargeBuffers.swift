import CMalloc

/// What the C library does with large pieces of memory that were given back.
enum LargeBuffers {
    /// From so many bytes on a piece has pages of its own, which go back to the system at once.
    private static let apartBytes: Int32 = 8 << 20
    /// So much free memory may stay at a heap's end.
    private static let sparedBytes: Int32 = 32 << 20

    /// Keeps both bounds where they are. By itself the C library lets them rise with the largest
    /// piece that was ever given back, up to four times these; ten million messages were then
    /// imported with 290 to 320 MB, and with these in 250 to 270, at no cost in time. Bounds of
    /// 1 MiB gave 150 MB at the price of 1.3 us a message: pages that are new each time.
    static func giveBack() {
        _ = mallopt(M_MMAP_THRESHOLD, apartBytes)
        _ = mallopt(M_TRIM_THRESHOLD, sparedBytes)
    }
}
