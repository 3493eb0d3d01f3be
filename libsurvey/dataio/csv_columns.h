/* Columns on their way from cells to a frame. Private to dataio. */
#ifndef SVY_DATAIO_CSV_COLUMNS_H
#define SVY_DATAIO_CSV_COLUMNS_H
#include <pthread.h>

#include "dataio/csv_priv.h"

/* What is done with the cells of a column. */
typedef enum svyi_csv_action { SVYI_CSV_SKIP = 0, SVYI_CSV_NUMBER = 1, SVYI_CSV_TEXT = 2 } svyi_csv_action;

typedef struct svyi_csv_column {
    uint8_t action;               /* svyi_csv_action of the pass under way */
    uint8_t wanted;               /* it was asked for */
    uint8_t text_only;
    uint8_t companion;            /* it says why cells of column `base` are missing */
    uint32_t base;                /* n_columns: of none */
    size_t dict;                  /* place among the text columns of the pass */
    double *numbers;              /* one of the two, or neither */
    uint32_t *codes;
    uint8_t *missing;             /* made when the first missing cell comes */
    const char *const *levels;    /* texts belong to the dictionaries of the pass */
    uint32_t n_levels;
} svyi_csv_column;

/* What one thread needs. */
typedef struct svyi_csv_worker {
    svyi_csv_piece piece;
    uint8_t *actions;             /* of each column; a number that turns out to be none is skipped from then on */
    uint8_t *contradicted;
    uint8_t **missing;            /* what this thread knows of the columns' */
    svyi_dict *dicts;             /* of the text columns of the pass */
} svyi_csv_worker;

/* The reading of one file. */
typedef struct svyi_csv_reading {
    svyi_csv csv;
    svy_csv_read_options options;
    double *na;                   /* those of options.na that are numbers */
    size_t n_na;
    svyi_csv_column *columns;
    svyi_csv_worker workers[SVYI_THREADS];
    pthread_mutex_t lock;         /* for columns[].missing while threads work */
    uint8_t *chunk_worker;        /* who parsed which chunk */
    svyi_dict *dicts[2];          /* of the two passes: workers x text columns */
    size_t n_texts[2];
    int pass;
    svyi_arena arena;             /* levels, maps */
    uint32_t **maps;              /* of the pass: [text column * workers + worker][code] is the level */
    size_t rows;
    const uint8_t *types;         /* svyi_csv_action of each column, found before; NULL: found here */
    uint8_t *found;               /* receives them; NULL: nobody asks */
    const uint8_t *forced;        /* by column: 1 for text although its first cells are numbers; NULL: none */
    int in_pieces;                /* 1: these are some rows of many */
    int changed;                  /* a column that has a type is no number here: `found` says which, and there is no frame */
} svyi_csv_reading;

/* Reads all rows of r->csv into a frame. Set csv, options, and what stands behind `rows`; everything else is zero. Does not close the csv. */
svy_status svyi_csv_read_rows(svyi_csv_reading *r, const svy_alloc *alloc, svy_diags *diags, svy_frame **out, svy_error *err);

/* Parses the rows of a loaded chunk, at most `limit` of them. */
svy_status svyi_csv_parse_chunk(svyi_csv_reading *r, svyi_csv_worker *w, const svyi_csv_chunk *chunk, uint64_t limit, svy_error *err);
/* Marks the companion columns, and gives the columns they belong to their missing codes. */
svy_status svyi_csv_apply_companions(svyi_csv_reading *r, svy_error *err);
/* Moves the columns into a frame. */
svy_status svyi_csv_make_frame(svyi_csv_reading *r, const svy_alloc *alloc, svy_diags *diags, svy_frame **out, svy_error *err);
#endif
