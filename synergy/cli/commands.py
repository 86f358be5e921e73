"""Top-level click commands with their arguments and options."""

from __future__ import annotations

from datetime import tzinfo
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Unpack

import click

from synergy.cli.accounts import enterprise_group, notice_group, token_group, user_group
from synergy.cli.administration import audit_group, backup_group, db_group, worker
from synergy.cli.console import Talk
from synergy.cli.declarations import declaration_group
from synergy.cli.files import template
from synergy.cli.matching import CommandInput, check_dataset, match_dataset, verify_plan
from synergy.cli.options import (
    REGION,
    DatasetOptions,
    LimitOptions,
    Number,
    OutFile,
    Zone,
    hears_keys,
    in_language,
    prints_json,
    reads_dataset,
    stops,
)
from synergy.cli.proposals import partnership_group, proposal_group
from synergy.cli.rounds import round_group
from synergy.cli.runs import ruling_group, run_group
from synergy.cli.serving import serve
from synergy.cli.studies import STUDIES
from synergy.settlement import ASKED, DEFAULT

if TYPE_CHECKING:
    from synergy.cli.bench import BenchOptions

SCHEMAS = ("dataset", "plan", "proposal", "explain", "nearest", "pathways", "alternatives", "sensitivity")


@click.group("synergy")
@click.version_option(version("synergy-matching"), prog_name="synergy")
@in_language
def commands() -> None:
    """Group all commands; their help texts are in `synergy.cli.words`."""


@commands.command()
@reads_dataset
@prints_json
@click.pass_obj
def check(talk: Talk, /, as_json: bool, **given: Unpack[DatasetOptions]) -> int:
    """Validate a dataset and print its problems."""
    return check_dataset(talk, CommandInput.of(given, as_json=as_json))


class _MatchOptions(DatasetOptions, LimitOptions):
    settlement: str
    base: str
    workers: int
    scheduler: str | None
    seed: int
    out: Path | None
    as_json: bool
    every: bool
    second: bool
    starts: tuple[Path, ...]


@commands.command()
@reads_dataset
@stops(1e-4, 300.0)
@click.option("--settlement", type=click.Choice(ASKED), default=DEFAULT)
@click.option("--base", metavar="NAME", default="weight")
@click.option("--workers", type=Number(1, whole=True), default=1)
@click.option("--scheduler", metavar="ADDRESS")
@click.option("--seed", type=Number(0, whole=True, most=2**31 - 1), default=0)
@click.option("--out", type=OutFile())
@click.option("--all", "every", is_flag=True)
@click.option("--second-opinion", "second", is_flag=True)
@click.option("--start", "starts", metavar="PLAN", type=click.Path(path_type=Path), multiple=True)
@prints_json
@click.pass_obj
def match(talk: Talk, /, **given: Unpack[_MatchOptions]) -> int:
    """Match a dataset and print the best plan."""
    from synergy.options import Options

    asked = CommandInput.of(given, as_json=given["as_json"], every=given["every"], out=given["out"])
    options = Options(
        gap=given["gap"],
        time_limit=given["time_limit"],
        settlement=given["settlement"],
        base=given["base"],
        workers=given["workers"],
        seed=given["seed"],
    )
    return match_dataset(talk, asked, options, given["scheduler"], second=given["second"], starts=given["starts"])


@commands.command()
@reads_dataset
@click.argument("plan", type=click.Path(path_type=Path))
@click.option("--time-limit", type=Number(0), default=60.0)
@prints_json
@click.pass_obj
@hears_keys
def verify(talk: Talk, /, plan: Path, time_limit: float, as_json: bool, **given: Unpack[DatasetOptions]) -> int:
    """Verify a plan file by recomputing it."""
    return verify_plan(talk, CommandInput.of(given, as_json=as_json), plan, time_limit)


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
@prints_json
@click.pass_obj
def bench(
    talk: Talk, /, names: tuple[str, ...], seconds: float | None, as_json: bool, **given: Unpack[BenchOptions]
) -> int:
    """Run benchmarks."""
    from synergy.cli.bench import run_bench

    return run_bench(talk, names, seconds=seconds, as_json=as_json, **given)


@commands.command()
@stops(0.02, 40.0)
@click.option("--port", type=Number(0, whole=True, most=65535), default=None)
@click.option("--time-zone", "zone", metavar="NAME", type=Zone(), default=REGION)
@click.option("--serve/--no-serve", "served", default=True)
@in_language
@click.pass_obj
def demo(talk: Talk, /, port: int | None, zone: tzinfo, served: bool, **limits: Unpack[LimitOptions]) -> int:
    """Match the shipped dataset and serve it as a demo."""
    from synergy.cli.demo import run_demo

    return run_demo(talk, port=port, zone=zone, serve=served, limits=limits)


for more in (
    *(template, *STUDIES, serve, worker, db_group, backup_group, audit_group),
    *(user_group, token_group, enterprise_group, notice_group),
    *(round_group, run_group, ruling_group, declaration_group, proposal_group, partnership_group),
):
    commands.add_command(more)
