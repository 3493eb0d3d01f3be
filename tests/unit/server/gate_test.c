/* The request gate: what it lets in, what it refuses with which status, and that it does not matter in which pieces a request comes. */
#include <criterion/criterion.h>
#include <criterion/parameterized.h>
#include <stdio.h>
#include <string.h>

#include "server/http/gate.h"
#include "server/server_priv.h"

#define H "Host: x\r\n"
/* status 0: let in */
static const struct { const char *what, *text; size_t n; int status; } CASES[] = {
#define CASE(what, text, status) { what, text, sizeof(text) - 1, status }
    CASE("plain", "GET / HTTP/1.1\r\n" H "\r\n", 0),
    CASE("1.0 without Host", "GET / HTTP/1.0\r\n\r\n", 0),
    CASE("length", "PUT /a HTTP/1.1\r\n" H "Content-Length: 12\r\n\r\n", 0),
    CASE("chunked", "PUT /a HTTP/1.1\r\n" H "Transfer-Encoding: chunked\r\n\r\n", 0),
    CASE("empty value", "GET / HTTP/1.1\r\n" H "X-A:\r\n\r\n", 0),
    CASE("length and coding", "POST /a HTTP/1.1\r\n" H "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n", 400),
    CASE("two lengths", "POST /a HTTP/1.1\r\n" H "Content-Length: 5\r\nContent-Length: 6\r\n\r\n", 400),
    CASE("two equal lengths", "POST /a HTTP/1.1\r\n" H "Content-Length: 5\r\nContent-Length: 5\r\n\r\n", 400),
    CASE("a list of lengths", "POST /a HTTP/1.1\r\n" H "Content-Length: 5, 5\r\n\r\n", 400),
    CASE("+3", "POST /a HTTP/1.1\r\n" H "Content-Length: +3\r\n\r\n", 400),
    CASE("3x", "POST /a HTTP/1.1\r\n" H "Content-Length: 3x\r\n\r\n", 400),
    CASE("-1", "POST /a HTTP/1.1\r\n" H "Content-Length: -1\r\n\r\n", 400),
    CASE("empty length", "POST /a HTTP/1.1\r\n" H "Content-Length:\r\n\r\n", 400),
    CASE("2^64", "POST /a HTTP/1.1\r\n" H "Content-Length: 18446744073709551616\r\n\r\n", 413),
    CASE("bare LF", "GET / HTTP/1.1\nHost: x\n\n", 400),
    CASE("one bare LF", "GET / HTTP/1.1\r\nHost: x\nX-A: b\r\n\r\n", 400),
    CASE("bare CR in a value", "GET / HTTP/1.1\r\n" H "X-A: b\rc\r\n\r\n", 400),
    CASE("NUL in a value", "GET / HTTP/1.1\r\n" H "X-A: b\0c\r\n\r\n", 400),
    CASE("NUL in the target", "GET /a\0b HTTP/1.1\r\n" H "\r\n", 400),
    CASE("DEL", "GET / HTTP/1.1\r\n" H "X-A: \x7F\r\n\r\n", 400),
    CASE("blank before the colon", "GET / HTTP/1.1\r\n" H "X-A : b\r\n\r\n", 400),
    CASE("folded", "GET / HTTP/1.1\r\n" H "X-A: b\r\n c\r\n\r\n", 400),
    CASE("folded by a tab", "GET / HTTP/1.1\r\n" H "X-A: b\r\n\tc\r\n\r\n", 400),
    CASE("first header folded", "GET / HTTP/1.1\r\n " H "\r\n", 400),
    CASE("two Hosts", "GET / HTTP/1.1\r\n" H "Host: y\r\n\r\n", 400),
    CASE("two equal Hosts", "GET / HTTP/1.1\r\n" H "host: x\r\n\r\n", 400),
    CASE("no Host", "GET / HTTP/1.1\r\nX-A: b\r\n\r\n", 400),
    CASE("empty Host", "GET / HTTP/1.1\r\nHost:\r\n\r\n", 400),
    CASE("Host with a path", "GET / HTTP/1.1\r\nHost: x/y\r\n\r\n", 400),
    CASE("TRACE", "TRACE / HTTP/1.1\r\n" H "\r\n", 405),
    CASE("CONNECT", "CONNECT x:443 HTTP/1.1\r\n" H "\r\n", 405),
    CASE("OPTIONS *", "OPTIONS * HTTP/1.1\r\n" H "\r\n", 405),
    CASE("unknown method", "BREW / HTTP/1.1\r\n" H "\r\n", 501),
    CASE("method in lower case", "get / HTTP/1.1\r\n" H "\r\n", 501),
    CASE("unknown coding", "POST /a HTTP/1.1\r\n" H "Transfer-Encoding: gzip\r\n\r\n", 501),
    CASE("two codings", "POST /a HTTP/1.1\r\n" H "Transfer-Encoding: gzip, chunked\r\n\r\n", 501),
    CASE("chunked twice", "POST /a HTTP/1.1\r\n" H "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n", 400),
    CASE("chunked with something", "POST /a HTTP/1.1\r\n" H "Transfer-Encoding: xchunked\r\n\r\n", 501),
    CASE("chunked in 1.0", "POST /a HTTP/1.0\r\n" H "Transfer-Encoding: chunked\r\n\r\n", 400),
    CASE("HTTP/2.0", "GET / HTTP/2.0\r\n" H "\r\n", 400),
    CASE("the preface of HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400),
    CASE("HTTP/0.9", "GET /\r\n\r\n", 400),
    CASE("two blanks", "GET  / HTTP/1.1\r\n" H "\r\n", 400),
    CASE("blank at the end", "GET / HTTP/1.1 \r\n" H "\r\n", 400),
    CASE("absolute target", "GET http://x/ HTTP/1.1\r\n" H "\r\n", 400),
    CASE("empty line first", "\r\nGET / HTTP/1.1\r\n" H "\r\n", 400),
    CASE("no name", "GET / HTTP/1.1\r\n" H ": b\r\n\r\n", 400),
    CASE("no colon", "GET / HTTP/1.1\r\n" H "abc\r\n\r\n", 400),
    CASE("other expectation", "PUT /a HTTP/1.1\r\n" H "Expect: wonders\r\nContent-Length: 1\r\n\r\n", 417),
    CASE("TLS", "\x16\x03\x01\x02\x00\x01\x00", 400),
};
enum { N_CASES = sizeof CASES / sizeof CASES[0] };

/* What the gate says to bytes that come in pieces of `piece`. -1: it waits for more. */
static int ask(const char *text, size_t n, size_t piece, svyi_head *head, char *copy)
{
    svyi_scan scan = { 0 };
    memcpy(copy, text, n);
    copy[n] = '\0';
    for (size_t have = piece < n ? piece : n;; have = have + piece < n ? have + piece : n) {
        long result = svyi_gate_scan(copy, have, &scan);
        if (result < 0)
            return (int)-result;
        if (result > 0)
            return svyi_gate_head(copy, (size_t)result, head);
        if (have == n)
            return -1;
    }
}

ParameterizedTestParameters(gate, cases)
{
    static size_t index[N_CASES];
    for (size_t i = 0; i < N_CASES; i++)
        index[i] = i;
    return cr_make_param_array(size_t, index, N_CASES);
}

ParameterizedTest(size_t *i, gate, cases)
{
    char copy[4096];
    svyi_head head;
    for (size_t piece = 1; piece <= CASES[*i].n; piece++) {
        const int status = ask(CASES[*i].text, CASES[*i].n, piece, &head, copy);
        cr_assert_eq(status, CASES[*i].status, "%s in pieces of %zu: %d, not %d", CASES[*i].what, piece, status, CASES[*i].status);
    }
}

Test(gate, tells_what_was_sent)
{
    char copy[4096];
    svyi_head head;
    static const char TEXT[] = "PUT /api/x?a=1 HTTP/1.1\r\nHost: [::1]:80\r\nContent-Length:\t 7 \r\nCoNNection: Close\r\nExpect: 100-Continue\r\nX-A: b\tc \r\n\r\n";
    cr_assert_eq(ask(TEXT, sizeof TEXT - 1, 5, &head, copy), 0);
    cr_assert_eq(head.method, SVYI_PUT);
    cr_assert_str_eq(head.target, "/api/x?a=1");
    cr_assert_eq(head.length, 7);
    cr_assert(head.expects && !head.keep_alive && !head.chunked);
    cr_assert_str_eq(svyi_head_find(&head, "x-a"), "b\tc");
    cr_assert_null(svyi_head_find(&head, "x-b"));
}

Test(gate, too_large)
{
    static char text[40000], copy[40001];
    svyi_head head;
    memset(text, 'a', sizeof text);
    memcpy(text, "GET /", 5);
    cr_assert_eq(ask(text, sizeof text, 1000, &head, copy), 414);
    int n = sprintf(text, "GET / HTTP/1.1\r\n" H "X-A: ");
    memset(text + n, 'b', sizeof text - (size_t)n);
    cr_assert_eq(ask(text, sizeof text, 1000, &head, copy), 431);
    n = sprintf(text, "GET / HTTP/1.1\r\n" H);
    for (int i = 0; i < 5000 && n < 39000; i++)
        n += sprintf(text + n, "A%d:\r\n", i);
    cr_assert_eq(ask(text, (size_t)n, 1000, &head, copy), 431);
}

/* ---- chunks ---- */

static const struct { const char *what, *text; int result; const char *content; } CHUNKS[] = {
    { "one", "3\r\nabc\r\n0\r\n\r\n", 1, "abc" },
    { "two", "3\r\nabc\r\nA\r\n0123456789\r\n0\r\n\r\n", 1, "abc0123456789" },
    { "none", "0\r\n\r\n", 1, "" },
    { "cut", "3\r\nab", 0, "ab" },
    { "no size", "\r\nabc\r\n0\r\n\r\n", -400, "" },
    { "no hexadecimal", "x\r\n", -400, "" },
    { "sign", "+3\r\nabc\r\n0\r\n\r\n", -400, "" },
    { "extension", "3;a=b\r\nabc\r\n0\r\n\r\n", -400, "" },
    { "blank", "3 \r\nabc\r\n0\r\n\r\n", -400, "" },
    { "bare LF", "3\nabc\n0\n\n", -400, "" },
    { "longer than said", "3\r\nabcd\r\n0\r\n\r\n", -400, "" },
    { "trailer", "3\r\nabc\r\n0\r\nX-A: b\r\n\r\n", -400, "" },
    { "size without end", "000000003\r\nabc\r\n0\r\n\r\n", -400, "" },
};

Test(gate, chunks_in_any_pieces)
{
    for (size_t i = 0; i < sizeof CHUNKS / sizeof CHUNKS[0]; i++)
        for (size_t piece = 1; piece <= strlen(CHUNKS[i].text); piece++) {
            svyi_chunks c = { 0 };
            char all[64] = "", buffer[64];
            int result = 0;
            for (size_t at = 0; at < strlen(CHUNKS[i].text) && result == 0; at += piece) {
                size_t n = strlen(CHUNKS[i].text) - at < piece ? strlen(CHUNKS[i].text) - at : piece, used, content;
                memcpy(buffer, CHUNKS[i].text + at, n);
                result = svyi_chunks_take(&c, buffer, n, &used, &content);
                if (result >= 0)
                    strncat(all, buffer, content);
            }
            cr_assert_eq(result, CHUNKS[i].result, "%s in pieces of %zu: %d", CHUNKS[i].what, piece, result);
            cr_assert(result < 0 || strcmp(all, CHUNKS[i].content) == 0, "%s: '%s'", CHUNKS[i].what, all);
        }
}

/* ---- targets ---- */

static const struct { const char *text; int status; const char *path; } TARGETS[] = {
    { "/", 0, "/" }, { "/form/", 0, "/form/" }, { "/a%20b", 0, "/a b" }, { "/%D0%B0", 0, "/а" }, { "/a?b=%zz", 0, "/a" }, { "/...", 0, "/..." },
    { "/../etc/passwd", 400, NULL }, { "/a/../b", 400, NULL }, { "/a/..", 400, NULL }, { "/./a", 400, NULL }, { "/%2e%2e/a", 400, NULL }, { "/%2E./a", 400, NULL },
    { "/..%2fetc", 400, NULL }, { "/a%2f..%2Fb", 400, NULL }, { "/a%2f%2e%2e", 400, NULL }, { "/a%5C..", 400, NULL }, { "/%2fa", 400, NULL }, { "/a%2F/b", 400, NULL },
    { "/a%2Fb", 0, "/a\1b" }, { "/a%5cb/c", 0, "/a\2b/c" }, { "/a%01b", 400, NULL }, { "/a\\..\\b", 400, NULL }, { "/a%00b", 400, NULL }, { "/a%0d%0ab", 400, NULL },
    { "/a%7f", 400, NULL }, { "/%c0%ae%c0%ae/", 400, NULL }, { "/%e0%80%ae", 400, NULL }, { "/%ff", 400, NULL }, { "/%", 400, NULL }, { "/%4", 400, NULL },
    { "/%4g", 400, NULL }, { "//a", 400, NULL }, { "/a//b", 400, NULL }, { "/a b", 400, NULL }, { "/a#b", 400, NULL }, { "/<a>", 400, NULL }, { "a", 400, NULL },
    { "*", 400, NULL }, { "/\xD0\xB0", 400, NULL }, { "/%252e%252e/a", 0, "/%2e%2e/a" },
};

Test(gate, targets)
{
    for (size_t i = 0; i < sizeof TARGETS / sizeof TARGETS[0]; i++) {
        char text[64];
        svyi_target target;
        snprintf(text, sizeof text, "%s", TARGETS[i].text);
        const int status = svyi_target_read(text, &target);
        cr_assert_eq(status, TARGETS[i].status, "%s: %d", TARGETS[i].text, status);
        cr_assert(status != 0 || strcmp(target.path, TARGETS[i].path) == 0, "%s: '%s'", TARGETS[i].text, target.path);
    }
}

Test(gate, queries)
{
    char text[] = "a=1&b=&c&d=x%26y+z", *at = text;
    const char *name, *value;
    static const char *const EXPECTED[][2] = { { "a", "1" }, { "b", "" }, { "c", "" }, { "d", "x&y z" } };
    for (size_t i = 0; i < 4; i++) {
        cr_assert_eq(svyi_query_next(&at, &name, &value), 1);
        cr_assert_str_eq(name, EXPECTED[i][0]);
        cr_assert_str_eq(value, EXPECTED[i][1]);
    }
    cr_assert_eq(svyi_query_next(&at, &name, &value), 0);
    static const char *const BAD[] = { "a=%00", "%0a=1", "a=%", "a=%f", "=1", "&", "a=%ff", "a=1&&b=2" };
    for (size_t i = 0; i < sizeof BAD / sizeof BAD[0]; i++) {
        char copy[32];
        int more;
        snprintf(copy, sizeof copy, "%s", BAD[i]);
        at = copy;
        while ((more = svyi_query_next(&at, &name, &value)) == 1)
            ;
        cr_assert_eq(more, -1, "%s", BAD[i]);
    }
}
