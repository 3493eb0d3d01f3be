#!/usr/bin/env python3
"""Random XForms that use everything ODK forms use, for the comparison with @getodk/xforms-engine: random_forms.py FOLDER FIRST_SEED N

Expressions look only at nodes that were made before, so nothing depends on itself."""
import pathlib
import random
import sys
from xml.sax.saxutils import escape, quoteattr

TYPES = ["string", "string", "int", "int", "decimal", "date", "select1", "select", "select1", "geopoint", "boolean", "dateTime", "time", "rank", "trigger", "range"]
FIRST = {"string": ["", "x", "yes", "10"], "int": ["", "", "3", "0", "12"], "decimal": ["", "1.5", "7"], "date": ["", "2026-11-22"], "geopoint": ["", "1 2 0 0"], "boolean": ["", "true"],
         "dateTime": ["", "2026-11-22T10:11:12.000Z"], "time": ["", "10:11:12"], "range": ["", "5"]}


class Node:
    def __init__(self, name, kind, parent):
        self.name, self.kind, self.parent, self.children, self.bind, self.first = name, kind, parent, [], {}, ""
        self.control, self.actions, self.count, self.fixed, self.instances = "", [], None, False, 1
        self.template, self.list, self.filter = False, None, ""

    def path(self):
        return (self.parent.path() if self.parent else "") + "/" + self.name

    def repeats(self):
        """The repeats around the node, outermost first."""
        above = self.parent.repeats() if self.parent else []
        return above + [self] if self.kind == "repeat" else above

    def above(self):
        return [self] + (self.parent.above() if self.parent else [])


