import Model

/// GAPS and its options.
extension RequestParser {
    mutating func gaps() throws(RequestError) -> GapsRequest {
        var request = GapsRequest()
        while position < words.count {
            let option = position
            position += 1
            switch words.keyword(option) {
            case "FEED":
                request.feed = try name(at: value(of: option))
            case "UNFILLED":
                request.onlyUnfilled = true
            case "LIMIT":
                request.limit = try rows(at: value(of: option))
            default:
                throw wrong(
                    option, "\(quoted(words[option])); accepted: FEED, UNFILLED, LIMIT")
            }
        }
        return request
    }
}
