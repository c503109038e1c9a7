#!/usr/bin/env bash
# How much of each room the tests run: lines and regions, by room.
#   scripts/coverage.sh [FILTER]     with a filter: of these suites alone
set -euo pipefail
cd "$(dirname "$0")/.."
filter=${1:-}

swift build --build-tests --enable-code-coverage --scratch-path .build-coverage 2>&1 | tail -1
swift test --skip-build --enable-code-coverage --scratch-path .build-coverage --parallel \
    ${filter:+--filter "$filter"} 2>&1 | tail -2
folder=.build-coverage/debug
cov=$(command -v llvm-cov || echo "$(dirname "$(readlink -f "$(command -v swift)")")/llvm-cov")
"$cov" export -summary-only -instr-profile "$folder/codecov/default.profdata" \
    "$folder/tallylogPackageTests.xctest" >.build-coverage/summary.json
/usr/bin/python3 - .build-coverage/summary.json <<'PYTHON'
import collections, json, sys

rooms = collections.defaultdict(lambda: [0, 0, 0, 0])
for file in json.load(open(sys.argv[1], encoding="utf-8"))["data"][0]["files"]:
    path = file["filename"].split("/Sources/")
    if len(path) == 2 and "checkouts" not in path[0]:
        room = rooms[path[1].split("/")[0]]
        for place, kind in enumerate(("lines", "regions")):
            room[2 * place] += file["summary"][kind]["covered"]
            room[2 * place + 1] += file["summary"][kind]["count"]
print(f"{'room':<16}{'lines':>8}{'regions':>9}")
for name, room in sorted(rooms.items()):
    print(f"{name:<16}{100 * room[0] / room[1]:>7.1f}%{100 * room[2] / room[3]:>8.1f}%")
PYTHON
