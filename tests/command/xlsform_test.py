#!/usr/bin/env python3
"""XLSForm: every public workbook gives the XForm that pyxform gives, and small forms give what is known of each rule.

usage: xlsform_test.py SURVEY SCRATCH    (from the source folder)

Expected XForms are pyxform 4.5.0's own (../shared/forms/xlsform-expected); what is expected of small forms was written down by hand from
the descriptions and tests of pyxform and from xlsform.org."""
import os
import re
import shutil
import subprocess
import sys
import xml.etree.ElementTree as ET

import bounded

SURVEY, SCRATCH = os.path.abspath(sys.argv[1]), os.path.abspath(sys.argv[2])
SHARED = os.path.abspath("../shared/forms")
FAILURES, COUNT = [], 0
NAMESPACES = (' xmlns="http://www.w3.org/2002/xforms" xmlns:h="http://www.w3.org/1999/xhtml" xmlns:jr="http://openrosa.org/javarosa"'
              ' xmlns:orx="http://openrosa.org/xforms" xmlns:odk="http://www.opendatakit.org/xforms"'
              ' xmlns:entities="http://www.opendatakit.org/xforms/entities" xmlns:sv="urn:example:sv"')
shutil.rmtree(SCRATCH, ignore_errors=True)
os.makedirs(SCRATCH)
os.chdir(SCRATCH)


def fail(what):
    FAILURES.append(what)
    print("FAIL:", what[:2500])


def convert(path, out):
    r = subprocess.run([SURVEY, "convert", path, out, "--to", "xform"], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                       stderr=subprocess.PIPE, text=True, errors="replace", timeout=60)
    return r.returncode, r.stderr


# ---- canonical form: attribute order, layout and the order of what has none do not count

def local(tag):
    return tag.rsplit("}", 1)[-1]


def canonical(e):
    """Texts count, blanks between elements do not. Texts of itext, and binds with actions, other instances and translations have no order."""
    children = [canonical(c) for c in e]
    texts = [e.text or ""] + [c.tail or "" for c in e]
    if len(e) and not any(t.strip() for t in texts):
        texts = []
    if local(e.tag) in ("text", "translation", "itext"):
        children.sort()
    if local(e.tag) == "model":
        children = [c for c in children if local(c[0]) == "instance"][:1] + sorted(children, key=repr)
    return (e.tag, tuple(sorted(e.attrib.items())), tuple(texts), tuple(children))


def difference(a, b, where=""):
    """Where two canonical trees differ first."""
    where += "/" + local(a[0])
    if a[:3] != b[:3]:
        return f"{where}: expected {a[0]} {a[1]} {a[2]}, got {b[0]} {b[1]} {b[2]}"
    for x, y in zip(a[3], b[3]):
        if x != y:
            return difference(x, y, where)
    if len(a[3]) != len(b[3]):
        longer = a[3] if len(a[3]) > len(b[3]) else b[3]
        return f"{where}: expected {len(a[3])} children, got {len(b[3])}: {longer[min(len(a[3]), len(b[3]))][:2]}"
    return None


def public_workbooks():
    folder, expected = os.path.join(SHARED, "xlsform"), os.path.join(SHARED, "xlsform-expected")
    if not os.path.isdir(folder):
        print("skipped: there are no public workbooks in ../shared/forms")
        return
    for name in sorted(os.listdir(folder)):
        status, said = convert(os.path.join(folder, name), "public.xml")
        error = os.path.join(expected, name + ".error")
        if os.path.exists(error):
            if status != 1 or not said:
                fail(f"{name}: expected an error, got {status}: {said}")
            continue
        if status != 0:
            fail(f"{name}: {status}: {said}")
            continue
        d = difference(canonical(ET.parse(os.path.join(expected, name + ".xml")).getroot()), canonical(ET.parse("public.xml").getroot()))
        if d:
            fail(f"{name}: {d}")


# ---- small forms: markdown tables; what must be in the XForm, what must not, or the words of an error

def cells(table):
    """A sheet written briefly: lines of cells with |, the first line has the columns."""
    return "".join(f"| | {line.strip()} |\n" for line in table.strip().splitlines())


def workbook(**sheets):
    return "".join(f"| {name} |\n{cells(table)}" for name, table in sheets.items())


def fragment(text):
    return canonical(ET.fromstring(f"<x{NAMESPACES}>{text}</x>")[0])


def form(name, has=(), lacks=(), says=(), **sheets):
    """A form that is converted."""
    global COUNT
    COUNT += 1
    with open("data.md", "w", encoding="utf-8") as f:
        f.write(workbook(**sheets))
    status, said = convert("data.md", "data.xml")
    if status != 0:
        fail(f"{name}: {status}: {said}")
        return
    with open("data.xml", encoding="utf-8") as f:
        text = f.read()
    there = {canonical(e) for e in ET.fromstring(text).iter()}
    for part in [has] if isinstance(has, str) else has:
        if fragment(part) not in there:
            fail(f"{name}: {part} is not in\n{text}")
    for part in [lacks] if isinstance(lacks, str) else lacks:
        if part in text:
            fail(f"{name}: {part} is in\n{text}")
    for words in [says] if isinstance(says, str) else says:
        if not re.search(words, said):
            fail(f"{name}: not said: {words}: {said}")


def wrong(name, words, **sheets):
    """A form with an error: exit status 1, the sheet or row and the words."""
    global COUNT
    COUNT += 1
    with open("data.md", "w", encoding="utf-8") as f:
        f.write(workbook(**sheets))
    if os.path.exists("data.xml"):
        os.remove("data.xml")
    status, said = convert("data.md", "data.xml")
    if status != 1 or not re.search(words, said) or os.path.exists("data.xml"):
        fail(f"{name}: expected an error with '{words}', got {status}: {said}")


def bind(path, type="string", **more):
    attributes = "".join(f' {k.replace("__", ":").replace("_", "-")}="{v}"' for k, v in more.items())
    return f'<bind nodeset="/data/{path}" type="{type}"{attributes}/>'


