/* Reads the text form back. Nothing in the text is believed: what was read is verified. */
#include "runtime/real/real_model.h"

#include "runtime/base/limits.h"
#include "runtime/model/model_reader.h"
#include "runtime/model/text_names.h"
#include "runtime/real/real_names.h"

#include <string.h>

static const char *normaliser_word(int i) { return normaliser_name((Normaliser)i); }
static const char *op_word(int i) { return op_info((GraphOp)i)->name; }

static bool read_space_name(Reader *r, const RealModel *model, SpaceId *out) {
    (void)read_peek(r);
    size_t start = r->at;
    const String *name = read_name(r);
    if (!name) return false;
    for (SpaceId id = 0; id < model->space_count; id++) {
        if (!string_equal(model->spaces[id].name, name)) continue;
        *out = id;
        return true;
    }
    r->at = start;
    return read_fail(r, "no subspace is called '%.100s'", name->bytes);
}

/* "vec[2]", "int|float". */
static bool read_type(Reader *r, TypeSet *types, uint32_t *width) {
    *types = 0;
    *width = 1;
    if (read_take(r, "vec")) {
        *types = TYPE_VECTOR;
        return read_expect(r, "[") && read_count(r, width) && read_expect(r, "]");
    }
    do {
        TypeSet before = *types;
        for (int t = 0; t < REAL_TYPE_COUNT; t++) {
            if (read_take(r, real_types[t].name)) *types |= real_types[t].type;
        }
        if (*types == before) return read_fail(r, "expected a type");
    } while (read_take(r, "|"));
    return true;
}

/* --- basis, inputs ---------------------------------------------------------------------------- */

static bool read_space(Reader *r, RealModel *model, Items *spaces) {
    RealSpace space = {.name = read_name(r), .offset = model->width, .width = 1};
    if (!space.name || !read_expect(r, ":")) return false;
    if (spaces->count <= REAL_NULL) {
        if (!read_expect(r, spaces->count == REAL_ONE ? "one" : "null")) return false;
    } else if (!read_expect(r, "real") ||
               (read_take(r, "[") && (!read_count(r, &space.width) || !read_expect(r, "]")))) {
        return false;
    }
    if (space.width == 0 || space.width > LIMIT_VECTOR_WIDTH)
        return read_fail(r, "a subspace has a width from 1 to %d", LIMIT_VECTOR_WIDTH);
    if (!read_node(r, &space.node)) return false;
    RealSpace *added = read_item(r, spaces, sizeof space);
    if (!added) return false;
    *added = space;
    model->width += space.width; /* read_item lets so few through that this stays below 2^32 */
    return read_line_end(r);
}

/* A number for each position and component. */
static bool read_position(Reader *r, const RealModel *model, RealPosition *out) {
    uint32_t count;
    if (!read_expect(r, "->") || !read_space_name(r, model, &out->space) ||
        !read_numbers(r, &out->values, &count))
        return false;
    return count == (uint64_t)model->max_length * model->spaces[out->space].width ||
           read_fail(r, "expected a value for each position");
}

/* A number, a vector, or the words of a string. */
static bool read_input_type(Reader *r, RealInput *out, uint32_t *width) {
    if (!read_take(r, "str")) return read_type(r, &out->types, width);
    out->types = TYPE_STRING;
    if (!read_atoms(r, &out->words, &out->word_count)) return false;
    *width = out->word_count;
    return true;
}

static bool read_input(Reader *r, const RealModel *model, const String *name, RealInput *out) {
    uint32_t width;
    *out = (RealInput){.name = name};
    if (!read_expect(r, ":") || !read_input_type(r, out, &width) || !read_expect(r, "->") ||
        !read_space_name(r, model, &out->space))
        return false;
    return width == model->spaces[out->space].width ||
           read_fail(r, "'%.100s' has another width", model->spaces[out->space].name->bytes);
}

static bool read_input_line(Reader *r, const RealModel *model, Items *inputs, Items *positions) {
    const String *name = read_name(r);
    if (!name) return false;
    if (read_peek(r) != ':' && strcmp(name->bytes, "position") == 0) {
        RealPosition *position = read_item(r, positions, sizeof *position);
        return position && read_position(r, model, position) && read_line_end(r);
    }
    RealInput *input = read_item(r, inputs, sizeof *input);
    return input && read_input(r, model, name, input) && read_line_end(r);
}

/* --- affine functions ------------------------------------------------------------------------- */

/* A sign or digit: inf and nan, which numbers may be elsewhere, are names here. */
static bool stands_number(Reader *r) {
    char c = read_peek(r);
    return c == '-' || (c >= '0' && c <= '9');
}

