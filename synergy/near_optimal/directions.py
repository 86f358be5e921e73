"""Aims: named restrictions on a plan, as columns of the model fixed at 0."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import pandas as pd

from synergy.dataset.sheet import Dataset
from synergy.model.build import Model
from synergy.network.network import WITHIN, between_enterprises
from synergy.network.places import Floats, Ints
from synergy.plan import Decisions


class DifferenceKind(StrEnum):
    """Kind of difference between an alternative and the plan."""

    BUILD = "without_build"
    PROCESS = "without_process"
    LINK = "without_link"
    PARTNER = "partner_fewer"
    CAPEX = "less_capex"
    FEWER = "fewer_partnerships"


@dataclass(frozen=True, slots=True)
class Aim:
    """A named restriction on a plan: columns `closed` stay at 0.

    `subject` are ids: process and site; process; link (from, to, commodity, mode); enterprise and partner.
    """

    way: DifferenceKind
    subject: tuple[str, ...]
    closed: Ints


class PlanParts:
    """Builds, links and partnerships of a plan `x`, shape (columns,), as columns of its model."""

    def __init__(self, model: Model, x: Floats) -> None:
        self.model, self.x = model, x
        network, flow = model.candidates.network, model.columns["flow"]
        arc = flow.key["arc"] if len(flow) else np.empty(0, np.int64)
        origin = network.sources.site[network.arcs.outlet[arc]]
        target = network.sinks.site[network.arcs.inlet[arc]]
        owner, size = network.places.owner, max(1, len(network.places.enterprises))
        pair = np.minimum(owner[origin], owner[target]) * size + np.maximum(owner[origin], owner[target])
        between = between_enterprises(network.places, origin, target)
        self.pair: Ints = np.where(between, pair, -1)  # of each flow column, -1 for no partnership
        used = x[flow.span] > 0 if len(flow) else np.empty(0, dtype=bool)
        self.partners: Ints = np.unique(self.pair[used & (self.pair >= 0)])
        self._size = size

    def names(self, pair: int) -> tuple[str, str]:
        """Return the two enterprises of a partnership."""
        enterprises = self.model.candidates.network.places.enterprises
        return str(enterprises[pair // self._size]), str(enterprises[pair % self._size])

    def of_pairs(self, pairs: Ints) -> Ints:
        """Return the flow columns of some partnerships."""
        return self.model.columns["flow"].start + np.flatnonzero(np.isin(self.pair, pairs))

    def strangers(self, enterprise: str | None = None) -> Ints:
        """Return the flow columns of partnerships not in the plan: all of them, or those of one enterprise."""
        new = (self.pair >= 0) & ~np.isin(self.pair, self.partners)
        if enterprise is not None:
            place = int(np.flatnonzero(self.model.candidates.network.places.enterprises == enterprise)[0])
            new &= (self.pair // self._size == place) | (self.pair % self._size == place)
        return self.model.columns["flow"].start + np.flatnonzero(new)

    def builds(self) -> Iterator[Aim]:
        """Yield the aims to exclude one build, in decreasing order of capex."""
        network, size = self.model.candidates.network, self.model.columns["size"]
        steps, places = network.units.steps, network.places
        step = size.key["step"] if len(size) else np.empty(0, np.int64)
        capacity = self.x[size.span]
        capex = steps.unit_cost[step] * capacity + steps.fixed[step] * (capacity > 0)
        for place in np.argsort(-capex, kind="stable"):
            unit = steps.unit[step[place]]
            if capacity[place] > 0:
                process, site = places.processes[network.units.process[unit]], places.sites[network.units.site[unit]]
                yield Aim(DifferenceKind.BUILD, (str(process), str(site)), self._units(np.array([unit])))

    def processes(self) -> Iterator[Aim]:
        """Yield the aims to exclude all new units of a process built several times, the most frequent first."""
        network, counted = self.model.candidates.network, dict[str, int]()
        for aim in self.builds():
            counted[aim.subject[0]] = counted.get(aim.subject[0], 0) + 1
        for process, count in sorted(counted.items(), key=lambda pair: -pair[1]):
            if count > 1:
                of = network.places.processes[network.units.process] == process
                units = np.flatnonzero(of & network.units.is_build)
                yield Aim(DifferenceKind.PROCESS, (process,), self._units(units))

    def links(self) -> Iterator[Aim]:
        """Yield the aims to exclude one opened link, the longest first."""
        network, opened = self.model.candidates.network, self.model.columns["open"]
        links, places = network.links, network.places
        link = opened.key["link"][self.x[opened.span] > 0.5] if len(opened) else np.empty(0, np.int64)
        for one in link[np.argsort(-np.nan_to_num(links.km[link]), kind="stable")]:
            subject = (
                str(places.sites[links.origin[one]]),
                str(places.sites[links.target[one]]),
                str(places.commodities[links.commodity[one]]),
                str(links.mode[one]),
            )
            # any mode: another pipe beside it would be the same thing under another name
            same = np.flatnonzero(
                (links.origin == links.origin[one])
                & (links.target == links.target[one])
                & (links.commodity == links.commodity[one])
                & (links.capex > 0)
            )
            yield Aim(DifferenceKind.LINK, subject, self._links(same))

    def fewer(self) -> Iterator[Aim]:
        """Yield the aims to drop one partnership of an enterprise with several, without new partners for it."""
        ends = [name for pair in self.partners.tolist() for name in self.names(pair)]
        count = {name: ends.count(name) for name in dict.fromkeys(ends)}
        for enterprise in sorted((name for name in count if count[name] > 1), key=lambda name: -count[name]):
            new = self.strangers(enterprise)
            for pair in self.partners.tolist():
                if enterprise in self.names(pair):
                    other = next(name for name in self.names(pair) if name != enterprise)
                    closed = np.concatenate([self.of_pairs(np.array([pair])), new])
                    yield Aim(DifferenceKind.PARTNER, (enterprise, other), closed)

    def _units(self, units: Ints) -> Ints:
        """Return the size columns and build binaries of some possible builds."""
        steps = self.model.candidates.network.units.steps
        parts = [np.empty(0, np.int64)]
        for name in ("size", "built"):
            block = self.model.columns[name]
            if len(block):
                parts.append(block.positions[np.isin(steps.unit[block.key["step"]], units)])
        return np.concatenate(parts)

    def _links(self, links: Ints) -> Ints:
        """Return the opening binaries and flow columns of some links."""
        opened, flow = self.model.columns["open"], self.model.columns["flow"]
        over = self.model.candidates.network.arcs.link[flow.key["arc"]]
        flows = flow.positions[np.isin(over, links) & (over != WITHIN)]
        return np.concatenate([opened.positions[np.isin(opened.key["link"], links)], flows])


@dataclass(frozen=True, slots=True)
class Features:
    """Structure of a plan: its builds, links and partnerships, without amounts.

    Builds are process, site and step of scale; links are from site, to site, commodity and mode of those opened at a
    cost; partnerships are pairs of enterprises that exchange anything. `capex` is undiscounted (money).
    """

    builds: frozenset[tuple[str, str, str]]
    links: frozenset[tuple[str, str, str, str]]
    partnerships: frozenset[tuple[str, str]]
    capex: float

    @property
    def all(self) -> frozenset[tuple[str, ...]]:
        """Return builds, links and partnerships as one set."""
        return frozenset[tuple[str, ...]]().union(self.builds, self.links, self.partnerships)


def features_of(dataset: Dataset, decisions: Decisions) -> Features:
    """Return the features of a plan."""
    builds, links, flows = decisions.builds, decisions.links, decisions.flows
    owner = dict(zip(dataset["sites"]["site"], dataset["sites"]["enterprise"], strict=True))
    ends = pd.DataFrame({name: flows[name].map(owner) for name in ("from_site", "to_site")}).drop_duplicates()
    pairs = {
        (min(one, other), max(one, other))
        for one, other in zip(ends["from_site"], ends["to_site"], strict=True)
        if one and other and one != other
    }
    steps = zip(builds["process"], builds["site"], builds["size"], strict=True)
    opened = zip(*(links[name] for name in ("from_site", "to_site", "commodity", "mode")), strict=True)
    return Features(
        builds=frozenset((str(process), str(site), str(size)) for process, site, size in steps),
        links=frozenset((str(a), str(b), str(c), str(d)) for a, b, c, d in opened),
        partnerships=frozenset(pairs),
        capex=float(builds["capex"].sum() + links["capex"].sum()),
    )


def distance(one: Features, other: Features) -> float:
    """Return the Jaccard distance between the builds, links and partnerships of two plans; 0 for two empty plans.

    Jaccard's distance is a metric on sets (Levandowsky & Winter 1971, Nature 234:34).
    """
    both = one.all | other.all
    return len(one.all ^ other.all) / len(both) if both else 0.0
