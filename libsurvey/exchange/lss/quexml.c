/* Reads queXML: what stands in its elements becomes sections, questions and grids; a skip becomes a condition on everything it leaps over. */
#include "exchange/lss/quexml.h"
#include "exchange/xml/xml.h"
#include <stdlib.h>
#include <string.h>

enum { MOST_SKIPS = 10000 };

/* "When this answer is given, go to that variable." */
typedef struct skip { svyi_draft_item *from; const char *code, *to; int line; struct skip *next; } skip;

typedef struct reader {
    svyi_xml_file file;
    svyi_draft draft;
    skip *skips, **last_skip; size_t n_skips;
    svyi_map variables;                    /* varName -> item */
    svyi_draft_item **order; size_t n_order, order_capacity;      /* questions, rows and notes in order: what a skip leaps over */
    int interviewer;
} reader;

/* ---- pieces ---- */

static const svyi_xml *next_named(const svyi_xml *x, const char *name)
{
    while (x != NULL && (x->name == NULL || strcmp(x->name, name) != 0))
        x = x->next;
    return x;
}

static const svyi_xml *child(const svyi_xml *x, const char *name) { return x != NULL ? next_named(x->first, name) : NULL; }

static void add_words(svyi_buffer *b, const svyi_xml *x)
{
    for (const svyi_xml *c = x->first; c != NULL; c = c->next) {
        if (c->name == NULL)
            svyi_buffer_text(b, c->text);
        else
            add_words(b, c);
    }
}

/* All the words in an element, what is bold included. */
static const char *words(reader *r, const svyi_xml *x)
{
    svyi_buffer b;
    if (x == NULL)
        return "";
    svyi_buffer_init(&b, &r->draft.arena.alloc);
    svyi_buffer_text(&b, "");
    add_words(&b, x);
    char *out = b.failed ? NULL : svyi_arena_text(&r->draft.arena, b.data, b.len);
    r->draft.failed |= out == NULL;
    if (out != NULL)
        svyi_xml_collapse(out, strlen(out));
    svyi_buffer_clear(&b);
    return out != NULL ? out : "";
}

/* Texts of several elements of one name, one behind the other. */
static const char *all_words(reader *r, const svyi_xml *x, const char *name)
{
    const char *out = "";
    for (const svyi_xml *c = child(x, name); c != NULL && out != NULL; c = next_named(c->next, name))
        out = svyi_draft_join(&r->draft, out, *out != '\0' ? " " : "", words(r, c));
    return out != NULL ? out : "";
}

static void say(reader *r, svyi_draft_text *text, const char *plain)
{
    if (*plain != '\0')
        svyi_draft_say(&r->draft, text, 0, plain);
}

static void leap_over(reader *r, svyi_draft_item *item)
{
    if (svyi_grow(&r->draft.arena.alloc, &r->order, &r->order_capacity, r->n_order + 1, sizeof *r->order) != 0)
        r->draft.failed = 1;
    else
        r->order[r->n_order++] = item;
}

/* An item for a variable; its place among what skips leap over. */
static svyi_draft_item *item_for(reader *r, svyi_draft_item *parent, svyi_draft_kind kind, const char *name, int line)
{
    svyi_draft_item *item = svyi_draft_add(&r->draft, parent, kind, svyi_draft_id(&r->draft, *name != '\0' ? name : "question"), line);
    uint32_t number = (uint32_t)r->n_order;
    if (item == NULL)
        return NULL;
    leap_over(r, item);
    if (*name != '\0' && svyi_map_add(&r->variables, name, strlen(name), &number) < 0)
        r->draft.failed = 1;
    return item;
}

static const char *var_name(const svyi_xml *x)
{
    const char *name = x != NULL ? svyi_xml_get(x, "varName") : NULL;
    return name != NULL ? name : "";
}

/* Notes with what stands before, in and behind a part: questionnaireInfo and sectionInfo of that position. */
static void notes(reader *r, const svyi_xml *x, const char *name, const char *position, svyi_draft_item *parent)
{
    for (const svyi_xml *c = child(x, name); c != NULL && !r->draft.failed; c = next_named(c->next, name)) {
        const char *where = words(r, child(c, "position"));
        if (strcmp(*where != '\0' ? where : "before", position) != 0)
            continue;
        svyi_draft_item *note = item_for(r, parent, SVYI_DRAFT_NOTE, "", c->line);
        if (note != NULL)
            say(r, &note->label, all_words(r, c, "text"));
    }
}

/* ---- responses ---- */

