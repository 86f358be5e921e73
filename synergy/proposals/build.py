"""From a plan to its proposals: what belongs together, what it brings, how it is called."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from synergy.plan import Plan, Proposal
from synergy.proposals.booked import booked, side_by_side
from synergy.proposals.bundles import bundle
from synergy.proposals.context import Context
from synergy.proposals.ends import owners
from synergy.proposals.figures import Attribution, figures
from synergy.proposals.kinds import before, kinds
from synergy.proposals.names import names
from synergy.proposals.own import own_parts
from synergy.proposals.quality import blends
from synergy.proposals.states import states
from synergy.proposals.telling import Scene, tell
from synergy.texts import LANGUAGES

if TYPE_CHECKING:
    from synergy.dataset.dataset import Dataset
    from synergy.proposals.booked import Booked
    from synergy.proposals.kinds import Before

__all__ = ["Context", "propose"]


def propose(dataset: Dataset, plan: Plan, context: Context) -> tuple[tuple[Proposal, ...], float | None]:
    """Return the proposals of a plan, by gain, and the part of the gain that none of them carries.

    A build with its suppliers, host and buyers is one proposal; direct exchanges are one a pair of owners and
    commodity (see `synergy.proposals.bundles`). The gain of a proposal is the change of value, against the
    enterprises' plans alone, of

    - its own flows, runs, builds and links, and
    - every other flow, run and level that changes because of it, found by following the changed quantities from
      balance to balance until a proposal is reached (see `synergy.proposals.gains.walk`).

    A flow between two builds counts half for each; annuities of a link are borne by quantity sent over it. What
    reaches no proposal is the remainder, so that gains and remainder sum to the plan's gain. A proposal that the plan
    cannot spare carries no loss while its partners gain by others (`synergy.proposals.losses.borne`).

    Parameters
    ----------
    dataset : Dataset
        The tables with the settings in force.
    plan : Plan
        The plan; `value` and `gain` are taken from it, its `proposals` are not looked at.
    context : Context
        What it is compared with.

    Returns
    -------
    proposals : tuple of Proposal
        By falling gain, then id. `co2_saved` is against `today` where that is known, else against the plans alone;
        its sum and what changes outside proposals make up the whole change. `payback_years` is capex over gain plus
        annuities, None where these are not positive or unknown.
    remainder : float or None
        The plan's gain less the proposals' gains; None where the gain is unknown.
    """
    owner = owners(dataset)
    now = booked(dataset, plan.decisions, owner)
    lone = None if plan.gain is None else side_by_side(tuple(context.standalone.values()), plan.decisions)
    alone = None if lone is None else booked(dataset, lone, owner)
    today = None if context.today is None else booked(dataset, context.today, owner)
    bundles = bundle(now, alone)
    against = Attribution(dataset, owner, alone, today)
    numbers = figures(now, bundles, against)
    opened = np.diff(numbers.links.indptr) > 0
    scene = Scene(
        dataset=dataset,
        plan=plan,
        context=context,
        now=now,
        bundles=bundles,
        figures=numbers,
        own=own_parts(now, bundles, against),
        blends=blends(dataset, now.flows),
        kinds=tuple(kinds(dataset, bundles, now.flows, _before(alone, today), opened)),
        states=tuple(states(dataset, bundles, now.flows, owner)),
        names={lang: names(dataset, lang) for lang in LANGUAGES},
    )
    told = sorted(tell(scene), key=lambda one: (-(one.gain or 0.0), one.id))
    remainder = None if plan.gain is None else plan.gain - math.fsum(one.gain or 0.0 for one in told)
    return tuple(told), remainder


def _before(alone: Booked | None, today: Booked | None) -> Before:
    """Return what was there before: today, else the enterprises alone, else nothing known."""
    side = today or alone
    return before(None, None) if side is None else before(side.flows, side.runs)
