"""JSON Schemas of the input and output documents: those of records are derived from their types."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import StrEnum
from functools import cache, partial
from types import MappingProxyType, NoneType, UnionType
from typing import Annotated, Literal, NotRequired, TypedDict, Union, get_args, get_origin, get_type_hints, is_typeddict

from synergy.dataset.schema import TABLES, Column, ColumnType, Table, schema_record
from synergy.records.documents import PLAN_SCHEMA, Amount, Count, PlanJSON, ProposalJSON, SourceJSON
from synergy.scenario import JSON

DRAFT = "https://json-schema.org/draft/2020-12/schema"
Shape = dict[str, JSON]


def plan_schema() -> Shape:
    """Return the JSON Schema of the plan document; keys may be added to every object."""
    return _document(PLAN_SCHEMA, "Synergy plan", PlanJSON)


def proposal_schema() -> Shape:
    """Return the JSON Schema of one proposal of a plan."""
    return _document("synergy/proposal/1", "Synergy proposal", ProposalJSON)


def dataset_schema() -> Shape:
    """Return the JSON Schema of a dataset as lists of rows by table, with the contract's own keys as ``x-`` keys."""
    tables = {name: _table(table) for name, table in TABLES.items()}
    record = schema_record()
    return {
        "$schema": DRAFT,
        "$id": record["schema"],
        "title": "Synergy dataset",
        "type": "object",
        "properties": tables,
        "required": [name for name, table in TABLES.items() if table.required],
        "x-tables": record["tables"],
    }


def _table(table: Table) -> Shape:
    columns = {column.name: _column(column) for column in table.columns}
    required = [column.name for column in table.columns if column.required]
    row: Shape = {"type": "object", "properties": columns, "required": required}
    return {"type": "array", "description": table.en, "x-key": list(table.key), "items": row}


def _column(column: Column) -> Shape:
    kind = {ColumnType.NUMBER: "number", ColumnType.BOOLEAN: "boolean"}.get(column.kind, "string")
    schema: Shape = {"type": kind if column.required else [kind, "null"], "description": column.en}
    bounds = {"minimum": column.minimum, "maximum": column.maximum, "exclusiveMinimum": column.above}
    schema |= {name: bound for name, bound in bounds.items() if bound is not None}
    if column.choices:
        schema["enum"] = [*column.choices, *([] if column.required else ["", None])]
    return schema


def _document(ident: str, title: str, kind: object) -> Shape:
    return {"$schema": DRAFT, "$id": ident, "title": title, **derived(kind)}


@cache
def _record(kind: type) -> Shape:
    properties: Shape = {}
    required = []
    for name, hint in get_type_hints(kind, include_extras=True).items():
        properties[name] = derived(hint)
        if get_origin(hint) is not NotRequired:
            required.append(name)
    return {"type": "object", "properties": properties, "required": required}


def derived(kind: object) -> Shape:
    """Return the JSON Schema of a type.

    Numbers, texts, lists, mappings, unions, enumerations and `TypedDict`. Beside a type in `Annotated`, a pair is a
    keyword with its value, and another type stands in its place.

    Examples
    --------
    >>> derived(list[Annotated[float, ("minimum", 0)] | None])
    {'type': 'array', 'items': {'type': ['number', 'null'], 'minimum': 0}}
    """
    if is_typeddict(kind) and isinstance(kind, type):
        return _record(kind)
    if isinstance(kind, type) and issubclass(kind, StrEnum):
        return {"enum": list(kind)}
    rule = _RULES.get(get_origin(kind))
    return {"type": _NAMES[kind]} if rule is None else rule(*get_args(kind))


def _annotated(kind: object, *beside: object) -> Shape:
    found = derived(kind)
    for one in beside:
        found = {**found, one[0]: one[1]} if isinstance(one, tuple) else derived(one)
    return found


def _list(items: object) -> Shape:
    return {"type": "array", "items": derived(items)}


def _mapping(_: object, values: object) -> Shape:
    inner = derived(values)
    return {"type": "object", "additionalProperties": inner} if inner else {"type": "object"}


def _union(*kinds: object) -> Shape:
    """Return the schema of a union: without any rule for `JSON`, which is any value."""
    if Mapping in map(get_origin, kinds):
        return {}
    shapes = [derived(one) for one in kinds]
    if any("properties" in shape for shape in shapes):
        return {"anyOf": sorted(shapes, key=lambda shape: shape != {"type": "null"})}  # null first
    merged: Shape = {}
    for shape in shapes:
        merged |= shape
    return {**merged, "type": [shape["type"] for shape in shapes]}


def _literal(*words: JSON) -> Shape:
    return {"const": words[0]} if len(words) == 1 else {"enum": list(words)}


_NAMES: Mapping[object, str] = MappingProxyType(
    {str: "string", float: "number", int: "integer", bool: "boolean", NoneType: "null"}
)
_RULES: Mapping[object, Callable[..., Shape]] = MappingProxyType(
    {
        NotRequired: derived,
        Annotated: _annotated,
        list: _list,
        dict: _mapping,
        Union: _union,
        UnionType: _union,
        Literal: _literal,
    }
)

_Part = Annotated[Amount, ("maximum", 1)]
_Stopped = Annotated[Literal["clock", "request", None], ("description", "what ended it other than its work")]
_PlanDocument = Annotated[PlanJSON, ("title", "Synergy plan")]


