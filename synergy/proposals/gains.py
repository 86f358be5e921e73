"""Figures of proposals: the value of every changed line is followed through the balances to the proposal behind it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import sparse
from scipy.sparse.csgraph import breadth_first_order
from scipy.sparse.linalg import SuperLU, splu

from synergy.dataset.sheet import Dataset
from synergy.network.places import Bools, Floats
from synergy.proposals.bundles import (
    LINK,
    NONE,
    OUTSIDE,
    Booked,
    Bundles,
    Changes,
    changes,
    holders,
    marked,
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
    flows, links : scipy.sparse.csr_matrix, shape (proposals, flows) and (proposals, links)
        Part of each flow, and of each opened link by the quantity sent over it.
    """

    gain: Floats | None
    co2: Floats
    capex: Floats
    annual: Floats
    flows: sparse.csr_matrix
    links: sparse.csr_matrix


@dataclass(frozen=True, slots=True)
class Walk:
    """Absorbing Markov chain from changed lines to the proposals that cause them.

    Parameters
    ----------
    changed : Changes
        Lines of the plan less those of a reference plan.
    shares : scipy.sparse.csr_matrix, shape (proposals, lines)
        Part of each line that belongs to each proposal; columns sum to 1, or to 0 for a line of none.
    kept : numpy.ndarray, shape (lines,)
        Part of what reaches a line that it does not hand on.
    visits : scipy.sparse.linalg.SuperLU or None
        Solver for the expected visits of each state (lines first, then both sides of every balance) from a start; None
        without lines or proposals.
    """

    changed: Changes
    shares: sparse.csr_matrix
    kept: Floats
    visits: SuperLU | None

    def attribute(self, values: sparse.csc_matrix) -> Floats:
        """Return changes, shape (lines, columns), attributed to the proposals, shape (proposals, columns)."""
        lines, count = values.shape
        given: Floats = np.zeros((self.shares.shape[0], count))
        if self.visits is None:
            return given
        for first in range(0, count, COLUMNS):
            part = values[:, first : first + COLUMNS].toarray()
            start = np.zeros((self.visits.shape[0], part.shape[1]))
            start[:lines] = part
            given[:, first : first + COLUMNS] = self.shares @ (self.kept[:, None] * self.visits.solve(start)[:lines])
        return given


def figures(now: Booked, bundles: Bundles, gained: Walk | None, saved: Walk | None) -> Figures:
    """Return the figures of all proposals of a plan.

    `gained` is the walk from the plans alone, `saved` that from the plan behind `today`, else from the plans alone;
    None = unknown.
    """
    flows, links = now.flows, now.links
    shares = bundles.shares(flows)
    # what is sent over each opened link
    number = pd.Series(np.arange(len(links)), index=pd.MultiIndex.from_frame(links[LINK]), dtype=float)
    used = number.reindex(pd.MultiIndex.from_frame(flows[LINK])).to_numpy(dtype=float)
    over = np.flatnonzero(~np.isnan(used))
    quantity = flows["quantity"].to_numpy(dtype=float)[over]
    sent = sparse.csr_matrix((quantity, (over, used[over].astype(np.int64))), shape=(len(flows), len(links)))
    total = np.asarray(sent.sum(axis=0)).ravel()
    scale = np.divide(1.0, total, out=np.zeros(len(links)), where=total > 0)
    parts = sparse.csr_matrix(shares @ sent @ sparse.diags(scale))
    # capex and annuities of the builds of proposals and of the parts of links
    build = now.builds["id"].map(bundles.builds).dropna().astype(np.int64)
    built = now.builds.loc[build.index]
    capex, annual = (
        np.bincount(build.to_numpy(), built[column].to_numpy(dtype=float), len(bundles.ids))
        + parts @ links[column].to_numpy(dtype=float)
        for column in ("capex", "annual")
    )
    gain = None if gained is None else gained.attribute(sparse.csc_matrix(gained.changed.value[:, None]))[:, 0]
    co2 = np.zeros(len(bundles.ids))
    if saved is not None:
        co2 = 0.0 - saved.attribute(sparse.csc_matrix(saved.changed.co2[:, None]))[:, 0]
    return Figures(gain=gain, co2=co2, capex=capex, annual=annual, flows=shares, links=parts)


