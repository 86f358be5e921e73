"""`synergy serve` and `demo` as processes: first start, health, TLS, logs without secrets, metrics, stopping."""

from __future__ import annotations

import http.client
import json
import os
import re
import signal
import socket
import ssl
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from http.cookiejar import CookieJar
from pathlib import Path
from typing import Any

import pytest
from flask import Flask, Response, request
from roots import HANG_S, ROOT
from synergy.web.app import create_app
from synergy.web.serve import IDLE_S, KEPT, THREADS, Tls, server
from synergy.web.settings import ServerSettings
from waitress import wasyncore
from waitress.adjustments import Adjustments
from web_worlds import SECRET, World

from synergy.cli.console import Talk
from synergy.cli.main import run as run_command
from synergy.records.names import Role
from synergy.store.accounts import known, list_users
from synergy.store.store import open_store

OPENSSL = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost"]


class Browser:
    """What keeps cookies and sends forms."""

    def __init__(self, root: str, trusted: Path | None = None, seconds: float = 20.0) -> None:
        context = ssl.create_default_context(cafile=str(trusted)) if trusted else None
        handlers = [urllib.request.HTTPCookieProcessor(CookieJar())]
        if context is not None:
            handlers.append(urllib.request.HTTPSHandler(context=context))  # type: ignore[arg-type]
        self.root, self.seconds, self.opener = root, seconds, urllib.request.build_opener(*handlers)

    def get(self, path: str, headers: dict[str, str] | None = None) -> tuple[int, str]:
        return self._asked(urllib.request.Request(self.root + path, headers=headers or {}))

    def post(self, path: str, **data: str) -> tuple[int, str]:
        mark = re.search(r'name="csrf_token" value="([^"]+)"', self.get(path)[1])
        assert mark is not None
        body = urllib.parse.urlencode({"csrf_token": mark[1], **data}).encode()
        headers = {"Referer": self.root + path}
        return self._asked(urllib.request.Request(self.root + path, data=body, headers=headers))

    def _asked(self, request: urllib.request.Request) -> tuple[int, str]:
        try:
            with self.opener.open(request, timeout=self.seconds) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.read().decode()


