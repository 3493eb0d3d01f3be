#!/usr/bin/env python3
"""Packages, queue files and bundles, written and read by a program that knows only docs/formats/package.md, queue.md and bundle.md: what it writes is taken by the server and by
`survey import`; what the study holds then, read back from its bundle, says the same as `survey export` does, event by event and value by value.

usage: packages_test.py SURVEY FOLDER
"""
import base64
import csv
import datetime
import hashlib
import os
import pathlib
import re
import shutil
import sys
import uuid

sys.path.insert(0, str(pathlib.Path(__file__).parent))
import package_reader as reader
from packages import digest, frame, number, seal, signed, text
from serving import Client, Server, run

survey, folder = os.path.abspath(sys.argv[1]), pathlib.Path(sys.argv[2]).resolve()
shutil.rmtree(folder, ignore_errors=True)
folder.mkdir(parents=True)
os.chdir(folder)
PASSWORD = "seven wet otters in June"
ACTIONS = ["", "start", "parameter", "answer", "clear", "add-entry", "remove-entry", "remark", "language", "show", "override", "suspend", "resume", "complete", "order", "close-roster"]
START, ANSWER, CLEAR, ADD, REMARK, LANGUAGE, GO, SUSPEND, RESUME, COMPLETE, CLOSE = 1, 3, 4, 5, 7, 8, 9, 11, 12, 13, 15
MISSING = {0: "", 3: "dont-know", 4: "refused", 5: "not-stated"}
MODES = ["", "terminal", "web", "self", "import", "odk", "simulation"]
QUESTIONNAIRE = '''<questionnaire xmlns="urn:libsurvey:questionnaire:1" id="visit" version="2026/1" xml:lang="en"><title>Visit</title>
<choices id="town"><choice code="1">Sofia</choice><choice code="2">Varna</choice><choice code="x-3" other="true">Else</choice></choices>
<question id="name" type="text"><label>Name?</label></question>
<question id="age" type="integer"><label>Age?</label><check that=". &lt; 90" severity="soft">Over 90: right?</check></question>
<question id="pay" type="decimal"><label>Pay?</label></question>
<question id="town1" type="single" choices="town"><label>Town?</label></question>
<question id="towns" type="multiple" choices="town"><label>Towns?</label></question>
<question id="day" type="date"><label>Day?</label></question>
<question id="house" type="photo"><label>House?</label></question>
<roster id="member" min="0" max="5"><question id="m_name" type="text"><label>Who?</label></question>
<roster id="job" min="0" max="5"><question id="j_pay" type="decimal"><label>Pay?</label></question></roster></roster></questionnaire>'''
BULGARIAN = '''<?xml version="1.0" encoding="UTF-8"?><xliff version="1.2" xmlns="urn:oasis:names:tc:xliff:document:1.2"><file original="questionnaire.xml" source-language="en"
 target-language="bg" datatype="xml"><body><trans-unit id="/title"><source>Visit</source><target>Посещение</target></trans-unit></body></file></xliff>'''
LONG = "дълго " * 3000
ODD = ['Ана "кавичка"', "two\nlines\r\nand\ttab", "=1+1", "مرحبا 🧡 ⁧rtl⁩", " blanks ", "a;b,c|d", "'apostrophe", "e\u0301 and é", LONG]


def ok(*arguments, **more):
    done = run(survey, *arguments, **more)
    assert done.returncode == 0, f"{arguments}: {done.stdout} {done.stderr}"
    return done.stdout + done.stderr


def written(form, rows, sittings, files=(), case=""):
    """A package of (action, item, entry, value, missing, reason); `sittings`: {number of its first event: (mode, actor, device, offset)}."""
    name = str(uuid.uuid4())
    out = [b"SVYP\x01", frame(1, text(name), text(form["id"]), text(form["version"]), number(int(form["checksum"], 16)), text(case), text(""), text(""))]
    for sequence, (action, item, entry, value, missing, reason) in enumerate(rows, 1):
        if sequence in sittings:
            mode, actor, device, offset = sittings[sequence]
            out.append(frame(2, number(sequence), number(mode), text(actor), text(""), text(device), text("a program"), number(1), signed(offset)))
        moment = 1795000000000 + 1000 * sequence + sequence
        out.append(frame(3, number(sequence), signed(moment), signed(-210 if sequence % 2 else 120), signed(5000 - sequence if sequence in sittings else 9000 + sequence), number(action),
                         text(item), text(entry), text(value), number(missing), text(reason)))
    for file, media_type, content, box in files:
        out.append(frame(4, text(file), text(media_type), number(len(content)), hashlib.sha256(content).digest(), hashlib.sha256(box).digest()))
    return name, b"".join([*out, frame(5, number(len(rows)), number(2))])


