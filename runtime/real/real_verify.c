/* What real_model.h promises of a model's form, whether it was lowered, written by hand or read. */
#include "runtime/real/real_model.h"

#include "runtime/base/limits.h"
#include "runtime/value/atom_set.h"

#include <math.h>
#include <string.h>

/* What is in a subspace at some time, whichever way led there: a set of these bits. */
typedef uint8_t Content;
enum {
    WRITTEN = 1, /* surely written since it was erased */
    TOUCHED = 2, /* perhaps not 0 */
};

typedef struct Verifier {
    const RealModel *model;
    Arena *scratch;
    Content *content;  /* (space_count) at present */
    Content *read;     /* (space_count) as heads or units read it: before the layer's writes */
    Content **ends;    /* (loop_count)(space_count) after a round; NULL: no round yet */
    uint32_t *stamp;   /* (space_count): the affine function that had a term on it last */
    uint32_t stamps;   /* affine functions so far */
    uint32_t *trapped; /* (layer_count): 1 + the first trap after its heads */
    uint32_t *next;    /* (trap_count): 1 + the next trap of that layer */
    Buffer *why;
} Verifier;

static const char *name_of(const Verifier *v, SpaceId id) {
    return v->model->spaces[id].name->bytes;
}

static bool all_finite(const double *values, uint64_t count) {
    for (uint64_t i = 0; i < count; i++) {
        if (!isfinite(values[i])) return false;
    }
    return true;
}

/* --- basis, inputs ---------------------------------------------------------------------------- */

static bool verify_basis(Verifier *v) {
    const RealModel *model = v->model;
    uint64_t end = 0;
    if (model->space_count <= REAL_NULL)
        return buffer_wrong(v->why, "`one` and `null` are missing");
    for (SpaceId id = 0; id < model->space_count; id++) {
        const RealSpace *space = &model->spaces[id];
        if (space->width == 0 || space->width > LIMIT_VECTOR_WIDTH)
            return buffer_wrong(v->why, "'%.80s' is not from 1 to %d wide", space->name->bytes,
                                LIMIT_VECTOR_WIDTH);
        if (id <= REAL_NULL && space->width != 1)
            return buffer_wrong(v->why, "`one` and `null` have width 1");
        if (space->offset != end)
            return buffer_wrong(v->why, "'%.80s' does not begin where the subspace before it ends",
                                space->name->bytes);
        end += space->width;
        for (SpaceId other = 0; other < id; other++) {
            if (string_equal(model->spaces[other].name, space->name))
                return buffer_wrong(v->why, "two subspaces are called '%.80s'", space->name->bytes);
        }
    }
    return (end == model->width && end <= INT32_MAX) ||
           buffer_wrong(v->why, "the subspaces do not fill the residual stream");
}

static bool verify_write(Verifier *v, SpaceId id) {
    if (id <= REAL_NULL || id >= v->model->space_count)
        return buffer_wrong(v->why, "something is written that is no subspace to write");
    if (v->content[id] & TOUCHED)
        return buffer_wrong(v->why, "'%.80s' is written where it may not be 0", name_of(v, id));
    v->content[id] = WRITTEN | TOUCHED;
    return true;
}

static bool verify_words(Verifier *v, const RealInput *input) {
    AtomSet words = atom_set_new(v->scratch, 0);
    for (uint32_t w = 0; w < input->word_count; w++) {
        if (input->words[w].kind != ATOM_STRING)
            return buffer_wrong(v->why, "a word of '%.80s' is no string", input->name->bytes);
        (void)atom_set_add(&words, input->words[w]);
    }
    return (words.count == input->word_count &&
            words.count == v->model->spaces[input->space].width) ||
           buffer_wrong(v->why, "'%.80s' has not as many words as its subspace is wide",
                        input->name->bytes);
}