class _Reason(TypedDict):
    code: str
    text_en: str
    text_zh: str


class _ChangedInputs(TypedDict):
    tables: dict[str, list[dict[str, JSON]]]
    settings: dict[str, JSON]


class _Change(TypedDict):
    kind: str
    after: list[str]
    text_en: str
    text_zh: str
    checked: NotRequired[Literal[True]]
    scenario: NotRequired[_ChangedInputs]


class _Taken(TypedDict):
    end: Literal["origin", "target"]
    site: NotRequired[str]
    mode: NotRequired[str]
    more: NotRequired[float]  # money a year


_Explanation = TypedDict(
    "_Explanation",
    {
        "schema": Literal["synergy/explanation/1"],
        "view": Literal["planner", "firm"],
        "as": str | None,
        "from_site": str,
        "to_site": str,
        "commodity": str,
        "period": str | None,
        "mode": str | None,
        "in_plan": bool,
        "facts": dict[str, JSON],  # fewer of them in a firm's view than in the planner's
        "reasons": list[_Reason],
        "changes": list[_Change],
        "alternatives": list[_Taken],
    },
)


class _Nearest(TypedDict):
    schema: Literal["synergy/nearest/1"]
    enterprise: str
    nearest: list[_Explanation]


class _Levels(TypedDict):
    low: float
    middle: float
    high: float


class _Standing(TypedDict):
    facility: str
    site: str
    enterprise: str
    capacity: Amount


class _Step(TypedDict):
    process: str
    takes: str
    activity: Amount
    buildable: bool
    policy_min: float | None
    facilities: list[_Standing]


class _ChainUnits(TypedDict):
    process: str
    size: str
    count: Count
    capacity: Amount
    capex: Amount


class _Scale(TypedDict):
    quantity: Amount
    margin: _Levels
    margin_standing: _Levels
    capex: Amount
    units: list[_ChainUnits]


class _Chain(TypedDict):
    rank: Count
    title_en: str
    title_zh: str
    steps: list[_Step]
    amounts: dict[str, float]
    margin: _Levels
    margin_standing: _Levels
    added: float | None
    quantity: Amount
    least: Amount
    lacking: Amount
    firms: Count | None
    short: dict[str, float]
    unsold: dict[str, float]
    loop: bool
    minor: bool
    ends: bool
    scales: list[_Scale]


class _Holder(TypedDict):
    enterprise: str
    quantity: Amount


class _Pathways(TypedDict):
    schema: Literal["synergy/pathways/1"]
    dataset: SourceJSON
    commodity: str
    unit: str
    currency: str
    depth: Count
    holders: list[_Holder]
    there: Amount
    bought: Amount | None
    given_up: _Levels
    chains: list[_Chain]
    aids: list[str]
    closed: list[str]
    cut: bool


class _Pairs(TypedDict):
    gone: list[list[str]]
    new: list[list[str]]


class _Alternative(TypedDict):
    way: Literal[
        "without_build", "without_process", "without_link", "partner_fewer", "less_capex", "fewer_partnerships"
    ]
    subject: list[str]
    title_en: str
    title_zh: str
    value: float
    lost: float
    capex: float
    capex_change: float
    co2_change: float | None
    distance: _Part
    apart: _Part
    builds: _Pairs
    links: _Pairs
    partnerships: _Pairs
    plan: _PlanDocument


class _Alternatives(TypedDict):
    schema: Literal["synergy/alternatives/1"]
    dataset: SourceJSON
    value: float
    within: _Part
    least_distance: _Part
    better: float | None
    better_plan: _PlanDocument | None
    tried: Count
    stopped: _Stopped
    alternatives: list[_Alternative]


class _FigureRow(TypedDict):
    line: int | None
    key: list[str]
    low: float | None
    value: float | None
    high: float | None


class _FigureEnd(TypedDict):
    end: Literal["low", "high"]
    change: float | None
    gain: float | None
    regret: Amount | None
    changes: bool
    distance: _Part | None


class _Figure(TypedDict):
    rank: Count
    title_en: str
    title_zh: str
    table: str
    column: str
    origin: Literal["declared", "default", "unstated"]
    rows: list[_FigureRow]
    ends: list[_FigureEnd]
    regret_worst: Amount | None
    regret_expected: Amount | None
    plan_changes: bool
    searched: bool


class _Sensitivity(TypedDict):
    schema: Literal["synergy/sensitivity/1"]
    dataset: SourceJSON
    value: float
    better: float | None
    uncertain: Count
    yearly: bool
    stopped: _Stopped
    figures: list[_Figure]


STUDIES: Mapping[str, Callable[[], Shape]] = MappingProxyType(
    {
        "explain": partial(_document, "synergy/explanation/1", "Synergy explanation", _Explanation),
        "nearest": partial(_document, "synergy/nearest/1", "Synergy nearest exchanges", _Nearest),
        "pathways": partial(_document, "synergy/pathways/1", "Synergy pathways", _Pathways),
        "alternatives": partial(_document, "synergy/alternatives/1", "Synergy alternatives", _Alternatives),
        "sensitivity": partial(_document, "synergy/sensitivity/1", "Synergy sensitivity", _Sensitivity),
    }
)
