#!/usr/bin/env python3
"""Every malformed request of `QueryTests/malformed.txt`, on one connection of a running server.

usage: refusing.py TALLYLOG

What could go wrong: a refusal ends the connection, answers twice or not at all, or costs the next
request its answer.
"""

import os
import tempfile

from harness import PlainConnection, Server, check, fail

TABLE = os.path.join(os.path.dirname(__file__), "../../QueryTests/malformed.txt")


def rows():
    """The requests with their sentences."""
    meanings, request = {}, None

    def written(text):
        for name in reversed(meanings):
            text = text.replace("{" + name + "}", meanings[name])
        return text

    with open(TABLE, encoding="utf-8") as file:
        for line in filter(None, file.read().split("\n")):
            if line.startswith("#"):
                continue
            if line.startswith("    "):
                yield request, written(line[4:])
                request = ""
            elif request is None and " = " in line:
                name, meaning = line.split(" = ", 1)
                meanings[name] = meaning
            else:
                request = written(line)


def run(folder):
    table = list(rows())
    with Server(folder) as server:
        server.client()
        with PlainConnection(server) as connection:
            for request, sentence in table:
                got = connection.ask(request)
                if got not in (f"-ERR {sentence}\r\n", f"-NOPROTO {sentence}\r\n"):
                    fail(f"{request}\n  got    {got}\n  wanted -ERR {sentence}")
    check("malformed requests, refused on one connection", len(table) >= 200, True)


with tempfile.TemporaryDirectory() as temporary:
    run(temporary)
print("all equal")
