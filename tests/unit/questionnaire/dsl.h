/* Forms for tests as indented text, and the problems that compiling them reports, one line each.
 *
 *    questionnaire id=q version=1 xml:lang=en | Title
 *      choices id=yn
 *        choice code=1 | Yes
 *      question id=a type=single choices=yn relevant="${b} = 1" | Label
 *        hint | Text
 *        check that=". = 1" | Sentence
 *    @bg a/label "Label" => "Translation"          (the source text may be left out: @bg a/label => "Translation")
 *
 *  and with expressions=odk trees of XML:
 *
 *    record
 *      <data @id=q
 *        <a | first value
 *    instance id=x
 *      <root
 *
 *  A child stands two blanks further in; a line's number is the element's line. Without `questionnaire` in the first line one is made. */
#ifndef SVY_TEST_DSL_H
#define SVY_TEST_DSL_H
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <survey/questionnaire.h>

enum { DSL_DEPTH = 80, DSL_LOG = 65536 };

typedef struct dsl_log { char text[DSL_LOG]; size_t len; unsigned notes; } dsl_log;

static inline const char *dsl_severity(svy_severity s) { return s == SVY_PROBLEM ? "problem" : s == SVY_WARNING ? "warning" : "note"; }

/* "line element severity: found [advice]" */
static inline void dsl_report(void *user, const svy_diag *d)
{
    dsl_log *log = user;
    if (d->severity == SVY_NOTE)
        log->notes++;
    const int n = snprintf(log->text + log->len, DSL_LOG - log->len, "%d %s %s: %s [%s]\n", d->line, d->element, dsl_severity(d->severity), d->found, d->advice);
    if (n > 0 && (size_t)n < DSL_LOG - log->len)
        log->len += (size_t)n;
}

static inline svy_role dsl_role(svy_element kind)
{
    return kind == SVY_EL_CHECK || kind == SVY_EL_END || kind == SVY_EL_PROPERTY ? SVY_TEXT : kind == SVY_EL_QUESTIONNAIRE || kind == SVY_EL_SECTION ? SVY_TITLE : SVY_LABEL;
}

static inline svy_element dsl_kind(const char *word)
{
    static const char *const NAMES[] = { "", "questionnaire", "parameter", "choices", "choice", "section", "question", "grid", "row", "roster",
                                         "note", "compute", "check", "end", "property", "set", "itext" };
    for (int i = 1; i <= 16; i++)
        if (strcmp(NAMES[i], word) == 0)
            return (svy_element)i;
    return (svy_element)0;
}

static inline svy_role dsl_words(const char *word)
{
    static const char *const NAMES[] = { "", "title", "description", "label", "hint", "instruction", "text", "required", "guidance", "short",
                                         "image", "big-image", "audio", "video" };
    for (int i = 1; i <= 13; i++)
        if (strcmp(NAMES[i], word) == 0)
            return (svy_role)i;
    return (svy_role)0;
}

typedef struct dsl { svy_builder *b; uint32_t at[DSL_DEPTH]; int line; size_t open, tree; svy_error *err; } dsl;

/* Cuts the next word or name=value off; returns the rest. */
static inline char *dsl_attribute(char *at, svy_attribute *a, const char *line)
{
    char *equals = strchr(at, '=');
    if (equals == NULL)
        return at + strlen(at);
    *equals = '\0';
    a->name = at;
    char *value = equals + 1, *end;
    if (*value == '"') {
        value++;
        end = strchr(value, '"');
    } else {
        end = value + strcspn(value, " ");
    }
    if (end == NULL)
        end = value + strlen(value);
    a->column = (int)(value - line) + 1;
    a->value = value;
    at = *end != '\0' ? end + 1 : end;
    *end = '\0';
    return at + strspn(at, " ");
}

static inline svy_status dsl_translation(dsl *d, char *line)
{
    char *lang = strtok(line + 1, " "), *unit = strtok(NULL, " "), *rest = strtok(NULL, ""), *arrow = rest != NULL ? strstr(rest, "=>") : NULL;
    char from[512] = "", to[512] = "";
    if (arrow == NULL)
        return SVY_E_SYNTAX;
    sscanf(rest, "\"%511[^\"]\"", from);
    sscanf(arrow + 2, " \"%511[^\"]\"", to);
    return svy_builder_translate(d->b, lang, unit, from, to, "test.xlf", d->line, d->err);
}

/* Ends the nodes of a tree that are open beyond a depth. */
static inline svy_status dsl_close(dsl *d, size_t depth)
{
    svy_status st = SVY_OK;
    for (; st == SVY_OK && d->open > depth; d->open--)
        st = svy_builder_node_end(d->b, d->err);
    return st;
}

