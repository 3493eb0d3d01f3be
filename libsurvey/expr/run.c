/* The interpreter: runs a verified program on one interview. */
#include "expr_priv.h"

#include <string.h>

#include "base/error.h"

/* ---- Working memory ---- */

enum { FIRST_BLOCK = 4096 };

svy_status svy_scratch_new(const svy_alloc *alloc, svy_scratch **out, svy_error *err)
{
    SVY_REQUIRE(out != NULL, err);
    const svy_alloc a = svyi_alloc_or_default(alloc);
    *out = svyi_get(&a, sizeof **out);
    if (*out == NULL)
        return svyi_nomem(err);
    memset(*out, 0, sizeof **out);
    (*out)->alloc = a;
    return SVY_OK;
}

uint64_t svy_scratch_steps(const svy_scratch *s)
{
    return s != NULL ? s->steps : 0;
}

/* Frees the blocks of texts but the last, which was the first and is of the usual size. */
static void drop_blocks(svy_scratch *s, int keep)
{
    while (s->made != NULL && (s->made->next != NULL || !keep)) {
        svyi_made *next = s->made->next;
        svyi_release(&s->alloc, s->made, sizeof *s->made + s->made->size);
        s->made = next;
    }
    if (s->made != NULL)
        s->made->used = 0;
    s->made_total = 0;
}

void svyi_made_reset(svy_scratch *s)
{
    if (s->made_total > 0)
        drop_blocks(s, 1);
}

void svy_scratch_free(svy_scratch *s)
{
    if (s == NULL)
        return;
    svy_alloc alloc = s->alloc;
    drop_blocks(s, 0);
    svyi_regex_forget(s);
    for (size_t i = 0; i < s->sums_capacity; i++)
        svyi_buffer_clear(&s->sums[i].text);
    svyi_xpath_forget(s);
    svyi_release(&alloc, s->columns, s->columns_size);
    svyi_release(&alloc, s->sums, s->sums_capacity * sizeof *s->sums);
    svyi_release(&alloc, s->stack, s->stack_capacity * sizeof *s->stack);
    svyi_release(&alloc, s, sizeof *s);
}

char *svyi_make(svyi_run *r, size_t len)
{
    svy_scratch *s = r->scratch;
    if (len > SVYI_MAX_MADE || s->made_total + len > SVYI_MAX_MADE) {
        r->status = SVY_E_LIMIT;
        return NULL;
    }
    if (s->made == NULL || s->made->size - s->made->used < len) {
        size_t size = s->made != NULL && len > FIRST_BLOCK ? len : len > FIRST_BLOCK ? len : FIRST_BLOCK;
        svyi_made *block = svyi_get(&s->alloc, sizeof *block + size);
        if (block == NULL) {
            r->status = SVY_E_NOMEM;
            return NULL;
        }
        *block = (svyi_made){ s->made, size, 0 };
        s->made = block;
    }
    char *bytes = (char *)(s->made + 1) + s->made->used;
    s->made->used += len;
    s->made_total += len;
    return bytes;
}

static int reserve(svy_scratch *s, const svyi_program *p)
{
    size_t had = s->sums_capacity;
    if (p->stack <= s->stack_capacity && p->sums <= had)
        return 1;
    if (svyi_grow(&s->alloc, &s->stack, &s->stack_capacity, p->stack, sizeof *s->stack) != 0 ||
        svyi_grow(&s->alloc, &s->sums, &s->sums_capacity, p->sums, sizeof *s->sums) != 0)
        return 0;
    for (; had < s->sums_capacity; had++)
        svyi_buffer_init(&s->sums[had].text, &s->alloc);
    return 1;
}

/* ---- Answers ---- */

static void push(svyi_run *r, svy_value v)
{
    r->stack[r->top++] = v;
}

