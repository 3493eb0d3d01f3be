/** Reception: packages (survey/package.h) that were filled in elsewhere become interviews of a study; uploads in pieces, attachments, what is kept aside.
 *
 *  Three steps, so that one writer stores thousands a second:
 *  - svy_reception: forms and keys of the study as they are now; immutable, used by many threads at once;
 *  - svy_arrival_prepare(), any thread, no database: unseals, reads, replays through the engine, makes rows and seals;
 *  - svy_study_receive(), the thread that has the study: one transaction for many arrivals. When it returns SVY_OK every receipt is on disk.
 *
 *  What arrives is never trusted: a package becomes an interview only when the engine, running every event again, arrives at a complete (or suspended)
 *  interview without problems. What cannot be taken (of a version that is not deployed, cut, sealed to another key, not what the engine allows) is kept aside
 *  with the reason and can be tried again: something acknowledged is never thrown away.
 *
 *  The same interview again: the same package, or a beginning of what is here: nothing changes (SVY_STORED_ALREADY). What goes on from what is here: the new
 *  events are added. What differs from what is here: both are kept, and which of them has which uuid is the same on every machine (SVY_KEPT_BOTH). What was erased
 *  is not stored again, whatever carries it (SVY_ERASED). */
#ifndef SURVEY_RECEPTION_H
#define SURVEY_RECEPTION_H
#include <survey/package.h>
#include <survey/store.h>
SVY_BEGIN_DECLS

#define SVY_KEY_BYTES 32
#define SVY_HASH_BYTES 32
#define SVY_UPLOAD_MAX ((uint64_t)64 << 20)      /**< bytes of one upload */
#define SVY_UPLOADS_MAX ((uint64_t)1 << 30)      /**< bytes of all uploads of one sender that are not whole; each counts 1 MiB at least */
#define SVY_UPLOAD_DAYS 30                       /**< as long an upload that is not whole is kept */

typedef struct svy_reception svy_reception;
/** @return SVY_OK, SVY_E_STATE (a file of version 1 that was opened for reading), SVY_E_IO, SVY_E_FORMAT, SVY_E_NOMEM. Make a new one after a form was deployed or
 *  the key was taken out. Cost: opens every deployed version. */
SVY_API SVY_NODISCARD svy_status svy_reception_new(svy_study *s, svy_reception **out, svy_error *err);
/** After every arrival that was prepared with it. NULL allowed. */
SVY_API void svy_reception_free(svy_reception *r);
/** The X25519 key that devices seal to. */
SVY_API const uint8_t *svy_reception_public_key(const svy_reception *r);
/** 1 when what arrives sealed can be opened here: the secret key was not taken out. */
SVY_API int svy_reception_can_open(const svy_reception *r);
/** The compiled form of a deployed version: 1 and its block, which is the reception's; 0 when there is none. */
SVY_API int svy_reception_block(const svy_reception *r, const char *form, const char *version, const void **block, size_t *size);

/** Seals bytes to a key as devices do; any thread. @return bytes needed (n + 48), 0 when the key is none; writes when `size` suffices. */
SVY_API size_t svy_seal_to(const uint8_t public_key[SVY_KEY_BYTES], const void *bytes, size_t n, void *out, size_t size);

/** Which interviews that are here a sender may correct or go on with. */
typedef enum svy_touch {
    SVY_TOUCH_ANY = 0,
    SVY_TOUCH_OWN = 1,       /**< those of its `actor` and `organisation` */
    SVY_TOUCH_NEW = 2        /**< those only to go on with: a respondent corrects nothing */
} svy_touch;

