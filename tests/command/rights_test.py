#!/usr/bin/env python3
"""Who may do what at `survey serve`: everybody x every endpoint x whose object x every method, against one table written by hand.

Every cell is asked with real HTTP. What is not allowed is answered 401, 403 or 404, and what somebody may not see is answered like what is not there.
Then the ways around: cookies and tokens that are changed, expired, revoked or of somebody disabled; requests from other sites; guessing; sending in
another's name.

usage: rights_test.py SURVEY FOLDER
"""
import base64
import csv
import io
import json
import pathlib
import shutil
import sqlite3
import sys
import uuid

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from packages import digest, package, rehearse, seal
from serving import Client, Server, run

survey, folder = sys.argv[1], pathlib.Path(sys.argv[2]).resolve()
failures = []
PASSWORD = "seven wet otters in June"
NS = 'xmlns="urn:libsurvey:questionnaire:1"'


def check(good, what):
    if not good:
        failures.append(what)
        print("FAILED:", what, file=sys.stderr)


# ---- the study: two organisations and the coordinator; what a letter means: see PEOPLE ----

PEOPLE = {                                  # letter: (name, role, organisation)
    "A": ("ada", "administrator", ""), "R": ("rosa", "researcher", ""), "S": ("sonia", "supervisor", ""), "N": ("nora", "analyst", ""),
    "a": ("adam", "administrator", "NSI"), "r": ("rumen", "researcher", "NSI"), "s": ("stoyan", "supervisor", "NSI"), "n": ("nedko", "analyst", "NSI"),
    "i": ("ann", "interviewer", "NSI"), "j": ("bob", "interviewer", "BG"), "k": ("cyd", "interviewer", ""),
}
LINKS = {"p": "personal", "q": "public"}    # respondents: of case N2 of NSI, and anybody
NOBODY = "0"
ALL = "ARSNarsnijkpq" + NOBODY
SIGNED = "ARSNarsnijkpq"


def write_forms():
    for name in ("visit", "other"):
        (folder / f"{name}.xml").write_text(
            f'<questionnaire {NS} id="{name}" version="1" xml:lang="en"><title>{name}</title>'
            '<question id="age" type="integer" required="true"><label>Age?</label></question>'
            '<question id="pkey" type="key"><label>Code?</label></question>'
            '<question id="status" type="text" sensitive="true"><label>Status?</label></question>'
            '<question id="n" type="integer" required="true"><label>How many?</label><check that=". &gt;= 1 and . &lt;= 2">One or two.</check></question>'
            '<roster id="member" count="${n}"><label>Members</label><question id="m_age" type="integer"><label>Age?</label></question></roster>'
            '</questionnaire>', encoding="utf-8")


def survey_ok(*arguments, **more):
    done = run(survey, *arguments, **more)
    check(done.returncode == 0, f"{arguments}: {done.stderr}")
    return done.stdout


def make_study():
    study = folder / "rights.study"
    write_forms()
    survey_ok("study", "create", study, "--questionnaire", folder / "visit.xml")
    survey_ok("study", "deploy", study, folder / "other.xml")
    for name, role, organisation in [*PEOPLE.values(), ("dis", "interviewer", ""), ("tok", "interviewer", ""), ("guess", "interviewer", "")]:
        survey_ok("study", "account", "add", study, name, "--role", role, "--organisation", organisation, input=PASSWORD + "\n")
    (folder / "cases.csv").write_text("case,assigned,organisation,telephone\nN1,ann,NSI,0888-1\nN2,,NSI,0888-2\nB1,bob,BG,0888-3\nF1,,,0888-4\n", encoding="utf-8")
    survey_ok("cases", "import", study, folder / "cases.csv", "--form", "visit", "--quiet")
    made = {}
    for letter, options in (("p", ("--case", "N2", "--organisation", "NSI")), ("q", ("--public",)), ("close-n", ("--public", "--organisation", "NSI")),
                            ("close-b", ("--public", "--organisation", "BG"))):
        made[letter] = json.loads(survey_ok("study", "link", "add", study, "--form", "visit", *options, "--format", "json"))[0]
    tokens = {kind: survey_ok("study", "account", "device", study, "tok", "--device", kind).strip() for kind in ("valid", "expired", "revoked", "changed")}
    tokens["odk"] = survey_ok("study", "account", "device", study, "tok", "--kind", "odk").strip()
    with sqlite3.connect(study) as db:
        db.execute("UPDATE tokens SET expires_utc_ms = 1000 WHERE device = 'expired'")
        db.execute("UPDATE tokens SET revoked_utc_ms = 1000 WHERE device = 'revoked'")
    db.close()
    return study, made, tokens


def come_in(server, links):
    who = {NOBODY: Client(server)}
    for letter, (name, role, organisation) in PEOPLE.items():
        who[letter] = Client(server)
        status, _, body = who[letter].login(name, PASSWORD)
        check(status == 200 and body["role"] == role and body["organisation"] == organisation, f"{name} comes in: {status} {body}")
    for letter in LINKS:
        who[letter] = Client(server)
        status, _, _ = who[letter].ask("GET", "/l/" + links[letter]["code"])
        check(status in (302, 303), f"the {LINKS[letter]} link lets in: {status}")
        check(who[letter].ask("GET", "/api/session")[2]["role"] == "respondent", "who comes by it is a respondent")
    return who


