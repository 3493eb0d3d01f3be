#!/usr/bin/env python3
"""XLSForm: rarer rules. Where a relative path goes up, which defaults are computed, columns that get in each other's way.

usage: xlsform_rules_test.py SURVEY SCRATCH

What is expected was written down by hand from pyxform 4.5.0: the paths from the table tests/fixtures/get_path_relative_to_lcar_cases.csv
and issue 802, the defaults from the rules of pyxform/parsing/expression.py, the columns from tests/test_sheet_columns.py and
pyxform/parsing/sheet_headers.py, lists named like files from pyxform/xls2json.py."""
import os
import re
import shutil
import subprocess
import sys
import xml.etree.ElementTree as ET

SURVEY, SCRATCH = os.path.abspath(sys.argv[1]), os.path.abspath(sys.argv[2])
FAILURES, COUNT = [], 0
XF = "{http://www.w3.org/2002/xforms}"
shutil.rmtree(SCRATCH, ignore_errors=True)
os.makedirs(SCRATCH)
os.chdir(SCRATCH)


def fail(what):
    FAILURES.append(what)
    print("FAIL:", what[:2000])


def convert(**sheets):
    """The XForm of a workbook whose sheets are lines of cells with |, and what was said; None when there was an error."""
    global COUNT
    COUNT += 1
    with open("data.md", "w", encoding="utf-8") as f:
        for name, table in sheets.items():
            f.write(f"| {name} |\n" + "".join(f"| | {line.strip()} |\n" for line in table.strip().splitlines()))
    if os.path.exists("data.xml"):
        os.remove("data.xml")
    r = subprocess.run([SURVEY, "convert", "data.md", "data.xml", "--to", "xform"], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                       stderr=subprocess.PIPE, text=True, errors="replace", timeout=60)
    return (ET.parse("data.xml").getroot() if r.returncode == 0 else None), r.stderr


def binds(root):
    return {b.get("nodeset"): b for b in root.iter(XF + "bind")}


# ---- relative paths: groups begin with g, repeats with r; everything is in the repeat a, which is in the containers of `context`

def tree_rows(paths):
    """Rows of a survey sheet for questions given by (path, row)."""
    rows, done = [], set()

    def children(prefix):
        for path, row in paths:
            parts = path.strip("/").split("/")
            if tuple(parts[:len(prefix)]) != prefix or len(parts) <= len(prefix):
                continue
            name = parts[len(prefix)]
            if prefix + (name,) in done:
                continue
            done.add(prefix + (name,))
            if len(parts) == len(prefix) + 1:
                rows.append(row)
                continue
            kind = "group" if name.startswith("g") else "repeat"
            rows.append(f"begin {kind} | {name} | {name} | |")
            children(prefix + (name,))
            rows.append(f"end {kind} | | | |")

    children(())
    return "type | name | label | calculation | relevant\n" + "\n".join(rows)


