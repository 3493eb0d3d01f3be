/* Workbooks of every kind: what their cells become, where sheets end, and that hostile ones are refused. Expected texts are those of the readers
   that XLSForm tools use (openpyxl and xlrd through pyxform), from their documentation and sources. */
#include "compound.h"
#include "zipped.h"
#include "exchange/workbook/workbook.h"
#include "exchange/workbook/cell.h"
#include "failing.h"
#include <criterion/criterion.h>
#include <stdio.h>

#define RELS "@@_rels/.rels\n<Relationships><Relationship Id='r' Type='t/officeDocument' Target='xl/workbook.xml'/></Relationships>\n"
#define BOOK_RELS "@@xl/_rels/workbook.xml.rels\n<Relationships><Relationship Id='a' Type='t/worksheet' Target='worksheets/one.xml'/>" \
    "<Relationship Id='b' Type='t/sharedStrings' Target='sharedStrings.xml'/><Relationship Id='c' Type='t/styles' Target='styles.xml'/></Relationships>\n"
#define BOOK "@@xl/workbook.xml\n<workbook xmlns:r='u'><sheets><sheet name='survey' r:id='a'/></sheets></workbook>\n"
#define STRINGS "@@xl/sharedStrings.xml\n<sst><si><t>type</t></si><si><r><t> two\xC2\xA0</t></r><r><t>parts </t></r><rPh><t>no</t></rPh></si></sst>\n"
#define STYLES "@@xl/styles.xml\n<styleSheet><numFmts><numFmt numFmtId='164' formatCode='[h]:mm'/></numFmts><cellXfs><xf numFmtId='0'/><xf numFmtId='14'/>" \
    "<xf numFmtId='164'/></cellXfs></styleSheet>\n"
#define SHEET(rows) "@@xl/worksheets/one.xml\n<worksheet><sheetData>" rows "</sheetData></worksheet>"
#define XLSX(rows) RELS BOOK_RELS BOOK STRINGS STYLES SHEET(rows)
#define HEAD "<row r='1'><c r='A1' t='s'><v>0</v></c><c r='B1' t='str'><v>name</v></c></row>"

static svyi_workbook *read_bytes(const void *bytes, size_t len, svy_error *err)
{
    svyi_workbook *w;
    const svy_status st = svyi_workbook_read_memory(NULL, bytes, len, "a.xlsx", NULL, &w, err);
    cr_assert_eq(st == SVY_OK, w != NULL);
    return w;
}

static svyi_workbook *read_parts(const char *parts, int deflated, svy_error *err)
{
    zipped z = zipped_text(parts, strlen(parts), deflated);
    cr_assert_not_null(z.bytes);
    svyi_workbook *w = read_bytes(z.bytes, z.len, err);
    free(z.bytes);
    return w;
}

static const char *cell(const svyi_workbook *w, uint32_t sheet, uint32_t row, uint32_t column)
{
    cr_assert_lt(sheet, w->n_sheets);
    const svyi_sheet *s = &w->sheets[sheet];
    cr_assert(row < s->n_rows && column < s->n_columns, "row %u column %u of %u x %u", row, column, s->n_rows, s->n_columns);
    return s->cells[row * s->n_columns + column];
}

