/* --plot: what of a run is drawn how. The program is not told of it; its declarations say it:
     the first vector input          points, coloured by
     the first int output            their cluster;
     a bool input                    which positions are centres rather than points; one has the
                                     colour of the points whose int is its position, or its own
     the first vector output         its way through its loop, of the centres, or without a bool
                                     input of all positions, with the polytope of the ends
     a bool output                   which of these are leaders */
#include "compiler/driver/run.h"

#include "compiler/driver/draw_file.h"
#include "runtime/base/memory.h"
#include "runtime/draw/plot.h"

#include <stdlib.h>
#include <string.h>

bool run_choose_plot(Run *run) {
    const Options *options = &run->driver->options;
    const char *axes = option_value(options, OPT_AXES);
    run->plot = option_value(options, OPT_PLOT);
    run->axes[1] = 1;
    if (run->plot != NULL && !draw_path_fits(run->driver, "--plot", run->plot)) return false;
    if (axes == NULL) return true;
    char *end;
    for (int i = 0; i < 2; i++) {
        bool digit = *axes >= '0' && *axes <= '9';
        unsigned long axis = strtoul(axes, &end, 10);
        if (!digit || axis > INT32_MAX || *end != (i == 0 ? ',' : '\0')) {
            driver_usage(run->driver, "--axes: two coordinates, counted from 0: 0,1");
            return false;
        }
        run->axes[i] = (uint32_t)axis;
        axes = end + 1;
    }
    return true;
}

/* --- what is drawn ---------------------------------------------------------------------------- */

static const InputColumn *points_of(const Input *input) {
    for (uint32_t i = 0; i < input->column_count; i++)
        if (input->columns[i].numbers != NULL) return &input->columns[i];
    return NULL;
}

/* A column of bools. */
static const InputColumn *centres_of(const Input *input) {
    for (uint32_t i = 0; i < input->column_count; i++)
        if (input->columns[i].atoms != NULL && input->columns[i].atoms[0].kind == ATOM_BOOL)
            return &input->columns[i];
    return NULL;
}

static bool is_centre(const InputColumn *centres, uint32_t position) {
    return centres != NULL && centres->atoms[position].as.boolean;
}

/* The target whose values are ways; the number of targets: none. */
static size_t ways_of(const Run *run) {
    const Graph *graph = session_graph(run->session);
    size_t i = 0;
    for (; i < run->targets.count; i++) {
        Value value = run->targets.items[i].value;
        if (value.kind == VALUE_SOP && graph_node(graph, value.as.node)->type == TYPE_VECTOR) break;
    }
    return i;
}

static const Sequence *outcome_of(const Run *run, const Outcome *outcomes, SequenceType type) {
    for (size_t i = 0; i < run->targets.count; i++)
        if (outcomes[i].value.kind == VALUE_SOP && outcomes[i].sequence.type == type)
            return &outcomes[i].sequence;
    return NULL;
}

static bool check_axes(const Run *run, const char *name, uint32_t width) {
    uint32_t axis = run->axes[0] > run->axes[1] ? run->axes[0] : run->axes[1];
    bool given = option_given(&run->driver->options, OPT_AXES);
    if (axis < width || (!given && width == 1)) return true;
    diag_error(session_diagnostics(run->session), DIAG_NO_RESULT, (Span){0},
               "--axes: coordinate %u of '%s', which is vec[%u]", axis, name, width);
    return false;
}

bool run_check_plot(Run *run) {
    if (run->plot == NULL) return true;
    const Graph *graph = session_graph(run->session);
    const InputColumn *points = run->named ? points_of(&run->reader.inputs[0].input) : NULL;
    size_t ways = ways_of(run);
    if (points == NULL && (!run->named || ways == run->targets.count)) {
        Diagnostic *diag = diag_error(session_diagnostics(run->session), DIAG_NO_RESULT, (Span){0},
                                      "--plot: no input and no output is a vector");
        diag_help(diag, "raspc draw shows what attends to what");
        return false;
    }
    if (points != NULL && !check_axes(run, points->name->bytes, points->width)) return false;
    if (ways == run->targets.count) return true;
    Target target = run->targets.items[ways];
    return check_axes(run, target.name, graph_node(graph, target.value.as.node)->width);
}

