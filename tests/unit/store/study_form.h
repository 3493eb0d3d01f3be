/* A questionnaire with every kind of variable, built in memory, and a scratch study for tests of the study file. */
#ifndef SVY_TEST_STUDY_FORM_H
#define SVY_TEST_STUDY_FORM_H
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <survey/store.h>

typedef struct fixture_block { void *bytes; size_t size; } fixture_block;

static inline void fixture_report(void *user, const svy_diag *d)
{
    (void)user;
    if (d->severity == SVY_PROBLEM)
        fprintf(stderr, "line %d: %s: %s (%s)\n", d->line, d->element, d->found, d->advice);
}

/* Attributes as "name=value" texts, separated by |. Returns the element's number; ends the test program on failure. */
static inline uint32_t fixture_add(svy_builder *b, uint32_t parent, svy_element kind, const char *attributes, const char *label)
{
    char copy[1024];
    svy_attribute list[16];
    svy_error err = SVY_ERROR_INIT;
    uint32_t element = 0;
    size_t n = 0;
    static int line;

    snprintf(copy, sizeof copy, "%s", attributes);
    line = kind == SVY_EL_QUESTIONNAIRE ? 1 : line + 1;
    for (char *at = copy; at != NULL && *at != '\0';) {
        char *next = strchr(at, '|'), *equals = strchr(at, '=');
        if (next != NULL)
            *next++ = '\0';
        *equals = '\0';
        list[n++] = (svy_attribute){ at, equals + 1, line, 1 };
        at = next;
    }
    if (svy_builder_add(b, parent, kind, list, n, NULL, line, &element, &err) != SVY_OK ||
        (label != NULL && svy_builder_text(b, element, kind == SVY_EL_QUESTIONNAIRE || kind == SVY_EL_SECTION ? SVY_TITLE
                                                       : kind == SVY_EL_CHECK || kind == SVY_EL_END ? SVY_TEXT : SVY_LABEL, label, line, &err) != SVY_OK)) {
        fprintf(stderr, "fixture: %s\n", err.message);
        abort();
    }
    return element;
}

static inline void fixture_lists(svy_builder *b)
{
    uint32_t list = fixture_add(b, 0, SVY_EL_CHOICES, "id=yn", NULL);
    fixture_add(b, list, SVY_EL_CHOICE, "code=1", "Yes");
    fixture_add(b, list, SVY_EL_CHOICE, "code=2", "No");
    list = fixture_add(b, 0, SVY_EL_CHOICES, "id=channel", NULL);
    fixture_add(b, list, SVY_EL_CHOICE, "code=1", "A friend");
    fixture_add(b, list, SVY_EL_CHOICE, "code=3", "A union");
    fixture_add(b, list, SVY_EL_CHOICE, "code=7|other=true", "Somebody else");
    fixture_add(b, list, SVY_EL_CHOICE, "code=9|exclusive=true", "Nobody");
}

static inline void fixture_rosters(svy_builder *b)
{
    fixture_add(b, 0, SVY_EL_QUESTION, "id=household|type=integer|required=true", "How many others live here?");
    uint32_t member = fixture_add(b, 0, SVY_EL_ROSTER, "id=member|count=${household}", "The others");
    fixture_add(b, member, SVY_EL_QUESTION, "id=m_age|type=integer", "Age");
    fixture_add(b, member, SVY_EL_QUESTION, "id=m_name|type=text|sensitive=true", "First name");
    uint32_t job = fixture_add(b, member, SVY_EL_ROSTER, "id=job", "Jobs");
    fixture_add(b, job, SVY_EL_QUESTION, "id=j_title|type=text", "What job?");
    fixture_add(b, job, SVY_EL_QUESTION, "id=j_hours|type=decimal", "Hours a week");
}

