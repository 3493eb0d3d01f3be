/* Checks that a program is safe to run, by walking it once as the interpreter would. */
#include "expr_priv.h"

#include <string.h>

#include "base/error.h"

/* What a place on the stack holds: a value, or (between BASE and LOAD_AT) an entry. */
enum { VALUE = 0, ENTRY = 1 };

typedef struct open_loop { uint32_t end, depth, sums; } open_loop;

typedef struct verifier {
    svyi_program p;
    svy_code code;
    uint32_t n_symbols, n_lists;
    uint32_t at;                           /* of the instruction looked at */
    uint32_t depth, most, n_sums, most_sums, n_loops;
    uint8_t holds[SVYI_MAX_STACK];
    uint8_t sums[SVYI_MAX_SUMS];           /* which aggregate is open */
    open_loop loops[SVYI_MAX_LOOPS];
    svy_error *err;
} verifier;

static svy_status bad(const verifier *v, const char *what)
{
    return svyi_fail(v->err, SVY_E_FORMAT, "a compiled expression is damaged at word %u: %s", (unsigned)v->at, what);
}

void svyi_program_open(svy_code code, svyi_program *p)
{
    const unsigned char *bytes = code.bytes;
    uint32_t version = svyi_word(bytes, SVYI_H_VERSION);
    p->kind = (uint8_t)(version >> 8);
    p->flags = (uint8_t)(version >> 16);
    p->n_code = svyi_word(bytes, SVYI_H_CODE);
    p->n_consts = svyi_word(bytes, SVYI_H_CONSTS);
    p->n_texts = svyi_word(bytes, SVYI_H_TEXTS);
    p->stack = svyi_word(bytes, SVYI_H_STACK);
    p->sums = svyi_word(bytes, SVYI_H_SUMS);
    p->code = bytes + 4 * (size_t)SVYI_HEADER;
    p->consts = p->code + 4 * (size_t)p->n_code;
    p->texts = p->consts + 4 * (size_t)SVYI_CONST_WORDS * p->n_consts;
}

svy_value svyi_program_const(const svyi_program *p, uint32_t index)
{
    const unsigned char *at = p->consts + 4 * (size_t)SVYI_CONST_WORDS * index;
    const uint32_t kind = svyi_word(at, 0);
    const uint64_t bits = svyi_word(at, 3) | (uint64_t)svyi_word(at, 4) << 32;
    svy_value v = { .kind = (uint8_t)kind, .missing = (uint8_t)(kind >> 8), .len = svyi_word(at, 2) };
    memcpy(&v.number, &bits, sizeof v.number);
    v.text = v.len > 0 ? (const char *)p->texts + svyi_word(at, 1) : "";
    return v;
}

static svy_status check_header(verifier *v)
{
    enum { MOST = 1 << 24 };               /* words or bytes of a part: sums of them cannot overflow */
    const unsigned char *bytes = v->code.bytes;
    uint64_t size;

    if (v->code.size < SVYI_HEADER * 4 || v->code.size % 4 != 0 || bytes == NULL)
        return bad(v, "it is too short");
    if (svyi_word(bytes, SVYI_H_MAGIC) != SVYI_MAGIC || (svyi_word(bytes, SVYI_H_VERSION) & 0xff) != SVYI_VERSION)
        return bad(v, "it is not of this version");
    svyi_program_open(v->code, &v->p);
    if (svyi_word(bytes, SVYI_H_VERSION) >> 24 != 0 || v->p.kind > SVY_K_ENTRIES || (v->p.flags & ~SVYI_USES_CLOCK) != 0)
        return bad(v, "it has unknown flags");
    if (v->p.n_code < 2 || v->p.n_code > MOST || v->p.n_consts > MOST || v->p.n_texts > MOST || v->p.n_texts % 4 != 0)
        return bad(v, "a part has an impossible size");
    size = 4 * (uint64_t)SVYI_HEADER + 4 * (uint64_t)v->p.n_code + 4 * (uint64_t)SVYI_CONST_WORDS * v->p.n_consts + v->p.n_texts;
    if (size != v->code.size || size != svyi_word(bytes, SVYI_H_SIZE))
        return bad(v, "its size is not what it says");
    return SVY_OK;
}