CHOICES = """list_name | name | label
             c | a | Apple
             c | b | Berry"""


def structure():
    form("the least form", survey="type | name | label\n text | q | Q", has=[
        '<data id="data"><q/><meta><instanceID/></meta></data>', bind("q"),
        bind("meta/instanceID", readonly="true()", jr__preload="uid"), '<input ref="/data/q"><label>Q</label></input>', "<h:title>data</h:title>"])
    form("settings", survey="type | name | label\n text | q | Q", settings="""
         form_title | form_id | version | instance_name | style | submission_url | public_key | auto_send | auto_delete | client_editable | name | prefix | delimiter
         My form | f7 | 2026 | concat('a', ${q}) | pages theme-grid | http://x.org | KEY | yes | no | true | root | P | +""", has=[
        '<root id="f7" version="2026" odk:prefix="P" odk:delimiter="+"><q/><meta><instanceID/><instanceName/></meta></root>',
        '<submission action="http://x.org" method="post" base64RsaPublicKey="KEY" orx:auto-send="true" odk:client-editable="true"/>',
        '<h:title>My form</h:title>', '<bind nodeset="/root/meta/instanceName" type="string" calculate="concat(\'a\',  /root/q )"/>'],
        lacks='auto-delete')
    form("own attributes", survey="""type | name | label | bind::sv:warn | body::accuracyThreshold | instance::sv:about
         text | q | Q | x > 1 | 5 | here""", settings="namespaces | attribute::sv:version\n sv=\"urn:example:sv\" | 3", has=[
        bind("q", sv__warn="x &gt; 1"), '<input ref="/data/q" accuracyThreshold="5"><label>Q</label></input>',
        '<data id="data" sv:version="3"><q sv:about="here"/><meta><instanceID/></meta></data>'])
    form("no instanceID", survey="type | name | label\n text | q | Q", settings="omit_instanceID\n yes", has='<data id="data"><q/></data>')
    form("groups", survey="""type | name | label | relevant | appearance
         begin group | g | G | true() | field-list w2
         text | q | Q | |
         begin_group | h | | |
         integer | i | I | |
         end_group | | | |
         end group | | | |""", has=[
        '<bind nodeset="/data/g" relevant="true()"/>', bind("g/h/i", "int"),
        '<group ref="/data/g" appearance="field-list w2"><label>G</label><input ref="/data/g/q"><label>Q</label></input>'
        '<group ref="/data/g/h"><input ref="/data/g/h/i"><label>I</label></input></group></group>'])
    form("a repeat", survey="type | name | label\n begin repeat | r | R\n text | q | Q\n end repeat | |", has=[
        '<data id="data"><r jr:template=""><q/></r><r><q/></r><meta><instanceID/></meta></data>',
        '<group ref="/data/r"><label>R</label><repeat nodeset="/data/r"><input ref="/data/r/q"><label>Q</label></input></repeat></group>'])
    form("repeats in repeats", survey="""type | name | label
         begin repeat | r | R
         begin repeat | s | S
         text | q | Q
         end repeat | |
         begin group | g | G
         begin repeat | t | T
         text | p | P
         end repeat | |
         end group | |
         end repeat | |""", has=[
        '<r jr:template=""><s jr:template=""><q/></s><g><t jr:template=""><p/></t><t><p/></t></g></r>', '<r><s><q/></s><g><t><p/></t></g></r>'])
    form("count of a repeat", survey="""type | name | label | repeat_count
         integer | n | N |
         begin repeat | r | R | ${n}
         text | q | Q |
         end repeat | | |
         begin repeat | s | S | ${n} + 1
         text | p | P |
         end repeat | | |
         begin repeat | t | T | 3
         text | o | O |
         end repeat | | |""", has=[
        '<repeat nodeset="/data/r" jr:count=" /data/n "><input ref="/data/r/q"><label>Q</label></input></repeat>',
        '<repeat nodeset="/data/s" jr:count=" /data/s_count "><input ref="/data/s/p"><label>P</label></input></repeat>',
        bind("s_count", readonly="true()", calculate=" /data/n  + 1"), bind("t_count", readonly="true()", calculate="3")])
    form("disabled rows and comments", survey="type | name | label | disabled\n text | q | Q |\n text | p | P | yes\n | | |\n  | | | no", has='<data id="data"><q/><meta><instanceID/></meta></data>')
    form("settings among the questions", survey="type | name | label\n form_title | Hello |\n form_id | f9 |\n text | q | Q", has=[
        '<h:title>Hello</h:title>', '<data id="f9"><q/><meta><instanceID/></meta></data>'])
    form("notes without name", survey="type | name | label\n text | q | Q\n note | | Read", has=[bind("generated_note_name_3", readonly="true()")])
    form("the setting flat", survey="""type | name | label | relevant
         begin group | g | G | ${p} = 1
         text | q | Q | ${p} = 2
         end group | | |
         integer | p | P |""", settings="flat\n yes", has=['<data id="data"><q/><p/><meta><instanceID/></meta></data>',
         bind("q", relevant=" /data/p  = 1 and ( /data/p  = 2)")])


