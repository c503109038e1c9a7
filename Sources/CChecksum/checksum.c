#include "checksum.h"

#include <openssl/sha.h>
#include <string.h>

#define CASTAGNOLI_REFLECTED 0x82f63b78u

static uint32_t table[256];

__attribute__((constructor)) static void build_table(void) {
    for (uint32_t i = 0; i < 256; i++) {
        uint32_t value = i;
        for (int bit = 0; bit < 8; bit++)
            value = (value >> 1) ^ (CASTAGNOLI_REFLECTED & (0u - (value & 1u)));
        table[i] = value;
    }
}

static uint32_t extend_by_table(uint32_t crc, const uint8_t *bytes, size_t length) {
    while (length--) crc = (crc >> 8) ^ table[(crc ^ *bytes++) & 0xff];
    return crc;
}

#if defined(__x86_64__)
#include <nmmintrin.h>

__attribute__((target("sse4.2")))
static uint32_t extend_by_instruction(uint32_t crc, const uint8_t *bytes, size_t length) {
    uint64_t wide = crc;
    while (length >= 8) {
        uint64_t word;
        memcpy(&word, bytes, 8);
        wide = _mm_crc32_u64(wide, word);
        bytes += 8;
        length -= 8;
    }
    crc = (uint32_t)wide;
    while (length--) crc = _mm_crc32_u8(crc, *bytes++);
    return crc;
}
#endif

uint32_t tallylog_crc32c(uint32_t crc, const void *bytes, size_t length) {
    crc = ~crc;
#if defined(__x86_64__)
    if (__builtin_cpu_supports("sse4.2")) return ~extend_by_instruction(crc, bytes, length);
#endif
    return ~extend_by_table(crc, bytes, length);
}

void tallylog_sha256(const void *bytes, size_t length, uint8_t digest[32]) {
    SHA256(bytes, length, digest);
}
