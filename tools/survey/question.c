/* Shows one question: where it stands, its text, what may be answered. */
#include "dialogue.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TEXT_SIZE = 8192, CHOICES_SHOWN = 15, CHOICES_MAX = 20000 };

static int right_to_left(const dialogue *d)
{
    return language_is_right_to_left(svy_form_language(d->form, svy_interview_current_language(d->interview)));
}

/* A text of the place in the language of the interview; "" when there is none. */
static const char *text_of(const dialogue *d, svy_place place, svy_role role, char *out)
{
    svy_interview_text(d->interview, place, role, right_to_left(d), out, TEXT_SIZE);
    return out;
}

const char *question_choice_label(const dialogue *d, uint32_t list, uint32_t choice)
{
    return svy_form_choice_label(d->form, list, choice, svy_interview_current_language(d->interview));
}

int question_is_long(const dialogue *d, svy_place place)
{
    return svy_interview_choices(d->interview, place, NULL, 0) > CHOICES_SHOWN;
}

static const char *missing_text(const dialogue *d, uint8_t missing)
{
    if (missing == SVY_DONT_KNOW)
        return string_of(d, S_DONT_KNOW);
    if (missing == SVY_REFUSED)
        return string_of(d, S_REFUSED);
    return missing == SVY_NOT_STATED ? string_of(d, S_NOT_STATED) : "";
}

/* "1 Yes, 3 No" for codes with blanks between. */
static void codes_text(const dialogue *d, uint32_t list, const char *codes, size_t len, char *out, size_t size)
{
    size_t used = 0;
    out[0] = '\0';
    for (size_t at = 0; at < len;) {
        size_t n = 0;
        uint32_t choice;
        while (at + n < len && codes[at + n] != ' ')
            n++;
        const char *label = svy_form_find_choice(d->form, list, codes + at, n, &choice) ? question_choice_label(d, list, choice) : "";
        int wrote = snprintf(out + used, size - used, "%s%.*s %s", used > 0 ? ", " : "", (int)n, codes + at, label);
        if (wrote < 0 || (size_t)wrote >= size - used)
            return;
        used += (size_t)wrote;
        at += n + 1;
    }
}

void question_answer_text(const dialogue *d, svy_place place, char *out, size_t size)
{
    const svy_item *item = svy_form_item(d->form, place.item);
    svy_value value = svy_interview_get(d->interview, place);
    if (value.missing != SVY_PRESENT)
        snprintf(out, size, "%s", missing_text(d, value.missing));
    else if (item->list != 0 && (value.kind == SVY_K_CODE || value.kind == SVY_K_CODES))
        codes_text(d, item->list, value.text, value.len, out, size);
    else
        svy_value_format(&value, out, size);
}

/* Section titles from the outermost in, and the roster entry. */
static void show_where(dialogue *d)
{
    char title[TEXT_SIZE], line[64];
    uint32_t position, total, section = 0, parent = svy_form_item(d->form, d->at.item)->parent;
    svy_interview_progress(d->interview, d->at, &position, &total);
    for (; parent != 0 && section == 0; parent = svy_form_item(d->form, parent)->parent)
        if (svy_form_item(d->form, parent)->kind == SVY_EL_SECTION)
            section = parent;
    putchar('\n');
    snprintf(line, sizeof line, "%u %s %u  ", position, string_of(d, S_OF), total);
    const char *text = section != 0 ? text_of(d, (svy_place){ section, 0 }, SVY_TITLE, title) : "";
    terminal_paragraph(d->terminal, QUIET, 0, line, text);
    d->shown_section = section;
    if (d->at.entry != 0) {
        uint32_t roster = svy_interview_entry_roster(d->interview, d->at.entry), parent_entry = svy_interview_entry_parent(d->interview, d->at.entry);
        snprintf(line, sizeof line, "(%u %s %u) ", svy_interview_entry_position(d->interview, d->at.entry), string_of(d, S_OF),
                 svy_interview_entry_count(d->interview, roster, parent_entry));
        terminal_paragraph(d->terminal, QUIET, 0, line, text_of(d, (svy_place){ roster, d->at.entry }, SVY_LABEL, title));
    }
}

