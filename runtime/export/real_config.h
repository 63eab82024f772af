/* The weights of a model over real vectors as named tensors, and what a reader of them has to know
   beside them, as JSON: how the matrices are used, and what goes in and comes out. */
#ifndef RASPC_EXPORT_REAL_CONFIG_H
#define RASPC_EXPORT_REAL_CONFIG_H

#include "runtime/export/real_export.h"
#include "runtime/model/tensors.h"
#include "runtime/real/real_weights.h"
#include "runtime/value/json.h"

/* Every matrix of real_weights.h by its name there:
     w_e, w_p, w_until, w_trap, w_u
     layers.L.heads.H.w_q, .w_k, .w_v, .w_o, .w_gq, .w_gk
     layers.L.units.U.w_in.A, .w_out
   One without rows or columns is left out. */
void real_tensors(Tensors *tensors, const RealExport *e, const DenseRealModel *weights);

/* Adds to an object; docs/exports.md says what. */
void real_config_items(const RealExport *e, const DenseRealModel *weights, cJSON *to);
/* The same, as the text of an object on one line. */
void real_config(const RealExport *e, const DenseRealModel *weights, Buffer *out);

/* Both, as a .safetensors file. */
void real_safetensors_write(const RealExport *e, const DenseRealModel *weights, Buffer *out);

#endif
