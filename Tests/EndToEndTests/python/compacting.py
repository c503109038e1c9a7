#!/usr/bin/env python3
"""Kills the server while it seals, merges, drops and copies its log, and reads it from its begin on.

usage: compacting.py TALLYLOG

What could go wrong: an acknowledged message is lost or doubled by SIGKILL in the middle of a seal, a
merge, a drop of old payloads or a backup, or while the rollups are rewritten or rebuilt; files stay
behind that nothing needs; a reader that follows the log misses a message
or gets one twice when what it reads is merged under it; a backup lacks messages or cannot be opened.

TALLYLOG_COMPACTING_KILLS (default 20) is how many kills there are.
"""

import json
import os
import random
import tempfile
import time

import redis

from harness import Repeating, Server, check, fail, info, make_messages, tallylog, until

KILLS = int(os.environ.get("TALLYLOG_COMPACTING_KILLS", "20"))
BATCH = 100
KEPT = "512K"
# Of which archives take more than that, also on a machine that has other work.
MESSAGES = 60_000


class Appender(Repeating):
    """A batch whose acknowledgement was lost is sent again."""

    def __init__(self, server):
        super().__init__(server)
        self.messages = make_messages(10_000_000)
        self.batch = None
        self.acknowledged = {}

    def step(self):
        if not self.batch:
            self.batch = [next(self.messages) for _ in range(BATCH)]
        pipe = self.client.pipeline(transaction=False)
        for message in self.batch:
            pipe.execute_command("APPEND", json.dumps(message))
        for message, sequence in zip(self.batch, pipe.execute()):
            self.acknowledged[sequence] = message["msg_id"]
        self.batch = None


class Reader(Repeating):
    """Follows the log from its first message on, across every kill."""

    def __init__(self, server):
        super().__init__(server)
        self.following = 1
        self.ids = {}

    def step(self):
        following, rows = self.client.execute_command(
            "READ", "FROM", self.following, "LIMIT", 500, "WAIT", 200)
        # The store's own records, of what it dropped, have sequences too.
        for sequence, envelope in rows:
            if sequence < self.following:
                fail(f"READ gave {sequence} where {self.following} follows")
            self.ids[sequence] = json.loads(envelope)["msg_id"]
            self.following = sequence + 1
        if following < self.following:
            fail(f"READ goes on at {following} behind {self.following}")
        self.following = following


class Caretaker(Repeating):
    """Compacts, rebuilds and copies without a pause."""

    def __init__(self, server, copy):
        super().__init__(server)
        self.copy = copy
        self.done = {"COMPACT": 0, "REBUILD": 0, "BACKUP": 0}

    def step(self):
        words = random.choice([["BACKUP", self.copy], ["COMPACT"], ["REBUILD"]])
        self.client.execute_command(*words)
        self.done[words[0]] += 1


def orphans(data):
    """Files of a closed log that belong to no segment."""
    names = os.listdir(os.path.join(data, "log"))
    columns = {name.split(".")[0] for name in names if name.endswith(".columns")}
    archives = {name.split(".")[0] for name in names if name.endswith(".archive")}
    journals = {name.split(".")[0] for name in names if name.endswith(".journal")}
    wanted = {name.split("-")[0] for name in columns - archives}
    strange = [name for name in names if name.endswith(".new")]
    ranges = sorted(tuple(map(int, name.split("-"))) for name in columns)
    overlaps = [two for one, two in zip(ranges, ranges[1:]) if two[0] <= one[1]]
    return sorted(archives - columns), sorted(journals - wanted), strange, overlaps


