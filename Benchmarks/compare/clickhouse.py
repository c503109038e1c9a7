"""ClickHouse, in process (chdb): an insert a batch, synchronized; views keep the rollups.

usage: clickhouse.py ingest|query DATA STORE
"""

import json
import sys

from chdb import session

import peer

DURABLE = "SETTINGS fsync_after_insert = 1, fsync_part_directory = 1"
USER = "arrayJoin([m.usr, m.second_usr]) AS usr"
# By table: columns, key, and what a view takes from messages, with the width of a bucket.
ROLLUPS = {
    "topic_minute": ("topic UInt16, bucket UInt32", "topic, bucket", "topic", 60),
    "topic_hour": ("topic UInt16, bucket UInt32", "topic, bucket", "topic", 3600),
    "topic_user_hour": (
        "topic UInt16, usr UInt16, bucket UInt32", "topic, bucket, usr", f"topic, {USER}", 3600),
    "user_day": ("usr UInt16, bucket UInt32", "usr, bucket", USER, 86400),
}
QUESTIONS = {
    1: "SELECT bucket, sum(n) FROM b.topic_hour WHERE topic = {name} GROUP BY bucket",
    2: "SELECT bucket, sum(n) FROM b.user_day WHERE usr = {name} GROUP BY bucket",
    3: "SELECT usr, sum(n) s FROM b.topic_user_hour WHERE topic = {name}"
       " AND bucket >= {lower} AND bucket < {upper} GROUP BY usr ORDER BY s DESC LIMIT 10",
    4: "SELECT topic, sum(n) s FROM b.topic_hour WHERE bucket >= {lower} AND bucket < {upper}"
       " GROUP BY topic ORDER BY s DESC LIMIT 10",
    5: "SELECT body FROM b.messages WHERE topic = {name} AND time < {lower}"
       " ORDER BY time DESC LIMIT 100",
}


def make_tables(store):
    store.query("CREATE DATABASE IF NOT EXISTS b")
    store.query(
        "CREATE TABLE b.messages(time Float64, topic UInt16, usr UInt16, second_usr UInt16,"
        f" body String CODEC(ZSTD(1))) ENGINE = MergeTree ORDER BY (topic, time) {DURABLE}")
    for name, (columns, key, taken, width) in ROLLUPS.items():
        store.query(
            f"CREATE TABLE b.{name}({columns}, n UInt32)"
            f" ENGINE = SummingMergeTree ORDER BY ({key}) {DURABLE}")
        only = " HAVING usr > 0" if "usr" in key else ""
        store.query(
            f"CREATE MATERIALIZED VIEW b.{name}_view TO b.{name} AS SELECT {taken},"
            f" toUInt32(floor(time / {width})) AS bucket, toUInt32(count()) AS n"
            f" FROM b.messages AS m GROUP BY {key}{only}")


def ingest(store, folder):
    global batch  # chdb finds the table by its name
    make_tables(store)
    messages = 0
    since = peer.clocks()
    for batch in peer.batches(folder):
        store.query("INSERT INTO b.messages SELECT * FROM Python(batch)")
        messages += len(batch)
    peer.report("ingest", messages, since)
    for name in ["messages", *ROLLUPS]:
        store.query(f"OPTIMIZE TABLE b.{name} FINAL")
    peer.report("ingest and checkpoint", messages, since)
    # The parts that were merged stay in the folder for some minutes more.
    size = store.query(
        "SELECT sum(bytes_on_disk) FROM system.parts WHERE active AND database = 'b'", "CSV")
    print(json.dumps({"figure": "bytes", "bytes": int(size.bytes())}))


def query(store, folder, opening):
    def ask(kind, name, lower, upper):
        text = QUESTIONS[kind].format(name=name, lower=lower, upper=upper)
        return store.query(text, "TabSeparatedRaw").bytes()

    def rows_of(kind, answer):
        lines = [line for line in answer.split(b"\n") if line]
        return lines if kind == 5 else [tuple(map(int, line.split(b"\t"))) for line in lines]

    ask(1, 1, 0, 0)
    peer.report("open", 0, opening)
    peer.ask_all(folder, ask, rows_of)


def main():
    work, folder, path = sys.argv[1:4]
    opening = peer.clocks()
    store = session.Session(path)
    store.query("SET max_threads = 2")
    if work == "ingest":
        ingest(store, folder)
    else:
        query(store, folder, opening)
    store.close()


main()
