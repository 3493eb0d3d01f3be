/* From a package to the interview that it tells of. */
#include <string.h>
#include <survey/package.h>

#include "base/error.h"

typedef struct replaying { const svy_form *form; svy_interview *iv; } replaying;

static svy_status take_head(void *user, const svy_package_head *head, svy_error *err)
{
    const svy_form *form = ((replaying *)user)->form;

    if (strcmp(head->form, svy_form_id(form)) != 0 || strcmp(head->version, svy_form_version(form)) != 0)
        return svyi_fail(err, SVY_E_FORMAT, "the package is of form '%.60s', version '%.60s', not of '%.60s', version '%.60s'", head->form, head->version,
                         svy_form_id(form), svy_form_version(form));
    if (head->checksum != svy_form_checksum(form))
        return svyi_fail(err, SVY_E_FORMAT, "the package is of another form '%.60s' that has the same version '%.60s'", head->form, head->version);
    return SVY_OK;
}

static svy_status take_event(void *user, const svy_event *event, svy_error *err)
{
    return svy_interview_replay(((replaying *)user)->iv, event, err);
}

static svy_status take_end(void *user, uint64_t events, svy_phase phase, svy_error *err)
{
    (void)events;
    if (svy_interview_phase(((replaying *)user)->iv) != phase)
        return svyi_fail(err, SVY_E_FORMAT, "the end of the package tells another phase than its events lead to");
    return SVY_OK;
}

svy_status svy_package_replay(const svy_alloc *alloc, const svy_form *form, const void *bytes, size_t n, int draft,
                              const svy_journal *journal, svy_interview **out, svy_error *err)
{
    SVY_REQUIRE(out != NULL, err);
    *out = NULL;
    SVY_REQUIRE(form != NULL, err);
    replaying r = { .form = form };
    const svy_package_reader to = { .head = take_head, .event = take_event, .end = take_end, .user = &r };
    svy_status st = svy_interview_replay_begin(alloc, form, journal, &r.iv, err);

    if (st == SVY_OK) {
        svy_interview_audit_begin(r.iv);
        st = svy_package_read(bytes, n, draft, &to, err);
    }
    if (st == SVY_OK && svy_interview_sequence(r.iv) == 0)
        st = svyi_fail(err, SVY_E_FORMAT, "the package holds no events");
    if (st != SVY_OK)
        svy_interview_free(r.iv);
    else
        *out = r.iv;
    return st;
}
