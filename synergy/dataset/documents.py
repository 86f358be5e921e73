"""JSON and TOML read strictly: no name twice, no NaN, no endless digits, no bottomless nesting."""

from __future__ import annotations

import json
import math
import tomllib
from collections.abc import Iterable
from typing import Any

from synergy.dataset.decode import unmarked
from synergy.dataset.findings import Findings, Where
from synergy.dataset.numbers import LONGEST as DIGITS

LIMIT = 8 << 20  # bytes
DEEPEST = 60


class RefusedError(ValueError):
    """A document that is well formed and yet not accepted."""

    def __init__(self, code: str, value: str, reason: str = "") -> None:
        self.code, self.value, self.reason = code, value, reason
        super().__init__(reason)


def load_document(data: bytes, file: str, findings: Findings) -> dict[str, Any] | None:
    """Return the object that a JSON or TOML file holds.

    Parameters
    ----------
    data : bytes
        The file: UTF-8, or what its byte order mark says.
    file : str
        Its name: ``.toml`` is TOML, everything else JSON; the table in messages.
    findings : Findings
        Takes what is wrong.

    Returns
    -------
    dict or None
        None where it cannot be read.
    """
    plain = load_plain(data, file, findings)
    if isinstance(plain, dict):
        return plain
    if plain is not None:
        findings.add("document", Where(file), "", reason="not an object")
    return None


def load_plain(data: bytes, file: str, findings: Findings) -> Any:
    """Return what a JSON or TOML file holds; None where it cannot be read, or holds nothing.

    Parameters
    ----------
    data, file, findings
        As for `load_document`.
    """
    try:
        if len(data) > LIMIT:
            raise RefusedError("document", f"{len(data)}", f"more than {LIMIT} bytes")
        text = unmarked(data)
        plain = _toml(text) if file.lower().endswith(".toml") else _json(text)
        _walk(plain)
    except RefusedError as error:
        findings.add(error.code, Where(file), error.value, reason=error.reason)
    except json.JSONDecodeError as error:
        findings.add("document", Where(file, error.lineno), "", reason=f"{error.msg}, column {error.colno}")
    except RecursionError:
        findings.add("document", Where(file), "", reason="nested too deeply")
    except ValueError as error:  # tomllib.TOMLDecodeError, UnicodeDecodeError
        findings.add("document", Where(file), "", reason=str(error))
    else:
        if plain is None:
            findings.add("document", Where(file), "", reason="not an object")
        return plain
    return None


def _toml(text: str) -> Any:
    return tomllib.loads(text, parse_float=_real)


def _json(text: str) -> Any:
    return json.loads(text, object_pairs_hook=_unique, parse_int=_whole, parse_float=_real, parse_constant=_no_constant)


def _unique(pairs: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in pairs:
        if name in found:
            raise RefusedError("double_name", name)
        found[name] = value
    return found


def _whole(digits: str) -> int:
    if len(digits) > DIGITS:
        raise RefusedError("document", digits, f"a number of {len(digits)} digits")
    return int(digits)


def _real(digits: str) -> float:
    if len(digits) > DIGITS:
        raise RefusedError("document", digits, f"a number of {len(digits)} digits")
    value = float(digits)
    if not math.isfinite(value):
        raise RefusedError("document", digits, "a number that is not finite")
    return value


def _no_constant(name: str) -> None:
    raise RefusedError("document", name, "a number that is not finite")


def _walk(plain: Any) -> None:
    """Refuse what is nested too deeply or holds an integer of endless digits."""
    level = [plain]
    for _ in range(DEEPEST):
        deeper = [part for part in level if isinstance(part, dict | list)]
        level = [inner for part in deeper for inner in (part.values() if isinstance(part, dict) else part)]
        if any(isinstance(one, int) and one.bit_length() > 4 * DIGITS for one in level):
            raise RefusedError("document", "", "a number of endless digits")
        if not level:
            return
    raise RefusedError("document", "", f"nested more than {DEEPEST} levels deep")
