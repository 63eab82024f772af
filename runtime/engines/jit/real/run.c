#include "runtime/engines/jit/real/run.h"

#include "runtime/base/bug.h"
#include "runtime/base/limits.h"
#include "runtime/engines/jit/real/real_program.h"

#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* --- what steps ask for ------------------------------------------------------------------------
 */

bool run_fail(Run *run, NodeId node, DiagId id, const char *format, ...) {
    char message[512];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(message, sizeof message, format, arguments);
    va_end(arguments);
    Span span = graph_node(run->graph, node)->span;
    Diagnostic *diag = diag_error(run->diags, id, span.file ? span : run->span, "%s", message);
    if (span.file && run->span.file) diag_note(diag, run->span, "evaluated here");
    return false;
}

void run_pieces(Run *run, void (*work)(void *state, uint32_t piece), void *state, uint32_t count) {
    if (run->threads == 1 || count == 1) {
        for (uint32_t p = 0; p < count; p++)
            work(state, p);
        return;
    }
    if (run->pool == NULL) run->pool = pool_new(run->threads);
    run->sharing = true;
    pool_run(run->pool, work, state, count);
    run->sharing = false;
}

bool run_goes_on(Run *run) {
    if (run->cancel == NULL) return true;
    if (!atomic_load(&run->stopped) && pthread_equal(pthread_self(), run->caller) &&
        cancel_asked(run->cancel))
        atomic_store(&run->stopped, true);
    return !atomic_load(&run->stopped);
}

int64_t run_row_count(const Run *run, uint32_t rows) {
    return rows ? run->row_counts[rows] : run->n;
}
const int32_t *run_rows(const Run *run, uint32_t rows) { return rows ? run->rows[rows] : NULL; }

/* --- fused loops -------------------------------------------------------------------------------
 */

enum { PIECE = 1 << 14 };

typedef struct Looping {
    Run *run;
    const ElementStep *step;
    TrapCell *traps; /* (pieces)(trap_count) */
} Looping;

static void loop_piece(void *state, uint32_t piece) {
    const Looping *looping = state;
    Run *run = looping->run;
    const ElementStep *step = looping->step;
    if (!run_goes_on(run)) return;
    int64_t count = run_row_count(run, step->rows), from = (int64_t)piece * PIECE;
    int64_t to = from + PIECE < count ? from + PIECE : count;
    ElementCode *code = (ElementCode *)(uintptr_t)run->program->functions[step->function];
    code(run->columns, run_rows(run, step->rows), from, to,
         looping->traps + (size_t)piece * step->trap_count);
}

static Atom operand(const Run *run, double number, int64_t tag) {
    return run_atom(run, number, (uint8_t)tag);
}

/* False: it is an integer of 2^53 or more. */
static bool report_power(Run *run, NodeId node, const TrapCell *cell, const char *a,
                         const char *b) {
    Arena *arena = arena_new(0);
    Atom result;
    ArithStatus status = atom_binary(arena, BINARY_POW, operand(run, cell->a, cell->tag_a),
                                     operand(run, cell->b, cell->tag_b), &result);
    arena_free(arena);
    if (status == ARITH_OK) return false;
    run_fail(run, node, arith_diag_id(status), "position %lld: %s ^ %s: %s",
             (long long)cell->position, a, b, arith_reason(status));
    return true;
}

static void report_table(Run *run, NodeId node, const TrapCell *cell, const char *text) {
    long long position = (long long)cell->position;
    const Node *at = graph_node(run->graph, node);
    if (at->op == OP_LOOKUP)
        run_fail(run, node, DIAG_MISSING_KEY, "position %lld: %s is not among the dict's keys",
                 position, text);
    else if (cell->tag_a == TAG_FLOAT)
        run_fail(run, node, DIAG_BAD_INDEX, "position %lld: %s is not an integer, so no index",
                 position, text);
    else
        run_fail(run, node, DIAG_INDEX_RANGE,
                 "position %lld: index %s is out of range for %" PRIu32 " items", position, text,
                 at->table->count);
}

