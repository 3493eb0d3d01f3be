#!/usr/bin/env python3
"""survey sync: two laptops, headquarters behind `survey serve`, a partner and a stick; killed in the middle, a full disk, hostile bundles."""
import hashlib
import json
import os
import pathlib
import resource
import shutil
import signal
import sqlite3
import subprocess
import sys
import time

from packages import number, text
from serving import Client, Server

survey, folder = os.path.abspath(sys.argv[1]), pathlib.Path(sys.argv[2]).resolve()
shutil.rmtree(folder, ignore_errors=True)
folder.mkdir(parents=True)
os.chdir(folder)
signal.alarm(280)
PASSWORD = "tundra kettle ninety"
MANY = int(os.environ.get("SVY_SYNC_MANY", "2000"))
NS = 'xmlns="urn:libsurvey:questionnaire:1"'


def questionnaire(name, version, extra=""):
    path = pathlib.Path(f"{name}-{version}{'x' if extra else ''}.xml")
    path.write_text(f'<questionnaire {NS} id="{name}" version="{version}" xml:lang="en"><title>Visit</title><parameter id="wage" type="integer" value="600"><label>Wage</label></parameter>'
                    f'<question id="age" type="integer" required="true" certain="true"><label>Age?{extra}</label></question>'
                    f'<question id="words" type="text"><label>Words?</label></question></questionnaire>', encoding="utf-8")
    return path


def run(*args, status=0, stdin="", **more):
    done = subprocess.run([survey, *map(str, args)], input=stdin, capture_output=True, text=True, timeout=200, **more)
    assert done.returncode == status, f"{args}: status {done.returncode}, not {status}\n{done.stdout}\n{done.stderr}"
    return done


def rows(study, first, count, word):
    with open("rows.csv", "w", encoding="utf-8") as f:
        f.write("age,words\n" + "".join(f"{20 + i % 60},{word} {i}\n" for i in range(first, first + count)))
    run("import", study, "rows.csv", "--form", "visit")


def export(study):
    out = pathlib.Path("out")
    shutil.rmtree(out, ignore_errors=True)
    run("export", study, "--form", "visit", "-o", out, "-q")
    return sorted((out / "visit.csv").read_text(encoding="utf-8").splitlines())


def alike(*studies):
    first = export(studies[0])
    for other in studies[1:]:
        assert export(other) == first, f"{studies[0]} and {other} differ"
    for study in studies:
        run("study", "verify", study)
    return len(first) - 1


def query(study, sql, *args):
    db = sqlite3.connect(f"file:{study}?mode=ro", uri=True)
    try:
        return db.execute(sql, args).fetchall()
    finally:
        db.close()


# ---- a further file of a study, and back ----
run("study", "create", "hq.study", "--questionnaire", questionnaire("visit", "1"), "--actor", "ann")
rows("hq.study", 0, 20, "office")
said = run("sync", "laptop.study", "hq.study").stdout
assert "laptop.study: 1 questionnaire, 20 interviews" in said and "hq.study: nothing new" in said, said
run("sync", "second.study", "hq.study", "-q")
rows("laptop.study", 100, 7, "laptop")
rows("second.study", 200, 5, "second")
run("study", "parameters", "second.study", "wage=700", "-q")
run("interview", "laptop.study", "--case", "c1", "--interviewer", "maria", stdin="34\n")
run("sync", "laptop.study", "second.study")
run("sync", "second.study", "hq.study")
said = run("sync", "hq.study", "laptop.study").stdout
assert said.count("nothing new") == 2, said
assert alike("hq.study", "laptop.study", "second.study") == 32
assert query("hq.study", "SELECT phase FROM interviews WHERE case_id = 'c1'")[0][0] < 2

