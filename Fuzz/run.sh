#!/usr/bin/env bash
# Runs every fuzz target for so many seconds, or those that are named. Fails at the first crash.
#   Fuzz/run.sh SECONDS [TARGET ...]
set -euo pipefail
cd "$(dirname "$0")"

seconds=${1:-60}
shift || true
targets=("$@")
if [ ${#targets[@]} -eq 0 ]; then
    targets=(envelope columns journal archive rollups rules request query reply configuration
        operations)
fi

# One crash inside the backtracer never returned: no backtraces, and a hard time limit.
export SWIFT_BACKTRACE=enable=no
# What is made once and kept for ever, as a target's parsers are, would pass for a leak at the end.
export ASAN_OPTIONS=detect_leaks=0
# Stores are made by the thousand; in memory, that spares the disk.
work=$(mktemp -d /dev/shm/tallylog-fuzz-XXXXXX)
export TMPDIR=$work
trap 'rm -rf "$work"' EXIT

swift build -c release --product FuzzRunner --scratch-path .build-fuzz \
    --sanitize=address --sanitize=fuzzer -Xswiftc -sanitize=fuzzer,address 2>&1 | tail -1
runner=.build-fuzz/release/FuzzRunner
mkdir -p work

# libFuzzer's own words go to a log of the target.
run() {
    local target=$1 time=$2
    shift 2
    mkdir -p "work/$target" "Cases/$target"
    TALLYLOG_FUZZ=$target timeout -s KILL $((time + 120)) "$runner" "work/$target" "Cases/$target" \
        -max_total_time="$time" -max_len=4096 -timeout=60 -rss_limit_mb=4096 \
        -print_final_stats=1 -artifact_prefix="work/$target-" "$@" >"work/$target.log" 2>&1
}

# Found within seconds where the instruments work, and a minute or so on a busy machine.
if run canary 180 -max_len=8; then
    echo "canary: its mistake was not found; the runs would be worth nothing"
    exit 1
fi
grep -q "inline 8-bit counters" work/canary.log || { echo "nothing is instrumented"; exit 1; }
# By its input: an optimized build does not print the sentence of a trap.
grep -q "^chirp" work/canary-crash-* || { tail -20 work/canary.log; exit 1; }
rm -f work/canary-crash-*
echo "canary: found, as it must be"

fuzz() {
    local target=$1
    run "$target" "$seconds" || { tail -30 "work/$target.log"; echo "$target: failed"; return 1; }
    local units edges
    units=$(sed -n 's/^stat::number_of_executed_units: *//p' "work/$target.log")
    edges=$(grep -o "cov: [0-9]*" "work/$target.log" | tail -1 | cut -d' ' -f2)
    echo "$target: $units inputs in $seconds s, $edges edges, no crash"
}

# As many at once as there are processors.
lanes=$(nproc)
for ((first = 0; first < ${#targets[@]}; first += lanes)); do
    running=()
    for target in "${targets[@]:first:lanes}"; do
        fuzz "$target" &
        running+=($!)
    done
    failed=0
    for process in "${running[@]}"; do wait "$process" || failed=1; done
    [ "$failed" -eq 0 ] || exit 1
done
