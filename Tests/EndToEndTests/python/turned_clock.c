// The wall clock of a program that is started with this in LD_PRELOAD: as many seconds ahead as the
// file that TURNED_CLOCK names says in its first eight bytes, at each moment.
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static volatile long *ahead;

__attribute__((constructor)) static void map(void) {
  const char *path = getenv("TURNED_CLOCK");
  int file = path ? open(path, O_RDONLY) : -1;
  if (file < 0) return;
  void *bytes = mmap(0, sizeof(long), PROT_READ, MAP_SHARED, file, 0);
  if (bytes != MAP_FAILED) ahead = bytes;
  close(file);
}

int clock_gettime(clockid_t clock, struct timespec *time) {
  int code = (int)syscall(SYS_clock_gettime, clock, time);
  if (code == 0 && clock == CLOCK_REALTIME && ahead) time->tv_sec += *ahead;
  return code;
}
