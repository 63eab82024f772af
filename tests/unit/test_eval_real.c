/* eval of the language's part II, on graphs in their text form: each operation against values
   worked out by hand, the published clustering examples, loops. */
#include "tests/unit/eval_world.h"

#include <check.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define COUNT(array) (int)(sizeof(array) / sizeof((array)[0]))

static EvalWorld world;

static void set_up(void) { eval_world_open(&world); }
static void tear_down(void) { eval_world_close(&world); }

static Graph *graph_of(const char *text) { return eval_world_graph(&world, text); }

/* --- inputs ----------------------------------------------------------------------------------- */

/* One column's words up to '|' or the end; a word with commas is a vector. */
static InputColumn column_of(const char *text, size_t len, uint32_t *n) {
    const char *equals = memchr(text, '=', len), *end = text + len, *at = equals + 1;
    InputColumn column = {.name = string_new(world.arena, text, (size_t)(equals - text))};
    Atom *atoms = ARENA_ARRAY(world.arena, Atom, len);
    double *numbers = ARENA_ARRAY(world.arena, double, len);
    uint32_t words = 0, count = 0;
    while (at < end) {
        size_t word = strcspn(at, " |");
        if (memchr(at, ',', word)) {
            char *stop = NULL;
            for (const char *c = at; c < at + word; c = *stop == ',' ? stop + 1 : stop)
                numbers[count++] = strtod(c, &stop);
        } else {
            atoms[words] = eval_world_atom(&world, at, word);
        }
        words++;
        at += word + strspn(at + word, " ");
    }
    *n = words;
    if (count > 0) {
        column.numbers = numbers;
        column.width = count / words;
    } else {
        column.atoms = atoms;
    }
    return column;
}

/* "x=1,2 3,4 | b=True False | s='a 'b" */
static Input input_of(const char *text) {
    InputColumn *columns = ARENA_ARRAY(world.arena, InputColumn, strlen(text) + 1);
    Input input = {.columns = columns};
    while (*text) {
        size_t len = strcspn(text, "|"), kept = len;
        while (text[kept - 1] == ' ')
            kept--;
        columns[input.column_count++] = column_of(text, kept, &input.n);
        text += len + strspn(text + len, "| ");
    }
    return input;
}

typedef struct Case {
    const char *graph, *input, *values;
} Case;

/* values: what stands behind "values": in the JSON, or a failure. */
static void check_case(const Case *at) {
    Buffer text = eval_world_outcome(&world, at->graph, input_of(at->input));
    const char *values = strstr(text.data, "\"values\": ");
    const char *got = values ? values + strlen("\"values\": ") : text.data;
    size_t len = strlen(got) - (values ? 1 : 0);
    ck_assert_msg(strlen(at->values) == len && strncmp(got, at->values, len) == 0,
                  "%swanted %s\ngot    %s", at->graph, at->values, text.data);
    buffer_free(&text);
}

/* --- position by position --------------------------------------------------------------------- */

#define X2 "%0 = input \"x\" vec[2]\n"
#define A "%0 = input \"a\" int\n"
#define R "%0 = input \"a\" float\n"
#define XA "%0 = input \"x\" vec[2]\n%1 = input \"a\" int\n"

