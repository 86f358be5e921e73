"""Books: the rows of a plan beside their terms in the literal model, and the findings of their comparison.

A row of the model is broken where it is beyond its bound by more than ``ROW * scale + NOISE * peak``: scale is the
largest of the sums of its positive and of its negative terms and of its bound, peak the largest quantity of its
commodity that flows in the plan. Money and other arithmetic of the plan (arrived, capex, value ...) is compared by
``MONEY * scale``.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from synergy.dataset.sheet import Dataset, Ids
from synergy.errors import Severity
from synergy.literal.parts import emissions, worth
from synergy.literal.point import point_of
from synergy.literal.scope import Flags, Floats, Texts, Variant, positions
from synergy.plan import Decisions

ROW = 1e-6
NOISE = 1e-9
MONEY = 1e-9
SHOWN = 20  # findings of one kind said one by one; the rest is counted
LINK_KEY = ("from_site", "to_site", "commodity", "mode")


@dataclass(frozen=True, slots=True)
class Finding:
    """Claim of a plan that does not hold or, as a warning, cannot be checked here; an error refuses the plan.

    `code` is the stable name of the rule, for programs; `subject` is ids separated by blanks, or a key of the plan
    document; `text` is one sentence for people.
    """

    code: str
    subject: str
    text: str
    severity: Severity = Severity.ERROR

    @property
    def refuses(self) -> bool:
        """Return whether the finding refuses the plan."""
        return self.severity is Severity.ERROR

    def line(self) -> str:
        """Return the finding as one line."""
        return f"{self.code} {self.subject}: {self.text}"


@dataclass(slots=True)
class Book:
    """Collector of findings."""

    found: list[Finding] = field(default_factory=list)

    def add(self, code: str, subject: str, text: str, severity: Severity = Severity.ERROR) -> None:
        """Add one finding."""
        self.found.append(Finding(code, subject, text, severity))

    def flag(self, code: str, bad: Flags, name: Callable[[int], str], text: str) -> None:
        """Add a finding for each bad row; past `SHOWN` add only their count."""
        which = np.flatnonzero(bad).tolist()
        self._listed(code, [(name(row), text) for row in which[:SHOWN]], len(which), f": {text}")

    def compared(self, code: str, names: Sequence[str], sides: tuple[Floats, Floats], word: str) -> None:
        """Add a finding for each row that fails its comparison; past `SHOWN` add only their count."""
        rows = zip(names[:SHOWN], *(side.tolist() for side in sides), strict=False)
        told = [(name, f"{left:.12g} {word} {right:.12g}") for name, left, right in rows]
        self._listed(code, told, len(names), " rows")

    def claimed(self, code: str, claim: Floats, found: Floats, scale: Floats, name: Callable[[int], str]) -> None:
        """Add a finding for each claim that differs from the recomputed value by more than `MONEY` of a scale."""
        both_unknown = np.isnan(claim) & np.isnan(found)
        off = ~(np.abs(claim - found) <= MONEY * np.maximum(scale, np.abs(found))) & ~both_unknown
        which = np.flatnonzero(off).tolist()
        told = [(name(row), f"claimed {claim[row]:.12g}, found {found[row]:.12g}") for row in which[:SHOWN]]
        self._listed(code, told, len(which), "")

    def one(self, code: str, claim: float | None, found: float | None, scale: float) -> None:
        """Compare one claimed number with the recomputed one; None matches only None."""
        if claim is None or found is None:
            if claim is not found:
                self.add(code, code, f"claimed {claim}, found {found}")
            return
        pair = (np.array([float(claim)]), np.array([float(found)]))
        self.claimed(code, *pair, np.array([scale]), lambda _: code)

    def _listed(self, code: str, told: Sequence[tuple[str, str]], count: int, rest: str) -> None:
        """Add findings by subject and text, the first of so many, and say how many more there are."""
        for subject, text in told:
            self.add(code, subject, text)
        if count > SHOWN:
            self.add(code, "", f"... and {count - SHOWN} more{rest}")


def row_name(frame: str, column: str = "") -> Callable[[int], str]:
    """Return a function that names row i of a frame, or one cell of it."""
    end = f".{column}" if column else ""
    return lambda row: f"{frame}[{row}]{end}"


def texts(column: Ids) -> Texts:
    """Return a column of ids as an array of strings."""
    return np.asarray(column, dtype=object)


class Books:
    """Derived quantities of a plan that the checks use, computed without the engine's ledger.

    Its members and variant name the contract's problem by which it is judged; all enterprises together by default.
    `point` is the plan as a point of the literal model; `quantity` and `arrived` are the quantities of each flow sent
    and received, as stated in the plan; `giver` and `taker` the enterprises of the sites that each flow leaves and
    reaches, "" for public places; `moves` flags flows from one site to another, `partnership` those between two
    enterprises. `money` and `co2` are those a year (CO2 in t) of each column of the model; their sums are the plan's.
    """

    def __init__(
        self,
        dataset: Dataset,
        decisions: Decisions,
        members: Collection[str] | None = None,
        variant: Variant = Variant.ROUND,
    ) -> None:
        frames = {name: getattr(decisions, name).reset_index(drop=True) for name in Decisions.__slots__}
        self.dataset, self.decisions = dataset, Decisions(**frames)
        self.point = point_of(dataset, self.decisions, members, variant)
        flows = self.decisions.flows
        self.quantity, self.arrived = (flows[name].to_numpy(float) for name in ("quantity", "arrived"))
        self.giver, self.taker = (self.owner(flows[side]) for side in ("from_site", "to_site"))
        self.moves: Flags = texts(flows["from_site"]) != texts(flows["to_site"])
        self.partnership: Flags = (self.giver != self.taker) & (self.giver != "") & (self.taker != "")
        self.money: Floats = worth(self.point.parts) * self.point.x
        self.co2: Floats = emissions(self.point.parts) * self.point.x
        self.turnover = float(np.abs(self.money).sum())  # the scale for tolerances on sums

    def owner(self, sites: Ids) -> Texts:
        """Return the enterprise of each site, "" for public places and unknown sites."""
        table = self.dataset["sites"]
        return np.append(texts(table["enterprise"]), "")[positions(table["site"], sites)]

    @cached_property
    def km(self) -> Floats:
        """Return the route length of each flow, NaN if it is unknown."""
        parts, km = self.point.parts, np.full(len(self.quantity), np.nan)
        kept = self.point.flow >= 0
        km[kept] = parts.routes["km"].to_numpy(float)[parts.exchanges.route[self.point.flow[kept]]]
        return km

    @cached_property
    def peak(self) -> Floats:
        """Return the largest quantity of each commodity that flows in the plan."""
        parts, peak = self.point.parts, np.zeros(len(self.dataset["commodities"]))
        np.maximum.at(peak, parts.commodity(), self.point.x[: len(parts.exchanges)])
        return peak

    def named(self, row: int) -> str:
        """Return a text that identifies one flow."""
        flow = self.decisions.flows.iloc[row]
        ends = f"{flow['outlet_kind']} {flow['outlet_id']} > {flow['inlet_kind']} {flow['inlet_id']}".rstrip()
        way = f"{flow['from_site']}>{flow['to_site']}" + (f" by {flow['mode']}" if flow["mode"] else "")
        return f"flows[{row}] {ends} {flow['commodity']} {way} {flow['period']}"
