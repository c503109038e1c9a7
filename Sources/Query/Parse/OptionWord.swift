import Model

/// The words that begin an option.
enum OptionWord: String, CaseIterable {
    case not = "NOT"
    case topic = "TOPIC"
    case category = "CATEGORY"
    case user = "USER"
    case package = "PACKAGE"
    case agent = "AGENT"
    case object = "OBJECT"
    case from = "FROM"
    case to = "TO"
    case last = "LAST"
    case zone = "TZ"
    case distinct = "DISTINCT"
    case fill = "FILL"
    case except = "EXCEPT"
    case prefix = "PREFIX"
    case contains = "CONTAINS"
    case order = "ORDER"
    case limit = "LIMIT"
    case after = "AFTER"
    case at = "AT"

    /// The dimension that a filter word filters by.
    var dimension: Dimension? {
        switch self {
        case .topic: .topic
        case .category: .category
        case .user: .user
        case .package: .package
        case .agent: .agent
        case .object: .object
        default: nil
        }
    }

    static let filters: Set<OptionWord> = [
        .not, .topic, .category, .user, .package, .agent, .object,
    ]
    static let range: Set<OptionWord> = [.from, .to, .last, .zone]
    /// What nearly every question accepts.
    static let selection = filters.union(range).union([.at])
}
