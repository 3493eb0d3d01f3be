/* A submission as ODK's clients send it, into an interview: entries are added, values put where the form has their nodes. */
#include "base/buffer.h"
#include "base/map.h"
#include "exchange/submission/submission.h"
#include "exchange/xml/xml.h"
#include "interview/odk_value.h"
#include <string.h>

enum { PASSES = 16 };

typedef struct submission {
    svy_interview *iv;
    const svy_form *form;
    int odk;
    svyi_map items;              /* by the item around and the name of the node; in forms of our own language by id alone */
    svyi_arena arena;
    svyi_buffer key;
    unsigned char *done;         /* by number of the element: its value is there */
    uint32_t *around;            /* by item: the element around the last one that was read for it in this pass */
    uint32_t waiting;            /* elements whose entry is not there yet */
    int last;                    /* this pass is the last: what waits is told */
    svyi_xml_file file;
    const char *source;
    svy_moment now;
    svy_diags *diags;
    unsigned problems;
    svy_error *err;
} submission;

static void tell(submission *s, svy_severity severity, const svyi_xml *x, const char *element, const char *advice, const char *found)
{
    const svyi_where where = { s->source, x->line, x->column, element };
    svyi_report(s->diags, severity, SVY_E_INVALID, &where, advice, "%s", found);
    if (severity == SVY_PROBLEM && s->problems++ == 0)
        svyi_fail_at(s->err, SVY_E_INVALID, s->source, x->line, x->column, 1, "%s", found);
}

/* ---- the nodes of the form ---- */

static const char *node_name(const submission *s, uint32_t item)
{
    if (!s->odk)
        return svy_form_item_id(s->form, item);
    const svy_odk_item *o = svy_form_odk_item(s->form, item);
    return o == NULL || o->name == SVY_NAME_NONE ? "" : svy_form_name(s->form, o->name);
}

/* The nearest item around an item that has a node. */
static uint32_t node_around(const submission *s, uint32_t item)
{
    do
        item = svy_form_item(s->form, item)->parent;
    while (item != 0 && node_name(s, item)[0] == '\0');
    return item;
}

static const char *key_of(submission *s, uint32_t around, const char *name, size_t *len)
{
    s->key.len = 0;
    svyi_buffer_u32(&s->key, s->odk ? around : 0);
    svyi_buffer_text(&s->key, name);
    *len = s->key.len;
    return s->key.failed ? NULL : s->key.data;
}

static svy_status index_items(submission *s)
{
    const uint32_t n = svy_form_items(s->form);
    for (uint32_t i = 1; i < n; i++) {
        const char *name = node_name(s, i);
        size_t len;
        uint32_t item = i;
        if (name[0] == '\0')
            continue;
        const char *key = key_of(s, node_around(s, i), name, &len), *kept = key != NULL ? svyi_arena_text(&s->arena, key, len) : NULL;
        if (kept == NULL || svyi_map_add(&s->items, kept, len, &item) < 0)
            return svyi_nomem(s->err);
    }
    return SVY_OK;
}

static int find(submission *s, uint32_t around, const char *prefix, const char *name, uint32_t *item)
{
    char full[600];
    size_t len;
    const char *key;
    if (prefix != NULL && strlen(prefix) + strlen(name) + 2 <= sizeof full) {
        strcat(strcat(strcpy(full, prefix), ":"), name);
        key = key_of(s, around, full, &len);
        if (key != NULL && svyi_map_find(&s->items, key, len, item))
            return 1;
    }
    key = key_of(s, around, name, &len);
    return key != NULL && svyi_map_find(&s->items, key, len, item);
}

/* ---- values ---- */

static void add_text(svyi_buffer *out, const svyi_xml *x)
{
    for (const svyi_xml *c = x->first; c != NULL; c = c->next)
        if (c->name == NULL)
            svyi_buffer_text(out, c->text);
}

/* What our own types leave out of ODK's values: the day of a month, fractions of a second and the offset of a moment. */
static size_t shorten(const submission *s, uint32_t item, const char *text, size_t len)
{
    static const struct { svy_type type; size_t longest, seconds; } KEPT[] = { { SVY_T_MONTH, 7, 0 }, { SVY_T_TIME, 5, 3 }, { SVY_T_DATETIME, 16, 3 } };
    const svy_type type = (svy_type)svy_form_item(s->form, item)->type;
    for (size_t i = 0; i < sizeof KEPT / sizeof KEPT[0] && !s->odk; i++) {
        const size_t longest = KEPT[i].longest;
        if (KEPT[i].type == type && len > longest)
            return longest + (text[longest] == ':' && len >= longest + KEPT[i].seconds ? KEPT[i].seconds : 0);
    }
    return len;
}

