"""Output files: written whole or not at all, and only in place of a regular file."""

from __future__ import annotations

import contextlib
import os
import secrets
import stat
import sys
from pathlib import Path
from typing import TextIO

from synergy.errors import UsageError


def written_whole(path: str | Path, data: bytes) -> None:
    """Write a file; an old one stays whole until the new one is, and keeps its mode and its owner.

    A link is followed, what has more names than one is written in place, and a pipe or a device is written to.

    Raises
    ------
    UsageError
        It cannot be written.
    """
    target = Path(path)
    try:
        old = target.stat() if target.exists() else None
        stream = None if old is None else _own(old)
        if stream is not None:
            stream.flush()  # what it holds stands before
            with os.fdopen(os.dup(stream.fileno()), "wb") as file:
                file.write(data)
        elif old is not None and not stat.S_ISREG(old.st_mode):
            _into(target, data, os.O_APPEND)
        elif old is not None and old.st_nlink > 1:
            _into(target, data, os.O_TRUNC)
        else:
            _beside(Path(os.path.realpath(target)), data, old)
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror or error}") from error


def _own(place: os.stat_result) -> TextIO | None:
    """Return the stream of this program that a place denotes, as standard output; None for any other."""
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError, ValueError, AttributeError):
            if os.path.samestat(place, os.fstat(stream.fileno())):
                return stream
    return None


def _into(target: Path, data: bytes, how: int) -> None:
    with os.fdopen(os.open(target, os.O_WRONLY | how), "wb") as file:
        file.write(data)


def _beside(place: Path, data: bytes, old: os.stat_result | None) -> None:
    """Write a temporary file beside the place and move it there."""
    part = place.with_name(f".{place.name[:200]}.{secrets.token_hex(4)}.part")
    mode = 0o666 if old is None else stat.S_IMODE(old.st_mode) & 0o700 | 0o600  # opened wider only when it is whole
    try:
        handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    except PermissionError:
        if old is None:
            raise
        _into(place, data, os.O_TRUNC)  # a file that may be written, in a folder that may not
        return
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
        if old is not None:
            with contextlib.suppress(PermissionError):
                os.chown(part, old.st_uid, old.st_gid)
            part.chmod(stat.S_IMODE(old.st_mode))
        part.replace(place)
    finally:
        part.unlink(missing_ok=True)
