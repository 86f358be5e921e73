"""Audit page: list of recorded events, and verification of the audit chain."""

from __future__ import annotations

from flask import request
from synergy.web.access import caller, rule
from synergy.web.clock import whole
from synergy.web.render import page, pages
from synergy.web.texts import WORDS, word

from synergy.records.audit import Head
from synergy.store import audit as chain_of
from synergy.store import queries
from synergy.store.access import Action

room = pages("audit")
SHOWN = 50  # events of a page


@room.get("/audit")
@rule(Action.SEE_EVENTS)
def audit(lang: str) -> str:
    """Show the events of one round or of all rounds, newest first."""
    return _page(lang)


def _page(lang: str, **more: object) -> str:
    """Render the audit page, with the result of a verification if one was requested."""
    chosen, before = (whole(request.args.get(name)) for name in ("round", "before"))
    found = chain_of.history(*caller(), chosen, SHOWN + 1, before)
    fields: dict[str, object] = {
        "events": found[:SHOWN],
        "older": found[SHOWN - 1].number if len(found) > SHOWN else None,
        "rounds": queries.list_rounds(*caller()),
        "chosen": chosen,
        "named": named,
        "checked": None,
        "cut": False,
        "expected": "",
        "fault": "",
    }
    return page("admin/audit.html", lang, **{**fields, **more})


def named(action: str, lang: str) -> str:
    """Return the display name of an action; the action itself if it has none."""
    key = f"action.{action}"
    return word(key, lang) if key in WORDS else action


@room.post("/audit")
@rule(Action.VERIFY_CHAIN)
def verify(lang: str) -> str | tuple[str, int]:
    """Verify the audit chain, against a published head if one is given."""
    given = request.form.get("expected", "").strip()
    number, _, mac = given.partition(":")
    if given and not (number.isdecimal() and len(number) < 18 and mac):
        return _page(lang, expected=given, fault=word("audit.no_head", lang, value=given[:100])), 422
    expected = Head(number=int(number), mac=mac) if given else None
    checked = chain_of.verify_chain(*caller(), expected)
    return _page(lang, checked=checked, cut=not checked.sound and checked.broken is None, expected=given)
