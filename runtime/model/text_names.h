/* The words of the text form, from the tables. */
#ifndef RASPC_MODEL_TEXT_NAMES_H
#define RASPC_MODEL_TEXT_NAMES_H

#include "runtime/model/model.h"

const char *subspace_kind_name(SubspaceKind kind);
const char *term_kind_name(TermKind kind);
const char *null_policy_name(NullPolicy policy);
const char *normaliser_name(Normaliser normaliser);
bool normaliser_scaled(Normaliser normaliser); /* a number follows it */
const char *move_kind_name(MoveKind kind);
const char *unit_kind_name(UnitKind kind);
const char *decode_kind_name(DecodeKind kind);

#endif
