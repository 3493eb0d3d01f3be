/* What is offered in ODK forms: choices of a list, items of an instance, entries of a roster; and reading what was chosen. */
#include <string.h>

#include "base/error.h"
#include "base/text.h"
#include "interview/odk_priv.h"

/* ---- Choices of a list that stand as items of an instance ---- */

/* Nodes of the choices, in their order, made when they are first asked for. */
static int make_choices(const svy_interview *iv, svyi_tree *tree, uint32_t number)
{
    const uint32_t n = svy_form_list(iv->form, tree->list).n_choices;
    uint32_t *nodes = svyi_get(&iv->alloc, (n > 0 ? n : 1) * sizeof *nodes), found = 0;
    svy_node at;

    if (nodes == NULL)
        return -1;
    for (int more = svyi_tree_first(iv->odk, (svy_node){ number, 0, 0 }, SVY_NAME_ANY, &at); more && found < n;
         more = svyi_tree_next(iv->odk, at, SVY_NAME_ANY, &at))
        nodes[found++] = at.item;
    while (found < n)
        nodes[found++] = UINT32_MAX;
    tree->choices = nodes;
    tree->n_choices = n > 0 ? n : 1;
    return 0;
}

static uint32_t choice_number(const svy_interview *iv, uint32_t list, svy_node node)
{
    svyi_tree *tree = &iv->odk->trees[node.tree];
    uint32_t low = 0, high;

    if (node.tree == 0 || tree->list == 0 || tree->list != list || (tree->choices == NULL && make_choices(iv, tree, node.tree) != 0))
        return UINT32_MAX;
    for (high = svy_form_list(iv->form, list).n_choices; low < high; ) {
        const uint32_t middle = low + (high - low) / 2;
        if (tree->choices[middle] < node.item)
            low = middle + 1;
        else
            high = middle;
    }
    return low < svy_form_list(iv->form, list).n_choices && tree->choices[low] == node.item ? low : UINT32_MAX;
}

/* ---- Texts ---- */

typedef struct filler { const svy_interview *iv; svy_place place; int isolate, inner; } filler;

static size_t fill(void *user, uint32_t rule, char *out, size_t size)
{
    const filler *f = user;
    svyi_view view = { .iv = f->iv, .inner = (uint8_t)f->inner, .labelled = f->inner > 1 };
    svyi_out o = { out, size, 0 };
    const char *text = "";
    uint32_t len = 0;

    if (rule != 0 && rule <= f->iv->plan.n_rules && svyi_xpath_text_of(&view, rule, f->place, &text, &len, NULL) == SVY_OK && len > 0) {
        svyi_out_text(&o, f->isolate ? "\xE2\x81\xA8" : "");
        svyi_out_bytes(&o, text, len);
        svyi_out_text(&o, f->isolate ? "\xE2\x81\xA9" : "");
    }
    return svyi_out_end(&o);
}

size_t svyi_odk_text(svy_interview *iv, svy_place place, const char *text, int isolate, char *out, size_t size)
{
    filler f = { iv, place, isolate, 0 };

    return svy_form_fill_outputs(iv->form, place.item, text, fill, &f, out, size);
}

/* A label with its values, inside one rule more; without them when there are too many. NULL: out of memory. */
static const char *filled(const svyi_view *view, svy_place place, const char *text)
{
    const svy_interview *iv = view->iv;
    filler f = { iv, place, 0, view->inner + 1 };

    if (strstr(text, "${") == NULL)
        return text;
    if (f.inner > SVYI_INNER)
        return "";
    const size_t size = svy_form_fill_outputs(iv->form, place.item, text, fill, &f, NULL, 0) + 1;
    char *out = svyi_arena_get(&iv->odk->labels, size);
    if (out != NULL)
        svy_form_fill_outputs(iv->form, place.item, text, fill, &f, out, size);
    return out;
}

/* ---- Offering ---- */

