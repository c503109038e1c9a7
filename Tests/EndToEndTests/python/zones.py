#!/usr/bin/env python3
"""Buckets of calendars, in many zones, held against Python's own zone database reader.

usage: zones.py TALLYLOG

What could go wrong: a day that is 23, 24.5 or 25 hours long is cut at the wrong moment; a day that
a zone never had is listed; a date means UTC's midnight.
"""

import collections
import datetime
import functools
import os
import random
import tempfile
import zoneinfo

from harness import Server, check, fail, tallylog, write_lines

ZONES = """UTC Europe/Berlin America/New_York Asia/Kolkata Australia/Lord_Howe Pacific/Chatham
America/St_Johns Asia/Kathmandu Africa/Casablanca America/Sao_Paulo Pacific/Apia Asia/Tehran
Europe/Dublin Asia/Gaza America/Santiago Antarctica/Troll Africa/Monrovia""".split()
# What the store takes as a message's time: neither from before the bus nor from the future.
YEARS = (2000, 2025)
EPOCH = datetime.date(1970, 1, 1)


@functools.cache
def first_moment(zone, date):
    """The first second at which the zone's clocks show that date or a later one."""
    midnight = int((date - EPOCH).days) * 86_400

    def shown(seconds):
        moment = datetime.datetime.fromtimestamp(seconds, zone)
        return int((moment.replace(tzinfo=None) - datetime.datetime(1970, 1, 1)).total_seconds())

    offsets = {shown(midnight + hours * 3_600) - midnight - hours * 3_600
               for hours in (-27, 0, 27)}
    # Where the clock does not change around then, midnight is a subtraction away.
    if len(offsets) == 1:
        return midnight - offsets.pop()
    # A clock that is ahead by the most cannot show it earlier, one by the least not later.
    for seconds in range(midnight - max(offsets), midnight - min(offsets) + 60, 60):
        if shown(seconds) >= midnight:
            return next(s for s in range(seconds - 59, seconds + 1) if shown(s) >= midnight)
    raise ValueError(f"{zone} has no {date}")


def bucket_date(every, date):
    """The date on which the bucket that holds a date begins."""
    if every == "1w":
        return date - datetime.timedelta(days=date.weekday())
    if every == "3d":
        return date - datetime.timedelta(days=(date - EPOCH).days % 3)
    return {"1d": date, "1mo": date.replace(day=1), "1y": date.replace(month=1, day=1)}[every]


@functools.cache
def local_day(zone, seconds):
    """The last date whose first moment is not behind that second: days never come back."""
    date = datetime.datetime.fromtimestamp(seconds, zone).date()
    following = date + datetime.timedelta(days=1)
    return following if first_moment(zone, following) <= seconds else date


def times_around_changes(zone, amount):
    """Seconds near the moments at which the zone's clocks change, and some others."""
    start = int(datetime.datetime(YEARS[0], 1, 5, tzinfo=datetime.timezone.utc).timestamp())
    end = int(datetime.datetime(YEARS[1], 12, 1, tzinfo=datetime.timezone.utc).timestamp())
    offset = None
    changes = []
    for seconds in range(start, end, 86_400):
        here = datetime.datetime.fromtimestamp(seconds, zone).utcoffset()
        if offset is not None and here != offset:
            changes.append(seconds)
        offset = here
    times = [random.randrange(start, end) for _ in range(amount // 2)]
    while len(times) < amount:
        near = random.choice(changes) if changes else random.randrange(start, end)
        times.append(near + random.randrange(-100_000, 100_000))
    return times


def compare(client, name, times):
    zone = zoneinfo.ZoneInfo(name)
    days = {seconds: local_day(zone, seconds) for seconds in times}
    start = functools.partial(first_moment, zone)
    for every in ("1d", "3d", "1w", "1mo", "1y"):
        counts = collections.Counter(start(bucket_date(every, days[s])) for s in times)
        for words in (["TOPIC", name], ["TOPIC", name, "USER", "ada"]):
            got = client.execute_command("SERIES", every, *words, "TZ", name)
            if [tuple(pair) for pair in got] != sorted(counts.items()):
                odd = set(map(tuple, got)) ^ set(counts.items())
                fail(f"{every} in {name}: differing buckets {sorted(odd)[:10]}")
    for seconds in random.sample(times, 20):
        date = days[seconds]
        following = date + datetime.timedelta(days=1)
        wanted = sum(start(date) <= s < start(following) for s in times)
        got = client.execute_command(
            "COUNT", "TOPIC", name, "FROM", date.isoformat(), "TO", following.isoformat(),
            "TZ", name)
        check(f"{date} in {name}", got, wanted)


def main(folder):
    file = os.path.join(folder, "messages.jsonl")
    times = {name: times_around_changes(zoneinfo.ZoneInfo(name), 400) for name in ZONES}
    write_lines(file, (
        {"topic": name, "msg": {"agent": "ada", "n": number}, "timestamp": seconds,
         "msg_id": f"2026-{name}-{number}"}
        for name, own in times.items() for number, seconds in enumerate(own)))
    with Server(folder) as server:
        client = server.client()
        tallylog("import", "--socket", server.socket, file)
        # From the log's columns, then from the rollups.
        for state in ("fresh", "folded"):
            for name in ZONES:
                compare(client, name, times[name])
            print(f"equal: {len(ZONES)} zones, {state}", flush=True)
            client.execute_command("CHECKPOINT")
        server.stop()


if __name__ == "__main__":
    with tempfile.TemporaryDirectory(prefix="tallylog-") as scratch:
        main(scratch)
    print("all equal")
