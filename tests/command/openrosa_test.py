#!/usr/bin/env python3
"""The OpenRosa API of survey serve, in the sequence of ODK Collect and against what is hostile: lists, forms, files, submissions that are split, sent twice,
edited, in conflict, encrypted, or no submissions at all."""
import base64
import concurrent.futures
import hashlib
import http.client
import json
import os
import re
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import time
import urllib.parse
import uuid
import xml.etree.ElementTree as ET
import zlib

survey, folder = os.path.abspath(sys.argv[1]), os.path.abspath(sys.argv[2])
ROOT = os.getcwd()
shutil.rmtree(folder, ignore_errors=True)
os.makedirs(folder)
os.chdir(folder)

LIST, MANIFEST, RESPONSE = "{http://openrosa.org/xforms/xformsList}", "{http://openrosa.org/xforms/xformsManifest}", "{http://openrosa.org/http/response}"
PASSWORD = "a quiet river at noon"
NATIVE = '''<questionnaire xmlns="urn:libsurvey:questionnaire:1" id="work" version="1" xml:lang="en"><title>Work &amp; pay</title>
  <parameter id="least" type="integer" value="15"/>
  <section id="first"><title>F</title><question id="agrees" type="integer" required="true"><label>1 yes, 2 no</label></question></section>
  <end id="stop" when="${agrees} = 2" outcome="refused" keep="first">Thank you.</end>
  <section id="s"><title>S</title>
  <question id="age" type="integer" required="true"><label>Age?</label><check that="${age} &gt;= ${least}">Too young.</check></question>
  <question id="job" type="text" relevant="${age} &gt; 15"><label>Job?</label></question>
  <question id="woke" type="time"><label>Woke?</label></question><question id="left" type="datetime"><label>Left?</label></question></section></questionnaire>'''


def xform(version, extra=""):
    return f'''<h:html xmlns="http://www.w3.org/2002/xforms" xmlns:h="http://www.w3.org/1999/xhtml" xmlns:jr="http://openrosa.org/javarosa" xmlns:orx="http://openrosa.org/xforms">
<h:head><h:title>Visit</h:title><model><instance><data id="visit" version="{version}"><name/><town/><photo/><m jr:template=""><n/></m>{extra}
<orx:meta><orx:instanceID/><orx:audit/></orx:meta></data></instance><instance id="towns" src="jr://file-csv/towns.csv"/>
<bind nodeset="/data/name" type="string"/><bind nodeset="/data/town" type="string"/><bind nodeset="/data/photo" type="binary"/><bind nodeset="/data/m/n" type="int"/>
<bind nodeset="/data/orx:meta/orx:instanceID" type="string" jr:preload="uid"/><bind nodeset="/data/orx:meta/orx:audit" type="binary"/></model></h:head>
<h:body><input ref="/data/name"><label>Name</label></input>
<select1 ref="/data/town"><label>Town</label><itemset nodeset="instance('towns')/root/item"><value ref="name"/><label ref="label"/></itemset></select1>
<upload ref="/data/photo" mediatype="image/*"><label>Photo</label></upload>
<group ref="/data/m"><label>M</label><repeat nodeset="/data/m"><input ref="/data/m/n"><label>N</label></input></repeat></group></h:body></h:html>'''


def run(*args, status=0, stdin=None):
    done = subprocess.run([survey, *args], input=stdin, capture_output=True, text=True, timeout=120)
    assert done.returncode == status, f"{args}: status {done.returncode}, not {status}\n{done.stdout}\n{done.stderr}"
    return done


# ---- a client as ODK Collect is one ----

class Reply:
    def __init__(self, reply):
        self.status, self.headers, self.body = reply.status, reply.headers, reply.read()

    def message(self):
        root = ET.fromstring(self.body)
        assert root.tag == RESPONSE + "OpenRosaResponse", self.body
        return root.find(RESPONSE + "message").text


