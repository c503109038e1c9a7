"""Flipped bytes and missing files of a store: a reader must notice them."""

import os
import shutil
import tempfile
from collections import Counter

import lmdb

from format_log import read_log
from format_parts import Damage
from formats_made import source
from harness import SEED, check, fail


def flip_files(folder, times):
    """One bit of one byte at a time, in every file of a log: is it noticed?"""
    with tempfile.TemporaryDirectory(prefix="tallylog-") as scratch:
        copy = scratch + "/log"
        shutil.copytree(folder, copy)
        whole, flipped = read_log(copy).torn, Counter()
        check(f"{folder} is whole", whole, None)
        for name in sorted(os.listdir(copy)):
            path = os.path.join(copy, name)
            size = os.path.getsize(path)
            for _ in range(times):
                # Headers and trailers are small, and all else hangs on them.
                at = source.choice([source.randrange(size), source.randrange(64),
                                    size - 1 - source.randrange(64)])
                bit = 1 << source.randrange(8)
                flip(path, at, bit)
                try:
                    log = read_log(copy)
                    if log.torn is None:
                        fail(f"bit {bit} of byte {at} of {path} may be flipped")
                except Damage:
                    pass
                flip(path, at, bit)
                flipped[name.rpartition(".")[2]] += 1
        check("and is so again", read_log(copy).torn, None)
        print(f"noticed: flipped bits in {dict(flipped)}, seed {SEED}", flush=True)


def remove_files(folder, records):
    """One file at a time is gone: columns of a journal are no loss, all else is noticed."""
    with tempfile.TemporaryDirectory(prefix="tallylog-") as scratch:
        copy = scratch + "/log"
        shutil.copytree(folder, copy)
        for name in sorted(os.listdir(copy)):
            os.rename(os.path.join(copy, name), scratch + "/away")
            first = name.partition("-")[0]
            expected = name.endswith(".columns") and first + ".journal" in os.listdir(copy)
            try:
                whole = read_log(copy).records == records
            except Damage:
                whole = False
            check(f"{'whole' if expected else 'not whole'} without {name}", whole, expected)
            os.rename(scratch + "/away", os.path.join(copy, name))


def flip(path, at, bit):
    with open(path, "r+b") as file:
        file.seek(at)
        byte = file.read(1)[0]
        file.seek(at)
        file.write(bytes([byte ^ bit]))


def flip_entries(folder, is_right, times):
    """The same in what LMDB holds. Rows have no checksum; so they are damaged, or say what the
    messages do not."""
    with tempfile.TemporaryDirectory(prefix="tallylog-") as scratch:
        copy = scratch + "/copy"
        shutil.copytree(folder, copy)
        environment = lmdb.open(copy)
        with environment.begin() as transaction:
            entries = list(transaction.cursor())
        environment.close()
        kinds, noticed = sorted({key[0] for key, _ in entries}), Counter()
        for _ in range(times):
            kind = source.choice(kinds)
            key, value = source.choice([one for one in entries if one[0][0] == kind])
            at, bad = source.randrange(len(value)), bytearray(value)
            bad[at] ^= 1 << source.randrange(8)
            put(copy, key, bytes(bad))
            try:
                if is_right(copy):
                    fail(f"byte {at} of {folder}'s entry {key.hex()} may be flipped")
                noticed["wrong"] += 1
            except Damage:
                noticed["damaged"] += 1
            put(copy, key, value)
        check("entries are right again", is_right(copy), True)
        name = os.path.relpath(folder, os.path.dirname(os.path.dirname(folder)))
        print(f"noticed: flipped bits in {name}, {dict(noticed)}, seed {SEED}", flush=True)


def put(folder, key, value):
    environment = lmdb.open(folder)
    with environment.begin(write=True) as transaction:
        transaction.put(key, value)
    environment.close()
