#!/usr/bin/env python3
"""survey convert and ODK submissions: what comes out, what is told, what is refused, and that nothing is written when it is."""

import os
import re
import shutil
import subprocess
import sys
import xml.etree.ElementTree as ET
from pathlib import Path

SURVEY = Path(sys.argv[1]).resolve()
SCRATCH = Path(sys.argv[2]).resolve()
PUBLIC = Path("../shared/forms").resolve()
ENCRYPT = Path("tests/odk/encrypt.mjs").resolve()
FAILURES = []

FORM = """<h:html xmlns="http://www.w3.org/2002/xforms" xmlns:h="http://www.w3.org/1999/xhtml" xmlns:jr="http://openrosa.org/javarosa">
<h:head><h:title>Visit</h:title><model>
<itext><translation lang="English (en)" default="true()"><text id="n"><value>Name</value></text></translation>
<translation lang="Français (fr)"><text id="n"><value>Nom</value></text></translation></itext>
<instance><data id="visit" version="3"><name/><age/><r jr:template=""><m/></r><meta><instanceID/></meta></data></instance>
<instance id="place" src="jr://file-csv/place.csv"/>
<bind nodeset="/data/age" type="int"/><bind nodeset="/data/meta/instanceID" jr:preload="uid"/></model></h:head>
<h:body><input ref="/data/name"><label ref="jr:itext('n')"/></input><input ref="/data/age"><label>Age</label></input>
<group ref="/data/r"><label>Members</label><repeat nodeset="/data/r"><input ref="/data/r/m"><label>Member</label></input></repeat></group></h:body></h:html>
"""
SUBMISSION = """<?xml version='1.0'?><data id="visit" version="3"><name>{name}</name><age>{age}</age><r><m>x</m></r><r><m>y</m></r>
<meta><instanceID>uuid:{id}</instanceID></meta></data>"""


def expect(condition, what):
    if not condition:
        FAILURES.append(what)
        print(f"FAILED: {what}")


def survey(*arguments, status=0):
    run = subprocess.run([str(SURVEY), *map(str, arguments)], capture_output=True, text=True, check=False, timeout=120, cwd=SCRATCH)
    expect(run.returncode == status, f"survey {' '.join(map(str, arguments))}: status {run.returncode}, not {status}\n{run.stdout[-2000:]}{run.stderr[-2000:]}")
    return run


def says(run, text):
    expect(text in run.stderr, f"'{text}' is not said:\n{run.stderr}")


def write(name, text):
    path = SCRATCH / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def check_native():
    write("form.xml", FORM)
    write("form-media/place.csv", "name,label\n1,Sofia\n")
    (SCRATCH / "out").mkdir()
    survey("convert", "form.xml", "out/questionnaire.xml")
    expect(sorted(os.listdir(SCRATCH / "out")) == ["fr.xlf", "place.csv", "questionnaire.xml"], f"files: {sorted(os.listdir(SCRATCH / 'out'))}")
    text = (SCRATCH / "out/questionnaire.xml").read_text(encoding="utf-8")
    for part in ('id="visit" version="3" xml:lang="en" expressions="odk" compat="strict"', '<instance id="place" source="place.csv"/>', '<roster id="r">',
                 '<question id="age" type="integer">'):
        expect(part in text, f"no {part} in\n{text}")
    expect("<target>Nom</target>" in (SCRATCH / "out/fr.xlf").read_text(encoding="utf-8"), "the translation is not in fr.xlf")
    survey("check", "out/questionnaire.xml")
    (SCRATCH / "web").mkdir()
    survey("convert", "--compat", "web", "form.xml", "web/q.xml")
    expect('compat="web"' in (SCRATCH / "web/q.xml").read_text(encoding="utf-8"), "--compat web is not in the questionnaire")


def check_refusals():
    says(survey("convert", "form.xml", "x.xml", "--to", "xform", status=2), "in that format already")
    says(survey("convert", "gone.xml", "x.xml", status=3), "there is no such file")
    write("bad.xml", FORM.replace("<h:body>", "<!-- none -->").replace("</h:body>", ""))
    survey("convert", "bad.xml", "x.xml", status=1)
    expect(not (SCRATCH / "x.xml").exists(), "a file was written in spite of an error")
    survey("convert", "form.xml", "no/such/folder/x.xml", status=3)
    write("taken/fr.xlf", "somebody else's")
    says(survey("convert", "form.xml", "taken/q.xml", status=1), "there is a translation of another questionnaire")
    expect((SCRATCH / "taken/fr.xlf").read_text() == "somebody else's" and not (SCRATCH / "taken/q.xml").exists(), "the other translation was touched")
    expect(not [f for f in os.listdir(SCRATCH) if f.endswith(".new")], "files were left beside")


