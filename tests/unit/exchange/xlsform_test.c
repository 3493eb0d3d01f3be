/* XLSForm to XForm where the command cannot look: memory that runs out at every allocation, limits, diagnostics with sheet and row. */
#include "collect.h"
#include "exchange/xlsform/xlsform.h"
#include "exchange/xml/xml.h"
#include "failing.h"
#include <criterion/criterion.h>
#include <stdlib.h>

/* Every part of the converter: groups, repeats, selects, languages, triggers, files, entities, loops. */
static const char WHOLE[] =
    "| survey |\n"
    "| | type | name | label::English (en) | label::fr | hint | calculation | default | trigger | choice_filter | parameters | repeat_count | save_to |\n"
    "| | begin group | g | G ${t} | GG | | | | | | | | |\n"
    "| | integer | n | N | | H | | 1 + 2 | | | | | |\n"
    "| | end group | | | | | | | | | | | |\n"
    "| | begin repeat | r | R | | | | | | | | ${n} + 1 | |\n"
    "| | text | t2 | T | | | | ${n} | | | | | p |\n"
    "| | select_one c or_other | s | S | | | | | | | | | |\n"
    "| | select_one c | s2 | S | | | | | | a = ${t2} | randomize=true seed=${n} | | |\n"
    "| | end repeat | | | | | | | | | | | |\n"
    "| | select_one ${t2} | u | U | | | | | | | | | |\n"
    "| | select_one_from_file f.csv | v | V instance('c')/root/item[name = ${t}]/label | | | | ${last-saved#t} | | | | | |\n"
    "| | text | t | T | | | pulldata('q', 'a', 'b', ${n}) | | ${n}, ${u} | | rows=2 | | |\n"
    "| | range | w | W | | | | | | | start=0 end=1 step=0.5 | | |\n"
    "| | begin loop over c | l | L | | | | | | | | | |\n"
    "| | integer | m | M %(label)s | | | | | | | | | |\n"
    "| | end loop | | | | | | | | | | | |\n"
    "| | audit | | | | | | | | | track-changes=true | | |\n"
    "| choices |\n"
    "| | list_name | name | label::English (en) | label::fr | image | a |\n"
    "| | c | x | X | Y | x.png | 1 |\n"
    "| | c | y | Z ${n} | | | |\n"
    "| settings |\n"
    "| | form_id | instance_name | namespaces | attribute::sv:x |\n"
    "| | f | concat(${t}) | sv=\"urn:s\" | 1 |\n"
    "| entities |\n"
    "| | list_name | label |\n"
    "| | e | ${t2} |\n";

typedef struct result { svy_status status; collected said; svyi_buffer xform; svy_error err; } result;

static void convert(const char *text, result *r)
{
    svyi_workbook *w = NULL;
    svy_diags diags = { .report = collect, .user = &r->said };

    r->said.len = 0;
    r->said.text[0] = '\0';
    r->err = (svy_error)SVY_ERROR_INIT;
    svyi_buffer_init(&r->xform, NULL);
    cr_assert_eq(svyi_workbook_read_memory(NULL, text, strlen(text), "form.md", NULL, &w, &r->err), SVY_OK, "%s", r->err.message);
    r->status = svyi_xlsform_to_xform(w, "form.md", &diags, &r->xform, &r->err);
    cr_assert(r->status == SVY_OK || r->err.code == r->status, "%d %d", (int)r->status, (int)r->err.code);
    cr_assert(r->status == SVY_OK || r->xform.len == 0);
    svyi_workbook_free(w);
}

Test(xlsform, whole_form_is_converted)
{
    result r;
    svyi_xml_file file;
    svy_diags none = { .report = NULL };

    convert(WHOLE, &r);
    cr_assert_eq(r.status, SVY_OK, "%s", r.said.text);
    cr_assert_eq(svyi_xml_parse(&file, NULL, "form.xml", r.xform.data, r.xform.len, "http://www.w3.org/1999/xhtml", 0, NULL, &none, &r.err), SVY_OK, "%s", r.err.message);
    svyi_xml_clear(&file);
    svyi_buffer_clear(&r.xform);
}

