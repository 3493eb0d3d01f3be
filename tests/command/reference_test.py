#!/usr/bin/env python3
"""Runs every command of the reference files and compares what it prints with the figures of independent programs.

A row of tests/reference/NAME.csv names a command, a row of its output (key: "column=value;column=value"), a column of it (quantity), the figure and
the tolerance: relative, or absolute with a leading "+". estimates.csv and designs.csv have a test of their own.

usage: reference_test.py SURVEY SCRATCH [NAME...]   (from the source folder)
"""
import csv
import glob
import os
import shlex
import subprocess
import sys

OWN_TEST = {"estimates", "designs"}


def read_figures(path):
    """Rows of the reference file by command, in order."""
    commands = {}
    with open(path, newline="", encoding="utf-8") as f:
        for row in csv.DictReader(line for line in f if not line.startswith("#")):
            commands.setdefault(row["command"], []).append(row)
    return commands


def output(survey, command):
    """Rows that the command prints, as dictionaries."""
    done = subprocess.run([survey, *shlex.split(command), "--format", "csv", "--quiet"], capture_output=True, text=True)
    if done.returncode != 0:
        raise RuntimeError(f"exit status {done.returncode}: {done.stderr.strip()}")
    return list(csv.DictReader(done.stdout.splitlines()))


def find(rows, key):
    """The row whose columns have the values of the key; numbers are compared as numbers. None unless there is exactly one."""
    want = [part.split("=", 1) for part in key.split(";")] if key else []

    def same(text, value):
        try:
            return float(text) == float(value)
        except ValueError:
            return text == value
    fit = [r for r in rows if all(same(r.get(column, ""), value) for column, value in want)]
    return fit[0] if len(fit) == 1 else None


def wrong(want, got, tolerance):
    """None, or by how much a figure differs."""
    if want in ("NaN", "NA", "Inf", "-Inf", ""):
        return None if got == "" else f"{got} instead of nothing"
    if got is None or got == "":
        return "nothing"
    want, got = float(want), float(got)
    error = abs(want - got)
    if not tolerance.startswith("+"):
        error /= max(abs(want), 1e-300)
    return None if error <= float(tolerance) else f"{got!r}, off by {error:.2g}"


def main(survey, names):
    failures, figures, commands = [], 0, 0
    for path in sorted(glob.glob("tests/reference/*.csv")):
        name = os.path.basename(path)[:-4]
        if name in OWN_TEST or (names and name not in names):
            continue
        for command, rows in read_figures(path).items():
            commands += 1
            try:
                printed = output(survey, command)
            except Exception as e:
                failures.append(f"{name}: {command}\n    {e}")
                figures += len(rows)
                continue
            for r in rows:
                figures += 1
                got = find(printed, r["key"])
                why = "no such row, or several" if got is None else wrong(r["value"], got.get(r["quantity"]), r["tolerance"])
                if why is not None:
                    failures.append(f"{name}: {command}\n    {r['key']} {r['quantity']}: reference {r['value']}, here {why}")
    for f in failures[:40]:
        print(f)
    print(f"{figures} figures of {commands} commands, {len(failures)} differ")
    return 1 if failures or figures == 0 else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[3:]))
