#!/usr/bin/env python3
"""Clients that load in bulk, and other languages': redis-cli's pipe mode, redis-py on top of
hiredis, node-redis.

usage: clients.py TALLYLOG

What could go wrong: pipe mode, which sends all before it reads and ends with an ECHO, is never
answered or loses a reply; hiredis or node-redis, whose parsers are not redis-py's own, read a reply
otherwise; a client's own first words (CLIENT, HELLO) are refused.
"""

import json
import os
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


def questions_about(messages):
    return [
        ["COUNT"], ["COUNT", "AT"], ["SERIES", "1d"], ["SERIES", "1d", "BY", "topic", "LIMIT", "3"],
        ["TOP", "ALL", "user"], ["SEEN", "user", "user1"], ["MESSAGES", "LIMIT", "500"],
        ["GET", messages[3]["msg_id"]], ["GET", "none"], ["READ", "FROM", "1", "LIMIT", "700"],
        ["LATEST", "BY", "topic"], ["EXPLAIN", "COUNT"], ["COMMAND", "INFO", "TOP"],
    ]


def check_answers(reader, questions, answers, wanted):
    """Each by itself, so that a difference names its question."""
    for words, answer, other in zip(questions, answers, wanted, strict=True):
        if answer != other:
            check(f"{reader}: {words}", answer, other)
    check(f"{reader} reads what redis-py does", len(answers), len(questions))


def parsers(server, messages):
    answers = []
    for parser in (HiredisParser, PythonParser):
        pool = redis.ConnectionPool(
            connection_class=redis.UnixDomainSocketConnection, path=server.socket,
            parser_class=parser)
        client = redis.Redis(connection_pool=pool)
        answers.append([client.execute_command(*words) for words in questions_about(messages)])
        check(f"COUNT by {parser.__name__}", answers[-1][0], len(messages))
    check_answers(f"hiredis {hiredis.__version__}", questions_about(messages), *answers)


def as_text(reply):
    """The same with texts in the place of bytes, as JavaScript has them."""
    if isinstance(reply, list):
        return [as_text(part) for part in reply]
    return reply.decode() if isinstance(reply, bytes) else reply


def node(server, messages):
    program = os.path.join(os.path.dirname(__file__), "..", "node", "asking.js")
    # redis-py changes the reply of COMMAND; the others come as they are.
    questions = [words for words in questions_about(messages) if words[0] != "COMMAND"]
    done = subprocess.run(
        ["node", program, server.socket, json.dumps(questions + [["TOP", "many", "user"]])],
        capture_output=True, text=True, timeout=120, check=False,
        env=dict(os.environ, NODE_PATH="/usr/share/nodejs"))
    check(f"node ends well: {done.stderr}", done.returncode, 0)
    *answers, refused = json.loads(done.stdout)
    client = server.client()
    wanted = [as_text(client.execute_command(*words)) for words in questions]
    check_answers("node-redis", questions, answers, wanted)
    check_contains("node-redis tells of errors", refused["error"], "many")


def run(folder):
    messages = list(make_messages(20_000))
    with Server(folder) as server:
        server.client()
        pipe_mode(server, messages)
        # EXPLAIN tells how much is folded, which must not change between two who ask.
        server.client().execute_command("CHECKPOINT")
        parsers(server, messages)
        node(server, messages)


with tempfile.TemporaryDirectory() as temporary:
    run(temporary)
print("all equal")
