#!/usr/bin/env python3
"""Clients that want to stop or bloat the server, while an honest one asks.

usage: hostile.py TALLYLOG [ATTACK ...]

What could go wrong: idle connections, slow senders, clients that never read, endless pipelines,
requests beyond the limit, garbage, or connections that end in the middle make the server stop, grow
by 256 MiB, lose file descriptors, or keep an honest client waiting for 50 ms and more.

TALLYLOG_HOSTILE_SECONDS (default 30) is how long each attack lasts at least; 514 is an hour of all.
TALLYLOG_HOSTILE_P99 (default 50) is the honest client's limit in milliseconds. Less than 10,000
connections are opened only where the process may not have so many files open.
"""

import contextlib
import json
import os
import random
import resource
import socket
import subprocess
import sys
import tempfile
import threading
import time

from harness import (
    SEED, START, PlainConnection, Server, anonymous_bytes, check, check_contains, fail,
    make_messages, tallylog, until, write_lines)

SECONDS = float(os.environ.get("TALLYLOG_HOSTILE_SECONDS", "30"))
P99 = float(os.environ.get("TALLYLOG_HOSTILE_P99", "50"))
MIB = 1 << 20
GROWTH_MAX = 256 * MIB
CONNECTIONS_MAX = 10_000
OTHERS = ["the client of the whole run", "the honest client", "who asks how many there are"]
PAYLOAD_MAX = 4 * MIB
MESSAGES = 12_000


def command(*words):
    """A request as RESP."""
    parts = [word if isinstance(word, bytes) else str(word).encode() for word in words]
    return b"*%d\r\n" % len(parts) + b"".join(b"$%d\r\n%s\r\n" % (len(p), p) for p in parts)


def envelope(number, text=""):
    return json.dumps({
        "topic": "org.example.prod.hostile", "msg": {"text": text}, "timestamp": START + number,
        "msg_id": f"2026-{number:08}-0000-4000-8000-000000000000"}).encode()


class Watched:
    """The server's memory and files, while something is done to it."""

    def __init__(self, server):
        self.server = server
        self.base_memory, self.base_files = self.memory(), self.files()
        self.peak, self.stopping = 0, threading.Event()

    def memory(self):
        return anonymous_bytes(self.server.process.pid)

    def files(self):
        return len(os.listdir(f"/proc/{self.server.process.pid}/fd"))

    def watch(self):
        while not self.stopping.wait(0.02):
            self.peak = max(self.peak, self.memory())

    def __enter__(self):
        self.thread = threading.Thread(target=self.watch, daemon=True)
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.stopping.set()
        self.thread.join()


class Honest:
    """See honest.py."""

    def __init__(self, server):
        program = os.path.join(os.path.dirname(os.path.abspath(__file__)), "honest.py")
        self.process = subprocess.Popen(
            [sys.executable, "-B", program, server.socket], stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, text=True)
        self.process.stdout.readline()

    def finish(self):
        said, _ = self.process.communicate("\n", timeout=120)
        if self.process.returncode != 0:
            fail(f"the honest client failed: {said}")
        return json.loads(said)


def open_many(server, count, stack):
    """So many connections; fewer where this process may not have them."""
    connections = []
    for _ in range(count):
        connection = stack.enter_context(contextlib.closing(socket.socket(socket.AF_UNIX)))
        # One that may not wait is refused at once where too many others are not yet accepted.
        connection.setblocking(True)
        connection.connect(server.socket)
        connection.settimeout(30)
        connections.append(connection)
    return connections


def idle(server, stack):
    """Connections that do nothing, up to the server's limit and beyond."""
    # The server keeps 1,024 files for itself.
    room = min(CONNECTIONS_MAX, resource.getrlimit(resource.RLIMIT_NOFILE)[0] - 1_100)
    open_many(server, room - 20, stack)
    with PlainConnection(server) as later:
        check(f"a client that comes after {room - 20} others", later.ask("PING"), "+PONG\r\n")
    # Two event loops admit them, and one may lag behind: whoever comes last to the other would
    # take the place of one who came first.
    asking = stack.enter_context(contextlib.closing(server.client()))
    until("all are admitted, and the later one is gone",
          lambda: asking.info("clients")["connected_clients"] == room - 20 + len(OTHERS))
    beyond = open_many(server, 150, stack)
    if room == CONNECTIONS_MAX:
        refused = sum(b"max number of clients" in c.recv(200) for c in beyond[-100:])
        check("clients beyond the limit are told so", refused, 100)
    else:
        print(f"only {room} connections: this process may have no more files open")
    time.sleep(SECONDS)


