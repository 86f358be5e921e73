"""Facts that an explanation tells, whose data each rests on, and the one rule for who may see it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

PLANNER = ""  # the asker who may see everything
UNKNOWN = frozenset({"*"})  # rests on anybody's data: no firm sees it
PUBLIC: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Fact:
    """A figure or a word of an explanation.

    Parameters
    ----------
    value : float or str or None
        In units of the commodity, money of the dataset, km; as the name of the fact says.
    private : frozenset of str
        Enterprises on whose own data it rests; `PUBLIC` where on none, `UNKNOWN` unless it is said.
    shared : frozenset of str
        Enterprises that know it from each other, as both ends of an exchange know its quantity.
    """

    value: Any
    private: frozenset[str] = UNKNOWN
    shared: frozenset[str] = frozenset()


def may_see(asker: str, fact: Fact) -> bool:
    """Return whether somebody may see a fact: what is public, its own or shared with it, and nothing else.

    Parameters
    ----------
    asker : str
        Enterprise, or `PLANNER`.
    fact : Fact

    Returns
    -------
    bool
        The planner sees everything. A dual price is a rival's cost by another name, so what comes from solving rests
        on everybody's data and is nobody's to see.
    """
    if asker == PLANNER:
        return True
    return asker in fact.shared or fact.private <= {asker}


def seen(asker: str, facts: Mapping[str, Fact]) -> dict[str, Any]:
    """Return the values that somebody may see, by name."""
    return {name: fact.value for name, fact in facts.items() if may_see(asker, fact)}


@dataclass(frozen=True, slots=True)
class Reason:
    """Why an exchange is not in a plan, or is.

    Parameters
    ----------
    code : str
        Name in `synergy.explanation.texts.REASONS`.
    facts : mapping of str to Fact
        ``number`` is by how much, where there is such a figure.
    """

    code: str
    facts: Mapping[str, Fact] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Change:
    """A change that brings an exchange in, or throws it out, checked by solving again.

    Parameters
    ----------
    kind : str
        Name in `synergy.explanation.texts.CHANGES`.
    facts : mapping of str to Fact
        ``amount`` is the smallest that suffices, ``quantity`` what is exchanged then.
    tables, settings : mapping
        The change as a scenario fragment where tables or settings can say it.
    after : tuple of str
        Codes of the obstacles that have to be taken away as well.
    whole : tuple of float
        What the exchange needs opened or built then, in the order of `synergy.explanation.trial.Exchange.own`; empty
        where it is the same as without the change.
    """

    kind: str
    facts: Mapping[str, Fact] = field(default_factory=dict)
    tables: Mapping[str, list[dict[str, Any]]] = field(default_factory=dict)
    settings: Mapping[str, Any] = field(default_factory=dict)
    after: tuple[str, ...] = ()
    whole: tuple[float, ...] = ()
