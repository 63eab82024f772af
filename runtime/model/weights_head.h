/* The dense weights of a head, for weights.c. */
#ifndef RASPC_WEIGHTS_HEAD_H
#define RASPC_WEIGHTS_HEAD_H

#include "runtime/model/weights.h"

/* Columns of its queries, keys and values. */
uint32_t dense_head_width(const Model *model, const Head *head);
/* Its numbers live in the arena. */
DenseHead dense_head(Arena *arena, const Model *model, const Head *head);

#endif
