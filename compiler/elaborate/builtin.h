/* Inside the elaborator: functions that are nodes of the graph, not RASP text. */
#ifndef RASPC_ELABORATE_BUILTIN_H
#define RASPC_ELABORATE_BUILTIN_H

#include "compiler/elaborate/internal.h"

struct Builtin {
    const char *name, *parameters;
    uint32_t least, most; /* arguments */
    bool is_library;      /* its name is reserved */
    Value (*apply)(Session *session, const BuiltinCall *call);
    GraphOp op;
};

/* The span of argument number i. */
static inline Span argument_span(const BuiltinCall *call, uint32_t i) {
    return call->tree->child[1 + i]->span;
}

/* weigh.c: scores, patterns, and what they gather */
Value apply_width(Session *session, const BuiltinCall *call);
Value apply_score(Session *session, const BuiltinCall *call);
Value apply_distance(Session *session, const BuiltinCall *call);
Value apply_pattern(Session *session, const BuiltinCall *call);
Value apply_best(Session *session, const BuiltinCall *call);
Value apply_total(Session *session, const BuiltinCall *call);

#endif
