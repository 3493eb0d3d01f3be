/* What the parts of the study file share: the open study, its statements, its forms, and the steps of a transaction. */
#ifndef SURVEY_STORE_PRIVATE_H
#define SURVEY_STORE_PRIVATE_H
#include <sqlite3.h>
#include <survey/package.h>
#include <survey/store.h>

#include "base/arena.h"
#include "base/buffer.h"
#include "base/error.h"
#include "base/map.h"
#include "store/seal.h"

enum {
    SVYI_APPLICATION_ID = 0x53565953,    /* "SVYS" */
    SVYI_FILE_VERSION = 4,               /* user_version: a file of a higher one is refused */
    SVYI_FILE_OLDEST = 1,                /* read as it is; opened for writing it becomes one of the version above */
    SVYI_TABLE_VARIABLES = 900,          /* SQLite holds 2,000 columns a table; each variable takes two */
    SVYI_ROW_BITS = 20,                  /* id of a roster row: number of the interview << 20 | row, from 1 */
    SVYI_PATIENCE_MS_OF_FILE = 5000,     /* as long a call waits for another program that has the file */
    SVYI_HELD_EVENTS = 64                /* events without an answer that wait for the next one that has */
};

/* ---- statements that are prepared once per study (statement.c holds their text) ---- */
typedef enum svyi_sql {
    Q_BEGIN, Q_COMMIT, Q_ROLLBACK, Q_SAVE, Q_RELEASE, Q_BACK,
    Q_EVENT_ADD, Q_EVENTS, Q_EVENTS_COPY, Q_EVENT_BLANK, Q_EVENT_BLANK_ALL,
    Q_JOURNAL, Q_JOURNAL_ADD, Q_JOURNAL_BLANK, Q_SITTING_ADD, Q_SITTINGS, Q_SITTINGS_COPY,
    Q_EVENT_ROWS, Q_JOURNAL_GROW, Q_ARRIVAL_ADD, Q_ARRIVAL_GOES_ON, Q_INTERVIEW_CONFLICTS, Q_INTERVIEW_OWNED, Q_CASE_COUNT,
    Q_ATTACHMENT_FIND, Q_ATTACHMENT_ADD, Q_ATTACHMENT_SIZE, Q_ATTACHMENT_LOAD, Q_ATTACHMENT_OPENED, Q_FILE_FIND, Q_FILES_OF, Q_THING_INTERVIEW, Q_SYNC_DIGEST_PUT, Q_FILE_ADD, Q_FILES_DROP, Q_ATTACHMENT_DROP,
    Q_UPLOAD_FIND, Q_UPLOAD_ADD, Q_UPLOAD_PART, Q_UPLOAD_HAVE, Q_UPLOAD_PARTS, Q_UPLOAD_PARTS_DROP, Q_UPLOAD_DROP, Q_UPLOAD_SURPLUS,
    Q_KEPT_ADD, Q_KEPT_FIND, Q_KEPT_LOAD, Q_KEPT_WAITING, Q_KEPT_DROP, Q_KEPT_FILE_ADD, Q_KEPT_FILES_DROP,
    Q_INTERVIEW_ADD, Q_INTERVIEW_PHASE, Q_INTERVIEW_LANGUAGE, Q_INTERVIEW_DONE, Q_INTERVIEW_OF_CASE, Q_INTERVIEW_OF_PERSON,
    Q_INTERVIEW_COMMON, Q_INTERVIEW_FIND, Q_INTERVIEW_VERSIONS, Q_INTERVIEW_REVISIONS, Q_INTERVIEW_ERASED,
    Q_CASE_FIND, Q_CASE_ADD, Q_CASE_LISTED, Q_CASE_DISPOSITION, Q_CASE_DISPOSITION_RETURNED, Q_CASE_DROP, Q_CASE_PUT, Q_CONTACTS_DROP, Q_CONTACT_ADD,
    Q_FORM_ADD, Q_FORM_NEWEST, Q_FORM_FIND, Q_FORM_LOAD, Q_FORM_IDS, Q_FORM_VERSIONS, Q_SOURCE_ADD,
    Q_PARAMETER_ADD, Q_PARAMETER_GET,
    Q_CHAIN_GET, Q_CHAIN_SET, Q_SUBMISSION_ADD, Q_SUBMISSION_LAST, Q_SUBMISSION_MOVED, Q_SUBMISSIONS, Q_KEY_ADD, Q_KEY_GET, Q_KEY_DROP,
    Q_ERASING_ADD, Q_ERASING_DROP, Q_ERASED, Q_ERASED_WHEN,
    Q_TABLE_ADD, Q_TABLES, Q_TABLE_TAKEN, Q_VARIABLE_ADD, Q_VARIABLES, Q_VARIABLE_TYPE,
    Q_AUDIT_END, Q_AUDIT_ADD, Q_AUDIT_MOVE, Q_TOKEN_FIND,
    Q_SECRET, Q_IMPORT_FIND, Q_IMPORT_ADD, Q_STATUS, Q_OUTCOMES, Q_COUNT
} svyi_sql;

