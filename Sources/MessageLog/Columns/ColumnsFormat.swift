import Model

/// The shape of a columns file, version 1. FORMAT.md describes it in full.
enum ColumnsFormat {
    /// Version 0, which was never frozen, has the same bytes otherwise.
    static let version: UInt32 = 1
    /// "TLYCOLUM", read as a little-endian word.
    static let magic: UInt64 = 0x4d55_4c4f_4359_4c54
    /// "TLYCEND.", read as a little-endian word.
    static let endMagic: UInt64 = 0x2e44_4e45_4359_4c54

    static let headerBytes = 64
    /// One section in the directory at the file's end.
    static let directoryEntryBytes = 24
    static let trailerBytes = 32
    /// One block in the list of blocks.
    static let blockEntryBytes = 24
    /// One column of a block, in front of the block's data.
    static let columnEntryBytes = 24
    /// A packed array's header.
    static let packedHeaderBytes = 8
    /// Zero bytes behind packed data, so that whole words can be read at its end.
    static let slackBytes = 8
    static let blockRowsMax = 1 << 16
    /// A column of sums says every so many rows where it stands: what it takes to read one row.
    static let sumRows = 128
    /// What is checked at once, when something in it is first read.
    static let pieceBytes = 16 << 10
    /// More sections than 256 dimensions can have are no columns file.
    static let sectionsMax = 2_048

    /// The kinds of section.
    enum Section: UInt8 {
        case blocks = 1
        case data = 2
        case identities = 3
        case identityIndex = 4
        case days = 5
        case pieces = 6
        case controls = 7
        case nameTexts = 16
        case nameEnds = 17
        case nameOrder = 18
        case postingEnds = 19
        case postings = 20

        var name: String {
            switch self {
            case .blocks: "the list of blocks"
            case .data: "the blocks"
            case .identities: "the ids"
            case .identityIndex: "the id index"
            case .days: "the days touched"
            case .pieces: "the checksums of pieces"
            case .controls: "the control records"
            case .nameTexts: "the texts of names"
            case .nameEnds: "the ends of names"
            case .nameOrder: "the order of names"
            case .postingEnds: "the directory of posting lists"
            case .postings: "the posting lists"
            }
        }
    }

    /// The columns of a block.
    enum Column: UInt8 {
        case times = 1
        case topics = 2
        case flags = 3
        case kinds = 4
        case idForms = 5
        case positions = 6
        case setCounts = 7
        case setIDs = 8
        case topicPlaces = 9

        /// Whether it is one of `BlockDecoder.RowColumns`.
        var isReadByRow: Bool {
            switch self {
            case .times, .topics, .idForms, .positions: true
            default: false
            }
        }
    }
}

/// Where the payloads of a segment's rows are, and so what their positions mean.
enum PayloadLink: Hashable, Sendable {
    /// In the journal that begins with the same sequence: offsets in bytes.
    case journal
    /// In the archive of the same range, and no other of that name: places in its order.
    case archive(fingerprint: UInt32)
    /// Nowhere: they were dropped.
    case dropped
}
