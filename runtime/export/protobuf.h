/* Protocol buffers, the writing side: fields of a message, appended to a buffer. A nested message
   is written into a buffer of its own first. */
#ifndef RASPC_EXPORT_PROTOBUF_H
#define RASPC_EXPORT_PROTOBUF_H

#include "runtime/base/buffer.h"

#include <stdint.h>

void proto_int(Buffer *out, uint32_t field, int64_t value);
void proto_float(Buffer *out, uint32_t field, float value);
void proto_bytes(Buffer *out, uint32_t field, const char *bytes, size_t len);
void proto_text(Buffer *out, uint32_t field, const char *text); /* a C string */
/* Appends the message and frees it. */
void proto_message(Buffer *out, uint32_t field, Buffer *message);
/* A field whose len bytes the caller appends next. */
void proto_length(Buffer *out, uint32_t field, uint64_t len);

#endif
