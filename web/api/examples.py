"""What a model looks like in an example: its own, or of a list that of what it lists."""

from __future__ import annotations

from typing import get_args

from pydantic import BaseModel

# a coking works with gas and a glass works that could burn it: all that a dataset needs
DATASET = {
    "name": "two works",
    "synergy": {"currency": "CNY"},
    "enterprises": [
        {"enterprise": "EAST", "name_en": "East Coking"},
        {"enterprise": "GLASS", "name_en": "Glass works"},
    ],
    "sites": [
        {"site": "EAST-1", "enterprise": "EAST", "latitude": 37.1, "longitude": 111.74},
        {"site": "GLASS-1", "enterprise": "GLASS", "latitude": 37.15, "longitude": 111.8},
    ],
    "commodities": [{"commodity": "COG", "name_en": "Coke oven gas", "name_zh": "焦炉煤气", "unit": "kNm3"}],
    "offers": [{"offer": "EAST-GAS", "site": "EAST-1", "commodity": "COG", "quantity": 60000, "price": 300}],
    "needs": [{"need": "GLASS-HEAT", "site": "GLASS-1", "commodity": "COG", "quantity": 50000, "price": 900}],
    "links": [
        {
            "from_site": "EAST-1",
            "to_site": "GLASS-1",
            "commodity": "COG",
            "mode": "pipe",
            "km": 9,
            "capacity": 60000,
            "fixed_capex": 2000000,
        }
    ],
}


def example_of(model: type[BaseModel]) -> object:
    """Return an example of a model, None where it has none.

    Parameters
    ----------
    model : type of BaseModel
        With ``examples`` of its own, or with a field ``items`` of models that have some; a list that goes page by page
        is shown as its last page.
    """
    extra = model.model_config.get("json_schema_extra")
    shown = extra.get("examples") if isinstance(extra, dict) else None
    if isinstance(shown, list) and shown:
        return shown[0]
    fields = model.model_fields
    if not set(fields) <= {"items", "next"} or "items" not in fields:
        return None
    (listed,) = get_args(fields["items"].annotation)
    one = example_of(listed) if isinstance(listed, type) and issubclass(listed, BaseModel) else None
    if one is None:
        return None
    return {"items": [one], "next": None} if "next" in fields else {"items": [one]}
