/* Files that the answers of submitted interviews name: which question of which entry each belongs to, and whether its bytes are here. */
#include <survey/reception.h>

#include "store/people/people_priv.h"

#include <stdio.h>
#include <string.h>

typedef struct listing {
    svy_study *s;
    svy_error *err;
    const char *form;
    int sensitive;
    svyi_arena arena;
    svyi_map named;                       /* "NUMBER/NAME" of the files that an answer names */
    svy_status (*each)(void *user, const svy_answer_file *file);
    void *user;
} listing;

typedef struct variable { const char *name, *level, *table, *column; int sensitive; } variable;

static int holds_file(svy_type type) { return type == SVY_T_PHOTO || type == SVY_T_AUDIO || type == SVY_T_VIDEO || type == SVY_T_FILE || type == SVY_T_SIGNATURE; }

static svy_status load_variables(listing *l, variable **out, size_t *n, size_t *capacity)
{
    sqlite3_stmt *stmt;
    int found, bad = 0;
    svy_status st = svyi_db_query(l->s, Q_VARIABLES, SVYI_ARGS(svyi_arg_text(l->form)), &stmt, l->err);

    while (st == SVY_OK && !bad && (found = svyi_db_step(l->s, stmt, l->err)) != 0) {
        const char *texts[4];
        if (found < 0)
            return svyi_db_failed(l->err);
        if (!holds_file((svy_type)sqlite3_column_int(stmt, 2)))
            continue;
        for (int i = 0; i < 4; i++) {
            static const int COLUMNS[] = { 0, 1, 4, 5 };
            texts[i] = svyi_arena_text(&l->arena, svyi_db_text(stmt, COLUMNS[i]), strlen(svyi_db_text(stmt, COLUMNS[i])));
            bad |= texts[i] == NULL;
        }
        bad = bad || svyi_grow(&l->s->alloc, out, capacity, *n + 1, sizeof **out) != 0;
        if (!bad)
            (*out)[(*n)++] = (variable){ texts[0], texts[1], texts[2], texts[3], sqlite3_column_int(stmt, 3) };
        else
            sqlite3_reset(stmt);
    }
    return st == SVY_OK && bad ? svyi_nomem(l->err) : st;
}

/* The rosters around a level and it, outermost first, as the newest version that has it says: their ids. */
static svy_status rosters_of(listing *l, const char *level, const char **ids, size_t *n)
{
    int64_t numbers[1000];
    uint32_t chain[64], roster;
    size_t n_versions = 0;
    sqlite3_stmt *stmt;
    svyi_version *v;
    int found;
    svy_status st = svyi_db_query(l->s, Q_FORM_VERSIONS, SVYI_ARGS(svyi_arg_text(l->form)), &stmt, l->err);

    *n = 0;
    if (st != SVY_OK || level[0] == '\0')
        return st;
    while ((found = svyi_db_step(l->s, stmt, l->err)) == 1 && n_versions < sizeof numbers / sizeof numbers[0])
        numbers[n_versions++] = sqlite3_column_int64(stmt, 0);
    sqlite3_reset(stmt);
    for (size_t i = 0; i < n_versions && *n == 0 && st == SVY_OK; i++)
        if ((st = svyi_version_load(l->s, numbers[i], &v, l->err)) == SVY_OK && svy_form_find(v->form, level, strlen(level), &roster)) {
            *n = svyi_roster_chain(v->form, roster, chain);
            for (size_t k = 0; k < *n; k++)
                ids[k] = svy_form_item_id(v->form, chain[k]);
        }
    return st == SVY_OK && found < 0 ? svyi_db_failed(l->err) : st;
}

/* The table of a level that has what is known of every row: 1 found. */
static int first_table(listing *l, const char *level, const char **name)
{
    sqlite3_stmt *stmt = NULL;
    int found = -1;

    if (svyi_db_prepare(l->s, "SELECT name FROM typed_tables WHERE form = ? AND level = ? AND sensitive = 0 AND part = 1", &stmt, l->err) == SVY_OK &&
        svyi_db_bind(l->s, stmt, 1, svyi_arg_text(l->form), l->err) == SVY_OK && svyi_db_bind(l->s, stmt, 2, svyi_arg_text(level), l->err) == SVY_OK)
        found = svyi_db_step(l->s, stmt, l->err);
    if (found == 1 && (*name = svyi_arena_text(&l->arena, svyi_db_text(stmt, 0), strlen(svyi_db_text(stmt, 0)))) == NULL) {
        svyi_nomem(l->err);
        found = -1;
    }
    sqlite3_finalize(stmt);
    return found;
}

