/* npz, the reading side: a zip archive without zip64, of .npy arrays, stored or deflated. */
#include "runtime/certify/weights_file.h"

#include "runtime/base/limits.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

enum {
    END_SIZE = 22,     /* of the record that ends an archive */
    CENTRAL_SIZE = 46, /* of a header in its directory, without the name */
    LOCAL_SIZE = 30,   /* of a header before an entry's data */
    STORED = 0,
    DEFLATED = 8,
    MOST_DEFLATED = 1032, /* no byte of deflate gives more */
    COMMENT_LIMIT = 65535,
};

static uint32_t u16(const char *at) {
    const unsigned char *b = (const unsigned char *)at;
    return b[0] | (uint32_t)b[1] << 8;
}

static uint32_t u32(const char *at) { return u16(at) | u16(at + 2) << 16; }

/* The record that ends the archive: the last of its kind. */
static const char *find_end(const char *bytes, size_t len) {
    if (len < END_SIZE) return NULL;
    size_t back = len - END_SIZE < COMMENT_LIMIT ? len - END_SIZE : COMMENT_LIMIT;
    for (size_t i = 0; i <= back; i++) {
        const char *at = bytes + len - END_SIZE - i;
        if (memcmp(at, "PK\5\6", 4) == 0) return at;
    }
    return NULL;
}

/* An entry's bytes; NULL: it is damaged. */
static const char *unpack(Arena *arena, const char *packed, uint32_t packed_size, uint32_t size,
                          uint32_t method) {
    if (method == STORED) return packed_size == size ? packed : NULL;
    if (method != DEFLATED || size / MOST_DEFLATED > packed_size) return NULL;
    char *out = arena_alloc(arena, (size_t)size + 1);
    z_stream stream = {.next_in = (Bytef *)(uintptr_t)packed,
                       .avail_in = packed_size,
                       .next_out = (Bytef *)out,
                       .avail_out = size};
    if (inflateInit2(&stream, -MAX_WBITS) != Z_OK) return NULL;
    int status = inflate(&stream, Z_FINISH);
    inflateEnd(&stream);
    return status == Z_STREAM_END && stream.total_out == size ? out : NULL;
}

/* The value behind 'NAME': in the header's text, a Python dict. */
static const char *header_value(const char *header, const char *name) {
    const char *at = strstr(header, name);
    return at ? at + strlen(name) : NULL;
}

/* Shape and type of an array, and where its numbers begin. */
static bool read_header(Arena *arena, const char *bytes, uint32_t size, char type[4],
                        uint64_t shape[2], int *rank, uint32_t *start) {
    enum { PREFIX = 10 };
    if (size < PREFIX || memcmp(bytes, "\x93NUMPY\1\0", 8) != 0) return false;
    uint32_t len = u16(bytes + 8);
    if (len > size - PREFIX) return false;
    const char *header = arena_strndup(arena, bytes + PREFIX, len);
    const char *descr = header_value(header, "'descr': '");
    const char *order = header_value(header, "'fortran_order': ");
    const char *sizes = header_value(header, "'shape': (");
    unsigned long long rows, columns;
    if (!descr || !order || !sizes || strncmp(order, "False", 5) != 0 || strlen(descr) < 3)
        return false;
    memcpy(type, descr, 3);
    type[3] = '\0';
    int read = sscanf(sizes, "%10llu, %10llu", &rows, &columns);
    if (read < 1 || rows > UINT32_MAX || (read == 2 && (columns > UINT32_MAX || columns == 0)))
        return false;
    *rank = read;
    shape[0] = rows;
    shape[1] = read == 2 ? columns : 1;
    *start = PREFIX + len;
    return true;
}

static bool read_array(Arena *arena, const char *name, const char *bytes, uint32_t size,
                       WeightsFile *out) {
    char type[4];
    uint64_t shape[2];
    uint32_t start;
    int rank;
    if (!read_header(arena, bytes, size, type, shape, &rank, &start)) return false;
    if (strcmp(type, "|u1") == 0 && rank == 1) {
        if (shape[0] != size - start) return false;
        const char *text = arena_strndup(arena, bytes + start, size - start);
        if (strcmp(name, "config") == 0) out->config = text;
        if (strcmp(name, "certificate") == 0) out->certificate = text;
        return true;
    }
    FloatType of;
    if (!float_type_named(type, FLOAT_NUMPY, &of)) return false;
    uint64_t number = float_info(of)->size, count = (size - start) / number;
    if ((size - start) % number != 0 || shape[0] * shape[1] != count) return false;
    void *numbers = arena_array(arena, count, number);
    memcpy(numbers, bytes + start, size - start);
    tensors_add(&out->tensors, arena, of, (Numbers){.bytes = numbers}, shape[0],
                rank == 2 ? shape[1] : 0, "%s", name);
    return true;
}

/* One entry of the directory, at `at` with `left` bytes behind it; *taken: its size there. */
static bool read_entry(Arena *arena, const char *bytes, size_t len, const char *at, size_t left,
                       size_t *taken, uint64_t *total, WeightsFile *out) {
    if (left < CENTRAL_SIZE || memcmp(at, "PK\1\2", 4) != 0) return false;
    uint32_t method = u16(at + 10), packed = u32(at + 20), size = u32(at + 24);
    uint32_t name_len = u16(at + 28), offset = u32(at + 42);
    *taken = CENTRAL_SIZE + (size_t)name_len + u16(at + 30) + u16(at + 32);
    if (*taken > left || name_len < 4) return false;
    if (memcmp(at + CENTRAL_SIZE + name_len - 4, ".npy", 4) != 0) return true; /* not ours */
    *total += size;
    if (*total > LIMIT_DENSE_BYTES || len < LOCAL_SIZE || offset > len - LOCAL_SIZE) return false;
    const char *local = bytes + offset;
    if (memcmp(local, "PK\3\4", 4) != 0) return false;
    size_t start = (size_t)offset + LOCAL_SIZE + u16(local + 26) + u16(local + 28);
    if (start > len || packed > len - start) return false;
    const char *array = unpack(arena, bytes + start, packed, size, method);
    const char *name = arena_strndup(arena, at + CENTRAL_SIZE, name_len - 4);
    return array && read_array(arena, name, array, size, out);
}

bool read_npz(Arena *arena, const char *bytes, size_t len, WeightsFile *out, const char **why) {
    const char *end = find_end(bytes, len);
    *why = "its archive is damaged";
    if (!end) return false;
    uint32_t count = u16(end + 10), size = u32(end + 12), start = u32(end + 16);
    if (start > len || size > len - start) return false;
    uint64_t total = 0;
    for (size_t at = start, taken; count-- > 0; at += taken) {
        if (at > start + (size_t)size ||
            !read_entry(arena, bytes, len, bytes + at, start + (size_t)size - at, &taken, &total,
                        out))
            return false;
    }
    return true;
}
