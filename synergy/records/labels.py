"""Round record for front ends: the plan with the names behind its ids, in both languages."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, TypeVar

from synergy.plan import Plan
from synergy.records.documents import LabelsJSON, RoundJSON, SiteLabelJSON
from synergy.records.files import plan_record
from synergy.records.plain import cells

if TYPE_CHECKING:
    from synergy.dataset.sheet import Dataset

SCHEMA = "synergy/round/1"
_NAMES = ("name_en", "name_zh")
Label = TypeVar("Label")


def round_record(dataset: Dataset, plan: Plan) -> RoundJSON:
    """Return a plan with all labels needed to display it, as a plain JSON record."""
    return {
        "schema": SCHEMA,
        "currency": dataset.settings.currency,
        "plan": plan_record(plan),
        "labels": labels(dataset),
    }


def labels(dataset: Dataset) -> LabelsJSON:
    """Return names, counties, coordinates, units and evidence marks by table and id.

    A name that is blank in one language is taken from the other, else the id; a column that is missing is "".
    """
    texts = dict[str, str]
    return {
        "enterprises": _labels(dataset, "enterprises", ("enterprise", *_NAMES, "county", "evidence"), texts),
        "sites": _labels(
            dataset, "sites", ("site", "enterprise", *_NAMES, "county", "latitude", "longitude"), SiteLabelJSON
        ),
        "commodities": _labels(dataset, "commodities", ("commodity", *_NAMES, "unit", "hazard"), texts),
        "processes": _labels(dataset, "processes", ("process", *_NAMES, "activity_unit"), texts),
    }


def _labels(dataset: Dataset, table: str, names: Sequence[str], kind: Callable[..., Label]) -> dict[str, Label]:
    frame = dataset[table]
    key, *columns = (cells(frame[name]) if name in frame else [""] * len(frame) for name in names)
    found: dict[str, Label] = {}
    for ident, *row in zip(map(str, key), *columns, strict=True):
        label = dict(zip(names[1:], row, strict=True))
        label["name_en"] = label["name_en"] or label["name_zh"] or ident
        label["name_zh"] = label["name_zh"] or label["name_en"]
        found[ident] = kind(**label)
    return found
