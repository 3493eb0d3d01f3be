#!/usr/bin/env python3
"""survey simulate: the answers have the distributions given, the same seed gives the same study, coverage tells what is out of reach, and a whole
study is rehearsed: sample, non-response, weights, an estimate whose truth is known."""
import csv
import json
import os
import shutil
import subprocess
import sys

survey, folder = os.path.abspath(sys.argv[1]), os.path.abspath(sys.argv[2])
shutil.rmtree(folder, ignore_errors=True)
os.makedirs(folder)
os.chdir(folder)


def run(*args, status=0):
    done = subprocess.run([survey, *args], capture_output=True, text=True, timeout=240)
    assert done.returncode == status, f"{args}: status {done.returncode}, not {status}\n{done.stdout}\n{done.stderr}"
    return done


def rows(path):
    with open(path, newline="", encoding="utf-8") as f:
        return list(csv.DictReader(f))


def write(path, text):
    with open(path, "w", encoding="utf-8") as f:
        f.write(text)


def near(found, truth, n):
    """Within four standard errors of a share."""
    assert abs(found - truth) < 4 * (truth * (1 - truth) / n) ** 0.5 + 1e-9, (found, truth, n)


write("q.xml", '''<questionnaire xmlns="urn:libsurvey:questionnaire:1" id="q" version="1" xml:lang="en"><title>Q</title>
  <choices id="yn"><choice code="1">Yes</choice><choice code="2">No</choice></choices>
  <choices id="region"><choice code="n">North</choice><choice code="s">South</choice></choices>
  <choices id="help"><choice code="1">Friend</choice><choice code="2">Union</choice><choice code="9" exclusive="true">Nobody</choice></choices>
  <question id="region" type="single" choices="region" required="true"><label>Region?</label></question>
  <question id="age" type="integer" required="true"><label>Age?</label><check that=". &gt;= 16">Too young.</check></question>
  <question id="work" type="single" choices="yn"><label>Work?</label></question>
  <question id="wage" type="decimal" relevant="${work} = 1"><label>Wage?</label></question>
  <question id="helped" type="multiple" choices="help" required="true"><label>Who helped?</label></question>
  <question id="born" type="date" required="true"><label>Born?</label></question>
  <question id="never" type="integer" relevant="${age} &gt; 200"><label>Never?</label></question>
  <roster id="child"><label>Children</label><question id="c_age" type="integer" required="true"><label>Age?</label></question></roster>
</questionnaire>''')
write("d.csv", '''variable,value,share,region
region,n,30,
region,s,70,
age,0..24,20,
age,25..60,80,
work,1,0.8,n
work,2,0.15,n
work,refused,0.05,n
work,1,0.4,s
work,2,0.6,s
wage,500..900,1,
helped,1,0.5,
helped,2,0.2,
helped,9,0.25,
born,1980-01-01..1980-01-31,1,
child,0,0.5,
child,2,0.5,
c_age,0..17,1,
''')

# ---- distributions, in a file that holds the interviews ----
N = 2000
run("study", "create", "s.study", "--questionnaire", "q.xml")
done = run("simulate", "s.study", "--cases", str(N), "--seed", "7", "--distributions", "d.csv", "--format", "json")
coverage = {(r["kind"], r["id"]): r for r in json.loads(done.stdout)}
run("export", "s.study", "-o", "out")
data, children = rows("out/q.csv"), rows("out/q_child.csv")
assert len(data) == N and {r["interviewer"] for r in data} == {"simulation"} and len({r["case"] for r in data}) == N
share = lambda keep, of=data: sum(map(bool, map(keep, of))) / len(of)
near(share(lambda r: r["region"] == "n"), 0.3, N)
north = [r for r in data if r["region"] == "n"]
near(share(lambda r: r["work"] == "1", north), 0.8, len(north))
near(share(lambda r: r["work_missing"] == "refused", north), 0.05, len(north))
assert not any(r["work_missing"] == "refused" for r in data if r["region"] == "s")
# Ages from 0 to 15 are refused by the check and drawn again: of the first range 9 of 25 are left.
young = 0.2 * 9 / 25 / (0.2 * 9 / 25 + 0.8)
near(share(lambda r: int(r["age"]) <= 24), young, N)
assert min(int(r["age"]) for r in data) >= 16 and max(int(r["age"]) for r in data) <= 60
assert all(500 <= float(r["wage"]) <= 900 for r in data if r["wage"]) and coverage["question", "wage"]["skipped"] > 0
near(share(lambda r: r["helped"] == "9"), 0.25 / (0.25 + 0.75 * (1 - (1 - 2 / 3) * (1 - 4 / 15))), N)   # nobody chosen at all is no answer
assert not any("9" in r["helped"] and r["helped"] != "9" for r in data)
assert all("1980-01-01" <= r["born"] <= "1980-01-31" for r in data)
near(len(children) / 2 / N, 0.5, N)
assert all(0 <= int(r["c_age"]) <= 17 for r in children)

# ---- coverage ----
assert coverage["question", "never"]["asked"] == 0 and coverage["question", "never"]["skipped"] == N and "never reached: 1 (never)" in done.stderr
assert coverage["check", "age/check/1"]["failed"] > 0 and coverage["check", "age/check/1"]["asked"] == N
assert coverage["question", "wage"]["asked"] == sum(r["work"] == "1" for r in data)
assert coverage["question", "region"]["drawn"] == N
assert run("study", "verify", "s.study")

