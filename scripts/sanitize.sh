#!/usr/bin/env bash
# Data races: the suites in which threads meet, under the thread sanitizer. Leaks: the release
# command, by itself and as what the end-to-end programs run. Not part of CI: a build of its own
# and many minutes.
#   scripts/sanitize.sh [threads|leaks]
#   SANITIZE_BUILD=.build   another folder to build in: a warm one spares NIO's C files
set -euo pipefail
cd "$(dirname "$0")/.."
what=${1:-all}
folder=${SANITIZE_BUILD:-.build-tsan}

# Races in code of others, and what the sanitizer cannot know of, with the reason for each.
races=$PWD/scripts/thread-sanitizer.txt
suites='EngineTests\.(Watcher|BackPressure|Stop|LongReader|FeedLedger|Replacement|RuleRetention)'
suites="$suites|ServerTests|FeedTests|BackfillTests|TallylogTests"

if [ "$what" != leaks ]; then
    # Not --sanitize=thread: that builds the C files of libraries again, to no use.
    # What the sanitizer makes of an atomic pointer, a cast between it and a word, the compiler's own
    # check of its code refuses (Swift 6.3); it is right all the same.
    swift build --build-tests --scratch-path "$folder" -Xswiftc -sanitize=thread \
        -Xswiftc -Xfrontend -Xswiftc -disable-llvm-verify 2>&1 | tail -1
    bundle=$folder/debug/tallylogPackageTests.xctest
    tools=$(dirname "$(readlink -f "$(command -v swift)")")
    "$tools/clang" -O1 -shared -fPIC -o "$folder/mutex.so" scripts/mutex-for-thread-sanitizer.c
    export TSAN_OPTIONS="suppressions=$races halt_on_error=0 exitcode=66"
    # The sanitizer itself, by a program that races.
    printf '%s\n' 'import Dispatch' 'nonisolated(unsafe) var shared = 0' \
        'DispatchQueue.concurrentPerform(iterations: 64) { _ in for _ in 0..<999 { shared += 1 } }' \
        >"$folder/racing.swift"
    swiftc -sanitize=thread -o "$folder/racing" "$folder/racing.swift"
    if LD_PRELOAD="$folder/mutex.so" "$folder/racing" 2>/dev/null; then
        echo "the thread sanitizer finds nothing where threads race"
        exit 1
    fi
    LD_PRELOAD="$folder/mutex.so" "$bundle" \
        --testing-library swift-testing --filter "$suites" >"$folder/threads.log" 2>&1 \
        || tail -3 "$folder/threads.log"
    grep -a "Test run with" "$folder/threads.log"
    found=$(grep -ac "WARNING: ThreadSanitizer" "$folder/threads.log" || true)
    echo "thread sanitizer: $found reports; see $folder/threads.log"
    [ "$found" -eq 0 ]
fi

# valgrind's memcheck falls over libdispatch, whose main thread ends before the others. The leak
# sanitizer of gcc needs no build of its own: it takes the place of malloc.
if [ "$what" != threads ]; then
    [ -x .build/release/tallylog ] || swift build -c release --product tallylog
    place=$(mktemp -d)
    trap 'rm -rf "$place"' EXIT
    cat >"$place/tallylog" <<COMMAND
#!/bin/sh
export LD_PRELOAD=$(find /usr/lib -name liblsan.so.0 | head -1)
export LSAN_OPTIONS=exitcode=67:print_suppressions=0:suppressions=$PWD/scripts/leak-sanitizer.txt
exec $PWD/.build/release/tallylog "\$@"
COMMAND
    chmod +x "$place/tallylog"
    # The sanitizer itself, by a program that leaks.
    echo 'int main() { void *volatile lost = __builtin_malloc(77); lost = 0; return 0; }' \
        | gcc -O0 -x c -o "$place/leaking" -
    if LD_PRELOAD=$(find /usr/lib -name liblsan.so.0 | head -1) "$place/leaking" 2>/dev/null; then
        echo "the leak sanitizer finds nothing where something leaks"
        exit 1
    fi
    # Commands that leak end with 67, which none of these programs takes for right.
    for name in importing asking compacting serving mixed_load rules restarting soak; do
        /usr/bin/python3 -B "Tests/EndToEndTests/python/$name.py" "$place/tallylog" \
            >"$place/output" 2>&1 \
            || { tail -60 "$place/output"; echo "leaks, or a failure: $name"; exit 1; }
        echo "no leak: $name"
    done
fi
