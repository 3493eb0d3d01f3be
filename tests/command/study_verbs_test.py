#!/usr/bin/env python3
"""The verbs of the study file, from a questionnaire to exported answers: what they print, what they write, how they end."""
import csv
import json
import os
import shutil
import sqlite3
import subprocess
import sys

survey, folder = os.path.abspath(sys.argv[1]), os.path.abspath(sys.argv[2])
shutil.rmtree(folder, ignore_errors=True)
os.makedirs(os.path.join(folder, "codelists"))
os.makedirs(os.path.join(folder, "form"))
os.chdir(folder)


def run(*args, status=0, stdin=None):
    done = subprocess.run([survey, *args], input=stdin, capture_output=True, text=True, timeout=120)
    assert done.returncode == status, f"{args}: status {done.returncode}, not {status}\n{done.stdout}\n{done.stderr}"
    return done


def rows(path):
    with open(path, newline="", encoding="utf-8") as f:
        return list(csv.DictReader(f))


NS = 'xmlns="urn:libsurvey:questionnaire:1"'
with open("codelists/yn.xml", "w") as f:
    f.write(f'<choices {NS} id="yn" xml:lang="en"><title>Yes and no</title><origin>libsurvey</origin><licence>CC0</licence>'
            '<choice code="1">Yes</choice><choice code="2">No</choice></choices>')


def questionnaire(version, extra=""):
    with open("form/questionnaire.xml", "w") as f:
        f.write(f'''<questionnaire {NS} id="labour" version="{version}" xml:lang="en"><title>Labour</title>
  <parameter id="least" type="integer" value="15"/>
  <choices id="yn" source="../codelists/yn.xml"/>
  <section id="first"><question id="town" type="text" required="true"><label>Town?</label></question></section>
  <question id="agrees" type="single" choices="yn" required="true"><label>May we ask?</label></question>
  <end id="refusal" when="${{agrees}} = 2" outcome="refused" keep="first">Thank you.</end>
  <question id="age" type="integer" required="true"><label>Age?</label><check that=". &gt;= ${{least}}">Too young.</check></question>
  <question id="union" type="single" choices="yn" sensitive="true"><label>In a union?</label></question>
  <question id="words" type="text"><label>Anything else?</label></question>{extra}
  <question id="children" type="integer" required="true"><label>Children?</label></question>
  <roster id="child" count="${{children}}"><label>Children</label><question id="c_age" type="integer"><label>Age?</label></question></roster>
</questionnaire>''')


# ---- create, deploy, parameters ----
questionnaire("1")
made = run("study", "create", "s.study", "--questionnaire", "form/questionnaire.xml", "--actor", "ann")
assert "labour, version 1, with 2 source files" in made.stderr, made.stderr
assert "is there already" in run("study", "create", "s.study", status=3).stderr
with sqlite3.connect("s.study") as db:
    assert [r[0] for r in db.execute("SELECT name FROM form_sources ORDER BY rowid")] == ["questionnaire.xml", "../codelists/yn.xml"]
    assert db.execute("SELECT actor FROM forms").fetchone() == ("ann",)
    assert db.execute("SELECT bytes FROM form_sources WHERE name = 'questionnaire.xml'").fetchone()[0] == open("form/questionnaire.xml", "rb").read()
with open("bad.xml", "w") as f:
    f.write(f'<questionnaire {NS} id="bad" version="1" xml:lang="en"><title>Bad</title><question id="q" type="nothing"><label>?</label></question></questionnaire>')
assert "bad.xml:1" in run("study", "deploy", "s.study", "bad.xml", status=1).stderr
run("study", "create", "never.study", "--questionnaire", "bad.xml", status=1)
assert not os.path.exists("never.study")
values = list(csv.DictReader(run("study", "parameters", "s.study", "--format", "csv").stdout.splitlines()))
assert values == [{"parameter": "least", "type": "integer", "value": "15", "from": "questionnaire"}], values
run("study", "parameters", "s.study", "least=18")
assert json.loads(run("study", "parameters", "s.study", "--format", "json").stdout)[0]["value"] == "18"
assert "no parameter 'most'" in run("study", "parameters", "s.study", "most=1", status=1).stderr
run("study", "parameters", "s.study", "least=", "--quiet")

# ---- interviews and their counts ----
run("interview", "s.study", "--case", "a", "--interviewer", "eve", stdin="Sofia\n1\n40\n1\n=1+1\n2\n7\n:dk\n\n")
run("interview", "s.study", "--case", "b", "--interviewer", "eve", stdin="Ruse\n2\n\n")
run("interview", "s.study", "--case", "c", "--interviewer", "eve", stdin="Varna\n1\n")
counts = json.loads(run("study", "status", "s.study", "--format", "json").stdout)
assert len(counts) == 1 and counts[0]["complete"] == 1 and counts[0]["ended_early"] == 1 and counts[0]["suspended"] == 1 and counts[0]["submissions"] == 2, counts
assert list(csv.reader(run("study", "status", "s.study", "--outcomes", "--format", "csv").stdout.splitlines()))[1] == ["labour", "refused", "1"]

# ---- import ----
with open("in.csv", "w") as f:
    f.write('case,town,agrees,age,union,union_missing,children,c_age[1]\nd,Plovdiv,1,30,,refused,1,4\ne,Pleven,1,12,,,0,\nf,Vidin,5,30,,,0,\na,Sofia,1,30,,,0,\n')
