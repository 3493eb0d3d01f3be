/* What the parts of the expression compiler and its interpreter share: tree, program form, function table, limits. */
#ifndef SVY_EXPR_PRIV_H
#define SVY_EXPR_PRIV_H
#include <survey/expr.h>

#include "base/arena.h"
#include "base/buffer.h"

enum {
    SVYI_MAX_TEXT = 65536,       /* bytes of one expression */
    SVYI_MAX_NESTING = 200,      /* brackets inside one another */
    SVYI_MAX_HEIGHT = 600,       /* of the tree, so of every recursion over it: a bracket can add a node per level of operators */
    SVYI_MAX_NODES = 10000,
    SVYI_MAX_STACK = 1024,       /* values on the stack of a program */
    SVYI_MAX_LOOPS = 16,         /* loops over entries inside one another */
    SVYI_MAX_SUMS = 256,         /* aggregates inside one another */
    SVYI_MAX_ROSTERS = 32,       /* rosters inside one another */
    SVYI_MAX_REPORTS = 50,       /* problems and warnings of one expression */
    SVYI_MAX_STEPS = 10000000,
    SVYI_MAX_MADE = 1 << 20,     /* bytes of text one run may make */
    SVYI_MAX_OPERAND = (1 << 24) - 1
};

/* ---- The tree ---- */

typedef enum svyi_operator {
    SVYI_OR, SVYI_AND, SVYI_EQ, SVYI_NE, SVYI_LT, SVYI_LE, SVYI_GT, SVYI_GE,
    SVYI_ADD, SVYI_SUB, SVYI_MUL, SVYI_DIV, SVYI_MOD, SVYI_NO_OPERATOR
} svyi_operator;

typedef enum svyi_node_type {
    SVYI_N_CONST, SVYI_N_SYMBOL, SVYI_N_SELF, SVYI_N_NEGATE,
    SVYI_N_CHAIN,                /* a op b op c ..., operators of one level: child->op stands before the child */
    SVYI_N_CALL,
    SVYI_N_BRACKETS              /* name[filter]...[index]: the name, then what is in the brackets */
} svyi_node_type;

typedef struct svyi_function svyi_function;

typedef struct svyi_node {
    uint8_t type;                /* svyi_node_type */
    uint8_t op;                  /* svyi_operator before this child of a chain */
    uint8_t code;                /* the svyi_op that joins this child of a chain to what stands before it */
    uint8_t detail;              /* operand of `code` */
    uint8_t kind;                /* svy_kind once checked; SVY_K_NONE: a problem was reported */
    uint8_t numeric;             /* of a code: 1 it is a number, 2 it may be one */
    uint8_t set;                 /* 1: a value for every entry of `roster` */
    uint8_t convert;             /* svyi_convert to apply to the value */
    uint8_t up;                  /* a name: how many loops further out its entry is */
    uint8_t index;               /* brackets: 1 when the last one is an index */
    uint16_t height;
    uint32_t at, len;            /* where it stands in the text */
    uint32_t list;               /* code list of the value, 0 when none */
    uint32_t roster, parent;     /* of a set: the roster walked, and the roster inside whose entry */
    uint32_t n;                  /* children */
    svy_symbol symbol;           /* names and `.` */
    svy_value value;             /* constants */
    const svyi_function *fn;     /* calls */
    struct svyi_node *first, *last, *next;
} svyi_node;

typedef struct svyi_compiler {
    const svy_scope *scope;
    const svy_expr_place *place;
    svy_diags *diags;
    svy_error *err;
    const char *text;
    size_t len;
    svyi_arena arena;            /* the tree and its texts */
    svy_status status;           /* of the first problem */
    unsigned n_nodes, n_randoms, n_reports;
    svy_scratch *scratch;        /* for folding, made when first needed */
} svyi_compiler;

/* Reports a problem at bytes at..at+len of the text; the first one also goes to err. Returns `status`. */
svy_status svyi_problem(svyi_compiler *c, svy_status status, size_t at, size_t len, const char *advice, const char *fmt, ...) SVY_PRINTF(6, 7);
void svyi_warn(svyi_compiler *c, size_t at, const char *advice, const char *fmt, ...) SVY_PRINTF(4, 5);
void svyi_note(svyi_compiler *c, size_t at, const char *advice, const char *fmt, ...) SVY_PRINTF(4, 5);
svy_status svyi_no_memory(svyi_compiler *c);
/* How many bytes of a text to show in a message: at most 40, whole characters, one line. */
int svyi_shown(const char *text, size_t len);

