"""Datasets for the mutation test: few and small, together they run nearly every line that makes a figure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from random_datasets import random_dataset
from roots import CASES

from synergy.dataset.sheet import Dataset

PRICED = ("price", "opex", "disposal_cost", "cost_per_unit", "cost_per_unit_km", "charge_cost", "hold_cost")
RANDOM = ((7, "core"), (1, "standalone"), (20, "core"), (17, "standalone"), (24, "standalone"))
ASKED = (
    {"from_site": "seller1", "to_site": "buyer2", "commodity": "house1", "least": 23.3},
    {"from_site": "seller3", "to_site": "buyer1", "commodity": "house3", "agreed": 25.0},
)
# folder of `tests/cases`, options
PUBLISHED = (("shapley_shubik1971", {"settlement": "core", "price_step": 0.5, "prices": ASKED}),)


@dataclass(slots=True)
class World:
    """A dataset and how it is matched; read when first asked for."""

    name: str
    folder: Path
    options: Mapping[str, Any]
    dataset: Any = field(default=None)

    def read(self) -> Dataset:
        """Read the dataset by the package as it is imported now."""
        from synergy.dataset.read import read

        return read(self.folder)


def random_world(seed: int, settlement: str, folder: Path) -> World:
    """Random dataset with prices so uneven that it has one best plan."""
    made, rng = random_dataset(seed), np.random.default_rng(seed)
    for name in sorted(made.tables):
        frame = made.tables[name]
        for column in sorted(set(PRICED) & set(frame)):
            frame[column] = frame[column].astype(float) * (1 + 0.02 * rng.random(len(frame)))
    return World(f"random{seed}", made.write(folder / f"random{seed}"), {"settlement": settlement})


def opened_worlds(folder: Path) -> list[World]:
    """All worlds, read; the random ones are written to a folder."""
    worlds = [World(name, CASES / name, options) for name, options in PUBLISHED]
    worlds += [random_world(seed, settlement, folder) for seed, settlement in RANDOM]
    for world in worlds:
        world.dataset = world.read()
    return worlds
