#!/usr/bin/env bash
# Holds the core's operations against their thresholds of instructions.
#
# usage: run.sh [--write]
set -euo pipefail
cd "$(dirname "$0")"

swift build -c release --product Operations 2>&1 | tail -1
# Valgrind 3.19 cannot read all of the debugging information.
strip --strip-debug -o .build/operations .build/release/Operations
/usr/bin/python3 -B check.py .build/operations "$@"
