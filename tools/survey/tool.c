/* Option parsing from tables, error reports, output files and progress for all verbs. */
#define _POSIX_C_SOURCE 200809L
#include "tool.h"
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

const tool_option TOOL_OUTPUT[] = {
    TOOL_CHOICE_OPTION(tool_output_options, format, "format", 0, "table|csv|json", "how to print: for reading, or with full precision", "table"),
    TOOL_TEXT_OPTION(tool_output_options, path, "output", 'o', "FILE", "write there instead of to standard output", NULL),
    TOOL_FLAG_OPTION(tool_output_options, quiet, "quiet", 'q', "print results and errors only"),
    TOOL_END
};

/* ---- messages ---- */

/* C1 controls, which terminals obey too, are two bytes in UTF-8. */
void tool_plain(FILE *out, const char *text)
{
    for (const unsigned char *c = (const unsigned char *)text; *c != '\0'; c++) {
        int c1 = c[0] == 0xC2 && c[1] >= 0x80 && c[1] < 0xA0;
        fputc(*c < 0x20 || *c == 0x7F || c1 ? '?' : *c, out);
        c += c1;
    }
}

static void put_format(const char *fmt, va_list args)
{
    char text[8192];
    vsnprintf(text, sizeof text, fmt, args);
    tool_plain(stderr, text);
}

void tool_say(const char *fmt, ...)
{
    va_list args;
    fputs("survey: ", stderr);
    va_start(args, fmt);
    put_format(fmt, args);
    va_end(args);
    fputc('\n', stderr);
}

const char *tool_plural(unsigned long long n) { return n == 1 ? "" : "s"; }

int tool_usage(const char *verb_name, const char *fmt, ...)
{
    va_list args;
    fputs("survey", stderr);
    if (verb_name != NULL)
        fprintf(stderr, " %s", verb_name);
    fputs(": ", stderr);
    va_start(args, fmt);
    put_format(fmt, args);
    va_end(args);
    if (verb_name != NULL)
        fprintf(stderr, "\nTry 'survey %s --help'.\n", verb_name);
    else
        fputs("\nTry 'survey --help'.\n", stderr);
    return EXIT_USAGE;
}

static void place(const char *source, int line, int column)
{
    fputs("survey: ", stderr);
    if (source == NULL || source[0] == '\0')
        return;
    tool_plain(stderr, source);
    fputc(':', stderr);
    if (line > 0)
        fprintf(stderr, "%d:", line);
    if (line > 0 && column > 0)
        fprintf(stderr, "%d:", column);
    fputc(' ', stderr);
}

int tool_fail(const svy_error *err)
{
    place(err->source, err->line, err->column);
    tool_plain(stderr, err->message[0] ? err->message : svy_status_text(err->code));
    fputc('\n', stderr);
    switch (err->code) {
    case SVY_E_NOMEM: case SVY_E_IO: case SVY_E_BUSY: return EXIT_SYSTEM;
    case SVY_E_ARG: return EXIT_USAGE;
    case SVY_OK: case SVY_E_SYNTAX: case SVY_E_LIMIT: case SVY_E_NAME: case SVY_E_TYPE: case SVY_E_VALUE:
    case SVY_E_FORMAT: case SVY_E_STATE: case SVY_E_NUMERIC: case SVY_E_INVALID: return EXIT_WRONG;
    }
    return EXIT_SYSTEM;
}

void tool_report(void *user, const svy_diag *d)
{
    static const char *const WORD[] = { "note: ", "warning: ", "" };
    (void)user;
    place(d->source, d->line, d->column);
    if (d->element != NULL && d->element[0]) {
        tool_plain(stderr, d->element);
        fputs(": ", stderr);
    }
    fputs(WORD[d->severity <= SVY_PROBLEM ? d->severity : SVY_PROBLEM], stderr);
    tool_plain(stderr, d->found);
    if (d->advice != NULL && d->advice[0]) {
        fputs(": ", stderr);
        tool_plain(stderr, d->advice);
    }
    fputc('\n', stderr);
}

