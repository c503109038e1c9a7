#!/usr/bin/env python3
"""Several feeds in one server, their figures, and what is said of a configuration that is wrong.

usage: feeding.py TALLYLOG

What could go wrong: feeds mix their figures, topics or sources; a message that comes by two feeds
counts twice; a source that is down stops the server, the bus or another source, or is shown as well;
`gaps` differs between a server and a store at rest; a mistake in the file starts a server that
listens to less than was meant, or is answered without file, line, key and what is accepted.
"""

import json
import os
import tempfile
import time

from datagrepper import Archive, Datagrepper
from harness import Bus, Server, check, check_accounting, check_contains, info, tallylog, until

WRONG = [
    ("feeds: [a, b]", 1, "feeds", "is no mapping"),
    ("data: x\nfeeds:\n  a b:\n    endpoints: tcp://h:1", 3, "feeds.a b", "letters, digits"),
    ("feeds:\n  a: tcp://h:1", 2, "feeds.a", "is no mapping; accepted: endpoints, topics"),
    ("feeds:\n  a:\n    endpoint: tcp://h:1", 3, "feeds.a.endpoint", "is no key; accepted: endp"),
    ("feeds:\n  a:\n    topics: x", 2, "feeds.a", "neither endpoints nor backfill"),
    ("feeds:\n  a:\n    endpoints: [h]", 3, "feeds.a.endpoints", "has 'h'; accepted: endpoints"),
    ("feeds:\n  a:\n    endpoints: {b: c}", 3, "feeds.a.endpoints", "is no list of texts"),
    ("feeds:\n  a:\n    backfill: ftp://h", 3, "feeds.a.backfill", "accepted: a datagrepper's U"),
    ("feeds:\n  a:\n    backfill: http://u:p@h/d", 3, "feeds.a.backfill", "without a password"),
    ("feeds:\n  a:\n    backfill: [/s, /s]", 3, "feeds.a.backfill", "names a source twice"),
    ("feeds:\n  a:\n    backfill: /s\n    overlap: 30", 4, "feeds.a.overlap", "90m or 7d"),
    ("feeds:\n  a:\n    backfill: /s\n    lag: -1s", 4, "feeds.a.lag", "90m or 7d"),
    ("feeds:\n  a:\n    backfill: /s\n    since: May", 4, "feeds.a.since", "RFC 3339"),
    ("feeds:\n  a:\n    endpoints: tcp://h:1\n    since: 2026-01-01", 2, "feeds.a",
     "since without backfill"),
]


def refuse(folder):
    path = os.path.join(folder, "wrong.yaml")
    data = os.path.join(folder, "none")
    for text, line, key, *parts in WRONG:
        with open(path, "w", encoding="utf-8") as file:
            file.write(text + "\n")
        said = tallylog("serve", "--data", data, "--config", path, code=64)
        check_contains(text.replace("\n", " / "), said, f"{path}, line {line}: {key} ", *parts)
    check_contains("two feeds of one name", tallylog(
        "serve", "--data", data, "--config", written(path, "feeds:\n  bus:\n    backfill: /s\n"),
        "--subscribe", "tcp://h:1", code=64), "A feed 'bus' is configured")
    for words, part in [(["--backfill", "here"], "--backfill is 'here'; accepted: a datagrepper's"),
                        (["--subscribe", "h:1"], "--subscribe is 'h:1'; accepted: endpoints of"),
                        (["--topic", "org."], "--topic goes with --subscribe or --backfill"),
                        (["--since", "now"], "--since goes with --backfill"),
                        (["--backfill", "/s", "--since", "x"], "--since: 'x' is no time; accept")]:
        check_contains(" ".join(words),
                       tallylog("serve", "--data", data, *words, code=64), part)
    check("nothing was made", os.path.exists(data), False)


def written(path, text):
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
    return path


def message(number, topic, second=None):
    return {"topic": f"org.example.prod.{topic}", "msg": {"n": number}, "i": number,
            "timestamp": second or int(time.time()), "username": "apache",
            "msg_id": f"2026-00000000-0000-0000-0000-{number:012}"}


