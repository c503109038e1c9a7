#!/usr/bin/env python3
"""Signatures and CURVE: only what is signed by whom one trusts comes in, from whom one trusts.

usage: trusting.py TALLYLOG

What could go wrong: something forged comes in by the bus, by an archive or by a replay; something
good is lost; what is marked cannot be told apart, or loses its mark when names are found again; a
newer authority waits for a restart; a publisher without the right keys delivers, or is refused in
silence; a secret that others may read is taken. Keys and certificates are made up here.
"""

import json
import os
import random
import shutil
import sys
import tempfile
import time

import zmq
import zmq.auth
from zmq.auth.thread import ThreadAuthenticator

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "..", "SignaturesTests"))
# pylint: disable=wrong-import-position
from signing import YEAR, Certificate, revocations, signed  # noqa: E402
from datagrepper import Archive, Datagrepper  # noqa: E402
from harness import (  # noqa: E402
    SEED, Bus, Server, check, check_accounting, check_contains, info, tallylog, until)

NOW = int(time.time())
TOPIC = "org.example.prod.builds.state.change"
LOCKED = "org.example.prod.builds.locked"
random.seed(SEED)


def plain(number, topic=TOPIC, timestamp=None):
    return {"topic": topic, "timestamp": timestamp or NOW, "i": 1, "username": "builder",
            "msg_id": f"2026-00000000-0000-4000-8000-{number:012}",
            "msg": {"n": number, "agent": f"user{number % 9}", "name": "\u00e9\U0001f600"}}


class People:
    """Who signs."""

    def __init__(self, folder):
        def made(name, issuer=None, is_authority=False, start=NOW - 2 * YEAR, end=NOW + YEAR):
            return Certificate(name, issuer, is_authority, start, end)
        self.ca = made("Example CA", is_authority=True)
        self.second = made("Second CA", is_authority=True)
        self.app, self.other, self.revoked = (
            made(name, self.ca) for name in ("app.example", "other.example", "revoked.example"))
        self.newcomer = made("new.example", self.second)
        self.old = made("old.example", self.ca, end=NOW - YEAR)
        self.coming = made("coming.example", self.ca, start=NOW + 86_400)
        self.forged = made("other.example", self.app)
        self.folder = folder
        self.write("ca.pem", self.ca.pem)
        self.write("crl.pem", revocations(self.ca, [self.revoked], NOW - 60, NOW + YEAR))
        self.write("routing.yaml", f"{LOCKED}: [other.example]\n".encode())

    def path(self, name):
        return os.path.join(self.folder, name)

    def write(self, name, content):
        # In one step, as whoever distributes lists should.
        with open(self.path(name) + ".new", "wb") as file:
            file.write(content)
        os.replace(self.path(name) + ".new", self.path(name))

    def spoilt(self):
        """Messages with something wrong, and what is wrong."""
        number = 1_000_000
        makers = [
            ("unsigned", plain),
            ("signed-by-gpg", lambda n: {**plain(n), "crypto": "gpg", "signature": "aGVsbG8="}),
            ("signature-malformed", lambda n: {**signed(plain(n), self.app), "signature": "*"}),
            ("signature-mismatch", lambda n: {**signed(plain(n), self.app), "i": 2}),
            ("signature-mismatch", lambda n: {
                **signed(plain(n), self.app), "timestamp": float(NOW)}),
            ("certificate-untrusted", lambda n: signed(plain(n), self.newcomer)),
            ("certificate-untrusted", lambda n: signed(
                plain(n), self.forged, self.forged.pem + self.app.pem)),
            ("certificate-expired", lambda n: signed(plain(n), self.old)),
            ("certificate-expired", lambda n: signed(
                plain(n, timestamp=NOW - YEAR - 100), self.old)),
            ("certificate-not-yet-valid", lambda n: signed(plain(n), self.coming)),
            ("certificate-revoked", lambda n: signed(plain(n), self.revoked)),
            ("certificate-misrouted", lambda n: signed(plain(n, LOCKED), self.app)),
        ]
        for verdict, make in makers:
            for _ in range(5):
                number += 1
                yield verdict, make(number)