/** Who the receiver knows it comes from. What is said here wins over what the package says; NULL (mode 0) leaves it to the package. */
typedef struct svy_sender {
    const char *actor, *organisation;
    svy_mode mode;
    const char *device, *agent;
    const char *case_allowed;     /**< the only case whose interview may come; NULL: any */
    const char *form_allowed;     /**< the only questionnaire whose interview may come; NULL: any */
    svy_touch touch;
    unsigned patience_ms;         /**< processor time after which checking is given up, so that the interview is kept aside; 0: none. For whoever takes from strangers:
                                   *   with it svy_study_receive() does not try what waits for the interview, but says so in svy_received.waiting */
    int keys_hashed;              /**< 1: from another copy of this study: answers to questions of type key are hashed already. Only for senders that are trusted */
} svy_sender;

typedef struct svy_arrival svy_arrival;
/** Unseals (`sealed` 1), reads, replays, checks, makes rows. Never fails for what it reads: the arrival then is one that will be kept aside.
 *  @param received when it came in. @return SVY_OK, SVY_E_NOMEM, SVY_E_LIMIT (more than 16 MiB). Any thread; several at once on one reception. */
SVY_API SVY_NODISCARD svy_status svy_arrival_prepare(const svy_reception *r, const void *bytes, size_t n, int sealed, const svy_sender *from, svy_moment received,
                                                     svy_arrival **out, svy_error *err);
SVY_API void svy_arrival_free(svy_arrival *a);      /**< NULL allowed */
SVY_API const char *svy_arrival_uuid(const svy_arrival *a);       /**< "" when it cannot be read */
SVY_API const char *svy_arrival_form(const svy_arrival *a);       /**< likewise */
SVY_API size_t svy_arrival_bytes(const svy_arrival *a);           /**< as it came */
/** 1 when the bytes as they came have this SHA-256 (64 hexadecimal digits). Costs nothing: it was worked out already. */
SVY_API int svy_arrival_has_hash(const svy_arrival *a, const char *hash);
SVY_API const char *svy_arrival_reason(const svy_arrival *a);     /**< why it will be kept aside; "" when it will not */
/** Hands over the hash (of the bytes as uploaded) of every file the package needs. */
SVY_API void svy_arrival_files(const svy_arrival *a, void (*each)(void *user, const uint8_t hash[SVY_HASH_BYTES]), void *user);

typedef enum svy_receipt {
    SVY_STORED = 1,
    SVY_STORED_ALREADY,
    SVY_KEPT_BOTH,       /**< it differs from the interview of that uuid that is here: both are kept */
    SVY_KEPT_ASIDE,      /**< kept, not an interview yet: `sentence` says why */
    SVY_NEEDS_FILES,     /**< not stored: files it names were not uploaded (svy_study_lacks_files tells which) */
    SVY_ERASED           /**< not stored, and never will be: the interview, or what it corrects, was erased. Files that came for it are gone. The device may delete it */
} svy_receipt;
SVY_API const char *svy_receipt_name(svy_receipt receipt);        /**< "stored" "stored-already" "kept-both" "kept-aside" "needs-files" "erased" */
typedef struct svy_received {
    svy_receipt receipt;
    char uuid[37];           /**< of the interview it became or is; "" when kept aside unread */
    char sentence[384];      /**< for the interviewer, "" when there is nothing to say */
    int waiting;             /**< 1: something that was kept aside waits for it: see svy_study_waiting() */
} svy_received;

/** Stores arrivals in one transaction; one that fails does not touch the others. @return SVY_OK: every receipt is on disk (nothing is stored for SVY_NEEDS_FILES);
 *  else nothing was stored: SVY_E_IO, SVY_E_BUSY, SVY_E_NOMEM. */
SVY_API SVY_NODISCARD svy_status svy_study_receive(svy_study *s, svy_arrival *const *arrivals, size_t n, svy_received *results, svy_error *err);
/** The next that was kept aside because it waits for an interview (a correction that came first), prepared to be received again, as its sender sent it: an arrival for
 *  svy_study_receive(), which then keeps it no longer. Any study opened on the file, also for reading, so that the one that writes does not wait.
 *  @param uuid of the interview, as svy_arrival_uuid() says it. @param after where to go on: begin with 0. @param patience_ms more than 0, for each.
 *  @param out NULL: there is none any more. @return SVY_OK, SVY_E_IO, SVY_E_NOMEM. Cost: as svy_arrival_prepare(). */
