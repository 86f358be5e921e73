"""The solver works no harder than the ledger says: iterations and nodes of twelve datasets within a tenth of it."""

from __future__ import annotations

import json
from importlib.metadata import version

import pytest
from work import DATASETS, LEDGER, measured

KNOWN = json.loads(LEDGER.read_text("utf-8"))
NEAR = 0.1


@pytest.mark.parametrize("name", DATASETS)
def test_work_is_as_in_the_ledger(name: str) -> None:
    work, known = measured(name), KNOWN["work"][name]
    assert work["iterations"] + work["nodes"] > 0
    if version("highspy") == KNOWN["highspy"]:  # another version works otherwise
        for kind, count in known.items():
            assert abs(work[kind] - count) <= NEAR * count, (kind, "measure anew: python tests/tools/work.py")


def test_ledger_names_its_version_of_highs_and_every_dataset() -> None:
    assert set(KNOWN["work"]) == set(DATASETS)
    assert len(DATASETS) == 12
