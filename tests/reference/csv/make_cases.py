#!/usr/bin/env python3
"""Write cases.txt: random CSV files with what Python's csv module and float() read in them.

    python3 tests/reference/csv/make_cases.py > tests/reference/csv/cases.txt

One case is:
    case SEPARATOR-IN-HEX INPUT-IN-HEX
    row LINE CELL CELL ...              every row, header first; a cell is its bytes in hex, - when empty
    number NAME VALUE VALUE ...         every column by its name in hex: values as C hexadecimal floats, . when missing
    factor NAME LEVEL,LEVEL... CODE ... or levels in hex and codes, . when missing
    end

The rows are those of csv.reader(strict=True). The types follow docs/formats/csv.md, written here a second time.
"""
import csv
import io
import random
import re
from decimal import Decimal

NUMBER = re.compile(r"[+-]?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]+)?\Z")
R = random.Random(20240607)


def as_number(text):
    """The double, or None when the text is no number that a double holds."""
    text = text.strip(" \t")
    if not NUMBER.match(text):
        return None
    value = float(text)
    if value in (float("inf"), float("-inf")):
        return None
    if re.fullmatch(r"[+-]?[0-9]+", text):
        exact = abs(int(text))
        if exact >= 10**15 and exact != abs(int(value)) and exact != int(Decimal(repr(abs(value)))):
            return None
    return value


def number_text():
    kind = R.randrange(9)
    if kind == 0:
        return repr(R.uniform(-1, 1))
    if kind == 1:
        return "%.*f" % (R.randrange(1, 18), R.gauss(0, 10.0 ** R.randrange(-3, 6)))
    if kind == 2:
        return "%.*e" % (R.randrange(0, 18), R.gauss(0, 1) * 10.0 ** R.randrange(-30, 30))
    if kind == 3:
        return str(R.randrange(-10, 100))
    if kind == 4:
        return "%d.%0*d" % (R.randrange(10 ** R.randrange(1, 6)), R.randrange(10, 17), R.randrange(10**9))
    if kind == 5:
        return R.choice([" 7", "8 ", "\t9", "+1", "007", "0", "-0", "1E5", "1e5", "2.50", "0.1", "1e-7", "123456789012345", "9007199254740992"])
    if kind == 6:
        # near the middle between two doubles, where rounding is hard
        m = R.randrange(2**52, 2**53)
        return "0.%s" % str(Decimal(2 * m + 1) / Decimal(2**54))[2:21]
    if kind == 7:
        return str(R.randrange(10**9))
    return "%.15g" % R.gauss(0, 1)


WORDS = ["Sofia", "Пловдив", "NA", "a,b", 'say "yes"', "line\nbreak", "two\r\nlines", "", " lead", "x;y", "TRUE", "inf", "nan", "0x10", "1.", ".5",
         "12345678901234567891", "العربية", "tab\there", "€", "😀", '"', '""', "\n", "9007199254740993"]


def column(kind, rows):
    if kind == "number":
        return [number_text() if R.random() > .1 else "" for _ in range(rows)]
    if kind == "late":    # only the last cell is no number
        return [str(R.randrange(100)) for _ in range(rows - 1)] + ["x"]
    if kind == "blank":
        return [""] * rows
    if kind == "identifier":
        return [str(R.randrange(10**18, 10**19)) for _ in range(rows)]
    return [R.choice(WORDS) for _ in range(rows)]


def cell_text(text, separator, always):
    """A cell as somebody might write it, and whether it ended up in quotes."""
    quote = always or R.random() < .1 or any(c in text for c in '"\r\n' + separator)
    return ('"' + text.replace('"', '""') + '"' if quote else text), quote


def case(index):
    separator = R.choice([",", ",", ";", "\t"])
    line = R.choice(["\n", "\n", "\r\n"])
    always = R.random() < .1
    rows = R.choice([0, 1, 2, 5, 20, 60])
    kinds = [R.choice(["number", "number", "text", "late", "blank", "identifier"]) for _ in range(R.choice([2, 3, 6]))]
    names = ["v%d" % i for i in range(len(kinds))]
    if R.random() < .3:
        names[0] = "Име, \"x\"\nof 1"
    columns = [column(k, rows) if rows else [] for k in kinds]
    quoted = [[False] * rows for _ in kinds]
    text = separator.join(cell_text(n, separator, always)[0] for n in names) + line
    for i in range(rows):
        cells = []
        for j in range(len(kinds)):
            t, quoted[j][i] = cell_text(columns[j][i], separator, always)
            cells.append(t)
        text += separator.join(cells) + line
    if R.random() < .3:
        text = text[:-len(line)]
    elif R.random() < .2:
        text += line * 2
    data = text.encode()
    if R.random() < .2:
        data = b"\xef\xbb\xbf" + data
    print("case %02x %s" % (ord(separator), data.hex()))
    reader = csv.reader(io.StringIO(data.decode("utf-8-sig"), newline=""), delimiter=separator, strict=True)
    before, read = 0, []
    for row in reader:
        if row:
            print("row", before + 1, " ".join(c.encode().hex() or "-" for c in row))
            read.append(row)
        before = reader.line_num
    assert read[0] == names and [list(c) for c in zip(*read[1:])] == columns * (rows > 0), index
    for j, name in enumerate(names):
        def missing(i):
            cell = columns[j][i]
            return cell == "" or (not quoted[j][i] and cell.strip(" \t") in ("", "NA"))
        values = [None if missing(i) else columns[j][i] for i in range(rows)]
        numbers = [None if v is None else as_number(v) for v in values]
        if all(v is None or n is not None for v, n in zip(values, numbers)):
            print("number", name.encode().hex(), " ".join("." if n is None else n.hex() for n in numbers))
            continue
        levels = sorted({v for v in values if v is not None}, key=lambda t: t.encode())
        if all(NUMBER.match(v) for v in levels):
            levels.sort(key=lambda t: (float(t), t.encode()))
        print("factor", name.encode().hex(), ",".join(v.encode().hex() for v in levels),
              " ".join("." if v is None else str(levels.index(v)) for v in values))
    print("end")


for k in range(120):
    case(k)
