#include "runtime/engines/jit/real/screen.h"

#include "runtime/engines/jit/real/duel_emit.h"
#include "runtime/engines/jit/real/screen_emit.h"

#include <float.h>
#include <math.h>
#include <string.h>

/* Keys that a number fits for: of a score's 23 bits, and two in a pair. */
enum { NUMBER_BITS = DUEL_BITS };

struct Screen {
    Run *run;
    const Assignment *assignment;
    uint32_t tile, words; /* rows of a tile, words of a row */
    int64_t block_rows;
    /* The frame. */
    bool framed;
    double *shift; /* (D) of the rows */
    double scale;
    /* Where rows stay: all of them (Kept), packed block by block as they are first asked for. NULL:
       there is no room for that, or no more; each block is packed when it is screened. */
    void *kept;
    /* The keys. */
    int64_t count, blocks;
    double *components;       /* (count, D) as they are */
    double *moved;            /* (D) what the keys are taken less */
    double *biases, *weights; /* (blocks * screen_keys) sums of their parts, of the magnitudes */
    double *given, *heavy; /* (count) the same of what the score has beside its terms, as it is */
    uint32_t *key_words;
    float *bias;
    int32_t *numbers; /* (blocks * screen_keys) 0, 1, ..., after screen_keys zeros */
    int64_t mask;
    double fixed, per_norm, per_square, per_error;
};

/* --- room ------------------------------------------------------------------------------------- */

static size_t block_words(const Screen *screen) {
    return (size_t)screen->block_rows * screen->words;
}

/* Memory for all rows, in one piece that begins on a line and so do its parts. */
typedef struct Kept {
    uint32_t *words;
    float *norms;
    uint8_t *packed; /* (blocks of rows) */
    size_t bytes;
} Kept;

static Kept kept_rows(const Screen *screen) {
    enum { LINE = 64 };
    size_t rows = (size_t)screen->block_rows;
    size_t blocks = ((size_t)screen->run->n + rows - 1) / rows;
    size_t words = blocks * block_words(screen) * sizeof(uint32_t);
    size_t norms = (words + LINE - 1) / LINE * LINE;
    size_t packed = norms + blocks * 2 * rows * sizeof(float);
    char *at = screen->kept;
    if (at == NULL) return (Kept){.bytes = packed + blocks};
    return (Kept){(uint32_t *)(void *)at, (float *)(void *)(at + norms), (uint8_t *)at + packed,
                  packed + blocks};
}

bool screen_take_room(Screen *screen, ScreenRoom *out) {
    int32_t **lists[] = {&out->open, &out->rows_of_pairs, &out->pairs, &out->found};
    for (size_t l = 0; l < sizeof lists / sizeof lists[0]; l++) {
        *lists[l] = run_take(screen->run, (size_t)screen->block_rows, sizeof(int32_t));
        if (*lists[l] == NULL) return false;
    }
    if (screen->kept) return true;
    out->rows.words = run_take(screen->run, block_words(screen), sizeof(uint32_t));
    out->rows.norms = run_take(screen->run, 2 * (size_t)screen->block_rows, sizeof(float));
    return out->rows.words && out->rows.norms;
}

void screen_give_room(Screen *screen, ScreenRoom *room) {
    void *old[] = {room->open,  room->rows_of_pairs, room->pairs,
                   room->found, room->rows.words,    room->rows.norms};
    for (size_t i = 0; i < sizeof old / sizeof old[0]; i++)
        run_give(screen->run, old[i]);
}

static Screen *screen_new(Run *run, const Assignment *assignment, int64_t block_rows) {
    const TileShape *shape = &assignment->head->form.shape;
    Screen *screen = run_take(run, 1, sizeof *screen);
    if (screen == NULL) return NULL;
    *screen = (Screen){.run = run,
                       .assignment = assignment,
                       .tile = screen_rows(run->plan->unit),
                       .words = screen_words(run->plan->unit, shape),
                       .block_rows = block_rows,
                       .shift = run_take(run, shape->width, sizeof(double)),
                       .moved = run_take(run, shape->width, sizeof(double))};
    if (!screen->shift || !screen->moved) return NULL;
    if (assignment->rows_stay) run_take_optional(run, kept_rows(screen).bytes, &screen->kept);
    return screen;
}

