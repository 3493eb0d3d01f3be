/* The option --replicates and those around it. */
#include "replicates.h"

#include <stdlib.h>
#include <string.h>

static const struct { const char *name; svy_replicate_type type; } TYPES[] = {
    { "jk1", SVY_REPLICATE_JK1 }, { "jkn", SVY_REPLICATE_JKN }, { "jk2", SVY_REPLICATE_JK2 }, { "brr", SVY_REPLICATE_BRR }, { "fay", SVY_REPLICATE_FAY },
    { "bootstrap", SVY_REPLICATE_BOOTSTRAP }, { "rao-wu", SVY_REPLICATE_RAO_WU }, { "preston", SVY_REPLICATE_PRESTON },
    { "generalized", SVY_REPLICATE_GENERALIZED }, { "sdr", SVY_REPLICATE_SDR }, { "acs", SVY_REPLICATE_ACS }, { "other", SVY_REPLICATE_OTHER }
};
enum { N_TYPES = sizeof TYPES / sizeof TYPES[0] };
#define TYPE_NAMES "jk1, jkn, jk2, brr, fay, bootstrap, rao-wu, preston, generalized, sdr or acs"

/* The type that the first `len` bytes name; NONE when it is none. */
static svy_replicate_type type_of(const char *text, size_t len)
{
    for (size_t i = 0; i < N_TYPES; i++)
        if (strlen(TYPES[i].name) == len && memcmp(TYPES[i].name, text, len) == 0)
            return TYPES[i].type;
    return SVY_REPLICATE_NONE;
}

/* ---- patterns ---- */

/* Whether a name fits a pattern in which * stands for any characters and ? for one. */
static int fits(const char *pattern, const char *end, const char *name)
{
    const char *star = NULL, *back = NULL;
    while (*name != '\0') {
        if (pattern < end && *pattern == '*') {
            star = pattern++;
            back = name;
        } else if (pattern < end && (*pattern == '?' || *pattern == *name)) {
            pattern++;
            name++;
        } else if (star != NULL) {
            pattern = star + 1;
            name = ++back;
        } else {
            return 0;
        }
    }
    while (pattern < end && *pattern == '*')
        pattern++;
    return pattern == end;
}

static int is_digit(char c) { return c >= '0' && c <= '9'; }

/* Runs of digits compare as numbers: repwt2 comes before repwt10. */
static int natural_order(const char *a, const char *b)
{
    while (*a != '\0' && *b != '\0') {
        if (is_digit(*a) && is_digit(*b)) {
            a += strspn(a, "0");
            b += strspn(b, "0");
            size_t in_a = strspn(a, "0123456789"), in_b = strspn(b, "0123456789");
            int order = in_a != in_b ? (in_a < in_b ? -1 : 1) : memcmp(a, b, in_a);
            if (order != 0)
                return order;
            a += in_a;
            b += in_b;
            continue;
        }
        if (*a != *b)
            return (unsigned char)*a < (unsigned char)*b ? -1 : 1;
        a++;
        b++;
    }
    return (*a != '\0') - (*b != '\0');
}

static int by_natural_order(const void *a, const void *b)
{
    const char *x = *(const char *const *)a, *y = *(const char *const *)b;
    int order = natural_order(x, y);
    return order != 0 ? order : strcmp(x, y);
}

/* All columns there are. */
static void add_copy(void *user, const char *name, size_t len)
{
    replicate_columns *c = user;
    if (c->n_copies == c->room) {
        size_t room = c->room > 0 ? 2 * c->room : 64;
        char **copies = realloc(c->copies, room * sizeof *copies);
        if (copies == NULL) {
            c->failed = 1;
            return;
        }
        c->copies = copies;
        c->room = room;
    }
    char *copy = malloc(len + 1);
    if (copy == NULL) {
        c->failed = 1;
        return;
    }
    memcpy(copy, name, len);
    copy[len] = '\0';
    c->copies[c->n_copies++] = copy;
}

