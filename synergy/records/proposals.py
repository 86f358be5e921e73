"""Records of proposals in the view of a party or of planners, of answers, and of partnerships."""

from __future__ import annotations

from typing import Literal

from pydantic import AliasChoices, ConfigDict, Field, JsonValue, RootModel

from synergy.plan import Kind
from synergy.records.documents import Document
from synergy.records.figures import (
    AT,
    CommodityLabel,
    Ident,
    Money,
    ProcessLabel,
    Quantity,
    Record,
    SiteLabel,
    Time,
    example,
)
from synergy.records.names import Answer, Stage

_CODE = "P0f3a9c1b2d4e5f607182"
_LINE: dict[str, JsonValue] = {
    "number": 0,
    "from_enterprise": "EAST",
    "from_site": "EAST-1",
    "to_enterprise": "GLASS",
    "to_site": "GLASS-1",
    "commodity": "COG",
    "mode": "pipe-dn700",
    "quantity": {"value": "60000", "unit": "kNm3"},
    "price": {"amount": "812.5", "currency": "CNY"},
}


class Line(Record):
    """A delivery of a commodity from one site to another, per year."""

    number: int
    from_enterprise: str
    from_site: str
    to_enterprise: str
    to_site: str
    commodity: str
    mode: str
    quantity: Quantity
    price: Money | None = Field(description="Per unit.")


class CounterLine(Record):
    """Quantity and price that a counter-offer proposes for one line."""

    number: int
    quantity: Quantity | None
    price: Money | None


class Party(Record):
    """The answer of one enterprise to a proposal."""

    enterprise: str
    answer: Answer
    version: int
    reason: str
    counter: list[CounterLine] | None
    actor: str | None
    at: Time | None


class Built(Record):
    """A new unit."""

    process: str
    site: str
    capacity: Quantity | None
    capex: Money | None
    annual_cost: Money | None


class Partner(Record):
    """Another party; in an anonymous round a number until all parties are interested."""

    enterprise: str
    name_en: str
    name_zh: str


class Share(Record):
    """The own part of an enterprise in the settlement."""

    standalone: Money | None
    payoff: Money | None
    gain: Money | None
    transfer: Money | None
    lump_sum: Money | None


class OwnMoney(Record):
    """Money and CO2 figures of one party, to three digits; to one digit while partners are anonymous."""

    gain: Money | None = Field(description="A year; null where a price is missing or nothing goes without it.")
    paid: Money | None = Field(description="What the terms bring it a year, less what they cost it.")
    capex: Money | None
    payback_years: float | None
    co2_saved: Quantity | None = Field(description="A year, against what it does alone.")


class PartOf(Record):
    """Value and cost of a proposal for one enterprise, before payments."""

    value: Money | None = Field(description="What it would lose a year without it; null where nothing goes without.")
    capex: Money | None
    annual: Money | None = Field(description="Annuities of that.")
    co2: Quantity | None = Field(description="More, a year.")


class ProposalNote(Record):
    """A remark on a proposal; further fields depend on the code."""

    model_config = ConfigDict(extra="allow")
    code: str
    subject: str = ""
    text: str = Field(description="In English.")
    text_zh: str = ""


class OwnLine(Line):
    """A line from the view of one of its ends."""

    mode: str = Field(description="Empty while partners have no name.")
    km: float | None = Field(description="Null while partners have no name.")


class WholeLine(Line):
    """A line with its outlet and inlet: an offer, need, market, facility or build."""

    outlet: str
    inlet: str


class WholeBuilt(Built):
    """A new unit with its size step."""

    size: str


class LaidLine(Record):
    """A new link, such as a pipe, between two sites."""

    from_site: str
    to_site: str
    commodity: str
    mode: str
    km: float | None
    capex: Money | None


class Term(Record):
    """Quantity of a commodity exchanged per year between two sites."""

    from_: str = Field(validation_alias=AliasChoices("from", "from_"), serialization_alias="from")
    to: str
    commodity: str
    quantity: Quantity
    price: Money | None
    km: float | None


class ProposalLabels(Record):
    """Names of the sites, commodities and processes in a proposal, by id."""

    sites: dict[str, SiteLabel]
    commodities: dict[str, CommodityLabel]
    processes: dict[str, ProcessLabel]


