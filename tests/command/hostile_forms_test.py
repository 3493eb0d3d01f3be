#!/usr/bin/env python3
"""Workbooks, forms, lists and submissions that are wrong, cut, huge or made to harm: one clear sentence, the right exit status, bounded time and memory,
nothing written in part, nothing lost without a word.

usage: hostile_forms_test.py SURVEY SCRATCH    (from anywhere)"""
import os
import random
import resource
import shutil
import signal
import struct
import subprocess
import sys
import time
import zipfile

import bounded

SURVEY, SCRATCH = os.path.abspath(sys.argv[1]), os.path.abspath(sys.argv[2])
FAILURES, RUNS = [], [0]
shutil.rmtree(SCRATCH, ignore_errors=True)
os.makedirs(SCRATCH + "/in")
os.chdir(SCRATCH + "/in")


def fail(what):
    FAILURES.append(what)
    print("FAIL:", what[:1500])


def write(path, content):
    with open(path, "wb") as f:
        f.write(content.encode() if isinstance(content, str) else content)
    return path


def read(path):
    with open(path, "rb") as f:
        return f.read()


def small_disk():
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100))


def run(*args, status=None, says="", limit=None):
    RUNS[0] += 1
    try:
        done = bounded.run([SURVEY, *args], stdin=subprocess.DEVNULL, capture_output=True, preexec_fn=limit)
    except subprocess.TimeoutExpired:
        return fail(f"{args}: takes too long")
    said, name = (done.stdout + done.stderr).decode(errors="replace"), " ".join(args)[:200]
    if done.returncode not in (0, 1, 2, 3) or "Sanitizer" in said or "runtime error" in said:
        fail(f"{name}: status {done.returncode}: {said[-1200:]}")
    if status is not None and done.returncode != status:
        fail(f"{name}: status {done.returncode}, not {status}: {said[-600:]}")
    if says not in said or (done.returncode != 0 and not said.strip()):
        fail(f"{name}: does not say '{says}': {said[-600:]}")
    return done.returncode


def convert(path, status=None, says="", to="xform", limit=None):
    if os.path.exists("out.xml"):
        os.remove("out.xml")
    got = run("convert", "-q", "--to", to, path, "out.xml", status=status, says=says, limit=limit)
    if os.path.exists("out.xml") != (got == 0):
        fail(f"convert {path}: status {got}, but a file {'is' if got else 'is not'} there")


# ---- .xlsx ----
MAIN, REL = "http://schemas.openxmlformats.org/spreadsheetml/2006/main", "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006"
SHEET, SHARED, BOOK, RELS = "xl/worksheets/sheet1.xml", "xl/sharedStrings.xml", "xl/workbook.xml", "xl/_rels/workbook.xml.rels"
NAMES = "ABC"


def row(r, *cells):
    return f'<row r="{r}">' + "".join(f'<c r="{NAMES[k]}{r}" t="inlineStr"><is><t>{t}</t></is></c>' for k, t in enumerate(cells)) + "</row>"


def sheet(body, more=""):
    return f'<worksheet xmlns="{MAIN}"><sheetData>{body}</sheetData>{more}</worksheet>'


def texts(*items):
    return f'<sst xmlns="{MAIN}">' + "".join(f"<si><t>{t}</t></si>" for t in items) + "</sst>"


HEAD = row(1, "type", "name", "label")
GOOD = HEAD + row(2, "text", "q1", "Q")
PARTS = {
    "[Content_Types].xml": f'<Types xmlns="{PACKAGE}/content-types"><Default Extension="xml" ContentType="application/xml"/></Types>',
    "_rels/.rels": f'<Relationships xmlns="{PACKAGE}/relationships"><Relationship Id="rId1" Type="{REL}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
    RELS: f'<Relationships xmlns="{PACKAGE}/relationships"><Relationship Id="rId1" Type="{REL}/worksheet" Target="worksheets/sheet1.xml"/>'
          f'<Relationship Id="rId2" Type="{REL}/sharedStrings" Target="sharedStrings.xml"/></Relationships>',
    BOOK: f'<workbook xmlns="{MAIN}" xmlns:r="{REL}"><sheets><sheet name="survey" sheetId="1" r:id="rId1"/></sheets></workbook>',
    SHARED: texts(), SHEET: sheet(GOOD)}