# context, path of the target t, path of the source s: for a formula of s the steps up and the path down; the same for choices that are
# the answers of t, whose path must name the repeat t is in so that a predicate can follow it.
PATHS = [
    ("", "/a/g1t/g2t/t", "/a/g1s/g2s/s", 3, "/g1t/g2t/t", 4, "/a/g1t/g2t/t"),
    ("", "/a/g1t/g2t/t", "/a/g1s/r2s/s", 3, "/g1t/g2t/t", 4, "/a/g1t/g2t/t"),
    ("", "/a/g1t/g2t/t", "/a/g1t/g2t/s", 1, "/t", 4, "/a/g1t/g2t/t"),
    ("", "/a/g1t/g2t/t", "/a/s", 1, "/g1t/g2t/t", 2, "/a/g1t/g2t/t"),
    ("", "/a/g1t/r2t/t", "/a/g1s/g2s/s", 3, "/g1t/r2t/t", 3, "/g1t/r2t/t"),
    ("", "/a/g1t/r2t/t", "/a/g1t/r2s/s", 2, "/r2t/t", 2, "/r2t/t"),
    ("", "/a/g1t/r2t/t", "/a/g1t/s", 1, "/r2t/t", 1, "/r2t/t"),
    ("", "/a/g1t/t", "/a/r1s/r2s/s", 3, "/g1t/t", 4, "/a/g1t/t"),
    ("", "/a/g1t/t", "/a/g1t/s", 1, "/t", 3, "/a/g1t/t"),
    ("", "/a/r1t/g2t/t", "/a/g1s/s", 2, "/r1t/g2t/t", 2, "/r1t/g2t/t"),
    ("", "/a/r1t/r2t/t", "/a/r1s/r2s/s", 3, "/r1t/r2t/t", 3, "/r1t/r2t/t"),
    ("", "/a/r1t/t", "/a/s", 1, "/r1t/t", 1, "/r1t/t"),
    ("", "/a/t", "/a/r1s/s", 2, "/t", 3, "/a/t"),
    ("", "/a/t", "/a/s", 1, "/t", 2, "/a/t"),
    ("/g1o", "/a/g1t/t", "/a/g1s/s", 2, "/g1t/t", 3, "/a/g1t/t"),
    ("/g1o", "/a/r1t/t", "/a/g1s/s", 2, "/r1t/t", 2, "/r1t/t"),
    ("/g1o", "/a/t", "/a/s", 1, "/t", 2, "/a/t"),
    ("/r1o", "/a/g1t/g2t/t", "/a/g1s/g2s/s", 3, "/g1t/g2t/t", 3, "/g1t/g2t/t"),
    ("/r1o", "/a/g1t/g2t/t", "/a/g1s/r2s/s", 3, "/g1t/g2t/t", 4, "/a/g1t/g2t/t"),
    ("/r1o", "/a/g1t/t", "/a/g1t/r2s/s", 2, "/t", 4, "/a/g1t/t"),
    ("/r1o", "/a/g1t/t", "/a/r1s/g2s/s", 3, "/g1t/t", 4, "/a/g1t/t"),
    ("/r1o", "/a/t", "/a/s", 1, "/t", 1, "/t"),
    ("/r1o", "/a/t", "/a/r1s/s", 2, "/t", 3, "/a/t"),
    ("/r1o/g2o", "/a/g1t/g2t/t", "/a/g1s/g2s/s", 3, "/g1t/g2t/t", 3, "/g1t/g2t/t"),
    ("/r1o/g2o", "/a/g1t/g2t/t", "/a/g1s/r2s/s", 3, "/g1t/g2t/t", 4, "/a/g1t/g2t/t"),
]


def paths():
    for context, target, source, steps, down, choice_steps, choice_down in PATHS:
        t, s = context + target, context + source
        root, said = convert(survey=tree_rows([(t, "text | t | T | |"), (s, "calculate | s | | ${t} | ")]))
        want = " " + "/".join([".."] * steps) + down + " "
        got = binds(root)["/data" + s].get("calculate") if root is not None else said
        if got != want:
            fail(f"formula of {s} with {t}: expected '{want}', got '{got}'")
        root, said = convert(survey=tree_rows([(t, "text | t | T | |"), (s, "select_one ${t} | s | S | |")]))
        want = "/".join([".."] * choice_steps) + choice_down[:-2] + "[./t != '']"
        got = next(root.iter(XF + "itemset")).get("nodeset") if root is not None else said
        if got != want:
            fail(f"choices of {s} from {t}: expected '{want}', got '{got}'")
    root, said = convert(survey="""type | name | label | relevant
        begin repeat | r | R |
        begin group | g | G ${q} | ${q} != ''
        text | q | Q |
        calculate | c | |
        end group | | |
        end repeat | | |""".replace("calculate | c | |", "note | c | ${r} ${g} |"))
    if root is None or binds(root)["/data/r/g"].get("relevant") != " ../g/q  != ''" or \
            [o.get("value") for o in root.iter(XF + "output")] != [" ../g/q ", " /data/r ", " ../../g "]:
        fail(f"references between a group in a repeat and what is in it: {said}")


# ---- defaults: text in the record, or computed when the record is made