SVY_API SVY_NODISCARD svy_status svy_study_waiting(svy_study *s, const svy_reception *r, const char *uuid, int64_t *after, unsigned patience_ms, svy_arrival **out,
                                                   svy_error *err);
/** Which files of the arrival are not here. */
SVY_API SVY_NODISCARD svy_status svy_study_lacks_files(svy_study *s, const svy_arrival *a, void (*each)(void *user, const uint8_t hash[SVY_HASH_BYTES]), void *user,
                                                       svy_error *err);

/* ---- uploads in pieces: `hash` is the SHA-256 of all bytes, 64 hexadecimal digits ------------------------------------------- */

/** Adds bytes at the end of an upload; on disk when it returns SVY_OK. A piece that is here already changes nothing. When another upload is begun, those begun more
 *  than SVY_UPLOAD_DAYS ago are forgotten, and of this sender the oldest that are more than SVY_UPLOADS_MAX bytes in all: whoever goes on with one of them is told
 *  to begin again.
 *  @param have receives how many bytes are here (also with SVY_E_STATE: where to go on).
 *  @return SVY_OK; SVY_E_STATE (offset is not where it ends); SVY_E_LIMIT; SVY_E_VALUE (no hash, another size than before, beyond the size); SVY_E_IO. */
SVY_API SVY_NODISCARD svy_status svy_study_upload_part(svy_study *s, const char *hash, uint64_t size, uint64_t offset, const void *bytes, size_t n, const char *sender,
                                                       svy_moment now, uint64_t *have, svy_error *err);
/** How far an upload is; of a file that was attached, its size for both. What somebody else than `sender` sent is not there (NULL: of anybody). SVY_E_NAME when there is
 *  none. */
SVY_API SVY_NODISCARD svy_status svy_study_upload_offset(svy_study *s, const char *hash, const char *sender, uint64_t *have, uint64_t *size, svy_error *err);
/** All bytes of an upload that is whole, to be freed with svy_block_free(). SVY_E_STATE when it is not whole, SVY_E_NAME when there is none. The hash is not
 *  looked at: svy_arrival_prepare() and svy_attachment_prepare() do, or svy_hash_fits(). */
SVY_API SVY_NODISCARD svy_status svy_study_upload_bytes(svy_study *s, const char *hash, const svy_alloc *alloc, void **bytes, size_t *n, svy_error *err);
/** Takes an upload away: its bytes are not what its hash says. One that was received or attached goes by itself. */
SVY_API SVY_NODISCARD svy_status svy_study_upload_drop(svy_study *s, const char *hash, svy_error *err);
/** 1 when the bytes have this SHA-256. Any thread. */
SVY_API int svy_hash_fits(const void *bytes, size_t n, const char *hash);
/** The SHA-256 as 64 hexadecimal digits. Any thread. */
SVY_API void svy_hash_hex(const void *bytes, size_t n, char out[65]);

/* ---- attachments: photos, sound, signatures ------------------------------------------------------------------------------------ */

/** A file, unsealed and hashed. */
typedef struct svy_attachment svy_attachment;
/** Any thread, no database. A sealed file that cannot be opened (the key was taken out) stays as it is. @return SVY_OK, SVY_E_LIMIT, SVY_E_NOMEM. */
SVY_API SVY_NODISCARD svy_status svy_attachment_prepare(const svy_reception *r, const void *bytes, size_t n, int sealed, svy_attachment **out, svy_error *err);
SVY_API void svy_attachment_free(svy_attachment *a);
/** 1 when the bytes as they came have this SHA-256 (64 hexadecimal digits). Costs nothing. */
SVY_API int svy_attachment_has_hash(const svy_attachment *a, const char *hash);
/** Stores files that packages will name by the hash of the bytes as they came; the same again changes nothing. Their uploads are taken away. One transaction. */
SVY_API SVY_NODISCARD svy_status svy_study_attach(svy_study *s, svy_attachment *const *files, size_t n, const char *sender, svy_moment now, svy_error *err);
/** Adds a file to an interview that is here. media_type NULL: by the ending of its name. The same bytes under the same name again: nothing. SVY_E_STATE: the name is taken by other bytes.
 *  SVY_E_NAME: no such interview. */
