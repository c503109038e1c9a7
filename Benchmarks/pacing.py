#!/usr/bin/env python3
"""How long appends and questions take while archives are made, beside how long they take in peace.

usage: pacing.py TALLYLOG [MESSAGES=1000000]

A store is filled and compacted; then one client appends a message every 5 ms and another asks the last
hour's count and a topic's last messages, first with nothing else going on, then while as many messages
again become archives and are merged. Times count from when a request was due. Run it by
.build-peers/clients/bin/python, which `make bench` makes.
"""

import os
import subprocess
import sys
import tempfile
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "Tests", "EndToEndTests", "python"))
sys.path.insert(0, HERE)

import redis  # noqa: E402
from harness import SEED, TALLYLOG, Server, info, until  # noqa: E402
from latency import Latencies  # noqa: E402

MESSAGES = int(sys.argv[2]) if len(sys.argv) > 2 else 1_000_000
PAUSE = 0.005


class Client(threading.Thread):
    """Sends a request whenever one is due, and notes how late its answer was."""

    def __init__(self, server, requests):
        super().__init__()
        self.client = redis.Redis(unix_socket_path=server.socket)
        self.requests, self.waits, self.ended = requests, Latencies(), threading.Event()

    def run(self):
        due = time.perf_counter()
        for request in self.requests:
            if self.ended.wait(max(0, due - time.perf_counter())):
                return
            self.client.execute_command(*request)
            self.waits.add((time.perf_counter() - due) * 1e9)
            due += PAUSE

    def report(self, name):
        p50, p99 = self.waits.microseconds(50, 99)
        print(f"  {name}: {self.waits.count()} requests, p50 {p50 / 1_000:.2f} ms, "
              f"p99 {p99 / 1_000:.2f} ms, longest {self.waits.longest() / 1_000:.1f} ms")


def appends(first):
    for number in range(first, first + 1_000_000):
        yield ["APPEND", '{"topic":"org.example.prod.pace.kept","msg":{"agent":"ann","n":%d},'
               '"msg_id":"2026-pace-%d","timestamp":%f}' % (number, number, time.time())]


def questions(topic):
    while True:
        yield ["COUNT", "LAST", "1h"]
        yield ["SERIES", "1h", "TOPIC", topic, "LAST", "30d"]
        yield ["MESSAGES", "TOPIC", topic, "LIMIT", 20]


def measure(server, topic, first, while_running):
    clients = [Client(server, appends(first)), Client(server, questions(topic))]
    for client in clients:
        client.start()
    while_running()
    for client in clients:
        client.ended.set()
        client.join()
    clients[0].report("APPEND")
    clients[1].report("questions")


def fill(server, endpoint, seed, client):
    before = info(client)["sequence"]
    subprocess.run([TALLYLOG, "publish", "--bind", endpoint, "--seed", str(seed), "--generate",
                    str(MESSAGES)], check=True, stderr=subprocess.DEVNULL)
    until("all is in the log", lambda: info(client)["sequence"] >= before + MESSAGES, 600)


def main():
    with tempfile.TemporaryDirectory() as folder:
        endpoint = "ipc://" + os.path.join(folder, "bus")
        with Server(folder, endpoint) as server:
            client = redis.Redis(unix_socket_path=server.socket)
            server.client()
            fill(server, endpoint, SEED, client)
            client.execute_command("COMPACT")
            topic = client.execute_command("TOP", 3, "topic")[2][0]
            print("in peace:")
            measure(server, topic, 0, lambda: time.sleep(10))
            fill(server, endpoint, SEED + 1, client)
            begun = time.time()
            print(f"while {MESSAGES} messages become archives and are merged:")
            measure(server, topic, 1_000_000, lambda: client.execute_command("COMPACT"))
            print(f"  which took {time.time() - begun:.1f} s")
            server.stop()


main()
