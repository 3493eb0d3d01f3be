/* How the server answers ODK's clients. */
#ifndef SVY_SERVER_ODK_ANSWER_H
#define SVY_SERVER_ODK_ANSWER_H
#include "server/odk/odk.h"
#include "server/server_priv.h"

/* What ODK Collect takes as the size from which it splits a submission, when it is told nothing: small enough for a bad line. */
#define SVYI_ODK_PIECE "10000000"

/* The headers that every answer has. 0: the request speaks another version of OpenRosa, and was answered. */
int svyi_odk_headers(svyi_request *rq);
/* The envelope of OpenRosa: good 1 or 0. */
void svyi_odk_answer(svyi_request *rq, int status, int good, const char *sentence);
/* With the status that belongs to the error. */
void svyi_odk_answer_failed(svyi_request *rq, const svy_error *err);

/* POST /odk/submission, on a worker (submit.c). */
svyi_handler svyi_odk_submit;
#endif
