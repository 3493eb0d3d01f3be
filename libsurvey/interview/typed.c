/* Values as their types: what tables, exports and front ends show of the texts that ODK forms hold. */
#include "interview/odk_priv.h"

/* Date and time as they stand there, whatever offset is behind. */
static size_t without_offset(svy_type type, size_t len)
{
    const size_t whole = type == SVY_T_DATETIME ? 19 : type == SVY_T_TIME ? 8 : len;

    return whole < len ? whole : len;
}

static svy_value code_value(const svy_interview *iv, uint32_t item, svy_value v)
{
    const uint32_t list = svyi_item(iv, item)->list;
    uint32_t choice;

    v.kind = (uint8_t)svy_type_kind((svy_type)svyi_item(iv, item)->type);
    if (v.kind == SVY_K_CODE && list != 0 && svy_form_list(iv->form, list).numeric && svy_form_find_choice(iv->form, list, v.text, v.len, &choice))
        v.number = svy_form_choice(iv->form, list, choice).number;
    return v;
}

svy_value svy_interview_typed(const svy_interview *iv, svy_place place)
{
    const svy_value v = svy_interview_get(iv, place);
    svy_value typed;

    if (!svyi_is_odk(iv) || v.kind != SVY_K_TEXT)
        return v;
    const svy_type type = (svy_type)svyi_item(iv, place.item)->type;
    const svy_kind kind = svy_type_kind(type);
    if (v.missing != SVY_PRESENT)
        return svy_value_missing(kind, (svy_missing)v.missing);
    if (kind == SVY_K_CODE || kind == SVY_K_CODES)
        return code_value(iv, place.item, v);
    if (kind == SVY_K_TEXT || svy_value_parse(type, v.text, without_offset(type, v.len), &typed, NULL) != SVY_OK)
        return kind == SVY_K_TEXT ? v : svy_value_missing(kind, SVY_NOT_STATED);
    return typed;
}
