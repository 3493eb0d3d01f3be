/* The routing graph in Graphviz's language: what is asked in which order, and what is skipped when. */
#include "base/error.h"
#include "exchange/show/show.h"
#include <string.h>

enum { LABEL_WIDTH = 34, LABEL_LINES = 3, RULE_WIDTH = 30, RULE_LINES = 5, LOOSE = 48, DEPTH = 64 };

/* An edge whose head is not known yet: it goes to whatever comes next. */
typedef struct loose { uint32_t from; int junction; uint32_t skips; uint32_t when; } loose;

typedef struct graph {
    const svy_form *f;
    uint32_t lang;
    svyi_buffer nodes, edges;    /* edges come last: named inside a cluster, they would pull nodes into it */
    uint32_t junctions;
    loose open[LOOSE]; unsigned n_open;
} graph;

static const char FONT[] = "fontname=\"Helvetica,Arial,sans-serif\"";

static void escaped(svyi_buffer *out, const char *text, unsigned width, unsigned lines)
{
    const svyi_wrap how = { .width = width, .lines = lines, .line_end = "<br/>", .html = 1 };
    svyi_wrap_add(out, text, 0, &how);
}

static void name_node(svyi_buffer *out, uint32_t number, int junction)
{
    svyi_buffer_format(out, junction ? "j%u" : "i%u", number);
}

static void rule_label(graph *g, const char *word, uint32_t rule)
{
    svyi_buffer_text(&g->edges, " label=<<table border=\"0\" cellpadding=\"3\"><tr><td align=\"left\" balign=\"left\">");
    svyi_buffer_text(&g->edges, word);
    escaped(&g->edges, svyi_rule_text(g->f, rule), RULE_WIDTH, RULE_LINES);
    svyi_buffer_text(&g->edges, "</td></tr></table>>");
}

/* Connects every loose edge to a node. */
static void connect(graph *g, uint32_t to, int junction)
{
    for (unsigned i = 0; i < g->n_open; i++) {
        const loose *e = &g->open[i];
        svyi_buffer_text(&g->edges, "  ");
        name_node(&g->edges, e->from, e->junction);
        svyi_buffer_text(&g->edges, " -> ");
        name_node(&g->edges, to, junction);
        svyi_buffer_text(&g->edges, junction ? " [dir=none" : " [");
        if (e->skips != 0) {
            svyi_buffer_text(&g->edges, " style=dashed color=\"#a04000\" fontcolor=\"#a04000\"");
            rule_label(g, "unless ", e->skips);
        }
        if (e->when != 0)
            rule_label(g, "when ", e->when);
        svyi_buffer_text(&g->edges, "]\n");
    }
    g->n_open = 0;
}

static void add_open(graph *g, loose e)
{
    if (g->n_open < LOOSE)
        g->open[g->n_open++] = e;
}

/* One node from which all goes on: the item before when that is all there is, else a point where edges meet. */
static loose gather(graph *g)
{
    if (g->n_open == 1 && g->open[0].skips == 0 && g->open[0].when == 0) {
        g->n_open = 0;
        return g->open[0];
    }
    const uint32_t junction = ++g->junctions;
    svyi_buffer_format(&g->nodes, "  j%u [shape=point width=0.06 label=\"\"]\n", junction);
    connect(g, junction, 1);
    return (loose){ .from = junction, .junction = 1 };
}

static void table_row(graph *g, const char *open, const char *text, const char *close, unsigned lines)
{
    svyi_buffer_text(&g->nodes, open);
    escaped(&g->nodes, text, LABEL_WIDTH, lines);
    svyi_buffer_text(&g->nodes, close);
}

static void grid_rows(graph *g, uint32_t i, const svy_item *item)
{
    for (uint32_t r = i + 1; r < item->end; r++)
        if (svy_form_item(g->f, r)->flags & SVY_ITEM_ROW) {
            table_row(g, "<br align=\"left\"/>• <b>", svy_form_item_id(g->f, r), "</b> ", 1);
            escaped(&g->nodes, svyi_item_label(g->f, r, g->lang), LABEL_WIDTH, 1);
        }
}

static void node(graph *g, uint32_t i, const svy_item *item)
{
    const char *shape = item->kind == SVY_EL_END ? "octagon" : item->kind == SVY_EL_NOTE ? "note" : "box";
    const char *style = item->kind == SVY_EL_END ? "filled\" fillcolor=\"#f6d5d5" : item->kind == SVY_EL_NOTE ? "filled\" fillcolor=\"#fffbe6"
                                                                                                           : "rounded,filled\" fillcolor=\"#ffffff";
    const char *label = svyi_item_label(g->f, i, g->lang);
    svyi_buffer_format(&g->nodes, "  i%u [shape=%s style=\"%s\" label=<", i, shape, style);
    table_row(g, "<b>", svy_form_item_id(g->f, i)[0] != '\0' ? svy_form_item_id(g->f, i) : "end", "</b>", 1);
    if (item->type != SVY_T_NONE)
        svyi_buffer_format(&g->nodes, " <font color=\"#606060\" point-size=\"9\">%s%s</font>", svy_type_name((svy_type)item->type),
                           item->flags & SVY_ITEM_REQUIRED ? " *" : "");
    if (label[0] != '\0')
        table_row(g, "<br/>", label, "", LABEL_LINES);
    if (item->kind == SVY_EL_GRID) {
        grid_rows(g, i, item);
        svyi_buffer_text(&g->nodes, "<br align=\"left\"/>");
    }
    svyi_buffer_text(&g->nodes, ">]\n");
}

