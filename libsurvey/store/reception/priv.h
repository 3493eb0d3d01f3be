/* What the parts of reception share: the snapshot, an arrival between the threads, and the steps of the writer. */
#ifndef SVY_STORE_RECEPTION_PRIVATE_H
#define SVY_STORE_RECEPTION_PRIVATE_H
#include <survey/reception.h>

#include "store/store_priv.h"

enum { SVYI_PACKAGE_MAX = 16 << 20, SVYI_VERSIONS = 16 /* of one interview that differ: more is no accident any more */ };

struct svy_reception {
    svy_alloc alloc;
    svyi_version *versions;              /* every deployed one, newest first, with levels but without statements */
    uint8_t key[SVYI_KEY];               /* of participant keys */
    uint8_t open[SVYI_KEY], secret[SVYI_KEY];
    int has_secret;
};
/* As svy_reception_new(), with a secret key that the file does not hold (NULL: the one it holds, if any). */
svy_status svyi_reception_make(svy_study *s, const uint8_t *secret, svy_reception **out, svy_error *err);

/* 1 and the secret, 0 it is not in the file, -1 failed. */
int svyi_secret_load(svy_study *s, const char *name, uint8_t out[SVYI_KEY], svy_error *err);

/* A file that a package names. `hash` is of the bytes as they were uploaded. */
typedef struct svyi_arrived_file { const char *name, *media_type; uint64_t size; uint8_t content[SVYI_HASH], hash[SVYI_HASH]; } svyi_arrived_file;

struct svy_arrival {
    svy_alloc alloc;
    svyi_arena arena;
    const svy_reception *reception;
    void *bytes; size_t size;            /* as they came */
    int boxed;                           /* they are sealed */
    int unopened;                        /* and the key is not here */
    int opened, is_package;              /* what is inside could be looked at, and begins as a package does */
    uint8_t hash[SVYI_HASH];             /* of them */
    svy_sender from;                     /* copies */
    svy_moment received;
    const char *reason;                  /* why it is kept aside; "" when it is not */
    int synchronised;                    /* it comes from another file of the study */
    int64_t kept_as;                     /* its number while it is kept aside, when it is tried again; 0: it came just now */
    int others_wait;                  /* for the thread that stores it: which tries nothing again, and has a limit (svyi_in_time) */

    svyi_version *v;                     /* of the reception */
    svy_package_head head;               /* copies */
    svy_sitting *sittings; size_t n_sittings, sittings_capacity;
    svyi_arrived_file *files; size_t n_files, files_capacity;
    svyi_buffer packed;                  /* its events as they will be stored, keys hashed */
    uint64_t events;
    svy_phase phase;
    svy_moment started, last;            /* of the first and the last event */
    uint64_t seed;
    const char *language, *outcome;
    uint32_t end;                        /* its early end, or 0 */

    svyi_prepared submission;            /* of a complete one, as it will be when it is new here */
    uint8_t journal[SVYI_HASH];          /* digest of its events as they will be stored */
    svyi_buffer kept;                    /* those events, when an early end blanks some; else they are `packed` */
    int blanked;
};

/* The row of an arrival, but its number, how it ended and what it corrects. */
svyi_row svyi_arrival_row(const svy_arrival *a, const svyi_version *v);

/* ---- receive.c: the writer. Within its transaction ---- */
svy_status svyi_receive_one(svy_study *s, svy_arrival *a, svy_received *out, svy_error *err);
/* ---- differing.c ---- */
/* Which version of an interview has which uuid, after one came or went on. `uuid` is what they have in common. Within a transaction. */
svy_status svyi_differing_settle(svy_study *s, const char *uuid, svy_error *err);
/* ---- kept.c ---- */
/* `waits_for`: uuid of the interview without which it cannot be taken, "" when it waits for something else. */
svy_status svyi_keep_aside(svy_study *s, const svy_arrival *a, const char *reason, const char *waits_for, svy_error *err);
/* One that was kept, as an arrival with the hash and the sender it came with; NULL when it is none, or its box cannot be opened with the key of the reception.
 * `patience_ms` as of a sender. */
svy_status svyi_kept_load(svy_study *s, const svy_reception *r, int64_t number, unsigned patience_ms, svy_arrival **out, svy_error *err);
/* Stores such an arrival, if it is kept still (else SVY_STORED_ALREADY): it is kept no longer. Within a transaction. */
svy_status svyi_kept_take(svy_study *s, svy_arrival *a, svy_received *out, svy_error *err);
/* Both. */
svy_status svyi_kept_try(svy_study *s, const svy_reception *r, int64_t number, unsigned patience_ms, svy_opened *result, svy_error *err);
/* ---- waiting.c ---- */
/* What waited for this interview is tried again. Within a transaction. */
svy_status svyi_kept_waiting(svy_study *s, const svy_reception *r, const char *uuid, svy_error *err);
/* The numbers that a query with one text as its argument (NULL: none) tells. */
svy_status svyi_numbers_of(svy_study *s, const char *sql, const char *arg, svyi_sequences *out, svy_error *err);
/* ---- attachment.c ---- */
/* Takes away those that no interview has, nor anything kept aside. */
svy_status svyi_attachments_drop(svy_study *s, const svyi_sequences *numbers, svy_error *err);
/* The attachment of bytes with this hash: 1 found, with the digest of its content (`opened` 0: it is sealed still), 0 none, -1 failed. */
int svyi_attachment_find(svy_study *s, const uint8_t hash[SVYI_HASH], int64_t *number, uint8_t digest[SVYI_HASH], int *opened, svy_error *err);
/* Whether every file of the arrival is here (`complete`), and whether those that are have the content that it names (`fit`). */
svy_status svyi_files_here(svy_study *s, const svy_arrival *a, int *complete, int *fit, svy_error *err);
/* ---- file_chain.c ---- */
/* Writes into the chain that a name of an interview stands for what it is linked to now; `gone` 1: no more, before that changes. Within a transaction. */
svy_status svyi_file_linked(svy_study *s, int64_t interview, const char *name, int gone, svy_error *err);
/* The same for all names of an attachment, whose content becomes known. */
svy_status svyi_attachment_linked(svy_study *s, int64_t attachment, int gone, svy_error *err);
/* ---- file_name.c: under which name an interview has a file ---- */
typedef struct svyi_named_file { const char *name, *media_type; int64_t attachment; const uint8_t *digest; } svyi_named_file;
/* Of two contents under one name: it is refused; what is here keeps the name; that of the lesser digest has it, so that files which come together agree. */
typedef enum svyi_naming { SVYI_NAME_IS_FREE, SVYI_FIRST_KEEPS_NAME, SVYI_LEAST_HAS_NAME } svyi_naming;
svy_status svyi_file_name(svy_study *s, int64_t interview, const svyi_named_file *file, svyi_naming how, svy_error *err);
svy_status svyi_files_link(svy_study *s, int64_t interview, const svy_arrival *a, svy_error *err);
/* ---- upload.c ---- */
svy_status svyi_upload_forget(svy_study *s, const uint8_t hash[SVYI_HASH], svy_error *err);
int svyi_hash_read(const char *hex, uint8_t hash[SVYI_HASH]);      /* 1 well formed */
#endif
