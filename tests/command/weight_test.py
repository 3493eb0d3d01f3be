#!/usr/bin/env python3
"""The verb weight and the options --calibrate and --weighting: written weights are those that analyses use, replicates too; a study carries its plan; what is
wrong is told by name.

usage: weight_test.py SURVEY SCRATCH   (from the source folder)
"""
import csv
import os
import subprocess
import sys

SURVEY, SCRATCH = sys.argv[1:3]
DATA = ["--data", "datasets/api/apiclus1.csv", "--weights", "pw", "--clusters", "dnum"]
PLAN = """<weighting xmlns="urn:libsurvey:weighting:1">
  <nonresponse cells="stype" respondents="meals &lt; 95"/>
  <calibrate method="raking">
    <margin file="stype.csv"/>
    <margin variables="sch.wide"><cell level="No" count="1072"/><cell level="Yes" count="5122"/></margin>
  </calibrate>
  <trim cap="3"/>
</weighting>
"""
failures = []


def path(name, text=None):
    full = os.path.join(SCRATCH, name)
    if text is not None:
        with open(full, "w", encoding="utf-8") as f:
            f.write(text)
    return full


def run(*arguments):
    return subprocess.run([SURVEY, *arguments], capture_output=True, text=True)


def rows(*arguments):
    done = run(*arguments, "--format", "csv", "--quiet")
    if done.returncode != 0:
        failures.append(f"{arguments}: {done.stderr}")
        return []
    return list(csv.DictReader(done.stdout.splitlines()))


def expect(what, condition):
    if not condition:
        failures.append(what)


def near(a, b, tolerance=1e-12):
    return abs(float(a) - float(b)) <= tolerance * abs(float(b))


def refused(status, says, *arguments):
    done = run(*arguments)
    expect(f"{arguments}: exit status {done.returncode}", done.returncode == status)
    for word in says:
        expect(f"{arguments}: no '{word}' in: {done.stderr}", word in done.stderr)
    expect(f"{arguments}: more than two lines: {done.stderr}", done.stderr.count("\n") <= 2)


stype = path("stype.csv", "stype,count\nE,4421\nH,755\nM,1018\n")
plan = path("plan.xml", PLAN)

# ---- written weights, replicates, and the report ----
out, report = path("weighted.csv"), path("report.csv")
steps = rows("weight", *DATA, "--replicates", "jk1", "--plan", plan, "-o", out, "--replicate-prefix", "rep", "--report", report)
expect("the report has the start, three steps and five totals", len(steps) == 9)
expect("totals are hit", all(near(r["after"], r["target"]) for r in steps if r["target"]))
expect("raking is told", any(r["name"] == "raking" and r["iterations"] not in ("", "0") and float(r["g_min"]) < float(r["g_max"]) for r in steps))
with open(report, newline="", encoding="utf-8") as f:
    expect("the report file is what was printed", list(csv.DictReader(f)) == steps)
with open(out, newline="", encoding="utf-8") as f:
    data = list(csv.DictReader(f))
expect("weights of all schools", near(sum(float(r["weight"]) for r in data), 6194))
expect("those who did not answer have none", all((float(r["weight"]) == 0) == (float(r["meals"]) >= 95) for r in data))
expect("15 replicates", "rep15" in data[0] and "rep16" not in data[0])
for options in (["enroll"], ["enroll", "--by", "stype"]):
    planned = rows("mean", *options, *DATA, "--replicates", "jk1", "--weighting", plan)
    written = rows("mean", *options, "--data", out, "--weights", "weight", "--replicates", "rep*", "--scale", repr(14 / 15))
    expect(f"{options}: as many rows", len(planned) == len(written) > 0)
    for a, b in zip(planned, written):
        expect(f"{options}: {a} {b}", near(a["estimate"], b["estimate"]) and near(a["se"], b["se"], 1e-10))
