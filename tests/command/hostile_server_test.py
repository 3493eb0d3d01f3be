#!/usr/bin/env python3
"""`survey serve` under pressure: what every answer carries, what time tells about names, clients that read slowly, clocks that jump, packages at the
limits, corrections that come first, forms that come while interviews do.

usage: hostile_server_test.py SURVEY FOLDER
"""
import base64
import os
import pathlib
import re
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from packages import digest, frame, number, package, seal, signed, text
from serving import TRAINING, Client, Server, answer, run

survey, folder = sys.argv[1], pathlib.Path(sys.argv[2]).resolve()
failures = []
SANITIZED = b"__asan_init" in pathlib.Path(survey).read_bytes()      # which keeps memory that was freed, and wants to be loaded first
PASSWORD = "seven wet otters in June"
NOW = 1795396092315
FORM = ('<questionnaire xmlns="urn:libsurvey:questionnaire:1" id="q" version="1" xml:lang="en"><title>q</title>'
        '<question id="age" type="integer"><label>Age?</label></question><question id="p" type="photo"><label>Photo?</label></question></questionnaire>')


def check(good, what):
    if not good:
        failures.append(what)
        print("FAILED:", what, file=sys.stderr)


def make_study(name):
    (folder / "q.xml").write_text(FORM, encoding="utf-8")
    study = folder / name
    made = run(survey, "study", "create", study, "--questionnaire", folder / "q.xml")
    check(made.returncode == 0, made.stderr)
    for who, role in (("ada", "administrator"), ("ann", "interviewer"), ("ben", "interviewer")):
        check(run(survey, "study", "account", "add", study, who, "--role", role, input=PASSWORD + "\n").returncode == 0, f"{who} is added")
    return study


def signed_in(server, name):
    client = Client(server)
    status = client.login(name, PASSWORD)[0]
    check(status == 200, f"{name} signs in: {status}")
    return client


def device_of(server, name):
    return Client(server, bearer=signed_in(server, name).ask("POST", "/api/devices", {"name": "tablet"})[2]["token"])


def key_and_form(client):
    project = client.ask("GET", "/api/project")[2]
    form = next(f for f in project["forms"] if f["id"] == "q")
    return base64.b64decode(project["publicKey"]), ("q", "1", int(form["checksum"], 16))


# ---- what every answer carries ----

ASKED = [("GET", "/"), ("GET", "/form/"), ("GET", "/form/app.js"), ("GET", "/form/none.js"), ("GET", "/form/manifest.webmanifest"), ("GET", "/status"), ("GET", "/nothing"), ("GET", "/l/none"),
         ("GET", "/api/session"), ("GET", "/api/project"), ("GET", "/api/forms/q/1/block"), ("GET", "/api/export/q.csv"), ("GET", "/api/interviews"), ("GET", "/api/audit"),
         ("GET", "/api/cases"), ("GET", "/api/accounts"), ("GET", "/api/health"), ("POST", "/api/login"), ("DELETE", "/api/session"), ("PUT", "/api/uploads/x"), ("GET", "/odk/formList"),
         ("GET", "/odk/forms/q/1/form.xml"), ("POST", "/odk/submission"), ("GET", "/l/../../etc/passwd"), ("GET", "//evil.example/"), ("GET", "/%0d%0aX-Evil:1")]


def carries(where, status, headers):
    policy = headers.get("Content-Security-Policy") or ""
    check("default-src 'none'" in policy and "frame-ancestors 'none'" in policy and "base-uri 'none'" in policy and "form-action 'self'" in policy and "unsafe-inline" not in policy
          and "'unsafe-eval'" not in policy and "*" not in policy, f"{where}: the policy is {policy!r}")
    check(headers.get("X-Content-Type-Options") == "nosniff" and headers.get("Referrer-Policy") == "no-referrer", f"{where}: content types are guessed, or addresses told")
    check(headers.get("Cross-Origin-Resource-Policy") == "same-origin" and headers.get("Cross-Origin-Opener-Policy") == "same-origin", f"{where}: other sites may load it")
    check("Server" not in headers and "X-Powered-By" not in headers and "Access-Control-Allow-Origin" not in headers and "X-Evil" not in headers, f"{where}: {headers}")
    check(int(headers.get("Content-Length") or 0) == 0 or headers.get("Content-Type"), f"{where}: {status} without a type")
    location = headers.get("Location")
    check(location is None or (location.startswith("/") and not location.startswith("//")), f"{where} leads to {location}")