static void load(svyi_run *r, uint32_t symbol, uint32_t entry)
{
    svy_value *v = &r->stack[r->top++];
    *v = (svy_value){ .missing = SVY_NOT_REACHED, .text = "" };
    if (r->env->get != NULL)
        r->env->get(r->env->user, symbol, entry, v);
    if (v->missing > SVY_NOT_STATED || (v->missing == SVY_PRESENT && !(v->number - v->number == 0)))
        v->missing = SVY_NOT_STATED;
    if (v->missing != SVY_PRESENT || v->text == NULL) {
        v->text = "";
        v->len = 0;
    }
    if (v->missing != SVY_PRESENT)
        v->number = 0;
}

void svyi_run_const(svyi_run *r, uint32_t operand, svy_value *v)
{
    (void)v;
    push(r, svyi_program_const(&r->program, operand));
}

void svyi_run_load(svyi_run *r, uint32_t operand, svy_value *v)
{
    (void)v;
    load(r, operand, r->entry);
    r->stack[r->top - 1].kind = (uint8_t)svyi_word(r->program.code, r->pc - 1);
}

/* The entry as it was `up` loops further out. */
static uint32_t entry_up(const svyi_run *r, uint32_t up)
{
    return up == 0 ? r->entry : r->loops[r->n_loops - up].outer;
}

void svyi_run_load_up(svyi_run *r, uint32_t operand, svy_value *v)
{
    (void)v;
    const uint32_t how = svyi_word(r->program.code, r->pc - 1);
    load(r, operand, entry_up(r, how >> 8));
    r->stack[r->top - 1].kind = (uint8_t)how;
}

void svyi_run_self(svyi_run *r, uint32_t operand, svy_value *v)
{
    (void)v;
    if (r->env->self_value != NULL)
        push(r, *r->env->self_value);
    else
        load(r, operand, r->first_entry);
}

/* ---- Aggregates and loops over entries ---- */

void svyi_run_sum_new(svyi_run *r, uint32_t operand, svy_value *v)
{
    (void)v;
    r->top--;
    svyi_sum_start(&r->scratch->sums[r->n_sums++], operand, &r->stack[r->top]);
}

void svyi_run_sum_add(svyi_run *r, uint32_t operand, svy_value *v)
{
    (void)v;
    r->top--;
    svyi_sum_add(r, &r->scratch->sums[r->n_sums - 1], operand, &r->stack[r->top]);
}

void svyi_run_sum_end(svyi_run *r, uint32_t operand, svy_value *v)
{
    (void)v;
    r->n_sums--;
    svyi_sum_finish(r, &r->scratch->sums[r->n_sums], operand, &r->stack[r->top]);
    r->top++;
}

static uint32_t next_entry(const svyi_run *r, uint32_t roster, uint32_t base, uint32_t after)
{
    return r->env->next_entry != NULL ? r->env->next_entry(r->env->user, roster, base, after) : 0;
}

static uint32_t enclosing(const svyi_run *r, uint32_t roster, uint32_t entry)
{
    return r->env->enclosing != NULL ? r->env->enclosing(r->env->user, roster, entry) : 0;
}

static void leave_loop(svyi_run *r)
{
    const svyi_loop *loop = &r->loops[--r->n_loops];
    r->entry = loop->outer;
    r->pc = loop->end;
}

static void next_turn(svyi_run *r)
{
    svyi_loop *loop = &r->loops[r->n_loops - 1];
    loop->entry = next_entry(r, loop->roster, loop->base, loop->entry);
    if (loop->entry == 0) {
        leave_loop(r);
        return;
    }
    r->entry = loop->entry;
    r->pc = loop->body;
}

void svyi_run_each(svyi_run *r, uint32_t operand, svy_value *v)
{
    (void)v;
    const uint32_t parent = svyi_word(r->program.code, r->pc - 2), around = entry_up(r, operand);
    svyi_loop *loop = &r->loops[r->n_loops++];

    *loop = (svyi_loop){ .body = r->pc, .end = svyi_word(r->program.code, r->pc - 1), .roster = svyi_word(r->program.code, r->pc - 3),
                         .base = parent != 0 ? enclosing(r, parent, around) : 0, .outer = r->entry };
    if (parent != 0 && loop->base == 0)
        leave_loop(r);
    else
        next_turn(r);
}

