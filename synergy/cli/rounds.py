"""`synergy round`: creation, workflow steps and totals of rounds."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from typing import TYPE_CHECKING, Unpack

import click

from synergy.cli.answers import answer
from synergy.cli.console import Talk
from synergy.cli.options import (
    KEY,
    ROUND,
    ChangeOptions,
    DatasetOptions,
    LimitOptions,
    Moment,
    Number,
    StoreOptions,
    at_store,
    changes,
    in_language,
    opened,
    reads_dataset,
    step_options,
    stops,
)
from synergy.settlement import ASKED, DEFAULT

if TYPE_CHECKING:
    from synergy.store.rounds import Draft

# former command of `synergy round`: the command that replaces it
RENAMED: Mapping[str, str] = MappingProxyType(
    {
        "answer": "proposal answer",
        "balance": "declaration balance",
        "compare": "run compare",
        "declaration": "declaration show",
        "declare": "declaration submit",
        "events": "audit events",
        "follow": "partnership follow",
        "halt": "run halt",
        "match": "run request",
        "notices": "notice list",
        "partnerships": "partnership list",
        "plan": "run plan",
        "progress": "run progress",
        "proposal": "proposal show",
        "proposals": "proposal list",
        "repeat": "declaration repeat",
        "replay": "run replay",
        "rule": "ruling add",
        "rulings": "ruling list",
        "runs": "run list",
        "stop": "run stop",
        "template": "declaration template",
        "withdraw": "ruling withdraw",
    }
)
_LISTED = ("round", "name", "state", "members", "declared", "deadline", "version")
_DOUBTFUL = ("enterprise", "sheet", "ident", "site", "subject", "period", "amount", "price", "why")


class _Rounds(click.Group):
    """Group of commands that answers each former command of `RENAMED` with its new name."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Return the command of the arguments; raise a usage error for a former one."""
        new = RENAMED.get(args[0])
        if new is None or ctx.resilient_parsing:
            return super().resolve_command(ctx, args)
        talk: Talk = ctx.obj
        said = talk.say("renamed", old=f"synergy round {args[0]}", new=f"synergy {new}")
        raise click.UsageError(said, click.Context(self, info_name=f"synergy {new}"))


@click.group("round", cls=_Rounds)
@in_language
def round_group() -> None:
    """Manage rounds."""


class _CreateOptions(DatasetOptions, LimitOptions, ChangeOptions):
    name: str
    settlement: str
    ladder: float
    members: tuple[str, ...]
    anonymous: bool
    deadline: datetime | None
    answer_by: datetime | None
    previous: int | None


@round_group.command("create")
@reads_dataset
@click.option("--name", required=True)
@click.option("--settlement", type=click.Choice(ASKED), default=DEFAULT)
@click.option("--ladder", type=Number(0, most=1), default=0.12)
@stops(1e-4, 300.0)
@click.option("--member", "members", metavar="ENTERPRISE", multiple=True)
@click.option("--anonymous", is_flag=True)
@click.option("--deadline", type=Moment())
@click.option("--answer-by", type=Moment())
@click.option("--previous", metavar="ROUND", type=KEY)
@changes
@click.pass_obj
def create(talk: Talk, /, **given: Unpack[_CreateOptions]) -> None:
    """Create a round from a dataset."""
    from synergy.store.rounds import create as made

    with opened(talk, given) as (store, actor):
        answer(talk, given, made(store, actor, _draft(given), given["key"]))


def _draft(given: _CreateOptions) -> Draft:
    from synergy.dataset.read import read
    from synergy.dataset.settings import load_scenario, plain
    from synergy.scenario import Scenario
    from synergy.store.backup import snapshot_of
    from synergy.store.rounds import Draft

    scenario = Scenario() if given["scenario"] is None else load_scenario(given["scenario"])
    settings = {**scenario.settings, **{name: plain(value) for name, value in given["settings"]}}
    return Draft(
        name=given["name"],
        archive=snapshot_of(read(given["dataset"])).archive,
        scenario=Scenario(scenario.name, settings, scenario.tables, scenario.scale),
        options={"gap": given["gap"], "time_limit": given["time_limit"], "settlement": given["settlement"]},
        members=given["members"] or None,
        anonymous=given["anonymous"],
        ladder=given["ladder"],
        deadline=given["deadline"],
        answer_by=given["answer_by"],
        previous=given["previous"],
    )


