"""Runs a program that prints figures as lines of JSON, and watches the memory of processes."""

import json
import os
import subprocess
import threading


def memory_of(pid):
    """Anonymous and shared memory in bytes; nothing once the process is gone."""
    found = {"RssAnon": 0, "RssShmem": 0}
    try:
        with open(f"/proc/{pid}/status") as file:
            for line in file:
                name, _, rest = line.partition(":")
                if name in found:
                    found[name] = int(rest.split()[0]) * 1024
    except (FileNotFoundError, ProcessLookupError):
        pass
    return found["RssAnon"], found["RssShmem"]


class MemoryWatch:
    """The largest memory of some processes together, looked at fifty times a second.

    What servers share is counted once.
    """

    def __init__(self, processes):
        self.processes = processes
        self.largest = 0
        self.ended = threading.Event()
        self.thread = threading.Thread(target=self.watch)

    def watch(self):
        while not self.ended.wait(0.02):
            parts = [memory_of(pid) for pid in self.processes()]
            if parts:
                anonymous = sum(part[0] for part in parts)
                self.largest = max(self.largest, anonymous + max(part[1] for part in parts))

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.ended.set()
        self.thread.join()


def run(command, server=None):
    """Returns figures by name, and by kind for questions; `memory` is the largest of it all."""
    environment = dict(os.environ)
    if server:
        environment["SERVER_PIDS"] = " ".join(map(str, server.processes()))
    program = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment)

    def processes():
        return [program.pid, *(server.processes() if server else [])]

    with MemoryWatch(processes) as memory:
        lines = program.stdout.read().splitlines()
        if program.wait() != 0:
            raise SystemExit(f"{' '.join(command)} ended with {program.returncode}")
    figures = {"memory": memory.largest, "questions": {}}
    for line in lines:
        if not line.startswith("{"):
            continue
        figure = json.loads(line)
        if figure["figure"] == "question":
            figures["questions"][figure["kind"]] = figure
        else:
            figures[figure["figure"]] = figure
    return figures


def disk_bytes(path):
    """What the files of a folder, or a file, take on the disk."""
    if os.path.isfile(path):
        return os.stat(path).st_blocks * 512
    return sum(
        os.stat(os.path.join(folder, name)).st_blocks * 512
        for folder, _, names in os.walk(path) for name in names)
