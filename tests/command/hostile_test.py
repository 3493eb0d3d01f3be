#!/usr/bin/env python3
"""Wrong, hostile and huge input for every verb: one clear error, the right exit status, bounded time, nothing lost and nothing half done.

usage: hostile_test.py SURVEY SCRATCH    (from the source folder)"""
import gzip
import os
import re
import resource
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
import zlib

import bounded

SURVEY, SCRATCH = os.path.abspath(sys.argv[1]), os.path.abspath(sys.argv[2])
NS = "urn:libsurvey:questionnaire:1"
FAILURES = []
shutil.rmtree(SCRATCH, ignore_errors=True)
os.makedirs(SCRATCH)
os.chdir(SCRATCH)


def fail(what):
    FAILURES.append(what)
    print("FAIL:", what[:1500])


def write(path, content):
    folder = os.path.dirname(path)
    if folder:
        os.makedirs(folder, exist_ok=True)
    with open(path, "wb") as f:
        f.write(content.encode() if isinstance(content, str) else content)
    return path


def run(*args, status=None, says="", stdin=b"", limit=None, out=subprocess.PIPE):
    """Runs the command; whatever happens it must end in time with a status of its own, and say something when it fails."""
    started = time.time()
    try:
        done = bounded.run([SURVEY, *args], input=stdin, stdout=out, stderr=subprocess.PIPE, preexec_fn=limit)
    except subprocess.TimeoutExpired:
        fail(f"{args}: takes too long")
        return subprocess.CompletedProcess(args, -1, b"", b"")
    said = (done.stdout or b"") + done.stderr
    name = " ".join(args)[:200]
    if done.returncode not in (0, 1, 2, 3) or b"Sanitizer" in said or b"runtime error" in said:
        fail(f"{name}: status {done.returncode} after {time.time() - started:.1f} s: {said[-1200:]}")
    if status is not None and done.returncode != status:
        fail(f"{name}: status {done.returncode}, not {status}: {said[-600:]}")
    if done.returncode != 0 and not said.strip():
        fail(f"{name}: failed without a word")
    if says.encode() not in said:
        fail(f"{name}: does not say '{says}': {said[-600:]}")
    return done


def form(body, form_id="q", version="1", head=""):
    return (f'<?xml version="1.0" encoding="UTF-8"?>\n{head}<questionnaire xmlns="{NS}" id="{form_id}" version="{version}" xml:lang="en">\n'
            f"<title>T</title>\n{body}\n</questionnaire>\n")


def question(name, kind="integer", more="", inner=""):
    return f'<question id="{name}" type="{kind}" {more}><label>L {name}</label>{inner}</question>'


# ---- questionnaires ----
def check(name, text, status=1, says=""):
    return run("check", write(f"form/{name}.xml", text), status=status, says=says)


bomb = "<!DOCTYPE q [<!ENTITY a 'aaaaaaaaaa'>" + "".join(f"<!ENTITY {chr(98 + i)} '{('&' + chr(97 + i) + ';') * 10}'>" for i in range(9)) + "]>"
check("bomb", form("<note id='n'>&j;</note>", head=bomb), says="DOCTYPE is not allowed")
check("external", form("<note id='n'>&x;</note>", head='<!DOCTYPE q [<!ENTITY x SYSTEM "file:///etc/passwd">]>'), says="DOCTYPE is not allowed")
check("attribute", form(question("a", "text", f'unit="{"x" * 100_000_000}"')), says="too large")
check("text", form(f"<note id='n'>{'x' * 3_000_000}</note>"), says="too long")
check("elements", form("<a/>" * 1_000_000), says="too many elements")
check("deep", form("<section id='s'>" * 100_000), says="too deep")
check("attributes", form("<note id='n' " + " ".join(f"a{i}='1'" for i in range(100_000)) + "/>"), says="too many attributes")
check("cut", form(question("a"))[:150], says="cut off")
check("empty", "", says="empty")
check("nul", form(question("a")).replace("L a", "L\0a"), says="zero byte")
check("bytes", form("<note id='n'>XX</note>").encode().replace(b"XX", b"\xff\xfe\xc0\x80"), says="not UTF-8")
check("namespace", form(question("a")).replace(NS, "urn:other"), says="namespace")
check("include", form('<xi:include xmlns:xi="http://www.w3.org/2001/XInclude" href="/etc/passwd" parse="text"/>'), says="another namespace")
os.mkfifo("form/fifo")
os.symlink("loop", "form/loop")
for path in ("../../../etc/passwd", "/etc/passwd", "http://127.0.0.1:1/x.xml", "file:///etc/passwd", "/dev/zero", ".", "fifo", "loop", "attribute.xml", "x" * 5000):
    check("source", form(f'<choices id="l" source="{path}"/>' + question("a", "single", 'choices="l"')), says="cannot be read")
