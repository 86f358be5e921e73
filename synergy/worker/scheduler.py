"""Dask cluster as an executor for the engine."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Executor
from contextlib import contextmanager
from importlib import import_module
from typing import Any
from urllib.parse import urlsplit

from synergy.errors import UsageError

_LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})


@contextmanager
def executor(address: str | None) -> Iterator[Executor | None]:
    """Yield an executor over a Dask cluster, None without an address.

    The address is ``tls://host:port``, or ``tcp://`` on the loopback address: messages on the wire are pickled, and
    write access to it suffices to run programs.

    Raises
    ------
    UsageError
        No such scheduler, an open address, or the extra `dask` is not installed.
    """
    if address is None:
        yield None
        return
    parts = urlsplit(address if "://" in address else f"tcp://{address}")
    if parts.scheme != "tls" and parts.hostname not in _LOOPBACK:
        raise UsageError(f"{address}: expected tls://HOST:PORT, or tcp:// on the loopback address")
    try:
        distributed: Any = import_module("distributed")
    except ModuleNotFoundError as error:
        raise UsageError("a Dask scheduler needs more packages: pip install 'synergy-matching[dask]'") from error
    try:
        client = distributed.Client(parts.geturl(), timeout=10)
    except OSError as error:
        raise UsageError(f"{address}: no scheduler answers") from error
    with client:
        # not pure: Dask would take results of the same call from memory, also of one that failed
        yield client.get_executor(pure=False)
