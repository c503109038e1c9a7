#include "private.h"

#include <limits.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509_vfy.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// So many certificates of a message are looked at.
#define CERTIFICATES_MAX 8

unsigned char *tallylog_base64(const uint8_t *text, size_t length, size_t *decoded) {
    if (length == 0 || length > INT_MAX / 2) return NULL;
    // A minus sign would end the text for libcrypto, and what follows would count for nothing.
    if (memchr(text, '-', length)) return NULL;
    EVP_ENCODE_CTX *context = EVP_ENCODE_CTX_new();
    unsigned char *bytes = malloc(length + 3);
    int main_part = 0, end_part = 0;
    if (context) EVP_DecodeInit(context);
    if (!context || !bytes
        || EVP_DecodeUpdate(context, bytes, &main_part, text, (int)length) < 0
        || EVP_DecodeFinal(context, bytes + main_part, &end_part) < 0
        || main_part + end_part == 0) {
        free(bytes);
        bytes = NULL;
    }
    EVP_ENCODE_CTX_free(context);
    *decoded = (size_t)(main_part + end_part);
    return bytes;
}

// Reads the certificates of a message: the first is its signer's.
static int read_certificates(
    const uint8_t *base64, size_t length, X509 **leaf, STACK_OF(X509) **links) {
    size_t decoded = 0;
    unsigned char *bytes = tallylog_base64(base64, length, &decoded);
    if (!bytes) return TALLYLOG_SIGNATURES_NOT_PEM;
    BIO *text = BIO_new_mem_buf(bytes, (int)decoded);
    *links = sk_X509_new_null();
    if (text) *leaf = PEM_read_bio_X509(text, NULL, NULL, NULL);
    X509 *link;
    while (*leaf && *links && sk_X509_num(*links) < CERTIFICATES_MAX - 1
           && (link = PEM_read_bio_X509(text, NULL, NULL, NULL)))
        if (!sk_X509_push(*links, link)) X509_free(link);
    BIO_free(text);
    free(bytes);
    ERR_clear_error();
    if (!*links) return TALLYLOG_SIGNATURES_NO_MEMORY;
    return *leaf ? TALLYLOG_SIGNATURES_OK : TALLYLOG_SIGNATURES_NOT_PEM;
}

// Lists must be of today, which whoever keeps the trust sees to, and not of the message's time.
// Above the signer's issuer they are looked at where they are there.
static int judge(int is_fine, X509_STORE_CTX *context) {
    if (is_fine) return 1;
    switch (X509_STORE_CTX_get_error(context)) {
    case X509_V_ERR_CRL_HAS_EXPIRED:
    case X509_V_ERR_CRL_NOT_YET_VALID: return 1;
    case X509_V_ERR_UNABLE_TO_GET_CRL: return X509_STORE_CTX_get_error_depth(context) > 0;
    default: return 0;
    }
}

static int outcome_of(int error) {
    switch (error) {
    case X509_V_ERR_CERT_HAS_EXPIRED: return TALLYLOG_SIGNATURES_EXPIRED;
    case X509_V_ERR_CERT_NOT_YET_VALID: return TALLYLOG_SIGNATURES_NOT_YET_VALID;
    case X509_V_ERR_CERT_REVOKED: return TALLYLOG_SIGNATURES_REVOKED;
    case X509_V_ERR_UNABLE_TO_GET_CRL: return TALLYLOG_SIGNATURES_NO_LIST;
    case X509_V_ERR_OUT_OF_MEM: return TALLYLOG_SIGNATURES_NO_MEMORY;
    default: return TALLYLOG_SIGNATURES_UNTRUSTED;
    }
}

// The span in which all links of the chain are valid.
static tallylog_validity validity_of(X509_STORE_CTX *context) {
    tallylog_validity validity = {INT64_MIN, INT64_MAX};
    STACK_OF(X509) *chain = X509_STORE_CTX_get0_chain(context);
    for (int place = 0; place < sk_X509_num(chain); place++) {
        X509 *link = sk_X509_value(chain, place);
        int64_t start = tallylog_seconds(X509_get0_notBefore(link), INT64_MAX);
        int64_t end = tallylog_seconds(X509_get0_notAfter(link), INT64_MIN);
        if (start > validity.start) validity.start = start;
        if (end < validity.end) validity.end = end;
    }
    return validity;
}