for path, says in (("form", "folder"), ("form/none.xml", "no such file"), ("form/loop", "in a circle"), ("x" * 5000, "too long")):
    run("check", path, status=3, says=says)
run("check", "/dev/zero", status=1, says="too large")


def expression(name, value, status=1, says=""):
    check(name, form(question("a") + question("t", "text") + f'<compute id="c" type="integer" value="{value}"/>'), status, says)


expression("parts", "+".join(["1"] * 30_000), says="parts")
expression("long", "+".join(["1"] * 40_000), says="too long")
expression("brackets", "(" * 30_000 + "1" + ")" * 30_000, says="nested")
expression("calls", "if(1=1," * 3000 + "1" + ",2)" * 3000, says="nested")
expression("number", "1e999", says="not a number")
for pattern in ("a{1000}{1000}", "((a{100}){100}){100}", "(" * 5000, ".*" * 5000, "a{99999999999}", "(a)\\1", "[z-a]"):
    check("pattern", form(question("t", "text", "", f"<check that=\"regex(., '{pattern}')\">m</check>")), says="pattern is wrong")
N = 5000
check("chain", form("".join(question(f"q{i}", "integer", f'relevant="${{q{i - 1}}} = 1"' if i else "") for i in range(N))), status=0)
check("sums", form(question("q") + "".join(f'<compute id="c{i}" type="integer" value="{f"${{c{i - 1}}} + ${{c{i - 1}}}" if i else "${q}"}"/>' for i in range(N))), status=0)
check("circle", form("".join(f'<compute id="c{i}" type="integer" value="${{c{(i + 1) % 3000}}}"/>' for i in range(3000))), says="depend on one another")
check("checks", form(question("a") + "".join(f'<check id="k{i}" that="not(answered(${{a}})) or ${{a}} &lt; {i}">m</check>' for i in range(N))), status=0)
check("codes", form('<choices id="l">' + "".join(f'<choice code="{i}">x</choice>' for i in range(60_000)) + "</choices>" + question("a", "single", 'choices="l"')), status=0)
unit = '<trans-unit id="u{}"><source>a</source><target>b</target></trans-unit>'
write("deep/questionnaire.xml", form(question("a")))
for name, body, says in (("many", "".join(unit.format(i) for i in range(100_000)), "too many elements"), ("deep", "<group>" * 1000, "too deep")):
    write("deep/bg.xlf", f'<xliff version="1.2" xmlns="urn:oasis:names:tc:xliff:document:1.2"><file source-language="en" target-language="bg">'
                         f'<body>{body}</body></file></xliff>')
    run("check", "deep/questionnaire.xml", status=1, says=says)
os.remove("deep/bg.xlf")

# ---- what is printed: no file name and no level commands the terminal; a full disk, a folder, an unknown kind of drawing ----
done = run("check", "a\x1b[31m\x07\n", status=3)
if b"\x1b" in done.stderr or b"\x07" in done.stderr:
    fail(f"control characters of a file name: {done.stderr}")
for args in (["--help"], ["--version"], ["man", "mean"], ["completion", "bash"], ["show", "form/chain.xml"], ["check", "form/chain.xml"]):
    with open("/dev/full", "wb") as full:
        run(*args, out=full, status=3, says="cannot write")
for path in ("/dev/full", "form", "none/x", "form/"):
    run("show", "form/chain.xml", "-o", path, status=3, says="cannot write")
run("show", "deep/questionnaire.xml", "--graph", "x.exe", status=2, says=".svg")
if [name for name in os.listdir(".") + os.listdir("form") if name.endswith(".part")]:
    fail("a partly written file was left")
