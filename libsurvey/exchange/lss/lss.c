/* Reads LimeSurvey's .lss: the tables of its database as XML, in the two shapes they have had (texts in every row, or in tables of their own). */
#include "exchange/lss/priv.h"
#include <stdlib.h>
#include <string.h>

/* ---- tables ---- */

const char *svyi_lss_column(svyi_lss_row *row, const char *name)
{
    for (const svyi_xml *c = row != NULL ? row->first : NULL; c != NULL; c = c->next)
        if (c->name != NULL && strcmp(c->name, name) == 0) {
            for (const svyi_xml *t = c->first; t != NULL; t = t->next)
                if (t->name == NULL)
                    return t->text;
            return "";
        }
    return "";
}

static const svyi_xml *child(const svyi_xml *x, const char *name)
{
    for (const svyi_xml *c = x != NULL ? x->first : NULL; c != NULL; c = c->next)
        if (c->name != NULL && strcmp(c->name, name) == 0)
            return c;
    return NULL;
}

static svyi_lss_row *row_from(const svyi_xml *x)
{
    while (x != NULL && (x->name == NULL || strcmp(x->name, "row") != 0))
        x = x->next;
    return x;
}

svyi_lss_row *svyi_lss_first(const svyi_lss *s, const char *table)
{
    const svyi_xml *rows = child(child(s->document, table), "rows");
    return rows != NULL ? row_from(rows->first) : NULL;
}

svyi_lss_row *svyi_lss_next(svyi_lss_row *row) { return row_from(row->next); }

static void put(svyi_lss *s, svyi_map *map, const char *key, uint32_t number)
{
    if (key == NULL || svyi_map_add(map, key, strlen(key), &number) < 0)
        s->draft.failed = 1;
}

static char *key_of(svyi_lss *s, const char *a, const char *b, const char *c)
{
    char *left = svyi_draft_join(&s->draft, a, " ", b);
    return left != NULL ? svyi_draft_join(&s->draft, left, " ", c) : NULL;
}

/* ---- texts ---- */

void svyi_lss_say(svyi_lss *s, svyi_draft_text *text, svyi_lss_row *first, const char *table, const char *id_column, const char *column)
{
    const char *id = svyi_lss_column(first, id_column);
    for (size_t l = 0; l < s->draft.n_languages && !s->draft.failed; l++) {
        uint32_t number;
        const char *key = key_of(s, table, id, s->draft.languages[l]);
        if (key != NULL && svyi_map_find(&s->texts, key, strlen(key), &number))
            svyi_draft_say(&s->draft, text, l, svyi_lss_column(s->text_rows[number], column));
    }
}

static void keep_text(svyi_lss *s, const char *table, svyi_lss_row *row, const char *id_column, const char *second)
{
    const char *language = svyi_lss_column(row, "language"), *id = svyi_lss_column(row, id_column);
    if (second != NULL)                                        /* an answer of the older files: qid, code and scale */
        id = key_of(s, id, svyi_lss_column(row, second), svyi_lss_column(row, "scale_id"));
    if (id == NULL || svyi_grow(&s->draft.arena.alloc, &s->text_rows, &s->texts_capacity, s->n_texts + 1, sizeof *s->text_rows) != 0) {
        s->draft.failed = 1;
        return;
    }
    const char *tag = *language != '\0' ? s->draft.languages[svyi_draft_language(&s->draft, language)] : s->draft.languages[0];
    put(s, &s->texts, key_of(s, table, id, tag), (uint32_t)s->n_texts);
    s->text_rows[s->n_texts++] = row;
}

/* Rows of both shapes stand under the name of the table whose ids they have. */
static void read_texts(svyi_lss *s)
{
    static const struct { const char *rows, *table, *id; } TABLES[] = {
        { "groups", "groups", "gid" }, { "group_l10ns", "groups", "gid" }, { "questions", "questions", "qid" }, { "subquestions", "questions", "qid" },
        { "question_l10ns", "questions", "qid" }, { "answer_l10ns", "answers", "aid" }
    };
    for (size_t i = 0; i < sizeof TABLES / sizeof TABLES[0]; i++)
        for (svyi_lss_row *r = svyi_lss_first(s, TABLES[i].rows); r != NULL && !s->draft.failed; r = svyi_lss_next(r))
            if (child(r, "language") != NULL)
                keep_text(s, TABLES[i].table, r, TABLES[i].id, NULL);
    for (svyi_lss_row *r = svyi_lss_first(s, "answers"); r != NULL && !s->draft.failed; r = svyi_lss_next(r))
        if (child(r, "language") != NULL)
            keep_text(s, "answers", r, "qid", "code");
}

/* ---- questions, answers, attributes ---- */