static bool take_keys(Screen *screen, int64_t count) {
    Run *run = screen->run;
    if (screen->count == count) return true;
    uint32_t wide = run->plan->unit.screen_keys;
    size_t width = screen->assignment->head->form.shape.width;
    void *old[] = {screen->components, screen->biases,    screen->weights, screen->given,
                   screen->heavy,      screen->key_words, screen->bias,    screen->numbers};
    for (size_t i = 0; i < sizeof old / sizeof old[0]; i++)
        run_give(run, old[i]);
    screen->count = count;
    screen->blocks = (count + wide - 1) / wide;
    size_t all = (size_t)screen->blocks * wide;
    screen->components = run_take(run, (size_t)count * width, sizeof(double));
    screen->biases = run_take(run, all, sizeof(double));
    screen->weights = run_take(run, all, sizeof(double));
    screen->given = run_take(run, (size_t)count, sizeof(double));
    screen->heavy = run_take(run, (size_t)count, sizeof(double));
    screen->key_words = run_take(run, all * screen->words, sizeof(uint32_t));
    screen->bias = run_take(run, all, sizeof(float));
    screen->numbers = run_take(run, all + wide, sizeof(int32_t));
    return screen->components && screen->biases && screen->weights && screen->given &&
           screen->heavy && screen->key_words && screen->bias && screen->numbers;
}

/* --- the frame -------------------------------------------------------------------------------- */

static void gather_keys(Screen *screen, const KeyList *keys) {
    Run *run = screen->run;
    const ScoreForm *form = &screen->assignment->head->form;
    double *at = screen->components;
    for (int64_t j = 0; j < keys->count; j++)
        for (uint32_t t = 0; t < form->term_count; at += form->terms[t++].width) {
            NodeId key = form->terms[t].key;
            run_vector(run, key, run_place(run, key, keys->positions[j]), at);
        }
}

static void find_moved(Screen *screen) {
    const ScoreForm *form = &screen->assignment->head->form;
    uint32_t width = form->shape.width, c = 0;
    memset(screen->moved, 0, width * sizeof(double));
    for (int64_t j = 0; j < screen->count; j++)
        for (c = 0; c < width; c++)
            screen->moved[c] += screen->components[(size_t)j * width + c];
    c = 0;
    for (uint32_t t = 0; t < form->term_count; t++)
        for (uint32_t end = c + form->terms[t].width; c < end; c++) {
            double mean = screen->moved[c] / (double)screen->count;
            if (screen->run->plan->single) mean = (float)mean;
            bool together = form->terms[t].distance;
            if (!screen->framed) screen->shift[c] = together ? mean : 0;
            screen->moved[c] = together ? screen->shift[c] : mean;
        }
}

/* Chosen once where rows are kept, else in each round. False for keys that are not finite. */
static bool find_frame(Screen *screen) {
    enum { EXPONENT_MOST = 300 };
    uint32_t width = screen->assignment->head->form.shape.width;
    screen->framed = screen->framed && screen->kept;
    find_moved(screen);
    if (screen->framed) return true;
    double most = 0;
    int exponent = 0;
    for (int64_t j = 0; j < screen->count; j++)
        for (uint32_t c = 0; c < width; c++) {
            double k = fabs(screen->components[(size_t)j * width + c] - screen->moved[c]);
            most = greatest_of(most, k);
        }
    if (!isfinite(most)) return false;
    if (most > 0) exponent = -(int)(ilogb(most) + ilogb(sqrt((double)width)));
    if (exponent > EXPONENT_MOST || exponent < -EXPONENT_MOST) return false;
    screen->scale = ldexp(1, exponent);
    screen->framed = true;
    return true;
}

/* --- keys ------------------------------------------------------------------------------------- */