def dripping(server, stack):
    """A thousand senders of one byte a second; who is cut off for it comes back."""
    senders = open_many(server, 1_000, stack)
    places, cut_offs = [0] * len(senders), 0
    whole = command("APPEND", envelope(1))
    end = time.time() + SECONDS
    while time.time() < end:
        for number, sender in enumerate(senders):
            try:
                sender.sendall(whole[places[number]:places[number] + 1])
                places[number] += 1
            except ConnectionError:
                sender.close()
                senders[number], = open_many(server, 1, stack)
                places[number], cut_offs = 0, cut_offs + 1
        time.sleep(1)
    print(f"{cut_offs} slow senders were cut off")


def never_reading(server, stack):
    """A client with a GiB of replies due that it does not read."""
    client = PlainConnection(server)
    stack.callback(client.close)
    client.sendall(command("MESSAGES", "LIMIT", 10_000))
    length = len(read_reply(client))
    due = (1 << 30) // length + 1
    request = command("MESSAGES", "LIMIT", 10_000) * due
    client.setblocking(False)
    sent, end = 0, time.time() + SECONDS
    while time.time() < end:
        with contextlib.suppress(BlockingIOError):
            sent += client.send(request[sent:])
        time.sleep(0.01)
    print(f"{due} replies of {length} bytes are due; {sent} of {len(request)} bytes were taken")


def read_reply(client):
    """The bytes of a reply, up to that of a PING behind it."""
    client.sendall(command("PING", "the-end"))
    said = b""
    while not said.endswith(b"$7\r\nthe-end\r\n"):
        said += client.recv(1 << 20)
    return said


