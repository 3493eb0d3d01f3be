/* The levels of a form and its codebook as JSON: what every variable is, was asked, may hold, and when it was asked. */
#include "store/store_priv.h"

#include <stdio.h>
#include <string.h>

/* ---- levels ---- */

typedef struct versions { int64_t numbers[1000]; size_t n; } versions;

/* Newest first. */
static svy_status find_versions(svy_study *s, const char *form, versions *v, svy_error *err)
{
    sqlite3_stmt *stmt;
    int found;
    svy_status st = svyi_db_query(s, Q_FORM_VERSIONS, SVYI_ARGS(svyi_arg_text(form)), &stmt, err);

    v->n = 0;
    if (st != SVY_OK)
        return st;
    while ((found = svyi_db_step(s, stmt, err)) == 1 && v->n < sizeof v->numbers / sizeof v->numbers[0])
        v->numbers[v->n++] = sqlite3_column_int64(stmt, 0);
    sqlite3_reset(stmt);
    return found < 0 ? svyi_db_failed(err) : SVY_OK;
}

svy_status svy_study_levels(svy_study *s, const char *form, const char **levels, size_t size, size_t *n, svy_error *err)
{
    svyi_version *v;
    versions all;
    svyi_map seen;
    svy_status st;

    SVY_REQUIRE(n != NULL, err);
    *n = 0;
    SVY_REQUIRE(s != NULL && (levels != NULL || size == 0), err);
    if ((st = svyi_version_newest(s, form, &v, err)) != SVY_OK || (st = find_versions(s, svy_form_id(v->form), &all, err)) != SVY_OK)
        return st;
    svyi_map_init(&seen, &s->alloc);
    if (size > 0)
        levels[0] = "";
    *n = 1;
    for (size_t k = 0; k < all.n && st == SVY_OK; k++) {
        if ((st = svyi_version_load(s, all.numbers[k], &v, err)) != SVY_OK)
            break;
        for (uint32_t i = 1; i < svy_form_items(v->form) && st == SVY_OK; i++) {
            const char *id = svy_form_item_id(v->form, i);
            uint32_t one = 1;
            if (svy_form_item(v->form, i)->kind != SVY_EL_ROSTER)
                continue;
            int known = svyi_map_add(&seen, id, strlen(id), &one);
            if (known < 0)
                st = svyi_nomem(err);
            if (known == 0 && *n < size)
                levels[*n] = id;
            *n += known == 0;
        }
    }
    svyi_map_clear(&seen);
    return st;
}

/* ---- codebook ---- */

typedef struct writing {
    svyi_buffer b;
    svy_status (*write)(void *user, const char *bytes, size_t len);
    void *user;
    svy_status st;
} writing;

static void flush(writing *w)
{
    if (w->st == SVY_OK && w->b.failed)
        w->st = SVY_E_NOMEM;
    if (w->st == SVY_OK && w->b.len > 0)
        w->st = w->write(w->user, w->b.data, w->b.len);
    w->b.len = 0;
}

static void text(writing *w, const char *t)
{
    svyi_buffer_text(&w->b, t);
}

static void quoted(writing *w, const char *t)
{
    svyi_buffer_json(&w->b, t, strlen(t));
}

static void member(writing *w, const char *name, const char *value)
{
    text(w, ", \"");
    text(w, name);
    text(w, "\": ");
    quoted(w, value);
}

/* {"en": "...", "bg": "..."}: languages without a text of their own are left out. */
static void in_languages(writing *w, const svy_form *f, const char *(*get)(const svy_form *f, uint32_t a, uint32_t b, uint32_t lang), uint32_t a, uint32_t b)
{
    const char *source = get(f, a, b, 0);

    text(w, "{");
    for (uint32_t lang = 0; lang < svy_form_languages(f); lang++) {
        const char *t = get(f, a, b, lang);
        if (t[0] == '\0' || (lang > 0 && strcmp(t, source) == 0))
            continue;
        text(w, lang > 0 ? ", " : "");
        quoted(w, svy_form_language(f, lang));
        text(w, ": ");
        quoted(w, t);
    }
    text(w, "}");
}

static const char *label_of(const svy_form *f, uint32_t item, uint32_t role, uint32_t lang)
{
    return svy_form_text(f, item, (svy_role)role, lang);
}

