/* What each operation of a program does to values: the operations that only look at the top of the stack. */
#include "expr_priv.h"

#include <math.h>
#include <string.h>

#include "base/number.h"

/* A missing operand makes the result missing, for the reason of the first one. */
static int missing(svy_value *v, unsigned n, svy_kind kind)
{
    for (unsigned i = 0; i < n; i++)
        if (v[i].missing != SVY_PRESENT) {
            svyi_set_missing(v, kind, (svy_missing)v[i].missing);
            return 1;
        }
    return 0;
}

#define ARITHMETIC(name, expression) \
    static void name(svyi_run *r, uint32_t operand, svy_value *v) \
    { \
        (void)r; \
        (void)operand; \
        if (!missing(v, 2, SVY_K_NUMBER)) { \
            const double a = v[0].number, b = v[1].number; \
            svyi_set_number(v, expression); \
        } \
    }

ARITHMETIC(op_add, a + b)
ARITHMETIC(op_sub, a - b)
ARITHMETIC(op_mul, a * b)
ARITHMETIC(op_div, b == 0 ? (double)NAN : a / b)
ARITHMETIC(op_mod, b == 0 ? (double)NAN : fmod(a, b))
ARITHMETIC(op_date_diff, a - b)
ARITHMETIC(op_time_diff, (a - b) / 86400)

static void op_neg(svyi_run *r, uint32_t operand, svy_value *v)
{
    (void)r;
    (void)operand;
    if (!missing(v, 1, SVY_K_NUMBER))
        svyi_set_number(v, v->number == 0 ? 0 : -v->number);
}

/* Days outside the years 1 to 9999 are no dates. */
static void set_moment(svy_value *v, svy_kind kind, double x)
{
    const double scale = kind == SVY_K_DATE ? 1 : 86400;
    if (x >= -719162 * scale && x < 2932897 * scale)
        *v = (svy_value){ .kind = (uint8_t)kind, .number = x, .text = "" };
    else
        svyi_set_missing(v, kind, SVY_NOT_STATED);
}

static void op_date_add(svyi_run *r, uint32_t operand, svy_value *v)
{
    (void)r;
    (void)operand;
    if (!missing(v, 2, SVY_K_DATE))
        set_moment(v, SVY_K_DATE, floor(v[0].number + v[1].number));
}

static void op_date_sub(svyi_run *r, uint32_t operand, svy_value *v)
{
    (void)r;
    (void)operand;
    if (!missing(v, 2, SVY_K_DATE))
        set_moment(v, SVY_K_DATE, floor(v[0].number - v[1].number));
}

/* Operand 1: the number of days stands first. */
static void op_time_add(svyi_run *r, uint32_t operand, svy_value *v)
{
    (void)r;
    if (!missing(v, 2, SVY_K_DATETIME))
        set_moment(v, SVY_K_DATETIME, floor(v[1 - operand].number * 86400 + v[operand].number));
}

static void op_time_add_ordered(svyi_run *r, uint32_t operand, svy_value *v)
{
    op_time_add(r, operand != 0 ? 1 : 0, v);
}

static void op_time_sub(svyi_run *r, uint32_t operand, svy_value *v)
{
    (void)r;
    (void)operand;
    if (!missing(v, 2, SVY_K_DATETIME))
        set_moment(v, SVY_K_DATETIME, floor(v[0].number - v[1].number * 86400));
}

static void op_compare(svyi_run *r, uint32_t operand, svy_value *v)
{
    (void)r;
    svyi_set_boolean(v, svyi_compare(&v[0], &v[1], operand));
}

static void op_and(svyi_run *r, uint32_t operand, svy_value *v)
{
    (void)r;
    (void)operand;
    svyi_set_boolean(v, svyi_is_true(&v[0]) && svyi_is_true(&v[1]));
}

static void op_or(svyi_run *r, uint32_t operand, svy_value *v)
{
    (void)r;
    (void)operand;
    svyi_set_boolean(v, svyi_is_true(&v[0]) || svyi_is_true(&v[1]));
}