static void add_sub(svyi_lss_question *parent, svyi_lss_question *q)
{
    if (parent->subs == NULL || q->order >= parent->last_sub->order) {
        if (parent->last_sub != NULL)
            parent->last_sub->next = q;
        else
            parent->subs = q;
        parent->last_sub = q;
        return;
    }
    svyi_lss_question **at = &parent->subs;
    while (*at != NULL && (*at)->order <= q->order)
        at = &(*at)->next;
    q->next = *at;
    *at = q;
}

static void read_question(svyi_lss *s, svyi_lss_row *row)
{
    const char *qid = svyi_lss_column(row, "qid"), *parent = svyi_lss_column(row, "parent_qid");
    uint32_t number;
    if (svyi_map_find(&s->questions, qid, strlen(qid), &number))
        return;                                                /* another language */
    svyi_lss_question *q = svyi_arena_get(&s->draft.arena, sizeof *q);
    if (q == NULL || svyi_grow(&s->draft.arena.alloc, &s->list, &s->capacity, s->n + 1, sizeof *s->list) != 0) {
        s->draft.failed = 1;
        return;
    }
    *q = (svyi_lss_question){ .row = row, .qid = qid, .gid = svyi_lss_column(row, "gid"), .title = svyi_lss_column(row, "title"),
                              .type = svyi_lss_column(row, "type"), .scale = svyi_lss_column(row, "scale_id"),
                              .order = strtol(svyi_lss_column(row, "question_order"), NULL, 10) };
    put(s, &s->questions, qid, (uint32_t)s->n);
    s->list[s->n++] = q;
    if (*parent != '\0' && strcmp(parent, "0") != 0) {
        if (svyi_map_find(&s->questions, parent, strlen(parent), &number))
            add_sub(s->list[number], q);
        q->type = "";
    }
}

static void read_answers(svyi_lss *s)
{
    size_t n = 0;
    for (svyi_lss_row *r = svyi_lss_first(s, "answers"); r != NULL; r = svyi_lss_next(r))
        n++;
    s->answer_rows = svyi_arena_get(&s->draft.arena, (n + 1) * sizeof *s->answer_rows);
    s->answer_next = svyi_arena_get(&s->draft.arena, (n + 1) * sizeof *s->answer_next);
    uint32_t *last = svyi_arena_get(&s->draft.arena, (n + 1) * sizeof *last);
    if (s->answer_rows == NULL || s->answer_next == NULL || last == NULL) {
        s->draft.failed = 1;
        return;
    }
    for (svyi_lss_row *r = svyi_lss_first(s, "answers"); r != NULL; r = svyi_lss_next(r)) {
        const char *qid = svyi_lss_column(r, "qid");
        uint32_t first, at = (uint32_t)s->n_answers++;
        s->answer_rows[at] = r;
        s->answer_next[at] = UINT32_MAX;
        if (svyi_map_find(&s->answers, qid, strlen(qid), &first))
            s->answer_next[last[first]] = at;
        else
            put(s, &s->answers, qid, first = at);
        last[first] = at;
    }
}

svyi_lss_row *svyi_lss_answers(const svyi_lss *s, const char *qid, uint32_t *at)
{
    return svyi_map_find(&s->answers, qid, strlen(qid), at) ? s->answer_rows[*at] : NULL;
}

svyi_lss_row *svyi_lss_next_answer(const svyi_lss *s, uint32_t *at)
{
    *at = s->answer_next[*at];
    return *at != UINT32_MAX ? s->answer_rows[*at] : NULL;
}

static void read_attributes(svyi_lss *s)
{
    for (svyi_lss_row *r = svyi_lss_first(s, "question_attributes"); r != NULL && !s->draft.failed; r = svyi_lss_next(r)) {
        if (svyi_grow(&s->draft.arena.alloc, &s->attribute_rows, &s->attributes_capacity, s->n_attributes + 1, sizeof *s->attribute_rows) != 0) {
            s->draft.failed = 1;
            return;
        }
        put(s, &s->attributes, svyi_draft_join(&s->draft, svyi_lss_column(r, "qid"), " ", svyi_lss_column(r, "attribute")), (uint32_t)s->n_attributes);
        s->attribute_rows[s->n_attributes++] = r;
    }
}

const char *svyi_lss_attribute(svyi_lss *s, const svyi_lss_question *q, const char *name)
{
    const char *key = svyi_draft_join(&s->draft, q->qid, " ", name);
    uint32_t number;
    return key != NULL && svyi_map_find(&s->attributes, key, strlen(key), &number) ? svyi_lss_column(s->attribute_rows[number], "value") : "";
}

/* ---- the survey ---- */

