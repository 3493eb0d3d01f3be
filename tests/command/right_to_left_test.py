#!/usr/bin/env python3
"""The seven questionnaires in a language that is written from right to left, and what the terminal says in Arabic and Bulgarian."""
import os
import re
import shutil
import subprocess
import sys
import unicodedata
from datetime import date, timedelta
from pathlib import Path

survey, scratch, root = os.path.abspath(sys.argv[1]), Path(sys.argv[2]).resolve(), Path.cwd()
shutil.rmtree(scratch, ignore_errors=True)
scratch.mkdir(parents=True)
os.chdir(scratch)
OPEN, CLOSE = "\u2066\u2067\u2068", "\u2069"
YESTERDAY = str(date.today() - timedelta(1))
EASTERN, PERSIAN = str.maketrans("0123456789", "٠١٢٣٤٥٦٧٨٩"), str.maketrans("0123456789", "۰۱۲۳۴۵۶۷۸۹")


def run(*args, status=0, lines=None):
    text = None if lines is None else "".join(f"{line}\n" for line in lines)
    done = subprocess.run([survey, *map(str, args)], input=text, capture_output=True, text=True, timeout=120, check=False,
                          env={**os.environ, "LC_ALL": "C.UTF-8"})
    assert done.returncode == status, f"{args}: status {done.returncode}, not {status}\n{done.stdout[-3000:]}\n{done.stderr}"
    return done.stdout


def interview(form, case, lang, lines):
    return run("interview", "net.study", "--form", form, "--case", case, "--lang", lang, lines=lines)


def told(out, *sentences):
    flat = " ".join(re.sub("[\u2066-\u2069\u200e]", "", out).split())
    for sentence in sentences:
        assert sentence in flat, f"{sentence!r} was not said:\n{out[-2500:]}"


def stored(out):
    return dict(line[2:].split(": ", 1) for line in out.splitlines() if line.startswith("= "))


# ---- made by the script: every text, fills kept, marked as no translation ----
made = subprocess.run([root / "script" / "pseudo-translate", scratch / "pseudo"], capture_output=True, text=True, check=True).stdout
questionnaires = sorted((scratch / "pseudo").glob("*/questionnaire.xml"))
assert len(questionnaires) == 7 and "files ar.xlf" in made, made
assert not list((root / "questionnaires").rglob("*ar.xlf")), "what lies beside the questionnaires is offered to respondents"
for path in questionnaires:
    text = (path.parent / "ar.xlf").read_text(encoding="utf-8")
    assert text.count('<target state="x-pseudo">') == text.count("<trans-unit ") > 30, path
assert run("check", "--strict", *questionnaires) == "7 questionnaires: no problems\n"
for path in questionnaires:
    shown = run("show", "--lang", "ar", path)
    assert len(re.findall("[ء-ي]", shown)) > 500 and max(map(len, shown.splitlines())) < 160, path

# ---- interviews in Arabic: digits as the keyboard has them, lines that keep together ----
run("study", "create", "net.study", "--quiet", "--plan", "pseudo/union-migrant-net/study.xml")
out = interview("f-conference", "1", "ar", ["bul", "١", "۵", "1", "١،٢،4", "4", "5", "3", "4", "5", "4", "1,2,8", "1,90", "77", "1،٤", "٩٩", "٩", "شكرا ٣"])
told(out, "11 من 15", "الإجابة: ", "لا يُعطى الخيار 90 مع خيارات أخرى", "لا يوجد هنا الرمز «77»", "اكتملت المقابلة وحُفظت.")
answers = stored(out)
assert answers["a_att"][0] == "1" and answers["a_org"][0] == "5" and answers["c_nps"] == "9" and answers["d_text"] == "شكرا ٣", answers
assert [re.sub("[^0-9]", "", part) for part in answers["b_parts"].split(",")] == ["1", "2", "4"], answers["b_parts"]

encounter = ["BG-004", "A12", YESTERDAY.translate(EASTERN), ":skip", "2", "reason", "1", "ara", "3", "1", "2", "N", "5", "1",
             "1,3", "1", "٤٥٠٫٥", "EUR", "۱", "90", "2", "1,6", "35", "1", "1", "ن", "3", "2", YESTERDAY.translate(PERSIAN), "1", "ل", ":quit"]
out = interview("g-encounter", "2", "ar", encounter)
told(out, "هل يوجد غيره؟", "عُلّقت المقابلة.", "إجابة")
answers = stored(out)
assert (answers["a_date"], answers["c_amt"], answers["c_n"]) == (YESTERDAY, "450.5", "1"), answers
assert any(key.endswith("e_until") and value == YESTERDAY for key, value in answers.items()), answers
for line in out.splitlines():
    depth = [sum(c in OPEN for c in line[:i]) - line[:i].count(CLOSE) for i in range(len(line) + 1)]
    assert min(depth) == 0 and depth[-1] == 0, f"marks that do not close: {line!r}"
    assert not re.search("[ء-ي]", line) or line.startswith("= ") or re.search("[\u2066-\u2068]", line), f"a line without marks: {line!r}"
out = interview("g-encounter", "3", "ar", ["?", "BG-004", ":nonsense", "<", "?", ":lang", ":quit"])
told(out, "هذه المساعدة", "لا يوجد الأمر «:nonsense»", ":dk :ref لا أعرف؛ رفض الإجابة", "لغات هذا الاستبيان: en ar bg")
assert not re.search(r"(Answer|needed|Please|question|Suspended)", out), out

# How it looks, by another implementation of the bidirectional algorithm.
if shutil.which("fribidi"):
    seen = subprocess.run(["fribidi", "--ltr", "--nopad", "--nobreak"], input=out, capture_output=True, text=True, check=True).stdout
    seen = [re.sub("[\u200e\u2066-\u2069]", "", unicodedata.normalize("NFKC", line)).strip() for line in seen.splitlines()]
    assert "20 نم 1" in seen, f"read from the right: 1 of 20: {seen[:10]}"
    assert any(line.startswith("<          ") for line in seen), "a command stands on the left, as it is typed"

# ---- nothing of this where lines run from left to right ----
for lang, sentence in (("bg", "Отговор: "), ("en", "Answer: ")):
    out = interview("f-conference", f"plain {lang}", lang, ["bul", "1"])
    assert sentence in out and not re.search("[\u2066-\u2069\u200e]", out), out

# ---- what the engine does not take, in Bulgarian ----
out = interview("f-conference", "bg", "bg", ["bul", "1", "9", "x" * 90, "Училище", "1", "1", "5", "5", "5", "5", "5", "5", "1", "1,90", ":quit"])
told(out, "! Текстът е твърде дълъг за това място", "! 90 не може да се посочи заедно с други възможности")
assert stored(out)["a_org_other"] == "Училище", out
out = interview("e-exchange", "bg", "bg", ["M03", "mado12451", "1", "1", "1", "FR", "2026,5", "BG", ":quit"])
told(out, "! Изберете измежду показаните възможности.")
print("seven questionnaires from right to left")