static void op_not(svyi_run *r, uint32_t operand, svy_value *v)
{
    (void)r;
    (void)operand;
    svyi_set_boolean(v, !svyi_is_true(v));
}

static void op_if(svyi_run *r, uint32_t operand, svy_value *v)
{
    (void)r;
    (void)operand;
    v[0] = svyi_is_true(&v[0]) ? v[1] : v[2];
}

static void op_coalesce(svyi_run *r, uint32_t operand, svy_value *v)
{
    (void)r;
    (void)operand;
    if (v[0].missing != SVY_PRESENT)
        v[0] = v[1];
}

static void op_convert(svyi_run *r, uint32_t operand, svy_value *v)
{
    svyi_convert_value(r, operand, v);
}

/* The value looked for, found so far, one candidate. */
static void op_in(svyi_run *r, uint32_t operand, svy_value *v)
{
    (void)r;
    svyi_set_boolean(&v[1], svyi_is_true(&v[1]) || svyi_compare(&v[0], &v[2], operand));
}

static void op_in_end(svyi_run *r, uint32_t operand, svy_value *v)
{
    (void)r;
    (void)operand;
    v[0] = v[1];
}

static void op_state(svyi_run *r, uint32_t operand, svy_value *v)
{
    (void)r;
    svyi_set_boolean(v, (operand >> (v->missing & 7)) & 1);
}

static void op_call(svyi_run *r, uint32_t operand, svy_value *v)
{
    const svyi_function *fn = svyi_function_get(operand & 0xfff);
    const unsigned n = operand >> 12;

    for (unsigned i = 0; i < n && fn->rule != SVYI_SEES; i++)
        if (v[i].missing != SVY_PRESENT) {
            if (fn->rule == SVYI_FALSE)
                svyi_set_boolean(v, 0);
            else
                svyi_set_missing(v, (svy_kind)fn->kind, (svy_missing)v[i].missing);
            return;
        }
    r->steps += n > 0 ? v[0].len / 8 : 0;              /* a long text is much work */
    fn->call(r, v, n);
}

static void op_random(svyi_run *r, uint32_t operand, svy_value *v)
{
    (void)operand;
    const unsigned char *words = r->program.code + 4 * (size_t)r->pc - 8;   /* pc is past the instruction */
    const uint64_t place = svyi_word(words, 0) | (uint64_t)svyi_word(words, 1) << 32;
    svyi_random random;
    uint64_t mix = (r->env->seed ^ place) * 0xbf58476d1ce4e5b9u;
    mix = (mix ^ (mix >> 29)) + r->entry * 0x94d049bb133111ebu;
    svyi_random_seed(&random, mix);
    svyi_set_number(v, svyi_random_unit(&random));
}

static void op_clock(svyi_run *r, uint32_t operand, svy_value *v)
{
    if (operand == 0)
        set_moment(v, SVY_K_DATE, floor(r->env->now / 86400));
    else
        set_moment(v, SVY_K_DATETIME, floor(r->env->now));
}

/* Least, most (-1: no limit), how many. */
static void op_checklist(svyi_run *r, uint32_t operand, svy_value *v)
{
    (void)r;
    (void)operand;
    if (missing(v, 3, SVY_K_BOOLEAN))
        svyi_set_boolean(v, 0);
    else
        svyi_set_boolean(v, (v[0].number == -1 || v[2].number >= v[0].number) && (v[1].number == -1 || v[2].number <= v[1].number));
}

