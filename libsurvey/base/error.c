/* Fills in svy_error and hands problems to svy_diags; nothing here allocates, so reporting never fails. */
#include "base/error.h"

#include <stdio.h>

enum { REPORT_SIZE = 1024 };   /* longest sentence of a report, with the NUL */

const char *svy_status_text(svy_status st)
{
    static const char *const TEXT[] = {
        [SVY_OK] = "ok",
        [SVY_E_NOMEM] = "out of memory",
        [SVY_E_ARG] = "invalid argument",
        [SVY_E_SYNTAX] = "syntax error",
        [SVY_E_LIMIT] = "limit exceeded",
        [SVY_E_NAME] = "name error",
        [SVY_E_TYPE] = "type error",
        [SVY_E_VALUE] = "value not allowed",
        [SVY_E_FORMAT] = "damaged or foreign file",
        [SVY_E_IO] = "input or output failed",
        [SVY_E_BUSY] = "busy",
        [SVY_E_STATE] = "not possible now",
        [SVY_E_NUMERIC] = "no number can be computed",
        [SVY_E_INVALID] = "input has problems",
    };
    const size_t i = (size_t)st;

    return i < sizeof TEXT / sizeof TEXT[0] ? TEXT[i] : "unknown status";
}

/* Takes off the last bytes of a text that was cut in the middle of a UTF-8 sequence. */
static void trim_cut(char *text, size_t size, int wanted)
{
    size_t end = size - 1, start;

    if (wanted < 0 || (size_t)wanted < size)
        return;                                 /* nothing was cut */
    for (start = end; start > 0 && ((unsigned char)text[start - 1] & 0xC0) == 0x80; start--)
        ;
    if (start == 0 || ((unsigned char)text[start - 1] & 0xC0) != 0xC0)
        return;                                 /* ends in ASCII, or is not UTF-8 */
    const unsigned char lead = (unsigned char)text[start - 1];
    const size_t length = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
    if (end - (start - 1) < length)
        text[start - 1] = '\0';
}

static void vformat(char *out, size_t size, const char *fmt, va_list ap) SVY_PRINTF(3, 0);
static void vformat(char *out, size_t size, const char *fmt, va_list ap)
{
    const int wanted = vsnprintf(out, size, fmt, ap);

    if (wanted < 0)
        out[0] = '\0';
    trim_cut(out, size, wanted);
}

static void copy_text(char *out, size_t size, const char *text)
{
    trim_cut(out, size, snprintf(out, size, "%s", text != NULL ? text : ""));
}

/* Whether `err` wants to be filled; the caller may have compiled a smaller struct that we must not overrun. */
static int fillable(const svy_error *err)
{
    return err != NULL && err->size >= sizeof *err;
}

svy_status svyi_fail(svy_error *err, svy_status code, const char *fmt, ...)
{
    if (!fillable(err))
        return code;
    err->code = code;
    err->line = err->column = err->length = 0;
    err->source[0] = '\0';
    va_list ap;
    va_start(ap, fmt);
    vformat(err->message, sizeof err->message, fmt, ap);
    va_end(ap);
    return code;
}

svy_status svyi_fail_at(svy_error *err, svy_status code, const char *source,
                        int line, int column, int length, const char *fmt, ...)
{
    if (!fillable(err))
        return code;
    err->code = code;
    err->line = line;
    err->column = column;
    err->length = column > 0 && length < 1 ? 1 : length;
    copy_text(err->source, sizeof err->source, source);
    va_list ap;
    va_start(ap, fmt);
    vformat(err->message, sizeof err->message, fmt, ap);
    va_end(ap);
    return code;
}

svy_status svyi_nomem(svy_error *err)
{
    return svyi_fail(err, SVY_E_NOMEM, "out of memory");
}

void svyi_report(svy_diags *diags, svy_severity severity, svy_status code, const svyi_where *where,
                 const char *advice, const char *fmt, ...)
{
    if (diags == NULL)
        return;
    if (severity == SVY_PROBLEM)
        diags->problems++;
    else if (severity == SVY_WARNING)
        diags->warnings++;
    if (diags->report == NULL)
        return;

    char found[REPORT_SIZE];
    va_list ap;
    va_start(ap, fmt);
    vformat(found, sizeof found, fmt, ap);
    va_end(ap);
    const svyi_where nowhere = { .source = NULL };
    const svyi_where *at = where != NULL ? where : &nowhere;
    const svy_diag d = {
        .severity = severity, .code = code,
        .source = at->source != NULL ? at->source : "", .line = at->line, .column = at->column,
        .element = at->element != NULL ? at->element : "",
        .found = found, .advice = advice != NULL ? advice : "",
    };
    diags->report(diags->user, &d);
}
