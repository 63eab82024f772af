/* The report as text: what the program asks for, the model's numbers, then layer by layer what each
   head selects and moves and what each group of units makes, and the residual stream. */
#include "compiler/driver/counts.h"
#include "compiler/driver/report.h"

#include "runtime/base/limits.h"
#include "runtime/base/visible.h"
#include "runtime/graph/formula.h"
#include "runtime/model/text_names.h"
#include "runtime/model/weights.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

enum { LABEL_COLUMNS = 12, NAME_COLUMNS = 15 };

/* "  layers      ": what stands in front of a line. */
static void begin(Buffer *out, const char *label) {
    buffer_printf(out, "  %-*s", LABEL_COLUMNS, label);
}

static void add_name(Buffer *out, const String *name) {
    size_t columns = utf8_columns(name->bytes, name->len);
    buffer_add(out, name->bytes, name->len);
    buffer_repeat(out, ' ', columns < NAME_COLUMNS ? NAME_COLUMNS - columns : 1);
}

static const char *plural(uint64_t count) { return count == 1 ? "" : "s"; }

/* --- numbers ---------------------------------------------------------------------------------- */

static void add_each(Buffer *out, uint32_t count, const uint32_t *numbers) {
    counts_show(out, count, numbers);
    buffer_char(out, '\n');
}

static void add_program(Buffer *out, const Report *report) {
    const Layers *layers = &report->layers;
    const uint32_t *operations = report->operations;
    uint32_t heads = 0;
    for (uint32_t i = 0; i < layers->count; i++)
        heads += layers->heads[i];
    buffer_printf(out, "%s: %s\n", report->name, value_kind_name(report->value));
    begin(out, "layers");
    buffer_printf(out, "%" PRIu32 "\n", layers->count);
    begin(out, "heads");
    buffer_printf(out, "%" PRIu32, heads);
    add_each(out, layers->count, layers->heads);
    begin(out, "operations");
    buffer_printf(out, "input %u, element-wise %u, selector %u, attention %u\n",
                  operations[OPKIND_INPUT], operations[OPKIND_ELEMENT], operations[OPKIND_SELECTOR],
                  operations[OPKIND_ATTENTION]);
}

static void add_layers(Buffer *out, const Model *model) {
    uint32_t attention = model_attention_layers(model);
    begin(out, "layers");
    buffer_printf(out, "%" PRIu32, model->layer_count);
    if (attention < model->layer_count)
        buffer_printf(out, ", %" PRIu32 " of them feed-forward alone",
                      model->layer_count - attention);
    buffer_char(out, '\n');
}

static void add_counts(Buffer *out, const Report *report) {
    const Model *model = report->model;
    uint32_t *heads = ARENA_ARRAY(report->arena, uint32_t, model->layer_count);
    uint32_t *units = ARENA_ARRAY(report->arena, uint32_t, model->layer_count);
    uint32_t all_heads = 0, all_units = 0;
    for (uint32_t l = 0; l < model->layer_count; l++) {
        const Layer *layer = &model->layers[l];
        heads[l] = layer->head_count;
        for (uint32_t g = 0; g < layer->unit_count; g++)
            units[l] += group_units(model, &layer->units[g]);
        all_heads += heads[l];
        all_units += units[l];
    }
    add_layers(out, model);
    begin(out, "heads");
    buffer_printf(out, "%" PRIu32, all_heads);
    add_each(out, model->layer_count, heads);
    begin(out, "units");
    buffer_printf(out, "%" PRIu32, all_units);
    add_each(out, model->layer_count, units);
    begin(out, "width");
    buffer_printf(out, "%" PRIu32, model->width);
    uint64_t without = width_without_reuse(model);
    if (without != model->width)
        buffer_printf(out, " (%" PRIu64 " if no direction were used again)", without);
    buffer_char(out, '\n');
    begin(out, "parameters");
    uint64_t parameters = model_parameters(model);
    buffer_printf(out, "%" PRIu64, parameters);
    size_t size = float_info(model->float_type)->size;
    if (parameters > LIMIT_DENSE_BYTES / size)
        buffer_printf(out, ", %" PRIu64 " MiB: too many to be written out; the jit does without",
                      parameters * size >> 20);
    buffer_char(out, '\n');
}

/* What becomes of the numbers in one type of floats: up to which length they are exact. */
static void add_exact_length(Buffer *out, const ExactLength *exact) {
    bool known = exact->beyond == exact->length + 1;
    if (exact->length == 0)
        buffer_text(out, known ? "at no length" : "at no length that was tried");
    else
        buffer_printf(out, "up to length %s%" PRIu32, known ? "" : "at least ", exact->length);
    buffer_char(out, '\n');
    if (!exact->why) return;
    begin(out, "");
    buffer_printf(out, "at %" PRIu32 " %s%s\n", exact->beyond,
                  exact->refused ? "it is refused: " : "", exact->why);
}

