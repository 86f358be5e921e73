"""Synergy: best set of partnerships in an industrial region, with the gain of each enterprise and its proof."""

from importlib import import_module as _import_module
from typing import TYPE_CHECKING as _TYPE_CHECKING
from typing import Any as _Any

if _TYPE_CHECKING:
    from synergy.dataset.package import write
    from synergy.dataset.read import check, read
    from synergy.dataset.settings import load_scenario
    from synergy.dataset.sheet import Dataset
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

# public names by module: loaded when they are first asked for, so that `synergy --version` loads no solver
_NAMES = {
    "synergy.dataset.package": ("write",),
    "synergy.dataset.read": ("check", "read"),
    "synergy.dataset.settings": ("load_scenario",),
    "synergy.dataset.sheet": ("Dataset",),
    "synergy.engine": ("Outcome",),
    "synergy.errors": ("DatasetError", "LoopError", "Problem", "SynergyError", "UsageError", "VerificationError"),
    "synergy.explanation.answer": ("Answer",),
    "synergy.explanation.explain": ("Explainer", "explain", "nearest"),
    "synergy.explanation.trial": ("Question",),
    "synergy.explanation.what_if": ("WhatIfs",),
    "synergy.graph.pathways": ("Pathways", "pathways"),
    "synergy.graph.views": ("partnership_graph", "possible_partnerships", "product_graph", "write_graphml"),
    "synergy.model.solve_params": ("Control", "Event"),
    "synergy.near_optimal.alternatives": ("Alternatives", "alternatives"),
    "synergy.options": ("Options",),
    "synergy.plan": ("Decisions", "Plan", "Proposal"),
    "synergy.records.files": ("plan_record", "read_plan"),
    "synergy.records.schema": ("plan_schema",),
    "synergy.round": ("Round", "run"),
    "synergy.scenario": ("Scenario", "Settings"),
    "synergy.uncertainty.sensitivity": ("Sensitivity", "sensitivity"),
    "synergy.verification.verify": ("verify",),
}
_MODULES = {name: module for module, names in _NAMES.items() for name in names}


def __getattr__(name: str) -> _Any:
    """Load a public name when it is first asked for."""
    if name not in _MODULES:
        raise AttributeError(f"module 'synergy' has no attribute {name!r}")
    value = getattr(_import_module(_MODULES[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
