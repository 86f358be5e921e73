"""`synergy declaration`: submission, balance and forms of what enterprises declare."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Unpack

import click

from synergy.cli.answers import Row, answer, cell, shows
from synergy.cli.console import Talk
from synergy.cli.options import (
    FORMS,
    ROUND,
    ChangeOptions,
    Fields,
    OutFile,
    OutputOptions,
    StoreOptions,
    at_store,
    changes,
    group,
    opened,
    step_options,
)
from synergy.errors import DatasetError, Problem
from synergy.records.names import Seat, Sheet

if TYPE_CHECKING:
    from synergy.cli.answers import Shown
    from synergy.forms.submitting import Judged
    from synergy.records.rounds import Declaration, DeclarationStored, DeclaredEntry, Preview
    from synergy.store.access import Caller

_ENTERPRISE = click.argument("enterprise")
_GOOD = Fields("SITE/COMMODITY/AMOUNT[/PRICE]")
_ENTRIES = ("sheet", "ident", "site", "subject", "amount", "price", "assumed")
_BALANCE = ("sheet", "ident", "site", "commodity", "declared", "committed", "ended", "free")
_UNLIKELY = ("form_amount_range", "form_capacity_range", "form_price_range")  # accepted if `--checked`

declaration_group = group("declaration")


class _SubmitOptions(ChangeOptions):
    round_id: int
    enterprise: str
    file: Path | None
    offer: tuple[tuple[str, ...], ...]
    need: tuple[tuple[str, ...], ...]
    facility: tuple[tuple[str, ...], ...]
    checked: bool
    withdraw: tuple[str, ...]
    only: bool
    nothing: bool
    dry_run: bool


@declaration_group.command("submit")
@ROUND
@_ENTERPRISE
@click.argument("file", required=False, type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--offer", type=_GOOD, multiple=True)
@click.option("--need", type=_GOOD, multiple=True)
@click.option("--facility", type=Fields("SITE/PROCESS/CAPACITY[/OPEX]"), multiple=True)
@click.option("--checked", is_flag=True)
@click.option("--withdraw", metavar="NAME", multiple=True)
@click.option("--only", is_flag=True)
@click.option("--nothing", is_flag=True)
@click.option("--dry-run", is_flag=True)
@changes
@click.pass_obj
def _submit(talk: Talk, /, **given: Unpack[_SubmitOptions]) -> int:
    from synergy.forms.submitting import declare_judged

    rows = [("offer", Sheet.OFFERS, one) for one in given["offer"]]
    rows += [("need", Sheet.NEEDS, one) for one in given["need"]]
    rows += [("facility", Sheet.FACILITIES, one) for one in given["facility"]]
    if given["nothing"] == bool(rows or given["file"] or given["withdraw"]):  # a forgotten file withdraws nothing
        raise click.UsageError(talk.say("form.nothing"))
    names = ("site", "subject", "amount", "price")
    records = [
        {"sheet": sheet, **dict(zip(names, parts, strict=False)), "checked": given["checked"]}
        for _, sheet, parts in rows
    ]
    with opened(talk, given) as caller:
        judged = _judged(given, caller, records)
        if given["file"] is None:
            said = [f"--{option} {'/'.join(parts)}" for option, _, parts in rows]
            judged = replace(judged, problems=tuple(_at_option(problem, said) for problem in judged.problems))
            if not given["checked"] and any(problem.code in _UNLIKELY for problem in judged.problems):
                talk.note(talk.say("form.checked"))
        if given["dry_run"]:
            return _tried(talk, given, judged)
        seat = Seat(given["round_id"], given["enterprise"])
        record = declare_judged(*caller, seat, judged, step_options(given))
        talk.problems(judged.problems)
        _show_entries(talk, given, record)
    return 0


def _judged(given: _SubmitOptions, caller: Caller, records: Sequence[Row]) -> Judged:
    """Validate the rows of a file or of options."""
    from synergy.dataset.findings import Findings
    from synergy.forms.reading import rows_of_records
    from synergy.forms.submitting import Withdrawn, judge_file, judge_rows

    withdrawn = Withdrawn(given["withdraw"], given["nothing"] or given["only"])
    seat = Seat(given["round_id"], given["enterprise"])
    plain = [dict(one) for one in records]
    file = given["file"]
    if file is not None:
        return judge_file(*caller, seat, (file.read_bytes(), file.name), plain, withdrawn)
    findings = Findings()
    rows = rows_of_records(plain, findings)
    if rows is None or findings.refused:
        raise DatasetError(findings.problems())
    return judge_rows(*caller, seat, rows, withdrawn)


def _at_option(problem: Problem, said: Sequence[str]) -> Problem:
    """Return a problem located by its command line option instead of the index of the row."""
    number = problem.cell.removeprefix("/").partition("/")[0]
    return replace(problem, cell=said[int(number)]) if number.isdigit() else problem


def _tried(talk: Talk, given: OutputOptions, judged: Judged) -> int:
    """Print the problems and changes of a declaration, and return the exit status."""
    if given["as_json"]:
        problems = [problem.record(talk.lang) for problem in judged.problems]
        changes = None if judged.changes is None else judged.changes.document()
        talk.document({"accepted": not judged.refused, "problems": problems, "changes": changes})
    else:
        talk.problems(judged.problems, result=True)
        found = None if judged.refused else judged.changes
        rows = [] if found is None else _changed(talk, found)
        if rows:
            answer(talk, given, rows, ("what", *_ENTRIES))
        same = 0 if found is None else found.same
        talk.line(talk.say("form.refused" if judged.refused else "form.accepted", same=same), "bold")
    return DatasetError.exit_status if judged.refused else 0


def _changed(talk: Talk, changes: Preview) -> list[Row]:
    """Return the added, removed and changed rows of a declaration."""
    rows: list[Row] = [
        {**_entry(talk, one), "what": talk.say(f"form.{word}")}
        for word, listed in (("added", changes.added), ("removed", changes.removed))
        for one in listed
    ]
    entries = {(entry.sheet, entry.ident): dict(entry) for entry in changes.entries}
    for one in changes.changed:
        entry = entries[one.sheet, one.ident]  # with units, which the fields are without
        for name, (was, will) in one.fields.items():
            shown = f"{cell(talk, '', was)} → {cell(talk, name, entry.get(name, will), entry)}"
            rows.append(dict(one) | {"what": talk.say("form.changed"), name: shown})
    return rows


def _show_entries(talk: Talk, given: OutputOptions, record: Declaration | DeclarationStored) -> None:
    """Print the rows of a declaration with the assumed values of omitted fields."""
    answer(talk, given, record if given["as_json"] else [_entry(talk, one) for one in record.entries], _ENTRIES)


def _entry(talk: Talk, entry: DeclaredEntry) -> Row:
    from synergy.forms.context import column_label

    assumed = [
        talk.say(
            "form.assumed",
            column=column_label(entry.sheet, one.column, talk.lang),
            value=cell(talk, "", one.value),
            source=talk.say(f"form.{one.source}"),
        )
        for one in entry.assumed
    ]
    return dict(entry) | {"assumed": assumed}


@declaration_group.command("show")
@ROUND
@_ENTERPRISE
@at_store
@click.pass_obj
def _show(talk: Talk, /, round_id: int, enterprise: str, **given: Unpack[StoreOptions]) -> None:
    from synergy.store.declarations import declaration

    with opened(talk, given) as (store, actor):
        _show_entries(talk, given, declaration(store, actor, Seat(round_id, enterprise)))


@declaration_group.command("repeat")
@ROUND
@_ENTERPRISE
@changes
@click.pass_obj
def _repeat(talk: Talk, /, round_id: int, enterprise: str, **given: Unpack[ChangeOptions]) -> None:
    from synergy.store.declarations import repeat

    with opened(talk, given) as (store, actor):
        _show_entries(talk, given, repeat(store, actor, Seat(round_id, enterprise), step_options(given)))


@declaration_group.command("balance")
@ROUND
@_ENTERPRISE
@shows(*_BALANCE)
def _balance(caller: Caller, round_id: int, enterprise: str) -> Shown:
    from synergy.store.answers import balance

    return balance(*caller, Seat(round_id, enterprise))


@declaration_group.command("template")
@ROUND
@_ENTERPRISE
@click.argument("file", metavar="FILE", type=OutFile(*FORMS))
@at_store
@click.pass_obj
def _template(talk: Talk, /, round_id: int, enterprise: str, file: Path, **given: Unpack[StoreOptions]) -> None:
    from synergy.forms.writing import declaration_file
    from synergy.outputs import written_whole
    from synergy.store.declarations import ground

    with opened(talk, given) as (store, actor):
        known = ground(store, actor, Seat(round_id, enterprise))
        written_whole(file, declaration_file(known, talk.lang, file.suffix.lower()))
    talk.line(talk.say("written", path=file))
