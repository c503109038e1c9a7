#!/usr/bin/env python3
"""Signs messages as the bus does, by an implementation that is not ours, and spoils some of them.

usage: signing.py FOLDER SEED

Writes into FOLDER the authorities and lists that the tests name, and cases.jsonl: one object a line
with what it is called, the envelope's text, where it comes from, when it arrives, what is configured,
and the verdict that it must get. Keys and names are made up here.
"""

import base64
import datetime
import json
import os
import random
import sys

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.x509.oid import NameOID

RANDOM = random.Random()
NOW = 1_700_000_000
DAY, YEAR = 86_400, 365 * 86_400
TOPIC = "org.example.prod.builds.state.change"


def moment(seconds):
    return datetime.datetime.utcfromtimestamp(seconds)


def new_key(bits=2048):
    return rsa.generate_private_key(public_exponent=65537, key_size=bits)


class Certificate:
    def __init__(self, name, issuer=None, is_authority=False, start=NOW - YEAR, end=NOW + YEAR,
                 key=None, digest=hashes.SHA256()):
        self.name = x509.Name([
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Example"),
            x509.NameAttribute(NameOID.COMMON_NAME, name)])
        self.key = key or new_key()
        issuer = issuer or self
        self.serial = x509.random_serial_number()
        self.certificate = (
            x509.CertificateBuilder().subject_name(self.name).issuer_name(issuer.name)
            .public_key(self.key.public_key()).serial_number(self.serial)
            .not_valid_before(moment(start)).not_valid_after(moment(end))
            .add_extension(x509.BasicConstraints(ca=is_authority, path_length=None), True)
            .sign(issuer.key, digest))
        self.pem = self.certificate.public_bytes(serialization.Encoding.PEM)


def revocations(issuer, certificates, start=NOW - DAY, end=NOW + YEAR):
    builder = x509.CertificateRevocationListBuilder().issuer_name(issuer.name).last_update(
        moment(start)).next_update(moment(end))
    for certificate in certificates:
        builder = builder.add_revoked_certificate(
            x509.RevokedCertificateBuilder().serial_number(certificate.serial)
            .revocation_date(moment(NOW - DAY)).build())
    return builder.sign(issuer.key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)


def canonical(message):
    return json.dumps(message, sort_keys=True, separators=(",", ":")).encode("ascii")


def signed(message, signer, pem=None):
    """What the bus publishes of a message."""
    message = {**message, "crypto": "x509"}
    signature = signer.key.sign(canonical(message), padding.PKCS1v15(), hashes.SHA1())
    return {**message, "signature": base64.encodebytes(signature).decode(),
            "certificate": base64.encodebytes(pem or signer.pem).decode()}


def plain(number=1, **other):
    return {"topic": TOPIC, "timestamp": NOW, "i": number, "username": "builder",
            "msg_id": f"2023-00000000-0000-4000-8000-{number:012}",
            "msg": {"build": {"name": "glade", "id": number, "tags": ["a", "b"]}, "state": 1.0},
            **other}


def archived(message):
    """What a datagrepper makes of it."""
    return {**message, "timestamp": float(message["timestamp"]), "headers": {},
            "source_name": "datanommer", "source_version": "0.9.1"}


def without(message, *keys):
    return {key: value for key, value in message.items() if key not in keys}


def rewrapped(text, width):
    text = text.replace("\n", "")
    return "".join(text[at:at + width] + "\n" for at in range(0, len(text), width))


CASES = []


def case(name, verdict, message, *, text=None, live=True, now=NOW + 1, routing=None, trust="ca",
         signer=None):
    CASES.append({
        "name": name, "verdict": verdict, "text": text or json.dumps(message), "live": live,
        "now": now, "routing": routing, "trust": trust, "signer": signer})


def right_ones(ca, app, middle, below):
    message = signed(plain(), app)
    case("as it is sent", "valid", message, text=canonical(message).decode(), signer="app.example")
    case("as a relay writes it", "valid", message)
    keys = list(message)
    RANDOM.shuffle(keys)
    case("keys in another order", "valid", {key: message[key] for key in reversed(sorted(keys))})
    case("indented", "valid", None, text=json.dumps(message, indent=1).replace("\n", " "))
    case("wrapped otherwise", "valid", {
        **message, "signature": rewrapped(message["signature"], 40),
        "certificate": message["certificate"].replace("\n", "")})
    case("a key that stands twice: the last counts", "valid", None,
         text='{"topic":"org.example.other",' + json.dumps(message)[1:])
    case("an authority between, known", "valid", signed(plain(), below), trust="both")
    case("an authority between, in the message", "valid",
         signed(plain(), below, below.pem + middle.pem))
    case("signed with SHA-1 by its authority", "valid", signed(
        plain(), Certificate("old.example", ca, digest=hashes.SHA1())))
    case("without crypto, as before 2014", "valid", {
        **plain(), "signature": base64.b64encode(app.key.sign(
            canonical(plain()), padding.PKCS1v15(), hashes.SHA1())).decode(),
        "certificate": base64.b64encode(app.pem).decode()})
    case("no time at all", "valid", signed(without(plain(), "timestamp"), app))


