#!/usr/bin/env python3
"""Prints the measurements of script/bench as a table: ours, the peer's, and the ratio of the two."""
import json
import os
import sys


def read(path):
    if not os.path.exists(path):
        return {}
    with open(path, encoding="utf-8") as lines:
        return {m["name"]: m for m in (json.loads(line) for line in lines if line.startswith("{"))}


def nanoseconds(m):
    return m["ns"] if "ns" in m else m["seconds"] * 1e9


def duration(ns):
    """Three digits with the unit that suits them."""
    for unit, size in (("s", 1e9), ("ms", 1e6), ("us", 1e3)):
        if ns >= size:
            return f"{ns / size:.3g} {unit}" if ns < 999.5 * size else f"{ns / size:.0f} {unit}"
    return f"{ns:.0f} ns"


def megabytes(m):
    size = m.get("bytes", m.get("peak_kb", 0) * 1024)
    return f"{size / 2**20:.0f}" if size else ""


def table(title, ours, peers, peer_name):
    """One line a measurement; the last column is how many times as long the peer takes."""
    ours = {name: m for name, m in ours.items() if nanoseconds(m) > 0}
    if not ours:
        return
    width = max(map(len, ours)) + 2
    with_memory = any(megabytes(m) for m in ours.values())
    heading = f"{title:{max(width, len(title) + 2)}}{'time':>10}" + (f"{'MB peak':>10}" if with_memory else "")
    if any(name in ours for name in peers):
        heading += f"{peer_name:>14}{'MB peak':>10}{'ratio':>9}"
    print(f"\n{heading}\n{'-' * len(heading)}")
    for name, m in ours.items():
        line = f"{name:{max(width, len(title) + 2)}}{duration(nanoseconds(m)):>10}" + (f"{megabytes(m):>10}" if with_memory else "")
        if name in peers:
            ratio = nanoseconds(peers[name]) / nanoseconds(m)
            line += f"{duration(nanoseconds(peers[name])):>14}{megabytes(peers[name]):>10}{ratio:9.1f}"
        print(line)


def growth(small, large):
    """Time per row at two sizes: the same when cost is linear in rows."""
    shared = [name for name in large if name in small and nanoseconds(small[name]) > 0 and not name.endswith(":design")]
    if not shared:
        return
    width = max(map(len, shared)) + 2
    rows = [next(iter(m.values()))["rows"] for m in (small, large)]
    heading = f"{'Time per row':{width}}{rows[0]:>12,}{rows[1]:>12,}{'growth':>9}"
    print(f"\n{heading}\n{'-' * len(heading)}")
    for name in shared:
        each = [nanoseconds(m[name]) / m[name]["rows"] for m in (small, large)]
        print(f"{name:{width}}{duration(each[0]) if each[0] >= 1 else f'{each[0]:.2g} ns':>12}{duration(each[1]) if each[1] >= 1 else f'{each[1]:.2g} ns':>12}"
              f"{each[1] / each[0]:9.2f}")


def main():
    folder = sys.argv[1]
    table("Questionnaire and interview", read(os.path.join(folder, "interview.json")), {}, "")
    table("ODK forms", read(os.path.join(folder, "odk.json")), read(os.path.join(folder, "odk-peer.json")), "xforms-engine")
    sizes = sorted(int(f[9:-5]) for f in os.listdir(folder) if f.startswith("estimate-") and f[9:-5].isdigit())
    ours = {n: read(os.path.join(folder, f"estimate-{n}.json")) for n in sizes}
    for n in sizes:
        table(f"Estimates, {n:,} rows", ours[n], read(os.path.join(folder, f"estimate-r-{n}.json")), "R survey")
    if len(sizes) > 1:
        growth(ours[sizes[0]], ours[sizes[-1]])
    streams = sorted(int(f[7:-5]) for f in os.listdir(folder) if f.startswith("stream-") and f[7:-5].isdigit())
    for n in streams:
        table(f"From disk, {n:,} rows", read(os.path.join(folder, f"stream-{n}.json")), {}, "")
    if len(streams) > 1:
        growth(read(os.path.join(folder, f"stream-{streams[0]}.json")), read(os.path.join(folder, f"stream-{streams[-1]}.json")))
    fread = {"csv_read": m for m in read(os.path.join(folder, "csv-r.json")).values()}
    table("Reading CSV", read(os.path.join(folder, "csv.json")), fread, "data.table")


if __name__ == "__main__":
    main()
