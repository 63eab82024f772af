/* raspc repl, or raspc alone: reads entries, runs them and shows what they give. A mistake is
   reported and the next entry read. */
#include "compiler/driver/program.h"
#include "compiler/driver/repl.h"
#include "runtime/base/file.h"
#include "runtime/base/limits.h"
#include "runtime/base/signals.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

typedef struct Repl {
    Driver *driver;
    Session *session;
    Editor *editor;          /* NULL: lines come from a pipe */
    Buffer entry;            /* the lines of the entry so far */
    size_t braces, brackets; /* open in it; brackets are round and square ones */
    size_t tried;            /* its length when it was last parsed, and was not whole */
    Results results;
    size_t shown;  /* diagnostics that are on the screen already */
    Cancel cancel; /* Ctrl-C, while an entry runs; none without a terminal */
    size_t checks; /* check statements whose outcome is on the screen already */
    bool leaving;
} Repl;

/* --- lines ------------------------------------------------------------------------------------ */

/* What passes LIMIT_SOURCE_BYTES is handed on in pieces; take_line refuses them. */
static LineStatus read_pipe(Buffer *out) {
    size_t before = out->len;
    for (int c; (c = getc_unlocked(stdin)) != EOF;) {
        buffer_char(out, (char)c);
        if (c == '\n' || out->len > LIMIT_SOURCE_BYTES) return LINE_READ;
    }
    return out->len > before ? LINE_READ : LINE_END;
}

static LineStatus read_line(Repl *repl) {
    if (repl->editor == NULL) return read_pipe(&repl->entry);
    LineStatus status =
        editor_read(repl->editor, repl->entry.len == 0 ? ">> " : ".. ", &repl->entry);
    interrupt_forget(); /* one that came before the line was whole is not for what it runs */
    return status;
}

/* --- entries ---------------------------------------------------------------------------------- */

static void show_diagnostics(Repl *repl) {
    Diagnostics *diags = session_diagnostics(repl->session);
    if (diagnostics_count(diags) == repl->shown) return;
    Buffer text = {0};
    diagnostics_render(diags, repl->shown, repl->driver->diag_style, &text);
    fflush(stdout);
    if (text.len > 0) fwrite(text.data, 1, text.len, stderr);
    buffer_free(&text);
    diagnostics_truncate(diags, repl->shown);
}

static void show_results(Repl *repl) {
    Buffer *out = &repl->driver->out;
    for (uint32_t i = 0; i < repl->results.count; i++) {
        if (i > 0 && cancel_asked(&repl->cancel)) break;
        repl_show(repl->session, &repl->results.items[i], out);
        if (repl->results.items[i].kind == RESULT_EXIT) repl->leaving = true;
    }
    for (; repl->checks < session_check_count(repl->session); repl->checks++)
        if (session_check(repl->session, repl->checks).outcome == CHECK_PASSED)
            buffer_text(out, "    check: passed\n");
    repl->results.count = 0;
    if (!driver_flush(repl->driver)) repl->leaving = true;
    show_diagnostics(repl);
}

/* Statement by statement, so that messages stand where they belong. */
static void run(Repl *repl, const Tree *program) {
    for (uint32_t i = 0; i < program->count && !repl->leaving; i++) {
        Tree one = *program;
        one.count = 1;
        one.child = program->child + i;
        session_run(repl->session, &one, &repl->results);
        show_results(repl);
        if (cancel_asked(&repl->cancel)) return;
    }
}

static uint32_t entry_source(Repl *repl) {
    return sources_add(session_sources(repl->session), "<console>", repl->entry.data,
                       repl->entry.len);
}

static void forget_entry(Repl *repl) {
    repl->entry.len = 0;
    repl->braces = repl->brackets = repl->tried = 0;
}

static void count_down(size_t *count) {
    if (*count > 0) --*count;
}

/* Counts the brackets of the line at offset from; whether a ';' or '}' is in it. */
static bool count_brackets(Repl *repl, size_t from) {
    bool closes = false;
    for (size_t at = from; at < repl->entry.len; at++) {
        const char *text = repl->entry.data + at;
        if (*text == '#') break;
        if (*text == '"') {
            const char *quote = memchr(text + 1, '"', repl->entry.len - at - 1);
            if (quote == NULL) break;
            at = (size_t)(quote - repl->entry.data);
        }
        switch (*text) {
        case '{': repl->braces++; break;
        case '}':
            count_down(&repl->braces);
            closes = true;
            break;
        case '(':
        case '[': repl->brackets++; break;
        case ')':
        case ']': count_down(&repl->brackets); break;
        case ';': closes = true; break;
        }
    }
    return closes;
}

static bool is_blank(const char *text, size_t len) {
    for (size_t i = 0; i < len; i++)
        if (strchr(" \t\r\n", text[i]) == NULL || text[i] == '\0') return false;
    return true;
}

