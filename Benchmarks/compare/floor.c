// The floor: nothing but a log file. Batches of the data set's text, each written and synchronized,
// in two ways: appended through the page cache, and past it into space that is there already, as
// Tallylog's journals are written. Then single messages, each durable.
//
// usage: floor DATA FOLDER

#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "measuring.h"

enum { unit = 4096, reserved_step = 64 << 20, singles = 2000 };

static char path[4096];

static int create(int flags) {
    unlink(path);
    int file = open(path, O_CREAT | O_RDWR | flags, 0644);
    if (file < 0) fail(path, "cannot be created");
    return file;
}

static void write_all(int file, const void *bytes, long count, long offset) {
    if (pwrite(file, bytes, (size_t)count, offset) != count || fdatasync(file) != 0)
        fail(path, "cannot be written");
}

static long batch_bytes(const struct dataset *data, long start) {
    long bytes = 0;
    for (long one = start; one < start + batch_messages && one < data->count; one++)
        bytes += data->messages[one].length;
    return bytes;
}

static void append_batches(const struct dataset *data) {
    int file = create(0);
    long offset = 0;
    struct stopwatch watch = stopwatch_start();
    for (long start = 0; start < data->count; start += batch_messages) {
        long bytes = batch_bytes(data, start);
        write_all(file, data->text + offset, bytes, offset);
        offset += bytes;
    }
    report("append", data->count, watch);
    close(file);
}

static void direct_batches(const struct dataset *data) {
    int file = create(O_DIRECT);
    char *buffer;
    if (posix_memalign((void **)&buffer, unit, (size_t)batch_messages * text_max)) abort();
    long from = 0, to = 0, reserved = 0;
    struct stopwatch watch = stopwatch_start();
    for (long start = 0; start < data->count; start += batch_messages) {
        long bytes = batch_bytes(data, start), padded = (bytes + unit - 1) / unit * unit;
        memcpy(buffer, data->text + from, (size_t)bytes);
        memset(buffer + bytes, 0, (size_t)(padded - bytes));
        while (reserved < to + padded) {
            if (fallocate(file, 0, reserved, reserved_step) != 0) fail(path, "no space");
            reserved += reserved_step;
        }
        write_all(file, buffer, padded, to);
        from += bytes;
        to += padded;
    }
    report("direct", data->count, watch);
    close(file);
}

static int ascending(const void *one, const void *other) {
    double left = *(const double *)one, right = *(const double *)other;
    return (left > right) - (left < right);
}

static void append_singles(const struct dataset *data) {
    static double taken[singles];
    int file = create(0);
    long offset = 0, count = data->count < singles ? data->count : singles;
    for (long one = 0; one < count; one++) {
        double begun = wall_seconds();
        write_all(file, data->text + offset, data->messages[one].length, offset);
        taken[one] = wall_seconds() - begun;
        offset += data->messages[one].length;
    }
    qsort(taken, (size_t)count, sizeof *taken, ascending);
    printf("{\"figure\": \"single\", \"p50\": %.3f, \"p99\": %.3f}\n", taken[count / 2] * 1e6,
           taken[count * 99 / 100] * 1e6);
    close(file);
}

int main(int count, char **words) {
    if (count != 3) fail("usage", "floor DATA FOLDER");
    struct dataset data = dataset_open(words[1]);
    snprintf(path, sizeof path, "%s/floor.log", words[2]);
    append_batches(&data);
    direct_batches(&data);
    append_singles(&data);
    unlink(path);
}
