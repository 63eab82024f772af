/* The dense weights of a head.

   A term of a head becomes a few directions of its queries and keys whose product is 0 where the
   term holds and at most -1 where it does not, so that the sum over all terms is 0 for a selected
   key and at most -1 for any other:
     equality of whole numbers    2kq - k^2 - q^2                          3 directions
     a truth table                sum over classes c of [k = c] (T(c,q) - 1)  one a class
     a feature of one side        k - 1, or q - 1                          1 direction
   One more direction sets the score of the null key: 0 when it is counted, -1/2 when it carries the
   default, -1 when it is never attended; and makes BOS attend to itself alone. */
#include "runtime/model/weights_head.h"

#include "runtime/model/lifetimes.h"
#include "runtime/model/stream_columns.h"

/* --- truth tables ----------------------------------------------------------------------------- */

/* A side of a truth table: a number for each value of one code, or one number everywhere. */
typedef struct TableSide {
    SubspaceId code; /* NO_SUBSPACE: constant */
    uint32_t count;
    double *numbers;
} TableSide;

static TableSide table_side(const Model *model, const Feature *feature, Arena *scratch) {
    TableSide side = {NO_SUBSPACE, 1, NULL};
    if (feature->count > 0) {
        side.code = feature->terms[0].subspace;
        side.count = model->subspaces[side.code].count;
    }
    side.numbers = ARENA_ARRAY(scratch, double, side.count);
    for (uint32_t v = 0; v < side.count; v++)
        side.numbers[v] =
            feature->constant + (feature->count > 0 ? feature->terms[0].values[v] : 0);
    return side;
}

/* The distinct numbers of a side; more than MANY_CLASSES are not told apart, they are too many. */
static uint32_t side_classes(const TableSide *side, double *classes) {
    enum { MANY_CLASSES = 1 << 14 };
    uint32_t found = 0;
    for (uint32_t v = 0; v < side->count; v++) {
        if (found > MANY_CLASSES) return side->count;
        uint32_t c = 0;
        while (c < found && classes[c] != side->numbers[v])
            c++;
        if (c == found) classes[found++] = side->numbers[v];
    }
    return found;
}

static bool term_holds(const HeadTerm *term, double key, double query) {
    if (term->kind == TERM_TABLE)
        return term->table[(size_t)key * term->query_count + (size_t)query];
    return term->relation & (key < query ? RELATION_LT : key > query ? RELATION_GT : RELATION_EQ);
}

static bool is_truth_table(const HeadTerm *term) {
    return term->kind == TERM_TABLE || (term->kind == TERM_COMPARE && !term->squared);
}

/* Adds a column that is a function of one side's number. */
static void add_side(StreamColumns *m, uint32_t column, const TableSide *side, double *values,
                     double factor) {
    if (side->code == NO_SUBSPACE)
        stream_add_one(m, column, factor * values[0]);
    else
        stream_add_table(m, column, side->code, values, factor);
}

/* The classes of the side that has fewer select a direction each. */
static uint32_t truth_table(const Model *model, const HeadTerm *term, StreamColumns *query,
                            StreamColumns *key, uint32_t column, double scale) {
    Arena *scratch = arena_new(0);
    TableSide k = table_side(model, &term->key, scratch);
    TableSide q = table_side(model, &term->query, scratch);
    double *key_classes = ARENA_ARRAY(scratch, double, k.count);
    double *query_classes = ARENA_ARRAY(scratch, double, q.count);
    uint32_t keys = side_classes(&k, key_classes), queries = side_classes(&q, query_classes);
    bool by_key = keys <= queries;
    uint32_t directions = by_key ? keys : queries;
    double *key_values = ARENA_ARRAY(scratch, double, k.count);
    double *query_values = ARENA_ARRAY(scratch, double, q.count);
    for (uint32_t c = 0; c < directions && query; c++) {
        for (uint32_t v = 0; v < k.count; v++)
            key_values[v] = by_key ? k.numbers[v] == key_classes[c]
                                   : term_holds(term, k.numbers[v], query_classes[c]) - 1.0;
        for (uint32_t v = 0; v < q.count; v++)
            query_values[v] = by_key ? term_holds(term, key_classes[c], q.numbers[v]) - 1.0
                                     : q.numbers[v] == query_classes[c];
        add_side(key, column + c, &k, key_values, 1);
        add_side(query, column + c, &q, query_values, scale);
    }
    arena_free(scratch);
    return directions;
}

/* --- heads ------------------------------------------------------------------------------------ */

