import CZeroMQ

/// A key of ZeroMQ's CURVE, public or secret: 32 bytes, written as 40 characters of Z85.
package struct CurveKey: Sendable, Equatable {
    package static let length = 40
    /// What a key must be; part of a sentence.
    package static let accepted = "\(length) characters of Z85"

    package let text: String

    /// - Returns: nil if the text is no key.
    package init?(_ text: String) {
        let digits =
            "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-:+=^!/*?&<>()"
            + "[]{}@%$#"
        guard text.utf8.count == Self.length, text.allSatisfy(digits.contains) else { return nil }
        // Not every text of these characters is one: five of them must fit four bytes.
        var decoded = [UInt8](repeating: 0, count: Self.length / 5 * 4)
        guard zmq_z85_decode(&decoded, text) != nil else { return nil }
        self.text = text
    }

    /// The text with a closing zero, as the library takes it.
    var bytes: [CChar] { Array(text.utf8CString) }
}

/// A pair of keys.
package struct CurveKeyPair: Sendable, Equatable {
    package let publicKey: CurveKey
    package let secretKey: CurveKey

    /// Makes a new pair.
    package init() throws(FeedError) {
        var first = [CChar](repeating: 0, count: CurveKey.length + 1)
        var second = first
        guard zmq_curve_keypair(&first, &second) == 0, let publicKey = Self.key(first),
            let secretKey = Self.key(second)
        else { throw FeedError(.makeKeys, "of CURVE") }
        self.publicKey = publicKey
        self.secretKey = secretKey
    }

    /// The pair that a secret key belongs to.
    package init(secretKey: CurveKey) throws(FeedError) {
        var text = [CChar](repeating: 0, count: CurveKey.length + 1)
        guard zmq_curve_public(&text, secretKey.bytes) == 0, let publicKey = Self.key(text) else {
            throw FeedError(.makeKeys, "of CURVE")
        }
        self.publicKey = publicKey
        self.secretKey = secretKey
    }

    private static func key(_ text: [CChar]) -> CurveKey? {
        CurveKey(
            String(
                decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self))
    }
}

/// What a subscriber needs to connect by CURVE.
package struct CurveKeys: Sendable, Equatable {
    /// The publisher's public key: whoever has not its secret one cannot deliver anything.
    package var server: CurveKey
    package var own: CurveKeyPair

    package init(server: CurveKey, own: CurveKeyPair) {
        self.server = server
        self.own = own
    }
}
