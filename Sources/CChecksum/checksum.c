#include "checksum.h"

#include <openssl/sha.h>
#include <string.h>

#define CASTAGNOLI_REFLECTED 0x82f63b78u

// Three parts of this length are taken at once, since an instruction takes as long as three follow
// each other; their checksums are then put together.
#define LANE_BYTES 512

static uint32_t table[256];
// What LANE_BYTES zero bytes make of each byte of a checksum.
static uint32_t lane_shift[4][256];

static uint32_t extend_by_table(uint32_t crc, const uint8_t *bytes, size_t length) {
    while (length--) crc = (crc >> 8) ^ table[(crc ^ *bytes++) & 0xff];
    return crc;
}

__attribute__((constructor)) static void build_tables(void) {
    for (uint32_t i = 0; i < 256; i++) {
        uint32_t value = i;
        for (int bit = 0; bit < 8; bit++)
            value = (value >> 1) ^ (CASTAGNOLI_REFLECTED & (0u - (value & 1u)));
        table[i] = value;
    }
    static const uint8_t zeros[LANE_BYTES];
    for (int place = 0; place < 4; place++) {
        for (int bit = 0; bit < 8; bit++)
            lane_shift[place][1 << bit] =
                extend_by_table(1u << (8 * place + bit), zeros, LANE_BYTES);
        // The rest by sums: a checksum is linear.
        for (uint32_t value = 1; value < 256; value++) {
            uint32_t lowest = value & (0u - value);
            lane_shift[place][value] =
                lane_shift[place][lowest] ^ lane_shift[place][value ^ lowest];
        }
    }
}

#if defined(__x86_64__)
#include <nmmintrin.h>

static uint32_t behind_lane(uint32_t crc) {
    return lane_shift[0][crc & 0xff] ^ lane_shift[1][crc >> 8 & 0xff]
        ^ lane_shift[2][crc >> 16 & 0xff] ^ lane_shift[3][crc >> 24];
}

__attribute__((target("sse4.2")))
static uint32_t extend_by_instruction(uint32_t crc, const uint8_t *bytes, size_t length) {
    while (length >= 3 * LANE_BYTES) {
        uint64_t lanes[3] = {crc, 0, 0};
        for (int place = 0; place < LANE_BYTES; place += 8) {
            uint64_t words[3];
            memcpy(&words[0], bytes + place, 8);
            memcpy(&words[1], bytes + LANE_BYTES + place, 8);
            memcpy(&words[2], bytes + 2 * LANE_BYTES + place, 8);
            for (int lane = 0; lane < 3; lane++)
                lanes[lane] = _mm_crc32_u64(lanes[lane], words[lane]);
        }
        crc = behind_lane(behind_lane((uint32_t)lanes[0]) ^ (uint32_t)lanes[1])
            ^ (uint32_t)lanes[2];
        bytes += 3 * LANE_BYTES;
        length -= 3 * LANE_BYTES;
    }
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
