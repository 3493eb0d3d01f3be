/* The binding of the browser's engine, natively: makes the calls that it reads and prints what each says, so that both can be held side by side.
 *    drive BLOCK            calls from standard input, one in a line: NAME ARGUMENT...; a text or bytes as = and hexadecimal digits
 *                           "package": the hash of all that went to the outbox so far
 *    drive BLOCK PACKAGE    replays a package as a receiver does, and prints the hash of the state */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/map.h"
#include "engine.h"
#include "format.h"

/* What engine.wasm exports. */
void form_open(const void *block, size_t size);
void form_start(const char *text, size_t len);
void form_replay(const void *bytes, size_t n);
void form_sitting(const char *text, size_t len);
void form_now(uint32_t utc_low, int32_t utc_high, int32_t zone, uint32_t mono_low, int32_t mono_high);
void form_page(uint32_t item, uint32_t entry, uint32_t whole);
void form_answer(uint32_t item, uint32_t entry, const char *p, size_t n, const char *reason_p, size_t reason_n);
void form_missing(uint32_t item, uint32_t entry, uint32_t missing);
void form_clear(uint32_t item, uint32_t entry);
void form_remark(uint32_t item, uint32_t entry, const char *text, size_t len);
void form_override(uint32_t check, uint32_t entry, const char *text, size_t len);
void form_add(uint32_t item, uint32_t entry);
void form_close(uint32_t item, uint32_t entry);
void form_remove(uint32_t entry);
void form_language(const char *text, size_t len);
void form_go(uint32_t item, uint32_t entry);
void form_step(uint32_t item, uint32_t entry, int32_t direction);
void form_first_unanswered(void);
void form_search(uint32_t item, uint32_t entry, const char *typed, size_t len, uint32_t limit);
void form_problems(void);
void form_review(uint32_t section);
void form_suspend(void);
void form_resume(void);
void form_complete(void);
void form_file(const char *text, size_t len);
void form_end(void);
void form_state_hash(void);
const char *form_result(void);
size_t form_result_size(void);
const char *form_outbox(void);
size_t form_outbox_size(void);
void form_outbox_clear(void);

typedef struct text { char *bytes; size_t n; } text;
typedef struct call { const char *name; uint32_t number[6]; size_t numbers; text given[3]; size_t texts; } call;

static text *unhex(text *t, const char *hex)
{
    unsigned byte;

    t->bytes = malloc(strlen(hex) / 2 + 8);
    for (t->n = 0; t->bytes != NULL && sscanf(hex + 2 * t->n, "%2x", &byte) == 1; t->n++)
        t->bytes[t->n] = (char)byte;
    return t;
}

#define NONE(f) if (strcmp(c->name, #f) == 0) { form_##f(); return 1; }
#define ONE(f) if (strcmp(c->name, #f) == 0) { form_##f(n[0]); return 1; }
#define TWO(f) if (strcmp(c->name, #f) == 0) { form_##f(n[0], n[1]); return 1; }
#define THREE(f, type) if (strcmp(c->name, #f) == 0) { form_##f(n[0], n[1], (type)n[2]); return 1; }
#define TEXT(f) if (strcmp(c->name, #f) == 0) { form_##f(t[0].bytes, t[0].n); return 1; }
#define TWO_TEXT(f) if (strcmp(c->name, #f) == 0) { form_##f(n[0], n[1], t[0].bytes, t[0].n); return 1; }

static int simple(const call *c)
{
    const uint32_t *n = c->number;
    const text *t = c->given;

    NONE(first_unanswered) NONE(problems) NONE(suspend) NONE(resume) NONE(complete) NONE(end) NONE(state_hash)
    ONE(remove) ONE(review)
    TWO(clear) TWO(add) TWO(close) TWO(go)
    THREE(missing, uint32_t) THREE(page, uint32_t) THREE(step, int32_t)
    TEXT(start) TEXT(sitting) TEXT(language) TEXT(file) TEXT(replay)
    TWO_TEXT(remark) TWO_TEXT(override)
    return 0;
}

static void make(const call *c)
{
    const uint32_t *n = c->number;
    const text *t = c->given;

    if (strcmp(c->name, "now") == 0)
        form_now(n[0], (int32_t)n[1], (int32_t)n[2], n[3], (int32_t)n[4]);
    else if (strcmp(c->name, "answer") == 0)
        form_answer(n[0], n[1], t[0].bytes, t[0].n, t[1].bytes, t[1].n);
    else if (strcmp(c->name, "search") == 0)
        form_search(n[0], n[1], t[0].bytes, t[0].n, n[2]);
    else if (!simple(c)) {
        fprintf(stderr, "drive: no call '%s'\n", c->name);
        exit(2);
    }
}