/* Of the model's own type first whether they are exact at this length. */
static void add_exact(Buffer *out, const Report *report) {
    FloatType own = report->options.float_type;
    const ExactLength *exact = &report->exact[own];
    begin(out, "exact");
    if (report->model)
        buffer_printf(out,
                      exact->length >= report->model->max_length ? "yes; in %s "
                                                                 : "not in %s at this length; ",
                      float_name(own, FLOAT_LONG_NAME));
    add_exact_length(out, exact);
    for (int t = 0; t < FLOAT_TYPE_COUNT && report->model; t++) {
        if (t == (int)own) continue;
        begin(out, "");
        buffer_printf(out, "in %s ", float_name((FloatType)t, FLOAT_LONG_NAME));
        add_exact_length(out, &report->exact[t]);
    }
}

static void add_causal(Buffer *out, const Report *report) {
    const Refusal *not_causal = &report->not_causal;
    begin(out, "causal");
    if (not_causal->message == NULL) {
        buffer_text(out, report->options.causal ? "yes\n" : "yes, with --causal\n");
        return;
    }
    buffer_printf(out, "no: %s", not_causal->message);
    if (not_causal->span.file != 0) {
        buffer_text(out, ", ");
        words_of_place(out, report, not_causal->span);
    }
    buffer_char(out, '\n');
}

/* --- layers ----------------------------------------------------------------------------------- */

static void add_head(Buffer *out, const Report *report, const Head *head) {
    buffer_text(out, "    head ");
    add_name(out, head->name);
    words_of_selection(out, report, head);
    buffer_char(out, '\n');
    for (uint32_t m = 0; m < head->move_count; m++) {
        const HeadMove *move = &head->moves[m];
        buffer_repeat(out, ' ', 9 + NAME_COLUMNS);
        words_of_move(out, report, move);
        buffer_printf(out, " -> %s\n", report->model->subspaces[move->target].name->bytes);
    }
}

static void add_inputs(Buffer *out, const Model *model, const UnitGroup *group) {
    bool steps = group->kind == UNIT_STEPS;
    uint32_t count = steps ? group->input.count : group->source_count;
    for (uint32_t i = 0; i < count; i++) {
        SubspaceId id = steps ? group->input.terms[i].subspace : group->sources[i];
        buffer_printf(out, "%s%s",
                      i == 0  ? ""
                      : steps ? " + "
                              : " x ",
                      model->subspaces[id].name->bytes);
    }
}

static void add_group(Buffer *out, const Report *report, const UnitGroup *group) {
    uint32_t units = group_units(report->model, group);
    buffer_text(out, "    unit ");
    add_name(out, report->model->subspaces[group->target].name);
    if (group->kind == UNIT_ERASE) {
        uint32_t width = report->model->subspaces[group->target].width;
        buffer_text(out, "erased");
        if (group->erased_count < width)
            buffer_printf(out, " in %" PRIu32 " of %" PRIu32 " directions", group->erased_count,
                          width);
    } else {
        buffer_printf(out, "%s of ", unit_kind_name(group->kind));
        add_inputs(out, report->model, group);
    }
    buffer_printf(out, ", %" PRIu32 " ReLU%s\n", units, plural(units));
}

static void add_layer(Buffer *out, const Report *report, uint32_t number) {
    const Layer *layer = &report->model->layers[number];
    buffer_printf(out, "  layer %" PRIu32 "%s\n", number + 1,
                  layer->head_count == 0 ? ", feed-forward alone" : "");
    for (uint32_t h = 0; h < layer->head_count; h++)
        add_head(out, report, &layer->heads[h]);
    for (uint32_t g = 0; g < layer->unit_count; g++)
        add_group(out, report, &layer->units[g]);
}

/* --- the residual stream ---------------------------------------------------------------------- */

static void add_bound(Buffer *out, double value) {
    if (value == floor(value) && fabs(value) < 1e15)
        buffer_printf(out, "%.0f", value);
    else
        buffer_printf(out, "%.6g", value);
}

static void add_subspace(Buffer *out, const Report *report, const Subspace *s) {
    buffer_text(out, "    ");
    add_name(out, s->name);
    buffer_text(out, subspace_kind_name(s->kind));
    if (subspace_is_coded(s)) {
        buffer_printf(out, ", %" PRIu32 " value%s", s->count, plural(s->count));
    } else if (s->kind == SUBSPACE_REAL) {
        buffer_text(out, ", ");
        add_bound(out, s->low);
        buffer_text(out, " to ");
        add_bound(out, s->high);
    }
    if (s->node != NO_NODE && !graph_name_of(report->graph, s->node)) {
        buffer_text(out, ": ");
        words_of_node(out, report, s->node);
    }
    buffer_char(out, '\n');
}

