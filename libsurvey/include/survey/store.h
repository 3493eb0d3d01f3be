/** The study file: one SQLite file that holds questionnaires as deployed, parameters, cases, interviews with their journals, append-only
 *  submissions and typed tables. Every table: docs/formats/study.md.
 *
 *  An acknowledged answer is on disk (WAL, synchronous=FULL): when a journal write returns SVY_OK, neither kill -9 nor a power cut loses it.
 *  One writer per file: a lock says so, and a second writer gets SVY_E_BUSY with a sentence that names the holder. Readers are never blocked. */
#ifndef SURVEY_STORE_H
#define SURVEY_STORE_H
#include <survey/frame.h>
#include <survey/interview.h>
#include <survey/package.h>
SVY_BEGIN_DECLS

typedef struct svy_study svy_study;

typedef enum svy_study_mode { SVY_STUDY_READ = 0, SVY_STUDY_WRITE = 1 } svy_study_mode;

/** Makes a new study file. SVY_E_IO when the path exists (nothing is overwritten), cannot be written, or lies on a network file system. */
SVY_API SVY_NODISCARD svy_status svy_study_create(const svy_alloc *alloc, const char *path, svy_moment now, svy_error *err);
/** @return SVY_OK, SVY_E_IO, SVY_E_FORMAT (not a study file, or of a newer version), SVY_E_BUSY. */
SVY_API SVY_NODISCARD svy_status svy_study_open(const svy_alloc *alloc, const char *path, svy_study_mode mode, svy_study **out, svy_error *err);
SVY_API void svy_study_close(svy_study *s);
/** Why the last change failed: FULL (no space is left) goes with the next change that succeeds, LOST stays: the disk did not confirm a write, or the file was
 *  taken away; nothing more is stored. */
typedef enum svy_study_health { SVY_STUDY_WELL = 0, SVY_STUDY_FULL = 1, SVY_STUDY_LOST = 2 } svy_study_health;
SVY_API svy_study_health svy_study_condition(const svy_study *s);

/* ---- questionnaires ------------------------------------------------------------------------------------------------------ */

/** A file of a questionnaire, kept as deployed: a source that it is compiled from (XML, XLIFF, code list), or a medium that it shows (picture, sound, film). */
typedef struct svy_source { const char *name; const void *bytes; size_t size; int medium; } svy_source;
enum { SVY_MEDIUM_MAX = 64 << 20 /**< bytes of a medium */, SVY_MEDIUM_NAME = 255 /**< bytes of its name, which has no folder */ };

/** Deploys a compiled form as a new version; makes or widens its typed tables. Deploying the same block again adds media that were not there yet and changes
 *  nothing else. SVY_E_VALUE when that id and version are there with other content, or a medium of it is (a changed questionnaire needs a new version), or when
 *  a variable's type changed in a way its column cannot hold. */
SVY_API SVY_NODISCARD svy_status svy_study_deploy(svy_study *s, const void *block, size_t size, const svy_source *sources, size_t n_sources,
                                                  const char *actor, svy_moment now, svy_error *err);
/** The newest version of a form (id NULL: the only form; SVY_E_NAME when there are several, or none). Owned by the study. */
SVY_API SVY_NODISCARD svy_status svy_study_form(svy_study *s, const char *id, const svy_form **form, svy_error *err);

/** A version as it was deployed. Borrowed for the call. */
typedef struct svy_deployed { const char *id, *version; uint64_t checksum; int newest /**< of its id */; const void *block; size_t block_size; int64_t utc_ms; } svy_deployed;
/** Every deployed version, in order of deployment. */
SVY_API SVY_NODISCARD svy_status svy_study_deployed(svy_study *s, svy_status (*each)(void *user, const svy_deployed *version), void *user, svy_error *err);
/** The source files of a version as they were deployed, by name. Borrowed for the call. SVY_E_NAME when there is no such version. */
SVY_API SVY_NODISCARD svy_status svy_study_sources(svy_study *s, const char *form, const char *version, svy_status (*each)(void *user, const svy_source *source), void *user,
                                                   svy_error *err);

