#include "runtime/engines/jit/native.h"

#include "runtime/base/bug.h"
#include "runtime/base/visible.h"

#include <llvm-c/Analysis.h>
#include <llvm-c/Error.h>
#include <llvm-c/LLJIT.h>
#include <llvm-c/Orc.h>
#include <llvm-c/Target.h>
#include <llvm-c/TargetMachine.h>
#include <llvm-c/Transforms/PassBuilder.h>
#include <string.h>

struct Native {
    LLVMOrcThreadSafeContextRef shared;
    LLVMContextRef context; /* shared's own */
    LLVMModuleRef module;
    LLVMTargetMachineRef machine;
    uint32_t vector_bits;
    LLVMOrcLLJITRef linker;
};

/* What scalar loops over columns need, and no more: the whole of O2 takes several times as long to
   run and gives these loops nothing. Vectors double the time that compiling takes; they pay where a
   loop runs n^2 times. */
static const char scalar_passes[] =
    "function(early-cse<memssa>,loop-mssa(licm),early-cse,simplifycfg)";
static const char vector_passes[] =
    "function(early-cse<memssa>,instcombine<no-verify-fixpoint>,loop-mssa(licm),loop-vectorize,"
    "early-cse,instcombine<no-verify-fixpoint>,simplifycfg)";

/* False, with the reason, for a processor that is not in cpus.def or not this machine's. */
static bool cpu_is_usable(const char *cpu, Buffer *why) {
    static const char *const names[] = {
#define CPU(name, supported, bits) name,
#include "runtime/engines/jit/cpus.def"
#undef CPU
    };
    enum { NAMES = sizeof names / sizeof names[0] };
    const bool usable[NAMES] = {
#define CPU(name, supported, bits) supported,
#include "runtime/engines/jit/cpus.def"
#undef CPU
    };
    for (size_t i = 0; i < NAMES; i++) {
        if (strcmp(names[i], cpu) != 0) continue;
        if (!usable[i]) buffer_printf(why, "this machine can't run code for %s", cpu);
        return usable[i];
    }
    buffer_text(why, "there is no processor '");
    visible_text(why, cpu, strlen(cpu));
    buffer_text(why, "'; there are native");
    for (size_t i = 0; i < NAMES; i++)
        buffer_printf(why, "%s%s", i + 1 < NAMES ? ", " : " and ", names[i]);
    return false;
}

static uint32_t vector_bits_of(const char *cpu) {
    uint32_t found = 128;
#if defined(__x86_64__)
    if (cpu == NULL && __builtin_cpu_supports("avx2")) found = 256;
#endif
#define CPU(name, supported, bits)                                                                 \
    if (cpu != NULL && strcmp(cpu, name) == 0) found = bits;
#include "runtime/engines/jit/cpus.def"
#undef CPU
    return found;
}

/* Moves the message of an LLVM error into why. True when there was one. */
static bool failed(LLVMErrorRef error, const char *doing, Buffer *why) {
    if (error == NULL) return false;
    char *message = LLVMGetErrorMessage(error);
    buffer_printf(why, "%s: %s", doing, message);
    LLVMDisposeErrorMessage(message);
    return true;
}

static LLVMTargetMachineRef machine_new(const char *cpu, Buffer *why) {
    char *triple = LLVMGetDefaultTargetTriple(), *error = NULL;
    char *host = cpu ? NULL : LLVMGetHostCPUName(),
         *features = cpu ? NULL : LLVMGetHostCPUFeatures();
    LLVMTargetRef target;
    LLVMTargetMachineRef machine = NULL;
    if (LLVMGetTargetFromTriple(triple, &target, &error)) {
        buffer_printf(why, "LLVM can't write code for %s: %s", triple, error);
        LLVMDisposeMessage(error);
    } else {
        machine = LLVMCreateTargetMachine(target, triple, cpu ? cpu : host, cpu ? "" : features,
                                          LLVMCodeGenLevelLess, LLVMRelocPIC, LLVMCodeModelSmall);
        if (machine == NULL) buffer_printf(why, "LLVM can't write code for %s", triple);
    }
    LLVMDisposeMessage(triple);
    if (host) LLVMDisposeMessage(host);
    if (features) LLVMDisposeMessage(features);
    return machine;
}

