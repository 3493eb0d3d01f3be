/** People and rights of a study: accounts, passwords, tokens of devices, links for respondents, who may do what, and the record of who did it.
 *
 *  Whatever lets somebody in (a password, a token, the code of a link) is never in the file: only its hash is. Functions that take a study follow its
 *  rule: one thread at a time. Those that change something need a study opened for writing and write their line of the audit log in the same
 *  transaction. Passwords are hashed and checked without a study, because that takes 0.1 s: on a thread of their own. */
#ifndef SURVEY_ACCOUNT_H
#define SURVEY_ACCOUNT_H
#include <survey/store.h>
SVY_BEGIN_DECLS

/* ---- rights: one table ---------------------------------------------------------------------------------------------------- */

/** What somebody is in the study. Values are in files: append only. */
typedef enum svy_account_role {
    SVY_ROLE_ADMINISTRATOR = 1, SVY_ROLE_RESEARCHER = 2, SVY_ROLE_SUPERVISOR = 3, SVY_ROLE_INTERVIEWER = 4, SVY_ROLE_ANALYST = 5,
    SVY_ROLE_RESPONDENT = 6      /**< by a link: there are no accounts of respondents */
} svy_account_role;
enum { SVY_ROLES = 6 };

/** "administrator" ...; "" for what is no role. */
SVY_API const char *svy_role_name(svy_account_role role);
/** 1 and the role of a name, 0 when there is none. */
SVY_API int svy_role_find(const char *name, svy_account_role *role);

/** What may be done. Which rows it may be done to is svy_sees(). */
typedef enum svy_right {
    SVY_RIGHT_FORMS_READ = 1,      /**< read deployed questionnaires, parameters and their files (a respondent: the one of its link, svy_sees_form) */
    SVY_RIGHT_SUBMIT,              /**< send interviews and their files */
    SVY_RIGHT_CASES_OWN,           /**< list the cases assigned to oneself, with their contact data */
    SVY_RIGHT_CASES_ORGANISATION,  /**< list, assign and return the cases of one's organisation */
    SVY_RIGHT_INTERVIEWS,          /**< list interviews: who, when, how far; no answers */
    SVY_RIGHT_STATUS,              /**< counts */
    SVY_RIGHT_CONTACTS,            /**< contact data of cases, and answers of type key */
    SVY_RIGHT_EXPORT,              /**< answers that are not sensitive */
    SVY_RIGHT_EXPORT_SENSITIVE,    /**< sensitive answers and keys */
    SVY_RIGHT_DEPLOY,              /**< questionnaires, parameters, the design: of the whole study */
    SVY_RIGHT_LINKS,               /**< make and close links for respondents */
    SVY_RIGHT_ERASE,               /**< erase interviews */
    SVY_RIGHT_ACCOUNTS,            /**< make and disable accounts: of the whole study */
    SVY_RIGHT_AUDIT,               /**< read the audit log: of the whole study */
    SVY_RIGHT_SYNC,                /**< exchange histories with another study file: of the whole study */
    SVY_RIGHT_KEYS,                /**< take the project's secret key out or put it back: of the whole study */
    SVY_RIGHT_DEVICES,             /**< enrol a device of one's own, so that it need not log in */
    SVY_RIGHT_SYNC_ORGANISATION    /**< exchange what one's organisation has with its own study file */
} svy_right;
enum { SVY_RIGHTS = 18 };

/** "forms-read" ...; "" for what is no right. */
SVY_API const char *svy_right_name(svy_right right);
/** 1 when the role has the right. What is not in the table is not allowed. */
SVY_API int svy_may(svy_account_role role, svy_right right);

enum { SVY_ACCOUNT_ID = 17, SVY_ACCOUNT_TEXT = 101, SVY_CASE_TEXT = 256, SVY_TOKEN = 44, SVY_CODE = 36, SVY_PASSWORD_HASH = 128 };

