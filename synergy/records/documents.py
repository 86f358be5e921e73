"""Shapes of the JSON documents that the store keeps: keys and types of plans, scenarios, rulings and answers.

They are plain dictionaries. `synergy.records.schema` derives the JSON Schema of a plan from `PlanJSON`: what stands
beside a type in `Annotated` is a keyword of the schema with its value, or a narrower type that the schema has instead.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal, NotRequired, TypedDict

from synergy.plan import Kind
from synergy.scenario import JSON, Cell

PLAN_SCHEMA = "synergy/plan/1"

Document = dict[str, Any]  # JSON whose schema is another document's: a plan, a scenario, the detail of an event
Amount = Annotated[float, ("minimum", 0)]
Count = Annotated[int, ("minimum", 0)]


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


class SourceJSON(TypedDict):
    """The dataset that a document is about: its name, and the digest of its tables."""

    name: str
    digest: str


class OutletJSON(TypedDict):
    """Where a flow comes from; `id` is "" for what has no row of its own."""

    kind: Annotated[str, Literal["offer", "facility", "build", "store", "market"]]
    id: str


class InletJSON(TypedDict):
    """Where a flow goes; `id` as of outlets."""

    kind: Annotated[str, Literal["need", "facility", "build", "store", "market", "disposal"]]
    id: str


class FlowJSON(TypedDict):
    """A flow of a plan."""

    from_site: str
    to_site: str
    commodity: str
    mode: str
    period: str
    quantity: Amount
    arrived: Amount
    outlet: OutletJSON
    inlet: InletJSON


class ActivityJSON(TypedDict):
    """Activity of a facility or build in a period."""

    kind: Annotated[str, Literal["facility", "build"]]
    id: str
    period: str
    activity: Amount


class LevelJSON(TypedDict):
    """Level of a store at the end of a period."""

    store: str
    period: str
    level: Amount


class BuildJSON(TypedDict):
    """A new unit of a plan."""

    process: str
    site: str
    size: NotRequired[str]
    capacity: Amount
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


# keys are keywords: in dictionaries, here and below
TermJSON = TypedDict(
    "TermJSON",
    {
        "from": str,
        "to": str,
        "commodity": str,
        "quantity": Amount,
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
    kind: Annotated[str, Kind]
    state: Literal["new", "changed", "running"]
    scope: Literal["between", "within"]
    title_en: str
    title_zh: str
    enterprises: list[str]
    host: str
    commodities: list[str]
    flows: list[Count]
    builds: list[Count]
    links: list[Count]
    gain: float | None
    marginal_gain: float | None
    capex: float
    payback_years: float | None
    co2_saved: float
    terms: list[TermJSON]
    notes: NotRequired[list[Annotated[NoteJSON, dict[str, JSON]]]]
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


class BindingJSON(TypedDict):
    """A coalition that limits a settlement, money a year."""

    enterprises: list[str]
    value: float
    payoff: float


class SubsidyJSON(TypedDict):
    """The least subsidy that makes a settlement stable, money a year."""

    total: Amount
    to: dict[str, float]
    least: Amount
    excess_bound: float | None
    payoffs: Annotated[dict[str, float], ("description", "with it")]


class RuleNoteJSON(TypedDict):
    """A note of a settlement rule."""

    code: str
    number: float
    enterprises: list[str]


SettledPriceJSON = TypedDict(
    "SettledPriceJSON",
    {
        "from": str,
        "to": str,
        "commodity": str,
        "seller": str,
        "buyer": str,
        "quantity": Amount,
        "low": float,
        "high": float,
        "price": float,
        "payment": float,
    },
)
RefusedJSON = TypedDict(
    "RefusedJSON",
    {"from": str, "to": str, "commodity": str, "seller": str, "buyer": str, "side": Literal["seller", "buyer"]},
)


class SettlementJSON(TypedDict):
    """A settlement."""

    method: str
    payoffs: dict[str, PayoffJSON]
    excess: float | None
    excess_bound: float | None
    in_core: bool
    verdict: Literal["stable", "beaten", "open"]
    tolerance: Amount
    coalitions_tested: Count
    binding: list[BindingJSON]
    subsidy: SubsidyJSON | None
    notes: list[RuleNoteJSON]
    prices: list[SettledPriceJSON]
    lump_sums: dict[str, float]
    balances: dict[str, float]
    unit: Annotated[float, ("exclusiveMinimum", 0)]


class AskedSettlementJSON(SettlementJSON):
    """A settlement with the constraints on prices that it could not keep, which its schema does not name."""

    refused: NotRequired[list[RefusedJSON]]


class EmissionsJSON(TypedDict):
    """Emissions of a plan and of the one behind `today`, t CO2 a year."""

    co2: float | None
    baseline_co2: float | None


class ShadowPriceJSON(TypedDict):
    """Worth of one more unit of a binding limit."""

    constraint: str
    subject: str
    period: str
    value: float


class SolverJSON(TypedDict):
    """What was solved, by which solver, in how many seconds."""

    name: str
    seconds: Amount
    run_seconds: NotRequired[Amount]
    build_seconds: Amount
    variables: Count
    constraints: Count
    binaries: Count
    threads: Count


class DualJSON(TypedDict):
    """A dual value, as a fraction where it is exact."""

    constraint: str
    subject: str
    value: float | str


class ProofJSON(TypedDict):
    """Bounds on the value of a plan, and the duals that prove the first of them."""

    dual: float | None
    solver: float | None
    duals: NotRequired[list[DualJSON] | None]
    columns: NotRequired[list[str]]
    rows: NotRequired[list[dict[str, JSON]]]
    row_names: NotRequired[list[str]]
    column_names: NotRequired[list[str]]


class PlanJSON(TypedDict):
    """A plan document; `duals` is of those without `proof`."""

    schema: Annotated[str, Literal[PLAN_SCHEMA]]
    dataset: Annotated[dict[str, str], SourceJSON]
    scenario: dict[str, JSON]
    status: Literal["optimal", "feasible"]
    value: float
    bound: float | None
    gap: float | None
    status_quo: float | None
    today: float | None
    gain: float | None
    standalone: dict[str, float | None] | None
    settlement: Annotated[AskedSettlementJSON | None, SettlementJSON | None]
    flows: list[FlowJSON]
    runs: list[ActivityJSON]
    levels: list[LevelJSON]
    builds: list[BuildJSON]
    links: list[LinkJSON]
    emissions: Annotated[dict[str, float | None], EmissionsJSON]
    proposals: list[ProposalJSON]
    remainder: float | None
    shadow_prices: list[Annotated[dict[str, Cell], ShadowPriceJSON]]
    solver: Annotated[dict[str, JSON], SolverJSON]
    seal: NotRequired[str]
    proof: NotRequired[Annotated[dict[str, JSON], ProofJSON]]
    duals: NotRequired[Annotated[list[JSON] | None, list[DualJSON] | None]]


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
