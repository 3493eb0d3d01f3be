#!/usr/bin/env python3
"""The shipped questionnaires, and one with every function of the language, as XForms, in @getodk/xforms-engine: simulated interviews of ours are given there answer by answer, and everything has to be
asked, skipped and computed as it was here.

    exported_test.py SURVEY FOLDER PEERS [QUESTIONNAIRE ...]"""
import pathlib
import shutil
import subprocess
import sys

import peers

ROOT = pathlib.Path(__file__).resolve().parents[2]
CASES = "25"


def run(*command):
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True, timeout=300)
    if done.returncode != 0:
        raise SystemExit(f"{' '.join(map(str, command))}: status {done.returncode}\n{done.stdout}{done.stderr}")
    return done.stdout


def compare(survey, folder, packages, questionnaire):
    name = questionnaire.parent.name
    work = folder / name
    work.mkdir()
    run(survey, "convert", "--quiet", "--to", "xform", questionnaire, work / "form.xml")
    run(survey, "study", "create", work / "s.study", "--questionnaire", questionnaire)
    run(survey, "simulate", work / "s.study", "--cases", CASES, "--seed", "5", "--quiet", "--format", "csv", "-o", work / "coverage.csv")
    run(survey, "export", work / "s.study", "--sensitive", "--quiet", "-o", work / "out")
    main = min((work / "out").glob("*.csv"), key=lambda p: len(p.name))
    rosters = sorted(p for p in (work / "out").glob(f"{main.stem}_*.csv") if not p.stem.endswith("_events"))
    done = peers.node(packages, "exported.mjs", work / "form.xml", main, *rosters, capture_output=True, text=True, timeout=600)
    print(done.stdout + (done.stderr[-2000:] if done.returncode != 0 else ""), end="", flush=True)
    return done.returncode == 0


def test(survey, folder, packages, *questionnaires):
    folder = pathlib.Path(folder).resolve()
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    packages = peers.install(packages)
    chosen = [pathlib.Path(q) for q in questionnaires] or sorted([*ROOT.glob("questionnaires/*/questionnaire.xml"), *ROOT.glob("tests/odk/*/questionnaire.xml")])
    assert len(chosen) > 0
    return all([compare(survey, folder, packages, q) for q in chosen])


if __name__ == "__main__":
    sys.exit(0 if test(*sys.argv[1:]) else 1)
