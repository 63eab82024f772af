/* Reads the model's text form back. Nothing in the text is believed: what was read is verified. */
#include "runtime/model/model_reader.h"
#include "runtime/model/text_names.h"

#include "runtime/base/limits.h"

#include <math.h>
#include <string.h>

/* --- names ------------------------------------------------------------------------------------ */

static const char *subspace_word(int i) { return subspace_kind_name((SubspaceKind)i); }
static const char *term_word(int i) { return term_kind_name((TermKind)i); }
static const char *null_word(int i) { return null_policy_name((NullPolicy)i); }
static const char *normaliser_word(int i) { return normaliser_name((Normaliser)i); }
static const char *decode_word(int i) { return decode_kind_name((DecodeKind)i); }
static const char *op_word(int i) { return op_info((GraphOp)i)->name; }

static SubspaceId find_subspace(const Model *model, const String *name) {
    for (SubspaceId s = 0; s < model->subspace_count; s++) {
        if (string_equal(model->subspaces[s].name, name)) return s;
    }
    return NO_SUBSPACE;
}

static bool read_subspace_name(Reader *r, const Model *model, SubspaceId *out) {
    (void)read_peek(r);
    size_t start = r->at;
    const String *name = read_name(r);
    if (!name) return false;
    *out = find_subspace(model, name);
    if (*out != NO_SUBSPACE) return true;
    r->at = start;
    return read_fail(r, "no subspace is called '%.100s'", name->bytes);
}

/* As many as the subspace has values. */
static bool check_values(Reader *r, const Model *model, SubspaceId id, uint32_t count) {
    const Subspace *s = &model->subspaces[id];
    if (!subspace_is_coded(s)) return read_fail(r, "'%.100s' is not coded", s->name->bytes);
    return count == s->count ||
           read_fail(r, "'%.100s' has %u values, and here are %u", s->name->bytes, s->count, count);
}

/* --- basis ------------------------------------------------------------------------------------ */

/* end: where the subspaces before it end. */
static bool read_subspace(Reader *r, Items *subspaces, uint32_t *end) {
    Subspace s = {.name = read_name(r)};
    if (!s.name || !read_expect(r, ":")) return false;
    int kind = read_choice(r, "a kind of subspace", SUBSPACE_KIND_COUNT, subspace_word);
    if (kind < 0) return false;
    s.kind = (SubspaceKind)kind;
    s.width = 1;
    if (subspace_is_coded(&s)) {
        const Atom *list;
        if (!read_atoms(r, &list, &s.count)) return false;
        s.domain = atoms_shortened(list, s.count);
        if (s.count == 0) return read_fail(r, "a code has at least one value");
        s.width = s.kind == SUBSPACE_STEPS ? s.count - 1 : s.count;
    } else if (s.kind == SUBSPACE_REAL) {
        if (!read_number(r, &s.low) || !read_expect(r, "to") || !read_number(r, &s.high))
            return false;
        if (read_take(r, "/") && !read_count(r, &s.denominator)) return false;
    } else {
        s.high = s.denominator = 1;
    }
    s.offset = *end;
    if (read_take(r, "at") && !read_count(r, &s.offset)) return false;
    if (!read_node(r, &s.node)) return false;
    if (s.offset > INT32_MAX || s.width > INT32_MAX - s.offset)
        return read_fail(r, "the residual stream is too wide");
    if (s.offset + s.width > *end) *end = s.offset + s.width;
    Subspace *added = read_item(r, subspaces, sizeof s);
    if (!added) return false;
    *added = s;
    return read_line_end(r);
}

static bool read_basis(Reader *r, Model *model) {
    Items subspaces = {0};
    uint32_t end = 0;
    while (!read_heading(r, "embed")) {
        if (!read_subspace(r, &subspaces, &end)) return false;
    }
    model->subspaces = subspaces.data;
    model->subspace_count = subspaces.count;
    model->width = end;
    return true;
}

static bool read_embed(Reader *r, Model *model, Items *embeds) {
    Embed embed;
    uint32_t count;
    if (!read_subspace_name(r, model, &embed.subspace) || !read_expect(r, "by")) return false;
    bool by_token = read_take(r, "token");
    if (!by_token && !read_expect(r, "position")) return false;
    embed.kind = by_token ? EMBED_TOKEN : EMBED_POSITION;
    if (!read_numbers(r, &embed.values, &count)) return false;
    if (count != (by_token ? model->vocabulary_count : model->max_length))
        return read_fail(r, "expected a value for each %s", by_token ? "token" : "position");
    Embed *added = read_item(r, embeds, sizeof embed);
    if (!added) return false;
    *added = embed;
    return read_line_end(r);
}

