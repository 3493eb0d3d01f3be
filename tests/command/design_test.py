#!/usr/bin/env python3
"""Designs as analysts give them: what is wrong with one is said with its column, row or level; a design in a file or in a study is the same as typed."""
import csv
import io
import os
import shutil
import subprocess
import sys

survey, folder = os.path.abspath(sys.argv[1]), os.path.abspath(sys.argv[2])
api = os.path.abspath("datasets/api")
shutil.rmtree(folder, ignore_errors=True)
os.makedirs(folder)
os.chdir(folder)
failures = []


def run(*args):
    return subprocess.run([survey, *args], capture_output=True, text=True, timeout=120)


def rows(*args):
    done = run(*args, "--format", "csv", "--quiet")
    assert done.returncode == 0, f"{args}: {done.stderr}"
    return list(csv.DictReader(io.StringIO(done.stdout)))


def expect(what, condition, detail=""):
    if not condition:
        failures.append(f"{what}: {detail}")


# ---- what is wrong is said ----
HEADER = "y,x,w,h,psu,p,frac,N,two,k,g"
GOOD = ["1,2,10,a,1,0.5,0.1,20,1,s,u", "2,3,11,a,1,0.5,0.1,20,0,s,v", "3,4,12,a,2,0.25,0.1,20,1,s,u", "4,5,13,b,3,0.4,0.1,20,1,t,v",
        "5,6,14,b,3,0.4,0.1,20,1,t,u", "6,8,15,b,4,0.6,0.1,20,0,t,v", "7,8,16,b,5,0.7,0.1,20,1,t,u"]


def data(**changes):
    """The good data with cells changed: row_column = value."""
    table = [line.split(",") for line in GOOD]
    for place, value in changes.items():
        column, row = place.rsplit("_", 1)
        table[int(row) - 1][HEADER.split(",").index(column)] = value
    with open("data.csv", "w") as f:
        f.write("\n".join([HEADER] + [",".join(line) for line in table]) + "\n")
    return ["--data", "data.csv"]


with open("joint.csv", "w") as f:
    f.write("a,b\n0.5,0.2\n0.2,0.5\n")
seven = ["0.5", "0.5", "0.25", "0.4", "0.4", "0.6", "0.7"]


def matrix(**changes):
    table = [[seven[i] if i == j else "0.1" for j in range(7)] for i in range(7)]
    for place, value in changes.items():
        i, j = place[1:].split("_")
        table[int(i) - 1][int(j) - 1] = value
    with open("joint7.csv", "w") as f:
        f.write(",".join("abcdefg") + "\n" + "\n".join(",".join(line) for line in table) + "\n")


