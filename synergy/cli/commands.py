"""The commands: what each takes, calls and prints."""

from __future__ import annotations

from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any

import click

from synergy.cli.show import Asked, check_dataset, match_dataset, verify_plan
from synergy.cli.talk import Talk
from synergy.cli.usage import Commands, Number, Pair, Word

SCHEMAS = ("dataset", "plan", "proposal")
_Command = Callable[..., Any]


def _lang(command: _Command) -> _Command:
    # the language is read before parsing, so that errors of parsing are in it too
    return click.option("--lang", type=Word(["zh", "en"]), expose_value=False)(command)


def _input(command: _Command) -> _Command:
    """Add what every command that reads a dataset takes."""
    command = click.option("--set", "settings", type=Pair(), multiple=True)(command)
    command = click.option("--scenario", type=click.Path(path_type=Path))(command)
    return click.argument("dataset", type=click.Path(path_type=Path))(command)


def _effort(gap: float, seconds: float) -> Callable[[_Command], _Command]:
    """Add when to stop."""

    def add(command: _Command) -> _Command:
        command = click.option("--time-limit", type=Number(0, above=True), default=seconds)(command)
        return click.option("--gap", type=Number(0), default=gap)(command)

    return add


@click.group("synergy", cls=Commands)
@click.version_option(version("synergy-matching"), prog_name="synergy")
@_lang
def commands() -> None:
    """Hold the commands; their help is in `synergy.cli.words`."""


@commands.command()
@_input
@click.option("--json", "as_json", is_flag=True)
@_lang
@click.pass_obj
def check(talk: Talk, /, **given: Any) -> int:
    """Validate a dataset."""
    return check_dataset(talk, Asked(given["dataset"], given["scenario"], dict(given["settings"]), given["as_json"]))


@commands.command()
@_input
@_effort(1e-4, 300.0)
@click.option("--settlement", type=Word(["core", "standalone", "none"]), default="standalone")
@click.option("--workers", type=Number(1, whole=True), default=1)
@click.option("--scheduler", metavar="ADDRESS")
@click.option("--seed", type=Number(0, whole=True, most=2**31 - 1), default=0)
@click.option("--out", type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True)
@click.option("--all", "every", is_flag=True)
@_lang
@click.pass_obj
def match(talk: Talk, /, **given: Any) -> int:
    """Find the best plan."""
    if given["settlement"] == "core":
        raise click.UsageError(talk.say("not_yet.core"))
    if given["scheduler"] is not None:
        raise click.UsageError(talk.say("not_yet.scheduler"))
    out: Path | None = given["out"]
    if out is not None and (out.is_dir() or not out.resolve().parent.is_dir()):
        raise click.UsageError(talk.say("no_folder", path=out))
    asked = Asked(given["dataset"], given["scenario"], dict(given["settings"]), given["as_json"], given["every"], out)
    names = ("gap", "time_limit", "settlement", "workers", "seed")
    return match_dataset(talk, asked, **{name: given[name] for name in names})


@commands.command()
@_input
@click.argument("plan", type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True)
@_lang
@click.pass_obj
def verify(talk: Talk, /, **given: Any) -> int:
    """Recompute a plan."""
    asked = Asked(given["dataset"], given["scenario"], dict(given["settings"]), given["as_json"])
    return verify_plan(talk, asked, given["plan"])


@commands.command()
@click.argument("names", metavar="[dataset] [plan] [proposal]", nargs=-1, type=Word(SCHEMAS))
@_lang
@click.pass_obj
def schema(talk: Talk, names: tuple[str, ...]) -> None:
    """Print schemas."""
    from synergy.records import schema as schemas

    made = {name: getattr(schemas, f"{name}_schema")() for name in names or SCHEMAS}
    talk.document(made[names[0]] if len(names) == 1 else made)


@commands.command()
@click.argument("names", metavar="[NAME]...", nargs=-1)
@click.option("--quick", is_flag=True)
@_lang
@click.pass_obj
def bench(talk: Talk, names: tuple[str, ...], quick: bool) -> int:
    """Measure."""
    from synergy.cli.demo import run_bench

    return run_bench(talk, names, quick=quick)


@commands.command()
@_effort(0.02, 40.0)
@click.option("--port", type=Number(0, whole=True, most=65535), default=None)
@click.option("--serve/--no-serve", "serve", default=True)
@_lang
@click.pass_obj
def demo(talk: Talk, gap: float, time_limit: float, port: int | None, serve: bool) -> int:
    """Match and serve."""
    from synergy.cli.demo import run_demo

    return run_demo(talk, port=port, serve=serve, gap=gap, time_limit=time_limit)
