/* A draft as native XML and XLIFF, and the trial that what was written is a questionnaire. */
#include "exchange/lss/draft.h"
#include <string.h>

/* ---- XML ---- */

static void escape(svyi_buffer *b, const char *text)
{
    for (; *text != '\0'; text++) {
        if (*text == '<')
            svyi_buffer_text(b, "&lt;");
        else if (*text == '&')
            svyi_buffer_text(b, "&amp;");
        else if (*text == '"')
            svyi_buffer_text(b, "&quot;");
        else
            svyi_buffer_add(b, text, 1);
    }
}

static void attribute(svyi_buffer *b, const char *name, const char *value)
{
    if (value == NULL)
        return;
    svyi_buffer_format(b, " %s=\"", name);
    escape(b, value);
    svyi_buffer_text(b, "\"");
}

static const char *said(const svyi_draft_text *text, size_t language) { return text->in != NULL ? text->in[language] : NULL; }

static void element(svyi_buffer *b, int depth, const char *name, const char *text)
{
    if (text == NULL)
        return;
    svyi_buffer_format(b, "%*s<%s>", depth * 2, "", name);
    escape(b, text);
    svyi_buffer_format(b, "</%s>\n", name);
}

static void write_lists(const svyi_draft *d, svyi_buffer *b)
{
    for (const svyi_draft_list *l = d->lists; l != NULL; l = l->next) {
        if (l->first == NULL)
            continue;
        svyi_buffer_format(b, "  <choices id=\"%s\">\n", l->id);
        for (const svyi_draft_choice *c = l->first; c != NULL; c = c->next) {
            svyi_buffer_text(b, "    <choice");
            attribute(b, "code", c->code);
            attribute(b, "exclusive", c->exclusive ? "true" : NULL);
            attribute(b, "other", c->other ? "true" : NULL);
            svyi_buffer_text(b, ">");
            escape(b, said(&c->label, 0) != NULL ? said(&c->label, 0) : c->code);
            svyi_buffer_text(b, "</choice>\n");
        }
        svyi_buffer_text(b, "  </choices>\n");
    }
}

static void write_checks(const svyi_draft_item *item, svyi_buffer *b, int depth)
{
    for (const svyi_draft_check *c = item->checks; c != NULL; c = c->next) {
        if (c->that == NULL)
            continue;
        svyi_buffer_format(b, "%*s<check", depth * 2, "");
        attribute(b, "that", c->that);
        attribute(b, "severity", c->soft ? "soft" : NULL);
        svyi_buffer_text(b, ">");
        escape(b, said(&c->message, 0) != NULL ? said(&c->message, 0) : "This answer is not possible.");
        svyi_buffer_text(b, "</check>\n");
    }
}

static void write_wording(const svyi_draft_item *item, svyi_buffer *b, int depth)
{
    element(b, depth, "label", said(&item->label, 0) != NULL ? said(&item->label, 0) : item->id);
    element(b, depth, "hint", said(&item->hint, 0));
    element(b, depth, "instruction", said(&item->instruction, 0));
}

static void write_item(svyi_draft *d, const svyi_draft_item *item, svyi_buffer *b, int depth)
{
    static const char *const NAMES[] = { "section", "question", "grid", "row", "note", "compute" };
    const char *name = NAMES[item->kind];
    if ((item->kind == SVYI_DRAFT_COMPUTE && item->value == NULL) || ((item->kind == SVYI_DRAFT_GRID || item->kind == SVYI_DRAFT_SECTION) && item->first == NULL))
        return;
    svyi_buffer_format(b, "%*s<%s", depth * 2, "", name);
    attribute(b, "id", item->id);
    if (item->kind == SVYI_DRAFT_QUESTION || item->kind == SVYI_DRAFT_GRID || item->kind == SVYI_DRAFT_COMPUTE)
        attribute(b, "type", item->type);
    attribute(b, "choices", item->list != NULL ? item->list->id : NULL);
    attribute(b, "value", item->value);
    attribute(b, "relevant", item->kind != SVYI_DRAFT_COMPUTE ? item->relevant : NULL);
    attribute(b, "required", item->required ? "true" : NULL);
    svyi_buffer_text(b, ">\n");
    if (item->kind == SVYI_DRAFT_SECTION)
        element(b, depth + 1, "title", said(&item->label, 0));
    else if (item->kind == SVYI_DRAFT_COMPUTE)
        element(b, depth + 1, "label", said(&item->label, 0));
    else if (item->kind == SVYI_DRAFT_ROW)
        element(b, depth + 1, "label", said(&item->label, 0) != NULL ? said(&item->label, 0) : item->id);
    else
        write_wording(item, b, depth + 1);
    if (item->kind == SVYI_DRAFT_QUESTION || item->kind == SVYI_DRAFT_ROW)
        write_checks(item, b, depth + 1);
    for (const svyi_draft_item *c = item->first; c != NULL; c = c->next)
        write_item(d, c, b, depth + 1);
    svyi_buffer_format(b, "%*s</%s>\n", depth * 2, "", name);
}

