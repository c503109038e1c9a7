#!/usr/bin/env python3
"""PROTOCOL.md: every example is asked, and answered with the bytes that the page shows.

usage: examples.py TALLYLOG [--show]

What could go wrong: an example of the protocol's page is refused, or answered with other bytes, in
RESP2 or in RESP3. --show prints the page with the replies of now, to be read before it is kept.
"""

import os
import sys
import tempfile

from harness import PlainConnection, Server, check, fail
from made_up import fill

PAGE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../../PROTOCOL.md")
EXAMPLE, RESP3 = "    > ", "    RESP3: "


def answers(requests, version):
    """The replies to all requests, in order, of a server that has just the made-up messages."""
    with tempfile.TemporaryDirectory(prefix="tallylog-") as folder, Server(folder) as server:
        fill(server, folder)
        with PlainConnection(server) as connection:
            connection.ask(f"HELLO {version}")
            connection.ask("CHECKPOINT")
            # An example may greet by itself; the version stays the one that is asked in.
            return [
                connection.ask(request.replace("HELLO 2", f"HELLO {version}"))
                .replace("\r\n", "\\r\\n") for request in requests]


def examples(lines):
    """Each example's request and replies, with the lines of the page that they take up."""
    for place, line in enumerate(lines):
        if line.startswith(EXAMPLE):
            shown = lines[place + 1].strip()
            end = place + 2
            other = shown
            if end < len(lines) and lines[end].startswith(RESP3):
                other = lines[end][len(RESP3):]
                end += 1
            yield line[len(EXAMPLE):], shown, other, (place, end)


def main(show):
    with open(PAGE, encoding="utf-8") as page:
        lines = page.read().splitlines()
    found = list(examples(lines))
    requests = [request for request, *_ in found]
    second, third = answers(requests, 2), answers(requests, 3)
    if show:
        for (request, _, _, (start, end)), two, three in reversed(
                list(zip(found, second, third))):
            lines[start:end] = [EXAMPLE + request, "    " + two] + (
                [] if two == three else [RESP3 + three])
        print("\n".join(lines))
        return
    check("there are examples", len(found) > 20, True)
    for (request, two, three, _), got_two, got_three in zip(found, second, third):
        check(f"RESP2: {request}", got_two, two)
        check(f"RESP3: {request}", got_three, three)
    print("all equal")


if __name__ == "__main__":
    main("--show" in sys.argv)
