/* Cuts the power while a server stores arrivals in groups, takes uploads in pieces, and upgrades a file of version 1: whatever was acknowledged is there
 * afterwards. Usage: power_cut_arrivals_test [cuts]; POWER_CUTS=5000 in the environment wins. The same with synchronous=NORMAL must lose some. */
#define _POSIX_C_SOURCE 200809L
#include "../unit/store/study_device.h"
#include "../unit/store/version_1.h"
#include "cut_vfs.h"
#include "power_cut.h"
#include "store/reception/priv.h"

enum { PACKAGES = 96, GROUP = 8, UPLOADS = 4, UPLOAD = 9000, PIECE = 1500 };
static const char PATH[] = "power_cut_arrivals.study", TEMPLATE[] = "power_cut_arrivals_template.study", OLD[] = "power_cut_arrivals_old.study";

static svy_arrival *arrivals[PACKAGES];
static char uuids[PACKAGES][37];

/* What was acknowledged in one run. */
typedef struct run { int received[PACKAGES]; size_t next; uint64_t have[UPLOADS]; } run;

/* The template, and what will arrive: prepared once, as a server's threads do it. */
static svy_reception *make_template(void)
{
    svy_error err = SVY_ERROR_INIT;
    fixture_block block = fixture_form("cut", 0);
    svy_reception *r = NULL;
    svy_study *s = NULL;

    remove_study(TEMPLATE);
    if (svy_study_create(NULL, TEMPLATE, fixture_now(), &err) != SVY_OK || svy_study_open(NULL, TEMPLATE, SVY_STUDY_WRITE, &s, &err) != SVY_OK ||
        svy_study_deploy(s, block.bytes, block.size, NULL, 0, "test", fixture_now(), &err) != SVY_OK || svy_reception_new(s, &r, &err) != SVY_OK)
        die("template", &err);
    svy_study_close(s);
    svy_block_free(NULL, block.bytes, block.size);
    for (int i = 0; i < PACKAGES; i++) {
        char case_id[16], words[64];
        snprintf(uuids[i], sizeof uuids[i], "%08x-1111-4111-8111-111111111111", 0x9E3779B9u * (unsigned)(i + 1));
        snprintf(case_id, sizeof case_id, "c%d", i);
        snprintf(words, sizeof words, "what was said %d", i);
        device d = device_open("cut", 0, uuids[i], case_id);
        device_start(&d);
        device_say_all(&d, words);
        device_complete(&d);
        device_end(&d);
        if (svy_arrival_prepare(r, d.bytes, d.n, 0, NULL, fixture_now(), &arrivals[i], &err) != SVY_OK || svy_arrival_reason(arrivals[i])[0] != '\0')
            die("prepare", &err);
        device_close(&d);
    }
    return r;
}

static void copy(const char *from_path)
{
    static char bytes[1 << 20];
    FILE *from = fopen(from_path, "rb"), *to;

    remove_study(PATH);
    to = fopen(PATH, "wb");
    if (from == NULL || to == NULL)
        exit(1);
    size_t n = fread(bytes, 1, sizeof bytes, from);
    if (n == sizeof bytes || fwrite(bytes, 1, n, to) != n)
        exit(1);
    fclose(from);
    fclose(to);
}

static void upload_name(int number, uint8_t bytes[UPLOAD], char hash[65])
{
    for (int i = 0; i < UPLOAD; i++)
        bytes[i] = (uint8_t)(i * 31 + number);
    svy_hash_hex(bytes, UPLOAD, hash);
}

/* A group of arrivals, some of them sent twice. 0 when the power went. */
static int receive(svy_study *s, run *r)
{
    svy_arrival *group[GROUP];
    size_t which[GROUP], n = 1 + (size_t)(cut_random() % GROUP);
    svy_received results[GROUP];
    svy_error err = SVY_ERROR_INIT;

    for (size_t i = 0; i < n; i++) {
        which[i] = r->next > 0 && cut_random() % 8 == 0 ? (size_t)(cut_random() % r->next) : r->next < PACKAGES ? r->next++ : (size_t)(cut_random() % PACKAGES);
        group[i] = arrivals[which[i]];
    }
    if (svy_study_receive(s, group, n, results, &err) != SVY_OK)
        return 0;
    for (size_t i = 0; i < n; i++)
        r->received[which[i]] |= results[i].receipt == SVY_STORED || results[i].receipt == SVY_STORED_ALREADY;
    return 1;
}

