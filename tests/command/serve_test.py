#!/usr/bin/env python3
"""`survey serve` as a browser, a device and a supervisor meet it: setting up, coming in, sending, asking, ending.

usage: serve_test.py SURVEY FOLDER
"""
import base64
import gzip
import os
import pathlib
import shutil
import socket
import ssl
import subprocess
import sys
import threading

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from packages import digest, package, rehearse, seal
from serving import Client, Server, TRAINING, run

survey, folder = sys.argv[1], pathlib.Path(sys.argv[2])
failures = []
PASSWORD = "seven wet otters in June"


def check(good, what):
    if not good:
        failures.append(what)
        print("FAILED:", what, file=sys.stderr)


def new_study(name):
    study = folder / name
    made = run(survey, "study", "create", study, "--questionnaire", TRAINING)
    check(made.returncode == 0, made.stderr)
    return study


def set_up(server):
    """The first administrator, by the address that was printed."""
    admin = Client(server)
    code = server.read_setup()
    check(code != "", "a study without accounts prints the address that makes the first administrator")
    status, headers, _ = admin.ask("GET", "/l/" + code)
    check(status == 302 and headers["Location"] == "/form/#setup=" + code, f"that address leads to the form: {status} {headers['Location']}")
    status, _, body = admin.ask("POST", "/api/setup", {"code": code, "name": "ada", "password": "short"})
    check(status == 422 and "error" in body, f"a weak password is refused: {status} {body}")
    status, headers, body = admin.ask("POST", "/api/setup", {"code": code, "name": "ada", "password": PASSWORD})
    check(status == 200 and body["role"] == "administrator", f"the first administrator: {status} {body}")
    cookie = headers["Set-Cookie"]
    check("HttpOnly" in cookie and "SameSite=Strict" in cookie and "Path=/" in cookie, f"the cookie: {cookie}")
    status, _, _ = Client(server).ask("POST", "/api/setup", {"code": code, "name": "eve", "password": PASSWORD})
    check(status == 404, f"the address works once: {status}")
    return admin


def headers_of_every_answer(server):
    for path in ("/", "/form/", "/api/session", "/nothing"):
        _, h, _ = Client(server).ask("GET", path)
        check("default-src 'none'" in (h["Content-Security-Policy"] or "") and "unsafe-inline" not in h["Content-Security-Policy"], f"{path}: content security policy")
        check(h["X-Content-Type-Options"] == "nosniff" and h["Referrer-Policy"] == "no-referrer" and h["X-Survey-Time"].isdigit(), f"{path}: headers")
    check(h["Server"] is None, "the answer does not say which program this is")


def coming_in(server, admin):
    for name, role in (("ivan", "interviewer"), ("sonia", "supervisor"), ("ani", "analyst")):
        status, _, body = admin.ask("POST", "/api/accounts", {"name": name, "role": role, "password": PASSWORD + name})
        check(status == 201, f"account {name}: {status} {body}")
    unknown, wrong = Client(server).login("nobody", PASSWORD), Client(server).login("ivan", "not the password at all")
    check(unknown[0] == wrong[0] == 401 and unknown[2] == wrong[2], f"an unknown name and a wrong password look the same: {unknown[2]} {wrong[2]}")
    c = Client(server)
    status, _, body = c.login("ivan", PASSWORD + "ivan")
    check(status == 200 and body["account"] == "ivan" and body["csrf"], f"login: {status} {body}")
    status, _, body = c.ask("GET", "/api/session")
    check(status == 200 and body["role"] == "interviewer" and "submit" in body["rights"], f"session: {body}")
    for what, headers in (("without the token", {"X-Survey-CSRF": ""}), ("with another token", {"X-Survey-CSRF": "a" * 43}), ("from another site", {"Origin": "http://evil.example"}),
                          ("from another site, says the browser", {"Sec-Fetch-Site": "cross-site"}), ("from another port", {"Origin": f"http://{server.host}:1"})):
        status, _, _ = c.ask("POST", "/api/devices", {"name": "tablet"}, headers)
        check(status == 403, f"a change {what} is refused: {status}")
    status, _, body = c.ask("POST", "/api/devices", {"name": "tablet"}, {"Origin": server.url})
    check(status == 201 and len(body["token"]) == 43, f"a device: {status} {body}")
    device = Client(server, bearer=body["token"])
    check(device.ask("GET", "/api/session")[2]["account"] == "ivan", "a device is who enrolled it")
    check(Client(server, bearer="x" * 43).ask("GET", "/api/project")[0] == 401, "an unknown token is nobody")
    check(c.ask("GET", "/api/accounts")[0] == 403, "an interviewer sees no accounts")
    check(c.ask("POST", "/api/logout")[0] == 204 and c.ask("GET", "/api/session")[0] == 401, "after logging out the cookie is nothing")
    return device


