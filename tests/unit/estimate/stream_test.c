/* Estimates from rows that come in pieces are those from all rows at once, for every design, statistic and size of a piece. */
#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <survey/stream.h>

enum { ROWS = 3000 };

static uint64_t state;
static double unit(void)          /* splitmix64 */
{
    uint64_t z = (state += 0x9e3779b97f4a7c15u);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return (double)((z ^ (z >> 31)) >> 11) * 0x1p-53;
}

/* ---- data ---- */

static const char *const COLOURS[] = { "blue", "green", "red", "yellow" };
static const char *const REGIONS[] = { "east", "north", "south", "west" };

static void numbers(svy_frame *f, const char *name, double *x, uint8_t *missing)
{
    svy_error err = SVY_ERROR_INIT;
    cr_assert(svy_frame_add_numbers(f, name, SVY_T_DECIMAL, x, missing, &err) == SVY_OK, "%s", err.message);
}

static void factor(svy_frame *f, const char *name, uint32_t *codes, const char *const *levels, uint32_t n)
{
    svy_error err = SVY_ERROR_INIT;
    cr_assert(svy_frame_add_factor(f, name, SVY_T_TEXT, codes, NULL, levels, NULL, n, &err) == SVY_OK, "%s", err.message);
}

/* Strata s (2 to 5 PSUs each, one of them alone), clusters c unique and k starting again, weights w with zeros, n PSUs in the population. */
static svy_frame *make_data(void)
{
    svy_error err = SVY_ERROR_INIT;
    svy_frame *f;
    cr_assert(svy_frame_new(NULL, ROWS, &f, &err) == SVY_OK);
    double *w = svy_frame_get(f, ROWS, sizeof *w), *y = svy_frame_get(f, ROWS, sizeof *y), *x = svy_frame_get(f, ROWS, sizeof *x);
    double *c = svy_frame_get(f, ROWS, sizeof *c), *k = svy_frame_get(f, ROWS, sizeof *k), *n = svy_frame_get(f, ROWS, sizeof *n);
    double *q = svy_frame_get(f, ROWS, sizeof *q), *lone = svy_frame_get(f, ROWS, sizeof *lone), *big = svy_frame_get(f, ROWS, sizeof *big);
    uint32_t *s = svy_frame_get(f, ROWS, sizeof *s), *g = svy_frame_get(f, ROWS, sizeof *g);
    uint8_t *gone = svy_frame_get(f, ROWS, 1);
    state = 4711;
    for (size_t i = 0; i < ROWS; i++) {
        s[i] = (uint32_t)(unit() * 4);
        k[i] = floor(unit() * (5 - s[i])) + 1;
        c[i] = 10 * s[i] + k[i];
        lone[i] = c[i] > 30 ? 77 : s[i];
        n[i] = 12000 + s[i];
        w[i] = unit() < 0.05 ? 0 : 5 + 10 * unit() + s[i];
        g[i] = i < 400 ? 1 : (uint32_t)(unit() * 4);      /* other levels come late */
        y[i] = 1000 + 10 * unit() + c[i] + g[i];
        x[i] = 50 + unit();
        big[i] = 1e9 + unit();
        q[i] = floor(unit() * unit() * 6) * 0.5;
        gone[i] = unit() < 0.04 ? SVY_NOT_STATED : SVY_PRESENT;
    }
    numbers(f, "w", w, NULL);
    numbers(f, "y", y, NULL);
    numbers(f, "x", x, gone);
    numbers(f, "c", c, NULL);
    numbers(f, "k", k, NULL);
    numbers(f, "n", n, NULL);
    numbers(f, "q", q, NULL);
    numbers(f, "lone", lone, NULL);
    numbers(f, "big", big, NULL);
    factor(f, "s", s, REGIONS, 4);
    factor(f, "g", g, COLOURS, 4);
    return f;
}

/* Rows from .. from+rows-1, with the levels that occur there. */
static svy_frame *slice(const svy_frame *f, size_t from, size_t rows)
{
    svy_error err = SVY_ERROR_INIT;
    svy_frame *out;
    cr_assert(svy_frame_new(NULL, rows, &out, &err) == SVY_OK);
    for (size_t j = 0; j < svy_frame_columns(f); j++) {
        const svy_column *c = svy_frame_column(f, j);
        if (c->numbers != NULL) {
            double *x = svy_frame_get(out, rows, sizeof *x);
            uint8_t *gone = c->missing != NULL ? svy_frame_get(out, rows, 1) : NULL;
            memcpy(x, c->numbers + from, rows * sizeof *x);
            if (gone != NULL)
                memcpy(gone, c->missing + from, rows);
            numbers(out, c->name, x, gone);
            continue;
        }
        uint32_t *codes = svy_frame_get(out, rows, sizeof *codes), map[8], used = 0;
        const char *levels[8];
        for (uint32_t l = 0; l < c->n_levels; l++) {
            map[l] = UINT32_MAX;
            for (size_t i = from; i < from + rows; i++)
                if (c->codes[i] == l && map[l] == UINT32_MAX) {
                    map[l] = used;
                    levels[used++] = c->levels[l];
                }
        }
        for (size_t i = 0; i < rows; i++)
            codes[i] = map[c->codes[from + i]];
        factor(out, c->name, codes, levels, used);
    }
    return out;
}

