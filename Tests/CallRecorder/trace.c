#define _GNU_SOURCE
#include "trace.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

// An entry of a trace is this, the path, and the bytes.
struct entry {
    uint32_t kind;
    int32_t descriptor;
    uint64_t place;
    uint64_t number;
    uint64_t path_length;
    uint64_t length;
};

enum { DESCRIPTORS = 65536 };

// Recursive, for the C library may use one of these calls in another.
pthread_mutex_t recorder_lock = PTHREAD_RECURSIVE_MUTEX_INITIALIZER_NP;

static char watched[4096];
static size_t watched_length;
static int trace = -1;
static unsigned char is_watched[DESCRIPTORS];
static uint64_t calls, failing_call;
static int failing_code, fails_for_ever;

static void watch(const char *directory) {
    watched_length = strlen(directory);
    if (watched_length >= sizeof watched) abort();
    memcpy(watched, directory, watched_length + 1);
}

void call_recorder_begin(const char *directory, const char *path) {
    watch(directory);
    trace = syscall(SYS_openat, AT_FDCWD, path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (trace < 0) abort();
}

void call_recorder_fail(const char *directory, uint64_t call, int code, int for_ever) {
    watch(directory);
    failing_call = call;
    failing_code = code == 0 ? -1 : code;
    fails_for_ever = for_ever;
}

uint64_t call_recorder_count(void) { return calls; }

void call_recorder_note(uint64_t number) {
    pthread_mutex_lock(&recorder_lock);
    recorder_add(CALL_NOTE, -1, 0, number, "", NULL, 0);
    pthread_mutex_unlock(&recorder_lock);
}

int recorder_watches(const char *path) {
    return watched_length > 0 && strncmp(path, watched, watched_length) == 0
        && (path[watched_length] == '/' || path[watched_length] == 0);
}

int recorder_has(int descriptor) {
    return descriptor >= 0 && descriptor < DESCRIPTORS && is_watched[descriptor];
}

void recorder_take(int descriptor) {
    if (descriptor >= DESCRIPTORS) abort();
    is_watched[descriptor] = 1;
}

void recorder_forget(int descriptor) {
    if (descriptor < DESCRIPTORS) is_watched[descriptor] = 0;
}

int recorder_fault(void) {
    calls++;
    if (failing_call == 0) return 0;
    int strikes = fails_for_ever ? calls >= failing_call : calls == failing_call;
    return strikes ? failing_code : 0;
}

static void put(const void *bytes, size_t length) {
    const char *rest = bytes;
    while (length > 0) {
        ssize_t done = syscall(SYS_write, trace, rest, length);
        if (done < 0 && errno != EINTR) abort();
        if (done > 0) {
            rest += done;
            length -= done;
        }
    }
}

void recorder_add(
    int kind, int descriptor, uint64_t place, uint64_t number, const char *path, const void *bytes,
    size_t length) {
    if (trace < 0) return;
    int code = errno;
    struct entry entry = {kind, descriptor, place, number, strlen(path), length};
    put(&entry, sizeof entry);
    put(path, entry.path_length);
    put(bytes, length);
    errno = code;
}
