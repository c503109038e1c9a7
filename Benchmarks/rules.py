#!/usr/bin/env python3
"""What rules cost: CPU a message with none, with one of each aggregate, with ten; and a rule that is
created over what is there while more comes in.

usage: rules.py TALLYLOG [MESSAGES=1000000]

CPU is the server's (user and system), from its start until every message is durable and every rule
computed and folded, messages given by `import --socket`. The rule created under load is held against the
same rule after its directory was removed and computed again.
"""

import json
import os
import subprocess
import sys
import tempfile
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "Tests", "EndToEndTests", "python"))

import redis  # noqa: E402
from harness import Server, until  # noqa: E402

TALLYLOG = os.path.abspath(sys.argv[1])
MESSAGES = int(sys.argv[2]) if len(sys.argv) > 2 else 1_000_000
TEXT = "commit.message | note | comment.text"
NUMBER = "commit.stats.additions | task | comment.id"
RULES = {
    "columns": {"keys": {"topic": {"dimension": "topic"}}},
    "users": {"keys": {"user": {"dimension": "user"}}},
    "field": {"keys": {"package": "commit.repo | name | project.name"}},
    "condition": {"where": ["[agent]"], "keys": {"package": "commit.repo | name | project.name"}},
    "sum": {"aggregates": {"x": {"sum": NUMBER}}},
    "min": {"aggregates": {"x": {"min": NUMBER}}},
    "max": {"aggregates": {"x": {"max": NUMBER}}},
    "distinct": {"aggregates": {"x": {"distinct": "agent"}}},
    "latest": {"keys": {"topic": {"dimension": "topic"}},
               "aggregates": {"x": {"latest": {"who": "agent", "what": TEXT}}}},
    "quantiles": {"aggregates": {"x": {"quantiles": NUMBER}}},
}


def processor_seconds(server):
    with open(f"/proc/{server.process.pid}/stat", encoding="ascii") as file:
        fields = file.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def rule_rows(client):
    return {row[0].decode(): row for row in client.execute_command("ROLLUP", "LIST")}


def wait_computed(client):
    def is_done():
        end = client.info("store")["sequence"]
        return all(row[2] >= end for row in rule_rows(client).values())
    until("rules are computed", is_done, 600)


def measure(lines, names):
    """CPU of a server with these rules, in microseconds a message."""
    with tempfile.TemporaryDirectory(prefix="tallylog-") as folder, Server(folder) as server:
        client = server.client()
        for name in names:
            client.execute_command("ROLLUP", "CREATE", json.dumps({name: RULES[name]}))
        begun = processor_seconds(server)
        subprocess.run([TALLYLOG, "import", "--socket", server.socket, lines], check=True,
                       capture_output=True)
        wait_computed(client)
        client.execute_command("CHECKPOINT")
        spent = processor_seconds(server) - begun
        rows = rule_rows(client)
        return spent / MESSAGES * 1e6, sum(row[7] for row in rows.values())


def append_latencies(server, ended, waits):
    client = redis.Redis(unix_socket_path=server.socket)
    number, due = 0, time.perf_counter()
    while not ended.is_set():
        client.execute_command(
            "APPEND", '{"topic":"org.example.prod.pace.kept","msg":{"agent":"ann","n":%d},'
            '"msg_id":"2026-pace-%d","timestamp":%f}' % (number, time.time_ns(), time.time()))
        waits.append(time.perf_counter() - due)
        due += 0.005
        number += 1
        time.sleep(max(0, due - time.perf_counter()))


def p99(waits):
    return sorted(waits)[int(0.99 * (len(waits) - 1))] * 1_000


def under_load(first, more, rate):
    """A rule created over all of `first` while `more` comes in at a rate."""
    with tempfile.TemporaryDirectory(prefix="tallylog-") as folder, Server(folder) as server:
        client = server.client()
        subprocess.run([TALLYLOG, "import", "--socket", server.socket, first], check=True,
                       capture_output=True)
        client.execute_command("CHECKPOINT")
        results = {}
        for kind in ("without", "with"):
            ended, waits = threading.Event(), []
            feeding = subprocess.Popen(
                [sys.executable, "-c", PACED, TALLYLOG, server.socket, more[kind], str(rate)])
            pacing = threading.Thread(target=append_latencies, args=(server, ended, waits))
            time.sleep(1)
            pacing.start()
            begun = time.time()
            if kind == "with":
                client.execute_command("ROLLUP", "CREATE", json.dumps({"made": MADE}))
                until("the rule has caught up", lambda: rule_rows(client)["made"][1] == b"complete",
                      600)
                results["seconds"] = time.time() - begun
            feeding.wait()
            ended.set()
            pacing.join()
            results[kind] = p99(waits)
        wait_computed(client)
        asked = [["SERIES", "1h", "RULE", "made"], ["TOP", "ALL", "package", "RULE", "made"],
                 ["VALUES", "TOTAL", "RULE", "made", "spread", "BY", "package"]]
        before = [client.execute_command(*words) for words in asked]
        server.stop(120)
        for path in os.listdir(os.path.join(server.data, "rules", "1")):
            os.remove(os.path.join(server.data, "rules", "1", path))
        server.start()
        client = server.client()
        wait_computed(client)
        results["equal"] = before == [client.execute_command(*words) for words in asked]
        return results


MADE = {"keys": {"package": "commit.repo | name | project.name"},
        "aggregates": {"people": {"distinct": "agent"}, "spread": {"quantiles": NUMBER}}}

# Feeds lines at a rate: so many a tenth of a second.
PACED = """
import subprocess, sys, time
command, socket, path, rate = sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4])
child = subprocess.Popen([command, "import", "--socket", socket, "/dev/stdin"],
                         stdin=subprocess.PIPE, stdout=subprocess.DEVNULL)
due = time.time()
with open(path, "rb") as lines:
    while True:
        part = b"".join(line for _, line in zip(range(rate // 10), lines))
        if not part:
            break
        child.stdin.write(part)
        child.stdin.flush()
        due += 0.1
        time.sleep(max(0, due - time.time()))
child.stdin.close()
child.wait()
"""


def main():
    with tempfile.TemporaryDirectory(prefix="tallylog-data-") as folder:
        subprocess.run([sys.executable, os.path.join(HERE, "make_data.py"), folder,
                        str(MESSAGES)], check=True)
        lines = os.path.join(folder, "msgs.jsonl")
        none, _ = measure(lines, [])
        print(f"no rule: {none:.2f} us of CPU a message", flush=True)
        for name in RULES:
            spent, size = measure(lines, [name])
            print(f"{name}: {spent:.2f} us, {spent - none:+.2f}; {size / MESSAGES:.2f} bytes a "
                  "message", flush=True)
        spent, size = measure(lines, list(RULES))
        print(f"all ten: {spent:.2f} us, {spent / none:.2f} times; {size / MESSAGES:.2f} bytes a "
              "message", flush=True)
        rate = 50_000
        more = {}
        for kind in ("without", "with"):
            more[kind] = os.path.join(folder, kind + ".jsonl")
            with open(lines, encoding="utf-8") as source, open(
                    more[kind], "w", encoding="utf-8") as target:
                for _, line in zip(range(min(MESSAGES, rate * 12)), source):
                    target.write(line.replace('"msg_id":"2026-', f'"msg_id":"2026-{kind}-'))
        results = under_load(lines, more, rate)
        print(f"created over {MESSAGES} messages while {rate} a second come: complete after "
              f"{results['seconds']:.1f} s; p99 of an append {results['with']:.2f} ms, without it "
              f"{results['without']:.2f} ms; equal to a rebuild: {results['equal']}")


main()
