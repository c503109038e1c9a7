#!/usr/bin/env python3
"""Importing files, and publishing them.

usage: importing.py TALLYLOG

What could go wrong: a bad line ends an import, or vanishes; an import that was cut short counts
twice when it is run again; the way through a server differs from the way without one.
"""

import base64
import gzip
import json
import os
import signal
import subprocess
import tempfile
import time

from harness import (
    START, TALLYLOG, Bus, Server, check, check_contains, fail, info, make_messages, tallylog,
    until, write_lines)

BAD_LINES = [
    '{"topic": "org.example.prod.bad.json", "msg": ',
    "[1, 2, 3]",
    '{"msg": {}, "timestamp": 1767225600}',
    '{"topic": 7, "msg": {}}',
    '{"topic": "org.example.prod.bad.time", "msg": {}, "timestamp": "yesterday"}',
]


def rejected_lines(data):
    """The envelopes that were refused, from the side file."""
    path = os.path.join(data, "rejected.jsonl")
    with open(path, encoding="utf-8") as file:
        return [base64.b64decode(json.loads(line)["envelope"]).decode() for line in file]


def write_with_bad_lines(path, messages):
    """A file with a bad line after every hundred, blank lines, and no newline at the end."""
    lines = []
    for number, message in enumerate(messages):
        lines.append(json.dumps(message))
        if number % 100 == 99:
            lines.append(BAD_LINES[number // 100 % len(BAD_LINES)])
            lines.append("  ")
    with open(path, "w", encoding="utf-8") as file:
        file.write("\n".join(lines))
    return [line for line in lines if line in BAD_LINES]


def directly(folder):
    data, file = os.path.join(folder, "data"), os.path.join(folder, "messages.jsonl")
    bad = write_with_bad_lines(file, list(make_messages(2_000)))
    check("from a file", tallylog("import", "--data", data, file),
          f"2000 appended, 0 known already, {len(bad)} rejected\n")
    check("bad lines are kept, in order", rejected_lines(data), bad)
    check("again", tallylog("import", "--data", data, file),
          f"0 appended, 2000 known already, {len(bad)} rejected\n")
    with open(file, encoding="utf-8") as lines:
        check("from standard input", tallylog("import", "--data", data, "-", stdin=lines),
              f"0 appended, 2000 known already, {len(bad)} rejected\n")
    check("the count", tallylog("count", "--data", data), "2000\n")
    said = tallylog("import", "--data", data, os.path.join(folder, "absent"), code=1)
    check_contains("an absent file", said, "absent", "No such file")
    said = tallylog("import", "--data", data, folder, code=1)
    check_contains("a directory", said, "directory")
    compressed = os.path.join(folder, "messages.jsonl.gz")
    with gzip.open(compressed, "wb") as packed, open(file, "rb") as lines:
        packed.write(lines.read())
    said = tallylog("import", "--data", data, compressed, code=1)
    check_contains("a compressed file", said, "0 appended", compressed, "a line")


def through_a_server(folder):
    file = os.path.join(folder, "messages.jsonl")
    messages = list(make_messages(3_000))
    bad = write_with_bad_lines(file, messages[:2_000])
    with Server(folder) as server:
        client = server.client()
        check("through the socket", tallylog("import", "--socket", server.socket, file),
              f"2000 appended, 0 known already, {len(bad)} rejected\n")
        check("bad lines are kept, in order", rejected_lines(server.data), bad)
        check("again, through the directory", tallylog("import", "--data", server.data, file),
              f"0 appended, 2000 known already, {len(bad)} rejected\n")
        # Copies inside one file count once too.
        write_lines(file, messages[1_990:] + messages[2_500:])
        check("copies in one file", tallylog("import", "--socket", server.socket, file),
              "1000 appended, 510 known already, 0 rejected\n")
        check("the count", client.execute_command("COUNT"), 3_000)
        check("rejected in INFO", info(client)["rejected"], 2 * len(bad))
        server.stop()


def cut_short(folder):
    """SIGKILL in the middle of an import; then the same import again."""
    data, file = os.path.join(folder, "data"), os.path.join(folder, "messages.jsonl")
    messages = list(make_messages(150_000))
    write_lines(file, messages)
    counts = []
    for attempt in range(5):
        process = subprocess.Popen(
            [TALLYLOG, "import", "--data", data, file], stdout=subprocess.DEVNULL)
        time.sleep(0.05 + 0.06 * attempt)
        process.send_signal(signal.SIGKILL)
        process.wait()
        if process.returncode == -signal.SIGKILL and os.path.exists(data + "/log"):
            counts.append(int(tallylog("count", "--data", data)))
    print(f"{counts} messages were there after each kill")
    check("nothing is lost from kill to kill", counts, sorted(counts))
    if not any(0 < count < len(messages) for count in counts):
        print("no kill fell into the middle: this machine is too fast or too slow for them")
    had = int(tallylog("count", "--data", data))
    check("resumed", tallylog("import", "--data", data, file),
          f"{len(messages) - had} appended, {had} known already, 0 rejected\n")
    check("the count", tallylog("count", "--data", data), f"{len(messages)}\n")
    check("of one user", tallylog("count", "--data", data, "USER", "user1"),
          f"{sum(m['msg'].get('agent') == 'user1' for m in messages)}\n")
    tallylog("verify", "--data", data)


def published(folder):
    """`publish` to a server: made-up messages, and a file."""
    endpoint, file = f"ipc://{folder}/bus", os.path.join(folder, "messages.jsonl")
    with Server(folder, endpoint) as server:
        client = server.client()
        check("made-up messages", tallylog("publish", "--bind", endpoint, "--generate", 1_000),
              "1000 messages published\n")
        until("they arrive", lambda: client.execute_command("COUNT") == 1_000)
        bad = write_with_bad_lines(file, list(make_messages(2_000)))
        done = subprocess.run(
            [TALLYLOG, "publish", "--bind", endpoint, file], capture_output=True, text=True,
            timeout=60, check=True)
        check("a file", done.stdout, "2000 messages published\n")
        check("its bad lines are named", done.stderr.count("a line was left out"), len(bad))
        until("they arrive", lambda: client.execute_command("COUNT") == 3_000)
        check("nothing was rejected", info(client)["rejected"], 0)
        server.stop()
    begun = time.time()
    until("the endpoint is free", lambda: time.time() > begun)
    with Server(folder + "/one", endpoint) as one, Server(folder + "/two", endpoint) as two:
        clients = [one.client(), two.client()]
        tallylog("publish", "--bind", endpoint, "--generate", 500, "--subscribers", 2)
        for client in clients:
            until("both subscribers get all",
                  lambda client=client: client.execute_command("COUNT") == 500)


if __name__ == "__main__":
    for scenario in (directly, through_a_server, cut_short, published):
        begun = time.time()
        with tempfile.TemporaryDirectory(prefix="tallylog-") as scratch:
            os.mkdir(scratch + "/one")
            os.mkdir(scratch + "/two")
            scenario(scratch)
        print(f"{scenario.__name__}: {time.time() - begun:.1f} s", flush=True)
    print("all equal")
