"""`synergy round`: creation, workflow steps and totals of rounds."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from typing import TYPE_CHECKING, Unpack

import click

from synergy.cli.answers import answer, shows, steps
from synergy.cli.console import Talk
from synergy.cli.options import (
    KEY,
    ROUND,
    ChangeOptions,
    DatasetOptions,
    LimitOptions,
    Moment,
    Number,
    changes,
    group,
    opened,
    reads_dataset,
    stops,
)
from synergy.settlement import ASKED, DEFAULT

if TYPE_CHECKING:
    from synergy.cli.answers import Shown
    from synergy.store.access import Caller
    from synergy.store.rounds import StepOptions

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


round_group = group("round", _Rounds)


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
def _create(talk: Talk, /, **given: Unpack[_CreateOptions]) -> None:
    from synergy.dataset.read import read
    from synergy.dataset.settings import load_scenario, plain
    from synergy.scenario import Scenario
    from synergy.store.datasets import snapshot_of
    from synergy.store.rounds import Draft, create

    with opened(talk, given) as (store, actor):
        scenario = Scenario() if given["scenario"] is None else load_scenario(given["scenario"])
        settings = {**scenario.settings, **{name: plain(value) for name, value in given["settings"]}}
        draft = Draft(
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
        answer(talk, given, create(store, actor, draft, given["key"]))


@round_group.command("list")
@shows(*_LISTED)
def _list_rounds(caller: Caller) -> Shown:
    from synergy.store.queries import list_rounds

    return list_rounds(*caller)


@round_group.command("show")
@ROUND
@shows()
def _show(caller: Caller, round_id: int) -> Shown:
    from synergy.store.queries import see_round

    return see_round(*caller, round_id)


def _step(name: str) -> click.Command:
    """Return the command of a workflow step that only changes the state of a round."""

    @ROUND
    @steps
    def command(caller: Caller, step: StepOptions, round_id: int) -> Shown:
        from synergy.store.rounds import advance

        return advance(*caller, round_id, name, step)

    return click.command(name)(command)


for _name in ("open", "reopen", "publish", "collect", "cancel"):
    round_group.add_command(_step(_name))


@round_group.command("remind")
@ROUND
@steps
def _remind(caller: Caller, step: StepOptions, round_id: int) -> Shown:
    from synergy.store.rounds import remind

    return remind(*caller, round_id, step)


@round_group.command("extend")
@ROUND
@click.option("--deadline", type=Moment())
@click.option("--answer-by", type=Moment())
@steps
def _extend(
    caller: Caller, step: StepOptions, round_id: int, deadline: datetime | None, answer_by: datetime | None
) -> Shown:
    from synergy.store.rounds import Until, extend

    return extend(*caller, round_id, Until(deadline=deadline, answer_by=answer_by), step)


@round_group.command("doubtful")
@ROUND
@shows(*_DOUBTFUL)
def _list_doubtful(caller: Caller, round_id: int) -> Shown:
    from synergy.store.review import doubtful

    return doubtful(*caller, round_id)


@round_group.command("freeze")
@ROUND
@steps
def _freeze(caller: Caller, step: StepOptions, round_id: int) -> Shown:
    from synergy.store.freezing import freeze

    return freeze(*caller, round_id, step)


@round_group.command("conclude")
@ROUND
@steps
def _conclude(caller: Caller, step: StepOptions, round_id: int) -> Shown:
    from synergy.store.answers import conclude

    return conclude(*caller, round_id, step)


@round_group.command("totals")
@ROUND
@shows()
def _totals(caller: Caller, round_id: int) -> Shown:
    from synergy.store.queries import aggregates

    return aggregates(*caller, round_id)
