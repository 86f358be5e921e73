"""Explain as the command line does it: one exchange, or an enterprise's nearest ones."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from synergy.cli.show import Asked
from synergy.cli.talk import Talk

if TYPE_CHECKING:
    from synergy.explanation.answer import Answer

NEAREST_SCHEMA = "synergy/nearest/1"


@dataclass(frozen=True, slots=True)
class Why:
    """What is asked.

    Parameters
    ----------
    plan : pathlib.Path
        Plan document.
    origin, target, commodity, period, mode : str or None
        The exchange.
    enterprise : str or None
        Whose nearest exchanges, instead of one exchange.
    asker : str
        Enterprise as which is asked, "" for the planner.
    """

    plan: Path
    origin: str | None
    target: str | None
    commodity: str | None
    period: str | None
    mode: str | None
    enterprise: str | None
    asker: str


def explain_plan(talk: Talk, asked: Asked, why: Why) -> int:
    """Print why an exchange is in a plan or not."""
    exchange = (why.origin, why.target, why.commodity)
    if why.enterprise is None and None in exchange:
        raise click.UsageError(talk.say("explain.which"))
    if why.asker and why.enterprise not in (None, why.asker):
        raise click.UsageError(talk.say("explain.own", name=why.asker))
    from synergy.explanation.explain import Explainer
    from synergy.explanation.nearest import nearest
    from synergy.explanation.question import Question
    from synergy.records.files import read_plan

    explainer = Explainer(asked.read(), read_plan(why.plan))
    if why.enterprise is not None:
        _print_nearest(talk, asked, why, nearest(explainer, why.enterprise, firm=bool(why.asker)))
        return 0
    ends = str(why.origin), str(why.target), str(why.commodity)
    question = Question(ends[0], ends[1], ends[2], why.period or "", why.mode or "")
    answer = explainer.ask(question)
    if asked.as_json:
        talk.document(answer.record(why.asker))
    else:
        talk.line(answer.text(talk.lang, why.asker))
    return 0


def _print_nearest(talk: Talk, asked: Asked, why: Why, answers: tuple[Answer, ...]) -> None:
    """Print the nearest exchanges of an enterprise."""
    if asked.as_json:
        records = [answer.record(why.asker) for answer in answers]
        talk.document({"schema": NEAREST_SCHEMA, "enterprise": why.enterprise, "nearest": records})
        return
    talk.line(talk.say("explain.nearest" if answers else "explain.nobody", name=why.enterprise))
    for answer in answers:
        talk.line("")
        talk.line(answer.text(talk.lang, why.asker))
