#include "runtime/engines/dense/product.h"

#include "runtime/base/bug.h"

#include <string.h>

/* --- packing ---------------------------------------------------------------------------------- */

static uint32_t parts(uint32_t whole, uint32_t part) { return whole / part + (whole % part != 0); }

static uint32_t at_most(uint32_t count, uint32_t limit) { return count < limit ? count : limit; }

/* lines is (count, across): each of them `line_step` apart, its elements `across_step`; a strip of
   fewer than `width` elements is filled up with zeros. */
typedef struct Strip {
    const Real *data;
    uint32_t count, across, width;
    size_t line_step, across_step;
} Strip;

/* Sets used[line] to -1 or 0: is there anything but zeros? Most of what is packed is zeros, so this
   is what packing costs. */
FOR_EACH_PROCESSOR
static void find_lines(const Strip *strip, RealBits *used) {
    uint32_t l = 0;
    for (; strip->line_step == 1 && l + LANES <= strip->count; l += LANES) {
        VectorBits any = {0};
        for (uint32_t i = 0; i < strip->across; i++)
            any |= *(const Vector *)(strip->data + i * strip->across_step + l) != 0;
        *(VectorBits *)(used + l) = any;
    }
    for (; l < strip->count; l++) {
        const Real *at = strip->data + l * strip->line_step;
        used[l] = 0;
        for (uint32_t i = 0; i < strip->across; i++)
            used[l] |= -(at[i * strip->across_step] != 0);
    }
}

static Cell pack_cell(Arena *arena, const Strip *strip) {
    RealBits used[SLICE];
    uint16_t line[SLICE];
    uint32_t count = 0;
    find_lines(strip, used);
    for (uint32_t l = 0; l < strip->count; l++) {
        line[count] = (uint16_t)l;
        count += used[l] != 0;
    }
    if (count == 0) return (Cell){0};
    /* A nearly full cell is treated as full: that saves looking which lines both factors have. */
    if (4 * count > 3 * strip->count) {
        for (count = 0; count < strip->count; count++)
            line[count] = (uint16_t)count;
    }
    uint16_t *lines = ARENA_ARRAY(arena, uint16_t, count + strip->count), *place = lines + count;
    Real *values = ARENA_ARRAY(arena, Real, (size_t)count * strip->width);
    memcpy(lines, line, count * sizeof *line);
    for (uint32_t l = 0; l < strip->count; l++)
        place[l] = NO_LINE;
    for (uint32_t c = 0; c < count; c++) {
        const Real *at = strip->data + line[c] * strip->line_step;
        place[line[c]] = (uint16_t)c;
        for (uint32_t i = 0; i < strip->across; i++)
            values[(size_t)c * strip->width + i] = at[i * strip->across_step];
    }
    return (Cell){count, lines, place, values};
}

/* Lines go along the inner dimension, strips across it. */
static Factor pack(Arena *arena, Strip whole) {
    Factor factor = {.lines = whole.across,
                     .inner = whole.count,
                     .strips = parts(whole.across, whole.width),
                     .slices = parts(whole.count, SLICE)};
    Cell *cells = ARENA_ARRAY(arena, Cell, (size_t)factor.strips * factor.slices);
    factor.cells = cells;
    for (uint32_t s = 0; s < factor.strips; s++) {
        for (uint32_t k = 0; k < factor.slices; k++) {
            Strip strip = whole;
            strip.data +=
                (size_t)s * whole.width * whole.across_step + (size_t)k * SLICE * whole.line_step;
            strip.across = at_most(whole.across - s * whole.width, whole.width);
            strip.count = at_most(whole.count - k * SLICE, SLICE);
            *cells++ = pack_cell(arena, &strip);
        }
    }
    return factor;
}

Factor left_factor(Arena *arena, MatrixView a) {
    return pack(arena, (Strip){a.data, a.columns, a.rows, LEFT_ROWS, a.column_step, a.row_step});
}

Factor right_factor(Arena *arena, MatrixView b) {
    return pack(arena, (Strip){b.data, b.rows, b.columns, LANES, b.row_step, b.column_step});
}

/* --- multiplying ------------------------------------------------------------------------------ */

/* Pairs of lines, one of a left and one of a right cell. */
typedef struct Pairs {
    uint32_t count;
    const uint16_t *left, *right; /* (count): places in the cells */
} Pairs;