static bool verify_input(Verifier *v, uint32_t i) {
    const RealInput *input = &v->model->inputs[i];
    for (uint32_t other = 0; other < i; other++) {
        if (string_equal(v->model->inputs[other].name, input->name))
            return buffer_wrong(v->why, "two inputs are called '%.80s'", input->name->bytes);
    }
    if (!verify_write(v, input->space)) return false;
    if (input->types == TYPE_VECTOR) return true;
    if (input->types == TYPE_STRING) return verify_words(v, input);
    if (input->types != TYPE_BOOL && input->types != TYPE_INT && input->types != TYPE_FLOAT)
        return buffer_wrong(v->why, "the input '%.80s' is of no type", input->name->bytes);
    return v->model->spaces[input->space].width == 1 ||
           buffer_wrong(v->why, "the input '%.80s' is one number", input->name->bytes);
}

static bool verify_inputs(Verifier *v) {
    const RealModel *model = v->model;
    if (model->max_length == 0 || model->max_length > LIMIT_INPUT_TOKENS)
        return buffer_wrong(v->why, "the greatest length is not from 1 to %d", LIMIT_INPUT_TOKENS);
    for (uint32_t i = 0; i < model->input_count; i++) {
        if (!verify_input(v, i)) return false;
    }
    for (uint32_t i = 0; i < model->position_count; i++) {
        const RealPosition *position = &model->positions[i];
        if (!verify_write(v, position->space)) return false;
        uint64_t width = model->spaces[position->space].width;
        if (!all_finite(position->values, model->max_length * width))
            return buffer_wrong(v->why, "a number of the positions that is not finite");
    }
    return true;
}

/* --- affine functions ------------------------------------------------------------------------- */

static bool verify_term(Verifier *v, const Affine *affine, const AffineTerm *term) {
    if (term->space >= v->model->space_count)
        return buffer_wrong(v->why, "a subspace that is not there");
    if (v->stamp[term->space] == v->stamps)
        return buffer_wrong(v->why, "two terms on '%.80s' in one sum", name_of(v, term->space));
    v->stamp[term->space] = v->stamps;
    if (!(v->read[term->space] & WRITTEN))
        return buffer_wrong(v->why, "'%.80s' is read before it is written",
                            name_of(v, term->space));
    uint32_t width = v->model->spaces[term->space].width;
    if (!term->matrix && width != 1 && width != affine->rows)
        return buffer_wrong(v->why, "'%.80s' has %u components, and here are %u rows",
                            name_of(v, term->space), width, affine->rows);
    if (term->matrix ? !all_finite(term->matrix, (uint64_t)affine->rows * width)
                     : !isfinite(term->factor))
        return buffer_wrong(v->why, "a factor of '%.80s' that is not finite",
                            name_of(v, term->space));
    return true;
}

static bool verify_affine(Verifier *v, const Affine *affine) {
    if (affine->rows == 0) return buffer_wrong(v->why, "a sum of no rows");
    if (affine->constant && !all_finite(affine->constant, affine->rows))
        return buffer_wrong(v->why, "a constant that is not finite");
    v->stamps++;
    for (uint32_t t = 0; t < affine->count; t++) {
        if (!verify_term(v, affine, &affine->terms[t])) return false;
    }
    return true;
}

static bool verify_number(Verifier *v, const Affine *affine, const char *what) {
    if (affine->rows != 1)
        return buffer_wrong(v->why, "%s is one number, not %u", what, affine->rows);
    return verify_affine(v, affine);
}

/* --- heads ------------------------------------------------------------------------------------ */

static bool verify_gate(Verifier *v, const RealHead *head, uint32_t g) {
    const Gate *gate = &head->gates[g];
    switch (gate->kind) {
    case GATE_TRUE: return true;
    case GATE_COMPARE:
        if (gate->relation == 0 || gate->relation > 7)
            return buffer_wrong(v->why, "a comparison of no relation");
        return verify_number(v, &gate->key, "a side of a comparison") &&
               verify_number(v, &gate->query, "a side of a comparison");
    case GATE_NOT: return gate->a < g || buffer_wrong(v->why, "a gate of a later one");
    case GATE_AND:
    case GATE_OR:
        return (gate->a < g && gate->b < g) || buffer_wrong(v->why, "a gate of a later one");
    default: return buffer_wrong(v->why, "a gate of no kind");
    }
}