typedef struct svyi_version svyi_version;    /* a deployed form, opened */

/* Which file stands behind a name. */
typedef struct svyi_stamp { uint64_t device, number, size; int there; } svyi_stamp;

struct svy_study {
    svy_alloc alloc;
    sqlite3 *db;
    char *path;
    svy_study_mode mode;
    int version;                         /* of the file */
    struct svyi_lock *lock;              /* NULL when reading */
    sqlite3_stmt *statements[Q_COUNT];
    svyi_version *versions;              /* those used so far */
    svy_session *sessions;               /* those open now */
    uint8_t key[SVYI_KEY];               /* of participant keys */
    uint8_t audit_key[SVYI_KEY], audit_key_is_there;   /* of the audit log, loaded when it is first used (audit.c) */
    unsigned depth;                      /* of transactions inside one another: only the outermost begins and commits */
    svyi_stamp file, log;                /* which files these are, so that it shows when they are taken away under a writer */
    uint8_t dead;                        /* the disk did not confirm a write: nothing is acknowledged any more */
    int64_t until_ns;                    /* of this thread's processor time: when running journals has to end (svyi_in_time); 0: no limit */
    uint8_t full;                        /* the last change failed because no space was left */
};

/* ---- db.c: the connection ---- */
/* Opens the database with the settings of the house. `create`: makes the file. */
svy_status svyi_db_open(svy_study *s, int create, svy_error *err);
void svyi_db_close(svy_study *s);
/* The sentence for a failed SQLite call. */
svy_status svyi_db_fail(svy_study *s, int rc, svy_error *err);
/* The status of a step that has filled in `err`: what it says, or that the file failed when nobody wants to know more. */
svy_status svyi_db_failed(const svy_error *err);
svy_status svyi_db_exec(svy_study *s, const char *sql, svy_error *err);
svy_status svyi_db_prepare(svy_study *s, const char *sql, sqlite3_stmt **out, svy_error *err);
/* Fails when the study was opened for reading, or can no longer be trusted to store. */
svy_status svyi_db_writable(svy_study *s, svy_error *err);
svy_status svyi_db_begin(svy_study *s, svy_error *err);
/* Ends a transaction: commits when `st` is SVY_OK, else takes it back. Inside another, both are left to that one. */
svy_status svyi_db_end(svy_study *s, svy_status st, svy_error *err);

