import Model

/// The rows of a columns file that have one name, ascending, read in place.
///
///     count, as a variable-length integer
///     for every 256 rows but the first: u32 the row before them, u32 where their steps begin
///     the steps from row to row, from -1 on, as variable-length integers
@safe
struct PostingList: @unchecked Sendable {
    /// The rows that are found at once.
    static let chunkRows = 256
    private static let directoryEntryBytes = 8

    let count: Int
    /// Rows of the segment: no row of the list is as high.
    private let rowsEnd: Int
    private let directory: UnsafeRawBufferPointer
    private let steps: UnsafeRawBufferPointer

    /// - Parameter bytes: the list's; they outlive this. Damaged ones give a list that is empty or
    ///   breaks off, never a row out of range.
    init(_ bytes: UnsafeRawBufferPointer, rows: Int) {
        rowsEnd = rows
        var offset = 0
        let claimed = unsafe Int(VariableLength.read(bytes, &offset) ?? 0)
        let chunks = (claimed + Self.chunkRows - 1) / Self.chunkRows
        let begin = offset + max(0, chunks - 1) * Self.directoryEntryBytes
        // A row takes at least a byte, so a damaged count cannot ask for more than is there.
        guard claimed <= rows, begin + claimed <= bytes.count else {
            count = 0
            unsafe directory = UnsafeRawBufferPointer(start: nil, count: 0)
            unsafe steps = UnsafeRawBufferPointer(start: nil, count: 0)
            return
        }
        count = claimed
        unsafe directory = UnsafeRawBufferPointer(rebasing: bytes[offset..<begin])
        unsafe steps = UnsafeRawBufferPointer(rebasing: bytes[begin...])
    }

    var chunks: Int { (count + Self.chunkRows - 1) / Self.chunkRows }

    /// The row before a chunk's first; -1 before the first chunk.
    private func rowBefore(_ chunk: Int) -> Int {
        guard chunk > 0 else { return -1 }
        return unsafe Int(
            directory.integer(at: (chunk - 1) * Self.directoryEntryBytes, as: UInt32.self))
    }

    private func stepsStart(_ chunk: Int) -> Int {
        guard chunk > 0 else { return 0 }
        return unsafe Int(
            directory.integer(at: (chunk - 1) * Self.directoryEntryBytes + 4, as: UInt32.self))
    }

    /// The last chunk whose rows may be as low as `row`.
    func chunk(of row: Int) -> Int {
        var (low, high) = (0, chunks)
        while high - low > 1 {
            let middle = (low + high) / 2
            if rowBefore(middle) < row { low = middle } else { high = middle }
        }
        return low
    }

    /// Appends the rows of a chunk.
    /// - Returns: where its steps end; nil where they are damaged.
    @discardableResult
    func append(_ chunk: Int, to rows: inout [UInt32]) -> Int? {
        var offset = stepsStart(chunk)
        var row = rowBefore(chunk)
        var isWhole = true
        let wanted = min(count - chunk * Self.chunkRows, Self.chunkRows)
        rows.append(addingCapacity: wanted) { room in
            for _ in 0..<wanted {
                let step = unsafe VariableLength.read(steps, &offset) ?? 0
                row &+= Int(step)
                isWhole = step > 0 && row < rowsEnd
                guard isWhole else { return }
                room.append(UInt32(truncatingIfNeeded: row))
            }
        }
        return isWhole ? offset : nil
    }

    /// How many rows of the list stand before this one; nil if it is none of them.
    func rank(of row: Int) -> Int? {
        guard count > 0 else { return nil }
        let chunk = chunk(of: row)
        var offset = stepsStart(chunk)
        var current = rowBefore(chunk)
        for rank in chunk * Self.chunkRows..<min(count, (chunk + 1) * Self.chunkRows) {
            guard let step = unsafe VariableLength.read(steps, &offset) else { return nil }
            current &+= Int(step)
            if current >= row { return current == row ? rank : nil }
        }
        return nil
    }

    /// Whether every chunk begins where the one before it ends, and the last at the list's end.
    var isWhole: Bool {
        var rows: [UInt32] = []
        var end = 0
        for chunk in 0..<chunks {
            guard stepsStart(chunk) == end, rowBefore(chunk) == rows.last.map({ Int($0) }) ?? -1,
                let next = append(chunk, to: &rows)
            else { return false }
            end = next
        }
        return unsafe count > 0 && end == steps.count
    }

    /// Appends the list of some rows, which are ascending.
    static func append(_ rows: ArraySlice<UInt32>, to bytes: inout [UInt8]) {
        VariableLength.append(UInt32(rows.count), to: &bytes)
        let chunks = (rows.count + chunkRows - 1) / chunkRows
        let directory = bytes.count
        let begin = directory + max(0, chunks - 1) * directoryEntryBytes
        bytes.append(contentsOf: repeatElement(0, count: begin - directory))
        var last = -1
        for (place, row) in rows.enumerated() {
            if place > 0, place % chunkRows == 0 {
                let entry = directory + (place / chunkRows - 1) * directoryEntryBytes
                let offset = bytes.count - begin
                unsafe bytes.withUnsafeMutableBytes { all in
                    unsafe all.storeBytes(
                        of: UInt32(last).littleEndian, toByteOffset: entry, as: UInt32.self)
                    unsafe all.storeBytes(
                        of: UInt32(offset).littleEndian, toByteOffset: entry + 4, as: UInt32.self)
                }
            }
            VariableLength.append(UInt32(Int(row) - last), to: &bytes)
            last = Int(row)
        }
    }
}