/* As many rows as the one before that has more than one. */
static bool agree_on_rows(Reader *r, uint32_t rows, uint32_t *agreed) {
    if (*agreed > 1 && rows > 1 && rows != *agreed)
        return read_fail(r, "%u rows, where others have %u", rows, *agreed);
    if (rows > *agreed) *agreed = rows;
    return true;
}

/* What was read of an affine function beside the function itself; 0: none yet. */
typedef struct AffineRows {
    uint32_t constants;
    uint32_t least, most; /* rows of its matrices */
} AffineRows;

static bool read_affine_part(Reader *r, const RealModel *model, Affine *affine, Items *terms,
                             AffineRows *seen) {
    AffineTerm term = {.factor = 1};
    const double *list = NULL;
    uint32_t count = 1;
    bool number = stands_number(r), listed = read_peek(r) == '[';
    if (number && !read_number(r, &term.factor)) return false;
    if (listed && !read_numbers(r, &list, &count)) return false;
    if (count == 0) return read_fail(r, "a list of no numbers");
    if ((number || list) && !read_take(r, "*")) {
        if (seen->constants > 0) return read_fail(r, "two constants");
        double *constant = ARENA_ARRAY(r->arena, double, count);
        memcpy(constant, list ? list : &term.factor, count * sizeof *constant);
        affine->constant = constant;
        seen->constants = count;
        return agree_on_rows(r, count, &affine->rows);
    }
    if (!read_space_name(r, model, &term.space)) return false;
    uint32_t width = model->spaces[term.space].width, rows = width;
    if (list) {
        if (count % width != 0) return read_fail(r, "the matrix has no rows of %u numbers", width);
        rows = count / width;
        if (seen->least == 0 || rows < seen->least) seen->least = rows;
        if (rows > seen->most) seen->most = rows;
        term.matrix = list;
        term.factor = 0;
    }
    AffineTerm *added = read_item(r, terms, sizeof term);
    if (!added) return false;
    *added = term;
    return agree_on_rows(r, rows, &affine->rows);
}

static bool read_affine(Reader *r, const RealModel *model, Affine *out) {
    Items terms = {0};
    AffineRows seen = {0};
    *out = (Affine){0};
    do {
        if (!read_affine_part(r, model, out, &terms, &seen)) return false;
    } while (read_take(r, "+"));
    if (seen.constants != 0 && seen.constants != out->rows)
        return read_fail(r, "%u constants for %u rows", seen.constants, out->rows);
    if (seen.most != 0 && (seen.least != out->rows || seen.most != out->rows))
        return read_fail(r, "a matrix with other than %u rows", out->rows);
    out->count = terms.count;
    out->terms = terms.data;
    return true;
}

/* --- heads ------------------------------------------------------------------------------------ */

static bool read_any_relation(Reader *r, Relation *out) {
    *out = RELATION_LT | RELATION_EQ | RELATION_GT;
    return read_take(r, relation_text(*out)) || read_relation(r, out);
}

static bool read_gate(Reader *r, const RealModel *model, Gate *out) {
    *out = (Gate){.kind = GATE_COMPARE};
    if (read_take(r, "True")) {
        out->kind = GATE_TRUE;
    } else if (read_take(r, "not")) {
        out->kind = GATE_NOT;
        if (!read_count(r, &out->a)) return false;
    } else if (read_take(r, "and") || read_take(r, "or")) {
        out->kind = r->text[r->at - 1] == 'd' ? GATE_AND : GATE_OR;
        if (!read_count(r, &out->a) || !read_count(r, &out->b)) return false;
    } else if (!read_affine(r, model, &out->key) || !read_any_relation(r, &out->relation) ||
               !read_affine(r, model, &out->query)) {
        return false;
    }
    return read_node(r, &out->node);
}

static bool read_gates(Reader *r, const RealModel *model, RealHead *head) {
    Items gates = {0};
    if (!read_take(r, "where")) return true;
    do {
        Gate *gate = read_item(r, &gates, sizeof *gate);
        if (!gate || !read_gate(r, model, gate)) return false;
    } while (read_take(r, ","));
    head->gate_count = gates.count;
    head->gates = gates.data;
    return read_expect(r, ";");
}

static bool read_scores(Reader *r, const RealModel *model, RealHead *head) {
    Items scores = {0};
    if (!read_take(r, "score")) return true;
    do {
        ScoreTerm *term = read_item(r, &scores, sizeof *term);
        if (!term || !read_affine(r, model, &term->key) || !read_expect(r, "by") ||
            !read_affine(r, model, &term->query))
            return false;
    } while (read_take(r, "and"));
    head->score_count = scores.count;
    head->scores = scores.data;
    return read_expect(r, ";");
}

