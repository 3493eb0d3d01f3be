/* The journal in the study file: adding events, rebuilding an interview from them, blanking what is not kept, reading them out. */
#include "store/store_priv.h"

#include <string.h>

int svyi_event_hide(const uint8_t key[SVYI_KEY], const svy_form *form, svy_event *e, char hashed[SVYI_HASHED_KEY])
{
    const char *item = e->item != NULL ? e->item : "";
    uint32_t index;

    if (e->action != SVY_DID_ANSWER || e->missing != SVY_PRESENT || !svy_form_find(form, item, strlen(item), &index) || svy_form_item(form, index)->type != SVY_T_KEY)
        return 0;
    svyi_keyed_hex(key, e->value, e->value_len, hashed);
    e->value = hashed;
    e->value_len = SVYI_HASHED_KEY - 1;
    return 1;
}

svy_status svyi_event_add(svy_study *s, int64_t number, const svy_form *form, const svy_event *event, svy_error *err)
{
    char hashed[SVYI_HASHED_KEY];
    svy_event hidden = *event;

    (void)svyi_event_hide(s->key, form, &hidden, hashed);
    return svyi_event_store(s, number, &hidden, err);
}

svy_status svyi_event_store(svy_study *s, int64_t number, const svy_event *e, svy_error *err)
{
    return svyi_db_run(s, Q_EVENT_ADD, SVYI_ARGS(svyi_arg_int(number), svyi_arg_int((int64_t)e->sequence), svyi_arg_int(e->moment.utc_ms), svyi_arg_int(e->moment.zone_minutes),
                                              svyi_arg_int(e->moment.mono_ms), svyi_arg_int(e->action), svyi_arg_text(e->item != NULL ? e->item : ""),
                                              svyi_arg_text(e->entry != NULL ? e->entry : ""), svyi_arg_text_n(e->value, e->value_len), svyi_arg_int(e->missing),
                                              svyi_arg_text(e->reason != NULL ? e->reason : "")), err);
}

svy_status svyi_in_time(const svy_study *s, uint64_t n, svy_error *err)
{
    enum { EVERY = 16 };

    if (s->until_ns == 0 || n % EVERY != 0 || svyi_processor_ns() < s->until_ns)
        return SVY_OK;
    return svyi_fail(err, SVY_E_LIMIT, "it takes too long to put it beside what is here, while others wait: it has to be tried again");
}

svy_status svyi_journal_replay(svy_study *s, int64_t number, const svy_form *form, const svy_journal *journal, svy_interview **out, svy_error *err)
{
    svyi_events it;
    svy_interview *iv;
    int found = 0;
    svy_status st = svy_interview_replay_begin(&s->alloc, form, journal, &iv, err);

    *out = NULL;
    if (st != SVY_OK)
        return st;
    if ((st = svyi_events_open(s, &it, 0, err)) == SVY_OK)
        st = svyi_events_of(&it, number, err);
    for (uint64_t n = 0; st == SVY_OK && (st = svyi_in_time(s, n, err)) == SVY_OK && (found = svyi_events_next(&it, err)) == 1; n++)
        st = svy_interview_replay(iv, &it.event, err);
    if (st == SVY_OK && found < 0)
        st = svyi_db_failed(err);
    svyi_events_close(&it);
    if (st != SVY_OK) {
        svy_interview_free(iv);
        return st;
    }
    *out = iv;
    return SVY_OK;
}

/* The digest of a journal whose events are rows: of their fields. */
static void add_fields(svyi_hasher *h, const svy_event *e, int erased)
{
    const int64_t numbers[] = { (int64_t)e->sequence, e->moment.utc_ms, e->moment.zone_minutes, e->moment.mono_ms, (int64_t)e->action, (int64_t)e->missing, erased };

    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++)
        svyi_hasher_number(h, numbers[i]);
    svyi_hasher_text(h, e->item);
    svyi_hasher_text(h, e->entry);
    svyi_hasher_bytes(h, e->value, e->value_len);
    svyi_hasher_text(h, e->reason);
}

void svyi_frames_digest(const uint8_t key[SVYI_KEY], const void *frames, size_t n, uint8_t digest[SVYI_HASH])
{
    svyi_hasher h;

    svyi_hasher_init(&h, key);
    svyi_hasher_text(&h, "frames");
    svyi_hasher_bytes(&h, frames, n);
    svyi_hasher_final(&h, digest);
}

