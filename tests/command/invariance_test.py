#!/usr/bin/env python3
"""What must not change a result does not: the order of rows, a row as two rows of the same PSU, the scale of weights, names of strata and clusters, rows
without weight. For every verb, in several designs.

usage: invariance_test.py SURVEY SCRATCH   (from the source folder)
"""
import csv
import io
import math
import random
import shlex
import subprocess
import sys

TOLERANCE = 1e-12
SCALE = 7.25
DESIGNS = ["--weights w --strata str --clusters psu", "--weights w --strata str --clusters psu --fpc n1",
           "--weights w --strata str --clusters psu --replicates jkn", "--weights w --strata str --clusters psu --calibrate MARGINS --calibrate-method raking"]
# Which columns a transformation leaves alone: None is all. "scale": those named are multiplied by SCALE.
COUNTED = {"n", "missing", "deff", "rows", "df_residual"}
COMMANDS = {
    "mean y x cat": {}, "mean y --by cat,two": {}, "total y": {"scales": 1}, "total cat": {"scales": 1}, "ratio y/x --by two": {},
    "proportion cat --by two": {}, "proportion two --ci logit": {}, "table cat two": {"scales": 1}, "table cat two --percent row": {},
    "table cat two --test pearson-f,wald,adj-wald": {"counts": 1}, "table two three --measure or,rr,rd": {},
    "quantile y --probs 0.1,0.5,0.9 --df design": {}, "cdf y --at 90,100": {}, "variance y x": {"counts": 1}, "correlation y x": {"counts": 1},
    "contrast 'a - b' --of mean --variables y --by cat": {}, "test 'y ~ two'": {}, "test 'y ~ two' --kind wilcoxon --ties middle": {"counts": 1},
    "regress 'y ~ x + cat'": {}, "regress 'two ~ x + three' --family binomial": {}, "regress 'count ~ x' --family poisson": {},
}


def make_rows():
    rng = random.Random(11)
    rows = []
    for psu in range(36):
        effect = rng.gauss(0, 2)
        for _ in range(rng.randrange(20, 40)):
            x = rng.gauss(10, 2)
            y = 100 + effect + x + rng.gauss(0, 10)
            rows.append({"str": psu // 6, "psu": psu, "w": round(1 + 4 * rng.random(), 3), "y": round(y, 6), "x": round(x, 6), "cat": rng.choice("abc"),
                         "two": int(y + rng.gauss(0, 9) > 110), "three": int(rng.random() < 0.4), "count": rng.randrange(5), "n1": 100})
    return rows


def shuffled(rows):
    rows = rows[:]
    random.Random(1).shuffle(rows)
    return rows


def split(rows):
    """Every row as two of the same values, the weight in binary parts that add up exactly."""
    out = []
    for r in rows:
        out += [dict(r, w=r["w"] * 0.25), dict(r, w=r["w"] * 0.75)]
    return out


def scaled(rows):
    return [dict(r, w=r["w"] * SCALE) for r in rows]


def renamed(rows):
    return [dict(r, str=f"s{(r['str'] * 5 + 2) % 7}", psu=f"{'zyx'[r['psu'] % 3]}-{r['psu']}") for r in rows]


def with_empty_rows(rows):
    out = []
    for i, r in enumerate(rows):
        out.append(r)
        if i % 5 == 0:
            out.append(dict(r, w=0, y=1e6, cat="c", two=1 - r["two"]))
    return out


TRANSFORMATIONS = {"other order": shuffled, "split rows": split, "scaled weights": scaled, "other names": renamed, "rows without weight": with_empty_rows}


def write(path, rows):
    with open(path, "w", newline="", encoding="utf-8") as f:
        out = csv.DictWriter(f, list(rows[0]))
        out.writeheader()
        out.writerows(rows)


def run(survey, command):
    done = subprocess.run([survey, *shlex.split(command), "--format", "csv", "--quiet"], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        return None, done.stderr.strip()
    return list(csv.DictReader(io.StringIO(done.stdout))), ""


def number(text):
    try:
        return float(text)
    except ValueError:
        return None


def difference(one, two, ignore, factors):
    if len(one) != len(two):
        return f"{len(one)} and {len(two)} rows"
    for i, (a, b) in enumerate(zip(one, two)):
        size = max([abs(number(a.get(k, "")) or 0) for k in ("estimate", "se")] + [0])
        for key in a:
            if key in ignore or a[key] == b[key]:
                continue
            x, y = number(a[key]), number(b[key])
            if x is None or y is None:
                return f"row {i} {key}: '{a[key]}' and '{b[key]}'"
            x *= factors.get(key, 1)
            # A limit near 0 has the digits of the estimate; a tail has those of the statistic that it belongs to.
            allowed = TOLERANCE * max(abs(x), abs(y), size * factors.get(key, 1) if key not in ("se", "df", "p_value") else 0)
            if key == "se":
                allowed += 1e-15 * size
            if key == "p_value":
                allowed = 1e-10 * max(abs(x), 1e-8)
            if math.isnan(x) or math.isnan(y) or abs(x - y) > allowed:
                return f"row {i} {key}: {x!r} and {y!r}"
    return None


def main():
    survey, scratch = sys.argv[1:3]
    rows = make_rows()
    write(scratch + "/as-is.csv", rows)
    for name, change in TRANSFORMATIONS.items():
        write(f"{scratch}/{name.replace(' ', '-')}.csv", change(rows))
    with open(scratch + "/margins.csv", "w", encoding="utf-8") as f:
        f.write("cat,total\na,1200\nb,1100\nc,1000\n")
    problems = []
    for command, kind in COMMANDS.items():
        for design in DESIGNS:
            calibrated = "calibrate" in design
            full = f"{command} {design.replace('MARGINS', scratch + '/margins.csv')} --data {scratch}/"
            one, why = run(survey, full + "as-is.csv")
            if one is None:
                problems.append(f"{full}as-is.csv: {why}")
                continue
            for name in TRANSFORMATIONS:
                if name == "split rows" and "counts" in kind:
                    continue                           # these use the number of rows
                ignore = COUNTED if name in ("split rows", "scaled weights", "rows without weight") else set()
                factors = {k: SCALE for k in ("estimate", "se", "ci_lower", "ci_upper")} if name == "scaled weights" and "scales" in kind and not calibrated else {}
                two, why = run(survey, f"{full}{name.replace(' ', '-')}.csv")
                what = why if two is None else difference(one, two, ignore, factors)
                if what is not None:
                    problems.append(f"survey {command} {design}, {name}: {what}")
    for problem in problems:
        print(problem)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
