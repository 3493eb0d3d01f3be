/* Questionnaires in the study file: deploying versions, and opening those that are used. */
#include "store/people/people_priv.h"

#include <stdio.h>
#include <string.h>

void svyi_version_free(const svy_alloc *alloc, svyi_version *v)
{
    svyi_levels_drop(alloc, v);
    svyi_arena_clear(&v->arena);
    svy_form_free(v->form);
    svyi_release(alloc, v->block, v->size);
    svyi_release(alloc, v, sizeof *v);
}

void svyi_versions_close(svy_study *s)
{
    while (s->versions != NULL) {
        svyi_version *v = s->versions;
        s->versions = v->next;
        svyi_version_free(&s->alloc, v);
    }
}

svy_status svyi_version_new(svy_study *s, const void *block, size_t size, svyi_version **out, svy_error *err)
{
    svyi_version *v = svyi_get(&s->alloc, sizeof *v);
    svy_status st;

    *out = NULL;
    if (v == NULL)
        return svyi_nomem(err);
    *v = (svyi_version){ .size = size };
    svyi_arena_init(&v->arena, &s->alloc);
    v->block = svyi_get(&s->alloc, size);
    if (v->block == NULL) {
        svyi_version_free(&s->alloc, v);
        return svyi_nomem(err);
    }
    memcpy(v->block, block, size);
    if ((st = svy_form_open(&s->alloc, v->block, size, &v->form, err)) != SVY_OK) {
        svyi_version_free(&s->alloc, v);
        return st;
    }
    for (uint32_t i = 0; i < svy_form_items(v->form); i++)
        v->has_key |= svy_form_item(v->form, i)->type == SVY_T_KEY;
    *out = v;
    return SVY_OK;
}

svy_status svyi_version_load(svy_study *s, int64_t number, svyi_version **out, svy_error *err)
{
    sqlite3_stmt *stmt;
    svy_status st;

    *out = NULL;
    for (svyi_version *v = s->versions; v != NULL; v = v->next)
        if (v->number == number) {
            *out = v;
            return SVY_OK;
        }
    if ((st = svyi_db_query(s, Q_FORM_LOAD, SVYI_ARGS(svyi_arg_int(number)), &stmt, err)) != SVY_OK)
        return st;
    int found = svyi_db_step(s, stmt, err);
    if (found != 1)
        return found < 0 ? svyi_db_failed(err) : svyi_fail(err, SVY_E_FORMAT, "'%.200s' is damaged: a questionnaire of its interviews is missing", s->path);
    const void *block = sqlite3_column_blob(stmt, 0);
    const int size = sqlite3_column_bytes(stmt, 0);
    st = block != NULL ? svyi_version_new(s, block, (size_t)size, out, err) : svyi_fail(err, SVY_E_FORMAT, "'%.200s' is damaged: a questionnaire in it is empty", s->path);
    sqlite3_reset(stmt);
    if (st != SVY_OK)
        return st;
    (*out)->number = number;
    (*out)->next = s->versions;
    s->versions = *out;
    return SVY_OK;
}

/* The only form of the study. */
static svy_status only_form(svy_study *s, char *id, size_t size, svy_error *err)
{
    char names[200] = "";
    sqlite3_stmt *stmt;
    svy_status st = svyi_db_query(s, Q_FORM_IDS, NULL, 0, &stmt, err);
    int found, n = 0;

    if (st != SVY_OK)
        return st;
    while ((found = svyi_db_step(s, stmt, err)) == 1) {
        size_t used = strlen(names);
        snprintf(id, size, "%s", svyi_db_text(stmt, 0));
        snprintf(names + used, sizeof names - used, "%s%s", n > 0 ? ", " : "", id);
        n++;
    }
    if (found < 0)
        return svyi_db_failed(err);
    if (n == 0)
        return svyi_fail(err, SVY_E_NAME, "the study has no questionnaire yet: deploy one");
    return n == 1 ? SVY_OK : svyi_fail(err, SVY_E_NAME, "the study has several questionnaires (%s): say which with --form", names);
}

svy_status svyi_version_newest(svy_study *s, const char *id, svyi_version **out, svy_error *err)
{
    char only[256];
    int64_t number;
    svy_status st;

    *out = NULL;
    if (id == NULL) {
        if ((st = only_form(s, only, sizeof only, err)) != SVY_OK)
            return st;
        id = only;
    }
    int found = svyi_db_number(s, Q_FORM_NEWEST, SVYI_ARGS(svyi_arg_text(id)), &number, err);
    if (found < 0)
        return svyi_db_failed(err);
    if (found == 0) {
        char names[256];
        return svyi_fail(err, SVY_E_NAME, "the study has no questionnaire '%.80s'%s", id,
                         only_form(s, names, sizeof names, NULL) == SVY_OK ? ": leave the name out to use the one it has" : "");
    }
    return svyi_version_load(s, number, out, err);
}

svy_status svy_study_form(svy_study *s, const char *id, const svy_form **form, svy_error *err)
{
    svyi_version *v;

    SVY_REQUIRE(form != NULL, err);
    *form = NULL;
    SVY_REQUIRE(s != NULL, err);
    svy_status st = svyi_version_newest(s, id, &v, err);
    if (st == SVY_OK)
        *form = v->form;
    return st;
}

