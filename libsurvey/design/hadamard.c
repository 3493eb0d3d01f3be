/* Hadamard matrices by the constructions of Sylvester, Paley (both) and, for six orders that these miss, from four circulant matrices. */
#include "design/hadamard.h"

#include <string.h>

/* ---- four circulants in the array of Goethals and Seidel ---- */

/* First rows. Orders 92, 116, 156, 172: symmetric ones of Williamson's kind (Duke Math. J. 11, 1944; Baumert, Golomb & Hall 1962); 188, 236: from Turyn-type sequences of length 16 and 20 (Best, Djokovic, Kharaghani & Ramp 2013, doi:10.1002/jcd.21318). */
typedef struct quadruple { size_t n; const char *row[4]; } quadruple;
static const quadruple QUADRUPLES[] = {
    { 23, { "++---+---+-++-+---+---+", "+-++-++--++++++--++-++-", "+++---++-+-++-+-++---++", "+++-+++-+------+-+++-++" } },
    { 29, { "+++---++--+-+----+-+--++---++", "+-+---++--+-++++++-+--++---+-", "++++-++-+---++++++---+-++-+++", "++--+--+-+++-++++-+++-+--+--+" } },
    { 39, { "+++--+-+-----+--++----++--+-----+-+--++", "+++--++-+---+-+--+----+--+-+---+-++--++",
            "++++---+--++----+-+--+-+----++--+---+++", "+---++-+-+-----+++-++-+++-----+-+-++---" } },
    { 43, { "++---++++-+--+--++--------++--+--+-++++---+", "+++-+-++--+-+-++++-+----+-++++-+-+--++-+-++",
            "++-++++++----+-+--++-++-++--+-+----++++++-+", "+---++--++++-+-+++-++--++-+++-+-++++--++---" } },
    { 47, { "++++--+-+-+-++--++++--++-+-+--+++++++--++--++++", "----++-+-+-+--++++++--++-+-+--+++++--+--+-----+",
            "----++-+-+-+--++----++--+-+-++-++++++--++--++++", "----++-+-+-+--++++++--++-+-+--+----++-++-+++++-" } },
    { 59, { "++++-+----++--+--++-++++-+++---+-++-+--+++++--+++--+-+-+-++", "----+-++++--++-++--+++++-+++---+-++-+--++++++-+-++--+++-+-+",
            "----+-++++--++-++--+----+---+++-+--+-+++++++--+++--+-+-+-++", "----+-++++--++-++--+++++-+++---+-++-+--------+-+--++---+-+-" } }
};

static const quadruple *quadruple_of(size_t order)
{
    for (size_t i = 0; i < sizeof QUADRUPLES / sizeof QUADRUPLES[0]; i++)
        if (4 * QUADRUPLES[i].n == order)
            return &QUADRUPLES[i];
    return NULL;
}

/* Element of the circulant of row k. */
static int circulant(const quadruple *q, size_t k, size_t i, size_t j)
{
    return q->row[k][(j + q->n - i) % q->n] == '+' ? 1 : -1;
}

/* A, BR, CR, DR | -BR, A, D'R, -C'R | -CR, -D'R, A, B'R | -DR, C'R, -B'R, A, where R turns the order of columns round. */
static int goethals_seidel(const quadruple *q, size_t row, size_t column)
{
    static const struct { unsigned char matrix, transposed; signed char sign; } BLOCKS[4][4] = {
        { { 0, 0, 1 }, { 1, 0, 1 }, { 2, 0, 1 }, { 3, 0, 1 } },
        { { 1, 0, -1 }, { 0, 0, 1 }, { 3, 1, 1 }, { 2, 1, -1 } },
        { { 2, 0, -1 }, { 3, 1, -1 }, { 0, 0, 1 }, { 1, 1, 1 } },
        { { 3, 0, -1 }, { 2, 1, 1 }, { 1, 1, -1 }, { 0, 0, 1 } } };
    size_t n = q->n, a = row / n, b = column / n, i = row % n, j = a == b ? column % n : n - 1 - column % n;
    int x = BLOCKS[a][b].transposed ? circulant(q, BLOCKS[a][b].matrix, j, i) : circulant(q, BLOCKS[a][b].matrix, i, j);
    return BLOCKS[a][b].sign * x;
}

/* ---- fields of q = p^k elements, as polynomials over the integers modulo p: element e has the digits of e to the base p ---- */

typedef struct field { size_t q, p, k; } field;

static int field_of(size_t q, field *f)
{
    size_t p = 2, rest = q;
    if (q < 2)
        return 0;
    while (p * p <= q && q % p != 0)
        p++;
    if (q % p != 0)
        p = q;
    *f = (field){ q, p, 0 };
    for (; rest % p == 0; rest /= p)
        f->k++;
    return rest == 1;
}

static size_t subtract(const field *f, size_t a, size_t b)
{
    size_t out = 0, place = 1;
    for (size_t i = 0; i < f->k; i++, place *= f->p, a /= f->p, b /= f->p)
        out += (a % f->p + f->p - b % f->p) % f->p * place;
    return out;
}

