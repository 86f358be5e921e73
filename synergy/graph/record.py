"""Pathways as a plain JSON record, names and arrows in both languages."""

from __future__ import annotations

from math import isfinite
from typing import Any

from synergy.dataset.dataset import Dataset
from synergy.graph.margins import Scale
from synergy.graph.pathways import Pathway, Pathways
from synergy.graph.prices import LEVELS
from synergy.network.places import Floats
from synergy.proposals.names import Names, names
from synergy.texts import LANGUAGES

SCHEMA = "synergy/pathways/1"


def pathways_record(dataset: Dataset, found: Pathways) -> dict[str, Any]:
    """Return pathways as a plain JSON record.

    Parameters
    ----------
    dataset : Dataset
        For names and units.
    found : Pathways

    Returns
    -------
    dict
        Money in the dataset's currency per unit of the commodity, amounts a year; what has no end is None.
    """
    said = {lang: names(dataset, lang) for lang in LANGUAGES}
    return {
        "schema": SCHEMA,
        "dataset": {"name": dataset.name, "digest": dataset.digest},
        "commodity": found.commodity,
        "unit": said["en"].unit[found.commodity],
        "currency": dataset.settings.currency,
        "depth": found.depth,
        "holders": [{"enterprise": name, "quantity": size} for name, size in found.held.items()],
        "there": sum(found.held.values()),
        "bought": found.bought if isfinite(found.bought) else None,
        "given_up": dict(zip(LEVELS, found.worth, strict=True)),
        "chains": [_chain(place, one, said) for place, one in enumerate(found.chains, 1)],
        "aids": list(found.aids),
        "closed": list(found.closed),
        "cut": found.cut,
    }


def _chain(place: int, pathway: Pathway, said: dict[str, Names]) -> dict[str, Any]:
    best = pathway.best
    return {
        "rank": place,
        **{f"title_{lang}": arrow(pathway, of) for lang, of in said.items()},
        "steps": _steps(pathway),
        "amounts": pathway.line.amounts,
        "margin": _levels(best.margin),
        "margin_standing": _levels(best.standing),
        "added": pathway.added,
        "quantity": best.quantity,
        "least": pathway.least,
        "lacking": pathway.lacking,
        "firms": pathway.firms,
        "short": best.short,
        "unsold": best.unsold,
        "loop": pathway.loop,
        "minor": pathway.minor,
        "ends": pathway.ends,
        "scales": [_scale(scale) for scale in pathway.scales],
    }


def _steps(pathway: Pathway) -> list[dict[str, Any]]:
    rows = zip(pathway.chain, pathway.line.technologies, pathway.line.activity, strict=True)
    return [
        {
            "process": process,
            "takes": taken,
            "activity": activity,
            "buildable": bool(technology.steps),
            "policy_min": technology.policy_min,
            "facilities": [
                {"facility": unit.facility, "site": unit.site, "enterprise": unit.owner, "capacity": unit.capacity}
                for unit in technology.facilities
            ],
        }
        for (process, taken), technology, activity in rows
    ]


def _scale(scale: Scale) -> dict[str, Any]:
    return {
        "quantity": scale.quantity,
        "margin": _levels(scale.margin),
        "margin_standing": _levels(scale.standing),
        "capex": scale.capex,
        "units": [{name: getattr(unit, name) for name in type(unit).__slots__} for unit in scale.units],
    }


def _levels(money: Floats) -> dict[str, float]:
    return dict(zip(LEVELS, money.tolist(), strict=True))


def products(pathway: Pathway, most: int = 3) -> list[str]:
    """Return what the last step of a chain makes and sells, the greatest amounts first."""
    recipe = pathway.line.technologies[-1].recipe
    made = [name for name, size in recipe.items() if size > 0 and name in pathway.best.fetched]
    return sorted(made, key=lambda name: -pathway.best.fetched[name])[:most]


def arrow(pathway: Pathway, said: Names) -> str:
    """Return a chain as one line: what is taken, the process, what it makes.

    Parameters
    ----------
    pathway : Pathway
    said : Names
        Names in one language.
    """
    parts = [f"{said.commodity[taken]} → {said.process[process]}" for process, taken in pathway.chain]
    joined = ("、" if said.lang == "zh" else ", ").join(said.commodity[name] for name in products(pathway))
    return " → ".join([*parts, joined] if joined else parts)
