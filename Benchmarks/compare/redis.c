// Redis over a Unix socket: a stream per topic, hashes for series, sorted sets for rankings. A
// batch is one transaction without replies: under "appendfsync always" it is synchronized once, and
// the client waits for the answer to its last command, which comes after that.
//
// usage: SERVER_PIDS=... redis ingest|query DATA SOCKET

#include <hiredis/hiredis.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "increments.h"
#include "measuring.h"

static redisContext *server;

/// The commands of a batch, formatted by hand: the client's time is not what is measured.
static char *commands, *end;

static void word(const char *bytes, long length) {
    end += sprintf(end, "$%ld\r\n", length);
    memcpy(end, bytes, (size_t)length);
    end += length;
    *end++ = '\r';
    *end++ = '\n';
}

static void command(int count, const char *const *words) {
    end += sprintf(end, "*%d\r\n", count);
    for (int place = 0; place < count; place++) word(words[place], (long)strlen(words[place]));
}

static void send_batch(void) {
    for (char *from = commands; from < end;) {
        ssize_t sent = write(server->fd, from, (size_t)(end - from));
        if (sent <= 0) fail("socket", "closed");
        from += sent;
    }
    redisReply *reply;
    if (redisGetReply(server, (void **)&reply) != REDIS_OK || reply->type != REDIS_REPLY_STATUS)
        fail("batch", "not accepted");
    freeReplyObject(reply);
}

static void add(const struct increment *one) {
    char key[64], field[32], count[16];
    int name = key_name(one->key);
    long bucket = key_bucket(one->key);
    snprintf(count, sizeof count, "%u", one->count);
    snprintf(field, sizeof field, "%ld", bucket);
    const char *hash[] = {"HINCRBY", key, field, count};
    const char *set[] = {"ZINCRBY", key, count, field};
    switch (key_rollup(one->key)) {
        case topic_minutes:
            snprintf(key, sizeof key, "tm:%d:%ld", name, bucket / 1440);
            return command(4, hash);
        case topic_user_hours:
            snprintf(key, sizeof key, "tu:%d:%ld", name, bucket);
            snprintf(field, sizeof field, "%d", key_user(one->key));
            return command(4, set);
        case topic_hours:
            snprintf(key, sizeof key, "th:%d", name);
            command(4, hash);
            snprintf(key, sizeof key, "at:%ld", bucket);
            snprintf(field, sizeof field, "%d", name);
            return command(4, set);
        default:
            snprintf(key, sizeof key, "ud:%d", name);
            return command(4, hash);
    }
}

static void ingest(const char *folder) {
    struct dataset data = dataset_open(folder);
    static struct increment increments[increments_max];
    const char *off[] = {"CLIENT", "REPLY", "OFF"}, *on[] = {"CLIENT", "REPLY", "ON"};
    const char *multi[] = {"MULTI"}, *exec[] = {"EXEC"};
    char key[32], id[64];
    const char *text = data.text;
    commands = malloc((size_t)batch_messages * (text_max + 1024));
    struct stopwatch watch = stopwatch_start();
    for (long start = 0; start < data.count; start += batch_messages) {
        long left = data.count - start, count = left < batch_messages ? left : batch_messages;
        end = commands;
        command(3, off);
        command(1, multi);
        for (long place = start; place < start + count; place++) {
            const struct message *one = &data.messages[place];
            end += sprintf(end, "*5\r\n");
            word("XADD", 4);
            word(key, sprintf(key, "m:%d", one->topic));
            word(id, sprintf(id, "%ld-%ld", (long)(one->time * 1000 + 0.5), place + 1));
            word("b", 1);
            word(text, one->length - 1);
            text += one->length;
        }
        int different = increments_count(&data.messages[start], count, increments);
        for (int place = 0; place < different; place++) add(&increments[place]);
        command(1, exec);
        command(3, on);
        send_batch();
    }
    report("ingest", data.count, watch);
    report("ingest and checkpoint", data.count, watch);
}

static redisReply *checked(redisReply *reply) {
    if (reply == NULL || reply->type == REDIS_REPLY_ERROR)
        fail("question", reply == NULL ? "no answer" : reply->str);
    return reply;
}

static long series(const char *format, int name) {
    redisReply *reply = checked(redisCommand(server, format, name));
    long sum = 0;
    for (size_t place = 0; place < reply->elements; place += 2)
        sum += bucket_sum(atol(reply->element[place]->str), atol(reply->element[place + 1]->str));
    freeReplyObject(reply);
    return sum;
}

/// The union stays in the server, which sends the first ten of it.
static long ranking(const char *prefix, const struct question *question) {
    static char keys[200][48];
    const char *words[204] = {"ZUNIONSTORE", "union", NULL};
    size_t lengths[204];
    char number[16];
    int count = (int)(question->upper - question->lower);
    snprintf(number, sizeof number, "%d", count);
    words[2] = number;
    for (int hour = 0; hour < count; hour++) {
        snprintf(keys[hour], sizeof keys[hour], "%s%ld", prefix, question->lower + hour);
        words[3 + hour] = keys[hour];
    }
    for (int place = 0; place < count + 3; place++) lengths[place] = strlen(words[place]);
    redisAppendCommandArgv(server, count + 3, words, lengths);
    redisAppendCommand(server, "ZREVRANGE union 0 9 WITHSCORES");
    redisReply *reply = NULL;
    redisGetReply(server, (void **)&reply);
    freeReplyObject(checked(reply));
    redisGetReply(server, (void **)&reply);
    long sum = 0;
    for (size_t place = 1; place < checked(reply)->elements; place += 2)
        sum += (long)(place + 1) / 2 * atol(reply->element[place]->str);
    freeReplyObject(reply);
    return sum;
}

static long last_messages(const struct question *question) {
    redisReply *reply = checked(redisCommand(
        server, "XREVRANGE m:%d (%ld000-0 - COUNT 100", question->name, question->lower));
    long sum = 0;
    for (size_t place = 0; place < reply->elements; place++) {
        redisReply *body = reply->element[place]->element[1]->element[1];
        sum += envelope_sum(body->str, (long)body->len);
    }
    freeReplyObject(reply);
    return sum;
}

static long ask(const struct question *question) {
    char prefix[32];
    snprintf(prefix, sizeof prefix, "tu:%d:", question->name);
    switch (question->kind) {
        case 1: return series("HGETALL th:%d", question->name);
        case 2: return series("HGETALL ud:%d", question->name);
        case 3: return ranking(prefix, question);
        case 4: return ranking("at:", question);
        default: return last_messages(question);
    }
}

int main(int count, char **words) {
    if (count != 4) fail("usage", "redis ingest|query DATA SOCKET");
    server = redisConnectUnix(words[3]);
    if (server == NULL || server->err) fail(words[3], "cannot be connected");
    processor_watch(getenv("SERVER_PIDS"));
    if (strcmp(words[1], "ingest") == 0)
        ingest(words[2]);
    else
        ask_all(words[2], ask);
    redisFree(server);
}
