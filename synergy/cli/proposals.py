"""`synergy proposal` and `synergy partnership`: answers to proposals, and the partnerships that follow."""

from __future__ import annotations

from typing import TYPE_CHECKING, Unpack

import click

from synergy.cli.answers import Row, answer, shows, steps
from synergy.cli.console import Talk
from synergy.cli.options import KEY, ROUND, Fields, StoreOptions, at_store, group, opened
from synergy.texts import say, text

if TYPE_CHECKING:
    from synergy.cli.answers import Shown
    from synergy.records.proposals import OwnProposal, WholeProposal
    from synergy.store.access import Caller
    from synergy.store.rounds import StepOptions

_CODE = click.argument("code", metavar="PROPOSAL")
_COUNTER = "LINE/QUANTITY[/PRICE]"
_PROPOSALS = ("proposal", "kind", "title", "answer", "standing", "partners", "version")
_NAMED = ("title", "partners", "standing")
_WHOLE = ("proposal", "answer", "version", "capex", "co2_saved", "gain", "kind", "notes", "payback_years", *_NAMED)
_MONEY = ("gain_own", "paid", "capex", "payback_years", "co2_saved")
_OWN = ("proposal", "kind", "answer", "version", "standing", "partners", "notes", "title", *_MONEY)
_LINES = ("number", "from_site", "to_site", "commodity", "quantity", "price", "mode")
_PARTIES = ("enterprise", "answer", "version", "reason", "counter")
_PARTNERSHIPS = ("partnership", "proposal", "since", "round", "stage", "version", "reason")

proposal_group = group("proposal")
partnership_group = group("partnership")


@proposal_group.command("list")
@ROUND
@at_store
@click.pass_obj
def _list_proposals(talk: Talk, /, round_id: int, **given: Unpack[StoreOptions]) -> None:
    from synergy.store.queries import list_proposals

    with opened(talk, given) as (store, actor):
        found = list_proposals(store, actor, round_id)
    answer(talk, given, found if given["as_json"] else [_row(talk, one) for one in found], _PROPOSALS)


def _row(talk: Talk, one: OwnProposal | WholeProposal) -> Row:
    """Return a proposal with its title, partners and standing; of money, a party sees its own."""
    from synergy.records.proposals import WholeProposal

    title, kind = say((one.title_en, one.title_zh), talk.lang), text(f"kind.{one.kind}", talk.lang)
    row = dict(one) | {"title": title, "kind": kind}
    if isinstance(one, WholeProposal):
        return row | {"partners": one.enterprises, "standing": one.answer}
    partners = [say((partner.name_en, partner.name_zh), talk.lang) for partner in one.partners]
    return row | dict(one.own) | {"partners": partners, "gain_own": one.own.gain}


@proposal_group.command("show")
@_CODE
@at_store
@click.pass_obj
def _show(talk: Talk, /, code: str, **given: Unpack[StoreOptions]) -> None:
    from synergy.records.proposals import WholeProposal
    from synergy.store.queries import see_proposal

    with opened(talk, given) as (store, actor):
        record = see_proposal(store, actor, code)
    if given["as_json"]:
        answer(talk, given, record)
        return
    notes = [say((note.text, note.text_zh), talk.lang) for note in record.notes]
    row = {**_row(talk, record), "notes": notes}
    answer(talk, given, row, _WHOLE if isinstance(record, WholeProposal) else _OWN)
    answer(talk, given, record.lines, _LINES)
    if isinstance(record, WholeProposal):
        answer(talk, given, record.parties, _PARTIES)


@proposal_group.command("answer")
@_CODE
@click.argument("reply", metavar="ANSWER", type=click.Choice(["interested", "accepted", "declined", "countered"]))
@click.option("--counter", type=Fields(_COUNTER, numbered=True), multiple=True)
@steps
def _answer(caller: Caller, step: StepOptions, code: str, reply: str, counter: tuple[tuple[str, ...], ...]) -> Shown:
    from synergy.records.names import Answer
    from synergy.store.answers import CounterOffer, Reply
    from synergy.store.answers import answer as replied

    offers = [
        CounterOffer(int(number), quantity or None, (price or [""])[0] or None) for number, quantity, *price in counter
    ]
    return replied(*caller, code, Reply(Answer(reply), step.note, offers), step)


@partnership_group.command("list")
@click.option("--round", "round_id", metavar="ROUND", type=KEY)
@shows(*_PARTNERSHIPS)
def _list_partnerships(caller: Caller, round_id: int | None) -> Shown:
    from synergy.store.answers import followed

    return followed(*caller, round_id)


@partnership_group.command("follow")
@click.argument("partnership", type=KEY)
@click.argument("stage", type=click.Choice(["permits", "financing", "building", "running", "ended"]))
@steps
def _follow(caller: Caller, step: StepOptions, partnership: int, stage: str) -> Shown:
    from synergy.records.names import Stage
    from synergy.store.answers import follow

    return follow(*caller, partnership, Stage(stage), step)