def types():
    plain = {"text": "string", "integer": "int", "int": "int", "decimal": "decimal", "date": "date", "time": "time", "dateTime": "dateTime",
             "datetime": "dateTime", "geopoint": "geopoint", "location": "geopoint", "gps": "geopoint", "geotrace": "geotrace", "geoshape": "geoshape",
             "barcode": "barcode", "string": "string"}
    for name, stored in plain.items():
        form(f"type {name}", survey=f"type | name | label\n {name} | q | Q", has=[bind("q", stored), '<input ref="/data/q"><label>Q</label></input>'])
    for name, media in {"image": "image", "photo": "image", "audio": "audio", "video": "video", "file": "application", "osm": "osm"}.items():
        form(f"type {name}", survey=f"type | name | label\n {name} | q | Q",
             has=[bind("q", "binary"), f'<upload ref="/data/q" mediatype="{media}/*"><label>Q</label></upload>'])
    for name, (stored, preload, parameter) in {
            "start": ("dateTime", "timestamp", "start"), "end": ("dateTime", "timestamp", "end"), "today": ("date", "date", "today"),
            "deviceid": ("string", "property", "deviceid"), "imei": ("string", "property", "deviceid"), "username": ("string", "property", "username"),
            "email": ("string", "property", "email"), "phonenumber": ("string", "property", "phonenumber"),
            "uri:deviceid": ("string", "property", "uri:deviceid")}.items():
        form(f"type {name}", survey=f"type | name | label\n {name} | q | ", has=[bind("q", stored, jr__preload=preload, jr__preloadParams=parameter), "<h:body/>"])
    form("note, acknowledge, trigger", survey="type | name | label\n note | n | N\n acknowledge | a | A\n trigger | t | T", has=[
        bind("n", readonly="true()"), bind("a"), '<trigger ref="/data/t"><label>T</label></trigger>'], lacks='nodeset="/data/t"')
    form("percentage and days", survey="type | name | label\n percentage | p | P\n number of days in last month | d | D\n phone number | t | T", has=[
        bind("p", "int", constraint="0 &lt;= . and . &lt;= 100"), '<input ref="/data/d"><label>D</label><hint>Enter a number 0-31.</hint></input>',
        bind("t", constraint="regex(., '^\\d*$')")])
    form("calculate, hidden", survey="type | name | label | calculation\n calculate | c | | 1 + 1\n hidden | h | |", has=[bind("c", calculate="1 + 1"), bind("h"), "<h:body/>"])
    form("audit", survey="""type | name | label | parameters
         text | q | Q |
         audit | | | location-priority=balanced location-min-interval=60 location-max-age=300 track-changes=true identify-user=true track-changes-reasons=on-form-edit""",
         has=['<meta><audit/><instanceID/></meta>', bind("meta/audit", "binary", odk__location_priority="balanced", odk__location_min_interval="60",
              odk__location_max_age="300", odk__track_changes="true", odk__identify_user="true", odk__track_changes_reasons="on-form-edit")])
    form("start-geopoint, background-audio", survey="type | name | label | parameters\n start-geopoint | s | |\n background-audio | b | | quality=low", has=[
        bind("s", "geopoint"), '<odk:setgeopoint ref="/data/s" event="odk-instance-first-load"/>', bind("b", "binary"),
        '<odk:recordaudio ref="/data/b" event="odk-instance-load" odk:quality="low"/>', "<h:body/>"])
    form("background-geopoint", survey="type | name | label | trigger\n text | q | Q |\n background-geopoint | b | | ${q}", has=[
        '<input ref="/data/q"><label>Q</label><odk:setgeopoint ref="/data/b" event="xforms-value-changed"/></input>', bind("b", "geopoint")])
    form("image parameters", survey="type | name | label | parameters | appearance | default\n image | i | I | max-pixels=1000 app=com.jeyluta.camera | annotate | a.png", has=[
        bind("i", "binary", orx__max_pixels="1000"), "<i>jr://images/a.png</i>",
        '<upload ref="/data/i" mediatype="image/*" appearance="annotate" intent="com.jeyluta.camera"><label>I</label></upload>'])
    form("text and geo parameters", survey="""type | name | label | parameters
         text | q | Q | rows=5
         geopoint | g | G | capture-accuracy=2.5, warning-accuracy=10; allow-mock-accuracy=true
         geoshape | h | H | incremental=true
         audio | a | A | quality=voice-only""", has=[
        '<input ref="/data/q" rows="5"><label>Q</label></input>', bind("g", "geopoint", odk__allow_mock_accuracy="true"),
        '<input ref="/data/g" accuracyThreshold="2.5" unacceptableAccuracyThreshold="10"><label>G</label></input>',
        '<input ref="/data/h" incremental="true"><label>H</label></input>', bind("a", "binary", odk__quality="voice-only")])
    form("ranges", survey="""type | name | label | parameters | appearance
         range | a | A | |
         range | b | B | start=0.5 end=5.0 step=0.5 tick_interval=1.5 placeholder=2.5 tick_labelset=t | vertical
         range | c | C | Start=10 eNd=1 step=-1 | picker
         range | d | D | start=-1 end=1 step=0.1 placeholder=0.6 |""", choices="list_name | name | label\n t | 2.0 | Two\n t | 3.5 | More", has=[
        '<range ref="/data/a" start="1" end="10" step="1"><label>A</label></range>', bind("a", "int"), bind("b", "decimal"), bind("c", "int"),
        '<range ref="/data/b" appearance="vertical" start="0.5" end="5.0" step="0.5" odk:tick-interval="1.5" odk:placeholder="2.5"><label>B</label>'
        '<itemset nodeset="instance(\'t\')/root/item"><value ref="name"/><label ref="label"/></itemset></range>',
        '<range ref="/data/c" appearance="picker" start="10" end="1" step="-1"><label>C</label></range>'])


