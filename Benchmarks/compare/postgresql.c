// PostgreSQL over a Unix socket: one transaction a batch, which copies its messages in, copies what
// they add to the rollups into a temporary table, and merges that.
//
// usage: SERVER_PIDS=... postgresql ingest|query DATA SOCKETS

#include <libpq-fe.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "increments.h"
#include "measuring.h"

static PGconn *server;

static void run(const char *text) {
    PGresult *result = PQexec(server, text);
    ExecStatusType status = PQresultStatus(result);
    if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK && status != PGRES_COPY_IN)
        fail(text, PQerrorMessage(server));
    PQclear(result);
}

static void copy(const char *statement, const char *rows, long length) {
    run(statement);
    if (PQputCopyData(server, rows, (int)length) != 1 || PQputCopyEnd(server, NULL) != 1)
        fail(statement, PQerrorMessage(server));
    for (PGresult *result; (result = PQgetResult(server)) != NULL; PQclear(result))
        if (PQresultStatus(result) != PGRES_COMMAND_OK) fail(statement, PQerrorMessage(server));
}

/// Rows of messages in the text form of COPY. Returns where they end.
static char *message_rows(
    char *end, const struct message *messages, long count, const char **text) {
    for (long place = 0; place < count; place++) {
        const struct message *one = &messages[place];
        end += sprintf(end, "%.3f\t%d\t", one->time, one->topic);
        const char *line = *text, *line_end = line + one->length - 1;
        while (line < line_end) {
            const char *slash = memchr(line, '\\', (size_t)(line_end - line));
            long plain = (slash == NULL ? line_end : slash) - line;
            memcpy(end, line, (size_t)plain);
            end += plain;
            line += plain;
            if (slash == NULL) break;
            *end++ = '\\';
            *end++ = *line++;
        }
        *end++ = '\n';
        *text += one->length;
    }
    return end;
}

static char *increment_rows(char *end, const struct increment *increments, int different) {
    for (int place = 0; place < different; place++) {
        uint64_t key = increments[place].key;
        end += sprintf(end, "%d\t%d\t%ld\t%d\t%u\n", key_rollup(key), key_name(key),
                       key_bucket(key), key_user(key), increments[place].count);
    }
    return end;
}

static void make_tables(void) {
    run("SET client_min_messages = warning");
    run("CREATE TABLE messages(id bigserial, time float8, topic int2, body text)");
    run("CREATE INDEX ON messages(topic, time)");
    run("CREATE TABLE topic_minute(topic int2, minute int4, n int4, PRIMARY KEY(topic, minute))");
    run("CREATE TABLE topic_user_hour(topic int2, hour int4, usr int2, n int4,"
        " PRIMARY KEY(topic, hour, usr))");
    run("CREATE TABLE topic_hour(topic int2, hour int4, n int4, PRIMARY KEY(topic, hour))");
    run("CREATE TABLE user_day(usr int2, day int4, n int4, PRIMARY KEY(usr, day))");
    run("CREATE TEMP TABLE added(rollup int2, name int2, bucket int4, usr int2, n int4)"
        " ON COMMIT DELETE ROWS");
}

static void merge_increments(void) {
    run("INSERT INTO topic_minute SELECT name, bucket, n FROM added WHERE rollup = 1"
        " ON CONFLICT(topic, minute) DO UPDATE SET n = topic_minute.n + excluded.n");
    run("INSERT INTO topic_user_hour SELECT name, bucket, usr, n FROM added WHERE rollup = 2"
        " ON CONFLICT(topic, hour, usr) DO UPDATE SET n = topic_user_hour.n + excluded.n");
    run("INSERT INTO topic_hour SELECT name, bucket, n FROM added WHERE rollup = 3"
        " ON CONFLICT(topic, hour) DO UPDATE SET n = topic_hour.n + excluded.n");
    run("INSERT INTO user_day SELECT name, bucket, n FROM added WHERE rollup = 4"
        " ON CONFLICT(usr, day) DO UPDATE SET n = user_day.n + excluded.n");
}