static void show_choices(const dialogue *d, uint32_t list)
{
    uint32_t n = svy_interview_choices(d->interview, d->at, NULL, 0);
    if (n > CHOICES_SHOWN) {
        char line[256];
        /* The sentence comes from our own table and holds one %u. */
        snprintf(line, sizeof line, "%s", string_of(d, S_SEARCH));
        char *mark = strstr(line, "%u"), after[256];
        if (mark != NULL) {
            snprintf(after, sizeof after, "%s", mark + 2);
            snprintf(mark, sizeof line - (size_t)(mark - line), "%u%s", n, after);
        }
        terminal_paragraph(d->terminal, QUIET, 2, "  ", line);
        return;
    }
    uint32_t choices[CHOICES_SHOWN];
    svy_interview_choices(d->interview, d->at, choices, CHOICES_SHOWN);
    for (uint32_t i = 0; i < n; i++) {
        char lead[80];
        svy_choice choice = svy_form_choice(d->form, list, choices[i]);
        snprintf(lead, sizeof lead, "  %4s  ", choice.code);
        terminal_paragraph(d->terminal, PLAIN, 8, lead, question_choice_label(d, list, choices[i]));
    }
}

static string_id format_of(svy_type type)
{
    static const string_id FORMATS[] = {
        [SVY_T_MULTIPLE] = S_SEVERAL_CODES, [SVY_T_RANKING] = S_RANK_CODES, [SVY_T_INTEGER] = S_FORMAT_INTEGER, [SVY_T_DECIMAL] = S_FORMAT_DECIMAL,
        [SVY_T_DATE] = S_FORMAT_DATE, [SVY_T_MONTH] = S_FORMAT_MONTH, [SVY_T_YEAR] = S_FORMAT_YEAR, [SVY_T_TIME] = S_FORMAT_TIME,
        [SVY_T_DATETIME] = S_FORMAT_DATETIME, [SVY_T_BOOLEAN] = S_FORMAT_BOOLEAN, [SVY_T_GEOPOINT] = S_FORMAT_GEOPOINT, [SVY_T_PHOTO] = S_FORMAT_FILE,
        [SVY_T_AUDIO] = S_FORMAT_FILE, [SVY_T_FILE] = S_FORMAT_FILE, [SVY_T_SIGNATURE] = S_FORMAT_FILE, [SVY_T_KEY] = S_ANSWER,
    };
    return (size_t)type < sizeof FORMATS / sizeof FORMATS[0] ? FORMATS[type] : S_ANSWER;   /* S_ANSWER is 0: nothing to say */
}

/* The unit, the form of the answer, and that one is needed, on one line. */
static void show_format(const dialogue *d, const svy_item *item)
{
    char line[TEXT_SIZE];
    string_id format = format_of((svy_type)item->type);
    int required = svy_interview_required(d->interview, d->at);
    snprintf(line, sizeof line, "%s%s%s", format != S_ANSWER ? string_of(d, format) : "", format != S_ANSWER && required ? "; " : "",
             required ? string_of(d, S_REQUIRED) : "");
    if (line[0] != '\0')
        terminal_paragraph(d->terminal, QUIET, 2, "  ", line);
}

static void show_present_answer(const dialogue *d)
{
    char answer[TEXT_SIZE];
    question_answer_text(d, d->at, answer, sizeof answer);
    if (answer[0] != '\0')
        terminal_paragraph(d->terminal, QUIET, 4, string_of(d, S_CURRENT), answer);
    const char *remark = svy_interview_get_remark(d->interview, d->at);
    if (remark[0] != '\0')
        terminal_paragraph(d->terminal, QUIET, 4, string_of(d, S_REMARK_PROMPT), remark);
}

void question_show(dialogue *d)
{
    const svy_item *item = svy_form_item(d->form, d->at.item);
    char text[TEXT_SIZE];
    show_where(d);
    if (item->kind == SVY_EL_END) {
        terminal_paragraph(d->terminal, STRONG, 0, "", text_of(d, d->at, SVY_TEXT, text));
        return;
    }
    if ((item->flags & SVY_ITEM_ROW) != 0)
        terminal_paragraph(d->terminal, PLAIN, 0, "", text_of(d, (svy_place){ item->parent, d->at.entry }, SVY_LABEL, text));
    terminal_paragraph(d->terminal, STRONG, 0, "", text_of(d, d->at, SVY_LABEL, text));
    if (text_of(d, d->at, SVY_HINT, text)[0] != '\0')
        terminal_paragraph(d->terminal, PLAIN, 2, "  ", text);
    if (text_of(d, d->at, SVY_INSTRUCTION, text)[0] != '\0')
        terminal_paragraph(d->terminal, QUIET, 4, string_of(d, S_INTERVIEWER), text);
    if (item->kind == SVY_EL_ROSTER) {
        terminal_paragraph(d->terminal, STRONG, 0, "", string_of(d, S_ANOTHER_ENTRY));
        return;
    }
    if (item->list != 0)
        show_choices(d, item->list);
    if (item->kind == SVY_EL_QUESTION) {
        show_format(d, item);
        show_present_answer(d);
    }
}

void question_help(dialogue *d)
{
    terminal_paragraph(d->terminal, PLAIN, 2, "  ", string_of(d, S_HELP));
    show_format(d, svy_form_item(d->form, d->at.item));
}
