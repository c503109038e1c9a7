#!/usr/bin/env python3
"""How the command line writes its answers: for people, for pipes, as JSON, as CSV.

usage: printing.py TALLYLOG

What could go wrong: JSON or CSV that no reader takes, or that says something else than the table; a
pipe gets colours or headers; a name from the bus steers somebody's terminal; bars of nothing;
--watch never ends, or ends with noise.
"""

import collections
import csv
import fcntl
import io
import json
import os
import pty
import re
import select
import signal
import struct
import subprocess
import tempfile
import termios
import time

from harness import (
    START, TALLYLOG, check, check_contains, fail, make_messages, tallylog, write_lines)

DAY = 86_400
BARS = "\u2581\u2582\u2583\u2584\u2585\u2586\u2587\u2588"
STEERING = "evil\x1b[31m,\"name\"\r\nx"


def environment(**extra):
    """This one's, with a terminal that has colours unless `extra` says otherwise."""
    kept = {key: value for key, value in os.environ.items() if key != "NO_COLOR"}
    return {**kept, "TERM": "xterm", **extra}


def start_on_terminal(words, columns=100, rows=40, **extra):
    """Starts a command with a terminal as its standard output; its errors go there too."""
    ours, its = pty.openpty()
    fcntl.ioctl(its, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
    process = subprocess.Popen(
        [TALLYLOG, *words], stdin=subprocess.DEVNULL, stdout=its, stderr=its,
        env=environment(**extra))
    os.close(its)
    return process, ours


def read_until_end(ours, patience=60):
    """What a terminal is told until the command has closed it."""
    said, end = b"", time.time() + patience
    while select.select([ours], [], [], max(0, end - time.time()))[0]:
        try:
            piece = os.read(ours, 65_536)
        except OSError:  # Linux's way of telling that nobody holds the other side any more.
            piece = b""
        if not piece:
            os.close(ours)
            return said.decode().replace("\r\n", "\n")
        said += piece
    return fail(f"a command on a terminal did not end within {patience} seconds")


def on_terminal(*words, **options):
    process, ours = start_on_terminal(words, **options)
    said = read_until_end(ours)
    check(f"{' '.join(words[:1])} on a terminal ends well", process.wait(), 0)
    return said


def uncoloured(text):
    return re.sub(r"\x1b\[[0-9;]*m", "", text)


def parsed(text):
    """The rows below the header of CSV, and the header."""
    header, *rows = csv.reader(io.StringIO(text, newline=""), strict=True)
    return header, rows


def raw(*words):
    """Standard output's own bytes, for line ends that text mode would change."""
    done = subprocess.run([TALLYLOG, *words], capture_output=True, timeout=120, check=True)
    return done.stdout.decode()


def strict_json(text):
    def refused(word):
        fail(f"{word} is no JSON")
    return json.loads(text, parse_constant=refused)


def stamp(seconds, zone="Z", offset=0):
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(seconds + offset)) + zone


