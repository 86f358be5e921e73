"""Calls to other machines: signed, to allowed hosts alone, never into the own network, made again where they fail."""

from __future__ import annotations

import hashlib
import hmac
import http.client
import ipaddress
import json
import logging
import socket
import ssl
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from flask import Flask
from synergy.web.settings import Settings

from synergy.errors import SynergyError, UnavailableError
from synergy.store.access import WORKER
from synergy.store.messages import refusal
from synergy.store.store import Store
from synergy.store.subscriptions import Due, gather, note, take

INSIDE = "inside:"  # before a host of the operator's own network, as ``inside:erp.example:8443``
PATIENCE_S = 5.0
IDLE_S = 2.0
_LOG = logging.getLogger("synergy.webhooks")


@dataclass(frozen=True, slots=True)
class Target:
    """Where a call goes.

    Parameters
    ----------
    host, port : str, int
    path : str
        With its query.
    safe : bool
        By https.
    inside : bool
        Whether it may lie in the own network.
    """

    host: str
    port: int
    path: str
    safe: bool
    inside: bool


def target(url: str, hosts: Sequence[str]) -> Target:
    """Return where a webhook goes, if it may go there.

    Parameters
    ----------
    url : str
    hosts : sequence of str
        Allowed hosts, each with its port where that is not 443; `INSIDE` before one of the own network, which may go by
        http too.

    Raises
    ------
    RefusedError
        The host is not allowed, or the address is none.

    Examples
    --------
    >>> target("https://erp.example/hook", ["erp.example"]).host
    'erp.example'
    """
    expected = ", ".join(one.removeprefix(INSIDE) for one in hosts) or "-"
    try:
        parts = urlsplit(url)
        port = parts.port or {"https": 443, "http": 80}[parts.scheme]
        host = (parts.hostname or "").encode("idna").decode().lower().rstrip(".")
    except (ValueError, KeyError, UnicodeError) as error:
        raise refusal("host", host=url[:80], expected=expected) from error
    for allowed in hosts:
        inside = allowed.startswith(INSIDE)
        name, _, given = allowed.removeprefix(INSIDE).lower().partition(":")
        fits = host == name and port == int(given or 443) and not parts.username and not parts.fragment
        if fits and (inside or parts.scheme == "https"):
            path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
            return Target(host, port, path, parts.scheme == "https", inside)
    raise refusal("host", host=host or url[:80], expected=expected)


def address(where: Target) -> str:
    """Return the address that a call goes to: every address of the host has to be a public one, unless it is inside.

    Raises
    ------
    OSError
        The host has none, or one in the own network.
    """
    found = {str(entry[4][0]) for entry in socket.getaddrinfo(where.host, where.port, type=socket.SOCK_STREAM)}
    for one in found:
        place = ipaddress.ip_address(one.partition("%")[0])
        mapped = getattr(place, "ipv4_mapped", None) or place
        if not where.inside and (not mapped.is_global or mapped.is_multicast):
            raise OSError(f"{where.host} is {one}, an address of a private network")
    return sorted(found)[0]


class _Pinned(http.client.HTTPConnection):
    """A connection to the address that was looked at, whatever the name means a moment later."""

    def __init__(self, where: Target, place: str) -> None:
        super().__init__(where.host, where.port, timeout=PATIENCE_S)
        self._where, self._place = where, place

    def connect(self) -> None:
        """Open it, by TLS in the name of the host."""
        plain = socket.create_connection((self._place, self._where.port), PATIENCE_S)
        if self._where.safe:
            context = ssl.create_default_context()
            self.sock = context.wrap_socket(plain, server_hostname=self._where.host)
        else:
            self.sock = plain


def signature(secret: str, at: int, body: bytes) -> str:
    """Return the signature of a call: HMAC-SHA256 of the time, a dot and the body.

    Parameters
    ----------
    secret : str
        Of the webhook.
    at : int
        Seconds since 1970.
    body : bytes
        As it is sent.
    """
    return hmac.new(secret.encode(), f"{at}.".encode() + body, hashlib.sha256).hexdigest()


def call(due: Due, hosts: Sequence[str]) -> tuple[int | None, str]:
    """Make a call.

    Parameters
    ----------
    due : Due
    hosts : sequence of str
        Where calls may go.

    Returns
    -------
    int or None, str
        Status of the answer, None where there was none, and why. A redirect is not followed.
    """
    body = json.dumps(due.record, ensure_ascii=False, separators=(",", ":")).encode()
    at = int(time.time())
    headers = {
        "Content-Type": "application/json",
        "User-Agent": "synergy",
        "Synergy-Delivery": str(due.delivery),
        "Synergy-Signature": f"t={at},v1={signature(due.secret, at, body)}",
    }
    try:
        where = target(due.url, hosts)
        connection = _Pinned(where, address(where))
        try:
            connection.request("POST", where.path, body, headers)
            answer = connection.getresponse()
            answer.read(1024)
            return answer.status, answer.reason or ""
        finally:
            connection.close()
    except (OSError, http.client.HTTPException, SynergyError, ValueError) as error:
        return None, f"{type(error).__name__}: {error}"


def deliver(store: Store, hosts: Sequence[str]) -> int:
    """Make the calls that are due; return how many.

    Parameters
    ----------
    store : Store
    hosts : sequence of str
        Where calls may go; none are made where it is empty.
    """
    if not hosts:
        return 0
    gather(store, WORKER)
    made = take(store, WORKER)
    for one in made:
        status, said = call(one, hosts)
        state = note(store, WORKER, one, status, said)
        _LOG.info("webhook delivery %s: %s %s", one.delivery, state, status)
    return len(made)


def deliverer(app: Flask) -> Deliverer:
    """Return what makes the calls of an application's webhooks while it is entered."""
    settings: Settings = app.extensions["synergy.settings"]
    return Deliverer(app.extensions["synergy.store"], settings.webhook_hosts)


class Deliverer:
    """Makes calls in a thread of its own, ``with`` it.

    Parameters
    ----------
    store : Store
    hosts : sequence of str
        Where calls may go; nothing is started where it is empty.
    """

    def __init__(self, store: Store, hosts: Sequence[str]) -> None:
        self._store, self._hosts = store, tuple(hosts)
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, name="webhooks", daemon=True)

    def __enter__(self) -> Deliverer:
        if self._hosts:
            self._thread.start()
        return self

    def __exit__(self, *_given: object) -> None:
        self._over.set()
        if self._thread.is_alive():
            self._thread.join(2 * PATIENCE_S)

    def _run(self) -> None:
        while not self._over.wait(IDLE_S):
            try:
                while deliver(self._store, self._hosts) and not self._over.is_set():
                    pass
            except UnavailableError:  # the database is busy: the calls wait
                _LOG.warning("webhooks wait for the database")
