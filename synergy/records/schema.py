"""JSON Schemas of what goes in and out."""

from __future__ import annotations

from typing import Any

from synergy.dataset.columns import Column, Kind, Table
from synergy.dataset.schema import TABLES, schema_record
from synergy.plan import Kind as ProposalKind
from synergy.records.dump import SCHEMA
from synergy.records.seal import KEY
from synergy.records.shapes import (
    AMOUNT,
    COUNT,
    DRAFT,
    MAYBE,
    MONEY_OF,
    NUMBER,
    OBJECT,
    TEXT,
    Shape,
    choice,
    listed,
    shape,
)

OUTLETS = ("offer", "facility", "build", "store", "market")
INLETS = ("need", "facility", "build", "store", "market", "disposal")

_FLOW = shape(
    from_site=TEXT,
    to_site=TEXT,
    commodity=TEXT,
    mode=TEXT,
    period=TEXT,
    quantity=AMOUNT,
    arrived=AMOUNT,
    outlet=shape(kind=choice(*OUTLETS), id=TEXT),
    inlet=shape(kind=choice(*INLETS), id=TEXT),
)
_BUILD = shape(("size",), process=TEXT, site=TEXT, size=TEXT, capacity=AMOUNT, capex=NUMBER, annual_cost=NUMBER)
_LINK = shape(from_site=TEXT, to_site=TEXT, commodity=TEXT, mode=TEXT, km=MAYBE, capex=NUMBER, annual_cost=NUMBER)
_TERM = {**shape(("km",), from_=TEXT, to=TEXT, commodity=TEXT, quantity=AMOUNT, price=MAYBE, km=MAYBE)}
_OWN = shape(value=MAYBE, co2=NUMBER, capex=NUMBER, annual=NUMBER)
_PROPOSAL = shape(
    ("notes", "own"),
    id=TEXT,
    kind=choice(*ProposalKind),
    state=choice("new", "changed", "running"),
    scope=choice("between", "within"),
    title_en=TEXT,
    title_zh=TEXT,
    enterprises=listed(TEXT),
    host=TEXT,
    commodities=listed(TEXT),
    flows=listed(COUNT),
    builds=listed(COUNT),
    links=listed(COUNT),
    gain=MAYBE,
    marginal_gain=MAYBE,
    capex=NUMBER,
    payback_years=MAYBE,
    co2_saved=NUMBER,
    terms=listed(_TERM),
    notes=listed(OBJECT),
    own={"type": "object", "additionalProperties": _OWN},
)
_DUAL = shape(("commodity", "period"), constraint=TEXT, subject=TEXT, value={"type": ["number", "string"]})
_SHADOW = shape(constraint=TEXT, subject=TEXT, period=TEXT, value=NUMBER)
_PAYOFF = shape(("interval",), standalone=MAYBE, payoff=NUMBER, gain=MAYBE, transfer=NUMBER, interval=NUMBER)
_SUBSIDY = shape(
    total=AMOUNT, to=MONEY_OF, least=AMOUNT, excess_bound=MAYBE, payoffs={**MONEY_OF, "description": "with it"}
)
_SETTLEMENT = shape(
    method=TEXT,
    payoffs={"type": "object", "additionalProperties": _PAYOFF},
    excess=MAYBE,
    excess_bound=MAYBE,
    in_core={"type": "boolean"},
    verdict=choice("stable", "beaten", "open"),
    tolerance=AMOUNT,
    coalitions_tested=COUNT,
    binding=listed(shape(enterprises=listed(TEXT), value=NUMBER, payoff=NUMBER)),
    subsidy={"anyOf": [{"type": "null"}, _SUBSIDY]},
    notes=listed(shape(code=TEXT, number=NUMBER, enterprises=listed(TEXT))),
    prices=listed(
        shape(
            from_=TEXT,
            to=TEXT,
            commodity=TEXT,
            seller=TEXT,
            buyer=TEXT,
            quantity=AMOUNT,
            low=NUMBER,
            high=NUMBER,
            price=NUMBER,
            payment=NUMBER,
        )
    ),
    lump_sums=MONEY_OF,
    balances=MONEY_OF,
    unit={"type": "number", "exclusiveMinimum": 0},
)
_SOLVER = shape(
    ("run_seconds",),
    name=TEXT,
    seconds=AMOUNT,
    run_seconds=AMOUNT,
    build_seconds=AMOUNT,
    variables=COUNT,
    constraints=COUNT,
    binaries=COUNT,
    threads=COUNT,
)


_PROOF = shape(
    ("duals", "columns", "rows", "row_names", "column_names"),
    dual=MAYBE,
    solver=MAYBE,
    duals={"type": ["array", "null"], "items": _DUAL},
    columns=listed(TEXT),
    rows=listed(OBJECT),
    row_names=listed(TEXT),
    column_names=listed(TEXT),
)


def plan_schema() -> dict[str, Any]:
    """Return the JSON Schema of the plan document; keys may be added to every object.

    Returns
    -------
    dict
    """
    plan = shape(
        (KEY, "proof", "duals"),
        schema={"const": SCHEMA},
        dataset=shape(name=TEXT, digest=TEXT),
        scenario=OBJECT,
        status=choice("optimal", "feasible"),
        value=NUMBER,
        bound=MAYBE,
        gap=MAYBE,
        status_quo=MAYBE,
        today=MAYBE,
        gain=MAYBE,
        standalone={"type": ["object", "null"], "additionalProperties": MAYBE},
        settlement={"anyOf": [{"type": "null"}, _SETTLEMENT]},
        flows=listed(_FLOW),
        runs=listed(shape(kind=choice("facility", "build"), id=TEXT, period=TEXT, activity=AMOUNT)),
        levels=listed(shape(store=TEXT, period=TEXT, level=AMOUNT)),
        builds=listed(_BUILD),
        links=listed(_LINK),
        emissions=shape(co2=MAYBE, baseline_co2=MAYBE),
        proposals=listed(_PROPOSAL),
        remainder=MAYBE,
        shadow_prices=listed(_SHADOW),
        solver=_SOLVER,
        seal=TEXT,
        proof=_PROOF,
        duals={"type": ["array", "null"], "items": _DUAL},  # of documents without `proof`
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


def _table(table: Table) -> Shape:
    columns = {column.name: _column(column) for column in table.columns}
    required = [column.name for column in table.columns if column.required]
    row = {"type": "object", "properties": columns, "required": required}
    return {"type": "array", "description": table.en, "x-key": list(table.key), "items": row}


def _column(column: Column) -> Shape:
    kind = {Kind.NUMBER: "number", Kind.BOOLEAN: "boolean"}.get(column.kind, "string")
    schema: Shape = {"type": kind if column.required else [kind, "null"], "description": column.en}
    bounds = {"minimum": column.minimum, "maximum": column.maximum, "exclusiveMinimum": column.above}
    schema |= {name: bound for name, bound in bounds.items() if bound is not None}
    if column.choices:
        schema["enum"] = [*column.choices, *([] if column.required else ["", None])]
    return schema
