/* Multiple response: shares of cases, shares of answers and counts as one estimator. */
#include <survey/multiple.h>

#include <math.h>
#include <string.h>

#include "base/error.h"
#include "estimate/request.h"

enum { ANSWERS_MAX = 1000, KINDS = 3 };

/* Outputs: cases of all answers, then answers, then counts. */
typedef struct multiple {
    svyi_request *request;
    size_t answers;
    int all;                           /* every row is a case */
    const uint32_t *codes;             /* a set: level by row; NULL: columns */
    uint32_t *given, *given_start;     /* by level: the answers in it */
    const char **names, **levels;      /* by output */
    double *cases, *total, *theta;     /* by domain: weights of cases and of answers; all estimates */
} multiple;

/* ---- the answers of a row ---- */

/* Numbers of the answers of a row in `out`, which has room for all. */
static size_t answers_of(const multiple *m, size_t row, uint32_t *out)
{
    size_t n = 0;
    if (m->codes != NULL) {
        uint32_t level = m->codes[row];
        n = m->given_start[level + 1] - m->given_start[level];
        memcpy(out, m->given + m->given_start[level], n * sizeof *out);
        return n;
    }
    for (size_t k = 0; k < m->answers; k++)
        if (m->request->plan.variables[k].numbers[row] != 0)
            out[n++] = (uint32_t)k;
    return n;
}

/* ---- sets as texts ---- */

typedef struct code { const char *text; size_t len; } code;

/* Spaces around a code do not belong to it. @return its length, 0 at the end */
static size_t next_code(const char **at, const char *separators, code *out)
{
    while (**at != '\0' && (**at == ' ' || strchr(separators, **at) != NULL))
        ++*at;
    *out = (code){ *at, strcspn(*at, separators) };
    *at += out->len;
    while (out->len > 0 && out->text[out->len - 1] == ' ')
        out->len--;
    return out->len;
}

static size_t find_code(const code *codes, size_t n, code c)
{
    size_t k = 0;
    while (k < n && !(codes[k].len == c.len && memcmp(codes[k].text, c.text, c.len) == 0))
        k++;
    return k;
}

static size_t count_codes(const svyi_factor *f, const char *separators)
{
    size_t n = 0;
    code c;
    for (uint32_t l = 0; l < f->n_levels; l++)
        for (const char *at = f->levels[l]; next_code(&at, separators, &c) > 0;)
            n++;
    return n;
}

/* Adds an answer to a level, unless the level has it already. */
static void give(multiple *m, uint32_t level, uint32_t answer, uint32_t *used)
{
    for (uint32_t k = m->given_start[level]; k < *used; k++)
        if (m->given[k] == answer)
            return;
    m->given[(*used)++] = answer;
}

static svy_status read_sets(multiple *m, const svyi_factor *f, const char *separators, code *codes)
{
    uint32_t used = 0;
    code c;
    for (uint32_t l = 0; l < f->n_levels; l++) {
        m->given_start[l] = used;
        for (const char *at = f->levels[l]; next_code(&at, separators, &c) > 0;) {
            size_t k = find_code(codes, m->answers, c);
            if (k == ANSWERS_MAX)
                return svyi_fail(m->request->err, SVY_E_LIMIT, "'%s' holds more than %d different answers", m->request->plan.variables[0].name,
                                 ANSWERS_MAX);
            codes[k] = c;
            m->answers += k == m->answers;
            give(m, l, (uint32_t)k, &used);
        }
    }
    m->given_start[f->n_levels] = used;
    m->codes = f->codes;
    return SVY_OK;
}

static svy_status set_texts(multiple *m, const code *codes)
{
    svyi_arena *arena = &m->request->e->arena;
    size_t outputs = KINDS * m->answers;
    m->names = svyi_arena_get(arena, (outputs + 1) * sizeof *m->names);
    m->levels = svyi_arena_get(arena, (outputs + 1) * sizeof *m->levels);
    if (m->names == NULL || m->levels == NULL)
        return svyi_nomem(m->request->err);
    for (size_t k = 0; k < m->answers; k++) {
        const char *level = codes != NULL ? svyi_arena_text(arena, codes[k].text, codes[k].len) : "";
        if (level == NULL)
            return svyi_nomem(m->request->err);
        for (size_t kind = 0; kind < KINDS; kind++) {
            m->names[kind * m->answers + k] = m->request->plan.variables[codes != NULL ? 0 : k].name;
            m->levels[kind * m->answers + k] = level;
        }
    }
    return SVY_OK;
}