/* --- features --------------------------------------------------------------------------------- */

static bool read_feature_term(Reader *r, const Model *model, double factor, FeatureTerm *out) {
    uint32_t count;
    *out = (FeatureTerm){.factor = factor};
    if (!read_subspace_name(r, model, &out->subspace)) return false;
    if (read_peek(r) != '[') return true;
    out->factor = 0;
    return read_numbers(r, &out->values, &count) && check_values(r, model, out->subspace, count);
}

static bool read_feature(Reader *r, const Model *model, Feature *out) {
    Items terms = {0};
    *out = (Feature){0};
    do {
        double factor = 1;
        if (read_is_number(r)) {
            if (!read_number(r, &factor)) return false;
            if (!read_take(r, "*")) {
                out->constant += factor;
                continue;
            }
        }
        FeatureTerm *term = read_item(r, &terms, sizeof *term);
        if (!term || !read_feature_term(r, model, factor, term)) return false;
    } while (read_take(r, "+"));
    out->count = terms.count;
    out->terms = terms.data;
    return true;
}

/* --- heads ------------------------------------------------------------------------------------ */

/* [0110, 1001]: a row a class of keys. */
static bool read_table(Reader *r, HeadTerm *term) {
    Buffer cells = {0};
    bool fine = read_expect(r, "[");
    for (bool first = true; fine && !read_take(r, "]"); first = false) {
        fine = first || read_expect(r, ",");
        size_t start = cells.len;
        for (char c = read_peek(r); fine && (c == '0' || c == '1'); c = r->text[++r->at])
            buffer_char(&cells, (char)(c - '0'));
        uint32_t count = (uint32_t)(cells.len - start);
        if (fine && (count == 0 || (!first && count != term->query_count)))
            fine = read_fail(r, "expected a row of 0 and 1, all of one length");
        term->query_count = count;
        term->key_count++;
    }
    uint8_t *table = ARENA_ARRAY(r->arena, uint8_t, cells.len);
    if (cells.len) memcpy(table, cells.data, cells.len);
    term->table = table;
    buffer_free(&cells);
    return fine;
}

static bool read_term(Reader *r, const Model *model, HeadTerm *out) {
    *out = (HeadTerm){.node = NO_NODE};
    int kind = read_choice(r, "a term", TERM_KIND_COUNT, term_word);
    if (kind < 0) return false;
    out->kind = (TermKind)kind;
    if (!read_feature(r, model, out->kind == TERM_QUERY ? &out->query : &out->key)) return false;
    if (out->kind == TERM_COMPARE &&
        (!read_relation(r, &out->relation) || !read_feature(r, model, &out->query)))
        return false;
    if (out->kind == TERM_TABLE &&
        (!read_expect(r, "by") || !read_feature(r, model, &out->query) || !read_table(r, out)))
        return false;
    if (out->kind == TERM_COMPARE && read_take(r, "squares")) {
        out->squared = 1;
        if (!read_feature(r, model, &out->key_square)) return false;
        if (read_take(r, "with")) {
            out->squared = 2;
            if (!read_feature(r, model, &out->query_square)) return false;
        }
    }
    return read_node(r, &out->node);
}

static bool read_bound(Reader *r, int32_t open, int32_t *out) {
    double value;
    *out = open;
    if (!read_is_number(r)) return true;
    if (!read_number(r, &value)) return false;
    if (!(fabs(value) < INT32_MAX) || value != floor(value))
        return read_fail(r, "expected a distance before this");
    *out = (int32_t)value;
    return true;
}

static bool read_mask(Reader *r, HeadMask *mask) {
    *mask = (HeadMask){INT32_MIN, INT32_MAX};
    if (!read_take(r, "mask")) return true;
    return read_bound(r, INT32_MIN, &mask->low) && read_expect(r, "..") &&
           read_bound(r, INT32_MAX, &mask->high) && read_expect(r, ";");
}

