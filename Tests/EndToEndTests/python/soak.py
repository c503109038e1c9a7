#!/usr/bin/env python3
"""Everything at once for as long as wanted, held against a plain recount of what was published.

usage: soak.py TALLYLOG

TALLYLOG_SOAK_SECONDS (default 15) is how long it runs; `make soak MINUTES=n` sets it.

A foreign publisher (python3-zmq) sends messages, repeats and garbage; a client appends; two rules
count; others ask; history is sealed, merged and dropped; the server is killed with SIGKILL again
and again, and what the bus said meanwhile is fetched from a datagrepper that fails now and then.

What could go wrong: a message is lost or counted twice where two of these meet; the figures do not
add up (received = appended + duplicate + rejected + queued); COUNT and the sum of SERIES differ; a
rule lags for ever or counts otherwise; memory or file descriptors grow with time.
"""

import collections
import json
import os
import random
import tempfile
import threading
import time
import uuid

from datagrepper import Archive, Datagrepper
from harness import (
    SEED, TOPICS, USERS, Bus, Repeating, Server, check, check_accounting, fail, info, tallylog,
    until)

SECONDS = float(os.environ.get("TALLYLOG_SOAK_SECONDS", "20"))
# Messages a second on the bus, and in every tenth second: more than a datagrepper's page. More of
# those, and a source that reads them again and again for each of the kills never catches up.
RATE, CROWDED_RATE = 20, 150
RETAINED = "100K"  # of archives, so that payloads are dropped within seconds
RULES = """
rules:
  votes:
    keys: {who: agent}
    aggregates: {total: {sum: n}, people: {distinct: agent}}
  apps:
    keys: {app: $.topic -> token(3)}
    granularities: [1m, 1h]
    aggregates: {most: {max: n}}
"""


class Truth:
    """What was published or acknowledged, by id."""

    def __init__(self):
        self.messages, self.lock = {}, threading.Lock()

    def add(self, message):
        with self.lock:
            self.messages[message["msg_id"]] = message


def made_up(source, number, origin):
    message = {"n": number, "text": "x" * source.randrange(300)}
    if source.random() < 0.9:
        message["agent"] = USERS[int(source.paretovariate(1.1)) % len(USERS)]
    late = source.randrange(3_000) if source.random() < 0.1 else 0
    return {"topic": source.choice(TOPICS), "msg": message, "i": number,
            "timestamp": int(time.time()) - late,
            "msg_id": f"2026-{uuid.UUID(int=source.getrandbits(128), version=4)}",
            "username": origin}


class Publishing(threading.Thread):
    """The bus: new messages, repeats of any age, and garbage."""

    def __init__(self, bus, truth, archive):
        super().__init__(daemon=True)
        self.bus, self.truth, self.archive = bus, truth, archive
        self.stopping, self.garbage = threading.Event(), 0

    def run(self):
        source, sent, wanted, last = random.Random(SEED), [], 0.0, time.time()
        while not self.stopping.wait(0.01):
            now = time.time()
            wanted += (now - last) * (CROWDED_RATE if int(now) % 10 == 0 else RATE)
            last = now
            while len(sent) < wanted:
                message = made_up(source, len(sent), "bus")
                # Late by its own time, it would lie before what a gap asks for.
                message["timestamp"] = int(time.time())
                self.truth.add(message)
                self.archive.add(message)
                sent.append(message)
                self.bus.send(message)
                chance = source.random()
                if chance < 0.05:
                    self.bus.send(source.choice(sent))
                elif chance < 0.07:
                    self.garbage += 1
                    self.bus.socket.send_multipart(source.choice(
                        [[b"org.example.prod.bad", b"{"], [b"one"], [b"a", b"b", b"c"],
                         [b"org.example.prod.bad", source.randbytes(50)]]))


class Appending(Repeating):
    """A client: each message again until it is acknowledged, late ones among them."""

    def __init__(self, server, truth):
        super().__init__(server)
        self.truth, self.source = truth, random.Random(SEED + 1)
        self.next, self.number = None, 0

    def step(self):
        if self.next is None:
            self.number += 1
            self.next = made_up(self.source, self.number, "client")
        self.client.execute_command("APPEND", json.dumps(self.next))
        self.truth.add(self.next)
        self.next = None
        time.sleep(0.02)


