#include "private.h"

#include <limits.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509_vfy.h>
#include <stdlib.h>

int64_t tallylog_seconds(const ASN1_TIME *time, int64_t otherwise) {
    ASN1_TIME *epoch = ASN1_TIME_set(NULL, 0);
    int days = 0, seconds = 0;
    int read = epoch && time && ASN1_TIME_diff(&days, &seconds, epoch, time);
    ASN1_TIME_free(epoch);
    return read ? (int64_t)days * 86400 + seconds : otherwise;
}

// Whether reading PEM has ended because there was no more, and not in the midst of something.
static int ended_well(void) {
    unsigned long error = ERR_peek_last_error();
    ERR_clear_error();
    return ERR_GET_LIB(error) == ERR_LIB_PEM && ERR_GET_REASON(error) == PEM_R_NO_START_LINE;
}

static int add_authorities(X509_STORE *store, BIO *text, tallylog_trust_content *content) {
    X509 *certificate;
    while ((certificate = PEM_read_bio_X509(text, NULL, NULL, NULL))) {
        int added = X509_STORE_add_cert(store, certificate);
        X509_free(certificate);
        if (!added) return TALLYLOG_SIGNATURES_NO_MEMORY;
        content->certificates++;
    }
    return ended_well() && content->certificates > 0 ? TALLYLOG_SIGNATURES_OK
                                                     : TALLYLOG_SIGNATURES_NOT_PEM;
}

static int add_lists(X509_STORE *store, BIO *text, tallylog_trust_content *content) {
    X509_CRL *list;
    while ((list = PEM_read_bio_X509_CRL(text, NULL, NULL, NULL))) {
        int64_t end = tallylog_seconds(X509_CRL_get0_nextUpdate(list), INT64_MAX);
        if (end < content->lists_end) content->lists_end = end;
        int added = X509_STORE_add_crl(store, list);
        X509_CRL_free(list);
        if (!added) return TALLYLOG_SIGNATURES_NO_MEMORY;
        content->lists++;
    }
    return ended_well() && content->lists > 0 ? TALLYLOG_SIGNATURES_OK
                                              : TALLYLOG_SIGNATURES_NOT_PEM;
}

static int fill(
    tallylog_trust *trust, const uint8_t *authorities, size_t authorities_length,
    const uint8_t *lists, size_t lists_length, tallylog_trust_content *content,
    int *list_is_wrong) {
    if (authorities_length > INT_MAX || lists_length > INT_MAX) return TALLYLOG_SIGNATURES_NOT_PEM;
    BIO *text = BIO_new_mem_buf(authorities, (int)authorities_length);
    if (!text) return TALLYLOG_SIGNATURES_NO_MEMORY;
    int outcome = add_authorities(trust->store, text, content);
    BIO_free(text);
    if (outcome != TALLYLOG_SIGNATURES_OK || !lists) return outcome;
    *list_is_wrong = 1;
    if (!(text = BIO_new_mem_buf(lists, (int)lists_length))) return TALLYLOG_SIGNATURES_NO_MEMORY;
    outcome = add_lists(trust->store, text, content);
    BIO_free(text);
    trust->has_lists = 1;
    return outcome;
}

int tallylog_trust_create(
    const uint8_t *authorities, size_t authorities_length, const uint8_t *lists,
    size_t lists_length, tallylog_trust **trust, tallylog_trust_content *content,
    int *list_is_wrong) {
    *trust = NULL;
    *list_is_wrong = 0;
    *content = (tallylog_trust_content){0, 0, INT64_MAX};
    ERR_clear_error();
    tallylog_trust *made = calloc(1, sizeof *made);
    if (!made) return TALLYLOG_SIGNATURES_NO_MEMORY;
    made->store = X509_STORE_new();
    int outcome = made->store
        ? fill(made, authorities, authorities_length, lists, lists_length, content, list_is_wrong)
        : TALLYLOG_SIGNATURES_NO_MEMORY;
    if (outcome == TALLYLOG_SIGNATURES_OK) *trust = made;
    else tallylog_trust_destroy(made);
    return outcome;
}

void tallylog_trust_destroy(tallylog_trust *trust) {
    if (!trust) return;
    X509_STORE_free(trust->store);
    free(trust);
}
