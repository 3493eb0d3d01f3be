/* Questionnaires at random, and walks through them: what is kept up to date answer by answer must be what evaluating everything gives. */
#include "walk.h"

enum { FORMS = 400, STEPS = 80, NAMES = 64, TEXT = 1 << 15 };

/* What expressions can refer to. `in`: the roster it is in (its number in rosters + 1), 0 outside. */
typedef enum holds { NUMBER, YES_NO, SEVERAL } holds;
typedef struct name { char id[8]; holds sort; int in; } name;
typedef struct maker {
    svyi_random r;
    char text[TEXT];
    size_t len;
    name names[NAMES];
    int n_names;
    char rosters[8][8];
    int around[8 + 1];               /* by roster + 1: the roster around it, 0 when none */
    int n_rosters, in, next;         /* in: the roster being written */
} maker;

SVY_PRINTF(2, 3) static void put(maker *m, const char *format, ...)
{
    va_list ap;

    va_start(ap, format);
    const int n = vsnprintf(m->text + m->len, TEXT - m->len, format, ap);
    va_end(ap);
    cr_assert(n >= 0 && (size_t)n < TEXT - m->len);
    m->len += (size_t)n;
}

static int below(maker *m, int n)
{
    return (int)svyi_random_below(&m->r, (uint32_t)n);
}

/* 1 when roster `outer` is around what is being written, or 0. */
static int is_around(const maker *m, int outer)
{
    int in = m->in;

    while (in != outer && in != 0)
        in = m->around[in];
    return in == outer;
}

/* A name of a sort that came before: in this entry or around it (across 0), or in a roster elsewhere (across 1). NULL when none. */
static const name *earlier(maker *m, holds sort, int across)
{
    for (int tries = 0; tries < 12 && m->n_names > 0; tries++) {
        const name *n = &m->names[below(m, m->n_names)];
        if (n->sort == sort && (across ? n->in != 0 : is_around(m, n->in)))
            return n;
    }
    return NULL;
}

static void number(maker *m, int depth);

static void condition(maker *m, int depth)
{
    const int k = below(m, 6);
    const name *n = NULL;

    switch (depth > 0 ? below(m, 11) : 1 + below(m, 3)) {
    case 0:
        put(m, "(");
        condition(m, depth - 1);
        put(m, below(m, 2) ? " and " : " or ");
        condition(m, depth - 1);
        put(m, ")");
        return;
    case 1: if ((n = earlier(m, NUMBER, 0)) != NULL) { put(m, "${%s} > %d", n->id, k); return; } break;
    case 2: if ((n = earlier(m, YES_NO, 0)) != NULL) { put(m, "${%s} = %d", n->id, 1 + k % 2); return; } break;
    case 3: if ((n = earlier(m, SEVERAL, 0)) != NULL) { put(m, "selected(${%s}, '%c')", n->id, "abc"[k % 3]); return; } break;
    case 4: if ((n = earlier(m, NUMBER, 0)) != NULL) { put(m, "answered(${%s})", n->id); return; } break;
    case 5: if ((n = earlier(m, YES_NO, 0)) != NULL) { put(m, "not(${%s} = 1)", n->id); return; } break;
    case 6: if ((n = earlier(m, NUMBER, 1)) != NULL) { put(m, "count(${%s}[${%s} > %d]) > 0", m->rosters[n->in - 1], n->id, k); return; } break;
    case 7: if (m->in != 0) { put(m, "position() > %d", 1 + k % 2); return; } break;
    case 8: if ((n = earlier(m, YES_NO, 0)) != NULL) { put(m, "refused(${%s})", n->id); return; } break;
    default:
        number(m, depth - 1);
        put(m, " >= ");
        number(m, depth - 1);
        return;
    }
    put(m, "true()");
}

static void number(maker *m, int depth)
{
    const int k = below(m, 6);
    const name *n = NULL;

    switch (depth > 0 ? below(m, 9) : below(m, 2)) {
    case 0: if ((n = earlier(m, NUMBER, 0)) != NULL) { put(m, "${%s}", n->id); return; } break;
    case 1: break;
    case 2: if ((n = earlier(m, NUMBER, 0)) != NULL) { put(m, "coalesce(${%s}, %d)", n->id, k); return; } break;
    case 3: if ((n = earlier(m, NUMBER, 1)) != NULL) { put(m, "%s(${%s})", k % 2 ? "sum" : "max", n->id); return; } break;
    case 4: if (m->n_rosters > (m->in != 0)) { put(m, "count(${%s})", m->rosters[below(m, m->n_rosters)]); return; } break;
    case 5: if ((n = earlier(m, SEVERAL, 0)) != NULL) { put(m, "count-selected(${%s})", n->id); return; } break;
    case 6: if (m->in != 0) { put(m, "position()"); return; } break;
    case 7: if ((n = earlier(m, NUMBER, 1)) != NULL) { put(m, "${%s}[%d]", n->id, 1 + k % 3); return; } break;
    default:
        put(m, "if(");
        condition(m, depth - 1);
        put(m, ", ");
        number(m, depth - 1);
        put(m, ", ");
        number(m, depth - 1);
        put(m, " + %d)", k);
        return;
    }
    put(m, "%d", k);
}

static void add_name(maker *m, const char *id, holds sort)
{
    cr_assert_lt(m->n_names, NAMES);
    snprintf(m->names[m->n_names].id, sizeof m->names[0].id, "%s", id);
    m->names[m->n_names].sort = sort;
    m->names[m->n_names++].in = m->in;
}

