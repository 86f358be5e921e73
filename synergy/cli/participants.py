"""`synergy round` commands of enterprises: declarations, answers, partnerships, comparison and audit."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from synergy.cli.answers import answer, cell
from synergy.cli.console import Number, Talk
from synergy.cli.files import FORMS, ending_of
from synergy.cli.rounds import ROUND, round_group
from synergy.cli.serving import asked_of, at_store, changes, opened
from synergy.errors import DatasetError, Problem
from synergy.store.names import Seat

if TYPE_CHECKING:
    from pathlib import Path

    from synergy.forms.submitting import Judged
    from synergy.store.access import Caller

__all__ = ["round_group"]
_ENTERPRISE = click.argument("enterprise")
_ID = Number(1, whole=True)
_SHEETS = {"offer": "offers", "need": "needs", "facility": "facilities"}
_PROPOSALS = ("proposal", "kind", "title", "answer", "standing", "partners", "version")
_MONEY = ("gain", "gain_own", "paid", "capex", "payback_years", "co2_saved")
_LINES = ("number", "from_site", "to_site", "commodity", "quantity", "price", "mode")
ENTRIES = ("sheet", "ident", "site", "subject", "amount", "price", "assumed")
_SHOWN = ("what", *ENTRIES)
_UNLIKELY = ("form_amount_range", "form_capacity_range", "form_price_range")  # what a mark `checked` lets through


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
    """Submit a declaration of offers, needs and facilities; existing entries that are not mentioned are kept."""
    records = []
    said = [f"--{word} {text}" for word in _SHEETS for text in given[word]]
    if given["nothing"] == bool(said or given["file"] or given["withdraw"]):  # a forgotten file withdraws nothing
        raise click.UsageError(talk.say("form.nothing"))
    for word, sheet in _SHEETS.items():
        for text in given[word]:
            parts = dict(zip(("site", "subject", "amount", "price"), text.split("/"), strict=False))
            records.append({"sheet": sheet, **parts, "checked": given["checked"]})
    with opened(talk, given) as caller:
        return declare_form(talk, given, caller, records, said)


@round_group.command("repeat")
@ROUND
@_ENTERPRISE
@changes
@click.pass_obj
def repeat(talk: Talk, /, **given: Any) -> None:
    """Submit the previous declaration again."""
    from synergy.store.declarations import repeat as repeated

    with opened(talk, given) as (store, actor):
        record = repeated(store, actor, Seat(given["round_id"], given["enterprise"]), asked_of(given))
        show_entries(talk, given, record)


@round_group.command("declaration")
@ROUND
@_ENTERPRISE
@at_store
@click.pass_obj
def declaration(talk: Talk, /, **given: Any) -> None:
    """Show the declaration of an enterprise in a round."""
    from synergy.store.declarations import declaration as told

    with opened(talk, given) as (store, actor):
        record = told(store, actor, Seat(given["round_id"], given["enterprise"]))
        show_entries(talk, given, record)


@round_group.command("balance")
@ROUND
@_ENTERPRISE
@at_store
@click.pass_obj
def balance(talk: Talk, /, **given: Any) -> None:
    """Show the declared, committed, ended and free quantities of an enterprise in a round."""
    from synergy.store.follow_up import balance as balanced

    with opened(talk, given) as (store, actor):
        answer(talk, given, balanced(store, actor, Seat(given["round_id"], given["enterprise"])))


@round_group.command("proposals")
@ROUND
@at_store
@click.pass_obj
def proposals(talk: Talk, /, **given: Any) -> None:
    """List the proposals visible to the acting account."""
    from synergy.store.queries import list_proposals

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
    """Show a proposal with its lines and, for planners, the answers of its parties."""
    from synergy.store.queries import see_proposal

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
    """Answer a proposal, with the reason given as ``--note``."""
    from synergy.store.answers import Reply
    from synergy.store.answers import answer as replied
    from synergy.store.names import Answer

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
    from synergy.store.follow_up import followed

    with opened(talk, given) as (store, actor):
        answer(talk, given, followed(store, actor, given["round_id"]))


@round_group.command("follow")
@click.argument("partnership", type=_ID)
@click.argument("stage", type=click.Choice(["permits", "financing", "building", "running", "ended"]))
@changes
@click.pass_obj
def follow(talk: Talk, /, **given: Any) -> None:
    """Move a partnership to a later stage, or end it."""
    from synergy.store.follow_up import follow as taken
    from synergy.store.names import Stage

    with opened(talk, given) as (store, actor):
        answer(talk, given, taken(store, actor, given["partnership"], Stage(given["stage"]), asked_of(given)))


@round_group.command("totals")
@ROUND
@at_store
@click.pass_obj
def totals(talk: Talk, /, **given: Any) -> None:
    """Show the aggregate quantities of a round that are visible to every account."""
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
    from synergy.store.comparison import compare as compared

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
    """Replay a run and compare the results; verify the plan instead if the run was stopped by the clock."""
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
    """List the audit events of a round."""
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
    """List the notices of the acting account, and mark them as read with ``--mark``."""
    from synergy.store.notices import list_notices, mark_read

    with opened(talk, given) as (store, actor):
        found = list_notices(store, actor, unread=given["unread"])
        if given["mark"]:
            mark_read(store, actor, [one["notice"] for one in found])
    shown = found if given["as_json"] else [{**one, "message": one[f"text_{talk.lang}"]} for one in found]
    answer(talk, given, shown, ("at", "round", "message", "subject", "read"))


def declare_form(
    talk: Talk,
    given: Mapping[str, Any],
    who: Caller,
    records: Sequence[dict[str, Any]],
    said: Sequence[str] = (),
) -> int:
    """Submit a declaration from a file or options, or print its changes with ``--dry-run``; return the exit status."""
    from synergy.forms.submitting import declare_judged

    seat = Seat(given["round_id"], given["enterprise"])
    judged = _judged(given, who, records)
    if given["file"] is None:
        judged = replace(judged, problems=tuple(_at_option(problem, said) for problem in judged.problems))
        if not given["checked"] and any(problem.code in _UNLIKELY for problem in judged.problems):
            talk.note(talk.say("form.checked"))
    if given["dry_run"]:
        return _tried(talk, given, judged)
    record = declare_judged(*who, seat, judged, asked_of(given))
    talk.problems(judged.problems)
    show_entries(talk, given, record)
    return 0


def _at_option(problem: Problem, said: Sequence[str]) -> Problem:
    """Return a problem located by its command line option instead of the index of the entry."""
    number = problem.cell.removeprefix("/").partition("/")[0]
    return replace(problem, cell=said[int(number)]) if number.isdigit() else problem


def _judged(given: Mapping[str, Any], who: Caller, records: Sequence[dict[str, Any]]) -> Judged:
    from synergy.dataset.findings import Findings
    from synergy.forms.reading import rows_of_records
    from synergy.forms.submitting import Withdrawn, judge_file, judge_rows

    withdrawn = Withdrawn(given["withdraw"], given["nothing"] or given["only"])
    seat = Seat(given["round_id"], given["enterprise"])
    if given["file"] is not None:
        file: Path = given["file"]
        return judge_file(*who, seat, (file.read_bytes(), file.name), records, withdrawn)
    findings = Findings()
    rows = rows_of_records([dict(one) for one in records], findings)
    if rows is None or findings.refused:
        raise DatasetError(findings.problems())
    return judge_rows(*who, seat, rows, withdrawn)


def show_entries(talk: Talk, given: Mapping[str, Any], record: Mapping[str, Any]) -> None:
    """Print the entries of a declaration with the assumed values of omitted fields."""
    rows = record if given["as_json"] else [_entry(talk, one) for one in record["entries"]]
    answer(talk, given, rows, ENTRIES)


def _entry(talk: Talk, entry: Mapping[str, Any]) -> dict[str, Any]:
    from synergy.forms.context import column_label
    from synergy.store.names import Sheet

    assumed = [
        talk.say(
            "form.assumed",
            column=column_label(Sheet(entry["sheet"]), one["column"], talk.lang),
            value=cell(talk, "", one["value"]),
            source=talk.say(f"form.{one['source']}"),
        )
        for one in entry.get("assumed", [])
    ]
    return {**entry, "assumed": assumed}


def _tried(talk: Talk, given: Mapping[str, Any], judged: Judged) -> int:
    problems = [problem.record(talk.lang) for problem in judged.problems]
    if given["as_json"]:
        talk.document({"accepted": not judged.refused, "problems": problems, "changes": judged.changes})
    else:
        talk.problems(judged.problems, result=True)
        told = None if judged.refused else judged.changes
        changes = told or {"added": [], "removed": [], "changed": [], "same": 0}
        rows = [
            {"what": talk.say(f"form.{word}"), **_entry(talk, one)}
            for word in ("added", "removed")
            for one in changes[word]
        ]
        for one in changes["changed"]:
            for name, (before, after) in one["fields"].items():
                was, will = (value if value not in (None, "") else "–" for value in (before, after))
                rows.append({"what": talk.say("form.changed"), **one, name: f"{was} → {will}"})
        if rows:
            answer(talk, given, rows, _SHOWN)
        talk.line(talk.say("form.refused" if judged.refused else "form.accepted", same=changes["same"]), "bold")
    return DatasetError.exit_status if judged.refused else 0


@round_group.command("template")
@ROUND
@click.argument("enterprise")
@click.argument("file", metavar="FILE", type=click.Path(dir_okay=False))
@at_store
@click.pass_obj
def template(talk: Talk, /, **given: Any) -> None:
    """Write the declaration form of an enterprise, filled with its latest figures."""
    from pathlib import Path

    from synergy.forms.writing import declaration_file
    from synergy.outputs import written_whole
    from synergy.store.preview import ground

    path = Path(given["file"])
    if not path.resolve().parent.is_dir():
        raise click.UsageError(talk.say("no_folder", path=path))
    ending = ending_of(talk, path, FORMS)
    with opened(talk, given) as (store, actor):
        known = ground(store, actor, Seat(given["round_id"], given["enterprise"]))
        written_whole(path, declaration_file(known, talk.lang, ending))
    talk.line(talk.say("written", path=path))
