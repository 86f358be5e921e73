"""`synergy round`: what enterprises do in a round, its follow-up, and how it is looked at afterwards."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from synergy.cli.answers import answer, cell
from synergy.cli.forms import declare_form, show_entries
from synergy.cli.rounds import ROUND, round_group
from synergy.cli.stores import asked_of, at_store, changes, opened
from synergy.cli.talk import Talk
from synergy.cli.usage import Number

__all__ = ["round_group"]
_ENTERPRISE = click.argument("enterprise")
_ID = Number(1, whole=True)
_SHEETS = {"offer": "offers", "need": "needs", "facility": "facilities"}
_PROPOSALS = ("proposal", "kind", "title", "answer", "standing", "partners", "version")
_MONEY = ("gain", "gain_own", "paid", "capex", "payback_years", "co2_saved")
_LINES = ("number", "from_site", "to_site", "commodity", "quantity", "price", "mode")


@round_group.command("declare")
@ROUND
@_ENTERPRISE
@click.argument("file", required=False, type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--offer", multiple=True, metavar="SITE/COMMODITY/AMOUNT[/PRICE]")
@click.option("--need", multiple=True, metavar="SITE/COMMODITY/AMOUNT[/PRICE]")
@click.option("--facility", multiple=True, metavar="SITE/PROCESS/CAPACITY[/OPEX]")
@click.option("--checked", is_flag=True)
@click.option("--withdraw", metavar="NAME", multiple=True)
@click.option("--only", is_flag=True)
@click.option("--nothing", is_flag=True)
@click.option("--dry-run", is_flag=True)
@changes
@click.pass_obj
def declare(talk: Talk, /, **given: Any) -> int:
    """Declare what an enterprise offers, needs and runs; what is not mentioned stays."""
    records = []
    said = [f"--{word} {text}" for word in _SHEETS for text in given[word]]
    if given["nothing"] == bool(said or given["file"] or given["withdraw"]):  # a forgotten file withdraws nothing
        raise click.UsageError(talk.say("form.nothing"))
    for word, sheet in _SHEETS.items():
        for text in given[word]:
            parts = dict(zip(("site", "subject", "amount", "price"), text.split("/"), strict=False))
            records.append({"sheet": sheet, **parts, "checked": given["checked"]})
    with opened(talk, given) as (store, actor):
        return declare_form(talk, given, (store, actor), records, said)


@round_group.command("repeat")
@ROUND
@_ENTERPRISE
@changes
@click.pass_obj
def repeat(talk: Talk, /, **given: Any) -> None:
    """Declare as last time."""
    from synergy.store.declaring import repeat as repeated

    with opened(talk, given) as (store, actor):
        place = (given["round_id"], given["enterprise"])
        record = repeated(store, actor, place, asked_of(given))
        show_entries(talk, given, record)


@round_group.command("declaration")
@ROUND
@_ENTERPRISE
@at_store
@click.pass_obj
def declaration(talk: Talk, /, **given: Any) -> None:
    """Show a declaration."""
    from synergy.store.declaring import declaration as told

    with opened(talk, given) as (store, actor):
        record = told(store, actor, (given["round_id"], given["enterprise"]))
        show_entries(talk, given, record)


@round_group.command("balance")
@ROUND
@_ENTERPRISE
@at_store
@click.pass_obj
def balance(talk: Talk, /, **given: Any) -> None:
    """Show what has become of what was declared."""
    from synergy.store.following import balance as balanced

    with opened(talk, given) as (store, actor):
        answer(talk, given, balanced(store, actor, (given["round_id"], given["enterprise"])))


@round_group.command("proposals")
@ROUND
@at_store
@click.pass_obj
def proposals(talk: Talk, /, **given: Any) -> None:
    """List the proposals that one may see."""
    from synergy.store.seeing import list_proposals

    with opened(talk, given) as (store, actor):
        found = list_proposals(store, actor, given["round_id"])
    answer(talk, given, found if given["as_json"] else [_row(talk, one) for one in found], _PROPOSALS)


def _row(talk: Talk, one: dict[str, Any]) -> dict[str, Any]:
    partners = one.get("enterprises") or [partner[f"name_{talk.lang}"] for partner in one.get("partners", [])]
    kind = talk.shared(f"kind.{one['kind']}")
    title = one[f"title_{talk.lang}"]
    return {**one, "title": title, "kind": kind, "partners": partners, "standing": one.get("standing", one["answer"])}


@round_group.command("proposal")
@click.argument("code", metavar="PROPOSAL")
@at_store
@click.pass_obj
def proposal(talk: Talk, /, **given: Any) -> None:
    """Show one proposal."""
    from synergy.store.seeing import see_proposal

    with opened(talk, given) as (store, actor):
        record = see_proposal(store, actor, given["code"])
    if given["as_json"]:
        answer(talk, given, record)
        return
    whole = "gain" in record  # as planners see it; a party sees money of its own alone
    money = record if whole else {"gain_own" if name == "gain" else name: own for name, own in record["own"].items()}
    notes = [note["text_zh" if talk.lang == "zh" else "text"] for note in record["notes"]]
    answer(talk, given, {**_row(talk, record), **money, "notes": notes}, (*_PROPOSALS, *_MONEY, "notes"))
    answer(talk, given, record["lines"], _LINES)
    if whole:
        answer(talk, given, record["parties"], ("enterprise", "answer", "version", "reason", "counter"))


@round_group.command("answer")
@click.argument("code", metavar="PROPOSAL")
@click.argument("reply", metavar="ANSWER", type=click.Choice(["interested", "accepted", "declined", "countered"]))
@click.option("--counter", multiple=True, metavar="LINE/QUANTITY[/PRICE]")
@changes
@click.pass_obj
def answered(talk: Talk, /, **given: Any) -> None:
    """Answer a proposal; --note is the reason."""
    from synergy.store.names import Answer
    from synergy.store.responding import Reply
    from synergy.store.responding import answer as replied

    counter = []
    for text in given["counter"]:
        parts = [*text.split("/"), "", ""]
        if not parts[0].isdigit():
            raise click.UsageError(talk.say("store.counter", value=text))
        counter.append({"number": int(parts[0]), "quantity": parts[1] or None, "price": parts[2] or None})
    reply = Reply(Answer(given["reply"]), given["note"], counter)
    with opened(talk, given) as (store, actor):
        answer(talk, given, replied(store, actor, given["code"], reply, asked_of(given)))


@round_group.command("partnerships")
@click.option("--round", "round_id", type=_ID)
@at_store
@click.pass_obj
def partnerships(talk: Talk, /, **given: Any) -> None:
    """List partnerships."""
    from synergy.store.following import followed

    with opened(talk, given) as (store, actor):
        answer(talk, given, followed(store, actor, given["round_id"]))


@round_group.command("follow")
@click.argument("partnership", type=_ID)
@click.argument("stage", type=click.Choice(["permits", "financing", "building", "running", "ended"]))
@changes
@click.pass_obj
def follow(talk: Talk, /, **given: Any) -> None:
    """Take a partnership to a later stage, or end it."""
    from synergy.store.following import follow as taken
    from synergy.store.names import Stage

    with opened(talk, given) as (store, actor):
        answer(talk, given, taken(store, actor, given["partnership"], Stage(given["stage"]), asked_of(given)))


@round_group.command("totals")
@ROUND
@at_store
@click.pass_obj
def totals(talk: Talk, /, **given: Any) -> None:
    """Show the sums that everybody may know."""
    from synergy.store.aggregates import aggregates

    with opened(talk, given) as (store, actor):
        answer(talk, given, aggregates(store, actor, given["round_id"]))


@round_group.command("compare")
@click.argument("first", metavar="RUN", type=_ID)
@click.argument("second", metavar="RUN", type=_ID)
@at_store
@click.pass_obj
def compare(talk: Talk, /, **given: Any) -> None:
    """Compare two runs."""
    from synergy.store.comparing import compare as compared

    with opened(talk, given) as (store, actor):
        record = compared(store, actor, given["first"], given["second"])
    if given["as_json"]:
        answer(talk, given, record)
        return
    rows = [
        {**one, "what": word, "partners": one["enterprises"], "why": [_why(talk, item) for item in one["why"]]}
        for word in ("new", "lost", "changed")
        for one in record[word]
    ]
    answer(talk, given, {name: record[name] for name in ("value", "gain")})
    answer(talk, given, rows, ("what", "kind", "partners", "proposal", "why"))
    inputs = record["inputs"]
    counted = Counter(row["table"] for row in inputs["rows"])
    different = [*inputs["settings"], *(f"{one['kind']}" for one in inputs["rulings"])]
    different += [f"{table} ({count})" for table, count in counted.items()]
    if different:
        talk.note(talk.say("went_in", what=", ".join(different)))
    if not record["apart"]:
        talk.note(talk.say("not_apart"))
    elif record["sole"] is not None:
        talk.note(talk.say("sole", cause=_why(talk, record["sole"])))
    elif different:
        talk.note(talk.say("several"))
    for run, unproposed in zip((given["first"], given["second"]), record["unproposed"], strict=True):
        if unproposed:
            talk.note(talk.say("unproposed", run=run))


def _why(talk: Talk, item: Mapping[str, Any]) -> str:
    what = item["what"]
    if isinstance(what, Mapping):
        what = cell(talk, "", {key: one for key, one in what.items() if key not in ("before", "after", "given")})
    return f"{talk.say('why.' + item['cause'])} {what or ''}".strip()


@round_group.command("replay")
@click.argument("match_id", metavar="RUN", type=_ID)
@at_store
@click.pass_obj
def replay(talk: Talk, /, **given: Any) -> int:
    """Match again what a run was given."""
    from synergy.worker.solve import replay as replayed

    with opened(talk, given) as (store, actor):
        record = replayed(store, actor, given["match_id"])
    answer(talk, given, record)
    return 0 if record["same"] else 1


@round_group.command("events")
@ROUND
@at_store
@click.pass_obj
def events(talk: Talk, /, **given: Any) -> None:
    """Show what happened in a round."""
    from synergy.store.audit import history

    with opened(talk, given) as (store, actor):
        rows = history(store, actor, given["round_id"])
    answer(talk, given, rows, ("number", "at", "actor", "action", "subject", "detail"))


@round_group.command("notices")
@click.option("--unread", is_flag=True)
@click.option("--mark", is_flag=True)
@at_store
@click.pass_obj
def notices(talk: Talk, /, **given: Any) -> None:
    """List what one was told, and with --mark mark it read."""
    from synergy.store.notices import list_notices, mark_read

    with opened(talk, given) as (store, actor):
        found = list_notices(store, actor, unread=given["unread"])
        if given["mark"]:
            mark_read(store, actor, [one["notice"] for one in found])
    shown = found if given["as_json"] else [{**one, "message": one[f"text_{talk.lang}"]} for one in found]
    answer(talk, given, shown, ("at", "round", "message", "subject", "read"))
