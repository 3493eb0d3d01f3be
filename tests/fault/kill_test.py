#!/usr/bin/env python3
"""Kills the terminal interview at 200 random moments and looks for every acknowledged answer in the file, then goes on with the same interview."""
import collections
import os
import random
import re
import signal
import sqlite3
import subprocess
import sys
import threading
import time

survey, folder = os.path.abspath(sys.argv[1]), os.path.abspath(sys.argv[2])
KILLS = int(os.environ.get("SURVEY_TEST_KILLS", "200"))
QUESTIONS = 60

os.makedirs(folder, exist_ok=True)
study, form = os.path.join(folder, "kill.study"), os.path.join(folder, "questionnaire.xml")
for name in (study, study + "-wal", study + "-shm", study + ".lock"):
    if os.path.exists(name):
        os.remove(name)
with open(form, "w") as f:
    f.write('<questionnaire xmlns="urn:libsurvey:questionnaire:1" id="kill" version="1" xml:lang="en"><title>Killed</title>\n')
    for i in range(QUESTIONS):
        f.write(f'  <question id="q{i}" type="integer" required="true"><label>Number {i}?</label></question>\n')
    f.write("</questionnaire>\n")


def run(*args):
    return subprocess.run([survey, *args], capture_output=True, text=True, timeout=60)


made = run("study", "create", study, "--questionnaire", form)
assert made.returncode == 0, made.stderr

seed = int(os.environ.get("SURVEY_TEST_SEED", "20260331"))
random.seed(seed)
acknowledged = collections.defaultdict(collections.Counter)    # case -> (question, value) -> times
ACK = re.compile(rb"^= (q\d+): (\d+)\s*$")


def read(pipe, counter, seen):
    for line in pipe:
        match = ACK.match(line) if line.endswith(b"\n") else None
        if match:
            counter[(match[1].decode(), match[2].decode())] += 1
            seen.append(1)


def stored(case):
    with sqlite3.connect(f"file:{study}?mode=ro", uri=True) as db:
        rows = db.execute("SELECT e.item, e.value FROM events e JOIN interviews i ON i.number = e.interview WHERE i.case_id = ? AND e.action = 3", (case,))
        return collections.Counter(rows.fetchall())


case_number, died, total, start = 0, 0, 0, 0.05
kill = -1
while died < KILLS:
    kill += 1
    assert kill < 4 * KILLS, f"only {died} of {kill} were killed: the test kills too late"
    case = f"case-{case_number}"
    seen = []
    child = subprocess.Popen([survey, "interview", study, "--case", case, "--interviewer", "test"], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                             stderr=subprocess.DEVNULL)
    reader = threading.Thread(target=read, args=(child.stdout, acknowledged[case], seen))
    reader.start()
    lines = "".join(f"{random.randrange(10**9)}\n" for _ in range(QUESTIONS + 5)).encode()
    # A quarter dies at any time since its start, the others after some acknowledged answers.
    begun = time.time()
    after, patience = random.randrange(1, QUESTIONS // 2), begun + (random.uniform(0, 2 * start) if random.random() < 0.25 else 20)
    try:
        child.stdin.write(lines)
        child.stdin.flush()
    except BrokenPipeError:
        pass
    while kill == 0 and not seen and child.poll() is None:      # how long a start takes here
        time.sleep(0.0002)
        start = time.time() - begun
    while len(seen) < after and time.time() < patience and child.poll() is None:
        time.sleep(0.0002)
    time.sleep(random.uniform(0, 0.002))
    child.send_signal(signal.SIGKILL)
    child.wait()
    died += child.returncode == -signal.SIGKILL
    reader.join()
    try:
        child.stdin.close()
    except BrokenPipeError:
        pass
    missing = acknowledged[case] - stored(case)
    assert not missing, f"kill {kill} (seed {seed}): acknowledged, but not in the file: {missing}"
    total += len(seen)
    with sqlite3.connect(f"file:{study}?mode=ro", uri=True) as db:
        phase = db.execute("SELECT phase FROM interviews WHERE case_id = ?", (case,)).fetchone()
    if phase and phase[0] == 2:
        case_number += 1

assert total > KILLS, f"only {total} answers were acknowledged: the test kills too early"

# The last interview is carried to its end, and all is as it should be.
with sqlite3.connect(f"file:{study}?mode=ro", uri=True) as db:
    assert db.execute("PRAGMA integrity_check").fetchone()[0] == "ok"
end = subprocess.run([survey, "interview", study, "--case", f"case-{case_number}", "--interviewer", "test"], input="7\n" * (2 * QUESTIONS), capture_output=True,
                     text=True, timeout=60)
assert end.returncode == 0, end.stderr
verified = run("study", "verify", study)
assert verified.returncode == 0, verified.stderr
print(f"{died} kills, {total} acknowledged answers, none lost, {case_number + 1} interviews")
