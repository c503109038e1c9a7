#!/usr/bin/env bash
# Runs the suites of trust with larger sizes and fresh seeds, round after round, until the time is
# over. A run that was stopped goes on where it was, when it is started again.
#
# usage: torture.sh FOLDER [MINUTES=60]
#   FOLDER           where `swift build --build-tests` has put the tests and the command
#   TORTURE_FOLDER   where the state, the logs and what fails are kept (.build/torture)
#   TORTURE_SCALE    how much larger each suite's share of a round is (1)
#
# Ends with 1 if any promise was broken: the folder has the log of the suite, with its seed, and the
# images that fail.
set -euo pipefail
cd "$(dirname "$0")/.."

build=$1
minutes=${2:-60}
folder=${TORTURE_FOLDER:-.build/torture}
scale=${TORTURE_SCALE:-1}
mkdir -p "$folder/failures"
state="$folder/state"
bundle=$build/tallylogPackageTests.xctest
command=$build/tallylog
# What runs of an earlier day left: seconds done, round, suite, failures.
touch "$state"
read -r spent round place failed <"$state" || true
spent=${spent:-0} round=${round:-1} place=${place:-0} failed=${failed:-0}
if [ "$spent" -ge $((minutes * 60)) ]; then spent=0; fi

# In the foreground of its suite's group, so that a stop reaches what runs.
swift() {
    timeout --foreground 7200 "$bundle" --testing-library swift-testing --filter "$1"
}
python() {
    timeout --foreground 7200 /usr/bin/python3 -B "Tests/EndToEndTests/python/$1.py" "$command" \
        | tee /dev/stderr | tail -1 | grep -qx "all equal"
}
fuzz() {
    bash Fuzz/run.sh "$FUZZ_SECONDS"
}
# The name, what runs, and the sizes: in a round each takes a minute, more or less; the fuzzers are
# built first.
suites=(
    "power-cuts|swift PowerCutTests/everythingAcknowledged|TALLYLOG_POWER_CUTS=$((16000 * scale))"
    "recovery-cuts|swift PowerCutTests/aPowerCutDuring|TALLYLOG_RECOVERY_CUTS=$((1000 * scale))"
    "failing-calls|swift FailingCallTests|TALLYLOG_FAILING_CALLS=$((1500 * scale))"
    "index-damage|swift IndexDamageTests|TALLYLOG_INDEX_DAMAGES=$((15000 * scale))"
    "tails|swift TornTailTests|TALLYLOG_TAILS=1"
    "bits|swift ArchiveTests/flippedBits|TALLYLOG_BITS=11"
    "flushes|swift LogFaultTests/aFailedFlushPoisons|TALLYLOG_FLUSH_SEEDS=$((100 * scale))"
    "histories|swift HistoryTests|TALLYLOG_QUESTIONS=$((50000 * scale))"
    "rules|swift RuleHistoryTests|TALLYLOG_RULES=$((5000 * scale))"
    "dumps|swift DumpTests|TALLYLOG_DUMPS=$((1000 * scale))"
    "clocks|swift ClockTests|TALLYLOG_CLOCKS=$((1000 * scale))"
    "kills|python kill_and_count|TALLYLOG_KILLS=$((100 * scale))"
    "compactions|python compacting|TALLYLOG_COMPACTING_KILLS=$((50 * scale))"
    "backfills|python restarting|TALLYLOG_RESTARTS=$((25 * scale))"
    "losses|python losing|TALLYLOG_LOSING_MESSAGES=$((1000000 * scale))"
    "full-disks|python full_disk|TALLYLOG_FULL_DISKS=$((20 * scale))"
    "readers|python mixed_load|TALLYLOG_MIXED_SECONDS=$((60 * scale))"
    "ceilings|python ceilings|TALLYLOG_CEILING_MESSAGES=$((1000000 * scale))"
    "hostile|python hostile|TALLYLOG_HOSTILE_SECONDS=$((10 * scale))"
    "inputs|fuzz|FUZZ_SECONDS=$((10 * scale))"
)

# A stop ends the suite that runs; it is run again when this is started again.
running=""
stopped() {
    [ -z "$running" ] || kill -TERM -- "-$running" 2>/dev/null || true
    echo "torture: stopped in round $round, $spent seconds done; start it again to go on"
    exit 143
}
trap stopped TERM INT
set -m

echo "torture: $minutes minutes from round $round on, $spent seconds done; in $folder"
while [ "$spent" -lt $((minutes * 60)) ]; do
    if [ "$place" -ge ${#suites[@]} ]; then
        round=$((round + 1)) place=0
    fi
    IFS='|' read -r name what size <<<"${suites[$place]}"
    seed=$(od -An -N4 -tu4 /dev/urandom | tr -d ' ')
    log="$folder/$name-$round-$seed.log"
    begun=$SECONDS
    echo "round $round: $name, seed $seed, $size"
    # In a subshell, so that the sizes are this suite's alone; behind, so that a stop is heard.
    (
        export "$size" TALLYLOG_SEED="$seed" SEED="$seed" TALLYLOG_FAILURES="$folder/failures"
        $what
    ) >"$log" 2>&1 &
    running=$!
    if ! wait "$running"; then
        failed=$((failed + 1))
        echo "FAILED: $name with seed $seed and $size; see $log"
        cp "$log" "$folder/failures/"
    else
        rm -f "$log"
    fi
    place=$((place + 1)) spent=$((spent + SECONDS - begun))
    echo "$spent $round $place $failed" >"$state.new"
    mv "$state.new" "$state"
done

echo "torture: $round rounds begun, $failed suites failed; failing images in $folder/failures"
echo "0 $((round + 1)) 0 0" >"$state"
[ "$failed" -eq 0 ]
