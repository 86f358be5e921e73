"""HTTP server: the application on waitress with optional TLS, running until interrupted.

Requests whose framing is ambiguous under RFC 9112 are rejected, to prevent request smuggling.
"""

from __future__ import annotations

import signal
import socket
import ssl
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

from flask import Flask
from synergy.web.api.webhooks import deliverer
from waitress.adjustments import Adjustments
from waitress.channel import HTTPChannel
from waitress.parser import HTTPRequestParser, ParsingError
from waitress.receiver import ChunkedReceiver
from waitress.server import TcpWSGIServer, create_server
from waitress.utilities import BadRequest

THREADS = 16  # streams of progress may hold eight of them
REQUEST_HEADER_BYTES = 64 << 10
IDLE_S = 30  # after which a connection is closed that sends no request, or reads nothing of what is there for it
CHUNK_LINE_BYTES = 1024  # the size of a chunk, and what may stand behind it
LENGTH_DIGITS = 18  # more than any body that is taken
KEPT = 300  # connections before the one idle longest is closed for a new one


@dataclass(frozen=True, slots=True)
class Tls:
    """TLS certificate, followed by the intermediate ones, and private key, as files in PEM."""

    certificate: Path
    key: Path


@dataclass(frozen=True, slots=True)
class Listening:
    """Server with a bound port that does not process requests yet; webhooks are delivered while it runs.

    `run` processes requests until interrupted, `close` releases the port.
    """

    port: int
    run: Callable[[], None]
    close: Callable[[], None]
    app: Flask


def server(app: Flask, host: str, port: int, tls: Tls | None = None) -> Listening:
    """Create a server for an application and bind its port, 0 for any free one; plain HTTP without `tls`.

    Raises
    ------
    OSError
        The port is in use or forbidden, or a certificate file is missing or invalid.
    """
    context = None
    if tls is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)  # TLS 1.2 and later
        context.options |= ssl.OP_NO_RENEGOTIATION
        context.load_cert_chain(tls.certificate, tls.key)
    limit = app.config["MAX_CONTENT_LENGTH"]
    held: dict[int, object] = {}
    made = create_server(
        app,
        map=held,
        host=host,
        port=port,
        threads=THREADS,
        ident="synergy",
        url_scheme="http" if tls is None else "https",
        connection_limit=2 * KEPT,  # beyond which none is taken up; `channels` closes idle ones long before
        channel_timeout=IDLE_S,
        cleanup_interval=IDLE_S // 3,
        max_request_header_size=REQUEST_HEADER_BYTES,
        max_request_body_size=limit + REQUEST_HEADER_BYTES,
        # believed only as far as `Settings.proxies` says, see `synergy.web.app`
        clear_untrusted_proxy_headers=False,
    )
    listening = [one for one in held.values() if isinstance(one, TcpWSGIServer)]  # a name may have several addresses
    for one in listening:
        one.channel_class = channels(context)
    return Listening(int(listening[0].effective_port), made.run, made.close, app)


def serve(listening: Listening, ready: Callable[[], None] = lambda: None) -> None:
    """Process requests until interrupted from the terminal or by SIGTERM.

    `ready` is called when the server is about to run and interruptions are already handled.
    """
    before = signal.signal(signal.SIGTERM, _interrupt)
    try:
        with suppress(KeyboardInterrupt), deliverer(listening.app):
            ready()
            listening.run()
        listening.close()
    finally:
        signal.signal(signal.SIGTERM, before)


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


_PLAIN = (
    b"HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain\r\nConnection: close\r\n\r\nThis port speaks HTTPS alone.\n"
)


