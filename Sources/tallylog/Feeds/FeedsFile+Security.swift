import ArgumentParser
import Engine
import Feed
import Signatures
import Yams

/// The keys of a feed that say whom it believes: `signatures` and `curve`.
extension FeedsFile {
    private static let signatureKeys = ["mode", "ca", "crl", "routing", "nitpicky"]
    private static let modes = SignaturePolicy.Mode.allCases.map(\.rawValue) + ["off"]
    private static let curveKeys = ["server_key", "public_key", "secret_key_file"]

    /// - Returns: nil where the mode is off.
    func signatures(_ node: Node, _ place: String) throws -> SignaturePolicy? {
        let values = try texts(node, place, Self.signatureKeys)
        guard let mode = values["mode"] else {
            throw wrong(node, place, "has no mode; accepted: \(Self.list(Self.modes))")
        }
        guard Self.modes.contains(mode.text) else {
            throw wrong(
                mode.node, place + ".mode",
                "is '\(mode.text)'; accepted: \(Self.list(Self.modes))")
        }
        var isNitpicky = false
        if let nitpicky = values["nitpicky"] {
            guard let value = Bool(nitpicky.text) else {
                throw wrong(
                    nitpicky.node, place + ".nitpicky",
                    "is '\(nitpicky.text)'; accepted: true or false")
            }
            isNitpicky = value
        }
        guard let wanted = SignaturePolicy.Mode(rawValue: mode.text) else { return nil }
        guard let authorities = values["ca"] else {
            throw wrong(node, place, "has no ca; accepted: a file of certificates in PEM")
        }
        var routing = RoutingPolicy()
        if let file = values["routing"] {
            do { routing = try RoutingFile.policy(in: file.text) } catch {
                throw wrong(file.node, place + ".routing", error.description)
            }
        }
        routing.isNitpicky = isNitpicky
        let lists = values["crl"]
        do {
            let files = try TrustFiles(
                authorities: authorities.text, lists: lists?.text, now: WallClock.now)
            return SignaturePolicy(mode: wanted, files: files, routing: routing)
        } catch {
            let wrongFile = error.isList ? lists ?? authorities : authorities
            throw wrong(
                wrongFile.node, place + (error.isList ? ".crl" : ".ca"), "is wrong: \(error)")
        }
    }

    func curve(_ node: Node, _ place: String) throws -> CurveKeys {
        let values = try texts(node, place, Self.curveKeys)
        guard let server = values["server_key"], let secret = values["secret_key_file"] else {
            let absent = values["server_key"] == nil ? "server_key" : "secret_key_file"
            throw wrong(
                node, place,
                "has no \(absent); accepted: the publisher's public key, and the file of one's "
                    + "own secret one")
        }
        let own: CurveKeyPair
        do {
            own = try CurveKeyPair(secretKey: try CurveKeyFile.secretKey(in: secret.text))
        } catch {
            throw wrong(secret.node, place + ".secret_key_file", "is wrong: \(error)")
        }
        if let stated = values["public_key"] {
            let key = try publicKey(stated, place + ".public_key")
            guard key == own.publicKey else {
                throw wrong(
                    stated.node, place + ".public_key",
                    "is not that of the secret key; accepted: \(own.publicKey.text), or nothing")
            }
        }
        return CurveKeys(server: try publicKey(server, place + ".server_key"), own: own)
    }

    /// A public key, or the file that it stands in.
    private func publicKey(
        _ value: (text: String, node: Node), _ place: String
    ) throws -> CurveKey {
        if let key = CurveKey(value.text) { return key }
        do { return try CurveKeyFile.publicKey(in: value.text) } catch {
            throw wrong(
                value.node, place,
                "is no key: \(error); accepted: \(CurveKey.accepted), or a file with them")
        }
    }

    /// The values of a mapping that has texts only, and no other keys than these.
    private func texts(
        _ node: Node, _ place: String, _ keys: [String]
    ) throws -> [String: (text: String, node: Node)] {
        guard let mapping = node.mapping else {
            throw wrong(node, place, "is no mapping; accepted: the keys \(Self.list(keys))")
        }
        var texts: [String: (text: String, node: Node)] = [:]
        for (key, value) in mapping {
            let word = key.string ?? "?"
            guard keys.contains(word) else {
                throw wrong(key, "\(place).\(word)", "is no key; accepted: \(Self.list(keys))")
            }
            guard let text = value.scalar?.string, !text.isEmpty else {
                throw wrong(value, "\(place).\(word)", "is no text; accepted: one")
            }
            texts[word] = (text, value)
        }
        return texts
    }
}
