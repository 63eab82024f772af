/* SHA-256 (FIPS 180-4): says which program a file was made from. */
#ifndef RASPC_SHA256_H
#define RASPC_SHA256_H

#include "runtime/base/buffer.h"

/* Appends the digest as 64 hexadecimal digits. */
void sha256_hex(Buffer *out, const char *bytes, size_t len);

#endif
