"""Synergy: best set of partnerships in an industrial region, with the gain of each enterprise and its proof."""

from importlib import import_module as _import_module
from typing import TYPE_CHECKING as _TYPE_CHECKING
from typing import Any as _Any

if _TYPE_CHECKING:
    from synergy.dataset.read import check, read
    from synergy.dataset.settings import load_scenario
    from synergy.dataset.sheet import Dataset
    from synergy.dataset.write import write
    from synergy.engine import Outcome
    from synergy.errors import DatasetError, LoopError, Problem, SynergyError, UsageError, VerificationError
    from synergy.explanation.answer import Answer
    from synergy.explanation.explain import Explainer, explain, nearest
    from synergy.explanation.trial import Question
    from synergy.explanation.what_if import WhatIfs
    from synergy.graph.pathways import Pathways, pathways
    from synergy.graph.views import partnership_graph, possible_partnerships, product_graph, write_graphml
    from synergy.model.solve_params import Control, Event
    from synergy.near_optimal.alternatives import Alternatives, alternatives
    from synergy.options import Options
    from synergy.plan import Decisions, Plan, Proposal
    from synergy.records.files import plan_record, read_plan
    from synergy.records.schema import plan_schema
    from synergy.round import Round, run
    from synergy.scenario import Scenario, Settings
    from synergy.uncertainty.sensitivity import Sensitivity, sensitivity
    from synergy.verification.verify import verify

__all__ = [
    "Alternatives",
    "Answer",
    "Control",
    "Dataset",
    "DatasetError",
    "Decisions",
    "Event",
    "Explainer",
    "LoopError",
    "Options",
    "Outcome",
    "Pathways",
    "Plan",
    "Problem",
    "Proposal",
    "Question",
    "Round",
    "Scenario",
    "Sensitivity",
    "Settings",
    "SynergyError",
    "UsageError",
    "VerificationError",
    "WhatIfs",
    "alternatives",
    "check",
    "explain",
    "load_scenario",
    "nearest",
    "partnership_graph",
    "pathways",
    "plan_record",
    "plan_schema",
    "possible_partnerships",
    "product_graph",
    "read",
    "read_plan",
    "run",
    "sensitivity",
    "verify",
    "write",
    "write_graphml",
]

# module of each public name: loaded when it is first asked for, so that `synergy --version` loads no solver
_MODULES = {
    "Alternatives": "synergy.near_optimal.alternatives",
    "Answer": "synergy.explanation.answer",
    "Control": "synergy.model.solve_params",
    "Dataset": "synergy.dataset.sheet",
    "DatasetError": "synergy.errors",
    "Decisions": "synergy.plan",
    "Event": "synergy.model.solve_params",
    "Explainer": "synergy.explanation.explain",
    "LoopError": "synergy.errors",
    "Options": "synergy.options",
    "Outcome": "synergy.engine",
    "Pathways": "synergy.graph.pathways",
    "Plan": "synergy.plan",
    "Problem": "synergy.errors",
    "Proposal": "synergy.plan",
    "Question": "synergy.explanation.trial",
    "Round": "synergy.round",
    "Scenario": "synergy.scenario",
    "Sensitivity": "synergy.uncertainty.sensitivity",
    "Settings": "synergy.scenario",
    "SynergyError": "synergy.errors",
    "UsageError": "synergy.errors",
    "VerificationError": "synergy.errors",
    "WhatIfs": "synergy.explanation.what_if",
    "alternatives": "synergy.near_optimal.alternatives",
    "check": "synergy.dataset.read",
    "explain": "synergy.explanation.explain",
    "load_scenario": "synergy.dataset.settings",
    "nearest": "synergy.explanation.explain",
    "partnership_graph": "synergy.graph.views",
    "pathways": "synergy.graph.pathways",
    "plan_record": "synergy.records.files",
    "plan_schema": "synergy.records.schema",
    "possible_partnerships": "synergy.graph.views",
    "product_graph": "synergy.graph.views",
    "read": "synergy.dataset.read",
    "read_plan": "synergy.records.files",
    "run": "synergy.round",
    "sensitivity": "synergy.uncertainty.sensitivity",
    "verify": "synergy.verification.verify",
    "write": "synergy.dataset.write",
    "write_graphml": "synergy.graph.views",
}


def __getattr__(name: str) -> _Any:
    """Load a public name when it is first asked for."""
    if name not in _MODULES:
        raise AttributeError(f"module 'synergy' has no attribute {name!r}")
    value = getattr(_import_module(_MODULES[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