def check_special():
    """A pipe or a device is not replaced by a file."""
    pipe = SCRATCH / "pipe"
    os.mkfifo(pipe)
    holder = os.open(pipe, os.O_RDWR)            # so that writing to it does not wait for a reader
    says(survey("convert", "--to", "xlsform", "form.xml", "pipe", status=3), "cannot be written to a device or a pipe")
    survey("convert", "--quiet", "--to", "native", "form.xml", "pipe")
    expect(os.read(holder, 65536).startswith(b"<?xml"), "nothing came through the pipe")
    expect(not pipe.is_file(), "a pipe was replaced by a file")
    os.close(holder)


def check_public():
    if not PUBLIC.exists():
        print("the public forms are not there: skipped")
        return
    for form in sorted((PUBLIC / "xlsform").iterdir()):
        survey("convert", "-q", form, f"{form.name}.xform.xml", "--to", "xform")
        survey("convert", "-q", f"{form.name}.xform.xml", f"{form.name}.again.xlsx")


WORKBOOK = """| survey | | | | | | |
| | type | name | label::English (en) | label::Français (fr) | calculation |
| | select_one yn | home | Home? | Chez soi ? | |
| | begin repeat | person | People | Personnes | |
| | text | name | Name | Nom | |
| | integer | age | Age of ${name} | Âge de ${name} | |
| | end repeat | | | | |
EXTRA| choices | | | | | |
| | list_name | name | label::English (en) | label::Français (fr) | |
| | yn | y | Yes | Oui | |
| | yn | n | No | Non | |
"""


def check_again():
    """A workbook becomes native and an XForm again: lists stay lists, and no text is defined twice, for which JavaRosa refuses a form."""
    for name, extra in (("plain", ""), ("asked", "| | calculate | said | | | jr:itext('/data/home:label') |\n")):
        write(f"{name}.md", WORKBOOK.replace("EXTRA", extra))
        for step in ("first", "second"):
            (SCRATCH / name / step).mkdir(parents=True)
        survey("convert", "-q", f"{name}.md", f"{name}/first/q.xml")
        survey("convert", "-q", f"{name}/first/q.xml", f"{name}/form.xml")
        survey("convert", "-q", f"{name}/form.xml", f"{name}/second/q.xml", "--to", "native")
        before, after = ((SCRATCH / name / step / "q.xml").read_text(encoding="utf-8") for step in ("first", "second"))
        expect('<choices id="yn">' in before and '<choices id="yn">' in after, f"{name}: the list of choices is not one any more")
        expect(name != "plain" or before == after, f"{name}: another questionnaire comes back")
        survey("convert", "-q", f"{name}/form.xml", f"{name}/FORM.XLSX")
        expect((SCRATCH / name / "FORM.XLSX").read_bytes()[:2] == b"PK", f"{name}: FORM.XLSX is no workbook")
        form = (SCRATCH / name / "form.xml").read_text(encoding="utf-8")
        for translation in form.split("<translation ")[1:]:
            ids = re.findall('<text id="([^"]*)"', translation)
            expect(len(ids) == len(set(ids)) >= 6, f"{name}: texts {sorted(ids)}")


MENTIONS = '''<questionnaire xmlns="urn:libsurvey:questionnaire:1" id="m" version="1" xml:lang="en"><title>M</title>
<choices id="c"><choice code="1">Sofia</choice><choice code="2">Varna</choice></choices>
<question id="n" type="integer"><label>How many?</label></question>
<roster id="r" count="${n}"><label>Stay</label><question id="town" type="single" choices="c"><label>Where?</label></question>
<question id="rent" type="integer"><label>Rent in ${town}?</label></question></roster>
<question id="home" type="single" choices="c"><label>And home?</label></question>
<question id="why" type="text"><label>Why ${home}?</label></question></questionnaire>'''


