"""Engine: from a dataset to the best plan of all enterprises, of each alone, and of today."""

from __future__ import annotations

import base64
import json
import time
import zlib
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd

from synergy.accounts import ledger as accounts
from synergy.bounds.certify import Beside, BoundProof, certify
from synergy.bounds.master import Budget
from synergy.candidates.candidates import candidates_of
from synergy.candidates.scope import Scope, coalition, everyone
from synergy.coalitions.parallel import Shelf, Spread, pool
from synergy.dataset.sheet import Dataset, subset
from synergy.errors import VerificationError
from synergy.halting import LOOK_S, SETTLED_S, Halted, check, halting, within
from synergy.literal.certificate import bound_of_duals
from synergy.model.build import Model, build
from synergy.model.conflict import conflict_of, loop_of
from synergy.model.decode import decode
from synergy.model.duals import duals_of, listed
from synergy.model.fixed import WhatIf
from synergy.model.highs import Status
from synergy.model.search import SMALL
from synergy.model.solve import Solution, solve
from synergy.model.solve_params import Control, SolveParams, relative_gap
from synergy.network.network import Network, network_of
from synergy.network.places import Floats, places_of
from synergy.options import Options, params_of
from synergy.plan import Decisions, Plan
from synergy.scenario import JSON, Cell
from synergy.solvers import Work, counted

AFRESH = 0.2  # part of the time limit that a run which goes on from a checkpoint has at least
PROOF_WORK = 200  # simplex iterations that a proof may take however quick the search was: some 0.1 s
BY_WORK = 2_000  # columns up to which a proof ends by its work, the same on any machine,
PROOF_LEAST = 30.0  # if not after so many seconds
AWAITED = 0.1  # part of the time limit for which a proof beside the search is waited for after it
AGREED = 1e-6  # part of the money that moves by which two sums of it may differ
ALONE = 120.0  # seconds for one enterprise alone, and for today; they take far less
PATIENT = 1800.0  # seconds for a first plan of a coalition that had none in the time usual
PATIENT_GAP = 1e-2


@dataclass(frozen=True, slots=True)
class Outcome:
    """Result of a run: status, plan and comparisons.

    Parameters
    ----------
    status : str
        ``optimal``, ``feasible``, ``infeasible``, ``unbounded`` or ``no_plan`` (time ran out before any was found).
    plan : Plan or None
        Without proposals: they are made from it.
    standalone : mapping of str to Decisions
        Standalone plan of each enterprise; those without any plan are missing.
    today : Decisions or None
        The plan behind `today`.
    diagnosis : tuple of mapping
        Infeasible: the smallest set of constraints that conflict; unbounded: the loop that makes money from nothing.
    without : callable or None
        Value of the best plan without some flows, builds and links of the plan, the other builds and links held.
    found : tuple of Model and numpy.ndarray, or None
        The problem of all and the plan as values of its columns, in the model's units.
    """

    status: str
    plan: Plan | None
    standalone: Mapping[str, Decisions] = field(default_factory=dict)
    today: Decisions | None = None
    diagnosis: tuple[Mapping[str, Cell], ...] = ()
    without: Callable[[Sequence[int], Sequence[int], Sequence[int]], float | None] | None = None
    found: tuple[Model, Floats] | None = None


