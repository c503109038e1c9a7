// Clocks, and figures as lines of JSON, which compare.py reads.
#pragma once
#include "dataset.h"

double wall_seconds(void);

/// Processor time of this process and of the server's processes that were named.
double processor_seconds(void);

/// Counts a server's processes too: numbers apart by spaces, such as $SERVER_PIDS has.
void processor_watch(const char *pids);

struct stopwatch {
    double wall, processor;
};

struct stopwatch stopwatch_start(void);

/// Prints {"figure": name, "messages": ..., "seconds": ..., "cpu": ...}.
void report(const char *name, long messages, struct stopwatch since);

/// Asks all questions three times and prints a line per kind: percentiles of the best time of each
/// question, processor time per question, and the sum of the answers of one pass.
/// @param ask answers one question with its checksum (see the sums below)
void ask_all(const char *folder, long (*ask)(const struct question *question));

// Sums that every peer forms in the same way. Order among equals does not change them.

/// Of an hour or day of Q1 and Q2.
static inline long bucket_sum(long bucket, long count) { return (bucket % 1000 + 1) * count; }

/// Of an envelope of Q5.
static inline long envelope_sum(const char *text, long length) {
    return length * (unsigned char)text[length / 2];
}
