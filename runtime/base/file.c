#define _GNU_SOURCE /* dladdr1 */
#include "runtime/base/file.h"

#include "runtime/base/memory.h"
#include "runtime/base/signals.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <link.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
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

bool file_view(const char *path, size_t limit, FileView *out, const char **why) {
    *out = (FileView){0};
    int fd = strcmp(path, "-") == 0 ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) return failed(why);
    struct stat info;
    void *mapped = MAP_FAILED;
    if (fd != STDIN_FILENO && fstat(fd, &info) == 0 && S_ISREG(info.st_mode) && info.st_size > 0)
        mapped = mmap(NULL, (size_t)info.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
    bool done = true;
    if (mapped != MAP_FAILED) {
        *out = (FileView){mapped, (size_t)info.st_size, true};
    } else {
        Buffer bytes = {0};
        buffer_add(&bytes, "", 0);
        done = read_all(fd, limit, &bytes, why);
        *out = (FileView){bytes.data, bytes.len, false};
        if (!done) file_view_close(out);
    }
    if (fd != STDIN_FILENO) close(fd);
    return done;
}

void file_view_close(FileView *view) {
    if (view->mapped)
        munmap((void *)(uintptr_t)view->bytes, view->len);
    else
        free((void *)(uintptr_t)view->bytes);
    *view = (FileView){0};
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

/* Where a stream writes: a new file beside the one that it replaces, or what can't be replaced. */
struct FileStream {
    int fd;
    bool failed;
    bool replaces;
    char *path; /* of the file that is replaced */
    Buffer beside;
    bool keep_mode; /* of a file that was there */
    mode_t mode;
    HeldSignals held; /* while it replaces */
};

/* A pipe, a device or standard output can't be replaced by a renamed file: they are written as they
   are. */
static bool open_in_place(FileStream *stream, const char *path) {
    bool standard = strcmp(path, "-") == 0;
    stream->fd = standard ? STDOUT_FILENO : open(path, O_WRONLY | O_CLOEXEC);
    return stream->fd >= 0;
}

static bool open_replacing(FileStream *stream, const char *path, const struct stat *old) {
    stream->replaces = true;
    /* Through a symbolic link the file that it names is replaced, not the link. */
    stream->path = old != NULL ? realpath(path, NULL) : strdup(path);
    if (stream->path == NULL) return false;
    if (old != NULL) stream->mode = old->st_mode & 07777;
    stream->keep_mode = old != NULL;
    stream->held = signals_hold();
    stream->fd = open_beside(stream->path, &stream->beside);
    if (stream->fd >= 0) return true;
    int why = errno;
    signals_release(&stream->held);
    errno = why;
    return false;
}

static void stream_free(FileStream *stream) {
    buffer_free(&stream->beside);
    free(stream->path);
    free(stream);
}

FileStream *file_stream_open(const char *path, const char **why) {
    FileStream *stream = memory_zeroed(sizeof *stream);
    struct stat old;
    bool opened, there = strcmp(path, "-") != 0 && stat(path, &old) == 0;
    if (there && S_ISDIR(old.st_mode)) {
        errno = EISDIR;
        opened = false;
    } else if (strcmp(path, "-") == 0 || (there && !S_ISREG(old.st_mode))) {
        opened = open_in_place(stream, path);
    } else {
        opened = open_replacing(stream, path, there ? &old : NULL);
    }
    if (opened) return stream;
    *why = errno == EISDIR ? "it is a directory" : strerror(errno);
    stream_free(stream);
    return NULL;
}

bool file_stream_write(FileStream *stream, const char *bytes, size_t len, const char **why) {
    if (!stream->failed) stream->failed = !write_all(stream->fd, bytes, len, why);
    return !stream->failed;
}

/* The new file takes the old one's place. */
static bool put_in_place(FileStream *stream, const char **why) {
    bool done = !stream->keep_mode || fchmod(stream->fd, stream->mode) == 0 || failed(why);
    if (done && fsync(stream->fd) != 0 && errno != EINVAL) done = failed(why);
    if (close(stream->fd) != 0 && done) done = failed(why);
    return done && (rename(stream->beside.data, stream->path) == 0 || failed(why));
}

bool file_stream_close(FileStream *stream, bool keep, const char **why) {
    bool done = !stream->failed; /* *why was said when it failed */
    if (stream->replaces) {
        bool put = false;
        if (keep && done)
            done = put = put_in_place(stream, why);
        else
            close(stream->fd);
        if (!put) unlink(stream->beside.data);
        signals_release(&stream->held);
    } else if (stream->fd != STDOUT_FILENO && close(stream->fd) != 0 && done) {
        done = failed(why);
    }
    stream_free(stream);
    return done;
}

bool file_write(const char *path, const char *bytes, size_t len, const char **why) {
    FileStream *stream = file_stream_open(path, why);
    if (stream == NULL) return false;
    bool written = file_stream_write(stream, bytes, len, why);
    return file_stream_close(stream, true, why) && written;
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