/* ---- statement.c: running prepared statements ---- */
typedef struct svyi_arg { enum { SVYI_ARG_NULL, SVYI_ARG_INT, SVYI_ARG_REAL, SVYI_ARG_TEXT, SVYI_ARG_BLOB } kind; int64_t number; double real; const void *bytes; size_t len; } svyi_arg;
svyi_arg svyi_arg_int(int64_t number);
svyi_arg svyi_arg_text(const char *text);                      /* NULL: an SQL NULL */
svyi_arg svyi_arg_text_n(const char *text, size_t len);
svyi_arg svyi_arg_blob(const void *bytes, size_t len);
#define SVYI_ARGS(...) ((const svyi_arg[]){ __VA_ARGS__ }), (sizeof((const svyi_arg[]){ __VA_ARGS__ }) / sizeof(svyi_arg))
const char *svyi_db_sql(svyi_sql which);
svy_status svyi_db_bind(svy_study *s, sqlite3_stmt *stmt, int index, svyi_arg arg, svy_error *err);
/* Runs a statement that returns no rows. */
svy_status svyi_db_run(svy_study *s, svyi_sql which, const svyi_arg *args, size_t n, svy_error *err);
/* A statement with its values bound, to be stepped through; it is reset when it has no more rows. */
svy_status svyi_db_query(svy_study *s, svyi_sql which, const svyi_arg *args, size_t n, sqlite3_stmt **stmt, svy_error *err);
/* 1 a row, 0 no more (reset), -1 failed (reset; err is filled). */
int svyi_db_step(svy_study *s, sqlite3_stmt *stmt, svy_error *err);
/* The first row's first column as a number: 1 found, 0 none, -1 failed. */
int svyi_db_number(svy_study *s, svyi_sql which, const svyi_arg *args, size_t n, int64_t *number, svy_error *err);
/* Runs a statement that is needed once and returns no rows. */
svy_status svyi_db_once(svy_study *s, const char *sql, const svyi_arg *args, size_t n, svy_error *err);
const char *svyi_db_text(sqlite3_stmt *stmt, int column);   /* "" for NULL */
void svyi_db_statements_close(svy_study *s);
/* A name in double quotes, quotes in it doubled. */
void svyi_db_quote(svyi_buffer *b, const char *name);

/* ---- schema.c ---- */
svy_status svyi_study_make(svy_study *s, svy_moment now, svy_error *err);
/* Checks that the file is a study of this version, and loads what is needed from it. */
svy_status svyi_study_check(svy_study *s, svy_error *err);
/* Makes a file of an older version one of this version; nothing when it is one. */
svy_status svyi_study_upgrade(svy_study *s, svy_error *err);
/* The tables that version 2 added, one function for each group; each within the transaction that makes or upgrades the file. */
svy_status svyi_reception_tables(svy_study *s, svy_error *err);     /* reception_schema.c */
svy_status svyi_account_tables(svy_study *s, svy_error *err);       /* account_schema.c */
svy_status svyi_sync_tables(svy_study *s, svy_error *err);          /* sync_schema.c */
/* Those of version 3; and what version 4 lets be changed in them. */
svy_status svyi_media_tables(svy_study *s, svy_error *err);         /* media.c */
svy_status svyi_media_moments(svy_study *s, svy_error *err);
svy_status svyi_file_chain_tables(svy_study *s, svy_error *err);    /* file_chain.c: what is linked already is taken as it is */
/* Tells what is wrong with the chain of files, and with files that are not what it says. */
typedef void svyi_file_complaint(void *user, const char *element, const char *found);
svy_status svyi_file_chain_check(svy_study *s, svyi_file_complaint *say, void *user, svy_error *err);
/* For reading a file of version 1, or 2: empty tables in memory, so that no query needs to know. */
svy_status svyi_reception_stand_ins(svy_study *s, svy_error *err);
svy_status svyi_media_stand_ins(svy_study *s, svy_error *err);

/* ---- lock.c, folder.c ---- */
typedef struct svyi_lock svyi_lock;
/* Takes the writer's lock of a study: SVY_E_BUSY with the holder's name when somebody else has it. */
svy_status svyi_lock_take(const svy_alloc *alloc, const char *path, svyi_lock **out, svy_error *err);
void svyi_lock_drop(const svy_alloc *alloc, svyi_lock *lock);
/* Refuses network file systems. */
svy_status svyi_folder_local(const char *path, svy_error *err);
int svyi_folder_writable(const char *path);
int svyi_file_exists(const char *path);
svyi_stamp svyi_file_stamp(const char *path);
/* 1 when the name still stands for the file of the stamp, and that was not cut. */
int svyi_file_same(const char *path, const svyi_stamp *stamp);
/* Makes a new empty file; SVY_E_IO when the path is taken. */
svy_status svyi_file_new(const char *path, svy_error *err);
void svyi_file_remove(const char *path);
/* Makes the name of a new file durable. */
svy_status svyi_folder_sync(const char *path, svy_error *err);

