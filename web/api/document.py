"""OpenAPI 3.1 document, generated from the specs of the registered operations."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from importlib.metadata import version
from typing import get_args

from pydantic import BaseModel
from pydantic.json_schema import JsonSchemaMode, models_json_schema
from synergy.web.api.models import Problem
from synergy.web.api.problems import MEDIA, TYPES
from synergy.web.api.spec import CSV, JSON, OPERATIONS, PREFIX, TAGS, AuthScheme, Mark, Operation, Spec, in_order
from synergy.web.api.validation import NUMBERED
from synergy.web.clock import MOST

from synergy.records.accounts import EventTold
from synergy.store.access import RULES
from synergy.texts import say

# a coking works with gas and a glass works that could burn it: all that a dataset needs
DATASET = {
    "name": "two works",
    "synergy": {"currency": "CNY"},
    "enterprises": [
        {"enterprise": "EAST", "name_en": "East Coking"},
        {"enterprise": "GLASS", "name_en": "Glass works"},
    ],
    "sites": [
        {"site": "EAST-1", "enterprise": "EAST", "latitude": 37.1, "longitude": 111.74},
        {"site": "GLASS-1", "enterprise": "GLASS", "latitude": 37.15, "longitude": 111.8},
    ],
    "commodities": [{"commodity": "COG", "name_en": "Coke oven gas", "name_zh": "焦炉煤气", "unit": "kNm3"}],
    "offers": [{"offer": "EAST-GAS", "site": "EAST-1", "commodity": "COG", "quantity": 60000, "price": 300}],
    "needs": [{"need": "GLASS-HEAT", "site": "GLASS-1", "commodity": "COG", "quantity": 50000, "price": 900}],
    "links": [
        {
            "from_site": "EAST-1",
            "to_site": "GLASS-1",
            "commodity": "COG",
            "mode": "pipe",
            "km": 9,
            "capacity": 60000,
            "fixed_capex": 2000000,
        }
    ],
}
Object = Mapping[str, object]
_REF = "#/components/schemas/{model}"
_NUMBER: Object = {"type": "integer", "minimum": 1, "maximum": MOST}
_TEXT: Object = {"type": "string"}


def example_of(model: type[BaseModel]) -> object:
    """Return an example of a model, or of a list whose items have one, shown as its last page; else None."""
    extra = model.model_config.get("json_schema_extra")
    shown = extra.get("examples") if isinstance(extra, dict) else None
    if isinstance(shown, list) and shown:
        return shown[0]
    fields = model.model_fields
    if not set(fields) <= {"items", "next"} or "items" not in fields:
        return None
    (listed,) = get_args(fields["items"].annotation)
    one = example_of(listed) if isinstance(listed, type) and issubclass(listed, BaseModel) else None
    if one is None:
        return None
    return {"items": [one], "next": None} if "next" in fields else {"items": [one]}


_ABOUT = (
    "Rounds of matching from declarations to running partnerships. Tokens are made with name and password at "
    "`/tokens`, have scopes and an end, and never do more than their account. Money is an exact text with its "
    "currency, quantities an exact text with their unit, times are RFC 3339 in UTC. Edits name what they saw "
    "(`If-Match`), posts may be sent again (`Idempotency-Key`), lists go page by page (`next`, `Link`), problems are "
    "RFC 9457 documents.",
    "从申报到合作落地的匹配轮次。令牌以用户名和密码在 `/tokens` 创建，有权限范围和期限，且不超出账户权限。"
    "金额为带币种的精确文本，数量为带单位的精确文本，时间为 UTC 的 RFC 3339。修改须指明所见版本（`If-Match`），"
    "提交可安全重发（`Idempotency-Key`），列表分页（`next`、`Link`），问题为 RFC 9457 文档。",
)
_PLACES: dict[str, Object] = {
    "proposal": {"type": "string", "pattern": "^P[0-9a-f]{20}$"},
    "dataset": {"type": "string", "pattern": "^[0-9a-f]{64}$"},
    "enterprise": {"type": "string", "minLength": 1, "maxLength": 64},
    "name": {"type": "string", "minLength": 1, "maxLength": 64},
    "schema": {"type": "string", "minLength": 1, "maxLength": 64},
}
# files that are sent, of kinds that can be read here
_FILES: dict[str, Object] = {
    CSV: {"example": "sheet,site,subject,amount,unit\nneeds,GLASS-1,COG,60000,kNm3/a\n"},
    JSON: {"example": DATASET},
}
_HEADERS: dict[str, tuple[str, Object]] = {
    "ETag": ("Of content and language, with the version where there is one.", _TEXT),
    "Link": ("The next page (RFC 8288).", _TEXT),
    "Location": ("Where it is.", _TEXT),
    "Retry-After": ("Seconds.", {"type": "string", "pattern": "^[0-9]+$"}),
    "X-Request-ID": ("For whoever looks for it in the logs.", _TEXT),
    "RateLimit-Remaining": ("Requests that may still come in this minute.", {"type": "string", "pattern": "^[0-9]+$"}),
    "WWW-Authenticate": ("How to sign in.", _TEXT),
}


def problems(spec: Spec) -> tuple[str, ...]:
    """Return the codes of all problems that an operation may return."""
    codes = [*spec.problems, "invalid", "unavailable"]
    if spec.status != 204:
        codes.append("not_acceptable")
    if spec.proof is not AuthScheme.NONE:
        codes += ["signed_out", "denied", "too_many"]
    if spec.places:
        codes.append("not_found")
    if spec.body is not None:
        codes += ["malformed", "media", "too_large"]
    if Mark.VERSION in spec.marks:
        codes += ["version_needed", "stale"]
    if Mark.VERSION_IF_ANY in spec.marks:
        codes.append("stale")
    if Mark.KEY in spec.marks:
        codes.append("key_reused")
    return tuple(dict.fromkeys(codes))


def document(lang: str) -> Object:
    """Return the OpenAPI document in one language, ``zh`` or ``en``."""
    specs = [one.spec for one in OPERATIONS.values()]
    models: list[type[BaseModel]] = [one for spec in specs for one in (spec.answer, spec.body) if one is not None]
    mode: JsonSchemaMode = "validation"
    named: list[type[BaseModel]] = list(dict.fromkeys([*models, Problem, EventTold]))
    _, schemas = models_json_schema([(model, mode) for model in named], ref_template=_REF)
    paths: dict[str, dict[str, object]] = {}
    for one in in_order():
        paths.setdefault(one.spec.path, {})[one.spec.method.lower()] = _operation(one, lang)
    return {
        "openapi": "3.1.1",
        "info": {
            "title": say(("Synergy", "协同匹配"), lang),
            "version": version("synergy-matching"),
            "description": say(_ABOUT, lang),
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": PREFIX}],
        "tags": [{"name": tag} for tag in TAGS],
        "paths": paths,
        "webhooks": {"event": {"post": _called(lang)}},
        "components": {
            "schemas": schemas["$defs"],
            "securitySchemes": {
                "bearer": {"type": "http", "scheme": "bearer", "description": say(("A token.", "令牌。"), lang)},
                "basic": {
                    "type": "http",
                    "scheme": "basic",
                    "description": say(
                        ("Name and password, for tokens and passwords.", "用户名与密码，用于管理令牌和密码。"), lang
                    ),
                },
            },
        },
    }


def _called(lang: str) -> Object:
    """Return the path item operation that describes a webhook call."""
    taken = say(("Taken; all else is called again.", "已接收；其他状态将重试。"), lang)
    about = (
        "`t=SECONDS,v1=HMAC`: HMAC-SHA256 of the seconds, a dot and the body, by the secret of the webhook.",
        "`t=秒,v1=HMAC`：以网络回调密钥对“秒.请求体”计算的 HMAC-SHA256。",
    )
    content = {JSON: {"schema": {"$ref": _REF.format(model=EventTold.__name__)}}}
    return {
        "operationId": "called_webhook",
        "summary": say(("Be told of an event", "接收事件"), lang),
        "parameters": [_parameter("Synergy-Signature", "header", _TEXT, say(about, lang), required=True)],
        "requestBody": {"required": True, "content": content},
        "responses": {"2XX": {"description": taken}},
    }


def scope(spec: Spec) -> str | None:
    """Return the token scope that an operation requires; None if it requires none."""
    return None if spec.action is None or spec.proof is not AuthScheme.BEARER else RULES[spec.action][0]


def _operation(one: Operation, lang: str) -> Object:
    spec = one.spec
    wanted = scope(spec)
    body: Object | None = None
    if spec.body is not None:
        needed = any(field.is_required() for field in spec.body.model_fields.values())
        body = {"required": needed, "content": {JSON: _content(spec.body)}}
    if Mark.RAW in spec.marks:
        body = {"required": True, "content": {kind: {"schema": {}} | dict(_FILES.get(kind, {})) for kind in spec.takes}}
    return {
        "operationId": one.name,
        "tags": [one.tag],
        "summary": say(spec.summary, lang),
        "description": "\n".join(line.strip() for line in (one.handler.__doc__ or "").strip().splitlines()),
        "parameters": list(_parameters(spec)),
        "responses": _answers(spec, lang),
        **({} if body is None else {"requestBody": body}),
        "security": [] if spec.proof is AuthScheme.NONE else [{str(spec.proof): []}],
        **({} if wanted is None else {"x-scope": wanted}),
    }


def _parameter(name: str, place: str, schema: Object, about: object = None, *, required: bool) -> Object:
    told = {"name": name, "in": place, "required": required, "schema": schema}
    return told if about is None else {**told, "description": about}


def _parameters(spec: Spec) -> Iterable[Object]:
    for name in spec.places:
        yield _parameter(name, "path", _NUMBER if name in NUMBERED else _PLACES[name], required=True)
    yield from _queries(spec)
    needed = Mark.VERSION in spec.marks
    if needed or Mark.VERSION_IF_ANY in spec.marks:
        yield _header("If-Match", "`ETag` of what was seen, or `*`.", {"examples": ["*"]}, required=needed)
    if Mark.KEY in spec.marks:
        about = "Any text of the caller's: sent again with the same request, the same answer."
        yield _header("Idempotency-Key", about, {"pattern": "^[!-~]{1,200}$"})
    if spec.reads:
        yield _header("If-None-Match", "`ETag` of what the caller has.", {"examples": ['"0"']})


def _header(name: str, about: str, text: Object, *, required: bool = False) -> Object:
    schema = {**_TEXT, **text}
    return {"name": name, "in": "header", "required": required, "description": about, "schema": schema}


def _queries(spec: Spec) -> Iterable[Object]:
    if spec.query is None:
        return
    record = spec.query.model_json_schema()
    defs = record.get("$defs", {})
    for name, schema in record["properties"].items():
        # what a query cannot say
        kinds = [_inlined(one, defs) for one in schema.pop("anyOf", []) if one != {"type": "null"}]
        plain = (kinds[0] if kinds else {}) | _inlined(schema, defs)
        if plain.get("default", 0) is None:
            plain.pop("default")
        about = plain.pop("description", None)
        yield _parameter(name, "query", plain, about, required=name in record.get("required", []))


def _inlined(schema: Object, defs: Mapping[str, Object]) -> dict[str, object]:
    """Return a schema without references and titles."""
    if "$ref" in schema:
        schema = defs[str(schema["$ref"]).rpartition("/")[2]]
    return {key: _part(value, defs) for key, value in schema.items() if key != "title"}


def _part(value: object, defs: Mapping[str, Object]) -> object:
    if isinstance(value, Mapping):
        return _inlined(value, defs)
    return [_part(one, defs) for one in value] if isinstance(value, list) else value


def _content(model: type[BaseModel]) -> Object:
    shown = example_of(model)
    return {"schema": {"$ref": _REF.format(model=model.__name__)}, **({} if shown is None else {"example": shown})}


def _answers(spec: Spec, lang: str) -> Object:
    content: dict[str, object] = {}
    if spec.status != 204:
        content[spec.media] = {"schema": {}} if spec.answer is None else _content(spec.answer)
    if Mark.STREAM in spec.marks:
        content["text/event-stream"] = {"schema": _TEXT}
    headers = {
        "X-Request-ID": True,
        "ETag": spec.reads,
        "Location": spec.status in (201, 202),
        "Link": Mark.PAGED in spec.marks,
        "RateLimit-Remaining": spec.proof is not AuthScheme.NONE,
    }
    shown = _headers(name for name, sent in headers.items() if sent)
    good: Object = {"description": say(("Done.", "成功。"), lang), "headers": shown}
    told: dict[str, object] = {str(spec.status): {**good, **({"content": content} if content else {})}}
    if spec.reads:
        told["304"] = {"description": say(("Unchanged.", "未变化。"), lang), "headers": _headers(("ETag",))}
    found: dict[int, list[str]] = {}
    for code in problems(spec):
        found.setdefault(TYPES[code][0], []).append(code)
    for status, codes in sorted(found.items()):
        told[str(status)] = _problem(status, codes, lang)
    return told


def _headers(names: Iterable[str]) -> Object:
    return {name: {"description": _HEADERS[name][0], "schema": _HEADERS[name][1]} for name in names}


def _problem(status: int, codes: list[str], lang: str) -> Object:
    extra = {401: ("WWW-Authenticate",), 429: ("Retry-After", "RateLimit-Remaining"), 503: ("Retry-After",)}
    shown = {
        code: {
            "value": {
                "type": f"{PREFIX}/problems/{code}",
                "title": say(TYPES[code][1], lang),
                "status": status,
                "detail": say(TYPES[code][1], lang),
                "instance": f"{PREFIX}/rounds/1",
                "request_id": "0f1e2d3c4b5a6978",
            }
        }
        for code in codes
    }
    return {
        "description": "; ".join(say(TYPES[code][1], lang) for code in codes),
        "headers": _headers(extra.get(status, ())),
        "content": {MEDIA: {"schema": {"$ref": _REF.format(model=Problem.__name__)}, "examples": shown}},
    }
