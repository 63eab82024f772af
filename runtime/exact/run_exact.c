#include "runtime/exact/run_exact.h"

#include "runtime/base/bug.h"
#include "runtime/base/limits.h"
#include "runtime/exact/pass_exact.h"

#include <math.h>

bool pass_fail(ExactPass *pass, ExactEnd end, NodeId node, uint32_t position) {
    pass->result.end = end;
    pass->result.node = node;
    pass->result.position = position;
    return false;
}

/* --- affine functions ------------------------------------------------------------------------- */

/* out += factor * x. A weight of 0 is no weight. */
static void add_weighted(ExactPass *pass, mpq_t out, double factor, const mpq_t x) {
    if (factor == 0) return;
    if (!isfinite(factor) || rational_is_undefined(x) || rational_is_undefined(out))
        rational_undefine(out);
    else
        exact_add_product(out, x, factor, pass->scratch);
}

static void add_term(ExactPass *pass, const AffineTerm *term, uint32_t rows, mpq_t *stream,
                     mpq_t *out) {
    const RealSpace *space = &pass->model->spaces[term->space];
    mpq_t *x = stream + space->offset;
    for (uint32_t r = 0; r < rows; r++) {
        if (!term->matrix) {
            add_weighted(pass, out[r], term->factor, x[space->width == 1 ? 0 : r]);
            continue;
        }
        for (uint32_t c = 0; c < space->width; c++)
            add_weighted(pass, out[r], term->matrix[(size_t)r * space->width + c], x[c]);
    }
}

/* stream: one row. out: (rows). */
static void apply_affine(ExactPass *pass, const Affine *affine, mpq_t *stream, mpq_t *out) {
    const mpq_t *one = &stream[pass->model->spaces[REAL_ONE].offset];
    for (uint32_t r = 0; r < affine->rows; r++) {
        mpq_set_ui(out[r], 0, 1);
        if (affine->constant) add_weighted(pass, out[r], affine->constant[r], *one);
    }
    for (uint32_t t = 0; t < affine->count; t++)
        add_term(pass, &affine->terms[t], affine->rows, stream, out);
}

/* At every position: (n, rows). */
static mpq_t *apply_everywhere(ExactPass *pass, const Affine *affine, Exact *pool) {
    mpq_t *out = exact_array(pool, (size_t)pass->n * affine->rows);
    for (uint32_t i = 0; i < pass->n; i++)
        apply_affine(pass, affine, pass_row(pass, i), out + (size_t)i * affine->rows);
    return out;
}

/* --- the embedding ---------------------------------------------------------------------------- */

static bool embed(ExactPass *pass) {
    const RealModel *model = pass->model;
    for (uint32_t i = 0; i < pass->n; i++)
        mpq_set_ui(pass_row(pass, i)[model->spaces[REAL_ONE].offset], 1, 1);
    mpq_set_ui(pass->null[model->spaces[REAL_NULL].offset], 1, 1);
    for (uint32_t p = 0; p < model->position_count; p++) {
        const RealSpace *space = &model->spaces[model->positions[p].space];
        for (size_t i = 0; i < (size_t)pass->n * space->width; i++)
            rational_set_double(
                pass_row(pass, (uint32_t)(i / space->width))[space->offset + i % space->width],
                model->positions[p].values[i]);
    }
    for (uint32_t k = 0; k < model->input_count; k++) {
        const RealSpace *space = &model->spaces[model->inputs[k].space];
        const ExactColumn *column = exact_column(pass->request->input, model->inputs[k].name);
        if (!column || column->width != space->width)
            return pass_fail(pass, EXACT_FAILS, NO_NODE, 0);
        for (size_t i = 0; i < (size_t)pass->n * space->width; i++)
            mpq_set(pass_row(pass, (uint32_t)(i / space->width))[space->offset + i % space->width],
                    column->numbers[i]);
    }
    return true;
}

/* --- heads ------------------------------------------------------------------------------------ */