class Client:
    def __init__(self, port, name=None, password=PASSWORD, prefix="/odk"):
        self.port, self.prefix = port, prefix
        self.auth = {"Authorization": "Basic " + base64.b64encode(f"{name}:{password}".encode()).decode()} if name else {}

    def ask(self, method, path, body=None, headers=(), chunked=False):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        usual = {"X-OpenRosa-Version": "1.0", "Date": "Sun, 22 Nov 2026 10:00:00 GMT", "User-Agent": "org.odk.collect.android/v2026.2.0 Dalvik/2.1.0"}
        connection.request(method, path, body, {**usual, **self.auth, **dict(headers)}, encode_chunked=chunked)
        reply = Reply(connection.getresponse())
        connection.close()
        return reply

    def get(self, path, **options):
        return self.ask("GET", self.prefix + path, **options)

    def fetch(self, url):
        """An absolute address, as the list has them."""
        parts = urllib.parse.urlsplit(url)
        assert parts.netloc == f"127.0.0.1:{self.port}", url
        return self.ask("GET", parts.path)

    def post(self, parts, headers=(), chunked=False, boundary="9f1b-c0de"):
        body = b"".join(b"--" + boundary.encode() + b"\r\n" + part + b"\r\n" for part in parts) + b"--" + boundary.encode() + b"--\r\n"
        headers = {"Content-Type": f"multipart/form-data; boundary={boundary}", **dict(headers)}
        pieces = (body[i:i + 1000] for i in range(0, len(body), 1000)) if chunked else body
        if chunked:
            headers["Transfer-Encoding"] = "chunked"
        return self.ask("POST", self.prefix + "/submission?deviceID=collect%3Aab12", pieces, headers, chunked)

    def submit(self, xml, files=(), incomplete=False, **options):
        parts = [file_part("xml_submission_file", xml.encode(), "text/xml; charset=utf-8", "form_2026.xml")]
        parts += [file_part(name, content, media) for name, content, media in files]
        if incomplete:
            parts.append(b'Content-Disposition: form-data; name="*isIncomplete*"\r\nContent-Length: 3\r\n\r\nyes')
        return self.post(parts, **options)


def file_part(name, content, media, file=None):
    return f'Content-Disposition: form-data; name="{name}"; filename="{file or name}"\r\nContent-Type: {media}\r\nContent-Length: {len(content)}\r\n\r\n'.encode() + content


def visit(name, instance=None, replaces=None, photo="", extra="", version="1"):
    instance = instance or f"uuid:{uuid.uuid4()}"
    deprecated = f"<orx:deprecatedID>{replaces}</orx:deprecatedID>" if replaces else ""
    return instance, (f'<?xml version="1.0" ?><data id="visit" version="{version}" xmlns:orx="http://openrosa.org/xforms"><name>{name}</name><town>s</town><photo>{photo}</photo>'
                      f'<m><n>1</n></m><m><n>2</n></m>{extra}<orx:meta><orx:instanceID>{instance}</orx:instanceID>{deprecated}</orx:meta></data>')


def plain(instance):
    return instance[5:]


class Server:
    def __init__(self, *options):
        self.process = subprocess.Popen([survey, "serve", "s.study", "--listen", "127.0.0.1:0", "--quiet", "--log", "server.log", *options], stdout=subprocess.PIPE, text=True)
        line = self.process.stdout.readline()
        assert line.startswith("listening on http://127.0.0.1:"), line
        self.port = int(line.rsplit(":", 1)[1].strip("/\n "))

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self.process.terminate()
        status = self.process.wait(30)
        assert error[0] is not None or status == 0, status

    def memory(self):
        """Most that its processes ever had, in MB."""
        with open(f"/proc/{self.process.pid}/status") as f:
            return int(re.search(r"VmHWM:\s+(\d+)", f.read())[1]) // 1024


def study(sql, *values):
    with sqlite3.connect("file:s.study?mode=ro", uri=True) as db:
        return db.execute(sql, values).fetchall()


def names():
    return sorted(r[0] for r in study("SELECT name FROM data_visit"))


# ---- what the client is told ----