def check_mentions():
    """The label of an answer that a text mentions is worked out beside the answer (Enketo's engine knows jr:choice-name() nowhere else), is no answer when it comes back,
    and an empty entry of a roster, which Enketo sends of rosters that are not asked, neither."""
    write("m/q.xml", MENTIONS)
    survey("convert", "-q", "m/q.xml", "m/form.xml")
    form = (SCRATCH / "m/form.xml").read_text(encoding="utf-8")
    for text in ('<value>Rent in <output value="../town_label"/>?</value>', '<value>Why <output value="/data/home_label"/>?</value>'):
        expect(text in form, f"{text} is not in the form")
    expect(re.findall("<bind [^>]*choice-name[^>]*>", form) == [
        f'<bind nodeset="{path}_label" type="string" calculate="jr:choice-name(../{path.split("/")[-1]}, \'{path}\')" readonly="true()"/>' for path in ("/data/r/town", "/data/home")], "binds of labels")
    survey("study", "create", "m/m.study", "--questionnaire", "m/q.xml")
    write("m/s.xml", '<data id="m" version="1"><n>1</n><r_count>1</r_count><r><town>2</town><town_label>Varna</town_label><rent>300</rent></r><r><town/><town_label/><rent/></r>'
          '<home>1</home><home_label>Sofia</home_label><why>x</why><meta><instanceID>uuid:5b1f4f6e-6a0e-4f0e-9f5e-0123456789ab</instanceID></meta></data>')
    run = survey("import", "m/m.study", "m/s.xml")
    says(run, "1 rows imported, 0 rejected")
    expect("label" not in run.stdout + run.stderr and "instances" not in run.stdout + run.stderr, f"nothing is told of what is not answered: {run.stderr}")


def check_submissions():
    survey("study", "create", "t.study", "--questionnaire", "form.xml")
    write("in/a.xml", SUBMISSION.format(name="Ana", age=30, id=1))
    write("in/b/submission.xml", SUBMISSION.format(name="Boyan &amp; Co", age=41, id=2))
    says(survey("import", "t.study", "in"), "2 rows imported, 0 rejected, 0 were there already")
    says(survey("import", "t.study", "in/a.xml"), "0 rows imported, 0 rejected, 1 were there already")
    write("other.xml", SUBMISSION.format(name="C", age=1, id=3).replace('id="visit"', 'id="visits"'))
    says(survey("import", "t.study", "other.xml", status=1), "it is a submission of another form")
    write("node.xml", SUBMISSION.format(name="C", age=1, id=4).replace("<r><m>x</m></r>", "<zip>1</zip>"))
    says(survey("import", "t.study", "node.xml", status=1), "zip: the form has no such node")
    write("value.xml", SUBMISSION.format(name="C", age="old", id=5))
    says(survey("import", "t.study", "value.xml", status=1), "age: the value is none that the question can have")
    survey("export", "t.study", "-o", "exported", "-q")
    rows = (SCRATCH / "exported/visit.csv").read_text(encoding="utf-8").splitlines()
    expect(len(rows) == 3 and "Boyan & Co,41" in rows[2], f"exported: {rows}")
    members = (SCRATCH / "exported/visit_r.csv").read_text(encoding="utf-8").splitlines()
    expect(len(members) == 5, f"members: {members}")


