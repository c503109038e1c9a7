#!/usr/bin/env python3
"""What a bus sends that is no message: refused, counted by reason, kept.

usage: rejecting.py TALLYLOG

What could go wrong: a bad message stops the feed, is dropped in silence, or is counted among the
good ones.
"""

import base64
import json
import os
import random
import tempfile

import redis

from harness import (
    START, Bus, Server, check, check_accounting, check_contains, fail, info, make_messages, until)

TOPIC = b"org.example.prod.bad"


def envelope(**other):
    return json.dumps({"topic": TOPIC.decode(), "msg": {}, "timestamp": START, **other}).encode()


# The reason, and the frames as they are sent.
BAD = [
    ("not-json", [TOPIC, b'{"topic": "org.example.prod.bad", "msg": {']),
    ("not-json", [TOPIC, b""]),
    ("not-an-object", [TOPIC, b'"text"']),
    ("not-utf8", [TOPIC, b'{"topic": "org.example.prod.bad", "msg": "\xff\xfe"}']),
    ("frame-count", [TOPIC, envelope(), b"signature"]),
    ("frame-count", [TOPIC, envelope(), b"", b"more"]),
    ("frame-count", [envelope()]),
    ("topic-mismatch", [b"org.example.prod.other", envelope()]),
    ("topic-missing", [TOPIC, b'{"msg": {}}']),
    ("topic-not-string", [TOPIC, b'{"topic": ["a"], "msg": {}}']),
    ("timestamp-invalid", [TOPIC, envelope(timestamp="now")]),
    ("timestamp-out-of-range", [TOPIC, envelope(timestamp=17)]),
]


def run(folder):
    with Bus(folder) as bus, Server(folder, bus.endpoint) as server:
        client = server.client()
        bus.wait_for_subscriber(client)
        bus.wait_for_subscriber(client)
        start = info(client)
        messages = list(make_messages(2_000))
        everything = BAD * 10 + [None] * len(messages)
        random.shuffle(everything)
        good = iter(messages)
        for frames in everything:
            if frames is None:
                bus.send(next(good))
            else:
                bus.socket.send_multipart(frames[1])
        wanted = {}
        for reason, _ in BAD:
            wanted[f"rejected_{reason}"] = wanted.get(f"rejected_{reason}", 0) + 10

        now = until("all arrive", lambda: (
            lambda figures: figures["received"] - start["received"] >= len(everything)
            and figures["queued"] == 0 and figures)(info(client)))
        check_accounting(now)
        check("rejected, by reason",
              {key: value for key, value in now.items() if key.startswith("rejected_")
               and key != "rejected_connections"}, wanted)
        check("rejected", now["rejected"], 10 * len(BAD))
        check("the feed's figure", now["feed_rejected"], 10 * len(BAD))
        check("good messages", client.execute_command("COUNT", "FROM", START), len(messages))
        check("no bad one is counted", client.execute_command("COUNT", "TOPIC", TOPIC), 0)

        kept = []
        with open(os.path.join(server.data, "rejected.jsonl"), encoding="utf-8") as file:
            for line in file:
                entry = json.loads(line)
                kept.append((entry["reason"], base64.b64decode(entry["envelope"])))
        sent = []
        for reason, frames in BAD:
            # Of a lone frame nobody knows which it is; of several, the second is the envelope.
            sent += [(reason, frames[1] if len(frames) > 1 else frames[0])] * 10
        check("the side file", sorted(kept), sorted(sent))

        try:
            client.execute_command("APPEND", '{"topic": ""}')
            fail("an APPEND without a topic was taken")
        except redis.exceptions.ResponseError as error:
            check_contains("an APPEND without a topic", str(error), "no topic")
        now = info(client)
        check("rejected APPENDs are counted", now["rejected"], 10 * len(BAD) + 1)
        check_accounting(now)
        server.stop()


if __name__ == "__main__":
    with tempfile.TemporaryDirectory(prefix="tallylog-") as scratch:
        run(scratch)
    print("all equal")
