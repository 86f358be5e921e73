"""Serving: an application on waitress, or with TLS of its own on cheroot, until it is told to stop."""

from __future__ import annotations

import signal
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

from cheroot.ssl.builtin import BuiltinSSLAdapter
from cheroot.wsgi import Server
from flask import Flask
from waitress.server import create_server

from web.api.webhooks import deliverer

THREADS = 16  # streams of progress may hold eight of them
REQUEST_HEADER_BYTES = 64 << 10


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
        Waitress has no TLS: with a certificate cheroot serves instead.

    Raises
    ------
    OSError
        The port is taken or forbidden, or a file of the certificate is not there or is none.
    """
    if tls is not None:
        return _with_tls(app, host, port, tls)
    limit = app.config["MAX_CONTENT_LENGTH"]
    made = create_server(
        app,
        host=host,
        port=port,
        threads=THREADS,
        ident="synergy",
        max_request_header_size=REQUEST_HEADER_BYTES,
        max_request_body_size=limit + REQUEST_HEADER_BYTES,
        # believed only as far as `Settings.proxies` says, see `web.app`
        clear_untrusted_proxy_headers=False,
    )
    return Listening(int(made.effective_port), made.run, made.close, app)


def _with_tls(app: Flask, host: str, port: int, tls: Tls) -> Listening:
    made = Server((host, port), app, numthreads=THREADS, server_name="synergy")
    made.ssl_adapter = BuiltinSSLAdapter(str(tls.certificate), str(tls.key))
    made.max_request_header_size = REQUEST_HEADER_BYTES
    made.max_request_body_size = app.config["MAX_CONTENT_LENGTH"] + REQUEST_HEADER_BYTES
    made.prepare()
    return Listening(int(made.bind_addr[1]), made.serve, made.stop, app)


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
