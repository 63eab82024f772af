/* What a pass over a transformer in rational numbers is made of: run_exact.c runs all of it,
   follow_exact.c goes after a run in floats. */
#ifndef RASPC_PASS_EXACT_H
#define RASPC_PASS_EXACT_H

#include "runtime/exact/exact_run.h"
#include "runtime/exact/row.h"
#include "runtime/real/real_model.h"

typedef struct ExactPass {
    const RealModel *model;
    const ExactRequest *request;
    uint32_t n, width;
    Exact pool;
    mpq_t *stream; /* (n, width) the rows of the input */
    mpq_t *null;   /* (width) BOS: 0 but for `null` */
    mpq_t *update; /* (n, width) what the heads of a layer add */
    mpq_t scratch;
    ExactWork work;
    ExactResult result;
} ExactPass;

/* Always false. */
bool pass_fail(ExactPass *pass, ExactEnd end, NodeId node, uint32_t position);

static inline mpq_t *pass_row(const ExactPass *pass, uint32_t position) {
    return pass->stream + (size_t)position * pass->width;
}

/* A head's functions of the stream, at every position. */
typedef struct ExactHead {
    const RealHead *head;
    Exact pool;
    Arena *arena;
    mpq_t **gate_key, **gate_query;   /* (gate_count) of comparisons: (n) */
    mpq_t **score_key, **score_query; /* (score_count) (n, rows) */
    mpq_t **value;                    /* (move_count) (n, rows) */
    bool *truth;                      /* (gate_count) of this query and key */
    ExactRow row;
    mpq_t term; /* of a score */
} ExactHead;

void pass_open_head(ExactPass *pass, const RealHead *head, ExactHead *out);
void pass_close_head(ExactHead *head);
/* The keys that the gates let through and their scores, in head->row. These and the following are
   false after pass_fail. */
bool pass_look_at_keys(ExactPass *pass, ExactHead *head, uint32_t query);
/* Weighs them, and moves. */
bool pass_weigh(ExactPass *pass, ExactHead *head, uint32_t query);
/* Adds one query's values to the update: from the keys that have a weight, or from BOS. */
void pass_move(ExactPass *pass, ExactHead *head, uint32_t query, bool found);
/* Adds the update to the stream, and empties it. */
void pass_add_update(ExactPass *pass);
bool pass_check_traps(ExactPass *pass, uint32_t layer);
bool pass_run_units(ExactPass *pass, const RealLayer *layer);
bool pass_check_size(ExactPass *pass);

/* Embeds the input, lets run_layer change the stream layer by layer as the loops have it, and reads
   the outputs. */
typedef bool PassLayer(ExactPass *pass, uint32_t layer, void *state);
ExactResult pass_run(const RealModel *model, const ExactRequest *request, PassLayer *run_layer,
                     void *state, Arena *arena);

#endif