static void remember_skip(reader *r, svyi_draft_item *from, const char *code, const char *to, int line)
{
    skip *s = r->n_skips < MOST_SKIPS ? svyi_arena_get(&r->draft.arena, sizeof *s) : NULL;
    if (s == NULL) {
        r->draft.failed |= r->n_skips < MOST_SKIPS;
        return;
    }
    *s = (skip){ from, code, to, line, NULL };
    *r->last_skip = s;
    r->last_skip = &s->next;
    r->n_skips++;
}

static svyi_draft_list *list_of(reader *r, const svyi_xml *fixed, const char *name)
{
    svyi_draft_list *list = svyi_draft_new_list(&r->draft, svyi_draft_join(&r->draft, *name != '\0' ? name : "question", "_answers", ""));
    for (const svyi_xml *c = child(fixed, "category"); c != NULL && list != NULL && !r->draft.failed; c = next_named(c->next, "category")) {
        svyi_draft_choice *choice = svyi_draft_choose(&r->draft, list, words(r, child(c, "value")));
        if (choice != NULL)
            say(r, &choice->label, words(r, child(c, "label")));
    }
    return list;
}

/* A text that is asked when one answer is given. */
static void contingent(reader *r, const svyi_xml *x, svyi_draft_item *parent, const svyi_draft_item *of, const char *code)
{
    svyi_draft_item *item = x != NULL ? item_for(r, parent, SVYI_DRAFT_QUESTION, var_name(x), x->line) : NULL;
    if (item == NULL)
        return;
    say(r, &item->label, all_words(r, x, "text"));
    if (code == NULL) {
        item->relevant = svyi_draft_join(&r->draft, "answered(${", of->id, "})");
        return;
    }
    const char *ref = svyi_draft_join(&r->draft, "selected(${", of->id, "}, '"), *end = svyi_draft_join(&r->draft, code, "')", "");
    if (of->type[0] == 's')
        ref = svyi_draft_join(&r->draft, "${", of->id, "} = '"), end = svyi_draft_join(&r->draft, code, "'", "");
    item->relevant = ref != NULL && end != NULL ? svyi_draft_join(&r->draft, ref, end, "") : NULL;
}

static void fixed_answers(reader *r, const svyi_xml *fixed, svyi_draft_item *parent, svyi_draft_item *item, svyi_draft_list *list)
{
    item->list = list != NULL && list->first != NULL ? list : NULL;
    if (item->list == NULL)
        item->type = "text";
    for (const svyi_xml *c = child(fixed, "category"); c != NULL && item->list != NULL && !r->draft.failed; c = next_named(c->next, "category")) {
        const svyi_draft_choice *choice = svyi_draft_choose(&r->draft, list, words(r, child(c, "value")));
        if (choice == NULL)
            return;
        const char *to = words(r, child(c, "skipTo"));
        if (*to != '\0')
            remember_skip(r, item, choice->code, to, c->line);
        contingent(r, child(c, "contingentQuestion"), parent, item, choice->code);
    }
}

static const char *free_type(const char *format)
{
    static const char *const TYPES[][2] = { { "integer", "integer" }, { "number", "decimal" }, { "currency", "decimal" }, { "date", "date" } };
    for (size_t i = 0; i < sizeof TYPES / sizeof TYPES[0]; i++)
        if (strcmp(format, TYPES[i][0]) == 0)
            return TYPES[i][1];
    return "text";
}

/* A scale from one number to another that is marked on a line. */
static void vas(reader *r, const svyi_xml *x, svyi_draft_item *item)
{
    item->type = "decimal";
    const char *left = words(r, child(x, "labelleft")), *right = words(r, child(x, "labelright"));
    const char *both = *left != '\0' || *right != '\0' ? svyi_draft_join(&r->draft, left, " ... ", right) : "";
    if (both != NULL)
        say(r, &item->hint, both);
}

/* `alone`: the label of a free text has not been said yet. */
static void response(reader *r, const svyi_xml *x, svyi_draft_item *parent, svyi_draft_item *item, int alone)
{
    const svyi_xml *fixed = child(x, "fixed"), *free_text = child(x, "free"), *line = child(x, "vas");
    const char *many = x != NULL ? svyi_xml_get(x, "multiple") : NULL;
    if (fixed != NULL) {
        item->type = many != NULL && strcmp(many, "true") == 0 ? "multiple" : "single";
        fixed_answers(r, fixed, parent, item, list_of(r, fixed, var_name(x)));
    } else if (line != NULL) {
        vas(r, line, item);
    } else {
        item->type = free_type(words(r, child(free_text, "format")));
        if (alone)
            say(r, &item->hint, words(r, child(free_text, "label")));
    }
}

/* ---- questions ---- */

