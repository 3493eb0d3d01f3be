/* Checks that an XPath program is safe to run, by walking its records once. */
#include "xpath_priv.h"

#include "base/error.h"

enum { DEEPEST = 2 * SVYI_X_HEIGHT + 16 };

typedef struct verifier { const unsigned char *code; uint32_t n_code, n_texts, n_names, n_trees, n_kept; svy_error *err; } verifier;

static svy_status bad(const verifier *v, uint32_t at, const char *what)
{
    return svyi_fail(v->err, SVY_E_FORMAT, "a compiled expression is damaged at word %u: %s", (unsigned)at, what);
}

uint32_t svyi_xop_words(unsigned op, unsigned children)
{
    switch (op) {
    case SVYI_X_CONST_NUMBER: case SVYI_X_CONST_TEXT: return 4;
    case SVYI_X_CHAIN: return 2 + children;
    case SVYI_X_CALL: case SVYI_X_PATH: case SVYI_X_KEEP: return 3;
    case SVYI_X_STEP: return 7;
    default: return 2;
    }
}

static int is_name(const verifier *v, uint32_t name)
{
    return name < v->n_names || name >= SVY_NAME_ANY_ATTRIBUTE;
}

static svy_status check_text(const verifier *v, uint32_t at, uint32_t operand)
{
    const uint32_t from = svyi_word(v->code, operand), len = svyi_word(v->code, operand + 1);
    return from <= v->n_texts && len <= v->n_texts - from ? SVY_OK : bad(v, at, "a text lies outside");
}

static svy_status check_chain(const verifier *v, uint32_t at, unsigned level, uint32_t children)
{
    static const uint8_t FIRST[] = { 0, SVYI_OR, SVYI_AND, SVYI_EQ, SVYI_LT, SVYI_ADD, SVYI_MUL, SVYI_NO_OPERATOR };
    if (level < 1 || level > 6 || children < 2)
        return bad(v, at, "there is no such operator");
    for (uint32_t i = 1; i < children; i++) {
        const uint32_t op = svyi_word(v->code, at + 2 + i);
        if (op < FIRST[level] || op >= FIRST[level + 1])
            return bad(v, at, "there is no such operator");
    }
    return SVY_OK;
}

static svy_status check_step(const verifier *v, uint32_t at, unsigned axis, uint32_t children)
{
    const uint32_t how = svyi_word(v->code, at + 3), flags = how >> 8;
    if (axis >= SVYI_N_XAXES || (how & 0xff) >= SVYI_N_XTESTS || flags >= 32)
        return bad(v, at, "there is no such step");
    if (!is_name(v, svyi_word(v->code, at + 2)) || !is_name(v, svyi_word(v->code, at + 4)))
        return bad(v, at, "there is no such name");
    if ((flags & SVYI_XF_INDEX) && (flags & SVYI_XF_PICK))
        return bad(v, at, "there is no such step");
    if ((flags & (SVYI_XF_INDEX | SVYI_XF_PICK)) && children < 1)
        return bad(v, at, "a step has no key");
    return check_text(v, at, at + 5);
}

static svy_status check_call(const verifier *v, uint32_t at, uint32_t children)
{
    const svyi_xfunction *fn = svyi_xfunction_get(svyi_word(v->code, at + 2));
    if (fn == NULL || fn->call == NULL || children < fn->min || (fn->max != 255 && children > fn->max))
        return bad(v, at, "there is no such function");
    return SVY_OK;
}