/* What the keys come to: the greatest norms of the bound. */
typedef struct Norms {
    double packed, lost, biases; /* K, F, B */
} Norms;

/* The bits of a number in a word, and what they stand for. */
static uint32_t packed_bits(const Screen *screen, double number, double *kept) {
    float single = (float)number;
    uint32_t bits;
    memcpy(&bits, &single, sizeof bits);
    if (screen->run->plan->unit.halves) bits = (bits + 0x7fff + (bits >> 16 & 1)) & 0xffff0000u;
    memcpy(&single, &bits, sizeof single);
    *kept = (double)single;
    return bits;
}

static void put_component(Screen *screen, int64_t j, uint32_t c, uint32_t bits) {
    uint32_t wide = screen->run->plan->unit.screen_keys;
    bool halves = screen->run->plan->unit.halves;
    size_t word = (size_t)(j / wide) * screen->words + (halves ? c / 2 : c);
    screen->key_words[word * wide + (size_t)(j % wide)] |= halves && c % 2 == 0 ? bits >> 16 : bits;
}

static double surplus(double m, double u) { return m * u / (1 - m * u); }

/* What eval's own rounding adds, of a term's keys with that greatest norm. */
static void add_exact(Screen *screen, const ScoreTerm *term, double norm) {
    const ScoreForm *form = &screen->assignment->head->form;
    double a = fabs(term->coefficient) * surplus(term->width + form->node_count + 8, 0x1p-53);
    if (term->distance) {
        screen->fixed += a * norm * norm;
        screen->per_square += a;
    }
    screen->per_norm += (term->distance ? 2 : 1) * a * norm;
}

/* A key's part in a term: adds to the squares of what is packed and what is lost. */
typedef struct KeySquares {
    double packed, lost;
} KeySquares;

static void pack_term(Screen *screen, const ScoreTerm *term, uint32_t before, KeySquares *squares) {
    uint32_t width = screen->assignment->head->form.shape.width;
    double factor = (term->distance ? -2 : 1) * term->coefficient, most = 0;
    for (int64_t j = 0; j < screen->count; j++) {
        const double *key = screen->components + (size_t)j * width;
        double square = 0, far = 0;
        for (uint32_t c = before; c < before + term->width; c++) {
            double k = screen->scale * (key[c] - screen->moved[c]), kept;
            double whole = factor * k;
            put_component(screen, j, c, packed_bits(screen, whole, &kept));
            squares[j].packed += kept * kept;
            squares[j].lost += (whole - kept) * (whole - kept);
            square += k * k;
            far += screen->scale * key[c] * (screen->scale * key[c]);
        }
        if (term->distance) {
            screen->biases[j] += term->coefficient * square;
            screen->weights[j] += fabs(term->coefficient) * square;
        }
        most = greatest_of(most, term->distance ? square : far);
    }
    add_exact(screen, term, sqrt(most));
}

static void pack_bias(Screen *screen, const ScoreBias *bias, const KeyList *keys) {
    Run *run = screen->run;
    double square = screen->scale * screen->scale, most = 0;
    Scalars numbers = run_numbers(run, bias->key);
    for (int64_t j = 0; j < screen->count; j++) {
        double whole =
            bias->coefficient * number_at(&numbers, run_place(run, bias->key, keys->positions[j]));
        double part = square * whole;
        screen->given[j] += whole;
        screen->heavy[j] += fabs(whole) + fabs(bias->coefficient * bias->other);
        screen->biases[j] += part;
        screen->weights[j] += fabs(part);
        most = greatest_of(most, fabs(part));
    }
    most += fabs(square * bias->coefficient * bias->other);
    screen->fixed += surplus(screen->assignment->head->form.node_count + 8, 0x1p-53) * most;
}