/* What went to the outbox, kept and taken out. */
static void take_outbox(svyi_buffer *all)
{
    svyi_buffer_add(all, form_outbox_size() > 0 ? form_outbox() : "", form_outbox_size());
    form_outbox_clear();
}

static int run(char *line, svyi_buffer *all)
{
    call c = { .name = strtok(line, " \n") };

    if (c.name == NULL)
        return 0;
    for (char *word; (word = strtok(NULL, " \n")) != NULL;)
        if (word[0] == '=' && c.texts < 3)
            unhex(&c.given[c.texts++], word + 1);
        else if (c.numbers < 6)
            c.number[c.numbers++] = (uint32_t)strtoll(word, NULL, 10);
    if (strcmp(c.name, "package") == 0) {
        printf("%zu %016" PRIx64 "\n", all->len, svyi_hash(all->data, all->len));
        return 0;
    }
    make(&c);
    take_outbox(all);
    for (size_t i = 0; i < c.texts; i++)
        free(c.given[i].bytes);
    return strcmp(c.name, "now") != 0;
}

static char *read_file(const char *name, size_t *n)
{
    FILE *f = fopen(name, "rb");
    char *bytes = NULL;

    if (f == NULL || fseek(f, 0, SEEK_END) != 0)
        return NULL;
    *n = (size_t)ftell(f);
    rewind(f);
    bytes = malloc(*n + 1);
    if (bytes == NULL || fread(bytes, 1, *n, f) != *n)
        return NULL;
    fclose(f);
    return bytes;
}

static int receive(const char *name)
{
    svy_error err = SVY_ERROR_INIT;
    svy_interview *iv = NULL;
    size_t n = 0;
    char *bytes = read_file(name, &n);

    if (bytes == NULL || svy_package_replay(NULL, form_engine.form, bytes, n, 0, NULL, &iv, &err) != SVY_OK || svy_interview_audit(iv, &err) != SVY_OK) {
        fprintf(stderr, "%s: %s\n", name, err.message);
        return 1;
    }
    form_engine.interview = iv;
    form_state_hash();
    puts(form_result());
    free(bytes);
    return 0;
}

static int answer_calls(void)
{
    enum { LINE = 1 << 22 };
    svyi_buffer all;
    char *line = malloc(LINE);

    svyi_buffer_init(&all, NULL);
    while (line != NULL && fgets(line, LINE, stdin) != NULL)
        if (run(line, &all)) {
            fwrite(form_result(), 1, form_result_size(), stdout);
            putchar('\n');
        }
    free(line);
    svyi_buffer_clear(&all);
    return 0;
}

/* The small printf says what the C library's says. */
static int same(const char *fmt, ...)
{
    char ours[200], theirs[200];
    int a, b, wrong = 0;

    for (size_t size = 0; size < sizeof ours; size += 7) {
        va_list ap, again;
        memset(ours, 1, sizeof ours);
        memset(theirs, 1, sizeof theirs);
        va_start(ap, fmt);
        va_copy(again, ap);
        a = form_format(ours, size, fmt, ap);
        b = vsnprintf(theirs, size, fmt, again);
        va_end(again);
        va_end(ap);
        if (a != b || memcmp(ours, theirs, sizeof ours) != 0)
            wrong = 1;
    }
    if (wrong)
        fprintf(stderr, "'%s' says '%s', not '%s'\n", fmt, ours, theirs);
    return wrong;
}

static int check_format(void)
{
    return same("%s|%.3s|%.*s|%c|%%", "abc", "abcdef", 2, "xyz", 'q') | same("%d %d %d %u %x", 0, -1, INT32_MIN, UINT32_MAX, 0xBEEFu) |
           same("%04d-%02d-%02d %5d %3d", 26, 3, 31, -7, 12345) | same("%04d %03d", -5, -5) | same("%zu %lu %llu %lld", (size_t)7, 8ul, 18446744073709551615ull, INT64_MIN) |
           same("%0*lld %04x %8s", 6, 12ll, 0xABu, "ab") | same("%.64s", "") | same("100%%") | same("");
}

int main(int argc, char **argv)
{
    if (argc == 2 && strcmp(argv[1], "--format") == 0)
        return check_format();
    size_t n = 0;
    char *block = argc > 1 ? read_file(argv[1], &n) : NULL;

    if (block == NULL)
        return 2;
    form_open(block, n);
    if (form_engine.form == NULL) {
        fprintf(stderr, "%s\n", form_result());
        return 1;
    }
    const int status = argc > 2 ? receive(argv[2]) : answer_calls();
    svy_interview_free(form_engine.interview);
    svy_form_free(form_engine.form);
    svyi_buffer_clear(&form_engine.result);
    svyi_buffer_clear(&form_engine.outbox);
    svyi_buffer_clear(&form_engine.text);
    free(block);
    return status;
}
