#!/usr/bin/env python3
"""Prints the measurements of script/bench as a table: ours, the peer's, and how many times faster or slower."""
import json
import os
import sys


def read(path):
    if not os.path.exists(path):
        return {}
    with open(path, encoding="utf-8") as lines:
        return {m["name"]: m for m in (json.loads(line) for line in lines if line.startswith("{"))}


def milliseconds(m):
    return m["ns"] / 1e6 if "ns" in m else m["seconds"] * 1e3


def megabytes(m):
    size = m.get("bytes", m.get("peak_kb", 0) * 1024)
    return f"{size / 2**20:8.0f}" if size else ""


def table(title, ours, peers, peer_name):
    print(f"\n{title}\n{'':32}{'ms':>12}{'MB peak':>10}{peer_name:>18}{'MB peak':>10}{'times':>9}")
    for name, m in ours.items():
        peer = peers.get(name)
        line = f"{name:32}{milliseconds(m):12.3f}{megabytes(m):>10}"
        if peer:
            line += f"{milliseconds(peer):18.3f}{megabytes(peer):>10}{milliseconds(peer) / max(milliseconds(m), 1e-9):9.1f}"
        print(line)


def main():
    folder = sys.argv[1]
    table("Questionnaire and interview", read(os.path.join(folder, "interview.json")), {}, "")
    table("Estimates", read(os.path.join(folder, "estimate.json")), read(os.path.join(folder, "estimate-r.json")), "R survey, ms")
    fread = {"csv_read": m for m in read(os.path.join(folder, "csv-r.json")).values()}
    table("Reading CSV", read(os.path.join(folder, "csv.json")), fread, "data.table, ms")


if __name__ == "__main__":
    main()
