/* A terminal as a stream of lines: wrapping, styles, reading. */
#define _XOPEN_SOURCE 700
#define _DEFAULT_SOURCE
#include "terminal.h"
#include <errno.h>
#include <locale.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/select.h>
#include <unistd.h>
#include <wchar.h>

enum { LONGEST_LINE = 64 * 1024, NARROWEST = 20, WIDEST = 100, NOT_UTF8 = 0xFFFD };

/* ---- signals: looked at only while waiting for a line, so that what has been typed is stored whole ---- */

static const int ENDING[] = { SIGINT, SIGTERM, SIGHUP };
enum { N_ENDING = sizeof ENDING / sizeof ENDING[0] };
static volatile sig_atomic_t caught;
static sigset_t before;                    /* the signal mask as it was */

static void catch(int number) { caught = number; }

static void hold_signals(void)
{
    struct sigaction action = { 0 }, present;
    sigset_t held;
    action.sa_handler = catch;
    sigemptyset(&action.sa_mask);
    sigemptyset(&held);
    for (int i = 0; i < N_ENDING; i++) {
        sigaddset(&held, ENDING[i]);
        if (sigaction(ENDING[i], NULL, &present) == 0 && present.sa_handler != SIG_IGN)
            sigaction(ENDING[i], &action, NULL);
    }
    sigprocmask(SIG_BLOCK, &held, &before);
}

/* A signal that ends the program has come. */
static int asked_to_end(void)
{
    sigset_t pending;
    struct sigaction present;
    if (caught != 0)
        return 1;
    if (sigpending(&pending) == 0)
        for (int i = 0; i < N_ENDING; i++)
            if (sigismember(&pending, ENDING[i]) == 1 && sigaction(ENDING[i], NULL, &present) == 0 && present.sa_handler == catch)
                return 1;
    return 0;
}

static void release_signals(void)
{
    struct sigaction action = { 0 };
    int number = caught;
    action.sa_handler = SIG_DFL;
    sigemptyset(&action.sa_mask);
    for (int i = 0; i < N_ENDING; i++) {
        struct sigaction present;
        if (sigaction(ENDING[i], NULL, &present) == 0 && present.sa_handler == catch)
            sigaction(ENDING[i], &action, NULL);
    }
    caught = 0;
    sigprocmask(SIG_SETMASK, &before, NULL);
    if (number != 0)
        raise(number);
}

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
    hold_signals();
}

void terminal_close(terminal *t)
{
    free(t->line);
    t->line = NULL;
    fflush(stdout);
    release_signals();
}

/* ---- characters ---- */

/* The character at `text`: NOT_UTF8 for a byte that belongs to none. @return its bytes. */
static size_t character(const char *text, size_t len, uint32_t *c)
{
    static const uint32_t LEAST[] = { 0, 0, 0x80, 0x800, 0x10000 };
    const unsigned char *s = (const unsigned char *)text;
    size_t n = s[0] < 0x80 ? 1 : s[0] >= 0xF0 && s[0] < 0xF5 ? 4 : s[0] >= 0xE0 && s[0] < 0xF0 ? 3 : s[0] >= 0xC2 && s[0] < 0xE0 ? 2 : 0;
    *c = NOT_UTF8;
    if (n == 0 || n > len)
        return 1;
    uint32_t value = n == 1 ? s[0] : s[0] & (0xFFu >> (n + 1));
    for (size_t i = 1; i < n; i++) {
        if ((s[i] & 0xC0) != 0x80)
            return 1;
        value = value << 6 | (s[i] & 0x3Fu);
    }
    if (value < LEAST[n] || value > 0x10FFFF || (value >= 0xD800 && value < 0xE000))
        return 1;
    *c = value;
    return n;
}

/* Moves the cursor, changes colours, breaks the line. */
static int is_control(uint32_t c) { return c < 0x20 || (c >= 0x7F && c < 0xA0) || c == 0x2028 || c == 0x2029; }
/* Turns the direction of what follows it. */
static int is_override(uint32_t c) { return c >= 0x202A && c <= 0x202E; }

