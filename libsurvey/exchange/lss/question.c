/* One question of LimeSurvey as items of ours: which type it is, its choices, its rows, its limits. */
#include "exchange/lss/priv.h"
#include <stdlib.h>
#include <string.h>

/* ---- lists ---- */

/* The answers of a question (of one scale) as a list; NULL when there is none. */
static svyi_draft_list *answers(svyi_lss *s, const svyi_lss_question *q, const char *scale)
{
    svyi_draft *d = &s->draft;
    svyi_draft_list *list = NULL;
    uint32_t at;
    for (svyi_lss_row *r = svyi_lss_answers(s, q->qid, &at); r != NULL && !d->failed; r = svyi_lss_next_answer(s, &at)) {
        const char *code = svyi_lss_column(r, "code"), *own = svyi_lss_column(r, "scale_id");
        if (strcmp(*own != '\0' ? own : "0", scale) != 0)
            continue;
        if (list == NULL)
            list = svyi_draft_new_list(d, svyi_draft_join(d, q->title, strcmp(scale, "0") == 0 ? "_answers" : "_answers_2", ""));
        svyi_draft_choice *c = list != NULL ? svyi_draft_choose(d, list, code) : NULL;
        if (c == NULL)
            return NULL;
        const char *language = svyi_lss_column(r, "language"), *text = svyi_lss_column(r, "answer");
        if (*text != '\0')
            svyi_draft_say(d, &c->label, *language != '\0' ? svyi_draft_language(d, language) : 0, text);
        if (*svyi_lss_column(r, "aid") != '\0')
            svyi_lss_say(s, &c->label, r, "answers", "aid", "answer");
    }
    return list;
}

static svyi_draft_list *fixed_list(svyi_lss *s, const svyi_lss_question *q, const char *const (*pairs)[2], size_t n)
{
    svyi_draft_list *list = svyi_draft_new_list(&s->draft, svyi_draft_join(&s->draft, q->title, "_answers", ""));
    for (size_t i = 0; i < n && list != NULL; i++) {
        svyi_draft_choice *c = svyi_draft_choose(&s->draft, list, pairs[i][0]);
        if (c != NULL)
            svyi_draft_say(&s->draft, &c->label, 0, pairs[i][1]);
    }
    return list;
}

/* Lists that LimeSurvey has built in. */
static svyi_draft_list *built_in(svyi_lss *s, const svyi_lss_question *q)
{
    static const char *const YES_NO[][2] = { { "Y", "Yes" }, { "N", "No" } }, *const UNCERTAIN[][2] = { { "Y", "Yes" }, { "U", "Uncertain" }, { "N", "No" } },
        *const SEX[][2] = { { "F", "Female" }, { "M", "Male" } }, *const CHANGE[][2] = { { "I", "Increase" }, { "S", "Same" }, { "D", "Decrease" } },
        *const TEN[][2] = { { "1", "1" }, { "2", "2" }, { "3", "3" }, { "4", "4" }, { "5", "5" }, { "6", "6" }, { "7", "7" }, { "8", "8" }, { "9", "9" }, { "10", "10" } };
    switch (*q->type) {
    case 'Y': return fixed_list(s, q, YES_NO, 2);
    case 'C': return fixed_list(s, q, UNCERTAIN, 3);
    case 'G': return fixed_list(s, q, SEX, 2);
    case 'E': return fixed_list(s, q, CHANGE, 3);
    case 'B': return fixed_list(s, q, TEN, 10);
    default: return fixed_list(s, q, TEN, 5);
    }
}

/* ---- items ---- */

static void condition(svyi_lss *s, svyi_lss_question *q, svyi_draft_item *item)
{
    int always;
    item->was = svyi_lss_column(q->row, "relevance");
    item->relevant = svyi_lss_expression(s, item->was, NULL, &always);
    if (item->relevant == NULL && !always)
        svyi_draft_tell(&s->draft, SVY_WARNING, q->row->line, item->id, "write it by hand", "a condition cannot be expressed here and is left out: %.200s", item->was);
}