class Request(HTTPRequestParser):  # type: ignore[misc]
    """Request parser that rejects ambiguously framed requests, which proxies may interpret differently."""

    def received(self, data: bytes) -> int:
        """Parse received data; return the number of bytes consumed by this request."""
        taken = int(super().received(data))
        body = self.body_rcv
        if self.empty:  # a line too many before a request is let pass, no stream of them
            self._refused("no request")
        elif isinstance(body, ChunkedReceiver) and not self.completed and self._beyond(body):
            self._refused("too long beside the chunks")
        if self.completed:
            self.expect_continue = False  # nothing more is wanted; waitress would go on waiting for it
        return taken

    def _beyond(self, body: ChunkedReceiver) -> bool:
        """Return whether chunk extensions or trailers exceed their limits; waitress rescans them on each read."""
        return len(body.control_line) > CHUNK_LINE_BYTES or len(body.trailer) > self.adj.max_request_header_size

    def _refused(self, why: str) -> None:
        self.error, self.empty, self.completed = BadRequest(why), False, True

    def parse_header(self, header_plus: bytes) -> None:
        """Parse the headers; reject those that make the framing of the request ambiguous."""
        first, *lines = header_plus.split(b"\r\n")
        if any(line.startswith((b" ", b"\t")) for line in lines):
            raise ParsingError("a header goes on in the next line")
        names = [line.partition(b":")[0].lower() for line in lines]
        version = first.rpartition(b" HTTP/")[2]
        if version == b"1.1" and names.count(b"host") != 1:
            raise ParsingError("expected one Host")
        if b"transfer-encoding" in names and (b"content-length" in names or version != b"1.1"):
            raise ParsingError("the length is given in two ways, or in one that this version of HTTP does not have")
        lengths = [line for line in lines if line[:15].lower() == b"content-length:"]
        if any(len(line) > LENGTH_DIGITS + len("content-length: ") for line in lengths):
            raise ParsingError("Content-Length is too long")
        try:
            super().parse_header(header_plus)
        except ValueError as error:  # no address
            raise ParsingError("the target is no address") from error


class Channel(HTTPChannel):  # type: ignore[misc]
    """Connection that does not block a worker thread for slow clients and times out when the client stops reading.

    Pipelined requests are processed one by one, each after the previous response has been sent. A connection whose
    output makes no progress for the idle timeout is closed, which frees the thread that produces the response.
    """

    parser_class = Request

    def __init__(self, *given: object, **more: object) -> None:
        self._moved = time.monotonic()  # when something was sent, or nothing waited to be
        self._put_off = False  # the next request waits until the client has read
        self._writes = False  # an answer goes on being made
        super().__init__(*given, **more)

    def readable(self) -> bool:
        """Return whether more may be read; close connections whose output has stalled longer than the timeout.

        The event loop calls this method at least once a second. A socket whose send buffer is full is never passed to
        `handle_write`, where waitress would close it.
        """
        if not self.total_outbufs_len:
            self._moved = time.monotonic()
        elif self._stalls():
            # room too small for the loop to see is progress too
            self._flush_exception(self._flush_some_if_lockable)
            if self._stalls():
                self.will_close = True
        if self.will_close and self.socket is not None:
            self.handle_close()
        return self.socket is not None and bool(super().readable())

    def _stalls(self) -> bool:
        return bool(time.monotonic() - self._moved > self.adj.channel_timeout)

    def writable(self) -> bool:
        """Return whether there is output to send."""
        return self.socket is not None and bool(super().writable())

    def handle_write(self) -> None:
        """Send pending output, and then resume a deferred request once all output is sent."""
        super().handle_write()
        if not self._put_off:
            return
        with self.outbuf_lock:
            if self.total_outbufs_len or not self.connected:
                return
            self._put_off = False
        self.server.add_task(self)

    def send(self, data: bytes, do_close: bool = True) -> int:
        """Send data; return the number of bytes sent."""
        sent = int(super().send(data, do_close))
        if sent:
            self._moved = time.monotonic()
        return sent

    def service(self) -> None:
        """Process a request, or defer it while output is unsent, so that no thread waits for a slow client."""
        with self.outbuf_lock:
            self._put_off = bool(self.total_outbufs_len)
        if not self._put_off:
            super().service()

    def write_soon(self, data: object) -> int:
        """Queue a part of a response; block while too much queued output is unsent."""
        self._writes = True
        try:
            return int(super().write_soon(data))
        finally:
            self._writes = False

    def _flush_outbufs_below_high_watermark(self) -> None:
        if self._writes:  # waitress waits after an answer too, which `service` makes needless
            super()._flush_outbufs_below_high_watermark()


