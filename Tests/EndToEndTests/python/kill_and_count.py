#!/usr/bin/env python3
"""Kills the server again and again while a bus and a client feed it, then counts.

usage: kill_and_count.py TALLYLOG
       TALLYLOG_KILLS=n      how often the server is killed (100)
       TALLYLOG_MESSAGES=n   messages of the bus (200,000)

What could go wrong: an acknowledged message is lost by SIGKILL, of a server that serves or of one
that still recovers; a message that the bus repeats is counted twice; an answer differs from what a
plain program computes from the same messages.

The bus is a python3-zmq publisher. It sends every message while the server is being killed, and
then all of them again, so that in the end each must have arrived and must count once.
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

from harness import (
    DAYS, START, TOPICS, USERS, Bus, Server, check, check_accounting, fail, info, make_messages,
    tallylog)

MESSAGES = int(os.environ.get("TALLYLOG_MESSAGES", "200000"))
KILLS = int(os.environ.get("TALLYLOG_KILLS", "100"))
CLIENT_TOPIC = "org.example.prod.client.append.done"


class Appender(threading.Thread):
    """APPENDs messages of a topic of its own, reconnecting whenever the server is killed."""

    def __init__(self, server):
        super().__init__(daemon=True)
        self.client = redis.Redis(unix_socket_path=server.socket, socket_timeout=30)
        self.stopping = threading.Event()
        self.acknowledged = []
        self.failure = None

    def run(self):
        try:
            number = 0
            while not self.stopping.is_set():
                number += 1
                self.append_one(number)
        except Exception as error:  # handed to the main thread, which fails with it
            self.failure = error

    def append_one(self, number):
        identity = f"2026-{uuid.uuid4()}"
        envelope = json.dumps({
            "topic": CLIENT_TOPIC, "msg": {"n": number},
            "msg_id": identity, "timestamp": START + number % 86_400})
        while not self.stopping.is_set():
            try:
                # redis-py connects again by itself after an error.
                self.client.execute_command("APPEND", envelope)
                self.acknowledged.append(identity)
                return
            except (redis.exceptions.ConnectionError, redis.exceptions.TimeoutError):
                time.sleep(0.01)


def publish(bus, frames, rate=None):
    begun = time.time()
    for number, parts in enumerate(frames):
        bus.socket.send_multipart(parts)
        if rate and number % 200 == 0:
            ahead = number / rate - (time.time() - begun)
            if ahead > 0:
                time.sleep(ahead)


def kill_again_and_again(server, alive):
    """Every third time the new server is killed while it recovers, or just after."""
    for number in range(KILLS):
        if number % 3 == 2:
            time.sleep(random.uniform(0, 0.08))
        else:
            server.client()
            time.sleep(random.uniform(0.05, 0.4))
        server.kill()
        server.start()
        if not alive():
            return
    server.client()


def top(counter, count):
    ranked = sorted(counter.items(), key=lambda item: (-item[1], item[0].encode()))[:count]
    return [[name.encode(), amount] for name, amount in ranked]


def compare(client, messages):
    """Holds the server's answers against plain counting."""
    topics, users = collections.Counter(), collections.Counter()
    user_days = collections.defaultdict(collections.Counter)
    topic_users = collections.defaultdict(collections.Counter)
    for message in messages:
        topics[message["topic"]] += 1
        user = message["msg"].get("agent")
        if user:
            users[user] += 1
            day = message["timestamp"] // 86_400 * 86_400
            user_days[user][day] += 1
            topic_users[message["topic"]][user] += 1
    ask = client.execute_command
    check("count per topic", {t: ask("COUNT", "TOPIC", t) for t in TOPICS},
          {t: topics[t] for t in TOPICS})
    check("count per user", {u: ask("COUNT", "USER", u) for u in USERS},
          {u: users[u] for u in USERS})
    series = {u: dict(map(tuple, ask("SERIES", "1d", "USER", u))) for u in USERS}
    check("series per user and day", series, {u: dict(user_days[u]) for u in USERS})
    check("top users", ask("TOP", "10", "user"), top(users, 10))
    check("top topics", ask("TOP", "15", "topic", "TOPIC", "org.example.prod.app0.*"),
          top(collections.Counter(
              {t: n for t, n in topics.items() if t.startswith("org.example.prod.app0.")}), 15))
    for topic in TOPICS[:5]:
        check(f"top users of {topic}", ask("TOP", "5", "user", "TOPIC", topic),
              top(topic_users[topic], 5))
        check(f"distinct users of {topic}", ask("DISTINCT", "user", "TOPIC", topic),
              len(topic_users[topic]))
    check("distinct users", ask("DISTINCT", "user"), len(users))
    middle = START + (DAYS // 3) * 86_400 + 12_345
    check("count with odd edges", ask("COUNT", "FROM", middle, "TO", middle + 98_765),
          sum(middle <= m["timestamp"] < middle + 98_765 for m in messages))


def check_acknowledged(client, acknowledged):
    """Each acknowledged message is found by its id, and listed once. What was sent and not
    acknowledged may be there too, once."""
    missing = [i for i in acknowledged if client.execute_command("GET", i) is None]
    check("acknowledged messages that GET does not find", missing, [])
    listed = collections.Counter()
    for second in range(0, 86_400, 3_600):
        cursor = None
        while True:
            after = ["AFTER", cursor] if cursor else []
            cursor, rows = client.execute_command(
                "MESSAGES", "TOPIC", CLIENT_TOPIC, "FROM", START + second,
                "TO", START + second + 3_600, "LIMIT", 1_000, *after)
            listed.update(json.loads(row[2])["msg_id"] for row in rows)
            if cursor is None:
                break
    check("messages listed", sum(listed.values()),
          client.execute_command("COUNT", "TOPIC", CLIENT_TOPIC))
    check("messages listed twice", [i for i, n in listed.items() if n > 1], [])
    check("acknowledged messages that are not listed", set(acknowledged) - set(listed), set())


def send_again(bus, client, frames):
    """Sends everything to a server that nobody kills; returns INFO once all has arrived."""
    bus.wait_for_subscriber(client)
    before = info(client)["received"]
    publish(bus, frames)
    end = time.time() + 120
    while True:
        now = info(client)
        if now["received"] - before >= len(frames) and now["queued"] == 0:
            return now
        if time.time() > end:
            fail(f"the second pass did not arrive: {now}")
        time.sleep(0.05)


def run(folder):
    messages = list(make_messages(MESSAGES))
    frames = [[m["topic"].encode(), json.dumps(m).encode()] for m in messages]
    with Bus(folder) as bus, Server(folder, bus.endpoint) as server:
        server.client()
        appender = Appender(server)
        first_pass = threading.Thread(
            target=publish, args=(bus, frames, MESSAGES / (KILLS * 0.3)), daemon=True)
        appender.start()
        first_pass.start()
        try:
            kill_again_and_again(server, appender.is_alive)
            first_pass.join()
        finally:
            appender.stopping.set()
            appender.join()
        if appender.failure:
            fail(f"an APPEND was refused: {appender.failure!r}\n{server.written()[-2000:]}")

        client = server.client()
        acknowledged = appender.acknowledged
        print(f"{len(acknowledged)} messages were acknowledged during {KILLS} kills")
        arrived = client.execute_command("COUNT") - client.execute_command(
            "COUNT", "TOPIC", CLIENT_TOPIC)
        print(f"{arrived} of {MESSAGES} messages of the bus arrived during the kills")
        if not (acknowledged and 0 < arrived < MESSAGES):
            fail("the kills came too early or too late to say anything")
        now = send_again(bus, client, frames)
        check_accounting(now)
        check("nothing was rejected", now["rejected"], 0)
        compare(client, messages)
        check_acknowledged(client, acknowledged)
        server.stop()
        print(tallylog("verify", "--data", server.data).strip())


if __name__ == "__main__":
    with tempfile.TemporaryDirectory(prefix="tallylog-") as scratch:
        run(scratch)
    print("all equal")
