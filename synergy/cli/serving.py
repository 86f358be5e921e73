"""`synergy serve`: web server of a store with supervised workers."""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
import secrets
from contextlib import suppress
from datetime import tzinfo
from pathlib import Path
from typing import TYPE_CHECKING, TypedDict, Unpack

import click

from synergy.cli.console import Talk
from synergy.cli.options import ADDRESS, PATH, Number, Zone, in_language, refuse_value
from synergy.errors import UsageError

if TYPE_CHECKING:
    from synergy.store.store import Store
    from synergy.web.figures.outline import Outlines
    from synergy.web.serve import Listening

ADMINISTRATOR = "admin"
_COOKIES = b"cookies of the pages"


class _ServeOptions(TypedDict):
    address: str
    host: str
    port: int
    worker_count: int
    workers: int | None
    proxies: int
    certificate: Path | None
    private: Path | None
    backups: Path | None
    region: Path | None
    zone: tzinfo | None
    webhooks: tuple[str, ...]
    metrics: bool


@click.command("serve")
@ADDRESS
@click.option("--host", default="127.0.0.1")
@click.option("--port", type=Number(0, whole=True, most=65535), default=8080)
@click.option("--worker-count", type=Number(0, whole=True, most=64), default=1)
@click.option("--workers", type=Number(1, whole=True))
@click.option("--proxies", type=Number(0, whole=True, most=9), default=0)
@click.option("--tls-cert", "certificate", type=PATH)
@click.option("--tls-key", "private", type=PATH)
@click.option("--backups", type=PATH)
@click.option("--map", "region", metavar="FILE.geojson", type=PATH)
@click.option("--time-zone", "zone", metavar="NAME", type=Zone())
@click.option("--webhook-host", "webhooks", metavar="HOST", multiple=True)
@click.option("--metrics", is_flag=True)
@in_language
@click.pass_obj
def serve(talk: Talk, /, **given: Unpack[_ServeOptions]) -> int:
    """Serve the web platform of a store until interrupted."""
    _check_encryption(talk, given)
    region = _outlines(talk, given["region"])
    from synergy.web.logs import to_stream
    from synergy.web.serve import serve as serve_pages
    from synergy.worker.supervisor import Supervisor
    from synergy.worker.work import Habits

    store = _opened(given["address"])
    try:
        _first(talk, store)
        listening = _listening(talk, store, given, region)
        to_stream()
        scheme = "https" if given["certificate"] else "http"
        host = f"[{given['host']}]" if ":" in given["host"] else given["host"]
        address = f"{scheme}://{host}:{listening.port}/{talk.lang}/"
        with Supervisor(given["address"], given["worker_count"], Habits(workers=given["workers"])):
            serving = talk.say("serve.serving", address=address)
            serve_pages(listening, lambda: talk.line(serving, "bold"))
    finally:
        store.close()
    return 0


def _check_encryption(talk: Talk, given: _ServeOptions) -> None:
    """Reject unencrypted serving on a network address, and a certificate without key or key without certificate."""
    if (given["certificate"] is None) != (given["private"] is None):
        raise click.UsageError(talk.say("serve.half"))
    local = given["host"] == "localhost"
    with suppress(ValueError):
        local = ipaddress.ip_address(given["host"]).is_loopback
    if not (given["certificate"] or given["proxies"] or local):
        raise click.UsageError(talk.say("serve.clear", host=given["host"]))


def _opened(address: str) -> Store:
    """Open the store, creating it if it does not exist."""
    from synergy.store.database import current, database
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
    from synergy.records.names import Role
    from synergy.store.accounts import MACHINE, AccountData, add_user, empty

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
        raise UsageError(f"--map {file}: {word('outline.' + error.code, talk.lang, found=error.found)}") from error


def _listening(talk: Talk, store: Store, given: _ServeOptions, region: Outlines) -> Listening:
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
        outlines=region,
        zone=given["zone"],
    )
    certificate, private = given["certificate"], given["private"]
    tls = Tls(certificate, private) if certificate is not None and private is not None else None
    app = create_app(store, chosen)
    try:
        return server(app, given["host"], given["port"], tls)
    except OSError as error:
        said = error.strerror or str(error)
        if isinstance(error, FileNotFoundError) or "SSL" in type(error).__name__:
            raise UsageError(talk.say("serve.certificate", said=said)) from error
        refuse_value("port", given["port"], "expected.port", said=said)
