"""Write a dataset as a folder: a CSV for every table that was there, and a datapackage.json with its settings."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd

from synergy.dataset.columns import Kind
from synergy.dataset.dataset import Dataset
from synergy.dataset.schema import TABLES


def write(dataset: Dataset, folder: str | Path) -> Path:
    """Write the tables and settings in force; reading the folder gives the same dataset again.

    Parameters
    ----------
    dataset : Dataset
        Any dataset; what its scenario changed is written as it is now.
    folder : str or pathlib.Path
        Made where it is not there.

    Returns
    -------
    pathlib.Path
        The folder.
    """
    target = Path(folder)
    target.mkdir(parents=True, exist_ok=True)
    names = [name for name in TABLES if name in dataset.given]
    for name in names:
        _plain(name, dataset[name]).to_csv(target / f"{name}.csv", index=False, encoding="utf-8")
    package = {
        "name": dataset.name,
        "resources": [{"name": name, "path": f"{name}.csv"} for name in names],
        "synergy": dataset.settings.record(),
    }
    text = json.dumps(package, ensure_ascii=False, indent=1)
    (target / "datapackage.json").write_text(text + "\n", encoding="utf-8")
    return target


def _plain(name: str, frame: pd.DataFrame) -> pd.DataFrame:
    """Return a table with flags as the words of the contract."""
    flags = {column.name for column in TABLES[name].of_kind(Kind.BOOLEAN)} & set(frame.columns)
    words = {column: frame[column].map({True: "true", False: "false"}) for column in flags}
    return frame.assign(**words)
