#!/usr/bin/env python3
"""What somebody with bad intentions does to `survey serve` beyond malformed requests: work without end, half uploads, floods, races, hostile text in every field.

usage: attack_test.py SURVEY FOLDER
"""
import base64
import pathlib
import shutil
import socket
import sqlite3
import subprocess
import sys
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from packages import digest, number, package, seal
from serving import Client, Server, answer, run
import packages

survey, folder = sys.argv[1], pathlib.Path(sys.argv[2]).resolve()
failures = []
PASSWORD = "seven wet otters in June"
NOW = 1795396092315
START, END = (1, "", "", "seed=2 lang=en"), (13, "", "", "")
HOSTILE = ["'; DROP TABLE interviews;--", '"><img src=x onerror=alert(1)>', "=cmd|' /C calc'!A0", "../../etc/passwd", "%s%n%s", "\u202egnp.exe", "a\u2028b", "\ufeff", "𝕏" * 20]
BROKEN = [b"\xff", b"\xc0\xaf", b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b"a\0b", b"\xe2\x80"]


def check(good, what):
    if not good:
        failures.append(what)
        print("FAILED:", what, file=sys.stderr)


def make_study():
    (folder / "q.xml").write_text(
        '<questionnaire xmlns="urn:libsurvey:questionnaire:1" id="q" version="1" xml:lang="en"><title>q</title>'
        '<question id="age" type="integer"><label>Age?</label></question><question id="words" type="text"><label>Words?</label></question>'
        '<question id="n" type="integer"><label>How many?</label></question>'
        '<roster id="m" count="${n}"><label>M</label><question id="a" type="integer"><label>Age of ${words}?</label></question></roster></questionnaire>', encoding="utf-8")
    study = folder / "attack.study"
    made = run(survey, "study", "create", study, "--questionnaire", folder / "q.xml")
    check(made.returncode == 0, made.stderr)
    return study


def events(*rows):
    return [(i + 1, NOW, 0, 1000, action, item, entry, value, 0, "") for i, (action, item, entry, value) in enumerate((START, *rows, END))]


def put(client, content, kind="package", size=None):
    return client.ask("PUT", f"/api/uploads/{digest(content)}?kind={kind}&size={size or len(content)}&offset=0", content)


