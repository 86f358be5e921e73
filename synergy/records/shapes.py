"""Shapes: the pieces of which JSON Schemas are put together."""

from __future__ import annotations

from typing import Any

DRAFT = "https://json-schema.org/draft/2020-12/schema"

Shape = dict[str, Any]
TEXT: Shape = {"type": "string"}
NUMBER: Shape = {"type": "number"}
AMOUNT: Shape = {"type": "number", "minimum": 0}
COUNT: Shape = {"type": "integer", "minimum": 0}
FLAG: Shape = {"type": "boolean"}
MAYBE: Shape = {"type": ["number", "null"]}
MAYBE_TEXT: Shape = {"type": ["string", "null"]}
OBJECT: Shape = {"type": "object"}
MONEY_OF: Shape = {"type": "object", "additionalProperties": NUMBER}


def listed(items: Shape) -> Shape:
    """Return the shape of a list."""
    return {"type": "array", "items": items}


def choice(*words: str | None) -> Shape:
    """Return the shape of one of some words."""
    return {"enum": list(words)}


def shape(optional: tuple[str, ...] = (), /, **properties: Shape) -> Shape:
    """Return the shape of an object whose keys are there but for optional ones; ``from_`` stands for ``from``."""
    names = {name.removesuffix("_"): shape for name, shape in properties.items()}
    return {"type": "object", "properties": names, "required": [name for name in names if name not in optional]}
