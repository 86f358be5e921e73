"""Records of the audit chain and of backups of the store."""

from __future__ import annotations

from synergy.records.documents import Document
from synergy.records.figures import Ident, Record, Time, example

_AT = "2026-03-01T08:00:00+00:00"
_MAC = "5d" * 32
_FILE = "synergy-20260301T080000Z.db"


class Head(Record):
    """Head of the audit chain."""

    number: int
    mac: str


class Event(Record):
    """One event of the audit chain."""

    model_config = example(
        {
            "number": 41,
            "at": _AT,
            "actor": "anna",
            "action": "round.open",
            "subject": "round:1",
            "round": 1,
            "detail": {"state": "declaring", "version": 2},
            "mac": _MAC,
        }
    )
    number: int
    at: Time
    actor: str
    action: str
    subject: str
    round: Ident | None
    detail: Document
    mac: str


class Chain(Record):
    """Result of the verification of the audit chain; `broken` is the first event that does not follow."""

    model_config = example({"sound": True, "count": 41, "head": {"number": 41, "mac": _MAC}, "broken": None})
    sound: bool
    count: int
    head: Head
    broken: int | None


class Backup(Record):
    """A backup of the store in the backup folder of the server."""

    model_config = example({"file": _FILE, "bytes": 1048576, "at": _AT})
    file: str
    bytes: int
    at: Time


class BackupMade(Backup):
    """A new backup with its digest."""

    model_config = example({"file": _FILE, "bytes": 1048576, "sha256": "5d" * 32, "at": _AT})
    sha256: str
