// LMDB by hand, as a careful programmer would: messages in a plain log file, and in LMDB the
// rollups and, per batch and topic, where its messages stand.
//
// usage: lmdb ingest|query DATA STORE

#include <endian.h>
#include <fcntl.h>
#include <lmdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "increments.h"
#include "measuring.h"

/// Where a message stands in the log.
struct place {
    double time;
    uint64_t offset : 44, length : 20;
};

static MDB_env *environment;
static MDB_dbi counts, places;
static int log_file;

static void check(int code, const char *what) {
    if (code != MDB_SUCCESS) fail(what, mdb_strerror(code));
}

static MDB_val value_of(void *bytes, size_t size) { return (MDB_val){size, bytes}; }

static void open_store(const char *store) {
    char path[4096];
    mkdir(store, 0755);
    check(mdb_env_create(&environment), "create");
    check(mdb_env_set_mapsize(environment, (size_t)64 << 30), "map size");
    check(mdb_env_set_maxdbs(environment, 2), "databases");
    check(mdb_env_open(environment, store, 0, 0644), "open");
    MDB_txn *transaction;
    check(mdb_txn_begin(environment, NULL, 0, &transaction), "begin");
    check(mdb_dbi_open(transaction, "counts", MDB_CREATE, &counts), "counts");
    check(mdb_dbi_open(transaction, "places", MDB_CREATE, &places), "places");
    check(mdb_txn_commit(transaction), "commit");
    snprintf(path, sizeof path, "%s/messages.log", store);
    log_file = open(path, O_CREAT | O_RDWR, 0644);
    if (log_file < 0) fail(path, "cannot be opened");
}

static void add_counts(MDB_txn *transaction, const struct increment *increments, int different) {
    MDB_cursor *cursor;
    check(mdb_cursor_open(transaction, counts, &cursor), "cursor");
    for (int one = 0; one < different; one++) {
        uint64_t name = htobe64(increments[one].key), count = increments[one].count, before;
        MDB_val key = value_of(&name, 8), old, new = value_of(&count, 8);
        unsigned flags = 0;
        if (mdb_cursor_get(cursor, &key, &old, MDB_SET) == MDB_SUCCESS) {
            memcpy(&before, old.mv_data, 8);
            count += before;
            key = value_of(&name, 8);
            flags = MDB_CURRENT;
        }
        check(mdb_cursor_put(cursor, &key, &new, flags), "put");
    }
    mdb_cursor_close(cursor);
}

static struct place *of_topic[topics_max + 1];
static int in_topic[topics_max + 1];

static void add_places(MDB_txn *transaction, long batch) {
    for (uint64_t topic = 1; topic <= topics_max; topic++) {
        if (in_topic[topic] == 0) continue;
        uint64_t name = htobe64(topic << 32 | (uint64_t)batch);
        MDB_val key = value_of(&name, 8);
        MDB_val rows =
            value_of(of_topic[topic], sizeof(struct place) * (size_t)in_topic[topic]);
        check(mdb_put(transaction, places, &key, &rows, 0), "put");
    }
}

static void ingest(const char *folder) {
    struct dataset data = dataset_open(folder);
    static struct increment increments[increments_max];
    for (int topic = 0; topic <= topics_max; topic++)
        of_topic[topic] = malloc(sizeof(struct place) * batch_messages);
    uint64_t offset = 0;
    struct stopwatch watch = stopwatch_start();
    for (long start = 0; start < data.count; start += batch_messages) {
        long left = data.count - start, count = left < batch_messages ? left : batch_messages;
        uint64_t begun = offset;
        memset(in_topic, 0, sizeof in_topic);
        for (long one = start; one < start + count; one++) {
            const struct message *message = &data.messages[one];
            of_topic[message->topic][in_topic[message->topic]++] =
                (struct place){message->time, offset, message->length};
            offset += message->length;
        }
        ssize_t bytes = (ssize_t)(offset - begun);
        if (write(log_file, data.text + begun, (size_t)bytes) != bytes || fdatasync(log_file) != 0)
            fail("messages.log", "cannot be written");
        int different = increments_count(&data.messages[start], count, increments);
        MDB_txn *transaction;
        check(mdb_txn_begin(environment, NULL, 0, &transaction), "begin");
        add_counts(transaction, increments, different);
        add_places(transaction, start / batch_messages);
        check(mdb_txn_commit(transaction), "commit");
    }
    report("ingest", data.count, watch);
    report("ingest and checkpoint", data.count, watch);
}

static MDB_txn *reading;
static MDB_cursor *count_cursor, *place_cursor;
static const char *log_text;

/// The next count below `end`, or the first from `start` on where that is not 0.
static int next_count(uint64_t start, uint64_t end, uint64_t *found, uint64_t *count) {
    uint64_t wanted = htobe64(start), name;
    MDB_val key = value_of(&wanted, 8), value;
    if (mdb_cursor_get(count_cursor, &key, &value, start ? MDB_SET_RANGE : MDB_NEXT)) return 0;
    memcpy(&name, key.mv_data, 8);
    memcpy(count, value.mv_data, 8);
    *found = be64toh(name);
    return *found < end;
}

