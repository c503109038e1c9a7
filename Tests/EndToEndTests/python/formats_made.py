"""Messages as formats.py imports them, and what is known of each."""

import json
import random
import re
import uuid

from format_parts import AGENT, OBJECT, PACKAGE, TOPIC, USER
from harness import SEED

PROFILE = """\
otherwise:
  users: people[]
  packages: parts[]
  objects: things[]
  agent: who
"""
DAY = 86_400
OLD, BETWEEN = 1_720_000_000, 1_750_000_000  # in 2024 and 2025, both before START
TOPICS = ["one", "a.b.c.", "org.example.prod.git.receive", "org.example.prod.git",
          "\xe4.\xf6.\xfc.\xdf", "/topic/VirtualTopic.eng.brew.task", "x" * 512,
          *(f"org.example.stg.app{number}.done" for number in range(30))]
TIMELESS = "a.b.c.timeless"
PEOPLE = ["ann", "bob", "Zo\xeb", "y" * 512, *(f"user{number}" for number in range(200))]
source = random.Random(SEED)
numbers = [0]


class Made:
    """A line as it was imported, and what a reader must say of it."""

    def __init__(self, line, topic, moment, id_, names):
        self.line, self.topic, self.moment, self.id, self.names = line, topic, moment, id_, names


def make(number, seconds, topic=None, again=None):
    """A message whose every part may be odd."""
    topic = topic or TOPICS[min(int(source.paretovariate(0.7)) - 1, len(TOPICS) - 1)]
    people = [PEOPLE[int(source.paretovariate(1.1)) % len(PEOPLE)]
              for _ in range(source.choice([0, 1, 1, 1, 2, 5]))]
    if number % 997 == 5:
        people = PEOPLE[:]
    parts = [f"part{source.randrange(40)}" for _ in range(source.choice([0, 0, 1, 3]))]
    things = [f"thing/{number % 50}", "\xff"] if number % 9 == 0 else []
    who = source.choice([None, "ann", "bob"])
    decimals = source.choice([0, 0, 3, 6, 1, 2, 4, 5])
    written = f"{seconds}"
    if decimals:
        written += f".{source.randrange(10 ** decimals):0{decimals}}"
    id_ = source.choice([
        lambda: f"2026-{uuid.UUID(int=source.getrandbits(128))}",
        lambda: f"2026-{uuid.UUID(int=source.getrandbits(128))}",
        lambda: f"1000-{uuid.UUID(int=source.getrandbits(128))}",
        lambda: f"2026-{uuid.UUID(int=source.getrandbits(128))}".upper() + "A",
        lambda: f"an id of its own, \xfc {number}", lambda: None])()
    id_ = again or id_
    body = {"people": people, "parts": parts, "things": things, "n": number}
    if who:
        body["who"] = who
    body["text"] = odd_text(number, topic, written, id_ or "none")
    envelope = {"topic": topic, "msg": body, "timestamp": 0}
    if id_:
        envelope["msg_id"] = id_
    if source.random() < 0.3:
        envelope = dict(sorted(envelope.items()))
    line = json.dumps(envelope, ensure_ascii=source.random() < 0.5,
                      separators=source.choice([(",", ":"), (", ", ": "), (" ,\t", "  :  ")]))
    before, zero, after = line.rpartition('"timestamp"')
    line = before + zero + after.replace("0", written, 1)
    if number % 13 == 0:
        line = f" \t{line}  \r"
    names = {TOPIC: [topic], USER: people, PACKAGE: parts, OBJECT: things,
             AGENT: [who] if who else []}
    moment = seconds * 1_000_000 + int((written.partition(".")[2] or "0").ljust(6, "0"))
    return Made(line.encode(), topic, moment, id_,
                {dimension: {one.encode() for one in some}
                 for dimension, some in names.items() if some})


def odd_text(number, topic, written, id_):
    """What an archive might cut out, or might take for what it has cut out."""
    if number == 1_234:
        return "very long " * 40_000
    if number % 500 == 7:
        return source.choice(["long ", "\xe9", "\u2028"]) * source.randrange(1_000, 8_000)
    if number % 500 == 8:
        return "".join(source.choices("abc0123456789+/", k=12_000))
    return source.choice([
        lambda: "", lambda: "x" * source.randrange(100),
        lambda: 'a "quoted" \\ back\\\\slash\n\t\0\x1f',
        lambda: "\xdcn\xefc\xf6d\xe9 \U0001f600 \x7f\u0080 " + "\x01\x02\x03\x04\x05\x06\x07\x08",
        lambda: {"deep": [[[{"er": [None, True, -1.5e300, {}]}]]]},
        lambda: "%0*x" % (width := source.randrange(1, 700), source.getrandbits(4 * width)),
        lambda: ("%064X" % source.getrandbits(256)) + "%015x" % source.getrandbits(60),
        lambda: [topic, topic, f"{topic}.{topic}"], lambda: [written, float(written), written],
        lambda: [id_, id_ + id_, id_[5:]],
    ])()


def is_bus_id(text):
    return re.fullmatch(
        "[1-9][0-9]{3}-[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", text or "")


def history(amount, start, days):
    """Messages in no order, some of them in bursts; the last has an id of before."""
    seconds, given = start, []
    for number in range(numbers[0], numbers[0] + amount):
        again = given[0] if number == numbers[0] + amount - 1 else None
        if again or number % 4:
            seconds = start + source.randrange(days * DAY)
            one = make(number, start + (days + 1) * DAY if again else seconds, None, again)
        else:
            one = make(number, start + int(source.paretovariate(0.5)) % 900, TOPICS[0])
        given += [one.id] if is_bus_id(one.id) else []
        yield one
    numbers[0] += amount


def write(path, made):
    """A file with these lines, some of them twice."""
    with open(path, "wb") as file:
        for number, one in enumerate(made):
            file.write(one.line + b"\n")
            if number % 50 == 49:
                file.write(made[source.randrange(number)].line + b"\n")
