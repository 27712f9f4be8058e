/*
 * Counts the calls by which a process changes files below SHIM_PREFIX, and at a chosen one kills the process or
 * fails the call. Preloaded into a node; steered through a small file that both sides map (struct control).
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

struct control {
  volatile uint32_t armed;      /* 0: count nothing */
  volatile uint32_t count;      /* matching calls since armed */
  volatile uint32_t kill_at;    /* kill before the n-th matching call; 0: never */
  volatile uint32_t fail_errno; /* fail matching calls with this errno; 0: never */
  volatile uint32_t fail_from;  /* ... from the n-th on */
  volatile uint32_t kinds;      /* bit mask of the kinds below that match; 0: all */
  volatile char path[232];      /* substring the path must contain; "" matches all */
};
enum { KIND_WRITE = 1, KIND_SYNC = 2, KIND_RENAME = 4, KIND_UNLINK = 8, KIND_CREATE = 16, KIND_TRUNCATE = 32 };

static struct control *control;
static const char *prefix;
static size_t prefix_length;

__attribute__((constructor)) static void start(void) {
  const char *file = getenv("SHIM_CONTROL");
  prefix = getenv("SHIM_PREFIX");
  if (!file || !prefix) return;
  prefix_length = strlen(prefix);
  int fd = open(file, O_RDWR);
  if (fd < 0) return;
  void *map = mmap(NULL, sizeof(struct control), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  close(fd);
  if (map != MAP_FAILED) control = map;
}

/* Returns an errno to fail with, or 0 to go on. */
static int passes(const char *path, uint32_t kind) {
  if (!control || !control->armed || strncmp(path, prefix, prefix_length) != 0) return 0;
  if (control->kinds && !(control->kinds & kind)) return 0;
  if (control->path[0] && !strstr(path, (const char *)control->path)) return 0;
  uint32_t n = __sync_add_and_fetch(&control->count, 1);
  if (control->kill_at && n == control->kill_at) kill(getpid(), SIGKILL);
  if (control->fail_errno && n >= control->fail_from) return (int)control->fail_errno;
  return 0;
}

static int passes_fd(int fd, uint32_t kind) {
  if (!control || !control->armed) return 0;
  char link[64], path[1024];
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  ssize_t length = readlink(link, path, sizeof path - 1);
  if (length < 0) return 0;
  path[length] = 0;
  return passes(path, kind);
}

#define REAL(name) \
  static __typeof__(&name) real; \
  if (!real) real = (__typeof__(&name))dlsym(RTLD_NEXT, #name)
#define GUARD_FD(fd, kind) \
  int failure = passes_fd(fd, kind); \
  if (failure) { errno = failure; return -1; }
#define GUARD(path, kind) \
  int failure = passes(path, kind); \
  if (failure) { errno = failure; return -1; }

ssize_t write(int fd, const void *data, size_t size) { REAL(write); GUARD_FD(fd, KIND_WRITE); return real(fd, data, size); }
ssize_t pwrite(int fd, const void *data, size_t size, off_t at) { REAL(pwrite); GUARD_FD(fd, KIND_WRITE); return real(fd, data, size, at); }
ssize_t pwrite64(int fd, const void *data, size_t size, off64_t at) { REAL(pwrite64); GUARD_FD(fd, KIND_WRITE); return real(fd, data, size, at); }
ssize_t writev(int fd, const struct iovec *parts, int count) { REAL(writev); GUARD_FD(fd, KIND_WRITE); return real(fd, parts, count); }
ssize_t pwritev(int fd, const struct iovec *parts, int count, off_t at) { REAL(pwritev); GUARD_FD(fd, KIND_WRITE); return real(fd, parts, count, at); }
ssize_t pwritev64(int fd, const struct iovec *parts, int count, off64_t at) { REAL(pwritev64); GUARD_FD(fd, KIND_WRITE); return real(fd, parts, count, at); }
int fsync(int fd) { REAL(fsync); GUARD_FD(fd, KIND_SYNC); return real(fd); }
int fdatasync(int fd) { REAL(fdatasync); GUARD_FD(fd, KIND_SYNC); return real(fd); }
int rename(const char *from, const char *to) { REAL(rename); GUARD(from, KIND_RENAME); return real(from, to); }
int unlink(const char *path) { REAL(unlink); GUARD(path, KIND_UNLINK); return real(path); }
int mkdir(const char *path, mode_t mode) { REAL(mkdir); GUARD(path, KIND_CREATE); return real(path, mode); }
int rmdir(const char *path) { REAL(rmdir); GUARD(path, KIND_UNLINK); return real(path); }
int ftruncate(int fd, off_t size) { REAL(ftruncate); GUARD_FD(fd, KIND_TRUNCATE); return real(fd, size); }
int ftruncate64(int fd, off64_t size) { REAL(ftruncate64); GUARD_FD(fd, KIND_TRUNCATE); return real(fd, size); }
int open64(const char *path, int flags, ...) {
  REAL(open64);
  mode_t mode = 0;
  if (flags & O_CREAT) {
    va_list arguments;
    va_start(arguments, flags);
    mode = va_arg(arguments, mode_t);
    va_end(arguments);
    GUARD(path, KIND_CREATE);
  }
  return real(path, flags, mode);
}
