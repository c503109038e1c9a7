// What a batch adds to the rollups, counted once per batch: each peer gets the fewest statements.
#pragma once
#include "dataset.h"

/// The rollups that answer Q1 to Q4, and minutes, which a chart of one day needs.
enum rollup { topic_minutes = 1, topic_user_hours, topic_hours, user_days, rollup_end };

/// Sorted by rollup, name, bucket, user.
struct increment {
    uint64_t key;
    uint32_t count;
};

static inline uint64_t key_of(enum rollup rollup, int name, long bucket, int user) {
    return (uint64_t)rollup << 60 | (uint64_t)name << 44 | (uint64_t)bucket << 16 | (uint64_t)user;
}
static inline enum rollup key_rollup(uint64_t key) { return (enum rollup)(key >> 60); }
static inline int key_name(uint64_t key) { return (int)(key >> 44 & 0xffff); }
static inline long key_bucket(uint64_t key) { return (long)(key >> 16 & 0xfffffff); }
static inline int key_user(uint64_t key) { return (int)(key & 0xffff); }

enum { increments_max = batch_messages * 6 };

/// Counts what `count` messages add, at most batch_messages. Returns how many increments there are.
int increments_count(const struct message *messages, long count, struct increment *increments);