def check_signing_in(port):
    for client in Client(port), Client(port, "ines", "wrong password here"), Client(port, "nobody"):
        for reply in client.get("/formList"), client.ask("HEAD", "/odk/submission"), client.submit(visit("Eve")[1]):
            assert reply.status == 401 and reply.headers["X-OpenRosa-Version"] == "1.0", (reply.status, reply.headers)
            assert reply.headers["WWW-Authenticate"].startswith("Basic "), reply.headers
    assert Client(port, "anna").submit(visit("Eve")[1]).status == 403
    assert Client(port, "anna").ask("HEAD", "/odk/submission").status == 403
    assert Client(port, prefix="/odk/key/" + "x" * 43).get("/formList").status in (401, 404)


def listed(client, query=""):
    reply = client.get("/formList?deviceID=collect%3Aab12" + query)
    assert reply.status == 200 and "text/xml" in reply.headers["Content-Type"], reply.headers
    assert reply.headers["X-OpenRosa-Version"] == "1.0" and reply.headers["Date"] and int(reply.headers["X-OpenRosa-Accept-Content-Length"]) > 0
    return {f.find(LIST + "formID").text: {c.tag.replace(LIST, ""): c.text for c in f} for f in ET.fromstring(reply.body)}


def check_forms(client):
    forms = listed(client)
    assert set(forms) == {"visit", "work"}, forms
    assert forms["work"]["name"] == "Work & pay" and forms["work"]["version"] == "1" and "manifestUrl" not in forms["work"], forms["work"]
    for form in forms.values():
        reply = client.fetch(form["downloadUrl"])
        assert reply.status == 200 and "text/xml" in reply.headers["Content-Type"]
        assert form["hash"] == "md5:" + hashlib.md5(reply.body).hexdigest()
    assert client.fetch(forms["visit"]["downloadUrl"]).body == open("visit.xml", "rb").read(), "an XForm is served as it was given"
    manifest = client.fetch(forms["visit"]["manifestUrl"])
    files = ET.fromstring(manifest.body).findall(MANIFEST + "mediaFile")
    assert [f.find(MANIFEST + "filename").text for f in files] == ["towns.csv"], manifest.body
    media = client.fetch(files[0].find(MANIFEST + "downloadUrl").text)
    assert files[0].find(MANIFEST + "hash").text == "md5:" + hashlib.md5(media.body).hexdigest() and media.body == open("towns.csv", "rb").read()
    assert media.headers["Content-Type"] == "text/csv; charset=utf-8", "Enketo takes a list by its media type"
    assert set(listed(client, "&formID=work")) == {"work"} and listed(client, "&formID=none") == {}
    for path in "/forms/none/1/form.xml", "/forms/visit/9/form.xml", "/forms/visit/1/files/visit.xml", "/forms/visit/1/files/..%2Fs.study", "/forms/visit/1/files/%2e%2e":
        assert client.get(path).status in (400, 404), path
    assert client.get("/formList", headers={"X-OpenRosa-Version": "2.0"}).status == 400
    assert client.submit(visit("Packed")[1], headers={"Content-Encoding": "gzip"}).status == 415
    assert client.ask("HEAD", "/odk/submission?deviceID=x").status == 204


# ---- submissions ----

def check_submissions(client):
    instance, xml = visit("Ana")
    reply = client.submit(xml)
    assert reply.status == 201 and "stored" in reply.message(), (reply.status, reply.body)
    assert client.submit(xml).status == 202 and client.submit(xml, chunked=True).status == 202
    other = client.submit(visit("Another", instance)[1])
    assert other.status == 409 and "not stored" in other.message(), other.body
    assert names() == ["Ana", "By key"]
    assert study("SELECT count(*) FROM interviews WHERE uuid = ?", plain(instance)) == [(1,)]
    assert study("SELECT n FROM data_visit_m WHERE interview = ? ORDER BY n", plain(instance)) == [(1,), (2,)]
    _, xml = visit("Named otherwise", "household 17/2026")
    assert "somebody" not in client.submit(xml).message() and "already" in client.submit(xml).message(), "an instanceID need not be a uuid"
    assert study("SELECT count(*) FROM data_visit WHERE name = 'Named otherwise'") == [(1,)]
    third, xml = visit("Chunked")
    assert client.submit(xml, chunked=True).status == 201


def work(nodes):
    return f'<data id="work" version="1">{nodes}<meta><instanceID>uuid:{uuid.uuid4()}</instanceID></meta></data>'