static const Case element_cases[] = {
    {X2 "out = %0\n", "x=1,2 3,-4.5", "[[1.0, 2.0], [3.0, -4.5]]"},
    {"%0 = input \"s\" str\nout = %0\n", "s='a 'b", "[\"a\", \"b\"]"},
    {"%0 = vector table [1, 0.5, True]\n%1 = input \"s\" str\nout = %0\n", "s='a 'b",
     "[[1.0, 0.5, 1.0], [1.0, 0.5, 1.0]]"},
    {A "%1 = vec %0\nout = %1\n", "a=3 -1", "[[3.0], [-1.0]]"},
    {XA "%2 = concat %1 %0\nout = %2\n", "x=1,2 3,4 | a=7 8", "[[7.0, 1.0, 2.0], [8.0, 3.0, 4.0]]"},
    {XA "%2 = concat %0 %0\nout = %2\n", "x=1,2 | a=7", "[[1.0, 2.0, 1.0, 2.0]]"},
    {X2 "%1 = component %0 1\nout = %1\n", "x=1,2 3,4", "[2.0, 4.0]"},
    {X2 "%1 = dot %0 %0\nout = %1\n", "x=1,2 3,4", "[5.0, 25.0]"},
    {X2 "%1 = sum %0\nout = %1\n", "x=1,2 3,4", "[3.0, 7.0]"},
    {X2 "%1 = norm %0\nout = %1\n", "x=3,4 0,0", "[5.0, 0.0]"},
    {X2 "%1 = matmul %0 table [1, 2, 3, 4, 5, 6]\nout = %1\n", "x=1,10", "[[21.0, 43.0, 65.0]]"},
    {"%0 = input \"x\" vec[3]\n%1 = argmin %0\nout = %1\n", "x=3,1,1 0,0,0 2,5,-1", "[1, 0, 2]"},
    {"%0 = input \"x\" vec[3]\n%1 = argmax %0\nout = %1\n", "x=3,3,1 0,0,0 2,5,-1", "[0, 0, 1]"},
    {A "%1 = onehot %0 3\nout = %1\n", "a=0 2 3 -1",
     "[[1.0, 0.0, 0.0], [0.0, 0.0, 1.0], [0.0, 0.0, 0.0], [0.0, 0.0, 0.0]]"},
    {R "%1 = onehot %0 2\nout = %1\n", "a=0.5 1.0", "[[0.0, 0.0], [0.0, 1.0]]"},
    {X2 "%1 = layernorm %0\nout = %1\n", "x=1,3", "[[-1.0, 1.0]]"},
    {X2 "%1 = rmsnorm %0\nout = %1\n", "x=1,-1 5,5", "[[1.0, -1.0], [1.0, 1.0]]"},
    {X2 "%1 = unit %0\nout = %1\n", "x=3,4", "[[0.6, 0.8]]"},
    /* arithmetic: component by component, numbers for every component */
    {X2 "%1 = add %0 %0\nout = %1\n", "x=1,2", "[[2.0, 4.0]]"},
    {XA "%2 = sub %1 %0\nout = %2\n", "x=1,2 3,4 | a=10 20", "[[9.0, 8.0], [17.0, 16.0]]"},
    {XA "%2 = mul %0 %1\nout = %2\n", "x=1,2 3,4 | a=10 20", "[[10.0, 20.0], [60.0, 80.0]]"},
    {XA "%2 = div %0 %1\nout = %2\n", "x=1,2 3,4 | a=2 4", "[[0.5, 1.0], [0.75, 1.0]]"},
    {XA "%2 = mod %0 %1\nout = %2\n", "x=7,-7 7,-7 | a=3 -3", "[[1.0, 2.0], [-2.0, -1.0]]"},
    {XA "%2 = pow %0 %1\nout = %2\n", "x=2,-3 4,9 | a=2 -1",
     "[[4.0, 9.0], [0.25, 0.1111111111111111]]"},
    {X2 "%1 = neg %0\nout = %1\n", "x=1,-2", "[[-1.0, 2.0]]"},
    {X2 "%1 = pos %0\nout = %1\n", "x=1,-2", "[[1.0, -2.0]]"},
    {X2 "%1 = round %0\nout = %1\n", "x=0.5,1.5 -2.5,2.4", "[[0.0, 2.0], [-2.0, 2.0]]"},
    {X2 "%1 = input \"y\" vec[2]\n%2 = eq %0 %1\nout = %2\n", "x=1,2 3,4 | y=1,2 3,5",
     "[true, false]"},
    {XA "%2 = choose %1 %0 %1\nout = %2\n", "x=1,2 3,4 | a=0 5", "[[0.0, 0.0], [3.0, 4.0]]"},
    /* functions */
    {R "%1 = exp %0\nout = %1\n", "a=0.0 1.0", "[1.0, 2.718281828459045]"},
    {A "%1 = log %0\nout = %1\n", "a=1 2", "[0.0, 0.6931471805599453]"},
    {A "%1 = sqrt %0\nout = %1\n", "a=4 2", "[2.0, 1.4142135623730951]"},
    {A "%1 = abs %0\nout = %1\n", "a=-9223372036854775808 3", "[9223372036854775808, 3]"},
    {R "%1 = abs %0\nout = %1\n", "a=-0.5 3.0", "[0.5, 3.0]"},
    {R "%1 = floor %0\nout = %1\n", "a=-0.5 3.7 1e20", "[-1, 3, 100000000000000000000]"},
    {R "%1 = ceil %0\nout = %1\n", "a=-0.5 3.2", "[0, 4]"},
    {A "%1 = ceil %0\nout = %1\n", "a=-5 3", "[-5, 3]"},
    {R "%1 = sin %0\nout = %1\n", "a=0.0 1.0", "[0.0, 0.8414709848078965]"},
    {R "%1 = cos %0\nout = %1\n", "a=0.0 1.0", "[1.0, 0.5403023058681398]"},
    {R "%1 = tanh %0\nout = %1\n", "a=0.0 1.0", "[0.0, 0.7615941559557649]"},
    {A "%1 = relu %0\nout = %1\n", "a=-2 3", "[0, 3]"},
    {R "%1 = relu %0\nout = %1\n", "a=-2.5 3.5", "[0.0, 3.5]"},
    {A "%1 = sign %0\nout = %1\n", "a=-2 0 3", "[-1, 0, 1]"},
    {R "%1 = sign %0\nout = %1\n", "a=-2.5 0.0 3.5", "[-1, 0, 1]"},
    {X2 "%1 = floor %0\nout = %1\n", "x=1.5,-1.5", "[[1.0, -2.0]]"},
    {X2 "%1 = sign %0\nout = %1\n", "x=1.5,-1.5", "[[1.0, -1.0]]"},
    {X2 "%1 = relu %0\nout = %1\n", "x=1.5,-1.5", "[[1.5, 0.0]]"},
    {X2 "%1 = abs %0\nout = %1\n", "x=1.5,-1.5", "[[1.5, 1.5]]"},
    /* in between everything may be infinite or no number */
    {A "%1 = log %0\n%2 = exp %1\nout = %2\n", "a=0 1", "[0.0, 1.0]"},
    {XA "%2 = div %0 %1\n%3 = choose %1 %2 %0\nout = %3\n", "x=1,2 3,4 | a=0 2",
     "[[1.0, 2.0], [1.5, 2.0]]"},
    /* failures, with their place */
    {A "%1 = log %0\nout = %1\n", "a=1 0", "E0408 position 1 of 'out' is infinite"},
    {A "%1 = log %0\nout = %1\n", "a=-1", "E0408 position 0 of 'out' is not a number"},
    {X2 "%1 = layernorm %0\nout = %1\n", "x=1,2 3,3", "E0408 position 1 of 'out' is not a number"},
    {A "%1 = const 0\n%2 = div %0 %1\nout = %2\n", "a=1",
     "E0401 position 0: 1 / 0: division by zero"},
    {R "%1 = exp %0\n%2 = floor %1\nout = %2\n", "a=0.0 1000.0",
     "E0402 position 1: inf can't be rounded to an integer"},
    {X2 "out = %0\n", "y=1,2", "E0311 the input gives no 'x'"},
    {X2 "out = %0\n", "x=1,2,3", "E0311 'x' is vec[2] here, and the input gives vec[3]"},
    {X2 "out = %0\n", "x=1 2", "E0311 'x' is vec[2] here, and the input gives ints"},
    {A "out = %0\n", "a=1 2.5", "E0311 'a' is ints here, and the input gives numbers"},
    {"%0 = tokens_str\nout = %0\n", "x=1 2",
     "E0311 the input is given by names, so it has no tokens"},
};