# ---- one case that went on on two devices; an erasure ----
run("interview", "laptop.study", "--case", "c1", "--interviewer", "maria", stdin="one way\n")
run("interview", "second.study", "--case", "c1", "--interviewer", "maria", stdin="another way\n")
victim = query("laptop.study", "SELECT i.uuid FROM interviews i JOIN data_visit d ON d.interview = i.uuid WHERE d.words = 'laptop 103'")[0][0]
run("erase", "second.study", victim, "--reason", "request 7", "--actor", "eva")
said = run("sync", "laptop.study", "second.study").stdout
assert said.count("1 conflict (both kept)") == 2 and "laptop.study: 1 conflict (both kept), 1 erasure" in said, said
run("sync", "hq.study", "second.study")
words = [line for line in export("hq.study") if "way" in line]
assert len(words) == 2 and not any("laptop 103" in line for line in export("hq.study")), words
for study in ("hq.study", "laptop.study", "second.study"):
    assert b"laptop 103" not in pathlib.Path(study).read_bytes(), f"{study} holds what was erased"
    assert query(study, "SELECT disposition FROM cases WHERE id = 'c1'") == [("conflict",)]
    run("study", "verify", study)
assert run("sync", "laptop.study", "hq.study").stdout.count("nothing new") == 2

# ---- a case that was returned stays so where its interview and the return arrive together ----
pathlib.Path("cases.csv").write_text("case,assigned\nc7,\n")
run("study", "create", "office.study", "--questionnaire", "visit-1.xml", "--actor", "ann")
run("cases", "import", "office.study", "cases.csv")
run("sync", "early.study", "office.study", "-q")
run("interview", "office.study", "--case", "c7", "--interviewer", "maria", stdin="44\nfirst\n")
run("cases", "return", "office.study", "c7", "--comment", "how old?")
for copy in ("early.study", "late.study"):
    run("sync", copy, "office.study", "-q")
    assert query(copy, "SELECT returned, comment FROM cases") == [(1, "how old?")], copy
    run("sync", copy, "office.study", "-q")
    assert query("office.study", "SELECT returned FROM cases") == [(1,)], f"{copy} ended the return"

# ---- versions: a new one on one side; one with other content on both ----
run("study", "deploy", "laptop.study", questionnaire("visit", "2"), "--actor", "ann")
run("sync", "laptop.study", "hq.study", "-q")
assert query("hq.study", "SELECT version FROM forms ORDER BY number") == [("1",), ("2",)]
run("study", "deploy", "laptop.study", questionnaire("other", "1"), "--actor", "ann")
run("study", "deploy", "hq.study", questionnaire("other", "1", " Really?"), "--actor", "ann")
rows("laptop.study", 300, 2, "after")
done = run("sync", "laptop.study", "hq.study", status=1)
assert "laptop.study and hq.study: version 1 of 'other' was not taken" in done.stderr and "other content" in done.stderr, done.stderr
assert "2 interviews" in done.stdout, done.stdout

# ---- what cannot come together ----
run("study", "create", "stranger.study", "--questionnaire", "visit-1.xml")
assert "of another study" in run("sync", "stranger.study", "hq.study", status=1).stderr
assert "is both files" in run("sync", "hq.study", "./hq.study", status=2).stderr
pathlib.Path("letter.txt").write_text("Dear all")
assert "neither a study nor a bundle" in run("sync", "second.study", "letter.txt", status=1).stderr
assert pathlib.Path("letter.txt").read_text() == "Dear all"
assert "there is no such file" in run("sync", "nowhere.study", "nothing.bundle", status=3).stderr
assert "are for servers and bundles" in run("sync", "second.study", "hq.study", "--only-send", status=2).stderr
with open("holder.txt", "w") as f:
    pass

