"""Reference checks: ids that name rows of other tables must exist, and in one table only."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from synergy.dataset.findings import Findings, Where
from synergy.dataset.numbers import folded, near, suggestion
from synergy.dataset.schema import HOLDERS, MARKET_SIDE, NO_EFFECT, TABLES, own_column
from synergy.dataset.sheet import Flags, Floats, TableData, Words

Sheets = Mapping[str, TableData]
EARTH_KM = 6371.0088
_FAR_KM, _FAR_TIMES = 400.0, 15.0  # a site farther from the middle than both is worth a question


def check_references(sheets: Sheets, broken: Collection[str], findings: Findings) -> None:
    """Check every id that names a row of another table, except ids of the unreadable tables in `broken`."""
    for sheet in sheets.values():
        for column in TABLES[sheet.table].columns:
            if column.refs and not set(column.refs) & set(broken):
                _known(sheet, column.name, column.refs, (sheets, findings))
        if sheet.table in HOLDERS and not set(HOLDERS[sheet.table]) & set(broken):
            _holders(sheet, sheets, findings)


def names_of(sheets: Sheets, tables: Sequence[str]) -> dict[str, str]:
    """Return the ids of some tables, each with one id per row, by their names in both languages."""
    names: dict[str, str] = {}
    for table in tables:
        sheet = sheets[table]
        for column in ("name_en", "name_zh"):
            if column in sheet.columns and len(sheet) <= 5000:
                pairs = zip(sheet.words(column).texts(), sheet.words(own_column(table)).texts(), strict=True)
                names |= {name: one for name, one in pairs if name and one}
    return names


def unknown(word: str, sheets: Sheets, tables: Sequence[str]) -> dict[str, object]:
    """Return the message fields of the rule ``unknown_id``: the tables searched and a suggestion."""
    known = [one for table in tables for one in sheets[table].words(own_column(table)).words]
    found = near(word, known, names_of(sheets, tables))
    hints = suggestion(found)
    if not found:
        listed = " / ".join(tables)
        hints = {"near": f"add it to {listed}, or mend the id", "near_zh": f"请在 {listed} 中添加或修正标识"}
    return {"tables": ", ".join(tables)} | hints


def _known(sheet: TableData, name: str, tables: Sequence[str], context: tuple[Sheets, Findings]) -> None:
    sheets, findings = context
    column = sheet.words(name)
    if not len(column.words):
        return
    known = np.zeros(len(column.words), dtype=np.bool_)
    for table in tables:
        known |= _positions(column, sheets[table]) >= 0
    for place in np.flatnonzero(~known & column.used())[:200]:
        lines = sheet.lines[column.codes == place]
        word = column.words[place]
        fields = unknown(word, sheets, tables)
        findings.add_rows("unknown_id", Where(sheet.table, None, name), lines, [word] * len(lines), **fields)


def _positions(column: Words, sheet: TableData) -> NDArray[np.int64]:
    """Map each word of a column to its position among the ids of a table; -1 for unknown words."""
    own = sheet.words(own_column(sheet.table)).words
    if not len(own):
        return np.full(len(column.words), -1)
    return pd.Index(own).get_indexer(pd.Index(column.words)).astype(np.int64)


def _holders(sheet: TableData, sheets: Sheets, findings: Findings) -> None:
    """Check that holders of qualities, limits and availability are rows of one of their tables.

    A quality of a holder that only takes the commodity, and a limit of one that only gives it, is allowed and has no
    effect.
    """
    column, tables = sheet.words("holder"), HOLDERS[sheet.table]
    if not len(column.words):
        return
    side = MARKET_SIDE.get(sheet.table, "")
    here = {table: _positions(column, sheets[table]) >= 0 for table in tables}
    idle = np.zeros(len(column.words), dtype=np.bool_)
    if side:
        idle = here["markets"] & ~_on_side(column, sheets["markets"], side)
        here["markets"] &= ~idle
        idle |= _positions(column, sheets[NO_EFFECT[sheet.table]]) >= 0
    count = np.sum(list(here.values()), axis=0)
    where = Where(sheet.table, None, "holder")
    for place in np.flatnonzero((count != 1) & column.used())[:200]:
        lines, word = sheet.lines[column.codes == place], column.words[place]
        code = "ambiguous_holder"
        fields: dict[str, object] = {"tables": ", ".join(table for table in tables if here[table][place])}
        if count[place] == 0:
            code, fields = "no_effect_holder", {"role": "gives", "role_zh": "供出"}
            if side == "buy":
                fields = {"role": "takes", "role_zh": "接收"}
            if not idle[place]:
                code, fields = "unknown_id", unknown(word, sheets, tables)
        findings.add_rows(code, where, lines, [word] * len(lines), **fields)


def _on_side(column: Words, markets: TableData, side: str) -> NDArray[np.bool_]:
    sides = markets.words("side").texts() == side
    chosen = markets.words("market").take(sides)
    known = chosen.words[chosen.used()]
    return np.isin(column.words.astype(object), known) if len(known) else np.zeros(len(column.words), dtype=np.bool_)


def check_links(sheets: Sheets, findings: Findings) -> TableData:
    """Check the links; drop those from a site to itself, which have no effect."""
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


def _modes(links: TableData, transport: TableData, findings: Findings) -> None:
    modes, known = links.words("mode"), set(transport.words("mode").words)
    for place, mode in enumerate(modes.words) if known else ():
        alike = [] if mode in known else near(mode, sorted(known))
        if alike:
            lines = links.lines[modes.codes == place]
            findings.add_rows("unknown_mode", Where("links", None, "mode"), lines[:1], [mode], **suggestion(alike))


def _unplaced(column: Words, sites: TableData) -> Flags:
    """Return for each row whether its site has no coordinates."""
    missing = np.isnan(sites.numbers("latitude")) | np.isnan(sites.numbers("longitude"))
    names = set(sites.words("site").texts()[missing])
    return column.among(np.array([word in names for word in column.words], dtype=np.bool_))


def _no_km(links: TableData, sheets: Sheets, findings: Findings) -> None:
    """Report links that need a length which is neither given nor computable."""
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


def _charged(links: TableData, transport: TableData) -> NDArray[np.object_]:
    """Return for each link a quantity that is charged by km (CO2, investment, loss or cost); "" where none is."""
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


def _transport_rows(links: TableData, transport: TableData) -> NDArray[np.int64]:
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


def check_places(sheets: Mapping[str, TableData], findings: Findings) -> None:
    """Check weights, coordinates, and facilities at public places."""
    weights = sheets["enterprises"].numbers("weight")
    if len(weights) and not np.nansum(weights):
        findings.add("no_weight", Where("enterprises", None, "weight"), "0")
    _coordinates(sheets["sites"], findings)
    _public_facilities(sheets, findings)


def public_sites(sheets: Mapping[str, TableData]) -> set[str]:
    """Return the sites without an enterprise."""
    sites = sheets["sites"]
    public: set[str] = set(sites.words("site").texts()[~sites.words("enterprise").filled]) - {""}
    return public


def _coordinates(sites: TableData, findings: Findings) -> None:
    latitude, longitude = sites.numbers("latitude"), sites.numbers("longitude")
    names = sites.words("site").texts()

    def say(code: str, wrong: Flags, **fields: object) -> None:
        texts = [f"{names[row]}: {latitude[row]:g}, {longitude[row]:g}" for row in np.flatnonzero(wrong)]
        findings.add_rows(code, Where("sites", None, "latitude"), sites.lines[wrong], texts, **fields)

    half = np.isnan(latitude) != np.isnan(longitude)
    say("half_coordinates", half)
    placed = ~np.isnan(latitude) & ~np.isnan(longitude) & (np.abs(latitude) <= 90) & (np.abs(longitude) <= 180)
    zero = placed & (latitude == 0) & (longitude == 0)
    say("zero_coordinates", zero)
    placed &= ~zero
    kms = _from_middle(latitude, longitude, placed)
    far = kms > max(_FAR_KM, _FAR_TIMES * float(np.median(kms[placed])) if placed.sum() > 3 else np.inf)
    say("far_site", far, km=[f"{km:.0f}" for km in kms[far]])
    seen: dict[tuple[float, float], str] = {}
    other = np.array([seen.setdefault((a, b), name) for a, b, name in zip(latitude, longitude, names, strict=True)])
    twin = placed & (other != names) if len(other) else placed
    say("same_place", twin, other=list(other[twin]))


def _from_middle(latitude: Floats, longitude: Floats, placed: Flags) -> Floats:
    """Return the km of each site from the median place; 0 where it has no coordinates."""
    kms = np.zeros(len(latitude))
    if placed.any():
        a, b = np.radians(latitude[placed]), np.radians(longitude[placed])
        a0, b0 = np.median(a), np.median(b)
        half = np.sin((a - a0) / 2) ** 2 + np.cos(a) * np.cos(a0) * np.sin((b - b0) / 2) ** 2
        kms[placed] = 2 * EARTH_KM * np.arcsin(np.sqrt(np.minimum(1, half)))
    return kms


def _public_facilities(sheets: Mapping[str, TableData], findings: Findings) -> None:
    facilities, public = sheets["facilities"], public_sites(sheets)
    load, must = facilities.numbers("min_load"), facilities.flags("must_run")
    site = facilities.words("site")
    at_public = site.among(np.array([word in public for word in site.words], dtype=np.bool_))
    for code, column, wrong in (
        ("must_run_without_load", "must_run", must & ~(load > 0)),
        ("public_min_load", "min_load", at_public & (load > 0) & ~must),
    ):
        values = [f"{facilities.value(column, row)}".lower() for row in np.flatnonzero(wrong)[:200]]
        findings.add_rows(code, Where("facilities", None, column), facilities.lines[wrong], values)


def combined(columns: Sequence[Words]) -> NDArray[np.int64]:
    """Return one integer per row, equal for rows that are equal in all columns; -1 where a column is blank."""
    keys = columns[0].codes.astype(np.int64)
    size, blank = len(columns[0].words), keys < 0
    for column in columns[1:]:
        if size * max(1, len(column.words)) >= 2**62:
            keys, distinct = pd.factorize(keys)
            size = len(distinct)
        keys = keys * len(column.words) + column.codes
        size *= max(1, len(column.words))
        blank |= column.codes < 0
    return np.where(blank, -1, keys) if blank.any() else keys


def without_repeats(sheet: TableData, findings: Findings) -> TableData:
    """Drop rows that repeat another one exactly; report rows with the same key and other values as errors.

    Both are reported with the lines of both rows.
    """
    names = TABLES[sheet.table].key
    if not names:  # two deals of one pair are two deals
        return sheet
    keys = combined([sheet.words(name) for name in names])
    if not len(keys):
        return sheet
    later = pd.Series(keys).duplicated().to_numpy() & (keys >= 0)
    if not later.any():
        return sheet
    rows = np.flatnonzero(later)
    first = _first(keys, rows)
    same = _same(sheet, rows, first)
    column = names[0] if len(names) == 1 else ""
    where = Where(sheet.table, None, column)
    for code, chosen in (("same_row", same), ("double_key", ~same)):
        texts = [" ".join(str(sheet.value(name, row)) for name in names) for row in rows[chosen][:200].tolist()]
        lines, others = sheet.lines[rows[chosen]], sheet.lines[first[chosen]].tolist()
        findings.add_rows(code, where, lines, texts, first=others, line=lines.tolist())
    keep = np.ones(len(sheet), dtype=np.bool_)
    keep[rows] = False
    return sheet.take(keep)


def _first(keys: NDArray[np.int64], rows: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return for each of some rows the first row with the same key."""
    codes, distinct = pd.factorize(keys)
    first = np.full(len(distinct), len(keys))
    np.minimum.at(first, codes, np.arange(len(keys)))
    found: NDArray[np.int64] = first[codes[rows]]
    return found


def _same(sheet: TableData, rows: NDArray[np.int64], first: NDArray[np.int64]) -> Flags:
    same = np.ones(len(rows), dtype=np.bool_)
    for cells in sheet.columns.values():
        if isinstance(cells, Words):
            same &= cells.codes[rows] == cells.codes[first]
        else:
            one, other = cells[rows], cells[first]
            same &= (one == other) | (np.isnan(one) & np.isnan(other))
    return same


def look_alikes(sheet: TableData, findings: Findings) -> None:
    """Report ids of a table that differ from another one only in case or width."""
    names = TABLES[sheet.table].key
    if len(names) != 1:
        return
    column = sheet.words(names[0])
    looks = [word.lower() if word.isascii() else folded(word) for word in column.words]
    if len(set(looks)) == len(looks):
        return
    seen: dict[str, str] = {}
    for place, (word, look) in enumerate(zip(column.words, looks, strict=True)):
        other = seen.setdefault(look, word)
        if other != word:
            lines = sheet.lines[column.codes == place][:1]
            findings.add_rows("id_alike", Where(sheet.table, None, names[0]), lines, [word], other=other)