START_TEST(test_elements) { check_case(&element_cases[_i]); }
END_TEST

/* --- attention -------------------------------------------------------------------------------- */

#define ALL "%0 = const True\n%1 = select_eq %0 %0\n%2 = const 0\n%3 = input \"k\" float\n"
#define NONE "%0 = const True\n%1 = select_ne %0 %0\n%2 = const 0\n%3 = input \"k\" float\n"
#define TWO                                                                                        \
    "%0 = const True\n%1 = select_eq %0 %0\n%2 = const 0\n%3 = input \"k\" vec[2]\n"               \
    "%4 = input \"q\" vec[2]\n"
#define EARLIER                                                                                    \
    "%0 = indices\n%1 = select_lt %0 %0\n%2 = input \"x\" vec[2]\n%3 = input \"v\" int\n"

static const Case attention_cases[] = {
    /* selectors: none, one, several */
    {EARLIER "%4 = attend %1 %2 %2\nout = %4\n", "x=1,2 3,4 5,7 | v=1 2 3",
     "[[1.0, 2.0], [1.0, 2.0], [2.0, 3.0]]"},
    {EARLIER "%4 = attend %1 %2 %3\nout = %4\n", "x=1,2 3,4 | v=9 8", "[[9.0, 9.0], [1.0, 2.0]]"},
    {EARLIER "%4 = attend %1 %3 %0\nout = %4\n", "x=1,2 3,4 0,0 | v=7 8 9", "[0, 7, 7.5]"},
    {EARLIER "%4 = total %1 %3\nout = %4\n", "x=1,2 3,4 0,0 | v=7 8 9", "[0, 7, 15]"},
    {EARLIER "%4 = total %1 %2\nout = %4\n", "x=1,2 3,4 0,0 | v=7 8 9",
     "[[0.0, 0.0], [1.0, 2.0], [4.0, 6.0]]"},
    {EARLIER "%4 = total %1 %3\nout = %4\n",
     "x=0,0 0,0 0,0 | v=9223372036854775807 9223372036854775807 1",
     "[0, 9223372036854775807, 18446744073709551614]"},
    {"%0 = indices\n%1 = select_le %0 %0\n%2 = input \"v\" bool\n%3 = total %1 %2\nout = %3\n",
     "v=True False True", "[1, 1, 2]"},
    {"%0 = indices\n%1 = select_le %0 %0\n%2 = input \"v\" float\n%3 = total %1 %2\nout = %3\n",
     "v=0.1 0.2 0.3", "[0.1, 0.30000000000000004, 0.6000000000000001]"},
    /* scores, seen through hardmax: key op query */
    {ALL "%4 = score_mul %3 %3\n%5 = hardmax %4 %1\n%6 = attend %5 %3 %2\nout = %6\n",
     "k=1.0 -2.0 0.0", "[1.0, -2.0, -0.3333333333333333]"},
    {ALL "%4 = distance %3 %3\n%5 = scores_neg %4\n%6 = hardmax %5 %1\n%7 = attend %6 %3 %2\n"
         "out = %7\n",
     "k=1.0 -2.0 0.5", "[1.0, -2.0, 0.5]"},
    {ALL "%4 = distance %3 %3\n%5 = hardmax %4 %1\n%6 = indices\n%7 = attend %5 %6 %2\nout = %7\n",
     "k=1.0 -2.0 0.0", "[1, 0, 1]"},
    {ALL "%4 = score_add %3 %3\n%5 = hardmax %4 %1\n%6 = indices\n%7 = attend %5 %6 %2\nout = %7\n",
     "k=1.0 3.0 3.0", "[1.5, 1.5, 1.5]"},
    {ALL "%4 = score_add %3 %3\n%5 = hardmax_first %4 %1\n%6 = indices\n%7 = attend %5 %6 %2\n"
         "out = %7\n",
     "k=1.0 3.0 3.0", "[1, 1, 1]"},
    {ALL "%4 = score_sub %3 %3\n%5 = scores_times %4 -2\n%6 = hardmax %5 %1\n%7 = indices\n"
         "%8 = attend %6 %7 %2\nout = %8\n",
     "k=1.0 3.0 0.5", "[2, 2, 2]"},
    /* a softmax adds a product in one rounding: key 1 has 2^-60, not 0; here it is made 1 */
    {TWO "%5 = score_mul %3 %4\n%6 = scores_times %5 1152921504606846976\n%7 = softmax %6 %1\n"
         "%8 = indices\n%9 = attend %7 %8 %2\nout = %9\n",
     "k=0,0 -1.000000001862645149230957,1.0000000009313225746154785 | "
     "q=1,1.0000000009313225746154785 0,0",
     "[0.7310585786300049, 0.5]"},
    /* others round it first: which component comes first makes no difference of two, and what
       cancels is 0 */
    {TWO "%5 = score_mul %3 %4\n%6 = hardmax %5 %1\n%7 = indices\n%8 = attend %6 %7 %2\nout = %8\n",
     "k=0.9,0.4 0.4,0.9 | q=0.7,0.7 0,0", "[0.5, 0.5]"},
    {TWO "%5 = distance %3 %4\n%6 = hardmax %5 %1\n%7 = indices\n%8 = attend %6 %7 %2\nout = %8\n",
     "k=0.7,0.6 0.6,0.7 | q=0,0 0,0", "[0.5, 0.5]"},
    {TWO "%5 = score_mul %3 %4\n%6 = linear %5 %1\n%7 = indices\n%8 = const 9\n"
         "%9 = attend %6 %7 %8\nout = %9\n",
     "k=0.9,0.9 0,0 | q=0.7,-0.7 0.1,-0.1", "[9, 9]"},
    {NONE "%4 = score_sub %3 %3\n%5 = hardmax %4 %1\n%6 = attend %5 %3 %2\nout = %6\n", "k=1.0",
     "[0]"},
    /* hardmax among the selected alone, and strings where one is selected */
    {"%0 = indices\n%1 = select_lt %0 %0\n%2 = score_add %0 %0\n%3 = hardmax %2 %1\n"
     "%4 = input \"s\" str\n%5 = const \"-\"\n%6 = attend %3 %4 %5\nout = %6\n",
     "s='a 'b 'c", "[\"-\", \"a\", \"b\"]"},
    /* linear: (sum s v) / (sum s); 0 gives the default */
    {ALL "%4 = score_mul %3 %0\n%5 = linear %4 %1\n%6 = indices\n%7 = attend %5 %6 %2\nout = %7\n",
     "k=1.0 2.0 1.0", "[1.0, 1.0, 1.0]"},
    {ALL "%4 = score_mul %3 %0\n%5 = linear %4 %1\n%6 = indices\n%7 = attend %5 %6 %6\nout = %7\n",
     "k=1.0 -1.0", "[0, 1]"},
    /* softmax of equal scores; of one key; of scores whose exp alone would overflow */
    {ALL "%4 = score_sub %2 %2\n%5 = softmax %4 %1\n%6 = attend %5 %3 %2\nout = %6\n",
     "k=1.0 2.0 6.0", "[3.0, 3.0, 3.0]"},
    {ALL "%4 = score_mul %3 %3\n%5 = softmax %4 %1\n%6 = attend %5 %3 %2\nout = %6\n", "k=1e200",
     "E0408 position 0 of 'out' is not a number"},
    {ALL "%4 = score_mul %3 %0\n%5 = softmax %4 %1\n%6 = indices\n%7 = attend %5 %6 %2\nout = %7\n",
     "k=0.0 1000.0", "[1.0, 1.0]"},
    {ALL "%4 = score_mul %3 %0\n%5 = softmax %4 %1\n%6 = indices\n%7 = attend %5 %6 %2\nout = %7\n",
     "k=0.0 0.6931471805599453", "[0.6666666666666666, 0.6666666666666666]"},
    /* sparsemax: (1, 0.5) keeps both at threshold 0.25; (2, 0.5) the first alone */
    {ALL "%4 = score_mul %3 %0\n%5 = sparsemax %4 %1\n%6 = indices\n%7 = attend %5 %6 %2\n"
         "out = %7\n",
     "k=1.0 0.5", "[0.25, 0.25]"},
    {ALL "%4 = score_mul %3 %0\n%5 = sparsemax %4 %1\n%6 = indices\n%7 = attend %5 %6 %2\n"
         "out = %7\n",
     "k=2.0 0.5", "[0.0, 0.0]"},
    {ALL "%4 = score_mul %3 %0\n%5 = sparsemax %4 %1\n%6 = attend %5 %3 %2\nout = %6\n", "k=5.0",
     "[5.0]"},
    /* vectors under weights */
    {"%0 = const True\n%1 = select_eq %0 %0\n%2 = const 0\n%3 = input \"x\" vec[2]\n"
     "%4 = score_mul %3 %3\n%5 = hardmax %4 %1\n%6 = attend %5 %3 %2\nout = %6\n",
     "x=1,0 0,1 1,1", "[[1.0, 0.5], [0.5, 1.0], [1.0, 1.0]]"},
    {"%0 = const True\n%1 = select_eq %0 %0\n%2 = const 0\n%3 = input \"x\" vec[2]\n"
     "%4 = score_sub %2 %2\n%5 = softmax %4 %1\n%6 = attend %5 %3 %2\nout = %6\n",
     "x=1,0 0,1 2,5", "[[1.0, 2.0], [1.0, 2.0], [1.0, 2.0]]"},
    {ALL "%4 = log %3\n%5 = score_mul %4 %0\n%6 = hardmax %5 %1\n%7 = attend %6 %3 %2\nout = %7\n",
     "k=1.0 -1.0",
     "E0408 position 0: the score of key 1 is not a number, so no score is the highest"},
    {"%0 = indices\n%1 = select_le %0 %0\n%2 = score_sub %0 %0\n%3 = scores_times %2 0\n"
     "%4 = hardmax %3 %1\n%5 = input \"s\" str\n%6 = attend %4 %5 %5\nout = %6\n",
     "s='a 'b", "E0406 position 1 selects 2 positions of strings, which have no mean"},
};