/** Who asks: filled in by svy_study_token_find() and the like, never from what a client says. */
typedef struct svy_principal {
    svy_account_role role;
    char account[SVY_ACCOUNT_ID];          /**< id of the account, or of a respondent's link: 16 hexadecimal digits */
    char name[SVY_ACCOUNT_TEXT];           /**< of the account: what cases are assigned to, and interviews are recorded under; "respondent" */
    char organisation[SVY_ACCOUNT_TEXT];   /**< "": the coordinator, who sees every organisation */
    char form[72];                         /**< of a respondent */
    char case_id[SVY_CASE_TEXT];           /**< of a respondent with a personal link; "" otherwise */
} svy_principal;

/** svy_may() for somebody: who belongs to an organisation has no right over the whole study (deploy, accounts, audit, sync, keys). Ask this first. */
SVY_API int svy_allowed(const svy_principal *p, svy_right right);
/** 1 when somebody may see a row: an interview (owner: its interviewer) or a case (owner: who it is assigned to).
 *  Interviewer: own rows. Respondent: none. Others: rows of their organisation, or all when they have none. */
SVY_API int svy_sees(const svy_principal *p, const char *organisation, const char *owner);
/** 1 when somebody may read or fill in a form: a respondent only the one of the link. */
SVY_API int svy_sees_form(const svy_principal *p, const char *form);

/* ---- passwords: no study, any thread, about 0.1 s and 64 MiB a call (let at most four run at once) -------------------------- */

enum { SVY_PASSWORD_MIN = 12, SVY_PASSWORD_MAX = 1000 };

/** SVY_OK, or SVY_E_VALUE with what is wrong with a new password: fewer than 12 characters, no UTF-8, one of those that are tried first, or made of `name`. Microseconds. */
SVY_API SVY_NODISCARD svy_status svy_password_accept(const char *password, size_t n, const char *name, svy_error *err);
/** Hashes with argon2id, 64 MiB, 3 passes. @return SVY_OK, SVY_E_LIMIT (more than 1,000 bytes), SVY_E_NOMEM, SVY_E_IO (no random numbers). */
SVY_API SVY_NODISCARD svy_status svy_password_hash(const char *password, size_t n, char out[SVY_PASSWORD_HASH], svy_error *err);
/** 1 when it is the password. `hash` NULL or "" (a name that is unknown, an account without password): the same work, then 0. */
SVY_API int svy_password_check(const char *hash, const char *password, size_t n);

/* ---- accounts ---------------------------------------------------------------------------------------------------------------- */

typedef struct svy_account {
    char id[SVY_ACCOUNT_ID], name[SVY_ACCOUNT_TEXT], organisation[SVY_ACCOUNT_TEXT];
    svy_account_role role;
    char password[SVY_PASSWORD_HASH];      /**< "": cannot log in with one */
    int disabled;
    int64_t created_utc_ms;
} svy_account;

/** Adds an account. Names are unique whatever the case of their letters, and stay taken when an account is disabled.
 *  @param hash of svy_password_hash(), or NULL: can only use tokens. @param id receives the id; may be NULL.
 *  @param actor who does it: a name of an account, or of the user at the machine.
 *  @return SVY_OK; SVY_E_VALUE (a name of an account or organisation is empty (organisation: may be), over 100 bytes, has control characters, is no UTF-8,
 *          begins or ends with a blank; a respondent); SVY_E_NAME (taken); SVY_E_STATE; SVY_E_IO. */
SVY_API SVY_NODISCARD svy_status svy_study_account_add(svy_study *s, const char *name, svy_account_role role, const char *organisation, const char *hash,
                                                       const char *actor, svy_moment now, char id[SVY_ACCOUNT_ID], svy_error *err);
/** By name (any case of letters) or by id. `*found` 0 when there is none: then `account` is all zero. A disabled one is found. */
SVY_API SVY_NODISCARD svy_status svy_study_account_find(svy_study *s, const char *name, svy_account *account, int *found, svy_error *err);
SVY_API SVY_NODISCARD svy_status svy_study_account_get(svy_study *s, const char *id, svy_account *account, int *found, svy_error *err);
/** Disables or enables again. Disabling revokes every token. SVY_E_NAME: no such account. SVY_E_STATE: it is the last administrator that is not disabled. */
SVY_API SVY_NODISCARD svy_status svy_study_account_disable(svy_study *s, const char *id, int disabled, const char *actor, svy_moment now, svy_error *err);
/** Gives an account another role and organisation ("": all of them). Its devices and sessions stay and may do from then on what the new role may; cases stay with the
 *  organisation they were given to. SVY_E_NAME: no such account. SVY_E_STATE: the last administrator of the whole study would be none. SVY_E_VALUE as for a new account. */
