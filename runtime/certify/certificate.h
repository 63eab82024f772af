/* The certificate of a model: what the weights are claimed to do, so that it can be proven from the
   weights alone (certify.h). It says which values each subspace of the residual stream can hold, by
   how much the scores of every head are apart, and how far every unit stays from its thresholds.

   All texts and arrays live in the arena that it was made or read in. */
#ifndef RASPC_CERTIFICATE_H
#define RASPC_CERTIFICATE_H

#include "runtime/base/buffer.h"
#include "runtime/model/model.h"

/* Why a query always selects some key. */
typedef enum Always {
    ALWAYS_NOTHING, /* it need not: the null key is counted or carries a default */
    ALWAYS_ITSELF,  /* every query selects its own position */
    ALWAYS_FIRST,   /* every query selects the first position */
    ALWAYS_NEAREST, /* the key of the highest score is selected, whatever that score is */
    ALWAYS_ASSUMED, /* the program's meaning says so (its keys are a ranking); not proven */
} Always;

typedef struct ClaimedSubspace {
    const char *name;
    SubspaceKind kind;
    uint32_t offset, width;
    uint32_t count;   /* coded: values */
    Atoms values;     /* coded: (count), to print; none in a certificate that was read */
    double low, high; /* real */
    uint32_t
        denominator; /* real: every value is a whole number of parts 1/d, d at most this; 0: any */
} ClaimedSubspace;

typedef struct ClaimedHead {
    const char *name;
    NullPolicy null_policy;
    Always always; /* not ALWAYS_NOTHING when the null policy is none */
    bool one;      /* no query selects two keys wherever the program has a value */
    double scale;  /* that the weights multiply scores by */
    double gap;    /* before that: a selected key's score, and where it carries a default the null
                      key's, is so much higher than any lower score, at least */
    uint32_t target_count;
    const uint32_t *targets; /* (target_count) subspaces */
} ClaimedHead;

typedef struct ClaimedUnits {
    UnitKind kind;
    uint32_t target;       /* subspace; ERASE: what is erased, or a part of it */
    uint32_t first, count; /* hidden units of the layer */
    double margin; /* inputs of the ReLUs stay so far outside of where the result changes, at least;
                      ERASE: 0 */
} ClaimedUnits;

typedef struct ClaimedLayer {
    uint32_t head_count, unit_count;
    const ClaimedHead *heads;  /* (head_count) */
    const ClaimedUnits *units; /* (unit_count) groups */
} ClaimedLayer;

/* One value that the logits say. */
typedef struct ClaimedReading {
    DecodeKind decode;
    uint32_t source; /* DECODE_ATOMS: subspace, or NO_SUBSPACE: always logit 0 */
    uint32_t value_count;
    const uint32_t *logits_of; /* DECODE_ATOMS: (value_count) the logit of each value of source */
    uint32_t logits;           /* columns of W_U */
    bool mixed;                /* one more tells ints from means */
    uint32_t denominator;      /* DECODE_FRACTION */
} ClaimedReading;

/* The columns of W_U: the readings' logits, one a trap, one a mixed reading. What is computed from
   the readings afterwards is not in the weights. */
typedef struct ClaimedOutput {
    const char *name;
    uint32_t traps, reading_count;
    const ClaimedReading *readings; /* (reading_count) */
} ClaimedOutput;

typedef struct Certificate {
    FloatType float_type; /* of the weights, and of the arithmetic */
    uint32_t vocabulary_count, max_length, width;
    bool causal;            /* no head lets a key through that is after its query */
    const Atom *vocabulary; /* (vocabulary_count), to print; NULL in a certificate that was read */
    const char *weights_hash; /* as weights_hash.h has it */
    uint32_t subspace_count, layer_count;
    const ClaimedSubspace *subspaces;
    const ClaimedLayer *layers;
    ClaimedOutput output;
} Certificate;

/* What the model promises of its weights. weights_hash: a C string that outlives it. */
const Certificate *certificate_of_model(Arena *arena, const Model *model, const char *weights_hash);

/* As a JSON object, laid out. */
void certificate_print(const Certificate *certificate, Buffer *out);
/* Reads what certificate_print writes, from any source. NULL with *why: it is not one. */
const Certificate *certificate_parse(Arena *arena, const char *text, size_t len, const char **why);

#endif