static const char *choice_of(const svy_form *f, uint32_t list, uint32_t choice, uint32_t lang)
{
    return svy_form_choice_label(f, list, choice, lang);
}

static const char *check_of(const svy_form *f, uint32_t check, uint32_t unused, uint32_t lang)
{
    (void)unused;
    return svy_form_check_text(f, check, lang);
}

static void put_list(writing *w, const svy_form *f, uint32_t list)
{
    const svy_list l = svy_form_list(f, list);

    text(w, "[");
    for (uint32_t i = 0; i < l.n_choices; i++) {
        const svy_choice c = svy_form_choice(f, list, i);
        text(w, i > 0 ? ",\n      {\"code\": " : "\n      {\"code\": ");
        quoted(w, c.code);
        if (c.parent[0] != '\0')
            member(w, "parent", c.parent);
        if (c.missing != 0)
            member(w, "missing", svy_missing_name((svy_missing)c.missing));
        if ((c.flags & SVY_CHOICE_EXCLUSIVE) != 0)
            text(w, ", \"exclusive\": true");
        if ((c.flags & SVY_CHOICE_OTHER) != 0)
            text(w, ", \"other\": true");
        text(w, ", \"label\": ");
        in_languages(w, f, choice_of, list, i);
        text(w, "}");
        flush(w);
    }
    text(w, "]");
}

static void put_rule(writing *w, const svy_form *f, const char *name, uint32_t rule)
{
    if (rule != 0)
        member(w, name, svy_form_rule(f, rule).text);
}

static void put_checks(writing *w, const svy_form *f, const svy_item *item)
{
    if (item->n_checks == 0)
        return;
    text(w, ", \"checks\": [");
    for (uint32_t i = 0; i < item->n_checks; i++) {
        const svy_check *c = svy_form_check(f, item->first_check + i);
        text(w, i > 0 ? ", {\"that\": " : "{\"that\": ");
        quoted(w, svy_form_rule(f, c->that).text);
        member(w, "severity", c->soft ? "soft" : "hard");
        text(w, ", \"text\": ");
        in_languages(w, f, check_of, item->first_check + i, 0);
        text(w, "}");
    }
    text(w, "]");
}

/* Routing holds for everything inside a section: the conditions around an item, outermost first, and its own. */
static void put_relevant(writing *w, const svy_form *f, uint32_t item)
{
    uint32_t chain[64], n = 0;

    for (uint32_t i = item; i != 0 && n < 64; i = svy_form_item(f, i)->parent)
        if (svy_form_item(f, i)->relevant != 0)
            chain[n++] = svy_form_item(f, i)->relevant;
    if (n == 0)
        return;
    text(w, ", \"relevant\": [");
    while (n-- > 0) {
        quoted(w, svy_form_rule(f, chain[n]).text);
        text(w, n > 0 ? ", " : "");
    }
    text(w, "]");
}

static void put_variable(writing *w, const svy_form *f, uint32_t item, int is_newest)
{
    const svy_item *i = svy_form_item(f, item);

    text(w, "{\"name\": ");
    quoted(w, svy_form_item_id(f, item));
    member(w, "type", svy_type_name((svy_type)i->type));
    member(w, "level", i->roster != 0 ? svy_form_item_id(f, i->roster) : "");
    member(w, "from", i->kind == SVY_EL_COMPUTE ? "compute" : "question");
    if (!is_newest)
        member(w, "last_version", svy_form_version(f));
    if (svyi_item_is_sensitive(f, item))
        text(w, ", \"sensitive\": true");
    if (i->kind == SVY_EL_COMPUTE)
        put_rule(w, f, "value", i->value);
    if ((i->flags & SVY_ITEM_REQUIRED) != 0 && i->required == 0)
        text(w, ", \"required\": true");
    put_rule(w, f, "required", i->required);
    put_relevant(w, f, item);
    put_rule(w, f, "filter", i->filter);
    put_rule(w, f, "default", i->preset);
    text(w, ", \"label\": ");
    in_languages(w, f, label_of, item, SVY_LABEL);
    if (i->list != 0 && is_newest)
        member(w, "choices", svy_form_list(f, i->list).id);
    put_checks(w, f, i);
    if (i->list != 0 && !is_newest) {
        text(w, ", \"own_choices\": ");
        put_list(w, f, i->list);
    }
    text(w, "}");
}

