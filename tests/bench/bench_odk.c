/* An ODK form: reading, compiling and checking it, starting an interview, its submission, and one answer (with the choices that depend on it).
   One form a process, so that its peak memory is the form's: bench_odk FORM.xml [QUESTION VALUE VALUE [SELECT]]; QUESTION may be id@entry. */
#define _POSIX_C_SOURCE 200809L
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <survey/exchange.h>
#include <survey/interview.h>
#include <sys/resource.h>
#include <time.h>

enum { TIMES = 200, ROUNDS = 5 };
#define NOW ((svy_moment){ .utc_ms = INT64_C(1795342272345) })

static char title[256];    /* of the form: its file's name without folder and suffix */

static void die(const char *what, const char *why)
{
    fprintf(stderr, "bench_odk: %s: %s\n", what, why);
    exit(1);
}

static void set_title(const char *path)
{
    const char *slash = strrchr(path, '/');

    snprintf(title, sizeof title, "%s", slash ? slash + 1 : path);
    char *dot = strrchr(title, '.');
    if (dot)
        *dot = '\0';
}

static double now_ns(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static void report(const char *name, double ns)
{
    struct rusage used;

    getrusage(RUSAGE_SELF, &used);
    printf("{\"name\":\"%s/%s\",\"ns\":%.0f,\"peak_kb\":%ld}\n", name, title, ns, used.ru_maxrss);
}

static svy_form *load(const char *path, void **block, size_t *size)
{
    svy_error err = SVY_ERROR_INIT;
    svy_diags diags = { 0 };
    svy_form *form;
    const double start = now_ns();

    if (svy_questionnaire_read(NULL, path, NULL, &diags, block, size, &err) != SVY_OK)
        die("read", err.message);
    if (svy_form_open(NULL, *block, *size, &form, &err) != SVY_OK)
        die("open", err.message);
    report("load", now_ns() - start);
    return form;
}

/* "q0@250": the question in the 250th entry of its roster. */
static svy_place find(const svy_interview *iv, const char *name)
{
    const svy_form *form = svy_interview_form(iv);
    const char *at = strchr(name, '@');
    svy_place place = { 0, 0 };
    uint32_t entry = 0;

    if (!svy_form_find(form, name, at ? (size_t)(at - name) : strlen(name), &place.item))
        die(name, "is no question");
    for (unsigned long n = at ? strtoul(at + 1, NULL, 10) : 0; n > 0; n--)
        entry = svy_interview_next_entry(iv, svy_form_item(form, place.item)->roster, 0, entry);
    place.entry = entry;
    return place;
}

static void answer(svy_interview *iv, svy_place place, const char *value)
{
    svy_error err = SVY_ERROR_INIT;

    if (svy_interview_answer(iv, place, value, strlen(value), "", NOW, NULL, &err) != SVY_OK)
        die("answer", err.message);
}

static void count_choice(void *user, const svy_offered *c)
{
    *(size_t *)user += c->code[0] != '\0' && c->label[0] != '\0';
}

/* The quickest of the rounds, which others on the machine disturbed least. */
static void many(svy_interview *iv, char **argv, const char *select)
{
    const svy_place at = find(iv, argv[0]), shown = select ? find(iv, select) : at;
    svy_error err = SVY_ERROR_INIT;
    size_t seen = 0;
    const svy_offer to = { count_choice, &seen };
    double best = 0;

    for (int round = 0; round < ROUNDS; round++) {
        const double start = now_ns();
        for (int i = 0; i < TIMES; i++) {
            answer(iv, at, argv[1 + i % 2]);
            if (select && svy_interview_offer(iv, shown, &to, &err) != SVY_OK)
                die(select, err.message);
        }
        const double took = (now_ns() - start) / TIMES;
        best = round == 0 || took < best ? took : best;
    }
    if (select && seen == 0)
        die(select, "has no choices");
    report(select ? "filter" : "answer", best);
}

int main(int argc, char **argv)
{
    svy_error err = SVY_ERROR_INIT;
    svy_interview *iv;
    void *block;
    size_t size;

    if (argc != 2 && argc != 5 && argc != 6)
        die("usage", "bench_odk FORM.xml [QUESTION VALUE VALUE [SELECT]]");
    set_title(argv[1]);
    svy_form *form = load(argv[1], &block, &size);
    double start = now_ns();
    if (svy_interview_new(NULL, form, NULL, NOW, &iv, &err) != SVY_OK)
        die("start", err.message);
    report("start", now_ns() - start);
    start = now_ns();
    (void)svy_interview_submission(iv, NULL, 0);
    report("submission", now_ns() - start);
    if (argc > 2)
        many(iv, argv + 2, argc > 5 ? argv[5] : NULL);
    svy_interview_free(iv);
    svy_form_free(form);
    svy_block_free(NULL, block, size);
    return 0;
}