static bool verify_head(Verifier *v, const RealHead *head) {
    if ((unsigned)head->normaliser >= NORMALISER_COUNT)
        return buffer_wrong(v->why, "a head without a normaliser");
    for (uint32_t g = 0; g < head->gate_count; g++) {
        if (!verify_gate(v, head, g)) return false;
    }
    for (uint32_t s = 0; s < head->score_count; s++) {
        const ScoreTerm *term = &head->scores[s];
        if (!verify_affine(v, &term->key) || !verify_affine(v, &term->query)) return false;
        if (term->key.rows != term->query.rows)
            return buffer_wrong(v->why, "a key of %u numbers and a query of %u", term->key.rows,
                                term->query.rows);
    }
    for (uint32_t m = 0; m < head->move_count; m++) {
        const RealMove *move = &head->moves[m];
        if (!verify_affine(v, &move->value) || !verify_write(v, move->target)) return false;
        if (v->model->spaces[move->target].width != move->value.rows)
            return buffer_wrong(v->why, "'%.80s' gets a value of %u numbers",
                                name_of(v, move->target), move->value.rows);
    }
    return true;
}

/* --- units ------------------------------------------------------------------------------------ */

/* Do the arguments' rows go with the operation and the target's width? */
static bool shapes_fit(const RealUnit *unit, uint32_t width) {
    const Affine *a = unit->arguments;
    switch (unit->op) {
    case OP_SUM:
    case OP_NORM:
    case OP_ARGMIN:
    case OP_ARGMAX: return width == 1;
    case OP_DOT: return width == 1 && a[0].rows == a[1].rows;
    case OP_EQ: return a[0].rows == a[1].rows && width == 1;
    case OP_ONEHOT: return a[0].rows == 1;
    case OP_CHOOSE:
        return (a[0].rows == 1 || a[0].rows == width) && a[1].rows == width && a[2].rows == width;
    default: break;
    }
    for (uint32_t i = 0; i < unit->argument_count; i++) {
        if (a[i].rows != width) return false;
    }
    return true;
}

static bool verify_operation(Verifier *v, const RealUnit *unit, uint32_t width) {
    if ((unsigned)unit->op >= OP_COUNT || !real_unit_takes(unit->op))
        return buffer_wrong(v->why, "no unit computes the operation for '%.80s'",
                            name_of(v, unit->target));
    if (unit->argument_count != op_info(unit->op)->arity)
        return buffer_wrong(v->why, "%s takes %d arguments", op_info(unit->op)->name,
                            op_info(unit->op)->arity);
    for (uint32_t i = 0; i < unit->argument_count; i++) {
        if (!verify_affine(v, &unit->arguments[i])) return false;
    }
    return shapes_fit(unit, width) ||
           buffer_wrong(v->why, "%s for '%.80s' has arguments of other widths",
                        op_info(unit->op)->name, name_of(v, unit->target));
}

static bool verify_relus(Verifier *v, const RealUnit *unit, uint32_t width) {
    if (unit->argument_count != 1 || unit->arguments[0].rows != unit->relus)
        return buffer_wrong(v->why, "ReLUs of other than one argument");
    if (!(isfinite(unit->error) && unit->error >= 0) ||
        !all_finite(unit->out, (uint64_t)unit->relus * width))
        return buffer_wrong(v->why, "a number of the ReLUs that is not finite");
    return verify_affine(v, &unit->arguments[0]);
}

/* What a unit reads; and that its target is one. */
static bool verify_unit(Verifier *v, const RealUnit *unit) {
    if (unit->target <= REAL_NULL || unit->target >= v->model->space_count)
        return buffer_wrong(v->why, "a unit without a target");
    uint32_t width = v->model->spaces[unit->target].width;
    switch (unit->kind) {
    case REAL_ERASE: return true;
    case REAL_RELU: return verify_relus(v, unit, width);
    case REAL_OPERATION: return verify_operation(v, unit, width);
    default: return buffer_wrong(v->why, "a unit of no kind");
    }
}