START_TEST(test_attention) { check_case(&attention_cases[_i]); }
END_TEST

/* --- loops ------------------------------------------------------------------------------------ */

static const Case loop_cases[] = {
    {A "%1 = const 1\nloop 0\n%2 = state of 0 from %0 int\n%3 = add %2 %1\nend 0 times 5 next %3\n"
       "%4 = result %3 of 0\nout = %4\n",
     "a=0 10", "[5, 15]"},
    /* a state is what it was when the last round began */
    {A "%1 = const 1\nloop 0\n%2 = state of 0 from %0 int\n%3 = add %2 %1\nend 0 times 5 next %3\n"
       "%4 = result %2 of 0\nout = %4\n",
     "a=0 10", "[4, 14]"},
    /* until is asked after each round, of all positions */
    {A "%1 = const 1\n%2 = const 3\nloop 0\n%3 = state of 0 from %0 int\n%4 = add %3 %1\n"
       "%5 = ge %4 %2\nend 0 times 50 until %5 next %4\n%6 = result %4 of 0\nout = %6\n",
     "a=0 10", "[3, 13]"},
    {A "%1 = const 1\n%2 = const 3\nloop 0\n%3 = state of 0 from %0 int\n%4 = add %3 %1\n"
       "%5 = ge %4 %2\nend 0 times 50 until %5 next %4\n%6 = result %4 of 0\nout = %6\n",
     "a=9 10", "[10, 11]"},
    /* states change places */
    {A "%1 = indices\nloop 0\n%2 = state of 0 from %0 int\n%3 = state of 0 from %1 int\n"
       "%4 = add %2 %3\nend 0 times 3 next %3 %2\n%5 = result %2 of 0\n%6 = result %3 of 0\n"
       "%7 = const 100\n%8 = mul %5 %7\n%9 = add %8 %6\nout = %9\n",
     "a=5 7", "[500, 701]"},
    /* Fibonacci: the old value of one is the new value of the other */
    {A "%1 = const 1\nloop 0\n%2 = state of 0 from %0 int\n%3 = state of 0 from %1 int\n"
       "%4 = add %2 %3\nend 0 times 10 next %3 %4\n%5 = result %3 of 0\nout = %5\n",
     "a=0", "[55]"},
    /* a loop in a loop: the inner one begins anew in every round */
    {A "%1 = const 2\nloop 0\n%2 = state of 0 from %0 int\nloop 1 in 0\n"
       "%3 = state of 1 from %2 int\n%4 = mul %3 %1\nend 1 times 2 next %4\n%5 = result %4 of 1\n"
       "%6 = add %5 %0\nend 0 times 3 next %6\n%7 = result %6 of 0\nout = %7\n",
     "a=1 2", "[85, 170]"},
    /* what does not depend on the round, as a result, as next and inside */
    {A "%1 = neg %0\nloop 0\n%2 = state of 0 from %0 int\n%3 = state of 0 from %0 int\n"
       "%4 = add %2 %1\nend 0 times 3 next %4 %1\n%5 = result %4 of 0\n%6 = result %1 of 0\n"
       "%7 = result %3 of 0\n%8 = add %5 %6\n%9 = add %8 %7\nout = %9\n",
     "a=1 2", "[-4, -8]"},
    /* two loops, the second from the first's result; vectors */
    {X2 "loop 0\n%1 = state of 0 from %0 vec[2]\n%2 = add %1 %0\nend 0 times 2 next %2\n"
        "%3 = result %2 of 0\nloop 1\n%4 = state of 1 from %3 vec[2]\n%5 = add %4 %3\n"
        "end 1 times 2 next %5\n%6 = result %5 of 1\nout = %6\n",
     "x=1,2", "[[9.0, 18.0]]"},
    /* a state of several kinds */
    {A "%1 = const 2\nloop 0\n%2 = state of 0 from %0 int|float\n%3 = div %2 %1\n"
       "end 0 times 2 next %3\n%4 = result %3 of 0\nout = %4\n",
     "a=8 2", "[2.0, 0.5]"},
    /* a selector outside that the body uses, and one inside */
    {A "%1 = indices\n%2 = select_le %1 %1\n%3 = const 0\nloop 0\n%4 = state of 0 from %0 int\n"
       "%5 = total %2 %4\n%6 = select_eq %4 %4\n%7 = width %6\n%8 = mul %5 %7\nend 0 times 2 next "
       "%8\n"
       "%9 = result %8 of 0\nout = %9\n",
     "a=1 1 2", "[2, 12, 20]"},
    /* failures inside */
    {A "%1 = const 1\nloop 0\n%2 = state of 0 from %0 int\n%3 = sub %2 %1\n%4 = div %1 %3\n"
       "end 0 times 9 next %3\n%5 = result %4 of 0\nout = %5\n",
     "a=3", "E0401 position 0: 1 / 0: division by zero"},
};

