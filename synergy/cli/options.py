"""Parameter types and shared options of the commands, with the types of their values."""

from __future__ import annotations

import difflib
import os
import zoneinfo
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, tzinfo
from functools import wraps
from math import inf, nan
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn, ParamSpec, TypedDict, TypeVar

import click

from synergy.cli.console import Talk

if TYPE_CHECKING:
    from synergy.store.access import Caller
    from synergy.store.rounds import StepOptions

DATABASE, USER, TOKEN = "SYNERGY_DB", "SYNERGY_USER", "SYNERGY_TOKEN"
REGION = "Asia/Shanghai"  # time zone of the shipped dataset
FORMS = (".xlsx", ".csv")  # extensions of declaration forms
Command = Callable[..., int | None]
P = ParamSpec("P")
R = TypeVar("R")


def refuse(
    value: object, expected: str, param: click.Parameter | None, ctx: click.Context | None, **fields: str
) -> NoReturn:
    """Raise a usage error that names a parameter, its value and what was expected (a key of `WORDS` and its fields)."""
    talk = ctx.obj if ctx is not None and isinstance(ctx.obj, Talk) else Talk()
    said = talk.say("bad_value", value=repr(value), expected=talk.say(expected, **fields))
    raise click.BadParameter(said, ctx, param)


def refuse_value(name: str, value: object, expected: str, **fields: str) -> NoReturn:
    """Raise the error of `refuse` for a parameter of the running command, by its name in Python."""
    ctx = click.get_current_context()
    refuse(value, expected, next(one for one in ctx.command.params if one.name == name), ctx, **fields)


class Number(click.ParamType[float]):
    """Parameter type of finite numbers, or integers if `whole`, within inclusive bounds; `above` excludes `least`."""

    name = "number"

    def __init__(self, least: float, *, whole: bool = False, above: bool = False, most: float = inf) -> None:
        self.least, self.whole, self.above, self.most = least, whole, above, most

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """Parse a number and check its bounds."""
        try:
            number: float = int(str(value)) if self.whole else float(str(value))
        except (ValueError, OverflowError):
            number = nan
        low = number > self.least if self.above else number >= self.least
        if not (low and number <= self.most and abs(number) != inf):
            most = "" if self.most == inf else f", <= {self.most:.12g}"
            refuse(value, "expected.number", param, ctx, bound=f"{'>' if self.above else '>='} {self.least:.12g}{most}")
        return number


class KeyValue(click.ParamType[tuple[str, str]]):
    """Parameter type of ``key=value`` pairs."""

    name = "key=value"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> tuple[str, str]:
        """Split a pair."""
        if isinstance(value, tuple):
            return value[0], value[1]
        key, sign, word = str(value).partition("=")
        if not sign or not key.strip():
            refuse(value, "expected.pair", param, ctx)
        return key.strip(), word


class Fields(click.ParamType[tuple[str, ...]]):
    """Parameter type of values separated by slashes; `form` names them, as ``SITE/COMMODITY/AMOUNT[/PRICE]``.

    With `numbered`, the first is a whole number.
    """

    def __init__(self, form: str, *, numbered: bool = False) -> None:
        self.name = self.form = form
        self.numbered = numbered

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> tuple[str, ...]:
        """Split the values and check their number."""
        if isinstance(value, tuple):
            return value
        parts = tuple(str(value).split("/"))
        counted = self.form.partition("[")[0].count("/") < len(parts) <= self.form.count("/") + 1
        if not counted or (self.numbered and not parts[0].isdigit()):
            refuse(value, "expected.form", param, ctx, form=self.form)
        return parts


class Moment(click.ParamType[datetime]):
    """Parameter type of times; without an offset they are in the local time zone."""

    name = "time"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        """Parse a time in ISO 8601."""
        if isinstance(value, datetime):
            return value
        from synergy.store.column_types import typed

        try:
            return typed(str(value))
        except ValueError:
            refuse(value, "expected.moment", param, ctx)


class Zone(click.ParamType[tzinfo]):
    """Parameter type of IANA time zone names."""

    name = "time zone"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> tzinfo:
        """Return the time zone of a name; the error for an unknown name suggests similar ones."""
        if isinstance(value, tzinfo):
            return value
        try:
            return zoneinfo.ZoneInfo(str(value))
        except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):  # also no file name, a folder
            near = difflib.get_close_matches(str(value), sorted(zoneinfo.available_timezones()), 3, 0.75) or [REGION]
            refuse(value, "expected.zone", param, ctx, bound=", ".join(near))


