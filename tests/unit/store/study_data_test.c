/* Data in and out of a study: import by the rules of the form, frames of every level, codebook, events; and memory running out anywhere. */
#define _POSIX_C_SOURCE 200809L
#include <criterion/criterion.h>
#include <limits.h>
#include <unistd.h>

#include "base/number.h"
#include "failing_memory.h"
#include "study_scratch.h"
#include "../../fault/cut_vfs.h"        /* for its disk that confirms at once */

TestSuite(study_data, .init = enter, .fini = leave);

/* ---- a table in memory as a source of rows ---- */

enum { TABLE_COLUMNS = 64 };
typedef struct table { const char *names[TABLE_COLUMNS]; const char *cells[200][TABLE_COLUMNS]; int columns, rows, at; } table;

static int table_next(void *user, int *line, svy_error *err)
{
    table *t = user;

    (void)err;
    if (t->at >= t->rows)
        return 0;
    *line = ++t->at + 1;
    return 1;
}

static int table_get(void *user, const char *name, const char **text, size_t *len)
{
    table *t = user;

    for (int i = 0; i < t->columns; i++)
        if (strcmp(t->names[i], name) == 0) {
            *text = t->cells[t->at - 1][i] != NULL ? t->cells[t->at - 1][i] : "";
            *len = strlen(*text);
            return 1;
        }
    return 0;
}

static const char *table_name(void *user, size_t i)
{
    const table *t = user;

    return i < (size_t)t->columns ? t->names[i] : NULL;
}

static svy_rows rows_of(table *t)
{
    t->at = 0;
    return (svy_rows){ table_next, { table_get, table_name, t }, t, "answers.csv" };
}

/* "name=value|..." as the next row; columns are made as they are named. */
static void row(table *t, const char *text)
{
    static char pool[32768];
    static size_t used;
    if (t->rows == 0)
        used = 0;
    char *at = strcpy(pool + used, text);
    used += strlen(text) + 1;
    cr_assert_lt(used, sizeof pool);

    while (at != NULL && *at != '\0') {
        char *next = strchr(at, '|'), *equals = strchr(at, '=');
        int c = 0;
        if (next != NULL)
            *next++ = '\0';
        *equals = '\0';
        while (c < t->columns && strcmp(t->names[c], at) != 0)
            c++;
        if (c == t->columns)
            t->names[t->columns++] = at;
        t->cells[t->rows][c] = equals + 1;
        at = next;
    }
    t->rows++;
}

typedef struct found { int n; char text[4096]; } found;

static void collect(void *user, const svy_diag *d)
{
    found *f = user;
    size_t used = strlen(f->text);

    f->n++;
    snprintf(f->text + used, sizeof f->text - used, "%s:%d:%s: %s: %s\n", d->source, d->line, d->element, d->found, d->advice != NULL ? d->advice : "");
}

static svy_import_result import(svy_study *s, table *t, const char *key, const char *soft, svy_status expected, found *f)
{
    svy_error err = SVY_ERROR_INIT;
    svy_import_options options = SVY_IMPORT_OPTIONS_INIT;
    svy_import_result result;
    svy_diags diags = { collect, f, 0, 0 };
    svy_rows rows = rows_of(t);

    f->n = 0;
    f->text[0] = '\0';
    options.interviewer = "office";
    options.key = key;
    options.soft_reason = soft;
    svy_status st = svy_study_import(s, NULL, &rows, &options, fixture_now(), &diags, &result, &err);
    cr_expect_eq(st, expected, "%d %s\n%s", (int)st, err.message, f->text);
    return result;
}

#define GOOD "consent=1|age=34|household=0"