def spoilt_ones(app, other):
    message = signed(plain(), app)
    altered = "signature-mismatch"
    for key, value in [
            ("timestamp", NOW + 1), ("timestamp", float(NOW)), ("i", 2), ("username", "other"),
            ("msg_id", "2023-00000000-0000-4000-8000-000000000002"), ("topic", TOPIC + "s"),
            ("msg", {}), ("more", 1), ("headers", {}), ("seq_id", 5)]:
        case(f"{key} is {value}", altered, {**message, key: value})
    for key in ("timestamp", "i", "username", "msg_id", "msg"):
        case(f"without {key}", altered, without(message, key))
    case("crypto is left out", altered, without(message, "crypto"))
    inner = json.dumps(message)
    case("a number within is another", altered, None, text=inner.replace('"id": 1', '"id": 2'))
    case("a float within became an integer", altered, None,
         text=inner.replace('"state": 1.0', '"state": 1'))
    case("an array in another order", altered, None, text=inner.replace('["a", "b"]', '["b", "a"]'))
    case("a key within is another", altered, None, text=inner.replace('"tags"', '"Tags"'))
    case("another certificate, trusted too", altered, {
        **message, "certificate": base64.encodebytes(other.pem).decode()})
    flipped = bytearray(base64.b64decode(message["signature"]))
    flipped[17] ^= 4
    case("a bit of the signature", altered,
         {**message, "signature": base64.encodebytes(flipped).decode()})
    case("half a signature", altered, {
        **message, "signature": base64.encodebytes(bytes(flipped[:128])).decode()})
    sha256 = app.key.sign(canonical(without(message, "signature", "certificate")),
                          padding.PKCS1v15(), hashes.SHA256())
    case("SHA-256 instead", altered, {**message, "signature": base64.b64encode(sha256).decode()})


def unreadable_ones(ca, app):
    message = signed(plain(), app)
    malformed = "signature-malformed"
    for name, change in [
            ("the signature is no base 64", {"signature": "*" + message["signature"]}),
            ("a signature and more", {"signature": message["signature"] + "-more"}),
            ("an empty signature", {"signature": ""}), ("a signature that is a number",
                                                        {"signature": 5}),
            ("an empty certificate", {"certificate": ""}), ("a certificate that is a list",
                                                            {"certificate": []}),
            ("a certificate that is no PEM", {"certificate": base64.b64encode(b"app").decode()}),
            ("half a certificate", {"certificate": base64.b64encode(app.pem[:400]).decode()}),
            ("a certificate without base 64", {"certificate": app.pem.decode()}),
            ("a long certificate", {"certificate": message["certificate"] * 60}),
            ("another word for crypto", {"crypto": "x510"}), ("a number for crypto",
                                                              {"crypto": 7})]:
        case(name, malformed, {**message, **change})
    case("x509 and no certificate", malformed, without(message, "certificate"))
    case("x509 and no signature", malformed, without(message, "signature"))
    case("a key that is not RSA", malformed, {**message, "certificate": base64.encodebytes(
        Certificate("ec.example", ca, key=ec.generate_private_key(ec.SECP256R1())).pem).decode()})
    case("unsigned", "unsigned", plain())
    case("unsigned, as archives write it", "unsigned", {
        **plain(), "crypto": None, "signature": None, "certificate": None})
    case("crypto alone", "unsigned", {**plain(), "crypto": "x509"})
    case("gpg", "signed-by-gpg", {**plain(), "crypto": "gpg", "signature": "aGVsbG8="})
    case("gpg by what is there", "signed-by-gpg", {**plain(), "signature": "aGVsbG8="})