def counted(messages):
    """By day, by user, and by application and day."""
    days = collections.Counter(m["timestamp"] // DAY * DAY for m in messages)
    users = collections.Counter(m["msg"]["agent"] for m in messages if "agent" in m["msg"])
    apps = collections.Counter(
        (".".join(m["topic"].split(".")[:4]), m["timestamp"] // DAY * DAY) for m in messages)
    return sorted(days.items()), sorted(users.items(), key=lambda u: (-u[1], u[0])), apps


def by_application(apps):
    """[name, [[start, count] ...]], as SERIES BY lists them."""
    totals = collections.Counter()
    for (name, _), count in apps.items():
        totals[name] += count
    return [[name, [[day, count] for (other, day), count in sorted(apps.items()) if other == name]]
            for name, _ in sorted(totals.items(), key=lambda item: (-item[1], item[0]))]


def as_json(store, messages):
    days, users, apps = counted(messages)
    for words, wanted in [
        (["count"], len(messages)),
        (["series", "1d"], [list(day) for day in days]),
        (["series", "1d", "AT"], [len(messages), [list(day) for day in days]]),
        (["series", "1d", "BY", "topic", "LEVEL", "4"], by_application(apps)),
        (["top", "ALL", "user"], [list(user) for user in users]),
        (["names", "user"], sorted(dict(users), key=str.encode)),
        (["seen", "user", "nobody"], None),
        (["get", messages[7]["msg_id"]], messages[7]),
        (["read", "FROM", "3", "LIMIT", "2"], [5, [[3, messages[2]], [4, messages[3]]]]),
        (["series", "1d", "USER", "nobody"], []),
    ]:
        said = tallylog(words[0], *store, *words[1:], "--json")
        check(f"{' '.join(words)} --json", strict_json(said), wanted)
        check("one line", said.count("\n"), 1)
    _, listed = strict_json(tallylog("messages", *store, "ORDER", "asc", "--json"))
    check("messages --json", listed[0][2] in messages, True)
    latest = strict_json(tallylog("latest", *store, "BY", "category", "--json"))
    check("latest --json", all(row[3] == messages[row[1] - 1] for row in latest), True)


def as_csv(store, messages):
    days, users, apps = counted(messages)
    for words, header, wanted in [
        (["count"], ["count"], [[str(len(messages))]]),
        (["series", "1d"], ["start", "count"], [[stamp(day), str(n)] for day, n in days]),
        (["series", "1d", "BY", "topic", "LEVEL", "4"], ["name", "start", "count"],
         [[name, stamp(day), str(n)] for name, pairs in by_application(apps) for day, n in pairs]),
        (["top", "ALL", "user"], ["name", "count"], [[name, str(n)] for name, n in users]),
        (["top", "ALL", "user", "USER", "nobody"], ["name", "count"], []),
        (["seen", "user", "nobody"], ["first", "last", "total"], []),
    ]:
        said = raw(words[0], *store, *words[1:], "--csv")
        check(f"{' '.join(words)} --csv", parsed(said), (header, wanted))
        check("every line ends with CR LF", said.endswith("\r\n"), True)
    header, rows = parsed(raw("read", *store, "FROM", "3", "LIMIT", "2", "--csv"))
    check("read --csv", (header, [[int(n), json.loads(text)] for n, text in rows]),
          (["sequence", "envelope"], [[3, messages[2]], [4, messages[3]]]))
    header, rows = parsed(raw("latest", *store, "BY", "category", "--csv"))
    check("latest --csv", header, ["name", "sequence", "time", "envelope"])
    check("the envelopes", all(json.loads(r[3]) == messages[int(r[1]) - 1] for r in rows), True)


def piped(store, messages):
    """No header, no colour; columns with two spaces between."""
    days, users, _ = counted(messages)
    wide = max(len(str(n)) for _, n in days)
    check("series, piped", tallylog("series", *store, "1d"),
          "".join(f"{stamp(day)}  {n:{wide}}\n" for day, n in days))
    name, count = max(len(user) for user, _ in users[:3]), len(str(users[0][1]))
    check("top, piped", tallylog("top", *store, "3", "user"),
          "".join(f"{user:{name}}  {n:{count}}\n" for user, n in users[:3]))
    nothing = subprocess.run(
        [TALLYLOG, "top", *store, "3", "user", "USER", "nobody"], capture_output=True, check=True)
    check("nothing, piped: no line, and a word beside it", (nothing.stdout, nothing.stderr),
          (b"", b"tallylog: nothing found\n"))
    lines = tallylog("series", *store, "1d", "BY", "topic", "LEVEL", "4").splitlines()
    check("BY, piped: name, start, count", {len(line.split()) for line in lines}, {3})
    kolkata = tallylog("series", *store, "1d", "--tz", "Asia/Kolkata")
    check_contains("a zone, piped", kolkata, "2026-01-02T00:00:00+05:30")
    check("--tz is TZ", tallylog("series", *store, "1d", "TZ", "Asia/Kolkata"), kolkata)
    check_contains("AT stays the last word", tallylog(
        "count", *store, "AT", "--tz", "Asia/Kolkata"), f"at sequence {len(messages)}")
    check_contains("explain", tallylog(
        "explain", *store, "COUNT", "FROM", "2026-01-02", "--tz", "Asia/Kolkata"), "tallies")


def for_people(store, messages):
    days, users, _ = counted(messages)
    said = on_terminal("series", *store, "1d")
    check_contains("a table in colour", said, "\x1b[1mstart", "\x1b[36m")
    plain = uncoloured(said)
    lines = plain.splitlines()
    check("header and rows", lines[:len(days) + 1], [f"{'start':10}  count"] + [
        f"{stamp(day)[:10]}  {n:5}" for day, n in days])
    most = max(n for _, n in days)
    check("bars", lines[-1], "".join(BARS[-(-n * 8 // most) - 1] for _, n in days))
    for name, extra in [("NO_COLOR", {"NO_COLOR": "1"}), ("a dumb terminal", {"TERM": "dumb"})]:
        check(f"{name}: no colour", on_terminal("series", *store, "1d", **extra), plain)
    top = uncoloured(on_terminal("top", *store, "3", "user")).splitlines()
    check("names left, numbers right", [line.split() for line in top],
          [["name", "count"]] + [[user, str(n)] for user, n in users[:3]])
    check("one width", len({len(line) for line in top}), 1)
    by = uncoloured(on_terminal(
        "series", *store, "1h", "BY", "topic", "LEVEL", "4", columns=72)).splitlines()
    check("BY: a line for each name, and the span", len(by), 7 + 2)
    check("bars keep within the terminal", max(map(len, by)) < 72 and BARS[7] in by[1], True)
    hours = uncoloured(on_terminal(
        "series", *store, "6h", "FROM", "2026-01-02", "TO", "2026-01-03", "--tz", "Asia/Kolkata"))
    check_contains("hours are local", hours, "2026-01-02 05:30")
    gap = uncoloured(on_terminal("series", *store, "1d", "USER", STEERING)).splitlines()
    check("empty buckets are spaces", gap[-1], "\u2588   \u2588")
    check_contains("json on a terminal is plain", on_terminal("count", *store, "--json"),
                   f"{len(messages)}\n")


def strangers(folder):
    """Names that are no names, envelopes that are no strict JSON."""
    data, file = os.path.join(folder, "strange"), os.path.join(folder, "strange.jsonl")
    write_lines(file, [
        {"topic": "org.example.prod.a.b", "timestamp": START, "msg": {"agent": STEERING}},
        {"topic": "org.example.prod.a.c", "timestamp": START, "msg": {"x": float("inf")}}])
    tallylog("import", "--data", data, file)
    store = ["--data", data]
    check("a name in CSV", parsed(raw("top", *store, "1", "user", "--csv"))[1], [[STEERING, "1"]])
    check("a name in JSON", strict_json(tallylog("top", *store, "1", "user", "--json")),
          [[STEERING, 1]])
    check("a name cannot steer a terminal",
          "\x1b[31m" in on_terminal("top", *store, "1", "user"), False)
    _, rows = strict_json(tallylog("read", *store, "FROM", "2", "--json"))
    check("an envelope that is no JSON is a text", json.loads(rows[0][1])["msg"]["x"],
          float("inf"))


def watching(store, messages):
    amount = len(messages)
    process = subprocess.Popen(
        [TALLYLOG, "count", *store, "--watch", "0.2"], stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, text=True)
    said = [process.stdout.readline() for _ in range(5)]
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=60)
    check("answers with empty lines between", said,
          [f"{amount}\n", "\n", f"{amount}\n", "\n", f"{amount}\n"])
    check("ends quietly", (process.returncode, errors), (0, ""))
    process, ours = start_on_terminal(
        ["series", *store, "1h", "--watch", "0.2"], columns=60, rows=10)
    time.sleep(1.5)
    process.send_signal(signal.SIGINT)
    screens = read_until_end(ours).split("\x1b[H")[1:]
    check("ends well on a terminal", process.wait(), 0)
    check("draws again", len(screens) > 1, True)
    check("keeps within the screen", max(screen.count("\n") for screen in screens[:-1]), 9)
    check_contains("and tells what is left out", screens[0], "more; ask without --watch")


def refusals(store):
    for words, parts in [
        (["--json", "--csv"], ["--json and --csv", "one of them"]),
        (["--tz", "Mars/Olympus"], ["Mars/Olympus", "Europe/Berlin"]),
        (["--watch", "0"], ["--watch", "--watch 2"]),
        (["--watch", "soon"], ["soon"]),
    ]:
        check_contains(" ".join(words), tallylog("count", *store, *words, code=64), *parts)


def all_forms(folder):
    messages = list(make_messages(3_000))
    messages += [
        {"topic": "org.example.prod.app0.x", "timestamp": START + day * DAY, "i": 9,
         "msg": {"agent": STEERING}, "msg_id": f"2026-steering-{day}"} for day in (0, 4)]
    file, data = os.path.join(folder, "messages.jsonl"), os.path.join(folder, "data")
    write_lines(file, messages)
    tallylog("import", "--data", data, file)
    store = ["--data", data]
    for check_form in (as_json, as_csv, piped, for_people, watching):
        check_form(store, messages)
    strangers(folder)
    refusals(store)


if __name__ == "__main__":
    with tempfile.TemporaryDirectory(prefix="tallylog-") as scratch:
        all_forms(scratch)
    print("all equal")