def xlsx(path, more=0, method=zipfile.ZIP_DEFLATED, **changed):
    """A workbook; a part that is None is left out, `more` files that mean nothing are added."""
    with zipfile.ZipFile(path, "w", method) as z:
        for name, content in {**PARTS, **changed}.items():
            if content is not None:
                z.writestr(name, content)
        for i in range(more):
            z.writestr(f"x{i}", "")
    return path


convert(xlsx("good.xlsx"), 0)
GOOD_BYTES = read("good.xlsx")
for offset, value, says in [(42, 0xfff0, "cannot be opened"), (28, 0xfff0, "list of files"), (8, 1, "encrypted"), (10, 0xfff0, "cannot be opened")]:
    wrong, at = bytearray(GOOD_BYTES), 0
    while (at := wrong.find(b"PK\1\2", at)) >= 0:
        struct.pack_into("<H", wrong, at + offset, value)
        at += 4
    convert(write("field.xlsx", bytes(wrong)), 1, says)
for cut in range(0, len(GOOD_BYTES), 211):
    convert(write("cut.xlsx", GOOD_BYTES[:cut]), 1)
FORMULA = '<row r="2"><c r="A2" t="str"><f>"te"&amp;"xt"</f><v>text</v></c><c r="B2" t="str"><f>X()</f><v>q</v></c><c r="C2"><f t="shared" si="9"/><v>%s</v></c></row>'
SHARES = '<row r="2"><c r="A2" t="s"><v>0</v></c><c r="B2" t="s"><v>1</v></c><c r="C2" t="s"><v>%s</v></c></row>'
WORKBOOKS = [
    ({SHEET: sheet(GOOD + " " * 30_000_000)}, 1, "grows too much"), ({SHEET: None}, 1, "there is no"), ({BOOK: None}, 1, "there is no"), ({SHARED: None}, 1, "there is no"),
    ({RELS: PARTS[RELS].replace("worksheets/sheet1.xml", "../../../etc/passwd")}, 1, "there is no"), ({RELS: PARTS[RELS].replace("worksheets/sheet1.xml", "workbook.xml")}, 1, "something else"),
    ({"[Content_Types].xml": "<Types/>"}, 0, ""), ({SHEET: sheet(HEAD + FORMULA % "7")}, 0, ""), ({SHEET: sheet(HEAD + FORMULA % "1e999")}, 1, "a number that is none"),
    ({SHEET: sheet(GOOD, '<mergeCells><mergeCell ref="A1:XFD1048576"/><mergeCell ref="Z9:@"/></mergeCells>')}, 0, ""), ({SHEET: sheet(GOOD + row(1048576, "text", "z", "Z"))}, 0, ""),
    ({SHEET: sheet(GOOD + row(4294967298, "text", "z", "Z"))}, 1, "a number that no row has"), ({SHEET: sheet(GOOD + '<row r="3"><c r="ZZZZZZZZZ3"><v>1</v></c></row>')}, 1, "a place that no cell has"),
    ({SHEET: "<a>" * 100000}, 1, "no cells"), ({SHEET: sheet("<row>" + "<c>" * 5000)}, 1, "too deep"), ({SHEET: sheet(HEAD + row(2, "text", "q", "a\0b"))}, 1, "not text"),
    ({SHEET: sheet(HEAD + SHARES % "2"), SHARED: texts("text", "q")}, 1, "names a shared text that is not"), ({SHEET: sheet(HEAD + SHARES % "-1"), SHARED: texts("text", "q")}, 1, "names a shared text"),
    ({SHEET: sheet(HEAD + SHARES % "99999999999999999999"), SHARED: texts("text", "q")}, 1, "names a shared text"),
    ({SHEET: sheet(HEAD + SHARES % "2"), SHARED: texts("text", "q", "".join(chr(97 + i * i % 23) for i in range(200_000)))}, 1, "longer than a cell holds")]
for changed, status, says in WORKBOOKS:
    convert(xlsx("w.xlsx", **changed), status, says)
for part in (SHEET, SHARED, BOOK, RELS, "_rels/.rels"):
    convert(xlsx("dtd.xlsx", **{part: '<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]>' + PARTS[part]}), 1, "DOCTYPE")
convert(xlsx("many.xlsx", 10000), 1, "too many files")
convert(xlsx("rows.xlsx", 0, zipfile.ZIP_STORED, **{SHEET: sheet(GOOD + "".join(f'<row r="{i}"/>' for i in range(3, 1048577)))}), 0)

