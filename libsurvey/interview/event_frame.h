/* The body of an event's frame, which packages and the study file share (docs/formats/package.md). */
#ifndef SVY_INTERVIEW_EVENT_FRAME_H
#define SVY_INTERVIEW_EVENT_FRAME_H
#include <survey/interview.h>

/* The event of the body that lies from `at` to `end`; its texts are borrowed from there. @return SVY_OK, SVY_E_FORMAT */
svy_status svyi_event_read(const uint8_t *at, const uint8_t *end, svy_event *event, svy_error *err);
#endif
