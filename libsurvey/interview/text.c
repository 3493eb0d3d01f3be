/* Texts in the language of the interview, with the answers they mention. */
#include <string.h>

#include "interview/odk_priv.h"

typedef struct filler { const svy_interview *iv; uint32_t entry; int isolate; } filler;

/* Labels of codes, with commas between. */
static void put_labels(svyi_out *o, const svy_interview *iv, uint32_t list, const svy_value *v)
{
    const char *at = v->text, *end = v->text + v->len;
    const size_t start = o->len;

    while (at < end) {
        const char *stop = memchr(at, ' ', (size_t)(end - at));
        uint32_t choice;
        if (stop == NULL)
            stop = end;
        svyi_out_text(o, o->len > start ? ", " : "");
        if (svy_form_find_choice(iv->form, list, at, (size_t)(stop - at), &choice))
            svyi_out_text(o, svy_form_choice_label(iv->form, list, choice, iv->s.language));
        else
            svyi_out_bytes(o, at, (size_t)(stop - at));
        at = stop < end ? stop + 1 : stop;
    }
}

static size_t fill(void *user, uint32_t item, char *out, size_t size)
{
    const filler *f = user;
    svyi_out o = { out, size, 0 };

    if (item < f->iv->plan.n_items) {
        const svy_value v = svyi_value_at(f->iv, item, f->entry);
        const uint32_t list = svyi_item(f->iv, item)->list;
        if (v.missing == SVY_PRESENT && v.kind != SVY_K_NONE) {
            svyi_out_text(&o, f->isolate ? "\xE2\x81\xA8" : "");
            if (list != 0 && (v.kind == SVY_K_CODE || v.kind == SVY_K_CODES))
                put_labels(&o, f->iv, list, &v);
            else
                svyi_out_value(&o, &v);
            svyi_out_text(&o, f->isolate ? "\xE2\x81\xA9" : "");
        } else if (svyi_item(f->iv, item)->kind == SVY_EL_QUESTION) {
            svyi_out_text(&o, "\xE2\x80\xA6");      /* "How old is …?": nobody takes a hole for a name; what is worked out may be nothing on purpose */
        }
    }
    return svyi_out_end(&o);
}

static size_t nothing(char *out, size_t size)
{
    if (size > 0)
        out[0] = '\0';
    return 0;
}

size_t svy_interview_text(svy_interview *iv, svy_place place, svy_role role, int isolate, char *out, size_t size)
{
    filler f = { iv, place.entry, isolate };

    if (place.item >= iv->plan.n_items || place.entry >= iv->s.n_entries)
        return nothing(out, size);
    if (svyi_is_odk(iv))
        return svyi_odk_text(iv, place, svy_form_text(iv->form, place.item, role, iv->s.language), isolate, out, size);
    return svy_form_fill(iv->form, svy_form_text(iv->form, place.item, role, iv->s.language), fill, &f, out, size);
}

size_t svy_interview_check_text(svy_interview *iv, uint32_t check, uint32_t entry, char *out, size_t size)
{
    filler f = { iv, entry, 0 };

    if (check >= svy_form_checks(iv->form) || entry >= iv->s.n_entries)
        return nothing(out, size);
    if (svyi_is_odk(iv) && !svyi_check_place_ok(iv, check, entry))
        return nothing(out, size);
    if (svyi_is_odk(iv))
        return svyi_odk_text(iv, (svy_place){ svy_form_check(iv->form, check)->item, entry }, svy_form_check_text(iv->form, check, iv->s.language), 0, out, size);
    return svy_form_fill(iv->form, svy_form_check_text(iv->form, check, iv->s.language), fill, &f, out, size);
}