Test(study_data, rows_are_interviews)
{
    static table t;
    static found f;
    svy_study *s = make();

    row(&t, "case=a|centre=Sofia|" GOOD "|wage=700.5|helped=1 3|born=1990-01-02|member_of=true");
    row(&t, "case=b|centre=Plovdiv|consent=1|age=20|household=2|m_age[1]=7|m_age_missing[2]=dont-know|m_name[1]=Ada|j_title[1,1]=cook|j_hours[1,1]=12");
    row(&t, "case=c|centre=Varna|consent=2");
    svy_import_result r = import(s, &t, NULL, NULL, SVY_OK, &f);
    cr_expect_eq(r.accepted, 3, "%s", f.text);
    cr_expect_eq(f.n, 0, "%s", f.text);
    SAYS("SELECT group_concat(\"case\" || outcome || interviewer) FROM data_tcn_study", "aoffice,boffice,c21office");
    SAYS("SELECT group_concat(coalesce(m_age, m_age_missing)) FROM data_tcn_study_member", "7,dont-know");
    SAYS("SELECT j_title || j_hours FROM data_tcn_study_job", "cook12.0");
    r = import(s, &t, NULL, NULL, SVY_OK, &f);
    cr_expect_eq(r.skipped, 3);
    cr_expect_eq(r.accepted, 0);
    SAYS("SELECT count(*) FROM interviews", "3");
    svy_error err = SVY_ERROR_INIT;
    svy_diags diags = { collect, &f, 0, 0 };
    OK(svy_study_verify(s, &diags, &err));
    svy_study_close(s);
}

Test(study_data, a_bad_row_is_left_out_whole)
{
    static table t;
    static found f;
    svy_study *s = make();

    row(&t, "id=1|centre=Sofia|" GOOD);
    row(&t, "id=2|centre=Sofia|consent=1|age=130|household=0");
    row(&t, "id=3|centre=Sofia|consent=7|age=x");
    row(&t, "id=4|centre=Sofia|" GOOD "|why=because");
    row(&t, "id=5|centre=|" GOOD);
    row(&t, "id=6|centre=Sofia|" GOOD "|wage=5");
    row(&t, "id=|centre=Sofia|" GOOD);
    row(&t, "id=8|centre=Sofia|" GOOD "|surprise=1");
    svy_import_result r = import(s, &t, "id", NULL, SVY_E_INVALID, &f);
    cr_expect_eq(r.accepted, 2);
    cr_expect_eq(r.rejected, 6);
    cr_expect(strstr(f.text, "answers.csv:3:age: Between 15 and 99.") != NULL, "%s", f.text);
    cr_expect(strstr(f.text, "answers.csv:4:consent: ") != NULL, "%s", f.text);
    cr_expect(strstr(f.text, "answers.csv:5:why: the question is not asked") != NULL, "%s", f.text);
    cr_expect(strstr(f.text, "answers.csv:6:centre: a required answer is missing") != NULL, "%s", f.text);
    cr_expect(strstr(f.text, "answers.csv:7:wage: ") != NULL, "%s", f.text);
    cr_expect(strstr(f.text, "answers.csv:8:id: ") != NULL, "%s", f.text);
    cr_expect(strstr(f.text, "answers.csv:1:surprise: the questionnaire has no variable") != NULL, "%s", f.text);
    SAYS("SELECT count(*) FROM interviews", "2");
    SAYS("SELECT count(*) FROM submissions", "2");
    SAYS("SELECT count(*) FROM events WHERE interview NOT IN (SELECT number FROM interviews)", "0");
    r = import(s, &t, "id", "entered later", SVY_E_INVALID, &f);
    cr_expect_eq(r.accepted, 1);
    cr_expect_eq(r.skipped, 2);
    SAYS("SELECT reason FROM events WHERE item = 'wage'", "entered later");
    svy_study_close(s);
}

/* Answers of a multiple question are read from its own column: the columns of its choices alone hold none, and that must be told. */
Test(study_data, columns_of_choices_alone_are_not_taken_silently)
{
    static table with, without;
    static found f;
    svy_study *s = make();

    row(&with, "case=a|centre=Sofia|" GOOD "|helped=1 3|helped_1=true|helped_3=true");
    import(s, &with, NULL, NULL, SVY_OK, &f);
    cr_expect_eq(f.n, 0, "%s", f.text);
    row(&without, "case=b|centre=Sofia|" GOOD "|helped_1=true|helped_3=true");
    import(s, &without, NULL, NULL, SVY_OK, &f);
    cr_expect_eq(f.n, 2, "%s", f.text);
    cr_expect(strstr(f.text, "answers.csv:1:helped_3: there is no column 'helped', from which the chosen codes are read: its cells are not read") != NULL, "%s", f.text);
    svy_study_close(s);
}

Test(study_data, an_import_needs_its_key)
{
    static table t;
    static found f;
    svy_study *s = make();

    row(&t, "centre=Sofia|" GOOD);
    import(s, &t, "nr", NULL, SVY_E_NAME, &f);
    svy_import_result r = import(s, &t, NULL, NULL, SVY_OK, &f);
    cr_expect_eq(r.accepted, 1);
    svy_study_close(s);
}

