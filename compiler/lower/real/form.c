/* Affine forms: what is free, for whoever reads a form has its factors in the weights. Numbers are
   folded in double; where that rounds, the plan says so. */
#include "compiler/lower/real/plan.h"

#include "runtime/base/bug.h"

#include <math.h>
#include <string.h>

/* --- numbers ---------------------------------------------------------------------------------- */

static double times(RealPlan *plan, double a, double b) {
    double product = a * b;
    if (isfinite(product) && fma(a, b, -product) != 0) plan->rounded = true;
    return product;
}

/* What is lost is a number again (Knuth, The Art of Computer Programming, 4.2.2). */
static double plus(RealPlan *plan, double a, double b) {
    double sum = a + b, of_b = sum - a;
    if (isfinite(sum) && (a - (sum - of_b)) + (b - of_b) != 0) plan->rounded = true;
    return sum;
}

/* --- blocks ----------------------------------------------------------------------------------- */

static uint32_t width_of(const RealPlan *plan, const Block *block) {
    return plan->values[block->value].width;
}

void block_add_to(const RealPlan *plan, const Block *block, double *out, uint32_t stride) {
    uint32_t width = width_of(plan, block);
    for (uint32_t r = 0; r < block->rows; r++) {
        double *row = out + (size_t)r * stride;
        if (!block->matrix) {
            row[width == 1 ? 0 : r] += block->factor;
            continue;
        }
        for (uint32_t c = 0; c < width; c++)
            row[c] += block->matrix[(size_t)r * width + c];
    }
}

/* A matrix that is one number, or all 0, is a factor. */
static Block simplest(const RealPlan *plan, Block block) {
    uint32_t width = width_of(plan, &block);
    if (!block.matrix) return block;
    bool nothing = true;
    for (size_t i = 0; i < (size_t)block.rows * width && nothing; i++)
        nothing = block.matrix[i] == 0;
    if (nothing || (block.rows == 1 && width == 1)) {
        block.factor = block.matrix[0];
        block.matrix = NULL;
    }
    return block;
}

static bool is_nothing(const Block *block) { return !block->matrix && block->factor == 0; }

static int order(const Block *a, const Block *b) {
    if (a->value != b->value) return a->value < b->value ? -1 : 1;
    if (a->row != b->row) return a->row < b->row ? -1 : 1;
    return (a->rows > b->rows) - (a->rows < b->rows);
}

/* The sum of two blocks that agree in value and rows. False: too large. */
static bool add_block(RealPlan *plan, NodeId node, const Block *a, const Block *b, Block *sum) {
    *sum = *a;
    if (!a->matrix && !b->matrix) {
        sum->factor = plus(plan, a->factor, b->factor);
        return true;
    }
    uint32_t width = width_of(plan, a);
    size_t count = (size_t)a->rows * width;
    double *matrix = plan_real_numbers(plan, node, count);
    double *other = plan_real_numbers(plan, node, count);
    if (!matrix || !other) return false;
    block_add_to(plan, a, matrix, width);
    block_add_to(plan, b, other, width);
    for (size_t i = 0; i < count; i++)
        matrix[i] = plus(plan, matrix[i], other[i]);
    sum->matrix = matrix;
    sum->factor = 0;
    *sum = simplest(plan, *sum);
    return true;
}

/* --- forms ------------------------------------------------------------------------------------ */

Form form_constants(uint32_t rows, const double *numbers) {
    return (Form){.rows = rows, .constant = numbers};
}

Form form_number(RealPlan *plan, double number) {
    double *constant = ARENA_ARRAY(plan->scratch, double, 1);
    *constant = number;
    return form_constants(1, constant);
}

Form form_value(RealPlan *plan, ValueId value) {
    Block *block = ARENA_NEW(plan->scratch, Block);
    *block = (Block){.value = value, .rows = plan->values[value].width, .factor = 1};
    return (Form){.rows = block->rows, .count = 1, .blocks = block};
}

bool form_is_constant(const Form *form) { return form->count == 0; }

bool form_is_value(const RealPlan *plan, const Form *form, ValueId *value) {
    const Block *block = form->blocks;
    if (form->count != 1 || form->constant || block->matrix || block->factor != 1) return false;
    *value = block->value;
    return block->rows == form->rows && width_of(plan, block) == form->rows;
}

