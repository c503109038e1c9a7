// The data set that make_data.py wrote, as every peer written in C reads it: mapped, never copied.
#pragma once
#include <stdint.h>

/// A message as a feed hands it over, already parsed: what is in idx.bin.
struct message {
    double time;
    /// Numbers from 1, lines of topics.txt and users.txt; 0 for no user.
    uint16_t topic, users[2];
    /// Of its line in msgs.jsonl, the line's end included.
    uint16_t length;
};

struct dataset {
    const struct message *messages;
    long count;
    /// The lines of all messages.
    const char *text;
};

/// One line of queries.txt: hours since 1970 in `lower` and `upper`, or seconds in `lower`.
struct question {
    int kind, name;
    long lower, upper;
};

enum { topics_max = 300, questions_max = 4000, batch_messages = 10000, text_max = 1 << 16 };

struct dataset dataset_open(const char *folder);

/// Reads queries.txt. Returns how many there are.
int questions_read(const char *folder, struct question *questions);

/// Ends the program with a sentence.
_Noreturn void fail(const char *what, const char *why);
