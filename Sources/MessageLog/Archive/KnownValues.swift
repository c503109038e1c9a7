import Model

/// What the columns know of a message and its payload says too.
struct KnownValues {
    /// Empty where the record has none.
    var topic: [UInt8] = []
    /// Microseconds.
    var time: Int64 = 0
    /// The text of the message's id; empty where only its hash is known.
    private(set) var id: [UInt8] = []

    mutating func setTopic(_ text: UnsafeRawBufferPointer) {
        topic.removeAll(keepingCapacity: true)
        unsafe topic.append(contentsOf: text)
    }

    mutating func setID(_ id: MessageID) {
        self.id.removeAll(keepingCapacity: true)
        if id.isOfBus { id.appendBusText(to: &self.id) }
    }

    /// The time in seconds with so many decimals, 0 to 6; nil where that is not all of it.
    func timeText(decimals: Int) -> [UInt8]? {
        var text: [UInt8] = []
        return appendTime(decimals: decimals, to: &text) ? text : nil
    }

    /// Appends that text.
    /// - Returns: whether it is all of the time; else nothing is appended.
    @discardableResult
    func appendTime(decimals: Int, to text: inout [UInt8]) -> Bool {
        guard time >= 0 else { return false }
        // What one of the last decimal counts, in microseconds.
        var unit: Int64 = 1
        for _ in decimals..<6 { unit *= 10 }
        guard time % unit == 0 else { return false }
        text.append(decimal: time / 1_000_000)
        if decimals == 0 { return true }
        // A digit in front keeps the zeros; the point takes its place.
        let point = text.count
        text.append(decimal: time % 1_000_000 / unit + 1_000_000 / unit)
        text[point] = UInt8(ascii: ".")
        return true
    }
}
