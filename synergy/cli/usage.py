"""Click in two languages: its own messages by its gettext, help, and what options take."""

from __future__ import annotations

from gettext import NullTranslations
from math import inf, nan
from typing import Any, NoReturn

import click

from synergy.cli.talk import Talk
from synergy.cli.words import CLICK, WORDS


class _Chinese(NullTranslations):
    """Click's own messages in Chinese; one that is not known stays as it is."""

    def gettext(self, message: str) -> str:
        """Return a message."""
        return CLICK.get(message, message)

    def ngettext(self, msgid1: str, msgid2: str, n: int) -> str:
        """Return a message about one or several."""
        return self.gettext(msgid1 if n == 1 else msgid2)


def localise(command: click.Command, talk: Talk) -> None:
    """Put click's own messages, and the help of a command and of all below it, into the language of the call.

    Parameters
    ----------
    command : click.Command
        The topmost; changed in place.
    talk : Talk
        The language.
    """
    said = _Chinese() if talk.lang == "zh" else NullTranslations()
    for module in (click.core, click.exceptions, click.formatting, click.parser, click.types):
        vars(module).update(_=said.gettext, ngettext=said.ngettext)  # as each has them from gettext
    _helped(command, talk, "")


def _helped(command: click.Command, talk: Talk, within: str) -> None:
    """Put help into the language of the call; `within` names the groups above, each with a dot behind."""
    command.context_settings["help_option_names"] = ["-h", "--help"]
    command.context_settings["max_content_width"] = 110
    command.help = talk.say(f"command.{within}{command.name}")
    command.short_help = command.help
    for parameter in command.params:
        if isinstance(parameter, click.Option):
            own_text = f"option.{within}{command.name}.{parameter.name}"  # where it means another thing than elsewhere
            parameter.help = talk.say(own_text if own_text in WORDS else f"option.{parameter.name}")
    own = command.get_help_option(click.Context(command, **command.context_settings))
    if own is not None:
        own.help = talk.say("option.help")
    if isinstance(command, click.Group):
        below = "" if command.name == "synergy" else f"{within}{command.name}."
        for inner in command.commands.values():
            _helped(inner, talk, below)


def refuse(
    value: object, expected: str, param: click.Parameter | None, ctx: click.Context | None, **fields: str
) -> NoReturn:
    """Refuse a value that a parameter does not take.

    Parameters
    ----------
    value : object
        As typed.
    expected : str
        Text of what was expected, in `WORDS`.
    param, ctx : click.Parameter, click.Context
        Where.
    **fields : str
        What stands for the braces of the text.

    Raises
    ------
    click.BadParameter
    """
    talk = ctx.obj if ctx is not None and isinstance(ctx.obj, Talk) else Talk()
    said = talk.say("bad_value", value=repr(value), expected=talk.say(expected, **fields))
    raise click.BadParameter(said, ctx, param)


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

    def __init__(self, least: float, *, whole: bool = False, above: bool = False, most: float = inf) -> None:
        self.least, self.whole, self.above, self.most = least, whole, above, most

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float | int:
        """Return the number that a word says."""
        try:
            number: float | int = int(value) if self.whole else float(value)
        except (ValueError, OverflowError):
            number = nan
        low = number > self.least if self.above else number >= self.least
        if not (low and number <= self.most and abs(number) != inf):
            refuse(value, "expected.number", param, ctx, bound=self._bound())
        return number

    def _bound(self) -> str:
        bound = f"{'>' if self.above else '>='} {self.least:.12g}"
        return bound if self.most == inf else f"{bound}, <= {self.most:.12g}"


class Pair(click.ParamType[Any]):
    """``key=value``, as a pair of texts."""

    name = "key=value"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[str, str]:
        """Return key and value."""
        if isinstance(value, tuple):
            return value[0], value[1]
        key, sign, word = str(value).partition("=")
        if not sign or not key.strip():
            refuse(value, "expected.pair", param, ctx)
        return key.strip(), word