def check_native(client):
    """A questionnaire in our own language: typed answers, early ends, checks, parameters."""
    moments = "<woke>05:30:59.999+02:00</woke><left>2026-03-31T08:30:01.000-03:30</left>"
    assert client.submit(work(f"<first><agrees>1</agrees></first><s><age>30</age><job>miner</job>{moments}</s>")).status == 201
    assert study("SELECT age, job, outcome, woke, left FROM data_work") == [(30, "miner", "", "05:30:59", "2026-03-31T08:30:01")], study("SELECT woke, left FROM data_work")
    assert client.submit(work("<first><agrees>2</agrees></first><stop/>")).status == 201
    assert client.submit(work("<first><agrees>2</agrees></first><s><age/><job/></s>")).status == 201
    assert study("SELECT agrees, age, age_missing, outcome FROM data_work WHERE outcome <> ''") == [(2, None, "not-asked", "refused")] * 2
    assert client.submit(work("<first><agrees>1</agrees></first><s><age>12</age></s>")).status == 201
    assert client.submit(work("<first><agrees>1</agrees></first><s><age>30</age><woke>soon</woke><left>late</left></s>")).status == 201
    (young,), (odd,) = study("SELECT reason FROM kept_aside WHERE form = 'work' ORDER BY number")
    assert "Too young" in young, young
    assert odd == "woke: the value is none that the question can have; left: the value is none that the question can have", odd


def check_split(client):
    instance, xml = visit("Split", photo="1.jpg")
    photo, sound = os.urandom(300000), os.urandom(1000)
    assert client.submit(xml, [("1.jpg", photo, "image/jpeg")], incomplete=True).status == 201
    assert names().count("Split") == 1, "the first part is stored, whatever becomes of the others"
    assert client.submit(xml, [("2.m4a", sound, "audio/mp4")]).status == 202
    assert client.submit(xml, [("1.jpg", photo, "image/jpeg")]).status == 202, "the same file again"
    assert client.submit(xml, [("1.jpg", b"other", "image/jpeg")]).status == 409, "other content under the same name"
    files = {name: size for name, size in study("SELECT f.name, a.size FROM interview_files f JOIN attachments a ON a.number = f.attachment JOIN interviews i ON i.number = f.interview "
                                                "WHERE i.uuid = ?", plain(instance))}
    assert files == {"submission.xml": len(xml.encode()), "1.jpg": 300000, "2.m4a": 1000}, files


def check_edits(client, other):
    first, xml = visit("Before")
    assert client.submit(xml).status == 201
    second, edited = visit("After", replaces=first)
    assert other.submit(edited).status == 403, "somebody else's"
    assert client.submit(edited).status == 201 and client.submit(edited).status == 202
    assert "After" in names() and "Before" not in names()
    again = client.submit(visit("Late", replaces=first)[1])
    assert again.status == 409 and "changed already" in again.message(), again.body
    assert client.submit(visit("Last", replaces=second)[1]).status == 201
    assert "Last" in names() and "After" not in names()
    assert study("SELECT revision FROM submissions WHERE interview = ? ORDER BY revision", plain(first)) == [(1,), (2,), (3,)]
    assert client.submit(xml).status == 202, "the first version again is no new interview"
    orphan = client.submit(visit("Orphan", replaces="uuid:" + str(uuid.uuid4()))[1])
    assert orphan.status == 201 and "Orphan" not in names(), orphan.body


def check_erased(first, xml):
    """Whatever carries an interview that was erased is taken for done by the client, and not stored."""
    run("erase", "s.study", plain(first), "--reason", "asked for it")
    before = study("SELECT (SELECT count(*) FROM interviews), (SELECT count(*) FROM kept_aside), (SELECT count(*) FROM attachments)")
    with Server() as server:
        client = Client(server.port, "ines")
        for what in (xml, visit("Changed", instance=first)[1], visit("Edited", replaces=first, photo="1.jpg")[1], visit("Elsewhere", instance=first, version="99")[1]):
            answer = client.submit(what, [("1.jpg", b"a photo", "image/jpeg")])
            assert answer.status == 202 and "was erased on 20" in answer.message(), (answer.status, answer.body)
    assert study("SELECT (SELECT count(*) FROM interviews), (SELECT count(*) FROM kept_aside), (SELECT count(*) FROM attachments)") == before
    assert study("SELECT count(*) FROM audit WHERE action = 'interview.receive' AND detail = 'erased'") == [(4,)]