def selects():
    item = "<itemset nodeset=\"{}\"><value ref=\"{}\"/><label ref=\"{}\"/></itemset>".format
    form("select one, multiple, rank", survey="type | name | label\n select_one c | a | A\n select_multiple c | b | B\n rank c | d | D\n select one c | e | E", choices=CHOICES, has=[
        bind("a"), bind("b"), bind("d", "odk:rank"), f'<select1 ref="/data/a"><label>A</label>{item("instance(&apos;c&apos;)/root/item", "name", "label")}</select1>',
        f'<select ref="/data/b"><label>B</label>{item("instance(&apos;c&apos;)/root/item", "name", "label")}</select>',
        f'<odk:rank ref="/data/d"><label>D</label>{item("instance(&apos;c&apos;)/root/item", "name", "label")}</odk:rank>',
        '<instance id="c"><root><item><name>a</name><label>Apple</label></item><item><name>b</name><label>Berry</label></item></root></instance>'])
    form("choices with columns", survey="type | name | label | choice_filter\n text | q | Q |\n select_one c | a | A | size = ${q}", choices="""list_name | name | size | label | geometry
         c | a | 1 | Apple | 1 2
         c | b | | Berry |""", has=[
        '<item><name>a</name><label>Apple</label><size>1</size><geometry>1 2</geometry></item>', '<item><name>b</name><label>Berry</label></item>',
        item("instance('c')/root/item[size =  /data/q ]", "name", "label")])
    form("randomize", survey="""type | name | label | parameters | choice_filter
         integer | n | N | |
         select_one c | a | A | randomize=true |
         select_one c | b | B | randomize=true, seed=42 | name != 'a'
         select_multiple c | d | D | randomize=true seed=${n} |
         select_one c | e | E | randomize=false |""", choices=CHOICES, has=[
        item("randomize(instance('c')/root/item)", "name", "label"), item("randomize(instance('c')/root/item[name != 'a'], 42)", "name", "label"),
        item("randomize(instance('c')/root/item, /data/n)", "name", "label"), item("instance('c')/root/item", "name", "label")])
    form("from files", survey="""type | name | label | parameters
         select_one_from_file cities.csv | a | A |
         select_multiple_from_file towns.xml | b | B | value=VAL label=lbl
         select_one_from_file places.geojson | d | D |
         select_one_from_file cities.csv | e | E | randomize=true""", has=[
        '<instance id="cities" src="jr://file-csv/cities.csv"/>', '<instance id="towns" src="jr://file/towns.xml"/>', '<instance id="places" src="jr://file/places.geojson"/>',
        item("instance('cities')/root/item", "name", "label"), item("instance('towns')/root/item", "VAL", "lbl"), item("instance('places')/root/item", "id", "title"),
        item("randomize(instance('cities')/root/item)", "name", "label")])
    form("external files", survey="type | name | label\n csv-external | fruits |\n xml-external | trees |\n text | q | Q", has=[
        '<instance id="fruits" src="jr://file-csv/fruits.csv"/>', '<instance id="trees" src="jr://file/trees.xml"/>', '<data id="data"><q/><meta><instanceID/></meta></data>'])
    form("external choices", survey="type | name | label | choice_filter\n text | q | Q |\n select_one_external l | a | A | state=${q}", external_choices="list_name | name | state\n l | x | 1", has=[
        '<input ref="/data/a" query="instance(\'l\')/root/item[state= /data/q ]"><label>A</label></input>'])
    form("or_other", survey="type | name | label\n select_one c or_other | a | A\n select_multiple c or other | b | B", choices=CHOICES, has=[
        '<item><name>other</name><label>Other</label></item>', bind("a_other", relevant="selected(../a, 'other')"),
        '<input ref="/data/b_other"><label>Specify other.</label></input>'])
    form("choices from a repeat", survey="""type | name | label | choice_filter
         begin repeat | r | R |
         text | n | N |
         integer | age | Age |
         end repeat | | |
         select_one ${n} | a | A |
         select_multiple ${n} | b | B | ${age} > 18""", has=[item("/data/r[./n != '']", "n", "n"), item("/data/r[ ./age  &gt; 18]", "n", "n")])
    form("choices from the repeat one is in", survey="""type | name | label | choice_filter
         begin repeat | r | R |
         text | n | N |
         select_one ${n} | a | A |
         end repeat | | |""", has=[item("../../r[./n != '']", "n", "n")])
    form("search", survey="type | name | label | appearance\n select_one c | a | A | search('fruits') minimal", choices=CHOICES, has=[
        '<select1 ref="/data/a" appearance="search(\'fruits\') minimal"><label>A</label><item><label>Apple</label><value>a</value></item>'
        '<item><label>Berry</label><value>b</value></item></select1>'], lacks='<instance id="c"')
    form("table-list", survey="""type | name | label | hint | appearance
         begin group | g | G | Hint | table-list minimal
         select_one c | a | A | |
         select_one c | b | B | |
         end group | | | |""", choices=CHOICES, has=[
        '<g><generated_table_list_label_2/><reserved_name_for_field_list_labels_3/><a/><b/></g>',
        '<input ref="/data/g/generated_table_list_label_2"><label>G</label><hint>Hint</hint></input>',
        f'<select1 ref="/data/g/b" appearance="list-nolabel"><label>B</label>{item("instance(&apos;c&apos;)/root/item", "name", "label")}</select1>'])
    form("duplicate choices", survey="type | name | label\n select_one c | a | A", settings="allow_choice_duplicates\n yes", choices="list_name | name | label\n c | a | A\n c | a | B",
         has='<item><name>a</name><label>B</label></item>')
    form("osm", survey="type | name | label\n osm t | q | Q", osm="list_name | name | label\n t | building | Building", has=[
        '<upload ref="/data/q" mediatype="osm/*"><label>Q</label><tag key="building"><label>Building</label></tag></upload>'])
    form("loops", survey="""type | name | label | relevant
         begin loop over c | l | |
         integer | n | How many %(label)s (%(name)s), 100%% | '%(name)s' = 'a'
         end loop | | |""", choices=CHOICES, has=[
        '<data id="data"><l><a><n/></a><b><n/></b></l><meta><instanceID/></meta></data>', bind("l/b/n", "int", relevant="'b' = 'a'"),
        '<group ref="/data/l/a"><label>Apple</label><input ref="/data/l/a/n"><label>How many Apple (a), 100%</label></input></group>'])


