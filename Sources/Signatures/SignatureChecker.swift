import Model

/// Judges signatures. Keeps the certificates that it has verified: one per thread.
package final class SignatureChecker {
    /// Where messages come from.
    package enum Origin: Sendable {
        /// From the bus, now: the certificate must be valid now too, since whoever gets hold of an
        /// old key could date messages back to when it was. And nothing is undone.
        case live
        /// From an archive: the certificate has expired since, like as not; it must have been valid
        /// at the message's time. What a datagrepper changes is undone.
        case archive
    }

    package let policy: SignaturePolicy
    private let origin: Origin
    /// A certificate must be valid at this time too.
    private let alsoAt: Timestamp?
    private var trust: Trust?
    /// By the text of the certificate.
    private var signers: [CertificateText: Signer] = [:]

    /// - Parameter alsoAt: a certificate must be valid at this time too; nil: at no other.
    package init(_ policy: SignaturePolicy, origin: Origin, alsoAt: Timestamp? = nil) {
        self.policy = policy
        self.origin = origin
        self.alsoAt = alsoAt
    }

    /// - Parameters:
    ///   - time: the message's.
    ///   - text: writes what is signed, in canonical JSON, with an archive's changes undone.
    package func judge(
        _ parts: borrowing SignedParts, topic: UnsafeRawBufferPointer, time: Timestamp,
        now: Timestamp, text: (ArchiveChanges) -> UnsafeRawBufferPointer
    ) -> Judgement {
        let judgement = unsafe find(parts, topic: topic, time: time, now: now, text: text)
        policy.count(judgement.verdict)
        return judgement
    }

    private func find(
        _ parts: borrowing SignedParts, topic: UnsafeRawBufferPointer, time: Timestamp,
        now: Timestamp, text: (ArchiveChanges) -> UnsafeRawBufferPointer
    ) -> Judgement {
        switch parts.scheme {
        case .none: return Judgement(.unsigned)
        case .gpg: return Judgement(.gpg)
        case .unknown: return Judgement(.malformed)
        case .x509: break
        }
        guard parts.certificate.count <= Limits.certificateTextBytesMax else {
            return Judgement(.malformed, detail: "certificate too long")
        }
        let signer: Signer
        do {
            signer = try trustedSigner(CertificateText(parts.certificate), time: time, now: now)
        } catch {
            return Judgement(error.verdict, detail: error.detail)
        }
        return unsafe judge(parts, signer, topic, text)
    }

    private func judge(
        _ parts: borrowing SignedParts, _ signer: Signer, _ topic: UnsafeRawBufferPointer,
        _ text: (ArchiveChanges) -> UnsafeRawBufferPointer
    ) -> Judgement {
        guard var isRight = unsafe signer.hasSigned(text([]), parts.signature) else {
            return Judgement(.malformed, name: signer.name)
        }
        if !isRight, origin == .archive {
            isRight = parts.changes.attempts.contains { changes in
                unsafe signer.hasSigned(text(changes), parts.signature) == true
            }
            if !isRight, parts.changes.contains(.source) {
                return Judgement(.rewritten, name: signer.name)
            }
        }
        guard isRight else { return Judgement(.altered, name: signer.name) }
        guard !policy.routing.isEmpty else { return Judgement(.valid, name: signer.name) }
        let verdict = unsafe policy.routing.verdict(
            topic: String(decoding: topic, as: UTF8.self), name: signer.name)
        return Judgement(verdict, name: signer.name)
    }

    /// A failure may be one that a newer file mends: then it is tried once more.
    private func trustedSigner(
        _ certificate: CertificateText, time: Timestamp, now: Timestamp
    ) throws(Signer.Refused) -> Signer {
        let trust = policy.files.current(now: now)
        do {
            return try signer(certificate, trust, time: time, now: now)
        } catch {
            guard let newer = policy.files.renewed(trust, now: now) else { throw error }
            return try signer(certificate, newer, time: time, now: now)
        }
    }

    private func signer(
        _ certificate: CertificateText, _ trust: Trust, time: Timestamp, now: Timestamp
    ) throws(Signer.Refused) -> Signer {
        if self.trust !== trust {
            // What other authorities or older lists said counts no more.
            signers.removeAll()
            self.trust = trust
        }
        var signer = try signer(certificate, trust, at: time.seconds)
        let present = origin == .live ? now : alsoAt ?? time
        if !signer.validity.contains(present.seconds) {
            signer = try self.signer(certificate, trust, at: present.seconds)
        }
        // A list says who was revoked until it was made, whenever the message is of; but what it
        // does not know yet, it cannot say.
        if let end = trust.listsEnd, end < present.seconds {
            throw Signer.Refused(verdict: .staleList, detail: "a revocation list has expired")
        }
        return signer
    }

    private func signer(
        _ certificate: CertificateText, _ trust: Trust, at time: Int64
    ) throws(Signer.Refused) -> Signer {
        if let known = signers[certificate], known.validity.contains(time) { return known }
        let made = try Signer(certificate.bytes, trust, at: time)
        // Only what an authority vouches for is kept, so nobody else can fill it.
        if signers.count >= Limits.signersMax { signers.removeAll() }
        signers[certificate] = made
        return made
    }
}