/* Interview, name, and of the file that has the name in the interview or its latest correction: its interview, type, size, digest; then the keys of the entry. */
static void make_query(svyi_buffer *sql, const variable *v, const char *first, const char *const *rosters, size_t n_rosters)
{
    const char *id = v->level[0] != '\0' ? "id" : "number";

    svyi_buffer_text(sql, "SELECT i.number, i.uuid, t.");
    svyi_db_quote(sql, v->column);
    svyi_buffer_text(sql, ", h.uuid, h.number, f.media_type, a.size, a.digest");
    for (size_t i = 0; i < n_rosters; i++) {
        char key[256];
        snprintf(key, sizeof key, "%s_key", rosters[i]);
        svyi_buffer_text(sql, ", k.");
        svyi_db_quote(sql, key);
    }
    svyi_buffer_text(sql, " FROM ");
    svyi_db_quote(sql, v->table);
    svyi_buffer_text(sql, " t JOIN ");
    svyi_db_quote(sql, first);
    svyi_buffer_format(sql, " k ON k.%s = t.%s JOIN interviews i ON i.number = t.%s >> %d", id, id, id, v->level[0] != '\0' ? SVYI_ROW_BITS : 0);
    svyi_buffer_text(sql, " LEFT JOIN interview_files f ON f.name = t.");
    svyi_db_quote(sql, v->column);
    svyi_buffer_text(sql, " AND f.interview = (SELECT max(g.interview) FROM interview_files g WHERE g.name = t.");
    svyi_db_quote(sql, v->column);
    svyi_buffer_text(sql, " AND g.interview IN (SELECT i.number UNION ALL SELECT j.number FROM interviews j WHERE j.corrects = i.number))"
                          " LEFT JOIN attachments a ON a.number = f.attachment LEFT JOIN interviews h ON h.number = f.interview WHERE t.");
    svyi_db_quote(sql, v->column);
    svyi_buffer_format(sql, " <> '' ORDER BY t.%s", id);
}

static svy_status remember(listing *l, int64_t number, const char *name)
{
    const size_t size = strlen(name) + 24;
    char *key = svyi_arena_get(&l->arena, size);
    uint32_t one = 1;

    if (key == NULL)
        return svyi_nomem(l->err);
    snprintf(key, size, "%lld/%s", (long long)number, name);
    return svyi_map_add(&l->named, key, strlen(key), &one) < 0 ? svyi_nomem(l->err) : SVY_OK;
}

/* "member:2/job:1" */
static void entry_path(sqlite3_stmt *stmt, int column, const char *const *rosters, size_t n, svyi_buffer *out)
{
    out->len = 0;
    svyi_buffer_text(out, "");
    for (size_t i = 0; i < n; i++)
        svyi_buffer_format(out, "%s%s:%s", i > 0 ? "/" : "", rosters[i], svyi_db_text(stmt, column + (int)i));
}

static svy_status tell(listing *l, svy_answer_file *file, sqlite3_stmt *stmt, int at)
{
    file->held_by = svyi_db_text(stmt, at);
    file->media_type = svyi_db_text(stmt, at + 2);
    file->size = (uint64_t)sqlite3_column_int64(stmt, at + 3);
    file->sha256 = sqlite3_column_bytes(stmt, at + 4) == SVYI_HASH ? sqlite3_column_blob(stmt, at + 4) : NULL;
    file->state = sqlite3_column_type(stmt, at) == SQLITE_NULL ? SVY_FILE_MISSING : file->sha256 == NULL ? SVY_FILE_SEALED : SVY_FILE_HERE;
    return l->each(l->user, file);
}

