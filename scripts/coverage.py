"""The table of `scripts/coverage.sh`, and a list of the lines that nothing ran.

usage: coverage.py EXPORTED.json UNCOVERED.txt
"""

import collections
import json
import sys


def uncovered_lines(file):
    """The lines in which a region begins that was never entered."""
    # A segment: line, column, count, has a count, is the entry of a region, is a gap.
    return sorted({
        line for line, _, count, has_count, is_entry, is_gap in file["segments"]
        if has_count and is_entry and count == 0 and not is_gap})


def main(exported, listed):
    rooms = collections.defaultdict(lambda: [0, 0, 0, 0])
    with open(exported, encoding="utf-8") as source:
        files = json.load(source)["data"][0]["files"]
    with open(listed, "w", encoding="utf-8") as uncovered:
        for file in sorted(files, key=lambda file: file["filename"]):
            parts = file["filename"].split("/Sources/")
            if len(parts) != 2 or "checkouts" in parts[0]:
                continue
            room = rooms[parts[1].split("/")[0]]
            for place, kind in enumerate(("lines", "regions")):
                room[2 * place] += file["summary"][kind]["covered"]
                room[2 * place + 1] += file["summary"][kind]["count"]
            lines = uncovered_lines(file)
            if lines:
                print(f"{parts[1]}: {' '.join(map(str, lines))}", file=uncovered)
    print(f"{'room':<16}{'lines':>8}{'regions':>9}")
    for name, room in sorted(rooms.items()):
        print(f"{name:<16}{100 * room[0] / room[1]:>7.1f}%{100 * room[2] / room[3]:>8.1f}%")
    print(f"what nothing ran: {listed}")


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
