/* The text form of a model over real vectors; real_model.h shows one. */
#include "runtime/real/real_model.h"

#include "runtime/model/text_names.h"
#include "runtime/model/text_numbers.h"
#include "runtime/real/real_names.h"

#include <inttypes.h>

typedef struct Printer {
    Buffer *out;
    const RealModel *model;
} Printer;

static const char *name_of(const Printer *p, SpaceId id) {
    return p->model->spaces[id].name->bytes;
}

static void print_for(Printer *p, NodeId node) {
    if (node != NO_NODE) buffer_printf(p->out, " for %%%" PRIu32, node);
}

static void print_type(Printer *p, TypeSet types, uint32_t width) {
    if (types == TYPE_VECTOR) {
        buffer_printf(p->out, "vec[%" PRIu32 "]", width);
        return;
    }
    bool first = true;
    for (int t = 0; t < REAL_TYPE_COUNT; t++) {
        if (!(types & real_types[t].type)) continue;
        buffer_printf(p->out, "%s%s", first ? "" : "|", real_types[t].name);
        first = false;
    }
}

/* --- affine functions ------------------------------------------------------------------------- */

/* Can a reader tell from the terms how many rows there are? */
static bool rows_are_plain(const Printer *p, const Affine *affine) {
    if (affine->rows == 1 && affine->count > 0) return true;
    for (uint32_t t = 0; t < affine->count; t++) {
        const AffineTerm *term = &affine->terms[t];
        if (term->matrix || p->model->spaces[term->space].width == affine->rows) return true;
    }
    return false;
}

static void print_constant(Printer *p, const Affine *affine) {
    if (affine->rows == 1)
        text_number(p->out, affine->constant ? affine->constant[0] : 0);
    else if (affine->constant)
        text_numbers(p->out, affine->constant, affine->rows);
    else if (affine->rows < TEXT_RUN)
        buffer_text(p->out, "[0, 0]");
    else /* as the list of zeros prints */
        buffer_printf(p->out, "[0*%" PRIu32 "]", affine->rows);
}

static void print_affine(Printer *p, const Affine *affine) {
    for (uint32_t t = 0; t < affine->count; t++) {
        const AffineTerm *term = &affine->terms[t];
        uint32_t width = p->model->spaces[term->space].width;
        if (t) buffer_text(p->out, " + ");
        if (term->matrix)
            text_numbers(p->out, term->matrix, affine->rows * width);
        else if (term->factor != 1)
            text_number(p->out, term->factor);
        if (term->matrix || term->factor != 1) buffer_char(p->out, '*');
        buffer_text(p->out, name_of(p, term->space));
    }
    if (!affine->constant && rows_are_plain(p, affine)) return;
    if (affine->count > 0) buffer_text(p->out, " + ");
    print_constant(p, affine);
}

/* --- heads ------------------------------------------------------------------------------------ */

static void print_gate(Printer *p, const Gate *gate) {
    switch (gate->kind) {
    case GATE_TRUE: buffer_text(p->out, "True"); break;
    case GATE_COMPARE:
        print_affine(p, &gate->key);
        buffer_printf(p->out, " %s ", relation_text(gate->relation));
        print_affine(p, &gate->query);
        break;
    case GATE_NOT: buffer_printf(p->out, "not %" PRIu32, gate->a); break;
    case GATE_AND: buffer_printf(p->out, "and %" PRIu32 " %" PRIu32, gate->a, gate->b); break;
    case GATE_OR: buffer_printf(p->out, "or %" PRIu32 " %" PRIu32, gate->a, gate->b); break;
    }
    print_for(p, gate->node);
}

static void print_head(Printer *p, const RealHead *head) {
    buffer_printf(p->out, "  head %s: ", head->name->bytes);
    for (uint32_t g = 0; g < head->gate_count; g++) {
        buffer_text(p->out, g ? ", " : "where ");
        print_gate(p, &head->gates[g]);
    }
    if (head->gate_count > 0) buffer_text(p->out, "; ");
    for (uint32_t s = 0; s < head->score_count; s++) {
        buffer_text(p->out, s ? " and " : "score ");
        print_affine(p, &head->scores[s].key);
        buffer_text(p->out, " by ");
        print_affine(p, &head->scores[s].query);
    }
    if (head->score_count > 0) buffer_text(p->out, "; ");
    buffer_text(p->out, normaliser_name(head->normaliser));
    for (uint32_t m = 0; m < head->move_count; m++) {
        const RealMove *move = &head->moves[m];
        buffer_text(p->out, "; ");
        print_affine(p, &move->value);
        buffer_printf(p->out, " -> %s", name_of(p, move->target));
        print_for(p, move->node);
    }
    buffer_char(p->out, '\n');
}

/* --- units ------------------------------------------------------------------------------------ */

static void print_error(Printer *p, double error) {
    if (error == 0) return;
    buffer_text(p->out, " error ");
    text_number(p->out, error);
}

