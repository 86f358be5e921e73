"""ETags: a hash of what is told and its language, with the version that an edit names."""

from __future__ import annotations

import hashlib
import re

from synergy.web.api.problems import ApiProblem

_TAG = re.compile(r'(?:W/)?"([^"]*)"')
_VERSION = re.compile(r"([1-9][0-9]{0,8})\.[0-9a-f]{20}")


def etag(body: bytes, lang: str, version: int | None = None) -> str:
    """Return the ETag of an answer: of its content and language, never of who asked.

    Parameters
    ----------
    body : bytes
        The answer.
    lang : str
        Its language.
    version : int or None
        Of what it tells.

    Examples
    --------
    >>> etag(b"{}", "en", 3)
    '"3.05c57c5e4a87cbb05b7c"'
    """
    digest = hashlib.sha256(lang.encode() + b"\0" + body).hexdigest()[:20]
    return f'"{digest}"' if version is None else f'"{version}.{digest}"'


def same(given: str | None, tag: str) -> bool:
    """Return whether an If-None-Match names an ETag, however the answer was compressed.

    Examples
    --------
    >>> same('W/"a:gzip", "b"', '"a"'), same("*", '"a"'), same(None, '"a"')
    (True, True, False)
    """
    if given is None:
        return False
    return given.strip() == "*" or tag.strip('"') in {one.partition(":")[0] for one in _TAG.findall(given)}


def version_of(given: str | None, *, needed: bool) -> int | None:
    """Return the version that an If-Match names, None for whatever is there.

    Parameters
    ----------
    given : str or None
        The header.
    needed : bool
        Whether it has to be there.

    Raises
    ------
    ApiProblem
        It is missing, or names nothing that was ever told.
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