# ---- a stick ----
done = run("sync", "second.study", "stick.bundle")
assert "written in clear" in done.stderr
rows("second.study", 400, 3, "stick")
run("sync", "second.study", "stick.bundle", "--only-send", "-q")
said = run("sync", "laptop.study", "stick.bundle", "--only-receive").stdout
assert "3 interviews" in said, said
whole = pathlib.Path("stick.bundle").read_bytes()
for cut in (3, 5, 60, len(whole) // 3, len(whole) // 2, len(whole) - 1):
    pathlib.Path("cut.bundle").write_bytes(whole[:cut])
    before = pathlib.Path("cut.bundle").read_bytes()
    assert "not" in run("sync", "laptop.study", "cut.bundle", status=1).stderr
    assert pathlib.Path("cut.bundle").read_bytes() == before and not pathlib.Path("cut.bundle.part").exists()
pathlib.Path("secret.txt").write_text(PASSWORD + "\n")
run("sync", "laptop.study", "sealed.bundle", "--passphrase-file", "secret.txt", "--keys", "-q", status=0)
assert b"visit" not in pathlib.Path("sealed.bundle").read_bytes()
pathlib.Path("wrong.txt").write_text("another kettle ninety\n")
assert "passphrase" in run("sync", "hq.study", "sealed.bundle", "--passphrase-file", "wrong.txt", status=1).stderr
assert "passphrase" in run("sync", "hq.study", "sealed.bundle", status=1).stderr
run("sync", "third.study", "sealed.bundle", "--passphrase", stdin=PASSWORD + "\n", status=0)
assert "does not hold the keys" in run("sync", "fourth.study", "stick.bundle", status=1).stderr and not pathlib.Path("fourth.study").exists()
alike("third.study", "laptop.study")


# ---- hostile bundles: well formed, with a good end, and not what they should be ----
def frame(kind, identity, rest=b""):
    body = number(len(identity)) + identity + rest
    return bytes([kind]) + number(len(body)) + body


def bundle(head, *frames):
    h = hashlib.blake2b(digest_size=32)
    for one in (head, *frames):
        h.update(len(one).to_bytes(8, "little") + one)
    return b"SVYB\x01" + head + b"".join(frames) + frame(15, number(1 + len(frames)) + h.digest())


head = frame(1, text(query("laptop.study", "SELECT value FROM study WHERE name = 'uuid'")[0][0]) +
             query("laptop.study", "SELECT value FROM secrets WHERE name = 'project-public'")[0][0], number(0) + number(0) + number(0))
assert whole.startswith(b"SVYB\x01" + head), "the test writes bundles as the program does"
U = "11111111-1111-4111-8111-111111111111"
HOSTILE = {
    "a length beyond the end": bundle(head)[:-40] + b"\x05\xff\xff\xff\xff\x7f" + bundle(head)[-40:],
    "a frame of 4 GiB": b"SVYB\x01" + head + b"\x05" + number(1 << 32) + b"x" * 100,
    "a number that is too long": b"SVYB\x01" + head + b"\x05" + b"\xff" * 12,
    "an unknown kind": bundle(head, frame(99, b"")),
    "two heads": bundle(head, head),
    "no head": bundle(frame(3, b"")),
    "a field that is missing": bundle(head, frame(3, text("visit") + text("wage"))),
    "a field too many": bundle(head, frame(9, text("visit") + text("k") + text(U) + text("x"))),
    "a text that is not UTF-8": bundle(head, frame(9, text("visit") + number(2) + b"\xff\xfe\0" + text(U))),
    "a text with a NUL": bundle(head, frame(9, text("visit") + number(3) + b"a\0b\0" + text(U))),
    "a name with a line end": bundle(head, frame(4, text("visit") + text("a\nb") + text("") + text("") + number(0) + number(1) + number(0) + text("") + number(0))),
}
LEFT_OUT = {
    "a form that is none": bundle(head, frame(2, text("../../etc/passwd") + text("1") + number(40) + b"A" * 40, text("x") + number(0) + number(0) + text("../../x") + number(1) + b"y")),
    "an interview that is none": bundle(head, frame(6, number(30) + b"SVYP\x01" + b"\x01" * 25, text(""))),
    "a file that is not its hash": bundle(head, frame(5, b"h" * 32 + number(0), b"h" * 32 + number(3) + b"abc")),
    "what is left of nothing": bundle(head, frame(7, text("x") + text("visit") + text("1") + text("") + number(1) + number(0),
                                                  text("") * 5 + number(0) * 2 + text("") * 2 + number(0) + text(""))),
    "frames that are none": bundle(head, frame(7, text(U) + text("visit") + text("1") + text("") + number(0) + number(4) + b"\x03\x01\x01\x01",
                                               text("") * 5 + number(0) * 2 + text("") * 2 + number(0) + text(""))),
}
shutil.copy("laptop.study", "before.study")
for what, content in HOSTILE.items():
    pathlib.Path("hostile.bundle").write_bytes(content)
    done = run("sync", "laptop.study", "hostile.bundle", "--only-receive", status=1)
    assert done.stderr.startswith("survey: ") and "\n" not in done.stderr.strip(), f"{what}: {done.stderr}"
for what, content in LEFT_OUT.items():
    pathlib.Path("hostile.bundle").write_bytes(content)
    done = run("sync", "laptop.study", "hostile.bundle", "--only-receive", status=1)
    assert "not taken" in done.stderr, f"{what}: {done.stderr}"
alike("laptop.study", "before.study")


# ---- headquarters behind a server ----
run("study", "account", "add", "hq.study", "ann", "--role", "administrator", stdin=PASSWORD + "\n")
run("study", "account", "add", "hq.study", "pat", "--role", "supervisor", "--organisation", "NSI", stdin=PASSWORD + "\n")
run("study", "account", "add", "hq.study", "ivo", "--role", "interviewer", "--organisation", "NSI", stdin=PASSWORD + "\n")
for name in ("ann", "pat", "ivo"):
    key = run("study", "account", "device", "hq.study", name, "--device", "sync").stdout.split()[-1]
    pathlib.Path(f"{name}.token").write_text(key + "\n")
pathlib.Path("none.token").write_text("x" * 43 + "\n")
rows("laptop.study", 1000, MANY, "many")
with Server(survey, "hq.study") as server:
    url = server.url
    assert "does not let this in" in run("sync", "laptop.study", url, "--token-file", "none.token", status=1).stderr
    assert "may not" in (said := run("sync", "laptop.study", url, "--token-file", "ivo.token", status=1).stderr) or "right" in said, said
    assert "of another study" in run("sync", "stranger.study", url, "--token-file", "ann.token", status=1).stderr
    assert "give --token-file" in run("sync", "laptop.study", url, status=2).stderr

    # Killed again and again: what arrived stays, nothing comes twice.
    for wait in (0.3, 0.6, 0.9):
        one = subprocess.Popen([survey, "sync", "laptop.study", url, "--token-file", "ann.token"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(wait)
        one.kill()
        one.wait()
    done = run("sync", "laptop.study", url, "--token-file", "ann.token", status=1)     # 'other' still differs
    assert "other content" in done.stderr, done.stderr
    done = run("sync", "laptop.study", url, "--token-file", "ann.token", status=1)
    assert "interviews" not in done.stdout, done.stdout
    assert "interviews" in run("sync", "second.study", url, "--name", "ann", stdin=PASSWORD + "\n", status=0).stdout

    # A file for another machine, made over the network.
    assert "interviews" in run("sync", "far.study", url, "--token-file", "ann.token").stdout
    alike("far.study", "hq.study")

    # A new version and a parameter are put up while the server runs: from a file that holds nothing else.
    bearer = Client(server, bearer=pathlib.Path("ann.token").read_text().strip())
    run("sync", "forms.study", url, "--token-file", "ann.token", "--only-send")
    assert query("forms.study", "SELECT (SELECT count(*) FROM forms), (SELECT count(*) FROM interviews)") == [(0, 0)]
    run("study", "deploy", "forms.study", questionnaire("visit", "7", " (in years)"))
    run("study", "parameters", "forms.study", "wage=777")
    run("sync", "forms.study", url, "--token-file", "ann.token", "--only-send")
    status, _, project = bearer.ask("GET", "/api/project")
    versions = {form["version"]: form for form in project["forms"] if form["id"] == "visit"}
    assert versions["7"]["newest"] and not versions["1"]["newest"], project       # drafts go on with theirs
    assert versions["7"]["parameters"] == {"wage": "777"}, versions["7"]
    run("sync", "forms.study", url, "--token-file", "pat.token", "--only-send")
    run("study", "deploy", "forms.study", questionnaire("visit", "8"))
    assert "may not deploy" in run("sync", "forms.study", url, "--token-file", "pat.token", "--only-send", status=1).stderr

    # The partner gets nothing of others, and its own arrives as its own.
    run("sync", "partner.study", url, "--token-file", "pat.token")
    assert query("partner.study", "SELECT count(*) FROM interviews") == [(0,)]
    assert query("partner.study", "SELECT count(*) FROM secrets WHERE name = 'project-secret'") == [(0,)]
    rows("partner.study", 5000, 4, "partner")
    run("sync", "partner.study", url, "--token-file", "pat.token")
    assert query("hq.study", "SELECT count(*) FROM interviews WHERE organisation = 'NSI'") == [(4,)]
    assert "nothing new" in run("sync", "partner.study", url, "--token-file", "pat.token").stdout

    # Hostile requests are answered in a sentence and change nothing.
    admin = Client(server, bearer=pathlib.Path("ann.token").read_text().strip())
    partner = Client(server, bearer=pathlib.Path("pat.token").read_text().strip())
    for what, content in HOSTILE.items():
        status, _, body = admin.ask("POST", "/api/sync/bundle", content)
        assert status in (409, 422) and len(body["error"]) > 10, f"{what}: {status} {body}"
    for what, content in LEFT_OUT.items():
        status, _, body = admin.ask("POST", "/api/sync/bundle", content)
        assert status == 200 and body["refused"] == 1 and body["interviews"] == 0, f"{what}: {status} {body}"
    assert Client(server).ask("GET", "/api/sync/groups")[0] == 401
    assert Client(server, bearer=pathlib.Path("ivo.token").read_text().strip()).ask("GET", "/api/sync/groups")[0] == 403
    assert admin.ask("POST", "/api/sync/lack", b"SVYB")[0] == 422
    assert admin.ask("POST", "/api/sync/have", b"SVYB")[0] == 422
    status, _, groups = admin.ask("GET", "/api/sync/groups")
    status, _, have = admin.ask("POST", "/api/sync/have", groups)
    assert status == 200 and len(have) > 1000, (status, have)
    status, _, got = partner.ask("POST", "/api/sync/lack", have)       # a partner asks for everything by number
    assert status in (200, 413, 422), status
    assert b"office" not in (got if isinstance(got, bytes) else b""), "a partner got what others collected"
    assert server.stop() == 0
assert "cannot be reached" in run("sync", "laptop.study", url, "--token-file", "ann.token", status=3).stderr
run("study", "verify", "hq.study")
assert query("hq.study", "SELECT count(*), count(DISTINCT words) FROM data_visit WHERE words LIKE 'many %'") == [(MANY, MANY)]
assert any("study.sync" == row["action"] for row in json.loads(run("study", "audit", "hq.study", "--format", "json").stdout))


# ---- killed between files, and a disk that is full ----
for wait in (0.05, 0.2, 0.4):
    one = subprocess.Popen([survey, "sync", "hq.study", "laptop.study"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    time.sleep(wait)
    one.kill()
    one.wait()
    one = subprocess.Popen([survey, "sync", "laptop.study", "stick.bundle", "-q"], stderr=subprocess.DEVNULL)
    time.sleep(wait)
    one.kill()
    one.wait()
run("sync", "hq.study", "laptop.study", status=1)
run("sync", "laptop.study", "stick.bundle", "-q", status=1 if "other" in run("sync", "laptop.study", "stick.bundle", "-q", status=0).stderr else 0)


def small_files():
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100000, 100000))


before = pathlib.Path("stick.bundle").read_bytes()
done = run("sync", "laptop.study", "stick.bundle", "--only-send", status=3, preexec_fn=small_files)
assert "cannot be written" in done.stderr and pathlib.Path("stick.bundle").read_bytes() == before and not pathlib.Path("stick.bundle.part").exists(), done.stderr
run("study", "verify", "laptop.study")
run("study", "verify", "hq.study")