static bool report_trap(Run *run, NodeId node, const TrapCell *cell) {
    GraphOp op = graph_node(run->graph, node)->op;
    Buffer a = {0}, b = {0};
    atom_format_brief(&a, operand(run, cell->a, cell->tag_a));
    atom_format_brief(&b, operand(run, cell->b, cell->tag_b));
    long long position = (long long)cell->position;
    bool rounds = op == OP_FLOOR || op == OP_CEIL || op == OP_ROUND;
    if (op == OP_POW && report_power(run, node, cell, a.data, b.data)) {
        buffer_free(&a);
        buffer_free(&b);
        return false;
    }
    if (cell->b == 0 && (op == OP_DIV || op == OP_MOD))
        run_fail(run, node, arith_diag_id(ARITH_ZERO_DIVISION), "position %lld: %s %s %s: %s",
                 position, a.data, op == OP_DIV ? "/" : "%", b.data,
                 arith_reason(ARITH_ZERO_DIVISION));
    else if (op == OP_LOOKUP || op == OP_ITEM)
        report_table(run, node, cell, a.data);
    else if (!rounds)
        run_fail(run, node, DIAG_INTEGER_ROUNDED,
                 "position %lld: %s of %s and %s reaches 2^53, which the jit can't hold exactly; "
                 "--engine eval can",
                 position, op_info(op)->name, a.data, b.data);
    else if (isfinite(cell->a))
        run_fail(run, node, DIAG_INTEGER_ROUNDED,
                 "position %lld: %s of %s reaches 2^53, which the jit can't hold exactly; "
                 "--engine eval can",
                 position, op_info(op)->name, a.data);
    else
        run_fail(run, node, arith_diag_id(ARITH_NOT_A_NUMBER),
                 "position %lld: %s can't be rounded to an integer", position, a.data);
    buffer_free(&a);
    buffer_free(&b);
    return false;
}

/* The first node that failed somewhere, where it did first. */
static bool check_traps(Run *run, const ElementStep *step, const TrapCell *traps, uint32_t pieces) {
    for (uint32_t t = 0; t < step->trap_count; t++)
        for (uint32_t p = 0; p < pieces; p++) {
            const TrapCell *cell = &traps[(size_t)p * step->trap_count + t];
            if (cell->position < run->n)
                return report_trap(run, run->plan->traps[step->first_trap + t].node, cell);
        }
    return true;
}

static bool run_elements(Run *run, const ElementStep *step) {
    bool stores = false;
    if (!run_find_rows(run, step->rows)) return false;
    for (uint32_t i = 0; i < step->count; i++) {
        if (!run->plan->stored[step->nodes[i]]) continue;
        stores = true;
        if (!run_make_column(run, step->nodes[i])) return false;
    }
    if (!stores && step->trap_count == 0) return true;
    uint32_t pieces = (uint32_t)((run_row_count(run, step->rows) + PIECE - 1) / PIECE);
    size_t cells = (size_t)pieces * step->trap_count;
    Looping looping = {run, step, run_take(run, cells, sizeof(TrapCell))};
    if (looping.traps == NULL) return false;
    for (size_t c = 0; c < cells; c++)
        looping.traps[c].position = run->n;
    run_pieces(run, loop_piece, &looping, pieces);
    bool fine = check_traps(run, step, looping.traps, pieces);
    run_give(run, looping.traps);
    return fine;
}

/* --- loops -------------------------------------------------------------------------------------
 */

static size_t column_bytes(const Run *run, NodeId node, int which) {
    const Node *at = graph_node(run->graph, node);
    size_t rows = (size_t)run_row_count(run, run->plan->rows[node]);
    if (which == 1) return rows;
    if (at->type != TYPE_VECTOR) return rows * sizeof(double);
    return rows * at->width * (run->plan->single ? sizeof(float) : sizeof(double));
}

/* to = from's values; where `to` has tags and `from` none, they are all one. */
static void copy_column(Run *run, NodeId from, NodeId to, void *data, void *tags) {
    Scalars numbers;
    if (graph_node(run->graph, to)->type == TYPE_VECTOR) {
        memcpy(data, run->columns[2 * (size_t)from], column_bytes(run, from, 0));
        return;
    }
    numbers = run_numbers(run, from);
    for (int64_t i = 0; i < run->n; i++) {
        ((double *)data)[i] = number_at(&numbers, i);
        if (tags) ((uint8_t *)tags)[i] = tag_at(&numbers, i);
    }
}