static bool read_head(Reader *r, const RealModel *model, RealHead *head) {
    Items moves = {0};
    *head = (RealHead){.name = read_name(r)};
    if (!head->name || !read_expect(r, ":") || !read_gates(r, model, head) ||
        !read_scores(r, model, head))
        return false;
    int normaliser = read_choice(r, "a normaliser", NORMALISER_COUNT, normaliser_word);
    if (normaliser < 0) return false;
    head->normaliser = (Normaliser)normaliser;
    while (read_take(r, ";")) {
        RealMove *move = read_item(r, &moves, sizeof *move);
        if (!move || !read_affine(r, model, &move->value) || !read_expect(r, "->") ||
            !read_space_name(r, model, &move->target) || !read_node(r, &move->node))
            return false;
    }
    head->move_count = moves.count;
    head->moves = moves.data;
    return read_line_end(r);
}

/* --- units ------------------------------------------------------------------------------------ */

static bool read_error(Reader *r, double *error) {
    return !read_take(r, "error") || read_number(r, error);
}

static bool read_relus(Reader *r, const RealModel *model, RealUnit *unit) {
    uint32_t count, width = model->spaces[unit->target].width;
    unit->argument_count = 1;
    if (!read_expect(r, ":") || !read_affine(r, model, &unit->arguments[0]) ||
        !read_expect(r, "out") || !read_numbers(r, &unit->out, &count) ||
        !read_error(r, &unit->error))
        return false;
    unit->relus = unit->arguments[0].rows;
    return count == (uint64_t)unit->relus * width ||
           read_fail(r, "expected %u numbers for each of %u ReLUs", width, unit->relus);
}

static bool read_operation(Reader *r, const RealModel *model, RealUnit *unit) {
    unit->argument_count = op_info(unit->op)->arity;
    if (!real_unit_takes(unit->op)) return read_fail(r, "no unit computes that");
    for (uint32_t a = 0; a < unit->argument_count; a++) {
        if (!read_expect(r, a ? "," : ":") || !read_affine(r, model, &unit->arguments[a]))
            return false;
    }
    return true;
}

static bool read_unit(Reader *r, const RealModel *model, RealUnit *unit) {
    *unit = (RealUnit){.kind = REAL_OPERATION};
    if (read_take(r, REAL_ERASE_WORD)) {
        unit->kind = REAL_ERASE;
    } else if (read_take(r, REAL_RELU_WORD)) {
        unit->kind = REAL_RELU;
    } else {
        int op = read_choice(r, "a head, a unit, 'layer', 'repeat' or 'output'", OP_COUNT, op_word);
        if (op < 0) return false;
        unit->op = (GraphOp)op;
    }
    if (!read_space_name(r, model, &unit->target)) return false;
    if (unit->kind == REAL_RELU && !read_relus(r, model, unit)) return false;
    if (unit->kind == REAL_OPERATION && !read_operation(r, model, unit)) return false;
    return read_node(r, &unit->node) && read_line_end(r);
}

/* --- layers, loops, outputs ------------------------------------------------------------------- */

static bool read_loop(Reader *r, const RealModel *model, uint32_t first, RealLoop *loop) {
    *loop = (RealLoop){.first = first};
    if (!read_count(r, &loop->count) || !read_expect(r, "layers") || !read_count(r, &loop->times) ||
        !read_expect(r, "times"))
        return false;
    loop->has_until = read_take(r, "until");
    return (!loop->has_until || read_affine(r, model, &loop->until)) && read_line_end(r);
}

/* Does a line with a layer, a loop or the outputs begin here? */
static bool ends_part(Reader *r) {
    size_t start = r->at;
    bool ends = read_heading(r, "layer") || read_heading(r, "output") ||
                (read_take(r, "repeat") && stands_number(r));
    r->at = start;
    return ends || read_at_end(r);
}

static bool read_layer(Reader *r, const RealModel *model, RealLayer *layer) {
    Items heads = {0}, units = {0};
    while (read_take(r, "head")) {
        RealHead *head = read_item(r, &heads, sizeof *head);
        if (!head || !read_head(r, model, head)) return false;
    }
    while (!ends_part(r)) {
        RealUnit *unit = read_item(r, &units, sizeof *unit);
        if (!unit || !read_unit(r, model, unit)) return false;
    }
    *layer = (RealLayer){heads.count, heads.data, units.count, units.data};
    return true;
}

