/* Four files of one study with what is known of every interview in them, how they meet, and what must hold at the end. Include after study_sync.h. */
#ifndef SVY_TEST_SYNC_HISTORY_H
#define SVY_TEST_SYNC_HISTORY_H
#include <survey/reception.h>

#include "store/people/people_priv.h"

enum { HEADQUARTERS, PARTNER = 3, FILES = 4, STEPS = 60, KNOWN = 80, WORDS = 300, ALL_OF_IT = 1 << 20 };
static const char *const NAMES[FILES] = { "tcn", "b", "c", "p" };
static const svy_principal OF_PARTNER = { .role = SVY_ROLE_SUPERVISOR, .name = "partner", .organisation = "ngo" };

/* An interview as the history knows it: what was said in it, by numbers of words, and whether somebody erased it. */
typedef struct known { char uuid[37], case_id[8]; int erased, of_partner; unsigned words[16]; int n_words; } known;
typedef struct world { svy_study *s[FILES]; uint64_t state; unsigned seed, next; known known[KNOWN]; int n; } world;

static inline uint64_t dice(world *w, uint64_t sides)
{
    w->state = w->state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (w->state >> 33) % sides;
}

static inline svy_status keep(void *user, const void *bytes, size_t n)
{
    svyi_buffer *b = user;

    b->len = 0;
    svyi_buffer_add(b, bytes, n);
    return SVY_OK;
}

/* ---- what is known ---- */

static inline known *another(world *w, int where)
{
    cr_assert(w->n < KNOWN);
    known *k = &w->known[w->n];

    *k = (known){ .of_partner = where == PARTNER };
    snprintf(k->case_id, sizeof k->case_id, "c%d", w->n++);
    return k;
}

static inline known *any(world *w, int where)
{
    known *k = w->n > 0 ? &w->known[dice(w, (uint64_t)w->n)] : NULL;

    return k != NULL && (k->of_partner ? where == PARTNER || where == HEADQUARTERS : where != PARTNER) ? k : NULL;
}

static inline unsigned next_words(world *w, char out[32])
{
    cr_assert(w->next < WORDS);
    snprintf(out, 32, "w%u.", w->next);
    return w->next++;
}

static inline unsigned say_words(world *w, known *k, svy_session *n)
{
    char said[32];
    const unsigned words = next_words(w, said);

    (void)k;
    answer_all(n, said);
    return words;
}

/* From now on it must be found until it is erased. */
static inline void acknowledge(world *w, known *k, unsigned words)
{
    (void)w;
    if (k->n_words < 16)
        k->words[k->n_words++] = words;
}

/* The uuid of one of the versions that a file has of it; 0 when it has none. */
static inline int one_of(world *w, int where, const known *k, char uuid[37])
{
    sqlite3_stmt *stmt = NULL;
    int n = 0;

    OK(svyi_db_prepare(w->s[where], "SELECT uuid FROM interviews WHERE (uuid = ?1 OR conflicts = ?1) AND erased_utc_ms IS NULL ORDER BY uuid", &stmt, &err));
    OK(svyi_db_bind(w->s[where], stmt, 1, svyi_arg_text(k->uuid), &err));
    while (sqlite3_step(stmt) == SQLITE_ROW)
        if (n++ == 0 || dice(w, 2) == 0)
            snprintf(uuid, 37, "%s", (const char *)sqlite3_column_text(stmt, 0));
    sqlite3_finalize(stmt);
    return n > 0;
}

static inline int is(world *w, int where, const char *uuid, const char *what)
{
    char sql[120];
    int64_t one;

    snprintf(sql, sizeof sql, "SELECT 1 FROM interviews WHERE uuid = ? AND %s", what);
    return svyi_once_number(w->s[where], sql, SVYI_ARGS(svyi_arg_text(uuid)), &one, &err) == 1;
}

/* ---- how they meet ---- */

static inline svy_received arrive(world *w, int where, const void *bytes, size_t n)
{
    const svy_sender from = { .keys_hashed = 1 };
    svy_reception *r;
    svy_arrival *a;
    svy_received got = { .receipt = 0 };

    OK(svy_reception_new(w->s[where], &r, &err));
    OK(svy_arrival_prepare(r, bytes, n, 0, &from, tick(), &a, &err));
    OK(svy_study_receive(w->s[where], &a, 1, &got, &err));
    svy_arrival_free(a);
    svy_reception_free(r);
    return got;
}

/* As over a network: who lacks what, in bundles, which end after `most`. `who`: what the taker and giver at the other end know of `to`. */
typedef struct wire { svy_study *from, *to; const svy_principal *giver_knows, *taker_knows; int most, moved; } wire;

