/* What has been answered so far, and jumping to one of the answers. */
#include "dialogue.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LINE_SIZE = 2048 };

/* "e_work: 1 Yes — In the week 16–22.11.2026, did you…": as much of the question as the line holds. */
static void print_one(const dialogue *d, svy_place place, uint32_t number, const char *name, const char *answer)
{
    enum { LEAD = 6, LEAST_LABEL = 12 };
    char lead[16], label[TEXT_SIZE], whole[LINE_SIZE + TEXT_SIZE];
    question_text(d, place, SVY_LABEL, label);
    snprintf(lead, sizeof lead, "%4u  ", number);
    int used = snprintf(whole, sizeof whole, "%s: %s", name, answer);
    int left = d->terminal->width - LEAD - terminal_columns(whole) - 4;
    if (used > 0 && left >= LEAST_LABEL && label[0] != '\0') {
        size_t fits = terminal_fit(label, left);
        snprintf(whole + used, sizeof whole - (size_t)used, " — %.*s%s", (int)fits, label, label[fits] != '\0' ? "…" : "");
    }
    terminal_paragraph(d->terminal, PLAIN, LEAD, lead, whole);
}

/* Lists every place that has an answer, or finds the `wanted`-th of them, or the one whose id is `id`. @return how many there are. */
static uint32_t walk(const dialogue *d, uint32_t wanted, const char *id, int print, svy_place *found)
{
    uint32_t n = 0;
    for (svy_place p = svy_interview_step(d->interview, (svy_place){ 0, 0 }, 1); p.item != 0; p = svy_interview_step(d->interview, p, 1)) {
        char answer[LINE_SIZE], name[1024], path[512] = "";
        const char *item_id = svy_form_item_id(d->form, p.item);
        if (svy_form_item(d->form, p.item)->kind != SVY_EL_QUESTION)
            continue;
        question_answer_text(d, p, answer, sizeof answer);
        if (answer[0] == '\0')
            continue;
        n++;
        if (p.entry != 0)
            svy_interview_entry_path(d->interview, p.entry, path, sizeof path);
        snprintf(name, sizeof name, "%s%s%s", path, path[0] != '\0' ? "/" : "", item_id);
        if (n == wanted || (id != NULL && (strcmp(id, name) == 0 || strcmp(id, item_id) == 0) && found->item == 0))
            *found = p;
        if (print)
            print_one(d, p, n, name, answer);
    }
    return n;
}

dialogue_step review_run(dialogue *d, const char *argument)
{
    svy_place to = { 0, 0 };
    char typed[128];
    snprintf(typed, sizeof typed, "%s", argument);
    if (typed[0] == '\0') {
        terminal_paragraph(d->terminal, STRONG, 0, "", string_of(d, S_REVIEW_TITLE));
        if (walk(d, 0, NULL, 1, &to) == 0) {
            terminal_paragraph(d->terminal, PLAIN, 2, "  ", string_of(d, S_REVIEW_EMPTY));
            return SHOW;
        }
        char *line = dialogue_ask(d, string_of(d, S_REVIEW_PROMPT));
        if (line == NULL)
            return LEAVE;
        svy_western_digits(line);
        snprintf(typed, sizeof typed, "%s", line);
    }
    if (typed[0] == '\0')
        return SHOW;
    char *end;
    unsigned long wanted = strtoul(typed, &end, 10);
    int number = *end == '\0' && wanted > 0 && wanted < UINT32_MAX;
    walk(d, number ? (uint32_t)wanted : 0, number ? NULL : typed, 0, &to);
    if (to.item == 0)
        string_say(d, ALERT, S_REVIEW_UNKNOWN, typed);
    else
        d->at = to;
    return SHOW;
}