Test(study_data, groups_are_committed_as_they_come)
{
    static table t;
    static found f;
    static char text[150][64];
    svy_study *s = make();

    for (int i = 0; i < 150; i++) {
        snprintf(text[i], sizeof text[i], "case=%d|centre=C%d|consent=1|age=%d|household=0", i, i, i % 7 == 3 ? 5 : 20 + i % 50);
        row(&t, text[i]);
    }
    svy_import_result r = import(s, &t, NULL, NULL, SVY_E_INVALID, &f);
    cr_expect_eq(r.accepted + r.rejected, 150);
    cr_expect_eq(r.rejected, 21);
    SAYS("SELECT count(*) FROM data_tcn_study", "129");
    SAYS("SELECT length FROM chain", "129");
    svy_study_close(s);
}

/* ---- frames ---- */

static const svy_column *column(const svy_frame *f, const char *name)
{
    const svy_column *c = svy_frame_find(f, name);

    cr_assert_not_null(c, "no column %s", name);
    return c;
}

Test(study_data, a_frame_of_the_interviews)
{
    svy_error err = SVY_ERROR_INIT;
    svy_study *s = make();
    svy_frame *f;

    complete((say_all(session(s, "c1", NULL)), s->sessions));
    svy_session *n = session(s, "c2", NULL);
    say(n, "centre", "", "Burgas");
    say(n, "consent", "", "2");
    complete(n);
    OK(svy_study_frame(s, NULL, "", 0, &f, &err));
    cr_expect_eq(svy_frame_rows(f), 2);
    cr_expect_null(svy_frame_find(f, "status"));
    cr_expect_eq(column(f, "age")->numbers[0], 34);
    cr_expect_eq(column(f, "age")->missing[1], SVY_NOT_ASKED);
    cr_expect_eq(column(f, "wage")->numbers[0], 300.25);
    cr_expect_eq(column(f, "born")->numbers[0], 8027);                /* days from 1970-01-01 to 1991-12-24 */
    cr_expect_eq(column(f, "arrived")->numbers[0], 2019 * 12 + 4);
    cr_expect_eq(column(f, "shift")->numbers[0], 8 * 3600 + 30 * 60);
    cr_expect_eq(column(f, "member_of")->numbers[0], 1);
    cr_expect_eq(column(f, "twice")->numbers[0], 68);
    cr_expect_eq(column(f, "why")->missing[0], SVY_REFUSED);
    const svy_column *consent = column(f, "consent"), *centre = column(f, "centre"), *outcome = column(f, "outcome"), *helped = column(f, "helped");
    cr_expect_eq(consent->n_levels, 2);
    cr_expect_str_eq(consent->labels[consent->codes[0]], "Yes");
    cr_expect_str_eq(consent->label, "May we ask you?");
    cr_expect_str_eq(centre->levels[0], "Burgas");
    cr_expect_str_eq(centre->levels[centre->codes[0]], "Sofia");
    cr_expect_eq(outcome->missing[0], SVY_NOT_STATED);
    cr_expect_str_eq(outcome->levels[outcome->codes[1]], "21");
    cr_expect_str_eq(helped->levels[helped->codes[0]], "1 3");
    cr_expect_eq(column(f, "helped_1")->numbers[0], 1);
    cr_expect_eq(column(f, "helped_7")->numbers[0], 0);
    cr_expect_eq(column(f, "helped_3")->type, SVY_T_BOOLEAN);
    cr_expect_str_eq(column(f, "helped_3")->label, "Who helped?: A union");
    cr_expect_eq(column(f, "started")->type, SVY_T_DATETIME);
    cr_expect_gt(column(f, "completed")->numbers[0], column(f, "started")->numbers[0]);
    svy_frame_free(f);
    OK(svy_study_frame(s, "tcn-study", "", 1, &f, &err));
    cr_expect_str_eq(column(f, "status")->labels[column(f, "status")->codes[0]], "Yes");
    svy_frame_free(f);
    FAILS(svy_study_frame(s, NULL, "nothing", 1, &f, &err), SVY_E_NAME, "no roster 'nothing'");
    svy_study_close(s);
}

