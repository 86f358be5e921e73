"""Figures of proposals: the value of every changed line is followed through the balances to the proposal behind it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import sparse
from scipy.sparse.csgraph import breadth_first_order
from scipy.sparse.linalg import splu

from synergy.dataset.sheet import Dataset
from synergy.network.places import Bools, Floats
from synergy.proposals.bundles import (
    OUTSIDE,
    Booked,
    Bundles,
    Changes,
    build_names,
    changes,
    marked,
    process_of,
    yardsticks,
)

COLUMNS = 16  # values attributed at once: what is in memory does not grow with the enterprises
KEPT = 0.1  # part of a shared gain that the line it passes through keeps before the others have theirs
ROUNDS = 20  # of asking; what is left then stays where it is
NODE = ["kind", "id", "commodity", "period"]
FAINT = 1e-7  # a change below this part of the line's size is the solver's noise


@dataclass(frozen=True, slots=True)
class Figures:
    """Figures of all proposals, each array of shape (proposals,).

    Parameters
    ----------
    gain : numpy.ndarray or None
        Money a year against the plans alone; None where these are unknown.
    co2 : numpy.ndarray
        t CO2 a year saved against the plan behind `today`, else against the plans alone; 0 where there is neither.
    capex, annual : numpy.ndarray
        Money, and its annuity, of builds and of the parts of links.
    links : scipy.sparse.csr_matrix, shape (proposals, links)
        Part of each opened link.
    """

    gain: Floats | None
    co2: Floats
    capex: Floats
    annual: Floats
    links: sparse.csr_matrix


@dataclass(frozen=True, slots=True)
class Attribution:
    """Reference plans of a plan, and the attribution of the differences to the proposals.

    `owner` is by site, `alone` the enterprises' plans alone, side by side, `today` the plan behind `today`; None =
    unknown.
    """

    dataset: Dataset
    owner: pd.Series
    alone: Booked | None
    today: Booked | None

    def path(self, changed: Changes, bundles: Bundles) -> Walk:
        """Return the walk that attributes changes to the proposals."""
        return walk(self.dataset, changed, bundles.line_shares(changed, marked(changed.flows, self.owner)))

    def given(self, now: Booked, bundles: Bundles, other: Booked | None, column: str) -> Floats:
        """Return the change of `value` or `co2` against another plan, attributed to the proposals; 0 against none."""
        if other is None:
            return np.zeros(len(bundles.ids))
        changed = changes(now, other)
        return self.path(changed, bundles).attribute(sparse.csc_matrix(line_values(changed, column)[:, None]))[:, 0]


def figures(now: Booked, bundles: Bundles, against: Attribution) -> Figures:
    """Return the figures of all proposals of a plan."""
    links = bundles.link_shares(now.flows, now.links)
    number = build_names(now.builds).map(bundles.builds).dropna().astype(np.int64)
    built = now.builds.loc[number.index]
    capex, annual = (
        np.bincount(number.to_numpy(), built[column].to_numpy(dtype=float), len(bundles.ids))
        + links @ now.links[column].to_numpy(dtype=float)
        for column in ("capex", "annual")
    )
    return Figures(
        gain=None if against.alone is None else against.given(now, bundles, against.alone, "value"),
        co2=0.0 - against.given(now, bundles, against.today or against.alone, "co2"),
        capex=capex,
        annual=annual,
        links=links,
    )


@dataclass(frozen=True, slots=True)
class Walk:
    """Absorbing Markov chain from changed lines to the proposals that cause them.

    Parameters
    ----------
    steps : scipy.sparse.csr_matrix
        Chance of each step between states (lines first, then both sides of every balance); a row that sums to 0 stays
        where it is.
    shares : scipy.sparse.csr_matrix, shape (proposals, lines)
        Part of each line that belongs to each proposal; columns sum to 1, or to 0 for a line of none.
    """

    steps: sparse.csr_matrix
    shares: sparse.csr_matrix

    def attribute(self, values: sparse.csc_matrix) -> Floats:
        """Return changes, shape (lines, columns), attributed to the proposals, shape (proposals, columns)."""
        states, (lines, count) = self.steps.shape[0], values.shape
        given: Floats = np.zeros((self.shares.shape[0], count))
        if not given.size or not states:
            return given
        # expected visits: visits = start + steps' visits; of each, a line keeps what it does not hand on
        visits = splu(sparse.csc_matrix(sparse.identity(states) - self.steps.T))
        kept = (1.0 - np.asarray(self.steps.sum(axis=1)).ravel())[:lines]
        for first in range(0, count, COLUMNS):
            part = values[:, first : first + COLUMNS].toarray()
            start = np.zeros((states, part.shape[1]))
            start[:lines] = part
            given[:, first : first + COLUMNS] = self.shares @ (kept[:, None] * visits.solve(start)[:lines])
        return given


def walk(dataset: Dataset, changed: Changes, shares: sparse.csr_matrix) -> Walk:
    """Return the walk that attributes changes to proposals; `shares` is of shape (proposals, lines), see `Walk`.

    A line is a flow, run or level that differs from the reference plan; it stands in the balances of its outlet and
    inlet, a run in one for each commodity of its recipe.

    - A line of no proposal, or one that is done less than before, asks its balances (a run: each by coefficient times
      yardstick price) which changes of the opposite sign it makes up for, and hands its value to these in proportion
      to their size: coke oven gas that was flared alone and now leaves for a neighbour hands the avoided cost of
      flaring to that exchange.
    - A line of a proposal that is done more keeps what reaches it, except for the part that the runs at its ends make
      possible (a unit that runs more to deliver or to take it): of that it keeps `KEPT` and hands the rest to these
      runs, whose other lines share it. So the cost of an oven that runs more, the gas and the tar that it gives and
      the right that lets it run are borne and earned together, by the value of each.
    - What no proposal can be reached from (an enterprise that changes something for itself) stays in the remainder.

    Notes
    -----
    An absorbing Markov chain; one sparse factorisation, deterministic. The attributed values and the remainder sum to
    the input.
    """
    pairs = ((changed.flows, "quantity"), (changed.runs, "activity"), (changed.levels, "level"))
    grown = [frame[name].to_numpy(float) >= -FAINT * frame["size"].to_numpy(float) for frame, name in pairs]
    shares = sparse.csr_matrix(shares @ sparse.diags(np.concatenate(grown).astype(float)))
    owned = np.asarray(shares.sum(axis=0)).ravel() > 0
    steps = _steps(_elements(dataset, changed), owned, (len(changed.flows), len(changed.runs)))
    return Walk(steps=sparse.csr_matrix(sparse.diags(_reaching(steps, owned).astype(float)) @ steps), shares=shares)


def _steps(found: pd.DataFrame, owned: Bools, counts: tuple[int, int]) -> sparse.csr_matrix:
    """Return the transition probabilities between states.

    States are the lines, then both sides of every balance (where all lines of the other sign answer), then both sides
    again (where only its runs do).
    """
    lines, (flows, runs) = len(owned), counts
    item, node = found["item"].to_numpy(), found["node"].to_numpy()
    amount, weight = found["amount"].to_numpy(), found["weight"].to_numpy()
    sides = 2 * (int(node.max()) + 1 if len(node) else 0)
    states = lines + 2 * sides
    asked, answering = 2 * node + (amount < 0), 2 * node + (amount > 0)
    run = (item >= flows) & (item < flows + runs)
    every = np.bincount(answering, weights=np.abs(amount), minlength=sides)
    moving = np.bincount(answering, weights=np.abs(amount) * run, minlength=sides)
    answers = sparse.coo_matrix((np.abs(amount) / every[answering], (lines + answering, item)), shape=(states, states))
    driven = sparse.coo_matrix(
        ((np.abs(amount) / np.where(run, moving[answering], 1.0))[run], ((lines + sides + answering)[run], item[run])),
        shape=(states, states),
    )
    keeper = owned[item] & ~run
    caused = moving[asked] / np.where(every[asked] > 0, every[asked], 1.0)
    chance = np.where(keeper, caused, weight * (every[asked] > 0))
    total = np.bincount(item, weights=chance, minlength=lines)
    is_run = np.isin(np.arange(lines), item[run])
    total = np.where(owned, np.where(is_run, total, np.maximum(total, 1.0)) / (1.0 - KEPT), total)
    chance = np.divide(chance, total[item], out=np.zeros(len(chance)), where=total[item] > 0)
    target = lines + asked + np.where(keeper, sides, 0)
    asks = sparse.coo_matrix((chance, (item, target)), shape=(states, states))
    return sparse.csr_matrix(answers + driven + asks)


def _reaching(steps: sparse.csr_matrix, owned: Bools) -> Bools:
    """Return which states can reach a line of a proposal; the others could circulate value without end."""
    states, ends = steps.shape[0], np.flatnonzero(owned)
    # steps taken backwards, from one state more that stands before all lines of proposals
    back = sparse.coo_matrix(steps.T)
    real = back.data > 0
    row = np.concatenate([back.row[real], np.full(len(ends), states)])
    column = np.concatenate([back.col[real], ends])
    graph = sparse.csr_matrix((np.ones(len(row)), (row, column)), shape=(states + 1, states + 1))
    reached = np.zeros(states + 1, dtype=bool)
    reached[breadth_first_order(graph, states, return_predecessors=False)] = True
    return reached[:states]


def line_values(changed: Changes, column: str) -> Floats:
    """Return one column (`value`, `co2`) of all lines: flows, runs, levels."""
    return np.asarray(
        pd.concat([frame[column] for frame in (changed.flows, changed.runs, changed.levels)]), dtype=float
    )


def borne(gain: Floats, marginal: Floats, partners: sparse.csr_matrix) -> Floats:
    """Return gains redistributed so that proposals with a positive marginal value carry no loss; the sum is kept.

    A chain earns where its product is sold, and the books of the line that feeds it may show nothing but cost: coal
    that a neighbour no longer sells outside. Such a proposal is given up to what the plan loses without it, out of what
    proposals of the same enterprises gain beyond their own such loss; what then is still missing to zero, out of all
    that they gain.

    Parameters
    ----------
    gain : numpy.ndarray, shape (proposals,)
        Money a year.
    marginal : numpy.ndarray, shape (proposals,)
        Value that the plan loses without each; NaN where it is unknown, inf where there is no plan without it.
    partners : scipy.sparse.csr_matrix, shape (proposals, enterprises)
        Not zero where an enterprise takes part.
    """
    needed = (gain < 0) & (marginal > 0)
    if not needed.any():
        return gain
    shared = ((partners @ partners.T) != 0).astype(float).tocsr()
    worth = np.where(np.isfinite(marginal), np.maximum(marginal, 0.0), 0.0)
    wanted = np.where(needed, worth - gain, 0.0)
    gain = _moved(gain, wanted, np.maximum(gain - worth, 0.0), shared)
    return _moved(gain, np.where(needed, np.maximum(-gain, 0.0), 0.0), np.maximum(gain, 0.0), shared)


def _moved(gain: Floats, wanted: Floats, spare: Floats, shared: sparse.csr_matrix) -> Floats:
    """Return gains after proportional transfers from proposals with spare gain to partners in deficit."""
    spare = np.where(wanted > 0, 0.0, spare)
    for _ in range(ROUNDS):
        reach = shared @ spare
        if not (wanted * (reach > 0)).any():
            break
        # each asks its partners in proportion to what they can spare; who is asked for more gives everyone a part
        rate = np.divide(wanted, reach, out=np.zeros(len(wanted)), where=reach > 0)
        asked = spare * (shared.T @ rate)
        part = np.divide(spare, asked, out=np.ones(len(asked)), where=asked > spare)
        given, got = asked * part, rate * (shared @ (spare * part))
        gain = gain + got - given
        wanted, spare = np.maximum(wanted - got, 0.0), np.maximum(spare - given, 0.0)
    return gain


def _elements(dataset: Dataset, changed: Changes) -> pd.DataFrame:
    """Return the contribution of each changed line to each balance.

    A balance is one outlet or inlet (kind, id, commodity, period): its amounts sum to zero, an offer's or a need's to
    what is left unused. Markets and disposal take and give what they like and have none. Columns are `item` (position
    of the line: flows, then runs, then levels), `node` (number of the balance), `amount` (signed, units) and `weight`
    (which of its balances a line asks first).
    """
    flows, runs, levels = changed.flows, changed.runs, changed.levels
    frames = [
        _flow_ends(flows, "outlet"),
        _flow_ends(flows, "inlet"),
        _run_ends(dataset, runs, len(flows)),
        *_level_ends(dataset, levels, len(flows) + len(runs)),
    ]
    every = pd.concat([frame for frame in frames if len(frame)] or frames[:1], ignore_index=True)
    every = every[every["amount"].abs() > FAINT * every["size"]]
    peak = every["amount"].abs().groupby([every[name] for name in NODE]).transform("max")
    every = every[every["amount"].abs() > FAINT * peak]
    node = every.groupby(NODE, sort=False).ngroup() if len(every) else pd.Series(dtype=int)
    return every.assign(node=node)[["item", "node", "amount", "weight"]].reset_index(drop=True)


def _flow_ends(flows: pd.DataFrame, end: str) -> pd.DataFrame:
    """Return one end of the flows: the quantity leaving an outlet, or arriving at an inlet."""
    amount = flows["quantity" if end == "outlet" else "arrived"]
    kind = flows[f"{end}_kind"]
    # what reaches a store stands against what leaves it
    signed = amount.where((kind != "store") | (end == "outlet"), -amount)
    frame = pd.DataFrame(
        {
            "kind": kind,
            "id": flows[f"{end}_id"],
            "commodity": flows["commodity"],
            "period": flows["period"],
            "item": np.arange(len(flows)),
            "amount": signed,
            "weight": 1.0,
            "size": flows["size"],
        }
    )
    return frame[~kind.isin(OUTSIDE)]


def _run_ends(dataset: Dataset, runs: pd.DataFrame, first: int) -> pd.DataFrame:
    """Return the inputs and outputs of the changed runs, weighted by reference price."""
    recipes = dataset["recipes"]
    process = process_of(dataset, runs["kind"], runs["id"]).astype(object)
    frame = runs.assign(item=first + np.arange(len(runs)), process=process)
    frame = frame.merge(recipes[["process", "commodity", "coefficient"]], on="process")
    used = frame["coefficient"].abs()
    price = frame["commodity"].map(yardsticks(dataset)).to_numpy(dtype=float)
    return frame.assign(amount=-used * frame["activity"], weight=used * price, size=used * frame["size"])[
        [*NODE, "item", "amount", "weight", "size"]
    ]


def _level_ends(dataset: Dataset, levels: pd.DataFrame, first: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the stock held back from each period and carried into the next one, cyclically."""
    stores = dataset["stores"].set_index("store")
    periods = dataset["periods"]["period"].to_numpy(dtype=object)
    following = pd.Series(np.roll(periods, -1), index=periods, dtype=object)
    held = pd.DataFrame(
        {
            "kind": "store",
            "id": levels["store"],
            "commodity": levels["store"].map(stores["commodity"]),
            "period": levels["period"],
            "item": first + np.arange(len(levels)),
            "amount": levels["level"],
            "weight": 1.0,
            "size": levels["size"],
        }
    )
    kept = 1.0 - levels["store"].map(stores["loss"]).to_numpy(dtype=float)
    brought = held.assign(
        period=levels["period"].map(following), amount=-kept * held["amount"], size=kept * held["size"]
    )
    return held, brought
