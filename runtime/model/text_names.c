#include "runtime/model/text_names.h"

const char *subspace_kind_name(SubspaceKind kind) {
    static const char *const names[] = {
#define SUBSPACE(id, name, text) name,
#include "runtime/model/subspaces.def"
#undef SUBSPACE
    };
    return names[kind];
}

const char *term_kind_name(TermKind kind) {
    static const char *const names[] = {
#define TERM(id, name, text) name,
#include "runtime/model/terms.def"
#undef TERM
    };
    return names[kind];
}

const char *null_policy_name(NullPolicy policy) {
    static const char *const names[] = {
#define NULL_POLICY(id, name, text) name,
#include "runtime/model/nulls.def"
#undef NULL_POLICY
    };
    return names[policy];
}

const char *normaliser_name(Normaliser normaliser) {
    static const char *const names[] = {
#define NORMALISER(id, name, scaled, text) name,
#include "runtime/model/normalisers.def"
#undef NORMALISER
    };
    return names[normaliser];
}

bool normaliser_scaled(Normaliser normaliser) {
    static const bool flags[] = {
#define NORMALISER(id, name, scaled, text) scaled,
#include "runtime/model/normalisers.def"
#undef NORMALISER
    };
    return flags[normaliser];
}

const char *move_kind_name(MoveKind kind) {
    static const char *const names[] = {
#define MOVE(id, name, text) name,
#include "runtime/model/moves.def"
#undef MOVE
    };
    return names[kind];
}

const char *unit_kind_name(UnitKind kind) {
    static const char *const names[] = {
#define UNIT(id, name, text) name,
#include "runtime/model/units.def"
#undef UNIT
    };
    return names[kind];
}

const char *decode_kind_name(DecodeKind kind) {
    static const char *const names[] = {
#define DECODE(id, name, text) name,
#include "runtime/model/decodes.def"
#undef DECODE
    };
    return names[kind];
}
