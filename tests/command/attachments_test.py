#!/usr/bin/env python3
"""Attachments in exports: which answer names which file, the bytes as they came, sensitive ones only when asked for, sealed and missing ones said, erased ones gone, hostile
names harmless; nothing is written over, and what breaks off leaves nothing that looks whole."""
import csv
import hashlib
import os
import shutil
import sqlite3
import subprocess
import sys

survey, folder = os.path.abspath(sys.argv[1]), os.path.abspath(sys.argv[2])
shutil.rmtree(folder, ignore_errors=True)
os.makedirs(folder)
os.chdir(folder)

QUESTIONNAIRE = '''<questionnaire xmlns="urn:libsurvey:questionnaire:1" id="visit" version="1" xml:lang="en"><title>Visit</title>
  <question id="house" type="photo"><label>The house?</label></question>
  <question id="sign" type="signature" sensitive="true"><label>Please sign</label></question>
  <roster id="room" count="2"><label>Rooms</label><question id="seen" type="photo"><label>The room?</label></question></roster>
</questionnaire>'''


def run(*args, status=0):
    done = subprocess.run([survey, *args], capture_output=True, text=True, timeout=120)
    assert done.returncode == status, f"{args}: status {done.returncode}, not {status}\n{done.stdout}\n{done.stderr}"
    return done.stdout + done.stderr


def submission(number, house, sign, rooms, files):
    uuid = f"00000000-0000-4000-8000-{number:012d}"
    os.makedirs(f"in/{uuid}")
    entries = "".join(f"<room><seen>{seen}</seen></room>" for seen in rooms)
    with open(f"in/{uuid}/submission.xml", "w") as f:
        f.write(f'<data id="visit" version="1"><house>{house}</house><sign>{sign}</sign>{entries}<meta><instanceID>uuid:{uuid}</instanceID></meta></data>')
    for name, content in files.items():
        with open(f"in/{uuid}/{name}", "wb") as f:
            f.write(content)


def exported(out, *options):
    said = run("export", "s.study", "-o", out, "--attachments", *options)
    with open(f"{out}/visit_attachments.csv", newline="") as f:
        return list(csv.DictReader(f)), said


def check_bytes(out, rows, contents):
    for row in rows:
        if row["state"] != "here":
            assert row["file"] == row["sha256"] == row["bytes"] == "", row
            continue
        with open(os.path.join(out, row["file"]), "rb") as f:
            content = f.read()
        assert content == contents[row["name"]] and int(row["bytes"]) == len(content) and row["sha256"] == hashlib.sha256(content).hexdigest(), row
    there = sorted(os.path.relpath(os.path.join(at, name), out) for at, _, names in os.walk(f"{out}/visit_attachments") for name in names)
    assert there == sorted(row["file"] for row in rows if row["state"] == "here"), there


with open("questionnaire.xml", "w") as f:
    f.write(QUESTIONNAIRE)
run("study", "create", "s.study", "--questionnaire", "questionnaire.xml", "--actor", "test")
LONG = "д" * 100 + ".jpeg"
CONTENTS = {"a.jpg": b"\xff\xd8 house" + bytes(range(256)), "s.png": b"\x89PNG sign", "r1.jpg": b"room 1", "r2.jpg": b"", "=cmd|' .jpg": b"formula", LONG: b"long", "con:a*b?.jpg": b"odd"}
submission(1, "a.jpg", "s.png", ["r1.jpg", "r2.jpg"], {name: CONTENTS[name] for name in ("a.jpg", "s.png", "r1.jpg", "r2.jpg")})
submission(2, "lost.jpg", "", ["=cmd|' .jpg", ""], {"=cmd|' .jpg": CONTENTS["=cmd|' .jpg"]})
submission(3, LONG, "", ["con:a*b?.jpg", ""], {name: CONTENTS[name] for name in (LONG, "con:a*b?.jpg")})
said = run("import", "s.study", "in")
assert "7 files of these submissions stored" in said and "1 file is named by answers and not beside" in said, said
with sqlite3.connect("s.study") as db:
    one, two, three = [uuid for uuid, in db.execute("SELECT uuid FROM interviews ORDER BY number")]