static void directives(reader *r, const svyi_xml *x, svyi_draft_item *item)
{
    const char *self = "", *interviewer = "";
    for (const svyi_xml *c = child(x, "directive"); c != NULL && self != NULL && interviewer != NULL; c = next_named(c->next, "directive")) {
        const int to_self = strcmp(words(r, child(c, "administration")), "self") == 0;
        const char **to = to_self ? &self : &interviewer;
        *to = svyi_draft_join(&r->draft, *to, **to != '\0' ? " " : "", words(r, child(c, "text")));
        r->interviewer |= !to_self;
    }
    if (self != NULL)
        say(r, &item->hint, self);
    if (interviewer != NULL)
        say(r, &item->instruction, interviewer);
}

static const char *full_text(reader *r, const svyi_xml *x)
{
    const char *text = all_words(r, x, "text");
    static const char *const MORE[] = { "qualifier", "specifier" };
    for (size_t i = 0; i < 2 && text != NULL; i++) {
        const char *more = words(r, child(x, MORE[i]));
        if (*more != '\0')
            text = svyi_draft_join(&r->draft, text, *text != '\0' ? " " : "", more);
    }
    return text != NULL ? text : "";
}

static void matrix(reader *r, const svyi_xml *x, const svyi_xml *answer, svyi_draft_item *parent)
{
    svyi_draft_item *grid = svyi_draft_add(&r->draft, parent, SVYI_DRAFT_GRID, svyi_draft_id(&r->draft, *var_name(answer) != '\0' ? var_name(answer) : "grid"), x->line);
    if (grid == NULL)
        return;
    leap_over(r, grid);
    say(r, &grid->label, full_text(r, x));
    directives(r, x, grid);
    response(r, answer, parent, grid, 1);
    for (const svyi_xml *c = child(x, "subQuestion"); c != NULL && !r->draft.failed; c = next_named(c->next, "subQuestion")) {
        svyi_draft_item *row = item_for(r, grid, SVYI_DRAFT_ROW, var_name(c), c->line);
        if (row == NULL)
            return;
        row->type = grid->type;
        say(r, &row->label, words(r, child(c, "text")));
        contingent(r, child(c, "contingentQuestion"), parent, row, NULL);
    }
}

static void question(reader *r, const svyi_xml *x, svyi_draft_item *parent)
{
    const svyi_xml *answer = child(x, "response");
    if (child(x, "subQuestion") != NULL) {
        matrix(r, x, answer, parent);
        return;
    }
    if (answer == NULL) {
        svyi_draft_item *note = item_for(r, parent, SVYI_DRAFT_NOTE, "", x->line);
        if (note != NULL)
            say(r, &note->label, full_text(r, x));
        return;
    }
    const svyi_xml *more = next_named(answer->next, "response");
    for (; answer != NULL && !r->draft.failed; answer = next_named(answer->next, "response")) {
        svyi_draft_item *item = item_for(r, parent, SVYI_DRAFT_QUESTION, var_name(answer), answer->line);
        if (item == NULL)
            return;
        const char *label = words(r, child(child(answer, "free"), "label")), *text = full_text(r, x);
        if (more != NULL && *label != '\0')
            text = svyi_draft_join(&r->draft, text, *text != '\0' ? " " : "", label);
        if (text != NULL)
            say(r, &item->label, text);
        directives(r, x, item);
        response(r, answer, parent, item, more == NULL);
    }
}

static void section(reader *r, const svyi_xml *x)
{
    svyi_draft_item *s = svyi_draft_add(&r->draft, r->draft.root, SVYI_DRAFT_SECTION, svyi_draft_id(&r->draft, "section"), x->line);
    if (s == NULL)
        return;
    for (const svyi_xml *c = child(x, "sectionInfo"); c != NULL; c = next_named(c->next, "sectionInfo"))
        if (strcmp(words(r, child(c, "position")), "title") == 0)
            say(r, &s->label, all_words(r, c, "text"));
    notes(r, x, "sectionInfo", "before", s);
    notes(r, x, "sectionInfo", "during", s);
    for (const svyi_xml *c = child(x, "question"); c != NULL && !r->draft.failed; c = next_named(c->next, "question"))
        question(r, c, s);
    notes(r, x, "sectionInfo", "after", s);
}

/* ---- skips ---- */

static void also(reader *r, svyi_draft_item *item, const char *condition)
{
    if (item->relevant == NULL) {
        item->relevant = condition;
        return;
    }
    const char *left = svyi_draft_join(&r->draft, "(", item->relevant, ") and ");
    item->relevant = left != NULL ? svyi_draft_join(&r->draft, left, condition, "") : NULL;
}

static size_t place_of(const reader *r, const svyi_draft_item *item)
{
    size_t i = 0;
    while (i < r->n_order && r->order[i] != item)
        i++;
    return i;
}