void pass_open_head(ExactPass *pass, const RealHead *head, ExactHead *out) {
    *out = (ExactHead){.head = head, .arena = arena_new(0)};
    out->gate_key = ARENA_ARRAY(out->arena, mpq_t *, head->gate_count);
    out->gate_query = ARENA_ARRAY(out->arena, mpq_t *, head->gate_count);
    out->truth = ARENA_ARRAY(out->arena, bool, head->gate_count);
    out->score_key = ARENA_ARRAY(out->arena, mpq_t *, head->score_count);
    out->score_query = ARENA_ARRAY(out->arena, mpq_t *, head->score_count);
    out->value = ARENA_ARRAY(out->arena, mpq_t *, head->move_count);
    for (uint32_t g = 0; g < head->gate_count; g++) {
        if (head->gates[g].kind != GATE_COMPARE) continue;
        out->gate_key[g] = apply_everywhere(pass, &head->gates[g].key, &out->pool);
        out->gate_query[g] = apply_everywhere(pass, &head->gates[g].query, &out->pool);
    }
    for (uint32_t s = 0; s < head->score_count; s++) {
        out->score_key[s] = apply_everywhere(pass, &head->scores[s].key, &out->pool);
        out->score_query[s] = apply_everywhere(pass, &head->scores[s].query, &out->pool);
    }
    for (uint32_t m = 0; m < head->move_count; m++)
        out->value[m] = apply_everywhere(pass, &head->moves[m].value, &out->pool);
    out->row = row_new(&out->pool, out->arena, pass->n);
    mpq_init(out->term);
}

void pass_close_head(ExactHead *head) {
    mpq_clear(head->term);
    exact_free(&head->pool);
    arena_free(head->arena);
}

static bool compare(ExactPass *pass, const ExactHead *head, uint32_t g, uint32_t query,
                    uint32_t key) {
    const Gate *gate = &head->head->gates[g];
    const mpq_t *k = &head->gate_key[g][key], *q = &head->gate_query[g][query];
    if (rational_is_undefined(*k) || rational_is_undefined(*q))
        return pass_fail(pass, EXACT_UNDEFINED, gate->node, query);
    int order = mpq_cmp(*k, *q);
    Relation found = order < 0 ? RELATION_LT : order == 0 ? RELATION_EQ : RELATION_GT;
    head->truth[g] = (gate->relation & found) != 0;
    return true;
}

/* Is the key let through? False also after fail. */
static bool let_through(ExactPass *pass, const ExactHead *head, uint32_t query, uint32_t key,
                        bool *through) {
    bool *truth = head->truth;
    *through = true;
    for (uint32_t g = 0; g < head->head->gate_count; g++) {
        const Gate *gate = &head->head->gates[g];
        switch (gate->kind) {
        case GATE_TRUE: truth[g] = true; break;
        case GATE_COMPARE:
            if (!compare(pass, head, g, query, key)) return false;
            break;
        case GATE_AND: truth[g] = truth[gate->a] && truth[gate->b]; break;
        case GATE_OR: truth[g] = truth[gate->a] || truth[gate->b]; break;
        case GATE_NOT: truth[g] = !truth[gate->a]; break;
        }
        *through = truth[g];
    }
    return true;
}

static void score_key(ExactHead *head, uint32_t query, uint32_t key, mpq_t out) {
    mpq_set_ui(out, 0, 1);
    for (uint32_t s = 0; s < head->head->score_count; s++) {
        uint32_t rows = head->head->scores[s].key.rows;
        rational_dot(head->term, head->score_key[s] + (size_t)key * rows,
                     head->score_query[s] + (size_t)query * rows, rows);
        rational_two(OP_ADD, out, out, head->term);
    }
}

static NodeId head_node(const RealHead *head) {
    return head->move_count > 0 ? head->moves[0].node : NO_NODE;
}

bool pass_look_at_keys(ExactPass *pass, ExactHead *head, uint32_t query) {
    ExactRow *row = &head->row;
    row->count = 0;
    for (uint32_t key = 0; key < pass->n; key++) {
        bool through = false;
        if (!let_through(pass, head, query, key, &through)) return false;
        if (!through) continue;
        row->keys[row->count] = key;
        score_key(head, query, key, row->scores[row->count++]);
    }
    uint64_t cells = (uint64_t)pass->n * (head->head->gate_count + 1) +
                     (uint64_t)row->count * (head->head->score_count + 1);
    return exact_work(&pass->work, cells, exact_widest(row->scores, row->count)) ||
           pass_fail(pass, EXACT_TOO_LONG, head_node(head->head), query);
}

void pass_move(ExactPass *pass, ExactHead *head, uint32_t query, bool found) {
    for (uint32_t m = 0; m < head->head->move_count; m++) {
        const RealMove *at = &head->head->moves[m];
        Exact pool = {0};
        mpq_t *sum = exact_array(&pool, at->value.rows);
        mpq_t *target =
            pass->update + (size_t)query * pass->width + pass->model->spaces[at->target].offset;
        if (found)
            row_gather(&head->row, head->value[m], at->value.rows, sum);
        else
            apply_affine(pass, &at->value, pass->null, sum);
        for (uint32_t r = 0; r < at->value.rows; r++)
            rational_two(OP_ADD, target[r], target[r], sum[r]);
        exact_free(&pool);
    }
}

