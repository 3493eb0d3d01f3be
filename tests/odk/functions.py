#!/usr/bin/env python3
"""Thousands of expressions in our evaluator, beside the answers that two public evaluators of ODK's XPath gave (xpath-vectors.jsonl.gz, made by
vectors.mjs): what both say, strict says; what @getodk/xpath says, compat="web" says. Differences have names in NAMED below.

    functions.py EVALUATE_XPATH [--all]"""
import collections
import gzip
import json
import pathlib
import re
import subprocess
import sys
import xml.etree.ElementTree as ElementTree

import divergences

HERE = pathlib.Path(__file__).resolve().parent
VECTORS = HERE.parent / "reference" / "odk" / "xpath-vectors.jsonl.gz"


class Document:
    """The record and the instance as lines for evaluate_xpath.c, and the numbers of nodes by their path."""

    def __init__(self, record, instance):
        self.items, self.lines, self.paths, self.entries, self.nodes = {}, [], [], 0, 0
        root = ElementTree.fromstring(record)
        self.collect(root, "", None)
        self.lines += [f"item\t{number}\t{parent}\t{int(roster)}\t{name}" for name, number, parent, roster in self.items.values()]
        self.record(root, "", "", -1, 0)
        self.lines.append("tree\t1\tl")
        self.order = 0
        self.instance(ElementTree.fromstring(instance)[0], -1)

    def collect(self, element, above, parent):
        path = f"{above}/{element.tag}"
        if path not in self.items:
            self.items[path] = [element.tag, len(self.items), parent[1] if parent else 0, False]
        item = self.items[path]
        for name in element.attrib:
            self.items.setdefault(f"{path}/@{name}", [f"@{name}", len(self.items), item[1], False])
        counts = collections.Counter(child.tag for child in element)
        for child in element:
            self.collect(child, path, item)
            self.items[f"{path}/{child.tag}"][3] |= counts[child.tag] > 1
        return item

    def node(self, tree, item, entry, parent, leaf, name, text, path):
        self.lines.append(f"node\t{tree}\t{item}\t{entry}\t{parent}\t{int(leaf)}\t{name}\t{text}")
        self.paths.append(path)
        self.nodes += 1
        return self.nodes - 1

    def record(self, element, above, shown, parent, entry):
        path = f"{above}/{element.tag}"
        name, number, _, roster = self.items[path]
        if roster:
            self.entries += 1
            entry = self.entries
        own = self.node(0, number, entry, parent, not len(element), name, element.text or "", shown or f"/{element.tag}[1]")
        shown = shown or f"/{element.tag}[1]"
        for attribute, value in element.attrib.items():
            self.node(0, self.items[f"{path}/@{attribute}"][1], entry, own, True, f"@{attribute}", value, f"{shown}/@{attribute}")
        positions = collections.Counter()
        for child in element:
            positions[child.tag] += 1
            self.record(child, path, f"{shown}/{child.tag}[{positions[child.tag]}]", own, entry)

    def instance(self, element, parent):
        own = self.node(1, self.order, 0, parent, not len(element), element.tag, element.text or "", "")
        self.order += 1
        for child in element:
            self.instance(child, own)

    def find(self, xpath):
        """The first node at a path with some positions left out."""
        pattern = re.compile("".join("/" + (re.escape(step) if "[" in step else re.escape(step) + r"(\[1\])?") for step in xpath.strip("/").split("/")) + "$")
        return next(i for i, path in enumerate(self.paths) if pattern.match(path))


def escape(text):
    return text.replace("\\", "\\\\").replace("\t", "\\t").replace("\n", "\\n").replace("\r", "\\r")


def answers(program, compat, document, vectors):
    script = "\n".join(document.lines + [f"run\t{document.find(v['context'])}\t{escape(v['expression'])}" for v in vectors]) + "\n"
    done = subprocess.run([program, compat], input=script.encode(), capture_output=True)
    lines = done.stdout.decode().splitlines()
    if done.returncode != 0 or len(lines) != len(vectors):
        at = vectors[len(lines)]["expression"] if len(lines) < len(vectors) else "the end"
        raise SystemExit(f"evaluate_xpath failed at {at!r}: {done.stderr.decode()[-2000:]}")
    return [json.loads(line, strict=False) for line in lines]