Test(workbook, cells_of_xlsx)
{
    static const struct { const char *cell, *text; int kind; } CASES[] = {
        { "<c t='s'><v>1</v></c>", "two parts", SVYI_CELL_TEXT },
        { "<c t='inlineStr'><is><r><t>a</t></r><r><t>b</t></r></is></c>", "ab", SVYI_CELL_TEXT },
        { "<c t='inlineStr'><is><t>a</t><rPh><t>no</t><t>no</t></rPh></is></c>", "a", SVYI_CELL_TEXT },
        { "<c t='str'><f>x</f><v> formula </v></c>", "formula", SVYI_CELL_TEXT },
        { "<c><f>1/3</f><v>0.5</v></c>", "0.5", SVYI_CELL_NUMBER },
        { "<c><v>12</v></c>", "12", SVYI_CELL_NUMBER },
        { "<c><v>12.0</v></c>", "12", SVYI_CELL_NUMBER },
        { "<c><v>-3</v></c>", "-3", SVYI_CELL_NUMBER },
        { "<c><v>12345678901234567890123</v></c>", "12345678901234567890123", SVYI_CELL_NUMBER },
        { "<c><v>1E+22</v></c>", "10000000000000000000000", SVYI_CELL_NUMBER },
        { "<c><v>0.00001</v></c>", "1e-05", SVYI_CELL_NUMBER },
        { "<c><v>0.0001</v></c>", "0.0001", SVYI_CELL_NUMBER },
        { "<c><v>1.5e-7</v></c>", "1.5e-07", SVYI_CELL_NUMBER },
        { "<c t='b'><v>1</v></c>", "TRUE", SVYI_CELL_BOOLEAN },
        { "<c t='b'><v>0</v></c>", "FALSE", SVYI_CELL_BOOLEAN },
        { "<c t='e'><v>#DIV/0!</v></c>", "#DIV/0!", SVYI_CELL_ERROR },
        { "<c t='d'><v>2026-11-22T08:30:00</v></c>", "2026-11-22 08:30:00", SVYI_CELL_DATE },
        { "<c s='1'><v>41255</v></c>", "2012-12-12 00:00:00", SVYI_CELL_DATE },
        { "<c s='1'><v>41255.25</v></c>", "2012-12-12 06:00:00", SVYI_CELL_DATE },
        { "<c s='1'><v>0.5</v></c>", "12:00:00", SVYI_CELL_TIME },
        { "<c s='1'><v>1</v></c>", "1900-01-01 00:00:00", SVYI_CELL_DATE },
        { "<c s='1'><v>99999999</v></c>", "#VALUE!", SVYI_CELL_ERROR },
        { "<c s='2'><v>1.25</v></c>", "1 day, 6:00:00", SVYI_CELL_TIME },
        { "<c s='99'><v>7</v></c>", "7", SVYI_CELL_NUMBER },
        { "<c t='s'/>", "", SVYI_CELL_BLANK },
        { "<c t='str'><v>  \xC2\xA0 </v></c>", "", SVYI_CELL_BLANK },
    };
    for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
        char parts[4096];
        svy_error err = SVY_ERROR_INIT;
        snprintf(parts, sizeof parts, "%s", XLSX(HEAD "<row r='2'>@</row><row r='3'><c r='B3'><v>1</v></c></row>"));
        char *at = strstr(parts, "@</row>");
        char tail[512];
        snprintf(tail, sizeof tail, "%s", at + 1);
        snprintf(at, sizeof parts - (size_t)(at - parts), "%s%s", CASES[i].cell, tail);
        svyi_workbook *w = read_parts(parts, 1, &err);
        cr_assert_not_null(w, "%s: %s", CASES[i].cell, err.message);
        cr_expect_str_eq(cell(w, 0, 1, 0), CASES[i].text, "%s: %s", CASES[i].cell, cell(w, 0, 1, 0));
        cr_expect_eq(w->sheets[0].kinds[2], CASES[i].kind, "%s", CASES[i].cell);
        svyi_workbook_free(w);
    }
}

Test(workbook, refusals_of_xlsx)
{
    static const struct { const char *parts; svy_status code; const char *says; } CASES[] = {
        { XLSX("<row r='1'><c t='s'><v>2</v></c></row>"), SVY_E_FORMAT, "shared text" },
        { XLSX("<row r='1'><c t='str'><v>a</v></c><c t='str'><v>a</v></c></row>"), SVY_E_INVALID, "two columns 'a'" },
        { XLSX(HEAD "<row r='2'><c><v>1,5</v></c></row>"), SVY_E_FORMAT, "number" },
        { XLSX("<row r='0'/>"), SVY_E_FORMAT, "number that no row has" },
        { XLSX("<row r='1'><c r='ZZZZ1'/></row>"), SVY_E_FORMAT, "place" },
        { RELS "@@xl/workbook.xml\n<document/>", SVY_E_FORMAT, "not a workbook" },
        { RELS "@@xl/workbook.xml\n<workbook/>", SVY_E_FORMAT, "no sheet" },
        { RELS BOOK_RELS BOOK, SVY_E_FORMAT, "sharedStrings.xml" },
        { RELS BOOK_RELS BOOK "@@xl/sharedStrings.xml\n<!DOCTYPE a [<!ENTITY b 'c'>]><sst/>", SVY_E_FORMAT, "DOCTYPE" },
        { RELS BOOK_RELS BOOK "@@xl/sharedStrings.xml\n<sst><si>", SVY_E_FORMAT, "well-formed" },
        { "@@content.xml\n<a/>", SVY_E_FORMAT, "OpenDocument" },
        { "@@a\nb", SVY_E_FORMAT, "not a workbook" },
        { "@@_rels/.rels\n<a><Relationship Id='r' Type='t/officeDocument' Target='xl/workbook.bin'/></a>", SVY_E_FORMAT, ".xlsb" },
    };
    for (size_t i = 0; i < sizeof CASES / sizeof CASES[0]; i++) {
        svy_error err = SVY_ERROR_INIT;
        cr_assert_null(read_parts(CASES[i].parts, 0, &err), "case %zu", i);
        cr_expect_eq(err.code, CASES[i].code, "case %zu: %s", i, err.message);
        cr_expect(strstr(err.message, CASES[i].says) != NULL, "case %zu: %s", i, err.message);
    }
}

