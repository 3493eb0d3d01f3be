/* Shows one question: where it stands, its text, what may be answered. */
#include "dialogue.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SHORT_LIST = 15, CHOICES_SHOWN = 40, DEEPEST = 16, CODE_COLUMNS = 12 };

static int right_to_left(const dialogue *d)
{
    return language_is_right_to_left(svy_form_language(d->form, svy_interview_current_language(d->interview)));
}

void dialogue_direction(dialogue *d) { d->terminal->right_to_left = right_to_left(d); }

const char *question_text(const dialogue *d, svy_place place, svy_role role, char *out)
{
    svy_interview_text(d->interview, place, role, right_to_left(d), out, TEXT_SIZE);
    return out;
}

/* Keeps a right-to-left label from mixing with the code beside it, and a date from being turned around. */
static const char *isolated(const dialogue *d, const char *text, char *out, size_t size)
{
    if (!right_to_left(d) || text[0] == '\0')
        return text;
    snprintf(out, size, "\xE2\x81\xA8%.*s\xE2\x81\xA9", (int)(size - 8), text);
    return out;
}

static const char *label_of(const dialogue *d, uint32_t list, uint32_t choice)
{
    return svy_form_choice_label(d->form, list, choice, svy_interview_current_language(d->interview));
}

void question_answer_text(const dialogue *d, svy_place place, char *out, size_t size)
{
    answer_text(d->interview, place, 1, out, size);
}

/* ---- where it stands ---- */

/* The titles of the sections around the place, when the innermost that has one is another one than before. */
static void show_section(dialogue *d)
{
    uint32_t around[DEEPEST], n = 0;
    char title[TEXT_SIZE], line[TEXT_SIZE] = "";
    size_t used = 0;
    for (uint32_t p = svy_form_item(d->form, d->at.item)->parent; p != 0 && n < DEEPEST; p = svy_form_item(d->form, p)->parent)
        if (svy_form_item(d->form, p)->kind == SVY_EL_SECTION && question_text(d, (svy_place){ p, d->at.entry }, SVY_TITLE, title)[0] != '\0')
            around[n++] = p;
    uint32_t section = n > 0 ? around[0] : 0;
    if (section == d->shown_section)
        return;
    d->shown_section = section;
    while (n > 0 && used < sizeof line) {
        question_text(d, (svy_place){ around[--n], d->at.entry }, SVY_TITLE, title);
        int wrote = snprintf(line + used, sizeof line - used, "%s%s", used > 0 ? " › " : "", title);
        used += wrote > 0 ? (size_t)wrote : 0;
    }
    if (line[0] != '\0') {
        putchar('\n');
        terminal_paragraph(d->terminal, STRONG, 0, "", line);
    }
}

/* "12 of 77, entry 2 of 3", the outermost roster first. */
static void show_position(const dialogue *d)
{
    uint32_t position, total, around[DEEPEST], n = 0;
    char line[TEXT_SIZE];
    svy_interview_progress(d->interview, d->at, &position, &total);
    size_t used = (size_t)snprintf(line, sizeof line, "%u %s %u", position, string_of(d, S_OF), total);
    for (uint32_t e = d->at.entry; e != 0 && n < DEEPEST; e = svy_interview_entry_parent(d->interview, e))
        around[n++] = e;
    while (n > 0 && used < sizeof line) {
        uint32_t e = around[--n];
        uint32_t count = svy_interview_entry_count(d->interview, svy_interview_entry_roster(d->interview, e), svy_interview_entry_parent(d->interview, e));
        used += (size_t)snprintf(line + used, sizeof line - used, "%s %u %s %u", string_of(d, S_ENTRY), svy_interview_entry_position(d->interview, e),
                                 string_of(d, S_OF), count);
    }
    putchar('\n');
    terminal_paragraph(d->terminal, QUIET, 0, "", line);
}

