"""Synergy: the best set of partnerships in an industrial region, who gains what, and why."""

from synergy.alternatives.alternatives import Alternatives, alternatives
from synergy.dataset.dataset import Dataset
from synergy.dataset.read import check, read
from synergy.dataset.scenarios import load_scenario
from synergy.dataset.write import write
from synergy.engine import Options, Outcome
from synergy.errors import DatasetError, LoopError, Problem, SynergyError, UsageError, VerificationError
from synergy.explain.answer import Answer
from synergy.explain.explain import Explainer, explain
from synergy.explain.nearest import nearest
from synergy.explain.question import Question
from synergy.explain.what_if import WhatIfs
from synergy.model.effort import Event
from synergy.pathways.pathways import Pathways, pathways
from synergy.plan import Decisions, Plan, Proposal
from synergy.records.dump import plan_record
from synergy.records.files import read_plan
from synergy.records.schema import plan_schema
from synergy.round import Round, run
from synergy.scenario import Scenario, Settings
from synergy.sensitivity.sensitivity import Sensitivity, sensitivity
from synergy.verify.verify import verify

__all__ = [
    "Alternatives",
    "Answer",
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
    "pathways",
    "plan_record",
    "plan_schema",
    "read",
    "read_plan",
    "run",
    "sensitivity",
    "verify",
    "write",
]
