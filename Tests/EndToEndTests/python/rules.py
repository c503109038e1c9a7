#!/usr/bin/python3
"""Rules: the examples count what plain Python counts, whatever happens meanwhile.

What could go wrong: a rule of examples/ names a path that its messages do not have, or groups
otherwise than the tool whose place it takes. What statscache did wrong comes back: a restart in the
middle of an open bucket loses it, a late event or a repeat counts wrongly, a second page is empty,
the open bucket cannot be seen. A kill while a rule is computed, a changed definition or a dropped
rule leaves something behind. A mistake in a file is not told, or stops the server.
"""

import json
import os
import random
import tempfile
import uuid
from collections import Counter, defaultdict

from harness import START, Server, check, check_contains, fail, tallylog, until, write_lines

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../..")
EXAMPLES = [os.path.join(ROOT, "examples", name) for name in ("statscache.yaml", "clients.yaml")]
PROD = "org.fedoraproject.prod."
USERS = [f"user{number}" for number in range(40)]
PROJECTS = ["alpha", "beta", "rpms/gamma", "delta"]
DAYS = 6


def pagure(_):
    name = random.choice(PROJECTS)
    agent = random.choice(USERS)
    project = {"name": name.split("/")[-1]}
    if "/" in name or random.random() < 0.5:
        project["fullname"] = name
    kind = random.choice(["pull", "git", "issue", "edited"])
    if kind == "pull":
        return "io.pagure.prod.pagure.pull-request.new", {
            "agent": agent, "pullrequest": {"id": 1, "project": project}}
    if kind == "git":
        return "io.pagure.prod.pagure.git.receive", {"agent": agent, "repo": project}
    topic = "issue.new" if kind == "issue" else "issue.comment.edited"
    return "io.pagure.prod.pagure." + topic, {
        "agent": agent, "issue": {"id": 2}, "project": project}


def compose(_):
    stage = random.choice(["", "mash.", "pungify.", "rsync."]) + random.choice(["start", "complete"])
    body = {"log": random.choice(["start", "done"]), "branch": "rawhide"}
    if random.random() < 0.7:
        body["arch"] = random.choice(["", "arm", "ppc"])
    return PROD + f"compose.{random.choice(['rawhide', 'branched'])}.{stage}", body


def updates(_):
    size = random.randrange(10 ** 12)
    return PROD + f"bodhi.updates.{random.choice(['fedora', 'epel'])}.sync", {
        "bytes": f"{size // 10 ** 6}M", "raw_bytes": str(size), "deleted": "3",
        "repo": random.choice(["updates", "testing"]), "release": random.choice(["21", "22"])}


def amis(_):
    return PROD + f"fedimg.image.{random.choice(['upload', 'test'])}", {
        "image_name": f"image-{random.randrange(5)}",
        "destination": random.choice(["east", "west"]),
        "status": random.choice(["started", "completed", "failed"]),
        "image_url": f"https://images.example.org/{random.randrange(99)}",
        "extra": {"id": f"ami-{random.randrange(999)}"}}


def artifacts(_):
    method = random.choice(["appliance", "livecd", "createrepo"])
    return PROD + "buildsys.task.state.change", {
        "owner": random.choice(["masher", "someone"]), "method": method, "id": random.randrange(999),
        "new": random.choice(["OPEN", "CLOSED", "FAILED"]), "srpm": f"disk-{random.randrange(4)}.ks",
        "info": {"request": ["name", "1", random.choice(["i386", "x86_64"])]}}


def packages(_):
    agent = random.choice(USERS)
    return PROD + f"pkgdb.package.{random.choice(['new', 'retire'])}", {
        "agent": agent, "package_name": f"pack{random.randrange(9)}",
        "package_listing": {"package": {"name": f"pack{random.randrange(9)}"},
                            "point_of_contact": random.choice(USERS)}}


def karma(_):
    return PROD + "irc.karma", {
        "agent": random.choice(USERS), "recipient": random.choice(USERS),
        "vote": random.choice([1, -1]), "channel": random.choice(["#one", "#two"])}


