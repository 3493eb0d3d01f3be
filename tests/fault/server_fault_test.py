#!/usr/bin/env python3
"""What goes wrong around `survey serve`: connections cut anywhere in an upload, pieces replayed and out of order, two devices with one case,
a disk that is full and then is not.

usage: server_fault_test.py SURVEY FOLDER
"""
import base64
import os
import pathlib
import random
import shutil
import sqlite3
import subprocess
import sys
import threading

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "command"))
from packages import digest, package, rehearse, seal
from serving import Client, Server, TRAINING, run

survey, folder = sys.argv[1], pathlib.Path(sys.argv[2])
failures = []


def check(good, what):
    if not good:
        failures.append(what)
        print("FAILED:", what, file=sys.stderr)


def set_up(study):
    made = run(survey, "study", "create", study, "--questionnaire", TRAINING)
    check(made.returncode == 0, made.stderr)
    with Server(survey, study) as server:
        admin = Client(server)
        admin.ask("POST", "/api/setup", {"code": server.read_setup(), "name": "ada", "password": "seven wet otters in June"})
        token = admin.ask("POST", "/api/devices", {"name": "tablet"})[2]["token"]
        key = base64.b64decode(admin.ask("GET", "/api/project")[2]["publicKey"])
    return token, key


def put(client, sealed, offset, end):
    return client.ask("PUT", f"/api/uploads/{digest(sealed)}?kind=package&size={len(sealed)}&offset={offset}", sealed[offset:end])


def count(study, name=None):
    db = sqlite3.connect(f"file:{study}?mode=ro", uri=True)
    n = db.execute("SELECT count(*) FROM submissions" + (" WHERE interview = ?" if name else ""), (name,) if name else ()).fetchone()[0]
    db.close()
    return n


def cut_anywhere(server, study, token, key, form, interviews):
    """The same upload, in two pieces, cut behind every byte of either: once stored, never twice."""
    shortest = min(interviews, key=len)
    name, content = package(form, shortest)
    sealed = seal(content, key)
    half = len(sealed) // 2
    cuts = 0
    for offset, end in ((0, half), (half, len(sealed))):
        head = (f"PUT /api/uploads/{digest(sealed)}?kind=package&size={len(sealed)}&offset={offset} HTTP/1.1\r\nHost: {server.host}:{server.port}\r\n"
                f"Authorization: Bearer {token}\r\nContent-Length: {end - offset}\r\n\r\n").encode()
        request = head + sealed[offset:end]
        for cut in range(1, len(request)):
            with server.socket() as s:
                s.sendall(request[:cut])
            cuts += 1
        check(count(study, name) == 0, f"nothing is stored before all of it is there (piece at {offset})")
        status, _, body = put(Client(server, bearer=token), sealed, offset, end)
        check(status == (202 if end < len(sealed) else 201), f"the piece at {offset}: {status} {body}")
    with server.socket() as s:           # acknowledged, and the acknowledgement was lost
        s.sendall(request)
    status, _, body = put(Client(server, bearer=token), sealed, 0, len(sealed))
    check(status == 200 and body["receipt"] == "stored-already", f"sent again: {status} {body}")
    check(count(study, name) == 1, "a package is stored once")
    return cuts


def replayed_and_reordered(server, study, token, key, form, interviews):
    chance = random.Random(3)
    names = []
    for i in range(12):
        name, content = package(form, chance.choice(interviews))
        sealed, size = seal(content, key), 0
        size = len(sealed)
        steps = sorted(chance.sample(range(1, size), 5)) + [size]
        pieces = list(zip([0] + steps, steps))
        client, final = Client(server, bearer=token), None
        while final is None:             # any piece, in any order, as often as it comes
            offset, end = chance.choice(pieces)
            status, _, body = put(client, sealed, offset, end)
            check(status in (200, 201, 202, 409), f"a piece: {status} {body}")
            if status in (200, 201):
                final = body
        check(final["receipt"] in ("stored", "stored-already") and final["uuid"] == name, f"in the end: {final}")
        names.append(name)
    check(all(count(study, n) == 1 for n in names), "replayed pieces store a package once")


