/* What the parts of the XPath compiler and its interpreter share: tokens, tree, program form, function table, values. */
#ifndef SVY_XPATH_PRIV_H
#define SVY_XPATH_PRIV_H
#include <survey/xpath.h>

#include "expr/expr_priv.h"

enum {
    SVYI_X_HEIGHT = 400,         /* of the tree, so of every recursion over it */
    SVYI_X_SPOTS = 512,          /* items that one step can lead to before it counts as "anywhere" */
    SVYI_X_NODES_MOST = 4000000, /* nodes at a time in one run */
    SVYI_X_KEPT = 64             /* values of a program that are worked out once in a run */
};

/* ---- Tokens ---- */

typedef enum svyi_xtoken_type {
    SVYI_XT_END, SVYI_XT_NUMBER, SVYI_XT_TEXT, SVYI_XT_ID /* ${x} */, SVYI_XT_NAME /* a, a:b, a:*, * */, SVYI_XT_FUNCTION /* name before ( */,
    SVYI_XT_NODE_TYPE /* node, text, ... before ( */, SVYI_XT_AXIS /* name before :: */, SVYI_XT_OPERATOR, SVYI_XT_UNION, SVYI_XT_SLASH, SVYI_XT_SLASHES,
    SVYI_XT_DOT, SVYI_XT_DOTS, SVYI_XT_AT, SVYI_XT_OPEN, SVYI_XT_CLOSE, SVYI_XT_OPEN_BRACKET, SVYI_XT_CLOSE_BRACKET, SVYI_XT_COMMA, SVYI_XT_ERROR
} svyi_xtoken_type;

typedef struct svyi_xtoken {
    svyi_xtoken_type type;
    svyi_operator op;
    uint32_t at, len;
    double number;
    const char *text; uint32_t text_len;
} svyi_xtoken;

/* ---- The tree ---- */

/* Stored in programs: append only. */
typedef enum svyi_xop { SVYI_X_END, SVYI_X_CONST_NUMBER, SVYI_X_CONST_TEXT, SVYI_X_CHAIN, SVYI_X_NEGATE, SVYI_X_CALL, SVYI_X_PATH, SVYI_X_STEP,
                        SVYI_X_UNION, SVYI_X_KEEP, SVYI_N_XOPS } svyi_xop;

/* Where a path begins. Stored. EXPRESSION: the first child gives the nodes. */
typedef enum svyi_xstart { SVYI_XS_CONTEXT, SVYI_XS_CURRENT, SVYI_XS_RECORD, SVYI_XS_ROOT, SVYI_XS_TREE, SVYI_XS_EXPRESSION, SVYI_XS_NOTHING, SVYI_N_XSTARTS } svyi_xstart;

typedef enum svyi_xaxis {        /* stored */
    SVYI_XA_CHILD, SVYI_XA_ATTRIBUTE, SVYI_XA_SELF, SVYI_XA_PARENT, SVYI_XA_DESCENDANT, SVYI_XA_DESCENDANT_OR_SELF, SVYI_XA_ANCESTOR,
    SVYI_XA_ANCESTOR_OR_SELF, SVYI_XA_FOLLOWING_SIBLING, SVYI_XA_PRECEDING_SIBLING, SVYI_XA_FOLLOWING, SVYI_XA_PRECEDING, SVYI_N_XAXES
} svyi_xaxis;

typedef enum svyi_xtest { SVYI_XN_NAME, SVYI_XN_NODE, SVYI_XN_TEXT, SVYI_XN_PREFIX, SVYI_XN_NOTHING, SVYI_N_XTESTS } svyi_xtest;   /* stored */

/* Flags of a step. Stored. */
enum {
    SVYI_XF_SINGLE = 1,          /* at most one node has that name there */
    SVYI_XF_SORT = 2,            /* the result must be brought into document order, each node once */
    SVYI_XF_INDEX = 4,           /* child `key` = the last child of the step: may be looked up */
    SVYI_XF_PICK = 16,           /* the last child is the number of the node to take, told where the path begins */
    SVYI_XF_TOGETHER = 8         /* predicates count over all nodes that come in, not over those of each */
};

typedef struct svyi_xfunction svyi_xfunction;
typedef struct svyi_xvalue svyi_xvalue;

/* Items that the nodes of an expression can belong to. `own`: of the entries around the context only. */
typedef struct svyi_xspot { uint32_t item; uint8_t own; } svyi_xspot;
typedef struct svyi_xset {
    svyi_xspot *spots;
    uint32_t n, capacity;
    uint8_t document;            /* the document of the record */
    uint8_t trees;               /* nodes of instances */
    uint8_t wide;                /* any item */
} svyi_xset;