def verdicts(client, feed):
    """INFO's counts of a feed, by verdict."""
    known = {"mode", "authorities", "crls", "crl_until", "reloads"}
    line = client.info("feeds")[f"signatures_{feed}"]
    return {key: value for key, value in line.items() if key not in known}


def counted(items):
    counts = {}
    for item in items:
        counts[item] = counts.get(item, 0) + 1
    return counts


def signed_feeds(folder, people):
    sides = [os.path.join(folder, name) for name in ("left", "right")]
    for side in sides:
        os.mkdir(side)
    names = {key: people.path(key) for key in ("ca.pem", "crl.pem", "routing.yaml")}
    common = (f"ca: {names['ca.pem']}\n      crl: {names['crl.pem']}\n"
              f"      routing: {names['routing.yaml']}")
    with Bus(sides[0]) as left, Bus(sides[1]) as right:
        people.write("feeds.yaml", f"""
feeds:
  strict:
    endpoints: {left.endpoint}
    signatures:
      mode: require
      {common}
  lax:
    endpoints: {right.endpoint}
    signatures:
      mode: mark
      {common}
""".encode())
        with Server(folder, options=["--config", people.path("feeds.yaml")]) as server:
            client = server.client()
            probe = {"topic": "org.example.prod.probe", "msg": {}}
            for bus, feed in ((left, "strict"), (right, "lax")):
                until("a probe arrives", lambda b=bus, f=feed: (
                    b.send(probe), client.info("feeds")[f"feed_{f}"]["received"] > 0)[1])
            until("no probe is under way", lambda: quiet(client))
            start = {feed: verdicts(client, feed) for feed in ("strict", "lax")}
            rejected = info(client)["rejected"]
            require(client, left, people, start["strict"], rejected, server)
            mark(client, right, people, start["lax"])
            mended(client, left, people, server)
            before = marks(client)
            server.stop()
        tallylog("reextract", "--data", server.data)
        with Server(folder, options=["--config", people.path("feeds.yaml")]) as server:
            check("verdicts stay when names are found again", marks(server.client()), before)
            server.stop()


def quiet(client):
    before = info(client)["received"]
    time.sleep(0.3)
    return info(client)["received"] == before


def marks(client):
    return {name.decode(): count for name, count in client.execute_command(
        "TOP", "ALL", "signature")}


def send_all(bus, client, feed, messages):
    before = client.info("feeds")[f"feed_{feed}"]["received"]
    for message in messages:
        bus.send(message)
    until("all came", lambda: client.info("feeds")[f"feed_{feed}"]["received"] - before
          >= len(messages))
    return until("and are durable", lambda: (
        lambda figures: figures["queued"] == 0 and figures)(info(client)))


def require(client, bus, people, start, rejected, server):
    good = [signed(plain(number), people.app) for number in range(200)]
    good += [signed(plain(number, LOCKED), people.other) for number in range(200, 220)]
    bad = list(people.spoilt())
    mixed = good + [message for _, message in bad]
    random.shuffle(mixed)
    figures = send_all(bus, client, "strict", mixed)
    check_accounting(figures)
    wanted = counted(verdict for verdict, _ in bad)
    got = {key: value - start.get(key, 0) for key, value in verdicts(client, "strict").items()}
    check("verdicts of the strict feed", got, {**wanted, "valid": len(good)})
    check("each is counted once", figures["rejected"] - rejected, len(bad))
    kept = until("all good ones are there", lambda: (
        lambda rows: len(rows) == len(good) and rows)(client.execute_command(
            "MESSAGES", "TOPIC", "org.example.prod.builds.*", "LIMIT", 1000)[1]))
    check("exactly they, byte for byte", sorted(row[2] for row in kept),
          sorted(json.dumps(message).encode() for message in good))
    check("and they say so", client.execute_command(
        "COUNT", "SIGNATURE", "valid", "TOPIC", "org.example.prod.builds.*"), len(good))
    listed = [json.loads(line) for line in tallylog("rejected", "--data", server.data).splitlines()
              if "probe" not in line]
    check("what was refused is listed", counted(row["reason"] for row in listed), wanted)
    check("as it came", sorted(row["envelope"] for row in listed),
          sorted(json.dumps(message) for _, message in bad))


