/* Choices: which are offered, in which order, and reading codes as answers. */
#include <string.h>

#include "base/error.h"
#include "interview/odk_priv.h"

static int in_time(const svy_interview *iv, const svy_choice *c)
{
    const double day = iv->s.now / 86400.0;

    return day >= c->valid_from && day < (double)c->valid_to + 1;
}

/* A rule of a choice: its own, or the question's filter. */
static int admits(const svy_interview *iv, uint32_t rule, svy_place place, const svy_choice *c)
{
    svyi_view view = { .iv = iv, .origin = place.entry };
    svy_env env = svyi_env(&view);
    const svy_value code = { .kind = SVY_K_CODE, .number = c->number, .text = c->code, .len = (uint32_t)strlen(c->code) };
    svy_value parent = { .kind = SVY_K_TEXT, .text = c->parent, .len = (uint32_t)strlen(c->parent) }, v;

    if (parent.len == 0)
        parent = svy_value_missing(SVY_K_TEXT, SVY_NOT_STATED);
    env.choice_code = &code;
    env.choice_parent = &parent;
    env.self = place.item;
    return svy_code_run(svy_form_rule(iv->form, rule).code, &env, place.entry, iv->scratch, &v, NULL) == SVY_OK &&
           v.missing == SVY_PRESENT && v.number != 0;
}

int svyi_admitted(const svy_interview *iv, svy_place place, uint32_t choice)
{
    const svy_item *item = svyi_item(iv, place.item);
    const svy_choice c = svy_form_choice(iv->form, item->list, choice);

    return (c.relevant == 0 || admits(iv, c.relevant, place, &c)) && (item->filter == 0 || admits(iv, item->filter, place, &c));
}

int svyi_offered(const svy_interview *iv, svy_place place, uint32_t choice)
{
    const svy_choice c = svy_form_choice(iv->form, svyi_item(iv, place.item)->list, choice);

    if (svyi_is_odk(iv))
        return svyi_odk_offered(iv, place, c.code, strlen(c.code));
    return in_time(iv, &c) && svyi_admitted(iv, place, choice);
}

int svyi_offers_missing(const svy_interview *iv, uint32_t list, svy_missing missing)
{
    if (list == 0)
        return 0;
    for (uint32_t i = 0, n = svy_form_list(iv->form, list).n_choices; i < n; i++)
        if (svy_form_choice(iv->form, list, i).missing == (uint32_t)missing)
            return 1;
    return 0;
}

/* ---- Order ---- */

/* "None of these", "another" and "I do not know" are not moved among the answers proper. */
static int stays_last(const svy_interview *iv, uint32_t list, uint32_t choice)
{
    const svy_choice c = svy_form_choice(iv->form, list, choice);

    return c.missing != 0 || (c.flags & (SVY_CHOICE_EXCLUSIVE | SVY_CHOICE_OTHER)) != 0;
}

/* The seed of an order: the interview's, the list and the place. The rows of a grid share one. */
static uint64_t order_seed(const svy_interview *iv, svy_place place, uint32_t list)
{
    const svy_item *item = svyi_item(iv, place.item);
    const uint32_t at = (item->flags & SVY_ITEM_ROW) != 0 ? item->parent : place.item;
    uint64_t h = iv->s.seed;

    h = (h ^ at) * 0x9E3779B97F4A7C15u;
    h = (h ^ h >> 32 ^ place.entry) * 0xC2B2AE3D27D4EB4Fu;
    return h ^ h >> 29 ^ list;
}

/* plan.order becomes the list in the order shown; returns its length. */
static uint32_t put_in_order(svy_interview *iv, svy_place place)
{
    const uint32_t list = svyi_item(iv, place.item)->list;
    const svy_list l = svy_form_list(iv->form, list);
    uint32_t *order = iv->plan.order, mobile = 0, last = 0;
    svyi_random r;

    for (uint32_t i = 0; i < l.n_choices; i++)
        if (l.order == SVY_ORDER_FIXED || !stays_last(iv, list, i))
            order[mobile++] = i;
    last = mobile;
    for (uint32_t i = 0; i < l.n_choices && l.order != SVY_ORDER_FIXED; i++)
        if (stays_last(iv, list, i))
            order[last++] = i;
    svyi_random_seed(&r, order_seed(iv, place, list));
    if (l.order == SVY_ORDER_RANDOM)
        for (uint32_t i = mobile; i > 1; i--) {
            const uint32_t k = svyi_random_below(&r, i), swap = order[i - 1];
            order[i - 1] = order[k];
            order[k] = swap;
        }
    if (l.order == SVY_ORDER_ROTATE && mobile > 1) {
        const uint32_t start = svyi_random_below(&r, mobile);
        for (uint32_t i = 0, at = 0; i < l.n_choices; i++)
            if (!stays_last(iv, list, i)) {
                order[(at + mobile - start) % mobile] = i;
                at++;
            }
    }
    return l.n_choices;
}

