"""The commands that look around a plan: pathways, alternatives, explain, sensitivity."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from synergy.cli.options import Command, hears_keys, in_language, reads_dataset
from synergy.cli.show import Asked
from synergy.cli.talk import Talk
from synergy.cli.usage import Number
from synergy.cli.why import Why, explain_plan


def _json(command: Command) -> Command:
    return click.option("--json", "as_json", is_flag=True)(command)


def asked_of(given: dict[str, Any]) -> Asked:
    """Return what a command was asked to read."""
    every = bool(given.get("every"))
    return Asked(given["dataset"], given["scenario"], dict(given["settings"]), given["as_json"], every)


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
    """Show the chains of a commodity."""
    from synergy.cli.paths import show_pathways

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
    """Show near-optimal plans."""
    from synergy.cli.near import show_alternatives

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
    """Say why, or why not."""
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
    """Show the figures to ask for."""
    from synergy.cli.asking import show_sensitivity

    return show_sensitivity(talk, asked_of(given), given["plan"], given["time_limit"])


STUDIES = (pathways, alternatives, explain, sensitivity)
