#!/usr/bin/env python3
"""The verbs for people and rights: accounts, links, cases, the audit log and the project's key; what they print, refuse and record."""
import csv
import json
import os
import pty
import pwd
import shutil
import signal
import sqlite3
import subprocess
import sys

survey, folder = os.path.abspath(sys.argv[1]), os.path.abspath(sys.argv[2])
shutil.rmtree(folder, ignore_errors=True)
os.makedirs(folder)
os.chdir(folder)
signal.alarm(240)                # a prompt that never comes must not hang the tests
PASSWORD = "tundra kettle ninety\n"


def run(*args, status=0, stdin=""):
    done = subprocess.run([survey, *args], input=stdin, capture_output=True, text=True, timeout=120)
    assert done.returncode == status, f"{args}: status {done.returncode}, not {status}\n{done.stdout}\n{done.stderr}"
    return done


def table(*args):
    return json.loads(run(*args, "--format", "json").stdout)


def audit():
    return [(row["actor"], row["action"]) for row in table("study", "audit", "s.study")]


NS = 'xmlns="urn:libsurvey:questionnaire:1"'
with open("q.xml", "w", encoding="utf-8") as f:
    f.write(f'<questionnaire {NS} id="visit" version="1" xml:lang="en"><title>Visit</title>'
            '<question id="age" type="integer" required="true"><label>Age?</label></question></questionnaire>')
run("study", "create", "s.study", "--questionnaire", "q.xml", "--actor", "ann")
assert audit() == [("ann", "form.deploy")], audit()

# ---- who it was, also where the environment does not say it ----
for environment, said in (({}, pwd.getpwuid(os.geteuid()).pw_name), ({"USER": ""}, pwd.getpwuid(os.geteuid()).pw_name), ({"USER": "eva"}, "eva")):
    without = {name: value for name, value in os.environ.items() if name != "USER"}
    subprocess.run([survey, "study", "create", f"actor-{len(environment)}{said}.study", "--questionnaire", "q.xml", "-q"], env={**without, **environment}, check=True, timeout=120)
    assert [row["actor"] for row in table("study", "audit", f"actor-{len(environment)}{said}.study")] == [said]

# ---- verbs of three words ----
assert "study account add" in run("study", "account", "--help").stdout
assert "study account list" in run("study", "account", status=2).stderr
assert "'study account' has no action 'lost': did you mean 'list'" in run("study", "account", "lost", status=2).stderr
assert "study create" in run("study", "--help").stdout and "study key show" in run("study", "--help").stdout
assert "needs an action" in run("cases", status=2).stderr
asked = run("study", "sync", "--help", status=2).stderr
assert "'study' has no action 'sync'" in asked and "'survey sync'" in asked and "survey sync --help" in asked, asked
assert "'study' has no action 'zzzzzzzz': 'survey study --help' lists them" in run("study", "zzzzzzzz", status=2).stderr
assert "Usage" in run("help", "study", "account", "add").stdout
completion = run("completion", "bash").stdout
done = subprocess.run(["bash", "-c", completion + 'COMP_WORDS=(survey study account ""); COMP_CWORD=3; _survey; echo "${COMPREPLY[@]}";'
                       'COMP_WORDS=(survey study account add --r); COMP_CWORD=4; _survey; echo "${COMPREPLY[@]}";'
                       'COMP_WORDS=(survey study ""); COMP_CWORD=2; _survey; echo "${COMPREPLY[@]}"'], capture_output=True, text=True, check=True).stdout.splitlines()
assert done[0].split()[:5] == ["add", "list", "disable", "password", "device"] and done[1] == "--role" and done[2].split().count("account") == 1, done

# ---- accounts ----
run("study", "account", "add", "s.study", "ann", "--role", "administrator", stdin=PASSWORD)
run("study", "account", "add", "s.study", "Мария", "--organisation", "NSI", "--actor", "ann", stdin=PASSWORD)
assert "there is an account 'Мария' already" in run("study", "account", "add", "s.study", "мария", status=1, stdin=PASSWORD).stderr
assert "fewer than 12" in run("study", "account", "add", "s.study", "bob", status=1, stdin="short\n").stderr
assert "tried first" in run("study", "account", "add", "s.study", "bob", status=1, stdin="password123456\n").stderr
assert "no password was given" in run("study", "account", "add", "s.study", "bob", status=1).stderr
assert "longer than 1,000" in run("study", "account", "add", "s.study", "bob", status=1, stdin="x" * 5000).stderr
run("study", "account", "add", "s.study", "bob", "--role", "analyst", "--no-password")
run("study", "account", "add", "s.study", "r", "--role", "respondent", status=2, stdin=PASSWORD)
rows = table("study", "account", "list", "s.study")
assert [(r["name"], r["role"], r["organisation"], r["comes_in_by"]) for r in rows] == [
    ("ann", "administrator", "", "password"), ("bob", "analyst", "", "devices"), ("Мария", "interviewer", "NSI", "password")], rows
