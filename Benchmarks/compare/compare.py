"""Tallylog beside other engines in one run: the same data, the same questions, the same sums.

usage: compare.py DATA WORK PROGRAMS CANONICAL [ENGINE ...]

DATA is what make_data.py made. WORK gets the stores, one at a time, and at the end figures.json,
comparison.md and comparison.svg. PROGRAMS has the peers written in C, CANONICAL is Tallylog's
benchmark; the peers written in Python run under the interpreter that runs this. ENGINEs choose some
of: tallylog, sqlite, postgresql, redis, duckdb, clickhouse, lmdb.
"""

import datetime
import importlib.metadata
import json
import os
import shutil
import sqlite3
import subprocess
import sys
import time

import chart
import measured
import servers
import table

HERE = os.path.dirname(os.path.abspath(__file__))
DATA, WORK, PROGRAMS, CANONICAL = map(os.path.abspath, sys.argv[1:5])
CHOSEN = sys.argv[5:]


def remove(path):
    if os.path.isdir(path):
        shutil.rmtree(path)
    for end in ("", "-wal", "-shm", ".wal"):
        if os.path.exists(path + end):
            os.remove(path + end)


def in_process(command, name):
    """An engine that is a library: a process that ingests, then one that asks."""
    path = os.path.join(WORK, name)
    remove(path)
    figures = measured.run([*command, "ingest", DATA, path])
    figures.setdefault("bytes", {"bytes": measured.disk_bytes(path)})
    asked = measured.run([*command, "query", DATA, path])
    remove(path)
    return {**figures, "questions": asked["questions"], "open": asked["open"]}


def tallylog():
    """Its memory is that of the way from JSON lines, where the caller does not hold the data."""
    path = os.path.join(WORK, "tallylog")
    remove(path)
    memory = measured.run([CANONICAL, "lines", DATA, path])["memory"]
    figures = in_process([CANONICAL, "compare"], "tallylog")
    return {**figures, "memory": memory}


def served(server, program, size):
    """An engine that is a server: its processes count."""
    server.start()
    command = [os.path.join(PROGRAMS, program)]
    figures = measured.run([*command, "ingest", DATA, server.address], server)
    figures["bytes"] = {"bytes": size(server)}
    server.stop()
    begun = time.perf_counter()
    server.start()
    figures["open"] = {"seconds": time.perf_counter() - begun}
    asked = measured.run([*command, "query", DATA, server.address], server)
    server.stop()
    server.remove()
    return {**figures, "questions": asked["questions"]}


def postgresql():
    """Its write-ahead log, which it recycles, is not counted."""
    return served(
        servers.PostgreSQL(WORK), "postgresql",
        lambda server: measured.disk_bytes(os.path.join(server.folder, "base")))


def redis():
    size = lambda server: measured.disk_bytes(server.folder)
    figures = served(servers.Redis(WORK), "redis", size)
    # The usual setting beside it, which may lose the last second.
    lax = servers.Redis(WORK, synchronize="everysec")
    lax.start()
    program = os.path.join(PROGRAMS, "redis")
    figures["everysec"] = measured.run([program, "ingest", DATA, lax.address], lax)["ingest"]
    lax.stop()
    lax.remove()
    return figures


def program(name):
    return lambda: in_process([os.path.join(PROGRAMS, name)], name)


def script(name):
    return lambda: in_process([sys.executable, "-B", os.path.join(HERE, f"{name}.py")], name)


ENGINES = {
    "tallylog": ("Tallylog", tallylog), "sqlite": ("SQLite", program("sqlite")),
    "postgresql": ("PostgreSQL", postgresql), "redis": ("Redis", redis),
    "duckdb": ("DuckDB", script("duck")), "clickhouse": ("ClickHouse", script("clickhouse")),
    "lmdb": ("LMDB by hand", program("lmdb")),
}


def versions():
    lmdb = subprocess.run(
        ["pkg-config", "--modversion", "lmdb"], capture_output=True, text=True).stdout.strip()
    return {
        "SQLite": sqlite3.sqlite_version, "PostgreSQL": servers.postgresql_version(),
        "Redis": servers.redis_version(), "DuckDB": importlib.metadata.version("duckdb"),
        "ClickHouse": "chdb " + importlib.metadata.version("chdb"), "LMDB by hand": lmdb}


def main():
    os.makedirs(WORK, exist_ok=True)
    truth = measured.run([sys.executable, "-B", os.path.join(HERE, "truth.py"), DATA])["truth"]
    floor = measured.run([os.path.join(PROGRAMS, "floor"), DATA, WORK])
    engines = {}
    wrong = []
    for key, (name, run) in ENGINES.items():
        if CHOSEN and key not in CHOSEN:
            continue
        print(f"{datetime.datetime.now():%H:%M:%S} {name} ...", flush=True)
        engines[name] = run()
        for kind, figure in engines[name]["questions"].items():
            if figure["sum"] != truth["sums"][str(kind)]:
                wrong.append(f"{name}, Q{kind}: {figure['sum']}, not {truth['sums'][str(kind)]}")
    found = {
        "date": f"{datetime.datetime.now():%Y-%m-%d}", "messages": floor["append"]["messages"],
        "message_bytes": os.path.getsize(f"{DATA}/msgs.jsonl") / floor["append"]["messages"],
        "versions": versions(), "floor": floor, "engines": engines}
    with open(os.path.join(WORK, "figures.json"), "w") as file:
        json.dump(found, file, indent=1)
    if wrong:
        raise SystemExit("answers differ:\n" + "\n".join(wrong))
    for name, text in (("md", table.markdown(found)), ("svg", chart.picture(found))):
        with open(os.path.join(WORK, f"comparison.{name}"), "w") as file:
            file.write(text)
    print(table.markdown(found))
    print(f"all sums are those computed from the data alone; {WORK} has the table and a chart")


if __name__ == "__main__":
    main()