svy_status svyi_draft_write(svyi_draft *d, svyi_buffer *b)
{
    svyi_buffer_text(b, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<questionnaire xmlns=\"urn:libsurvey:questionnaire:1\"");
    attribute(b, "id", d->id);
    attribute(b, "version", "1");
    attribute(b, "xml:lang", d->n_languages > 0 ? d->languages[0] : "und");
    svyi_buffer_text(b, ">\n");
    element(b, 1, "title", said(&d->title, 0) != NULL ? said(&d->title, 0) : d->id);
    element(b, 1, "description", said(&d->description, 0));
    write_lists(d, b);
    for (const svyi_draft_item *c = d->root->first; c != NULL; c = c->next)
        write_item(d, c, b, 1);
    svyi_buffer_text(b, "</questionnaire>\n");
    return d->failed ? svyi_draft_failure(d) : b->failed ? svyi_nomem(d->err) : SVY_OK;
}

/* ---- XLIFF ---- */

static void unit(svyi_buffer *b, const char *id, const char *part, const svyi_draft_text *text, size_t language, const char *otherwise)
{
    const char *source = said(text, 0) != NULL ? said(text, 0) : otherwise, *target = said(text, language);
    if (target == NULL || source == NULL)
        return;
    svyi_buffer_text(b, "      <trans-unit id=\"");
    escape(b, id);
    escape(b, part);
    svyi_buffer_text(b, "\">\n        <source>");
    escape(b, source);
    svyi_buffer_text(b, "</source>\n        <target>");
    escape(b, target);
    svyi_buffer_text(b, "</target>\n      </trans-unit>\n");
}

static void item_units(const svyi_draft_item *item, svyi_buffer *b, size_t language)
{
    char part[32];
    unsigned n = 1;
    if (item->kind == SVYI_DRAFT_SECTION)
        unit(b, item->id, "/title", &item->label, language, NULL);
    else
        unit(b, item->id, "/label", &item->label, language, item->kind == SVYI_DRAFT_COMPUTE ? NULL : item->id);
    unit(b, item->id, "/hint", &item->hint, language, NULL);
    unit(b, item->id, "/instruction", &item->instruction, language, NULL);
    for (const svyi_draft_check *c = item->checks; c != NULL; c = c->next) {
        if (c->that == NULL)
            continue;
        char digits[16];
        size_t k = sizeof digits;
        unsigned value = n++;
        digits[--k] = '\0';
        do
            digits[--k] = (char)('0' + value % 10);
        while ((value /= 10) > 0);
        memcpy(part, "/check/", 7);
        memcpy(part + 7, digits + k, sizeof digits - k);
        unit(b, item->id, part, &c->message, language, NULL);
    }
    for (const svyi_draft_item *c = item->first; c != NULL; c = c->next)
        item_units(c, b, language);
}

svy_status svyi_draft_write_translation(svyi_draft *d, size_t language, svyi_buffer *b)
{
    svyi_buffer_text(b, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<xliff version=\"1.2\" xmlns=\"urn:oasis:names:tc:xliff:document:1.2\">\n  <file");
    attribute(b, "original", "questionnaire.xml");
    attribute(b, "source-language", d->languages[0]);
    attribute(b, "target-language", d->languages[language]);
    svyi_buffer_text(b, " datatype=\"xml\">\n    <body>\n");
    unit(b, "", "/title", &d->title, language, d->id);
    unit(b, "", "/description", &d->description, language, NULL);
    for (const svyi_draft_list *l = d->lists; l != NULL; l = l->next)
        for (const svyi_draft_choice *c = l->first; c != NULL; c = c->next) {
            const char *part = svyi_draft_join(d, "/", c->code, "");
            if (part != NULL)
                unit(b, l->id, part, &c->label, language, c->code);
        }
    for (const svyi_draft_item *c = d->root->first; c != NULL; c = c->next)
        item_units(c, b, language);
    svyi_buffer_text(b, "    </body>\n  </file>\n</xliff>\n");
    return d->failed ? svyi_draft_failure(d) : b->failed ? svyi_nomem(d->err) : SVY_OK;
}

