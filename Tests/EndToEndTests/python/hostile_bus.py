#!/usr/bin/env python3
"""A bus that wants to stop or bloat the server.

usage: hostile_bus.py TALLYLOG

What could go wrong: names without end, messages of any size, texts that look like the log's own
batches, or frames of any number stop the feed, grow memory by 256 MiB, go uncounted, or are taken
for something else after a crash.

TALLYLOG_HOSTILE_MESSAGES (default 20000) is how many messages with new names are sent.
"""

import json
import os
import random
import struct
import tempfile
import time
import uuid

from harness import SEED, START, Bus, Server, check, check_accounting, fail, info, tallylog, until
from hostile import MIB, Watched

NAMES = int(os.environ.get("TALLYLOG_HOSTILE_MESSAGES", "20000"))
PAYLOAD_MAX, FRAME_MAX = 4 * MIB, 16 * MIB
SOURCE = random.Random(SEED)


def message(number, topic="org.example.prod.app.done", **fields):
    return {"topic": topic, "msg": fields, "timestamp": START + number % 86_400,
            "msg_id": f"2026-{uuid.UUID(int=SOURCE.getrandbits(128), version=4)}"}


def new_names():
    """Every message has a topic, a user and a package that no other has, some as long as can be."""
    for number in range(NAMES):
        long = "n" * 400 if number % 50 == 0 else ""
        yield message(number, f"org.{number}.{long}x{number}.y", agent=f"user {number} {long}",
                      name=f"package-{number}")


def batches():
    """Texts in which batches of a journal begin at every place: its magic, and all of a header that
    JSON can hold, with the salt guessed."""
    for number in range(200):
        header = b"TBAT" + struct.pack("<IQQIII", 1, SOURCE.getrandbits(64), number + 1, 560, 1, 7)
        text = "".join(chr(byte) for byte in header)  # zero bytes become \u0000
        yield message(number, text="TBAT" * 4_000, batch=text * 40)


def raw_batches():
    """The same as they would stand in a file: no JSON, so no payload either."""
    for number in range(50):
        header = b"TBAT" + struct.pack("<IQQIII", 1, SOURCE.getrandbits(64), number + 1, 560, 1, 7)
        yield b'{"topic":"org.example.prod.app.done","msg":{"a":"' + header * 20 + b'"}}'


def run(folder):
    with Bus(folder) as bus, Server(folder, bus.endpoint) as server:
        client = server.client()
        bus.wait_for_subscriber(client)
        # The probe that was heard is not yet counted, and others follow it.
        bus.wait_for_subscriber(client)
        time.sleep(0.5)
        start, sent, good = info(client), 0, 0
        with Watched(server) as watched:
            for kind in (new_names, batches):
                for each in kind():
                    bus.send(each)
                    sent, good = sent + 1, good + 1
            rejected = hostile_frames(bus)
            sent += rejected
            # Of the largest there may be, and one more; longer ones than a frame may have are cut.
            for length in (PAYLOAD_MAX, PAYLOAD_MAX + 1, FRAME_MAX - 1):
                topic = b"org.example.prod.app.large"
                envelope = json.dumps(message(1, topic.decode(), text="")).encode()
                text = b"x" * (length - len(envelope))
                bus.socket.send_multipart(
                    [topic, envelope.replace(b'"text": ""', b'"text": "' + text + b'"')])
                sent, good = sent + 1, good + (length <= PAYLOAD_MAX)
            now = until("all that was sent is accounted", lambda: (
                lambda figures: figures["received"] - start["received"] >= sent
                and figures["queued"] == 0 and figures)(info(client)), 120)
        check_accounting(now)
        check("received", now["received"] - start["received"], sent)
        check("appended", now["appended"] - start["appended"], good)
        check("rejected", now["rejected"] - start["rejected"], sent - good)
        # That many names are to be kept, so some memory is; more than a message of each is not.
        growth = watched.peak - watched.base_memory
        print(f"memory grew by {growth / MIB:.0f} MiB")
        if growth >= 256 * MIB:
            fail(f"memory grew by {growth / MIB:.0f} MiB")
        beyond(bus, client)
        counted = client.execute_command("COUNT")
        server.kill()
        server.start()
        client = server.client()
        check("messages after a kill", client.execute_command("COUNT"), counted)
        check("topics", client.execute_command("DISTINCT", "topic") >= NAMES, True)
        check("a user of one message", client.execute_command("SEEN", "user", "user 77 ")[2], 1)
        server.stop()
        print(tallylog("verify", "--data", server.data).strip())


def hostile_frames(bus):
    """Frames of every number, empty ones, and payloads that are no JSON. - How many they are."""
    topic, count = b"org.example.prod.app.done", 0
    whole = json.dumps(message(5)).encode()
    for number in range(1, 7):
        if number == 2:
            continue
        for parts in ([topic] + [whole] * (number - 1), [topic] * number):
            bus.socket.send_multipart(parts)
            count += 1
    for parts in ([topic, b""], [topic, b"\0" * 4_096], [topic, whole[:-1]], [b"org.", whole],
                  *([topic, raw] for raw in raw_batches())):
        bus.socket.send_multipart(parts)
        count += 1
    return count


def beyond(bus, client):
    """A frame of more than the feed takes off the wire costs its connection, which comes back."""
    bus.socket.send_multipart([b"org.example.prod.app.large", b"x" * (FRAME_MAX + 1)])
    before = client.execute_command("COUNT")
    number = 0

    def heard():
        nonlocal number
        number += 1
        bus.send(message(number))
        return client.execute_command("COUNT") > before

    until("the bus is heard again", heard)
    # Messages of one publisher come in order: with the last one, all before it are counted too.
    bus.send(message(number, topic="org.example.prod.app.last"))
    until("the last one is counted",
          lambda: client.execute_command("COUNT", "TOPIC", "org.example.prod.app.last") == 1)
    check("the cut is a gap", len(client.execute_command("GAPS")) > 0, True)


if __name__ == "__main__":
    with tempfile.TemporaryDirectory(prefix="tallylog-") as scratch:
        run(scratch)
    print("all equal")
