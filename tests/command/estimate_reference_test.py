#!/usr/bin/env python3
"""Runs every command of tests/reference/estimates.csv and designs.csv and compares what it prints with R's figures.

usage: estimate_reference_test.py SURVEY SCRATCH    (from the source folder)
"""
import csv
import math
import os
import shlex
import subprocess
import sys


def read_figures(path):
    """Rows of the reference file by command, in order."""
    commands = {}
    with open(path, newline="") as f:
        lines = [line for line in f if not line.startswith("#")]
    for row in csv.DictReader(lines):
        commands.setdefault(row["command"], []).append(row)
    return commands


FIXED = {"statistic", "variable", "level", "estimate", "se", "ci_lower", "ci_upper", "df", "cv", "deff", "n", "missing"}


def estimates(survey, command):
    """What the command prints: column values by "variable|level|by|by..."."""
    done = subprocess.run([survey, *shlex.split(command), "--format", "csv", "--quiet"], capture_output=True, text=True)
    if done.returncode != 0:
        raise RuntimeError(f"exit status {done.returncode}: {done.stderr.strip()}")
    found = {}
    for row in csv.DictReader(done.stdout.splitlines()):
        by = [v for k, v in row.items() if k not in FIXED]
        found["|".join([row["variable"], row["level"], *(by or [""])])] = row
    return found


def covariances(survey, command, path):
    subprocess.run([survey, *shlex.split(command), "--format", "csv", "--quiet", "--vcov", path, "-o", os.devnull], check=True)
    with open(path, newline="") as f:
        rows = list(csv.reader(f))
    names = rows[0][1:]
    return {f"{row[0]}~{name}": {"vcov": value} for row in rows[1:] for name, value in zip(names, row[1:])}


def wrong(want, got, tolerance, scale):
    """None, or by how much."""
    if want == "NaN" or want in ("Inf", "-Inf"):
        return None if got == "" else f"{got} instead of nothing"
    if got is None or got == "":
        return "nothing"
    want, got = float(want), float(got)
    if want == got:
        return None
    error = abs(want - got) / max(abs(want), scale, 1e-300)
    return None if error <= tolerance else f"{got!r}, off by {error:.2g}"


def main(survey, scratch):
    failures, figures = [], 0
    commands = {}
    for name in ("estimates", "designs"):
        for command, rows in read_figures(f"tests/reference/{name}.csv").items():
            commands.setdefault(command, []).extend(rows)
    for command, rows in commands.items():
        vcov = rows[0]["quantity"] == "vcov"
        try:
            found = covariances(survey, command, os.path.join(scratch, "vcov.csv")) if vcov else estimates(survey, command)
        except Exception as e:
            failures.append(f"{command}\n    {e}")
            continue
        # a covariance of about zero is compared with the size of the others
        scale = max((abs(float(r["value"])) for r in rows), default=0) * 1e-3 if vcov else 0
        for r in rows:
            figures += 1
            got = found.get(r["key"])
            tiny = 0
            if r["quantity"] in ("se", "cv") and got is not None:      # exactly nothing, up to rounding of the estimate
                estimate = abs(float(got["estimate"] or 0))
                tiny = (estimate if r["quantity"] == "se" else 1) * 1e-5
            if r["quantity"] == "deff":
                tiny = 1e-6
            if r["quantity"] in ("ci_lower", "ci_upper") and got is not None:
                tiny = abs(float(got.get("estimate") or 0)) * 1e-2
            why = "no such estimate" if got is None else wrong(r["value"], got.get(r["quantity"]), float(r["tolerance"]), max(tiny, scale))
            if why is not None:
                failures.append(f"{command}\n    {r['key']} {r['quantity']}: R has {r['value']}, here {why}")
    for f in failures[:40]:
        print(f)
    print(f"{figures} figures of {len(commands)} commands, {len(failures)} differ")
    return 1 if failures or figures < 10000 else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2]))
