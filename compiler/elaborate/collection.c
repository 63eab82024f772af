/* Lists and dicts: literals, comprehensions, range, zip, len. */
#include "compiler/elaborate/internal.h"

#include "runtime/base/limits.h"

static bool dict_key(Session *session, Environment *env, const Tree *tree, Atom *key) {
    Value value = elaborate(session, env, tree);
    if (value.kind == VALUE_ERROR) return false;
    if (value.kind != VALUE_ATOM) {
        report(session, DIAG_NOT_ATOM, tree->span, "a dict's key is an atom, not %s (%s)",
               value_kind_name(value), show(session, value));
        return false;
    }
    *key = value.as.atom;
    return true;
}

static Value dict_value(Session *session, const Dict *dict, Span span) {
    if (dict->count > LIMIT_LIST_ITEMS || dict->extent.depth > LIMIT_NESTING ||
        dict->extent.size > 4 * LIMIT_LIST_ITEMS) {
        report(session, DIAG_LIMIT_SIZE, span, "a dict too deep or too large");
        return value_error();
    }
    return (Value){.kind = VALUE_DICT, .as.dict = dict};
}

Value elaborate_dict(Session *session, Environment *env, const Tree *tree) {
    Dict *dict = dict_new(session->arena);
    bool good = true;
    for (uint32_t i = 0; i + 1 < tree->count; i += 2) {
        Atom key;
        bool has_key = dict_key(session, env, tree->child[i], &key);
        Value value = elaborate(session, env, tree->child[i + 1]);
        good = good && has_key && value.kind != VALUE_ERROR;
        if (good) dict_set(session->arena, dict, key, value);
    }
    return good ? dict_value(session, dict, tree->span) : value_error();
}

bool loop_items(Session *session, Value value, Span span, List *out) {
    if (value.kind == VALUE_ERROR) return false;
    bool text = value.kind == VALUE_ATOM;
    if (!text && value_items(session->arena, value, out)) return true;
    Diagnostic *diag =
        report(session, DIAG_NOT_LIST, span, "'for' runs over a list or a dict, not %s (%s)",
               value_kind_name(value), show(session, value));
    if (value.kind == VALUE_SOP)
        diag_help(diag, "an s-op has no items before it meets an input; what is written for it "
                        "happens at every position at once");
    return false;
}

Value elaborate_list_for(Session *session, Environment *env, const Tree *tree) {
    const Tree *item = tree->child[0], *names = tree->child[1], *iterable = tree->child[2];
    List over;
    Value source = elaborate(session, env, iterable);
    if (!loop_items(session, source, iterable->span, &over)) return value_error();
    Value *items = ARENA_ARRAY(session->arena, Value, over.count);
    for (uint32_t i = 0; i < over.count; i++) {
        Environment *inner = environment_new(session->arena, env);
        if (!assign_names(session, inner, names, over.items[i], iterable->span))
            return value_error();
        items[i] = elaborate(session, inner, item);
        if (items[i].kind == VALUE_ERROR) return value_error();
    }
    return list_value(session, items, over.count, tree->span);
}

Value elaborate_dict_for(Session *session, Environment *env, const Tree *tree) {
    const Tree *names = tree->child[2], *iterable = tree->child[3];
    List over;
    Value source = elaborate(session, env, iterable);
    if (!loop_items(session, source, iterable->span, &over)) return value_error();
    Dict *dict = dict_new(session->arena);
    for (uint32_t i = 0; i < over.count; i++) {
        Environment *inner = environment_new(session->arena, env);
        Atom key;
        if (!assign_names(session, inner, names, over.items[i], iterable->span) ||
            !dict_key(session, inner, tree->child[0], &key))
            return value_error();
        Value value = elaborate(session, inner, tree->child[1]);
        if (value.kind == VALUE_ERROR) return value;
        dict_set(session->arena, dict, key, value);
    }
    return dict_value(session, dict, tree->span);
}

/* --- range, zip, len -------------------------------------------------------------------------- */