/* ---- form.c: versions ---- */
struct svyi_level;
struct svyi_version {
    svyi_version *next;
    int64_t number;                       /* in the table forms */
    svy_form *form;
    void *block; size_t size;
    struct svyi_level *levels; size_t n_levels, levels_capacity;   /* typed tables of this version, made when first used (typed.c) */
    svyi_arena arena;
    uint8_t has_key;                      /* it has questions of type key */
};
/* `elsewhere` 1: it was deployed at that moment on another machine, and may be older than what is here. */
svy_status svyi_deploy(svy_study *s, const void *block, size_t size, const svy_source *sources, size_t n_sources, const char *actor, int elsewhere, svy_moment now,
                       svy_error *err);
/* media.c. Adds a file to a version; `elsewhere` 1: deployed on another machine, perhaps under a name that has other content here. Within a transaction. */
svy_status svyi_medium_check(const svy_source *file, svy_error *err);
svy_status svyi_medium_add(svy_study *s, int64_t form, const svy_source *file, const char *actor, int elsewhere, svy_moment now, int *added, svy_error *err);
svy_status svyi_version_newest(svy_study *s, const char *id, svyi_version **out, svy_error *err);
svy_status svyi_version_load(svy_study *s, int64_t number, svyi_version **out, svy_error *err);
/* A version from a copy of its block, outside the list of the study. */
svy_status svyi_version_new(svy_study *s, const void *block, size_t size, svyi_version **out, svy_error *err);
void svyi_version_free(const svy_alloc *alloc, svyi_version *v);
void svyi_versions_close(svy_study *s);

/* ---- typed.c: the catalogue and making of typed tables; rows.c: their rows ---- */
typedef struct svyi_typed_var { uint32_t item; const char *column; } svyi_typed_var;
/* One typed table as one form version fills it. */
typedef struct svyi_level {
    const char *table;
    uint32_t roster;                      /* 0: the interview itself */
    int sensitive;
    svyi_typed_var *vars; size_t n_vars;
    int first;                            /* the table with what is known of the interview beside its answers */
    sqlite3_stmt *insert, *select, *drop;
} svyi_level;
svy_status svyi_typed_define(svy_study *s, const svy_form *form, svy_error *err);
svy_status svyi_typed_levels(svy_study *s, svyi_version *v, svy_error *err);
/* The levels without their statements. */
svy_status svyi_levels_find(svy_study *s, svyi_version *v, svy_error *err);
void svyi_levels_drop(const svy_alloc *alloc, svyi_version *v);
/* Rosters around `roster` and it, outermost first; returns how many (at most 64). */
size_t svyi_roster_chain(const svy_form *form, uint32_t roster, uint32_t *chain);
int svyi_item_is_variable(const svy_item *item);
/* Its answers are kept apart: it says so, or it is the other-specify text of a question that does. */
int svyi_item_is_sensitive(const svy_form *form, uint32_t item);
const char *svyi_column_type(svy_type type);

/* An interview as the table interviews holds it. Texts are copies in an arena. */
typedef struct svyi_row {
    int64_t number, form, corrects, seed;
    const char *uuid, *case_id, *interviewer, *language, *outcome, *reason;
    svy_moment started, ended;
    int phase, erased, blanked, imported;
    svy_mode mode;                       /* only for adding it */
} svyi_row;
/* Typed rows as values, made without the file (rows_make.c). The first column of each, which holds the number of the interview, is left open. */
typedef struct svyi_made_row { uint32_t level; int64_t row; /* in its roster, from 1; 0: the interview itself */ size_t first, n, open; } svyi_made_row;
typedef struct svyi_made {
    svy_alloc alloc;
    const char **tables; size_t n_levels;            /* of the version's levels */
    svyi_arg *args; size_t n_args, args_capacity;
    svyi_made_row *rows; size_t n_rows, rows_capacity;
    svyi_buffer text;                                /* what the values point to */
    svyi_buffer stream;                              /* what their digest is of */
    int failed;
} svyi_made;
/* Any thread. `v` needs its levels, not their statements. To be cleared also when it failed. */
svy_status svyi_rows_make(const svy_alloc *alloc, const svyi_version *v, const svy_interview *iv, const svyi_row *row, svyi_made *m, svy_error *err);
/* The same rows as `from`, which were made with this version, under what `row` says: its uuid, case, interviewer, language, outcome and moments. */
svy_status svyi_rows_again(const svy_alloc *alloc, const svyi_version *v, const svyi_made *from, const svyi_row *row, svyi_made *m, svy_error *err);
void svyi_made_clear(svyi_made *m);
/* The digest that svyi_rows_digest() will find, once they are the rows of interview `number`. */
void svyi_made_digest(svyi_made *m, int64_t number, const uint8_t key[SVYI_KEY], uint8_t digest[SVYI_HASH]);
/* Inserts them. */
svy_status svyi_rows_put(svy_study *s, svyi_version *v, const svyi_made *m, int64_t number, svy_error *err);
svy_status svyi_rows_erase(svy_study *s, svyi_version *v, int64_t number, svy_error *err);
/* Gives them the uuid that the interview has now. */
svy_status svyi_rows_rename(svy_study *s, svyi_version *v, int64_t number, const char *uuid, svy_error *err);
/* Keyed digest of the typed rows as they are in the file; `found` receives how many there are. */
svy_status svyi_rows_digest(svy_study *s, svyi_version *v, int64_t number, const uint8_t key[SVYI_KEY], uint8_t digest[SVYI_HASH], size_t *found, svy_error *err);

