import Model
import Query

/// The reply to SERIES: one series, or one for each name.
struct SeriesAnswer {
    typealias Pair = (start: Int64, count: Int64)

    let series: [(name: String?, pairs: [Pair])]

    init(_ reply: Reply, named: Bool) {
        guard named else {
            series = [(nil, Self.pairs(reply))]
            return
        }
        series = ReplyReading.rows(reply, of: 2).map {
            (ReplyReading.text($0[0]), Self.pairs($0[1]))
        }
    }

    private static func pairs(_ reply: Reply) -> [Pair] {
        ReplyReading.rows(reply, of: 2).map {
            (ReplyReading.integer($0[0]), ReplyReading.integer($0[1]))
        }
    }

    /// A row for each count, with the name before it where there is one.
    var rows: [[AnswerTable.Cell]] {
        series.flatMap { name, pairs in
            let before = name.map { [AnswerTable.Cell.text($0)] } ?? []
            return pairs.map {
                before + [.time(Timestamp(seconds: $0.start)), .number($0.count)]
            }
        }
    }
}