/* What a roster says about each of its entries, at the first question of the entry; the question of a grid, at its first row. */
static void show_leads(dialogue *d)
{
    const svy_item *item = svy_form_item(d->form, d->at.item);
    char text[TEXT_SIZE];
    uint32_t entry = d->at.entry, grid = (item->flags & SVY_ITEM_ROW) != 0 ? item->parent : 0;
    if (entry != 0 && entry != d->shown_entry)
        if (question_text(d, (svy_place){ svy_interview_entry_roster(d->interview, entry), entry }, SVY_LABEL, text)[0] != '\0')
            terminal_paragraph(d->terminal, STRONG, 0, "", text);
    if (grid != 0 && (grid != d->shown_grid || entry != d->shown_entry))
        if (question_text(d, (svy_place){ grid, entry }, SVY_LABEL, text)[0] != '\0')
            terminal_paragraph(d->terminal, STRONG, 0, "", text);
    d->shown_entry = entry;
    d->shown_grid = grid;
}

/* ---- choices ---- */

int question_code_width(const dialogue *d, uint32_t list, const uint32_t *choices, uint32_t n)
{
    int width = 1;
    for (uint32_t i = 0; i < n; i++) {
        int columns = terminal_columns(svy_form_choice(d->form, list, choices[i]).code);
        if (columns > width && columns <= CODE_COLUMNS)
            width = columns;
    }
    return width;
}

/* " — Varna, Varna": what the choice is part of, step by step. */
static void add_parents(const dialogue *d, uint32_t list, uint32_t choice, char *out, size_t size)
{
    size_t used = strlen(out);
    for (int depth = 0; depth < DEEPEST && used < size; depth++) {
        const char *parent = svy_form_choice(d->form, list, choice).parent;
        if (parent[0] == '\0')
            return;
        int known = svy_form_find_choice(d->form, list, parent, strlen(parent), &choice);
        int wrote = snprintf(out + used, size - used, "%s%s", depth == 0 ? " — " : ", ", known ? label_of(d, list, choice) : parent);
        used += wrote > 0 ? (size_t)wrote : 0;
        if (!known)
            return;
    }
}

void question_choice(const dialogue *d, uint32_t list, uint32_t choice, int width, int parents)
{
    char lead[128], label[TEXT_SIZE];
    const char *code = svy_form_choice(d->form, list, choice).code;
    int fill = width - terminal_columns(code), right = svy_form_list(d->form, list).numeric != 0;
    fill = fill > 0 ? fill : 0;
    snprintf(lead, sizeof lead, "    %*s%.*s%*s  ", right ? fill : 0, "", 80, code, right ? 0 : fill, "");
    snprintf(label, sizeof label, "%s", label_of(d, list, choice));
    if (parents)
        add_parents(d, list, choice, label, sizeof label);
    terminal_paragraph(d->terminal, PLAIN, 6 + width, lead, label);
}

void question_list(const dialogue *d, uint32_t limit)
{
    uint32_t list = svy_form_item(d->form, d->at.item)->list, n = svy_interview_choices(d->interview, d->at, NULL, 0), shown = n < limit ? n : limit;
    uint32_t *choices = malloc((n > 0 ? n : 1) * sizeof *choices);
    char more[16];
    if (choices == NULL)
        return;
    svy_interview_choices(d->interview, d->at, choices, n);
    int width = question_code_width(d, list, choices, shown);
    for (uint32_t i = 0; i < shown; i++)
        question_choice(d, list, choices[i], width, 0);
    free(choices);
    snprintf(more, sizeof more, "%u", n - shown);
    if (n > shown)
        string_say(d, QUIET, S_MORE_CHOICES, more);
}

/* The choices, or how to find one; under a list that pushes the question off the screen stands the question again. */
static void show_choices(const dialogue *d)
{
    uint32_t n = svy_interview_choices(d->interview, d->at, NULL, 0);
    int searched = strcmp(svy_form_appearance(d->form, d->at.item), "search") == 0;
    char count[16], text[TEXT_SIZE];
    if (n <= (searched ? SHORT_LIST : CHOICES_SHOWN)) {
        question_list(d, n);
        if (n > SHORT_LIST && d->terminal->interactive)
            terminal_paragraph(d->terminal, STRONG, 0, "", question_text(d, d->at, SVY_LABEL, text));
        return;
    }
    snprintf(count, sizeof count, "%u", n);
    string_say(d, QUIET, S_SEARCH, count);
}

/* Choices that come from elsewhere than a list of codes: a file, other answers. */
typedef struct offering { const dialogue *d; uint32_t n; } offering;

