#!/usr/bin/env bash
# Measures the canonical workload. Everything it makes goes to Benchmarks/work.
#
# usage: run.sh [MESSAGES=1000000]
#
# DATA=folder takes a data set that is there already (see make_data.py for its files). PEERS=folder
# with the programs sqlite_bench, lmdb_bench and floor runs them in the same run.
set -euo pipefail
cd "$(dirname "$0")"

messages=${1:-1000000}
work=$PWD/work
data=${DATA:-$work/data-$messages}
mkdir -p "$work"
[ -f "$data/queries.txt" ] || { echo "making $data ..."; python3 make_data.py "$data" "$messages"; }
swift build -c release --product Canonical 2>&1 | tail -1
canonical=.build/release/Canonical
store=$work/store

for flight in 1 4; do
    rm -rf "$store"
    echo "== tallylog, $flight batches in flight"
    "$canonical" ingest "$data" "$store" "$flight"
done
echo "== tallylog, from JSON lines"
rm -rf "$store"
"$canonical" lines "$data" "$store"
du -sb "$store/log" "$store/rollups"
echo "== tallylog, archives"
"$canonical" compact "$data" "$store"
du -sb "$store/log" "$store/rollups"
echo "== tallylog, questions"
"$canonical" query "$data" "$store" even
"$canonical" query "$data" "$store" odd
"$canonical" read "$data" "$store"

if [ -n "${PEERS:-}" ]; then
    echo "== peers"
    "$PEERS/floor" "$data" "$work" | grep -E "raw append|640|655360"
    rm -f "$work"/s.db*
    "$PEERS/sqlite_bench" ingest "$data" "$work/s.db" 10000 FULL full 1
    "$PEERS/sqlite_bench" query "$data" "$work/s.db" 10000 FULL full 1
    rm -rf "$work/l"
    "$PEERS/lmdb_bench" ingest "$data" "$work/l" 10000 full both
    "$PEERS/lmdb_bench" query "$data" "$work/l" 10000 full both
fi
