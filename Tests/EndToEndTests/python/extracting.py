#!/usr/bin/env python3
"""Profiles and aliases from the outside: extract, serve, import, reextract.

usage: extracting.py TALLYLOG

What could go wrong: a line that is no envelope shifts those behind it or ends the program; a profile
is taken by one command and not by another; a mistake in a file is not named; a store whose names
were found again, killed half-way or not, answers otherwise than a fresh import.
"""

import json
import os
import random
import signal
import subprocess
import tempfile
import time

from harness import START, TALLYLOG, Server, check, check_contains, tallylog, write_lines

PROFILE = """\
extends: generic
rules:
  - topics: "shop.**"
    users: buyer -> nick
    packages: items[]
    objects: orders/<order>
    agent: clerk -> nick
"""
ALIASES = {"annie": "ann", "bobby@example.org": "bob"}
BUYERS = ["annie", "bobby@example.org", "cleo", "dan"]


def write(folder, name, text):
    path = os.path.join(folder, name)
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
    return path


def extracting(folder, profile, aliases):
    envelope = {"topic": "a.b.c.shop.sale", "msg": {
        "buyer": "annie", "items": ["y", "x", ""], "order": 7, "clerk": "cleo"}}
    lines = [json.dumps(envelope), "no json", "", '{"msg":{}}', "[1]", "\xff",
             '{"topic":"a.b.c.other","msg":{"agent":"dan","name":"p"},"timestamp":"odd"}']
    file = os.path.join(folder, "lines")
    with open(file, "wb") as out:
        out.write("\n".join(lines).encode("latin-1") + b"\n")
    done = subprocess.run(
        [TALLYLOG, "extract", "--profile", profile, "--aliases", aliases, "--explain", file],
        capture_output=True, text=True, check=False)
    check("a refused line ends it with", done.returncode, 1)
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    check("what is found", [rows[0], rows[6]], [
        {"users": ["ann"], "packages": ["x", "y"], "objects": ["orders/7"], "agent": "cleo",
         "rule": f"shop.** ({profile}:3)"},
        {"users": ["dan"], "packages": ["p"], "objects": [], "agent": None,
         "rule": "otherwise (generic:4)"}])
    check("refused lines have their place", [sorted(row) for row in rows[1:6]], [["error"]] * 5)
    check_contains("their reasons", done.stderr, "line 2: The envelope is not JSON",
                   "line 3: ", "line 4: The envelope has no topic", "line 5: ",
                   "line 6: The envelope is not UTF-8")
    check("from standard input", tallylog("extract", "-", input=lines[6] + "\n"),
          '{"users":["dan"],"packages":[],"objects":[],"agent":"dan"}\n')
    check_contains("the program's own", tallylog("profile", "show", "fedora"), "git.receive.**")


def mistaken(folder, aliases):
    bad = write(folder, "bad.yaml", PROFILE.replace("nick", "nik"))
    odd = write(folder, "odd.json", '{\n"annie": 3}')
    for words in (["extract", "--profile", bad, "-"], ["profile", "check", "--profile", bad],
                  ["serve", "--data", folder + "/none", "--profile", bad],
                  ["import", "--data", folder + "/none", "--profile", bad, "/dev/null"]):
        check_contains(f"{words[0]} names it", tallylog(*words, code=1),
                       "bad.yaml:4: rules[0].users", 'no transform "nik"', "nick")
    check_contains("a mistaken alias", tallylog("extract", "--aliases", odd, "-", code=1),
                   "odd.json:2: annie: Accepted is an account's name")
    check_contains("an unknown profile", tallylog("extract", "--profile", "fedoraa", "-", code=64),
                   "accepted are fedora, generic, none, or a path")
    check_contains("both are good", tallylog(
        "profile", "check", "--aliases", aliases, env={**os.environ, "TALLYLOG_PROFILE": "none"}),
                   "none: 0 rules, 2 aliases")


def messages():
    source = random.Random(11)
    for number in range(6_000):
        yield {"topic": "a.b.c.shop." + source.choice(["sale", "return"]), "i": number,
               "msg_id": f"2026-{number}", "timestamp": START + number * 60,
               "msg": {"buyer": source.choice(BUYERS), "order": source.randrange(40),
                       "items": [f"item{source.randrange(9)}"], "clerk": source.choice(BUYERS),
                       "text": "y" * source.randrange(2_000)}}


def serving(folder, profile, aliases):
    """A configuration file names both, and so does the environment."""
    config = write(folder, "serve.yaml", f"profile: {profile}\naliases: {aliases}\n")
    with Server(folder, options=("--config", config)) as server:
        client = server.client()
        client.execute_command("APPEND", json.dumps(
            {"topic": "a.b.c.shop.sale", "msg": {"buyer": "annie", "clerk": "cleo"}}))
        check("served with the profile", client.execute_command("NAMES", "user"), [b"ann"])
        check("agents are asked for", client.execute_command("TOP", 2, "agent"), [[b"cleo", 1]])


def answers(data):
    questions = [
        ["top", "ALL", "user"], ["top", "ALL", "agent"], ["top", "ALL", "object"],
        ["top", "ALL", "package", "AGENT", "ann"], ["count", "OBJECT", "orders/7", "USER", "bob"],
        ["series", "1d", "BY", "agent"], ["series", "1d", "DISTINCT", "object"],
        ["seen", "object", "orders/7"], ["distinct", "user", "NOT", "AGENT", "cleo"]]
    return [tallylog(words[0], "--data", data, *words[1:]) for words in questions] + [
        tallylog("dump", "--data", data)]


def reextracting(folder, profile, aliases):
    file = os.path.join(folder, "shop.jsonl")
    write_lines(file, messages())
    old, fresh = folder + "/old", folder + "/fresh"
    naming = ["--profile", profile, "--aliases", aliases]
    tallylog("import", "--data", old, "--profile", "none", file)
    tallylog("import", "--data", fresh, *naming, file)
    wanted = answers(fresh)
    patience = 0.0
    for _ in range(12):
        process = subprocess.Popen([TALLYLOG, "reextract", "--data", old, *naming])
        time.sleep(patience)
        patience += 0.02
        process.send_signal(signal.SIGKILL)
        process.wait()
        check("it opens after a kill", tallylog("count", "--data", old), "6000\n")
    check("it is completed", tallylog("reextract", "--data", old, *naming), "6000 records renamed\n")
    check("equal to a fresh import", answers(old), wanted)
    tallylog("verify", "--data", old)


def main(folder):
    profile = write(folder, "own.yaml", PROFILE)
    aliases = write(folder, "aliases.json", json.dumps(ALIASES))
    extracting(folder, profile, aliases)
    mistaken(folder, aliases)
    serving(folder, profile, aliases)
    reextracting(folder, profile, aliases)
    print("all equal")


if __name__ == "__main__":
    with tempfile.TemporaryDirectory(prefix="tallylog-") as scratch:
        main(scratch)
