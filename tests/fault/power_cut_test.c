/* Cuts the power at random moments of interviews and looks for every acknowledged answer and submission afterwards.
 * Usage: power_cut_test [cuts]. The same with synchronous=NORMAL must lose some, or the test would prove nothing. */
#define _POSIX_C_SOURCE 200809L
#include "../unit/store/study_form.h"
#include "cut_vfs.h"
#include "power_cut.h"
#include "store/store_priv.h"

enum { ANSWERS = 12, CASES = 64 };
static const char PATH[] = "power_cut.study", TEMPLATE[] = "power_cut_template.study";

/* What was acknowledged in one run. */
typedef struct said { char words[16]; uint64_t sequence; int complete; } said;
typedef struct run { said cases[CASES]; int n; } run;

static void make_template(void)
{
    svy_error err = SVY_ERROR_INIT;
    fixture_block block = fixture_form("cut", 0);
    svy_study *s = NULL;

    remove_study(TEMPLATE);
    if (svy_study_create(NULL, TEMPLATE, fixture_now(), &err) != SVY_OK || svy_study_open(NULL, TEMPLATE, SVY_STUDY_WRITE, &s, &err) != SVY_OK ||
        svy_study_deploy(s, block.bytes, block.size, NULL, 0, "test", fixture_now(), &err) != SVY_OK)
        die("template", &err);
    svy_study_close(s);
    svy_block_free(NULL, block.bytes, block.size);
}

