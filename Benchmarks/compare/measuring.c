#include "measuring.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static int watched[64];
static int watched_count;

static double clock_seconds(clockid_t clock) {
    struct timespec time;
    if (clock_gettime(clock, &time) != 0) return 0;
    return (double)time.tv_sec + (double)time.tv_nsec * 1e-9;
}

double wall_seconds(void) { return clock_seconds(CLOCK_MONOTONIC); }

void processor_watch(const char *pids) {
    char *end;
    for (; pids != NULL && *pids != 0; pids = *end == ' ' ? end + 1 : end) {
        long pid = strtol(pids, &end, 10);
        if (end == pids) return;
        if (watched_count < 64) watched[watched_count++] = (int)pid;
    }
}

/// Of all threads of another process, those that ended too; 0 once it is gone.
static double processor_of(int pid) {
    clockid_t clock;
    return clock_getcpuclockid(pid, &clock) == 0 ? clock_seconds(clock) : 0;
}

double processor_seconds(void) {
    double sum = clock_seconds(CLOCK_PROCESS_CPUTIME_ID);
    for (int place = 0; place < watched_count; place++) sum += processor_of(watched[place]);
    return sum;
}

struct stopwatch stopwatch_start(void) {
    return (struct stopwatch){wall_seconds(), processor_seconds()};
}

void report(const char *name, long messages, struct stopwatch since) {
    printf("{\"figure\": \"%s\", \"messages\": %ld, \"seconds\": %.6f, \"cpu\": %.6f}\n", name,
           messages, wall_seconds() - since.wall, processor_seconds() - since.processor);
    fflush(stdout);
}

static int ascending(const void *one, const void *other) {
    double left = *(const double *)one, right = *(const double *)other;
    return (left > right) - (left < right);
}

enum { passes = 3 };

static void ask_kind(
    const struct question *questions, int count, long (*ask)(const struct question *)) {
    static double best[questions_max];
    long sum = 0;
    struct stopwatch watch = stopwatch_start();
    for (int pass = 0; pass < passes; pass++) {
        sum = 0;
        for (int place = 0; place < count; place++) {
            double begun = wall_seconds();
            sum += ask(&questions[place]);
            double taken = wall_seconds() - begun;
            if (pass == 0 || taken < best[place]) best[place] = taken;
        }
    }
    double processor = processor_seconds() - watch.processor;
    qsort(best, (size_t)count, sizeof *best, ascending);
    printf("{\"figure\": \"question\", \"kind\": %d, \"p50\": %.3f, \"p99\": %.3f, "
           "\"cpu\": %.3f, \"sum\": %ld}\n",
           questions[0].kind, best[count / 2] * 1e6, best[count * 99 / 100] * 1e6,
           processor * 1e6 / (count * passes), sum);
    fflush(stdout);
}

void ask_all(const char *folder, long (*ask)(const struct question *question)) {
    static struct question questions[questions_max];
    int count = questions_read(folder, questions);
    for (int start = 0, end; start < count; start = end) {
        for (end = start; end < count && questions[end].kind == questions[start].kind;) end++;
        ask_kind(questions + start, end - start, ask);
    }
}