/* --- layers ----------------------------------------------------------------------------------- */

/* What is read from now on is the stream as it is at present. */
static void begin_reading(Verifier *v) { memcpy(v->read, v->content, v->model->space_count); }

static bool verify_layer(Verifier *v, uint32_t l) {
    const RealLayer *layer = &v->model->layers[l];
    begin_reading(v);
    for (uint32_t h = 0; h < layer->head_count; h++) {
        if (!verify_head(v, &layer->heads[h])) return false;
    }
    begin_reading(v);
    for (uint32_t t = v->trapped[l]; t > 0; t = v->next[t - 1]) {
        if (!verify_number(v, &v->model->traps[t - 1].number, "what a trap looks at")) return false;
    }
    for (uint32_t u = 0; u < layer->unit_count; u++) {
        if (!verify_unit(v, &layer->units[u])) return false;
    }
    for (uint32_t u = 0; u < layer->unit_count; u++) {
        if (layer->units[u].kind == REAL_ERASE) v->content[layer->units[u].target] = 0;
    }
    for (uint32_t u = 0; u < layer->unit_count; u++) {
        if (layer->units[u].kind != REAL_ERASE && !verify_write(v, layer->units[u].target))
            return false;
    }
    return true;
}

/* What a first layer finds: what is there before the loop, or what a round left. */
static void enter_loop(Verifier *v, uint32_t i) {
    if (!v->ends[i]) return;
    for (SpaceId id = 0; id < v->model->space_count; id++) {
        Content before = v->content[id], end = v->ends[i][id];
        v->content[id] = (Content)(((before | end) & TOUCHED) | (before & end & WRITTEN));
    }
}

/* *changed is set when a round leaves something else than was known of it. */
static bool leave_loop(Verifier *v, uint32_t i, bool *changed) {
    const RealLoop *loop = &v->model->loops[i];
    uint32_t count = v->model->space_count;
    begin_reading(v);
    if (loop->has_until && !verify_number(v, &loop->until, "a condition")) return false;
    if (v->ends[i] && memcmp(v->ends[i], v->content, count) == 0) return true;
    if (!v->ends[i]) v->ends[i] = ARENA_ARRAY(v->scratch, Content, count);
    memcpy(v->ends[i], v->content, count);
    *changed = true;
    return true;
}

/* One pass through the layers. What rounds leave is first taken to be what is there before them,
   then what the pass before found: that only ever says less, so a mistake found is one. */
static bool verify_pass(Verifier *v, const Content *start, uint32_t *open, bool *changed) {
    const RealModel *model = v->model;
    uint32_t next = 0, depth = 0;
    *changed = false;
    memcpy(v->content, start, model->space_count);
    for (uint32_t l = 0; l < model->layer_count; l++) {
        for (; next < model->loop_count && model->loops[next].first == l; next++) {
            enter_loop(v, next);
            open[depth++] = next;
        }
        if (!verify_layer(v, l)) return false;
        for (; depth > 0; depth--) {
            const RealLoop *loop = &model->loops[open[depth - 1]];
            if (loop->first + loop->count - 1 != l) break;
            if (!leave_loop(v, open[depth - 1], changed)) return false;
        }
    }
    return true;
}

/* In order, one within the other or behind it. */
static bool verify_loops(Verifier *v, uint32_t *open) {
    const RealModel *model = v->model;
    uint32_t depth = 0;
    for (uint32_t i = 0; i < model->loop_count; i++) {
        const RealLoop *loop = &model->loops[i];
        if (loop->count == 0 || loop->times == 0 || loop->first >= model->layer_count ||
            loop->count > model->layer_count - loop->first)
            return buffer_wrong(v->why, "a loop without layers or rounds");
        if (i > 0 && loop->first < model->loops[i - 1].first)
            return buffer_wrong(v->why, "the loops are not in the order of their layers");
        uint32_t end = loop->first + loop->count;
        for (; depth > 0; depth--) {
            const RealLoop *outer = &model->loops[open[depth - 1]];
            uint32_t outer_end = outer->first + outer->count;
            if (end <= outer_end) break;
            if (loop->first < outer_end) return buffer_wrong(v->why, "loops cross");
        }
        if (depth == REAL_LOOP_DEPTH)
            return buffer_wrong(v->why, "loops nested more than %d deep", REAL_LOOP_DEPTH);
        open[depth++] = i;
    }
    return true;
}