/* ---- Tokens ---- */

typedef enum svyi_token_type {
    SVYI_T_END, SVYI_T_NUMBER, SVYI_T_TEXT, SVYI_T_NAME /* ${x}, `x` */, SVYI_T_WORD /* x */, SVYI_T_FUNCTION /* x before ( */,
    SVYI_T_OPERATOR, SVYI_T_SELF, SVYI_T_OPEN, SVYI_T_CLOSE, SVYI_T_OPEN_BRACKET, SVYI_T_CLOSE_BRACKET, SVYI_T_COMMA, SVYI_T_ERROR
} svyi_token_type;

typedef struct svyi_token {
    svyi_token_type type;
    svyi_operator op;
    uint32_t at, len;            /* in the expression */
    double number;
    const char *text;            /* of a text (quotes taken off) or a name */
    uint32_t text_len;
} svyi_token;

/* The token at or after *at. `operand`: a value is expected, so words such as `div` are names. SVYI_T_ERROR: reported. */
svyi_token svyi_token_next(svyi_compiler *c, size_t *at, int operand);

/* NULL when a problem was reported. */
svyi_node *svyi_parse(svyi_compiler *c);

/* ---- Functions ---- */

typedef struct svyi_run svyi_run;
typedef void svyi_call(svyi_run *r, svy_value *v, unsigned n);   /* n arguments in v, the result to v[0] */

/* How a call is checked and compiled. */
typedef enum svyi_form {
    SVYI_FORM_CALL,              /* checked by `args`, run by `call` */
    SVYI_FORM_CONSTANT, SVYI_FORM_NOT, SVYI_FORM_IF, SVYI_FORM_COALESCE, SVYI_FORM_IN, SVYI_FORM_STATE, SVYI_FORM_AGGREGATE,
    SVYI_FORM_CHECKLIST, SVYI_FORM_WEIGHTED, SVYI_FORM_SELECTED, SVYI_FORM_LOOKUP, SVYI_FORM_INDEXED, SVYI_FORM_LABEL,
    SVYI_FORM_CHOICE, SVYI_FORM_POSITION, SVYI_FORM_RANDOM, SVYI_FORM_CLOCK, SVYI_FORM_ONCE,
    SVYI_N_FORMS
} svyi_form;

/* What a missing argument makes of a call. */
typedef enum svyi_missing_rule { SVYI_MISSING, SVYI_FALSE, SVYI_SEES } svyi_missing_rule;

struct svyi_function {
    const char *name;
    uint8_t min, max;            /* arguments; max 255: any number */
    const char *args;            /* a letter each, the last one for all that follow: see functions.c */
    uint8_t kind;                /* svy_kind of the result; SVY_K_NONE: depends on the arguments */
    uint8_t rule;                /* svyi_missing_rule */
    uint8_t form;                /* svyi_form */
    uint8_t detail;              /* which one, among functions of one form */
    svyi_call *call;
    const char *meaning;         /* one line */
};

/* Which aggregate: detail of SVYI_FORM_AGGREGATE, operand of the SUM operations. Stored: append only. */
enum { SVYI_SUM, SVYI_COUNT, SVYI_COUNT_NON_EMPTY, SVYI_MIN, SVYI_MAX, SVYI_MEAN, SVYI_JOIN, SVYI_CONCAT, SVYI_NTH, SVYI_TRUTHS, SVYI_N_AGGREGATES };

const svyi_function *svyi_function_find(const char *name, size_t len);
const svyi_function *svyi_function_get(unsigned id);     /* NULL when there is none */
unsigned svyi_function_id(const svyi_function *fn);
unsigned svyi_function_count(void);
unsigned svyi_selected_id(void);                         /* what selected() runs as */

svyi_call svyi_string_length, svyi_substr, svyi_contains, svyi_starts_with, svyi_ends_with, svyi_upper_case, svyi_lower_case,
    svyi_normalize_space, svyi_trim, svyi_regex, svyi_check_character, svyi_string, svyi_boolean_from_string, svyi_selected,
    svyi_count_selected, svyi_selected_at, svyi_to_number, svyi_int, svyi_round, svyi_floor, svyi_ceiling, svyi_abs, svyi_power,
    svyi_sqrt, svyi_exponential, svyi_logarithm, svyi_log10, svyi_year, svyi_month, svyi_day, svyi_hour, svyi_minute,
    svyi_date, svyi_date_diff, svyi_format_date;