/* The codes as the journal holds an order that was shown. */
static void order_text(svy_interview *iv, uint32_t list, uint32_t n, svyi_buffer *text)
{
    for (uint32_t i = 0; i < n; i++) {
        svyi_buffer_text(text, i > 0 ? " " : "");
        svyi_buffer_text(text, svy_form_choice(iv->form, list, iv->plan.order[i]).code);
    }
}

int svyi_order_is(svy_interview *iv, svy_place place, const char *codes, size_t len)
{
    const uint32_t list = svyi_item(iv, place.item)->list;
    svyi_buffer text;

    svyi_buffer_init(&text, &iv->alloc);
    order_text(iv, list, put_in_order(iv, place), &text);
    const int same = !text.failed && text.len == len && (len == 0 || memcmp(text.data, codes, len) == 0);
    svyi_buffer_clear(&text);
    return same;
}

/* The order goes to the journal once, when it is first asked for. When it cannot be written, it is when it is asked for again. */
static void record_order(svy_interview *iv, svy_place place, uint32_t n)
{
    const uint32_t list = svyi_item(iv, place.item)->list;
    svyi_buffer text;

    if (iv->s.phase != SVY_OPEN || iv->s.sequence == 0 || (svyi_cell_at(iv, place.entry, place.item)->flags & SVYI_ORDERED) != 0)
        return;
    svyi_buffer_init(&text, &iv->alloc);
    order_text(iv, list, n, &text);
    if (!text.failed && svyi_change_begin(iv, iv->s.moment, NULL) == SVY_OK) {
        svyi_cell *cell = svyi_cell_change(iv, place.entry, place.item);
        if (cell != NULL)
            cell->flags |= SVYI_ORDERED;
        const svy_status st = svyi_change_end_text(iv, SVY_DID_ORDER, place, text.data != NULL ? text.data : "", text.len, "", NULL);
        (void)st;                                     /* then the flag is not set either */
    }
    svyi_buffer_clear(&text);
}

uint32_t svy_interview_choices(svy_interview *iv, svy_place place, uint32_t *choices, uint32_t size)
{
    uint32_t found = 0;

    if (!svyi_place_ok(iv, place) || svyi_item(iv, place.item)->list == 0)
        return 0;
    if (svyi_is_odk(iv))
        return svyi_odk_choices(iv, place, choices, size);
    const uint32_t n = put_in_order(iv, place);
    if (svy_form_list(iv->form, svyi_item(iv, place.item)->list).order != SVY_ORDER_FIXED)
        record_order(iv, place, n);
    for (uint32_t i = 0; i < n; i++)
        if (svyi_offered(iv, place, iv->plan.order[i])) {
            if (found < size)
                choices[found] = iv->plan.order[i];
            found++;
        }
    return found;
}

typedef struct telling { const svy_offer *to; } telling;

static int tell(void *user, const svyi_choice *c)
{
    const telling *t = user;

    t->to->choice(t->to->user, &(svy_offered){ c->number, c->code, c->label, c->text });
    return 1;
}

svy_status svy_interview_offer(svy_interview *iv, svy_place place, const svy_offer *to, svy_error *err)
{
    SVY_REQUIRE(iv != NULL && to != NULL && to->choice != NULL, err);
    if (!svyi_place_ok(iv, place))
        return svyi_fail(err, SVY_E_ARG, "there is no item %u in entry %u", place.item, place.entry);
    const uint32_t list = svyi_item(iv, place.item)->list, n = list != 0 ? svy_form_list(iv->form, list).n_choices : 0;
    if (svyi_is_odk(iv)) {
        telling t = { to };
        const svyi_offering each = { .each = tell, .user = &t, .labels = 1 };
        svyi_view view = { .iv = iv };
        return svyi_odk_offer(&view, place, &each, err);
    }
    uint32_t *choices = svyi_get(&iv->alloc, (n > 0 ? n : 1) * sizeof *choices);
    if (choices == NULL)
        return svyi_nomem(err);
    for (uint32_t i = 0, found = svy_interview_choices(iv, place, choices, n); i < found; i++)
        to->choice(to->user, &(svy_offered){ choices[i], svy_form_choice(iv->form, list, choices[i]).code,
                                             svy_form_choice_label(iv->form, list, choices[i], iv->s.language), NULL });
    svyi_release(&iv->alloc, choices, (n > 0 ? n : 1) * sizeof *choices);
    return SVY_OK;
}

/* ---- Reading codes ---- */

typedef struct reading { uint32_t list, n, exclusive, missing; int strict; } reading;   /* exclusive: 1 + the choice; missing: of a choice */

static int blank(char c)
{
    return c == ' ' || c == ',' || c == '\t' || c == '\n' || c == '\r';
}

