/* A terminal as a stream of lines: wrapping, styles, reading. */
#define _XOPEN_SOURCE 700
#define _DEFAULT_SOURCE
#include "terminal.h"
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include <wchar.h>

enum { LONGEST_LINE = 64 * 1024, NARROWEST = 20, WIDEST = 100 };

void terminal_init(terminal *t)
{
    struct winsize size;
    const char *term = getenv("TERM"), *no_colour = getenv("NO_COLOR");
    /* Character widths only: numbers are never read or written through the locale. */
    if (setlocale(LC_CTYPE, "") == NULL || MB_CUR_MAX == 1)
        setlocale(LC_CTYPE, "C.UTF-8");
    *t = (terminal){ .interactive = isatty(STDIN_FILENO), .width = 80 };
    int out = isatty(STDOUT_FILENO);
    t->colour = out && (no_colour == NULL || no_colour[0] == '\0') && (term == NULL || strcmp(term, "dumb") != 0);
    if (out && ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col >= NARROWEST)
        t->width = size.ws_col < WIDEST ? size.ws_col : WIDEST;
}

void terminal_clear(terminal *t)
{
    free(t->line);
    t->line = NULL;
}

static const char *style_begin(const terminal *t, terminal_style style)
{
    static const char *const CODES[] = { [PLAIN] = "", [STRONG] = "\033[1m", [QUIET] = "\033[2m", [ALERT] = "\033[1;33m" };
    return t->colour ? CODES[style] : "";
}

static const char *style_end(const terminal *t, terminal_style style)
{
    return t->colour && style != PLAIN ? "\033[0m" : "";
}

/* A control character in an answer must not reach the terminal as a command. */
static void put_safely(const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++)
        putchar((unsigned char)text[i] < 0x20 && text[i] != '\n' && text[i] != '\t' ? ' ' : text[i]);
}

void terminal_write(const terminal *t, terminal_style style, const char *text)
{
    fputs(style_begin(t, style), stdout);
    put_safely(text, strlen(text));
    fputs(style_end(t, style), stdout);
}

static int columns_of(const char *text, size_t len)
{
    int columns = 0;
    mbstate_t state = { 0 };
    while (len > 0) {
        wchar_t c;
        size_t n = mbrtowc(&c, text, len, &state);
        if (n == 0 || n > len) {          /* not a character: count a byte as one */
            n = 1;
            c = L'?';
            state = (mbstate_t){ 0 };
        }
        int w = wcwidth(c);
        columns += w > 0 ? w : 0;
        text += n;
        len -= n;
    }
    return columns;
}

void terminal_paragraph(const terminal *t, terminal_style style, int indent, const char *lead, const char *text)
{
    int at = columns_of(lead, strlen(lead));
    fputs(style_begin(t, style), stdout);
    put_safely(lead, strlen(lead));
    for (; at < indent; at++)
        putchar(' ');
    int start = 1;
    while (*text != '\0') {
        size_t word = strcspn(text, " \n");
        int columns = columns_of(text, word);
        if (!start && at + 1 + columns > t->width) {
            printf("\n%*s", indent, "");
            at = indent;
            start = 1;
        }
        if (!start) {
            putchar(' ');
            at++;
        }
        put_safely(text, word);
        at += columns;
        start = 0;
        text += word;
        if (*text == '\n') {
            printf("\n%*s", indent, "");
            at = indent;
            start = 1;
        }
        if (*text != '\0')
            text++;
    }
    fputs(style_end(t, style), stdout);
    putchar('\n');
}

char *terminal_ask(terminal *t, const char *prompt, int *too_long)
{
    size_t len = 0;
    int c;
    *too_long = 0;
    fputs(prompt, stdout);
    fflush(stdout);
    while ((c = getchar()) != EOF && c != '\n') {
        if (len + 1 >= t->capacity) {
            size_t capacity = t->capacity ? 2 * t->capacity : 256;
            char *line = capacity <= LONGEST_LINE ? realloc(t->line, capacity) : NULL;
            if (line == NULL) {
                *too_long = 1;
                while ((c = getchar()) != EOF && c != '\n') { }
                return NULL;
            }
            t->line = line;
            t->capacity = capacity;
        }
        t->line[len++] = c == '\0' ? '?' : (char)c;
    }
    if (c == EOF && len == 0)
        return NULL;
    if (!t->interactive)
        putchar('\n');                    /* nobody pressed Enter on this screen */
    if (len > 0 && t->line[len - 1] == '\r')
        len--;
    if (t->line == NULL) {
        t->line = malloc(t->capacity = 256);
        if (t->line == NULL)
            return NULL;
    }
    t->line[len] = '\0';
    return t->line;
}
