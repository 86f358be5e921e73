"""Analysis commands: pathways, alternatives, explain and sensitivity."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from synergy.cli.console import Command, Number, Talk, hears_keys, in_language, reads_dataset
from synergy.cli.matching import CommandInput

if TYPE_CHECKING:
    from synergy.explanation.answer import Answer

NEAREST_SCHEMA = "synergy/nearest/1"


def _json(command: Command) -> Command:
    return click.option("--json", "as_json", is_flag=True)(command)


def asked_of(given: dict[str, Any]) -> CommandInput:
    """Return the input and output options of a command."""
    every = bool(given.get("every"))
    return CommandInput(given["dataset"], given["scenario"], dict(given["settings"]), given["as_json"], every)


@click.command()
@reads_dataset
@click.option("--commodity", required=True)
@click.option("--depth", type=Number(1, whole=True, most=12), default=4)
@_json
@click.option("--all", "every", is_flag=True)
@in_language
@click.pass_obj
@hears_keys
def pathways(talk: Talk, /, **given: Any) -> int:
    """Show the processing chains of a commodity."""
    from synergy.cli.study_output import show_pathways

    return show_pathways(talk, asked_of(given), given["commodity"], given["depth"])


@click.command()
@reads_dataset
@click.argument("plan", type=click.Path(path_type=Path))
@click.option("--within", type=Number(0, most=1), default=0.02)
@click.option("--time-limit", type=Number(0, above=True), default=120.0)
@_json
@in_language
@click.pass_obj
@hears_keys
def alternatives(talk: Talk, /, **given: Any) -> int:
    """Show near-optimal alternatives to a plan."""
    from synergy.cli.study_output import show_alternatives

    return show_alternatives(talk, asked_of(given), given["plan"], given["within"], given["time_limit"])


@click.command()
@reads_dataset
@click.argument("plan", type=click.Path(path_type=Path))
@click.option("--from", "origin", metavar="SITE")
@click.option("--to", "target", metavar="SITE")
@click.option("--commodity", metavar="ID")
@click.option("--period", metavar="ID")
@click.option("--mode", metavar="MODE")
@click.option("--enterprise", metavar="ID")
@click.option("--view", type=click.Choice(["planner", "firm"]), default=None)
@click.option("--as", "asker", metavar="ENTERPRISE")
@_json
@in_language
@click.pass_obj
@hears_keys
def explain(talk: Talk, /, **given: Any) -> int:
    """Explain why an exchange is or is not part of a plan."""
    view = given["view"] or ("firm" if given["asker"] else "planner")
    if (view == "firm") != (given["asker"] is not None):
        raise click.UsageError(talk.say("explain.as"))
    names = ("origin", "target", "commodity", "period", "mode", "enterprise")
    exchange = {name: given[name] for name in names}
    return explain_plan(talk, asked_of(given), Why(plan=given["plan"], asker=given["asker"] or "", **exchange))


@click.command()
@reads_dataset
@click.argument("plan", type=click.Path(path_type=Path), required=False)
@click.option("--time-limit", type=Number(0, above=True), default=180.0)
@_json
@click.option("--all", "every", is_flag=True)
@in_language
@click.pass_obj
@hears_keys
def sensitivity(talk: Talk, /, **given: Any) -> int:
    """Show the uncertain figures most worth verifying."""
    from synergy.cli.study_output import show_sensitivity

    return show_sensitivity(talk, asked_of(given), given["plan"], given["time_limit"])


STUDIES = (pathways, alternatives, explain, sensitivity)


@dataclass(frozen=True, slots=True)
class Why:
    """Question about an exchange or about the nearest exchanges of an enterprise.

    Parameters
    ----------
    plan : pathlib.Path
        Plan document.
    origin, target, commodity, period, mode : str or None
        Exchange in question.
    enterprise : str or None
        Enterprise whose nearest exchanges are explained instead of one exchange.
    asker : str
        Enterprise whose viewpoint is used; "" for the planner.
    """

    plan: Path
    origin: str | None
    target: str | None
    commodity: str | None
    period: str | None
    mode: str | None
    enterprise: str | None
    asker: str


def explain_plan(talk: Talk, asked: CommandInput, why: Why) -> int:
    """Print the explanation of an exchange, or of the nearest exchanges of an enterprise."""
    exchange = (why.origin, why.target, why.commodity)
    if why.enterprise is None and None in exchange:
        raise click.UsageError(talk.say("explain.which"))
    if why.asker and why.enterprise not in (None, why.asker):
        raise click.UsageError(talk.say("explain.own", name=why.asker))
    from synergy.explanation.explain import Explainer, nearest
    from synergy.explanation.trial import Question
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


def _print_nearest(talk: Talk, asked: CommandInput, why: Why, answers: tuple[Answer, ...]) -> None:
    """Print the explanations of the nearest exchanges of an enterprise."""
    if asked.as_json:
        records = [answer.record(why.asker) for answer in answers]
        talk.document({"schema": NEAREST_SCHEMA, "enterprise": why.enterprise, "nearest": records})
        return
    talk.line(talk.say("explain.nearest" if answers else "explain.nobody", name=why.enterprise))
    for answer in answers:
        talk.line("")
        talk.line(answer.text(talk.lang, why.asker))
