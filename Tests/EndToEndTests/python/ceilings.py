#!/usr/bin/env python3
"""What a million messages may take of memory and of time.

usage: ceilings.py TALLYLOG

TALLYLOG_CEILING_MESSAGES (default 1000000): how many. Time is the processors', which a busy machine
leaves about as it is.

What could go wrong: memory grows with what is taken in; opening reads what a kill has left without
columns for longer than 2 s per 64 MiB; a rebuild of the rollups, which is what heals them, takes
hours where it should take minutes.
"""

import glob
import os
import random
import resource
import subprocess
import tempfile
import threading
import time

from harness import START, TALLYLOG, anonymous_bytes, check, fail, tallylog, until

MESSAGES = int(os.environ.get("TALLYLOG_CEILING_MESSAGES", "1000000"))
MIB = 1 << 20
MEMORY_MAX = 256 * MIB
RECOVERY_SECONDS, RECOVERY_BYTES = 2.0, 64 * MIB
REBUILT_A_SECOND = 300_000


def write_messages(path):
    """A line each, by hand: json takes longer than what is measured."""
    text = "the bus has said so, again and again, and whoever listens keeps it; " * 3
    with open(path, "w", encoding="utf-8") as file:
        for number in range(MESSAGES):
            kind, user = number * 7 % 211, number * 31 % 4_999
            file.write(
                f'{{"i":{number},"msg":{{"agent":"user{user}","text":"{text}"}},'
                f'"msg_id":"2026-{number:08x}-0000-4000-8000-000000000000",'
                f'"timestamp":{START + number * 13 % 31_536_000},'
                f'"topic":"org.example.prod.app{kind % 17}.kind{kind}"}}\n')


class Importing:
    """An import under way, and the most anonymous memory that it was seen with."""

    def __init__(self, data, file):
        self.process = subprocess.Popen(
            [TALLYLOG, "import", "--data", data, file], stdout=subprocess.PIPE, text=True)
        self.peak = 0
        self.watching = threading.Thread(target=self.watch)
        self.watching.start()

    def watch(self):
        while self.process.poll() is None:
            self.peak = max(self.peak, anonymous_bytes(self.process.pid))
            try:
                self.process.wait(0.05)
            except subprocess.TimeoutExpired:
                pass

    def kill(self):
        self.process.kill()
        self.end()

    def end(self):
        """What it wrote."""
        written = self.process.stdout.read()
        self.watching.join()
        return written


def sizes(data):
    """Bytes of the log's files by their names."""
    return {entry.name: entry.stat().st_size for entry in os.scandir(os.path.join(data, "log"))}


def unsealed(data):
    """Bytes of the journals that have no columns yet."""
    files = sizes(data)
    return sum(
        size for name, size in files.items()
        if name.endswith(".journal") and name.replace(".journal", ".columns") not in files)


def timed(*words):
    """What a command writes, and how long it has processors work."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    written = tallylog(*words, timeout=600)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return written, after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime


def within(name, value, limit):
    if value > limit:
        fail(f"{name}: {value:.2f}, and {limit:.2f} are allowed")
    print(f"within {limit:.2f}: {name}, {value:.2f}", flush=True)


def taken_in(folder, data):
    """All messages, by two imports, of which a kill has ended the first anywhere."""
    file = os.path.join(folder, "messages.jsonl")
    write_messages(file)
    cut = Importing(data, file)
    until("a journal is there", lambda: glob.glob(os.path.join(data, "log", "*.journal")))
    time.sleep(random.uniform(0.2, 2))
    cut.kill()
    left = unsealed(data)
    there, seconds = timed("count", "--data", data)
    within(f"seconds to open {there.strip()} messages, {left / MIB:.0f} MiB of them not sealed",
           seconds, RECOVERY_SECONDS * max(1.0, left / RECOVERY_BYTES))
    whole = Importing(data, file)
    check("what the first import had not, the second has",
          whole.end(), f"{MESSAGES - int(there)} appended, {int(there)} known already, 0 rejected\n")
    os.remove(file)
    within("MiB of anonymous memory", max(cut.peak, whole.peak) / MIB, MEMORY_MAX / MIB)


def rebuilt(data):
    _, seconds = timed("rebuild", "--data", data)
    within(f"seconds to rebuild {MESSAGES} messages", seconds,
           1 + MESSAGES / REBUILT_A_SECOND)
    check("all are counted", tallylog("count", "--data", data), f"{MESSAGES}\n")


def main():
    with tempfile.TemporaryDirectory(prefix="tallylog-ceilings-") as folder:
        data = os.path.join(folder, "data")
        taken_in(folder, data)
        rebuilt(data)
    print("all equal")


if __name__ == "__main__":
    main()
