#!/usr/bin/env python3
"""Wrong, hostile and extreme data, designs, plans and formulas for the statistical verbs: one clear sentence, the right exit status, no number without a word.

usage: hostile_statistics_test.py SURVEY SCRATCH    (from anywhere)"""
import csv
import io
import os
import random
import re
import shlex
import shutil
import signal
import subprocess
import sys
import time

import bounded

SURVEY, SCRATCH = os.path.abspath(sys.argv[1]), os.path.abspath(sys.argv[2])
FAILURES, RUNS = [], [0]
shutil.rmtree(SCRATCH, ignore_errors=True)
os.makedirs(SCRATCH)
os.chdir(SCRATCH)


def fail(what):
    FAILURES.append(what)
    print("FAIL:", what[:1500])


def table(path, head, rows):
    with open(path, "w", newline="") as f:
        writer = csv.writer(f)
        writer.writerow(head)
        writer.writerows([["" if v is None else v for v in row] for row in rows])


def text(path, content):
    with open(path, "w") as f:
        f.write(content)
    return path


def run(command, status, says="", out=subprocess.PIPE):
    RUNS[0] += 1
    try:
        done = bounded.run([SURVEY, *shlex.split(command)], stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.PIPE)
    except subprocess.TimeoutExpired:
        return fail(f"{command[:200]}: takes too long")
    said, result = done.stderr.decode(errors="replace"), (done.stdout or b"").decode(errors="replace")
    if done.returncode != status or "Sanitizer" in said or "runtime error" in said:
        fail(f"{command[:200]}: status {done.returncode}, not {status}: {said[-1200:]}")
    if says not in said or (status != 0 and not said.strip()):
        fail(f"{command[:200]}: does not say '{says}': {said[-600:]}")
    if re.search(r"(^|[,\s])-?(nan|inf)([,\s]|$)", result, re.IGNORECASE):
        fail(f"{command[:200]}: prints a number that is none: {result[:400]}")
    if status == 0 and not said.strip() and "estimate" in result.split("\n")[0]:
        for row in csv.DictReader(io.StringIO(result)):
            if row["estimate"] == "" or row.get("se") == "":
                fail(f"{command[:200]}: leaves a number out without a word: {row}")
    return result