static inline svy_status carry(void *user, const void *wanted, size_t n, uint64_t things)
{
    wire *x = user;
    svyi_buffer b;

    svyi_buffer_init(&b, NULL);
    for (uint64_t skip = 0, served = 0; skip < things && x->most-- > 0; skip += served) {
        svy_merged m = { 0 };
        OK(svy_sync_give(x->from, x->giver_knows, wanted, n, skip, keep, &b, &served, &err));
        OK(svy_sync_merge(x->to, x->taker_knows, b.data, b.len, "ann", tick(), &m, &REPORT, &err));
        m.refused = 0;
        x->moved |= !is_nothing(&m);
        if (served == 0)
            break;
    }
    svyi_buffer_clear(&b);
    return SVY_OK;
}

/* `client` knows everything of itself; `server` knows who the client is. 1: something moved. */
static inline int exchange(world *w, svy_study *client, svy_study *server, const svy_principal *who, int most)
{
    svyi_buffer ours, theirs;
    wire down = { server, client, who, NULL, most, 0 }, up = { client, server, NULL, who, most, 0 };

    (void)w;
    svyi_buffer_init(&ours, NULL);
    svyi_buffer_init(&theirs, NULL);
    OK(svy_sync_have(client, NULL, NULL, 0, keep, &ours, &err));
    OK(svy_sync_have(server, who, NULL, 0, keep, &theirs, &err));
    OK(svy_sync_lack(NULL, ours.data, ours.len, theirs.data, theirs.len, carry, &down, &err));
    OK(svy_sync_lack(NULL, theirs.data, theirs.len, ours.data, ours.len, carry, &up, &err));
    svyi_buffer_clear(&ours);
    svyi_buffer_clear(&theirs);
    return down.moved || up.moved;
}

static inline int partner_meets(world *w, int most)
{
    return exchange(w, w->s[PARTNER], w->s[HEADQUARTERS], &OF_PARTNER, most);
}

static inline void by_stick(world *w, int where)
{
    svy_stick_options o = SVY_STICK_OPTIONS_INIT;
    svy_merged m = { 0 };

    OK(svy_sync_stick(w->s[where], file("stick"), &o, "ann", tick(), &m, &REPORT, NULL, &err));
}

/* A stick whose file is cut somewhere gives nothing, and is told. */
static inline void cut_stick(world *w, int where)
{
    svy_stick_options o = SVY_STICK_OPTIONS_INIT;
    svy_merged m = { 0 };
    char name[64], other[64];
    struct stat st;

    snprintf(name, sizeof name, "%s", file("stick"));
    snprintf(other, sizeof other, "%s", file("cut"));
    if (stat(name, &st) != 0 || st.st_size < 2)
        return;
    FILE *in = fopen(name, "rb"), *out = fopen(other, "wb");
    cr_assert(in != NULL && out != NULL);
    for (uint64_t left = 1 + dice(w, (uint64_t)st.st_size - 1); left > 0; left--)
        fputc(fgetc(in), out);
    fclose(in);
    fclose(out);
    cr_expect_eq(svy_sync_stick(w->s[where], other, &o, "ann", tick(), &m, &REPORT, NULL, &err), SVY_E_FORMAT, "seed %u: a stick that is cut", w->seed);
    cr_expect(is_nothing(&m));
    remove(other);
}

/* ---- beginning and end ---- */

static inline void world_open(world *w)
{
    w->s[0] = make();
    w->s[1] = copy(w->s[0], "b");
    w->s[2] = copy(w->s[0], "c");
    w->s[PARTNER] = copy(w->s[0], "p");
    together(w->s[0], w->s[1]);
    together(w->s[0], w->s[2]);
    partner_meets(w, ALL_OF_IT);
}

static inline void world_close(world *w)
{
    for (int i = 0; i < FILES; i++)
        svy_study_close(w->s[i]);
}

typedef struct found { unsigned char words[WORDS]; } found;

static inline svy_status note(void *user, const svy_paradata *p)
{
    found *f = user;
    unsigned words;
    char dot;

    if (p->event->value_len > 0 && p->event->value_len < 30 && sscanf(p->event->value, "w%u%c", &words, &dot) == 2 && words < WORDS)
        f->words[words] = 1;
    return SVY_OK;
}

static inline int64_t count(svy_study *s, const char *sql, const char *with)
{
    int64_t n = 0;

    cr_assert_eq(svyi_once_number(s, sql, SVYI_ARGS(svyi_arg_text(with)), &n, &err), 1, "%s: %s", sql, err.message);
    return n;
}

