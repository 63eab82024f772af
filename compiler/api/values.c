/* Values across the border: raspc_value and atoms. */
#include "compiler/api/api.h"

#include "runtime/base/limits.h"

#include <string.h>

raspc_value value_of_atom(Arena *arena, Atom atom) {
    raspc_value value = {.kind = RASPC_STRING};
    Buffer digits = {0};
    switch ((AtomKind)atom.kind) {
    case ATOM_BOOL: return (raspc_value){.kind = RASPC_BOOL, .integer = atom.as.boolean};
    case ATOM_FLOAT: return (raspc_value){.kind = RASPC_FLOAT, .real = atom.as.real};
    case ATOM_INT:
        if (!atom.big) return (raspc_value){.kind = RASPC_INT, .integer = atom.as.integer};
        atom_format_str(&digits, atom);
        value = (raspc_value){.kind = RASPC_BIG_INT,
                              .text = arena_strndup(arena, digits.data, digits.len),
                              .length = digits.len};
        buffer_free(&digits);
        return value;
    case ATOM_STRING:
    case ATOM_OPAQUE: value.text = atom.as.string->bytes; value.length = atom.as.string->len;
    }
    return value;
}

static bool big_to_atom(Arena *arena, const raspc_value *value, Atom *atom) {
    bool negative = value->length > 0 && value->text[0] == '-';
    const char *digits = value->text + negative;
    size_t len = value->length - negative;
    if (len == 0 || len > LIMIT_INTEGER_BITS / 4) return false;
    for (size_t i = 0; i < len; i++) {
        if (digits[i] < '0' || digits[i] > '9') return false;
    }
    *atom = atom_parse_int(arena, digits, len);
    return !negative || atom_unary(arena, UNARY_NEG, *atom, atom) == ARITH_OK;
}

bool value_to_atom(Arena *arena, const raspc_value *value, Atom *atom) {
    size_t bad;
    switch (value->kind) {
    case RASPC_BOOL: *atom = atom_bool(value->integer != 0); return true;
    case RASPC_INT: *atom = atom_int(value->integer); return true;
    case RASPC_FLOAT: *atom = atom_float(value->real); return true;
    case RASPC_BIG_INT: return value->text && big_to_atom(arena, value, atom);
    case RASPC_STRING:
        if (value->text == NULL || value->length > LIMIT_STRING_BYTES ||
            !utf8_valid(value->text, value->length, &bad))
            return false;
        *atom = atom_string(string_new(arena, value->text, value->length));
        return true;
    }
    return false;
}