class Form:
    def __init__(self, seed):
        self.chance = random.Random(seed)
        self.seed, self.number, self.made, self.setvalues = seed, 0, [], []
        self.lists = {f"l{i}": [(f"{'abcdefgh'[k]}{i}", f"Label {k} of {i}", self.chance.choice(["x", "y", "z"])) for k in range(self.chance.randint(2, 6))] for i in range(3)}
        self.root = Node("data", "group", None)
        self.fill(self.root, self.chance.randint(5, 12), 0)

    def one(self, n):
        return self.chance.randrange(n) == 0

    # ---- the tree

    def fill(self, parent, n, depth):
        for _ in range(n):
            self.number += 1
            kind = self.chance.choice(["leaf"] * 7 + (["group", "repeat", "repeat"] if depth < 3 else []))
            node = Node(f"n{self.number}", kind, parent)
            parent.children.append(node)
            if kind == "leaf":
                self.leaf(node)
                self.made.append(node)
            else:
                if kind == "repeat":
                    self.repeat(node)
                if self.one(3):
                    node.bind["relevant"] = self.condition(node)
                self.made.append(node)
                self.fill(node, self.chance.randint(1, 4), depth + 1)

    def repeat(self, node):
        choice = self.chance.randrange(6)
        counts = [n for n in self.made if n.kind == "leaf" and n.bind.get("type") == "int" and self.sees(node.parent, n) and not {"constraint", "calculate"} & set(n.bind)
                  and not any(target is n for _, target, _ in self.setvalues)]    # what a number becomes at the start is count-at-load
        if choice == 0 and counts:
            node.count = self.reference(node, self.chance.choice(counts))
        elif choice == 1:
            node.count = str(self.chance.randint(0, 3))
        elif choice == 2:
            node.fixed = True
        node.template = self.one(2)
        node.instances = 1 if node.fixed and node.repeats() != [node] else self.chance.choice([1, 1, 1, 0, 2])

    def leaf(self, node):
        kind = self.chance.choice(TYPES)
        node.bind["type"] = {"select1": "string", "select": "string", "rank": "odk:rank", "trigger": "string", "range": "int"}.get(kind, kind)
        node.first = self.chance.choice(FIRST.get(kind, [""]))
        node.control = kind if kind in ("select1", "select", "rank", "trigger", "range") else "input"
        if kind in ("select1", "select", "rank"):
            node.list = self.chance.choice(sorted(self.lists))
            if kind != "rank" and self.one(2):
                node.first = self.chance.choice(self.lists[node.list])[0]
            if self.one(2):
                node.filter = "[" + self.item_filter(node) + "]"
        if self.one(4) and kind not in ("trigger", "rank", "range"):
            node.bind["calculate"] = self.value(node, 2)
            if self.one(2):
                node.control = ""
        if self.one(3):
            node.bind["relevant"] = self.condition(node)
        if self.one(4):
            node.bind["required"] = self.chance.choice(["true()", "true()", self.condition(node)])
        if self.one(4) and kind in ("int", "decimal", "string", "select1", "select"):
            node.bind["constraint"] = self.chance.choice([". > 3", ". != 'x'", "string-length(.) < 4", "regex(., '^[a-z0-9.]+$')", f". != {self.atom(node)}", "not(selected(., 'a0'))", ". >= 0 and . <= 99"])
        if self.one(8):
            node.bind["readonly"] = self.chance.choice(["true()", self.condition(node)])
        self.action(node)

    def action(self, node):
        """A setvalue that the node's control holds, or one of the model, or of the repeat around it."""
        seen = [n for n in self.made if n.kind == "leaf" and n.repeats() == node.repeats() and "calculate" not in n.bind]
        if seen and node.control and self.one(5) and (self.seed % 4 == 0 or not node.repeats()):
            target = self.chance.choice(seen)
            if not any(e == "xforms-value-changed" for e, *_ in target.actions):
                node.actions.append(("xforms-value-changed", target.path(), self.value(target, 1)))
        if self.one(8) and "calculate" not in node.bind and node.control in ("input", ""):
            event = "odk-new-repeat" if node.repeats() and self.one(2) else "odk-instance-first-load"
            self.setvalues.append((event, node, self.value(node, 1)))

    # ---- expressions, as seen from a node

    def sees(self, node, other):
        """Whether `other` is one node for `node`: all repeats around it are around `node`, too."""
        around = node.repeats()
        return other.repeats() == around[:len(other.repeats())] and other not in node.above()

    def reference(self, node, other):
        if not other.repeats() and not self.one(3):
            return other.path()
        ups, at = "..", node.parent
        while at and at not in other.above():
            ups, at = ups + "/..", at.parent
        down = other.above()[:other.above().index(at)]
        return "/".join([ups] + [n.name for n in reversed(down)])

    def leaves(self, node):
        return [n for n in self.made if n.kind == "leaf" and self.sees(node, n)]

    def atom(self, node):
        leaves = self.leaves(node)
        if leaves and not self.one(4):
            return self.reference(node, self.chance.choice(leaves))
        return self.chance.choice(["1", "0", "3", "2.5", "'x'", "'yes'", "''", "'a0'", "10", "true()", "false()", "'2026-11-22'"])

    def value(self, node, depth):
        if depth == 0:
            return self.atom(node)
        v, chance = (lambda: self.value(node, depth - 1)), self.chance
        many = [n for n in self.made if n.kind == "leaf" and n.repeats() and not self.sees(node, n)]
        repeats = [n for n in self.made if n.kind == "repeat" and n not in node.above()]
        options = [lambda: f"{v()} + {v()}", lambda: f"{v()} * {v()}", lambda: f"concat({v()}, '-', {v()})", lambda: f"if({self.condition(node)}, {v()}, {v()})", lambda: f"coalesce({v()}, {v()})",
                   lambda: f"string-length({v()})", lambda: f"round({v()} div 3, 2)", lambda: f"count-selected({v()})", lambda: f"selected-at({v()}, 0)", lambda: f"int({v()})", lambda: f"once({v()})",
                   lambda: f"instance('{chance.choice(sorted(self.lists))}')/root/item[name = {self.inside(node)}]/label", lambda: f"count(instance('{chance.choice(sorted(self.lists))}')/root/item[f = 'x'])",
                   lambda: f"substr({v()}, 1, 3)", lambda: f"join(',', {v()}, {v()})", lambda: f"min({v()}, {v()})", lambda: f"format-date(today(), '%Y-%m')", lambda: f"normalize-space({v()})", lambda: f"pow({v()}, 2)"]
        if node.repeats():
            options += [lambda: f"position({'/'.join(['..'] * self.steps(node))})"] * 2
        if many:
            options += [lambda: f"{chance.choice(['sum', 'count', 'max', 'min', 'count-non-empty'])}({chance.choice(many).path()})", lambda: f"join(' ', {chance.choice(many).path()})",
                        lambda: f"{chance.choice(many).path()}", lambda: self.indexed(chance.choice(many))] * 2
        if repeats:
            options += [lambda: f"count({chance.choice(repeats).path()})"] * 2
        return chance.choice(options)()

    def steps(self, node):
        return node.above().index(node.repeats()[-1])

    def inside(self, node):
        """An expression inside a predicate: relative references begin at current()."""
        atom = self.atom(node)
        return "current()/" + atom if atom.startswith("..") else atom

    def indexed(self, node):
        return "indexed-repeat(" + ", ".join([node.path()] + [x for r in node.repeats() for x in (r.path(), str(self.chance.randint(1, 2)))]) + ")"

    def condition(self, node, depth=1):
        a = (lambda: self.value(node, 1) if self.one(4) else self.atom(node))
        options = [lambda: f"{a()} {self.chance.choice(['=', '!=', '<', '>', '>='])} {a()}"] * 4 + [lambda: f"selected({a()}, {self.chance.choice(self.lists['l0'])[0]!r})", lambda: f"{a()} != ''", lambda: f"not({a()})",
                   lambda: f"string-length({a()}) > 1", lambda: f"boolean-from-string({a()})", lambda: f"contains({a()}, '1')"]
        if depth:
            options += [lambda: f"({self.condition(node, 0)}) {self.chance.choice(['and', 'or'])} ({self.condition(node, 0)})"] * 2
        return self.chance.choice(options)()

    def item_filter(self, node):
        a = self.inside(node)
        return self.chance.choice([f"f = {a}", f"f = 'x' or {a} = '1'", f"name != {a}", f"position() > {self.chance.randint(0, 2)}", f"f = 'x'", f"contains({a}, f) or {a} = ''"])

    # ---- XML

    def instance(self, node, outermost=True, template=False):
        """Templates stand beside the outermost repeat's entries, and of inner repeats inside that template, as pyxform writes them."""
        if node.kind == "leaf":
            return f"<{node.name}>{escape(node.first)}</{node.name}>" if node.first else f"<{node.name}/>"
        if node.kind == "group":
            return f"<{node.name}>" + "".join(self.instance(c, outermost, template) for c in node.children) + f"</{node.name}>"
        inside = "".join(self.instance(c, False) for c in node.children)
        pattern = f'<{node.name} jr:template="">' + "".join(self.instance(c, False, True) for c in node.children) + f"</{node.name}>"
        if template:
            return pattern
        return (pattern if node.template and outermost else "") + f"<{node.name}>{inside}</{node.name}>" * (node.instances or int(not outermost or not node.template))

    def bind(self, node):
        attributes = "".join(f" {k}={quoteattr(v)}" for k, v in node.bind.items())
        own = f"<bind nodeset={quoteattr(node.path())}{attributes}/>\n" if attributes else ""
        return own + "".join(map(self.bind, node.children))

    def body(self, node):
        if node.kind == "group":
            return f"<group ref={quoteattr(node.path())}><label>{node.name}</label>\n" + "".join(map(self.body, node.children)) + "</group>\n"
        if node.kind == "repeat":
            more = f" jr:count={quoteattr(node.count)}" if node.count else ' jr:noAddRemove="true()"' if node.fixed else ""
            events = "".join(f"<setvalue event={quoteattr(e)} ref={quoteattr(t.path())} value={quoteattr(v)}/>" for e, t, v in self.setvalues if e == "odk-new-repeat" and t.repeats()[-1] is node)
            return f"<group ref={quoteattr(node.path())}><label>{node.name}</label><repeat nodeset={quoteattr(node.path())}{more}>\n" + "".join(map(self.body, node.children)) + events + "</repeat></group>\n"
        if not node.control:
            return ""
        tag = {"rank": "odk:rank"}.get(node.control, node.control)
        shown = self.atom(node) if self.one(3) else None
        label = f"<label>Node {node.name}{f' <output value={quoteattr(shown)}/>' if shown else ''}</label>"
        actions = "".join(f"<setvalue event={quoteattr(e)} ref={quoteattr(r)} value={quoteattr(v)}/>" for e, r, v in node.actions)
        choices = ""
        if node.list and (node.filter or not self.one(3)):
            nodes = f"instance('{node.list}')/root/item{node.filter}"
            if self.one(5):
                nodes = f"randomize({nodes}, {self.chance.randint(1, 99)})"
            choices = f'<itemset nodeset={quoteattr(nodes)}><value ref="name"/><label ref="label"/></itemset>'
        elif node.list:
            choices = "".join(f"<item><label>{l}</label><value>{c}</value></item>" for c, l, _ in self.lists[node.list])
        more = ' start="0" end="10" step="1"' if tag == "range" else ""
        return f"<{tag} ref={quoteattr(node.path())}{more}>{label}{choices}{actions}</{tag}>\n"

    def xml(self):
        lists = "".join(f'<instance id="{i}"><root>' + "".join(f"<item><name>{c}</name><label>{l}</label><f>{f}</f></item>" for c, l, f in items) + "</root></instance>\n" for i, items in self.lists.items())
        first = "".join(f"<setvalue event={quoteattr(e)} ref={quoteattr(t.path())} value={quoteattr(v)}/>" for e, t, v in self.setvalues if e == "odk-instance-first-load")
        inside = "".join(map(self.instance, self.root.children))
        return ('<?xml version="1.0"?>\n<h:html xmlns="http://www.w3.org/2002/xforms" xmlns:h="http://www.w3.org/1999/xhtml" xmlns:jr="http://openrosa.org/javarosa" xmlns:odk="http://www.opendatakit.org/xforms" '
                f'xmlns:orx="http://openrosa.org/xforms">\n<h:head><h:title>Random {self.seed}</h:title><model>\n<instance><data id="random{self.seed}" version="1">{inside}<orx:meta><orx:instanceID/></orx:meta></data></instance>\n{lists}'
                + "".join(map(self.bind, self.root.children)) + f'<bind nodeset="/data/orx:meta/orx:instanceID" jr:preload="uid"/>\n{first}</model></h:head>\n<h:body>\n' + "".join(map(self.body, self.root.children)) + "</h:body></h:html>\n")


def make(folder, first, n):
    folder.mkdir(parents=True, exist_ok=True)
    for seed in range(first, first + n):
        (folder / f"random{seed}.xml").write_text(Form(seed).xml(), encoding="utf-8")


if __name__ == "__main__":
    make(pathlib.Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
