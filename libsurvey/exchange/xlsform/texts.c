/* itext: texts and media by language, every language with the same ones; what a language lacks is "-". */
#include "exchange/xlsform/priv.h"

#include <string.h>

enum { MOST_TEXTS = 4000000 };

/* One form of a text in one language: "long", "guidance", "image", ... */
typedef struct text_form { const char *form, *text; xlsform_element *context; struct text_form *next; } text_form;
typedef struct text_entry { const char *id; text_form *forms; } text_entry;
typedef struct language { const char *name; svyi_map ids; text_entry **entries; size_t capacity; uint32_t n; } language;

struct xlsform_texts { svyi_map languages; language **list; size_t capacity; uint32_t n, made; };

static language *language_of(xlsform *x, const char *name)
{
    xlsform_texts *t = x->texts;
    uint32_t i = t->n;
    const int found = svyi_map_add(&t->languages, name, strlen(name), &i);

    if (found == 1)
        return t->list[i];
    language *l = found == 0 ? svyi_xlsform_get(x, sizeof *l) : NULL;
    if (l == NULL || svyi_grow(&x->arena.alloc, &t->list, &t->capacity, (size_t)t->n + 1, sizeof *t->list) != 0) {
        x->nomem = 1;
        return NULL;
    }
    l->name = name;
    svyi_map_init(&l->ids, &x->arena.alloc);
    t->list[t->n++] = l;
    return l;
}

static text_entry *entry_of(xlsform *x, language *l, const char *id)
{
    uint32_t i = l->n;
    const int found = svyi_map_add(&l->ids, id, strlen(id), &i);

    if (found == 1)
        return l->entries[i];
    text_entry *e = found == 0 ? svyi_xlsform_get(x, sizeof *e) : NULL;
    if (e == NULL || svyi_grow(&x->arena.alloc, &l->entries, &l->capacity, (size_t)l->n + 1, sizeof *l->entries) != 0) {
        x->nomem = 1;
        return NULL;
    }
    e->id = id;
    l->entries[l->n++] = e;
    if (++x->texts->made > MOST_TEXTS && x->limit == SVY_OK)
        x->limit = svyi_fail_at(x->err, SVY_E_LIMIT, x->source, 0, 0, 0, "more than %d texts in all languages", MOST_TEXTS);
    return e;
}

static void put_form(xlsform *x, text_entry *e, const char *form, const char *text, xlsform_element *context, int replace)
{
    text_form **last = &e->forms;

    while (*last != NULL && strcmp((*last)->form, form) != 0)
        last = &(*last)->next;
    if (*last != NULL && !replace)
        return;
    if (*last == NULL && (*last = svyi_xlsform_get(x, sizeof **last)) == NULL)
        return;
    (*last)->form = form;
    (*last)->text = text;
    (*last)->context = context;
}

static void put(xlsform *x, const char *name, const char *id, const char *form, const char *text, xlsform_element *context)
{
    language *l = language_of(x, name);
    text_entry *e = l != NULL ? entry_of(x, l, id) : NULL;

    if (e != NULL && text != NULL)
        put_form(x, e, form, text, context, 1);
}

/* A text in one language, or one in each. */
static void put_value(xlsform *x, const xlsform_value *v, const char *id, const char *form, xlsform_element *context)
{
    if (v->text != NULL)
        put(x, x->default_language, id, form, v->text, context);
    for (const xlsform_entry *e = v->dict != NULL ? v->dict->first : NULL; e != NULL; e = e->next)
        put(x, e->key, id, form, e->value.text, context);
}

static void collect_choices(xlsform *x)
{
    for (uint32_t i = 0; i < x->choices.n; i++) {
        const xlsform_choices *list = x->choices.lists[i];
        unsigned number = 0;
        for (const xlsform_choice *c = list->first; list->translated && c != NULL && !svyi_xlsform_failed(x); c = c->next, number++) {
            const char *id = svyi_xlsform_format(x, "%s-%u", list->name, number);
            put_value(x, &c->label, id, "long", NULL);
            for (const xlsform_entry *m = c->media != NULL ? c->media->first : NULL; m != NULL; m = m->next)
                put_value(x, &m->value, id, m->key, NULL);
        }
    }
}

/* ---- questions */

int svyi_xlsform_needs_itext(const xlsform_element *e)
{
    return e->label.dict != NULL || (e->media != NULL && e->media->first != NULL);
}

const char *svyi_xlsform_text_id(xlsform *x, xlsform_element *e, const char *what)
{
    return svyi_xlsform_format(x, "%s:%s", svyi_xlsform_path(x, e), what);
}

