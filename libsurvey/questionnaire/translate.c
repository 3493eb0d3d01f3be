/* Translations: each goes to its text, and what is lost, out of date or missing is told. */
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "questionnaire/questionnaire_priv.h"

enum { MISSING_TOLD = 20, CELLS = 5000000, UNIT_NAME = 160 };

static const struct { const char *name; svy_role role; } ROLES[] = {
    { "title", SVY_TITLE }, { "description", SVY_DESCRIPTION }, { "label", SVY_LABEL },
    { "hint", SVY_HINT }, { "instruction", SVY_INSTRUCTION }, { "text", SVY_TEXT },
    { "required", SVY_REQUIRED_TEXT }, { "guidance", SVY_GUIDANCE }, { "short", SVY_SHORT }, { "image", SVY_IMAGE }, { "big-image", SVY_BIG_IMAGE },
    { "audio", SVY_AUDIO }, { "video", SVY_VIDEO },
};

static svyi_where place_of(const svyi_q_target *t)
{
    return (svyi_where){ .source = t->source, .line = t->line, .element = t->unit };
}

/* ---- Languages ---- */

static int same_tag(const char *a, const char *b)
{
    for (; *a != '\0' && *b != '\0'; a++, b++)
        if (svyi_lower((unsigned char)*a) != svyi_lower((unsigned char)*b))
            return 0;
    return *a == *b;
}

/* The number of a language, from 0, adding it; UINT32_MAX when it cannot be. */
static uint32_t language(svyi_q *q, const char *tag)
{
    for (uint32_t i = 0; i < q->n_languages; i++)
        if (same_tag(q->languages[i], tag))
            return i;
    if (q->n_languages >= SVYI_Q_LANGUAGES)
        return UINT32_MAX;
    if (svyi_grow(&q->alloc, &q->languages, &q->languages_capacity, (size_t)q->n_languages + 1, sizeof *q->languages) != 0) {
        q->failed = 1;
        return UINT32_MAX;
    }
    q->languages[q->n_languages] = tag;
    return q->n_languages++;
}

static void find_languages(svyi_q *q, uint32_t *of)
{
    const svy_builder *b = q->b;
    const char *own = svyi_q_value(b, b->root, "xml:lang");

    language(q, own);
    for (size_t i = 0; i < b->n_targets && !q->failed; i++) {
        const svyi_where where = place_of(&b->targets[i]);
        of[i] = i > 0 && b->targets[i].lang == b->targets[i - 1].lang ? of[i - 1] : language(q, b->targets[i].lang);
        if (i > 0 && of[i] == of[i - 1])
            continue;
        if (of[i] == 0)
            svyi_report(&q->found.in, SVY_WARNING, SVY_OK, &where, "change the text in the questionnaire itself",
                        "this translates into '%s', the language of the questionnaire, and is not used", own);
        if (of[i] == UINT32_MAX)
            svyi_report(&q->found.in, SVY_PROBLEM, SVY_E_LIMIT, &where, "leave some out", "there are more than %d languages", (int)SVYI_Q_LANGUAGES);
    }
    if (!q->failed && (size_t)q->n_languages * (q->n_units + 1) > CELLS) {
        svyi_q_tell(q, SVY_PROBLEM, SVY_E_LIMIT, b->root, NULL, "leave some languages out", "there are %u texts in %u languages, which is too much",
                    q->n_units, q->n_languages);
        q->n_languages = 1;
    }
}

/* ---- Finding the unit ---- */

/* The number in "check/N", 0 when it is something else. */
static uint32_t check_number(const char *rest)
{
    uint32_t n = 0;

    if (strncmp(rest, "check/", 6) != 0 || strlen(rest) > 14)
        return 0;
    for (const char *at = rest + 6; *at != '\0'; at++) {
        if (*at < '0' || *at > '9')
            return 0;
        n = 10 * n + (uint32_t)(*at - '0');
    }
    return n;
}

/* The role that a word names, 0 when it is none. */
static svy_role role_of(const char *word)
{
    for (size_t i = 0; i < sizeof ROLES / sizeof ROLES[0]; i++)
        if (strcmp(ROLES[i].name, word) == 0)
            return ROLES[i].role;
    return (svy_role)0;
}

