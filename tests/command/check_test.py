#!/usr/bin/env python3
"""survey check and survey show: what is found, in every format, with the right exit status; the shipped questionnaires are clean."""

import csv
import io
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import bounded

SURVEY = Path(sys.argv[1]).resolve()
SCRATCH = Path(sys.argv[2]).resolve()
GOLDEN = Path("tests/golden/check")
QUESTIONNAIRES = Path("questionnaires")
SCHEMA = QUESTIONNAIRES / "questionnaire.rng"
EXPECTED = re.compile(r"<!-- (error|warning) (\d+) (\S*): (.*?) -->")
FAILURES = []


def expect(condition, what):
    if not condition:
        FAILURES.append(what)
        print(f"FAILED: {what}")


def survey(*arguments, status=0, env=None):
    run = subprocess.run([str(SURVEY), *map(str, arguments)], capture_output=True, text=True, check=False, timeout=60, env=env)
    expect(run.returncode == status, f"survey {' '.join(map(str, arguments))}: status {run.returncode}, not {status}\n{run.stdout[-2000:]}{run.stderr[-2000:]}")
    return run


def rows_of(file, status, *options):
    return json.loads(survey("check", "--format", "json", *options, file, status=status).stdout)


def check_golden(folder, status):
    """Exactly the problems that the comments of the files announce, at their lines."""
    file = folder / "questionnaire.xml"
    found = rows_of(file, status)
    expected = [(path.name, *groups) for path in sorted(folder.iterdir()) for groups in EXPECTED.findall(path.read_text())]
    expect(len(expected) > 0, f"{folder}: nothing is expected")
    for name, severity, line, element, words in expected:
        match = [r for r in found if Path(r["file"]).name == name and r["severity"] == severity and r["line"] == int(line) and r["element"] == element
                 and words in f"{r['found']}: {r['advice']}"]
        expect(len(match) == 1, f"{folder}: expected once: {name} {severity} {line} {element}: {words}")
        for row in match:
            found.remove(row)
    expect(found == [], f"{folder}: not expected: " + json.dumps(found, indent=1, ensure_ascii=False))


def check_formats():
    """The three formats say the same."""
    file = GOLDEN / "structure" / "questionnaire.xml"
    rows = rows_of(file, 1)
    table = survey("check", file, status=1).stdout.splitlines()
    expect(table[-1] == f"1 questionnaire: {len(rows)} errors, 0 warnings", f"summary: {table[-1]}")
    expect(len(table) == len(rows) + 1, "one line per problem and a summary")
    for row, line in zip(rows, table):
        expect(line == f"{row['file']}:{row['line']}:{row['column']}: {row['severity']}: [{row['element']}] {row['found']}"
               + (f": {row['advice']}" if row["advice"] else ""), line)
        expect(set(row) == {"severity", "file", "line", "column", "element", "found", "advice"}, "keys")
    lines = list(csv.DictReader(io.StringIO(survey("check", "--format", "csv", file, status=1).stdout)))
    expect(lines == [{k: str(v) for k, v in row.items()} for row in rows], "csv differs from json")
    expect([(r["file"], r["line"], r["column"]) for r in rows] == sorted((r["file"], r["line"], r["column"]) for r in rows), "not in order")
    quiet = survey("check", "--quiet", file, status=1).stdout.splitlines()
    expect(quiet == table[:-1], "--quiet leaves the summary out")
    out = SCRATCH / "problems.csv"
    survey("check", "--format", "csv", "-o", out, file, status=1)


def check_statuses():
    warned = GOLDEN / "warnings" / "questionnaire.xml"
    survey("check", warned)
    survey("check", "--strict", warned, status=1)
    survey("check", status=2)
    survey("check", "--nonsense", warned, status=2)
    missing = survey("check", SCRATCH / "none.xml", status=3)
    expect("there is no such file" in missing.stderr, missing.stderr)
    survey("check", SCRATCH, status=3)
    several = survey("check", warned, GOLDEN / "meaning" / "questionnaire.xml", status=1).stdout
    expect("2 questionnaires: " in several, several[-100:])
    shared = survey("check", QUESTIONNAIRES / "codelists" / "iso639.xml", status=1).stdout
    expect("this is a shared code list" in shared, shared)


def check_shipped():
    """What ships is clean, and valid for two other validators too."""
    files = sorted(p for p in QUESTIONNAIRES.glob("*/questionnaire.xml"))
    expect(len(files) >= 2, "no questionnaires found")
    clean = survey("check", "--strict", *files).stdout
    expect(clean.splitlines() == [f"{len(files)} questionnaires: no problems"], clean[-3000:])
    lists = sorted(p for p in QUESTIONNAIRES.glob("*/*.xml") if p.name not in ("questionnaire.xml", "study.xml"))
    for file in files + lists:
        for validator in (["xmllint", "--nonet", "--noout", "--relaxng", SCHEMA], ["jing", SCHEMA]):
            run = subprocess.run([*map(str, validator), str(file)], capture_output=True, text=True, check=False)
            expect(run.returncode == 0, f"{validator[0]}: {file}: {run.stdout}{run.stderr}")
    bad = GOLDEN / "structure" / "questionnaire.xml"
    for validator in (["xmllint", "--nonet", "--noout", "--relaxng", SCHEMA], ["jing", SCHEMA]):
        run = subprocess.run([*map(str, validator), str(bad)], capture_output=True, text=True, check=False)
        expect(run.returncode != 0, f"{validator[0]} accepts {bad}")