static svyi_draft_item *add(svyi_lss *s, svyi_lss_question *q, svyi_draft_item *parent, svyi_draft_kind kind, const char *name)
{
    svyi_draft_item *item = name != NULL ? svyi_draft_add(&s->draft, parent, kind, svyi_draft_id(&s->draft, name), q->row->line) : NULL;
    if (item == NULL)
        return NULL;
    svyi_lss_say(s, &item->label, q->row, "questions", "qid", "question");
    svyi_lss_say(s, &item->hint, q->row, "questions", "qid", "help");
    if (kind == SVYI_DRAFT_QUESTION || kind == SVYI_DRAFT_GRID)
        item->required = strcmp(svyi_lss_column(q->row, "mandatory"), "Y") == 0;
    if (strcmp(svyi_lss_column(q->row, "mandatory"), "S") == 0)
        svyi_draft_tell(&s->draft, SVY_NOTE, q->row->line, item->id, NULL, "the question is softly mandatory: it may be left out here");
    if (kind != SVYI_DRAFT_ROW && kind != SVYI_DRAFT_COMPUTE)
        condition(s, q, item);
    return item;
}

/* The names by which expressions call a question: its code, and survey X group X question. */
static void call(svyi_lss *s, const svyi_lss_question *q, const char *suffix, const char *sgqa, const svyi_draft_item *item, const char *code)
{
    svyi_draft *d = &s->draft;
    svyi_lss_name(s, svyi_draft_join(d, q->title, suffix, ""), item, code);
    const char *group = svyi_draft_join(d, s->sid, "X", q->gid), *old = group != NULL ? svyi_draft_join(d, group, "X", q->qid) : NULL;
    svyi_lss_name(s, old != NULL ? svyi_draft_join(d, old, sgqa, "") : NULL, item, code);
}

static svyi_draft_item *question(svyi_lss *s, svyi_lss_question *q, svyi_draft_item *parent, const char *type)
{
    svyi_draft_item *item = add(s, q, parent, SVYI_DRAFT_QUESTION, q->title);
    if (item != NULL) {
        item->type = type;
        call(s, q, "", "", item, NULL);
    }
    return item;
}

/* A text beside the answer: comment, other. */
static void beside(svyi_lss *s, svyi_lss_question *q, svyi_draft_item *parent, const svyi_draft_item *of)
{
    svyi_draft_item *item = svyi_draft_add(&s->draft, parent, SVYI_DRAFT_QUESTION, svyi_draft_id(&s->draft, svyi_draft_join(&s->draft, of->id, "_comment", "")), q->row->line);
    if (item == NULL)
        return;
    item->relevant = svyi_draft_join(&s->draft, "answered(${", of->id, "})");
    svyi_draft_say(&s->draft, &item->label, 0, "Please comment on your answer.");
    call(s, q, "_comment", "comment", item, NULL);
}

static void other(svyi_lss *s, svyi_lss_question *q, svyi_draft_item *item, svyi_draft_list *list)
{
    if (strcmp(svyi_lss_column(q->row, "other"), "Y") != 0 || list == NULL || item == NULL)
        return;
    svyi_draft_choice *c = svyi_draft_choose(&s->draft, list, "-oth-");
    if (c == NULL)
        return;
    const char *label = svyi_lss_attribute(s, q, "other_replace_text");
    c->other = 1;
    svyi_draft_say(&s->draft, &c->label, 0, *label != '\0' ? label : "Other");
}

static void single(svyi_lss *s, svyi_lss_question *q, svyi_draft_item *parent, svyi_draft_list *list)
{
    svyi_draft_item *item = question(s, q, parent, "single");
    if (item == NULL)
        return;
    item->list = list;
    other(s, q, item, list);
    if (list == NULL) {
        item->type = "text";
        svyi_draft_tell(&s->draft, SVY_WARNING, q->row->line, item->id, "add its choices", "the question has no answers to choose from: it becomes a text");
    }
    if (*q->type == 'O')
        beside(s, q, parent, item);
}

static void multiple(svyi_lss *s, svyi_lss_question *q, svyi_draft_item *parent)
{
    svyi_draft *d = &s->draft;
    svyi_draft_item *item = question(s, q, parent, "multiple");
    svyi_draft_list *list = svyi_draft_new_list(d, svyi_draft_join(d, q->title, "_answers", ""));
    if (item == NULL || list == NULL)
        return;
    const char *exclusive = svyi_lss_attribute(s, q, "exclude_all_others");
    for (svyi_lss_question *sub = q->subs; sub != NULL && !d->failed; sub = sub->next) {
        svyi_draft_choice *c = svyi_draft_choose(d, list, sub->title);
        if (c == NULL)
            return;
        svyi_lss_say(s, &c->label, sub->row, "questions", "qid", "question");
        c->exclusive = *exclusive != '\0' && strcmp(exclusive, sub->title) == 0;
        call(s, q, svyi_draft_join(d, "_", sub->title, ""), sub->title, item, c->code);
    }
    if (list->first != NULL)
        item->list = list;
    else
        item->type = "text";
    other(s, q, item, list);
    if (*q->type == 'P')
        beside(s, q, parent, item);
}

