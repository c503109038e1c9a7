#!/usr/bin/env python3
"""Many clients ask and tail while a bus delivers at full speed.

usage: mixed_load.py TALLYLOG

SECONDS (default 5) and RATE (default 200000, messages a second) are those of the feed, which comes
again and again until TALLYLOG_MIXED_SECONDS (default 60) are over. Prints the rate that was reached
and the clients' p50 and p99, from the moment a question was due.

What could go wrong: an answer mixes two sequences, so that hours, days and topics do not add up to
what was in the log; a tail misses or repeats a message; a client starves beside the ingest.
"""

import os
import subprocess
import tempfile
import threading
import time

import redis

from harness import SEED, TALLYLOG, Server, check, fail, info, until

SECONDS = float(os.environ.get("SECONDS", "5"))
RATE = int(os.environ.get("RATE", "200000"))
WHOLE_SECONDS = float(os.environ.get("TALLYLOG_MIXED_SECONDS", "60"))
FIRST_LOAD = 20_000
ASKING, TAILING = 44, 6
PAUSE = 0.25  # between two questions of one client


def total_of_hours(client, topic, user):
    sequence, series = client.execute_command("SERIES", "1h", "AT")
    return sequence, sum(count for _, count in series)


def total_of_days(client, topic, user):
    sequence, series = client.execute_command("SERIES", "1d", "AT")
    return sequence, sum(count for _, count in series)


def total_of_topics(client, topic, user):
    sequence, ranked = client.execute_command("TOP", "ALL", "topic", "AT")
    return sequence, sum(count for _, count in ranked)


def total(client, topic, user):
    return client.execute_command("COUNT", "AT")


# What the sequence at which it was answered tells: every record of this log is a message, or one of
# the few notes of the feed.
TOTALS = [total, total_of_hours, total_of_days, total_of_topics]


def q1(client, topic, user):
    return client.execute_command("SERIES", "1h", "TOPIC", topic, "LAST", "30d")


def q2(client, topic, user):
    return client.execute_command("SERIES", "1d", "USER", user, "LAST", "30d")


def q3(client, topic, user):
    return client.execute_command("TOP", "10", "user", "TOPIC", topic, "LAST", "7d")


def q4(client, topic, user):
    return client.execute_command("TOP", "10", "topic", "LAST", "7d")


def q5(client, topic, user):
    return client.execute_command("MESSAGES", "TOPIC", topic, "LIMIT", "100")


QUESTIONS = TOTALS + [q1, q2, q3, q4, q5]


class Asking(threading.Thread):
    """Asks every question in turn, when it is due, until it is told to stop."""

    def __init__(self, number, server, ended, topics, users):
        super().__init__(daemon=True)
        self.number, self.ended, self.failure = number, ended, None
        self.totals = []
        self.topic, self.user = topics[number % len(topics)], users[number % len(users)]
        self.client = redis.Redis(unix_socket_path=server.socket, socket_timeout=60)
        self.waits = {question.__name__: [] for question in QUESTIONS}

    def run(self):
        try:
            due = time.perf_counter() + PAUSE * self.number / ASKING
            turn, last = self.number, 0
            while not self.ended.wait(max(0, due - time.perf_counter())):
                question = QUESTIONS[turn % len(QUESTIONS)]
                answer = question(self.client, self.topic, self.user)
                self.waits[question.__name__].append(time.perf_counter() - due)
                if question in TOTALS:
                    sequence, counted = answer
                    self.totals.append((sequence, sequence - counted))
                    if sequence < last:
                        raise ValueError(f"{question.__name__}: {sequence} after {last}")
                    last = sequence
                due, turn = due + PAUSE, turn + 1
        except Exception as error:  # handed to the main thread, which fails with it
            self.failure = error


class Tailing(threading.Thread):
    """Reads one topic from the start, as it comes, until the last sequence."""

    def __init__(self, server, topic, goal):
        super().__init__(daemon=True)
        self.topic, self.goal, self.sequences, self.failure = topic, goal, [], None
        self.client = redis.Redis(unix_socket_path=server.socket, socket_timeout=60)

    def run(self):
        try:
            place = 1
            while place <= (self.goal() or place):
                place, read = self.client.execute_command(
                    "READ", "FROM", place, "TOPIC", self.topic, "LIMIT", 10_000, "WAIT", 200)
                place = int(place)
                self.sequences += [int(sequence) for sequence, _ in read]
        except Exception as error:
            self.failure = error


