/* npz: a zip archive (PKWARE's APPNOTE 6.3, no zip64) of .npy arrays (numpy's format 1.0). */
#include "runtime/export/formats.h"

#include "runtime/base/bug.h"
#include "runtime/base/memory.h"
#include "runtime/value/npy.h"

#include <stdlib.h>
#include <string.h>
#include <zlib.h>

enum {
    ZIP_VERSION = 20,     /* 2.0: what an archive with deflated entries asks of its reader */
    ZIP_DEFLATED = 8,     /* the method */
    ZIP_DATE = 0x0021,    /* 1980-01-01: equal models give equal files */
    ZIP_LOCAL_SIZES = 14, /* where crc and sizes lie in a local header */
};
#define ZIP_LIMIT ((uint64_t)UINT32_MAX)

typedef struct Entry {
    Buffer name;
    uint32_t crc, packed, size, offset;
} Entry;

static void add_u16(Buffer *out, uint32_t value) {
    uint16_t small = (uint16_t)value;
    buffer_add(out, (const char *)&small, sizeof small);
}

static void add_u32(Buffer *out, uint32_t value) {
    buffer_add(out, (const char *)&value, sizeof value);
}

/* Version, flags, method, time, date, crc, sizes, length of the name, of the extra field. */
static void add_common(Buffer *out, const Entry *entry) {
    add_u16(out, ZIP_VERSION);
    add_u16(out, 0);
    add_u16(out, ZIP_DEFLATED);
    add_u16(out, 0);
    add_u16(out, ZIP_DATE);
    add_u32(out, entry->crc);
    add_u32(out, entry->packed);
    add_u32(out, entry->size);
    add_u16(out, (uint32_t)entry->name.len);
    add_u16(out, 0);
}

static void deflate_part(z_stream *stream, Buffer *out, const char *bytes, size_t len, int flush) {
    char block[64 * 1024];
    stream->next_in = (Bytef *)(uintptr_t)bytes;
    stream->avail_in = (uInt)len;
    do {
        stream->next_out = (Bytef *)block;
        stream->avail_out = sizeof block;
        if (deflate(stream, flush) == Z_STREAM_ERROR) BUG("deflate");
        buffer_add(out, block, sizeof block - stream->avail_out);
    } while (stream->avail_out == 0);
}

/* One entry: the header's bytes, then the data's. False when the archive grows past ZIP_LIMIT. */
static bool add_entry(Buffer *out, Entry *entry, const Buffer *header, const char *data,
                      uint64_t len) {
    z_stream stream = {0};
    if (out->len > ZIP_LIMIT || header->len + len > ZIP_LIMIT) return false;
    entry->offset = (uint32_t)out->len;
    entry->size = (uint32_t)(header->len + len);
    entry->crc = (uint32_t)crc32_z(crc32_z(0, (const Bytef *)header->data, header->len),
                                   (const Bytef *)data, len);
    buffer_add(out, "PK\3\4", 4);
    add_common(out, entry);
    buffer_add(out, entry->name.data, entry->name.len);
    size_t start = out->len;
    if (deflateInit2(&stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, -MAX_WBITS, MAX_MEM_LEVEL,
                     Z_DEFAULT_STRATEGY) != Z_OK)
        BUG("deflateInit2");
    deflate_part(&stream, out, header->data, header->len, Z_NO_FLUSH);
    deflate_part(&stream, out, data, len, Z_FINISH);
    deflateEnd(&stream);
    if (out->len - start > ZIP_LIMIT) return false;
    entry->packed = (uint32_t)(out->len - start);
    uint32_t sizes[] = {entry->crc, entry->packed, entry->size};
    memcpy(out->data + entry->offset + ZIP_LOCAL_SIZES, sizes, sizeof sizes);
    return true;
}

static void add_directory(Buffer *out, const Entry *entries, size_t count) {
    size_t start = out->len;
    for (size_t i = 0; i < count; i++) {
        buffer_add(out, "PK\1\2", 4);
        add_u16(out, ZIP_VERSION);
        add_common(out, &entries[i]);
        buffer_repeat(out, '\0', 10); /* comment, disk, attributes: none */
        add_u32(out, entries[i].offset);
        buffer_add(out, entries[i].name.data, entries[i].name.len);
    }
    size_t len = out->len - start;
    buffer_add(out, "PK\5\6\0\0\0\0", 8);
    add_u16(out, (uint32_t)count);
    add_u16(out, (uint32_t)count);
    add_u32(out, (uint32_t)len);
    add_u32(out, (uint32_t)start);
    add_u16(out, 0);
}

static bool add_array(Buffer *out, Entry *entry, const char *name, const char *type,
                      const uint64_t *shape, uint32_t rank, const void *data, uint64_t bytes) {
    Buffer header = {0};
    npy_header(&header, type, shape, rank);
    buffer_printf(&entry->name, "%s.npy", name);
    bool added = add_entry(out, entry, &header, data, bytes);
    buffer_free(&header);
    return added;
}

static bool add_text(Buffer *out, Entry *entry, const char *name, const char *text) {
    uint64_t len = strlen(text);
    return add_array(out, entry, name, "|u1", &len, 1, text, len);
}

bool npz_write(Buffer *out, const Tensors *tensors, const char *config, const char *certificate) {
    enum { TEXTS = 2 };
    if (tensors->count + TEXTS > UINT16_MAX) return false;
    Entry *entries = memory_zeroed((tensors->count + TEXTS) * sizeof *entries);
    size_t count = 0;
    bool written = add_text(out, &entries[count++], "config", config);
    if (certificate != NULL)
        written = written && add_text(out, &entries[count++], "certificate", certificate);
    for (size_t i = 0; i < tensors->count && written; i++) {
        const Tensor *tensor = &tensors->items[i];
        written =
            add_array(out, &entries[count++], tensor->name, float_name(tensor->type, FLOAT_NUMPY),
                      tensor->shape, tensor->rank, tensor->data.bytes, tensor_bytes(tensor));
    }
    if (written) written = out->len <= ZIP_LIMIT;
    if (written) add_directory(out, entries, count);
    for (size_t i = 0; i < count; i++)
        buffer_free(&entries[i].name);
    free(entries);
    return written;
}

void npz_report_large(const Tensors *tensors, Span span, Diagnostics *diags) {
    Diagnostic *diag = diag_error(diags, DIAG_TOO_LARGE_FOR_FORMAT, span,
                                  "%zu MiB of weights do not fit into an .npz file",
                                  (size_t)(tensors_bytes(tensors) >> 20));
    diag_help(diag, "write a .safetensors file, or make the model smaller");
}