Test(study_data, a_frame_of_a_roster)
{
    svy_error err = SVY_ERROR_INIT;
    svy_study *s = make();
    svy_frame *f;
    const char *levels[8];
    size_t n;

    complete((say_all(session(s, "c1", NULL)), s->sessions));
    complete((say_all(session(s, "c2", NULL)), s->sessions));
    OK(svy_study_levels(s, NULL, levels, 8, &n, &err));
    cr_assert_eq(n, 3);
    cr_expect_str_eq(levels[0], "");
    cr_expect_str_eq(levels[1], "member");
    cr_expect_str_eq(levels[2], "job");
    OK(svy_study_frame(s, NULL, "member", 1, &f, &err));
    cr_expect_eq(svy_frame_rows(f), 4);
    cr_expect_eq(column(f, "m_age")->numbers[0], 8);
    cr_expect_eq(column(f, "m_age")->missing[1], SVY_DONT_KNOW);
    cr_expect_str_eq(column(f, "member_key")->levels[column(f, "member_key")->codes[3]], "2");
    cr_expect_str_eq(column(f, "m_name")->levels[column(f, "m_name")->codes[2]], "Ada");
    cr_expect_neq(column(f, "interview")->codes[0], column(f, "interview")->codes[2]);
    svy_frame_free(f);
    OK(svy_study_frame(s, NULL, "job", 0, &f, &err));
    cr_expect_eq(svy_frame_rows(f), 2);
    cr_expect_eq(column(f, "j_hours")->numbers[1], 37.5);
    cr_expect_str_eq(column(f, "member_key")->levels[0], "2");
    svy_frame_free(f);
    svy_study_close(s);
}

Test(study_data, versions_are_united)
{
    svy_error err = SVY_ERROR_INIT;
    svy_study *s = make();
    svy_frame *f;

    complete((say_all(session(s, "c1", NULL)), s->sessions));
    deploy(s, "tcn-study", 1);
    svy_session *n = session(s, "c2", NULL);
    say(n, "centre", "", "Ruse");
    say(n, "consent", "", "1");
    say(n, "age", "", "50");
    say(n, "added", "", "5");
    say(n, "household", "", "0");
    complete(n);
    OK(svy_study_frame(s, NULL, "", 0, &f, &err));
    cr_expect_eq(svy_frame_rows(f), 2);
    cr_expect_eq(column(f, "added")->missing[0], SVY_NOT_ASKED);
    cr_expect_eq(column(f, "added")->numbers[1], 5);
    cr_expect_str_eq(column(f, "version")->levels[column(f, "version")->codes[1]], "2");
    svy_frame_free(f);
    svy_diags diags = { fixture_report, NULL, 0, 0 };
    OK(svy_study_verify(s, &diags, &err));
    svy_study_close(s);
}

/* A form of 2,100 questions does not fit one table. */
Test(study_data, wide_forms_take_several_tables)
{
    enum { QUESTIONS = 2100 };
    svy_error err = SVY_ERROR_INIT;
    svy_builder *b;
    svy_diags diags = { fixture_report, NULL, 0, 0 };
    svy_study *s = make();
    svy_frame *f;
    void *block;
    size_t size;
    char text[64];

    OK(svy_builder_new(NULL, "wide.xml", &b, &err));
    fixture_add(b, 0, SVY_EL_QUESTIONNAIRE, "id=wide|version=1|xml:lang=en", "Wide");
    for (int i = 0; i < QUESTIONS; i++) {
        snprintf(text, sizeof text, "id=w%d|type=integer", i);
        fixture_add(b, 0, SVY_EL_QUESTION, text, "How many?");
    }
    OK(svy_builder_compile(b, &diags, &block, &size, &err));
    svy_builder_free(b);
    OK(svy_study_deploy(s, block, size, NULL, 0, "x", fixture_now(), &err));
    svy_block_free(NULL, block, size);
    SAYS("SELECT group_concat(name, ' ') FROM typed_tables WHERE form = 'wide'", "data_wide data_wide_2 data_wide_3");
    for (int k = 0; k < 2; k++) {
        svy_session *n;
        OK(svy_session_open(s, "wide", NULL, "x", NULL, 1, fixture_now(), &n, NULL, &err));
        for (int i = k; i < QUESTIONS; i += 350) {
            char id[16], number[16];
            snprintf(id, sizeof id, "w%d", i);
            snprintf(number, sizeof number, "%d", i);
            say(n, id, "", number);
        }
        complete(n);
    }
    OK(svy_study_frame(s, "wide", "", 0, &f, &err));
    cr_expect_eq(svy_frame_columns(f), QUESTIONS + 8);
    cr_expect_eq(column(f, "w1750")->numbers[0], 1750);
    cr_expect_eq(column(f, "w1751")->numbers[1], 1751);
    cr_expect_eq(column(f, "w1751")->missing[0], SVY_NOT_STATED);
    svy_frame_free(f);
    OK(svy_study_verify(s, &diags, &err));
    svy_study_close(s);
}