/* Everything between the question and the target is asked only when the answer is another. Rows go with their grid. */
static void apply(reader *r, const skip *s)
{
    uint32_t target = (uint32_t)r->n_order;
    const size_t from = place_of(r, s->from);
    if (!svyi_map_find(&r->variables, s->to, strlen(s->to), &target) || target <= from) {
        svyi_draft_tell(&r->draft, SVY_WARNING, s->line, s->from->id, "write the condition by hand", "a skip leads to '%.100s', which does not follow: it is left out", s->to);
        return;
    }
    const char *left = svyi_draft_join(&r->draft, "not(${", s->from->id, "} = '"), *right = svyi_draft_join(&r->draft, s->code, "')", "");
    if (strcmp(s->from->type, "multiple") == 0) {
        left = svyi_draft_join(&r->draft, "not(selected(${", s->from->id, "}, '");
        right = svyi_draft_join(&r->draft, s->code, "'))", "");
    }
    const char *condition = left != NULL && right != NULL ? svyi_draft_join(&r->draft, left, right, "") : NULL;
    const svyi_draft_item *end = target < r->n_order ? r->order[target] : NULL;
    while (end != NULL && target > from + 1 && r->order[target - 1]->kind == SVYI_DRAFT_NOTE && r->order[target - 1]->parent == end->parent)
        target--;                                        /* what introduces the target is read, too */
    for (size_t i = from + 1; i < target && condition != NULL; i++) {
        svyi_draft_item *item = r->order[i];
        const int own = item->relevant != NULL && strstr(item->relevant, s->from->id) != NULL;     /* its contingent question */
        const int around = end != NULL && end->parent == item;                                       /* the grid that the target stands in */
        if (item->kind != SVYI_DRAFT_ROW ? !own && !around : end != NULL && end->parent == item->parent)
            also(r, item, condition);
    }
}

/* ---- the whole ---- */

static svy_status convert(reader *r, svyi_native_files *out)
{
    const svyi_xml *x = r->file.root;
    const char *id = svyi_xml_get(x, "id");
    if (strcmp(x->name, "questionnaire") != 0 || child(x, "section") == NULL) {
        svyi_draft_tell(&r->draft, SVY_PROBLEM, x->line, "", "give a queXML file", "this is not queXML: it has no questionnaire with sections");
        return SVY_E_INVALID;
    }
    svyi_draft_language(&r->draft, svyi_xml_get(x, "xml:lang") != NULL ? svyi_xml_get(x, "xml:lang") : "und");
    const char *name = svyi_draft_join(&r->draft, "quexml-", id != NULL ? id : "questionnaire", "");
    r->draft.id = name != NULL ? svyi_draft_id(&r->draft, name) : "";
    say(r, &r->draft.title, words(r, child(x, "title")));
    say(r, &r->draft.description, words(r, child(x, "subtitle")));
    notes(r, x, "questionnaireInfo", "before", r->draft.root);
    for (const svyi_xml *c = child(x, "section"); c != NULL && !r->draft.failed; c = next_named(c->next, "section"))
        section(r, c);
    notes(r, x, "questionnaireInfo", "after", r->draft.root);
    for (const skip *s = r->skips; s != NULL && !r->draft.failed; s = s->next)
        apply(r, s);
    if (child(x, "investigator") != NULL || child(x, "dataCollector") != NULL)
        svyi_draft_tell(&r->draft, SVY_NOTE, x->line, "", NULL, "investigators and data collectors have no place in a questionnaire here");
    return r->draft.failed ? svyi_draft_failure(&r->draft) : svyi_draft_finish(&r->draft, out);
}

svy_status svyi_quexml_to_native(const svy_alloc *alloc, const char *bytes, size_t len, const char *source, const svy_xml_limits *limits, svy_diags *diags,
                                 svyi_native_files *out, svy_error *err)
{
    const svy_alloc own = svyi_alloc_or_default(alloc);
    reader r = { .n_order = 0 };
    r.last_skip = &r.skips;
    memset(out, 0, sizeof *out);
    svyi_arena_init(&out->arena, &own);
    svyi_draft_init(&r.draft, &own, source, diags, err);
    svyi_map_init(&r.variables, &own);
    svy_status st = svyi_xml_parse(&r.file, &own, source, bytes, len, "", SVYI_XML_PLAIN, limits, diags, err);
    if (st == SVY_OK)
        st = r.draft.failed ? svyi_nomem(err) : convert(&r, out);
    svyi_map_clear(&r.variables);
    svyi_release(&own, r.order, r.order_capacity * sizeof *r.order);
    svyi_draft_clear(&r.draft);
    svyi_xml_clear(&r.file);
    return st;
}