svy_status svyi_events_digest(svy_study *s, int64_t number, const uint8_t key[SVYI_KEY], uint8_t digest[SVYI_HASH], svy_error *err)
{
    svyi_events it;
    svyi_hasher h;
    svyi_buffer frames;
    int found = 0;
    svy_status st = svyi_events_open(s, &it, 0, err);

    memset(digest, 0, SVYI_HASH);
    if (st == SVY_OK)
        st = svyi_events_of(&it, number, err);
    if (st != SVY_OK)
        return st;
    const int packed = it.at != NULL;
    svyi_buffer_init(&frames, &s->alloc);
    svyi_hasher_init(&h, key);
    while ((found = svyi_events_next(&it, err)) == 1)
        if (packed)
            svyi_packed_add(&frames, &it.event, it.erased);
        else
            add_fields(&h, &it.event, it.erased);
    svyi_events_close(&it);
    svyi_hasher_final(&h, digest);
    if (packed)
        svyi_frames_digest(key, frames.data, frames.len, digest);
    const int failed = frames.failed;
    svyi_buffer_clear(&frames);
    return found < 0 ? svyi_db_failed(err) : failed ? svyi_nomem(err) : SVY_OK;
}

/* What an early end leaves of an event: as the engine does with answers, plus whatever shows the way through questions that are not kept. */
int svyi_event_is_kept(const svy_form *form, uint32_t end, const svy_event *e)
{
    uint32_t item = 0, n = 0;
    const uint32_t *sections = svy_form_keep(form, end, &n);

    if (e->item[0] == '\0')
        return e->action != SVY_DID_OVERRIDE;
    if (!svy_form_find(form, e->item, strlen(e->item), &item))
        return 0;
    if (svy_form_item(form, item)->kind == SVY_EL_PARAMETER || item == end)
        return 1;
    for (uint32_t i = 0; i < n; i++)
        if (item >= sections[i] && item < svy_form_item(form, sections[i])->end)
            return 1;
    return 0;
}

/* Numbers of the events that an early end does not keep. */
static svy_status find_dropped(svy_study *s, int64_t number, const svy_form *form, uint32_t end, svyi_sequences *drop, svy_error *err)
{
    svyi_events it;
    int found = 0;
    svy_status st = svyi_events_open(s, &it, 0, err);

    if (st == SVY_OK)
        st = svyi_events_of(&it, number, err);
    while (st == SVY_OK && (found = svyi_events_next(&it, err)) == 1) {
        if (svyi_event_is_kept(form, end, &it.event))
            continue;
        if (svyi_grow(&s->alloc, &drop->numbers, &drop->capacity, drop->n + 1, sizeof *drop->numbers) != 0)
            st = svyi_nomem(err);
        else
            drop->numbers[drop->n++] = it.event.sequence;
    }
    svyi_events_close(&it);
    return st == SVY_OK && found < 0 ? svyi_db_failed(err) : st;
}

svy_status svyi_events_blank(svy_study *s, int64_t number, const svy_form *form, uint32_t end, int *blanked, svy_error *err)
{
    svyi_sequences drop = { .n = 0 };
    uint32_t keeps = 0;

    *blanked = 0;
    if (end != 0)
        svy_form_keep(form, end, &keeps);
    if (keeps == 0)
        return SVY_OK;
    svy_status st = find_dropped(s, number, form, end, &drop, err);
    if (st == SVY_OK && drop.n > 0)
        st = svyi_db_run(s, Q_ERASING_ADD, SVYI_ARGS(svyi_arg_int(number)), err);
    for (size_t i = 0; i < drop.n && st == SVY_OK; i++)
        st = svyi_db_run(s, Q_EVENT_BLANK, SVYI_ARGS(svyi_arg_int(number), svyi_arg_int((int64_t)drop.numbers[i])), err);
    if (st == SVY_OK && drop.n > 0)
        st = svyi_packed_blank(s, number, &drop, err);
    if (st == SVY_OK && drop.n > 0)
        st = svyi_db_run(s, Q_ERASING_DROP, NULL, 0, err);
    *blanked = drop.n > 0;
    svyi_release(&s->alloc, drop.numbers, drop.capacity * sizeof *drop.numbers);
    return st;
}