def guessing(server):
    statuses = [Client(server).login("sonia", f"guess number {i}")[0] for i in range(12)]
    check(statuses[:10] == [401] * 10 and statuses[10:] == [429] * 2, f"ten guesses an account: {statuses}")
    status, headers, _ = Client(server).login("sonia", PASSWORD + "sonia")
    check(status == 429 and int(headers["Retry-After"]) > 0, f"then nobody, not even with the password: {status}")


def disabling(server, admin, device):
    """A disabled account is out at once, with all it has."""
    c = Client(server)
    c.login("ani", PASSWORD + "ani")
    check(c.ask("GET", "/api/interviews")[0] in (200, 403), "an analyst is in")
    people = {a["name"]: a["id"] for a in admin.ask("GET", "/api/accounts")[2]}
    check(admin.ask("POST", f"/api/accounts/{people['ani']}/disable")[0] == 204, "an account is disabled")
    check(c.ask("GET", "/api/session")[0] == 401, "its session is over")
    check(Client(server).login("ani", PASSWORD + "ani")[0] == 401, "it cannot log in")
    check(device.ask("GET", "/api/session")[0] == 200, "others stay in")


def upload(client, content, kind="package", piece=None):
    """All of it in one request, or in pieces."""
    size, h = len(content), digest(content)
    piece = piece or max(size, 1)
    for offset in range(0, size, piece):
        result = client.ask("PUT", f"/api/uploads/{h}?kind={kind}&size={size}&offset={offset}", content[offset:offset + piece])
        if result[0] != 202:
            break
    return result