class OutFile(click.ParamType[Path]):
    """Parameter type of files to write, with one of the extensions (in lower case); any if there are none."""

    name = "file"

    def __init__(self, *endings: str) -> None:
        self.endings = endings

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> Path:
        """Check the folder and the extension of a file name."""
        path = Path(str(value))
        if path.is_dir() or not path.resolve().parent.is_dir():
            refuse(str(value), "expected.file", param, ctx)
        if self.endings and path.suffix.lower() not in self.endings:
            refuse(str(value), "expected.ending", param, ctx, endings=", ".join(self.endings))
        return path


class DatasetOptions(TypedDict):
    """Values of `reads_dataset`."""

    dataset: Path
    scenario: Path | None
    settings: tuple[tuple[str, str], ...]


class LimitOptions(TypedDict):
    """Values of `stops`."""

    gap: float
    time_limit: float


class OutputOptions(TypedDict):
    """Value of `prints_json`."""

    as_json: bool


class StoreOptions(OutputOptions):
    """Values of `at_store`."""

    address: str
    who: str | None


class ChangeOptions(StoreOptions):
    """Values of `changes`."""

    seen: int | None
    key: str | None
    note: str


PATH = click.Path(path_type=Path)
KEY = Number(1, whole=True)  # of a round, run, ruling, partnership or token
ROUND = click.argument("round_id", metavar="ROUND", type=KEY)
ADDRESS = click.option("--db", "address", metavar="STORE", envvar=DATABASE, default="synergy.db")


def in_language(command: Command) -> Command:
    """Add ``--lang``, whose value is read before parsing so that parsing errors are localized too."""
    return click.option("--lang", type=click.Choice(["zh", "en"]), expose_value=False)(command)


def group(name: str, kind: type[click.Group] = click.Group) -> click.Group:
    """Return a group of commands, empty at first."""
    made = kind(name)
    in_language(made)
    return made


def prints_json(command: Command) -> Command:
    """Add ``--json`` and ``--lang``."""
    return click.option("--json", "as_json", is_flag=True)(in_language(command))


def reads_dataset(command: Command) -> Command:
    """Add the dataset argument, ``--scenario`` and ``--set``."""
    command = click.option("--set", "settings", type=KeyValue(), multiple=True)(command)
    command = click.option("--scenario", type=PATH)(command)
    return click.argument("dataset", type=PATH)(command)


def stops(gap: float, seconds: float) -> Callable[[Command], Command]:
    """Return a decorator that adds ``--gap`` and ``--time-limit`` with the given defaults."""

    def add(command: Command) -> Command:
        command = click.option("--time-limit", type=Number(0, above=True), default=seconds)(command)
        return click.option("--gap", type=Number(0), default=gap)(command)

    return add


def hears_keys(command: Callable[P, R]) -> Callable[P, R]:
    """Let Ctrl-C interrupt a running solver instead of waiting for it to finish."""

    @wraps(command)
    def heard(*given: P.args, **named: P.kwargs) -> R:
        from synergy.halting import halting

        with halting(lambda: False):
            return command(*given, **named)

    return heard


def at_store(command: Command) -> Command:
    """Add ``--db``, ``--as``, ``--json`` and ``--lang``."""
    return ADDRESS(click.option("--as", "who", metavar="ACCOUNT", envvar=USER)(prints_json(command)))


def changes(command: Command) -> Command:
    """Add the options of `at_store`, ``--version``, ``--key`` (idempotency) and ``--note``."""
    command = click.option("--version", "seen", type=KEY)(command)
    command = click.option("--key")(command)
    return at_store(click.option("--note", default="")(command))


def step_options(given: ChangeOptions, start: tuple[int, ...] = ()) -> StepOptions:
    """Return the common arguments of a change from its options; `start` is for runs."""
    from synergy.store.rounds import StepOptions

    return StepOptions(given["seen"], given["key"], given["note"], start)


@contextmanager
def opened(talk: Talk, given: StoreOptions) -> Iterator[Caller]:
    """Open the store and yield it with the actor: the account of ``--as``, or the owner of the token.

    Raises
    ------
    click.UsageError
        Neither an account nor a token is given.
    """
    from synergy.store.access import Caller
    from synergy.store.accounts import actor_of_token, known
    from synergy.store.store import open_store

    store = open_store(given["address"])
    try:
        token = os.environ.get(TOKEN)
        if given["who"]:
            actor = known(store, given["who"])
        elif token:
            actor = actor_of_token(store, token)
        else:
            raise click.UsageError(talk.say("store.who"))
        yield Caller(store, actor)
    finally:
        store.close()
