/* Cuts the power while bundles of another file of the study are taken, from a network, from a stick, and while two files are brought together: a bundle is there whole or not at
 * all, what was acknowledged stays, nothing erased comes back, and the next time completes it. Usage: power_cut_sync_test [cuts]; POWER_CUTS=5000 in the environment wins. */
#define _POSIX_C_SOURCE 200809L
#include <string.h>
#include <survey/sync.h>

#include "../unit/store/study_device.h"
#include "cut_vfs.h"
#include "power_cut.h"
#include "store/reception/priv.h"

enum { PACKAGES = 160, ERASED = 5, DIFFERING = 7, BUNDLES = 16, TEXT = 65536 };
static const char A[] = "power_cut_sync_a.study", B[] = "power_cut_sync_b.study", AT_A[] = "power_cut_sync_there.study", AT_B[] = "power_cut_sync_here.study", STICK[] = "power_cut_sync.bundle";

typedef struct bytes { uint8_t *data; size_t n; } bytes;
static bytes bundles[BUNDLES];
static size_t n_bundles;
static char reference[TEXT];
static const svy_sync_report QUIET = { NULL, NULL };

static svy_moment tick(void)
{
    static int64_t now = INT64_C(1790000000000);

    return (svy_moment){ now += 1000, 60, 0 };
}

static svy_study *open_or_die(const char *path)
{
    svy_error err = SVY_ERROR_INIT;
    svy_study *s;

    if (svy_study_open(NULL, path, SVY_STUDY_WRITE, &s, &err) != SVY_OK)
        die(path, &err);
    return s;
}

static void add(svy_study *s, int i, const char *words)
{
    svy_error err = SVY_ERROR_INIT;
    svy_reception *r = NULL;
    svy_arrival *a = NULL;
    svy_received got;
    char uuid[37], case_id[16];

    snprintf(uuid, sizeof uuid, "%08x-1111-4111-8111-111111111111", 0x9E3779B9u * (unsigned)(i + 1));
    snprintf(case_id, sizeof case_id, "c%d", i);
    device d = device_open("cut", 0, uuid, case_id);
    device_start(&d);
    device_say_all(&d, words);
    device_complete(&d);
    device_end(&d);
    if (svy_reception_new(s, &r, &err) != SVY_OK || svy_arrival_prepare(r, d.bytes, d.n, 0, NULL, tick(), &a, &err) != SVY_OK || svy_study_receive(s, &a, 1, &got, &err) != SVY_OK)
        die("receive", &err);
    svy_arrival_free(a);
    svy_reception_free(r);
    device_close(&d);
}

static svy_status keep(void *user, const void *data, size_t n)
{
    bytes *b = user;

    b->data = malloc(n);
    b->n = n;
    memcpy(b->data, data, n);
    return SVY_OK;
}

static svy_study *giver;

static svy_status keep_bundles(void *user, const void *wanted, size_t n, uint64_t things)
{
    svy_error err = SVY_ERROR_INIT;

    (void)user;
    for (uint64_t skip = 0, served = 0; skip < things && n_bundles < BUNDLES; skip += served) {
        const svy_status st = svy_sync_give(giver, NULL, wanted, n, skip, keep, &bundles[n_bundles++], &served, &err);
        if (st != SVY_OK || served == 0)
            return st;
    }
    return SVY_OK;
}

static svy_status make_copy(void *user, const void *data, size_t n)
{
    svy_error err = SVY_ERROR_INIT;

    return svy_sync_create(NULL, user, data, n, tick(), &err);
}

/* What a file says, without what is each file's own. */
static void tell(const char *path, char text[TEXT])
{
    static const char *const SQL[] = { "SELECT interview || words || coalesce(\"case\", '') FROM data_cut ORDER BY 1", "SELECT uuid || coalesce(conflicts, '') || phase FROM interviews WHERE erased_utc_ms IS NULL ORDER BY 1",
                                       "SELECT interview || reason FROM erasures WHERE substr(interview, 15, 1) <> '8' ORDER BY 1", "SELECT id || disposition FROM cases ORDER BY 1" };
    size_t used = 0;
    svy_study *s = open_or_die(path);

    for (size_t i = 0; i < sizeof SQL / sizeof SQL[0]; i++) {
        sqlite3_stmt *stmt;
        if (sqlite3_prepare_v2(s->db, SQL[i], -1, &stmt, NULL) != SQLITE_OK)
            exit(1);
        while (sqlite3_step(stmt) == SQLITE_ROW && used + 200 < TEXT)
            used += (size_t)snprintf(text + used, TEXT - used, "%s\n", (const char *)sqlite3_column_text(stmt, 0));
        sqlite3_finalize(stmt);
    }
    svy_study_close(s);
}

