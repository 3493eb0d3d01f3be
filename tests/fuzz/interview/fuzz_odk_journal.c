/* Replays journals that come from anywhere on forms with ODK's expressions. The first byte chooses whose behaviour counts. */
#include <stdint.h>

#include "interview/interview_priv.h"
#include "../../unit/interview/journal_text.h"
#include "../../unit/interview/make_odk.h"
#include "../../unit/interview/recorder.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const svy_form *the_form(int which)
{
    static const char *const COMPATS[] = { "strict", "collect", "web" };
    static form_maker m[3];

    if (m[which].form == NULL)
        m[which] = odk_everything(COMPATS[which]);
    return m[which].form;
}

static void expect_unchanged(const svy_interview *iv, const state *before)
{
    state after = state_of(iv);

    if (!state_same(before, &after))
        abort();
    free(after.bytes);
}

static void expect_settled(svy_interview *iv)
{
    svy_error err = SVY_ERROR_INIT;

    if (iv->s.sequence == 0 || iv->s.phase == SVY_COMPLETE)
        return;
    state before = state_of(iv);
    if (svyi_change_begin(iv, iv->s.moment, &err) != SVY_OK || svyi_settle_all(iv, &err) != SVY_OK)
        abort();
    expect_unchanged(iv, &before);
    svyi_change_back(iv);
    expect_unchanged(iv, &before);
    free(before.bytes);
}

static void replay_line(svy_interview *iv, char *line, recorder *kept)
{
    svy_error err = SVY_ERROR_INIT;
    svy_event event;

    if (!jt_parse(line, &event))
        return;
    if (strcmp(event.item, "a") == 0 && event.value_len > 2)
        return;                                      /* ten thousand entries that look at one another: slow, and nothing new */
    event.sequence = iv->s.sequence + 1;             /* or nothing after a lost line would ever fit */
    state before = state_of(iv);
    const svy_status st = svy_interview_replay(iv, &event, &err);
    if (st != SVY_OK) {
        if (st != SVY_E_FORMAT || err.message[0] == '\0')
            abort();
        expect_unchanged(iv, &before);
    } else if (rec_write(kept, &event, &err) != SVY_OK)
        abort();
    free(before.bytes);
}

static void read_all(svy_interview *iv)
{
    uint64_t cursor = 0;
    svy_problem p;
    char text[256];

    if (iv->s.sequence > 0 && svy_interview_submission(iv, NULL, 0) == 0)
        abort();
    while (svy_interview_next_problem(iv, &cursor, &p))
        (void)svy_interview_text(iv, p.place, SVY_LABEL, 1, text, sizeof text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    recorder kept = { .writes_left = -1 };
    svy_error err = SVY_ERROR_INIT;
    svy_interview *iv;

    if (size == 0)
        return 0;
    const svy_form *form = the_form(data[0] % 3);
    char *text = rec_copy((const char *)data + 1, size - 1 < 20000 ? size - 1 : 20000);
    if (svy_interview_replay_begin(NULL, form, NULL, &iv, &err) != SVY_OK)
        abort();
    for (char *line = text, *next; line != NULL; line = next) {
        next = strchr(line, '\n');
        if (next != NULL)
            *next++ = '\0';
        replay_line(iv, line, &kept);
    }
    read_all(iv);
    expect_settled(iv);
    state all = state_of(iv);
    svy_interview *again = rec_replay(&kept, kept.n, form, &err);
    if (again == NULL)
        abort();
    expect_unchanged(again, &all);
    svy_interview_free(again);
    svy_interview_free(iv);
    free(all.bytes);
    rec_free(&kept);
    free(text);
    return 0;
}
