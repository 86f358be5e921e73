"""Facts of an explanation, the enterprises whose data each depends on, and the visibility rule."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from synergy.scenario import Cell

PLANNER = ""  # the asker who may see everything
Row = Mapping[str, Cell]  # of a table, as a scenario has it
UNKNOWN = frozenset({"*"})  # rests on anybody's data: no firm sees it
PUBLIC: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Fact:
    """Figure or word of an explanation, with the enterprises that may see it.

    Parameters
    ----------
    value : float or str or None
        In units of the commodity, money of the dataset, km; as the name of the fact says.
    private : frozenset of str
        Enterprises on whose own data it rests; `PUBLIC` where on none, `UNKNOWN` by default.
    shared : frozenset of str
        Enterprises that know it from each other, as both ends of an exchange know its quantity.
    """

    value: Any
    private: frozenset[str] = UNKNOWN
    shared: frozenset[str] = frozenset()


def may_see(asker: str, fact: Fact) -> bool:
    """Return whether an asker may see a fact: public, its own or shared with it; the planner sees every fact.

    A dual price is a rival's cost by another name, so results of solves rest on the data of all enterprises and are
    visible to the planner only.
    """
    if asker == PLANNER:
        return True
    return asker in fact.shared or fact.private <= {asker}


def seen(asker: str, facts: Mapping[str, Fact]) -> dict[str, Any]:
    """Return the values visible to an asker, by name."""
    return {name: fact.value for name, fact in facts.items() if may_see(asker, fact)}


@dataclass(frozen=True, slots=True)
class AnswerReason:
    """Reason why an exchange is in a plan or not: a code of `synergy.explanation.texts.REASONS`, with facts.

    The fact ``number`` is by how much, where there is such a figure.
    """

    code: str
    facts: Mapping[str, Fact] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Change:
    """Change that brings an exchange into the plan or removes it, confirmed by re-solving.

    Parameters
    ----------
    kind : str
        Name in `synergy.explanation.texts.CHANGES`.
    facts : mapping of str to Fact
        ``amount`` is the smallest that suffices, ``quantity`` the quantity exchanged then.
    tables, settings : mapping
        The change as a scenario fragment where tables or settings can express it.
    after : tuple of str
        Codes of the obstacles that have to be taken away as well.
    whole : tuple of float
        Integer decisions that the exchange needs then, in the order of `synergy.explanation.trial.Exchange.own`; empty
        where it is the same as without the change.
    """

    kind: str
    facts: Mapping[str, Fact] = field(default_factory=dict)
    tables: Mapping[str, Sequence[Row]] = field(default_factory=dict)
    settings: Mapping[str, Any] = field(default_factory=dict)
    after: tuple[str, ...] = ()
    whole: tuple[float, ...] = ()
