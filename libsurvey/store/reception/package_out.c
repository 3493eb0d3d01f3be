/* An interview of the study as a package again, for another copy of the study or for whoever corrects it; and which interview a revision belongs to. */
#include "store/reception/priv.h"

#include <stdio.h>
#include <string.h>

/* Runs one of the codec's writers twice: how much, and into the buffer. */
#define ADD(buffer, WRITE, ...) \
    do { \
        const size_t need_ = WRITE(__VA_ARGS__, NULL, 0); \
        if ((buffer)->failed || svyi_grow(&(buffer)->alloc, &(buffer)->data, &(buffer)->capacity, (buffer)->len + need_, 1) != 0) \
            (buffer)->failed = 1; \
        else \
            (buffer)->len += WRITE(__VA_ARGS__, (buffer)->data + (buffer)->len, need_); \
    } while (0)

typedef struct packing { svy_study *s; svyi_buffer out; svyi_row row; const char *corrected_by; sqlite3_stmt *sittings; int more; svy_sitting next; uint64_t events; svy_error *err; } packing;

static svy_status next_sitting(packing *p)
{
    if ((p->more = svyi_db_step(p->s, p->sittings, p->err)) < 0)
        return svyi_db_failed(p->err);
    if (p->more)
        p->next = svyi_sitting_read(p->sittings);
    return SVY_OK;
}

static svy_status write_events(packing *p)
{
    const svy_sitting unknown = { .first = 1, .mode = p->row.imported ? SVY_MODE_IMPORT : SVY_MODE_TERMINAL, .actor = p->row.interviewer, .organisation = "", .device = "",
                                  .agent = "" };
    svyi_events it;
    int found = 0;
    svy_status st = svyi_events_open(p->s, &it, 0, p->err);

    if (st == SVY_OK)
        st = svyi_events_of(&it, p->row.number, p->err);
    while (st == SVY_OK && (found = svyi_events_next(&it, p->err)) == 1) {
        if (it.erased) {
            st = svyi_fail(p->err, SVY_E_STATE, "interview '%.64s' kept no answers, so it cannot be handed on", p->row.uuid);
            break;
        }
        if (p->corrected_by != NULL && it.event.action == SVY_DID_COMPLETE)      /* the last: the correction goes on from there */
            break;
        if (p->events == 0 && (!p->more || p->next.first > 1))
            ADD(&p->out, svy_package_write_sitting, &unknown);
        while (st == SVY_OK && p->more && p->next.first <= it.event.sequence) {
            ADD(&p->out, svy_package_write_sitting, &p->next);
            st = next_sitting(p);
        }
        ADD(&p->out, svy_package_write_event, &it.event);
        p->events++;
    }
    svyi_events_close(&it);
    return st == SVY_OK && found < 0 ? svyi_db_failed(p->err) : st;
}

/* To another copy files go by what they hold; a device names them by what they came under, and does not have to send them again. */
static svy_status write_files(packing *p)
{
    static const uint8_t NONE[SVYI_HASH];
    sqlite3_stmt *stmt = NULL;
    int found = 0;
    const svy_status st = svyi_db_query(p->s, Q_FILES_OF, SVYI_ARGS(svyi_arg_int(p->row.number)), &stmt, p->err);

    while (st == SVY_OK && (found = svyi_db_step(p->s, stmt, p->err)) == 1) {
        const void *digest = sqlite3_column_blob(stmt, 3);
        if (sqlite3_column_bytes(stmt, 3) != SVYI_HASH)
            continue;
        const void *came_under = p->corrected_by != NULL && sqlite3_column_bytes(stmt, 4) == SVYI_HASH ? sqlite3_column_blob(stmt, 4) : NONE;
        const svy_package_file one = { svyi_db_text(stmt, 0), svyi_db_text(stmt, 1), (uint64_t)sqlite3_column_int64(stmt, 2), digest, came_under };
        ADD(&p->out, svy_package_write_file, &one);
    }
    sqlite3_reset(stmt);
    return st == SVY_OK && found < 0 ? svyi_db_failed(p->err) : st;
}

/* Whatever an interview is called here, it travels under the uuid that it was begun with: that of a version of several may become another one, and whoever receives it finds
   the version by its history. */
static svy_status common_uuid(packing *p, int64_t number, char out[SVYI_UUID])
{
    sqlite3_stmt *stmt;
    svy_status st = svyi_db_query(p->s, Q_INTERVIEW_COMMON, SVYI_ARGS(svyi_arg_int(number)), &stmt, p->err);

    if (st != SVY_OK)
        return st;
    if (svyi_db_step(p->s, stmt, p->err) != 1)
        return svyi_db_failed(p->err);
    snprintf(out, SVYI_UUID, "%s", svyi_db_text(stmt, 0));
    sqlite3_reset(stmt);
    return SVY_OK;
}

static svy_status write_head(packing *p)
{
    char own[SVYI_UUID], corrects[SVYI_UUID] = "";
    svyi_version *v;
    svy_status st = svyi_version_load(p->s, p->row.form, &v, p->err);

    if (st == SVY_OK && (st = common_uuid(p, p->row.number, own)) == SVY_OK && p->row.corrects != 0)
        st = common_uuid(p, p->row.corrects, corrects);
    if (st != SVY_OK)
        return st;
    const svy_package_head head = { own, svy_form_id(v->form), svy_form_version(v->form), svy_form_checksum(v->form), p->row.case_id, corrects, p->row.reason };
    ADD(&p->out, svy_package_write_head, &head);
    return SVY_OK;
}