SVY_API SVY_NODISCARD svy_status svy_study_account_change(svy_study *s, const char *id, svy_account_role role, const char *organisation, const char *actor, svy_moment now,
                                                          svy_error *err);
/** Sets the hash of a new password, and revokes every token of the account. */
SVY_API SVY_NODISCARD svy_status svy_study_account_password(svy_study *s, const char *id, const char *hash, const char *actor, svy_moment now, svy_error *err);
/** Every account that `for_whom` may see (NULL: all), in the order of names. `account->password` is "" or "set". */
SVY_API SVY_NODISCARD svy_status svy_study_accounts(svy_study *s, const svy_principal *for_whom, svy_status (*each)(void *user, const svy_account *account),
                                                    void *user, svy_error *err);
/** How many accounts there are; 0 in a new study. */
SVY_API SVY_NODISCARD svy_status svy_study_account_count(svy_study *s, uint64_t *n, svy_error *err);
/** The principal that an account is. */
SVY_API void svy_account_principal(const svy_account *account, svy_principal *p);
/** Records a try to log in, as a change of its own: `account` of svy_study_account_find() (all zero: unknown), and what was typed as a name, of which only a keyed digest is kept. */
SVY_API SVY_NODISCARD svy_status svy_study_login_note(svy_study *s, const svy_account *account, const char *typed, int succeeded, svy_moment now, svy_error *err);

/* ---- tokens: what a device has in place of a password ------------------------------------------------------------------------ */

typedef enum svy_token_kind { SVY_TOKEN_DEVICE = 1, SVY_TOKEN_RESPONDENT = 2 /* made by links */, SVY_TOKEN_ODK = 3 } svy_token_kind;

/** Makes a token: 43 characters of base64url, 256 random bits, shown this once.
 *  @param device what people call it, at most 100 bytes. @param expires_utc_ms 0: never. @param kind not SVY_TOKEN_RESPONDENT.
 *  @return SVY_E_NAME (no such account), SVY_E_STATE (disabled), SVY_E_VALUE (device). */
SVY_API SVY_NODISCARD svy_status svy_study_token_make(svy_study *s, const char *account, svy_token_kind kind, const char *device, int64_t expires_utc_ms,
                                                      const char *actor, svy_moment now, char token[SVY_TOKEN], svy_error *err);
/** Who has this token. `*found` 0 when it is unknown, expired, revoked, of a disabled account or of a closed link: then `p` is all zero. About 10 us.
 *  @param kind, device (SVY_ACCOUNT_TEXT bytes) may be NULL. */
SVY_API SVY_NODISCARD svy_status svy_study_token_find(svy_study *s, const char *token, size_t n, svy_moment now, svy_principal *p, svy_token_kind *kind,
                                                      char *device, int *found, svy_error *err);
typedef struct svy_token_info { const char *id /**< first 16 digits of its hash */, *account, *device; svy_token_kind kind; int64_t created_utc_ms, expires_utc_ms; int revoked; } svy_token_info;
/** The tokens of an account (NULL: of all), newest first. */
SVY_API SVY_NODISCARD svy_status svy_study_tokens(svy_study *s, const char *account, svy_status (*each)(void *user, const svy_token_info *token), void *user,
                                                  svy_error *err);
/** Revokes one token by its id, or all of the account when `id` is NULL. SVY_E_NAME when the account has no such token. */
SVY_API SVY_NODISCARD svy_status svy_study_token_revoke(svy_study *s, const char *account, const char *id, const char *actor, svy_moment now, svy_error *err);

/* ---- links: how respondents come in, and the first administrator -------------------------------------------------------------- */

typedef enum svy_access_kind {
    SVY_ACCESS_PERSONAL = 1,     /**< one case of one form; may be opened again, to go on */
    SVY_ACCESS_PUBLIC = 2,       /**< anybody; every use is another respondent */
    SVY_ACCESS_SETUP = 3         /**< makes the first administrator, once; refused when there is an account */
} svy_access_kind;
SVY_API const char *svy_access_name(svy_access_kind kind);     /* "personal" "public" "setup" */