static svy_status read_code(svy_interview *iv, svy_place place, reading *r, const char *code, size_t len, svy_error *err)
{
    uint32_t choice;
    const int shown = len < 60 ? (int)len : 60;

    if (!svy_form_find_choice(iv->form, r->list, code, len, &choice))
        return svyi_fail(err, SVY_E_VALUE, "'%.*s' is not among the choices of '%s'", shown, code, svy_form_item_id(iv->form, place.item));
    if (r->strict && !svyi_offered(iv, place, choice))
        return svyi_fail(err, SVY_E_VALUE, "'%.*s' is not offered here: choose one of the choices shown", shown, code);
    const svy_choice c = svy_form_choice(iv->form, r->list, choice);
    if (iv->plan.mark[choice] != 0) {
        if (svyi_item(iv, place.item)->type == SVY_T_RANKING)
            return svyi_fail(err, SVY_E_VALUE, "'%.*s' is ranked twice: give each code once", shown, code);
        return SVY_OK;
    }
    iv->plan.mark[choice] = 1;
    iv->plan.order[r->n++] = choice;
    if ((c.flags & SVY_CHOICE_EXCLUSIVE) != 0)
        r->exclusive = choice + 1;
    if (c.missing != 0) {
        r->missing = c.missing;
        r->exclusive = choice + 1;
    }
    return SVY_OK;
}

static svy_status read_all(svy_interview *iv, svy_place place, reading *r, const char *text, size_t len, svy_error *err)
{
    for (size_t at = 0, stop; at < len; at = stop) {
        while (at < len && blank(text[at]))
            at++;
        for (stop = at; stop < len && !blank(text[stop]); )
            stop++;
        if (stop == at)
            break;
        const svy_status st = read_code(iv, place, r, text + at, stop - at, err);
        if (st != SVY_OK)
            return st;
    }
    return SVY_OK;
}

/* iv->value becomes the codes with single blanks: chosen order for a ranking, list order otherwise. */
static svy_status write_codes(svy_interview *iv, const reading *r, int ranking, svy_value *value, svy_error *err)
{
    svyi_buffer *b = &iv->value;

    b->len = 0;
    for (uint32_t i = 0, end = ranking ? r->n : svy_form_list(iv->form, r->list).n_choices; i < end; i++) {
        const uint32_t choice = ranking ? iv->plan.order[i] : i;
        if (iv->plan.mark[choice] == 0)
            continue;
        svyi_buffer_text(b, b->len > 0 ? " " : "");
        svyi_buffer_text(b, svy_form_choice(iv->form, r->list, choice).code);
    }
    if (b->failed) {
        b->failed = 0;
        return svyi_nomem(err);
    }
    if (b->len > SVYI_MAX_ANSWER)
        return svyi_fail(err, SVY_E_VALUE, "the answer has %zu bytes; at most %d", b->len, SVYI_MAX_ANSWER);
    *value = (svy_value){ .kind = SVY_K_CODES, .text = b->data, .len = (uint32_t)b->len };
    return SVY_OK;
}

static svy_status one_code(svy_interview *iv, const reading *r, svy_value *value)
{
    const svy_choice c = svy_form_choice(iv->form, r->list, iv->plan.order[0]);

    *value = (svy_value){ .kind = SVY_K_CODE, .text = c.code, .len = (uint32_t)strlen(c.code),
                          .number = svy_form_list(iv->form, r->list).numeric ? c.number : 0 };
    return SVY_OK;
}

svy_status svyi_codes_read(svy_interview *iv, svy_place place, const char *text, size_t len, int strict, svy_value *value, svy_error *err)
{
    const svy_item *item = svyi_item(iv, place.item);
    const int single = item->type == SVY_T_SINGLE;
    reading r = { .list = item->list, .strict = strict };
    svy_status st = read_all(iv, place, &r, text, len, err);

    if (st == SVY_OK && r.n == 0)
        st = svyi_fail(err, SVY_E_VALUE, "found no code, expected %s", single ? "one" : "one or more with blanks or commas between them");
    else if (st == SVY_OK && single && r.n > 1)
        st = svyi_fail(err, SVY_E_VALUE, "found %u codes, expected one", r.n);
    else if (st == SVY_OK && r.exclusive != 0 && r.n > 1)
        st = svyi_fail(err, SVY_E_VALUE, "'%s' cannot be given together with other choices: give it alone, or leave it out",
                       svy_form_choice(iv->form, r.list, r.exclusive - 1).code);
    else if (st == SVY_OK && r.missing != 0)
        *value = svy_value_missing(svy_type_kind((svy_type)item->type), (svy_missing)r.missing);
    else if (st == SVY_OK)
        st = single ? one_code(iv, &r, value) : write_codes(iv, &r, item->type == SVY_T_RANKING, value, err);
    for (uint32_t i = 0; i < r.n; i++)
        iv->plan.mark[iv->plan.order[i]] = 0;
    return st;
}
