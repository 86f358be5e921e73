"""Settings of a round: the dataset's own, a scenario's and the caller's, parsed and checked in this order."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any, NamedTuple

from synergy.dataset.findings import Findings, Where
from synergy.dataset.ids import near, suggestion
from synergy.scenario import ModeShare, Pattern, Settings

OVERRIDES = "overrides"  # the layer whose texts are read as numbers, lists and true/false
_PATTERN = tuple(field.name for field in fields(Pattern))
_SHARE = tuple(field.name for field in fields(ModeShare))


class Layer(NamedTuple):
    """Settings from one source.

    Parameters
    ----------
    source : str
        File, ``"scenario"`` or `OVERRIDES`: the table in messages.
    values : mapping of str to object
        Names and raw values.
    pointer : str
        JSON pointer of the object that holds them.
    """

    source: str
    values: Mapping[str, Any]
    pointer: str = ""


class WrongValueError(Exception):
    """A value that cannot be read; it has been said."""


@dataclass(frozen=True, slots=True)
class _Spot:
    """A place in a document, and where faults go."""

    where: Where
    findings: Findings

    def inside(self, name: object) -> _Spot:
        """Return the place of a part."""
        return _Spot(self.where._replace(column=f"{self.where.column}/{name}"), self.findings)

    def wrong(self, value: object, expected: str, zh: str) -> WrongValueError:
        """Write a fault of this place and return what to raise."""
        shown = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
        fields: dict[str, object] = {"expected": expected, "expected_zh": zh, "hint": ""}
        self.findings.add("wrong_kind", self.where, shown, **fields)
        return WrongValueError()


def parse_settings(layers: Sequence[Layer], findings: Findings) -> tuple[Settings, dict[str, Where]]:
    """Return the settings of all layers, later ones on top, and where each was said.

    Parameters
    ----------
    layers : sequence of Layer
        The dataset's first, the caller's last.
    findings : Findings
        Takes unknown names and wrong values, with a JSON pointer as column.

    Returns
    -------
    Settings, dict of str to Where
    """
    values: dict[str, Any] = {}
    places: dict[str, Where] = {}
    for layer in layers:
        for name, value in layer.values.items():
            where = Where(layer.source, None, f"{layer.pointer}/{name}")
            if name not in _READERS:
                findings.add("unknown_setting", where, name, **suggestion(near(str(name), list(_READERS))))
                continue
            raw = plain(value) if layer.source == OVERRIDES and isinstance(value, str) else value
            try:
                values[name], places[name] = _READERS[name](raw, _Spot(where, findings)), where
            except WrongValueError:
                continue
    return Settings(**values), places


def plain(text: str) -> Any:
    """Return what a text on a command line means: JSON, ``none``, or the text itself.

    Parameters
    ----------
    text : str
        As typed.

    Returns
    -------
    object

    Examples
    --------
    >>> plain("0.05"), plain("none"), plain("CNY")
    (0.05, None, 'CNY')
    """
    word = text.strip().lower()
    if word in ("none", "null", ""):
        return None
    try:
        return json.loads(word if word in ("true", "false") else text)
    except (ValueError, RecursionError):
        return text


def _number(least: float, *, optional: bool = False, whole: bool = False) -> Callable[[Any, _Spot], float | int | None]:
    def read(value: Any, spot: _Spot) -> float | int | None:
        if value is None and optional:
            return None
        kind = "a whole number" if whole else "a number"
        bound = "" if least == -math.inf else f" >= {least:g}"
        number = isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
        if not number or value < least or (whole and value != int(value)):
            zh = ("整数" if whole else "数字") + bound
            raise spot.wrong(value, f"{kind}{bound}{' or none' if optional else ''}", zh)
        return int(value) if whole else float(value)

    return read


def _text(value: Any, spot: _Spot) -> str:
    if not isinstance(value, str) or not value.strip():
        raise spot.wrong(value, "a text", "文本")
    return value.strip()


def _flag(value: Any, spot: _Spot) -> bool:
    if not isinstance(value, bool):
        raise spot.wrong(value, "true or false", "true 或 false")
    return value


def _list(read: Callable[[Any, _Spot], Any]) -> Callable[[Any, _Spot], tuple[Any, ...]]:
    def read_all(value: Any, spot: _Spot) -> tuple[Any, ...]:
        if value is None:
            return ()
        if not isinstance(value, list | tuple):
            raise spot.wrong(value, "a list", "列表")
        return tuple(read(one, spot.inside(place)) for place, one in enumerate(value))

    return read_all


def _object(value: Any, spot: _Spot, names: Sequence[str], required: Sequence[str] = ()) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise spot.wrong(value, f"an object with {', '.join(names)}", f"含 {'、'.join(names)} 的对象")
    for name in value:
        if name not in names:
            spot.findings.add("unknown_name", spot.inside(name).where, name, **suggestion(near(str(name), names)))
    for name in required:
        if name not in value:
            raise spot.wrong(value, f"an object with {', '.join(required)}", f"含 {'、'.join(required)} 的对象")
    return value


def _pattern(value: Any, spot: _Spot) -> Pattern:
    record = _object(value, spot, _PATTERN)
    found: dict[str, Any] = {}
    for name in _PATTERN:
        if record.get(name) is not None:
            read = _number(0.0) if name == "quantity" else _text
            found[name] = read(record[name], spot.inside(name))
    return Pattern(**found)


def _fixed(value: Any, spot: _Spot) -> Pattern:
    pattern = _pattern(value, spot)
    if pattern.quantity is None:
        spot.findings.add("quantity_needed", spot.where)
    return pattern


def _forbidden(value: Any, spot: _Spot) -> Pattern:
    pattern = _pattern(value, spot)
    if pattern.quantity is not None:
        spot.findings.add("quantity_unused", spot.inside("quantity").where, pattern.quantity)
    return pattern


def _mode_share(value: Any, spot: _Spot) -> ModeShare:
    record = _object(value, spot, _SHARE, _SHARE)
    modes = _list(_text)(record["modes"], spot.inside("modes"))
    minimum = _number(0.0)(record["minimum"], spot.inside("minimum"))
    if not modes:
        raise spot.inside("modes").wrong(record["modes"], "at least one mode", "至少一种运输方式")
    if minimum is None or minimum > 1:
        raise spot.inside("minimum").wrong(record["minimum"], "a number between 0 and 1", "0 到 1 之间的数字")
    return ModeShare(_text(record["commodity"], spot.inside("commodity")), modes, minimum)


_READERS: Mapping[str, Callable[[Any, _Spot], Any]] = {
    "currency": _text,
    "discount_rate": _number(0.0),
    "carbon_price": _number(0.0),
    "capex_budget": _number(0.0, optional=True),
    "co2_cap": _number(-math.inf, optional=True),
    "mode_share": _list(_mode_share),
    "allow_builds": _flag,
    "max_partners": _number(0.0, optional=True, whole=True),
    "forbid": _list(_forbidden),
    "fix": _list(_fixed),
}
