"""Packages (docs/formats/package.md) for tests: written from the journals of a rehearsed study, and sealed as a device seals them."""
import ctypes
import ctypes.util
import hashlib
import sqlite3
import uuid

from serving import run


def number(n):
    out = bytearray()
    while n > 127:
        out.append(n & 127 | 128)
        n >>= 7
    out.append(n)
    return bytes(out)


def signed(n):
    return number(n << 1 if n >= 0 else (-n << 1) - 1)


def text(t):
    b = (t or "").encode()
    return number(len(b)) + b + b"\0"


def frame(kind, *fields):
    body = b"".join(fields)
    return bytes([kind]) + number(len(body)) + body


def package(form, events, case="", name=None, mode=2, actor="ana", files=(), corrects="", reason=""):
    """`form`: (id, version, checksum); `events`: rows of the table events. Returns (uuid, bytes)."""
    name = name or str(uuid.uuid4())
    out = [b"SVYP\x01", frame(1, text(name), text(form[0]), text(form[1]), number(form[2]), text(case), text(corrects), text(reason)),
           frame(2, number(1), number(mode), text(actor), text(""), text("tablet 1"), text("test"), number(1), signed(0))]
    for sequence, utc, zone, mono, action, item, entry, value, missing, why in events:
        out.append(frame(3, number(sequence), signed(utc), signed(zone), signed(mono), number(action), text(item), text(entry), text(value), number(missing), text(why)))
    for file_name, media_type, content, sealed in files:
        out.append(frame(4, text(file_name), text(media_type), number(len(content)), hashlib.sha256(content).digest(), hashlib.sha256(sealed).digest()))
    out.append(frame(5, number(len(events)), number(2)))
    return name, b"".join(out)


def rehearse(survey, folder, questionnaire, cases=9, seed=1):
    """Complete interviews of a questionnaire: (form, [events of each])."""
    study = folder / "rehearsal.study"
    for made in (run(survey, "study", "create", study, "--questionnaire", questionnaire), run(survey, "simulate", study, "--cases", cases, "--seed", seed, "-q")):
        if made.returncode != 0:
            raise RuntimeError(made.stderr)
    db = sqlite3.connect(study)
    form = db.execute("SELECT id, version, checksum FROM forms").fetchone()
    interviews = []
    for (interview,) in db.execute("SELECT number FROM interviews WHERE blanked = 0 ORDER BY number").fetchall():
        interviews.append(db.execute("SELECT sequence, utc_ms, zone, mono_ms, action, item, entry, value, missing, reason FROM events WHERE interview = ? ORDER BY sequence",
                                     (interview,)).fetchall())
    db.close()
    return (form[0], form[1], int(form[2], 16)), interviews


_sodium = ctypes.CDLL(ctypes.util.find_library("sodium") or "libsodium.so.23")


def seal(content, public_key):
    out = ctypes.create_string_buffer(len(content) + 48)
    if _sodium.crypto_box_seal(out, content, ctypes.c_ulonglong(len(content)), public_key) != 0:
        raise RuntimeError("cannot seal")
    return out.raw


def digest(content):
    return hashlib.sha256(content).hexdigest()