def check_at_once(port):
    instance, xml = visit("Once")
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        statuses = sorted(pool.map(lambda i: Client(port, "ines").submit(xml, [(f"{i}.jpg", bytes([i]) * 10, "image/jpeg")]).status, range(8)))
    assert statuses == [201] + [202] * 7, statuses
    assert names().count("Once") == 1
    assert study("SELECT count(*) FROM interview_files f JOIN interviews i ON i.number = f.interview WHERE i.uuid = ?", plain(instance)) == [(9,)]


def check_kept_aside(client):
    before = len(names())
    assert client.submit(visit("Odd")[1].replace('id="visit"', 'id="none"')).status == 404
    assert client.submit(visit("Future", version="7")[1]).status == 201
    assert client.submit(visit("Strange", extra="<unknown>1</unknown>")[1]).status == 201
    assert len(names()) == before, "what cannot be an interview is kept, and is none"
    kept = study("SELECT form, version, reason FROM kept_aside WHERE reason LIKE '%deployed%' OR reason LIKE '%no such node%' ORDER BY version")
    assert len(kept) >= 2, kept


def check_log(client):
    audit = ("event,node,start,end,user\nform start,,1763800000000,,ines\nquestion,/data/name,1763800001000,1763800005000,ines\n"
             "question,/data/m[2]/n,1763800006000,1763800009000,ines\nform finalize,,1763800010000,,ines\n").encode()
    instance, xml = visit("Timed")
    assert client.submit(xml, [("audit.csv", audit, "text/csv")]).status == 201
    run("export", "s.study", "--form", "visit", "--sensitive", "--events", "--quiet", "-o", "out")
    with open("out/visit_events.csv", encoding="utf-8-sig") as f:
        mine = [line for line in f if plain(instance) in line]
    assert any(",odk," in line and "ines" in line for line in mine), mine
    assert any("name" in line and "2025-11-22T" in line for line in mine), mine


# ---- what is hostile ----

def hostile_bodies():
    xml = file_part("xml_submission_file", visit("Evil")[1].encode(), "text/xml")
    yield "nothing", [], 400
    yield "no XML", [file_part("1.jpg", b"x", "image/jpeg")], 400
    yield "two XMLs", [xml, xml], 400
    yield "10,000 parts", [xml] + [b'Content-Disposition: form-data; name="a"\r\n\r\nb'] * 10000, 413
    yield "parts in a part", [xml, b'Content-Disposition: form-data; name="a"\r\nContent-Type: multipart/mixed; boundary=z\r\n\r\n--z--'], 400
    yield "a NUL in a name", [xml, file_part("a\0b.jpg", b"x", "image/jpeg")], 400
    yield "the same file twice", [xml, file_part("1.jpg", b"x", "image/jpeg"), file_part("1.jpg", b"y", "image/jpeg")], 400
    yield "another charset", [file_part("xml_submission_file", visit("Evil")[1].encode("utf-16"), "text/xml; charset=utf-16")], 400
    yield "an empty XML", [file_part("xml_submission_file", b"", "text/xml")], 400
    yield "headers of 8 KiB", [xml, b'Content-Disposition: form-data; name="a"\r\nX: ' + b"x" * 8192 + b"\r\n\r\nb"], 413
    for name in "../s.study", "..", "a/b", "a\\\\b", "/etc/passwd", ".", "submission.xml":
        yield f"a file called {name}", [xml, file_part(name, b"x", "image/jpeg")], 400


