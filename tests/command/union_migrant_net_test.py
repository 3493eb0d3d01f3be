#!/usr/bin/env python3
"""The study of the seven questionnaires: one command deploys them all, one interview of each is done and exported."""
import csv
import os
import shutil
import subprocess
import sys
from datetime import date, timedelta
from pathlib import Path

survey, scratch = os.path.abspath(sys.argv[1]), Path(sys.argv[2]).resolve()
root = Path.cwd()
shutil.rmtree(scratch, ignore_errors=True)
scratch.mkdir(parents=True)
os.chdir(scratch)
PLAN = root / "questionnaires" / "union-migrant-net" / "study.xml"
FORMS = ["a-main-tcn", "b-employer", "c-training", "d-campaign", "e-exchange", "f-conference", "g-encounter"]
YESTERDAY, NEXT_WEEK = str(date.today() - timedelta(1)), str(date.today() + timedelta(7))


def run(*args, status=0, lines=None):
    text = None if lines is None else "".join(f"{line}\n" for line in lines)
    done = subprocess.run([survey, *map(str, args)], input=text, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == status, f"{args}: status {done.returncode}, not {status}\n{done.stdout[-3000:]}\n{done.stderr}"
    return done


def interview(form, case, lines, *more, says="The interview is complete and stored."):
    out = run("interview", "net.study", "--form", form, "--case", case, "--interviewer", "ana", *more, lines=lines).stdout
    assert says in out, f"{form} {case}: {out[-1500:]}"
    return out


def rows(form):
    with open(scratch / "export" / f"{form}.csv", newline="", encoding="utf-8") as f:
        return list(csv.DictReader(f))


def answers(name):
    return (root / "script" / "demo-interviews" / name).read_text(encoding="utf-8").splitlines()


# ---- one command, seven questionnaires, and their parameters ----
made = run("study", "create", "net.study", "--plan", PLAN)
assert [line.split()[2].rstrip(",") for line in made.stderr.splitlines()] == FORMS, made.stderr
status = run("study", "status", "net.study", "--format", "csv").stdout
assert [line.split(",")[0] for line in status.splitlines()[1:]] == FORMS, status
aud = run("study", "parameters", "net.study", "--form", "d-campaign", "--format", "csv").stdout
assert "wave,integer,0,study" in aud, aud

# ---- a plan that is wrong makes nothing ----
(scratch / "plans").mkdir()
(scratch / "pay.xml").write_text('<questionnaire xmlns="urn:libsurvey:questionnaire:1" id="pay" version="1" xml:lang="en"><title>Pay</title>'
                                 '<parameter id="least" type="integer" value="1"/><note id="n">Thank you.</note></questionnaire>')
for name, text, says in (
        ("parameter", '<questionnaire source="../pay.xml"><parameter id="wage" value="1"/></questionnaire>', "wage"),
        ("type", '<questionnaire source="../pay.xml">\n<parameter id="least" value="many"/></questionnaire>', "plans/type.xml:2: "),
        ("file", '<questionnaire source="../none.xml"/>', "none.xml"),
        ("else", "<form/>", "a title, a description and questionnaires")):
    (scratch / "plans" / f"{name}.xml").write_text(f'<study xmlns="urn:libsurvey:study:1">{text}</study>')
    failed = subprocess.run([survey, "study", "create", "wrong.study", "--plan", f"plans/{name}.xml"], capture_output=True, text=True, check=False)
    assert failed.returncode in (1, 3) and says in failed.stdout + failed.stderr, f"{name}: {failed}"
    assert not list(scratch.glob("wrong.study*")), f"{name}: a study was left behind"
run("study", "create", "wrong.study", "--plan", PLAN, "--questionnaire", "pay.xml", status=2)

# ---- an interview of each ----
interview("a-main-tcn", "A1", answers("main-complete.txt"))
interview("b-employer", "B1", ["mado12451", "1", "1", "62", "68134", "40", "2", "3", "3", "7112", "1,2", "2", "1,7", "UA,TR", "7112", "4", "1,2", "12",
                               "800", "3", "4", "1", "5", "2,3", "1,2", "2", "1,5", "2", "1", "1", "1", "1", "2", "2", "5", "4", "1,3", "1"])
interview("c-training", "C1", answers("training-complete.txt"))
run("study", "parameters", "net.study", "--form", "d-campaign", "wave=1")
interview("d-campaign", "D1", ["1", "ukr", "2", "68134", "2", "34", "UA", "3", "A poster about contracts in the bus", "2", "1", "1", "3", "2", "3", "3", "2",
                               "1,5", "1", "Ask for a written contract", "2", "4", "4", "5", "2", "1", "2", "1", "5"])
interview("d-campaign", "D2", ["1", "ukr", "2", "68134", "2", "34", "UA", "3", "Nothing", "90", "3", "3", "3", "3", "3", "1", "2", "3", "1", "5"])
run("study", "parameters", "net.study", "--form", "e-exchange", "stage=2")
interview("e-exchange", "E1", ["M03", "mado12451", "1", "2", "3", "BE", "1", "4", "4", "3", "5", "4", "4", "3", "5", "4", "5", "y",
                               "A list of contact points on one page", "8", "2", "2,3", "n", "2", "1,2", "6", "Thank you"])
interview("f-conference", "F1", ["bul", "1", "5", "1", "1,2,4", "4", "5", "3", "4", "5", "4", "1,2,8", "1,4", "9", "Хубав ден"], "--lang", "bg",
          says="Интервюто е завършено и записано.")
encounter = ["BG-004", "A12", YESTERDAY, "ABCD2345", "1", "1", "4", "ara", "3"]
interview("g-encounter", "G1", encounter + ["1", "1", "3", "SY", "68134", "2024", "2", "51", "2", "N", "5", "1", "1,2", "1,4", "450", "EUR", "1", "2", "2", "1,2,6",
                                            "35", "1", "1", "y", "3", "2", NEXT_WEEK, "1", "n", "1", NEXT_WEEK, "Came with a friend"])

# ---- what the tables ask for: checks, early ends, what is kept ----
out = interview("b-employer", "B2", ["mado12452", "1", "1", "62", "68134", "4", "2", "9", "season ends", "1", "5", "0", ":quit"], says="Suspended")
assert "? More posts are vacant than people work for you, 4: is that right?" in out, out
assert "! There cannot be more of them than people who work for you, 4." in out, out
interview("b-employer", "B3", ["mado12453", "2"], says="None of your answers will be used")
out = interview("g-encounter", "G2", encounter + ["1", "1", "3", "SY", "68134", "2024", "2", "51", "2", "N", "5", "1", "2,3", "1,2", "1", "450", "USD", "EUR", "1", "2", "3", "1",
                                                  ":quit"], says="Suspended")
assert "! The main reason, “Rights and working conditions”, is one of the matters raised" in " ".join(out.split()), out
assert out.count("C. Reason") == 1, "a section without a title inside does not repeat the title"
assert "There are warning signs" in out, out
interview("g-encounter", "G3", encounter + ["2", "11"], says="Only the counter of the day is kept")

# ---- export ----
for form in FORMS:
    run("export", "net.study", "--form", form, "-o", "export")
assert {p.stem for p in (scratch / "export").glob("*.csv")} >= set(FORMS), list((scratch / "export").iterdir())
for form in FORMS:
    assert rows(form), form
b1 = next(r for r in rows("b-employer") if r["a_size"] == "40")
assert (b1["a_sizeb"], b1["c_share"], b1["e_kscore"]) == ("2", "5", "6"), b1
d = rows("d-campaign")
assert sorted(r["d_reach"] for r in d) == ["false", "true"], d
assert all(sorted(r["d_order"]) == list("12345") for r in d), d
e1 = rows("e-exchange")[0]
assert (e1["a_cntry"], e1["e_contact"]) == ("BE", "6"), e1
with open(scratch / "export" / "e-exchange_d_prac.csv", newline="", encoding="utf-8") as f:
    assert [r["d_what"] for r in csv.DictReader(f)] == ["A list of contact points on one page"]
ended = [r for r in rows("g-encounter") if r["c_main"] == "11"]
assert len(ended) == 1 and ended[0]["a_point"] == "BG-004" and ended[0]["a_lang"] == "ara", ended
assert ended[0]["outcome"] == "24" and not any(ended[0][i] for i in ("a_oper", "a_first", "a_interp", "b_citiz", "d_act")), ended
assert "b_status" not in ended[0] and "c_risk" not in ended[0], "sensitive answers are not in an ordinary export"
print("seven questionnaires, each with an interview")
