"""Pictures of one proposal: who delivers what to whom, and where."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any

from markupsafe import Markup
from synergy.web.figures.flow import Delivery, Partner, flow
from synergy.web.figures.map import Line, Place, charted, draw_map
from synergy.web.figures.outline import NONE, Outlines
from synergy.web.figures.svg import Naming
from synergy.web.texts import word

Record = Mapping[str, Any]
KEPT = 128  # pictures of each kind


def flow_picture(
    lines: Sequence[Record], notes: Mapping[str, Sequence[str]], names: Callable[[str], str], said: tuple[Any, str]
) -> Markup:
    """Return the picture of who delivers what to whom.

    Parameters
    ----------
    lines : sequence of mapping
        Lines of the proposal.
    notes : mapping of str to sequence of str
        What stands under the name of an enterprise, as what is built there.
    names : callable
        Name of an enterprise; of "" that of a public place.
    said : tuple
        What says amounts (`amount(line)`) and goods (`good_name(id)`) to whom (`looker`), and the language.
    """
    teller, lang = said
    keys = dict.fromkeys(one[f"{end}_enterprise"] for one in lines for end in ("from", "to"))
    partners = [Partner(key or "#", names(key), tuple(notes.get(key, ()))) for key in [*keys, *(notes.keys() - keys)]]
    sums: dict[tuple[str, str, str], float] = {}
    for one in lines:
        key = (one["from_enterprise"] or "#", one["to_enterprise"] or "#", one["commodity"])
        sums[key] = sums.get(key, 0.0) + float(one["quantity"])
    deliveries = [
        Delivery(origin, target, teller.good_name(good), teller.amount({"commodity": good, "quantity": quantity}))
        for (origin, target, good), quantity in sums.items()
        if origin != target
    ]
    return _flow(teller.looker, tuple(partners), tuple(deliveries), lang)


def map_picture(
    lines: Sequence[Record], sites: Mapping[str, Record], said: tuple[Any, str], bounds: Outlines = NONE
) -> Markup:
    """Return the map of the sites of a proposal; "" where not all of them are known.

    Parameters
    ----------
    lines : sequence of mapping
        Lines of the proposal.
    sites : mapping of str to mapping
        Names and places by site.
    said : tuple
        What says goods (`good_name(id)`) to whom (`looker`), and the language.
    bounds : Outlines
        Boundaries of an operator.
    """
    teller, lang = said
    ends = dict.fromkeys(_ends(lines))
    if not ends or not set(ends) <= set(sites) or len(ends) < 2:
        return Markup("")
    places = [
        Place(
            site,
            str(sites[site].get(f"name_{lang}") or site),
            str(sites[site].get("county", "")),
            _degrees(sites[site].get("latitude")),
            _degrees(sites[site].get("longitude")),
            not sites[site].get("enterprise"),
        )
        for site in ends
    ]
    ways = [
        Line(one["from_site"], one["to_site"], teller.good_name(one["commodity"]))
        for one in lines
        if one["from_site"] != one["to_site"]
    ]
    return _map(teller.looker, tuple(places), tuple(ways), (lang, bounds))


# A picture follows from what it shows, and is kept by all of that. Who looks is part of it too: how soon one comes
# tells nobody that a partner has looked at it.
@lru_cache(KEPT)
def _flow(_looker: str, partners: tuple[Partner, ...], deliveries: tuple[Delivery, ...], lang: str) -> Markup:
    return flow(partners, deliveries, Naming("flow", word("offer.flow", lang), word("offer.flow_desc", lang)))


@lru_cache(KEPT)
def _map(_looker: str, places: tuple[Place, ...], ways: tuple[Line, ...], where: tuple[str, Outlines]) -> Markup:
    lang, bounds = where
    naming = Naming("map", word("offer.map", lang), word("offer.map_desc", lang))
    return draw_map(charted(places, ways, lang, bounds.rings, near_by=True), lang, naming)


def _ends(lines: Sequence[Record]) -> Iterable[str]:
    for one in lines:
        yield one["from_site"]
        yield one["to_site"]


def _degrees(value: Any) -> float | None:
    return None if value in (None, "") else float(value)