def hostile_xml():
    laughs = "".join(f'<!ENTITY l{i} "{f"&l{i - 1};" * 10}">' for i in range(1, 10))
    yield "billion laughs", f'<!DOCTYPE d [<!ENTITY l0 "lol">{laughs}]><data id="visit">&l9;</data>', 400
    yield "quadratic", '<!DOCTYPE d [<!ENTITY a "%s">]><data id="visit">%s</data>' % ("x" * 50000, "&a;" * 20000), 400
    yield "a file of the system", '<!DOCTYPE d [<!ENTITY a SYSTEM "file:///etc/passwd">]><data id="visit"><name>&a;</name></data>', 400
    yield "a DOCTYPE of the network", '<!DOCTYPE d SYSTEM "http://127.0.0.1:1/x.dtd"><data id="visit"/>', 400
    yield "a million elements inside each other", "<a>" * 1000000, 413
    yield "a million elements", '<data id="visit">' + "<a/>" * 1000000 + "</data>", 413
    yield "an attribute of 1 MB", '<data id="visit" x="%s"/>' % ("x" * 1000000), 413
    yield "cut", visit("Evil")[1][:-10], 400
    yield "no XML", "hello", 400
    yield "an id of 1 KB", '<data id="%s"/>' % ("v" * 1000), 400


def check_hostile(server, client):
    before, memory = len(names()), server.memory()
    for what, parts, status in hostile_bodies():
        reply = client.post(parts)
        assert reply.status == status, (what, reply.status, reply.body)
    for what, xml, status in hostile_xml():
        reply = client.submit(xml)
        assert reply.status == status, (what, reply.status, reply.body)
    body = visit("Evil")[1].encode()
    for what, media, raw in (("no end", "multipart/form-data; boundary=b", b"--b\r\n" + file_part("xml_submission_file", body, "text/xml") + b"\r\n"),
                             ("no boundary", "multipart/form-data", b"x"), ("no form", "text/xml", body), ("a boundary of 100", "multipart/form-data; boundary=" + "b" * 100, b"x")):
        assert client.ask("POST", "/odk/submission", raw, {"Content-Type": media}).status == 400, what
    assert too_large(server.port, client) == 413
    assert len(names()) == before
    assert server.memory() < memory + 400, (memory, server.memory())
    assert client.submit(visit("Still here")[1]).status == 201


def too_large(port, client):
    """What is said to 100 MB before the first of them was sent."""
    with socket.create_connection(("127.0.0.1", port), 30) as s:
        s.sendall(f"POST /odk/submission HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nAuthorization: {client.auth['Authorization']}\r\nContent-Type: multipart/form-data; boundary=b\r\n"
                  "Content-Length: 104857600\r\n\r\n".encode())
        return int(s.recv(1000).split()[1])


# ---- encrypted ones ----

def processes(server):
    """The one that waits, and the one that forks readers."""
    children = lambda pid: [int(c) for c in open(f"/proc/{pid}/task/{pid}/children").read().split()]
    (keeper,) = children(server.process.pid)
    return keeper, children(keeper)


def check_helper_dies(server, client):
    """What forks the readers is killed, as the system does that is short of memory: the next submission is read all the same, without a new start."""
    for n in range(3):
        keeper, (helper,) = processes(server)
        os.kill(helper, signal.SIGKILL)
        deadline = time.monotonic() + 60
        while processes(server)[1] in ([helper], []) and time.monotonic() < deadline:
            time.sleep(0.02)
        assert client.submit(visit(f"Risen {n}")[1]).status == 201 and processes(server)[0] == keeper
    (helper,) = processes(server)[1]
    os.kill(keeper, signal.SIGKILL)
    assert client.submit(visit("Orphan")[1]).status == 201
    assert {"Risen 0", "Risen 1", "Risen 2", "Orphan"} <= set(names())


