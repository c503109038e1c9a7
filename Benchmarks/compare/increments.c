#include "increments.h"

#include <string.h>

/// By bytes from the lowest, those in which all keys agree left out. Leaves the result in `keys`.
static void sort(uint64_t *keys, uint64_t *spare, int count) {
    uint64_t any = 0, all = ~(uint64_t)0;
    for (int place = 0; place < count; place++) any |= keys[place], all &= keys[place];
    uint64_t *from = keys, *to = spare;
    for (int shift = 0; shift < 64; shift += 8) {
        if (((any ^ all) >> shift & 0xff) == 0) continue;
        int starts[257] = {0};
        for (int place = 0; place < count; place++) starts[(from[place] >> shift & 0xff) + 1]++;
        for (int byte = 0; byte < 256; byte++) starts[byte + 1] += starts[byte];
        for (int place = 0; place < count; place++)
            to[starts[from[place] >> shift & 0xff]++] = from[place];
        uint64_t *swap = from;
        from = to;
        to = swap;
    }
    if (from != keys) memcpy(keys, from, (size_t)count * sizeof *keys);
}

int increments_count(const struct message *messages, long count, struct increment *increments) {
    static uint64_t keys[increments_max], spare[increments_max];
    int all = 0;
    for (long place = 0; place < count; place++) {
        const struct message *message = &messages[place];
        long time = (long)message->time;
        keys[all++] = key_of(topic_minutes, message->topic, time / 60, 0);
        keys[all++] = key_of(topic_hours, message->topic, time / 3600, 0);
        for (int user = 0; user < 2; user++) {
            if (message->users[user] == 0) continue;
            keys[all++] =
                key_of(topic_user_hours, message->topic, time / 3600, message->users[user]);
            keys[all++] = key_of(user_days, message->users[user], time / 86400, 0);
        }
    }
    sort(keys, spare, all);
    int different = 0;
    for (int place = 0; place < all; place++) {
        if (different > 0 && increments[different - 1].key == keys[place])
            increments[different - 1].count++;
        else
            increments[different++] = (struct increment){keys[place], 1};
    }
    return different;
}