typedef struct PairsRoom {
    uint16_t left[SLICE], right[SLICE], all[SLICE]; /* all: 0, 1, 2, ... */
} PairsRoom;

/* The lines of `few` that `many` has as well, as places in both. */
INSIDE_LOOP uint32_t common_lines(const Cell *few, const Cell *many, uint16_t *in_few,
                                  uint16_t *in_many) {
    uint32_t count = 0;
    for (uint32_t l = 0; l < few->count; l++) {
        uint16_t place = many->place[few->line[l]];
        in_few[count] = (uint16_t)l;
        in_many[count] = place;
        count += place != NO_LINE;
    }
    return count;
}

INSIDE_LOOP Pairs pairs_of(const Cell *left, const Cell *right, uint32_t inner, PairsRoom *room) {
    if (right->count == inner) return (Pairs){left->count, room->all, left->line};
    if (left->count == inner) return (Pairs){right->count, right->line, room->all};
    uint32_t count = left->count < right->count
                         ? common_lines(left, right, room->left, room->right)
                         : common_lines(right, left, room->right, room->left);
    return (Pairs){count, room->left, room->right};
}

/* out (rows, columns) += the sum over the pairs of left (LEFT_ROWS) times right (LANES). */
INSIDE_LOOP void add_tile(Pairs pairs, const Real *left, const Real *right, Real *out,
                          size_t stride, uint32_t rows, uint32_t columns) {
    Vector sum[LEFT_ROWS] = {0};
    for (uint32_t p = 0; p < pairs.count; p++) {
        const Real *factors = left + (size_t)pairs.left[p] * LEFT_ROWS;
        Vector row = *(const Vector *)(right + (size_t)pairs.right[p] * LANES);
        for (uint32_t r = 0; r < LEFT_ROWS; r++)
            sum[r] += factors[r] * row;
    }
    if (rows == LEFT_ROWS && columns == LANES) {
        for (uint32_t r = 0; r < LEFT_ROWS; r++)
            *(Vector *)(out + r * stride) += sum[r];
        return;
    }
    Real tile[LEFT_ROWS][LANES];
    memcpy(tile, sum, sizeof tile);
    for (uint32_t r = 0; r < rows; r++) {
        for (uint32_t c = 0; c < columns; c++)
            out[r * stride + c] += tile[r][c];
    }
}

/* The blocks first..end of the left, whose cells in one slice stay in the cache, times one cell of
   the right. */
FOR_EACH_PROCESSOR
static void add_panel(const Factor *left, uint32_t first, uint32_t end, const Factor *right,
                      uint32_t panel, uint32_t slice, PairsRoom *room, Real *out, size_t stride) {
    const Cell *b = &right->cells[(size_t)panel * right->slices + slice];
    uint32_t inner = at_most(left->inner - slice * SLICE, SLICE);
    uint32_t columns = at_most(right->lines - panel * LANES, LANES);
    for (uint32_t block = first; block < end; block++) {
        const Cell *a = &left->cells[(size_t)block * left->slices + slice];
        if (a->count == 0) continue;
        Pairs pairs = pairs_of(a, b, inner, room);
        if (pairs.count == 0) continue;
        uint32_t rows = at_most(left->lines - block * LEFT_ROWS, LEFT_ROWS);
        add_tile(pairs, a->values, b->values,
                 out + (size_t)block * LEFT_ROWS * stride + (size_t)panel * LANES, stride, rows,
                 columns);
    }
}

void product_add(const Factor *left, const Factor *right, Real *out, size_t stride) {
    enum { BLOCKS_TOGETHER = 64 }; /* a slice of them: 400 KB in float32 */
    if (left->inner != right->inner) BUG("%u times %u", left->inner, right->inner);
    PairsRoom room;
    for (uint32_t i = 0; i < SLICE; i++)
        room.all[i] = (uint16_t)i;
    for (uint32_t first = 0; first < left->strips; first += BLOCKS_TOGETHER) {
        uint32_t end = at_most(left->strips, first + BLOCKS_TOGETHER);
        for (uint32_t slice = 0; slice < right->slices; slice++) {
            for (uint32_t panel = 0; panel < right->strips; panel++) {
                if (right->cells[(size_t)panel * right->slices + slice].count > 0)
                    add_panel(left, first, end, right, panel, slice, &room, out, stride);
            }
        }
    }
}