def match(dataset: Dataset, options: Options | None = None, control: Control | None = None) -> Outcome:
    """Find the best plan of a dataset, with what its options ask for beside it but a settlement and proposals.

    `control` says who listens, who may stop it, where solvers run side by side, and where checkpoints go.
    """
    options, control = options or Options(), control or Control()
    memory = control.memory
    spent = 0.0 if memory is None else min(memory.seconds, options.time_limit * (1 - AFRESH))
    params = params_of(options, control, spent)
    params.say("network")
    with halting(control.stop):
        network = network_of(dataset)
        model = build(candidates_of(network, everyone(network.places)))
        # a linear problem is solved as the tables state it, for its duals to prove
        stated = model
        if not model.integer.any():
            stated = build(candidates_of(network, everyone(network.places), prune=False, tight=False))
        linear = not stated.integer.any()
        model, built = stated if linear else model, params.seconds
        with pool(options.workers) if control.executor is None else nullcontext(control.executor) as side:
            search: AbstractContextManager[Beside | None] = nullcontext()
            if side is not None and int(model.integer.sum()) > SMALL:  # large, and a processor is free
                search = Beside(dataset, params.left)
            with search as beside:
                with counted() as work:
                    solution = solve(model, params)
                if solution.x is None:
                    return _without_plan(network, solution, params.stop)
                if linear:
                    proof = _linear_proof(dataset, model, solution)
                else:
                    proof = _proof(dataset, options, params, solution, beside or work)
            decisions, column = decode(model, solution.x)
            plan = _plan(dataset, model, (decisions, solution, proof), params, built)
            if options.settlement == "none":
                return Outcome(plan.status, plan)
            try:
                with within(SETTLED_S):
                    outcome = _compared(network, plan, params, side)
            except Halted:
                params.say("unsettled")
                outcome = Outcome(plan.status, plan)
        without = WhatIf(model, solution.x, decisions, column).without
        return replace(outcome, without=without, found=(model, solution.x))


def problem(dataset: Dataset, scope: Scope) -> Model:
    """Return the model of one scope of a dataset."""
    return build(candidates_of(network_of(dataset), scope))


def _without_plan(network: Network, solution: Solution, stop: Callable[[], bool] | None) -> Outcome:
    """Return the outcome of a run without a plan: a conflict, a loop, or a time limit."""
    if solution.status not in (Status.INFEASIBLE, Status.UNBOUNDED):
        return Outcome("no_plan", None)
    if solution.status is Status.INFEASIBLE:
        return Outcome("infeasible", None, diagnosis=conflict_of(network.dataset, stop))
    stated = build(candidates_of(network, everyone(network.places), prune=False, tight=False))
    return Outcome("unbounded", None, diagnosis=loop_of(stated))


def _proof(
    dataset: Dataset, options: Options, params: SolveParams, solution: Solution, how: Beside | Work
) -> dict[str, JSON]:
    """Return the proof of a plan with binary decisions: found beside the search, or after it by part of its work."""
    heard = list[BoundProof]()
    try:
        with within(0.0):
            check()
            if isinstance(how, Beside):
                until = time.monotonic() + AWAITED * params.time_limit
                while time.monotonic() < until and not how.ended(LOOK_S):
                    check()
                found = how.best
            else:
                seconds, most = min(options.proof, 1.0) * options.time_limit, np.inf
                if relative_gap(solution.bound, solution.value) <= options.gap:
                    most = max(PROOF_WORK, options.proof * how.iterations)
                    if solution.x is None or len(solution.x) <= BY_WORK:
                        seconds = max(seconds, PROOF_LEAST)
                enough = solution.value + params.gap * max(1.0, abs(solution.value))
                found = certify(dataset, Budget(time.monotonic() + seconds, most), enough, heard.append)
    except Halted:
        found = heard[-1] if heard else how.best if isinstance(how, Beside) else None
    return {"dual": None, "solver": solution.bound} | ({} if found is None else {"dual": found.bound, **found.record})


def _linear_proof(dataset: Dataset, model: Model, solution: Solution) -> dict[str, JSON]:
    """Return the proof of a plan without binary decisions, by the duals of its model."""
    duals = None if solution.row_dual is None else duals_of(model, solution.row_dual)
    bound = None if duals is None else bound_of_duals(dataset, duals)
    listing = None if duals is None or bound is None else listed(duals)
    return {"dual": bound, "solver": solution.bound, "duals": listing, "columns": [], "rows": []}