def references():
    form("absolute and in labels", survey="type | name | label | constraint | hint\n text | a | A | |\n text | b | Hello ${a}, < ${a} | . != ${a} | ${a}", has=[
        bind("b", constraint=". !=  /data/a "), '<label> Hello <output value=" /data/a "/>, &lt; <output value=" /data/a "/> </label>', '<hint><output value=" /data/a "/></hint>'])
    form("relative in a repeat", survey="""type | name | label | relevant
         text | Z | Fruit |
         begin repeat | section3 | S |
         text | F | F |
         begin group | sectionb | B |
         text | G | G |
         text | H | H w ${Z} | ${G}='oat'
         end group | | |
         begin repeat | sectionc | C |
         text | K | K | ${F}='oat'
         text | L | L | ${G}='oat'
         note | note5 | Noted ${F} w ${H} |
         end repeat | | |
         end repeat | | |""", has=[
        bind("section3/sectionb/H", relevant=" ../G ='oat'"), bind("section3/sectionc/K", relevant=" ../../F ='oat'"),
        bind("section3/sectionc/L", relevant=" ../../sectionb/G ='oat'"), '<label> H w <output value=" /data/Z "/> </label>',
        '<label> Noted <output value=" ../../F "/> w <output value=" ../../sectionb/H "/> </label>'])
    form("choice_filter in a repeat", survey="""type | name | label | choice_filter
         begin repeat | rep | R |
         select_one c | crop | C |
         select_one c | a | A | name = ${crop}
         begin group | group | G |
         select_one c | b | B | name = ${crop}
         end group | | |
         end repeat | | |""", choices=CHOICES, has=[
        "<itemset nodeset=\"instance('c')/root/item[name =  current()/../crop ]\"><value ref=\"name\"/><label ref=\"label\"/></itemset>",
        "<itemset nodeset=\"instance('c')/root/item[name =  current()/../../crop ]\"><value ref=\"name\"/><label ref=\"label\"/></itemset>"])
    form("the repeat itself", survey="""type | name | label | calculation
         begin repeat | t | T |
         text | s | S | count(${t})
         end repeat | | |
         begin repeat | u | U |
         begin repeat | v | V |
         text | w | W | count(${v})
         end repeat | | |
         end repeat | | |""", has=[bind("t/s", calculate="count( /data/t )"), bind("u/v/w", calculate="count( ../../v )")])
    person = """type | name | label | {}
         begin repeat | family | F |
         begin repeat | person | P |
         text | name | N |
         integer | age | A |
         text | prev | X | {}
         end repeat | | |
         end repeat | | |""".format
    form("indexed-repeat", survey=person("calculation", "concat(${name}, indexed-repeat(${age}, ${family}, 1, ${person}, 2), ${age})"), has=[
        bind("family/person/prev", calculate="concat( ../name , indexed-repeat( /data/family/person/age ,  /data/family , 1,  /data/family/person , 2),  ../age )")])
    form("indexed-repeat twice", survey=person("required", "concat(indexed-repeat(${name}, ${family}, 1, ${person}, 2), indexed-repeat(${age}, ${family}, 1, ${person}, 2))"), has=[
        bind("family/person/prev", required="concat(indexed-repeat( /data/family/person/name ,  /data/family , 1,  /data/family/person , 2), "
             "indexed-repeat( /data/family/person/age ,  /data/family , 1,  /data/family/person , 2))")])
    form("indexed-repeat behind a reference", survey=person("relevant", "${age} > indexed-repeat(${age}, ${family}, 1, ${person}, 2)"), has=[
        bind("family/person/prev", relevant=" ../age  &gt; indexed-repeat( /data/family/person/age ,  /data/family , 1,  /data/family/person , 2)")])
    form("predicates of instances", survey="""type | name | label | calculation
         begin repeat | r | R |
         calculate | n | | position(..)
         calculate | i | | ${n} + instance('c')/root/item[name=${n}]/label
         end repeat | | |""", choices=CHOICES, has=[bind("r/i", calculate=" ../n  + instance('c')/root/item[name= current()/../n ]/label")])
    form("instances in labels", survey="type | name | label\n text | a | A\n note | n | It is instance('c')/root/item[name = ${a}]/label, ${a}.", choices=CHOICES, has=[
        "<label> It is <output value=\"instance('c')/root/item[name =  /data/a ]/label,\"/> <output value=\" /data/a \"/>. </label>"])
    form("last-saved", survey="type | name | label | default\n text | a | A | ${last-saved#a}", has=[
        '<instance id="__last-saved" src="jr://instance/last-saved"/>', "<setvalue ref=\"/data/a\" event=\"odk-instance-first-load\" value=\" instance('__last-saved')/data/a \"/>"])
    form("pulldata", survey="""type | name | label | calculation | relevant
         text | a | A | | pulldata("fruits", 'x', 'y', 1) = 2 and pulldata( 'more' , 'x', 'y', 1)
         calculate | b | | pulldata('fruits', 'n', 'k', ${a}) |""", has=[
        '<instance id="fruits" src="jr://file-csv/fruits.csv"/>', '<instance id="more" src="jr://file-csv/more.csv"/>'])
    form("instanceID", survey="type | name | label | calculation\n calculate | a | | ${instanceID}", has=bind("a", calculate=" /data/meta/instanceID "))
    form("triggers", survey="""type | name | label | calculation | trigger
         text | a | A | |
         text | b | B | |
         dateTime | t | | now() | ${a}, ${b}
         text | u | U | | ${a}""", has=[
        '<input ref="/data/a"><label>A</label><setvalue ref="/data/t" event="xforms-value-changed" value="now()"/><setvalue ref="/data/u" event="xforms-value-changed"/></input>',
        '<input ref="/data/b"><label>B</label><setvalue ref="/data/t" event="xforms-value-changed" value="now()"/></input>', bind("t", "dateTime")])
    form("yes and no", survey="type | name | label | required | read_only | relevant\n text | a | A | yes | TRUE | No\n text | b | B | no | false() | ${a} = 'yes'", has=[
        bind("a", required="true()", readonly="true()", relevant="false()"), bind("b", required="false()", readonly="false()", relevant=" /data/a  = 'yes'")])
    form("curly quotes and blanks", survey="type | name | label | relevant\n text | a | A   B | \u2018x\u2019 = \u201cy\u201d", has=[bind("a", relevant="'x' = &quot;y&quot;"), "<label>A B</label>"])


