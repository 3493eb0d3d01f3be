/* Replays interviews and prints what became of them: natively and as WebAssembly the same lines must come out.
 *    replay FORM JOURNAL        each event: hash of the whole state after it; at the end the answers
 *    replay FORM random SEED    an interview at random */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <survey/interview.h>

#include "base/map.h"
#include "unit/interview/journal_text.h"

enum { LINE = 1 << 20 };

static void *read_file(const char *name, size_t *size)
{
    FILE *f = fopen(name, "rb");
    size_t capacity = 1 << 16;
    char *bytes = malloc(capacity);

    *size = 0;
    while (f != NULL && bytes != NULL) {
        const size_t n = fread(bytes + *size, 1, capacity - *size, f);
        *size += n;
        if (n == 0)
            break;
        if (*size == capacity)
            bytes = realloc(bytes, capacity *= 2);
    }
    if (f == NULL || bytes == NULL || ferror(f)) {
        fprintf(stderr, "%s: cannot be read\n", name);
        exit(1);
    }
    fclose(f);
    return bytes;
}

static void print_state(const svy_interview *iv)
{
    const size_t size = svy_interview_state(iv, NULL, 0);
    void *bytes = malloc(size);

    if (bytes == NULL || svy_interview_state(iv, bytes, size) != size)
        exit(1);
    printf("%" PRIu64 " %zu %016" PRIx64 "\n", svy_interview_sequence(iv), size, svyi_hash(bytes, size));
    free(bytes);
}

static void print_answers(const svy_interview *iv)
{
    const size_t size = svy_interview_json(iv, 0, NULL, 0) + 1;
    char *text = malloc(size);

    if (text == NULL)
        exit(1);
    svy_interview_json(iv, 0, text, size);
    puts(text);
    free(text);
}

static int fail(const char *what, const svy_error *err)
{
    fprintf(stderr, "%s: %s\n", what, err->message);
    return 1;
}

static int replay(const svy_form *form, const char *name)
{
    svy_error err = SVY_ERROR_INIT;
    svy_interview *iv;
    svy_event event;
    FILE *f = fopen(name, "rb");
    char *line = malloc(LINE);

    if (f == NULL || line == NULL || svy_interview_replay_begin(NULL, form, NULL, &iv, &err) != SVY_OK)
        return fail(name, &err);
    while (fgets(line, LINE, f) != NULL) {
        if (!jt_parse(line, &event) || svy_interview_replay(iv, &event, &err) != SVY_OK)
            return fail("event", &err);
        print_state(iv);
    }
    print_answers(iv);
    svy_interview_free(iv);
    free(line);
    fclose(f);
    return 0;
}

static int at_random(const svy_form *form, uint64_t seed)
{
    svy_interview_options o = SVY_INTERVIEW_OPTIONS_INIT;
    svy_error err = SVY_ERROR_INIT;
    svy_interview *iv;
    const svy_moment now = { .utc_ms = 1774958400000, .zone_minutes = 120 };

    o.seed = seed;
    if (svy_interview_new(NULL, form, &o, now, &iv, &err) != SVY_OK || svy_interview_randomize(iv, seed, 0.05, now, &err) != SVY_OK)
        return fail("random", &err);
    print_state(iv);
    print_answers(iv);
    svy_interview_free(iv);
    return 0;
}

int main(int argc, char **argv)
{
    svy_error err = SVY_ERROR_INIT;
    svy_form *form;
    size_t size;

    if (argc < 3)
        return 2;
    void *block = read_file(argv[1], &size);
    if (svy_form_open(NULL, block, size, &form, &err) != SVY_OK)
        return fail(argv[1], &err);
    const int status = strcmp(argv[2], "random") == 0 && argc > 3 ? at_random(form, strtoull(argv[3], NULL, 10)) : replay(form, argv[2]);
    svy_form_free(form);
    free(block);
    return status;
}