static void add_products(Buffer *out, const Model *model) {
    for (uint32_t l = 0; l < model->layer_count; l++) {
        for (uint32_t g = 0; g < model->layers[l].unit_count; g++) {
            const UnitGroup *group = &model->layers[l].units[g];
            if (!is_product(group)) continue;
            begin(out, "product");
            buffer_printf(out, "%s: ", model->subspaces[group->target].name->bytes);
            add_inputs(out, model, group);
            buffer_printf(out, " costs %" PRIu32 " units and %" PRIu32 " directions\n",
                          group_units(model, group), model->subspaces[group->target].width);
        }
    }
}

static void add_traps(Buffer *out, const Report *report) {
    const Readout *readout = &report->model->readout;
    for (uint32_t t = 0; t < readout->trap_count; t++) {
        begin(out, "undefined");
        buffer_text(out, "where ");
        graph_label(report->graph, readout->traps[t].node, FORMULA_RASP, 60, out);
        buffer_text(out, " fails: ");
        buffer_text(out, readout->traps[t].why->bytes);
        if (readout->traps[t].span.file != 0) {
            buffer_text(out, ", ");
            words_of_place(out, report, readout->traps[t].span);
        }
        buffer_char(out, '\n');
    }
}

/* --- the whole -------------------------------------------------------------------------------- */

static void add_model(Buffer *out, const Report *report) {
    const Model *model = report->model;
    buffer_printf(out, "as a transformer of %" PRIu32 " token%s, up to length %" PRIu32 "\n",
                  model->vocabulary_count, plural(model->vocabulary_count), model->max_length);
    add_counts(out, report);
    begin(out, "output");
    words_of_readout(out, report);
    buffer_char(out, '\n');
    add_exact(out, report);
    add_causal(out, report);
    add_traps(out, report);
    add_products(out, model);
    for (uint32_t l = 0; l < model->layer_count; l++)
        add_layer(out, report, l);
    buffer_text(out, "  residual stream\n");
    for (uint32_t s = 0; s < model->subspace_count; s++)
        add_subspace(out, report, &model->subspaces[s]);
}

static void add_refusal(Buffer *out, const Report *report) {
    const Refusal *refused = &report->refused;
    buffer_printf(out,
                  "as a transformer of %" PRIu32 " token%s, up to length %" PRIu32 ": refused\n",
                  report->options.vocabulary_count, plural(report->options.vocabulary_count),
                  report->options.max_length);
    begin(out, "because");
    buffer_printf(out, "%s [%s]\n", refused->message, diag_code(refused->id));
    if (refused->span.file != 0) {
        begin(out, "at");
        words_of_place(out, report, refused->span);
        buffer_char(out, '\n');
    }
    add_exact(out, report);
}

static void add_chain(Buffer *out, const Report *report) {
    buffer_printf(out, "why %" PRIu32 " layer%s\n", report->layers.count,
                  plural(report->layers.count));
    for (uint32_t i = 0; i < report->chain.count; i++) {
        NodeId id = report->chain.nodes[i];
        const Node *node = graph_node(report->graph, id);
        const String *name = graph_name_of(report->graph, id);
        buffer_printf(out, "  layer %-6" PRIu32, node->depth);
        if (name) buffer_printf(out, "%s = ", name->bytes);
        words_of_node(out, report, id);
        buffer_text(out, "  # ");
        words_of_place(out, report, node->span);
        buffer_char(out, '\n');
    }
}

static void add_model_chain(Buffer *out, const Report *report) {
    const Model *model = report->model;
    buffer_printf(out, "why %" PRIu32 " layer%s in the model\n", model->layer_count,
                  plural(model->layer_count));
    for (uint32_t i = 0; i < report->model_chain.count; i++) {
        const Link *link = &report->model_chain.links[i];
        buffer_printf(out, "  layer %-6" PRIu32, link->layer + 1);
        add_name(out, model->subspaces[link->subspace].name);
        if (link->head) {
            buffer_printf(out, "head %s", link->head->name->bytes);
        } else {
            buffer_printf(out, "%s of ", unit_kind_name(link->group->kind));
            add_inputs(out, model, link->group);
        }
        buffer_char(out, '\n');
    }
}

/* Names, strings and messages come from the program: each line is made fit for a terminal. */
static void add_visible_lines(Buffer *out, const Buffer *text) {
    for (const char *line = text->data; *line;) {
        size_t len = strcspn(line, "\n");
        visible_text(out, line, len);
        buffer_char(out, '\n');
        line += len + (line[len] == '\n');
    }
}

void report_text(Buffer *out, const Report *report) {
    Buffer text = {0};
    add_program(&text, report);
    if (report->with_chain) add_chain(&text, report);
    if (report->with_chain && report->model) add_model_chain(&text, report);
    if (report->model)
        add_model(&text, report);
    else if (report->value.kind == VALUE_SOP)
        add_refusal(&text, report);
    add_visible_lines(out, &text);
    buffer_free(&text);
}
