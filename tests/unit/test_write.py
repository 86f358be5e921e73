"""Writing a dataset and reading it again gives the same dataset."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
from roots import ROOT

from synergy.dataset.package import write
from synergy.dataset.read import read
from synergy.dataset.sheet import yearly
from synergy.errors import UsageError

DATASETS = ROOT / "datasets"


@pytest.mark.parametrize("name", ["tiny", "lvliang"])
def test_what_is_written_is_read_again(name: str, tmp_path: Path) -> None:
    before = read(DATASETS / name)
    write(before, tmp_path)
    after = read(tmp_path)
    assert (after.name, after.settings, after.digest != "") == (before.name, before.settings, True)
    for table, frame in before.tables.items():
        columns = [column for column in frame.columns if column in after[table].columns]
        assert set(frame.columns) == set(columns), table
        left, right = frame.reset_index(drop=True), after[table][columns].reset_index(drop=True)
        pd.testing.assert_frame_equal(left, right[list(left.columns)], check_dtype=False)


def test_a_year_of_lvliang_is_a_dataset(tmp_path: Path) -> None:
    write(yearly(read(DATASETS / "lvliang")), tmp_path)
    year = read(tmp_path)
    assert list(year["periods"]["hours"]) == [8760]
    assert (year["markets"]["period"] == "").all()


def test_tables_of_another_dataset_are_not_mixed_in(tmp_path: Path) -> None:
    (tmp_path / "stores.csv").write_text("store,site,commodity,capacity\n", encoding="utf-8")
    with pytest.raises(UsageError, match="stores"):
        write(read(DATASETS / "tiny"), tmp_path)