def every_answer(server, device):
    admin = signed_in(server, "ada")
    status, headers, _ = admin.login("ada", PASSWORD)
    cookie = headers["Set-Cookie"]
    check("HttpOnly" in cookie and "SameSite=Strict" in cookie and "Path=/" in cookie and "Domain" not in cookie, f"the cookie is {cookie}")
    for client in (admin, Client(server), device):
        for method, path in ASKED:
            status, headers, _ = client.ask(method, path, {} if method in ("POST", "PUT") else None)
            carries(f"{method} {path}", status, headers)
            if not path.startswith("/form/") and not path.endswith("/block"):
                check("no-store" in (headers.get("Cache-Control") or ""), f"{method} {path}: may be kept: {headers.get('Cache-Control')}")
    headers = admin.ask("GET", "/api/export/q.csv")[1]
    check(headers["Content-Type"].startswith("text/csv") and headers["Content-Disposition"].startswith("attachment"), f"an export opens in the browser: {headers}")
    for raw in (b"GET / HTTP/1.1\r\n\r\n", b"BREW / HTTP/1.1\r\nHost: x\r\n\r\n", b"GET / HTTP/1.1\r\nHost: x\r\nX: " + b"y" * 100000 + b"\r\n\r\n", b"\x16\x03\x01\0\0"):
        status, got, _ = server.raw(raw)
        if status:
            head = dict(line.split(": ", 1) for line in got.split(b"\r\n\r\n")[0].decode().split("\r\n")[1:])
            carries(f"{raw[:20]}", status, head)


# ---- what time tells ----

def processor_ticks(server):
    fields = open(f"/proc/{server.process.pid}/stat").read().rsplit(")", 1)[1].split()
    return int(fields[11]) + int(fields[12])


def time_tells_nothing(server):
    """The work for a name that exists and for one that does not is the same, in processor time of the server: one argon2 each."""
    spent = {"ann": 0, "nobody here": 0, "": 0}
    for _ in range(4):
        for name in spent:
            before = processor_ticks(server)
            status, _, body = Client(server).login(name, "not this one at all")
            check(status == 401 and "belong together" in body["error"], f"{name}: {status} {body}")
            spent[name] += processor_ticks(server) - before
    low, high = min(spent.values()), max(spent.values())
    check(low >= 8 and high <= 3 * low, f"hundredths of a second of the processor for four tries each: {spent}")


# ---- another's uploads ----

def anothers_upload(server, ann, ben, key):
    content = seal(b"a photo of somebody" * 100, key)
    path = f"/api/uploads/{digest(content)}"
    check(ann.ask("PUT", f"{path}?kind=file&size={len(content)}&offset=0", content[:500])[0] == 202, "a piece")
    check((ann.ask("HEAD", path)[0], ben.ask("HEAD", path)[0]) == (200, 404), "half an upload is told to its sender only")
    check(ann.ask("PUT", f"{path}?kind=file&size={len(content)}&offset=500", content[500:])[0] == 201, "the rest")
    mine, others, none = ann.ask("HEAD", path), ben.ask("HEAD", path), ben.ask("HEAD", "/api/uploads/" + "0" * 64)
    check(mine[0] == 200 and int(mine[1]["X-Survey-Offset"]) == len(content), f"its sender hears that it is there: {mine[0]}")
    check(others[0] == none[0] == 404 and "X-Survey-Size" not in others[1], f"nobody else does: {others[0]}")
    check(ben.ask("PUT", f"{path}?kind=file&size={len(content)}&offset=0", content)[0] == 201, "who has the bytes may send them, too")
    for other in ("/api/files/", "/api/attachments/", "/api/uploads/"):
        check(ben.ask("GET", other + digest(content))[0] in (404, 405), f"{other} gives no file away")


