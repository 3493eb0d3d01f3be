/** Status codes, errors with a position in the user's input, problem lists, and allocation: what every station shares. */
#ifndef SURVEY_BASE_H
#define SURVEY_BASE_H

#include <stddef.h>
#include <stdint.h>
#include <survey/export.h>

#ifdef __cplusplus
#define SVY_BEGIN_DECLS extern "C" {
#define SVY_END_DECLS }
#else
#define SVY_BEGIN_DECLS
#define SVY_END_DECLS
#endif

#if defined(__GNUC__)
#define SVY_NODISCARD __attribute__((warn_unused_result))
#define SVY_PRINTF(f, a) __attribute__((format(printf, f, a)))
#else
#define SVY_NODISCARD
#define SVY_PRINTF(f, a)
#endif

SVY_BEGIN_DECLS

/** What went wrong, by kind. Values are ABI: append only. */
typedef enum svy_status {
    SVY_OK = 0,
    SVY_E_NOMEM = 1,     /**< the allocator returned NULL */
    SVY_E_ARG = 2,       /**< the caller broke a precondition */
    SVY_E_SYNTAX = 3,    /**< input text does not parse; see line and column */
    SVY_E_LIMIT = 4,     /**< input exceeds a documented limit */
    SVY_E_NAME = 5,      /**< a name is not defined in the scope, or defined twice */
    SVY_E_TYPE = 6,      /**< a value or expression has the wrong type */
    SVY_E_VALUE = 7,     /**< a value is not allowed here */
    SVY_E_FORMAT = 8,    /**< a file is not what its name or header says, or is damaged */
    SVY_E_IO = 9,        /**< the system failed: file, disk, network */
    SVY_E_BUSY = 10,     /**< somebody else is writing */
    SVY_E_STATE = 11,    /**< not possible in the present state (an interview that has ended, ...) */
    SVY_E_NUMERIC = 12,  /**< no number can be computed (a lonely PSU, a singular matrix) */
    SVY_E_INVALID = 13   /**< the input was read and has problems; they went to the svy_diags */
} svy_status;

/** One error, in storage owned by the caller. Start from SVY_ERROR_INIT. */
typedef struct svy_error {
    unsigned size;       /**< sizeof(svy_error) as the caller compiled it */
    svy_status code;
    int line, column;    /**< 1-based position in `source`; 0 when unknown */
    int length;          /**< bytes to underline, at least 1 when column > 0 */
    char source[256];    /**< what the caller called the input, usually a file name */
    char message[384];   /**< one sentence, no newline, no code, no position */
} svy_error;
#define SVY_ERROR_INIT { sizeof(svy_error), SVY_OK, 0, 0, 0, "", "" }

typedef enum svy_severity { SVY_NOTE = 0, SVY_WARNING = 1, SVY_PROBLEM = 2 } svy_severity;

/** One of many problems found in an input. Strings are borrowed for the duration of the call. */
typedef struct svy_diag {
    svy_severity severity;
    svy_status code;
    const char *source;  /**< file; "" when unknown */
    int line, column;    /**< 1-based; 0 when unknown */
    const char *element; /**< id of the questionnaire element, column of a table, ...; "" when none */
    const char *found;   /**< one sentence: what is wrong, with what was found */
    const char *advice;  /**< one sentence: what to do; "" when obvious */
} svy_diag;

/** Receives problems as they are found. Readers and checkers report all of them, then return SVY_E_INVALID if one was a SVY_PROBLEM. */
typedef struct svy_diags {
    void (*report)(void *user, const svy_diag *d);
    void *user;
    unsigned problems, warnings;   /**< counted by the library */
} svy_diags;

/** Allocator: new_size 0 frees, ptr NULL allocates, otherwise resizes. NULL instead of an allocator means malloc. */
typedef struct svy_alloc {
    void *(*fn)(void *user, void *ptr, size_t old_size, size_t new_size);
    void *user;
} svy_alloc;

/** Short English name of a code, e.g. "syntax error"; never NULL. */
SVY_API const char *svy_status_text(svy_status st);

SVY_END_DECLS
#endif
