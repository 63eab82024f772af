/* The jit's plans against the symbolic view taken at its word: random heads and units, run by loops
   over all pairs of positions. The lowering has no part in this. */
#include "runtime/engines/jit.h"

#include <check.h>
#include <string.h>

enum { SUBSPACES = 12, LONGEST = 48, VOCABULARY = 4 };
enum { TOKEN = 2, NUMBER, HALVES, POSITION, PARITY, MEAN, WEIGHT, WIDTH, CODED, ANSWER };

typedef struct Random {
    uint64_t state;
} Random;

static uint32_t draw(Random *random, uint32_t below) {
    random->state = random->state * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(random->state >> 33) % below;
}

/* --- a random model: an embedding, one head, steps and a look-up ------------------------------ */

typedef struct Maker {
    Arena *arena;
    Random *random;
    Model *model;
} Maker;

static const Atom *integers(Arena *arena, uint32_t count) {
    Atom *atoms = ARENA_ARRAY(arena, Atom, count);
    for (uint32_t i = 0; i < count; i++)
        atoms[i] = atom_int(i);
    return atoms;
}

static Subspace coded(Arena *arena, SubspaceKind kind, const char *name, uint32_t count) {
    return (Subspace){.kind = kind,
                      .name = string_from(arena, name),
                      .node = NO_NODE,
                      .count = count,
                      .domain = atoms_listed(integers(arena, count)),
                      .width = kind == SUBSPACE_STEPS ? count - 1 : count};
}

static Subspace real(Arena *arena, const char *name, uint32_t denominator) {
    return (Subspace){.kind = SUBSPACE_REAL,
                      .name = string_from(arena, name),
                      .node = NO_NODE,
                      .width = 1,
                      .low = -100,
                      .high = 100,
                      .denominator = denominator};
}

static void make_basis(Maker *maker) {
    Arena *arena = maker->arena;
    Subspace *list = ARENA_ARRAY(arena, Subspace, SUBSPACES);
    list[MODEL_ONE] = real(arena, "one", 1), list[MODEL_ONE].kind = SUBSPACE_ONE;
    list[MODEL_NULL] = real(arena, "null", 1), list[MODEL_NULL].kind = SUBSPACE_NULL;
    list[TOKEN] = coded(arena, SUBSPACE_ONE_HOT, "token", VOCABULARY);
    list[NUMBER] = real(arena, "number", 1);
    list[HALVES] = real(arena, "halves", draw(maker->random, 2) ? 2 : 0);
    list[POSITION] = real(arena, "position", 1);
    list[PARITY] = coded(arena, SUBSPACE_ONE_HOT, "parity", 2);
    list[MEAN] = real(arena, "mean", draw(maker->random, 4) ? 2 * LONGEST : 0);
    list[WEIGHT] = real(arena, "weight", LONGEST + 1);
    list[WIDTH] = coded(arena, SUBSPACE_STEPS, "width", LONGEST + 1);
    list[CODED] = coded(arena, SUBSPACE_ONE_HOT, "moved", VOCABULARY);
    list[ANSWER] = coded(arena, SUBSPACE_ONE_HOT, "answer", 7);
    maker->model->subspaces = list;
    maker->model->subspace_count = SUBSPACES;
}

static void make_embedding(Maker *maker) {
    static const SubspaceId targets[] = {TOKEN, NUMBER, HALVES, POSITION, PARITY};
    Embed *embeds = ARENA_ARRAY(maker->arena, Embed, 5);
    for (uint32_t e = 0; e < 5; e++) {
        bool by_token = targets[e] <= HALVES;
        uint32_t count = by_token ? VOCABULARY : LONGEST;
        double *values = ARENA_ARRAY(maker->arena, double, count);
        for (uint32_t i = 0; i < count; i++)
            values[i] = targets[e] == NUMBER   ? (double)draw(maker->random, 9) - 4
                        : targets[e] == HALVES ? draw(maker->random, 9) / 2.0
                        : targets[e] == PARITY ? i % 2
                                               : i;
        embeds[e] = (Embed){by_token ? EMBED_TOKEN : EMBED_POSITION, targets[e], values};
    }
    maker->model->embeds = embeds;
    maker->model->embed_count = 5;
}