/* Cells of a frame as text, as an export has them. */
static const char *cell_text(const svy_column *c, size_t r, char *out, size_t size)
{
    svy_value v = { .kind = (uint8_t)svy_type_kind(c->type), .text = "" };

    out[0] = '\0';
    if (c->missing != NULL && c->missing[r] != SVY_PRESENT)
        return out;
    if (c->codes != NULL)
        return c->levels[c->codes[r]];
    v.number = c->numbers[r];
    svy_value_format(&v, out, size);
    return out;
}

Test(study_data, exported_answers_import_to_the_same)
{
    static const char *const NAMES[] = { "centre", "consent", "age", "wage", "status", "helped", "born", "arrived", "since", "shift", "seen", "member_of", "place", "words",
                                         "why_missing", "household", "m_age[1]", "m_age_missing[2]", "m_name[1]", "j_title[2,1]", "j_hours[2,1]", "case" };
    static table t;
    static found problems;
    static char text[32][256];
    svy_error err = SVY_ERROR_INIT;
    svy_study *s = make();
    svy_frame *f, *members, *jobs;

    complete((say_all(session(s, "c1", NULL)), s->sessions));
    OK(svy_study_frame(s, NULL, "", 1, &f, &err));
    OK(svy_study_frame(s, NULL, "member", 1, &members, &err));
    OK(svy_study_frame(s, NULL, "job", 1, &jobs, &err));
    for (size_t i = 0; i < sizeof NAMES / sizeof NAMES[0]; i++) {
        char name[64];
        int entry = strchr(NAMES[i], '[') != NULL ? atoi(strchr(NAMES[i], '[') + 1) - 1 : 0;
        snprintf(name, sizeof name, "%.*s", (int)strcspn(NAMES[i], "["), NAMES[i]);
        char *missing = strstr(name, "_missing");
        if (missing != NULL)
            *missing = '\0';
        const svy_frame *from = strncmp(name, "m_", 2) == 0 ? members : strncmp(name, "j_", 2) == 0 ? jobs : f;
        size_t r = from == jobs ? 0 : (size_t)entry;
        const svy_column *c = column(from, name);
        t.names[i] = NAMES[i];
        t.cells[0][i] = missing != NULL ? svy_missing_name((svy_missing)c->missing[r])
                                        : strcmp(name, "case") == 0 ? "c2" : cell_text(c, r, text[i], sizeof text[i]);
    }
    t.columns = (int)(sizeof NAMES / sizeof NAMES[0]);
    t.rows = 1;
    svy_import_result r = import(s, &t, NULL, "it is so", SVY_OK, &problems);
    cr_assert_eq(r.accepted, 1, "%s", problems.text);
    /* pkey is not among them: its hash cannot be answered. */
    SAYS("SELECT count(*) FROM data_tcn_study a, data_tcn_study b WHERE a.number = 1 AND b.number = 2 AND a.centre = b.centre AND a.consent = b.consent AND a.age = b.age"
         " AND a.wage = b.wage AND a.helped = b.helped AND a.born = b.born AND a.arrived = b.arrived AND a.since = b.since AND a.shift = b.shift AND a.seen = b.seen"
         " AND a.member_of = b.member_of AND a.place = b.place AND a.words = b.words AND a.why IS b.why AND a.why_missing = b.why_missing AND a.twice = b.twice", "1");
    SAYS("SELECT count(*) FROM data_tcn_study_member a, data_tcn_study_member b WHERE a.id >> 20 = 1 AND b.id >> 20 = 2 AND a.member_key = b.member_key AND a.m_age IS b.m_age"
         " AND a.m_age_missing IS b.m_age_missing", "2");
    SAYS("SELECT count(*) FROM data_tcn_study_job a, data_tcn_study_job b WHERE a.id >> 20 = 1 AND b.id >> 20 = 2 AND a.job_key = b.job_key AND a.j_title = b.j_title"
         " AND a.j_hours = b.j_hours", "1");
    SAYS("SELECT count(DISTINCT status) || count(status) FROM data_tcn_study_sensitive", "12");
    svy_frame_free(f);
    svy_frame_free(members);
    svy_frame_free(jobs);
    svy_study_close(s);
}