def badges(_):
    badge = random.choice(["origin", "one", "two", "three"])
    return PROD + "fedbadges.badge.award", {
        "badge": {"badge_id": badge, "name": badge.title()},
        "user": {"username": random.choice(USERS), "badges_user_id": 3}}


def builds(_):
    body = {"owner": random.choice(USERS), "name": f"pack{random.randrange(30)}",
            "version": "1.0", "new": random.choice([0, 1, 3])}
    if random.random() < 0.8:
        body["instance"] = random.choice(["primary", "arm", "s390"])
    return PROD + "buildsys.build.state.change", body


def tagger(_):
    return PROD + "fedoratagger.tag.update", {
        "user": {"username": "anonymous", "anonymous": random.random() < 0.5}, "tag": {"tag": "x"}}


def comments(_):
    return PROD + "bodhi.update.comment", {
        "comment": {"anonymous": random.random() < 0.3, "author": random.choice(USERS),
                    "karma": random.choice([-1, 0, 1])}}


def meetings(_):
    people = {random.choice(USERS): random.randrange(9) for _ in range(random.randrange(1, 9))}
    return PROD + "meetbot.meeting.complete", {
        "channel": random.choice(["#a", "#b"]), "attendees": people}


def copr(_):
    return PROD + f"copr.build.{random.choice(['start', 'end'])}", {
        "chroot": random.choice(["f22", "f23"]), "pkg": f"pack{random.randrange(30)}",
        "version": "2", "user": random.choice(USERS), "status": random.choice([0, 1])}


MAKERS = [pagure, compose, updates, amis, artifacts, packages, karma, badges, builds, tagger,
          comments, meetings, copr]


def make(number):
    topic, body = random.choice(MAKERS)(number)
    body["n"] = number
    # Seconds are whole, as publishers' are; some events are days late.
    return {"topic": topic, "msg": body, "msg_id": f"2026-{uuid.UUID(int=random.getrandbits(128))}",
            "timestamp": START + random.randrange(DAYS * 86_400), "i": number}


# What each rule means, in Python. A function gives the groups of a message, each a tuple of texts.


def project_of(message):
    body = message["msg"]
    project = (body.get("pullrequest", {}).get("project") or body.get("project")
               or body.get("repo"))
    return project.get("fullname") or project["name"]


def tokens(message):
    return message["topic"].split(".")


def only(suffixes, groups):
    """Groups of messages whose topic without its first three tokens is one of these."""
    def of(message):
        rest = ".".join(tokens(message)[3:])
        return groups(message) if rest in suffixes else []
    return of


def text(value):
    return {True: "true", False: "false"}.get(value, str(value)) if isinstance(
        value, bool) else str(value)


NAMED = {}  # by message id: users and packages, as the program itself finds them