/* Whether the entry may end with its newest line, and has to be parsed. It surely goes on when one
   of its braces is open (a function is read as a whole), or another bracket and no ';' came. A long
   one is parsed again only when it has grown by a part, sooner when its line closes something: else
   many lines would take time in proportion to their square. */
static bool may_end(const Repl *repl, bool closes) {
    enum { LONG_ENTRY = 8192, LONG_WITHOUT_END = 512, PART = 8 };
    if (repl->braces > 0 || (repl->brackets > 0 && !closes)) return false;
    size_t len = repl->entry.len;
    return len < (closes ? LONG_ENTRY : LONG_WITHOUT_END) || len - repl->tried > repl->tried / PART;
}

/* No more lines come for the entry: says what is missing, or runs it. */
static void end_entry(Repl *repl) {
    Tree *program = parse_program(session_arena(repl->session), session_sources(repl->session),
                                  entry_source(repl), session_diagnostics(repl->session));
    bool whole = diagnostics_count(session_diagnostics(repl->session)) == repl->shown;
    show_diagnostics(repl);
    if (whole) run(repl, program);
    forget_entry(repl);
}

/* The entry is parsed, and run if it is whole. On a terminal a blank line ends it, but for one
   inside braces: so it tells of a ';' that was forgotten. */
static void take_entry(Repl *repl, bool blank) {
    Tree *program;
    ParseStatus status =
        parse_entry(session_arena(repl->session), session_sources(repl->session),
                    entry_source(repl), session_diagnostics(repl->session), &program);
    repl->tried = repl->entry.len;
    bool ends = status != PARSE_INCOMPLETE || (blank && repl->editor != NULL && repl->braces == 0);
    if (!ends) return;
    if (repl->editor != NULL) editor_remember(repl->editor, repl->entry.data);
    if (status == PARSE_INCOMPLETE) {
        end_entry(repl);
        return;
    }
    show_diagnostics(repl);
    if (status == PARSE_OK) run(repl, program);
    forget_entry(repl);
}

/* A line was added at offset from. */
static void take_line(Repl *repl, size_t from) {
    bool blank = is_blank(repl->entry.data + from, repl->entry.len - from);
    bool closes = count_brackets(repl, from);
    if (repl->entry.len > LIMIT_SOURCE_BYTES) {
        diag_error(session_diagnostics(repl->session), DIAG_LIMIT_PROGRAM, (Span){0},
                   "more than %d MB in one entry", LIMIT_SOURCE_BYTES >> 20);
        show_diagnostics(repl);
        forget_entry(repl);
    } else if (is_blank(repl->entry.data, repl->entry.len)) {
        forget_entry(repl);
    } else if (blank || may_end(repl, closes)) {
        take_entry(repl, blank);
    }
}

static void take_end(Repl *repl) {
    if (!is_blank(repl->entry.data, repl->entry.len)) end_entry(repl);
    repl->leaving = true;
}

static void read_entries(Repl *repl) {
    while (!repl->leaving) {
        size_t from = repl->entry.len;
        switch (read_line(repl)) {
        case LINE_READ: take_line(repl, from); break;
        case LINE_DROPPED: forget_entry(repl); break;
        case LINE_END: take_end(repl); break;
        }
    }
}

/* --- the command ------------------------------------------------------------------------------ */

static bool never(void *state) {
    (void)state;
    return false;
}

static void welcome(Repl *repl) {
    buffer_printf(&repl->driver->out,
                  "raspc " RASPC_VERSION ": type a statement, such as  indices + 1;  or  exit\n"
                  "The running example is \"hello\"; set example \"...\" changes it.\n");
    driver_flush(repl->driver);
}

/* On a terminal Ctrl-C ends what an entry computes, not the REPL. It is held back all the time,
   since it is a key only while a line is edited, and may come between the two. */
static void run_terminal(Repl *repl) {
    HeldSignals held = interrupt_hold();
    repl->cancel.asked = interrupt_waiting;
    welcome(repl);
    read_entries(repl);
    editor_free(repl->editor);
    interrupt_release(&held);
}

ExitStatus cmd_repl(Driver *driver) {
    if (driver->options.operand_count > 1) return driver_usage(driver, "one program at a time");
    Repl repl = {.driver = driver, .cancel = {never, NULL}};
    repl.session = program_session_of(
        (SessionOptions){.interactive = true, .run_checks = true, .cancel = &repl.cancel});
    if (driver->options.operand_count == 1) {
        bool good = program_read(repl.session, driver->options.operands[0]);
        show_diagnostics(&repl);
        if (!good) { /* reported */
            session_free(repl.session);
            return EXIT_WRONG;
        }
        repl.checks = session_check_count(repl.session);
    }
    if (isatty(STDIN_FILENO) && isatty(STDOUT_FILENO)) repl.editor = editor_new(repl.session);
    if (repl.editor != NULL)
        run_terminal(&repl);
    else
        read_entries(&repl);
    buffer_free(&repl.entry);
    session_free(repl.session);
    return EXIT_DONE;
}