def together(server, study, token, key, form, interviews):
    """One package by eight connections at once."""
    name, content = package(form, interviews[0])
    sealed, got = seal(content, key), []
    threads = [threading.Thread(target=lambda: got.append(put(Client(server, bearer=token), sealed, 0, len(sealed)))) for _ in range(8)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    receipts = sorted(body["receipt"] for status, _, body in got if status in (200, 201))
    check(len(receipts) == 8 and receipts.count("stored") == 1, f"stored once, known to the others: {receipts}")
    check(count(study, name) == 1, "eight at once store one")


def two_devices(server, study, token, key, form, interviews):
    """One interview that went on differently on two devices, and two interviews of one case: nothing is lost."""
    client = Client(server, bearer=token)
    name, first = package(form, interviews[0], case="C7")
    events = [list(e) for e in interviews[0]]
    events[-1][1] += 60000                                        # ended a minute later
    _, second = package(form, [tuple(e) for e in events], case="C7", name=name)
    for content, wanted in ((first, "stored"), (second, "kept-both"), (second, "stored-already"), (first, "stored-already")):
        sealed = seal(content, key)
        status, _, body = put(client, sealed, 0, len(sealed))
        check(status in (200, 201) and body["receipt"] == wanted, f"{wanted}: {status} {body}")
        check(wanted != "kept-both" or len(body["sentence"]) > 20, f"a sentence for the interviewer: {body}")
    _, third = package(form, interviews[1], case="C7")
    sealed = seal(third, key)
    check(put(client, sealed, 0, len(sealed))[0] == 201, "another interview of the case is stored too")
    db = sqlite3.connect(f"file:{study}?mode=ro", uri=True)
    there = db.execute("SELECT count(*), sum(conflicts <> '') FROM interviews WHERE case_id = 'C7'").fetchone()
    state = db.execute("SELECT disposition FROM cases WHERE id = 'C7'").fetchone()
    db.close()
    check(there == (3, 1), f"three interviews of the case, one marked as in conflict: {there}")
    check(state == ("conflict",), f"the case says so: {state}")


def full_disk(key_of):
    """Needs the right to mount a small disk: as root."""
    disk = folder / "disk"
    disk.mkdir()
    if os.geteuid() != 0 or subprocess.run(["mount", "-t", "tmpfs", "-o", "size=6m", "none", disk], capture_output=True).returncode != 0:
        print("a full disk: skipped, a disk cannot be mounted here")
        return
    try:
        study = disk / "t.study"
        token, key = set_up(study)
        form, interviews = key_of
        acknowledged, refused = [], 0
        with Server(survey, study, "--quiet") as server:
            client = Client(server, bearer=token)
            waiting = None
            while refused < 20 and len(acknowledged) < 3000:
                name, content = package(form, interviews[len(acknowledged) % len(interviews)])
                waiting = seal(content, key)
                status, _, body = put(client, waiting, 0, len(waiting))
                if status == 201:
                    acknowledged.append(name)
                else:
                    refused += 1
                    check(status == 507 and len(body["error"]) > 20, f"on a full disk: {status} {body}")
            check(refused == 20, f"the disk became full after {len(acknowledged)}")
            check(subprocess.run(["mount", "-o", "remount,size=20m", str(disk)]).returncode == 0, "the disk has place again")
            status, _, body = put(client, waiting, 0, len(waiting))
            check(status == 201, f"it goes on by itself: {status} {body}")
            check(server.stop() == 0, "and ends as always")
        db = sqlite3.connect(f"file:{study}?mode=ro", uri=True)
        there = {n for (n,) in db.execute("SELECT interview FROM submissions")}
        db.close()
        check(set(acknowledged) <= there and len(there) == len(acknowledged) + 1, f"{len(acknowledged)} acknowledged, {len(there)} there")
        verified = run(survey, "study", "verify", study)
        check(verified.returncode == 0, "the study holds: " + verified.stderr)
        print(f"full disk: after {len(acknowledged)} interviews")
    finally:
        subprocess.run(["umount", str(disk)], check=False)


def main():
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    study = folder / "t.study"
    token, key = set_up(study)
    form, interviews = rehearse(survey, folder, TRAINING)
    with Server(survey, study, "--quiet", "--log", folder / "log") as server:
        cuts = cut_anywhere(server, study, token, key, form, interviews)
        replayed_and_reordered(server, study, token, key, form, interviews)
        together(server, study, token, key, form, interviews)
        two_devices(server, study, token, key, form, interviews)
    verified = run(survey, "study", "verify", study)
    check(verified.returncode == 0, "the study holds: " + verified.stderr)
    full_disk((form, interviews))
    print(f"{cuts} cuts, {len(failures)} failures")
    return 1 if failures else 0


sys.exit(main())