def wrong_certificates(ca, app, middle, below, revoked):
    untrusted = "certificate-untrusted"
    stranger = Certificate("Example CA", is_authority=True)
    for name, signer in [
            ("another authority, of the same name", Certificate("app.example", stranger)),
            ("signed by itself", Certificate("app.example")),
            ("signed by itself, an authority", Certificate("app.example", is_authority=True))]:
        case(name, untrusted, signed(plain(), signer))
    case("another authority, in the message", untrusted, signed(
        plain(), Certificate("app.example", stranger),
        Certificate("app.example", stranger).pem + stranger.pem))
    forged = Certificate("other.example", app)
    case("a service plays authority", untrusted, signed(plain(), forged, forged.pem + app.pem))
    case("an authority between, unknown", untrusted, signed(plain(), below))
    bare = Certificate("not an authority", ca)
    under = Certificate("app.example", bare)
    case("between is no authority", untrusted, signed(plain(), under, under.pem + bare.pem))
    case("trusted, but over another's text", "signature-mismatch", {
        **signed(plain(), revoked), "certificate": base64.encodebytes(app.pem).decode()})

    old = Certificate("old.example", ca, start=NOW - 2 * YEAR, end=NOW - YEAR)
    then = NOW - YEAR - DAY
    expired, early = "certificate-expired", "certificate-not-yet-valid"
    case("expired", expired, signed(plain(), old))
    case("expired now, live", expired, signed(plain(timestamp=then), old))
    case("expired now, from an archive", "valid", signed(plain(timestamp=then), old), live=False)
    case("expired then, from an archive", expired, signed(plain(), old), live=False)
    coming = Certificate("app.example", ca, start=NOW + DAY)
    case("not yet valid", early, signed(plain(), coming))
    case("not yet valid at the message's time", early, signed(plain(), coming), live=False,
         now=NOW + 2 * DAY)
    short = Certificate("Short CA", is_authority=True, end=NOW - DAY)
    case("its authority has expired", expired, signed(plain(), Certificate("app.example", short)),
         trust="short")

    message = signed(plain(), revoked)
    case("revoked, but nobody looks", "valid", message)
    case("revoked", "certificate-revoked", message, trust="crl")
    case("revoked, from an archive", "certificate-revoked", message, trust="crl", live=False)
    case("not revoked", "valid", signed(plain(), app), trust="crl")
    case("not revoked, long ago", "valid", signed(plain(timestamp=NOW - 200 * DAY), app),
         trust="crl", live=False)
    case("a list that has expired", "crl-stale", signed(plain(), app), trust="stale")
    case("a list of the message's time", "valid", signed(plain(timestamp=NOW - 2 * DAY), app),
         trust="stale", live=False, now=NOW + YEAR)
    case("a list older than the message", "crl-stale", signed(plain(), app), trust="stale",
         live=False, now=NOW + YEAR)
    case("revoked by a list that has expired", "certificate-revoked", message, trust="stale")
    case("no list of its authority", "crl-stale", signed(plain(), below, below.pem + middle.pem),
         trust="crl")
    case("a list that a stranger signed", untrusted, signed(plain(), app), trust="strange")
    return stranger, short


def routed_ones(ca, app):
    routing = {TOPIC: ["other.example", "app.example"], "org.example.prod.mine": ["other.example"]}
    case("permitted", "valid", signed(plain(), app), routing=routing)
    misrouted = "certificate-misrouted"
    mine = signed(plain(topic="org.example.prod.mine"), app)
    case("not permitted", misrouted, mine, routing=routing)
    case("not permitted, nitpicky", misrouted, mine, routing={**routing, "nitpicky": True})
    free = signed(plain(topic="org.example.prod.free"), app)
    case("not listed", "valid", free, routing=routing)
    case("not listed, nitpicky", "topic-unrouted", free, routing={**routing, "nitpicky": True})
    case("a name with a zero byte", misrouted, signed(
        plain(), Certificate("app.example\0.evil", ca)), routing=routing)


def archived_ones(app):
    message = archived(signed(plain(), app))
    for name, text in [
            ("archived", message), ("archived, without headers", without(message, "headers")),
            ("archived, headers are null", {**message, "headers": None}),
            ("archived, the time an integer", {**message, "timestamp": NOW}),
            ("archived, had headers", archived(signed(plain(headers={}), app))),
            ("archived, had a float time", archived(signed(plain(timestamp=float(NOW)), app))),
            ("archived, had both", archived(signed(plain(timestamp=NOW + .5, headers={}), app))),
            ("archived by the newer kind", {
                **message, "headers": None, "agent_name": "builder", "users": ["builder"],
                "packages": []}),
            ("archived, never changed", signed(plain(), app))]:
        case(name, "valid", text, live=False, now=NOW + 50 * YEAR)
    case("archived by the oldest kind", "signature-rewritten",
         without(message, "username", "crypto", "headers"), live=False)
    case("archived, but live", "signature-mismatch", message)
    rewritten = "signature-rewritten"
    for name, change in [
            ("another time", {"timestamp": NOW + 1.0}), ("a fraction", {"timestamp": NOW + .5}),
            ("another username", {"username": "other", "agent_name": "other"}),
            ("headers with something", {"headers": {"a": 1}}),
            ("a float that was an integer", {"i": 1.0})]:
        case("archived, " + name, rewritten, {**message, **change}, live=False)
    case("one source only", "signature-mismatch", without(message, "source_version"), live=False)