/* ---- nearest name, by edit distance ---- */

enum { NEAREST_LENGTH = 40 };

static size_t least(size_t a, size_t b) { return a < b ? a : b; }

static size_t distance(const char *a, const char *b)
{
    size_t n = strlen(b), row[NEAREST_LENGTH + 1];
    if (strlen(a) > NEAREST_LENGTH || n > NEAREST_LENGTH)
        return NEAREST_LENGTH;
    for (size_t j = 0; j <= n; j++)
        row[j] = j;
    for (size_t i = 0; a[i] != '\0'; i++) {
        size_t diagonal = row[0];
        row[0] = i + 1;
        for (size_t j = 0; j < n; j++) {
            size_t change = diagonal + (a[i] != b[j]);
            diagonal = row[j + 1];
            row[j + 1] = least(change, least(row[j], row[j + 1]) + 1);
        }
    }
    return row[n];
}

const char *tool_nearest(const char *text, const char *const *names, size_t count)
{
    const char *best = NULL;
    size_t length = strlen(text), best_distance = length / 3 + 2;
    for (size_t i = 0; i < count; i++) {
        size_t d = strncmp(names[i], text, length) == 0 && length >= 2 ? 1 : distance(text, names[i]);
        if (d < best_distance) {
            best_distance = d;
            best = names[i];
        }
    }
    return best;
}

/* ---- options ---- */

enum { GIVEN_MAX = 256 };
typedef struct parse {
    const verb *v;
    char *settings;
    const tool_option *given[GIVEN_MAX];     /* on the command line */
    size_t n_given;
} parse;

static int is_given(const parse *p, const tool_option *o)
{
    for (size_t i = 0; i < p->n_given; i++)
        if (p->given[i] == o)
            return 1;
    return 0;
}

/* A constant table cannot be walked without its base: both are returned. */
static const tool_option *find(const verb *v, const char *name, size_t len, char letter, size_t *base)
{
    for (size_t t = 0; t < VERB_TABLES && v->tables[t].options != NULL; t++)
        for (const tool_option *o = v->tables[t].options; o->name != NULL; o++)
            if (o->kind != TOOL_HEADING && (letter != 0 ? o->letter == letter : strlen(o->name) == len && memcmp(o->name, name, len) == 0)) {
                *base = v->tables[t].base;
                return o;
            }
    return NULL;
}

static int unknown_option(const verb *v, const char *name)
{
    const char *names[256];
    size_t count = 0;
    names[count++] = "help";
    for (size_t t = 0; t < VERB_TABLES && v->tables[t].options != NULL; t++)
        for (const tool_option *o = v->tables[t].options; o->name != NULL && count < 256; o++)
            if (o->kind != TOOL_HEADING)
                names[count++] = o->name;
    const char *near = tool_nearest(name, names, count);
    if (near != NULL)
        return tool_usage(v->name, "there is no option '--%s': did you mean '--%s'?", name, near);
    return tool_usage(v->name, "there is no option '--%s'", name);
}

static int set_number(const verb *v, const tool_option *o, const char *text, void *field)
{
    char *end;
    errno = 0;
    double x = strtod(text, &end);
    if (end == text || *end != '\0' || errno != 0 || !(x >= o->min && x <= o->max))
        return tool_usage(v->name, "--%s is '%s': give a number from %.10g to %.10g", o->name, text, o->min, o->max);
    *(double *)field = x;
    return EXIT_DONE;
}

static int set_count(const verb *v, const tool_option *o, const char *text, void *field)
{
    char *end;
    errno = 0;
    long x = strtol(text, &end, 10);
    if (end == text || *end != '\0' || errno != 0 || (double)x < o->min || (double)x > o->max)
        return tool_usage(v->name, "--%s is '%s': give a whole number from %.0f to %.0f", o->name, text, o->min, o->max);
    *(long *)field = x;
    return EXIT_DONE;
}