/** A medium of a version. Borrowed for the call. */
typedef struct svy_medium { const char *name, *media_type, *sha256, *md5 /**< in hexadecimal; MD5 is what ODK's clients know */; size_t size; const void *bytes; } svy_medium;
/** The media of a version, by name, without their bytes. SVY_E_NAME when there is no such version. */
SVY_API SVY_NODISCARD svy_status svy_study_media(svy_study *s, const char *form, const char *version, svy_status (*each)(void *user, const svy_medium *medium), void *user,
                                                 svy_error *err);
/** One of them, with its bytes. SVY_E_NAME when the version has none of that name. */
SVY_API SVY_NODISCARD svy_status svy_study_medium(svy_study *s, const char *form, const char *version, const char *name,
                                                  svy_status (*each)(void *user, const svy_medium *medium), void *user, svy_error *err);

/** Sets a parameter of a form for interviews that start from now on; value NULL takes the override away. Checked against its type. */
SVY_API SVY_NODISCARD svy_status svy_study_set_parameter(svy_study *s, const char *form, const char *id, const char *value,
                                                         const char *actor, svy_moment now, svy_error *err);
/** A text that the study carries: "design" (docs/formats/design.md), "weighting" (docs/formats/weighting-plan.md), "rehearsal" (there when
 *  its interviews are simulated). NULL takes it away. Replaces the one
 *  before. @return SVY_OK, SVY_E_NAME (no such text), SVY_E_LIMIT (16 MiB), SVY_E_STATE (opened for reading), SVY_E_IO, SVY_E_NOMEM. */
SVY_API SVY_NODISCARD svy_status svy_study_set_text(svy_study *s, const char *name, const char *text, svy_error *err);
/** Hands the text over, which is borrowed for the call; `take` is not called when there is none. Errors as above, or what `take` returns. */
SVY_API SVY_NODISCARD svy_status svy_study_text(svy_study *s, const char *name, svy_status (*take)(void *user, const char *text, size_t len), void *user,
                                                svy_error *err);
/** Every parameter in force: callback with id, type name, value, and 1 when overridden. */
SVY_API SVY_NODISCARD svy_status svy_study_parameters(svy_study *s, const char *form,
    void (*each)(void *user, const char *id, const char *type, const char *value, int overridden), void *user, svy_error *err);

/* ---- interviews ---------------------------------------------------------------------------------------------------------- */

/** An interview in the file: each event is committed before the engine goes on. */
typedef struct svy_session svy_session;

/** Resumes the suspended (or killed) interview of this form and case, with its own version of the form, or starts a new one with the newest. A case that the
 *  study does not know is made, unless cases of this form were listed: then it is SVY_E_NAME. Several sessions may be open at once.
 *  @param case_id NULL: resumes the interviewer's last unfinished interview without a case, or starts one. A case whose interview is complete: SVY_E_STATE.
 *  An interview that another session of `s` carries out: SVY_E_BUSY. A name of a case or interviewer that is no UTF-8, has control characters or more than
 *  1,000 bytes: SVY_E_VALUE.
 *  @param seed random order and random() of a new interview. @param resumed receives 1 when it went on. */
SVY_API SVY_NODISCARD svy_status svy_session_open(svy_study *s, const char *form, const char *case_id, const char *interviewer, const char *language,
                                                  uint64_t seed, svy_moment now, svy_session **out, int *resumed, svy_error *err);
/** Opens a correction of a complete interview: a new revision that begins with the answers of the last one. Completing it submits the revision, with who
 *  corrected, when and why; the earlier ones stay in the chain. A correction that was begun and not completed goes on.
 *  @param reason must not be empty. @return also SVY_E_NAME (no such interview), SVY_E_STATE (not complete, erased, or ended early without its answers). */
SVY_API SVY_NODISCARD svy_status svy_session_correct(svy_study *s, const char *interview, const char *actor, const char *reason, svy_moment now,
                                                     svy_session **out, svy_error *err);