Test(xlsform, problems_have_sheet_and_row)
{
    result r;

    convert("| survey |\n| | type | name | label |\n| | text | a | A |\n| | nonsense | b | B |\n| | text | a | A |\n", &r);
    cr_assert_eq(r.status, SVY_E_INVALID);
    cr_assert(strstr(r.said.text, "error 3:0 [survey]") != NULL, "%s", r.said.text);
    cr_assert(strstr(r.said.text, "error 4:0 [survey]") != NULL, "%s", r.said.text);
    cr_assert_eq(r.err.line, 3);
    svyi_buffer_clear(&r.xform);
}

Test(xlsform, what_is_in_the_buffer_stays)
{
    svyi_workbook *w = NULL;
    svy_error err = SVY_ERROR_INIT;
    svyi_buffer out;
    static const char TEXT[] = "| survey |\n| | type | name | label |\n| | text | a | A ${b} |\n";

    cr_assert_eq(svyi_workbook_read_memory(NULL, TEXT, sizeof TEXT - 1, "form.md", NULL, &w, &err), SVY_OK);
    svyi_buffer_init(&out, NULL);
    svyi_buffer_text(&out, "before");
    cr_assert_eq(svyi_xlsform_to_xform(w, "form.md", NULL, &out, &err), SVY_E_INVALID);
    cr_assert_str_eq(out.data, "before");
    svyi_buffer_clear(&out);
    svyi_workbook_free(w);
}

static void memory_runs_out_after(size_t n, const svyi_workbook *w, svy_status *status)
{
    const svy_alloc alloc = { failing, NULL };
    svy_error err = SVY_ERROR_INIT;
    svy_diags none = { .report = NULL };
    svyi_buffer out;

    live = 0;
    countdown = n;
    svyi_buffer_init(&out, &alloc);
    *status = svyi_xlsform_to_xform(w, "form.md", &none, &out, &err);
    cr_assert(*status == SVY_OK || (*status == SVY_E_NOMEM && err.code == SVY_E_NOMEM), "after %zu: %d %s", n, (int)*status, err.message);
    svyi_buffer_clear(&out);
    cr_assert_eq(live, 0, "after %zu allocations %zu pieces are left", n, live);
}

Test(xlsform, memory_that_runs_out_is_an_error)
{
    svyi_workbook *w = NULL;
    svy_error err = SVY_ERROR_INIT;
    svy_status status = SVY_E_NOMEM;

    cr_assert_eq(svyi_workbook_read_memory(NULL, WHOLE, sizeof WHOLE - 1, "form.md", NULL, &w, &err), SVY_OK);
    for (size_t n = 0; status != SVY_OK; n++)
        memory_runs_out_after(n, w, &status);
    svyi_workbook_free(w);
}

/* A text of `n` times `piece` between `before` and `after`. */
static char *repeated(const char *before, const char *piece, size_t n, const char *after)
{
    svyi_buffer b;

    svyi_buffer_init(&b, NULL);
    svyi_buffer_text(&b, before);
    for (size_t i = 0; i < n; i++)
        svyi_buffer_format(&b, piece, i, i);
    svyi_buffer_text(&b, after);
    return b.data;
}

Test(xlsform, limits)
{
    static const struct { const char *before, *piece; size_t n; const char *after; } CASES[] = {
        { "| survey |\n| | type | name | label |\n", "| | begin group | g%zu | G%zu |\n", 300, "" },
        { "| survey |\n| | type | name", " | label::l%zu-%zu", 400, " |\n| | text | a | A |\n" },
        { "| survey |\n| | type | name | label |\n| | text | a | ", "%zu%zu", 60000, " |\n" },
        { "| survey |\n| | type | name | label |\n| | text | a | A |\n| entities |\n| | list_name | label |\n", "| | e%zu | e%zu |\n", 1500, "" },
        { "| survey |\n| | type | name | label |\n| | begin loop over c | l | L |\n| | begin loop over c | m | M |\n| | text | a | A |\n| | end loop | | |\n"
          "| | end loop | | |\n| choices |\n| | list_name | name | label |\n", "| | c | n%zu | %zu |\n", 3000, "" },
    };
    result r;

    for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
        char *text = repeated(CASES[i].before, CASES[i].piece, CASES[i].n, CASES[i].after);
        convert(text, &r);
        cr_assert_eq(r.status, SVY_E_LIMIT, "case %zu: %d %s", i, (int)r.status, r.said.text);
        svyi_buffer_clear(&r.xform);
        free(text);
    }
}
