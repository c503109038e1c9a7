// The C library's calls that change names.
#define _GNU_SOURCE
#include "trace.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

// Makes the call, which has one path or two, unless it is to fail; and writes it down.
static int named(int kind, long call, const char *path, const char *other, unsigned mode) {
    pthread_mutex_lock(&recorder_lock);
    int is_watched = recorder_watches(path);
    int code = is_watched ? recorder_fault() : 0;
    int result = -1;
    if (code <= 0) {
        if (call == SYS_renameat2) {
            result = syscall(call, AT_FDCWD, path, AT_FDCWD, other, mode);
        } else if (call == SYS_linkat) {
            result = syscall(call, AT_FDCWD, path, AT_FDCWD, other, 0);
        } else {
            result = syscall(call, AT_FDCWD, path, mode);
        }
        code = errno;
        if (is_watched && result == 0) {
            size_t length = other ? strlen(other) : 0;
            recorder_add(kind, -1, 0, mode, path, other ? other : "", length);
        }
    }
    pthread_mutex_unlock(&recorder_lock);
    errno = code;
    return result;
}

int rename(const char *path, const char *other) {
    return named(CALL_RENAME, SYS_renameat2, path, other, 0);
}

int link(const char *path, const char *other) {
    return named(CALL_LINK, SYS_linkat, path, other, 0);
}

int unlink(const char *path) { return named(CALL_UNLINK, SYS_unlinkat, path, NULL, 0); }

int rmdir(const char *path) { return named(CALL_RMDIR, SYS_unlinkat, path, NULL, AT_REMOVEDIR); }

int mkdir(const char *path, mode_t mode) {
    return named(CALL_MKDIR, SYS_mkdirat, path, NULL, mode);
}
