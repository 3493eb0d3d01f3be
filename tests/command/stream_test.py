#!/usr/bin/env python3
"""Rows that are summed piece by piece (--stream, a pipe, a large file) give what rows in memory give, and the same messages.

usage: stream_test.py SURVEY SCRATCH   (from the source folder)
"""
import csv
import gzip
import io
import math
import os
import random
import shlex
import subprocess
import sys

TOLERANCE = 1e-12

STRAT = "--data datasets/api/apistrat.csv --weights pw --strata stype --fpc fpc"
CLUS = "--data datasets/api/apiclus1.csv --weights pw --clusters dnum --fpc fpc"
SILC = "--data datasets/eusilc/eusilc.csv.gz --weights rb050 --strata db040 --clusters db030"
NHANES = "--data tests/reference/data/nhanes.csv.gz --weights WTMEC2YR --strata SDMVSTRA --clusters SDMVPSU --nest"
COMMANDS = [
    f"mean api00 enroll {STRAT} --by awards --deff",
    f"mean api00 enroll stype {STRAT} --where 'api99 > 600'",
    f"mean api00 enroll {STRAT} --by stype,awards --vcov VCOV",
    f"total enroll stype {CLUS} --deff-replace",
    "total enroll --data datasets/api/apistrat.csv --strata stype --fpc fpc --by stype",
    f"ratio api.stu/enroll api99/api00 {STRAT} --by sch.wide --vcov VCOV",
    f"proportion stype 'factor(yr.rnd)' {CLUS} --ci beta",
    f"table sch.wide stype {STRAT} --vcov VCOV",
    f"table awards {CLUS} --by stype --df design --deff",
    "mean api00 --data datasets/api/apisrs.csv",
    f"mean age {SILC} --by rb090,pl030",
    f"proportion pb220a {SILC} --by rb090",
    f"mean HI_CHOL {NHANES} --by race,RIAGENDR",
    f"mean HI_CHOL {NHANES} --where 'RIAGENDR = 2' --lonely-psu adjust",
    f"mean api00 {STRAT} --by stype --lonely-psu average --design-df full --df design",
]
FAULTS = [
    f"mean nothing {STRAT}",
    f"mean api00 {STRAT} --by nothing",
    f"mean api00 {STRAT} --where 'api00 >'",
    f"mean api00 {STRAT} --where 'api00 < 0'",
    "mean api00 --data datasets/api/apistrat.csv --weights sname",
    "mean api00 --data datasets/api/apistrat.csv --weights pw --clusters cds --strata cds",
    "mean api00 --data datasets/api/apiclus1.csv --weights pw --strata stype --clusters dnum",
    "mean api00 --data no-such-file.csv",
    f"mean target {STRAT} --missing fail --by comp.imp",
]
IMPOSSIBLE = [
    "mean enroll --data datasets/api/apiclus2.csv --weights pw --clusters dnum,snum --fpc fpc1,fpc2 --stream",
    "mean api00 --data datasets/api/apiclus1.csv --weights pw --clusters dnum --replicates jk1 --stream",
]


def run(survey, command, *more, **how):
    return subprocess.run([survey, *shlex.split(command), "--format", "csv", *more], capture_output=True, text=True, check=False, **how)


def rows(text):
    return list(csv.reader(io.StringIO(text)))


def same_cell(a, b):
    if a == b:
        return True
    try:
        a, b = float(a), float(b)
    except ValueError:
        return False
    return math.isclose(a, b, rel_tol=TOLERANCE, abs_tol=1e-15)


def difference(one, two):
    """None, or the first cells that differ."""
    a, b = rows(one), rows(two)
    if len(a) != len(b):
        return f"{len(a)} and {len(b)} rows"
    for i, (x, y) in enumerate(zip(a, b)):
        for k, (p, q) in enumerate(zip(x, y)):
            if not same_cell(p, q):
                return f"row {i} column {a[0][k] if k < len(a[0]) else k}: {p} and {q}"
    return None


def notes(text):
    """What is said, but for the reason why a column is a factor: it is seen in another way."""
    return [line if "is a factor, because" not in line else "is a factor" for line in text.splitlines()]


