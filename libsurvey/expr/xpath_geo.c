/* XPath functions of places. Places are texts: latitude, longitude, altitude, accuracy; points of a line end with ';'. */
#include "xpath_priv.h"

#include <math.h>
#include <string.h>

#include "base/trig.h"

static const double RADIUS = 6378100, RADIAN = 3.141592653589793 / 180;

typedef struct point { double lat, lon; } point;
typedef struct line { svy_alloc alloc; point *points; size_t n, capacity; int wrong; } line;

/* ---- Reading ---- */

/* 0: no place. */
static int read_point(const svyi_xrun *r, const char *text, uint32_t len, point *p)
{
    const char *word;
    uint32_t at = 0, word_len, n = 0;
    double parts[2] = { 0, 0 };

    for (; svyi_xword(text, len, &at, &word, &word_len); n++)
        if (n < 2) {
            parts[n] = svyi_xtext_number(r, word, word_len);
            if (!(fabs(parts[n]) <= (n == 0 ? 90 : 180)))
                return 0;
        }
    *p = (point){ parts[0], parts[1] };
    return n >= 2 && n <= 4;
}

static void add(svyi_xrun *r, line *l, const char *text, uint32_t len)
{
    point p;
    if (!read_point(r, text, len, &p)) {
        l->wrong = 1;
        return;
    }
    if (svyi_grow(&l->alloc, &l->points, &l->capacity, l->n + 1, sizeof *l->points) != 0) {
        r->base.status = SVY_E_NOMEM;
        return;
    }
    l->points[l->n++] = p;
}

static int is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* Points between semicolons; semicolons at the end are nothing. */
static void read_line(svyi_xrun *r, line *l, const char *text, uint32_t len)
{
    while (len > 0 && (is_blank(text[len - 1]) || text[len - 1] == ';'))
        len--;
    for (uint32_t at = 0; at < len && r->base.status == SVY_OK;) {
        const char *end = memchr(text + at, ';', len - at);
        const uint32_t to = end != NULL ? (uint32_t)(end - text) : len;
        add(r, l, text + at, to - at);
        at = to + 1;
    }
}

/* All arguments left: one value is a line, several are points. */
static void read_arguments(svyi_xcall *call, line *l)
{
    svyi_xrun *r = call->run;
    const char *text = "", *first = "";
    uint32_t len = 0, first_len = 0, count = 0;
    svyi_xvalue v;

    *l = (line){ .alloc = r->base.scratch->alloc };
    while (svyi_xarg(call, &v)) {
        const uint32_t n = v.type == SVY_X_NODES ? v.n : 1;
        for (uint32_t i = 0; i < n && r->base.status == SVY_OK; i++, count++) {
            const svyi_xvalue one = { .type = SVY_X_NODES, .from = v.from + i, .n = 1 };
            svyi_xtext(r, v.type == SVY_X_NODES ? &one : &v, &text, &len);
            if (count == 1)
                add(r, l, first, first_len);
            if (count > 0)
                add(r, l, text, len);
            else {
                first = text;
                first_len = len;
            }
        }
        svyi_xdrop(r, &v);
    }
    if (count == 1)
        read_line(r, l, first, first_len);
}

static void end(line *l)
{
    svyi_release(&l->alloc, l->points, l->capacity * sizeof *l->points);
}

static int same_point(point a, point b)
{
    return a.lat == b.lat && a.lon == b.lon;
}

/* Metres and square metres to two decimals. */
static double hundredths(double x)
{
    return fabs(floor(x * 100 + 0.5) / 100);
}

/* ---- Measures ---- */

void svyi_xf_area(svyi_xcall *call, svyi_xvalue *out)
{
    line l;
    double total = 0;

    read_arguments(call, &l);
    const size_t n = l.n, closed = n > 0 && same_point(l.points[0], l.points[n - 1]);
    /* a line of two points has one side, which is no shape */
    for (size_t i = 0; !l.wrong && n > 2 && i < (closed ? n - 1 : n); i++) {
        const point a = l.points[i], b = l.points[(i + 1) % n];
        total += (b.lon - a.lon) * RADIAN * (2 + svyi_sin(b.lat * RADIAN) + svyi_sin(a.lat * RADIAN));
    }
    svyi_xset_number(out, hundredths(total * RADIUS * RADIUS / 2));
    end(&l);
}