START_TEST(test_loops) { check_case(&loop_cases[_i]); }
END_TEST

/* --- clustering, as published ----------------------------------------------------------------- */

/* k-means (arXiv 2506.19125) of nine points and three centres; %9: the tie rule. */
static const char lloyd[] = "%%0 = input \"x\" vec[2]\n"
                            "%%1 = input \"is_centre\" bool\n"
                            "%%2 = const True\n"
                            "%%3 = indices\n"
                            "%%4 = select_eq %%1 %%2\n"
                            "%%5 = const False\n"
                            "%%6 = select_eq %%1 %%5\n"
                            "%%7 = const 0\n"
                            "loop 0\n"
                            "%%8 = state of 0 from %%0 vec[2]\n"
                            "%%9 = distance %%8 %%0\n"
                            "%%10 = scores_neg %%9\n"
                            "%%11 = %s %%10 %%4\n"
                            "%%12 = attend %%11 %%3 %%7\n"
                            "%%13 = select_eq %%12 %%3\n"
                            "%%14 = sel_and %%13 %%6\n"
                            "%%15 = attend %%14 %%0 %%8\n"
                            "%%16 = choose %%1 %%15 %%8\n"
                            "end 0 times 5 next %%16\n"
                            "%%17 = result %%16 of 0\n"
                            "%%18 = result %%12 of 0\n";