static bool range_bounds(Session *session, Environment *env, const Tree *tree, int64_t bounds[3]) {
    const List *given;
    if (!elaborate_children(session, env, tree, 0, &given)) return false;
    if (given->count < 1 || given->count > 3) {
        report(session, DIAG_TYPE, tree->span, "range takes 1 to 3 ints, not %u values",
               given->count);
        return false;
    }
    int64_t numbers[3];
    for (uint32_t i = 0; i < given->count; i++) {
        Value value = given->items[i];
        bool whole = value.kind == VALUE_ATOM && atom_as_int64(value.as.atom, &numbers[i]);
        if (!whole) {
            bool big = value.kind == VALUE_ATOM && value.as.atom.kind == ATOM_INT;
            report(session, big ? DIAG_LIMIT_SIZE : DIAG_TYPE, tree->child[i]->span,
                   big ? "%s is too far for a range: %s" : "range takes ints, not %s (%s)",
                   value_kind_name(value), show(session, value));
            return false;
        }
    }
    bounds[0] = given->count > 1 ? numbers[0] : 0;
    bounds[1] = given->count > 1 ? numbers[1] : numbers[0];
    bounds[2] = given->count > 2 ? numbers[2] : 1;
    if (bounds[2] == 0) {
        report(session, DIAG_NUMBER_RANGE, tree->child[2]->span, "a range's step can't be zero");
        return false;
    }
    return true;
}

Value elaborate_range(Session *session, Environment *env, const Tree *tree) {
    int64_t bounds[3];
    if (!range_bounds(session, env, tree, bounds)) return value_error();
    int64_t first = bounds[0], end = bounds[1], step = bounds[2];
    /* Unsigned: the distance between two int64 always fits, and -INT64_MIN too. */
    uint64_t stride = step > 0 ? (uint64_t)step : -(uint64_t)step;
    uint64_t distance = 0;
    if (step > 0 && end > first) distance = (uint64_t)end - (uint64_t)first;
    if (step < 0 && end < first) distance = (uint64_t)first - (uint64_t)end;
    uint64_t count = distance ? (distance - 1) / stride + 1 : 0;
    if (count > LIMIT_LIST_ITEMS) {
        report(session, DIAG_LIMIT_SIZE, tree->span,
               "a range of %llu numbers; at most %d fit a list", (unsigned long long)count,
               LIMIT_LIST_ITEMS);
        return value_error();
    }
    Value *items = ARENA_ARRAY(session->arena, Value, count);
    for (uint64_t i = 0; i < count; i++)
        items[i] = value_atom(atom_int((int64_t)((uint64_t)first + i * (uint64_t)step)));
    return list_value(session, items, (uint32_t)count, tree->span);
}

Value elaborate_zip(Session *session, Environment *env, const Tree *tree) {
    const List *given;
    if (!elaborate_children(session, env, tree, 0, &given)) return value_error();
    List *lists = ARENA_ARRAY(session->arena, List, given->count);
    for (uint32_t i = 0; i < given->count; i++) {
        if (!value_as_list(session->arena, given->items[i], &lists[i])) {
            report(session, DIAG_NOT_LIST, tree->child[i]->span, "zip takes lists, not %s (%s)",
                   value_kind_name(given->items[i]), show(session, given->items[i]));
            return value_error();
        }
        if (lists[i].count != lists[0].count) {
            report(session, DIAG_TYPE, tree->child[i]->span,
                   "zip takes lists of one length, but this has %u items and the first %u",
                   lists[i].count, lists[0].count);
            return value_error();
        }
    }
    Value *rows = ARENA_ARRAY(session->arena, Value, lists[0].count);
    for (uint32_t row = 0; row < lists[0].count; row++) {
        Value *items = ARENA_ARRAY(session->arena, Value, given->count);
        for (uint32_t i = 0; i < given->count; i++)
            items[i] = lists[i].items[row];
        rows[row] = list_value(session, items, given->count, tree->span);
        if (rows[row].kind == VALUE_ERROR) return value_error();
    }
    return list_value(session, rows, lists[0].count, tree->span);
}

Value elaborate_len(Session *session, Environment *env, const Tree *tree) {
    Value value = elaborate(session, env, tree->child[0]);
    if (value.kind == VALUE_ERROR) return value;
    uint32_t count;
    bool text = value.kind == VALUE_ATOM;
    if (!text && value_count(value, &count)) return value_atom(atom_int(count));
    Diagnostic *diag =
        report(session, DIAG_NOT_LIST, tree->child[0]->span, "len takes a list, not %s (%s)",
               value_kind_name(value), show(session, value));
    if (value.kind == VALUE_SOP)
        diag_help(diag, "'length' is the s-op that knows how long the input is");
    return value_error();
}
