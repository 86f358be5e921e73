"""JSON Schemas of what goes in and out."""

from __future__ import annotations

from typing import Any

from synergy.dataset.columns import Column, Kind, Table
from synergy.dataset.schema import TABLES, schema_record
from synergy.plan import Kind as ProposalKind
from synergy.records.dump import SCHEMA
from synergy.records.seal import KEY

DRAFT = "https://json-schema.org/draft/2020-12/schema"
OUTLETS = ("offer", "facility", "build", "store", "market")
INLETS = ("need", "facility", "build", "store", "market", "disposal")

_Schema = dict[str, Any]
_TEXT: _Schema = {"type": "string"}
_NUMBER: _Schema = {"type": "number"}
_AMOUNT: _Schema = {"type": "number", "minimum": 0}
_PLACE: _Schema = {"type": "integer", "minimum": 0}
_MAYBE: _Schema = {"type": ["number", "null"]}
_OBJECT: _Schema = {"type": "object"}


def _list(items: _Schema) -> _Schema:
    return {"type": "array", "items": items}


def _choice(*words: str) -> _Schema:
    return {"enum": list(words)}


def _record(optional: tuple[str, ...] = (), /, **properties: _Schema) -> _Schema:
    names = {name.removesuffix("_"): schema for name, schema in properties.items()}
    return {"type": "object", "properties": names, "required": [name for name in names if name not in optional]}


_FLOW = _record(
    from_site=_TEXT,
    to_site=_TEXT,
    commodity=_TEXT,
    mode=_TEXT,
    period=_TEXT,
    quantity=_AMOUNT,
    arrived=_AMOUNT,
    outlet=_record(kind=_choice(*OUTLETS), id=_TEXT),
    inlet=_record(kind=_choice(*INLETS), id=_TEXT),
)
_BUILD = _record(("size",), process=_TEXT, site=_TEXT, size=_TEXT, capacity=_AMOUNT, capex=_NUMBER, annual_cost=_NUMBER)
_LINK = _record(
    from_site=_TEXT, to_site=_TEXT, commodity=_TEXT, mode=_TEXT, km=_MAYBE, capex=_NUMBER, annual_cost=_NUMBER
)
_TERM = {**_record(("km",), from_=_TEXT, to=_TEXT, commodity=_TEXT, quantity=_AMOUNT, price=_MAYBE, km=_MAYBE)}
_OWN = _record(value=_MAYBE, co2=_NUMBER, capex=_NUMBER, annual=_NUMBER)
_PROPOSAL = _record(
    ("notes", "own"),
    id=_TEXT,
    kind=_choice(*ProposalKind),
    state=_choice("new", "changed", "running"),
    scope=_choice("between", "within"),
    title_en=_TEXT,
    title_zh=_TEXT,
    enterprises=_list(_TEXT),
    host=_TEXT,
    commodities=_list(_TEXT),
    flows=_list(_PLACE),
    builds=_list(_PLACE),
    links=_list(_PLACE),
    gain=_MAYBE,
    marginal_gain=_MAYBE,
    capex=_NUMBER,
    payback_years=_MAYBE,
    co2_saved=_NUMBER,
    terms=_list(_TERM),
    notes=_list(_OBJECT),
    own={"type": "object", "additionalProperties": _OWN},
)
_DUAL = _record(("commodity", "period"), constraint=_TEXT, subject=_TEXT, value={"type": ["number", "string"]})
_SHADOW = _record(constraint=_TEXT, subject=_TEXT, period=_TEXT, value=_NUMBER)
_MONEY_OF: _Schema = {"type": "object", "additionalProperties": _NUMBER}
_PAYOFF = _record(("interval",), standalone=_MAYBE, payoff=_NUMBER, gain=_MAYBE, transfer=_NUMBER, interval=_NUMBER)
_SUBSIDY = _record(
    total=_AMOUNT, to=_MONEY_OF, least=_AMOUNT, excess_bound=_MAYBE, payoffs={**_MONEY_OF, "description": "with it"}
)
_SETTLEMENT = _record(
    method=_TEXT,
    payoffs={"type": "object", "additionalProperties": _PAYOFF},
    excess=_MAYBE,
    excess_bound=_MAYBE,
    in_core={"type": "boolean"},
    verdict=_choice("stable", "beaten", "open"),
    tolerance=_AMOUNT,
    coalitions_tested=_PLACE,
    binding=_list(_record(enterprises=_list(_TEXT), value=_NUMBER, payoff=_NUMBER)),
    subsidy={"anyOf": [{"type": "null"}, _SUBSIDY]},
    notes=_list(_record(code=_TEXT, number=_NUMBER, enterprises=_list(_TEXT))),
    prices=_list(
        _record(
            from_=_TEXT,
            to=_TEXT,
            commodity=_TEXT,
            seller=_TEXT,
            buyer=_TEXT,
            quantity=_AMOUNT,
            low=_NUMBER,
            high=_NUMBER,
            price=_NUMBER,
            payment=_NUMBER,
        )
    ),
    lump_sums=_MONEY_OF,
    balances=_MONEY_OF,
    unit={"type": "number", "exclusiveMinimum": 0},
)
_SOLVER = _record(
    name=_TEXT,
    seconds=_AMOUNT,
    build_seconds=_AMOUNT,
    variables=_PLACE,
    constraints=_PLACE,
    binaries=_PLACE,
    threads=_PLACE,
)


