"""How a run goes: what it does, best plan, bound and gap, and their curve over time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import takewhile
from typing import Any

from markupsafe import Markup
from synergy.web.figures.curve import Told, curve
from synergy.web.figures.svg import Naming
from synergy.web.texts import WORDS, word

from synergy.store.names import MatchState
from synergy.texts import figure, unit

Record = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Live:
    """A run as it is now, for people.

    Parameters
    ----------
    match, number : int
        The run.
    state : str
        Of `MatchState`.
    waiting : int
        Seconds since it was asked for, while no worker has it.
    figures : tuple of tuple of str
        Labels and texts.
    curve : markupsafe.Markup
        Best plan and bound over time; "" before the first plan.
    at : datetime.datetime
        When this is so.
    """

    match: int
    number: int
    state: str
    waiting: int
    figures: tuple[tuple[str, str], ...]
    curve: Markup
    at: datetime

    @property
    def over(self) -> bool:
        """Return whether the run has ended."""
        return self.state not in (MatchState.REQUESTED, MatchState.RUNNING)


def live(run: Record, told: Sequence[Record], how: tuple[str, str], now: datetime) -> Live:
    """Return how a run goes.

    Parameters
    ----------
    run : mapping
        Of `synergy.store.seeing.see_matches`.
    told : sequence of mapping
        What it has told of itself.
    how : tuple of str
        Language and currency.
    now : datetime.datetime
        UTC.
    """
    lang, currency = how
    # a run that another worker took over begins anew
    mine = [one for one in told if one["attempt"] == run["attempt"]]
    searched = _searched(mine)
    best, bound, gap = (_latest(searched, name) for name in ("best", "bound", "gap"))
    said: list[tuple[str, str]] = []
    if mine:
        last = mine[-1]
        steps = f" {last['done']}/{last['total']}" if last["total"] else ""
        said = [
            (word("live.phase", lang), phase(last["phase"], lang) + steps),
            (word("live.best", lang), _money(best, lang, currency)),
            (word("live.bound", lang), _money(bound, lang, currency)),
            (word("live.gap", lang), "–" if gap is None else f"{gap:.2%}"),
            (word("live.since", lang), word("round.seconds", lang, seconds=f"{last['seconds']:,.0f}")),
        ]
    points = [Told(one["seconds"], one["best"], one["bound"]) for one in searched]
    naming = Naming("live-curve", word("live.curve", lang), word("live.curve.desc", lang))
    drawn = curve(
        points, (word("live.best", lang), word("live.bound", lang)), lambda value: _money(value, lang, currency), naming
    )
    waiting = (
        int((now - datetime.fromisoformat(run["requested"])).total_seconds()) if run["state"] == "requested" else 0
    )
    return Live(run["match"], run["number"], run["state"], waiting, tuple(said), drawn, now)


# from the first of these on, figures are of an enterprise or a group, not of the plan of all
_AFTER = frozenset({"standalone", "settlement", "prices"})


def _searched(told: Sequence[Record]) -> list[Record]:
    """Return what was told while the plan of all was looked for."""
    return list(takewhile(lambda one: one["phase"] not in _AFTER, told))


def phase(name: str, lang: str) -> str:
    """Return what a run does, its own word where the pages have none."""
    key = f"phase.{name}"
    return word(key, lang) if key in WORDS else name


def _latest(told: Sequence[Record], name: str) -> float | None:
    return next((one[name] for one in reversed(told) if one[name] is not None), None)


def _money(value: float | None, lang: str, currency: str) -> str:
    return "–" if value is None else f"{figure(value, 'money', lang)} {unit('money_year', lang, currency)}"


def took(run: Record, lang: str) -> str:
    """Return how long a run took, a dash before its end."""
    if run["started"] is None or run["finished"] is None:
        return "–"
    begun, ended = (datetime.fromisoformat(run[name]) for name in ("started", "finished"))
    return word("round.seconds", lang, seconds=f"{(ended - begun).total_seconds():,.0f}")