static svy_status check_consts(const verifier *v)
{
    for (uint32_t i = 0; i < v->p.n_consts; i++) {
        const unsigned char *at = v->p.consts + 4 * (size_t)SVYI_CONST_WORDS * i;
        const uint32_t kind = svyi_word(at, 0), from = svyi_word(at, 1), len = svyi_word(at, 2);
        if ((kind & 0xff) == SVY_K_NONE || (kind & 0xff) >= SVY_K_ENTRIES || kind >> 8 > SVY_NOT_STATED)
            return bad(v, "a constant is of no known kind");
        if (from > v->p.n_texts || len > v->p.n_texts - from)
            return bad(v, "the text of a constant lies outside");
        svy_value value = svyi_program_const(&v->p, i);
        if (!(value.number - value.number == 0) || (value.missing != SVY_PRESENT && (len != 0 || value.number != 0)))
            return bad(v, "a constant has no number");
    }
    return SVY_OK;
}

static int in_loop(const verifier *v, uint32_t pops)
{
    return v->n_loops == 0 || v->depth - pops >= v->loops[v->n_loops - 1].depth;
}

/* Takes `pops` values of a kind off and puts one of another on. */
static svy_status stack(verifier *v, uint32_t pops, uint32_t pushes, int holds)
{
    if (v->depth < pops || !in_loop(v, pops))
        return bad(v, "it takes more values than there are");
    for (uint32_t i = v->depth - pops; i < v->depth; i++)
        if (v->holds[i] != VALUE)
            return bad(v, "it takes an entry for a value");
    v->depth -= pops;
    if (v->depth + pushes > SVYI_MAX_STACK)
        return bad(v, "it needs too many values at a time");
    for (uint32_t i = 0; i < pushes; i++)
        v->holds[v->depth++] = (uint8_t)holds;
    if (v->depth > v->most)
        v->most = v->depth;
    return SVY_OK;
}

static svy_status begin_loop(verifier *v)
{
    const uint32_t end = svyi_word(v->p.code, v->at + 3), up = svyi_word(v->p.code, v->at) >> 8;
    if (v->n_loops == SVYI_MAX_LOOPS || v->n_sums == 0)
        return bad(v, "a loop stands where none can");
    if (end <= v->at + 4 || end >= v->p.n_code || (v->n_loops > 0 && end >= v->loops[v->n_loops - 1].end))
        return bad(v, "a loop ends outside");
    if (up > v->n_loops)
        return bad(v, "it goes out of more loops than there are");
    v->loops[v->n_loops++] = (open_loop){ end, v->depth, v->n_sums };
    return SVY_OK;
}

static svy_status end_loop(verifier *v, uint32_t which)
{
    if (v->n_loops == 0 || v->sums[v->n_sums - 1] != which)
        return bad(v, "a loop ends that has not begun");
    const open_loop *loop = &v->loops[v->n_loops - 1];
    if (loop->end != v->at + 1 || loop->sums != v->n_sums)
        return bad(v, "a loop does not end where it says");
    svy_status st = stack(v, 1, 0, VALUE);
    if (st == SVY_OK && v->depth != loop->depth)
        st = bad(v, "a loop leaves values behind");
    v->n_loops--;
    return st;
}

