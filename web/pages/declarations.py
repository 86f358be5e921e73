"""Declarations: an editable table, paste, upload, template, dry run; and datasets that planners upload."""

from __future__ import annotations

import zipfile
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from flask import flash, redirect, request, url_for
from synergy.web import declaring
from synergy.web.access import actor, rule, store
from synergy.web.numbers import whole
from synergy.web.render import page, pages, part
from synergy.web.tables import file
from synergy.web.texts import word
from werkzeug.wrappers import Response

from synergy.dataset.dataset import Dataset
from synergy.dataset.findings import Findings, Where
from synergy.dataset.read import check
from synergy.errors import SHOWN, NotFoundError, Problem
from synergy.forms.context import context_of
from synergy.forms.reading import rows_of
from synergy.forms.rows import Rows
from synergy.forms.submitting import Judged, declare_judged, judge_rows
from synergy.forms.writing import declaration_workbook
from synergy.store import datasets, planning, seeing
from synergy.store.access import Action, Resource, allowed, require
from synergy.store.archives import snapshot_of
from synergy.store.declaring import declaration, repeat
from synergy.store.names import Role, Sheet, State
from synergy.store.previewing import Ground, ground
from synergy.store.rounds import Asked
from synergy.workbook.template import dataset_workbook

room = pages("declarations")
Answer = Response | str | tuple[str, int]
_UNPACKED = 256 << 20  # bytes of the tables of an uploaded archive


@room.get("/declarations")
@rule(Action.SEE_DECLARATION)
def start(lang: str) -> Answer:
    """Show the rounds in which one may declare; an enterprise with one that is open goes there."""
    who = actor()
    listed = seeing.list_rounds(store(), who)
    mine = [one for one in listed if who.enterprise is None or _takes_part(one["round"], who.enterprise)]
    going = [one for one in mine if one["state"] == State.DECLARING]
    if who.enterprise is not None and len(going) == 1:
        return redirect(_address(lang, going[0]["round"], who.enterprise), 303)
    people = {} if who.enterprise is not None else {one["round"]: _firms(one["round"]) for one in going}
    shown, first, further = part(mine) if who.enterprise is not None else (mine, 0, None)
    fields = {"rounds": shown, "first": first, "next": further, "people": people}
    return page("declarations/start.html", lang, **fields, enterprise=who.enterprise)


def _takes_part(ident: int, enterprise: str) -> bool:
    try:
        declaration(store(), actor(), (ident, enterprise))
    except NotFoundError:
        return False
    return True


def _firms(ident: int) -> list[dict[str, Any]]:
    names = planning.round_names(store(), actor(), ident)["labels"]["enterprises"]
    return [one | names.get(one["enterprise"], {}) for one in planning.list_members(store(), actor(), ident)]


def _address(lang: str, ident: int, enterprise: str) -> str:
    return url_for("declarations.table", lang=lang, round_id=ident, enterprise=enterprise)


@room.route("/declarations/<int:round_id>/<enterprise>", methods=["GET", "POST"])
@rule(Action.SEE_DECLARATION)
def table(lang: str, round_id: int, enterprise: str) -> Answer:
    """Show a declaration as a table; try or declare what was written into it."""
    known = ground(store(), actor(), (round_id, enterprise))
    if request.method == "GET":
        return _table(lang, known, None, None)
    step, rows = request.form.get("do", "check"), declaring.rows_of_form(request.form)
    if step == "more":
        return _table(lang, known, rows, None, blank=8)
    if step == "paste":
        sheet = request.form.get("sheet", "")
        rows = declaring.pasted(
            rows, Sheet(sheet) if sheet in set(Sheet) else Sheet.OFFERS, request.form.get("text", "")
        )
    return _judged(lang, known, rows, declare=step == "declare")


def _judged(lang: str, known: Ground, rows: Rows, *, declare: bool = False, more: Sequence[Problem] = ()) -> Answer:
    place = (known.round, known.enterprise)
    judged = judge_rows(store(), actor(), place, rows, declaring.withdrawn_of_form(request.form))
    if more:
        judged = Judged(judged.entries, (*more, *judged.problems), judged.changes)
    if declare and not judged.refused:
        asked = Asked(whole(request.form.get("version")), request.form.get("key") or None)
        declare_judged(store(), actor(), place, judged, asked)
        flash(word("declare.done", lang, count=len(judged.entries)), "good")
        return redirect(_address(lang, known.round, known.enterprise), 303)
    shown = _table(lang, known, rows, judged)
    return (shown, 422) if judged.refused else shown


