"""A running `survey serve` for tests: starts it on a free port of this machine, talks to it, ends it."""
import http.client
import json
import pathlib
import signal
import socket
import subprocess

ROOT = pathlib.Path(__file__).resolve().parents[2]
TRAINING = ROOT / "questionnaires" / "c-training" / "questionnaire.xml"


def run(survey, *arguments, **more):
    return subprocess.run([survey, *map(str, arguments)], capture_output=True, text=True, **more)


class Server:
    """`with Server(survey, study) as s:`; s.host, s.port, s.setup (the code of the first administrator, "" when there is one)."""

    def __init__(self, survey, study, *options):
        self.process = subprocess.Popen([survey, "serve", str(study), "--listen", "127.0.0.1:0", *map(str, options)], stdout=subprocess.PIPE,
                                        stderr=subprocess.PIPE, text=True)
        line = self.process.stdout.readline()
        if not line.startswith("listening on "):
            raise RuntimeError("survey serve: " + line + self.process.stderr.read())
        self.url = line.split()[-1]
        self.host, _, port = self.url.split("//")[1].rpartition(":")
        self.port = int(port)
        self.setup = ""

    def read_setup(self):
        """Reads on in what it printed, to the address that makes the first administrator."""
        for line in self.process.stdout:
            if "/l/" in line:
                self.setup = line.strip().rsplit("/", 1)[1]
                return self.setup
        return ""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()

    def stop(self, how=signal.SIGTERM):
        if self.process.poll() is None:
            self.process.send_signal(how)
        self.process.stdout.close()
        code = self.process.wait(timeout=60)
        self.process.stderr.close()
        return code

    def socket(self):
        return socket.create_connection((self.host, self.port), timeout=60)

    def raw(self, data, pieces=None):
        """Sends bytes as they are; returns (status or 0, everything that came, 1 when the server closed)."""
        with self.socket() as s:
            try:
                if pieces is None:
                    s.sendall(data)
                else:
                    for i in range(0, len(data), pieces):
                        s.sendall(data[i:i + pieces])
            except OSError:
                pass                     # refused before all of it was sent
            return answer(s)


def answer(s):
    got = b""
    try:
        while chunk := s.recv(65536):
            got += chunk
        closed = True
    except ConnectionResetError:
        closed = True
    except socket.timeout:
        closed = False
    status = int(got.split(b" ", 2)[1]) if got.startswith(b"HTTP/1.1 ") else 0
    return status, got, closed


class Client:
    """Somebody with a browser or a device: keeps a connection, a cookie and the token against cross-site requests."""

    def __init__(self, server, bearer=None):
        self.server, self.bearer, self.cookie, self.csrf = server, bearer, None, None
        self.connection = http.client.HTTPConnection(server.host, server.port, timeout=60)

    def ask(self, method, path, body=None, headers=None):
        """Returns (status, headers, body: JSON when it is)."""
        send = dict(headers or {})
        if self.bearer:
            send["Authorization"] = "Bearer " + self.bearer
        if self.cookie:
            send["Cookie"] = self.cookie
            if method not in ("GET", "HEAD") and self.csrf and "X-Survey-CSRF" not in send:
                send["X-Survey-CSRF"] = self.csrf
        if isinstance(body, (dict, list)):
            body = json.dumps(body).encode()
        self.connection.request(method, path, body=body, headers=send)
        r = self.connection.getresponse()
        data = r.read()
        cookie = r.getheader("Set-Cookie")
        if cookie:
            value = cookie.split(";")[0]
            self.cookie = value if not value.endswith("=") else None
        if data and (r.getheader("Content-Type") or "").startswith("application/json"):
            data = json.loads(data)
            if isinstance(data, dict) and data.get("csrf"):
                self.csrf = data["csrf"]
        return r.status, r.headers, data

    def login(self, name, password):
        return self.ask("POST", "/api/login", {"name": name, "password": password})