Form form_spread(RealPlan *plan, NodeId node, const Form *form, uint32_t rows) {
    if (form->rows == rows || form->rows == 0) return *form;
    if (form->rows != 1) BUG("only one number goes with several");
    Form out = {.rows = rows, .count = form->count};
    if (form->constant) {
        double *constant = plan_real_numbers(plan, node, rows);
        if (!constant) return (Form){0};
        for (uint32_t r = 0; r < rows; r++)
            constant[r] = *form->constant;
        out.constant = constant;
    }
    Block *blocks = ARENA_ARRAY(plan->scratch, Block, form->count);
    for (uint32_t b = 0; b < form->count; b++) {
        blocks[b] = form->blocks[b];
        blocks[b].rows = rows;
        if (!blocks[b].matrix) continue;
        uint32_t width = width_of(plan, &blocks[b]);
        double *matrix = plan_real_numbers(plan, node, (uint64_t)rows * width);
        if (!matrix) return (Form){0};
        for (uint32_t r = 0; r < rows; r++)
            memcpy(matrix + (size_t)r * width, form->blocks[b].matrix, width * sizeof *matrix);
        blocks[b].matrix = matrix;
    }
    out.blocks = blocks;
    return out;
}

static bool add_constants(RealPlan *plan, NodeId node, const Form *a, const Form *b, Form *out) {
    if (!a->constant || !b->constant) {
        out->constant = a->constant ? a->constant : b->constant;
        return true;
    }
    double *constant = plan_real_numbers(plan, node, a->rows);
    bool nothing = true;
    if (!constant) return false;
    for (uint32_t r = 0; r < a->rows; r++) {
        constant[r] = plus(plan, a->constant[r], b->constant[r]);
        nothing = nothing && constant[r] == 0;
    }
    out->constant = nothing ? NULL : constant;
    return true;
}

Form form_add(RealPlan *plan, NodeId node, const Form *a, const Form *b) {
    if (a->rows == 0 || b->rows == 0) return (Form){0};
    if (a->rows != b->rows) BUG("forms of %u and %u rows", a->rows, b->rows);
    Form out = {.rows = a->rows};
    if (!add_constants(plan, node, a, b, &out)) return (Form){0};
    Block *blocks = ARENA_ARRAY(plan->scratch, Block, (size_t)a->count + b->count);
    uint32_t i = 0, j = 0;
    while (i < a->count || j < b->count) {
        int before = i == a->count ? 1 : j == b->count ? -1 : order(&a->blocks[i], &b->blocks[j]);
        Block *block = &blocks[out.count];
        if (before != 0)
            *block = before < 0 ? a->blocks[i++] : b->blocks[j++];
        else if (!add_block(plan, node, &a->blocks[i++], &b->blocks[j++], block))
            return (Form){0};
        if (!is_nothing(block)) out.count++;
    }
    out.blocks = blocks;
    return out;
}

Form form_scale(RealPlan *plan, NodeId node, const Form *form, double factor) {
    if (form->rows == 0 || factor == 1) return *form;
    if (factor == 0) return form_constants(form->rows, NULL);
    Form out = {.rows = form->rows, .count = form->count};
    if (form->constant) {
        double *constant = plan_real_numbers(plan, node, form->rows);
        if (!constant) return (Form){0};
        for (uint32_t r = 0; r < form->rows; r++)
            constant[r] = times(plan, form->constant[r], factor);
        out.constant = constant;
    }
    Block *blocks = ARENA_ARRAY(plan->scratch, Block, form->count);
    for (uint32_t b = 0; b < form->count; b++) {
        blocks[b] = form->blocks[b];
        if (!blocks[b].matrix) {
            blocks[b].factor = times(plan, blocks[b].factor, factor);
            continue;
        }
        size_t count = (size_t)blocks[b].rows * width_of(plan, &blocks[b]);
        double *matrix = plan_real_numbers(plan, node, count);
        if (!matrix) return (Form){0};
        for (size_t c = 0; c < count; c++)
            matrix[c] = times(plan, blocks[b].matrix[c], factor);
        blocks[b].matrix = matrix;
    }
    out.blocks = blocks;
    return out;
}