/* Rows of a grid; `suffix` tells the grids of one question apart. */
static svyi_draft_item *grid(svyi_lss *s, svyi_lss_question *q, svyi_draft_item *parent, const char *type, const svyi_draft_list *list, const char *suffix)
{
    svyi_draft *d = &s->draft;
    svyi_draft_item *g = add(s, q, parent, SVYI_DRAFT_GRID, svyi_draft_join(d, q->title, *suffix != '\0' ? "_" : "", suffix));
    if (g == NULL)
        return NULL;
    g->type = type;
    g->list = list;
    for (svyi_lss_question *sub = q->subs; sub != NULL && !d->failed; sub = sub->next) {
        if (*sub->scale != '\0' && strcmp(sub->scale, "0") != 0)
            continue;
        const char *name = svyi_draft_join(d, "_", sub->title, *suffix != '\0' ? svyi_draft_join(d, "_", suffix, "") : "");
        svyi_draft_item *row = name != NULL ? svyi_draft_add(d, g, SVYI_DRAFT_ROW, svyi_draft_id(d, svyi_draft_join(d, q->title, name, "")), sub->row->line) : NULL;
        if (row == NULL)
            return NULL;
        row->type = type;
        svyi_lss_say(s, &row->label, sub->row, "questions", "qid", "question");
        int always;
        row->was = svyi_lss_column(sub->row, "relevance");
        row->relevant = svyi_lss_expression(s, row->was, NULL, &always);
        call(s, q, name, svyi_draft_join(d, sub->title, *suffix != '\0' ? "_" : "", suffix), row, NULL);
    }
    return g;
}

/* One grid for each column: subquestions of the second scale. */
static void columns(svyi_lss *s, svyi_lss_question *q, svyi_draft_item *parent, const char *type)
{
    int any = 0;
    for (svyi_lss_question *sub = q->subs; sub != NULL && !s->draft.failed; sub = sub->next) {
        if (strcmp(sub->scale, "1") != 0)
            continue;
        any = 1;
        svyi_draft_item *g = grid(s, q, parent, type, NULL, sub->title);
        if (g != NULL)
            svyi_lss_say(s, &g->instruction, sub->row, "questions", "qid", "question");
    }
    if (!any)
        grid(s, q, parent, type, NULL, "");
}

static void dual(svyi_lss *s, svyi_lss_question *q, svyi_draft_item *parent)
{
    grid(s, q, parent, "single", answers(s, q, "0"), "0");
    grid(s, q, parent, "single", answers(s, q, "1"), "1");
}

/* ---- limits ---- */

static void check(svyi_lss *s, svyi_draft_item *item, const char *that, const char *message)
{
    svyi_draft_check *c = that != NULL ? svyi_draft_add_check(&s->draft, item, that) : NULL;
    if (c != NULL)
        svyi_draft_say(&s->draft, &c->message, 0, message);
}

static int is_number(const char *text)
{
    char *end;
    strtod(text, &end);
    return *text != '\0' && *end == '\0' && strspn(text, "-0123456789.") == strlen(text);
}

