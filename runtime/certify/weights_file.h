/* Weights read back from a file that raspc wrote, or from any other that claims to be one: hostile
   files end in a reason, never in a crash. */
#ifndef RASPC_CERTIFY_WEIGHTS_FILE_H
#define RASPC_CERTIFY_WEIGHTS_FILE_H

#include "runtime/model/tensors.h"

typedef struct WeightsFile {
    Tensors tensors;           /* by name; free with weights_file_free */
    const char *config;        /* JSON: what the runtimes read beside the weights; NULL: none */
    const char *certificate;   /* JSON; NULL: none */
    const DenseModel *weights; /* masks as the config has them */
} WeightsFile;

/* Reads a .safetensors or .npz file's bytes, whichever they are. Texts and numbers are copied into
   the arena. False with *why. */
bool weights_file_read(Arena *arena, const char *bytes, size_t len, WeightsFile *out,
                       const char **why);
void weights_file_free(WeightsFile *file);

/* The formats (read_safetensors.c, read_npz.c): tensors, config and certificate. */
bool read_safetensors(Arena *arena, const char *bytes, size_t len, WeightsFile *out,
                      const char **why);
bool read_npz(Arena *arena, const char *bytes, size_t len, WeightsFile *out, const char **why);

/* SHA-256 of a text with a line "NAME SHA256" for each tensor, by name; the tensor's own is that of
   its numbers' bytes, little-endian, row by row. A C string in the arena. */
const char *weights_hash(Arena *arena, const Tensors *tensors);

#endif
