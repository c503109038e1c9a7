#!/usr/bin/env python3
"""The command line's questions and upkeep, asked of a server and of a store that nobody serves.

usage: asking.py TALLYLOG

What could go wrong: the same question has two answers, by socket and by directory; a rebuild gives
other counts; wrong usage ends in silence, or with success.
"""

import collections
import json
import os
import tempfile
import time

from harness import (
    START, TOPICS, Server, check, check_contains, make_messages, tallylog, write_lines)


def questions(messages):
    """Words of every query command, with the answer that plain Python gives where it is short."""
    users = collections.Counter(
        m["msg"]["agent"] for m in messages if "agent" in m["msg"])
    topics = collections.Counter(m["topic"] for m in messages)
    newest = max(messages, key=lambda m: m["timestamp"])
    user, amount = min(users.items(), key=lambda item: (-item[1], item[0]))
    first = min(m["timestamp"] for m in messages if m["msg"].get("agent") == user)
    return [
        (["count"], f"{len(messages)}\n"),
        (["count", "USER", user], f"{amount}\n"),
        (["count", "NOT", "USER", user, "TOPIC", TOPICS[0]], None),
        (["count", "FROM", "2026-01-02", "TO", "2026-01-03T12:30:15Z"], None),
        (["series", "1d", "USER", user], None),
        (["series", "6h", "DISTINCT", "user", "CATEGORY", "app3"], None),
        (["top", "5", "user"], None),
        (["top", "ALL", "topic", "EXCEPT", TOPICS[3]], None),
        (["top", "3", "category", "FROM", str(START), "TO", str(START + 86_400)], None),
        (["top", "ALL", "topic", "LEVEL", "4"], None),
        (["series", "1w", "TZ", "Asia/Kolkata", "AT"], None),
        (["series", "1d", "BY", "category", "LIMIT", "2"], None),
        (["series", "1d", "STEP", "6h", "USER", user], None),
        (["series", "1000y", "USER", user, "BY", "topic", "LEVEL", "3", "--json"],
         json.dumps([["org.example.prod", [[0, amount]]]], separators=(",", ":")) + "\n"),
        (["top", "1", "user", "--json"], f'[["{user}",{amount}]]\n'),
        (["latest", "BY", "category"], None),
        (["latest", "BY", "topic", "FROM", str(newest["timestamp"]), "--json"], None),
        (["names", "user", "NEW", "TO", str(START + 3_600)], "".join(f"{u}\n" for u in sorted(
            {m["msg"]["agent"] for m in messages
             if "agent" in m["msg"] and m["timestamp"] < START + 3_600}))),
        (["read", "FROM", "4999"], f"4999  {json.dumps(messages[4998])}\n"
         f"5000  {json.dumps(messages[4999])}\nnext: FROM 5001\n"),
        (["seen", "user", "nobody", "--json"], "null\n"),
        (["distinct", "user"], f"{len(users)}\n"),
        (["distinct", "topic"], f"{len(topics)}\n"),
        (["names", "topic", "PREFIX", "org.example.prod.app1."],
         "".join(f"{t}\n" for t in sorted(topics) if t.startswith("org.example.prod.app1."))),
        (["seen", "user", user], None),
        (["seen", "user", "nobody"], ""),
        (["messages", "LIMIT", "3"], None),
        (["messages", "USER", user, "ORDER", "asc", "LIMIT", "2", "CONTAINS", '"n": '], None),
        (["messages", "USER", "nobody"], None),
        (["get", newest["msg_id"]], json.dumps(newest) + "\n"),
        (["get", "2026-none"], ""),
    ], time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(first)), user


def ask_both_ways(folder):
    messages = list(make_messages(5_000))
    file = os.path.join(folder, "messages.jsonl")
    write_lines(file, messages)
    asked, first, user = questions(messages)
    with Server(folder) as server:
        server.client()
        tallylog("import", "--socket", server.socket, file)
        answers = {}
        for words, wanted in asked:
            name = " ".join(words)
            said = tallylog(words[0], "--socket", server.socket, *words[1:])
            check(f"{name}: by the directory of a server",
                  tallylog(words[0], "--data", server.data, *words[1:]), said)
            if wanted is not None:
                check(f"{name}: the answer", said, wanted)
            answers[name] = (words, said)
        check_contains("seen tells the first time", answers[f"seen user {user}"][1], first)
        figures = tallylog("info", "--socket", server.socket, "store")
        check_contains("info", figures, "# Store", "received:5000", "appended:5000")
        tallylog("checkpoint", "--socket", server.socket)
        for name, (words, said) in answers.items():
            check(f"{name}: after a checkpoint",
                  tallylog(words[0], "--socket", server.socket, *words[1:]), said)
        server.stop()
    for name, (words, said) in answers.items():
        check(f"{name}: of a store that nobody serves",
              tallylog(words[0], "--data", server.data, *words[1:]), said)
    figures = tallylog("info", "--data", server.data)
    check_contains("info of a store that nobody serves", figures, "sequence:5000",
                   "watermark:5000")
    upkeep(folder, server.data, messages, answers)


