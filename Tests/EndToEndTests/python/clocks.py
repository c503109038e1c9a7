#!/usr/bin/env python3
"""The wall clock is turned by a minute or a year, forward and back, under a server at work.

usage: clocks.py TALLYLOG

TALLYLOG_CLOCK_TURNS (default 6) is how often, and back each time: ahead by up to a year, behind by
up to six days. Once behind by a year, for which messages are refused: they are imported afterwards.

The server reads a clock that turned_clock.c turns; the bus, clients and the archive from which
what was missed is fetched go by the right time. Between turns the server is killed.

What could go wrong: a message is lost or counted twice; appends, rules, checkpoints or the feed's
notes wait until the old time comes again; after a kill, what was missed is not fetched; what a
clock that is far behind has refused is gone.
"""

import os
import random
import shutil
import struct
import subprocess
import tempfile
import time

import soak
from datagrepper import Archive, Datagrepper
from harness import (
    SEED, Bus, Server, check, check_accounting, check_contains, info, tallylog, until)

TURNS = int(os.environ.get("TALLYLOG_CLOCK_TURNS", "6"))
AHEAD = [60, 3_600, 365 * 86_400]
# A message that is a week ahead of the clock is refused: a clock further behind takes none.
BEHIND = [60, 3_600, 6 * 86_400]
CONFIGURATION = """
feeds:
  bus:
    endpoints: {endpoint}
    topics: org.example.
    backfill: {archive}
    overlap: 10s
    lag: 1s
"""


class Clock:
    """The clock of the commands that are started from now on."""

    def __init__(self, folder):
        self.path = os.path.join(folder, "clock")
        with open(self.path, "wb") as file:
            file.write(struct.pack("l", 0))
        # The toolchain's own compiler, where there is no other.
        compiler = shutil.which("cc") or os.path.join(
            os.path.dirname(os.path.realpath(shutil.which("swift"))), "clang")
        library = os.path.join(folder, "turned_clock.so")
        source = os.path.join(os.path.dirname(os.path.abspath(__file__)), "turned_clock.c")
        subprocess.run([compiler, "-O1", "-shared", "-fPIC", "-o", library, source], check=True)
        os.environ.update({"LD_PRELOAD": library, "TURNED_CLOCK": self.path})

    def set(self, seconds):
        # In place, since the file is mapped.
        with open(self.path, "r+b") as file:
            file.write(struct.pack("l", seconds))


def turn_again_and_again(server, clock):
    # By its own random numbers: the threads beside it take from the common ones.
    turns = random.Random(SEED)
    for number in range(TURNS):
        seconds = turns.choice(AHEAD) if number % 2 == 0 else -turns.choice(BEHIND)
        clock.set(seconds)
        time.sleep(2)
        before = info(server.client())["appended"]
        until(f"messages are taken {seconds} s ahead",
              lambda: info(server.client())["appended"] > before)
        clock.set(0)
        time.sleep(1)
        server.kill()
        time.sleep(random.choice([0.1, 1]))
        server.start()
        server.client().close()


def a_year_behind(server, clock, bus, truth):
    """All that comes is refused, and kept: the right clock takes it when it is imported."""
    source, reason = random.Random(SEED + 2), "timestamp-out-of-range"

    def refused():
        return info(server.client()).get(f"rejected_{reason}", 0)

    first, *messages = [soak.made_up(source, number, "late") for number in range(21)]
    for message in [first, *messages]:
        truth.add(message)
    # A bus forgets what it sends before it is heard.
    until("the bus is heard again",
          lambda: bus.send(first) or server.client().execute_command("GET", first["msg_id"]))
    before = refused()
    clock.set(-365 * 86_400)
    for message in messages:
        bus.send(message)
    until("what is a year ahead is refused", lambda: refused() >= before + len(messages))
    clock.set(0)
    kept = tallylog("rejected", "--data", server.data, "--reason", reason, "--envelopes")
    # Another copy of the first one may have come when the clock was turned.
    said = tallylog("import", "--socket", server.socket, "-", input=kept)
    check_contains("taken afterwards", said, f"{len(messages)} appended", "0 rejected")


def run(folder):
    truth, archive = soak.Truth(), Archive(SEED, generation=2015, delay=0.2)
    with Bus(folder) as bus, Datagrepper(archive) as datagrepper:
        clock = Clock(folder)
        feeds = soak.written(
            os.path.join(folder, "feeds.yaml"),
            CONFIGURATION.format(endpoint=bus.endpoint, archive=datagrepper.address))
        rules = soak.written(os.path.join(folder, "rules.yaml"), soak.RULES)
        with Server(folder, options=[
                "--config", feeds, "--rules", rules, "--profile", "generic"]) as server:
            server.client().close()
            publishing = soak.Publishing(bus, truth, archive)
            others = [soak.Appending(server, truth), soak.Asking(server), soak.Tending(server)]
            for thread in [publishing, *others]:
                thread.start()
            turn_again_and_again(server, clock)
            publishing.stopping.set()
            publishing.join()
            for thread in others:
                thread.finish()
            a_year_behind(server, clock, bus, truth)
            end(server, list(truth.messages.values()), others[1].compared)


def end(server, wanted, compared):
    client = server.client()
    until(f"all {len(wanted)} messages are there",
          lambda: client.execute_command("COUNT") >= len(wanted), 120)
    until("nothing is queued", lambda: info(client)["queued"] == 0)
    soak.compare(client, wanted)
    check_accounting(info(client))
    print(f"{len(wanted)} messages, {TURNS} turns and kills, {compared} answers compared")
    server.stop()
    check("verified", "the rollups are what the log gives" in tallylog(
        "verify", "--data", server.data), True)


if __name__ == "__main__":
    random.seed(SEED)
    with tempfile.TemporaryDirectory(prefix="tallylog-") as scratch:
        run(scratch)
    print("all equal")
