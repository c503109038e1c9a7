#!/usr/bin/env bash
# Tallylog beside other engines, in one run. Everything it makes goes to Benchmarks/work, programs
# and the peers' Python packages to Benchmarks/.build-peers.
#
# usage: run.sh [MESSAGES=1000000] [ENGINE ...]
#
# DATA=folder takes a data set that is there already (see make_data.py for its files).
# PUBLISH=1 copies the table and the chart to docs.
set -euo pipefail
cd "$(dirname "$0")/.."

messages=${1:-1000000}
[ $# -gt 0 ] && shift
work=$PWD/work/compare
data=${DATA:-$PWD/work/data-$messages}
programs=$PWD/.build-peers
mkdir -p "$work" "$programs"
# The server of PostgreSQL runs under its own user, who must reach its folder.
chmod a+x "$PWD/work" "$work"

[ -f "$data/idx.bin" ] || { echo "making $data ..."; python3 -B make_data.py "$data" "$messages"; }
for peer in sqlite lmdb redis postgresql floor; do
    case $peer in
        sqlite) libraries=sqlite3 ;;
        lmdb) libraries=lmdb ;;
        redis) libraries=hiredis ;;
        postgresql) libraries=libpq ;;
        floor) libraries= ;;
    esac
    # shellcheck disable=SC2046
    gcc -std=gnu11 -O2 -Wall -Wextra -Werror -o "$programs/$peer" \
        compare/{$peer,dataset,measuring,increments}.c \
        ${libraries:+$(pkg-config --cflags --libs "$libraries")}
done
[ -d "$programs/venv" ] || /usr/bin/python3 -m venv "$programs/venv"
"$programs/venv/bin/pip" install --quiet --requirement compare/requirements.txt
swift build -c release --product Canonical 2>&1 | tail -1
"$programs/venv/bin/python" -B compare/compare.py \
    "$data" "$work" "$programs" "$PWD/.build/release/Canonical" "$@"
if [ -n "${PUBLISH:-}" ]; then cp "$work"/comparison.{md,svg} ../docs/; fi