class Common(Record):
    """Fields of a proposal that are part of every view of it."""

    proposal: str
    round: Ident
    kind: Kind
    title_en: str
    title_zh: str
    version: int
    notes: list[ProposalNote]


class OwnProposal(Common):
    """A proposal from the view of a party: its own lines, builds, money and part of the settlement."""

    answer: Answer = Field(description="The enterprise's own.")
    reason: str
    counter: list[CounterLine] | None
    standing: Answer = Field(description="What became of the proposal.")
    state: Literal["new", "changed", "running"] | None = Field(description="Null while partners have no name.")
    partners: list[Partner]
    lines: list[OwnLine]
    built: list[Built]
    links: list[LaidLine]
    own: OwnMoney
    settlement: Share | None = Field(description="Where costs are on the ladder; to two figures in anonymous rounds.")
    firmness: Literal["stable", "beaten", "open"] | None
    labels: ProposalLabels
    currency: str


class WholeProposal(Common):
    """A proposal from the view of planners and auditors, as in the plan document."""

    answer: Answer = Field(description="What became of the proposal.")
    id: str = Field(description="What it is about, the same in every run.")
    scope: Literal["between", "within"]
    state: Literal["new", "changed", "running"]
    host: str = Field(description="Whose site is built on; empty for none.")
    enterprises: list[str]
    commodities: list[str]
    parties: list[Party]
    lines: list[WholeLine]
    built: list[WholeBuilt]
    terms: list[Term]
    own: dict[str, PartOf] = Field(description="By enterprise.")
    gain: Money | None
    marginal_gain: Money | None
    capex: Money | None
    payback_years: float | None
    co2_saved: Quantity | None
    builds: list[int] = Field(description="Rows of `builds` of the plan.")
    links: list[int] = Field(description="Rows of `links` of the plan.")
    flows: list[int] = Field(description="Rows of `flows` of the plan.")


class Proposal(RootModel[OwnProposal | WholeProposal]):
    """A proposal as visible to the account: the view of a party, or the full view of planners and auditors."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "proposal": _CODE,
                    "round": 1,
                    "kind": "extension",
                    "state": "new",
                    "title_en": "Chain extension: coke oven gas",
                    "title_zh": "延链：焦炉煤气",
                    "answer": "none",
                    "version": 1,
                    "reason": "",
                    "counter": None,
                    "standing": "none",
                    "partners": [{"enterprise": "EAST", "name_en": "East Coking", "name_zh": "东部焦化"}],
                    "lines": [{**_LINE, "km": 9.1}],
                    "built": [],
                    "links": [],
                    "notes": [],
                    "own": {
                        "gain": {"amount": "20000000", "currency": "CNY"},
                        "paid": {"amount": "-48800000", "currency": "CNY"},
                        "capex": {"amount": "0", "currency": "CNY"},
                        "payback_years": None,
                        "co2_saved": {"value": "1200", "unit": "t"},
                    },
                    "settlement": None,
                    "firmness": "stable",
                    "labels": {"sites": {}, "commodities": {}, "processes": {}},
                    "currency": "CNY",
                }
            ]
        }
    )


class Answered(Record):
    """The stored answer, and the resulting status of the proposal."""

    model_config = example({"proposal": _CODE, "answer": "accepted", "version": 2, "standing": "interested"})
    proposal: str
    answer: Answer
    version: int
    standing: Answer


class Happening(Record):
    """One event in the history of a proposal."""

    model_config = example({"number": 1, "at": AT, "action": "answer", "enterprise": "GLASS", "answer": "accepted"})
    number: int
    at: Time
    action: str
    enterprise: str = Field(description="Whose answer it is, or empty.")
    answer: Answer | None = None
    reason: str | None = None
    stage: Stage | None = None

    def document(self) -> Document:
        """Return the event as plain JSON, without the fields that its action does not have."""
        return self.model_dump(mode="json", exclude_none=True)


class Partnership(Record):
    """A partnership from an accepted proposal, with its stage."""

    model_config = example(
        {"partnership": 4, "round": 1, "proposal": _CODE, "stage": "permits", "version": 2, "reason": "", "since": AT}
    )
    partnership: Ident
    round: Ident
    proposal: str
    stage: Stage
    version: int
    reason: str
    since: Time


class Staged(Record):
    """The new stage of a partnership."""

    model_config = example({"partnership": 4, "stage": "financing", "version": 3})
    partnership: Ident
    stage: Stage
    version: int