static void limits(svyi_lss *s, svyi_lss_question *q, svyi_draft_item *item)
{
    static const struct { const char *types, *attribute, *before, *message; } LIMITS[] = {
        { "N", "min_num_value_n", ". >= ", "The number is too small." }, { "N", "max_num_value_n", ". <= ", "The number is too large." },
        { "MPR", "min_answers", "count-selected(.) >= ", "Please choose more answers." }, { "MPR", "max_answers", "count-selected(.) <= ", "Please choose fewer answers." },
        { "STU", "maximum_chars", "string-length(.) <= ", "The text is too long." }
    };
    svyi_draft *d = &s->draft;
    for (size_t i = 0; i < sizeof LIMITS / sizeof LIMITS[0]; i++) {
        const char *value = svyi_lss_attribute(s, q, LIMITS[i].attribute);
        if (strchr(LIMITS[i].types, *q->type) != NULL && is_number(value))
            check(s, item, svyi_draft_join(d, LIMITS[i].before, value, ""), LIMITS[i].message);
    }
    const char *pattern = svyi_lss_column(q->row, "preg"), *end = strrchr(pattern, '/');
    if (*pattern == '/' && end > pattern && strchr(pattern, '\'') == NULL) {
        const char *inner = svyi_arena_text(&d->arena, pattern + 1, (size_t)(end - pattern - 1));
        check(s, item, inner != NULL ? svyi_draft_join(d, "regex(., '", inner, "')") : NULL, "The answer does not have the form that is asked for.");
    }
    const char *validation = svyi_lss_attribute(s, q, "em_validation_q"), *tip = svyi_lss_attribute(s, q, "em_validation_q_tip");
    int always;
    const char *that = svyi_lss_expression(s, validation, item, &always);
    if (that != NULL)
        check(s, item, that, *tip != '\0' ? tip : "This answer is not possible.");
    else if (!always)
        svyi_draft_tell(d, SVY_WARNING, q->row->line, item->id, "write it by hand", "a check cannot be expressed here and is left out: %.200s", validation);
}

static void equation(svyi_lss *s, svyi_lss_question *q, svyi_draft_item *group)
{
    const char *text = svyi_lss_attribute(s, q, "equation");
    svyi_draft_item *item = add(s, q, group, SVYI_DRAFT_COMPUTE, q->title);
    int always;
    if (item == NULL)
        return;
    const char *relevance = svyi_lss_column(q->row, "relevance");
    if (*relevance != '\0' && strcmp(relevance, "1") != 0)
        svyi_draft_tell(&s->draft, SVY_WARNING, q->row->line, item->id, "put it into the calculation", "the condition of an equation is left out: %.200s", relevance);
    item->was = text;
    item->type = "decimal";
    item->value = svyi_lss_expression(s, text, NULL, &always);
    if (item->value != NULL)
        call(s, q, "", "", item, NULL);
    else
        svyi_draft_tell(&s->draft, SVY_WARNING, q->row->line, item->id, "write it by hand", "an equation cannot be expressed here and is left out: %.200s", text);
}

void svyi_lss_question_items(svyi_lss *s, svyi_lss_question *q, svyi_draft_item *group)
{
    svyi_draft_item *item = NULL;
    switch (*q->type) {
    case 'L': case '!': case 'O': single(s, q, group, answers(s, q, "0")); break;
    case 'Y': case 'G': case '5': single(s, q, group, built_in(s, q)); break;
    case 'M': case 'P': multiple(s, q, group); break;
    case 'F': case 'H': grid(s, q, group, "single", answers(s, q, "0"), ""); break;
    case 'A': case 'B': case 'C': case 'E': grid(s, q, group, "single", built_in(s, q), ""); break;
    case '1': dual(s, q, group); break;
    case ':': columns(s, q, group, "decimal"); break;
    case ';': columns(s, q, group, "text"); break;
    case 'K': grid(s, q, group, "decimal", NULL, ""); break;
    case 'Q': grid(s, q, group, "text", NULL, ""); break;
    case 'N': question(s, q, group, strcmp(svyi_lss_attribute(s, q, "num_value_int_only"), "1") == 0 ? "integer" : "decimal"); break;
    case 'D': question(s, q, group, "date"); break;
    case 'S': case 'T': case 'U': question(s, q, group, "text"); break;
    case '|': question(s, q, group, "file"); break;
    case 'R':
        item = question(s, q, group, "ranking");
        if (item != NULL && (item->list = answers(s, q, "0")) == NULL)
            item->type = "text";
        break;
    case 'X': add(s, q, group, SVYI_DRAFT_NOTE, q->title); break;
    case '*': equation(s, q, group); break;
    default: svyi_draft_tell(&s->draft, SVY_WARNING, q->row->line, q->title, "add it by hand", "a question of the kind '%.20s' has no counterpart here and is left out", q->type);
    }
    if (group->last != NULL && group->last->kind == SVYI_DRAFT_QUESTION && group->last->line == q->row->line)
        limits(s, q, group->last);
}