static int width_of(uint32_t c)
{
    int w = c == NOT_UTF8 || is_control(c) ? 1 : wcwidth((wchar_t)c);
    return w > 0 ? w : 0;
}

/* A control character in an answer must not reach the terminal as a command. */
static void put_safely(const char *text, size_t len)
{
    while (len > 0) {
        uint32_t c;
        size_t n = character(text, len, &c);
        if (is_control(c))
            putchar(' ');
        else if (c == NOT_UTF8)
            fputs("\xEF\xBF\xBD", stdout);
        else if (!is_override(c))
            fwrite(text, 1, n, stdout);
        text += n;
        len -= n;
    }
}

static int columns_of(const char *text, size_t len)
{
    int columns = 0;
    while (len > 0) {
        uint32_t c;
        size_t n = character(text, len, &c);
        columns += width_of(c);
        text += n;
        len -= n;
    }
    return columns;
}

int terminal_columns(const char *text) { return columns_of(text, strlen(text)); }

size_t terminal_fit(const char *text, int columns)
{
    size_t at = 0, len = strlen(text);
    while (at < len) {
        uint32_t c;
        size_t n = character(text + at, len - at, &c);
        columns -= width_of(c);
        if (columns < 0)
            break;
        at += n;
    }
    return at;
}

/* ---- writing ---- */

static const char *style_begin(const terminal *t, terminal_style style)
{
    static const char *const CODES[] = { [PLAIN] = "", [STRONG] = "\033[1m", [QUIET] = "\033[2m", [ALERT] = "\033[1;33m" };
    return t->colour ? CODES[style] : "";
}

static const char *style_end(const terminal *t, terminal_style style)
{
    return t->colour && style != PLAIN ? "\033[0m" : "";
}

/* Hebrew, Arabic and their neighbours. */
static int is_right_to_left(uint32_t c)
{
    return (c >= 0x0590 && c <= 0x08FF) || (c >= 0xFB1D && c <= 0xFDFF) || (c >= 0xFE70 && c <= 0xFEFC) || (c >= 0x10800 && c <= 0x10FFF) || (c >= 0x1E800 && c <= 0x1EFFF);
}

static int has_right_to_left(const char *text)
{
    size_t len = strlen(text);
    while (len > 0) {
        uint32_t c;
        size_t n = character(text, len, &c);
        if (is_right_to_left(c))
            return 1;
        text += n;
        len -= n;
    }
    return 0;
}

/* A line of a right-to-left text, inside a terminal that lays lines out from left to right: the direction ends with the line. */
static const char RIGHT_TO_LEFT[] = "\xE2\x81\xA7", POP[] = "\xE2\x81\xA9";

typedef struct paragraph { int width, indent, at, turned; } paragraph;

/* The mark has no width and belongs to the blank before it: some terminals drop it in the first column. */
static void turn(paragraph *p)
{
    if (p->at == 0) {
        putchar(' ');
        p->at = 1;
    }
    fputs(RIGHT_TO_LEFT, stdout);
    p->turned = 1;
}

static void new_line(paragraph *p)
{
    printf("%s\n%*s", p->turned ? POP : "", p->indent, "");
    p->at = p->indent;
    if (p->turned)
        turn(p);
}

/* A word that is longer than a line (or a language without blanks) is broken between characters. */
static void put_word(paragraph *p, const char *word, size_t len, int columns)
{
    if (columns <= p->width - p->indent) {
        put_safely(word, len);
        p->at += columns;
        return;
    }
    while (len > 0) {
        uint32_t c;
        size_t n = character(word, len, &c);
        if (p->at + width_of(c) > p->width)
            new_line(p);
        put_safely(word, n);
        p->at += width_of(c);
        word += n;
        len -= n;
    }
}

