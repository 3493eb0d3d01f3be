/** Data files to and from a frame: CSV, plain or compressed by gzip. The rules of the format: docs/formats/csv.md. */
#ifndef SURVEY_DATAIO_H
#define SURVEY_DATAIO_H
#include <survey/frame.h>
SVY_BEGIN_DECLS

/** How a CSV file is read. Start from SVY_CSV_READ_INIT. Texts are borrowed for the duration of the call. */
typedef struct svy_csv_read_options {
    unsigned size;                     /**< sizeof(svy_csv_read_options) as the caller compiled it */
    char separator;                    /**< 0: the most frequent of , ; tab in the header row */
    char decimal;                      /**< decimal sign of numbers: '.' or ','; 0: '.' */
    const char *const *columns;        /**< names of the columns to keep; NULL: all. The others are not even parsed */
    size_t n_columns;
    const char *const *na;             /**< cells that stand for no value, besides blank ones; NULL: "NA". Never a quoted cell */
    size_t n_na;
    const char *const *text_columns;   /**< names of columns that are factors even when every cell is a number; unknown names are ignored */
    size_t n_text_columns;
    uint64_t max_bytes;                /**< largest file, uncompressed; 0: 8 GiB */
    unsigned threads;                  /**< 0: one per processor online, at most 4 (one when there is an allocator of the caller's) */
    const char *source;                /**< what messages call the input; NULL: the path, or "data" */
    int (*also)(const void *user, const char *name, size_t len);   /**< 1: this column is kept too, besides `columns`; NULL: none are */
    const void *also_user;
} svy_csv_read_options;
#define SVY_CSV_READ_INIT { sizeof(svy_csv_read_options), 0, 0, NULL, 0, NULL, 0, NULL, 0, 0, 0, NULL, NULL, NULL }

/** Reads a CSV file, or one compressed by gzip (known by its first bytes, not its name), into a new frame.
 *
 *  RFC 4180 in UTF-8, with or without a byte order mark; lines end in LF or CRLF; blank lines at the end are ignored. The first row has the
 *  names. A column is a number (SVY_T_DECIMAL) when every cell that has a value is one: [+-]digits[.digits][e[+-]digits], blanks around it
 *  allowed. Whole numbers that a double does not hold exactly (long identifiers) are not. Any other column is a factor (SVY_T_TEXT), levels
 *  sorted: numbers by value when all are numbers, otherwise by bytes. A blank cell, and one of `na` without quotes, is missing: SVY_NOT_STATED.
 *  A column `x_missing` beside `x` whose cells are blank or names of missing codes ("dont-know", "refused", ...) is not a column: it says
 *  why cells of `x` are missing. The columns come in the order of the file. The frame is the same for any number of threads.
 *
 *  Working memory: the columns kept, one byte per row and column for missing codes, about 3 MiB a thread, and the texts of the levels once per
 *  thread; for a compressed file also its uncompressed bytes. The file is read twice in pieces, never mapped, so that a file which changes while
 *  it is read is an error and not a crash.
 *
 *  @param alloc   NULL for malloc; must be safe to call from several threads when options->threads > 1.
 *  @param options NULL for the defaults.
 *  @param diags   may be NULL; gets a warning for a column that is a factor although nearly all its cells are numbers.
 *  @param out     a new frame (svy_frame_free), NULL on failure.
 *  @return SVY_OK; SVY_E_IO (the file cannot be read); SVY_E_FORMAT with the line (not UTF-8, a NUL byte, a row of another length, a stray
 *          quote, damaged gzip); SVY_E_NAME (a name that is blank, there twice, or wanted and not there); SVY_E_LIMIT (max_bytes, 100,000
 *          columns, a row over 256 MiB); SVY_E_VALUE (a cell has a value and a missing code); SVY_E_NOMEM. */
SVY_API SVY_NODISCARD svy_status svy_csv_read(const svy_alloc *alloc, const char *path, const svy_csv_read_options *options,
                                              svy_diags *diags, svy_frame **out, svy_error *err);
/** The same for bytes in memory (gzip too). */
SVY_API SVY_NODISCARD svy_status svy_csv_read_bytes(const svy_alloc *alloc, const void *bytes, size_t len, const svy_csv_read_options *options,
                                                    svy_diags *diags, svy_frame **out, svy_error *err);

/** Where a reading in pieces stands. */
typedef struct svy_csv_position {
    uint64_t first_row;                /**< of the piece, from 0 */
    uint64_t done, total;              /**< bytes of the file taken so far, and all of them; total is 0 when nobody knows (a pipe) */
} svy_csv_position;
/** Receives some rows as a frame that lives until it returns. The first piece has first_row 0. It may come a second time: when a column of numbers turns
 *  out to hold text, reading begins again with the column as a factor, and what came before is void.
 *  Another status than SVY_OK ends the reading with that status. */