/* --- rounds ----------------------------------------------------------------------------------- */

static double coordinate(const double *vector, uint32_t width, uint32_t axis) {
    return axis < width ? vector[axis] : 0; /* numbers stand on a line */
}

static void add_step(RunRounds *rounds, Sequence sequence) {
    size_t taken = rounds->taken, row = 2 * (size_t)rounds->count;
    rounds->steps = memory_resize(rounds->steps, (taken + 1) * row * sizeof(double));
    double *step = rounds->steps + taken * row;
    for (size_t i = 0; i < rounds->count; i++) {
        const double *vector = sequence.numbers + (size_t)rounds->positions[i] * sequence.width;
        for (size_t k = 0; k < 2; k++)
            step[2 * i + k] = coordinate(vector, sequence.width, rounds->axes[k]);
    }
    rounds->taken++;
}

/* Of many rounds every second is forgotten, again and again. */
static void thin_out(RunRounds *rounds) {
    size_t row = 2 * (size_t)rounds->count;
    if (rounds->taken < PLOT_MOST_STEPS) return;
    for (size_t i = 0; 2 * i < rounds->taken; i++)
        memmove(rounds->steps + i * row, rounds->steps + 2 * i * row, row * sizeof(double));
    rounds->taken = (rounds->taken + 1) / 2;
    rounds->stride *= 2;
}

static void each_round(void *state, uint32_t round, const Sequence *values) {
    RunRounds *rounds = state;
    progress_say(&rounds->progress, "round", (uint64_t)round + 1, rounds->times);
    if (rounds->rounds.count == 0) return;
    if (round == 0 && rounds->rounds.count == 2) add_step(rounds, values[0]);
    if ((round + 1) % rounds->stride != 0) return;
    add_step(rounds, values[rounds->rounds.count - 1]);
    thin_out(rounds);
}

/* The outermost loop of most rounds; false when there is none. */
static bool longest_loop(const Graph *graph, uint32_t *loop) {
    uint32_t most = 0;
    for (uint32_t i = 0; i < graph->loop_count; i++) {
        if (!graph->loops[i].closed || graph->loops[i].outer != 0 || graph->loops[i].times <= most)
            continue;
        most = graph->loops[i].times;
        *loop = i;
    }
    return most != 0;
}

/* The loop and the body's nodes that are the ways of a result; false when it is none. */
static bool ways_nodes(const Graph *graph, NodeId result, RunRounds *rounds) {
    const Node *node = graph_node(graph, result);
    if (node->op != OP_RESULT) return false;
    NodeId body = node->args[0];
    uint32_t number = graph_node(graph, body)->loop;
    if (number == 0 || graph->loops[number - 1].outer != 0) return false;
    const GraphLoop *loop = &graph->loops[number - 1];
    rounds->rounds.loop = number - 1;
    for (uint32_t i = 0; i < loop->state_count && rounds->rounds.count == 0; i++)
        if (loop->states[i].next == body)
            rounds->nodes[rounds->rounds.count++] = loop->states[i].state;
    rounds->nodes[rounds->rounds.count++] = body;
    return true;
}

/* The positions whose ways are drawn. */
static void choose_positions(RunRounds *rounds, const Input *input) {
    const InputColumn *centres = centres_of(input);
    uint32_t *positions = memory_zeroed(PLOT_MOST_PATHS * sizeof *positions);
    for (uint32_t i = 0; i < input->n; i++)
        rounds->all += centres == NULL || is_centre(centres, i);
    rounds->count = rounds->all < PLOT_MOST_PATHS ? rounds->all : PLOT_MOST_PATHS;
    uint64_t seen = 0, taken = 0;
    for (uint32_t i = 0; i < input->n && taken < rounds->count; i++) {
        if (centres != NULL && !is_centre(centres, i)) continue;
        if (seen++ >= taken * rounds->all / rounds->count) positions[taken++] = i;
    }
    rounds->positions = positions;
}

