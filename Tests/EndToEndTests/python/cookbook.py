#!/usr/bin/env python3
"""docs/cookbook.md: every line is run, and its result held against the messages themselves.

usage: cookbook.py TALLYLOG [--show]

What could go wrong: a line of the cookbook is refused, shows something else than the page says, or
something that is not so. --show prints the page with the results that the lines give now.
"""

import collections
import datetime
import json
import os
import subprocess
import sys
import tempfile

from harness import TALLYLOG, Server, check, fail
from made_up import ALL, BADGES, DAY, MONDAY, PEOPLE, WEEK, WIKI, fill

PAGE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../../docs/cookbook.md")


def day(text):
    """The first second of a date in UTC."""
    return int(datetime.datetime.fromisoformat(text).replace(
        tzinfo=datetime.timezone.utc).timestamp())


def chosen(start=None, end=None, **wanted):
    """The messages of a span of dates with the given category, topic or user."""
    return [m for m in ALL
            if (start is None or m["time"] >= day(start)) and (end is None or m["time"] < day(end))
            and all(m[key] == value if key != "user" else value in m["users"]
                    for key, value in wanted.items())]


def stamp(seconds):
    return datetime.datetime.fromtimestamp(
        seconds, datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


def table(rows):
    """Names on the left, numbers on the right, as wide as they must be."""
    widths = [max(len(str(row[place])) for row in rows) for place in range(len(rows[0]))]
    return "".join("  ".join(
        str(cell).ljust(width) if place == 0 else str(cell).rjust(width)
        for place, (cell, width) in enumerate(zip(row, widths))) + "\n" for row in rows)


def ranked(names, limit=None):
    counts = collections.Counter(names)
    return sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))[:limit]


def users(messages):
    return [user for m in messages for user in m["users"]]


def bucketed(messages, bucket, count=len):
    """A table of buckets in order, with what `count` makes of each one's messages."""
    buckets = collections.defaultdict(list)
    for message in messages:
        buckets[bucket(message["time"])].append(message)
    return table([[start, count(buckets[start])] for start in sorted(buckets)])


