"""Round: one matching run with its inputs and outputs; it calls the other packages and computes nothing itself."""

from __future__ import annotations

import time
from contextlib import nullcontext
from dataclasses import dataclass, replace

from synergy.coalitions.parallel import pool
from synergy.coalitions.settle import Loss, priced, refuse_early, settled
from synergy.dataset.sheet import Dataset
from synergy.engine import Outcome, match
from synergy.halting import SETTLED_S, Halted, halting, within
from synergy.model.solve_params import Control
from synergy.options import Options, params_of
from synergy.plan import Plan
from synergy.proposals.build import Context, propose
from synergy.verification.verify import assert_valid


@dataclass(frozen=True, slots=True)
class Round:
    """A matching run: inputs, how it was run, how it ended; `plan` is verified, None where there is none."""

    dataset: Dataset
    options: Options
    outcome: Outcome
    plan: Plan | None


def run(dataset: Dataset, options: Options | None = None, control: Control | None = None) -> Round:
    """Match a dataset: best plan, settlement, proposals, verification.

    Parameters
    ----------
    dataset : Dataset
        Checked tables and settings.
    options : Options, optional
        Stop conditions, and results to compute beside the plan.
    control : Control, optional
        Who listens, who may stop it, where solvers run side by side, and where checkpoints go.

    Raises
    ------
    UsageError
        The settlement asked for does not exist, or is not defined for this dataset.
    VerificationError
        The plan does not follow from the dataset: a fault of the engine, and no plan leaves it.
    """
    options, control, begun = options or Options(), control or Control(), time.monotonic()
    shares = options.settlement not in ("none", "standalone")
    if shares:
        refuse_early(dataset, options.settlement)
    given = nullcontext(control.executor)
    with halting(control.stop), pool(options.workers) if control.executor is None else given as side:
        control = replace(control, executor=side)
        outcome = match(dataset, options, control)
        plan = outcome.plan
        if plan is not None and plan.standalone is not None:
            if shares and outcome.found is not None:
                try:
                    with within(SETTLED_S):
                        plan = settled(plan, outcome.found, options, control)
                except Halted:
                    params_of(options, control).say("unsettled")
            own = None if outcome.found is None or plan.settlement is None else Loss(dataset, *outcome.found).of
            context = Context(standalone=outcome.standalone, today=outcome.today, without=outcome.without, own=own)
            proposals, remainder = propose(dataset, plan, context)
            plan = priced(replace(plan, proposals=proposals, remainder=remainder))
        if plan is not None:
            assert_valid(dataset, plan, outcome.standalone, outcome.today)
    if plan is not None:  # the time of the whole run beside that of the search
        before = 0.0 if control.memory is None else control.memory.seconds
        plan = replace(plan, solver={**plan.solver, "run_seconds": round(before + time.monotonic() - begun, 3)})
    return Round(dataset, options, replace(outcome, plan=plan), plan)
