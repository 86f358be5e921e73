"""Serving: an application on waitress until it is interrupted."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from flask import Flask
from waitress.server import create_server

THREADS = 16  # streams of progress may hold eight of them


def server(app: Flask, host: str, port: int) -> Any:
    """Return a server that listens, to be run.

    Parameters
    ----------
    app : flask.Flask
    host : str
    port : int
        0: any that is free, see its ``effective_port``.

    Raises
    ------
    OSError
        The port is taken or forbidden.
    """
    return create_server(
        app, host=host, port=port, threads=THREADS, ident="synergy", clear_untrusted_proxy_headers=True
    )


def serve(listening: Any) -> None:
    """Answer until interrupted."""
    with suppress(KeyboardInterrupt):
        listening.run()
    listening.close()