void terminal_paragraph(const terminal *t, terminal_style style, int indent, const char *lead, const char *text)
{
    paragraph p = { t->width, indent < t->width / 2 ? indent : t->width / 2, 0, 0 };
    int start = 1, with_lead = t->right_to_left && has_right_to_left(lead);    /* a word of introduction turns with its text, a code does not */
    fputs(style_begin(t, style), stdout);
    if (with_lead)
        turn(&p);
    put_safely(lead, strlen(lead));
    for (p.at += terminal_columns(lead); p.at < p.indent; p.at++)
        putchar(' ');
    if (!with_lead && t->right_to_left && has_right_to_left(text))
        turn(&p);
    while (*text != '\0') {
        size_t word = strcspn(text, " \n");
        int columns = columns_of(text, word);
        if (!start && p.at + 1 + columns > p.width) {
            new_line(&p);
        } else if (!start) {
            putchar(' ');
            p.at++;
        }
        put_word(&p, text, word, columns);
        text += word;
        start = *text == '\n';
        if (start)
            new_line(&p);
        if (*text != '\0')
            text++;
    }
    fputs(p.turned ? POP : "", stdout);
    fputs(style_end(t, style), stdout);
    putchar('\n');
}

void terminal_line(const terminal *t, terminal_style style, const char *lead, const char *text)
{
    fputs(style_begin(t, style), stdout);
    put_safely(lead, strlen(lead));
    put_safely(text, strlen(text));
    fputs(style_end(t, style), stdout);
    putchar('\n');
}

/* ---- reading ---- */

/* Waits for more input. @return 1 when there is some. */
static int more(terminal *t)
{
    fd_set in;
    FD_ZERO(&in);
    FD_SET(STDIN_FILENO, &in);
    while (!asked_to_end() && pselect(STDIN_FILENO + 1, &in, NULL, NULL, NULL, &before) < 0) {
        if (errno != EINTR)
            return 0;
        FD_SET(STDIN_FILENO, &in);
    }
    ssize_t n = asked_to_end() ? 0 : read(STDIN_FILENO, t->block, sizeof t->block);
    t->at = 0;
    t->end = n > 0 ? (size_t)n : 0;
    return n > 0;
}

static int room(terminal *t, size_t len)
{
    if (len + 1 < t->capacity)
        return 1;
    size_t capacity = t->capacity ? 2 * t->capacity : 256;
    char *line = capacity <= LONGEST_LINE ? realloc(t->line, capacity) : NULL;
    if (line == NULL)
        return 0;
    t->line = line;
    t->capacity = capacity;
    return 1;
}

static int is_text(const char *line, size_t len)
{
    while (len > 0) {
        uint32_t c;
        size_t n = character(line, len, &c);
        if ((c == NOT_UTF8 && n == 1) || (is_control(c) && c != '\t'))
            return 0;
        line += n;
        len -= n;
    }
    return 1;
}

terminal_reading terminal_ask(terminal *t, const char *prompt)
{
    size_t len = 0;
    int newline = 0, fits = 1;
    const int turned = t->right_to_left && has_right_to_left(prompt);
    printf("%s%s", turned ? " " : "", turned ? RIGHT_TO_LEFT : "");
    put_safely(prompt, strlen(prompt));
    fputs(turned ? POP : "", stdout);
    fflush(stdout);
    if (asked_to_end())
        t->over = 1;
    while (!newline && !t->over) {
        if (t->at == t->end && !more(t)) {
            t->over = 1;
            break;
        }
        char c = t->block[t->at++];
        newline = c == '\n';
        fits = fits && room(t, len);
        if (!newline && fits)
            t->line[len++] = c;
    }
    if (!t->interactive || !newline)
        putchar('\n');                    /* nobody pressed Enter on this screen */
    if (!newline && (len == 0 || t->interactive || asked_to_end()))
        return LINE_END;                  /* a line that was begun when Ctrl-C came is no answer */
    if (!fits || !room(t, len))
        return LINE_TOO_LONG;
    if (len > 0 && t->line[len - 1] == '\r')
        len--;
    t->line[len] = '\0';
    return is_text(t->line, len) ? LINE_READ : LINE_NOT_TEXT;
}
