"""A plan as the plan document."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from synergy.plan import BUILD_COLUMNS, FLOW_COLUMNS, LEVEL_COLUMNS, LINK_COLUMNS, RUN_COLUMNS, Plan, Proposal
from synergy.records.plain import cells, plain, rows
from synergy.records.seal import KEY, sealed

if TYPE_CHECKING:
    import pandas as pd

SCHEMA = "synergy/plan/1"


def plan_record(plan: Plan) -> dict[str, Any]:
    """Return a plan as a plain JSON record, the plan document of the contract.

    Parameters
    ----------
    plan : Plan
        Any plan.

    Returns
    -------
    dict
        Texts, floats, lists and dicts alone; what is not finite is None. Its `seal` is by `synergy.records.seal`.

    See Also
    --------
    synergy.records.load.plan_from_record, synergy.records.schema.plan_schema
    """
    decisions = plan.decisions
    record = {
        "schema": SCHEMA,
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
        "runs": rows(decisions.runs, RUN_COLUMNS),
        "levels": rows(decisions.levels, LEVEL_COLUMNS),
        "builds": rows(decisions.builds, BUILD_COLUMNS),
        "links": rows(decisions.links, LINK_COLUMNS),
        "emissions": plain(plan.emissions),
        "proposals": [proposal_record(proposal) for proposal in plan.proposals],
        "remainder": plain(plan.remainder),
        "shadow_prices": plain(plan.shadow_prices),
        "solver": plain(plan.solver),
    }
    return {**record, KEY: sealed(record)}


def proposal_record(proposal: Proposal) -> dict[str, Any]:
    """Return a proposal as a plain JSON record.

    Parameters
    ----------
    proposal : Proposal
        One of a plan's.

    Returns
    -------
    dict
        Its fields; a term is ``{from, to, commodity, quantity, price, km}``.
    """
    record = {name: plain(getattr(proposal, name)) for name in Proposal.__dataclass_fields__ if name != "terms"}
    record["terms"] = [
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
    return record


def _flows(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """Return the flows, each end as ``{kind, id}``."""
    ends = [[*zip(cells(frame[f"{end}_kind"]), cells(frame[f"{end}_id"]), strict=True)] for end in ("outlet", "inlet")]
    return [
        {**record, "outlet": {"kind": outlet[0], "id": outlet[1]}, "inlet": {"kind": inlet[0], "id": inlet[1]}}
        for record, outlet, inlet in zip(rows(frame, FLOW_COLUMNS), *ends, strict=True)
    ]
