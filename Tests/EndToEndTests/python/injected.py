#!/usr/bin/env python3
"""Calls to the system fail that no disk of the tests reaches: strace makes them fail.

usage: injected.py TALLYLOG

TALLYLOG_INJECTED (default 2) is at how many places each call fails.

What could go wrong: a directory cannot be listed, a lock not be had, a file not be looked at, a
thread not be started, a client not be accepted or answered, and the command ends by a signal, waits
for ever, says that something is done which is not, or leaves a store that is not whole.
"""

import os
import random
import shutil
import signal
import subprocess
import tempfile

from harness import (
    TALLYLOG, Repeating, Server, check, fail, make_messages, tallylog, until, write_lines)

PLACES = int(os.environ.get("TALLYLOG_INJECTED", "2"))
BEFORE, ADDED = 1_000, 2_000
# What importing calls, how it fails, and whether it goes on failing.
STORE_FAULTS = [
    (call, error, lasting)
    for call, errors in {
        "getdents64": ["EIO"], "flock": ["ENOLCK", "EINTR"], "newfstatat": ["EIO"],
        "lseek": ["EIO"], "pread64": ["EIO"], "pwrite64": ["EIO", "ENOSPC"],
        "ftruncate": ["EIO"], "fallocate": ["ENOSPC", "EOPNOTSUPP"], "fdatasync": ["EIO"],
        "fsync": ["EIO"], "rename": ["EIO"], "mkdir": ["ENOSPC"], "openat": ["EMFILE"],
        "madvise": ["EINVAL"], "setpriority": ["EPERM"], "statfs": ["EIO"], "fstatfs": ["EIO"],
    }.items()
    for error in errors for lasting in (False, True) if not (lasting and error == "EINTR")]
# What serving calls.
SERVER_FAULTS = [
    ("accept4", "EMFILE"), ("accept4", "ECONNABORTED"), ("accept4", "EINTR"), ("write", "EINTR"),
    ("read", "EINTR"), ("epoll_wait", "EINTR")]
UNDER = ["strace", "-f", "-qq"]


def obstacle():
    """Why nothing can be made to fail here; empty where it can."""
    try:
        done = subprocess.run(UNDER + ["-o", "/dev/null", "true"], capture_output=True, text=True,
                              check=False)
    except FileNotFoundError:
        return "strace is absent; 'make test-packages' installs it"
    return "" if done.returncode == 0 else f"strace does not work here: {done.stderr.strip()}"


def calls_by_name(folder, command):
    """How often each call is made where none fails."""
    path = os.path.join(folder, "counts")
    subprocess.run(UNDER + ["-c", "-o", path, *command], check=True, capture_output=True)
    with open(path, encoding="utf-8") as table:
        rows = [line.split() for line in table]
    return {row[-1]: int(row[3]) for row in rows if len(row) > 4 and row[3].isdigit()}


def failing(call, error, when):
    return UNDER + ["-o", "/dev/null", "-e", f"trace={call}", "-e",
                    f"inject={call}:error={error}:when={when}"]


def imported(folder, number, fault, place):
    """One import in which a call fails: what it says is so, and the store is whole."""
    call, error, lasting = fault
    what = f"{call} {place}{'+' if lasting else ''} gives {error}"
    data = os.path.join(folder, f"data{number}")
    tallylog("import", "--data", data, os.path.join(folder, "before.jsonl"))
    command = [TALLYLOG, "import", "--data", data, os.path.join(folder, "added.jsonl")]
    done = subprocess.run(
        failing(call, error, f"{place}{'+' if lasting else ''}") + command, capture_output=True,
        text=True, timeout=120, check=False)
    said = (done.stdout + done.stderr).strip()
    if done.returncode < 0 or done.returncode > 127:
        fail(f"{what}: ended by signal {done.returncode}: {said[-2000:]}")
    if done.returncode != 0 and not done.stderr.strip():
        fail(f"{what}: ended with {done.returncode} and no word")
    count = int(tallylog("count", "--data", data))
    done_all = done.returncode == 0
    if done_all and count != BEFORE + ADDED or not BEFORE <= count <= BEFORE + ADDED:
        fail(f"{what}: {count} messages, though it said: {said}")
    tallylog("verify", "--data", data)
    tallylog("import", "--data", data, os.path.join(folder, "added.jsonl"))
    if int(tallylog("count", "--data", data)) != BEFORE + ADDED:
        fail(f"{what}: what it had not taken is not taken afterwards")
    shutil.rmtree(data)
    return "done" if done_all else "refused"


def import_all(folder, loading):
    messages = list(make_messages(BEFORE + ADDED))
    write_lines(os.path.join(folder, "before.jsonl"), messages[:BEFORE])
    write_lines(os.path.join(folder, "added.jsonl"), messages[BEFORE:])
    data = os.path.join(folder, "counted")
    tallylog("import", "--data", data, os.path.join(folder, "before.jsonl"))
    calls = calls_by_name(folder, [
        TALLYLOG, "import", "--data", data, os.path.join(folder, "added.jsonl")])
    outcomes = []
    for fault in STORE_FAULTS:
        places = range(loading.get(fault[0], 0) + 1, calls.get(fault[0], 0) + 1)
        if not places:
            fail(f"importing makes no call of {fault[0]}")
        for place in random.sample(places, min(PLACES, len(places))):
            outcomes.append(imported(folder, len(outcomes), fault, place))
    print(f"{len(outcomes)} imports with a failing call: {outcomes.count('done')} did it all the "
          f"same, {outcomes.count('refused')} said what failed", flush=True)


class Counting(Repeating):
    """A client that asks how many messages there are, and comes back where it is cut off."""

    def __init__(self, server):
        super().__init__(server)
        self.answers = 0

    def step(self):
        counted = self.client.execute_command("COUNT")
        if counted != BEFORE:
            raise ValueError(f"{counted} messages, not {BEFORE}")
        self.answers += 1


def served(folder, call, error, first):
    """A server of which every seventh call fails: clients that come back get their answers."""
    server = Server(folder)
    server.command = failing(call, error, f"{first}+7") + server.command
    with server:
        clients = [Counting(server) for _ in range(4)]
        for client in clients:
            client.start()
        until(f"answers while {call} gives {error}",
              lambda: [client.check() for client in clients]
              and all(client.answers >= 50 for client in clients))
        for client in clients:
            client.finish()
        # strace passes no signal on: the server is its child.
        with open(f"/proc/{server.process.pid}/task/{server.process.pid}/children",
                  encoding="ascii") as children:
            os.kill(int(children.read().split()[0]), signal.SIGTERM)
        check(f"the server ends well: {call}, {error}", server.process.wait(60), 0)


def serve_all(folder, loading):
    tallylog("import", "--data", os.path.join(folder, "data"),
             os.path.join(folder, "before.jsonl"))
    for call, error in SERVER_FAULTS:
        served(folder, call, error, loading.get(call, 0) + 1)
    tallylog("verify", "--data", os.path.join(folder, "data"))


def main():
    reason = obstacle()
    if reason:
        print(f"skipped: {reason}\nall equal")
        return
    with tempfile.TemporaryDirectory(prefix="tallylog-injected-") as folder:
        # What loads the program fails in words that are not its own.
        loading = calls_by_name(folder, [TALLYLOG, "--version"])
        import_all(folder, loading)
        serve_all(folder, loading)
    print("all equal")


if __name__ == "__main__":
    main()