/* Writes the directions of a term from column on; NULL matrices: counts them only. */
static uint32_t term_directions(const Model *model, const HeadTerm *term, StreamColumns *query,
                                StreamColumns *key, uint32_t column, double scale) {
    if (is_truth_table(term)) return truth_table(model, term, query, key, column, scale);
    if (term->kind == TERM_COMPARE) {
        if (query) {
            stream_add_feature(query, column, &term->query, scale);
            stream_add_feature(key, column, &term->key, 2);
            stream_add_one(query, column + 1, scale);
            stream_add_feature(key, column + 1, &term->key_square, -1);
        }
        if (query && term->squared == 2) {
            stream_add_feature(query, column + 2, &term->query_square, -scale);
            stream_add_one(key, column + 2, 1);
        }
        return 1u + term->squared;
    }
    if (query && term->kind == TERM_KEY) {
        stream_add_feature(key, column, &term->key, 1);
        stream_add_one(key, column, -1);
        stream_add_one(query, column, scale);
    } else if (query) {
        stream_add_feature(query, column, &term->query, scale);
        stream_add_one(query, column, -scale);
        stream_add_one(key, column, 1);
    }
    return 1;
}

static double null_score(NullPolicy policy) {
    switch (policy) {
    case NULL_COUNTED: return 0;
    case NULL_DEFAULT: return -0.5;
    default: return -1;
    }
}

static uint32_t score_directions(const Model *model, const Head *head, StreamColumns *query,
                                 StreamColumns *key) {
    uint32_t column = 1;
    if (query) {
        stream_add_null(key, 0, 1);
        stream_add_one(query, 0, head->scale * null_score(head->null_policy));
        stream_add_null(query, 0, head->scale);
    }
    for (uint32_t t = 0; t < head->term_count; t++)
        column += term_directions(model, &head->terms[t], query, key, column, head->scale);
    return column;
}

static uint32_t move_directions(const Model *model, const HeadMove *move) {
    return move->kind == MOVE_CODED ? model->subspaces[move->target].width : 1;
}

/* The values leave out the default that the embedding has put there: nothing selected, nothing
   added. */
static void move_values(const Model *model, const Head *head, const HeadMove *move,
                        StreamColumns *value, double *output, uint32_t column) {
    const Subspace *target = &model->subspaces[move->target];
    bool defaulted = move_is_defaulted(model, head, move);
    if (move->kind == MOVE_REAL) {
        stream_add_feature(value, column, &move->value, 1);
        if (defaulted) stream_add_one(value, column, -move->default_value);
    } else if (move->kind == MOVE_NULL_WEIGHT) {
        stream_add_null(value, column, 1);
    } else {
        const Subspace *source = &model->subspaces[move->source];
        Arena *scratch = arena_new(0);
        double *values = ARENA_ARRAY(scratch, double, source->count);
        for (uint32_t c = 0; c < target->width; c++) {
            for (uint32_t v = 0; v < source->count; v++)
                values[v] = code_coordinate(target, c, v);
            stream_add_table(value, column + c, move->source, values, 1);
            if (defaulted)
                stream_add_one(value, column + c, -code_coordinate(target, c, move->default_index));
        }
        arena_free(scratch);
    }
    for (uint32_t c = 0; c < target->width; c++)
        output[(size_t)(column + c) * model->width + target->offset + c] = 1;
}

uint32_t dense_head_width(const Model *model, const Head *head) {
    uint32_t scores = score_directions(model, head, NULL, NULL), values = 0;
    for (uint32_t m = 0; m < head->move_count; m++)
        values += move_directions(model, &head->moves[m]);
    return scores > values ? scores : values;
}

DenseHead dense_head(Arena *arena, const Model *model, const Head *head) {
    uint32_t width = dense_head_width(model, head), column = 0;
    size_t size = (size_t)model->width * width;
    FloatType type = model->float_type;
    Arena *scratch = arena_new(0);
    StreamColumns query = {model, ARENA_ARRAY(scratch, double, size), width};
    StreamColumns key = {model, ARENA_ARRAY(scratch, double, size), width};
    StreamColumns value = {model, ARENA_ARRAY(scratch, double, size), width};
    double *output = ARENA_ARRAY(scratch, double, size);
    score_directions(model, head, &query, &key);
    for (uint32_t m = 0; m < head->move_count; m++) {
        move_values(model, head, &head->moves[m], &value, output, column);
        column += move_directions(model, &head->moves[m]);
    }
    DenseHead dense = {.width = width,
                       .w_q = numbers_hold(arena, type, query.data, size),
                       .w_k = numbers_hold(arena, type, key.data, size),
                       .w_v = numbers_hold(arena, type, value.data, size),
                       .w_o = numbers_hold(arena, type, output, size),
                       .mask = head->mask};
    arena_free(scratch);
    return dense;
}