/* 1 and 2 for yes and no would otherwise count as given, both. */
static svy_status check_column(const svyi_request *r, const svyi_variable *v)
{
    if (v->numbers == NULL)
        return svyi_fail(r->err, SVY_E_TYPE, "'%s' is text: give columns of 0 and 1, or a single text of codes", v->name);
    for (size_t i = 0; i < r->design->rows; i++)
        if (v->numbers[i] != 0 && v->numbers[i] != 1 && !isnan(v->numbers[i]))
            return svyi_fail(r->err, SVY_E_VALUE, "'%s' is %g in row %zu: a column of answers has 1 where the answer was given and 0 where not", v->name, v->numbers[i],
                             i + 1);
    return SVY_OK;
}

static svy_status find_answers(multiple *m, const char *separators)
{
    svyi_request *r = m->request;
    const svyi_variable *v = r->plan.variables;
    if (r->plan.n_variables == 1 && v->factor.n_levels > 0) {
        code *codes = svyi_arena_get(&r->scratch, (ANSWERS_MAX + 1) * sizeof *codes);
        m->given = svyi_arena_get(&r->scratch, (count_codes(&v->factor, separators) + 1) * sizeof *m->given);
        m->given_start = svyi_arena_get(&r->scratch, (v->factor.n_levels + 1) * sizeof *m->given_start);
        if (codes == NULL || m->given == NULL || m->given_start == NULL)
            return svyi_nomem(r->err);
        svy_status st = read_sets(m, &v->factor, separators, codes);
        if (st == SVY_OK && m->answers == 0)
            return svyi_fail(r->err, SVY_E_VALUE, "'%s' holds no answer in any row", v->name);
        return st == SVY_OK ? set_texts(m, codes) : st;
    }
    for (size_t k = 0; k < r->plan.n_variables; k++) {
        svy_status st = check_column(r, &v[k]);
        if (st != SVY_OK)
            return st;
    }
    if (r->plan.n_variables > ANSWERS_MAX)
        return svyi_fail(r->err, SVY_E_LIMIT, "there are %zu answers: the limit is %d", r->plan.n_variables, ANSWERS_MAX);
    m->answers = r->plan.n_variables;
    return set_texts(m, NULL);
}

/* ---- the estimator ---- */

/* Sums under given weights, then the estimates. */
static void estimate(const multiple *m, const double *weights, double *cases, double *total, double *theta)
{
    const svyi_request *r = m->request;
    size_t n = m->answers;
    uint32_t given[ANSWERS_MAX];
    memset(cases, 0, r->domains.count * sizeof *cases);
    memset(total, 0, r->domains.count * sizeof *total);
    memset(theta, 0, r->domains.count * KINDS * n * sizeof *theta);
    for (size_t i = 0; i < r->design->rows; i++) {
        uint32_t d = weights[i] != 0 ? svyi_request_domain(r, i) : SVYI_NO_DOMAIN;
        if (d == SVYI_NO_DOMAIN)
            continue;
        size_t count = answers_of(m, i, given);
        cases[d] += m->all || count > 0 ? weights[i] : 0;
        total[d] += weights[i] * (double)count;
        for (size_t k = 0; k < count; k++)
            theta[(d * KINDS + 2) * n + given[k]] += weights[i];
    }
    for (size_t d = 0; d < r->domains.count; d++)
        for (size_t k = 0; k < n; k++) {
            double sum = theta[(d * KINDS + 2) * n + k];
            theta[d * KINDS * n + k] = cases[d] != 0 ? sum / cases[d] : nan("");
            theta[(d * KINDS + 1) * n + k] = total[d] != 0 ? sum / total[d] : nan("");
        }
}

