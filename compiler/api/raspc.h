/* libraspc: RASP programs as transformers, for other programs.

   A *program* is RASP text that was read. A *transformer* is one of its s-ops, or all that a
   program with named inputs is for, made ready to run under one engine: `eval` (the definition),
   `interp` (dense weights) or `jit` (native code). A *result* is what it gives for one input.

       raspc_program *program;
       raspc_transformer *hist;
       raspc_result *result;
       raspc_program_new(NULL, &program);
       raspc_program_load(program, "hist.rasp", text, strlen(text));
       raspc_transformer_new(program, "hist", NULL, &hist);
       raspc_run_text(hist, "hello", 5, &result);      // [1, 1, 2, 2, 1]

   A program that names its inputs (`input x: vec[2];`) is run on columns, with raspc_run_columns,
   and one transformer computes all that it is for.

   Rules that hold everywhere:
   - What a function makes is freed by the function of the same name that ends in _free; NULL is
     fine there. A result must be freed before its transformer, and that before its program.
   - Texts are UTF-8, NUL-terminated where no length is given, and belong to the object that they
     were asked of.
   - Nothing is printed, nothing exits, and there is no state outside the objects: several programs
     may be used by several threads at once. One program belongs to one thread at a time, but one
     transformer may run on several threads at once while its program is left as it is. (When the
   machine has no memory left, or raspc itself is wrong, the process is aborted.)
   - Option structures begin with their size, so that they can grow: set it with
     `.size = sizeof(raspc_...)`. Everything left 0 is the default. */
#ifndef RASPC_H
#define RASPC_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__)
#define RASPC_API __attribute__((visibility("default")))
#else
#define RASPC_API
#endif

typedef struct raspc_program raspc_program;
typedef struct raspc_transformer raspc_transformer;
typedef struct raspc_result raspc_result;

typedef enum raspc_status {
    RASPC_OK = 0,
    RASPC_WRONG = 1,   /* the program or the input is wrong: the diagnostics say where and how */
    RASPC_REFUSED = 2, /* it can't be a transformer, or not with this engine: likewise */
    RASPC_MISUSED = 3, /* an argument is NULL or out of range, and nothing was done */
} raspc_status;

/* "0.1.0" */
RASPC_API const char *raspc_version(void);

/* --- values ----------------------------------------------------------------------------------- */

typedef enum raspc_kind {
    RASPC_BOOL = 0,    /* integer is 0 or 1 */
    RASPC_INT = 1,     /* integer */
    RASPC_FLOAT = 2,   /* real */
    RASPC_STRING = 3,  /* text, length */
    RASPC_BIG_INT = 4, /* an integer beyond 64 bits: text holds its decimal digits */
} raspc_kind;

/* One token, or one element of a result. */
typedef struct raspc_value {
    raspc_kind kind;
    int64_t integer;
    double real;
    const char *text; /* (length) bytes; NUL-terminated when it comes from raspc */
    size_t length;
} raspc_value;

/* One of the inputs that a program names, or one output: of each row `width` numbers, row by row.
   Of an input exactly one of the four pointers is not NULL:
     vec[d]        numbers or singles, width d
     float         numbers, singles, integers or values, width 1
     int, bool     integers (a bool is 0 or 1) or values, width 1
     str           values, width 1
   Of a result `values` is NULL: raspc_result_cell gives those of strings, and integers beyond 64
   bits. */
typedef struct raspc_column {
    const char *name;
    size_t rows, width;
    const double *numbers;     /* (rows, width) */
    const float *singles;      /* (rows, width); never of a result */
    const int64_t *integers;   /* (rows) */
    const raspc_value *values; /* (rows) */
    raspc_kind kind;           /* of a result: what its values are; of an input it is not read */
} raspc_column;

/* --- diagnostics ------------------------------------------------------------------------------ */

