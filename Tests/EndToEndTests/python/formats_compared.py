"""What formats.py compares: a store that was read, and the messages that made it."""

import hashlib
import json
import struct
import uuid
from collections import Counter

from format_log import read_log
from format_parts import PACKAGE, TOPIC, USER
from format_rollups import KINDS, Rollups
from formats_made import is_bus_id
from harness import check, fail


def compare_messages(name, records, made):
    """Every message in its place, with everything that was imported."""
    messages = [record for record in records if record.kind == 1]
    check(f"{name}: the number of messages", len(messages), len(made))
    check(f"{name}: sequences", [record.sequence for record in records],
          list(range(1, len(records) + 1)))
    for record, one in zip(messages, made):
        names = {dimension: set(some) for dimension, some in record.names.items()}
        found = record.time, names, record.flags
        if found != (one.moment, one.names, 0):
            fail(f"{name}: sequence {record.sequence} is {found!r}, not "
                 f"{(one.moment, one.names, 0)!r}")
        if record.payload not in (None, one.line):
            fail(f"{name}: sequence {record.sequence} has {record.payload!r}, not {one.line!r}")
        found = record.form, record.id
        if found != wanted_id(one):
            fail(f"{name}: sequence {record.sequence} has the id {found}, not {wanted_id(one)}, "
                 f"of {one.id!r}")


def wanted_id(one):
    """The form of a message's id, and its two halves."""
    if is_bus_id(one.id):
        return int(one.id[:4]), struct.unpack(">QQ", uuid.UUID(one.id[5:]).bytes)
    if one.id is not None:
        return 0, half_of_hash(one.id.encode())
    body = json.dumps(json.loads(one.line)["msg"], sort_keys=True, separators=(",", ":"))
    return 1, half_of_hash(f"{one.topic}\0{one.moment // 1_000_000}\0{body}".encode())


def half_of_hash(data):
    return struct.unpack(">QQ", hashlib.sha256(data).digest()[:16])


def sums(records, minutes_from):
    """What the rollups must count, one message after the other."""
    counts = Counter()
    for record in records:
        if record.kind != 1:
            continue
        seconds, topic = record.time // 1_000_000, record.topic
        names = {dimension: record.names.get(dimension, []) for dimension in (USER, PACKAGE)}
        for kind in KINDS.values():
            if kind.bucket == 60 and record.time < minutes_from:
                continue
            if kind.of == TOPIC:
                groups = [None] if kind.name.startswith("all-") else [None, topic]
            else:
                groups = names[kind.of]
            members = {None: [None], TOPIC: [topic]}.get(kind.members) or names.get(
                kind.members, [])
            for group in groups:
                for member in members:
                    counts[kind.name, group, member, seconds // kind.bucket * kind.bucket] += 1
    return dict(counts)


class Sums:
    """What rollups must say that cover a prefix of the log."""

    def __init__(self, records, watermark, minutes_from):
        covered = records[:watermark]
        self.names = {}
        for record in covered:
            for dimension, some in record.names.items():
                for one in some:
                    self.names.setdefault(dimension, {})[one] = True
        times = [record.time // 3_600_000_000 for record in covered if record.kind == 1]
        self.watermark, self.hours = len(covered), (min(times), max(times) + 1)
        self.counts = sums(covered, minutes_from)

    def difference(self, rollups):
        """The first thing that they say otherwise; None where there is none."""
        for dimension in {*self.names, *rollups.names}:
            found = list(rollups.names.get(dimension, {}).values())
            if found != list(self.names.get(dimension, {})):
                return f"names of dimension {dimension}: {found[:5]}"
        for what in ("watermark", "hours"):
            if getattr(self, what) != getattr(rollups, what):
                return f"{what}: {getattr(rollups, what)}, not {getattr(self, what)}"
        if self.counts == rollups.counts:
            return None
        other = next(key for key in [*self.counts, *rollups.counts]
                     if self.counts.get(key) != rollups.counts.get(key))
        return f"{other} is {rollups.counts.get(other)}, not {self.counts.get(other)}"


def compare_rollups(name, data, log):
    rollups = Rollups(data + "/rollups")
    check(f"{name}: the rollups' log", rollups.log_id, log.id)
    wanted = Sums(log.records, rollups.watermark, rollups.minutes_from)
    check(f"{name}: the rollups ({len(rollups.counts)} counts of {rollups.watermark} records)",
          wanted.difference(rollups), None)
    return rollups, wanted


def compare_store(name, data, made, **files):
    """Reads the whole of a store that nobody has open."""
    log = read_log(data + "/log")
    check(f"{name}: its files", {kind: amount for kind, amount in log.files.items() if amount},
          files)
    check(f"{name}: no tail", log.torn, None)
    compare_messages(name, log.records, made)
    return log, *compare_rollups(name, data, log)
