/* Choices: those offered now, those found by letters, and those of questions that are answered yes or no. */
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "engine.h"

enum { INLINE = 50, FOLDED = 512, DEEPEST = 16 };

static uint32_t language(void) { return svy_interview_current_language(form_engine.interview); }

/* "Varna, Varna": what the choice is part of, step by step. */
static void put_parents(uint32_t list, uint32_t choice)
{
    char text[FOLDED] = "";
    size_t used = 0;

    for (int depth = 0; depth < DEEPEST; depth++) {
        const char *parent = svy_form_choice(form_engine.form, list, choice).parent;
        if (parent[0] == '\0' || !svy_form_find_choice(form_engine.form, list, parent, strlen(parent), &choice))
            break;
        const char *label = svy_form_choice_label(form_engine.form, list, choice, language());
        const size_t len = strlen(label);
        if (used + len + 3 > sizeof text)
            break;
        memcpy(text + used, ", ", used > 0 ? 2 : 0);
        used += used > 0 ? 2 : 0;
        memcpy(text + used, label, len + 1);
        used += len;
    }
    json_some("within", text);
}

static const char *medium_of(uint32_t list, uint32_t choice, const char *text, svy_role role)
{
    const char *named = text != NULL ? svy_form_itext(form_engine.form, text, strlen(text), role, language()) : svy_form_choice_text(form_engine.form, list, choice, role, language());

    return named != NULL ? named : "";
}

/* What is shown with a choice: of a list, or of a text by its id. */
static void put_media(uint32_t list, uint32_t choice, const char *text)
{
    int any = 0;

    for (size_t i = 0; i < VIEW_MEDIA; i++)
        any |= medium_of(list, choice, text, view_media[i].role)[0] != '\0';
    if (!any)
        return;
    json_object("media");
    for (size_t i = 0; i < VIEW_MEDIA; i++)
        json_some(view_media[i].key, medium_of(list, choice, text, view_media[i].role));
    json_end('}');
}

static void put_choice(uint32_t list, uint32_t choice)
{
    const svy_form *form = form_engine.form;
    const svy_choice c = svy_form_choice(form, list, choice);

    json_object(NULL);
    json_text("code", c.code);
    json_text("label", svy_form_choice_label(form, list, choice, language()));
    json_some("hint", svy_form_choice_text(form, list, choice, SVY_HINT, language()));
    put_media(list, choice, NULL);
    if ((c.flags & SVY_CHOICE_EXCLUSIVE) != 0 || c.missing != 0)
        json_flag("exclusive", 1);
    if ((c.flags & SVY_CHOICE_OTHER) != 0)
        json_flag("other", 1);
    json_some("missing", c.missing != 0 ? svy_missing_name((svy_missing)c.missing) : "");
    json_some("parent", c.parent);
    if (c.parent[0] != '\0')
        put_parents(list, choice);
    json_end('}');
}

static void put_pair(const char *code, const char *label)
{
    json_object(NULL);
    json_text("code", code);
    json_text("label", label);
    json_end('}');
}

/* 1 when the code is one of those chosen. */
static int is_chosen(const svy_value *v, const char *code)
{
    const size_t len = strlen(code);

    for (size_t at = 0, n; at < v->len; at += n + 1) {
        for (n = 0; at + n < v->len && v->text[at + n] != ' ';)
            n++;
        if (n == len && memcmp(v->text + at, code, n) == 0)
            return 1;
    }
    return 0;
}

/* ---- choices of a list ---- */

static void put_list(svy_place place, uint32_t list)
{
    const uint32_t all = svy_form_list(form_engine.form, list).n_choices;
    const svy_value v = svy_interview_get(form_engine.interview, place);
    uint32_t *choices = malloc((all > 0 ? all : 1) * sizeof *choices);
    const uint32_t n = choices != NULL ? svy_interview_choices(form_engine.interview, place, choices, all) : 0;

    json_flag("many", n > INLINE);
    json_list("choices");
    for (uint32_t i = 0; i < n; i++)
        if (n <= INLINE || is_chosen(&v, svy_form_choice(form_engine.form, list, choices[i]).code))
            put_choice(list, choices[i]);
    json_end(']');
    free(choices);
}

/* Those of `found` that are offered, at most `limit`; returns how many there are. */
static uint32_t put_offered(svy_place place, uint32_t list, const uint32_t *found, uint32_t n, uint32_t limit)
{
    const uint32_t all = svy_form_list(form_engine.form, list).n_choices;
    uint32_t *choices = malloc((all > 0 ? all : 1) * sizeof *choices), total = 0;
    unsigned char *offered = calloc(all > 0 ? all : 1, 1);

    if (choices != NULL && offered != NULL) {
        const uint32_t m = svy_interview_choices(form_engine.interview, place, choices, all);
        for (uint32_t i = 0; i < m; i++)
            offered[choices[i]] = 1;
        for (uint32_t i = 0; i < n; i++)
            if (offered[found[i]] && total++ < limit)
                put_choice(list, found[i]);
    }
    free(choices);
    free(offered);
    return total;
}

