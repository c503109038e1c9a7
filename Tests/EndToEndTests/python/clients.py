#!/usr/bin/env python3
"""Clients that load in bulk: redis-cli's pipe mode, and redis-py on top of hiredis.

usage: clients.py TALLYLOG

What could go wrong: pipe mode, which sends all before it reads and ends with an ECHO, is never
answered or loses a reply; hiredis, a parser that is not redis-py's own, reads a reply otherwise.
"""

import json
import subprocess
import tempfile

import hiredis
import redis
from redis.connection import HiredisParser, PythonParser

from harness import Server, check, check_contains, make_messages


def append(text):
    """The request as a client sends it."""
    return b"".join(redis.Connection().pack_command("APPEND", text))


def pipe_mode(server, messages):
    requests = b"".join(append(json.dumps(message)) for message in messages)
    # One that is refused, and one more of a known message: pipe mode counts both.
    requests += append("{") + append(json.dumps(messages[0]))
    done = subprocess.run(
        ["redis-cli", "-s", server.socket, "--pipe"], input=requests, capture_output=True,
        timeout=120, check=False)
    said = (done.stdout + done.stderr).decode()
    check_contains("pipe mode", said, f"errors: 1, replies: {len(messages) + 2}")


def parsers(server, messages):
    questions = [
        ["COUNT"], ["COUNT", "AT"], ["SERIES", "1d"], ["SERIES", "1d", "BY", "topic", "LIMIT", "3"],
        ["TOP", "ALL", "user"], ["SEEN", "user", "user1"], ["MESSAGES", "LIMIT", "500"],
        ["GET", messages[3]["msg_id"]], ["GET", "none"], ["READ", "FROM", "1", "LIMIT", "700"],
        ["LATEST", "BY", "topic"], ["EXPLAIN", "COUNT"], ["COMMAND", "INFO", "TOP"],
    ]
    answers = []
    for parser in (HiredisParser, PythonParser):
        pool = redis.ConnectionPool(
            connection_class=redis.UnixDomainSocketConnection, path=server.socket,
            parser_class=parser)
        client = redis.Redis(connection_pool=pool)
        answers.append([client.execute_command(*question) for question in questions])
        check(f"COUNT by {parser.__name__}", answers[-1][0], len(messages))
    check(f"hiredis {hiredis.__version__} reads what redis-py does", answers[0], answers[1])


def run(folder):
    messages = list(make_messages(20_000))
    with Server(folder) as server:
        server.client()
        pipe_mode(server, messages)
        parsers(server, messages)


with tempfile.TemporaryDirectory() as temporary:
    run(temporary)
print("all equal")