static bool read_layers(Reader *r, RealModel *model) {
    Items layers = {0}, loops = {0};
    while (!read_heading(r, "output")) {
        if (read_take(r, "repeat")) {
            RealLoop *loop = read_item(r, &loops, sizeof *loop);
            if (!loop || !read_loop(r, model, layers.count, loop)) return false;
        } else if (read_heading(r, "layer")) {
            RealLayer *layer = read_item(r, &layers, sizeof *layer);
            if (!layer || !read_layer(r, model, layer)) return false;
        } else {
            return read_fail(r, "expected 'layer', 'repeat' or 'output'");
        }
    }
    model->layer_count = layers.count;
    model->layers = layers.data;
    model->loop_count = loops.count;
    model->loops = loops.data;
    return true;
}

static bool read_trap(Reader *r, const RealModel *model, RealTrap *trap) {
    const String *code = read_name(r);
    *trap = (RealTrap){0};
    if (!code || !diag_find(code->bytes, &trap->id)) return read_fail(r, "no such diagnostic");
    return read_string(r, &trap->why) && read_expect(r, "after") && read_count(r, &trap->layer) &&
           read_expect(r, ":") && read_affine(r, model, &trap->number) &&
           (!read_take(r, "below") || read_number(r, &trap->limit)) && read_node(r, &trap->node) &&
           read_line_end(r);
}

static bool read_output(Reader *r, const RealModel *model, const String *name, RealOutput *out) {
    uint32_t width;
    *out = (RealOutput){.name = name};
    if (!read_expect(r, ":") || !read_type(r, &out->types, &width) ||
        !read_affine(r, model, &out->value) || !read_error(r, &out->error) ||
        !read_node(r, &out->node))
        return false;
    if (width != out->value.rows)
        return read_fail(r, "the type has %u components, the value %u", width, out->value.rows);
    return read_line_end(r);
}

/* A trap's line begins with the word and a code, an output's with a name and a colon. */
static bool read_outputs(Reader *r, RealModel *model) {
    Items outputs = {0}, traps = {0};
    while (!read_at_end(r)) {
        const String *name = read_name(r);
        if (!name) return false;
        if (read_peek(r) != ':' && strcmp(name->bytes, "trap") == 0) {
            RealTrap *trap = read_item(r, &traps, sizeof *trap);
            if (!trap || !read_trap(r, model, trap)) return false;
        } else {
            RealOutput *output = read_item(r, &outputs, sizeof *output);
            if (!output || !read_output(r, model, name, output)) return false;
        }
    }
    model->output_count = outputs.count;
    model->outputs = outputs.data;
    model->trap_count = traps.count;
    model->traps = traps.data;
    return true;
}

static bool read_model(Reader *r, RealModel *model) {
    Items spaces = {0}, inputs = {0}, positions = {0};
    if (read_peek(r) == '#' && !read_line_end(r)) return false;
    if (!read_expect(r, "model") || !read_expect(r, "real")) return false;
    int type = 0;
    while (type < FLOAT_TYPE_COUNT && !read_take(r, float_name((FloatType)type, FLOAT_SHORT_NAME)))
        type++;
    if (type == FLOAT_TYPE_COUNT) return read_fail(r, "expected a type of floats");
    model->float_type = (FloatType)type;
    if (!read_expect(r, "length") || !read_count(r, &model->max_length)) return false;
    model->exact = !read_take(r, "approximate");
    if (!read_line_end(r) || !(read_heading(r, "basis") || read_fail(r, "expected 'basis'")))
        return false;
    while (!read_heading(r, "input")) {
        if (!read_space(r, model, &spaces)) return false;
    }
    model->space_count = spaces.count;
    model->spaces = spaces.data;
    while (!ends_part(r)) {
        if (!read_input_line(r, model, &inputs, &positions)) return false;
    }
    model->input_count = inputs.count;
    model->inputs = inputs.data;
    model->position_count = positions.count;
    model->positions = positions.data;
    return read_layers(r, model) && read_outputs(r, model);
}

bool real_model_is_text(const Sources *sources, uint32_t file) {
    Reader r = {.file = file};
    r.text = sources_text(sources, file, &r.len);
    while (read_peek(&r) == '#' && read_line_end(&r)) {
    }
    return read_take(&r, "model") && read_take(&r, "real");
}

RealModel *real_model_parse(Arena *arena, const Sources *sources, uint32_t file,
                            Diagnostics *diags) {
    Reader r;
    if (!read_open(&r, arena, sources, file, diags)) return NULL;
    RealModel *model = ARENA_NEW(arena, RealModel);
    *model = (RealModel){.arena = arena};
    if (!read_model(&r, model)) return NULL;
    Buffer why = {0};
    bool fine = real_model_verify(model, &why);
    return read_verdict(&r, fine, &why) ? model : NULL;
}
