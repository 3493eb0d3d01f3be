/* Range questions, whose numbers must fit each other exactly, and questions for places. */
#include "exchange/xlsform/priv.h"

#include <stdlib.h>
#include <string.h>

/* A decimal number: units of 10^-9, so that 0.6 is a multiple of 0.1. */
typedef struct decimal { int64_t units; int there; } decimal;
enum { PLACES = 9 };
#define WHOLE INT64_C(1000000000)
#define GREATEST INT64_C(1000000000)      /* before the point */

/* "12", "-1.5", "1e2". 0 when it is no number, or one too long to count with. */
static int read_decimal(const char *text, decimal *out)
{
    const char *p = text + (text[0] == '+' || text[0] == '-');
    const char *e = p + strcspn(p, "eE");
    long exponent = 0;
    int64_t value = 0;
    int point = 0, places = 0;

    *out = (decimal){ 0, 0 };
    if (!svyi_xlsform_is_number(text) || strchr("0123456789.", p[0]) == NULL)
        return 0;
    if (*e != '\0')
        exponent = strtol(e + 1, NULL, 10);
    for (; p < e; p++) {
        if (*p == '.') {
            point = 1;
            continue;
        }
        if (value > INT64_MAX / 10 - 10)
            return 0;
        value = value * 10 + (*p - '0');
        places += point;
    }
    for (long shift = PLACES - places + exponent; shift != 0 && value != 0; shift += shift > 0 ? -1 : 1) {
        if (shift < 0 && value % 10 != 0)
            return 0;
        if (shift > 0 && value > INT64_MAX / 10)
            return 0;
        value = shift > 0 ? value * 10 : value / 10;
    }
    if (value > GREATEST * WHOLE)
        return 0;
    *out = (decimal){ text[0] == '-' ? -value : value, 1 };
    return 1;
}

typedef struct range { decimal start, end, step, tick, placeholder; int64_t width; } range;

static int fault(xlsform *x, const xlsform_element *e, const char *advice, const char *name, const char *what)
{
    svyi_xlsform_problem(x, "survey", e->row, advice, "the range '%s': %s %s", e->name, name, what);
    return 0;
}

static int read_numbers(xlsform *x, const xlsform_element *e, const xlsform_dict *parameters, range *r)
{
    const struct { const char *name; decimal *to; } NUMBERS[] = {
        { "start", &r->start }, { "end", &r->end }, { "step", &r->step }, { "tick_interval", &r->tick }, { "placeholder", &r->placeholder },
    };

    for (size_t i = 0; i < sizeof NUMBERS / sizeof NUMBERS[0]; i++) {
        const char *text = svyi_xlsform_dict_text(parameters, NUMBERS[i].name);
        if (text != NULL && !read_decimal(text, NUMBERS[i].to))
            return fault(x, e, "write a number of at most 9 digits before and behind the point", NUMBERS[i].name, "is not a number");
    }
    r->width = llabs(r->end.units - r->start.units);
    return 1;
}

static int inside(const range *r, int64_t value)
{
    const int64_t low = r->start.units < r->end.units ? r->start.units : r->end.units;

    return value >= low && value <= low + r->width;
}

static int check_steps(xlsform *x, const xlsform_element *e, const range *r)
{
    if (r->step.units == 0)
        return fault(x, e, "write another number", "step", "is 0");
    if (r->step.units > r->width)
        return fault(x, e, "make it smaller", "step", "is greater than the range");
    if (r->tick.there) {
        if (r->tick.units == 0)
            return fault(x, e, "write another number", "tick_interval", "is 0");
        if (r->tick.units > r->width)
            return fault(x, e, "make it smaller", "tick_interval", "is greater than the range");
        if (r->tick.units % r->step.units != 0)
            return fault(x, e, "choose a multiple", "tick_interval", "is not a multiple of step");
    }
    if (r->placeholder.there) {
        if ((r->placeholder.units - r->start.units) % r->step.units != 0)
            return fault(x, e, "choose start plus a multiple of step", "placeholder", "is between two steps");
        if (!inside(r, r->placeholder.units))
            return fault(x, e, "choose a number in the range", "placeholder", "is outside the range");
    }
    return 1;
}

/* Labels of ticks stand at steps; a range without ticks has labels at its ends only. */
static int check_labels(xlsform *x, const xlsform_element *e, const range *r, const char *list, int no_ticks)
{
    const xlsform_choices *choices = svyi_xlsform_list(&x->choices, list, strlen(list));
    int start = 0, end = 0, others = 0;

    if (choices == NULL)
        return fault(x, e, "name a list of the sheet choices", "tick_labelset", "is not a list");
    for (const xlsform_choice *c = choices->first; c != NULL; c = c->next) {
        decimal value;
        if (!read_decimal(c->name, &value))
            return fault(x, e, "use numbers as names of the choices", "tick_labelset", "has a choice that is not a number");
        if (!inside(r, value.units))
            return fault(x, e, "leave it out", "tick_labelset", "has a choice outside the range");
        const int64_t interval = r->tick.there ? r->tick.units : r->step.units;
        if ((value.units - r->start.units) % interval != 0 || (value.units - r->start.units) % r->step.units != 0)
            return fault(x, e, "choose start plus a multiple", "tick_labelset", "has a choice where no tick is");
        start |= value.units == r->start.units;
        end |= value.units == r->end.units;
        others |= value.units != r->start.units && value.units != r->end.units;
    }
    if (no_ticks && (others || !start || !end))
        return fault(x, e, "label start and end", "tick_labelset", "must have the two ends of the range, because there are no ticks");
    return 1;
}