static void read_languages(svyi_lss *s)
{
    svyi_lss_row *survey = svyi_lss_first(s, "surveys");
    const char *base = svyi_lss_column(survey, "language");
    s->sid = svyi_lss_column(survey, "sid");
    if (*base != '\0')
        svyi_draft_language(&s->draft, base);
    const svyi_xml *languages = child(s->document, "languages");
    for (const svyi_xml *l = languages != NULL ? languages->first : NULL; l != NULL; l = l->next)
        if (l->name != NULL && l->first != NULL && l->first->name == NULL)
            svyi_draft_language(&s->draft, l->first->text);
    if (s->draft.n_languages == 0)
        svyi_draft_language(&s->draft, "und");
    const char *name = svyi_draft_join(&s->draft, "limesurvey-", *s->sid != '\0' ? s->sid : "survey", "");
    s->draft.id = name != NULL ? svyi_draft_id(&s->draft, name) : "";
    for (svyi_lss_row *r = svyi_lss_first(s, "surveys_languagesettings"); r != NULL; r = svyi_lss_next(r)) {
        const size_t l = svyi_draft_language(&s->draft, svyi_lss_column(r, "surveyls_language"));
        svyi_draft_say(&s->draft, &s->draft.title, l, svyi_lss_column(r, "surveyls_title"));
        svyi_draft_say(&s->draft, &s->draft.description, l, svyi_lss_column(r, "surveyls_description"));
    }
}

/* Greeting and farewell. */
static void frame_note(svyi_lss *s, const char *column, const char *id)
{
    svyi_draft_item *note = NULL;
    for (svyi_lss_row *r = svyi_lss_first(s, "surveys_languagesettings"); r != NULL && !s->draft.failed; r = svyi_lss_next(r)) {
        const char *text = svyi_lss_column(r, column);
        if (*text == '\0')
            continue;
        if (note == NULL)
            note = svyi_draft_add(&s->draft, s->draft.root, SVYI_DRAFT_NOTE, svyi_draft_id(&s->draft, id), r->line);
        if (note != NULL)
            svyi_draft_say(&s->draft, &note->label, svyi_draft_language(&s->draft, svyi_lss_column(r, "surveyls_language")), text);
    }
}

void svyi_lss_name(svyi_lss *s, const char *name, const svyi_draft_item *item, const char *code)
{
    if (name == NULL || svyi_grow(&s->draft.arena.alloc, &s->variable, &s->variables_capacity, s->n_variables + 1, sizeof *s->variable) != 0) {
        s->draft.failed = 1;
        return;
    }
    put(s, &s->variables, name, (uint32_t)s->n_variables);
    s->variable[s->n_variables++] = (svyi_lss_variable){ s->draft.n_items - 1, item, code };
}

static int by_order(const void *a, const void *b)
{
    const svyi_lss_question *const *p = a, *const *q = b;
    return (*p)->order != (*q)->order ? ((*p)->order < (*q)->order ? -1 : 1) : (*p)->row->number < (*q)->row->number ? -1 : 1;
}

typedef struct group { svyi_lss_row *row; long order; } group;
static int by_group(const void *a, const void *b)
{
    const group *p = a, *q = b;
    return p->order != q->order ? (p->order < q->order ? -1 : 1) : p->row->number < q->row->number ? -1 : 1;
}

static void read_group(svyi_lss *s, svyi_lss_row *row)
{
    svyi_draft *d = &s->draft;
    const char *gid = svyi_lss_column(row, "gid"), *name = svyi_draft_join(d, "group_", gid, "");
    svyi_draft_item *section = name != NULL ? svyi_draft_add(d, d->root, SVYI_DRAFT_SECTION, svyi_draft_id(d, name), row->line) : NULL;
    if (section == NULL)
        return;
    int always;
    svyi_lss_say(s, &section->label, row, "groups", "gid", "group_name");
    section->was = svyi_lss_column(row, "grelevance");
    section->relevant = svyi_lss_expression(s, section->was, NULL, &always);
    if (section->relevant == NULL && !always)
        svyi_draft_tell(d, SVY_WARNING, row->line, section->id, "write it by hand", "the condition of a group cannot be expressed here and is left out: %.200s", section->was);
    svyi_draft_text words = { NULL };
    svyi_lss_say(s, &words, row, "groups", "gid", "description");
    if (words.in != NULL && words.in[0] != NULL) {
        svyi_draft_item *note = svyi_draft_add(d, section, SVYI_DRAFT_NOTE, svyi_draft_id(d, svyi_draft_join(d, section->id, "_text", "")), row->line);
        if (note != NULL)
            note->label = words;
    }
    for (size_t i = 0; i < s->n && !d->failed; i++)
        if (*s->list[i]->type != '\0' && strcmp(s->list[i]->gid, gid) == 0)
            svyi_lss_question_items(s, s->list[i], section);
}

