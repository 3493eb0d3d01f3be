#!/usr/bin/env python3
"""Hostile requests straight at `survey serve`: each is refused with its status and the connection ends; the server goes on for others.

usage: hostile_http_test.py SURVEY FOLDER
"""
import pathlib
import shutil
import socket
import ssl
import subprocess
import sys
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).parent))
from serving import Server, TRAINING, answer, run

survey, folder = sys.argv[1], pathlib.Path(sys.argv[2])
failures = []


def check(good, what):
    if not good:
        failures.append(what)
        print("FAILED:", what, file=sys.stderr)


H = b"Host: localhost\r\n"
POST = b"POST /api/login HTTP/1.1\r\n" + H
PROBES = [
    ("Content-Length with Transfer-Encoding", POST + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", {400}),
    ("Transfer-Encoding with Content-Length", POST + b"Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n", {400}),
    ("two different lengths", POST + b"Content-Length: 5\r\nContent-Length: 6\r\n\r\nabcdef", {400}),
    ("two equal lengths", POST + b"Content-Length: 2\r\nContent-Length: 2\r\n\r\n{}", {400}),
    ("length +3", POST + b"Content-Length: +3\r\n\r\n{ }", {400}),
    ("length 3x", POST + b"Content-Length: 3x\r\n\r\n{ }", {400}),
    ("length -1", POST + b"Content-Length: -1\r\n\r\n{ }", {400, 413}),
    ("length 2^64", POST + b"Content-Length: 18446744073709551616\r\n\r\n{ }", {400, 413}),
    ("length 10 GB", POST + b"Content-Length: 10000000000\r\n\r\n{ }", {413}),
    ("bare LF", b"GET / HTTP/1.1\nHost: localhost\n\n", {400}),
    ("one bare LF", b"GET / HTTP/1.1\r\nHost: localhost\nX-A: b\r\n\r\n", {400}),
    ("bare CR in a value", b"GET / HTTP/1.1\r\n" + H + b"X-A: b\rX-C: d\r\n\r\n", {400}),
    ("NUL in a value", b"GET / HTTP/1.1\r\n" + H + b"X-A: b\0c\r\n\r\n", {400}),
    ("%00 in the address", b"GET /form/a%00b HTTP/1.1\r\n" + H + b"\r\n", {400}),
    ("raw NUL in the address", b"GET /form/a\0b HTTP/1.1\r\n" + H + b"\r\n", {400}),
    ("blank before the colon", b"GET / HTTP/1.1\r\n" + H + b"X-A : b\r\n\r\n", {400}),
    ("folded header", b"GET / HTTP/1.1\r\n" + H + b"X-A: b\r\n c\r\n\r\n", {400}),
    ("two Hosts", b"GET / HTTP/1.1\r\n" + H + b"Host: other\r\n\r\n", {400}),
    ("no Host", b"GET / HTTP/1.1\r\nX-A: b\r\n\r\n", {400}),
    ("TRACE", b"TRACE / HTTP/1.1\r\n" + H + b"\r\n", {405, 501}),
    ("CONNECT", b"CONNECT localhost:443 HTTP/1.1\r\n" + H + b"\r\n", {400, 405, 501}),
    ("unknown method", b"BREW / HTTP/1.1\r\n" + H + b"\r\n", {405, 501}),
    ("100 KB in one header", b"GET / HTTP/1.1\r\n" + H + b"X-A: " + b"b" * 100000 + b"\r\n\r\n", {431}),
    ("5,000 headers", b"GET / HTTP/1.1\r\n" + H + b"".join(b"X-%d: a\r\n" % i for i in range(5000)) + b"\r\n", {431}),
    ("64 KB address", b"GET /" + b"a" * 65536 + b" HTTP/1.1\r\n" + H + b"\r\n", {414}),
    ("unknown Transfer-Encoding", POST + b"Transfer-Encoding: smoke\r\n\r\nabc", {501}),
    ("Transfer-Encoding twice", POST + b"Transfer-Encoding: identity\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", {400, 501}),
    # beyond the 27
    ("absolute address", b"GET http://localhost/ HTTP/1.1\r\n" + H + b"\r\n", {400}),
    ("fragment", b"GET /#a HTTP/1.1\r\n" + H + b"\r\n", {400}),
    ("HTTP/2 preface", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", {400}),
    ("HTTP/0.9", b"GET /\r\n\r\n", {400}),
    ("TLS to a plain server", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", {400}),
    ("chunk size with sign", POST + b"Transfer-Encoding: chunked\r\n\r\n+2\r\n{}\r\n0\r\n\r\n", {400}),
    ("chunk size of 16 digits", POST + b"Transfer-Encoding: chunked\r\n\r\nFFFFFFFFFFFFFFFF\r\n{}\r\n", {400, 413}),
    ("chunk extension", POST + b"Transfer-Encoding: chunked\r\n\r\n2;a=b\r\n{}\r\n0\r\n\r\n", {400}),
    ("trailer", POST + b"Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\nX-A: b\r\n\r\n", {400}),
    ("chunks without end", POST + b"Transfer-Encoding: chunked\r\n\r\n" + b"400\r\n" .join([b""] + [b"a" * 1024 + b"\r\n"] * 64), {413}),
    ("body where none belongs", b"GET / HTTP/1.1\r\n" + H + b"Content-Length: 3\r\n\r\nabc", {413}),
    ("method that is not for this address", b"DELETE /form/ HTTP/1.1\r\n" + H + b"\r\n", {405}),
    ("query that is no text", b"GET /api/health?a=%ff HTTP/1.1\r\n" + H + b"\r\n", {400}),
    ("query with a name twice", b"GET /api/health?a=1&a=2 HTTP/1.1\r\n" + H + b"\r\n", {400}),
    ("query with a cut escape", b"GET /api/health?a=%4 HTTP/1.1\r\n" + H + b"\r\n", {400}),
]
PATHS = ["/../etc/passwd", "/form/../../etc/passwd", "/form/..%2f..%2fetc/passwd", "/form/%2e%2e/%2e%2e/etc/passwd", "/form/....//....//etc/passwd",
         "/form/..%5c..%5cwindows", "/form/%c0%ae%c0%ae/etc/passwd", "/form/%252e%252e%252fetc", "/form/..;/etc/passwd", "/form//etc/passwd",
         "/form/%e0%80%ae%e0%80%ae/", "/api/forms/..%2f..%2f/x/block", "/api/uploads/../../etc/passwd", "/.git/config", "/form/.htaccess", "/form/index.html/",
         "/form/%2fetc%2fpasswd", "/form/index.html%00.png", "/l/..", "/form/..", "/api/export/..csv/..", "/form/C:%5cboot.ini", "/form/file:%2f%2f/etc/passwd"]


def alive(server, what):
    status, _, _ = server.raw(b"GET /api/health HTTP/1.1\r\n" + H + b"Connection: close\r\n\r\n")
    check(status == 200, f"the server answers after: {what} ({status})")


def probes(server):
    before = b"GET /api/health HTTP/1.1\r\n" + H + b"\r\n"
    for what, data, expected in PROBES:
        status, got, closed = server.raw(data)
        check(status in expected and closed, f"{what}: {status}, closed {closed}: {got[:80]!r}")
        check(got.count(b"HTTP/1.1 ") == 1, f"{what}: one answer: {got[:200]!r}")
        status, got, closed = server.raw(before + data)      # behind a good request on one connection
        second = got.split(b"HTTP/1.1 ")[2:3]
        check(status == 200 and closed and second and int(second[0][:3]) in expected, f"{what} behind another: {got[:60]!r} ... {second}")
        if len(data) < 2000:
            status, got, closed = server.raw(data, pieces=1)
            check(status in expected and closed, f"{what} byte for byte: {status}")
    alive(server, "all probes")


def paths(server):
    for path in PATHS:
        for method in (b"GET", b"PUT", b"DELETE"):
            status, got, closed = server.raw(method + b" " + path.encode() + b" HTTP/1.1\r\n" + H + b"Connection: close\r\nContent-Length: 0\r\n\r\n")
            check(status in (400, 401, 404, 405) and closed and b"root:" not in got, f"{path}: {status}")


def smuggling(server):
    """What stands behind the body of one request is a request of its own, and never part of the body."""
    inside = b"GET /api/project HTTP/1.1\r\n" + H + b"\r\n"
    body = b"{" + inside
    status, got, _ = server.raw(POST + b"Content-Length: %d\r\n\r\n" % len(body) + body + b"GET /api/health HTTP/1.1\r\n" + H + b"Connection: close\r\n\r\n")
    answers = [int(part[:3]) for part in got.split(b"HTTP/1.1 ")[1:]]
    check(answers == [400, 200], f"a request in a body is no request: {answers}")


def loris(survey, study):
    """Connections that drip are ended by the deadline; others are served meanwhile."""
    with Server(survey, study, "--deadline", "2", "--connections", "200") as server:
        drips = []
        for i in range(60):
            s = server.socket()
            s.sendall(b"GET / HTTP/1.1\r\n" + H if i % 2 else POST + b"Content-Length: 4000\r\n\r\n")
            drips.append(s)
        ended, until = set(), time.monotonic() + 60
        while len(ended) < len(drips) and time.monotonic() < until:
            for i, s in enumerate(drips):
                if i in ended:
                    continue
                try:
                    s.sendall(b"X")
                    s.settimeout(0.001)
                    if s.recv(65536) == b"" or True:
                        ended.add(i)             # an answer (408) or the end
                except socket.timeout:
                    pass
                except OSError:
                    ended.add(i)
            alive(server, "dripping connections")
            time.sleep(0.1)
        check(len(ended) == len(drips), f"{len(drips) - len(ended)} of 60 dripping connections are still there")
        for s in drips:
            s.close()


def crowd(survey, study):
    """More connections than are allowed: those that are idle make room, and nobody is left without an answer."""
    with Server(survey, study, "--connections", "20") as server:
        idle = [server.socket() for _ in range(60)]
        alive(server, "60 idle connections where 20 are allowed")
        for s in idle:
            s.close()


def over_tls(survey, study):
    """The same gate stands behind TLS."""
    with Server(survey, study, "--certificate", "auto", "--quiet") as server:
        trusted = ssl.create_default_context(cafile=str(study) + ".certificate.pem")
        for what, data, expected in PROBES:
            with trusted.wrap_socket(server.socket(), server_hostname="127.0.0.1") as s:
                try:
                    s.sendall(data)
                except OSError:
                    pass
                status, got, closed = answer(s)
                check(status in expected and closed, f"{what} over TLS: {status}, {got[:80]!r}")


def one_address(survey, study):
    """One address may not take all connections. Only where this machine has an address in a network."""
    process = subprocess.Popen([survey, "serve", study, "--listen", "0", "--connections-address", "5"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    try:
        process.stdout.readline()
        line = process.stdout.readline()
        if not line.startswith("in the local network: http://"):
            return
        host, _, port = line.strip().split("//")[1].rpartition(":")
        try:
            taken = [socket.create_connection((host, int(port)), timeout=60) for _ in range(5)]
            with socket.create_connection((host, int(port)), timeout=60) as s:
                status, _, closed = answer(s)
                check(closed and status in (0, 503), f"a sixth connection of one address: {status}")
            taken[0].sendall(b"GET /api/health HTTP/1.1\r\n" + H + b"Connection: close\r\n\r\n")
            check(answer(taken[0])[0] == 200, "the first five are served")
            for s in taken:
                s.close()
        except OSError as problem:
            print("no connection to this machine's own address:", problem)
    finally:
        process.terminate()
        process.stdout.close()
        process.wait(timeout=60)


def at_once(server):
    """Many good clients while others are hostile."""
    wrong = []

    def good():
        for _ in range(20):
            status, _, _ = server.raw(b"GET /api/health HTTP/1.1\r\n" + H + b"Connection: close\r\n\r\n")
            if status != 200:
                wrong.append(status)

    def bad(k):
        for i in range(20):
            server.raw(PROBES[(7 * k + i) % len(PROBES)][1])

    threads = [threading.Thread(target=good) for _ in range(8)] + [threading.Thread(target=bad, args=(k,)) for k in range(8)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    check(not wrong, f"good requests among hostile ones: {wrong[:5]}")


shutil.rmtree(folder, ignore_errors=True)
folder.mkdir(parents=True)
study = folder / "t.study"
made = run(survey, "study", "create", study, "--questionnaire", TRAINING)
check(made.returncode == 0, made.stderr)
with Server(survey, study) as server:
    probes(server)
    paths(server)
    smuggling(server)
    at_once(server)
    check(server.stop() == 0, "SIGTERM ends it with status 0")
loris(survey, study)
crowd(survey, study)
over_tls(survey, study)
one_address(survey, study)
print(f"{len(PROBES)} hostile requests in three ways, {len(PATHS)} paths, {len(failures)} failures")
sys.exit(1 if failures else 0)
