/* Heads, nodes and places in words. */
#include "compiler/driver/report.h"

#include "runtime/graph/formula.h"
#include "runtime/model/text_names.h"

#include <math.h>

enum { FORMULA_COLUMNS = 60, OPERAND_COLUMNS = 30, SHOWN_VALUES = 4 };

void words_of_node(Buffer *out, const Report *report, NodeId node) {
    graph_formula(report->graph, node, FORMULA_RASP, FORMULA_COLUMNS, out);
}

void words_of_place(Buffer *out, const Report *report, Span span) {
    if (span.file == 0) return;
    uint32_t line, column;
    sources_position(report->sources, span, &line, &column);
    buffer_printf(out, "%s:%u:%u", sources_name(report->sources, span.file), line, column);
}

void words_of_readout(Buffer *out, const Report *report) {
    const Readout *readout = &report->model->readout;
    for (uint32_t r = 0; r < readout->reading_count; r++)
        buffer_printf(out, r ? ", %s" : "%s", decode_kind_name(readout->readings[r].decode));
    if (readout->step_count == 0) return;
    buffer_text(out, "; their reader computes ");
    graph_formula(report->graph, readout->node, FORMULA_RASP, FORMULA_COLUMNS, out);
}

bool is_product(const UnitGroup *group) {
    return group->kind == UNIT_LOOKUP && group->source_count > 1;
}

uint64_t width_without_reuse(const Model *model) {
    uint64_t width = 0;
    for (uint32_t s = 0; s < model->subspace_count; s++)
        width += model->subspaces[s].width;
    return width;
}

/* --- selections ------------------------------------------------------------------------------- */

static void add_amount(Buffer *out, double factor) {
    if (factor == -1)
        buffer_char(out, '-');
    else if (factor != 1)
        buffer_printf(out, "%.6g * ", factor);
}

/* A number: "length - indices". What a table makes of a code is not spelt out. */
static void add_feature(Buffer *out, const Report *report, const Feature *feature) {
    for (uint32_t i = 0; i < feature->count; i++) {
        const FeatureTerm *term = &feature->terms[i];
        if (i > 0) buffer_text(out, " + ");
        if (!term->values) add_amount(out, term->factor);
        buffer_text(out, report->model->subspaces[term->subspace].name->bytes);
    }
    double constant = feature->constant;
    if (feature->count == 0)
        buffer_printf(out, "%.6g", constant);
    else if (constant != 0)
        buffer_printf(out, " %c %.6g", constant < 0 ? '-' : '+', fabs(constant));
}

/* Which values of a code make a feature of 0 and 1 hold: "tokens in ["a", "b"]". */
static void add_condition(Buffer *out, const Report *report, const Feature *feature) {
    if (feature->count != 1 || !feature->terms[0].values) {
        add_feature(out, report, feature);
        return;
    }
    const Subspace *code = &report->model->subspaces[feature->terms[0].subspace];
    const double *values = feature->terms[0].values;
    uint32_t holding = 0, shown = 0;
    for (uint32_t v = 0; v < code->count; v++)
        holding += feature->constant + values[v] != 0;
    buffer_printf(out, "%s in [", code->name->bytes);
    for (uint32_t v = 0; v < code->count && shown < SHOWN_VALUES; v++) {
        if (feature->constant + values[v] == 0) continue;
        buffer_text(out, shown++ ? ", " : "");
        atom_format_json(out, atoms_at(code->domain, v));
    }
    if (holding > shown) buffer_printf(out, ", %u more", holding - shown);
    buffer_char(out, ']');
}

static void add_term(Buffer *out, const Report *report, const HeadTerm *term) {
    const Node *node = term->node == NO_NODE ? NULL : graph_node(report->graph, term->node);
    bool comparison = node && node->op != OP_SEL_AND && node->op != OP_SEL_OR &&
                      node->op != OP_SEL_NOT && op_info(node->op)->kind == OPKIND_SELECTOR;
    if (term->kind == TERM_COMPARE && comparison) {
        graph_label(report->graph, node->args[0], FORMULA_RASP, OPERAND_COLUMNS, out);
        buffer_printf(out, " %s ", relation_text(term->relation));
        graph_label(report->graph, node->args[1], FORMULA_RASP, OPERAND_COLUMNS, out);
    } else if (term->kind == TERM_KEY || term->kind == TERM_QUERY) {
        buffer_text(out, term->kind == TERM_KEY ? "key's " : "query's ");
        add_condition(out, report, term->kind == TERM_KEY ? &term->key : &term->query);
    } else if (term->kind == TERM_TABLE) {
        buffer_printf(out, "a table of %u by %u", term->key_count, term->query_count);
    } else {
        add_feature(out, report, &term->key);
        buffer_printf(out, " %s ", relation_text(term->relation));
        add_feature(out, report, &term->query);
    }
}

/* "not later", "3 to 1 before". */
static void add_mask(Buffer *out, HeadMask mask) {
    bool open = mask.low == INT32_MIN, endless = mask.high == INT32_MAX;
    if (open && mask.high == 0)
        buffer_text(out, "not later");
    else if (open && mask.high == -1)
        buffer_text(out, "earlier");
    else if (endless && mask.low == 0)
        buffer_text(out, "not earlier");
    else if (endless && mask.low == 1)
        buffer_text(out, "later");
    else if (open)
        buffer_printf(out, "up to offset %d", mask.high);
    else if (endless)
        buffer_printf(out, "from offset %d on", mask.low);
    else if (mask.low == mask.high)
        buffer_printf(out, "at offset %d", mask.low);
    else
        buffer_printf(out, "at offsets %d to %d", mask.low, mask.high);
}

void words_of_selection(Buffer *out, const Report *report, const Head *head) {
    bool masked = head->mask.low != INT32_MIN || head->mask.high != INT32_MAX;
    for (uint32_t t = 0; t < head->term_count; t++) {
        if (t) buffer_text(out, " and ");
        add_term(out, report, &head->terms[t]);
    }
    if (masked && head->term_count) buffer_text(out, ", ");
    if (masked) add_mask(out, head->mask);
    if (!masked && head->term_count == 0) buffer_text(out, "everything");
}

/* --- moves ------------------------------------------------------------------------------------ */

void words_of_move(Buffer *out, const Report *report, const HeadMove *move) {
    const Node *node = move->node == NO_NODE ? NULL : graph_node(report->graph, move->node);
    switch (move->kind) {
    case MOVE_NULL_WEIGHT: buffer_text(out, "count of the selected"); break;
    case MOVE_CODED:
        buffer_printf(out, "value of %s", report->model->subspaces[move->source].name->bytes);
        break;
    case MOVE_REAL:
        buffer_text(out, "mean of ");
        if (node && node->op == OP_AGGREGATE)
            graph_label(report->graph, node->args[1], FORMULA_RASP, OPERAND_COLUMNS, out);
        else
            add_feature(out, report, &move->value);
        break;
    case MOVE_KIND_COUNT: break;
    }
}
