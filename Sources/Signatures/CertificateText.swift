import Model

/// The text of a message's certificate, to find it again by.
struct CertificateText: Hashable {
    let bytes: [UInt8]

    /// So many bytes from the end reach well into the certificate's own signature, which no other
    /// has. Only certificates that were verified are kept, so nobody can make many of one hash.
    private static let hashedBytes = 192

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    func hash(into hasher: inout Hasher) {
        unsafe bytes.withUnsafeBytes { bytes in
            unsafe hasher.combine(
                bytes: UnsafeRawBufferPointer(rebasing: bytes.suffix(Self.hashedBytes)))
        }
    }
}