STATIC = [("integer", "123"), ("text", "bar123"), ("text", "https://my-site.com"), ("text", "(https://mysite.com)"), ("text", "go to https://mysite.com"),
          ("text", "Repeat after me: '~!@#$%^&()_"), ("text", "not_func$"), ("text", "f-g"), ("text", "f-4"), ("text", "./f-4"), ("date", "2022-03-14"), ("date", "-2022-03-14"),
          ("time", "01:02:55"), ("time", "01:02:55Z"), ("time", "01:02:55+10:00"), ("time", "01:02:55-07:00"), ("dateTime", "2022-03-14T01:02:55-07:00"),
          ("geopoint", "32.7377112 -117.1288399 14 5.01"), ("geotrace", "32.7 -117.1 14 5.01;32.7 -117.9 14 5.01"), ("integer", "-1"), ("text", "1-1"), ("text", "a_b.c")]
DYNAMIC = [("integer", "random()"), ("text", "ends-with('mystr', \"str\")"), ("text", "jr:itext('/test/ref_text:label')"), ("text", "if(../t2 = 'test', 1, 2) + 15 - int(1.2)"),
           ("integer", "7 - 4"), ("text", "3 mod 3"), ("text", "5 div 5"), ("text", "2 + 3 * 4"), ("text", "./f - 4"), ("text", "../t2 - ./t4"), ("date", "concat('2022-03', '-14')"),
           ("date", "today() + 1"), ("text", "${o}"), ("text", "last ${last-saved#o}")]


def defaults():
    def escaped(text):
        return text.replace("&", "&amp;").replace("<", "&lt;").replace('"', "&quot;")
    for kind, value in STATIC:
        form(f"plain default {value}", survey=f"type | name | label | default\n {kind} | q | Q | {value}", has=f"<q>{escaped(value)}</q>", lacks="<setvalue")
    for kind, value in DYNAMIC:
        path = value.replace("${o}", " /data/o ").replace("${last-saved#o}", " instance('__last-saved')/data/o ")
        form(f"computed default {value}", survey=f"type | name | label | default\n text | o | O |\n {kind} | q | Q | {value}",
             has=[f'<setvalue ref="/data/q" event="odk-instance-first-load" value="{escaped(path)}"/>', "<q/>"])
    form("computed default in repeats", survey="""type | name | label | default
         begin repeat | r1 | R |
         date | q0 | D | now()
         integer | q1 | F |
         begin group | g | G |
         begin repeat | r2 | R |
         integer | q2 | B | ${q1}
         end repeat | | |
         end group | | |
         end repeat | | |""", has=[
        '<setvalue ref="/data/r1/q0" event="odk-instance-first-load" value="now()"/>', '<setvalue ref="/data/r1/g/r2/q2" event="odk-instance-first-load" value=" ../../../q1 "/>',
        '<repeat nodeset="/data/r1/g/r2"><input ref="/data/r1/g/r2/q2"><label>B</label></input><setvalue ref="/data/r1/g/r2/q2" event="odk-new-repeat" value=" ../../../q1 "/></repeat>'])


def languages():
    form("labels in languages", survey="""type | name | label::English (en) | label::French (fr) | hint::English (en) | guidance_hint | constraint_message::French (fr) | media::image::French (fr)
         text | a | Hello | Bonjour | Hint | More | Non | f.png
         text | b | Only | | | | |""", settings="default_language\n English (en)", has=[
        '<text id="/data/a:label"><value>Hello</value></text>', '<text id="/data/a:label"><value>Bonjour</value><value form="image">jr://images/f.png</value></text>',
        '<text id="/data/a:hint"><value>Hint</value><value form="guidance">More</value></text>', '<text id="/data/a:hint"><value>-</value><value form="guidance">-</value></text>',
        '<text id="/data/a:jr:constraintMsg"><value>Non</value></text>', '<text id="/data/a:jr:constraintMsg"><value>-</value></text>', '<text id="/data/b:label"><value>-</value></text>',
        '<input ref="/data/a"><label ref="jr:itext(\'/data/a:label\')"/><hint ref="jr:itext(\'/data/a:hint\')"/></input>', bind("a", jr__constraintMsg="jr:itext('/data/a:jr:constraintMsg')")])
    form("a column without language", survey="type | name | label | label::French (fr)\n text | a | Hello | Bonjour", has=[
        '<translation lang="default" default="true()"><text id="/data/a:label"><value>Hello</value></text></translation>',
        '<translation lang="French (fr)"><text id="/data/a:label"><value>Bonjour</value></text></translation>'])
    form("media without languages", survey="type | name | label | image | big-image | audio | video | autoplay\n text | a | A | a.png | b.png | a.mp3 | a.mp4 | audio", has=[
        '<text id="/data/a:label"><value>A</value><value form="image">jr://images/a.png</value><value form="big-image">jr://images/b.png</value>'
        '<value form="audio">jr://audio/a.mp3</value><value form="video">jr://video/a.mp4</value></text>', '<input ref="/data/a" autoplay="audio"><label ref="jr:itext(\'/data/a:label\')"/></input>'])
    form("guidance makes itext of the hint", survey="type | name | label | hint | guidance_hint\n text | a | A | H | G ${a}", has=[
        '<text id="/data/a:hint"><value>H</value><value form="guidance"> G <output value=" /data/a "/> </value></text>'])
    form("messages", survey="type | name | label | constraint | constraint_message | required | required_message\n text | a | A | . != '' | plain | yes | say ${a}", has=[
        bind("a", constraint=". != ''", jr__constraintMsg="plain", required="true()", jr__requiredMsg="jr:itext('/data/a:jr:requiredMsg')"),
        '<text id="/data/a:jr:requiredMsg"><value> say <output value=" /data/a "/> </value></text>'])
    form("choices in languages", survey="type | name | label\n select_one c | a | A", choices="list_name | name | label::en | label::fr | image\n c | x | One | Un | x.png\n c | y | Two | |", has=[
        '<item><itextId>c-0</itextId><name>x</name></item>', '<text id="c-0"><value>One</value></text>', '<text id="c-1"><value>-</value></text>', '<text id="c-0"><value form="image">jr://images/x.png</value><value>-</value></text>',
        '<itemset nodeset="instance(\'c\')/root/item"><value ref="name"/><label ref="jr:itext(itextId)"/></itemset>'], says="has no column 'image'")
    form("choices with references", survey="type | name | label\n text | q | Q\n select_one c | a | A", choices="list_name | name | label\n c | x | One ${q}", has=[
        '<text id="c-0"><value> One <output value=" /data/q "/> </value></text>', '<item><itextId>c-0</itextId><name>x</name></item>'])
    form("other spellings of columns", survey="Command | Tag | Caption | Calculate | Relevance | ReadOnly | Constraint Message | Constraint\n text | a | A | 1 | true | no | msg | . > 0", has=[
        bind("a", calculate="1", relevant="true()", readonly="false()", jr__constraintMsg="msg", constraint=". &gt; 0")])
    form("single colons", survey="type | name | label:English | label:French | bind:jr:constraintMsg\n text | a | Hello | Bonjour | no", has=[
        '<text id="/data/a:label"><value>Bonjour</value></text>', bind("a", jr__constraintMsg="no")])


