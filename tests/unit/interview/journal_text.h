/* Journals as text, an event a line, so that they can be kept in files. */
#ifndef SVY_TEST_JOURNAL_TEXT_H
#define SVY_TEST_JOURNAL_TEXT_H
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <survey/interview.h>

static inline void jt_put(FILE *f, const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        const char c = text[i];
        if (c == '\n' || c == '\t' || c == '\\')
            fputc('\\', f);
        fputc(c == '\n' ? 'n' : c == '\t' ? 't' : c, f);
    }
}

static inline svy_status jt_write(void *user, const svy_event *e, svy_error *err)
{
    FILE *f = user;

    (void)err;
    fprintf(f, "%llu\t%lld\t%d\t%lld\t%d\t%s\t%s\t%d\t", (unsigned long long)e->sequence, (long long)e->moment.utc_ms, (int)e->moment.zone_minutes,
            (long long)e->moment.mono_ms, (int)e->action, e->item, e->entry, (int)e->missing);
    jt_put(f, e->value, e->value_len);
    fputc('\t', f);
    jt_put(f, e->reason, strlen(e->reason));
    fputc('\n', f);
    return ferror(f) ? SVY_E_IO : SVY_OK;
}

/* Takes the escapes out of a field, in place; returns its length. */
static inline size_t jt_unescape(char *text)
{
    char *to = text;

    for (const char *at = text; *at != '\0'; at++) {
        if (*at == '\\' && at[1] != '\0') {
            at++;
            *to++ = *at == 'n' ? '\n' : *at == 't' ? '\t' : *at;
        } else
            *to++ = *at;
    }
    *to = '\0';
    return (size_t)(to - text);
}

/* sequence utc zone mono action item entry missing value reason, with tabs between */
static inline int jt_parse(char *line, svy_event *e)
{
    char *field[10];
    size_t n = 0;

    line[strcspn(line, "\n")] = '\0';
    for (char *at = line; n < 10 && at != NULL; n++) {
        field[n] = at;
        at = strchr(at, '\t');
        if (at != NULL)
            *at++ = '\0';
    }
    if (n != 10)
        return 0;
    *e = (svy_event){ .sequence = strtoull(field[0], NULL, 10), .moment = { strtoll(field[1], NULL, 10), (int32_t)atoi(field[2]), strtoll(field[3], NULL, 10) },
                      .action = (svy_action)atoi(field[4]), .item = field[5], .entry = field[6], .missing = (svy_missing)atoi(field[7]),
                      .value = field[8], .reason = field[9] };
    e->value_len = (uint32_t)jt_unescape(field[8]);
    jt_unescape(field[9]);
    return 1;
}
#endif
