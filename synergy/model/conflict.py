"""Conflict analysis: find an irreducible infeasible set of input statements."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

import numpy as np
from scipy import sparse

from synergy.dataset.sheet import Dataset
from synergy.model.build import Model
from synergy.model.decode import names_of
from synergy.model.highs import SolverSession, Status
from synergy.model.scaling import ScaledProblem, scaled
from synergy.model.statements import EffectKind, Loosened, Statement, joined, loosened, statements_of
from synergy.network.places import Bools, Floats, Ints
from synergy.scenario import Cell

LOUD = 1e-9  # of a multiplier: less says nothing
NEAR = 1e-7  # by which a plan may miss a scaled bound
NOTHING = 1e-9  # of a yes: less carries nothing
NODES = 500  # of branch and bound for one set; what is not known to conflict by then is kept
PATIENCE = 20.0  # seconds for the same
IMPOSSIBLE = (Status.INFEASIBLE, Status.UNBOUNDED)  # without an objective nothing is unbounded
SAME = {"need_required": "need", "offer_required": "offer"}  # what is told by one sentence

One = TypeVar("One")


def conflict_of(dataset: Dataset, stop: Callable[[], bool] | None = None) -> tuple[Mapping[str, Cell], ...]:
    """Return an irreducible infeasible set of statements of a dataset whose round is infeasible.

    Records of `Statement`: without any one of them there is a plan. `stop` is asked before each solve; True ends the
    search, and the answer is empty.

    Deletion filter (Chinneck & Dravnieks 1991, ORSA J. Computing 3:157): first on the relaxation, where that is
    infeasible already, of the statements with a multiplier in the elastic problem; then with integral binaries, many
    statements at once while the rest conflicts without them.
    """
    whole = loosened(dataset)
    trial = _Trial(whole, statements_of(whole))

    def conflicting(some: Sequence[Statement]) -> bool:
        return not (stop is not None and stop()) and trial.infeasible(some)

    suspects = trial.suspects()
    kept = filtered(suspects if conflicting(suspects) else trial.statements, conflicting)
    parts = {part: one for one in kept for part in one.by_period(whole.network.places.periods)}
    if len(parts) > len(kept):
        trial.hold(list(parts))
        some = filtered(list(parts), conflicting)
        # a statement all of whose periods are needed is told as one
        count = Counter(parts[part] for part in some)
        told = (parts[part] if count[parts[part]] == len(parts[part].amounts) else part for part in some)
        kept = list(dict.fromkeys(told))
    if stop is not None and stop():
        return ()
    # an amount that must be met in full is an upper bound too
    said = {(SAME[one.constraint], one.subject) for one in kept if one.constraint in SAME}
    return tuple(one.record() for one in kept if (one.constraint, one.subject) not in said)


def filtered(statements: Sequence[One], conflicting: Callable[[Sequence[One]], bool]) -> list[One]:
    """Return an irreducible subset of conflicting statements by the deletion filter; the first ones are deleted first.

    `conflicting` is the predicate whether a subset is proven to conflict.
    """
    needed: list[One] = []
    left = list(statements)
    size = max(1, len(left) // 2)
    while left:
        size = min(size, len(left))
        rest = left[size:]
        if conflicting([*needed, *rest]):
            left, size = rest, size * 2
        elif size == 1:
            needed.append(left[0])
            left, size = rest, max(1, len(rest) // 4)
        else:
            size //= 2
    return needed


def loop_of(model: Model) -> tuple[Mapping[str, str], ...]:
    """Return the flows and runs that form a profitable cycle in an unbounded problem.

    Records ``{kind, from, to, commodity, id}`` of every column that grows with the problem's bounds.
    """
    problem = scaled(model)
    endless = np.flatnonzero(~np.isfinite(problem.upper))
    session = SolverSession(problem, relaxed=True)
    grown = []
    for most in (1e4, 1e5):
        session.bound(endless, problem.lower[endless], np.full(len(endless), most))
        answer = session.solve()
        if answer.x is None:
            return ()
        grown.append(answer.x)
    growing = np.flatnonzero(grown[1] - grown[0] > 1e3)
    network, places = model.candidates.network, model.candidates.network.places

    def within(name: str, key: str) -> Ints:
        block = model.columns[name]
        return block.key[key][growing[(growing >= block.start) & (growing < block.stop)] - block.start]

    arc = within("flow", "arc")
    source, sink = network.arcs.outlet[arc], network.arcs.inlet[arc]
    sides = (places.sites[network.sources.site[source]], places.sites[network.sinks.site[sink]])
    told: list[Mapping[str, str]] = [
        {"kind": "flow", "from": str(origin), "to": str(target), "commodity": str(commodity)}
        for origin, target, commodity in zip(*sides, places.commodities[network.sources.commodity[source]], strict=True)
    ]
    told += [{"kind": "run", "id": str(unit)} for unit in network.units.ids[within("run", "unit")]]
    for name, ends in (("give", network.outlets), ("take", network.inlets)):
        named = zip(*names_of(network, ends, within(name, "end")), strict=True)
        told += [{"kind": str(kind), "id": str(ident)} for kind, ident in named]
    return tuple(told)


@dataclass(slots=True)
class Bounds:
    """Hold the bounds of columns and rows and the matrix entries (`data`) that statements may set, in scaled units."""

    lower: Floats
    upper: Floats
    row_lower: Floats
    row_upper: Floats
    data: Floats

    def copy(self) -> Bounds:
        """Return a writable copy."""
        return Bounds(*[getattr(self, name).copy() for name in self.__slots__])

    def crossed(self) -> bool:
        """Return whether some lower bound exceeds its upper bound."""
        return bool((self.lower > self.upper).any() or (self.row_lower > self.row_upper).any())


class _Trial:
    """Test subsets of statements for infeasibility in the loosened problem."""

    def __init__(self, whole: Loosened, statements: list[Statement]) -> None:
        rows = np.zeros(len(whole.model.row_lower), dtype=bool)
        for statement in statements:
            effects = statement.effects
            rows[effects.at[(effects.part == EffectKind.LEAST) | (effects.part == EffectKind.MOST)]] = True
        self.problem = _free_problem(whole, rows)
        problem = self.problem
        self._free = Bounds(problem.lower, problem.upper, problem.row_lower, problem.row_upper, problem.matrix.data)
        self._plans = [np.zeros(len(problem.cost))]
        self.hold(statements)
        costs = np.array([one.constraint.endswith("_capex") for one in statements], dtype=bool)
        free = self._at[(self._effects.part == EffectKind.ENTRY) & costs[self._owner]]
        self._free = self._free.copy()
        self._free.data[free] = 0.0  # what is not stated costs nothing

    def hold(self, statements: list[Statement]) -> None:
        """Set the statements that may be restored, and map their effects to the scaled problem."""
        self.statements = statements
        problem = self.problem
        self._effects = effects = joined([one.effects for one in statements])
        sizes = [len(one.effects.at) for one in statements]
        self._owner = np.repeat(np.arange(len(statements)), sizes)
        self._place = {one: place for place, one in enumerate(statements)}
        entry = effects.part == EffectKind.ENTRY
        bound = effects.part <= EffectKind.UPPER
        self._at = effects.at.copy()
        # every entry exists, and the indices of the matrix are sorted
        matrix, width = problem.matrix, problem.matrix.shape[1]
        row = np.repeat(np.arange(matrix.shape[0], dtype=np.int64), np.diff(matrix.indptr))
        sought = effects.at[entry] * width + effects.column[entry]
        self._at[entry] = np.searchsorted(row * width + matrix.indices, sought)
        scale = np.ones(len(effects.at))
        scale[bound] = 1 / problem.column[effects.at[bound]]
        scale[~bound] = problem.row[effects.at[~bound]]
        scale[entry] *= problem.column[effects.column[entry]]
        self._value = effects.value * scale

    def stated(self, statements: Sequence[Statement]) -> Bounds:
        """Return the bounds of the problem with some statements restored."""
        bounds = self._free.copy()
        active = np.zeros(len(self.statements), dtype=bool)
        active[[self._place[one] for one in statements]] = True
        part = np.where(active[self._owner], self._effects.part, -1) if len(self._owner) else self._effects.part
        for kind, values, tighter in (
            (EffectKind.LOWER, bounds.lower, np.maximum),
            (EffectKind.UPPER, bounds.upper, np.minimum),
            (EffectKind.LEAST, bounds.row_lower, np.maximum),
            (EffectKind.MOST, bounds.row_upper, np.minimum),
        ):
            here = part == kind
            tighter.at(values, self._at[here], self._value[here])
        here = part == EffectKind.ENTRY
        bounds.data[self._at[here]] = self._value[here]
        return bounds

    def infeasible(self, statements: Sequence[Statement]) -> bool:
        """Return whether some statements are proven to be jointly infeasible."""
        bounds = self.stated(statements)
        if bounds.crossed():
            return True
        if any(_satisfied(self.problem, bounds, x) for x in self._plans):
            return False
        problem = self._problem(bounds)
        # few yes-or-no decisions in the relaxation, and yes to all of them, is a plan mostly
        answer = SolverSession(replace(problem, cost=problem.integer.astype(float)), relaxed=True).solve()
        if answer.x is None:
            return answer.status in IMPOSSIBLE
        if not self._found(problem, bounds, answer.x):
            answer = SolverSession(problem, mip_max_nodes=NODES, time_limit=PATIENCE).solve()
            if answer.x is None or not self._found(problem, bounds, answer.x):
                return answer.status in IMPOSSIBLE
        return False

    def _found(self, problem: ScaledProblem, bounds: Bounds, x: Floats) -> bool:
        """Return whether rounding up the binaries gives a feasible plan; store the plan if so."""
        integer = np.flatnonzero(problem.integer)
        x = x.copy()
        # what a yes carries is large beside what is stated: a part of one that passes for a no carries too much
        x[integer] = np.ceil(np.clip(x[integer] - NOTHING, 0.0, 1.0))
        if not _satisfied(problem, bounds, x):
            fixed = SolverSession(problem, relaxed=True)
            fixed.bound(integer, x[integer], x[integer])
            found = fixed.solve().x
            if found is None:
                return False
            x = found
        self._plans.append(x)
        return True

    def _problem(self, bounds: Bounds) -> ScaledProblem:
        """Return the problem with some bounds."""
        matrix = self.problem.matrix.copy()
        matrix.data = bounds.data
        sides = {name: getattr(bounds, name) for name in ("lower", "upper", "row_lower", "row_upper")}
        return replace(self.problem, matrix=matrix, **sides)

    def suspects(self) -> list[Statement]:
        """Return the statements with a non-zero multiplier in the elastic relaxation, all if there is no violation."""
        bounds = self.stated(self.statements)
        effects, at = self._effects, self._effects.at
        bound, entry = effects.part <= EffectKind.UPPER, effects.part == EffectKind.ENTRY
        limit = ~bound & ~entry
        hit = np.zeros(len(at), dtype=bool)
        if bounds.crossed():
            hit[bound] = (bounds.lower > bounds.upper)[at[bound]]
            hit[limit] = (bounds.row_lower > bounds.row_upper)[at[limit]]
        else:
            found = _elastic(self._problem(bounds), bounds, np.unique(at[bound]), np.unique(at[~bound]))
            if found is None:
                return self.statements
            column, row, reduced = found
            hit[bound], hit[limit] = np.abs(column[at[bound]]) > LOUD, np.abs(row[at[limit]]) > LOUD
            # an entry is rested on where the column would pay without it
            change = row[at[entry]] * (self._value[entry] - self._free.data[self._at[entry]])
            own = reduced[effects.column[entry]]
            hit[entry] = (own + change < -LOUD) & (change < -LOUD)
        return [self.statements[place] for place in np.unique(self._owner[hit]).tolist()]


def _satisfied(problem: ScaledProblem, bounds: Bounds, x: Floats) -> bool:
    """Return whether column values with integral binaries satisfy the bounds and rows."""
    if (x < bounds.lower - NEAR).any() or (x > bounds.upper + NEAR).any():
        return False
    matrix = sparse.csr_array((bounds.data, problem.matrix.indices, problem.matrix.indptr), shape=problem.matrix.shape)
    row = np.asarray(matrix @ x)
    return not ((row < bounds.row_lower - NEAR).any() or (row > bounds.row_upper + NEAR).any())


def _elastic(problem: ScaledProblem, bounds: Bounds, asked: Ints, rows: Ints) -> tuple[Floats, Floats, Floats] | None:
    """Return column and row duals and reduced costs of the elastic LP; None if its optimum is 0."""
    columns = len(problem.cost)
    # bounds become rows with slack on both sides, so that every statement has a multiplier
    unit = sparse.csr_array((np.ones(len(asked)), (np.arange(len(asked)), asked)), shape=(len(asked), columns))
    slack_rows = np.concatenate([rows, problem.matrix.shape[0] + np.arange(len(asked))])
    matrix = sparse.vstack([problem.matrix, unit])
    size = len(slack_rows)
    slack = sparse.csr_array((np.ones(size), (slack_rows, np.arange(size))), shape=(matrix.shape[0], size))
    free = bounds.lower.copy(), bounds.upper.copy()
    free[0][asked], free[1][asked] = 0.0, np.inf
    elastic = ScaledProblem(
        matrix=sparse.csr_array(sparse.hstack([matrix, slack, -slack])),
        row_lower=np.concatenate([bounds.row_lower, bounds.lower[asked]]),
        row_upper=np.concatenate([bounds.row_upper, bounds.upper[asked]]),
        lower=np.concatenate([free[0], np.zeros(2 * size)]),
        upper=np.concatenate([free[1], np.full(2 * size, np.inf)]),
        cost=np.concatenate([np.zeros(columns), np.ones(2 * size)]),
        integer=np.zeros(columns + 2 * size, dtype=bool),
        row=np.ones(matrix.shape[0]),
        column=np.ones(columns + 2 * size),
        money=1.0,
    )
    answer = SolverSession(elastic).solve()
    if answer.row_dual is None or answer.column_dual is None or answer.value <= LOUD:
        return None
    column = np.zeros(columns)
    column[asked] = answer.row_dual[problem.matrix.shape[0] :]
    return column, answer.row_dual[: problem.matrix.shape[0]], answer.column_dual[:columns]


def _free_problem(whole: Loosened, free_rows: Bools) -> ScaledProblem:
    """Return the problem with no cost and no statement in force: columns unbounded above, binaries kept.

    `free_rows`, shape (rows,), marks the rows that statements set; they are free.
    """
    model = whole.model
    matrix = model.matrix.copy()
    matrix.data = np.nan_to_num(matrix.data)  # mixes of what states no quality: their exchanges are statements
    _widen(whole, matrix)
    endless = np.where(model.integer, model.upper, np.inf)
    upper = model.upper.copy()
    upper[model.columns["flow"].span] = np.inf
    scaling = scaled(replace(model, matrix=matrix, upper=upper))
    whole_matrix = sparse.csr_array(matrix.multiply(scaling.row[:, None]).multiply(scaling.column[None, :]))
    whole_matrix.sort_indices()
    return replace(
        scaling,
        matrix=whole_matrix,
        row_lower=np.where(free_rows, -np.inf, scaling.row_lower),
        row_upper=np.where(free_rows, np.inf, scaling.row_upper),
        lower=np.zeros(len(endless)),
        upper=endless / scaling.column,
        cost=np.zeros(len(endless)),
    )


def _widen(whole: Loosened, matrix: sparse.csr_array) -> None:
    """Replace the coefficients of binaries in variable upper bounds by big-M amounts."""
    model, network = whole.model, whole.network
    steps = network.units.steps
    wide = np.zeros(len(model.cost))
    for name, key, amount in (
        ("on", "unit", whole.run),
        ("built", "step", whole.run[steps.unit]),
        ("open", "link", whole.carried[network.links.commodity]),
    ):
        block = model.columns[name]
        wide[block.span] = amount[block.key[key]]
    row_of = np.repeat(np.arange(matrix.shape[0]), np.diff(matrix.indptr))
    for name in ("load_max", "size_max", "link"):
        rows = model.rows[name]
        hit = (row_of >= rows.start) & (row_of < rows.stop) & (wide[matrix.indices] > 0)
        matrix.data[hit] = -wide[matrix.indices[hit]]
    partner, rows = model.columns["partner"], model.rows["partner"]
    arc = model.columns["flow"].key["arc"][rows.key["flow"]]
    amount = whole.carried[network.sources.commodity[network.arcs.outlet[arc]]]
    inside = (row_of >= rows.start) & (row_of < rows.stop)
    hit = inside & (matrix.indices >= partner.start) & (matrix.indices < partner.stop)
    matrix.data[hit] = -amount[row_of[hit] - rows.start]
