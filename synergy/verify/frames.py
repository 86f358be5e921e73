"""Frames: every id is known, every amount is a number, every arc is one the contract has."""

from __future__ import annotations

import numpy as np
import pandas as pd

from synergy.accounts.facts import step_facts
from synergy.accounts.keys import MISSING, find, take, texts
from synergy.accounts.links import link_facts
from synergy.plan import (
    BUILD_COLUMNS,
    FLOW_COLUMNS,
    FLOW_ENDS,
    LEVEL_COLUMNS,
    LINK_COLUMNS,
    RUN_COLUMNS,
    Decisions,
)
from synergy.verify.findings import Book, row_name
from synergy.verify.view import LINK_KEY, View, matching

_COLUMNS = {
    "flows": FLOW_COLUMNS + FLOW_ENDS,
    "runs": RUN_COLUMNS,
    "levels": LEVEL_COLUMNS,
    "builds": BUILD_COLUMNS,
    "links": LINK_COLUMNS,
}
_AMOUNTS = {
    "flows": ("quantity", "arrived"),
    "runs": ("activity",),
    "levels": ("level",),
    "builds": ("capacity", "capex", "annual_cost"),
    "links": ("capex", "annual_cost"),
}
_KEYS = {
    "runs": ["kind", "id", "period"],
    "levels": ["store", "period"],
    "builds": ["process", "site"],
    "links": list(LINK_KEY),
}


def check_shape(book: Book, decisions: Decisions) -> None:
    """Columns are there, amounts are finite and not negative, no key stands twice."""
    for name, columns in _COLUMNS.items():
        frame: pd.DataFrame = getattr(decisions, name)
        missing = [column for column in columns if column not in frame]
        if missing:
            book.add("frame", name, f"columns are missing: {', '.join(missing)}")
            continue
        for column in _AMOUNTS[name]:
            amount = pd.to_numeric(frame[column], errors="coerce").to_numpy(float)
            bad = ~(np.isfinite(amount) & (amount >= 0))
            book.flag("amount", bad, row_name(name, column), "is no amount of 0 or more")
        key = _KEYS.get(name)
        if key:
            again = frame.duplicated(key).to_numpy()
            book.flag("twice", again, row_name(name), "the same key stands above")


def check_ids(book: Book, view: View) -> None:
    """Every id of the frames is known to the tables."""
    dataset, plan = view.dataset, view.decisions
    flows = {"from_site": view.origin, "to_site": view.target, "commodity": view.commodity, "period": view.period}
    for column, rows in flows.items():
        book.flag("unknown", rows == MISSING, row_name("flows", column), "no table has it")
    for side, ends in (("outlet", view.outlets), ("inlet", view.inlets)):
        text = f"no such {side} of this commodity"
        book.flag("unknown", ~ends.known, view.flow_name, text)
    periods = dataset["periods"]["period"]
    for name in ("runs", "levels"):
        rows = find([getattr(plan, name)["period"]], [periods])
        book.flag("unknown", rows == MISSING, row_name(name, "period"), "no table has it")
    kind = texts(plan.runs["kind"])
    known = (view.units.process != MISSING) & (view.units.site != MISSING)
    known &= (kind == "build") | ((kind == "facility") & (view.units.facility != MISSING))
    book.flag("unknown", ~known, lambda row: f"runs[{row}]", "no such facility or build")
    stores = find([plan.levels["store"]], [dataset["stores"]["store"]])
    book.flag("unknown", stores == MISSING, lambda row: f"levels[{row}]", "no such store")
    steps = step_facts(dataset, plan.builds["process"], plan.builds["site"], plan.builds["size"])
    book.flag("build", ~steps.allowed, lambda row: f"builds[{row}]", "may not be built here, in this step of scale")


def check_arcs(book: Book, view: View) -> None:
    """Flows join ends that the contract lets meet, where and when those are, over links that may be used."""
    outlets, inlets, flows = view.outlets, view.inlets, view.decisions.flows
    name = view.flow_name
    through = (outlets.kind == "market") & np.isin(inlets.kind, ["market", "disposal"])
    through |= (outlets.kind == "store") & (inlets.kind == "store")
    book.flag("arc", through, name, "an outlet of this kind may not feed such an inlet")
    for side, ends, place in (("outlet", outlets, "from_site"), ("inlet", inlets, "to_site")):
        away = (ends.site != "") & (ends.site != texts(flows[place]))
        book.flag("arc", away, name, f"the {side} is not at {place}")
        late = (ends.period != "") & (ends.period != texts(flows["period"]))
        book.flag("arc", late, name, f"the {side} is not there in this period")
        book.flag("arc", ends.local & view.moves, name, f"the {side} is reached from its own site alone")
    disposed = inlets.kind == "disposal"
    cost = take(view.dataset["commodities"]["disposal_cost"], view.commodity)
    book.flag("arc", disposed & np.isnan(cost), name, "this commodity may not be disposed of")
    book.flag("link", ~view.facts.possible, name, "no such way: unknown, too far or forbidden by the tables")


def check_links(book: Book, view: View) -> None:
    """Opened links exist and cost capex; what the scenario forbids is not there."""
    flows, links = view.decisions.flows, view.decisions.links
    for pattern in view.dataset.settings.forbid:
        book.flag("forbid", matching(view, pattern, flows), view.flow_name, "the scenario forbids it")
        hit = matching(view, pattern, links)
        book.flag("forbid", hit, lambda row: f"links[{row}]", "the scenario forbids it")
    facts = link_facts(view.dataset, *[links[name] for name in LINK_KEY])
    book.flag("link", ~(facts.possible & (facts.capex > 0)), lambda row: f"links[{row}]", "no link that costs capex")
