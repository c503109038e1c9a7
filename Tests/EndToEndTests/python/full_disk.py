#!/usr/bin/env python3
"""Fills the disk under a server that works, and frees it, again and again.

usage: full_disk.py TALLYLOG
       TALLYLOG_FULL_DISKS=n   cycles of filling and freeing (20); each twenty on a disk of their own

What could go wrong: on a full disk an append is acknowledged that is lost, or one that was refused
shows up; questions fail; the process dies, as when LMDB touches a page that there is no room for;
or appends stay refused when there is room again.

The disk is a tmpfs of a few MiB in a mount namespace of the program's own; both the log and LMDB's
files are on it. Where such a namespace may not be made, the program says so and ends.
"""

import errno
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile

import redis

from harness import SEED, START, Server, check, fail, info, tallylog, until

CYCLES = int(os.environ.get("TALLYLOG_FULL_DISKS", "20"))
# What is acknowledged stays, and a disk must have room for it.
CYCLES_PER_DISK = 20
DISK_BYTES = 16 << 20
# So much is left to each cycle, for the log and for LMDB.
ROOM_BYTES = 384 << 10
INSIDE = "--on-its-own-disk"
# A server that dies is to be seen at once.
os.environ["SWIFT_BACKTRACE"] = "enable=no"


class FullDisk:
    """What takes up the space of a disk."""

    def __init__(self, folder):
        self.folder = folder
        self.path = os.path.join(folder, "ballast")

    def free(self):
        found = os.statvfs(self.folder)
        return found.f_bavail * found.f_frsize

    def fill(self, room):
        """Leaves so many bytes."""
        ballast = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        try:
            while self.free() > room:
                os.write(ballast, bytes(min(1 << 20, max(4_096, self.free() - room))))
        except OSError as error:
            if error.errno != errno.ENOSPC:
                raise
        finally:
            os.close(ballast)

    def clear(self):
        os.unlink(self.path)


class Filling:
    """A client that appends and remembers what it was told."""

    def __init__(self, server):
        self.client = server.client()
        self.random = random.Random(SEED)
        self.acknowledged, self.refused = [], []
        self.number = self.refusals = 0

    def envelope(self):
        self.number += 1
        text = self.random.randbytes(self.random.choice([20, 400, 3_000])).hex()
        return f"m-{self.number}", json.dumps({
            "topic": f"org.example.prod.app.t{self.number % 9}", "msg_id": f"m-{self.number}",
            "timestamp": START + self.number,
            "msg": {"agent": f"user{self.number % 50}", "text": text}})

    def append(self):
        identity, envelope = self.envelope()
        try:
            self.client.execute_command("APPEND", envelope)
        except redis.exceptions.ResponseError as error:
            if "space" not in str(error):
                fail(f"an APPEND was refused in other words: {error}")
            self.refused.append((identity, envelope))
            self.refusals += 1
            return False
        self.acknowledged.append(identity)
        return True

    def compare(self, when):
        """What was acknowledged is there, what was refused is not."""
        ask = self.client.execute_command
        if ask("COUNT") != len(self.acknowledged):
            fail(f"{when}: {ask('COUNT')} messages, not {len(self.acknowledged)}")
        total = sum(count for _, count in ask("TOP", "ALL", "user"))
        if total != len(self.acknowledged):
            fail(f"{when}: users have {total} messages, not {len(self.acknowledged)}")
        known = set(self.acknowledged)
        for identity in self.random.sample(self.acknowledged, min(40, len(known))):
            if ask("GET", identity) is None:
                fail(f"{when}: {identity} was acknowledged, and is not there")
        for identity, _ in self.refused[-40:]:
            if identity not in known and ask("GET", identity) is not None:
                fail(f"{when}: {identity} was refused, and is there")


def in_words(client, *words):
    """Whether a command succeeded; a refusal must say what is the matter."""
    try:
        client.execute_command(*words)
        return True
    except redis.exceptions.ResponseError as error:
        if "space" not in str(error).lower():
            fail(f"{words} was refused in other words: {error}")
        return False


