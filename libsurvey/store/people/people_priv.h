/* What accounts, tokens, links, cases and the audit log share: checks of names, statements for once, hashes of what lets somebody in. */
#ifndef SVY_STORE_PEOPLE_PRIVATE_H
#define SVY_STORE_PEOPLE_PRIVATE_H
#include <survey/account.h>

#include "store/store_priv.h"

enum { SVYI_SECRET_HASH = 32 };

/* ---- people.c ---- */
/* 0 when the study is of an older version and read as it is: there are no accounts, links, lines of the log. */
int svyi_people_there(const svy_study *s);
/* A statement that is needed rarely: prepared and bound. The caller finalizes it. */
svy_status svyi_once(svy_study *s, const char *sql, const svyi_arg *args, size_t n, sqlite3_stmt **out, svy_error *err);
/* The first column of its first row as a number: 1 found, 0 no row, -1 failed. */
int svyi_once_number(svy_study *s, const char *sql, const svyi_arg *args, size_t n, int64_t *number, svy_error *err);
/* SVY_E_VALUE with what is wrong with a name that people type; `empty` 1: it may be empty. */
svy_status svyi_check_text(const char *what, const char *text, size_t max, int empty, svy_error *err);
/* What an account is found by: its name in small letters. Needs SVYI_NAME_KEY bytes. */
enum { SVYI_NAME_KEY = 2 * SVY_ACCOUNT_TEXT };
void svyi_name_key(const char *name, char out[SVYI_NAME_KEY]);
/* Whether the name of a new account is one that people can read and type. SVY_E_VALUE. */
svy_status svyi_account_name_check(const char *name, svy_error *err);
/* Whether people take two names for each other: the same letters in other clothes, with other blanks or marks, in another script that looks or sounds so. */
int svyi_names_alike(const char *a, const char *b);
void svyi_id_make(char out[SVY_ACCOUNT_ID]);                                      /* 16 random hexadecimal digits */
void svyi_copy_text(char *out, size_t size, const char *text);                   /* cut at a character when it does not fit */
/* A text that decides what somebody may do. 0 when SQLite had no memory for it: an organisation that is lost must not look like none. */
int svyi_take_text(sqlite3_stmt *stmt, int column, char *out, size_t size);
/* Empties the write-ahead log, so that what was destroyed is not in it any more. SVY_E_BUSY: a reader keeps it; `done` says what has happened nevertheless. */
svy_status svyi_log_empty(svy_study *s, const char *done, svy_error *err);

/* Likewise, at once or not at all: nobody waits for it, and the next time does it. */
void svyi_log_try_empty(svy_study *s);

/* ---- secret.c ---- */
void svyi_token_make(char out[SVY_TOKEN]);
void svyi_code_make(char out[SVY_CODE]);
/* The code as it was made, from what was typed. 0 when it cannot be one. */
int svyi_code_read(const char *typed, size_t n, char out[SVY_CODE]);
void svyi_secret_hash(const char *secret, size_t n, uint8_t out[SVYI_SECRET_HASH]);
void svyi_hex(const uint8_t *bytes, size_t n, char *out);                         /* 2 n + 1 characters */
int svyi_unhex(const char *text, uint8_t *bytes, size_t n);                       /* 1 when it is exactly n bytes in small hexadecimal digits */

/* ---- token.c ---- */
/* Adds a token of an account or of a link (the other is ""). Within a transaction. */
svy_status svyi_token_add(svy_study *s, const char *account, const char *link, svy_token_kind kind, const char *device, int64_t expires_utc_ms, svy_moment now,
                          char token[SVY_TOKEN], svy_error *err);

/* ---- cases.c ---- */
/* Who a case may be assigned to: the account's name as it is written, and its organisation. A study without accounts: any name. SVY_E_NAME: no such account. */
svy_status svyi_case_owner(svy_study *s, const char *assigned, char name[SVY_ACCOUNT_TEXT], char organisation[SVY_ACCOUNT_TEXT], svy_error *err);
/* Contact data of a case and the links that name it go when its interview is erased. Within a transaction. */
svy_status svyi_case_forget(svy_study *s, const char *form, const char *id, svy_moment now, svy_error *err);

/* ---- frame.c ---- */
typedef struct svyi_frame_limits { int sensitive, no_keys; const char *organisation; /* NULL: all */ size_t cells; /* most; 0: any number */ } svyi_frame_limits;
svy_status svyi_frame_make(svy_study *s, const char *form, const char *level, const svyi_frame_limits *limits, svy_frame **out, svy_error *err);

/* ---- interview/paradata_table.c ---- */
typedef svy_status svyi_write(void *user, const void *bytes, size_t len, svy_error *err);
/* no_remarks: without what interviewers wrote of their own, which may tell any answer; safe: a ' before what a spreadsheet would run. */
typedef struct svyi_events_limits { int sensitive, no_keys, no_remarks, safe; const char *organisation; /* NULL: all */ } svyi_events_limits;
svy_status svyi_events_write(svy_study *s, const char *form, const svyi_events_limits *limits, svyi_write *write, void *user, svy_error *err);
#endif
