/* Import: every row of a table becomes an interview, by the same engine and the same rules as one that was carried out. */
#include "store/store_priv.h"

#include <stdio.h>
#include <string.h>

enum { GROUP = 64 };                     /* rows of one transaction */

typedef struct importing {
    svy_study *s;
    svyi_version *v;
    const svy_rows *rows;
    const svy_import_options *options;
    svy_moment now;
    svy_diags *diags;
    svy_import_result *result;
    svy_error *err;
    const char *key;                     /* column that identifies a row, NULL: none */
    int has_case, has_language;          /* there are such columns that are not questions */
    uint64_t pending;                    /* accepted rows that are not committed yet */
    int line;
} importing;

static int is_item(const importing *m, const char *name, size_t len)
{
    uint32_t item;

    return svy_form_find(m->v->form, name, len, &item) && svyi_item_is_variable(svy_form_item(m->v->form, item));
}

/* "helped_3": one choice of a multiple question, as exports write it beside the column of the question, which has all that is read.
 * Returns the bytes of the question's name, 0 when it is no such column. */
static size_t question_of_choice(const importing *m, const char *name)
{
    const size_t len = strcspn(name, "[");

    for (size_t at = len; at-- > 1;) {
        uint32_t item, choice;
        if (name[at] == '_' && svy_form_find(m->v->form, name, at, &item) && svy_form_item(m->v->form, item)->list != 0 &&
            svy_form_find_choice(m->v->form, svy_form_item(m->v->form, item)->list, name + at + 1, len - at - 1, &choice))
            return at;
    }
    return 0;
}

static int is_known(const importing *m, const char *name)
{
    static const char *const ABOUT[] = { "interview", "case", "version", "interviewer", "language", "started", "completed", "outcome" };
    static const char MISSING[] = "_missing";
    size_t len = strcspn(name, "[");

    for (size_t i = 0; i < sizeof ABOUT / sizeof ABOUT[0]; i++)
        if (strcmp(name, ABOUT[i]) == 0)
            return 1;
    if (m->key != NULL && strcmp(name, m->key) == 0)
        return 1;
    if (is_item(m, name, len))
        return 1;
    return len >= sizeof MISSING && memcmp(name + len - (sizeof MISSING - 1), MISSING, sizeof MISSING - 1) == 0 && is_item(m, name, len - (sizeof MISSING - 1));
}

/* A column that is not read is told, so that nobody believes its answers to be in the study. */
static svy_status tell_unread(importing *m, const svyi_map *names, const char *name)
{
    const svyi_where where = { m->rows->source, 1, 0, name };
    const size_t len = question_of_choice(m, name);
    uint32_t column;

    if (m->options->key != NULL && strcmp(name, m->options->key) == 0)
        return SVY_OK;                     /* it is read: it tells rows apart */
    if (len == 0) {
        svyi_report(m->diags, SVY_WARNING, SVY_E_NAME, &where, "its cells are not read; check its name", "the questionnaire has no variable of this name");
        return SVY_OK;
    }
    svyi_buffer question;
    svyi_buffer_init(&question, &m->s->alloc);
    svyi_buffer_add(&question, name, len);
    svyi_buffer_text(&question, name + strcspn(name, "["));
    svy_status st = question.failed ? svyi_nomem(m->err) : SVY_OK;
    if (st == SVY_OK && !svyi_map_find(names, question.data, question.len, &column))
        svyi_report(m->diags, SVY_WARNING, SVY_E_NAME, &where, "its cells are not read; give the chosen codes, with blanks between, in a column of the question's name",
                    "there is no column '%.100s', from which the chosen codes are read", question.data);
    svyi_buffer_clear(&question);
    return st;
}

static svy_status name_columns(importing *m, svyi_map *names)
{
    const svy_cells *cells = &m->rows->cells;
    const char *name;

    for (size_t i = 0; cells->name != NULL && (name = cells->name(cells->user, i)) != NULL; i++) {
        uint32_t number = (uint32_t)i;
        if (svyi_map_add(names, name, strlen(name), &number) < 0)
            return svyi_nomem(m->err);
    }
    return SVY_OK;
}

/* Looks at the columns once, before the first row. */
static svy_status look_at_columns(importing *m, const svyi_map *names)
{
    const svy_cells *cells = &m->rows->cells;
    const char *name;
    int has_key = 0;

    for (size_t i = 0; cells->name != NULL && (name = cells->name(cells->user, i)) != NULL; i++) {
        m->has_case |= strcmp(name, "case") == 0 && !is_item(m, name, 4);
        m->has_language |= strcmp(name, "language") == 0 && !is_item(m, name, 8);
        has_key |= m->options->key != NULL && strcmp(name, m->options->key) == 0;
        const svy_status st = is_known(m, name) ? SVY_OK : tell_unread(m, names, name);
        if (st != SVY_OK)
            return st;
    }
    if (m->options->key != NULL && !has_key)
        return svyi_fail(m->err, SVY_E_NAME, "there is no column '%.80s' in '%.120s' to tell rows apart", m->options->key, m->rows->source);
    m->key = m->options->key != NULL ? m->options->key : m->has_case ? "case" : NULL;
    return SVY_OK;
}

