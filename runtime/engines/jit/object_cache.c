/* The file: a head, a Stage for each stage (none: short code), a Length for each buffer, the object
   file, and the hash of all that in 64 hexadecimal digits. It is read by the build that wrote it
   alone. */
#include "runtime/engines/jit/object_cache.h"

#include "runtime/base/file.h"
#include "runtime/base/sha256.h"
#include "runtime/base/version.h"
#include "runtime/engines/jit.h"

#include <dlfcn.h>
#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>

enum { HASH_DIGITS = 64, LARGEST_FILE = 256 << 20 };

typedef struct FileHead {
    char magic[8];
    uint32_t stage_count, buffer_count;
    uint64_t object_len;
} FileHead;
static const char magic[8] = "raspc-o";

extern const JitModule raspc_jit_module;

/* Two builds of one version may write other code. */
static void print_build(Buffer *out) {
    Dl_info info;
    struct stat file;
    buffer_printf(out, "raspc %s\n", RASPC_VERSION);
    if (dladdr(&raspc_jit_module, &info) == 0 || stat(info.dli_fname, &file) != 0) return;
    buffer_printf(out, "%jd bytes of %jd.%09ld\n", (intmax_t)file.st_size,
                  (intmax_t)file.st_mtim.tv_sec, file.st_mtim.tv_nsec);
}

void object_cache_path(const char *directory, const Buffer *text, const Buffer *target,
                       Buffer *path) {
    Buffer key = {0};
    print_build(&key);
    buffer_add(&key, target->data, target->len);
    buffer_add(&key, text->data, text->len);
    buffer_printf(path, "%s/", directory);
    sha256_hex(path, key.data, key.len);
    buffer_text(path, ".raspc-o");
    buffer_free(&key);
}

/* --- reading ---------------------------------------------------------------------------------- */

static bool is_sound(const Buffer *file, const Columns *columns, FileHead *head) {
    if (file->len < sizeof *head + HASH_DIGITS) return false;
    size_t hashed = file->len - HASH_DIGITS;
    Buffer hash = {0};
    sha256_hex(&hash, file->data, hashed);
    bool same = memcmp(hash.data, file->data + hashed, HASH_DIGITS) == 0;
    buffer_free(&hash);
    if (!same) return false;
    memcpy(head, file->data, sizeof *head);
    return memcmp(head->magic, magic, sizeof magic) == 0 &&
           head->buffer_count == columns->buffer_count &&
           hashed == sizeof *head + head->stage_count * sizeof(Stage) +
                         head->buffer_count * sizeof(Length) + head->object_len;
}

bool object_cache_read(const char *path, Stages *stages, Columns *columns, Buffer *object) {
    Buffer file = {0};
    const char *why;
    FileHead head;
    bool sound = file_read(path, LARGEST_FILE, &file, &why) && is_sound(&file, columns, &head);
    if (sound) {
        const char *at = file.data + sizeof head;
        stages->count = head.stage_count;
        stages->list = ARENA_ARRAY(stages->arena, Stage, head.stage_count);
        memcpy(stages->list, at, head.stage_count * sizeof(Stage));
        at += head.stage_count * sizeof(Stage);
        for (uint32_t b = 0; b < head.buffer_count; b++, at += sizeof(Length))
            memcpy(&columns->buffers[b].length, at, sizeof(Length));
        buffer_add(object, at, head.object_len);
    }
    buffer_free(&file);
    return sound;
}

/* --- writing ---------------------------------------------------------------------------------- */

bool object_cache_write(const char *directory, const char *path, const Stages *stages,
                        const Columns *columns, const Buffer *object, const char **why) {
    if (mkdir(directory, 0700) != 0 && errno != EEXIST) {
        *why = strerror(errno);
        return false;
    }
    FileHead head = {.stage_count = stages->count,
                     .buffer_count = columns->buffer_count,
                     .object_len = object->len};
    memcpy(head.magic, magic, sizeof magic);
    Buffer file = {0}, hash = {0};
    buffer_add(&file, (const char *)&head, sizeof head);
    if (stages->count > 0)
        buffer_add(&file, (const char *)stages->list, stages->count * sizeof(Stage));
    for (uint32_t b = 0; b < columns->buffer_count; b++)
        buffer_add(&file, (const char *)&columns->buffers[b].length, sizeof(Length));
    buffer_add(&file, object->data, object->len);
    sha256_hex(&hash, file.data, file.len);
    buffer_add(&file, hash.data, hash.len);
    bool written = file_write(path, file.data, file.len, why);
    buffer_free(&file);
    buffer_free(&hash);
    return written;
}
