/* A submission of ODK's clients as a package: what travels when an interview of ours does. It is read into an interview whose events are kept. */
#include "base/digest.h"
#include "base/error.h"
#include "exchange/submission/audit.h"
#include <string.h>

static const char REASON[] = "as it was collected";

static svy_status keep(void *user, const svy_event *event, svy_error *err) { return svyi_record_add(user, event, err); }

/* Random orders are those of the device, which nobody knows; the same submission always gives the same ones. */
static uint64_t seed_of(const char *uuid)
{
    unsigned char digest[SVYI_DIGEST];
    uint64_t seed = 0;
    svyi_digest("SHA-256", 7, uuid, strlen(uuid), digest);
    for (int i = 0; i < 8; i++)
        seed = seed << 8 | digest[i];
    return seed;
}

enum { MOST_TOLD = 20 };

/* What a check says, or what else stands in the way of an end. Without the answers that its sentence may hold: problems are kept where answers are not. */
static void tell_problem(const svy_form *form, const svy_problem *p, const char *source, svy_diags *diags)
{
    const svyi_where where = { .source = source, .element = svy_form_item_id(form, p->place.item) };
    const char *text = p->check == SVY_PROBLEM_REQUIRED ? "it has not been answered" : p->check == SVY_PROBLEM_NOT_OFFERED ? "what was chosen is not offered"
                     : svy_form_check_text(form, p->check, 0);
    svyi_report(diags, SVY_PROBLEM, SVY_E_INVALID, &where, "", "%s", text[0] != '\0' ? text : "a check fails");
}

static void tell_problems(svy_interview *iv, const char *source, svy_diags *diags, const char *otherwise)
{
    const svyi_where where = { .source = source };
    uint64_t cursor = 0;
    svy_problem p;
    int told = 0;
    while (told < MOST_TOLD && svy_interview_next_problem(iv, &cursor, &p)) {
        tell_problem(svy_interview_form(iv), &p, source, diags);
        told++;
    }
    if (told == 0)
        svyi_report(diags, SVY_PROBLEM, SVY_E_INVALID, &where, "", "%s", otherwise);
}

/* Clients do not ask for a reason when a note says that something is unlikely; the answers were collected so. */
static svy_status override_soft(svy_interview *iv, svy_moment now, svy_error *err)
{
    for (svy_status st = SVY_OK;;) {
        uint64_t cursor = 0;
        svy_problem p;
        int found = 0;
        while (!found && svy_interview_next_problem(iv, &cursor, &p))
            found = p.soft != 0;
        if (!found)
            return SVY_OK;
        if ((st = svy_interview_override(iv, p.check, p.entry, REASON, now, err)) != SVY_OK)
            return st;
    }
}

typedef struct conducting {
    const svy_form *form;
    const char *xml, *source; size_t len;
    const svy_submission_options *options;
    svyi_visits *audit;
    svy_diags *diags;
    svy_error *err;
} conducting;

static svy_status carry_out(const conducting *c, svy_interview *iv)
{
    svy_status st = svy_submission_read(iv, c->xml, c->len, c->source, c->options->now, c->options->limits, c->diags, c->err);
    if (st == SVY_OK)
        st = svyi_visits_show(c->audit, iv, c->options->now.zone_minutes, c->err);
    if (st != SVY_OK)
        return st;
    st = override_soft(iv, c->options->now, c->err);
    if (st == SVY_OK)
        st = svy_interview_complete(iv, c->options->now, c->err);
    if (st == SVY_E_INVALID)
        tell_problems(iv, c->source, c->diags, c->err != NULL && c->err->message[0] != '\0' ? c->err->message : "it is not complete");
    return st;
}

static svy_status conduct(const conducting *c, const svy_alloc *alloc, svyi_record *record, svyi_buffer *answers)
{
    svy_interview_options options = SVY_INTERVIEW_OPTIONS_INIT;
    svy_interview *iv = NULL;
    const char *properties[] = { "deviceid", c->options->device, "username", c->options->actor };
    options.seed = seed_of(c->options->uuid);
    options.tolerant = 1;
    options.journal = (svy_journal){ keep, record };
    options.parameters = c->options->parameters;
    options.n_parameters = c->options->n_parameters;
    options.properties = properties;
    options.n_properties = c->options->device[0] != '\0' || c->options->actor[0] != '\0' ? 2 : 0;
    svy_status st = svy_interview_new(alloc, c->form, &options, c->options->now, &iv, c->err);
    if (st == SVY_OK)
        st = carry_out(c, iv);
    if (st == SVY_OK)
        svyi_submission_answers(iv, answers);
    svy_interview_free(iv);
    return st;
}

/* With the log of the client the events get their times, and what was shown comes between them; without it all happened when it was received. */
static svy_status put_together(const conducting *c, const svy_alloc *alloc, svyi_record *record, const svyi_buffer *answers, svyi_buffer *package)
{
    const svy_status st = svyi_submission_timed(alloc, c->form, record, c->audit, c->options, answers, package, c->err);
    return st == SVY_E_STATE ? svyi_record_package(record, NULL, 0, c->form, c->options, package, c->err) : st;
}

svy_status svy_submission_package(const svy_alloc *alloc, const svy_form *form, const char *xml, size_t len, const char *source,
                                  const svy_submission_options *options, const svy_sink *to, svy_diags *diags, svy_error *err)
{
    SVY_REQUIRE(form != NULL && options != NULL && to != NULL && (xml != NULL || len == 0), err);
    svyi_visits audit;
    const conducting c = { form, xml, source != NULL ? source : "submission", len, options, &audit, diags, err };
    svyi_record record;
    svyi_buffer package, answers;
    svyi_record_init(&record, alloc);
    svyi_buffer_init(&package, alloc);
    svyi_buffer_init(&answers, alloc);
    svy_status st = svyi_visits_read(&audit, alloc, options->audit != NULL ? options->audit : "", options->audit != NULL ? options->audit_size : 0, err);
    if (st == SVY_OK)
        st = conduct(&c, alloc, &record, &answers);
    if (st == SVY_OK)
        st = put_together(&c, alloc, &record, &answers, &package);
    if (st == SVY_OK)
        st = to->write(to->user, package.data, package.len);
    svyi_buffer_clear(&answers);
    svyi_buffer_clear(&package);
    svyi_record_clear(&record);
    svyi_visits_clear(&audit);
    return st;
}
