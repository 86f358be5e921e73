"""Whatever key of a plan document is altered, the plan is refused: by recomputing it, or by its seal."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from roots import TINY

from synergy.cli.console import Talk
from synergy.cli.main import run as run_command
from synergy.dataset.read import read
from synergy.dataset.sheet import Dataset
from synergy.errors import DatasetError
from synergy.options import Options
from synergy.records.files import dumps, plan_from_record, plan_record
from synergy.records.plain import broken, sealed
from synergy.records.schema import plan_schema
from synergy.round import run
from synergy.verification.deep import solved_again
from synergy.verification.verify import verify

# what says how the plan was found and not what it is, and texts for people: only the seal tells that they were altered
PARTS = (".value", ".co2")  # of `proposals[].own`: against each enterprise's plan alone, which is not in the document
SEALED = (
    "solver",
    "seal",
    "shadow_prices",
    "proposals[].notes",
    "proposals[].title_en",
    "proposals[].title_zh",
    "proposals[].kind",
    "proposals[].marginal_gain",
    "proposals[].co2_saved",
    "emissions.baseline_co2",
    "settlement",
    "proof",
    "bound",
)
Path_ = tuple[str | int, ...]


def _made() -> tuple[Dataset, dict[str, Any]]:
    dataset = read(TINY)
    plan = run(dataset, Options(settlement="standalone")).plan
    assert plan is not None
    return dataset, plan_record(plan)


DATASET, RECORD = _made()


def _leaves(value: Any, path: Path_ = ()) -> Iterator[Path_]:
    """Yield the places of a document that can be altered: of lists the first item that is not empty."""
    if isinstance(value, dict) and value:
        for key, inner in value.items():
            yield from _leaves(inner, (*path, key))
    elif isinstance(value, list) and value:
        yield path
        for place, inner in enumerate(value):
            if not isinstance(inner, dict) or all(other not in ("", [], None) for other in inner.values()):
                yield from _leaves(inner, (*path, place))
                return
        yield from _leaves(value[0], (*path, 0))
    else:
        yield path


def _name(path: Path_) -> str:
    return ".".join("[]" if isinstance(part, int) else part for part in path).replace(".[]", "[]")


LEAVES = {_name(path): path for path in _leaves(RECORD)}


def _other(value: Any) -> Any:
    """Return something else of the same kind."""
    if isinstance(value, bool):
        return not value
    if isinstance(value, int | float):
        return value + max(1000, abs(value) // 50)
    if isinstance(value, str):
        return f"{value}X"
    if isinstance(value, list):
        return value[:-1] or [{}]
    return {"other": 1.0} if value in ({}, None) else {}


def _altered(path: Path_, value: Any = ...) -> dict[str, Any]:
    record = copy.deepcopy(RECORD)
    place: Any = record
    for part in path[:-1]:
        place = place[part]
    place[path[-1]] = _other(place[path[-1]]) if value is ... else value
    return record


def _refused(record: dict[str, Any]) -> bool:
    """Whether a document is refused by what the tables say alone, its seal not looked at."""
    try:
        plan = plan_from_record(record)
    except DatasetError:
        return True
    found = verify(DATASET, plan)
    if not any(finding.refuses for finding in found):
        found += solved_again(DATASET, plan)
    return any(finding.refuses for finding in found)


def test_the_document_as_it_is_passes() -> None:
    assert not broken(RECORD)
    assert not _refused(RECORD)


def test_every_key_of_the_schema_is_among_the_altered() -> None:
    of_before = {"duals"}  # taken from documents of before `proof`, never written
    assert set(plan_schema()["properties"]) - of_before == {name.split(".")[0].split("[")[0] for name in LEAVES}
    proposal = plan_schema()["properties"]["proposals"]["items"]["properties"]
    assert {f"proposals[].{key}" for key in proposal} <= {
        name if name in LEAVES else name.rsplit(".", 1)[0] for name in LEAVES
    } | {".".join(name.split(".")[:2]).replace("[][]", "[]").removesuffix("[]") for name in LEAVES}


def _sealed(name: str) -> bool:
    return name.startswith(SEALED) or (name.startswith("proposals[].own.") and name.endswith(PARTS))


@pytest.mark.parametrize("name", [name for name in LEAVES if not _sealed(name)])
def test_an_alteration_does_not_follow_from_the_tables(name: str) -> None:
    assert _refused(_altered(LEAVES[name]))


@pytest.mark.parametrize("name", LEAVES)
def test_an_alteration_breaks_the_seal(name: str) -> None:
    assert broken(_altered(LEAVES[name]))


@pytest.mark.parametrize("name", ["flows", "runs", "builds", "links", "proposals"])
def test_a_row_more_or_less_is_refused(name: str) -> None:
    rows = RECORD[name]
    assert _refused(_altered((name,), rows[1:]))
    assert _refused(_altered((name,), [*rows, rows[0]]))


def test_amounts_moved_between_claims_are_found(tmp_path: Path) -> None:
    """What one enterprise reaches alone is given to another, so that all sums still fit."""
    record = copy.deepcopy(RECORD)
    one, other = list(record["standalone"])[:2]
    record["standalone"][one] += 1e5
    record["standalone"][other] -= 1e5
    assert not any(finding.refuses for finding in verify(DATASET, plan_from_record(record)))
    assert _refused(record)


@pytest.mark.parametrize("name", ["today", "status_quo"])
def test_what_it_is_compared_with_is_solved_again(name: str) -> None:
    record = _altered((name,), RECORD[name] * 1.01)
    assert not any(finding.refuses for finding in verify(DATASET, plan_from_record(record)))
    assert _refused(record)


def test_the_command_refuses_a_document_without_its_seal(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "plan.json"
    arguments = ["verify", str(TINY), str(file), "--lang", "en", "--json"]

    def said(record: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        file.write_text(dumps(record), encoding="utf-8")
        status = run_command(arguments, Talk("en"))
        return status, json.loads(capsys.readouterr().out)

    status, told = said(RECORD)
    assert (status, told["valid"], told["findings"], told["better"]) == (0, True, [], None)
    assert told["proven"] == {"value": RECORD["value"], "bound": RECORD["proof"]["dual"]}
    status, answer = said(_altered(LEAVES["proposals[].title_en"]))
    assert status == 1
    assert not answer["valid"]
    assert "seal" in answer["findings"][0]
    # a document of another program, without a seal, is judged by what it claims
    assert said({key: value for key, value in RECORD.items() if key != "seal"})[0] == 0
    anew = _altered(("value",))
    assert said({**anew, "seal": sealed(anew)})[0] == 1
