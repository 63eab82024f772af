/* The REPL on a terminal: libedit with history and completion. The only file that knows libedit. */
#include "compiler/driver/repl.h"
#include "runtime/base/memory.h"

#include <histedit.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { HISTORY_ENTRIES = 1000 };

struct Editor {
    EditLine *line;
    History *history;
    const Session *session;
    const char *prompt;
    Buffer history_file;
    bool dropped; /* Ctrl-C was typed */
};

static Editor *editor_of(EditLine *line) {
    void *data = NULL;
    el_get(line, EL_CLIENTDATA, &data);
    return data;
}

static char *show_prompt(EditLine *line) { return (char *)editor_of(line)->prompt; }

static unsigned char drop_line(EditLine *line, int key) {
    (void)key;
    editor_of(line)->dropped = true;
    return CC_NEWLINE;
}

/* --- completion ------------------------------------------------------------------------------- */

typedef struct Completion {
    const char *word;
    size_t len;
    const char *first; /* the first name found, and how much of it all names share */
    size_t shared;
    size_t count;
    Buffer names;
} Completion;

static void offer(void *state, const char *name) {
    Completion *completion = state;
    if (strncmp(name, completion->word, completion->len) != 0) return;
    if (completion->count++ == 0) {
        completion->first = name;
        completion->shared = strlen(name);
    }
    size_t same = completion->len;
    while (same < completion->shared && name[same] == completion->first[same])
        same++;
    completion->shared = same;
    buffer_printf(&completion->names, "%s%s", completion->count > 1 ? "  " : "", name);
}

static bool is_name_byte(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

/* Inserts what all fitting names share; where that is nothing, lists them. */
static unsigned char complete(EditLine *line, int key) {
    (void)key;
    static const char *const words[] = {
        "select",  "aggregate", "range",    "zip",  "len",  "round", "indicator",
        "def",     "return",    "for",      "load", "draw", "check", "and",
        "or",      "not",       "if",       "else", "in",   "set",   "show",
        "example", "examples",  "selector", "exit", "quit",
    };
    const LineInfo *info = el_line(line);
    const char *start = info->cursor;
    while (start > info->buffer && is_name_byte(start[-1]))
        start--;
    Completion found = {.word = start, .len = (size_t)(info->cursor - start)};
    if (found.len == 0) return CC_ERROR;
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        offer(&found, words[i]);
    session_names(editor_of(line)->session, offer, &found);
    unsigned char result = CC_ERROR;
    if (found.count > 0 && found.shared > found.len) {
        Buffer rest = {0};
        buffer_add(&rest, found.first + found.len, found.shared - found.len);
        el_insertstr(line, rest.data);
        buffer_free(&rest);
        result = CC_REFRESH;
    } else if (found.count > 1) {
        printf("\n%s\n", found.names.data);
        result = CC_REDISPLAY;
    }
    buffer_free(&found.names);
    return result;
}

/* --- history ---------------------------------------------------------------------------------- */

/* $XDG_STATE_HOME/raspc/history where that is set, else ~/.raspc_history. */
static void find_history(Buffer *path) {
    const char *state = getenv("XDG_STATE_HOME"), *home = getenv("HOME");
    if (state != NULL && state[0] == '/') {
        buffer_printf(path, "%s/raspc", state);
        mkdir(state, 0700);
        mkdir(path->data, 0700);
        buffer_text(path, "/history");
    } else if (home != NULL && home[0] == '/') {
        buffer_printf(path, "%s/.raspc_history", home);
    }
}

/* A history entry is one line, since that is what can be edited: its lines are joined by blanks.
   With a comment in the midst that would change it, so such entries are not remembered. */
void editor_remember(Editor *editor, const char *entry) {
    Buffer line = {0};
    for (const char *at = entry; *at != '\0';) {
        at += strspn(at, " \t\r\n");
        size_t len = strcspn(at, "\r\n");
        bool comment = memchr(at, '#', len) != NULL;
        if (line.len > 0 && len > 0) buffer_char(&line, ' ');
        buffer_add(&line, at, len);
        at += len;
        bool last = at[strspn(at, " \t\r\n")] == '\0';
        if (comment && !last) {
            line.len = 0;
            break;
        }
    }
    HistEvent event;
    if (line.len > 0) history(editor->history, &event, H_ENTER, line.data);
    if (line.len > 0 && editor->history_file.len > 0)
        history(editor->history, &event, H_SAVE, editor->history_file.data);
    buffer_free(&line);
}

/* --- the editor ------------------------------------------------------------------------------- */

Editor *editor_new(const Session *session) {
    setlocale(LC_CTYPE, "");
    Editor *editor = memory_zeroed(sizeof *editor);
    editor->session = session;
    editor->line = el_init("raspc", stdin, stdout, stderr);
    editor->history = history_init();
    if (editor->line == NULL || editor->history == NULL) {
        if (editor->history != NULL) history_end(editor->history);
        if (editor->line != NULL) el_end(editor->line);
        free(editor);
        return NULL;
    }
    HistEvent event;
    history(editor->history, &event, H_SETSIZE, HISTORY_ENTRIES);
    history(editor->history, &event, H_SETUNIQUE, 1);
    find_history(&editor->history_file);
    if (editor->history_file.len > 0)
        history(editor->history, &event, H_LOAD, editor->history_file.data);
    EditLine *line = editor->line;
    el_set(line, EL_CLIENTDATA, editor);
    el_set(line, EL_PROMPT, show_prompt);
    el_set(line, EL_EDITOR, "emacs");
    el_set(line, EL_HIST, history, editor->history);
    el_set(line, EL_ADDFN, "raspc-complete", "complete a name", complete);
    el_set(line, EL_ADDFN, "raspc-drop", "drop the entry", drop_line);
    el_set(line, EL_BIND, "^I", "raspc-complete", NULL);
    el_set(line, EL_BIND, "^C", "raspc-drop", NULL);
    el_set(line, EL_BIND, "^R", "em-inc-search-prev", NULL);
    el_set(line, EL_SETTY, "-d", "-isig", NULL); /* Ctrl-C is a key while a line is edited */
    el_source(line, NULL);                       /* the user's ~/.editrc */
    return editor;
}

void editor_free(Editor *editor) {
    history_end(editor->history);
    el_end(editor->line);
    buffer_free(&editor->history_file);
    free(editor);
}

LineStatus editor_read(Editor *editor, const char *prompt, Buffer *out) {
    editor->prompt = prompt;
    editor->dropped = false;
    int count = 0;
    /* Before the prompt is shown, or keys typed right behind it are not taken as keys. */
    el_set(editor->line, EL_PREP_TERM, 1);
    const char *text = el_gets(editor->line, &count);
    if (editor->dropped) {
        fputs("^C\n", stdout);
        return LINE_DROPPED;
    }
    if (text == NULL || count <= 0) {
        fputc('\n', stdout);
        return LINE_END;
    }
    buffer_add(out, text, (size_t)count);
    return LINE_READ;
}