/* ---- codebook and events ---- */

static svy_status append(void *user, const char *bytes, size_t len)
{
    char *out = user;
    size_t used = strlen(out);

    cr_assert(used + len < 65536);
    memcpy(out + used, bytes, len);
    out[used + len] = '\0';
    return SVY_OK;
}

Test(study_data, the_codebook_says_what_was_asked)
{
    static char json[65536];
    svy_error err = SVY_ERROR_INIT;
    svy_study *s = make();

    OK(svy_study_codebook(s, NULL, append, json, &err));
    static const char *const SAYS_IT[] = {
        "\"form\": \"tcn-study\"", "\"name\": \"why\", \"type\": \"text\", \"level\": \"\", \"from\": \"question\", \"relevant\": [\"${status} = 1\"]",
        "\"name\": \"m_age\", \"type\": \"integer\", \"level\": \"member\"", "\"sensitive\": true", "{\"code\": \"7\", \"other\": true, \"label\": {\"en\": \"Somebody else\"}}",
        "\"checks\": [{\"that\": \". >= 15 and . <= 99\", \"severity\": \"hard\", \"text\": {\"en\": \"Between 15 and 99.\"}}]",
        "\"from\": \"compute\", \"value\": \"${age} * 2\"", "\"code\": \"dont-know\"" };
    for (size_t i = 0; i < sizeof SAYS_IT / sizeof SAYS_IT[0]; i++)
        cr_expect(strstr(json, SAYS_IT[i]) != NULL, "%s", SAYS_IT[i]);
    /* The sqlite3 library reads JSON: it judges whether this is some. */
    sqlite3 *db;
    sqlite3_stmt *stmt;
    sqlite3_open(":memory:", &db);
    sqlite3_prepare_v2(db, "SELECT json_valid(?), json_array_length(?, '$.variables')", -1, &stmt, NULL);
    sqlite3_bind_text(stmt, 1, json, -1, SQLITE_STATIC);
    sqlite3_bind_text(stmt, 2, json, -1, SQLITE_STATIC);
    cr_assert_eq(sqlite3_step(stmt), SQLITE_ROW);
    cr_expect_eq(sqlite3_column_int(stmt, 0), 1, "%s", json);
    cr_expect_eq(sqlite3_column_int(stmt, 1), 23);
    sqlite3_finalize(stmt);
    sqlite3_close(db);
    svy_study_close(s);
}

static svy_status see(void *user, const svy_paradata *p)
{
    uint64_t *seen = user;

    seen[0]++;
    if (p->event->sequence != seen[1] + 1 || strcmp(p->sitting->actor, "maria") != 0 || p->old != NULL)
        return SVY_E_STATE;
    seen[1] = p->event->sequence;
    return SVY_OK;
}

Test(study_data, events_come_in_order)
{
    svy_error err = SVY_ERROR_INIT;
    svy_study *s = make();
    uint64_t seen[2] = { 0, 0 };

    svy_session *n = session(s, "c1", NULL);
    OK(svy_interview_go(svy_session_interview(n), fixture_place(svy_session_interview(n), "centre", ""), fixture_now(), &err));
    say_all(n);
    uint64_t last = svy_interview_sequence(svy_session_interview(n));
    complete(n);
    OK(svy_study_events(s, NULL, NULL, see, seen, &err));
    cr_expect_eq(seen[0], last + 1);
    svy_study_close(s);
}

/* ---- memory running out ---- */

