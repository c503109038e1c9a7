"""The table of `scripts/coverage.sh`, and a list of the lines that nothing ran.

A check that must never fail has a region of its own for the words with which the process would
end: "regions" counts them, "but for checks" does not.

usage: coverage.py EXPORTED.json UNCOVERED.txt
"""

import collections
import json
import sys


def regions(file):
    """Line, column and count of each region's beginning."""
    # A segment: line, column, count, has a count, is the entry of a region, is a gap.
    return [
        (line, column, count)
        for line, column, count, has_count, is_entry, is_gap in file["segments"]
        if has_count and is_entry and not is_gap]


def ends_the_process(lines, line, column):
    """Whether a region that was never entered is only there to end the process."""
    following = (lines[line - 1][column - 1:] + " " + " ".join(lines[line:line + 2])).lstrip("{ ")
    if following.startswith("preconditionFailure("):
        return True
    before = "\n".join(lines[max(0, line - 4):line - 1] + [lines[line - 1][:column - 1]])
    call = before.rfind("precondition(")
    return call >= 0 and before[call:].count("(") > before[call:].count(")")


class Room:
    """How much there is, and how much of it was run."""

    def __init__(self):
        self.lines = [0, 0]
        self.regions = [0, 0]
        self.checks = 0

    def add(self, file, lines):
        for kind, sums in (("lines", self.lines), ("regions", self.regions)):
            sums[0] += file["summary"][kind]["covered"]
            sums[1] += file["summary"][kind]["count"]
        uncovered = [place for place in regions(file) if place[2] == 0]
        left = [place for place in uncovered if not ends_the_process(lines, *place[:2])]
        self.checks += len(uncovered) - len(left)
        return sorted({line for line, _, _ in left})

    def row(self):
        share = 100 * self.lines[0] / self.lines[1], 100 * self.regions[0] / self.regions[1]
        but_for_checks = 100 * self.regions[0] / (self.regions[1] - self.checks)
        return f"{share[0]:>7.1f}%{share[1]:>8.1f}%{but_for_checks:>15.1f}%"


def main(exported, listed):
    rooms = collections.defaultdict(Room)
    with open(exported, encoding="utf-8") as source:
        files = json.load(source)["data"][0]["files"]
    with open(listed, "w", encoding="utf-8") as uncovered:
        for file in sorted(files, key=lambda file: file["filename"]):
            parts = file["filename"].split("/Sources/")
            if len(parts) != 2 or "checkouts" in parts[0]:
                continue
            with open(file["filename"], encoding="utf-8") as source:
                lines = source.read().split("\n")
            left = rooms[parts[1].split("/")[0]].add(file, lines)
            if left:
                print(f"{parts[1]}: {' '.join(map(str, left))}", file=uncovered)
    print(f"{'room':<16}{'lines':>8}{'regions':>9}{'but for checks':>16}")
    for name, room in sorted(rooms.items()):
        print(f"{name:<16}{room.row()}")
    print(f"what nothing ran: {listed}")


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
