// CRC-32C (Castagnoli) with the processor's instruction, and SHA-256 from libcrypto.
#pragma once
#include <stddef.h>
#include <stdint.h>

/// Extends `crc` (0 to begin) over `length` bytes. Falls back to a table where SSE 4.2 is absent.
uint32_t tallylog_crc32c(uint32_t crc, const void *bytes, size_t length);

/// Writes the 32-byte SHA-256 digest of `length` bytes to `digest`.
void tallylog_sha256(const void *bytes, size_t length, uint8_t digest[32]);
