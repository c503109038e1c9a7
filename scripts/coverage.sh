#!/usr/bin/env bash
# How much of each room the tests run: lines and regions, by room. What is counted is what the
# tests' own process runs, and the programs that power cuts and failing calls are tried with; not
# the command.
#   scripts/coverage.sh [FILTER]     of these suites; without one, of the rooms' own
#   COVERAGE_BUILD=.build            another folder to build in: a warm one spares NIO's C files
set -euo pipefail
cd "$(dirname "$0")/.."
rooms='Disk|LMDB|MessageLog|Rollup|Rules|Engine|Query|Envelope|Backfill|Feed|Server'
# The last ones by themselves: they wait for programs that must not be kept waiting.
filters=("($rooms|Fuzz|Tallylog)Tests" 'PowerCutTests')
[ $# -eq 0 ] || filters=("$1")
folder=${COVERAGE_BUILD:-.build-coverage}
# Nothing is optimized here: less of what takes long.
export TALLYLOG_POWER_CUTS=${TALLYLOG_POWER_CUTS:-400}
export TALLYLOG_RECOVERY_CUTS=${TALLYLOG_RECOVERY_CUTS:-10}
export TALLYLOG_INDEX_DAMAGES=${TALLYLOG_INDEX_DAMAGES:-300}
export TALLYLOG_FAILING_CALLS=${TALLYLOG_FAILING_CALLS:-100}

# Not --enable-code-coverage: that instruments the C files of libraries too.
swift build --build-tests --scratch-path "$folder" \
    -Xswiftc -profile-generate -Xswiftc -profile-coverage-mapping 2>&1 | tail -1
bundle=$folder/debug/tallylogPackageTests.xctest
profiles=$folder/profiles
rm -rf "$profiles"
mkdir -p "$profiles"
for filter in "${filters[@]}"; do
    LLVM_PROFILE_FILE="$PWD/$profiles/%p.profraw" "$bundle" --testing-library swift-testing \
        --filter "$filter" >"$folder/coverage.log" 2>&1 \
        || grep -a "recorded an issue" "$folder/coverage.log" | head
    grep -a "Test run with" "$folder/coverage.log"
done
tools=$(dirname "$(readlink -f "$(command -v swift)")")
# A process that was ended on purpose may leave a profile that is cut off.
"$tools/llvm-profdata" merge -sparse -failure-mode=all -o "$folder/tests.profdata" \
    "$profiles"/*.profraw
"$tools/llvm-cov" export -skip-functions -instr-profile "$folder/tests.profdata" "$bundle" \
    >"$folder/coverage.json"
/usr/bin/python3 -B scripts/coverage.py "$folder/coverage.json" "$folder/uncovered.txt"
