/* Compiles a questionnaire as a browser gets it:  compile QUESTIONNAIRE.xml BLOCK     (translations beside it are taken along)
   or makes a large one:                           compile --large QUESTIONS ENTRIES BLOCK */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <survey/exchange.h>

#include "unit/interview/make_form.h"

static void report(void *user, const svy_diag *d)
{
    (void)user;
    if (d->severity == SVY_PROBLEM)
        fprintf(stderr, "%s:%d: %s\n", d->source, d->line, d->found);
}

static int put(const char *name, const void *block, size_t size)
{
    FILE *f = fopen(name, "wb");

    return f != NULL && fwrite(block, 1, size, f) == size && fclose(f) == 0 ? 0 : 1;
}

static int compile(const char *in, const char *out)
{
    svy_error err = SVY_ERROR_INIT;
    svy_diags diags = { .report = report };
    void *block = NULL;
    size_t size = 0;

    if (svy_questionnaire_read(NULL, in, NULL, &diags, &block, &size, &err) != SVY_OK) {
        fprintf(stderr, "%s: %s\n", in, err.message);
        return 1;
    }
    const int status = put(out, block, size);
    svy_block_free(NULL, block, size);
    return status;
}

/* Sections of ten questions of several kinds, some routed, and a roster with ten questions an entry. */
static int large(int questions, int entries, const char *out)
{
    form_maker m = fm_begin();
    const uint32_t root = fm_add(&m, 0, SVY_EL_QUESTIONNAIRE, "Large", "id", "large", "version", "1", "xml:lang", "en", NULL);
    char id[32], rule[64], count[16];
    uint32_t section = root;

    snprintf(count, sizeof count, "%d", entries);
    fm_list(&m, root, "yn", 2);
    fm_list(&m, root, "many", 400);
    fm_add(&m, root, SVY_EL_QUESTION, "How many people?", "id", "size", "type", "integer", "default", count, NULL);
    const uint32_t person = fm_add(&m, root, SVY_EL_ROSTER, "Person", "id", "person", "count", "${size}", NULL);
    for (int i = 0; i < 10; i++) {
        snprintf(id, sizeof id, "p%d", i);
        snprintf(rule, sizeof rule, "not(${p%d} > 90)", i - 1);
        fm_add(&m, person, SVY_EL_QUESTION, "How many hours?", "id", id, "type", "integer", i > 0 ? "relevant" : NULL, rule, NULL);
    }
    fm_add(&m, root, SVY_EL_COMPUTE, "Hours of all", "id", "hours", "type", "integer", "value", "sum(${p0})", NULL);
    for (int i = 0; i < questions; i++) {
        snprintf(id, sizeof id, "s%d", i / 10);
        if (i % 10 == 0)
            section = fm_add(&m, root, SVY_EL_SECTION, "A section", "id", id, NULL);
        snprintf(id, sizeof id, "q%d", i);
        snprintf(rule, sizeof rule, "not(${q%d} = 99)", i - i % 10);
        if (i % 10 == 0)
            fm_add(&m, section, SVY_EL_QUESTION, "A number of ${size}?", "id", id, "type", "integer", NULL);
        else
            fm_add(&m, section, SVY_EL_QUESTION, "Which one is it?", "id", id, "type", i % 3 == 0 ? "multiple" : "single", "choices", i % 7 == 0 ? "many" : "yn",
                   "relevant", rule, NULL);
    }
    fm_end(&m);
    const int status = put(out, m.block, m.size);
    fm_free(&m);
    return status;
}

int main(int argc, char **argv)
{
    if (argc == 3)
        return compile(argv[1], argv[2]);
    return argc == 5 && strcmp(argv[1], "--large") == 0 ? large(atoi(argv[2]), atoi(argv[3]), argv[4]) : 2;
}
