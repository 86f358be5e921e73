"""Top-level click commands with their arguments and options."""

from __future__ import annotations

from datetime import tzinfo
from importlib.metadata import version
from pathlib import Path
from typing import Any

import click

from synergy.cli.administration import KEEPING
from synergy.cli.console import REGION, Number, Talk, Zone, hears_keys, in_language, reads_dataset, stops
from synergy.cli.files import template
from synergy.cli.matching import CommandInput, check_dataset, match_dataset, verify_plan
from synergy.cli.participants import round_group
from synergy.cli.serving import serve
from synergy.cli.studies import STUDIES
from synergy.settlement import ASKED, DEFAULT

SCHEMAS = ("dataset", "plan", "proposal", "explain", "nearest", "pathways", "alternatives", "sensitivity")


@click.group("synergy")
@click.version_option(version("synergy-matching"), prog_name="synergy")
@in_language
def commands() -> None:
    """Group all commands; their help texts are in `synergy.cli.words`."""


@commands.command()
@reads_dataset
@click.option("--json", "as_json", is_flag=True)
@in_language
@click.pass_obj
def check(talk: Talk, /, **given: Any) -> int:
    """Validate a dataset and print its problems."""
    return check_dataset(
        talk, CommandInput(given["dataset"], given["scenario"], dict(given["settings"]), given["as_json"])
    )


@commands.command()
@reads_dataset
@stops(1e-4, 300.0)
@click.option("--settlement", type=click.Choice(ASKED), default=DEFAULT)
@click.option("--base", metavar="NAME", default="weight")
@click.option("--workers", type=Number(1, whole=True), default=1)
@click.option("--scheduler", metavar="ADDRESS")
@click.option("--seed", type=Number(0, whole=True, most=2**31 - 1), default=0)
@click.option("--out", type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True)
@click.option("--all", "every", is_flag=True)
@click.option("--second-opinion", "second", is_flag=True)
@click.option("--start", "starts", metavar="PLAN", type=click.Path(path_type=Path), multiple=True)
@in_language
@click.pass_obj
def match(talk: Talk, /, **given: Any) -> int:
    """Match a dataset and print the best plan."""
    out: Path | None = given["out"]
    if out is not None and (out.is_dir() or not out.resolve().parent.is_dir()):
        raise click.UsageError(talk.say("no_folder", path=out))
    asked = CommandInput(
        given["dataset"], given["scenario"], dict(given["settings"]), given["as_json"], given["every"], out
    )
    names = ("gap", "time_limit", "settlement", "base", "workers", "seed", "scheduler", "second", "starts")
    return match_dataset(talk, asked, **{name: given[name] for name in names})


@commands.command()
@reads_dataset
@click.argument("plan", type=click.Path(path_type=Path))
@click.option("--time-limit", type=Number(0), default=60.0)
@click.option("--json", "as_json", is_flag=True)
@in_language
@click.pass_obj
@hears_keys
def verify(talk: Talk, /, **given: Any) -> int:
    """Verify a plan file by recomputing it."""
    asked = CommandInput(given["dataset"], given["scenario"], dict(given["settings"]), given["as_json"])
    return verify_plan(talk, asked, given["plan"], given["time_limit"])


@commands.command()
@click.argument("names", metavar="[NAME]...", nargs=-1, type=click.Choice(SCHEMAS))
@in_language
@click.pass_obj
def schema(talk: Talk, names: tuple[str, ...]) -> None:
    """Print the JSON schemas of datasets, plans and studies."""
    from synergy.records.schema import STUDIES as STUDIED
    from synergy.records.schema import dataset_schema, plan_schema, proposal_schema

    known = {"dataset": dataset_schema, "plan": plan_schema, "proposal": proposal_schema, **STUDIED}
    made = {name: known[name]() for name in names or SCHEMAS}
    talk.document(made[names[0]] if len(names) == 1 else made)


@commands.command()
@click.argument("names", metavar="[NAME]...", nargs=-1)
@click.option("--quick", is_flag=True)
@click.option("--seconds", type=Number(0, above=True))
@click.option("--side-by-side", "pair", is_flag=True)
@click.option("--count", type=Number(1, whole=True))
@click.option("--json", "as_json", is_flag=True)
@in_language
@click.pass_obj
def bench(talk: Talk, /, names: tuple[str, ...], **given: Any) -> int:
    """Run benchmarks."""
    from synergy.cli.bench import run_bench

    return run_bench(talk, names, **given)


@commands.command()
@stops(0.02, 40.0)
@click.option("--port", type=Number(0, whole=True, most=65535), default=None)
@click.option("--time-zone", "zone", metavar="NAME", type=Zone(), default=REGION)
@click.option("--serve/--no-serve", "served", default=True)
@in_language
@click.pass_obj
def demo(talk: Talk, /, port: int | None, zone: tzinfo, served: bool, **options: float) -> int:
    """Match the shipped dataset and serve it as a demo."""
    from synergy.cli.demo import run_demo

    return run_demo(talk, port=port, zone=zone, serve=served, **options)


for more in (template, *STUDIES, round_group, *KEEPING, serve):
    commands.add_command(more)
