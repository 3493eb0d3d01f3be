/* The parts of the CSV reader: rows found in blocks, cells, level dictionaries, threads. Private to dataio. */
#ifndef SVY_DATAIO_CSV_PRIV_H
#define SVY_DATAIO_CSV_PRIV_H
#include <survey/dataio.h>

#include "base/arena.h"
#include "base/map.h"
#include "dataio/source.h"

enum {
    SVYI_CSV_BLOCK = 1 << 20,     /* bytes scanned, and about what is parsed, at a time */
    SVYI_CSV_COLUMNS = 100000,
    SVYI_CSV_ROW = 1 << 28,       /* longest row in bytes */
    SVYI_CSV_PAD = 8,             /* bytes that may be read behind the line end behind a chunk */
    SVYI_THREADS = 64
};

/* Calls fn(user, worker, item, err) for items 0..n-1 from up to `threads` threads, in ascending order of starting. After a failure
   no further item is started; the failure of the lowest item is returned, so that it does not depend on the number of threads. */
typedef svy_status svyi_item_fn(void *user, unsigned worker, size_t item, svy_error *err);
svy_status svyi_parallel(size_t n, unsigned threads, svyi_item_fn *fn, void *user, svy_error *err);

/* Whole rows: parsed as one piece. */
typedef struct svyi_csv_chunk {
    uint64_t offset;              /* in the source */
    size_t len;
    uint64_t row, line;           /* of its first row: counted from 0 below the header, and from 1 in the file */
    uint64_t rows;
    uint8_t check_text;           /* has bytes that are not ASCII */
    uint8_t check_nul;            /* has a NUL byte */
    uint8_t cut;                  /* 1: its first row is too long, and `len` is only a part of it */
} svyi_csv_chunk;

/* A CSV file whose header has been read and whose rows have been found. */
typedef struct svyi_csv {
    svyi_source source;
    svyi_arena arena;             /* names */
    unsigned threads;
    size_t block;
    char separator;
    svy_csv_cell *names;          /* NUL-terminated */
    size_t n_columns, names_capacity;
    size_t header_line;
    svyi_csv_chunk *chunks;
    size_t n_chunks, chunks_capacity;
    uint64_t rows;
} svyi_csv;

/* Options as the caller compiled them, with defaults for what he did not know or say. */
svy_status svyi_csv_take_options(const svy_csv_read_options *given, svy_csv_read_options *out, svy_error *err);
/* Opens, reads the header, finds the rows. `path` NULL: bytes. `block` 0: SVYI_CSV_BLOCK; tests use small ones. */
typedef struct svyi_csv_input { const char *path; const void *bytes; size_t len, block; } svyi_csv_input;
svy_status svyi_csv_open(const svy_alloc *alloc, const svyi_csv_input *input, const svy_csv_read_options *options, svyi_csv *out, svy_error *err);
/* The same for the first rows of a text that is read bit by bit: bytes that are inflated already, with the path only for messages. */
svy_status svyi_csv_open_first(const svy_alloc *alloc, const svyi_csv_input *input, const svy_csv_read_options *options, svyi_csv *out, svy_error *err);
void svyi_csv_close(svyi_csv *csv);
svy_status svyi_csv_find_rows(svyi_csv *csv, uint64_t from, uint64_t line, svy_error *err);
/* A chunk in memory. */
typedef struct svyi_csv_piece {
    char *text;                   /* grows; a line end and SVYI_CSV_PAD bytes stand behind the chunk */
    size_t capacity;
    const char *bad;              /* the first byte that no text file has: an error, unless a row before it has one; NULL when there is none */
    const char *problem;          /* what is wrong with it */
} svyi_csv_piece;
/* Reads a chunk, and checks its text. */
svy_status svyi_csv_load(const svyi_csv *csv, const svyi_csv_chunk *chunk, svyi_csv_piece *piece, svy_error *err);
/* An error at a place of a text that begins where the chunk does: finds the line. */
svy_status svyi_csv_fail(const svyi_csv *csv, const svyi_csv_chunk *chunk, const char *text, const char *at, svy_error *err, const char *fmt, ...)
    SVY_PRINTF(6, 7);
/* The error of a chunk that was cut. */
svy_status svyi_csv_fail_long(const svyi_csv *csv, const svyi_csv_chunk *chunk, svy_error *err);
/* The error of a piece with a bad byte. */
svy_status svyi_csv_fail_bad(const svyi_csv *csv, const svyi_csv_chunk *chunk, const svyi_csv_piece *piece, svy_error *err);
svy_status svyi_csv_read_frame(const svy_alloc *alloc, const svyi_csv_input *input, const svy_csv_read_options *options, svy_diags *diags,
                               svy_frame **out, svy_error *err);

/* Takes the cell that begins at `at`; doubled quotes are undone in place, so a cell can be taken once. There must be a line end at `end`.
   Returns where its separator or line feed is, NULL with *problem (a sentence about "a cell") when it breaks the rules. */
char *svyi_csv_cell(char *at, const char *end, char separator, svy_csv_cell *cell, const char **problem);
/* 1 when the cell is a number that a double holds. */
int svyi_csv_number(const svy_csv_cell *cell, char decimal, double *value);
/* 1 when a cell stands for no value. */
int svyi_csv_blank(const svy_csv_cell *cell, const char *const *na, size_t n_na);

/* The different texts of a column, numbered in the order they come. */
typedef struct svyi_dict_entry { const char *text; size_t len; } svyi_dict_entry;
typedef struct svyi_dict {
    svyi_arena texts;
    svyi_map map;
    svyi_dict_entry *entries;     /* NUL-terminated copies */
    size_t count, capacity;
    uint32_t last;                /* what came last often comes next */
} svyi_dict;
void svyi_dict_init(svyi_dict *d, const svy_alloc *alloc);
void svyi_dict_clear(svyi_dict *d);
/* The number of a text; 0, or -1 when out of memory. */
int svyi_dict_add(svyi_dict *d, const char *text, size_t len, uint32_t *code);
/* Sorts the entries of several dictionaries into one list of levels without repetitions: numbers by value when all are numbers, else by
   bytes. maps[d][code] is the level of a dictionary's code. Lists come from `arena`. */
svy_status svyi_dict_merge(svyi_arena *arena, const svyi_dict *dicts, size_t n_dicts, size_t stride, const char *const **levels, uint32_t *n_levels,
                           uint32_t **maps, svy_error *err);
#endif
