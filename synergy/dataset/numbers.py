"""Parse numbers and ids from text, and name the violated rule where a text is invalid.

Accepted: finite decimals with a point, an exponent, commas between groups of three, full-width digits (reported).
Everything else is refused by a rule for its form: nothing is guessed. The correction depends on the unit of the column,
see `hints`.
"""

from __future__ import annotations

import difflib
import math
import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from synergy.units import factor, unit_named

SMALLEST = 2.2250738585072014e-308  # below it doubles lose digits
LONGEST = 64
PLAIN = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
_GROUPED = re.compile(r"[+-]?[0-9]{1,3}(?:,[0-9]{3})+(?:\.[0-9]+)?")
_NOT_FINITE = re.compile(r"[+-]?(?:nan|inf(?:inity)?|n/?a|null|none|-+|—+|\?+|1\.#\w+)", re.IGNORECASE)
_MYRIADS = {"十": 10, "百": 100, "千": 1000, "万": 10_000, "亿": 100_000_000}
_DIGITS = {c: n for n, c in enumerate("零一二三四五六七八九")} | {"两": 2, "〇": 0}
_PARTS = re.compile(r"([+-]?[0-9][0-9.,]*|[零〇一二两三四五六七八九](?=[十百千万亿]))?\s*(.*)", re.DOTALL)
_COMMA = re.compile(r"([+-]?(?:[0-9]{1,3}(?:\.[0-9]{3})+|[0-9]*)),([0-9]+)")
_LETTER = re.compile(r"[\w.:-]")
# dots alone would be another place in an address
CLEAN = re.compile(r"(?!\.+\Z)[\w.:-]{1,64}")
ALL_CLEAN = re.compile(r"(?:(?!\.+\n)[\w.:-]{1,64}\n)*")
# zero-width and directional marks, soft hyphen, byte order mark
INVISIBLE = re.compile("[\u00ad\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff]")
_SHORTENED = re.compile(r"[0-9](?:[.,][0-9]+)?[eE]\+[0-9]{1,3}")  # as a spreadsheet shows a number of many digits
_ALPHABETS = ("LATIN", "CYRILLIC", "GREEK")
# Cyrillic and Greek letters, and the Latin ones they look like
_ALIKE = str.maketrans("АВЕКМНОРСТУХаеорсухΑΒΕΖΗΙΚΜΝΟΡΤΥΧο", "ABEKMHOPCTYXaeopcyxABEZHIKMNOPTYXo")
_NEAR = 0.5  # least likeness of a name that is offered
_MANY = 4000  # beyond so many known names only those with the same beginning are compared


@dataclass(frozen=True, slots=True)
class Reading:
    """Result of parsing a number: value (NaN for none), violated rule ("" for none) and its message fields."""

    value: float
    code: str = ""
    fields: dict[str, object] = field(default_factory=dict)


def number_of(text: str, *, grouped: bool = True) -> Reading:
    """Parse a number from a nonblank cell; `grouped` allows commas between groups of three digits."""
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
    """Classify a text that is no number: return the violated rule and its message fields."""
    bare = {"#": "spreadsheet_error", "=": "formula"}.get(text[:1]) or (
        "not_finite" if _NOT_FINITE.fullmatch(text) else ""
    )
    if bare:
        return bare, {}
    if found := _COMMA.fullmatch(text):
        ways = [f"{found[1].replace('.', '')}.{found[2]}"]
        if _GROUPED.fullmatch(text):  # where commas may be decimal signs
            ways.append(text.replace(",", ""))
        return "decimal_comma", {"instead": " or ".join(ways), "instead_zh": " 或 ".join(ways)}
    parts = _PARTS.fullmatch(text)
    digits, rest = (parts[1] or "", parts[2].strip()) if parts else ("", "")
    number = str(_DIGITS.get(digits, digits)) if not _GROUPED.fullmatch(digits) else digits.replace(",", "")
    if rest == "%" and PLAIN.fullmatch(number):
        return "percent", {"number": number}
    if rest and set(rest) <= set(_MYRIADS) and (not number or PLAIN.fullmatch(number)):
        return "chinese_number", {"number": number or "1", "unit": rest}
    if re.fullmatch(r"[^\W\d_][\w\s./²³()]*", rest) and PLAIN.fullmatch(number):
        return "number_with_unit", {"number": number, "unit": rest}
    return ("thousands" if re.fullmatch(r"[+-]?[0-9,]+\.?[0-9]*", text) else "not_number"), {}


