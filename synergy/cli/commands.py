"""Top-level click commands with their arguments and options."""

from __future__ import annotations

from datetime import tzinfo
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Unpack

import click

from synergy.cli.administration import (
    audit_group,
    backup_group,
    db_group,
    enterprise_group,
    notice_group,
    token_group,
    user_group,
    worker,
)
from synergy.cli.console import Talk
from synergy.cli.declarations import declaration_group
from synergy.cli.matching import CommandInput, check_dataset, match_dataset, verify_plan
from synergy.cli.options import (
    FORMS,
    PATH,
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
    refuse_value,
    stops,
)
from synergy.cli.proposals import partnership_group, proposal_group
from synergy.cli.rounds import round_group
from synergy.cli.runs import ruling_group, run_group
from synergy.cli.serving import serve
from synergy.settlement import ASKED, DEFAULT

if TYPE_CHECKING:
    from synergy.cli.bench import BenchOptions

SCHEMAS = ("dataset", "plan", "proposal", "explain", "nearest", "pathways", "alternatives", "sensitivity")


# help texts are in `synergy.cli.words`
commands = click.version_option(version("synergy-matching"), prog_name="synergy")(click.Group("synergy"))
in_language(commands)


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
@click.option("--start", "starts", metavar="PLAN", type=PATH, multiple=True)
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
@click.argument("plan", type=PATH)
@click.option("--time-limit", type=Number(0), default=60.0)
@prints_json
@click.pass_obj
@hears_keys
def verify(talk: Talk, /, plan: Path, time_limit: float, as_json: bool, **given: Unpack[DatasetOptions]) -> int:
    """Verify a plan file by recomputing it."""
    return verify_plan(talk, CommandInput.of(given, as_json=as_json), plan, time_limit)


@commands.command()
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
    from synergy.cli.studies import show_pathways

    return show_pathways(talk, CommandInput.of(given, as_json=as_json, every=every), commodity, depth)


@commands.command()
@reads_dataset
@click.argument("plan", type=PATH)
@click.option("--within", type=Number(0, most=1), default=0.02)
@click.option("--time-limit", type=Number(0, above=True), default=120.0)
@prints_json
@click.pass_obj
@hears_keys
def alternatives(
    talk: Talk, /, plan: Path, within: float, time_limit: float, as_json: bool, **given: Unpack[DatasetOptions]
) -> int:
    """Show near-optimal alternatives to a plan."""
    from synergy.cli.studies import show_alternatives

    return show_alternatives(talk, CommandInput.of(given, as_json=as_json), plan, within, time_limit)


class _ExplainOptions(DatasetOptions):
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


@commands.command()
@reads_dataset
@click.argument("plan", type=PATH)
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
def explain(talk: Talk, /, **given: Unpack[_ExplainOptions]) -> int:
    """Explain why an exchange is or is not part of a plan."""
    view = given["view"] or ("firm" if given["asker"] else "planner")
    if (view == "firm") != (given["asker"] is not None):
        raise click.UsageError(talk.say("explain.as"))
    origin, target, commodity = given["origin"], given["target"], given["commodity"]
    enterprise, asker = given["enterprise"], given["asker"] or ""
    if enterprise is None and (origin is None or target is None or commodity is None):
        raise click.UsageError(talk.say("explain.which"))
    if asker and enterprise not in (None, asker):
        raise click.UsageError(talk.say("explain.own", name=asker))
    from synergy.cli.studies import show_explanation, show_nearest

    asked = CommandInput.of(given, as_json=given["as_json"])
    if enterprise is not None:
        return show_nearest(talk, asked, given["plan"], enterprise, asker)
    ends = (str(origin), str(target), str(commodity), given["period"] or "", given["mode"] or "")
    return show_explanation(talk, asked, given["plan"], ends, asker)


@commands.command()
@reads_dataset
@click.argument("plan", type=PATH, required=False)
@click.option("--time-limit", type=Number(0, above=True), default=180.0)
@click.option("--all", "every", is_flag=True)
@prints_json
@click.pass_obj
@hears_keys
def sensitivity(
    talk: Talk, /, plan: Path | None, time_limit: float, every: bool, as_json: bool, **given: Unpack[DatasetOptions]
) -> int:
    """Rank the uncertain inputs by regret."""
    from synergy.cli.studies import show_sensitivity

    return show_sensitivity(talk, CommandInput.of(given, as_json=as_json, every=every), plan, time_limit)


@commands.command()
@click.argument("file", metavar="FILE.xlsx", type=OutFile(*FORMS))
@click.option("--dataset", type=PATH)
@click.option("--enterprise", "form_of")
@in_language
@click.pass_obj
def template(talk: Talk, /, file: Path, dataset: Path | None, form_of: str | None) -> None:
    """Write a blank dataset workbook, or the declaration form of an enterprise."""
    from synergy.dataset.read import read
    from synergy.forms.context import ground_of
    from synergy.forms.writing import declaration_file
    from synergy.outputs import written_whole
    from synergy.workbook.writing import dataset_workbook

    ending = file.suffix.lower()
    if form_of is None and ending != ".xlsx":
        refuse_value("file", str(file), "expected.ending", endings=".xlsx")
    if form_of is not None and dataset is None:
        raise click.UsageError(talk.say("template.dataset"))
    rows = None if dataset is None else read(dataset)
    if form_of is None or rows is None:
        data = dataset_workbook(rows, talk.lang)
    else:
        data = declaration_file(ground_of(rows, form_of), talk.lang, ending)
    written_whole(file, data)
    talk.line(talk.say("written", path=file))


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
    *(serve, worker, db_group, backup_group, audit_group),
    *(user_group, token_group, enterprise_group, notice_group),
    *(round_group, run_group, ruling_group, declaration_group, proposal_group, partnership_group),
):
    commands.add_command(more)
