"""Console output and the language of messages and help texts."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from gettext import NullTranslations
from itertools import pairwise

import click
from rich.console import Console
from rich.text import Text

from synergy.cli.words import CLICK, WORDS
from synergy.errors import SHOWN, Problem, Severity, folded
from synergy.texts import LANGUAGES

PIPED_WIDTH = 200  # columns of a table that goes into a file or pipe
_STYLES = {Severity.ERROR: "bold red", Severity.WARNING: "yellow"}


class _Chinese(NullTranslations):
    """Translations of the built-in messages of click into Chinese; unknown messages stay unchanged."""

    def gettext(self, message: str) -> str:
        """Return the translation of a message."""
        return CLICK.get(message, message)

    def ngettext(self, msgid1: str, msgid2: str, n: int) -> str:
        """Return the translation of a message with singular and plural."""
        return self.gettext(msgid1 if n == 1 else msgid2)


def localise(command: click.Command, talk: Talk) -> None:
    """Set the language of the built-in messages of click and of the help texts of a command and its subcommands."""
    said = _Chinese() if talk.lang == "zh" else NullTranslations()
    for module in (click.core, click.exceptions, click.formatting, click.parser, click.types):
        vars(module).update(_=said.gettext, ngettext=said.ngettext)  # each imports them from gettext
    waiting = [(command, "")]  # commands, each with the dotted path of its parent groups
    while waiting:
        one, within = waiting.pop()
        one.context_settings["help_option_names"] = ["-h", "--help"]
        one.context_settings["max_content_width"] = 110
        one.help = one.short_help = talk.say(f"command.{within}{one.name}")
        for parameter in one.params:
            if isinstance(parameter, click.Option):
                own_text = f"option.{within}{one.name}.{parameter.name}"  # if it has another meaning elsewhere
                parameter.help = talk.say(own_text if own_text in WORDS else f"option.{parameter.name}")
        own = one.get_help_option(click.Context(one, **one.context_settings))
        if own is not None:
            own.help = talk.say("option.help")
        if isinstance(one, click.Group):
            below = "" if one.name == "synergy" else f"{within}{one.name}."
            waiting += [(inner, below) for inner in one.commands.values()]


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
    """Language of one invocation, with standard output for results and standard error for everything else."""

    lang: str = "en"
    out: Console = field(default_factory=lambda: _console(stderr=False))
    err: Console = field(default_factory=lambda: _console(stderr=True))

    def say(self, key: str, **fields: object) -> str:
        """Return a localized message of the command line."""
        return WORDS.say(key, self.lang, **fields)

    def document(self, record: object) -> None:
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