typedef struct svyi_xnode {
    uint8_t type;                /* svyi_xop */
    uint8_t op;                  /* svyi_operator before this child of a chain */
    uint8_t detail;              /* path: svyi_xstart; step: svyi_xaxis; chain: level of its operators */
    uint8_t test;                /* step: svyi_xtest */
    uint8_t flags;               /* step */
    uint8_t gives;               /* svy_xpath_type; 0: known only when it is run */
    uint8_t bracketed;
    uint8_t fixed;               /* the same for every context node: it reads current(), absolute paths, instances only */
    uint8_t constant;            /* and no nodes at all */
    uint8_t keep;                /* 1 + slot that its value is kept in */
    uint16_t height;
    uint32_t at, len;
    uint32_t name;               /* step: number of the name; path: tree */
    uint32_t key_name;           /* step with SVYI_XF_INDEX */
    struct svyi_xnode *key;      /* and the value looked up: a part of one of its predicates */
    uint32_t n;                  /* children: of a path the expression it begins with (when it does) and its steps; of a step its predicates */
    double number;
    const char *text; uint32_t text_len;     /* constant; name of a step as written; prefix */
    const svyi_xfunction *fn;
    struct svyi_xnode *first, *last, *next;
} svyi_xnode;

typedef struct svyi_xcompiler {
    svyi_compiler base;          /* messages, arena, limits */
    svy_expr_place where;
    const svy_xpath_scope *scope;
    const svy_xpath_place *place;
    svyi_buffer uses;            /* of svy_expr_use, with repetitions */
    unsigned n_kept;
    uint8_t uses_clock, uses_position, uses_labels;
} svyi_xcompiler;

svyi_xtoken svyi_xtoken_next(svyi_xcompiler *c, size_t *at, int operand);
/* Whether two names are the same text. */
int svyi_same(const char *a, size_t len, const char *b);
svyi_xnode *svyi_xparse(svyi_xcompiler *c);                              /* NULL: reported */
svyi_xnode *svyi_xnode_new(svyi_xcompiler *c, svyi_xop type, size_t at, size_t len);
svyi_xnode *svyi_xadopt(svyi_xcompiler *c, svyi_xnode *n, svyi_xnode *child);
/* A path from current() to an item: `ups` parents, then down. `at`, `len`: what it stands for in the text. */
svyi_xnode *svyi_xpath_to(svyi_xcompiler *c, uint32_t item, size_t at, size_t len);
/* Finds what every path can lead to; collects uses and notes; chooses indexes and kept values. 0: reported. */
int svyi_xcheck(svyi_xcompiler *c, svyi_xnode *root);
/* What a call stands for: a path for current(), instance(), pulldata(); mostly itself. NULL: reported. */
svyi_xnode *svyi_xrewrite(svyi_xcompiler *c, svyi_xnode *call);
/* Makes a path of indexed-repeat(); `items` are those of its paths, by number of the argument. 0: reported. */
int svyi_xindexed(svyi_xcompiler *c, svyi_xnode *call, const uint32_t *items);
/* In strict and Collect a path from the root element that goes through a roster around the place means the place's own entry (ODK XForms, "A big
   deviation with XForms"): it is made a path from current(). */
void svyi_xown_entry(svyi_xcompiler *c, svyi_xnode *path, int as_set);
/* A note when the result of a call differs between clients. */
void svyi_xnote_call(svyi_xcompiler *c, const svyi_xnode *call);
/* Parses bytes from..to of the expression as a path: of a text such as '/data/a'. NULL: reported. */
svyi_xnode *svyi_xparse_part(svyi_xcompiler *c, size_t from, size_t to);
svy_status svyi_xemit(svyi_xcompiler *c, svyi_xnode *root, svyi_buffer *out);

/* ---- The program ----
   Words: header, one record for the root, texts. A record is: op | detail << 8 | children << 16; its size in words with all in it; then
     CONST_NUMBER  low, high
     CONST_TEXT    offset, length
     CHAIN         a word for each child: the svyi_operator before it
     CALL          function
     PATH          tree; in the record 1 when it leads to one question
     STEP          name; test | flags << 8; key name; offset, length of a prefix
     KEEP          slot
   then its children. */

enum {
    SVYI_X_MAGIC = 0x50585653, SVYI_X_VERSION = 1,
    SVYI_XH_MAGIC = 0, SVYI_XH_VERSION /* | compat << 8 | flags << 16 */, SVYI_XH_SIZE, SVYI_XH_CODE, SVYI_XH_TEXTS, SVYI_XH_KEPT, SVYI_X_HEADER,
    SVYI_XP_CLOCK = 1, SVYI_XP_POSITION = 2, SVYI_XP_LABELS = 4,
    SVYI_X_CHILDREN_MOST = 0xffff
};
uint32_t svyi_xop_words(unsigned op, unsigned children);                 /* before the children, with the first two */

