"""Reads a log of Tallylog as FORMAT.md describes it, and shares no code with Tallylog.

`read_log(folder)` gives every record of a store that nobody has open, and checks whatever the
page says that a reader can check; what does not hold raises Damage.
"""

import os
import re
import struct
from collections import Counter
from dataclasses import dataclass, field

from format_columns import Archive, Columns
from format_parts import (
    MESSAGE, PAYLOADS_IN_ARCHIVE, PAYLOADS_IN_JOURNAL, SEEN, TOPIC, Newer, crc32c, need)

HEADER_BYTES = ALIGNMENT = 512
BATCH_HEADER = struct.Struct("<4sIQQIIIII")  # and the checksum of these 44 bytes
RECORD_HEADER = struct.Struct("<IBBHqQQIHH")
BATCH_BYTES_MAX, SEQUENCE_MAX = 16 << 20, 1 << 62
SEGMENT_RECORDS_MAX, PAYLOAD_BYTES_MAX = 1 << 18, 4 << 20
NAME_BYTES_MAX, NAMES_MAX = 512, 1_024
KINDS = {1: "message", 2: "gap", 3: "horizon", 4: "rule", 5: "feed"}
FEED_TELLS = {1: "heard", 2: "begins", 3: "ends", 4: "fetched", 5: "filled", 6: "read"}
REASONS = {1: "history", 2: "stopped", 3: "disconnected", 4: "overflow", 5: "counter",
           6: "sequence"}


@dataclass
class Record:
    sequence: int
    kind: int
    flags: int
    form: int
    time: int
    id: tuple  # two halves
    names: dict = field(default_factory=dict)  # of each dimension, in order
    payload: bytes | None = None
    place: int = 0  # in its journal, or in its archive

    @property
    def topic(self):
        return self.names[TOPIC][0]

    def bus_id(self):
        """The id's text, where it does not stand in the payload alone."""
        digits = "%016x%016x" % self.id
        if self.form == 1:
            return "derived-" + digits
        if self.form >= 1_000:
            parts = digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]
            return f"{self.form}-{'-'.join(parts)}"
        return None


def category(topic):
    parts = topic.split(b".")
    place = 2 if b"VirtualTopic" in topic else 3
    return (parts[place] if place < len(parts) else b"") or b"Unclassified"


@dataclass
class Log:
    records: list
    files: Counter  # how many segments have their payloads where
    id: bytes | None
    torn: int | None  # the sequence of a batch that was cut short


def read_log(folder):
    """All records of a `log/`, from sequence 1 on."""
    journals, columns, archives = {}, [], []
    for name in sorted(os.listdir(folder)):
        if match := re.fullmatch(r"(\d{20})\.journal", name):
            journals[int(match[1])] = name
        elif match := re.fullmatch(r"(\d{20})-(\d{20})\.(columns|archive)", name):
            kind = columns if match[3] == "columns" else archives
            kind.append((int(match[1]), int(match[2])))
    sealed = dict(sorted(columns))  # the widest of those that begin with one sequence
    log, following, segments = Log([], Counter(), None, None), 1, []
    while following in sealed or following in journals:
        if following in sealed:
            records = _read_sealed(folder, following, sealed[following], journals, log)
        else:
            is_last = following == max([*journals, *sealed])
            records, log.torn = _read_journal(
                folder, journals.pop(following), following, log, is_last)
            log.files["journal"] += 1
        segments.append((following, following + len(records) - 1))
        log.records += records
        following += len(records)
        if not records:
            break
    for first, last in [*columns, *archives, *((first, first) for first in journals)]:
        need(any(begin <= first and last <= end for begin, end in segments), folder,
             f"a hole before {first}, or a segment that overlaps with {first} to {last}")
    return log


