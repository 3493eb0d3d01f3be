/* Reading a secret: not shown on a terminal, and not kept longer than needed. */
#define _POSIX_C_SOURCE 200809L
#include "secret_input.h"
#include "tool.h"
#include <string.h>
#include <termios.h>
#include <unistd.h>

void secret_wipe(secret *s)
{
    volatile char *at = s->text;
    for (size_t i = 0; i < sizeof s->text; i++)
        at[i] = 0;
    s->len = 0;
}

/* One line without its end, byte by byte, so that nothing stays in a buffer. @return 1 a line, 0 there is none, -1 it is too long */
static int read_line(secret *s)
{
    char c;
    ssize_t n;
    s->len = 0;
    while ((n = read(STDIN_FILENO, &c, 1)) == 1 && c != '\n') {
        if (s->len == SECRET_MAX)
            return -1;
        s->text[s->len++] = c;
    }
    if (s->len > 0 && s->text[s->len - 1] == '\r')
        s->len--;
    s->text[s->len] = '\0';
    return n == 1 || s->len > 0;
}

static int ask(secret *s, const char *prompt)
{
    struct termios shown, hidden;
    const int terminal = tcgetattr(STDIN_FILENO, &shown) == 0;
    if (terminal) {
        hidden = shown;
        hidden.c_lflag &= ~(tcflag_t)ECHO;
        tcsetattr(STDIN_FILENO, TCSAFLUSH, &hidden);      /* first: what comes after the question is the answer */
        fprintf(stderr, "%s: ", prompt);
        fflush(stderr);
    }
    int found = read_line(s);
    if (terminal) {
        tcsetattr(STDIN_FILENO, TCSAFLUSH, &shown);
        fputc('\n', stderr);
    }
    return found;
}

int secret_read(secret *s, const char *what, int twice)
{
    secret again;
    char prompt[80];
    snprintf(prompt, sizeof prompt, "%s", what);
    int found = ask(s, prompt);
    if (found <= 0) {
        tool_say(found < 0 ? "the %s is longer than 1,000 bytes" : "no %s was given: type it, or give it on standard input", what);
        secret_wipe(s);
        return EXIT_WRONG;
    }
    if (!twice || !isatty(STDIN_FILENO))
        return EXIT_DONE;
    snprintf(prompt, sizeof prompt, "%s again", what);
    int same = ask(&again, prompt) == 1 && again.len == s->len && memcmp(again.text, s->text, s->len) == 0;
    secret_wipe(&again);
    if (same)
        return EXIT_DONE;
    secret_wipe(s);
    tool_say("that was another %s: try again", what);
    return EXIT_WRONG;
}