static void relevant(maker *m)
{
    if (below(m, 2) == 0)
        return;
    put(m, " relevant=\"");
    condition(m, 2);
    put(m, "\"");
}

static void question(maker *m)
{
    static const char *const TYPES[] = { "type='integer'", "type='single' choices='yn'", "type='multiple' choices='abc'" };
    const holds sort = (holds)below(m, 3);
    char id[8];

    snprintf(id, sizeof id, "q%d", m->next++);
    put(m, "<question id='%s' %s", id, TYPES[sort]);
    relevant(m);
    if (sort == NUMBER && below(m, 3) == 0) {
        put(m, " default=\"");
        number(m, 2);
        put(m, "\"");
    }
    put(m, "><label>Q</label>");
    if (sort == NUMBER)
        put(m, "<check that='. >= 0 and . &lt; 9'>0 to 8</check>");
    put(m, "</question>\n");
    add_name(m, id, sort);
}

static void compute(maker *m)
{
    char id[8];

    snprintf(id, sizeof id, "c%d", m->next++);
    put(m, "<compute id='%s' type='integer' value=\"", id);
    number(m, 3);
    put(m, "\"/>\n");
    add_name(m, id, NUMBER);
}

static void items(maker *m, int n, int depth);

static void section(maker *m, int depth)
{
    put(m, "<section id='s%d'", m->next++);
    relevant(m);
    put(m, "><title>S</title>\n");
    items(m, 1 + below(m, 4), depth - 1);
    put(m, "</section>\n");
}

/* A roster by a number, by items chosen or open ended. */
static void roster(maker *m, int depth)
{
    const name *several = earlier(m, SEVERAL, 0);
    const int kind = below(m, 3);
    char id[8];

    if (m->n_rosters == 8) {
        question(m);
        return;
    }
    snprintf(id, sizeof id, "r%d", m->next++);
    put(m, "<roster id='%s'", id);
    relevant(m);
    if (kind == 0) {
        put(m, " count=\"min(5, ");
        number(m, 2);
        put(m, ")\"");
    } else if (kind == 1 && several != NULL)
        put(m, " for='${%s}'", several->id);
    else
        put(m, " max='3'");
    put(m, "><label>R</label>\n");
    snprintf(m->rosters[m->n_rosters++], sizeof m->rosters[0], "%s", id);
    const int outer = m->in;
    m->around[m->n_rosters] = outer;
    m->in = m->n_rosters;
    items(m, 2 + below(m, 4), depth - 1);
    m->in = outer;
    put(m, "</roster>\n");
}

static void items(maker *m, int n, int depth)
{
    for (int i = 0; i < n && m->n_names < NAMES - 2; i++) {
        const int pick = below(m, 12);
        if (pick == 0 && depth > 0)
            section(m, depth);
        else if (pick <= 2 && depth > 0)
            roster(m, depth);
        else if (pick <= 5)
            compute(m);
        else
            question(m);
    }
    if (below(m, 5) == 0) {
        put(m, "<end id='e%d' when=\"", m->next++);
        condition(m, 1);
        put(m, " and ");
        condition(m, 1);
        put(m, "\" outcome='o'>Out</end>\n");
    }
}

static void write_form(maker *m, unsigned seed)
{
    *m = (maker){ .len = 0 };
    svyi_random_seed(&m->r, seed);
    put(m, "<questionnaire xmlns='urn:libsurvey:questionnaire:1' id='any' version='1' xml:lang='en'><title>Any</title>\n"
           "<choices id='yn'><choice code='1'>Yes</choice><choice code='2'>No</choice></choices>\n"
           "<choices id='abc'><choice code='a'>A</choice><choice code='b'>B</choice><choice code='c'>C</choice></choices>\n");
    items(m, 12, 3);
    put(m, "</questionnaire>");
}

/* One that the checker refuses (nobody can ever be asked a question of it, say) is not walked through. */
static int open_form(maker *m, loaded *l)
{
    svy_error err = SVY_ERROR_INIT;

    *l = (loaded){ .diags = { .report = load_report, .user = l } };
    const svy_status st = svy_questionnaire_read_memory(NULL, m->text, m->len, NULL, NULL, &l->diags, &l->block, &l->size, &err);
    cr_assert(st == SVY_OK || st == SVY_E_INVALID, "%s\n%s", err.message, m->text);
    if (st != SVY_OK)
        return 0;
    load_open(l, st, &err);
    return 1;
}

static void walk_through(const svy_form *form, unsigned seed, unsigned *taken)
{
    recorder r = { .writes_left = -1 };
    walk w = { .iv = begin(form, &r, seed, NULL, NULL), .now = NOW };

    svyi_random_seed(&w.r, seed);
    for (int i = 0; i < STEPS; i++) {
        *taken += walk_step(&w) == SVY_OK;
        expect_settled(w.iv, seed, i);
    }
    expect_replayed(w.iv, &r, "walk");
    svy_interview_free(w.iv);
    rec_free(&r);
}

Test(random_forms, back_and_forth, .timeout = 280)
{
    static loaded l;
    static maker m;
    unsigned opened = 0, taken = 0;

    for (unsigned seed = 1; seed <= FORMS; seed++) {
        write_form(&m, seed);
        if (!open_form(&m, &l))
            continue;
        opened++;
        walk_through(l.form, seed, &taken);
        load_free(&l);
    }
    printf("%u of %d questionnaires, %u changes\n", opened, FORMS, taken);
    cr_expect_gt(opened, FORMS / 3, "only %u questionnaires were legal", opened);
    cr_expect_gt(taken, opened * STEPS / 4, "only %u changes were taken", taken);
}