static svy_status sums(verifier *v, svyi_op op, uint32_t which)
{
    const uint32_t outside = v->n_loops > 0 ? v->loops[v->n_loops - 1].sums : 0;

    if (which >= SVYI_N_AGGREGATES)
        return bad(v, "there is no such aggregate");
    if (op == SVYI_OP_SUM_NEW) {
        if (v->n_sums == SVYI_MAX_SUMS)
            return bad(v, "too many aggregates are open");
        v->sums[v->n_sums++] = (uint8_t)which;
        if (v->n_sums > v->most_sums)
            v->most_sums = v->n_sums;
        return stack(v, 1, 0, VALUE);
    }
    if (v->n_sums <= outside || v->sums[v->n_sums - 1] != which)
        return op == SVYI_OP_FEED && v->n_sums > 0 ? end_loop(v, which) : bad(v, "no such aggregate is open");
    if (op == SVYI_OP_SUM_ADD)
        return stack(v, 1, 0, VALUE);
    if (op == SVYI_OP_SUM_END) {
        v->n_sums--;
        return stack(v, 0, 1, VALUE);
    }
    return bad(v, "a loop feeds an aggregate of its own");
}

/* An entry on the stack below `pops` values becomes an entry or a value. */
static svy_status entry(verifier *v, uint32_t pops, int holds)
{
    if (v->depth < pops + 1 || !in_loop(v, pops + 1) || v->holds[v->depth - pops - 1] != ENTRY || (pops == 1 && v->holds[v->depth - 1] != VALUE))
        return bad(v, "it takes a value for an entry");
    v->depth -= pops + 1;
    return stack(v, 0, 1, holds);
}

static svy_status check_call(verifier *v, uint32_t operand)
{
    const svyi_function *fn = svyi_function_get(operand & 0xfff);
    const uint32_t n = operand >> 12;
    if (fn == NULL || fn->call == NULL || n < fn->min || n > fn->max)
        return bad(v, "there is no such function");
    return stack(v, n, 1, VALUE);
}

/* The word of a name: its kind, and how many loops further out its entry is. */
static svy_status check_load(verifier *v, svyi_op op)
{
    const uint32_t how = svyi_word(v->p.code, v->at + 1), kind = how & 0xff, up = how >> 8;
    if (kind == SVY_K_NONE || kind >= SVY_K_ENTRIES)
        return bad(v, "a name has no kind");
    if (up > v->n_loops || (op == SVYI_OP_LOAD && up != 0))
        return bad(v, "it goes out of more loops than there are");
    return stack(v, 0, 1, VALUE);
}

static svy_status check_operand(const verifier *v, svyi_op op, uint32_t operand)
{
    uint32_t most = 0;
    switch (op) {
    case SVYI_OP_CONST:   return operand < v->p.n_consts ? SVY_OK : bad(v, "there is no such constant");
    case SVYI_OP_LOAD: case SVYI_OP_LOAD_UP: case SVYI_OP_SELF: case SVYI_OP_LOAD_AT:
        return operand < v->n_symbols ? SVY_OK : bad(v, "there is no such name");
    case SVYI_OP_LABEL: case SVYI_OP_LOOKUP:
        return operand > 0 && operand <= v->n_lists ? SVY_OK : bad(v, "there is no such list");
    case SVYI_OP_COMPARE: case SVYI_OP_IN:
        return (operand & 15) <= SVYI_GE - SVYI_EQ && operand >> 4 <= SVYI_AS_MONTH ? SVY_OK : bad(v, "there is no such comparison");
    case SVYI_OP_CONVERT:
        return (operand & 0xff) < SVYI_N_CONVERTS && operand >> 8 < SVY_K_ENTRIES ? SVY_OK : bad(v, "there is no such kind");
    case SVYI_OP_EACH: case SVYI_OP_BASE: case SVYI_OP_CALL: case SVYI_OP_SUM_NEW: case SVYI_OP_SUM_ADD: case SVYI_OP_SUM_END: case SVYI_OP_FEED:
        return SVY_OK;                     /* looked at where they are walked */
    case SVYI_OP_STATE:   most = 63; break;
    case SVYI_OP_TIME_ADD: case SVYI_OP_DATE_ADD: case SVYI_OP_CLOCK: case SVYI_OP_CHOICE: most = 1; break;
    case SVYI_OP_END: case SVYI_OP_ADD: case SVYI_OP_SUB: case SVYI_OP_MUL: case SVYI_OP_DIV: case SVYI_OP_MOD: case SVYI_OP_NEG:
    case SVYI_OP_DATE_SUB: case SVYI_OP_DATE_DIFF: case SVYI_OP_TIME_SUB: case SVYI_OP_TIME_DIFF:
    case SVYI_OP_AND: case SVYI_OP_OR: case SVYI_OP_NOT: case SVYI_OP_IF: case SVYI_OP_COALESCE: case SVYI_OP_IN_END: case SVYI_OP_WHERE:
    case SVYI_OP_PICK: case SVYI_OP_POSITION: case SVYI_OP_RANDOM: case SVYI_OP_CHECKLIST: case SVYI_N_OPS: break;
    }
    return operand <= most ? SVY_OK : bad(v, "its operand is too large");
}

