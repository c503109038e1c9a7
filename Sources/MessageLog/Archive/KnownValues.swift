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
        guard time >= 0 else { return nil }
        let fraction = time % 1_000_000
        var text: [UInt8] = []
        text.reserveCapacity(24)
        text.append(decimal: time / 1_000_000)
        guard decimals > 0 else { return fraction == 0 ? text : nil }
        var unit: Int64 = 100_000
        text.append(UInt8(ascii: "."))
        for _ in 0..<decimals {
            text.append(UInt8(ascii: "0") + UInt8(fraction / unit % 10))
            unit /= 10
        }
        return unit == 0 || fraction % (unit * 10) == 0 ? text : nil
    }
}

extension [UInt8] {
    /// Appends a number that is not negative.
    fileprivate mutating func append(decimal value: Int64) {
        let start = count
        var rest = value
        repeat {
            append(UInt8(ascii: "0") + UInt8(rest % 10))
            rest /= 10
        } while rest > 0
        self[start...].reverse()
    }
}
