/* Replays journals that come from anywhere. An event that does not fit changes nothing; those that fit, replayed alone, give the same state;
   and evaluating everything anew changes nothing. */
#include <stdint.h>

#include "interview/interview_priv.h"
#include "../../unit/interview/journal_text.h"
#include "../../unit/interview/make_form.h"
#include "../../unit/interview/recorder.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const svy_form *the_form(void)
{
    static form_maker m;

    if (m.form == NULL)
        m = fm_everything();
    return m.form;
}

static void expect_unchanged(svy_interview *iv, const state *before)
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
    if (strcmp(event.item, "size") == 0 && event.value_len > 2)
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

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    recorder kept = { .writes_left = -1 };
    svy_error err = SVY_ERROR_INIT;
    svy_interview *iv;
    char *text = rec_copy((const char *)data, size < 20000 ? size : 20000);

    if (svy_interview_replay_begin(NULL, the_form(), NULL, &iv, &err) != SVY_OK)
        abort();
    for (char *line = text, *next; line != NULL; line = next) {
        next = strchr(line, '\n');
        if (next != NULL)
            *next++ = '\0';
        replay_line(iv, line, &kept);
    }
    expect_settled(iv);
    state all = state_of(iv);
    svy_interview *again = rec_replay(&kept, kept.n, the_form(), &err);
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