/* The unit of a role among those that follow one another from `first`. 1 there. */
static int nth_unit(uint32_t first, uint32_t roles, svy_role role, uint32_t *unit)
{
    *unit = first;
    for (uint32_t bits = roles & ((1u << (role - 1)) - 1); bits != 0; bits &= bits - 1)
        ++*unit;
    return (roles >> (role - 1) & 1) != 0;
}

static int item_unit(const svyi_q *q, uint32_t item, const char *rest, uint32_t *unit)
{
    const uint32_t n = check_number(rest);

    if (n > 0) {
        *unit = q->first_check_unit + q->items[item].i.first_check + n - 1;
        return n <= q->items[item].i.n_checks;
    }
    svy_role role = role_of(rest);
    if (role == SVY_TEXT && q->items[item].i.kind == SVY_EL_NOTE)
        role = SVY_LABEL;                             /* the text of a note is its label */
    return role != 0 && nth_unit(q->first_unit[item], q->roles[item], role, unit);
}

/* ---- Units of ODK forms ---- */

/* A choice by its code, or by "CODE#2": the second with that code. */
static int find_choice(const svyi_q_list *l, const char *code, size_t len, uint32_t *choice)
{
    return svyi_map_find(&l->codes, code, len, choice) || svyi_map_find(&l->twins, code, len, choice);
}

static int media_unit(const svyi_q *q, uint32_t choice, svy_role role, uint32_t *unit)
{
    uint32_t low = 0, high = q->n_media;          /* in the order of choices */

    while (low < high) {
        const uint32_t middle = low + (high - low) / 2;
        if (q->media[middle].choice < choice)
            low = middle + 1;
        else
            high = middle;
    }
    for (; low < q->n_media && q->media[low].choice == choice; low++)
        if (q->media[low].role == (uint32_t)role) {
            *unit = q->media[low].unit;
            return 1;
        }
    return 0;
}

/* "CODE", "CODE/image": the code may hold a "/", too. */
static int choice_unit(const svyi_q *q, const svyi_q_list *l, const char *rest, uint32_t *unit)
{
    const char *slash = strrchr(rest, '/');
    const svy_role role = slash != NULL ? role_of(slash + 1) : (svy_role)0;
    uint32_t choice;

    if (find_choice(l, rest, strlen(rest), &choice)) {
        *unit = q->first_choice_unit + l->first + choice;
        return q->units[*unit].text[0] != '\0';
    }
    return role != 0 && find_choice(l, rest, (size_t)(slash - rest), &choice) && media_unit(q, l->first + choice, role, unit);
}

/* "ID", "ID/image" of a text with an id. */
static int itext_unit(const svyi_q *q, const char *rest, uint32_t *unit)
{
    const char *slash = strrchr(rest, '/');
    const svy_role role = slash != NULL ? role_of(slash + 1) : (svy_role)0;
    uint32_t text;

    if (svyi_map_find(&q->itext_ids, rest, strlen(rest), &text))
        return nth_unit(q->itexts[text].first_unit, q->itexts[text].roles, SVY_LABEL, unit);
    return role != 0 && svyi_map_find(&q->itext_ids, rest, (size_t)(slash - rest), &text) &&
           nth_unit(q->itexts[text].first_unit, q->itexts[text].roles, role, unit);
}

/* ---- Any unit ---- */

/* Items and lists have ids of their own, so ID/label may be either: the item, unless it has no such text. */
static int find_unit(const svyi_q *q, const char *name, uint32_t *unit)
{
    const char *slash = strchr(name, '/');
    uint32_t item, list, choice;

    if (slash == NULL)
        return 0;
    if (slash == name)
        return item_unit(q, 0, slash + 1, unit);
    if (svyi_q_find_item(q, name, (size_t)(slash - name), &item) && (q->items[item].i.flags & SVY_ITEM_OTHER) == 0 &&
        item_unit(q, item, slash + 1, unit))
        return 1;
    if (q->odk && strncmp(name, "text/", 5) == 0 && itext_unit(q, slash + 1, unit))
        return 1;
    if (q->odk)
        return svyi_map_find(&q->list_ids, name, (size_t)(slash - name), &list) && choice_unit(q, &q->lists[list], slash + 1, unit);
    if (!svyi_map_find(&q->list_ids, name, (size_t)(slash - name), &list) ||
        !svyi_map_find(&q->lists[list].codes, slash + 1, strlen(slash + 1), &choice))
        return 0;
    *unit = q->first_choice_unit + q->lists[list].first + choice;
    return q->units[*unit].text[0] != '\0';
}

