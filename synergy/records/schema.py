"""JSON Schemas of the input and output documents."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

from synergy.dataset.columns import Column, ColumnType, Table
from synergy.dataset.schema import TABLES, schema_record
from synergy.plan import Kind as ProposalKind
from synergy.records.plain import KEY
from synergy.scenario import JSON

SCHEMA = "synergy/plan/1"
DRAFT = "https://json-schema.org/draft/2020-12/schema"

Shape = dict[str, JSON]
TEXT: Shape = {"type": "string"}
NUMBER: Shape = {"type": "number"}
AMOUNT: Shape = {"type": "number", "minimum": 0}
COUNT: Shape = {"type": "integer", "minimum": 0}
FLAG: Shape = {"type": "boolean"}
MAYBE: Shape = {"type": ["number", "null"]}
MAYBE_TEXT: Shape = {"type": ["string", "null"]}
OBJECT: Shape = {"type": "object"}
MONEY_OF: Shape = {"type": "object", "additionalProperties": NUMBER}
OUTLETS = ("offer", "facility", "build", "store", "market")
INLETS = ("need", "facility", "build", "store", "market", "disposal")
_BOTH = {"text_en": TEXT, "text_zh": TEXT}
_TITLES = {"title_en": TEXT, "title_zh": TEXT}


def listed(items: Shape) -> Shape:
    """Return the schema of a list."""
    return {"type": "array", "items": items}


def choice(*words: str | None) -> Shape:
    """Return the schema of an enumeration."""
    return {"enum": list(words)}


def shape(optional: tuple[str, ...] = (), /, **properties: Shape) -> Shape:
    """Return the schema of an object with required and optional keys; ``from_`` stands for ``from``."""
    names = {name.removesuffix("_"): shape for name, shape in properties.items()}
    return {"type": "object", "properties": names, "required": [name for name in names if name not in optional]}


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


def plan_schema() -> Shape:
    """Return the JSON Schema of the plan document; keys may be added to every object."""
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


def proposal_schema() -> Shape:
    """Return the JSON Schema of one proposal of a plan."""
    return {"$schema": DRAFT, "$id": "synergy/proposal/1", "title": "Synergy proposal", **_PROPOSAL}


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


_SOURCE = shape(name=TEXT, digest=TEXT)
_STOPPED: Shape = {**choice("clock", "request", None), "description": "what ended it other than its work"}
_PAIRS = shape(gone=listed(listed(TEXT)), new=listed(listed(TEXT)))


def _document(ident: str, title: str, body: Shape) -> Shape:
    return {"$schema": DRAFT, "$id": ident, "title": title, **body}


def _explanation() -> Shape:
    change = shape(
        ("checked", "scenario"),
        kind=TEXT,
        after=listed(TEXT),
        **_BOTH,
        checked={"const": True},
        scenario=shape(tables={"type": "object", "additionalProperties": listed(OBJECT)}, settings=OBJECT),
    )
    taken = shape(("site", "mode", "more"), end=choice("origin", "target"), site=TEXT, mode=TEXT, more=NUMBER)
    return shape(
        schema={"const": "synergy/explanation/1"},
        view=choice("planner", "firm"),
        as_=MAYBE_TEXT,
        from_site=TEXT,
        to_site=TEXT,
        commodity=TEXT,
        period=MAYBE_TEXT,
        mode=MAYBE_TEXT,
        in_plan=FLAG,
        facts=OBJECT,
        reasons=listed(shape(code=TEXT, **_BOTH)),
        changes=listed(change),
        alternatives=listed(taken),
    )


def explain_schema() -> Shape:
    """Return the JSON Schema of an explanation; a firm's view has fewer facts than the planner's, in the same keys."""
    return _document("synergy/explanation/1", "Synergy explanation", _explanation())


def nearest_schema() -> Shape:
    """Return the JSON Schema of an enterprise's nearest exchanges that are not in the plan."""
    body = shape(schema={"const": "synergy/nearest/1"}, enterprise=TEXT, nearest=listed(_explanation()))
    return _document("synergy/nearest/1", "Synergy nearest exchanges", body)


def _levels() -> Shape:
    return shape(low=NUMBER, middle=NUMBER, high=NUMBER)