/* A value that is there already need not be put. */
static int same_value(const submission *s, svy_place place, const char *text, size_t len)
{
    if (!s->odk)
        return len == 0;
    const svy_value v = svy_interview_get(s->iv, place);
    const size_t has = v.missing == SVY_PRESENT ? v.len : 0;
    return has == len && (len == 0 || memcmp(v.text, text, len) == 0);
}

/* A text of which nothing would be left as a value of its type. */
static int is_legal(submission *s, uint32_t item, const char *text, size_t len)
{
    svyi_buffer canonical;
    svyi_buffer_init(&canonical, &s->arena.alloc);
    const int made = svyi_odk_canonical(s->form, item, text, len, &canonical);
    const int left = made < 0 || canonical.len > 0;
    svyi_buffer_clear(&canonical);
    return left;
}

static svy_status put(submission *s, const svyi_xml *x, svy_place place, const char *text, size_t len)
{
    svy_error why = SVY_ERROR_INIT;
    len = shorten(s, place.item, text, len);
    if (same_value(s, place, text, len))
        return SVY_OK;
    if (s->odk && len > 0 && !is_legal(s, place.item, text, len)) {
        tell(s, SVY_PROBLEM, x, node_name(s, place.item), "correct it in the submission", "the value is none that the question can have");
        return SVY_OK;
    }
    const svy_status st = s->odk ? svy_interview_put(s->iv, place, text, len, s->now, &why)
                                 : svy_interview_answer(s->iv, place, text, len, "as it was collected", s->now, NULL, &why);
    if (st == SVY_E_VALUE || st == SVY_E_NAME || st == SVY_E_TYPE || st == SVY_E_STATE || st == SVY_E_ARG || st == SVY_E_INVALID) {
        tell(s, SVY_PROBLEM, x, node_name(s, place.item), "", why.message);
        return SVY_OK;
    }
    if (st != SVY_OK && s->err != NULL)
        *s->err = why;
    return st;
}

static svy_status put_attributes(submission *s, const svyi_xml *x, uint32_t around, uint32_t entry)
{
    svy_status st = SVY_OK;
    for (size_t i = 0; i < x->n && s->odk && st == SVY_OK; i++) {
        char name[300] = "@";
        uint32_t item;
        if (strlen(x->attributes[i].name) < sizeof name - 1 && find(s, around, NULL, strcat(name, x->attributes[i].name), &item))
            st = put(s, x, (svy_place){ item, entry }, x->attributes[i].value, strlen(x->attributes[i].value));
    }
    return st;
}

static svy_status put_leaf(submission *s, const svyi_xml *x, svy_place place)
{
    svyi_buffer text;
    svyi_buffer_init(&text, &s->arena.alloc);
    svyi_buffer_text(&text, "");
    add_text(&text, x);
    const svy_status st = text.failed ? svyi_nomem(s->err) : put(s, x, place, text.data, text.len);
    svyi_buffer_clear(&text);
    s->done[x->number] = 1;
    return st;
}

/* ---- the tree ---- */

static svy_status take_children(submission *s, const svyi_xml *x, uint32_t around, uint32_t entry);

static int has_value(const svyi_xml *x)
{
    for (const svyi_xml *c = x->first; c != NULL; c = c->next)
        if (c->name == NULL || has_value(c))
            return 1;
    return 0;
}

/* What a client adds on its own. */
static int is_meta(const svyi_xml *x)
{
    return strcmp(x->name, "meta") == 0 || (x->parent != NULL && strcmp(x->parent->name, "meta") == 0) || strncmp(x->name, "__", 2) == 0;
}

/* A node that stands beside one of ours in the XForm of a questionnaire, for ODK's clients to work with (exchange/xform/write.h): nobody answered it. */
static int is_helper(const submission *s, const char *name)
{
    static const char *const ENDINGS[] = { "_count", "_code", "_text", "_label" };
    const char *ending = strrchr(name, '_');
    uint32_t item;
    for (size_t i = 0; !s->odk && ending != NULL && i < sizeof ENDINGS / sizeof ENDINGS[0]; i++)
        if (strcmp(ending, ENDINGS[i]) == 0)
            return svy_form_find(s->form, name, (size_t)(ending - name), &item);
    return 0;
}

