#include "runtime/export/protobuf.h"

#include <string.h>

enum WireType { WIRE_VARINT = 0, WIRE_LENGTH = 2, WIRE_FIXED32 = 5 };

/* Seven bits a byte, the lowest first; the high bit says that more follow. */
static void varint(Buffer *out, uint64_t value) {
    for (; value >= 0x80; value >>= 7)
        buffer_char(out, (char)(value | 0x80));
    buffer_char(out, (char)value);
}

static void tag(Buffer *out, uint32_t field, enum WireType type) {
    varint(out, (uint64_t)field << 3 | type);
}

void proto_int(Buffer *out, uint32_t field, int64_t value) {
    tag(out, field, WIRE_VARINT);
    varint(out, (uint64_t)value);
}

void proto_float(Buffer *out, uint32_t field, float value) {
    tag(out, field, WIRE_FIXED32);
    buffer_add(out, (const char *)&value, sizeof value);
}

void proto_length(Buffer *out, uint32_t field, uint64_t len) {
    tag(out, field, WIRE_LENGTH);
    varint(out, len);
}

void proto_bytes(Buffer *out, uint32_t field, const char *bytes, size_t len) {
    proto_length(out, field, len);
    buffer_add(out, bytes, len);
}

void proto_text(Buffer *out, uint32_t field, const char *text) {
    proto_bytes(out, field, text, strlen(text));
}

void proto_message(Buffer *out, uint32_t field, Buffer *message) {
    proto_bytes(out, field, message->data, message->len);
    buffer_free(message);
}