def mark(client, bus, people, start):
    bad = [(verdict, {**message, "msg_id": message["msg_id"].replace("2026", "2025")})
           for verdict, message in people.spoilt()]
    # Another id is another text: what else was wrong comes first, but for routing.
    bad = [("signature-mismatch" if verdict == "certificate-misrouted" else verdict, message)
           for verdict, message in bad]
    good = [signed(plain(number), people.app) for number in range(300, 340)]
    send_all(bus, client, "lax", good + [message for _, message in bad])
    wanted = {**counted(verdict for verdict, _ in bad), "valid": len(good)}
    got = {key: value - start.get(key, 0) for key, value in verdicts(client, "lax").items()}
    check("verdicts of the lax feed", got, wanted)
    until("all are taken", lambda: client.execute_command(
        "COUNT", "TOPIC", "org.example.prod.builds.*") == 220 + len(good) + len(bad))
    for verdict, count in wanted.items():
        found = client.execute_command(
            "COUNT", "SIGNATURE", verdict, "TOPIC", "org.example.prod.builds.*")
        check(f"SIGNATURE {verdict}", found, count + (220 if verdict == "valid" else 0))
    check("NOT SIGNATURE", client.execute_command(
        "COUNT", "NOT", "SIGNATURE", "valid", "TOPIC", "org.example.prod.builds.*"), len(bad))


def mended(client, bus, people, server):
    """A second authority comes; what it vouches for was refused until then."""
    late = [signed(plain(number), people.newcomer) for number in range(400, 420)]
    send_all(bus, client, "strict", late[:10])
    people.write("ca.pem", people.ca.pem + people.second.pem)
    people.write("crl.pem", revocations(people.ca, [people.revoked], NOW - 60, NOW + YEAR)
                 + revocations(people.second, [], NOW - 60, NOW + YEAR))
    time.sleep(1.1)
    send_all(bus, client, "strict", late[10:])
    until("a newer authority counts at once", lambda: count_ids(client, late[10:]) == 10)
    check("read again once", client.info("feeds")["signatures_strict"]["reloads"], 1)
    check("what came before is not there", count_ids(client, late[:10]), 0)
    refused = tallylog("rejected", "--data", server.data, "--reason", "certificate-untrusted",
                       "--envelopes")
    valid = tallylog("signatures", "--ca", people.path("ca.pem"), "--valid", "-", input=refused,
                     code=1)
    good = [json.loads(line)["msg_id"] for line in valid.splitlines()]
    # The strict feed's five newcomers at the beginning are among them.
    check("of the refused ones, those are valid", set(good) >= {m["msg_id"] for m in late[:10]}
          and len(good) == 15, True)
    said = tallylog("import", "--socket", server.socket, "-", input=valid)
    check_contains("they are imported", said, "15 appended, 0 known already, 0 rejected")
    check("and there", count_ids(client, late[:10]), 10)
    tallylog("rejected", "--data", server.data, "--reason", "nonsense", code=64)


def count_ids(client, messages):
    return sum(client.execute_command("GET", message["msg_id"]) is not None
               for message in messages)


