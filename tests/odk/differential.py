#!/usr/bin/env python3
"""Random walks through public forms, in our engine and in @getodk/xforms-engine: relevance, required, read-only and constraint state, values,
choices, labels and the submission are compared after every step.

    differential.py REPLAY_ODK PEERS [--seeds N] [--first SEED] [--steps N] [--random N] [--all] [FORM.xml ...]

REPLAY_ODK is our side (replay_odk.c), PEERS a folder for the packages. Without forms: those of ../shared/forms; --random N: N random ones, from
--first on. --all prints every walk's first difference, for work; without it the first twenty are shown. What may differ is in divergences.py, each with its name."""
import argparse
import collections
import json
import pathlib
import re
import subprocess
import sys

import divergences
import peers
import random_forms

ROOT = pathlib.Path(__file__).resolve().parents[2]
FIELDS = "reference", "relevant", "required", "readonly", "constraint", "answered", "value", "choices", "label"
UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")


def traces(folder, forms, options):
    """One list of lines for each walk. A process for each twenty forms: the engine keeps its memory, and now and then a form takes all there is."""
    for first in range(0, len(forms), 20):
        done = peers.node(folder, "walk.mjs", "--seeds", options.seeds, "--first", options.first, "--steps", options.steps, *forms[first:first + 20],
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, errors="replace")
        walks = []
        for line in done.stdout.splitlines():
            if not line.endswith("}"):
                break                       # cut off
            record = json.loads(line)
            if "form" in record:
                walks.append([record])
            else:
                walks[-1].append(record)
        if done.returncode != 0:
            print(f"the official engine gave up in {walks.pop()[0]['form'] if walks else forms[first]}: {(done.stderr.strip() or 'no reason given').splitlines()[-1][:200]}")
        yield from walks


def escape(text):
    return text.replace("\\", "\\\\").replace("\t", "\\t").replace("\n", "\\n").replace("\r", "\\r")


def ours(replay, walk):
    """What our engine says to the same steps: records in the same form."""
    steps = [r for r in walk if "op" in r and r["op"] != "start"]
    script = "".join(f"{s['op']}\t{s['ref']}\t{escape(s.get('value') or '')}\n" for s in steps)
    try:
        done = subprocess.run([replay, walk[0]["form"]], input=script.encode(), capture_output=True, timeout=120)
    except subprocess.TimeoutExpired:
        return [], "no end after 120 s"
    text = done.stdout.decode(errors="replace")
    decoder, at, records = json.JSONDecoder(strict=False), 0, []
    while at < len(text):
        try:
            record, at = decoder.raw_decode(text, at)
        except json.JSONDecodeError:
            return records, "broken output: " + text[at:at + 200]
        records.append(record)
        while at < len(text) and text[at].isspace():
            at += 1
    failed = done.stderr.decode(errors="replace")
    return records, f"exit {done.returncode}: {failed[-1500:]}" if done.returncode else ""


def normal(field, value):
    if field == "label" and isinstance(value, str):
        value = " ".join(value.split())
    if field == "choices" and isinstance(value, list):
        value = [c if isinstance(c, str) else [c[0], " ".join(c[1].split())] for c in value]
    text = json.dumps(value)
    return json.loads(UUID.sub("UUID", text))


def same(field, theirs, own):
    if theirs == "?":
        return True
    if field == "choices" and theirs and theirs[0] == "?":
        return sorted(map(json.dumps, theirs[1:])) == sorted(map(json.dumps, own or []))
    return normal(field, theirs) == normal(field, own)


def differences(theirs, own):
    """(field, reference, theirs, ours) of one state, the most telling first."""
    mine = {node[0]: node for node in own["nodes"]}
    for node in theirs["nodes"]:
        other = mine.pop(node[0], None)
        if other is None:
            if node[0].split("/")[-1].split(":")[-1] in ("meta", "instanceID"):
                continue    # what the record lacks of these the engine makes up; the submission shows that we do, too
            if not node[1]:
                continue    # entries of a repeat that is not relevant are not told one by one
            yield "node", node[0], "there", "missing"
            continue
        for k, field in enumerate(FIELDS):
            if k > 0 and not same(field, node[k], other[k]):
                yield field, node[0], node[k], other[k]
    for reference in mine:
        yield "node", reference, "missing", "there"
    if theirs["xml"] != "?" and "?" not in [n[6] for n in theirs["nodes"]] and normal("xml", theirs["xml"]) != normal("xml", own["xml"]):
        yield "xml", "", theirs["xml"], own["xml"]