static int verify_chain(
    const tallylog_trust *trust, X509 *leaf, STACK_OF(X509) *links, int64_t time,
    tallylog_validity *validity, char *words, size_t words_capacity) {
    X509_STORE_CTX *context = X509_STORE_CTX_new();
    if (!context || !X509_STORE_CTX_init(context, trust->store, leaf, links)) {
        X509_STORE_CTX_free(context);
        return TALLYLOG_SIGNATURES_NO_MEMORY;
    }
    X509_STORE_CTX_set_verify_cb(context, judge);
    X509_VERIFY_PARAM *rules = X509_STORE_CTX_get0_param(context);
    X509_VERIFY_PARAM_set_time(rules, (time_t)time);
    if (trust->has_lists)
        X509_VERIFY_PARAM_set_flags(rules, X509_V_FLAG_CRL_CHECK | X509_V_FLAG_CRL_CHECK_ALL);
    int outcome = TALLYLOG_SIGNATURES_OK;
    if (X509_verify_cert(context) == 1) {
        *validity = validity_of(context);
    } else {
        int error = X509_STORE_CTX_get_error(context);
        outcome = outcome_of(error);
        snprintf(words, words_capacity, "%s", X509_verify_cert_error_string(error));
    }
    X509_STORE_CTX_free(context);
    ERR_clear_error();
    return outcome;
}

static void read_name(tallylog_signer *signer, const X509 *leaf) {
    const X509_NAME *subject = X509_get_subject_name(leaf);
    int place = X509_NAME_get_index_by_NID(subject, NID_commonName, -1);
    if (place < 0) return;
    int length = ASN1_STRING_to_UTF8(
        &signer->name, X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, place)));
    if (length < 0) signer->name = NULL;
    signer->name_length = signer->name ? (size_t)length : 0;
}

static int make_ready(tallylog_signer *signer, X509 *leaf) {
    signer->key = X509_get_pubkey(leaf);
    if (!signer->key || !EVP_PKEY_is_a(signer->key, "RSA")) return TALLYLOG_SIGNATURES_NOT_RSA;
    signer->verification = EVP_PKEY_CTX_new_from_pkey(NULL, signer->key, NULL);
    signer->sha1 = EVP_MD_fetch(NULL, "SHA1", NULL);
    signer->digest = EVP_MD_CTX_new();
    int is_ready = signer->verification && signer->sha1 && signer->digest
        && EVP_PKEY_verify_init(signer->verification) == 1
        && EVP_PKEY_CTX_set_rsa_padding(signer->verification, RSA_PKCS1_PADDING) == 1
        && EVP_PKEY_CTX_set_signature_md(signer->verification, signer->sha1) == 1;
    read_name(signer, leaf);
    return is_ready ? TALLYLOG_SIGNATURES_OK : TALLYLOG_SIGNATURES_NO_MEMORY;
}

int tallylog_signer_create(
    const tallylog_trust *trust, const uint8_t *base64, size_t length, int64_t time,
    tallylog_signer **signer, char *words, size_t words_capacity) {
    *signer = NULL;
    words[0] = 0;
    X509 *leaf = NULL;
    STACK_OF(X509) *links = NULL;
    tallylog_signer *made = calloc(1, sizeof *made);
    int outcome = made ? read_certificates(base64, length, &leaf, &links)
                       : TALLYLOG_SIGNATURES_NO_MEMORY;
    if (outcome == TALLYLOG_SIGNATURES_OK)
        outcome = verify_chain(trust, leaf, links, time, &made->validity, words, words_capacity);
    if (outcome == TALLYLOG_SIGNATURES_OK) outcome = make_ready(made, leaf);
    X509_free(leaf);
    sk_X509_pop_free(links, X509_free);
    ERR_clear_error();
    if (outcome == TALLYLOG_SIGNATURES_OK) *signer = made;
    else tallylog_signer_destroy(made);
    return outcome;
}

void tallylog_signer_destroy(tallylog_signer *signer) {
    if (!signer) return;
    EVP_PKEY_CTX_free(signer->verification);
    EVP_PKEY_free(signer->key);
    EVP_MD_CTX_free(signer->digest);
    EVP_MD_free(signer->sha1);
    OPENSSL_free(signer->name);
    free(signer);
}

tallylog_validity tallylog_signer_validity(const tallylog_signer *signer) {
    return signer->validity;
}

const uint8_t *tallylog_signer_name(const tallylog_signer *signer, size_t *length) {
    *length = signer->name_length;
    return signer->name;
}

int tallylog_signer_verify(
    tallylog_signer *signer, const uint8_t *text, size_t length, const uint8_t *base64,
    size_t base64_length) {
    size_t signature_length = 0;
    unsigned char *signature = tallylog_base64(base64, base64_length, &signature_length);
    if (!signature) return -1;
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned int digest_length = 0;
    int is_right = EVP_DigestInit_ex2(signer->digest, signer->sha1, NULL) == 1
        && EVP_DigestUpdate(signer->digest, text, length) == 1
        && EVP_DigestFinal_ex(signer->digest, digest, &digest_length) == 1
        && EVP_PKEY_verify(
               signer->verification, signature, signature_length, digest, digest_length) == 1;
    free(signature);
    ERR_clear_error();
    return is_right;
}
