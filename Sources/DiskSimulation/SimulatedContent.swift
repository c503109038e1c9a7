/// The bytes of one simulated file: what the page cache shows, what is on stable storage, and
/// every state in between that a power cut may leave.
struct SimulatedContent {
    static let pageBytes = 4_096
    static let sectorBytes = 512

    /// A state of one page that has been written since the last flush; no bytes means zeros.
    struct PageVersion {
        var bytes: [UInt8]?
        /// How many times the file had been cut by then, since the last flush.
        var cuts: Int
        /// Whether this version is a cut's doing, and so as durable as the cut itself.
        var isCut: Bool
    }

    struct SizeVersion {
        var size: Int
        var cuts: Int
    }

    private(set) var size = 0
    /// Absent pages are zeros. No byte past `size` is other than zero.
    private(set) var pages: [Int: [UInt8]] = [:]
    private(set) var durableSize = 0
    private(set) var durablePages: [Int: [UInt8]] = [:]
    private var unsyncedPages: [Int: [PageVersion]] = [:]
    private var unsyncedSizes: [SizeVersion] = []
    private var cuts = 0
    /// Pages below this one have been reserved, written or not.
    private var reservedPages = 0

    init() {}

    /// A file wholly on stable storage.
    init(durable pages: [Int: [UInt8]], size: Int) {
        self.pages = pages
        self.size = size
        durablePages = pages
        durableSize = size
    }

    /// Pages that take up space.
    var occupiedPages: Int { reservedPages + pages.keys.count { $0 >= reservedPages } }

    func occupies(page: Int) -> Bool { page < reservedPages || pages[page] != nil }

    // MARK: What the page cache does

    func read(into buffer: UnsafeMutableRawBufferPointer, at offset: Int) -> Int {
        let count = max(0, min(buffer.count, size - offset))
        forEachPiece(at: offset, count: count) { page, within, done in
            let target = unsafe UnsafeMutableRawBufferPointer(
                rebasing: buffer[done..<done + within.count])
            if let bytes = pages[page] {
                unsafe target.copyBytes(from: bytes[within])
            } else {
                unsafe target.initializeMemory(as: UInt8.self, repeating: 0)
            }
        }
        return count
    }

    mutating func write(_ bytes: UnsafeRawBufferPointer, at offset: Int) {
        guard bytes.count > 0 else { return }
        var pieces: [(page: Int, within: Range<Int>, done: Int)] = []
        forEachPiece(at: offset, count: bytes.count) { pieces.append(($0, $1, $2)) }
        for (page, within, done) in pieces {
            var content = pages[page] ?? Self.zeros
            unsafe content.replaceSubrange(within, with: bytes[done..<done + within.count])
            pages[page] = content
            unsyncedPages[page, default: []].append(
                PageVersion(bytes: content, cuts: cuts, isCut: false))
        }
        if offset + bytes.count > size { setSize(offset + bytes.count) }
    }

    mutating func truncate(to newSize: Int) {
        if newSize < size {
            cuts += 1
            for page in pages.keys where (page + 1) * Self.pageBytes > newSize {
                let kept = newSize - page * Self.pageBytes
                if kept > 0 {
                    pages[page]?.replaceSubrange(
                        kept..., with: repeatElement(0, count: Self.pageBytes - kept))
                } else {
                    pages[page] = nil
                }
                unsyncedPages[page, default: []].append(
                    PageVersion(bytes: pages[page], cuts: cuts, isCut: true))
            }
            reservedPages = min(reservedPages, Self.pageCount(newSize))
        }
        if newSize != size { setSize(newSize) }
    }

    mutating func allocate(to newSize: Int) {
        reservedPages = max(reservedPages, Self.pageCount(newSize))
        if newSize > size { setSize(newSize) }
    }

    private mutating func setSize(_ newSize: Int) {
        size = newSize
        unsyncedSizes.append(SizeVersion(size: newSize, cuts: cuts))
    }

    // MARK: What flushing does