static int set_choice(const verb *v, const tool_option *o, const char *text, void *field)
{
    size_t len = strlen(text);
    int index = 0;
    for (const char *at = o->value;; index++) {
        size_t word = strcspn(at, "|");
        if (word == len && memcmp(at, text, len) == 0) {
            *(int *)field = index;
            return EXIT_DONE;
        }
        if (at[word] == '\0')
            return tool_usage(v->name, "--%s is '%s': give one of %s", o->name, text, o->value);
        at += word + 1;
    }
}

static int add_item(const verb *v, const tool_option *o, const char *text, tool_list *list)
{
    if (text[0] == '\0')
        return tool_usage(v->name, "--%s has an empty item: give %s", o->name, o->value);
    if (list->count == TOOL_LIST_MAX)
        return tool_usage(v->name, "--%s has more than %d items", o->name, TOOL_LIST_MAX);
    list->items[list->count++] = text;
    return EXIT_DONE;
}

/* How long the name in backquotes is with which `text` begins; 0 when it begins with none. */
static size_t quoted_name(const char *text)
{
    for (size_t i = 1; text[0] == '`' && text[i] != '\0'; i++)
        if (text[i] == '`' && text[++i] != '`')
            return i > 2 && (text[i] == ',' || text[i] == '\0') ? i : 0;
    return 0;
}

/* Takes the backquotes off: one that is written twice stays as one. */
static void unquote_name(char *text)
{
    char *out = text;
    for (const char *at = text + 1; !(at[0] == '`' && at[1] != '`'); at += at[0] == '`' ? 2 : 1)
        *out++ = *at;
    *out = '\0';
}

static int add_names(const verb *v, const tool_option *o, char *text, tool_list *list)
{
    for (;;) {
        size_t quoted = quoted_name(text), word = quoted > 0 ? quoted : strcspn(text, ",");
        int last = text[word] == '\0';
        text[word] = '\0';
        if (quoted > 0)
            unquote_name(text);
        int status = add_item(v, o, text, list);
        if (status != EXIT_DONE || last)
            return status;
        text += word + 1;
    }
}

static int set_option(parse *p, const tool_option *o, size_t base, char *text)
{
    void *field = p->settings + base + o->offset;
    if (p->n_given < GIVEN_MAX)
        p->given[p->n_given++] = o;
    switch (o->kind) {
    case TOOL_FLAG: *(int *)field = 1; return EXIT_DONE;
    case TOOL_TEXT: case TOOL_OPTIONS: *(const char **)field = text; return EXIT_DONE;
    case TOOL_LIST: return add_item(p->v, o, text, field);
    case TOOL_NAMES: return add_names(p->v, o, text, field);
    case TOOL_COUNT: return set_count(p->v, o, text, field);
    case TOOL_NUMBER: return set_number(p->v, o, text, field);
    case TOOL_CHOICE: return set_choice(p->v, o, text, field);
    case TOOL_HEADING: break;
    }
    return EXIT_SYSTEM;
}

static int set_presets(parse *p)
{
    int status = EXIT_DONE;
    for (size_t t = 0; t < VERB_TABLES && p->v->tables[t].options != NULL; t++)
        for (const tool_option *o = p->v->tables[t].options; o->name != NULL && status == EXIT_DONE; o++) {
            void *field = p->settings + p->v->tables[t].base + o->offset;
            if (o->preset == NULL)
                continue;
            switch (o->kind) {
            case TOOL_TEXT: case TOOL_OPTIONS: *(const char **)field = o->preset; break;
            case TOOL_LIST: case TOOL_NAMES: status = add_item(p->v, o, o->preset, field); break;
            case TOOL_COUNT: status = set_count(p->v, o, o->preset, field); break;
            case TOOL_NUMBER: status = set_number(p->v, o, o->preset, field); break;
            case TOOL_CHOICE: status = set_choice(p->v, o, o->preset, field); break;
            case TOOL_FLAG: case TOOL_HEADING: break;
            }
        }
    return status;
}

