/* ODK's clients (OpenRosa): the forms they can fill in, and the process that reads what they submit. */
#ifndef SVY_SERVER_ODK_H
#define SVY_SERVER_ODK_H
#include <survey/server.h>

#include "base/arena.h"
#include "server/odk/reader.h"

typedef struct svyi_odk svyi_odk;

/* Forks the helper that reads submissions: first of all when the server starts, before there are threads, keys or an open study. */
svy_status svyi_odk_open(svyi_odk **out, svy_error *err);
/* NULL, or a sentence for the server's log. */
const char *svyi_odk_warning(const svyi_odk *odk);
/* Works out the XForm of every deployed version and keeps them: after the start, and after a form was deployed or a parameter set. `tell` hears of forms that
   ODK's clients cannot fill in (NULL: nobody). One thread at a time; the others go on with what was there. */
svy_status svyi_odk_renew(svyi_odk *odk, svy_study *study, void (*tell)(void *user, const char *line), void *user, svy_error *err);
/* 1 when ODK's clients get this version; otherwise `why` (may be NULL) receives a sentence of at most 255 bytes. */
int svyi_odk_serves(svyi_odk *odk, const char *id, const char *version, char why[256]);
/* After every thread that uses it. NULL allowed. */
void svyi_odk_close(svyi_odk *odk);

svyi_odk_reader *svyi_odk_reader_of(svyi_odk *odk);
/* That of a server (server.c). */
svyi_odk *svyi_server_odk(svy_server *server);

/* ---- the forms as they are now; a snapshot that others may replace meanwhile ---- */
typedef struct svyi_odk_file { char *name, md5[33]; } svyi_odk_file;
typedef struct svyi_odk_form {
    char *id, *version;                /* as deployed */
    char *odk_id, *odk_version;        /* as its record and its submissions name it */
    char *title;
    int newest, given;                 /* given: the XForm that was deployed */
    char *xml; size_t len;             /* NULL: ODK's clients cannot fill it in */
    char md5[33];
    char *why;                         /* then this says why; "" */
    svyi_odk_file *files; size_t n_files;
    char **parameters; size_t n_parameters;      /* values in force: id, value, ... (n pairs) */
} svyi_odk_form;
typedef struct svyi_odk_forms { svyi_odk_form *forms; size_t n; svyi_arena arena; unsigned users; } svyi_odk_forms;

const svyi_odk_forms *svyi_odk_forms_now(svyi_odk *odk);
void svyi_odk_forms_done(svyi_odk *odk, const svyi_odk_forms *forms);
/* The version as deployed, and that of a submission: an unknown or missing version gives the newest of the id only when `any` is 1. NULL when there is none. */
const svyi_odk_form *svyi_odk_form_find(const svyi_odk_forms *forms, const char *id, const char *version);
const svyi_odk_form *svyi_odk_form_of(const svyi_odk_forms *forms, const char *odk_id, const char *odk_version, int any);
/* forms.c: all of a study. */
svy_status svyi_odk_forms_read(svy_study *study, void (*tell)(void *user, const char *line), void *user, svyi_odk_forms **out, svy_error *err);
void svyi_odk_forms_free(svyi_odk_forms *forms);
#endif
