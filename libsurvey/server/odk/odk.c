/* What the server keeps for ODK's clients: the process that reads submissions, and the forms as they are now. */
#include "server/odk/odk.h"
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"

struct svyi_odk { svyi_odk_reader *reader; pthread_mutex_t lock; svyi_odk_forms *forms; };

svy_status svyi_odk_open(svyi_odk **out, svy_error *err)
{
    svyi_odk *odk = calloc(1, sizeof *odk);
    *out = NULL;
    if (odk == NULL)
        return svyi_nomem(err);
    svy_status st = svyi_odk_reader_start(&odk->reader, err);
    if (st == SVY_OK && pthread_mutex_init(&odk->lock, NULL) != 0)
        st = svyi_nomem(err);
    if (st != SVY_OK) {
        svyi_odk_reader_stop(odk->reader);
        free(odk);
        return st;
    }
    *out = odk;
    return SVY_OK;
}

const char *svyi_odk_warning(const svyi_odk *odk)
{
    return svyi_odk_reader_is_sandboxed(odk->reader) ? NULL
        : "the system does not let the process that reads submissions of ODK's clients give up its rights (seccomp): only its memory and time are limited";
}

svyi_odk_reader *svyi_odk_reader_of(svyi_odk *odk) { return odk->reader; }

void svyi_odk_close(svyi_odk *odk)
{
    if (odk == NULL)
        return;
    svyi_odk_reader_stop(odk->reader);
    svyi_odk_forms_free(odk->forms);
    pthread_mutex_destroy(&odk->lock);
    free(odk);
}

/* ---- the forms ---- */

/* The server itself is a user of what is there now. */
const svyi_odk_forms *svyi_odk_forms_now(svyi_odk *odk)
{
    pthread_mutex_lock(&odk->lock);
    svyi_odk_forms *forms = odk->forms;
    if (forms != NULL)
        forms->users++;
    pthread_mutex_unlock(&odk->lock);
    return forms;
}

static void let_go(svyi_odk *odk, const svyi_odk_forms *one)
{
    svyi_odk_forms *forms = NULL;
    memcpy(&forms, &one, sizeof forms);          /* the lock is what protects it, not const */
    if (forms == NULL)
        return;
    pthread_mutex_lock(&odk->lock);
    const unsigned left = --forms->users;
    pthread_mutex_unlock(&odk->lock);
    if (left == 0)
        svyi_odk_forms_free(forms);
}

void svyi_odk_forms_done(svyi_odk *odk, const svyi_odk_forms *forms) { let_go(odk, forms); }

svy_status svyi_odk_renew(svyi_odk *odk, svy_study *study, void (*tell)(void *user, const char *line), void *user, svy_error *err)
{
    svyi_odk_forms *made = NULL;
    const svy_status st = svyi_odk_forms_read(study, tell, user, &made, err);
    if (st != SVY_OK)
        return st;
    made->users = 1;
    pthread_mutex_lock(&odk->lock);
    svyi_odk_forms *before = odk->forms;
    odk->forms = made;
    pthread_mutex_unlock(&odk->lock);
    let_go(odk, before);
    return SVY_OK;
}

static const char *say(const svyi_odk_form *f)
{
    return f == NULL ? "there is no such version" : f->why;
}

int svyi_odk_serves(svyi_odk *odk, const char *id, const char *version, char why[256])
{
    const svyi_odk_forms *forms = svyi_odk_forms_now(odk);
    const svyi_odk_form *f = forms != NULL ? svyi_odk_form_find(forms, id, version) : NULL;
    const int served = f != NULL && f->xml != NULL;
    if (!served && why != NULL)
        snprintf(why, 256, "%s", say(f));
    svyi_odk_forms_done(odk, forms);
    return served;
}

const svyi_odk_form *svyi_odk_form_find(const svyi_odk_forms *forms, const char *id, const char *version)
{
    for (size_t i = 0; i < forms->n; i++)
        if (strcmp(forms->forms[i].id, id) == 0 && strcmp(forms->forms[i].version, version) == 0)
            return &forms->forms[i];
    return NULL;
}

const svyi_odk_form *svyi_odk_form_of(const svyi_odk_forms *forms, const char *odk_id, const char *odk_version, int any)
{
    const svyi_odk_form *newest = NULL;
    for (size_t i = forms->n; i-- > 0; ) {
        const svyi_odk_form *f = &forms->forms[i];
        if (strcmp(f->odk_id, odk_id) != 0)
            continue;
        if (strcmp(f->odk_version, odk_version) == 0)
            return f;
        if (newest == NULL)
            newest = f;
    }
    return any ? newest : NULL;
}
