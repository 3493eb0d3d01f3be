/* Values of leaves in ODK forms: put in place, seen, hidden while what was chosen is not offered, and told to what reads them. */
#include <string.h>

#include "base/error.h"
#include "base/map.h"
#include "interview/odk_priv.h"

const char *svyi_odk_visible(const svy_interview *iv, svy_place place, uint32_t *len)
{
    const svyi_cell *cell = svyi_cell_at(iv, place.entry, place.item);

    *len = 0;
    if ((cell->flags & SVYI_ON) == 0)
        return "";
    if (cell->shown != NULL) {
        *len = (uint32_t)strlen(cell->shown);
        return cell->shown;
    }
    *len = cell->len;
    return cell->len > 0 ? cell->at.text : "";
}

static int has_choices(const svy_interview *iv, uint32_t item)
{
    const uint32_t type = svyi_item(iv, item)->type;

    return type == SVY_T_SINGLE || type == SVY_T_MULTIPLE || type == SVY_T_RANKING;
}

void svyi_odk_queue_choices(svy_interview *iv, uint32_t item, uint32_t entry)
{
    if (has_choices(iv, item) && iv->odk->items[item]->choices != 0)
        svyi_queue_rule(iv, iv->odk->items[item]->choices, entry);
}

/* Actions at an item happen when the rules have settled. */
void svyi_odk_touched(svy_interview *iv, uint32_t item, uint32_t entry)
{
    svyi_odk *odk = iv->odk;

    for (uint32_t s = 1; odk->is_code[item] && s < iv->plan.n_items; s++)
        if (odk->items[s]->choices != 0 && svyi_item(iv, s)->list == 0 && odk->items[s]->code_name == odk->items[item]->name)
            svyi_queue_everywhere(iv, odk->items[s]->choices);
    for (uint32_t r = 1; odk->in_label[item] && r <= iv->plan.n_rules; r++)
        if ((iv->plan.rules[r].saw & SVYI_FILLED) != 0 && iv->plan.rules[r].which != SVYI_RULE_LAZY)
            svyi_queue_everywhere(iv, r);
    if (!odk->has_change[item] || !svyi_is_leaf(iv, item) || (svyi_cell_at(iv, entry, item)->flags & SVYI_SEEN) == 0)
        return;
    if (svyi_grow(&iv->alloc, &odk->changed, &odk->changed_capacity, odk->n_changed + 1, sizeof *odk->changed) != 0)
        iv->failed = 1;
    else
        odk->changed[odk->n_changed++] = (svy_place){ item, entry };
}

/* What is calculated is calculated anew when it is asked again, whatever was typed over it. */
void svyi_odk_came_back(svy_interview *iv, uint32_t item, uint32_t entry)
{
    const uint32_t rule = svyi_item(iv, item)->value;

    if (rule == 0 || !svyi_is_leaf(iv, item) || (svyi_cell_at(iv, entry, item)->flags & SVYI_LIVE) == 0 || iv->odk->settling_all)
        return;
    if ((svyi_cell_at(iv, entry, item)->flags & SVYI_RESULT) != 0) {
        svyi_cell *cell = svyi_cell_change(iv, entry, item);
        if (cell == NULL)
            return;
        cell->flags &= (uint16_t)~SVYI_RESULT;
    }
    svyi_queue_rule(iv, rule, entry);
}

/* ---- Chosen codes that are offered now ---- */

enum { FEW = 64 };

/* The codes of an answer; which of them are offered, and for a ranking what else is. */
typedef struct showing {
    const char *text; size_t len;
    int single, ranking, failed;
    size_t n;                         /* codes */
    uint8_t few[FEW], *found;
    svyi_buffer *others;
} showing;

/* The next code from `*at` on; its length, 0 at the end. */
static size_t next_code(const showing *s, size_t *at)
{
    if (s->single) {
        const size_t rest = *at == 0 ? s->len : 0;
        return rest;
    }
    while (*at < s->len && s->text[*at] == ' ')
        ++*at;
    size_t end = *at;
    while (end < s->len && s->text[end] != ' ')
        end++;
    return end - *at;
}

static int mark_offered(void *user, const svyi_choice *choice)
{
    showing *s = user;
    size_t at = 0, n, i = 0;
    int known = 0;

    for (; (n = next_code(s, &at)) > 0; at += n, i++)
        if (n == choice->len && memcmp(s->text + at, choice->code, n) == 0) {
            s->found[i] = 1;
            known = 1;
        }
    if (s->ranking && !known && choice->len > 0) {
        svyi_buffer_text(s->others, " ");
        svyi_buffer_add(s->others, choice->code, choice->len);
    }
    return 1;
}

static size_t count_codes(const showing *s)
{
    size_t at = 0, n, count = 0;

    for (; (n = next_code(s, &at)) > 0; at += n)
        count++;
    return count;
}

/* `out` becomes the codes that are offered, in their order. 1 when they are all there are. */
static int collect(const showing *s, svyi_buffer *out)
{
    size_t at = 0, n, i = 0, left = 0;

    out->len = 0;
    svyi_buffer_text(out, "");
    for (; (n = next_code(s, &at)) > 0; at += n, i++)
        if (s->found[i]) {
            svyi_buffer_text(out, out->len > 0 ? " " : "");
            svyi_buffer_add(out, s->text + at, n);
            left++;
        }
    if (s->ranking && s->others->len > 0)
        svyi_buffer_add(out, s->others->data + (out->len == 0), s->others->len - (out->len == 0));
    return left == s->n && (!s->ranking || s->others->len == 0);
}

