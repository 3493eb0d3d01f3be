/** Expressions: compiled once to a typed program, run on one interview or on whole columns. The language: docs/language.md. */
#ifndef SURVEY_EXPR_H
#define SURVEY_EXPR_H
#include <survey/codebook.h>
SVY_BEGIN_DECLS

/** What a name stands for, as the scope knows it. */
typedef struct svy_symbol {
    uint32_t id;        /**< number under which the program asks for its value */
    uint32_t roster;    /**< innermost roster around it (a symbol id), 0 when none */
    uint32_t list;      /**< its code list, numbered from 1; 0 when none */
    uint8_t kind;       /**< svy_kind; SVY_K_ENTRIES for a roster */
    uint8_t numeric;    /**< 1 when every code of the list is a number: such a code may stand where a number may */
    uint8_t optional;   /**< 1 when it can be without a value while the expression is used (for warnings) */
} svy_symbol;

/** Where names come from while an expression is compiled. */
typedef struct svy_scope {
    void *user;
    /** 1 and the symbol, or 0. */
    int (*find)(void *user, const char *name, size_t len, svy_symbol *symbol);
    /** The roster around a roster, 0 when none. NULL when there are no rosters. */
    uint32_t (*roster_parent)(void *user, uint32_t roster);
    /** 1 when `code` is in the list. NULL: not checked. */
    int (*has_code)(void *user, uint32_t list, const char *code, size_t len);
    /** A code list by its name, for lookup() and pulldata(): 1 and its number, or 0. NULL: none. */
    int (*find_list)(void *user, const char *name, size_t len, uint32_t *list);
} svy_scope;

/** Where an expression stands and what it must be. */
typedef struct svy_expr_place {
    const char *source;    /**< file, for messages */
    int line, column;      /**< of the first byte of the expression; column 0 when unknown */
    const char *element;   /**< id of the element it belongs to, for messages; "" when none */
    uint32_t roster;       /**< innermost roster around the expression, 0 when none */
    const svy_symbol *self;/**< what `.` is; NULL: `.` is an error */
    uint32_t choices;      /**< list whose choices it is evaluated for (choice-code(), choice-parent()); 0: those are errors */
    svy_kind want;         /**< kind the result must have or convert to; SVY_K_NONE: any */
    int bare_names;        /**< analysis: a name may stand without ${ } */
} svy_expr_place;

/** How an expression uses a symbol. */
typedef struct svy_expr_use {
    uint32_t symbol;
    uint8_t across;        /**< 1: over entries of a roster (an aggregate, an index), not only this entry's answer */
    uint8_t plain;         /**< 1: only compared with the constants below (=, in, selected, ...): trying them, values between and around them,
                                and missing tells everything the expression can do with this symbol */
    uint8_t guarded;       /**< 1: its being missing is looked at (answered(), dont-know(), refused(), coalesce()) */
    const svy_value *constants; size_t n_constants;
} svy_expr_use;

/** A compiled expression. Immutable, so threads may share it. */
typedef struct svy_expr svy_expr;

/** Compiles `text` (UTF-8, `len` bytes, NUL not needed). All problems (syntax, unknown names, types, codes not in a list) go to `diags`
 *  with line and column; warnings too: a not() over a comparison that is false only because an optional symbol has no value.
 *  @param alloc NULL for malloc; must outlive `*out`.
 *  @param diags may be NULL; the first problem is also in `err`.
 *  @return SVY_OK, SVY_E_SYNTAX, SVY_E_NAME, SVY_E_TYPE, SVY_E_VALUE (a constant that is no code of its list, a wrong pattern),
 *          SVY_E_LIMIT (64 KiB of text, nesting 200, or 600 with the operators, 10,000 nodes, filters 16 deep), SVY_E_NOMEM. */
SVY_API SVY_NODISCARD svy_status svy_expr_compile(const svy_alloc *alloc, const char *text, size_t len, const svy_scope *scope,
                                                  const svy_expr_place *place, svy_diags *diags, svy_expr **out, svy_error *err);
SVY_API void svy_expr_free(svy_expr *e);
SVY_API svy_kind svy_expr_kind(const svy_expr *e);
SVY_API size_t svy_expr_uses(const svy_expr *e, const svy_expr_use **uses);
/** 1 when the result can change without any symbol changing: today(), now(). */
SVY_API int svy_expr_uses_clock(const svy_expr *e);