def entities():
    form("create", survey="type | name | label | save_to\n text | a | A | prop", entities="list_name | label\n trees | ${a}", has=[
        '<meta><entity dataset="trees" create="1" id=""><label/></entity><instanceID/></meta>', bind("a", entities__saveto="prop"), bind("meta/entity/@id", readonly="true()"),
        '<setvalue ref="/data/meta/entity/@id" event="odk-instance-first-load" value="uuid()"/>', bind("meta/entity/label", calculate=" /data/a ", readonly="true()")])
    form("create on condition", survey="type | name | label | save_to\n text | a | A | prop", entities="dataset | label | create_if\n trees | ${a} | string-length(${a}) > 3", has=[
        bind("meta/entity/@create", calculate="string-length( /data/a ) &gt; 3", readonly="true()")])
    form("update", survey="type | name | label\n csv-external | trees |\n text | a | A", entities="list_name | entity_id | update_if\n trees | ${a} | ${a} != ''", has=[
        '<entity dataset="trees" update="1" baseVersion="" trunkVersion="" branchId="" id=""/>', bind("meta/entity/@update", calculate=" /data/a  != ''", readonly="true()"),
        bind("meta/entity/@id", calculate=" /data/a ", readonly="true()"), bind("meta/entity/@baseVersion", calculate="instance('trees')/root/item[name= /data/a ]/__version", readonly="true()")],
        lacks="uuid()")
    form("in a repeat", survey="type | name | label | save_to\n begin repeat | r | R |\n text | a | A | prop\n end repeat | | |", entities="list_name | label\n trees | ${a}", has=[
        '<r><a/><meta><entity dataset="trees" create="1" id=""><label/></entity></meta></r>', bind("r/meta/entity/label", calculate=" ../../../a ", readonly="true()"),
        '<repeat nodeset="/data/r"><input ref="/data/r/a"><label>A</label></input><setvalue ref="/data/r/meta/entity/@id" event="odk-new-repeat" value="uuid()"/></repeat>'])
    form("two", survey="""type | name | label | save_to
         begin group | g | G |
         text | a | A | e1#prop
         end group | | |
         begin group | h | H |
         text | b | B | e2#prop
         end group | | |""", entities="list_name | label\n e1 | ${a}\n e2 | ${b}", has=[
        '<g><a/><meta><entity dataset="e1" create="1" id=""><label/></entity></meta></g>', '<h><b/><meta><entity dataset="e2" create="1" id=""><label/></entity></meta></h>'])
    wrong("save_to without entities", "survey.*no entity", survey="type | name | label | save_to\n text | a | A | prop")
    wrong("no label", "no label", survey="type | name | label\n text | a | A", entities="list_name | create_if\n trees | true()")
    wrong("update without id", "entity_id", survey="type | name | label\n text | a | A", entities="list_name | label | update_if\n trees | ${a} | true()")
    wrong("id and create without update", "update_if", survey="type | name | label\n text | a | A", entities="list_name | label | entity_id | create_if\n trees | ${a} | ${a} | true()")
    wrong("point in the list", "point", survey="type | name | label\n text | a | A", entities="list_name | label\n a.b | ${a}")
    wrong("reserved property", "name and label", survey="type | name | label | save_to\n text | a | A | Name", entities="list_name | label\n trees | ${a}")
    wrong("unknown column", "what", survey="type | name | label\n text | a | A", entities="list_name | label | what\n trees | ${a} | 1")