# ---- packages at the limits ----

def long_package(form, events, name="5b0f3c3e-7d5e-4c1b-9a51-0f6f6ad0c001", corrects=""):
    """Answers that change again and again: head, sitting, events, end, without building a list of rows."""
    out = [b"SVYP\x01", frame(1, text(name), text(form[0]), text(form[1]), number(form[2]), text(""), text(corrects), text("")),
           frame(2, number(1), number(2), text("ann"), text(""), text("t"), text("t"), number(1), signed(0)),
           frame(3, number(1), signed(NOW), signed(0), signed(0), number(1), text(""), text(""), text("seed=2 lang=en"), number(0), text(""))]
    tails = [signed(NOW) + signed(0) + signed(1) + number(3) + text("age") + text("") + text(str(i)) + number(0) + text("") for i in (1, 2)]
    for sequence in range(2, events):
        out.append(frame(3, number(sequence), tails[sequence % 2]))
    out.append(frame(3, number(events), signed(NOW), signed(0), signed(2), number(13), text(""), text(""), text(""), number(0), text("")))
    out.append(frame(5, number(events), number(2)))
    return b"".join(out)


def send_in_pieces(client, content):
    offset = 0
    while True:
        status, _, body = client.ask("PUT", f"/api/uploads/{digest(content)}?kind=package&size={len(content)}&offset={offset}", content[offset:offset + (1 << 20)])
        if status != 202:
            return status, body
        offset = body["offset"]


def at_the_limits(server, device, key, form):
    large = seal(long_package(form, 500000), key)
    check(8 << 20 < len(large) <= 16 << 20, f"{len(large)} bytes")
    status, body = send_in_pieces(device, large)
    check(status in (200, 201) and body["receipt"] in ("stored", "kept-aside"), f"half a million events: {status} {body}")
    status, _, body = device.ask("PUT", f"/api/uploads/{'0' * 64}?kind=package&size={(16 << 20) + 1}&offset=0", b"x")
    check(status == 413 and "16 MiB" in body["error"], f"one byte more than a package may have: {status} {body}")
    claims = seal(b"SVYP\x01" + frame(1, text("5b0f3c3e-7d5e-4c1b-9a51-0f6f6ad0c002"), text("q"), text("1"), number(form[2]), text(""), text(""), text("")) + frame(5, number(10**9), number(2)), key)
    status, body = send_in_pieces(device, claims)
    check(status == 200 and body["receipt"] == "kept-aside", f"a billion events that are not there: {status} {body}")
    status, _, body = device.ask("GET", "/api/session")
    check(status == 200, "others are served")


# ---- corrections that wait ----

def receipt(device, key, content):
    status, body = send_in_pieces(device, seal(content, key))
    return status, body.get("receipt")


def writer_seconds(server):
    """What its writer has had of the processor: everybody waits for that thread."""
    tasks = pathlib.Path(f"/proc/{server.process.pid}/task")
    return next(int((t / "schedstat").read_text().split()[0]) / 1e9 for t in tasks.iterdir() if (t / "comm").read_text().strip() == "writer")


def corrections_first(study, server, device, key, form):
    """Corrections of corrections that came before what they correct, each of them long: tried again before the receipt, and not by the writer."""
    names = [f"5b0f3c3e-7d5e-4c1b-9a51-0f6f6ad0c1{i:02}" for i in range(4)]
    for i in (3, 2, 1):
        got = receipt(device, key, long_package(form, 20000, names[i], names[i - 1]))
        check(got == (200, "kept-aside"), f"correction {i} waits: {got}")
    got = receipt(device, key, long_package(form, 20000, names[0]))
    check(got == (201, "stored"), f"what they correct: {got}")
    db = sqlite3.connect(study)
    rows = db.execute("SELECT uuid, phase FROM interviews WHERE uuid IN (?, ?, ?, ?) ORDER BY uuid", names).fetchall()
    check(rows == [(name, 2) for name in names], f"all are here when the receipt is: {rows}")
    check(db.execute("SELECT count(*) FROM kept_aside WHERE waits_for <> ''").fetchone()[0] == 0, "nothing waits any more")
    db.close()
    print(f"the writer had {writer_seconds(server):.2f} s of the processor")