static void pack_terms(Screen *screen, const KeyList *keys, KeySquares *squares) {
    const ScoreForm *form = &screen->assignment->head->form;
    size_t all = (size_t)screen->blocks * screen->run->plan->unit.screen_keys;
    memset(screen->key_words, 0, all * screen->words * sizeof *screen->key_words);
    memset(screen->biases, 0, all * sizeof *screen->biases);
    memset(screen->weights, 0, all * sizeof *screen->weights);
    memset(screen->given, 0, (size_t)screen->count * sizeof *screen->given);
    memset(screen->heavy, 0, (size_t)screen->count * sizeof *screen->heavy);
    screen->fixed = screen->per_norm = screen->per_square = screen->per_error = 0;
    uint32_t before = 0;
    for (uint32_t t = 0; t < form->term_count; before += form->terms[t++].width)
        pack_term(screen, &form->terms[t], before, squares);
    for (uint32_t b = 0; b < form->bias_count; b++)
        pack_bias(screen, &form->biases[b], keys);
    for (size_t j = 0; j < all; j++) {
        bool key = (int64_t)j < screen->count;
        screen->bias[j] = key ? (float)screen->biases[j] : (float)SCREEN_NO_KEY;
        screen->numbers[j + screen->run->plan->unit.screen_keys] = (int32_t)j;
    }
}

/* --- the bound -------------------------------------------------------------------------------- */

static Norms find_norms(const Screen *screen, const KeySquares *squares) {
    Norms norms = {0};
    for (int64_t j = 0; j < screen->count; j++) {
        norms.packed = greatest_of(norms.packed, squares[j].packed);
        norms.lost = greatest_of(norms.lost, squares[j].lost);
        norms.biases = greatest_of(norms.biases, screen->weights[j]);
    }
    norms.packed = sqrt(norms.packed);
    norms.lost = sqrt(norms.lost);
    return norms;
}

/* False where a score may overflow, or the bound would not hold. */
static bool bound(Screen *screen, const KeySquares *squares, uint32_t bits) {
    const RealPlan *plan = screen->run->plan;
    double width = screen->assignment->head->form.shape.width, least = width * 0x1p-60;
    Norms norms = find_norms(screen, squares);
    double scores = surplus(2 * width + 8, 0x1p-24) + ldexp(1, (int)bits - 23);
    if (!(norms.packed <= SCREEN_NORM && norms.lost <= SCREEN_NORM &&
          norms.biases <= SCREEN_NORM * SCREEN_NORM && scores <= 1.0 / 128 && scores > 0))
        return false;
    /* What computing the keys and rows takes, each within a few u. */
    double lost = norms.lost + 0x1p-50 * norms.packed;
    double rows = (plan->single ? 0x1p-23 : 0x1p-52) * norms.packed;
    screen->fixed += scores * norms.biases + least * (1 + norms.packed);
    screen->per_norm += scores * norms.packed + lost + rows + least;
    screen->per_error += norms.packed;
    const double twice = 2 * (1 + 1.0 / 64);
    screen->fixed *= twice;
    screen->per_norm *= twice;
    screen->per_square *= twice;
    screen->per_error *= twice;
    screen->mask = -((int64_t)1 << bits);
    return true;
}

/* --- the step --------------------------------------------------------------------------------- */

static bool can_screen(const Run *run, const Assignment *assignment, const KeyList *keys,
                       uint32_t *bits) {
    enum { KEYS_LEAST = 4 };
    int64_t places = keys->count + run->plan->unit.screen_keys;
    for (*bits = 1; ((int64_t)1 << *bits) < places;)
        ++*bits;
    return assignment->screened && keys->count >= KEYS_LEAST && *bits <= NUMBER_BITS;
}

bool screen_ready(Run *run, const Assignment *assignment, Winners *winners, int64_t block_rows) {
    uint32_t bits;
    const KeyList *keys = &winners->keys;
    Screen *screen = winners->screen;
    winners->screening = false;
    if (!can_screen(run, assignment, keys, &bits)) return true;
    if (screen == NULL) screen = winners->screen = screen_new(run, assignment, block_rows);
    KeySquares *squares = run_take(run, (size_t)keys->count, sizeof *squares);
    if (!screen || !squares || !take_keys(screen, keys->count)) return false;
    gather_keys(screen, keys);
    if (find_frame(screen)) {
        pack_terms(screen, keys, squares);
        winners->screening = bound(screen, squares, bits);
    }
    run_give(run, squares);
    return true;
}