def archives(folder, people):
    """What archives give is judged at its own time, and as far as it can be made as it was."""
    then = NOW - YEAR - 86_400
    for generation in (2024, 2015):
        place = os.path.join(folder, str(generation))
        os.mkdir(place)
        archive = Archive(1, generation)
        number = 2_000_000
        for number in range(2_000_000, 2_000_030):
            archive.add(signed(plain(number, timestamp=then + number % 30), people.old), False)
            archive.add({**signed(plain(number + 100, timestamp=then), people.app), "i": 5}, False)
            archive.add(plain(number + 200, timestamp=then), False)
        with Datagrepper(archive) as datagrepper:
            people.write("archive.yaml", f"""
feeds:
  history:
    backfill: {datagrepper.address}
    since: {then - 10}
    lag: 1s
    signatures:
      mode: require
      ca: {people.path('ca.pem')}
""".encode())
            with Server(place, options=["--config", people.path("archive.yaml")]) as server:
                client = server.client()
                until("all was judged", lambda: sum(
                    verdicts(client, "history").values()) >= 90)
                until("the gap is filled", lambda: [
                    row for row in client.execute_command("GAPS", "FEED", "history")
                    if row[5] == b"filled"])
                got = verdicts(client, "history")
                check(f"verdicts, archive of {generation}", sorted(got), sorted(
                    ["signature-rewritten", "unsigned"] + ["valid"] * (generation != 2015)))
                check("only what can be verified is there", client.execute_command("COUNT"),
                      30 if generation != 2015 else 0)
                server.stop()


def published(folder, name, keys, context=None):
    """A publisher with CURVE, or without."""
    publisher = (context or zmq.Context.instance()).socket(zmq.PUB)
    publisher.setsockopt(zmq.LINGER, 0)
    if keys:
        publisher.curve_server = True
        publisher.curve_publickey, publisher.curve_secretkey = keys
    endpoint = f"ipc://{folder}/{name}"
    publisher.bind(endpoint)
    return publisher, endpoint


def curve(folder, people):
    umask = os.umask(0)
    os.umask(umask)
    public = tallylog("keys", people.path("mine")).strip()
    secret = people.path("mine.key_secret")
    check("modes", [oct(os.stat(path).st_mode & 0o777) for path in (
        secret, people.path("mine.key"))], ["0o600", oct(0o644 & ~umask)])
    check_contains("keys are not replaced", tallylog("keys", people.path("mine"), code=1),
                   "mine.key cannot be made: File exists")
    check("ZeroMQ reads them", zmq.auth.load_certificate(secret)[0].decode(), public)
    right, other = zmq.curve_keypair(), zmq.curve_keypair()
    publishers = {name: published(folder, name, keys) for name, keys in (
        ("right", right), ("plain", None), ("wrong", other))}
    # A publisher that permits the keys of one folder.
    context, friends = zmq.Context(), os.path.join(folder, "friends")
    os.mkdir(friends)
    guard = ThreadAuthenticator(context)
    guard.start()
    guard.configure_curve(domain="*", location=friends)
    publishers["picky"] = published(folder, "picky", right, context)
    with open(people.path("server.key"), "wb") as file:
        file.write(right[0] + b"\n")
    people.write("curve.yaml", "feeds:\n".encode() + "".join(
        f"  {name}:\n    endpoints: {endpoint}\n    curve:\n"
        f"      server_key: {people.path('server.key')}\n      public_key: '{public}'\n"
        f"      secret_key_file: {secret}\n" for name, (_, endpoint) in publishers.items()
    ).encode())
    with Server(folder, options=["--config", people.path("curve.yaml")]) as server:
        client = server.client()
        number = 0

        def told(count):
            nonlocal number
            for name, (publisher, _) in publishers.items():
                number += 1
                message = plain(number + 3_000_000, f"{TOPIC}.{name}")
                publisher.send_multipart(
                    [message["topic"].encode(), json.dumps(message).encode()])
            return received(client)["right"] >= count

        def received(client):
            return {name: client.info("feeds")[f"feed_{name}"]["received"]
                    for name in publishers}

        until("the right publisher delivers", lambda: told(20))
        check("the others deliver nothing", {name: count for name, count in received(
            client).items() if name != "right"}, {"plain": 0, "wrong": 0, "picky": 0})
        check("and nothing of theirs is there", client.execute_command(
            "COUNT", "NOT", "TOPIC", f"{TOPIC}.right"), 0)
        # Before it says what it speaks, either end may give up without a word.
        for name, words in (("plain", "One side speaks CURVE and the other does not"),
                            ("wrong", "The publisher ended the handshake"),
                            ("picky", "does not permit this subscriber's public key")):
            until(f"why {name} is refused is told", lambda n=name, w=words: w in str(
                client.info("feeds").get(f"feed_{n}_refused_1")))
        lines = client.info("feeds")
        check("who is connected", {name: lines[f"feed_{name}"]["connected"]
                                   for name in publishers}, {"right": 1, "plain": 0, "wrong": 0, "picky": 0})
        check("who is refused", {name: (lines[f"feed_{name}"]["refused"], lines[
            f"feed_{name}"]["handshake_failures"] > 0) for name in publishers},
              {"right": (0, False), "plain": (1, True), "wrong": (1, True), "picky": (1, True)})
        # ZeroMQ gives up on a publisher without CURVE; the feed does not.
        publishers["plain"][0].close()
        time.sleep(0.2)
        publishers["plain"] = published(folder, "plain", right)
        shutil.copy(people.path("mine.key"), friends)
        guard.configure_curve(domain="*", location=friends)
        for name in ("plain", "picky"):
            until(f"{name} is mended and heard", lambda n=name: (
                told(0), received(client)[n] > 0)[1])
        check("nobody refuses them", [client.info("feeds")[f"feed_{name}"]["refused"]
                                      for name in ("plain", "picky")], [0, 0])
        server.stop()
    guard.stop()
    for publisher, _ in publishers.values():
        publisher.close()
    context.term()
    os.chmod(secret, 0o640)
    said = tallylog("serve", "--data", people.path("none"), "--config",
                    people.path("curve.yaml"), code=64)
    check_contains("a secret that others may read", said, "feeds.right.curve.secret_key_file",
                   "may be read by others (its mode is 0640)", f"chmod 600 {secret}")
    os.chmod(secret, 0o600)