static int upload(svy_study *s, run *r)
{
    uint8_t bytes[UPLOAD];
    char hash[65];
    const int number = (int)(cut_random() % UPLOADS);
    uint64_t have;
    svy_error err = SVY_ERROR_INIT;

    upload_name(number, bytes, hash);
    if (r->have[number] == UPLOAD)
        return 1;
    if (svy_study_upload_part(s, hash, UPLOAD, r->have[number], bytes + r->have[number], PIECE, "ana", fixture_now(), &have, &err) != SVY_OK)
        return 0;
    r->have[number] = have;
    return 1;
}

static unsigned long look_arrivals(svy_study *s, const run *r, totals *t)
{
    static const char SQL[] = "SELECT i.phase, (SELECT count(*) FROM submissions s WHERE s.interview = i.uuid), (SELECT count(*) FROM data_cut d WHERE d.number = i.number)"
                              " FROM interviews i WHERE i.uuid = ?";
    sqlite3_stmt *stmt;
    unsigned long lost = 0;
    svy_error err = SVY_ERROR_INIT;

    if (svyi_db_prepare(s, SQL, &stmt, &err) != SVY_OK)
        die("look", &err);
    for (int i = 0; i < PACKAGES; i++) {
        if (!r->received[i])
            continue;
        t->acknowledged++;
        sqlite3_bind_text(stmt, 1, uuids[i], -1, SQLITE_STATIC);
        lost += sqlite3_step(stmt) != SQLITE_ROW || sqlite3_column_int(stmt, 0) != SVY_COMPLETE || sqlite3_column_int(stmt, 1) != 1 || sqlite3_column_int(stmt, 2) != 1;
        sqlite3_reset(stmt);
    }
    sqlite3_finalize(stmt);
    return lost;
}

static unsigned long look_uploads(svy_study *s, const run *r, totals *t)
{
    unsigned long lost = 0;
    uint8_t bytes[UPLOAD];
    char hash[65];
    svy_error err = SVY_ERROR_INIT;

    for (int i = 0; i < UPLOADS; i++) {
        uint64_t have = 0, size;
        void *all = NULL;
        size_t n;
        upload_name(i, bytes, hash);
        if (r->have[i] == 0)
            continue;
        t->acknowledged++;
        (void)!svy_study_upload_offset(s, hash, NULL, &have, &size, &err);
        lost += have < r->have[i];
        if (have == UPLOAD) {
            if (svy_study_upload_bytes(s, hash, NULL, &all, &n, &err) != SVY_OK || n != UPLOAD || memcmp(all, bytes, n) != 0)
                lost++;
            svy_block_free(NULL, all, UPLOAD);
        }
    }
    return lost;
}

static void check(const run *r, totals *t)
{
    svy_error err = SVY_ERROR_INIT;
    svy_diags diags = { fixture_report, NULL, 0, 0 };
    svy_study *s;

    if (svy_study_open(NULL, PATH, SVY_STUDY_WRITE, &s, &err) != SVY_OK) {
        fprintf(stderr, "after a cut: %s\n", err.message);
        t->corrupt++;
        return;
    }
    if (svy_study_verify(s, &diags, &err) != SVY_OK) {
        fprintf(stderr, "after a cut: %s\n", err.message);
        t->corrupt++;
    }
    const unsigned long lost = look_arrivals(s, r, t) + look_uploads(s, r, t);
    run again = *r;
    if (!receive(s, &again) || look_arrivals(s, &again, &(totals){ 0, 0, 0, 0 }) > lost)
        die("it does not go on", &err);
    svy_study_close(s);
    t->lost += lost;
    t->cuts_with_loss += lost > 0;
}

static void cut_off(svy_study *s)
{
    char shared[64];

    cut.dead = 1;
    svy_study_close(s);
    snprintf(shared, sizeof shared, "%s-shm", PATH);
    remove(shared);
    cut_now((cut_mode)(cut_random() % CUT_MODES));
}