class Asking(Repeating):
    """Holds answers against each other, at one sequence; and the figures of INFO."""

    def __init__(self, server):
        super().__init__(server)
        self.asked = self.compared = 0

    def step(self):
        ask = self.client.execute_command
        before, counted = ask("COUNT", "AT")
        answers = {
            "series": sum(n for _, n in ask("SERIES", "1m", "AT")[1]),
            "topics": sum(n for _, n in ask("TOP", "ALL", "topic", "AT")[1]),
        }
        after, again = ask("COUNT", "AT")
        self.asked += 1
        if before == after:
            self.compared += 1
            if set(answers.values()) | {again} != {counted}:
                fail(f"at sequence {before}: COUNT {counted}, then {again}, {answers}")
        figures = info(self.client)
        parts = [figures[key] for key in ("appended", "duplicate", "rejected", "queued")]
        if figures["received"] != sum(parts):
            fail(f"received {figures['received']}; appended, duplicate, rejected, queued {parts}")
        time.sleep(0.05)


class Tending(Repeating):
    """Seals and merges at moments that nobody expects."""

    compactions = 0

    def step(self):
        time.sleep(random.uniform(0.5, 4))
        self.client.execute_command("CHECKPOINT" if random.random() < 0.3 else "COMPACT")
        self.compactions += 1


def compare(client, messages):
    """The server's answers against plain counting."""
    ask = client.execute_command
    topics, users, minutes = (collections.Counter() for _ in range(3))
    apps, totals = collections.Counter(), collections.Counter()
    for message in messages:
        topics[message["topic"]] += 1
        minutes[message["timestamp"] // 60 * 60] += 1
        apps[message["topic"].split(".")[3]] += 1
        user = message["msg"].get("agent")
        if user:
            users[user] += 1
            totals[user] += message["msg"]["n"]
    check("messages", ask("COUNT"), len(messages))
    check("per minute", dict(map(tuple, ask("SERIES", "1m"))), dict(minutes))
    check("topics", {name.decode(): n for name, n in ask("TOP", "ALL", "topic")}, dict(topics))
    check("users", {name.decode(): n for name, n in ask("TOP", "ALL", "user")}, dict(users))
    until("the rules are complete", lambda: all(
        row[2] >= info(client)["sequence"] for row in ask("ROLLUP", "LIST")), 120)
    check("apps by a rule",
          {name.decode(): n for name, n in ask("TOP", "ALL", "app", "RULE", "apps")}, dict(apps))
    sums = {name.decode(): float(value) for name, value in ask(
        "VALUES", "TOTAL", "RULE", "votes", "total", "BY", "who")}
    check("sums by a rule", {name: n for name, n in sums.items()}, dict(totals))


def kill_again_and_again(server, others):
    kills, end = 0, time.time() + SECONDS
    while time.time() < end:
        for thread in others:
            thread.check()
        time.sleep(min(random.choice([0.2, 3, 8]), max(0, end - time.time())))
        server.kill()
        kills += 1
        server.start()
        server.client().close()
    return kills


def written(path, text):
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
    return path


def run(folder):
    truth, archive = Truth(), Archive(SEED, generation=2015, delay=0.2)
    archive.fault_rate = 0.05
    with Bus(folder) as bus, Datagrepper(archive) as datagrepper:
        rules = written(os.path.join(folder, "rules.yaml"), RULES)
        feeds = written(os.path.join(folder, "feeds.yaml"), f"""
feeds:
  bus:
    endpoints: {bus.endpoint}
    topics: org.example.
    backfill: {datagrepper.address}
    overlap: 10s
    lag: 1s
""")
        server = Server(folder, options=[
            "--config", feeds, "--rules", rules, "--profile", "generic",
            "--retention-bytes", RETAINED, "--retention-minutes", "1d"])
        with server:
            soak(server, bus, truth, archive)


def soak(server, bus, truth, archive):
    client = server.client()
    publishing = Publishing(bus, truth, archive)
    others = [Appending(server, truth), Asking(server), Asking(server), Tending(server)]
    for thread in [publishing, *others]:
        thread.start()
    kills = kill_again_and_again(server, others)
    publishing.stopping.set()
    publishing.join()
    for thread in others:
        thread.finish()
    client = server.client()
    wanted = list(truth.messages.values())
    # What was missed comes in the background, over a source that fails now and then.
    archive.fault_rate = 0
    until(f"all {len(wanted)} messages are there",
          lambda: client.execute_command("COUNT") >= len(wanted), 60 + SECONDS / 4)
    until("nothing is queued", lambda: info(client)["queued"] == 0)
    compare(client, wanted)
    check_accounting(info(client))
    print(f"{len(wanted)} messages, {kills} kills, {publishing.garbage} pieces of garbage, "
          f"{archive.served} messages fetched, {others[3].compactions} compactions, "
          f"{others[1].compared + others[2].compared} answers compared, "
          f"{info(client)['dropped_records']} payloads dropped")
    client.execute_command("COMPACT")
    compare(client, wanted)
    server.stop()
    print(tallylog("verify", "--data", server.data).strip())


if __name__ == "__main__":
    random.seed(SEED)
    with tempfile.TemporaryDirectory(prefix="tallylog-") as scratch:
        run(scratch)
    print("all equal")