def sending(server, admin, device):
    form, interviews = rehearse(survey, folder, TRAINING)
    status, _, project = device.ask("GET", "/api/project")
    key = base64.b64decode(project["publicKey"])
    check(status == 200 and len(key) == 32 and project["forms"][0]["id"] == form[0], f"project: {status} {project}")
    status, headers, block = device.ask("GET", f"/api/forms/{form[0]}/{form[1]}/block")
    check(status == 200 and len(block) == project["forms"][0]["bytes"] and "immutable" in headers["Cache-Control"], f"block: {status} {len(block)}")
    for coding in ("gzip", "br"):
        for _ in range(2):               # compressed now, and as it was kept
            status, headers, packed = device.ask("GET", f"/api/forms/{form[0]}/{form[1]}/block", headers={"Accept-Encoding": coding})
            check(status == 200 and headers["Content-Encoding"] == coding and len(packed) < len(block) / 2, f"block by {coding}: {status} {len(packed)}")
            check(coding == "br" or gzip.decompress(packed) == block, "what was compressed is the same")
    check(project["forms"][0]["files"] == [], f"sources are no files of a form: {project['forms'][0]['files']}")
    check(device.ask("GET", f"/api/forms/{form[0]}/{form[1]}/files/questionnaire.xml")[0] == 404, "nor can they be had")
    name, content = package(form, interviews[0])
    sealed = seal(content, key)
    status, _, body = upload(device, sealed)
    check(status == 201 and body == {"receipt": "stored", "uuid": name, "sentence": ""}, f"a package is stored: {status} {body}")
    status, _, body = upload(device, sealed)
    check(status == 200 and body["receipt"] == "stored-already", f"the same again: {status} {body}")
    status, _, body = upload(device, seal(content, key))
    check(status == 200 and body["receipt"] == "stored-already", f"the same sealed anew: {status} {body}")

    name, content = package(form, interviews[1])
    sealed = seal(content, key)
    size, h = len(sealed), digest(sealed)
    check(device.ask("HEAD", f"/api/uploads/{h}")[0] == 404, "nothing of an upload that was not begun")
    status, _, body = device.ask("PUT", f"/api/uploads/{h}?kind=package&size={size}&offset=0", sealed[:500])
    check(status == 202 and body == {"offset": 500}, f"a piece: {status} {body}")
    status, headers, _ = device.ask("HEAD", f"/api/uploads/{h}")
    check(status == 200 and headers["X-Survey-Offset"] == "500" and headers["X-Survey-Size"] == str(size), "how far it is")
    status, _, body = device.ask("PUT", f"/api/uploads/{h}?kind=package&size={size}&offset=900", sealed[900:])
    check(status == 409 and body == {"offset": 500}, f"a gap: {status} {body}")
    status, _, body = device.ask("PUT", f"/api/uploads/{h}?kind=package&size={size}&offset=500", sealed[500:])
    check(status == 201 and body["uuid"] == name, f"the rest: {status} {body}")

    status, _, body = device.ask("PUT", f"/api/uploads/{h}?kind=package&size=3&offset=0", b"abc")
    check(status == 422, f"bytes that are not what their hash says: {status} {body}")
    for query in ("", "?kind=package", "?kind=other&size=3", "?kind=package&size=-3", "?kind=package&size=3&offset=x", "?kind=package&size=2", "?kind=package&size=99999999999999999999"):
        check(device.ask("PUT", f"/api/uploads/{h}{query}", b"abc")[0] == 400, f"PUT {query}")
    check(device.ask("PUT", f"/api/uploads/{h}?kind=package&size=999999999", b"abc")[0] == 413, "a package that is too large")
    check(device.ask("PUT", f"/api/uploads/{h.upper()}?kind=package&size=3", b"abc")[0] == 400, "a hash in capitals")
    junk = seal(b"no package at all", key)
    status, _, body = upload(device, junk)
    check(status == 200 and body["receipt"] == "kept-aside" and body["sentence"] != "", f"what is no package is kept aside: {status} {body}")

    photo = seal(os.urandom(3000000), key)
    status, _, body = upload(device, photo, "file", 1 << 20)
    check(status == 201 and body["receipt"] == "stored", f"a file in pieces: {status} {body}")
    status, _, rows = admin.ask("GET", "/api/interviews")
    check(status == 200 and len(rows) == 2 and {r["interviewer"] for r in rows} == {"ivan"}, f"interviews: {status} {rows}")
    status, _, body = admin.ask("GET", "/api/status")
    check(status == 200 and body["received"]["stored"] == 2 and body["attention"]["keptAside"] == 1, f"status: {body}")
    status, headers, body = admin.ask("GET", "/status")
    check(status == 200 and b"<td>" + form[0].encode() + b"</td>" in body and headers["Content-Type"].startswith("text/html"), f"the page of it: {status} {body[:200]}")
    status, headers, body = admin.ask("GET", f"/api/export/{form[0]}.csv")
    check(status == 200 and body.count(b"\n") >= 3 and headers["Content-Disposition"] == "attachment", f"export: {status}")
    check(device.ask("GET", f"/api/export/{form[0]}.csv")[0] == 403, "an interviewer exports nothing")
    return form, interviews, key


def erased(server, admin, device, key, form, interviews):
    """An interview that was erased is refused in whatever form it comes again, so that the device deletes it."""
    name, content = package(form, interviews[3])
    check(upload(device, seal(content, key))[0] == 201, "one that will be erased")
    check(admin.ask("DELETE", f"/api/interviews/{name}?reason=asked")[0] in (204, 409), "it is erased")      # 409: a reader kept the log from being emptied at once
    other = content[:-20]                 # cut: what is in it cannot be read, whose it is can
    for what in (content, other):
        status, _, body = upload(device, seal(what, key))
        check(status == 200 and body["receipt"] == "erased" and body["uuid"] == name and "was erased on 20" in body["sentence"], f"sent again: {status} {body}")
    status, _, lines = admin.ask("GET", "/api/audit?limit=1000")
    check(sum(line["action"] == "interview.receive" and line["detail"] == "erased" for line in (lines["lines"] if isinstance(lines, dict) else lines)) == 2, "the audit log says so")


