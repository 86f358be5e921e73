"""Validation of requests against the models of their operation, ETags, and figures in the units of a round."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Iterable, Iterator
from decimal import Decimal
from typing import NoReturn

from flask import Request
from pydantic import BaseModel, ValidationError
from synergy.web.api.models import MoneyGiven, QuantityGiven
from synergy.web.api.problems import ApiProblem, pointer
from synergy.web.api.spec import JSON, Call, Mark, Spec
from synergy.web.clock import CONTROL, MOST

from synergy.dataset.described import unmarked
from synergy.errors import UsageError
from synergy.records.figures import rounded, written
from synergy.store.access import Caller
from synergy.store.rounds import StepOptions
from synergy.units import UNITS, convert

_TAG = re.compile(r'(?:W/)?"([^"]*)"')
_VERSION = re.compile(r"([1-9][0-9]{0,8})\.[0-9a-f]{20}")
Place = tuple[str | int, ...]  # of a fault, as pydantic tells it
DEEPEST = 40
_KEY = re.compile(r"[!-~]{1,200}")
NUMBERED = frozenset({"round", "match", "partnership", "ruling", "token", "study", "webhook"})
# what pydantic calls a fault, and what is wrong in Chinese
_CHINESE = {
    "missing": "此项必填",
    "extra_forbidden": "没有这个字段",
    "string_type": "应为文本",
    "int_type": "应为整数",
    "int_parsing": "应为整数",
    "float_type": "应为数字",
    "bool_type": "应为 true 或 false",
    "list_type": "应为列表",
    "dict_type": "应为对象",
    "model_type": "应为对象",
    "enum": "不在可选值之内",
    "literal_error": "不在可选值之内",
    "string_too_long": "过长",
    "string_too_short": "过短",
    "too_long": "条目过多",
    "too_short": "条目过少",
    "string_pattern_mismatch": "格式不符",
    "greater_than": "过小",
    "greater_than_equal": "过小",
    "less_than_equal": "过大",
    "datetime_from_date_parsing": "应为带时区的 RFC 3339 时间",
    "datetime_parsing": "应为带时区的 RFC 3339 时间",
    "timezone_aware": "时间须带时区",
}


def call_of(spec: Spec, request: Request, given: dict[str, str], caller: Caller, lang: str) -> Call:
    """Return a request as a validated call: headers, path parameters `given`, query and body.

    Raises
    ------
    ApiProblem
        No media type of the operation is accepted, an id is not valid (reported as not found), a parameter is unknown,
        invalid or repeated, a header is missing or invalid, or the body is not JSON or does not match its model.
    """
    media = [spec.media, *(["text/event-stream"] if Mark.STREAM in spec.marks else [])]
    if spec.status != 204 and request.accept_mimetypes and request.accept_mimetypes.best_match(media) is None:
        raise ApiProblem("not_acceptable", (f"expected {', '.join(media)}", f"应为 {'、'.join(media)}"))
    path = {name: _place(name, given[name]) for name in spec.places}
    query, asked = _query(spec, request), _asked(spec, request)
    raw = request.get_data(cache=False) if Mark.RAW in spec.marks else b""
    return Call(caller, lang, path, query, _body(spec, request), asked, raw)


def _place(name: str, value: str) -> int | str:
    if name not in NUMBERED:
        if CONTROL.search(value) or len(value) > 200:
            raise ApiProblem("not_found")
        return value
    if not value.isascii() or not value.isdigit() or len(value) > 10 or not 1 <= int(value) <= MOST:
        raise ApiProblem("not_found")
    return int(value)


def _query(spec: Spec, request: Request) -> BaseModel | None:
    if spec.query is None and not request.args:
        return None
    twice = [name for name, values in request.args.lists() if len(values) > 1]
    bad = [name for name, value in request.args.items() if CONTROL.search(name + value)]
    unknown = list(request.args) if spec.query is None else []
    faults: list[tuple[str, str, str, str]] = [
        *((name, "twice", "is there more than once", "出现了多次") for name in twice),
        *((name, "text", "holds characters that are no text", "含非法字符") for name in bad),
        *((name, "unknown", "is no parameter of this operation", "该操作没有此参数") for name in unknown),
    ]
    if faults:
        raise ApiProblem("invalid", errors=[(_shown(one[0]), *one[1:]) for one in faults])
    assert spec.query is not None
    try:
        return spec.query.model_validate_strings(dict(request.args.items()))
    except ValidationError as error:
        raise ApiProblem("invalid", errors=[*_faults(error, lambda place, _: ".".join(map(str, place)))]) from error


def _asked(spec: Spec, request: Request) -> StepOptions:
    """Return the version from If-Match, None for ``*`` or a missing header that is not needed, and the key."""
    version = None
    given = request.headers.get("If-Match") if spec.marks & {Mark.VERSION, Mark.VERSION_IF_ANY} else None
    if given is None and Mark.VERSION in spec.marks:
        raise ApiProblem("version_needed")
    if given is not None and given.strip() != "*":
        found = next(filter(None, map(_VERSION.match, _TAG.findall(given))), None)
        if found is None:
            raise ApiProblem("stale")
        version = int(found[1])
    key = request.headers.get("Idempotency-Key") if Mark.KEY in spec.marks else None
    if key is not None and not _KEY.fullmatch(key):
        said = ("expected 1 to 200 printable ASCII characters", "应为 1 至 200 个可见 ASCII 字符")
        raise ApiProblem("invalid", errors=[("Idempotency-Key", "key", *said)])
    return StepOptions(version, key)


def _body(spec: Spec, request: Request) -> BaseModel | None:
    if spec.body is None:
        return None
    data = request.get_data(cache=True)
    if not data and not any(field.is_required() for field in spec.body.model_fields.values()):
        return spec.body()
    if request.mimetype != JSON:
        raise ApiProblem("media", (f"expected {JSON}", f"应为 {JSON}"))
    record = document(data)
    try:
        return spec.body.model_validate_json(json.dumps(record), strict=True)
    except ValidationError as error:
        raise ApiProblem(
            "invalid", errors=[*_faults(error, lambda place, kind: pointer(*_within(record, place, kind)))]
        ) from error


def document(data: bytes) -> object:
    """Parse JSON strictly, in UTF-8 or as its byte order mark says.

    Keys have to be unique, numbers finite, texts valid and nesting limited.

    Raises
    ------
    ApiProblem
        The data is not valid JSON.
    """
    try:
        record = json.loads(
            unmarked(data), object_pairs_hook=_once, parse_constant=_finite, parse_float=_real, parse_int=_whole
        )
        _look(record, DEEPEST)
    except (ValueError, RecursionError) as error:
        raise ApiProblem("malformed", (f"no JSON: {error}"[:200], f"不是合法 JSON：{error}"[:200])) from error
    return record


def _once(pairs: Iterable[tuple[str, object]]) -> dict[str, object]:
    found: dict[str, object] = {}
    for name, value in pairs:
        if name in found:
            raise ValueError(f"{_shown(name)} is there twice")
        found[name] = value
    return found


def _finite(word: str) -> NoReturn:
    raise ValueError(f"{word} is not finite")


def _real(digits: str) -> float:
    value = float(digits) if len(digits) <= 100 else float("inf")
    return value if abs(value) <= 1e300 else _finite(digits[:20])


def _whole(digits: str) -> int:
    return int(digits) if len(digits) <= 40 else _finite(digits[:20])


def _look(value: object, deeper: int) -> None:
    """Refuse text with control characters, and nesting that is too deep."""
    if not deeper:
        raise ValueError("nested too deeply")
    if isinstance(value, str) and CONTROL.search(value):
        raise ValueError("control characters or half a character in a text")
    if isinstance(value, dict):
        for name, inner in value.items():
            _look(name, deeper - 1)
            _look(inner, deeper - 1)
    elif isinstance(value, list):
        for inner in value:
            _look(inner, deeper - 1)


def _faults(error: ValidationError, told: Callable[[Place, str], str]) -> Iterable[tuple[str, str, str, str]]:
    for one in error.errors(include_url=False, include_input=False, include_context=False):
        kind = str(one["type"])
        yield _shown(told(one["loc"], kind)), kind, str(one["msg"]), _CHINESE.get(kind, "不符合要求")


def _within(record: object, place: Place, kind: str) -> Iterator[str | int]:
    """Yield the keys and indices of a place in a body, without the names of the models that were tried there."""
    for number, part in enumerate(place, start=1):
        if isinstance(record, dict) and (part in record or (kind == "missing" and number == len(place))):
            yield part
            record = record.get(part)
        elif isinstance(record, list) and isinstance(part, int):
            yield part
            record = record[part]


def _shown(text: str) -> str:
    return "".join(char if char.isprintable() else "?" for char in text[:120])


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


def amount_in(given: QuantityGiven | str | None, unit: str, where: str) -> str | None:
    """Convert a quantity of a request body to the unit of the round, in which a plain text is already.

    `where` is a JSON pointer for the error entry.

    Raises
    ------
    ApiProblem
        The unit has another dimension.
    """
    if given is None or isinstance(given, str):
        return given
    if given.unit == unit:
        return given.value
    try:
        exact = Decimal(given.value) * Decimal(repr(convert(1.0, given.unit, unit)))
        return written(rounded(float(exact)) if exact != exact.quantize(Decimal("1E-6")) else exact)
    except (UsageError, ArithmeticError) as error:
        known = UNITS[unit].dimension if unit in UNITS else None
        fit = ", ".join(name for name, one in UNITS.items() if one.dimension == known) or unit
        said = (f"{given.unit} found, expected {fit}", f"现为 {given.unit}，应为 {fit}")
        raise ApiProblem("invalid", errors=[(where, "unit", *said)]) from error


def price_in(given: MoneyGiven | str | None, currency: str, where: str) -> str | None:
    """Return a price of a request body in the currency of the round.

    Raises
    ------
    ApiProblem
        The price is in another currency; there is no conversion.
    """
    if given is None or isinstance(given, str):
        return given
    if given.currency != currency:
        said = (f"{given.currency} found, expected {currency}", f"现为 {given.currency}，应为 {currency}")
        raise ApiProblem("invalid", errors=[(where, "currency", *said)])
    return given.amount