/* A constant second argument of a function, checked when compiled: NULL or what is wrong with it. */
const char *svyi_unit_problem(const char *text, size_t len);
const char *svyi_date_pattern_problem(const char *text, size_t len);

/* ---- Checking ---- */

/* A roster entry that names are looked up in: the place's, or around it a loop's. */
typedef struct svyi_context { uint32_t roster; const struct svyi_context *up; } svyi_context;

typedef enum svyi_convert {
    SVYI_CV_NONE, SVYI_CV_NUMBER /* its number */, SVYI_CV_PARSE /* the number it says */, SVYI_CV_TEXT, SVYI_CV_CODE, SVYI_CV_CODES,
    SVYI_CV_PLACE, SVYI_CV_DATE, SVYI_CV_MONTH, SVYI_CV_DATETIME, SVYI_N_CONVERTS
} svyi_convert;

int svyi_check(svyi_compiler *c, svyi_node *n, const svyi_context *in);          /* 1 when well typed */
int svyi_check_scalar(svyi_compiler *c, svyi_node *n, const svyi_context *in);   /* and one value */
int svyi_check_call(svyi_compiler *c, svyi_node *n, const svyi_context *in);
int svyi_check_want(svyi_compiler *c, svyi_node *n, svy_kind want);
int svyi_check_compare(svyi_compiler *c, svyi_node *a, svyi_node *b, svyi_operator op, uint8_t *detail);
int svyi_check_code(svyi_compiler *c, const svyi_node *code, uint32_t list);     /* a constant is in the list */
int svyi_make_number(svyi_compiler *c, svyi_node *n);                            /* or a type error */
int svyi_make_boolean(svyi_compiler *c, const svyi_node *n);
int svyi_make_kind(svyi_compiler *c, svyi_node *n, svy_kind kind);               /* a constant text as a date, ... 0: cannot (not reported) */
int svyi_unify(svyi_compiler *c, svyi_node *result, svyi_node **nodes, uint32_t count, const char *what);
/* Makes of a name all the answers to it. */
void svyi_make_all(const svyi_compiler *c, svyi_node *n, const svyi_context *in);
int svyi_type_error(svyi_compiler *c, const svyi_node *n, const char *expected);
const char *svyi_kind_text(svy_kind kind);                                       /* "a number" */
int svyi_is_const_text(const svyi_node *n);
int svyi_fold_constant(svyi_compiler *c, svyi_node *n);                                   /* 0: out of memory */

/* ---- The program ----
   Words (32 bits, little-endian): header, code, constants of five words, texts.
   An instruction is operation | operand << 8, then the words its operation has. */

typedef enum svyi_op {           /* stored: append only */
    SVYI_OP_END, SVYI_OP_CONST, SVYI_OP_LOAD, SVYI_OP_LOAD_UP, SVYI_OP_SELF,
    SVYI_OP_ADD, SVYI_OP_SUB, SVYI_OP_MUL, SVYI_OP_DIV, SVYI_OP_MOD, SVYI_OP_NEG,
    SVYI_OP_DATE_ADD, SVYI_OP_DATE_SUB, SVYI_OP_DATE_DIFF, SVYI_OP_TIME_ADD, SVYI_OP_TIME_SUB, SVYI_OP_TIME_DIFF,
    SVYI_OP_COMPARE, SVYI_OP_AND, SVYI_OP_OR, SVYI_OP_NOT, SVYI_OP_IF, SVYI_OP_COALESCE, SVYI_OP_CONVERT,
    SVYI_OP_IN, SVYI_OP_IN_END, SVYI_OP_STATE, SVYI_OP_CALL,
    SVYI_OP_SUM_NEW, SVYI_OP_SUM_ADD, SVYI_OP_SUM_END, SVYI_OP_EACH, SVYI_OP_WHERE, SVYI_OP_FEED,
    SVYI_OP_BASE, SVYI_OP_PICK, SVYI_OP_LOAD_AT,
    SVYI_OP_POSITION, SVYI_OP_RANDOM, SVYI_OP_CLOCK, SVYI_OP_LABEL, SVYI_OP_LOOKUP, SVYI_OP_CHOICE, SVYI_OP_CHECKLIST,
    SVYI_N_OPS
} svyi_op;

/* Operand of COMPARE and IN: relation (svyi_operator - SVYI_EQ) | class << 4. */
enum { SVYI_AS_NUMBER = 0, SVYI_AS_TEXT = 1, SVYI_AS_MONTH = 2 };

