"""Talk: where results and messages go, and in which language."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from rich.console import Console
from rich.text import Text

from synergy.cli.words import WORDS
from synergy.errors import SHOWN, Problem, Severity, folded
from synergy.texts import LANGUAGES, text

PIPED_WIDTH = 200  # columns of a table that goes into a file or pipe
_STYLES = {Severity.ERROR: "bold red", Severity.WARNING: "yellow"}


def language(arguments: Sequence[str], environ: Mapping[str, str]) -> str:
    """Return the language asked for: ``--lang`` before the environment, ``en`` where nothing is said.

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
    """Both streams and the language of one call.

    Parameters
    ----------
    lang : str
        ``en`` or ``zh``.
    out, err : rich.console.Console
        Results; everything else.
    """

    lang: str = "en"
    out: Console = field(default_factory=lambda: _console(stderr=False))
    err: Console = field(default_factory=lambda: _console(stderr=True))

    def say(self, key: str, **fields: Any) -> str:
        """Return a text of the command line in the language of the call."""
        return WORDS.say(key, self.lang, **fields)

    def shared(self, key: str) -> str:
        """Return a text that all fronts share."""
        return text(key, self.lang)

    def document(self, record: Any) -> None:
        """Print one JSON document on standard output."""
        json.dump(record, sys.stdout, ensure_ascii=False, allow_nan=False, indent=1)
        sys.stdout.write("\n")

    def line(self, words: str, style: str = "") -> None:
        """Print a result."""
        self.out.print(Text(words, style=style), soft_wrap=True)

    def note(self, words: str, style: str = "") -> None:
        """Print what is no result."""
        self.err.print(Text(words, style=style), soft_wrap=True)

    def error(self, words: str) -> None:
        """Print an error."""
        self.note(f"{self.say('error')}: {words}", "bold red")

    def problems(self, problems: Iterable[Problem], *, result: bool = False) -> None:
        """Print problems, one a line, the first hundred."""
        listed = folded(list(problems))
        write = self.line if result else self.note
        for problem in listed[:SHOWN]:
            write(f"{self.say(str(problem.severity))}: {problem.line(self.lang)}", _STYLES[problem.severity])
        if len(listed) > SHOWN:
            write(self.say("and_more", count=len(listed) - SHOWN))
