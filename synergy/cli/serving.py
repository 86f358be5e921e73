"""`synergy serve`: web server of a store with supervised workers, and the shared options of store commands."""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
import os
import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from synergy.cli.console import Command, Number, Talk, Zone, in_language
from synergy.errors import UsageError

if TYPE_CHECKING:
    from synergy.store.access import Caller
    from synergy.store.rounds import StepOptions
    from synergy.store.store import Store
    from synergy.web.figures.outline import Outlines
    from synergy.web.serve import Listening

DATABASE, USER, TOKEN = "SYNERGY_DB", "SYNERGY_USER", "SYNERGY_TOKEN"
ADMINISTRATOR = "admin"
_COOKIES = b"cookies of the pages"


def at_store(command: Command) -> Command:
    """Add the ``--db``, ``--as``, ``--json`` and ``--lang`` options."""
    command = click.option("--json", "as_json", is_flag=True)(command)
    command = click.option("--as", "who", envvar=USER)(command)
    return in_language(click.option("--db", "address", envvar=DATABASE, default="synergy.db")(command))


def changes(command: Command) -> Command:
    """Add the options of `at_store` and those of a change: ``--version``, ``--key`` (idempotency) and ``--note``."""
    command = click.option("--version", "seen", type=Number(1, whole=True))(command)
    command = click.option("--key")(command)
    return at_store(click.option("--note", default="")(command))


def asked_of(given: Mapping[str, Any]) -> StepOptions:
    """Return expected version, idempotency key and note of a change from its options."""
    from synergy.store.rounds import StepOptions

    return StepOptions(given["seen"], given["key"], given["note"])


@contextmanager
def opened(talk: Talk, given: Mapping[str, Any]) -> Iterator[Caller]:
    """Open the store and yield it with the actor: the account of ``--as``, or the owner of the token.

    Parameters
    ----------
    talk : Talk
        Language of messages.
    given : mapping
        Options of `at_store`.

    Raises
    ------
    click.UsageError
        Neither an account nor a token is given.
    """
    from synergy.store.access import Caller
    from synergy.store.accounts import known
    from synergy.store.api_tokens import actor_of_token
    from synergy.store.store import open_store

    store = open_store(given["address"])
    try:
        token = os.environ.get(TOKEN)
        if given["who"]:
            actor = known(store, given["who"])
        elif token:
            actor = actor_of_token(store, token)
        else:
            raise click.UsageError(talk.say("store.who"))
        yield Caller(store, actor)
    finally:
        store.close()


@click.command("serve")
@click.option("--db", "address", envvar=DATABASE, default="synergy.db")
@click.option("--host", default="127.0.0.1")
@click.option("--port", type=Number(0, whole=True, most=65535), default=8080)
@click.option("--worker-count", "count", type=Number(0, whole=True, most=64), default=1)
@click.option("--workers", type=Number(1, whole=True))
@click.option("--proxies", type=Number(0, whole=True, most=9), default=0)
@click.option("--tls-cert", "certificate", type=click.Path(path_type=Path))
@click.option("--tls-key", "private", type=click.Path(path_type=Path))
@click.option("--backups", type=click.Path(path_type=Path))
@click.option("--map", "region", metavar="FILE.geojson", type=click.Path(path_type=Path))
@click.option("--time-zone", "zone", metavar="NAME", type=Zone())
@click.option("--webhook-host", "webhooks", metavar="HOST", multiple=True)
@click.option("--metrics", is_flag=True)
@in_language
@click.pass_obj
def serve(talk: Talk, /, **given: Any) -> int:
    """Serve the web platform of a store until interrupted."""
    _safe(talk, given)
    given["region"] = _outlines(talk, given["region"])
    from synergy.web.logs import to_stream
    from synergy.web.serve import serve as serve_pages
    from synergy.worker.supervisor import Supervisor
    from synergy.worker.work import Habits

    store = _opened(given["address"])
    try:
        _first(talk, store)
        listening = _listening(talk, store, given)
        to_stream()
        scheme = "https" if given["certificate"] else "http"
        address = f"{scheme}://{_shown(given['host'])}:{listening.port}/{talk.lang}/"
        with Supervisor(given["address"], given["count"], Habits(workers=given["workers"])):
            serving = talk.say("serve.serving", address=address)
            serve_pages(listening, lambda: talk.line(serving, "bold"))
    finally:
        store.close()
    return 0


def _safe(talk: Talk, given: Mapping[str, Any]) -> None:
    """Reject unencrypted serving on a network address, and a certificate without key or key without certificate."""
    if (given["certificate"] is None) != (given["private"] is None):
        raise click.UsageError(talk.say("serve.half"))
    if not (given["certificate"] or given["proxies"] or _loopback(given["host"])):
        raise click.UsageError(talk.say("serve.clear", host=given["host"]))


def _loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _shown(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def _opened(address: str) -> Store:
    """Open the store, creating it if it does not exist."""
    from synergy.store.database import database
    from synergy.store.migrations.run import current
    from synergy.store.store import make_store, open_store

    base = database(address)
    try:
        file = base.file
        there = file.exists() if file is not None else current(base) is not None
    finally:
        base.close()
    return open_store(address) if there else make_store(address)


def _first(talk: Talk, store: Store) -> None:
    """Create an administrator if the store has no accounts, and print its one-time password."""
    from synergy.store.accounts import MACHINE, AccountData, add_user, empty
    from synergy.store.names import Role

    if not empty(store):
        return
    password = secrets.token_urlsafe(12)
    add_user(store, MACHINE, AccountData(ADMINISTRATOR, Role.ADMINISTRATOR, None, password, one_time=True))
    talk.line(talk.say("serve.first", name=ADMINISTRATOR, password=password), "bold")


def _outlines(talk: Talk, file: Path | None) -> Outlines:
    """Read the map boundaries from a file; return none if no file is given."""
    from synergy.web.figures.outline import NONE, OutlineError, outlines
    from synergy.web.texts import word

    if file is None:
        return NONE
    try:
        return outlines(file)
    except OutlineError as error:
        raise UsageError(f"{file}: {word('outline.' + error.code, talk.lang, found=error.found)}") from error


def _listening(talk: Talk, store: Store, given: Mapping[str, Any]) -> Listening:
    """Create the application and return its bound server."""
    from synergy.web.app import create_app
    from synergy.web.serve import Tls, server
    from synergy.web.settings import ServerSettings

    chosen = ServerSettings(
        # sessions outlive a start of the server, and processes share them
        secret=hmac.new(store.secret, _COOKIES, hashlib.sha256).digest(),
        secure=bool(given["certificate"] or given["proxies"]),
        proxies=given["proxies"],
        backup_folder=given["backups"],
        webhook_hosts=given["webhooks"],
        metrics=given["metrics"],
        outlines=given["region"],
        zone=given["zone"],
    )
    tls = Tls(given["certificate"], given["private"]) if given["certificate"] else None
    app = create_app(store, chosen)
    try:
        return server(app, given["host"], given["port"], tls)
    except OSError as error:
        said = error.strerror or error
        key = (
            "serve.certificate"
            if isinstance(error, FileNotFoundError) or "SSL" in type(error).__name__
            else "port_taken"
        )
        raise UsageError(talk.say(key, port=given["port"], said=said)) from error