def _read_sealed(folder, first, last, journals, log):
    """A segment with columns: they say where its payloads are."""
    path = os.path.join(folder, f"{first:020}-{last:020}.columns")
    columns = Columns(path)
    need((columns.first, columns.rows) == (first, last - first + 1), path, "not its name's range")
    records = [
        Record(first + row, *values) for row, values in enumerate(columns.values())]
    controls = dict(columns.controls)
    if columns.where != PAYLOADS_IN_JOURNAL:
        # What is no message, then by the topics' texts, then by sequence.
        order = sorted(records, key=lambda one: (one.names.get(TOPIC, []), one.sequence))
        need([one.place for one in order] == list(range(columns.rows)), path, "positions")
    else:
        need(first in journals, path, "its journal is absent")
        originals, _ = _read_journal(folder, journals.pop(first), first, log, False)
        _compare_with_journal(path, columns, records, originals)
        log.files["sealed"] += 1
        return originals
    if columns.where == PAYLOADS_IN_ARCHIVE:
        archive_path = path.replace(".columns", ".archive")
        need(os.path.exists(archive_path), path, "its archive is absent")
        archive = Archive(archive_path, columns)
        _same_log(log, archive.log_id, archive.path)
        for record in records:
            record.payload = archive.payload(record)
        payload_bytes = sum(len(record.payload) for record in records)
        if all(record.payload for record in records if record.kind == MESSAGE):
            need(payload_bytes == archive.payload_bytes, path, "the sum of the payloads' bytes")
        for row, (kind, time, payload) in controls.items():
            need(records[row].payload == payload, path, f"row {row}'s payload is not the archive's")
        log.files["archive"] += 1
    else:
        for row, (kind, time, payload) in controls.items():
            records[row].payload = payload
        log.files["nowhere"] += 1
    for row, (kind, time, payload) in controls.items():
        need((records[row].kind, records[row].time) == (kind, time), path, f"control of row {row}")
    return records


def _compare_with_journal(path, columns, records, originals):
    """Columns are a function of the records."""
    need(len(records) == len(originals), path, "as many rows as its journal has records")
    for row, (mine, original) in enumerate(zip(records, originals)):
        for what in ("kind", "flags", "form", "time", "id", "names", "place"):
            one, other = getattr(mine, what), getattr(original, what)
            need(one == other, path, f"row {row}: {what} {one}, in its journal {other}")
    controls = {row: (record.kind, record.time, record.payload)
                for row, record in enumerate(originals)
                if record.kind != MESSAGE and record.payload}
    need(controls == dict(columns.controls), path, "not its journal's control records")


def _same_log(log, log_id, path):
    need(log.id in (None, log_id), path, "of another log")
    log.id = log_id


# Journals.