class TlsChannel(Channel):
    """TLS connection on a non-blocking socket, with the handshake performed incrementally.

    The event loop performs the handshake, so a silent client occupies no thread; until a request arrives the connection
    counts as idle. OpenSSL allows one call at a time per connection.
    """

    def __init__(self, *given: object, **more: object) -> None:
        self._turn = threading.RLock()
        self._answers_first = False  # the handshake waits until its answer can be sent
        super().__init__(*given, **more)

    def handle_read(self) -> None:
        """Read all available data, as data already decrypted by TLS does not make the socket readable again."""
        while self.socket is not None:
            try:
                with self._turn:
                    data = self.socket.recv(self.adj.recv_bytes)
            except ssl.SSLWantReadError:
                return
            except ssl.SSLWantWriteError:
                self._answers_first = True
                return
            except OSError as error:
                if getattr(error, "reason", "") == "HTTP_REQUEST":
                    with suppress(OSError):
                        socket.socket.recv(self.socket, 1 << 16)  # what is left unread would reset the connection
                        socket.socket.send(self.socket, _PLAIN)
                data = b""
            if not data:
                self.handle_close()
                return
            self.last_activity = time.time()
            self.received(data)
            if self.socket is None or not self.socket.pending():
                return

    def writable(self) -> bool:
        """Return whether there is output to send, including a pending TLS handshake message."""
        return self._answers_first or super().writable()

    def handle_write(self) -> None:
        """Send pending output, or continue the TLS handshake that waits for it."""
        if self._answers_first:
            self._answers_first = False
            self.handle_read()
        else:
            super().handle_write()

    def send(self, data: bytes, do_close: bool = True) -> int:
        """Send data; return the number of bytes sent."""
        try:
            with self._turn:
                return super().send(data, do_close)
        except (ssl.SSLWantReadError, ssl.SSLWantWriteError):
            return 0
        except ssl.SSLError:
            if do_close:
                self.handle_close()
            return 0

    def close(self) -> None:
        """Send the TLS close notification and close the connection."""
        if self.socket is not None:
            with suppress(OSError, ValueError), self._turn:
                self.socket.unwrap()
        super().close()


def channels(context: ssl.SSLContext | None = None) -> Callable[..., Channel | None]:
    """Return the channel factory that waitress calls for each accepted connection; plain HTTP without a context."""

    def taken(
        server: TcpWSGIServer,
        sock: socket.socket,
        addr: tuple[object, ...],
        adj: Adjustments,
        map: dict[int, object] | None = None,  # noqa: A002
    ) -> Channel | None:
        _make_room(server)
        if context is None:
            return Channel(server, sock, addr, adj, map=map)
        sock.setblocking(False)
        try:
            safe = context.wrap_socket(sock, server_side=True, do_handshake_on_connect=False)
        except (OSError, ValueError):  # gone already; raised here it would end the server
            sock.close()
            return None
        return TlsChannel(server, safe, addr, adj, map=map)

    return taken


def _make_room(server: TcpWSGIServer) -> None:
    """Close the longest idle connection if the limit is reached, so that idle clients cannot block new ones.

    A connection whose client does not read its pending output counts as idle.
    """
    if len(server.active_channels) < KEPT:
        return
    held = [one for one in server.active_channels.values() if not one.will_close]
    idle = [one for one in held if not one.requests or one.total_outbufs_len]
    if idle:
        min(idle, key=lambda one: float(one.last_activity)).will_close = True