def hints(code: str, fields: dict[str, object], unit: str, currency: str = "CNY") -> dict[str, object]:
    """Return correction hints, ``hint`` and ``hint_zh``, for an invalid number, converted to the unit of the column.

    `code` and `fields` are those of a `Reading`. The unit of the column is a unit, ``money/`` and a unit, ``1`` for a
    part, or "" where it is unknown.

    Examples
    --------
    >>> hints("number_with_unit", {"number": "3000", "unit": "万Nm3"}, "kNm3")["hint"]
    'write 30000: 3000 万Nm3 in kNm3'
    >>> hints("number_with_unit", {"number": "0.95", "unit": "元/Nm3"}, "money/kNm3")["hint"]
    'write 950: 0.95 元/Nm3 in CNY/kNm3'
    >>> hints("percent", {"number": "95"}, "1")["hint"], hints("percent", {"number": "95"}, "t")["hint"]
    ('write 0.95', 'write how much it is in t')
    """
    if code not in ("percent", "chinese_number", "number_with_unit"):
        return fields
    number, written = Decimal(str(fields["number"])), str(fields.get("unit", ""))
    money = unit.startswith("money")
    per = unit.removeprefix("money/" if "/" in unit else "money") if money else unit
    target = f"{currency}/{per}".rstrip("/") if money else unit
    if code == "percent":
        found = number / 100 if unit == "1" else None
    elif code == "chinese_number":
        found = number * math.prod(_MYRIADS[c] for c in written)
    else:
        found = _converted(number, written, (money, per, currency))
    if found is None:
        known = target not in ("", "1")
        hint = f"write how much it is in {target}" if known else "write the number alone, in the unit of the column"
        hint_zh = f"请填写按 {target} 计的数值" if known else "请只写数字，单位按该列"
    else:
        plain = f"{found.normalize():f}" if found else "0"
        why = f": {fields['number']} {written} in {target}" if code == "number_with_unit" else ""
        hint, hint_zh = f"write {plain}{why}", f"请写 {plain}" + why.replace(": ", "：").replace(" in ", " 即按 ")
    return fields | {"hint": hint, "hint_zh": hint_zh}


def _converted(number: Decimal, written: str, target: tuple[bool, str, str]) -> Decimal | None:
    """Convert a number with a unit to the unit of its column; None where the conversion is unknown."""
    money, per, currency = target
    head, stroke, tail = written.partition("/")
    if not money:
        unit = "" if stroke else unit_named(written, per)
        times = factor(unit, per)
        return None if times is None else number * times
    value = factor(unit_named(head), currency)
    share = factor(unit_named(tail, per), per) if stroke else (None if per else Decimal(1))
    return None if value is None or share is None else number * value / share


def cleaned(text: str) -> tuple[str, str, dict[str, object]]:
    """Clean a nonblank id ("" = unreadable); return it, the violated rule ("" for none) and its message fields."""
    plain = text.strip(" \t\n")
    clean = INVISIBLE.sub("", plain).strip()
    code = "" if clean == text else "id_trimmed" if clean == plain else "id_blanks"
    if not clean:
        return "", "", {}
    if len(clean) > LONGEST:
        return "", "id_long", {"most": LONGEST}
    if not CLEAN.fullmatch(clean):
        wrong = sorted({c for c in clean if not _LETTER.fullmatch(c)}) or [clean]
        code = "id_number" if _SHORTENED.fullmatch(clean) else "id_letters"
        return "", code, {"wrong": " ".join(map(repr, wrong))}
    if not clean.isascii():
        scripts = alphabets(clean)
        if len(scripts) > 1:
            return "", "id_mixed", {"scripts": " + ".join(scripts), "instead": clean.translate(_ALIKE)}
        folded = unicodedata.normalize("NFKC", clean)
        if folded != clean and not code:
            return clean, "id_wide", {"instead": folded}
    return clean, code, {"instead": clean}


def alphabets(text: str) -> list[str]:
    """Return which of the look-alike alphabets an id uses."""
    names = {unicodedata.name(c, "").split(" ")[0] for c in unicodedata.normalize("NFKC", text)}
    return [name.capitalize() for name in _ALPHABETS if name in names]


def folded(text: str) -> str:
    """Normalise a text for comparison: case, width, invisible characters, outer blanks."""
    return unicodedata.normalize("NFKC", INVISIBLE.sub("", text)).strip().casefold()


def near(text: str, known: Sequence[str], names: Mapping[str, str] | None = None, count: int = 3) -> list[str]:
    """Return at most `count` known ids that resemble an unknown one, the most similar first.

    `names` maps the names in any language to ids.
    """
    look = folded(text)
    by_look: dict[str, str] = {folded(name): one for name, one in (names or {}).items() if name}
    pool = known if len(known) <= _MANY else [one for one in known if folded(one)[:2] == look[:2]][:_MANY]
    by_look |= {folded(one): one for one in pool}
    if look in by_look:
        return [by_look[look]]
    close = difflib.get_close_matches(look, list(by_look), n=count, cutoff=_NEAR)
    return list(dict.fromkeys(by_look[name] for name in close))


def suggestion(found: Iterable[str]) -> dict[str, object]:
    """Return the "did you mean" hints, ``near`` and ``near_zh``, for some known names."""
    listed = [repr(one) for one in found]
    if not listed:
        return {"near": "", "near_zh": ""}
    return {"near": f"did you mean {' or '.join(listed)}?", "near_zh": f"是否为 {'、'.join(listed)}？"}
