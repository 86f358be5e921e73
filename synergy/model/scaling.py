"""Scaling: exact geometric scaling of a model by powers of two, to values near 1.

With it the restriction of a scaled problem to the columns that can be non-zero, and the removal of a solver's noise.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from scipy import sparse

from synergy.model.assembly import Block
from synergy.model.build import Model
from synergy.network.ends import EndKind
from synergy.network.places import Bools, Floats, Ints

PASSES = 4
FINE = 1e-10  # the least tolerance that a solver takes
PART = 1e-5  # part of a capacity below which a compulsory amount asks for it: ten times what counts as none
WIDEST = 2.0**30  # no factor beyond: a model that needs more is said to be badly scaled
NOISE = 1e-9  # part of what a column could be, or of what there is beside it, below which a value is nothing
ROUNDS = 4  # of closing what closed columns close
NOTHING = 1e-12
ENDLESS = 1e30


@dataclass(frozen=True, slots=True)
class ScaledProblem:
    """A scaled model for the solver: minimise ``cost @ y`` over scaled columns ``y = x / column``.

    Everything but the factors `row` and `column` is scaled: scaled row = row * ``row``; x = y * ``column``, where the
    factor of integer columns is 1. Value in money is ``-money * cost @ y``. `fine`: some compulsory amount is so small
    that the solver needs the tolerance `FINE`.
    """

    matrix: sparse.csr_array
    row_lower: Floats
    row_upper: Floats
    lower: Floats
    upper: Floats
    cost: Floats
    integer: Bools
    row: Floats
    column: Floats
    money: float
    fine: bool = False


def _power(size: Floats) -> Floats:
    """Return the nearest power of two, 1 for zero or non-finite sizes."""
    known = (size > 0) & np.isfinite(size)
    power: Floats = np.exp2(np.round(np.log2(np.where(known, size, 1.0))))
    return np.clip(power, 1 / WIDEST, WIDEST)


def scaled(model: Model) -> ScaledProblem:
    """Return the scaled problem: columns by their bounds, then rows and columns alternately.

    Geometric scaling (Curtis & Reid 1972, J. Inst. Maths Applics 10:118) after a start from the columns' bounds.
    """
    matrix = model.matrix.copy()
    matrix.data = np.where(matrix.data == 0, 0.0, matrix.data)
    matrix.eliminate_zeros()
    finite = np.where(np.isfinite(model.upper), np.abs(model.upper), 0.0)
    column = np.where(model.integer, 1.0, _power(finite))
    row = np.ones(matrix.shape[0])
    for turn in range(2 * PASSES):
        # rows and columns in turn, by the geometric mean of the least and the greatest magnitude in each
        current = sparse.csr_array(matrix.multiply(row[:, None]).multiply(column[None, :]))
        current = current if turn % 2 == 0 else sparse.csr_array(current.T)
        size, full = np.abs(current.data), np.diff(current.indptr) > 0
        typical, starts = np.zeros(current.shape[0]), current.indptr[:-1][full]
        if len(starts):
            typical[full] = np.sqrt(np.maximum.reduceat(size, starts) * np.minimum.reduceat(size, starts))
        if turn % 2 == 0:
            row = row / _power(typical)
        else:
            column = np.where(model.integer | (finite > 0), column, column / _power(typical))
    matrix = sparse.csr_array(matrix.multiply(row[:, None]).multiply(column[None, :]))
    # A compulsory amount may be a tiny part of a flow bound: with an integrality tolerance of 1e-6, a link with a big-M
    # of 60,000 carries 0.06 while its binary counts as 0, which may be all that a unit for 1 t needs. The plan would
    # have the unit without the link, and the bound would be wrong.
    forced, most = np.flatnonzero((model.lower > 0) & ~model.integer), model.upper[model.columns["flow"].span]
    fine = False
    if len(forced) and len(most) and model.integer.any():
        entries = sparse.coo_array(sparse.csc_array(model.matrix)[:, forced])
        amounts: Floats = np.abs(entries.data) * model.lower[forced][entries.coords[1]]
        fine = bool(amounts[amounts > 0].min(initial=np.inf) < PART * most[np.isfinite(most)].max(initial=0.0))
    cost = -model.cost * column
    money = float(_power(np.array([np.abs(cost).max(initial=0.0) / 1e3]))[0])
    return ScaledProblem(
        matrix=matrix,
        row_lower=model.row_lower * row,
        row_upper=model.row_upper * row,
        lower=model.lower / column,
        upper=model.upper / column,
        cost=cost / money,
        integer=model.integer,
        row=row,
        column=column,
        money=money,
        fine=fine,
    )


def open_columns(problem: ScaledProblem) -> Ints:
    """Return the columns that can be non-zero when integer columns stay within their upper bounds.

    For example, flows over a link that is not opened are closed by the link's row.
    """
    upper, matrix = problem.upper.copy(), sparse.csr_array(problem.matrix)
    rows = matrix.shape[0]
    row, column = np.repeat(np.arange(rows), np.diff(matrix.indptr)), matrix.indices
    for _ in range(ROUNDS):
        least, most = np.clip(problem.lower[column], -ENDLESS, 0.0), np.clip(upper[column], 0.0, ENDLESS)
        least = np.where(matrix.data > 0, matrix.data * least, matrix.data * most)  # of the entry's part of its row
        below = np.bincount(row, weights=-least, minlength=rows)
        # nothing in such a row can be negative, and its sum may not be positive: what is positive in it is nothing
        shut = (problem.row_upper <= NOTHING) & (below <= NOTHING)
        hit = column[shut[row] & (matrix.data > 0) & (problem.lower[column] >= 0) & (upper[column] > 0)]
        if not len(hit):
            break
        upper[hit] = 0.0
    return np.flatnonzero((upper > 0) | (problem.lower < 0))


def narrowed(problem: ScaledProblem, columns: Ints) -> tuple[ScaledProblem, Ints]:
    """Return the problem restricted to some columns (the others are 0), and the indices of the rows it keeps."""
    matrix = sparse.csr_array(sparse.csr_array(problem.matrix)[:, columns])
    rows = np.flatnonzero((np.diff(matrix.indptr) > 0) | (problem.row_lower > 0) | (problem.row_upper < 0))
    return replace(
        problem,
        matrix=sparse.csr_array(matrix[rows]),
        row_lower=problem.row_lower[rows],
        row_upper=problem.row_upper[rows],
        lower=problem.lower[columns],
        upper=problem.upper[columns],
        cost=problem.cost[columns],
        integer=problem.integer[columns],
        row=problem.row[rows],
        column=problem.column[columns],
    ), rows


def noiseless(model: Model, x: Floats) -> Floats:
    """Return column values, in the model's units, with solver noise set to 0.

    An upper bound is a poor scale where it is a million times the amounts in use: a need of 1e-4 may be met over a pipe
    for 1e8, from a market without limit, by a plant of any size. So the noise threshold of a flow is also relative to
    the greatest flow of its commodity, that of supply, intake and activity to the flows at their ends. Flows at an end
    with a small compulsory amount are compared with that amount.
    """
    most = np.where(np.isfinite(model.upper) & (model.upper > 0), model.upper, np.inf)
    scale = np.where(np.isfinite(most), most, 1.0)
    flow, run, network = model.columns["flow"], model.columns["run"], model.candidates.network
    if not len(flow):
        return np.where(np.abs(x) < NOISE * scale, 0.0, x)
    arc, arcs = flow.key["arc"], network.arcs
    commodity = network.sources.commodity[arcs.outlet[arc]]
    peak = np.zeros(len(network.places.commodities))
    np.maximum.at(peak, commodity, np.abs(x[flow.span]))
    scale[flow.span] = np.minimum(most[flow.span], np.minimum(peak[commodity], _least(model, flow, peak)))
    carried: Floats = np.abs(np.where(np.abs(x) < NOISE * scale, 0.0, x)[flow.span])
    possible: Floats = np.zeros((len(network.units.ids), len(network.places.share)))  # of activity, by what flows
    sides = (
        (network.outlets, arcs.outlet[arc], len(network.sources.site), ("give", "draw")),
        (network.inlets, arcs.inlet[arc], len(network.sinks.site), ("take", "put")),
    )
    for ends, group, groups, families in sides:
        moved: Floats = np.zeros((groups, possible.shape[1]))
        np.add.at(moved, (group, flow.key["period"]), carried)
        for block in (model.columns[name] for name in families):
            beside = moved[ends.group[block.key["end"]], block.key["period"]]
            scale[block.span] = np.minimum(most[block.span], beside)
        mine = np.flatnonzero((ends.kind == EndKind.UNIT) & (ends.coefficient > 0))
        np.maximum.at(possible, ends.ref[mine], moved[ends.group[mine]] / ends.coefficient[mine, None])
    spoken = possible[run.key["unit"], run.key["period"]]
    scale[run.span] = np.where(spoken > 0, np.minimum(scale[run.span], spoken), scale[run.span])
    return _fed(model, np.where(np.abs(x) < NOISE * scale, 0.0, x), NOISE * peak)


def _fed(model: Model, x: Floats, nothing: Floats) -> Floats:
    """Remove flows without supply and unit activity without input, downstream along the chain.

    A solver keeps a balance to a part of the greatest amount in it: beside a million tons, a unit for a kilogram runs
    without its input. `nothing` is the amount that counts as zero, by commodity.
    """
    flow, run, network = model.columns["flow"], model.columns["run"], model.candidates.network
    if not len(run):
        return x
    x, arc, when = x.copy(), flow.key["arc"], flow.key["period"]
    places = (run.key["unit"], run.key["period"])
    activity: Floats = np.zeros((len(network.units.ids), len(network.places.share)))
    needs, makes = (
        np.flatnonzero((ends.kind == EndKind.UNIT) & (ends.coefficient > 0))
        for ends in (network.inlets, network.outlets)
    )
    arrived, source = model.candidates.kept[arc], network.arcs.outlet[arc]
    least = nothing[network.sinks.commodity[network.inlets.group[needs]]]
    while True:
        activity[places] = x[run.span]
        given = np.zeros((len(network.sources.site), activity.shape[1]))
        np.add.at(given, network.outlets.group[makes], activity[network.outlets.ref[makes]])
        for block in (model.columns["give"], model.columns["draw"]):
            np.add.at(given, (network.outlets.group[block.key["end"]], block.key["period"]), x[block.span])
        idle = (given[source, when] <= 0) & (x[flow.span] > nothing[network.sources.commodity[source]])
        x[flow.span] = np.where(idle, 0.0, x[flow.span])
        came = np.zeros((len(network.sinks.site), activity.shape[1]))
        np.add.at(came, (network.arcs.inlet[arc], when), np.abs(x[flow.span] * arrived))
        starved = np.zeros(activity.shape, dtype=bool)
        wanted = activity[network.inlets.ref[needs]] * network.inlets.coefficient[needs, None]
        np.logical_or.at(
            starved, network.inlets.ref[needs], (came[network.inlets.group[needs]] <= 0) & (wanted > least[:, None])
        )
        gone = starved[places]
        if not gone.any():
            return x
        x[run.span] = np.where(gone, 0.0, x[run.span])


def _least(model: Model, flow: Block, peak: Floats) -> Floats:
    """Return the least compulsory amount at either end of each flow, inf where none is small."""
    network = model.candidates.network
    found = np.full(len(flow), np.inf)
    run = model.columns["run"]
    for ends, group, traded in (
        (network.outlets, network.arcs.outlet, "give"),
        (network.inlets, network.arcs.inlet, "take"),
    ):
        least = np.full((len(ends.kind), len(network.places.share)), np.inf)
        forced = np.zeros((len(network.units.ids), least.shape[1]))
        forced[run.key["unit"], run.key["period"]] = model.lower[run.span]
        unit = np.flatnonzero((ends.kind == EndKind.UNIT) & (ends.coefficient > 0))
        least[unit] = forced[ends.ref[unit]] * ends.coefficient[unit, None]
        block = model.columns[traded]
        least[block.key["end"], block.key["period"]] = model.lower[block.span]
        least[(least <= 0) | (least >= PART * peak[ends.commodity][:, None])] = np.inf
        grouped = np.full((int(ends.group.max(initial=-1)) + 1, least.shape[1]), np.inf)
        np.minimum.at(grouped, ends.group, least)
        found = np.minimum(found, grouped[group[flow.key["arc"]], flow.key["period"]])
    return found
