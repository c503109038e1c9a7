"""Reads what Tallylog keeps of a rule as FORMAT.md describes it, and shares no code with it."""

import hashlib
import json
import struct

import lmdb

from format_parts import SEEN, Damage, crc32c, need, number

VERSION, GROUPS_PER_ROW, REGISTERS = 1, 64, 4_096
META = struct.Struct("<I16sQIQqQI")


class Rule:
    """`watermark`, `lacking`, `groups`: the keys' values by number, and `rows`: of each (width's
    place, start of the bucket, group) the number of messages and the aggregates by name."""

    def __init__(self, folder, log_id, number_, definition):
        self.path = folder
        (rule,) = json.loads(definition).values()
        self.aggregates = rule["aggregates"]
        environment = lmdb.open(folder, readonly=True, lock=False)
        with environment.begin() as transaction:
            entries = list(transaction.cursor())
        environment.close()
        half = hashlib.sha256(log_id + struct.pack("<I", number_) + definition.encode()).digest()
        identity = struct.pack("<QQ", *struct.unpack(">QQ", half[:16]))
        try:
            self._read(entries, identity)
        except (struct.error, IndexError, KeyError, ValueError) as error:
            raise Damage(f"{folder}: {error!r}") from error

    def _read(self, entries, identity):
        meta = dict(entries)[b"\x01"]
        need(len(meta) == META.size and META.unpack(meta)[-1] == crc32c(meta[:-4]), self.path,
             "the meta entry")
        (version, found, self.watermark, groups, self.lacking, self.lacking_until, self.others,
         _) = META.unpack(meta)
        need((version, found) == (VERSION, identity), self.path, "its identity")
        self.groups, self.rows = {0: None}, {}
        for key, value in entries:
            if key[0] == 2:
                self.groups[struct.unpack(">I", key[1:])[0]] = list(self._texts(value))
            elif key[0] >= 0x10:
                start, block = struct.unpack(">QI", key[1:])
                self._row((key[0] - 0x10, start - (1 << 63)), block, value)
        need(list(self.groups) == list(range(groups + 1)), self.path, "its groups")

    @staticmethod
    def _texts(value):
        at = 0
        while at < len(value):
            length = struct.unpack_from("<H", value, at)[0]
            yield _text(value, at + 2, length)
            at += 2 + length

    def _row(self, bucket, block, data):
        at, last = 0, -1
        while at < len(data):
            group = data[at]
            need(last < group < GROUPS_PER_ROW, self.path, "groups of a row")
            messages, at = number(data, at + 1, 128)
            values = {}
            for name, aggregate in self.aggregates.items():
                (kind,) = aggregate
                SEEN[f"an aggregate's {kind}"] += 1
                values[name], at = READERS[kind](data, at, aggregate)
            known = self.groups[block * GROUPS_PER_ROW + group]
            self.rows[(*bucket, known and tuple(known))] = messages, values
            last = group


def _text(data, at, length):
    if at + length > len(data):
        raise Damage("a text is cut short")
    return data[at:at + length].decode()


def _flag(data, at):
    """Whether what is kept begins with 1, and not with 0."""
    if data[at] > 1:
        raise Damage(f"{data[at]} in place of 0 or 1")
    return data[at]


def signed(data, at):
    """A number from 0 on doubled, one below as the odd numbers."""
    value, at = number(data, at, 128)
    return -(value + 1 >> 1) if value & 1 else value >> 1, at


def _sum(data, at, _):
    amount, at = number(data, at, 128)
    total, at = signed(data, at)
    return (amount, total), at


def _extreme(data, at, _):
    return signed(data, at + 1) if _flag(data, at) else (None, at + 1)


def _distinct(data, at, _):
    if _flag(data, at):
        SEEN["registers"] += 1
        return data[at + 1:at + 1 + REGISTERS], at + 1 + REGISTERS
    amount, at = number(data, at + 1)
    return list(struct.unpack_from(f"<{amount}Q", data, at)), at + 8 * amount


def _quantiles(data, at, _):
    amount, at = number(data, at)
    buckets, bucket = {}, 0
    for _ in range(amount):
        distance, at = signed(data, at)
        bucket += distance
        buckets[bucket], at = number(data, at, 128)
    return buckets, at


def _latest(data, at, aggregate):
    if not _flag(data, at):
        return None, at + 1
    time, at = signed(data, at + 1)
    sequence, at = number(data, at)
    texts = []
    for _ in aggregate["latest"]:
        length, at = number(data, at)
        texts.append(_text(data, at, length))
        at += length
    return (time, sequence, texts), at


READERS = {"sum": _sum, "min": _extreme, "max": _extreme, "distinct": _distinct,
           "quantiles": _quantiles, "latest": _latest}


# The same, of numbers and texts.

def text_hash(text):
    return struct.unpack(">Q", hashlib.sha256(text.encode()).digest()[:8])[0]


def registers(texts):
    """HyperLogLog's, of all these texts."""
    found = bytearray(REGISTERS)
    for text in texts:
        hashed = text_hash(text)
        run = 52 - (hashed & (1 << 52) - 1).bit_length() + 1
        found[hashed >> 52] = max(found[hashed >> 52], run)
    return bytes(found)


def quantile_bucket(millionths):
    """Into which bucket a number falls."""
    magnitude, shift = abs(millionths), 0
    while magnitude >> shift >= 128:
        shift += 1
    bucket = 64 * shift + (magnitude >> shift)
    return -bucket if millionths < 0 else bucket