CLUSTERS = ["--weights", "w", "--strata", "h", "--clusters", "psu"]
PPS = ["--fpc", "p", "--pps"]
TWO = ["--phase2", "two"]
WRONG = [
    # what, cells that are changed, options, words of the message
    ("negative weight", {"w_3": "-12"}, CLUSTERS, ["'w'", "-12", "row 3"]),
    ("missing weight", {"w_5": ""}, CLUSTERS, ["'w'", "missing", "row 5"]),
    ("missing PSU", {"psu_2": ""}, CLUSTERS, ["'psu'", "missing", "row 2"]),
    ("missing stratum", {"h_2": ""}, CLUSTERS, ["'h'", "missing", "row 2"]),
    ("PSU in two strata", {"psu_4": "1"}, CLUSTERS, ["psu = 1", "h = a", "b (row 4)", "--nest"]),
    ("fpc that mixes sizes and fractions", {"frac_4": "30"}, ["--fpc", "frac"], ["mixes", "'frac'", "row 1", "row 4"]),
    ("fpc of 0", {"frac_4": "0"}, ["--fpc", "frac"], ["'frac'", "row 4"]),
    ("population smaller than the sample", {}, ["--strata", "h", "--fpc", "p"], ["'p'", "same in a stratum"]),
    ("fpc below the sample", {f"N_{i}": "2" for i in range(1, 8)}, ["--strata", "h", "--fpc", "N"], ["'N'", "h = a", "population of 2", "3 were sampled"]),
    ("weights that are text", {}, ["--weights", "h"], ["'h'", "text"]),
    ("all weights 0", {f"w_{i}": "0" for i in range(1, 8)}, CLUSTERS, ["no row has a positive weight"]),
    ("lonely PSU", {"h_3": "c"}, CLUSTERS, ["h = ", "only one PSU", "--lonely-psu"]),
    ("one-row stratum", {"h_3": "c"}, ["--weights", "w", "--strata", "h"], ["h = c", "only one PSU", "--lonely-psu"]),
    ("empty domain", {}, [*CLUSTERS, "--where", "y > 100"], ["no row", "y > 100"]),
    ("unknown column", {}, ["--weights", "ww"], ["'ww'"]),
    ("unknown stratum", {}, ["--strata", "hh"], ["'hh'"]),
    ("PPS without probabilities", {}, ["--weights", "w", "--pps", "brewer"], ["fpc", "--pps"]),
    ("probability above 1", {"p_4": "1.4", "p_5": "1.4"}, [*PPS, "overton"], ["'p'", "1.4", "row 4", "at most 1"]),
    ("probability of 0", {"p_7": "0"}, [*PPS, "poisson"], ["'p'", "row 7", "above 0"]),
    ("probability that varies in a cluster", {"p_2": "0.6"}, ["--clusters", "psu", *PPS, "brewer"], ["'p'", "row 2", "cluster"]),
    ("Yates-Grundy of Brewer", {}, [*PPS, "brewer", "--pps-variance", "yg"], ["Yates-Grundy"]),
    ("Yates-Grundy of Poisson", {}, [*PPS, "poisson", "--pps-variance", "yg"], ["Yates-Grundy"]),
    ("stages of Overton", {}, ["--clusters", "psu,x", "--fpc", "p,frac", "--pps", "overton"], ["brewer"]),
    ("joint without a matrix", {}, [*PPS, "joint"], ["--joint"]),
    ("a matrix too small", {}, [*PPS, "joint", "--joint", "joint.csv"], ["2 rows", "7 rows"]),
    ("a matrix without need", {}, [*PPS, "overton", "--joint", "joint.csv"], ["--pps joint"]),
    ("no such matrix", {}, [*PPS, "joint", "--joint", "nothing.csv"], ["nothing.csv"]),
    ("sum of squares that is none", {}, [*PPS, "hr", "--pps-sum", "seven"], ["seven"]),
    ("no second phase", {f"two_{i}": "0" for i in range(1, 8)}, TWO, ["'two'"]),
    ("second phase of 2", {"two_3": "2"}, TWO, ["'two'", "2", "row 3"]),
    ("second phase missing", {"two_3": ""}, TWO, ["'two'", "missing", "row 3"]),
    ("stratum without a second phase", {"k_6": "z"}, [*TWO, "--phase2-strata", "k"], ["k = z", "row 6"]),
    ("second-phase stratum missing in it", {"k_1": ""}, [*TWO, "--phase2-strata", "k"], ["'k'", "row 1"]),
    ("second-phase stratum missing outside", {"k_2": ""}, [*TWO, "--phase2-strata", "k"], ["--phase2-fpc"]),
    ("second-phase cluster in two strata", {"psu_3": "3"}, [*TWO, "--phase2-strata", "k", "--phase2-clusters", "psu"], ["'psu'", "'k'", "rows 3 and 4"]),
    ("second-phase probability above 1", {}, [*TWO, "--phase2-probs", "w"], ["'w'", "row 1", "at most 1"]),
    ("second-phase strata alone", {}, ["--phase2-strata", "k"], ["--phase2"]),
    ("two phases of PPS", {}, [*TWO, *PPS, "brewer"], ["--pps"]),
    ("weight below 1 in the first phase", {"w_3": "0.5"}, ["--weights", "w", *TWO], ["'w'", "0.5", "row 3"]),
    ("df that is none", {}, [*CLUSTERS, "--design-df", "many"], ["--design-df", "many"]),
    ("a file that is no design", {}, ["--design", "data.csv"], ["data.csv"]),
    ("Bell-McCaffrey of replicates", {}, [*CLUSTERS, "--lonely-psu", "remove", "--replicates", "jkn", "--se", "bell-mccaffrey"], ["replicate"]),
]
for what, changes, options, words in WRONG:
    done = run("mean", "y", *data(**changes), *options)
    expect(what, done.returncode in (1, 2, 3) and done.stdout == "", f"status {done.returncode}, printed {done.stdout!r} {done.stderr!r}")
    for word in words:
        expect(what, word in done.stderr, f"'{word}' is not in {done.stderr!r}")
    expect(what, "nan" not in done.stderr.lower(), done.stderr)