typedef struct svy_access {
    char id[SVY_ACCOUNT_ID];
    svy_access_kind kind;
    char form[72], case_id[SVY_CASE_TEXT], organisation[SVY_ACCOUNT_TEXT];
    uint64_t uses, max_uses;     /**< max_uses 0: any number */
    int64_t created_utc_ms, expires_utc_ms;    /**< expires 0: never */
    int closed;
} svy_access;

/** Makes a link. Of `what`: kind, form, case_id (personal only), organisation, max_uses, expires_utc_ms; its id and creation are filled in.
 *  @param code receives seven groups of four letters and digits, 140 random bits, for /l/CODE and for letters: shown this once. A new setup link closes those before.
 *  @return SVY_E_NAME (no such form, or no such case in a list of cases), SVY_E_VALUE, SVY_E_STATE (setup, and there are accounts). */
SVY_API SVY_NODISCARD svy_status svy_study_link_make(svy_study *s, svy_access *what, const char *actor, svy_moment now, char code[SVY_CODE], svy_error *err);
/** Looks a code up as people type it: any case, with or without blanks and hyphens, O for 0, I and L for 1. `*found` 0 when there is no such link, or it is closed,
 *  expired or used up. */
SVY_API SVY_NODISCARD svy_status svy_study_link_find(svy_study *s, const char *code, size_t n, svy_moment now, svy_access *link, int *found, svy_error *err);
/** Uses a personal or public link: counts it, and makes a token of kind respondent for the browser that came. `*found` 0 as above (and for setup). */
SVY_API SVY_NODISCARD svy_status svy_study_link_use(svy_study *s, const char *code, size_t n, int64_t expires_utc_ms, svy_moment now, svy_principal *p,
                                                    char token[SVY_TOKEN], int *found, svy_error *err);
/** Uses a setup link: adds the first administrator and closes the link, in one transaction. `*found` 0: no such link, or used. Errors as svy_study_account_add(). */
SVY_API SVY_NODISCARD svy_status svy_study_setup(svy_study *s, const char *code, size_t n, const char *name, const char *hash, svy_moment now, char id[SVY_ACCOUNT_ID],
                                                 int *found, svy_error *err);
/** Closes a link by id: it lets nobody in any more, nor do the tokens made by it. SVY_E_NAME when `for_whom` (NULL: all) sees none of that id. */
SVY_API SVY_NODISCARD svy_status svy_study_link_close(svy_study *s, const svy_principal *for_whom, const char *id, const char *actor, svy_moment now, svy_error *err);
SVY_API SVY_NODISCARD svy_status svy_study_links(svy_study *s, const svy_principal *for_whom, svy_status (*each)(void *user, const svy_access *link), void *user,
                                                 svy_error *err);

/* ---- the audit log ---------------------------------------------------------------------------------------------------------- */

/** One line: who did what to what. Ids, names of accounts and digests; never answers, names or contact data of respondents. Strings are borrowed. */
typedef struct svy_audit_line { int64_t sequence, utc_ms; const char *actor, *action, *object, *detail; char mac[65]; } svy_audit_line;

/** Adds a line, within the transaction that is under way or as one of its own. About 10 us inside a transaction.
 *  @param action "subject.verb", e.g. "export.read"; at most 64 bytes of a-z . - @param object id of what it was done to, "" for the study.
 *  @param detail what else, "" for nothing; object and detail at most 1,000 bytes. */
SVY_API SVY_NODISCARD svy_status svy_study_audit(svy_study *s, svy_moment now, const char *actor, const char *action, const char *object, const char *detail,
                                                 svy_error *err);
/** Lines after sequence `after` (0: from the first), at most `limit` (0: all). */
SVY_API SVY_NODISCARD svy_status svy_study_audit_read(svy_study *s, int64_t after, uint64_t limit, svy_status (*each)(void *user, const svy_audit_line *line), void *user,
                                                      svy_error *err);