bool pass_weigh(ExactPass *pass, ExactHead *head, uint32_t query) {
    Normaliser normaliser = head->head->normaliser;
    bool raw = normaliser == NORMALISER_LINEAR_RAW;
    RowEnd end = row_weigh(&head->row, normaliser);
    if (end == ROW_UNDEFINED) return pass_fail(pass, EXACT_UNDEFINED, head_node(head->head), query);
    if (end == ROW_EMPTY && raw) return true; /* adds 0 */
    pass_move(pass, head, query, end == ROW_WEIGHED);
    return true;
}

static bool run_head(ExactPass *pass, const RealHead *at) {
    if (at->normaliser == NORMALISER_SOFTMAX)
        return pass_fail(pass, EXACT_NOT_RATIONAL, head_node(at), 0);
    ExactHead head;
    pass_open_head(pass, at, &head);
    bool fine = true;
    for (uint32_t query = 0; query < pass->n && fine; query++)
        fine = pass_look_at_keys(pass, &head, query) && pass_weigh(pass, &head, query);
    pass_close_head(&head);
    return fine;
}

void pass_add_update(ExactPass *pass) {
    for (size_t i = 0; i < (size_t)pass->n * pass->width; i++) {
        rational_two(OP_ADD, pass->stream[i], pass->stream[i], pass->update[i]);
        mpq_set_ui(pass->update[i], 0, 1);
    }
}

static bool run_heads(ExactPass *pass, const RealLayer *layer) {
    for (uint32_t h = 0; h < layer->head_count; h++)
        if (!run_head(pass, &layer->heads[h])) return false;
    if (layer->head_count > 0) pass_add_update(pass);
    return true;
}

/* --- units ------------------------------------------------------------------------------------ */

static bool holds(const mpq_t condition) { return mpq_cmp_ui(condition, 1, 2) > 0; }

static void logic(GraphOp op, mpq_t out, const mpq_t a, const mpq_t *b) {
    if (rational_is_undefined(a) || (b && rational_is_undefined(*b))) {
        rational_undefine(out);
        return;
    }
    switch (op) {
    case OP_NOT: rational_set_truth(out, !holds(a)); return;
    case OP_INDICATOR: rational_set_truth(out, holds(a)); return;
    case OP_AND: rational_set_truth(out, holds(a) && holds(*b)); return;
    case OP_OR: rational_set_truth(out, holds(a) || holds(*b)); return;
    default: BUG("%s is no logic", op_info(op)->name);
    }
}

static void choose(const RealUnit *unit, mpq_t *const args[3], uint32_t width, mpq_t *out) {
    for (uint32_t c = 0; c < width; c++) {
        const mpq_t *condition = &args[0][unit->arguments[0].rows == 1 ? 0 : c];
        if (rational_is_undefined(*condition))
            rational_undefine(out[c]);
        else
            mpq_set(out[c], args[holds(*condition) ? 1 : 2][c]);
    }
}

/* Component by component. */
static ExactEnd run_components(GraphOp op, mpq_t *const args[3], uint32_t width, mpq_t *out) {
    for (uint32_t c = 0; c < width; c++) {
        ExactEnd end = EXACT_DONE;
        if (rational_has_one(op))
            rational_one(op, out[c], args[0][c]);
        else if (rational_has_two(op))
            end = rational_two(op, out[c], args[0][c], args[1][c]);
        else if (op == OP_NOT || op == OP_INDICATOR || op == OP_AND || op == OP_OR)
            logic(op, out[c], args[0][c], args[1] ? &args[1][c] : NULL);
        else
            end = EXACT_NOT_RATIONAL;
        if (end != EXACT_DONE) return end;
    }
    return EXACT_DONE;
}

static ExactEnd run_operation(const RealUnit *unit, mpq_t *const args[3], uint32_t width,
                              mpq_t *out) {
    uint32_t rows = unit->arguments[0].rows;
    switch (unit->op) {
    case OP_DOT: rational_dot(out[0], args[0], args[1], rows); return EXACT_DONE;
    case OP_SUM: rational_sum(out[0], args[0], rows); return EXACT_DONE;
    case OP_EQ: rational_equal(out[0], args[0], args[1], rows); return EXACT_DONE;
    case OP_ARGMIN:
    case OP_ARGMAX:
        rational_extreme(out[0], args[0], rows, unit->op == OP_ARGMAX);
        return EXACT_DONE;
    case OP_ONEHOT: rational_onehot(out, args[0][0], width); return EXACT_DONE;
    case OP_CHOOSE: choose(unit, args, width, out); return EXACT_DONE;
    default: return run_components(unit->op, args, width, out);
    }
}