/* The head of the correction of what is being packed: a new interview that takes the place of the first revision. */
static svy_status write_correction_head(packing *p, const char *root, const char *reason)
{
    char corrects[SVYI_UUID];
    svyi_version *v;
    svy_status st = svyi_version_load(p->s, p->row.form, &v, p->err);

    if (st == SVY_OK && p->row.phase != SVY_COMPLETE)
        return svyi_fail(p->err, SVY_E_STATE, "a correction of interview '%.64s' was begun in the office and is not finished: it has to be finished there", root);
    if (st != SVY_OK || (st = common_uuid(p, p->row.corrects != 0 ? p->row.corrects : p->row.number, corrects)) != SVY_OK)
        return st;
    const svy_package_head head = { p->corrected_by, svy_form_id(v->form), svy_form_version(v->form), svy_form_checksum(v->form), p->row.case_id, corrects, reason };
    ADD(&p->out, svy_package_write_head, &head);
    return SVY_OK;
}

typedef struct taker { svy_status (*take)(void *user, const void *bytes, size_t n); void *user; } taker;

/* `root` NULL: the interview as it is; else a draft that corrects `root`. */
static svy_status pack(packing *p, const char *interview, const char *root, const char *reason, taker to, svy_error *err)
{
    svy_study *s = p->s;
    svyi_arena arena;
    svy_status st = SVY_OK;

    svyi_arena_init(&arena, &s->alloc);
    svyi_buffer_init(&p->out, &s->alloc);
    const int found = svyi_row_read(s, Q_INTERVIEW_FIND, SVYI_ARGS(svyi_arg_text(interview)), &arena, &p->row, err);
    if (found != 1)
        st = found < 0 ? svyi_db_failed(err) : svyi_fail(err, SVY_E_NAME, "there is no interview '%.64s' in the study", interview);
    if (st == SVY_OK && (st = (root != NULL ? write_correction_head(p, root, reason) : write_head(p))) == SVY_OK &&
        (st = svyi_db_query(s, Q_SITTINGS, SVYI_ARGS(svyi_arg_int(p->row.number)), &p->sittings, err)) == SVY_OK && (st = next_sitting(p)) == SVY_OK)
        st = write_events(p);
    sqlite3_reset(p->sittings);
    if (st == SVY_OK)
        st = write_files(p);
    if (st == SVY_OK && root == NULL)
        ADD(&p->out, svy_package_write_end, p->events, (svy_phase)p->row.phase);
    if (st == SVY_OK)
        st = p->out.failed ? svyi_nomem(err) : to.take(to.user, p->out.data, p->out.len);
    svyi_buffer_clear(&p->out);
    svyi_arena_clear(&arena);
    return st;
}

svy_status svy_study_package(svy_study *s, const char *interview, svy_status (*take)(void *user, const void *bytes, size_t n), void *user, svy_error *err)
{
    packing p = { .s = s, .err = err };

    SVY_REQUIRE(s != NULL && interview != NULL && take != NULL, err);
    return pack(&p, interview, NULL, "", (taker){ take, user }, err);
}

svy_status svy_study_package_to_correct(svy_study *s, const char *interview, const char *reason, char uuid[37],
                                        svy_status (*take)(void *user, const void *bytes, size_t n), void *user, svy_error *err)
{
    packing p = { .s = s, .err = err, .corrected_by = uuid };
    char root[37], newest[37];

    SVY_REQUIRE(s != NULL && interview != NULL && reason != NULL && uuid != NULL && take != NULL, err);
    svyi_uuid_make(uuid);
    const svy_status st = svy_study_correction_of(s, interview, root, newest, err);
    return st == SVY_OK ? pack(&p, newest, root, reason, (taker){ take, user }, err) : st;
}

svy_status svy_study_correction_of(svy_study *s, const char *interview, char root[37], char newest[37], svy_error *err)
{
    svyi_arena arena;
    svyi_row row;
    sqlite3_stmt *stmt;
    svy_status st = SVY_OK;
    int found;

    SVY_REQUIRE(s != NULL && interview != NULL && root != NULL && newest != NULL, err);
    root[0] = newest[0] = '\0';
    svyi_arena_init(&arena, &s->alloc);
    if ((found = svyi_row_read(s, Q_INTERVIEW_FIND, SVYI_ARGS(svyi_arg_text(interview)), &arena, &row, err)) != 1)
        st = found < 0 ? svyi_db_failed(err) : svyi_fail(err, SVY_E_NAME, "there is no interview '%.64s' in the study", interview);
    if (st == SVY_OK)
        st = svyi_db_query(s, Q_INTERVIEW_REVISIONS, SVYI_ARGS(svyi_arg_int(row.corrects != 0 ? row.corrects : row.number)), &stmt, err);
    while (st == SVY_OK && (found = svyi_db_step(s, stmt, err)) == 1) {
        const char *uuid = svyi_db_text(stmt, 1);
        if (root[0] == '\0')
            snprintf(root, 37, "%s", uuid);
        snprintf(newest, 37, "%s", uuid);
    }
    svyi_arena_clear(&arena);
    return st == SVY_OK && found < 0 ? svyi_db_failed(err) : st;
}