static const char lloyd_input[] = "x=0,0 1,0 0,2 5,5 6,5 5,7 9,0 8,1 20,20 0,0 1,0 9,0 | "
                                  "is_centre=False False False False False False False False False "
                                  "True True True";

/* The centres after each round: sums of whole numbers are exact, so they are these doubles. */
static const double first_centres[5][6] = {
    {0, 1, 11.0 / 3, 4, 43.0 / 4, 13.0 / 2},        {1.0 / 3, 2.0 / 3, 33.0 / 5, 18.0 / 5, 20, 20},
    {1.0 / 3, 2.0 / 3, 33.0 / 5, 18.0 / 5, 20, 20}, {1.0 / 3, 2.0 / 3, 33.0 / 5, 18.0 / 5, 20, 20},
    {1.0 / 3, 2.0 / 3, 33.0 / 5, 18.0 / 5, 20, 20},
};
static const double averaging_centres[5][6] = {
    {0, 1, 1, 0, 43.0 / 4, 13.0 / 2},   {0, 2, 1, 0, 53.0 / 6, 19.0 / 3},
    {0, 2, 0.5, 0, 53.0 / 6, 19.0 / 3}, {0, 2, 0.5, 0, 53.0 / 6, 19.0 / 3},
    {0, 2, 0.5, 0, 53.0 / 6, 19.0 / 3},
};