void svyi_run_where(svyi_run *r, uint32_t operand, svy_value *v)
{
    (void)operand;
    (void)v;
    r->top--;
    if (!svyi_is_true(&r->stack[r->top]))
        next_turn(r);
}

void svyi_run_feed(svyi_run *r, uint32_t operand, svy_value *v)
{
    (void)v;
    svyi_sum *sum = &r->scratch->sums[r->n_sums - 1];
    r->top--;
    svyi_sum_add(r, sum, operand, &r->stack[r->top]);
    if (operand == SVYI_NTH && sum->count == sum->extra)
        leave_loop(r);
    else
        next_turn(r);
}

/* ---- Single entries: on the stack between BASE and LOAD_AT as a number; missing when there is none ---- */

void svyi_run_base(svyi_run *r, uint32_t operand, svy_value *v)
{
    (void)v;
    const uint32_t parent = svyi_word(r->program.code, r->pc - 1);
    const uint32_t base = parent != 0 ? enclosing(r, parent, entry_up(r, operand)) : 0;
    svy_value entry = { .kind = SVY_K_ENTRIES, .number = base, .text = "" };
    if (parent != 0 && base == 0)
        entry = svy_value_missing(SVY_K_ENTRIES, SVY_NOT_ASKED);
    push(r, entry);
}

void svyi_run_pick(svyi_run *r, uint32_t operand, svy_value *v)
{
    (void)operand;
    (void)v;
    const uint32_t roster = svyi_word(r->program.code, r->pc - 1);
    const svy_value *n = &r->stack[--r->top];
    svy_value *base = &r->stack[r->top - 1];
    uint32_t entry = 0;

    if (base->missing == SVY_PRESENT && n->missing == SVY_PRESENT && n->number >= 1) {
        double left = n->number;
        do {
            entry = next_entry(r, roster, (uint32_t)base->number, entry);
            r->steps++;
        } while (entry != 0 && (left -= 1) >= 1 && r->steps < SVYI_MAX_STEPS);
        if (left > 0 && left < 1)                      /* 1.5 is no position */
            entry = 0;
    }
    *base = entry != 0 ? (svy_value){ .kind = SVY_K_ENTRIES, .number = entry, .text = "" } : svy_value_missing(SVY_K_ENTRIES, SVY_NOT_ASKED);
}

void svyi_run_load_at(svyi_run *r, uint32_t operand, svy_value *v)
{
    (void)v;
    const svy_value entry = r->stack[--r->top];
    if (entry.missing != SVY_PRESENT)
        push(r, svy_value_missing(SVY_K_NONE, SVY_NOT_ASKED));
    else
        load(r, operand, (uint32_t)entry.number);
}

void svyi_run_position(svyi_run *r, uint32_t operand, svy_value *v)
{
    (void)operand;
    (void)v;
    svy_value position = svy_value_missing(SVY_K_NUMBER, SVY_NOT_ASKED);
    if (r->entry != 0 && r->env->position != NULL)
        svyi_set_number(&position, r->env->position(r->env->user, r->entry));
    push(r, position);
}

/* ---- Code lists ---- */

static svy_value text_from(svy_value v)
{
    v.kind = SVY_K_TEXT;
    v.number = 0;
    if (v.text == NULL || v.missing != SVY_PRESENT) {
        v.text = "";
        v.len = 0;
    }
    return v;
}

