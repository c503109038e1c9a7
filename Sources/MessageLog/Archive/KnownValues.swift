import Model

/// What the columns know of a message and its payload says too.
struct KnownValues {
    /// Empty where the record has none.
    var topic: [UInt8] = []
    /// Microseconds.
    var time: Int64 = 0
    /// The text of the message's id; empty where only its hash is known.
    private(set) var id: [UInt8] = []

    mutating func setID(_ id: MessageID) {
        if id.isOfBus { id.setBusText(&self.id) } else { self.id = [] }
    }
}