# ---- forms that come by synchronising, meanwhile ----

def send_many(device, key, form, first, ends, receipts):
    while not ends.is_set():
        receipts.append(receipt(device, key, long_package(form, 40, f"5b0f3c3e-7d5e-4c1b-9a51-{first:04x}{len(receipts):08x}"))[1])


def forms_come_meanwhile(server, devices, key, form):
    """What was prepared with the forms as they were is stored when there are more: the memory they are in stays as long (checked by the build with sanitizers)."""
    laptop, receipts, ends = folder / "laptop.study", [[] for _ in devices], threading.Event()
    made = run(survey, "sync", laptop, server.url, "--name", "ada", "-q", input=PASSWORD + "\n")
    check(made.returncode == 0, f"another file of the study: {made.stderr}")
    senders = [threading.Thread(target=send_many, args=(device, key, form, i, ends, receipts[i])) for i, device in enumerate(devices)]
    for s in senders:
        s.start()
    for version in range(2, 5):
        (folder / "q.xml").write_text(FORM.replace('version="1"', f'version="{version}"'), encoding="utf-8")
        made = run(survey, "study", "deploy", laptop, folder / "q.xml")
        check(made.returncode == 0, f"version {version}: {made.stderr}")
        sent = run(survey, "sync", laptop, server.url, "--name", "ada", "--only-send", "-q", input=PASSWORD + "\n")
        check(sent.returncode == 0, f"version {version} is sent: {sent.stderr}")
    ends.set()
    for s in senders:
        s.join()
    got = [r for one in receipts for r in one]
    check(len(got) >= len(devices) and set(got) == {"stored"}, f"{len(got)} receipts: {sorted(set(got))}")
    print(f"{len(got)} interviews while forms came")


# ---- slow readers ----

def memory_kb(server):
    return int(re.search(r"RssAnon:\s+(\d+)", open(f"/proc/{server.process.pid}/status").read())[1])


