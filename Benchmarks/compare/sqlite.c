// SQLite: write-ahead log, FULL, one transaction a batch; rollups as tables without row ids.
//
// usage: sqlite ingest|query DATA STORE

#include <sqlite3.h>
#include <stdio.h>
#include <string.h>

#include "increments.h"
#include "measuring.h"

static sqlite3 *database;

static void run(const char *text) {
    char *why = NULL;
    if (sqlite3_exec(database, text, NULL, NULL, &why) != SQLITE_OK) fail(text, why);
}

static sqlite3_stmt *prepared(const char *text) {
    sqlite3_stmt *statement;
    int code = sqlite3_prepare_v3(database, text, -1, SQLITE_PREPARE_PERSISTENT, &statement, NULL);
    if (code != SQLITE_OK) fail(text, sqlite3_errmsg(database));
    return statement;
}

static void done(sqlite3_stmt *statement) {
    if (sqlite3_step(statement) != SQLITE_DONE) fail("step", sqlite3_errmsg(database));
    sqlite3_reset(statement);
}

static void add(sqlite3_stmt *statement, const struct increment *one) {
    int last = 3;
    sqlite3_bind_int(statement, 1, key_name(one->key));
    sqlite3_bind_int64(statement, 2, key_bucket(one->key));
    if (key_rollup(one->key) == topic_user_hours) {
        sqlite3_bind_int(statement, 3, key_user(one->key));
        last = 4;
    }
    sqlite3_bind_int64(statement, last, one->count);
    done(statement);
}

static void ingest(const char *folder) {
    struct dataset data = dataset_open(folder);
    run("CREATE TABLE messages(id INTEGER PRIMARY KEY, time REAL, topic INT, body TEXT);"
        "CREATE INDEX messages_of_topic ON messages(topic, time);"
        "CREATE TABLE topic_minute(topic INT, minute INT, n INT, PRIMARY KEY(topic, minute))"
        " WITHOUT ROWID;"
        "CREATE TABLE topic_user_hour(topic INT, hour INT, user INT, n INT,"
        " PRIMARY KEY(topic, hour, user)) WITHOUT ROWID;"
        "CREATE TABLE topic_hour(topic INT, hour INT, n INT, PRIMARY KEY(topic, hour))"
        " WITHOUT ROWID;"
        "CREATE TABLE user_day(user INT, day INT, n INT, PRIMARY KEY(user, day)) WITHOUT ROWID;");
#define ADDED " ON CONFLICT DO UPDATE SET n = n + excluded.n"
    sqlite3_stmt *message = prepared("INSERT INTO messages(time, topic, body) VALUES(?, ?, ?)");
    sqlite3_stmt *rollups[rollup_end] = {
        [topic_minutes] = prepared("INSERT INTO topic_minute VALUES(?, ?, ?)" ADDED),
        [topic_user_hours] = prepared("INSERT INTO topic_user_hour VALUES(?, ?, ?, ?)" ADDED),
        [topic_hours] = prepared("INSERT INTO topic_hour VALUES(?, ?, ?)" ADDED),
        [user_days] = prepared("INSERT INTO user_day VALUES(?, ?, ?)" ADDED),
    };
    static struct increment increments[increments_max];
    const char *text = data.text;
    struct stopwatch watch = stopwatch_start();
    for (long start = 0; start < data.count; start += batch_messages) {
        long left = data.count - start, count = left < batch_messages ? left : batch_messages;
        run("BEGIN");
        for (long place = start; place < start + count; place++) {
            const struct message *one = &data.messages[place];
            sqlite3_bind_double(message, 1, one->time);
            sqlite3_bind_int(message, 2, one->topic);
            sqlite3_bind_text(message, 3, text, one->length - 1, SQLITE_STATIC);
            done(message);
            text += one->length;
        }
        int different = increments_count(&data.messages[start], count, increments);
        for (int place = 0; place < different; place++)
            add(rollups[key_rollup(increments[place].key)], &increments[place]);
        run("COMMIT");
    }
    report("ingest", data.count, watch);
    run("PRAGMA wal_checkpoint(TRUNCATE)");
    report("ingest and checkpoint", data.count, watch);
    sqlite3_finalize(message);
    for (int rollup = topic_minutes; rollup < rollup_end; rollup++)
        sqlite3_finalize(rollups[rollup]);
}

static sqlite3_stmt *questions[6];

static long ask(const struct question *question) {
    sqlite3_stmt *statement = questions[question->kind];
    int place = 1;
    if (question->kind != 4) sqlite3_bind_int(statement, place++, question->name);
    if (question->kind >= 3) sqlite3_bind_int64(statement, place++, question->lower);
    if (question->kind == 3 || question->kind == 4)
        sqlite3_bind_int64(statement, place, question->upper);
    long sum = 0;
    for (long rank = 1; sqlite3_step(statement) == SQLITE_ROW; rank++) {
        if (question->kind == 5) {
            const char *body = (const char *)sqlite3_column_blob(statement, 0);
            sum += envelope_sum(body, sqlite3_column_bytes(statement, 0));
        } else {
            long first = sqlite3_column_int64(statement, 0);
            long count = sqlite3_column_int64(statement, 1);
            sum += question->kind <= 2 ? bucket_sum(first, count) : rank * count;
        }
    }
    sqlite3_reset(statement);
    return sum;
}

static void query(const char *folder, struct stopwatch opening) {
    questions[1] = prepared("SELECT hour, n FROM topic_hour WHERE topic = ?");
    questions[2] = prepared("SELECT day, n FROM user_day WHERE user = ?");
    questions[3] = prepared(
        "SELECT user, sum(n) s FROM topic_user_hour WHERE topic = ? AND hour >= ? AND hour < ?"
        " GROUP BY user ORDER BY s DESC LIMIT 10");
    // A range of the key per topic: four times as fast as a scan of all hours of all topics.
    questions[4] = prepared(
        "WITH RECURSIVE t(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM t WHERE x < 300)"
        " SELECT x, (SELECT coalesce(sum(n), 0) FROM topic_hour"
        " WHERE topic = x AND hour >= ?1 AND hour < ?2) s FROM t ORDER BY s DESC LIMIT 10");
    questions[5] = prepared(
        "SELECT body FROM messages WHERE topic = ? AND time < ? ORDER BY time DESC LIMIT 100");
    ask(&(struct question){.kind = 1, .name = 1});
    report("open", 0, opening);
    ask_all(folder, ask);
    for (int kind = 1; kind <= 5; kind++) sqlite3_finalize(questions[kind]);
}

int main(int count, char **words) {
    if (count != 4) fail("usage", "sqlite ingest|query DATA STORE");
    struct stopwatch opening = stopwatch_start();
    if (sqlite3_open(words[3], &database) != SQLITE_OK) fail(words[3], "cannot be opened");
    run("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA cache_size = -262144;"
        "PRAGMA temp_store = MEMORY; PRAGMA wal_autocheckpoint = 16000;");
    if (strcmp(words[1], "ingest") == 0)
        ingest(words[2]);
    else
        query(words[2], opening);
    sqlite3_close(database);
}
