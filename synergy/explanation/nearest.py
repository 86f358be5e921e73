"""Nearest: the partners that an enterprise without a proposal is nearest to, and what keeps them out."""

from __future__ import annotations

import numpy as np
import pandas as pd

from synergy.errors import UsageError
from synergy.explanation.answer import Answer
from synergy.explanation.explain import Explainer
from synergy.explanation.question import Question
from synergy.explanation.sides import unit_gains
from synergy.explanation.trial import FORCED, Trial
from synergy.network.links import between_enterprises
from synergy.network.places import Bools, positions

NEAREST = 3


def nearest(explainer: Explainer, enterprise: str, *, firm: bool = False, most: int = NEAREST) -> tuple[Answer, ...]:
    """Return the explanations of an enterprise's nearest exchanges that are not in the plan, one a partner.

    Parameters
    ----------
    explainer : Explainer
    enterprise : str
    firm : bool
        Nearest by kilometres, which are public; else by the money that is missing.
    most : int
        How many partners.

    Returns
    -------
    tuple of Answer
        Fewer where nobody else has or takes what the enterprise takes or has.

    Raises
    ------
    UsageError
        No such enterprise.
    """
    trial = explainer.trial
    names = [str(name) for name in trial.network.places.enterprises]
    if enterprise not in names:
        raise UsageError(f"no such enterprise: {enterprise!r} / 没有这家企业：{enterprise!r}")
    index = names.index(enterprise)
    table = pd.concat([_possible(trial, index), _remote(trial, index)], ignore_index=True)
    table = table[~_planned(explainer, table)]
    order = ["remote", "km" if firm else "missing", "origin", "target", "commodity"]
    table = table.sort_values(order, kind="stable").drop_duplicates("partner").head(most)
    places = trial.network.places
    rows = zip(table["origin"], table["target"], table["commodity"], strict=True)
    return tuple(
        explainer.ask(Question(str(places.sites[a]), str(places.sites[b]), str(places.commodities[c])))
        for a, b, c in rows
    )


def _planned(explainer: Explainer, table: pd.DataFrame) -> Bools:
    """Return which pairs the plan has, over any mode; solved again, another plan of the same value may differ."""
    places, flows = explainer.trial.network.places, explainer.plan.decisions.flows
    known = {"origin": places.sites, "target": places.sites, "commodity": places.commodities}
    stated = zip(("from_site", "to_site", "commodity"), known.values(), strict=True)
    planned = pd.MultiIndex.from_arrays([positions(flows[name], ids) for name, ids in stated])
    return np.asarray(pd.MultiIndex.from_frame(table[list(known)]).isin(planned))


def _possible(trial: Trial, enterprise: int) -> pd.DataFrame:
    """Return the exchanges with others that could be: money missing a year, and km."""
    network, flow = trial.network, trial.model.column("flow")
    places, arcs, links = network.places, network.arcs, network.links
    if not len(flow):
        return _table(trial, enterprise, np.empty((3, 0), np.int64), np.empty(0), np.empty(0))
    arc = flow.key["arc"]
    ends = np.stack([network.sources.site[arcs.outlet[arc]], network.sinks.site[arcs.inlet[arc]]])
    good = network.sources.commodity[arcs.outlet[arc]]
    mine = between_enterprises(places, *ends) & (places.owner[ends] == enterprise).any(axis=0)
    hit = np.flatnonzero(mine)
    columns = flow.start + hit
    upper = trial.model.upper[columns]
    amount = FORCED * np.where(np.isfinite(upper), upper, 1.0)
    opened = np.append(links.annual, 0.0)[arcs.link[arc[hit]]]
    missing = np.maximum(-unit_gains(trial, columns), 0.0) * amount + opened
    km = arcs.over(links.km, 0.0)[arc[hit]]
    table = _table(trial, enterprise, np.stack([*ends[:, hit], good[hit]]), missing, km)
    return table.assign(remote=0)


def _remote(trial: Trial, enterprise: int) -> pd.DataFrame:
    """Return the pairs with others that are too far or banned."""
    remote, places = trial.network.remote, trial.network.places
    mine = between_enterprises(places, remote.origin, remote.target)
    mine &= (places.owner[remote.origin] == enterprise) | (places.owner[remote.target] == enterprise)
    hit = np.flatnonzero(mine)
    pairs = np.stack([remote.origin[hit], remote.target[hit], remote.commodity[hit]])
    return _table(trial, enterprise, pairs, remote.number[hit], remote.number[hit]).assign(remote=1)


def _table(trial: Trial, enterprise: int, pairs: np.ndarray, missing: np.ndarray, km: np.ndarray) -> pd.DataFrame:
    """Return pairs (origin, target, commodity) with the other enterprise of each."""
    owner = trial.network.places.owner
    partner = np.where(owner[pairs[0]] == enterprise, owner[pairs[1]], owner[pairs[0]])
    columns = dict(zip(("origin", "target", "commodity"), pairs, strict=True))
    return pd.DataFrame({**columns, "partner": partner, "missing": missing, "km": km})
