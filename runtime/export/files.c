#include "runtime/export/files.h"

#include "runtime/base/memory.h"
#include "runtime/base/signals.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define LIST_NAME ".raspc" /* the names of what raspc wrote, one a line */

Buffer *files_add(Files *files, const char *name) {
    files->items =
        memory_reserve(files->items, &files->capacity, files->count + 1, sizeof *files->items);
    files->items[files->count] = (struct NamedFile){.name = name};
    return &files->items[files->count++].bytes;
}

void files_drop_last(Files *files) { buffer_free(&files->items[--files->count].bytes); }

void files_free(Files *files) {
    for (size_t i = 0; i < files->count; i++)
        buffer_free(&files->items[i].bytes);
    free(files->items);
    *files = (Files){0};
}

static bool failed(const char **why) {
    *why = strerror(errno);
    return false;
}

/* --- one file --------------------------------------------------------------------------------- */

static bool write_bytes(int fd, const char *bytes, size_t len, const char **why) {
    enum { PART = 16 * 1024 * 1024 }; /* between which a signal is noticed */
    while (len != 0) {
        ssize_t put = write(fd, bytes, len < PART ? len : PART);
        if (put < 0 && errno == EINTR) continue;
        if (put < 0) return failed(why);
        if (signals_waiting()) {
            *why = "interrupted";
            return false;
        }
        bytes += put;
        len -= (size_t)put;
    }
    return true;
}

static bool write_file(int directory, const char *name, const char *bytes, size_t len,
                       const char **why) {
    int fd = openat(directory, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (fd < 0) return failed(why);
    bool written = write_bytes(fd, bytes, len, why);
    if (written && fsync(fd) != 0 && errno != EINVAL) written = failed(why);
    if (close(fd) != 0 && written) written = failed(why);
    return written;
}

/* --- directories ------------------------------------------------------------------------------ */

/* The files that a directory's list names, and the list. False when there is none. */
static bool read_list(int directory, Buffer *out) {
    char block[4096];
    int fd = openat(directory, LIST_NAME, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0) return false;
    ssize_t got;
    while ((got = read(fd, block, sizeof block)) > 0)
        buffer_add(out, block, (size_t)got);
    close(fd);
    return got == 0 && out->len != 0;
}

/* Is the name a line of the list, or the list's own? */
static bool is_listed(const Buffer *list, const char *name) {
    size_t len = strlen(name);
    if (strcmp(name, LIST_NAME) == 0) return true;
    for (const char *line = list->data; line != NULL && *line != '\0';) {
        const char *end = strchr(line, '\n');
        size_t line_len = end == NULL ? strlen(line) : (size_t)(end - line);
        if (line_len == len && memcmp(line, name, len) == 0) return true;
        line = end == NULL ? NULL : end + 1;
    }
    return false;
}

static bool is_dot(const char *name) { return strcmp(name, ".") == 0 || strcmp(name, "..") == 0; }

/* May the directory be replaced? Only when it is empty or holds nothing but what its list names. */
static bool is_ours(const char *path, const char **why) {
    DIR *directory = opendir(path);
    if (directory == NULL) return failed(why);
    Buffer list = {0};
    bool listed = read_list(dirfd(directory), &list), ours = true;
    for (struct dirent *entry; ours && (entry = readdir(directory)) != NULL;) {
        if (is_dot(entry->d_name)) continue;
        ours = listed && is_listed(&list, entry->d_name);
    }
    buffer_free(&list);
    closedir(directory);
    if (!ours) *why = "it is a directory that holds files which raspc did not write";
    return ours;
}

/* Removes a directory of plain files. */
static void remove_directory(const char *path) {
    DIR *directory = opendir(path);
    if (directory == NULL) return;
    for (struct dirent *entry; (entry = readdir(directory)) != NULL;) {
        if (!is_dot(entry->d_name)) unlinkat(dirfd(directory), entry->d_name, 0);
    }
    closedir(directory);
    rmdir(path);
}

/* Fills the directory with the files and their list. */
static bool fill_directory(const Files *files, const char *path, const char **why) {
    int directory = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (directory < 0) return failed(why);
    Buffer list = {0};
    bool written = true;
    for (size_t i = 0; i < files->count && written; i++) {
        const struct NamedFile *file = &files->items[i];
        buffer_printf(&list, "%s\n", file->name);
        written = write_file(directory, file->name, file->bytes.data, file->bytes.len, why);
    }
    written = written && write_file(directory, LIST_NAME, list.data, list.len, why);
    if (written && fsync(directory) != 0 && errno != EINVAL) written = failed(why);
    buffer_free(&list);
    close(directory);
    return written;
}

/* A directory of a new name beside path. */
static bool make_beside(const char *path, const char *ending, Buffer *name, const char **why) {
    for (int attempt = 0; attempt < 100; attempt++) {
        name->len = 0;
        buffer_printf(name, "%s.%ld-%d.%s", path, (long)getpid(), attempt, ending);
        if (mkdir(name->data, 0777) == 0) return true;
        if (errno != EEXIST) break;
    }
    return failed(why);
}

/* Puts the directory at `from` into the place of an old one, which waits beside until that is done.
 */
static bool take_place(const char *from, const char *path, const struct stat *old,
                       const char **why) {
    Buffer aside = {0};
    if (chmod(from, old->st_mode & 07777) != 0) return failed(why);
    bool done = make_beside(path, "old", &aside, why);
    if (done && rename(path, aside.data) != 0) {
        done = failed(why);
        rmdir(aside.data);
    } else if (done && rename(from, path) != 0) {
        done = failed(why);
        (void)rename(aside.data, path);
    } else if (done) {
        remove_directory(aside.data);
    }
    buffer_free(&aside);
    return done;
}

static bool write_beside(const Files *files, const char *path, const char **why) {
    struct stat old;
    bool exists = stat(path, &old) == 0;
    if (exists && !S_ISDIR(old.st_mode)) {
        *why = "it is a file, not a directory";
        return false;
    }
    if (exists && !is_ours(path, why)) return false;
    Buffer name = {0};
    bool made = make_beside(path, "tmp", &name, why);
    bool done = made && fill_directory(files, name.data, why);
    if (done && exists)
        done = take_place(name.data, path, &old, why);
    else if (done && rename(name.data, path) != 0)
        done = failed(why);
    if (made && !done) remove_directory(name.data);
    buffer_free(&name);
    return done;
}

bool files_write_directory(const Files *files, const char *path, const char **why) {
    Buffer plain = {0};
    buffer_text(&plain, path);
    while (plain.len > 1 && plain.data[plain.len - 1] == '/')
        plain.data[--plain.len] = '\0';
    /* Through a symbolic link the directory that it names is replaced, not the link. */
    char *real = realpath(plain.data, NULL);
    HeldSignals held = signals_hold();
    bool done = write_beside(files, real != NULL ? real : plain.data, why);
    signals_release(&held);
    free(real);
    buffer_free(&plain);
    return done;
}
