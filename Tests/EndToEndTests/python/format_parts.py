"""What the readers of Tallylog's files share: checksums, numbers, packed integers."""

import struct
from collections import Counter

TOPIC, USER, PACKAGE, AGENT, OBJECT = 0, 2, 3, 4, 5
MESSAGE = 1
PAYLOADS_IN_JOURNAL, PAYLOADS_IN_ARCHIVE, PAYLOADS_NOWHERE = 0, 1, 2
U64 = (1 << 64) - 1

# What was met of all that FORMAT.md describes: who tests the readers looks whether all of it was.
SEEN = Counter()


class Damage(Exception):
    """Something in a file does not hold."""


class Newer(Damage):
    """A file of a version that this reader does not know."""


def need(condition, path, sentence):
    if not condition:
        raise Damage(f"{path}: {sentence}")


def _table():
    bytes_ = []
    for value in range(256):
        for _ in range(8):
            value = value >> 1 ^ (0x82f63b78 if value & 1 else 0)
        bytes_.append(value)
    # Two bytes at a time.
    return bytes_, [bytes_[(bytes_[low] ^ high) & 255] ^ bytes_[low] >> 8
                    for high in range(256) for low in range(256)]


BYTES, PAIRS = _table()


def crc32c(data):
    """CRC-32 with the Castagnoli polynomial, reflected."""
    crc, pairs = 0xffff_ffff, PAIRS
    even = len(data) & ~1
    for pair in struct.unpack(f"<{even // 2}H", data[:even]):
        crc = pairs[(crc ^ pair) & 0xffff] ^ crc >> 16
    for byte in data[even:]:
        crc = BYTES[(crc ^ byte) & 255] ^ crc >> 8
    return crc ^ 0xffff_ffff


def number(data, at, bits=64):
    """An unsigned LEB128 and where it ends."""
    value = shift = 0
    while True:
        if at >= len(data) or shift >= bits:
            raise Damage("a number is cut short, or too long")
        byte = data[at]
        value |= (byte & 127) << shift
        at, shift = at + 1, shift + 7
        if byte < 128:
            if value >> bits:
                raise Damage("a number is too large")
            return value, at


def unpack(data, at, count, width):
    """Packed integers, the lowest bit first."""
    if not (width <= 57 or width == 64) or at + -(-count * width // 8) + 8 > len(data):
        raise Damage("packed integers do not fit")
    mask, values = (1 << width) - 1, []
    for begin in range(0, count, 64):
        some = int.from_bytes(data[at:at + 8 * width], "little")
        at += 8 * width
        for _ in range(min(64, count - begin)):
            values.append(some & mask)
            some >>= width
    return values


def packed_array(data, at=0):
    """Its integers, and where it ends."""
    if at + 8 > len(data):
        raise Damage("a packed array does not fit")
    count, width = struct.unpack_from("<IB", data, at)
    values = unpack(data, at + 8, count, width)
    return values, at + 8 + -(-count * width // 8) + 8


def signed(value):
    value &= U64
    return value - (1 << 64) if value >> 63 else value
