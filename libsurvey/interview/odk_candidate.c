/* Candidates for a random answer in ODK forms: of what is offered, of what a range holds, and of the types that only they have. */
#include <math.h>
#include <string.h>

#include "interview/odk_priv.h"
#include "interview/random_priv.h"

/* Draws from what is offered while it is told: each of the first n with the same chance (a reservoir of `wanted`). */
enum { DRAWN = 8 };
typedef struct drawing {
    svyi_random *r;
    uint32_t n, wanted, held;
    const char *codes[DRAWN];
    uint32_t len[DRAWN];
    svyi_out all;                     /* a ranking: every code */
} drawing;

static int draw(void *user, const svyi_choice *c)
{
    drawing *d = user;
    uint32_t at = d->held;

    d->n++;
    svyi_out_text(&d->all, d->all.len > 0 ? " " : "");
    svyi_out_bytes(&d->all, c->code, c->len);
    if (d->held == d->wanted && (at = svyi_random_below(d->r, d->n)) >= d->wanted)
        return 1;
    d->held += d->held < d->wanted;
    d->codes[at] = c->code;
    d->len[at] = c->len;
    return 1;
}

static size_t drawn(svy_interview *iv, svy_place place, svyi_random *r, char *out)
{
    const uint32_t type = svyi_item(iv, place.item)->type;
    drawing d = { .r = r, .wanted = type == SVY_T_SINGLE ? 1 : 1 + svyi_random_below(r, 4), .all = { out, SVYI_CANDIDATE, 0 } };
    const svyi_offering to = { .each = draw, .user = &d };
    svyi_view view = { .iv = iv };
    size_t len = 0;

    if (svyi_odk_offer(&view, place, &to, NULL) != SVY_OK)
        return 0;
    if (type == SVY_T_RANKING)
        return d.all.len <= SVYI_CANDIDATE ? d.all.len : 0;
    for (uint32_t i = 0; i < d.held; i++) {
        if (len + d.len[i] + 1 > SVYI_CANDIDATE)
            continue;
        if (i > 0)
            out[len++] = ' ';
        memcpy(out + len, d.codes[i], d.len[i]);
        len += d.len[i];
    }
    return len;
}

static double whole(svyi_random *r, double low, double high)
{
    return low + floor(svyi_random_unit(r) * (high - low + 1));
}

static size_t point(svyi_random *r, char *out)
{
    const double latitude = whole(r, 1, 8000) / 100, longitude = whole(r, 1, 17900) / 100;
    size_t len = svyi_number_format(latitude, out);

    out[len++] = ' ';
    return len + svyi_number_format(longitude, out + len);
}

/* Points along a way; a shape goes back to the first. */
static size_t points(svyi_random *r, int closed, char *out)
{
    const size_t first = point(r, out);
    size_t len = first;

    for (uint32_t i = 0, n = 2 + svyi_random_below(r, 3); i < n; i++) {
        out[len++] = ';';
        len += point(r, out + len);
    }
    if (closed) {
        out[len++] = ';';
        memcpy(out + len, out, first);
        len += first;
    }
    return len;
}

/* A step of a range. */
static size_t step_of(const svy_interview *iv, uint32_t item, svyi_random *r, char *out)
{
    const char *low = svy_form_attribute(iv->form, item, "start"), *high = svy_form_attribute(iv->form, item, "end"),
               *step = svy_form_attribute(iv->form, item, "step");
    double a, b, by;

    if (!svyi_number_parse(low, strlen(low), &a) || !svyi_number_parse(high, strlen(high), &b) || !(a <= b))
        return 0;
    if (!svyi_number_parse(step, strlen(step), &by) || !(by > 0))
        by = 1;
    return svyi_number_format(a + by * whole(r, 0, floor((b - a) / by)), out);
}

size_t svyi_odk_candidate(svy_interview *iv, svy_place place, svyi_random *r, char *out)
{
    switch ((svy_type)svyi_item(iv, place.item)->type) {
    case SVY_T_SINGLE: case SVY_T_MULTIPLE: case SVY_T_RANKING: return drawn(iv, place, r, out);
    case SVY_T_GEOPOINT: return point(r, out);
    case SVY_T_GEOTRACE: return points(r, 0, out);
    case SVY_T_GEOSHAPE: return points(r, 1, out);
    case SVY_T_ACKNOWLEDGE: memcpy(out, "OK", 2); return 2;
    case SVY_T_INTEGER: case SVY_T_DECIMAL: return step_of(iv, place.item, r, out);
    case SVY_T_NONE: case SVY_T_TEXT: case SVY_T_DATE: case SVY_T_MONTH: case SVY_T_YEAR: case SVY_T_TIME: case SVY_T_DATETIME: case SVY_T_BOOLEAN:
    case SVY_T_PHOTO: case SVY_T_AUDIO: case SVY_T_FILE: case SVY_T_BARCODE: case SVY_T_SIGNATURE: case SVY_T_KEY: case SVY_T_VIDEO: break;
    }
    return 0;
}