COUNTED = {
    "volume": lambda m: [()],
    "volume-by-category": lambda m: [(tokens(m)[3],)],
    "volume-by-topic": lambda m: [(m["topic"],)],
    "volume-by-user": lambda m: [(user,) for user in NAMED[m["msg_id"]]["users"]],
    "volume-by-package": lambda m: [(name,) for name in NAMED[m["msg_id"]]["packages"]],
    "pagure-contributions": lambda m: [()] if m["topic"].startswith("io.pagure.prod.") else [],
    "pagure-contributions-per-user": lambda m: [
        (user,) for user in NAMED[m["msg_id"]]["users"]
    ] if m["topic"].startswith("io.pagure.prod.") else [],
    "pagure-contributions-per-project": lambda m: [(project_of(m),)]
    if m["topic"].startswith("io.pagure.prod.") and "comment.edited" not in m["topic"] else [],
    "releng-compose": lambda m: [
        (tokens(m)[4], m["msg"].get("arch") or "primary", ".".join(tokens(m)[5:]))
    ] if tokens(m)[3] == "compose" else [],
    "releng-updates": only(
        ["bodhi.updates.fedora.sync", "bodhi.updates.epel.sync"],
        lambda m: [(tokens(m)[5], m["msg"]["release"], m["msg"]["repo"])]),
    "releng-amis": only(
        ["fedimg.image.upload", "fedimg.image.test"],
        lambda m: [(tokens(m)[5], m["msg"]["image_name"], m["msg"]["destination"])]
        if m["msg"]["status"] == "completed" else []),
    "releng-artifacts": only(
        ["buildsys.task.state.change"],
        lambda m: [(m["msg"]["method"], m["msg"]["info"]["request"][2], m["msg"]["srpm"])]
        if m["msg"]["owner"] == "masher" and m["msg"]["method"] != "createrepo" else []),
    "new-packages": only(
        ["pkgdb.package.new", "pkgdb.package.retire"],
        lambda m: [(user, m["msg"]["agent"], tokens(m)[-1])
                   for user in NAMED[m["msg_id"]]["users"]]),
    "karma": only(["irc.karma"], lambda m: [(m["msg"]["agent"], m["msg"]["recipient"])]),
    "badges": only(["fedbadges.badge.award"], lambda m: [(m["msg"]["badge"]["badge_id"],)]),
    "badges-of-users": only(
        ["fedbadges.badge.award"],
        lambda m: [(m["msg"]["user"]["username"], m["msg"]["badge"]["badge_id"])]),
    "builds": only(
        ["buildsys.build.state.change"],
        lambda m: [(m["msg"].get("instance", "unknown"), text(m["msg"]["new"]))]),
    "tagger": only(
        ["fedoratagger.tag.update"],
        lambda m: [(text(m["msg"]["user"]["anonymous"]), "tag.update")]),
    "update-comments": only(
        ["bodhi.update.comment"],
        lambda m: [(text(m["msg"]["comment"]["anonymous"]), m["msg"]["comment"]["author"])]),
    "meetings": only(["meetbot.meeting.complete"], lambda m: [(m["msg"]["channel"],)]),
    "copr-builds": only(
        ["copr.build.start", "copr.build.end"],
        lambda m: [(m["msg"]["chroot"], tokens(m)[-1])]),
}

WIDTHS = {"s": 1, "m": 60, "h": 3_600, "d": 86_400}


def seconds(width):
    return int(width[:-1]) * WIDTHS[width[-1]]


def definitions(client):
    """By name, what ROLLUP LIST says of each rule."""
    rows = {}
    for row in client.execute_command("ROLLUP", "LIST"):
        name = row[0].decode()
        rows[name] = {
            "state": row[1].decode(), "sequence": row[2], "groups": row[3], "others": row[4],
            "rule": json.loads(row[8])[name], "error": row[9]}
    return rows


def wait_complete(client):
    def is_complete():
        end = client.info("store")["sequence"]
        return all(row["sequence"] >= end for row in definitions(client).values())
    until("all rules are computed", is_complete, 120)


def series(messages, groups, width):
    counts = Counter()
    for message in messages:
        start = message["timestamp"] // width * width
        counts[start] += len(groups(message))
    return [[start, count] for start, count in sorted(counts.items()) if count]


def ranked(counts):
    return [[name.encode(), count] for name, count in
            sorted(counts.items(), key=lambda pair: (-pair[1], pair[0].encode()))]


def check_counts(client, messages, when):
    """Every example's counts, in every width it keeps, and by every key."""
    rules = definitions(client)
    check(f"{when}: the rules are those of the examples", sorted(rules), sorted(COUNTED))
    for name, groups in COUNTED.items():
        rule = rules[name]["rule"]
        total = sum(len(groups(message)) for message in messages)
        if client.execute_command("COUNT", "RULE", name) != total:
            fail(f"{when}: COUNT RULE {name}")
        for width in rule["granularities"]:
            if width in rule.get("retention", {}):
                continue
            got = client.execute_command("SERIES", width, "RULE", name)
            if got != series(messages, groups, seconds(width)):
                fail(f"{when}: SERIES {width} RULE {name}")
        for place, key in enumerate(rule.get("keys", {})):
            counts = Counter()
            for message in messages:
                counts.update(group[place] for group in groups(message))
            if client.execute_command("TOP", "ALL", key, "RULE", name) != ranked(counts):
                fail(f"{when}: TOP ALL {key} RULE {name}")
    print(f"equal: {when}: counts of {len(COUNTED)} rules", flush=True)


