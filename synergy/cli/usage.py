"""Click in two languages: help, and errors of usage."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from typing import Any

import click

from synergy.cli.talk import Talk
from synergy.cli.words import WORDS


class Formatter(click.HelpFormatter):
    """Writes the fixed words of a help page in the language of the call."""

    lang = "en"

    def write_usage(self, prog: str, args: str = "", prefix: str | None = None) -> None:
        """Write the line of usage."""
        super().write_usage(prog, args, prefix or WORDS["usage"][self.lang == "zh"])

    def write_heading(self, heading: str) -> None:
        """Write the head of a section."""
        key = f"section.{heading.lower()}"
        super().write_heading(WORDS[key][self.lang == "zh"] if key in WORDS else heading)


def localise(command: click.Command, talk: Talk, within: str = "") -> None:
    """Put the help of a command and of all below it into the language of the call.

    Parameters
    ----------
    command : click.Command
        Changed in place.
    talk : Talk
        The language.
    within : str
        Names of the groups above it, each with a dot behind; "" at the top.
    """
    formatter = type("LocalFormatter", (Formatter,), {"lang": talk.lang})
    command.context_settings["help_option_names"] = ["-h", "--help"]
    command.context_settings["max_content_width"] = 110
    command.help = talk.say(f"command.{within}{command.name}")
    command.short_help = command.help
    for parameter in command.params:
        if isinstance(parameter, click.Option):
            own_text = f"option.{within}{command.name}.{parameter.name}"  # where it means another thing than elsewhere
            parameter.help = talk.say(own_text if own_text in WORDS else f"option.{parameter.name}")
    own = command.get_help_option(click.Context(command))
    if own is not None:
        own.help = talk.say("option.help")
    command_context = type("LocalContext", (click.Context,), {"formatter_class": formatter})
    command.context_class = command_context
    if isinstance(command, click.Group):
        below = "" if command.name == "synergy" else f"{within}{command.name}."
        for inner in command.commands.values():
            localise(inner, talk, below)


def explained(error: click.UsageError, talk: Talk) -> str:
    """Return an error of usage as a sentence in the language of the call.

    Parameters
    ----------
    error : click.UsageError
        Raised by click or a command.
    talk : Talk
        The language.
    """
    if isinstance(error, click.NoSuchOption):
        return talk.say("no_option", name=error.option_name, near=_near(error.possibilities, talk))
    if isinstance(error, NoCommand):
        return talk.say("no_command", name=error.command, near=_near(error.near, talk))
    if isinstance(error, click.MissingParameter):
        return talk.say("missing", name=_named(error.param))
    if isinstance(error, BadValue):
        return talk.say("bad_value", name=_named(error.param), value=repr(error.value), expected=error.expected(talk))
    if isinstance(error, click.BadOptionUsage):
        return talk.say("no_argument", name=error.option_name)
    return talk.say("usage_other", said=error.format_message())


def _near(names: Any, talk: Talk) -> str:
    return talk.say("near", names=", ".join(names)) if names else ""


def _named(parameter: click.Parameter | None) -> str:
    if parameter is None:
        return ""
    return max(parameter.opts, key=len) if isinstance(parameter, click.Option) else parameter.human_readable_name


class NoCommand(click.UsageError):
    """A command that is not there.

    Parameters
    ----------
    command : str
        As typed.
    known : iterable of str
        Commands that are there.
    """

    def __init__(self, command: str, known: Iterable[str], ctx: click.Context) -> None:
        super().__init__(command, ctx)
        self.command, self.near = command, difflib.get_close_matches(command, list(known), 3)


class Commands(click.Group):
    """A group that says which command is not there in the language of the call."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Return the command that the first word names."""
        if args and args[0] not in self.commands and not args[0].startswith("-"):
            raise NoCommand(args[0], self.commands, ctx)
        return super().resolve_command(ctx, args)


class BadValue(click.BadParameter):
    """A value that a parameter does not take.

    Parameters
    ----------
    value : str
        As typed.
    key : str
        Text of what was expected, in `WORDS`; the text itself where it is none.
    bound : str
        What the number has to fulfil.
    """

    def __init__(self, value: object, key: str, bound: str = "", **places: Any) -> None:
        super().__init__(f"{value!r}", **places)
        self.value, self.key, self.bound = value, key, bound

    def expected(self, talk: Talk) -> str:
        """Return what was expected."""
        return talk.say(self.key, bound=self.bound) if self.key in WORDS else self.key


class Number(click.ParamType[Any]):
    """A finite number with bounds.

    Parameters
    ----------
    least : float
        Smallest allowed.
    whole : bool
        Whole numbers alone.
    above : bool
        `least` itself is not allowed.
    most : float
        Greatest allowed.
    """

    name = "number"

    def __init__(self, least: float, *, whole: bool = False, above: bool = False, most: float = float("inf")) -> None:
        self.least, self.whole, self.above, self.most = least, whole, above, most

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float | int:
        """Return the number that a word says."""
        try:
            number: float | int = int(value) if self.whole else float(value)
        except (ValueError, OverflowError):
            number = float("nan")
        low = number > self.least if self.above else number >= self.least
        if not (low and number <= self.most and abs(number) != float("inf")):
            raise BadValue(value, "expected.number", self._bound(), ctx=ctx, param=param)
        return number

    def _bound(self) -> str:
        bound = f"{'>' if self.above else '>='} {self.least:g}"
        return bound if self.most == float("inf") else f"{bound}, <= {self.most:g}"


class Word(click.Choice[str]):
    """One of a few words."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Return the word, or say which ones there are."""
        if value not in self.choices:
            raise BadValue(value, " | ".join(self.choices), ctx=ctx, param=param)
        return str(value)


class Pair(click.ParamType[Any]):
    """``key=value``, as a pair of texts."""

    name = "key=value"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[str, str]:
        """Return key and value."""
        if isinstance(value, tuple):
            return value[0], value[1]
        key, sign, word = str(value).partition("=")
        if not sign or not key.strip():
            raise BadValue(value, "expected.pair", ctx=ctx, param=param)
        return key.strip(), word