def upload(client, content):
    return client.ask("PUT", f"/api/uploads/{digest(content)}?kind=package&size={len(content)}&offset=0", content)


# ---- the table: method, path, body, what an allowed one is answered, who is allowed ----

def table(things):
    zero = "0" * 64
    return [
        ("GET", "/api/session", None, (200,), SIGNED),
        ("GET", "/api/project", None, (200,), SIGNED),
        ("GET", "/api/forms/visit/1/block", None, (200,), SIGNED),
        ("GET", "/api/forms/other/1/block", None, (200,), "ARSNarsnijk"),
        ("GET", "/api/cases", None, (200,), "ARSarsijkpq"),
        ("POST", "/api/cases?form=visit", b"case,assigned\nnew,lost\n", (422,), "AR"),
        ("POST", "/api/cases/visit/N1/assign", {"assigned": "ann"}, (204,), "ARSars"),
        ("POST", "/api/cases/visit/B1/assign", {"assigned": "bob"}, (204,), "ARS"),
        ("POST", "/api/cases/visit/F1/assign", {"assigned": ""}, (204,), "ARS"),
        ("POST", "/api/cases/visit/none/assign", {"assigned": "ann"}, (204,), ""),
        ("POST", "/api/cases/visit/N1/return", {"comment": "again"}, (204, 409), "ARSars"),
        ("POST", "/api/cases/visit/B1/return", {"comment": "again"}, (204, 409), "ARS"),
        ("GET", "/api/cases/visit/N1/correction", None, (200,), "i"),          # returned by the rows above; whoever does not have the case learns nothing
        ("GET", "/api/cases/visit/B1/correction", None, (200,), "j"),
        ("GET", "/api/cases/visit/none/correction", None, (200,), ""),
        ("GET", "/api/cases/visit/N1/correction/no-such.jpg", None, (200,), ""),
        ("GET", "/api/status", None, (200,), "ARSNarsn"),
        ("GET", "/api/fieldwork", None, (200,), "ARSarsijk"),
        ("GET", "/api/interviews", None, (200,), "ARSarsijk"),
        ("GET", "/api/kept", None, (200,), "ARSarsijk"),
        ("DELETE", "/api/interviews/" + things["ann"], None, (400,), "ARar"),
        ("DELETE", "/api/interviews/" + things["bob"], None, (400,), "AR"),
        ("DELETE", "/api/interviews/00000000-0000-4000-8000-000000000000?reason=x", None, (204,), ""),
        ("GET", "/api/export/visit.csv", None, (200,), "ARNarn"),
        ("GET", "/api/export/visit.csv?sensitive=1", None, (200,), "ARNarn"),
        ("GET", "/api/export/visit/member.csv", None, (200,), "ARNarn"),
        ("GET", "/api/events/visit.csv", None, (200,), "ARNarn"),
        ("GET", "/api/events/visit.csv?sensitive=1", None, (200,), "ARNarn"),
        ("GET", "/api/events/none.csv", None, (200,), ""),
        ("GET", "/api/codebook/visit.json", None, (200,), "ARNarn"),
        ("GET", "/api/codebook/none.json", None, (200,), ""),
        ("GET", "/api/accounts", None, (200,), "A"),
        ("POST", "/api/accounts", {"name": "x", "role": "king", "password": ""}, (422,), "A"),
        ("POST", "/api/accounts/" + things["dis"] + "/enable", {}, (204,), "A"),
        ("POST", "/api/accounts/" + things["dis"] + "/disable", {}, (204,), "A"),
        ("POST", "/api/accounts/" + things["dis"] + "/change", {"role": "interviewer", "organisation": ""}, (204,), "A"),
        ("POST", "/api/accounts/" + things["dis"] + "/change", {"role": "king"}, (422,), "A"),
        ("POST", "/api/accounts/0000000000000000/change", {"role": "analyst"}, (204,), ""),
        ("GET", "/api/accounts/" + things["dis"] + "/devices", None, (200,), "A"),
        ("POST", "/api/accounts/" + things["dis"] + "/devices/0000000000000000/close", {}, (204,), ""),
        ("POST", "/api/accounts/" + things["dis"] + "/password", {"password": "short"}, (422,), "A"),
        ("POST", "/api/accounts/0000000000000000/password", {"password": PASSWORD}, (204,), ""),
        ("GET", "/api/links", None, (200,), "ARSars"),
        ("POST", "/api/qr", {"text": "https://survey.example.org/l/1"}, (200,), "ARSars"),
        ("POST", "/api/links", {"kind": "public", "form": "visit"}, (201,), "ARSars"),
        ("POST", "/api/links/" + things["close-n"] + "/close", {}, (204,), "ARSars"),
        ("POST", "/api/links/" + things["close-b"] + "/close", {}, (204,), "ARS"),
        ("POST", "/api/links/0000000000000000/close", {}, (204,), ""),
        ("GET", "/api/audit", None, (200,), "A"),
        ("HEAD", "/api/uploads/" + things["part"], None, (200,), "i"),          # what others sent is not there
        ("PUT", f"/api/uploads/{zero}?kind=nothing&size=3&offset=0", b"abc", (400,), "ARSarsijkpq"),
        ("POST", "/api/devices", {"name": "tablet"}, (201,), "ARSarsijk"),
        ("GET", "/status", None, (200,), "ARSarsijk"),
        ("GET", "/api/sync/study", None, (200,), "ARars"),
        ("GET", "/api/sync/groups", None, (200,), "ARars"),
        ("POST", "/api/sync/have", b"no groups", (422,), "ARars"),
        ("POST", "/api/sync/lack", b"no list", (422,), "ARars"),
        ("POST", "/api/sync/bundle", b"no bundle", (422,), "ARars"),
        ("GET", "/api/nothing", None, (200,), ""),
        ("GET", "/api/", None, (200,), ""),
    ]


