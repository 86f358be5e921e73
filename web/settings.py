"""Settings: how the pages are served, whatever they show."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from datetime import tzinfo
from pathlib import Path
from typing import Any

from synergy.web.figures.outline import NONE, Outlines

MEBIBYTE = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """How the pages and the API are served.

    Parameters
    ----------
    secret : bytes
        Key of cookies and forms; sessions end where it changes.
    secure : bool
        Whether people come by https alone: cookies then go nowhere else.
    demo : bool
        Whether this is the demonstration, on the loopback address with accounts of its own.
    proxies : int
        Trusted proxies in front, whose ``X-Forwarded-*`` headers are believed.
    upload_bytes : int
        Greatest size of a request.
    session_hours : float
        How long a session lasts.
    hashers : int
        Passwords checked at once; each takes 64 MiB.
    limited : bool
        Whether requests are counted at all.
    sign_in_rate, page_rate, api_rate : str
        Requests of one person or address, as ``10 per minute``.
    limit_storage : str
        Where requests are counted: the memory of this process, or ``redis://...`` for several.
    webhook_hosts : tuple of str
        Hosts that webhooks may be sent to; none where empty.
    metrics : bool
        Whether ``/metrics`` answers, and that to the loopback address alone.
    backup_folder : pathlib.Path or None
        Where copies of the store go; None: none are made by the pages.
    outlines : synergy.web.figures.outline.Outlines
        Boundaries behind the sites on maps.
    zone : datetime.tzinfo or None
        Time zone in which pages say and take moments; None: the machine's own. Files and the API keep UTC.
    """

    secret: bytes = field(default_factory=lambda: secrets.token_bytes(32), repr=False)
    secure: bool = False
    demo: bool = False
    proxies: int = 0
    upload_bytes: int = 8 * MEBIBYTE
    session_hours: float = 12.0
    hashers: int = 2
    limited: bool = True
    sign_in_rate: str = "20 per minute"
    page_rate: str = "600 per minute"
    api_rate: str = "1200 per minute"
    limit_storage: str = "memory://"
    webhook_hosts: tuple[str, ...] = ()
    metrics: bool = False
    backup_folder: Path | None = None
    outlines: Outlines = NONE
    zone: tzinfo | None = None

    def flask(self) -> dict[str, Any]:
        """Return the same as Flask and its extensions name it."""
        return {
            "SECRET_KEY": self.secret,
            "SESSION_COOKIE_NAME": "__Host-synergy" if self.secure else "synergy",
            "SESSION_COOKIE_SECURE": self.secure,
            "SESSION_COOKIE_HTTPONLY": True,
            "SESSION_COOKIE_SAMESITE": "Lax",
            "SESSION_REFRESH_EACH_REQUEST": False,
            "PERMANENT_SESSION_LIFETIME": int(self.session_hours * 3600),
            "MAX_CONTENT_LENGTH": self.upload_bytes,
            "MAX_FORM_MEMORY_SIZE": self.upload_bytes,
            "WTF_CSRF_CHECK_DEFAULT": False,  # `synergy.web.access` asks for it, which knows who needs none
            "WTF_CSRF_TIME_LIMIT": None,  # as long as the session
            "COMPRESS_ALGORITHM": ["br", "gzip"],
            "COMPRESS_STREAMS": False,
            "SEND_FILE_MAX_AGE_DEFAULT": 3600,
        }