static long series(enum rollup rollup, int name) {
    uint64_t start = key_of(rollup, name, 0, 0), end = key_of(rollup, name + 1, 0, 0);
    uint64_t key, count;
    long sum = 0;
    for (; next_count(start, end, &key, &count); start = 0)
        sum += bucket_sum(key_bucket(key), (long)count);
    return sum;
}

/// Of the ten largest, each by its rank.
static long ranking(const long *counts_of, int names) {
    long best[10] = {0}, sum = 0;
    for (int name = 0; name < names; name++) {
        int place = 9;
        if (counts_of[name] <= best[9]) continue;
        for (; place > 0 && best[place - 1] < counts_of[name]; place--)
            best[place] = best[place - 1];
        best[place] = counts_of[name];
    }
    for (int rank = 0; rank < 10; rank++) sum += (rank + 1) * best[rank];
    return sum;
}

static long users_of_topic(const struct question *question) {
    static long by_user[1 << 16], totals[1 << 16];
    static uint16_t touched[1 << 16];
    uint64_t start = key_of(topic_user_hours, question->name, question->lower, 0);
    uint64_t end = key_of(topic_user_hours, question->name, question->upper, 0), key, count;
    int users = 0;
    for (; next_count(start, end, &key, &count); start = 0) {
        int user = key_user(key);
        if (by_user[user] == 0) touched[users++] = (uint16_t)user;
        by_user[user] += (long)count;
    }
    for (int user = 0; user < users; user++) {
        totals[user] = by_user[touched[user]];
        by_user[touched[user]] = 0;
    }
    return ranking(totals, users);
}

static long topics_of_all(const struct question *question) {
    long totals[topics_max];
    for (int topic = 1; topic <= topics_max; topic++) {
        uint64_t start = key_of(topic_hours, topic, question->lower, 0);
        uint64_t end = key_of(topic_hours, topic, question->upper, 0), key, count;
        totals[topic - 1] = 0;
        for (; next_count(start, end, &key, &count); start = 0) totals[topic - 1] += (long)count;
    }
    return ranking(totals, topics_max);
}

static long last_messages(const struct question *question) {
    static char copies[100 * text_max];
    uint64_t topic = (uint64_t)question->name, wanted = htobe64((topic + 1) << 32), name;
    MDB_val key = value_of(&wanted, 8), value;
    long sum = 0, used = 0;
    int found = 0;
    int code = mdb_cursor_get(place_cursor, &key, &value, MDB_SET_RANGE);
    code = mdb_cursor_get(place_cursor, &key, &value, code ? MDB_LAST : MDB_PREV);
    for (; code == 0 && found < 100;
         code = mdb_cursor_get(place_cursor, &key, &value, MDB_PREV)) {
        memcpy(&name, key.mv_data, 8);
        if (be64toh(name) >> 32 != topic) break;
        for (long row = (long)(value.mv_size / sizeof(struct place)); row-- > 0 && found < 100;) {
            struct place one;
            memcpy(&one, (struct place *)value.mv_data + row, sizeof one);
            if (one.time >= (double)question->lower) continue;
            memcpy(copies + used, log_text + one.offset, one.length);
            sum += envelope_sum(copies + used, (long)one.length - 1);
            used += one.length;
            found++;
        }
    }
    return sum;
}

static long ask(const struct question *question) {
    check(mdb_txn_renew(reading), "renew");
    check(mdb_cursor_renew(reading, count_cursor), "renew");
    check(mdb_cursor_renew(reading, place_cursor), "renew");
    long sum = question->kind == 1   ? series(topic_hours, question->name)
               : question->kind == 2 ? series(user_days, question->name)
               : question->kind == 3 ? users_of_topic(question)
               : question->kind == 4 ? topics_of_all(question)
                                     : last_messages(question);
    mdb_txn_reset(reading);
    return sum;
}

static void query(const char *folder, struct stopwatch opening) {
    struct stat status;
    if (fstat(log_file, &status) != 0) fail("messages.log", "cannot be read");
    log_text = mmap(NULL, (size_t)status.st_size, PROT_READ, MAP_SHARED, log_file, 0);
    if (log_text == MAP_FAILED) fail("messages.log", "cannot be mapped");
    check(mdb_txn_begin(environment, NULL, MDB_RDONLY, &reading), "begin");
    check(mdb_cursor_open(reading, counts, &count_cursor), "cursor");
    check(mdb_cursor_open(reading, places, &place_cursor), "cursor");
    mdb_txn_reset(reading);
    ask(&(struct question){.kind = 1, .name = 1});
    report("open", 0, opening);
    ask_all(folder, ask);
}

int main(int count, char **words) {
    if (count != 4) fail("usage", "lmdb ingest|query DATA STORE");
    struct stopwatch opening = stopwatch_start();
    open_store(words[3]);
    if (strcmp(words[1], "ingest") == 0)
        ingest(words[2]);
    else
        query(words[2], opening);
}
