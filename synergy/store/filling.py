"""What an entry does not say, from the dataset's library of processes and the contract's defaults."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from synergy.dataset.dataset import Dataset
from synergy.dataset.schema import TABLES
from synergy.store.names import Sheet
from synergy.store.overlay import COLUMNS, Entry
from synergy.store.words import refusal

Record = dict[str, Any]


def filled(base: Dataset, enterprise: str, entries: Sequence[Entry]) -> tuple[list[Entry], list[list[Record]]]:
    """Return entries with names and with what the library knows, and what was assumed for each.

    Parameters
    ----------
    base : Dataset
        The association's, no scenario applied.
    enterprise : str
        Whose they are.
    entries : sequence of Entry
        As declared.

    Returns
    -------
    list of Entry
    list of list of dict
        ``{column, value, source}`` for each entry: source is ``default`` or ``library``.

    Raises
    ------
    NotFoundError
        A site that is not the enterprise's.
    """
    sites = base["sites"]
    own = set(sites.loc[sites["enterprise"] == enterprise, "site"])
    taken = _others(base, own)
    done, said = [], []
    names: set[str] = set()
    for entry in entries:
        if entry.site not in own:
            raise refusal("not_found", what="site")
        ident = _ident(entry, enterprise, taken | names)
        names.add(ident)
        whole, assumed = _completed(base, replace(entry, ident=ident))
        done.append(whole)
        said.append(assumed)
    return done, said


def _others(base: Dataset, own: set[str]) -> set[str]:
    """Return the names that rows of others, processes, stores and markets have."""
    names: set[str] = set()
    for sheet, (column, *_) in COLUMNS.items():
        names |= set(base[sheet].loc[~base[sheet]["site"].isin(own), column])
    for table, column in (("stores", "store"), ("markets", "market"), ("processes", "process")):
        names |= set(base[table][column])
    return names | set(base["enterprises"]["enterprise"])


def _ident(entry: Entry, enterprise: str, taken: set[str]) -> str:
    """Return the name of a row; one that somebody else has gets the enterprise in front, as if it were free."""
    wanted = entry.ident or f"{entry.site}:{entry.subject}:{str(entry.sheet)[0]}"
    ident, count = wanted, 1
    while ident in taken:
        ident = f"{enterprise}:{wanted}" if entry.ident and count == 1 else f"{wanted}:{count}"
        count += 1
    return ident


def _completed(base: Dataset, entry: Entry) -> tuple[Entry, list[Record]]:
    """Return an entry with what the library knows, and all that was assumed."""
    assumed = []
    if entry.price is None:
        assumed.append(_price(base, entry))
    other = dict(entry.other)
    if not other.get("kept"):
        if entry.sheet is Sheet.OFFERS and "qualities" not in other:
            found = _qualities(base, entry)
            if found:
                other["qualities"] = found
                assumed += [
                    {"column": f"quality {key}", "value": one, "source": "library"} for key, one in found.items()
                ]
        named = {*COLUMNS[entry.sheet], "site", "period", *other}
        for column in TABLES[entry.sheet].columns:
            if column.name not in named and column.default is not None:
                assumed.append({"column": column.name, "value": column.default, "source": "default"})
    return replace(entry, other=other), assumed


def _price(base: Dataset, entry: Entry) -> Record:
    """Return what an entry without a price counts as."""
    if entry.sheet is not Sheet.FACILITIES:
        return {"column": "price", "value": 0, "source": "default"}
    known = base["processes"].set_index("process")["opex"]
    value = float(known[entry.subject]) if entry.subject in known.index else None
    return {"column": "opex", "value": value, "source": "library"}


def _qualities(base: Dataset, entry: Entry) -> dict[str, float]:
    """Return the qualities of a commodity as the process makes it that runs at the site, else the only one known."""
    recipes, facilities, qualities = base["recipes"], base["facilities"], base["qualities"]
    makers = set(recipes.loc[(recipes["commodity"] == entry.subject) & (recipes["coefficient"] > 0), "process"])
    here = makers & set(facilities.loc[facilities["site"] == entry.site, "process"])
    stated = qualities[(qualities["commodity"] == entry.subject) & qualities["holder"].isin(here or makers)]
    if stated["holder"].nunique() != 1:
        return {}
    return {str(name): float(value) for name, value in zip(stated["property"], stated["value"], strict=True)}