def several(folder):
    sides = [os.path.join(folder, name) for name in ("left", "right")]
    for side in sides:
        os.mkdir(side)
    archive = Archive(1)
    day = int(time.time()) - 86_400
    for number in range(300):
        archive.add(message(number, "app1.old" if number % 3 else "app2.old", day + number), False)
    with Bus(sides[0]) as left, Bus(sides[1]) as right, Datagrepper(archive) as datagrepper:
        path = written(os.path.join(folder, "feeds.yaml"), f"""
feeds:
  left:
    endpoints: {left.endpoint}
    topics: [org.example.prod.app1., org.example.prod.probe]
    backfill: [{datagrepper.address}, {folder}/nobody.sock]
    since: now-2d
    overlap: 1s
    lag: 1s
  right:
    endpoints: [{right.endpoint}, ipc://{folder}/unused]
  mirror:
    backfill: {datagrepper.address}/raw/
    topics: org.example.prod.app2.
    since: now-2d
    overlap: 1s
    lag: 1s
""")
        with Server(folder, options=["--config", path]) as server:
            client = server.client()
            for bus in (left, right):
                bus.wait_for_subscriber(client)
            lines = client.info("feeds")
            check("endpoints", (lines["feeds"], lines["feeds_connected"]), (3, 2))
            before = {side: lines[f"feed_{side}"]["received"] for side in ("left", "right")}
            for number in range(1_000, 1_200):
                left.send(message(number, "app1.new"))
                left.send(message(number + 5_000, "app2.new"))
                right.send(message(number, "app1.new"))
            until("all came", lambda: all(
                client.info("feeds")[f"feed_{side}"]["received"] - before[side] >= 200
                for side in before))
            until("what was before came", lambda: client.execute_command(
                "COUNT", "TOPIC", "org.example.prod.*") >= 501, 60)
            figures = client.info("feeds")
            check("both are asked for their own topics", [
                client.execute_command("COUNT", "TOPIC", f"org.example.prod.{topic}")
                for topic in ("app1.old", "app2.old", "app1.new", "app2.new")], [200, 100, 200, 0])
            check_accounting(info(client))
            both = figures["feed_left"]["duplicate"] + figures["feed_right"]["duplicate"]
            check("what came by both counts once", both >= 200, True)
            check("lag is told", 0 <= figures["feed_left"]["lag_ms"] < 100_000, True)
            until("a feed has its gaps filled", lambda: client.info("gaps")["gaps"] >= 5)
            check_sources(client)
            served = tallylog("gaps", "--socket", server.socket, "--json")
            server.stop()
        check("no gap of a store at rest differs",
              [row[:5] for row in json.loads(served)],
              [row[:5] for row in json.loads(
                  tallylog("gaps", "--data", server.data, "--json"))])
        check("FEED chooses", {row[1] for row in json.loads(tallylog(
            "gaps", "--data", server.data, "--json", "FEED", "left", "LIMIT", 1))}, {"left"})


def check_sources(client):
    down = until("a source that nobody answers at is down", lambda: [
        line for key, line in client.info("feeds").items()
        if key == "source_left_2" and line["state"] == "down"])[0]
    check("it fails and is tried again", (down["failures"] > 0, down["next_try"] != "none"),
          (True, True))
    lines = client.info("feeds")
    check_contains("why", lines["source_left_2_failure"], "nobody answers at", "nobody.sock")
    check("another source of the feed is up", lines["source_left_1"]["failures"], 0)
    check("what is fetched is counted", lines["source_left_1"]["appended"] >= 200, True)
    partly = {row[5].decode() for row in client.execute_command("GAPS", "FEED", "left")}
    check("no gap is filled while a source is down", "filled" in partly, False)
    mirror = until("a feed without endpoints gets its history", lambda: [
        row for row in client.execute_command("GAPS", "FEED", "mirror") if row[5] == b"filled"])
    check("its reason", mirror[0][2], b"history")
    away = [row for row in client.execute_command("GAPS", "FEED", "right") if row[4] is None]
    check("an endpoint that is away is a gap that grows", len(away) > 0, True)


if __name__ == "__main__":
    with tempfile.TemporaryDirectory(prefix="tallylog-") as scratch:
        refuse(scratch)
        several(scratch)
    print("all equal")