/* The columns that one part of the pattern (between commas) stands for. @return how many */
static size_t add_fitting(replicate_columns *c, const char *part, const char *end)
{
    size_t before = c->names.count;
    for (size_t i = 0; i < c->n_copies; i++)
        if (fits(part, end, c->copies[i]))
            names_add(&c->names, c->copies[i]);
    if (c->names.count > before + 1)
        qsort(c->names.items + before, c->names.count - before, sizeof *c->names.items, by_natural_order);
    return c->names.count - before;
}

static int no_columns(const char *part, const char *end)
{
    size_t len = (size_t)(end - part);
    int pattern = memchr(part, '*', len) != NULL || memchr(part, '?', len) != NULL;
    return tool_usage(NULL, pattern ? "--replicates %.*s: no column of the data fits this pattern"
                                    : "--replicates %.*s: this is neither a column of the data nor a type (" TYPE_NAMES ")", (int)len, part);
}

static int expand(replicate_columns *c)
{
    for (const char *part = c->pattern; part != NULL;) {
        const char *comma = strchr(part, ','), *end = comma != NULL ? comma : part + strlen(part);
        size_t before = c->names.count;
        if (add_fitting(c, part, end) == 0 && c->names.count == before)
            return no_columns(part, end);
        part = comma != NULL ? comma + 1 : NULL;
    }
    c->failed |= c->names.failed;
    return EXIT_DONE;
}

/* ---- scales ---- */

/* The numbers of a text, separated by commas or white space. @return how many, SIZE_MAX when something else is there. `out` may be NULL. */
static size_t read_numbers(const char *text, double *out)
{
    size_t n = 0;
    while (*(text += strspn(text, ", \t\r\n")) != '\0') {
        char *end;
        double x = strtod(text, &end);
        if (end == text || (*end != '\0' && strchr(", \t\r\n", *end) == NULL))
            return SIZE_MAX;
        if (out != NULL)
            out[n] = x;
        n++;
        text = end;
    }
    return n;
}

enum { RSCALES_MAX = 1 << 24 };      /* bytes of a file of them */

/* All of a file; NULL when it cannot be read. */
static char *read_file(const char *path)
{
    FILE *f = fopen(path, "rb");
    size_t room = 4096, len = 0;
    char *text = f != NULL ? malloc(room) : NULL;
    while (text != NULL) {
        len += fread(text + len, 1, room - len - 1, f);
        if (len + 1 < room)
            break;
        char *larger = room < RSCALES_MAX ? realloc(text, 2 * room) : NULL;
        if (larger == NULL)
            free(text);
        text = larger;
        room *= 2;
    }
    if (f != NULL)
        fclose(f);
    if (text != NULL)
        text[len] = '\0';
    return text;
}

static int take_rscales(const char *given, replicate_columns *c, svy_replicate_spec *spec)
{
    size_t n = read_numbers(given, NULL);
    char *file = NULL;
    if (n == SIZE_MAX) {
        file = read_file(given);
        n = file != NULL ? read_numbers(file, NULL) : SIZE_MAX;
    }
    if (n == SIZE_MAX || n == 0) {
        int there = file != NULL;
        free(file);
        return tool_usage(NULL, there ? "--rscales %s: this file holds something else than numbers" : "--rscales %s: give a number, numbers separated by "
                          "commas, or a file of them", given);
    }
    c->rscales = malloc(n * sizeof *c->rscales);
    if (c->rscales != NULL) {
        (void)read_numbers(file != NULL ? file : given, c->rscales);
        spec->rscales = c->rscales;
        spec->n_rscales = n;
    }
    c->failed |= c->rscales == NULL;
    free(file);
    return EXIT_DONE;
}

/* ---- the options ---- */