Native *native_new(const char *cpu, Buffer *why) {
    if (cpu != NULL && strcmp(cpu, "native") == 0) cpu = NULL;
    if (cpu != NULL && !cpu_is_usable(cpu, why)) return NULL;
    if (LLVMInitializeNativeTarget() || LLVMInitializeNativeAsmPrinter()) {
        buffer_text(why, "this LLVM has no code generator for this machine");
        return NULL;
    }
    Native *native = calloc(1, sizeof *native);
    if (native == NULL) {
        buffer_text(why, "out of memory");
        return NULL;
    }
#if LLVM_VERSION_MAJOR >= 21
    native->context = LLVMContextCreate();
    native->shared = LLVMOrcCreateNewThreadSafeContextFromLLVMContext(native->context);
#else
    native->shared = LLVMOrcCreateNewThreadSafeContext();
    native->context = LLVMOrcThreadSafeContextGetContext(native->shared);
#endif
    native->module = LLVMModuleCreateWithNameInContext("raspc", native->context);
    native->machine = machine_new(cpu, why);
    native->vector_bits = vector_bits_of(cpu);
    if (native->machine == NULL) {
        native_free(native);
        return NULL;
    }
    char *triple = LLVMGetTargetMachineTriple(native->machine);
    LLVMTargetDataRef layout = LLVMCreateTargetDataLayout(native->machine);
    LLVMSetTarget(native->module, triple);
    LLVMSetModuleDataLayout(native->module, layout);
    LLVMDisposeTargetData(layout);
    LLVMDisposeMessage(triple);
    return native;
}

void native_free(Native *native) {
    if (native == NULL) return;
    if (native->module) LLVMDisposeModule(native->module);
    if (native->linker) {
        LLVMErrorRef error = LLVMOrcDisposeLLJIT(native->linker);
        if (error) LLVMConsumeError(error);
    }
    if (native->machine) LLVMDisposeTargetMachine(native->machine);
    LLVMOrcDisposeThreadSafeContext(native->shared);
    free(native);
}

LLVMContextRef native_context(Native *native) { return native->context; }
LLVMModuleRef native_module(Native *native) { return native->module; }
uint32_t native_vector_bits(const Native *native) { return native->vector_bits; }

static void verify(LLVMModuleRef module) {
    char *message = NULL;
    if (LLVMVerifyModule(module, LLVMReturnStatusAction, &message)) {
        char *text = LLVMPrintModuleToString(module);
        fputs(text, stderr);
        BUG("the jit wrote code that does not hold together: %s", message);
    }
    LLVMDisposeMessage(message);
}

void native_print_target(const Native *native, Buffer *out) {
    char *texts[] = {LLVMGetTargetMachineTriple(native->machine),
                     LLVMGetTargetMachineCPU(native->machine),
                     LLVMGetTargetMachineFeatureString(native->machine)};
    buffer_printf(out, "LLVM %s", LLVM_VERSION_STRING);
    for (size_t t = 0; t < sizeof texts / sizeof texts[0]; t++) {
        buffer_printf(out, " %s", texts[t]);
        LLVMDisposeMessage(texts[t]);
    }
    buffer_char(out, '\n');
}

void native_print_module(const Native *native, Buffer *out) {
    char *text = LLVMPrintModuleToString(native->module);
    buffer_text(out, text);
    LLVMDisposeMessage(text);
}

bool native_object(Native *native, bool vectors, Buffer *object, Buffer *why) {
#ifndef NDEBUG
    verify(native->module);
#endif
    LLVMPassBuilderOptionsRef options = LLVMCreatePassBuilderOptions();
    const char *passes = vectors ? vector_passes : scalar_passes;
    LLVMErrorRef error = LLVMRunPasses(native->module, passes, native->machine, options);
    LLVMDisposePassBuilderOptions(options);
    if (failed(error, "optimising", why)) return false;
    char *message = NULL;
    LLVMMemoryBufferRef memory = NULL;
    if (LLVMTargetMachineEmitToMemoryBuffer(native->machine, native->module, LLVMObjectFile,
                                            &message, &memory)) {
        buffer_printf(why, "writing code: %s", message);
        LLVMDisposeMessage(message);
        return false;
    }
    buffer_add(object, LLVMGetBufferStart(memory), LLVMGetBufferSize(memory));
    LLVMDisposeMemoryBuffer(memory);
    return true;
}

void *native_load(Native *native, const char *object, size_t len, const char *entry, Buffer *why) {
    if (failed(LLVMOrcCreateLLJIT(&native->linker, NULL), "starting the jit", why)) return NULL;
    LLVMMemoryBufferRef memory = LLVMCreateMemoryBufferWithMemoryRangeCopy(object, len, "raspc.o");
    LLVMOrcJITDylibRef library = LLVMOrcLLJITGetMainJITDylib(native->linker);
    LLVMErrorRef error = LLVMOrcLLJITAddObjectFile(native->linker, library, memory);
    if (failed(error, "adding the code", why)) return NULL;
    return native_find(native, entry, why);
}

void *native_find(Native *native, const char *name, Buffer *why) {
    LLVMOrcExecutorAddress address = 0;
    if (failed(LLVMOrcLLJITLookup(native->linker, &address, name), "linking", why)) return NULL;
    return (void *)(uintptr_t)address;
}