static bool read_move(Reader *r, const Model *model, HeadMove *out) {
    *out = (HeadMove){.source = NO_SUBSPACE};
    if (read_take(r, move_kind_name(MOVE_REAL))) {
        out->kind = MOVE_REAL;
        if (!read_feature(r, model, &out->value) || !read_expect(r, "default") ||
            !read_number(r, &out->default_value))
            return false;
    } else if (read_take(r, move_kind_name(MOVE_CODED))) {
        out->kind = MOVE_CODED;
        if (!read_subspace_name(r, model, &out->source) || !read_expect(r, "default") ||
            !read_count(r, &out->default_index))
            return false;
    } else {
        out->kind = MOVE_NULL_WEIGHT;
        if (!read_expect(r, move_kind_name(MOVE_NULL_WEIGHT))) return false;
    }
    return read_expect(r, "->") && read_subspace_name(r, model, &out->target) &&
           read_node(r, &out->node);
}

static bool read_head(Reader *r, const Model *model, Items *heads) {
    Items terms = {0}, moves = {0};
    Head head = {.name = read_name(r), .scale = 1};
    if (!head.name || !read_expect(r, ":")) return false;
    if (!read_take(r, "all")) {
        do {
            HeadTerm *term = read_item(r, &terms, sizeof *term);
            if (!term || !read_term(r, model, term)) return false;
        } while (read_take(r, "and"));
    }
    if (!read_expect(r, ";") || !read_mask(r, &head.mask) || !read_expect(r, "null")) return false;
    int policy = read_choice(r, "what the null key does", NULL_POLICY_COUNT, null_word);
    if (policy < 0 || !read_expect(r, ";")) return false;
    int normaliser = read_choice(r, "a normaliser", NORMALISER_COUNT, normaliser_word);
    if (normaliser < 0) return false;
    head.null_policy = (NullPolicy)policy;
    head.normaliser = (Normaliser)normaliser;
    if (normaliser_scaled(head.normaliser) && !read_number(r, &head.scale)) return false;
    while (read_take(r, ";")) {
        HeadMove *move = read_item(r, &moves, sizeof *move);
        if (!move || !read_move(r, model, move)) return false;
    }
    head.term_count = terms.count;
    head.terms = terms.data;
    head.move_count = moves.count;
    head.moves = moves.data;
    Head *added = read_item(r, heads, sizeof head);
    if (!added) return false;
    *added = head;
    return read_line_end(r);
}

/* --- units ------------------------------------------------------------------------------------ */

static bool read_thresholds(Reader *r, const Model *model, UnitGroup *group) {
    uint32_t steps = model->subspaces[group->target].count - 1, count, above;
    const double *numbers;
    if (!subspace_is_coded(&model->subspaces[group->target]))
        return read_fail(r, "steps lead into a code");
    if (read_take(r, "between")) {
        if (!read_numbers(r, &numbers, &count)) return false;
        if (count != steps + 1) return read_fail(r, "expected %u numbers before this", steps + 1);
        group->below = numbers;
        group->above = numbers + 1;
        return true;
    }
    if (!read_expect(r, "below") || !read_numbers(r, &group->below, &count) ||
        !read_expect(r, "above") || !read_numbers(r, &group->above, &above))
        return false;
    return (count == steps && above == steps) ||
           read_fail(r, "expected %u numbers on each side before this", steps);
}

static bool read_steps(Reader *r, const Model *model, UnitGroup *group) {
    group->kind = UNIT_STEPS;
    return read_feature(r, model, &group->input) && read_thresholds(r, model, group) &&
           read_expect(r, "greatest") && read_number(r, &group->greatest) &&
           (!read_take(r, "error") || read_number(r, &group->error));
}

static bool read_lookup(Reader *r, const Model *model, UnitGroup *group) {
    SubspaceId *sources = ARENA_ARRAY(r->arena, SubspaceId, MODEL_SOURCES);
    uint32_t *class_counts = ARENA_ARRAY(r->arena, uint32_t, MODEL_SOURCES);
    const uint32_t **classes = ARENA_ARRAY(r->arena, const uint32_t *, MODEL_SOURCES);
    uint32_t n = 0, count, cells;
    uint64_t expected = 1;
    *group = (UnitGroup){UNIT_LOOKUP, .target = group->target, .sources = sources,
                         .class_counts = class_counts, .classes = classes};
    do {
        if (n == MODEL_SOURCES) return read_fail(r, "more than %d sources", MODEL_SOURCES);
        if (!read_subspace_name(r, model, &sources[n]) || !read_counts(r, &classes[n], &count) ||
            !check_values(r, model, sources[n], count))
            return false;
        for (uint32_t v = 0; v < count; v++) {
            if (classes[n][v] >= class_counts[n]) class_counts[n] = classes[n][v] + 1;
        }
        expected *= class_counts[n++];
        if (expected > LIMIT_MODEL_NUMBERS) return read_fail(r, "the table has too many cells");
    } while (read_take(r, ","));
    group->source_count = n;
    if (!read_expect(r, "gives") || !read_counts(r, &group->result, &cells)) return false;
    return cells == expected || read_fail(r, "expected %u cells before this", (unsigned)expected);
}