/* ---- Fills ---- */

/* Tells which fills of `a` are not in `b`. */
static void compare_fills(svyi_q *q, const svyi_q_target *t, const char *a, const char *b, const char *advice, const char *what)
{
    svyi_map there;
    size_t at = 0, start, len;
    const char *name;
    uint32_t found;
    const svyi_where where = place_of(t);

    svyi_map_init(&there, &q->alloc);
    while (!q->failed && svyi_q_next_fill(b, &at, &start, &name, &len) == 1) {
        found = 1;
        q->failed |= svyi_map_add(&there, name, len, &found) < 0;
    }
    for (at = 0; !q->failed && svyi_q_next_fill(a, &at, &start, &name, &len) == 1; )
        if (!svyi_map_find(&there, name, len, &found)) {
            svyi_report(&q->found.in, SVY_WARNING, SVY_OK, &where, advice, "'${%.*s}' %s", (int)(len < SVYI_Q_ID ? len : SVYI_Q_ID), name, what);
            found = 1;
            q->failed |= svyi_map_add(&there, name, len, &found) < 0;
        }
    svyi_map_clear(&there);
}

/* ---- Use ---- */

static void use(svyi_q *q, const svyi_q_target *t, uint32_t lang)
{
    const svyi_where where = place_of(t);
    uint32_t unit;

    if (!find_unit(q, t->unit, &unit)) {
        svyi_report(&q->found.in, SVY_WARNING, SVY_OK, &where, "remove it, or correct the id", "there is no text '%.*s' to translate",
                    svyi_q_shown(t->unit), t->unit);
        return;
    }
    const char **cell = &q->texts[(size_t)(lang - 1) * q->n_units + unit];
    const char *text = q->units[unit].text;
    if (*cell != NULL) {
        svyi_report(&q->found.in, SVY_WARNING, SVY_OK, &where, "remove one of them; the first is used", "'%.*s' is translated twice into '%s'",
                    svyi_q_shown(t->unit), t->unit, q->languages[lang]);
        return;
    }
    if (t->from[0] != '\0' && strcmp(t->from, text) != 0) {
        *cell = "";
        svyi_report(&q->found.in, SVY_WARNING, SVY_OK, &where, "translate it again; until then it is shown in the source language",
                    "the text of '%.*s' has changed since it was translated into '%s'", svyi_q_shown(t->unit), t->unit, q->languages[lang]);
        return;
    }
    *cell = t->to;
    if (q->odk)
        return;                           /* each language may show something else */
    if (strstr(text, "${") != NULL || strstr(t->to, "${") != NULL) {
        compare_fills(q, t, text, t->to, "put it into the translation", "is lost in the translation");
        compare_fills(q, t, t->to, text, "remove it, or correct its name", "is in the translation and not in the text");
    }
}

/* ---- What is missing ---- */

static int has_letter(const char *text)
{
    const size_t len = strlen(text);

    for (size_t at = 0; at < len; ) {
        const uint32_t c = svyi_utf8_next(text, len, &at);
        if (c >= 0xAA || svyi_lower(c) != c || (c >= 'a' && c <= 'z'))
            return 1;
    }
    return 0;
}