@round_group.command("list")
@at_store
@click.pass_obj
def list_all(talk: Talk, /, **given: Unpack[StoreOptions]) -> None:
    """List the rounds."""
    from synergy.store.queries import list_rounds

    with opened(talk, given) as (store, actor):
        answer(talk, given, list_rounds(store, actor), _LISTED)


@round_group.command("show")
@ROUND
@at_store
@click.pass_obj
def show(talk: Talk, /, round_id: int, **given: Unpack[StoreOptions]) -> None:
    """Show a round."""
    from synergy.store.queries import see_round

    with opened(talk, given) as (store, actor):
        answer(talk, given, see_round(store, actor, round_id))


def _step(name: str) -> click.Command:
    """Return the command of a workflow step that only changes the state of a round."""

    @ROUND
    @changes
    @click.pass_obj
    def command(talk: Talk, /, round_id: int, **given: Unpack[ChangeOptions]) -> None:
        from synergy.store.rounds import advance

        with opened(talk, given) as (store, actor):
            answer(talk, given, advance(store, actor, round_id, name, step_options(given)))

    return click.command(name)(command)


for _name in ("open", "reopen", "publish", "collect", "cancel"):
    round_group.add_command(_step(_name))


@round_group.command("remind")
@ROUND
@changes
@click.pass_obj
def remind(talk: Talk, /, round_id: int, **given: Unpack[ChangeOptions]) -> None:
    """Remind the members that have not declared."""
    from synergy.store.rounds import remind as reminded

    with opened(talk, given) as (store, actor):
        answer(talk, given, reminded(store, actor, round_id, step_options(given)))


@round_group.command("extend")
@ROUND
@click.option("--deadline", type=Moment())
@click.option("--answer-by", type=Moment())
@changes
@click.pass_obj
def extend(
    talk: Talk,
    /,
    round_id: int,
    deadline: datetime | None,
    answer_by: datetime | None,
    **given: Unpack[ChangeOptions],
) -> None:
    """Change the deadlines of a round."""
    from synergy.store.rounds import Until
    from synergy.store.rounds import extend as extended

    until = Until(deadline=deadline, answer_by=answer_by)
    with opened(talk, given) as (store, actor):
        answer(talk, given, extended(store, actor, round_id, until, step_options(given)))


@round_group.command("doubtful")
@ROUND
@at_store
@click.pass_obj
def doubtful(talk: Talk, /, round_id: int, **given: Unpack[StoreOptions]) -> None:
    """List the declared rows to review before declarations are frozen."""
    from synergy.store.review import doubtful as doubted

    with opened(talk, given) as (store, actor):
        answer(talk, given, doubted(store, actor, round_id), _DOUBTFUL)


@round_group.command("freeze")
@ROUND
@changes
@click.pass_obj
def freeze(talk: Talk, /, round_id: int, **given: Unpack[ChangeOptions]) -> None:
    """Close the declarations of a round."""
    from synergy.store.freezing import freeze as frozen

    with opened(talk, given) as (store, actor):
        answer(talk, given, frozen(store, actor, round_id, step_options(given)))


@round_group.command("conclude")
@ROUND
@changes
@click.pass_obj
def conclude(talk: Talk, /, round_id: int, **given: Unpack[ChangeOptions]) -> None:
    """Conclude a round and turn accepted proposals into partnerships."""
    from synergy.store.answers import conclude as ended

    with opened(talk, given) as (store, actor):
        answer(talk, given, ended(store, actor, round_id, step_options(given)))


@round_group.command("totals")
@ROUND
@at_store
@click.pass_obj
def totals(talk: Talk, /, round_id: int, **given: Unpack[StoreOptions]) -> None:
    """Show the public totals of a round."""
    from synergy.store.aggregates import aggregates

    with opened(talk, given) as (store, actor):
        answer(talk, given, aggregates(store, actor, round_id))
