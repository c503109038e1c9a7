"""Reads the rollups of Tallylog as FORMAT.md describes them, and shares no code with Tallylog.

`Rollups(folder)` gives every row of a store that nobody has open, decoded, and the names.
"""

import struct
from collections import namedtuple

import lmdb

from format_parts import PACKAGE, SEEN, TOPIC, USER, Damage, crc32c, need, number

VERSION = 2
Kind = namedtuple("Kind", "name shape bucket buckets groups of members")
MINUTE, HOUR, DAY = 60, 3_600, 86_400

# What groups and what members of each kind are names of; a series has no members.
KINDS = {
    0x10: Kind("topic-minute", "series", MINUTE, 1_440, 2, TOPIC, None),
    0x11: Kind("topic-hour", "series", HOUR, 768, 2, TOPIC, None),
    0x12: Kind("topic-day", "series", DAY, 512, 64, TOPIC, None),
    0x13: Kind("user-day", "series", DAY, 512, 64, USER, None),
    0x14: Kind("package-day", "series", DAY, 512, 64, PACKAGE, None),
    0x20: Kind("all-topic-hour", "share", HOUR, 24, 1, TOPIC, TOPIC),
    0x21: Kind("all-topic-day", "share", DAY, 8, 1, TOPIC, TOPIC),
    0x22: Kind("topic-user-hour", "share", HOUR, 24, 1, TOPIC, USER),
    0x23: Kind("topic-user-day", "share", DAY, 8, 1, TOPIC, USER),
    0x24: Kind("topic-package-hour", "share", HOUR, 24, 1, TOPIC, PACKAGE),
    0x25: Kind("topic-package-day", "share", DAY, 8, 1, TOPIC, PACKAGE),
    0x30: Kind("user-topic-hour", "history", HOUR, 768, 4, USER, TOPIC),
    0x31: Kind("package-topic-hour", "history", HOUR, 768, 4, PACKAGE, TOPIC),
}


class Rollups:
    """`log_id`, `watermark`, `hours` and `minutes_from` of the meta entry, `names` by dimension
    and id, and `counts`: a number for each (kind, name of the group, name of the member, bucket),
    where the group of all has the name None, and a bucket is its first second."""

    def __init__(self, folder):
        self.path = folder
        environment = lmdb.open(folder, readonly=True, lock=False)
        with environment.begin() as transaction:
            entries = list(transaction.cursor())
        environment.close()
        try:
            self._read(entries)
        except (struct.error, IndexError, KeyError, ValueError) as error:
            raise Damage(f"{folder}: {error!r}") from error

    def _need(self, condition, sentence):
        need(condition, self.path, sentence)

    def _read(self, entries):
        self.names, self.counts, rows, meta = {}, {}, [], None
        for key, value in entries:
            if key == b"\x01":
                meta = value
            elif key[0] == 2:
                dimension, id_ = struct.unpack(">BI", key[1:])
                self._need(1 <= len(value) <= 512, f"a name of {len(value)} bytes")
                self.names.setdefault(dimension, {})[id_] = value
            else:
                self._need(key[0] in KINDS, f"a key of kind {key[0]}")
                chunk, block = struct.unpack(">II", key[1:])
                rows.append((KINDS[key[0]], chunk - (1 << 31), block, value))
        self._need(meta is not None, "no meta entry")
        self._meta(meta)
        for kind, chunk, block, value in rows:
            self._row(kind, chunk, block, value)

    def _meta(self, meta):
        (version, self.log_id, self.watermark, first, end, self.minutes_from,
         dimensions) = struct.unpack_from("<I16sQqqqI", meta)
        self._need(len(meta) == 60 + 4 * dimensions
                   and struct.unpack("<I", meta[-4:])[0] == crc32c(meta[:-4]), "the meta entry")
        self._need(version == VERSION, f"version {version}")
        self.hours = first, end
        stored = struct.unpack_from(f"<{dimensions}I", meta, 56)
        for dimension, amount in enumerate(stored):
            self._need(list(self.names.get(dimension, {})) == list(range(1, amount + 1)),
                       f"names of dimension {dimension} are lacking")
        self._need(all(dimension < dimensions for dimension in self.names),
                   "a name of no dimension")

    def _row(self, kind, chunk, block, row):
        at, last = 0, -1
        self._need(row, "an empty row")
        while at < len(row):
            segment, mode = row[at] >> 2, row[at] & 3
            length, at = number(row, at + 1)
            self._need(segment > last, f"{kind.name}: segments out of order")
            self._need(at + length <= len(row), f"{kind.name}: a segment is cut short")
            for key, count in tally(mode, row[at:at + length]).items():
                self._count(kind, chunk, block, segment, key, count)
            at, last = at + length, segment

    def _count(self, kind, chunk, block, segment, key, count):
        if kind.shape == "share":
            group, member, bucket = block, self.names[kind.members][key], segment
        else:
            self._need(segment < kind.groups, f"{kind.name}: segment {segment}")
            group, member, bucket = block * kind.groups + segment, None, key
            if kind.shape == "history":
                topic, bucket = divmod(key, kind.buckets)
                member = self.names[kind.members][topic]
        self._need(bucket < kind.buckets, f"{kind.name}: bucket {bucket}")
        self._need(group or kind.of == TOPIC, f"{kind.name}: group 0")
        name = self.names[kind.of][group] if group else None
        self.counts[kind.name, name, member, (chunk * kind.buckets + bucket) * kind.bucket] = count