# ---- data: sixty rows in three strata of five clusters, and what may be wrong with each column ----
random.seed(1)
HEAD = "y x twice g h one w s c fpc yes five none count t st big wneg wzero wmiss whuge".split()
ROWS = []
for i in range(60):
    x = round(random.gauss(0, 1), 3)
    ROWS.append([round(random.gauss(10, 3), 3), x, 2 * x, "abc"[i % 3], "pq"[i // 3 % 2], "z", round(random.uniform(1, 5), 2), i // 20, i // 4, 50,
                 int(i % 7 < 3), 5, None, i * 5 % 6, round(random.expovariate(.1) + .01, 3), i % 2, 1e308, -1 if i == 17 else 2, 0, None if i == 17 else 2, 1e308])
table("b.csv", HEAD, ROWS)


def changed(path, column, row, value):
    rows = [list(r) for r in ROWS]
    for i in range(60) if row is None else [row]:
        rows[i][HEAD.index(column)] = value
    table(path, HEAD, rows)


table("zero.csv", HEAD, [])
table("one.csv", HEAD, ROWS[:1])
text("empty.csv", "")
changed("strata.csv", "c", 25, 2)
changed("mixed.csv", "fpc", 5, 0.5)
changed("varies.csv", "fpc", 25, 60)
changed("small.csv", "fpc", None, 3)
changed("fpc0.csv", "fpc", None, 0)
changed("fpcmiss.csv", "fpc", 30, None)
changed("nan.csv", "w", 7, "NaN")
changed("inf.csv", "w", 7, "Inf")
changed("early.csv", "t", 7, -1)
changed("status.csv", "st", 7, 3)
changed("alive.csv", "st", None, 0)
changed("apart.csv", "yes", None, 0)
table("separated.csv", ["y", "x", "g", "w"], [[int(i > 20), i, "ab"[i > 20], 1 + i % 3] for i in range(40)])
table("levels.csv", ["y", "g", "w", "b"], [[i % 17, f"L{i:05d}", 1, i % 2] for i in range(10000)])
D = "--weights w --strata s --clusters c --format csv"

VERBS = ["mean y", "total y", "ratio y/x", "proportion g", "table g h", "table g h --test pearson-f,lincom", "quantile y", "cdf y --at 10", "variance y",
         "correlation y x", "contrast a-b -v y --by g", "multiple yes st", "describe y g", "test 'y ~ h'", "test 'y ~ g' --kind kruskal", "regress 'y ~ x + g'",
         "regress 'yes ~ x' --family binomial", "regress 'Surv(t,st) ~ x' --family cox", "survival 'Surv(t,st) ~ g' --at 5"]
WEIGHTS = [("wneg", "'wneg' (weights) is -1 in row 18"), ("wzero", "positive weight"), ("wmiss", "'wmiss' (weights) is missing in row 18"),
           ("whuge", "'whuge' (weights) is 1e+308 in row 1"), ("g", "'g' (weights) is text"), ("nope", "there is no column named 'nope'")]
for k, verb in enumerate(VERBS):             # every verb with some, every weight with some: all of them check in one place
    for weights, says in (WEIGHTS[k % 6], WEIGHTS[(k + 2) % 6]):
        run(f"{verb} --data b.csv --weights {weights} --format csv", 1, says)
    run(f"{verb} --data zero.csv {D}", 1, "the data have no rows")
    run(f"{verb} --data one.csv {D}", 1)
    run(f"{verb} --data b.csv {D} --where 'y > 999'", 1, "no row of positive weight")
FILES = [("empty", "the file is empty"), ("strata", "cluster c = 2 lies in two strata"), ("mixed", "mixes population sizes and sampling fractions"),
         ("varies", "is 50 in row 21 and 60 in row 26 of the same stratum"), ("small", "population of 3, but 5 were sampled"), ("fpc0", "is 0 in row 1"),
         ("fpcmiss", "is missing in row 31"), ("nan", "such as 'NaN'"), ("inf", "such as 'Inf'")]
for name, says in FILES:
    run(f"mean y --data {name}.csv {D} --fpc fpc", 1, says)
    run(f"mean y --stream --data {name}.csv {D} --fpc fpc", 1, says)

B = f"--data b.csv {D}"
CASES = [
    # a number that does not exist, or is not known, has its word
    ("mean big", 0, "1 of the estimates cannot be computed"), ("total big", 0, "1 of the estimates cannot be computed"), ("ratio y/big", 0, "cannot be computed"),
    ("mean none", 0, "1 of the estimates cannot be computed"), ("proportion one", 0, "have a limit that does not exist"),
    ("quantile none", 0, "cannot be computed"), ("correlation y five", 0, "cannot be computed"), ("contrast 'log(-a)' -v y --by g", 0, "cannot be computed"),
    ("mean y --strata s --clusters five --nest --lonely-psu remove", 0, "no stratum of the domain has two"), ("mean y --by x", 0, "no stratum of the domain has two"),
    # answers, times and status
    ("multiple yes five", 1, "'five' is 5 in row 1: a column of answers has 1"), ("multiple x", 1, "a column of answers has 1"),
    ("multiple yes one", 1, "'one' is text"),
    ("test 'Surv(t,st) ~ g' --kind logrank --data early.csv", 1, "row 8 has the negative time -1"),
    ("test 'Surv(t,st) ~ g' --kind logrank --data status.csv", 1, "row 8 has the status 3"),
    ("test 'Surv(t,st) ~ g' --kind logrank --data alive.csv", 1, "there are no events"),
    ("survival 'Surv(t,st) ~ g' --data early.csv", 1, "row 8 has the negative time -1"), ("survival 'Surv(t,st) ~ g' --data status.csv", 1, "row 8 has the status 3"),
    ("survival 'Surv(t,st) ~ g' --data alive.csv", 1, "there are no events"), ("regress 'Surv(t,st) ~ x' --family cox --data early.csv", 1, "row 8"),
    # designs
    ("mean y --pps-variance yg", 2, "by --pps"), ("mean y --pps brewer --fpc fpc", 1, "an inclusion probability is above 0 and at most 1"),
    ("mean y --phase2-fpc fpc", 2, "there is no second phase"), ("mean y --phase2 x", 1, "'x' (second phase) is"), ("mean y --design-df -3", 2, "give a number above 0"),
    ("mean y --strata s,s,s", 1, "give at most one per stage"), ("mean y --fpc fpc,fpc", 1, "give one per stage"), ("mean y --level nan", 2, "--level is 'nan'"),
    # formulas and models
    ("regress 'y ~'", 1, "formula:1:4"), ("regress 'y ~ x ~ g'", 1, "a formula has one ~"), ("regress 'y ~ nope(x)'", 1, "there is no function 'nope'"),
    (f"regress 'y ~ {'(' * 5000}x{')' * 5000}'", 1, "more than 100 parts"), (f"regress 'y ~ {'+'.join(['x'] * 3000)}'", 1, "more than 1000 parts"),
    (f"regress 'y ~ {'x' * 70000}'", 1, "the limit is 65536"), (f"regress 'y ~ {'*'.join(f'I(x^{k})' for k in range(1, 22))}'", 1, "more than 2000 terms"),
    ("regress 'y ~ I(x * 1e308 * 10)'", 1, "no finite value"), ("regress 'y ~ one'", 1, "'one' has one level only"), ("regress 'y ~ x + twice'", 0, "'twice' depends on"),
    ("regress 'yes ~ x' --family gamma", 1, "a gamma response is positive"), ("regress 'y ~ x' --family binomial", 1, "in row 1: a binomial response"),
    ("regress 'yes ~ x' --family binomial --data apart.csv", 1, "is 0 in all rows used"), ("regress 'y ~ x' --by g", 2, "a model has no --by"),
    ("regress 'five ~ x'", 0, "have a standard error of 0"), ("regress 'y ~ factor(x)'", 0, "fewer degrees of freedom than"),
    ("regress 'big ~ x'", 1, "numbers are very large"),
    ("regress 'y ~ x' --anova wald --fit", 2, "give one of them"), ("regress 'y ~ factor(c)'", 0, "fewer degrees of freedom than"),
    ("test 'y ~ h + g'", 1, "one group variable"), ("test 'five ~ h'", 1, "does not vary"), ("table g one --test pearson-f", 1, "fewer than two levels"),
    ("table g x --test wald", 1, "wald"), ("table g --test pearson-f --expected 0,0.5,0.5", 1, "the expected share of 'g' = a is 0"),
    ("table g h --measure or", 1, "a two-by-two table needs 2"), ("table h yes --percent row --measure or", 2, "one of them at a time"),
    (f"contrast '{'(' * 3000}a{')' * 3000}' -v y --by g", 1, "more than 200 levels"), ("contrast 'a -' -v y --by g", 1, "ends where"),
    ("quantile y --probs nan", 2, "'nan' is not a number"), ("cdf y --at 1e309", 2, "'1e309' is not a number"),
    ("mean y --replicates brr", 1, "BRR needs pairs"), ("mean y --replicates 'zz*'", 2, "no column of the data fits"), ("mean y --mse", 2, "by --replicates"),
    ("mean y --stream --replicates jkn", 1, "cannot be streamed"), ("mean y --standardize g", 2, "go together"),
    # results that would take each other's place
    ("mean y -o same.csv --vcov ./same.csv", 2, "are the same file"), ("mean y -o b.csv", 2, "--output and --data are the same file"),
    ("mean y -o missing/out.csv", 3, "cannot write"), ("mean y -o /dev/full", 3, "cannot write"), ("mean y --vcov /dev/full", 3, "cannot write"),
]
for command, status, says in CASES:
    run(command + (f" {D}" if "--data" in command else f" {B}"), status, says)
for family in ("binomial", "poisson", "ordinal", "multinomial"):
    response = "y" if family in ("binomial", "poisson") else "g"
    run(f"regress '{response} ~ {'x' if family != 'poisson' else 'g'}' --family {family} --data separated.csv --weights w", 1, "no finite")
for command, says in [("table g b", "more than 10000 cells"), ("regress 'y ~ g'", "more than 2000 coefficients"), ("regress 'g ~ y' --family multinomial", "the limit is 500"),
                      ("multiple g", "more than 1000 different answers"), ("table g b --test pearson-f", "the limit of tests is 1000")]:
    run(f"{command} --data levels.csv --weights w", 1, says)
run("quantile y --by g --data levels.csv --weights w --format csv", 0, "30000 of the estimates have a limit that does not exist")

# ---- replicate weights ----
REPLICATES = [("all0", lambda i, j: 0, 1, "'r0' (replicate weights) is 0 in every row"), ("one0", lambda i, j: 0 if j == 3 else 1 + (i + j) % 2, 1, "'r3' (replicate weights)"),
              ("missing", lambda i, j: None if (i, j) == (4, 3) else 1 + (i + j) % 2, 1, "is missing in row 5"), ("huge", lambda i, j: 1e308, 1, "at most 1e300"),
              ("text", lambda i, j: "x" if (i, j) == (4, 3) else 1, 1, "text"), ("same", lambda i, j: 1, 0, "not known")]
for name, value, status, says in REPLICATES:
    table(f"{name}.csv", ["y", "g", "w"] + [f"r{j}" for j in range(8)], [[i % 5, "ab"[i % 2], 1] + [value(i, j) for j in range(8)] for i in range(24)])
    run(f"mean y --data {name}.csv --weights w --replicates 'r*' --format csv", status, says)
run("mean y --data same.csv --weights w --replicates 'r*' --rscales 0 --format csv", 0, "a limit that does not exist")

# ---- margins ----
MARGINS = [("neg", "g,n\na,-1\nb,100\nc,100\n", "the total of 'a' is -1"), ("zero", "g,n\na,0\nb,100\nc,100\n", "the population count of 'a' is 0"),
           ("nan", "g,n\na,nan\nb,1\nc,1\n", "nan.csv:2: 'nan' is not a population count"), ("huge", "g,n\na,1e308\nb,1\nc,1\n", "at most 1e300"),
           ("lack", "g,n\na,1\nb,1\n", "no line for 'c'"), ("extra", "g,n\na,1\nb,1\nc,1\nd,1\n", "nobody in the sample is in 'd'"), ("dup", "g,n\na,1\nb,1\nc,1\na,1\n", "twice"),
           ("column", "n\n1\n", "there is one column"), ("var", "nope,n\na,1\n", "nope"), ("void", "", "the file is empty"), ("head", "g,n\n", "no population counts"),
           ("quote", 'g,n\n"a,1\n', "never closed"), ("short", "g,n\na\n", "the row has 1 cells"), ("nothing", "g,n\na,0\nb,0\nc,0\n", "add up to 0"),
           ("collinear", "variable,total\nx,5\ntwice,11\n", "cannot be hit")]
for name, content, says in MARGINS:
    text(f"m-{name}.csv", content)
    run(f"mean y --calibrate m-{name}.csv {B}", 1, says)
    run(f"weight --calibrate m-{name}.csv {B}", 1, says)
text("ok.csv", "g,n\na,60\nb,50\nc,50\n")
text("h.csv", "h,n\np,500\nq,500\n")
for more, status, says in [("--calibrate h.csv", 1, "add up to 1000"), ("--calibrate-bounds 2,1", 1, "are not around 1"), ("--calibrate-bounds 0.99,1.01", 1, "within the bounds"),
                           ("--calibrate-method logit", 1, "needs bounds"), ("--calibrate-sigma2 x", 1, "a variance is above 0"), ("--calibrate nope.csv", 3, "nope.csv")]:
    run(f"mean y --calibrate ok.csv {more} {B}", status, says)

# ---- plans and designs as XML ----
PLAN, DESIGN = '<weighting xmlns="urn:libsurvey:weighting:1">%s</weighting>', '<design xmlns="urn:libsurvey:design:1">%s</design>'
PLANS = [('<!DOCTYPE w [<!ENTITY a "b">]>' + PLAN % '<scale mean="1"/>', "DOCTYPE"), ("<w/>", "not a weighting plan"), (PLAN % "", "there are 0 steps"),
         ((PLAN % '<scale mean="1"/>')[:70], "cut off"), (PLAN % "<zz/>", "'zz' cannot stand"), (PLAN % '<scale mean="1" total="2"/>', "either a mean or a total"),
         (PLAN % '<scale mean="nan"/>', "'nan' is not a number"), (PLAN % ('<scale mean="1"/>' * 1001), "1001 steps"), (PLAN[:-len("%s</weighting>")] + "<a>" * 5000, "too deep"),
         (PLAN % '<base probabilities="y"/>', "a probability is above 0"), (PLAN % '<nonresponse respondents="yes = 2" cells="g"/>', "in the cell g = a nobody"),
         (PLAN % '<nonresponse respondents="yes = " cells="g"/>', "expression"), (PLAN % '<nonresponse respondents="yes = 1" propensity="yes"/>', "cannot be fitted"),
         (PLAN % '<trim lower="5" upper="1"/>', "not in order"), (PLAN % '<trim upper="0.5" strict="yes"/>', "nobody is left"),
         (PLAN % '<calibrate><margin file="../../../../etc/passwd"/></calibrate>', "leaves the folder"), (PLAN % "<calibrate/>", "no population totals"),
         (PLAN % "<!--" + "x" * 17_000_000, "too large")]
for content, says in PLANS:
    text("plan.xml", content)
    run(f"weight --plan plan.xml {B}", 1, says)
    run(f"mean y --weighting plan.xml {B}", 1, says)
DESIGNS = [('<!DOCTYPE d [<!ENTITY a "b">]>' + DESIGN % "", 1, "DOCTYPE"), (PLAN % "", 1, "no sampling design"), (DESIGN[:40], 1, "cut off"),
           (DESIGN % "<output>x</output>", 2, "there is no option 'output'"), (DESIGN % "<weights>nope</weights>", 1, "nope"), (DESIGN[:-len("%s</design>")] + "<a>" * 5000, 1, "too deep")]
for content, status, says in DESIGNS:
    text("design.xml", content)
    run("mean y --data b.csv --design design.xml", status, says)

# ---- weights are written whole or not at all ----
run(f"weight --calibrate ok.csv {B} -o w.csv --report w.csv", 2, "are the same file")
run(f"weight --calibrate ok.csv {B} -o missing/w.csv", 3, "cannot be written")
with open("/dev/full", "wb") as full:
    run(f"weight --calibrate ok.csv {B} -o -", 3, "standard output", out=full)
if os.path.exists("w.csv"):
    fail("weight: a refused command leaves a file")
table("large.csv", ["g", "w", "y"], [["abc"[i % 3], 1 + i % 5, i / 7] for i in range(60000)])
for wait in (0.01, 0.03, 0.06, 0.1, 0.15, 0.25):
    process = subprocess.Popen([SURVEY, "weight", "--calibrate", "ok.csv", "--data", "large.csv", "--weights", "w", "-o", "killed.csv"],
                               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    time.sleep(wait)
    process.send_signal(signal.SIGKILL)
    process.wait()
    RUNS[0] += 1
    if os.path.exists("killed.csv"):
        with open("killed.csv") as f:
            lines = sum(1 for _ in f)
        if lines != 60001:
            fail(f"weight: killed after {wait} s, a part of the file stands under its name: {lines} lines")
        os.remove("killed.csv")

print(f"{RUNS[0]} commands, {len(FAILURES)} failures")
sys.exit(1 if FAILURES else 0)
