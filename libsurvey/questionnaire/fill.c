/* Putting answers into texts: ${id} becomes what the caller writes for that item. */
#include <string.h>

#include <survey/questionnaire.h>

typedef struct output { char *out; size_t size, need; } output;

/* Room that is left, and where. */
static char *rest(const output *o, size_t *size)
{
    *size = o->need < o->size ? o->size - o->need : 0;
    return *size > 0 ? o->out + o->need : NULL;
}

static void put(output *o, const char *text, size_t len)
{
    size_t room;
    char *to = rest(o, &room);

    if (room > 1)
        memcpy(to, text, len < room - 1 ? len : room - 1);
    o->need += len;
}

static int is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* The id in "${ id }" at `text`; *after behind it. 0 when it is no fill. */
static int read_fill(const char *text, const char **id, size_t *len, const char **after)
{
    const char *from = text + 2, *end = strchr(from, '}');

    if (end == NULL)
        return 0;
    *after = end + 1;
    while (from < end && is_blank(*from))
        from++;
    while (end > from && is_blank(end[-1]))
        end--;
    *id = from;
    *len = (size_t)(end - from);
    return *len > 0;
}

size_t svy_form_fill(const svy_form *f, const char *text, size_t (*get)(void *user, uint32_t item, char *out, size_t size), void *user,
                     char *out, size_t size)
{
    output o = { .out = out, .size = size };
    const char *id, *after;
    size_t len, room;
    uint32_t item;

    for (const char *open = strstr(text, "${"); open != NULL; open = strstr(text, "${")) {
        put(&o, text, (size_t)(open - text));
        if (read_fill(open, &id, &len, &after) && svy_form_find(f, id, len, &item)) {
            char *to = rest(&o, &room);
            o.need += get(user, item, to, room);
        } else {
            after = open + 2;
            put(&o, open, 2);
        }
        text = after;
    }
    put(&o, text, strlen(text));
    if (size > 0)
        out[o.need < size ? o.need : size - 1] = '\0';
    return o.need;
}