SVY_API SVY_NODISCARD svy_status svy_study_attach_file(svy_study *s, const char *interview, const char *name, const char *media_type, const void *bytes, size_t n,
                                                       svy_moment now, svy_error *err);
typedef struct svy_study_file { const char *name, *media_type; uint64_t size; const uint8_t *sha256; /**< of the content; NULL while it is sealed */ } svy_study_file;
/** The files of an interview, by name. */
SVY_API SVY_NODISCARD svy_status svy_study_files(svy_study *s, const char *interview, svy_status (*each)(void *user, const svy_study_file *file), void *user, svy_error *err);
/** Hands a file over; borrowed for the call. SVY_E_NAME when there is none; SVY_E_STATE while it is sealed and the key is not here. */
SVY_API SVY_NODISCARD svy_status svy_study_file_bytes(svy_study *s, const char *interview, const char *name,
                                                      svy_status (*take)(void *user, const void *bytes, size_t n), void *user, svy_error *err);
/** The same, whichever revision of the interview it came with: an answer goes on naming it when the interview is corrected. Of several the newest. */
SVY_API SVY_NODISCARD svy_status svy_study_file_shown(svy_study *s, const char *interview, const char *name, svy_status (*take)(void *user, const void *bytes, size_t n),
                                                      void *user, svy_error *err);
/** SHA-256 of a file's content; *found 0 when there is none. */
SVY_API SVY_NODISCARD svy_status svy_study_file_digest(svy_study *s, const char *interview, const char *name, uint8_t sha256[SVY_HASH_BYTES], int *found, svy_error *err);

typedef enum svy_file_state { SVY_FILE_HERE, SVY_FILE_SEALED /**< the key was taken out when it came */, SVY_FILE_MISSING /**< it did not come */ } svy_file_state;
/** A file of a submitted interview. Borrowed for the call. */
typedef struct svy_answer_file {
    const char *interview;           /**< uuid */
    const char *item, *entry;        /**< whose answer names it; "" and "" when none does: the answer was changed later, or it is a client's own log */
    const char *name;                /**< as the answer has it */
    const char *held_by;             /**< uuid of the interview or the correction it came with: what svy_study_file_bytes() asks for; "" when it is missing */
    const char *media_type;
    svy_file_state state;
    int sensitive;                   /**< the question is, or nobody can say which question it belongs to */
    uint64_t size;
    const uint8_t *sha256;           /**< of the content; NULL when it is not here */
} svy_answer_file;
/** The files of the submitted interviews of a form (NULL: the only one), question by question in the order in which they came into the study, interviews in theirs; those that no
 *  answer names come last. Erased interviews have none. `sensitive` 0 leaves sensitive ones out. Memory: about 50 bytes a file. */
SVY_API SVY_NODISCARD svy_status svy_study_answer_files(svy_study *s, const char *form, int sensitive, svy_status (*each)(void *user, const svy_answer_file *file), void *user,
                                                        svy_error *err);

/* ---- kept aside, sealed --------------------------------------------------------------------------------------------------------- */