static void copy(const char *from_path, const char *to_path)
{
    static char all[4 << 20];
    FILE *from = fopen(from_path, "rb"), *to;

    remove_study(to_path);
    to = fopen(to_path, "wb");
    if (from == NULL || to == NULL)
        exit(1);
    const size_t n = fread(all, 1, sizeof all, from);
    if (n == sizeof all || fwrite(all, 1, n, to) != n)
        exit(1);
    fclose(from);
    fclose(to);
}

/* Two files of one study: much is only in the first; of one interview each has another version; one was erased in the first and is in the second, too. */
static void make_both(void)
{
    svy_error err = SVY_ERROR_INIT;
    fixture_block block = fixture_form("cut", 0);
    union { const char *in; void *out; } name = { .in = B };

    if (svy_study_create(NULL, A, fixture_now(), &err) != SVY_OK)
        die("create", &err);
    svy_study *a = open_or_die(A);
    if (svy_study_deploy(a, block.bytes, block.size, NULL, 0, "test", fixture_now(), &err) != SVY_OK || svy_sync_hello(a, NULL, 1, make_copy, name.out, &err) != SVY_OK)
        die("deploy", &err);
    svy_study *b = open_or_die(B);
    svy_merged x = { 0 }, y = { 0 };
    add(a, ERASED, "was to be erased");
    if (svy_sync_studies(a, b, "ann", tick(), &x, &y, &QUIET, NULL, &err) != SVY_OK)
        die("together", &err);
    add(a, DIFFERING, "one version");
    add(b, DIFFERING, "another version");
    for (int i = 10; i < PACKAGES; i++)
        add(i % 10 == 0 ? b : a, i, "what was said");
    char uuid[37];
    snprintf(uuid, sizeof uuid, "%08x-1111-4111-8111-111111111111", 0x9E3779B9u * (unsigned)(ERASED + 1));
    if (svy_study_erase(a, uuid, "ann", "request", tick(), &err) != SVY_OK)
        die("erase", &err);
    svy_block_free(NULL, block.bytes, block.size);
    svy_study_close(a);
    svy_study_close(b);
}

static void make_bundles(void)
{
    svy_error err = SVY_ERROR_INIT;
    bytes mine, theirs;
    svy_merged m = { 0 };
    svy_stick_options o = SVY_STICK_OPTIONS_INIT;

    copy(A, AT_A);
    copy(B, AT_B);
    giver = open_or_die(AT_A);
    svy_study *b = open_or_die(AT_B);
    if (svy_sync_have(b, NULL, NULL, 0, keep, &mine, &err) != SVY_OK || svy_sync_have(giver, NULL, NULL, 0, keep, &theirs, &err) != SVY_OK ||
        svy_sync_lack(NULL, mine.data, mine.n, theirs.data, theirs.n, keep_bundles, NULL, &err) != SVY_OK)
        die("bundles", &err);
    remove(STICK);
    if (svy_sync_stick(giver, STICK, &o, "ann", tick(), &m, &QUIET, NULL, &err) != SVY_OK)
        die("stick", &err);
    for (size_t i = 0; i < n_bundles; i++)
        if (svy_sync_merge(b, NULL, bundles[i].data, bundles[i].n, "ann", tick(), &m, &QUIET, &err) != SVY_OK)
            die("merge", &err);
    free(mine.data);
    free(theirs.data);
    svy_study_close(giver);
    svy_study_close(b);
    tell(AT_B, reference);
}

static void cut_off(svy_study *s, svy_study *other)
{
    cut.dead = 1;
    svy_study_close(s);
    svy_study_close(other);
    remove("power_cut_sync_here.study-shm");
    remove("power_cut_sync_there.study-shm");
    cut_now((cut_mode)(cut_random() % CUT_MODES));
}

static void verify(const char *path, totals *t)
{
    svy_error err = SVY_ERROR_INIT;
    svy_diags diags = { fixture_report, NULL, 0, 0 };
    svy_study *s = NULL;

    if (svy_study_open(NULL, path, SVY_STUDY_WRITE, &s, &err) != SVY_OK || svy_study_verify(s, &diags, &err) != SVY_OK) {
        fprintf(stderr, "after a cut: %s\n", err.message);
        t->corrupt++;
    }
    svy_study_close(s);
}

static void compare(const char *path, totals *t, const char *what)
{
    static char text[TEXT];

    memset(text, 0, sizeof text);
    tell(path, text);
    if (strcmp(text, reference) != 0) {
        fprintf(stderr, "%s: after the next time it says\n%s\nand should say\n%s\n", what, text, reference);
        t->lost++;
    }
}

