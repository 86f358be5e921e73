"""Demo command: match the shipped dataset and print the plan, or serve it as rounds on the web platform."""

from __future__ import annotations

import os
import secrets
import sys
import tempfile
import threading
import webbrowser
from datetime import tzinfo
from importlib.resources import as_file, files
from pathlib import Path
from typing import TYPE_CHECKING

from synergy.cli.console import Talk
from synergy.cli.matching import STATUSES, run_round
from synergy.cli.options import refuse_value
from synergy.dataset.read import read
from synergy.dataset.sheet import yearly
from synergy.texts import text

if TYPE_CHECKING:
    from flask import Flask

    from synergy.cli.options import LimitOptions
    from synergy.dataset.sheet import Dataset
    from synergy.web.serve import Listening

DATASET = "lvliang"
HOST, PORT = "127.0.0.1", 8765


def run_demo(talk: Talk, *, port: int | None, zone: tzinfo, serve: bool, limits: LimitOptions) -> int:
    """Match the shipped dataset and print the proposals, or serve the web platform while workers match it.

    `port` None: `PORT`, or any free port if that is in use. `zone` is the time zone of the pages.
    """
    with as_file(files("synergy.datasets") / DATASET) as folder:
        # the year as one period: months would take minutes
        dataset = yearly(read(folder))
    return _served(talk, dataset, port, zone, limits) if serve else _printed(talk, dataset, limits)


def _printed(talk: Talk, dataset: Dataset, limits: LimitOptions) -> int:
    from synergy.cli.tables import print_plan
    from synergy.options import Options

    talk.note(talk.say("demo.matching", name=DATASET))
    run = run_round(talk, dataset, Options(**limits))
    if run.plan is None:
        talk.error(text(f"status.{run.outcome.status}", talk.lang))
        return STATUSES[run.outcome.status]
    print_plan(talk, dataset, run.plan, settlement=run.options.settlement)
    return 0


def _served(talk: Talk, dataset: Dataset, port: int | None, zone: tzinfo, limits: LimitOptions) -> int:
    from synergy.cli.rehearsal import PEOPLE, Play
    from synergy.store.store import make_store
    from synergy.web.app import create_app
    from synergy.web.serve import serve
    from synergy.web.settings import ServerSettings
    from synergy.worker.supervisor import Supervisor
    from synergy.worker.work import Habits

    with tempfile.TemporaryDirectory(prefix="synergy-demo-", ignore_cleanup_errors=True) as place:
        address = Path(place) / "demo.db"
        store = make_store(address)
        chosen = ServerSettings(demo=True, backup_folder=Path(place) / "copies", zone=zone)
        app = create_app(store, chosen)
        listening = _listening(app, port)
        play = Play(store, dataset, limits, threading.Event())
        passwords = [secrets.token_urlsafe(9) for _ in PEOPLE]
        play.begin(passwords)
        director = threading.Thread(target=play.go_on, name="rehearsal", daemon=True)
        with Supervisor(str(address), habits=Habits(workers=min(2, os.cpu_count() or 1))):
            director.start()
            names = [name for name, *_ in PEOPLE]
            serve(listening, lambda: _invite(talk, listening.port, names, passwords))
            play.over.set()
            director.join()
        store.close()
    return 0


def _listening(app: Flask, port: int | None) -> Listening:
    """Return a server on the given port, or on the default port or any free one if none is given."""
    from synergy.web.serve import server

    try:
        return server(app, HOST, PORT if port is None else port)
    except OSError as error:
        if port is not None:
            refuse_value("port", port, "expected.port", said=error.strerror or str(error))
        return server(app, HOST, 0)


def _invite(talk: Talk, port: int, names: list[str], passwords: list[str]) -> None:
    """Print the URL and the demo accounts, and open a browser if there is a graphical display."""
    address = f"http://{HOST}:{port}/{talk.lang}/"
    talk.line(talk.say("demo.serving", address=address), "bold")
    for name, password in zip(names, passwords, strict=True):
        talk.line(talk.say("demo.account", name=f"{name:8}", role=talk.say(f"demo.{name}"), password=password))
    talk.line(talk.say("demo.follows"))
    # a text browser would block the terminal
    screen = any(os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY"))
    windows = screen or sys.platform in ("win32", "darwin")
    if windows and sys.stdout.isatty() and not os.environ.get("SYNERGY_NO_BROWSER"):
        webbrowser.open(address)
