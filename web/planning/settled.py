"""A settlement in words: how stable it is, which groups are on the edge, what is paid beside the prices."""

from __future__ import annotations

from synergy.web.planning.seen import Seen
from synergy.web.planning.sheets import Column, Sheet, cells
from synergy.web.texts import word

from synergy.store.planning import settlement_notes

MOST_NAMES, MOST_GROUPS = 5, 12


def named(seen: Seen, firms: list[str]) -> str:
    """Return the names of some enterprises, and how many more there are."""
    names = [seen.shown.name("enterprises", firm) for firm in firms]
    shown = word("comma", seen.lang).join(names[:MOST_NAMES])
    return shown if len(names) <= MOST_NAMES else f"{shown} +{len(names) - MOST_NAMES}"


def said_of(seen: Seen) -> list[str]:
    """Return how stable the payoffs are, and the least subsidy where they are not."""
    settled, shown, lang = seen.plan["settlement"], seen.shown, seen.lang
    bound, binding = settled.get("excess_bound"), settled.get("binding") or []
    said = [
        word(
            f"settled.{settled['verdict']}",
            lang,
            bound="∞" if bound is None else shown.money(bound),
            excess=shown.money(settled["excess"]),
            names=named(seen, list(binding[0]["enterprises"])) if binding else "",
        )
    ]
    subsidy = settled.get("subsidy")
    if subsidy:
        firms = named(seen, list(subsidy["to"]))
        said.append(word("settled.subsidy", lang, total=shown.money(subsidy["total"]), names=firms))
    return said


def told_of(seen: Seen) -> list[str]:
    """Return what the rule has to say of its payoffs."""
    settled, shown = seen.plan["settlement"], seen.shown
    firms = {firm: shown.name("enterprises", firm) for note in settled["notes"] for firm in note["enterprises"]}
    return settlement_notes(settled, seen.lang, shown.currency, firms)


def groups(seen: Seen) -> Sheet | None:
    """Return the groups that hold the payoffs where they are; None where none is known."""
    settled, shown, lang = seen.plan["settlement"], seen.shown, seen.lang
    binding = (settled.get("binding") or [])[:MOST_GROUPS]
    columns = (
        Column("enterprises", word("settled.group", lang)),
        Column("value", word("settled.worth", lang), number=True),
        Column("payoff", word("settled.together", lang), number=True),
    )
    rows = [
        cells(
            named(seen, list(one["enterprises"])),
            *((shown.money(one.get(key)), one.get(key)) for key in ("value", "payoff")),
        )
        for one in binding
    ]
    return Sheet("groups", word("settled.binding", lang), columns, tuple(rows)) if rows else None


def lumps(seen: Seen) -> Sheet | None:
    """Return the lump sums beside the prices; None where there is none."""
    settled, shown, lang = seen.plan["settlement"], seen.shown, seen.lang
    paid = settled.get("lump_sums") or {}
    columns = (
        Column("enterprise", word("round.enterprise", lang)),
        Column("amount", word("settled.transfer", lang), number=True),
    )
    rows = [cells(shown.name("enterprises", firm), (shown.money(sum_), sum_)) for firm, sum_ in sorted(paid.items())]
    return Sheet("lumps", word("settled.lumps", lang), columns, tuple(rows)) if rows else None
