/* The forms of the generated character tables. */
#ifndef SVY_BASE_TEXT_PRIV_H
#define SVY_BASE_TEXT_PRIV_H
#include <stddef.h>
#include <stdint.h>

/* Characters first, first + step, ... last map to themselves + delta. */
typedef struct case_range { uint32_t first, last; int32_t delta; uint32_t step; } case_range;
typedef struct code_range { uint32_t first, last; } code_range;
/* Characters below U+10000 that fold to letters: the first of a run, which number it has, and where its letters begin. */
typedef struct fold_block { uint16_t code, first, letters; } fold_block;

/* Whether `c` is in one of `count` ranges in ascending order. */
int svyi_in_ranges(const code_range *ranges, size_t count, uint32_t c);
#endif
