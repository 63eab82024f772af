/* x[i]: into a list, a string, a dict, a sequence, or at a position of an s-op. */
#include "compiler/elaborate/internal.h"

static Value wrong_index(Session *session, const Tree *tree, const char *into, const char *wants,
                         Value index) {
    report(session, DIAG_BAD_INDEX, tree->child[1]->span, "the index into %s is %s, not %s (%s)",
           into, wants, value_kind_name(index), show(session, index));
    return value_error();
}

/* --- list[...] -------------------------------------------------------------------------------- */

/* A list indexed by an s-op of ints: a look-up at every position. */
static Value list_at_sop(Session *session, const Tree *tree, List list, NodeId index) {
    Atom *values = ARENA_ARRAY(session->arena, Atom, list.count);
    for (uint32_t i = 0; i < list.count; i++) {
        if (list.items[i].kind != VALUE_ATOM) {
            report(session, DIAG_NOT_ATOM, tree->child[0]->span,
                   "a list indexed by an s-op must hold atoms alone, but its item %u is %s (%s)", i,
                   value_kind_name(list.items[i]), show(session, list.items[i]));
            return value_error();
        }
        values[i] = list.items[i].as.atom;
    }
    Table *table = ARENA_NEW(session->arena, Table);
    *table = (Table){.count = list.count, .values = values};
    NodeSpec spec = {
        .op = OP_ITEM, .args = {index, NO_NODE, NO_NODE}, .table = table, .span = tree->span};
    return node_value(session, &spec);
}

/* Finding a character takes time in proportion to the string, so it counts as that many steps. */
enum { BYTES_PER_STEP = 32 };

/* what: "a list" or "a string". */
static Value item_at(Session *session, const Tree *tree, Value value, Value index,
                     const char *what) {
    List list;
    if (index.kind == VALUE_SOP) {
        value_items(session->arena, value, &list);
        return list_at_sop(session, tree, list, index.as.node);
    }
    bool whole = index.kind == VALUE_ATOM &&
                 (index.as.atom.kind == ATOM_INT || index.as.atom.kind == ATOM_BOOL);
    if (!whole) return wrong_index(session, tree, what, "an int or an s-op of ints", index);
    if (value.kind == VALUE_ATOM) session->steps += value.as.atom.as.string->len / BYTES_PER_STEP;
    uint32_t count = 0;
    value_count(value, &count);
    int64_t number;
    bool fits = atom_as_int64(index.as.atom, &number);
    if (!fits || number >= (int64_t)count || number < -(int64_t)count) {
        report(session, DIAG_INDEX_RANGE, tree->child[1]->span,
               "index %s is out of range for %s of length %u", show(session, index), what, count);
        return value_error();
    }
    return value_item(session->arena, value, (uint32_t)(number < 0 ? number + count : number));
}

/* --- dict[...] -------------------------------------------------------------------------------- */

static Value dict_at_sop(Session *session, const Tree *tree, const Dict *dict, NodeId index) {
    Atom *values = ARENA_ARRAY(session->arena, Atom, dict->count);
    for (uint32_t i = 0; i < dict->count; i++) {
        if (dict->values[i].kind != VALUE_ATOM) {
            report(session, DIAG_NOT_ATOM, tree->child[0]->span,
                   "a dict indexed by an s-op must hold atoms alone, but under %s it has %s",
                   show(session, value_atom(dict->keys[i])), value_kind_name(dict->values[i]));
            return value_error();
        }
        values[i] = dict->values[i].as.atom;
    }
    Table *table = ARENA_NEW(session->arena, Table);
    *table = (Table){.count = dict->count, .keys = dict->keys, .values = values};
    NodeSpec spec = {
        .op = OP_LOOKUP, .args = {index, NO_NODE, NO_NODE}, .table = table, .span = tree->span};
    return node_value(session, &spec);
}

static Value dict_at(Session *session, const Tree *tree, const Dict *dict, Value index) {
    if (index.kind == VALUE_SOP) return dict_at_sop(session, tree, dict, index.as.node);
    if (index.kind != VALUE_ATOM)
        return wrong_index(session, tree, "a dict", "an atom or an s-op", index);
    const Value *value = dict_get(dict, index.as.atom);
    if (value) return *value;
    report(session, DIAG_MISSING_KEY, tree->child[1]->span, "the dict has no key %s",
           show(session, index));
    return value_error();
}

