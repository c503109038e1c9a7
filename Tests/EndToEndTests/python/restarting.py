#!/usr/bin/env python3
"""Kills the server at random under live traffic; what it missed comes from elsewhere.

usage: restarting.py TALLYLOG

TALLYLOG_RESTARTS (default 25) is how many kills there are with each kind of source.

What could go wrong: a message that was published while the server was down, still connecting or cut
off is missing in the end, or one that came both live and from a source counts twice; a source's
faults lose messages or stop the fetching; a kill makes the fetching begin anew; messages that came
live lose the order in which their publisher sent them.

The first round has a datagrepper as its source, of one generation and then of the other, with all
their faults and with a history of its own; the second another Tallylog's socket. In the end the
store must have just what was published: each message once, and nothing else.
"""

import collections
import json
import os
import random
import tempfile
import threading
import time
import uuid

import redis
import zmq

from datagrepper import Archive, Datagrepper
from harness import SEED, Server, check, check_accounting, fail, info, read_all, until

RESTARTS = int(os.environ.get("TALLYLOG_RESTARTS", "25"))
SERVICES = ["app0", "app1", "app2", "app3"]
HISTORY = 4_000
DAY = 86_400


def identity(envelope):
    """What tells messages apart: an id, or the content and the second."""
    if envelope.get("msg_id"):
        return envelope["msg_id"]
    return (envelope["topic"], int(envelope["timestamp"]),
            json.dumps(envelope["msg"], sort_keys=True))


class Publisher(threading.Thread):
    """Some services behind one PUB socket, which is bound anew now and then, as processes restart.
    Seconds are quiet, busy, or so crowded that a datagrepper has many pages of them."""

    def __init__(self, endpoint, archive, source, rebinds=True):
        super().__init__(daemon=True)
        self.endpoint, self.archive, self.random = endpoint, archive, source
        self.rebinds = rebinds
        self.stopping = threading.Event()
        self.truth, self.sent = [], collections.Counter()
        self.failure = None
        self.socket = None

    def envelope(self, now, service):
        self.sent[service] += 1
        envelope = {
            "topic": f"org.example.prod.{service}.thing.{self.random.randrange(5)}",
            "msg": {"agent": f"user{self.random.randrange(40)}", "n": len(self.truth),
                    "text": "\u00e9 \"quoted\"" * self.random.randrange(3)},
            "timestamp": int(now), "i": self.sent[service], "username": service,
        }
        if self.random.random() < 0.9:
            number = uuid.UUID(int=self.random.getrandbits(128), version=4)
            envelope["msg_id"] = f"2026-{number}"
        return envelope

    def run(self):
        try:
            while True:
                if not self.socket or self.socket.closed:
                    self.bind()
                for _ in range(self.random.randrange(2, 8) if self.rebinds else 1_000_000):
                    self.second()
                    # The last one stays bound: an endpoint that is gone is a gap that grows.
                    if self.stopping.is_set():
                        return
                self.socket.close()
                self.sent.clear()
        except Exception as error:  # handed to the main thread, which fails with it
            self.failure = error

    def bind(self):
        self.socket = zmq.Context.instance().socket(zmq.PUB)
        self.socket.setsockopt(zmq.SNDHWM, 0)
        self.socket.setsockopt(zmq.LINGER, 200)
        for _ in range(100):
            try:
                self.socket.bind(self.endpoint)
                return
            except zmq.ZMQError:  # the socket before it has not let go yet
                time.sleep(0.02)
        raise RuntimeError("the endpoint stays taken")

    def second(self):
        amount = self.random.choice([0, 8, 20, 40, 40, 60, 120, 220])
        end = time.time() + 1
        for number in range(amount):
            envelope = self.envelope(time.time(), self.random.choice(SERVICES))
            self.truth.append(envelope)
            if self.archive:
                self.archive.add(envelope)
            self.socket.send_multipart(
                [envelope["topic"].encode(), json.dumps(envelope, sort_keys=True).encode()])
            time.sleep(max(0, (end - time.time()) / (amount - number) - 0.0005))
        time.sleep(max(0, end - time.time()))

    def finish(self):
        self.stopping.set()
        self.join()
        if self.failure:
            raise self.failure


def configuration(folder, publisher, source, since=None):
    path = os.path.join(folder, "feeds.yaml")
    with open(path, "w", encoding="utf-8") as file:
        file.write(f"feeds:\n  live:\n    endpoints: [{publisher.endpoint}]\n"
                   f"    topics: [org.example.]\n    backfill: [{source}]\n"
                   "    overlap: 4s\n    lag: 2s\n")
        if since:
            file.write(f"    since: {since}\n")
    return path


def kill_again_and_again(server, source, on_restart):
    for number in range(RESTARTS):
        if number % 4 != 3:
            server.client().close()
        time.sleep(source.uniform(0.1, 3.5))
        server.kill()
        time.sleep(source.choice([0, 0.2, 1.5]))
        on_restart(number)
        server.start()


def show(client):
    for gap in reversed(client.execute_command("GAPS", "LIMIT", 10_000)):
        print(*(word.decode() if isinstance(word, bytes) else word for word in gap))
    for line in client.info("feeds").items():
        print(*line)


def settle(server, publisher):
    """Waits until no gap is left, and returns the seconds that it took."""
    publisher.finish()
    begun = time.time()
    client = server.client()
    try:
        until("all gaps are filled", lambda: not client.execute_command("GAPS", "UNFILLED"), 180)
    except SystemExit:
        show(client)
        raise
    until("nothing waits", lambda: info(client)["queued"] == 0)
    return time.time() - begun


