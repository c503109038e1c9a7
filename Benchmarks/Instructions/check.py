"""Counts the instructions of operations of the core, and holds them against thresholds.

usage: check.py PROGRAM            fails where an operation costs more than its threshold
       check.py PROGRAM --write    writes thresholds a tenth above what is measured

Instructions under callgrind are the same on a noisy machine as on a quiet one. Each operation is
run a few times and more often, and the difference divided, so that what it takes to start and to
get ready is not counted. thresholds.txt has a line per operation: instructions, a tab, the name.
"""

import os
import re
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
THRESHOLDS = os.path.join(HERE, "thresholds.txt")
ROOM = 1.10
FEW, MORE = 2, 6
# Hashes would differ from run to run. (Valgrind has no AVX-512: newer machines run the same code.)
ENVIRONMENT = {**os.environ, "SWIFT_DETERMINISTIC_HASHING": "1"}


def instructions(program, name, times):
    run = subprocess.run(
        ["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null", program, name,
         str(times)], capture_output=True, text=True, env=ENVIRONMENT)
    found = re.search(r"Collected : (\d+)", run.stderr)
    if run.returncode != 0 or not found:
        raise SystemExit(f"{name} did not run:\n{run.stderr[-2000:]}")
    return int(found[1])


def measure(program, name):
    few, more = (instructions(program, name, times) for times in (FEW, MORE))
    return (more - few) // (MORE - FEW)


def thresholds():
    with open(THRESHOLDS) as file:
        lines = (line.rstrip("\n").split("\t") for line in file if not line.startswith("#"))
        return {name: int(number) for number, name in lines}


def main():
    program = sys.argv[1]
    names = subprocess.run(
        [program], check=True, capture_output=True, text=True).stdout.splitlines()
    measured = {}
    for name in names:
        measured[name] = measure(program, name)
        print(f"{measured[name]:>12,}  {name}", flush=True)
    if sys.argv[2:] == ["--write"]:
        with open(THRESHOLDS, "w") as file:
            file.write("# The most instructions that an operation may take; see check.py.\n")
            file.writelines(f"{int(n * ROOM)}\t{name}\n" for name, n in measured.items())
        return
    allowed = thresholds()
    wrong = [f"{name}: no threshold, or no such operation" for name in allowed.keys() ^ set(names)]
    wrong += [f"{name}: {measured[name]:,} instructions, at most {allowed[name]:,} allowed"
              for name in names if name in allowed and measured[name] > allowed[name]]
    if wrong:
        raise SystemExit("\n".join(wrong))
    print(f"all {len(names)} operations keep their thresholds")


main()