/* The text of a child of a choice's node, or its own; NULL: there is none. */
static const char *text_of(const svy_interview *iv, svy_node node, uint32_t name, uint32_t *len)
{
    const char *text = NULL;

    *len = 0;
    if (name != SVY_NAME_NONE) {
        if (node.tree != 0) {
            node.item = svyi_tree_child(iv->odk, node.tree, node.item, name);
            if (node.item == UINT32_MAX)
                return NULL;
        } else if ((node.item = svyi_odk_child(iv->odk, node.item, name)) == 0 || svyi_item(iv, node.item)->kind == SVY_EL_ROSTER)
            return NULL;
    }
    if (node.tree != 0)
        (void)svyi_tree_text(iv, node, &text, len);
    else if (svyi_is_leaf(iv, node.item))
        text = svyi_odk_visible(iv, (svy_place){ node.item, node.entry }, len);
    return text != NULL ? text : "";
}

static const char *label_of(const svyi_view *view, svy_place place, svyi_choice *c)
{
    const svy_interview *iv = view->iv;
    const svy_odk_item *item = iv->odk->items[place.item];
    const uint32_t list = svyi_item(iv, place.item)->list;
    const char *label;
    uint32_t len;

    if (c->number != UINT32_MAX)
        label = svy_form_choice_label(iv->form, list, c->number, iv->s.language);
    else if (item->choices == 0 || item->label_name == SVY_NAME_NONE || (label = text_of(iv, c->node, item->label_name, &len)) == NULL)
        return c->code;
    else if ((item->flags & SVY_ODK_LABEL_TEXT) != 0) {
        c->text = label;
        label = svy_form_itext(iv->form, label, strlen(label), SVY_LABEL, iv->s.language);
        label = label != NULL ? label : "";
    }
    return filled(view, place, label);
}

static svy_status offer_list(svyi_view *view, svy_place place, const svyi_offering *to, svy_error *err)
{
    const svy_interview *iv = view->iv;
    const uint32_t list = svyi_item(iv, place.item)->list, n = list != 0 ? svy_form_list(iv->form, list).n_choices : 0;

    for (uint32_t i = 0; i < n; i++) {
        svyi_choice c = { .code = svy_form_choice(iv->form, list, i).code, .number = i };
        c.len = (uint32_t)strlen(c.code);
        if (to->labels && (c.label = label_of(view, place, &c)) == NULL)
            return svyi_nomem(err);
        if (!to->each(to->user, &c))
            return SVY_OK;
    }
    return SVY_OK;
}

svy_status svyi_odk_offer(svyi_view *view, svy_place place, const svyi_offering *to, svy_error *err)
{
    const svy_interview *iv = view->iv;
    const svy_odk_item *item = iv->odk->items[place.item];
    svy_xpath_value value;

    if (view->inner == 0)
        svyi_arena_clear(&iv->odk->labels);
    if (item->choices == 0)
        return offer_list(view, place, to, err);
    const svy_status st = svyi_xpath(view, item->choices, place, &value, err);
    if (st != SVY_OK)
        return st == SVY_E_NOMEM || st == SVY_E_LIMIT ? st : SVY_OK;      /* nothing can be offered where the expression has no result */
    for (uint32_t i = 0; value.type == SVY_X_NODES && i < value.n_nodes; i++) {
        svyi_choice c = { .node = value.nodes[i], .number = UINT32_MAX };
        c.code = text_of(iv, c.node, item->code_name, &c.len);
        if (c.code == NULL)
            c.code = "";
        if (to->labels)
            c.number = choice_number(iv, svyi_item(iv, place.item)->list, c.node);
        if (to->labels && (c.label = label_of(view, place, &c)) == NULL)
            return svyi_nomem(err);
        if (!to->each(to->user, &c))
            return SVY_OK;
    }
    return SVY_OK;
}

/* ---- Looking for one ---- */

typedef struct search { const char *code; size_t len; const char *label; int found; } search;

static int is_it(void *user, const svyi_choice *c)
{
    search *s = user;

    if (c->len != s->len || memcmp(c->code, s->code, s->len) != 0)
        return 1;
    s->found = 1;
    s->label = c->label;
    return 0;
}