/* The block with each of its rows times its factor, as a matrix. */
static bool scale_block_rows(RealPlan *plan, NodeId node, Block *block, const double *factors) {
    uint32_t width = width_of(plan, block);
    double *matrix = plan_real_numbers(plan, node, (uint64_t)block->rows * width);
    if (!matrix) return false;
    block_add_to(plan, block, matrix, width);
    for (uint32_t r = 0; r < block->rows; r++)
        for (uint32_t c = 0; c < width; c++) {
            double *cell = &matrix[(size_t)r * width + c];
            *cell = times(plan, *cell, factors[block->row + r]);
        }
    block->matrix = matrix;
    block->factor = 0;
    *block = simplest(plan, *block);
    return true;
}

Form form_scale_rows(RealPlan *plan, NodeId node, const Form *form, const double *factors) {
    bool same = true;
    for (uint32_t r = 1; r < form->rows && same; r++)
        same = factors[r] == factors[0];
    if (form->rows == 0 || same) return form_scale(plan, node, form, *factors);
    Form out = {.rows = form->rows};
    if (form->constant) {
        double *constant = plan_real_numbers(plan, node, form->rows);
        if (!constant) return (Form){0};
        for (uint32_t r = 0; r < form->rows; r++)
            constant[r] = times(plan, form->constant[r], factors[r]);
        out.constant = constant;
    }
    Block *blocks = ARENA_ARRAY(plan->scratch, Block, form->count);
    for (uint32_t b = 0; b < form->count; b++) {
        blocks[out.count] = form->blocks[b];
        if (!scale_block_rows(plan, node, &blocks[out.count], factors)) return (Form){0};
        if (!is_nothing(&blocks[out.count])) out.count++;
    }
    out.blocks = blocks;
    return out;
}

Form form_row(RealPlan *plan, NodeId node, const Form *form, uint32_t row) {
    Form out = {.rows = form->rows == 0 ? 0 : 1};
    if (form->rows == 0) return out;
    if (form->constant && form->constant[row] != 0) out.constant = &form->constant[row];
    Block *blocks = ARENA_ARRAY(plan->scratch, Block, form->count);
    for (uint32_t b = 0; b < form->count; b++) {
        Block block = form->blocks[b];
        uint32_t width = width_of(plan, &block);
        if (row < block.row || row - block.row >= block.rows) continue;
        uint32_t r = row - block.row;
        block.row = 0;
        block.rows = 1;
        if (block.matrix) {
            block.matrix += (size_t)r * width;
        } else if (width > 1) {
            double *matrix = plan_real_numbers(plan, node, width);
            if (!matrix) return (Form){0};
            matrix[r] = block.factor;
            block.matrix = matrix;
        }
        block = simplest(plan, block);
        /* Blocks of one value that had different rows are in order, and may agree now. */
        Block *last = out.count > 0 ? &blocks[out.count - 1] : NULL;
        if (last && last->value == block.value) {
            if (!add_block(plan, node, last, &block, last)) return (Form){0};
            if (is_nothing(last)) out.count--;
        } else if (!is_nothing(&block)) {
            blocks[out.count++] = block;
        }
    }
    out.blocks = blocks;
    return out;
}

/* The form in rows first .. first + rows - 1 of `all`. */
static bool place_rows(RealPlan *plan, NodeId node, const Form *form, uint32_t first, uint32_t all,
                       Form *out) {
    *out = (Form){.rows = all, .count = form->count};
    if (form->constant) {
        double *constant = plan_real_numbers(plan, node, all);
        if (!constant) return false;
        memcpy(constant + first, form->constant, form->rows * sizeof *constant);
        out->constant = constant;
    }
    Block *blocks = ARENA_ARRAY(plan->scratch, Block, form->count);
    for (uint32_t b = 0; b < form->count; b++) {
        blocks[b] = form->blocks[b];
        blocks[b].row += first;
    }
    out->blocks = blocks;
    return true;
}

Form form_join(RealPlan *plan, NodeId node, const Form *a, const Form *b) {
    Form above, below;
    if (a->rows == 0 || b->rows == 0) return (Form){0};
    if (!place_rows(plan, node, a, 0, a->rows + b->rows, &above)) return (Form){0};
    if (!place_rows(plan, node, b, a->rows, a->rows + b->rows, &below)) return (Form){0};
    return form_add(plan, node, &above, &below);
}

