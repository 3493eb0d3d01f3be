#!/usr/bin/env python3
"""Who reads an answer of `survey serve` more slowly than 16 KB a second, after the time of --deadline, is cut off, and memory and connections are free again; who is slow and
fast enough gets everything.

usage: slow_reader_test.py SURVEY FOLDER
"""
import os
import pathlib
import re
import shutil
import signal
import socket
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from serving import TRAINING, Client, Server, run

survey, folder = sys.argv[1], pathlib.Path(sys.argv[2]).resolve()
SANITIZED = b"__asan_init" in pathlib.Path(survey).read_bytes()      # which keeps memory that was freed
PASSWORD = "seven wet otters in June"
READERS, DEADLINE, SLOWEST = 100, 1, 16000                             # bytes a second
shutil.rmtree(folder, ignore_errors=True)
folder.mkdir(parents=True)
signal.alarm(280)


def connections(server):
    return sum(os.readlink(f"/proc/{server.process.pid}/fd/{fd}").startswith("socket:") for fd in os.listdir(f"/proc/{server.process.pid}/fd"))


def memory_kb(server):
    return int(re.search(r"RssAnon:\s+(\d+)", open(f"/proc/{server.process.pid}/status").read())[1])


def reader(server, cookie):
    """Asks for the export. What the systems between keep of it is kept small."""
    s = socket.socket()
    s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    s.setsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG, 536)
    s.settimeout(120)
    s.connect((server.host, server.port))
    s.sendall(f"GET /api/export/c-training.csv HTTP/1.1\r\nHost: {server.host}\r\nCookie: {cookie}\r\n\r\n".encode())
    return s


def begin_many(server, cookie):
    readers = [reader(server, cookie) for _ in range(READERS)]
    for s in readers:
        assert s.recv(12) == b"HTTP/1.1 200"
    return readers


def rest(s):
    """Everything that still comes until the server ends it."""
    n = 0
    try:
        while chunk := s.recv(65536):
            n += len(chunk)
    except ConnectionResetError:
        pass
    return n


def read_at(s, size, speed):
    """Reads `speed` bytes a second by the clock, catching up when this machine was busy; returns the bytes of the body that came, and the seconds."""
    began, got = time.monotonic(), b""
    while b"\r\n\r\n" not in got or len(got.split(b"\r\n\r\n", 1)[1]) < size:
        due = int((time.monotonic() - began) * speed) - len(got)
        if due < 512:
            time.sleep(0.05)
        elif chunk := s.recv(due):
            got += chunk
        else:
            break
    return len(got.partition(b"\r\n\r\n")[2]), time.monotonic() - began


study = folder / "slow.study"
for command in (("study", "create", study, "--questionnaire", TRAINING), ("simulate", study, "--cases", "250", "--seed", "1", "-q")):
    done = run(survey, *command)
    assert done.returncode == 0, done.stderr
assert run(survey, "study", "account", "add", study, "ada", "--role", "administrator", input=PASSWORD + "\n").returncode == 0

with Server(survey, study, "--quiet", "--deadline", DEADLINE) as server:
    admin = Client(server)
    assert admin.login("ada", PASSWORD)[0] == 200
    body = admin.ask("GET", "/api/export/c-training.csv")[2]
    size = len(body if isinstance(body, bytes) else body.encode())
    allowed = DEADLINE + size / SLOWEST
    assert 120000 < size < 400000, f"an answer of {size} bytes suits this test no more"
    before = connections(server)
    readers = begin_many(server, admin.cookie)
    first = memory_kb(server)
    came, seconds = read_at(reader(server, admin.cookie), size, 2 * SLOWEST)
    assert came == size, f"of {size} bytes one who reads {2 * SLOWEST} a second got {came} in {seconds:.1f} s"
    assert seconds > DEADLINE, "it was slow"
    trickle, came = reader(server, admin.cookie), 0
    while connections(server) > before:
        came += len(trickle.recv(256))
        time.sleep(0.5)
    assert came + rest(trickle) < size, "who reads half a kilobyte a second is cut off"
    trickle.close()
    for s in readers:
        assert rest(s) < size, "who does not read is cut off"
        s.close()
    assert Client(server).ask("GET", "/api/health")[0] == 200
    readers = begin_many(server, admin.cookie)
    second = memory_kb(server)
    assert SANITIZED or second - first < READERS * size // 1024 // 2, f"what {READERS} slow readers held is free again: {first} KB, then {second} KB"
    print(f"an answer of {size} bytes, at most {allowed:.0f} s: {READERS} slow readers {first} KB, the same again {second} KB")
    for s in readers:
        s.close()
    assert server.stop() == 0