static svy_status find_shown(svy_interview *iv, svy_place place, showing *s, int *all, svy_error *err)
{
    const svyi_offering to = { .each = mark_offered, .user = s };
    svyi_view view = { .iv = iv };

    s->others->len = 0;
    svyi_buffer_text(s->others, "");
    const svy_status st = svyi_odk_offer(&view, place, &to, err);
    if (st != SVY_OK)
        return st;
    if (iv->odk->items[place.item]->choices != 0)
        svyi_saw(iv, iv->odk->items[place.item]->choices, view.saw);
    *all = collect(s, &iv->odk->text);
    if (iv->odk->text.failed || s->others->failed) {
        iv->odk->text.failed = s->others->failed = 0;
        return svyi_nomem(err);
    }
    return SVY_OK;
}

/* Sets what is shown of the text of a cell, which is in the log. */
static svy_status update_shown(svy_interview *iv, svy_place place, svy_error *err)
{
    const svyi_cell *cell = svyi_cell_at(iv, place.entry, place.item);
    const uint32_t type = svyi_item(iv, place.item)->type;
    showing s = { .text = cell->at.text, .len = cell->len, .single = type == SVY_T_SINGLE, .ranking = type == SVY_T_RANKING, .others = &iv->odk->text_beside };
    svy_status st = SVY_OK;
    int all = 1;

    if (cell->len > 0) {
        s.n = count_codes(&s);
        s.found = s.n <= FEW ? s.few : svyi_get(&iv->alloc, s.n);
        if (s.found == NULL)
            return svyi_nomem(err);
        memset(s.found, 0, s.n);
        st = find_shown(iv, place, &s, &all, err);
        if (s.found != s.few)
            svyi_release(&iv->alloc, s.found, s.n);
    }
    if (st != SVY_OK || (all && cell->shown == NULL))
        return st;
    if (!all && cell->shown != NULL && strcmp(cell->shown, iv->odk->text.data) == 0)
        return SVY_OK;
    svyi_cell *change = svyi_cell_change(iv, place.entry, place.item);
    if (change == NULL || svyi_cell_shown(iv, change, all ? NULL : iv->odk->text.data, all ? 0 : iv->odk->text.len) != 0)
        return svyi_nomem(err);
    return SVY_OK;
}

static uint64_t visible_hash(const svy_interview *iv, svy_place place)
{
    uint32_t len;
    const char *text = svyi_odk_visible(iv, place, &len);

    return svyi_hash(text, len) + len;
}

svy_status svyi_odk_show(svy_interview *iv, svy_place place, svy_error *err)
{
    const uint64_t was = visible_hash(iv, place);

    if (!has_choices(iv, place.item))
        return SVY_OK;
    const svy_status st = update_shown(iv, place, err);
    if (st == SVY_OK && visible_hash(iv, place) != was)
        svyi_touched(iv, place.item, place.entry);
    return st;
}

/* ---- Putting ---- */

static svy_status put(svy_interview *iv, svy_place place, const svy_value *value, uint16_t flag, svy_error *err)
{
    const uint64_t was = visible_hash(iv, place);
    svyi_cell *cell = svyi_cell_change(iv, place.entry, place.item);
    svy_status st = SVY_OK;

    if (cell == NULL || svyi_cell_set(iv, place.item, cell, value) != 0)
        return svyi_nomem(err);
    cell->flags = (uint16_t)((cell->flags & ~(SVYI_PRESET | SVYI_GIVEN | SVYI_TOUCHED)) | flag);
    if (has_choices(iv, place.item))
        st = update_shown(iv, place, err);
    if (st == SVY_OK && visible_hash(iv, place) != was)
        svyi_touched(iv, place.item, place.entry);
    return st;
}

svy_status svyi_odk_put(svy_interview *iv, svy_place place, const char *text, size_t len, uint16_t flag, svy_error *err)
{
    const svy_value none = svy_value_missing(SVY_K_TEXT, SVY_NOT_REACHED);
    const svy_value value = { .kind = SVY_K_TEXT, .text = text, .len = (uint32_t)len };

    if (flag == SVYI_PRESET && svyi_item(iv, place.item)->kind != SVY_EL_QUESTION)
        flag = 0;                                      /* a proposal is for somebody to confirm */
    const uint32_t rule = svyi_item(iv, place.item)->value;
    if (flag == SVYI_GIVEN && rule != 0 && (iv->plan.rules[rule].saw & SVYI_SELF) != 0)
        svyi_queue_rule(iv, rule, place.entry);        /* once(): what is cleared is calculated anew */
    if (len > SVYI_MAX_ANSWER)
        return svyi_fail(err, SVY_E_LIMIT, "'%s' would get a text of %zu bytes; at most %d", svy_form_item_id(iv->form, place.item), len, SVYI_MAX_ANSWER);
    return put(iv, place, len > 0 ? &value : &none, len > 0 ? flag : flag == SVYI_GIVEN ? SVYI_TOUCHED : 0, err);
}

svy_status svyi_odk_missing(svy_interview *iv, svy_place place, svy_missing missing, svy_error *err)
{
    const svy_value value = svy_value_missing(SVY_K_TEXT, missing);

    return put(iv, place, &value, SVYI_GIVEN, err);
}
