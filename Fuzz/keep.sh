#!/usr/bin/env bash
# Adds to Cases/TARGET, of what runs have found new in work/TARGET, the small inputs that reach what
# no kept one does; at most so many in all.
#   Fuzz/keep.sh [MOST=60]
set -euo pipefail
cd "$(dirname "$0")"
most=${1:-60}
export SWIFT_BACKTRACE=enable=no
for found in work/*/; do
    target=$(basename "$found")
    [ -d "Cases/$target" ] || continue
    merged=$(mktemp -d)
    find "$found" -type f -size -2k -exec cp -t "$merged" {} +
    mkdir -p "$merged.kept"
    cp "Cases/$target"/* "$merged.kept" 2>/dev/null || true
    TALLYLOG_FUZZ=$target timeout -s KILL 600 .build-fuzz/release/FuzzRunner -merge=1 \
        -rss_limit_mb=4096 -detect_leaks=0 "$merged.kept" "$merged" >"work/$target.merge.log" 2>&1
    room=$((most - $(find "Cases/$target" -type f | wc -l)))
    # By content, what is kept already has its own name.
    for file in $(cd "$merged.kept" && ls -rS); do
        [ "$room" -gt 0 ] || break
        [ -e "Cases/$target/$file" ] && continue
        cp "$merged.kept/$file" "Cases/$target/found-${file:0:10}"
        room=$((room - 1))
    done
    rm -rf "$merged" "$merged.kept"
    echo "$target: $(find "Cases/$target" -type f | wc -l) kept"
done
