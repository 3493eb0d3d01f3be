/* Operations on numbers, a loop over the rows of a chunk each. */
#include "expr_priv.h"

#include <math.h>
#include <string.h>

int svyi_kind_has_text(unsigned kind)
{
    return kind == SVY_K_TEXT || kind == SVY_K_CODE || kind == SVY_K_CODES || kind == SVY_K_PLACE;
}

/* a operator b, missing when one of them is or when the result is no number. */
#define ARITHMETIC(name, expression) \
    static void name(svyi_column *in, size_t rows) \
    { \
        double *restrict x = in[0].numbers; \
        const double *restrict y = in[1].numbers; \
        uint8_t *restrict mx = in[0].missing; \
        const uint8_t *restrict my = in[1].missing; \
        for (size_t i = 0; i < rows; i++) { \
            const double a = x[i], b = y[i], z = (expression); \
            uint8_t why = mx[i] != 0 ? mx[i] : my[i]; \
            if (why == 0 && !(z - z == 0)) \
                why = SVY_NOT_STATED; \
            x[i] = why != 0 ? 0 : z; \
            mx[i] = why; \
        } \
    }

ARITHMETIC(loop_add, a + b)
ARITHMETIC(loop_sub, a - b)
ARITHMETIC(loop_mul, a * b)
ARITHMETIC(loop_div, b == 0 ? (double)NAN : a / b)
ARITHMETIC(loop_mod, b == 0 ? (double)NAN : fmod(a, b))

/* a relation b, false when one of them is missing. */
#define COMPARE(name, relation) \
    static void name(svyi_column *in, size_t rows) \
    { \
        double *restrict x = in[0].numbers; \
        const double *restrict y = in[1].numbers; \
        uint8_t *restrict mx = in[0].missing; \
        const uint8_t *restrict my = in[1].missing; \
        for (size_t i = 0; i < rows; i++) { \
            x[i] = (x[i] relation y[i]) & ((mx[i] | my[i]) == 0); \
        } \
        memset(mx, 0, rows); \
    }

COMPARE(loop_eq, ==)
COMPARE(loop_ne, !=)
COMPARE(loop_lt, <)
COMPARE(loop_le, <=)
COMPARE(loop_gt, >)
COMPARE(loop_ge, >=)

/* A missing number is 0 in its column, so a missing condition is false without being looked at. */
static void loop_and(svyi_column *in, size_t rows)
{
    double *restrict x = in[0].numbers;
    const double *restrict y = in[1].numbers;
    for (size_t i = 0; i < rows; i++)
        x[i] = (x[i] != 0) & (y[i] != 0);
    memset(in[0].missing, 0, rows);
}

void svyi_column_or(svyi_column *into, const svyi_column *with, size_t rows)
{
    double *restrict x = into->numbers;
    const double *restrict y = with->numbers;
    for (size_t i = 0; i < rows; i++)
        x[i] = (x[i] != 0) | (y[i] != 0);
    memset(into->missing, 0, rows);
}

static void loop_or(svyi_column *in, size_t rows)
{
    svyi_column_or(&in[0], &in[1], rows);
}

static void loop_not(svyi_column *in, size_t rows)
{
    double *restrict x = in[0].numbers;
    for (size_t i = 0; i < rows; i++)
        x[i] = x[i] == 0;
    memset(in[0].missing, 0, rows);
}

static void loop_neg(svyi_column *in, size_t rows)
{
    for (size_t i = 0; i < rows; i++)
        in[0].numbers[i] = in[0].numbers[i] == 0 ? 0 : -in[0].numbers[i];
}

static void loop_if(svyi_column *in, size_t rows)
{
    double *restrict x = in[0].numbers;
    const double *restrict yes = in[1].numbers, *restrict no = in[2].numbers;
    uint8_t *restrict m = in[0].missing;
    const uint8_t *restrict m_yes = in[1].missing, *restrict m_no = in[2].missing;
    for (size_t i = 0; i < rows; i++) {
        m[i] = x[i] != 0 ? m_yes[i] : m_no[i];
        x[i] = x[i] != 0 ? yes[i] : no[i];
    }
}

static void loop_coalesce(svyi_column *in, size_t rows)
{
    for (size_t i = 0; i < rows; i++)
        if (in[0].missing[i] != 0) {
            in[0].numbers[i] = in[1].numbers[i];
            in[0].missing[i] = in[1].missing[i];
        }
}

typedef void loop(svyi_column *in, size_t rows);

static const struct { loop *run; uint8_t pops, kind; } LOOPS[SVYI_N_OPS] = {
    [SVYI_OP_ADD] = { loop_add, 2, SVY_K_NUMBER }, [SVYI_OP_SUB] = { loop_sub, 2, SVY_K_NUMBER }, [SVYI_OP_MUL] = { loop_mul, 2, SVY_K_NUMBER },
    [SVYI_OP_DIV] = { loop_div, 2, SVY_K_NUMBER }, [SVYI_OP_MOD] = { loop_mod, 2, SVY_K_NUMBER }, [SVYI_OP_NEG] = { loop_neg, 1, SVY_K_NUMBER },
    [SVYI_OP_AND] = { loop_and, 2, SVY_K_BOOLEAN }, [SVYI_OP_OR] = { loop_or, 2, SVY_K_BOOLEAN }, [SVYI_OP_NOT] = { loop_not, 1, SVY_K_BOOLEAN },
    [SVYI_OP_IF] = { loop_if, 3, SVY_K_NONE }, [SVYI_OP_COALESCE] = { loop_coalesce, 2, SVY_K_NONE },
};
static loop *const COMPARISONS[] = { loop_eq, loop_ne, loop_lt, loop_le, loop_gt, loop_ge };

static int loop_state(uint32_t reasons, svyi_column *in, size_t rows)
{
    for (size_t i = 0; i < rows; i++) {
        in->numbers[i] = (reasons >> in->missing[i]) & 1;
        in->missing[i] = 0;
    }
    in->form = SVYI_NUMBERS;
    in->kind = SVY_K_BOOLEAN;
    return 1;
}

int svyi_column_loop(svyi_op op, uint32_t operand, svyi_column *in, size_t rows)
{
    if (op == SVYI_OP_STATE)
        return loop_state(operand, in, rows);
    loop *run = LOOPS[op].run;
    uint8_t pops = LOOPS[op].pops, kind = LOOPS[op].kind;

    if (op == SVYI_OP_COMPARE && operand >> 4 == SVYI_AS_NUMBER) {
        run = COMPARISONS[operand & 15];
        pops = 2;
        kind = SVY_K_BOOLEAN;
    }
    if (run == NULL)
        return 0;
    for (uint8_t i = 0; i < pops; i++)                 /* a constant without text stands in every row */
        if (in[i].form == SVYI_LEVELS || (in[i].form == SVYI_CONSTANT && svyi_kind_has_text(in[i].kind)))
            return 0;
    if (kind == SVY_K_NONE) {                          /* if() and coalesce() give what they are given */
        kind = in[pops - 1].kind;
        if (in[pops - 2].kind != kind)
            return 0;
    }
    run(in, rows);
    in[0].form = SVYI_NUMBERS;
    in[0].kind = kind;
    return 1;
}