/** The program: position-independent bytes, the same on every platform (little-endian), to be kept in a compiled form. 4-byte aligned. */
typedef struct svy_code { const void *bytes; size_t size; } svy_code;
SVY_API svy_code svy_expr_code(const svy_expr *e);   /**< borrowed from `e` */

/** Checks bytes that come from outside (a compiled form in a file) so that running them is safe: every operand in range
 *  (symbols < n_symbols, lists <= n_lists), every jump forward, stack depth within the limit.
 *  @return SVY_OK or SVY_E_FORMAT. */
SVY_API SVY_NODISCARD svy_status svy_code_verify(svy_code code, uint32_t n_symbols, uint32_t n_lists, svy_error *err);

/** The interview an expression is run on. `entry` is the number of a roster entry, 0 for the interview outside all rosters. */
typedef struct svy_env {
    void *user;
    /** The answer to `symbol` as seen from `entry`: this entry's, or that of an entry around it. The text lives until the answers change. */
    void (*get)(void *user, uint32_t symbol, uint32_t entry, svy_value *value);
    /** Walks the entries of `roster` inside `entry` (all of them, in order, nested too): the one after `after` (0: the first), 0 at the end. */
    uint32_t (*next_entry)(void *user, uint32_t roster, uint32_t entry, uint32_t after);
    /** The entry of `roster` that contains `entry` (or is it), 0 when none; and its position in its roster, from 1. */
    uint32_t (*enclosing)(void *user, uint32_t roster, uint32_t entry);
    uint32_t (*position)(void *user, uint32_t entry);
    /** Label of a code in the language of the interview. 1 found. */
    int (*label)(void *user, uint32_t list, const char *code, size_t len, svy_value *text);
    /** A property ("parent", "label") of a code of a list. 1 found. */
    int (*lookup)(void *user, uint32_t list, const char *code, size_t len, const char *property, size_t property_len, svy_value *text);
    double now;            /**< seconds since 1970-01-01T00:00 in the local time of the interview */
    uint64_t seed;         /**< random() is a function of the seed, the place of the call and the entry: the same whenever it is evaluated */
    uint32_t self;         /**< symbol that `.` is; the value comes from `self_value` when that is not NULL, else from get() */
    const svy_value *self_value;
    const svy_value *choice_code, *choice_parent;   /**< the choice at hand, NULL when none */
} svy_env;

/** Working memory of evaluations: texts made by concat() and friends. One per thread; grows to what the largest expression needs. */
typedef struct svy_scratch svy_scratch;
SVY_API SVY_NODISCARD svy_status svy_scratch_new(const svy_alloc *alloc, svy_scratch **out, svy_error *err);
SVY_API void svy_scratch_free(svy_scratch *s);
/** Steps that all runs of svy_code_run() with it took so far: who runs many programs for one purpose bounds them together. */
SVY_API uint64_t svy_scratch_steps(const svy_scratch *s);

/** Runs a verified program. Bounded: 10 million steps, 1 MiB of text, depth by the verifier.
 *  @param value receives the result; its text lives until the next run with the same scratch, or until the answers change.
 *  @return SVY_OK, SVY_E_LIMIT, SVY_E_NOMEM. */
SVY_API SVY_NODISCARD svy_status svy_code_run(svy_code code, const svy_env *env, uint32_t entry, svy_scratch *scratch,
                                              svy_value *value, svy_error *err);

/** A run of rows of one column. Numbers, or codes 0..n_levels-1 into `levels` when `codes` is not NULL. */
typedef struct svy_vector {
    const double *numbers;
    const uint32_t *codes;
    const char *const *levels; uint32_t n_levels;
    const uint8_t *missing;      /**< svy_missing by row; NULL: none is missing */
} svy_vector;
typedef struct svy_column_source {
    void *user;
    /** The rows first..first+count-1 of `symbol`. */
    void (*load)(void *user, uint32_t symbol, size_t first, size_t count, svy_vector *out);
    double now; uint64_t seed;
} svy_column_source;

/** Runs a program on rows first..first+count-1 at a time: a chunk of rows per instruction, texts compared once per level.
 *  The result must be boolean or number-like. values[i] is 0 where missing[i] != 0.
 *  @return SVY_OK, SVY_E_TYPE (rosters, labels, and texts that are made per row or too long, are for interviews only), SVY_E_NOMEM. */
SVY_API SVY_NODISCARD svy_status svy_code_run_columns(svy_code code, const svy_column_source *source, size_t first, size_t count,
                                                      double *values, uint8_t *missing, svy_scratch *scratch, svy_error *err);

SVY_END_DECLS
#endif
