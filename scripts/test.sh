#!/usr/bin/env bash
# Runs all tests of a build that is there: those of the rooms, and beside them the end-to-end
# programs, which wait more than they work, in a process of their own: in one, the long tests would
# leave them no thread to begin on.
#
# usage: test.sh FOLDER    where `swift build --build-tests` has put the tests
set -euo pipefail
cd "$(dirname "$0")/.."

tests=("$1/tallylogPackageTests.xctest" --testing-library swift-testing)
log=$1/end-to-end.log

"${tests[@]}" --filter EndToEndTests >"$log" 2>&1 &
programs=$!
# A stop ends these, too.
trap 'kill "$programs" 2>/dev/null || true' EXIT
failed=0
"${tests[@]}" --skip EndToEndTests || failed=1
wait "$programs" || failed=1
cat "$log"
exit "$failed"
