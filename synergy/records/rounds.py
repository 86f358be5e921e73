"""Round record for front ends: the plan with the names behind its ids, in both languages."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from synergy.plan import Plan
from synergy.records.files import plan_record
from synergy.records.plain import cells

if TYPE_CHECKING:
    from synergy.dataset.sheet import Dataset

SCHEMA = "synergy/round/1"
# what is told of each table beside the id: columns that are missing are ""
_TOLD = {
    "enterprises": ("enterprise", "name_en", "name_zh", "county", "evidence"),
    "sites": ("site", "enterprise", "name_en", "name_zh", "county", "latitude", "longitude"),
    "commodities": ("commodity", "name_en", "name_zh", "unit", "hazard"),
    "processes": ("process", "name_en", "name_zh", "activity_unit"),
}


def round_record(dataset: Dataset, plan: Plan) -> dict[str, Any]:
    """Return a plan with all labels needed to display it, as a plain JSON record.

    Parameters
    ----------
    dataset : Dataset
        Dataset of the plan.
    plan : Plan
        The plan.

    Returns
    -------
    dict
        ``{schema, currency, plan, labels}``; labels are by table and id.
    """
    return {
        "schema": SCHEMA,
        "currency": dataset.settings.currency,
        "plan": plan_record(plan),
        "labels": labels(dataset),
    }


def labels(dataset: Dataset) -> dict[str, dict[str, dict[str, Any]]]:
    """Return names, counties, coordinates, units and evidence marks by table and id.

    Parameters
    ----------
    dataset : Dataset
        The tables; a name that is blank in one language is taken from the other, else the id.

    Returns
    -------
    dict
    """
    return {table: _labels(dataset, table, names) for table, names in _TOLD.items()}


def _labels(dataset: Dataset, table: str, names: tuple[str, ...]) -> dict[str, dict[str, Any]]:
    frame = dataset[table]
    columns = {name: cells(frame[name]) if name in frame else [""] * len(frame) for name in names}
    ids = columns.pop(names[0])
    found: dict[str, dict[str, Any]] = {}
    for ident, *row in zip(ids, *columns.values(), strict=True):
        label = dict(zip(columns, row, strict=True))
        label["name_en"] = label["name_en"] or label["name_zh"] or ident
        label["name_zh"] = label["name_zh"] or label["name_en"]
        found[ident] = label
    return found
