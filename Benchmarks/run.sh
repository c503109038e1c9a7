#!/usr/bin/env bash
# Measures the canonical workload. Everything it makes goes to Benchmarks/work.
#
# usage: run.sh [MESSAGES=1000000]
#
# DATA=folder takes a data set that is there already (see make_data.py). compare/run.sh measures
# other engines beside; `Canonical grow` makes larger stores without a file.
set -euo pipefail
cd "$(dirname "$0")"

messages=${1:-1000000}
work=$PWD/work
data=${DATA:-$work/data-$messages}
mkdir -p "$work" .build-peers
[ -f "$data/queries.txt" ] || { echo "making $data ..."; python3 make_data.py "$data" "$messages"; }
swift build -c release --product Canonical 2>&1 | tail -1
canonical=.build/release/Canonical
store=$work/store

echo "== tallylog, in order and shuffled"
rm -rf "$store"*
"$canonical" shuffled "$data" "$store"
for flight in 1 4; do
    rm -rf "$store"*
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
echo "== tallylog, opening and rebuilding"
"$canonical" open "$data" "$store"
"$canonical" rebuild "$data" "$store"
rm -rf "$store-killed"
"$canonical" kill "$data" "$store-killed" 100000 || echo "killed, as it should be"
"$canonical" open "$data" "$store-killed"
echo "== tallylog, single durable appends"
"$canonical" single "$data" "$store-killed"
rm -rf "$store-killed"
echo "== tallylog, over its socket"
gcc -std=gnu11 -O2 -Wall -Wextra -Icompare -o .build-peers/socket \
    socket/socket.c compare/dataset.c compare/measuring.c -lm
# With the system's client libraries, as the tests.
[ -d .build-peers/clients ] || /usr/bin/python3 -m venv --system-site-packages .build-peers/clients
.build-peers/clients/bin/pip install --quiet --requirement socket/requirements.txt
.build-peers/clients/bin/python -B socket/over_socket.py ../.build/release/tallylog "$data" .build-peers/socket
