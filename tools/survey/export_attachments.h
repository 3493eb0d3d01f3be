/* Files of submitted interviews (photos, sound, signatures) in an export: a folder, and the table that says what each is. */
#ifndef SURVEY_EXPORT_ATTACHMENTS_H
#define SURVEY_EXPORT_ATTACHMENTS_H
#include <survey/store.h>

typedef struct export_attachment_options { const char *form; int sensitive, safe, quiet; } export_attachment_options;

/* 1 when there is neither the folder nor what is left of one that broke off; otherwise says so. */
int export_attachments_fresh(const char *folder);
/* Writes `folder` and `folder`.csv: both, or neither. @return an exit status */
int export_attachments(svy_study *study, const char *folder, const export_attachment_options *o);
#endif