/* ---- Values ---- */

/* Nodes: an offset into the run's nodes. A date is TEXT with its number. */
struct svyi_xvalue {
    uint8_t type;                /* svy_xpath_type */
    uint8_t one;                 /* NODES of a path to one question, which may be not relevant now */
    uint8_t dated;               /* TEXT made by a function of dates: `number` is its number of days */
    uint32_t len, from, n;
    double number;
    const char *text;
};

typedef struct svyi_xcontext { svy_node node; uint32_t position, size; } svyi_xcontext;

typedef struct svyi_xrun {
    svyi_run base;               /* scratch, status: for svyi_make() and the matcher of patterns; its stack and loops are not used */
    const svy_xpath_env *env;
    const unsigned char *code, *texts;       /* the root record; texts */
    svy_compat compat;
    svy_node current;
    svy_node *nodes; uint32_t n_nodes, nodes_capacity;   /* all node-sets at work, one above the other; the scratch's */
    uint64_t steps;
    uint64_t has_kept; uint32_t n_kept_nodes;
    char why[160];               /* of status SVY_E_VALUE */
} svyi_xrun;

/* A call at work: its arguments are evaluated when a function asks for them. */
typedef struct svyi_xcall {
    svyi_xrun *run;
    const svyi_xcontext *in;
    const unsigned char *record, *next;      /* the call, and the argument asked for next */
    unsigned n, left;
} svyi_xcall;

typedef void svyi_xcall_fn(svyi_xcall *call, svyi_xvalue *out);
struct svyi_xfunction {
    const char *name;
    uint8_t min, max;            /* arguments; max 255: any number */
    uint8_t gives;               /* svy_xpath_type; 0: that of its arguments */
    uint8_t detail;
    uint16_t flags;
    svyi_xcall_fn *call;
};
enum {
    SVYI_XFN_CLOCK = 1, SVYI_XFN_POSITION = 2, SVYI_XFN_LABELS = 4,
    SVYI_XFN_CONTEXT = 8,        /* without arguments it is about the context node */
    SVYI_XFN_NODES = 16,         /* the first argument must be nodes */
    SVYI_XFN_NO_VALUE = 32,      /* and their values do not matter */
    SVYI_XFN_DRAWS = 64,
    SVYI_XFN_BRANCHES = 128,     /* the first argument is a condition */
    SVYI_XFN_REWRITTEN = 512,    /* stands for a path, which one is known when its arguments are checked */
    SVYI_XFN_SETS = 1024,        /* its arguments are taken node by node */
    SVYI_XFN_OUTSIDE = 256       /* asks for what is not in the form */
};
const svyi_xfunction *svyi_xfunction_find(const char *name, size_t len);
const svyi_xfunction *svyi_xfunction_get(unsigned id);
unsigned svyi_xfunction_id(const svyi_xfunction *fn);
/* Advice for a function that is not there. */
const char *svyi_xfunction_advice(const char *name, size_t len);

void svyi_xeval(svyi_xrun *r, const unsigned char *record, const svyi_xcontext *in, svyi_xvalue *out);
void svyi_xpath_eval(svyi_xrun *r, const unsigned char *record, const svyi_xcontext *in, svyi_xvalue *out);
int svyi_xcompare_nodes(svyi_xrun *r, svy_node a, svy_node b);
void svyi_xsort(svyi_xrun *r, uint32_t from);                             /* nodes[from..]: document order, each once */
int svyi_xpush(svyi_xrun *r, svy_node node);                              /* 0: limit or memory */
void svyi_xfail(svyi_xrun *r, const char *fmt, ...) SVY_PRINTF(2, 3);     /* SVY_E_VALUE */

/* Arguments: each call evaluates the next one. A default when there is none left. */
int svyi_xarg(svyi_xcall *call, svyi_xvalue *value);                      /* 0 when there is none */
double svyi_xarg_number(svyi_xcall *call);
int svyi_xarg_boolean(svyi_xcall *call);
void svyi_xarg_text(svyi_xcall *call, const char **text, uint32_t *len);
void svyi_xarg_skip(svyi_xcall *call);
/* Nodes stay until svyi_xdrop(). */
void svyi_xdrop(svyi_xrun *r, const svyi_xvalue *value);