/* ---- the trial ---- */

/* What the checker says of the draft. Items that it complains of lose their conditions. */
typedef struct trial { svyi_draft *d; unsigned dropped, others; int final; } trial;

static int drop(svyi_draft *d, svyi_draft_item *item)
{
    int had = item->relevant != NULL || item->value != NULL;
    for (svyi_draft_check *c = item->checks; c != NULL; c = c->next) {
        had |= c->that != NULL;
        c->that = NULL;
    }
    if (had)
        svyi_draft_tell(d, SVY_WARNING, item->line, item->id, "write it by hand into the questionnaire",
                        "a condition or calculation cannot be expressed here and is left out%s%.200s", item->was != NULL ? ": " : "", item->was != NULL ? item->was : "");
    item->relevant = item->value = NULL;
    return had;
}

static void on_problem(void *user, const svy_diag *g)
{
    trial *t = user;
    uint32_t number;
    if (g->severity != SVY_PROBLEM)
        return;
    if (svyi_map_find(&t->d->by_id, g->element, strlen(g->element), &number) && drop(t->d, t->d->items[number])) {
        t->dropped++;
        return;
    }
    t->others++;
    if (t->final)
        svyi_draft_tell(t->d, SVY_PROBLEM, 0, g->element, "correct it there, or write the questionnaire by hand", "the questionnaire that was read is not possible here: %.250s", g->found);
}

static svy_status keep(svyi_native_files *out, const svyi_buffer *b, const char **text, size_t *len, svy_error *err)
{
    *text = b->failed ? NULL : svyi_arena_text(&out->arena, b->data, b->len);
    *len = b->len;
    return *text != NULL ? SVY_OK : svyi_nomem(err);
}

static svy_status settle(svyi_draft *d, svyi_buffer *b)
{
    const svy_alloc *a = &d->arena.alloc;
    for (int round = 0;; round++) {
        trial t = { .d = d, .final = round >= 8 };
        svy_diags diags = { on_problem, &t, 0, 0 };
        svy_error err = SVY_ERROR_INIT;
        void *block = NULL;
        size_t size = 0;
        b->len = 0;
        svy_status st = svyi_draft_write(d, b);
        if (st != SVY_OK)
            return st;
        st = svy_questionnaire_read_memory(a, b->data, b->len, NULL, NULL, &diags, &block, &size, &err);
        svy_block_free(a, block, size);
        if (st == SVY_OK)
            return SVY_OK;
        if (st != SVY_E_INVALID) {
            if (d->err != NULL)
                *d->err = err;
            return st;
        }
        if (t.final)
            return SVY_E_INVALID;
        if (t.dropped == 0)
            round = 7;                       /* nothing left to take out: the next round says why */
    }
}

svy_status svyi_draft_finish(svyi_draft *d, svyi_native_files *out)
{
    svyi_buffer b;
    memset(out, 0, sizeof *out);
    svyi_arena_init(&out->arena, &d->arena.alloc);
    if (d->failed)
        return svyi_draft_failure(d);
    svyi_buffer_init(&b, &d->arena.alloc);
    svy_status st = settle(d, &b);
    if (st == SVY_OK)
        st = keep(out, &b, &out->xml, &out->len, d->err);
    out->translations = svyi_arena_get(&out->arena, 64 * sizeof *out->translations);
    if (st == SVY_OK && out->translations == NULL)
        st = svyi_nomem(d->err);
    for (size_t i = 1; i < d->n_languages && st == SVY_OK; i++) {
        svyi_native_file *f = &out->translations[out->n++];
        b.len = 0;
        st = svyi_draft_write_translation(d, i, &b);
        f->lang = svyi_arena_text(&out->arena, d->languages[i], strlen(d->languages[i]));
        if (st == SVY_OK)
            st = keep(out, &b, &f->text, &f->len, d->err);
    }
    svyi_buffer_clear(&b);
    return st;
}
