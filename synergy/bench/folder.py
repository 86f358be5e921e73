"""Folder: tables made for a benchmark, written as a dataset."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd


def save(folder: Path, name: str, tables: Mapping[str, pd.DataFrame], **settings: Any) -> Path:
    """Write a dataset folder.

    Parameters
    ----------
    folder : pathlib.Path
        Where; made where it is missing.
    name : str
        Of the dataset.
    tables : mapping of str to pandas.DataFrame
        Tables of the dataset contract.
    **settings : object
        Settings of its data package.

    Returns
    -------
    pathlib.Path
        The folder.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for table, frame in tables.items():
        frame.to_csv(folder / f"{table}.csv", index=False)
    package = {"name": name} | ({"synergy": settings} if settings else {})
    (folder / "datapackage.json").write_text(json.dumps(package), encoding="utf-8")
    return folder