def _read_journal(folder, name, first, log, is_last):
    """The records of a journal, and the sequence of a batch that was cut short, if any."""
    path = os.path.join(folder, name)
    with open(path, "rb") as file:
        data = file.read()
    need(len(data) >= HEADER_BYTES and data[:8] == b"TALLYJRN", path, "not a journal")
    version, _, log_id, salt, begins = struct.unpack("<II16sQQ", data[8:48])
    checksum = crc32c(data[:508])
    need(struct.unpack("<I", data[508:512])[0] == checksum, path, "the header's checksum")
    if version > 1:
        raise Newer(path)
    need(begins == first, path, "its first sequence is not its name's")
    _same_log(log, log_id, path)
    records, end, before = [], HEADER_BYTES, checksum
    while (offset := -(-end // ALIGNMENT) * ALIGNMENT) < len(data):
        if data[end:offset].strip(b"\0"):
            break
        batch = _valid_batch(data, offset, salt, path)
        if not batch or batch[:2] != (first + len(records), before):
            break
        _, _, count, size, before = batch
        records += _records(data, offset, size, count, first + len(records), path)
        need(len(records) <= SEGMENT_RECORDS_MAX, path, "more records than a segment has")
        end = offset + size
    torn = _what_follows(data, end, salt, first + len(records), path)
    need(torn is None or is_last, path, f"a tail at {end}, which only the last may have")
    return records, torn


def _valid_batch(data, offset, salt, path):
    """First sequence, checksum of the one before, records, bytes and checksum of a batch."""
    if len(data) < offset + 48:
        return None
    magic, version, its_salt, first, size, count, before, of_records, _ = BATCH_HEADER.unpack_from(
        data, offset)
    if magic != b"TBAT" or its_salt != salt:
        return None
    checksum = crc32c(data[offset:offset + 44])
    if struct.unpack_from("<I", data, offset + 44)[0] != checksum:
        return None
    if version > 1:
        raise Newer(path)
    if not (92 <= size <= BATCH_BYTES_MAX and offset + size <= len(data) and count
            and 1 <= first <= SEQUENCE_MAX):
        return None
    checksums, at, seen = b"", offset + 48, 0
    while at + 44 <= offset + size and seen < count:
        length = struct.unpack_from("<I", data, at + 4)[0]
        if length < 40 or at + 4 + length > offset + size or not _fits(data, at + 4, length):
            return None
        if struct.unpack_from("<I", data, at)[0] != crc32c(data[at + 4:at + 4 + length]):
            return None
        checksums += data[at:at + 4]
        at, seen = at + 4 + length, seen + 1
    if at != offset + size or seen != count or crc32c(checksums) != of_records:
        return None
    return first, before, count, size, checksum


def _fits(data, at, length):
    """Whether lengths and offsets of a record do."""
    _, kind, _, _, _, _, _, payload, names, _ = RECORD_HEADER.unpack_from(data, at)
    if not 40 + 8 * names <= payload <= length or names > NAMES_MAX:
        return False
    if length - payload > PAYLOAD_BYTES_MAX or (kind != MESSAGE) != (names == 0):
        return False
    known, last = set(), -1
    for number in range(names):
        dimension, _, size, offset = struct.unpack_from("<BBHI", data, at + 40 + 8 * number)
        name = bytes(data[at + offset:at + offset + size])
        if not 1 <= size <= NAME_BYTES_MAX or offset < 40 + 8 * names or offset + size > length:
            return False
        if (dimension == TOPIC) != (number == 0) or (dimension, name) in known:
            return False
        known.add((dimension, name))
    return True


def _records(data, offset, size, count, first, path):
    at = offset + 48
    for number in range(count):
        length, kind, flags, form, time, high, low, payload, names, _ = RECORD_HEADER.unpack_from(
            data, at + 4)
        SEEN.update((f"a {KINDS.get(kind)}", f"an id of form {min(form, 1_000)}"))
        need(kind in KINDS or not flags & 1, path, f"a critical record of unknown kind {kind}")
        record = Record(first + number, kind, flags, form, time, (high, low), place=at + 4)
        for entry in range(names):
            dimension, _, bytes_, start = struct.unpack_from("<BBHI", data, at + 44 + 8 * entry)
            record.names.setdefault(dimension, []).append(
                bytes(data[at + 4 + start:at + 4 + start + bytes_]))
        record.payload = bytes(data[at + 4 + payload:at + 4 + length])
        yield record
        at += 4 + length


def _what_follows(data, end, salt, sequence, path):
    """Recovery's three cases: damage, the end (None), or a torn tail's sequence."""
    tail = data[end:].rstrip(b"\0")
    need(len(tail) <= BATCH_BYTES_MAX + 512, path, f"damage at {end}: more follows than a batch")
    for later in range(-(-end // ALIGNMENT) * ALIGNMENT, end + len(tail), ALIGNMENT):
        batch = _valid_batch(data, later, salt, path)
        need(not batch or batch[0] < sequence, path,
             f"damage at {end}, sequence {sequence}: a valid batch follows at {later}")
    return sequence if tail else None


# What control records say.

def control(record):
    """The parts of a control record's payload, as a dictionary."""
    payload = record.payload
    if record.kind == 2:
        if not payload:
            return {"what": "lost"}
        what, first, amount = struct.unpack_from("<B7xQQ", payload)
        return {"what": what, "first": first, "amount": amount, "reason": payload[24:].decode()}
    if record.kind == 3:
        what, time = struct.unpack("<B7xq", payload)
        return {"what": what, "time": time}
    if record.kind == 4:
        what, number, width, time = struct.unpack_from("<B3xIqq", payload)
        return {"what": what, "number": number, "width": width, "time": time,
                "definition": payload[24:].decode()}
    if record.kind == 5:
        what, reason, name, text, number, one, two = struct.unpack_from("<BBHH2xQqq", payload)
        need(len(payload) == 32 + name + text, "a feed's record", "another length")
        SEEN[f"a feed's {FEED_TELLS.get(what)}"] += 1
        return {"what": FEED_TELLS.get(what, what), "reason": REASONS.get(reason, reason),
                "name": payload[32:32 + name].decode(),
                "text": payload[32 + name:].decode(), "number": number, "first": one,
                "second": two}
    return {}
