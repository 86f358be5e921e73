"""Owners: which enterprises each column and row of a model belongs to, and what follows the part in what is public."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from synergy.model.build import Model
from synergy.network.ends import EndKind
from synergy.network.places import PUBLIC, Bools, Floats, Ints


@dataclass(frozen=True, slots=True)
class Owned:
    """Who has to take part for a column (or row) to be there, and how its bounds follow the part in what is public.

    Parameters
    ----------
    one, other : numpy.ndarray of int64, shape (n,)
        Enterprises; `PUBLIC` where there is none. Where there is one alone it stands first.
    public : numpy.ndarray of bool
        Bounds are shared by weight: S has the part weight(S) / weight(N) of `stated`.
    stated : numpy.ndarray
        Upper bound as the tables state it, before anything tightened it; model units.
    least : numpy.ndarray
        Part in what is public below which the column cannot be used at all.
    mixed : numpy.ndarray of bool
        An end is an enterprise's, the other one public.
    """

    one: Ints
    other: Ints
    public: Bools
    stated: Floats
    least: Floats
    mixed: Bools


def _ordered(left: Ints, right: Ints) -> tuple[Ints, Ints, Bools]:
    """Return two owners with the enterprise first and each enterprise once, and whether one of them is public."""
    mixed = (left == PUBLIC) != (right == PUBLIC)
    right = np.where(left == right, PUBLIC, right)
    swap = (left == PUBLIC) & (right != PUBLIC)
    return np.where(swap, right, left), np.where(swap, left, right), mixed


def column_owners(model: Model) -> Owned:
    """Return the owners of the columns of a model."""
    network = model.candidates.network
    owner, units = network.places.owner, network.units
    size = len(model.cost)
    one, other = np.full(size, PUBLIC), np.full(size, PUBLIC)
    public, mixed = np.zeros(size, dtype=bool), np.zeros(size, dtype=bool)
    stated, least = model.upper.copy(), np.zeros(size)
    arcs, links, stores = network.arcs, network.links, network.outlets
    store_site = np.zeros(len(network.dataset["stores"]), dtype=np.int64)
    held = stores.kind == EndKind.STORE
    store_site[stores.ref[held]] = stores.site[held]
    site_of = {
        "run": ("unit", units.site),
        "on": ("unit", units.site),
        "give": ("end", network.outlets.site),
        "take": ("end", network.inlets.site),
        "put": ("store", store_site),
        "draw": ("store", store_site),
        "level": ("store", store_site),
        "size": ("step", units.site[units.steps.unit]),
        "built": ("step", units.site[units.steps.unit]),
    }
    pairs = {
        "flow": ("arc", owner[network.sources.site[arcs.outlet]], owner[network.sinks.site[arcs.inlet]]),
        "open": ("link", owner[links.origin], owner[links.target]),
    }
    for name, block in model.columns.items():
        if name in site_of:
            key, site = site_of[name]
            one[block.span] = owner[site[block.key[key]]]
            public[block.span] = (one[block.span] == PUBLIC) & (name in ("run", "give", "take", "level", "size"))
        elif name in pairs:
            key, left, right = pairs[name]
            one[block.span], other[block.span], mixed[block.span] = _ordered(
                *(s[block.key[key]] for s in (left, right))
            )
        elif name == "partner":
            one[block.span], other[block.span] = block.key["one"], block.key["other"]
        else:
            raise ValueError(f"nobody is known to own the columns {name!r}")
    _state(model, stated, least)
    return Owned(one, other, public, stated, least, mixed)


def _state(model: Model, stated: Floats, least: Floats) -> None:
    """Write what the tables state for runs, sizes and builds, where the model has tighter bounds."""
    network = model.candidates.network
    units, steps, share = network.units, network.units.steps, network.places.share
    run = model.column("run")
    if len(run):
        unit, period = run.key["unit"], run.key["period"]
        with np.errstate(invalid="ignore"):
            most = units.capacity[unit] * share[period] * units.available[unit, period]
        stated[run.span] = np.maximum(np.nan_to_num(most, nan=0.0, posinf=np.inf), model.lower[run.span])
    size, built = model.column("size"), model.column("built")
    if len(size):
        stated[size.span] = steps.most[size.key["step"]]
        least[size.span] = _part_needed(steps.least, steps.most)[size.key["step"]]
    if len(built):
        least[built.span] = _part_needed(steps.least, steps.most)[built.key["step"]]


def _part_needed(least: Floats, most: Floats) -> Floats:
    """Return the part in a step of scale at a public place from which its least size fits into its greatest."""
    with np.errstate(divide="ignore", invalid="ignore"):
        part: Floats = np.nan_to_num(least / most, nan=0.0, posinf=0.0)
    return part


def row_owners(model: Model) -> Owned:
    """Return the owners of the rows of a model whose right side is not 0."""
    network = model.candidates.network
    owner, units = network.places.owner, network.units
    size = len(model.row_lower)
    one, other = np.full(size, PUBLIC), np.full(size, PUBLIC)
    public, mixed = np.zeros(size, dtype=bool), np.zeros(size, dtype=bool)
    for name, block in model.rows.items():
        if name == "keep":
            one[block.span] = owner[network.outlets.site[block.key["end"]]]
        elif name in ("market_give", "market_take", "max_partners"):
            one[block.span] = block.key["enterprise"]
        elif name == "one_size":
            one[block.span] = owner[units.site[block.key["unit"]]]
        elif name in ("link", "public_link"):
            ends = (owner[side[block.key["link"]]] for side in (network.links.origin, network.links.target))
            one[block.span], other[block.span], mixed[block.span] = _ordered(*ends)
        else:
            sides = np.concatenate([model.row_lower[block.span], model.row_upper[block.span]])
            if np.any(np.isfinite(sides) & (sides != 0)):
                raise ValueError(f"nobody is known to own the rows {name!r}")
            continue
        public[block.span] = one[block.span] == PUBLIC
    return Owned(one, other, public, model.row_upper.copy(), np.zeros(size), mixed)
