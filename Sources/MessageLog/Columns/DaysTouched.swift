import Model

/// The days, counted from 1970-01-01 UTC, that messages of a segment fall on. Ascending.
struct DaysTouched {
    private(set) var list: [Int64] = []
    /// The day of the last message, in microseconds: most of the next ones fall on it too.
    private var start = Int64.max
    private var end = Int64.min

    /// - Parameter time: microseconds since 1970.
    @inline(__always)
    mutating func touch(_ time: Int64) {
        if time >= start && time < end { return }
        insert(time)
    }

    @inline(never)
    private mutating func insert(_ time: Int64) {
        let width = Granularity.day.microseconds
        let day = time.floorDivided(by: width)
        // The first and the last day of all are not whole in 64 bits, and never kept as the last.
        let begin = day.multipliedReportingOverflow(by: width)
        let next = (day + 1).multipliedReportingOverflow(by: width)
        if !begin.overflow && !next.overflow {
            start = begin.partialValue
            end = next.partialValue
        }
        var low = 0
        var high = list.count
        while low < high {
            let middle = (low + high) / 2
            if list[middle] < day { low = middle + 1 } else { high = middle }
        }
        if low == list.count || list[low] != day { list.insert(day, at: low) }
    }
}