/* FIRST..LAST, coordinates of the target. */
static bool read_erase(Reader *r, const Model *model, UnitGroup *group) {
    uint32_t first, last;
    if (!read_count(r, &first) || !read_expect(r, "..") || !read_count(r, &last)) return false;
    if (last < first || last >= model->subspaces[group->target].width)
        return read_fail(r, "expected coordinates of '%.100s' before this",
                         model->subspaces[group->target].name->bytes);
    group->kind = UNIT_ERASE;
    group->erased_first = first;
    group->erased_count = last - first + 1;
    group->either_sign = read_take(r, "either");
    return !group->either_sign || read_expect(r, "sign");
}

typedef bool (*ReadUnits)(Reader *r, const Model *model, UnitGroup *group);

static bool read_units(Reader *r, const Model *model, ReadUnits read, Items *units) {
    UnitGroup group = {0};
    if (!read_subspace_name(r, model, &group.target) || !read_expect(r, ":")) return false;
    if (!read(r, model, &group)) return false;
    if (!read_node(r, &group.node)) return false;
    UnitGroup *added = read_item(r, units, sizeof group);
    if (!added) return false;
    *added = group;
    return read_line_end(r);
}

static bool read_layer(Reader *r, const Model *model, Items *layers) {
    Items heads = {0}, units = {0};
    for (;;) {
        if (read_take(r, "head")) {
            if (units.count) return read_fail(r, "heads come before units");
            if (!read_head(r, model, &heads)) return false;
        } else if (read_take(r, unit_kind_name(UNIT_STEPS))) {
            if (!read_units(r, model, read_steps, &units)) return false;
        } else if (read_take(r, unit_kind_name(UNIT_LOOKUP))) {
            if (!read_units(r, model, read_lookup, &units)) return false;
        } else if (read_take(r, unit_kind_name(UNIT_ERASE))) {
            if (!read_units(r, model, read_erase, &units)) return false;
        } else {
            break;
        }
    }
    Layer *layer = read_item(r, layers, sizeof *layer);
    if (layer) *layer = (Layer){heads.count, heads.data, units.count, units.data};
    return layer != NULL;
}

/* --- read-out --------------------------------------------------------------------------------- */

static bool read_trap(Reader *r, const Model *model, Items *traps) {
    Trap trap = {0};
    const String *code = read_name(r);
    if (!code || !diag_find(code->bytes, &trap.id)) return read_fail(r, "no such diagnostic");
    if (!read_string(r, &trap.why) || !read_expect(r, ":") ||
        !read_feature(r, model, &trap.feature) || !read_node(r, &trap.node))
        return false;
    Trap *added = read_item(r, traps, sizeof trap);
    if (!added) return false;
    *added = trap;
    return read_line_end(r);
}

static bool read_reading(Reader *r, const Model *model, Reading *out) {
    out->source = NO_SUBSPACE;
    int decode = read_choice(r, "how the output is decoded", DECODE_KIND_COUNT, decode_word);
    if (decode < 0) return false;
    out->decode = (DecodeKind)decode;
    if (out->decode != DECODE_ATOMS) {
        if (!read_feature(r, model, &out->number)) return false;
    } else {
        if (read_peek(r) != '[' && !read_subspace_name(r, model, &out->source)) return false;
        if (!read_atoms(r, &out->atoms, &out->atom_count)) return false;
    }
    if (out->decode == DECODE_FRACTION &&
        (!read_expect(r, "/") || !read_count(r, &out->denominator) || !read_expect(r, "error") ||
         !read_number(r, &out->error)))
        return false;
    out->mixed_with_bools = read_take(r, "bool");
    out->mixed = out->mixed_with_bools || read_take(r, "int");
    return !out->mixed || (read_expect(r, "where") && read_feature(r, model, &out->exact));
}