def _agreed(model: Model, solution: Solution, value: float, proof: Mapping[str, JSON]) -> float:
    """Return the bound on a value: the least of those known, none of which the value may exceed.

    Raises
    ------
    VerificationError
        The ledger's value is not what the model says of the same plan, or above a bound: a fault of the engine or of
        its solver, and no plan leaves it.
    """
    moved = 0.0 if solution.x is None else float(np.abs(model.cost) @ np.abs(solution.x))
    room = AGREED * max(1.0, moved)
    wrong = []
    if not abs(value - solution.value) <= room:
        wrong.append(f"value: {value:.12g} by the ledger, {solution.value:.12g} by the model's objective")
    bounds = {name: float(one) for name in ("dual", "solver") if isinstance(one := proof[name], float | int)}
    wrong += [
        f"value: {value:.12g} is above its bound of {bound:.12g} by the {name}"
        for name, bound in bounds.items()
        if not value <= bound + room
    ]
    if wrong:
        raise VerificationError(wrong)
    return min(bounds.values())


def _plan(
    dataset: Dataset,
    model: Model,
    found: tuple[Decisions, Solution, Mapping[str, JSON]],
    params: SolveParams,
    built: float,
) -> Plan:
    """Return the plan of all, without the values that it is compared with."""
    decisions, solution, proof = found
    books = accounts.ledger(dataset, decisions)
    value = books.value
    duals = None if solution.row_dual is None else duals_of(model, solution.row_dual)
    bound = _agreed(model, solution, value, proof)
    gap = relative_gap(bound, value)
    return Plan(
        dataset={"name": dataset.name, "digest": dataset.digest},
        scenario=dataset.scenario_record(),
        status="optimal" if gap <= params.gap else "feasible",
        value=value,
        bound=bound,
        gap=gap,
        decisions=decisions,
        proof=proof,
        shadow_prices=() if duals is None else listed(duals, limits=True),
        emissions={"co2": books.co2, "baseline_co2": None},
        solver={
            "name": solution.method,
            "seconds": round(params.seconds, 3),
            "build_seconds": round(built, 3),
            "variables": len(model.cost),
            "constraints": len(model.row_lower),
            "binaries": int(model.integer.sum()),
            "threads": params.threads,
            "nodes": solution.nodes,
            "seed": params.seed,
            "gap_asked": params.gap,
            "stopped_by_clock": gap > params.gap,
            "resumed": params.memory is not None and params.memory.resumed,
        },
    )


def _compared(network: Network, plan: Plan, params: SolveParams, executor: Executor | None) -> Outcome:
    """Return the outcome with the standalone values and the value of today added to the plan."""
    quiet = params.fresh(min(params.gap, 1e-6), ALONE)
    found = _all_alone(network.dataset, params, quiet, executor)
    values = {name: one.value for name, one in found.items()}
    still = [one.still for one in found.values() if one.still is not None]
    known = [value for value in values.values() if value is not None]
    # the status quo: no capital, deals only between enterprises, no policy constraints
    today = replace(everyone(network.places), aims=False, capital=False, deals=True)
    model, solution = _searched(network, today, quiet.fresh())
    current = None if solution.x is None else decode(model, solution.x)[0]
    books = None if current is None else accounts.ledger(network.dataset, current)
    plan = replace(
        plan,
        standalone=values,
        status_quo=sum(still, 0.0) if len(still) == len(found) else None,
        today=None if books is None else books.value,
        gain=plan.value - sum(known) if len(known) == len(values) else None,
        emissions={**plan.emissions, "baseline_co2": None if books is None else books.co2},
    )
    alone = {name: one.decisions for name, one in found.items() if one.decisions is not None}
    return Outcome(plan.status, plan, alone, current)


