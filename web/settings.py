"""Settings of the web server and their mapping to the Flask configuration."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from datetime import tzinfo
from pathlib import Path

from synergy.web.figures.outline import NONE, Outlines

MEBIBYTE = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerSettings:
    """Serving settings of the pages and the API.

    `secret` signs cookies and forms, so that changing it ends all sessions; `secure` is whether the site is reached by
    HTTPS only, to which cookies are then restricted; `demo` runs on the loopback address with its own accounts.
    `proxies` is the number of trusted reverse proxies whose ``X-Forwarded-*`` headers are used.

    `upload_bytes` is the maximum size of a request body, `session_hours` the lifetime of a session, `hashers` the
    maximum number of concurrent password checks, of which each takes 64 MiB. Rates are per account or address;
    `limit_storage` is ``memory://`` for one process, ``redis://...`` for several.

    Empty `webhook_hosts` disable webhooks, and no `backup_folder` backups from the pages; `metrics` are served to the
    loopback address only. `outlines` are drawn behind the sites on maps. `zone` is that of timestamps on pages, None
    for the local one; files and the API use UTC.
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

    def flask(self) -> dict[str, object]:
        """Return the configuration values of Flask and its extensions."""
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
