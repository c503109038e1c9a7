// The C library's calls, each as the system call itself.
#define _GNU_SOURCE
#include "trace.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#define LOCK pthread_mutex_lock(&recorder_lock)
#define UNLOCK pthread_mutex_unlock(&recorder_lock)
// Fails with the errno that the test wants, if it wants one.
#define FAIL_AS_TOLD                   \
    do {                               \
        int code = recorder_fault();   \
        if (code > 0) {                \
            UNLOCK;                    \
            errno = code;              \
            return -1;                 \
        }                              \
    } while (0)

static int opened(const char *path, int flags, mode_t mode) {
    // O_DIRECT has a descriptor of its own, opened by the first one's number.
    int first = -1;
    if (sscanf(path, "/proc/self/fd/%d", &first) != 1) first = -1;
    LOCK;
    int is_watched = first >= 0 ? recorder_has(first) : recorder_watches(path);
    if (is_watched) FAIL_AS_TOLD;
    int descriptor = syscall(SYS_openat, AT_FDCWD, path, flags, mode);
    // What closes a directory's listing is not seen here.
    if (descriptor >= 0) recorder_forget(descriptor);
    if (is_watched && descriptor >= 0) {
        recorder_take(descriptor);
        if (first >= 0) {
            recorder_add(CALL_REOPEN, descriptor, first, flags, "", NULL, 0);
        } else {
            recorder_add(CALL_OPEN, descriptor, 0, flags, path, NULL, 0);
        }
    }
    UNLOCK;
    return descriptor;
}

int open(const char *path, int flags, ...) {
    va_list arguments;
    va_start(arguments, flags);
    mode_t mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(arguments, mode_t) : 0;
    va_end(arguments);
    return opened(path, flags, mode);
}

int open64(const char *path, int flags, ...) {
    va_list arguments;
    va_start(arguments, flags);
    mode_t mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(arguments, mode_t) : 0;
    va_end(arguments);
    return opened(path, flags, mode);
}

int close(int descriptor) {
    LOCK;
    if (recorder_has(descriptor)) {
        recorder_add(CALL_CLOSE, descriptor, 0, 0, "", NULL, 0);
        recorder_forget(descriptor);
    }
    int result = syscall(SYS_close, descriptor);
    UNLOCK;
    return result;
}

static ssize_t written(int descriptor, const void *bytes, size_t length, off_t offset, int moves) {
    LOCK;
    if (recorder_has(descriptor)) {
        int code = recorder_fault();
        if (code > 0) {
            UNLOCK;
            errno = code;
            return -1;
        }
        // A half that is no multiple of anything.
        if (code < 0 && length > 1) length = length / 2 + 1 < length ? length / 2 + 1 : 1;
    }
    if (moves) offset = syscall(SYS_lseek, descriptor, 0, SEEK_CUR);
    ssize_t done = moves ? syscall(SYS_write, descriptor, bytes, length)
                         : syscall(SYS_pwrite64, descriptor, bytes, length, offset);
    if (recorder_has(descriptor) && done > 0)
        recorder_add(CALL_WRITE, descriptor, offset, 0, "", bytes, done);
    UNLOCK;
    return done;
}

ssize_t write(int descriptor, const void *bytes, size_t length) {
    return written(descriptor, bytes, length, 0, 1);
}

ssize_t pwrite(int descriptor, const void *bytes, size_t length, off_t offset) {
    return written(descriptor, bytes, length, offset, 0);
}

ssize_t pwrite64(int descriptor, const void *bytes, size_t length, off_t offset) {
    return written(descriptor, bytes, length, offset, 0);
}

// LMDB seeks first, then writes neighbouring pages so.
ssize_t writev(int descriptor, const struct iovec *parts, int count) {
    ssize_t all = 0;
    for (int part = 0; part < count; part++) {
        ssize_t done = written(descriptor, parts[part].iov_base, parts[part].iov_len, 0, 1);
        if (done < 0) return all > 0 ? all : done;
        all += done;
        if ((size_t)done < parts[part].iov_len) break;
    }
    return all;
}

ssize_t pwritev(int descriptor, const struct iovec *parts, int count, off_t offset) {
    ssize_t all = 0;
    for (int part = 0; part < count; part++) {
        ssize_t done = written(
            descriptor, parts[part].iov_base, parts[part].iov_len, offset + all, 0);
        if (done < 0) return all > 0 ? all : done;
        all += done;
        if ((size_t)done < parts[part].iov_len) break;
    }
    return all;
}

ssize_t pread(int descriptor, void *bytes, size_t length, off_t offset) {
    LOCK;
    if (recorder_has(descriptor)) FAIL_AS_TOLD;
    UNLOCK;
    return syscall(SYS_pread64, descriptor, bytes, length, offset);
}

int ftruncate(int descriptor, off_t length) {
    LOCK;
    if (recorder_has(descriptor)) FAIL_AS_TOLD;
    int result = syscall(SYS_ftruncate, descriptor, length);
    if (recorder_has(descriptor) && result == 0)
        recorder_add(CALL_TRUNCATE, descriptor, length, 0, "", NULL, 0);
    UNLOCK;
    return result;
}

// This one answers with the errno.
int posix_fallocate(int descriptor, off_t offset, off_t length) {
    LOCK;
    int code = recorder_has(descriptor) ? recorder_fault() : 0;
    if (code <= 0) {
        code = syscall(SYS_fallocate, descriptor, 0, offset, length) == 0 ? 0 : errno;
        if (recorder_has(descriptor) && code == 0)
            recorder_add(CALL_ALLOCATE, descriptor, offset + length, 0, "", NULL, 0);
    }
    UNLOCK;
    return code;
}

static int synchronized(int descriptor, long call) {
    LOCK;
    if (recorder_has(descriptor)) FAIL_AS_TOLD;
    int result = syscall(call, descriptor);
    if (recorder_has(descriptor) && result == 0)
        recorder_add(CALL_SYNC, descriptor, 0, 0, "", NULL, 0);
    UNLOCK;
    return result;
}

int fsync(int descriptor) { return synchronized(descriptor, SYS_fsync); }

int fdatasync(int descriptor) { return synchronized(descriptor, SYS_fdatasync); }

void *mmap(void *address, size_t length, int protection, int flags, int descriptor, off_t offset) {
    LOCK;
    int code = recorder_has(descriptor) ? recorder_fault() : 0;
    UNLOCK;
    if (code > 0) {
        errno = code;
        return MAP_FAILED;
    }
    return (void *)syscall(SYS_mmap, address, length, protection, flags, descriptor, offset);
}