/* constant + factor * a real, or the numbers of a coded subspace in [low, low + span). */
static Feature feature_of(Maker *maker, SubspaceId subspace, double constant, double factor,
                          int low, uint32_t span) {
    FeatureTerm *term = ARENA_NEW(maker->arena, FeatureTerm);
    *term = (FeatureTerm){.subspace = subspace, .factor = factor};
    const Subspace *s = &maker->model->subspaces[subspace];
    if (subspace_is_coded(s)) {
        double *values = ARENA_ARRAY(maker->arena, double, s->count);
        for (uint32_t v = 0; v < s->count; v++)
            values[v] = low + (int)draw(maker->random, span);
        term->values = values;
    }
    return (Feature){constant, 1, term};
}

static Feature random_feature(Maker *maker) {
    static const SubspaceId sources[] = {TOKEN, NUMBER, HALVES, POSITION, PARITY, POSITION};
    static const double factors[] = {1, 1, -1, 2, 0.5};
    SubspaceId source = sources[draw(maker->random, 6)];
    return feature_of(maker, source, (int)draw(maker->random, 5) - 2,
                      factors[draw(maker->random, 5)], -3, 7);
}

static HeadTerm random_term(Maker *maker, TermKind kind) {
    Random *random = maker->random;
    HeadTerm term = {.kind = kind, .node = NO_NODE};
    switch (term.kind) {
    case TERM_COMPARE:
        term.relation = draw(random, 3) ? RELATION_EQ : (Relation)(1 + draw(random, 6));
        term.key = random_feature(maker);
        term.query = random_feature(maker);
        break;
    case TERM_KEY: term.key = feature_of(maker, TOKEN, 0, 1, 0, 2); break;
    case TERM_QUERY: term.query = feature_of(maker, PARITY, 0, 1, 0, 2); break;
    default: {
        uint8_t *table = ARENA_ARRAY(maker->arena, uint8_t, 12);
        for (int i = 0; i < 12; i++)
            table[i] = (uint8_t)draw(random, 2);
        term.key = feature_of(maker, TOKEN, 0, 1, 0, 4);
        term.query = feature_of(maker, TOKEN, 0, 1, 0, 3);
        term.key_count = 4, term.query_count = 3, term.table = table;
    }
    }
    return term;
}

static const HeadMask masks[] = {
    {INT32_MIN, INT32_MAX}, {INT32_MIN, 0}, {INT32_MIN, -1}, {0, INT32_MAX}, {1, INT32_MAX},
    {INT32_MIN, -3},        {2, INT32_MAX}, {-2, 1},         {-1, -1},       {3, 1},
};

static void make_head(Maker *maker, Head *head) {
    Random *random = maker->random;
    bool table_alone = draw(random, 8) == 0, open = table_alone || draw(random, 2);
    uint32_t count = table_alone ? 1 : draw(random, 3) + draw(random, 2);
    HeadTerm *terms = ARENA_ARRAY(maker->arena, HeadTerm, count);
    for (uint32_t t = 0; t < count; t++)
        terms[t] = random_term(maker, table_alone       ? TERM_TABLE
                                      : draw(random, 4) ? TERM_COMPARE
                                                        : (TermKind)draw(random, TERM_KIND_COUNT));
    HeadMove *moves = ARENA_ARRAY(maker->arena, HeadMove, 3);
    moves[0] = (HeadMove){.kind = MOVE_REAL,
                          .node = NO_NODE,
                          .target = MEAN,
                          .default_value = (int)draw(random, 5) - 2};
    moves[0].value =
        draw(random, 2) ? feature_of(maker, NUMBER, 1, 1, 0, 1) : random_feature(maker);
    moves[1] = (HeadMove){.kind = MOVE_NULL_WEIGHT, .node = NO_NODE, .target = WEIGHT};
    moves[2] = (HeadMove){.kind = MOVE_CODED,
                          .node = NO_NODE,
                          .target = CODED,
                          .source = TOKEN,
                          .default_index = draw(random, VOCABULARY)};
    *head = (Head){.name = string_from(maker->arena, "head"),
                   .term_count = count,
                   .terms = terms,
                   .mask = masks[open ? 0 : draw(random, sizeof masks / sizeof masks[0])],
                   .null_policy = draw(random, 2) ? NULL_COUNTED : NULL_DEFAULT,
                   .normaliser = NORMALISER_SOFTMAX,
                   .scale = 256,
                   .move_count = 3,
                   .moves = moves};
}