/* `extra`: 0 version 1; 1 version 2 with one more question; 2 version 2 where age is text; 3 version 1 with another label. */
static inline fixture_block fixture_form(const char *id, int extra)
{
    svy_builder *b = NULL;
    svy_error err = SVY_ERROR_INIT;
    svy_diags diags = { fixture_report, NULL, 0, 0 };
    fixture_block block = { NULL, 0 };
    char head[128];

    if (svy_builder_new(NULL, "fixture.xml", &b, &err) != SVY_OK)
        abort();
    snprintf(head, sizeof head, "id=%s|version=%d|xml:lang=en", id, extra == 1 || extra == 2 ? 2 : 1);
    fixture_add(b, 0, SVY_EL_QUESTIONNAIRE, head, "A study");
    fixture_add(b, 0, SVY_EL_PARAMETER, "id=minwage|type=decimal|value=620.5", "Minimum wage");
    fixture_lists(b);
    uint32_t about = fixture_add(b, 0, SVY_EL_SECTION, "id=about", "About");
    fixture_add(b, about, SVY_EL_QUESTION, "id=centre|type=text|required=true", extra == 3 ? "Which centre?" : "Centre");
    fixture_add(b, 0, SVY_EL_QUESTION, "id=pkey|type=key", "Your code");
    fixture_add(b, 0, SVY_EL_QUESTION, "id=consent|type=single|choices=yn|required=true", "May we ask you?");
    fixture_add(b, 0, SVY_EL_END, "id=refusal|when=${consent} = 2|outcome=21|keep=about", "Thank you.");
    uint32_t age = fixture_add(b, 0, SVY_EL_QUESTION, extra == 2 ? "id=age|type=text" : "id=age|type=integer|required=true", "Age");
    if (extra != 2)
        fixture_add(b, age, SVY_EL_CHECK, "that=. >= 15 and . <= 99", "Between 15 and 99.");
    uint32_t wage = fixture_add(b, 0, SVY_EL_QUESTION, "id=wage|type=decimal", "Wage");
    fixture_add(b, wage, SVY_EL_CHECK, "that=. >= ${minwage}|severity=soft", "That is below the minimum wage.");
    fixture_add(b, 0, SVY_EL_QUESTION, "id=status|type=single|choices=yn|sensitive=true", "Have you asked for asylum?");
    fixture_add(b, 0, SVY_EL_QUESTION, "id=helped|type=multiple|choices=channel", "Who helped?");
    fixture_add(b, 0, SVY_EL_QUESTION, "id=born|type=date", "Born");
    fixture_add(b, 0, SVY_EL_QUESTION, "id=arrived|type=month", "Arrived");
    fixture_add(b, 0, SVY_EL_QUESTION, "id=since|type=year", "Since");
    fixture_add(b, 0, SVY_EL_QUESTION, "id=shift|type=time", "Shift");
    fixture_add(b, 0, SVY_EL_QUESTION, "id=seen|type=datetime", "Seen");
    fixture_add(b, 0, SVY_EL_QUESTION, "id=member_of|type=boolean", "Member?");
    fixture_add(b, 0, SVY_EL_QUESTION, "id=place|type=geopoint", "Where?");
    fixture_add(b, 0, SVY_EL_QUESTION, "id=words|type=text", "Anything else?");
    fixture_add(b, 0, SVY_EL_QUESTION, "id=why|type=text|relevant=${status} = 1", "Why?");
    if (extra == 1)
        fixture_add(b, 0, SVY_EL_QUESTION, "id=added|type=integer", "Added in version 2");
    fixture_rosters(b);
    if (extra != 2)
        fixture_add(b, 0, SVY_EL_COMPUTE, "id=twice|type=integer|value=${age} * 2", "Twice the age");
    if (svy_builder_compile(b, &diags, &block.bytes, &block.size, &err) != SVY_OK) {
        fprintf(stderr, "fixture: %s\n", err.message);
        abort();
    }
    svy_builder_free(b);
    return block;
}

/* A moment that moves on with every call, so that tests do not depend on the clock. */
static inline svy_moment fixture_now(void)
{
    static int64_t ms = 1774944000000;      /* 2026-03-31 08:00 UTC */

    ms += 1000;
    return (svy_moment){ ms, 180, ms - 1774944000000 };
}

static inline svy_place fixture_place(const svy_interview *iv, const char *id, const char *entry)
{
    svy_place place = { 0, 0 };

    if (!svy_form_find(svy_interview_form(iv), id, strlen(id), &place.item) || !svy_interview_find_entry(iv, entry, &place.entry))
        abort();
    return place;
}

/* Answers (or, with ":dk" and the like, records why there is no answer). */
static inline svy_status fixture_answer(svy_interview *iv, const char *id, const char *entry, const char *text, svy_error *err)
{
    svy_place place = fixture_place(iv, id, entry);

    if (strcmp(text, ":dk") == 0)
        return svy_interview_missing(iv, place, SVY_DONT_KNOW, fixture_now(), err);
    if (strcmp(text, ":ref") == 0)
        return svy_interview_missing(iv, place, SVY_REFUSED, fixture_now(), err);
    return svy_interview_answer(iv, place, text, strlen(text), "it is so", fixture_now(), NULL, err);
}

#endif