def compare(walk, records, failed):
    """The unexplained differences of one walk's first step that has any, as (step, operation, difference)."""
    states = [r for r in records if "nodes" in r]
    errors = {}
    for r in records:
        if "error" in r:
            errors[sum(1 for x in records[:records.index(r)] if "nodes" in x)] = r["error"]
    operation, step = None, 0
    context = divergences.Context(walk)
    for record in walk[1:]:
        if "op" in record:
            operation = record
            context.step(operation)
        elif "nodes" in record:
            if step >= len(states):
                return [(step, operation, ("crash", "", "", failed or "no state"))], context
            found = [d for d in differences(record, states[step]) if not context.explains(d, record, states[step])]
            if found:
                return [(step, operation, d) for d in found[:6]] + ([(step, operation, ("error", "", "", errors[step]))] if step in errors else []), context
            if context.over:
                return [], context
            step += 1
        elif "broken" in record or "chance" in record:
            break
    return ([(step, operation, ("crash", "", "", failed))] if failed else []), context


def show(value):
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 1200 else text[:1200] + "..."


def tell(walk, found):
    step, operation, _ = found[0]
    print(f"--- {walk[0]['form']} seed {walk[0]['seed']} step {step}: " + " ".join(str(operation.get(k, "")) for k in ("op", "ref", "value")))
    for _, _, (field, reference, theirs, own) in found:
        print(f"    {field} {reference}\n      theirs: {show(theirs)}\n      ours:   {show(own)}")


def default_forms():
    folder = ROOT.parent / "shared" / "forms"
    if not folder.is_dir():
        peers.skip(f"the public forms are not here ({folder})")
    return sorted(map(str, (folder / "xform").glob("*.xml"))) + [str(folder / "large" / "va_who_v1_5_3.xml")]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("replay")
    parser.add_argument("peers")
    parser.add_argument("--seeds", type=int, default=2)
    parser.add_argument("--first", type=int, default=1)
    parser.add_argument("--steps", type=int, default=25)
    parser.add_argument("--random", type=int, default=0)
    parser.add_argument("--all", action="store_true")
    parser.add_argument("forms", nargs="*")
    options = parser.parse_intermixed_args()
    folder = peers.install(options.peers)
    if options.random:
        made = folder / "random"
        random_forms.make(made, options.first, options.random)
        options.forms = [made / f"random{seed}.xml" for seed in range(options.first, options.first + options.random)]
        options.seeds, options.first = 1, 1
    forms = [str(pathlib.Path(f).resolve()) for f in options.forms] or default_forms()

    walks = refused_both = steps = 0
    refused, bad, fields, explained = [], [], collections.Counter(), collections.Counter()
    for walk in traces(folder, forms, options):
        walks += 1
        records, failed = ours(options.replay, walk)
        if "refused" in walk[1]:
            refused_both += 1
            continue
        if records and "refused" in records[0]:
            if divergences.refusal(records[0]["refused"]):
                explained[divergences.refusal(records[0]["refused"])] += 1
            refused.append((walk[0]["form"], records[0]["refused"]))
            continue
        steps += sum("op" in r for r in walk)
        found, context = compare(walk, records, failed)
        explained.update(context.used)
        if found:
            bad.append((walk, found))
            fields[found[0][2][0]] += 1
    for walk, found in bad if options.all else bad[:20]:
        tell(walk, found)
    for form, why in sorted(set(refused)):
        print(f"refused: {form}: {why}")
    n_refused = len({form for form, _ in refused})
    print(f"{len(forms)} forms, {walks} walks, {steps} steps; {len(bad)} walks differ {dict(fields)}; {n_refused} forms refused by us; "
          f"{refused_both} by them; explained: {dict(explained)}")
    missing = divergences.undocumented([*divergences.NAMED, *divergences.OTHERS])
    if missing:
        print("docs/formats/xform.md does not explain", *missing)
    if bad or missing or n_refused * 20 > len(forms) or not steps:
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