/* width = LONGEST - (number of selected), read off 1 / (1 + selected). answer: of what the token
   and the parity are. */
static void make_units(Maker *maker, UnitGroup *units) {
    Arena *arena = maker->arena;
    double *below = ARENA_ARRAY(arena, double, LONGEST),
           *above = ARENA_ARRAY(arena, double, LONGEST);
    for (uint32_t v = 0; v < LONGEST; v++) {
        below[v] = 1.0 / (LONGEST + 1 - v);
        above[v] = 1.0 / (LONGEST - v);
    }
    units[0] = (UnitGroup){.kind = UNIT_STEPS,
                           .node = NO_NODE,
                           .target = WIDTH,
                           .below = below,
                           .above = above,
                           .input = feature_of(maker, WEIGHT, 0, 1, 0, 1)};
    if (draw(maker->random, 4) == 0) units[0].input = feature_of(maker, MEAN, 0.25, 0.125, 0, 1);
    SubspaceId *sources = ARENA_ARRAY(arena, SubspaceId, 2);
    uint32_t *counts = ARENA_ARRAY(arena, uint32_t, 2), *result = ARENA_ARRAY(arena, uint32_t, 15);
    const uint32_t **classes = ARENA_ARRAY(arena, const uint32_t *, 2);
    sources[0] = TOKEN, sources[1] = PARITY, counts[0] = 3, counts[1] = 2;
    for (uint32_t s = 0; s < 2; s++) {
        uint32_t count = maker->model->subspaces[sources[s]].count;
        uint32_t *list = ARENA_ARRAY(arena, uint32_t, count);
        for (uint32_t v = 0; v < count; v++)
            list[v] = draw(maker->random, counts[s]);
        classes[s] = list;
    }
    for (uint32_t i = 0; i < 15; i++)
        result[i] = draw(maker->random, 7);
    units[1] = (UnitGroup){.kind = UNIT_LOOKUP,
                           .node = NO_NODE,
                           .target = ANSWER,
                           .source_count = 1 + draw(maker->random, 2),
                           .sources = sources,
                           .class_counts = counts,
                           .classes = classes,
                           .result = result};
}

static Readout readout_of(Maker *maker, SubspaceId subspace) {
    const Subspace *s = &maker->model->subspaces[subspace];
    Reading *reading = ARENA_NEW(maker->arena, Reading);
    if (subspace_is_coded(s)) {
        reading->decode = DECODE_ATOMS;
        reading->source = subspace;
        reading->atom_count = s->count;
        reading->atoms = s->domain.list;
    } else {
        reading->decode = DECODE_FRACTION;
        reading->number = feature_of(maker, subspace, 0, 1, 0, 1);
        reading->denominator = 4 * LONGEST;
    }
    return (Readout){.name = string_from(maker->arena, "out"),
                     .node = NO_NODE,
                     .reading_count = 1,
                     .readings = reading};
}

static Model *random_model(Arena *arena, Random *random, SubspaceId output) {
    Model *model = ARENA_NEW(arena, Model);
    Maker maker = {arena, random, model};
    *model = (Model){.arena = arena,
                     .vocabulary_count = VOCABULARY,
                     .max_length = LONGEST,
                     .vocabulary = integers(arena, VOCABULARY),
                     .layer_count = 1};
    make_basis(&maker);
    make_embedding(&maker);
    Layer *layer = ARENA_NEW(arena, Layer);
    Head *head = ARENA_NEW(arena, Head);
    UnitGroup *units = ARENA_ARRAY(arena, UnitGroup, 2);
    make_head(&maker, head);
    make_units(&maker, units);
    *layer = (Layer){1, head, 2, units};
    model->layers = layer;
    model->readout = readout_of(&maker, output);
    return model;
}

/* --- the symbolic view, by all pairs ---------------------------------------------------------- */

