"""Standalone problem: the best plan of one enterprise without the others."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from synergy.accounts import ledger as accounts
from synergy.candidates.candidates import candidates_of
from synergy.candidates.scope import Scope, coalition, everyone
from synergy.dataset.sheet import Dataset
from synergy.dataset.subset import subset
from synergy.model.build import Model, build
from synergy.model.decode import decode
from synergy.model.highs import Status
from synergy.model.solve import Solution, solve
from synergy.model.solve_params import SolveParams
from synergy.network.network import Network, network_of
from synergy.network.places import places_of
from synergy.plan import Decisions

PATIENT = 1800.0  # seconds for a first plan of a coalition that had none in the time usual
PATIENT_GAP = 1e-2


@dataclass(frozen=True, slots=True)
class Alone:
    """Standalone result of one enterprise.

    `value` is that of its best plan, `decisions`, in money a year; both are None where no plan satisfies it. `still` is
    the value of its best plan without builds, and links that cost capex.
    """

    value: float | None
    decisions: Decisions | None
    still: float | None


def alone_of(needs: tuple[Dataset, SolveParams]) -> Callable[[int], Alone]:
    """Return the function that solves the standalone problem of an enterprise, by its position."""
    dataset, params = needs
    places = places_of(dataset)

    def alone(index: int) -> Alone:
        members = np.arange(len(places.enterprises)) == index
        network = network_of(subset(dataset, {str(places.enterprises[index])}))
        # where there is one enterprise alone it is all of them, and the aims of the round bind it
        scope = everyone(places) if members.all() else coalition(members)
        value, decisions = best(network, scope, params.fresh())
        still = _patient(build(candidates_of(network, replace(scope, capital=False))), params.fresh())
        return Alone(value, decisions, None if still.x is None else still.value)

    return alone


def best(network: Network, scope: Scope, params: SolveParams) -> tuple[float | None, Decisions | None]:
    """Return value and decisions of the best plan of a scope; None where none satisfies it."""
    model = build(candidates_of(network, scope))
    solution = _patient(model, params)
    if solution.x is None:
        return None, None
    decisions, _ = decode(model, solution.x)
    return accounts.value(network.dataset, decisions), decisions


def _patient(model: Model, params: SolveParams) -> Solution:
    """Return the solution of a model, with a longer search for a first plan before reporting that there is none."""
    solution = solve(model, params)
    if solution.x is None and solution.status is not Status.INFEASIBLE:
        # no plan in time is not the same as no plan: null is said of the latter alone
        solution = solve(model, replace(params, gap=PATIENT_GAP, time_limit=params.seconds + PATIENT))
    return solution