bool run_find_rows(Run *run, uint32_t set) {
    if (set == 0 || run->rows[set] != NULL) return true;
    const RowSet *rows = &run->plan->row_sets[set];
    Scalars condition = run_numbers(run, rows->condition);
    int64_t count = 0, next = 0;
    for (int64_t i = 0; i < run->n; i++)
        count += (number_at(&condition, i) != 0) != rows->negated;
    run->rows[set] = run_take(run, (size_t)count, sizeof(int32_t));
    if (run->rows[set] == NULL) return false;
    for (int64_t i = 0; i < run->n; i++)
        if ((number_at(&condition, i) != 0) != rows->negated) run->rows[set][next++] = (int32_t)i;
    run->row_counts[set] = count;
    return true;
}

bool run_find_places(Run *run, uint32_t set) {
    if (set == 0 || run->places[set] != NULL) return true;
    if (!run_find_rows(run, set)) return false;
    run->places[set] = run_take(run, (size_t)run->n, sizeof(int32_t));
    for (int64_t r = 0; run->places[set] && r < run->row_counts[set]; r++)
        run->places[set][run->rows[set][r]] = (int32_t)r;
    return run->places[set] != NULL;
}

static bool begin_loop(Run *run, uint32_t number) {
    const GraphLoop *loop = &run->graph->loops[number];
    for (uint32_t s = 0; s < loop->state_count; s++) {
        const StatePlan *plan = &run->plan->loops[number].states[s];
        size_t at = 2 * (size_t)loop->states[s].state;
        if (!run->plan->needed[loop->states[s].state]) continue;
        if (!run_find_rows(run, plan->rows) || !run_make_column(run, loop->states[s].state))
            return false;
        for (size_t part = at; !plan->in_place && part <= at + 1; part++) {
            if (run->columns[part] == NULL || run->spare[part] != NULL) continue;
            run->spare[part] =
                run_take(run, column_bytes(run, loop->states[s].state, (int)(part - at)), 1);
            if (run->spare[part] == NULL) return false;
        }
        if (run->plan->rows[loop->states[s].state] != 0)
            run_write_rows(run, loop->states[s].init, plan->rows, false, run->columns[at]);
        else
            copy_column(run, loop->states[s].init, loop->states[s].state, run->columns[at],
                        run->columns[at + 1]);
    }
    return true;
}

/* Row `i` of the set, at `from`, to that row of `data`. */
typedef struct Rows {
    int64_t count;
    const int32_t *from, *to; /* (count), or NULL: each its own */
} Rows;

static void move_rows(Run *run, NodeId from, Rows rows, void *data) {
    const Node *at = graph_node(run->graph, from);
    size_t row = at->width * (run->plan->single ? sizeof(float) : sizeof(double));
    const char *vectors = run->columns[2 * (size_t)from];
    Scalars numbers = {0};
    if (at->type != TYPE_VECTOR) numbers = run_numbers(run, from);
    for (int64_t i = 0; i < rows.count; i++) {
        size_t source = (size_t)(rows.from ? rows.from[i] : i);
        size_t target = (size_t)(rows.to ? rows.to[i] : i);
        if (at->type == TYPE_VECTOR)
            memcpy((char *)data + target * row, vectors + source * row, row);
        else
            ((double *)data)[target] = number_at(&numbers, (int64_t)source);
    }
}

void run_write_rows(Run *run, NodeId from, uint32_t set, bool whole, void *data) {
    const int32_t *positions = run->rows[set];
    Rows rows = {run->row_counts[set], run->plan->rows[from] ? NULL : positions,
                 whole ? positions : NULL};
    move_rows(run, from, rows, data);
}

static void change_state(Run *run, const StatePlan *plan, NodeId state) {
    run_write_rows(run, plan->value, plan->rows, run->plan->rows[state] == 0,
                   run->columns[2 * (size_t)state]);
}

/* What the round leaves: all read before any is written. */
static void next_states(Run *run, uint32_t number) {
    const GraphLoop *loop = &run->graph->loops[number];
    for (uint32_t s = 0; s < loop->state_count; s++) {
        size_t at = 2 * (size_t)loop->states[s].state;
        if (run->plan->loops[number].states[s].in_place || !run->spare[at]) continue;
        copy_column(run, loop->states[s].next, loop->states[s].state, run->spare[at],
                    run->spare[at + 1]);
    }
    for (uint32_t s = 0; s < loop->state_count; s++) {
        const StatePlan *plan = &run->plan->loops[number].states[s];
        size_t at = 2 * (size_t)loop->states[s].state;
        if (!run->plan->needed[loop->states[s].state]) continue;
        if (plan->in_place) {
            change_state(run, plan, loop->states[s].state);
            continue;
        }
        for (size_t part = at; part <= at + 1; part++) {
            void *now = run->columns[part];
            run->columns[part] = run->spare[part];
            run->spare[part] = now;
        }
    }
}

