/* Making, opening and closing a study file. */
#include "store/store_priv.h"

#include <string.h>

static svy_status study_new(const svy_alloc *alloc, const char *path, svy_study_mode mode, svy_study **out, svy_error *err)
{
    const size_t len = strlen(path);
    svy_study *s = svyi_get(alloc, sizeof *s);

    if (s == NULL)
        return svyi_nomem(err);
    *s = (svy_study){ .alloc = svyi_alloc_or_default(alloc), .mode = mode };
    s->path = svyi_get(alloc, len + 1);
    if (s->path == NULL) {
        svyi_release(alloc, s, sizeof *s);
        return svyi_nomem(err);
    }
    memcpy(s->path, path, len + 1);
    *out = s;
    return SVY_OK;
}

void svy_study_close(svy_study *s)
{
    if (s == NULL)
        return;
    svyi_versions_close(s);
    svyi_db_close(s);
    const svy_alloc alloc = s->alloc;
    svyi_lock_drop(&alloc, s->lock);      /* after the connection, which checkpoints when it closes */
    svyi_wipe(s->key, sizeof s->key);
    svyi_wipe(s->audit_key, sizeof s->audit_key);
    svyi_release(&alloc, s->path, strlen(s->path) + 1);
    svyi_release(&alloc, s, sizeof *s);
}

/* What SQLite leaves beside a file that could not be completed. */
static void remove_all(const char *path)
{
    static const char *const ENDINGS[] = { "", "-wal", "-shm", "-journal" };
    char name[4200];

    for (size_t i = 0; i < sizeof ENDINGS / sizeof ENDINGS[0]; i++) {
        size_t len = strlen(path), more = strlen(ENDINGS[i]) + 1;
        if (len + more > sizeof name)
            return;
        memcpy(name, path, len);
        memcpy(name + len, ENDINGS[i], more);
        svyi_file_remove(name);
    }
}

static svy_status make(svy_study *s, svy_moment now, svy_error *err)
{
    svy_status st = svyi_lock_take(&s->alloc, s->path, &s->lock, err);

    if (st != SVY_OK || (st = svyi_file_new(s->path, err)) != SVY_OK)
        return st;
    if ((st = svyi_db_open(s, 1, err)) == SVY_OK && (st = svyi_study_make(s, now, err)) == SVY_OK)
        st = svyi_folder_sync(s->path, err);
    if (st != SVY_OK) {
        svyi_db_close(s);
        remove_all(s->path);
    }
    return st;
}

svy_status svy_study_create(const svy_alloc *alloc, const char *path, svy_moment now, svy_error *err)
{
    svy_study *s = NULL;
    svy_status st;

    SVY_REQUIRE(path != NULL, err);
    if ((st = svyi_seal_start(err)) != SVY_OK || (st = svyi_folder_local(path, err)) != SVY_OK ||
        (st = study_new(alloc, path, SVY_STUDY_WRITE, &s, err)) != SVY_OK)
        return st;
    st = make(s, now, err);
    svy_study_close(s);
    return st;
}

svy_status svy_study_open(const svy_alloc *alloc, const char *path, svy_study_mode mode, svy_study **out, svy_error *err)
{
    svy_study *s = NULL;
    svy_status st;

    SVY_REQUIRE(out != NULL, err);
    *out = NULL;
    SVY_REQUIRE(path != NULL, err);
    if ((st = svyi_seal_start(err)) != SVY_OK || (st = svyi_folder_local(path, err)) != SVY_OK)
        return st;
    if (!svyi_file_exists(path))
        return svyi_fail(err, SVY_E_IO, "there is no file '%.200s': make a study with 'survey study create'", path);
    if ((st = study_new(alloc, path, mode, &s, err)) != SVY_OK)
        return st;
    if (mode == SVY_STUDY_WRITE)
        st = svyi_lock_take(&s->alloc, s->path, &s->lock, err);
    if (st == SVY_OK)
        st = svyi_db_open(s, 0, err);
    if (st != SVY_OK)
        svy_study_close(s);
    else
        *out = s;
    return st;
}