static void unknown_node(submission *s, const svyi_xml *x)
{
    if (s->done[x->number] || is_meta(x) || !has_value(x) || is_helper(s, x->name))
        return;
    s->done[x->number] = 1;
    tell(s, s->odk ? SVY_PROBLEM : SVY_WARNING, x, x->name, "use the version of the form that it was collected with", "the form has no such node");
}

/* 1 when no element of its name stands before it in the same place. */
static int is_first(const svyi_xml *x)
{
    const svyi_xml *c = x->parent->first;
    while (c != x && (c->name == NULL || strcmp(c->name, x->name) != 0))
        c = c->next;
    return c == x;
}

/* Whether an element stands a second time where the form has one node: taking both would lose the first value without a word. */
static int is_twin(submission *s, const svyi_xml *x, uint32_t item)
{
    const uint32_t around = x->parent->number;
    const int twin = s->odk && s->around[item] == around && has_value(x);
    s->around[item] = around;
    if (twin) {
        s->done[x->number] = 1;
        tell(s, SVY_PROBLEM, x, x->name, "keep one of them in the submission", "it stands twice, and the form has it once");
    }
    return twin;
}

/* The entry for the n-th instance of a roster; 0 when it is not there and cannot be added. */
static svy_status find_entry(submission *s, const svyi_xml *x, svy_place roster, uint32_t before, uint32_t *entry)
{
    svy_error why = SVY_ERROR_INIT;
    *entry = svy_interview_next_entry(s->iv, roster.item, roster.entry, before);
    if (*entry != 0)
        return SVY_OK;
    const svy_status st = svy_interview_add_entry(s->iv, roster, s->now, entry, &why);
    if (st == SVY_OK || st == SVY_E_STATE || st == SVY_E_ARG) {
        if (st != SVY_OK) {
            *entry = 0;
            s->waiting++;
            if (s->last && has_value(x))      /* Enketo sends empty ones of a roster that is not asked, too */
                tell(s, SVY_PROBLEM, x, x->name, "correct the number it is counted by", "there are more instances than the form counts");
        }
        return SVY_OK;
    }
    if (s->err != NULL)
        *s->err = why;
    return st;
}

/* All instances of a roster that stand beside each other; surplus entries of the interview are taken out. */
static svy_status take_roster(submission *s, const svyi_xml *first, svy_place roster)
{
    svy_status st = SVY_OK;
    uint32_t entry = 0;
    for (const svyi_xml *x = first; x != NULL && st == SVY_OK; x = x->next) {
        uint32_t next = 0;
        if (x->name == NULL || strcmp(x->name, first->name) != 0)
            continue;
        st = find_entry(s, x, roster, entry, &next);
        if (st != SVY_OK || next == 0)
            return st;
        entry = next;
        st = put_attributes(s, x, roster.item, entry);
        if (st == SVY_OK)
            st = take_children(s, x, roster.item, entry);
    }
    for (uint32_t next = 0; st == SVY_OK && (next = svy_interview_next_entry(s->iv, roster.item, roster.entry, entry)) != 0; ) {
        svy_error why = SVY_ERROR_INIT;
        if (svy_interview_remove_entry(s->iv, next, s->now, &why) != SVY_OK)
            break;                       /* a roster that counts: its number says how many */
    }
    return st;
}

static svy_status take_node(submission *s, const svyi_xml *x, uint32_t around, uint32_t entry)
{
    uint32_t item;
    if (!find(s, around, x->prefix, x->name, &item)) {
        if (s->odk || x->first == NULL || x->first->name == NULL)
            unknown_node(s, x);
        else
            return take_children(s, x, around, entry);
        return SVY_OK;
    }
    const svy_item *i = svy_form_item(s->form, item);
    if (i->kind == SVY_EL_ROSTER)
        return is_first(x) ? take_roster(s, x, (svy_place){ item, entry }) : SVY_OK;
    if (s->done[x->number] || is_twin(s, x, item))
        return SVY_OK;
    svy_status st = put_attributes(s, x, item, entry);
    if (st == SVY_OK && (i->kind == SVY_EL_SECTION || i->kind == SVY_EL_GRID))
        return take_children(s, x, item, entry);
    if (st != SVY_OK || (!s->odk && i->kind != SVY_EL_QUESTION))
        return st;
    return put_leaf(s, x, (svy_place){ item, entry });
}