static bool is_over(const Run *run, const GraphLoop *loop, uint32_t rounds) {
    if (rounds == loop->times) return true;
    if (loop->until == NO_NODE) return false;
    Scalars until = run_numbers(run, loop->until);
    for (int64_t i = 0; i < run_row_count(run, run->plan->rows[loop->until]); i++)
        if (number_at(&until, i) == 0) return false;
    return true;
}

const LoopState *run_in_place(const Run *run, uint32_t loop, NodeId next, const StatePlan **plan) {
    const GraphLoop *at = &run->graph->loops[loop];
    for (uint32_t s = 0; s < at->state_count; s++) {
        *plan = &run->plan->loops[loop].states[s];
        if ((*plan)->in_place && at->states[s].next == next) return &at->states[s];
    }
    return NULL;
}

void run_whole_state(Run *run, const LoopState *state, const StatePlan *plan, NodeId changed,
                     void *data) {
    copy_column(run, run->plan->rows[state->state] ? state->init : state->state, state->state, data,
                NULL);
    run_write_rows(run, changed, plan->rows, true, data);
}

/* Nothing that comes could change the node's column: the result has it too. */
static bool can_share(const Run *run, const GraphLoop *loop, NodeId node) {
    GraphOp op = graph_node(run->graph, node)->op;
    return loop->outer == 0 && op != OP_CONST && op != OP_INDICES && run->plan->rows[node] == 0;
}

static bool leave_loop(Run *run, uint32_t number) {
    const GraphLoop *loop = &run->graph->loops[number];
    for (uint32_t s = 0; s < loop->state_count; s++)
        if (run->plan->loops[number].states[s].in_place && run->plan->needed[loop->states[s].state])
            change_state(run, &run->plan->loops[number].states[s], loop->states[s].state);
    for (NodeId id = 0; id < run->graph->count; id++) {
        const Node *node = graph_node(run->graph, id);
        int64_t of;
        if (!run->plan->needed[id] || node->op != OP_RESULT) continue;
        if (!atom_as_int64(node->atom, &of) || of != (int64_t)number) continue;
        const StatePlan *plan = NULL;
        const LoopState *state = run_in_place(run, number, node->args[0], &plan);
        NodeId left = state ? state->state : node->args[0];
        void **column = &run->columns[2 * (size_t)id];
        if (can_share(run, loop, left)) {
            column[0] = run->columns[2 * (size_t)left];
            column[1] = run->columns[2 * (size_t)left + 1];
            continue;
        }
        if (!run_make_column(run, id)) return false;
        if (run->plan->rows[left] != 0)
            run_whole_state(run, state, plan, left, column[0]);
        else
            copy_column(run, left, id, column[0], column[1]);
    }
    return true;
}

/* --- steps -------------------------------------------------------------------------------------
 */

bool run_head(Run *run, const RealHead *head) {
    if (!run_find_rows(run, head->rows) || !run_find_places(run, head->key_rows)) return false;
    switch (head->plan) {
    case HEAD_UNIFORM: return run_uniform(run, head);
    case HEAD_GROUP: return run_group(run, head);
    case HEAD_NEAREST: return run_nearest(run, head);
    case HEAD_SOFTMAX: return run_softmax(run, head);
    case HEAD_ACCUMULATE: return run_accumulate(run, head);
    case HEAD_ROWS: return run_rows_head(run, head);
    default: BUG("head plan %d", head->plan);
    }
}

/* A softmax that others follow is itself wanted after the last round, or not at all. */
static bool run_head_step(Run *run, const RealHead *head) {
    if (head->follower_count > 0)
        return run_find_rows(run, head->rows) && run_find_places(run, head->key_rows) &&
               run_weigh(run, head);
    return head->late || run_head(run, head);
}

static bool run_late_heads(Run *run, uint32_t loop) {
    bool fine = true;
    for (uint32_t h = 0; h < run->plan->head_count && fine; h++) {
        const RealHead *head = &run->plan->heads[h];
        if (head->late && !head->unread && graph_node(run->graph, head->node)->loop == loop + 1)
            fine = run_head(run, head);
    }
    return fine;
}

