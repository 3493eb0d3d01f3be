#!/usr/bin/env python3
"""@getodk/xforms-engine as a client of survey serve: it takes the forms from the server's list, fills them in and submits them, and the study holds what it held.
The shipped questionnaires get the answers of simulated interviews, and come back as our own typed interviews; public XForms an answer to everything.

    submitted_test.py SURVEY FOLDER PEERS [FORM ...]"""
import csv
import json
import os
import pathlib
import shutil
import subprocess
import sys

import peers

ROOT = pathlib.Path(__file__).resolve().parents[2]
CASES = "6"
META = {"interview", "case", "version", "interviewer", "language", "started", "completed", "outcome"}


def run(*command):
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True, timeout=300)
    if done.returncode != 0:
        raise SystemExit(f"{' '.join(map(str, command))}: status {done.returncode}\n{done.stdout}{done.stderr}")
    return done.stdout


def export(survey, study, form, out):
    """The main table and the rosters of a form, as files."""
    run(survey, "export", study, "--form", form, "--sensitive", "--quiet", "-o", out)
    main = out / f"{form}.csv"
    return main, sorted(p for p in out.glob(f"{form}_*.csv") if not p.stem.endswith("_events"))


def rows(path):
    with open(path, newline="", encoding="utf-8-sig") as f:
        return list(csv.DictReader(f))


class Server:
    """survey serve for one study, and a base address that lets an interviewer in."""

    def __init__(self, survey, study):
        run(survey, "study", "account", "add", study, "ines", "--no-password")
        token = run(survey, "study", "account", "device", study, "ines", "--kind", "odk").split()[-1]
        self.process = subprocess.Popen([survey, "serve", study, "--listen", "127.0.0.1:0", "--quiet"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        self.base = self.process.stdout.readline().split()[-1].rstrip("/") + f"/odk/key/{token}"

    def __enter__(self):
        return self.base

    def __exit__(self, *error):
        self.process.terminate()
        self.process.wait(30)


def submit(packages, base, form, *files):
    done = peers.node(packages, "submit.mjs", base, form, *files, capture_output=True, text=True, timeout=600)
    if done.returncode != 0:
        raise SystemExit(f"{form}: {done.stdout[-500:]}{done.stderr[-3000:]}")
    return [json.loads(line) for line in done.stdout.splitlines()]


def same(here, there):
    if len(here) == 4 and there == f"{here}-01":
        return True                        # a year whose month is not known: ODK's dates always have one
    try:
        return here == there or abs(float(here) - float(there)) < 1e-9
    except ValueError:
        return False


def compare(where, mine, theirs, differences):
    """Cells of a row that went out and one that came back. Why there is no answer is not told by ODK's clients: only whether the question was asked is."""
    compared = 0
    for name, text in mine.items():
        if name in META or name.endswith("_missing") or f"{name}_missing" not in mine or name not in theirs:
            continue
        missing = theirs.get(f"{name}_missing", "")      # no column: everybody answered
        asked, came = mine[f"{name}_missing"] != "not-asked", missing != "not-asked"
        compared += 1
        if asked != came or not same(text, theirs[name]):
            differences.append(f"{where} {name}: '{text}' ({mine[name + '_missing']}) went out, '{theirs[name]}' ({missing}) came back")
    return compared


def compare_rosters(mine, theirs, pairs, differences):
    compared = 0
    for here, there in zip(mine, theirs):
        outgoing, incoming = rows(here), rows(there)
        for gone, come in pairs:
            a, b = [r for r in outgoing if r["interview"] == gone], [r for r in incoming if r["interview"] == come]
            if len(a) != len(b):
                differences.append(f"{here.stem}: {len(a)} entries went out, {len(b)} came back")
            for i, (left, right) in enumerate(zip(a, b)):
                compared += compare(f"{here.stem}[{i}]", left, right, differences)
    return compared


def check_native(survey, folder, packages, questionnaire):
    name = questionnaire.parent.name
    work = folder / name
    work.mkdir()
    run(survey, "study", "create", work / "out.study", "--questionnaire", questionnaire)
    run(survey, "simulate", work / "out.study", "--cases", CASES, "--seed", "5", "--quiet", "--format", "csv", "-o", work / "coverage.csv")
    form = json.loads(run(survey, "show", questionnaire, "--format", "json"))["id"]
    main, rosters = export(survey, work / "out.study", form, work / "out")
    run(survey, "study", "create", work / "in.study", "--questionnaire", questionnaire)
    with Server(survey, work / "in.study") as base:
        sent = submit(packages, base, form, main, *rosters)
    back, back_rosters = export(survey, work / "in.study", form, work / "in")
    outgoing, incoming = rows(main), {r["interview"]: r for r in rows(back)}
    differences, compared, pairs = [], 0, []
    for one in sent:
        row, uuid = outgoing[one["row"]], one["instance"].removeprefix("uuid:")
        if uuid not in incoming:
            differences.append(f"row {one['row']}: {one['message']}")
        else:
            pairs.append((row["interview"], uuid))
            compared += compare(f"row {one['row']}", row, incoming[uuid], differences)
    compared += compare_rosters(rosters, back_rosters, pairs, differences)
    print(f"{name}: {len(sent)} interviews submitted, {compared} values compared, {len(differences)} differences", *differences[:20], sep="\n  ", flush=True)
    run(survey, "study", "verify", work / "in.study")
    return compared > 0 and not differences


def check_public(survey, folder, packages, form):
    work = folder / form.stem
    work.mkdir()
    study = work / "in.study"
    run(survey, "study", "create", study)
    if subprocess.run([survey, "study", "deploy", study, form], capture_output=True).returncode != 0:
        return True                        # a form that survey check refuses: other tests say which
    with Server(survey, study) as base:
        sent = submit(packages, base, "")
    deployed = json.loads(run(survey, "show", form, "--format", "json"))["id"]
    back, _ = export(survey, study, deployed, work / "in")
    incoming, differences = rows(back), []
    if len(incoming) != 1:
        differences.append(f"{len(incoming)} interviews: {sent[0]['message']}")
    else:
        for name, text in sent[0]["values"].items():
            if name in incoming[0] and text and not same(text, incoming[0][name]) and not incoming[0][name].startswith(text[:8]):
                differences.append(f"{name}: '{text}' went out, '{incoming[0][name]}' came back")
    print(f"{form.stem}: {len(sent[0]['values'])} values, {len(differences)} differences", *differences[:10], sep="\n  ", flush=True)
    return not differences


def test(survey, folder, packages, *forms):
    folder = pathlib.Path(folder).resolve()
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    packages = peers.install(packages)
    survey = os.path.abspath(survey)
    chosen = [pathlib.Path(f).resolve() for f in forms] or sorted(ROOT.glob("questionnaires/*/questionnaire.xml"))
    public = [] if forms else sorted((ROOT.parent / "shared/forms/xform").glob("*.xml"))[::12]
    assert len(chosen) > 0
    good = [check_native(survey, folder, packages, f) if f.name == "questionnaire.xml" else check_public(survey, folder, packages, f) for f in chosen + public]
    return all(good)


if __name__ == "__main__":
    sys.exit(0 if test(*sys.argv[1:]) else 1)
