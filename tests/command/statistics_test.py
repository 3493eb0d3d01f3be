#!/usr/bin/env python3
"""What quantile, cdf, variance, correlation, contrast, multiple and describe say when something is wrong, and when a number does not exist.

usage: statistics_test.py SURVEY SCRATCH   (from the source folder)
"""
import csv
import os
import shlex
import subprocess
import sys

DESIGN = "--weights pw --strata stype --fpc fpc"
SCHOOLS = f"--data datasets/api/apistrat.csv {DESIGN}"

# command, exit status, what standard error must say
MESSAGES = [
    (f"quantile api00 --probs 0.5,1.2 {SCHOOLS}", 1, "1.2 is not a probability"),
    (f"quantile api00 --probs -0.1 {SCHOOLS}", 1, "-0.1 is not a probability"),
    (f"quantile api00 --probs half {SCHOOLS}", 2, "'half' is not a number"),
    (f"quantile api00 --probs nan {SCHOOLS}", 2, "'nan' is not a number"),
    (f"quantile stype {SCHOOLS}", 1, "'stype' is not a number: a quantile needs numbers"),
    (f"quantile api00 --ci quantile {SCHOOLS}", 1, "no replicate weights"),
    (f"quantile api00 --where 'api00 > 5000' {SCHOOLS}", 1, "no row of positive weight satisfies"),
    (f"quantile api00 --where 'api00 >' {SCHOOLS}", 1, "--where"),
    (f"quantile nope {SCHOOLS}", 1, "nope"),
    (f"quantile acs.46 --missing fail {SCHOOLS}", 1, "'acs.46' is missing in row"),
    ("quantile api00", 2, "there are no data"),
    (f"cdf api00 {SCHOOLS}", 2, "there are no values"),
    (f"cdf api00 --at x {SCHOOLS}", 2, "'x' is not a number"),
    (f"cdf stype --at 1 {SCHOOLS}", 1, "a distribution function needs numbers"),
    (f"variance stype {SCHOOLS}", 1, "a variance needs numbers"),
    (f"correlation api00 {SCHOOLS}", 2, "something is missing"),
    (f"contrast 'E - X' --variables api00 --by stype {SCHOOLS}", 1, "'X' names no estimate: there are api00[E]"),
    (f"contrast 'api00' --variables api00 --by stype {SCHOOLS}", 1, "'api00' names 3 estimates: write one in full"),
    (f"contrast 'E -' --variables api00 --by stype {SCHOOLS}", 1, "ends where"),
    (f"contrast 'E - M' {SCHOOLS}", 2, "there are no variables"),
    (f"multiple stype api00 {SCHOOLS}", 1, "'stype' is text"),
    (f"describe api00 --by stype {SCHOOLS}", 2, "an overview has no domains"),
    (f"mean api00 --standardize stype {SCHOOLS}", 2, "go together"),
    (f"mean api00 --deff --standardize stype --standard tests/reference/data/standard-stype.csv {SCHOOLS}", 2, "has no design effect"),
    (f"mean api00 --standardize awards --standard tests/reference/data/standard-stype.csv {SCHOOLS}", 2, "'awards' is not there"),
    (f"mean api00 --standardize stype --standard SCRATCH/few.csv {SCHOOLS}", 1, "stype = M, which the standard population does not have"),
    (f"mean api00 --standardize stype --standard SCRATCH/twice.csv {SCHOOLS}", 1, "twice"),
    # nothing is wrong, but something must be said
    ("quantile y --data SCRATCH/lone.csv --weights w", 0, "have a limit that does not exist"),
    ("variance y --by g --data SCRATCH/lone.csv --weights w", 0, "1 of the estimates cannot be computed"),
    ("describe y g --data SCRATCH/lone.csv", 0, "there are no weights"),
    ("multiple a b --data SCRATCH/lone.csv --weights w", 0, "1 row has no answer"),
    (f"contrast 'log(E - 2 * E)' --variables api00 --by stype {SCHOOLS}", 0, "cannot be computed"),
    (f"contrast 'E - E' --test --variables api00 --by stype {SCHOOLS}", 0, "the test cannot be made"),
    (f"mean api00 --where 'stype != \"H\"' --standardize stype --standard tests/reference/data/standard-stype.csv {SCHOOLS}", 0, "1 cells of the standard population have no rows"),
]

# command, then what its rows must be, as "column=value" of one row each
ROWS = [
    (f"quantile api00 --probs 0.5 {SCHOOLS}", ["statistic=quantile;variable=api00;level=;prob=0.5;estimate=668;ci_lower=642;ci_upper=694;n=200;missing=0"]),
    ("describe y g --data SCRATCH/lone.csv", ["variable=y;n=3;missing=1;not_stated=1;min=1;median=2;max=4", "variable=g;level=u;n=3", "variable=g;level=v;n=1"]),
    ("describe --data SCRATCH/lone.csv", ["variable=w;level=;n=4", "variable=y;level=;n=3", "variable=a;level=;mean=0.5"]),
    (f"cdf api00 --at 400,893 {SCHOOLS}", ["statistic=cdf;level=893;estimate=1;se=0"]),
    ("multiple a b --data SCRATCH/lone.csv --weights w", ["statistic=cases;variable=a;n=3", "statistic=count;variable=b;estimate=2"]),
]


def write_files(scratch):
    os.makedirs(scratch, exist_ok=True)
    texts = {"few.csv": "stype,n\nE,5\nH,1\n", "twice.csv": "stype,n\nE,5\nH,1\nM,1\nE,3\n",
             "lone.csv": "y,w,g,a,b\n1,1,u,1,1\n2,1,u,1,0\n4,1,v,0,1\n,1,u,0,0\n"}
    for name, text in texts.items():
        with open(os.path.join(scratch, name), "w", encoding="utf-8") as f:
            f.write(text)


def run(survey, scratch, command):
    return subprocess.run([survey, *shlex.split(command.replace("SCRATCH", scratch)), "--format", "csv"], capture_output=True, text=True)


def same(text, value):
    try:
        return abs(float(text) - float(value)) < 1e-9
    except ValueError:
        return text == value


def main(survey, scratch):
    failures = []
    write_files(scratch)
    for command, status, says in MESSAGES:
        done = run(survey, scratch, command)
        if done.returncode != status or says not in done.stderr:
            failures.append(f"{command}\n    exit status {done.returncode}, wanted {status} and {says!r}: {done.stderr.strip()}")
        if status != 0 and done.stdout:
            failures.append(f"{command}\n    prints {done.stdout[:80]!r} although it fails")
        if "nan" in done.stdout.lower():
            failures.append(f"{command}\n    prints NaN")
    for command, wanted in ROWS:
        rows = list(csv.DictReader(run(survey, scratch, command).stdout.splitlines()))
        for want in wanted:
            pairs = [p.split("=", 1) for p in want.split(";")]
            if not any(all(same(r.get(k, "?"), v) for k, v in pairs) for r in rows):
                failures.append(f"{command}\n    no row with {want}")
    print("\n".join(failures))
    print(f"{len(MESSAGES) + len(ROWS)} commands, {len(failures)} failures")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2]))
