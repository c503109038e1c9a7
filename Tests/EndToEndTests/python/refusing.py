#!/usr/bin/env python3
"""Every malformed request of `QueryTests/malformed.txt`, on one connection of a running server.

usage: refusing.py TALLYLOG

What could go wrong: a refusal ends the connection, answers twice or not at all, or costs the next
request its answer.
"""

import os
import socket
import tempfile

from harness import Server, check, fail

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
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(30)
            connection.connect(server.socket)
            replies = connection.makefile("rb")
            for number, (request, sentence) in enumerate(table):
                connection.sendall(f"{request}\r\nECHO {number}\r\n".encode())
                got = replies.readline().decode().removesuffix("\r\n")
                if got not in ("-ERR " + sentence, "-NOPROTO " + sentence):
                    fail(f"{request}\n  got    {got}\n  wanted -ERR {sentence}")
                after = replies.readline() + replies.readline()
                if after != b"$%d\r\n%d\r\n" % (len(str(number)), number):
                    fail(f"after {request}: {after}")
    check("malformed requests, refused on one connection", len(table) >= 200, True)


with tempfile.TemporaryDirectory() as temporary:
    run(temporary)
print("all equal")
