"""A dataset stays as it was read, whatever is done with its tables: its digest says what a plan follows from."""

from __future__ import annotations

import contextlib
import pickle
import warnings
from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
from roots import TINY

from synergy.dataset.read import read
from synergy.dataset.sheet import Dataset
from synergy.engine import match
from synergy.options import Options


def _scaled(dataset: Dataset) -> None:
    dataset["offers"]["quantity"] *= 2


def _assigned(dataset: Dataset) -> None:
    offers = dataset["offers"]
    offers["quantity"] = 0.0
    offers.insert(0, "site", "nowhere", allow_duplicates=True)


def _located(dataset: Dataset) -> None:
    offers = dataset["offers"]
    offers.loc[:, "quantity"] = 0.0
    offers.iloc[0, list(offers.columns).index("price")] = 99.0
    offers.loc[offers.index[0], "site"] = "nowhere"


def _through_the_mapping(dataset: Dataset) -> None:
    dataset.tables["offers"].loc[:, "quantity"] = 0.0


def _column(dataset: Dataset) -> None:
    quantity = dataset["offers"]["quantity"]
    quantity *= 2
    quantity.iloc[0] = 7.0


def _array(dataset: Dataset) -> None:
    dataset["offers"]["quantity"].to_numpy()[:] = 0.0


def _block(dataset: Dataset) -> None:
    dataset["offers"]["quantity"].array[0] = 0.0


def _dropped(dataset: Dataset) -> None:
    offers = dataset["offers"]
    offers.index = offers.index + 1
    del offers["quantity"]


def _replaced(dataset: Dataset) -> None:
    dataset.tables["offers"] = dataset["offers"].iloc[:0]  # type: ignore[index]


@pytest.mark.parametrize(
    "change",
    [_scaled, _assigned, _located, _through_the_mapping, _column, _array, _block, _dropped, _replaced],
)
def test_no_change_of_a_table_reaches_the_dataset(change: Callable[[Dataset], None]) -> None:
    dataset, untouched = read(TINY), read(TINY)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # pandas warns of a value set on a copy
        with contextlib.suppress(ValueError, TypeError):  # refused outright is as good
            change(dataset)
    for name, frame in untouched.tables.items():
        pd.testing.assert_frame_equal(dataset[name], frame)


def test_a_plan_follows_from_the_dataset_that_it_names() -> None:
    dataset = read(TINY)
    before = match(dataset, Options(settlement="none")).plan
    offers = dataset["offers"]
    offers["quantity"] *= 2
    after = match(dataset, Options(settlement="none")).plan
    assert before is not None
    assert after is not None
    assert after.dataset == before.dataset
    assert after.value == before.value


def test_who_made_a_dataset_cannot_change_it_either() -> None:
    dataset = read(TINY)
    frames = {name: frame.copy() for name, frame in dataset.tables.items()}
    made = Dataset("made", frames, dataset.given, dataset.settings, dataset.scenario, dataset.digest)
    frames["offers"].loc[:, "quantity"] = 0.0
    again = pickle.loads(pickle.dumps(made))
    for one in (made, again):
        np.testing.assert_array_equal(one["offers"]["quantity"], dataset["offers"]["quantity"])
        assert list(one.tables) == list(dataset.tables)
