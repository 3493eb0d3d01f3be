#!/usr/bin/env python3
"""Makes the large forms that no public form stands for: bench_forms.py FOLDER

choices50k.xml  a select from a CSV file of 50,000 rows, filtered by another question
repeat500.xml   500 entries of a repeat with 20 questions each, rules inside an entry and across all of them; repeat100.xml: the same with 100"""
import pathlib
import sys

HEAD = ('<?xml version="1.0"?>\n<h:html xmlns="http://www.w3.org/2002/xforms" xmlns:h="http://www.w3.org/1999/xhtml" xmlns:jr="http://openrosa.org/javarosa">'
        '<h:head><h:title>{title}</h:title><model><instance><data id="{title}">{record}<meta><instanceID/></meta></data></instance>\n{model}</model></h:head>\n<h:body>{body}</h:body></h:html>\n')
ROWS, GROUPS, QUESTIONS = 50000, 500, 20


def choices(folder):
    with open(folder / "places.csv", "w", encoding="utf-8") as out:
        out.write("name,label,region\n")
        for i in range(ROWS):
            out.write(f"p{i},Place number {i},r{i % GROUPS}\n")
    body = ('<input ref="/data/region"><label>Region</label></input><select1 ref="/data/place"><label>Place</label>'
            '<itemset nodeset="instance(\'places\')/root/item[region = /data/region]"><value ref="name"/><label ref="label"/></itemset></select1>')
    (folder / "choices50k.xml").write_text(HEAD.format(title="choices50k", record="<region/><place/>", model='<instance id="places" src="jr://file-csv/places.csv"/>', body=body))


def repeat(folder, entries):
    names = [f"q{i}" for i in range(QUESTIONS)]
    record = f"<n>{entries}</n><total/><r>" + "".join(f"<{n}/>" for n in names) + "</r>"
    binds = ['<bind nodeset="/data/n" type="int"/>', '<bind nodeset="/data/total" type="int" calculate="sum(/data/r/q0[. != \'\'])"/>', '<bind nodeset="/data/r/q0" type="int" constraint=". &lt; 100"/>']
    for i in range(1, QUESTIONS):
        rule = [f'relevant="../q{i // 2} &gt; {i % 5}"', f'calculate="../q{i // 3} + {i}"', f'relevant="position(..) &gt; {i}"'][i % 3]
        binds.append(f'<bind nodeset="/data/r/q{i}" type="int" {rule}/>')
    body = ('<input ref="/data/n"><label>Entries</label></input><repeat nodeset="/data/r" jr:count="/data/n">' + "".join(f'<input ref="/data/r/{n}"><label>{n}</label></input>' for n in names) + "</repeat>")
    (folder / f"repeat{entries}.xml").write_text(HEAD.format(title=f"repeat{entries}", record=record, model="".join(binds), body=body))


def main():
    folder = pathlib.Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    choices(folder)
    repeat(folder, 100)
    repeat(folder, 500)


if __name__ == "__main__":
    main()
