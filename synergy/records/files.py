"""Plan documents: written without partial results, read with the location of every error, shown with labels."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from synergy.dataset.described import unmarked
from synergy.errors import DatasetError, Problem
from synergy.outputs import written_whole
from synergy.plan import (
    BUILD_COLUMNS,
    FLOW_COLUMNS,
    FLOW_ENDS,
    LEVEL_COLUMNS,
    LINK_COLUMNS,
    RUN_COLUMNS,
    Decisions,
    Kind,
    Plan,
    Proposal,
    Term,
)
from synergy.records.documents import (
    PLAN_SCHEMA,
    ActivityJSON,
    BuildJSON,
    FlowJSON,
    LabelsJSON,
    LevelJSON,
    LinkJSON,
    PlanJSON,
    ProposalJSON,
    RoundJSON,
    TermJSON,
)
from synergy.records.plain import cells, plain, rows, sealed
from synergy.records.schema import plan_schema
from synergy.scenario import JSON
from synergy.texts import LANGUAGES, Catalogue, say

if TYPE_CHECKING:
    from jsonschema.exceptions import ValidationError

    from synergy.dataset.sheet import Dataset

ROUND_SCHEMA = "synergy/round/1"
PLAN = "plan"  # the table in messages
_NUMBERS = frozenset({"quantity", "arrived", "activity", "level", "capacity", "capex", "annual_cost", "km"})
# columns of the labels by table, the id first
_LABELS = {
    "enterprises": ("enterprise", "name_en", "name_zh", "county", "evidence"),
    "sites": ("site", "enterprise", "name_en", "name_zh", "county", "latitude", "longitude"),
    "commodities": ("commodity", "name_en", "name_zh", "unit", "hazard"),
    "processes": ("process", "name_en", "name_zh", "activity_unit"),
}
_MOST = 1000  # faults that are collected
_SHOWN = 60  # characters of a value


def write_plan(plan: Plan, path: str | Path) -> None:
    """Write a plan document to a ``.json`` file; an existing file stays intact until the new one is complete.

    Raises
    ------
    UsageError
        The file cannot be written.
    """
    written_whole(path, (dumps(plan_record(plan)) + "\n").encode())


def read_plan(path: str | Path) -> Plan:
    """Read a plan document, as written by `write_plan` or ``synergy match --out``.

    Raises
    ------
    DatasetError
        No such file, no JSON, or not a plan document.
    """
    return plan_from_record(read_record(path))


def read_record(path: str | Path) -> Any:
    """Read a JSON document without validating it as a plan document.

    Raises
    ------
    DatasetError
        No such file, or no JSON.
    """
    try:
        return loads(unmarked(Path(path).read_bytes()))
    except OSError as error:
        raise DatasetError([_unread(path, error.strerror or str(error), "无法读取该文件")]) from error
    except (ValueError, RecursionError) as error:
        raise DatasetError([_unread(path, f"not valid JSON: {error}", f"不是有效的 JSON：{error}")]) from error


def dumps(record: object) -> str:
    """Return a plain record as readable JSON text: one row per line, unescaped Chinese, never NaN."""
    if not isinstance(record, dict):
        return _line(record)
    said = []
    for key, value in record.items():
        listed = isinstance(value, list) and value and isinstance(value[0], dict)
        block = "[\n" + ",\n".join(f"  {_line(row)}" for row in value) + "\n ]" if listed else _line(value)
        said.append(f" {_line(key)}: {block}")
    return "{\n" + ",\n".join(said) + "\n}"


def _line(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, allow_nan=False)


def loads(text: str) -> Any:
    """Return the value of a JSON text; raise `ValueError` for NaN and Infinity, which are not JSON."""

    def refuse(word: str) -> None:
        raise ValueError(f"{word} is not JSON")

    return json.loads(text, parse_constant=refuse)


def _unread(path: str | Path, said: str, said_zh: str) -> Problem:
    return Problem(PLAN, None, "", str(path), said, code="plan_unreadable", message_zh=said_zh)


def plan_record(plan: Plan) -> PlanJSON:
    """Return a plan as a plain JSON record, the plan document of the contract (`synergy.records.schema.plan_schema`).

    It has texts, floats, lists and dicts alone; what is not finite is None. Its `seal` is by `synergy.records.plain`.
    """
    decisions = plan.decisions
    record: PlanJSON = {
        "schema": PLAN_SCHEMA,
        "dataset": plain(plan.dataset),
        "scenario": plain(plan.scenario),
        "status": plan.status,
        "value": plain(plan.value),
        "bound": plain(plan.bound),
        "gap": plain(plan.gap),
        "status_quo": plain(plan.status_quo),
        "today": plain(plan.today),
        "gain": plain(plan.gain),
        "standalone": plain(plan.standalone),
        "settlement": plain(plan.settlement),
        "proof": plain(plan.proof),
        "flows": _flows(decisions.flows),
        "runs": rows(decisions.runs, RUN_COLUMNS, ActivityJSON),
        "levels": rows(decisions.levels, LEVEL_COLUMNS, LevelJSON),
        "builds": rows(decisions.builds, BUILD_COLUMNS, BuildJSON),
        "links": rows(decisions.links, LINK_COLUMNS, LinkJSON),
        "emissions": plain(plan.emissions),
        "proposals": [proposal_record(proposal) for proposal in plan.proposals],
        "remainder": plain(plan.remainder),
        "shadow_prices": plain(plan.shadow_prices),
        "solver": plain(plan.solver),
    }
    record["seal"] = sealed(record)
    return record


def proposal_record(proposal: Proposal) -> ProposalJSON:
    """Return a proposal as a plain JSON record."""
    terms: list[TermJSON] = [
        {
            "from": term.from_site,
            "to": term.to_site,
            "commodity": term.commodity,
            "quantity": plain(term.quantity),
            "price": plain(term.price),
            "km": plain(term.km),
        }
        for term in proposal.terms
    ]
    names = (name for name in Proposal.__dataclass_fields__ if name != "terms")
    record: ProposalJSON = plain({name: getattr(proposal, name) for name in names})
    record["terms"] = terms
    return record


def _flows(frame: pd.DataFrame) -> list[FlowJSON]:
    """Return the flows, each end as ``{kind, id}``."""
    flows = rows(frame, FLOW_COLUMNS, FlowJSON)
    columns = (cells(frame[name]) for name in FLOW_ENDS)
    for flow, ends in zip(flows, zip(*columns, strict=True), strict=True):
        outlet_kind, outlet_id, inlet_kind, inlet_id = map(str, ends)
        flow["outlet"] = {"kind": outlet_kind, "id": outlet_id}
        flow["inlet"] = {"kind": inlet_kind, "id": inlet_id}
    return flows


# what a rule of JSON Schema asks for, in both languages; {wanted} is the rule's value
_EXPECTED = Catalogue(
    {
        "type": ("expected {wanted}", "应为 {wanted}"),
        "enum": ("expected one of {wanted}", "应为下列之一：{wanted}"),
        "const": ("expected {wanted}", "应为 {wanted}"),
        "minimum": ("expected at least {wanted}", "应不小于 {wanted}"),
        "required": ("a key is missing: {missing}", "缺少键：{missing}"),
    }
)


def plan_from_record(record: PlanJSON) -> Plan:
    """Return the plan stored in a plan document, as from `plan_record` or from JSON.

    Raises
    ------
    DatasetError
        The record is not a plan document; all faults at once, each with its JSON pointer.
    """
    problems = plan_problems(record)
    if problems:
        raise DatasetError(problems)
    standalone = record["standalone"]
    return Plan(
        dataset=record["dataset"],
        scenario=record["scenario"],
        status=record["status"],
        value=float(record["value"]),
        bound=_or_infinite(record["bound"]),
        gap=_or_infinite(record["gap"]),
        decisions=_decisions(record),
        emissions=record["emissions"],
        status_quo=record["status_quo"],
        today=record["today"],
        gain=record["gain"],
        standalone=standalone,
        proof=record["proof"] if "proof" in record else _first_proof(record),
        proposals=tuple(_proposal(proposal) for proposal in record["proposals"]),
        remainder=record["remainder"],
        settlement=record["settlement"],
        shadow_prices=tuple(record["shadow_prices"]),
        solver=record["solver"],
    )


def _first_proof(record: PlanJSON) -> dict[str, JSON]:
    """Return the proof of an older document without `proof`: LP duals, and the bound by them or by the solver."""
    duals, bound = record.get("duals"), record["bound"]
    return {"dual": None if duals is None else bound, "solver": bound if duals is None else None, "duals": duals}


def plan_problems(record: PlanJSON) -> tuple[Problem, ...]:
    """Return the schema violations of what should be a plan document; their column is a JSON pointer."""
    import jsonschema  # takes long to load, and whoever writes a plan does without

    found = jsonschema.Draft202012Validator(plan_schema()).iter_errors(record)
    problems = list(dict.fromkeys(_problem(error) for error in islice(found, _MOST)))  # one for each missing key
    if not problems:
        problems += _dangling(record)
    return tuple(problems)


def _problem(error: ValidationError) -> Problem:
    rule = str(error.validator)
    pair = _EXPECTED.get(rule, ("breaks the rule {wanted}", "不符合规则 {wanted}"))
    missing: Iterable[str] = ()
    if rule == "required" and isinstance(error.instance, Mapping) and isinstance(error.validator_value, list):
        missing = [name for name in error.validator_value if name not in error.instance]
    wanted = error.validator_value
    words = wanted if isinstance(wanted, str) else ", ".join(map(str, wanted if isinstance(wanted, list) else [wanted]))
    en, zh = (say(pair, lang, wanted=words, missing=", ".join(missing)) for lang in LANGUAGES)
    value = "" if rule == "required" else repr(error.instance)[:_SHOWN]
    return _fault(rule, "".join(f"/{part}" for part in error.absolute_path), value, (en, zh))


def _fault(rule: str, pointer: str, value: str, said: tuple[str, str]) -> Problem:
    hint, hint_zh = "write plans with `synergy match --out`", "请用 `synergy match --out` 写出方案"
    return Problem(PLAN, None, pointer, value, said[0], hint, code=f"plan_{rule}", message_zh=said[1], hint_zh=hint_zh)


def _dangling(record: PlanJSON) -> list[Problem]:
    """Return a problem for each position in a proposal that points to no flow, build or link of the plan."""
    count = {"flows": len(record["flows"]), "builds": len(record["builds"]), "links": len(record["links"])}
    return [
        _fault(
            "position",
            f"/proposals/{place}/{name}",
            str(number),
            (f"the plan has only {count[name]} {name}", f"方案中只有 {count[name]} 条 {name}"),
        )
        for place, one in enumerate(record["proposals"])
        for name, numbers in (("flows", one["flows"]), ("builds", one["builds"]), ("links", one["links"]))
        for number in numbers
        if number >= count[name]
    ]


def _or_infinite(value: float | None) -> float:
    return math.inf if value is None else float(value)


def _decisions(record: PlanJSON) -> Decisions:
    ends: dict[str, list[str]] = {name: [] for name in FLOW_ENDS}
    for flow in record["flows"]:
        for side, end in (("outlet", flow["outlet"]), ("inlet", flow["inlet"])):
            ends[f"{side}_kind"].append(end["kind"])
            ends[f"{side}_id"].append(end["id"])
    flows = _frame(record["flows"], FLOW_COLUMNS)
    return Decisions(
        flows=flows.assign(**{name: pd.Series(cells, index=flows.index, dtype=object) for name, cells in ends.items()}),
        runs=_frame(record["runs"], RUN_COLUMNS),
        levels=_frame(record["levels"], LEVEL_COLUMNS),
        builds=_frame(record["builds"], BUILD_COLUMNS),
        links=_frame(record["links"], LINK_COLUMNS),
    )


def _frame(listed: Sequence[Mapping[str, object]], names: Sequence[str]) -> pd.DataFrame:
    """Return records as a frame: numbers as float64 (NaN for null), other columns as text."""
    columns: dict[str, pd.Series] = {}
    for name in names:
        number = name in _NUMBERS
        found = [row.get(name, None if number else "") for row in listed]
        columns[name] = pd.Series(found, index=range(len(listed)), dtype="float64" if number else object)
    return pd.DataFrame(columns)


def _proposal(record: ProposalJSON) -> Proposal:
    names = Proposal.__dataclass_fields__
    fields: dict[str, Any] = {
        name: tuple(value) if isinstance(value, list) else value for name, value in record.items() if name in names
    }
    terms = tuple(
        Term(one["from"], one["to"], one["commodity"], float(one["quantity"]), one["price"], one.get("km"))
        for one in record["terms"]
    )
    return Proposal(**fields | {"kind": Kind(record["kind"]), "terms": terms})


def round_record(dataset: Dataset, plan: Plan) -> RoundJSON:
    """Return a plan with all labels needed to display it, as a plain JSON record."""
    return {
        "schema": ROUND_SCHEMA,
        "currency": dataset.settings.currency,
        "plan": plan_record(plan),
        "labels": labels(dataset),
    }


def labels(dataset: Dataset) -> LabelsJSON:
    """Return names, counties, coordinates, units and evidence marks by table and id.

    A name that is blank in one language is taken from the other, else the id; a column that is missing is "".
    """
    found: dict[str, dict[str, Any]] = {}
    for table, (first, *names) in _LABELS.items():
        frame = dataset[table]
        columns = [cells(frame[name]) if name in frame else [""] * len(frame) for name in names]
        found[table] = {}
        for ident, *row in zip(map(str, cells(frame[first])), *columns, strict=True):
            label = dict(zip(names, row, strict=True))
            label["name_en"] = label["name_en"] or label["name_zh"] or ident
            label["name_zh"] = label["name_zh"] or label["name_en"]
            found[table][ident] = label
    return LabelsJSON(
        enterprises=found["enterprises"],
        sites=found["sites"],
        commodities=found["commodities"],
        processes=found["processes"],
    )