static int is_nothing(const svy_merged *m)
{
    static const svy_merged NOTHING;

    return memcmp(m, &NOTHING, sizeof *m) == 0;
}

/* Bundles one after the other, as over a network. */
static void cut_bundles(totals *t)
{
    svy_error err = SVY_ERROR_INIT;
    svy_merged m = { 0 };
    size_t done = 0;

    copy(B, AT_B);
    cut_reset();
    svy_study *s = open_or_die(AT_B);
    cut.writes_left = (long)(cut_random() % 700);
    while (done < n_bundles && svy_sync_merge(s, NULL, bundles[done].data, bundles[done].n, "ann", tick(), &m, &QUIET, &err) == SVY_OK)
        done++;
    cut_off(s, NULL);
    verify(AT_B, t);
    t->acknowledged += done;
    s = open_or_die(AT_B);
    for (size_t i = 0; i < n_bundles; i++) {
        m = (svy_merged){ 0 };
        if (svy_sync_merge(s, NULL, bundles[i].data, bundles[i].n, "ann", tick(), &m, &QUIET, &err) != SVY_OK)
            die("it does not go on", &err);
        if (i < done && !is_nothing(&m)) {
            fprintf(stderr, "bundle %zu was acknowledged, and something of it was not there\n", i);
            t->lost++;
        }
    }
    svy_study_close(s);
    compare(AT_B, t, "bundles");
}

static void cut_stick(totals *t)
{
    svy_error err = SVY_ERROR_INIT;
    svy_merged m = { 0 };
    svy_stick_options o = SVY_STICK_OPTIONS_INIT;

    o.send = 0;
    copy(B, AT_B);
    cut_reset();
    svy_study *s = open_or_die(AT_B);
    cut.writes_left = (long)(cut_random() % 500);
    const int done = svy_sync_stick(s, STICK, &o, "ann", tick(), &m, &QUIET, NULL, &err) == SVY_OK;
    cut_off(s, NULL);
    verify(AT_B, t);
    t->acknowledged += (unsigned long)done;
    s = open_or_die(AT_B);
    m = (svy_merged){ 0 };
    if (svy_sync_stick(s, STICK, &o, "ann", tick(), &m, &QUIET, NULL, &err) != SVY_OK)
        die("it does not go on", &err);
    t->lost += done && !is_nothing(&m);
    svy_study_close(s);
    compare(AT_B, t, "stick");
}

static void cut_files(totals *t)
{
    svy_error err = SVY_ERROR_INIT;
    svy_merged x = { 0 }, y = { 0 };

    copy(A, AT_A);
    copy(B, AT_B);
    cut_reset();
    svy_study *a = open_or_die(AT_A), *b = open_or_die(AT_B);
    cut.writes_left = (long)(cut_random() % 900);
    t->acknowledged += svy_sync_studies(a, b, "ann", tick(), &x, &y, &QUIET, NULL, &err) == SVY_OK;
    cut_off(a, b);
    verify(AT_A, t);
    verify(AT_B, t);
    a = open_or_die(AT_A);
    b = open_or_die(AT_B);
    if (svy_sync_studies(a, b, "ann", tick(), &x, &y, &QUIET, NULL, &err) != SVY_OK)
        die("it does not go on", &err);
    svy_study_close(a);
    svy_study_close(b);
    compare(AT_A, t, "the first of two files");
    compare(AT_B, t, "the second of two files");
}

int main(int argc, char **argv)
{
    const char *wanted = getenv("POWER_CUTS");
    const int cuts = wanted != NULL ? atoi(wanted) : argc > 1 ? atoi(argv[1]) : 25;
    totals t = { 0, 0, 0, 0 };

    remove_study(A);
    remove_study(B);
    make_both();
    make_bundles();
    cut_install(20261123);
    for (int i = 0; i < cuts; i++) {
        cut_bundles(&t);
        cut_stick(&t);
        cut_files(&t);
    }
    printf("%d cuts each of bundles (%zu), stick and two files: %lu acknowledged, %lu wrong, %lu damaged files\n", cuts, n_bundles, t.acknowledged, t.lost, t.corrupt);
    for (size_t i = 0; i < n_bundles; i++)
        free(bundles[i].data);
    remove(STICK);
    for (const char *const *path = (const char *const[]){ A, B, AT_A, AT_B, NULL }; *path != NULL; path++)
        remove_study(*path);
    return t.lost > 0 || t.corrupt > 0 || t.acknowledged == 0 || t.acknowledged == (unsigned long)cuts * (n_bundles + 2);
}
