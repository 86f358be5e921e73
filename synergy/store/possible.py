"""What an enterprise could do with what it has: chains of processes at public prices and its own figures alone."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from sqlalchemy import Connection

from synergy.dataset.dataset import Dataset
from synergy.dataset.subset import subset
from synergy.graph.pathways import pathways
from synergy.graph.record import pathways_record
from synergy.store.access import Action, Actor, Resource, require
from synergy.store.archives import archive, dataset_of
from synergy.store.commit import Record
from synergy.store.declaring import entries_of, stored
from synergy.store.names import Sheet
from synergy.store.overlay import Entry, checked, overlaid
from synergy.store.rounds import round_row
from synergy.store.store import Store
from synergy.store.words import refusal

DEPTH = 3  # processes in a chain: further ones are other people's business


def goods(store: Store, actor: Actor, place: tuple[int, str]) -> list[Record]:
    """Return what an enterprise offers, makes and could send somewhere.

    Parameters
    ----------
    store : Store
    actor : Actor
        Of the enterprise, or a planner.
    place : tuple of int and str
        Round and enterprise.

    Returns
    -------
    list of dict
        ``{commodity, name_en, name_zh}``: of its offers, then what its facilities make, each once.
    """
    dataset, entries = _own(store, actor, place)
    recipes = dataset["recipes"]
    made = recipes[recipes["coefficient"] > 0]
    found = [entry.subject for entry in entries if entry.sheet is Sheet.OFFERS]
    for entry in entries:
        if entry.sheet is Sheet.FACILITIES:
            found += made.loc[made["process"] == entry.subject, "commodity"].tolist()
    table = dataset["commodities"].set_index("commodity")
    return [
        {"commodity": name, **{key: str(table.at[name, key]) or name for key in ("name_en", "name_zh")}}
        for name in dict.fromkeys(found)
        if table.at[name, "phase"] != "right"
    ]


def chains(store: Store, actor: Actor, place: tuple[int, str], commodity: str) -> Record:
    """Return every chain that a commodity of an enterprise can take.

    Parameters
    ----------
    store, actor, place
        As for `goods`.
    commodity : str
        One of the round's.

    Returns
    -------
    dict
        As from `synergy.graph.record.pathways_record`: prices of public markets, processes and steps of scale of the
        library, units, offers and needs of this enterprise and of public places; nothing of any other one.

    Raises
    ------
    NotFoundError
        There is no such round, enterprise or commodity.
    """
    dataset, entries = _own(store, actor, place)
    if commodity not in set(dataset["commodities"]["commodity"]):
        raise refusal("not_found", what="commodity")
    return _chains(dataset, tuple(repr(entry) for entry in entries), commodity, (place[1], tuple(entries)))


def _own(store: Store, actor: Actor, place: tuple[int, str]) -> tuple[Dataset, list[Entry]]:
    """Return the association's dataset, and what an enterprise has: as declared, else as the dataset says."""
    round_id, enterprise = place
    require(actor, Action.SEE_DECLARATION, Resource("declaration", frozenset({enterprise})))
    with store.database.read() as connection:
        dataset = _base(connection, round_id)
        if enterprise not in set(dataset["enterprises"]["enterprise"]):
            raise refusal("not_found", what="enterprise")
        return dataset, stored(connection, round_id, enterprise) or entries_of(dataset, enterprise)


def _base(connection: Connection, round_id: int) -> Dataset:
    return dataset_of(archive(connection, round_row(connection, round_id).base))


class _Key:
    """A dataset and entries as an argument that a cache can tell apart by what they say."""

    def __init__(self, dataset: Dataset, said: tuple[str, ...], entries: tuple[str, tuple[Entry, ...]]) -> None:
        self.dataset, self.entries, self._said = dataset, entries, (dataset.digest, said, entries[0])

    def __hash__(self) -> int:
        return hash(self._said)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Key) and self._said == other._said


def _chains(
    dataset: Dataset, said: tuple[str, ...], commodity: str, entries: tuple[str, tuple[Entry, ...]]
) -> dict[str, Any]:
    return _found(_Key(dataset, said, entries), commodity)


@lru_cache(maxsize=64)
def _found(key: _Key, commodity: str) -> dict[str, Any]:
    """Return the record of the chains; nobody changes it."""
    enterprise, entries = key.entries
    own = subset(overlaid(key.dataset, {enterprise: entries}), {enterprise})
    dataset, _ = checked(own)
    dataset = dataset or subset(key.dataset, {enterprise})
    return pathways_record(dataset, pathways(dataset, commodity, depth=DEPTH))