TEXTS = ["", "a", "b", "B", "\u00e9", "\u20ac", "\uffff", "\U0001f600", "\U0010ffff", "\ud800",
         "\udfff", "\udc00\ud800", "\x00", "\x1f", "\x7f", "\"", "\\", "/", "\n\r\t\b\f", "\u2028"]
NUMBERS = [0, -1, 10 ** 30, -10 ** 25, 2 ** 63, 1e22, 1e21, 1e16, 1e15, 123456789012345680.0, 1.0,
           -0.0, 0.1, 1e-5, 1e-4, 0.0001234, 5e-324, 1.7976931348623157e308, 1e-400, 2.5e-310,
           float("inf"), float("-inf"), float("nan"), 100.0, 1 / 3, 9007199254740993.0]


def value(depth):
    kind = RANDOM.randrange(9 if depth > 0 else 6)
    if kind == 0:
        return RANDOM.choice([True, False, None])
    if kind == 1:
        return RANDOM.choice(NUMBERS)
    if kind == 2:
        return RANDOM.choice([RANDOM.random() * 10.0 ** RANDOM.randrange(-30, 30),
                              RANDOM.randrange(-10 ** 20, 10 ** 20)])
    if kind < 6:
        return "".join(RANDOM.choice(TEXTS) for _ in range(RANDOM.randrange(4)))
    if kind == 6:
        return [value(depth - 1) for _ in range(RANDOM.randrange(4))]
    return {"".join(RANDOM.choice(TEXTS) for _ in range(RANDOM.randrange(3))): value(depth - 1)
            for _ in range(RANDOM.randrange(6))}


def wire(item):
    """The same value in one of the ways in which it may be written."""
    if isinstance(item, dict):
        members = list(item.items())
        RANDOM.shuffle(members)
        text = RANDOM.choice([",", ", ", " ,\t"]).join(
            wire_text(key) + RANDOM.choice([":", " : "]) + wire(inner) for key, inner in members)
        return "{" + text + "}"
    if isinstance(item, list):
        return "[" + RANDOM.choice([",", " , "]).join(map(wire, item)) + "]"
    if isinstance(item, str):
        return wire_text(item)
    return json.dumps(item)


def wire_text(text):
    try:
        text.encode()
        return json.dumps(text, ensure_ascii=RANDOM.random() < .5).replace(
            "/", RANDOM.choice(["/", "\\/"]))
    except UnicodeEncodeError:
        return json.dumps(text)


def random_ones(signer, count):
    for number in range(count):
        message = signed(plain(number, msg=value(4), extra=value(2)), signer)
        # As Python would read it: what is written twice, or beyond a float's range, is another.
        text = wire(message)
        if canonical(json.loads(text)) == canonical(message):
            case(f"random {number}", "valid", None, text=text)


def main(folder, seed):
    RANDOM.seed(seed)
    ca = Certificate("Example CA", is_authority=True, start=NOW - 9 * YEAR, end=NOW + 9 * YEAR)
    app, other, revoked = (
        Certificate(f"{name}.example", ca) for name in ("app", "other", "revoked"))
    middle = Certificate("Example Services", ca, is_authority=True)
    below = Certificate("below.example", middle)
    right_ones(ca, app, middle, below)
    spoilt_ones(app, other)
    unreadable_ones(ca, app)
    stranger, short = wrong_certificates(ca, app, middle, below, revoked)
    routed_ones(ca, app)
    archived_ones(Certificate("long.example", ca, end=NOW + YEAR))
    random_ones(Certificate("quick.example", ca, key=new_key(1024)), 1_500)
    files = {
        "ca.pem": ca.pem, "both.pem": ca.pem + b"\n# between\n" + middle.pem, "short.pem": short.pem,
        "other.pem": stranger.pem, "crl.pem": revocations(ca, [revoked]),
        "empty-crl.pem": revocations(ca, []),
        "stale.pem": revocations(ca, [revoked], NOW - 9 * DAY, NOW - DAY),
        "strange.pem": revocations(stranger, [app])}
    for name, content in files.items():
        with open(os.path.join(folder, name), "wb") as file:
            file.write(content)
    with open(os.path.join(folder, "cases.jsonl"), "w", encoding="utf-8") as file:
        for item in CASES:
            file.write(json.dumps(item) + "\n")


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