def check_encrypted():
    if shutil.which("node") is None or shutil.which("openssl") is None:
        print("node or openssl is not there: skipped")
        return
    for name in ("form.pem", "other.pem"):
        subprocess.run(["openssl", "genpkey", "-quiet", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048", "-out", name], cwd=SCRATCH, check=True)
    subprocess.run(["openssl", "rsa", "-in", "form.pem", "-pubout", "-out", "public.pem"], cwd=SCRATCH, check=True, capture_output=True)
    write("plain.xml", SUBMISSION.format(name="Enc", age=52, id=9))
    write("photo.jpg", "not really a photo\n")
    (SCRATCH / "sealed").mkdir()
    (SCRATCH / "media").mkdir()

    def seal():
        subprocess.run(["node", ENCRYPT, "plain.xml", "sealed", "public.pem", "visit", "3", "uuid:9", "photo.jpg"], cwd=SCRATCH, check=True)

    seal()
    says(survey("import", "t.study", "sealed/manifest.xml", status=1), "give the private key of the form with --private-key")
    says(survey("import", "t.study", "--private-key", "other.pem", "sealed/manifest.xml", status=1), "the private key does not open this submission")
    says(survey("import", "t.study", "--private-key", "plain.xml", "sealed/manifest.xml", status=1), "the private key cannot be read")
    manifest = SCRATCH / "sealed/manifest.xml"
    manifest.write_text(manifest.read_text().replace('version="3"', 'version="4"'))
    says(survey("import", "t.study", "--private-key", "form.pem", "sealed/manifest.xml", status=1), "its signature does not fit")
    seal()
    os.truncate(SCRATCH / "sealed/submission.xml.enc", 32)
    says(survey("import", "t.study", "--private-key", "form.pem", "sealed/manifest.xml", status=1), "damaged or cut off")
    seal()
    (SCRATCH / "sealed/photo.jpg.enc").unlink()
    says(survey("import", "t.study", "--private-key", "form.pem", "sealed/manifest.xml", status=1), "photo.jpg.enc: a file of the submission is missing")
    expect(not os.listdir(SCRATCH / "media"), "media were written in spite of an error")
    seal()
    says(survey("import", "t.study", "--private-key", "form.pem", "--media", "media", "sealed/manifest.xml"), "1 rows imported")
    expect((SCRATCH / "media/photo.jpg").read_text() == "not really a photo\n", "the photo is not as it was")


def units(path):
    """{id: (source, target, state)} of an XLIFF file, read by another parser."""
    ns = {"x": "urn:oasis:names:tc:xliff:document:1.2"}
    found = {}
    for unit in ET.parse(path).getroot().iterfind(".//x:trans-unit", ns):
        target = unit.find("x:target", ns)
        found[unit.get("id")] = (unit.find("x:source", ns).text, target.text or "", target.get("state"))
    return found


def check_translation():
    """bg.xlf of a questionnaire: begun, completed, and nothing that somebody translated is lost."""
    (SCRATCH / "tr").mkdir()
    text = """<questionnaire xmlns="urn:libsurvey:questionnaire:1" id="t" version="1" xml:lang="en"><title>A &lt;b&gt; &amp; "c"</title><choices id="yn"><choice code="1">Yes</choice><choice code="2">12</choice></choices>
<question id="a" type="single" choices="yn"><label>Which, ${b}?</label></question><question id="b" type="integer"><label>How old?</label><check that="${b} &gt; 1">Too young</check></question></questionnaire>"""
    write("tr/q.xml", text)
    survey("convert", "tr/q.xml", "tr/bg.xlf", "-q")
    fresh = units(SCRATCH / "tr/bg.xlf")
    expect(fresh == {"/title": ('A <b> & "c"', "", "new"), "a/label": ("Which, ${b}?", "", "new"), "b/label": ("How old?", "", "new"), "b/check/1": ("Too young", "", "new"),
                     "yn/1": ("Yes", "", "new")}, f"the fresh translation is {fresh}")
    done = (SCRATCH / "tr/bg.xlf").read_text().replace('<target state="new"></target>', "<target>Превод &lt;</target>")
    write("tr/bg.xlf", done)
    expect("0 errors, 1 warning" in survey("check", "tr/q.xml").stdout, "a lost ${b} is all there is to say")
    write("tr/q.xml", text.replace("How old?", "Your age?").replace('id="a"', 'id="first"'))
    survey("convert", "tr/q.xml", "tr/bg.xlf", "-q")
    now = units(SCRATCH / "tr/bg.xlf")
    expect(now == {"/title": ('A <b> & "c"', "Превод <", None), "first/label": ("Which, ${b}?", "", "new"), "b/label": ("Your age?", "Превод <", "needs-translation"),
                   "b/check/1": ("Too young", "Превод <", None), "yn/1": ("Yes", "Превод <", None), "a/label": ("Which, ${b}?", "Превод <", None)}, f"the completed translation is {now}")
    (SCRATCH / "other").mkdir()
    write("other/bg.xlf", "somebody's")
    says(survey("convert", "tr/q.xml", "other/bg.xlf", status=1), "there is a translation already, and not beside this questionnaire")
    expect((SCRATCH / "other/bg.xlf").read_text() == "somebody's", "another translation was written over")
    says(survey("convert", "tr/q.xml", "tr/bulgarian.xlf", status=2), "is called after its language")
    write("tr/de.xlf", '<xliff version="1.2" xmlns="urn:oasis:names:tc:xliff:document:1.2"><file source-language="en" target-language="de"><body/></file></xliff>')
    expect("there is no <trans-unit> in it" in survey("check", "tr/q.xml").stdout, "a file without units is told")


def main():
    shutil.rmtree(SCRATCH, ignore_errors=True)
    SCRATCH.mkdir(parents=True)
    for check in (check_native, check_refusals, check_special, check_again, check_mentions, check_public, check_submissions, check_encrypted, check_translation):
        check()
    print(f"{len(FAILURES)} failures")
    sys.exit(1 if FAILURES else 0)


main()
