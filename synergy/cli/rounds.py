"""`synergy round` commands of planners: creation, workflow steps, runs, rulings and plans."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from synergy.cli.answers import answer, cell
from synergy.cli.console import Number, Talk, in_language, reads_dataset, stops
from synergy.cli.serving import asked_of, at_store, changes, opened
from synergy.settlement import ASKED, DEFAULT
from synergy.texts import ladder_note, proof_text

if TYPE_CHECKING:
    from synergy.store.rounds import Draft

ROUND = click.argument("round_id", metavar="ROUND", type=Number(1, whole=True))
_MATCH = Number(1, whole=True)
_LISTED = ("round", "name", "state", "members", "declared", "deadline", "version")
_NEWS = ("attempt", "phase", "best", "bound", "gap", "done", "total")
_PROGRESS = ("attempt", "number", "seconds", *_NEWS[1:])
_RULINGS = ("ruling", "at", "match", "kind", "cause", "pattern", "withdrawn", "actor")
_DOUBTFUL = ("enterprise", "sheet", "ident", "site", "subject", "period", "amount", "price", "why")
_RUNS = ("match", "number", "state", "status", "value", "gain", "attempt", "fault", "finished")


@click.group("round")
@in_language
def round_group() -> None:
    """Manage rounds."""


@round_group.command("create")
@reads_dataset
@click.option("--name", required=True)
@click.option("--settlement", type=click.Choice(ASKED), default=DEFAULT)
@click.option("--ladder", type=Number(0, most=1), default=0.12)
@stops(1e-4, 300.0)
@click.option("--member", "members", multiple=True)
@click.option("--anonymous", is_flag=True)
@click.option("--deadline")
@click.option("--answer-by")
@click.option("--previous", type=_MATCH)
@changes
@click.pass_obj
def create(talk: Talk, /, **given: Any) -> None:
    """Create a round from a dataset."""
    from synergy.store.rounds import create as made

    with opened(talk, given) as (store, actor):
        answer(talk, given, made(store, actor, _draft(talk, given), given["key"]))


def _draft(talk: Talk, given: dict[str, Any]) -> Draft:
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
        options={name: given[name] for name in ("gap", "time_limit", "settlement")},
        members=given["members"] or None,
        anonymous=given["anonymous"],
        ladder=given["ladder"],
        deadline=_moment(talk, given["deadline"]),
        answer_by=_moment(talk, given["answer_by"]),
        previous=given["previous"],
    )


def _moment(talk: Talk, text: str | None) -> datetime | None:
    """Parse a timestamp; without an offset it is in the local time zone."""
    if text is None:
        return None
    from synergy.store.column_types import typed

    try:
        return typed(text)
    except ValueError as error:
        raise click.UsageError(talk.say("store.moment", value=text)) from error


@round_group.command("list")
@at_store
@click.pass_obj
def listed(talk: Talk, /, **given: Any) -> None:
    """List the rounds."""
    from synergy.store.queries import list_rounds

    with opened(talk, given) as (store, actor):
        answer(talk, given, list_rounds(store, actor), _LISTED)


@round_group.command("show")
@ROUND
@at_store
@click.pass_obj
def show(talk: Talk, /, **given: Any) -> None:
    """Show the record of a round."""
    from synergy.store.queries import see_round

    with opened(talk, given) as (store, actor):
        answer(talk, given, see_round(store, actor, given["round_id"]))


def _step(name: str) -> click.Command:
    """Return the command of a workflow step that only changes the state of a round."""

    @ROUND
    @changes
    @click.pass_obj
    def command(talk: Talk, /, **given: Any) -> None:
        from synergy.store.rounds import advance

        with opened(talk, given) as (store, actor):
            answer(talk, given, advance(store, actor, given["round_id"], name, asked_of(given)))

    return click.command(name)(command)


for _name in ("open", "reopen", "publish", "collect", "cancel"):
    round_group.add_command(_step(_name))


@round_group.command("remind")
@ROUND
@changes
@click.pass_obj
def remind(talk: Talk, /, **given: Any) -> None:
    """Remind the members that have not declared."""
    from synergy.store.rounds import remind as reminded

    with opened(talk, given) as (store, actor):
        answer(talk, given, reminded(store, actor, given["round_id"], asked_of(given)))


@round_group.command("extend")
@ROUND
@click.option("--deadline")
@click.option("--answer-by")
@changes
@click.pass_obj
def extend(talk: Talk, /, **given: Any) -> None:
    """Change the deadlines of a round."""
    from synergy.store.rounds import Until
    from synergy.store.rounds import extend as extended

    until = Until(deadline=_moment(talk, given["deadline"]), answer_by=_moment(talk, given["answer_by"]))
    with opened(talk, given) as (store, actor):
        answer(talk, given, extended(store, actor, given["round_id"], until, asked_of(given)))


@round_group.command("doubtful")
@ROUND
@at_store
@click.pass_obj
def doubtful(talk: Talk, /, **given: Any) -> None:
    """List the doubtful declaration entries to review before declarations are frozen."""
    from synergy.store.review import doubtful as doubted

    with opened(talk, given) as (store, actor):
        answer(talk, given, doubted(store, actor, given["round_id"]), _DOUBTFUL)


@round_group.command("freeze")
@ROUND
@changes
@click.pass_obj
def freeze(talk: Talk, /, **given: Any) -> None:
    """Freeze the declarations of a round."""
    from synergy.store.freezing import freeze as frozen

    with opened(talk, given) as (store, actor):
        answer(talk, given, frozen(store, actor, given["round_id"], asked_of(given)))


@round_group.command("match")
@ROUND
@click.option("--here", is_flag=True)
@click.option("--start", "begun", metavar="RUN", type=Number(1, whole=True), multiple=True)
@changes
@click.pass_obj
def match(talk: Talk, /, **given: Any) -> None:
    """Request a run of a round, and with ``--here`` execute it in this process."""
    from synergy.store.runs import request_match

    with opened(talk, given) as (store, actor):
        asked = request_match(store, actor, given["round_id"], replace(asked_of(given), start=given["begun"]))
        if given["here"]:
            from synergy.worker.work import work_once

            done = work_once(store)
            asked = {**asked, **(done or {})}
        answer(talk, given, asked)


def _ending(name: str) -> click.Command:
    """Return the command that stops a run: ``halt`` uses the best plan found so far, ``stop`` cancels the run."""

    @ROUND
    @changes
    @click.pass_obj
    def command(talk: Talk, /, **given: Any) -> None:
        from synergy.store import runs

        end = runs.halt_search if name == "halt" else runs.cancel_match
        with opened(talk, given) as (store, actor):
            answer(talk, given, end(store, actor, given["round_id"], asked_of(given)))

    return click.command(name)(command)


round_group.add_command(_ending("halt"))
round_group.add_command(_ending("stop"))


@round_group.command("runs")
@ROUND
@at_store
@click.pass_obj
def list_runs(talk: Talk, /, **given: Any) -> None:
    """List the runs of a round."""
    from synergy.store.queries import see_matches

    with opened(talk, given) as (store, actor):
        answer(talk, given, see_matches(store, actor, given["round_id"]), _RUNS)


@round_group.command("progress")
@click.argument("match_id", metavar="RUN", type=_MATCH)
@at_store
@click.pass_obj
def progress(talk: Talk, /, **given: Any) -> None:
    """Show the progress of a run."""
    from synergy.store.queries import see_progress

    with opened(talk, given) as (store, actor):
        told = see_progress(store, actor, given["match_id"])
    answer(talk, given, told if given["as_json"] else _steps(told), _PROGRESS)


def _steps(told: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Return the progress entries without repeated ones, keeping the first of each as displayed."""
    news = {tuple(cell(Talk(), name, one[name]) for name in _NEWS): one for one in reversed(told)}
    return list(reversed(news.values()))