static svy_status prepare(importing *m)
{
    svyi_map names;

    svyi_map_init(&names, &m->s->alloc);
    svy_status st = name_columns(m, &names);
    if (st == SVY_OK)
        st = look_at_columns(m, &names);
    svyi_map_clear(&names);
    return st;
}

/* The text of a cell as a NUL-terminated copy, NULL when it is blank or too long. */
static const char *cell(const importing *m, const char *name, char *out, size_t size)
{
    const char *text;
    size_t len;

    if (!m->rows->cells.get(m->rows->cells.user, name, &text, &len) || len == 0 || len >= size)
        return NULL;
    memcpy(out, text, len);
    out[len] = '\0';
    return out;
}

static void reject(importing *m, svy_status code, const char *element, const char *advice, const char *found)
{
    const svyi_where where = { m->rows->source, m->line, 0, element };

    svyi_report(m->diags, SVY_PROBLEM, code, &where, advice, "%s", found);
}

/* What only the row is to blame for; anything else ends the import. */
static int is_of_row(svy_status st)
{
    return st == SVY_E_INVALID || st == SVY_E_VALUE || st == SVY_E_NAME || st == SVY_E_STATE || st == SVY_E_LIMIT || st == SVY_E_TYPE;
}

/* 1 the row was imported before, 0 not, -1 failed. Only a keyed hash of what identifies it is kept. */
static int is_imported(importing *m, const char *key, char hash[SVYI_HASHED_KEY])
{
    int64_t one;

    svyi_keyed_hex(m->s->key, key, strlen(key), hash);
    return svyi_db_number(m->s, Q_IMPORT_FIND, SVYI_ARGS(svyi_arg_text(svy_form_id(m->v->form)), svyi_arg_text(hash)), &one, m->err);
}

/* Whether the case is free for a new interview. */
static svy_status check_case(importing *m, const char *case_id)
{
    svyi_arena arena;
    svyi_row row;

    svyi_arena_init(&arena, &m->s->alloc);
    int found = svyi_row_read(m->s, Q_INTERVIEW_OF_CASE, SVYI_ARGS(svyi_arg_text(case_id), svyi_arg_text(svy_form_id(m->v->form))), &arena, &row, m->err);
    svyi_arena_clear(&arena);
    if (found == 1) {
        reject(m, SVY_E_STATE, "case", "leave the row out", "there is an interview of this case already");
        return SVY_E_INVALID;
    }
    return found < 0 ? svyi_db_failed(m->err) : SVY_OK;
}

static svy_status fill(importing *m, const char *case_id, const char *language, const char *hash)
{
    svy_error why = SVY_ERROR_INIT;
    svy_session *session;
    uint64_t seed;

    if (m->options->seed != 0)
        seed = m->options->seed + (uint64_t)m->line;
    else
        svyi_random_bytes(&seed, sizeof seed);
    svy_status st = svyi_session_start(m->s, m->v, case_id, m->options->interviewer != NULL ? m->options->interviewer : "", language, seed, m->options->mode, m->now, &session, &why);
    if (st != SVY_OK) {
        if (is_of_row(st))
            reject(m, st, st == SVY_E_NAME && language != NULL ? "language" : "case", NULL, why.message);
        else if (m->err != NULL)
            *m->err = why;
        return st;
    }
    if (m->options->conduct != NULL)
        st = m->options->conduct(m->options->conduct_user, svy_session_interview(session), m->line, &why);
    else
        st = svy_interview_fill(svy_session_interview(session), &m->rows->cells, m->options->soft_reason, m->now, m->rows->source, m->line, m->diags, &why);
    if (st == SVY_OK && hash != NULL)
        st = svyi_db_run(m->s, Q_IMPORT_ADD, SVYI_ARGS(svyi_arg_text(svy_form_id(m->v->form)), svyi_arg_text(hash), svyi_arg_text(svy_session_uuid(session))), &why);
    if (st != SVY_OK && st != SVY_E_INVALID && is_of_row(st))
        reject(m, st, "", NULL, why.message);
    if (st != SVY_OK && !is_of_row(st) && m->err != NULL)
        *m->err = why;
    svy_session_close(session);
    return st;
}

