"""Webhook delivery: signed calls to allowed hosts, blocked for private addresses, with retries."""

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
from synergy.web.settings import ServerSettings

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
    """Destination of a webhook call: path with query string, `safe` for https, `inside` if it may be a private one."""

    host: str
    port: int
    path: str
    safe: bool
    inside: bool


def target(url: str, hosts: Sequence[str]) -> Target:
    """Return the destination of a webhook URL, if its host is one of those allowed.

    An allowed host has its port if it is not 443; the prefix `INSIDE` marks one of the private network, for which http
    is allowed too.

    Raises
    ------
    RefusedError
        The host is not allowed, or the URL is invalid.

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
    """Resolve the IP address of a target; unless the host is inside, all its addresses must be public.

    Raises
    ------
    OSError
        The host has no address, or one in a private network.
    """
    found = {str(entry[4][0]) for entry in socket.getaddrinfo(where.host, where.port, type=socket.SOCK_STREAM)}
    for one in found:
        place = ipaddress.ip_address(one.partition("%")[0])
        mapped = getattr(place, "ipv4_mapped", None) or place
        if not where.inside and (not mapped.is_global or mapped.is_multicast):
            raise OSError(f"{where.host} is {one}, an address of a private network")
    return sorted(found)[0]


class _Pinned(http.client.HTTPConnection):
    """HTTP(S) connection pinned to the address that was checked, as protection against DNS rebinding."""

    def __init__(self, where: Target, place: str) -> None:
        super().__init__(where.host, where.port, timeout=PATIENCE_S)
        self._where, self._place = where, place

    def connect(self) -> None:
        """Open the connection, with TLS for the host name if the target is https."""
        plain = socket.create_connection((self._place, self._where.port), PATIENCE_S)
        if self._where.safe:
            context = ssl.create_default_context()
            self.sock = context.wrap_socket(plain, server_hostname=self._where.host)
        else:
            self.sock = plain


def signature(secret: str, at: int, body: bytes) -> str:
    """Return the signature of a webhook call: HMAC-SHA256 of the Unix time in seconds, a dot and the body."""
    return hmac.new(secret.encode(), f"{at}.".encode() + body, hashlib.sha256).hexdigest()


def call(due: Due, hosts: Sequence[str]) -> tuple[int | None, str]:
    """Send one webhook call; return the status code, or None on failure, and the reason. Redirects are not followed."""
    body = json.dumps(due.record.document(), ensure_ascii=False, separators=(",", ":")).encode()
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
    """Send the webhook calls that are due, to allowed hosts, and return their number."""
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
    """Return the context manager that delivers the webhooks of an application."""
    settings: ServerSettings = app.extensions["synergy.settings"]
    return Deliverer(app.extensions["synergy.store"], settings.webhook_hosts)


class Deliverer:
    """Context manager that delivers webhooks in a background thread, if any host is allowed."""

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
