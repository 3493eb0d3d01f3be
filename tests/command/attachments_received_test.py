#!/usr/bin/env python3
"""Attachments that came over the network are exported: with a package of the web form, with an ODK submission, and after the project's key was taken out (sealed until it is
opened); names that would lead out of the folder lead nowhere.

usage: attachments_received_test.py SURVEY FOLDER
"""
import base64
import csv
import hashlib
import os
import pathlib
import shutil
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from packages import digest, package, rehearse, seal
from serving import Client, Server, run

survey, folder = os.path.abspath(sys.argv[1]), pathlib.Path(sys.argv[2]).resolve()
shutil.rmtree(folder, ignore_errors=True)
folder.mkdir(parents=True)
os.chdir(folder)
PASSWORD = "seven wet otters in June"
ANSWER = 3
NS = 'xmlns="urn:libsurvey:questionnaire:1"'


def ok(*arguments, **more):
    done = run(survey, *arguments, **more)
    assert done.returncode == 0, f"{arguments}: {done.stdout} {done.stderr}"
    return done.stdout + done.stderr


def exported(out):
    said = ok("export", "s.study", "-o", out, "--attachments")
    with open(f"{out}/visit_attachments.csv", newline="", encoding="utf-8") as f:
        rows = list(csv.DictReader(f))
    there = sorted(os.path.relpath(os.path.join(at, name), out) for at, _, names in os.walk(out) for name in names if not name.endswith((".csv", ".json")))
    assert there == sorted(row["file"] for row in rows if row["state"] == "here"), f"what lies there is what the table says: {there}"
    for row in rows:
        if row["state"] == "here":
            content = (folder / out / row["file"]).read_bytes()
            assert row["file"] == f"visit_attachments/{row['interview']}/{os.path.basename(row['file'])}", row
            assert hashlib.sha256(content).hexdigest() == row["sha256"] and len(content) == int(row["bytes"]), row
    return {row["name"]: (row["interview"], row["item"], row["state"], row["sha256"]) for row in rows}, said


def with_photo(events, name):
    """The interview with a photo in it, answered right before it was completed."""
    last, rest = events[-1], [e for e in events[:-1] if e[5] != "house"]
    rows = [*rest, (0, *last[1:4], ANSWER, "house", "", name, 0, ""), last]
    return [(number, *row[1:]) for number, row in enumerate(rows, 1)]


def put(client, kind, box):
    return client.ask("PUT", f"/api/uploads/{digest(box)}?kind={kind}&size={len(box)}&offset=0", box)


def send(client, key, form, events, name, content):
    """An interview with a photo, by package: its file first, for a package is not taken without."""
    box = seal(content, key)
    uuid, whole = package(form, with_photo(events, name), actor="ann", files=[(name, "image/jpeg", content, box)])
    assert put(client, "file", box)[0] == 201
    status, _, said = put(client, "package", seal(whole, key))
    assert status in (200, 201) and said["receipt"] == "stored", (status, said)
    return uuid


def submit(client, number, name, content=None):
    """An ODK submission; without content its photo has not come yet."""
    uuid = f"00000000-0000-4000-8000-{number:012d}"
    xml = f'<data xmlns:orx="http://openrosa.org/xforms" id="visit" version="1"><age>40</age><house>{name}</house><orx:meta><orx:instanceID>uuid:{uuid}</orx:instanceID></orx:meta></data>'
    head = '--b\r\nContent-Disposition: form-data; name="{}"; filename="{}"\r\nContent-Type: {}\r\n\r\n'
    photo = b"" if content is None else head.format(name, name, "image/jpeg").encode() + content + b"\r\n"
    body = (head.format("xml_submission_file", "f.xml", "text/xml") + xml + "\r\n").encode() + photo + b"--b--\r\n"
    status = client.ask("POST", "/odk/submission", body, {"X-OpenRosa-Version": "1.0", "Content-Type": "multipart/form-data; boundary=b"})[0]
    assert status in (201, 202), status


(folder / "visit.xml").write_text(f'<questionnaire {NS} id="visit" version="1" xml:lang="en"><title>Visit</title><question id="age" type="integer"><label>Age?</label></question>'
                                  '<question id="house" type="photo"><label>The house?</label></question></questionnaire>', encoding="utf-8")
ok("study", "create", "s.study", "--questionnaire", "visit.xml")
ok("study", "account", "add", "s.study", "ann", input=PASSWORD + "\n")
(folder / "r").mkdir()
form, interviews = rehearse(survey, folder / "r", folder / "visit.xml", cases=4)
hashed = lambda content: hashlib.sha256(content).hexdigest()

with Server(survey, "s.study", "--quiet") as server:
    ann = Client(server)
    ann.login("ann", PASSWORD)
    key = base64.b64decode(ann.ask("GET", "/api/project")[2]["publicKey"])
    one = send(ann, key, form, interviews[0], "a.jpg", b"\xff\xd8 by package")
    submit(ann, 8, "c.jpg", b"\xff\xd8 by submission")
    submit(ann, 9, "lost.jpg")

rows, said = exported("first")
assert rows["a.jpg"] == (one, "house", "here", hashed(b"\xff\xd8 by package")), rows
assert rows["c.jpg"][1:] == ("house", "here", hashed(b"\xff\xd8 by submission")), rows
assert rows["lost.jpg"][1:] == ("house", "missing", "") and "1 file is named by answers and did not come" in said, (rows, said)

ok("study", "key", "take-out", "s.study", "sheet.txt", input=PASSWORD + "\n")
with Server(survey, "s.study", "--quiet") as server:
    ann = Client(server)
    ann.login("ann", PASSWORD)
    two = send(ann, key, form, interviews[1], "late.jpg", b"\xff\xd8 sealed")
    submit(ann, 9, "lost.jpg", b"\xff\xd8 found")
rows, _ = exported("sealed")
assert "late.jpg" not in rows and rows["a.jpg"][2] == "here", f"an interview that nobody can read yet has no rows: {rows}"
ok("study", "open-sealed", "s.study", "sheet.txt", input=PASSWORD + "\n")
rows, _ = exported("opened")
assert rows["late.jpg"] == (two, "house", "here", hashed(b"\xff\xd8 sealed")), rows
assert rows["lost.jpg"][2:] == ("here", hashed(b"\xff\xd8 found")), rows

with Server(survey, "s.study", "--quiet") as server:      # a device that is not ours may name a file as it likes
    ann = Client(server)
    ann.login("ann", PASSWORD)
    name, content = "../../out.jpg", b"\xff\xd8 out"
    box = seal(content, key)
    _, whole = package(form, with_photo(interviews[2], name), actor="ann", files=[(name, "image/jpeg", content, box)])
    put(ann, "file", box)
    status, _, said = put(ann, "package", seal(whole, key))
    assert status < 500, (status, said)
ok("study", "open-sealed", "s.study", "sheet.txt", input=PASSWORD + "\n")
before = {str(path) for path in folder.rglob("*")}
rows, said = exported("hostile")
outside = [path for path in {str(path) for path in folder.rglob("*")} - before if not path.startswith((str(folder / "hostile"), str(folder / "s.study-")))]
assert not outside and not (folder.parent / "out.jpg").exists(), outside
assert rows[name][1:] == ("house", "here", hashed(content)), rows
print("ok")
