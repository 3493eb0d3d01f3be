/* Parameters of a form: their overrides with history, and those in force. */
#include "store/people/people_priv.h"

#include <stdio.h>
#include <string.h>

static svy_status check_value(const svy_form *form, uint32_t item, const char *value, svy_error *err)
{
    const svy_item *p = svy_form_item(form, item);
    svy_error why = SVY_ERROR_INIT;
    svy_value parsed;
    uint32_t choice;

    if (svy_value_parse((svy_type)p->type, value, strlen(value), &parsed, &why) != SVY_OK)
        return svyi_fail(err, SVY_E_VALUE, "parameter '%.64s': %.250s", svy_form_item_id(form, item), why.message);
    if (p->list != 0 && parsed.kind == SVY_K_CODE && !svy_form_find_choice(form, p->list, parsed.text, parsed.len, &choice))
        return svyi_fail(err, SVY_E_VALUE, "parameter '%.64s': '%.64s' is not a code of its list", svy_form_item_id(form, item), value);
    return SVY_OK;
}

svy_status svy_study_set_parameter(svy_study *s, const char *form, const char *id, const char *value, const char *actor, svy_moment now, svy_error *err)
{
    svyi_version *v;
    uint32_t item;
    char object[200];
    svy_status st;

    SVY_REQUIRE(s != NULL && id != NULL && actor != NULL, err);
    if ((st = svyi_version_newest(s, form, &v, err)) != SVY_OK)
        return st;
    if (!svy_form_find(v->form, id, strlen(id), &item) || svy_form_item(v->form, item)->kind != SVY_EL_PARAMETER)
        return svyi_fail(err, SVY_E_NAME, "questionnaire '%.80s' has no parameter '%.80s'", svy_form_id(v->form), id);
    if (value != NULL && (st = check_value(v->form, item, value, err)) != SVY_OK)
        return st;
    if ((st = svyi_db_begin(s, err)) != SVY_OK)
        return st;
    st = svyi_db_run(s, Q_PARAMETER_ADD, SVYI_ARGS(svyi_arg_text(svy_form_id(v->form)), svyi_arg_text(id), svyi_arg_text(value), svyi_arg_text(actor), svyi_arg_int(now.utc_ms),
                                                svyi_arg_int(now.zone_minutes)), err);
    snprintf(object, sizeof object, "%.80s/%.80s", svy_form_id(v->form), id);
    if (st == SVY_OK)
        st = svy_study_audit(s, now, actor, value != NULL ? "parameter.set" : "parameter.reset", object, "", err);
    return svyi_db_end(s, st, err);
}

/* The override of a parameter in `*value`, NULL when there is none. */
static svy_status get_override(svy_study *s, const svy_form *form, uint32_t item, svyi_arena *arena, const char **value, svy_error *err)
{
    sqlite3_stmt *stmt;
    svy_status st = svyi_db_query(s, Q_PARAMETER_GET, SVYI_ARGS(svyi_arg_text(svy_form_id(form)), svyi_arg_text(svy_form_item_id(form, item))), &stmt, err);

    *value = NULL;
    if (st != SVY_OK)
        return st;
    int found = svyi_db_step(s, stmt, err);
    if (found < 0)
        return svyi_db_failed(err);
    if (found == 1 && sqlite3_column_type(stmt, 0) != SQLITE_NULL) {
        *value = svyi_arena_text(arena, svyi_db_text(stmt, 0), strlen(svyi_db_text(stmt, 0)));
        if (*value == NULL)
            st = svyi_nomem(err);
    }
    sqlite3_reset(stmt);
    return st;
}

svy_status svyi_parameters_in_force(svy_study *s, const svyi_version *v, svyi_arena *arena, const char *const **pairs, size_t *n, svy_error *err)
{
    const uint32_t items = svy_form_items(v->form);
    uint32_t end = 1;

    *pairs = NULL;
    *n = 0;
    while (end < items && svy_form_item(v->form, end)->kind == SVY_EL_PARAMETER)
        end++;
    const char **all = svyi_arena_get(arena, 2 * (size_t)end * sizeof *all);
    if (all == NULL)
        return svyi_nomem(err);
    for (uint32_t i = 1; i < end; i++) {
        svy_status st = get_override(s, v->form, i, arena, &all[2 * *n + 1], err);
        if (st != SVY_OK)
            return st;
        if (all[2 * *n + 1] == NULL)
            continue;
        all[2 * *n] = svy_form_item_id(v->form, i);
        ++*n;
    }
    *pairs = all;
    return SVY_OK;
}

svy_status svy_study_parameters(svy_study *s, const char *form, void (*each)(void *user, const char *id, const char *type, const char *value, int overridden),
                                void *user, svy_error *err)
{
    svyi_version *v;
    svyi_arena arena;
    svy_status st;

    SVY_REQUIRE(s != NULL && each != NULL, err);
    if ((st = svyi_version_newest(s, form, &v, err)) != SVY_OK)
        return st;
    svyi_arena_init(&arena, &s->alloc);
    for (uint32_t i = 1; i < svy_form_items(v->form) && st == SVY_OK && svy_form_item(v->form, i)->kind == SVY_EL_PARAMETER; i++) {
        const char *value;
        if ((st = get_override(s, v->form, i, &arena, &value, err)) == SVY_OK)
            each(user, svy_form_item_id(v->form, i), svy_type_name((svy_type)svy_form_item(v->form, i)->type), value != NULL ? value : svy_form_parameter(v->form, i),
                 value != NULL);
    }
    svyi_arena_clear(&arena);
    return st;
}
