"""Plants one deliberate fault after the other and sees whether the tests catch it.

    plant.py [--check] [NAME ...]

A suite that has never been seen to fail proves little. So each fault, a mistake of the kind that
really happens, is put into a copy of the tree, the tests are built, and those run that ought to
turn red. The faults stand beside this file, in NAME.faults (see planted.py for their form).

The copy is .build/faults/tallylog, with a build of its own that stays warm. Verdicts are kept in
.build/faults/verdicts.jsonl: a fault that was caught is not tried again, until it or its file, or
the file of its test, changes. NAME tries those that begin so, whatever is known of them. --check
only sees that every fault still stands in its file.

Ends with a table, and with 1 if a fault was not caught or could not be tried.
"""

import hashlib
import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import time

import planted

ROOT = pathlib.Path(__file__).resolve().parents[2]
FOLDER = ROOT / ".build/faults"
COPY = FOLDER / "tallylog"
VERDICTS = FOLDER / "verdicts.jsonl"
# A build takes a minute or so; the first one as long as any.
BUILD_SECONDS = 3600
BUILD = ["swift", "build", "--build-tests"]
# Less than in CI: what such a fault breaks, it breaks often.
SIZES = {"TALLYLOG_QUESTIONS": "10000", "TALLYLOG_POWER_CUTS": "400", "TALLYLOG_RULES": "1000"}


def tracked():
    """The files of the tree as they are now, committed or not."""
    names = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard", "-z"], cwd=ROOT, check=True,
        capture_output=True).stdout.decode().split("\0")
    return [name for name in names if os.path.lexists(ROOT / name) and name]


def bring(name):
    """Makes a file of the copy what it is in the tree; one that is the same keeps its time."""
    source, target = ROOT / name, COPY / name
    target.parent.mkdir(parents=True, exist_ok=True)
    if source.is_symlink():
        if not target.is_symlink():
            target.symlink_to(os.readlink(source))
        return
    content = source.read_bytes()
    if not target.exists() or target.read_bytes() != content:
        target.write_bytes(content)
        shutil.copymode(source, target)


def bring_all():
    fresh = not COPY.exists()
    names = set(tracked())
    if (ROOT / "Package.resolved").exists():
        names.add("Package.resolved")
    for name in names:
        bring(name)
    for path in list(COPY.rglob("*")):
        name = path.relative_to(COPY)
        if name.parts[0] != ".build" and not path.is_dir() and str(name) not in names:
            path.unlink()
    if fresh:
        # What the tree has fetched already need not be fetched again.
        for name in ["checkouts", "repositories", "artifacts"]:
            if (ROOT / ".build" / name).exists():
                shutil.copytree(ROOT / ".build" / name, COPY / ".build" / name, symlinks=True)
        if (ROOT / ".build/workspace-state.json").exists():
            shutil.copy(ROOT / ".build/workspace-state.json", COPY / ".build")


def run(command, seconds):
    """Runs a command in the copy; its exit code, or None where the time was over."""
    log = FOLDER / "last.log"
    with open(log, "wb") as output:
        process = subprocess.Popen(
            command, cwd=COPY, env=SIZES | os.environ, stdout=output, stderr=subprocess.STDOUT,
            start_new_session=True)
        try:
            code = process.wait(seconds)
        except subprocess.TimeoutExpired:
            code = None
        except KeyboardInterrupt:
            os.killpg(process.pid, signal.SIGKILL)
            raise
        if code is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
    return code, log.read_text(errors="replace")


def run_test(name, seconds):
    bundle = ".build/debug/tallylogPackageTests.xctest"
    return run([bundle, "--testing-library", "swift-testing", "--filter", name], seconds)


def see_green(faults):
    """A test that is red without a fault would catch them all."""
    for test in sorted({fault.test for fault in faults}):
        code, log = run_test(test, max(fault.seconds for fault in faults if fault.test == test))
        if code != 0 or " 0 tests" in log:
            sys.exit(f"{log[-4000:]}\n{test} does not pass without a fault")


def verdict(fault):
    """Plants a fault, says what became of it, and takes it out again."""
    target = COPY / fault.file
    target.write_text(fault.planted(target.read_text()))
    try:
        code, log = run(BUILD, BUILD_SECONDS)
        if code != 0:
            return "does not build", log
        code, log = run_test(fault.test, fault.seconds)
    finally:
        bring(fault.file)
    if code is None:
        return ("caught" if fault.hangs else "took too long"), log
    return ("NOT CAUGHT" if code == 0 else "caught"), log


def state(fault):
    """What a verdict is of: the fault, the file that it is in, and its test."""
    digest = hashlib.sha256(repr(fault).encode())
    digest.update((ROOT / fault.file).read_bytes())
    for file in planted.test_files(ROOT, fault.test):
        digest.update(file.read_bytes())
    return digest.hexdigest()


def known():
    if not VERDICTS.exists():
        return {}
    lines = [json.loads(line) for line in VERDICTS.read_text().splitlines()]
    return {line["name"]: line for line in lines}


def try_all(faults, again):
    verdicts = known()
    todo = [fault for fault in faults
            if again or verdicts.get(fault.name, {}).get("state") != state(fault)
            or verdicts[fault.name]["verdict"] != "caught"]
    print(f"{len(faults)} faults, {len(todo)} to be tried; in {COPY}", flush=True)
    if not todo:
        return verdicts
    bring_all()
    code, log = run(BUILD, BUILD_SECONDS)
    if code != 0:
        sys.exit(log[-4000:] + "\nthe tree itself does not build")
    see_green(todo)
    for fault in todo:
        begun = time.monotonic()
        found, log = verdict(fault)
        seconds = round(time.monotonic() - begun)
        print(f"{fault.name}: {found}, {seconds} s", flush=True)
        if found != "caught":
            (FOLDER / f"{fault.name}.log").write_text(log)
        verdicts[fault.name] = {
            "name": fault.name, "verdict": found, "seconds": seconds, "state": state(fault)}
        with open(VERDICTS, "a") as file:
            file.write(json.dumps(verdicts[fault.name]) + "\n")
    return verdicts


def main(arguments):
    faults = planted.read_all(ROOT)
    if "--check" in arguments:
        print(f"{len(faults)} faults stand in their files")
        return 0
    if arguments:
        faults = [fault for fault in faults if fault.name.startswith(tuple(arguments))]
        if not faults:
            sys.exit(f"no fault is called {' '.join(arguments)}")
    FOLDER.mkdir(parents=True, exist_ok=True)
    verdicts = try_all(faults, again=bool(arguments))
    print("\n| fault | room | test | verdict |\n|---|---|---|---|")
    for fault in faults:
        print(f"| {fault.what} | {fault.room} | `{fault.test}` | "
              f"{verdicts[fault.name]['verdict']} |")
    caught = sum(verdicts[fault.name]["verdict"] == "caught" for fault in faults)
    minutes = sum(verdicts[fault.name]["seconds"] for fault in faults) / 60
    print(f"\n{caught} of {len(faults)} caught, {minutes:.0f} minutes")
    return 0 if caught == len(faults) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
