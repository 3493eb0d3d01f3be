/* The interview engine: compiling and opening a form of 5,000 questions, and one answer in it with 200 roster entries (target: 0.1 ms). */
#define _POSIX_C_SOURCE 200809L
#include <survey/interview.h>
#include <time.h>

#include "../unit/interview/make_form.h"

enum { QUESTIONS = 5000, IN_ROSTER = 25, ENTRIES = 200, ANSWERS = 20000 };

static double now_ns(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static void report(const char *name, double n, double ns)
{
    printf("{\"name\":\"%s\",\"n\":%.0f,\"ns\":%.0f}\n", name, n, ns / n);
}

/* A chain of sections, as questionnaires are: routing by an earlier answer, a check, now and then a compute; and a roster with its sums. */
static void fill_form(form_maker *m)
{
    const uint32_t root = fm_add(m, 0, SVY_EL_QUESTIONNAIRE, "Large", "id", "large", "version", "1", "xml:lang", "en", NULL);
    uint32_t section = root;
    char id[32], before[64], text[96];

    fm_list(m, root, "yn", 2);
    fm_add(m, root, SVY_EL_QUESTION, "Size", "id", "size", "type", "integer", NULL);
    const uint32_t member = fm_add(m, root, SVY_EL_ROSTER, "Member", "id", "member", "count", "${size}", NULL);
    fm_add(m, member, SVY_EL_QUESTION, "Age", "id", "m_0", "type", "integer", NULL);
    for (int i = 1; i < IN_ROSTER; i++) {
        snprintf(id, sizeof id, "m_%d", i);
        snprintf(text, sizeof text, "${m_%d} >= %d", i / 2, i % 7);
        fm_add(m, member, SVY_EL_QUESTION, "Question", "id", id, "type", "integer", "relevant", text, NULL);
    }
    fm_add(m, root, SVY_EL_COMPUTE, "Adults", "id", "adults", "type", "integer", "value", "count(${member}[${m_0} >= 18])", NULL);
    fm_add(m, root, SVY_EL_COMPUTE, "Years", "id", "years", "type", "integer", "value", "sum(${m_0})", NULL);
    for (int i = 0; i < QUESTIONS - IN_ROSTER - 1; i++) {
        if (i % 20 == 0) {
            snprintf(id, sizeof id, "s_%d", i / 20);
            snprintf(text, sizeof text, "not(${adults} > %d)", 1000 + i);
            section = fm_add(m, root, SVY_EL_SECTION, "Section", "id", id, "relevant", text, NULL);
        }
        snprintf(id, sizeof id, "q_%d", i);
        snprintf(before, sizeof before, i > 0 ? "not(${q_%d} > 90)" : "true()", i > 0 ? i - 1 - i % 3 * (i > 5) : 0);
        const uint32_t q = fm_add(m, section, SVY_EL_QUESTION, "Question", "id", id, "type", "integer", "relevant", before, NULL);
        fm_add(m, q, SVY_EL_CHECK, "From 0 to 100.", "that", ". >= 0 and . <= 100", NULL);
        if (i % 10 == 9) {
            snprintf(id, sizeof id, "c_%d", i);
            snprintf(text, sizeof text, "${q_%d} + ${q_%d} * 2", i - 9, i);
            fm_add(m, section, SVY_EL_COMPUTE, "Sum", "id", id, "type", "integer", "value", text, NULL);
        }
    }
}

static void answer(svy_interview *iv, const svy_form *form, const char *id, uint32_t entry, int value)
{
    svy_error err = SVY_ERROR_INIT;
    svy_place place = { 0, entry };
    char text[16];

    const int len = snprintf(text, sizeof text, "%d", value);
    if (!svy_form_find(form, id, strlen(id), &place.item) ||
        svy_interview_answer(iv, place, text, (size_t)len, "", (svy_moment){ .utc_ms = 1774958400000 }, NULL, &err) != SVY_OK)
        fm_die(id, &err);
}

int main(void)
{
    form_maker m = fm_begin();
    svy_error err = SVY_ERROR_INIT;
    svy_interview *iv;
    char id[32];

    double start = now_ns();
    fill_form(&m);
    report("interview/build_5000", 1, now_ns() - start);
    start = now_ns();
    fm_end(&m);
    report("interview/compile_and_open_5000", 1, now_ns() - start);
    start = now_ns();
    if (svy_interview_new(NULL, m.form, NULL, (svy_moment){ .utc_ms = 1774958400000 }, &iv, &err) != SVY_OK)
        fm_die("interview", &err);
    report("interview/start_5000", 1, now_ns() - start);
    start = now_ns();
    answer(iv, m.form, "size", 0, ENTRIES);
    report("interview/make_200_entries", 1, now_ns() - start);

    start = now_ns();
    for (int i = 0; i < ANSWERS; i++) {
        snprintf(id, sizeof id, "q_%d", (int)((long)i * 7919 % (QUESTIONS - IN_ROSTER - 1)));
        answer(iv, m.form, id, 0, i % 90);
    }
    report("interview/answer_5000x200", ANSWERS, now_ns() - start);
    uint32_t member;
    svy_form_find(m.form, "member", 6, &member);
    uint32_t entry = 0;
    start = now_ns();
    for (int i = 0; i < ANSWERS; i++) {
        entry = svy_interview_next_entry(iv, member, 0, entry);
        if (entry == 0)
            entry = svy_interview_next_entry(iv, member, 0, 0);
        answer(iv, m.form, "m_0", entry, i % 60);
    }
    report("interview/answer_in_entry_5000x200", ANSWERS, now_ns() - start);
    svy_interview_free(iv);
    fm_free(&m);
    return 0;
}