def answer(item, value, entry="", missing=0, reason=""):
    return ANSWER, item, entry, value, missing, reason


def interview(n, photo):
    """One interview: two sittings, another language, a remark, reasons, missing answers, entries of rosters in each other."""
    odd = ODD[n % len(ODD)]
    return [(START, "", "", f"seed={2 ** 64 - 1 - n} lang=en", 0, ""), (GO, "name", "", "", 0, ""), answer("name", odd), (REMARK, "name", "", "Said: " + odd, 0, ""),
            answer("age", "101", reason="She showed " + ODD[(n + 3) % len(ODD)]), answer("pay", "", missing=3 + n % 3), answer("town1", "x-3"), answer("town1_other", "Русе"),
            (SUSPEND, "", "", "", 0, ""), (RESUME, "", "", "", 0, ""), (LANGUAGE, "", "", "bg", 0, ""), answer("towns", "1 2"), answer("day", "2024-02-29"), (CLEAR, "day", "", "", 0, ""),
            answer("day", "0099-12-31"), answer("house", photo), (ADD, "member", "member:1", "", 0, ""), answer("m_name", odd, "member:1"), (ADD, "job", "member:1/job:1", "", 0, ""),
            answer("j_pay", "-12345.5", "member:1/job:1"), (CLOSE, "job", "member:1", "", 0, ""), (ADD, "member", "member:2", "", 0, ""), answer("m_name", "", "member:2", 4),
            (CLOSE, "job", "member:2", "", 0, ""), (CLOSE, "member", "", "", 0, ""), (COMPLETE, "", "", "", 0, "")]


def put(client, kind, box):
    return client.ask("PUT", f"/api/uploads/{digest(box)}?kind={kind}&size={len(box)}&offset=0", box)


def made(project, n):
    """(uuid, package, sealed file, rows)"""
    photo, key, (form,) = f"photo {n}.jpg", base64.b64decode(project["publicKey"]), project["forms"]
    content = b"\xff\xd8 picture %d" % n
    box, rows = seal(content, key), interview(n, photo)
    name, whole = written(form, rows, {1: (2, "ann", "tablet \"1\"", -90000), 10: (2, "ann", "tablet 2", 7)}, [(photo, "image/jpeg", content, box)], case="K/17" if n == 0 else "")
    return name, whole, box, rows


def sheet(name):
    with open(name, newline="", encoding="utf-8") as f:
        return list(csv.DictReader(f))


def as_exported(package):
    """The rows of FORM_events.csv, but for `old` and `old_missing`, that this package should give."""
    for event in package["events"]:
        second = datetime.datetime(1970, 1, 1) + datetime.timedelta(milliseconds=event["utc"])
        yield {"interview": package["head"]["uuid"], "sequence": str(event["sequence"]), "utc": second.isoformat(timespec="milliseconds") + "Z", "zone": str(event["zone"]),
               "monotonic_ms": str(event["mono"]), "mode": MODES[event["sitting"]["mode"]], "actor": event["sitting"]["actor"], "device": event["sitting"]["device"], "node": event["item"],
               "entry": event["entry"], "action": ACTIONS[event["action"]], "new": event["value"], "missing": MISSING[event["missing"]], "reason": event["reason"]}


def check_slashes(server):
    """A version 2026/1 and a case K/17 are found under their addresses: by the form, by ODK's clients, by the office."""
    ada = Client(server)
    ada.login("ada", PASSWORD)
    status, _, block = ada.ask("GET", "/api/forms/visit/2026%2F1/block")
    assert status == 200 and block.startswith(b"SVYFORM"), status
    listed = ada.ask("GET", "/odk/formList")[2].decode()
    address = re.search(f"<downloadUrl>{server.url}([^<]*)</downloadUrl>", listed).group(1)
    assert address == "/odk/forms/visit/2026%2F1/form.xml" and ada.ask("GET", address)[0] == 200, listed
    assert ada.ask("POST", "/api/cases/visit/K%2F17/assign", {"assigned": "ann"})[0] == 204
    assert [(c["case"], c["assigned"]) for c in ada.ask("GET", "/api/cases?form=visit")[2] if c["case"] == "K/17"] == [("K/17", "ann")]
    assert ada.ask("POST", "/api/cases/visit/K/17/assign", {"assigned": "ann"})[0] == 404


def compare(things, events):
    packages = [reader.read_package(thing["identity"]["package"]) for thing in things if thing["kind"] == 6]
    expected = {(row["interview"], row["sequence"]): row for package in packages for row in as_exported(package)}
    found = {(row["interview"], row["sequence"]): {name: said for name, said in row.items() if not name.startswith("old")} for row in events}
    assert expected.keys() == found.keys(), (len(expected), len(found))
    for key, row in expected.items():
        assert row == found[key], f"package: {row}\nexport:  {found[key]}"
    return {package["head"]["uuid"]: package for package in packages}