def answered_in_pieces(server, device, key, form, interviews):
    """Many at once, and requests cut at every place: each is stored once or not acknowledged."""
    packages = [package(form, interviews[2]) for _ in range(40)]
    lost = []

    def send(some):
        client = Client(server, bearer=device.bearer)
        for name, content in some:
            status, _, body = upload(client, seal(content, key))
            if status != 201 or body["uuid"] != name:
                lost.append((status, body))

    threads = [threading.Thread(target=send, args=(packages[i::8],)) for i in range(8)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    check(not lost, f"forty at once: {lost[:3]}")
    name, content = package(form, interviews[2])
    sealed = seal(content, key)
    request = (f"PUT /api/uploads/{digest(sealed)}?kind=package&size={len(sealed)} HTTP/1.1\r\nHost: {server.host}:{server.port}\r\n"
               f"Authorization: Bearer {device.bearer}\r\nContent-Length: {len(sealed)}\r\nConnection: close\r\n\r\n").encode() + sealed
    for cut in range(0, len(request), max(len(request) // 60, 1)):
        with socket.create_connection((server.host, server.port), timeout=60) as s:
            s.sendall(request[:cut])
    status, got, _ = server.raw(request)
    check(status == 201, f"a request that was cut in 60 places and then came whole: {status} {got[-200:]}")


def links(server, admin, form, key, interviews):
    status, _, body = admin.ask("POST", "/api/links", {"kind": "public", "form": form[0]})
    check(status == 201 and body["url"].startswith(server.url + "/l/"), f"a link: {status} {body}")
    respondent = Client(server)
    status, headers, _ = respondent.ask("GET", "/l/" + body["code"])
    check(status == 302 and headers["Location"].startswith("/form/#o=") and respondent.cookie, f"the link lets in: {status} {headers['Location']}")
    status, _, who = respondent.ask("GET", "/api/session")
    check(status == 200 and who["role"] == "respondent" and who["form"] == form[0], f"a respondent: {who}")
    name, content = package(form, interviews[0], mode=3, actor="")
    status, _, got = upload(respondent, seal(content, key))
    check(status == 201, f"a respondent sends: {status} {got}")
    check(respondent.ask("GET", "/api/interviews")[0] == 403 and respondent.ask("GET", "/api/accounts")[0] == 403, "a respondent sees nothing else")
    check(admin.ask("POST", f"/api/links/{body['id']}/close")[0] == 204, "the link is closed")
    check(respondent.ask("GET", "/api/session")[0] == 401, "a closed link lets nobody stay")
    check(Client(server).ask("GET", "/l/" + body["code"])[1]["Location"] == "/form/#x=1", "nor come in")
    check(Client(server).ask("GET", "/l/0000-0000-0000-0000-0000-0000-0000")[1]["Location"] == "/form/#x=1", "an unknown code looks the same")


def erasing(server, admin):
    first = admin.ask("GET", "/api/interviews")[2][0]["uuid"]
    check(admin.ask("DELETE", f"/api/interviews/{first}")[0] == 400, "erasing needs a reason")
    check(admin.ask("DELETE", f"/api/interviews/{first}?reason=request+12")[0] == 204, "an interview is erased")
    check(admin.ask("DELETE", "/api/interviews/00000000-0000-4000-8000-000000000000?reason=a")[0] == 404, "what is not there is not found")
    actions = [line["action"] for line in admin.ask("GET", "/api/audit")[2]]
    check("export.read" in actions and any("erase" in a for a in actions), f"the audit log knows: {actions[-8:]}")


def losing(form, interviews, key):
    """The study is taken away under the server: nothing is acknowledged any more, and it ends with status 3 for somebody to start it again."""
    study = folder / "lost.study"
    shutil.copy(folder / "t.study", study)
    with Server(survey, study, "--quiet") as server:
        client = Client(server)
        status, _, _ = client.login("ada", PASSWORD)
        check(status == 200, f"log in: {status}")
        _, content = package(form, interviews[0])
        status, _, body = upload(client, seal(content, key))
        check(status == 201, f"before: {status} {body}")
        study.rename(folder / "elsewhere")
        _, content = package(form, interviews[1])
        try:
            status, _, body = upload(client, seal(content, key))
            check(status >= 500, f"taken away: {status} {body}")
        except OSError:
            pass
        check(server.process.wait(timeout=60) == 3, "it ends with status 3")


def tls():
    study = new_study("tls.study")
    with Server(survey, study, "--certificate", "auto", "--quiet") as server:
        check(server.url.startswith("https://"), server.url)
        trusted = ssl.create_default_context(cafile=str(study) + ".certificate.pem")
        with trusted.wrap_socket(server.socket(), server_hostname="127.0.0.1") as s:
            s.sendall(b"GET /api/health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
            got = s.recv(65536)
            check(got.startswith(b"HTTP/1.1 200") and b"Strict-Transport-Security" in got and s.version() in ("TLSv1.2", "TLSv1.3"), f"https: {got[:60]}")
        old = subprocess.run(["openssl", "s_client", "-connect", f"{server.host}:{server.port}", "-tls1_1", "-cipher", "ALL:@SECLEVEL=0"], input=b"",
                             capture_output=True)
        check(old.returncode != 0, "TLS 1.1 is refused")
        status, _, closed = server.raw(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
        check(status == 0 and closed, "plain text at a TLS server ends the connection")
    check(os.stat(str(study) + ".key.pem").st_mode & 0o077 == 0, "nobody else can read the key")
    check(subprocess.run(["openssl", "verify", "-CAfile", str(study) + ".certificate.pem", str(study) + ".certificate.pem"], capture_output=True).returncode == 0,
          "the certificate holds")


def behind_proxy():
    study, path = new_study("proxy.study"), folder / "socket"
    process = subprocess.Popen([survey, "serve", study, "--listen", f"unix:{path}", "--behind-proxy", "--quiet"], stdout=subprocess.PIPE, text=True)
    check(process.stdout.readline() == f"listening on unix:{path}\n", "a socket for a proxy")
    with socket.socket(socket.AF_UNIX) as s:
        s.connect(str(path))
        s.sendall(b"GET /api/health HTTP/1.1\r\nHost: survey.example\r\nX-Forwarded-Proto: https\r\nX-Forwarded-For: 192.0.2.1\r\nConnection: close\r\n\r\n")
        check(b"Strict-Transport-Security" in s.recv(65536), "the proxy says https")
    process.terminate()
    process.stdout.close()
    check(process.wait(timeout=60) == 0 and not path.exists(), "the socket goes with the server")


shutil.rmtree(folder, ignore_errors=True)
folder.mkdir(parents=True)
study = new_study("t.study")
log = folder / "log"
with Server(survey, study, "--log", log) as server:
    admin = set_up(server)
    headers_of_every_answer(server)
    device = coming_in(server, admin)
    guessing(server)
    disabling(server, admin, device)
    form, interviews, key = sending(server, admin, device)
    answered_in_pieces(server, device, key, form, interviews)
    erased(server, admin, device, key, form, interviews)
    links(server, admin, form, key, interviews)
    erasing(server, admin)
    second = run(survey, "serve", study, "--listen", "127.0.0.1:0")
    check(second.returncode == 3 and "survey" in second.stderr, f"a second server of one study: {second.returncode} {second.stderr}")
    token, cookie = device.bearer, admin.cookie.split("=")[1]
    check(server.stop() == 0, "SIGTERM ends it with status 0")
said = log.read_text()
check("/api/uploads/*" in said and token not in said and cookie not in said and PASSWORD not in said and "guess number" not in said, "the log has no secrets")
verified = run(survey, "study", "verify", study)
check(verified.returncode == 0, "the study holds: " + verified.stderr)
for options, words in ((["--listen", "nowhere.invalid:80"], "address"), (["--listen", "127.0.0.1:99999"], "port"), (["--certificate", "/nonexistent"], "certificate"),
                       (["--behind-proxy", "--listen", "0.0.0.0:0"], "proxy"), (["--key", "/nonexistent"], "--certificate"), (["--form-folder", "/nonexistent"], "form")):
    bad = run(survey, "serve", study, *options)
    check(bad.returncode in (1, 3) and words in bad.stderr, f"{options}: {bad.returncode} {bad.stderr}")
losing(form, interviews, key)
tls()
behind_proxy()
print(f"{len(failures)} failures")
sys.exit(1 if failures else 0)
