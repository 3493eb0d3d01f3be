/* Paradata as CSV, one line for every event: written as it is read, so that no number of events takes memory. */
#include "store/people/people_priv.h"

#include <string.h>

#include "base/buffer.h"

static const char HEAD[] = "interview,sequence,utc,zone,monotonic_ms,mode,actor,device,node,entry,action,old,new,missing,reason,old_missing\n";

typedef struct writing {
    const svy_form *form;
    const svyi_events_limits *limits;
    svyi_write *write;
    void *user;
    svyi_buffer line;
    svy_error *err;
} writing;

/* 2026-03-31T07:15:00.123Z */
static void add_utc(svyi_buffer *b, int64_t utc_ms)
{
    const int64_t day = utc_ms >= 0 ? utc_ms / 86400000 : (utc_ms - 86399999) / 86400000;
    const svy_value date = { .kind = SVY_K_DATE, .missing = SVY_PRESENT, .number = (double)day };
    const unsigned ms = (unsigned)(utc_ms - day * 86400000);
    char text[40];

    svy_value_format(&date, text, sizeof text);
    svyi_buffer_format(b, "%sT%02u:%02u:%02u.%03uZ", text, ms / 3600000 % 24, ms / 60000 % 60, ms / 1000 % 60, ms % 1000);
}

/* Whether a spreadsheet would run the text. */
static int is_formula(const char *text, size_t len)
{
    return len > 0 && text[0] != '\0' && strchr("=+-@\t\r", text[0]) != NULL;
}

static void add_cell(writing *w, const char *text, size_t len, const char *end)
{
    const int formula = w->limits->safe && is_formula(text, len);
    const int quote = formula || memchr(text, ',', len) != NULL || memchr(text, '"', len) != NULL || memchr(text, '\n', len) != NULL || memchr(text, '\r', len) != NULL;

    svyi_buffer_text(&w->line, formula ? "\"'" : quote ? "\"" : "");
    for (const char *mark; quote && (mark = memchr(text, '"', len)) != NULL;) {
        const size_t n = (size_t)(mark - text) + 1;
        svyi_buffer_add(&w->line, text, n);
        svyi_buffer_text(&w->line, "\"");
        text += n;
        len -= n;
    }
    svyi_buffer_add(&w->line, text, len);
    svyi_buffer_text(&w->line, quote ? "\"" : "");
    svyi_buffer_text(&w->line, end);
}

static void add_text(writing *w, const char *text) { add_cell(w, text, strlen(text), ","); }

/* A key is nobody's who sees no contact data: not even as its digest, with which two studies could be joined. */
static int may_show(const writing *w, const svy_event *e)
{
    uint32_t item;

    if (!w->limits->sensitive && !svyi_paradata_shown(w->form, e->item))
        return 0;
    if (w->limits->no_remarks && (e->action == SVY_DID_REMARK || e->reason[0] != '\0'))
        return 0;
    return !w->limits->no_keys || e->item[0] == '\0' || (svy_form_find(w->form, e->item, strlen(e->item), &item) && svy_form_item(w->form, item)->type != SVY_T_KEY);
}

static void add_said(writing *w, const svy_paradata *p)
{
    const svy_event *e = p->event;
    const int show = may_show(w, e), old = show && p->old != NULL;

    add_cell(w, old ? p->old : "", old ? p->old_len : 0, ",");
    add_cell(w, show ? e->value : "", show ? e->value_len : 0, ",");
    add_text(w, show ? svy_missing_name(e->missing) : "");
    add_text(w, show ? e->reason : "");
    add_cell(w, old ? svy_missing_name(p->old_missing) : "", old ? strlen(svy_missing_name(p->old_missing)) : 0, "\n");
}

static svy_status put_event(void *user, const svy_paradata *p)
{
    writing *w = user;
    const svy_event *e = p->event;

    w->line.len = 0;
    add_text(w, p->interview);
    svyi_buffer_format(&w->line, "%llu,", (unsigned long long)e->sequence);
    add_utc(&w->line, e->moment.utc_ms);
    svyi_buffer_format(&w->line, ",%d,%lld,", (int)e->moment.zone_minutes, (long long)e->moment.mono_ms);
    add_text(w, svy_mode_name(p->sitting->mode));
    add_text(w, p->sitting->actor);
    add_text(w, p->sitting->device);
    add_text(w, e->item);
    add_text(w, e->entry);
    add_text(w, svy_action_name(e->action));
    add_said(w, p);
    return w->line.failed ? svyi_nomem(w->err) : w->write(w->user, w->line.data, w->line.len, w->err);
}

svy_status svyi_events_write(svy_study *s, const char *form, const svyi_events_limits *limits, svyi_write *write, void *user, svy_error *err)
{
    writing w = { .limits = limits, .write = write, .user = user, .err = err };
    svyi_version *v;
    svy_status st;

    SVY_REQUIRE(s != NULL && write != NULL, err);
    if ((st = svyi_version_newest(s, form, &v, err)) != SVY_OK || (st = write(user, HEAD, sizeof HEAD - 1, err)) != SVY_OK)
        return st;
    w.form = v->form;
    svyi_buffer_init(&w.line, &s->alloc);
    st = svyi_events_tell(s, form, NULL, limits->organisation, put_event, &w, err);
    svyi_buffer_clear(&w.line);
    return st;
}

svy_status svy_study_events_write(svy_study *s, const char *form, int sensitive, int safe, svy_status (*write)(void *user, const void *bytes, size_t len, svy_error *err),
                                  void *user, svy_error *err)
{
    return svyi_events_write(s, form, &(svyi_events_limits){ .sensitive = sensitive, .safe = safe }, write, user, err);
}