/* One row within a savepoint. */
static svy_status import_row(importing *m)
{
    char case_text[1024], language[64], key[1024], hash[SVYI_HASHED_KEY];
    const char *row_key = m->key != NULL ? cell(m, m->key, key, sizeof key) : NULL;
    const char *case_id = m->has_case ? cell(m, "case", case_text, sizeof case_text) : NULL;
    int imported = row_key != NULL ? is_imported(m, row_key, hash) : 0;

    if (imported < 0)
        return svyi_db_failed(m->err);
    if (imported) {
        m->result->skipped++;
        return SVY_OK;
    }
    svy_status st = svyi_db_run(m->s, Q_SAVE, NULL, 0, m->err);
    if (st != SVY_OK)
        return st;
    if (m->key != NULL && row_key == NULL) {
        reject(m, SVY_E_VALUE, m->key, "give every row its own", "the cell that identifies the row is blank or longer than 1,000 bytes");
        st = SVY_E_INVALID;
    }
    if (st == SVY_OK && case_id != NULL)
        st = check_case(m, case_id);
    if (st == SVY_OK)
        st = fill(m, case_id != NULL ? case_id : "", m->has_language ? cell(m, "language", language, sizeof language) : NULL, row_key != NULL ? hash : NULL);
    if (st == SVY_OK) {
        m->pending++;
        return svyi_db_run(m->s, Q_RELEASE, NULL, 0, m->err);
    }
    if (!is_of_row(st))
        return st;
    m->result->rejected++;
    if ((st = svyi_db_run(m->s, Q_BACK, NULL, 0, m->err)) == SVY_OK)
        st = svyi_db_run(m->s, Q_RELEASE, NULL, 0, m->err);
    return st;
}

/* Rows up to the end of a group; `more` receives 0 at the end of the source. */
static svy_status import_group(importing *m, int *more)
{
    svy_status st = svyi_db_begin(m->s, m->err);

    *more = 1;
    if (st != SVY_OK)
        return st;
    m->pending = 0;
    for (int i = 0; i < GROUP && st == SVY_OK && *more; i++) {
        int next = m->rows->next(m->rows->user, &m->line, m->err);
        *more = next > 0;
        if (next < 0)
            st = m->err != NULL && m->err->code != SVY_OK ? m->err->code : svyi_db_failed(m->err);
        else if (next > 0)
            st = import_row(m);
    }
    st = svyi_db_end(m->s, st, m->err);
    if (st == SVY_OK)
        m->result->accepted += m->pending;
    return st;
}

svy_status svy_study_import(svy_study *s, const char *form, const svy_rows *rows, const svy_import_options *options, svy_moment now, svy_diags *diags,
                            svy_import_result *result, svy_error *err)
{
    static const svy_import_options DEFAULTS = SVY_IMPORT_OPTIONS_INIT;
    svy_error own = SVY_ERROR_INIT;
    int more = 1;

    SVY_REQUIRE(result != NULL, err);
    *result = (svy_import_result){ 0, 0, 0 };
    SVY_REQUIRE(s != NULL && rows != NULL && rows->next != NULL && rows->cells.get != NULL, err);
    importing m = { .s = s, .rows = rows, .options = options != NULL ? options : &DEFAULTS, .now = now, .diags = diags, .result = result,
                    .err = err != NULL ? err : &own };
    svy_status st = svyi_db_writable(s, err);
    if (st == SVY_OK && (st = svyi_version_newest(s, form, &m.v, err)) == SVY_OK)
        st = prepare(&m);
    while (st == SVY_OK && more)
        st = import_group(&m, &more);
    if (st == SVY_OK && result->rejected > 0)
        st = svyi_fail(err, SVY_E_INVALID, "%llu rows of '%.200s' were rejected", (unsigned long long)result->rejected, rows->source != NULL ? rows->source : "");
    return st;
}

svy_status svy_study_imported(svy_study *s, const char *form, const char *key, char interview[37], int *found, svy_error *err)
{
    char hash[SVYI_HASHED_KEY];
    sqlite3_stmt *stmt = NULL;
    svyi_version *v;
    svy_status st;

    SVY_REQUIRE(s != NULL && key != NULL && interview != NULL && found != NULL, err);
    *found = 0;
    if ((st = svyi_version_newest(s, form, &v, err)) != SVY_OK)
        return st;
    svyi_keyed_hex(s->key, key, strlen(key), hash);
    if ((st = svyi_db_prepare(s, "SELECT interview FROM imports WHERE form = ? AND row_key = ?", &stmt, err)) == SVY_OK &&
        (st = svyi_db_bind(s, stmt, 1, svyi_arg_text(svy_form_id(v->form)), err)) == SVY_OK)
        st = svyi_db_bind(s, stmt, 2, svyi_arg_text(hash), err);
    if (st == SVY_OK && (*found = svyi_db_step(s, stmt, err)) < 0)
        st = svyi_db_failed(err);
    if (st == SVY_OK && *found == 1)
        snprintf(interview, SVYI_UUID, "%s", svyi_db_text(stmt, 0));
    sqlite3_finalize(stmt);
    return st;
}