/* --name, --name=value, --name value */
static int long_option(parse *p, int argc, char **argv, int *at)
{
    char *name = argv[*at] + 2, *value = NULL;
    size_t len = strcspn(name, "="), base = 0;
    if (name[len] == '=') {
        value = name + len + 1;
        name[len] = '\0';
    }
    if (strcmp(name, "help") == 0) {
        help_verb(stdout, p->v);
        return -1;
    }
    const tool_option *o = find(p->v, name, len, 0, &base);
    if (o == NULL)
        return unknown_option(p->v, name);
    if (o->kind == TOOL_FLAG && value != NULL)
        return tool_usage(p->v->name, "--%s takes no value", name);
    if (o->kind != TOOL_FLAG && value == NULL) {
        if (*at + 1 >= argc)
            return tool_usage(p->v->name, "--%s needs a value: %s", name, o->value);
        value = argv[++*at];
    }
    return set_option(p, o, base, value);
}

/* -q, -oFILE, -o FILE, -qo FILE */
static int short_options(parse *p, int argc, char **argv, int *at)
{
    for (char *c = argv[*at] + 1; *c != '\0'; c++) {
        size_t base = 0;
        const tool_option *o = find(p->v, NULL, 0, *c, &base);
        char *value = NULL;
        if (o == NULL && *c == 'h') {
            help_verb(stdout, p->v);
            return -1;
        }
        if (o == NULL)
            return tool_usage(p->v->name, "there is no option '-%c'", *c);
        if (o->kind == TOOL_FLAG) {
            set_option(p, o, base, NULL);
            continue;
        }
        if (c[1] != '\0')
            value = c + 1;
        else if (*at + 1 < argc)
            value = argv[++*at];
        else
            return tool_usage(p->v->name, "-%c needs a value: %s", *c, o->value);
        return set_option(p, o, base, value);
    }
    return EXIT_DONE;
}

static int check_count(const verb *v, int count)
{
    if (count < v->min_arguments)
        return tool_usage(v->name, "something is missing: give %s", v->arguments);
    if (v->max_arguments >= 0 && count > v->max_arguments)
        return tool_usage(v->name, "there are %d arguments: give %s", count, v->arguments[0] ? v->arguments : "none");
    return EXIT_DONE;
}

/* ---- options from a file ---- */

static int set_item(parse *p, const tool_table *table, const tool_item *item, const char *where)
{
    size_t len = strlen(item->name);
    for (const tool_option *o = table->options; o->name != NULL; o++) {
        if (strcmp(o->name, item->name) != 0 || o->kind == TOOL_OPTIONS)
            continue;
        if (o->kind == TOOL_FLAG && strcmp(item->value, "no") == 0)
            return EXIT_DONE;
        if (o->kind == TOOL_FLAG && strcmp(item->value, "yes") != 0)
            return tool_usage(p->v->name, "%s:%d: %s is '%s': give yes or no", where, item->line, item->name, item->value);
        int status = is_given(p, o) ? EXIT_DONE : set_option(p, o, table->base, item->value);
        p->n_given -= status == EXIT_DONE && p->n_given > 0 && p->given[p->n_given - 1] == o;      /* so that a list may go on */
        return status;
    }
    return tool_usage(p->v->name, "%s:%d: there is no option '%.*s' of a sampling design", where, item->line, (int)len, item->name);
}

static const char *text_of(const parse *p, const tool_table *table, const tool_option *o)
{
    return *(const char *const *)(const void *)(p->settings + table->base + o->offset);
}