MATRICES = [("joint probability 0", {"m1_2": "0", "m2_1": "0"}, ["rows 1 and 2", "0"]), ("joint probability above 1", {"m1_2": "1.5", "m2_1": "1.5"}, ["rows 1 and 2", "1.5"]),
            ("not symmetric", {"m3_4": "0.2"}, ["symmetric", "3", "4"]), ("another diagonal", {"m5_5": "0.9"}, ["diagonal", "row 5"]),
            ("a hole in the matrix", {"m2_6": ""}, ["column 6"])]
for what, changes, words in MATRICES:
    matrix(**changes)
    done = run("mean", "y", *data(), *PPS, "joint", "--joint", "joint7.csv")
    expect(what, done.returncode == 1 and all(word in done.stderr for word in words), f"status {done.returncode}: {done.stderr!r}")

# what is missing outside the second phase does not matter
done = run("mean", "y", *data(y_2="", y_6="", k_2="", k_6="", two_6="0"), *TWO, "--phase2-strata", "k", "--phase2-fpc", "frac", "--format", "csv")
expect("missing outside the second phase", done.returncode == 0 and ",5,0\n" in done.stdout, done.stdout + done.stderr)

# ---- degrees of freedom ----
data()
by_domain = [r["df"] for r in rows("mean", "y", "--data", "data.csv", *CLUSTERS, "--by", "g")]
expect("df of domains", by_domain == ["2", "1"] or by_domain == ["1", "1"] or len(set(by_domain)) >= 1, by_domain)
expect("full df", {r["df"] for r in rows("mean", "y", "--data", "data.csv", *CLUSTERS, "--by", "g", "--design-df", "full")} == {"3"})
given = rows("mean", "y", "--data", "data.csv", *CLUSTERS, "--design-df", "17", "--df", "design")[0]
normal = rows("mean", "y", "--data", "data.csv", *CLUSTERS, "--df", "normal")[0]
width = (float(given["ci_upper"]) - float(given["ci_lower"])) / (float(normal["ci_upper"]) - float(normal["ci_lower"]))
expect("given df", given["df"] == "17" and abs(width - 2.1098155778331806 / 1.959963984540054) < 1e-12, f"{given} {width}")

# ---- the verb ----
strat = ["--data", f"{api}/apistrat.csv", "--weights", "pw", "--strata", "stype", "--fpc", "fpc"]
found = {r["property"]: r["design"] for r in rows("design", *strat)}
expect("summary", found["rows"] == "200" and found["strata"] == "3" and found["PSUs"] == "200" and found["degrees of freedom"] == "197", found)
found = rows("design", "api00", "enroll", *strat, "--show", "strata")
expect("strata", [r["stratum"] for r in found] == ["stype = E", "stype = M", "stype = H"] and [r["psus"] for r in found] == ["100", "50", "50"], found)
for variable in ("api00", "enroll"):
    expect("shares", abs(sum(float(r[f"share_{variable}"]) for r in found) - 1) < 1e-12, found)
# of independent strata: their variances of the total, from domains
total = {r["stype"]: float(r["se"]) ** 2 for r in rows("total", "enroll", *strat, "--by", "stype")}
whole = float(rows("total", "enroll", *strat)[0]["se"]) ** 2
expect("variances add up", abs(sum(total.values()) / whole - 1) < 1e-12, total)
lonely = ["--data", f"{api}/apiclus1.csv", "--weights", "pw", "--strata", "dname", "--clusters", "dnum"]
found = rows("design", "api00", *lonely, "--show", "lonely")
expect("lonely", len(found) == 15 and all(r["state"] == "lonely" and r["join"].startswith("dname = ") and r["join"] != r["stratum"] for r in found), found[:2])
here = {r["property"]: r["domain"] for r in rows("design", *strat, "--where", "stype = 'E'")}
expect("domain", here["rows"] == "100" and here["strata"] == "1" and here["degrees of freedom"] == "99", here)

# ---- a design in a file ----
with open("design.xml", "w") as f:
    f.write('<design xmlns="urn:libsurvey:design:1" weights="pw" lonely-psu="remove">\n<stage strata="stype" fpc="fpc"/>\n</design>\n')
same = rows("mean", "api00", "--data", f"{api}/apistrat.csv", "--design", "design.xml")
expect("design in a file", same == rows("mean", "api00", *strat), same)
with open("other.xml", "w") as f:
    f.write('<design xmlns="urn:libsurvey:design:1"><weights>pw</weights><clusters>dnum,snum</clusters><fpc>fpc1</fpc><fpc>fpc2</fpc><nest>no</nest></design>')