PLAIN = ["-1", "a-b", "1-2", "07-12", "1 -2", "12:30-13:30", "2020-01-01-02", "x[1]", "a.b-c.d", "N/A", "(none)", "f (x)", "'a+b'", "http://x.org/a-b",
         "jr://x", "5mod2", "50%", "a and b", "$5", "22:02:10+06:00", "2020-01-01T10:00:00Z"]
COMPUTED = ["a - b", "a -b", "a+b", "+254", "-", "*", "5 mod 2", "2 div 3", "f()", "if(1, 2, 3)", "x:f(1)", "it's a+b", "http://x.org/?q=a+b",
            "22:02:10.562+06:00", "2021 - 2020-01-01", "${q}"]


def defaults():
    rows = [f"text | p{i} | P | {v}" for i, v in enumerate(PLAIN)] + [f"text | c{i} | C | {v}" for i, v in enumerate(COMPUTED)]
    root, said = convert(survey="type | name | label | default\n text | q | Q |\n" + "\n".join(rows) +
                         "\n date | d | D | 2020-01-01 - 5\n geopoint | g | G | 1 -2 - 3\n date | e | E | f(x) - 5")
    if root is None:
        fail(f"defaults: {said}")
        return
    record = next(root.iter(XF + "instance"))[0]
    values = {e.tag.replace(XF, ""): e.text for e in record.iter()}
    computed = {a.get("ref"): a.get("value") for a in root.iter(XF + "setvalue")}
    for i, v in enumerate(PLAIN):
        if values[f"p{i}"] != v or f"/data/p{i}" in computed:
            fail(f"the default {v} is not in the record")
    for i, v in enumerate(COMPUTED):
        if values[f"c{i}"] or computed.get(f"/data/c{i}") != v.replace("${q}", " /data/q "):
            fail(f"the default {v} is not computed")
    if values["d"] != "2020-01-01 - 5" or values["g"] != "1 -2 - 3" or values["e"] or "/data/e" not in computed:
        fail("dashes in dates and places")


# ---- columns

def columns():
    root, said = convert(survey="type | name | label\n text | a | A", settings="id_string | version | form_id\n old | 7 | new")
    if root is None or next(root.iter(XF + "instance"))[0].get("id") != "new" or "id_string" not in said:
        fail(f"id_string beside form_id: {said}")
    root, said = convert(survey="type | name | media\n text | a | m.png")
    if root is None or next(root.iter(XF + "input"))[0].tag != XF + "label" or len(list(root.iter(XF + "itext"))) or not re.search("note.*media", said):
        fail(f"the column media alone: {said}")
    root, said = convert(survey="type | name | label | query\n select_one c | a | A | q", choices="list_name | name | label\n c | x | X")
    if root is None or next(root.iter(XF + "itemset")).get("nodeset") != "instance('c')/root/item":
        fail(f"the column query: {said}")
    root, said = convert(survey="type | name | label::fr | label\n text | a | AF | A0\n text | b | BF |")
    if root is None or [e[0].text for e in root.iter(XF + "input")] != ["A0", None] or [t.get("id") for t in root.iter(XF + "text")] != ["/data/b:label"]:
        fail(f"a label without language behind one with: {said}")
    root, said = convert(survey="type | name | label | choice_filter\n select_one towns.csv | a | A | x = 1\n select_multiple b.geojson | b | B |")
    if root is None or [i.get("src") for i in root.iter(XF + "instance")][1:] != ["jr://file-csv/towns.csv", "jr://file/b.geojson"] or \
            [i.get("nodeset") for i in root.iter(XF + "itemset")] != ["instance('towns')/root/item[x = 1]", "instance('b')/root/item"]:
        fail(f"lists named like files: {said}")
    root, said = convert(survey="type | name | label\n text | id | ID", entities="list_name | entity_id\n trees | ${id}")
    if root is None or "/data/meta/entity/@baseVersion" not in binds(root) or not re.search("warning.*trees", said):
        fail(f"an entity that is updated without an attached list: {said}")


for part in (paths, defaults, columns):
    part()
print(f"{COUNT} small forms, {len(FAILURES)} failures")
sys.exit(1 if FAILURES else 0)
