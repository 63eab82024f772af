/* bench-jit [LABEL|all|programs [MOST [LEAST]]]: native code beside plain loops over all pairs of
   positions, for lengths from LEAST up to MOST. A process for each row, so that its peak memory is
   its own.
   For engines.py, as JSON: bench-jit --cases; bench-jit --jit|--dense LABEL N, one row. */
#include "bench/native/programs.h"
#include "bench/native/row.h"

#include <cjson/cJSON.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { LENGTHS = 10 };
static const uint32_t lengths[LENGTHS] = {16, 24, 32, 48, 64, 128, 1000, 10000, 100000, 1000000};

/* In a process of its own. */
static Row row_apart(const Case *subject, uint32_t n) {
    Row row = row_none("the process ended");
    int ends[2];
    if (pipe(ends) != 0) return row;
    pid_t child = fork();
    if (child == 0) {
        row = row_measure(subject, n);
        _exit(write(ends[1], &row, sizeof row) == (ssize_t)sizeof row ? 0 : 1);
    }
    close(ends[1]);
    Row got;
    if (child > 0 && read(ends[0], &got, sizeof got) == (ssize_t)sizeof got) row = got;
    if (child > 0) waitpid(child, NULL, 0);
    close(ends[0]);
    return row;
}

/* --- the table -------------------------------------------------------------------------------- */

static void print_time(double seconds) {
    if (seconds < 0)
        printf(" %10s", "-");
    else
        printf(" %10.4g", seconds * 1e3);
}

static void print_row(const Case *subject, uint32_t n, const Row *row) {
    printf("%-17s %8u", subject->label, n);
    print_time(row->lower);
    print_time(row->compile);
    print_time(row->work);
    print_time(row->by_stages);
    print_time(row->wall);
    print_time(row->loop);
    if (row->loop > 0 && row->work > 0)
        printf(" %8.3g", row->loop / row->work);
    else
        printf(" %8s", "-");
    printf(" %6.0f", row->megabytes);
    printf("%s%s%s\n", row->why[0] ? "  " : "", row->why, row->differs ? "  DIFFERS" : "");
    fflush(stdout);
}

/* The exponent of the work's growth between the last three lengths. */
static void print_growth(const Row *rows) {
    const Row *from = &rows[LENGTHS - 3], *to = &rows[LENGTHS - 1];
    if (from->work <= 0 || to->work <= 0) return;
    double ratio = (double)lengths[LENGTHS - 1] / lengths[LENGTHS - 3];
    printf("%26s grows as n^%.2f from n = %u\n", "", log(to->work / from->work) / log(ratio),
           lengths[LENGTHS - 3]);
}

static bool print_table(const char *label, uint32_t least, uint32_t most) {
    bool right = true;
    printf("%-17s %8s %10s %10s %10s %10s %10s %10s %8s %6s\n", "medians, ms", "n", "lowering",
           "compiling", "work", "by stages", "wall", "all pairs", "ratio", "MB");
    for (int c = 0; c < case_count; c++) {
        if (strcmp(label, "all") != 0 && strcmp(label, cases[c].label) != 0) continue;
        Row rows[LENGTHS] = {0};
        for (int l = 0; l < LENGTHS; l++) {
            if (lengths[l] < least || lengths[l] > most) continue;
            rows[l] = row_apart(&cases[c], lengths[l]);
            right = right && !rows[l].differs;
            print_row(&cases[c], lengths[l], &rows[l]);
        }
        print_growth(rows);
    }
    return right;
}

/* --- as JSON ---------------------------------------------------------------------------------- */

static void print_json(cJSON *json) {
    char *text = cJSON_PrintUnformatted(json);
    puts(text);
    free(text);
    cJSON_Delete(json);
}

static void print_cases(void) {
    cJSON *list = cJSON_CreateArray();
    for (int c = 0; c < case_count; c++) {
        cJSON *item = cJSON_CreateObject();
        cJSON_AddStringToObject(item, "label", cases[c].label);
        cJSON_AddStringToObject(item, "path", cases[c].path);
        cJSON_AddStringToObject(item, "name", cases[c].name);
        if (cases[c].letters) cJSON_AddStringToObject(item, "letters", cases[c].letters);
        cJSON_AddNumberToObject(item, "integers", cases[c].integers);
        cJSON_AddItemToArray(list, item);
    }
    print_json(list);
}

static void print_row_json(const Row *row) {
    cJSON *item = cJSON_CreateObject();
    cJSON_AddNumberToObject(item, "lower", row->lower);
    cJSON_AddNumberToObject(item, "compile", row->compile);
    cJSON_AddNumberToObject(item, "work", row->work);
    cJSON_AddNumberToObject(item, "loop", row->loop);
    cJSON_AddNumberToObject(item, "megabytes", row->megabytes);
    cJSON_AddBoolToObject(item, "differs", row->differs);
    cJSON_AddBoolToObject(item, "f64", row->f64);
    cJSON_AddStringToObject(item, "why", row->why);
    print_json(item);
}

static int print_one(const char *how, const char *label, uint32_t n) {
    for (int c = 0; c < case_count; c++)
        if (strcmp(cases[c].label, label) == 0) {
            Row row = strcmp(how, "--jit") == 0 ? row_measure(&cases[c], n)
                                                : row_measure_dense(&cases[c], n);
            print_row_json(&row);
            return 0;
        }
    fprintf(stderr, "bench-jit: no case '%s'\n", label);
    return 2;
}

int main(int argc, char **argv) {
    if (argc == 2 && strcmp(argv[1], "--cases") == 0) {
        print_cases();
        return 0;
    }
    if (argc == 4 && strncmp(argv[1], "--", 2) == 0)
        return print_one(argv[1], argv[2], (uint32_t)strtoul(argv[3], NULL, 10));
    const char *label = argc > 1 ? argv[1] : "all";
    uint32_t most = argc > 2 ? (uint32_t)strtoul(argv[2], NULL, 10) : UINT32_MAX;
    uint32_t least = argc > 3 ? (uint32_t)strtoul(argv[3], NULL, 10) : 0;
    bool right = print_table(label, least, most);
    if (argc < 2 || strcmp(label, "programs") == 0) bench_programs();
    return right ? 0 : 1;
}