/** How many lines there are and the MAC of the last one (64 hexadecimal digits), to be kept in a second place: who has it sees when the log was cut or made anew.
 *  `mac` "" when there are none. */
SVY_API SVY_NODISCARD svy_status svy_study_audit_head(svy_study *s, int64_t *length, char mac[65], svy_error *err);
/** Recomputes the chain; problems go to `diags` with the line as element. `length` and `mac` are a head kept elsewhere, which must be in the log (mac NULL: none).
 *  @return SVY_OK, SVY_E_INVALID when problems were found, SVY_E_IO, SVY_E_NOMEM. */
SVY_API SVY_NODISCARD svy_status svy_study_audit_verify(svy_study *s, int64_t length, const char *mac, svy_diags *diags, svy_error *err);

/* ---- what somebody may see of the study --------------------------------------------------------------------------------------- */

typedef struct svy_interview_line {
    const char *uuid, *form, *version, *case_id, *interviewer, *organisation, *outcome, *language;
    svy_phase phase; int erased;
    int64_t started_utc_ms, ended_utc_ms;      /**< ended 0: not yet */
} svy_interview_line;
/** Interviews (not their corrections) of a form (NULL: all) that `for_whom` may see; newest first. Strings are borrowed. */
SVY_API SVY_NODISCARD svy_status svy_study_interviews(svy_study *s, const svy_principal *for_whom, const char *form,
                                                      svy_status (*each)(void *user, const svy_interview_line *line), void *user, svy_error *err);
/** One interview by uuid; `*seen` 0 when there is none or `for_whom` may not see it: answer both in the same way. */
SVY_API SVY_NODISCARD svy_status svy_study_interview_seen(svy_study *s, const svy_principal *for_whom, const char *uuid, int *seen, svy_error *err);

#define SVY_FRAME_CELLS ((size_t)64 << 20)       /**< most values of a table that somebody gets from a server: it takes 9 bytes of memory for each while it is made */
/** svy_study_frame() as `for_whom` may have it: rows it sees; sensitive variables only with SVY_RIGHT_EXPORT_SENSITIVE, variables of type key only with
 *  SVY_RIGHT_CONTACTS. Needs SVY_RIGHT_EXPORT: else SVY_E_STATE. `sensitive` asks for what the right allows. SVY_E_LIMIT: more than SVY_FRAME_CELLS. */
SVY_API SVY_NODISCARD svy_status svy_study_frame_for(svy_study *s, const svy_principal *for_whom, const char *form, const char *level, int sensitive,
                                                     svy_frame **out, svy_error *err);
/** svy_study_events_write() as `for_whom` may have it: interviews it sees; what was said to sensitive questions, remarks and reasons only with
 *  SVY_RIGHT_EXPORT_SENSITIVE and when `sensitive` asks for them, keys only with SVY_RIGHT_CONTACTS. Needs SVY_RIGHT_EXPORT: else SVY_E_STATE. */
SVY_API SVY_NODISCARD svy_status svy_study_events_for(svy_study *s, const svy_principal *for_whom, const char *form, int sensitive,
                                                      svy_status (*write)(void *user, const void *bytes, size_t len, svy_error *err), void *user, svy_error *err);

/* ---- cases -------------------------------------------------------------------------------------------------------------------- */

/** new: nobody has it; assigned; complete: its interview is there; returned: somebody who checked it sent it back to be done again. */
typedef enum svy_case_state { SVY_CASE_NEW = 1, SVY_CASE_ASSIGNED, SVY_CASE_COMPLETE, SVY_CASE_RETURNED } svy_case_state;
SVY_API const char *svy_case_state_name(svy_case_state state);

typedef struct svy_case_contact { const char *name, *value; } svy_case_contact;
typedef struct svy_case_line {
    const char *form, *id, *assigned, *organisation;
    svy_case_state state;
    const char *disposition;                   /**< "", "complete", the outcome of an early end, "conflict" */
    const char *comment;                       /**< of who returned it; empty when it is not returned, or corrected since */
    const char *interview;                     /**< uuid of its newest interview; "" */
    const svy_case_contact *contacts; size_t n_contacts;   /**< empty without SVY_RIGHT_CONTACTS */
} svy_case_line;
/** Cases of a form (NULL: all) that `for_whom` may see (NULL: all; a respondent: its own), in the order of ids. Strings are borrowed. */
SVY_API SVY_NODISCARD svy_status svy_study_cases(svy_study *s, const svy_principal *for_whom, const char *form,
                                                 svy_status (*each)(void *user, const svy_case_line *line), void *user, svy_error *err);