def pathways_schema() -> Shape:
    """Return the JSON Schema of the chains of a commodity."""
    standing = shape(facility=TEXT, site=TEXT, enterprise=TEXT, capacity=AMOUNT)
    step = shape(
        process=TEXT, takes=TEXT, activity=AMOUNT, buildable=FLAG, policy_min=MAYBE, facilities=listed(standing)
    )
    built = shape(process=TEXT, size=TEXT, count=COUNT, capacity=AMOUNT, capex=AMOUNT)
    scale = shape(quantity=AMOUNT, margin=_levels(), margin_standing=_levels(), capex=AMOUNT, units=listed(built))
    chain = shape(
        rank=COUNT,
        **_TITLES,
        steps=listed(step),
        amounts=MONEY_OF,
        margin=_levels(),
        margin_standing=_levels(),
        added=MAYBE,
        quantity=AMOUNT,
        least=AMOUNT,
        lacking=AMOUNT,
        firms={"type": ["integer", "null"], "minimum": 0},
        short=MONEY_OF,
        unsold=MONEY_OF,
        loop=FLAG,
        minor=FLAG,
        ends=FLAG,
        scales=listed(scale),
    )
    body = shape(
        schema={"const": "synergy/pathways/1"},
        dataset=_SOURCE,
        commodity=TEXT,
        unit=TEXT,
        currency=TEXT,
        depth=COUNT,
        holders=listed(shape(enterprise=TEXT, quantity=AMOUNT)),
        there=AMOUNT,
        bought={**MAYBE, "minimum": 0},
        given_up=_levels(),
        chains=listed(chain),
        aids=listed(TEXT),
        closed=listed(TEXT),
        cut=FLAG,
    )
    return _document("synergy/pathways/1", "Synergy pathways", body)


def alternatives_schema() -> Shape:
    """Return the JSON Schema of near-optimal plans, each with its plan document."""
    plan = {key: part for key, part in plan_schema().items() if not key.startswith("$")}
    one = shape(
        way=choice(
            "without_build", "without_process", "without_link", "partner_fewer", "less_capex", "fewer_partnerships"
        ),
        subject=listed(TEXT),
        **_TITLES,
        value=NUMBER,
        lost=NUMBER,
        capex=NUMBER,
        capex_change=NUMBER,
        co2_change=MAYBE,
        distance={**AMOUNT, "maximum": 1},
        apart={**AMOUNT, "maximum": 1},
        builds=_PAIRS,
        links=_PAIRS,
        partnerships=_PAIRS,
        plan=plan,
    )
    body = shape(
        schema={"const": "synergy/alternatives/1"},
        dataset=_SOURCE,
        value=NUMBER,
        within={**AMOUNT, "maximum": 1},
        least_distance={**AMOUNT, "maximum": 1},
        better=MAYBE,
        better_plan={"anyOf": [plan, {"type": "null"}]},
        tried=COUNT,
        stopped=_STOPPED,
        alternatives=listed(one),
    )
    return _document("synergy/alternatives/1", "Synergy alternatives", body)


def sensitivity_schema() -> Shape:
    """Return the JSON Schema of a sensitivity report: the uncertain figures, ranked."""
    row = shape(line={"type": ["integer", "null"]}, key=listed(TEXT), low=MAYBE, value=MAYBE, high=MAYBE)
    end = shape(
        end=choice("low", "high"),
        change=MAYBE,
        gain=MAYBE,
        regret={**MAYBE, "minimum": 0},
        changes=FLAG,
        distance={**MAYBE, "minimum": 0, "maximum": 1},
    )
    figure = shape(
        rank=COUNT,
        **_TITLES,
        table=TEXT,
        column=TEXT,
        origin=choice("declared", "default", "unstated"),
        rows=listed(row),
        ends=listed(end),
        regret_worst={**MAYBE, "minimum": 0},
        regret_expected={**MAYBE, "minimum": 0},
        plan_changes=FLAG,
        searched=FLAG,
    )
    body = shape(
        schema={"const": "synergy/sensitivity/1"},
        dataset=_SOURCE,
        value=NUMBER,
        better=MAYBE,
        uncertain=COUNT,
        yearly=FLAG,
        stopped=_STOPPED,
        figures=listed(figure),
    )
    return _document("synergy/sensitivity/1", "Synergy sensitivity", body)


STUDIES: Mapping[str, Callable[[], Shape]] = MappingProxyType(
    {
        "explain": explain_schema,
        "nearest": nearest_schema,
        "pathways": pathways_schema,
        "alternatives": alternatives_schema,
        "sensitivity": sensitivity_schema,
    }
)
