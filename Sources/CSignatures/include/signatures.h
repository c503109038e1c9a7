// A C face on OpenSSL's libcrypto for the signatures of the bus: a chain of X.509 certificates
// judged at a time and against revocation lists, and RSA PKCS#1 v1.5 over SHA-1. Chains, times,
// lists and keys are all libcrypto's work.
#pragma once
#include <stddef.h>
#include <stdint.h>

/// Certificates that are trusted, and revocation lists. Several threads may use one at a time.
typedef struct tallylog_trust tallylog_trust;

/// A certificate that a chain leads to, with its key made ready. For one thread at a time.
typedef struct tallylog_signer tallylog_signer;

/// Why files were refused, or a certificate.
enum {
    TALLYLOG_SIGNATURES_OK = 0,
    TALLYLOG_SIGNATURES_NO_MEMORY = 1,
    /// The bytes are no PEM of the kind that is wanted, or damaged PEM.
    TALLYLOG_SIGNATURES_NOT_PEM = 2,
    /// The chain does not lead to a trusted certificate, or breaks a rule on its way.
    TALLYLOG_SIGNATURES_UNTRUSTED = 3,
    TALLYLOG_SIGNATURES_EXPIRED = 4,
    TALLYLOG_SIGNATURES_NOT_YET_VALID = 5,
    TALLYLOG_SIGNATURES_REVOKED = 6,
    /// There are revocation lists, and none is of the certificate's issuer.
    TALLYLOG_SIGNATURES_NO_LIST = 7,
    /// The certificate's key is not RSA.
    TALLYLOG_SIGNATURES_NOT_RSA = 8,
};

/// What a trust holds.
typedef struct {
    uint32_t certificates, lists;
    /// When the first of the lists is out of date, in seconds since 1970; INT64_MAX if none is.
    int64_t lists_end;
} tallylog_trust_content;

/// The span in which a chain is valid, [start, end] in seconds since 1970, both inclusive.
typedef struct {
    int64_t start, end;
} tallylog_validity;

/// - Parameters:
///   - authorities: PEM, one certificate or more.
///   - lists: PEM, one revocation list or more; nil for none.
/// Returns OK, NO_MEMORY, or NOT_PEM; `list_is_wrong` is 1 if it is the lists that are.
int tallylog_trust_create(
    const uint8_t *authorities, size_t authorities_length, const uint8_t *lists,
    size_t lists_length, tallylog_trust **trust, tallylog_trust_content *content,
    int *list_is_wrong);
void tallylog_trust_destroy(tallylog_trust *trust);

/// Judges the first certificate of a PEM text in base 64; the others may be links of its chain.
/// - Parameters:
///   - time: at which the chain must be valid, in seconds since 1970.
///   - words: gets libcrypto's reason where the chain is refused, else an empty text.
int tallylog_signer_create(
    const tallylog_trust *trust, const uint8_t *base64, size_t length, int64_t time,
    tallylog_signer **signer, char *words, size_t words_capacity);
void tallylog_signer_destroy(tallylog_signer *signer);

tallylog_validity tallylog_signer_validity(const tallylog_signer *signer);

/// The first common name of the certificate's subject as UTF-8, which may have zero bytes; nil and
/// a length of zero if it has none. Valid as long as the signer.
const uint8_t *tallylog_signer_name(const tallylog_signer *signer, size_t *length);

/// Whether the signature, in base 64, is one over `text` by the signer's key: 1, 0, or -1 if it is
/// no base 64.
int tallylog_signer_verify(
    tallylog_signer *signer, const uint8_t *text, size_t length, const uint8_t *base64,
    size_t base64_length);
