#!/usr/bin/env python3
"""Makes the canonical data set: bus-like messages of 30 days, and questions about them.

usage: make_data.py FOLDER [MESSAGES=1000000]

FOLDER gets msgs.jsonl (an envelope a line, in order of time, about 620 bytes each), topics.txt and
users.txt (a name a line), and queries.txt: 300 questions of each of five kinds, a line each with
kind, number of the topic or user (from 1), and two hours since 1970 or a time in seconds. idx.bin
has the messages as a feed would have parsed them, 16 bytes each: the time as a double, then 16 bits
each for topic, two users (0 for none) and the length of the line.

300 topics and 5,000 users by Zipf's law; a fifth of the messages without a user, a twentieth with
two; half of a topic's users are its own favourites. The same numbers give the same files.
"""

import itertools
import json
import os
import random
import struct
import sys
import uuid

FOLDER = sys.argv[1]
MESSAGES = int(sys.argv[2]) if len(sys.argv) > 2 else 1_000_000
START, DAYS, TOPICS, USERS = 1_767_225_600, 30, 300, 5_000
SERVICES = [f"service{number}" for number in range(30)]
EVENTS = ["start", "done", "change.state", "comment.new", "request", "edit", "tag", "sync", "vote",
          "close"]
WORDS = ("alpha beta gamma delta rebuild release update branch commit review test package build "
         "queue worker mirror image compose karma ticket patch merge schedule retry").split()

draw = random.Random(MESSAGES)
topics = [f"org.example.{'stg' if number % 7 == 0 else 'prod'}.{service}.{event}"
          for number, (event, service) in enumerate(itertools.product(EVENTS, SERVICES))]
users = [f"person{number}" for number in range(USERS)]
packages = [f"package-{number}" for number in range(80)]


def ranks(count):
    """Weights by Zipf's law, added up."""
    return list(itertools.accumulate(1 / rank ** 1.05 for rank in range(1, count + 1)))


topic_ranks, user_ranks = ranks(TOPICS), ranks(USERS)


def pick_user(topic):
    rank = draw.choices(range(USERS), cum_weights=user_ranks)[0]
    return (rank + topic * 37) % USERS if draw.random() < 0.5 else rank


def body(topic, names):
    package = packages[draw.randrange(80)]
    message = dict(zip(("agent", "assignee"), names))
    text = " ".join(draw.choices(WORDS, k=draw.randrange(16, 29)))
    revision = f"{draw.getrandbits(160):040x}"
    if topic % 3 == 0:
        lines = draw.randrange(90), draw.randrange(40)
        message["commit"] = {
            "repo": package, "rev": revision, "branch": "main", "message": text,
            "email": "developer@example.org", "seen": False, "summary": text[:48],
            "stats": {"files": {f"{package}.spec": {"additions": lines[0], "deletions": lines[1]}},
                      "total": {"additions": lines[0], "deletions": lines[1], "files": 1}}}
    elif topic % 3 == 1:
        message.update(
            name=package, version=f"{draw.randrange(9)}.{draw.randrange(30)}", release="1",
            task=draw.randrange(10**8), note=text, source=f"https://example.org/{revision}",
            attribute="state", old=draw.randrange(3), new=draw.randrange(5), instance="primary",
            request=[f"git+https://example.org/{package}.git", f"f{40 + draw.randrange(5)}",
                     {"skip_tag": False}])
    else:
        message["project"] = {
            "name": package, "namespace": None, "url": f"/{package}/{revision}", "tags": [],
            "parent": None, "fullname": f"rpms/{package}"}
        message["comment"] = {
            "id": draw.randrange(10**6), "text": text, "reactions": {}, "edited_on": None,
            "date_created": str(START + draw.randrange(10**6)), "notification": False}
    return message


def times():
    """Rising times with busy and quiet hours."""
    step = DAYS * 86_400 / MESSAGES
    for number in range(MESSAGES):
        yield START + min((number + draw.random()) * step, DAYS * 86_400 - 0.001)


def pick_users(topic):
    """One, none or two different ones, as numbers from 0."""
    chance = draw.random()
    names = [] if chance < 0.20 else [pick_user(topic)]
    if chance > 0.95:
        names.append(pick_user(topic))
    return list(dict.fromkeys(names))


def write_messages():
    drawn = draw.choices(range(TOPICS), cum_weights=topic_ranks, k=MESSAGES)
    with (open(os.path.join(FOLDER, "msgs.jsonl"), "w") as file,
          open(os.path.join(FOLDER, "idx.bin"), "wb") as index):
        for number, (time, topic) in enumerate(zip(times(), drawn)):
            numbers = pick_users(topic)
            line = json.dumps({
                "i": number % 1000 + 1, "msg": body(topic, [users[one] for one in numbers]),
                "msg_id": f"2026-{uuid.UUID(int=draw.getrandbits(128), version=4)}",
                "timestamp": round(time, 3), "topic": topics[topic], "username": "apache",
            }, separators=(",", ":"), sort_keys=True) + "\n"
            file.write(line)
            named = [one + 1 for one in numbers] + [0, 0]
            index.write(struct.pack(
                "<dHHHH", round(time, 3), topic + 1, named[0], named[1], len(line)))


def write_questions():
    ask = random.Random(7)

    def one(count, weights):
        popular = ask.choices(range(count), cum_weights=weights)[0]
        return 1 + (popular if ask.random() < 0.5 else ask.randrange(count))

    first, lines = START // 3_600, []
    for _ in range(300):
        week = [first + ask.randrange(23 * 24 + 1) for _ in range(2)]
        lines += [
            (1, one(TOPICS, topic_ranks), 0, 0), (2, one(USERS, user_ranks), 0, 0),
            (3, one(TOPICS, topic_ranks), week[0], week[0] + 168), (4, 0, week[1], week[1] + 168),
            (5, one(TOPICS, topic_ranks), START + ask.randrange(86_400, DAYS * 86_400), 0)]
    lines.sort(key=lambda line: line[0])
    with open(os.path.join(FOLDER, "queries.txt"), "w") as file:
        file.writelines(" ".join(map(str, line)) + "\n" for line in lines)


os.makedirs(FOLDER, exist_ok=True)
write_messages()
write_questions()
for name, values in (("topics.txt", topics), ("users.txt", users)):
    with open(os.path.join(FOLDER, name), "w") as file:
        file.writelines(value + "\n" for value in values)