typedef struct Stream {
    const Model *model;
    double values[SUBSPACES][LONGEST]; /* a real's number, a coded subspace's index */
    bool agree[LONGEST];               /* the selected keys have one token */
} Stream;

static double feature_at(const Stream *stream, const Feature *feature, uint32_t i) {
    double sum = feature->constant;
    for (uint32_t t = 0; t < feature->count; t++) {
        const FeatureTerm *term = &feature->terms[t];
        double value = stream->values[term->subspace][i];
        sum += term->values ? term->values[(int)value] : term->factor * value;
    }
    return sum;
}

static bool term_holds(const Stream *stream, const HeadTerm *term, uint32_t key, uint32_t query) {
    double k = feature_at(stream, &term->key, key), q = feature_at(stream, &term->query, query);
    switch (term->kind) {
    case TERM_KEY: return k != 0;
    case TERM_QUERY: return q != 0;
    case TERM_TABLE: return term->table[(int)k * (int)term->query_count + (int)q];
    default: return term->relation & (k < q ? RELATION_LT : k == q ? RELATION_EQ : RELATION_GT);
    }
}

static bool is_selected(const Stream *stream, const Head *head, uint32_t key, uint32_t query) {
    int64_t distance = (int64_t)key - query;
    if (head->mask.low != INT32_MIN && distance < head->mask.low) return false;
    if (head->mask.high != INT32_MAX && distance > head->mask.high) return false;
    for (uint32_t t = 0; t < head->term_count; t++)
        if (!term_holds(stream, &head->terms[t], key, query)) return false;
    return true;
}

static void run_query(Stream *stream, const Head *head, uint32_t n, uint32_t query) {
    double sum = 0;
    uint32_t count = 0, token = head->moves[2].default_index;
    stream->agree[query] = true;
    for (uint32_t key = 0; key < n; key++) {
        if (!is_selected(stream, head, key, query)) continue;
        sum += feature_at(stream, &head->moves[0].value, key);
        uint32_t own = (uint32_t)stream->values[TOKEN][key];
        if (count > 0 && own != token) stream->agree[query] = false;
        if (count > 0 || head->null_policy != NULL_COUNTED) token = own;
        if (count == 0 && head->null_policy == NULL_COUNTED && own != token)
            stream->agree[query] = false;
        count++;
    }
    bool counted = head->null_policy == NULL_COUNTED;
    if (counted || count == 0) sum += head->moves[0].default_value;
    stream->values[MEAN][query] = sum / (count + (counted || count == 0));
    stream->values[WEIGHT][query] = counted ? 1.0 / (count + 1) : count == 0;
    stream->values[CODED][query] = token;
}

static void run_units(Stream *stream, uint32_t i) {
    const UnitGroup *steps = &stream->model->layers[0].units[0];
    const UnitGroup *lookup = &stream->model->layers[0].units[1];
    uint32_t reached = 0, cell = 0;
    double input = feature_at(stream, &steps->input, i);
    while (reached < LONGEST && input > (steps->below[reached] + steps->above[reached]) / 2)
        reached++;
    stream->values[WIDTH][i] = reached;
    for (uint32_t s = 0; s < lookup->source_count; s++)
        cell = cell * lookup->class_counts[s] +
               lookup->classes[s][(int)stream->values[lookup->sources[s]][i]];
    stream->values[ANSWER][i] = lookup->result[cell];
}

static void run_plainly(Stream *stream, const Atom *tokens, uint32_t n) {
    const Model *model = stream->model;
    for (uint32_t i = 0; i < n; i++) {
        stream->values[MODEL_ONE][i] = 1;
        stream->values[MODEL_NULL][i] = 0;
        for (uint32_t e = 0; e < model->embed_count; e++) {
            const Embed *embed = &model->embeds[e];
            stream->values[embed->subspace][i] =
                embed->values[embed->kind == EMBED_TOKEN ? tokens[i].as.integer : i];
        }
    }
    for (uint32_t i = 0; i < n; i++)
        run_query(stream, &model->layers[0].heads[0], n, i);
    for (uint32_t i = 0; i < n; i++)
        run_units(stream, i);
}

/* --- the comparison --------------------------------------------------------------------------- */

static const char *const names[] = {
#define PLAN(id, name, function, cost, text) name,
#include "runtime/engines/jit/plans.def"
#undef PLAN
};
enum { PLANS = sizeof names / sizeof names[0] };