def cycle(number, disk, filling, told):
    disk.fill(ROOM_BYTES)
    for _ in range(20_000):
        if not filling.append():
            break
    else:
        fail(f"cycle {number}: the disk takes everything")
    filling.compare(f"cycle {number}, full")
    check("INFO says that the disk is full", info(filling.client)["disk_full"], 1)
    # The log may have left a little room to others. LMDB is to find none.
    disk.fill(0)
    for words in [("CHECKPOINT",), ("COMPACT",), ("REBUILD",)][:1 + number % 3]:
        told[words[0], in_words(filling.client, *words)] = True
    filling.append()
    filling.compare(f"cycle {number}, full to the last page")
    disk.clear()
    until(f"cycle {number}: appends are taken again", filling.append, patience=20)
    until(f"cycle {number}: checkpoints succeed again",
          lambda: in_words(filling.client, "CHECKPOINT"), patience=20)
    # What was refused is taken when it is sent again.
    for identity, envelope in filling.refused[-3:]:
        filling.client.execute_command("APPEND", envelope)
        filling.acknowledged.append(identity)
    filling.refused = []
    filling.compare(f"cycle {number}, freed")
    check("INFO says that it is not", info(filling.client)["disk_full"], 0)


def start_on_full_disk(server, disk, filling):
    """A killed server's journal is copied to a new file: on a full disk it says that it cannot."""
    disk.fill(0)
    server.kill()
    server.start()
    code = server.process.wait(timeout=60)
    written = server.written()
    *_, why, remedy = written.splitlines()
    if code <= 0 or "space" not in why or "--damaged=serve" not in remedy:
        fail(f"on a full disk the server has ended with {code}:\n{written[-1000:]}")
    disk.clear()
    server.start()
    filling.client = server.client()
    filling.compare("after a start on a full disk")


def run(folder):
    data = os.path.join(folder, "data")
    with Server(folder) as server:
        filling = Filling(server)
        disk, told = FullDisk(data), {}
        for number in range(CYCLES):
            cycle(number, disk, filling, told)
            if number == CYCLES // 2:
                start_on_full_disk(server, disk, filling)
        print(f"{CYCLES} cycles, {len(filling.acknowledged)} messages acknowledged, "
              f"commands on the full disk: {sorted(told)}")
        check("appends were refused in each cycle", filling.refusals >= CYCLES, True)
        server.stop()
        print(tallylog("verify", "--data", server.data).strip())


def on_its_own_disk(cycles, seed):
    """Starts this program again in a namespace with the disk, and ends as it does."""
    with tempfile.TemporaryDirectory(prefix="tallylog-") as folder:
        data = os.path.join(folder, "data")
        os.mkdir(data, 0o700)
        mount = f"mount -t tmpfs -o size={DISK_BYTES},mode=0700 tallylog {data}"
        spaces = [["unshare", "-m"], ["unshare", "-r", "-m"]]
        usable = [space for space in spaces if shutil.which("unshare") and subprocess.run(
            [*space, "sh", "-c", mount], capture_output=True, check=False).returncode == 0]
        if not usable:
            print("no mount namespace may be made here: a full disk was not tried\nall equal")
            raise SystemExit(0)
        words = [sys.executable, "-B", __file__, sys.argv[1], INSIDE, folder]
        sizes = {"TALLYLOG_FULL_DISKS": str(cycles), "SEED": str(seed)}
        return subprocess.run(
            [*usable[0], "sh", "-c", mount + ' && exec "$@"', "sh", *words],
            env={**os.environ, **sizes}, check=False).returncode


def on_all_disks():
    for first in range(0, CYCLES, CYCLES_PER_DISK):
        code = on_its_own_disk(min(CYCLES_PER_DISK, CYCLES - first), SEED + first)
        if code != 0:
            raise SystemExit(code)


if __name__ == "__main__":
    if INSIDE in sys.argv:
        run(sys.argv[3])
        print("all equal")
    else:
        on_all_disks()
