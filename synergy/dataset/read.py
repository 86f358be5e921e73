"""Read a dataset from a folder, zip archive or workbook: checked values and references, or all faults at once.

Two datasets with the same digest hold the same rows in the same order with the same values. Byte order marks,
encodings, line ends, quotes, the order of columns, spellings of a number (``1`` and ``1.0``), and whether a default is
written out do not matter; nor do settings and a scenario, which the plan names by themselves.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from synergy.dataset.findings import Findings, Where
from synergy.dataset.package import Package, open_source, package_of
from synergy.dataset.processes import LOOPS, check_balances, check_loops, check_processes, public_sites
from synergy.dataset.schema import HOLDERS, MARKET_SIDE, NO_EFFECT, TABLES, YEAR, Column
from synergy.dataset.settings import OVERRIDES, SCENARIO, Layer, apply, check_shape, parse_settings
from synergy.dataset.sheet import Cells, Dataset, Flags, Floats, Lines, TableData, Words
from synergy.dataset.typed import UnitHints, filled, folded, names_a_column, near, second_header, suggestion, typed
from synergy.errors import DatasetError, LoopError, Problem, Severity
from synergy.formulas import great_circle
from synergy.scenario import Scenario, Settings
from synergy.units import counted_in
from synergy.workbook.reading import CLAIMS, read_workbook

Sheets = Mapping[str, TableData]
_TOLD = 1e-8  # amounts from which a plan is told to meet them or not
_FAR_KM, _FAR_TIMES = 400.0, 15.0  # a site farther from the middle than both is worth a question
_Load = Callable[[str], TableData | None]


def read(path: str | Path, scenario: Scenario | None = None, overrides: Mapping[str, object] | None = None) -> Dataset:
    """Read and check a dataset.

    Parameters
    ----------
    path : str or pathlib.Path
        A folder of tables, its ``datapackage.json``, a zip archive of one, or an ``.xlsx`` workbook.
    scenario : Scenario, optional
        Applied before anything else looks at the tables.
    overrides : mapping, optional
        Settings on top of the dataset's and the scenario's; texts are read as on a command line.

    Returns
    -------
    Dataset
        Its `warnings` say what is odd without being wrong.

    Raises
    ------
    DatasetError
        Anything is wrong; `problems` holds all of it.
    LoopError
        Nothing is wrong but a loop that makes goods or money from nothing.
    """
    dataset, problems = check(path, scenario, overrides)
    if dataset is None:
        raise refusal(problems)
    return dataset


def refusal(problems: Sequence[Problem]) -> DatasetError:
    """Return the error for problems with at least one error: `LoopError` where loops are the only errors."""
    errors = [problem for problem in problems if problem.severity is Severity.ERROR]
    return (LoopError if all(problem.code in LOOPS for problem in errors) else DatasetError)(problems)


def check(
    path: str | Path, scenario: Scenario | None = None, overrides: Mapping[str, object] | None = None
) -> tuple[Dataset | None, tuple[Problem, ...]]:
    """Read and check a dataset; return it with all findings.

    Parameters
    ----------
    path, scenario, overrides
        As for `read`.

    Returns
    -------
    Dataset or None
        None where there are errors: nothing is half imported.
    tuple of Problem
        Errors first, then warnings.
    """
    findings, scenario = Findings(), scenario or Scenario()
    found = _opened(Path(path), findings)
    if found is None:
        return None, findings.problems()
    package, load, located = found
    sheets, broken = _sheets(package, load, findings)
    digest = "" if findings.refused else _digest_of(sheets)
    sound = check_shape(scenario, findings)
    own = Layer(package.says, package.settings, "/synergy")
    layers = (own, Layer(SCENARIO, sound.settings), Layer(OVERRIDES, overrides or {}))
    settings, places = parse_settings(layers, findings)
    applied = apply(sound, sheets, findings)
    sheets = applied.sheets
    if not len(sheets["periods"]) and "periods" not in broken:
        columns: dict[str, Cells] = {"period": Words.of([YEAR[0]]), "hours": np.array([YEAR[1]])}
        sheets["periods"] = replace(sheets["periods"], lines=np.ones(1, dtype=np.int64), columns=columns)
    _check_values(sheets, findings)
    _check_references(sheets, broken, findings)
    _check_places(sheets, findings)
    check_processes(sheets, findings)
    sheets["links"] = _check_links(sheets, findings)
    check_balances(sheets, findings)
    _check_settings(settings, places, sheets, findings)
    if not findings.refused:
        check_loops(sheets, settings, findings)
    problems = tuple(map(located, findings.problems(applied.relocate)))
    if findings.refused:
        return None, problems
    tables = {name: sheet.frame() for name, sheet in sheets.items()}
    given = frozenset(name for name, sheet in sheets.items() if sheet.given)
    return Dataset(package.name, tables, given, settings, scenario, digest, problems), problems


def _opened(path: Path, findings: Findings) -> tuple[Package, _Load, Callable[[Problem], Problem]] | None:
    """Open a dataset; return its package, a loader of its tables as texts, and a function that locates problems."""
    if path.suffix.lower() in CLAIMS and path.is_file():
        book = read_workbook(path, findings)
        return None if book is None else (book.package, book.sheets.__getitem__, book.located)
    source = open_source(path, findings)
    if source is None:
        return None
    package = package_of(source, findings)
    return package, lambda name: package.sheet(name, source, findings), lambda problem: problem


def _sheets(package: Package, load: _Load, findings: Findings) -> tuple[dict[str, TableData], set[str]]:
    """Return all tables, and the names of those that could not be read."""
    sheets: dict[str, TableData] = {}
    units: dict[str, dict[str, str]] = {}
    measures = UnitHints(units, str(package.settings.get("currency", "CNY")))
    broken = {name for name, table in TABLES.items() if table.required and name not in package.files}
    for name in TABLES:
        raw = load(name) if name in package.files else None
        first = [] if raw is None or not len(raw) else [str(raw.value(column, 0)) for column in raw.columns]
        if raw is not None and second_header(first, partial(names_a_column, name)):
            findings.add("two_row_header", Where(name, int(raw.lines[0])))
            raw = None
        if raw is None:
            broken |= {name} & set(package.files)
            # a file with a header row alone is given, though it has no rows
            sheets[name] = filled(TableData(name, np.empty(0, dtype=np.int64), given=False))
            continue
        sheet = typed(raw, findings, measures)
        _check_ranges(sheet, findings)
        sheets[name] = sheet = _check_keys(sheet, findings)
        if name in ("commodities", "processes"):
            key, unit = TABLES[name].key[0], "unit" if name == "commodities" else "activity_unit"
            pairs = zip(sheet.words(key).texts(), sheet.words(unit).texts(), strict=True)
            units[key] = {ident: counted_in(counted) for ident, counted in pairs}
    return sheets, broken


def _digest_of(sheets: Sheets) -> str:
    """Return the SHA-256, in 64 hexadecimal digits, of tables as read, defaults filled in, before any scenario.

    Tables that were not given do not count.
    """
    total = hashlib.sha256(b"synergy/dataset/1\n")
    for name in sorted(name for name, sheet in sheets.items() if sheet.given):
        sheet = sheets[name]
        total.update(f"{name}\n{len(sheet)}\n".encode())
        for column in sorted(sheet.columns):
            total.update(f"{column}\n".encode())
            cells = sheet.columns[column]
            if isinstance(cells, Words):
                counts = np.bincount(cells.codes.astype(np.int64) + 1, minlength=len(cells.words) + 1)
                words = cells.renamed(cells.words) if counts[1:].all() else Words.of(cells.texts())
                total.update("".join(f"{len(word)}:{word}" for word in words.words).encode("utf-8", "surrogatepass"))
                total.update(np.ascontiguousarray(words.codes.astype("<i4")).data)
            elif cells.dtype == np.bool_:
                total.update(np.packbits(cells.astype(np.bool_)).data)
            else:
                numbers = np.where(np.isnan(cells), np.nan, cells).astype("<f8")  # one kind of NaN
                total.update(np.ascontiguousarray(numbers).data)
    return total.hexdigest()


def _check_values(sheets: Sheets, findings: Findings) -> None:
    """Check every number against the bounds of its column; report zero amounts too."""
    for sheet in sheets.values():
        for column in TABLES[sheet.table].numbers if len(sheet) else ():
            for name in (column.name, f"{column.name}_low", f"{column.name}_high"):
                if name in sheet.columns and not isinstance(sheet.columns[name], Words):
                    _check_bounds(sheet, name, column, findings)
    for table, flag in (("offers", "must_clear"), ("needs", "required")):
        sheet, amounts = sheets[table], sheets[table].numbers("quantity")
        tiny = (sheet.numbers(flag) > 0) & (amounts > 0) & (amounts < _TOLD)
        findings.add_where("tiny_compulsory", sheet, "quantity", tiny, amounts, flag=flag, least=f"{_TOLD:g}")


def _check_bounds(sheet: TableData, name: str, column: Column, findings: Findings) -> None:
    """Check the numbers of a column, or their low or high ends, against the bounds in the schema."""
    values = sheet.numbers(name)
    wrong = {"not_finite": np.isinf(values)}
    bounds = {"below": column.minimum, "above": column.maximum, "not_above": column.above}
    if column.minimum is not None:
        wrong["below"] = values < column.minimum
    if column.maximum is not None:
        wrong["above"] = values > column.maximum
    if column.above is not None:
        wrong["not_above"] = values <= column.above
    if column.amount and name == column.name:
        wrong["zero_amount"] = values == 0
    for code, rows in wrong.items():
        if rows.any():
            bound = bounds.get(code)
            fields = {} if bound is None else {"bound": f"{bound:g}", **_hint(column, code)}
            findings.add_where(code, sheet, name, rows, values, **fields)


def _hint(column: Column, code: str) -> dict[str, str]:
    """Return the hints on a number that is below, above or not above the bound of its column."""
    if code != "not_above" and column.unit == "deg":
        return {"hint": "are latitude and longitude swapped?", "hint_zh": "经纬度是否颠倒？"}
    if code == "below" and column.amount:
        return {"hint": "amounts are never negative", "hint_zh": "数量不能为负"}
    if code == "above" and column.maximum == 1.0:
        return {"hint": "write a part, as 0.95 for 95 %", "hint_zh": "请写小数，如 95% 写 0.95"}
    return {"hint": "", "hint_zh": ""}


def _check_ranges(sheet: TableData, findings: Findings) -> None:
    """Check that `<name>_low` <= `<name>` <= `<name>_high` where they are given, before a scenario."""
    for column in TABLES[sheet.table].numbers:
        names = (f"{column.name}_low", column.name, f"{column.name}_high")
        if names[0] not in sheet.columns and names[2] not in sheet.columns:
            continue
        blank = np.full(len(sheet), np.nan)
        low, value, high = (sheet.numbers(name) if name in sheet.columns else blank for name in names)
        wrong = (low > value) | (value > high) | (low > high)
        fields: dict[str, object] = {
            key: [f"{one:.15g}" for one in values[wrong]]
            for key, values in (("low", low), ("middle", value), ("high", high))
        }
        findings.add_where("range_order", sheet, column.name, wrong, value, **fields)


def _check_settings(settings: Settings, places: Mapping[str, Where], sheets: Sheets, findings: Findings) -> None:
    """Check the ids in `forbid`, `fix` and `mode_share`; `places` locates each in the document that names it."""

    def known(table: str, word: str | None, setting: str, pointer: str) -> None:
        if word is not None and word not in set(sheets[table].words(TABLES[table].key[0]).words):
            findings.add("unknown_id", inside(setting, pointer), word, **_unknown(word, sheets, [table]))

    def inside(setting: str, pointer: str) -> Where:
        return places[setting]._replace(column=f"{places[setting].column}/{pointer}")

    for name, listed in (("forbid", settings.forbid), ("fix", settings.fix)):
        for place, pattern in enumerate(listed):
            known("enterprises", pattern.from_enterprise, name, f"{place}/from_enterprise")
            known("enterprises", pattern.to_enterprise, name, f"{place}/to_enterprise")
            known("sites", pattern.from_site, name, f"{place}/from_site")
            known("sites", pattern.to_site, name, f"{place}/to_site")
            known("commodities", pattern.commodity, name, f"{place}/commodity")
    modes = sorted(set(sheets["transport"].words("mode").words) | set(sheets["links"].words("mode").words))
    for place, share in enumerate(settings.mode_share):
        known("commodities", share.commodity, "mode_share", f"{place}/commodity")
        for number, mode in enumerate(share.modes):
            if mode not in modes:
                pointer = inside("mode_share", f"{place}/modes/{number}")
                findings.add("unused_mode", pointer, mode, **suggestion(near(mode, modes)))


def _check_references(sheets: Sheets, broken: Collection[str], findings: Findings) -> None:
    """Check every id that names a row of another table, except ids of the unreadable tables in `broken`."""
    for sheet in sheets.values():
        refs = [(column.name, column.refs) for column in TABLES[sheet.table].columns if column.refs]
        refs += [("holder", HOLDERS[sheet.table])] if sheet.table in HOLDERS else []
        for name, tables in refs:
            if not set(tables) & set(broken) and len(sheet.words(name).words):
                _check_ids(sheet, name, tables, (sheets, findings))


def _unknown(word: str, sheets: Sheets, tables: Sequence[str]) -> dict[str, object]:
    """Return the message fields of the rule ``unknown_id``: the tables searched and a suggestion."""
    known: list[str] = []
    names: dict[str, str] = {}  # in both languages
    for sheet in (sheets[table] for table in tables):
        own = sheet.words(TABLES[sheet.table].key[0])
        known += own.words.tolist()
        for column in ("name_en", "name_zh"):
            if column in sheet.columns and len(sheet) <= 5000:
                pairs = zip(sheet.words(column).texts(), own.texts(), strict=True)
                names |= {name: one for name, one in pairs if name and one}
    found, listed = near(word, known, names), " / ".join(tables)
    add: dict[str, object] = {
        "near": f"add it to {listed}, or mend the id",
        "near_zh": f"请在 {listed} 中添加或修正标识",
    }
    return {"tables": ", ".join(tables)} | (suggestion(found) if found else add)


def _check_ids(sheet: TableData, name: str, tables: Sequence[str], context: tuple[Sheets, Findings]) -> None:
    """Check that the ids of a column are rows of one of some tables.

    Of the holders of qualities and limits, a quality of one that only takes the commodity, and a limit of one that only
    gives it, is allowed and has no effect.
    """
    (sheets, findings), column = context, sheet.words(name)
    each = Words(np.arange(len(column.words)), column.words)
    here = {table: each.isin(set(sheets[table].words(TABLES[table].key[0]).words)) for table in tables}
    idle = np.zeros(len(column.words), dtype=np.bool_)
    side = MARKET_SIDE.get(sheet.table, "") if name == "holder" else ""
    if side:
        markets = sheets["markets"]
        chosen = markets.words("market").texts()[markets.words("side").texts() == side]
        idle = here["markets"] & ~each.isin(set(chosen))
        here["markets"] = here["markets"] & ~idle
        other = NO_EFFECT[sheet.table]
        idle |= each.isin(set(sheets[other].words(TABLES[other].key[0]).words))
    count = np.sum(list(here.values()), axis=0)
    role = {"role": "takes", "role_zh": "接收"} if side == "buy" else {"role": "gives", "role_zh": "供出"}
    for place in np.flatnonzero((count != 1) & np.isin(each.codes, column.codes))[:200].tolist():
        if count[place]:
            listed = ", ".join(table for table in tables if here[table][place])
            findings.add_word("ambiguous_holder", sheet, name, place, tables=listed)
        elif idle[place]:
            findings.add_word("no_effect_holder", sheet, name, place, **role)
        else:
            findings.add_word("unknown_id", sheet, name, place, **_unknown(column.words[place], sheets, tables))


def _check_links(sheets: Sheets, findings: Findings) -> TableData:
    """Check the links; drop those from a site to itself, which have no effect."""
    links = sheets["links"]
    if not len(links):
        return links
    start, end = links.words("from_site"), links.words("to_site")
    loop = (start.places_in(end) == end.codes) & (start.codes >= 0)
    findings.add_rows("self_link", Where("links", None, "to_site"), links.lines[loop], end.texts()[loop])
    links = links.take(~loop) if loop.any() else links
    km, modes = links.numbers("km"), links.words("mode")
    findings.add_where("zero_km", links, "km", km == 0, km)
    known = sorted(set(sheets["transport"].words("mode").words))
    for place, mode in enumerate(modes.words):
        alike = [] if mode in known else near(mode, known)
        if alike:
            lines = links.lines[modes.codes == place]
            findings.add_rows("unknown_mode", Where("links", None, "mode"), lines[:1], [mode], **suggestion(alike))
    sites = sheets["sites"]
    missing = np.isnan(sites.numbers("latitude")) | np.isnan(sites.numbers("longitude"))
    unplaced = set(sites.words("site").texts()[missing])
    nowhere = [links.words(end).isin(unplaced) for end in ("from_site", "to_site")]
    asked = np.isnan(km) & (nowhere[0] | nowhere[1]) & (links.numbers("forbidden") == 0)
    if asked.any():
        _no_km(links, np.flatnonzero(asked), nowhere, (sheets["transport"], findings))
    return links


def _no_km(links: TableData, rows: Lines, nowhere: list[Flags], context: tuple[TableData, Findings]) -> None:
    """Report those of some links that need a length which is neither given nor computable.

    `nowhere` says of each link whether its start, and whether its end, has no coordinates.
    """
    transport, findings = context
    reasons = _charged(links.take(rows), transport)
    wrong = np.flatnonzero(reasons != "")
    rows = rows[wrong]
    ends = [
        (links.words(name).texts()[rows], no[rows]) for name, no in zip(("from_site", "to_site"), nowhere, strict=True)
    ]
    sites = [", ".join(str(t[i]) for t, no in ends if no[i]) for i in range(len(rows))]
    modes = links.words("mode").texts()[rows].tolist()
    fields: dict[str, object] = {"charged": reasons[wrong].tolist(), "mode": modes, "sites": sites}
    findings.add_rows("no_km", Where("links", None, "km"), links.lines[rows], [""] * len(rows), **fields)


def _charged(links: TableData, transport: TableData) -> NDArray[np.object_]:
    """Return for each link a quantity that is charged by km (CO2, investment, loss or cost); "" where none is."""
    place = _transport_rows(links, transport)

    def rate(name: str) -> Floats:
        return np.append(transport.numbers(name), 0.0)[place]

    reasons = np.full(len(links), "", dtype=object)
    no_capex = (links.numbers("existing") > 0) | ~np.isnan(links.numbers("fixed_capex"))
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
    wanted = _combined([Words(codes, own.words) for codes, own in zip(here, columns, strict=True)])
    known = _combined(columns)
    if not len(known):
        return np.full(len(links), -1)
    first = ~pd.Series(known).duplicated().to_numpy()
    found = pd.Index(known[first]).get_indexer(pd.Index(wanted))
    return np.where((found >= 0) & (wanted >= 0), np.flatnonzero(first)[found], -1)


def _check_places(sheets: Sheets, findings: Findings) -> None:
    """Check weights, coordinates, and facilities at public places."""
    weights = sheets["enterprises"].numbers("weight")
    if len(weights) and not np.nansum(weights):
        findings.add("no_weight", Where("enterprises", None, "weight"), "0")
    _coordinates(sheets["sites"], findings)
    facilities = sheets["facilities"]
    load, must = facilities.numbers("min_load"), (facilities.numbers("must_run") > 0)
    at_public = facilities.words("site").isin(public_sites(sheets))
    for code, column, wrong in (
        ("must_run_without_load", "must_run", must & ~(load > 0)),
        ("public_min_load", "min_load", at_public & (load > 0) & ~must),
    ):
        values = [f"{facilities.value(column, row)}".lower() for row in np.flatnonzero(wrong)[:200]]
        findings.add_rows(code, Where("facilities", None, column), facilities.lines[wrong], values)


def _coordinates(sites: TableData, findings: Findings) -> None:
    """Check that coordinates are whole, not zero, not far from all others and not those of another site."""
    latitude, longitude = sites.numbers("latitude"), sites.numbers("longitude")
    names = sites.words("site").texts()
    half = np.isnan(latitude) != np.isnan(longitude)
    placed = ~np.isnan(latitude) & ~np.isnan(longitude) & (np.abs(latitude) <= 90) & (np.abs(longitude) <= 180)
    zero = placed & (latitude == 0) & (longitude == 0)
    placed &= ~zero
    # km from the median place
    kms = np.zeros(len(latitude))
    if placed.any():
        own = latitude[placed], longitude[placed]
        kms[placed] = great_circle((float(np.median(own[0])), float(np.median(own[1]))), own)
    far = kms > max(_FAR_KM, _FAR_TIMES * float(np.median(kms[placed])) if placed.sum() > 3 else np.inf)
    seen: dict[tuple[float, float], str] = {}
    other = np.array([seen.setdefault((a, b), name) for a, b, name in zip(latitude, longitude, names, strict=True)])
    twin = placed & (other != names) if len(other) else placed
    reports: tuple[tuple[str, Flags, dict[str, object]], ...] = (
        ("half_coordinates", half, {}),
        ("zero_coordinates", zero, {}),
        ("far_site", far, {"km": [f"{km:.0f}" for km in kms[far]]}),
        ("same_place", twin, {"other": list(other[twin])}),
    )
    for code, wrong, fields in reports:
        texts = [f"{names[row]}: {latitude[row]:g}, {longitude[row]:g}" for row in np.flatnonzero(wrong)]
        findings.add_rows(code, Where("sites", None, "latitude"), sites.lines[wrong], texts, **fields)


def _combined(columns: Sequence[Words]) -> NDArray[np.int64]:
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


def _check_keys(sheet: TableData, findings: Findings) -> TableData:
    """Return a table without rows that repeat another one; report keys that differ from another in case or width."""
    names = TABLES[sheet.table].key
    if not names or not len(sheet):  # two deals of one pair are two deals
        return sheet
    keys = _combined([sheet.words(name) for name in names])
    later = pd.Series(keys).duplicated().to_numpy() & (keys >= 0)
    if later.any():
        _repeats(sheet, keys, np.flatnonzero(later), findings)
        sheet = sheet.take(~later)
    column = sheet.words(names[0])
    looks = [word.lower() if word.isascii() else folded(word) for word in column.words] if len(names) == 1 else []
    if len(set(looks)) == len(looks):
        return sheet
    seen: dict[str, str] = {}
    for place, (word, look) in enumerate(zip(column.words, looks, strict=True)):
        other = seen.setdefault(look, word)
        if other != word:
            lines = sheet.lines[column.codes == place][:1]
            findings.add_rows("id_alike", Where(sheet.table, None, names[0]), lines, [word], other=other)
    return sheet


def _repeats(sheet: TableData, keys: Lines, rows: Lines, findings: Findings) -> None:
    """Report rows with the key of an earlier one, with the lines of both: exact repeats, and errors."""
    names = TABLES[sheet.table].key
    codes, distinct = pd.factorize(keys)
    first_rows = np.full(len(distinct), len(keys))
    np.minimum.at(first_rows, codes, np.arange(len(keys)))
    first = first_rows[codes[rows]]  # with the same key
    same = _same(sheet, rows, first)
    where = Where(sheet.table, None, names[0] if len(names) == 1 else "")
    for code, chosen in (("same_row", same), ("double_key", ~same)):
        texts = [" ".join(str(sheet.value(name, row)) for name in names) for row in rows[chosen][:200].tolist()]
        lines, others = sheet.lines[rows[chosen]], sheet.lines[first[chosen]].tolist()
        findings.add_rows(code, where, lines, texts, first=others, line=lines.tolist())


def _same(sheet: TableData, rows: NDArray[np.int64], first: NDArray[np.int64]) -> Flags:
    same = np.ones(len(rows), dtype=np.bool_)
    for cells in sheet.columns.values():
        if isinstance(cells, Words):
            same &= cells.codes[rows] == cells.codes[first]
        else:
            one, other = cells[rows], cells[first]
            same &= (one == other) | (np.isnan(one) & np.isnan(other))
    return same
