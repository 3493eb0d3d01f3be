/* Answers shown in wordings: LimeSurvey's {Q1} as ${Q1} of ours. */
#include "exchange/lss/priv.h"
#include <string.h>

/* The variable in braces at `at`, if it may be shown: a whole answer that is asked before the item at `place`. */
static const svyi_lss_variable *shown(const svyi_lss *s, const char *at, size_t len, size_t place)
{
    static const char *const ENDS[] = { ".NAOK", ".shown", ".code", ".value" };
    uint32_t number;
    for (size_t i = 0; i < sizeof ENDS / sizeof ENDS[0]; i++) {
        const size_t n = strlen(ENDS[i]);
        if (len > n && memcmp(at + len - n, ENDS[i], n) == 0)
            len -= n;
    }
    if (!svyi_map_find(&s->variables, at, len, &number))
        return NULL;
    const svyi_lss_variable *v = &s->variable[number];
    return v->code == NULL && v->place < place ? v : NULL;
}

static const char *fill(svyi_lss *s, const char *text, size_t place, const svyi_draft_item *item)
{
    svyi_buffer b;
    svyi_buffer_init(&b, &s->draft.arena.alloc);
    svyi_buffer_text(&b, "");
    int changed = 0;
    for (const char *at = text; *at != '\0';) {
        const char *end = *at == '{' ? strchr(at, '}') : NULL;
        const svyi_lss_variable *v = end != NULL ? shown(s, at + 1, (size_t)(end - at) - 1, place) : NULL;
        if (end != NULL && v == NULL && at[1] != ' ')
            svyi_draft_tell(&s->draft, SVY_WARNING, item->line, item->id, "write ${id} of a question that is asked before, or a text", "a wording shows something that cannot be shown here: %.*s",
                            (int)(end - at + 1 < 100 ? end - at + 1 : 100), at);
        if (v == NULL) {
            svyi_buffer_add(&b, at++, 1);
            continue;
        }
        svyi_buffer_text(&b, "${");
        svyi_buffer_text(&b, v->item->id);
        svyi_buffer_text(&b, "}");
        at = end + 1;
        changed = 1;
    }
    const char *out = !changed ? text : b.failed ? NULL : svyi_arena_text(&s->draft.arena, b.data, b.len);
    s->draft.failed |= out == NULL;
    svyi_buffer_clear(&b);
    return out != NULL ? out : text;
}

void svyi_lss_fills(svyi_lss *s)
{
    for (size_t i = 0; i < s->draft.n_items && !s->draft.failed; i++) {
        svyi_draft_item *item = s->draft.items[i];
        svyi_draft_text *const texts[] = { &item->label, &item->hint };
        for (size_t t = 0; t < sizeof texts / sizeof texts[0]; t++)
            for (size_t l = 0; texts[t]->in != NULL && l < s->draft.n_languages; l++)
                if (texts[t]->in[l] != NULL && strchr(texts[t]->in[l], '{') != NULL)
                    texts[t]->in[l] = fill(s, texts[t]->in[l], i, item);
    }
}