# ---- .xls: allocation tables that lead nowhere or in circles ----
random.seed(3)
sectors = 6
ole = bytearray(512 * (sectors + 1))
ole[:8] = b"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1"
ole[24], ole[26], ole[28], ole[29], ole[30], ole[32] = 0x3e, 3, 0xfe, 0xff, 9, 6
struct.pack_into("<I", ole, 44, 1)
for at in (60, 68):
    struct.pack_into("<I", ole, at, 0xfffffffe)
struct.pack_into("<109I", ole, 76, 1, *[0xffffffff] * 108)
for entry, name in ((0, "Root Entry"), (1, "Workbook")):
    at = 512 + 128 * entry
    ole[at:at + 2 * len(name)] = name.encode("utf-16-le")
    ole[at + 64], ole[at + 66] = 2 * len(name) + 2, 2 if entry else 5
    struct.pack_into("<II", ole, at + 116, 2 if entry else 0xfffffffe, 0x7fffffff if entry else 0)
for chain in ([0xfffffffe, 0xfffffffd, 3, 4, 2, 0], [0xfffffffe, 0xfffffffd, 2], [0, 0xfffffffd, 3, 3], [0xfffffffe, 0xfffffffd, 0x7fffffff], [0xfffffffe, 0xfffffffd, 3, 4, 5, 0xfffffffe]):
    struct.pack_into("<128I", ole, 1024, *(chain + [0xffffffff] * (128 - len(chain))))
    convert(write("fat.xls", bytes(ole)), 1)

# ---- XForms ----
FORM = ('<h:html xmlns="http://www.w3.org/2002/xforms" xmlns:h="http://www.w3.org/1999/xhtml" xmlns:jr="http://openrosa.org/javarosa"><h:head><h:title>T</h:title><model>'
        '<instance><data id="t" version="1">%s</data></instance>%s</model></h:head><h:body>%s</h:body></h:html>')
ASK = '<input ref="/data/q"><label>Q</label></input>'
REPEAT = '<group ref="/data/r"><label>r</label><repeat nodeset="/data/r" jr:count="/data/n"><input ref="/data/r/q"><label>x</label></input></repeat></group>'


def bind(node, what):
    return f'<bind nodeset="/data/{node}" {what}/>'


def languages(n):
    return "<itext>" + "".join(f'<translation lang="L{i} (l{i})"><text id="a"><value>t</value></text></translation>' for i in range(n)) + "</itext>"


def form(nodes, model="", body=ASK):
    return write("form.xml", FORM % (nodes, model, body))


for nodes, model, status, says in [
        ("<a/><b/><q/>", bind("a", 'calculate="/data/b"') + bind("b", 'calculate="/data/a"'), 1, "depend on one another"), ("<g>" * 5000 + "</g>" * 5000, "", 1, "too deep"),
        ("<q/>", bind("q", 'calculate="' + "if(1," * 3000 + "1" + ",2)" * 3000 + '"'), 1, "nested more than 200 deep"), ("<q/>", bind("q", 'calculate="' + "-" * 70000 + '1"'), 1, "too long"),
        ("<q/>", languages(101), 1, "more than 100 translations"), ("<q/>", languages(100), 0, ""), ("<q/>", bind("q", 'type="int"') * 2, 0, "two binds"),
        ("".join(f"<x{i}/>" for i in range(10000)) + "<q/>", "".join(bind(f"x{i}", f'calculate="/data/x{i - 1} + 1"') for i in range(1, 10000)), 0, "")]:
    run("check", form(nodes, model), status=status, says=says)
for pattern in ("(a+)+b", "(a|a)*b", "((a*)*)*b", "(.*)(.*)(.*)(.*)(.*)b", "a{1000000000}", "((((a{100}){100}){100}){100})", "["):
    run("simulate", "-q", "-n", "2", form("<a>" + "a" * 5000 + "</a><q/>", bind("q", f"calculate=\"regex(/data/a, '{pattern}')\"")), status=0)
run("simulate", "-q", "-n", "1", form('<n>999999999</n><r jr:template=""><q/></r>', "", REPEAT), status=1, says="more than 10000 entries")
run("simulate", "-q", "-n", "1", form("".join(f"<x{i}>aaaaaaaa</x{i}>" for i in range(60)) + "<q/>", "".join(
    bind(f"x{i}", f'calculate="concat(/data/x{i - 1}, /data/x{i - 1})"') for i in range(1, 60))), status=1, says="would get a text of")