void run_watch(Run *run, ApplyRequest *request) {
    RunRounds *rounds = &run->rounds;
    const Graph *graph = request->graph;
    *rounds = (RunRounds){.axes = run->axes, .stride = 1};
    progress_open(&rounds->progress);
    size_t ways = ways_of(run);
    if (run->plot != NULL && ways < run->targets.count) choose_positions(rounds, &request->input);
    bool drawn = run->plot != NULL && ways < run->targets.count &&
                 ways_nodes(graph, run->targets.items[ways].value.as.node, rounds);
    if (!drawn && !(rounds->progress.wanted && longest_loop(graph, &rounds->rounds.loop))) return;
    rounds->times = graph->loops[rounds->rounds.loop].times;
    rounds->rounds.nodes = rounds->nodes;
    rounds->rounds.round = each_round;
    rounds->rounds.state = rounds;
    request->rounds = &rounds->rounds;
}

void run_watched(Run *run) { progress_close(&run->rounds.progress); }

void run_forget_rounds(Run *run) {
    free((void *)(uintptr_t)run->rounds.positions);
    free(run->rounds.steps);
    run->rounds = (RunRounds){0};
}

/* --- the picture ------------------------------------------------------------------------------ */

static int by_value(const void *left, const void *right) {
    int64_t a = *(const int64_t *)left, b = *(const int64_t *)right;
    return a < b ? -1 : a > b;
}

static int64_t owner_of(const Sequence *owners, uint32_t position) {
    int64_t value;
    return atom_as_int64(owners->atoms[position], &value) ? value : INT64_MAX;
}

/* The points' clusters in the order of their numbers, in malloc'ed memory. */
static int64_t *sorted_clusters(const Sequence *owners, const InputColumn *centres,
                                uint32_t *count) {
    int64_t *sorted = memory_zeroed(owners->n * sizeof *sorted);
    uint32_t all = 0;
    for (uint32_t i = 0; i < owners->n; i++)
        if (!is_centre(centres, i)) sorted[all++] = owner_of(owners, i);
    qsort(sorted, all, sizeof *sorted, by_value);
    *count = 0;
    for (uint32_t i = 0; i < all; i++)
        if (*count == 0 || sorted[i] != sorted[*count - 1]) sorted[(*count)++] = sorted[i];
    return sorted;
}

/* Are clusters called by the positions of their centres? */
static bool are_addresses(const int64_t *clusters, uint32_t count, const InputColumn *centres,
                          uint32_t n) {
    for (uint32_t i = 0; i < count; i++)
        if (clusters[i] < 0 || clusters[i] >= n || !is_centre(centres, (uint32_t)clusters[i]))
            return false;
    return true;
}

/* A point's colour is its cluster's; a centre's that of the points which name its position, or else
   of those with its own number. colours: (n). */
static void choose_colours(const Sequence *owners, const InputColumn *centres, uint32_t *colours) {
    uint32_t count;
    int64_t *clusters = sorted_clusters(owners, centres, &count);
    bool addresses = are_addresses(clusters, count, centres, owners->n);
    for (uint32_t i = 0; i < owners->n; i++) {
        int64_t value = addresses && is_centre(centres, i) ? i : owner_of(owners, i);
        const int64_t *found = bsearch(&value, clusters, count, sizeof *clusters, by_value);
        colours[i] = found == NULL ? PLOT_NO_COLOUR : (uint32_t)(found - clusters);
    }
    free(clusters);
}

typedef struct Picture {
    Plot plot;
    uint32_t *colours; /* (n), or NULL */
    PlotPoint *points;
    PlotPath *paths;
    double *steps; /* of all paths */
    Buffer title, across, up;
} Picture;

static void picture_free(Picture *picture) {
    free(picture->colours);
    free(picture->points);
    free(picture->paths);
    free(picture->steps);
    buffer_free(&picture->title);
    buffer_free(&picture->across);
    buffer_free(&picture->up);
}

