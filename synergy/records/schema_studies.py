"""JSON Schemas of the documents of explain, pathways, alternatives and sensitivity."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from synergy.records.schema import plan_schema
from synergy.records.shapes import (
    AMOUNT,
    COUNT,
    DRAFT,
    FLAG,
    MAYBE,
    MAYBE_TEXT,
    MONEY_OF,
    NUMBER,
    OBJECT,
    TEXT,
    Shape,
    choice,
    listed,
    shape,
)

_SOURCE = shape(name=TEXT, digest=TEXT)
_STOPPED: Shape = {**choice("clock", "request", None), "description": "what ended it other than its work"}
_PAIRS = shape(gone=listed(listed(TEXT)), new=listed(listed(TEXT)))
_BOTH = {"text_en": TEXT, "text_zh": TEXT}
_TITLES = {"title_en": TEXT, "title_zh": TEXT}


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


def explain_schema() -> dict[str, Any]:
    """Return the JSON Schema of an explanation: a firm's has fewer facts than the planner's, not other keys.

    Returns
    -------
    dict
    """
    return _document("synergy/explanation/1", "Synergy explanation", _explanation())


def nearest_schema() -> dict[str, Any]:
    """Return the JSON Schema of an enterprise's nearest exchanges that are not in the plan.

    Returns
    -------
    dict
    """
    body = shape(schema={"const": "synergy/nearest/1"}, enterprise=TEXT, nearest=listed(_explanation()))
    return _document("synergy/nearest/1", "Synergy nearest exchanges", body)


def _levels() -> Shape:
    return shape(low=NUMBER, middle=NUMBER, high=NUMBER)


def pathways_schema() -> dict[str, Any]:
    """Return the JSON Schema of the chains of a commodity.

    Returns
    -------
    dict
    """
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


def alternatives_schema() -> dict[str, Any]:
    """Return the JSON Schema of near-optimal plans, each with its plan document.

    Returns
    -------
    dict
    """
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


def sensitivity_schema() -> dict[str, Any]:
    """Return the JSON Schema of the figures to ask for.

    Returns
    -------
    dict
    """
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


STUDIES: Mapping[str, Callable[[], dict[str, Any]]] = MappingProxyType(
    {
        "explain": explain_schema,
        "nearest": nearest_schema,
        "pathways": pathways_schema,
        "alternatives": alternatives_schema,
        "sensitivity": sensitivity_schema,
    }
)
