#!/usr/bin/env python3
"""Public XForms, read as questionnaires and written as XForms again: @getodk/xforms-engine goes the same way through both.

    written_test.py SURVEY FOLDER PEERS [FORM.xml ...]"""
import collections
import json
import pathlib
import shutil
import subprocess
import sys

import peers

ROOT = pathlib.Path(__file__).resolve().parents[2]
FORMS = ROOT.parent / "shared" / "forms" / "xform"

# Forms of which the engine takes something from how they are written, which is another way when they are written again.
WRITTEN = {
    "collect__emptyGroupFieldList": "white space between the tags of a group without questions is its value there",
}


def write(survey, form, folder):
    native = folder / "native" / form.stem
    native.mkdir(parents=True)
    for command in ([survey, "convert", "--quiet", form, native / "questionnaire.xml", "--to", "native", "--compat", "web"],
                    [survey, "convert", "--quiet", native / "questionnaire.xml", folder / form.name, "--to", "xform"]):
        done = subprocess.run(list(map(str, command)), capture_output=True, text=True, timeout=60)
        if done.returncode != 0:
            print(f"{form.name}: not written: {done.stderr.strip().splitlines()[-1:]}")
            return False
    for beside in form.parent.iterdir():
        if beside.suffix in (".csv", ".geojson"):
            shutil.copy(beside, folder)
    return True


def walks(packages, forms, words):
    done = peers.node(packages, "walk.mjs", "--seeds", 1, "--steps", 12, "--words", words, *forms, stdout=subprocess.PIPE, text=True, errors="replace")
    found = collections.defaultdict(list)
    for line in done.stdout.splitlines():
        record = json.loads(line)
        if "form" in record:
            name = pathlib.Path(record["form"]).stem
        else:
            found[name].append(record)
    return found


def plain(record):
    """References without prefixes, which depend on where a namespace is declared; everything but labels, whose white space may be another."""
    if "nodes" not in record:
        return {key: value for key, value in record.items() if key != "refused"}
    return [["/".join(part.split(":")[-1] for part in node[0].split("/")), *node[1:8]] for node in record["nodes"]]


def compare(name, before, after):
    if name in WRITTEN or (before and "refused" in before[0]):
        return True
    for step, (old, new) in enumerate(zip(before, after)):
        if "op" in old and "op" in new and old["op"] == new["op"] == "language":
            return True                      # languages come in another order: from here on the walks differ
        if plain(old) != plain(new):
            shown = [(a, b) for a, b in zip(plain(old), plain(new)) if a != b][:2] if "nodes" in old and "nodes" in new else (old, new)
            print(f"{name} record {step}: {str(shown)[:600]}")
            return False
    return len(before) == len(after) or bool(print(f"{name}: {len(before)} records, then {len(after)}"))


def test(survey, folder, packages, *forms):
    folder = pathlib.Path(folder).resolve()
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    chosen = [pathlib.Path(f) for f in forms] or sorted(FORMS.glob("*.xml"))
    if not chosen:
        peers.skip("there are no public forms in ../shared/forms")
    packages = peers.install(packages)
    written = [f for f in chosen if write(survey, f, folder)]
    before, after = walks(packages, written, chosen[0].parent), walks(packages, [folder / f.name for f in written], chosen[0].parent)
    good = [compare(f.stem, before[f.stem], after[f.stem]) for f in written]
    print(f"{len(chosen)} forms, {len(written)} written again, {sum(good)} the same")
    return len(written) == len(chosen) and all(good)


if __name__ == "__main__":
    sys.exit(0 if test(*sys.argv[1:]) else 1)
