"""Explanation page for planners: why an exchange between two sites is in the plan or not, with a time limit."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Mapping

from flask import request
from synergy.web.access import caller, rule
from synergy.web.planning.round_view import Seen, seen
from synergy.web.render import page, pages
from synergy.web.texts import word

from synergy.errors import UsageError
from synergy.store.access import Action
from synergy.worker.plan_questions import ExchangeQuestion
from synergy.worker.plan_questions import why as asked_why

room = pages("why")
SECONDS = 30.0  # for one answer
PATIENCE_S = 2.0  # for a turn
KEPT = 200
_TURN = threading.BoundedSemaphore(1)  # each question takes a core
_KNOWN: OrderedDict[tuple[str, int, ExchangeQuestion], Mapping[str, object]] = OrderedDict()
_LOCK = threading.Lock()


@room.get("/rounds/<int:round_id>/why")
@rule(Action.SEE_PLANS)
def why(lang: str, round_id: int) -> str | tuple[str, int]:
    """Show the form for an exchange, and the explanation once one is selected."""
    found = seen(caller(), round_id, lang, {})
    given = [request.args.get(name, "") for name in ("from", "to", "commodity")]
    fields: dict[str, object] = {"seen": found, "shown": found.shown, "given": given, "answer": None, "fault": ""}
    fields |= {"sites": _sites(found), "goods": _goods(found)}
    status = 200
    if all(given):
        try:
            fields["answer"], fields["fault"] = _answer(found, ExchangeQuestion(*given))
        except UsageError as error:
            status, fields["fault"] = 422, error.sentence(lang)
    shown = page("planner/why.html", lang, **fields)
    return (shown, status) if status != 200 else shown


def _answer(found: Seen, question: ExchangeQuestion) -> tuple[Mapping[str, object] | None, str]:
    """Return the explanation, or None with an error message if it is not available in time."""
    key = (found.record.digest, found.record.match, question)
    with _LOCK:
        if key in _KNOWN:
            return _KNOWN[key], ""
    if not _TURN.acquire(timeout=PATIENCE_S):
        return None, word("why.busy", found.lang)
    try:
        answer = asked_why(*caller(), found.record.match, question, SECONDS)
    finally:
        _TURN.release()
    if answer is None:
        return None, word("why.late", found.lang, seconds=f"{SECONDS:g}")
    with _LOCK:
        _KNOWN[key] = answer
        while len(_KNOWN) > KEPT:
            _KNOWN.popitem(last=False)
    return answer, ""


def _sites(found: Seen) -> list[tuple[str, str]]:
    labels = found.record.labels["sites"]
    return sorted(((site, found.shown.firm_at(site)) for site in labels), key=lambda pair: pair[1])


def _goods(found: Seen) -> list[tuple[str, str]]:
    labels = found.record.labels["commodities"]
    return sorted(((good, found.material.good_name(good)) for good in labels), key=lambda pair: pair[1])