Test(workbook, sheets_end_where_blanks_begin)
{
    svy_error err = SVY_ERROR_INIT;
    svyi_workbook *w = read_parts(XLSX(HEAD "<row r='62'><c r='A62'><v>1</v></c></row><row r='123'><c r='A123'><v>2</v></c></row>"
                                       "<row r='185'><c r='A185'><v>3</v></c></row>"), 0, &err);
    cr_assert_not_null(w, "%s", err.message);
    cr_expect_eq(w->sheets[0].n_rows, 123, "61 blank rows end the sheet, 60 do not: %u", w->sheets[0].n_rows);
    svyi_workbook_free(w);
    w = read_parts(XLSX("<row r='1'><c r='A1' t='s'><v>0</v></c><c r='V1' t='str'><v>b</v></c><c r='AR1' t='str'><v>c</v></c></row>"
                        "<row r='2'><c r='B2'><v>5</v></c><c r='V2'><v>6</v></c></row>"), 0, &err);
    cr_assert_not_null(w, "%s", err.message);
    cr_expect_eq(w->sheets[0].n_columns, 22, "20 blank headers go on, 21 end: %u", w->sheets[0].n_columns);
    cr_expect_str_eq(cell(w, 0, 1, 1), "", "a column without header has no cells");
    cr_expect_str_eq(cell(w, 0, 1, 21), "6");
    svyi_workbook_free(w);
}

Test(workbook, a_far_cell_costs_nothing)
{
    svy_error err = SVY_ERROR_INIT;
    svyi_workbook *w = read_parts(XLSX(HEAD "<row r='1048576'><c r='XFD1048576'><v>1</v></c></row>"), 0, &err);
    cr_assert_not_null(w, "%s", err.message);
    cr_expect(w->sheets[0].n_rows == 1 && w->sheets[0].n_columns == 2);
    svyi_workbook_free(w);
}

Test(workbook, zip_bombs)
{
    svy_error err = SVY_ERROR_INIT;
    const size_t n = 80u << 20;
    char *parts = malloc(n + 1000);
    cr_assert_not_null(parts);
    const size_t head = (size_t)snprintf(parts, 1000, "%s", RELS "@@xl/workbook.xml\n");
    memset(parts + head, ' ', n);
    parts[head + n] = '\0';
    cr_expect_null(read_parts(parts, 1, &err));
    cr_expect(err.code == SVY_E_LIMIT && strstr(err.message, "grows too much") != NULL, "%s", err.message);
    free(parts);
    parts = malloc(200000);
    size_t len = 0;
    for (int i = 0; i < 1001; i++)
        len += (size_t)snprintf(parts + len, 200000 - len, "@@f%d\nx\n", i);
    cr_expect_null(read_parts(parts, 0, &err));
    cr_expect(err.code == SVY_E_LIMIT && strstr(err.message, "too many files") != NULL, "%s", err.message);
    free(parts);
}

Test(workbook, two_files_of_one_name_and_damage)
{
    svy_error err = SVY_ERROR_INIT;
    const char *parts = "@@_rels/.rels\n<a/>\n@@_rels/.relt\n<b/>";
    zipped z = zipped_text(parts, strlen(parts), 0);
    for (size_t i = 0; i + 11 <= z.len; i++)
        if (memcmp(z.bytes + i, "_rels/.relt", 11) == 0)
            z.bytes[i + 10] = 's';
    cr_expect_null(read_bytes(z.bytes, z.len, &err));
    cr_expect(strstr(err.message, "two files of one name") != NULL, "%s", err.message);
    free(z.bytes);
    parts = XLSX(HEAD);
    z = zipped_text(parts, strlen(parts), 1);
    for (size_t n = 0; n < z.len; n += 7) {
        cr_assert_null(read_bytes(z.bytes, n, &err), "cut at %zu", n);
        cr_assert_str_neq(err.message, "");
    }
    free(z.bytes);
}

Test(workbook, old_xls)
{
    static const char *const EXPECTED[4][3] = { { "type", "n\xC3\xA4me t", "label" }, { "2012-12-12 00:00:00", "15", "TRUE" }, { "0.25", "3", "42" },
                                                { "formula", "2.5", "7" } };
    static unsigned char stream[8192];
    svy_error err = SVY_ERROR_INIT;
    FILE *f = fopen(SVY_TEST_DATA "/fuzz/corpus/xls/all-kinds.biff", "rb");
    cr_assert_not_null(f);
    const size_t n = fread(stream, 1, sizeof stream, f);
    fclose(f);
    compound c = compound_of(stream, n);
    svyi_workbook *w = read_bytes(c.bytes, c.len, &err);
    cr_assert_not_null(w, "%s", err.message);
    for (uint32_t row = 0; row < 4; row++)
        for (uint32_t column = 0; column < 3; column++)
            cr_expect_str_eq(cell(w, 0, row, column), EXPECTED[row][column], "%s", cell(w, 0, row, column));
    svyi_workbook_free(w);
    for (size_t cut = 0; cut < c.len; cut += 11) {
        w = read_bytes(c.bytes, cut, &err);
        cr_assert(w != NULL || err.message[0] != '\0');
        svyi_workbook_free(w);
    }
    free(c.bytes);
}

