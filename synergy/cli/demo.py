"""Demo: the shipped dataset on web pages."""

from __future__ import annotations

import contextlib
import importlib
from importlib.resources import as_file, files
from typing import TYPE_CHECKING, Any

from synergy.cli.show import STATUSES, run_round
from synergy.cli.talk import Talk
from synergy.dataset.read import read
from synergy.dataset.yearly import yearly
from synergy.errors import UsageError

if TYPE_CHECKING:
    from synergy.round import Round

DATASET = "lvliang"
HOST, PORT = "127.0.0.1", 8765


def run_demo(talk: Talk, *, port: int | None, serve: bool, **options: Any) -> int:
    """Match the shipped dataset, print the proposals and serve them.

    Parameters
    ----------
    talk : Talk
        Where to, and in which language.
    port : int or None
        None: `PORT`, or any other where that is taken.
    serve : bool
        Whether to serve.
    **options
        Fields of `synergy.engine.Options`.
    """
    from synergy.cli.tables import print_plan

    talk.note(talk.say("demo.matching", name=DATASET))
    with as_file(files("datasets") / DATASET) as folder:
        # the year as one period: months take minutes, and a first look should not
        dataset = yearly(read(folder))
    run = run_round(talk, dataset, **options)
    if run.plan is None:
        talk.error(talk.shared(f"status.{run.outcome.status}"))
        return STATUSES[run.outcome.status]
    print_plan(talk, dataset, run.plan)
    return _serve(talk, run, port) if serve else 0


def _serve(talk: Talk, run: Round, port: int | None) -> int:
    from synergy.records.rounds import round_record

    assert run.plan is not None
    # by name: nothing of the house imports the factory
    app = importlib.import_module("web.app").create_app([round_record(run.dataset, run.plan)])
    server = _server(talk, app, port)
    talk.line(talk.say("demo.serving", address=f"http://{HOST}:{server.effective_port}/{talk.lang}/"), "bold")
    with contextlib.suppress(KeyboardInterrupt):
        server.run()
    server.close()
    return 0


def _server(talk: Talk, app: Any, port: int | None) -> Any:
    from waitress.server import create_server

    try:
        return create_server(app, host=HOST, port=PORT if port is None else port, ident="synergy")
    except OSError as error:
        if port is not None:
            raise UsageError(talk.say("port_taken", port=port, said=error.strerror or error)) from error
        return create_server(app, host=HOST, port=0, ident="synergy")