assert "last administrator" in run("study", "account", "disable", "s.study", "ann", status=1).stderr
run("study", "account", "disable", "s.study", "МАРИЯ")
assert table("study", "account", "list", "s.study")[2]["comes_in_by"] == "disabled"
run("study", "account", "disable", "s.study", "Мария", "--enable")
run("study", "account", "password", "s.study", "Мария", stdin="other kettle tundra\n")
assert "no account 'nobody'" in run("study", "account", "password", "s.study", "nobody", status=1, stdin=PASSWORD).stderr
token = run("study", "account", "device", "s.study", "Мария", "--kind", "odk", "--device", "phone").stdout.strip()
assert len(token) == 43 and token.encode() not in open("s.study", "rb").read()
with sqlite3.connect("s.study") as db:
    kinds = db.execute("SELECT kind, device, expires_utc_ms > created_utc_ms FROM tokens").fetchall()
    assert kinds == [(3, "phone", 1)], kinds
    assert all(h.startswith("$argon2id$v=19$m=65536,t=3,p=1$") for (h,) in db.execute("SELECT password FROM accounts WHERE name <> 'bob'"))


def typed(answers, *args):
    """A person at a terminal. Returns the exit status and what was shown."""
    pid, fd = pty.fork()
    if pid == 0:
        os.execv(survey, [survey, *args])
    shown = b""
    for answer in answers:
        while not shown.rstrip(b"\r\n").endswith(b": "):
            shown += os.read(fd, 4096)
        os.write(fd, answer.encode() + b"\n")
        shown += b"<typed>"
    try:
        while more := os.read(fd, 4096):
            shown += more
    except OSError:
        pass
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), shown.decode()


status, shown = typed(["tundra kettle ninety"] * 2, "study", "account", "add", "s.study", "typist")
assert status == 0 and "tundra" not in shown and shown.count("password") == 2, (status, shown)
status, shown = typed(["tundra kettle ninety", "tundra kettle eighty"], "study", "account", "add", "s.study", "typist2")
assert status == 1 and "tundra" not in shown and "another password" in shown, (status, shown)

# ---- cases ----
with open("cases.csv", "w", encoding="utf-8") as f:
    f.write("case,assigned,organisation,telephone,address\nSF-1,мария,,0888 123,\"Vitosha 1\nSofia\"\nSF-2,,BG,,\nSF-2,,,,\nSF-3,eve,,,\n,bob,,,\nSF-4,Мария,BG,,\n")
wrong = run("cases", "import", "s.study", "cases.csv", status=1).stderr
for said in ("line end", "no account 'eve'", "has no name", "stands in line", "another organisation", "no case was taken"):
    assert said in wrong, (said, wrong)
assert table("cases", "list", "s.study") == []
with open("cases.csv", "w", encoding="utf-8") as f:
    f.write("case,assigned,organisation,telephone,address\nSF-1,мария,,0888 123,Vitosha 1\nSF-2,,BG,,\n'; DROP TABLE cases; --,,,0,\n")
assert "3 cases taken" in run("cases", "import", "s.study", "cases.csv", "--actor", "ann").stderr
rows = table("cases", "list", "s.study", "--contacts")
assert [(r["case"], r["state"], r["assigned"], r["organisation"], r["contacts"]) for r in rows] == [
    ("'; DROP TABLE cases; --", "new", "", "", "telephone: 0"), ("SF-1", "assigned", "Мария", "NSI", "address: Vitosha 1; telephone: 0888 123"), ("SF-2", "new", "", "BG", "")], rows
assert "contacts" not in table("cases", "list", "s.study")[0]
with open("more.csv", "w", encoding="utf-8") as f:
    f.write("case,telephone\nSF-1,0999\n")
run("cases", "import", "s.study", "more.csv", "--quiet")
assert table("cases", "list", "s.study", "--contacts")[1]["contacts"] == "telephone: 0999"
with open("none.csv", "w", encoding="utf-8") as f:
    f.write("name\nx\n")