def slow_readers():
    """A hundred clients ask for megabytes and read a byte each: memory stays, others are served, and the order to end is followed."""
    study = folder / "slow.study"
    made = run(survey, "study", "create", study, "--questionnaire", TRAINING)
    filled = run(survey, "simulate", study, "--cases", "3000", "--seed", "1", "-q")
    check(made.returncode == 0 and filled.returncode == 0, made.stderr + filled.stderr)
    check(run(survey, "study", "account", "add", study, "ada", "--role", "administrator", input=PASSWORD + "\n").returncode == 0, "an administrator")
    with Server(survey, study, "--quiet") as server:
        admin = signed_in(server, "ada")
        size = len(admin.ask("GET", "/api/export/c-training.csv")[2])
        before, readers = memory_kb(server), []
        for _ in range(100):
            s = socket.socket()
            s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            s.settimeout(120)
            s.connect((server.host, server.port))
            s.sendall(f"GET /api/export/c-training.csv HTTP/1.1\r\nHost: {server.host}\r\nCookie: {admin.cookie}\r\n\r\n".encode())
            readers.append(s)
        for s in readers:
            check(s.recv(12) == b"HTTP/1.1 200", "a slow reader is answered")
        grown = memory_kb(server) - before
        check(size > 2000000 and (SANITIZED or grown < 40 * size // 1024), f"a hundred slow readers of {size // 1024} KB took {grown} KB of memory")
        print(f"a hundred slow readers of {size // 1024} KB: {grown} KB more memory")
        check(Client(server).ask("GET", "/api/health")[0] == 200, "others are served meanwhile")
        check(server.stop() == 0, "it ends when it is asked to, whoever is still reading")
        for s in readers:
            s.close()


# ---- clocks ----

def clocks_jump():
    """The machine's clock goes forward by months and back: sessions and throttles count time that passes, devices' tokens end by the calendar, nothing that is sent is lost."""
    if shutil.which("faketime") is None or SANITIZED:
        print("faketime is not installed, or does not go with this build: clocks do not jump in this test")
        return
    study, now = make_study("clock.study"), folder / "now"
    library = next(pathlib.Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"))
    now.write_text("+0")
    plain = dict(os.environ)
    os.environ.update({"LD_PRELOAD": str(library), "FAKETIME_TIMESTAMP_FILE": str(now), "FAKETIME_NO_CACHE": "1", "FAKETIME_DONT_FAKE_MONOTONIC": "1", "DONT_FAKE_MONOTONIC": "1"})
    try:
        server = Server(survey, study, "--quiet")
    finally:
        os.environ.clear()
        os.environ.update(plain)
    with server:
        admin, device, unused = signed_in(server, "ada"), device_of(server, "ann"), device_of(server, "ann")
        key, form = key_and_form(device)
        for jump in ("+0d", "+90d", "-400d", "+0d"):
            now.write_text(jump)
            status, headers, _ = admin.ask("GET", "/api/session")
            check(status == 200, f"at {jump} a session goes on")
            check(abs(int(headers["X-Survey-Time"]) / 1000 - time.time() - int(jump[:-1]) * 86400) < 3600, f"at {jump} the clock of the server did not jump")
            fresh = Client(server, bearer=device.bearer)
            status = fresh.ask("GET", "/api/session")[0]
            check(status == 200, f"at {jump} a device's token: {status}")
            name, content = package(form, [(1, NOW, 0, 0, 1, "", "", "seed=2 lang=en", 0, ""), (2, NOW, 0, 1, 3, "age", "", "30", 0, ""), (3, NOW, 0, 2, 13, "", "", "", 0, "")])
            sealed = seal(content, key)
            status, _, body = fresh.ask("PUT", f"/api/uploads/{digest(sealed)}?kind=package&size={len(sealed)}&offset=0", sealed)
            check(status == 201, f"at {jump} an interview is stored: {status} {body}")
        now.write_text("+400d")
        check(unused.ask("GET", "/api/session")[0] == 401, "a token ends by the calendar")
        now.write_text("+0d")
        for _ in range(10):
            Client(server).login("ben", "wrong and wrong again")
        now.write_text("+30d")
        check(Client(server).login("ben", PASSWORD)[0] == 429, "who tried too often waits, whatever the clock says")
        now.write_text("-30d")
        check(Client(server).login("ben", PASSWORD)[0] == 429, "also when it goes back")
        check(server.stop() == 0, "it ends with status 0")
    verified = run(survey, "study", "verify", study)
    check(verified.returncode == 0, f"the study is whole: {verified.stderr}")


shutil.rmtree(folder, ignore_errors=True)
folder.mkdir(parents=True)
study = make_study("s.study")
with Server(survey, study, "--quiet") as server:
    ann, ben = device_of(server, "ann"), device_of(server, "ben")
    key, form = key_and_form(ann)
    every_answer(server, ann)
    time_tells_nothing(server)
    anothers_upload(server, ann, ben, key)
    at_the_limits(server, ann, key, form)
    corrections_first(study, server, ann, key, form)
    forms_come_meanwhile(server, [device_of(server, name) for name in ("ann", "ben") * 3], key, form)
    check(server.stop(signal.SIGTERM) == 0, "it ends with status 0")
verified = run(survey, "study", "verify", study)
check(verified.returncode == 0, f"the study is whole: {verified.stderr}")
slow_readers()
clocks_jump()
print(f"{len(failures)} failures")
sys.exit(1 if failures else 0)
