"""Analysis commands: pathways, alternatives, explain and sensitivity."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Unpack

import click

from synergy.cli.console import Talk
from synergy.cli.matching import CommandInput
from synergy.cli.options import DatasetOptions, Number, hears_keys, prints_json, reads_dataset

if TYPE_CHECKING:
    from synergy.explanation.answer import Answer

NEAREST_SCHEMA = "synergy/nearest/1"


@click.command()
@reads_dataset
@click.option("--commodity", metavar="ID", required=True)
@click.option("--depth", type=Number(1, whole=True, most=12), default=4)
@click.option("--all", "every", is_flag=True)
@prints_json
@click.pass_obj
@hears_keys
def pathways(
    talk: Talk, /, commodity: str, depth: int, every: bool, as_json: bool, **given: Unpack[DatasetOptions]
) -> int:
    """Show the processing chains of a commodity."""
    from synergy.cli.study_output import show_pathways

    return show_pathways(talk, CommandInput.of(given, as_json=as_json, every=every), commodity, depth)


@click.command()
@reads_dataset
@click.argument("plan", type=click.Path(path_type=Path))
@click.option("--within", type=Number(0, most=1), default=0.02)
@click.option("--time-limit", type=Number(0, above=True), default=120.0)
@prints_json
@click.pass_obj
@hears_keys
def alternatives(
    talk: Talk, /, plan: Path, within: float, time_limit: float, as_json: bool, **given: Unpack[DatasetOptions]
) -> int:
    """Show near-optimal alternatives to a plan."""
    from synergy.cli.study_output import show_alternatives

    return show_alternatives(talk, CommandInput.of(given, as_json=as_json), plan, within, time_limit)


class ExplainOptions(DatasetOptions):
    """Options of `explain`."""

    plan: Path
    origin: str | None
    target: str | None
    commodity: str | None
    period: str | None
    mode: str | None
    enterprise: str | None
    view: str | None
    asker: str | None
    as_json: bool


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
@prints_json
@click.pass_obj
@hears_keys
def explain(talk: Talk, /, **given: Unpack[ExplainOptions]) -> int:
    """Explain why an exchange is or is not part of a plan."""
    view = given["view"] or ("firm" if given["asker"] else "planner")
    if (view == "firm") != (given["asker"] is not None):
        raise click.UsageError(talk.say("explain.as"))
    return explain_plan(talk, CommandInput.of(given, as_json=given["as_json"]), given)


@click.command()
@reads_dataset
@click.argument("plan", type=click.Path(path_type=Path), required=False)
@click.option("--time-limit", type=Number(0, above=True), default=180.0)
@click.option("--all", "every", is_flag=True)
@prints_json
@click.pass_obj
@hears_keys
def sensitivity(
    talk: Talk, /, plan: Path | None, time_limit: float, every: bool, as_json: bool, **given: Unpack[DatasetOptions]
) -> int:
    """Rank the uncertain inputs by regret."""
    from synergy.cli.study_output import show_sensitivity

    return show_sensitivity(talk, CommandInput.of(given, as_json=as_json, every=every), plan, time_limit)


STUDIES = (pathways, alternatives, explain, sensitivity)


def explain_plan(talk: Talk, asked: CommandInput, given: ExplainOptions) -> int:
    """Print the explanation of an exchange, or of the nearest exchanges of an enterprise."""
    origin, target, commodity = given["origin"], given["target"], given["commodity"]
    enterprise, asker = given["enterprise"], given["asker"] or ""
    if enterprise is None and (origin is None or target is None or commodity is None):
        raise click.UsageError(talk.say("explain.which"))
    if asker and enterprise not in (None, asker):
        raise click.UsageError(talk.say("explain.own", name=asker))
    from synergy.explanation.explain import Explainer, nearest
    from synergy.explanation.trial import Question
    from synergy.records.files import read_plan

    explainer = Explainer(asked.read(), read_plan(given["plan"]))
    if enterprise is not None:
        _print_nearest(talk, given, nearest(explainer, enterprise, firm=bool(asker)))
        return 0
    question = Question(str(origin), str(target), str(commodity), given["period"] or "", given["mode"] or "")
    answer = explainer.ask(question)
    if asked.as_json:
        talk.document(answer.record(asker))
    else:
        talk.line(answer.text(talk.lang, asker))
    return 0


def _print_nearest(talk: Talk, given: ExplainOptions, answers: tuple[Answer, ...]) -> None:
    """Print the explanations of the nearest exchanges of an enterprise."""
    enterprise, asker = given["enterprise"], given["asker"] or ""
    if given["as_json"]:
        records = [answer.record(asker) for answer in answers]
        talk.document({"schema": NEAREST_SCHEMA, "enterprise": enterprise, "nearest": records})
        return
    talk.line(talk.say("explain.nearest" if answers else "explain.nobody", name=enterprise))
    for answer in answers:
        talk.line("")
        talk.line(answer.text(talk.lang, asker))