pipe = subprocess.Popen([SURVEY, "show", "form/chain.xml"], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
pipe.stdout.readline()
pipe.stdout.close()
if pipe.wait(bounded.HANGS) not in (0, -signal.SIGPIPE) or pipe.stderr.read():
    fail("a reader that goes away")

# ---- ids that meet in SQL ----
WORDS = ["order", "select", "table", "group", "interview", "id", "number", "rowid", "_rowid_", "oid", "version", "outcome", "missing", "sqlite_master", "null", "data_q"]
write("words.xml", form("".join(question(w) for w in WORDS) + '<choices id="l"><choice code="1">x</choice><choice code="2">y</choice></choices>'
                        + question("m", "multiple", 'choices="l"') + question("m_1") + question("m_2_missing") + question("foo") + question("foo_sensitive")
                        + question("s", "integer", 'sensitive="true"') + '<roster id="sensitive" count="1"><label>R</label>' + question("z")
                        + question("sensitive_key") + '</roster><roster id="events" count="1"><label>R</label>' + question("y") + "</roster>", "words"))
columns = WORDS + ["m", "m_1", "m_2_missing", "foo", "foo_sensitive", "s", "z[1]", "sensitive_key[1]", "y[1]"]
write("words.csv", ",".join(columns) + "\n" + ",".join("1 2" if c == "m" else str(i) for i, c in enumerate(columns)) + "\n")
run("study", "create", "words.study", "--questionnaire", "words.xml", status=0)
run("import", "words.study", "words.csv", status=0, says="1 rows imported")
run("export", "words.study", "-o", "words", "--events", "--sensitive", status=0)
cells = open("words/words.csv").read().split("\n")[1].split(",")
for i, column in enumerate(columns[:-3]):
    if str(i) not in cells and column != "m":
        fail(f"the answer to '{column}' is not exported: {cells}")
if not open("words/words_events.csv").read().startswith("interview,events_key,y\n") or not open("words/words_events_2.csv").read().startswith("interview,sequence,"):
    fail("the roster 'events' and the events of the interviews")
for number, form_id in enumerate(("a-b", "a_b", "A_B", "a_b_sensitive")):
    run("study", "deploy", "words.study", write("ab.xml", form(question("x") + question("s", "integer", 'sensitive="true"'), form_id)), status=0)
    run("import", "words.study", write("ab.csv", f"x,s\n{number},{number}\n"), "--form", form_id, status=0)
for number, form_id in enumerate(("a-b", "a_b", "A_B", "a_b_sensitive")):
    run("export", "words.study", "--form", form_id, "-o", "ab", "--sensitive", status=0)
    if open(f"ab/{form_id}.csv").read().split("\n")[1].split(",")[-2:] != [str(number)] * 2:
        fail(f"answers of form {form_id}: " + open(f"ab/{form_id}.csv").read())
write("case.xml", form(question("a") + question("A")))
run("study", "create", "case.study", "--questionnaire", "case.xml", status=1, says="differ only in capitals")
write("rosters.xml", form("".join(f'<roster id="r{i}" count="1"><label>R</label>{question(f"q{i}")}</roster>' for i in range(600)), "many"))
run("study", "create", "rosters.study", "--questionnaire", "rosters.xml", status=0)
run("export", "rosters.study", "-o", "rosters", "-q", status=0)
if len(os.listdir("rosters")) != 602:
    fail(f"600 rosters give {len(os.listdir('rosters'))} files")

# ---- answers ----
computes = "".join(f'<compute id="c{i}" type="text" value="concat({v}, {v})"/>' for i, v in enumerate(["${t}"] + [f"${{c{i}}}" for i in range(59)]))
write("swell.xml", form(question("t", "text") + computes, "swell"))      # 2 to the power of 60 letters
run("study", "create", "swell.study", "--questionnaire", "swell.xml", status=0)
run("interview", "swell.study", stdin=b"hello\n", status=0, says="= t: hello")
write("hours.xml", form(question("n") + '<roster id="r" count="${n}"><label>R</label>' + question("e")       # 10,000 entries, each 10 million steps
                        + '<compute id="c" type="integer" value="count(${r}[count(${r}[${e} = 1]) &gt; 1])"/></roster>', "hours"))
run("study", "create", "hours.study", "--questionnaire", "hours.xml", status=0)
for number in ("1000", "10000"):
    run("interview", "hours.study", "--case", number, stdin=number.encode() + b"\n5\n", status=0, says="steps")
write("iv.xml", form(question("n", "integer", "", '<check that=". &gt;= 0">Less than nothing.</check>') + question("t", "text") + question("d", "date")
                     + '<roster id="r" count="${n}"><label>R</label>' + question("e") + "</roster>" + question("last")))
run("study", "create", "iv.study", "--questionnaire", "iv.xml", status=0)
CASES = []


def interview(lines, stored, says="", status=0, study="iv.study", limit=None):
    """Answers from a pipe; `stored` are the lines that must be confirmed, in order."""
    CASES.append(f"c{len(CASES)}")
    done = run("interview", study, "--case", CASES[-1], stdin=lines.encode() if isinstance(lines, str) else lines, says=says, status=status, limit=limit)
    found = re.findall(r"^= (.*)$", done.stdout.decode("utf-8", "replace"), re.M)
    if stored is not None and found != stored:
        fail(f"interview {lines[:80]!r}: confirmed {found}, not {stored}")
    return found


interview("x" * 1_000_000 + "\n5\n", ["n: 5"], "too long")
interview(b"5\0\n\xff\xfe\n\x1b[A\n5\n", ["n: 5"], "no text")
interview("1e999\n-1\n1.5\n1000000000\n9007199254740993\n99999999999999999999\n-0\n", ["n: 0"])
interview("1\n%s%n${n}\n0000-00-00\n2025-02-29\n99999-01-01\n9999-12-31\n", ["n: 1", "t: %s%n${n}", "d: 9999-12-31"])
interview("3\nt\n2026-01-01\n1\n2\n3\n<\n<\n<\n<\n<\n<\n1\n", ["n: 3", "t: t", "d: 2026-01-01", "r:1/e: 1", "r:2/e: 2", "r:3/e: 3", "n: 1"])
interview("<\n" * 5000 + "?\n" * 200 + ":review\n\n" * 200 + ":nosuch\n:lang zz\n\n\n:note x\n4\n", ["n: 4"])
for end in ("", "5", "5\n1", ":quit", ":note x", "\n"):
    interview(end, None)
run("study", "verify", "iv.study", status=0)
for name in (b"\xff\xfe", b"a\nb", b"\x1b[2J", b"x" * 1001):
    run("interview", "iv.study", "--case", os.fsdecode(name), stdin=b"1\n", status=1, says="the name of the case")
    run("interview", "iv.study", "--interviewer", os.fsdecode(name), stdin=b"1\n", status=1, says="the name of the interviewer")
for seed in ("-1", "x", "99999999999999999999999"):
    run("interview", "iv.study", "--seed", seed, status=2, says="whole number")


def taken_away(name, how):
    """The file goes away under the program: what is answered after that must not be confirmed."""
    for ending in ("", "-wal", "-shm", ".lock"):
        if os.path.exists(name + ending):
            os.remove(name + ending)
    shutil.copy("iv.study", name)
    child = subprocess.Popen([SURVEY, "interview", name, "--case", "x"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, bufsize=0)
    child.stdin.write(b"1\n")
    seen = b""
    while b"= n: 1" not in seen:
        seen += os.read(child.stdout.fileno(), 65536) or b"= n: 1"
    how(name)
    out, err = child.communicate(b"kept?\n2026-01-01\n5\n", timeout=bounded.HANGS)
    if b"= t:" in out or b"deleted, moved or replaced" not in out + err or child.returncode != 3:
        fail(f"taken away: status {child.returncode}: {out[-500:]} {err[-500:]}")


taken_away("gone.study", os.remove)
taken_away("gone.study", lambda name: os.rename(name, "moved.study"))
taken_away("gone.study", lambda name: (write("other", b"x" * 50_000), os.rename("other", name)))
taken_away("gone.study", lambda name: os.truncate(name, 0))
taken_away("gone.study", lambda name: os.remove(name + "-wal"))

# A second writer waits for nobody, a stopped one keeps its lock, and a signal suspends.
first = subprocess.Popen([SURVEY, "interview", "iv.study", "--case", "first"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0)
first.stdin.write(b"1\n")
seen = b""
while b"= n: 1" not in seen:
    seen += os.read(first.stdout.fileno(), 65536) or b"= n: 1"
first.send_signal(signal.SIGSTOP)
for args in (["interview", "iv.study"], ["import", "iv.study", "words.csv"], ["study", "deploy", "iv.study", "iv.xml"]):
    run(*args, status=3, says="only one program at a time")
for args in (["study", "status", "iv.study"], ["study", "verify", "iv.study"], ["export", "iv.study", "-o", "reading"]):
    run(*args, status=0)
first.send_signal(signal.SIGCONT)
first.send_signal(signal.SIGTERM)
out = first.communicate(timeout=bounded.HANGS)[0]
if b"Suspended" not in out:
    fail(f"a signal suspends: {out[-300:]}")
interview_again = run("interview", "iv.study", "--case", "first", stdin=b"on\n", status=0, says="= t: on")


def no_space(size):
    return lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))


# Files that may not grow are a full disk: an error, every confirmed answer there, nothing half made.
size = os.path.getsize("iv.study")
for room in (0, 1000, 65_536, size + 30_000):
    shutil.copy("iv.study", "full.study")
    confirmed = interview("40\nt\n2026-01-01\n" + "7\n" * 41, None, status=3 if room <= 65_536 else None, study="full.study", limit=no_space(room))
    with sqlite3.connect("full.study") as db:
        kept = db.execute("SELECT count(*) FROM events e JOIN interviews i ON i.number = e.interview WHERE i.case_id = ? AND e.action = 3", (CASES[-1],)).fetchone()[0]
    db.close()
    if kept < len(confirmed):
        fail(f"full disk at {room}: {len(confirmed)} answers confirmed, {kept} kept")
    run("study", "verify", "full.study", status=0)
shutil.copy("iv.study", "narrow.study")
run("study", "deploy", "narrow.study", "iv.xml", limit=no_space(1000), status=3, says="no space is left")
run("study", "create", "none.study", "--questionnaire", "iv.xml", limit=no_space(1000), status=3)
run("export", "rosters.study", "-o", "cut", "-q", limit=no_space(33_000), status=3)      # the codebook is longer than that
left = [name for name in os.listdir(".") if name.startswith("none.study")] + [name for name in os.listdir("cut") if not re.fullmatch(r"many(_r\d+)?\.csv", name)]
if left:
    fail(f"left behind on a full disk: {left}")

# ---- no study files ----
with open("iv.study", "rb") as f:
    whole = f.read()
newer = sqlite3.connect(shutil.copy("iv.study", "newer.study"))
newer.execute("PRAGMA user_version=99")
newer.close()
sqlite3.connect("foreign.study").execute("CREATE TABLE t(a)")
for name, content in (("zero", b""), ("random", zlib.compress(whole)[:20_000]), ("head", b"SQLite format 3\0" + bytes(range(256)) * 32), ("cut", whole[:len(whole) // 2])):
    write(name + ".study", content)
VERBS = (["study", "status"], ["study", "verify"], ["study", "parameters"], ["interview"], ["export", "-o", "none"], ["mean", "n", "--data"])
for name, says in (("zero", ""), ("random", ""), ("head", "not a study file"), ("cut", "damaged"), ("newer", "of version 99"), ("foreign", "not a study file")):
    with open(name + ".study", "rb") as f:
        before = f.read()
    for args in VERBS:
        run(*args, name + ".study", status=1, says="" if args[0] == "mean" else says)
    with open(name + ".study", "rb") as f:
        if f.read() != before:
            fail(f"{name}.study was changed")
for args in VERBS:
    run(*args, "no/such.study", status=3)
for seed in range(12):                       # damage anywhere: an error or a harmless place, never a crash
    damaged = bytearray(whole)
    for k in range(40):
        damaged[(seed * 7919 + k * 104_729 * (seed + 1)) % len(damaged)] ^= 1 << (k + seed) % 8
    write("damaged.study", bytes(damaged))
    for args in VERBS:
        run(*args, "damaged.study")
for name in ("a b.study", "a%41?mode=ro#.study", "a\nb.study", "д'\".study", "-x.study"):
    run("study", "create", "--questionnaire", "iv.xml", "--", name, status=0)
    run("study", "status", "--", name, status=0)
    if not os.path.exists(name):
        fail(f"the study is not at {name!r}")

# ---- import ----
def imported(name, content, status, says="", *options):
    shutil.copy("empty.study", "import.study")
    return run("import", "import.study", write(f"import/{name}.csv", content), *options, status=status, says=says)


write("import.xml", form('<choices id="l"><choice code="1">Y</choice><choice code="9" exclusive="true">0</choice></choices>' + question("n") + question("t", "text")
                         + question("m", "multiple", 'choices="l"') + '<roster id="r" count="${n}"><label>R</label>' + question("e") + "</roster>"))
run("study", "create", "empty.study", "--questionnaire", "import.xml", status=0)
imported("columns", ",".join(f"c{i}" for i in range(1_000_000)) + "\n", 1, "more than 100000 columns")
imported("quote", 'n,t\n1,"abc\n2,def\n', 1, "never closed")
imported("twice", "n,n\n1,2\n", 1, "both named")
imported("types", "n,t\nx,y\n1.5,y\n1e999,y\n-1,y\n", 1, "expected a whole number")
imported("entries", "n,e[99999],e[0],e[-1],e[x],e[1,e,e[4294967297]\n1,1,2,3,4,5,6,7\n", 1, "0 rows imported")
imported("missing", "n,n_missing\n,foo\n1,refused\n,not-asked\n", 1, "0 rows imported")
imported("counts", "n\n1000000000\n-1\n99999999999999999999\n10001\n", 1, "more than 10000 entries")
imported("exclusive", "m\n9 1\n1;9\n", 1, "0 rows imported")
imported("choices", "m_1,m_9\ntrue,true\n", 0, "no column 'm'")
imported("nul", "n,t\n1,a\0b\n", 1, "NUL byte")
imported("cell", "n,t\n1," + "x" * 2_000_000 + "\n", 1, "at most 65536")
imported("ragged", "n,t\n1\n1,2,3\n", 1, "cells")
imported("utf16", "n,t\n1,a\n".encode("utf-16"), 1, "UTF-16")
imported("names", "case,n\n" + "x" * 2000 + ",1\n,2\n", 1, "0 rows imported")
imported("language", "language,n\nzz,1\n", 1, "zz")
imported("report", "n\nx\n", 3, "cannot write", "--report", "/dev/full")
wide = [f"q{i}" for i in range(2000)]
run("study", "create", "wide.study", "--questionnaire", write("wide.xml", form("".join(question(w) for w in reversed(wide)), "wide")), status=0)
run("import", "wide.study", write("wide.csv", ",".join(wide) + "\n" + ("1," * 1999 + "1\n") * 5), status=0, says="5 rows imported")
write("many.csv", "case,n,t\n" + "".join(f"k{i},{i % 3},text {i}\n" for i in range(3000)))
for pause in (0.05, 0.15, 0.3):              # killed anywhere: whole groups are there or not, and the same command goes on
    shutil.copy("empty.study", "killed.study")
    child = subprocess.Popen([SURVEY, "import", "killed.study", "many.csv"], stderr=subprocess.DEVNULL)
    time.sleep(pause)
    child.kill()
    child.wait()
    run("study", "verify", "killed.study", status=0)
    with sqlite3.connect("killed.study") as db:
        counts = [db.execute(f"SELECT count(*) FROM {table}").fetchone()[0] for table in ("interviews", "submissions", "imports", "data_q")]
    db.close()
    if len(set(counts)) != 1:
        fail(f"killed import: {counts}")
    for ending in ("-wal", "-shm", ".lock"):
        if os.path.exists("killed.study" + ending):
            os.remove("killed.study" + ending)

# ---- export ----
write("cells.csv", 'n,t\n0,=1+1\n0,@x\n0,"a,""b""\nc"\n')
shutil.copy("empty.study", "cells.study")
run("import", "cells.study", "cells.csv", status=0)
run("export", "cells.study", "-o", "cells", "--spreadsheet-safe", status=0)
text = open("cells/q.csv").read()
if "'=1+1" not in text or "'@x" not in text or '"a,""b""\nc"' not in text:
    fail(f"formulas and quotes: {text}")
for folder in ("cells.csv", "/proc/none", "no/such/folder", ""):
    run("export", "cells.study", "-o", folder, status=3)
run("erase", "cells.study", "1b4e28ba-2fa1-4d2e-883f-0016d3cca427", "--reason", "r", status=1)


# ---- estimates ----
def mean(name, content, *options, status=1, says="", verb="mean"):
    return run(verb, "y", "--data", write(f"data/{name}.csv", content), *options, status=status, says=says)


mean("negative", "y,w\n1,-1\n2,2\n", "--weights", "w", says="a weight is 0 or more")
mean("nothing", "y,w\n1,0\n2,0\n", "--weights", "w", says="no row has a positive weight")
mean("numbers", "y,w\n1,NaN\n2,inf\n", "--weights", "w", says="is text")
mean("empty", "", says="empty")
mean("head", "y,w\n", says="no rows")
mean("one", "y,w\n3,1\n", says="only one PSU")
mean("twice", "y,y\n1,2\n", says="both named")
mean("ragged", "y,w\n1,2,3\n", says="cells")
mean("nul", "y,w\n1\0,2\n", says="NUL byte")
mean("sizes", "y,f\n1,2\n2,2\n3,2\n", "--fpc", "f", says="population")
for where, column in (("y >", 4), ("(y", 3), ("yy > 1", 1), ('y = "a"', 5), ("foo(y)", 1), ("", 1), ("y @ 2", 3), ("(" * 500, 201)):
    mean("two", "y,w\n1,1\n2,1\n", "--where", where, says=f"--where:1:{column}: ")
mean("two", "y,w\n1,1\n2,1\n", "--where", "y = 1 " + "or y = 1 " * 9000, says="longer than 65536")
for option in (["--level", "2"], ["--level", "nan"], ["--threads", "-1"], ["--format", "xml"], ["--by", ",,"], ["--nonsense"], ["--data"]):
    mean("two", "y,w\n1,1\n2,1\n", *option, status=2, says="Try 'survey mean --help'")
for path in ("/dev/full", "data", "data/", "no/such", ""):
    mean("two", "y,w\n1,1\n2,1\n", "-o", path, status=3, says="cannot write")
    mean("two", "y,w\n1,1\n2,1\n", "--vcov", path, status=3, says="cannot write")
with open("/dev/full", "wb") as full:
    mean("two", "y,w\n1,1\n2,1\n", status=0)
    run("mean", "y", "--data", "data/two.csv", out=full, status=3, says="cannot write")
rows = "y,g,s\n" + "".join(f"{i % 97},g{i},{i % 1000}\n" for i in range(20_000))
mean("levels", rows, "--by", "g", says="the limit for a factor is 10000")
mean("levels", rows, "--by", "s", status=0)
mean("levels", rows, "--strata", "s", status=0)
mean("levels", rows, "--strata", "g", says="only one PSU")
mean("columns", ",".join(f"c{i}" for i in range(1_000_000)) + "\n", says="more than 100000 columns")
for name, packed, says in (("cut", gzip.compress(b"y\n" + b"1\n" * 100_000)[:-20], "cut"), ("sum", gzip.compress(b"y\n1\n2\n")[:-8] + b"\0" * 8, "damaged"),
                           ("tail", gzip.compress(b"y\n1\n2\n") + b"tail", "followed")):
    run("mean", "y", "--data", write(f"data/{name}.csv.gz", packed), status=1, says=says)
zeros = zlib.compressobj(9, zlib.DEFLATED, 31)
with open("data/zeros.csv.gz", "wb") as f:   # 256 MiB in as many KiB
    f.write(zeros.compress(b"y,w\n"))
    block = b"\0" * (1 << 24)
    for _ in range(16):
        f.write(zeros.compress(block))
    f.write(zeros.flush())
for path in ("data/zeros.csv.gz", "/dev/zero", "/dev/urandom"):
    run("mean", "y", "--data", path, status=1, says="NUL byte")
for options in ([], ["--where", "w > 0"]):   # a pipe gives its bytes once
    run("mean", "y", "--data", "/dev/stdin", *options, "--format", "csv", stdin=b"y,w\n1,1\n3,1\n", status=0, says="mean,y,,2,")
done = mean("terminal", 'y,g\n1,"\x1b[2J"\n2,"a\nb"\n', "--by", "g", status=0)
if b"\x1b" in done.stdout or done.stdout.count(b"\n") != 3:
    fail(f"control characters of a level: {done.stdout}")

print(len(FAILURES), "failures")
sys.exit(1 if FAILURES else 0)
