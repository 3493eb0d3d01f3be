#!/usr/bin/env python3
"""Every verb with --threads prints the same bits with 1, 2 and 8 threads, on data of several pieces of rows.

usage: threads_test.py SURVEY SCRATCH   (from the source folder)
"""
import random
import re
import shlex
import subprocess
import sys

ROWS = 84000
CLUSTERS = "--weights w --strata str --clusters psu"
STAGES = "--weights w --strata str --clusters psu,id --fpc n1,n2"
ELEMENTS = "--weights w --strata str"
REPLICATES = CLUSTERS + " --replicates rao-wu --replicate-count 12"

# By verb; the options of every kind of design come from DESIGNS unless a command has its own.
COMMANDS = {
    "mean": ["y x --by dom --deff", "y x --vcov VCOV", "y --by small"],
    "total": ["y dom", "y --by cat --where 'x > 0'"],
    "ratio": ["y/x2 --by cat", "x2/y --deff"],
    "proportion": ["cat --by dom", "dom --ci beta"],
    "table": ["cat dom", "cat two --test pearson-f,wald,lincom", "two three --measure or,rr,rd", "cat two --percent row"],
    "quantile": ["y x --probs 0.1,0.5,0.9", "y --by cat --ci beta", "y --probs 0.5 --ci score --qrule hf7"],
    "cdf": ["y --at 90,100,110", "y --at 100 --by cat"],
    "variance": ["y x", "y --by cat"],
    "correlation": ["y x x2"],
    "contrast": ["'a - b' 'log(a / c)' --of mean --variables y --by cat"],
    "multiple": ["two three"],
    "standardize": ["y --by cat"],
    "test": ["'y ~ two'", "'y ~ two' --kind wilcoxon", "'y ~ cat' --kind kruskal", "'I(y - x2) ~ 0' --by two"],
    "regress": ["'y ~ x + factor(cat) + x2'", "'two ~ x + x2 + three' --family binomial", "'count ~ x' --family poisson"],
    "survival": ["'Surv(time, two) ~ 1'", "'Surv(time, two) ~ cat'"],
    "design": ["y", "--show strata"],
    "weight": ["--plan PLAN"],
    "describe": ["y cat"],
    "replicates": ["id"],
}
DESIGNS = [CLUSTERS, STAGES, ELEMENTS, REPLICATES, CLUSTERS + " --calibrate MARGINS --calibrate-method raking"]


PLAN = '''<weighting xmlns="urn:libsurvey:weighting:1">
  <calibrate method="raking">
    <margin file="margins.csv"/>
  </calibrate>
  <trim upper="8"/>
</weighting>
'''


def make_data(path):
    rng = random.Random(20240607)
    psus = 60
    per_psu = ROWS // psus
    with open(path, "w", encoding="utf-8") as f:
        f.write("id,str,psu,w,y,x,x2,dom,small,cat,two,three,count,n1,n2,time\n")
        for i in range(ROWS):
            psu = i // per_psu
            x = rng.gauss(0, 1)
            y = 100 + psu % 7 + 5 * x + rng.gauss(0, 10)
            f.write(f"{i},{psu // 6},{psu},{1 + 4 * rng.random():.3f},{y:.5f},{'' if i % 501 == 0 else format(x, '.5f')},{50 + rng.random():.4f},{rng.randrange(30)},"
                    f"{rng.randrange(400)},{'abcd'[rng.randrange(4)]},{int(y > 104)},{int(x > 0)},{rng.randrange(4)},60,{4 * per_psu},{1 + rng.randrange(40)}\n")


def threaded_verbs(survey):
    """Verbs whose help has --threads."""
    listing = subprocess.run([survey, "--help"], capture_output=True, text=True, check=True).stdout
    verbs = []
    for name in re.findall(r"^  ([a-z][a-z-]*)", listing, re.MULTILINE):
        text = subprocess.run([survey, name, "--help"], capture_output=True, text=True, check=False).stdout
        if "--threads" in text and name not in verbs:
            verbs.append(name)
    return verbs


def output(survey, command, threads, vcov):
    plain = command.startswith("replicates ")        # writes nothing but CSV
    done = subprocess.run([survey, *shlex.split(command.replace("VCOV", vcov)), *([] if plain else ["--format", "csv"]), "--threads", str(threads)],
                          capture_output=True, text=True, check=False)
    text = done.stdout + done.stderr
    if "VCOV" in command and done.returncode == 0:
        with open(vcov, encoding="utf-8") as f:
            text += f.read()
    return done.returncode, text


def main():
    survey, scratch = sys.argv[1:3]
    data = scratch + "/threads.csv"
    make_data(data)
    with open(scratch + "/margins.csv", "w", encoding="utf-8") as f:
        f.write("cat,count\na,100000\nb,90000\nc,95000\nd,92000\n")
    with open(scratch + "/plan.xml", "w", encoding="utf-8") as f:
        f.write(PLAN)
    problems = []
    for verb in threaded_verbs(survey):
        if verb not in COMMANDS:
            problems.append(f"'{verb}' has --threads, and no command here")
        for arguments in COMMANDS.get(verb, []):
            works = 0
            for design in DESIGNS:
                command = f"{verb} {arguments} --data {data} {design}".replace("PLAN", scratch + "/plan.xml").replace("MARGINS", scratch + "/margins.csv")
                status, one = output(survey, command, 1, scratch + "/vcov.csv")
                works += status == 0
                for threads in (2, 8):
                    if (status, one) != output(survey, command, threads, scratch + "/vcov.csv"):
                        problems.append(f"survey {command}: {threads} threads give other bits than one")
            if works == 0:
                problems.append(f"'{verb} {arguments}' works in no design: {one.strip()}")
    for problem in problems:
        print(problem)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
