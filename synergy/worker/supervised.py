"""Worker process of a server (`synergy.worker.supervisor`), which runs until its standard input closes."""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
from datetime import timedelta

from synergy.store.store import open_store
from synergy.worker.work import Habits, work


def main() -> None:
    """Read the configuration from one line of input, and work until the input closes."""
    # an interrupt at the terminal reaches the server too, which says when to stop
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    line = sys.stdin.buffer.readline()
    if not line:
        return
    told = json.loads(line)
    over = threading.Event()
    signal.signal(signal.SIGTERM, lambda _number, _frame: over.set())
    threading.Thread(target=_listen, args=(over,), daemon=True).start()
    store = open_store(told.pop("address"))
    try:
        work(store, Habits(**{**told, "lease": timedelta(seconds=told["lease"])}), over.is_set)
    finally:
        store.close()


def _listen(over: threading.Event) -> None:
    """Set an event when the standard input closes, because the server is gone."""
    while os.read(sys.stdin.fileno(), 4096):
        pass
    over.set()


if __name__ == "__main__":
    main()