/** One case of a form, in the same way; `each` is not called when there is none that `for_whom` may see. */
SVY_API SVY_NODISCARD svy_status svy_study_case(svy_study *s, const svy_principal *for_whom, const char *form, const char *id,
                                                svy_status (*each)(void *user, const svy_case_line *line), void *user, svy_error *err);
/** Takes a list of cases in: columns "case", "assigned", "organisation" (the last two may be missing); every other column is contact data, kept apart from answers.
 *  A case that is there gets what the row says. All or nothing. `n` receives the number of rows.
 *  @return SVY_E_INVALID when rows have problems (all go to `diags`, nothing was taken). */
SVY_API SVY_NODISCARD svy_status svy_study_cases_import(svy_study *s, const char *form, const svy_rows *rows, const char *actor, svy_moment now, svy_diags *diags,
                                                        uint64_t *n, svy_error *err);
/** Gives a case to an interviewer ("" takes it back; an organisation NULL stays as it is, or becomes the interviewer's when there was none). SVY_E_NAME when `for_whom` sees no such case, or there is no account of that name in
 *  its organisation (a study without accounts: any name). */
SVY_API SVY_NODISCARD svy_status svy_study_case_assign(svy_study *s, const svy_principal *for_whom, const char *form, const char *id, const char *assigned,
                                                       const char *organisation, const char *actor, svy_moment now, svy_error *err);
/** Returns a complete case to its interviewer with a comment (at most 1,000 bytes). SVY_E_STATE when it is not complete. */
SVY_API SVY_NODISCARD svy_status svy_study_case_return(svy_study *s, const svy_principal *for_whom, const char *form, const char *id, const char *comment,
                                                       const char *actor, svy_moment now, svy_error *err);

/* ---- the project's key: what devices seal to ------------------------------------------------------------------------------------ */

enum { SVY_KEY_SHEET = 180, SVY_KEY_WORDS = 48 };
typedef struct svy_study_key_info { uint8_t public_key[32]; char public_hex[65]; char words[SVY_KEY_WORDS]; /**< fingerprint as eight words, to be compared aloud */ int secret_is_here; } svy_study_key_info;
SVY_API SVY_NODISCARD svy_status svy_study_key(svy_study *s, svy_study_key_info *out, svy_error *err);
/** The secret key. SVY_E_STATE when it was taken out. Wipe it after use. */
SVY_API SVY_NODISCARD svy_status svy_study_key_secret(svy_study *s, uint8_t secret[32], svy_error *err);
/** Seals a secret key under a passphrase (argon2id, 256 MiB, half a second) as hexadecimal digits that fit on a sheet of paper. The passphrase is one that
 *  svy_password_accept() takes. No study, any thread. */
SVY_API SVY_NODISCARD svy_status svy_key_close(const uint8_t secret[32], const char *passphrase, size_t n, char sheet[SVY_KEY_SHEET], svy_error *err);
/** Opens it again; blanks, hyphens and line ends between the digits do not matter. SVY_E_FORMAT (no such sheet), SVY_E_VALUE (wrong passphrase, or a digit). */
SVY_API SVY_NODISCARD svy_status svy_key_open(const char *sheet, size_t sheet_len, const char *passphrase, size_t n, uint8_t secret[32], svy_error *err);
/** Destroys the secret key in the study: from then on what arrives sealed is kept as it is. Close it first, and open it again to see that it can be. */
SVY_API SVY_NODISCARD svy_status svy_study_key_take_out(svy_study *s, const char *actor, svy_moment now, svy_error *err);
/** Puts it back. SVY_E_VALUE: it is the key of another study. */
SVY_API SVY_NODISCARD svy_status svy_study_key_put_back(svy_study *s, const uint8_t secret[32], const char *actor, svy_moment now, svy_error *err);

SVY_END_DECLS
#endif