/* ---- cases ---- */

typedef struct plan { const char *weights, *strata, *clusters, *fpc; int nest; svy_lonely_psu lonely; } plan;
static const plan PLANS[] = {
    { "w", "s", "c", NULL, 0, SVY_LONELY_FAIL },         { "w", NULL, "c", NULL, 0, SVY_LONELY_FAIL },
    { "w", "s", "k", "n", 1, SVY_LONELY_FAIL },          { NULL, "s", "c", "n", 0, SVY_LONELY_FAIL },
    { "w", "s", NULL, "n", 0, SVY_LONELY_FAIL },         { NULL, "s", NULL, "n", 0, SVY_LONELY_FAIL },
    { "w", NULL, NULL, NULL, 0, SVY_LONELY_FAIL },       { NULL, NULL, NULL, NULL, 0, SVY_LONELY_FAIL },
    { "w", "lone", "lone", NULL, 0, SVY_LONELY_ADJUST }, { "w", "lone", "c", NULL, 0, SVY_LONELY_AVERAGE },
    { "w", "lone", "c", NULL, 0, SVY_LONELY_CERTAINTY },
};

typedef struct question { svy_statistic statistic; const char *variables[2]; const char *by[2]; const char *where; int covariance; svy_deff deff; } question;
static const question QUESTIONS[] = {
    { SVY_STAT_MEAN, { "y", "x" }, { NULL, NULL }, NULL, 0, SVY_DEFF_WITHOUT },
    { SVY_STAT_MEAN, { "y", "x" }, { "g", NULL }, NULL, 1, SVY_DEFF_REPLACE },
    { SVY_STAT_MEAN, { "big", "g" }, { "q", NULL }, "x > 50.2", 0, SVY_DEFF_NONE },
    { SVY_STAT_TOTAL, { "y", "g" }, { "g", "q" }, NULL, 0, SVY_DEFF_WITHOUT },
    { SVY_STAT_TOTAL, { "x", NULL }, { NULL, NULL }, "y < 1012", 1, SVY_DEFF_NONE },
    { SVY_STAT_RATIO, { "y/x", "x/y" }, { "s", NULL }, NULL, 1, SVY_DEFF_WITHOUT },
    { SVY_STAT_RATIO, { "y/x", NULL }, { NULL, NULL }, "q = 1", 0, SVY_DEFF_NONE },
    { SVY_STAT_PROPORTION, { "g", "q" }, { "s", NULL }, NULL, 0, SVY_DEFF_NONE },
    { SVY_STAT_PROPORTION, { "q", NULL }, { NULL, NULL }, NULL, 1, SVY_DEFF_NONE },
    { SVY_STAT_TABLE, { "g", "q" }, { NULL, NULL }, NULL, 1, SVY_DEFF_NONE },
    { SVY_STAT_TABLE, { "q", "s" }, { "g", NULL }, "y < 1030", 0, SVY_DEFF_WITHOUT },
};
enum { N_PLANS = sizeof PLANS / sizeof PLANS[0], N_QUESTIONS = sizeof QUESTIONS / sizeof QUESTIONS[0] };

static void set_design(svy_design_spec *d, const plan *p)
{
    d->weights = p->weights;
    d->strata = &p->strata;
    d->n_strata = p->strata != NULL;
    d->clusters = &p->clusters;
    d->n_clusters = p->clusters != NULL;
    d->fpc = &p->fpc;
    d->n_fpc = p->fpc != NULL;
    d->nest = p->nest;
    d->lonely = p->lonely;
}

static void set_question(svy_estimate_spec *e, const question *q)
{
    e->statistic = q->statistic;
    e->variables = q->variables;
    e->n_variables = q->variables[1] != NULL ? 2 : 1;
    e->by = q->by;
    e->n_by = q->by[1] != NULL ? 2 : q->by[0] != NULL;
    e->where = q->where;
    e->covariance = q->covariance;
    e->deff = q->deff;
}

