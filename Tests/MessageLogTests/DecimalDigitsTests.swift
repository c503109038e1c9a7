// What could go wrong: a number's digits are not those that its text has, with an even number of
// them or an odd one, at the powers of ten.
import Model
import TestSupport
import Testing

@Suite struct DecimalDigitsTests {
    @Test func numbersAreWhatTheirTextsSay() {
        var random = SeededGenerator(seed: 5)
        var numbers: [Int64] = Array(0...1_000) + [.max]
        var power: Int64 = 10
        while power < .max / 10 {
            numbers += [power - 1, power, power + 1, Int64.random(in: 0..<power, using: &random)]
            power *= 10
        }
        for number in numbers {
            var text: [UInt8] = []
            text.append(decimal: number)
            #expect(String(decoding: text, as: UTF8.self) == "\(number)")
        }
    }

    /// In room for more or fewer digits than the number has.
    @Test func zerosStandInFrontAndHighDigitsFallAway() {
        for (number, digits, text) in [
            (7, 4, "0007"), (42, 5, "00042"), (123_456, 3, "456"), (90_807, 2, "07"), (5, 0, ""),
        ] as [(Int64, Int, String)] {
            var room = [UInt8](repeating: 0, count: digits)
            room.withUnsafeMutableBytes { $0.store(decimal: number) }
            #expect(String(decoding: room, as: UTF8.self) == text)
        }
    }
}