def _table(lang: str, known: Ground, rows: Rows | None, judged: Judged | None, blank: int = declaring.BLANK) -> str:
    """Return the page with some rows in its tables, with what is known already where there are none."""
    context = context_of(known)
    rows = declaring.rows_of_ground(known, context, lang) if rows is None else rows
    problems = () if judged is None else judged.problems[: 3 * SHOWN]
    tables = declaring.shown(rows, problems, lang, blank)
    mine = allowed(actor(), Action.DECLARE, Resource("declaration", frozenset({known.enterprise})))
    over = actor().role is not Role.PLANNER and known.deadline is not None and store().now() > known.deadline
    going = known.state == State.DECLARING and not over
    return page(
        "declarations/table.html",
        lang,
        known=known,
        tables=tables,
        choices=declaring.choices(context, lang),
        judged=judged,
        withdrawn=declaring.withdrawn_of_form(request.form).names if request.method == "POST" else (),
        name=_name(known, lang),
        changes=_changes(judged, lang),
        others=declaring.elsewhere(problems, tables, lang)[:SHOWN],
        may=mine and going,
        closed=not going,
        late=known.state == State.DECLARING and over,
    )


def _changes(judged: Judged | None, lang: str) -> list[dict[str, Any]]:
    if judged is None or judged.refused or judged.changes is None:
        return []
    return declaring.changes(judged.changes, lang)


def _name(known: Ground, lang: str) -> str:
    firms = known.base["enterprises"]
    return str(firms.loc[firms["enterprise"] == known.enterprise, f"name_{lang}"].squeeze() or known.enterprise)


@room.post("/declarations/<int:round_id>/<enterprise>/upload")
@rule(Action.DECLARE)
def upload(lang: str, round_id: int, enterprise: str) -> Answer:
    """Put the rows of a file into the table and say what they would change; nothing is stored."""
    known = ground(store(), actor(), (round_id, enterprise))
    require(actor(), Action.DECLARE, Resource("declaration", frozenset({enterprise})))
    sent = request.files.get("file")
    findings = Findings()
    if sent is None or not sent.filename:
        findings.add("empty_file", Where("declaration"))
    rows = None if findings.refused or sent is None else rows_of(sent.read(), sent.filename or "", findings)
    if rows is None:
        return _table(lang, known, None, Judged((), findings.problems(), None)), 422
    return _judged(lang, known, declaring.numbered(rows), more=findings.problems())


@room.post("/declarations/<int:round_id>/<enterprise>/repeat")
@rule(Action.DECLARE)
def as_last_time(lang: str, round_id: int, enterprise: str) -> Response:
    """Declare as last time."""
    told = repeat(store(), actor(), (round_id, enterprise))
    flash(word("declare.done", lang, count=len(told["entries"])), "good")
    return redirect(_address(lang, round_id, enterprise), 303)


@room.get("/declarations/<int:round_id>/<enterprise>/template.xlsx")
@rule(Action.SEE_DECLARATION)
def template(lang: str, round_id: int, enterprise: str) -> Response:
    """Send the form of an enterprise as a workbook with its last figures."""
    data = declaration_workbook(ground(store(), actor(), (round_id, enterprise)), lang)
    return file(data, f"declaration-{round_id}-{enterprise}.xlsx")


@room.route("/datasets", methods=["GET", "POST"])
@rule(Action.CREATE_ROUND)
def dataset(lang: str) -> Answer:
    """Take a dataset for rounds: a workbook, or a zip archive of its tables."""
    sent = request.files.get("file")
    if request.method == "GET" or sent is None:
        return _datasets(lang, request.args.get("dataset", ""))
    found, problems = _read(sent.read(), Path(sent.filename or "").suffix.lower())
    said = [problem.record(lang) for problem in problems[:SHOWN]]
    if found is None:
        return _datasets(lang, problems=said), 422
    told = datasets.add_dataset(store(), actor(), snapshot_of(found).archive)
    flash(word("dataset.kept", lang, name=told["name"]), "good")
    if problems:
        return _datasets(lang, told["dataset"], said)
    return redirect(url_for("declarations.dataset", lang=lang, dataset=told["dataset"]), 303)


def _datasets(lang: str, chosen: str = "", problems: Sequence[dict[str, Any]] = ()) -> str:
    """Return the page of what rounds can be made of; `chosen` is the digest of the one to make a round of."""
    kept = datasets.list_starts(store(), actor())
    use = next((one for one in kept if one["dataset"] == chosen), None)
    return page("declarations/dataset.html", lang, problems=problems, use=use, kept=kept[:20])


def _read(data: bytes, ending: str) -> tuple[Dataset | None, tuple[Problem, ...]]:
    """Return a dataset that was uploaded, and what is said of it; its name is no path."""
    with TemporaryDirectory(prefix="synergy-") as folder:
        place = Path(folder) / f"dataset{ending if ending in ('.xlsx', '.xlsm', '.zip') else ''}"
        place.write_bytes(data)
        if zipfile.is_zipfile(place):
            with zipfile.ZipFile(place) as packed:
                size = sum(entry.file_size for entry in packed.infolist())
            if size > _UNPACKED:
                findings = Findings()
                findings.add("zip_bomb", Where(place.name), f"{size} bytes")
                return None, findings.problems()
        return check(place)


@room.get("/datasets/template.xlsx")
@rule(Action.CREATE_ROUND)
def dataset_template(lang: str) -> Response:
    """Send an empty workbook with a sheet for each table."""
    return file(dataset_workbook(None, lang), f"dataset-{lang}.xlsx")
