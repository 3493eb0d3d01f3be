#!/usr/bin/env python3
"""Media of a form, from the folder to who shows them: found in the three places, missing ones told once, deployed with the version and kept with it, served to browsers and
to ODK's clients as their hashes say, synchronised, not too large, under no name that leaves its folder."""
import base64
import hashlib
import json
import os
import re
import shutil
import sqlite3
import subprocess
import sys
import urllib.parse
import urllib.request
import xml.etree.ElementTree as ET

survey, folder = os.path.abspath(sys.argv[1]), os.path.abspath(sys.argv[2])
shutil.rmtree(folder, ignore_errors=True)
os.makedirs(folder)
os.chdir(folder)
MANIFEST, PASSWORD = "{http://openrosa.org/xforms/xformsManifest}", "a quiet river at noon"


def run(*args, status=0, stdin=None):
    done = subprocess.run([survey, *args], input=stdin, capture_output=True, text=True, timeout=120)
    assert done.returncode == status, f"{args}: status {done.returncode}, not {status}\n{done.stdout}\n{done.stderr}"
    return done.stdout + done.stderr


def study(name, sql):
    with sqlite3.connect(name) as db:
        return db.execute(sql).fetchall()


def write(path, content):
    os.makedirs(os.path.dirname(path) or ".", exist_ok=True)
    with open(path, "wb") as f:
        f.write(content if isinstance(content, bytes) else content.encode())


def xform(values, version="1"):
    texts = "".join(f'<text id="q{i}"><value>Question {i}</value><value form="{kind}">{name}</value></text>' for i, (kind, name) in enumerate(values))
    ids = range(len(values))
    return f'''<h:html xmlns="http://www.w3.org/2002/xforms" xmlns:h="http://www.w3.org/1999/xhtml" xmlns:jr="http://openrosa.org/javarosa"><h:head><h:title>Visit</h:title><model>
<itext><translation lang="en">{texts}</translation></itext><instance><data id="visit" version="{version}">{"".join(f"<a{i}/>" for i in ids)}<meta><instanceID/></meta></data></instance>
{"".join(f'<bind nodeset="/data/a{i}" type="string"/>' for i in ids)}<bind nodeset="/data/meta/instanceID" type="string" jr:preload="uid"/></model></h:head>
<h:body>{"".join(f"""<input ref="/data/a{i}"><label ref="jr:itext('q{i}')"/></input>""" for i in ids)}</h:body></h:html>'''


# ---- found, and missed ----

IMAGES = {"beside.png": b"\x89PNG beside", "in media.PNG": b"\x89PNG media", "карта.jpg": b"\xff\xd8 map", "same.mp3": b"ID3 sound", "film.mp4": b"\0\0\0 ftyp"}
values = [("image", "jr://images/beside.png"), ("big-image", "jr://images/in media.PNG"), ("image", "jr://images/карта.jpg"), ("audio", "jr://audio/same.mp3"), ("video", "jr://video/film.mp4"),
          ("image", "jr://images/beside.png")]
write("form/visit.xml", xform(values))
said = run("check", "form/visit.xml")
assert said.count("warning:") == 1 and "'beside.png'" in said and "'film.mp4'" in said and "put them beside the form" in said, said
write("form/beside.png", IMAGES["beside.png"])
write("form/media/in media.PNG", IMAGES["in media.PNG"])
for name in ("карта.jpg", "same.mp3"):
    write(f"form/visit-media/{name}", IMAGES[name])
said = run("check", "form/visit.xml")
assert "not there: 'film.mp4': put" in said, said

# ---- names that lead elsewhere; what is no file; what is too large ----

