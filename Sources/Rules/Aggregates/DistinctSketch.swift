import Glibc
import Model

/// How many distinct texts there were: exactly while they are few, by HyperLogLog beyond.
///
/// Texts are told apart by 64 bits of their SHA-256. Whether a sketch is exact follows from the set
/// of texts alone, so merging in any order gives the same bytes.
package struct DistinctSketch: Hashable, Sendable {
    private enum Form: Hashable, Sendable {
        /// Ascending.
        case exact([UInt64])
        /// For each register the longest run of zeros that was seen, and one.
        case registers([UInt8])
    }

    private var form = Form.exact([])

    private static let indexBits = 12
    private static let registerCount = 1 << indexBits
    /// Of a hash, behind the bits that choose the register.
    private static let runMax = 64 - indexBits + 1

    init() {}

    /// The bits by which a text is told apart.
    package static func hash(_ text: UnsafeRawBufferPointer) -> UInt64 {
        unsafe Checksum.sha256Half(text).high
    }

    mutating func add(_ hash: UInt64) {
        switch form {
        case .exact(var hashes):
            form = .exact([])
            let place = Self.place(of: hash, in: hashes)
            if place == hashes.count || hashes[place] != hash { hashes.insert(hash, at: place) }
            form =
                hashes.count <= Limits.ruleDistinctExactMax
                ? .exact(hashes) : .registers(Self.registers(hashes))
        case .registers(var registers):
            form = .exact([])
            Self.note(hash, in: &registers)
            form = .registers(registers)
        }
    }

    mutating func merge(_ other: DistinctSketch) {
        switch (form, other.form) {
        case (_, .exact(let hashes)): for hash in hashes { add(hash) }
        case (.exact(let hashes), .registers(var registers)):
            for hash in hashes { Self.note(hash, in: &registers) }
            form = .registers(registers)
        case (.registers(var registers), .registers(let others)):
            form = .exact([])
            for place in registers.indices where others[place] > registers[place] {
                registers[place] = others[place]
            }
            form = .registers(registers)
        }
    }

    private static func place(of hash: UInt64, in hashes: [UInt64]) -> Int {
        var (low, high) = (0, hashes.count)
        while low < high {
            let middle = (low + high) / 2
            if hashes[middle] < hash { low = middle + 1 } else { high = middle }
        }
        return low
    }

    private static func registers(_ hashes: [UInt64]) -> [UInt8] {
        var registers = [UInt8](repeating: 0, count: registerCount)
        for hash in hashes { note(hash, in: &registers) }
        return registers
    }

    private static func note(_ hash: UInt64, in registers: inout [UInt8]) {
        let place = Int(hash >> UInt64(64 - indexBits))
        // A bit behind the last one bounds the run.
        let rest = hash << UInt64(indexBits) | 1 << UInt64(indexBits - 1)
        let run = UInt8(rest.leadingZeroBitCount + 1)
        if run > registers[place] { registers[place] = run }
    }

    var memoryBytes: Int {
        switch form {
        case .exact(let hashes): hashes.count * 8
        case .registers: Self.registerCount
        }
    }

    /// Whether `estimate` is the number itself.
    package var isExact: Bool { if case .exact = form { true } else { false } }

    /// The number of distinct texts; beyond `Limits.ruleDistinctExactMax` an estimate, whose
    /// standard error is 1.04 / sqrt(4096), 1.6 %.
    package var estimate: Int64 {
        switch form {
        case .exact(let hashes): Int64(hashes.count)
        case .registers(let registers): Int64(Self.estimate(registers).rounded())
        }
    }

    /// Ertl's improved estimator, which needs no correction at either end ("New cardinality
    /// estimation algorithms for HyperLogLog sketches", 2017, algorithm 6).
    private static func estimate(_ registers: [UInt8]) -> Double {
        var counts = [Int](repeating: 0, count: runMax + 1)
        for register in registers { counts[Int(register)] += 1 }
        let size = Double(registerCount)
        var sum = size * tau(1 - Double(counts[runMax]) / size)
        for run in (1..<runMax).reversed() { sum = 0.5 * (sum + Double(counts[run])) }
        sum += size * sigma(Double(counts[0]) / size)
        return size / (2 * log(2)) * size / sum
    }

    private static func sigma(_ start: Double) -> Double {
        if start == 1 { return .infinity }
        var (x, y, z) = (start, 1.0, start)
        while true {
            x *= x
            let before = z
            z += x * y
            y += y
            if z == before { return z }
        }
    }

    private static func tau(_ start: Double) -> Double {
        if start == 0 || start == 1 { return 0 }
        var (x, y, z) = (start, 1.0, 1 - start)
        while true {
            x = x.squareRoot()
            let before = z
            y *= 0.5
            z -= (1 - x) * (1 - x) * y
            if z == before { return z / 3 }
        }
    }

    func encode(to bytes: inout [UInt8]) {
        switch form {
        case .exact(let hashes):
            bytes.append(0)
            bytes.append(packed: UInt64(hashes.count))
            for hash in hashes { bytes.append(integer: hash) }
        case .registers(let registers):
            bytes.append(1)
            bytes.append(contentsOf: registers)
        }
    }

    init(_ reader: inout PackedReader) throws(PackedDamage) {
        if unsafe try reader.byte() == 1 {
            form = .registers(unsafe Array(try reader.raw(Self.registerCount)))
            return
        }
        var hashes: [UInt64] = []
        for _ in 0..<(unsafe try reader.count(atMost: Limits.ruleDistinctExactMax)) {
            hashes.append(unsafe try reader.raw(8).integer(at: 0))
        }
        form = .exact(hashes)
    }
}