class Server:
    """A process that serves, and what it printed."""

    def __init__(self, folder: Path, *words: str) -> None:
        environment = os.environ | {"PYTHONPATH": str(ROOT), "SYNERGY_NO_BROWSER": "1"}
        self.errors = folder / f"errors{len(list(folder.iterdir()))}"
        command = [sys.executable, "-m", "synergy", *words, "--lang", "en"]
        with self.errors.open("w") as errors:
            self.process = subprocess.Popen(
                command, cwd=folder, env=environment, stdout=subprocess.PIPE, stderr=errors, text=True
            )

    def line(self, pattern: str) -> re.Match[str]:
        """Return the next line that fits."""
        assert self.process.stdout is not None
        for line in self.process.stdout:
            found = re.search(pattern, line)
            if found:
                return found
        raise AssertionError(f"no {pattern}: {self.errors.read_text('utf-8')}")

    def stop(self) -> int:
        """Stop the process as a service manager does."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(30)
        finally:
            self.process.kill()
            assert self.process.stdout is not None
            self.process.stdout.close()


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Callable[..., Server]]:
    """Yield what starts servers; all that still run are ended."""
    servers: list[Server] = []

    def start(*words: str) -> Server:
        servers.append(Server(tmp_path, *words))
        return servers[-1]

    yield start
    for one in servers:
        one.stop()


def test_who_reads_that_it_serves_can_end_it_at_once(served: Callable[..., Server]) -> None:
    server = served("serve", "--port", "0", "--worker-count", "0")
    server.line(r"http://127\.0\.0\.1:\d+/en/")
    assert server.stop() == 0


def test_a_first_start_from_nothing(tmp_path: Path, served: Callable[..., Server]) -> None:
    server = served("serve", "--port", "0", "--worker-count", "0", "--metrics")
    password = server.line(r"sign in as admin with (\S+),")[1]
    root = server.line(r"(http://127\.0\.0\.1:\d+)/en/")[1]
    browser = Browser(root)
    assert browser.get("/healthz") == (200, "ok\n")
    assert json.loads(browser.get("/readyz")[1])["store"]
    status, page = browser.post("/en/sign-in", name="admin", password=password)
    assert (status, "was made for you" in page) == (200, True)
    new = "my very own words"
    status, page = browser.post("/en/account/password", old=password, new=new, again=new)
    assert (status, "Administration" in page) == (200, True)
    status, metrics = browser.get("/metrics")
    assert status == 200
    assert 'synergy_requests_total{method="GET",route="/healthz",status="200"} 1.0' in metrics
    assert browser.get("/metrics", {"X-Forwarded-For": "192.0.2.1"})[0] == 404
    assert server.stop() == 0
    lines = [json.loads(line) for line in server.errors.read_text("utf-8").splitlines()]
    signed = [one for one in lines if one.get("path") == "/en/sign-in" and one["method"] == "POST"]
    assert [(one["status"], one["account"]) for one in signed] == [(303, "admin")]
    assert not any(word in server.errors.read_text("utf-8") for word in (password, new, "csrf"))
    store = open_store(tmp_path / "synergy.db")
    assert [one.role for one in list_users(store, known(store, "admin"))] == [Role.ADMINISTRATOR]
    store.close()
    again = served("serve", "--port", "0", "--worker-count", "0")
    assert "First start" not in again.line(r"(.*http://.*)")[1]
    assert Browser(root).root


def _tls(folder: Path) -> tuple[str, ...]:
    """Make a certificate and return the words that serve with it."""
    files = ["-keyout", str(folder / "key.pem"), "-out", str(folder / "cert.pem")]
    subprocess.run([*OPENSSL, "-addext", "subjectAltName=IP:127.0.0.1", *files], check=True, capture_output=True)
    return ("serve", "--port", "0", "--worker-count", "0", "--tls-cert", "cert.pem", "--tls-key", "key.pem")


@contextmanager
def _held(port: int, count: int, begun: bytes = b"") -> Iterator[list[socket.socket]]:
    """Hold connections open that have sent next to nothing."""
    held = [socket.create_connection(("127.0.0.1", port)) for _ in range(count)]
    try:
        for one in held:
            one.sendall(begun)
        yield held
    finally:
        for one in held:
            one.close()


@pytest.mark.parametrize("safe", [True, False], ids=["tls", "plain"])
def test_idle_connections_keep_nobody_out(tmp_path: Path, served: Callable[..., Server], safe: bool) -> None:
    words = _tls(tmp_path) if safe else ("serve", "--port", "0", "--worker-count", "0")
    root = served(*words).line(r"(https?://127\.0\.0\.1:\d+)/en/")[1]
    # before the server would close them for being idle
    browser = Browser(root, tmp_path / "cert.pem" if safe else None, seconds=IDLE_S / 2)
    for begun in (b"", b"\x16\x03\x01\x02\x00\x01", b"GET / HTTP/1.1\r\nHost: a\r\nX-A: "):
        with _held(int(root.rpartition(":")[2]), KEPT + 50, begun):
            assert browser.get("/healthz") == (200, "ok\n")


LARGE = 1 << 18  # more than fits between the two ends of a connection of `Little`


class Little:
    """An application whose answers a client may leave unread, and what it noted; served in this process."""

    def __init__(self, folder: Path, patch: pytest.MonkeyPatch, safe: bool) -> None:
        patch.setattr(Adjustments, "socket_options", [(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)])
        patch.setattr(Adjustments, "outbuf_high_watermark", 1 << 16)
        self.begun, self.ended, self.freed = threading.Semaphore(0), threading.Semaphore(0), threading.Event()
        self.context, tls = None, None
        if safe:
            _tls(folder)
            self.context, tls = ssl._create_unverified_context(), Tls(folder / "cert.pem", folder / "key.pem")
        app = Flask("little")
        app.config["MAX_CONTENT_LENGTH"] = 1 << 20
        app.add_url_rule("/alive", "alive", lambda: "ok")
        app.add_url_rule("/large", "large", self.large)
        app.add_url_rule("/stream", "stream", lambda: Response(self.stream()))
        app.add_url_rule("/quiet", "quiet", lambda: Response(self.quiet()))
        self.listening = server(app, "127.0.0.1", 0, tls)
        self.thread = threading.Thread(target=self.listening.run, daemon=True)
        self.thread.start()

    def stop(self) -> None:
        """End its threads before its sockets: numbers of closed ones are soon those of others."""
        self.freed.set()
        run: Any = self.listening.run
        made = run.__self__
        made.task_dispatcher.shutdown()
        made.trigger.pull_trigger(lambda: wasyncore.close_all(made._map))
        self.thread.join(20)
        assert not self.thread.is_alive()

    def large(self) -> bytes:
        self.begun.release()
        return bytes(LARGE)

    def stream(self) -> Iterator[bytes]:
        self.begun.release()
        try:
            for _ in range(16):
                yield bytes(LARGE)
        finally:
            self.ended.release()

    def quiet(self) -> Iterator[bytes]:
        yield b"first"
        self.freed.wait()
        yield b"last"

    def line(self) -> http.client.HTTPConnection:
        """Return a client that reads."""
        if self.context is None:
            return http.client.HTTPConnection("127.0.0.1", self.listening.port, timeout=HANG_S)
        return http.client.HTTPSConnection("127.0.0.1", self.listening.port, context=self.context, timeout=HANG_S)

    def get(self, path: str) -> bytes:
        line = self.line()
        try:
            line.request("GET", path)
            return line.getresponse().read()
        finally:
            line.close()

    def raw(self, data: bytes) -> bytes:
        """Send bytes and return all that comes until the connection is closed."""
        line = self.line()
        line.connect()
        try:
            with suppress(OSError):  # closed before all was sent
                line.sock.sendall(data)
            came = b""
            with suppress(ConnectionResetError):
                while more := line.sock.recv(1 << 16):
                    came += more
            return came
        finally:
            line.close()

    @contextmanager
    def unread(self, count: int, path: str, times: int = 1) -> Iterator[None]:
        """Hold connections that ask and read nothing."""
        held: list[socket.socket] = []
        try:
            for _ in range(count):
                one = socket.socket()
                held.append(one)
                one.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
                one.settimeout(20)
                one.connect(("127.0.0.1", self.listening.port))
                if self.context is not None:
                    held[-1] = one = self.context.wrap_socket(one)
                one.sendall(f"GET {path} HTTP/1.1\r\nHost: a\r\n\r\n".encode() * times)
            yield
        finally:
            for one in held:
                one.close()


@pytest.fixture(params=[True, False], ids=["tls", "plain"])
def little(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> Iterator[Callable[[], Little]]:
    """Yield what serves `Little`, after the test has set its limits."""
    made: list[Little] = []

    def serve() -> Little:
        made.append(Little(tmp_path, monkeypatch, request.param))
        return made[-1]

    yield serve
    for one in made:
        one.stop()


def test_requests_whose_answers_are_unread_hold_no_thread(little: Callable[[], Little]) -> None:
    served = little()
    with served.unread(THREADS + 4, "/large", 8):
        for _ in range(THREADS):
            assert served.begun.acquire(timeout=HANG_S)
        assert served.get("/alive") == b"ok"


def test_a_thread_whose_client_reads_nothing_comes_free(
    little: Callable[[], Little], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("synergy.web.serve.IDLE_S", 2)
    served = little()
    with served.unread(THREADS + 4, "/stream"):
        for _ in range(THREADS):
            assert served.begun.acquire(timeout=HANG_S)
        assert served.get("/alive") == b"ok"
        for _ in range(THREADS + 4):
            assert served.ended.acquire(timeout=HANG_S)


def test_who_reads_slowly_or_has_read_all_stays(little: Callable[[], Little], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("synergy.web.serve.IDLE_S", 3)
    served = little()
    quiet, slow = served.line(), served.line()
    quiet.request("GET", "/quiet")
    waiting = quiet.getresponse()
    assert waiting.read(5) == b"first"
    slow.request("GET", "/stream")
    read, whole = 0, slow.getresponse()
    assert served.begun.acquire(timeout=HANG_S)
    with served.unread(1, "/stream"):
        assert served.begun.acquire(timeout=HANG_S)
        while not served.ended.acquire(timeout=0.1):  # the one that reads nothing is given up
            read += len(whole.read(1 << 12))
    assert read + len(whole.read()) == 16 * LARGE
    served.freed.set()
    assert waiting.read() == b"last"
    for one in (quiet, slow):
        one.close()


def test_requests_that_come_together_are_answered_in_turn(little: Callable[[], Little]) -> None:
    served = little()
    line = served.line()
    line.connect()
    line.sock.sendall(b"GET /large HTTP/1.1\r\nHost: a\r\n\r\n" * 8 + b"GET /alive HTTP/1.0\r\n\r\n")
    came = b"".join(iter(lambda: line.sock.recv(1 << 16), b""))
    line.close()
    assert came.count(b"HTTP/1.") == 9
    assert came.count(b"\0") == 8 * LARGE
    assert came.endswith(b"ok")


SECOND = b"GET /alive HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
CHUNKED = b"POST /alive HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
REFUSED = {
    "both": b"POST /alive HTTP/1.1\r\nHost: a\r\nContent-Length: 60\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "both again": CHUNKED.replace(b"\r\n\r\n", b"\r\nContent-Length: 3\r\n\r\n") + b"0\r\n\r\n",
    "chunks of 1.0": b"POST /alive HTTP/1.0\r\nConnection: keep-alive\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "two lengths": b"POST /alive HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\nContent-Length: 60\r\n\r\n",
    "digits": b"POST /alive HTTP/1.1\r\nHost: a\r\nContent-Length: " + b"9" * 5000 + b"\r\n\r\n",
    "folded": b"POST /alive HTTP/1.1\r\nHost: a\r\nContent-Length:\r\n 60\r\n\r\n",
    "two hosts": b"GET /alive HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
    "no host": b"GET /alive HTTP/1.1\r\n\r\n",
    "no address": b"GET http://[::1/alive HTTP/1.1\r\nHost: a\r\n\r\n",
    "blank lines": b"\r\n" * 4,
    "chunk size": CHUNKED + b"-1\r\nx\r\n0\r\n\r\n",
    "bare line feed": CHUNKED + b"2\n{}\n0\n\n",
    "no end of a chunk": CHUNKED + b"2\r\n{}XX0\r\n\r\n",
}


def test_no_second_request_is_read_out_of_one_that_can_be_read_in_two_ways(
    little: Callable[[], Little], caplog: pytest.LogCaptureFixture
) -> None:
    served = little()
    for name, first in REFUSED.items():
        came = served.raw(first + SECOND)
        assert re.match(rb"HTTP/1\.\d 400 ", came), (name, came)
        assert came.count(b"HTTP/1.") == 1, (name, came)
    for beside in (b"2;", b"0\r\n"):  # a connection that is closed where more comes may lose its answer
        assert served.raw(CHUNKED + beside + b"a" * (1 << 20) + SECOND).count(b" 200 ") == 0
    assert served.raw(b"\r\n" + SECOND).endswith(b"ok")
    assert caplog.records == []


def test_who_asks_whether_to_go_on_is_answered(little: Callable[[], Little]) -> None:
    served = little()
    expects = b"Host: a\r\nExpect: 100-continue\r\nConnection: close\r\n"
    assert served.raw(b"GET /alive HTTP/1.1\r\n" + expects + b"\r\n").endswith(b"ok")
    came = served.raw(b"POST /alive HTTP/1.1\r\n" + expects + b"Content-Length: 999999999\r\n\r\n")
    assert came.startswith(b"HTTP/1.1 413 ")
    came = served.raw(b"POST /alive HTTP/1.1\r\n" + expects + b"Content-Length: 2\r\n\r\n{}")
    assert came.startswith(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 405 ")


def test_plain_words_at_a_port_with_tls_are_told_so(tmp_path: Path, served: Callable[..., Server]) -> None:
    root = served(*_tls(tmp_path)).line(r"(https://127\.0\.0\.1:\d+)/en/")[1]
    status, said = Browser(root.replace("https", "http")).get("/healthz")
    assert (status, "HTTPS alone" in said) == (400, True)


def test_large_answers_and_requests_go_through_tls_whole(tmp_path: Path) -> None:
    _tls(tmp_path)
    app = Flask("echo")
    app.config["MAX_CONTENT_LENGTH"] = 8 << 20

    @app.post("/")
    def echo() -> bytes:
        return request.get_data()

    listening = server(app, "127.0.0.1", 0, Tls(tmp_path / "cert.pem", tmp_path / "key.pem"))
    thread = threading.Thread(target=listening.run, daemon=True)
    thread.start()
    context = ssl.create_default_context(cafile=tmp_path / "cert.pem")
    body = bytes(range(256)) * (6 << 12)
    line = http.client.HTTPSConnection("127.0.0.1", listening.port, context=context)
    for _ in range(3):  # on one connection
        line.request("POST", "/", body)
        assert line.getresponse().read() == body
    line.close()
    listening.close()


def test_tls_of_its_own(tmp_path: Path, served: Callable[..., Server]) -> None:
    server = served(*_tls(tmp_path))
    password = server.line(r"sign in as admin with (\S+),")[1]
    root = server.line(r"(https://127\.0\.0\.1:\d+)/en/")[1]
    browser = Browser(root, tmp_path / "cert.pem")
    assert browser.get("/healthz") == (200, "ok\n")
    status, page = browser.post("/en/sign-in", name="admin", password=password)
    assert (status, "was made for you" in page) == (200, True)
    port = int(root.rpartition(":")[2])
    context = ssl.create_default_context(cafile=tmp_path / "cert.pem")
    line = http.client.HTTPSConnection("127.0.0.1", port, context=context)
    line.request("GET", "/en/sign-in")
    answer = line.getresponse()
    assert "max-age" in answer.headers["Strict-Transport-Security"]
    cookie = answer.headers["Set-Cookie"]
    assert cookie.startswith("__Host-synergy=")
    assert all(word in cookie for word in ("Secure", "HttpOnly", "SameSite=Lax", "Path=/"))
    line.close()
    assert server.stop() == 0


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--host", "0.0.0.0"), "in the clear"),
        (("--tls-cert", "cert.pem"), "belong together"),
        (("--tls-cert", "none.pem", "--tls-key", "none.pem"), "cannot be read"),
    ],
)
def test_what_is_not_safe_is_not_served(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], words: tuple[str, ...], said: str
) -> None:
    address = str(tmp_path / "store.db")
    assert run_command(["serve", "--db", address, "--port", "0", *words], Talk("en")) == 2
    assert said in capsys.readouterr().err


def test_a_server_whose_store_is_gone_is_not_ready(web_world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    client = web_world.client()
    assert client.get("/readyz").status_code == 200
    monkeypatch.setattr("synergy.store.leases.head", lambda: "0999")
    assert client.get("/readyz").status_code == 503
    assert client.get("/healthz").status_code == 200
    assert client.get("/metrics").status_code == 404


def test_metrics_are_for_this_machine_alone(web_world: World) -> None:
    app = create_app(web_world.store, ServerSettings(secret=SECRET, metrics=True, proxies=1))
    client = app.test_client()
    assert client.get("/metrics").status_code == 200
    assert client.get("/metrics", headers={"X-Forwarded-For": "192.0.2.7"}).status_code == 404
    assert client.get("/metrics", environ_base={"REMOTE_ADDR": "192.0.2.7"}).status_code == 404


def _until(true: Callable[[], Any], seconds: float) -> float:
    began = time.monotonic()
    while not true():
        assert time.monotonic() - began < seconds
        time.sleep(0.2)
    return time.monotonic() - began


def test_the_demonstration_answers_while_it_matches(served: Callable[..., Server]) -> None:
    server = served("demo", "--port", "0", "--gap", "0.3", "--time-limit", "40")
    root = server.line(r"(http://127\.0\.0\.1:\d+)/en/")[1]
    passwords = {name: server.line(rf"  {name} +(\S+)")[1] for name in ("planner", "pengfei", "auditor", "admin")}
    for name, password in passwords.items():
        status, page = Browser(root).post("/en/sign-in", name=name, password=password)
        assert (status, "temporary" in page) == (200, True), name
    planner = Browser(root)
    planner.post("/en/sign-in", name="planner", password=passwords["planner"])
    assert planner.get("/en/rounds/1/results")[0] == 404
    _until(lambda: planner.get("/en/rounds/1/results")[0] == 200, 240)
    assert "<dt>Proof</dt>" in planner.get("/en/rounds/1")[1]
    assert server.stop() == 0