def close_matrix(one, two):
    """Covariances are compared with the sizes of their variances."""
    a, b = rows(one), rows(two)
    if a[0] != b[0] or len(a) != len(b):
        return "other rows or columns"
    n = len(a) - 1
    value = [[[float(c or "nan") for c in r[-n:]] for r in m[1:]] for m in (a, b)]
    for i in range(n):
        for j in range(n):
            x, y = value[0][i][j], value[1][i][j]
            if abs(x - y) > TOLERANCE * math.sqrt(abs(value[0][i][i] * value[0][j][j])):
                return f"{i},{j}: {x} and {y}"
    return None


def big_file(path, n):
    """Several pieces of the usual size; a column of numbers that turns out to be text late, levels that come late, missing values."""
    rng = random.Random(7)
    with open(path, "w", encoding="utf-8") as f:
        f.write("str,psu,w,y,dom,late,x,filler\n")
        for i in range(n):
            psu = i * 40 // n
            late = "text" if i > n - 100 else str(i % 5)
            y = "" if i % 97 == 0 else f"{100 + psu + rng.random():.6f}"
            f.write(f"{psu // 4},{psu},{1 + rng.random():.4f},{y},{'abc'[i % 3] if i < n - 50 else 'd'},{late},{i % 11},"
                    f"some text that fills the row so that there are several pieces {i % 7}\n")


def main():
    survey, scratch = sys.argv[1:3]
    problems = []

    def complain(command, what):
        problems.append(f"survey {command}: {what}")

    def compare(command, other, *more, vcov=False, **how):
        """`other` is the same command, in another way."""
        one, two = run(survey, command.replace("VCOV", scratch + "/one.csv")), run(survey, other.replace("VCOV", scratch + "/two.csv"), *more, **how)
        if one.returncode != 0 or two.returncode != 0:
            return complain(command, f"exit status {one.returncode} and {two.returncode}: {one.stderr or two.stderr}")
        what = difference(one.stdout, two.stdout)
        if what is None and notes(one.stderr) != notes(two.stderr):
            what = f"says '{one.stderr}' and '{two.stderr}'"
        if what is None and vcov:
            what = close_matrix(open(scratch + "/one.csv", encoding="utf-8").read(), open(scratch + "/two.csv", encoding="utf-8").read())
        if what is not None:
            complain(command, what)

    for command in COMMANDS:
        compare(command, command, "--stream", vcov="VCOV" in command)
    for command in FAULTS:
        one, two = run(survey, command), run(survey, command, "--stream")
        if one.returncode == 0 or (one.returncode, one.stderr) != (two.returncode, two.stderr):
            complain(command, f"fails with '{one.stderr.strip()}' and '{two.stderr.strip()}'")
    for command in IMPOSSIBLE:
        done = run(survey, command)
        if done.returncode == 0 or "cannot be streamed" not in done.stderr or done.stderr.count("\n") != 1:
            complain(command, f"does not say that it cannot be streamed: {done.stderr}")

    big = scratch + "/big.csv"
    big_file(big, 400000)
    with open(big, "rb") as f, gzip.open(big + ".gz", "wb", compresslevel=1) as packed:
        packed.write(f.read())
    design = "--weights w --strata str --clusters psu"
    for ask in (f"mean y x --data {big} {design} --by dom", f"total x dom --data {big} --weights w --strata str",
                f"proportion late --data {big} {design}", f"ratio y/x --data {big} {design} --where 'x > 3' --by dom --deff",
                f"mean y --data {big} {design} --by late"):
        compare(ask, ask, "--stream")
        compare(ask, ask.replace(big, big + ".gz"), "--stream")
        with_one = run(survey, ask, "--stream", "--threads", "1").stdout
        for threads in ("2", "8"):
            if run(survey, ask, "--stream", "--threads", threads).stdout != with_one:
                complain(ask, f"--stream gives other bits with {threads} threads than with one")
        if "late" in ask:
            continue
        with open(big, "rb") as f:
            pipe = subprocess.Popen(["cat"], stdin=f, stdout=subprocess.PIPE)
            compare(ask, ask.replace(big, "/dev/stdin"), stdin=pipe.stdout)
            pipe.stdout.close()
            pipe.wait()
    with open(big, "rb") as f:
        pipe = subprocess.Popen(["cat"], stdin=f, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        done = run(survey, f"proportion late --data /dev/stdin {design}", stdin=pipe.stdout)
        pipe.stdout.close()
        pipe.wait()
        if done.returncode == 0 or "late" not in done.stderr or "pipe" not in done.stderr:
            complain("proportion late", f"from a pipe says '{done.stderr}'")
    os.remove(big)
    os.remove(big + ".gz")
    for problem in problems:
        print(problem)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
