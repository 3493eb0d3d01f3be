/* The interview as expressions see it: answers, entries, labels, and the clock of the last event. */
#include <string.h>

#include "base/map.h"
#include "interview/interview_priv.h"

int svyi_moment_ok(svy_moment now)
{
    const int64_t day = 86400000;

    return now.utc_ms >= -719161 * day && now.utc_ms < 2932896 * day && now.zone_minutes >= -1440 && now.zone_minutes <= 1440;
}

double svyi_local(svy_moment now)
{
    return (double)(now.utc_ms + (int64_t)now.zone_minutes * 60000) / 1000.0;
}

svy_value svyi_value_at(const svy_interview *iv, uint32_t item, uint32_t entry)
{
    const uint32_t roster = svyi_item(iv, item)->roster, at = roster != 0 ? svyi_enclosing(iv, roster, entry) : 0;

    if (at == 0 && roster != 0)
        return svy_value_missing((svy_kind)iv->plan.kind[item], SVY_NOT_ASKED);
    return svyi_cell_value(iv, item, svyi_cell_at(iv, at, item));
}

static uint64_t mix(uint64_t h, uint64_t x)
{
    h = (h ^ x) * 0x9E3779B97F4A7C15u;
    return h ^ h >> 29;
}

/* Keeps what a check reads: a fingerprint of the values, and the last question among them. */
static void watch(svyi_view *view, uint32_t item, uint32_t entry, const svy_value *value)
{
    const svy_interview *iv = view->iv;
    const uint32_t at = svyi_enclosing(iv, svyi_item(iv, item)->roster, entry);
    uint64_t bits;

    if (svyi_item(iv, item)->kind == SVY_EL_PARAMETER)
        return;                                     /* never changes while answers are given */
    memcpy(&bits, &value->number, sizeof bits);
    view->seen = mix(mix(mix(view->seen, (uint64_t)item << 32 | at), bits), (uint64_t)value->missing << 32 | value->len);
    if (value->len > 0)
        view->seen = mix(view->seen, svyi_hash(value->text, value->len));
    if (svyi_item(iv, item)->kind == SVY_EL_QUESTION && value->missing != SVY_NOT_ASKED &&
        (item > view->last.item || (item == view->last.item && at > view->last.entry)))
        view->last = (svy_place){ item, at };
}

static void env_get(void *user, uint32_t symbol, uint32_t entry, svy_value *value)
{
    svyi_view *view = user;

    *value = svyi_value_at(view->iv, symbol, entry);
    if (view->watch)
        watch(view, symbol, entry, value);
}

/* Entries that lie around the one where the rule runs contain others than its own: answers there matter to it too. */
static uint32_t env_next(void *user, uint32_t roster, uint32_t entry, uint32_t after)
{
    svyi_view *view = user;
    const svy_interview *iv = view->iv;
    const uint32_t holder = svyi_holder(iv, roster, entry);

    view->saw |= SVYI_ENTRIES;
    for (uint32_t up = view->origin; up != 0; ) {
        up = iv->entries[up].parent;
        if (up == holder)
            view->saw |= SVYI_ACROSS;
    }
    return svyi_next_inside(iv, roster, entry, after);
}

static uint32_t env_enclosing(void *user, uint32_t roster, uint32_t entry)
{
    return svyi_enclosing(((svyi_view *)user)->iv, roster, entry);
}

static uint32_t env_position(void *user, uint32_t entry)
{
    svyi_view *view = user;

    view->saw |= SVYI_POSITION;
    return view->iv->entries[entry].ordinal + 1;
}

static int text_value(const char *text, svy_value *out)
{
    *out = (svy_value){ .kind = SVY_K_TEXT, .text = text, .len = (uint32_t)strlen(text) };
    return 1;
}

static int env_label(void *user, uint32_t list, const char *code, size_t len, svy_value *text)
{
    svyi_view *view = user;
    const svy_interview *iv = view->iv;
    uint32_t choice;

    view->saw |= SVYI_LABEL;
    if (!svy_form_find_choice(iv->form, list, code, len, &choice)) {
        *text = svy_value_missing(SVY_K_TEXT, SVY_NOT_STATED);
        return 0;
    }
    return text_value(svy_form_choice_label(iv->form, list, choice, iv->s.language), text);
}

static int env_lookup(void *user, uint32_t list, const char *code, size_t len, const char *property, size_t property_len, svy_value *text)
{
    const svy_interview *iv = ((svyi_view *)user)->iv;
    uint32_t choice;

    if (property_len == 5 && memcmp(property, "label", 5) == 0)
        return env_label(user, list, code, len, text);
    if (property_len == 6 && memcmp(property, "parent", 6) == 0 && svy_form_find_choice(iv->form, list, code, len, &choice))
        return text_value(svy_form_choice(iv->form, list, choice).parent, text);
    *text = svy_value_missing(SVY_K_TEXT, SVY_NOT_STATED);
    return 0;
}

svy_env svyi_env(svyi_view *view)
{
    return (svy_env){ .user = view, .get = env_get, .next_entry = env_next, .enclosing = env_enclosing, .position = env_position,
                      .label = env_label, .lookup = env_lookup, .now = view->iv->s.now, .seed = view->iv->s.seed };
}

svy_status svyi_run(svyi_view *view, uint32_t rule, uint32_t self, uint32_t entry, svy_value *value, svy_error *err)
{
    svy_env env = svyi_env(view);

    env.self = self;
    view->origin = entry;
    return svy_code_run(view->iv->plan.rules[rule].code, &env, entry, view->iv->scratch, value, err);
}

int svyi_true(const svy_interview *iv, uint32_t rule, uint32_t self, uint32_t entry)
{
    svyi_view view = { .iv = iv };
    svy_value value;

    return svyi_run(&view, rule, self, entry, &value, NULL) == SVY_OK && value.missing == SVY_PRESENT && value.number != 0;
}