    mutating func synchronize() {
        for (page, versions) in unsyncedPages {
            if let last = versions.last { durablePages[page] = last.bytes }
        }
        durableSize = size
        for page in durablePages.keys where page * Self.pageBytes >= size {
            durablePages[page] = nil
        }
        unsyncedPages = [:]
        unsyncedSizes = []
        cuts = 0
    }

    /// The flush fails: the written pages are marked clean without being on stable storage, while
    /// sizes and cuts, which the file system's own journal holds, stay pending.
    mutating func failSynchronize() {
        for (page, versions) in unsyncedPages {
            let kept = versions.filter(\.isCut)
            unsyncedPages[page] = kept.isEmpty ? nil : kept
        }
    }

    /// Replaces bytes in the cache and on stable storage at once, as rot or an old version would.
    mutating func overwrite(at offset: Int, with bytes: [UInt8]) {
        var pieces: [(page: Int, within: Range<Int>, done: Int)] = []
        forEachPiece(at: offset, count: bytes.count) { pieces.append(($0, $1, $2)) }
        for (page, within, done) in pieces {
            let replacement = bytes[done..<done + within.count]
            pages[page, default: Self.zeros].replaceSubrange(within, with: replacement)
            durablePages[page, default: Self.zeros].replaceSubrange(within, with: replacement)
        }
        size = max(size, offset + bytes.count)
        durableSize = max(durableSize, offset + bytes.count)
    }

    // MARK: What a power cut leaves

    /// The file after a power cut.
    func crashed(_ choice: CrashChoice, _ random: inout SimulationRandom) -> SimulatedContent {
        let sizes = [SizeVersion(size: durableSize, cuts: 0)] + unsyncedSizes
        let chosen = sizes[choice.index(of: sizes.count, &random)]
        var result = durablePages
        for page in unsyncedPages.keys.sorted() {
            let versions = candidates(page: page, cuts: chosen.cuts)
            if choice.tearsPages && versions.count > 1 && random.next(below: 2) == 0 {
                result[page] = Self.torn(versions, &random)
            } else {
                result[page] = versions[choice.index(of: versions.count, &random)]
            }
        }
        for (page, bytes) in result where (page + 1) * Self.pageBytes > chosen.size {
            let kept = chosen.size - page * Self.pageBytes
            let tail = repeatElement(UInt8(0), count: Self.pageBytes - max(0, kept))
            result[page] = kept > 0 ? Array(bytes[..<kept]) + tail : nil
        }
        return SimulatedContent(durable: result, size: chosen.size)
    }

    /// The states that a page may have once the file has been cut `cuts` times: a cut takes effect
    /// on the size and on the bytes together, and what was written after a cut needs it.
    private func candidates(page: Int, cuts: Int) -> [[UInt8]?] {
        let durable = PageVersion(bytes: durablePages[page], cuts: 0, isCut: false)
        let possible = ([durable] + (unsyncedPages[page] ?? [])).filter { $0.cuts <= cuts }
        let first = possible.lastIndex { $0.isCut } ?? 0
        return possible[first...].map(\.bytes)
    }

    private static func torn(
        _ versions: [[UInt8]?], _ random: inout SimulationRandom
    ) -> [UInt8] {
        var page = zeros
        for start in stride(from: 0, to: pageBytes, by: sectorBytes) {
            let sector = start..<start + sectorBytes
            if let bytes = versions[random.next(below: versions.count)] {
                page.replaceSubrange(sector, with: bytes[sector])
            }
        }
        return page
    }

    // MARK: Pages

    static let zeros = [UInt8](repeating: 0, count: pageBytes)

    static func pageCount(_ bytes: Int) -> Int { (bytes + pageBytes - 1) / pageBytes }

    /// Splits a range of the file at page borders: page, range within it, bytes done before it.
    private func forEachPiece(
        at offset: Int, count: Int, _ body: (_ page: Int, _ within: Range<Int>, _ done: Int) -> Void
    ) {
        var done = 0
        while done < count {
            let page = (offset + done) / Self.pageBytes
            let start = (offset + done) % Self.pageBytes
            let length = min(Self.pageBytes - start, count - done)
            body(page, start..<start + length, done)
            done += length
        }
    }
}