/* --- s-op[...] -------------------------------------------------------------------------------- */

/* The value of one position everywhere; counted from the end when negative; 0 outside. */
static Value sop_at(Session *session, const Tree *tree, NodeId sop, Value index) {
    bool whole = index.kind == VALUE_ATOM &&
                 (index.as.atom.kind == ATOM_INT || index.as.atom.kind == ATOM_BOOL);
    if (!whole) {
        Diagnostic *diag = report(session, DIAG_POSITION, tree->child[1]->span,
                                  "a position of an s-op is an int, not %s (%s)",
                                  value_kind_name(index), show(session, index));
        if (index.kind == VALUE_SOP)
            diag_help(diag, "aggregate(select(indices, i, ==), x) reads x at a position that "
                            "differs from one place to the next");
        return value_error();
    }
    Span span = tree->span;
    NodeId position = node_const(session, index.as.atom, span);
    int64_t number;
    if (!atom_as_int64(index.as.atom, &number) || number < 0) {
        Value all = full_selector(session, span);
        Value length = node1(session, OP_WIDTH, all.as.node, span);
        Value from_end = node2(session, OP_ADD, length.as.node, position, span);
        if (from_end.kind == VALUE_ERROR) return from_end;
        position = from_end.as.node;
    }
    NodeSpec indices = {.op = OP_INDICES, .args = {NO_NODE, NO_NODE, NO_NODE}, .span = span};
    Value here = node_value(session, &indices);
    Value selector = node2(session, OP_SELECT_EQ, here.as.node, position, span);
    if (selector.kind == VALUE_ERROR) return selector;
    return node_aggregate(session, selector.as.node, sop, atom_int(0), span);
}

/* --- vector[...] ------------------------------------------------------------------------------ */

static Value component_at(Session *session, const Tree *tree, NodeId vector, Value index) {
    uint32_t width = node_shape(session, vector).width;
    int64_t number;
    bool whole = index.kind == VALUE_ATOM && index.as.atom.kind == ATOM_INT;
    if (!whole) {
        Diagnostic *diag = report(session, DIAG_BAD_INDEX, tree->child[1]->span,
                                  "the number of a vector's component is an int, not %s (%s)",
                                  value_kind_name(index), show(session, index));
        if (index.kind == VALUE_SOP)
            diag_help(diag, "dot(v, onehot(i, %u)) is the component whose number is the s-op i",
                      width);
        return value_error();
    }
    bool fits = atom_as_int64(index.as.atom, &number);
    if (!fits || number >= (int64_t)width || number < -(int64_t)width) {
        report(session, DIAG_INDEX_RANGE, tree->child[1]->span,
               "there is no component %s in vec[%u]", show(session, index), width);
        return value_error();
    }
    NodeSpec spec = {.op = OP_COMPONENT,
                     .args = {vector, NO_NODE, NO_NODE},
                     .atom = atom_int(number < 0 ? number + width : number),
                     .span = tree->span};
    return node_value(session, &spec);
}

Value elaborate_index(Session *session, Environment *env, const Tree *tree) {
    Value value = elaborate(session, env, tree->child[0]);
    Value index = elaborate(session, env, tree->child[1]);
    if (value.kind == VALUE_ERROR || index.kind == VALUE_ERROR) return value_error();
    if (is_vector_sop(session, value)) return component_at(session, tree, value.as.node, index);
    if (value.kind == VALUE_SOP) return sop_at(session, tree, value.as.node, index);
    if (value.kind == VALUE_DICT) return dict_at(session, tree, value.as.dict, index);
    bool text = value.kind == VALUE_ATOM && value.as.atom.kind == ATOM_STRING;
    if (text || value.kind == VALUE_LIST || value.kind == VALUE_SEQUENCE ||
        value.kind == VALUE_MATRIX)
        return item_at(session, tree, value, index, text ? "a string" : "a list");
    report(session, DIAG_NOT_INDEXABLE, tree->child[0]->span,
           "only lists, dicts, strings and s-ops have items, not %s (%s)", value_kind_name(value),
           show(session, value));
    return value_error();
}
