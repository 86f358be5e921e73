"""What proposals are measured against: the enterprises alone, today, and the plan without one of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from synergy.plan import Decisions

Without = Callable[[Sequence[int], Sequence[int], Sequence[int]], float | None]
Own = Callable[[str, Sequence[int], Sequence[int], Sequence[int]], float | None]


@dataclass(frozen=True, slots=True)
class Context:
    """What a plan is compared with to say what each proposal brings.

    Parameters
    ----------
    standalone : mapping of str to Decisions
        Each enterprise's plan alone; empty where none was asked for (gains are then unknown).
    today : Decisions or None
        The plan behind `today`; where there is none, the plans alone stand for it.
    without : callable or None
        Value of the best plan without some flows, builds and links (positions in the plan's frames), the other
        builds and links held; None where there is no such plan. No callable: marginal gains are unknown.
    own : callable or None
        What an enterprise would lose at its own accounts without some flows, builds and links, all else of it held,
        before anybody pays anybody; None where it cannot do without them. No callable: own values are unknown.
    """

    standalone: Mapping[str, Decisions] = field(default_factory=dict)
    today: Decisions | None = None
    without: Without | None = None
    own: Own | None = None
