"""Conflict: the smallest set of conditions that no plan satisfies together, in the user's words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from scipy import sparse

from synergy.model.assembly import Block
from synergy.model.build import Model
from synergy.model.conflict_rows import ROWS, rows_told
from synergy.model.conflict_texts import TEXTS
from synergy.model.decode import names_of
from synergy.model.highs import Session, Status
from synergy.model.scaling import Problem, scaled
from synergy.network.places import Ints

MOST = 400  # conditions looked at one by one


@dataclass(frozen=True, slots=True, eq=False)
class Condition:
    """Something the input asks for or limits, as a bound of some columns or rows.

    Parameters
    ----------
    record : mapping
        ``{constraint, subject, commodity, amount, text_en, text_zh}``.
    columns, rows : numpy.ndarray of int64
        Where it stands in the model.
    """

    record: Mapping[str, Any]
    columns: Ints
    rows: Ints


def conflict_of(model: Model) -> tuple[Mapping[str, Any], ...]:
    """Return the smallest set of conditions that conflict.

    Parameters
    ----------
    model : Model
        An infeasible problem, with bounds as the tables state them (not tightened).

    Returns
    -------
    tuple of mapping
        Records of `Condition`; dropping any one of them leaves a set that can be satisfied. Empty where the
        relaxation can be satisfied and only whole numbers cannot.

    Notes
    -----
    Deletion filter (Chinneck & Dravnieks 1991, ORSA J. Computing 3:157) on the conditions with a multiplier in the
    elastic problem, which sums violations.
    """
    problem = scaled(model)
    conditions = _conditions(model)
    suspects = _suspects(problem, conditions)
    if suspects is None:
        return ()
    trial = _Trial(problem)
    for condition in conditions:
        if condition not in suspects:
            trial.drop(condition)
    kept = []
    for condition in suspects[:MOST]:
        trial.drop(condition)
        if trial.feasible():
            trial.restore(condition)
            kept.append(condition)
    return tuple(condition.record for condition in kept)


class _Trial:
    """The relaxation with some conditions dropped."""

    def __init__(self, problem: Problem) -> None:
        self._problem = replace(problem, cost=np.zeros(len(problem.cost)))
        self._session = Session(self._problem, relaxed=True)

    def drop(self, condition: Condition) -> None:
        """Let the columns and rows of a condition take anything."""
        self._set(condition, None)

    def restore(self, condition: Condition) -> None:
        """Ask for a condition again."""
        self._set(condition, self._problem)

    def _set(self, condition: Condition, problem: Problem | None) -> None:
        column, row = condition.columns, condition.rows
        if len(column):
            nothing, anything = np.zeros(len(column)), np.full(len(column), np.inf)
            low, high = (nothing, anything) if problem is None else (problem.lower[column], problem.upper[column])
            self._session.bound(column, low, high)
        if len(row):
            least, most = np.full(len(row), -np.inf), np.full(len(row), np.inf)
            if problem is not None:
                least, most = problem.row_lower[row], problem.row_upper[row]
            self._session.limit(row, least, most)

    def feasible(self) -> bool:
        """Return whether what is asked for now can be satisfied."""
        return self._session.solve().status is Status.OPTIMAL


def _suspects(problem: Problem, conditions: list[Condition]) -> list[Condition] | None:
    """Return the conditions with a multiplier in the elastic problem; None where nothing is violated."""
    columns = len(problem.cost)
    asked = np.unique(np.concatenate([np.empty(0, np.int64), *[condition.columns for condition in conditions]]))
    rows = np.unique(np.concatenate([np.empty(0, np.int64), *[condition.rows for condition in conditions]]))
    # bounds become rows with slack on both sides, so that every condition has a multiplier
    unit = sparse.csr_array((np.ones(len(asked)), (np.arange(len(asked)), asked)), shape=(len(asked), columns))
    slack_rows = np.concatenate([rows, problem.matrix.shape[0] + np.arange(len(asked))])
    matrix = sparse.vstack([problem.matrix, unit])
    size = len(slack_rows)
    slack = sparse.csr_array((np.ones(size), (slack_rows, np.arange(size))), shape=(matrix.shape[0], size))
    free = problem.lower.copy(), problem.upper.copy()
    free[0][asked], free[1][asked] = 0.0, np.inf
    elastic = Problem(
        matrix=sparse.csr_array(sparse.hstack([matrix, slack, -slack])),
        row_lower=np.concatenate([problem.row_lower, problem.lower[asked]]),
        row_upper=np.concatenate([problem.row_upper, problem.upper[asked]]),
        lower=np.concatenate([free[0], np.zeros(2 * size)]),
        upper=np.concatenate([free[1], np.full(2 * size, np.inf)]),
        cost=np.concatenate([np.zeros(columns), np.ones(2 * size)]),
        integer=np.zeros(columns + 2 * size, dtype=bool),
        row=np.ones(matrix.shape[0]),
        column=np.ones(columns + 2 * size),
        money=1.0,
    )
    answer = Session(elastic).solve()
    if answer.row_dual is None or answer.value <= 1e-9:
        return None
    loud = np.abs(answer.row_dual) > 1e-9
    column_loud = np.zeros(columns, dtype=bool)
    column_loud[asked] = loud[problem.matrix.shape[0] :]
    return [part for part in conditions if column_loud[part.columns].any() or loud[part.rows].any()]


def _conditions(model: Model) -> list[Condition]:
    """Return everything that the input asks for or limits."""
    network = model.candidates.network
    conditions: list[Condition] = []
    for name, ends in (("take", network.inlets), ("give", network.outlets)):
        block = model.column(name)
        if len(block):
            kinds, ids = names_of(network, ends, block.key["end"])
            commodity = network.places.commodities[ends.commodity[block.key["end"]]]
            conditions += _by_subject(model, block.positions, kinds, (ids, commodity))
    run = model.column("run")
    if len(run):
        unit = run.key["unit"]
        kinds = np.where(network.units.is_build[unit], "build", "facility")
        conditions += _by_subject(model, run.positions, kinds, (network.units.ids[unit], np.full(len(unit), "")))
    for name in ROWS:
        rows = model.rows.get(name)
        if rows is None or not len(rows):
            continue
        told = rows_told(model, name, rows)
        for row, (subject, good, amount) in zip(rows.positions, told.to_numpy(object), strict=True):
            record = _record(name, str(subject), str(good), float(amount))
            carried = _carried(model, rows, row) if name == "link" else np.empty(0, np.int64)
            conditions.append(Condition(record, carried, np.array([row])))
    return conditions


def _carried(model: Model, rows: Block, row: int) -> Ints:
    """Return the flows over the link of a row: its capacity is a bound of theirs, too."""
    link, period = (rows.key[name][row - rows.start] for name in ("link", "period"))
    flow = model.column("flow")
    over = (model.candidates.network.arcs.link[flow.key["arc"]] == link) & (flow.key["period"] == period)
    carried: Ints = flow.positions[over]
    return carried


def _by_subject(model: Model, columns: Ints, kinds: Any, names: tuple[Any, Any]) -> list[Condition]:
    """Return a condition for each offer, need, market or facility, all its periods in one."""
    ids, commodity = names
    lower, upper = model.lower[columns], model.upper[columns]
    keys = np.array([f"{kind}\x1f{name}" for kind, name in zip(kinds, ids, strict=True)], dtype=object)
    _, first, inverse = np.unique(keys, return_index=True, return_inverse=True)
    conditions = []
    for index, place in enumerate(first):
        here = np.flatnonzero(inverse == index)
        compulsory = float(lower[here].sum())
        amount = compulsory if compulsory > 0 else float(upper[here].sum())
        if not np.isfinite(amount):
            continue
        name = f"{kinds[place]}{'_required' if compulsory > 0 else ''}"
        record = _record(name, str(ids[place]), str(commodity[place]), amount)
        conditions.append(Condition(record, columns[here], np.empty(0, np.int64)))
    return conditions


def _record(constraint: str, subject: str, commodity: str, amount: float) -> Mapping[str, Any]:
    """Return a condition as a plain record with its sentence in both languages."""
    english, chinese = TEXTS[constraint]
    words = {"subject": subject, "commodity": commodity, "amount": amount}
    texts = {"text_en": english.format(**words), "text_zh": chinese.format(**words)}
    return {"constraint": constraint, **words, **texts}


def loop_of(model: Model) -> tuple[Mapping[str, Any], ...]:
    """Return the exchanges and runs that make money without end in an unbounded problem.

    Parameters
    ----------
    model : Model
        An unbounded problem.

    Returns
    -------
    tuple of mapping
        ``{kind, from, to, commodity, id}`` of every column that grows with the problem's bounds.
    """
    problem = scaled(model)
    endless = np.flatnonzero(~np.isfinite(problem.upper))
    session = Session(problem, relaxed=True)
    grown = []
    for most in (1e4, 1e5):
        session.bound(endless, problem.lower[endless], np.full(len(endless), most))
        answer = session.solve()
        if answer.x is None:
            return ()
        grown.append(answer.x)
    growing = np.flatnonzero(grown[1] - grown[0] > 1e3)
    return tuple(_told(model, growing))


def _told(model: Model, columns: Ints) -> list[Mapping[str, Any]]:
    """Return columns of the model as plain records."""
    network = model.candidates.network
    told: list[Mapping[str, Any]] = []
    flow, run = model.column("flow"), model.column("run")
    places, arcs = network.places, network.arcs
    for column in columns[(columns >= flow.start) & (columns < flow.stop)]:
        arc = flow.key["arc"][column - flow.start]
        source, sink = arcs.outlet[arc], arcs.inlet[arc]
        between = {
            "from": str(places.sites[network.sources.site[source]]),
            "to": str(places.sites[network.sinks.site[sink]]),
        }
        told.append(
            {"kind": "flow", **between, "commodity": str(places.commodities[network.sources.commodity[source]])}
        )
    for column in columns[(columns >= run.start) & (columns < run.stop)]:
        told.append({"kind": "run", "id": str(network.units.ids[run.key["unit"][column - run.start]])})
    for name, ends in (("give", network.outlets), ("take", network.inlets)):
        block = model.column(name)
        inside = columns[(columns >= block.start) & (columns < block.stop)] - block.start
        kinds, ids = names_of(network, ends, block.key["end"][inside] if len(inside) else np.empty(0, int))
        told += [{"kind": str(kind), "id": str(name)} for kind, name in zip(kinds, ids, strict=True)]
    return told
