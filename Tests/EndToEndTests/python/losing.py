#!/usr/bin/env python3
"""A publisher that drops what is not taken at once, and is started again and again.

usage: losing.py TALLYLOG

What could go wrong: of what was sent, something is neither in the log nor known to be missed; what
is said to be missed is in the log; a restart of the publisher or garbage between its messages hides
a loss; what was missed lies in no gap.

The publisher keeps ten messages for a subscriber and drops the next ones, as ZeroMQ does; each has
the number that fedmsg gives for ever, so each is either appended or counted as missing.
TALLYLOG_LOSING_MESSAGES (default 200000) are sent, over TALLYLOG_LOSING_RESTARTS (50) restarts.
"""

import json
import os
import random
import tempfile
import time

from harness import SEED, Bus, Server, check, check_accounting, info, read_all, until

MESSAGES = int(os.environ.get("TALLYLOG_LOSING_MESSAGES", "200000"))
RESTARTS = int(os.environ.get("TALLYLOG_LOSING_RESTARTS", "50"))
TOPIC = "org.example.prod.app.numbered"
SOURCE = random.Random(SEED)


class Publisher:
    """Numbers its messages from 1 on, and remembers when each was sent."""

    def __init__(self, folder):
        self.folder, self.sent_at, self.garbage = folder, [], 0
        self.bus = Bus(folder, kept=10)

    def restart(self):
        self.bus.socket.close()
        self.bus = Bus(self.folder, kept=10)

    def send(self):
        now = round(time.time(), 6)
        self.sent_at.append(now)
        number = len(self.sent_at)
        self.bus.send({
            "topic": TOPIC, "msg": {"n": number}, "timestamp": now, "seq_id": number,
            "msg_id": f"2026-10000000-0000-4000-8000-{number:012}"})

    def send_garbage(self):
        self.garbage += 1
        parts = SOURCE.choice([[b"x"], [b"a", b"b", b"c"], [TOPIC.encode(), b"{"], [b"", b""]])
        self.bus.socket.send_multipart(parts)

    def send_until_one_arrives(self, client, sentence):
        count = lambda: client.execute_command("COUNT", "TOPIC", TOPIC)
        before = count()

        def arrived():
            self.send()
            return count() > before

        until(sentence, arrived)


def send_all(publisher):
    """In runs of a length by chance: a short one is taken whole, of a long one much is dropped."""
    left = MESSAGES // (RESTARTS + 1)
    while left > 0:
        run = min(left, SOURCE.choice([5, 50, 2_000]))
        for _ in range(run):
            publisher.send()
            if SOURCE.random() < 0.01:
                publisher.send_garbage()
        left -= run
        time.sleep(0.01)


def run(folder):
    publisher = Publisher(folder)
    with Server(folder, publisher.bus.endpoint) as server:
        client = server.client()
        publisher.send_until_one_arrives(client, "the publisher is heard")
        for restart in range(RESTARTS + 1):
            if restart:
                publisher.restart()
            send_all(publisher)
        # What comes last tells of all that was missed before it.
        publisher.send_until_one_arrives(client, "the publisher is heard again")
        time.sleep(0.5)
        publisher.send_until_one_arrives(client, "a last message is heard")
        until("nothing is on its way", lambda: info(client)["queued"] == 0)
        judge(publisher, client)
        server.stop()


def judge(publisher, client):
    numbers = [envelope["msg"]["n"] for envelope in read_all(client)]
    check("each number is in the log once, in order", numbers, sorted(set(numbers)))
    first, last = numbers[0], numbers[-1]
    lost = sorted(set(range(first, last + 1)) - set(numbers))
    feed = client.info("feeds")["feed_bus"]
    check("appended and missing are what was sent", len(numbers) + feed["missing"],
          last - first + 1)
    check("what was sent behind the last that came", len(publisher.sent_at) - last < 100, True)
    gaps = [(float(row[3]), float(row[4])) for row in client.execute_command("GAPS", "LIMIT", 10_000)
            if row[4] is not None]
    # A gap is of times between messages that came, so it is held against those sent between.
    outside = [number for number in lost if not any(
        start <= publisher.sent_at[number - 1] <= end for start, end in gaps)]
    check("what was missed lies in gaps", outside, [])
    print(f"{last - first + 1} sent, {len(lost)} of them dropped, {publisher.garbage} pieces of "
          f"garbage, {RESTARTS} restarts, {len(gaps)} gaps")
    check("something was lost", len(lost) > 0, True)
    check("pieces of garbage that came were rejected", 0 < feed["rejected"] <= publisher.garbage,
          True)
    check_accounting(info(client))


if __name__ == "__main__":
    with tempfile.TemporaryDirectory(prefix="tallylog-") as scratch:
        run(scratch)
    print("all equal")