def pipelined(server, stack):
    """A million requests at once; every reply comes, in order."""
    amount = 1_000_000
    client = PlainConnection(server)
    stack.callback(client.close)
    client.settimeout(120)
    many = b"".join(command("ECHO", number % 1_000) for number in range(1_000))
    sender = threading.Thread(
        target=lambda: [client.sendall(many) for _ in range(amount // 1_000)], daemon=True)
    sender.start()
    time.sleep(min(SECONDS, 3) / 3)  # meanwhile nobody reads
    wanted = b"".join(b"$%d\r\n%d\r\n" % (len(str(n)), n) for n in range(1_000))
    left = len(wanted) * (amount // 1_000)
    got = b""
    while left:
        part = client.recv(1 << 20)
        if not part:
            fail(f"the server closed a pipeline with {left} bytes to come")
        left -= len(part)
        got += part
        while len(got) >= len(wanted):
            if not got.startswith(wanted):
                fail("a pipelined reply is another one's")
            got = got[len(wanted):]
    sender.join()
    check("pipelined requests that were answered", amount, 1_000_000)


def too_long(server, stack):
    """Requests of one more than the limit, announced or sent, and many that are never whole."""
    for words in [
            b"*2\r\n$6\r\nAPPEND\r\n$%d\r\n" % (PAYLOAD_MAX + 1), b"*16385\r\n",
            b"*2147483647\r\n", b"*1\r\n$-7\r\n", b"*3\r\n$5\r\nCOUNT\r\nUSER\r\n",
            b"COUNT " + b"x" * (PAYLOAD_MAX + (64 << 10)), b"$" * 70]:
        with PlainConnection(server) as client:
            with contextlib.suppress(ConnectionError):
                client.sendall(words + b"\r\n")
            check_contains(f"{words[:30]} is refused", read_to_end(client).decode(), "-ERR ")
    head = b"*2\r\n$6\r\nAPPEND\r\n$%d\r\n" % PAYLOAD_MAX
    unfinished = open_many(server, 100, stack)
    for client in unfinished:
        client.setblocking(False)
    rest = {client: head + b"x" * (PAYLOAD_MAX - 1) for client in unfinished}
    end = time.time() + SECONDS
    while time.time() < end:
        for client, words in rest.items():
            with contextlib.suppress(BlockingIOError, ConnectionError):
                rest[client] = words[client.send(words[:1 << 18]):]
        time.sleep(0.001)


def read_to_end(client):
    said = b""
    with contextlib.suppress(ConnectionError, TimeoutError):
        client.settimeout(2)
        while part := client.recv(65_536):
            said += part
    return said


def garbage(server, stack):
    """Bytes without a meaning, and requests with a byte changed."""
    del stack
    source = random.Random(SEED)
    # Without its last byte no change makes it whole: nothing of this may be in the log afterwards.
    good = [command("COUNT", "USER", "user1"), command("SERIES", "1h", "LAST", "7d"),
            command("APPEND", envelope(2)[:-1]), b"TOP 3 user\r\n", command("READ", "FROM", 1)]
    end, tried = time.time() + SECONDS, 0
    while time.time() < end:
        words = bytearray(source.choice(good) * 3)
        if tried % 3 == 0:
            words = bytearray(source.randbytes(source.randrange(1, 400)))
        for _ in range(source.randrange(1, 4)):
            words[source.randrange(len(words))] = source.randrange(256)
        with PlainConnection(server) as client:
            with contextlib.suppress(ConnectionError):
                client.sendall(words)
                if tried % 2:
                    client.shutdown(socket.SHUT_WR)
                    client.recv(65_536)
        tried += 1
    print(f"{tried} connections of garbage")


def cut_off(server, stack):
    """Half-closed connections get all their replies; connections that end at any byte of a request
    leave nothing behind."""
    del stack
    end, number = time.time() + SECONDS, 0
    while number == 0 or time.time() < end:
        with PlainConnection(server) as client:
            client.sendall(command("COUNT", "FROM", "now") + command("ECHO", "a") * 50)
            client.shutdown(socket.SHUT_WR)
            check("replies after a half-close", read_to_end(client),
                  b":0\r\n" + b"$1\r\na\r\n" * 50)
        number += 1
        identity = 10_000 + number
        whole = command("APPEND", envelope(identity))
        for length in range(len(whole)):
            with PlainConnection(server) as client:
                client.sendall(whole[:length])
        with PlainConnection(server) as client:
            got = client.ask(f"GET 2026-{identity:08}-0000-4000-8000-000000000000")
            check("a request that never came whole", got, "$-1\r\n")


ATTACKS = [idle, dripping, never_reading, pipelined, too_long, garbage, cut_off]


def endure(server, attack):
    """Lets an attack run beside an honest client. One who waits too long in three tries of three
    waits for the attack, and not for what else the machine does."""
    for tries in range(3):
        growth, waits = endure_once(server, attack)
        if growth >= GROWTH_MAX:
            fail(f"{attack.__name__}: memory grew by {growth / MIB:.0f} MiB")
        if waits["p99"] < P99:
            return
    fail(f"{attack.__name__}: the honest client's p99 is {waits['p99']:.1f} ms")


def endure_once(server, attack):
    with Watched(server) as watched:
        honest = Honest(server)
        with contextlib.ExitStack() as stack:
            attack(server, stack)
            waits = honest.finish()
        until("all connections are gone", lambda: watched.files() <= watched.base_files, 30)
        until("memory is back", lambda: watched.memory() - watched.base_memory < 32 * MIB, 30)
        growth, left = watched.peak - watched.base_memory, watched.memory() - watched.base_memory
    print(f"{attack.__name__}: {growth / MIB:.0f} MiB more at most, {left / MIB:.0f} MiB after; "
          f"honest client: {waits['asked']} asked, p50 {waits['p50']:.2f} ms, "
          f"p99 {waits['p99']:.2f} ms, at most {waits['max']:.0f} ms", flush=True)
    return growth, waits


def run(folder):
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (1_024, most))
    with Server(folder) as server:
        # The server raises its own limit; what it inherits is what a login gives.
        client = server.client()
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
        file = os.path.join(folder, "messages.jsonl")
        write_lines(file, make_messages(MESSAGES))
        tallylog("import", "--socket", server.socket, file)
        names = sys.argv[2:]
        for attack in ATTACKS:
            if not names or attack.__name__ in names:
                endure(server, attack)
        counted = client.execute_command("COUNT", "NOT", "TOPIC", "org.example.prod.hostile")
        check("messages after all attacks", counted, MESSAGES)
        server.stop()
        print(tallylog("verify", "--data", server.data).strip())


if __name__ == "__main__":
    with tempfile.TemporaryDirectory(prefix="tallylog-") as scratch:
        run(scratch)
    print("all equal")