static void release_dead(Run *run, const Step *step) {
    for (uint32_t d = 0; d < step->dead_count; d++)
        for (size_t part = 2 * (size_t)step->dead[d]; part < 2 * (size_t)step->dead[d] + 2;
             part++) {
            run_release(run, run->columns[part]);
            run->columns[part] = NULL;
        }
}

static bool count_round(Run *run, uint32_t loop, uint64_t *rounds) {
    const GraphLoop *at = &run->graph->loops[loop];
    if (++*rounds <= LIMIT_EVALUATION_ROUNDS) return true;
    return run_fail(run, at->state_count > 0 ? at->states[0].next : run->plan->outputs[0],
                    DIAG_LIMIT_STEPS, "the jit stops after %llu rounds of loops",
                    (unsigned long long)LIMIT_EVALUATION_ROUNDS);
}

static bool run_steps(Run *run) {
    const RealPlan *plan = run->plan;
    uint32_t *rounds = run_take(run, run->graph->loop_count, sizeof *rounds);
    if (rounds == NULL) return false;
    uint64_t all_rounds = 0; /* of all loops */
    bool fine = true;
    for (uint32_t s = 0; s < plan->step_count && fine; s++) {
        const Step *step = &plan->steps[s];
        bool over = false;
        switch (step->kind) {
        case STEP_ELEMENTS: fine = run_elements(run, &plan->elements[step->number]); break;
        case STEP_ASSIGN:
            fine = run_find_places(run, plan->assignments[step->number].head->key_rows) &&
                   run_assign(run, step->number);
            break;
        case STEP_HEAD: fine = run_head_step(run, &plan->heads[step->number]); break;
        case STEP_LOOP:
            rounds[step->number] = 0;
            fine = begin_loop(run, step->number);
            break;
        case STEP_ROUND:
            fine = count_round(run, step->number, &all_rounds) &&
                   run_show_round(run, step->number, rounds[step->number]++);
            if (!fine) break;
            over = is_over(run, &run->graph->loops[step->number], rounds[step->number]);
            if (over) {
                fine = run_late_heads(run, step->number) && leave_loop(run, step->number);
            } else {
                next_states(run, step->number);
                s = step->target - 1;
            }
            break;
        }
        if (fine && (step->kind != STEP_ROUND || over)) release_dead(run, step);
        if (run->cancel && !run_goes_on(run)) {
            diag_error(run->diags, DIAG_STOPPED, run->span, "stopped while this was computed");
            return false;
        }
    }
    return fine;
}

static bool make_lists(Run *run) {
    const RealPlan *plan = run->plan;
    run->columns = run_take(run, 2 * (size_t)run->graph->count, sizeof(void *));
    run->spare = run_take(run, 2 * (size_t)run->graph->count, sizeof(void *));
    run->rows = run_take(run, plan->row_set_count, sizeof *run->rows);
    run->places = run_take(run, plan->row_set_count, sizeof *run->places);
    run->row_counts = run_take(run, plan->row_set_count, sizeof *run->row_counts);
    run->products = run_take(run, plan->head_count, sizeof *run->products);
    run->winners = run_take(run, plan->assignment_count, sizeof *run->winners);
    run->sums = run_take(run, plan->assignment_count, sizeof *run->sums);
    run->keys = run_take(run, plan->head_count, sizeof *run->keys);
    return run->columns && run->spare && run->rows && run->places && run->row_counts &&
           run->products && run->winners && run->sums && run->keys;
}

bool real_run(const JitReal *base, const ApplyRequest *request, Sequence *out) {
    const RealProgram *program = (const RealProgram *)base;
    const Input *input = &request->input;
    Run run = {.program = program,
               .plan = program->plan,
               .graph = program->plan->graph,
               .input = input,
               .n = input->n,
               .threads = program->threads ? program->threads : pool_processors(),
               .cancel = request->cancel,
               .rounds = request->rounds,
               .caller = pthread_self(),
               .span = request->span,
               .diags = request->diags};
    if (input->n == 0) {
        diag_error(run.diags, DIAG_BAD_INPUT, run.span, "an input has at least one element");
        return false;
    }
    run_take_kept(&run);
    bool fine = make_lists(&run) && run_read_inputs(&run) && run_steps(&run) &&
                run_results(&run, request->arena, out);
    for (uint32_t a = 0; run.winners && a < program->plan->assignment_count; a++) {
        free(run.winners[a].ties.rows);
        free(run.winners[a].ties.keys);
    }
    run_forget_words(&run);
    run_keep_all(&run);
    pool_free(run.pool);
    return fine;
}
