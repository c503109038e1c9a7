"""Reads columns and archives of Tallylog as FORMAT.md describes them."""

import re
import struct
from collections import defaultdict

import zstandard

from format_parts import (
    MESSAGE, PAYLOADS_IN_JOURNAL, SEEN, TOPIC, U64, Damage, Newer, crc32c, need, number,
    packed_array, signed, unpack)

PIECE = 16_384
ROWS_MAX, BLOCK_ROWS_MAX, SECTIONS_MAX = 1 << 21, 65_536, 2_048
TIMES, TOPICS, FLAGS, KINDS, FORMS, POSITIONS, AMOUNTS, NAMES, PLACES = range(1, 10)
ROW_COLUMNS = (TIMES, TOPICS, FLAGS, KINDS, FORMS, POSITIONS)
DAY = 86_400_000_000
HASH_A, HASH_B = 0xa0761d6478bd642f, 0xe7037ed1a0b428db
BLOCK_TEXT_MAX = 8_388_609
MARK = re.compile(rb"[\x02\x04\x06].|[\x01-\x07]", re.DOTALL)
ZSTD_MAGIC = b"\x28\xb5\x2f\xfd"


class Columns:
    """A columns file, all of which is read and checked."""

    def __init__(self, path):
        self.path = path
        with open(path, "rb") as file:
            self.data = file.read()
        try:
            self._read()
        except (struct.error, IndexError, KeyError, ValueError) as error:
            raise Damage(f"{path}: {error!r}") from error

    def _read(self):
        data = self.data
        self._need(data[:8] == b"TLYCOLUM", "not columns")
        (version, self.block_rows, self.first, self.rows, _, self.earliest, self.latest, self.where,
         self.fingerprint, _, checksum) = struct.unpack("<IIQIIqqIIII", data[8:64])
        if version > 1:
            raise Newer(self.path)
        self._need(checksum == crc32c(data[:60]), "the header's checksum")
        self._need(self.where <= 2 and 1 <= self.block_rows <= BLOCK_ROWS_MAX
                   and self.rows <= ROWS_MAX, "the header's values")
        self.sections = self._directory()
        self._pieces()
        self.names = {dimension: self._names(dimension)
                      for kind, dimension in self.sections if kind == 16}
        self._blocks()
        self._control_records()
        ids = self.sections[3, 0]
        self._need(len(ids) == 16 * self.rows, "the ids")
        self.ids = list(struct.iter_unpack("<QQ", ids))
        self._days()
        self._id_index()
        self._posting_lists()

    def _need(self, condition, sentence):
        need(condition, self.path, sentence)

    def _directory(self):
        data, end = self.data, len(self.data) - 32
        offset, count, of_directory, _, of_trailer, magic = struct.unpack("<QIIII8s", data[end:])
        self._need(magic == b"TLYCEND." and of_trailer == crc32c(data[end:end + 20]), "the trailer")
        self._need(count <= SECTIONS_MAX and offset + 24 * count == end
                   and crc32c(data[offset:end]) == of_directory, "the directory")
        sections, at, self.begins = {}, 64, {}
        for kind, dimension, _, checksum, begin, length in struct.iter_unpack(
                "<BBHIQQ", data[offset:end]):
            self._need(begin % 8 == 0 and at <= begin and begin + length <= offset
                       and not any(data[at:begin]), f"section {kind}'s place")
            at = begin + length
            self._need(crc32c(data[begin:at]) == checksum, f"section {kind}'s checksum")
            sections[kind, dimension] = data[begin:at]
            self.begins[kind] = begin
        self._need(not any(data[at:offset]), "what lies before the directory is not zero")
        return sections

    def _pieces(self):
        end = self.begins[6]
        self._need(end == max(self.begins.values()), "the pieces' section is not the last")
        sums = [crc32c(self.data[at:min(at + PIECE, end)]) for at in range(0, end, PIECE)]
        self._need(list(*zip(*struct.iter_unpack("<I", self.sections[6, 0]))) == sums,
                   "the pieces' checksums")

    def _names(self, dimension):
        """The texts of a dimension by id; that of id 0 is none."""
        ends, _ = packed_array(self.sections[17, dimension])
        texts, begins = self.sections[16, dimension], [0] + ends
        names = [texts[one:two] for one, two in zip(begins, ends)]
        self._need(all(names) and len(set(names)) == len(names)
                   and begins[-1] == len(texts), f"names of dimension {dimension}")
        order, _ = packed_array(self.sections[18, dimension])
        self._need([names[one - 1] for one in order] == sorted(names),
                   f"the order of dimension {dimension}")
        return [None] + names

    # Blocks.

    def _blocks(self):
        self.columns = defaultdict(list)
        self.row_names = [{} for _ in range(self.rows)]
        list_, blocks = self.sections[1, 0], self.sections[2, 0]
        begin = row = 0
        for offset, length, earliest, latest in struct.iter_unpack("<IIqq", list_):
            rows = min(self.block_rows, self.rows - row)
            self._need(offset == begin and offset + length + 8 <= len(blocks), "a block's place")
            self._block(blocks[offset:offset + length], row, rows)
            times = [time for time, topic in zip(
                self.columns[TIMES][row:], self.columns[TOPICS][row:]) if topic]
            self._need((earliest, latest) == (min(times), max(times)) if times
                       else earliest > latest, "a block's zone map")
            row, begin = row + rows, offset + length
        self._need(row == self.rows, "the number of blocks")
        times = [time for time, topic in zip(self.columns[TIMES], self.columns[TOPICS]) if topic]
        self._need((self.earliest, self.latest) == (min(times), max(times)) if times
                   else self.earliest > self.latest, "earliest and latest time")

    def _block(self, block, row, rows):
        count, found = struct.unpack_from("<I", block)[0], {}
        for at in range(4, 4 + 24 * count, 24):
            column, dimension, width, mode, values, offset, scale, base = struct.unpack_from(
                "<BBBBIIIQ", block, at)
            SEEN.update((f"column {column}", f"mode {mode} of a column", f"scale {scale}"))
            found[column, dimension] = self._values(
                block, width, mode, values, offset, scale, base)
        flat = {column: found.get((column, 0)) for column in ROW_COLUMNS}
        flat[FLAGS] = flat[FLAGS] or [0] * rows
        flat[KINDS] = flat[KINDS] or [MESSAGE] * rows
        if self.where != PAYLOADS_IN_JOURNAL:
            self._need(flat[POSITIONS] is None, "positions beside an archive")
            topics = sorted(set(flat[TOPICS]))
            places = dict(zip(topics, found[PLACES, 0], strict=True))
            flat[POSITIONS] = []
            for topic in flat[TOPICS]:
                flat[POSITIONS].append(places[topic])
                places[topic] += 1
        for column in ROW_COLUMNS:
            self._need(len(flat[column]) == rows, f"column {column} of rows from {row} on")
            self.columns[column] += flat[column]
        for at, topic in enumerate(flat[TOPICS], row):
            if topic:
                self.row_names[at][TOPIC] = [self.names[TOPIC][topic]]
        for column, dimension in found:
            if column == AMOUNTS:
                self._row_names(found, dimension, row, rows)

    def _row_names(self, found, dimension, row, rows):
        amounts, ids = found[AMOUNTS, dimension], found[NAMES, dimension]
        self._need(len(amounts) == rows and sum(amounts) == len(ids), "names per row")
        following = iter(ids)
        for at, amount in enumerate(amounts, row):
            if amount:
                self.row_names[at][dimension] = [
                    self.names[dimension][next(following)] for _ in range(amount)]

    @staticmethod
    def _values(block, width, mode, count, offset, scale, base):
        block += bytes(8)  # of the section, behind its last block
        if mode == 0:
            return [signed(base + scale * one) for one in unpack(block, offset, count, width)]
        if mode != 1:
            raise Damage(f"a column of mode {mode}")
        marks = struct.unpack_from(f"<{-(-count // 128)}q", block, offset)
        steps = unpack(block, offset + 8 * len(marks), count - 1, width)
        values = [marks[0]]
        for step in steps:
            values.append(signed(values[-1] + base + scale * step))
        if values[::128] != list(marks):
            raise Damage("steps do not lead from mark to mark")
        return values

    def values(self):
        """Of each row what a record has."""
        column = self.columns
        for row in range(self.rows):
            yield (column[KINDS][row], column[FLAGS][row], column[FORMS][row],
                   column[TIMES][row], self.ids[row], self.row_names[row], None,
                   column[POSITIONS][row])

    def _control_records(self):
        data, at, self.controls = self.sections.get((7, 0), b""), 0, []
        while at < len(data):
            row, kind, time, length, _ = struct.unpack_from("<IB3xqII", data, at)
            payload = data[at + 24:at + 24 + length]
            self._need(len(payload) == length and row < self.rows, "a control record")
            self.controls.append((row, (kind, time, payload)))
            at += 24 + length

    # What follows from the rows.

    def _days(self):
        days = {time // DAY for time, topic in zip(
            self.columns[TIMES], self.columns[TOPICS]) if topic}
        self._need(struct.pack(f"<{len(days)}q", *sorted(days)) == self.sections[5, 0], "the days")

    def _id_index(self):
        data = self.sections[4, 0]
        seed, entries, buckets, of_bytes, of_rows = struct.unpack_from("<QIIII", data)
        messages = [row for row, topic in enumerate(self.columns[TOPICS]) if topic]
        mine = len(messages)
        for row in messages:
            mine = id_hash(*self.ids[row], mine)
        self._need((seed, entries, buckets) == (mine, len(messages), max(1, -(-entries // 4))),
                   "the id index's seed, entries or buckets")
        wanted = [[] for _ in range(buckets)]
        for row in messages:
            hashed = id_hash(*self.ids[row], seed)
            wanted[(hashed >> 32) * buckets >> 32].append((row, hashed & 255))
        begins, _ = packed_array(data, 24)
        rows, _ = packed_array(data, of_rows)
        found = list(zip(rows, data[of_bytes:of_bytes + entries], strict=True))
        self._need([found[one:two] for one, two in zip(begins, begins[1:])] == wanted
                   and begins[-1] == entries, "the id index")

    def _posting_lists(self):
        wanted = defaultdict(list)
        for row, names in enumerate(self.row_names):
            for dimension, texts in names.items():
                for text in texts:
                    wanted[dimension, text].append(row)
        for dimension, names in self.names.items():
            ends, _ = packed_array(self.sections[19, dimension])
            lists = self.sections[20, dimension]
            self._need(len(ends) == len(names) - 1 and ends[-1] == len(lists), "posting lists")
            for name, begin, end in zip(names[1:], [0] + ends, ends):
                self._need(posting_list(lists[begin:end]) == wanted[dimension, name],
                           f"the posting list of {name}")


def posting_list(data):
    count, at = number(data, 0, 32)
    marks = list(struct.iter_unpack("<II", data[at:at + 8 * ((count - 1) // 256)]))
    at = begin = at + 8 * len(marks)
    rows, row = [], -1
    SEEN["a posting list of several parts"] += bool(marks)
    for index in range(count):
        if index and index % 256 == 0 and marks[index // 256 - 1] != (row, at - begin):
            raise Damage("a posting list's places to begin at")
        step, at = number(data, at, 32)
        if not step:
            raise Damage("a posting list goes nowhere")
        row += step
        rows.append(row)
    if at != len(data):
        raise Damage("a posting list has more bytes than steps")
    return rows


def id_hash(high, low, seed):
    one = _mul(high ^ seed ^ HASH_A, low ^ (seed * HASH_B & U64 | 1))
    return _mul(one ^ HASH_B, seed ^ HASH_A)


def _mul(one, two):
    product = one * two
    return product >> 64 ^ product & U64


class Archive:
    """An archive beside its columns, all of which is read and checked."""

    def __init__(self, path, columns):
        self.path = path
        with open(path, "rb") as file:
            self.data = file.read()
        try:
            self._read(columns)
        except (struct.error, IndexError, zstandard.ZstdError) as error:
            raise Damage(f"{path}: {error!r}") from error

    def _need(self, condition, sentence):
        need(condition, self.path, sentence)

    def _read(self, columns):
        data, end = self.data, len(self.data) - 64
        self._need(data[:8] == b"TLYARCHV", "not an archive")
        (version, _, first, rows, of_dictionary, dictionary_sum, self.log_id, _, checksum) = (
            struct.unpack("<IIQIII16s8sI", data[8:64]))
        self._need(checksum == crc32c(data[:60]), "the header's checksum")
        if version > 1:
            raise Newer(self.path)
        (list_at, list_size, blocks, rows_again, of_all, of_list, self.payload_bytes, _,
         fingerprint, magic) = struct.unpack("<QQIIIIQ12sI8s", data[end:])
        self._need(magic == b"TLYAEND." and fingerprint == crc32c(data[end:end + 52]),
                   "the trailer")
        self._need(fingerprint == columns.fingerprint, "not the archive of its columns")
        self._need((first, rows, rows_again) == (columns.first, columns.rows, rows), "its rows")
        self._need(list_at + list_size == end and of_list == crc32c(data[list_at:end])
                   and of_all == crc32c(data[:list_at]), "a checksum")
        dictionary = data[64:64 + of_dictionary]
        self._need(crc32c(dictionary) == dictionary_sum, "the dictionary's checksum")
        SEEN["a dictionary"] += bool(dictionary)
        self.decompressor = zstandard.ZstdDecompressor(
            dict_data=zstandard.ZstdCompressionDict(dictionary) if dictionary else None)
        list_ = data[list_at:end]
        ends, at = packed_array(list_)
        positions, at = packed_array(list_, at)
        self._need(len(ends) == len(positions) == blocks and at + 4 * blocks == list_size,
                   "the list of blocks")
        sums = struct.unpack_from(f"<{blocks}I", list_, at)
        self.texts, begin = [], 64 + of_dictionary
        for number_, (stop, position, wanted) in enumerate(zip(ends, positions, sums)):
            self._need(position == len(self.texts), f"block {number_}'s first position")
            self._block(data[begin:stop], wanted, number_)
            begin = stop
        self._need(begin == list_at and len(self.texts) == rows, "blocks or payloads are lacking")

    def _block(self, data, wanted, number_):
        size = zstandard.frame_content_size(ZSTD_MAGIC + data)
        self._need(0 <= size <= BLOCK_TEXT_MAX, f"block {number_}'s size")
        frame = self.decompressor.decompressobj()
        text = frame.decompress(ZSTD_MAGIC + data)
        digits = frame.unused_data
        self._need(len(text) == size and text.endswith(b"\0"), f"block {number_}'s text")
        self._need(crc32c(text + digits) == wanted, f"block {number_}'s checksum")
        at = 0
        for one in text[:-1].split(b"\0"):
            used = sum(one[i + 1] for i in marks(one) if one[i] == 4)
            self.texts.append((one, digits[at:at + used]))
            at += used
        self._need(at == len(digits), f"block {number_}'s digits")

    def payload(self, record):
        """The payload of a record, put together from its text and what its columns know."""
        text, digits = self.texts[record.place]
        parts, at, used, seen = [], 0, 0, set()
        for mark in marks(text):
            parts.append(text[at:mark])
            code, at = text[mark], mark + (1 if text[mark] in (1, 3) else 2)
            self._need(code not in seen or code in (4, 6), "a part of a payload comes twice")
            seen.add(code)
            SEEN[f"byte {code} of a text"] += 1
            if code == 1:
                parts.append(record.topic)
            elif code == 2:
                parts.append(decimal(record.time, text[mark + 1] - 48).encode())
            elif code == 3:
                self._need(record.form >= 1_000, "an id that is not the bus's")
                parts.append(record.bus_id().encode())
            elif code == 4:
                amount = text[mark + 1]
                self._need(amount >= 8, "too few digits")
                parts.append(digits[used:used + amount].hex().encode())
                used += amount
            else:
                self._need(text[mark + 1] ^ 0x40 < 8, "an escape of what needs none")
                parts.append(bytes([text[mark + 1] ^ 0x40]))
        return b"".join(parts) + text[at:]


def marks(text):
    """Where a text has bytes that stand for something."""
    found = []
    for match in MARK.finditer(text):
        if len(match[0]) != (1 if match[0][0] in (1, 3) else 2) or match[0][0] in (5, 7):
            raise Damage(f"a payload's text has byte {match[0][0]}")
        found.append(match.start())
    return found


def decimal(time, decimals):
    """A time in seconds with so many decimals, which are all of it."""
    if not 0 <= decimals <= 6 or time < 0 or time % 10 ** (6 - decimals):
        raise Damage(f"{time} microseconds with {decimals} decimals")
    seconds, rest = divmod(time, 1_000_000)
    return f"{seconds}" + (f".{rest:06}"[:decimals + 1] if decimals else "")
