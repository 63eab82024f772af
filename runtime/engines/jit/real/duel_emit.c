#include "runtime/engines/jit/real/duel_emit.h"

typedef struct Duel {
    Kernel *kernel;
    const ScoreForm *form;
    uint32_t lanes; /* doubles of a register */
    LLVMValueRef queries, row;
    LLVMValueRef keys[2]; /* where their components begin */
} Duel;

/* The first's score less the second's, and the magnitudes of both. */
typedef struct Lead {
    LLVMValueRef ahead, weight;
} Lead;

/* Doubles of a query's or key's components. */
static LLVMValueRef load_doubles(Duel *duel, LLVMValueRef base, LLVMValueRef place, bool narrow,
                                 uint32_t lanes) {
    Kernel *kernel = duel->kernel;
    Emit *emit = &kernel->emit;
    LLVMTypeRef element = narrow ? kernel->real : emit->f64;
    LLVMTypeRef wide = lanes > 1 ? LLVMVectorType(emit->f64, lanes) : emit->f64;
    LLVMTypeRef type = lanes > 1 ? LLVMVectorType(element, lanes) : element;
    LLVMValueRef value = kernel_load(kernel, type, element, base, place);
    return narrow ? LLVMBuildFPExt(emit->builder, value, wide, "") : value;
}

/* Components [index, index + lanes) of a term: onto what there is of its lead, without its factor.
 */
static Lead add_part(Duel *duel, uint32_t term, uint32_t before, LLVMValueRef column,
                     LLVMValueRef index, uint32_t lanes, Lead lead) {
    Kernel *kernel = duel->kernel;
    Emit *emit = &kernel->emit;
    LLVMBuilderRef builder = emit->builder;
    const ScoreTerm *at = &duel->form->terms[term];
    bool narrow = kernel->single && !duel->form->shape.doubles[term];
    LLVMValueRef place = kernel_mul(kernel, duel->row, emit_int(emit, at->width));
    LLVMValueRef query =
        load_doubles(duel, column, kernel_add(kernel, place, index), narrow, lanes);
    LLVMValueRef parts[2];
    for (int k = 0; k < 2; k++) {
        place = kernel_add(kernel, index, emit_int(emit, before));
        LLVMValueRef key = load_doubles(duel, duel->keys[k], place, false, lanes);
        if (at->distance) {
            LLVMValueRef away = LLVMBuildFSub(builder, key, query, "");
            parts[k] = LLVMBuildFMul(builder, away, away, "");
            lead.weight = LLVMBuildFAdd(builder, lead.weight, parts[k], "");
        } else {
            parts[k] = LLVMBuildFMul(builder, key, query, "");
            LLVMValueRef magnitude = kernel_intrinsic(kernel, "llvm.fabs", 1, &parts[k]);
            lead.weight = LLVMBuildFAdd(builder, lead.weight, magnitude, "");
        }
    }
    LLVMValueRef ahead = LLVMBuildFSub(builder, parts[0], parts[1], "");
    lead.ahead = LLVMBuildFAdd(builder, lead.ahead, ahead, "");
    return lead;
}

static LLVMValueRef sum_of_lanes(Duel *duel, LLVMValueRef vector) {
    Emit *emit = &duel->kernel->emit;
    LLVMValueRef sum = emit_real(emit, 0);
    for (uint32_t lane = 0; lane < duel->lanes; lane++)
        sum = LLVMBuildFAdd(emit->builder, sum,
                            LLVMBuildExtractElement(emit->builder, vector,
                                                    LLVMConstInt(emit->i32, lane, false), ""),
                            "");
    return sum;
}