static void run_relus(ExactPass *pass, const RealUnit *unit, mpq_t *in, uint32_t width,
                      mpq_t *out) {
    for (uint32_t r = 0; r < unit->relus; r++)
        rational_one(OP_RELU, in[r], in[r]);
    for (uint32_t c = 0; c < width; c++)
        for (uint32_t r = 0; r < unit->relus; r++)
            add_weighted(pass, out[c], unit->out[(size_t)c * unit->relus + r], in[r]);
}

/* out: (n, width) zeros. */
static bool run_unit(ExactPass *pass, const RealUnit *unit, mpq_t *out) {
    uint32_t width = pass->model->spaces[unit->target].width;
    Exact pool = {0};
    mpq_t *all[3] = {NULL};
    for (uint32_t a = 0; a < unit->argument_count; a++)
        all[a] = apply_everywhere(pass, &unit->arguments[a], &pool);
    bool fine = true;
    for (uint32_t i = 0; i < pass->n && fine; i++, out += width) {
        mpq_t *args[3] = {NULL};
        for (uint32_t a = 0; a < unit->argument_count; a++)
            args[a] = all[a] + (size_t)i * unit->arguments[a].rows;
        ExactEnd end = EXACT_DONE;
        if (unit->kind == REAL_RELU)
            run_relus(pass, unit, args[0], width, out);
        else
            end = run_operation(unit, args, width, out);
        fine = end == EXACT_DONE || pass_fail(pass, end, unit->node, i);
    }
    exact_free(&pool);
    return fine;
}

/* All see the stream after the heads; the erasures come before what the others add. */
bool pass_run_units(ExactPass *pass, const RealLayer *layer) {
    Exact pool = {0};
    Arena *arena = arena_new(0);
    mpq_t **results = ARENA_ARRAY(arena, mpq_t *, layer->unit_count);
    bool fine = true;
    for (uint32_t u = 0; u < layer->unit_count && fine; u++) {
        const RealUnit *unit = &layer->units[u];
        if (unit->kind == REAL_ERASE) continue;
        results[u] = exact_array(&pool, (size_t)pass->n * pass->model->spaces[unit->target].width);
        fine = run_unit(pass, unit, results[u]);
    }
    for (int adds = 0; adds < 2 && fine; adds++) {
        for (uint32_t u = 0; u < layer->unit_count; u++) {
            const RealUnit *unit = &layer->units[u];
            const RealSpace *space = &pass->model->spaces[unit->target];
            if ((unit->kind == REAL_ERASE) == (adds == 1)) continue;
            for (size_t i = 0; i < (size_t)pass->n * space->width; i++) {
                mpq_t *target =
                    pass_row(pass, (uint32_t)(i / space->width)) + space->offset + i % space->width;
                if (adds)
                    rational_two(OP_ADD, *target, *target, results[u][i]);
                else
                    mpq_set_ui(*target, 0, 1);
            }
        }
    }
    exact_free(&pool);
    arena_free(arena);
    return fine;
}

/* --- layers and loops ------------------------------------------------------------------------- */

bool pass_check_traps(ExactPass *pass, uint32_t layer) {
    mpq_t divisor;
    mpq_init(divisor);
    bool fine = true;
    for (uint32_t t = 0; t < pass->model->trap_count && fine; t++) {
        const RealTrap *trap = &pass->model->traps[t];
        if (trap->layer != layer || trap->limit > 0) continue; /* nothing rounds here */
        for (uint32_t i = 0; i < pass->n && fine; i++) {
            apply_affine(pass, &trap->number, pass_row(pass, i), &divisor);
            if (mpq_sgn(divisor) == 0 && !rational_is_undefined(divisor))
                fine = pass_fail(pass, EXACT_FAILS, trap->node, i);
        }
    }
    mpq_clear(divisor);
    return fine;
}

bool pass_check_size(ExactPass *pass) {
    size_t count = (size_t)pass->n * pass->width, bits = exact_widest(pass->stream, count);
    if (bits > LIMIT_EXACT_BITS) return pass_fail(pass, EXACT_TOO_LARGE, NO_NODE, 0);
    return exact_work(&pass->work, count, bits) || pass_fail(pass, EXACT_TOO_LONG, NO_NODE, 0);
}