done = run("import", "s.study", "in.csv", "--interviewer", "office", "--report", "report.csv", status=1)
assert "1 rows imported, 3 rejected, 0 were there already" in done.stderr, done.stderr
report = rows("report.csv")
assert [(r["line"], r["column"]) for r in report] == [("3", "age"), ("4", "agrees"), ("5", "case")], report
assert report[0]["found"] == "Too young."
assert "1 were there already" in run("import", "s.study", "in.csv", status=1).stderr
assert "no column 'nr'" in run("import", "s.study", "in.csv", "--key", "nr", status=1).stderr

# ---- a new version: its answers come together with the old ones ----
questionnaire("2", '\n  <question id="added" type="decimal"><label>New</label></question>')
run("study", "deploy", "s.study", "form/questionnaire.xml", "-q")
with open("in2.csv", "w") as f:
    f.write("case,town,agrees,age,added,children\ng,Burgas,1,50,2.5,0\n")
run("import", "s.study", "in2.csv", "-q")

# ---- export ----
run("export", "s.study", status=2)
run("export", "s.study", "-o", "out", "--events")
main = rows("out/labour.csv")
assert [r["town"] for r in main] == ["Sofia", "Ruse", "Plovdiv", "Burgas"], main
assert "union" not in main[0]
assert main[0]["words"] == "=1+1" and main[0]["added"] == "" and main[0]["added_missing"] == "not-asked" and main[3]["added"] == "2.5"
assert main[1]["outcome"] == "refused" and main[1]["age"] == "" and main[1]["agrees"] == ""
assert [(r["child_key"], r["c_age"], r["c_age_missing"]) for r in rows("out/labour_child.csv")] == [("1", "7", ""), ("2", "", "dont-know"), ("1", "4", "")]
events = rows("out/labour_events.csv")
assert any(e["node"] == "town" and e["new"] == "Sofia" and e["mode"] in ("terminal", "import") and e["utc"].endswith("Z") for e in events), events
assert all(e["new"] == "" and e["old"] == "" for e in events if e["node"] == "union")
book = json.load(open("out/labour_codebook.json"))
assert book["versions"] == ["1", "2"] and {v["name"] for v in book["variables"]} == {"town", "agrees", "age", "union", "words", "added", "children", "c_age"}
run("export", "s.study", "-o", "all", "--labels", "--sensitive", "--spreadsheet-safe", "--events", "-q")
safe = rows("all/labour.csv")
assert safe[0]["agrees"] == "Yes" and safe[0]["union"] == "Yes" and safe[0]["words"] == "'=1+1" and safe[2]["union_missing"] == "refused", safe
assert any(e["node"] == "union" and e["new"] == "1" for e in rows("all/labour_events.csv"))

# ---- paradata as a frame ----
answers = list(csv.DictReader(run("table", "action", "--data", "s.study:labour:events", "--format", "csv").stdout.splitlines()))
assert any("answer" in row.values() for row in answers), answers

# ---- a saved queue: one that is none, one that is cut, one that holds what nobody can open ----
with open("empty.svyq", "wb") as f:
    f.write(b"SVYQ\x01")
assert "0 interviews stored" in run("import", "s.study", "empty.svyq").stderr
with open("cut.svyq", "wb") as f:
    f.write(b"SVYQ\x01\xff\x01abc")
assert "cut or damaged" in run("import", "s.study", "cut.svyq", status=1).stderr
with open("foreign.svyq", "wb") as f:
    f.write(b"SVYQ\x01\x04SVYP")
assert "1 kept aside" in run("import", "s.study", "foreign.svyq").stderr
kept = list(csv.DictReader(run("study", "kept", "s.study", "--format", "csv").stdout.splitlines()))
assert len(kept) == 1 and kept[0]["reason"], kept
assert "could not be taken" in run("study", "status", "s.study").stdout
run("study", "kept", "s.study", "--folder", "kept")
assert open("kept/" + kept[0]["number"] + ".svyp", "rb").read() == b"SVYP"

# ---- analysis reads the study ----
mean = list(csv.DictReader(run("mean", "age", "--data", "s.study:labour", "--format", "csv").stdout.splitlines()))
assert float(mean[0]["estimate"]) == 40 and mean[0]["n"] == "3", mean
mean = list(csv.DictReader(run("mean", "c_age", "--data", "s.study:labour:child", "--format", "csv").stdout.splitlines()))
assert float(mean[0]["estimate"]) == 5.5, mean
assert "no roster 'nobody'" in run("mean", "age", "--data", "s.study:labour:nobody", status=1).stderr

# ---- verify, erase ----
run("study", "verify", "s.study")
run("erase", "s.study", main[0]["interview"], status=2)
run("erase", "s.study", main[0]["interview"], "--reason", "request 1", "--actor", "officer")
run("study", "verify", "s.study")
assert b"=1+1" not in open("s.study", "rb").read()
with sqlite3.connect("s.study") as db:
    db.execute("UPDATE data_labour SET age = 31 WHERE town = 'Plovdiv'")
assert "typed rows" in run("study", "verify", "s.study", status=1).stderr
with open("text", "w") as f:
    f.write("nothing of ours\n" * 100)
assert "is not a study file" in run("study", "status", "text", status=1).stderr
print("ok")
