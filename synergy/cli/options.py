"""What many commands take: a dataset with its scenario, a language, when to stop."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any

import click

from synergy.cli.usage import Number, Pair

Command = Callable[..., Any]


def in_language(command: Command) -> Command:
    """Add the language; it is read before parsing, so that errors of parsing are in it too."""
    return click.option("--lang", type=click.Choice(["zh", "en"]), expose_value=False)(command)


def reads_dataset(command: Command) -> Command:
    """Add what every command that reads a dataset takes."""
    command = click.option("--set", "settings", type=Pair(), multiple=True)(command)
    command = click.option("--scenario", type=click.Path(path_type=Path))(command)
    return click.argument("dataset", type=click.Path(path_type=Path))(command)


def hears_keys(command: Command) -> Command:
    """Let Ctrl-C be heard while a solver computes; without it, it waits for the solver's end."""

    @wraps(command)
    def heard(*given: Any, **named: Any) -> Any:
        from synergy.halting import halting

        with halting(lambda: False):
            return command(*given, **named)

    return heard


def stops(gap: float, seconds: float) -> Callable[[Command], Command]:
    """Add when to stop, with defaults."""

    def add(command: Command) -> Command:
        command = click.option("--time-limit", type=Number(0, above=True), default=seconds)(command)
        return click.option("--gap", type=Number(0), default=gap)(command)

    return add