SVY_API svy_interview *svy_session_interview(svy_session *session);
SVY_API const char *svy_session_uuid(const svy_session *session);
/** Completes the interview and stores its submission and typed rows in one transaction. SVY_E_INVALID when problems stand in the way. */
SVY_API SVY_NODISCARD svy_status svy_session_complete(svy_session *session, svy_moment now, svy_error *err);
/** Frees the session; an interview that is not complete stays as it is. NULL allowed. */
SVY_API void svy_session_close(svy_session *session);

/* ---- submissions --------------------------------------------------------------------------------------------------------- */

/** Checks the hash chain and that every submission's payload, typed rows and journal agree. Problems go to `diags` with the submission as element.
 *  @return SVY_OK, SVY_E_INVALID when problems were found, SVY_E_IO, SVY_E_FORMAT, SVY_E_NOMEM. */
SVY_API SVY_NODISCARD svy_status svy_study_verify(svy_study *s, svy_diags *diags, svy_error *err);
/** Erases what an interview said, its corrections and every version of it that differs (GDPR Art. 17): destroys payload keys, typed rows, journal values, files and what is
 *  kept aside; the chain stays intact. A mark stays: whatever carries the interview later, on whatever way, is not stored (SVY_ERASED), and files of the study that are
 *  synchronised erase it, too. Repeating it changes nothing.
 *  @param interview its uuid.
 *  @return SVY_OK; SVY_E_NAME (no such interview); SVY_E_STATE (it is a correction: erase what it corrects); SVY_E_BUSY (a session is open and
 *          nothing was done; or it is done, but a reader keeps the log from being emptied: repeat it later). */
SVY_API SVY_NODISCARD svy_status svy_study_erase(svy_study *s, const char *interview, const char *actor, const char *reason, svy_moment now, svy_error *err);
/** Whether an interview was erased, here or in another file of the study, also when it never was here.
 *  @param sentence receives when, in words for whoever sends it (`size` 0: not wanted); untouched when it was not. */
SVY_API SVY_NODISCARD svy_status svy_study_was_erased(svy_study *s, const char *uuid, int *erased, char *sentence, size_t size, svy_error *err);

/** `complete` counts interviews that went to their end, `ended_early` those with an outcome; submissions count corrections too. last_utc_ms 0: nothing happened yet. */
typedef struct svy_study_count { const char *form, *version; uint64_t open, suspended, complete, ended_early, submissions; int64_t last_utc_ms; } svy_study_count;
/** One callback per form version, and per early-end outcome through `outcome`. */
SVY_API SVY_NODISCARD svy_status svy_study_status(svy_study *s, void (*each)(void *user, const svy_study_count *count),
    void (*outcome)(void *user, const char *form, const char *outcome, uint64_t count), void *user, svy_error *err);

/* ---- in and out ---------------------------------------------------------------------------------------------------------- */

typedef struct svy_import_options {
    unsigned size;
    const char *interviewer;      /**< recorded as who imported */
    const char *soft_reason;      /**< failing soft checks are overridden with this; NULL: they reject the row */
    const char *key;              /**< column that identifies a row; a row imported before is skipped; NULL: the column "case" when there is one */
    /** Carries out and completes the interview of the row in place of filling it in from the row's cells (a simulated one). NULL: the cells. */
    svy_status (*conduct)(void *user, svy_interview *iv, int line, svy_error *err); void *conduct_user;
    uint64_t seed;                /**< of the interviews' random order: seed + line of each; 0: a random one */
    svy_mode mode;                /**< what paradata says: SVY_MODE_IMPORT, or SVY_MODE_ODK, SVY_MODE_SIMULATION when `conduct` does it */
} svy_import_options;
#define SVY_IMPORT_OPTIONS_INIT { sizeof(svy_import_options), "", NULL, NULL, NULL, NULL, 0, SVY_MODE_IMPORT }

/** A row-by-row source of named cells (a CSV file): next() returns 1 and the row's line, 0 at the end, -1 on error (then `err` is filled). */
typedef struct svy_rows { int (*next)(void *user, int *line, svy_error *err); svy_cells cells; void *user; const char *source; } svy_rows;
typedef struct svy_import_result { uint64_t accepted, rejected, skipped; } svy_import_result;