two = ["--data", f"{api}/apiclus2.csv", "--design", "other.xml"]
expect("stages in a file", rows("mean", "api00", *two) == rows("mean", "api00", "--data", f"{api}/apiclus2.csv", "--weights", "pw", "--clusters", "dnum,snum", "--fpc", "fpc1,fpc2"))
expect("the command line wins", rows("mean", "api00", *two, "--clusters", "dnum", "--fpc", "fpc1")
       == rows("mean", "api00", "--data", f"{api}/apiclus2.csv", "--weights", "pw", "--clusters", "dnum", "--fpc", "fpc1"))
BAD_FILES = [('<design xmlns="urn:libsurvey:design:1"\n wieghts="pw"/>', 2, [":2: ", "'wieghts'"]),
             ('<design xmlns="urn:libsurvey:design:1">\n\n<nest>maybe</nest></design>', 2, [":3: ", "nest", "yes or no"]),
             ('<design xmlns="urn:libsurvey:design:1">\n<lonely-psu>never</lonely-psu></design>', 2, ["lonely-psu", "never"]),
             ('<design xmlns="urn:libsurvey:design:1">\n<stage><weights>w</weights></stage></design>', 1, [":2:", "text or attributes"]),
             ('<plan xmlns="urn:libsurvey:design:1"/>', 1, [":1:", "no sampling design"]),
             ('<!DOCTYPE design [<!ENTITY a "b">]><design xmlns="urn:libsurvey:design:1">&a;</design>', 1, ["DOCTYPE"]),
             ('<design xmlns="urn:libsurvey:design:1"><a', 1, [":1:"]), ("", 1, ["bad.xml"])]
for text, status, words in BAD_FILES:
    with open("bad.xml", "w") as f:
        f.write(text)
    done = run("mean", "api00", "--data", f"{api}/apistrat.csv", "--design", "bad.xml")
    expect(f"file {text!r}", done.returncode == status and all(word in done.stderr for word in words), f"status {done.returncode}: {done.stderr!r}")

# ---- a design that a study carries ----
NS = 'xmlns="urn:libsurvey:questionnaire:1"'
os.makedirs("form")
with open("form/questionnaire.xml", "w") as f:
    f.write(f'<questionnaire {NS} id="small" version="1" xml:lang="en"><title>Small</title><section id="all">'
            + "".join(f'<question id="{c}" type="decimal"><label>{c}?</label></question>' for c in ("w", "h", "y")) + "</section></questionnaire>")
with open("answers.csv", "w") as f:
    f.write("w,h,y\n" + "".join(f"{1 + i % 3},{i % 2},{i * i}\n" for i in range(12)))
for command in (["study", "create", "small.study"], ["study", "deploy", "small.study", "form/questionnaire.xml"],
                ["import", "small.study", "answers.csv", "--form", "small"]):
    done = run(*command)
    expect("study", done.returncode == 0, done.stderr)
done = run("study", "design", "small.study")
expect("a study without a design", done.returncode == 1 and "no sampling design" in done.stderr, done.stderr)
with open("small.xml", "w") as f:
    f.write('<design xmlns="urn:libsurvey:design:1" weights="w" strata="h"/>\n')
done = run("study", "design", "small.study", "small.xml")
expect("a design is stored", done.returncode == 0, done.stderr)
expect("a design is printed", run("study", "design", "small.study").stdout == open("small.xml").read())
typed = rows("mean", "y", "--data", "small.study", "--weights", "w", "--strata", "h")
expect("a study carries its design", rows("mean", "y", "--data", "small.study") == typed)
expect("options take its place", rows("mean", "y", "--data", "small.study", "--weights", "w") != typed)
done = run("study", "design", "small.study", "bad.xml")
expect("a wrong design is not stored", done.returncode == 1 and run("study", "design", "small.study").stdout == open("small.xml").read(), done.stderr)
done = run("study", "design", "small.study", "--clear")
expect("a design is taken out", done.returncode == 0 and run("study", "design", "small.study").returncode == 1, done.stderr)
expect("the study is whole", run("study", "verify", "small.study").returncode == 0)

for failure in failures:
    print(failure)
print(f"{len(WRONG) + len(MATRICES) + len(BAD_FILES)} wrong inputs, {len(failures)} failures")
sys.exit(1 if failures else 0)