/* The block's rows as words, packed now or in a round before; none where they were kept and are no
   more. */
static ScreenRows pack_rows(Screen *screen, const ScreenRoom *room, const void *const *queries,
                            void *scratch, int64_t from, int64_t to) {
    const Run *run = screen->run;
    ScreenRows rows = room->rows;
    if (screen->kept) {
        int64_t block = from / screen->block_rows;
        Kept kept = kept_rows(screen);
        rows.words = kept.words + (size_t)block * block_words(screen);
        rows.norms = kept.norms + 2 * (size_t)from;
        if (kept.packed[block]) return rows;
        kept.packed[block] = 1;
    }
    if (rows.words == NULL) return rows;
    ScreenPackKernel *pack =
        (ScreenPackKernel *)(uintptr_t)run->program->functions[screen->assignment->pack];
    pack(queries, screen->shift, screen->scale, scratch, run->n - 1, rows.words, rows.norms, from,
         to);
    return rows;
}

/* Of rows that are not certain, those for which two keys are left: who is the winner. */
static void fight(Screen *screen, const ScreenRoom *room, const void *const *queries, int64_t from,
                  int64_t open, int32_t *winners) {
    const Run *run = screen->run;
    const ScoreForm *form = &screen->assignment->head->form;
    int64_t count = 0;
    for (int64_t o = 0; o < open; o++) {
        room->rows_of_pairs[count] = room->open[o];
        room->pairs[count] = ~winners[room->open[o] - from];
        count += room->pairs[count] > 0;
    }
    if (count == 0) return;
    double terms = form->shape.width + form->node_count + 16;
    DuelKernel *duel = (DuelKernel *)(uintptr_t)run->program->functions[screen->assignment->duel];
    duel(queries, screen->components, screen->given, screen->heavy, room->rows_of_pairs,
         room->pairs, count, 2 * (1 + 1.0 / 64) * surplus(terms, 0x1p-53),
         4 * terms * SCORE_FACTOR_MOST * DBL_MIN, room->found);
    for (int64_t p = 0; p < count; p++)
        winners[room->rows_of_pairs[p] - from] = room->found[p];
}

static int64_t leave_open(const ScreenRoom *room, int64_t from, int64_t to) {
    for (int64_t i = from; i < to; i++)
        room->open[i - from] = (int32_t)i;
    return to - from;
}

int64_t screen_block(Screen *screen, const ScreenRoom *room, void *scratch, int64_t from,
                     int64_t to, int32_t *winners, const char *wanted, int64_t row_bytes) {
    const Run *run = screen->run;
    const ScoreForm *form = &screen->assignment->head->form;
    const void *queries[TILE_TERMS];
    for (uint32_t t = 0; t < form->term_count; t++)
        queries[t] = run->columns[2 * (size_t)form->terms[t].query];
    ScreenRows rows = pack_rows(screen, room, queries, scratch, from, to);
    if (rows.words == NULL) return leave_open(room, from, to);
    ScreenKernel *kernel =
        (ScreenKernel *)(uintptr_t)run->program->functions[screen->assignment->screen];
    kernel(rows.words, rows.norms, screen->key_words, screen->bias, screen->numbers, screen->blocks,
           screen->fixed, screen->per_norm, screen->per_square, screen->per_error, screen->mask,
           (to - from + screen->tile - 1) / screen->tile, winners,
           wanted ? wanted + from * row_bytes : NULL, row_bytes);
    int64_t open = 0, left = 0;
    for (int64_t i = from; i < to; i++) {
        room->open[open] = (int32_t)i; /* kept or written over: a jump could not be foreseen */
        open += winners[i - from] < 0;
    }
    fight(screen, room, queries, from, open, winners);
    for (int64_t o = 0; o < open; o++) {
        room->open[left] = room->open[o];
        left += winners[room->open[o] - from] < 0;
    }
    return left;
}
