"""Connections of the server: TLS whose handshake keeps nobody waiting, and idle ones given up where there are many."""

from __future__ import annotations

import socket
import ssl
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from waitress.channel import HTTPChannel

KEPT = 300  # connections before the one idle longest is closed for a new one
_PLAIN = (
    b"HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain\r\nConnection: close\r\n\r\nThis port speaks HTTPS alone.\n"
)


class TlsChannel(HTTPChannel):  # type: ignore[misc]
    """A connection whose socket speaks TLS and never blocks: the handshake goes on as its parts come in.

    It is shaken hands with by the loop that reads all connections, so that a silent one takes no thread and no time;
    until a request comes it counts as idle. OpenSSL takes one call at a time for a connection.
    """

    def __init__(self, *given: Any, **more: Any) -> None:
        self._turn = threading.RLock()
        self._answers_first = False  # the handshake waits until its answer can be sent
        super().__init__(*given, **more)

    def handle_read(self) -> None:
        """Read all that is there: what TLS has unpacked already makes no socket readable."""
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
        """Return whether something waits to be sent."""
        return bool(self._answers_first or super().writable())

    def handle_write(self) -> None:
        """Send what waits."""
        if self._answers_first:
            self._answers_first = False
            self.handle_read()
        else:
            super().handle_write()

    def send(self, data: bytes, do_close: bool = True) -> int:
        """Send some of it; return how much."""
        try:
            with self._turn:
                return int(super().send(data, do_close))
        except (ssl.SSLWantReadError, ssl.SSLWantWriteError):
            return 0
        except ssl.SSLError:
            if do_close:
                self.handle_close()
            return 0

    def close(self) -> None:
        """Say that the connection ends, and end it."""
        if self.socket is not None:
            with suppress(OSError, ValueError), self._turn:
                self.socket.unwrap()
        super().close()


def channels(context: ssl.SSLContext | None = None) -> Callable[..., HTTPChannel | None]:
    """Return what takes up a connection for waitress, in place of its class of channels.

    Parameters
    ----------
    context : ssl.SSLContext, optional
        Of the certificate; None: no TLS.
    """

    def taken(server: Any, sock: socket.socket, addr: Any, adj: Any, map: Any = None) -> HTTPChannel | None:  # noqa: A002
        _make_room(server)
        if context is None:
            return HTTPChannel(server, sock, addr, adj, map=map)
        sock.setblocking(False)
        try:
            safe = context.wrap_socket(sock, server_side=True, do_handshake_on_connect=False)
        except (OSError, ValueError):  # gone already; raised here it would end the server
            sock.close()
            return None
        return TlsChannel(server, safe, addr, adj, map=map)

    return taken


def _make_room(server: Any) -> None:
    """Close the connection that has been idle longest where there are many: held open, they would keep others out."""
    if len(server.active_channels) < KEPT:
        return
    idle = [one for one in server.active_channels.values() if not one.requests and not one.will_close]
    if idle:
        min(idle, key=lambda one: float(one.last_activity)).will_close = True