/* What --data names, unless an option of the design is given: then a design that the data carry is not wanted. */
static const char *study_of(const parse *p, const tool_table *table)
{
    static const char *const OTHERS[] = { "data", "where", "by", "threads" };
    const char *data = NULL;
    for (const tool_option *o = table->options; o->name != NULL; o++) {
        size_t k = 0;
        while (k < sizeof OTHERS / sizeof OTHERS[0] && strcmp(OTHERS[k], o->name) != 0)
            k++;
        if (k == 0)
            data = text_of(p, table, o);
        if (k == sizeof OTHERS / sizeof OTHERS[0] && is_given(p, o))
            return NULL;
    }
    return data;
}

/* Files named on the command line, or what the study that is analysed carries. */
static int set_from_files(parse *p)
{
    int status = EXIT_DONE;
    for (size_t t = 0; t < VERB_TABLES && p->v->tables[t].options != NULL && status == EXIT_DONE; t++) {
        const tool_table *table = &p->v->tables[t];
        for (const tool_option *o = table->options; o->name != NULL && status == EXIT_DONE; o++) {
            const tool_item *items;
            const char *where;
            size_t count;
            if (o->kind != TOOL_OPTIONS)
                continue;
            status = tool_options_file(text_of(p, table, o), study_of(p, table), &items, &count, &where);
            for (size_t i = 0; i < count && status == EXIT_DONE; i++)
                status = set_item(p, table, &items[i], where);
        }
    }
    return status;
}

/* ---- files that would be written over ---- */

typedef struct named_file { const char *option, *path; int written; } named_file;
enum { FILES_MAX = 8 };

int tool_is_same_file(const char *a, const char *b)
{
    struct stat one, other;
    a += strncmp(a, "./", 2) == 0 ? 2 : 0;
    b += strncmp(b, "./", 2) == 0 ? 2 : 0;
    if (strcmp(a, "-") == 0 || strcmp(b, "-") == 0)
        return 0;
    if (stat(a, &one) != 0 || stat(b, &other) != 0)
        return strcmp(a, b) == 0;
    return S_ISREG(one.st_mode) && one.st_dev == other.st_dev && one.st_ino == other.st_ino;
}

static size_t find_files(const parse *p, named_file *files)
{
    static const char *const NAMES[] = { "output", "vcov", "report", "scales", "outcomes", "data", "plan", "weighting", "standard", "sample", "distributions" };
    enum { WRITTEN = 5 };
    size_t n = 0;
    for (size_t t = 0; t < VERB_TABLES && p->v->tables[t].options != NULL; t++)
        for (const tool_option *o = p->v->tables[t].options; o->name != NULL; o++)
            for (size_t k = 0; k < sizeof NAMES / sizeof NAMES[0] && n < FILES_MAX; k++)
                if (o->kind == TOOL_TEXT && strcmp(o->name, NAMES[k]) == 0 && text_of(p, &p->v->tables[t], o) != NULL)
                    files[n++] = (named_file){ o->name, text_of(p, &p->v->tables[t], o), k < WRITTEN };
    return n;
}

/* A result never takes the place of another one, or of what it was made from. */
static int check_files(const parse *p, int argc, char **argv)
{
    const char *names = p->v->arguments;
    const int reads = strstr(names, "FILE") != NULL || strstr(names, "STUDY") != NULL || strstr(names, "QUESTIONNAIRE") != NULL;
    named_file files[FILES_MAX];
    const size_t n = find_files(p, files);
    for (size_t i = 0; i < n; i++)
        for (int k = 0; k < argc && reads; k++)
            if (files[i].written && tool_is_same_file(files[i].path, argv[k]))
                return tool_usage(p->v->name, "--%s would write over '%s', which is read: give --%s another name", files[i].option, argv[k], files[i].option);
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < n; k++)
            if (files[i].written && k != i && tool_is_same_file(files[i].path, files[k].path))
                return tool_usage(p->v->name, "--%s and --%s are the same file, '%s': give --%s another name", files[i].option, files[k].option, files[i].path,
                                  files[i].option);
    return EXIT_DONE;
}