@dataclass(frozen=True, slots=True)
class Alone:
    """Standalone result of one enterprise.

    `value` is v({e}), that of its best plan, `decisions`, in money a year; both are None where no plan satisfies it.
    `still` is the value of its best plan without builds, and links that cost capex.
    """

    value: float | None
    decisions: Decisions | None
    still: float | None

    def record(self) -> str:
        """Encode as compressed text, since names repeat in its plan."""
        frames = None
        if self.decisions is not None:
            tables = {name: getattr(self.decisions, name) for name in Decisions.__dataclass_fields__}
            frames = {
                name: {str(key): (str(column.dtype), column.tolist()) for key, column in table.items()}
                for name, table in tables.items()
            }
        plain = json.dumps([self.value, self.still, frames])
        return base64.b64encode(zlib.compress(plain.encode())).decode()

    @classmethod
    def of(cls, record: str) -> Alone:
        """Decode from its record."""
        value, still, frames = json.loads(zlib.decompress(base64.b64decode(record)))
        if frames is None:
            return cls(value, None, still)
        tables = {
            name: pd.DataFrame({key: pd.Series(cells, dtype=kind) for key, (kind, cells) in columns.items()})
            for name, columns in frames.items()
        }
        return cls(value, Decisions(**tables), still)


def _all_alone(
    dataset: Dataset, params: SolveParams, quiet: SolveParams, executor: Executor | None
) -> dict[str, Alone]:
    """Return the standalone results of all enterprises, reusing those of earlier attempts of the run."""
    names = [str(name) for name in dataset["enterprises"]["enterprise"]]
    shelf = Shelf[str](params.memory, "alone", dataset.mark)
    known = {name: Alone.of(shelf.found[name]) for name in names if name in shelf.found}
    missing = [place for place, name in enumerate(names) if name not in known]
    params.say("standalone", done=len(known), total=len(names))
    left = iter(missing)
    for found in Spread(alone_of, (dataset, quiet), executor).results(missing):
        params.say("standalone", done=len(known) + len(found), total=len(names))
        new = {names[place]: one for one, place in zip(found, left, strict=False)}
        known.update(new)
        if params.memory is not None:
            shelf.put({name: one.record() for name, one in new.items()})
    shelf.put({}, now=True)
    return {name: known[name] for name in names}


def alone_of(needs: tuple[Dataset, SolveParams], *, brief: bool = False) -> Callable[[int], Alone]:
    """Return the function that solves the standalone problem of an enterprise, by its position.

    On a network and model of its own: a part of the round's network takes longer to search for candidates than these
    take to build, and the frame of all coalitions longer to solve. No other machine values one enterprise. `brief`:
    without `still`, and in no more than the time of the parameters.
    """
    dataset, params = needs
    places = places_of(dataset)

    def alone(index: int) -> Alone:
        members = np.arange(len(places.enterprises)) == index
        network = network_of(subset(dataset, {str(places.enterprises[index])}))
        # where there is one enterprise alone it is all of them, and the aims of the round bind it
        scope = everyone(places) if members.all() else coalition(members)
        model, solution = _searched(network, scope, params.fresh(), patient=not brief)
        decisions = None if solution.x is None else decode(model, solution.x)[0]
        value = None if decisions is None else accounts.ledger(network.dataset, decisions).value
        if brief:
            return Alone(value, decisions, None)
        _, still = _searched(network, replace(scope, capital=False), params.fresh())
        return Alone(value, decisions, None if still.x is None else still.value)

    return alone


def _searched(network: Network, scope: Scope, params: SolveParams, *, patient: bool = True) -> tuple[Model, Solution]:
    """Return the model of a scope and its solution.

    Patient: with a longer search for a first plan before reporting that there is none.
    """
    model = build(candidates_of(network, scope))
    solution = solve(model, params)
    if patient and solution.x is None and solution.status is not Status.INFEASIBLE:
        # no plan in time is not the same as no plan: null is said of the latter alone
        solution = solve(model, replace(params, gap=PATIENT_GAP, time_limit=params.seconds + PATIENT))
    return model, solution