static svy_status check_operands(const verifier *v, uint32_t at, unsigned op, unsigned detail, uint32_t children)
{
    switch (op) {
    case SVYI_X_CONST_NUMBER: return children == 0 ? SVY_OK : bad(v, at, "a constant has parts");
    case SVYI_X_CONST_TEXT: return children == 0 ? check_text(v, at, at + 2) : bad(v, at, "a constant has parts");
    case SVYI_X_CHAIN: return check_chain(v, at, detail, children);
    case SVYI_X_NEGATE: return children == 1 ? SVY_OK : bad(v, at, "it negates not one value");
    case SVYI_X_CALL: return check_call(v, at, children);
    case SVYI_X_PATH:
        if (detail >= SVYI_N_XSTARTS || (detail == SVYI_XS_EXPRESSION && children == 0))
            return bad(v, at, "a path begins nowhere");
        if (detail == SVYI_XS_TREE && (svyi_word(v->code, at + 2) == 0 || svyi_word(v->code, at + 2) > v->n_trees))
            return bad(v, at, "there is no such instance");
        return SVY_OK;
    case SVYI_X_STEP: return check_step(v, at, detail, children);
    case SVYI_X_UNION: return children > 0 ? SVY_OK : bad(v, at, "nothing is joined");
    case SVYI_X_KEEP: return children == 1 && svyi_word(v->code, at + 2) < v->n_kept ? SVY_OK : bad(v, at, "a value is kept nowhere");
    default: return bad(v, at, "there is no such operation");
    }
}

/* Steps stand in paths only, after the expression that a path may begin with. */
static int step_expected(unsigned op, unsigned detail, uint32_t child)
{
    return op == SVYI_X_PATH && !(detail == SVYI_XS_EXPRESSION && child == 0);
}

static svy_status walk(const verifier *v, uint32_t at, uint32_t limit, int is_step, unsigned depth)
{
    if (depth > DEEPEST || at > limit || limit - at < 2)
        return bad(v, at, "it is cut off, or nested too deep");
    const uint32_t head = svyi_word(v->code, at), size = svyi_word(v->code, at + 1), children = head >> 16;
    const unsigned op = head & 0xff, detail = head >> 8 & 0xff;
    const uint32_t words = svyi_xop_words(op, children);
    if (size < words || size > limit - at || is_step != (op == SVYI_X_STEP))
        return bad(v, at, "a part has an impossible size");
    svy_status st = check_operands(v, at, op, detail, children);
    uint32_t child_at = at + words;
    for (uint32_t i = 0; i < children && st == SVY_OK; i++) {
        st = walk(v, child_at, at + size, step_expected(op, detail, i), depth + 1);
        if (st == SVY_OK)
            child_at += svyi_word(v->code, child_at + 1);
    }
    if (st == SVY_OK && child_at != at + size)
        return bad(v, at, "a part does not end where it says");
    return st;
}

svy_status svy_xpath_verify(svy_code code, uint32_t n_items, uint32_t n_names, uint32_t n_trees, svy_error *err)
{
    enum { MOST = 1 << 24 };
    const unsigned char *bytes = code.bytes;
    verifier v = { .n_names = n_names, .n_trees = n_trees, .err = err };

    (void)n_items;                       /* programs name nodes, not items */
    if (bytes == NULL || code.size < 4 * (SVYI_X_HEADER + 2) || code.size % 4 != 0 || code.size > 2 * (size_t)MOST)
        return bad(&v, 0, "it is too short or too long");
    const uint32_t version = svyi_word(bytes, SVYI_XH_VERSION);
    if (svyi_word(bytes, SVYI_XH_MAGIC) != SVYI_X_MAGIC || (version & 0xff) != SVYI_X_VERSION)
        return bad(&v, 0, "it is not of this version");
    if ((version >> 8 & 0xff) > SVY_COMPAT_WEB || version >> 16 > (SVYI_XP_CLOCK | SVYI_XP_POSITION | SVYI_XP_LABELS))
        return bad(&v, 0, "it has unknown flags");
    v.code = bytes + 4 * (size_t)SVYI_X_HEADER;
    v.n_code = svyi_word(bytes, SVYI_XH_CODE);
    v.n_texts = svyi_word(bytes, SVYI_XH_TEXTS);
    v.n_kept = svyi_word(bytes, SVYI_XH_KEPT);
    if (v.n_code > MOST || v.n_texts > MOST || v.n_kept > SVYI_X_KEPT || svyi_word(bytes, SVYI_XH_SIZE) != code.size ||
        4 * (size_t)SVYI_X_HEADER + 4 * (size_t)v.n_code + v.n_texts != code.size)
        return bad(&v, 0, "its size is not what it says");
    svy_status st = walk(&v, 0, v.n_code, 0, 0);
    if (st == SVY_OK && svyi_word(v.code, 1) != v.n_code)
        st = bad(&v, 0, "a part does not end where it says");
    return st;
}
