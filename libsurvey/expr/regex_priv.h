/* What the compiler of regular expressions and their matcher share: states that are all followed at once. */
#ifndef SVY_REGEX_PRIV_H
#define SVY_REGEX_PRIV_H
#include "expr/expr_priv.h"

enum { SVYI_REGEX_RANGES = 512, SVYI_REGEX_PATTERN = 4096, SVYI_REGEX_LAYERS = 3 /* of looking ahead inside looking ahead, with the outermost */ };

typedef enum svyi_regex_op {
    SVYI_RO_CHAR, SVYI_RO_ANY, SVYI_RO_CLASS, SVYI_RO_SPLIT, SVYI_RO_JUMP, SVYI_RO_BEGIN, SVYI_RO_END, SVYI_RO_MATCH,
    SVYI_RO_BOUNDARY,            /* a word begins or ends here; negated: does not */
    SVYI_RO_LOOK                 /* what follows up to its MATCH can be found here, negated: cannot; then go on at +a */
} svyi_regex_op;

/* Jumps are relative, so a run of states can be copied for a repetition. */
typedef struct svyi_regex_state { uint8_t op, negated; int16_t a, b; uint32_t c; } svyi_regex_state;   /* CLASS: ranges a..a+b-1 */

/* A range of characters; `low` beyond Unicode names a class: NAMED + 'd', 'w', 's' or a capital for all others. */
typedef struct svyi_regex_range { uint32_t low, high; } svyi_regex_range;
#define SVYI_REGEX_NAMED 0x200000u

/* Where the states of one search are noted. */
typedef struct svyi_regex_layer {
    uint32_t turn;
    uint32_t seen[SVYI_REGEX_STATES];
    uint16_t lists[2][SVYI_REGEX_STATES], pending[2 * SVYI_REGEX_STATES];
} svyi_regex_layer;

struct svyi_regex_program {
    size_t pattern_len;
    uint32_t n;
    uint16_t n_ranges;
    uint8_t flags, layers;
    svyi_regex_state states[SVYI_REGEX_STATES];
    svyi_regex_range ranges[SVYI_REGEX_RANGES];
    svyi_regex_layer at_work[SVYI_REGEX_LAYERS];
    char pattern[SVYI_REGEX_PATTERN];
};

/* 1, or 0 with the place and the reason. */
int svyi_regex_compile(svyi_regex_program *p, unsigned flags, const char *pattern, size_t len, size_t *at, const char **why);
#endif
