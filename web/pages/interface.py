"""API documentation page, and a page for each problem type, generated from the operation specs."""

from __future__ import annotations

from flask import abort
from synergy.web.access import public
from synergy.web.api.document import example_of, problems, scope
from synergy.web.api.problems import TYPES
from synergy.web.api.spec import PREFIX, Mark, Operation, in_order
from synergy.web.api.validation import NUMBERED
from synergy.web.render import page, pages

from synergy.texts import say

room = pages("interface")


@room.get("/api")
@public
def interface(lang: str) -> str:
    """Show all API operations with their parameters, requirements and responses."""
    tags: dict[str, list[dict[str, object]]] = {}
    for one in in_order():
        tags.setdefault(one.tag, []).append(_told(one, lang))
    return page("api/interface.html", lang, tags=tags, prefix=PREFIX, problems=_problems(lang))


@room.get("/problems/<code>")
@public
def problem(lang: str, code: str) -> str:
    """Show the meaning of a problem type and its remedy."""
    if code not in TYPES:
        abort(404)
    status, title, about = TYPES[code]
    return page("api/problem.html", lang, code=code, status=status, said=say(title, lang), about=say(about, lang))


def _problems(lang: str) -> list[dict[str, object]]:
    return [{"code": code, "status": status, "said": say(title, lang)} for code, (status, title, _) in TYPES.items()]


def _told(one: Operation, lang: str) -> dict[str, object]:
    spec = one.spec
    lines = (one.handler.__doc__ or "").strip().splitlines()
    return {
        "name": one.name,
        "method": spec.method,
        "path": spec.path,
        "summary": say(spec.summary, lang),
        "about": "" if lang == "zh" else " ".join(line.strip() for line in lines).replace("`", ""),
        "scope": scope(spec),
        "proof": str(spec.proof),
        "places": [(name, "integer" if name in NUMBERED else "string") for name in spec.places],
        "query": [] if spec.query is None else list(spec.query.model_fields),
        "body": None if spec.body is None else example_of(spec.body),
        "answer": None if spec.answer is None else example_of(spec.answer),
        "status": spec.status,
        "version": Mark.VERSION in spec.marks,
        "key": Mark.KEY in spec.marks,
        "problems": problems(spec),
    }