def by_day(seconds):
    return stamp(seconds // DAY * DAY)


def by_week(seconds):
    return stamp((seconds - MONDAY) // WEEK * WEEK + MONDAY)


def by_month(seconds):
    return stamp(seconds)[:7] + "-01T00:00:00Z"


def in_kolkata(seconds):
    offset = 19_800
    return stamp((seconds + offset) // DAY * DAY).replace("Z", "+05:30")


def distinct(messages):
    return len(set(users(messages)))


def weekly_differences():
    amounts = [len([m for m in chosen(category="git")
                    if (m["time"] - MONDAY) // WEEK == week]) for week in range(6)]
    return "".join(f"{stamp(MONDAY + week * WEEK)} {amounts[week]} "
                   f"{amounts[week] - amounts[week - 1]}\n" for week in range(1, 6))


def months_by_category():
    span = chosen(end="2026-03-01")
    rows = []
    for name, _ in ranked(m["category"] for m in span):
        months = collections.Counter(by_month(m["time"]) for m in span if m["category"] == name)
        rows += [[name, month, months[month]] for month in sorted(months)]
    return table(rows)


def equal_steps():
    start = day("2026-01-12") + 12_000
    return table([[stamp(start + step * 21_600), len([
        m for m in chosen(category="git")
        if 0 <= m["time"] - start - step * 21_600 < 21_600])] for step in range(4)])


def long_tail():
    windows = [MONDAY + week * WEEK for week in range(4)]
    vectors = {person: [[start, len([m for m in chosen(user=person)
                                     if 0 <= m["time"] - start < 2 * WEEK])] for start in windows]
               for person in PEOPLE + ["zodbot"]}
    rows = sorted(vectors.items(), key=lambda row: (-sum(n for _, n in row[1]), row[0]))[:2]
    return json.dumps([list(row) for row in rows], separators=(",", ":")) + "\n"


def newcomers():
    first = {}
    for message in ALL:
        for user in message["users"]:
            first[user] = min(first.get(user, message["time"]), message["time"])
    return "".join(f"{user}\n" for user in sorted(first)
                   if day("2026-01-26") <= first[user] < day("2026-02-02"))


def last_of_each_topic():
    topics = sorted({m["topic"] for m in chosen(category="git")})
    newest = [max(chosen(topic=topic), key=lambda m: (m["time"], m["sequence"]))
              for topic in topics]
    return "".join(f"{m['topic']} {m['envelope']['msg_id']}\n" for m in newest)


def with_text():
    found = [m for m in ALL if '"fix 7' in json.dumps(m["envelope"])]
    found.sort(key=lambda m: (-m["time"], -m["sequence"]))
    return "".join(f"{m['envelope']['msg_id']}\n" for m in found[:3])


def seen():
    mine = [m["time"] for m in chosen(user="ann")]
    return table([["first", stamp(min(mine))], ["last", stamp(max(mine))], ["total", len(mine)]])


BADGE_WEEK = chosen("2026-01-12", "2026-01-19", topic=BADGES)
SECOND_WEEK = chosen("2026-01-12", "2026-01-19")

# By heading: what each of its lines must give, from the messages alone.
WANTED = {
    "Messages of a category in a week":
        [f"{len(chosen('2026-01-12', '2026-01-19', category='git'))}\n"],
    "Weekly amounts, and the difference to the week before": [weekly_differences()],
    "Messages per month, by category": [months_by_category()],
    "A histogram of equal steps from any second on": [equal_steps()],
    "Days as they are counted in another place":
        [bucketed(chosen("2026-01-11T18:30:00", "2026-01-14T18:30:00", category="bodhi"),
                  in_kolkata)],
    "Badges per day, and people who got one":
        [bucketed(BADGE_WEEK, by_day), bucketed(BADGE_WEEK, by_day, distinct)],
    "Badges per month, and people who got one":
        [bucketed(chosen(topic=BADGES), by_month),
         bucketed(chosen(topic=BADGES), by_month, distinct)],
    "The top three of an activity, a bot left out of the list":
        [table(ranked((user for user in users(chosen("2026-01-12", "2026-01-19", topic=WIKI))
                       if user != "zodbot"), 3))],
    "Messages that touch one of two people, each once":
        [f"{len([m for m in chosen(category='irc') if m['users'] & {'ann', 'bob'}])}\n"],
    "Messages in which somebody has no part":
        [f"{len([m for m in chosen(category='irc') if 'zodbot' not in m['users']])}\n"],
    "The packages with most commits":
        [table(ranked((p for m in chosen("2026-02-01", "2026-03-01", category="git")
                       for p in m["packages"]), 3))],
    "Who acted, apart from whom it was about":
        [table(ranked(m["agent"] for m in chosen(category="irc"))),
         f"{len([m for m in chosen(category='irc') if m['agent'] == 'ann'])}\n",
         f"{len([m for m in chosen(category='irc') if 'ann' in m['users'] - {m['agent']}])}\n"],
    "What was acted upon most":
        [table(ranked((o for m in chosen(category="irc") for o in m["objects"]), 3))],
    "Badges by name":
        [table(ranked(o for m in chosen(topic=BADGES) for o in m["objects"]))],
    "Badges of a tag, per month":
        [bucketed([m for m in chosen(topic=BADGES) if m["objects"] & {"tester-i", "tester-ii"}],
                  by_month)],
    "Active users per week":
        [bucketed(chosen("2026-01-05", "2026-02-02"), by_week, distinct)],
    "Everybody's counts in one answer": [table(ranked(users(SECOND_WEEK)))],
    "Retention: who was active in one week and in the next":
        ["".join(f"{user}\n" for user in sorted(
            set(users(chosen("2026-01-05", "2026-01-12"))) & set(users(SECOND_WEEK))))],
    "Newcomers: whose first message ever is in a week": [newcomers()],
    "The long tail: everybody's counts in sliding windows": [long_tail()],
    "Counts by level of topic":
        [table(ranked(".".join(m["topic"].split(".")[:4]) for m in chosen(user="ann"))),
         table(ranked(m["topic"] for m in chosen(user="ann", category="git")))],
    "A category left out":
        [table(ranked(m["category"] for m in chosen(user="ann") if m["category"] != "irc"))],
    "First and last message, and how many": [seen()],
    "The last message of every topic": [last_of_each_topic()],
    "Messages with a text in them": [with_text()],
    "Follow the log from a known place":
        ["".join(f"{m['envelope']['msg_id']}\n" for m in
                 [m for m in chosen(category="bodhi") if m["sequence"] >= 5][:2])],
}


def recipes(lines):
    """The page in pieces: (heading, command, the lines it shows), or a line as it is."""
    heading = None
    shown = None
    for line in lines:
        if line.startswith("    $ "):
            shown = []
            yield heading, line[6:], shown
        elif line.startswith("    ") and shown is not None:
            shown.append(line[4:])
        else:
            shown = None
            if line.startswith("#"):
                heading = line.lstrip("# ")
            yield line


def run(command, server):
    place = {**os.environ, "TALLYLOG_SOCKET": server.socket,
             "PATH": f"{os.path.dirname(TALLYLOG)}:{os.environ['PATH']}"}
    done = subprocess.run(["bash", "-o", "pipefail", "-c", command], env=place, text=True,
                          capture_output=True, timeout=60, check=False)
    if done.returncode != 0:
        fail(f"{command}\nended with {done.returncode}: {done.stdout}{done.stderr}")
    return done.stdout


def main(folder, show):
    with open(PAGE, encoding="utf-8") as page:
        pieces = list(recipes(page.read().splitlines()))
    asked = collections.defaultdict(list)
    with Server(folder) as server:
        fill(server, folder)
        for piece in pieces:
            if isinstance(piece, str):
                if show:
                    print(piece)
                continue
            heading, command, shown = piece
            result = run(command, server)
            asked[heading].append(result)
            if show:
                print(f"    $ {command}\n" + "".join(
                    f"    {line}\n" for line in result.splitlines()), end="")
            else:
                check(f"the page: {command}", result.splitlines(), shown)
    if not show:
        check("every heading has its results", sorted(asked), sorted(WANTED))
        for heading, results in asked.items():
            check(heading, results, WANTED[heading])
        print("all equal")


if __name__ == "__main__":
    with tempfile.TemporaryDirectory(prefix="tallylog-") as scratch:
        main(scratch, "--show" in sys.argv)
