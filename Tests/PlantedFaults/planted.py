"""The faults that plant.py plants, as they are written down:

    fault    journal-not-flushed
    what     an append is acknowledged before its bytes are on the disk
    file     Sources/MessageLog/Journal/JournalWriter.swift
    test     LogCrashTests/everyCallMayBeTheLast
    seconds  120
    -        try file.synchronize()
    +        _ = file

The lines behind "-" are the text that is replaced, whole and with their indentation; it must stand
in the file once and only once, so that faults cannot rot unseen. Those behind "+" take its place.
"hangs" instead of "seconds": a test that does not end in that time has caught the fault, too.
"""

import dataclasses
import pathlib
import sys


@dataclasses.dataclass
class Fault:
    name: str = ""
    what: str = ""
    file: str = ""
    test: str = ""
    seconds: int = 0
    hangs: bool = False
    old: str = ""
    new: str = ""

    @property
    def room(self):
        return self.file.split("/")[1]

    def planted(self, text):
        if text.count(self.old) != 1:
            sys.exit(f"{self.name}: its text stands {text.count(self.old)} times in {self.file}")
        return text.replace(self.old, self.new)


def read(path):
    faults = []
    for number, line in enumerate(path.read_text().splitlines(), 1):
        word, _, rest = line.partition(" ")
        if line.startswith("-"):
            faults[-1].old += line[1:] + "\n"
        elif line.startswith("+"):
            faults[-1].new += line[1:] + "\n"
        elif word == "fault":
            faults.append(Fault(name=rest.strip()))
        elif word in ("seconds", "hangs"):
            faults[-1].seconds = int(rest)
            faults[-1].hangs = word == "hangs"
        elif word in ("what", "file", "test"):
            setattr(faults[-1], word, rest.strip())
        elif line and word != "#":
            sys.exit(f"{path}:{number}: {line}")
    return faults


def test_files(root, test):
    """Where the tests stand that a filter takes: SUITE/begin-of-function, or a suite alone."""
    suite, _, function = test.partition("/")
    return [path for path in sorted((root / "Tests").rglob("*.swift"))
            if f"struct {suite}" in (text := path.read_text()) and f"func {function}" in text]


def read_all(root):
    """All faults, each of which must be whole, stand in its file, and have a test."""
    faults = []
    for path in sorted(pathlib.Path(__file__).parent.glob("*.faults")):
        faults += read(path)
    names = [fault.name for fault in faults]
    for fault in faults:
        if not all([fault.what, fault.file, fault.test, fault.seconds, fault.old]):
            sys.exit(f"{fault.name}: something is not said of it")
        if names.count(fault.name) > 1:
            sys.exit(f"{fault.name}: two faults have this name")
        fault.planted((root / fault.file).read_text())
        if not test_files(root, fault.test):
            sys.exit(f"{fault.name}: no test is {fault.test}")
    return faults