/* Whether the version is there already: 1 the same, with its number; 0 not there, -1 there with other content or a failure. */
static int is_deployed(svy_study *s, svyi_version *v, svy_status *st, svy_error *err)
{
    sqlite3_stmt *stmt;
    const char *id = svy_form_id(v->form), *version = svy_form_version(v->form);

    *st = svyi_db_query(s, Q_FORM_FIND, SVYI_ARGS(svyi_arg_text(id), svyi_arg_text(version)), &stmt, err);
    if (*st != SVY_OK)
        return -1;
    int found = svyi_db_step(s, stmt, err);
    if (found < 0)
        *st = svyi_db_failed(err);
    if (found != 1)
        return found;
    const void *block = sqlite3_column_blob(stmt, 1);
    v->number = sqlite3_column_int64(stmt, 0);
    int same = block != NULL && (size_t)sqlite3_column_bytes(stmt, 1) == v->size && memcmp(block, v->block, v->size) == 0;
    sqlite3_reset(stmt);
    if (same)
        return 1;
    *st = svyi_fail(err, SVY_E_VALUE, "version %.64s of '%.80s' is deployed already with other content: a changed questionnaire needs a new version", version, id);
    return -1;
}

static svy_status add(svy_study *s, svyi_version *v, const svy_source *sources, size_t n_sources, const char *actor, svy_moment now, svy_error *err)
{
    char checksum[24], object[200];

    snprintf(checksum, sizeof checksum, "%016llx", (unsigned long long)svy_form_checksum(v->form));
    svy_status st = svyi_db_run(s, Q_FORM_ADD, SVYI_ARGS(svyi_arg_text(svy_form_id(v->form)), svyi_arg_text(svy_form_version(v->form)), svyi_arg_text(checksum),
                                                      svyi_arg_blob(v->block, v->size), svyi_arg_text(actor), svyi_arg_int(now.utc_ms), svyi_arg_int(now.zone_minutes)), err);
    v->number = sqlite3_last_insert_rowid(s->db);
    for (size_t i = 0; i < n_sources && st == SVY_OK; i++)
        if (!sources[i].medium)
            st = svyi_db_run(s, Q_SOURCE_ADD, SVYI_ARGS(svyi_arg_int(v->number), svyi_arg_text(sources[i].name), svyi_arg_blob(sources[i].bytes, sources[i].size)), err);
    if (st == SVY_OK)
        st = svyi_typed_define(s, v->form, err);
    snprintf(object, sizeof object, "%.80s/%.80s", svy_form_id(v->form), svy_form_version(v->form));
    return st == SVY_OK ? svy_study_audit(s, now, actor, "form.deploy", object, checksum, err) : st;
}

/* The media of a version that is in the file. */
static svy_status add_media(svy_study *s, const svyi_version *v, const svy_source *sources, size_t n_sources, const char *actor, int elsewhere, svy_moment now, svy_error *err)
{
    char object[200], detail[100];
    svy_status st = SVY_OK;
    int n = 0;

    for (size_t i = 0; i < n_sources && st == SVY_OK; i++) {
        int added = 0;
        if (sources[i].medium)
            st = svyi_medium_add(s, v->number, &sources[i], actor, elsewhere, now, &added, err);
        n += added;
    }
    if (st != SVY_OK || n == 0)
        return st;
    snprintf(object, sizeof object, "%.80s/%.80s", svy_form_id(v->form), svy_form_version(v->form));
    snprintf(detail, sizeof detail, "%d", n);
    return svy_study_audit(s, now, actor, "form.media", object, detail, err);
}

/* The newest version is the one that was deployed last, also where the clock was set back. */
static svy_status behind_others(svy_study *s, const svyi_version *v, svy_moment *now, svy_error *err)
{
    int64_t last = 0;
    const int found = svyi_once_number(s, "SELECT max(utc_ms) FROM forms WHERE id = ? HAVING count(*) > 0", SVYI_ARGS(svyi_arg_text(svy_form_id(v->form))), &last, err);

    if (found == 1 && last >= now->utc_ms)
        now->utc_ms = last + 1;
    return found < 0 ? svyi_db_failed(err) : SVY_OK;
}

svy_status svyi_deploy(svy_study *s, const void *block, size_t size, const svy_source *sources, size_t n_sources, const char *actor, int elsewhere, svy_moment now,
                       svy_error *err)
{
    svyi_version *v = NULL;
    svy_status st;

    if ((st = svyi_version_new(s, block, size, &v, err)) != SVY_OK)
        return st;
    if ((st = svyi_db_begin(s, err)) == SVY_OK) {
        if (is_deployed(s, v, &st, err) == 0 && (elsewhere || (st = behind_others(s, v, &now, err)) == SVY_OK))
            st = add(s, v, sources, n_sources, actor, now, err);
        if (st == SVY_OK)
            st = add_media(s, v, sources, n_sources, actor, elsewhere, now, err);
        st = svyi_db_end(s, st, err);
    }
    svyi_version_free(&s->alloc, v);
    return st;
}

svy_status svy_study_deploy(svy_study *s, const void *block, size_t size, const svy_source *sources, size_t n_sources, const char *actor,
                            svy_moment now, svy_error *err)
{
    SVY_REQUIRE(s != NULL && block != NULL && actor != NULL && (sources != NULL || n_sources == 0), err);
    return svyi_deploy(s, block, size, sources, n_sources, actor, 0, now, err);
}