typedef struct svy_kept {
    int64_t number;
    const char *uuid, *form, *version;   /**< "" as far as they could not be read */
    const char *reason;                  /**< "": it only waits for the key that was taken out */
    const char *actor, *organisation, *device;
    int64_t received_utc_ms; uint64_t size;
} svy_kept;
SVY_API SVY_NODISCARD svy_status svy_study_kept(svy_study *s, svy_status (*each)(void *user, const svy_kept *kept), void *user, svy_error *err);
/** What was kept, opened when the key is here, else as it came. SVY_E_NAME when there is no such number. */
SVY_API SVY_NODISCARD svy_status svy_study_kept_bytes(svy_study *s, int64_t number, svy_status (*take)(void *user, const void *bytes, size_t n), void *user, svy_error *err);
/** Keeps bytes aside that are no package (an encrypted submission). The same again changes nothing. Its files were attached before and are named by hash. */
typedef struct svy_kept_file { const char *name, *media_type; const uint8_t *hash; } svy_kept_file;
SVY_API SVY_NODISCARD svy_status svy_study_keep_aside(svy_study *s, const char *uuid, const char *form, const char *version, const void *bytes, size_t n,
                                                      const svy_kept_file *files, size_t n_files, const svy_sender *from, const char *reason, svy_moment received,
                                                      svy_error *err);
/** The files kept with it. `take` borrows. */
SVY_API SVY_NODISCARD svy_status svy_study_kept_files(svy_study *s, int64_t number,
                                                      svy_status (*take)(void *user, const char *name, const char *media_type, const void *bytes, size_t n), void *user,
                                                      svy_error *err);
/** Takes away what was kept, because it is elsewhere now. */
SVY_API SVY_NODISCARD svy_status svy_study_kept_drop(svy_study *s, int64_t number, svy_error *err);

typedef struct svy_opened { uint64_t tried, stored, kept, erased; } svy_opened;     /**< stored: also those that were here already; kept: still aside */
/** Tries everything again that is kept aside: after a version was deployed. */
SVY_API SVY_NODISCARD svy_status svy_study_try_again(svy_study *s, svy_opened *result, svy_error *err);
/** Runs what arrived sealed through the engine with a key that the file does not hold. SVY_E_VALUE when it is not the key of this study. */
SVY_API SVY_NODISCARD svy_status svy_study_open_sealed(svy_study *s, const uint8_t secret[SVY_KEY_BYTES], svy_opened *result, svy_error *err);

/** What asks for somebody's attention. */
typedef struct svy_attention { uint64_t kept_aside, sealed, conflicts /**< interviews that differ from another of the same uuid */, cases /**< with more than one interview */,
                               uploads /**< not whole */, loose_files /**< whose interview did not come */; } svy_attention;
SVY_API SVY_NODISCARD svy_status svy_study_attention(svy_study *s, svy_attention *out, svy_error *err);
/** A queue that a browser saved (docs/formats/queue.md): each item through svy_arrival_prepare or svy_attachment_prepare, files first. `each` may be NULL. */
SVY_API SVY_NODISCARD svy_status svy_study_import_queue(svy_study *s, const void *bytes, size_t n, const svy_sender *from, svy_moment now,
                                                        void (*each)(void *user, const svy_received *received), void *user, svy_error *err);

/* ---- out again -------------------------------------------------------------------------------------------------------------------- */

/** An interview as a package, keys hashed; a suspended or open one too. SVY_E_NAME; SVY_E_STATE (erased). */
SVY_API SVY_NODISCARD svy_status svy_study_package(svy_study *s, const char *interview, svy_status (*take)(void *user, const void *bytes, size_t n), void *user, svy_error *err);
/** A draft (docs/formats/package.md) that corrects a complete interview: head with a new `uuid` and the reason, the events of the newest revision up to its end, its files
 *  under what they were uploaded as. Whoever gets it goes on, and sends the whole as any interview. SVY_E_NAME; SVY_E_STATE (erased, a correction is open here). */
SVY_API SVY_NODISCARD svy_status svy_study_package_to_correct(svy_study *s, const char *interview, const char *reason, char uuid[37],
                                                              svy_status (*take)(void *user, const void *bytes, size_t n), void *user, svy_error *err);
/** Which interview a revision belongs to, and which is its newest revision. SVY_E_NAME. */
SVY_API SVY_NODISCARD svy_status svy_study_correction_of(svy_study *s, const char *interview, char root[37], char newest[37], svy_error *err);

SVY_END_DECLS
#endif
