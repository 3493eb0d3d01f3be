/* The events of a submission that becomes a package: kept until it is known when each of them happened, then written. */
#include "exchange/submission/record.h"
#include "base/error.h"
#include <string.h>

void svyi_record_init(svyi_record *r, const svy_alloc *alloc)
{
    *r = (svyi_record){ .events = NULL };
    svyi_arena_init(&r->arena, alloc);
}

void svyi_record_clear(svyi_record *r)
{
    svyi_release(&r->arena.alloc, r->events, r->room * sizeof *r->events);
    svyi_arena_clear(&r->arena);
}

svy_status svyi_record_add(svyi_record *r, const svy_event *event, svy_error *err)
{
    if (r->n == r->room) {
        const size_t room = r->room * 2 + 64;
        svy_event *more = svyi_resize(&r->arena.alloc, r->events, r->room * sizeof *more, room * sizeof *more);
        if (more == NULL)
            return svyi_nomem(err);
        r->events = more;
        r->room = room;
    }
    svy_event e = *event;
    e.item = svyi_arena_text(&r->arena, event->item, strlen(event->item));
    e.entry = svyi_arena_text(&r->arena, event->entry, strlen(event->entry));
    e.value = svyi_arena_text(&r->arena, event->value, event->value_len);
    e.reason = svyi_arena_text(&r->arena, event->reason, strlen(event->reason));
    if (e.item == NULL || e.entry == NULL || e.value == NULL || e.reason == NULL)
        return svyi_nomem(err);
    r->events[r->n++] = e;
    return SVY_OK;
}

/* ---- writing ---- */

enum { HEAD, SITTING, EVENT, A_FILE };

static size_t write_frame(int kind, const void *what, void *out, size_t size)
{
    return kind == HEAD ? svy_package_write_head(what, out, size) : kind == SITTING ? svy_package_write_sitting(what, out, size)
         : kind == EVENT ? svy_package_write_event(what, out, size) : svy_package_write_file(what, out, size);
}

/* Frames say how long they are when they are asked to write nowhere. */
static void add(svyi_buffer *out, int kind, const void *what)
{
    char small[1024];
    const size_t n = write_frame(kind, what, small, sizeof small);
    if (n <= sizeof small) {
        svyi_buffer_add(out, small, n);
        return;
    }
    char *large = svyi_get(&out->alloc, n);
    if (large == NULL) {
        out->failed = 1;
        return;
    }
    write_frame(kind, what, large, n);
    svyi_buffer_add(out, large, n);
    svyi_release(&out->alloc, large, n);
}

static void add_sitting(svyi_buffer *out, const svyi_span *span, uint64_t first, const svy_submission_options *o)
{
    const svy_sitting s = { .first = first, .mode = SVY_MODE_ODK, .actor = span != NULL && span->actor[0] != '\0' ? span->actor : o->actor,
                            .organisation = o->organisation, .device = o->device, .agent = o->agent };
    add(out, SITTING, &s);
}

static void add_files(svyi_buffer *out, const svy_submission_options *o)
{
    static const uint8_t NOT_SEALED[32] = { 0 };
    for (size_t i = 0; i < o->n_files; i++) {
        const svy_package_file f = { o->files[i].name, o->files[i].media_type, o->files[i].size, o->files[i].sha256, NOT_SEALED };
        add(out, A_FILE, &f);
    }
}

svy_status svyi_record_package(const svyi_record *r, const svyi_span *spans, size_t n_spans, const svy_form *form, const svy_submission_options *o,
                               svyi_buffer *out, svy_error *err)
{
    const svy_package_head head = { o->uuid, svy_form_id(form), svy_form_version(form), svy_form_checksum(form), "", o->corrects, o->reason };
    char end[64];
    size_t at = 0;
    out->len = 0;
    add(out, HEAD, &head);
    if (n_spans == 0)
        add_sitting(out, NULL, 1, o);
    for (size_t i = 0; i < r->n; i++) {
        svy_event e = r->events[i];
        e.sequence = i + 1;
        for (; at < n_spans && spans[at].first <= i; at++)
            add_sitting(out, &spans[at], e.sequence, o);
        add(out, EVENT, &e);
    }
    add_files(out, o);
    svyi_buffer_add(out, end, svy_package_write_end(r->n, SVY_COMPLETE, end, sizeof end));
    return out->failed ? svyi_nomem(err) : SVY_OK;
}