assert "no column 'case'" in run("cases", "import", "s.study", "none.csv", status=1).stderr
run("cases", "assign", "s.study", "SF-1", "SF-2", "--to", "МАРИЯ", "--organisation", "NSI")
assert "no account 'eve'" in run("cases", "assign", "s.study", "SF-1", "--to", "eve", status=1).stderr
assert "no case 'SF-9'" in run("cases", "assign", "s.study", "SF-9", "--to", "Мария", status=1).stderr
assert [r["case"] for r in table("cases", "list", "s.study", "--assigned", "Мария")] == ["SF-1", "SF-2"]
assert "only one that is complete" in run("cases", "return", "s.study", "SF-1", "--comment", "x", status=1).stderr
run("interview", "s.study", "--case", "SF-1", "--interviewer", "Мария", stdin="40\n\n")
done = table("cases", "list", "s.study", "--assigned", "Мария")[0]
assert done["state"] == "complete" and len(done["interview"]) == 36, done
run("cases", "return", "s.study", "SF-1", "--comment", "ask the age again", "--actor", "ann")
done = table("cases", "list", "s.study", "--assigned", "Мария")[0]
assert done["state"] == "returned" and done["comment"] == "ask the age again", done
assert "ask the age again" in run("interview", "s.study", "--case", "SF-1", "--interviewer", "Мария", stdin=":review\nage\n41\n\n").stdout
run("export", "s.study", "--form", "visit", "-o", "out", "--quiet")
exported = open("out/visit.csv", encoding="utf-8").read()
assert ",41" in exported and "0999" not in exported, exported
done = table("cases", "list", "s.study", "--assigned", "Мария")[0]
assert done["state"] == "complete" and done["comment"] == "", done
assert "no case 'SF-9'" in run("interview", "s.study", "--case", "SF-9", status=1, stdin="40\n").stderr

# ---- links ----
run("study", "link", "add", "s.study", status=2)
run("study", "link", "add", "s.study", "--case", "SF-1", "--public", status=2)
assert "no case 'SF-9'" in run("study", "link", "add", "s.study", "--case", "SF-9", status=1).stderr
one = table("study", "link", "add", "s.study", "--case", "SF-1", "--base", "https://survey.example.org/", "--days", "30")[0]
assert one["link"] == "https://survey.example.org/l/" + one["code"] and len(one["code"]) == 34, one
run("study", "link", "add", "s.study", "--all-cases", "--format", "csv", "-o", "links.csv")
assert [r["case"] for r in csv.DictReader(open("links.csv", newline="", encoding="utf-8"))] == ["'; DROP TABLE cases; --", "SF-1", "SF-2"]
table("study", "link", "add", "s.study", "--public", "--uses", "100")
assert one["code"].encode() not in open("s.study", "rb").read()
rows = table("study", "link", "list", "s.study")
assert len(rows) == 5 and [r["kind"] for r in rows].count("personal") == 4 and rows[0]["id"] == one["id"], rows
run("study", "link", "close", "s.study", one["id"])
assert table("study", "link", "list", "s.study")[0]["state"] == "closed"
assert "no link" in run("study", "link", "close", "s.study", "nothing", status=1).stderr

# ---- the audit log ----
lines = audit()
for line in (("ann", "form.deploy"), ("ann", "account.add"), ("ann", "case.import"), ("ann", "case.return")):
    assert line in lines, lines
for action in ("account.disable", "account.enable", "account.password", "token.make", "case.assign", "link.make", "link.close"):
    assert action in [a for _, a in lines], (action, lines)
text = run("study", "audit", "s.study", "--format", "csv").stdout
for secret in ("0888", "Vitosha", "SF-1", "tundra", token, one["code"], "ask the age"):
    assert secret not in text, secret
assert "every line is as it was written" in run("study", "audit", "s.study", "--verify").stdout
head = run("study", "audit", "s.study", "--head").stdout.strip()
assert int(head.split(":")[0]) == len(lines) and len(head.split(":")[1]) == 64
run("study", "parameters", "s.study")
run("study", "link", "add", "s.study", "--public")
assert "every line" in run("study", "audit", "s.study", "--kept", head).stdout
assert "noted elsewhere" in run("study", "audit", "s.study", "--kept", head[:-1] + ("0" if head[-1] != "0" else "1"), status=1).stderr
assert len(table("study", "audit", "s.study", "--after", str(len(lines)))) == 1
run("study", "audit", "s.study", "--kept", "nonsense", status=2)
shutil.copy("s.study", "changed.study")
with sqlite3.connect("changed.study") as db:
    db.execute("DROP TRIGGER audit_stays")
    db.execute("UPDATE audit SET actor = 'eve' WHERE sequence = 4")