const svyi_op_info svyi_ops[SVYI_N_OPS] = {
    [SVYI_OP_END] = { 0, 0, 0, 1, NULL },
    [SVYI_OP_CONST] = { 0, 1, 0, 1, svyi_run_const },
    [SVYI_OP_LOAD] = { 0, 1, 1, 1, svyi_run_load },
    [SVYI_OP_LOAD_UP] = { 0, 1, 1, 1, svyi_run_load_up },
    [SVYI_OP_SELF] = { 0, 1, 0, 1, svyi_run_self },
    [SVYI_OP_ADD] = { 2, 1, 0, 0, op_add },
    [SVYI_OP_SUB] = { 2, 1, 0, 0, op_sub },
    [SVYI_OP_MUL] = { 2, 1, 0, 0, op_mul },
    [SVYI_OP_DIV] = { 2, 1, 0, 0, op_div },
    [SVYI_OP_MOD] = { 2, 1, 0, 0, op_mod },
    [SVYI_OP_NEG] = { 1, 1, 0, 0, op_neg },
    [SVYI_OP_DATE_ADD] = { 2, 1, 0, 0, op_date_add },
    [SVYI_OP_DATE_SUB] = { 2, 1, 0, 0, op_date_sub },
    [SVYI_OP_DATE_DIFF] = { 2, 1, 0, 0, op_date_diff },
    [SVYI_OP_TIME_ADD] = { 2, 1, 0, 0, op_time_add_ordered },
    [SVYI_OP_TIME_SUB] = { 2, 1, 0, 0, op_time_sub },
    [SVYI_OP_TIME_DIFF] = { 2, 1, 0, 0, op_time_diff },
    [SVYI_OP_COMPARE] = { 2, 1, 0, 0, op_compare },
    [SVYI_OP_AND] = { 2, 1, 0, 0, op_and },
    [SVYI_OP_OR] = { 2, 1, 0, 0, op_or },
    [SVYI_OP_NOT] = { 1, 1, 0, 0, op_not },
    [SVYI_OP_IF] = { 3, 1, 0, 0, op_if },
    [SVYI_OP_COALESCE] = { 2, 1, 0, 0, op_coalesce },
    [SVYI_OP_CONVERT] = { 1, 1, 0, 0, op_convert },
    [SVYI_OP_IN] = { 3, 2, 0, 0, op_in },
    [SVYI_OP_IN_END] = { 2, 1, 0, 0, op_in_end },
    [SVYI_OP_STATE] = { 1, 1, 0, 0, op_state },
    [SVYI_OP_CALL] = { 0, 1, 0, 0, op_call },            /* takes what its operand says */
    [SVYI_OP_SUM_NEW] = { 1, 0, 0, 1, svyi_run_sum_new },
    [SVYI_OP_SUM_ADD] = { 1, 0, 0, 1, svyi_run_sum_add },
    [SVYI_OP_SUM_END] = { 0, 1, 0, 1, svyi_run_sum_end },
    [SVYI_OP_EACH] = { 0, 0, 3, 1, svyi_run_each },
    [SVYI_OP_WHERE] = { 1, 0, 0, 1, svyi_run_where },
    [SVYI_OP_FEED] = { 1, 0, 0, 1, svyi_run_feed },
    [SVYI_OP_BASE] = { 0, 1, 1, 1, svyi_run_base },
    [SVYI_OP_PICK] = { 2, 1, 1, 1, svyi_run_pick },
    [SVYI_OP_LOAD_AT] = { 1, 1, 0, 1, svyi_run_load_at },
    [SVYI_OP_POSITION] = { 0, 1, 0, 1, svyi_run_position },
    [SVYI_OP_RANDOM] = { 0, 1, 2, 0, op_random },
    [SVYI_OP_CLOCK] = { 0, 1, 0, 0, op_clock },
    [SVYI_OP_LABEL] = { 1, 1, 0, 1, svyi_run_label },
    [SVYI_OP_LOOKUP] = { 2, 1, 0, 1, svyi_run_lookup },
    [SVYI_OP_CHOICE] = { 0, 1, 0, 1, svyi_run_choice },
    [SVYI_OP_CHECKLIST] = { 3, 1, 0, 0, op_checklist },
};

const svyi_op_info *svyi_op_get(unsigned op)
{
    return op < SVYI_N_OPS ? &svyi_ops[op] : NULL;
}
