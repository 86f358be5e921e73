"""Forms on the command line: declared or tried, and written out to be filled in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import click

from synergy.cli.answers import answer, cell
from synergy.cli.files import FORMS, ending_of
from synergy.cli.rounds import ROUND, round_group
from synergy.cli.stores import asked_of, at_store, opened
from synergy.cli.talk import Talk
from synergy.errors import DatasetError, Problem

if TYPE_CHECKING:
    from pathlib import Path

    from synergy.forms.submitting import Judged
    from synergy.store.access import Actor
    from synergy.store.store import Store

ENTRIES = ("sheet", "ident", "site", "subject", "amount", "price", "assumed")
_SHOWN = ("what", *ENTRIES)
_UNLIKELY = ("form_amount_range", "form_capacity_range", "form_price_range")  # what a mark `checked` lets through


def declare_form(
    talk: Talk,
    given: Mapping[str, Any],
    who: tuple[Store, Actor],
    records: Sequence[dict[str, Any]],
    said: Sequence[str] = (),
) -> int:
    """Declare a file and what options say (`said`, as typed), or with ``--dry-run`` say what that would change."""
    from synergy.forms.submitting import declare_judged

    store, actor = who
    place = (given["round_id"], given["enterprise"])
    judged = _judged(given, who, records)
    if given["file"] is None:
        judged = replace(judged, problems=tuple(_at_option(problem, said) for problem in judged.problems))
        if not given["checked"] and any(problem.code in _UNLIKELY for problem in judged.problems):
            talk.note(talk.say("form.checked"))
    if given["dry_run"]:
        return _tried(talk, given, judged)
    record = declare_judged(store, actor, place, judged, asked_of(given))
    talk.problems(judged.problems)
    show_entries(talk, given, record)
    return 0


def _at_option(problem: Problem, said: Sequence[str]) -> Problem:
    """Return a problem with the option at which it stands, not its number among the entries."""
    number = problem.cell.removeprefix("/").partition("/")[0]
    return replace(problem, cell=said[int(number)]) if number.isdigit() else problem


def _judged(given: Mapping[str, Any], who: tuple[Store, Actor], records: Sequence[dict[str, Any]]) -> Judged:
    from synergy.dataset.findings import Findings
    from synergy.forms.reading import rows_of_records
    from synergy.forms.submitting import Withdrawn, judge_file, judge_rows

    store, actor = who
    withdrawn = Withdrawn(given["withdraw"], given["nothing"] or given["only"])
    place = (given["round_id"], given["enterprise"])
    if given["file"] is not None:
        file: Path = given["file"]
        return judge_file(store, actor, place, (file.read_bytes(), file.name), records, withdrawn)
    findings = Findings()
    rows = rows_of_records([dict(one) for one in records], findings)
    if rows is None or findings.refused:
        raise DatasetError(findings.problems())
    return judge_rows(store, actor, place, rows, withdrawn)


def show_entries(talk: Talk, given: Mapping[str, Any], record: Mapping[str, Any]) -> None:
    """Print a declaration, and what was filled in where it says nothing."""
    rows = record if given["as_json"] else [_entry(talk, one) for one in record["entries"]]
    answer(talk, given, rows, ENTRIES)


def _entry(talk: Talk, entry: Mapping[str, Any]) -> dict[str, Any]:
    from synergy.forms.fields import column_label
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
    """Write the form of an enterprise with its last figures."""
    from pathlib import Path

    from synergy.forms.writing import declaration_file
    from synergy.outputs import written_whole
    from synergy.store.previewing import ground

    path = Path(given["file"])
    if not path.resolve().parent.is_dir():
        raise click.UsageError(talk.say("no_folder", path=path))
    ending = ending_of(talk, path, FORMS)
    with opened(talk, given) as (store, actor):
        known = ground(store, actor, (given["round_id"], given["enterprise"]))
        written_whole(path, declaration_file(known, talk.lang, ending))
    talk.line(talk.say("written", path=path))