def upkeep(folder, data, messages, answers):
    """verify, rebuild, dump; the messages in another order give the same counts by name."""
    check_contains("verify", tallylog("verify", "--data", data), "5000 records",
                   "the rollups are what the log gives")
    logical, physical = (tallylog("dump", "--data", data),
                         tallylog("dump", "--data", data, "--physical"))
    check("a dump has content", logical.count("\n") > 1_000 and len(physical) > 10_000, True)
    check_contains("rebuild", tallylog("rebuild", "--data", data), "5000")
    check("the dump after a rebuild", tallylog("dump", "--data", data) == logical, True)
    check("the stored bytes after a rebuild",
          tallylog("dump", "--data", data, "--physical") == physical, True)
    for name, (words, said) in answers.items():
        check(f"{name}: after a rebuild",
              tallylog(words[0], "--data", data, *words[1:]), said)
    other, file = os.path.join(folder, "other"), os.path.join(folder, "reversed.jsonl")
    write_lines(file, messages[::-1])
    tallylog("import", "--data", other, file)
    check("the dump of another order", sorted(tallylog("dump", "--data", other).splitlines()),
          sorted(logical.splitlines()))

    # A rotten byte in the log is found, and named; nothing answers as if all were well.
    log = os.path.join(data, "log")
    largest = max((os.path.join(log, name) for name in os.listdir(log)), key=os.path.getsize)
    with open(largest, "r+b") as rotten:
        rotten.seek(100_000)
        byte = rotten.read(1)[0]
        rotten.seek(100_000)
        rotten.write(bytes([byte ^ 0x40]))
    said = tallylog("verify", "--data", data, code=4)
    check_contains("damage", said, os.path.basename(largest))


def wrong_usage(folder):
    data = os.path.join(folder, "absent")
    for words, code, parts in [
        (["count"], 64, ["--socket", "--data"]),
        (["top", "--data"], 64, ["--data"]),
        (["frobnicate"], 64, ["frobnicate"]),
        (["serve", "--data", data, "--port", "80"], 64, ["--port"]),
        (["import", "--data", data], 64, ["file"]),
        (["import", "--data", data, "--profile", "debian", "-"], 64, ["debian", "generic"]),
        (["publish", "--bind", "ipc:///tmp/never"], 64, ["FILE", "--generate"]),
        (["publish", "--bind", "nonsense://x", "--generate", "1"], 1, ["nonsense://x"]),
        (["count", "--data", data], 1, ["no store", data]),
        (["verify", "--data", data], 1, ["no store", data]),
        (["rebuild", "--data", data], 1, ["no store", data]),
        (["dump", "--data", data], 1, ["no store", data]),
        (["repair"], 64, ["--data DIR", "TALLYLOG_DATA"]),
        (["count", "--socket", data], 1, ["nobody answers", data, "serve"]),
    ]:
        check_contains(" ".join(words), tallylog(*words, code=code), *parts)
    named = dict(os.environ, TALLYLOG_DATA=data)
    for words in [["verify"], ["repair"], ["dump"], ["rejected"], ["reextract"], ["count"]]:
        check_contains(f"{words} of the environment's store", tallylog(*words, code=1, env=named),
                       "no store", data)
    check("nothing was made", os.path.exists(data), False)
    with Server(folder) as server:
        server.client()
        for words, parts in [
            (["top", "5", "usr"], ["usr", "user"]),
            (["series", "1q"], ["1q"]),
            (["count", "FROM", "yesterday"], ["yesterday", "RFC 3339"]),
            (["count", "USER"], ["USER"]),
            (["top", "0", "user"], ["0"]),
        ]:
            said = tallylog(words[0], "--socket", server.socket, *words[1:], code=1)
            check_contains(" ".join(words), said, *parts)
        server.stop()


def helps(_):
    whole = tallylog("--help")
    check_contains("--help", whole, "serve", "import", "top", "verify", "rebuild")
    for command in ["serve", "import", "publish", "count", "series", "top", "distinct", "names",
                    "seen", "messages", "get", "info", "checkpoint", "verify", "rebuild", "dump"]:
        said = tallylog("help", command)
        check_contains(f"help {command}", said, "OVERVIEW: ", f"USAGE: tallylog {command}")
        wide = [line for line in said.splitlines() if len(line) > 80 and "USAGE" not in line]
        check(f"help {command} fits a terminal", wide, [])
    check_contains("--version", tallylog("--version"), ".")


if __name__ == "__main__":
    for scenario in (ask_both_ways, wrong_usage, helps):
        begun = time.time()
        with tempfile.TemporaryDirectory(prefix="tallylog-") as scratch:
            scenario(scratch)
        print(f"{scenario.__name__}: {time.time() - begun:.1f} s", flush=True)
    print("all equal")