/* The guidance is a form of the hint. */
static void put_question(xlsform *x, xlsform_element *e, const xlsform_value *v, const char *what)
{
    static const char GUIDANCE[] = "guidance_hint";
    const char *id = svyi_xlsform_text_id(x, e, what), *found = strstr(id, GUIDANCE);
    const char *form = found != NULL ? "guidance" : "long";

    while (found != NULL) {
        id = svyi_xlsform_format(x, "%.*shint%s", (int)(found - id), id, found + sizeof GUIDANCE - 1);
        found = strstr(id, GUIDANCE);
    }
    put_value(x, v, id, form, e);
}

static void collect_messages(xlsform *x, xlsform_element *e)
{
    static const char *const MESSAGES[] = { "jr:constraintMsg", "jr:requiredMsg", "jr:noAppErrorString" };

    for (int i = 0; i < 3; i++) {
        const xlsform_value *v = svyi_xlsform_dict_find(e->bind, MESSAGES[i]);
        if (v != NULL && (v->dict != NULL || (i < 2 && svyi_xlsform_has_reference(v->text))))
            put_question(x, e, v, MESSAGES[i]);
    }
}

static void collect_question(xlsform *x, xlsform_element *e)
{
    const int guided = svyi_xlsform_is_there(&e->guidance);

    collect_messages(x, e);
    if (e->label.dict != NULL || (svyi_xlsform_needs_itext(e) && svyi_xlsform_is_there(&e->label)))
        put_question(x, e, &e->label, "label");
    if (e->hint.dict != NULL || (guided && e->kind == XLSFORM_QUESTION && svyi_xlsform_is_there(&e->hint)))
        put_question(x, e, &e->hint, "hint");
    if (guided && e->kind == XLSFORM_QUESTION)
        put_question(x, e, &e->guidance, "guidance_hint");
}

static void collect_media(xlsform *x, xlsform_element *e)
{
    static const char *const KINDS[] = { "image", "big-image", "audio", "video" };
    const xlsform_value *standard = svyi_xlsform_dict_find(e->media, "default");
    const xlsform_dict *media = standard != NULL && standard->dict != NULL ? standard->dict : e->media;

    for (const xlsform_entry *m = media != NULL ? media->first : NULL; m != NULL; m = m->next) {
        size_t i = 0;
        while (i < 4 && strcmp(KINDS[i], m->key) != 0)
            i++;
        if (i == 4)
            svyi_xlsform_problem(x, "survey", e->row, "use image, big-image, audio or video", "'%s' has media of the kind '%s'", e->name, m->key);
        else
            put_value(x, &m->value, svyi_xlsform_text_id(x, e, "label"), m->key, NULL);
    }
}

/* ---- search(): choices that a program on the device looks up stand in the body */

static int uses_search(const xlsform_element *e)
{
    const char *appearance = svyi_xlsform_dict_text(e->control, "appearance");
    const char *search = appearance != NULL && strlen(appearance) > 7 ? strstr(appearance, "search(") : NULL;

    return search != NULL && strchr(search, ')') != NULL;
}

static int is_select(const xlsform_element *e)
{
    const xlsform_type *t = e->kind == XLSFORM_QUESTION ? svyi_xlsform_type(e->type) : NULL;

    return t != NULL && t->tag != NULL && (strcmp(t->tag, "select1") == 0 || strcmp(t->tag, "select") == 0 || strcmp(t->tag, "odk:rank") == 0);
}

static void redirect_search(xlsform *x, xlsform_element *e)
{
    xlsform_choices *list = svyi_xlsform_list(&x->choices, e->itemset, strlen(e->itemset));

    if (list == NULL) {
        svyi_xlsform_problem(x, "survey", e->row, "leave out search(), or use a list of the sheet choices", "'%s' uses search() with choices that are not in the workbook", e->name);
        return;
    }
    e->itemset = "";
    list->searched = 1;
}

/* A list is looked up by search() everywhere or nowhere. */
static void collect_searches(xlsform *x)
{
    int any = 0;

    for (xlsform_element *e = x->root; e != NULL; e = svyi_xlsform_next(e, x->root))
        if (is_select(e) && e->itemset != NULL && uses_search(e)) {
            any = 1;
            redirect_search(x, e);
        }
    for (xlsform_element *e = x->root; any && e != NULL; e = svyi_xlsform_next(e, x->root)) {
        const xlsform_choices *list = is_select(e) && e->list_name != NULL ? svyi_xlsform_list(&x->choices, e->list_name, strlen(e->list_name)) : NULL;
        if (list != NULL && list->searched && !uses_search(e))
            svyi_xlsform_problem(x, "survey", e->row, "use search() for all of them, or another list here", "'%s' uses the list '%s' without search(), others with it", e->name, list->name);
    }
}

/* ---- every language gets what any has */