/* a times x modulo the monic polynomial x^k - low. */
static size_t times_x(const field *f, size_t a, size_t low)
{
    size_t top = a / (f->q / f->p), out = 0, place = 1;
    a = a % (f->q / f->p) * f->p;
    for (size_t i = 0; i < f->k; i++, place *= f->p, a /= f->p, low /= f->p)
        out += (a % f->p + top * (low % f->p)) % f->p * place;
    return out;
}

/* Squares of a field of prime order are found directly; otherwise they are the even powers of x modulo a primitive polynomial.
   is_square: q numbers: 1, -1, and 0 for 0. */
static void find_squares(const field *f, signed char *is_square)
{
    memset(is_square, -1, f->q);
    is_square[0] = 0;
    for (size_t a = 1; f->k == 1 && a < f->q; a++)
        is_square[a * a % f->q] = 1;
    for (size_t low = 1; f->k > 1 && low < f->q; low++) {
        size_t power = 1, order = 0;
        do {
            power = times_x(f, power, low);
            order++;
        } while (power != 1 && power != 0 && order < f->q);
        if (power != 1 || order != f->q - 1)
            continue;
        for (size_t i = 0; i < order; i += 2) {
            is_square[power] = 1;
            power = times_x(f, times_x(f, power, low), low);
        }
        return;
    }
}

/* ---- the core ---- */

static int paley_one(size_t order, field *f) { return order % 4 == 0 && field_of(order - 1, f); }
static int paley_two(size_t order, field *f) { return order % 4 == 0 && (order / 2 - 1) % 4 == 1 && field_of(order / 2 - 1, f); }

/* An order that is not made by doubling. */
static int is_core(size_t order)
{
    field f;
    return order <= 2 || paley_one(order, &f) || paley_two(order, &f) || quadruple_of(order) != NULL;
}

/* Powers of two are all doubling; otherwise the smallest core. 0: there is none. */
static size_t core_of(size_t order)
{
    size_t core = order;
    while (core % 2 == 0)
        core /= 2;
    for (; core <= order; core *= 2)
        if (is_core(core))
            return core;
    return 0;
}

/* Paley's first: a border of +1 and Q - I inside. */
static int first_sign(const field *f, const signed char *square, size_t i, size_t j)
{
    if (i == 0 || j == 0)
        return i == 0 ? 1 : -1;
    return i == j ? 1 : square[subtract(f, j - 1, i - 1)];
}

/* His second: a symmetric matrix S (a border of +1, 0 in the corner and Q inside) with 0 replaced by (+ -, - -) and s by s (+ +, + -). */
static int second_sign(const field *f, const signed char *square, size_t i, size_t j)
{
    size_t a = i / 2, b = j / 2;
    int low = (i & 1) != 0 && (j & 1) != 0, s;
    if (a == b)
        return (i & 1) == 0 && (j & 1) == 0 ? 1 : -1;
    s = a == 0 || b == 0 ? 1 : square[subtract(f, b - 1, a - 1)];
    return low ? -s : s;
}

static void fill_core(size_t core, const field *f, int kind, const signed char *square, signed char *rows)
{
    const quadruple *q = quadruple_of(core);
    for (size_t i = 0; i < core; i++)
        for (size_t j = 0; j < core; j++) {
            int sign = core == 1 ? 1 : kind == 1 ? first_sign(f, square, i, j) : kind == 2 ? second_sign(f, square, i, j) : goethals_seidel(q, i, j);
            rows[i * core + j] = (signed char)sign;
        }
    for (size_t j = 0; j < core; j++)          /* the first row is made +1 */
        for (size_t i = core; rows[j] < 0 && i-- > 0;)
            rows[i * core + j] = (signed char)-rows[i * core + j];
}

size_t svyi_hadamard_order(size_t at_least)
{
    if (at_least <= 2)
        return at_least < 1 ? 1 : at_least;
    for (size_t n = (at_least + 3) / 4 * 4; n <= SVYI_HADAMARD_MAX; n += 4)
        if (core_of(n) > 0)
            return n;
    return 0;
}

int svyi_hadamard_make(svyi_arena *arena, size_t order, svyi_hadamard *out)
{
    field f = { 0, 0, 0 };
    size_t core = core_of(order);
    *out = (svyi_hadamard){ .order = order, .core = core };
    int kind = core > 2 && paley_one(core, &f) ? 1 : core > 2 && paley_two(core, &f) ? 2 : 0;
    signed char *rows = svyi_arena_get(arena, core * core), *square = svyi_arena_get(arena, f.q + 1);
    if (rows == NULL || square == NULL)
        return -1;
    if (kind > 0)
        find_squares(&f, square);
    fill_core(core, &f, kind, square, rows);
    out->rows = rows;
    return 0;
}

int svyi_hadamard_sign(const svyi_hadamard *h, size_t row, size_t column)
{
    size_t both = row / h->core & column / h->core;
    int sign = h->rows[row % h->core * h->core + column % h->core];
    for (; both != 0; both &= both - 1)
        sign = -sign;
    return sign;
}
