"""Console output and click extensions: localization, parameter types and shared options."""

from __future__ import annotations

import difflib
import json
import os
import sys
import zoneinfo
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import tzinfo
from functools import wraps
from gettext import NullTranslations
from itertools import pairwise
from math import inf, nan
from pathlib import Path
from typing import Any, NoReturn

import click
from rich.console import Console
from rich.text import Text

from synergy.cli.words import CLICK, WORDS
from synergy.errors import SHOWN, Problem, Severity, folded
from synergy.texts import LANGUAGES, text

PIPED_WIDTH = 200  # columns of a table that goes into a file or pipe
_STYLES = {Severity.ERROR: "bold red", Severity.WARNING: "yellow"}
Command = Callable[..., Any]
REGION = "Asia/Shanghai"  # of the dataset that ships


class _Chinese(NullTranslations):
    """Translations of the built-in messages of click into Chinese; unknown messages stay unchanged."""

    def gettext(self, message: str) -> str:
        """Return the translation of a message."""
        return CLICK.get(message, message)

    def ngettext(self, msgid1: str, msgid2: str, n: int) -> str:
        """Return the translation of a message with singular and plural."""
        return self.gettext(msgid1 if n == 1 else msgid2)


def localise(command: click.Command, talk: Talk) -> None:
    """Localize the built-in messages of click and the help texts of a command and all its subcommands.

    Parameters
    ----------
    command : click.Command
        Root command, modified in place.
    talk : Talk
        Language.
    """
    said = _Chinese() if talk.lang == "zh" else NullTranslations()
    for module in (click.core, click.exceptions, click.formatting, click.parser, click.types):
        vars(module).update(_=said.gettext, ngettext=said.ngettext)  # as each has them from gettext
    _helped(command, talk, "")


def _helped(command: click.Command, talk: Talk, within: str) -> None:
    """Localize the help texts recursively; `within` is the dotted path of the parent groups."""
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
    """Raise a usage error for an invalid parameter value.

    Parameters
    ----------
    value : object
        Value as typed.
    expected : str
        Key in `WORDS` of the description of valid values.
    param, ctx : click.Parameter, click.Context
        Parameter and context of the value.
    **fields : str
        Fields of the message template.

    Raises
    ------
    click.BadParameter
    """
    talk = ctx.obj if ctx is not None and isinstance(ctx.obj, Talk) else Talk()
    said = talk.say("bad_value", value=repr(value), expected=talk.say(expected, **fields))
    raise click.BadParameter(said, ctx, param)


class Number(click.ParamType[Any]):
    """Parameter type of finite numbers within bounds.

    Parameters
    ----------
    least : float
        Lower bound.
    whole : bool
        Whether only integers are allowed.
    above : bool
        Whether the lower bound is exclusive.
    most : float
        Upper bound, inclusive.
    """

    name = "number"

    def __init__(self, least: float, *, whole: bool = False, above: bool = False, most: float = inf) -> None:
        self.least, self.whole, self.above, self.most = least, whole, above, most

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float | int:
        """Parse the number and check its bounds."""
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


class KeyValue(click.ParamType[Any]):
    """Parameter type of ``key=value`` pairs."""

    name = "key=value"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[str, str]:
        """Parse the key and the value."""
        if isinstance(value, tuple):
            return value[0], value[1]
        key, sign, word = str(value).partition("=")
        if not sign or not key.strip():
            refuse(value, "expected.pair", param, ctx)
        return key.strip(), word


def language(arguments: Sequence[str], environ: Mapping[str, str]) -> str:
    """Return the language from ``--lang``, else from the locale environment variables, else ``en``.

    Examples
    --------
    >>> language(["check", "--lang", "zh"], {}), language([], {"LANG": "zh_CN.UTF-8"}), language([], {})
    ('zh', 'zh', 'en')
    """
    asked = [word.partition("=")[2] for word in arguments if word.startswith("--lang=")]
    asked += [after for word, after in pairwise(arguments) if word == "--lang"]
    if asked and asked[-1] in LANGUAGES:
        return asked[-1]
    set_ = next((environ[name] for name in ("LC_ALL", "LC_MESSAGES", "LANG") if environ.get(name)), "")
    return "zh" if set_.lower().startswith("zh") else "en"