static void fill(const void *user, const uint32_t *rows, size_t count, double *z, uint32_t *domain)
{
    const multiple *m = user;
    const svyi_request *r = m->request;
    size_t n = m->answers;
    uint32_t given[ANSWERS_MAX];
    for (size_t i = 0; i < count; i++, z += KINDS * n) {
        size_t row = rows[i];
        double w = r->design->weights[row];
        uint32_t d = w != 0 ? svyi_request_domain(r, row) : SVYI_NO_DOMAIN;
        if (domain != NULL)
            domain[i] = d;
        memset(z, 0, KINDS * n * sizeof *z);
        if (d == SVYI_NO_DOMAIN)
            continue;
        const double *theta = m->theta + d * KINDS * n;
        size_t answers = answers_of(m, row, given);
        double per_case = m->cases[d] != 0 ? w / m->cases[d] : 0, per_answer = m->total[d] != 0 ? w / m->total[d] : 0;
        for (size_t k = 0; k < n; k++) {
            z[k] = m->all || answers > 0 ? -per_case * theta[k] : 0;
            z[n + k] = -per_answer * (double)answers * theta[n + k];
        }
        for (size_t k = 0; k < answers; k++) {
            z[given[k]] += per_case;
            z[n + given[k]] += per_answer;
            z[2 * n + given[k]] = w;
        }
    }
}

static svy_status values(const void *user, const double *weights, double *theta, svy_error *err)
{
    const multiple *m = user;
    size_t bytes = 2 * m->request->domains.count * sizeof(double);
    double *sums = svyi_get(m->request->alloc, bytes);
    if (sums == NULL)
        return svyi_nomem(err);
    estimate(m, weights, sums, sums + m->request->domains.count, theta);
    svyi_release(m->request->alloc, sums, bytes);
    return SVY_OK;
}

/* ---- the call ---- */

/* What the rows are called; `n` counts cases. */
static svy_status finish_rows(const multiple *m, uint64_t *without)
{
    static const char *const NAMES[KINDS] = { "cases", "answers", "count" };
    const svyi_request *r = m->request;
    svy_estimates *e = r->e;
    uint32_t given[ANSWERS_MAX];
    uint64_t *none = svyi_arena_get(&m->request->scratch, (r->domains.count + 1) * sizeof *none);
    if (none == NULL)
        return svyi_nomem(r->err);
    for (size_t i = 0; i < r->design->rows; i++) {
        uint32_t d = r->design->weights[i] != 0 ? svyi_request_domain(r, i) : SVYI_NO_DOMAIN;
        if (d != SVYI_NO_DOMAIN && answers_of(m, i, given) == 0) {
            none[d]++;
            *without += 1;
        }
    }
    for (size_t i = 0; i < e->count; i++) {
        e->rows[i].statistic = NAMES[i / e->domains / m->answers];
        e->rows[i].n -= m->all ? 0 : none[i % e->domains];
    }
    return SVY_OK;
}

svy_status svy_multiple(const svy_alloc *alloc, const svy_frame *f, const svy_design *d, const svy_estimate_spec *spec, svy_multiple_base base,
                        const char *separators, svy_estimates **out, uint64_t *without, svy_error *err)
{
    svyi_request r;
    uint64_t none = 0;
    SVY_REQUIRE(out != NULL && separators != NULL, err);
    *out = NULL;
    svy_status st = svyi_request_begin(&r, alloc, f, d, spec, SVY_STAT_MULTIPLE, 0, NULL, err);
    multiple m = { .request = &r, .all = base == SVY_MULTIPLE_ALL };
    if (st == SVY_OK && (st = find_answers(&m, separators)) == SVY_OK) {
        size_t domains = r.domains.count;
        m.cases = svyi_arena_get(&r.scratch, (2 * domains + 1) * sizeof *m.cases);
        m.theta = svyi_arena_get(&r.scratch, (domains * KINDS * m.answers + 1) * sizeof *m.theta);
        if (m.cases == NULL || m.theta == NULL) {
            st = svyi_nomem(err);
        } else {
            svyi_estimator e = { { KINDS * m.answers, domains, fill, &m }, values };
            m.total = m.cases + domains;
            estimate(&m, r.design->weights, m.cases, m.total, m.theta);
            st = svyi_request_fit(&r, &e, m.theta, m.names, m.levels);
        }
    }
    if (st == SVY_OK)
        st = finish_rows(&m, &none);
    if (without != NULL)
        *without = none;
    return svyi_request_end(&r, st, out);
}