def errors():
    q = "type | name | label\n text | a | A"
    wrong("unknown type", "teext", survey="type | name | label\n teext | a | A")
    wrong("no type column", "column 'type'", survey="kind | name | label\n text | a | A")
    wrong("no type in a row", "data.md:2.*type", survey="type | name | label\n | a | A")
    wrong("no name", "data.md:2.*no name", survey="type | name | label\n text | | A")
    wrong("bad name", "data.md:2.*bad name", survey="type | name | label\n text | bad name | A")
    wrong("twice the same name", "data.md:3.*'a'", survey=q + "\n text | a | B")
    wrong("no label", "neither label nor hint", survey="type | name | label\n text | a |")
    wrong("guidance alone", "neither label nor hint", survey="type | name | guidance_hint\n text | a | G")
    wrong("open group", "not ended", survey="type | name | label\n begin group | g | G\n text | a | A")
    wrong("end without begin", "ends a group", survey=q + "\n end group | |")
    wrong("crossed ends", "ends a repeat", survey="type | name | label\n begin group | g | G\n text | a | A\n end repeat | |\n end group | |")
    wrong("unknown reference", r"\$\{b\}", survey="type | name | label\n text | a | A ${b}")
    wrong("reference with blanks", "not well formed", survey="type | name | label\n text | a | A ${ a }")
    wrong("reference without end", "not well formed", survey="type | name | label\n text | a | A ${a")
    wrong("ambiguous reference", "several", survey="type | name | label\n begin group | g | G\n text | a | A\n end group | |\n begin group | h | H\n text | a | A ${a}\n end group | |")
    wrong("no such list", "no list 'd'", survey="type | name | label\n select_one d | a | A", choices=CHOICES)
    wrong("no choices", "no sheet choices", survey="type | name | label\n select_one d | a | A")
    wrong("choice without name", "choices.*no name", survey="type | name | label\n select_one c | a | A", choices="list_name | name | label\n c | | A")
    wrong("choice twice", "allow_choice_duplicates", survey="type | name | label\n select_one c | a | A", choices=CHOICES + "\n c | a | Again")
    wrong("blanks in a choice", "blank", survey="type | name | label\n select_multiple c | a | A", choices="list_name | name | label\n c | x y | A")
    wrong("no name column of choices", "column 'name'", survey="type | name | label\n select_one c | a | A", choices="list_name | label\n c | A")
    wrong("file of another kind", "csv", survey="type | name | label\n select_one_from_file a.pdf | a | A")
    wrong("or_other with filter", "or_other", survey="type | name | label | choice_filter\n select_one c or_other | a | A | true()", choices=CHOICES)
    wrong("repeat with the form's name", "name of the form", survey="type | name | label\n begin repeat | data | R\n text | a | A\n end repeat | |")
    wrong("two repeats of one name", "another repeat", survey="type | name | label\n begin repeat | r | R\n text | a | A\n end repeat | |\n begin group | g | G\n begin repeat | r | R\n text | b | B\n end repeat | |\n end group | |")
    wrong("the name meta", "meta", survey="type | name | label\n text | meta | M")
    wrong("calculate without calculation", "no calculation", survey="type | name | label\n calculate | a |")
    wrong("trigger that is no question", "trigger", survey="type | name | label | calculation | trigger\n text | a | A | |\n text | b | | 1 | ${z}")
    wrong("trigger that is text", "trigger", survey="type | name | label | calculation | trigger\n text | a | A | |\n text | b | | 1 | a")
    wrong("hidden trigger", "not shown", survey="type | name | label | calculation | trigger\n calculate | a | | 1 |\n text | b | | 1 | ${a}")
    wrong("parameters", "cannot be read", survey="type | name | label | parameters\n text | a | A | rows 5")
    wrong("unknown parameter", "this type takes", survey="type | name | label | parameters\n text | a | A | cols=5")
    for p, word in (("step=0", "is 0"), ("step=11", "greater"), ("step=x", "not a number"), ("start=-3 end=3 step=2 tick_interval=3", "multiple"), ("start=3 end=7 step=2 placeholder=9", "outside"),
                    ("tick_labelset=c9", "not a list"), ("start=1 end=10 stop=4", "stop")):
        wrong(f"range {p}", word, survey=f"type | name | label | parameters\n range | a | A | {p}")
    wrong("randomize", "true or false", survey="type | name | label | parameters\n select_one c | a | A | randomize=maybe", choices=CHOICES)
    wrong("seed alone", "randomize=true", survey="type | name | label | parameters\n select_one c | a | A | seed=3", choices=CHOICES)
    wrong("audit with a name", "audit", survey="type | name | label\n audit | mine |")
    wrong("audit of places", "three parameters", survey="type | name | label | parameters\n audit | | | location-priority=balanced")
    wrong("big-image alone", "big-image", survey="type | name | label | big-image\n text | a | A | b.png")
    wrong("public key without instanceID", "instanceID", survey=q, settings="public_key | omit_instanceID\n K | yes")
    wrong("two lists of one id", "two different lists", survey="type | name | label\n select_one_from_file c.csv | a | A\n select_one c | b | B", choices=CHOICES)
    wrong("external in a repeat", "repeat", survey="type | name | label\n begin repeat | r | R\n csv-external | x |\n text | a | A\n end repeat | |")
    wrong("external_choices", "external_choices", survey="type | name | label | choice_filter\n select_one_external x | a | A | true()")
    wrong("table-list of two lists", "table-list", survey="type | name | label | appearance\n begin group | g | G | table-list\n select_one c | a | A |\n select_one d | b | B |\n end group | | |",
          choices=CHOICES + "\n d | x | X")
    wrong("background-geopoint", "no trigger", survey="type | name | label\n background-geopoint | a |")
    wrong("prefix that is not declared", "sv:warn", survey="type | name | label | bind::sv:warn\n text | a | A | 1")
    wrong("search with and without", "search", survey="type | name | label | appearance\n select_one c | a | A | search('x')\n select_one c | b | B | minimal", choices=CHOICES)


def notes():
    form("nothing is dropped silently", survey="type | name | label | my notes\n text | a | A | x", settings="form_id | colour\n f | red", choices="list_name | name | label | two words\n c | a | A | x", extra="a\n b",
         says=["note.*my notes", "note.*colour", "two words", "sheet 'extra'"])
    form("sheets with similar names", survey="type | name | label\n text | a | A", setings="form_id\n f", says="'setings'")
    form("names that differ in capitals", survey="type | name | label\n text | a | A\n text | A | A", says="capital")
    form("languages without code", survey="type | name | label::French | hint::English (en)\n text | a | A | B", says=["'French' has no code", "no column 'hint'"])


def speed():
    """Ten thousand questions that refer to each other and a hundred thousand choices."""
    rows = ["| survey |", "| | type | name | label | relevant |"]
    rows += [f"| | {'select_one c' if i % 2 else 'integer'} | q{i} | Q {i} ${{q{max(0, i - 1)}}} | ${{q{max(0, i - 1)}}} != '' |" for i in range(10000)]
    rows += ["| choices |", "| | list_name | name | label | f |"] + [f"| | c | n{i} | Label {i} | {i % 7} |" for i in range(100000)]
    with open("big.md", "w", encoding="utf-8") as f:
        f.write("\n".join(rows) + "\n")
    before = bounded.spent()
    status, said = convert("big.md", "big.xml")
    took = bounded.spent() - before
    if status != 0 or took > 15:    # under a second without sanitizers
        fail(f"big.md: {status} after {took:.1f} s: {said[-500:]}")


for part in (public_workbooks, structure, types, selects, references, defaults, languages, entities, errors, notes, speed):
    part()
print(f"{COUNT} small forms, {len(FAILURES)} failures")
sys.exit(1 if FAILURES else 0)