static void put_missing(writing *w)
{
    static const struct { svy_missing code; const char *meaning; } MEANING[] = {
        { SVY_NOT_ASKED, "routed away, or not part of the version that was used" }, { SVY_DONT_KNOW, "the respondent does not know" },
        { SVY_REFUSED, "the respondent does not want to say" }, { SVY_NOT_STATED, "asked and left blank, lost or illegible" } };

    text(w, "  \"missing\": [");
    for (size_t i = 0; i < sizeof MEANING / sizeof MEANING[0]; i++) {
        text(w, i > 0 ? ",\n    {\"code\": " : "\n    {\"code\": ");
        quoted(w, svy_missing_name(MEANING[i].code));
        member(w, "meaning", MEANING[i].meaning);
        text(w, "}");
    }
    text(w, "\n  ],\n");
}

static void put_head(writing *w, svy_study *s, const svy_form *f, const versions *all)
{
    svyi_version *v;

    text(w, "{\n  \"form\": ");
    quoted(w, svy_form_id(f));
    text(w, ",\n  \"version\": ");
    quoted(w, svy_form_version(f));
    text(w, ",\n  \"versions\": [");
    for (size_t i = all->n; i-- > 0;) {
        svy_status st = svyi_version_load(s, all->numbers[i], &v, NULL);
        if (st != SVY_OK) {
            w->st = st;
            return;
        }
        quoted(w, svy_form_version(v->form));
        text(w, i > 0 ? ", " : "");
    }
    text(w, "],\n  \"title\": ");
    in_languages(w, f, label_of, 0, SVY_TITLE);
    text(w, ",\n");
    put_missing(w);
}

/* The variables of every version, those of the newest first. */
static svy_status put_variables(writing *w, svy_study *s, const versions *all, svy_error *err)
{
    svyi_map seen;
    svyi_version *v;
    svy_status st = SVY_OK;
    int n = 0;

    svyi_map_init(&seen, &s->alloc);
    text(w, "  \"variables\": [");
    for (size_t k = 0; k < all->n && st == SVY_OK; k++) {
        if ((st = svyi_version_load(s, all->numbers[k], &v, err)) != SVY_OK)
            break;
        for (uint32_t i = 1; i < svy_form_items(v->form) && st == SVY_OK; i++) {
            const char *id = svy_form_item_id(v->form, i);
            uint32_t one = 1;
            if (!svyi_item_is_variable(svy_form_item(v->form, i)))
                continue;
            int known = svyi_map_add(&seen, id, strlen(id), &one);
            if (known < 0)
                st = svyi_nomem(err);
            if (known != 0)
                continue;
            text(w, n++ > 0 ? ",\n    " : "\n    ");
            put_variable(w, v->form, i, k == 0);
            flush(w);
        }
    }
    svyi_map_clear(&seen);
    text(w, "\n  ],\n");
    return st;
}

svy_status svy_study_codebook(svy_study *s, const char *form, svy_status (*write)(void *user, const char *bytes, size_t len), void *user, svy_error *err)
{
    writing w = { .write = write, .user = user, .st = SVY_OK };
    svyi_version *v;
    versions all;
    svy_status st;

    SVY_REQUIRE(s != NULL && write != NULL, err);
    if ((st = svyi_version_newest(s, form, &v, err)) != SVY_OK || (st = find_versions(s, svy_form_id(v->form), &all, err)) != SVY_OK)
        return st;
    svyi_buffer_init(&w.b, &s->alloc);
    put_head(&w, s, v->form, &all);
    st = put_variables(&w, s, &all, err);
    text(&w, "  \"lists\": {");
    for (uint32_t i = 1; i <= svy_form_lists(v->form); i++) {
        text(&w, i > 1 ? ",\n    " : "\n    ");
        quoted(&w, svy_form_list(v->form, i).id);
        text(&w, ": ");
        put_list(&w, v->form, i);
    }
    text(&w, "\n  }\n}\n");
    flush(&w);
    svyi_buffer_clear(&w.b);
    if (st == SVY_OK && w.st != SVY_OK)
        st = w.st == SVY_E_NOMEM ? svyi_nomem(err) : svyi_fail(err, w.st, "the codebook could not be written");
    return st;
}
