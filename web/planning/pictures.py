"""Pictures of a round and the tables beside them, drawn once for a plan, a choice and a language."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Mapping
from threading import Lock
from typing import Any

from markupsafe import Markup
from synergy.web.figures.grouping import Grouped, grouped
from synergy.web.figures.map import Line, charted, draw_map
from synergy.web.figures.material import COUNTY, between
from synergy.web.figures.network import MOST, Tie, partnerships, products
from synergy.web.figures.sankey import Names, sankey
from synergy.web.figures.sankey_layout import Stream
from synergy.web.figures.svg import Naming
from synergy.web.planning.seen import Seen
from synergy.web.planning.sheets import Cell, Column, Sheet, cells
from synergy.web.texts import word

VIEWS = ("map", "sankey", "partners", "products")
KEPT = 128  # pictures
Addresses = Callable[..., str]


class Gallery:
    """Pictures that were drawn before, the least used ones forgotten; safe for several threads."""

    def __init__(self) -> None:
        self._drawn: OrderedDict[tuple[Any, ...], Markup] = OrderedDict()
        self._lock = Lock()

    def get(self, key: tuple[Any, ...], draw: Callable[[], Markup]) -> Markup:
        """Return the picture of a key, drawn where it is not known."""
        with self._lock:
            if key in self._drawn:
                self._drawn.move_to_end(key)
                return self._drawn[key]
        made = draw()
        with self._lock:
            self._drawn[key] = made
            while len(self._drawn) > KEPT:
                self._drawn.popitem(last=False)
        return made


GALLERY = Gallery()


def picture(seen: Seen, view: str, by_county: bool, lead: Addresses) -> Markup:
    """Return a picture.

    Parameters
    ----------
    seen : Seen
        The round and what was chosen.
    view : str
        One of `VIEWS`.
    by_county : bool
        Whether firms are put together by county also where they are few.
    lead : callable
        Choice as keyword arguments, or ``code``, to an address.

    Returns
    -------
    markupsafe.Markup
        SVG; "" where there is nothing to show.
    """
    draw = {"map": _map, "sankey": _sankey, "partners": _partners, "products": _products}[view]
    # addresses are the same for all who may see a plan, so that a picture is too
    plan = (seen.ident, seen.record["match"], seen.record["digest"], seen.bounds.digest)
    key = (*plan, view, by_county, seen.lang, seen.choice)
    return GALLERY.get(key, lambda: draw(seen, by_county, lead))


def _naming(seen: Seen, view: str, **more: Any) -> Naming:
    return Naming(f"p-{view}", word(f"view.{view}", seen.lang), word(f"view.{view}.desc", seen.lang, **more))


def _href(seen: Seen, proposals: tuple[str, ...], lead: Addresses, choice: Mapping[str, str]) -> str:
    """Return the address of the one proposal behind something, else of all that fit."""
    if len(proposals) == 1 and proposals[0] in seen.codes:
        return lead(code=seen.codes[proposals[0]])
    return lead(**choice) if proposals else ""


def _sankey(seen: Seen, by_county: bool, lead: Addresses) -> Markup:
    material, lang = seen.material, seen.lang
    found = flows(seen, by_county, lead)
    keys = {end for one in found.streams for end in (one.supplier, one.user)}
    names = Names(
        firm={key: material.firm_name(key) for key in keys},
        commodity={one.commodity: material.good_name(one.commodity) for one in found.streams},
        amount=material.amount,
        heads=(word("view.supplier", lang), word("commodity", lang), word("view.user", lang)),
        others=word("view.others", lang),
        lead=lambda firm, good: lead(commodity=good, **_who(firm)),
    )
    return sankey(found.streams, names, _naming(seen, "sankey"))


def _who(key: str) -> dict[str, str]:
    """Return the choice that means a firm or a county; a public place is none."""
    if key.startswith(COUNTY):
        return {"county": key[len(COUNTY) :]}
    return {} if key.startswith("#") else {"firm": key}


def flows(seen: Seen, by_county: bool, lead: Addresses) -> Grouped:
    """Return the streams of a Sankey diagram, few enough to be drawn."""
    material = seen.material
    sums: dict[tuple[str, str, str], tuple[float, set[str]]] = {}
    for one in between(material.sent(seen.choice), material):
        key = (material.firm(one.origin), one.commodity, material.firm(one.target))
        quantity, behind = sums.get(key, (0.0, set()))
        sums[key] = (quantity + one.quantity, behind | set(one.proposals))
    streams = [
        Stream(*key, quantity, _href(seen, tuple(sorted(behind)), lead, {"commodity": key[1], **_who(key[0])}))
        for key, (quantity, behind) in sorted(sums.items())
    ]
    return grouped(streams, material.group(), always=by_county)


def _map(seen: Seen, by_county: bool, lead: Addresses) -> Markup:
    material = seen.material
    sent = material.sent(seen.choice)
    ends = {end for one in sent for end in (one.origin, one.target)}
    lines = [
        Line(
            one.origin,
            one.target,
            f"{material.good_name(one.commodity)} {material.amount(one.quantity, one.commodity)}",
            _href(seen, one.proposals, lead, {"commodity": one.commodity, **_who(material.firm(one.origin))}),
        )
        for one in sent
    ]
    chart = charted(material.places(ends), lines, seen.lang, seen.bounds.rings, by_county)
    return draw_map(chart, seen.lang, _naming(seen, "map"))


def _partners(seen: Seen, by_county: bool, lead: Addresses) -> Markup:
    material = seen.material
    sent = between(material.sent(seen.choice), material)
    group = material.group()
    many = by_county or len({material.firm(end) for one in sent for end in (one.origin, one.target)}) > MOST
    ends = {site: material.firm(site) for one in sent for site in (one.origin, one.target)}
    if many:
        ends = {site: group.get(firm, firm) for site, firm in ends.items()}
    ties = [
        Tie(
            ends[one.origin],
            ends[one.target],
            f"{material.good_name(one.commodity)} {material.amount(one.quantity, one.commodity)}",
            _href(seen, one.proposals, lead, _who(ends[one.origin])),
        )
        for one in sent
    ]
    names = {key: material.firm_name(key) for key in set(ends.values())}
    return partnerships(ties, names, _naming(seen, "partners"))


def _products(seen: Seen, by_county: bool, lead: Addresses) -> Markup:
    del by_county
    made = _made(seen)
    names = {good: seen.material.good_name(good) for row in made for good in row[:2]}
    ties = [
        Tie(one, other, word("view.plants", seen.lang, count=count, new=new), lead(commodity=other), new=new > 0)
        for one, other, count, new in made
    ]
    return products(ties, names, _naming(seen, "products"))


def _made(seen: Seen) -> list[tuple[str, str, int, int]]:
    good = seen.choice.commodity
    return [row for row in seen.material.products() if good in ("", *row[:2])]


def beside(seen: Seen, view: str, lead: Addresses) -> Sheet:
    """Return the table that has the figures of a picture."""
    if view == "products":
        return _product_sheet(seen)
    material, lang = seen.material, seen.lang
    sent = material.sent(seen.choice)
    if view in ("sankey", "partners"):
        sent = between(sent, material)
    columns = (
        Column("commodity", word("commodity", lang)),
        Column("from", word("view.supplier", lang)),
        Column("to", word("view.user", lang)),
        Column("quantity", word("quantity", lang), number=True),
        Column("unit", word("view.unit", lang), shown=False),
        Column("proposals", word("proposals", lang)),
    )
    rows = []
    for one in sorted(sent, key=lambda one: (material.good_name(one.commodity), -one.quantity)):
        href = _href(seen, one.proposals, lead, {"commodity": one.commodity, **_who(material.firm(one.origin))})
        amount = (seen.shown.amount(one.quantity, one.commodity), one.quantity)
        behind = Cell(str(len(one.proposals) or "–"), len(one.proposals), href)
        names = [material.site_name(end) for end in (one.origin, one.target)]
        rows.append(cells(material.good_name(one.commodity), *names, amount, material.unit(one.commodity), behind))
    return Sheet(view, word(f"view.{view}.table", lang), columns, tuple(rows))


def _product_sheet(seen: Seen) -> Sheet:
    lang, name = seen.lang, seen.material.good_name
    columns = (
        Column("used", word("view.made_of", lang)),
        Column("made", word("view.made", lang)),
        Column("plants", word("view.plant_count", lang), number=True),
        Column("new", word("view.plant_new", lang), number=True),
    )
    rows = [
        cells(name(one), name(other), (str(count), count), (str(new), new)) for one, other, count, new in _made(seen)
    ]
    return Sheet("products", word("view.products.table", lang), columns, tuple(rows))