def check_latest(client, messages, name, texts):
    newest = {}
    for place, message in enumerate(messages):
        for group in COUNTED[name](message):
            if group not in newest or message["timestamp"] >= newest[group][0]:
                newest[group] = (message["timestamp"], place, texts(message))
    wanted = [[[part.encode() for part in group], f"{found[0]}.000000".encode(),
               {word.encode(): value and text(value).encode()
                for word, value in found[2].items()}]
              for group, found in sorted(newest.items(),
                                         key=lambda pair: [part.encode() for part in pair[0]])]
    got = [[row[0], row[2], dict(zip(row[3][::2], row[3][1::2]))]
           for row in client.execute_command("LATEST", "RULE", name)]
    check(f"LATEST RULE {name}", got, wanted)


def check_values(client, messages):
    sums, people, channels, sizes = Counter(), defaultdict(set), defaultdict(set), Counter()
    for message in messages:
        body = message["msg"]
        if message["topic"].endswith("irc.karma"):
            sums[body["agent"]] += body["vote"]
            channels[body["agent"]].add(body["channel"])
        if message["topic"].endswith("badge.award"):
            people[message["timestamp"] // 86_400 * 86_400].add(body["user"]["username"])
        if message["topic"].endswith("updates.epel.sync"):
            sizes[message["timestamp"] // 86_400 * 86_400] += int(body["raw_bytes"])
    check("VALUES TOTAL RULE karma votes BY giver",
          client.execute_command("VALUES", "TOTAL", "RULE", "karma", "votes", "BY", "giver"),
          [[name.encode(), str(votes).encode()] for name, votes in sorted(sums.items())])
    check("VALUES TOTAL RULE karma channels BY giver",
          client.execute_command("VALUES", "TOTAL", "RULE", "karma", "channels", "BY", "giver"),
          [[name.encode(), len(found)] for name, found in sorted(channels.items())])
    check("SERIES 1d DISTINCT people RULE badges",
          client.execute_command("SERIES", "1d", "DISTINCT", "people", "RULE", "badges"),
          [[day, len(found)] for day, found in sorted(people.items())])
    check("VALUES 1d RULE releng-updates bytes DISTRO epel",
          client.execute_command("VALUES", "1d", "RULE", "releng-updates", "bytes", "DISTRO", "epel"),
          [[day, str(size).encode()] for day, size in sorted(sizes.items())])


def check_pages(client, messages):
    """A series is there whole, and its parts are the whole: nothing is on a second page."""
    whole = client.execute_command("SERIES", "1m", "RULE", "volume")
    if len(whole) < 1_000:
        fail(f"only {len(whole)} minutes")
    parts = []
    for day in range(DAYS):
        begin = START + day * 86_400
        parts += client.execute_command(
            "SERIES", "1m", "RULE", "volume", "FROM", begin, "TO", begin + 86_400)
    check("days of minutes are the whole", parts, whole)
    odd = (START + 1_234, START + 3 * 86_400 + 77)
    inside = [m for m in messages if odd[0] <= m["timestamp"] < odd[1]]
    check("a range with odd ends", client.execute_command(
        "COUNT", "RULE", "volume-by-category", "CATEGORY", "pagure", "FROM", odd[0], "TO", odd[1]),
        sum(tokens(m)[3] == "pagure" for m in inside))


def name_messages(folder, messages):
    """Asks the program itself whom messages concern: its profile is tested elsewhere."""
    path = os.path.join(folder, "named.jsonl")
    write_lines(path, messages)
    lines = tallylog("extract", path).splitlines()
    if len(lines) != len(messages):
        fail(f"{len(lines)} lines of names for {len(messages)} messages")
    for message, line in zip(messages, lines):
        NAMED[message["msg_id"]] = json.loads(line)


def check_mistakes(folder):
    path = os.path.join(folder, "wrong.yaml")
    with open(path, "w", encoding="utf-8") as file:
        file.write("rules:\n  one:\n    keys:\n      badge: badge..id\n")
    said = tallylog("rules", "check", path, code=1)
    check_contains("a mistake is told", said, "wrong.yaml:4: one.keys.badge:", "a dot in a path")
    said = tallylog("rules", "check", EXAMPLES[0])
    check_contains("no mistake", said, "volume: count by nothing", "releng-compose: count, newest")


def check_configuration(folder):
    """A file of rules may stand by itself in the configuration."""
    path = os.path.join(folder, "serve.yaml")
    with open(path, "w", encoding="utf-8") as file:
        file.write(f"rules: {EXAMPLES[1]}\n")
    os.mkdir(os.path.join(folder, "configured"))
    with Server(os.path.join(folder, "configured"), options=["--config", path]) as server:
        client = server.client()
        check("rules of the configuration", "karma" in definitions(client), True)
        server.stop()


def main():
    folder = tempfile.mkdtemp()
    check_mistakes(folder)
    check_configuration(folder)
    messages = [make(number) for number in range(9_000)]
    name_messages(folder, messages)
    options = ["--rules", EXAMPLES[0], "--rules", EXAMPLES[1]]
    server = Server(folder, options=options)
    first = os.path.join(folder, "first.jsonl")
    write_lines(first, messages[:5_000])
    tallylog("import", "--data", server.data, first)
    # Killed while they are computed, as often as it takes.
    for _ in range(3):
        with server:
            server.client()
            server.kill()
    with server:
        client = server.client()
        wait_complete(client)
        check_counts(client, messages[:5_000], "after kills")
        tried = tallylog("rules", "check", "--data", server.data, EXAMPLES[0])
        check_contains("rules are tried", tried, "volume: of 1000 messages 1000 have its topics")
        # Live, late and again: repeats count once.
        for message in messages[5_000:7_000] + messages[4_000:5_500]:
            client.execute_command("APPEND", json.dumps(message))
        check_counts(client, messages[:7_000], "live, late and again")
        server.kill()
    with server:
        client = server.client()
        check_counts(client, messages[:7_000], "after a kill in the middle of open buckets")
        pipeline = client.pipeline(transaction=False)
        for message in messages[7_000:]:
            pipeline.execute_command("APPEND", json.dumps(message))
        pipeline.execute()
        server.stop()
    with server:
        client = server.client()
        check_counts(client, messages, "after a clean restart")
        check_pages(client, messages)
        check_values(client, messages)
        check_latest(client, messages, "releng-compose", lambda m: {
            "status": tokens(m)[-1], "log": m["msg"]["log"]})
        check_latest(client, messages, "releng-amis", lambda m: {
            "ami": m["msg"]["extra"]["id"], "link": m["msg"]["image_url"]})
        check_latest(client, messages, "badges", lambda m: {
            "who": m["msg"]["user"]["username"], "name": m["msg"]["badge"]["name"]})
        check_changes(client, messages)
        server.stop()


def check_changes(client, messages):
    """Created, replaced and dropped by command."""
    rule = {"by-n": {"topics": "irc.karma", "keys": {"vote": "vote"}, "granularities": ["1h"]}}
    client.execute_command("ROLLUP", "CREATE", json.dumps(rule))
    counts = Counter(text(m["msg"]["vote"]) for m in messages if m["topic"].endswith("irc.karma"))
    wait_complete(client)
    check("a rule by command", client.execute_command("TOP", "ALL", "vote", "RULE", "by-n"),
          ranked(counts))
    at = client.execute_command("COUNT", "RULE", "by-n", "AT")
    check("complete up to the end", at[0], client.info("store")["sequence"])
    for words, part in [
        (["ROLLUP", "CREATE", json.dumps(rule)], "there is a rule by-n"),
        (["ROLLUP", "DROP", "nothing"], "there is no rule nothing; accepted: badges"),
        (["ROLLUP", "CREATE", "x: {key: y}"], "x.key: There is no such key"),
        (["COUNT", "RULE", "by-n", "BADGE", "x"], "the rule by-n has no key 'badge'; accepted: vote"),
        (["VALUES", "TOTAL", "RULE", "by-n", "size"], "no such aggregate 'size'; accepted: count"),
    ]:
        try:
            fail(f"{words}: {client.execute_command(*words)}")
        except Exception as error:  # what is raised is redis-py's
            check_contains(" ".join(words[:2]), str(error), part)
    client.execute_command("ROLLUP", "DROP", "by-n")
    check("dropped", "by-n" in definitions(client), False)


main()
print("all equal")