static void cycle(const char *setting, totals *t)
{
    svy_error err = SVY_ERROR_INIT;
    svy_study *s;
    run r = { .next = 0 };
    int alive = 1;

    copy(TEMPLATE);
    cut_reset();
    if (svy_study_open(NULL, PATH, SVY_STUDY_WRITE, &s, &err) != SVY_OK)
        die("open", &err);
    if (svyi_db_exec(s, setting, &err) != SVY_OK || ((cut_random() & 1) && svyi_db_exec(s, "PRAGMA wal_autocheckpoint=20", &err) != SVY_OK))
        die("setting", &err);
    cut.writes_left = (long)(cut_random() % 900);
    for (int i = 0; alive && i < 60; i++)
        alive = cut_random() % 3 == 0 ? upload(s, &r) : receive(s, &r);
    cut_off(s);
    check(&r, t);
}

static totals many(const char *setting, int cuts)
{
    totals t = { 0, 0, 0, 0 };

    for (int i = 0; i < cuts; i++)
        cycle(setting, &t);
    printf("%s: %d cuts, %lu arrivals and uploads acknowledged, %lu lost in %lu cuts, %lu damaged files\n", setting, cuts, t.acknowledged, t.lost, t.cuts_with_loss, t.corrupt);
    return t;
}

/* The upgrade happens as a whole or not at all: what was in the file is there, and the next opening ends it. */
static unsigned upgrades(int cuts)
{
    unsigned wrong = 0, before = 0;
    svy_diags diags = { fixture_report, NULL, 0, 0 };

    for (int i = 0; i < cuts; i++) {
        svy_error err = SVY_ERROR_INIT;
        svy_study *s = NULL;
        copy(OLD);
        cut_reset();
        cut.writes_left = (long)(cut_random() % 160);
        if (svy_study_open(NULL, PATH, SVY_STUDY_WRITE, &s, &err) != SVY_OK)
            s = NULL;
        cut_off(s);
        if (svy_study_open(NULL, PATH, SVY_STUDY_READ, &s, &err) != SVY_OK || svy_study_verify(s, &diags, &err) != SVY_OK) {
            fprintf(stderr, "after a cut: %s\n", err.message);
            wrong++;
        } else
            before += s->version == 1;
        svy_study_close(s);
        if (svy_study_open(NULL, PATH, SVY_STUDY_WRITE, &s, &err) != SVY_OK || s->version != SVYI_FILE_VERSION || svy_study_verify(s, &diags, &err) != SVY_OK) {
            fprintf(stderr, "after a cut: %s\n", err.message);
            wrong++;
        }
        svy_study_close(s);
    }
    printf("upgrade: %d cuts, %u before its end, %u damaged files\n", cuts, before, wrong);
    return before == 0 || before == (unsigned)cuts ? wrong + 1 : wrong;      /* some must come before its end, and some after */
}

int main(int argc, char **argv)
{
    const char *wanted = getenv("POWER_CUTS");
    const int cuts = wanted != NULL ? atoi(wanted) : argc > 1 ? atoi(argv[1]) : 300;
    svy_reception *r = make_template();

    remove_study(OLD);
    version_1_make(SVY_TEST_DATA "/unit/store/version_1.sql", OLD);
    cut_install(20260331);
    const totals full = many("PRAGMA synchronous=FULL", cuts), normal = many("PRAGMA synchronous=NORMAL", cuts / 10 > 50 ? cuts / 10 : 50);
    const unsigned wrong = upgrades(cuts / 4 > 50 ? cuts / 4 : 50);
    for (int i = 0; i < PACKAGES; i++)
        svy_arrival_free(arrivals[i]);
    svy_reception_free(r);
    remove_study(PATH);
    remove_study(TEMPLATE);
    remove_study(OLD);
    if (full.lost > 0 || full.corrupt > 0 || wrong > 0 || full.acknowledged < (unsigned long)cuts) {
        fputs("something acknowledged was lost, or a file was damaged\n", stderr);
        return 1;
    }
    if (normal.lost == 0) {
        fputs("without syncing nothing was lost: this test sees no losses\n", stderr);
        return 1;
    }
    return 0;
}
