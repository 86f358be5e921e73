"""Shapes of the JSON documents that the store keeps: keys and types of plans, scenarios, rulings and answers.

They are plain dictionaries; `synergy.records.schema` has the full schema of a plan document.
"""

from __future__ import annotations

from typing import Any, Literal, NotRequired, TypedDict

from synergy.scenario import JSON, Cell

Document = dict[str, Any]  # JSON whose schema is another document's: a plan, a scenario, the detail of an event


class ScenarioJSON(TypedDict, total=False):
    """A scenario: raw settings, rows and factors as in `synergy.scenario.Scenario`."""

    name: str
    settings: Document
    tables: dict[str, list[dict[str, Cell]]]
    scale: list[dict[str, JSON]]


class PatternJSON(TypedDict, total=False):
    """Pattern of a ruling: the exchanges that it is about, and further keys by its kind.

    ``fix`` has quantity (units a year); ``cap`` mode, others, quantity and by; ``price`` price, side and by; ``build``
    process and site; ``note`` proposal and text.
    """

    from_enterprise: str
    from_site: str
    to_enterprise: str
    to_site: str
    commodity: str
    quantity: float
    mode: str
    others: list[str]
    by: str
    side: Literal["seller", "buyer"]
    price: str
    process: str
    site: str
    proposal: str
    text: str


class PriceJSON(TypedDict):
    """Constraint on the price of an exchange, money per unit, as in `synergy.options.Options`."""

    from_site: str
    to_site: str
    commodity: str
    least: NotRequired[float]
    most: NotRequired[float]
    agreed: NotRequired[float]


class SearchOptions(TypedDict, total=False):
    """Options by name, as in `synergy.options.Options`."""

    gap: float
    time_limit: float
    settlement: str
    base: str
    price_step: float
    prices: list[PriceJSON]
    workers: int
    threads: int
    seed: int
    proof: float


class RoundOptions(SearchOptions, total=False):
    """Options of the runs of a round, and the step of its cost ladder."""

    ladder: float


class RunOptions(SearchOptions, total=False):
    """Options of one run, and the runs whose plans it begins with."""

    start: list[int]


class StudyArguments(TypedDict, total=False):
    """Arguments of a study by its kind.

    An explanation has the exchange, and a period and mode or None; pathways commodity and depth; a sensitivity
    time_limit (seconds); alternatives within (part of the value) and time_limit.
    """

    from_site: str
    to_site: str
    commodity: str
    period: str | None
    mode: str | None
    depth: int
    within: float
    time_limit: float


class CounterJSON(TypedDict):
    """Quantity and price that a counter-offer asks for one line, as exact texts; None: as proposed."""

    number: int
    quantity: str | None
    price: str | None


class EndJSON(TypedDict):
    """Outlet or inlet of a flow."""

    kind: str
    id: str


class FlowJSON(TypedDict):
    """A flow of a plan."""

    from_site: str
    to_site: str
    commodity: str
    mode: str
    period: str
    quantity: float
    arrived: float
    outlet: EndJSON
    inlet: EndJSON


class ActivityJSON(TypedDict):
    """Activity of a facility or build in a period."""

    kind: str
    id: str
    period: str
    activity: float


class LevelJSON(TypedDict):
    """Level of a store at the end of a period."""

    store: str
    period: str
    level: float


class BuildJSON(TypedDict):
    """A new unit of a plan."""

    process: str
    site: str
    size: str
    capacity: float
    capex: float
    annual_cost: float


class LinkJSON(TypedDict):
    """A new link of a plan."""

    from_site: str
    to_site: str
    commodity: str
    mode: str
    km: float | None
    capex: float
    annual_cost: float


# a key is a keyword
TermJSON = TypedDict(
    "TermJSON",
    {
        "from": str,
        "to": str,
        "commodity": str,
        "quantity": float,
        "price": float | None,
        "km": NotRequired[float | None],
    },
)


class NoteJSON(TypedDict):
    """A remark on a proposal; `asks` tells what a limit of quality asks, without the value."""

    code: str
    subject: str
    text: str
    text_zh: str
    site: NotRequired[str]
    asks: NotRequired[str]
    asks_zh: NotRequired[str]
    value: NotRequired[float | None]


class PartJSON(TypedDict):
    """What a proposal is to one enterprise, before payments: see `synergy.plan.Proposal`."""

    value: float | None
    co2: float
    capex: float
    annual: float


class ProposalJSON(TypedDict):
    """A proposal of a plan."""

    id: str
    kind: str
    state: Literal["new", "changed", "running"]
    scope: Literal["between", "within"]
    title_en: str
    title_zh: str
    enterprises: list[str]
    host: str
    commodities: list[str]
    flows: list[int]
    builds: list[int]
    links: list[int]
    gain: float | None
    marginal_gain: float | None
    capex: float
    payback_years: float | None
    co2_saved: float
    terms: list[TermJSON]
    notes: list[NoteJSON]
    own: NotRequired[dict[str, PartJSON]]


class StoredProposalJSON(ProposalJSON):
    """A proposal as the store keeps it: with its builds."""

    built: list[BuildJSON]


class PayoffJSON(TypedDict):
    """Payoff of one enterprise in a settlement, money a year."""

    standalone: float | None
    payoff: float
    gain: float | None
    transfer: float
    interval: NotRequired[float]


class RuleNoteJSON(TypedDict):
    """A note of a settlement rule."""

    code: str
    number: float
    enterprises: list[str]


RefusedJSON = TypedDict(
    "RefusedJSON",
    {"from": str, "to": str, "commodity": str, "seller": str, "buyer": str, "side": Literal["seller", "buyer"]},
)


class SettlementJSON(TypedDict):
    """The parts of a settlement that the store reads."""

    verdict: Literal["stable", "beaten", "open"]
    payoffs: dict[str, PayoffJSON]
    lump_sums: dict[str, float]
    notes: list[RuleNoteJSON]
    refused: NotRequired[list[RefusedJSON]]


class PlanJSON(TypedDict):
    """A plan document."""

    schema: str
    dataset: dict[str, str]
    scenario: dict[str, JSON]
    status: str
    value: float
    bound: float | None
    gap: float | None
    status_quo: float | None
    today: float | None
    gain: float | None
    standalone: dict[str, float | None] | None
    settlement: SettlementJSON | None
    proof: NotRequired[dict[str, JSON]]
    duals: NotRequired[list[JSON] | None]
    flows: list[FlowJSON]
    runs: list[ActivityJSON]
    levels: list[LevelJSON]
    builds: list[BuildJSON]
    links: list[LinkJSON]
    emissions: dict[str, float | None]
    proposals: list[ProposalJSON]
    remainder: float | None
    shadow_prices: list[dict[str, Cell]]
    solver: dict[str, JSON]
    seal: NotRequired[str]


class SiteLabelJSON(TypedDict):
    """Label of a site; latitude and longitude in degrees."""

    enterprise: str
    name_en: str
    name_zh: str
    county: str
    latitude: float | str | None
    longitude: float | str | None


class LabelsJSON(TypedDict):
    """Labels by table and id: names in both languages, and ``county``, ``evidence``, ``unit``, ``hazard`` and so on."""

    enterprises: dict[str, dict[str, str]]
    sites: dict[str, SiteLabelJSON]
    commodities: dict[str, dict[str, str]]
    processes: dict[str, dict[str, str]]


class RoundJSON(TypedDict):
    """A plan with the currency and the labels that are needed to display it."""

    schema: str
    currency: str
    plan: PlanJSON
    labels: LabelsJSON
