/* What has been answered so far, and jumping to one of the answers. */
#include "dialogue.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LINE_SIZE = 2048 };

/* Lists every place that has an answer, or finds the `wanted`-th of them, or the one whose id is `id`. @return how many there are. */
static uint32_t walk(const dialogue *d, uint32_t wanted, const char *id, int print, svy_place *found)
{
    uint32_t n = 0;
    for (svy_place p = svy_interview_step(d->interview, (svy_place){ 0, 0 }, 1); p.item != 0; p = svy_interview_step(d->interview, p, 1)) {
        char answer[LINE_SIZE], line[1024], lead[32], path[512] = "";
        const char *item_id = svy_form_item_id(d->form, p.item);
        if (svy_form_item(d->form, p.item)->kind != SVY_EL_QUESTION)
            continue;
        question_answer_text(d, p, answer, sizeof answer);
        if (answer[0] == '\0')
            continue;
        n++;
        if (p.entry != 0)
            svy_interview_entry_path(d->interview, p.entry, path, sizeof path);
        snprintf(line, sizeof line, "%s%s%s", path, path[0] != '\0' ? "/" : "", item_id);
        if (n == wanted || (id != NULL && (strcmp(id, line) == 0 || strcmp(id, item_id) == 0) && found->item == 0))
            *found = p;
        if (print) {
            char whole[LINE_SIZE + sizeof line + 4];
            snprintf(lead, sizeof lead, "%4u  ", n);
            snprintf(whole, sizeof whole, "%s: %s", line, answer);
            terminal_paragraph(d->terminal, PLAIN, 10, lead, whole);
        }
    }
    return n;
}

dialogue_step review_run(dialogue *d, const char *argument)
{
    svy_place to = { 0, 0 };
    char typed[128];
    int too_long;
    snprintf(typed, sizeof typed, "%s", argument);
    if (typed[0] == '\0') {
        terminal_paragraph(d->terminal, STRONG, 0, "", string_of(d, S_REVIEW_TITLE));
        if (walk(d, 0, NULL, 1, &to) == 0) {
            terminal_paragraph(d->terminal, PLAIN, 0, "", string_of(d, S_REVIEW_EMPTY));
            return SHOW;
        }
        char *line = terminal_ask(d->terminal, string_of(d, S_REVIEW_PROMPT), &too_long);
        if (line == NULL)
            return too_long ? SHOW : LEAVE;
        snprintf(typed, sizeof typed, "%s", line);
    }
    if (typed[0] == '\0')
        return SHOW;
    char *end;
    unsigned long wanted = strtoul(typed, &end, 10);
    int number = *end == '\0' && wanted > 0 && wanted < UINT32_MAX;
    walk(d, number ? (uint32_t)wanted : 0, number ? NULL : typed, 0, &to);
    if (to.item == 0) {
        char line[512 + 64];
        const char *sentence = string_of(d, S_REVIEW_UNKNOWN), *mark = strstr(sentence, "%s");
        snprintf(line, sizeof line, "%.*s%s%s", (int)(mark - sentence), sentence, typed, mark + 2);
        terminal_paragraph(d->terminal, ALERT, 2, "! ", line);
        return SHOW;
    }
    d->at = to;
    return SHOW;
}