# ---- lists beside a form ----
PICK = '<select1 ref="/data/q"><label>Q</label><itemset nodeset="instance(\'l\')/root/item"><value ref="name"/><label ref="label"/></itemset></select1>'
os.mkfifo("fifo.csv")
for src, says in [("jr://file/../../../../../etc/passwd", "leaves the folder"), ("jr://file-csv//etc/passwd", "does not begin"), ("http://127.0.0.1:9/x", "it is an address"),
                  ("jr://file-csv/none.csv", "there is no such file"), ("jr://file-csv/fifo.csv", "there is no such file"), ("jr://file-csv/" + "a" * 5000, "too long")]:
    run("check", form("<q/>", f'<instance id="l" src="{src}"/>', PICK), status=0, says=says)
with open("sparse.csv", "wb") as f:
    f.write(b"name,label\n")
    f.truncate(2 << 30)
LISTS = [("nul.csv", "name,label\na\0b,c\n", "not UTF-8"), ("empty.csv", "", "the list is empty"), ("over.csv", "name,label\na,b,c\n", "more cells"), ("open.csv", 'name,label\na,"x\n', "not closed"),
         ("wide.csv", "name,label" + ",c" * 20000 + "\n", "1,000 columns"), ("sparse.csv", None, "too large"), ("cut.xml", "<root><item>", "cut off"), ("deep.xml", "<root>" * 10000, "too deep"),
         ("dtd.xml", '<!DOCTYPE x [<!ENTITY a "b">]><root/>', "DOCTYPE"), ("null.geojson", "null", "no FeatureCollection"), ("deep.geojson", "[" * 100000, "64 deep"),
         ("type.geojson", '{"type":"FeatureCollection","features":[{"type":"Feature"}]}', "geometry that is not known")]
for name, content, says in LISTS:
    if content is not None:
        write(name, content)
    src = f"jr://file-csv/{name}" if name.endswith("csv") else f"jr://file/{name}"
    run("check", form("<q/>", f'<instance id="l" src="{src}"/>', PICK), status=1, says=says)

# ---- LimeSurvey and queXML ----
for content, kind, says in [("<questionnaire/>", "lss", "not a survey structure"), ("<document>" * 3000, "lss", "too deep"), ("<questionnaire/>", "quexml", "not queXML"),
                            ("<document><LimeSurveyDocType>Survey", "lss", "cut off"), ("<!DOCTYPE a><questionnaire/>", "quexml", "DOCTYPE")]:
    run("convert", "-q", "--from", kind, write("other.xml", content), "other-out.xml", status=1, says=says)

# ---- submissions ----
write("f.xml", FORM % ('<q/><n/><g><k/></g><r jr:template=""><s/></r><meta><instanceID/></meta>', bind("n", 'type="int"'), ASK + '<input ref="/data/n"><label>N</label></input>'
                       '<input ref="/data/g/k"><label>K</label></input><group ref="/data/r"><label>r</label><repeat nodeset="/data/r"><input ref="/data/r/s"><label>x</label></input></repeat></group>'))
run("study", "create", "t.study", "--questionnaire", "f.xml", status=0)
SUBMISSION = '<data id="t" version="1">%s<meta><instanceID>uuid:%s</instanceID></meta></data>'
for i, (content, status, says) in enumerate([
        ("<q>a</q><r><s>1</s></r><r><s>2</s></r>", 0, "1 rows imported"), ("<q>a</q><q>b</q>", 1, "it stands twice"), ("<g><k>1</k></g><n>3</n><g><k>2</k></g>", 1, "it stands twice"),
        ("<q>a</q><q/>", 0, "1 rows imported"), ("<meta><instanceID>u:1</instanceID></meta>", 1, "it stands twice"), ("<r><s>1</s></r><q>a</q><r><s>2</s><s>3</s></r>", 1, "it stands twice"),
        ("<q>" + "x" * 70000 + "</q>", 1, "too long"), ("<n>99999999999999999999</n>", 1, "the value is none"), ("<zip>1</zip>", 1, "no such node"), ("<q>&a;</q>", 1, "are known here"),
        ("<q>\0</q>", 1, "zero byte"), ("<r>" * 1000 + "</r>" * 1000, 1, "too deep"), (b"<q>\xff</q>".decode("latin-1"), 0, "1 rows imported")]):
    run("import", "t.study", write("s.xml", SUBMISSION % (content, i)), status=status, says=says)
