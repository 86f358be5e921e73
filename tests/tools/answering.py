"""The real server as its own process, asked by others: ``python tests/tools/answering.py STORE`` says its port.

It is set up as `synergy serve` does it, with limits on how often one may ask that nobody reaches; beside the product's
pages it has the route ``/hello`` that other answers are compared with.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from synergy.web.access import KEY, public
from synergy.web.app import create_app
from synergy.web.logs import to_stream
from synergy.web.serve import serve, server
from synergy.web.settings import ServerSettings
from web_worlds import SECRET

from synergy.store.access import Actor
from synergy.store.accounts import begin
from synergy.store.store import Store, open_store

RATE = "1000000000 per minute"
SETTINGS = ServerSettings(secret=SECRET, sign_in_rate=RATE, page_rate=RATE, api_rate=RATE)


def cookie(store: Store, actor: Actor) -> str:
    """Return the cookie of somebody who has signed in to that server."""
    app = create_app(store, SETTINGS)
    signer = app.session_interface.get_signing_serializer(app)  # type: ignore[attr-defined]
    value = signer.dumps({KEY: begin(store, actor, 12.0), "_permanent": True, "csrf_token": "a" * 40})
    return f"{app.config['SESSION_COOKIE_NAME']}={value}"


@contextmanager
def running(address: Path) -> Iterator[tuple[int, int]]:
    """Yield the port of a server of a store, and the id of its process; its logs go nowhere."""
    command = [sys.executable, __file__, str(address)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        assert process.stdout is not None
        try:
            yield int(process.stdout.readline()), process.pid
        finally:
            process.terminate()


def main(address: str) -> None:
    """Answer until told to stop."""
    store = open_store(address)
    app = create_app(store, SETTINGS)
    app.add_url_rule("/hello", "hello", public(lambda: "hello"))
    to_stream()
    listening = server(app, "127.0.0.1", 0)
    print(listening.port, flush=True)
    serve(listening)
    store.close()


if __name__ == "__main__":
    main(sys.argv[1])