def wrong(people):
    """Mistakes of the configuration: line, key, what is accepted."""
    people.write("empty.pem", b"")
    people.write("none.pem", b"hello\n")
    people.write("list.yaml", b"- a\n")
    ca, key = people.path("ca.pem"), "aaaaa" * 8
    secret = people.path("mine.key_secret")
    cases = [
        ("signatures: require", 4, "signatures", "accepted: the keys mode, ca, crl, routing"),
        (f"signatures:\n      ca: {ca}", 5, "signatures", "has no mode; accepted: require, mark"),
        ("signatures:\n      mode: yes", 5, "signatures.mode", "is 'yes'; accepted: require, mar"),
        ("signatures:\n      mode: mark", 5, "signatures", "has no ca; accepted: a file of cert"),
        ("signatures:\n      mode: mark\n      ca: /none", 6, "signatures.ca",
         "/none cannot be read: No such file"),
        (f"signatures:\n      mode: mark\n      ca: {people.path('empty.pem')}", 6,
         "signatures.ca", "is empty; accepted: one BEGIN CERTIFICATE"),
        (f"signatures:\n      mode: mark\n      ca: {people.path('none.pem')}", 6,
         "signatures.ca", "is no PEM of certificates"),
        (f"signatures:\n      mode: mark\n      ca: {ca}\n      crl: {ca}", 7, "signatures.crl",
         "is no PEM of revocation lists; accepted: one BEGIN X509 CRL"),
        (f"signatures:\n      mode: mark\n      ca: {ca}\n      nitpicky: 7", 7,
         "signatures.nitpicky", "accepted: true or false"),
        (f"signatures:\n      mode: mark\n      ca: {ca}\n"
         f"      routing: {people.path('list.yaml')}", 7, "signatures.routing", "is no mapping"),
        (f"signatures:\n      mode: mark\n      cafile: {ca}", 6, "signatures.cafile",
         "is no key; accepted: mode, ca"),
        (f"curve:\n      server_key: {key}", 5, "curve", "has no secret_key_file"),
        (f"curve:\n      server_key: {key}\n      secret_key_file: /none", 6,
         "curve.secret_key_file", "/none cannot be read"),
        (f"curve:\n      server_key: {key}\n      secret_key_file: {ca}", 6,
         "curve.secret_key_file", "ca.pem"),
        (f"curve:\n      server_key: short\n      secret_key_file: {secret}", 5,
         "curve.server_key", "accepted: 40 characters of Z85, or a file"),
        (f"curve:\n      server_key: {key}\n      public_key: {key}\n"
         f"      secret_key_file: {secret}", 6, "curve.public_key", "is not that of the secret"),
    ]
    for text, line, place, *parts in cases:
        path = people.path("wrong.yaml")
        people.write("wrong.yaml",
                     f"feeds:\n  a:\n    endpoints: tcp://h:1\n    {text}\n".encode())
        said = tallylog("serve", "--data", people.path("no"), "--config", path, code=64)
        check_contains(text.replace("\n", " / "), said, f"{path}, line {line}: feeds.a.{place} ",
                       *parts)
    check("nothing was made", os.path.exists(people.path("no")), False)
    # Switched off, the files are not even looked at.
    people.write("off.yaml", b"feeds:\n  a:\n    endpoints: tcp://127.0.0.1:1\n    signatures:\n"
                 b"      mode: off\n      ca: /none\n")
    with Server(people.path("off"), options=["--config", people.path("off.yaml")]) as server:
        check("off is off", "signatures_a" in server.client().info("feeds"), False)
        server.stop()


