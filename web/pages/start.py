"""Entry page: redirects to the preferred language, then to the home page of the role."""

from __future__ import annotations

from flask import Blueprint, current_app, redirect, url_for
from synergy.web.access import public, visitor
from synergy.web.register import home_of
from synergy.web.render import language
from werkzeug.wrappers import Response

room = Blueprint("start", __name__)


@room.get("/")
@public
def start() -> Response:
    """Redirect to the home page in the language preferred by the browser."""
    answer = redirect(url_for("start.home", lang=language()))
    answer.vary.add("Accept-Language")
    return answer


@room.get("/<any(zh, en):lang>/")
@public
def home(lang: str) -> Response:
    """Redirect to the home page of the role, or to the sign-in page."""
    who = visitor()
    if who is None:
        return redirect(url_for("account.sign_in", lang=lang))
    return redirect(url_for(home_of(current_app, who.role), lang=lang))