/** Runs every row through the engine. A row with a problem is rejected whole and reported: every problem with line, column name, what was found, what to do.
 *  Accepted rows are committed in groups; each is an interview with its journal and submission, as if it had been carried out.
 *  A column that is no variable is a warning and is not read.
 *  @return SVY_OK; SVY_E_INVALID when rows were rejected (the others are in); SVY_E_NAME (no such form, no key column); what `next` returned; SVY_E_IO. */
SVY_API SVY_NODISCARD svy_status svy_study_import(svy_study *s, const char *form, const svy_rows *rows, const svy_import_options *options, svy_moment now,
                                                  svy_diags *diags, svy_import_result *result, svy_error *err);

/** The interview that an imported row became, by the text of its key (an instanceID, of ODK's submissions). *found 0 when no row with that key was imported. */
SVY_API SVY_NODISCARD svy_status svy_study_imported(svy_study *s, const char *form, const char *key, char interview[37], int *found, svy_error *err);

/** The submitted answers of a form as a frame, all versions united by variable: level "" for the interviews, or the id of a roster.
 *  Columns: "interview" (uuid), "case", "version", "interviewer", "language", "started", "completed", "outcome"; in rosters "interview", then "ROSTER_key" for it and every roster around it;
 *  then every question and compute in document order; a multiple question as its codes in one text, and one boolean column ID_CODE per choice.
 *  A variable that a version did not have is not-asked there; a blank case, interviewer or outcome is not-stated. A name that is taken gets _2.
 *  Rows come in the order the interviews were begun, entries of rosters in their order.
 *  @param sensitive 1: with sensitive variables. */
SVY_API SVY_NODISCARD svy_status svy_study_frame(svy_study *s, const char *form, const char *level, int sensitive, svy_frame **out, svy_error *err);
/** The levels of a form: "" first, then its rosters in document order. Returns how many; stores at most `size` borrowed ids. */
SVY_API SVY_NODISCARD svy_status svy_study_levels(svy_study *s, const char *form, const char **levels, size_t size, size_t *n, svy_error *err);
/** The codebook of a form as JSON: variables with label, type, level, choices with labels in every language, missing codes, routing and checks as written. */
SVY_API SVY_NODISCARD svy_status svy_study_codebook(svy_study *s, const char *form, svy_status (*write)(void *user, const char *bytes, size_t len), void *user, svy_error *err);
/** One thing that was done in an interview. Borrowed for the call. */
typedef struct svy_paradata {
    const char *interview;        /**< uuid */
    const svy_event *event;
    const svy_sitting *sitting;   /**< who did it, with what, on what */
    const char *old; size_t old_len; svy_missing old_missing;    /**< of an answer given or taken back: the answer given before; `old` NULL: none was */
    int erased;                   /**< what the event said was destroyed */
} svy_paradata;
/** "start" "parameter" "answer" "clear" "add-entry" "remove-entry" "remark" "language" "show" "override" "suspend" "resume" "complete" "order" "close-roster"; "" for others. */
SVY_API const char *svy_action_name(svy_action action);
/** Every event as a row of a frame: interview, sequence, utc (seconds), zone, monotonic_ms, mode, actor, device, node, entry, action, old, new, missing, reason.
 *  Blank texts are not-stated. @param sensitive 0: without what was said to sensitive questions. */
SVY_API SVY_NODISCARD svy_status svy_study_paradata(svy_study *s, const char *form, int sensitive, svy_frame **out, svy_error *err);
/** The journals of a form's interviews, in order, or of one (its uuid). */
SVY_API SVY_NODISCARD svy_status svy_study_events(svy_study *s, const char *form, const char *interview, svy_status (*each)(void *user, const svy_paradata *p), void *user,
                                                  svy_error *err);
/** The same as CSV (docs/formats/export.md), a line for every event, however many there are. @param sensitive 1: with what was said to sensitive questions.
 *  @param safe 1: a ' before texts that a spreadsheet would run. What `write` returns other than SVY_OK ends it. */
SVY_API SVY_NODISCARD svy_status svy_study_events_write(svy_study *s, const char *form, int sensitive, int safe,
                                                        svy_status (*write)(void *user, const void *bytes, size_t len, svy_error *err), void *user, svy_error *err);

SVY_END_DECLS
#endif