def percentile(waits, share):
    return 1_000 * sorted(waits)[min(len(waits) - 1, int(share * len(waits)))]


def publish(seed, endpoint, amount, *options):
    """A bus that sends so many messages and ends."""
    return subprocess.Popen([
        TALLYLOG, "publish", "--bind", endpoint, "--seed", str(seed), "--generate", str(amount),
        *options])


def feed(server, client, endpoint):
    """Has a full feed come until the time is over.
    Returns how many messages there were, and the seconds of processors that sent them."""
    amount, messages, publishing, begun = int(SECONDS * RATE), 0, 0.0, time.time()
    while time.time() - begun < WHOLE_SECONDS:
        messages += amount
        bus = publish(SEED + messages, endpoint, amount, "--rate", str(RATE))
        seconds = 0.0
        while bus.poll() is None:
            seconds = processor_seconds(bus.pid) or seconds
            time.sleep(0.1)
        check("the bus ended", bus.returncode, 0)
        publishing += seconds
        until("all is in the log", lambda: received(client) >= FIRST_LOAD + messages, 120)
    return messages, publishing


def run(folder):
    endpoint = "ipc://" + os.path.join(folder, "bus")
    with Server(folder, endpoint) as server:
        client = server.client()
        # A first load, so that topics and users are known.
        check("the first bus ended", publish(SEED, endpoint, FIRST_LOAD).wait(120), 0)
        until("the first load", lambda: info(client)["sequence"] >= FIRST_LOAD)
        topics = [name for name, _ in client.execute_command("TOP", 60, "topic")]
        users = [name for name, _ in client.execute_command("TOP", 60, "user")]
        first, begun = info(client)["sequence"], time.time()
        server_before, own_before = processor_seconds(server.process.pid), time.process_time()
        ended, last = threading.Event(), []
        threads = [Asking(number, server, ended, topics, users) for number in range(ASKING)]
        threads += [
            Tailing(server, topic, lambda: last and last[0]) for topic in topics[5:5 + TAILING]]
        for thread in threads:
            thread.start()
        messages, publishing = feed(server, client, endpoint)
        seconds = time.time() - begun
        print(f"processor seconds in {seconds:.1f} s on {os.cpu_count()} cores: server "
              f"{processor_seconds(server.process.pid) - server_before:.1f}, publisher "
              f"{publishing:.1f}, clients {time.process_time() - own_before:.1f}")
        ended.set()
        last.append(info(client)["sequence"])
        for thread in threads:
            thread.join(60)
            if thread.failure:
                fail(repr(thread.failure))
        check_totals(threads[:ASKING])
        check("every message is in the log or a duplicate", received(client),
              FIRST_LOAD + messages)
        for thread in threads[ASKING:]:
            wanted = client.execute_command("COUNT", "TOPIC", thread.topic)
            check(f"read of {thread.topic}", len(thread.sequences), wanted)
            check("in order, once", thread.sequences, sorted(set(thread.sequences)))
        report(threads[:ASKING], (last[0] - first) / seconds)


def check_totals(threads):
    """All totals, of whichever question, are of their sequence: records that are no messages are
    few, and never fewer at a later sequence."""
    totals = sorted({pair for thread in threads for pair in thread.totals})
    notes = [notes for _, notes in totals]
    check("totals were asked for", len(totals) > 10, True)
    check("each sequence has one total", len({sequence for sequence, _ in totals}), len(totals))
    check("records without a message", (notes == sorted(notes), notes[0] >= 0, notes[-1] < 40),
          (True, True, True))


def processor_seconds(process):
    """That a process has had so far, all its threads together; 0 where it has ended."""
    try:
        with open(f"/proc/{process}/stat", encoding="ascii") as stat:
            fields = stat.read().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def received(client):
    figures = info(client)
    return figures["appended"] + figures["duplicate"]


def report(threads, rate):
    print(f"{rate:,.0f} messages a second, {ASKING} clients asking, {TAILING} tailing")
    for question in QUESTIONS:
        waits = [wait for thread in threads for wait in thread.waits[question.__name__]]
        check(f"{question.__name__} was asked", bool(waits), True)
        print(f"{question.__name__}: {len(waits)} answers, p50 {percentile(waits, 0.5):.2f} ms, "
              f"p99 {percentile(waits, 0.99):.2f} ms")


with tempfile.TemporaryDirectory() as temporary:
    run(temporary)
print("all equal")