static void near(double a, double b, double scale, const char *what, size_t row)
{
    if ((isnan(a) && isnan(b)) || a == b)
        return;
    cr_expect(fabs(a - b) <= 1e-12 * fmax(scale, fmax(fabs(a), fabs(b))), "%s of row %zu: %.17g and %.17g", what, row, a, b);
}

/* `exact`: to the last bit. */
static void compare(const svy_estimates *a, const svy_estimates *b, int exact)
{
    cr_assert_eq(svy_estimates_count(a), svy_estimates_count(b));
    cr_expect_eq(svy_estimates_left_out(a), svy_estimates_left_out(b));
    for (size_t i = 0; i < svy_estimates_count(a); i++) {
        const svy_estimate_row *x = svy_estimates_row(a, i), *y = svy_estimates_row(b, i);
        cr_expect_str_eq(x->variable, y->variable);
        cr_expect_str_eq(x->level, y->level);
        for (size_t k = 0; k < svy_estimates_by_count(a); k++)
            cr_expect_str_eq(x->by[k], y->by[k]);
        cr_expect_eq(x->n, y->n);
        cr_expect_eq(x->missing, y->missing);
        cr_expect_eq(x->df, y->df);
        if (exact)
            cr_expect(x->estimate == y->estimate && (x->se == y->se || isnan(x->se)), "row %zu: %.17g %.17g", i, x->se, y->se);
        near(x->estimate, y->estimate, 0, "estimate", i);
        near(x->se, y->se, 0, "standard error", i);
        near(x->deff, y->deff, 1e-2, "deff", i);
        for (size_t j = 0; j < svy_estimates_count(a); j += 3)
            near(svy_estimates_covariance(a, i, j), svy_estimates_covariance(b, i, j), x->se * svy_estimates_row(a, j)->se, "covariance", i);
    }
}

/* Streams the rows in pieces of `size`; the number of rows at hand grows when it is 0. */
static svy_status stream(const svy_frame *f, const svy_design_spec *d, const svy_estimate_spec *e, size_t size, svy_estimates **out, svy_error *err)
{
    svy_stream *s;
    svy_status st = svy_stream_new(NULL, d, e, &s, err);
    for (size_t at = 0, n = size; st == SVY_OK && at < svy_frame_rows(f); at += n) {
        n = size > 0 ? size : at / 2 + 1;
        if (n > svy_frame_rows(f) - at)
            n = svy_frame_rows(f) - at;
        svy_frame *piece = slice(f, at, n);
        st = svy_stream_add(s, piece, err);
        svy_frame_free(piece);
    }
    if (st == SVY_OK)
        st = svy_stream_finish(s, out, err);
    svy_stream_free(s);
    return st;
}

static int mixed(const question *q)       /* covariances with a factor among several variables */
{
    return q->covariance && q->variables[1] != NULL && q->statistic != SVY_STAT_RATIO && q->statistic != SVY_STAT_TABLE && q->variables[1][0] == 'g';
}

ParameterizedTestParameters(stream, pieces)
{
    static int index[N_PLANS];
    for (int i = 0; i < N_PLANS; i++)
        index[i] = i;
    return cr_make_param_array(int, index, N_PLANS);
}

ParameterizedTest(int *index, stream, pieces)
{
    static const size_t SIZES[] = { 0, 37, 1000, ROWS };
    svy_frame *f = make_data();
    svy_design_spec ds = SVY_DESIGN_INIT;
    svy_error err = SVY_ERROR_INIT;
    svy_design *d;
    set_design(&ds, &PLANS[*index]);
    cr_assert(svy_design_new(NULL, f, &ds, &d, &err) == SVY_OK, "%s", err.message);
    for (size_t k = 0; k < N_QUESTIONS; k++) {
        svy_estimate_spec es = SVY_ESTIMATE_INIT;
        svy_estimates *whole, *pieces;
        if (mixed(&QUESTIONS[k]))
            continue;
        set_question(&es, &QUESTIONS[k]);
        cr_assert(svy_estimate(NULL, f, d, &es, &whole, &err) == SVY_OK, "question %zu: %s", k, err.message);
        for (size_t i = 0; i < sizeof SIZES / sizeof SIZES[0]; i++) {
            cr_assert(stream(f, &ds, &es, SIZES[i], &pieces, &err) == SVY_OK, "question %zu: %s", k, err.message);
            compare(whole, pieces, SIZES[i] == ROWS && PLANS[*index].weights != NULL);
            svy_estimates_free(pieces);
        }
        svy_estimates_free(whole);
    }
    svy_design_free(d);
    svy_frame_free(f);
}

/* ---- unhappy paths: the messages are those of the whole, with rows counted over all pieces ---- */