def compare(client, truth):
    stored = read_all(client)
    wanted, got = collections.Counter(map(identity, truth)), collections.Counter(
        map(identity, stored))
    missing, surplus = wanted - got, got - wanted
    print(f"{len(stored)} stored, {len(truth)} published", flush=True)
    if missing or surplus:
        lost = [e for e in truth if identity(e) in missing]
        show(client)
        fail(f"{len(missing)} are missing, {len(surplus)} are too many; such as "
             f"{lost[:2]} {list(surplus)[:2]}")
    check("count", client.execute_command("COUNT"), len(truth))
    topics = collections.Counter(e["topic"] for e in truth)
    check("count per topic", {t: client.execute_command("COUNT", "TOPIC", t) for t in topics},
          dict(topics))
    users = collections.Counter(e["msg"]["agent"] for e in truth)
    check("count per user", {u: client.execute_command("COUNT", "USER", u) for u in users},
          dict(users))
    return stored


def check_live_order(stored):
    """Of each publisher, what came live stands in the order in which it was sent."""
    last = collections.Counter()
    live = [e for e in stored if "source_name" not in e]
    for envelope in live:
        service = envelope["username"]
        if envelope["msg"]["n"] < last[service]:
            fail(f"{envelope} came before {last[service]}, and stands behind it")
        last[service] = envelope["msg"]["n"]
    print(f"equal: order of {len(live)} live messages", flush=True)
    if not live or len(live) == len(stored):
        fail("all came live, or none: the kills came too early or too late to say anything")


def history(archive, source):
    """Messages of the last ten days, which only the archive has."""
    now = int(time.time())
    truth = []
    for number in range(HISTORY):
        envelope = {
            "topic": f"org.example.prod.{source.choice(SERVICES)}.old", "i": number,
            "msg": {"agent": f"user{source.randrange(40)}", "n": -1 - number},
            "timestamp": now - source.randrange(3_600, 10 * DAY), "username": "apache",
            "msg_id": f"2026-{uuid.UUID(int=source.getrandbits(128), version=4)}"}
        # Half a day is crowded, and one second has more than fits on a page.
        if number % 2:
            envelope["timestamp"] = now - 5 * DAY + source.randrange(DAY // 2)
        if number % 10 == 0:
            envelope["timestamp"] = now - 3 * DAY
        archive.add(envelope, now=False)
        truth.append(envelope)
    # Others' topics are not wanted.
    archive.add({"topic": "com.example.other", "msg": {}, "timestamp": now - 2 * DAY,
                 "msg_id": "2026-other"}, now=False)
    return truth


def from_datagrepper(folder, source):
    archive = Archive(SEED, delay=1.0)
    archive.fault_rate = 0.2
    old = history(archive, source)
    publisher = Publisher(f"ipc://{folder}/bus", archive, source)

    def on_restart(number):
        archive.down = number % 5 == 1
        if number == RESTARTS // 2:
            archive.generation = 2022

    with Datagrepper(archive) as datagrepper:
        path = configuration(
            folder, publisher, datagrepper.address, int(time.time()) - 11 * DAY)
        with Server(folder, options=["--config", path]) as server:
            publisher.start()
            kill_again_and_again(server, source, on_restart)
            archive.down = False
            archive.fault_rate = 0.05
            took = settle(server, publisher)
            client = server.client()
            figures = info(client)
            stored = compare(client, old + publisher.truth)
            check_live_order(stored)
            check_accounting(figures)
            check("nothing was rejected", figures["rejected"], 0)
            print(f"{RESTARTS} restarts, {len(publisher.truth)} messages live and {len(old)} of "
                  f"history; settled {took:.1f} s after the last; {archive.requests} requests, "
                  f"{archive.failed} failed, {archive.served} messages served", flush=True)
            server.stop()
        check_begun_once(folder, path, archive)


def check_begun_once(folder, path, archive):
    """What is filled stays filled: another start asks for its own gap, not for the history."""
    before = archive.served
    with Server(folder, options=["--config", path]) as server:
        client = server.client()
        time.sleep(3)
        check("served again after all was filled",
              archive.served - before < HISTORY // 2, True)
        reasons = {gap[2].decode() for gap in client.execute_command("GAPS", "LIMIT", 10_000)}
        check("reasons of gaps", reasons >= {"history", "stopped"}, True)
        server.stop()


def from_tallylog(folder, source):
    publisher = Publisher(f"ipc://{folder}/bus", None, source, rebinds=False)
    other_folder = os.path.join(folder, "other")
    os.mkdir(other_folder)
    with Server(other_folder, publisher.endpoint) as other:
        publisher.bind()
        client = other.client()
        until("the other is connected", lambda: info(client)["feeds_connected"] == 1)
        time.sleep(1)
        path = configuration(folder, publisher, other.socket)
        with Server(folder, options=["--config", path]) as server:
            publisher.start()
            kill_again_and_again(server, source, lambda number: None)
            took = settle(server, publisher)
            client = server.client()
            check("the other has all", other.client().execute_command("COUNT"),
                  len(publisher.truth))
            compare(client, publisher.truth)
            fetched = client.info("feeds")["source_live_1"]
            print(f"{RESTARTS} restarts, {len(publisher.truth)} messages; settled {took:.1f} s "
                  f"after the last; {fetched['fetched']} fetched since then", flush=True)
            server.stop()
        other.stop()


if __name__ == "__main__":
    for round_of in (from_datagrepper, from_tallylog):
        with tempfile.TemporaryDirectory(prefix="tallylog-") as scratch:
            round_of(scratch, random.Random(SEED))
    print("all equal")
