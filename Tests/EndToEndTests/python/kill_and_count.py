#!/usr/bin/env python3
"""Kills the server again and again while a bus and a client feed it, then counts.

usage: kill_and_count.py TALLYLOG [MESSAGES=200000] [KILLS=10]

What could go wrong: an acknowledged message is lost by SIGKILL; a message that the bus repeats is
counted twice; an answer differs from what a plain program computes from the same messages.

The bus is a python3-zmq publisher. It sends every message while the server is being killed, and
then all of them again, so that in the end each must have arrived and must count once.
"""

import collections
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import threading
import time
import uuid

import redis
import zmq

TALLYLOG = os.path.abspath(sys.argv[1])
MESSAGES = int(sys.argv[2]) if len(sys.argv) > 2 else 200_000
KILLS = int(sys.argv[3]) if len(sys.argv) > 3 else 10
SEED = int(os.environ.get("SEED", "20260101"))
START = 1_767_225_600  # 2026-01-01T00:00:00Z
DAYS = 9

random.seed(SEED)
TOPICS = [f"org.example.prod.app{i % 7}.thing{i}.done" for i in range(40)]
USERS = [f"user{i}" for i in range(300)]


def make_messages():
    """Messages with known topics, users and times; a few without a user, a few far apart."""
    for number in range(MESSAGES):
        user = USERS[int(random.paretovariate(1.1)) % len(USERS)]
        message = {"n": number, "text": "x" * random.randrange(200)}
        if random.random() < 0.9:
            message["agent"] = user
        yield {
            "i": number,
            "msg": message,
            "msg_id": f"2026-{uuid.UUID(int=random.getrandbits(128), version=4)}",
            "timestamp": START + random.randrange(DAYS * 86_400),
            "topic": random.choice(TOPICS),
            "username": "apache",
        }


class Server:
    """One `tallylog serve` after another on the same directory."""

    def __init__(self, folder, endpoint):
        self.folder = folder
        self.socket = os.path.join(folder, "data", "tallylog.sock")
        self.command = [
            TALLYLOG, "serve", "--data", os.path.join(folder, "data"), "--subscribe", endpoint]
        self.process = None

    def start(self):
        log = open(os.path.join(self.folder, "serve.log"), "ab")
        self.process = subprocess.Popen(self.command, stdout=log, stderr=log)

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def client(self, patience=60):
        """A client of the server that runs now, once it answers."""
        until = time.time() + patience
        while True:
            try:
                client = redis.Redis(unix_socket_path=self.socket, socket_timeout=60)
                client.ping()
                return client
            except redis.exceptions.RedisError:
                if self.process.poll() is not None:
                    raise SystemExit(
                        f"serve has left with {self.process.returncode}:\n"
                        + open(os.path.join(self.folder, "serve.log")).read()[-2000:])
                if time.time() > until:
                    raise
                time.sleep(0.02)


def info(client):
    return {
        key: value for key, value in client.info().items() if not isinstance(value, dict)}


def append_while(server, stopping, acknowledged):
    """APPENDs messages of a topic of its own, reconnecting whenever the server is killed."""
    client = None
    number = 0
    while not stopping.is_set():
        number += 1
        identity = f"2026-{uuid.uuid4()}"
        envelope = json.dumps({
            "topic": "org.example.prod.client.append.done", "msg": {"n": number},
            "msg_id": identity, "timestamp": START + number % 86_400})
        while not stopping.is_set():
            try:
                client = client or redis.Redis(
                    unix_socket_path=server.socket, socket_timeout=30)
                client.execute_command("APPEND", envelope)
                acknowledged.append(identity)
                break
            except (redis.exceptions.ConnectionError, redis.exceptions.TimeoutError):
                client = None
                time.sleep(0.01)


def publish(socket, envelopes, rate=None):
    begun = time.time()
    for number, (topic, body) in enumerate(envelopes):
        socket.send_multipart([topic, body])
        if rate and number % 200 == 0:
            ahead = number / rate - (time.time() - begun)
            if ahead > 0:
                time.sleep(ahead)


def check(name, got, wanted):
    if got != wanted:
        raise SystemExit(f"FAILED {name} (seed {SEED}):\n  got    {got!r}\n  wanted {wanted!r}")
    print(f"equal: {name}")


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
    middle = START + 3 * 86_400 + 12_345
    check("count with odd edges", ask("COUNT", "FROM", middle, "TO", middle + 98_765),
          sum(middle <= m["timestamp"] < middle + 98_765 for m in messages))


def run(folder):
    endpoint = f"ipc://{folder}/bus"
    messages = list(make_messages())
    envelopes = [(m["topic"].encode(), json.dumps(m).encode()) for m in messages]
    bus = zmq.Context().socket(zmq.PUB)
    bus.setsockopt(zmq.SNDHWM, 0)
    bus.bind(endpoint)
    server = Server(folder, endpoint)
    server.start()
    server.client()

    acknowledged, stopping = [], threading.Event()
    appender = threading.Thread(target=append_while, args=(server, stopping, acknowledged))
    appender.start()
    first_pass = threading.Thread(
        target=publish, args=(bus, envelopes, MESSAGES / (KILLS * 0.8)))
    first_pass.start()
    for _ in range(KILLS):
        time.sleep(random.uniform(0.3, 0.9))
        server.kill()
        server.start()
        server.client()
    first_pass.join()
    stopping.set()
    appender.join()

    client = server.client()
    while info(client)["feeds_connected"] < 1:
        time.sleep(0.05)
    time.sleep(0.5)
    before = info(client)["received"]
    publish(bus, envelopes)
    until = time.time() + 120
    while True:
        now = info(client)
        if now["received"] - before >= MESSAGES and now["queued"] == 0:
            break
        if time.time() > until:
            raise SystemExit(f"FAILED: the second pass did not arrive: {now}")
        time.sleep(0.05)
    check("received = appended + duplicate + rejected + queued", now["received"],
          now["appended"] + now["duplicate"] + now["rejected"] + now["queued"])

    print(f"{len(acknowledged)} messages were acknowledged during {KILLS} kills")
    compare(client, messages)
    missing = [i for i in acknowledged if client.execute_command("GET", i) is None]
    check("acknowledged messages found by GET", missing, [])
    listed = collections.Counter()
    appended = client.execute_command("COUNT", "TOPIC", "org.example.prod.client.append.done")
    for second in range(0, 86_400, 7_200):
        page = client.execute_command(
            "MESSAGES", "TOPIC", "org.example.prod.client.append.done",
            "FROM", START + second, "TO", START + second + 7_200, "LIMIT", 10_000)
        listed.update(json.loads(row[2])["msg_id"] for row in page[1])
    check("messages listed", sum(listed.values()), appended)
    check("messages listed twice", [i for i, n in listed.items() if n > 1], [])
    server.process.terminate()
    check("exit code after SIGTERM", server.process.wait(timeout=60), 0)
    bus.close(0)


with tempfile.TemporaryDirectory(prefix="tallylog-") as scratch:
    run(scratch)
print("all equal")