pathlib.Path("visit.xml").write_text(QUESTIONNAIRE, encoding="utf-8")
pathlib.Path("bg.xlf").write_text(BULGARIAN, encoding="utf-8")
ok("study", "create", "s.study", "--questionnaire", "visit.xml")
for who, role in (("ann", "interviewer"), ("ada", "administrator")):
    ok("study", "account", "add", "s.study", who, "--role", role, input=PASSWORD + "\n")
sent = {}
with Server(survey, "s.study", "--quiet") as server:
    ann = Client(server)
    ann.login("ann", PASSWORD)
    project = ann.ask("GET", "/api/project")[2]
    key = base64.b64decode(project["publicKey"])
    for n in range(len(ODD)):
        name, whole, box, rows = made(project, n)
        assert reader.read_package(whole)["head"]["uuid"] == name
        if n == 0:
            status, _, said = put(ann, "package", seal(whole, key))
            assert status == 409 and said == {"receipt": "needs-files", "files": [digest(box)]}, (status, said)
        assert put(ann, "file", box)[0] == 201
        status, _, said = put(ann, "package", seal(whole, key))
        assert (status, said) == (201, {"receipt": "stored", "uuid": name, "sentence": ""}), (status, said)
        sent[name] = whole, rows
    check_slashes(server)

queue = b"SVYQ\x01"
for n in (20, 21):
    name, whole, box, rows = made(project, n)
    sent[name] = whole, rows
    for item in (box, seal(whole, key)):
        queue += number(len(item)) + item
pathlib.Path("interviews.svyq").write_bytes(queue)
ok("import", "s.study", "interviews.svyq")

ok("export", "s.study", "-o", "out", "--events", "--attachments", "--sensitive")
ok("sync", "s.study", "clear.bundle")
pathlib.Path("phrase").write_text(PASSWORD + "\n")
ok("sync", "s.study", "sealed.bundle", "--passphrase-file", "phrase", "--keys")
things = reader.read_bundle(pathlib.Path("clear.bundle").read_bytes())
packages = compare(things, sheet("out/visit_events.csv"))
assert packages.keys() == sent.keys()
for name, (whole, rows) in sent.items():
    read, first = packages[name], reader.read_package(whole)
    assert [(e["action"], e["item"], e["entry"], e["value"], e["missing"], e["reason"]) for e in read["events"]] == rows
    assert read["events"] == first["events"] and read["sittings"] == first["sittings"] and read["head"] == first["head"] and read["end"] == first["end"], name
    assert read["files"] == [{**file, "sealed": bytes(32)} for file in first["files"]], "of a file that was opened the bundle has the content"

table = {row["interview"]: row for row in sheet("out/visit.csv")}
members = {(row["interview"], row["member_key"]): row for row in sheet("out/visit_member.csv")}
jobs = {(row["interview"], row["member_key"], row["job_key"]): row for row in sheet("out/visit_job.csv")}
for name, (whole, rows) in sent.items():
    row, odd = table[name], rows[2][3]
    assert (row["name"], row["age"], row["town1"], row["towns"], row["day"], row["town1_other"]) == (odd, "101", "x-3", "1 2", "0099-12-31", "Русе"), row
    assert row["pay"] == "" and row["pay_missing"] == MISSING[rows[5][4]] and row["language"] == "bg", row
    assert members[name, "1"]["m_name"] == odd and members[name, "2"]["m_name_missing"] == "refused" and float(jobs[name, "1", "1"]["j_pay"]) == -12345.5
assert len(members) == 2 * len(sent) and len(jobs) == len(sent)

files = {thing["identity"]["hash"]: thing["rest"] for thing in things if thing["kind"] == 5}
listed = {row["interview"]: row for row in sheet("out/visit_attachments.csv")}
for name, package in packages.items():
    (file,) = package["files"]
    content = files[file["content"]]["content_bytes"]
    assert hashlib.sha256(content).digest() == file["content"] and pathlib.Path("out", listed[name]["file"]).read_bytes() == content

opened = reader.read_bundle(reader.open_bundle(pathlib.Path("sealed.bundle").read_bytes(), PASSWORD))
assert [t["digest"] for t in opened] == [t["digest"] for t in things] and len(opened[0]["rest"]["secret_key"]) == 32
secret = opened[0]["rest"]["secret_key"]
assert [p["head"]["uuid"] for p in reader.read_queue(queue, key, secret)[0]] == list(sent)[-2:], "the queue, opened with the key from the bundle"
print("ok")