/* Labels of several codes stand with commas between them; a code without one stands for itself. */
void svyi_run_label(svyi_run *r, uint32_t operand, svy_value *v)
{
    svy_value *codes = &r->stack[r->top - 1];
    svyi_sum labels = { .best = { .kind = SVY_K_TEXT, .text = ", ", .len = 2 } };
    const char *code;
    size_t at = 0, len;

    (void)v;
    if (codes->missing != SVY_PRESENT) {
        codes->kind = SVY_K_TEXT;
        return;
    }
    svyi_buffer_init(&labels.text, &r->scratch->alloc);
    while (r->status == SVY_OK && svyi_next_code(codes, &at, &code, &len)) {
        svy_value label = { .kind = SVY_K_TEXT, .text = code, .len = (uint32_t)len };
        svy_value found = label;
        if (r->env->label != NULL && r->env->label(r->env->user, operand, code, len, &found))
            label = text_from(found);
        svyi_sum_add(r, &labels, SVYI_JOIN, &label);
        r->steps++;
    }
    svyi_sum_finish(r, &labels, SVYI_JOIN, codes);
    svyi_buffer_clear(&labels.text);
}

void svyi_run_lookup(svyi_run *r, uint32_t operand, svy_value *v)
{
    (void)v;
    const svy_value *key = &r->stack[--r->top];
    svy_value *property = &r->stack[r->top - 1];
    svy_value found = svy_value_missing(SVY_K_TEXT, SVY_NOT_STATED);

    if (property->missing != SVY_PRESENT || key->missing != SVY_PRESENT)
        found.missing = property->missing != SVY_PRESENT ? property->missing : key->missing;
    else if (r->env->lookup == NULL ||
             !r->env->lookup(r->env->user, operand, key->text, key->len, property->text, property->len, &found))
        found = svy_value_missing(SVY_K_TEXT, SVY_NOT_STATED);
    *property = text_from(found);
}

void svyi_run_choice(svyi_run *r, uint32_t operand, svy_value *v)
{
    (void)v;
    const svy_value *choice = operand == 0 ? r->env->choice_code : r->env->choice_parent;
    push(r, choice != NULL ? *choice : svy_value_missing(SVY_K_CODE, SVY_NOT_ASKED));
}

/* ---- The loop ---- */

static void step(svyi_run *r)
{
    const uint32_t word = svyi_word(r->program.code, r->pc), code = word & 0xff, operand = word >> 8;
    const svyi_op_info *info = &svyi_ops[code];        /* the program is verified */

    r->pc += 1u + info->words;
    if (info->control) {
        info->run(r, operand, NULL);
        return;
    }
    const uint32_t pops = code == SVYI_OP_CALL ? operand >> 12 : info->pops;
    info->run(r, operand, &r->stack[r->top - pops]);
    r->top += info->pushes - pops;
}

svy_status svy_code_run(svy_code code, const svy_env *env, uint32_t entry, svy_scratch *scratch, svy_value *value, svy_error *err)
{
    svyi_run r;                                  /* its loops are not set: each is when it begins */

    SVY_REQUIRE(value != NULL, err);
    *value = (svy_value){ .missing = SVY_NOT_STATED, .text = "" };
    SVY_REQUIRE(env != NULL && scratch != NULL && code.bytes != NULL, err);
    svyi_program_open(code, &r.program);
    svyi_made_reset(scratch);
    if (!reserve(scratch, &r.program))
        return svyi_nomem(err);
    r.env = env;
    r.scratch = scratch;
    r.stack = scratch->stack;
    r.entry = r.first_entry = entry;
    r.top = r.pc = r.steps = r.n_sums = r.n_loops = 0;
    r.status = SVY_OK;
    while (r.status == SVY_OK && (svyi_word(r.program.code, r.pc) & 0xff) != SVYI_OP_END) {
        step(&r);
        if (++r.steps > SVYI_MAX_STEPS)
            r.status = SVY_E_LIMIT;
    }
    scratch->steps += r.steps;
    if (r.status == SVY_E_NOMEM)
        return svyi_nomem(err);
    if (r.status != SVY_OK)
        return svyi_fail(err, r.status, "an expression takes more than %d steps or makes more than %d bytes of text", SVYI_MAX_STEPS, SVYI_MAX_MADE);
    *value = r.stack[0];
    value->kind = r.program.kind;
    return SVY_OK;
}