def command(people):
    messages = [signed(plain(1), people.app), {**signed(plain(2), people.app), "i": 7}, plain(3),
                signed(plain(4, LOCKED), people.app)]
    text = "".join(json.dumps(message) + "\n" for message in messages) + "no envelope\n"
    said = tallylog("signatures", "--ca", people.path("ca.pem"), "--crl", people.path("crl.pem"),
                    "--routing", people.path("routing.yaml"), "--at", "now", "-", input=text, code=1)
    rows = [json.loads(line) for line in said.splitlines() if line.startswith("{")]
    check("a line for each", [(row["line"], row["verdict"]) for row in rows], [
        (1, "valid"), (2, "signature-mismatch"), (3, "unsigned"), (4, "certificate-misrouted"),
        (5, "not-json")])
    check("whose", [row["name"] for row in rows],
          ["app.example", "app.example", None, "app.example", None])
    check("which", rows[0]["id"], messages[0]["msg_id"])
    check_contains("all are valid", tallylog(
        "signatures", "--ca", people.path("ca.pem"), "-", input=json.dumps(messages[0])),
        '"verdict":"valid"')
    old = json.dumps(signed(plain(5, timestamp=NOW - YEAR - 9), people.old))
    tallylog("signatures", "--ca", people.path("ca.pem"), "-", input=old)
    check_contains("valid then, and not now", tallylog(
        "signatures", "--ca", people.path("ca.pem"), "--at", "now", "-", input=old, code=1),
        "certificate-expired")
    for words, part in [(["--ca", "/none"], "--ca: /none cannot be read"),
                        (["--ca", people.path("ca.pem"), "--crl", "/none"], "--crl: /none"),
                        (["--ca", people.path("ca.pem"), "--at", "x"], "--at is 'x'; accepted"),
                        (["--ca", people.path("ca.pem"), "--routing", "/none"], "--routing is")]:
        check_contains(" ".join(words), tallylog("signatures", *words, "-", input="", code=64),
                       part)


def run(folder):
    people = People(folder)
    os.mkdir(people.path("off"))
    command(people)
    for name, part in (("signed", signed_feeds), ("archives", archives), ("curve", curve)):
        os.mkdir(os.path.join(folder, name))
        part(os.path.join(folder, name), people)
    wrong(people)


if __name__ == "__main__":
    with tempfile.TemporaryDirectory(prefix="tallylog-") as scratch:
        run(scratch)
    print("all equal")