int svyi_odk_offered(const svy_interview *iv, svy_place place, const char *code, size_t len)
{
    search s = { .code = code, .len = len };
    const svyi_offering to = { .each = is_it, .user = &s };
    svyi_view view = { .iv = iv };

    return svyi_odk_offer(&view, place, &to, NULL) == SVY_OK && s.found;
}

int svyi_odk_label(svyi_view *outer, svy_place place, const char *code, size_t len, const char **text, uint32_t *text_len)
{
    search s = { .code = code, .len = len };
    const svyi_offering to = { .each = is_it, .user = &s, .labels = 1 };
    svyi_view view = { .iv = outer->iv, .inner = (uint8_t)(outer->inner + 1) };

    if (view.inner > SVYI_INNER || svyi_odk_offer(&view, place, &to, NULL) != SVY_OK)
        return 0;
    outer->saw |= (uint8_t)(view.saw & ~(SVYI_SELF | SVYI_OTHERS)) | SVYI_OTHERS;
    if (!s.found)
        return 0;
    outer->saw |= SVYI_FILLED;
    *text = s.label;
    *text_len = (uint32_t)strlen(s.label);
    return 1;
}

typedef struct numbers { const svy_interview *iv; uint32_t list, *choices, size, n; } numbers;

static int keep_number(void *user, const svyi_choice *c)
{
    numbers *s = user;
    uint32_t number = c->number;

    if (number == UINT32_MAX)
        number = choice_number(s->iv, s->list, c->node);
    if (number == UINT32_MAX && !svy_form_find_choice(s->iv->form, s->list, c->code, c->len, &number))
        return 1;
    if (s->n < s->size)
        s->choices[s->n] = number;
    s->n++;
    return 1;
}

uint32_t svyi_odk_choices(svy_interview *iv, svy_place place, uint32_t *choices, uint32_t size)
{
    numbers s = { iv, svyi_item(iv, place.item)->list, choices, size, 0 };
    const svyi_offering to = { .each = keep_number, .user = &s };
    svyi_view view = { .iv = iv };

    return svyi_odk_offer(&view, place, &to, NULL) == SVY_OK ? s.n : 0;
}

/* ---- Reading an answer ---- */

/* The codes that were given; iv->value becomes those offered, in the order of the choices. */
typedef struct choosing { svy_interview *iv; const char *text; size_t len; uint32_t n; } choosing;