/* Everything a study does, once, with an allocator of the caller's. */
static svy_status everything(const svy_alloc *alloc, const fixture_block *block, svy_error *err)
{
    static char sink[65536];
    static table t;
    svy_study *s = NULL;
    svy_session *n = NULL;
    svy_frame *f = NULL;
    svy_import_result result;
    svy_status st = svy_study_create(alloc, path, fixture_now(), err);

    t.columns = t.rows = 0;
    row(&t, "case=a|centre=Sofia|" GOOD);
    sink[0] = '\0';
    if (st == SVY_OK && (st = svy_study_open(alloc, path, SVY_STUDY_WRITE, &s, err)) == SVY_OK &&
        (st = svy_study_deploy(s, block->bytes, block->size, NULL, 0, "x", fixture_now(), err)) == SVY_OK &&
        (st = svy_study_set_parameter(s, NULL, "minwage", "1", "x", fixture_now(), err)) == SVY_OK &&
        (st = svy_session_open(s, NULL, "c1", "maria", NULL, 1, fixture_now(), &n, NULL, err)) == SVY_OK &&
        (st = fixture_answer(svy_session_interview(n), "centre", "", "Sofia", err)) == SVY_OK &&
        (st = fixture_answer(svy_session_interview(n), "consent", "", "2", err)) == SVY_OK &&
        (st = svy_session_complete(n, fixture_now(), err)) == SVY_OK) {
        svy_rows rows = rows_of(&t);
        st = svy_study_import(s, NULL, &rows, NULL, fixture_now(), NULL, &result, err);
    }
    svy_session_close(n);
    if (st == SVY_OK && (st = svy_study_frame(s, NULL, "", 1, &f, err)) == SVY_OK && (st = svy_study_verify(s, NULL, err)) == SVY_OK)
        st = svy_study_codebook(s, NULL, append, sink, err);
    svy_frame_free(f);
    svy_study_close(s);
    return st;
}

Test(study_data, every_allocation_may_fail, .timeout = 240)
{
    fixture_block block = fixture_form("tcn-study", 0);
    failing f = { -1, 0 };
    const svy_alloc alloc = { failing_alloc, &f };
    svy_error err = SVY_ERROR_INIT;
    long step = 1;

    cut_install(1);
    OK(everything(&alloc, &block, &err));
    cr_assert_eq(f.live, 0);
    for (long at = 0;; at += step) {
        remove(path);
        cut_reset();
        f.left = at;
        err = (svy_error)SVY_ERROR_INIT;
        svy_status st = everything(&alloc, &block, &err);
        cr_assert_eq(f.live, 0, "%zu bytes are left after failure %ld", f.live, at);
        if (st == SVY_OK)
            break;
        cr_assert_eq(st, SVY_E_NOMEM, "failure %ld: %d %s", at, (int)st, err.message);
        step = at > 400 ? 1 + at / 150 : 1;
    }
    svy_block_free(NULL, block.bytes, block.size);
}

/* The same for what SQLite asks for. It gets along without some of it, so a run may succeed. */
static long sqlite_left = -1;
static sqlite3_mem_methods sqlite_memory;

static int may_have(void)
{
    if (sqlite_left == 0)
        return 0;
    sqlite_left -= sqlite_left > 0;
    return 1;
}

static void *sqlite_get(int size)
{
    return may_have() ? sqlite_memory.xMalloc(size) : NULL;
}

static void *sqlite_resize(void *ptr, int size)
{
    return may_have() ? sqlite_memory.xRealloc(ptr, size) : NULL;
}

Test(study_data, every_allocation_of_sqlite_may_fail, .timeout = 240)
{
    fixture_block block = fixture_form("tcn-study", 0);
    svy_error err = SVY_ERROR_INIT;
    sqlite3_mem_methods failing_methods;
    int failed = 0;
    long used = 0;

    sqlite3_shutdown();
    cr_assert_eq(sqlite3_config(SQLITE_CONFIG_GETMALLOC, &sqlite_memory), SQLITE_OK);
    failing_methods = sqlite_memory;
    failing_methods.xMalloc = sqlite_get;
    failing_methods.xRealloc = sqlite_resize;
    cr_assert_eq(sqlite3_config(SQLITE_CONFIG_MALLOC, &failing_methods), SQLITE_OK);
    cut_install(1);
    sqlite_left = LONG_MAX;
    OK(everything(NULL, &block, &err));
    used = LONG_MAX - sqlite_left;
    cr_assert_gt(used, 1000);
    for (long at = 0; at < used; at += 1 + used / 300) {
        remove(path);
        cut_reset();
        sqlite_left = at;
        err = (svy_error)SVY_ERROR_INIT;
        svy_status st = everything(NULL, &block, &err);
        cr_assert(st == SVY_E_NOMEM || st == SVY_OK, "failure %ld: %d %s", at, (int)st, err.message);
        failed += st != SVY_OK;
        sqlite_left = LONG_MAX;
    }
    cr_expect_gt(failed, 100);
    svy_block_free(NULL, block.bytes, block.size);
}
