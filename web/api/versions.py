"""ETags: a hash of the response body and its language, prefixed with the version that If-Match refers to."""

from __future__ import annotations

import hashlib
import re

from synergy.web.api.problems import ApiProblem

_TAG = re.compile(r'(?:W/)?"([^"]*)"')
_VERSION = re.compile(r"([1-9][0-9]{0,8})\.[0-9a-f]{20}")


def etag(body: bytes, lang: str, version: int | None = None) -> str:
    """Return the ETag of a response, from its content, its language and its version; it does not depend on the caller.

    Examples
    --------
    >>> etag(b"{}", "en", 3)
    '"3.0604a1f8349a5a8adbe6"'
    """
    digest = hashlib.sha256(lang.encode() + b"\0" + body).hexdigest()[:20]
    return f'"{digest}"' if version is None else f'"{version}.{digest}"'


def same(given: str | None, tag: str) -> bool:
    """Return whether an If-None-Match header matches an ETag, ignoring the content encoding.

    Examples
    --------
    >>> same('W/"a:gzip", "b"', '"a"'), same("*", '"a"'), same(None, '"a"')
    (True, True, False)
    """
    if given is None:
        return False
    return given.strip() == "*" or tag.strip('"') in {one.partition(":")[0] for one in _TAG.findall(given)}


def version_of(given: str | None, *, needed: bool) -> int | None:
    """Return the version named by an If-Match header; None for ``*`` or a missing header that is not needed.

    Raises
    ------
    ApiProblem
        The header is required but missing, or contains no known ETag.
    """
    if given is None:
        if needed:
            raise ApiProblem("version_needed")
        return None
    if given.strip() == "*":
        return None
    for one in _TAG.findall(given):
        found = _VERSION.match(one)
        if found:
            return int(found[1])
    raise ApiProblem("stale")