static double apart(point a, point b)
{
    const double across = (a.lon - b.lon) * RADIAN, up = a.lat * RADIAN, down = b.lat * RADIAN;
    const double cosine = svyi_sin(up) * svyi_sin(down) + svyi_cos(up) * svyi_cos(down) * svyi_cos(across);
    return same_point(a, b) ? 0 : svyi_acos(cosine > 1 ? 1 : cosine < -1 ? -1 : cosine) * RADIUS;
}

void svyi_xf_distance(svyi_xcall *call, svyi_xvalue *out)
{
    line l;
    double total = 0;

    read_arguments(call, &l);
    if (l.wrong || l.n < 2) {
        if (call->run->compat == SVY_COMPAT_WEB || l.wrong)
            svyi_xfail(call->run, "distance() takes places: at least two points, or a line");
    }
    for (size_t i = 1; i < l.n; i++)
        total += apart(l.points[i - 1], l.points[i]);
    svyi_xset_number(out, hundredths(total));
    end(&l);
}

/* ---- Shapes ---- */

/* Whether a ray from the point crosses the shape's sides an odd number of times. */
static int is_inside(point p, const line *shape)
{
    int inside = 0;
    for (size_t i = 1; i < shape->n; i++) {
        const point a = shape->points[i - 1], b = shape->points[i];
        if ((b.lat > p.lat) != (a.lat > p.lat) && p.lon < (a.lon - b.lon) * (p.lat - b.lat) / (a.lat - b.lat) + b.lon)
            inside = !inside;
    }
    return inside;
}

void svyi_xf_geofence(svyi_xcall *call, svyi_xvalue *out)
{
    svyi_xrun *r = call->run;
    line shape = { .alloc = r->base.scratch->alloc };
    const char *text;
    uint32_t len;
    point p = { 0, 0 };

    svyi_xarg_text(call, &text, &len);
    const int is_point = read_point(r, text, len, &p);
    svyi_xarg_text(call, &text, &len);
    read_line(r, &shape, text, len);
    const int is_shape = !shape.wrong && shape.n >= 2 && same_point(shape.points[0], shape.points[shape.n - 1]);
    svyi_xset_boolean(out, is_point && is_shape && is_inside(p, &shape));
    end(&shape);
}

static double turn(point a, point b, point c)
{
    return (b.lon - a.lon) * (c.lat - a.lat) - (b.lat - a.lat) * (c.lon - a.lon);
}

static int between(double a, double x, double b)
{
    return (a <= x && x <= b) || (b <= x && x <= a);
}

static int on(point a, point b, point p)
{
    return turn(a, b, p) == 0 && between(a.lat, p.lat, b.lat) && between(a.lon, p.lon, b.lon);
}

static int crosses(point a, point b, point c, point d)
{
    const double c_side = turn(a, b, c), d_side = turn(a, b, d), a_side = turn(c, d, a), b_side = turn(c, d, b);
    if (((c_side > 0 && d_side < 0) || (c_side < 0 && d_side > 0)) && ((a_side > 0 && b_side < 0) || (a_side < 0 && b_side > 0)))
        return 1;
    return on(a, b, c) || on(a, b, d) || on(c, d, a) || on(c, d, b);
}

/* Whether a line meets itself elsewhere than where its sides follow one another. */
void svyi_xf_intersects(svyi_xcall *call, svyi_xvalue *out)
{
    svyi_xrun *r = call->run;
    line l;
    int found = 0;

    read_arguments(call, &l);
    const int closed = l.n > 2 && same_point(l.points[0], l.points[l.n - 1]);
    for (size_t i = 1; !l.wrong && !found && i < l.n; i++)
        for (size_t j = i + 2; !found && j < l.n && r->base.status == SVY_OK; j++) {
            if (closed && i == 1 && j == l.n - 1)
                continue;
            found = crosses(l.points[i - 1], l.points[i], l.points[j - 1], l.points[j]);
            if (++r->steps > SVYI_MAX_STEPS)
                r->base.status = SVY_E_LIMIT;
        }
    svyi_xset_boolean(out, found);
    end(&l);
}
