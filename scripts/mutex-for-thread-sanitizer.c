/* Tells the thread sanitizer of Swift's Mutex where two threads meet: the sanitizer sees the atomics
 * that take a free lock, since they are compiled into the code that locks, but not what waits for a
 * lock or hands it over, which is the library's and is not instrumented.
 *
 * To be loaded before libswiftSynchronization (LD_PRELOAD); built and used by sanitize.sh. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>

#define SWIFT __attribute__((swiftcall))
#define SELF __attribute__((swift_context)) void *handle

extern void __tsan_acquire(void *);
extern void __tsan_release(void *);

#define LOCK "$s15Synchronization12_MutexHandleV9_lockSlowyys6UInt32VF"
#define TRY "$s15Synchronization12_MutexHandleV12_tryLockSlowSbyF"
#define UNLOCK "$s15Synchronization12_MutexHandleV11_unlockSlowyyF"

static void *library(const char *name) {
    void *found = dlsym(RTLD_NEXT, name);
    if (!found) abort();
    return found;
}

SWIFT void lock_slow(uint32_t thread, SELF) __asm__(LOCK);
SWIFT void lock_slow(uint32_t thread, SELF) {
    SWIFT void (*lock)(uint32_t, SELF) = library(LOCK);
    lock(thread, handle);
    __tsan_acquire(handle);
}

SWIFT bool try_lock_slow(SELF) __asm__(TRY);
SWIFT bool try_lock_slow(SELF) {
    SWIFT bool (*try_lock)(SELF) = library(TRY);
    bool is_locked = try_lock(handle);
    if (is_locked) __tsan_acquire(handle);
    return is_locked;
}

SWIFT void unlock_slow(SELF) __asm__(UNLOCK);
SWIFT void unlock_slow(SELF) {
    SWIFT void (*unlock)(SELF) = library(UNLOCK);
    __tsan_release(handle);
    unlock(handle);
}