typedef struct Lloyd {
    const double (*centres)[6];
    uint32_t rounds;
} Lloyd;

static void check_round(void *state, uint32_t round, const Sequence *values) {
    Lloyd *at = state;
    ck_assert_uint_eq(round, at->rounds++);
    ck_assert_uint_eq(values[0].n, 12);
    ck_assert_uint_eq(values[0].width, 2);
    for (int i = 0; i < 6; i++)
        ck_assert_msg(values[0].numbers[18 + i] == at->centres[round][i],
                      "round %u: %.17g, not %.17g", round, values[0].numbers[18 + i],
                      at->centres[round][i]);
    /* (5, 5) lies between two centres in the first round: its address is that of one, or a mean. */
    Atom owner = values[1].atoms[3];
    if (round == 0 && at->centres == averaging_centres)
        ck_assert(owner.kind == ATOM_FLOAT && owner.as.real == 10.5);
    else
        ck_assert(owner.kind == ATOM_INT);
}

static void run_lloyd(const char *rule, const double centres[5][6]) {
    Buffer text = {0};
    Lloyd seen = {.centres = centres};
    buffer_printf(&text, lloyd, rule);
    NodeId watched[] = {16, 12}, wanted[] = {17, 18};
    EvalRounds rounds = {
        .loop = 0, .nodes = watched, .count = 2, .round = check_round, .state = &seen};
    ApplyRequest request = {.graph = graph_of(text.data),
                            .input = input_of(lloyd_input),
                            .arena = world.arena,
                            .diags = world.diags,
                            .rounds = &rounds};
    Sequence out[2];
    ck_assert(eval_all(&request, wanted, 2, out));
    ck_assert_uint_eq(seen.rounds, 5);
    for (int i = 0; i < 6; i++)
        ck_assert(out[0].numbers[18 + i] == centres[4][i]);
    ck_assert_uint_eq(out[1].n, 12);
    buffer_free(&text);
}

START_TEST(test_lloyd_first_of_ties) { run_lloyd("hardmax_first", first_centres); }
END_TEST
START_TEST(test_lloyd_average_of_ties) { run_lloyd("hardmax", averaging_centres); }
END_TEST

/* Hardmax dynamics (arXiv 2407.01602): who attends to itself alone is a leader. */
static const char dynamics[] = "%0 = input \"z\" vec[2]\n"
                               "%1 = const True\n"
                               "%2 = select_eq %1 %1\n"
                               "%3 = const 0\n"
                               "%4 = const 0.5\n"
                               "%5 = const 1.5\n"
                               "%6 = indices\n"
                               "loop 0\n"
                               "%7 = state of 0 from %0 vec[2]\n"
                               "%8 = score_mul %7 %7\n"
                               "%9 = hardmax %8 %2\n"
                               "%10 = attend %9 %7 %3\n"
                               "%11 = attend %9 %6 %3\n"
                               "%12 = mul %10 %4\n"
                               "%13 = add %7 %12\n"
                               "%14 = div %13 %5\n"
                               "end 0 times 60 next %14\n"
                               "%15 = result %14 of 0\n";

static void check_leaders(void *state, uint32_t round, const Sequence *values) {
    uint32_t *rounds = state;
    *rounds += 1;
    for (uint32_t i = 0; i < 8; i++) {
        Atom chosen = values[0].atoms[i];
        bool leads = chosen.kind == ATOM_INT && chosen.as.integer == i;
        bool leader = i == 0 || i == 2 || (i == 1 && round > 0);
        ck_assert_msg(leads == leader, "token %u in round %u", i, round);
    }
}

START_TEST(test_hardmax_dynamics) {
    uint32_t seen = 0;
    NodeId watched = 11, wanted = 15;
    EvalRounds rounds = {.nodes = &watched, .count = 1, .round = check_leaders, .state = &seen};
    ApplyRequest request = {
        .graph = graph_of(dynamics),
        .input = input_of("z=1,0.3333333333333333 -0.08333333333333333,0.08333333333333333 -1,-1 "
                          "0,0.25 -0.3,-0.7 -0.6,-0.9 0.8,0.1 0.6,0.15"),
        .arena = world.arena,
        .diags = world.diags,
        .rounds = &rounds};
    Sequence out;
    ck_assert(eval_all(&request, &wanted, 1, &out));
    ck_assert_uint_eq(seen, 60);
    ck_assert_double_eq_tol(out.numbers[2], -0.055556, 1e-6);
    ck_assert_double_eq_tol(out.numbers[3], 0.138889, 1e-6);
}
END_TEST

