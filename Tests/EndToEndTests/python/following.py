#!/usr/bin/env python3
"""Reads the log from its first message on while a bus fills it at full speed.

usage: following.py TALLYLOG

MESSAGES (default 400000) are published as fast as the bus can.

What could go wrong: the reader misses a message, gets one twice or out of order where a journal ends,
where segments become archives or are merged under it, or where the server is started again.
"""

import json
import os
import subprocess
import tempfile
import time

from harness import SEED, TALLYLOG, Repeating, Server, check, fail, info, until

MESSAGES = int(os.environ.get("MESSAGES", "400000"))


class Compacting(Repeating):
    def __init__(self, server):
        super().__init__(server)
        self.done = 0

    def step(self):
        self.client.execute_command("COMPACT")
        self.done += 1
        self.stopping.wait(0.3)


class Reader(Repeating):
    def __init__(self, server):
        super().__init__(server)
        self.following, self.sequences, self.ids, self.breaks, self.last = 1, [], set(), 0, None

    def step(self):
        following, rows = self.client.execute_command(
            "READ", "FROM", self.following, "LIMIT", 10_000, "WAIT", 200)
        for sequence, envelope in rows:
            self.sequences.append(sequence)
            message = json.loads(envelope)
            self.ids.add(message["msg_id"])
            self.breaks += not self.is_next(message)
            self.last = message["timestamp"]
        self.following = following

    def is_next(self, message):
        """The times of what is published rise evenly over 30 days, and each service begins at 1."""
        if self.last is None:
            return message["i"] == 1
        return 0 < message["timestamp"] - self.last < 1.5 * 30 * 86_400 / (MESSAGES - 1)


def main():
    with tempfile.TemporaryDirectory() as folder:
        endpoint = "ipc://" + os.path.join(folder, "bus")
        with Server(folder, endpoint) as server:
            server.client()
            workers = [Reader(server), Compacting(server)]
            for worker in workers:
                worker.start()
            reader, compacting = workers
            begun = time.time()
            bus = subprocess.Popen(
                [TALLYLOG, "publish", "--bind", endpoint, "--seed", str(SEED), "--generate",
                 str(MESSAGES)])
            until("the first of it is there", lambda: info(server.client())["sequence"] > MESSAGES / 20)
            # What is published until the server listens again is nobody's.
            server.stop()
            server.start()
            client = server.client()
            check("the bus ended", bus.wait(120), 0)
            seconds = time.time() - begun
            until("nothing more comes", lambda: settled(client))
            end, last = client.execute_command("COUNT"), info(client)["sequence"]
            until("the reader is at the end",
                  lambda: reader.failure or reader.following > last, 120)
            for worker in workers:
                worker.finish()
            # The sequences between are those of the feed's notes.
            check("every message", len(reader.sequences), end)
            check("in order", reader.sequences == sorted(set(reader.sequences)), True)
            check("few other records", 0 < last - end < 40, True)
            check("each once", len(reader.ids), end)
            check("as they were published, but for the restart", reader.breaks <= 1, True)
            if not compacting.done:
                fail("nothing was compacted meanwhile")
            server.stop()
        print(f"{end} messages, {end / seconds:,.0f} a second, {compacting.done} times compacted")
    print("all equal")


def settled(client):
    before = info(client)["received"]
    time.sleep(0.5)
    return info(client)["received"] == before


main()
