"""What a model looks like in an example: its own, or of a list that of what it lists."""

from __future__ import annotations

from typing import get_args

from pydantic import BaseModel


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
