"""DuckDB, in process: one transaction a batch, whose increments are added as rows of their own.

usage: duck.py ingest|query DATA STORE

Merging increments into rows of before (INSERT ... ON CONFLICT) took twice the processor time and
made no question faster, since data in order of time repeat few keys.
"""

import sys

import duckdb

import peer

TABLES = """
CREATE TABLE messages(time DOUBLE, topic USMALLINT, usr USMALLINT, second_usr USMALLINT,
    body VARCHAR);
CREATE TABLE topic_minute(topic USMALLINT, minute INTEGER, n BIGINT);
CREATE TABLE topic_hour(topic USMALLINT, hour INTEGER, n BIGINT);
CREATE TABLE topic_user_hour(topic USMALLINT, hour INTEGER, usr USMALLINT, n BIGINT);
CREATE TABLE user_day(usr USMALLINT, day INTEGER, n BIGINT);
"""
USERS = ("(SELECT time, topic, \"user\" u FROM batch UNION ALL "
         "SELECT time, topic, second_user FROM batch) WHERE u > 0")
ADDED = [
    "INSERT INTO messages SELECT * FROM batch",
    "INSERT INTO topic_minute SELECT topic, CAST(floor(time / 60) AS INTEGER), count(*)"
    " FROM batch GROUP BY ALL ORDER BY ALL",
    "INSERT INTO topic_hour SELECT topic, CAST(floor(time / 3600) AS INTEGER), count(*)"
    " FROM batch GROUP BY ALL ORDER BY ALL",
    "INSERT INTO topic_user_hour SELECT topic, CAST(floor(time / 3600) AS INTEGER), u, count(*)"
    f" FROM {USERS} GROUP BY ALL ORDER BY ALL",
    "INSERT INTO user_day SELECT u, CAST(floor(time / 86400) AS INTEGER), count(*)"
    f" FROM {USERS} GROUP BY ALL ORDER BY ALL",
]
QUESTIONS = {
    1: "SELECT hour, sum(n) FROM topic_hour WHERE topic = $1 GROUP BY 1",
    2: "SELECT day, sum(n) FROM user_day WHERE usr = $1 GROUP BY 1",
    3: "SELECT usr, sum(n) s FROM topic_user_hour WHERE topic = $1 AND hour >= $2 AND hour < $3"
       " GROUP BY 1 ORDER BY s DESC LIMIT 10",
    4: "SELECT topic, sum(n) s FROM topic_hour WHERE hour >= $1 AND hour < $2"
       " GROUP BY 1 ORDER BY s DESC LIMIT 10",
    5: "SELECT body FROM messages WHERE topic = $1 AND time < $2 ORDER BY time DESC LIMIT 100",
}


def ingest(store, folder):
    store.execute(TABLES)
    messages = 0
    since = peer.clocks()
    for batch in peer.batches(folder):
        store.execute("BEGIN")
        for statement in ADDED:
            store.execute(statement)
        store.execute("COMMIT")
        messages += len(batch)
    peer.report("ingest", messages, since)
    store.execute("CHECKPOINT")
    peer.report("ingest and checkpoint", messages, since)


def query(store, folder, opening):
    def ask(kind, name, lower, upper):
        values = {3: [name, lower, upper], 4: [lower, upper], 5: [name, lower]}.get(kind, [name])
        return store.execute(QUESTIONS[kind], values).fetchall()

    def rows_of(kind, answer):
        if kind == 5:
            return [body.encode().rstrip(b"\n") for body, in answer]
        return answer

    ask(1, 1, 0, 0)
    peer.report("open", 0, opening)
    peer.ask_all(folder, ask, rows_of)


def main():
    work, folder, path = sys.argv[1:4]
    opening = peer.clocks()
    store = duckdb.connect(path)
    # The log is merged into the file at the end, not after every 16 MB: half the time.
    store.execute("SET threads = 2; SET memory_limit = '6GB'; SET checkpoint_threshold = '1GB'")
    if work == "ingest":
        ingest(store, folder)
    else:
        query(store, folder, opening)
    store.close()


main()