Test(workbook, texts)
{
    svy_error err = SVY_ERROR_INIT;
    const char *md = "| survey |\n| | type | name | a \\| b |\n| | --- | --- | |\n| | text | x | y # no |\n# | | int | z |\n| | | | |\n| choices | list_name |\n| | l | # gone\n";
    svyi_workbook *w = read_bytes(md, strlen(md), &err);
    cr_assert_not_null(w, "%s", err.message);
    cr_expect(w->kind == SVYI_WORKBOOK_MD && w->n_sheets == 2 && w->sheets[0].n_rows == 2, "%u", w->sheets[0].n_rows);
    cr_expect_str_eq(cell(w, 0, 0, 2), "a | b");
    cr_expect_str_eq(cell(w, 0, 1, 2), "y # no");
    cr_expect_str_eq(cell(w, 1, 1, 0), "l");
    svyi_workbook_free(w);
    const char *csv = "survey,,\r\n,type,name\r\n, text ,\"a \"\"b\"\"\nc\"\n,,\n\nchoices,list_name\n,l\nsurvey,name,type\n,z,int\n";
    w = read_bytes(csv, strlen(csv), &err);
    cr_assert_not_null(w, "%s", err.message);
    cr_expect(w->kind == SVYI_WORKBOOK_CSV && w->n_sheets == 2 && w->sheets[0].n_rows == 3);
    cr_expect_str_eq(cell(w, 0, 1, 0), "text");
    cr_expect_str_eq(cell(w, 0, 1, 1), "a \"b\"\nc");
    cr_expect_str_eq(cell(w, 0, 2, 0), "int");
    cr_expect_str_eq(cell(w, 0, 2, 1), "z");
    svyi_workbook_free(w);
    cr_expect_null(read_bytes("hello", 5, &err));
    cr_expect_null(read_bytes("\x89PNG\r\n\xFF", 7, &err));
    cr_expect_null(read_bytes("", 0, &err));
}

/* One text of the workbook becomes as many texts of the form as cells share it. */
Test(workbook, a_text_counts_in_every_cell_that_shares_it)
{
    const char *parts = XLSX(HEAD "<row r='2'><c t='s'><v>1</v></c></row><row r='3'><c t='s'><v>1</v></c></row><row r='4'><c t='s'><v>1</v></c></row>");
    zipped z = zipped_text(parts, strlen(parts), 1);
    svyi_workbook_limits limits = SVYI_WORKBOOK_LIMITS_INIT;
    svy_error err = SVY_ERROR_INIT;
    svyi_workbook *w;
    limits.texts = strlen("typename") + strlen("two\xC2\xA0" "parts") + 2 * strlen("two parts");
    cr_assert_eq(svyi_workbook_read_memory(NULL, z.bytes, z.len, "a.xlsx", &limits, &w, &err), SVY_OK, "%s", err.message);
    svyi_workbook_free(w);
    limits.texts--;
    cr_assert_eq(svyi_workbook_read_memory(NULL, z.bytes, z.len, "a.xlsx", &limits, &w, &err), SVY_E_LIMIT);
    cr_expect(err.line == 4 && strstr(err.message, "makes too much text") != NULL, "%d: %s", err.line, err.message);
    free(z.bytes);
}

Test(workbook, every_allocation_may_fail)
{
    const char *parts = XLSX(HEAD "<row r='2'><c t='s'><v>1</v></c></row>");
    zipped z = zipped_text(parts, strlen(parts), 1);
    const svy_alloc alloc = { failing, NULL };
    svyi_workbook *w = NULL;
    for (size_t n = 0; w == NULL; n++) {
        svy_error err = SVY_ERROR_INIT;
        countdown = n;
        live = 0;
        cr_assert_lt(n, 1000);
        const svy_status st = svyi_workbook_read_memory(&alloc, z.bytes, z.len, "a.xlsx", NULL, &w, &err);
        cr_assert(st == SVY_OK || st == SVY_E_NOMEM, "after %zu: %s", n, err.message);
        cr_assert(st == SVY_OK || live == 0, "after %zu: %zu pieces are left", n, live);
    }
    svyi_workbook_free(w);
    cr_expect_eq(live, 0);
    free(z.bytes);
}
