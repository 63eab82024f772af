/* Loops: the body's level is computed round after round. A state has two columns, one for this
   round and one that the next round's values are gathered in, so that states can change places. */
#include "runtime/engines/evaluation.h"

#include "runtime/base/bug.h"

static void set_column(Evaluation *evaluation, NodeId node, Column column) {
    evaluation->column[node] = column.atoms;
    evaluation->numbers[node] = column.numbers;
}

static void copy_from(Evaluation *evaluation, NodeId from, NodeId type, Column to) {
    evaluation_copy_column(evaluation, type, evaluation_column(evaluation, from), to);
}

/* Each state's column for the first round, and one that waits in `other`. */
static bool begin_states(Evaluation *evaluation, const GraphLoop *loop, Column *other) {
    for (uint32_t s = 0; s < loop->state_count; s++) {
        NodeId state = loop->states[s].state;
        if (!evaluation_take_column(evaluation, state)) return false;
        other[s] = evaluation_column(evaluation, state);
        if (!evaluation_take_column(evaluation, state)) return false;
        copy_from(evaluation, loop->states[s].init, state, evaluation_column(evaluation, state));
    }
    return true;
}

static void next_states(Evaluation *evaluation, const GraphLoop *loop, Column *other) {
    for (uint32_t s = 0; s < loop->state_count; s++)
        copy_from(evaluation, loop->states[s].next, loop->states[s].state, other[s]);
    for (uint32_t s = 0; s < loop->state_count; s++) {
        NodeId state = loop->states[s].state;
        Column now = evaluation_column(evaluation, state);
        set_column(evaluation, state, other[s]);
        other[s] = now;
    }
}

static void end_states(Evaluation *evaluation, const GraphLoop *loop, const Column *other) {
    for (uint32_t s = 0; s < loop->state_count; s++) {
        NodeId state = loop->states[s].state;
        evaluation_release_one(evaluation, state);
        set_column(evaluation, state, other[s]);
        evaluation_release_one(evaluation, state);
    }
}

static bool is_over(const Evaluation *evaluation, const GraphLoop *loop) {
    if (loop->until == NO_NODE) return false;
    const Atom *condition = evaluation->column[loop->until];
    for (uint32_t i = 0; i < evaluation->n; i++)
        if (!atom_truth(condition[i])) return false;
    return true;
}

static void show_round(Evaluation *evaluation, uint32_t round) {
    const EvalRounds *rounds = evaluation->rounds;
    Arena *scratch = arena_new(0);
    Sequence *values = ARENA_ARRAY(scratch, Sequence, rounds->count);
    for (uint32_t i = 0; i < rounds->count; i++) {
        Column column = evaluation_column(evaluation, rounds->nodes[i]);
        uint32_t bad, width = evaluation->graph->nodes[rounds->nodes[i]].width;
        values[i] = (Sequence){.n = evaluation->n,
                               .type = SEQUENCE_VECTORS,
                               .atoms = column.atoms,
                               .width = width,
                               .numbers = column.numbers};
        if (column.atoms && !sequence_type_of(column.atoms, evaluation->n, &values[i].type, &bad))
            BUG("an unchecked sequence");
    }
    rounds->round(rounds->state, round, values);
    arena_free(scratch);
}

/* Gives the needed results that depend on the round their columns: they are nodes of the level
   around. */
static bool take_results(Evaluation *evaluation, uint32_t number) {
    const Graph *graph = evaluation->graph;
    NodeId id = evaluation->levels[number + 1].trigger;
    for (; id != NO_NODE; id = evaluation->result_next[id]) {
        const Node *node = &graph->nodes[id];
        if (graph->nodes[node->args[0]].loop != number + 1) continue;
        if (!evaluation_take_column(evaluation, id)) return false;
        copy_from(evaluation, node->args[0], id, evaluation_column(evaluation, id));
    }
    return true;
}

static bool run_loop(Evaluation *evaluation, uint32_t number) {
    const GraphLoop *loop = &evaluation->graph->loops[number];
    bool shown = evaluation->rounds && evaluation->rounds->loop == number;
    Arena *scratch = arena_new(0);
    Column *other = ARENA_ARRAY(scratch, Column, loop->state_count);
    bool fine = begin_states(evaluation, loop, other);
    for (uint32_t round = 0; fine; round++) {
        fine = evaluation_level(evaluation, number + 1);
        if (!fine) break;
        if (shown) show_round(evaluation, round);
        bool last = round + 1 == loop->times || is_over(evaluation, loop);
        if (last)
            fine = take_results(evaluation, number);
        else
            next_states(evaluation, loop, other);
        evaluation_release(evaluation, evaluation->levels[number + 1].kept);
        if (last) break;
    }
    if (fine) end_states(evaluation, loop, other);
    arena_free(scratch);
    return fine;
}

bool eval_result(Evaluation *evaluation, NodeId node) {
    const Node *at = &evaluation->graph->nodes[node];
    uint32_t loop = graph_result_loop(at->atom);
    if (evaluation->levels[loop + 1].trigger == node && !run_loop(evaluation, loop)) return false;
    if (evaluation->graph->nodes[at->args[0]].loop == loop + 1) return true;
    if (!evaluation_take_column(evaluation, node)) return false;
    copy_from(evaluation, at->args[0], node, evaluation_column(evaluation, node));
    return true;
}
