#!/usr/bin/env bash
# Data races: the suites in which threads meet, under the thread sanitizer. Leaks: a store's life
# with the release command, under valgrind. Not part of CI: a build of its own and many minutes.
#   scripts/sanitize.sh [threads|leaks]
set -euo pipefail
cd "$(dirname "$0")/.."
what=${1:-all}

# Races in code of others, and what the sanitizer cannot know of, with the reason for each.
suppressions=$PWD/scripts/thread-sanitizer.txt
suites='EngineTests\.(Watcher|BackPressure|Stop|LongReader|FeedLedger|Replacement|RuleRetention)'
suites="$suites|ServerTests|FuzzTests|FeedTests|TallylogTests"

if [ "$what" != leaks ]; then
    swift build --build-tests --sanitize=thread --scratch-path .build-tsan 2>&1 | tail -1
    TSAN_OPTIONS="suppressions=$suppressions halt_on_error=0 exitcode=66" \
        swift test --skip-build --sanitize=thread --scratch-path .build-tsan --no-parallel \
        --filter "$suites" 2>&1 | tee .build-tsan/output.txt | tail -5
    races=$(grep -c "WARNING: ThreadSanitizer" .build-tsan/output.txt || true)
    echo "thread sanitizer: $races reports"
    [ "$races" -eq 0 ]
fi

if [ "$what" != threads ]; then
    [ -x .build/release/tallylog ] || swift build -c release --product tallylog
    store=$(mktemp -d)
    trap 'rm -rf "$store"' EXIT
    (cd Tests/EndToEndTests/python && /usr/bin/python3 -B -c \
        "from harness import *; write_lines('$store/lines.jsonl', make_messages(5_000))" tallylog)
    check() {
        valgrind --quiet --leak-check=full --show-leak-kinds=definite,indirect \
            --errors-for-leak-kinds=definite --error-exitcode=67 .build/release/tallylog "$@" \
            >"$store/output" 2>&1 \
            || { tail -60 "$store/output"; echo "leaks or errors: tallylog $*"; exit 1; }
        echo "no leak: tallylog ${*//$store/STORE}"
    }
    check import --data "$store/data" "$store/lines.jsonl"
    check compact --data "$store/data"
    check top 5 user --data "$store/data"
    check series 1d --data "$store/data"
    check verify --data "$store/data"
    check rebuild --data "$store/data"
fi