/* ---- journal_read.c: every reader of events ---- */
enum { SVYI_JOURNAL_EVENT = 3, SVYI_JOURNAL_BLANK = 19 /* an event of which what it said was destroyed */ };   /* kinds of frames in a packed journal */
/* The next frame of a packed journal: 1 and the event, borrowed from the bytes; 0 at the end; -1 not well formed. */
int svyi_packed_next(const uint8_t **at, const uint8_t *end, svy_event *event, int *blank);
/* Steps over a frame of a package or journal that was found well formed; its kind, 0 at the end. `begin` is that of all. */
int svyi_packed_skip(const uint8_t *begin, const uint8_t **at, const uint8_t *end, const uint8_t **frame);
/* The number of the event in a frame. */
uint64_t svyi_packed_sequence(const uint8_t *frame, const uint8_t *end);
/* The events of interviews, one interview after the other, in order. Between opening and closing `event` and `erased` are those of the last step. */
typedef struct svyi_events { svy_study *study; int64_t number; int own, erased; sqlite3_stmt *packed, *rows; const uint8_t *at, *end; svy_event event; } svyi_events;
/* `own`: with statements of its own, so that the study can be used meanwhile; else with those of the study, which only one can use at a time. */
svy_status svyi_events_open(svy_study *s, svyi_events *it, int own, svy_error *err);
svy_status svyi_events_of(svyi_events *it, int64_t interview, svy_error *err);
int svyi_events_next(svyi_events *it, svy_error *err);     /* 1, 0 at the end, -1 failed */
void svyi_events_close(svyi_events *it);

/* A sitting of a row with the columns of Q_SITTINGS; borrowed until the next step. */
svy_sitting svyi_sitting_read(sqlite3_stmt *stmt);
svy_status svyi_sitting_add(svy_study *s, int64_t number, const svy_sitting *sitting, svy_error *err);

/* ---- attachment.c, kept.c: what an erasure takes along, within it ---- */
svy_status svyi_files_erase(svy_study *s, int64_t interview, svy_error *err);
svy_status svyi_kept_erase(svy_study *s, const char *uuid, svy_error *err);

/* ---- erase.c: within a transaction ---- */
/* That an interview was erased: what it is known by everywhere (its uuid, or of versions that differ the one they had in common), by whom, why, when and whose it was. */
typedef struct svyi_erasure { const char *uuid, *actor, *reason, *organisation; svy_moment when; } svyi_erasure;
/* Destroys every version of it that is here and leaves marks, also when none is. `undone` receives how many interviews and corrections said something. */
svy_status svyi_erase(svy_study *s, const svyi_erasure *e, svy_moment now, uint64_t *undone, svy_error *err);
/* Whether one of two uuids (`other` may be "") is of an interview that was erased, and when: 1, 0, -1 failed. */
int svyi_erased_when(svy_study *s, const char *uuid, const char *other, int64_t *utc_ms, svy_error *err);
/* The sentence for whoever sends it. */
void svyi_erased_say(int64_t utc_ms, char *out, size_t size);

