/* What a reader of the weights has to know beside them, as JSON: the names of the residual stream's
   directions, the heads' masks, how logits become values. */
#ifndef RASPC_EXPORT_CONFIG_H
#define RASPC_EXPORT_CONFIG_H

#include "runtime/export/export.h"
#include "runtime/value/json.h"

/* How ONNX writes a value. */
typedef enum ExportValues {
    EXPORT_INTS,
    EXPORT_FLOATS,
    EXPORT_BOOLS,
    EXPORT_LABELS, /* its number among the labels */
} ExportValues;
ExportValues export_values(const Export *e);

/* The s-op's name; with '_' behind it where a graph has another tensor of that name. */
const char *export_output_name(const Export *e);

/* {"vocabulary": .., "max_length": .., "residual": .., "layers": .., "output": ..}, to an object.
 */
void export_config_items(const Export *e, cJSON *to);
/* The same, as the text of an object on one line. */
void export_config(const Export *e, Buffer *out);
void export_vocabulary(const Export *e, Buffer *out); /* a list of atoms */
void export_labels(const Export *e, Buffer *out);     /* a list: what each logit stands for */
/* What one logit stands for, as people read it. */
void export_label(const Export *e, uint32_t logit, Buffer *out);

#endif
