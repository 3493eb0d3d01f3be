/* Expressions of estimates: parsed once, evaluated with their gradient. Internal. */
#ifndef SVY_ESTIMATE_CONTRAST_H
#define SVY_ESTIMATE_CONTRAST_H
#include <survey/contrast.h>

#include "base/arena.h"

typedef enum svyi_contrast_op {
    SVYI_CONTRAST_NUMBER, SVYI_CONTRAST_NAME, SVYI_CONTRAST_ADD, SVYI_CONTRAST_SUBTRACT, SVYI_CONTRAST_MULTIPLY, SVYI_CONTRAST_DIVIDE,
    SVYI_CONTRAST_POWER, SVYI_CONTRAST_NEGATE, SVYI_CONTRAST_FUNCTION
} svyi_contrast_op;

/* A step of the program: operands come from a stack. */
typedef struct svyi_contrast_step { svyi_contrast_op op; uint32_t index; double number; } svyi_contrast_step;

typedef struct svyi_contrast_program {
    svyi_contrast_step *steps; size_t n_steps, steps_room;
    uint32_t *names; size_t n_names, names_room;     /* estimates used, each once; a step's index is a place in here */
    size_t depth;                                     /* of the stack */
} svyi_contrast_program;

/* Parses and binds names; memory by the allocator of the arena, released by svyi_contrast_clear (also after a failure). */
svy_status svyi_contrast_parse(const svy_alloc *alloc, const char *text, const svy_estimates *e, svyi_contrast_program *out, svy_error *err);
void svyi_contrast_clear(const svy_alloc *alloc, svyi_contrast_program *p);
/* The estimate that a name means; `parts` are what stands in brackets, NULL without them. */
svy_status svyi_contrast_bind(const svy_estimates *e, const char *name, const char *const *parts, size_t n_parts, uint32_t *index, svy_error *err);
/* Number of a function, -1 when there is none of that name. */
int svyi_contrast_function(const char *name);
#endif
