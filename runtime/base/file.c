#define _GNU_SOURCE /* dladdr1 */
#include "runtime/base/file.h"

#include "runtime/base/signals.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <link.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bool failed(const char **why) {
    *why = strerror(errno);
    return false;
}

static bool read_all(int fd, size_t limit, Buffer *out, const char **why) {
    static const char too_large[] = "it is too large";
    struct stat info;
    if (fstat(fd, &info) != 0) return failed(why);
    if (S_ISDIR(info.st_mode)) {
        *why = "it is a directory";
        return false;
    }
    if (S_ISREG(info.st_mode) && info.st_size > 0 && (size_t)info.st_size > limit) {
        *why = too_large;
        return false;
    }
    size_t total = 0;
    char block[64 * 1024];
    for (;;) {
        ssize_t got = read(fd, block, sizeof block);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return failed(why);
        if (got == 0) return true;
        total += (size_t)got;
        if (total > limit) {
            *why = too_large;
            return false;
        }
        buffer_add(out, block, (size_t)got);
    }
}

bool file_read(const char *path, size_t limit, Buffer *out, const char **why) {
    buffer_add(out, "", 0);
    if (strcmp(path, "-") == 0) return read_all(STDIN_FILENO, limit, out, why);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) return failed(why);
    bool read_it = read_all(fd, limit, out, why);
    close(fd);
    return read_it;
}

static bool write_all(int fd, const char *bytes, size_t len, const char **why) {
    while (len != 0) {
        ssize_t put = write(fd, bytes, len);
        if (put < 0 && errno == EINTR) continue;
        if (put < 0) return failed(why);
        bytes += put;
        len -= (size_t)put;
    }
    return true;
}

/* A pipe or a device can't be replaced by a renamed file: it is written as it is. */
static bool write_in_place(const char *path, const char *bytes, size_t len, const char **why) {
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    if (fd < 0) return failed(why);
    bool written = write_all(fd, bytes, len, why);
    if (close(fd) != 0 && written) return failed(why);
    return written;
}

/* Creates a file of a new name beside path; its name is added to name. O_EXCL with the usual mode
   rather than mkstemp, so that the umask decides who may read it. */
static int open_beside(const char *path, Buffer *name) {
    for (int attempt = 0; attempt < 100; attempt++) {
        name->len = 0;
        buffer_printf(name, "%s.%ld-%d.tmp", path, (long)getpid(), attempt);
        int fd = open(name->data, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
        if (fd >= 0 || errno != EEXIST) return fd;
    }
    return -1;
}

static bool replace(const char *path, const struct stat *old, const char *bytes, size_t len,
                    const char **why) {
    Buffer name = {0};
    HeldSignals held = signals_hold();
    int fd = open_beside(path, &name);
    if (fd < 0) {
        failed(why);
        signals_release(&held);
        buffer_free(&name);
        return false;
    }
    bool done = write_all(fd, bytes, len, why);
    if (done && old != NULL && fchmod(fd, old->st_mode & 07777) != 0) done = failed(why);
    if (done && fsync(fd) != 0 && errno != EINVAL) done = failed(why);
    if (close(fd) != 0 && done) done = failed(why);
    if (done && rename(name.data, path) != 0) done = failed(why);
    if (!done) unlink(name.data);
    signals_release(&held);
    buffer_free(&name);
    return done;
}

bool file_write(const char *path, const char *bytes, size_t len, const char **why) {
    if (strcmp(path, "-") == 0) return write_all(STDOUT_FILENO, bytes, len, why);
    struct stat old;
    if (stat(path, &old) != 0) return replace(path, NULL, bytes, len, why);
    if (S_ISDIR(old.st_mode)) {
        *why = "it is a directory";
        return false;
    }
    if (!S_ISREG(old.st_mode)) return write_in_place(path, bytes, len, why);
    /* Through a symbolic link the file that it names is replaced, not the link. */
    char *real = realpath(path, NULL);
    if (real == NULL) return failed(why);
    bool done = replace(real, &old, bytes, len, why);
    free(real);
    return done;
}

/* The file that this code was loaded from, when that is a shared library; "" in a program. */
static const char *own_library(void) {
    Dl_info info;
    struct link_map *map;
    void *here = __extension__(void *) file_beside_program;
    if (dladdr1(here, &info, (void **)&map, RTLD_DL_LINKMAP) == 0) return "";
    return map->l_name;
}

bool file_beside_program(const char *relative, Buffer *out) {
    char path[PATH_MAX];
    const char *library = own_library();
    ssize_t len = 0;
    if (library[0] == '\0')
        len = readlink("/proc/self/exe", path, sizeof path);
    else if (realpath(library, path) != NULL)
        len = (ssize_t)strlen(path);
    while (len > 0 && path[len - 1] != '/')
        len--;
    if (len <= 0) return false;
    buffer_add(out, path, (size_t)len);
    buffer_text(out, relative);
    return true;
}
