/* Preloaded into a process (LD_PRELOAD), makes each sync of a file last PKB_SYNC_MS longer, as on a slow or busy disk. */
#define _GNU_SOURCE
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static void rest(void) {
  const char *given = getenv("PKB_SYNC_MS");
  long ms = given == NULL ? 0 : atol(given);
  struct timespec left = {ms / 1000, (ms % 1000) * 1000000};
  while (nanosleep(&left, &left) != 0) {
  }
}

int fsync(int file) {
  rest();
  return (int)syscall(SYS_fsync, file);
}

int fdatasync(int file) {
  rest();
  return (int)syscall(SYS_fdatasync, file);
}
