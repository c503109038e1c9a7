/// Other names of accounts: nicks and mail addresses, as a file or a directory knows them.
package struct Aliases: Sendable {
    /// Accounts by alias.
    private let accounts: [[UInt8]: [UInt8]]

    /// No aliases.
    package static let none = Aliases([:])

    /// - Parameter accounts: the account of each alias.
    package init(_ accounts: [String: String]) {
        self.accounts = Dictionary(
            accounts.map { (Array($0.key.utf8), Array($0.value.utf8)) },
            uniquingKeysWith: { first, _ in first })
    }

    /// How many they are.
    package var count: Int { accounts.count }

    /// The account that a text stands for: `account` knows OpenIDs and addresses, and takes an
    /// address that it does not know for none; `nick` leaves what it does not know as it is.
    func account(
        _ kind: Transform.Kind, of piece: TextPiece, _ names: inout NameSet
    ) -> TextPiece? {
        if kind == .account {
            let own = unsafe names.withBytes(isOwn: piece.isOwn, piece.range) {
                unsafe Self.fedoraAccount($0)
            }
            if let own { return piece.part(own) }
        }
        if !accounts.isEmpty {
            let known = unsafe names.withBytes(isOwn: piece.isOwn, piece.range) {
                unsafe accounts[Array($0)]
            }
            if let known {
                let start = names.own.count
                names.append(known)
                return names.own(from: start)
            }
        }
        guard kind == .account else { return piece }
        let isAddress = unsafe names.withBytes(isOwn: piece.isOwn, piece.range) {
            unsafe $0.contains(UInt8(ascii: "@"))
        }
        return isAddress ? nil : piece
    }

    /// `name@fedoraproject.org` and `http://name.id.fedoraproject.org/` are `name`; nil for others.
    private static func fedoraAccount(_ text: UnsafeRawBufferPointer) -> Range<Int>? {
        // Nearly all texts are accounts already.
        guard let last = unsafe text.last, last == UInt8(ascii: "g") || last == UInt8(ascii: "/")
        else { return nil }
        for (prefix, suffix) in forms {
            let start = prefix.count
            let end = text.count - suffix.count
            if start < end, unsafe text.hasSuffix(suffix), unsafe text.starts(with: prefix) {
                return start..<end
            }
        }
        return nil
    }

    private static let forms: [(prefix: [UInt8], suffix: [UInt8])] = [
        ("", "@fedoraproject.org"), ("http://", ".id.fedoraproject.org/"),
        ("https://", ".id.fedoraproject.org/"), ("http://", ".id.fedoraproject.org"),
        ("https://", ".id.fedoraproject.org"), ("", ".id.fedoraproject.org"),
    ].map { (Array($0.0.utf8), Array($0.1.utf8)) }
}