METHODS = ("GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "CONNECT")


def case_lists(who):
    """A list of cases: all of it or nothing, in bounded time, and said with lines."""
    def send(body, form="visit"):
        status, _, said = who["A"].ask("POST", f"/api/cases?form={form}", body)
        return status, said.get("cases", said.get("error"))
    ids = lambda: {row["case"] for row in who["A"].ask("GET", "/api/cases?form=visit")[2]}
    before = ids()
    for body, expected, words in ((b"name\nL1\n", 422, "no column 'case'"), (b"case,case\nL1,L2\n", 422, "line 1"), (b"case,tel\nL1\n", 422, "line 2"), (b"", 422, "empty"),
                                  (b"case,assigned\nL1,ann\nL2,nobody\n", 422, "line 3, assigned: there is no account 'nobody'"), (b"case\nL1\nL1\n", 422, "line 3, case"),
                                  (b"case\n" + b"".join(b"L%d\n" % i for i in range(10001)), 413, "10,000"), (b"case" + b"".join(b",c%d" % i for i in range(300)) + b"\n", 413, "200 columns")):
        status, said = send(body)
        check(status == expected and words in str(said), f"a list that is wrong is refused with {words}: {status} {said}")
    check(send(b"case\nL1\n", "nothing")[0] == 404, "a list for a form that is not there")
    check(who["A"].ask("POST", "/api/cases", b"case\nL1\n")[0] == 400, "a list for no form")
    check(ids() == before, "of a list that is wrong no case is taken")
    check(send("\ufeffcase;assigned;phone\r\nL1;ann;1\r\n\"L;2\";;\r\n".encode()) == (200, 2), "a list as spreadsheets write it is taken")
    rows = {row["case"]: row for row in who["A"].ask("GET", "/api/cases?form=visit")[2]}
    check(rows["L1"]["assigned"] == "ann" and rows["L1"]["organisation"] == "NSI" and rows["L1"]["contacts"] == {"phone": "1"} and "L;2" in rows, f"what the list says is there: {rows['L1']}")


def every_cell(who, rows):
    cells = 0
    for method, path, body, fine, allowed in rows:
        for letter in ALL:
            status, _, said = who[letter].ask(method, path, body)
            cells += 1
            if letter in allowed:
                check(status in fine, f"{letter} may {method} {path}: {status} {str(said)[:100]}")
            else:
                check(status in (401, 403, 404), f"{letter} may not {method} {path}: {status} {str(said)[:100]}")
                if letter == NOBODY and "nothing" not in path and path != "/api/":
                    check(status == 401, f"nobody gets 401 at {method} {path}: {status}")
    return cells


def other_methods(server, who, rows):
    """What is in no row of the table is nobody's, not even the administrator's."""
    known = {}
    for method, path, *_ in rows:
        known.setdefault(path.split("?")[0], set()).update({method, "HEAD"} if method == "GET" else {method})
    known["/api/uploads/" + "0" * 64] = {"HEAD", "PUT"}
    cells = 0
    for path, methods in known.items():
        if path.startswith("/api/links") and path.endswith("/links") or path.endswith("/accounts"):
            methods = methods | {"GET", "HEAD", "POST"}
        for method in METHODS:
            if method in methods or (path.startswith("/api/uploads/") and method in ("HEAD", "PUT")):
                continue
            client = Client(server)          # refused methods may end the connection
            client.cookie, client.csrf = who["A"].cookie, who["A"].csrf
            status = client.ask(method, path, None if method in ("GET", "HEAD", "TRACE") else {})[0]
            check(status in (400, 404, 405, 501), f"{method} {path} is nobody's: {status}")
            cells += 1
    return cells


def looks_like_nothing(who, things):
    """What somebody may not see is answered word for word like what is not there."""
    unknown = "00000000-0000-4000-8000-000000000000"
    for letter, method, foreign, none, body in (
            ("r", "DELETE", f"/api/interviews/{things['bob']}?reason=x", f"/api/interviews/{unknown}?reason=x", None),
            ("s", "POST", f"/api/links/{things['close-b']}/close", "/api/links/0000000000000000/close", {}),
            ("s", "POST", "/api/cases/visit/B1/assign", "/api/cases/visit/B9/assign", {"assigned": "ann"}),
            ("s", "POST", "/api/cases/visit/B1/return", "/api/cases/visit/B9/return", {"comment": "x"}),
            ("p", "GET", "/api/forms/other/1/block", "/api/forms/none/1/block", None)):
        a, b = who[letter].ask(method, foreign, body), who[letter].ask(method, none, body)
        names = {part.split("?")[0] for path in (foreign, none) for part in path.split("/")[3:5]}
        said = [str(answer[2]) for answer in (a, b)]
        for name in names:                   # what was asked for may be said back
            said = [text.replace(name, "*") for text in said]
        check(a[0] == b[0] == 404 and said[0] == said[1], f"{method} {foreign} looks like nothing: {a[0]} {said[0]} {b[0]} {said[1]}")


def columns(client, path):
    status, _, body = client.ask("GET", path)
    check(status == 200, f"{path}: {status}")
    rows = list(csv.DictReader(io.StringIO(body.decode())))
    return (set(rows[0]) if rows else set()), [row["interview"] for row in rows]


def what_each_sees(who, things):
    ann, bob = things["ann"], things["bob"]
    for letters, uuids in (("ARS", {ann, bob}), ("ars", {ann}), ("i", {ann}), ("j", {bob}), ("k", set())):
        for letter in letters:
            got = {row["uuid"] for row in who[letter].ask("GET", "/api/interviews")[2]}
            check(got == uuids, f"{letter} sees {len(uuids)} interviews: {got}")
    for letters, cases in (("ARS", {"N1", "N2", "B1", "F1"}), ("ars", {"N1", "N2"}), ("i", {"N1"}), ("j", {"B1"}), ("k", set()), ("p", {"N2"}), ("q", set())):
        for letter in letters:
            rows = who[letter].ask("GET", "/api/cases")[2]
            check({row["case"] for row in rows} == cases, f"{letter} sees the cases {cases}: {rows}")
            check(all(("telephone" in row["contacts"]) == (letter != "p") for row in rows), f"contact data for {letter}: {rows}")
    for letter, uuids, sensitive, key in (("A", {ann, bob}, True, True), ("R", {ann, bob}, True, True), ("N", {ann, bob}, False, False), ("a", {ann}, True, True),
                                          ("r", {ann}, True, True), ("n", {ann}, False, False)):
        names, rows = columns(who[letter], "/api/export/visit.csv?sensitive=1")
        check(set(rows) == uuids and len(rows) == len(uuids), f"{letter} exports {len(uuids)} interviews: {rows}")
        check(("status" in names) == sensitive and ("pkey" in names) == key and "age" in names, f"{letter} exports the columns {sorted(names)}")
        check("status" not in columns(who[letter], "/api/export/visit.csv")[0], "without asking there is nothing sensitive")
        check(set(columns(who[letter], "/api/export/visit/member.csv")[1]) == uuids, f"{letter} exports entries of {len(uuids)} interviews")
    for letter, links in (("S", {"", "NSI", "BG"}), ("s", {"NSI"})):
        got = {row["organisation"] for row in who[letter].ask("GET", "/api/links")[2]}
        check(got == links, f"{letter} sees the links of {links}: {got}")
    forms = [{f["id"] for f in who[letter].ask("GET", "/api/project")[2]["forms"]} for letter in "ipq"]
    check(forms == [{"visit", "other"}, {"visit"}, {"visit"}], f"respondents see one form: {forms}")
    for letter in ALL:
        status, _, body = who[letter].ask("GET", "/api/accounts")
        check("argon2" not in json.dumps(body if isinstance(body, (list, dict)) else ""), "no hash of a password leaves the server")


def events_are_seen(who, things):
    """The log of events says what answers say, so it is told as they are; remarks and keys are nobody's who may not read everything."""
    def events(letter, query=""):
        status, _, body = who[letter].ask("GET", "/api/events/visit.csv" + query)
        check(status == 200, f"{letter} reads the events: {status}")
        return list(csv.DictReader(io.StringIO(body.decode())))

    def said(rows, node):
        return [row[column] for row in rows if row["node"] == node for column in ("old", "new", "missing", "reason", "old_missing") if row[column]]

    ann, bob = things["ann"], things["bob"]
    for letter, uuids, everything in (("A", {ann, bob}, True), ("R", {ann, bob}, True), ("N", {ann, bob}, False), ("a", {ann}, True), ("r", {ann}, True), ("n", {ann}, False)):
        for query in ("", "?sensitive=1"):
            rows, full = events(letter, query), everything and query != ""
            check({row["interview"] for row in rows} == uuids, f"{letter}{query} reads the events of {len(uuids)} interviews")
            check(said(rows, "age") and any(row["node"] == "status" for row in rows), f"{letter}{query}: what was done is there")
            check(bool(said(rows, "status")) == full, f"{letter}{query}: what was said to sensitive questions: {said(rows, 'status')}")
            check(bool(said(rows, "pkey")) == everything, f"{letter}{query}: keys: {said(rows, 'pkey')}")
            remarks = [row["new"] for row in rows if row["action"] == "remark"]
            check(remarks and all((text != "") == full for text in remarks), f"{letter}{query}: remarks: {remarks}")


def not_from_elsewhere(server, who, rows, study):
    """Requests that a browser would send for another site change nothing."""
    def state():
        with sqlite3.connect(f"file:{study}?mode=ro", uri=True) as db:
            return [db.execute(f"SELECT count(*), max(rowid) FROM {t}").fetchone() for t in ("audit", "interviews")] + \
                   db.execute("SELECT count(*) FROM tokens").fetchall() + db.execute("SELECT count(*) FROM links").fetchall()

    before, cells = state(), 0
    for method, path, body, _, allowed in rows:
        if method in ("GET", "HEAD") or "A" not in allowed:
            continue
        for headers in ({"X-Survey-CSRF": ""}, {"X-Survey-CSRF": "a" * 43}, {"X-Survey-CSRF": who["R"].csrf}, {"X-Survey-CSRF": who["A"].csrf[:-1]},
                        {"Origin": "https://evil.example"}, {"Origin": "null"}, {"Origin": f"http://{server.host}:1"}, {"Origin": f"http://{server.host}.evil.example:{server.port}"},
                        {"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"}, {"Sec-Fetch-Site": "nonsense"}):
            status = who["A"].ask(method, path, body, headers)[0]
            check(status == 403, f"{method} {path} with {headers}: {status}")
            cells += 1
        form = Client(server)                # a form of another site sends the cookie and no header of ours
        form.cookie = who["A"].cookie
        plain = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
        status = form.ask(method, path, plain, {"Content-Type": "text/plain"})[0]
        check(status == 403, f"{method} {path} as a form of another site: {status}")
    check(state() == before, f"nothing was changed: {before} {state()}")
    return cells


def cookies_and_tokens(server, who, tokens):
    good = who["i"].cookie
    name, value = good.split("=")
    for changed in (value[:-1], value + "A", value[::-1], value.swapcase(), "", "A" * len(value), value.replace(value[7], "x" if value[7] != "x" else "y"), tokens["valid"]):
        c = Client(server)
        c.cookie = f"{name}={changed}"
        check(c.ask("GET", "/api/session")[0] == 401, f"a changed cookie is nothing: {changed}")
    check(Client(server, bearer=value).ask("GET", "/api/session")[0] == 401, "a cookie is no token")
    check(Client(server, bearer=who["p"].cookie.split("=")[1]).ask("GET", "/api/session")[0] == 401, "nor is a respondent's")
    for kind, status in (("valid", 200), ("expired", 401), ("revoked", 401)):
        check(Client(server, bearer=tokens[kind]).ask("GET", "/api/session")[0] == status, f"a token that is {kind}")
    for broken in (tokens["valid"][:-1], tokens["valid"] + "A", tokens["valid"].swapcase(), "x" * 5000, "' OR 1=1 --"):
        check(Client(server, bearer=broken).ask("GET", "/api/session")[0] in (401, 400, 431), f"a changed token is nothing: {broken[:50]}")
    basic = base64.b64encode(f"ada:{PASSWORD}".encode()).decode()
    check(Client(server).ask("GET", "/api/session", headers={"Authorization": "Basic " + basic})[0] == 401, "name and password are not taken with every request")
    both = Client(server, bearer="x" * 43)
    both.cookie = good
    check(both.ask("GET", "/api/session")[0] == 401, "a wrong token is not made good by a cookie")
    fresh = Client(server)
    fresh.cookie = f"{name}=" + "F" * len(value)
    fresh.login("ann", PASSWORD)
    check(fresh.cookie != f"{name}=" + "F" * len(value) and fresh.cookie != good, "logging in gives a new cookie")
    check(fresh.ask("POST", "/api/logout")[0] == 204, "logging out")
    fresh.cookie, gone = good, fresh.cookie
    check(fresh.ask("GET", "/api/session")[0] == 200 and gone is None, "one session ends, another goes on")


def odk_clients(server, who, tokens):
    """ODK's clients come with a token in the path or a password: the same people, the same rights."""
    version = {"X-OpenRosa-Version": "1.0", "Date": "Mon, 23 Nov 2026 00:00:00 GMT"}

    def asked(client, path, method="GET", **more):
        return client.ask(method, path, headers=dict(version, **more))

    nobody = Client(server)
    for path in ("/odk/formList", "/odk/forms/visit/1/form.xml", "/odk/forms/visit/1/manifest", "/odk/submission"):
        check(asked(nobody, path)[0] == 401, f"{path} is not for nobody")
        for kind, fine in (("odk", True), ("expired", False), ("revoked", False)):
            status = asked(nobody, path.replace("/odk/", f"/odk/key/{tokens[kind]}/"))[0]
            check(status in ((200, 204) if fine else (401, 403, 404)), f"{path} with a token that is {kind}: {status}")
        for changed in (tokens["odk"][:-1], tokens["odk"].swapcase(), who["p"].cookie.split("=")[1], who["A"].cookie.split("=")[1]):
            check(asked(nobody, path.replace("/odk/", f"/odk/key/{changed}/"))[0] in (401, 403, 404), f"{path} with what is no token")
    for letter, forms in (("i", {"visit", "other"}), ("q", {"visit"}), ("p", {"visit"})):
        status, _, body = asked(who[letter], "/odk/formList")
        listed = {form for form in ("visit", "other") if f"<formID>{form}</formID>" in body.decode()}
        check(status == 200 and listed == forms, f"{letter} is offered {forms}: {status} {listed}")
    check(asked(who["q"], "/odk/forms/other/1/form.xml")[0] == asked(who["q"], "/odk/forms/none/1/form.xml")[0] == 404, "another form is nothing to a respondent")
    check(asked(who["N"], "/odk/submission", "HEAD")[0] == 403, "an analyst sends nothing, from ODK's clients neither")
    wrong = base64.b64encode(b"ann:not this one").decode()
    unknown = base64.b64encode(b"nobody:not this one").decode()
    a, b = (asked(nobody, "/odk/formList", Authorization="Basic " + basic) for basic in (wrong, unknown))
    check(a[0] == b[0] == 401 and a[2] == b[2], f"wrong and unknown look the same there too: {a[0]} {b[0]}")
    status = who["i"].ask("POST", "/odk/submission", b"x", dict(version, **{"Content-Type": "multipart/form-data; boundary=b", "X-Survey-CSRF": ""}))[0]
    check(status == 403, f"a form of another site cannot submit with the cookie: {status}")


def submissions_in_anothers_name(who, things, study):
    """The same by ODK's way of sending: an edit of what is somebody else's, and a respondent with another form."""
    def submit(letter, form, edits="", name=None):
        xml = (f'<data xmlns:orx="http://openrosa.org/xforms" id="{form}" version="1"><age>40</age><n>1</n><member><m_age>1</m_age></member><orx:meta>'
               f'<orx:instanceID>uuid:{name or uuid.uuid4()}</orx:instanceID>{edits and f"<orx:deprecatedID>uuid:{edits}</orx:deprecatedID>"}</orx:meta></data>')
        part = f'--b\r\nContent-Disposition: form-data; name="xml_submission_file"; filename="f.xml"\r\nContent-Type: text/xml\r\n\r\n{xml}\r\n--b--\r\n'
        return who[letter].ask("POST", "/odk/submission", part.encode(), {"X-OpenRosa-Version": "1.0", "Content-Type": "multipart/form-data; boundary=b"})[0]

    def rows(sql, *values):
        with sqlite3.connect(f"file:{study}?mode=ro", uri=True) as db:
            return db.execute(sql, values).fetchone()[0]

    corrections = "SELECT count(*) FROM interviews WHERE corrects = (SELECT number FROM interviews WHERE uuid = ?)"
    others = "SELECT count(*) FROM interviews i JOIN forms f ON f.number = i.form WHERE f.id = 'other'"
    before, theirs = rows(others), rows("SELECT count(*) FROM interviews WHERE interviewer = 'cyd'")
    own = str(uuid.uuid4())
    check(submit("k", "visit", name=own) == 201 and rows("SELECT count(*) FROM interviews WHERE interviewer = 'cyd'") == theirs + 1, "an interviewer submits")
    check(submit("k", "visit", own) == 201 and rows(corrections, own) == 1, "and edits that")
    check(submit("j", "visit", own) in (201, 403, 409) and rows(corrections, own) == 1, "another interviewer does not edit it")
    for letter, what in (("k", "ann"), ("s", "bob"), ("p", "ann"), ("q", "ann")):
        status = submit(letter, "visit", things[what])
        check(rows(corrections, things[what]) == 0, f"{letter} edits the interview of {what}: {status}")
    status = submit("q", "other")
    check(rows(others) == before, f"a respondent submits another form: {status}")


def rotated(server, who, tokens):
    """A new password and a disabled account end everything at once."""
    tok = Client(server)
    tok.login("tok", PASSWORD)
    status, _, body = tok.ask("POST", "/api/password", {"old": PASSWORD, "new": PASSWORD + " again"})
    check(status == 204, f"a new password: {status} {body}")
    check(Client(server, bearer=tokens["changed"]).ask("GET", "/api/session")[0] == 401, "devices are out after a new password")
    check(Client(server).login("tok", PASSWORD)[0] == 401 and Client(server).login("tok", PASSWORD + " again")[0] == 200, "the old password is nothing")
    dis, device = Client(server), None
    people = {a["name"]: a["id"] for a in who["A"].ask("GET", "/api/accounts")[2]}
    check(Client(server).login("dis", PASSWORD)[0] == 401, "who was disabled cannot come in")     # by the table's row
    tok2 = Client(server)
    tok2.login("tok", PASSWORD + " again")
    device = Client(server, bearer=tok2.ask("POST", "/api/devices", {"name": "t"})[2]["token"])
    check(device.ask("GET", "/api/session")[0] == 200, "the new device is in")
    change = f"/api/accounts/{people['tok']}/change"
    check(who["A"].ask("POST", change, {"role": "analyst", "organisation": "BG"})[0] == 204, "another role")
    for client in (tok2, device):
        body = client.ask("GET", "/api/session")[2]
        check((body["role"], body["organisation"]) == ("analyst", "BG"), f"session and device have it at once: {body}")
    check(device.ask("GET", "/api/export/visit.csv")[0] == 200 and device.ask("POST", "/api/devices", {"name": "u"})[0] == 403, "and may do what it may")
    check(who["A"].ask("POST", change, {"role": "interviewer", "organisation": ""})[0] == 204, "and back")
    check(who["A"].ask("POST", f"/api/accounts/{people['ada']}/change", {"role": "analyst"})[0] == 409, "the last administrator stays one")
    mine = f"/api/accounts/{people['tok']}/devices"
    listed = [one for one in who["A"].ask("GET", mine)[2] if one["device"] == "t"]
    check(len(listed) == 1 and not listed[0]["closed"] and listed[0]["kind"] == "form", f"devices are listed: {listed}")
    check(who["A"].ask("POST", f"/api/accounts/{people['ada']}/devices/{listed[0]['id']}/close", {})[0] == 404, "a device of somebody else")
    check(who["A"].ask("POST", f"{mine}/{listed[0]['id']}/close", {})[0] == 204 and device.ask("GET", "/api/session")[0] == 401, "a device is shut out alone")
    check(tok2.ask("GET", "/api/session")[0] == 200, "its person is not")
    device = Client(server, bearer=tok2.ask("POST", "/api/devices", {"name": "t2"})[2]["token"])
    check(who["A"].ask("POST", f"/api/accounts/{people['tok']}/disable", {})[0] == 204, "disabled")
    check(tok2.ask("GET", "/api/session")[0] == 401 and device.ask("GET", "/api/session")[0] == 401, "session and device are out at once")
    check(who["A"].ask("POST", f"/api/accounts/{people['ada']}/disable", {})[0] == 409, "the last administrator stays")
    dis.connection.close()


def guessing(server):
    """Ten tries an account, in whatever letters its name is written; nobody learns which names there are."""
    unknown, wrong = Client(server).login("nobody", PASSWORD), Client(server).login("guess", "not this one")
    same = [h for h in unknown[1].keys() if h not in ("X-Survey-Time", "Date") and unknown[1][h] != wrong[1][h]]
    check(unknown[0] == wrong[0] == 401 and unknown[2] == wrong[2] and not same, f"unknown and wrong look the same: {unknown[2]} {wrong[2]} {same}")
    spellings = ["guess", "GUESS", "Guess", "gUESS", "guesS", "GUEss"]
    statuses = [Client(server).login(spellings[i % len(spellings)], f"guess {i}")[0] for i in range(15)]
    check(statuses.count(401) <= 10 and statuses[-1] == 429, f"ten tries, however it is spelled: {statuses}")
    status, headers, _ = Client(server).login("guess", PASSWORD)
    check(status == 429 and 0 < int(headers["Retry-After"]) <= 900, f"then nobody for a quarter of an hour: {status}")
    check(Client(server).login("ann", PASSWORD)[0] == 200, "others come in")


def in_anothers_name(who, things, key, visit, other):
    """The server says who sent it, whatever the package says; nobody sends for a case or a form that is not theirs."""
    (form, interviews), (other_form, other_interviews) = visit, other
    sends = (
        ("q", "a respondent of a public link for a case", package(form, interviews[3], case="N1", mode=3, actor=""), "kept-aside"),
        ("q", "a respondent of a public link", package(form, interviews[3], mode=3, actor=""), "stored"),
        ("q", "a respondent with another form", package(other_form, other_interviews[0], mode=3, actor=""), "kept-aside"),
        ("p", "a respondent of another case", package(form, interviews[4], case="B1", mode=3, actor=""), "kept-aside"),
        ("p", "a respondent of the case", package(form, interviews[4], case="N2", mode=3, actor="bob"), "stored"),
        ("i", "an interviewer who corrects another's interview", package(form, interviews[5], case="B1", corrects=things["bob"], reason="x", actor="bob"), "kept-aside"),
        ("s", "a supervisor who corrects an interview of another organisation", package(form, interviews[5], case="B1", corrects=things["bob"], reason="y"), "kept-aside"),
        ("p", "a respondent who corrects an interview", package(form, interviews[5], case="N2", corrects=things["ann"], reason="x"), "kept-aside"),
        ("j", "an interviewer under another's name", package(form, interviews[6], case="F1", actor="ann"), "stored"),
    )
    for letter, what, (name, content), receipt in sends:
        status, _, body = upload(who[letter], seal(content, key))
        check(status in (200, 201) and body["receipt"] == receipt, f"{what}: {status} {body}, not {receipt}")
        if what.endswith("another's name"):
            row = [r for r in who["A"].ask("GET", "/api/interviews")[2] if r["uuid"] == name]
            check(row and row[0]["interviewer"] == "bob" and row[0]["organisation"] == "BG", f"{what} is recorded as who it is: {row}")
        if letter == "p" and receipt == "stored":
            row = [r for r in who["A"].ask("GET", "/api/interviews")[2] if r["uuid"] == name]
            check(row and row[0]["interviewer"] == "respondent" and row[0]["organisation"] == "NSI", f"a respondent is nobody else: {row}")
    for letter in ("N", "n"):
        check(upload(who[letter], seal(package(form, interviews[7])[1], key))[0] == 403, "an analyst sends nothing")


def kept_is_listed(who):
    """What was kept aside is seen as rows are; why, by who may read answers and by who sent it."""
    listed = {letter: who[letter].ask("GET", "/api/kept")[2] for letter in "ARSarsijk"}
    check(len(listed["A"]) >= 6 and {r["number"] for r in listed["A"]} == {r["number"] for r in listed["S"]}, f"the coordinators see all: {listed['A']}")
    check(all(row["reason"] and row["received"] > 0 for letter in "ARari" for row in listed[letter]), "with reasons")
    check(all(row["reason"] == "" for letter in "Ss" for row in listed[letter] if row["interviewer"] not in ("sonia", "stoyan")), f"without, for supervisors: {listed['s']}")
    check(listed["a"] and all(row["organisation"] == "NSI" for letter in "ars" for row in listed[letter]), f"those of the own organisation: {listed['a']}")
    check(listed["i"] and all(row["interviewer"] == "ann" for row in listed["i"]) and not listed["k"], f"interviewers see their own: {listed['i']} {listed['k']}")
    for letter in "ARSarsijk":
        for row in who[letter].ask("GET", "/api/fieldwork")[2]:
            check(sum(row["outcomes"].values()) == row["endedEarly"], f"every early end has its outcome: {row}")


def with_remark(events):
    """A remark on the question age, before the interview was completed."""
    last = events[-1]
    return [*events[:-1], (last[0], *last[1:4], 7, "age", "", "she said: her status ended", 0, ""), (last[0] + 1, *last[1:])]


def first_interviews(who, key, form, interviews):
    """One interview each of ann (case N1) and bob (case B1), and a piece of an upload."""
    things = {}
    for n, (letter, name, case) in enumerate((("i", "ann", "N1"), ("j", "bob", "B1"))):
        things[name], content = package(form, with_remark(interviews[n]), case=case, actor=name)
        status, _, body = upload(who[letter], seal(content, key))
        check(status == 201 and body["receipt"] == "stored", f"{name} sends an interview: {status} {body}")
    content = seal(package(form, interviews[2])[1], key)
    things["part"] = digest(content)
    status, _, _ = who["i"].ask("PUT", f"/api/uploads/{things['part']}?kind=package&size={len(content)}&offset=0", content[:100])
    check(status == 202, f"a piece: {status}")
    return things


shutil.rmtree(folder, ignore_errors=True)
folder.mkdir(parents=True)
study, links, tokens = make_study()
(folder / "v").mkdir()
(folder / "o").mkdir()
visit, other = rehearse(survey, folder / "v", folder / "visit.xml"), rehearse(survey, folder / "o", folder / "other.xml", cases=2)
with Server(survey, study, "--quiet") as server:
    who = come_in(server, links)
    key = base64.b64decode(who["i"].ask("GET", "/api/project")[2]["publicKey"])
    things = first_interviews(who, key, *visit)
    things.update({"close-n": links["close-n"]["id"], "close-b": links["close-b"]["id"],
                   "dis": next(a["id"] for a in who["A"].ask("GET", "/api/accounts")[2] if a["name"] == "dis")})
    rows = table(things)
    what_each_sees(who, things)
    events_are_seen(who, things)
    cells = every_cell(who, rows) + other_methods(server, who, rows)
    case_lists(who)
    looks_like_nothing(who, things)
    cells += not_from_elsewhere(server, who, rows, study)
    cookies_and_tokens(server, who, tokens)
    odk_clients(server, who, tokens)
    in_anothers_name(who, things, key, visit, other)
    submissions_in_anothers_name(who, things, study)
    kept_is_listed(who)
    rotated(server, who, tokens)
    guessing(server)
verified = run(survey, "study", "verify", study)
check(verified.returncode == 0, "the study holds: " + verified.stderr)
log = json.loads(survey_ok("study", "audit", study, "--format", "json"))
actions = {line["action"] for line in log}
for action in ("login.done", "login.failed", "link.use", "interview.receive", "case.assign", "case.return", "export.read", "account.disable", "account.password", "token.make", "case.import"):
    check(action in actions, f"the audit log has {action}: {sorted(actions)}")
check({"", "events"} <= {line["detail"] for line in log if line["action"] == "export.read"}, "and what was exported")
check(not any(secret in json.dumps(log) for secret in (PASSWORD, "guess 1", "0888-", "nobody")), "the audit log has no password, no contact data, and no name that was only tried")
print(f"{cells} cells, {len(failures)} failures")
sys.exit(1 if failures else 0)