static int blank(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

/* 1 when a text of codes with blanks between holds a code. */
static int holds(const char *text, size_t len, const char *code, size_t code_len)
{
    for (size_t at = 0; at < len; ) {
        size_t end;
        while (at < len && blank(text[at]))
            at++;
        for (end = at; end < len && !blank(text[end]); )
            end++;
        if (end - at == code_len && code_len > 0 && memcmp(text + at, code, code_len) == 0)
            return 1;
        at = end;
    }
    return 0;
}

static void add_code(svyi_buffer *b, const char *code, size_t len)
{
    svyi_buffer_text(b, b->len > 0 ? " " : "");
    svyi_buffer_add(b, code, len);
}

static int choose(void *user, const svyi_choice *c)
{
    choosing *s = user;
    svyi_buffer *b = &s->iv->value;

    s->n++;
    if (holds(s->text, s->len, c->code, c->len) && (b->len == 0 || !holds(b->data, b->len, c->code, c->len)))
        add_code(b, c->code, c->len);
    return 1;
}

/* A code that was given and is not among those read; its length, 0 when there is none. */
static size_t left_out(const svy_interview *iv, const char *text, size_t len, const char **code)
{
    for (size_t at = 0; at < len; ) {
        size_t end;
        while (at < len && blank(text[at]))
            at++;
        for (end = at; end < len && !blank(text[end]); )
            end++;
        *code = text + at;
        if (end > at && !holds(iv->value.data, iv->value.len, text + at, end - at))
            return end - at;
        at = end;
    }
    return 0;
}

static svy_status not_offered(const char *code, size_t len, svy_error *err)
{
    return svyi_fail(err, SVY_E_VALUE, "'%.*s' is not offered here: choose one of the choices shown", len < 60 ? (int)len : 60, code);
}

/* A ranking keeps the order given, of all that are offered. */
static svy_status in_given_order(svy_interview *iv, svy_place place, const char *text, size_t len, uint32_t offered, svy_error *err)
{
    svyi_buffer *b = &iv->odk->text;
    uint32_t n = 0;

    b->len = 0;
    svyi_buffer_text(b, "");
    for (size_t at = 0; at < len; ) {
        size_t end;
        while (at < len && blank(text[at]))
            at++;
        for (end = at; end < len && !blank(text[end]); )
            end++;
        if (end > at && holds(iv->value.data, iv->value.len, text + at, end - at) && !holds(b->data, b->len, text + at, end - at)) {
            add_code(b, text + at, end - at);
            n++;
        }
        at = end;
    }
    if (n < offered && n > 0)
        return svyi_fail(err, SVY_E_VALUE, "'%s' needs all %u choices in their order", svy_form_item_id(iv->form, place.item), offered);
    iv->value.len = 0;
    svyi_buffer_add(&iv->value, b->data, b->len);
    return b->failed ? svyi_nomem(err) : SVY_OK;
}

static svy_status read_codes(svy_interview *iv, svy_place place, const char *text, size_t len, svy_error *err)
{
    const int ranking = svyi_item(iv, place.item)->type == SVY_T_RANKING;
    choosing s = { iv, text, len, 0 };
    const svyi_offering to = { .each = choose, .user = &s };
    svyi_view view = { .iv = iv };
    const char *code;
    size_t code_len;

    svy_status st = svyi_odk_offer(&view, place, &to, err);
    if (st == SVY_OK && !iv->tolerant && (code_len = left_out(iv, text, len, &code)) > 0)
        st = not_offered(code, code_len, err);
    if (st == SVY_OK && ranking)
        st = in_given_order(iv, place, text, len, s.n, err);
    return st;
}

static svy_status read_code(svy_interview *iv, svy_place place, const char *text, size_t len, svy_error *err)
{
    if (svyi_odk_offered(iv, place, text, len)) {
        svyi_buffer_add(&iv->value, text, len);
        return SVY_OK;
    }
    return iv->tolerant ? SVY_OK : not_offered(text, len, err);
}

static svy_status read_plain(svy_interview *iv, svy_place place, const char *text, size_t len, svy_error *err)
{
    if (svyi_odk_canonical(iv->form, place.item, text, len, &iv->value) == 0 && iv->value.len == 0 && len > 0 && !iv->tolerant)
        return svyi_fail(err, SVY_E_VALUE, "found '%.*s', expected %s", len < 60 ? (int)len : 60, text,
                         svyi_odk_expected((svy_type)svyi_item(iv, place.item)->type));
    return SVY_OK;
}

svy_status svyi_odk_read(svy_interview *iv, svy_place place, const char *text, size_t len, svy_error *err)
{
    const uint32_t type = svyi_item(iv, place.item)->type;
    svy_status st;

    if (len > SVYI_MAX_ANSWER)
        return svyi_fail(err, SVY_E_VALUE, "the answer has %zu bytes; at most %d", len, SVYI_MAX_ANSWER);
    if (len > 0 && !svyi_utf8_valid(text, len))
        return svyi_fail(err, SVY_E_VALUE, "found bytes that are not UTF-8");
    iv->value.len = 0;
    svyi_buffer_text(&iv->value, "");
    if (type == SVY_T_SINGLE)
        st = read_code(iv, place, text, len, err);
    else if (type == SVY_T_MULTIPLE || type == SVY_T_RANKING)
        st = read_codes(iv, place, text, len, err);
    else
        st = read_plain(iv, place, len > 0 ? text : "", len, err);
    if (st == SVY_OK && (iv->value.failed || iv->odk->text.failed))
        st = svyi_nomem(err);
    iv->value.failed = iv->odk->text.failed = 0;
    if (st == SVY_OK && iv->value.len > SVYI_MAX_ANSWER)
        st = svyi_fail(err, SVY_E_VALUE, "the answer has %zu bytes; at most %d", iv->value.len, SVYI_MAX_ANSWER);
    return st;
}
