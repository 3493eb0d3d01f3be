/* Formulas of models as trees and as lists of terms, in R's language. Internal. */
#ifndef SVY_MODEL_FORMULA_H
#define SVY_MODEL_FORMULA_H
#include <survey/frame.h>

#include "base/arena.h"

enum {
    SVYI_FORMULA_BYTES = 65536, SVYI_FORMULA_NODES = 20000, SVYI_FORMULA_DEPTH = 1000, SVYI_FORMULA_NESTING = 100, SVYI_FORMULA_TERMS = 2000,
    SVYI_FORMULA_VARIABLES = 256
};

typedef enum svyi_node_kind { SVYI_NODE_NUMBER, SVYI_NODE_TEXT, SVYI_NODE_NAME, SVYI_NODE_CALL, SVYI_NODE_OPERATOR } svyi_node_kind;
typedef enum svyi_operator {
    SVYI_OP_TILDE, SVYI_OP_OR, SVYI_OP_AND, SVYI_OP_NOT, SVYI_OP_EQ, SVYI_OP_NE, SVYI_OP_LE, SVYI_OP_GE, SVYI_OP_LT, SVYI_OP_GT,
    SVYI_OP_PLUS, SVYI_OP_MINUS, SVYI_OP_TIMES, SVYI_OP_DIVIDE, SVYI_OP_IN, SVYI_OP_MODULO, SVYI_OP_WHOLE, SVYI_OP_COLON, SVYI_OP_POWER
} svyi_operator;

/* A number, a text, a name, a call with arguments, or an operator with one or two operands. */
typedef struct svyi_node {
    svyi_node_kind kind;
    svyi_operator op;
    double number;
    const char *text;                    /* of a name or text; function of a call */
    const char *label;                   /* of an argument: what stands before its =; NULL: nothing */
    size_t from, to;                     /* its bytes in the formula, without parentheses around it */
    unsigned depth;                      /* of the tree below, this node included */
    struct svyi_node *first, *next;      /* operands or arguments; the next of the same list */
} svyi_node;

typedef struct svyi_bits { uint64_t word[SVYI_FORMULA_VARIABLES / 64]; } svyi_bits;

/* y ~ terms. Terms are sets of variables, sorted by how many they have; the empty one (the intercept) is not among them. */
typedef struct svyi_formula {
    const char *text;
    svyi_node *response;                 /* NULL: one-sided */
    svyi_node **variables; const char **names; size_t n_variables;
    svyi_bits *terms; size_t n_terms;
    svyi_node **offsets; size_t n_offsets;
    svyi_node **strata; size_t n_strata;
    int intercept;
} svyi_formula;

static inline int svyi_bit(const svyi_bits *b, size_t k) { return (int)(b->word[k / 64] >> (k % 64) & 1); }

/* The tree of an expression. @return SVY_OK, SVY_E_SYNTAX with a column, SVY_E_LIMIT, SVY_E_NOMEM. */
svy_status svyi_formula_tree(svyi_arena *arena, const char *text, svyi_node **out, svy_error *err);
/* Parses and multiplies out. Everything lives in the arena. @return as above. */
svy_status svyi_formula_parse(svyi_arena *arena, const char *text, svyi_formula *out, svy_error *err);
/* An error about a node: with its place in the text. */
svy_status svyi_formula_fail(svy_error *err, svy_status code, const svyi_node *n, const char *fmt, ...) SVY_PRINTF(4, 5);
/* What a node is called: its text with single blanks; a name without its backquotes. NULL when out of memory. */
const char *svyi_formula_name(svyi_arena *arena, const char *text, const svyi_node *n);
/* Names of columns in a tree, in the order of the text. */
void svyi_formula_columns(const svyi_node *n, void (*add)(void *user, const char *name), void *user);
int svyi_formula_calls(const svyi_node *n, const char *function);      /* 1: it is a call of this function */

/* Arithmetic over the columns of a frame, into values by row; missing is NaN, and values may be infinite. Numbers, names, + - * / ^ %% %/%, comparisons (true is 1), & | !, %in%,
   and the functions of one or more numbers that models use.
   A text beside a text column compares texts; beside numbers it is the number it spells, or equal to none.
   @return SVY_OK, SVY_E_NAME, SVY_E_TYPE, SVY_E_LIMIT. */
svy_status svyi_formula_evaluate(const svy_frame *f, const svyi_node *n, double *values, svy_error *err);
/* The derivative of it by a column, row by row. */
svy_status svyi_formula_derivative(const svy_frame *f, const svyi_node *n, const char *by, double *values, svy_error *err);
/* 1: a function of numbers that gives a number. */
int svyi_formula_function(const char *name);
#endif