static bool index_traps(Verifier *v) {
    for (uint32_t t = v->model->trap_count; t-- > 0;) {
        const RealTrap *trap = &v->model->traps[t];
        if (trap->layer >= v->model->layer_count || (unsigned)trap->id >= DIAG_COUNT)
            return buffer_wrong(v->why, "a trap that is nowhere");
        if (!(trap->limit >= 0)) return buffer_wrong(v->why, "a trap with a negative limit");
        v->next[t] = v->trapped[trap->layer];
        v->trapped[trap->layer] = t + 1;
    }
    return true;
}

static bool verify_output(Verifier *v, uint32_t o) {
    const RealOutput *output = &v->model->outputs[o];
    for (uint32_t other = 0; other < o; other++) {
        if (string_equal(v->model->outputs[other].name, output->name))
            return buffer_wrong(v->why, "two outputs are called '%.80s'", output->name->bytes);
    }
    bool number = (output->types & TYPE_NUMBER) != 0 && (output->types & ~TYPE_NUMBER) == 0;
    if (!number && output->types != TYPE_VECTOR)
        return buffer_wrong(v->why, "the output '%.80s' is of no type", output->name->bytes);
    if (output->value.rows > LIMIT_VECTOR_WIDTH)
        return buffer_wrong(v->why, "the output '%.80s' is too wide", output->name->bytes);
    if (!(isfinite(output->error) && output->error >= 0))
        return buffer_wrong(v->why, "the output '%.80s' has an error that is none",
                            output->name->bytes);
    return number ? verify_number(v, &output->value, "an output")
                  : verify_affine(v, &output->value);
}

static bool verify_all(Verifier *v) {
    const RealModel *model = v->model;
    if ((unsigned)model->float_type >= FLOAT_TYPE_COUNT)
        return buffer_wrong(v->why, "no type of floats");
    if (!verify_basis(v)) return false;
    v->content[REAL_ONE] = v->content[REAL_NULL] = WRITTEN | TOUCHED;
    uint32_t *open = ARENA_ARRAY(v->scratch, uint32_t, model->loop_count);
    if (!verify_inputs(v) || !verify_loops(v, open) || !index_traps(v)) return false;
    Content *start = ARENA_ARRAY(v->scratch, Content, model->space_count);
    memcpy(start, v->content, model->space_count);
    bool changed;
    do {
        if (!verify_pass(v, start, open, &changed)) return false;
    } while (changed);
    begin_reading(v);
    if (model->output_count == 0) return buffer_wrong(v->why, "a model without outputs");
    for (uint32_t o = 0; o < model->output_count; o++) {
        if (!verify_output(v, o)) return false;
    }
    return true;
}

bool real_model_verify(const RealModel *model, Buffer *why) {
    Arena *scratch = arena_new(0);
    Verifier v = {.model = model, .scratch = scratch, .why = why};
    v.content = ARENA_ARRAY(scratch, Content, model->space_count);
    v.read = ARENA_ARRAY(scratch, Content, model->space_count);
    v.ends = ARENA_ARRAY(scratch, Content *, model->loop_count);
    v.stamp = ARENA_ARRAY(scratch, uint32_t, model->space_count);
    v.trapped = ARENA_ARRAY(scratch, uint32_t, model->layer_count);
    v.next = ARENA_ARRAY(scratch, uint32_t, model->trap_count);
    bool fine = verify_all(&v);
    arena_free(scratch);
    return fine;
}