# ---- the same seed, the same interviews; another, others; a form by itself ----
answers = lambda path: [(r["region"], r["age"], r["wage"], r["helped"], r["born"]) for r in rows(path)]
for seed, same in (("7", True), ("8", False)):
    run("study", "create", f"again{seed}.study", "--questionnaire", "q.xml")
    run("simulate", f"again{seed}.study", "--cases", str(N), "--seed", seed, "--distributions", "d.csv", "--quiet", "-o", "x.csv")
    run("export", f"again{seed}.study", "-o", f"again{seed}")
    assert (answers(f"again{seed}/q.csv") == answers("out/q.csv")) == same
alone = run("simulate", "q.xml", "--cases", str(N), "--seed", "7", "--distributions", "d.csv", "--format", "json")
assert json.loads(alone.stdout) == json.loads(done.stdout)

# ---- a rehearsal: two strata, sampled at different rates, that respond at different rates ----
write("sample.csv", "case,region,response,stratum,weight\n" + "".join(
    f"c{i},{'n' if i < 600 else 's'},{0.9 if i < 600 else 0.5},{'n' if i < 600 else 's'},{1 if i < 600 else 10}\n" for i in range(1600)))
run("study", "create", "r.study", "--questionnaire", "q.xml")
told = run("simulate", "r.study", "--sample", "sample.csv", "--seed", "3", "--distributions", "d.csv", "--outcomes", "outcomes.csv", "-o", "c.csv", "--format", "csv")
outcomes = rows("outcomes.csv")
assert len(outcomes) == 1600 and {r["outcome"] for r in outcomes} == {"complete", "no-response"}
taken = {h: sum(r["outcome"] == "complete" and r["stratum"] == h for r in outcomes) for h in "ns"}
near(taken["n"] / 600, 0.9, 600)
near(taken["s"] / 1000, 0.5, 1000)
run("export", "r.study", "-o", "r")
by_case = {r["case"]: r for r in rows("r/q.csv")}
assert set(by_case) == {r["case"] for r in outcomes if r["outcome"] == "complete"} and all(by_case[r["case"]]["region"] == r["stratum"] for r in outcomes if r["case"] in by_case)
factor = {"n": 600 / taken["n"], "s": 1000 / taken["s"]}
with open("analysis.csv", "w") as f:
    f.write("stratum,w,work\n")
    for r in outcomes:
        if r["case"] in by_case and by_case[r["case"]]["work"]:
            f.write(f'{r["stratum"]},{float(r["weight"]) * factor[r["stratum"]]},{by_case[r["case"]]["work"]}\n')
estimate = json.loads(run("proportion", "work", "--data", "analysis.csv", "--weights", "w", "--strata", "stratum", "--format", "json").stdout)
works = next(e for e in estimate if e["level"] == "1")
truth = (600 * 0.95 * (0.8 / 0.95) + 10000 * 0.4) / (600 * 0.95 + 10000)
assert abs(works["estimate"] - truth) < 4 * works["se"], (works, truth)

# ---- what is wrong is said ----
write("bad.csv", "variable,value,share\nage,many,1\n")
assert "bad.csv:2: 'many' is no answer to 'age'" in run("simulate", "q.xml", "-d", "bad.csv", status=1).stderr
write("bad.csv", "variable,value,share\nregion,east,1\n")
assert "'east' is no code of 'region'" in run("simulate", "q.xml", "-d", "bad.csv", status=1).stderr
write("bad.csv", "variable,value,share\nhelped,1,1.5\n")
assert "not between 0 and 1" in run("simulate", "q.xml", "-d", "bad.csv", status=1).stderr
write("bad.csv", "variable,value,share\nregion,n,0\nregion,s,0\n")
assert "bad.csv:2: the shares of 'region' add to nothing" in run("simulate", "q.xml", "-d", "bad.csv", status=1).stderr
write("bad.csv", "variable,value,share,region\nwork,1,1,n\nwork,1,0,s\nwork,2,0,s\n")
assert "bad.csv:3: the shares of 'work' add to nothing under these conditions" in run("simulate", "q.xml", "-d", "bad.csv", status=1).stderr
write("bad.csv", "variable,value,share\nhelped,1,0\nregion,n,0\nregion,s,1\n")      # nobody chosen at all is an answer of a question with several
run("simulate", "q.xml", "-d", "bad.csv", "--cases", "3", "-o", "few.csv")
write("bad.csv", "variable,share\nage,1\n")
assert "variable, value and share are needed" in run("simulate", "q.xml", "-d", "bad.csv", status=1).stderr
write("bad.csv", "variable,value,share\nnobody,1,1\n")
assert "no variable 'nobody'" in run("simulate", "q.xml", "-d", "bad.csv", status=1).stderr
assert "--sample" in run("simulate", "q.xml", "--outcomes", "o.csv", status=2).stderr
write("known.csv", "case,age\n1,7\n")
assert "'age' cannot be '7'" in run("simulate", "q.xml", "--sample", "known.csv", status=1).stderr
write("known.csv", "case,response\n1,2\n")
assert "no probability" in run("simulate", "q.xml", "--sample", "known.csv", status=1).stderr
run("study", "create", "field.study", "--questionnaire", "q.xml")
write("one.csv", "region,age,work,wage,helped,born\nn,30,2,,1,1990-01-01\n")
run("import", "field.study", "one.csv")
assert "holds collected interviews" in run("simulate", "field.study", "--cases", "5", status=1).stderr
print("ok")