static void add_points(Picture *picture, const Run *run, const Input *input) {
    const InputColumn *points = points_of(input), *centres = centres_of(input);
    uint32_t all = 0;
    for (uint32_t i = 0; i < input->n; i++)
        all += !is_centre(centres, i);
    uint32_t count = all < PLOT_MOST_POINTS ? all : PLOT_MOST_POINTS;
    uint64_t seen = 0, taken = 0;
    picture->points = memory_zeroed(count * sizeof *picture->points);
    for (uint32_t i = 0; i < input->n && taken < count; i++) {
        if (is_centre(centres, i) || seen++ < taken * all / count) continue;
        const double *vector = points->numbers + (size_t)i * points->width;
        picture->points[taken++] =
            (PlotPoint){coordinate(vector, points->width, run->axes[0]),
                        coordinate(vector, points->width, run->axes[1]),
                        picture->colours ? picture->colours[i] : PLOT_NO_COLOUR};
    }
    picture->plot.points = picture->points;
    picture->plot.point_count = count;
    picture->plot.all_points = all;
}

/* Each path's steps lie together in the picture, round by round in rounds. */
static void add_paths(Picture *picture, const RunRounds *rounds, const Sequence *marks) {
    uint32_t count = rounds->count, taken = rounds->taken;
    picture->paths = memory_zeroed(count * sizeof *picture->paths);
    picture->steps = memory_zeroed(2 * (size_t)count * taken * sizeof *picture->steps);
    for (size_t i = 0; i < count; i++) {
        double *steps = picture->steps + 2 * i * taken;
        for (size_t k = 0; k < taken; k++)
            memcpy(steps + 2 * k, rounds->steps + 2 * (k * count + i), 2 * sizeof *steps);
        uint32_t position = rounds->positions[i];
        picture->paths[i] =
            (PlotPath){.steps = steps,
                       .count = taken,
                       .colour = picture->colours ? picture->colours[position] : 0,
                       .marked = marks != NULL && marks->atoms[position].as.boolean};
    }
    picture->plot.paths = picture->paths;
    picture->plot.path_count = count;
    picture->plot.all_paths = rounds->all;
}

static void add_words(Picture *picture, const Run *run, const char *name) {
    const Options *options = &run->driver->options;
    const char *program = options->operand_count > 0 ? options->operands[0] : "out";
    const char *slash = strrchr(program, '/');
    buffer_text(&picture->title, slash != NULL ? slash + 1 : program);
    buffer_printf(&picture->across, "%s[%u]", name, run->axes[0]);
    buffer_printf(&picture->up, "%s[%u]", name, run->axes[1]);
    picture->plot.title = picture->title.data;
    picture->plot.across = picture->across.data;
    picture->plot.up = picture->up.data;
}

static bool write_picture(const Run *run, const Plot *plot) {
    Buffer svg = {0};
    const char *why;
    plot_svg(plot, &svg);
    bool written = file_write(run->plot, svg.data, svg.len, &why);
    if (!written)
        diag_error(session_diagnostics(run->session), DIAG_FILE, (Span){0}, "can't write '%s': %s",
                   run->plot, why);
    buffer_free(&svg);
    return written;
}

bool run_write_plot(Run *run, const Outcome *outcomes) {
    const Input *input = &run->reader.inputs[0].input;
    const Sequence *owners = outcome_of(run, outcomes, SEQUENCE_INTS);
    const InputColumn *points = points_of(input);
    bool centres = centres_of(input) != NULL;
    size_t ways = ways_of(run);
    Picture picture = {.plot = {.path_word = centres ? "centre" : "token", .centres = centres}};
    if (owners != NULL) {
        picture.colours = memory_zeroed(input->n * sizeof *picture.colours);
        choose_colours(owners, centres_of(input), picture.colours);
    }
    const char *name = points != NULL ? points->name->bytes : run->targets.items[ways].name;
    add_words(&picture, run, name);
    if (ways < run->targets.count) {
        if (run->rounds.positions == NULL) choose_positions(&run->rounds, input);
        add_step(&run->rounds, outcomes[ways].sequence); /* the end */
        add_paths(&picture, &run->rounds, outcome_of(run, outcomes, SEQUENCE_BOOLS));
        picture.plot.hull = !centres;
    }
    /* Without centres the points are the beginnings of the ways. */
    if (points != NULL && (centres || ways == run->targets.count)) add_points(&picture, run, input);
    bool written = write_picture(run, &picture.plot);
    picture_free(&picture);
    return written;
}