enum {
    SVYI_MAGIC = 0x58595653, SVYI_VERSION = 1,
    SVYI_H_MAGIC = 0, SVYI_H_VERSION, SVYI_H_SIZE, SVYI_H_CODE, SVYI_H_CONSTS, SVYI_H_TEXTS, SVYI_H_STACK, SVYI_H_SUMS, SVYI_HEADER,
    SVYI_CONST_WORDS = 5,
    SVYI_USES_CLOCK = 1
};

typedef struct svyi_program {
    const unsigned char *code, *consts, *texts;
    uint32_t n_code, n_consts, n_texts, stack, sums;
    uint8_t kind, flags;
} svyi_program;

static inline uint32_t svyi_word(const unsigned char *bytes, size_t index)
{
    const unsigned char *b = bytes + 4 * index;

    return (uint32_t)b[0] | (uint32_t)b[1] << 8 | (uint32_t)b[2] << 16 | (uint32_t)b[3] << 24;
}
void svyi_program_open(svy_code code, svyi_program *p);                /* of a verified program */
svy_value svyi_program_const(const svyi_program *p, uint32_t index);

/* What an operation does to the stack. Those with `run` and without `control` only turn the top `pops` values into one. */
typedef struct svyi_op_info {
    uint8_t pops, pushes, words, control;
    void (*run)(svyi_run *r, uint32_t operand, svy_value *v);
} svyi_op_info;
extern const svyi_op_info svyi_ops[];                                  /* by operation, SVYI_N_OPS of them */
const svyi_op_info *svyi_op_get(unsigned op);                          /* NULL when there is none */

/* Makes the program of a checked tree in `out`. */
svy_status svyi_emit(svyi_compiler *c, const svyi_node *root, svyi_buffer *out);
/* svy_code_verify, and what running needs: values on the stack, aggregates inside one another. */
svy_status svyi_verify(svy_code code, uint32_t n_symbols, uint32_t n_lists, uint32_t *stack, uint32_t *sums, svy_error *err);

/* ---- Running ---- */

typedef struct svyi_regex_program svyi_regex_program;
typedef struct svyi_made { struct svyi_made *next; size_t size, used; } svyi_made;   /* a block of texts; bytes follow */

typedef struct svyi_sum {
    double sum, carry, extra;    /* Neumaier sum; extra: the n of NTH */
    uint32_t count;
    svy_value best;              /* MIN, MAX, NTH; the separator of JOIN */
    svyi_buffer text;
} svyi_sum;

typedef struct svyi_loop { uint32_t body, end, roster, base, entry, outer; } svyi_loop;

enum { SVYI_REGEXES = 8 };
struct svy_scratch {
    svy_alloc alloc;
    svy_value *stack; size_t stack_capacity;
    svyi_sum *sums; size_t sums_capacity;
    svyi_made *made; size_t made_total;
    svyi_regex_program *regexes[SVYI_REGEXES]; unsigned next_regex;
    void *columns; size_t columns_size;          /* the stack of the column evaluator */
    /* of XPath: nodes at work; values worked out once in a run, and their nodes; a text being put together */
    struct svy_node *nodes; size_t nodes_capacity;
    struct svyi_xvalue *kept;
    struct svy_node *kept_nodes; size_t kept_nodes_capacity;
    svyi_buffer text;
    uint64_t steps;                              /* of all runs so far */
};

struct svyi_run {
    svyi_program program;
    const svy_env *env;
    svy_scratch *scratch;
    svy_value *stack;
    uint32_t top, pc, entry, first_entry, steps, n_sums, n_loops;
    svy_status status;
    svyi_loop loops[SVYI_MAX_LOOPS];
};

void svyi_made_reset(svy_scratch *s);
void svyi_xpath_forget(svy_scratch *s);              /* what runs of XPath keep in it */
char *svyi_make(svyi_run *r, size_t len);            /* bytes that live until the next run; NULL: r->status says why */