/* What stands in the flow of an interview: not what is computed, nor what belongs to an item shown before. */
static int is_step(const svy_item *item)
{
    if (item->flags & SVY_ITEM_OTHER)
        return 0;
    return item->kind == SVY_EL_QUESTION || item->kind == SVY_EL_NOTE || item->kind == SVY_EL_GRID || item->kind == SVY_EL_END ||
           item->kind == SVY_EL_SECTION || item->kind == SVY_EL_ROSTER;
}

static int is_group(const svy_item *item) { return item->kind == SVY_EL_SECTION || item->kind == SVY_EL_ROSTER; }

static void begin_cluster(graph *g, uint32_t i, const svy_item *item)
{
    const int roster = item->kind == SVY_EL_ROSTER;
    svyi_buffer_format(&g->nodes, "  subgraph cluster%u {\n  style=\"%s\" color=\"%s\" penwidth=%s bgcolor=\"%s\" labeljust=l %s label=<<b>", i,
                       roster ? "solid" : "rounded", roster ? "#2060a0" : "#909090", roster ? "2" : "1", roster ? "#eaf2fb" : "#f7f7f7", FONT);
    table_row(g, "", svy_form_item_id(g->f, i), "</b>", 1);
    if (svyi_item_label(g->f, i, g->lang)[0] != '\0')
        table_row(g, " ", svyi_item_label(g->f, i, g->lang), "", 2);
    if (roster && item->value != 0)
        table_row(g, "<br/><i>number of entries: ", svyi_rule_text(g->f, item->value), "</i>", 2);
    else if (roster && item->flags & SVY_ITEM_FOR)
        table_row(g, "<br/><i>one entry for each of ", svy_form_item_id(g->f, item->of), "</i>", 1);
    else if (roster && item->flags & SVY_ITEM_OPEN)
        svyi_buffer_text(&g->nodes, "<br/><i>is there another?</i>");
    svyi_buffer_text(&g->nodes, ">\n");
}

static void flow(graph *g, uint32_t first, uint32_t end, unsigned depth);

static void visit(graph *g, uint32_t i, const svy_item *item, unsigned depth)
{
    if (item->kind == SVY_EL_END) {
        loose before = gather(g), to_end = before;
        node(g, i, item);
        to_end.when = item->value;
        add_open(g, to_end);
        connect(g, i, 0);
        add_open(g, before);
    } else if (is_group(item)) {
        begin_cluster(g, i, item);
        flow(g, i + 1, item->end, depth + 1);
        svyi_buffer_text(&g->nodes, "  }\n");
    } else {
        node(g, i, item);
        connect(g, i, 0);
        add_open(g, (loose){ .from = i });
    }
}

static int same_rule(const graph *g, uint32_t a, uint32_t b)
{
    return a == b || (a != 0 && b != 0 && strcmp(svyi_rule_text(g->f, a), svyi_rule_text(g->f, b)) == 0);
}

/* The next step behind `i` among its siblings; `end` when there is none. */
static uint32_t next_step(const graph *g, uint32_t i, uint32_t end)
{
    while (i < end && !is_step(svy_form_item(g->f, i)))
        i = svy_form_item(g->f, i)->end;
    return i;
}

/* Items one after another; neighbours under the same condition are skipped together. Depth: that of the questionnaire, at most 64. */
static void flow(graph *g, uint32_t first, uint32_t end, unsigned depth)
{
    uint32_t i = next_step(g, first, end);
    while (i < end && depth <= DEPTH) {
        const svy_item *item = svy_form_item(g->f, i);
        const uint32_t relevant = item->relevant;
        loose before = { .from = 0 };
        if (relevant != 0) {
            before = gather(g);
            add_open(g, before);
        }
        do {
            visit(g, i, item, depth);
            i = next_step(g, item->end, end);
            item = i < end ? svy_form_item(g->f, i) : NULL;
        } while (relevant != 0 && item != NULL && same_rule(g, item->relevant, relevant));
        if (relevant != 0) {
            before.skips = relevant;
            add_open(g, before);
        }
        if (g->n_open > LOOSE / 2)
            add_open(g, gather(g));
    }
}

svy_status svy_form_routing_dot(const svy_form *f, uint32_t lang, const svy_sink *sink, svy_error *err)
{
    SVY_REQUIRE(f != NULL && sink != NULL && sink->write != NULL, err);
    SVY_REQUIRE(lang < svy_form_languages(f), err);
    graph g = { .f = f, .lang = lang };
    svyi_buffer_init(&g.nodes, NULL);
    svyi_buffer_init(&g.edges, NULL);
    svyi_buffer_format(&g.nodes, "digraph questionnaire {\n  graph [rankdir=TB nodesep=0.35 ranksep=0.35 labelloc=t %s label=<<b>", FONT);
    escaped(&g.nodes, svy_form_text(f, 0, SVY_TITLE, lang), 80, 3);
    svyi_buffer_format(&g.nodes, "</b><br/> >]\n  node [fontsize=11 margin=\"0.12,0.06\" %s]\n  edge [fontsize=9 arrowsize=0.7 %s]\n", FONT, FONT);
    svyi_buffer_text(&g.nodes, "  i0 [shape=circle width=0.25 label=\"\" style=filled fillcolor=\"#404040\"]\n");
    add_open(&g, (loose){ .from = 0 });
    flow(&g, 1, svy_form_items(f), 0);
    const uint32_t last = svy_form_items(f);     /* no item has this number */
    svyi_buffer_format(&g.nodes, "  i%u [shape=doublecircle width=0.2 label=\"\" style=filled fillcolor=\"#404040\"]\n", last);
    connect(&g, last, 0);
    svy_status st = svyi_hand_over(&g.nodes, sink, err);
    svyi_buffer_text(&g.edges, "}\n");
    if (st == SVY_OK)
        st = svyi_hand_over(&g.edges, sink, err);
    svyi_buffer_clear(&g.nodes);
    svyi_buffer_clear(&g.edges);
    return st;
}
