/* A questionnaire while another program's file is read into it: items, lists, ids, wordings. */
#include "exchange/lss/draft.h"
#include "base/text.h"
#include "exchange/file.h"
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { LONGEST_ID = 64, LONGEST_CODE = 64, MOST_MADE = 128 << 20 };

void svyi_draft_init(svyi_draft *d, const svy_alloc *alloc, const char *source, svy_diags *diags, svy_error *err)
{
    *d = (svyi_draft){ .source = source, .diags = diags, .err = err, .id = "questionnaire" };
    svyi_arena_init(&d->arena, alloc);
    svyi_map_init(&d->ids, &d->arena.alloc);
    svyi_map_init(&d->by_id, &d->arena.alloc);
    d->root = svyi_arena_get(&d->arena, sizeof *d->root);
    d->failed = d->root == NULL;
}

void svyi_draft_clear(svyi_draft *d)
{
    svyi_map_clear(&d->ids);
    svyi_map_clear(&d->by_id);
    svyi_release(&d->arena.alloc, d->items, d->items_capacity * sizeof *d->items);
    svyi_arena_clear(&d->arena);
}

void svyi_native_files_clear(svyi_native_files *f) { svyi_arena_clear(&f->arena); }

char *svyi_draft_join(svyi_draft *d, const char *a, const char *b, const char *c)
{
    const size_t n = strlen(a), m = strlen(b), k = strlen(c);
    d->made += n + m + k;
    d->over |= d->made > MOST_MADE;
    char *out = d->over ? NULL : svyi_arena_get(&d->arena, n + m + k + 1);
    d->failed |= out == NULL;
    if (out != NULL) {
        memcpy(out, a, n);
        memcpy(out + n, b, m);
        memcpy(out + n + m, c, k);
    }
    return out;
}

svy_status svyi_draft_failure(const svyi_draft *d)
{
    if (!d->over)
        return svyi_nomem(d->err);
    return svyi_fail_at(d->err, SVY_E_LIMIT, d->source, 0, 0, 0, "the conditions in this file are too long or too many: at most %d bytes are made of them", MOST_MADE);
}

void svyi_draft_tell(svyi_draft *d, svy_severity severity, int line, const char *element, const char *advice, const char *fmt, ...)
{
    char found[400];
    va_list args;
    const svyi_where where = { d->source, line, 0, element };
    va_start(args, fmt);
    vsnprintf(found, sizeof found, fmt, args);
    va_end(args);
    size_t len = strlen(found), at = 0;
    for (size_t before = 0; at < len; before = at)           /* a character that was cut off */
        if (svyi_utf8_next(found, len, &at) == 0xFFFD && at == before + 1)
            found[before] = '?';
    for (char *c = found; *c != '\0'; c++)
        if ((unsigned char)*c < 0x20)
            *c = ' ';
    svyi_report(d->diags, severity, severity == SVY_PROBLEM ? SVY_E_FORMAT : SVY_OK, &where, advice, "%s", found);
    if (severity == SVY_PROBLEM)
        svyi_fail_at(d->err, SVY_E_INVALID, d->source, line, 0, 0, "%s", found);
}

size_t svyi_draft_language(svyi_draft *d, const char *name)
{
    const size_t most = sizeof d->languages / sizeof d->languages[0];
    const char *tag = svyi_is_tag(name, strlen(name)) ? name : "und";
    for (size_t i = 0; i < d->n_languages; i++)
        if (strcmp(d->languages[i], tag) == 0)
            return i;
    if (d->n_languages == most)
        return 0;
    const char *own = svyi_arena_text(&d->arena, tag, strlen(tag));
    d->failed |= own == NULL;
    d->languages[d->n_languages] = own != NULL ? own : "und";
    return d->n_languages++;
}

static int is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }

const char *svyi_draft_id(svyi_draft *d, const char *name)
{
    char id[LONGEST_ID + 1], folded[LONGEST_ID + 1];
    size_t n = 0;
    if (!is_letter(*name))
        id[n++] = '_';
    for (; *name != '\0' && n < LONGEST_ID - 6; name++)
        id[n++] = is_letter(*name) || (*name >= '0' && *name <= '9') || *name == '-' ? *name : '_';
    for (unsigned count = 1; count < 100000; count++) {
        uint32_t one = 1;
        snprintf(id + n, sizeof id - n, count > 1 ? "_%u" : "%.0u", count > 1 ? count : 0);
        size_t len = strlen(id);
        for (size_t i = 0; i <= len; i++)
            folded[i] = id[i] >= 'A' && id[i] <= 'Z' ? (char)(id[i] | 0x20) : id[i];
        if (svyi_map_find(&d->ids, folded, len, &one))
            continue;
        char *key = svyi_arena_text(&d->arena, folded, len), *own = svyi_arena_text(&d->arena, id, len);
        one = 1;
        d->failed |= key == NULL || own == NULL || svyi_map_add(&d->ids, key, len, &one) < 0;
        return own != NULL ? own : "";
    }
    d->failed = 1;
    return "";
}

static int is_taken(const svyi_draft_list *list, const char *code)
{
    for (const svyi_draft_choice *c = list->first; c != NULL; c = c->next)
        if (strcmp(c->code, code) == 0)
            return 1;
    return 0;
}

/* A code of ours: blanks become _; "" becomes "_"; a number is added where it is taken. */
static const char *code_for(svyi_draft *d, const svyi_draft_list *list, const char *code)
{
    char out[LONGEST_CODE + 1];
    size_t n = 0;
    const size_t len = strlen(code);
    for (size_t at = 0; at < len;) {
        const size_t from = at;
        const uint32_t c = svyi_utf8_next(code, len, &at);
        if (n + (at - from) > LONGEST_CODE - 4)
            break;
        if (c <= 0x20 || c == '"' || svyi_is_space(c)) {
            out[n++] = '_';
            continue;
        }
        memcpy(out + n, code + from, at - from);
        n += at - from;
    }
    if (n == 0)
        out[n++] = '_';
    out[n] = '\0';
    const size_t clean = n;
    for (unsigned count = 2; is_taken(list, out) && count < 1000; count++)
        n = clean + (size_t)snprintf(out + clean, sizeof out - clean, "%u", count);
    char *own = svyi_arena_text(&d->arena, out, n);
    d->failed |= own == NULL;
    return own != NULL ? own : "";
}

svyi_draft_item *svyi_draft_add(svyi_draft *d, svyi_draft_item *parent, svyi_draft_kind kind, const char *id, int line)
{
    svyi_draft_item *item = svyi_arena_get(&d->arena, sizeof *item);
    uint32_t number = (uint32_t)d->n_items;
    if (item == NULL || svyi_grow(&d->arena.alloc, &d->items, &d->items_capacity, d->n_items + 1, sizeof *d->items) != 0 ||
        svyi_map_add(&d->by_id, id, strlen(id), &number) < 0) {
        d->failed = 1;
        return NULL;
    }
    d->items[d->n_items++] = item;
    *item = (svyi_draft_item){ .kind = kind, .id = id, .type = "text", .line = line, .parent = parent };
    if (parent->last != NULL)
        parent->last->next = item;
    else
        parent->first = item;
    parent->last = item;
    return item;
}

svyi_draft_list *svyi_draft_new_list(svyi_draft *d, const char *name)
{
    svyi_draft_list *list = svyi_arena_get(&d->arena, sizeof *list);
    if (list == NULL) {
        d->failed = 1;
        return NULL;
    }
    list->id = svyi_draft_id(d, name);
    if (d->last_list != NULL)
        d->last_list->next = list;
    else
        d->lists = list;
    d->last_list = list;
    return list;
}

svyi_draft_choice *svyi_draft_choose(svyi_draft *d, svyi_draft_list *list, const char *code)
{
    for (svyi_draft_choice *c = list->first; c != NULL; c = c->next)
        if (strcmp(c->was, code) == 0)
            return c;
    svyi_draft_choice *choice = svyi_arena_get(&d->arena, sizeof *choice);
    if (choice == NULL) {
        d->failed = 1;
        return NULL;
    }
    choice->code = code_for(d, list, code);
    choice->was = code;
    if (list->last != NULL)
        list->last->next = choice;
    else
        list->first = choice;
    list->last = choice;
    return choice;
}

svyi_draft_check *svyi_draft_add_check(svyi_draft *d, svyi_draft_item *item, const char *that)
{
    svyi_draft_check *check = svyi_arena_get(&d->arena, sizeof *check), **last = &item->checks;
    if (check == NULL) {
        d->failed = 1;
        return NULL;
    }
    check->that = that;
    while (*last != NULL)
        last = &(*last)->next;
    *last = check;
    return check;
}

