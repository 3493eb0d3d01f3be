/* An address as a picture that a phone's camera reads: in characters for a terminal, as SVG for a page. */
#include <qrencode.h>
#include <survey/server.h>

#include "base/buffer.h"
#include "server/core.h"

enum { QUIET = 2 };

static int is_dark(const QRcode *code, int x, int y)
{
    return x >= 0 && y >= 0 && x < code->width && y < code->width && (code->data[y * code->width + x] & 1);
}

char *svy_server_qr(const char *text)
{
    /* Light modules are drawn, so that a dark terminal shows dark on light. */
    static const char *const BLOCKS[] = { "\xE2\x96\x88", "\xE2\x96\x80", "\xE2\x96\x84", " " };
    QRcode *code = text != NULL ? QRcode_encodeString(text, 0, QR_ECLEVEL_L, QR_MODE_8, 1) : NULL;
    svyi_buffer b;

    if (code == NULL)
        return NULL;
    svyi_buffer_init(&b, NULL);
    for (int y = -QUIET; y < code->width + QUIET; y += 2) {
        for (int x = -QUIET; x < code->width + QUIET; x++)
            svyi_buffer_text(&b, BLOCKS[is_dark(code, x, y) * 2 + is_dark(code, x, y + 1)]);
        svyi_buffer_text(&b, "\n");
    }
    QRcode_free(code);
    if (b.failed)
        svyi_buffer_clear(&b);
    return b.failed ? NULL : b.data;
}

/* A square for every dark module; the page gives size and background. */
static void draw(svyi_buffer *b, const QRcode *code)
{
    const int width = code->width + 2 * QUIET;

    svyi_buffer_format(b, "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" shape-rendering=\"crispEdges\"><path fill=\"#fff\" d=\"M0 0h%dv%dH0z\"/><path d=\"", width, width, width, width);
    for (int y = 0; y < code->width; y++)
        for (int x = 0; x < code->width; x++)
            if (is_dark(code, x, y))
                svyi_buffer_format(b, "M%d %dh1v1h-1z", x + QUIET, y + QUIET);
    svyi_buffer_text(b, "\"/></svg>\n");
}

void svyi_qr_picture(svyi_request *rq, svy_study *study)
{
    const struct svyi_json *json = svyi_request_json(rq);
    svyi_buffer b;

    (void)study;
    if (json == NULL)
        return;
    QRcode *code = QRcode_encodeString(svyi_request_text(json, "text"), 0, QR_ECLEVEL_M, QR_MODE_8, 1);
    if (code == NULL) {
        svyi_answer_error(rq, 422, "the text is empty or too long for a picture");
        return;
    }
    svyi_buffer_init(&b, NULL);
    draw(&b, code);
    QRcode_free(code);
    svyi_answer_buffer(rq, 200, "image/svg+xml", &b);
}