def first_administrator(server):
    """Many use the address that was printed at the same moment: one of them is the administrator."""
    code, clients, statuses = server.read_setup(), [Client(server) for _ in range(6)], []

    def set_up(i):
        statuses.append((clients[i].ask("POST", "/api/setup", {"code": code, "name": f"ada{i}", "password": PASSWORD})[0], i))

    for _ in range(11):
        Client(server).login("/setup", "x")          # whose tries are not those of the address
    threads = [threading.Thread(target=set_up, args=(i,)) for i in range(6)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    check(sorted(s for s, _ in statuses) == [200] + [404] * 5, f"six at once: {statuses}")
    return clients[min(statuses)[1]]


def hostile_text(server, admin, device, key, form):
    """Every field that goes into the study takes hostile text as text, or refuses it in a sentence."""
    taken = []
    for text in HOSTILE:
        asked = [("POST", "/api/accounts", {"name": text, "role": "interviewer", "password": PASSWORD}),
                 ("POST", "/api/accounts", {"name": f"n{len(taken)}", "role": text, "password": PASSWORD}),
                 ("POST", "/api/accounts", {"name": f"o{HOSTILE.index(text)}", "role": "interviewer", "organisation": text, "password": PASSWORD}),
                 ("POST", "/api/devices", {"name": text}), ("POST", "/api/links", {"kind": "public", "form": text}), ("POST", "/api/links", {"kind": text, "form": "q"}),
                 ("POST", "/api/links", {"kind": "personal", "form": "q", "case": text}), ("POST", "/api/login", {"name": text, "password": text})]
        for method, path, body in asked:
            status, _, got = admin.ask(method, path, body)
            check(status in (201, 401, 404, 422, 429) and (status == 201 or "error" in got), f"{path} {body}: {status} {got}")
            check(status < 300 or "SQL" not in str(got), f"{path}: {got}")
        name, content = package(form, events((3, "words", "", text), (7, "age", "", text)), case=text, actor=text)
        status, _, got = put(device, seal(content, key))
        check(status in (200, 201) and got["receipt"] in ("stored", "kept-aside"), f"a package of {text!r}: {status} {got}")
        taken += [name] * (got["receipt"] == "stored")
    for broken in BROKEN:
        status, _, got = Client(server).ask("POST", "/api/login", b'{"name":"' + broken + b'","password":"x"}')
        check(status == 400, f"login with {broken}: {status}")
        whole, packages.text = packages.text, lambda t: whole(t) if t != "BROKEN" else number(len(broken)) + broken + b"\0"
        try:
            rows = (events((3, "words", "", "BROKEN")), {}), (events(), {"case": "BROKEN"}), (events(), {"actor": "BROKEN"}), (events((7, "age", "", "BROKEN")), {})
            for list_of_events, more in rows:
                status, _, got = put(device, seal(package(form, list_of_events, **more)[1], key))
                check(status == 200 and got["receipt"] == "kept-aside", f"{broken} in a package: {status} {got}")
        finally:
            packages.text = whole
    for body in (b"[" * 4000, b'{"a":' * 600 + b"1", b'{"name":1e400,"password":-1e400}', b'{"name":"\\ud800","password":"\\udfff"}', b"null", b"", b'{"name":"x"' + b" " * 5000):
        check(Client(server).ask("POST", "/api/login", body)[0] in (400, 401, 413, 429), f"login with {body[:20]}")
    listed = {row["uuid"] for row in admin.ask("GET", "/api/interviews")[2]}
    check(set(taken) <= listed and len(taken) >= 3, f"{len(taken)} hostile interviews are listed")
    check(admin.ask("GET", "/api/export/q.csv")[0] == 200 and admin.ask("GET", "/status")[0] == 200, "and can be exported")
    check(b"<img" not in admin.ask("GET", "/status")[2], "the page of fieldwork shows text as text")


def work_without_end(server, device, key, form):
    """Half a megabyte that makes ten thousand entries come and go ten thousand times would keep a thread for minutes."""
    rows = [(3, "n", "", "10000" if i % 2 else "1") for i in range(20000)]
    heavy = seal(package(form, events(*rows))[1], key)
    healthy = []

    def others():
        while not done:
            client = Client(server)
            healthy.append(put(client_of(server, device), seal(package(form, events((3, "age", "", "30")))[1], key))[0])
            client.connection.close()
            time.sleep(0.2)

    done = []
    thread = threading.Thread(target=others)
    thread.start()
    status, _, got = put(device, heavy)
    done.append(1)
    thread.join()
    check(status == 200 and got["receipt"] == "kept-aside" and ("too long" in got["sentence"] or "more work than any" in got["sentence"]), f"work without end: {status} {got}")
    check(healthy and set(healthy) == {201}, f"others are served meanwhile: {healthy}")
    status, _, got = put(device, seal(package(form, events((3, "n", "", "999999999")))[1], key))
    check(status == 200 and got["receipt"] == "kept-aside", f"a roster without end: {status} {got}")
    for junk in (b"", b"SVYP", b"SVYP\x01", b"SVYP\x01" + b"\x03" + b"\xff" * 9 + b"\x01", bytes(100000)):
        status, _, got = put(device, seal(junk, key))
        check(status == 200 and got["receipt"] == "kept-aside", f"{junk[:8]}: {status} {got}")


def client_of(server, device):
    return Client(server, bearer=device.bearer)


def half_uploads(server, admin, study, key):
    """What is begun and never ended does not fill the disk; whoever is thrown out goes on no more."""
    status, _, link = admin.ask("POST", "/api/links", {"kind": "public", "form": "q"})
    check(status == 201, f"a link: {status} {link}")
    stranger = Client(server)
    stranger.ask("GET", "/l/" + link["code"])
    stranger.ask("GET", "/api/session")
    for i in range(40):
        status, _, got = put(stranger, b"half %d" % i, "file", 64 << 20)
        check(status == 202, f"half an upload: {status} {got}")
    with sqlite3.connect(f"file:{study}?mode=ro", uri=True) as db:
        kept, size = db.execute("SELECT count(*), sum(size) FROM uploads").fetchone()
    check(kept == 16 and size == 1 << 30, f"{kept} half uploads of {size} bytes are kept")
    check(admin.ask("POST", f"/api/links/{link['id']}/close")[0] == 204, "the link is closed")
    check(put(stranger, b"half 1", "file", 64 << 20)[0] == 401, "whose link is closed in the middle of an upload goes on no more")


def addresses(server):
    """Who says that the request comes from elsewhere is not believed, unless a proxy was announced."""
    statuses = [Client(server).ask("POST", "/api/login", {"name": f"x{i}", "password": "x"}, {"X-Forwarded-For": f"10.0.0.{i}", "Forwarded": f"for=10.0.0.{i}", "X-Real-IP": f"10.0.0.{i}"})[0]
                for i in range(105)]
    check(statuses[-1] == 429 and 401 in statuses, f"a hundred tries from an address: {statuses}")


def few_descriptors(study):
    """A crowd that does nothing, with few descriptors: the server is there all the same, and does not burn the processor."""
    process = subprocess.Popen(["bash", "-c", 'ulimit -n 64; exec "$0" serve "$1" --listen 127.0.0.1:0 --quiet', survey, study], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        host, _, port = process.stdout.readline().split()[-1].split("//")[1].rpartition(":")
        crowd = [socket.create_connection((host, int(port)), timeout=30) for _ in range(200)]
        with socket.create_connection((host, int(port)), timeout=30) as s:
            s.sendall(b"GET /api/health HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
            check(answer(s)[0] == 200, "200 idle connections and 64 descriptors")
        for s in crowd:
            s.close()
    finally:
        process.terminate()
        process.communicate(timeout=60)
    check(process.returncode == 0, f"it ends as asked: {process.returncode}")


def certificates(study):
    """Certificates and keys that cannot be used are named in one sentence, before anything is served."""
    run_openssl = lambda *a: subprocess.run(["openssl", *map(str, a)], capture_output=True, check=True)
    for name in ("a", "b"):
        run_openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", "/CN=x", "-days", "1", "-keyout", folder / f"{name}.key", "-out", folder / f"{name}.pem")
    (folder / "junk.pem").write_bytes(b"-----BEGIN CERTIFICATE-----\n" + b"A" * 1000 + b"\n-----END CERTIFICATE-----\n")
    (folder / "empty.pem").write_bytes(b"")
    for certificate, private in (("a.pem", "b.key"), ("junk.pem", "a.key"), ("empty.pem", "a.key"), ("a.pem", "empty.pem"), ("missing.pem", "a.key"), ("a.pem", "missing.key"), (".", "a.key")):
        done = run(survey, "serve", study, "--listen", "127.0.0.1:0", "--certificate", folder / certificate, "--key", folder / private, "--quiet", timeout=60)
        check(done.returncode not in (0, -6, -11) and "listening" not in done.stdout and done.stderr.startswith("survey: ") and len(done.stderr.split("\n")[0]) < 500,
              f"{certificate} with {private}: {done.returncode} {done.stderr}")


shutil.rmtree(folder, ignore_errors=True)
folder.mkdir(parents=True)
study = make_study()
with Server(survey, study) as server:
    admin = first_administrator(server)
    check(admin.ask("POST", "/api/accounts", {"name": "ann", "role": "interviewer", "password": PASSWORD})[0] == 201, "an interviewer")
    ann = Client(server)
    ann.login("ann", PASSWORD)
    device = Client(server, bearer=ann.ask("POST", "/api/devices", {"name": "tablet"})[2]["token"])
    project = device.ask("GET", "/api/project")[2]
    key = base64.b64decode(project["publicKey"])
    form = ("q", "1", int(project["forms"][0]["checksum"], 16))
    hostile_text(server, admin, device, key, form)
    work_without_end(server, device, key, form)
    half_uploads(server, admin, study, key)
    second = run(survey, "study", "account", "add", study, "late", "--role", "interviewer", input=PASSWORD + "\n")
    check(second.returncode == 3 and "only one program at a time" in second.stderr, f"a second writer: {second.returncode} {second.stderr}")
    addresses(server)
    check(server.stop() == 0, "it ends with status 0")
few_descriptors(study)
certificates(study)
verified = run(survey, "study", "verify", study)
check(verified.returncode == 0, f"the study is whole: {verified.stderr}")
print(f"{len(failures)} failures")
sys.exit(1 if failures else 0)