def expect_dropped(client, figures):
    """Old payloads are gone, which is said from when on; all is counted."""
    if not figures["dropped_records"]:
        fail("no payload was dropped")
    following = 1
    try:
        while following <= figures["sequence"]:
            following = client.execute_command("READ", "FROM", following, "LIMIT", 10_000)[0]
        fail("READ gives what was dropped")
    except redis.exceptions.ResponseError as error:
        words = str(error).split()
    check("the refusal's code", words[0], "GONE")
    first = int(words[words.index("sequence", words.index("kept")) + 1])
    moment = words[words.index("FROM") + 1].rstrip(",")
    client.execute_command("READ", "FROM", first, "LIMIT", 1)
    client.execute_command("MESSAGES", "FROM", moment, "ORDER", "asc", "LIMIT", 1)


def rollups(data):
    return sorted(name for name in os.listdir(data) if name.startswith("rollups"))


def covers(end):
    return f"the rollups cover the log up to sequence {end}\n"


def count(data):
    return int(tallylog("count", "--data", data).strip())


def main():
    with tempfile.TemporaryDirectory() as folder:
        server = Server(folder, options=["--profile", "generic", "--retention-bytes", KEPT])
        copy = os.path.join(folder, "copy")
        with server:
            server.client()
            workers = [Appender(server), Reader(server), Caretaker(server, copy)]
            for worker in workers:
                worker.start()
            for number in range(KILLS):
                time.sleep(random.uniform(0.05, 0.7))
                server.kill()
                server.start()
                if number % 3 == 2:
                    time.sleep(random.uniform(0, 0.05))  # dies while it recovers
                else:
                    server.client()
            client = server.client()
            appender, reader, caretaker = workers
            until("there is more than is kept",
                  lambda: appender.failure or len(appender.acknowledged) > MESSAGES, 120)
            appender.finish()
            until("the reader is at the end",
                  lambda: reader.failure or reader.following > max(appender.acknowledged))
            reader.finish()
            caretaker.finish()
            messages = client.execute_command("COUNT")
            check("READ from 1 has every message once, in order", len(reader.ids), messages)
            check("acknowledged messages are where they were said to be",
                  [reader.ids[sequence] for sequence in appender.acknowledged],
                  list(appender.acknowledged.values()))
            check("no message twice", len(set(reader.ids.values())), messages)
            check("COMPACT", client.execute_command("COMPACT"), b"OK")
            end = info(client)["sequence"]
            check("REBUILD", client.execute_command("REBUILD"), end)
            check("rebuild of a served store", tallylog("rebuild", "--data", server.data), covers(end))
            check("rebuild by a socket", tallylog("rebuild", "--socket", server.socket), covers(end))
            figures = info(client)
            # Two neighbours that are kept come to more than an eighth of what is kept.
            if figures["segments"] > 20:
                fail(f"{figures['segments']} segments are left after COMPACT")
            expect_dropped(client, figures)
            check("BACKUP", client.execute_command("BACKUP", copy), end)
            server.stop()
        print(f"{KILLS} kills, {messages} messages, {figures['dropped_records']} without payloads, "
              f"{caretaker.done}")
        check("no file without a segment", orphans(server.data), ([], [], [], []))
        check("one directory of rollups", rollups(server.data), ["rollups"])
        check("a backup once more, by a path from here",
              tallylog("backup", os.path.relpath(copy), "--data", server.data).split(), [str(end)])
        tallylog("verify", "--data", server.data)
        with open(os.path.join(server.data, "rollups", "data.mdb"), "r+b") as file:
            file.write(bytes(8192))
        check("rebuild of bad rollups", tallylog("rebuild", "--data", server.data), covers(end))
        tallylog("verify", "--data", server.data)
        restored = os.path.join(folder, "restored")
        tallylog("restore", copy, "--data", restored)
        tallylog("verify", "--data", restored)
        check("the restored store has everything", count(restored), messages)
        check("the same dump", tallylog("dump", "--data", restored),
              tallylog("dump", "--data", server.data))
        said = tallylog("restore", copy, "--data", restored, code=1)
        if f"{restored} is not empty" not in said:
            fail(f"a directory that is not empty is refused in words: {said}")
    print("all equal")


main()
