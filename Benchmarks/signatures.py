#!/usr/bin/env python3
"""Measures what signatures cost: CPU a message, with certificates that are known already.

usage: signatures.py TALLYLOG [MESSAGES=20000]

Keys are of 1024, 2048 and 4096 bits, 50 services for each; messages have about 500 bytes, and 3 KB
with signature and certificate. First the command `signatures`, less what reading alone takes; then a
server that receives the 2048-bit ones over ZeroMQ, with each mode.
"""

import json
import os
import random
import resource
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "Tests", "SignaturesTests"))
from signing import YEAR, Certificate, new_key, revocations, signed  # noqa: E402

TALLYLOG = os.path.abspath(sys.argv[1])
MESSAGES = int(sys.argv[2]) if len(sys.argv) > 2 else 20_000
NOW = int(time.time())


def make(folder, bits):
    def made(name, issuer=None):
        return Certificate(
            name, issuer, issuer is None, NOW - YEAR, NOW + YEAR, new_key(bits))
    authority = made("Example CA")
    services = [made(f"service{number}.example", authority) for number in range(50)]
    with open(f"{folder}/ca{bits}", "wb") as file:
        file.write(authority.pem)
    with open(f"{folder}/crl{bits}", "wb") as file:
        file.write(revocations(authority, [], NOW - 60, NOW + YEAR))
    with open(f"{folder}/signed{bits}", "w", encoding="ascii") as file:
        for number in range(MESSAGES):
            message = {
                "topic": f"org.example.prod.service{number % 30}.done", "i": number,
                "timestamp": NOW - 3_600 + number % 3_600, "username": "apache",
                "msg_id": f"2026-00000000-0000-4000-8000-{number:012}",
                "msg": {"agent": f"person{number % 500}", "n": number, "text": "x" * 250}}
            file.write(json.dumps(signed(message, random.choice(services))) + "\n")


def seconds(*words):
    """The processor seconds of a command."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([TALLYLOG, *words], stdout=subprocess.DEVNULL, check=False)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def judge(folder, bits, authority):
    path = f"{folder}/signed{bits}"
    plain = min(seconds("extract", "--profile", "none", path) for _ in range(3))
    judged = min(seconds(
        "signatures", "--ca", f"{folder}/ca{authority}", "--crl", f"{folder}/crl{authority}",
        "--at", "now", "--valid", path) for _ in range(3))
    return (judged - plain) / MESSAGES * 1e6


def serve(folder, mode):
    data, endpoint = f"{folder}/data-{mode}", f"ipc://{folder}/bus-{mode}"
    with open(f"{folder}/{mode}.yaml", "w", encoding="ascii") as file:
        file.write(f"feeds:\n  a:\n    endpoints: {endpoint}\n    signatures:\n"
                   f"      mode: {mode}\n      ca: {folder}/ca2048\n      crl: {folder}/crl2048\n")
    server = subprocess.Popen(
        [TALLYLOG, "serve", "--data", data, "--config", f"{folder}/{mode}.yaml"],
        stderr=subprocess.DEVNULL)
    seconds("publish", "--bind", endpoint, f"{folder}/signed2048")
    while int(subprocess.run([TALLYLOG, "count", "--data", data], stdout=subprocess.PIPE,
                             check=False).stdout or 0) < MESSAGES:
        time.sleep(0.1)
    with open(f"/proc/{server.pid}/stat", encoding="ascii") as file:
        fields = file.read().rsplit(")", 1)[1].split()
    server.terminate()
    server.wait()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK") / MESSAGES * 1e6


def main(folder):
    for bits in (1024, 2048, 4096):
        make(folder, bits)
        cost = judge(folder, bits, bits)
        print(f"{bits} bits: {cost:.1f} us a message, {1e6 / cost:,.0f} a second and core")
    print(f"strangers, 1024 bits: {judge(folder, 1024, 2048):.1f} us a message")
    for mode in ("off", "mark", "require"):
        print(f"serve, {mode}: {serve(folder, mode):.1f} us a message")


if __name__ == "__main__":
    with tempfile.TemporaryDirectory(prefix="tallylog-") as scratch:
        main(scratch)
