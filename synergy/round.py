"""Round: one matching run with all that went in and came out; it calls the rooms and computes nothing itself."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import Executor
from contextlib import nullcontext
from dataclasses import dataclass, replace

from synergy.coalitions.loss import Loss
from synergy.coalitions.parallel import pool
from synergy.coalitions.settle import Wish, priced, refuse_early, settled
from synergy.coalitions.solver import Depth
from synergy.dataset.sheet import Dataset
from synergy.engine import Options, Outcome, match
from synergy.halting import SETTLED_S, Halted, halting, within
from synergy.model.solve_params import Effort, Listener, Memory
from synergy.plan import Plan
from synergy.proposals.build import Context, propose
from synergy.verification.verify import assert_valid


@dataclass(frozen=True, slots=True)
class Round:
    """A matching run.

    Parameters
    ----------
    dataset : Dataset
        What went in.
    options : Options
        How it was run.
    outcome : Outcome
        How it ended.
    """

    dataset: Dataset
    options: Options
    outcome: Outcome

    @property
    def plan(self) -> Plan | None:
        """Return the verified plan with its proposals, None where there is none."""
        return self.outcome.plan


def run(
    dataset: Dataset,
    options: Options | None = None,
    listen: Listener | None = None,
    stop: Callable[[], bool] | None = None,
    executor: Executor | None = None,
    memory: Memory | None = None,
) -> Round:
    """Match a dataset: best plan, settlement, proposals, verification.

    Parameters
    ----------
    dataset : Dataset
        Checked tables and settings.
    options : Options, optional
        When to stop and what to compute beside the plan.
    listen, stop : callable, optional
        See `synergy.engine.match`.
    executor : concurrent.futures.Executor, optional
        Where enterprises and coalitions are solved side by side, on this machine or on many; without one, as many
        processes as `Options.workers` says.
    memory : Memory, optional
        See `synergy.engine.match`.

    Returns
    -------
    Round

    Raises
    ------
    UsageError
        The settlement asked for does not exist, or is not defined for this dataset.
    VerificationError
        The plan does not follow from the dataset: a fault of the engine, and no plan leaves it.
    """
    options, begun = options or Options(), time.monotonic()
    if options.settlement not in ("none", "standalone"):
        refuse_early(dataset, options.settlement)
    with halting(stop), pool(options.workers) if executor is None else nullcontext(executor) as side:
        outcome = _settled(
            dataset, options, match(dataset, options, listen, stop, side, memory), (listen, stop, side, memory)
        )
        outcome = _proposed(dataset, outcome)
    before = 0.0 if memory is None else memory.seconds
    return Round(dataset, options, _timed(outcome, before + time.monotonic() - begun))


def _timed(outcome: Outcome, seconds: float) -> Outcome:
    """Outcome whose plan tells how long the whole run took, beside the search alone."""
    if outcome.plan is None:
        return outcome
    solver = {**outcome.plan.solver, "run_seconds": round(seconds, 3)}
    return replace(outcome, plan=replace(outcome.plan, solver=solver))


def _proposed(dataset: Dataset, outcome: Outcome) -> Outcome:
    """Return the outcome with the proposals of its plan, verified."""
    if outcome.plan is not None:
        plan = outcome.plan
        if plan.standalone is not None:
            own = None if outcome.found is None or plan.settlement is None else Loss(dataset, *outcome.found).of
            context = Context(standalone=outcome.standalone, today=outcome.today, without=outcome.without, own=own)
            proposals, remainder = propose(dataset, plan, context)
            plan = priced(replace(plan, proposals=proposals, remainder=remainder))
        assert_valid(dataset, plan, outcome.standalone, outcome.today)
        outcome = replace(outcome, plan=plan)
    return outcome


def _settled(
    dataset: Dataset,
    options: Options,
    outcome: Outcome,
    side: tuple[Listener | None, Callable[[], bool] | None, Executor | None, Memory | None],
) -> Outcome:
    """Return the outcome with the plan's settlement, where one is asked for."""
    asked = options.settlement not in ("none", "standalone")
    if not asked or outcome.plan is None or outcome.found is None or outcome.plan.standalone is None:
        return outcome
    depth = Depth(threads=options.threads, seed=options.seed)
    wish = Wish(options.settlement, depth, options.price_step, options.base, options.prices)
    listen, stop, executor, memory = side
    effort = Effort(options.gap, options.time_limit, options.threads, options.seed, listen, stop, memory=memory)
    try:
        with within(SETTLED_S):
            return replace(outcome, plan=settled(dataset, outcome.plan, outcome.found, wish, (effort, executor)))
    except Halted:
        effort.say("unsettled")
        return outcome