static void read_groups(svyi_lss *s)
{
    size_t n = 0, room = 0;
    for (svyi_lss_row *r = svyi_lss_first(s, "groups"); r != NULL; r = svyi_lss_next(r))
        room++;
    group *groups = svyi_arena_get(&s->draft.arena, (room + 1) * sizeof *groups);
    svyi_map seen;
    svyi_map_init(&seen, &s->draft.arena.alloc);
    s->draft.failed |= groups == NULL;
    for (svyi_lss_row *r = svyi_lss_first(s, "groups"); r != NULL && !s->draft.failed; r = svyi_lss_next(r)) {
        const char *gid = svyi_lss_column(r, "gid");
        uint32_t one = 1;
        const int known = svyi_map_add(&seen, gid, strlen(gid), &one);
        s->draft.failed |= known < 0;
        if (known == 0)
            groups[n++] = (group){ r, strtol(svyi_lss_column(r, "group_order"), NULL, 10) };
    }
    svyi_map_clear(&seen);
    if (s->draft.failed)
        return;
    qsort(groups, n, sizeof *groups, by_group);
    qsort(s->list, s->n, sizeof *s->list, by_order);
    for (size_t i = 0; i < n && !s->draft.failed; i++)
        read_group(s, groups[i].row);
}

static void report_others(svyi_lss *s)
{
    static const struct { const char *table, *what; } OTHERS[] = {
        { "conditions", "conditions of the old kind are not read: in LimeSurvey, convert them to expressions first" },
        { "quota", "quotas have no place in a questionnaire here" }, { "assessments", "assessments have no place here: write them as computes" },
        { "defaultvalues", "default answers are not read" }, { "survey_url_parameters", "parameters of the address have no place here" }
    };
    for (size_t i = 0; i < sizeof OTHERS / sizeof OTHERS[0]; i++) {
        svyi_lss_row *r = svyi_lss_first(s, OTHERS[i].table);
        if (r != NULL)
            svyi_draft_tell(&s->draft, i == 0 ? SVY_WARNING : SVY_NOTE, r->line, OTHERS[i].table, NULL, "%s", OTHERS[i].what);
    }
}

static svy_status convert(svyi_lss *s, svyi_native_files *out)
{
    s->document = s->file.root;
    if (strcmp(s->document->name, "document") != 0 || child(s->document, "LimeSurveyDocType") == NULL || child(s->document, "questions") == NULL) {
        svyi_draft_tell(&s->draft, SVY_PROBLEM, s->document->line, "", "export the survey structure (.lss) anew", "this is not a survey structure of LimeSurvey");
        return SVY_E_INVALID;
    }
    read_languages(s);
    read_texts(s);
    for (svyi_lss_row *r = svyi_lss_first(s, "questions"); r != NULL && !s->draft.failed; r = svyi_lss_next(r))
        read_question(s, r);
    for (svyi_lss_row *r = svyi_lss_first(s, "subquestions"); r != NULL && !s->draft.failed; r = svyi_lss_next(r))
        read_question(s, r);
    read_answers(s);
    read_attributes(s);
    frame_note(s, "surveyls_welcometext", "welcome");
    if (!s->draft.failed)
        read_groups(s);
    frame_note(s, "surveyls_endtext", "farewell");
    report_others(s);
    svyi_lss_fills(s);
    return s->draft.failed ? svyi_draft_failure(&s->draft) : svyi_draft_finish(&s->draft, out);
}

svy_status svyi_lss_to_native(const svy_alloc *alloc, const char *bytes, size_t len, const char *source, const svy_xml_limits *limits, svy_diags *diags,
                              svyi_native_files *out, svy_error *err)
{
    const svy_alloc own = svyi_alloc_or_default(alloc);
    svyi_lss s = { .n = 0 };
    svyi_map *const maps[] = { &s.questions, &s.answers, &s.attributes, &s.variables, &s.texts };
    memset(out, 0, sizeof *out);
    svyi_arena_init(&out->arena, &own);
    svyi_draft_init(&s.draft, &own, source, diags, err);
    for (size_t i = 0; i < sizeof maps / sizeof maps[0]; i++)
        svyi_map_init(maps[i], &own);
    svy_status st = svyi_xml_parse(&s.file, &own, source, bytes, len, "", SVYI_XML_PLAIN, limits, diags, err);
    if (st == SVY_OK)
        st = s.draft.failed ? svyi_nomem(err) : convert(&s, out);
    for (size_t i = 0; i < sizeof maps / sizeof maps[0]; i++)
        svyi_map_clear(maps[i]);
    svyi_release(&own, s.list, s.capacity * sizeof *s.list);
    svyi_release(&own, s.attribute_rows, s.attributes_capacity * sizeof *s.attribute_rows);
    svyi_release(&own, s.variable, s.variables_capacity * sizeof *s.variable);
    svyi_release(&own, s.text_rows, s.texts_capacity * sizeof *s.text_rows);
    svyi_draft_clear(&s.draft);
    svyi_xml_clear(&s.file);
    return st;
}