/* Numbers of the range go to the control. Ticks and placeholder have names of ODK there. */
static void put_control(xlsform *x, xlsform_element *e, const xlsform_dict *parameters)
{
    for (const xlsform_entry *p = parameters->first; p != NULL; p = p->next) {
        if (strcmp(p->key, "tick_labelset") == 0)
            continue;
        const char *name = strcmp(p->key, "tick_interval") == 0 ? "odk:tick-interval" : strcmp(p->key, "placeholder") == 0 ? "odk:placeholder" : p->key;
        svyi_xlsform_dict_put(x, &e->control, name, p->value.text);
    }
}

static int fraction(const decimal *d)
{
    return d->there && d->units % WHOLE != 0;
}

int svyi_xlsform_range(xlsform *x, xlsform_element *e, xlsform_dict *parameters)
{
    static const char *const ACCEPTED[] = { "end", "placeholder", "start", "step", "tick_interval", "tick_labelset", NULL };
    static const char *const STANDARD[][2] = { { "start", "1" }, { "end", "10" }, { "step", "1" } };
    const char *appearance = svyi_xlsform_dict_text(e->control, "appearance"), *labels = svyi_xlsform_dict_text(parameters, "tick_labelset");
    range r = { .width = 0 };

    if (!svyi_xlsform_accepts(x, parameters, ACCEPTED, e->row))
        return 0;
    const int ticks = labels != NULL || svyi_xlsform_dict_find(parameters, "tick_interval") != NULL || svyi_xlsform_dict_find(parameters, "placeholder") != NULL;
    if (ticks && appearance != NULL && appearance[0] != '\0' && strstr(appearance, "vertical") == NULL && strstr(appearance, "no-ticks") == NULL)
        return fault(x, e, "use the appearance vertical, no-ticks or none", appearance, "does not go with tick_interval, tick_labelset and placeholder");
    for (size_t i = 0; i < sizeof STANDARD / sizeof STANDARD[0]; i++)
        if (svyi_xlsform_dict_find(parameters, STANDARD[i][0]) == NULL)
            svyi_xlsform_dict_put(x, &parameters, STANDARD[i][0], STANDARD[i][1]);
    if (parameters == NULL || !read_numbers(x, e, parameters, &r) || !check_steps(x, e, &r))
        return 0;
    if (labels != NULL && !check_labels(x, e, &r, labels, appearance != NULL && strstr(appearance, "no-ticks") != NULL))
        return 0;
    if (fraction(&r.start) || fraction(&r.end) || fraction(&r.step) || fraction(&r.tick) || fraction(&r.placeholder))
        svyi_xlsform_dict_put(x, &e->bind, "type", "decimal");
    put_control(x, e, parameters);
    e->itemset = labels;
    return 1;
}

/* ---- places */

static int accuracy(xlsform *x, xlsform_element *e, const xlsform_dict *parameters, const char *key, const char *attribute)
{
    const char *value = svyi_xlsform_dict_text(parameters, key);

    if (value != NULL && !svyi_xlsform_is_number(value)) {
        svyi_xlsform_problem(x, "survey", e->row, "write metres as a number", "%s=%s is not a number", key, value);
        return 0;
    }
    if (value != NULL)
        svyi_xlsform_dict_put(x, &e->control, attribute, value);
    return 1;
}

int svyi_xlsform_geo(xlsform_rows *r, xlsform_element *e, const xlsform_dict *parameters)
{
    static const char *const POINT[] = { "allow-mock-accuracy", "capture-accuracy", "reference-geometry", "warning-accuracy", NULL };
    static const char *const LINE[] = { "allow-mock-accuracy", "incremental", "reference-geometry", NULL };
    const int point = strcmp(e->type, "geopoint") == 0;
    const char *mock = svyi_xlsform_dict_text(parameters, "allow-mock-accuracy"), *incremental = svyi_xlsform_dict_text(parameters, "incremental");
    xlsform *x = r->x;

    if (!svyi_xlsform_accepts(x, parameters, point ? POINT : LINE, e->row) ||
        !accuracy(x, e, parameters, "capture-accuracy", "accuracyThreshold") ||
        !accuracy(x, e, parameters, "warning-accuracy", "unacceptableAccuracyThreshold"))
        return 0;
    if (incremental != NULL && svyi_xlsform_yes_no(incremental) != 1) {
        svyi_xlsform_problem(x, "survey", e->row, "write true or leave it out", "incremental=%s is not possible", incremental);
        return 0;
    }
    if (incremental != NULL)
        svyi_xlsform_dict_put(x, &e->control, "incremental", "true");
    if (mock != NULL && strcmp(mock, "true") != 0 && strcmp(mock, "false") != 0) {
        svyi_xlsform_problem(x, "survey", e->row, "write true or false", "allow-mock-accuracy=%s is not possible", mock);
        return 0;
    }
    if (mock != NULL)
        svyi_xlsform_dict_put(x, &e->bind, "odk:allow-mock-accuracy", mock);
    e->itemset = svyi_xlsform_dict_text(parameters, "reference-geometry");
    if (e->itemset == NULL)
        return 1;
    if (svyi_grow(&x->arena.alloc, &r->geometry, &r->geometry_capacity, (size_t)r->n_geometry + 1, sizeof *r->geometry) != 0) {
        x->nomem = 1;
        return 0;
    }
    r->geometry[r->n_geometry].target = e->itemset;
    r->geometry[r->n_geometry++].row = e->row;
    return 1;
}
