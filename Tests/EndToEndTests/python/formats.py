#!/usr/bin/env python3
"""Reads stores with readers that were written from FORMAT.md alone, in another language.

usage: formats.py TALLYLOG

What could go wrong: FORMAT.md says something else than the code does, or too little, so that a
store is lost with the program that wrote it; a message comes back in another form from an archive
than from a journal; a checksum covers less than it is said to; rollups hold counts that no message
explains.

The readers are the modules format_*.py. They know nothing of the program but that page.
"""

import json
import os
import tempfile
import time
from collections import Counter
from decimal import ROUND_DOWN, Decimal

from format_columns import decimal
from format_log import category, control, read_log
from format_parts import SEEN, TOPIC, Damage
from format_rollups import Rollups
from format_rules import Rule, quantile_bucket, registers, text_hash
from formats_compared import compare_rollups, compare_store, sums
from formats_flipped import flip, flip_entries, flip_files, remove_files
from formats_made import (
    BETWEEN, DAY, OLD, PROFILE, TIMELESS, TOPICS, Made, history, numbers, source, write)
from harness import START, Bus, Server, check, fail, info, tallylog, until

RULES = """\
rules:
  numbers:
    topics: ["**"]
    keys: {kind: kind, size: size}
    aggregates:
      total: {sum: n}
      low: {min: n}
      high: {max: n}
      words: {distinct: word}
      spread: {quantiles: n}
      newest: {latest: {word: word, more: more}}
    granularities: [1h, 1d]
    groups-max: 70
"""
GOLDEN = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../EngineTests/Golden")


# Stores.

def golden(_):
    """Stores of earlier versions, with what they say beside them."""
    for version in sorted(os.listdir(GOLDEN)):
        folder = os.path.join(GOLDEN, version)
        log = read_log(folder + "/log")
        with open(folder + "/expected.txt", encoding="utf-8") as file:
            lines = [line.rstrip("\n").split("\t") for line in file]
        check(f"golden {version}: payloads",
              [[str(record.sequence), record.payload.decode()] for record in log.records],
              [line for line in lines if line[0].isdigit()])
        counts = [line for line in lines if not line[0].isdigit()]
        # A series has no member; the group of all is written as *.
        check(f"golden {version}: counts",
              sorted([kind, (group or b"*").decode(), (member or b"-").decode(), str(start),
                      str(count)]
                     for (kind, group, member, start), count in sums(log.records, 0).items()),
              sorted(counts))
        flip_files(folder + "/log", 15)


def life(folder):
    """One store, from its first journal until payloads are dropped."""
    profile, file = folder + "/profile.yaml", folder + "/messages.jsonl"
    with open(profile, "w", encoding="utf-8") as out:
        out.write(PROFILE)
    server = Server(folder, options=["--profile", profile])
    data, made = server.data, []

    def bring(some, *where):
        some = list(some)
        write(file, some)
        said = tallylog("import", *where, file)
        check("imported", said,
              f"{len(some)} appended, {len(some) // 50} known already, 0 rejected\n")
        made.extend(some)

    with server:
        client = server.client()
        bring(history(1_500, OLD, 20), "--socket", server.socket)
        client.execute_command("CHECKPOINT")
        bring(history(500, OLD, 40), "--socket", server.socket)
        server.kill()
    first, *_ = compare_store("journals only", data, made, journal=1)

    bring(history(200, OLD, 20), "--data", data, "--profile", profile)
    compare_store("a clean stop seals", data, made, sealed=1)
    with server:
        client = server.client()
        bring(history(200, OLD, 3), "--socket", server.socket)
        server.kill()
    second, *_ = compare_store("sealed in part", data, made, sealed=1, journal=1)

    tallylog("compact", "--data", data)
    third, *_ = compare_store("compacted", data, made, archive=1)
    check("all else is the same", *(
        [(record.sequence, record.form, record.id, record.names, record.payload)
         for record in log.records] for log in (third, second)))
    check("and from the first journal on", [record.id for record in second.records[:2_000]],
          [record.id for record in first.records])

    bring(history(1_200, START, 20), "--data", data, "--profile", profile)
    fourth, _, wanted = compare_store("an archive and more", data, made, archive=1, sealed=1)
    flip_files(data + "/log", 2)
    remove_files(data + "/log", fourth.records)
    flip_entries(data + "/rollups", lambda copy: not wanted.difference(Rollups(copy)), 20)
    with server:
        answers_by_id(server.client(), fourth.records)
        server.stop()
    dropping(folder, profile, made)


