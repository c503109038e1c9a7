"""A made-up bus of eight weeks, the same everywhere: what the pages of the documentation ask."""

import os
import random

from harness import tallylog, write_lines

DAY, WEEK = 86_400, 7 * 86_400
MONDAY = 1_767_571_200  # 2026-01-05T00:00:00Z
WEEKS = 8
BADGE_NAMES = ["Long Life", "Tester I", "Tester II"]
PEOPLE = ["ann", "bob", "cleo", "dan", "eve", "finn"]
BADGES = "org.example.prod.fedbadges.badge.award"
WIKI = "org.example.prod.wiki.article.edit"
IRC = "org.example.prod.irc.karma"
BODHI = "org.example.prod.bodhi.update.request.testing"


def made_up():
    """Eight weeks of messages, the same ones everywhere, and what a plain reader knows of each."""
    source = random.Random(5)
    for number in range(1, 701):
        time = MONDAY + source.randrange(WEEKS * WEEK)
        # The last three come later than the others.
        people = PEOPLE if time > MONDAY + 3 * WEEK else PEOPLE[:3]
        person = people[int(source.paretovariate(1.2)) % len(people)]
        kind = source.choice(["git", "git", "branch", "wiki", "badge", "irc", "bodhi"])
        package, users, agent, objects = None, {person}, person, set()
        if kind in ("git", "branch"):
            package = source.choice(["bash", "gcc", "perl", "vim"])
            if kind == "git":
                topic, msg = "org.example.prod.git.receive", {"commit": {
                    "repo": package, "summary": f"fix {number % 30}", "namespace": "rpms"}}
            else:
                topic, msg = "org.example.prod.git.branch", {
                    "name": package, "namespace": "rpms"}
                objects = {f"{package}/__git__"}
            msg["agent"] = person
        elif kind == "wiki":
            editor = source.choice([person, "zodbot"])
            topic, msg, users, agent = WIKI, {"user": editor}, {editor}, editor
        elif kind == "badge":
            name = BADGE_NAMES[number % 3]
            topic, msg = BADGES, {"user": {"username": person}, "badge": {"name": name}}
            objects = {name.lower().replace(" ", "-")}
        elif kind == "irc":
            other = source.choice(people + ["zodbot"])
            topic, msg, users = IRC, {"agent": person, "recipient": other}, {person, other}
            objects = {f"karma/{other}"}
        else:
            topic, msg = BODHI, {"agent": person}
        yield {"envelope": {"topic": topic, "msg": msg, "timestamp": time,
                            "msg_id": f"2026-{number:04}", "i": number},
               "sequence": number, "time": time, "topic": topic, "users": users,
               "category": topic.split(".")[3], "packages": {package} - {None},
               "agent": agent, "objects": objects}


ALL = list(made_up())


def fill(server, folder):
    """Gives a server that runs just these messages; returns once they are in."""
    server.client().close()
    file = os.path.join(folder, "messages.jsonl")
    write_lines(file, [message["envelope"] for message in ALL])
    tallylog("import", "--socket", server.socket, file)