/* As the command prints it: "file:line:column: error[id]: message". */
typedef struct raspc_diagnostic {
    const char *id; /* "E0201"; `raspc explain-error E0201` says more */
    const char *message;
    const char *file;      /* "" when it has no place */
    uint32_t line, column; /* from 1; 0 when it has no place */
} raspc_diagnostic;

/* --- programs --------------------------------------------------------------------------------- */

/* Reads the file at path for `load`: hands its bytes to add, in as many calls as it likes, with the
   `to` that it was given. Returns 0 when the file can't be read. */
typedef int (*raspc_read_file)(void *state, const char *path,
                               void (*add)(void *to, const char *bytes, size_t length), void *to);

typedef struct raspc_program_options {
    size_t size;
    raspc_read_file read_file; /* NULL: `load` is refused */
    void *read_state;
} raspc_program_options;

/* A program that holds only the library. options may be NULL. */
RASPC_API raspc_status raspc_program_new(const raspc_program_options *options,
                                         raspc_program **program);
RASPC_API void raspc_program_free(raspc_program *program);

/* Reads length bytes of RASP text and runs its statements; name is what messages call it. Later
   texts see the names of earlier ones. RASPC_WRONG: the diagnostics say what is wrong, and the
   names of the statements that are right are there all the same. */
RASPC_API raspc_status raspc_program_load(raspc_program *program, const char *name,
                                          const char *text, size_t length);

/* Gives the `param` of that name a value in place of the program's own: for the next text that is
   loaded, which must declare it (else loading is RASPC_WRONG). values: one value, with rows and
   columns 0; a vector of `columns` numbers, with rows 0; or a matrix of (rows, columns). They are
   copied. What does not fit the declared type is told when the text is loaded. */
RASPC_API raspc_status raspc_program_param(raspc_program *program, const char *name,
                                           const raspc_value *values, size_t rows, size_t columns);

/* The s-op that the program's last statement about one assigned or showed; NULL when there is
   none. */
RASPC_API const char *raspc_program_main(const raspc_program *program);

/* What was wrong so far, in the order of finding it; raspc_program_forget empties the list. */
RASPC_API size_t raspc_program_diagnostics(const raspc_program *program);
RASPC_API raspc_status raspc_program_diagnostic(const raspc_program *program, size_t index,
                                                raspc_diagnostic *diagnostic);
RASPC_API void raspc_program_forget(raspc_program *program);

/* --- transformers ----------------------------------------------------------------------------- */

typedef enum raspc_engine {
    RASPC_EVAL = 0,   /* the definition: any input */
    RASPC_INTERP = 1, /* the dense weights, as any framework would run them */
    RASPC_JIT = 2,    /* native code; RASPC_REFUSED where raspc was built without LLVM */
} raspc_engine;

typedef enum raspc_float_type {
    RASPC_F32 = 0,
    RASPC_F64 = 1, /* exact at greater lengths */
} raspc_float_type;

typedef struct raspc_transformer_options {
    size_t size;
    raspc_engine engine;
    /* What inputs are made of, and how long they get; interp and jit need both. Of a program with
       named inputs interp needs the length, and neither has a vocabulary. */
    const raspc_value *vocabulary; /* (vocabulary_count), all different */
    size_t vocabulary_count;
    uint32_t max_length; /* at least 1 */
    const char *cpu;     /* jit: "x86-64-v3" and the like; NULL: this machine's */
    int causal; /* not 0: no position attends to a later one; RASPC_REFUSED if the program does */
    raspc_float_type float_type; /* of the weights of a program over tokens */
    /* Of a program with named inputs: */
    int single;       /* not 0: interp and jit compute in float32 rather than in float64 */
    uint32_t threads; /* jit: that a run may use; 0: one a processor. Results do not depend on it */
} raspc_transformer_options;

/* From an expression of the program, such as the name of an s-op; NULL: what the program is for,
   all that its `output` statements name, else raspc_program_main. Only of programs with named
   inputs can that be several. options may be NULL: eval. What is wrong is among the program's
   diagnostics. */