# ---- who named what ----

rows, said = exported("out")
assert [(r["interview"], r["item"], r["entry"], r["name"], r["state"]) for r in rows] == [
    (one, "house", "", "a.jpg", "here"), (two, "house", "", "lost.jpg", "missing"), (three, "house", "", LONG, "here"),
    (one, "seen", "room:1", "r1.jpg", "here"), (one, "seen", "room:2", "r2.jpg", "here"), (two, "seen", "room:1", "=cmd|' .jpg", "here"), (three, "seen", "room:1", "con:a*b?.jpg", "here")], rows
check_bytes("out", rows, CONTENTS)
assert "6 files" in said and "1 file is named by answers and did not come" in said, said
assert all(len(os.path.basename(r["file"]).encode()) <= 140 and not set(os.path.basename(r["file"])) & set('\\:*?"<>|') for r in rows if r["file"])

# ---- what comes later is taken when the import is repeated ----

with open("in/00000000-0000-4000-8000-000000000002/lost.jpg", "wb") as f:
    f.write(b"found")
CONTENTS["lost.jpg"] = b"found"
assert "1 file of these submissions stored" in run("import", "s.study", "in")
rows, _ = exported("again")
assert all(row["state"] == "here" for row in rows)
check_bytes("again", rows, CONTENTS)

# ---- sensitive ones only when asked for ----

rows, _ = exported("sensitive", "--sensitive")
assert (one, "sign", "s.png") in [(r["interview"], r["item"], r["name"]) for r in rows]
check_bytes("sensitive", rows, CONTENTS)
with open("out/visit_attachments.csv") as f:
    assert "s.png" not in f.read()

# ---- texts that a spreadsheet would run ----

run("export", "s.study", "-o", "safe", "--attachments", "--spreadsheet-safe", "-q")
with open("safe/visit_attachments.csv", newline="") as f:
    assert "'=cmd|' .jpg" in [row["name"] for row in csv.DictReader(f)]

# ---- nothing is written over; what broke off is said ----

said = run("export", "s.study", "-o", "out", "--attachments", status=3)
assert "visit_attachments is there already" in said, said
os.makedirs("broken/visit_attachments.part/x")
said = run("export", "s.study", "-o", "broken", "--attachments", status=3)
assert "take it away first" in said and os.path.isdir("broken/visit_attachments.part/x"), said

# ---- sealed: the key was taken out when it came; erased: gone ----

with sqlite3.connect("s.study") as db:
    db.execute("UPDATE attachments SET digest = NULL WHERE hash = ?", (hashlib.sha256(CONTENTS["r1.jpg"]).digest(),))
rows, said = exported("sealed")
assert [r["name"] for r in rows if r["state"] == "sealed"] == ["r1.jpg"] and "1 file is sealed" in said, said
check_bytes("sealed", rows, CONTENTS)
run("erase", "s.study", three, "--reason", "asked for", "--actor", "test")
rows, _ = exported("erased", "--sensitive")
assert three not in [r["interview"] for r in rows] and not os.path.exists(f"erased/visit_attachments/{three}")
check_bytes("erased", rows, CONTENTS)

# ---- a full disk: one clear error, and nothing under the final names ----

os.makedirs("small")
if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=96k", "tmpfs", "small"], capture_output=True).returncode == 0:
    try:
        submission(4, "big.jpg", "", ["", ""], {"big.jpg": os.urandom(200000)})
        run("import", "s.study", "in")
        said = run("export", "s.study", "-o", "small", "--attachments", status=3)
        assert "No space left" in said, said
        assert not [name for name in os.listdir("small") if "attachments" in name], os.listdir("small")
    finally:
        subprocess.run(["umount", "small"], check=True)