def answers_by_id(client, records):
    """The ids that the readers make are those that the program knows."""
    newest = {said: record for record in records if (said := record.bus_id())}
    some = source.sample(sorted(newest), 200)
    check("GET of ids, derived ones too",
          [client.execute_command("GET", id_) for id_ in some],
          [newest[id_].payload for id_ in some])
    check("NAMES of categories", client.execute_command("NAMES", "category"),
          sorted({category(record.topic) for record in records}))


def dropping(folder, profile, made):
    """Old payloads and old counts per minute go; all else stays."""
    age = int(time.time() - BETWEEN) // DAY
    server = Server(folder, options=["--profile", profile, "--retention-age", f"{age}d",
                                     "--retention-minutes", f"{age}d"])
    with server:
        client = server.client()
        until("old payloads are dropped", lambda: info(client)["dropped_records"])
        # Some days' minutes go at a time.
        until("old minutes are dropped",
              lambda: info(client).get("minutes_from", 0) > BETWEEN - DAY)
        client.execute_command("CHECKPOINT")
        minutes_from = info(client)["minutes_from"]
        server.stop()
    log, rollups, _ = compare_store("dropped", server.data, made, nowhere=1, sealed=2)
    check("dropped: no payload of before",
          {record.payload is None for record in log.records if record.time < BETWEEN * 1_000_000},
          {True})
    check("dropped: every payload since",
          {record.payload is None for record in log.records if record.time > BETWEEN * 1_000_000},
          {False})
    check("dropped: rows per minute begin", rollups.minutes_from, minutes_from * 1_000_000)
    horizons = [control(record) for record in log.records if record.kind == 3]
    check("dropped: the horizon of minutes",
          max(one["time"] for one in horizons if one["what"] == 2), rollups.minutes_from)
    latest = max(one.moment for one in made if one.moment < BETWEEN * 1_000_000)
    check("dropped: the horizon of payloads lies behind them",
          max(one["time"] for one in horizons if one["what"] == 1) > latest, True)
    flip_files(server.data + "/log", 3)
    tallylog("compact", "--data", server.data)
    again, *_ = compare_store("dropped, compacted", server.data, made, nowhere=1, archive=1)
    check("dropped, compacted: the same", [
        (record.id, record.payload) for record in again.records if record.kind == 3], [
        (record.id, record.payload) for record in log.records if record.kind == 3])


def rule_file(folder):
    path = folder + "/rules.yaml"
    with open(path, "w", encoding="utf-8") as out:
        out.write(RULES)
    return path


def ruling(folder):
    """What is kept of a rule."""
    amount, file = 3_000, folder + "/messages.jsonl"
    with open(file, "w", encoding="utf-8") as out:
        for index in range(amount):
            odd = index % 2
            body = {"kind": f"kind {source.randrange(50) if odd else 0}",
                    "size": source.choice(["S", "\xdf"]) if odd else "M",
                    "word": f"word {source.randrange(50 if odd else 2_000)}"}
            if index % 5:
                body["n"] = source.choice([0, -1, 7.25, f"{source.uniform(-1e12, 1e12):.6f}",
                                           source.randrange(1_000), source.uniform(-9, 9)])
            if index % 7:
                body["more"] = f"more {index}"
            out.write(json.dumps({
                "topic": "a.b.c.numbers", "msg_id": f"numbers {index}", "msg": body,
                "timestamp": START + source.randrange(30 * 3_600)}) + "\n")
    server = Server(folder, options=["--profile", "none", "--rules", rule_file(folder)])
    with server:
        client = server.client()
        tallylog("import", "--socket", server.socket, file)
        until("the rule has all",
              lambda: client.execute_command("ROLLUP", "LIST")[0][2] == amount + 1)
        server.stop()
    log = read_log(server.data + "/log")
    (created,) = [control(record) for record in log.records if record.kind == 4]
    rule = Rule(server.data + "/rules/1", log.id, created["number"], created["definition"])
    groups, rows, others = count_rule(log.records[:rule.watermark], 70)
    check("a rule: it covers the log", rule.watermark, len(log.records))
    check("a rule: its groups", list(rule.groups.values())[1:], groups)
    check("a rule: lacking, others", (rule.lacking, rule.others), (0, others))
    check(f"a rule: {len(rows)} rows", sorted(rule.rows, key=str), sorted(rows, key=str))
    for place, row in rows.items():
        if rule.rows[place] != row:
            fail(f"a rule: {place} is {rule.rows[place]}, not {row}")

    def is_right(copy):
        again = Rule(copy, log.id, created["number"], created["definition"])
        return again.groups == rule.groups and again.rows == rows

    flip_entries(rule.path, is_right, 60)