double svyi_xconst_number(const unsigned char *record);                  /* of a CONST_NUMBER */
double svyi_xremainder(double a, double b);
int svyi_xnext_inside(svyi_xrun *r, svy_node top, svy_node *node);        /* the element after *node that is inside `top`: 0 at the end */
/* Days since 1970-01-01T00:00Z of a date or date-time: 1; 0 when it is none, -1 when it looks like one but there is no such day. */
int svyi_xdate_number(const svyi_xrun *r, const char *text, uint32_t len, double *days);
void svyi_xset_number(svyi_xvalue *v, double x);
void svyi_xset_boolean(svyi_xvalue *v, int truth);
void svyi_xset_text(svyi_xvalue *v, const char *text, size_t len);
void svyi_xset_copy(svyi_xrun *r, svyi_xvalue *v, const char *text, size_t len);  /* text that does not live */
double svyi_xnumber(svyi_xrun *r, const svyi_xvalue *v);
int svyi_xboolean(svyi_xrun *r, const svyi_xvalue *v);
void svyi_xtext(svyi_xrun *r, const svyi_xvalue *v, const char **text, uint32_t *len);
double svyi_xtext_number(const svyi_xrun *r, const char *text, uint32_t len);
void svyi_xnode_text(svyi_xrun *r, svy_node node, const char **text, uint32_t *len);
size_t svyi_xnumber_format(svy_compat compat, double x, char out[352]);
int svyi_xcompare(svyi_xrun *r, const svyi_xvalue *a, const svyi_xvalue *b, svyi_operator op);

/* Which one, of svyi_xf_math(). */
enum { SVYI_XM_ABS, SVYI_XM_SQRT, SVYI_XM_EXP, SVYI_XM_EXP10, SVYI_XM_LOG, SVYI_XM_LOG10, SVYI_XM_SIN, SVYI_XM_COS, SVYI_XM_TAN, SVYI_XM_ASIN,
       SVYI_XM_ACOS, SVYI_XM_ATAN, SVYI_XM_ATAN2, SVYI_XM_POW };
/* The function of a call. */
static inline const svyi_xfunction *svyi_xfunction_of(const svyi_xcall *call)
{
    return svyi_xfunction_get(svyi_word(call->record, 2));
}
/* The next argument as a list of words: the word after *at; 0 at the end. */
int svyi_xword(const char *text, uint32_t len, uint32_t *at, const char **word, uint32_t *word_len);
/* A number that is the same for the seed, the place of the call, the context and the draw. */
uint64_t svyi_xdraw(const svyi_xcall *call);
/* The argument as nodes; anything else is an error. */
int svyi_xarg_nodes(svyi_xcall *call, svyi_xvalue *value);
/* The text that a function is about: its argument, or the context node. */
void svyi_xarg_or_context(svyi_xcall *call, const char **text, uint32_t *len);

svyi_xcall_fn svyi_xf_string, svyi_xf_concat, svyi_xf_join, svyi_xf_substr, svyi_xf_substring, svyi_xf_substring_before, svyi_xf_substring_after,
    svyi_xf_translate, svyi_xf_string_length, svyi_xf_normalize_space, svyi_xf_contains, svyi_xf_starts_with, svyi_xf_ends_with,
    svyi_xf_if, svyi_xf_coalesce, svyi_xf_once, svyi_xf_true, svyi_xf_false, svyi_xf_boolean, svyi_xf_not, svyi_xf_boolean_from_string, svyi_xf_regex,
    svyi_xf_checklist, svyi_xf_weighted_checklist, svyi_xf_number, svyi_xf_int, svyi_xf_round, svyi_xf_floor, svyi_xf_ceiling, svyi_xf_math, svyi_xf_power,
    svyi_xf_pi, svyi_xf_random, svyi_xf_sum, svyi_xf_max, svyi_xf_min, svyi_xf_count, svyi_xf_count_non_empty, svyi_xf_position, svyi_xf_last,
    svyi_xf_name, svyi_xf_local_name, svyi_xf_namespace_uri, svyi_xf_randomize, svyi_xf_selected, svyi_xf_selected_at,
    svyi_xf_count_selected, svyi_xf_choice_name, svyi_xf_itext, svyi_xf_property, svyi_xf_version, svyi_xf_depend, svyi_xf_lang, svyi_xf_today, svyi_xf_now,
    svyi_xf_date, svyi_xf_decimal_date_time, svyi_xf_decimal_time, svyi_xf_format_date, svyi_xf_uuid, svyi_xf_digest, svyi_xf_base64_decode,
    svyi_xf_area, svyi_xf_distance, svyi_xf_geofence, svyi_xf_intersects;

#endif