static svy_status walk(verifier *v, svyi_op op, uint32_t operand, const svyi_op_info *info)
{
    svy_status st;
    switch ((int)op) {
    case SVYI_OP_CALL: return check_call(v, operand);
    case SVYI_OP_EACH: return begin_loop(v);
    case SVYI_OP_SUM_NEW: case SVYI_OP_SUM_ADD: case SVYI_OP_SUM_END: case SVYI_OP_FEED: return sums(v, op, operand);
    case SVYI_OP_WHERE:
        if (v->n_loops == 0 || v->depth != v->loops[v->n_loops - 1].depth + 1 || v->n_sums != v->loops[v->n_loops - 1].sums)
            return bad(v, "a filter stands outside a loop");
        return stack(v, 1, 0, VALUE);
    case SVYI_OP_LOAD: case SVYI_OP_LOAD_UP: return check_load(v, op);
    case SVYI_OP_BASE:
        if (operand > v->n_loops)
            return bad(v, "it goes out of more loops than there are");
        return stack(v, 0, 1, ENTRY);
    case SVYI_OP_PICK:    return entry(v, 1, ENTRY);
    case SVYI_OP_LOAD_AT: return entry(v, 0, VALUE);
    default:
        st = stack(v, info->pops, info->pushes, VALUE);
        return st;
    }
}

static svy_status check_code(verifier *v)
{
    for (v->at = 0; v->at < v->p.n_code;) {
        const uint32_t w = svyi_word(v->p.code, v->at);
        const svyi_op op = (svyi_op)(w & 0xff);
        const svyi_op_info *info = svyi_op_get(w & 0xff);
        if (info == NULL || v->p.n_code - v->at <= info->words)
            return bad(v, "there is no such operation");
        if (op == SVYI_OP_END)
            break;
        svy_status st = check_operand(v, op, w >> 8);
        if (st == SVY_OK)
            st = walk(v, op, w >> 8, info);
        if (st != SVY_OK)
            return st;
        v->at += 1u + info->words;
    }
    if (v->at + 1 != v->p.n_code || v->n_loops != 0 || v->n_sums != 0 || v->depth != 1 || v->holds[0] != VALUE)
        return bad(v, "it does not end with one value");
    return SVY_OK;
}

svy_status svyi_verify(svy_code code, uint32_t n_symbols, uint32_t n_lists, uint32_t *stack_need, uint32_t *sums_need, svy_error *err)
{
    verifier v = { .code = code, .n_symbols = n_symbols, .n_lists = n_lists, .err = err };
    svy_status st = check_header(&v);
    if (st == SVY_OK)
        st = check_consts(&v);
    if (st == SVY_OK)
        st = check_code(&v);
    *stack_need = v.most;
    *sums_need = v.most_sums;
    return st;
}

svy_status svy_code_verify(svy_code code, uint32_t n_symbols, uint32_t n_lists, svy_error *err)
{
    uint32_t need, sums_need;
    svy_status st = svyi_verify(code, n_symbols, n_lists, &need, &sums_need, err);
    if (st != SVY_OK)
        return st;
    if (svyi_word(code.bytes, SVYI_H_STACK) != need || svyi_word(code.bytes, SVYI_H_SUMS) != sums_need)
        return svyi_fail(err, SVY_E_FORMAT, "a compiled expression is damaged: it says a wrong need of memory");
    return SVY_OK;
}