typedef svy_status svy_csv_piece_fn(void *user, const svy_frame *piece, const svy_csv_position *at, svy_error *err);
/** Reads a CSV file of any size (plain, gzip, a pipe) once, in order, a piece of about `piece` bytes of whole rows after the other; the next one is read
 *  from the disk while a piece is worked on. The rules are those of svy_csv_read, with these differences: a column has the type that the first piece
 *  gives it, or see svy_csv_piece_fn (a pipe cannot be read again: SVY_E_TYPE); levels of a factor are those of the piece; max_bytes 0 is no limit.
 *  A file without rows gives one piece of 0 rows.
 *
 *  Memory: three times `piece`, and the columns kept of one piece.
 *  @param piece bytes; 0: 16 MiB. Pieces are the same for any number of threads.
 *  @param diags may be NULL; gets the warnings about the first piece.
 *  @return as svy_csv_read, and what `take` returned. */
SVY_API SVY_NODISCARD svy_status svy_csv_read_pieces(const svy_alloc *alloc, const char *path, const svy_csv_read_options *options, size_t piece,
                                                     svy_csv_piece_fn *take, void *user, svy_diags *diags, svy_error *err);

/** One cell as text: UTF-8, quotes removed, not NUL-terminated. */
typedef struct svy_csv_cell {
    const char *text;
    size_t len;
    int quoted;                        /**< 1: it stood in quotes, so it is text even when it is blank or reads NA */
} svy_csv_cell;
/** Receives one row; `line` is where it begins, the header row comes first with its own. Every row has the same number of cells.
 *  Cells live until it returns; another status than SVY_OK ends the reading with that status. */
typedef svy_status svy_csv_row_fn(void *user, size_t line, const svy_csv_cell *cells, size_t n, svy_error *err);
/** Reads a CSV file row by row as texts, in order. Of the options it uses separator, max_bytes and source. Errors as svy_csv_read. */
SVY_API SVY_NODISCARD svy_status svy_csv_read_text(const svy_alloc *alloc, const char *path, const svy_csv_read_options *options,
                                                   svy_csv_row_fn *row, void *user, svy_error *err);
SVY_API SVY_NODISCARD svy_status svy_csv_read_text_bytes(const svy_alloc *alloc, const void *bytes, size_t len, const svy_csv_read_options *options,
                                                         svy_csv_row_fn *row, void *user, svy_error *err);

/** Whether companion columns `x_missing` are written. */
typedef enum svy_csv_companions {
    SVY_CSV_COMPANIONS_NEEDED = 0,     /**< beside columns with a missing code other than SVY_NOT_STATED */
    SVY_CSV_COMPANIONS_NONE = 1,       /**< never: reasons are lost */
    SVY_CSV_COMPANIONS_ALL = 2         /**< beside every column */
} svy_csv_companions;

/** How a CSV file is written. Start from SVY_CSV_WRITE_INIT. */
typedef struct svy_csv_write_options {
    unsigned size;                     /**< sizeof(svy_csv_write_options) as the caller compiled it */
    char separator;                    /**< 0: comma */
    uint8_t labels;                    /**< 1: the labels of factors in place of their codes */
    uint8_t companions;                /**< svy_csv_companions */
    uint8_t durable;                   /**< 1: on disk (fsync) before the function returns; files only */
} svy_csv_write_options;
#define SVY_CSV_WRITE_INIT { sizeof(svy_csv_write_options), 0, 0, SVY_CSV_COMPANIONS_NEEDED, 0 }

/** Takes bytes in order. Another status than SVY_OK ends the writing with that status. */
typedef svy_status svy_write_fn(void *user, const void *bytes, size_t len, svy_error *err);

/** Writes a frame as CSV: LF, UTF-8 without a byte order mark, quotes only where needed, numbers in the fewest digits that read back,
 *  dates and times in ISO 8601, booleans as true and false, a missing value as a blank cell.
 *  What it writes svy_csv_read reads back to the same values and missing codes; types become number or factor.
 *  @return SVY_OK; SVY_E_NAME (a companion's name is taken); SVY_E_VALUE (a number is not finite, an infinity or NaN);
 *          SVY_E_ARG (the separator is a quote, a line end, or part of numbers); SVY_E_NOMEM; what `sink` returned. */
SVY_API SVY_NODISCARD svy_status svy_csv_write(const svy_frame *f, const svy_csv_write_options *options, svy_write_fn *sink, void *user,
                                               svy_error *err);
/** The same to a file. It is written beside `path` and renamed, so that there is never half a file: on failure what was at `path` before is
 *  still there, and nothing else is left. (A path that is no regular file, such as a pipe, is written directly.)
 *  @return also SVY_E_IO. */
SVY_API SVY_NODISCARD svy_status svy_csv_write_file(const svy_frame *f, const char *path, const svy_csv_write_options *options, svy_error *err);

/** A file that appears whole or not at all: written under another name in the same folder, then renamed. */
typedef struct svy_file_out svy_file_out;
SVY_API SVY_NODISCARD svy_status svy_file_begin(const svy_alloc *alloc, const char *path, svy_file_out **out, svy_error *err);
/** A svy_write_fn: `user` is the svy_file_out. */
SVY_API svy_status svy_file_write(void *user, const void *bytes, size_t len, svy_error *err);
/** Ends the file and releases `f`: renames it to its path, after fsync of file and folder when `durable`. On failure nothing is left. */
SVY_API SVY_NODISCARD svy_status svy_file_end(svy_file_out *f, int durable, svy_error *err);
/** Gives the file up and releases `f`. NULL is allowed. */
SVY_API void svy_file_cancel(svy_file_out *f);

SVY_END_DECLS
#endif
