"""A form judged whole, and declared or refused whole."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from synergy.dataset.findings import Findings, Where
from synergy.dataset.ids import near, suggestion
from synergy.errors import SHOWN, DatasetError, Problem, Severity
from synergy.forms.context import Context, context_of
from synergy.forms.judging import Read, read_rows
from synergy.forms.reading import FILE, rows_of, rows_of_records
from synergy.forms.rows import Rows
from synergy.store.access import Actor
from synergy.store.declaring import declare
from synergy.store.names import Sheet
from synergy.store.overlay import COLUMNS, Entry
from synergy.store.previewing import ground, preview
from synergy.store.rounds import Asked
from synergy.store.store import Store

Place = tuple[int, str]
Record = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Withdrawn:
    """What of an earlier declaration is withdrawn; all else that a form does not mention stays.

    Parameters
    ----------
    names : tuple of str
        Of rows.
    rest : bool
        Whether all that the form does not mention goes.
    """

    names: tuple[str, ...] = ()
    rest: bool = False


_NOTHING = Withdrawn()


@dataclass(frozen=True, slots=True)
class Judged:
    """What a form would do.

    Parameters
    ----------
    entries : tuple of Entry
        Of what stays, and of the rows that could be read.
    problems : tuple of Problem
        Errors first, then warnings, each at its cell; `SHOWN` at most, and how many more there are.
    changes : dict or None
        As from `synergy.store.previewing.preview`; None where rows cannot be read at all.
    """

    entries: tuple[Entry, ...]
    problems: tuple[Problem, ...]
    changes: Record | None

    @property
    def refused(self) -> bool:
        """Whether anything in it is wrong: then nothing of it is declared."""
        return any(one.severity is Severity.ERROR for one in self.problems)


def judge_file(
    store: Store,
    actor: Actor,
    place: Place,
    upload: tuple[bytes, str],
    more: Sequence[Record] = (),
    withdrawn: Withdrawn = _NOTHING,
) -> Judged:
    """Return what an uploaded declaration would do; nothing is stored.

    Parameters
    ----------
    store : Store
    actor : Actor
        Who may declare for the enterprise.
    place : tuple of int and str
        Round and enterprise.
    upload : tuple of bytes and str
        The file and its name, of which the ending alone is looked at.
    more : sequence of dict
        Entries besides, as in a JSON document.
    withdrawn : Withdrawn

    Returns
    -------
    Judged
    """
    known = ground(store, actor, place)  # asks who may, before anything is parsed
    findings = Findings()
    rows = rows_of(*upload, findings)
    if rows is None:
        return Judged((), findings.problems(), None)
    beside = rows_of_records(list(more), findings)
    rows = rows if beside is None or not more else replace(rows, rows=[*rows.rows, *beside.rows])
    return _judged(store, actor, place, (rows, context_of(known), findings, withdrawn))


def judge_rows(store: Store, actor: Actor, place: Place, rows: Rows, withdrawn: Withdrawn = _NOTHING) -> Judged:
    """Return what the rows of a page, or of a program, would do; nothing is stored.

    Parameters
    ----------
    store, actor, place
        As for `judge_file`.
    rows : Rows
        As they came.
    withdrawn : Withdrawn

    Returns
    -------
    Judged
    """
    return _judged(store, actor, place, (rows, context_of(ground(store, actor, place)), Findings(), withdrawn))


def _judged(store: Store, actor: Actor, place: Place, what: tuple[Rows, Context, Findings, Withdrawn]) -> Judged:
    rows, context, findings, withdrawn = what
    if context.entries and not (rows.rows or findings.refused or withdrawn.names or withdrawn.rest):
        findings.add("form_no_rows", Where(FILE))
    read = read_rows(rows, context, findings)
    stays = _staying(context, read, withdrawn, findings)
    entries = (*stays, *read.entries)
    changes, more = preview(store, actor, place, entries)
    said = {(one.table, one.row, one.column, one.severity) for one in findings.problems()}
    for problem in _placed(more, read, stays):
        if (problem.table, problem.row, problem.column, problem.severity) not in said:
            findings.extend([problem])
    problems = tuple(rows.located(one) for one in findings.problems())
    return Judged(entries, problems, changes)


def _staying(context: Context, read: Read, withdrawn: Withdrawn, findings: Findings) -> tuple[Entry, ...]:
    """Return the entries that stand now and are neither said again nor withdrawn."""
    known = [one.ident for one in context.entries]
    for name in withdrawn.names:
        if name not in known:
            findings.add("form_withdrawn", Where(FILE), name, **suggestion(near(name, known)))
    if withdrawn.rest:
        return ()
    said = {(one.sheet, one.ident) for one in read.entries}
    return tuple(
        one for one in context.entries if (one.sheet, one.ident) not in said and one.ident not in withdrawn.names
    )


def _placed(problems: Sequence[Problem], read: Read, stays: Sequence[Entry]) -> list[Problem]:
    """Return what the dataset says against entries, at the rows and columns of the form; what stays is before them."""
    before = Counter(one.sheet for one in stays)
    placed = []
    for problem in problems:
        if problem.row is None or problem.table not in set(Sheet):
            placed.append(problem)
            continue
        name, subject, amount, price = COLUMNS[Sheet(problem.table)]
        keys = {name: "ident", subject: "subject", amount: "amount", price: "price"}
        number = problem.row - 1 - before[Sheet(problem.table)]
        line = read.lines[Sheet(problem.table)][number] if number >= 0 else None
        placed.append(replace(problem, row=line, column=keys.get(problem.column, problem.column)))
    return placed


def declare_judged(store: Store, actor: Actor, place: Place, judged: Judged, asked: Asked | None = None) -> Record:
    """Declare what a form says, all of it or nothing.

    Parameters
    ----------
    store, actor, place
        As for `judge_file`.
    judged : Judged
        What was found.
    asked : Asked, optional
        Version that was seen, idempotency key.

    Returns
    -------
    dict
        As from `synergy.store.declaring.declare`.

    Raises
    ------
    DatasetError
        Anything is wrong; all of it at once.
    """
    if judged.refused:
        raise DatasetError(judged.problems)
    return declare(store, actor, place, judged.entries, asked)


def shown(problems: Sequence[Problem], lang: str) -> list[Record]:
    """Return problems as records in one language, at most `SHOWN` of them."""
    return [problem.record(lang) for problem in problems[:SHOWN]]