def walk(dataset: Dataset, bundles: Bundles, owner: pd.Series, now: Booked, other: Booked) -> Walk:
    """Return the walk that attributes the changes from a reference plan to the proposals; `owner` is by site.

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
    changed, count = changes(now, other), len(bundles.ids)
    flows, runs, levels = changed.flows, changed.runs, changed.levels
    # flows belong to builds or pairs of owners, runs to builds, levels to none
    maker = runs["id"].map(bundles.builds).where(runs["kind"] == "build").fillna(NONE).to_numpy(dtype=np.int64)
    made = np.flatnonzero(maker != NONE)
    of_runs = sparse.csr_matrix((np.ones(len(made)), (maker[made], made)), shape=(count, len(runs)))
    of_flows = bundles.shares(marked(flows, owner))
    whole = sparse.csr_matrix(sparse.hstack([of_flows, of_runs, sparse.csr_matrix((count, len(levels)))]))
    pairs = ((flows, "quantity"), (runs, "activity"), (levels, "level"))
    grown = [frame[name].to_numpy(float) >= -FAINT * frame["size"].to_numpy(float) for frame, name in pairs]
    shares = sparse.csr_matrix(whole @ sparse.diags(np.concatenate(grown).astype(float)))
    owned = np.asarray(shares.sum(axis=0)).ravel() > 0
    steps = _steps(_elements(dataset, changed), owned, (len(flows), len(runs)))
    # states that cannot reach a line of a proposal could circulate value without end: they make no steps; found by
    # steps backwards, from one state more that stands before all lines of proposals
    states, ends = steps.shape[0], np.flatnonzero(owned)
    back = sparse.coo_matrix(steps.T)
    real = back.data > 0
    row = np.concatenate([back.row[real], np.full(len(ends), states)])
    column = np.concatenate([back.col[real], ends])
    graph = sparse.csr_matrix((np.ones(len(row)), (row, column)), shape=(states + 1, states + 1))
    reaching = np.zeros(states + 1)
    reaching[breadth_first_order(graph, states, return_predecessors=False)] = 1.0
    steps = sparse.csr_matrix(sparse.diags(reaching[:states]) @ steps)
    kept: Floats = (1.0 - np.asarray(steps.sum(axis=1), float).ravel())[: len(owned)]
    visits = None
    if count and states:  # visits = start + steps' visits
        visits = splu(sparse.csc_matrix(sparse.identity(states) - steps.T))
    return Walk(changed=changed, shares=shares, kept=kept, visits=visits)


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


def borne(gain: Floats, marginal: Floats, partners: Sequence[Sequence[str]]) -> Floats:
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
    partners : sequence of sequence of str
        Enterprises that take part in each.
    """
    needed = (gain < 0) & (marginal > 0)
    if not needed.any():
        return gain
    firms = {name: place for place, name in enumerate(sorted({name for part in partners for name in part}))}
    row = [number for number, part in enumerate(partners) for _ in part]
    column = [firms[name] for part in partners for name in part]
    taking: sparse.csr_matrix = sparse.csr_matrix((np.ones(len(row)), (row, column)), shape=(len(gain), len(firms)))
    shared = ((taking @ taking.T) != 0).astype(float).tocsr()
    worth = np.where(np.isfinite(marginal), np.maximum(marginal, 0.0), 0.0)
    wanted = np.where(needed, worth - gain, 0.0)
    gain = _moved(gain, wanted, np.maximum(gain - worth, 0.0), shared)
    return _moved(gain, np.where(needed, np.maximum(-gain, 0.0), 0.0), np.maximum(gain, 0.0), shared)


def _moved(gain: Floats, wanted: Floats, spare: Floats, shared: sparse.csr_matrix) -> Floats:
    """Return gains after proportional transfers from proposals with spare gain to partners in deficit."""
    # a gain below the normal numbers is none: what is divided by it overflows
    spare = np.where((wanted > 0) | (spare < np.finfo(float).tiny / np.finfo(float).eps), 0.0, spare)
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
    columns = [*NODE, "item", "amount", "weight", "size"]
    frames: list[pd.DataFrame] = []
    # the quantity leaves an outlet, and what arrives does so at an inlet
    for end, moved in (("outlet", flows["quantity"]), ("inlet", flows["arrived"])):
        kind = flows[f"{end}_kind"]
        # what reaches a store stands against what leaves it
        signed = moved.where((kind != "store") | (end == "outlet"), -moved)
        ends = flows.assign(kind=kind, id=flows[f"{end}_id"], item=np.arange(len(flows)), amount=signed, weight=1.0)
        frames.append(ends.loc[~kind.isin(OUTSIDE), columns])
    # inputs and outputs of runs, weighted by reference price
    process = holders(dataset, runs["kind"], runs["id"]).astype(object)
    used = runs.assign(item=len(flows) + np.arange(len(runs)), process=process)
    used = used.merge(dataset["recipes"][["process", "commodity", "coefficient"]], on="process")
    part, price = used["coefficient"].abs(), used["commodity"].map(yardsticks(dataset)).to_numpy(dtype=float)
    frames.append(used.assign(amount=-part * used["activity"], weight=part * price, size=part * used["size"])[columns])
    # the stock held back from each period and carried into the next one, cyclically
    stores = dataset["stores"].set_index("store")
    periods = dataset["periods"]["period"].to_numpy(dtype=object)
    following = pd.Series(np.roll(periods, -1), index=periods, dtype=object)
    held = levels.rename(columns={"store": "id", "level": "amount"}).assign(
        kind="store",
        commodity=levels["store"].map(stores["commodity"]),
        item=len(flows) + len(runs) + np.arange(len(levels)),
        weight=1.0,
    )[columns]
    kept = 1.0 - held["id"].map(stores["loss"]).to_numpy(dtype=float)
    period, amount = held["period"].map(following), -kept * held["amount"]
    frames += [held, held.assign(period=period, amount=amount, size=kept * held["size"])]
    # without the solver's noise, on a line or beside the largest amount of a balance
    every = pd.concat([frame for frame in frames if len(frame)] or frames[:1], ignore_index=True)
    every = every[every["amount"].abs() > FAINT * every["size"]]
    peak = every["amount"].abs().groupby([every[name] for name in NODE]).transform("max")
    every = every[every["amount"].abs() > FAINT * peak]
    node = every.groupby(NODE, sort=False).ngroup() if len(every) else pd.Series(dtype=int)
    return every.assign(node=node)[["item", "node", "amount", "weight"]].reset_index(drop=True)