linear, fixed = rows("total", "enroll", *DATA, "--weighting", plan), rows("total", "enroll", "--data", out, "--weights", "weight", "--clusters", "dnum")
expect("the same total, a smaller standard error", near(linear[0]["estimate"], fixed[0]["estimate"]) and float(linear[0]["se"]) < float(fixed[0]["se"]))
for threads in ("1", "2", "8"):
    expect("the same bits on any number of threads", rows("mean", "api00", *DATA, "--weighting", plan, "--by", "stype", "--threads", threads)
           == rows("mean", "api00", *DATA, "--weighting", plan, "--by", "stype"))
stdout = run("weight", *DATA, "--plan", plan, "--output", "-")
expect("the data go to standard output alone", stdout.stdout.startswith("cds,") and stdout.stdout.count("\n") == 184)

# ---- a study carries its plan ----
study = path("t.study")
if os.path.exists(study):
    os.remove(study)
run("study", "create", study, "--questionnaire", "questionnaires/c-training/questionnaire.xml")
answers = path("answers.csv", "case,a_event,a_key,a_consent,a_lang,a_chan\nP01,T01,mado12451,1,bul,1\nP02,T01,mado12452,1,ara,2\nP03,T01,mado12453,1,bul,1\n")
run("import", study, answers)
carried = path("carried.xml", '<weighting xmlns="urn:libsurvey:weighting:1"><calibrate><margin variables="a_chan"><cell level="1" count="60"/>'
               '<cell level="2" count="40"/></margin></calibrate></weighting>')
expect("the plan is stored", run("study", "weighting", study, carried).returncode == 0)
expect("and used", near(rows("proportion", "a_chan", "--data", study)[0]["estimate"], .6))
refused(1, ["no folder", "stype.csv"], "study", "weighting", study, plan)
expect("and taken out", run("study", "weighting", study, "--clear").returncode == 0)
expect("then it is not used", near(rows("proportion", "a_chan", "--data", study)[0]["estimate"], 2 / 3))

# ---- what is wrong ----
refused(1, ["miss.csv", "'M'", "no line"], "mean", "enroll", *DATA, "--calibrate", path("miss.csv", "stype,n\nE,4421\nH,755\n"))
refused(1, ["more.csv", "'X'", "nobody"], "mean", "enroll", *DATA, "--calibrate", path("more.csv", "stype,n\nE,4421\nH,755\nM,1018\nX,5\n"))
refused(1, ["word.csv:2", "'many'"], "mean", "enroll", *DATA, "--calibrate", path("word.csv", "stype,n\nE,many\n"))
refused(1, ["sum.csv", "7072", "6194"], "mean", "enroll", *DATA, "--calibrate", stype, "--calibrate", path("sum.csv", "sch.wide,n\nNo,1072\nYes,6000\n"))
refused(1, ["within the bounds", "stype = H", "755"], "mean", "enroll", *DATA, "--calibrate", stype, "--calibrate-bounds", "0.9,1.1")
refused(2, ["--calibrate-bounds"], "mean", "enroll", *DATA, "--calibrate", stype, "--calibrate-bounds", "wide")
refused(2, ["nothing to calibrate to"], "mean", "enroll", *DATA, "--calibrate-method", "raking")
refused(1, ["'acs.core'", "row 2", "missing"], "mean", "enroll", *DATA, "--calibrate", path("na.csv", "acs.core,n\n1,3\n"))
refused(1, ["step 2", "nobody takes", "stype = H"], "mean", "enroll", *DATA, "--weighting", path("empty.xml", PLAN.split("<calibrate")[0] +
        '<nonresponse cells="stype" respondents="stype != \'H\'"/></weighting>'))
refused(1, ["replicate", "stype = H"], "mean", "y", "--data", path("few.csv", "stype,w,y\nE,1,2\nE,1,3\nE,1,4\nH,1,5\n"), "--weights", "w", "--replicates", "jk1",
        "--calibrate", path("few-stype.csv", "stype,n\nE,4\nH,2\n"))
refused(2, ["--name"], "weight", *DATA, "--calibrate", stype, "--name", "pw", "-o", path("taken.csv"))
refused(2, ["nothing to do"], "weight", *DATA)
refused(3, ["there is no such file"], "mean", "enroll", *DATA, "--weighting", path("none.xml"))

for failure in failures[:30]:
    print(failure)
print(f"{len(failures)} failures")
sys.exit(1 if failures else 0)
