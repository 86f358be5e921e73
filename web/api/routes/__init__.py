"""Blueprint of the API: one view for each operation of the route modules, and redirects to the documentation."""

from __future__ import annotations

from collections.abc import Callable

from flask import Blueprint, Response, redirect, url_for
from synergy.web.access import public, rule
from synergy.web.api.dispatch import language, perform
from synergy.web.api.routes import datasets, declarations, keeping, matches, notices, people, proposals, rounds, studies
from synergy.web.api.spec import OPERATIONS, PREFIX, Operation
from werkzeug.wrappers import Response as AnyResponse


def _blueprint() -> Blueprint:
    """Return the blueprint with a view for each operation."""
    made = Blueprint("api", __name__, url_prefix=PREFIX)
    for one in OPERATIONS.values():
        rule = one.spec.path.replace("{", "<raw:").replace("}", ">")
        made.add_url_rule(rule, one.name, _view(one), methods=[one.spec.method])
    return made


def _view(operation: Operation) -> Callable[..., Response]:
    def view(**given: str) -> Response:
        return perform(operation, given)

    view.__name__, view.__doc__ = operation.name, operation.handler.__doc__
    action = operation.spec.action
    return public(view) if action is None else rule(action)(view)


# each registers its operations when it is imported
ROUTES = (rounds, declarations, proposals, matches, studies, people, notices, keeping, datasets)
room = _blueprint()


@room.get("/docs")
@public
def docs() -> AnyResponse:
    """Redirect to the API documentation in the negotiated language."""
    return _to_page(url_for("manual.interface", lang=language()))


@room.get("/problems/<code>")
@public
def problem(code: str) -> AnyResponse:
    """Redirect to the documentation page of a problem type in the negotiated language."""
    return _to_page(url_for("manual.problem", lang=language(), code=code))


def _to_page(address: str) -> AnyResponse:
    answer = redirect(address, 303)
    answer.vary.add("Accept-Language")
    return answer