assert "audit 4" in run("study", "audit", "changed.study", "--verify", status=1).stderr
assert "audit 4" in run("study", "verify", "changed.study", status=1).stderr
run("study", "verify", "s.study")

# ---- the project's key ----
shown = run("study", "key", "show", "s.study").stdout
words = [line for line in shown.splitlines() if line.startswith("fingerprint")][0].split()[1:]
assert len(words) == 8 and "in the study" in shown, shown
with sqlite3.connect("s.study") as db:
    secret = db.execute("SELECT value FROM secrets WHERE name = 'project-secret'").fetchone()[0]
assert "tried first" in run("study", "key", "take-out", "s.study", "sheet.txt", status=1, stdin="password1234\n").stderr
assert not os.path.exists("sheet.txt") and "in the study" in run("study", "key", "show", "s.study").stdout
run("study", "key", "take-out", "s.study", "no/such/folder/sheet.txt", status=3, stdin=PASSWORD)
assert "in the study" in run("study", "key", "show", "s.study").stdout
run("study", "key", "take-out", "s.study", "sheet.txt", "--actor", "ann", stdin=PASSWORD)
sheet = open("sheet.txt", encoding="utf-8").read()
assert " ".join(words) in sheet and secret.hex() not in sheet.replace(" ", "").replace("\n", "")
for name in os.listdir("."):
    if name.startswith("s.study"):
        assert secret not in open(name, "rb").read(), f"the key is still in {name}"
assert "taken out" in run("study", "key", "show", "s.study").stdout
assert "taken out" in run("study", "key", "take-out", "s.study", "sheet2.txt", status=1, stdin=PASSWORD).stderr
assert "does not open" in run("study", "key", "put-back", "s.study", "sheet.txt", status=1, stdin="tundra kettle eighty\n").stderr
run("study", "create", "other.study", "--questionnaire", "q.xml")
assert "another study" in run("study", "key", "put-back", "other.study", "sheet.txt", status=1, stdin=PASSWORD).stderr
digits = sheet.split("\nkey\n")[1].upper().replace(" ", "")
with open("typed.txt", "w", encoding="utf-8") as f:
    f.write(digits)
run("study", "key", "put-back", "s.study", "typed.txt", "--actor", "ann", stdin=PASSWORD)
with sqlite3.connect("s.study") as db:
    assert db.execute("SELECT value FROM secrets WHERE name = 'project-secret'").fetchone()[0] == secret
with open("typed.txt", "w", encoding="utf-8") as f:
    f.write(digits[:-3])
assert "not a sealed key" in run("study", "key", "put-back", "s.study", "typed.txt", status=1, stdin=PASSWORD).stderr
assert ("ann", "key.take-out") in audit() and ("ann", "key.put-back") in audit()
run("study", "verify", "s.study")

# ---- what arrives while the key is out stays sealed, until the sheet opens it ----
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import base64
import pathlib
from packages import digest, package, rehearse, seal
from serving import Client, Server

run("study", "create", "sealed.study", "--questionnaire", "q.xml")
run("study", "account", "add", "sealed.study", "eve", stdin=PASSWORD)
run("study", "key", "take-out", "sealed.study", "sealed-sheet.txt", stdin=PASSWORD)
os.makedirs("rehearsal")
form, interviews = rehearse(survey, pathlib.Path("rehearsal"), "q.xml", cases=2)
with Server(survey, "sealed.study", "--quiet") as server:
    eve = Client(server)
    eve.login("eve", PASSWORD.strip())
    key = base64.b64decode(eve.ask("GET", "/api/project")[2]["publicKey"])
    name, content = package(form, interviews[0])
    box = seal(content, key)
    status, _, body = eve.ask("PUT", f"/api/uploads/{digest(box)}?kind=package&size={len(box)}&offset=0", box)
    assert status == 201 and body["receipt"] == "stored" and body["uuid"] == "", (status, body)      # kept, and nobody here can say what it is
assert table("study", "status", "sealed.study")[0]["complete"] == 0
assert "does not open" in run("study", "open-sealed", "sealed.study", "sealed-sheet.txt", status=1, stdin="tundra kettle eighty\n").stderr
assert "1 were sealed: 1 are interviews now" in run("study", "open-sealed", "sealed.study", "sealed-sheet.txt", stdin=PASSWORD).stderr
assert table("study", "status", "sealed.study")[0]["complete"] == 1
with sqlite3.connect("sealed.study") as db:
    assert db.execute("SELECT uuid FROM interviews").fetchall() == [(name,)]
    assert db.execute("SELECT count(*) FROM secrets WHERE name = 'project-secret'").fetchone() == (0,)
run("study", "verify", "sealed.study")