/* ---- paradata.c ---- */
/* svy_study_events() of the interviews of one organisation; NULL: of all. */
svy_status svyi_events_tell(svy_study *s, const char *form, const char *interview, const char *organisation, svy_status (*each)(void *user, const svy_paradata *p), void *user,
                            svy_error *err);

/* ---- paradata_frame.c ---- */
/* Whether what was said to a question may be shown to who sees no sensitive answers; what no version at hand has may not. */
int svyi_paradata_shown(const svy_form *form, const char *id);

/* ---- journal_packed.c ---- */
/* Adds an event as a frame. */
void svyi_packed_add(svyi_buffer *b, const svy_event *e, int blank);
typedef struct svyi_sequences { uint64_t *numbers; size_t n, capacity; } svyi_sequences;
/* Blanks packed events: those of `drop`, in order; NULL: all. Within an erasure. */
svy_status svyi_packed_blank(svy_study *s, int64_t number, const svyi_sequences *drop, svy_error *err);
/* The events and sittings of `from` become those of `to`, which has none: all but the completion. */
svy_status svyi_journal_copy(svy_study *s, int64_t to, int64_t from, svy_error *err);

/* ---- journal.c ---- */
/* What a participant key was made of never reaches the file: the value becomes its keyed hash, in `hashed`. 1 when the event answers a question of type key. */
int svyi_event_hide(const uint8_t key[SVYI_KEY], const svy_form *form, svy_event *e, char hashed[SVYI_HASHED_KEY]);
/* Adds an event to interview `number` within the transaction that is under way. */
svy_status svyi_event_add(svy_study *s, int64_t number, const svy_form *form, const svy_event *event, svy_error *err);
/* Likewise, of an event that came from where keys are hashed. */
svy_status svyi_event_store(svy_study *s, int64_t number, const svy_event *event, svy_error *err);
/* The digest of a journal that is packed, or begins so: of its frames. */
void svyi_frames_digest(const uint8_t key[SVYI_KEY], const void *frames, size_t n, uint8_t digest[SVYI_HASH]);
svy_status svyi_events_digest(svy_study *s, int64_t number, const uint8_t key[SVYI_KEY], uint8_t digest[SVYI_HASH], svy_error *err);
/* What this thread has had of the processor. */
int64_t svyi_processor_ns(void);
/* SVY_E_LIMIT when what is done with the events of journals takes longer than the study gives it now. `n` events were looked at. */
svy_status svyi_in_time(const svy_study *s, uint64_t n, svy_error *err);
/* Rebuilds an interview from its events in the file. `journal` of what is done with it later, may be NULL. */
svy_status svyi_journal_replay(svy_study *s, int64_t number, const svy_form *form, const svy_journal *journal, svy_interview **out, svy_error *err);
/* Whether an event is within the sections that the early end `end` keeps. */
int svyi_event_is_kept(const svy_form *form, uint32_t end, const svy_event *e);
/* Blanks what was said outside the sections that the early end `end` keeps. */
svy_status svyi_events_blank(svy_study *s, int64_t number, const svy_form *form, uint32_t end, int *blanked, svy_error *err);

/* ---- interview.c: rows of the table interviews ---- */
svy_status svyi_row_add(svy_study *s, svyi_row *row, svy_error *err);      /* fills in the number */
/* Reads the first row of a query with the columns of Q_INTERVIEW_FIND: 1 found, 0 none, -1 failed. */
int svyi_row_read(svy_study *s, svyi_sql which, const svyi_arg *args, size_t n, svyi_arena *arena, svyi_row *row, svy_error *err);
/* Copies the row a statement stands on: 1, or -1 when out of memory. */
int svyi_row_take(sqlite3_stmt *stmt, svyi_arena *arena, svyi_row *row);

/* ---- parameter.c ---- */
/* The overrides that hold for interviews starting now: id, value, id, value, ... (n pairs). */
svy_status svyi_parameters_in_force(svy_study *s, const svyi_version *v, svyi_arena *arena, const char *const **pairs, size_t *n, svy_error *err);