static bool run_layer(ExactPass *pass, uint32_t l, void *state) {
    (void)state;
    const RealLayer *layer = &pass->model->layers[l];
    return run_heads(pass, layer) && pass_check_traps(pass, l) && pass_run_units(pass, layer) &&
           pass_check_size(pass);
}

/* The loops that the layer about to run is in, outermost first. */
typedef struct OpenLoops {
    uint32_t depth, next; /* next: the first loop that was not entered yet */
    uint32_t loop[REAL_LOOP_DEPTH], round[REAL_LOOP_DEPTH];
} OpenLoops;

static void enter_loops(OpenLoops *open, const RealModel *model, uint32_t layer) {
    for (; open->next < model->loop_count && model->loops[open->next].first == layer;
         open->next++) {
        if (open->depth == REAL_LOOP_DEPTH) BUG("a model that was not verified");
        open->loop[open->depth] = open->next;
        open->round[open->depth++] = 0;
    }
}

/* False also after fail. */
static bool is_over(ExactPass *pass, const RealLoop *loop, bool *over) {
    mpq_t condition;
    mpq_init(condition);
    bool fine = true;
    *over = loop->has_until;
    for (uint32_t i = 0; *over && fine && i < pass->n; i++) {
        apply_affine(pass, &loop->until, pass_row(pass, i), &condition);
        if (rational_is_undefined(condition))
            fine = pass_fail(pass, EXACT_UNDEFINED, NO_NODE, i);
        else
            *over = holds(condition);
    }
    mpq_clear(condition);
    return fine;
}

static uint32_t rounds_of(const ExactPass *pass, const RealLoop *loop, uint32_t depth) {
    uint32_t most = pass->request->most_rounds;
    return depth == 0 && most > 0 && most < loop->times ? most : loop->times;
}

/* The layer that follows; false after fail. */
static bool leave_layer(ExactPass *pass, OpenLoops *open, uint32_t *layer) {
    for (; open->depth > 0; open->depth--) {
        uint32_t top = open->depth - 1;
        const RealLoop *loop = &pass->model->loops[open->loop[top]];
        bool over = false;
        if (loop->first + loop->count - 1 != *layer) break;
        if (!is_over(pass, loop, &over)) return false;
        if (++open->round[top] < rounds_of(pass, loop, top) && !over) {
            open->next = open->loop[top] + 1;
            *layer = loop->first;
            return true;
        }
    }
    ++*layer;
    return true;
}

static bool run_layers(ExactPass *pass, PassLayer *run, void *state) {
    OpenLoops open = {0};
    for (uint32_t l = 0; l < pass->model->layer_count;) {
        enter_loops(&open, pass->model, l);
        if (!run(pass, l, state) || !leave_layer(pass, &open, &l)) return false;
    }
    return true;
}

static void take_outputs(ExactPass *pass, Arena *arena) {
    ExactResult *result = &pass->result;
    result->outputs = ARENA_ARRAY(arena, mpq_t *, result->count);
    result->widths = ARENA_ARRAY(arena, uint32_t, result->count);
    for (uint32_t o = 0; o < result->count; o++) {
        const Affine *value = &pass->model->outputs[o].value;
        result->widths[o] = value->rows;
        result->outputs[o] = apply_everywhere(pass, value, pass->request->pool);
    }
    exact_check_outputs(result, pass->n);
}

ExactResult pass_run(const RealModel *model, const ExactRequest *request, PassLayer *run,
                     void *state, Arena *arena) {
    ExactPass pass = {.model = model,
                      .request = request,
                      .n = request->input->n,
                      .width = model->width,
                      .result = {.node = NO_NODE, .count = model->output_count}};
    size_t numbers = (size_t)pass.n * pass.width;
    if (pass.n > model->max_length) BUG("an input that is too long for the model");
    if (2 * (uint64_t)numbers > LIMIT_EXACT_NUMBERS) {
        pass_fail(&pass, EXACT_TOO_LONG, NO_NODE, 0);
        return pass.result;
    }
    mpq_init(pass.scratch);
    pass.stream = exact_array(&pass.pool, numbers);
    pass.update = exact_array(&pass.pool, numbers);
    pass.null = exact_array(&pass.pool, pass.width);
    if (embed(&pass) && run_layers(&pass, run, state)) take_outputs(&pass, arena);
    pass.result.work = pass.work.done;
    mpq_clear(pass.scratch);
    exact_free(&pass.pool);
    return pass.result;
}

ExactResult run_exact(const RealModel *model, const ExactRequest *request, Arena *arena) {
    return pass_run(model, request, run_layer, NULL, arena);
}
