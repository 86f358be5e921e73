"""Entry point of the command line: language selection, error reporting and exit statuses."""

from __future__ import annotations

import os
import re
import sys
import traceback
from collections.abc import Sequence
from typing import TextIO

import click

from synergy.cli.commands import commands
from synergy.cli.console import Talk, language, localise
from synergy.errors import DatasetError, StoreError, SynergyError, UsageError, VerificationError
from synergy.halting import abandoned

UNEXPECTED, INTERRUPTED = 1, 130
EXTRAS = ("server", "postgresql", "bench", "dask")  # of commands, not of development


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line, with the arguments of the process by default, and exit with its status."""
    words = sys.argv[1:] if arguments is None else list(arguments)
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):  # Chinese names in any locale
            stream.reconfigure(encoding="utf-8", errors="backslashreplace")
    talk = Talk(language(words, os.environ))
    status = UNEXPECTED
    try:
        status = run(words, talk)
        sys.stdout.flush()
    except BrokenPipeError:  # the reader, such as `head`, has ended
        _give_up(sys.stdout)
        status = UNEXPECTED
    except OSError as error:  # a full disk
        if status != UNEXPECTED:
            _refused(error, talk)
        _give_up(sys.stdout)
        status = UNEXPECTED
    try:
        sys.stderr.flush()
    except OSError:
        _give_up(sys.stderr)
    if abandoned():
        os._exit(status)
    sys.exit(status)


def _give_up(stream: TextIO) -> None:
    """Redirect a broken stream to the null device, so that flushing it at exit does not fail again."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def _refused(error: OSError, talk: Talk) -> None:
    """Print an operating system error, such as a full disk or a permission error."""
    about = f"{error.filename}: " if error.filename else ""
    try:
        talk.error(talk.say("system", said=f"{about}{error.strerror or error}"))
    except OSError:
        _give_up(sys.stderr)


def run(arguments: Sequence[str], talk: Talk) -> int:
    """Run a command, print any error, and return the exit status.

    It is 0 done, 1 a check failed or an unexpected error, 2 wrong usage, 3 invalid dataset, 4 infeasible, 5 unbounded,
    6 out of time.
    """
    localise(commands, talk)
    try:
        status = commands.main(list(arguments), "synergy", standalone_mode=False, obj=talk)
        return int(status or 0)
    except click.UsageError as error:
        return _wrong_usage(error, talk)
    except (KeyboardInterrupt, click.Abort):
        talk.note(talk.say("interrupted"))
        return INTERRUPTED
    except BrokenPipeError:
        raise
    except SynergyError as error:
        return _said(error, talk)
    except OSError as error:
        _refused(error, talk)
        return UNEXPECTED
    except Exception as error:
        return _failed(error, arguments, talk)


def _failed(error: Exception, arguments: Sequence[str], talk: Talk) -> int:
    """Print which extra installs a missing module, or report an unexpected error; return the exit status."""
    extra = _extra(str(error.name).partition(".")[0]) if isinstance(error, ModuleNotFoundError) else None
    if extra is not None:
        talk.error(talk.say("extra", said=str(error), extra="demo" if "demo" in arguments else extra))
        return UsageError.exit_status
    talk.note(traceback.format_exc().rstrip())
    talk.error(talk.say("unexpected", said=f"{type(error).__name__}: {error}"))
    return UNEXPECTED


def _extra(module: str) -> str | None:
    """Return the extra of this package that installs a module, or None."""
    from importlib.metadata import requires

    declared = (re.match(r"([\w.-]+).*extra == \W(\w+)", line) for line in requires("synergy-matching") or ())
    named = {one[2] for one in declared if one and f"{one[1].replace('-', '_')}_".startswith(f"{module}_")}
    return next((extra for extra in EXTRAS if extra in named), None)


def _wrong_usage(error: click.UsageError, talk: Talk) -> int:
    if isinstance(error, click.exceptions.NoArgsIsHelpError):
        talk.note(error.format_message())
        return UsageError.exit_status
    talk.error(error.format_message())
    command = error.ctx.command_path if error.ctx else "synergy"
    talk.note(talk.say("help_at", command=command))
    return UsageError.exit_status


def _said(error: SynergyError, talk: Talk) -> int:
    """Print a `SynergyError` and return its exit status."""
    if isinstance(error, DatasetError):
        talk.problems(error.problems)
    elif isinstance(error, VerificationError):
        talk.error(talk.say("not_valid", count=len(error.findings)))
        for finding in error.findings:
            talk.note(f"- {finding}")
    else:
        talk.error(error.said(talk.lang) if isinstance(error, StoreError) else error.sentence(talk.lang))
    return error.exit_status
