/** Synchronising: two files of one study come to the same union of what both have. Nothing is lost, a conflict keeps both sides.
 *
 *  What travels is a bundle (docs/formats/bundle.md): versions of questionnaires, parameters, the list of cases, files, interviews as packages (finished and
 *  unfinished ones, corrections), what is kept aside, erasures, and which rows were imported. Accounts, links, tokens and the audit log are each file's own, and so
 *  are its design and weighting.
 *
 *  Merging is the same in any order and any number of times: an unfinished interview that went on elsewhere goes on here; two that differ are both kept, and
 *  have the same uuids everywhere; an interview that was erased on one side is erased on the other and never comes back; the typed tables follow
 *  the correction that was completed last, and of two at the same moment that of the greater uuid. A version that is deployed on both sides with different content is
 *  reported, with its interviews left where they are; everything else goes on.
 *
 *  Whoever asks (`who`): NULL is this machine; others by rights.c, which also says that a partner gets and gives its own organisation's rows only. */
#ifndef SURVEY_SYNC_H
#define SURVEY_SYNC_H
#include <survey/account.h>
#include <survey/reception.h>
SVY_BEGIN_DECLS

#define SVY_BUNDLE_BYTES ((size_t)1 << 20)       /**< a bundle on a network ends after the thing that reaches it */
#define SVY_BUNDLE_THINGS 64                     /**< most things in one on a network */
#define SVY_BUNDLE_MAX ((size_t)80 << 20)        /**< bytes of a bundle on a network that holds one large file */
#define SVY_SYNC_WANTED 4096                     /**< most things asked for at once */

/** What a merge did. */
typedef struct svy_merged {
    uint64_t forms, parameters, cases, files, kept;   /**< taken */
    uint64_t interviews, continued;                   /**< new here; went on */
    uint64_t conflicts;                               /**< differ from what is here: both are kept */
    uint64_t erased;
    uint64_t refused;                                 /**< not taken, each told to the report */
} svy_merged;

/** Hears of what was not taken: one sentence each. `say` may be NULL. */
typedef struct svy_sync_report { void (*say)(void *user, const char *sentence); void *user; } svy_sync_report;

typedef svy_status svy_sync_take(void *user, const void *bytes, size_t n);

/** Which study this is, as a bundle with a head only. `keys` 1: with the keys that a new file of it needs, for `who` (a partner's copy cannot open what arrives sealed);
 *  send it over a protected connection only. SVY_E_STATE: `who` may not. */
SVY_API SVY_NODISCARD svy_status svy_sync_hello(svy_study *s, const svy_principal *who, int keys, svy_sync_take *take, void *user, svy_error *err);
/** Makes a new, empty file of the study that a head with keys tells of. SVY_E_IO: the path is taken. */
SVY_API SVY_NODISCARD svy_status svy_sync_create(const svy_alloc *alloc, const char *path, const void *hello, size_t n, svy_moment now, svy_error *err);
/** Digests of groups of what the study has for `who`, as a bundle: about 20 bytes for 64 things. Cost: a row of the study's file for each thing; interviews whose digest is
 *  not kept (svy_sync_digests()) are read.
 *  @param like NULL, or such a bundle of the other side, so that both have the same groups. */
SVY_API SVY_NODISCARD svy_status svy_sync_groups(svy_study *s, const svy_principal *who, const void *like, size_t n, svy_sync_take *take, void *user, svy_error *err);
/** Which groups differ, as a bundle of them for svy_sync_have(); `groups` receives how many. No study. SVY_E_FORMAT when they are not groups of the same bits. */
SVY_API SVY_NODISCARD svy_status svy_sync_differ(const svy_alloc *alloc, const void *mine, size_t n_mine, const void *theirs, size_t n_theirs, svy_sync_take *take, void *user,
                                                 uint64_t *groups, svy_error *err);
/** What the study has for `who` in these groups (NULL: everything), as digests in a bundle: about 20 bytes for each. Cost: as svy_sync_groups(). */
SVY_API SVY_NODISCARD svy_status svy_sync_have(svy_study *s, const svy_principal *who, const void *groups, size_t n, svy_sync_take *take, void *user, svy_error *err);
/** Keeps the digests of the next `most` interviews behind `after`, which moves on; 0: they all are. So that a server can do it in between. */
SVY_API SVY_NODISCARD svy_status svy_sync_digests(svy_study *s, int64_t *after, unsigned most, svy_error *err);
/** What is in `theirs` and not in `mine` (two results of svy_sync_have()), in the order of `theirs`: lists of at most SVY_SYNC_WANTED things, one after the other, each with
 *  how many it holds. No study. */