/* Recursion: as deep as the file may be. */
static svy_status take_children(submission *s, const svyi_xml *x, uint32_t around, uint32_t entry)
{
    svy_status st = SVY_OK;
    for (const svyi_xml *c = x->first; c != NULL && st == SVY_OK; c = c->next)
        if (c->name != NULL)
            st = take_node(s, c, around, entry);
    return st;
}

/* ---- the whole ---- */

const char *svyi_record_attribute(const svy_form *form, const char *attribute)
{
    uint32_t n = 0;
    const svy_tree_node *nodes = svy_form_is_odk(form) && svy_form_trees(form) > 0 ? svy_form_tree(form, 0, &n) : NULL;
    for (uint32_t i = 1; i < n; i++)
        if (nodes[i].parent == 0 && strcmp(svy_form_name(form, nodes[i].name), attribute) == 0)
            return svy_form_string(form, nodes[i].text);
    return strcmp(attribute, "@id") == 0 ? svy_form_id(form) : svy_form_version(form);
}

static void check_root(submission *s)
{
    const svyi_xml *root = s->file.root;
    const char *id = svyi_xml_get(root, "id"), *version = svyi_xml_get(root, "version");
    if (svyi_xml_get(root, "encrypted") != NULL)
        tell(s, SVY_PROBLEM, root, "", "decrypt it with the private key of the form", "the submission is encrypted");
    else if (id != NULL && strcmp(id, svyi_record_attribute(s->form, "@id")) != 0)
        tell(s, SVY_PROBLEM, root, id, "choose the form that it was collected with", "it is a submission of another form");
    else if (version != NULL && strcmp(version, svyi_record_attribute(s->form, "@version")) != 0)
        tell(s, SVY_WARNING, root, version, "", "it was collected with another version of the form");
}

/* Instances that are counted come when the number they are counted by was put, perhaps behind them: so the tree is gone through until nothing waits. */
static svy_status take_all(submission *s)
{
    svy_status st = SVY_OK;
    uint32_t before = UINT32_MAX;
    for (int pass = 0; pass < PASSES && st == SVY_OK; pass++) {
        s->waiting = 0;
        memset(s->around, 0, svy_form_items(s->form) * sizeof *s->around);
        s->last = pass == PASSES - 1;
        st = take_children(s, s->file.root, 0, 0);
        if (s->waiting == 0 || s->last)
            break;
        if (s->waiting == before)
            pass = PASSES - 2;
        before = s->waiting;
    }
    return st;
}

svy_status svy_submission_read(svy_interview *iv, const char *xml, size_t len, const char *source, svy_moment now, const svy_xml_limits *limits,
                               svy_diags *diags, svy_error *err)
{
    SVY_REQUIRE(iv != NULL && (xml != NULL || len == 0), err);
    submission s = { .iv = iv, .form = svy_interview_form(iv), .source = source != NULL ? source : "submission", .now = now, .diags = diags, .err = err };
    s.odk = svy_form_is_odk(s.form);
    svyi_arena_init(&s.arena, NULL);
    svyi_map_init(&s.items, NULL);
    svyi_buffer_init(&s.key, NULL);
    svy_status st = svyi_xml_parse(&s.file, NULL, s.source, xml != NULL ? xml : "", len, "", SVYI_XML_PLAIN, limits, diags, err);
    if (st == SVY_OK && ((s.done = svyi_arena_get(&s.arena, (size_t)s.file.elements + 1)) == NULL ||
                         (s.around = svyi_arena_get(&s.arena, svy_form_items(s.form) * sizeof *s.around)) == NULL))
        st = svyi_nomem(err);
    if (st == SVY_OK)
        st = index_items(&s);
    if (st == SVY_OK)
        check_root(&s);
    if (st == SVY_OK && s.problems == 0)
        st = put_attributes(&s, s.file.root, 0, 0);
    if (st == SVY_OK && s.problems == 0)
        st = take_all(&s);
    svyi_xml_clear(&s.file);
    svyi_map_clear(&s.items);
    svyi_buffer_clear(&s.key);
    svyi_arena_clear(&s.arena);
    return st == SVY_OK && s.problems > 0 ? SVY_E_INVALID : st;
}
