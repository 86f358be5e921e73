"""A better plan met on the way in the place of the plan: what it is compared with, and what still differs from it."""

from __future__ import annotations

from dataclasses import replace

from synergy.near_optimal.aims import Way
from synergy.near_optimal.features import Features
from synergy.plan import Plan


def in_place_of(plan: Plan, better: Plan) -> Plan:
    """Better plan, compared with what the plan was compared with: neither changes by it.

    Parameters
    ----------
    plan : Plan
        The one that is worth less.
    better : Plan
        Verified, compared with nothing.

    Returns
    -------
    Plan
        Without proposals and settlement.
    """
    gain = None if plan.gain is None else plan.gain + better.value - plan.value
    return replace(
        plan,
        status=better.status,
        value=better.value,
        gap=better.gap,
        decisions=better.decisions,
        solver=better.solver,
        emissions={**plan.emissions, "co2": better.emissions["co2"]},
        gain=gain,
        remainder=gain,  # no proposals are made of it here, so none carries any
        proposals=(),
        settlement=None,
        shadow_prices=(),
    )


def does_without(way: Way, subject: tuple[str, ...], plans: tuple[Features, Features]) -> bool:
    """Whether an alternative does without something that a plan has.

    Parameters
    ----------
    way, subject : Way and tuple of str
        What the alternative was looked for without, see `synergy.near_optimal.aims.Aim`.
    plans : tuple of Features
        The plan's, and the alternative's.
    """
    plan, other = plans
    if way is Way.BUILD:
        return subject in {(process, site) for process, site, _ in plan.builds}
    if way is Way.PROCESS:
        return subject[0] in {process for process, _, _ in plan.builds}
    if way is Way.LINK:
        return subject[:4] in plan.links
    if way is Way.PARTNER:
        return (min(subject), max(subject)) in plan.partnerships
    return other.capex < plan.capex if way is Way.CAPEX else len(other.partnerships) < len(plan.partnerships)
