import CMalloc
import ServiceLifecycle

/// What the C library does with memory that was given back.
enum FreeMemory {
    /// From so many bytes on a piece has pages of its own, which go back to the system at once.
    private static let apartBytes: Int32 = 8 << 20
    /// So much free memory may stay at a heap's end.
    private static let sparedBytes: Int32 = 32 << 20

    /// Keeps both bounds where they are. By itself the C library lets them rise with the largest
    /// piece that was ever given back, up to four times these; ten million messages were then
    /// imported with 290 to 320 MB, and with these in 250 to 270, at no cost in time. Bounds of
    /// 1 MiB gave 150 MB at the price of 1.3 us a message: pages that are new each time.
    static func bound() {
        _ = mallopt(M_MMAP_THRESHOLD, apartBytes)
        _ = mallopt(M_TRIM_THRESHOLD, sparedBytes)
    }
}

/// Gives free pages back to the system while a server runs. The C library does so at a heap's end
/// alone, and every thread has a heap: one small piece behind a hundred requests that never came
/// whole kept 50 to 140 MiB until the end. Every five seconds it costs an import at full speed
/// nothing that could be measured; every second, 4 % of its CPU.
struct FreeMemoryKeeper: Service {
    func run() async {
        await cancelWhenGracefulShutdown {
            while !Task.isCancelled {
                try? await Task.sleep(for: .seconds(5))
                _ = malloc_trim(0)
            }
        }
    }
}