static void show_offer(void *user, const svy_offered *choice)
{
    offering *o = user;
    char lead[128], shown[TEXT_SIZE];
    if (o->n++ >= CHOICES_SHOWN)
        return;
    snprintf(lead, sizeof lead, "    %.80s  ", choice->code);
    terminal_paragraph(o->d->terminal, PLAIN, 6, lead, isolated(o->d, choice->label, shown, sizeof shown));
}

static void show_offers(const dialogue *d)
{
    offering o = { d, 0 };
    const svy_offer to = { show_offer, &o };
    char more[16];
    if (svy_interview_offer(d->interview, d->at, &to, NULL) != SVY_OK || o.n <= CHOICES_SHOWN)
        return;
    snprintf(more, sizeof more, "%u", o.n - CHOICES_SHOWN);
    string_say(d, QUIET, S_MORE_CHOICES, more);
}

/* ---- the question ---- */

/* The form of the answer, and that one is needed, on one line. */
static void show_format(const dialogue *d, const svy_item *item)
{
    char line[1024];
    const char *format = answer_format(item, svy_form_language(d->form, svy_interview_current_language(d->interview)));
    int required = svy_interview_required(d->interview, d->at);
    snprintf(line, sizeof line, "%s%s%s", format, format[0] != '\0' && required ? "; " : "", required ? string_of(d, S_REQUIRED) : "");
    if (line[0] != '\0')
        terminal_paragraph(d->terminal, QUIET, 2, "  ", line);
}

static void show_present_answer(const dialogue *d)
{
    char answer[TEXT_SIZE], shown[TEXT_SIZE + 8];
    question_answer_text(d, d->at, answer, sizeof answer);
    if (answer[0] != '\0')
        terminal_paragraph(d->terminal, QUIET, 4, string_of(d, svy_interview_is_preset(d->interview, d->at) ? S_PROPOSED : S_CURRENT),
                           isolated(d, answer, shown, sizeof shown));
    const char *remark = svy_interview_get_remark(d->interview, d->at);
    if (remark[0] != '\0')
        terminal_paragraph(d->terminal, QUIET, 4, string_of(d, S_REMARK_IS), remark);
}

void question_show(dialogue *d)
{
    const svy_item *item = svy_form_item(d->form, d->at.item);
    char text[TEXT_SIZE];
    show_section(d);
    show_position(d);
    if (item->kind == SVY_EL_END) {
        terminal_paragraph(d->terminal, STRONG, 0, "", question_text(d, d->at, SVY_TEXT, text));
        return;
    }
    show_leads(d);
    terminal_paragraph(d->terminal, STRONG, 0, "", question_text(d, d->at, SVY_LABEL, text));
    if (question_text(d, d->at, SVY_HINT, text)[0] != '\0')
        terminal_paragraph(d->terminal, PLAIN, 2, "  ", text);
    if (question_text(d, d->at, SVY_INSTRUCTION, text)[0] != '\0')
        terminal_paragraph(d->terminal, QUIET, 4, string_of(d, S_INTERVIEWER), text);
    if (item->kind == SVY_EL_ROSTER) {
        const int first = svy_interview_entry_count(d->interview, d->at.item, d->at.entry) == 0;
        terminal_paragraph(d->terminal, STRONG, 0, "", string_of(d, first ? S_FIRST_ENTRY : S_ANOTHER_ENTRY));
        return;
    }
    if (item->list != 0)
        show_choices(d);
    else if (item->type == SVY_T_SINGLE || item->type == SVY_T_MULTIPLE || item->type == SVY_T_RANKING)
        show_offers(d);
    if (item->kind == SVY_EL_QUESTION) {
        show_format(d, item);
        show_present_answer(d);
    }
}

void question_help(dialogue *d)
{
    const char *id = d->at.item != 0 ? svy_form_item_id(d->form, d->at.item) : "";
    terminal_paragraph(d->terminal, PLAIN, 2, "  ", string_of(d, S_HELP));
    if (id[0] != '\0')
        string_say(d, QUIET, S_QUESTION_IS, id);
    if (d->at.item != 0 && svy_form_item(d->form, d->at.item)->kind == SVY_EL_QUESTION)
        show_format(d, svy_form_item(d->form, d->at.item));
}