/* Every version of an interview that was erased is gone, and nothing that was acknowledged of the others. */
static inline void look_at(world *w, int where)
{
    found f = { { 0 } };
    svy_study *s = w->s[where];
    const int64_t aside = count(s, "SELECT count(*) FROM kept_aside WHERE ?1 IS NOT NULL", "");

    OK(svy_study_events(s, "tcn-study", NULL, note, &f, &err));
    if (count(s, "SELECT count(*) FROM forms WHERE id = ?", "later") > 0)
        OK(svy_study_events(s, "later", NULL, note, &f, &err));
    for (int i = 0; i < w->n; i++) {
        const known *k = &w->known[i];
        const int64_t here = count(s, "SELECT count(*) FROM interviews WHERE (uuid = ?1 OR conflicts = ?1) AND erased_utc_ms IS NULL", k->uuid);
        const int may_be_here = where != PARTNER || k->of_partner;
        cr_expect(here == 0 || !k->erased, "seed %u: %s was erased and is in %s", w->seed, k->case_id, NAMES[where]);
        if (k->erased || !may_be_here)
            continue;
        for (int j = 0; j < k->n_words; j++)
            cr_expect(f.words[k->words[j]] || aside > 0, "seed %u: w%u of %s (%s) is lost in %s", w->seed, k->words[j], k->case_id, k->uuid, NAMES[where]);
    }
}

/* Says which lines are only in one of two lists, and frees both. */
static inline void only_in(const char *list, const char *other, char *out, size_t size)
{
    for (const char *at = list, *end; (end = strchr(at, '\n')) != NULL; at = end + 1) {
        const size_t used = strlen(out), n = (size_t)(end - at) + 1;
        char line[600];
        snprintf(line, sizeof line, "%.*s", (int)n, at);
        if (strstr(other, line) == NULL)
            snprintf(out + used, size - used, "  %s", line);
    }
}

static inline void same(const world *w, const char *what, char *one, char *other)
{
    char left[4000] = "", right[4000] = "";

    only_in(one, other, left, sizeof left);
    only_in(other, one, right, sizeof right);
    cr_expect(strcmp(one, other) == 0, "seed %u: only at headquarters:\n%sonly in %s:\n%s", w->seed, left, what, right);
    free(one);
    free(other);
}

static inline char *tell(svy_study *s, const char *sql)
{
    svyi_buffer b;
    sqlite3_stmt *stmt = NULL;

    svyi_buffer_init(&b, NULL);
    OK(svyi_db_prepare(s, sql, &stmt, &err));
    while (sqlite3_step(stmt) == SQLITE_ROW)
        svyi_buffer_format(&b, "%s\n", (const char *)sqlite3_column_text(stmt, 0));
    svyi_buffer_text(&b, "--\n");
    sqlite3_finalize(stmt);
    return b.data;
}

static inline void look(world *w)
{
    static const char OTHERS[] = "SELECT i.uuid || ' ' || i.phase || ' ' || coalesce(f.name, '') || ' ' || coalesce(hex(a.digest), '') FROM interviews i LEFT JOIN interview_files f ON f.interview = i.number"
                                 " LEFT JOIN attachments a ON a.number = f.attachment WHERE i.erased_utc_ms IS NULL ORDER BY 1";
    static const char MEDIA[] = "SELECT f.id || ' ' || f.version || ' ' || m.name || ' ' || hex(m.sha256) || ' ' || m.utc_ms FROM form_media m JOIN forms f ON f.number = m.form ORDER BY 1";
    static const char ASIDE[] = "SELECT hex(hash) || ' ' || reason FROM kept_aside ORDER BY 1";
    static const char OWN[] = "SELECT uuid || ' ' || coalesce(conflicts, '') || ' ' || phase || ' ' || outcome FROM interviews WHERE erased_utc_ms IS NULL AND 1 ORDER BY 1";
    static const char THEIRS[] = "SELECT i.uuid || ' ' || coalesce(i.conflicts, '') || ' ' || i.phase || ' ' || i.outcome FROM interviews i JOIN interviews w ON w.number = coalesce(i.corrects, i.number)"
                                 " WHERE i.erased_utc_ms IS NULL AND w.organisation = 'ngo' ORDER BY 1";

    for (int i = 0; i < FILES; i++) {
        verified(w->s[i]);
        look_at(w, i);
    }
    for (int i = 1; i < PARTNER; i++) {
        same(w, NAMES[i], dump(NAMES[0]), dump(NAMES[i]));
        same(w, NAMES[i], tell(w->s[0], OTHERS), tell(w->s[i], OTHERS));
        same(w, NAMES[i], tell(w->s[0], MEDIA), tell(w->s[i], MEDIA));
        same(w, NAMES[i], tell(w->s[0], ASIDE), tell(w->s[i], ASIDE));
    }
    same(w, "partner", tell(w->s[0], THEIRS), tell(w->s[PARTNER], OWN));
}
#endif