write("secret.png", b"not for this form")
os.mkfifo("form/pipe.png")
os.mkdir("form/folder.png")
hostile = ["../secret.png", "/etc/passwd", "a/b.png", "..", ".hidden.png", "http://example.org/x.png", "pipe.png", "folder.png", "x" * 300 + ".png", "line&#10;break.png"]
write("form/hostile.xml", xform([("image", "jr://images/" + name) for name in hostile]).replace('id="visit"', 'id="hostile"'))
said = run("study", "create", "hostile.study", "--questionnaire", "form/hostile.xml", "--actor", "test")
assert "and 5 more" in said, said
assert study("hostile.study", "SELECT * FROM form_media") == []
os.truncate(os.open("form/large.png", os.O_CREAT | os.O_WRONLY), (64 << 20) + 1)
write("form/large.xml", xform([("image", "large.png")]).replace('id="visit"', 'id="large"'))
said = run("study", "create", "large.study", "--questionnaire", "form/large.xml", "--actor", "test", status=1)
assert "large.png" in said and "at most 64 MiB" in said and not os.path.exists("large.study"), said
os.remove("form/large.png")

# ---- deployed, and kept with the version ----

said = run("study", "create", "s.study", "--questionnaire", "form/visit.xml", "--actor", "test")
assert "with 1 source file and 4 pictures, sounds or films" in said, said
write("form/film.mp4", IMAGES["film.mp4"])
run("study", "deploy", "s.study", "form/visit.xml", "--actor", "ann")
assert [name for name, in study("s.study", "SELECT name FROM form_media ORDER BY number")][-1] == "film.mp4"
assert study("s.study", "SELECT actor, object, detail FROM audit WHERE action = 'form.media' ORDER BY sequence") == [("test", "visit/1", "4"), ("ann", "visit/1", "1")]
run("study", "deploy", "s.study", "form/visit.xml", "--actor", "ann")
assert study("s.study", "SELECT count(*) FROM audit WHERE action = 'form.media'") == [(2,)], "the same again changes nothing"
write("form/beside.png", b"\x89PNG another")
said = run("study", "deploy", "s.study", "form/visit.xml", "--actor", "ann", status=1)
assert "'beside.png'" in said and "give the questionnaire a new one" in said, said
write("form/visit.xml", xform(values, "2"))
run("study", "deploy", "s.study", "form/visit.xml", "--actor", "ann")
assert study("s.study", "SELECT count(*) FROM form_media") == [(10,)] and study("s.study", "SELECT count(*) FROM media") == [(6,)], "what two versions show is there once"
run("study", "verify", "s.study")

# ---- converted ----

os.mkdir("native")
run("convert", "form/visit.xml", "native/questionnaire.xml")
assert sorted(os.listdir("native")) == sorted([*IMAGES, "questionnaire.xml"]), os.listdir("native")
assert "warning" not in run("check", "native/questionnaire.xml")
run("study", "create", "native.study", "--questionnaire", "native/questionnaire.xml", "--actor", "test")
assert study("native.study", "SELECT count(*) FROM form_media") == [(5,)]

# ---- served ----

for name, role in (("ines", "interviewer"), ("rosa", "researcher")):
    run("study", "account", "add", "s.study", name, "--role", role, "--actor", "test", stdin=PASSWORD + "\n")
