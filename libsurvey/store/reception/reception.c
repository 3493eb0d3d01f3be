/* The snapshot that arrivals are prepared with: every deployed version, the participant key, the keys that devices seal to. */
#include "store/reception/priv.h"

#include <string.h>

int svyi_secret_load(svy_study *s, const char *name, uint8_t out[SVYI_KEY], svy_error *err)
{
    sqlite3_stmt *stmt;

    if (svyi_db_query(s, Q_SECRET, SVYI_ARGS(svyi_arg_text(name)), &stmt, err) != SVY_OK)
        return -1;
    int found = svyi_db_step(s, stmt, err);
    if (found != 1)
        return found;
    found = sqlite3_column_bytes(stmt, 0) == SVYI_KEY;
    if (found)
        memcpy(out, sqlite3_column_blob(stmt, 0), SVYI_KEY);
    sqlite3_reset(stmt);
    return found;
}

static svy_status load_keys(svy_study *s, svy_reception *r, const uint8_t *secret, svy_error *err)
{
    uint8_t again[SVYI_KEY];
    int found = svyi_secret_load(s, "project-public", r->open, err);

    if (found != 1)
        return found < 0 ? svyi_db_failed(err) : svyi_fail(err, SVY_E_STATE, "'%.200s' has no project key yet: open it once for writing, or restore it from a backup", s->path);
    memcpy(r->key, s->key, sizeof r->key);
    if (secret == NULL) {
        found = svyi_secret_load(s, "project-secret", r->secret, err);
        r->has_secret = found == 1;
        return found < 0 ? svyi_db_failed(err) : SVY_OK;
    }
    svyi_box_public(secret, again);
    if (!svyi_same_bytes(again, r->open, sizeof again))
        return svyi_fail(err, SVY_E_VALUE, "this is not the key of '%.200s'", s->path);
    memcpy(r->secret, secret, SVYI_KEY);
    r->has_secret = 1;
    return SVY_OK;
}

static svy_status load_versions(svy_study *s, svy_reception *r, svy_error *err)
{
    sqlite3_stmt *stmt = NULL;
    int found = 0;
    svy_status st = svyi_db_prepare(s, "SELECT number, block FROM forms ORDER BY number", &stmt, err);

    while (st == SVY_OK && (found = svyi_db_step(s, stmt, err)) == 1) {
        svyi_version *v;
        const void *block = sqlite3_column_blob(stmt, 1);
        if (block == NULL)
            st = svyi_fail(err, SVY_E_FORMAT, "'%.200s' is damaged: a questionnaire in it is empty", s->path);
        if (st != SVY_OK || (st = svyi_version_new(s, block, (size_t)sqlite3_column_bytes(stmt, 1), &v, err)) != SVY_OK)
            break;
        v->number = sqlite3_column_int64(stmt, 0);
        v->next = r->versions;
        r->versions = v;
        st = svyi_levels_find(s, v, err);
    }
    sqlite3_finalize(stmt);
    return st == SVY_OK && found < 0 ? svyi_db_failed(err) : st;
}

svy_status svyi_reception_make(svy_study *s, const uint8_t *secret, svy_reception **out, svy_error *err)
{
    svy_status st;
    svy_reception *r = svyi_get(&s->alloc, sizeof *r);

    *out = NULL;
    if (r == NULL)
        return svyi_nomem(err);
    *r = (svy_reception){ .alloc = s->alloc };
    if ((st = load_keys(s, r, secret, err)) == SVY_OK)
        st = load_versions(s, r, err);
    if (st != SVY_OK)
        svy_reception_free(r);
    else
        *out = r;
    return st;
}

svy_status svy_reception_new(svy_study *s, svy_reception **out, svy_error *err)
{
    SVY_REQUIRE(out != NULL, err);
    *out = NULL;
    SVY_REQUIRE(s != NULL, err);
    return svyi_reception_make(s, NULL, out, err);
}

void svy_reception_free(svy_reception *r)
{
    if (r == NULL)
        return;
    const svy_alloc alloc = r->alloc;
    while (r->versions != NULL) {
        svyi_version *v = r->versions;
        r->versions = v->next;
        svyi_version_free(&alloc, v);
    }
    svyi_wipe(r->key, sizeof r->key);
    svyi_wipe(r->secret, sizeof r->secret);
    svyi_release(&alloc, r, sizeof *r);
}

const uint8_t *svy_reception_public_key(const svy_reception *r)
{
    return r->open;
}

int svy_reception_can_open(const svy_reception *r)
{
    return r->has_secret;
}

int svy_reception_block(const svy_reception *r, const char *form, const char *version, const void **block, size_t *size)
{
    for (const svyi_version *v = r->versions; v != NULL; v = v->next)
        if (strcmp(svy_form_id(v->form), form) == 0 && strcmp(svy_form_version(v->form), version) == 0) {
            *block = v->block;
            *size = v->size;
            return 1;
        }
    return 0;
}

size_t svy_seal_to(const uint8_t public_key[SVY_KEY_BYTES], const void *bytes, size_t n, void *out, size_t size)
{
    const size_t need = n + SVYI_BOX;

    if (size < need)
        return need;
    return svyi_seal_start(NULL) == SVY_OK && svyi_box_close(public_key, bytes, n, out) ? need : 0;
}