run("import", "t.study", write("s.xml", '<!DOCTYPE data [<!ENTITY a "b">]>' + SUBMISSION % ("<q>&a;</q>", "d")), status=1, says="DOCTYPE")
run("import", "t.study", write("s.xml", (SUBMISSION % ("<q>a</q>", "o")).replace('id="t"', 'id="u"')), status=1, says="another form")

# ---- simulation ----
for content, says in [("", "the file is empty"), ("variable\n", "columns variable, value and share are needed"), ("variable,value,share\nn,9..1,1\n", "no range"), ("variable,value,share\nn,1,nan\n", "not a number"),
                      ("variable,value,share\nzz,1,1\n", "no variable 'zz'"), ("variable,value,share\nn,\0,1\n", "NUL"), ('variable,value,share\nn,"1,1\n', "never closed")]:
    run("simulate", "-q", "-n", "5", "-d", write("d.csv", content), "f.xml", status=1, says=says)
run("simulate", "-q", "--sample", write("sample.csv", "case,response\na,2\n"), "f.xml", status=1, says="sample.csv:2: the response '2' is no probability")

# ---- what is read stays, and what is written is whole ----
SAMPLE = "case,response\n" + "".join(f"c{i},1\n" for i in range(20))
write("sample.csv", SAMPLE)
FORM_BYTES, STUDY_BYTES = read("f.xml"), read("t.study")
os.symlink("f.xml", "link.xml")
for args in (["simulate", "--sample", "sample.csv", "--outcomes", "sample.csv", "f.xml"], ["simulate", "--sample", "sample.csv", "--outcomes", "o.csv", "-o", "o.csv", "f.xml"],
             ["simulate", "f.xml", "-o", "f.xml"], ["check", "f.xml", "-o", "./f.xml"], ["check", "f.xml", "-o", "link.xml"], ["import", "t.study", "sample.csv", "--report", "t.study"]):
    run(*args, status=2, says="give --")
for out in ("f.xml", "link.xml"):
    run("convert", "-q", "--to", "native", "f.xml", out, status=2, says="would be written over")
for path, content in (("f.xml", FORM_BYTES), ("t.study", STUDY_BYTES), ("sample.csv", SAMPLE.encode())):
    if read(path) != content:
        fail(f"{path} was written over")
run("convert", "-q", "--to", "native", "f.xml", "none/out.xml", status=3, says="no such folder")
os.mkdir("folder")
run("convert", "-q", "--to", "native", "f.xml", "folder", status=3, says="it is a folder")
convert("f.xml", 3, "out.xml: the file cannot be written", to="native", limit=small_disk)
convert("good.xlsx", 3, "out.xml: the file cannot be written", limit=small_disk)
run("convert", "-q", "f.xml", "full.xlsx", status=3, says="full.xlsx", limit=small_disk)
run("simulate", "-q", "-n", "5", "f.xml", "-o", "full.csv", status=3, says="full.csv", limit=small_disk)
run("simulate", "-q", "--sample", "sample.csv", "--outcomes", "full2.csv", "f.xml", status=3, says="full2.csv", limit=small_disk)
left = [name for name in os.listdir(".") if name.startswith(("full", "out.xml", "other-out"))]
if left:
    fail(f"a refused command leaves {left}")
xlsx("large.xlsx", **{SHEET: sheet(HEAD + "".join(row(r, "text", f"q{r}", f"Question {r * 7919 % 10007}") for r in range(2, 8000)))})
run("convert", "-q", "--to", "xform", "large.xlsx", "whole.xml", status=0)
WHOLE = read("whole.xml")
for wait in (0.02, 0.1, 0.2, 0.3, 0.4, 0.6):
    process = subprocess.Popen([SURVEY, "convert", "-q", "--to", "xform", "large.xlsx", "killed.xml"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    time.sleep(wait)
    process.send_signal(signal.SIGKILL)
    process.wait()
    RUNS[0] += 1
    if os.path.exists("killed.xml"):
        if read("killed.xml") != WHOLE:
            fail(f"convert: killed after {wait} s, a part of the file stands under its name")
        os.remove("killed.xml")

print(f"{RUNS[0]} commands, {len(FAILURES)} failures")
sys.exit(1 if FAILURES else 0)
