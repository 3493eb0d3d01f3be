#!/usr/bin/env python3
"""kill -9 of `survey serve` at random moments while devices send, and in between the order to end: what was acknowledged is there, once, after every start.

usage: server_kill_test.py SURVEY FOLDER        SERVER_KILLS=1000 for the long run (a number in this test's output says how many there were)
"""
import base64
import http.client
import os
import pathlib
import random
import shutil
import signal
import sqlite3
import sys
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "command"))
from packages import digest, package, rehearse, seal
from serving import Client, Server, TRAINING, run

survey, folder = sys.argv[1], pathlib.Path(sys.argv[2])
KILLS, DEVICES = int(os.environ.get("SERVER_KILLS", "40")), 6
failures = []


def check(good, what):
    if not good:
        failures.append(what)
        print("FAILED:", what, file=sys.stderr)


class Device:
    """Sends interviews one after the other; what was not acknowledged is sent again before anything else."""

    def __init__(self, form, interviews, key, seed):
        self.form, self.interviews, self.key = form, interviews, key
        self.random = random.Random(seed)
        self.open = None                 # (uuid, sealed bytes) that nobody has acknowledged yet
        self.acknowledged = []
        self.refused = []

    def next(self):
        name, content = package(self.form, self.random.choice(self.interviews))
        return name, seal(content, self.key)

    def send(self, client, name, sealed):
        size, h, piece = len(sealed), digest(sealed), self.random.choice((len(sealed), len(sealed) // 2 + 1, 700))
        status, headers, _ = client.ask("HEAD", f"/api/uploads/{h}")
        at = int(headers["X-Survey-Offset"]) if status == 200 else 0
        while True:
            status, _, body = client.ask("PUT", f"/api/uploads/{h}?kind=package&size={size}&offset={at}", sealed[at:at + piece])
            if status != 202:
                break
            at = body["offset"]
        if status in (200, 201) and body["receipt"] in ("stored", "stored-already") and body["uuid"] == name:
            self.acknowledged.append(name)
            self.open = None
        else:
            self.refused.append((status, body))
            self.open = None

    def work(self, server, token):
        try:
            client = Client(server, bearer=token)
            while True:
                self.open = self.open or self.next()
                self.send(client, *self.open)
        except (OSError, http.client.HTTPException, ValueError):
            pass                         # the server is gone: go on with the next one


def set_up(study):
    check(run(survey, "study", "create", study, "--questionnaire", TRAINING).returncode == 0, "the study is made")
    with Server(survey, study) as server:
        admin = Client(server)
        admin.ask("POST", "/api/setup", {"code": server.read_setup(), "name": "ada", "password": "seven wet otters in June"})
        token = admin.ask("POST", "/api/devices", {"name": "tablet"})[2]["token"]
        key = base64.b64decode(admin.ask("GET", "/api/project")[2]["publicKey"])
    return token, key


def stored(study):
    db = sqlite3.connect(f"file:{study}?mode=ro", uri=True)
    names = [name for (name,) in db.execute("SELECT interview FROM submissions")]
    rows = [name for (name,) in db.execute("SELECT interview FROM data_c_training")]
    db.close()
    return names, rows


def one_life(study, token, devices, chance):
    """A server that lives for a moment. Returns how long it took to answer after its start."""
    started = time.monotonic()
    server = Server(survey, study, "--quiet")
    ready = time.monotonic() - started
    threads = [threading.Thread(target=d.work, args=(server, token)) for d in devices]
    for t in threads:
        t.start()
    time.sleep(chance.uniform(0, 0.3))
    how = chance.choice((signal.SIGKILL, signal.SIGKILL, signal.SIGTERM))
    code = server.stop(how)
    check(how == signal.SIGKILL or code == 0, f"it ends with status {code} when it is asked to in the middle of its work")
    for t in threads:
        t.join()
    return ready


def main():
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    study, chance = folder / "t.study", random.Random(5)
    token, key = set_up(study)
    form, interviews = rehearse(survey, folder, TRAINING)
    devices = [Device(form, interviews, key, i) for i in range(DEVICES)]
    slowest = max(one_life(study, token, devices, chance) for _ in range(KILLS))
    acknowledged = [name for d in devices for name in d.acknowledged]
    names, rows = stored(study)
    check(len(acknowledged) > KILLS, f"something was sent: {len(acknowledged)}")
    check(not [r for d in devices for r in d.refused], f"nothing good was refused: {[r for d in devices for r in d.refused][:3]}")
    lost = set(acknowledged) - set(names)
    check(not lost, f"{len(lost)} acknowledged interviews are lost")
    check(len(names) == len(set(names)) and len(rows) == len(set(rows)), "an interview is stored twice")
    check(set(names) == set(rows), "submissions and tables of answers do not agree")
    verified = run(survey, "study", "verify", study)
    check(verified.returncode == 0, "the study holds: " + verified.stderr)
    print(f"{KILLS} kills, {len(acknowledged)} acknowledged, {len(names) - len(set(acknowledged))} stored without being acknowledged, "
          f"slowest start {slowest:.2f} s, {len(failures)} failures")
    return 1 if failures else 0


sys.exit(main())