SVY_API SVY_NODISCARD svy_status svy_sync_lack(const svy_alloc *alloc, const void *mine, size_t n_mine, const void *theirs, size_t n_theirs,
                                               svy_status (*take)(void *user, const void *wanted, size_t n, uint64_t things), void *user, svy_error *err);
/** The things of a list from svy_sync_lack() behind the first `skip`, as many as go into one bundle; `served` receives how many of the list that was. */
SVY_API SVY_NODISCARD svy_status svy_sync_give(svy_study *s, const svy_principal *who, const void *wanted, size_t n, uint64_t skip, svy_sync_take *take, void *user,
                                               uint64_t *served, svy_error *err);
/** Takes a bundle from `who`, all in one transaction; on disk when it returns SVY_OK. A bundle that is not in form, cut, or of another study changes nothing:
 *  SVY_E_FORMAT, SVY_E_STATE. `result` is added to. */
SVY_API SVY_NODISCARD svy_status svy_sync_merge(svy_study *s, const svy_principal *who, const void *bytes, size_t n, const char *actor, svy_moment now,
                                                svy_merged *result, const svy_sync_report *report, svy_error *err);

/** How far it is: of `total` things `done`. May be NULL. */
typedef struct svy_sync_progress { void (*step)(void *user, uint64_t done, uint64_t total); void *user; } svy_sync_progress;

/** Brings two open files to their union, each in one transaction: both change, or, when something fails before the end, neither; when the machine dies between the two,
 *  one: the next time completes it. */
SVY_API SVY_NODISCARD svy_status svy_sync_studies(svy_study *a, svy_study *b, const char *actor, svy_moment now, svy_merged *into_a, svy_merged *into_b,
                                                  const svy_sync_report *report, const svy_sync_progress *progress, svy_error *err);

typedef struct svy_stick_options {
    unsigned size;
    const char *passphrase; size_t passphrase_len;    /**< NULL: in clear */
    int send, receive;                                /**< write the file, take what is in it */
    int keys;                                         /**< with the keys for a new file of the study; needs a passphrase */
} svy_stick_options;
#define SVY_STICK_OPTIONS_INIT { sizeof(svy_stick_options), NULL, 0, 1, 1, 0 }
/** Merges with a bundle in a file, which is made when it is not there, and otherwise read through, then taken, then written anew beside and renamed. What is in it and
 *  could not be taken here stays in it. Memory: one thing at a time.
 *  @return SVY_E_FORMAT (cut or damaged: nothing was taken), SVY_E_VALUE (another passphrase), SVY_E_STATE (of another study). */
SVY_API SVY_NODISCARD svy_status svy_sync_stick(svy_study *s, const char *path, const svy_stick_options *options, const char *actor, svy_moment now, svy_merged *result,
                                                const svy_sync_report *report, const svy_sync_progress *progress, svy_error *err);
/** Makes a new, empty file of the study that a bundle with keys tells of. */
SVY_API SVY_NODISCARD svy_status svy_sync_create_from_stick(const svy_alloc *alloc, const char *path, const char *stick, const svy_stick_options *options, svy_moment now,
                                                            svy_error *err);
/** 1 a study file, 2 a bundle in clear, 3 a sealed bundle, 0 another file, -1 there is none. */
SVY_API int svy_sync_kind_of_file(const char *path);

/** How many things of the list a bundle of svy_sync_give() answers; SVY_E_FORMAT when it is none. */
SVY_API SVY_NODISCARD svy_status svy_sync_served(const void *bytes, size_t n, uint64_t *served, svy_error *err);

/* ---- with a server (survey serve), from its client side ---- */

typedef struct svy_url_options {
    unsigned size;
    const char *url;                                  /**< "https://HOST[:PORT]" */
    const char *token;                                /**< of a device; NULL: name and password */
    const char *name, *password;
    const char *certificate;                          /**< PEM file of a server's own certificate; NULL: those that the system trusts */
    int send, receive;
} svy_url_options;
#define SVY_URL_OPTIONS_INIT { sizeof(svy_url_options), NULL, NULL, NULL, NULL, NULL, 1, 1 }
/** Brings the study and that of a server together, in many small steps: what was acknowledged before a cut is not sent again. `theirs` receives what the server took.
 *  @return SVY_E_IO (no network, no such server, its certificate is not trusted), SVY_E_STATE (it does not let this account in, another study). */
SVY_API SVY_NODISCARD svy_status svy_sync_url(svy_study *s, const svy_url_options *options, const char *actor, svy_moment now, svy_merged *ours, svy_merged *theirs,
                                              const svy_sync_report *report, const svy_sync_progress *progress, svy_error *err);
/** Makes a new, empty file of the study of a server. */
SVY_API SVY_NODISCARD svy_status svy_sync_create_from_url(const svy_alloc *alloc, const char *path, const svy_url_options *options, svy_moment now, svy_error *err);

SVY_END_DECLS
#endif