static Lead lead_of_term(Duel *duel, uint32_t term, uint32_t before) {
    Kernel *kernel = duel->kernel;
    Emit *emit = &kernel->emit;
    uint32_t lanes = duel->lanes, width = duel->form->terms[term].width;
    LLVMValueRef column = emit_load(emit, emit->pointer, duel->queries, emit_int(emit, term));
    LLVMValueRef zeros = kernel_splat(kernel, emit_real(emit, 0), lanes);
    Loop loop = loop_begin(emit, emit_int(emit, 0), emit_int(emit, width / lanes), 2,
                           (LLVMValueRef[]){zeros, zeros});
    LLVMValueRef index = kernel_mul(kernel, loop.index, emit_int(emit, lanes));
    Lead lead =
        add_part(duel, term, before, column, index, lanes, (Lead){loop.carry[0], loop.carry[1]});
    loop_end(emit, &loop, (LLVMValueRef[]){lead.ahead, lead.weight});
    lead = (Lead){sum_of_lanes(duel, loop.result[0]), sum_of_lanes(duel, loop.result[1])};
    Loop rest = loop_begin(emit, emit_int(emit, width / lanes * lanes), emit_int(emit, width), 2,
                           (LLVMValueRef[]){lead.ahead, lead.weight});
    lead =
        add_part(duel, term, before, column, rest.index, 1, (Lead){rest.carry[0], rest.carry[1]});
    loop_end(emit, &rest, (LLVMValueRef[]){lead.ahead, lead.weight});
    return (Lead){rest.result[0], rest.result[1]};
}

void duel_emit(Kernel *kernel, const char *name, const ScoreForm *form) {
    Emit *emit = &kernel->emit;
    LLVMBuilderRef builder = emit->builder;
    kernel_function(kernel, name, "ppppppiddp");
    const LLVMValueRef *p = kernel->parameters;
    Duel duel = {.kernel = kernel,
                 .form = form,
                 .lanes = kernel->unit.bytes / (uint32_t)sizeof(double),
                 .queries = p[0]};
    Loop loop = loop_begin(emit, emit_int(emit, 0), p[6], 0, NULL);
    duel.row = emit_to_int(emit, emit_load(emit, emit->i32, p[4], loop.index));
    LLVMValueRef pair = emit_to_int(emit, emit_load(emit, emit->i32, p[5], loop.index)), number[2];
    number[0] = LLVMBuildLShr(builder, pair, emit_int(emit, DUEL_BITS), "");
    number[1] = LLVMBuildAnd(builder, pair, emit_int(emit, (1 << DUEL_BITS) - 1), "");
    LLVMValueRef bias[2], weight[2];
    for (int k = 0; k < 2; k++) {
        LLVMValueRef place = kernel_mul(kernel, number[k], emit_int(emit, form->shape.width));
        duel.keys[k] = LLVMBuildInBoundsGEP2(builder, emit->f64, p[1], &place, 1, "");
        bias[k] = emit_load(emit, emit->f64, p[2], number[k]);
        weight[k] = emit_load(emit, emit->f64, p[3], number[k]);
    }
    Lead all = {LLVMBuildFSub(builder, bias[0], bias[1], ""),
                LLVMBuildFAdd(builder, weight[0], weight[1], "")};
    uint32_t before = 0;
    for (uint32_t t = 0; t < form->term_count; before += form->terms[t++].width) {
        Lead lead = lead_of_term(&duel, t, before);
        double a = form->terms[t].coefficient;
        lead.ahead = LLVMBuildFMul(builder, lead.ahead, emit_real(emit, a), "");
        lead.weight = LLVMBuildFMul(builder, lead.weight, emit_real(emit, a < 0 ? -a : a), "");
        all.ahead = LLVMBuildFAdd(builder, all.ahead, lead.ahead, "");
        all.weight = LLVMBuildFAdd(builder, all.weight, lead.weight, "");
    }
    LLVMValueRef margin = LLVMBuildFMul(builder, all.weight, p[7], "");
    margin = LLVMBuildFAdd(builder, margin, p[8], "");
    LLVMValueRef behind = LLVMBuildFNeg(builder, all.ahead, "");
    LLVMValueRef first = LLVMBuildFCmp(builder, LLVMRealOGT, all.ahead, margin, "");
    LLVMValueRef second = LLVMBuildFCmp(builder, LLVMRealOGT, behind, margin, "");
    LLVMValueRef winner = emit_choose(emit, second, number[1], emit_int(emit, -1));
    winner = emit_choose(emit, first, number[0], winner);
    winner = LLVMBuildTrunc(builder, winner, emit->i32, "");
    emit_store(emit, emit->i32, p[9], loop.index, winner);
    loop_end(emit, &loop, NULL);
    kernel_return(kernel);
}
