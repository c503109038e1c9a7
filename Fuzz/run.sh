#!/usr/bin/env bash
# Runs every fuzz target for so many seconds. Fails at the first crash.
set -euo pipefail
cd "$(dirname "$0")"

seconds=${1:-60}
# One crash inside the backtracer never returned: no backtraces, and a hard time limit.
export SWIFT_BACKTRACE=enable=no
for target in FuzzEnvelope FuzzColumns FuzzRequest; do
    swift build -c release --product "$target" --scratch-path .build-fuzz \
        --sanitize=address --sanitize=fuzzer -Xswiftc -sanitize=fuzzer,address 2>&1 | tail -1
    mkdir -p "work/$target"
    timeout -s KILL $((seconds + 60)) ".build-fuzz/release/$target" "work/$target" \
        -max_total_time="$seconds" -max_len=65536 -print_final_stats=1 \
        -artifact_prefix="work/$target-" 2>"work/$target.log" \
        || { tail -20 "work/$target.log"; exit 1; }
    grep -q "inline 8-bit counters" "work/$target.log" || { echo "$target: not instrumented"; exit 1; }
    grep -E "stat::number_of_executed_units|cov:" "work/$target.log" | tail -2
done
