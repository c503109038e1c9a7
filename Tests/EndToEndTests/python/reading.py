#!/usr/bin/env python3
"""READ: the log's own order, page by page, and waiting for what comes.

usage: reading.py TALLYLOG

What could go wrong: a message is skipped or comes twice between pages, while others append; a
waiting READ misses the message that it waits for, holds up other clients, or never ends; a tail does
not say where it was.
"""

import json
import os
import re
import socket
import subprocess
import tempfile
import threading
import time

from harness import (
    TALLYLOG, PlainConnection, Server, check, check_contains, fail, info, make_messages, tallylog,
    until, write_lines)


def append(client, message):
    return client.execute_command("APPEND", json.dumps(message))


def pages(client, words=(), limit=100, start=1):
    """All messages from `start` on, as (sequence, envelope), and where the next page begins."""
    found = []
    while True:
        following, rows = client.execute_command("READ", "FROM", start, *words, "LIMIT", limit)
        found += [(sequence, json.loads(envelope)) for sequence, envelope in rows]
        if not rows:
            return found, following
        start = following


def paging(server, client, folder):
    messages = list(make_messages(3_000))
    file = os.path.join(folder, "messages.jsonl")
    write_lines(file, messages)
    tallylog("import", "--socket", server.socket, file)
    found, following = pages(client)
    check("all messages in order", [message for _, message in found], messages)
    check("their sequences", [sequence for sequence, _ in found], list(range(1, 3_001)))
    check("the next one", following, 3_001)
    found, _ = pages(client, ["USER", "user1"], limit=7, start=500)
    wanted = [m for m in messages[499:] if m["msg"].get("agent") == "user1"]
    check("one user's, from 500 on", [message for _, message in found], wanted)
    check("from the end", client.execute_command("READ", "FROM", "$"), [3_001, []])
    check("AT", client.execute_command("READ", "FROM", 3_000, "USER", "nobody", "AT"),
          [3_000, [3_001, []]])


def waiting(server, client):
    end = info(client)["sequence"]
    reader = server.client()
    begun = time.time()
    check("in vain", reader.execute_command("READ", "FROM", "$", "WAIT", 300), [end + 1, []])
    if not 0.29 <= time.time() - begun < 5:
        fail(f"a wait of 300 ms took {time.time() - begun:.3f} s")
    extra = list(make_messages(12))
    answers = []
    thread = threading.Thread(target=lambda: answers.append(reader.execute_command(
        "READ", "FROM", end + 1, "TOPIC", "org.example.prod.wanted", "WAIT", 20_000)))
    thread.start()
    time.sleep(0.1)
    for message in extra[:10]:
        append(client, message)
    check("others do not wake it", answers, [])
    append(client, {**extra[10], "topic": "org.example.prod.wanted"})
    thread.join(timeout=10)
    check("the wanted one does", [answers[0][0], [row[0] for row in answers[0][1]]],
          [end + 12, [end + 11]])


def order(server, client):
    """What stands behind a waiting READ waits too, and a closed input still gets its answers."""
    end = info(client)["sequence"]
    plain = PlainConnection(server)
    plain.sendall(b"READ FROM $ WAIT 400\r\nPING\r\n")
    plain.shutdown(socket.SHUT_WR)
    said = b""
    while part := plain.recv(1_000):
        said += part
    check("in order", said, b"*2\r\n:%d\r\n*0\r\n+PONG\r\n" % (end + 1))


def leaving(server, client):
    """Clients that leave while they wait; the server serves on and stops at once."""
    end = info(client)["sequence"]
    for _ in range(50):
        plain = PlainConnection(server)
        plain.sendall(b"READ FROM $ WAIT 60000\r\n")
        plain.close()
    message = next(make_messages(1))
    check("still there", append(client, {**message, "msg_id": "2026-after"}), end + 1)
    plain = PlainConnection(server)
    plain.sendall(b"READ FROM $ WAIT 60000\r\n")
    time.sleep(0.2)
    took = server.stop()
    if took > 5:
        fail(f"a waiting client held up the server's end for {took:.1f} s")
    check("an answer at the end", plain.recv(1_000), b"*2\r\n:%d\r\n*0\r\n" % (end + 2))


def tailing(server, client):
    """A reader that follows eight appending clients gets every message once, in order."""
    start = info(client)["sequence"] + 1
    messages = list(make_messages(2_000))
    writers = [threading.Thread(target=lambda part=part: [
        append(one, message) for one in [server.client()] for message in part])
        for part in (messages[place::8] for place in range(8))]
    for writer in writers:
        writer.start()
    found, at = [], start
    while len(found) < len(messages):
        at, rows = client.execute_command("READ", "FROM", at, "LIMIT", 50, "WAIT", 30_000)
        if not rows:
            fail(f"only {len(found)} of {len(messages)} came")
        found += rows
    for writer in writers:
        writer.join()
    check("sequences", [row[0] for row in found], list(range(start, start + len(messages))))
    check("messages", sorted(json.loads(row[1])["msg_id"] for row in found),
          sorted(message["msg_id"] for message in messages))


def following(server, client):
    """`tallylog tail` over the kill of its server: it says where to go on, and nothing is missed."""
    start = info(client)["sequence"] + 1
    messages = [m for m in make_messages(400) if m["msg"].get("agent") == "user1"]
    half = len(messages) // 2
    words = ["--data", server.data, "--json", "USER", "user1"]
    tail = subprocess.Popen(
        [TALLYLOG, "tail", *words, "--from", str(start)], stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, text=True)
    for message in messages[:half]:
        append(client, message)
    printed = [json.loads(tail.stdout.readline()) for _ in range(half)]
    server.kill()
    _, said = tail.communicate(timeout=30)
    check("a tail ends with its server", tail.returncode, 1)
    at = re.search(r"go on with --from (\d+)", said)
    if not at:
        fail(f"tail did not say where to go on: {said}")
    server.start()
    client = server.client()
    for message in messages[half:]:
        append(client, message)
    rest = tallylog(
        "tail", *words, "--from", at[1], "--count", len(messages) - half).splitlines()
    printed += [json.loads(line) for line in rest]
    check("what was followed", [envelope for _, envelope in printed], messages)
    check("plain", tallylog("tail", "--data", server.data, "--from", start, "--count", 1),
          f"{start}  {json.dumps(messages[0])}\n")
    check_contains("a wrong filter", tallylog(
        "tail", "--data", server.data, "USERS", "x", code=1), "USER")
    check_contains("no server", tallylog(
        "tail", "--data", server.data + "-absent", code=1), "tallylog serve")


if __name__ == "__main__":
    with tempfile.TemporaryDirectory(prefix="tallylog-") as scratch:
        with Server(scratch) as running:
            asking = running.client()
            until("it answers", asking.ping)
            paging(running, asking, scratch)
            waiting(running, asking)
            order(running, asking)
            tailing(running, asking)
            leaving(running, asking)
        with Server(scratch) as running:
            following(running, running.client())
    print("all equal")