def check_encrypted(client):
    if not shutil.which("node"):
        return []
    os.makedirs("sealed", exist_ok=True)
    subprocess.run(["openssl", "genrsa", "-out", "form.pem", "2048"], check=True, capture_output=True)
    subprocess.run(["openssl", "rsa", "-in", "form.pem", "-pubout", "-out", "public.pem"], check=True, capture_output=True)
    instance, xml = visit("Sealed", photo="1.jpg")
    with open("plain.xml", "w") as f:
        f.write(xml)
    with open("1.jpg", "wb") as f:
        f.write(os.urandom(5000))
    subprocess.run(["node", os.path.join(ROOT, "tests/odk/encrypt.mjs"), "plain.xml", "sealed", "public.pem", "visit", "1", instance, "1.jpg"], check=True)
    manifest = open("sealed/manifest.xml").read()
    files = [(name, open(f"sealed/{name}", "rb").read(), "application/octet-stream") for name in ("1.jpg.enc", "submission.xml.enc")]
    assert client.submit(manifest, files[:1], incomplete=True).status == 201
    assert client.submit(manifest, files[1:]).status in (201, 202)
    assert "Sealed" not in names()
    return [instance]


def check_kept(sealed):
    """What was kept aside becomes an interview when the key is given, and when its version is deployed."""
    key = ["--private-key", "form.pem"] if sealed else []
    assert "Sealed" not in names() and "Future" not in names()
    run("import", "s.study", "--kept", "--quiet", status=1)
    assert "Sealed" not in names()
    with open("visit.xml", "w") as f:
        f.write(xform("7"))
    run("study", "deploy", "s.study", "visit.xml")
    done = run("import", "s.study", "--kept", *key, status=1)
    assert "Future" in names() and "no such node" in done.stderr, done.stderr
    for instance in sealed:
        assert "Sealed" in names()
        files = study("SELECT f.name, a.size FROM interview_files f JOIN attachments a ON a.number = f.attachment JOIN interviews i ON i.number = f.interview WHERE i.uuid = ?", plain(instance))
        assert dict(files)["1.jpg"] == 5000, files
    run("import", "s.study", "--kept", *key, status=1)
    assert names().count("Sealed") == len(sealed) and names().count("Future") == 1


def check_settings(port, settings):
    """What Collect finds in its QR code lets it in, without a password."""
    general = settings["general"]
    assert general["protocol"] == "odk_default" and settings["project"]["name"] == "Visits", settings
    url = urllib.parse.urlsplit(general["server_url"])
    assert url.netloc == "survey.example.org", url
    client = Client(port, prefix=url.path)
    forms = listed(client)
    assert set(forms) == {"visit", "work"} and f"{url.path}/forms/" in forms["visit"]["downloadUrl"]
    assert client.fetch(forms["visit"]["downloadUrl"]).status == 200 and client.fetch(forms["visit"]["manifestUrl"]).status == 200
    assert client.ask("HEAD", url.path + "/submission").status == 204
    instance, xml = visit("By key")
    assert client.submit(xml).status == 201
    assert study("SELECT interviewer FROM interviews WHERE uuid = ?", plain(instance)) == [("ines",)]


def prepare():
    for name, text in (("work.xml", NATIVE), ("visit.xml", xform("1")), ("towns.csv", "name,label\ns,Sofia\np,Plovdiv\n")):
        with open(name, "w") as f:
            f.write(text)
    run("study", "create", "s.study", "--questionnaire", "work.xml")
    run("study", "deploy", "s.study", "visit.xml")
    for name, role in (("ines", "interviewer"), ("ivan", "interviewer"), ("anna", "analyst")):
        run("study", "account", "add", "s.study", name, "--role", role, stdin=PASSWORD + "\n")
    packed = run("study", "account", "collect", "s.study", "ines", "--url", "https://survey.example.org/", "--project", "Visits", "--quiet").stdout
    return json.loads(zlib.decompress(base64.b64decode(packed)))


def main():
    settings = prepare()
    with Server() as server:
        ines, ivan = Client(server.port, "ines"), Client(server.port, "ivan")
        check_signing_in(server.port)
        check_forms(ines)
        check_settings(server.port, settings)
        check_submissions(ines)
        check_native(ines)
        check_split(ines)
        check_edits(ines, ivan)
        check_at_once(server.port)
        check_kept_aside(ines)
        check_log(ines)
        sealed = check_encrypted(ines)
        check_hostile(server, ines)
        check_helper_dies(server, ines)
        gone = visit("Gone")
        assert ines.submit(gone[1]).status == 201
    check_kept(sealed)
    check_erased(*gone)
    run("study", "verify", "s.study")


main()
print("openrosa: all passed")