static uint32_t search_list(svy_place place, uint32_t list, const char *typed, size_t len, uint32_t limit)
{
    const uint32_t all = svy_form_list(form_engine.form, list).n_choices;
    uint32_t *found = malloc((all > 0 ? all : 1) * sizeof *found), total = 0;

    if (found == NULL)
        return 0;
    if (len == 0)
        total = svy_interview_choices(form_engine.interview, place, found, all);
    else
        total = svy_form_search(form_engine.form, list, language(), typed, len, found, all);
    total = put_offered(place, list, found, total < all ? total : all, limit);
    free(found);
    return total;
}

/* ---- choices that come from elsewhere: a file, other answers (forms of the ODK world) ---- */

typedef struct offering { const svy_value *value; const char *typed; uint32_t list, n, limit; } offering;

static void put_offer(void *user, const svy_offered *c)
{
    offering *o = user;
    char folded[FOLDED];

    if (o->typed != NULL) {
        svyi_fold(c->label, strlen(c->label), folded, sizeof folded);
        if (strstr(folded, o->typed) == NULL && strncmp(c->code, o->typed, strlen(o->typed)) != 0)
            return;
    }
    if (o->n++ >= o->limit && !is_chosen(o->value, c->code))
        return;
    json_object(NULL);
    json_text("code", c->code);
    json_text("label", c->label);
    if (c->text != NULL || c->number != UINT32_MAX)
        put_media(o->list, c->number, c->text);
    json_end('}');
}

static void count_offer(void *user, const svy_offered *c)
{
    (void)c;
    ++*(uint32_t *)user;
}

static void put_offers(svy_place place)
{
    const svy_value v = svy_interview_get(form_engine.interview, place);
    uint32_t n = 0;
    const svy_offer count = { count_offer, &n };
    svy_status st = svy_interview_offer(form_engine.interview, place, &count, NULL);
    offering o = { .value = &v, .list = svy_form_item(form_engine.form, place.item)->list, .limit = n <= INLINE ? n : 0 };
    const svy_offer put = { put_offer, &o };

    json_flag("many", n > INLINE);
    json_list("choices");
    if (st == SVY_OK)
        st = svy_interview_offer(form_engine.interview, place, &put, NULL);
    json_end(']');
    if (st != SVY_OK)
        json_flag("failed", 1);
}

static uint32_t search_offers(svy_place place, const char *typed, size_t len, uint32_t limit)
{
    const svy_value none = svy_value_missing(SVY_K_CODES, SVY_NOT_REACHED);
    char folded[FOLDED];
    offering o = { .value = &none, .typed = folded, .list = svy_form_item(form_engine.form, place.item)->list, .limit = limit };
    const svy_offer put = { put_offer, &o };

    svyi_fold(typed, len, folded, sizeof folded);
    return svy_interview_offer(form_engine.interview, place, &put, NULL) == SVY_OK ? o.n : 0;
}

/* ---- for a view, and for a search ---- */

void view_choices(svy_place place)
{
    const svy_item *item = svy_form_item(form_engine.form, place.item);
    const char *tag = engine_language();

    if (item->type == SVY_T_SINGLE || item->type == SVY_T_MULTIPLE || item->type == SVY_T_RANKING) {
        if (svy_form_is_odk(form_engine.form))
            put_offers(place);
        else
            put_list(place, item->list);
        return;
    }
    if (item->type != SVY_T_BOOLEAN && item->type != SVY_T_ACKNOWLEDGE)
        return;
    json_list("choices");
    if (item->type == SVY_T_BOOLEAN) {
        put_pair("true", sentence_of(S_YES, tag));
        put_pair("false", sentence_of(S_NO, tag));
    } else
        put_pair("OK", sentence_of(S_OK, tag));
    json_end(']');
}

FORM_EXPORT(form_search) void form_search(uint32_t item, uint32_t entry, const char *typed, size_t len, uint32_t limit)
{
    const svy_place place = { item, entry };
    uint32_t total = 0;

    if (!engine_ready())
        return;
    json_begin();
    json_list("choices");
    if (item < svy_form_items(form_engine.form) && svy_form_is_odk(form_engine.form))
        total = search_offers(place, typed, len, limit);
    else if (item < svy_form_items(form_engine.form) && svy_form_item(form_engine.form, item)->list != 0)
        total = search_list(place, svy_form_item(form_engine.form, item)->list, typed, len, limit);
    json_end(']');
    json_number("total", total);
    json_finish();
}