/* ---- wordings ---- */

static size_t entity(const char *at, svyi_buffer *out)
{
    static const struct { const char *name; uint32_t c; } NAMED[] = {
        { "&nbsp;", ' ' }, { "&amp;", '&' }, { "&lt;", '<' }, { "&gt;", '>' }, { "&quot;", '"' }, { "&apos;", '\'' }, { "&#39;", '\'' }, { "&eacute;", 0xE9 },
        { "&egrave;", 0xE8 }, { "&agrave;", 0xE0 }, { "&auml;", 0xE4 }, { "&ouml;", 0xF6 }, { "&uuml;", 0xFC }, { "&szlig;", 0xDF }, { "&Auml;", 0xC4 },
        { "&Ouml;", 0xD6 }, { "&Uuml;", 0xDC }, { "&ndash;", 0x2013 }, { "&mdash;", 0x2014 }, { "&lsquo;", 0x2018 }, { "&rsquo;", 0x2019 }, { "&ldquo;", 0x201C },
        { "&rdquo;", 0x201D }, { "&bdquo;", 0x201E }, { "&hellip;", 0x2026 }, { "&euro;", 0x20AC }, { "&ccedil;", 0xE7 }, { "&ntilde;", 0xF1 }
    };
    char utf8[4];
    for (size_t i = 0; i < sizeof NAMED / sizeof NAMED[0]; i++)
        if (strncmp(at, NAMED[i].name, strlen(NAMED[i].name)) == 0) {
            svyi_buffer_add(out, utf8, svyi_utf8_put(NAMED[i].c, utf8));
            return strlen(NAMED[i].name);
        }
    svyi_buffer_text(out, "&");
    return 1;
}

/* End of the tag at `at`, 0 when it is just a sign. What stands in <script> and <style> is no wording. */
static size_t tag(const char *at)
{
    static const char *const SILENT[] = { "script", "style" };
    const char *end = strchr(at, '>');
    if (end == NULL || !(is_letter(at[1]) || at[1] == '/' || at[1] == '!'))
        return 0;
    for (size_t i = 0; i < 2; i++) {
        const size_t n = strlen(SILENT[i]);
        if (strncmp(at + 1, SILENT[i], n) != 0)
            continue;
        const char *close = strstr(end, SILENT[i]);
        end = close != NULL && strchr(close, '>') != NULL ? strchr(close, '>') : end;
    }
    return (size_t)(end - at) + 1;
}

void svyi_draft_say(svyi_draft *d, svyi_draft_text *text, size_t language, const char *words)
{
    svyi_buffer b;
    svyi_buffer_init(&b, &d->arena.alloc);
    svyi_buffer_text(&b, "");
    for (const char *at = words; *at != '\0';) {
        const size_t skipped = *at == '<' ? tag(at) : 0;
        if (skipped > 0) {
            svyi_buffer_text(&b, " ");
            at += skipped;
        } else if (*at == '&') {
            at += entity(at, &b);
        } else {
            const char c = *at == '\t' || *at == '\n' || *at == '\r' ? ' ' : *at;
            if (c == '{' && b.len > 0 && b.data[b.len - 1] == '$')
                svyi_buffer_text(&b, " ");         /* it would show an answer */
            if (c != ' ' || (b.len > 0 && b.data[b.len - 1] != ' '))
                svyi_buffer_add(&b, &c, 1);
            at++;
        }
        while (b.len > 1 && b.data[b.len - 1] == ' ' && b.data[b.len - 2] == ' ')
            b.len--;
    }
    while (b.len > 0 && b.data[b.len - 1] == ' ')
        b.len--;
    size_t from = 0;
    while (from < b.len && b.data[from] == ' ')
        from++;
    if (text->in == NULL)
        text->in = svyi_arena_get(&d->arena, sizeof d->languages / sizeof d->languages[0] * sizeof *text->in);
    if (text->in != NULL && !b.failed && b.len > from)
        text->in[language] = svyi_arena_text(&d->arena, b.data + from, b.len - from);
    d->failed |= b.failed || text->in == NULL || (b.len > from && text->in[language] == NULL);
    svyi_buffer_clear(&b);
}
