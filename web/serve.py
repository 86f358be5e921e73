"""Serving: an application on waitress, with TLS of its own where there is a certificate, until it is told to stop."""

from __future__ import annotations

import signal
import ssl
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Any

from flask import Flask
from synergy.web.api.webhooks import deliverer
from synergy.web.connections import KEPT, channels
from waitress.server import TcpWSGIServer, create_server

THREADS = 16  # streams of progress may hold eight of them
REQUEST_HEADER_BYTES = 64 << 10
IDLE_S = 30  # after which a connection is closed that sends no request, or reads nothing of what is there for it


@dataclass(frozen=True, slots=True)
class Tls:
    """Files of a certificate.

    Parameters
    ----------
    certificate : pathlib.Path
        PEM, with those between it and the root behind it.
    key : pathlib.Path
        PEM.
    """

    certificate: Path
    key: Path


@dataclass(frozen=True, slots=True)
class Listening:
    """A server that listens and does not answer yet.

    Parameters
    ----------
    port : int
        Where.
    run, close : callable
        Answer until interrupted; let go of the port.
    app : flask.Flask
        What answers; its webhooks are called meanwhile.
    """

    port: int
    run: Callable[[], None]
    close: Callable[[], None]
    app: Flask


def server(app: Flask, host: str, port: int, tls: Tls | None = None) -> Listening:
    """Return a server that listens, to be run.

    Parameters
    ----------
    app : flask.Flask
    host : str
    port : int
        0: any that is free.
    tls : Tls, optional
        None: plain HTTP.

    Raises
    ------
    OSError
        The port is taken or forbidden, or a file of the certificate is not there or is none.
    """
    context = None if tls is None else _context(tls)
    limit = app.config["MAX_CONTENT_LENGTH"]
    held: dict[int, Any] = {}
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


def _context(tls: Tls) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)  # TLS 1.2 and later
    context.options |= ssl.OP_NO_RENEGOTIATION
    context.load_cert_chain(tls.certificate, tls.key)
    return context


def serve(listening: Listening) -> None:
    """Answer until interrupted, by the terminal or by SIGTERM."""
    before = signal.signal(signal.SIGTERM, _interrupt)
    try:
        with suppress(KeyboardInterrupt), deliverer(listening.app):
            listening.run()
        listening.close()
    finally:
        signal.signal(signal.SIGTERM, before)


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt
