/* The answers as canonical JSON: what a submission holds. */
#include <string.h>

#include "interview/interview_priv.h"

/* A constant text. */
#define PUT(o, text) svyi_out_bytes(o, text, sizeof text - 1)

static void key(svyi_out *o, const char *name)
{
    svyi_out_json(o, name, strlen(name));
    PUT(o, ":");
}

static void member(svyi_out *o, const char *name, const char *text)
{
    key(o, name);
    svyi_out_json(o, text, strlen(text));
}

static void put_value(svyi_out *o, const svy_value *v)
{
    char number[40];

    if (v->missing != SVY_PRESENT) {
        member(o, "missing", svy_missing_name((svy_missing)v->missing));
        return;
    }
    key(o, "value");
    if (v->kind == SVY_K_TEXT || v->kind == SVY_K_CODE || v->kind == SVY_K_CODES || v->kind == SVY_K_PLACE)
        svyi_out_json(o, v->text, v->len);
    else
        svyi_out_json(o, number, svy_value_format(v, number, sizeof number));
}

static void put_answer(svyi_out *o, const svy_interview *iv, svy_place place)
{
    const svyi_cell *cell = svyi_cell_at(iv, place.entry, place.item);
    const svy_value v = svyi_cell_value(iv, place.item, cell);
    const char *remark = svy_interview_get_remark(iv, place), *reason = svy_interview_get_reason(iv, place);

    key(o, svy_form_item_id(iv->form, place.item));
    PUT(o, "{");
    put_value(o, &v);
    if ((cell->flags & (SVYI_ON | SVYI_PRESET)) == (SVYI_ON | SVYI_PRESET))
        PUT(o, ",\"preset\":true");
    if ((cell->flags & SVYI_ON) != 0 && reason[0] != '\0') {
        PUT(o, ",");
        member(o, "reason", reason);
    }
    if (remark[0] != '\0') {
        PUT(o, ",");
        member(o, "remark", remark);
    }
    PUT(o, "}");
}

static int wanted(const svy_item *item, int sensitive)
{
    return (item->kind == SVY_EL_QUESTION || item->kind == SVY_EL_COMPUTE) && ((item->flags & SVY_ITEM_SENSITIVE) != 0) == (sensitive != 0);
}

/* "answers":{...},"rosters":{...} of an entry. Recurses once for each roster inside another. */
static void put_entry(svyi_out *o, const svy_interview *iv, uint32_t entry, int sensitive)
{
    const uint32_t roster = iv->entries[entry].roster, end = svyi_item(iv, roster)->end;
    int n = 0;

    PUT(o, "\"answers\":{");
    for (uint32_t i = roster + 1; i < end; i++) {
        const svy_item *item = svyi_item(iv, i);
        if (item->roster != roster || !wanted(item, sensitive))
            continue;
        if (n++ > 0)
            PUT(o, ",");
        put_answer(o, iv, (svy_place){ i, entry });
    }
    PUT(o, "},\"rosters\":{");
    n = 0;
    for (uint32_t i = roster + 1; i < end; i++) {
        if (svyi_item(iv, i)->roster != roster || svyi_item(iv, i)->kind != SVY_EL_ROSTER)
            continue;
        if (n++ > 0)
            PUT(o, ",");
        key(o, svy_form_item_id(iv->form, i));
        PUT(o, "[");
        for (uint32_t kid = svyi_sibling(iv, entry, i, 0, 1), first = kid; kid != 0; kid = svyi_sibling(iv, entry, i, kid, 1)) {
            svyi_out_text(o, kid != first ? ",{" : "{");
            member(o, "key", svy_interview_entry_key(iv, kid));
            PUT(o, ",");
            put_entry(o, iv, kid, sensitive);
            PUT(o, "}");
        }
        PUT(o, "]");
    }
    PUT(o, "}");
}

size_t svy_interview_json(const svy_interview *iv, int sensitive, char *out, size_t size)
{
    svyi_out o = { out, size, 0 };

    PUT(&o, "{");
    member(&o, "form", svy_form_id(iv->form));
    PUT(&o, ",");
    member(&o, "version", svy_form_version(iv->form));
    PUT(&o, ",");
    member(&o, "language", svy_form_language(iv->form, iv->s.language));
    PUT(&o, ",");
    member(&o, "outcome", svy_interview_outcome(iv));
    PUT(&o, ",");
    put_entry(&o, iv, 0, sensitive);
    PUT(&o, "}");
    return svyi_out_end(&o);
}