RASPC_API raspc_status raspc_transformer_new(raspc_program *program, const char *expression,
                                             const raspc_transformer_options *options,
                                             raspc_transformer **transformer);
RASPC_API void raspc_transformer_free(raspc_transformer *transformer);

/* What it takes: all 0 under eval, which is no transformer, and under the jit of a program with
   named inputs, which has no weights. */
typedef struct raspc_size {
    size_t size; /* of this structure: to be set */
    uint32_t layers, attention_layers, heads;
    uint32_t width;      /* of the residual stream */
    uint64_t parameters; /* of the dense weights */
} raspc_size;
RASPC_API raspc_status raspc_transformer_size(const raspc_transformer *transformer,
                                              raspc_size *size);

/* The model's text form, as `raspc dump --model` prints it; NULL where there is none. */
RASPC_API const char *raspc_transformer_text(const raspc_transformer *transformer);

/* Writes the transformer as `raspc compile -o PATH` does: a .safetensors, .onnx, .npz or .rtm file,
   or the directory that PyTorch and others load where the path has no such ending; whole or not at
   all. Its output is called by the expression. RASPC_MISUSED where there is no model; RASPC_WRONG
   where the path names no format; RASPC_REFUSED where the format can't hold it or the file can't be
   written: the program's diagnostics say why. As the program's own functions: not while another
   thread uses it.
 */
RASPC_API raspc_status raspc_transformer_save(const raspc_transformer *transformer,
                                              const char *path);

/* --- running ---------------------------------------------------------------------------------- */

/* On count tokens. *result is made also when the status is RASPC_WRONG: it holds the diagnostics.
 */
RASPC_API raspc_status raspc_run(const raspc_transformer *transformer, const raspc_value *tokens,
                                 size_t count, raspc_result **result);
/* On the characters of length bytes of UTF-8 text. */
RASPC_API raspc_status raspc_run_text(const raspc_transformer *transformer, const char *text,
                                      size_t length, raspc_result **result);
/* On `count` columns, each input of the program once, all with as many rows. They are read where
   they lie, and not kept. RASPC_WRONG also where the program requires what the input is not. */
RASPC_API raspc_status raspc_run_columns(const raspc_transformer *transformer,
                                         const raspc_column *columns, size_t count,
                                         raspc_result **result);
RASPC_API void raspc_result_free(raspc_result *result);

/* How many outputs it has (0 when there are diagnostics instead), and each of them as a column,
   whose arrays are the result's. */
RASPC_API size_t raspc_result_columns(const raspc_result *result);
RASPC_API raspc_status raspc_result_column(raspc_result *result, size_t index,
                                           raspc_column *column);
/* One value of an output that is no vector. */
RASPC_API raspc_status raspc_result_cell(const raspc_result *result, size_t column, size_t row,
                                         raspc_value *value);

/* Of the first output, or the only one. raspc_result_value and those below are not for vectors. */
RASPC_API size_t raspc_result_count(const raspc_result *result);
/* What its values are together: RASPC_BOOL, RASPC_INT, RASPC_FLOAT or RASPC_STRING. */
RASPC_API raspc_kind raspc_result_kind(const raspc_result *result);
RASPC_API raspc_status raspc_result_value(const raspc_result *result, size_t index,
                                          raspc_value *value);
/* All of them at once, into (count) numbers: bools and ints; or all numbers, each as the nearest
   double. RASPC_WRONG when a value is no such number. */
RASPC_API raspc_status raspc_result_integers(const raspc_result *result, int64_t *integers);
RASPC_API raspc_status raspc_result_reals(const raspc_result *result, double *reals);

RASPC_API size_t raspc_result_diagnostics(const raspc_result *result);
RASPC_API raspc_status raspc_result_diagnostic(const raspc_result *result, size_t index,
                                               raspc_diagnostic *diagnostic);

#ifdef __cplusplus
}
#endif

#endif
