"""Text to numbers, and the reason where a text is none.

Accepted: finite decimals with a point, an exponent, commas between groups of three, full-width digits (said).
Everything else is refused with what it looks like: nothing is guessed.
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass, field

from synergy.dataset.ids import INVISIBLE

SMALLEST = 2.2250738585072014e-308  # below it doubles lose digits
LONGEST = 64
PLAIN = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
_GROUPED = re.compile(r"[+-]?[0-9]{1,3}(?:,[0-9]{3})+(?:\.[0-9]+)?")
_NOT_FINITE = re.compile(r"[+-]?(?:nan|inf(?:inity)?|n/?a|null|none|-+|—+|\?+|1\.#\w+)", re.IGNORECASE)
_MYRIADS = {"十": 10, "百": 100, "千": 1e3, "万": 1e4, "亿": 1e8}
_DIGITS = {c: n for n, c in enumerate("零一二三四五六七八九")} | {"两": 2, "〇": 0}
_CHINESE = re.compile(r"([0-9.]+|[零〇一二两三四五六七八九十百千]+)?\s*([十百千万亿]+)(?![零〇一二两三四五六七八九])")


@dataclass(frozen=True, slots=True)
class Reading:
    """What a text says.

    Parameters
    ----------
    value : float
        The number; NaN where there is none.
    code : str
        Rule that it breaks, "" for none.
    fields : dict
        What the texts of the rule ask for.
    """

    value: float
    code: str = ""
    fields: dict[str, object] = field(default_factory=dict)


def number_of(text: str, *, grouped: bool = True) -> Reading:
    """Return what a text says as a number.

    Parameters
    ----------
    text : str
        A cell that is not blank.
    grouped : bool
        Whether commas may stand between groups of three.

    Returns
    -------
    Reading
    """
    if len(text) > LONGEST:
        return Reading(math.nan, "long_number", {"length": len(text)})
    plain = text.strip(" \t")
    if PLAIN.fullmatch(plain):
        return _finite(float(plain))
    clean = unicodedata.normalize("NFKC", INVISIBLE.sub("", plain)).strip()
    if grouped and _GROUPED.fullmatch(clean):
        clean = clean.replace(",", "")
    if PLAIN.fullmatch(clean):
        reading = _finite(float(clean))
        if reading.code or plain.replace(",", "") == clean:
            return reading
        wide = any("\uff00" <= c <= "\uffef" for c in plain)
        return Reading(reading.value, "full_width_number" if wide else "blanks_in_number", {"instead": clean})
    return Reading(math.nan, *_refusal(clean))


def _finite(value: float) -> Reading:
    if math.isinf(value):
        return Reading(math.nan, "not_finite")
    if value and abs(value) < SMALLEST:
        return Reading(math.nan, "too_small_number")
    return Reading(value + 0.0)  # -0 becomes 0


def _refusal(text: str) -> tuple[str, dict[str, object]]:
    """Return the rule that a text breaks which is no number, and what its texts ask for."""
    bare = {"#": "spreadsheet_error", "=": "formula"}.get(text[:1]) or (
        "not_finite" if _NOT_FINITE.fullmatch(text) else ""
    )
    if bare:
        return bare, {}
    for pattern, code, instead in _LOOKS:
        if found := pattern.match(text):
            return code, {"instead": instead(found)}
    return ("thousands" if re.fullmatch(r"[+-]?[0-9,]+\.?[0-9]*", text) else "not_number"), {}


def _scaled(digits: str, factor: float) -> str:
    try:
        return f"{float(digits) * factor:.12g}"
    except ValueError:
        return "a plain number"


def _chinese(head: str, tail: str) -> str:
    factor = math.prod(_MYRIADS[c] for c in tail)
    if head in _DIGITS:
        head = str(_DIGITS[head])
    return _scaled(head, factor)


_LOOKS: tuple[tuple[re.Pattern[str], str, Callable[[re.Match[str]], str]], ...] = (
    (re.compile(r"([+-]?[0-9.]*),([0-9]+)$"), "decimal_comma", lambda m: f"{m[1].replace('.', '')}.{m[2]}"),
    (re.compile(r"([+-]?[0-9.]+)\s*%$"), "percent", lambda m: _scaled(m[1], 0.01)),
    (_CHINESE, "chinese_number", lambda m: _chinese(m[1] or "1", m[2])),
    (re.compile(r"([+-]?[0-9][0-9.,]*)\s*[^\W\d_][\w/²³]*$"), "number_with_unit", lambda m: m[1]),
)