static bool read_step(Reader *r, Items *steps) {
    ReadStep step = {.node = NO_NODE};
    int op = read_choice(r, "what the step computes", OP_COUNT, op_word);
    const Atom *atoms = NULL;
    uint32_t count = 1;
    if (op < 0) return false;
    step.op = (GraphOp)op;
    if (step.op == OP_CONST && !read_atoms(r, &atoms, &count)) return false;
    if (count != 1) return read_fail(r, "one constant");
    if (atoms) step.atom = atoms[0];
    for (int i = 0; i < op_info(step.op)->arity; i++) {
        if (!read_count(r, &step.args[i])) return false;
    }
    if (!read_node(r, &step.node) || !read_line_end(r)) return false;
    ReadStep *added = read_item(r, steps, sizeof step);
    if (added) *added = step;
    return added != NULL;
}

/* "2 readings", then a line each and a line a step. */
static bool read_computed(Reader *r, const Model *model, Readout *out) {
    uint32_t count;
    Items readings = {0}, steps = {0};
    if (!read_count(r, &count) || !read_expect(r, "readings") || !read_node(r, &out->node) ||
        !read_line_end(r))
        return false;
    while (read_take(r, "reading")) {
        Reading *reading = read_item(r, &readings, sizeof *reading);
        if (!reading || !read_reading(r, model, reading) || !read_line_end(r)) return false;
    }
    while (read_take(r, "step")) {
        if (!read_step(r, &steps)) return false;
    }
    if (readings.count != count) return read_fail(r, "not as many readings as announced");
    if (steps.count == 0) return read_fail(r, "expected a step");
    out->readings = readings.data;
    out->reading_count = readings.count;
    out->steps = steps.data;
    out->step_count = steps.count;
    return true;
}

static bool read_single(Reader *r, const Model *model, Readout *out) {
    Reading *reading = ARENA_NEW(r->arena, Reading);
    if (!read_reading(r, model, reading) || !read_node(r, &out->node) || !read_line_end(r))
        return false;
    out->readings = reading;
    out->reading_count = 1;
    return true;
}

static bool read_readout(Reader *r, Model *model) {
    Readout *out = &model->readout;
    Items traps = {0};
    out->name = read_name(r);
    if (!out->name || !read_expect(r, ":")) return false;
    if (!(read_is_number(r) ? read_computed(r, model, out) : read_single(r, model, out)))
        return false;
    while (read_take(r, "trap")) {
        if (!read_trap(r, model, &traps)) return false;
    }
    out->traps = traps.data;
    out->trap_count = traps.count;
    return true;
}

static bool read_model(Reader *r, Model *model) {
    Items embeds = {0}, layers = {0};
    if (read_peek(r) == '#' && !read_line_end(r)) return false;
    if (!read_expect(r, "model")) return false;
    for (int t = 0; t < FLOAT_TYPE_COUNT; t++) {
        if (read_take(r, float_name((FloatType)t, FLOAT_SHORT_NAME)))
            model->float_type = (FloatType)t;
    }
    if (!read_expect(r, "length") || !read_count(r, &model->max_length)) return false;
    model->causal = read_take(r, "causal");
    if (!read_expect(r, "vocabulary") ||
        !read_atoms(r, &model->vocabulary, &model->vocabulary_count) || !read_line_end(r) ||
        !(read_heading(r, "basis") || read_fail(r, "expected 'basis'")) || !read_basis(r, model))
        return false;
    bool layer = false;
    while (!(layer = read_heading(r, "layer")) && !read_heading(r, "output")) {
        if (!read_embed(r, model, &embeds)) return false;
    }
    model->embeds = embeds.data;
    model->embed_count = embeds.count;
    while (layer) {
        if (!read_layer(r, model, &layers)) return false;
        layer = read_heading(r, "layer");
        if (!layer && !read_heading(r, "output"))
            return read_fail(r, "expected a head, a group of units, 'layer' or 'output'");
    }
    model->layers = layers.data;
    model->layer_count = layers.count;
    if (!read_readout(r, model)) return false;
    return read_at_end(r) || read_fail(r, "expected the end of the text");
}

Model *model_parse(Arena *arena, const Sources *sources, uint32_t file, Diagnostics *diags) {
    Reader r;
    if (!read_open(&r, arena, sources, file, diags)) return NULL;
    Model *model = ARENA_NEW(arena, Model);
    *model = (Model){.arena = arena};
    if (!read_model(&r, model)) return NULL;
    Buffer why = {0};
    bool fine = model_verify(model, &why);
    return read_verdict(&r, fine, &why) ? model : NULL;
}