def count_rule(records, most):
    """Groups, rows, and the messages that count for the others, one message after the other."""
    groups, found, others = [], {}, 0
    for record in records:
        if record.kind != 1:
            continue
        body, seconds = json.loads(record.payload)["msg"], record.time // 1_000_000
        group = [body["kind"], body["size"]]
        if group not in groups and len(groups) < most:
            groups.append(group)
        kept = tuple(group) if group in groups else None
        others += kept is None
        for width, length in enumerate((3_600, DAY)):
            found.setdefault((width, seconds // length * length, kept), []).append((record, body))
    return groups, {place: (len(some), aggregates(some)) for place, some in found.items()}, others


def aggregates(messages):
    numbers = [int(Decimal(str(body["n"])).quantize(Decimal("1e-6"), ROUND_DOWN).scaleb(6))
               for _, body in messages if "n" in body]
    words = {body["word"] for _, body in messages}
    newest, body = max(messages, key=lambda one: (one[0].time, one[0].sequence))
    return {"total": (len(numbers), sum(numbers)), "low": min(numbers, default=None),
            "high": max(numbers, default=None),
            "words": sorted(map(text_hash, words)) if len(words) <= 512 else registers(words),
            "spread": dict(sorted(Counter(map(quantile_bucket, numbers)).items())),
            "newest": (newest.time, newest.sequence, [body["word"], body.get("more", "")])}


def feeding(folder):
    """What a feed and a rule leave in the log."""
    rules = rule_file(folder)
    with Bus(folder) as bus, Server(folder, bus.endpoint, options=["--rules", rules]) as server:
        client = server.client()
        bus.wait_for_subscriber(client)
        begun = time.time()
        bus.send({"topic": TIMELESS, "msg": {}, "msg_id": "timeless"})
        until("it is there", lambda: client.execute_command("GET", "timeless"))
        ended = time.time()
        server.stop()
        server.start()
        client = server.client()
        gaps = until("the gap of the stop has its end", lambda: [
            row for row in client.execute_command("GAPS") if row[4]])
        listed = client.execute_command("ROLLUP", "LIST")
        server.stop()
    log = read_log(server.data + "/log")
    timeless = [record for record in log.records if record.names.get(TOPIC) == [TIMELESS.encode()]]
    check("timeless: flags and time",
          [(one.flags, begun < one.time / 1e6 < ended) for one in timeless], [(2, True)])
    compare_controls("journals", log, gaps, listed)
    compare_rollups("timeless", server.data, log)
    tallylog("compact", "--data", server.data)
    again = read_log(server.data + "/log")
    compare_controls("archive", again, gaps, listed)
    check("archive: as in journals", [record.payload for record in again.records],
          [record.payload for record in log.records])


def alike(folder):
    """So many messages that their archive gets a dictionary; their times are whole milliseconds."""
    words = [f"{source.getrandbits(32):x}" for _ in range(400)]
    made, file, data = [], folder + "/messages.jsonl", folder + "/data"
    for number in range(3_000):
        topic, seconds = TOPICS[number % 5], START + number * 7
        thousandths = source.randrange(1_000)
        line = json.dumps({
            "topic": topic, "timestamp": "TIME", "msg_id": f"id {number}",
            "msg": {"text": " ".join(source.choices(words, k=100))}}, ensure_ascii=False)
        made.append(Made(
            line.replace('"TIME"', f"{seconds}.{thousandths:03}").encode(), topic,
            (seconds * 1_000 + thousandths) * 1_000, f"id {number}", {TOPIC: {topic.encode()}}))
    with open(file, "wb") as out:
        out.writelines(one.line + b"\n" for one in made)
    tallylog("import", "--data", data, "--profile", "none", file)
    compare_store("alike", data, made, sealed=1)
    tallylog("compact", "--data", data)
    compare_store("alike, compacted", data, made, archive=1)


def repaired(folder):
    """What repair leaves of a journal with a bad batch."""
    file, made = folder + "/messages.jsonl", list(history(90, START, 3))
    server = Server(folder, options=["--profile", "none"])
    for one in made:
        one.names = {TOPIC: one.names[TOPIC]}
    with server:
        client = server.client()
        for begin in range(0, 90, 30):
            with open(file, "wb") as out:
                out.writelines(one.line + b"\n" for one in made[begin:begin + 30])
            tallylog("import", "--socket", server.socket, file)
        server.kill()
    log, (journal,) = server.data + "/log", os.listdir(server.data + "/log")
    records = read_log(log).records
    flip(os.path.join(log, journal), records[40].place + 20, 1)
    try:
        read_log(log)
        fail("a record is bad, and read")
    except Damage as damage:
        check("where the damage is", str(damage.args[0]).rpartition(" at ")[2].isdigit(), True)
    tallylog("repair", "--data", server.data)
    kept = read_log(log).records
    gaps = [record for record in kept if record.kind == 2]
    lost = [record.sequence for record in gaps if not record.payload]
    told = [control(record) for record in gaps if record.payload]
    check("repaired: what it tells of", [
        (one["what"], one["first"], one["amount"]) for one in told], [(1, lost[0], len(lost))])
    check("repaired: the bad one is lost", records[40].sequence in lost, True)
    check("repaired: it is one span", lost, list(range(lost[0], lost[0] + len(lost))))
    check("repaired: others are kept",
          [(record.sequence, record.payload) for record in kept if record.kind == 1],
          [(record.sequence, record.payload) for record in records if record.sequence not in lost])


def compare_controls(name, log, gaps, listed):
    controls = [(record.kind, control(record)) for record in log.records if record.kind != 1]
    said, found = [one for kind, one in controls if kind == 5], []
    for one in said:
        if one["what"] == "begins":
            ends = [later["second"] for later in said
                    if later["what"] == "ends" and later["number"] == one["number"]]
            found.append([one["number"], one["name"], one["reason"], decimal(one["first"], 6),
                          decimal([one["second"], *ends][-1], 6)])
    check(f"{name}: gaps", found, [
        [number, *(part.decode() for part in parts)] for number, *parts in
        (row[:5] for row in reversed(gaps))])
    check(f"{name}: who heard", {one["name"] for one in said if one["what"] == "heard"}, {"bus"})
    check(f"{name}: rules", [(one["what"], one["number"], json.loads(one["definition"]))
                             for kind, one in controls if kind == 4],
          [(1, 1, json.loads(listed[0][8]))])


def check_seen():
    """All that the page describes was met, so none of it was passed over."""
    wanted = {
        *(f"a {kind}" for kind in ("message", "gap", "horizon", "rule", "feed")),
        *(f"an id of form {form}" for form in (0, 1, 1_000)),
        *(f"column {column}" for column in range(1, 10)),
        *(f"mode {mode} of a column" for mode in (0, 1)), "scale 1", "scale 1000",
        "a posting list of several parts", "a dictionary",
        *(f"byte {code} of a text" for code in (1, 2, 3, 4, 6)),
        *(f"mode {mode} of a tally" for mode in range(4)),
        *(f"an aggregate's {kind}"
          for kind in ("sum", "min", "max", "distinct", "quantiles", "latest")), "registers"}
    check("all was met", sorted(wanted - set(+SEEN)), [])


if __name__ == "__main__":
    for scenario in (golden, life, alike, ruling, feeding, repaired):
        begun = time.time()
        with tempfile.TemporaryDirectory(prefix="tallylog-") as scratch:
            scenario(scratch)
        print(f"{scenario.__name__}: {time.time() - begun:.1f} s", flush=True)
    check_seen()
    print("all equal")