def plan_schema() -> dict[str, Any]:
    """Return the JSON Schema of the plan document; keys may be added to every object.

    Returns
    -------
    dict
    """
    plan = _record(
        (KEY,),
        schema={"const": SCHEMA},
        dataset=_record(name=_TEXT, digest=_TEXT),
        scenario=_OBJECT,
        status=_choice("optimal", "feasible"),
        value=_NUMBER,
        bound=_MAYBE,
        gap=_MAYBE,
        status_quo=_MAYBE,
        today=_MAYBE,
        gain=_MAYBE,
        standalone={"type": ["object", "null"], "additionalProperties": _MAYBE},
        settlement={"anyOf": [{"type": "null"}, _SETTLEMENT]},
        duals={"type": ["array", "null"], "items": _DUAL},
        flows=_list(_FLOW),
        runs=_list(_record(kind=_choice("facility", "build"), id=_TEXT, period=_TEXT, activity=_AMOUNT)),
        levels=_list(_record(store=_TEXT, period=_TEXT, level=_AMOUNT)),
        builds=_list(_BUILD),
        links=_list(_LINK),
        emissions=_record(co2=_MAYBE, baseline_co2=_MAYBE),
        proposals=_list(_PROPOSAL),
        remainder=_MAYBE,
        shadow_prices=_list(_SHADOW),
        solver=_SOLVER,
        seal=_TEXT,
    )
    return {"$schema": DRAFT, "$id": SCHEMA, "title": "Synergy plan", **plan}


def proposal_schema() -> dict[str, Any]:
    """Return the JSON Schema of one proposal of a plan.

    Returns
    -------
    dict
    """
    return {"$schema": DRAFT, "$id": "synergy/proposal/1", "title": "Synergy proposal", **_PROPOSAL}


def dataset_schema() -> dict[str, Any]:
    """Return the JSON Schema of a dataset as lists of rows by table, with the contract's own words as ``x-`` keys.

    Returns
    -------
    dict
    """
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


def _table(table: Table) -> _Schema:
    columns = {column.name: _column(column) for column in table.columns}
    required = [column.name for column in table.columns if column.required]
    row = {"type": "object", "properties": columns, "required": required}
    return {"type": "array", "description": table.en, "x-key": list(table.key), "items": row}


def _column(column: Column) -> _Schema:
    kind = {Kind.NUMBER: "number", Kind.BOOLEAN: "boolean"}.get(column.kind, "string")
    schema: _Schema = {"type": kind if column.required else [kind, "null"], "description": column.en}
    bounds = {"minimum": column.minimum, "maximum": column.maximum, "exclusiveMinimum": column.above}
    schema |= {name: bound for name, bound in bounds.items() if bound is not None}
    if column.choices:
        schema["enum"] = [*column.choices, *([] if column.required else ["", None])]
    return schema