/* matrix (rows, columns) times the block, whose rows are some of the columns. */
static bool multiply_block(RealPlan *plan, NodeId node, const double *matrix, uint32_t rows,
                           uint32_t columns, const Block *block, Block *out) {
    uint32_t width = width_of(plan, block);
    double *own = plan_real_numbers(plan, node, (uint64_t)block->rows * width);
    double *product = plan_real_numbers(plan, node, (uint64_t)rows * width);
    if (!own || !product) return false;
    block_add_to(plan, block, own, width);
    for (uint32_t r = 0; r < rows; r++)
        for (uint32_t k = 0; k < block->rows; k++) {
            double factor = matrix[(size_t)r * columns + block->row + k];
            for (uint32_t c = 0; c < width && factor != 0; c++) {
                double part = own[(size_t)k * width + c];
                double *cell = &product[(size_t)r * width + c];
                if (part != 0) *cell = plus(plan, *cell, times(plan, factor, part));
            }
        }
    *out = simplest(plan, (Block){.value = block->value, .rows = rows, .matrix = product});
    return true;
}

Form form_matmul(RealPlan *plan, NodeId node, const double *matrix, uint32_t rows, const Form *of) {
    Form out = {.rows = rows};
    if (of->rows == 0) return (Form){0};
    if (of->constant) {
        double *constant = plan_real_numbers(plan, node, rows);
        if (!constant) return (Form){0};
        for (uint32_t r = 0; r < rows; r++)
            for (uint32_t k = 0; k < of->rows; k++)
                constant[r] = plus(plan, constant[r],
                                   times(plan, matrix[(size_t)r * of->rows + k], of->constant[k]));
        out.constant = constant;
    }
    for (uint32_t b = 0; b < of->count; b++) {
        Block block;
        if (!multiply_block(plan, node, matrix, rows, of->rows, &of->blocks[b], &block))
            return (Form){0};
        Form part = {.rows = rows, .count = is_nothing(&block) ? 0 : 1, .blocks = &block};
        out = form_add(plan, node, &out, &part);
    }
    return out;
}

bool form_is_finite(const RealPlan *plan, const Form *form) {
    for (uint32_t r = 0; form->constant && r < form->rows; r++)
        if (!isfinite(form->constant[r])) return false;
    for (uint32_t b = 0; b < form->count; b++) {
        const Block *block = &form->blocks[b];
        if (!block->matrix && !isfinite(block->factor)) return false;
        size_t count = block->matrix ? (size_t)block->rows * width_of(plan, block) : 0;
        for (size_t i = 0; i < count; i++)
            if (!isfinite(block->matrix[i])) return false;
    }
    return true;
}

void form_at_position(const RealPlan *plan, const Form *form, uint32_t position, double *out) {
    for (uint32_t r = 0; r < form->rows; r++)
        out[r] = form->constant ? form->constant[r] : 0;
    for (uint32_t b = 0; b < form->count; b++) {
        const Block *block = &form->blocks[b];
        uint32_t width = width_of(plan, block);
        const double *numbers = plan->values[block->value].numbers + (size_t)position * width;
        for (uint32_t r = 0; r < block->rows; r++) {
            const double *row = block->matrix ? block->matrix + (size_t)r * width : NULL;
            if (!row) out[block->row + r] += block->factor * numbers[width == 1 ? 0 : r];
            for (uint32_t c = 0; row && c < width; c++)
                out[block->row + r] += row[c] * numbers[c];
        }
    }
}

bool form_equal(const RealPlan *plan, const Form *a, const Form *b) {
    if (a->rows != b->rows || a->count != b->count) return false;
    for (uint32_t r = 0; r < a->rows && (a->constant || b->constant); r++)
        if ((a->constant ? a->constant[r] : 0) != (b->constant ? b->constant[r] : 0)) return false;
    for (uint32_t i = 0; i < a->count; i++) {
        const Block *x = &a->blocks[i], *y = &b->blocks[i];
        if (order(x, y) != 0 || x->factor != y->factor || !x->matrix != !y->matrix) return false;
        size_t bytes = x->matrix ? sizeof(double) * x->rows * width_of(plan, x) : 0;
        if (bytes > 0 && memcmp(x->matrix, y->matrix, bytes) != 0) return false;
    }
    return true;
}
