/*
 * Faults of a mounted ext4 for the suites:
 *   disk shutdown DIR         the file system stops at once, un-synced data is lost (EXT4_IOC_SHUTDOWN, no log flush)
 *   disk writeback DIR        models background write-back: random ranges of every file below DIR, until killed
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#define EXT4_SHUTDOWN _IOR('X', 125, uint32_t)

static void write_back(const char *directory) {
  DIR *entries = opendir(directory);
  struct dirent *entry;
  if (!entries) return;
  while ((entry = readdir(entries))) {
    char path[4096];
    struct stat info;
    if (entry->d_name[0] == '.') continue;
    snprintf(path, sizeof path, "%s/%s", directory, entry->d_name);
    if (lstat(path, &info) < 0) continue;
    if (S_ISDIR(info.st_mode)) write_back(path);
    if (!S_ISREG(info.st_mode) || info.st_size == 0) continue;
    int fd = open(path, O_RDONLY);
    if (fd < 0) continue;
    for (int i = 0; i < 8; i++) {
      off_t page = random() % (info.st_size / 4096 + 1);
      sync_file_range(fd, page * 4096, 4096 << (2 * (random() % 3)), SYNC_FILE_RANGE_WRITE);
    }
    close(fd);
  }
  closedir(entries);
}

int main(int count, char **words) {
  if (count == 3 && strcmp(words[1], "shutdown") == 0) {
    uint32_t no_log_flush = 2;
    int fd = open(words[2], O_RDONLY);
    return fd < 0 || ioctl(fd, EXT4_SHUTDOWN, &no_log_flush) < 0 ? 1 : 0;
  }
  if (count == 3 && strcmp(words[1], "writeback") == 0)
    for (;;) {
      write_back(words[2]);
      usleep(5000);
    }
  fprintf(stderr, "usage: disk shutdown|writeback DIR\n");
  return 64;
}