typedef struct fault { const char *weights, *strata, *clusters, *fpc, *variable, *by, *where; int complete; } fault;
static const fault FAULTS[] = {
    { "x", NULL, NULL, NULL, "y", NULL, NULL, 0 },      { "s", NULL, NULL, NULL, "y", NULL, NULL, 0 },     { "w", "s", "k", NULL, "y", NULL, NULL, 0 },
    { "w", NULL, NULL, "n", "y", NULL, NULL, 0 },       { "w", NULL, NULL, "q", "y", NULL, NULL, 0 },      { "w", NULL, "c", NULL, "z", NULL, NULL, 0 },
    { "w", NULL, "c", NULL, "y", "z", NULL, 0 },        { "w", "z", "c", NULL, "y", NULL, NULL, 0 },       { "w", NULL, "c", NULL, "y", NULL, "y < 0", 0 },
    { "w", NULL, "c", NULL, "y", NULL, "y <", 0 },      { "w", NULL, "c", NULL, "x", NULL, NULL, 1 },      { "w", "lone", "lone", NULL, "y", NULL, NULL, 0 },
};

static svy_status ask(const svy_frame *f, const fault *x, int pieces, svy_error *err)
{
    const plan p = { x->weights, x->strata, x->clusters, x->fpc, 0, SVY_LONELY_FAIL };
    svy_design_spec ds = SVY_DESIGN_INIT;
    svy_estimate_spec es = SVY_ESTIMATE_INIT;
    svy_design *d = NULL;
    svy_estimates *e = NULL;
    set_design(&ds, &p);
    es.variables = &x->variable;
    es.n_variables = 1;
    es.by = &x->by;
    es.n_by = x->by != NULL;
    es.where = x->where;
    es.fail_missing = x->complete;
    svy_status st = pieces ? stream(f, &ds, &es, 100, &e, err) : svy_design_new(NULL, f, &ds, &d, err);
    if (!pieces && st == SVY_OK)
        st = svy_estimate(NULL, f, d, &es, &e, err);
    svy_estimates_free(e);
    svy_design_free(d);
    return st;
}

Test(stream, messages_are_those_of_the_whole)
{
    svy_frame *f = make_data();
    for (size_t i = 0; i < sizeof FAULTS / sizeof FAULTS[0]; i++) {
        svy_error one = SVY_ERROR_INIT, two = SVY_ERROR_INIT;
        svy_status whole = ask(f, &FAULTS[i], 0, &one), pieces = ask(f, &FAULTS[i], 1, &two);
        cr_expect(whole != SVY_OK, "case %zu", i);
        cr_expect_eq(whole, pieces, "case %zu: %s", i, two.message);
        cr_expect_str_eq(one.message, two.message, "case %zu: '%s', '%s'", i, one.message, two.message);
    }
    svy_frame_free(f);
}

Test(stream, what_needs_all_rows_says_so)
{
    static const char *const TWO[] = { "c", "y" }, *const BOTH[] = { "y", "g" };
    svy_design_spec ds = SVY_DESIGN_INIT;
    svy_estimate_spec es = SVY_ESTIMATE_INIT;
    svy_error err = SVY_ERROR_INIT;
    svy_estimates *e = NULL;
    es.variables = BOTH;
    es.n_variables = 2;
    ds.clusters = ds.fpc = TWO;
    ds.n_clusters = ds.n_fpc = 2;
    cr_expect_eq(svy_stream_possible(&ds, &es, &err), SVY_E_STATE);
    ds.n_fpc = 0;
    cr_expect_eq(svy_stream_possible(&ds, &es, &err), SVY_OK);
    ds.replicates.type = SVY_REPLICATE_JK1;
    cr_expect_eq(svy_stream_possible(&ds, &es, &err), SVY_E_STATE);
    ds.replicates.type = SVY_REPLICATE_NONE;
    ds.n_clusters = 1;
    es.covariance = 1;
    svy_frame *f = make_data();
    cr_expect_eq(stream(f, &ds, &es, 500, &e, &err), SVY_E_STATE);
    cr_expect(e == NULL);
    svy_frame_free(f);
}

Test(stream, no_rows_are_an_error)
{
    static const char *const Y = "y";
    svy_design_spec ds = SVY_DESIGN_INIT;
    svy_estimate_spec es = SVY_ESTIMATE_INIT;
    svy_error err = SVY_ERROR_INIT;
    svy_stream *s;
    svy_estimates *e;
    es.variables = &Y;
    es.n_variables = 1;
    cr_assert(svy_stream_new(NULL, &ds, &es, &s, &err) == SVY_OK);
    cr_expect_eq(svy_stream_finish(s, &e, &err), SVY_E_VALUE);
    cr_expect(e == NULL);
    svy_stream_free(s);
}
