/* What `raspc report` says of one output: what the program asks for, and the transformer that it
   becomes. cmd_report.c makes it, report_text.c and report_json.c show it. Everything lives in its
   arena; the graph, the sources and the tokens outlive it. */
#ifndef RASPC_DRIVER_REPORT_H
#define RASPC_DRIVER_REPORT_H

#include "compiler/driver/program.h"
#include "compiler/lower/lower.h"

/* --- how long (report_exact.c) ---------------------------------------------------------------- */

/* The greatest length at which the program is lowered and a float type carries its model. */
typedef struct ExactLength {
    uint32_t length; /* exact up to here; 0: at no length */
    uint32_t
        beyond; /* a greater length at which it is not; 0: none was found before looking stopped */
    bool refused;    /* at beyond the lowering itself refuses; else the type gives out */
    const char *why; /* what happens at beyond; NULL: nothing */
} ExactLength;

/* Looks at lengths around that of the options, for a bounded time, in their float type. */
ExactLength exact_length(Arena *arena, const Graph *graph, NodeId node, const Sources *sources,
                         LowerOptions options);

/* --- why so deep (report_why.c) --------------------------------------------------------------- */

/* The nodes that make root as deep as it is, root first: each needs the next, and none is at depth
   0. Left out are the unnamed element-wise ones, which the formula of the one before shows. */
typedef struct Chain {
    uint32_t count;
    const NodeId *nodes; /* (count) */
} Chain;
Chain depth_chain(Arena *arena, const Graph *graph, NodeId root);

/* The same for a model, from the read-out down: each subspace is written no earlier than it is
   because its writer reads the next one. The last has a writer in the first layer. */
typedef struct Link {
    uint32_t layer; /* from 0 */
    SubspaceId subspace;
    const Head *head; /* what writes it: a head, or a group of units */
    const UnitGroup *group;
} Link;
typedef struct ModelChain {
    uint32_t count;
    const Link *links; /* (count) */
} ModelChain;
ModelChain model_chain(Arena *arena, const Model *model);

/* --- the report ------------------------------------------------------------------------------- */

typedef struct Refusal {
    DiagId id;
    Span span;
    const char *message;
} Refusal;

typedef struct Report {
    Arena *arena;
    const Graph *graph;
    const Sources *sources;
    const char *name;
    Value value; /* an s-op or a selector */
    /* What the program asks for (language I.7). */
    Layers layers;
    uint32_t operations[OPKIND_ATTENTION + 1];
    bool with_chain;
    Chain chain;
    /* What it becomes: a model, or a refusal; neither for a selector. */
    LowerOptions options;
    const Model *model;     /* NULL: refused says why, for an s-op */
    ModelChain model_chain; /* with_chain */
    Refusal refused;
    /* Whether it can become a causal transformer: message is NULL, or says what looks ahead, or why
       there is no such transformer. */
    Refusal not_causal;
    ExactLength exact[FLOAT_TYPE_COUNT];
} Report;

void report_text(Buffer *out, const Report *report);
void report_json(Buffer *out, const Report *report); /* one line */

/* --- words for both (report_words.c) ---------------------------------------------------------- */

static inline NodeId report_node(const Report *report) { return report->value.as.node; }
/* Which keys a head lets its query see: "indices == opposite, not later". */
void words_of_selection(Buffer *out, const Report *report, const Head *head);
/* What one move brings: "mean of step", "value of tokens", "count of the selected". */
void words_of_move(Buffer *out, const Report *report, const HeadMove *move);
/* The node's formula; of one that has no name of its own. */
void words_of_node(Buffer *out, const Report *report, NodeId node);
/* How the output is read off: "fraction"; "fraction, fraction; their reader computes a - b". */
void words_of_readout(Buffer *out, const Report *report);
/* "hist.rasp:3:8"; nothing for what has no place. */
void words_of_place(Buffer *out, const Report *report, Span span);
/* A product: a table over several codes, so that its units and directions are a product of domains.
 */
bool is_product(const UnitGroup *group);
/* Directions that all subspaces take when none is used again. */
uint64_t width_without_reuse(const Model *model);

#endif
