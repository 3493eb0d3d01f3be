/** A table of typed columns with missing codes: what analysis works on. */
#ifndef SURVEY_FRAME_H
#define SURVEY_FRAME_H
#include <survey/codebook.h>
SVY_BEGIN_DECLS

/** A column. Transparent, borrowed from its frame; arrays hold `rows` items. */
typedef struct svy_column {
    const char *name;
    const char *label;           /**< question text; "" when unknown */
    svy_type type;               /**< SVY_T_DECIMAL or SVY_T_TEXT for plain data files */
    /** Numbers (also dates, months, booleans as svy_kind says); NULL for a factor. 0 where missing. */
    const double *numbers;
    /** A factor: index of the level by row, 0 where missing; NULL for numbers. */
    const uint32_t *codes;
    const char *const *levels;   /**< texts or codes; data files: sorted (numbers by value, else by bytes); code lists: list order */
    const char *const *labels;   /**< label of each level; the level itself when it has none */
    uint32_t n_levels;
    const uint8_t *missing;      /**< svy_missing by row; NULL when no row is missing */
} svy_column;

typedef struct svy_frame svy_frame;

/** An empty frame of so many rows. SVY_E_LIMIT when no memory can hold them. */
SVY_API SVY_NODISCARD svy_status svy_frame_new(const svy_alloc *alloc, size_t rows, svy_frame **out, svy_error *err);
SVY_API void svy_frame_free(svy_frame *f);
SVY_API size_t svy_frame_rows(const svy_frame *f);
SVY_API size_t svy_frame_columns(const svy_frame *f);
SVY_API const svy_column *svy_frame_column(const svy_frame *f, size_t index);
/** The column of a name, NULL when there is none. Constant time. */
SVY_API const svy_column *svy_frame_find(const svy_frame *f, const char *name);

/** Adds a numeric column; takes over `numbers` and `missing` (malloc'd through the frame's allocator by svy_frame_get; missing may be NULL) also on failure.
 *  @return SVY_OK, SVY_E_NAME (the name is taken), SVY_E_LIMIT (1,000,000 columns), SVY_E_NOMEM. */
SVY_API SVY_NODISCARD svy_status svy_frame_add_numbers(svy_frame *f, const char *name, svy_type type, double *numbers, uint8_t *missing, svy_error *err);
/** Adds a factor; takes over `codes` and `missing` also on failure; copies levels and labels (labels may be NULL). Errors as svy_frame_add_numbers. */
SVY_API SVY_NODISCARD svy_status svy_frame_add_factor(svy_frame *f, const char *name, svy_type type, uint32_t *codes, uint8_t *missing,
                                                      const char *const *levels, const char *const *labels, uint32_t n_levels, svy_error *err);
/** SVY_E_NAME when there is no such column. */
SVY_API SVY_NODISCARD svy_status svy_frame_set_label(svy_frame *f, const char *name, const char *label, svy_error *err);
/** Memory for the arrays handed to svy_frame_add_...: `items` of `size` bytes, zeroed; NULL when out of memory. */
SVY_API void *svy_frame_get(const svy_frame *f, size_t items, size_t size);
SVY_API void svy_frame_release(const svy_frame *f, void *array, size_t items, size_t size);

/** Evaluates an expression over the columns (names with or without ${ }); keep[i] = 1 where it is true, 0 where false or missing.
 *  @param keep `rows` bytes of the caller.
 *  @return as svy_expr_compile and svy_code_run_columns; the position in `err` is in `text`. */
SVY_API SVY_NODISCARD svy_status svy_frame_where(const svy_frame *f, const char *text, uint8_t *keep, svy_error *err);
/** The same for a derived number: values and missing of `rows` items. */
SVY_API SVY_NODISCARD svy_status svy_frame_derive(const svy_frame *f, const char *text, double *values, uint8_t *missing, svy_error *err);

SVY_END_DECLS
#endif
