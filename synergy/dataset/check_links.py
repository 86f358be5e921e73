"""Links between sites: to somewhere else, by a known mode, and long enough to be charged by km."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from synergy.dataset.check_keys import combined
from synergy.dataset.findings import Findings, Where
from synergy.dataset.ids import near, suggestion
from synergy.dataset.sheet import Flags, Floats, Sheet, Words

Sheets = Mapping[str, Sheet]


def check_links(sheets: Sheets, findings: Findings) -> Sheet:
    """Check the links; return them without those from a site to itself, which mean nothing.

    Parameters
    ----------
    sheets : mapping of str to Sheet
        All tables, references known.
    findings : Findings
        Takes what is wrong.

    Returns
    -------
    Sheet
    """
    links = sheets["links"]
    if not len(links):
        return links
    start, end = links.words("from_site"), links.words("to_site")
    loop = start.places_in(end) == end.codes
    loop &= start.filled
    findings.add_rows("self_link", Where("links", None, "to_site"), links.lines[loop], end.take(loop).texts())
    links = links.take(~loop) if loop.any() else links
    zero = links.numbers("km") == 0
    findings.add_rows("zero_km", Where("links", None, "km"), links.lines[zero], links.numbers("km")[zero])
    _modes(links, sheets["transport"], findings)
    _no_km(links, sheets, findings)
    return links


def _modes(links: Sheet, transport: Sheet, findings: Findings) -> None:
    modes, known = links.words("mode"), set(transport.words("mode").words)
    for place, mode in enumerate(modes.words) if known else ():
        alike = [] if mode in known else near(mode, sorted(known))
        if alike:
            lines = links.lines[modes.codes == place]
            findings.add_rows("unknown_mode", Where("links", None, "mode"), lines[:1], [mode], **suggestion(alike))


def _unplaced(column: Words, sites: Sheet) -> Flags:
    """Return for each row whether its site has no coordinates."""
    missing = np.isnan(sites.numbers("latitude")) | np.isnan(sites.numbers("longitude"))
    names = set(sites.words("site").texts()[missing])
    return column.among(np.array([word in names for word in column.words], dtype=np.bool_))


def _no_km(links: Sheet, sheets: Sheets, findings: Findings) -> None:
    """Say where a length is needed and can be neither read nor computed."""
    start, end = links.words("from_site"), links.words("to_site")
    from_nowhere, to_nowhere = _unplaced(start, sheets["sites"]), _unplaced(end, sheets["sites"])
    asked = np.isnan(links.numbers("km")) & (from_nowhere | to_nowhere) & ~links.flags("forbidden")
    rows = np.flatnonzero(asked)
    if not len(rows):
        return
    reasons = _charged(links.take(rows), sheets["transport"])
    wrong = np.flatnonzero(reasons != "")
    rows = rows[wrong]
    ends = [(start.take(rows).texts(), from_nowhere[rows]), (end.take(rows).texts(), to_nowhere[rows])]
    nowhere = [", ".join(str(t[i]) for t, no in ends if no[i]) for i in range(len(rows))]
    modes = links.words("mode").take(rows).texts().tolist()
    fields: dict[str, object] = {"charged": reasons[wrong].tolist(), "mode": modes, "sites": nowhere}
    findings.add_rows("no_km", Where("links", None, "km"), links.lines[rows], [""] * len(rows), **fields)


def _charged(links: Sheet, transport: Sheet) -> NDArray[np.object_]:
    """Return for each link what of it counts by km; "" where nothing does."""
    place = _transport_rows(links, transport)

    def rate(name: str) -> Floats:
        return np.append(transport.numbers(name), 0.0)[place]

    reasons = np.full(len(links), "", dtype=object)
    no_capex = links.flags("existing") | ~np.isnan(links.numbers("fixed_capex"))
    for text, counts in (
        ("CO2", rate("co2_per_unit_km") != 0),
        ("investment", (rate("capex_per_km") != 0) & ~no_capex),
        ("loss", (rate("loss_per_km") != 0) & np.isnan(links.numbers("loss"))),
        ("cost", (rate("cost_per_unit_km") != 0) & np.isnan(links.numbers("cost_per_unit"))),
    ):
        reasons[counts] = text
    return reasons


def _transport_rows(links: Sheet, transport: Sheet) -> NDArray[np.int64]:
    """Return for each link the row of `transport` of its mode and commodity; -1 for none."""
    columns = [transport.words("mode"), transport.words("commodity")]
    here = [links.words("mode").places_in(columns[0]), links.words("commodity").places_in(columns[1])]
    wanted = combined([Words(codes, own.words) for codes, own in zip(here, columns, strict=True)])
    known = combined(columns)
    if not len(known):
        return np.full(len(links), -1)
    first = ~pd.Series(known).duplicated().to_numpy()
    found = pd.Index(known[first]).get_indexer(pd.Index(wanted))
    return np.where((found >= 0) & (wanted >= 0), np.flatnonzero(first)[found], -1)
