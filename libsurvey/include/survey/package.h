/** The package: an interview as it travels. Its journal with who, where and how around it; drafts of a browser, uploads, sync between machines and
 *  submissions of ODK clients are all packages. The bytes: docs/formats/package.md.
 *
 *      package := "SVYP" 0x01 frame*        frame := kind:byte length:varint body
 *      head, then sittings, events and files (a sitting before the first event), then the end. A draft may lack the end.
 *
 *  There is one way to write a thing: numbers in their shortest form, nothing behind the last field; so equal packages are equal bytes.
 *  Nothing in a package is to be trusted: svy_package_replay() runs it through the engine, svy_interview_audit() tells what the engine would not have taken. */
#ifndef SURVEY_PACKAGE_H
#define SURVEY_PACKAGE_H
#include <survey/interview.h>
SVY_BEGIN_DECLS

#define SVY_PACKAGE_MAX ((size_t)16 << 20)     /**< bytes of a package */
#define SVY_PACKAGE_EVENTS 1000000
#define SVY_PACKAGE_FILES 10000
#define SVY_PACKAGE_SITTINGS 10000

/** How the answers came in. Values are stored in files: append only. */
typedef enum svy_mode {
    SVY_MODE_TERMINAL = 1,
    SVY_MODE_WEB = 2,         /**< an interviewer in a browser */
    SVY_MODE_SELF = 3,        /**< the respondent in a browser */
    SVY_MODE_IMPORT = 4, SVY_MODE_ODK = 5, SVY_MODE_SIMULATION = 6
} svy_mode;
SVY_API const char *svy_mode_name(svy_mode mode);       /**< "terminal" "web" "self" "import" "odk" "simulation"; "" for others */
/** 1 and the mode if `name` is one of the names above, else 0. */
SVY_API int svy_mode_find(const char *name, size_t len, svy_mode *mode);

/** What it is an interview of. Strings are never NULL when read; NULL is written as "". */
typedef struct svy_package_head {
    const char *uuid;         /**< 36 characters, lower case: made where the interview began */
    const char *form, *version;
    uint64_t checksum;        /**< svy_form_checksum() of the compiled form */
    const char *case_id;      /**< "" when none */
    const char *corrects;     /**< uuid of the interview that this one takes the place of, "" when none */
    const char *reason;       /**< why it was corrected, "" when none */
} svy_package_head;

/** The events from `first` on were made here. */
typedef struct svy_sitting {
    uint64_t first;           /**< sequence of its first event: that of the next event in the package */
    svy_mode mode;
    const char *actor, *organisation, *device /**< id */, *agent /**< software */;
    int clock_known;          /**< 1: the offset is known */
    int64_t clock_offset_ms;  /**< the server's clock minus the device's */
} svy_sitting;

typedef struct svy_package_file {
    const char *name;              /**< as the answer holds it */
    const char *media_type;
    uint64_t size;                 /**< of the content */
    const uint8_t *sha256;         /**< of the content, 32 bytes */
    const uint8_t *sealed_sha256;  /**< of the sealed content as it is uploaded; 32 zeros when it is not sealed */
} svy_package_file;

/** Write a frame. @return bytes needed; writes at most `size`. svy_package_write_head writes the magic before it. */
SVY_API size_t svy_package_write_head(const svy_package_head *head, void *out, size_t size);
SVY_API size_t svy_package_write_sitting(const svy_sitting *sitting, void *out, size_t size);
SVY_API size_t svy_package_write_event(const svy_event *event, void *out, size_t size);
SVY_API size_t svy_package_write_file(const svy_package_file *file, void *out, size_t size);
SVY_API size_t svy_package_write_end(uint64_t events, svy_phase phase, void *out, size_t size);

/** Receives what is in a package, in its order. Any function may be NULL. Everything is borrowed for as long as the bytes are there; strings end with a NUL.
 *  What a function returns other than SVY_OK ends the reading and is returned. */
typedef struct svy_package_reader {
    svy_status (*head)(void *user, const svy_package_head *head, svy_error *err);
    svy_status (*sitting)(void *user, const svy_sitting *sitting, svy_error *err);
    svy_status (*event)(void *user, const svy_event *event, svy_error *err);
    svy_status (*file)(void *user, const svy_package_file *file, svy_error *err);
    svy_status (*end)(void *user, uint64_t events, svy_phase phase, svy_error *err);
    void *user;
} svy_package_reader;

/** Reads a package and checks its form: every field in its range, texts UTF-8 without NUL, events numbered from 1 without gaps, nothing behind the end.
 *  @param draft 1: the end may be missing.
 *  @return SVY_OK; SVY_E_FORMAT with the position in bytes in the sentence; SVY_E_LIMIT (the limits above); what `to` returned.
 *  Cost: O(n), no memory. Frames before one that is damaged have been handed over. */
SVY_API SVY_NODISCARD svy_status svy_package_read(const void *bytes, size_t n, int draft, const svy_package_reader *to, svy_error *err);

/** Rebuilds the interview from a package of `form` (id, version and checksum must be the form's; the end must tell the phase that the events lead to).
 *  @param journal for what comes after; NULL: none.
 *  @return as svy_package_read(); SVY_E_FORMAT for an event that does not fit (svy_interview_replay()); SVY_E_NOMEM. */
SVY_API SVY_NODISCARD svy_status svy_package_replay(const svy_alloc *alloc, const svy_form *form, const void *bytes, size_t n, int draft,
                                                    const svy_journal *journal, svy_interview **out, svy_error *err);

SVY_END_DECLS
#endif
