// What the files of this folder share.
#pragma once
#include "call_recorder.h"

#include <pthread.h>
#include <stddef.h>
#include <sys/types.h>

// The kinds of entries of a trace; `RecordedCall.swift` reads them.
enum {
    CALL_OPEN = 1,
    CALL_REOPEN = 2,
    CALL_WRITE = 3,
    CALL_TRUNCATE = 4,
    CALL_ALLOCATE = 5,
    CALL_SYNC = 6,
    CALL_RENAME = 7,
    CALL_LINK = 8,
    CALL_UNLINK = 9,
    CALL_RMDIR = 10,
    CALL_MKDIR = 11,
    CALL_CLOSE = 12,
    CALL_NOTE = 13,
};

// Held during every call, so that the order of entries is the order of effects.
extern pthread_mutex_t recorder_lock;

// Whether a path is below the directory that is watched.
int recorder_watches(const char *path);
// Whether a descriptor is of a file there.
int recorder_has(int descriptor);
void recorder_take(int descriptor);
void recorder_forget(int descriptor);

// An errno with which this call is to fail; 0 for none; -1 where only a part is to be written.
int recorder_fault(void);

// Writes an entry. `bytes` is a write's, or the second path.
void recorder_add(
    int kind, int descriptor, uint64_t place, uint64_t number, const char *path, const void *bytes,
    size_t length);