def _console(*, stderr: bool) -> Console:
    stream = sys.stderr if stderr else sys.stdout
    width = None if stream.isatty() or os.environ.get("COLUMNS") else PIPED_WIDTH
    return Console(stderr=stderr, width=width, highlight=False, markup=False, emoji=False)


@dataclass(frozen=True, slots=True)
class Talk:
    """Output streams and language of one invocation.

    Parameters
    ----------
    lang : str
        ``en`` or ``zh``.
    out, err : rich.console.Console
        Standard output for results, standard error for everything else.
    """

    lang: str = "en"
    out: Console = field(default_factory=lambda: _console(stderr=False))
    err: Console = field(default_factory=lambda: _console(stderr=True))

    def say(self, key: str, **fields: Any) -> str:
        """Return a localized message of the command line."""
        return WORDS.say(key, self.lang, **fields)

    def shared(self, key: str) -> str:
        """Return a localized text shared with the pages."""
        return text(key, self.lang)

    def document(self, record: Any) -> None:
        """Print a record as a JSON document on standard output."""
        json.dump(record, sys.stdout, ensure_ascii=False, allow_nan=False, indent=1)
        sys.stdout.write("\n")

    def line(self, words: str, style: str = "") -> None:
        """Print a result line on standard output."""
        self.out.print(Text(words, style=style), soft_wrap=True)

    def note(self, words: str, style: str = "") -> None:
        """Print a message on standard error."""
        self.err.print(Text(words, style=style), soft_wrap=True)

    def error(self, words: str) -> None:
        """Print an error message on standard error."""
        self.note(f"{self.say('error')}: {words}", "bold red")

    def problems(self, problems: Iterable[Problem], *, result: bool = False) -> None:
        """Print the first `SHOWN` problems, one per line, and the number of the remaining ones."""
        listed = folded(list(problems))
        write = self.line if result else self.note
        for problem in listed[:SHOWN]:
            write(f"{self.say(str(problem.severity))}: {problem.line(self.lang)}", _STYLES[problem.severity])
        if len(listed) > SHOWN:
            write(self.say("and_more", count=len(listed) - SHOWN))


def in_language(command: Command) -> Command:
    """Add the ``--lang`` option, whose value is read before parsing so that parsing errors are localized too."""
    return click.option("--lang", type=click.Choice(["zh", "en"]), expose_value=False)(command)


def reads_dataset(command: Command) -> Command:
    """Add the dataset argument and the ``--scenario`` and ``--set`` options."""
    command = click.option("--set", "settings", type=KeyValue(), multiple=True)(command)
    command = click.option("--scenario", type=click.Path(path_type=Path))(command)
    return click.argument("dataset", type=click.Path(path_type=Path))(command)


def hears_keys(command: Command) -> Command:
    """Let Ctrl-C interrupt a running solver instead of waiting for it to finish."""

    @wraps(command)
    def heard(*given: Any, **named: Any) -> Any:
        from synergy.halting import halting

        with halting(lambda: False):
            return command(*given, **named)

    return heard


def stops(gap: float, seconds: float) -> Callable[[Command], Command]:
    """Return a decorator that adds the ``--gap`` and ``--time-limit`` options with the given defaults."""

    def add(command: Command) -> Command:
        command = click.option("--time-limit", type=Number(0, above=True), default=seconds)(command)
        return click.option("--gap", type=Number(0), default=gap)(command)

    return add


class Zone(click.ParamType[Any]):
    """Parameter type of IANA time zone names."""

    name = "time zone"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tzinfo:
        """Return the time zone of a name; the error for an unknown name suggests similar ones."""
        if isinstance(value, tzinfo):
            return value
        try:
            return zoneinfo.ZoneInfo(value)
        except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):  # also no file name, a folder
            near = difflib.get_close_matches(value, sorted(zoneinfo.available_timezones()), 3, 0.75) or [REGION]
            refuse(value, "expected.zone", param, ctx, bound=", ".join(near))