def check_hostile():
    head = '<questionnaire xmlns="urn:libsurvey:questionnaire:1" id="q" version="1" xml:lang="en"><title>T</title>'
    cases = {
        "bomb": ('<!DOCTYPE q [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">]>' + head + "&b;</questionnaire>", "DOCTYPE"),
        "external": ('<!DOCTYPE q [<!ENTITY a SYSTEM "file:///etc/passwd">]>' + head + "&a;</questionnaire>", "DOCTYPE"),
        "deep": (head + '<section id="s">' * 200000, "too deep"),
        "large": (head + '<section id="' + "a" * (100 << 20) + '"/></questionnaire>', "too large"),
        "attribute": (head + '<section id="' + "a" * (10 << 20) + '"/></questionnaire>', "too long"),
        "nul": (head + "<note>\0</note></questionnaire>", "zero byte"),
        "empty": ("", "empty"),
        "cut": (head + "<section id='s'>", "cut off"),
    }
    for name, (text, words) in cases.items():
        file = SCRATCH / f"{name}.xml"
        file.write_text(text, encoding="utf-8")
        before = bounded.spent()
        run = survey("check", file, status=1)
        expect(bounded.spent() - before < 10, f"{name} takes too long")
        expect(words in run.stdout and run.stdout.startswith(f"{file}:"), f"{name}: {run.stdout[:500]}")
        expect(len(run.stdout.splitlines()) == 2, f"{name}: one problem and a summary: {run.stdout[:500]}")
        file.unlink()


def check_show():
    file = QUESTIONNAIRES / "c-training" / "questionnaire.xml"
    outline = survey("show", file).stdout
    expect("a_consent  single *  May we use your answers" in outline, outline[:1000])
    expect("... 2" in outline or "more\n" in outline, "long lists are cut")
    expect(max(map(len, outline.splitlines()), default=0) <= 100, "a line is longer than 100 columns")
    bulgarian = survey("show", "--lang", "bg", file).stdout
    expect("Държава" in bulgarian or "Обучение" in bulgarian, bulgarian[:500])
    expect([line.split()[:1] for line in outline.splitlines() if line.startswith("  c_k")] ==
           [line.split()[:1] for line in bulgarian.splitlines() if line.startswith("  c_k")], "the same questions in both languages")
    survey("show", "--lang", "xx", file, status=2)
    structure = json.loads(survey("show", "--format", "json", file).stdout)
    ids = [item["id"] for item in structure["items"]]
    expect(ids[:1] == ["stage"] and "d_s3" in ids and structure["languages"] == ["en", "bg"], str(ids))
    expect(next(item for item in structure["items"] if item["id"] == "sec_b")["relevant"] == "${stage} = 1", "relevant")
    survey("show", GOLDEN / "structure" / "questionnaire.xml", status=1)
    survey("show", status=2)


def check_graph():
    file = QUESTIONNAIRES / "c-training" / "questionnaire.xml"
    dot = SCRATCH / "routing.dot"
    survey("show", file, "--graph", dot)
    expect(subprocess.run(["dot", "-Tcanon", str(dot)], capture_output=True, check=False).returncode == 0, "Graphviz does not read the graph")
    expect(survey("show", file, "--routing").stdout == dot.read_text(), "--routing writes the same")
    for option in (["--graph", SCRATCH / "a.svg"], ["--routing", "-o", SCRATCH / "b.svg"]):
        survey("show", file, *option)
        svg = Path(option[-1]).read_text()
        expect("<svg" in svg and ">a_consent<" in svg and svg.rstrip().endswith("</svg>"), f"{option[-1]} is no drawing")
    without = SCRATCH / "empty"
    without.mkdir(exist_ok=True)
    run = survey("show", file, "--graph", SCRATCH / "c.svg", status=3, env={**os.environ, "PATH": str(without)})
    expect("install the package graphviz" in run.stderr, run.stderr)
    expect(not (SCRATCH / "c.svg").exists() and not list(SCRATCH.glob("*.part")), "nothing is left behind")


def main():
    shutil.rmtree(SCRATCH, ignore_errors=True)
    SCRATCH.mkdir(parents=True)
    check_golden(GOLDEN / "structure", 1)
    check_golden(GOLDEN / "meaning", 1)
    check_golden(GOLDEN / "warnings", 0)
    check_formats()
    check_statuses()
    check_hostile()
    check_show()
    check_graph()
    check_shipped()
    print(f"{len(FAILURES)} failures")
    return 1 if FAILURES else 0


if __name__ == "__main__":
    sys.exit(main())
