// What the files of this folder share.
#pragma once
#include "signatures.h"

#include <openssl/asn1.h>
#include <openssl/evp.h>
#include <openssl/x509.h>

struct tallylog_trust {
    X509_STORE *store;
    int has_lists;
};

struct tallylog_signer {
    EVP_PKEY *key;
    EVP_PKEY_CTX *verification;
    EVP_MD *sha1;
    EVP_MD_CTX *digest;
    unsigned char *name;
    size_t name_length;
    tallylog_validity validity;
};

// Seconds since 1970; what cannot be read is `otherwise`.
int64_t tallylog_seconds(const ASN1_TIME *time, int64_t otherwise);

// Decodes base 64 with line breaks anywhere into new memory; nil if it is none, or empty.
unsigned char *tallylog_base64(const uint8_t *text, size_t length, size_t *decoded);