/* ---- session.c ---- */
/* Whether the interview is being carried out now. */
int svyi_session_has(const svy_study *s, int64_t number);
/* Names come from command lines, files and devices, and go into exports: one that is no text would make these unreadable. */
svy_status svyi_name_check(const char *what, const char *name, svy_error *err);
/* A new interview that came by import, whether or not there is an unfinished one. Within a transaction. */
svy_status svyi_session_start(svy_study *s, svyi_version *v, const char *case_id, const char *interviewer, const char *language, uint64_t seed, svy_mode mode,
                              svy_moment now, svy_session **out, svy_error *err);

/* ---- submit.c ---- */
/* A submission as far as it can be made without the file: typed rows, and the sealed answers under a key of their own. */
typedef struct svyi_prepared { svyi_made made; uint8_t key[SVYI_KEY], nonce[SVYI_NONCE]; void *payload; size_t len; } svyi_prepared;
/* Any thread. `row` is the interview as its typed rows tell it. To be cleared also when it failed. */
svy_status svyi_submission_prepare(const svy_alloc *alloc, const svyi_version *v, const svy_interview *iv, const svyi_row *row, svyi_prepared *p, svy_error *err);
void svyi_prepared_clear(const svy_alloc *alloc, svyi_prepared *p);
/* Within a transaction: typed rows of `first`, and a submission of `row` (its correction, or itself) at the end of the chain. */
svy_status svyi_submission_store(svy_study *s, svyi_version *v, svyi_prepared *p, const svyi_row *first, const svyi_row *row, int64_t revision,
                                 const uint8_t journal[SVYI_HASH], svy_moment now, svy_error *err);
/* Likewise, when the typed rows, of which this is the digest, are in the file. Of what was prepared only the sealed answers and their key count. */
svy_status svyi_submission_add(svy_study *s, const svyi_version *v, const svyi_prepared *p, const uint8_t rows[SVYI_HASH], const svyi_row *first, const svyi_row *row,
                               int64_t revision, const uint8_t journal[SVYI_HASH], svy_moment now, svy_error *err);
/* The row whose typed rows are written: the interview itself, or the one it corrects, with what is new. */
svy_status svyi_first_row(svy_study *s, const svyi_row *row, svyi_arena *arena, svyi_row *first, svy_error *err);
/* Within a transaction: the interview's submission, typed rows, and its own row. `iv` has just been completed. */
svy_status svyi_submit(svy_study *s, svyi_version *v, const svy_interview *iv, svyi_row *row, svy_moment now, svy_error *err);
/* Likewise, with what was prepared of it with the version `of` (another snapshot of `v`), so that nothing is run through the engine again. `row` has its outcome and
 * language; `end` is its early end, or 0. */
svy_status svyi_submit_prepared(svy_study *s, svyi_version *v, const svyi_version *of, const svyi_prepared *p, svyi_row *row, uint32_t end, svy_moment now, svy_error *err);
/* ---- resubmit.c: within a transaction ---- */
/* Submits a complete interview or correction once more, as it is in the file. */
svy_status svyi_submit_again(svy_study *s, int64_t number, svy_error *err);
/* Of one that ended early and came without the answers that were not kept. */
svy_status svyi_submit_kept(svy_study *s, int64_t number, svy_error *err);
/* What became of a case: `disposition` (NULL: as it is), or "conflict" when more than one interview of it is here. */
svy_status svyi_case_settle(svy_study *s, const svyi_version *v, const char *case_id, const char *disposition, svy_error *err);
/* One row of the table submissions. Bytes are borrowed from the statement. */
typedef struct svyi_submission {
    int64_t sequence, revision, form, utc_ms, zone;
    const char *uuid, *interview, *journal, *actor, *reason;
    const void *rows_digest, *journal_digest, *nonce, *payload, *previous, *hash;
    size_t rows_digest_len, journal_digest_len, nonce_len, payload_len, previous_len, hash_len;
} svyi_submission;
/* What the chain holds for it: the hash of the one before and of every field. */
void svyi_submission_hash(const svyi_submission *m, const svy_form *form, uint8_t hash[SVYI_HASH]);

#endif