static void ingest(const char *folder) {
    struct dataset data = dataset_open(folder);
    static struct increment increments[increments_max];
    char *rows = malloc((size_t)batch_messages * text_max * 2);
    const char *text = data.text;
    make_tables();
    struct stopwatch watch = stopwatch_start();
    for (long start = 0; start < data.count; start += batch_messages) {
        long left = data.count - start, count = left < batch_messages ? left : batch_messages;
        run("BEGIN");
        char *end = message_rows(rows, &data.messages[start], count, &text);
        copy("COPY messages(time, topic, body) FROM STDIN", rows, end - rows);
        int different = increments_count(&data.messages[start], count, increments);
        end = increment_rows(rows, increments, different);
        copy("COPY added FROM STDIN", rows, end - rows);
        merge_increments();
        run("COMMIT");
    }
    report("ingest", data.count, watch);
    run("CHECKPOINT");
    report("ingest and checkpoint", data.count, watch);
    run("VACUUM ANALYZE");
}

static const char *const questions[] = {
    "SELECT hour, n FROM topic_hour WHERE topic = $1",
    "SELECT day, n FROM user_day WHERE usr = $1",
    "SELECT usr, sum(n) s FROM topic_user_hour WHERE topic = $1 AND hour >= $2 AND hour < $3"
    " GROUP BY usr ORDER BY s DESC LIMIT 10",
    "SELECT topic, sum(n) s FROM topic_hour WHERE hour >= $1 AND hour < $2"
    " GROUP BY topic ORDER BY s DESC LIMIT 10",
    "SELECT body FROM messages WHERE topic = $1 AND time < $2 ORDER BY time DESC LIMIT 100",
};

static long ask(const struct question *question) {
    static const int parameters[] = {1, 1, 3, 2, 2};
    char name[24], lower[24], upper[24], statement[] = {'q', (char)('0' + question->kind), 0};
    snprintf(name, sizeof name, "%d", question->name);
    snprintf(lower, sizeof lower, "%ld", question->lower);
    snprintf(upper, sizeof upper, "%ld", question->upper);
    const char *values[] = {name, lower, upper};
    const char *const *first = question->kind == 4 ? values + 1 : values;
    PGresult *result = PQexecPrepared(
        server, statement, parameters[question->kind - 1], first, NULL, NULL, 0);
    if (PQresultStatus(result) != PGRES_TUPLES_OK) fail(statement, PQerrorMessage(server));
    long sum = 0;
    for (int row = 0; row < PQntuples(result); row++) {
        const char *value = PQgetvalue(result, row, 0);
        if (question->kind == 5) {
            sum += envelope_sum(value, PQgetlength(result, row, 0));
        } else {
            long count = atol(PQgetvalue(result, row, 1));
            sum += question->kind <= 2 ? bucket_sum(atol(value), count) : (row + 1) * count;
        }
    }
    PQclear(result);
    return sum;
}

static void query(const char *folder) {
    for (int kind = 1; kind <= 5; kind++) {
        char statement[] = {'q', (char)('0' + kind), 0};
        PGresult *result = PQprepare(server, statement, questions[kind - 1], 0, NULL);
        if (PQresultStatus(result) != PGRES_COMMAND_OK) fail(statement, PQerrorMessage(server));
        PQclear(result);
    }
    ask_all(folder, ask);
}

int main(int count, char **words) {
    if (count != 4) fail("usage", "postgresql ingest|query DATA SOCKETS");
    char connection[4096], backend[16];
    snprintf(connection, sizeof connection, "host=%s dbname=postgres user=postgres", words[3]);
    server = PQconnectdb(connection);
    if (PQstatus(server) != CONNECTION_OK) fail(words[3], PQerrorMessage(server));
    snprintf(backend, sizeof backend, "%d", PQbackendPID(server));
    processor_watch(backend);
    processor_watch(getenv("SERVER_PIDS"));
    if (strcmp(words[1], "ingest") == 0)
        ingest(words[2]);
    else
        query(words[2]);
    PQfinish(server);
}