@round_group.command("plan")
@ROUND
@click.option("--out", type=click.Path(path_type=Path))
@at_store
@click.pass_obj
def plan(talk: Talk, /, **given: Any) -> None:
    """Show the latest plan of a round and the head of the audit chain, and optionally write the plan to a file."""
    from synergy.outputs import written_whole
    from synergy.store.planning import round_input
    from synergy.store.queries import see_plan

    with opened(talk, given) as (store, actor):
        record = see_plan(store, actor, given["round_id"])
        options = round_input(store, actor, given["round_id"])["options"]
    if given["out"] is not None:
        text = json.dumps(record["plan"], ensure_ascii=False, indent=1) + "\n"
        written_whole(given["out"], text.encode())
        talk.note(talk.say("written", path=given["out"]))
    if given["as_json"]:
        answer(talk, given, record)
        return
    head = {name: record["plan"][name] for name in ("status", "value", "bound", "gap", "gain")}
    head["proof"] = proof_text(record["plan"], talk.lang)
    chain = "{number}:{mac}".format(**record["chain"])
    answer(talk, given, {"match": record["match"], **head, "digest": record["digest"], "chain": chain})
    note = ladder_note(options.get("ladder", 0.0), talk.lang)
    if note:
        talk.note(note)


@round_group.command("rule")
@ROUND
@click.argument("kind", type=click.Choice(["forbid", "fix", "note"]))
@click.option("--pattern", "pattern", multiple=True, metavar="KEY=VALUE")
@changes
@click.pass_obj
def rule(talk: Talk, /, **given: Any) -> None:
    """Add a ruling that forbids, fixes or annotates exchanges matching a pattern."""
    from synergy.dataset.settings import plain
    from synergy.store.review import rule as ruled

    pairs = [item.partition("=")[::2] for item in given["pattern"]]
    pattern = {name: plain(value) if name == "quantity" else value for name, value in pairs}
    if given["kind"] == "note":
        pattern["text"] = given["note"]
    with opened(talk, given) as (store, actor):
        answer(talk, given, ruled(store, actor, given["round_id"], (given["kind"], pattern), asked_of(given)))


@round_group.command("withdraw")
@ROUND
@click.argument("ruling", type=_MATCH)
@changes
@click.pass_obj
def withdraw(talk: Talk, /, **given: Any) -> None:
    """Withdraw a ruling."""
    from synergy.store.review import withdraw as taken

    with opened(talk, given) as (store, actor):
        answer(talk, given, taken(store, actor, given["round_id"], given["ruling"], asked_of(given)))


@round_group.command("rulings")
@ROUND
@at_store
@click.pass_obj
def rulings(talk: Talk, /, **given: Any) -> None:
    """List the rulings of a round."""
    from synergy.store.review import list_rulings

    with opened(talk, given) as (store, actor):
        answer(talk, given, list_rulings(store, actor, given["round_id"]), _RULINGS)


@round_group.command("conclude")
@ROUND
@changes
@click.pass_obj
def conclude(talk: Talk, /, **given: Any) -> None:
    """Conclude a round and turn accepted proposals into partnerships."""
    from synergy.store.answers import conclude as ended

    with opened(talk, given) as (store, actor):
        answer(talk, given, ended(store, actor, given["round_id"], asked_of(given)))
