"""Plan: decisions and data of a run, independent of any solver."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    import pandas as pd

# columns of the five frames of `Decisions`, in the order of the plan document
FLOW_COLUMNS = ("from_site", "to_site", "commodity", "mode", "period", "quantity", "arrived")
FLOW_ENDS = ("outlet_kind", "outlet_id", "inlet_kind", "inlet_id")
RUN_COLUMNS = ("kind", "id", "period", "activity")
LEVEL_COLUMNS = ("store", "period", "level")
BUILD_COLUMNS = ("process", "site", "size", "capacity", "capex", "annual_cost")
LINK_COLUMNS = ("from_site", "to_site", "commodity", "mode", "km", "capex", "annual_cost")


class Kind(StrEnum):
    """Chain extension, chain supplement, strong chain, resource reallocation."""

    EXTENSION = "extension"
    SUPPLEMENT = "supplement"
    REINFORCEMENT = "reinforcement"
    REALLOCATION = "reallocation"


@dataclass(frozen=True, slots=True)
class Decisions:
    """Decisions of a coalition, as five frames of ids and amounts, zeros left out.

    Parameters
    ----------
    flows : pandas.DataFrame
        `FLOW_COLUMNS` and `FLOW_ENDS`: mode "" inside a site; quantity leaves, arrived arrives (units of the
        commodity, in the period); outlet kinds offer, facility, build, store, market; inlet kinds need, facility,
        build, store, market, disposal (id "" for disposal). A build's id is ``<process>@<site>``.
    runs : pandas.DataFrame
        `RUN_COLUMNS`: kind facility or build; activity in the period.
    levels : pandas.DataFrame
        `LEVEL_COLUMNS`: units held at the end of the period.
    builds : pandas.DataFrame
        `BUILD_COLUMNS`: size is the step of scale, "" where the process has none; capacity per year; capex
        undiscounted, annual_cost its annuity.
    links : pandas.DataFrame
        `LINK_COLUMNS`: those opened at a cost.
    """

    flows: pd.DataFrame
    runs: pd.DataFrame
    levels: pd.DataFrame
    builds: pd.DataFrame
    links: pd.DataFrame


@dataclass(frozen=True, slots=True)
class Term:
    """Term of a proposal: supplier, receiver, commodity, quantity a year, price (if settled) and distance.

    `km` is the mean over what is sent, None where nothing is known of the way.
    """

    from_site: str
    to_site: str
    commodity: str
    quantity: float
    price: float | None = None
    km: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """Proposal to some enterprises: a build with all flows into and out of it, or a direct exchange.

    Money in the dataset's currency a year, capex in money, co2_saved in t CO2 a year. `flows`, `builds` and `links` are
    positions in the plan's frames. `gain` and the plan's remainder sum to the plan's gain; `marginal_gain` is what the
    plan loses without the proposal, the other builds and links held. `own` says by enterprise what the proposal is to
    it: ``{value, co2, capex, annual}``; value is what it would lose at its own accounts without the proposal, before
    anybody pays anybody (money a year, annuities in; None where that is unknown), co2 what it emits more than alone
    (t a year); empty where the plans alone are unknown.
    """

    id: str
    kind: Kind
    state: str  # new | changed | running
    scope: str  # between | within
    title_en: str
    title_zh: str
    enterprises: tuple[str, ...]
    host: str
    commodities: tuple[str, ...]
    flows: tuple[int, ...]
    builds: tuple[int, ...]
    links: tuple[int, ...]
    gain: float | None
    marginal_gain: float | None
    capex: float
    payback_years: float | None
    co2_saved: float
    terms: tuple[Term, ...]
    notes: tuple[Mapping[str, Any], ...] = ()  # policy_min, permit, hazard, evidence: {code, subject, text}
    own: Mapping[str, Mapping[str, float | None]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """The best plan found for all enterprises, with its proof and its claims.

    Parameters
    ----------
    dataset : mapping
        ``{name, digest}`` of the dataset it follows from.
    scenario : mapping
        The settings in force, all of them, with the scenario's name, tables and scale.
    status : str
        ``optimal`` (gap at most what was asked) or ``feasible`` (stopped earlier).
    value, bound, gap : float
        v(N) in money a year, the proven bound on it, ``|bound - value| / max(1, |value|)``.
    status_quo, today, gain : float or None
        As the model contract defines them; None with settlement ``none`` or where a coalition has no plan.
    standalone : mapping of str to float or None
        v({e}) of each enterprise; a coalition without a plan has None.
    proof : mapping
        ``dual``: bound that duals of the literal model prove (money a year), None where there are none; ``solver``: the
        solver's claim. `bound` is the least of both. The duals themselves and the rules they rest on stand beside,
        see `synergy.literal.certificate.recorded`; for LPs they are of the model's rows alone.
    decisions : Decisions
        Flows, runs, levels, builds and links.
    emissions : mapping
        ``{co2, baseline_co2}`` in t a year; baseline: the plan behind `today`, None where there is none.
    proposals : tuple of Proposal
        Proposals to the enterprises, by gain.
    remainder : float or None
        Part of the gain that no proposal carries.
    shadow_prices : tuple of mapping
        ``{constraint, subject, period, value}``: worth of one more unit of a binding limit.
    solver : mapping
        ``{name, seconds, build_seconds, variables, constraints, binaries, threads, ...}``; seconds are those of the
        search, ``run_seconds`` those of the whole run with comparison, settlement and judgement.
    """

    dataset: Mapping[str, str]
    scenario: Mapping[str, Any]
    status: Literal["optimal", "feasible"]
    value: float
    bound: float
    gap: float
    decisions: Decisions
    emissions: Mapping[str, float | None]
    status_quo: float | None = None
    today: float | None = None
    gain: float | None = None
    standalone: Mapping[str, float | None] | None = None
    proof: Mapping[str, Any] = field(default_factory=dict)
    proposals: tuple[Proposal, ...] = ()
    remainder: float | None = None
    settlement: Mapping[str, Any] | None = None
    shadow_prices: tuple[Mapping[str, Any], ...] = ()
    solver: Mapping[str, Any] = field(default_factory=dict)