static void name_unit(const svyi_q *q, const svyi_q_unit *u, char *out)
{
    const svyi_q_element *e = &q->b->elements[u->element];
    const char *id = u->element == q->b->root ? "" : svyi_q_value(q->b, u->element, "id");

    if (e->kind == SVY_EL_CHECK && e->parent != 0)
        (void)snprintf(out, UNIT_NAME, "%.64s/check/%u", e->parent == q->b->root ? "" : svyi_q_value(q->b, e->parent, "id"), u->number);
    else if (e->kind == SVY_EL_ITEXT)
        (void)snprintf(out, UNIT_NAME, "text/%.64s", id);
    else if (e->kind == SVY_EL_CHOICE)
        (void)snprintf(out, UNIT_NAME, "%.64s/%.64s", svyi_q_value(q->b, e->parent, "id"), svyi_q_value(q->b, u->element, "code"));
    else
        for (size_t i = 0; i < sizeof ROLES / sizeof ROLES[0]; i++)
            if ((uint32_t)ROLES[i].role == u->role)
                (void)snprintf(out, UNIT_NAME, "%.64s/%s", id, ROLES[i].name);
}

static void tell_missing(svyi_q *q, uint32_t lang)
{
    uint32_t missing = 0;
    const svy_severity severity = q->odk ? SVY_NOTE : SVY_WARNING;      /* many ODK forms are translated in part, and their titles cannot be */

    for (uint32_t unit = 0; unit < q->n_units; unit++) {
        const svyi_q_unit *u = &q->units[unit];
        char name[UNIT_NAME] = "";
        if (q->odk && u->element == q->b->root)
            continue;
        if (q->texts[(size_t)(lang - 1) * q->n_units + unit] != NULL || !has_letter(u->text) || missing++ >= MISSING_TOLD)
            continue;
        const svy_attribute at = { .line = u->line };
        name_unit(q, u, name);
        svyi_q_tell(q, severity, SVY_OK, u->element, &at, "translate it; until then it is shown in the source language",
                    "'%s' is not translated into '%s'", name, q->languages[lang]);
    }
    if (missing > MISSING_TOLD)
        svyi_q_tell(q, severity, SVY_OK, q->b->root, NULL, "translate them; until then they are shown in the source language",
                    "%u more texts are not translated into '%s'", missing - MISSING_TOLD, q->languages[lang]);
}

/* ---- All of them, for who translates ---- */

/* What a text was translated into before it changed. */
static const char *earlier(const svyi_q *q, const char *unit, const char *lang)
{
    for (size_t i = 0; i < q->b->n_targets; i++)
        if (strcmp(q->b->targets[i].unit, unit) == 0 && same_tag(q->b->targets[i].lang, lang))
            return q->b->targets[i].to;
    return "";
}

static void tell_all(const svyi_q *q)
{
    const svyi_q_telling *t = &q->b->telling;
    uint32_t lang = 0;

    for (uint32_t i = 1; i < q->n_languages; i++)
        lang = same_tag(q->languages[i], t->lang) ? i : lang;
    for (uint32_t unit = 0; unit < q->n_units; unit++) {
        const svyi_q_unit *u = &q->units[unit];
        const char *to = lang > 0 ? q->texts[(size_t)(lang - 1) * q->n_units + unit] : NULL;
        char name[UNIT_NAME] = "";
        if (!has_letter(u->text))
            continue;
        name_unit(q, u, name);
        const int changed = to != NULL && to[0] == '\0';
        t->each(t->user, name, u->text, changed ? earlier(q, name, t->lang) : to != NULL ? to : "", changed);
    }
}

void svyi_q_translate(svyi_q *q)
{
    const svy_builder *b = q->b;
    uint32_t *of = svyi_arena_get(&q->arena, (b->n_targets + 1) * sizeof *of);

    if (of == NULL) {
        q->failed = 1;
        return;
    }
    find_languages(q, of);
    if (!q->failed)
        q->texts = svyi_arena_get(&q->arena, ((size_t)q->n_languages * q->n_units + 1) * sizeof *q->texts);
    if (q->texts == NULL)
        q->failed = 1;
    for (size_t i = 0; i < b->n_targets && !q->failed; i++)
        if (of[i] != 0 && of[i] < q->n_languages)
            use(q, &b->targets[i], of[i]);
    for (uint32_t lang = 1; lang < q->n_languages && !q->failed && b->telling.each == NULL; lang++)
        tell_missing(q, lang);
    if (!q->failed && b->telling.each != NULL)
        tell_all(q);
}
