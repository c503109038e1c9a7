/// Cells to be counted: time, group, member and how often, one column each. Ids and times are local
/// to the slice of rows that is being built.
struct CellColumns: ~Copyable {
    var times: Scratch<UInt32>
    var groups: Scratch<UInt32>
    var members: Scratch<UInt32>
    var counts: Scratch<UInt32>
    private(set) var count = 0
    /// The largest of the counts, and their sum.
    private(set) var largest: UInt32 = 1
    private(set) var total = 0

    init(capacity: Int = 0) {
        times = Scratch(capacity: capacity)
        groups = Scratch(capacity: capacity)
        members = Scratch(capacity: capacity)
        counts = Scratch(capacity: capacity)
    }

    @inline(__always)
    mutating func append(time: UInt32, group: UInt32, member: UInt32, count times: UInt32) {
        let next = count + 1
        if next > self.times.capacity { reserve(next) }
        unsafe self.times.start[count] = time
        unsafe groups.start[count] = group
        unsafe members.start[count] = member
        unsafe counts.start[count] = times
        count = next
        largest = max(largest, times)
        total += Int(times)
    }

    @inline(never)
    private mutating func reserve(_ wanted: Int) {
        times.count = count
        groups.count = count
        members.count = count
        counts.count = count
        let larger = max(wanted, 2 * times.capacity)
        times.reserve(larger)
        groups.reserve(larger)
        members.reserve(larger)
        counts.reserve(larger)
    }
}

/// The cells of a kind that coarser kinds are computed from, those of all apart.
struct CoarserCells: ~Copyable {
    enum Wanted {
        case nothing
        case onlyAll
        case everything
    }

    let wanted: Wanted
    var groups: CellColumns
    var all: CellColumns
    /// Gives an hour its index in the slice; the hours that occur are all there.
    private let hours: BucketIndex

    init(_ wanted: Wanted, _ hours: BucketIndex, capacity: Int = 0) {
        self.wanted = wanted
        self.hours = hours
        groups = CellColumns(capacity: wanted == .everything ? capacity : 0)
        all = CellColumns(capacity: wanted == .nothing ? 0 : capacity)
    }

    @inline(__always)
    func wants(_ group: UInt32) -> Bool {
        wanted == .everything || wanted == .onlyAll && group == 0
    }

    /// - Parameter hour: the hour, or the start of a day that has one.
    @inline(__always)
    mutating func append(hour: Int64, group: UInt32, member: UInt32, count: UInt32) {
        let time = hours.index(atOrAfter: hour)
        if group == 0 {
            all.append(time: time, group: 0, member: member, count: count)
        } else {
            groups.append(time: time, group: group, member: member, count: count)
        }
    }
}