/* "<name @attribute=value | text" */
static inline svy_status dsl_node(dsl *d, char *line, size_t indent)
{
    char *words = line + indent + 1, *bar = strstr(words, " | "), *text = bar != NULL ? bar + 3 : NULL;
    if (bar != NULL)
        *bar = '\0';
    char *at = words + strcspn(words, " ");
    if (*at != '\0')
        *at++ = '\0';
    svy_status st = dsl_close(d, indent > d->tree ? (indent - d->tree) / 2 - 1 : 0);
    if (st == SVY_OK)
        st = svy_builder_node(d->b, words, NULL, d->err);
    d->open += st == SVY_OK;
    for (at += strspn(at, " @"); st == SVY_OK && *at != '\0'; at += strspn(at, " @")) {
        svy_attribute a = { .name = "" };
        at = dsl_attribute(at, &a, line);
        if (a.value != NULL)
            st = svy_builder_node(d->b, a.name, a.value, d->err);
    }
    return st == SVY_OK && text != NULL ? svy_builder_node_text(d->b, text, strlen(text), d->err) : st;
}

static inline svy_status dsl_line(dsl *d, char *line)
{
    const size_t column = strspn(line, " ");
    if (line[column] == '<')
        return dsl_node(d, line, column);
    const svy_status ended = dsl_close(d, 0);
    d->tree = column;
    if (ended != SVY_OK || strcmp(line + column, "record") == 0)
        return ended != SVY_OK ? ended : svy_builder_tree(d->b, "", NULL, d->line, d->err);
    if (strncmp(line + column, "instance id=", 12) == 0)
        return svy_builder_tree(d->b, line + column + 12, NULL, d->line, d->err);
    svy_attribute attributes[70];
    const size_t blanks = strspn(line, " "), indent = blanks / 2 < DSL_DEPTH ? blanks : 0;
    const uint32_t parent = d->at[indent / 2];
    char *words = line + blanks, *bar = strstr(words, " | ");
    char *text = bar != NULL ? bar + 3 : NULL;
    uint32_t element = 0;
    size_t n = 0;

    if (words[0] == '@')
        return dsl_translation(d, words);
    if (bar != NULL)
        *bar = '\0';
    char *at = words + strcspn(words, " ");
    if (*at != '\0')
        *at++ = '\0';
    if (dsl_words(words) != 0)
        return svy_builder_text(d->b, parent, dsl_words(words), text, d->line, d->err);
    for (at += strspn(at, " "); *at != '\0' && n < 70; n++) {
        attributes[n] = (svy_attribute){ .line = d->line };
        at = dsl_attribute(at, &attributes[n], line);
    }
    const svy_element kind = dsl_kind(words);
    svy_status st = svy_builder_add(d->b, parent, kind, attributes, n, NULL, d->line, &element, d->err);
    if (st == SVY_OK && text != NULL)
        st = svy_builder_text(d->b, element, dsl_role(kind), text, d->line, d->err);
    if (indent / 2 + 1 < DSL_DEPTH)
        d->at[indent / 2 + 1] = element;
    return st;
}

/* Builds; NULL when it fails. */
static inline svy_builder *dsl_build(const svy_alloc *alloc, const char *form, svy_status *st, svy_error *err)
{
    dsl d = { .err = err };
    const int whole = strncmp(form, "questionnaire", 13) == 0;
    char *copy = malloc(strlen(form) + 80);

    sprintf(copy, "%s%s", whole ? "" : "questionnaire id=q version=1 xml:lang=en | Q\n", form);
    *st = svy_builder_new(alloc, "test.xml", &d.b, err);
    d.line = whole ? 0 : -1;
    for (char *line = copy, *end; *st == SVY_OK && *line != '\0'; line = end) {
        end = line + strcspn(line, "\n");
        if (*end != '\0')
            *end++ = '\0';
        d.line++;
        if (!whole && d.line == 0) {
            *st = dsl_line(&d, line);
            d.at[0] = d.at[1];
        } else if (line[strspn(line, " ")] != '\0') {
            *st = dsl_line(&d, line);
        }
    }
    if (*st == SVY_OK)
        *st = dsl_close(&d, 0);
    free(copy);
    if (*st != SVY_OK) {
        svy_builder_free(d.b);
        d.b = NULL;
    }
    return d.b;
}

/* Compiles a form; the problems go to `log` (may be NULL). */
static inline svy_status dsl_compile(const svy_alloc *alloc, const char *form, dsl_log *log, void **block, size_t *size, svy_error *err)
{
    svy_status st;
    svy_diags diags = { .report = log != NULL ? dsl_report : NULL, .user = log };
    svy_builder *b = dsl_build(alloc, form, &st, err);

    *block = NULL;
    *size = 0;
    if (log != NULL) {
        log->len = log->notes = 0;
        log->text[0] = '\0';
    }
    if (b != NULL)
        st = svy_builder_compile(b, &diags, block, size, err);
    svy_builder_free(b);
    return st;
}

/* A block is malloc'd, so it is aligned. NULL when the form has problems. */
static inline svy_form *dsl_form(const char *form, void **block, size_t *size)
{
    static dsl_log log;
    svy_error err = SVY_ERROR_INIT;
    svy_form *f = NULL;

    if (dsl_compile(NULL, form, &log, block, size, &err) != SVY_OK)
        fprintf(stderr, "the form has problems: %s\n%s", err.message, log.text);
    else if (svy_form_open(NULL, *block, *size, &f, &err) != SVY_OK)
        fprintf(stderr, "the form does not open: %s\n", err.message);
    return f;
}
#endif
