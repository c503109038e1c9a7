import Model
import Rollup

/// What the counted names are listed as: themselves, or the part of a topic that a question is
/// about, which many topics share.
struct GroupLabels {
    private let dimension: Dimension
    private let level: Int?
    private let names: NameTable
    /// The label of each global id, or nil where it was not asked for yet.
    private var known: [Int?] = []
    private var texts: [[UInt8]] = []
    private var places: [[UInt8]: Int] = [:]

    init(_ dimension: Dimension, level: Int?, _ names: NameTable) {
        self.dimension = dimension
        self.level = level
        self.names = names
    }

    init(_ grouping: Grouping, _ names: NameTable) {
        self.init(grouping.dimension, level: grouping.level, names)
    }

    /// The number of labels so far.
    var count: Int { texts.count }

    func name(_ label: Int) -> [UInt8] { texts[label] }

    /// The name that a counted name is listed as.
    mutating func name(of id: UInt32) -> [UInt8] {
        let label = label(of: id)
        return texts[label]
    }

    /// - Parameter id: a global id of the dimension that is counted.
    mutating func label(of id: UInt32) -> Int {
        let place = Int(id)
        if place < known.count, let label = known[place] { return label }
        while known.count <= place { known.append(nil) }
        let text = text(of: id)
        let label = places[text] ?? texts.count
        if label == texts.count {
            texts.append(text)
            places[text] = label
        }
        known[place] = label
        return label
    }

    private func text(of id: UInt32) -> [UInt8] {
        let name = names.text(dimension.counted, id)
        if dimension == .category { return Category.of(topic: name) }
        guard let level else { return name }
        var dots = 0
        let end = name.firstIndex { byte in
            if byte == UInt8(ascii: ".") { dots += 1 }
            return dots == level
        }
        return Array(name[..<(end ?? name.endIndex)])
    }
}

extension Dimension {
    /// The dimension whose names are counted: categories follow from topics.
    var counted: Dimension { self == .category ? .topic : self }
}