typedef struct Tally {
    uint64_t positions;
    uint32_t plans[PLANS]; /* programs with a head of that plan */
} Tally;

static void note_plan(Tally *tally, const JitProgram *program) {
    Buffer text = {0};
    jit_explain(program, &text);
    for (size_t p = 0; p < PLANS; p++) {
        Buffer wanted = {0};
        buffer_printf(&wanted, "head: %s, n", names[p]);
        if (strstr(text.data, wanted.data)) tally->plans[p]++;
        buffer_free(&wanted);
    }
    buffer_free(&text);
}

static void compare_once(const JitProgram *program, const Model *model, SubspaceId output,
                         Random *random, Tally *tally, uint64_t seed) {
    Arena *arena = arena_new(0);
    Sources *sources = sources_new();
    Diagnostics *diags = diagnostics_new(sources);
    uint32_t n = 1 + draw(random, LONGEST);
    Atom *tokens = ARENA_ARRAY(arena, Atom, n);
    for (uint32_t i = 0; i < n; i++)
        tokens[i] = atom_int(draw(random, VOCABULARY));
    Stream stream = {.model = model};
    run_plainly(&stream, tokens, n);
    Sequence result;
    ck_assert(
        jit_run(program, (Input){.n = n, .tokens = tokens}, (Span){0}, arena, diags, &result));
    ck_assert_uint_eq(result.n, n);
    for (uint32_t i = 0; i < n; i++) {
        double wanted = stream.values[output][i], got;
        if (output == CODED && !stream.agree[i]) continue;
        ck_assert(atom_as_double(result.atoms[i], &got));
        ck_assert_msg(got == wanted, "seed %llu, subspace %u, position %u of %u: %.17g, not %.17g",
                      (unsigned long long)seed, output, i, n, got, wanted);
        tally->positions++;
    }
    diagnostics_free(diags);
    sources_free(sources);
    arena_free(arena);
}

static void compare_model(const Jit *jit, uint64_t seed, Tally *tally) {
    static const SubspaceId outputs[] = {MEAN, WEIGHT, WIDTH, CODED, ANSWER};
    Random random = {seed * 2 + 1};
    SubspaceId output = outputs[draw(&random, 5)];
    Arena *arena = arena_new(0);
    Sources *sources = sources_new();
    Diagnostics *diags = diagnostics_new(sources);
    Model *model = random_model(arena, &random, output);
    for (int by_stages = 0; by_stages < 2; by_stages++) {
        JitOptions options = {.by_stages = by_stages};
        JitProgram *program = jit_compile(jit, model, &options, (Span){0}, diags);
        ck_assert_msg(program != NULL, "seed %llu: %s", (unsigned long long)seed,
                      diagnostics_count(diags) ? diagnostics_message(diags, 0) : "");
        note_plan(tally, program);
        for (int round = 0; round < 6; round++)
            compare_once(program, model, output, &random, tally, seed);
        jit_free(program);
    }
    diagnostics_free(diags);
    sources_free(sources);
    arena_free(arena);
}

START_TEST(every_plan_computes_what_the_head_says) {
    Sources *sources = sources_new();
    Diagnostics *diags = diagnostics_new(sources);
    Jit *jit = jit_open((Span){0}, diags);
    if (jit) {
        Tally tally = {0};
        for (uint64_t seed = 0; seed < 300; seed++)
            compare_model(jit, seed, &tally);
        ck_assert_uint_gt(tally.positions, 10000);
        for (int p = 0; p < PLANS; p++)
            ck_assert_msg(tally.plans[p] >= 5, "'%s' was planned %u times", names[p],
                          tally.plans[p]);
        jit_close(jit);
    }
    diagnostics_free(diags);
    sources_free(sources);
}
END_TEST

Suite *jit_plans_suite(void);

Suite *jit_plans_suite(void) {
    Suite *suite = suite_create("jit_plans");
    TCase *tests = tcase_create("plans");
    tcase_set_timeout(tests, 60);
    tcase_add_test(tests, every_plan_computes_what_the_head_says);
    suite_add_tcase(suite, tests);
    return suite;
}