static int check(const analysis_options *o, const replicate_columns *c, const svy_replicate_spec *spec)
{
    if (o->replicates == NULL && (o->rscales != NULL || o->scale > 0 || o->mse || o->uncombined || o->fay_rho > 0 || o->replicate_count > 0))
        return tool_usage(NULL, "--scale, --rscales, --mse, --uncombined, --fay-rho and --replicate-count are about replicate weights: say which by "
                          "--replicates");
    if (o->replicates == NULL)
        return EXIT_DONE;
    if (c->pattern == NULL && (o->uncombined || o->scale > 0 || o->rscales != NULL))
        return tool_usage(NULL, "--uncombined, --scale and --rscales are about given replicate weights: those made from the design have their own");
    if (c->pattern != NULL && o->replicate_count > 0)
        return tool_usage(NULL, "--replicate-count is for replicates that are made: the given columns are as many as they are");
    if (o->fay_rho > 0 && spec->type != SVY_REPLICATE_FAY)
        return tool_usage(NULL, "--fay-rho is for the types fay and brr");
    return EXIT_DONE;
}

int tool_replicates_begin(const analysis_options *o, replicate_columns *c, svy_replicate_spec *spec)
{
    *c = (replicate_columns){ .pattern = NULL };
    if (o->replicates == NULL)
        return check(o, c, spec);
    const char *colon = strchr(o->replicates, ':');
    spec->type = type_of(o->replicates, colon != NULL ? (size_t)(colon - o->replicates) : strlen(o->replicates));
    if (spec->type == SVY_REPLICATE_NONE) {
        spec->type = SVY_REPLICATE_OTHER;
        c->pattern = o->replicates;
    } else if (colon != NULL) {
        c->pattern = colon + 1;
    }
    if (spec->type == SVY_REPLICATE_OTHER && c->pattern == NULL)
        return tool_usage(NULL, "--replicates other: name the columns, as in other:'repwt*'");
    if (spec->type == SVY_REPLICATE_BRR && o->fay_rho > 0)
        spec->type = SVY_REPLICATE_FAY;
    spec->uncombined = o->uncombined;
    spec->scale = o->scale;
    spec->mse = o->mse;
    spec->fay_rho = o->fay_rho;
    spec->count = (size_t)o->replicate_count;
    spec->seed = (uint64_t)o->seed;
    int status = check(o, c, spec);
    return status == EXIT_DONE && o->rscales != NULL ? take_rscales(o->rscales, c, spec) : status;
}

int tool_replicates_name(const char *source, replicate_columns *c, name_list *names)
{
    if (c->pattern == NULL)
        return 0;
    tool_data_header(source, add_copy, c);
    if (c->n_copies == 0)
        return 1;
    for (const char *part = c->pattern; part != NULL;) {
        const char *comma = strchr(part, ','), *end = comma != NULL ? comma : part + strlen(part);
        for (size_t i = 0; i < c->n_copies; i++)
            if (fits(part, end, c->copies[i]))
                names_add(names, c->copies[i]);
        part = comma != NULL ? comma + 1 : NULL;
    }
    return 0;
}

int tool_replicates_find(const svy_frame *f, replicate_columns *c, svy_replicate_spec *spec)
{
    if (c->pattern == NULL && !c->failed)
        return EXIT_DONE;
    size_t unknown = c->n_copies == 0 ? svy_frame_columns(f) : 0;
    for (size_t i = 0; i < unknown && !c->failed; i++) {
        const char *name = svy_frame_column(f, i)->name;
        add_copy(c, name, strlen(name));
    }
    int status = c->failed ? EXIT_DONE : expand(c);
    if (c->failed) {
        svy_error err = SVY_ERROR_INIT;
        err.code = SVY_E_NOMEM;
        snprintf(err.message, sizeof err.message, "out of memory");
        return tool_fail(&err);
    }
    spec->columns = c->names.items;
    spec->n_columns = c->names.count;
    return status;
}

void tool_replicates_say(const svy_estimates *e)
{
    size_t dropped = svy_estimates_dropped(e);
    if (svy_estimates_note(e)[0] != '\0')
        tool_say("%s", svy_estimates_note(e));
    if (dropped > 0)
        tool_say("%zu %s left out of a variance: an estimate cannot be computed with these weights", dropped,
                 dropped == 1 ? "replicate was" : "replicates were");
}

void tool_replicates_clear(replicate_columns *c)
{
    for (size_t i = 0; i < c->n_copies; i++)
        free(c->copies[i]);
    free(c->copies);
    free(c->rscales);
    names_clear(&c->names);
}