static svy_status list_variable(listing *l, const variable *v)
{
    const char *first = NULL, *rosters[64];
    size_t n = 0;
    svyi_buffer sql, entry;
    sqlite3_stmt *stmt = NULL;
    svy_status st = rosters_of(l, v->level, rosters, &n);
    int found = st == SVY_OK ? first_table(l, v->level, &first) : -1;

    if (found != 1)
        return found < 0 ? svyi_db_failed(l->err) : SVY_OK;
    svyi_buffer_init(&sql, &l->s->alloc);
    svyi_buffer_init(&entry, &l->s->alloc);
    make_query(&sql, v, first, rosters, n);
    st = sql.failed ? svyi_nomem(l->err) : svyi_db_prepare(l->s, sql.data, &stmt, l->err);
    while (st == SVY_OK && (found = svyi_db_step(l->s, stmt, l->err)) == 1) {
        entry_path(stmt, 8, rosters, n, &entry);
        svy_answer_file file = { .interview = svyi_db_text(stmt, 1), .item = v->name, .entry = entry.data, .name = svyi_db_text(stmt, 2), .sensitive = v->sensitive };
        if (entry.failed)
            st = svyi_nomem(l->err);
        if (st == SVY_OK && sqlite3_column_type(stmt, 4) != SQLITE_NULL)
            st = remember(l, sqlite3_column_int64(stmt, 4), file.name);
        if (st == SVY_OK && (l->sensitive || !v->sensitive))
            st = tell(l, &file, stmt, 3);
    }
    sqlite3_finalize(stmt);
    svyi_buffer_clear(&sql);
    svyi_buffer_clear(&entry);
    return st == SVY_OK && found < 0 ? svyi_db_failed(l->err) : st;
}

/* Whose answer nobody can say: of an answer that was changed later, or the client's own log. It may be anything, so it is sensitive. */
static svy_status list_others(listing *l)
{
    static const char SQL[] = "SELECT coalesce(c.uuid, h.uuid), f.name, h.uuid, h.number, f.media_type, a.size, a.digest FROM interview_files f JOIN interviews h ON h.number = f.interview"
                              " LEFT JOIN interviews c ON c.number = h.corrects JOIN attachments a ON a.number = f.attachment"
                              " WHERE h.form IN (SELECT number FROM forms WHERE id = ?) AND h.phase = 2 AND h.erased_utc_ms IS NULL ORDER BY h.number, f.name";
    sqlite3_stmt *stmt = NULL;
    int found = 0;
    svy_status st = svyi_db_prepare(l->s, SQL, &stmt, l->err);

    if (st == SVY_OK)
        st = svyi_db_bind(l->s, stmt, 1, svyi_arg_text(l->form), l->err);
    while (st == SVY_OK && (found = svyi_db_step(l->s, stmt, l->err)) == 1) {
        svy_answer_file file = { .interview = svyi_db_text(stmt, 0), .item = "", .entry = "", .name = svyi_db_text(stmt, 1), .sensitive = 1 };
        char number[24];
        uint32_t one;
        svyi_buffer key;
        snprintf(number, sizeof number, "%lld/", (long long)sqlite3_column_int64(stmt, 3));
        svyi_buffer_init(&key, &l->s->alloc);
        svyi_buffer_text(&key, number);
        svyi_buffer_text(&key, file.name);
        if (key.failed)
            st = svyi_nomem(l->err);
        else if (!svyi_map_find(&l->named, key.data, key.len, &one))
            st = tell(l, &file, stmt, 2);
        svyi_buffer_clear(&key);
    }
    sqlite3_finalize(stmt);
    return st == SVY_OK && found < 0 ? svyi_db_failed(l->err) : st;
}

svy_status svy_study_answer_files(svy_study *s, const char *form, int sensitive, svy_status (*each)(void *user, const svy_answer_file *file), void *user, svy_error *err)
{
    listing l = { .s = s, .err = err, .sensitive = sensitive, .each = each, .user = user };
    variable *variables = NULL;
    size_t n = 0, capacity = 0;
    svyi_version *v;
    svy_status st;

    SVY_REQUIRE(s != NULL && each != NULL, err);
    if ((st = svyi_version_newest(s, form, &v, err)) != SVY_OK)
        return st;
    l.form = svy_form_id(v->form);
    svyi_arena_init(&l.arena, &s->alloc);
    svyi_map_init(&l.named, &s->alloc);
    st = load_variables(&l, &variables, &n, &capacity);
    for (size_t i = 0; i < n && st == SVY_OK; i++)
        st = list_variable(&l, &variables[i]);
    if (st == SVY_OK && sensitive)
        st = list_others(&l);
    svyi_release(&s->alloc, variables, capacity * sizeof *variables);
    svyi_map_clear(&l.named);
    svyi_arena_clear(&l.arena);
    return st;
}