server = subprocess.Popen([survey, "serve", "s.study", "--listen", "127.0.0.1:0", "--quiet"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
url = next(found.group(0) for line in server.stdout if (found := re.search(r"https?://127\S+", line)) and "/l/" not in line).rstrip("/")


def ask(path, headers=()):
    request = urllib.request.Request(url + path, headers=dict(headers))
    try:
        with urllib.request.urlopen(request, timeout=60) as reply:
            return reply.status, reply.headers, reply.read()
    except urllib.error.HTTPError as error:
        return error.code, error.headers, error.read()


def quoted(name):
    return urllib.parse.quote(name, safe="")


try:
    login = urllib.request.urlopen(urllib.request.Request(url + "/api/login", json.dumps({"name": "ines", "password": PASSWORD}).encode(), {"Content-Type": "application/json"}))
    cookie = {"Cookie": login.headers["Set-Cookie"].split(";")[0]}
    forms = {form["version"]: form for form in json.loads(ask("/api/project", cookie)[2])["forms"]}
    for version, first in (("1", b"\x89PNG beside"), ("2", b"\x89PNG another")):
        listed = {one["name"]: one for one in forms[version]["files"]}
        assert sorted(listed) == sorted(IMAGES)
        for name, content in {**IMAGES, "beside.png": first}.items():
            status, headers, body = ask(f"/api/forms/visit/{version}/files/{quoted(name)}?sha256=x", cookie)
            assert (status, body) == (200, content) and headers["X-Content-Type-Options"] == "nosniff", (name, status)
            assert (listed[name]["size"], listed[name]["sha256"]) == (len(content), hashlib.sha256(content).hexdigest())
            assert headers["Content-Type"] == {"png": "image/png", "PNG": "image/png", "jpg": "image/jpeg", "mp3": "audio/mpeg", "mp4": "video/mp4"}[name.split(".")[1]]
    for path in ("/api/forms/visit/1/files/visit.xml", "/api/forms/visit/3/files/beside.png", "/api/forms/none/1/files/beside.png", "/api/forms/visit/1/files/..%2Fvisit.xml"):
        assert ask(path, cookie)[0] in (400, 404), path
    assert ask("/api/forms/visit/1/files/beside.png")[0] == 401

    basic = {"Authorization": "Basic " + base64.b64encode(f"ines:{PASSWORD}".encode()).decode(), "X-OpenRosa-Version": "1.0"}
    listed = ET.fromstring(ask("/odk/formList", basic)[2])
    manifest_url = next(node.text for node in listed.iter() if node.tag.endswith("manifestUrl"))
    assert manifest_url.startswith(url)
    files = ET.fromstring(ask(manifest_url[len(url):], basic)[2]).findall(MANIFEST + "mediaFile")
    assert sorted(one.find(MANIFEST + "filename").text for one in files) == sorted(IMAGES)
    for one in files:
        name, content = one.find(MANIFEST + "filename").text, ask(one.find(MANIFEST + "downloadUrl").text[len(url):], basic)[2]
        assert content == ({**IMAGES, "beside.png": b"\x89PNG another"})[name] and one.find(MANIFEST + "hash").text == "md5:" + hashlib.md5(content).hexdigest(), name
finally:
    server.terminate()
    server.wait()

# ---- synchronised: to a new file, and two that deployed other contents under one name ----

run("sync", "copy.study", "s.study", "--quiet")
assert study("copy.study", "SELECT count(*) FROM form_media") == [(10,)] and study("copy.study", "SELECT count(*) FROM media") == [(6,)]
later = [("image", "later.png")]
write("form/later.xml", xform(later).replace('id="visit"', 'id="later"'))
for name in ("s.study", "copy.study"):
    run("study", "deploy", name, "form/later.xml", "--actor", "test")
contents = {}
for name in ("s.study", "copy.study"):
    contents[name] = b"\x89PNG by " + name.encode()
    write("form/later.png", contents[name])
    run("study", "deploy", name, "form/later.xml", "--actor", "test")
for pair in (("s.study", "copy.study"), ("copy.study", "s.study")):
    assert "not taken" not in run("sync", *pair)
FORCE = "SELECT lower(hex(sha256)) FROM form_media WHERE name = 'later.png' ORDER BY utc_ms, sha256"
assert study("s.study", FORCE) == study("copy.study", FORCE) and len(study("s.study", FORCE)) == 2
assert study("s.study", FORCE)[0][0] == hashlib.sha256(contents["s.study"]).hexdigest(), "the one that was deployed first counts"
for name in ("s.study", "copy.study"):
    run("study", "verify", name)

# ---- a file of version 2, which has no media: read as it is, and one of the present version once it is written to ----

with sqlite3.connect("native.study") as db:
    db.executescript("DROP TABLE form_media; DROP TABLE media; DROP TABLE file_links; DROP TABLE file_keys; DROP TABLE file_chain; PRAGMA user_version = 2")
before = open("native.study", "rb").read()
run("study", "status", "native.study")
assert open("native.study", "rb").read() == before
run("study", "deploy", "native.study", "native/questionnaire.xml", "--actor", "test")
assert study("native.study", "SELECT count(*) FROM form_media") == [(5,)] and study("native.study", "PRAGMA user_version") == [(4,)]
