#!/usr/bin/env python3
"""How fast a server answers over its socket: one client, pipelined, fifty clients.

usage: over_socket.py TALLYLOG DATA PROGRAM [REQUESTS=20000]

Imports DATA (see make_data.py) into a store of its own, archives it, and sends PING, COUNT and the
questions Q1 to Q5 by PROGRAM, built from socket.c; PING goes to Redis too. First each client asks
as soon as it may, which gives the rate; then half as many requests fall due at even distances, and
times count from when one was due: what waits behind a slow reply is late as well. Processor time is
the server's.
"""

import json
import os
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "..", "Tests", "EndToEndTests", "python"))
sys.path.insert(0, os.path.join(HERE, "..", "compare"))
sys.path.insert(0, os.path.join(HERE, ".."))

import redis  # noqa: E402
from harness import Server, tallylog, until  # noqa: E402
from latency import Latencies  # noqa: E402
from servers import Redis  # noqa: E402

DATA, PROGRAM = map(os.path.abspath, sys.argv[2:4])
REQUESTS = int(sys.argv[4]) if len(sys.argv) > 4 else 20_000
TICK = os.sysconf("SC_CLK_TCK")
# Clients, and requests that each has under way.
WAYS = {"one client": (1, 1), "16 under way": (1, 16), "50 clients": (50, 1),
        "50 with 16 each": (50, 16)}


def processor_seconds(pid):
    with open(f"/proc/{pid}/stat") as file:
        fields = file.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICK


def ask(address, kind, way, count, *rate):
    done = subprocess.run(
        [PROGRAM, address, DATA, *map(str, way), str(count), kind, *map(str, rate)], check=True,
        stdout=subprocess.PIPE, text=True)
    found = json.loads(done.stdout)
    times = Latencies()
    for nanoseconds in found["nanoseconds"]:
        times.add(nanoseconds)
    return found["seconds"], times


def measure(name, address, pid, kind):
    at_once, when_due = [], []
    for way in WAYS.values():
        # A hundred messages a reply are enough of a load.
        count = REQUESTS * (10 if kind in ("ping", "count") and way[1] > 1 else 1)
        before = processor_seconds(pid)
        seconds, times = ask(address, kind, way, count)
        used = (processor_seconds(pid) - before) * 1e6 / count
        at_once.append("{:,.0f} / {:,.0f}".format(*times.microseconds(50, 99))
                       + f", {count / seconds:,.0f}/s, {used:.1f}")
        _, times = ask(address, kind, way, count, count / seconds / 2)
        when_due.append("{:,.0f} / {:,.0f} / {:,.0f} / {:,.0f}".format(
            *times.microseconds(50, 99, 99.9), times.longest()))
    print(f"| {name} | " + " | ".join(at_once) + " |")
    print("| half as many a second | " + " | ".join(when_due) + " |", flush=True)


def main():
    print("As soon as a client may: p50 / p99 in us, requests a second, us of the server's CPU each.\n"
          "Half as many, from when they were due: p50 / p99 / p99.9 / longest in us.\n")
    print("| | " + " | ".join(WAYS) + " |\n" + "|---" * (len(WAYS) + 1) + "|")
    with tempfile.TemporaryDirectory(dir=os.path.join(HERE, "..", "work")) as folder:
        other = Redis(folder, synchronize="no")
        other.start()
        measure("Redis: PING", other.address, other.processes()[0], "ping")
        other.stop()
        other.remove()
        server = Server(folder, options=["--profile", "generic"])
        tallylog("import", "--data", server.data, "--profile", "generic", f"{DATA}/msgs.jsonl",
                 timeout=3_600)
        server.start()
        until("the server answers", lambda: os.path.exists(server.socket), patience=600)
        redis.Redis(unix_socket_path=server.socket, socket_timeout=3_600).execute_command(
            "COMPACT")
        names = {"ping": "PING", "count": "COUNT", "1": "Q1 a topic per hour, 30 days",
                 "2": "Q2 a user per day, 30 days", "3": "Q3 top 10 users of a topic",
                 "4": "Q4 top 10 topics", "5": "Q5 last 100 messages of a topic"}
        for kind, name in names.items():
            measure(name, server.socket, server.process.pid, kind)
        server.stop()


main()