static void print_unit(Printer *p, const RealUnit *unit) {
    const char *target = name_of(p, unit->target);
    if (unit->kind == REAL_ERASE) {
        buffer_printf(p->out, "  " REAL_ERASE_WORD " %s", target);
    } else if (unit->kind == REAL_RELU) {
        buffer_printf(p->out, "  " REAL_RELU_WORD " %s: ", target);
        print_affine(p, &unit->arguments[0]);
        buffer_text(p->out, " out ");
        text_numbers(p->out, unit->out, unit->relus * p->model->spaces[unit->target].width);
        print_error(p, unit->error);
    } else {
        buffer_printf(p->out, "  %s %s: ", op_info(unit->op)->name, target);
        for (uint32_t a = 0; a < unit->argument_count; a++) {
            if (a) buffer_text(p->out, ", ");
            print_affine(p, &unit->arguments[a]);
        }
    }
    print_for(p, unit->node);
    buffer_char(p->out, '\n');
}

/* --- the whole -------------------------------------------------------------------------------- */

static void print_space(Printer *p, SpaceId id) {
    const RealSpace *space = &p->model->spaces[id];
    buffer_printf(p->out, "  %s: ", space->name->bytes);
    if (id == REAL_ONE || id == REAL_NULL)
        buffer_text(p->out, id == REAL_ONE ? "one" : "null");
    else if (space->width == 1)
        buffer_text(p->out, "real");
    else
        buffer_printf(p->out, "real[%" PRIu32 "]", space->width);
    print_for(p, space->node);
    buffer_printf(p->out, "  # %" PRIu32, space->offset);
    if (space->width > 1) buffer_printf(p->out, " and %" PRIu32 " more", space->width - 1);
    buffer_char(p->out, '\n');
}

static void print_words(Printer *p, const RealInput *input) {
    buffer_text(p->out, "str [");
    for (uint32_t w = 0; w < input->word_count; w++) {
        buffer_text(p->out, w > 0 ? ", " : "");
        atom_format_json(p->out, input->words[w]);
    }
    buffer_char(p->out, ']');
}

static void print_inputs(Printer *p) {
    const RealModel *model = p->model;
    buffer_text(p->out, "input\n");
    for (uint32_t i = 0; i < model->input_count; i++) {
        const RealInput *input = &model->inputs[i];
        buffer_printf(p->out, "  %s: ", input->name->bytes);
        if (input->types == TYPE_STRING)
            print_words(p, input);
        else
            print_type(p, input->types, model->spaces[input->space].width);
        buffer_printf(p->out, " -> %s\n", name_of(p, input->space));
    }
    for (uint32_t i = 0; i < model->position_count; i++) {
        const RealPosition *position = &model->positions[i];
        buffer_printf(p->out, "  position -> %s ", name_of(p, position->space));
        text_numbers(p->out, position->values,
                     model->max_length * model->spaces[position->space].width);
        buffer_char(p->out, '\n');
    }
}

static void print_loop(Printer *p, const RealLoop *loop) {
    buffer_printf(p->out, "repeat %" PRIu32 " layers %" PRIu32 " times", loop->count, loop->times);
    if (loop->has_until) {
        buffer_text(p->out, " until ");
        print_affine(p, &loop->until);
    }
    buffer_char(p->out, '\n');
}

static void print_outputs(Printer *p) {
    const RealModel *model = p->model;
    buffer_text(p->out, "output\n");
    for (uint32_t o = 0; o < model->output_count; o++) {
        const RealOutput *output = &model->outputs[o];
        buffer_printf(p->out, "  %s: ", output->name->bytes);
        print_type(p, output->types, output->value.rows);
        buffer_char(p->out, ' ');
        print_affine(p, &output->value);
        print_error(p, output->error);
        print_for(p, output->node);
        buffer_char(p->out, '\n');
    }
    for (uint32_t t = 0; t < model->trap_count; t++) {
        const RealTrap *trap = &model->traps[t];
        buffer_printf(p->out, "  trap %s ", diag_code(trap->id));
        atom_format_json(p->out, atom_string(trap->why));
        buffer_printf(p->out, " after %" PRIu32 ": ", trap->layer);
        print_affine(p, &trap->number);
        if (trap->limit > 0) {
            buffer_text(p->out, " below ");
            text_number(p->out, trap->limit);
        }
        print_for(p, trap->node);
        buffer_char(p->out, '\n');
    }
}

void real_model_print(const RealModel *model, Buffer *out) {
    Printer p = {out, model};
    buffer_printf(out, "model real %s length %" PRIu32 "%s\nbasis\n",
                  float_name(model->float_type, FLOAT_SHORT_NAME), model->max_length,
                  model->exact ? "" : " approximate");
    for (SpaceId id = 0; id < model->space_count; id++)
        print_space(&p, id);
    print_inputs(&p);
    uint32_t loop = 0;
    for (uint32_t l = 0; l < model->layer_count; l++) {
        for (; loop < model->loop_count && model->loops[loop].first == l; loop++)
            print_loop(&p, &model->loops[loop]);
        buffer_text(out, "layer\n");
        for (uint32_t h = 0; h < model->layers[l].head_count; h++)
            print_head(&p, &model->layers[l].heads[h]);
        for (uint32_t u = 0; u < model->layers[l].unit_count; u++)
            print_unit(&p, &model->layers[l].units[u]);
    }
    print_outputs(&p);
}