def tally(mode, data):
    """Keys and counts, and that they are written the way that their content asks for."""
    SEEN[f"mode {mode} of a tally"] += 1
    counts = {}
    if mode == 0:
        for key, _ in _deltas(data):
            counts[key] = 1
    elif mode == 1:
        length, at = number(data, 0)
        if at + length > len(data):
            raise Damage("a tally's first part is cut short")
        for key, _ in _deltas(data[at:at + length]):
            counts[key] = 1
        for key, count in _deltas(data[at + length:], pairs=True):
            if key in counts:
                raise Damage("a tally has a key twice")
            counts[key] = count + 2
    else:
        width, at = (1, 0) if mode == 2 else (data[0], 1)
        first, at = number(data, at)
        if mode == 3 and width not in (2, 4, 8) or (len(data) - at) % width:
            raise Damage("a tally's words")
        for key in range((len(data) - at) // width):
            word = data[at + width * key:at + width * (key + 1)]
            if any(word):
                counts[first + key] = int.from_bytes(word, "little")
    if not counts or mode != right_mode(counts) or mode == 3 and width != width_of(counts):
        raise Damage("a tally is not written the way that its content asks for")
    return counts


def _deltas(data, pairs=False):
    at, key, first = 0, 0, True
    while at < len(data):
        delta, at = number(data, at)
        count, at = number(data, at) if pairs else (None, at)
        if not delta and not first:
            raise Damage("a tally's keys do not ascend")
        key, first = key + delta, False
        yield key, count


def width_of(counts):
    most = max(counts.values())
    return next(width for width in (1, 2, 4, 8) if most < 1 << 8 * width)


def right_mode(counts):
    """The mode that follows from the content."""
    span, width = max(counts) - min(counts) + 1, width_of(counts)
    ones = _deltas_size(sorted(key for key in counts if counts[key] == 1))
    many = sorted(key for key in counts if counts[key] > 1)
    sparse = ones
    if many:
        sparse += len_number(ones) + _deltas_size(many)
        sparse += sum(len_number(counts[key] - 2) for key in many)
    if span <= 64 * len(counts) and 4 * width * span <= 5 * sparse:
        return 2 if width == 1 else 3
    return 1 if many else 0


def _deltas_size(keys):
    return sum(len_number(two - one) for one, two in zip([0] + keys, keys))


def len_number(value):
    return max(1, -(-value.bit_length() // 7))