static void copy_template(void)
{
    static char bytes[1 << 20];
    FILE *from = fopen(TEMPLATE, "rb"), *to;

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

/* One interview; 0 when the power went. What is acknowledged is noted at once. */
static int interview(svy_study *s, run *r)
{
    svy_error err = SVY_ERROR_INIT;
    svy_session *n;
    char id[16], number[16];
    int alive = 1;

    snprintf(id, sizeof id, "c%d", r->n);
    if (svy_session_open(s, NULL, id, "maria", NULL, 1, fixture_now(), &n, NULL, &err) != SVY_OK)
        return 0;
    said *now = &r->cases[r->n++];
    static const char *const FIRST[][2] = { { "centre", "Sofia" }, { "consent", "1" }, { "age", "40" }, { "household", "0" } };
    for (size_t i = 0; i < sizeof FIRST / sizeof FIRST[0] && alive; i++) {
        (void)!svy_interview_go(svy_session_interview(n), fixture_place(svy_session_interview(n), FIRST[i][0], ""), fixture_now(), &err);
        alive = fixture_answer(svy_session_interview(n), FIRST[i][0], "", FIRST[i][1], &err) == SVY_OK;
        if (alive)
            now->sequence = svy_interview_sequence(svy_session_interview(n));
    }
    for (int i = 0; i < ANSWERS && alive; i++) {
        snprintf(number, sizeof number, "%d", (int)(cut_random() % 1000000));
        alive = fixture_answer(svy_session_interview(n), "words", "", number, &err) == SVY_OK;
        if (!alive)
            break;
        snprintf(now->words, sizeof now->words, "%s", number);
        now->sequence = svy_interview_sequence(svy_session_interview(n));
    }
    if (alive && cut_random() % 3 != 0)
        alive = now->complete = svy_session_complete(n, fixture_now(), &err) == SVY_OK;
    svy_session_close(n);
    return alive;
}

/* Events of a case and its last words, as the file has them. */
static int look(svy_study *s, int number, const said *was)
{
    sqlite3_stmt *stmt;
    char sql[512];
    svy_error err = SVY_ERROR_INIT;

    snprintf(sql, sizeof sql, "SELECT i.phase, (SELECT count(*) FROM events e WHERE e.interview = i.number), (SELECT e.sequence FROM events e WHERE"
             " e.interview = i.number AND e.item = 'words' AND e.value = '%s' ORDER BY e.sequence DESC LIMIT 1) FROM interviews i WHERE i.case_id = 'c%d'",
             was->words, number);
    if (svyi_db_prepare(s, sql, &stmt, &err) != SVY_OK)
        die("look", &err);
    int ok = sqlite3_step(stmt) == SQLITE_ROW && (uint64_t)sqlite3_column_int64(stmt, 1) >= was->sequence && (!was->complete || sqlite3_column_int(stmt, 0) == 2) &&
             (was->words[0] == '\0' || sqlite3_column_type(stmt, 2) != SQLITE_NULL);
    sqlite3_finalize(stmt);
    return ok;
}

static void check(const run *r, totals *t)
{
    svy_error err = SVY_ERROR_INIT;
    svy_diags diags = { fixture_report, NULL, 0, 0 };
    svy_study *s;
    unsigned long lost = 0;

    if (svy_study_open(NULL, PATH, SVY_STUDY_WRITE, &s, &err) != SVY_OK) {
        fprintf(stderr, "after a cut: %s\n", err.message);
        t->corrupt++;
        return;
    }
    if (svy_study_verify(s, &diags, &err) != SVY_OK) {
        fprintf(stderr, "after a cut: %s\n", err.message);
        t->corrupt++;
    }
    for (int i = 0; i < r->n; i++) {
        t->acknowledged += r->cases[i].sequence;
        lost += !look(s, i, &r->cases[i]);
    }
    /* And the interview goes on. */
    if (r->n > 0 && !r->cases[r->n - 1].complete && lost == 0) {
        char id[16];
        svy_session *n;
        snprintf(id, sizeof id, "c%d", r->n - 1);
        svy_status st = svy_session_open(s, NULL, id, "maria", NULL, 1, fixture_now(), &n, NULL, &err);
        if (st == SVY_OK && svy_interview_sequence(svy_session_interview(n)) < r->cases[r->n - 1].sequence)
            lost++;
        if (st != SVY_OK && st != SVY_E_STATE)         /* SVY_E_STATE: it was completed, and only the acknowledgement was cut off */
            die("resume", &err);
        if (st == SVY_OK)
            svy_session_close(n);
    }
    svy_study_close(s);
    t->lost += lost;
    t->cuts_with_loss += lost > 0;
}

static void cycle(const char *setting, totals *t)
{
    svy_error err = SVY_ERROR_INIT;
    svy_study *s;
    run r = { .n = 0 };

    copy_template();
    cut_reset();
    if (svy_study_open(NULL, PATH, SVY_STUDY_WRITE, &s, &err) != SVY_OK)
        die("open", &err);
    if (svyi_db_exec(s, setting, &err) != SVY_OK || ((cut_random() & 1) && svyi_db_exec(s, "PRAGMA wal_autocheckpoint=20", &err) != SVY_OK))
        die("setting", &err);
    cut.writes_left = (long)(cut_random() % 1500);
    while (r.n < CASES && interview(s, &r)) { }
    cut.dead = 1;
    svy_study_close(s);
    char shared[64];
    snprintf(shared, sizeof shared, "%s-shm", PATH);
    remove(shared);
    cut_now((cut_mode)(cut_random() % CUT_MODES));
    check(&r, t);
}

static totals many(const char *setting, int cuts)
{
    totals t = { 0, 0, 0, 0 };

    for (int i = 0; i < cuts; i++)
        cycle(setting, &t);
    printf("%s: %d cuts, %lu events acknowledged, %lu interviews with losses in %lu cuts, %lu damaged files\n", setting, cuts, t.acknowledged, t.lost,
           t.cuts_with_loss, t.corrupt);
    return t;
}

int main(int argc, char **argv)
{
    int cuts = argc > 1 ? atoi(argv[1]) : 1000;

    make_template();
    cut_install(20260331);
    totals full = many("PRAGMA synchronous=FULL", cuts);
    totals normal = many("PRAGMA synchronous=NORMAL", cuts / 10 > 50 ? cuts / 10 : 50);
    remove_study(PATH);
    remove_study(TEMPLATE);
    if (full.lost > 0 || full.corrupt > 0 || full.acknowledged < (unsigned long)cuts) {
        fputs("acknowledged answers were lost\n", stderr);
        return 1;
    }
    if (normal.lost == 0) {
        fputs("without syncing nothing was lost: this test sees no losses\n", stderr);
        return 1;
    }
    return 0;
}