static void complete(xlsform *x)
{
    xlsform_texts *t = x->texts;
    language all;

    if (t->n < 2 && t->n > 0)
        return;
    all = (language){ .name = "" };
    svyi_map_init(&all.ids, &x->arena.alloc);
    for (uint32_t l = 0; l < t->n && !svyi_xlsform_failed(x); l++)
        for (uint32_t i = 0; i < t->list[l]->n && !svyi_xlsform_failed(x); i++) {
            text_entry *sum = entry_of(x, &all, t->list[l]->entries[i]->id);
            for (const text_form *f = t->list[l]->entries[i]->forms; sum != NULL && f != NULL; f = f->next)
                put_form(x, sum, f->form, "-", NULL, 0);
        }
    for (uint32_t l = 0; l < t->n; l++)
        for (uint32_t i = 0; i < all.n && !svyi_xlsform_failed(x); i++) {
            text_entry *e = entry_of(x, t->list[l], all.entries[i]->id);
            for (const text_form *f = all.entries[i]->forms; e != NULL && f != NULL; f = f->next)
                put_form(x, e, f->form, "-", NULL, 0);
        }
    svyi_map_clear(&all.ids);
    svyi_release(&x->arena.alloc, all.entries, all.capacity * sizeof *all.entries);
}

void svyi_xlsform_collect_texts(xlsform *x)
{
    x->texts = svyi_xlsform_get(x, sizeof *x->texts);
    if (x->texts == NULL)
        return;
    svyi_map_init(&x->texts->languages, &x->arena.alloc);
    collect_choices(x);
    collect_searches(x);
    for (xlsform_element *e = x->root; e != NULL && !svyi_xlsform_failed(x); e = svyi_xlsform_next(e, x->root))
        if (e->kind <= XLSFORM_QUESTION)
            collect_question(x, e);
    for (xlsform_element *e = x->root; e != NULL && !svyi_xlsform_failed(x); e = svyi_xlsform_next(e, x->root))
        if (e->kind <= XLSFORM_QUESTION)
            collect_media(x, e);
    if (!svyi_xlsform_failed(x))
        complete(x);
}

void svyi_xlsform_clear_texts(xlsform *x)
{
    for (uint32_t i = 0; x->texts != NULL && i < x->texts->n; i++) {
        language *l = x->texts->list[i];
        svyi_map_clear(&l->ids);
        svyi_release(&x->arena.alloc, l->entries, l->capacity * sizeof *l->entries);
    }
    if (x->texts == NULL)
        return;
    svyi_map_clear(&x->texts->languages);
    svyi_release(&x->arena.alloc, x->texts->list, x->texts->capacity * sizeof *x->texts->list);
}

uint32_t svyi_xlsform_languages(const xlsform *x)
{
    return x->texts != NULL ? x->texts->n : 0;
}

const char *svyi_xlsform_language(const xlsform *x, uint32_t i)
{
    return x->texts->list[i]->name;
}

/* ---- XML */

static void write_form(xlsform *x, svyi_buffer *out, const text_form *f, int hint)
{
    const int guidance = strcmp(f->form, "guidance") == 0, plain = strcmp(f->form, "long") == 0 || (hint && !guidance);
    const int image = strcmp(f->form, "image") == 0 || strcmp(f->form, "big-image") == 0;

    if (!plain && !(guidance && hint) && strcmp(f->text, "-") == 0)
        return;
    svyi_buffer_text(out, "<value");
    if (!plain)
        svyi_xlsform_attribute(x, out, "form", f->form);
    svyi_buffer_text(out, ">");
    svyi_xlsform_write_content(x, out, plain || (guidance && hint) ? f->text : svyi_xlsform_format(x, "jr://%s/%s", image ? "images" : f->form, f->text), f->context);
    svyi_buffer_text(out, "</value>");
}

void svyi_xlsform_write_texts(xlsform *x, svyi_buffer *out)
{
    const xlsform_texts *t = x->texts;

    if (t->n == 0)
        return;
    svyi_buffer_text(out, "<itext>");
    for (uint32_t l = 0; l < t->n; l++) {
        svyi_buffer_text(out, "<translation");
        svyi_xlsform_attribute(x, out, "lang", t->list[l]->name);
        svyi_buffer_text(out, strcmp(t->list[l]->name, x->default_language) == 0 ? " default=\"true()\">" : ">");
        for (uint32_t i = 0; i < t->list[l]->n; i++) {
            const text_entry *e = t->list[l]->entries[i];
            const char *colon = strchr(e->id, ':');
            svyi_buffer_text(out, "<text");
            svyi_xlsform_attribute(x, out, "id", e->id);
            svyi_buffer_text(out, ">");
            for (const text_form *f = e->forms; f != NULL; f = f->next)
                write_form(x, out, f, colon != NULL && strcmp(colon + 1, "hint") == 0);
            svyi_buffer_text(out, "</text>");
        }
        svyi_buffer_text(out, "</translation>");
    }
    svyi_buffer_text(out, "</itext>");
}