int tool_parse(const verb *v, void *settings, int argc, char **argv)
{
    parse p = { .v = v, .settings = settings };
    int kept = 0, options = 1, status = set_presets(&p);
    for (int i = 0; i < argc && status == EXIT_DONE; i++) {
        if (options && strcmp(argv[i], "--") == 0)
            options = 0;
        else if (options && strncmp(argv[i], "--", 2) == 0)
            status = long_option(&p, argc, argv, &i);
        else if (options && argv[i][0] == '-' && argv[i][1] != '\0')
            status = short_options(&p, argc, argv, &i);
        else
            argv[kept++] = argv[i];
    }
    if (status == EXIT_DONE)
        status = set_from_files(&p);
    if (status == EXIT_DONE)
        status = check_count(v, kept);
    if (status == EXIT_DONE)
        status = check_files(&p, kept, argv);
    if (status < 0)
        return -1 - EXIT_DONE;       /* help was printed */
    return status == EXIT_DONE ? kept : -1 - status;
}

/* ---- output ---- */

/* A device or a pipe is written to as it is: it must not be replaced by a file. */
static int is_special(const char *path)
{
    struct stat about;
    return stat(path, &about) == 0 && !S_ISREG(about.st_mode) && !S_ISDIR(about.st_mode);
}

int tool_output_begin(tool_output *o, const char *path)
{
    *o = (tool_output){ stdout, NULL, NULL };
    if (path == NULL || strcmp(path, "-") == 0)
        return EXIT_DONE;
    size_t len = strlen(path), room = len + 32;
    o->path = malloc(len + 1);
    o->temporary = is_special(path) ? NULL : malloc(room);
    if (o->path != NULL && (o->temporary != NULL || is_special(path))) {
        memcpy(o->path, path, len + 1);
        if (o->temporary != NULL)
            snprintf(o->temporary, room, "%s.%ld.part", path, (long)getpid());
        o->file = fopen(o->temporary != NULL ? o->temporary : path, "wb");
        if (o->file != NULL)
            return EXIT_DONE;
    } else {
        errno = ENOMEM;
    }
    tool_say("%s: cannot write: %s", path, strerror(errno));
    free(o->path);
    free(o->temporary);
    *o = (tool_output){ NULL, NULL, NULL };
    return EXIT_SYSTEM;
}

int tool_output_end(tool_output *o, int status)
{
    if (o->file == NULL)
        return status;
    const char *name = o->path != NULL ? o->path : "standard output";
    int bad = fflush(o->file) != 0 || ferror(o->file);
    if (o->path != NULL) {
        bad |= o->temporary != NULL && fsync(fileno(o->file)) != 0 && errno != EINVAL;
        bad |= fclose(o->file) != 0;
        if (status == EXIT_DONE && !bad && o->temporary != NULL)
            bad = rename(o->temporary, o->path) != 0;
    }
    if (bad) {
        tool_say("%s: cannot write: %s", name, strerror(errno));
        status = EXIT_SYSTEM;
    }
    if (o->temporary != NULL && status != EXIT_DONE)
        remove(o->temporary);
    free(o->path);
    free(o->temporary);
    *o = (tool_output){ NULL, NULL, NULL };
    return status;
}

void tool_progress(const char *what, size_t done, size_t total, int quiet)
{
    static const char BAR[] = "########################################";
    enum { WIDTH = sizeof BAR - 1 };
    if (quiet || total == 0 || !isatty(STDERR_FILENO))
        return;
    double share = (double)(done < total ? done : total) / (double)total;
    fprintf(stderr, "\r%s [%-*.*s] %3.0f %%", what, (int)WIDTH, (int)(share * WIDTH), BAR, share * 100);
    if (done >= total)
        fputc('\n', stderr);
}

int tool_write(const char *path, const char *text, size_t len)
{
    tool_output out;
    int status = tool_output_begin(&out, path);
    if (status == EXIT_DONE)
        fwrite(text, 1, len, out.file);
    return tool_output_end(&out, status);
}