void svyi_set_number(svy_value *v, double x);        /* missing when not finite */
void svyi_set_boolean(svy_value *v, int truth);
void svyi_set_text(svy_value *v, svy_kind kind, const char *text, size_t len);
void svyi_set_missing(svy_value *v, svy_kind kind, svy_missing why);
int svyi_is_true(const svy_value *v);
int svyi_compare(const svy_value *a, const svy_value *b, unsigned detail);
void svyi_convert_value(svyi_run *r, uint32_t how, svy_value *v);
void svyi_text_of(svyi_run *r, svy_value *v);        /* canonical text; missing stays */
/* Makes `whole` of x when it is a whole number within +-limit; 0 otherwise. */
int svyi_whole(double x, int32_t limit, int32_t *whole);
/* Next word of a list of codes from *at; 0 at the end. */
int svyi_next_code(const svy_value *codes, size_t *at, const char **word, size_t *len);

void svyi_sum_start(svyi_sum *s, unsigned which, const svy_value *first);
void svyi_sum_add(svyi_run *r, svyi_sum *s, unsigned which, const svy_value *v);
void svyi_sum_finish(svyi_run *r, svyi_sum *s, unsigned which, svy_value *out);

/* Operations that change more than the top of the stack (v is NULL), or ask the interview. */
typedef void svyi_run_op(svyi_run *r, uint32_t operand, svy_value *v);
svyi_run_op svyi_run_const, svyi_run_load, svyi_run_load_up, svyi_run_self, svyi_run_sum_new, svyi_run_sum_add, svyi_run_sum_end,
    svyi_run_each, svyi_run_where, svyi_run_feed, svyi_run_base, svyi_run_pick, svyi_run_load_at, svyi_run_position,
    svyi_run_label, svyi_run_lookup, svyi_run_choice;

/* ---- Columns: the same operations on a chunk of rows at a time ---- */

enum { SVYI_CHUNK = 1024 };

typedef enum svyi_form_of_column { SVYI_NUMBERS, SVYI_LEVELS, SVYI_CONSTANT } svyi_form_of_column;

/* What an operation gives for every level of a column; worked out when a level is first met. */
typedef struct svyi_level_table {
    const void *key;             /* the levels it is for */
    uint32_t n, epoch;
    size_t capacity;
    svy_value *values;           /* by level, then by reason for a missing answer */
    uint8_t *known;
} svyi_level_table;

/* A place on the stack: a value for each row of the chunk. */
typedef struct svyi_column {
    uint8_t form, kind;
    uint32_t origin;             /* LEVELS: the symbol whose levels number the rows */
    svyi_level_table *levels;    /* LEVELS: the text of each */
    svy_value constant;          /* CONSTANT; numbers and missing hold it in every row, too */
    double *numbers;
    uint32_t *codes;
    uint8_t *missing;
} svyi_column;

/* 1 when done: operations on numbers that have a loop of their own. The result goes to in[0]. */
int svyi_column_loop(svyi_op op, uint32_t operand, svyi_column *in, size_t rows);
void svyi_column_or(svyi_column *into, const svyi_column *with, size_t rows);
int svyi_kind_has_text(unsigned kind);

/* ---- Regular expressions ---- */

enum {
    SVYI_REGEX_STATES = 1000,
    SVYI_REGEX_STEPS = 50000000, /* only patterns that look ahead come near */
    /* flags: patterns as ODK's clients have them (looking ahead, \b, \u0041, \p{L}; . takes no line end; \w is of ASCII); found anywhere in the text */
    SVYI_REGEX_ODK = 1, SVYI_REGEX_ANYWHERE = 2
};
/* 1, or 0 with the place and the reason, or -1 out of memory. */
int svyi_regex_check(const svy_alloc *alloc, const char *pattern, size_t len, size_t *at, const char **why);
int svyi_regex_check_odk(const svy_alloc *alloc, unsigned flags, const char *pattern, size_t len, size_t *at, const char **why);
/* Does the whole of `text` match? -1 out of memory, -2 the pattern is wrong. Compiled patterns are kept in the scratch. */
int svyi_regex_match(svy_scratch *s, const char *pattern, size_t pattern_len, const char *text, size_t len);
/* The same with flags; -3 when it takes too many steps. */
int svyi_regex_search(svy_scratch *s, unsigned flags, const char *pattern, size_t pattern_len, const char *text, size_t len);
void svyi_regex_forget(svy_scratch *s);

/* ---- Uses ---- */

struct svy_expr {
    svyi_arena arena;
    svy_kind kind;
    int uses_clock;
    const svy_expr_use *uses; size_t n_uses;
    const void *code; size_t code_size;
};

/* The uses of the names in a checked tree, allocated in e->arena, and the warnings about not(). 0: out of memory. */
int svyi_collect_uses(svyi_compiler *c, const svyi_node *root, svy_expr *e);

#endif