def same_number(a, b):
    """Texts of numbers that differ in the last digits only: sin, exp and pow are not the same on every platform."""
    try:
        x, y = float(a), float(b)
    except ValueError:
        return False
    return abs(x - y) <= 4e-15 * max(abs(x), abs(y))


def same(theirs, own, document):
    if "error" in theirs or "error" in own:
        return "error" in theirs and "error" in own
    if "nodes" in theirs and isinstance(theirs["nodes"][0] if theirs["nodes"] else "", str) and "nodes" in own:
        shown = [document.paths[n] if n >= 0 else "/" for n in own["nodes"]]
        if all(path and path != "(text)" for path in theirs["nodes"]) and "randomize" not in theirs:
            if shown != theirs["nodes"] and any(shown):
                return False
    return theirs["boolean"] == own["boolean"] and (theirs["string"] == own["string"] or same_number(theirs["string"], own["string"]))


def agree(vector):
    """Whether both evaluators say the same."""
    g, o = vector["g"], vector["o"]
    return "error" not in g and "error" not in o and all(g.get(k) == o.get(k) for k in ("boolean", "string", "number", "nodes"))


def says(pattern, compats="web"):
    """A difference of expressions that match, in one way of behaving or both."""
    return lambda compat, vector, own: compat in compats.split() and re.search(pattern, vector["expression"]) is not None


# Differences that are on purpose, by the names that docs/formats/xform.md explains.
NAMED = {
    "regex-anchor": lambda compat, vector, own: compat == "strict" and "regex(" in vector["expression"] and own.get("string") == "false",
    "number-texts": says(r"^'(0x1F|1e3|\+5|-Infinity|0b11|0o17)' \+ 0$", "strict"),
    "round": says(r"round\(", "strict"),
    "unknown-function": lambda compat, vector, own: "foo()" in vector["expression"] and "error" in own,
    "no-such-date": says(r"^(string|decimal-time)\('2026-02-30'\)$"),
    "date-truth": says(r"^number\('1970-01-01'\)$"),
    "more-functions": says(r"^(is-selected|property|version|depend)\("),
    "syntax": says(r"^(--1|self:a)$"),
    "bracketed-path": says(r"^\(/data/r/s\)\[.*\]/k$"),
    "position": lambda compat, vector, own: compat == "web" and "position(" in vector["expression"] and "Cannot get position" in vector["g"].get("error", ""),
    "choice-name": says(r"^jr:choice-name\("),
    "own-entry": lambda compat, vector, own: compat == "strict" and "/r[" in vector["context"] and "/data/r/" in vector["expression"],
    "following": says(r"^following::k$"),
}


def main():
    with gzip.open(VECTORS, "rt", encoding="utf-8") as lines:
        first = json.loads(next(lines))
        vectors = [json.loads(line) for line in lines]
    document = Document(first["record"], first["instance"])
    failed, named = collections.Counter(), collections.Counter()
    for compat, agreed in ("web", lambda v: v["g"]), ("strict", lambda v: v["o"] if agree(v) else None):
        for vector, own in zip(vectors, answers(sys.argv[1], compat, document, vectors)):
            theirs = agreed(vector)
            if theirs is None or same(theirs, own, document):
                continue
            name = next((name for name, fits in NAMED.items() if fits(compat, vector, own)), None)
            if name:
                named[name] += 1
                continue
            failed[compat] += 1
            if "--all" in sys.argv or failed[compat] <= 20:
                print(f"{compat}: {vector['context']}: {vector['expression']}\n    theirs {json.dumps(theirs, ensure_ascii=False)}\n    ours   {json.dumps(own, ensure_ascii=False)}")
    print(f"{len(vectors)} expressions; different: {dict(failed)}; on purpose: {dict(named)}")
    missing = divergences.undocumented(NAMED)
    if missing:
        print("docs/formats/xform.md does not explain", *missing)
    return 1 if failed or missing else 0


if __name__ == "__main__":
    sys.exit(main())