/* --- several at once, memory, limits ---------------------------------------------------------- */

static void count_round(void *state, uint32_t round, const Sequence *values) {
    (void)round;
    (void)values;
    *(uint32_t *)state += 1;
}

/* A loop of two results runs once, and one that nothing needs does not run. */
START_TEST(test_a_loop_runs_once) {
    static const char text[] = "%0 = indices\n%1 = const 1\nloop 0\n%2 = state of 0 from %0 int\n"
                               "%3 = add %2 %1\nend 0 times 4 next %3\n%4 = result %3 of 0\n"
                               "%5 = result %2 of 0\n%6 = neg %0\n";
    uint32_t seen = 0;
    NodeId watched = 3, wanted[] = {5, 4, 0, 5};
    EvalRounds rounds = {.nodes = &watched, .count = 1, .round = count_round, .state = &seen};
    ApplyRequest request = {.graph = graph_of(text),
                            .input = input_of("x=1 2 3"),
                            .arena = world.arena,
                            .diags = world.diags,
                            .rounds = &rounds};
    Sequence out[4], *single = out;
    ck_assert(eval_all(&request, wanted, 4, out));
    ck_assert_uint_eq(seen, 4);
    ck_assert_int_eq(out[0].atoms[2].as.integer, 5);
    ck_assert_int_eq(out[1].atoms[2].as.integer, 6);
    ck_assert_int_eq(out[2].atoms[2].as.integer, 2);
    ck_assert_int_eq(out[3].atoms[2].as.integer, 5);
    request.node = 6;
    ck_assert(eval_request(&request, single, NULL));
    ck_assert_uint_eq(seen, 4);
}
END_TEST

/* A million rounds take the columns of one: more would be beyond the limit on memory. */
START_TEST(test_rounds_share_their_memory) {
    static const char text[] = "%0 = input \"x\" vec[64]\n%1 = const 1\nloop 0\n"
                               "%2 = state of 0 from %0 vec[64]\n%3 = add %2 %1\n%4 = add %3 %3\n"
                               "%5 = sub %4 %3\nend 0 times 100000 next %5\n%6 = result %5 of 0\n";
    double numbers[128] = {0};
    InputColumn column = {.name = string_new(world.arena, "x", 1), .width = 64, .numbers = numbers};
    Input input = {.n = 2, .column_count = 1, .columns = &column};
    Sequence out;
    ck_assert(eval_sequence(graph_of(text), 6, input, (Span){0}, world.arena, world.diags, &out));
    ck_assert_double_eq(out.numbers[127], 100000);
}
END_TEST

static bool is_asked(void *state) {
    (void)state;
    return true;
}

/* A loop without an end in sight can be given up. */
START_TEST(test_endless_loops_stop) {
    static const char text[] = "%0 = indices\nloop 0\n%1 = state of 0 from %0 int\n%2 = neg %1\n"
                               "end 0 times 2000000000 next %2\n%3 = result %2 of 0\n";
    Graph *graph = graph_of(text);
    Cancel cancel = {.asked = is_asked};
    ApplyRequest request = {.graph = graph,
                            .node = 3,
                            .input = input_of("x=1"),
                            .arena = world.arena,
                            .diags = world.diags,
                            .cancel = &cancel};
    Sequence out;
    ck_assert(!eval_request(&request, &out, NULL));
    ck_assert_int_eq(diagnostics_id(world.diags, 0), DIAG_STOPPED);
}
END_TEST

Suite *eval_real_suite(void);
Suite *eval_real_suite(void) {
    Suite *suite = suite_create("eval_real");
    TCase *values = tcase_create("values");
    tcase_add_checked_fixture(values, set_up, tear_down);
    tcase_add_loop_test(values, test_elements, 0, COUNT(element_cases));
    tcase_add_loop_test(values, test_attention, 0, COUNT(attention_cases));
    tcase_add_loop_test(values, test_loops, 0, COUNT(loop_cases));
    suite_add_tcase(suite, values);

    TCase *whole = tcase_create("programs");
    tcase_add_checked_fixture(whole, set_up, tear_down);
    tcase_add_test(whole, test_lloyd_first_of_ties);
    tcase_add_test(whole, test_lloyd_average_of_ties);
    tcase_add_test(whole, test_hardmax_dynamics);
    tcase_add_test(whole, test_a_loop_runs_once);
    tcase_add_test(whole, test_rounds_share_their_memory);
    tcase_add_test(whole, test_endless_loops_stop);
    suite_add_tcase(suite, whole);
    return suite;
}
