"""`synergy run` and `synergy ruling`: matching runs of a round, and what planners rule for the next one."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Unpack

import click

from synergy.cli.answers import answer, cell, shows, steps
from synergy.cli.console import Talk
from synergy.cli.options import (
    KEY,
    ROUND,
    ChangeOptions,
    KeyValue,
    OutFile,
    StoreOptions,
    at_store,
    changes,
    group,
    opened,
    step_options,
)
from synergy.texts import ladder_note, proof_text

if TYPE_CHECKING:
    from synergy.cli.answers import Shown
    from synergy.records.runs import ChangeCause, Comparison, Progress
    from synergy.store.access import Caller
    from synergy.store.rounds import StepOptions

_RUNS = ("match", "number", "state", "status", "value", "gain", "attempt", "fault", "finished")
_NEWS = ("attempt", "phase", "best", "bound", "gap", "done", "total")
_PROGRESS = ("attempt", "number", "seconds", *_NEWS[1:])
_RULINGS = ("ruling", "at", "match", "kind", "cause", "pattern", "withdrawn", "actor")

run_group = group("run")
ruling_group = group("ruling")


@run_group.command("request")
@ROUND
@click.option("--here", is_flag=True)
@click.option("--start", "begun", metavar="RUN", type=KEY, multiple=True)
@changes
@click.pass_obj
def _request(talk: Talk, /, round_id: int, here: bool, begun: tuple[int, ...], **given: Unpack[ChangeOptions]) -> None:
    from synergy.store.runs import request_match

    with opened(talk, given) as (store, actor):
        asked = request_match(store, actor, round_id, step_options(given, begun))
        done = None
        if here:
            from synergy.worker.work import work_once

            done = work_once(store)
        answer(talk, given, asked if done is None else asked.document() | done.document())


def _ending(name: str) -> click.Command:
    """Return the command that ends a run: ``halt`` uses the best plan found so far, ``stop`` cancels the run."""

    @ROUND
    @steps
    def command(caller: Caller, step: StepOptions, round_id: int) -> Shown:
        from synergy.store import runs

        end = runs.halt_search if name == "halt" else runs.cancel_match
        return end(*caller, round_id, step)

    return click.command(name)(command)


run_group.add_command(_ending("halt"))
run_group.add_command(_ending("stop"))


@run_group.command("list")
@ROUND
@shows(*_RUNS)
def _list_runs(caller: Caller, round_id: int) -> Shown:
    from synergy.store.queries import see_matches

    return see_matches(*caller, round_id)


@run_group.command("progress")
@click.argument("run", metavar="RUN", type=KEY)
@at_store
@click.pass_obj
def _show_progress(talk: Talk, /, run: int, **given: Unpack[StoreOptions]) -> None:
    from synergy.store.queries import see_progress

    with opened(talk, given) as (store, actor):
        told = see_progress(store, actor, run)
    answer(talk, given, told if given["as_json"] else _distinct(told), _PROGRESS)


def _distinct(told: Sequence[Progress]) -> list[Progress]:
    """Return the progress records without repeated ones, keeping the first of each as displayed."""
    news = {tuple(cell(Talk(), name, getattr(one, name)) for name in _NEWS): one for one in reversed(told)}
    return list(reversed(news.values()))


@run_group.command("plan")
@ROUND
@click.option("--out", type=OutFile())
@at_store
@click.pass_obj
def _show_plan(talk: Talk, /, round_id: int, out: Path | None, **given: Unpack[StoreOptions]) -> None:
    from synergy.outputs import written_whole
    from synergy.records.figures import Measures
    from synergy.records.files import ROUND_SCHEMA
    from synergy.store.queries import round_input, see_plan

    with opened(talk, given) as (store, actor):
        record = see_plan(store, actor, round_id)
        options = round_input(store, actor, round_id).options or {}
    if out is not None:
        text = json.dumps(record.plan, ensure_ascii=False, indent=1) + "\n"
        written_whole(out, text.encode())
        talk.note(talk.say("written", path=out))
    if given["as_json"]:
        answer(talk, given, {"schema": ROUND_SCHEMA} | record.document())
        return
    document, units = record.plan, Measures(currency=record.currency, commodities={}, processes={})
    shown = {
        "match": record.match,
        "status": document["status"],
        "value": units.money_if(document["value"]),
        "bound": units.money_if(document["bound"]),
        "gap": document["gap"],
        "gain": units.money_if(document["gain"]),
        "proof": proof_text(document, talk.lang),
        "digest": record.digest,
        "chain": f"{record.chain.number}:{record.chain.mac}",
    }
    answer(talk, given, shown)
    note = ladder_note(options.get("ladder", 0.0), talk.lang)
    if note:
        talk.note(note)


@run_group.command("compare")
@click.argument("first", metavar="RUN", type=KEY)
@click.argument("second", metavar="RUN", type=KEY)
@at_store
@click.pass_obj
def _compare(talk: Talk, /, first: int, second: int, **given: Unpack[StoreOptions]) -> None:
    from synergy.store.comparison import compare

    with opened(talk, given) as (store, actor):
        record = compare(store, actor, first, second)
    if given["as_json"]:
        answer(talk, given, record)
        return
    rows = [
        dict(one) | {"what": word, "partners": one.enterprises, "why": [_why(talk, item) for item in one.why]}
        for word, listed in (("new", record.new), ("lost", record.lost), ("changed", record.changed))
        for one in listed
    ]
    answer(talk, given, record, ("value", "gain"))
    answer(talk, given, rows, ("what", "kind", "partners", "proposal", "why"))
    _note_causes(talk, record)
    for run, unproposed in zip((first, second), record.unproposed, strict=True):
        if unproposed:
            talk.note(talk.say("unproposed", run=run))


def _note_causes(talk: Talk, record: Comparison) -> None:
    """Print the inputs that differ, and whether they explain the difference of the values."""
    inputs = record.inputs
    counted = Counter(row["table"] for row in inputs.rows)
    different = [*inputs.settings, *(f"{one['kind']}" for one in inputs.rulings)]
    different += [f"{table} ({count})" for table, count in counted.items()]
    if different:
        talk.note(talk.say("went_in", what=", ".join(different)))
    if not record.apart:
        talk.note(talk.say("not_apart"))
    elif record.sole is not None:
        talk.note(talk.say("sole", cause=_why(talk, record.sole)))
    elif different:
        talk.note(talk.say("several"))


def _why(talk: Talk, item: ChangeCause) -> str:
    what = item.what
    if isinstance(what, Mapping):
        what = cell(talk, "", {key: one for key, one in what.items() if key not in ("before", "after", "given")})
    return f"{talk.say(f'why.{item.cause}')} {what or ''}".strip()


@run_group.command("replay")
@click.argument("run", metavar="RUN", type=KEY)
@at_store
@click.pass_obj
def _replay(talk: Talk, /, run: int, **given: Unpack[StoreOptions]) -> int:
    from synergy.worker.solve import replay

    with opened(talk, given) as (store, actor):
        record = replay(store, actor, run)
    answer(talk, given, record)
    return 0 if record.same else 1


@ruling_group.command("add")
@ROUND
@click.argument("kind", type=click.Choice(["forbid", "fix", "note"]))
@click.option("--pattern", type=KeyValue(), multiple=True)
@steps
def _add_ruling(
    caller: Caller, step: StepOptions, round_id: int, kind: str, pattern: tuple[tuple[str, str], ...]
) -> Shown:
    from synergy.dataset.settings import plain
    from synergy.store.review import rule

    wanted = {name: plain(value) if name == "quantity" else value for name, value in pattern}
    if kind == "note":
        wanted["text"] = step.note
    return rule(*caller, round_id, (kind, wanted), step)


@ruling_group.command("withdraw")
@ROUND
@click.argument("ruling", type=KEY)
@steps
def _withdraw(caller: Caller, step: StepOptions, round_id: int, ruling: int) -> Shown:
    from synergy.store.review import withdraw

    return withdraw(*caller, round_id, ruling, step)


@ruling_group.command("list")
@ROUND
@shows(*_RULINGS)
def _list_rulings(caller: Caller, round_id: int) -> Shown:
    from synergy.store.review import list_rulings

    return list_rulings(*caller, round_id)
